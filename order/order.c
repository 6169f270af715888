/* Steps: who may take which, what follows by itself; and reading. */
#include <stdio.h>

#include "order/order_inside.h"

enum { NAMES_MAX = ERROR_ARGUMENT_MAX };

static Text state_id(const Order *order, unsigned state) { return order->kind->states[state].id; }

static bool find_open(DeskContext *context, Orders *orders, OrderId id, LiveEntry **out, Error *error) {
  *out = live_find(&orders->live, id);
  if (*out) return true;
  bool found;
  DbStatement *s;
  if (!db_prepare(&s, context->db, "SELECT 1 FROM orders WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, id.value);
  if (!db_step(&found, s, error)) return false;
  db_reset(s);
  if (found) return error_raise(error, ERROR_ORDER_CLOSED, "%lld", (long long)id.value);
  return error_raise(error, ERROR_NOT_FOUND, "order\t%lld", (long long)id.value);
}

/* While an order is suspended people may take side steps only; what happens outside all the same (power is back) the program may record. */
bool order_can_now(const Order *order, const KindStep *step, uint32_t roles) {
  if (!(step->from >> order->state & 1)) return false;
  if (order->suspended && !(roles & KIND_ROLE_SYSTEM) && step->effect != EFFECT_RESUME && (step->to >= 0 || step->branch_count))
    return false;
  if ((step->once && order->done >> (step - order->kind->steps) & 1) || (step->needs >= 0 && !(order->done >> step->needs & 1)) ||
      (step->after & ~order->ever))
    return false;
  if (step->effect == EFFECT_RESUME || step->effect == EFFECT_SUSPEND) return order->suspended == (step->effect == EFFECT_RESUME);
  return step->effect != EFFECT_LINK && step->effect != EFFECT_UNLINK && step->effect != EFFECT_CALL_AGAIN;
}

bool order_may_take(const Order *order, const KindStep *step, uint32_t roles) {
  return order_can_now(order, step, roles) && (step->roles & roles);
}

/* "派单 dispatch, 备注 note" and "Send a crew dispatch, Note note": the steps this person may take now. Each language has half the room. */
static void possible_steps(char *out, size_t size, const Order *order, uint32_t roles) {
  size_t len = 0;
  out[0] = '\0';
  for (int english = 0; english < 2; english++) {
    size_t until = english ? size : size / 2, from = len;
    for (size_t i = 0; i < order->kind->step_count; i++) {
      const KindStep *step = &order->kind->steps[i];
      Text name = english ? step->name_en : step->name_zh;
      if (!order_may_take(order, step, roles) || len + name.len + step->id.len + 4 > until) continue;
      len += (size_t)snprintf(out + len, size - len, "%s%.*s %.*s", len > from ? ", " : "", TEXT_ARG(name), TEXT_ARG(step->id));
    }
    if (!english) len += (size_t)snprintf(out + len, size - len, ERROR_BOTH);
  }
}

/* A step that only lacks one that comes before: which. */
static bool check_before(const Order *order, const KindStep *step, Error *error) {
  uint64_t lacks = step->after & ~order->ever;
  if (step->needs >= 0 && !(order->done >> step->needs & 1)) lacks |= 1ull << step->needs;
  if (!lacks || !(step->from >> order->state & 1)) return true;
  const KindStep *first = &order->kind->steps[__builtin_ctzll(lacks)];
  return error_raise(error, ERROR_ORDER_STEP_BEFORE, "%.*s" ERROR_BOTH "%.*s\t%.*s" ERROR_BOTH "%.*s", TEXT_ARG(step->name_zh),
                     TEXT_ARG(step->name_en), TEXT_ARG(first->name_zh), TEXT_ARG(first->name_en));
}

static bool check_step(const Order *order, const OrderStep *ask, const KindStep **out, Error *error) {
  const KindStep *step = kind_step_of(order->kind, ask->step);
  char names[NAMES_MAX];
  *out = step;
  if (ask->version && ask->version != order->version)
    return error_raise(error, ERROR_CONFLICT, "order %lld\t%d", (long long)order->number, order->version);
  if (!step || !order_can_now(order, step, ask->roles)) {
    if (order->suspended && step && step->from >> order->state & 1 && step->effect != EFFECT_RESUME)
      return error_raise(error, ERROR_ORDER_SUSPENDED, "%lld", (long long)order->number);
    if (step && !check_before(order, step, error)) return false;
    possible_steps(names, sizeof names, order, ask->roles);
    Text id = text_cut(ask->step.at ? ask->step : TEXT(""), 60), zh = step ? step->name_zh : TEXT(""), en = step ? step->name_en : TEXT("");
    return error_raise(error, ERROR_ORDER_STEP_NOT_NOW, "%.*s%s%.*s" ERROR_BOTH "%.*s%s%.*s\t%.*s %.*s" ERROR_BOTH "%.*s %.*s\t%s", TEXT_ARG(zh),
                       step ? " " : "", TEXT_ARG(id), TEXT_ARG(en), step ? " " : "", TEXT_ARG(id), TEXT_ARG(order->kind->states[order->state].name_zh),
                       TEXT_ARG(state_id(order, order->state)), TEXT_ARG(order->kind->states[order->state].name_en),
                       TEXT_ARG(state_id(order, order->state)), names);
  }
  if (step->roles & ask->roles) return true;
  return error_raise(error, ERROR_ORDER_STEP_ROLE, "%.*s" ERROR_BOTH "%.*s %.*s\t%s", TEXT_ARG(step->name_zh), TEXT_ARG(step->name_en), TEXT_ARG(step->id),
                     kind_role_names(names, sizeof names, step->roles));
}

/* How often the step was taken before. */
static bool count_taken(DeskContext *context, const Order *order, const KindStep *step, int *out, Error *error) {
  Text trail;
  unsigned event;
  Span after;
  bool sound = true;
  *out = 0;
  if (!store_trail(&trail, context->db, context->county_id, order->id, context->arena, error)) return false;
  while (trail_next(&trail, &event, &after, &sound))
    if (event < order->kind->event_count && &order->kind->steps[order->kind->event_step[event]] == step) ++*out;
  return sound ? true : error_raise(error, ERROR_STORE_CORRUPT, "order %lld: its trail is not readable", (long long)order->id.value);
}

static bool check_times(DeskContext *context, const Order *order, const KindStep *step, Error *error) {
  int taken;
  if (step->waits && order->children) return error_raise(error, ERROR_ORDER_WAITS, "%.*s\t%d", TEXT_ARG(step->id), order->children);
  if (!step->times) return true;
  if (!count_taken(context, order, step, &taken, error)) return false;
  return taken < step->times
             ? true
             : error_raise(error, ERROR_ORDER_STEP_TIMES, "%.*s" ERROR_BOTH "%.*s %.*s\t%d", TEXT_ARG(step->name_zh), TEXT_ARG(step->name_en),
                           TEXT_ARG(step->id), taken);
}

/* Two persons: who took the other step last may not take this one. */
typedef struct LastTaker {
  Text step;
  char actor[32];
} LastTaker;

static bool note_taker(void *self, const Event *event) {
  LastTaker *last = self;
  char says[96];
  snprintf(says, sizeof says, "\"step\":\"%.*s\"", TEXT_ARG(last->step));
  if (text_find(event->data, text_of(says)) >= 0) snprintf(last->actor, sizeof last->actor, "%.*s", TEXT_ARG(event->actor));
  return true;
}

static bool check_taker(DeskContext *context, const Order *order, const KindStep *step, Error *error) {
  if (step->other_than < 0 || text_is(context->actor, "system")) return true;
  const KindStep *other = &order->kind->steps[step->other_than];
  LastTaker last = {.step = other->id};
  if (!event_of(context->db, context->county_id, TEXT("order"), order->id.value, note_taker, &last, error)) return false;
  if (!text_is(context->actor, last.actor)) return true;
  return error_raise(error, ERROR_ORDER_SAME_PERSON, "%.*s" ERROR_BOTH "%.*s\t%.*s" ERROR_BOTH "%.*s", TEXT_ARG(step->name_zh),
                     TEXT_ARG(step->name_en), TEXT_ARG(other->name_zh), TEXT_ARG(other->name_en));
}

/* Into an open order of the same kind that is not answered yet and not merged itself. */
static bool check_merge(const Orders *orders, const Order *order, const KindStep *step, const json_t *fields, Error *error) {
  if (step->effect != EFFECT_MERGE) return true;
  const Order *main = order_find(orders, (OrderId){form_id(fields, "order")});
  if (!main) {
    error_raise(error, ERROR_NOT_FOUND, "order\t%lld", (long long)form_id(fields, "order"));
    return error_at(error, "%s", "$.fields.order");
  }
  const char *why = main == order ? "同一工单" ERROR_BOTH "it is the same"
                    : !text_equal(main->kind->origin.id, order->kind->origin.id) ? "类别不同" ERROR_BOTH "it is of another kind"
                    : main->main.value  ? "对方已合并到其他工单" ERROR_BOTH "that one is merged itself"
                    : order->merged     ? "已有工单合并到本工单" ERROR_BOTH "others are merged into this one"
                    : main->ladder >= LADDER_RESTORED ? "对方已答复" ERROR_BOTH "that one is answered already" : NULL;
  if (!why) return true;
  return error_raise(error, ERROR_ORDER_MERGE, "%lld\t%lld\t%s", (long long)order->number, (long long)main->number, why);
}

/* The first branch that fits; a step whose branches all speak of other values has none. */
static const KindBranch *choose_branch(const Order *order, const KindStep *step, const json_t *fields) {
  for (size_t b = 0; b < step->branch_count; b++) {
    const KindBranch *branch = &step->branches[b];
    bool fits = branch->field < 0;
    if (!fits) {
      Text value = form_text(fields, step->fields[branch->field].id.at);
      fits = branch->is.at ? text_equal(value, branch->is) || form_says(fields, &step->fields[branch->field], branch->is) : value.at != NULL;
    }
    fits = fits && !(branch->all & ~order->done);
    if (fits && order->callback_tries + 1 >= branch->after) return branch;
  }
  return NULL;
}

static bool by_itself(DeskContext *context, Orders *orders, OrderId id, const KindStep *step, Error *error) {
  OrderStep next = {.order = id, .step = step->id, .roles = UINT32_MAX};
  return order_step(context, orders, &next, error);
}

/* What an order handed on of its own form that the other's form asks for too. */
static bool open_child(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  const Order *order = &change->after;
  const OrderKind *kind = book_kind_of(orders->book, change->step->opens);
  json_t *fields = json_object();
  OrderAccept child = {.kind = change->step->opens, .customer = order->customer, .device = order->device, .source = TEXT("order"),
                       .urgency = order->urgency, .parent = order->id, .fields = fields};
  OrderId id;
  bool again;
  for (size_t i = 0; fields && kind && i < kind->form_count; i++) {
    const char *key = kind->form[i].id.at;
    json_t *value = change->fields ? json_object_get((json_t *)(uintptr_t)change->fields, key) : NULL;
    if (!value) continue;
    if (strcmp(key, "what") == 0) child.what = form_text(change->fields, key);
    else if (strcmp(key, "description") == 0) child.description = form_text(change->fields, key);
    else if (json_object_set(fields, key, value) != 0) continue;
  }
  bool ok = fields ? order_accept(context, orders, &child, &id, &again, error) : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  json_decref(fields);
  return ok;
}

/* Those merged into an order that is answered go on to their own call-back; into one that ends without an answer, back on their way. */
static bool release_merged(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  uint16_t left = change->entry ? change->after.merged : 0;
  bool answered = change->after.ladder >= LADDER_RESTORED && !change->closes;
  if (!left || !(answered || change->closes)) return true;
  VECTOR(OrderId) merged = {0};
  bool ok = true;
  for (size_t i = 0; ok && i < order_count(orders) && merged.count < left; i++)
    if (order_at(orders, i)->main.value == change->after.id.value) ok = vector_push(&merged, order_at(orders, i)->id);
  if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  for (size_t i = 0; ok && i < merged.count; i++) {
    const Order *one = order_find(orders, merged.at[i]);
    const KindStep *step = one ? kind_effect_step(one->kind, answered ? EFFECT_MAIN_DONE : EFFECT_UNMERGE, one->state) : NULL;
    ok = !step || by_itself(context, orders, merged.at[i], step, error);
  }
  vector_free(&merged);
  return ok;
}

/* What a step brings about: an order that comes of this one, a step that follows, and for the parent of one that ended, its going on. */
static bool follow_up(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  const Order *order = &change->after;
  int then = change->branch && change->branch->then >= 0 ? change->branch->then : change->step->then;
  if (change->step->opens.at && !open_child(context, orders, change, error)) return false;
  if (!release_merged(context, orders, change, error)) return false;
  if (then >= 0 && !by_itself(context, orders, order->id, &order->kind->steps[then], error)) return false;
  const LiveEntry *parent = change->closes && order->parent.value ? live_find(&orders->live, order->parent) : NULL;
  const KindStep *goes_on =
      parent && !parent->order.children ? kind_effect_step(parent->order.kind, EFFECT_CHILDREN_DONE, parent->order.state) : NULL;
  return !goes_on || by_itself(context, orders, order->parent, goes_on, error);
}

/* A suspension is asked for until a day to come. */
static bool check_until(const DeskContext *context, const Order *order, const KindStep *step, const json_t *fields, Error *error) {
  Text date = form_text(fields, "until");
  for (size_t i = 0; i < order->kind->step_count && date.at; i++) {
    if (order->kind->steps[i].effect != EFFECT_SUSPEND || order->kind->steps[i].needs != step - order->kind->steps || order_until(date) > context->now)
      continue;
    error_raise(error, ERROR_FIELD_INVALID, "until\t%.10s\t%s", date.at, "应晚于今天" ERROR_BOTH "a day after today is wanted");
    return error_at(error, "%s", "$.fields.until");
  }
  return true;
}

/* It was done before it was told: as of then, by the order's trail, with the clocks as they stood. What ticks told meanwhile stays told. */
static bool go_back(DeskContext *then, const DeskContext *context, const OrderStep *ask, Change *change, Error *error) {
  const Order *order = &change->after;
  Text trail, rest;
  unsigned event;
  Span after = 0;
  bool sound = true;
  if (!ask->done_at || ask->done_at >= context->now) return true;
  if (!store_trail(&trail, context->db, context->county_id, order->id, context->arena, error)) return false;
  for (rest = trail; trail_next(&rest, &event, &after, &sound);) continue;
  then->now = fold_done_at(ask->done_at, order->accepted_at + after, context->now);
  if (then->now >= context->now) return true;
  change->received_at = context->now;
  return (sound && fold_trail(&change->clocks, order->kind, order->area, order->accepted_at, trail, NULL, NULL)) ||
         error_raise(error, ERROR_STORE_CORRUPT, "order %lld: its trail is not readable", (long long)order->id.value);
}

/* Back to the present: what the clocks reach on the way is told, but for what was told while nobody knew of the step. */
static void come_forward(const Orders *orders, const ClockSet *now, Change *change) {
  for (size_t c = 0; c < change->after.kind->clock_count; c++) {
    ClockState *state = &change->clocks.at[c];
    if (!(change->clocks.started >> c & 1)) continue;
    unsigned reached = change->changed.reached[c] | clock_advance(state, &change->after.kind->clocks[c].promise->clock, orders->ticked);
    if (now->started >> c & 1 && now->at[c].runs == state->runs) reached &= 0xFFu ^ now->at[c].marks;
    change->changed.reached[c] = (uint8_t)reached;
  }
  change->changed.touched |= change->clocks.started;
}

static bool take_step(DeskContext *context, Orders *orders, const OrderStep *ask, Error *error) {
  DeskContext then = *context;
  ClockSet now;
  LiveEntry *entry;
  Change change;
  const KindStep *step;
  if (!find_open(context, orders, ask->order, &entry, error) || !check_step(&entry->order, ask, &step, error) ||
      !form_check(step->fields, step->field_count, ask->fields, true, error) ||
      !order_check_named(orders, ask->org_id, step->fields, step->field_count, ask->fields, error) || !check_times(context, &entry->order, step, error) ||
      !check_until(context, &entry->order, step, ask->fields, error) || !check_taker(context, &entry->order, step, error) || !check_merge(orders, &entry->order, step, ask->fields, error))
    return false;
  change_begin(&change, orders, entry);
  now = change.clocks;
  if (!go_back(&then, context, ask, &change, error)) return false;
  change.step = step;
  change.fields = ask->fields;
  change.branch = choose_branch(&entry->order, step, ask->fields);
  change_apply(&then, orders, &change, ask->crew.value ? ask->crew : (CrewId){form_id(ask->fields, "crew")});
  if (change.received_at != INSTANT_NONE) come_forward(orders, &now, &change);
  if (!change_make(&then, orders, &change, error)) return false;
  return follow_up(&then, orders, &change, error) ? true : desk_spoil(context);
}

bool order_step(DeskContext *context, Orders *orders, const OrderStep *ask, Error *error) {
  bool due = context->now >= orders->resume_at; /* a suspension that ended before this step: first things first */
  if (due && !order_resume_due(context, orders, error)) return false;
  return take_step(context, orders, ask, error) || (due && desk_spoil(context));
}

bool order_link(DeskContext *context, Orders *orders, OrderId id, OutageId outage, Error *error) {
  LiveEntry *entry;
  Change change;
  if (!find_open(context, orders, id, &entry, error)) return false;
  if (entry->order.outage.value == outage.value) return true;
  change_begin(&change, orders, entry);
  change.event = "order.linked";
  change.after.outage = outage;
  change.step = kind_effect_step(entry->order.kind, outage.value ? EFFECT_LINK : EFFECT_UNLINK, entry->order.state);
  if (change.step) change_apply(context, orders, &change, (CrewId){0});
  return change_make(context, orders, &change, error);
}

/* --- how many called lately --- */

void order_note_calls(Orders *orders, Instant at, uint32_t count) {
  int64_t second = at / SPAN_SECOND;
  CallsSecond *slot = &orders->calls[(uint64_t)second % CALLS_SECONDS];
  if (slot->second != second) *slot = (CallsSecond){.second = second};
  slot->count += count;
}

int64_t order_calls_since(const Orders *orders, Instant now) {
  int64_t sum = 0, second = now / SPAN_SECOND;
  for (size_t i = 0; i < CALLS_SECONDS; i++)
    if (orders->calls[i].second > second - CALLS_SECONDS && orders->calls[i].second <= second) sum += orders->calls[i].count;
  return sum;
}

/* --- reading --- */

const Order *order_find(const Orders *orders, OrderId id) {
  LiveEntry *entry = live_find(&orders->live, id);
  return entry ? &entry->order : NULL;
}

size_t order_count(const Orders *orders) { return orders->live.list.count; }
const Order *order_at(const Orders *orders, size_t i) { return &live_entry(&orders->live, orders->live.list.at[i])->order; }

const Order *order_of_customer(const Orders *orders, CustomerId customer, const char *kind) {
  for (uint32_t at = live_first_of_customer(&orders->live, customer); at != LIVE_NONE; at = live_entry(&orders->live, at)->customer_next)
    if (text_is(live_entry(&orders->live, at)->order.kind->origin.id, kind)) return &live_entry(&orders->live, at)->order;
  return NULL;
}

void order_of_outage(const Orders *orders, OutageId outage, bool (*visit)(void *self, const Order *order), void *self) {
  for (uint32_t at = live_first_of_outage(&orders->live, outage), next; at != LIVE_NONE; at = next) {
    next = live_entry(&orders->live, at)->outage_next; /* the visit may take this one away */
    if (!visit(self, &live_entry(&orders->live, at)->order)) return;
  }
}

bool order_state_is(const Order *order, const char *state) { return text_is(state_id(order, order->state), state); }
bool order_is_open(const Order *order) { return !order->kind->states[order->state].final; }

void order_on_staff(Orders *orders, StaffId (*staff_of)(void *self, int64_t org_id, uint32_t role), void *self) {
  orders->staff_of = staff_of;
  orders->staff_self = self;
}

void order_on_known(Orders *orders, bool (*known)(void *self, bool staff, int64_t id, int64_t org_id), void *self) {
  orders->known = known;
  orders->known_self = self;
}

void order_on_names(Orders *orders, Text (*name_of)(void *self, int64_t staff_id, Arena *arena), void *self) {
  orders->name_of = name_of;
  orders->name_self = self;
}

const Calendar *order_calendar(const Orders *orders, Text id) { return book_calendar_of(orders->book, id); }
