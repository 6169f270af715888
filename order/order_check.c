/* The books of the order room: every order's events are a legal path of its kind and end where its row says, its trail tells the same, and
 * memory is what the rows say. */
#include <stdio.h>

#include "order/sum_check.h"

typedef struct Account { /* of one order, as its events tell */
  const OrderKind *kind;
  Instant accepted_at;
  int32_t row_version, version;
  uint16_t row_state, state;
  uint16_t row_calls, calls, row_reopened, reopened;
  bool accepted, closed, row_closed;
  uint64_t row_trail, trail; /* hashes */
} Account;

typedef struct OrderAudit Audit;
struct OrderAudit {
  const Orders *orders;
  Map accounts;              /* order id → place in list */
  VECTOR(Account) list;
  SumCheck sums;
  size_t open_rows;
  char *problem;
};

/* Says what is wrong and stops the visit; the first finding stays. */
static bool find(Audit *audit, int64_t order, const char *what, ...) PRINTF_LIKE(3, 4);
static bool find(Audit *audit, int64_t order, const char *what, ...) {
  char said[256];
  va_list arguments;
  va_start(arguments, what);
  vsnprintf(said, sizeof said, what, arguments);
  va_end(arguments);
  if (!audit->problem[0]) snprintf(audit->problem, ERROR_TEXT_MAX, "order %lld: %s", (long long)order, said);
  return false;
}

/* --- rows --- */

static uint64_t hash_more(uint64_t hash, Text text) { /* FNV-1a: the same over the whole and over its parts in turn */
  for (size_t i = 0; i < text.len; i++) hash = (hash ^ (unsigned char)text.at[i]) * 1099511628211u;
  return hash;
}
static const uint64_t HASH_START = 14695981039346656037u;

static bool same_clocks(const OrderKind *kind, const ClockSet *a, const ClockSet *b) {
  if (a->started != b->started) return false;
  for (size_t c = 0; c < kind->clock_count; c++) {
    const ClockState *x = &a->at[c], *y = &b->at[c];
    if (!(a->started & 1u << c)) continue;
    if (x->phase != y->phase || x->started != y->started || x->since != y->since || x->full_at != y->full_at || x->used != y->used ||
        x->limit != y->limit || x->marks != y->marks || x->runs != y->runs)
      return false;
  }
  return true;
}

static bool same_order(const Order *a, const Order *b) {
  return a->kind == b->kind && a->customer.value == b->customer.value && a->position == b->position && a->device == b->device &&
         a->outage.value == b->outage.value && a->crew.value == b->crew.value && a->assignee.value == b->assignee.value &&
         a->parent.value == b->parent.value && a->accepted_at == b->accepted_at && a->state_since == b->state_since && a->until == b->until &&
         a->number == b->number && a->org == b->org && a->state == b->state && a->ladder == b->ladder && a->urgency == b->urgency &&
         a->calls == b->calls && a->callback_tries == b->callback_tries && a->reopened == b->reopened && a->area == b->area &&
         a->what == b->what && a->main.value == b->main.value && a->to_org == b->to_org && a->repeats == b->repeats && a->done == b->done &&
         a->ever == b->ever && a->visits == b->visits && a->suspended == b->suspended && a->version == b->version;
}

static bool check_row(void *self, const OrderRow *row, Error *error) {
  Audit *audit = self;
  OrderRow read = *row;
  ClockSet clocks, live;
  int64_t id = row->order.id.value;
  if (!order_from_row(audit->orders, &read, &clocks, error)) {
    char said[ERROR_TEXT_MAX];
    if (error->code != ERROR_STORE_CORRUPT) return false;
    find(audit, id, "%s", error_text(error, LANGUAGE_EN, said, sizeof said));
    error_clear(error);
    return true;
  }
  const Order *order = &read.order;
  bool closed = row->closed_at != INSTANT_NONE;
  const LiveEntry *entry = live_find(&audit->orders->live, order->id);
  if (closed != order->kind->states[order->state].final)
    find(audit, id, "its state is '%.*s', but it is %s", TEXT_ARG(row->state), closed ? "closed" : "open");
  if (closed && entry) find(audit, id, "it is closed, but in memory it is open");
  if (!closed && !entry) find(audit, id, "it is open, but not in memory");
  if (entry) {
    live_get_clocks(&audit->orders->live, entry, &live);
    if (!same_clocks(order->kind, &clocks, &live)) find(audit, id, "its clocks in memory are not what its trail says");
    if (!same_order(order, &entry->order)) find(audit, id, "memory is not what the row says");
  }
  audit->open_rows += !closed;
  Account account = {.kind = order->kind,
                     .accepted_at = order->accepted_at,
                     .row_version = order->version,
                     .row_state = order->state,
                     .row_calls = order->calls,
                     .row_reopened = order->reopened,
                     .row_closed = closed,
                     .row_trail = hash_more(HASH_START, row->trail)};
  return map_put(&audit->accounts, id, (int64_t)audit->list.count) && vector_push(&audit->list, account) && sum_check_order(&audit->sums, order, row->trail)
             ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "check");
}

