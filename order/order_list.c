#include "order/order_list.h"

#include <stdlib.h>

bool order_waits_for_callback(const Order *order) {
  const KindStep *step = kind_step_of(order->kind, TEXT("call_back"));
  return step && step->from >> order->state & 1;
}

bool list_wants(const ListWish *wish, const Order *order) {
  if (wish->state.at && !text_equal(order->kind->states[order->state].id, wish->state)) return false;
  if (wish->kind.at && !text_equal(order->kind->origin.id, wish->kind)) return false;
  if (wish->outage.value && order->outage.value != wish->outage.value) return false;
  if (wish->crew.value && order->crew.value != wish->crew.value) return false;
  if (wish->assignee.value && order->assignee.value != wish->assignee.value) return false;
  if (wish->orgs && order->org != ORDER_NO_ORG && !wish->orgs[order->org] &&
      !(order->to_org != ORDER_NO_ORG && wish->orgs[order->to_org]))
    return false;
  if (wish->to_org_row != ORDER_NO_ORG && wish->to_org && order->to_org != wish->to_org_row) return false;
  if (wish->repeated && (!order->kind->repeat_calls || order->repeats < order->kind->repeat_calls)) return false;
  if (wish->number && order->number != wish->number) return false;
  if (wish->callbacks && !order_waits_for_callback(order)) return false;
  bool found = !wish->customers;
  for (size_t i = 0; !found && i < wish->customer_count; i++) found = wish->customers[i].value == order->customer.value;
  return found;
}

static bool before(ListKey a, ListKey b) { return a.key != b.key ? a.key < b.key : a.id < b.id; }

static ListKey key_of(const Live *live, const LiveEntry *entry, bool newest) {
  if (newest) return (ListKey){-entry->order.accepted_at, -entry->order.id.value};
  return (ListKey){live_nearest_due(live, entry, NULL), entry->order.id.value};
}

static int by_key(const void *a, const void *b) {
  const ListItem *left = a, *right = b;
  return before(left->at, right->at) ? -1 : before(right->at, left->at);
}

/* A heap with the last on top: the best `most` of all, in one pass. */
static void keep_best(ListItem *heap, size_t *count, size_t most, ListItem item) {
  if (*count == most) {
    if (!before(item.at, heap[0].at)) return;
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < most; at = child) {
      if (child + 1 < most && before(heap[child].at, heap[child + 1].at)) child++;
      if (!before(item.at, heap[child].at)) break;
      heap[at] = heap[child];
    }
    heap[at] = item;
    return;
  }
  size_t at = (*count)++;
  for (size_t parent; at > 0 && before(heap[parent = (at - 1) / 2].at, item.at); at = parent) heap[at] = heap[parent];
  heap[at] = item;
}

size_t list_open(const Orders *orders, const ListWish *wish, ListKey after, ListItem *out, size_t most) {
  const Live *live = &orders->live;
  size_t count = 0;
  for (size_t i = 0; most && i < live->list.count; i++) {
    const LiveEntry *entry = live_entry(live, live->list.at[i]);
    if (!list_wants(wish, &entry->order)) continue;
    ListKey at = key_of(live, entry, wish->newest);
    if (before(after, at)) keep_best(out, &count, most, (ListItem){at, entry});
  }
  if (count) qsort(out, count, sizeof *out, by_key);
  return count;
}

typedef struct Ended {
  const Orders *orders;
  const ListWish *wish;
  size_t left;
  int64_t last;    /* id of the last row looked at */
  ListVisit visit;
  void *self;
} Ended;

static bool visit_ended(void *self, const OrderRow *row, Error *error) {
  Ended *ended = self;
  OrderRow read = *row;
  ClockSet clocks;
  ended->last = row->order.id.value;
  if (!order_from_row(ended->orders, &read, &clocks, error)) return false;
  if (!list_wants(ended->wish, &read.order)) return true; /* what counts as repeated, its kind knows */
  ended->left--;
  return ended->visit(ended->self, &read, &clocks, error);
}

bool list_ended(int64_t *next, const Orders *orders, Db *db, const ListWish *wish, int64_t before_id, size_t most, ListVisit visit,
                void *self, Error *error) {
  Ended ended = {.orders = orders, .wish = wish, .left = most, .visit = visit, .self = self};
  EndedWish of = {.part = wish->part,
                  .customers = wish->customers,
                  .customer_count = wish->customer_count,
                  .number = wish->number,
                  .outage = wish->outage.value,
                  .crew = wish->crew.value,
                  .assignee = wish->assignee.value,
                  .to_org = wish->to_org_row != ORDER_NO_ORG ? wish->to_org : 0,
                  .state = wish->state,
                  .kind = wish->kind,
                  .before = before_id};
  bool few = wish->number || wish->customers; /* found by an index */
  if (!few && !store_ended_bound(&of.above, db, orders->county_id, wish->kind, before_id, LIST_SCAN_MAX, error)) return false;
  for (bool more = true; more && ended.left;) {
    size_t asked = ended.left, found;
    if (!store_ended_orders(&found, db, orders->county_id, &of, asked, visit_ended, &ended, error)) return false;
    if (found) of.before = ended.last;
    more = found == asked;
  }
  *next = !ended.left ? of.before : of.above ? of.above + 1 : 0;
  return true;
}

void list_count(const Orders *orders, const ListWish *wish, const OrderKind *kind, Instant now, ListCounts *out, size_t *by_state) {
  const Live *live = &orders->live;
  *out = (ListCounts){0};
  for (size_t s = 0; by_state && s < KIND_STATES_MAX; s++) by_state[s] = 0;
  for (size_t i = 0; i < live->list.count; i++) {
    const LiveEntry *entry = live_entry(live, live->list.at[i]);
    uint32_t clock = LIVE_NONE;
    if (!list_wants(wish, &entry->order)) continue;
    out->open++;
    if (entry->order.accepted_at > now - 10 * SPAN_MINUTE) out->lately += entry->order.calls;
    out->by_ladder[entry->order.ladder]++;
    out->callbacks += order_waits_for_callback(&entry->order);
    if (by_state && entry->order.kind == kind) by_state[entry->order.state]++;
    Instant due = live_nearest_due(live, entry, &clock);
    if (due == LIVE_NEVER) continue;
    const LiveClock *nearest = &live->clocks.at[clock];
    if (now > due) out->broken++;
    else if (now >= clock_at(&nearest->state, &entry->order.kind->clocks[nearest->clock].promise->clock, 75)) out->amber++;
  }
}