/* --- events --- */

/* A fact of the event: read straight, for there are millions of them, and this room wrote them. What people filled in comes after all facts. */
Text order_event_fact(Text data, const char *key) {
  char mark[24];
  int len = snprintf(mark, sizeof mark, "\"%s\":\"", key);
  ptrdiff_t at = text_find(data, (Text){mark, (size_t)len});
  if (at < 0) return TEXT_NONE;
  Text rest = text_slice(data, (size_t)at + (size_t)len, data.len);
  ptrdiff_t end = text_find(rest, TEXT("\""));
  return end < 0 ? TEXT_NONE : text_slice(rest, 0, (size_t)end);
}

static int64_t version_of(Text data) {
  ptrdiff_t at = text_find(data, TEXT("\"version\":"));
  int64_t version = -1;
  size_t from = (size_t)at + sizeof "\"version\":" - 1, to = from;
  while (at >= 0 && to < data.len && data.at[to] >= '0' && data.at[to] <= '9') to++;
  return at >= 0 && text_to_i64(text_slice(data, from, to), &version) ? version : -1;
}

static bool follow_step(Audit *audit, Account *account, const Event *event, Text data) {
  Text from = order_event_fact(data, "from"), to = order_event_fact(data, "to"), branch_id = order_event_fact(data, "branch");
  const OrderKind *kind = account->kind;
  const KindStep *step = kind_step_of(kind, order_event_fact(data, "step"));
  const KindBranch *branch = NULL;
  int at = kind_state_of(kind, from), next = kind_state_of(kind, to);
  if (!step || at < 0 || next < 0)
    return find(audit, event->subject_id, "event %lld names a step or state its kind does not have", (long long)event->seq);
  for (size_t b = 0; b < step->branch_count; b++)
    if (text_equal(step->branches[b].id, branch_id)) branch = &step->branches[b];
  if (branch_id.at && !branch)
    return find(audit, event->subject_id, "event %lld names a branch its step does not have", (long long)event->seq);
  if (at != account->state || !(step->from >> at & 1))
    return find(audit, event->subject_id, "event %lld takes '%.*s' from '%.*s'; it was in '%.*s'", (long long)event->seq,
                TEXT_ARG(step->id), TEXT_ARG(from), TEXT_ARG(kind->states[account->state].id));
  int leads = branch && branch->to >= 0 ? branch->to : step->to >= 0 ? step->to : at;
  if (leads != next)
    return find(audit, event->subject_id, "event %lld leads to '%.*s', which its step does not", (long long)event->seq, TEXT_ARG(to));
  account->state = (uint16_t)next;
  char entry[48];
  Buffer trail = {.at = entry, .room = sizeof entry, .limit = sizeof entry};
  trail_add(&trail, branch ? branch->event : step->event, event->at > account->accepted_at ? event->at - account->accepted_at : 0);
  account->trail = hash_more(account->trail, buffer_as_text(&trail));
  return true;
}

static bool follow(Audit *audit, Account *account, const Event *event, Text data) {
  bool first = text_is(event->kind, "order.accepted");
  if (first == account->accepted)
    return find(audit, event->subject_id, "event %lld: it was accepted %s", (long long)event->seq, first ? "twice" : "never");
  if (first) {
    *account = (Account){.kind = account->kind,
                         .accepted_at = account->accepted_at,
                         .row_version = account->row_version,
                         .row_state = account->row_state,
                         .row_calls = account->row_calls,
                         .row_reopened = account->row_reopened,
                         .row_closed = account->row_closed,
                         .row_trail = account->row_trail,
                         .accepted = true,
                         .version = 1,
                         .calls = 1,
                         .state = account->kind->start,
                         .trail = HASH_START};
    return true;
  }
  if (account->closed) return find(audit, event->subject_id, "event %lld came after its end", (long long)event->seq);
  if (text_is(event->kind, "order.clock")) return true;
  account->reopened = (uint16_t)(account->reopened + text_is(event->kind, "order.reopened"));
  account->closed = text_is(event->kind, "order.archived");
  if (!text_is(event->kind, "order.step") && !text_is(event->kind, "order.called_again") && !text_is(event->kind, "order.linked"))
    return true;
  account->calls = (uint16_t)(account->calls + (text_is(event->kind, "order.called_again") && account->calls < UINT16_MAX));
  if (version_of(data) != ++account->version)
    return find(audit, event->subject_id, "event %lld does not carry version %d", (long long)event->seq, account->version);
  return order_event_fact(data, "step").at ? follow_step(audit, account, event, data) : true;
}

bool order_audit_event(void *self, const Event *event) {
  Audit *audit = self;
  int64_t at;
  if (!text_is(event->subject_kind, "order")) return true;
  if (!map_get(&audit->accounts, event->subject_id, &at)) {
    find(audit, event->subject_id, "event %lld is about it, but it has no row", (long long)event->seq);
    return false;
  }
  ptrdiff_t filled_in = text_find(event->data, TEXT("\"fields\":"));
  return follow(audit, &audit->list.at[at], event, filled_in < 0 ? event->data : text_slice(event->data, 0, (size_t)filled_in));
}

static void compare(Audit *audit) {
  size_t at = 0;
  int64_t id, place;
  while (map_next(&audit->accounts, &at, &id, &place)) {
    const Account *a = &audit->list.at[place];
    if (!a->accepted) find(audit, id, "no event says that it was accepted");
    else if (a->state != a->row_state)
      find(audit, id, "its events end in '%.*s', its row says '%.*s'", TEXT_ARG(a->kind->states[a->state].id),
           TEXT_ARG(a->kind->states[a->row_state].id));
    else if (a->version != a->row_version || a->calls != a->row_calls || a->reopened != a->row_reopened || a->closed != a->row_closed)
      find(audit, id, "version, calls, reopenings or its end differ between events and row");
    else if (a->trail != a->row_trail) find(audit, id, "its trail is not what its events say");
    if (audit->problem[0]) return;
  }
}

bool order_audit_open(OrderAudit **out, const Orders *orders, Db *db, char *problem, Error *error) {
  Audit *audit = memory_new(sizeof *audit);
  problem[0] = '\0';
  *out = audit;
  if (!audit) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "check");
  audit->orders = audit->sums.orders = orders;
  audit->problem = problem;
  return store_all_orders(db, orders->county_id, check_row, audit, error);
}

bool order_audit_close(OrderAudit *audit, Db *db, Error *error) {
  bool ok = true;
  if (!audit) return true;
  char *problem = audit->problem;
  if (db && !problem[0]) compare(audit);
  if (db && !problem[0] && audit->open_rows != order_count(audit->orders))
    snprintf(problem, ERROR_TEXT_MAX, "%zu orders are open, in memory %zu", audit->open_rows, order_count(audit->orders));
  if (db && !problem[0]) ok = sum_check_compare(&audit->sums, db, problem, error);
  map_free(&audit->accounts);
  vector_free(&audit->list);
  sum_check_free(&audit->sums);
  memory_free(audit);
  return ok;
}

bool order_check(const Orders *orders, Db *db, char *problem, Error *error) {
  OrderAudit *audit;
  bool ok = order_audit_open(&audit, orders, db, problem, error) &&
            event_after(db, orders->county_id, 0, INT64_MAX, order_audit_event, audit, error);
  return order_audit_close(audit, ok ? db : NULL, error) && ok;
}
