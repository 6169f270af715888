#include "order/order.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "order/board.h"

enum { SOURCE_MAX = 32, PERSON_MAX = 60, PHONE_MAX = 32, DESCRIPTION_MAX = 2000, NAMES_MAX = ERROR_ARGUMENT_MAX };
static const int64_t NUMBERS_A_DAY = 10000000;

static Text state_id(const Order *order, unsigned state) { return order->kind->states[state].id; }

void order_write_facts(Json *json, const Order *order) {
  char number[24];
  snprintf(number, sizeof number, "%lld", (long long)order->number);
  json_put_string(json, "number", number);
  json_put_text(json, "kind", order->kind->origin.id);
  json_put_string(json, "ladder", kind_ladder_name((OrderLadder)order->ladder));
  json_put_id(json, "outage_id", order->outage.value);
  json_put_i64(json, "version", order->version);
}

static void begin_event(Orders *orders, Json *json, const Order *order) {
  buffer_clear(&orders->data);
  json_begin(json, &orders->data);
  json_open_object(json);
  order_write_facts(json, order);
}

static bool end_event(DeskContext *context, Orders *orders, Json *json, const char *kind, const Order *order, Error *error) {
  json_close(json);
  if (orders->data.failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "event");
  return desk_event(context, kind, "order", order->id.value, buffer_as_text(&orders->data), error);
}

/* --- one change of one order: rows and events first, then memory --- */

typedef struct Change {
  LiveEntry *entry;
  Order after;
  const KindStep *step;      /* NULL: none, a link alone */
  const KindBranch *branch;  /* NULL */
  const json_t *fields;
  Text outcome;
  bool closes, reopens;
  const char *event;         /* "order.step" */
  ClockSet clocks;
  ClockChange changed;
  OutageId outage_was;
} Change;

static void begin_change(Change *change, const Orders *orders, LiveEntry *entry) {
  *change = (Change){.entry = entry, .after = entry->order, .event = "order.step", .outage_was = entry->order.outage};
  live_get_clocks(&orders->live, entry, &change->clocks);
  change->after.version++;
}

/* What a step does to the order itself. */
static void apply_step(DeskContext *context, Change *change, CrewId crew) {
  const KindStep *step = change->step;
  const KindBranch *branch = change->branch;
  Order *order = &change->after;
  int to = branch && branch->to >= 0 ? branch->to : step->to;
  change->reopens = branch ? branch->reopens : step->reopens;
  change->outcome = branch && branch->outcome.at ? branch->outcome : step->outcome;
  if (to >= 0) {
    order->state = (uint16_t)to;
    order->state_since = context->now;
    order->ladder = order->kind->states[to].ladder;
    change->closes = order->kind->states[to].final;
  }
  if (branch && branch->try) order->callback_tries++;
  if (change->reopens) order->reopened++, order->callback_tries = 0;
  if (step->effect == EFFECT_SUSPEND) order->suspended = true;
  if (step->effect == EFFECT_RESUME || to >= 0) order->suspended = false;
  if (step->effect == EFFECT_URGENCY) {
    Text urgency = form_text(change->fields, "urgency");
    order->urgency = text_is(urgency, "life") ? 2 : text_is(urgency, "urgent") ? 1 : 0;
  }
  if (step->effect == EFFECT_CALL_AGAIN && order->calls < UINT16_MAX) order->calls++;
  if (step->assigns == ASSIGNS_CREW && crew.value) order->crew = crew;
  if (step->assigns == ASSIGNS_NOBODY) order->crew = (CrewId){0}, order->assignee = (StaffId){0};
  if (step->assigns == ASSIGNS_STAFF) order->assignee = (StaffId){form_id(change->fields, "staff")};
  fold_event(&change->clocks, &change->changed, order->kind, order->area, branch ? branch->event : step->event, change->closes,
             context->now);
}

static bool write_texts(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  Json json;
  bool any;
  buffer_clear(&orders->words);
  json_begin(&json, &orders->words);
  form_write(&json, change->step->fields, change->step->field_count, change->fields, true, &any);
  if (orders->words.failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  return any ? store_insert_text(context, change->after.id, change->after.version, buffer_as_text(&orders->words), error) : true;
}

static bool write_row(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  char entry[48];
  Buffer trail = {.at = entry, .room = sizeof entry, .limit = sizeof entry};
  if (change->step)
    trail_add(&trail, change->branch ? change->branch->event : change->step->event,
              context->now > change->after.accepted_at ? context->now - change->after.accepted_at : 0);
  if (!store_update_order(context, &change->after, buffer_as_text(&trail), change->outcome, change->closes, error)) return false;
  for (size_t c = 0; c < change->after.kind->clock_count; c++)
    if (change->changed.ended & 1u << c && !board_add(context, orders, &change->after, c, &change->clocks.at[c], error)) return false;
  return !change->step || write_texts(context, orders, change, error);
}

static bool write_change_event(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  const Order *order = &change->after;
  Json json;
  begin_event(orders, &json, order);
  if (change->step) {
    json_put_text(&json, "step", change->step->id);
    if (change->branch) json_put_text(&json, "branch", change->branch->id);
    json_put_text(&json, "from", state_id(order, change->entry->order.state));
    json_put_text(&json, "to", state_id(order, order->state));
    json_put_id(&json, "crew_id", order->crew.value);
  }
  if (order->calls != change->entry->order.calls) json_put_i64(&json, "calls", order->calls);
  if (order->outage.value != change->outage_was.value) {
    json_put_id(&json, "outage", order->outage.value);
    json_put_id(&json, "was", change->outage_was.value);
  }
  if (change->step && change->fields && json_object_size(change->fields)) {
    bool any;
    json_key(&json, "fields");
    form_write(&json, change->step->fields, change->step->field_count, change->fields, false, &any);
  }
  return end_event(context, orders, &json, change->event, order, error);
}

static bool write_more_events(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  const Order *order = &change->after;
  Json json;
  for (size_t c = 0; c < order->kind->clock_count; c++)
    for (unsigned mark = 0; mark < CLOCK_MARKS_MAX; mark++)
      if (change->changed.reached[c] & 1u << mark && !order_clock_event(context, orders, order, &change->clocks.at[c], c, mark, error))
        return false;
  if (change->reopens) {
    begin_event(orders, &json, order);
    json_put_text(&json, "why",
                  change->branch                              ? change->branch->id
                  : change->step->effect == EFFECT_CALL_AGAIN ? TEXT("called_again")
                                                              : change->step->id);
    json_put_i64(&json, "reopened", order->reopened);
    if (!end_event(context, orders, &json, "order.reopened", order, error)) return false;
  }
  if (change->closes) {
    begin_event(orders, &json, order);
    json_put_text(&json, "state", state_id(order, order->state));
    if (!end_event(context, orders, &json, "order.archived", order, error)) return false;
  }
  return true;
}

/* Writes everything, then changes memory; after that nothing can fail. */
static bool make_change(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  Live *live = &orders->live;
  if (!live_reserve(live, error) || !write_row(context, orders, change, error) || !write_change_event(context, orders, change, error) ||
      !write_more_events(context, orders, change, error))
    return false;
  if (change->closes) {
    LiveEntry *parent = change->after.parent.value ? live_find(live, change->after.parent) : NULL;
    if (parent && parent->order.children) parent->order.children--;
    live_remove(live, change->entry);
    return true;
  }
  live_change(live, change->entry, &change->after);
  live_put_clocks(live, change->entry, &change->clocks, change->changed.touched);
  return true;
}

/* --- accepting --- */

static bool bounded(Text text, size_t most, const char *field, Error *error) {
  if (text_characters(text) <= most) return true;
  error_raise(error, ERROR_FIELD_INVALID, "%s\t%.40s…\tit is too long, at most %zu characters", field, text.at, most);
  return error_at(error, "$.%s", field);
}

static bool check_what(const OrderKind *kind, Text what, bool partial, uint8_t *choice, Error *error) {
  *choice = ORDER_NO_CHOICE;
  for (size_t i = 0; i < kind->form_count; i++) {
    const KindField *field = &kind->form[i];
    if (!text_is(field->id, "what")) continue;
    for (size_t c = 0; c < field->choice_count; c++)
      if (text_is(what, field->choices[c].id)) *choice = (uint8_t)c;
    if (*choice != ORDER_NO_CHOICE || ((!field->required || partial) && what.len == 0)) return true;
    char known[NAMES_MAX] = "";
    for (size_t c = 0, len = 0; c < field->choice_count && len + 1 < sizeof known; c++)
      len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", c ? ", " : "", field->choices[c].id);
    error_raise(error, ERROR_FIELD_INVALID, "what\t%.*s\t%s", (int)(what.len < 40 ? what.len : 40), what.len ? what.at : "", known);
    return error_at(error, "%s", "$.what");
  }
  if (what.len == 0) return true;
  error_raise(error, ERROR_FIELD_UNKNOWN, "%s", "what");
  return error_at(error, "%s", "$.what");
}

/* The fields of the form besides what and description, which every call has and which have columns of their own. */
static bool check_form(const OrderKind *kind, const OrderAccept *accept, Error *error) {
  size_t plain = 0;
  for (size_t i = 0; i < kind->form_count; i++)
    plain += text_is(kind->form[i].id, "what") ||
             (text_is(kind->form[i].id, "description") && (!kind->form[i].required || accept->description.len));
  if (!accept->fields && plain == kind->form_count) return true;
  json_t *all = accept->fields ? json_copy((json_t *)(uintptr_t)accept->fields) : json_object();
  bool ok = all && (!accept->what.len || json_object_set_new(all, "what", json_stringn(accept->what.at, accept->what.len)) == 0) &&
            (!accept->description.len ||
             json_object_set_new(all, "description", json_stringn(accept->description.at, accept->description.len)) == 0);
  ok = ok ? form_check(kind->form, kind->form_count, all, accept->parent.value == 0, error)
          : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  json_decref(all);
  return ok;
}

static bool check_accept(const OrderKind *kind, const OrderAccept *accept, uint8_t *what, Error *error) {
  if (accept->urgency > 2) {
    error_raise(error, ERROR_FIELD_INVALID, "urgency\t%d\t0, 1, 2", accept->urgency);
    return error_at(error, "%s", "$.urgency");
  }
  return check_what(kind, accept->what, accept->parent.value != 0, what, error) && check_form(kind, accept, error) &&
         bounded(accept->source, SOURCE_MAX, "source", error) && bounded(accept->caller_name, PERSON_MAX, "caller_name", error) &&
         bounded(accept->caller_phone, PHONE_MAX, "caller_phone", error) &&
         bounded(accept->description, DESCRIPTION_MAX, "description", error);
}

/* The customer calls again: counted on the open order, or the order is opened again. */
static bool call_again(DeskContext *context, Orders *orders, LiveEntry *entry, const KindStep *step, Error *error) {
  Change change;
  begin_change(&change, orders, entry);
  change.step = step;
  change.event = "order.called_again";
  apply_step(context, &change, (CrewId){0});
  if (!make_change(context, orders, &change, error)) return false;
  order_note_calls(orders, context->now, 1);
  return true;
}

static int64_t next_number(const Orders *orders, Instant now) {
  Civil day = civil_of(now, ZONE_SHANGHAI);
  int64_t first = (day.year * 10000 + day.month * 100 + day.day) * NUMBERS_A_DAY + 1;
  return orders->last_number >= first ? orders->last_number + 1 : first;
}

static void place_order(const Orders *orders, Order *order, const OrderAccept *accept) {
  order->position = CUSTOMER_NONE;
  order->device = accept->device;
  order->org = ORDER_NO_ORG;
  if (orders->people) {
    if (accept->customer.value && !people_position_of(orders->people, accept->customer, &order->position)) order->position = CUSTOMER_NONE;
    if (order->device == GRID_NONE && order->position != CUSTOMER_NONE)
      order->device = people_customer_device(orders->people, order->position);
    size_t org = order->device != GRID_NONE ? people_org_of_device(orders->people, order->device) : SIZE_MAX;
    if (org != SIZE_MAX) order->org = (uint32_t)org;
  }
  order->area = order_area(orders, order->device);
}

static bool write_accepted(DeskContext *context, Orders *orders, const Order *order, const OrderAccept *accept, Error *error) {
  Json json;
  begin_event(orders, &json, order);
  json_put_id(&json, "customer", order->customer.value);
  json_put_id(&json, "device", order_device_id(orders, order->device));
  json_put_i64(&json, "urgency", order->urgency);
  json_put_text(&json, "source", accept->source);
  json_put_text(&json, "what", accept->what);
  json_put_text(&json, "to", state_id(order, order->state));
  if (order->parent.value) json_put_id(&json, "parent", order->parent.value);
  if (accept->fields) {
    bool any;
    json_key(&json, "fields");
    form_write(&json, order->kind->form, order->kind->form_count, accept->fields, false, &any);
  }
  return end_event(context, orders, &json, "order.accepted", order, error);
}

/* All of the form's other fields, also those that may not stand in the event. */
static bool write_form(DeskContext *context, const Order *order, const OrderAccept *accept, Error *error) {
  if (!accept->fields || !json_object_size(accept->fields)) return true;
  char *words = json_dumps(accept->fields, JSON_COMPACT);
  bool ok = words ? store_insert_text(context, order->id, order->version, text_of(words), error)
                  : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  free(words);
  return ok;
}

static bool accept_new(DeskContext *context, Orders *orders, const OrderKind *kind, const OrderAccept *accept, uint8_t what, OrderId *out,
                       Error *error) {
  Order order = {.id = {desk_new_id(context)},
                 .kind = kind,
                 .customer = accept->customer,
                 .accepted_at = context->now,
                 .state_since = context->now,
                 .number = next_number(orders, context->now),
                 .state = kind->start,
                 .ladder = kind->states[kind->start].ladder,
                 .urgency = accept->urgency,
                 .parent = accept->parent,
                 .calls = 1,
                 .what = what,
                 .version = 1};
  place_order(orders, &order, accept);
  OrderRow row = {.order = order,
                  .book_id = kind->book,
                  .device_id = order_device_id(orders, order.device),
                  .kind = kind->origin.id,
                  .org_id = order.org != ORDER_NO_ORG ? people_org(orders->people, order.org)->id : 0,
                  .state = state_id(&order, order.state),
                  .source = accept->source.at ? accept->source : TEXT(""),
                  .what = accept->what,
                  .description = accept->description,
                  .caller_name = accept->caller_name,
                  .caller_phone = accept->caller_phone};
  bool ok = live_reserve(&orders->live, error) &&
            (orders->book_stored || store_insert_book(context, kind->book, book_text(orders->book), error)) &&
            store_insert_order(context, &row, error) && write_form(context, &order, accept, error) &&
            write_accepted(context, orders, &order, accept, error);
  if (!ok) return false;
  ClockSet clocks = {0};
  ClockChange change;
  fold_event(&clocks, &change, kind, order.area, 0, false, context->now);
  LiveEntry *entry = live_add(&orders->live, &order);
  live_put_clocks(&orders->live, entry, &clocks, change.touched);
  LiveEntry *parent = order.parent.value ? live_find(&orders->live, order.parent) : NULL;
  if (parent) parent->order.children++;
  orders->book_stored = true;
  orders->last_number = order.number;
  order_note_calls(orders, context->now, 1);
  *out = order.id;
  return true;
}

bool order_accept(DeskContext *context, Orders *orders, const OrderAccept *accept, OrderId *out, bool *again, Error *error) {
  const OrderKind *kind = book_kind_of(orders->book, accept->kind);
  uint8_t what = ORDER_NO_CHOICE;
  *again = false;
  if (!kind) {
    error_raise(error, ERROR_NOT_FOUND, "kind\t%.*s", (int)(accept->kind.len < 60 ? accept->kind.len : 60),
                accept->kind.len ? accept->kind.at : "");
    return error_at(error, "%s", "$.kind");
  }
  char roles[NAMES_MAX];
  if (accept->roles && !(accept->roles & kind->opened_by))
    return error_raise(error, ERROR_ORDER_STEP_ROLE, "%.*s\t%s", TEXT_ARG(kind->origin.name_zh),
                       kind_role_names(roles, sizeof roles, kind->opened_by));
  if (!check_accept(kind, accept, &what, error)) return false;
  uint32_t position;
  if (orders->people && accept->customer.value && !people_position_of(orders->people, accept->customer, &position)) {
    error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)accept->customer.value);
    return error_at(error, "%s", "$.customer_id");
  }
  for (uint32_t at = live_first_of_customer(&orders->live, accept->customer); kind->one_open && !accept->parent.value && at != LIVE_NONE;) {
    LiveEntry *entry = live_entry(&orders->live, at);
    const KindStep *step = text_equal(entry->order.kind->origin.id, kind->origin.id)
                               ? kind_effect_step(entry->order.kind, EFFECT_CALL_AGAIN, entry->order.state) : NULL;
    if (step) {
      *again = true;
      *out = entry->order.id;
      return call_again(context, orders, entry, step, error);
    }
    at = entry->customer_next;
  }
  return accept_new(context, orders, kind, accept, what, out, error);
}

/* --- steps --- */

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
  if (step->effect == EFFECT_RESUME || step->effect == EFFECT_SUSPEND) return order->suspended == (step->effect == EFFECT_RESUME);
  return step->effect != EFFECT_LINK && step->effect != EFFECT_UNLINK && step->effect != EFFECT_CALL_AGAIN;
}

bool order_may_take(const Order *order, const KindStep *step, uint32_t roles) {
  return order_can_now(order, step, roles) && (step->roles & roles);
}

/* "派单 dispatch, 备注 note": the steps this person may take now. */
static void possible_steps(char *out, size_t size, const Order *order, uint32_t roles) {
  size_t len = 0;
  out[0] = '\0';
  for (size_t i = 0; i < order->kind->step_count && len + 1 < size; i++) {
    const KindStep *step = &order->kind->steps[i];
    if (!order_may_take(order, step, roles)) continue;
    len += (size_t)snprintf(out + len, size - len, "%s%.*s %.*s", len ? ", " : "", TEXT_ARG(step->name_zh), TEXT_ARG(step->id));
  }
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
    possible_steps(names, sizeof names, order, ask->roles);
    return error_raise(error, ERROR_ORDER_STEP_NOT_NOW, "%.*s\t%.*s %.*s\t%s", (int)(ask->step.len < 60 ? ask->step.len : 60),
                       ask->step.len ? ask->step.at : "", TEXT_ARG(order->kind->states[order->state].name_zh),
                       TEXT_ARG(state_id(order, order->state)), names);
  }
  if (step->roles & ask->roles) return true;
  return error_raise(error, ERROR_ORDER_STEP_ROLE, "%.*s %.*s\t%s", TEXT_ARG(step->name_zh), TEXT_ARG(step->id),
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
             : error_raise(error, ERROR_ORDER_STEP_TIMES, "%.*s %.*s\t%d", TEXT_ARG(step->name_zh), TEXT_ARG(step->id), taken);
}

/* The first branch that fits; a step whose branches all speak of other values has none. */
static const KindBranch *choose_branch(const Order *order, const KindStep *step, const json_t *fields) {
  for (size_t b = 0; b < step->branch_count; b++) {
    const KindBranch *branch = &step->branches[b];
    bool fits = branch->field < 0;
    if (!fits) {
      Text value = form_text(fields, step->fields[branch->field].id.at);
      fits = branch->is.at ? text_equal(value, branch->is) : value.at != NULL;
    }
    if (fits && order->callback_tries + 1 >= branch->after) return branch;
  }
  return NULL;
}

static bool by_itself(DeskContext *context, Orders *orders, OrderId id, const KindStep *step, Error *error) {
  OrderStep next = {.order = id, .step = step->id, .roles = UINT32_MAX};
  return order_step(context, orders, &next, error);
}

/* What a step brings about: an order that comes of this one, a step that follows, and for the parent of one that ended, its going on. */
static bool follow_up(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  const Order *order = &change->after;
  int then = change->branch && change->branch->then >= 0 ? change->branch->then : change->step->then;
  if (change->step->opens.at) {
    OrderAccept child = {.kind = change->step->opens, .customer = order->customer, .device = order->device, .source = TEXT("order"),
                         .urgency = order->urgency, .parent = order->id};
    OrderId id;
    bool again;
    if (!order_accept(context, orders, &child, &id, &again, error)) return false;
  }
  if (then >= 0 && !by_itself(context, orders, order->id, &order->kind->steps[then], error)) return false;
  const LiveEntry *parent = change->closes && order->parent.value ? live_find(&orders->live, order->parent) : NULL;
  const KindStep *goes_on =
      parent && !parent->order.children ? kind_effect_step(parent->order.kind, EFFECT_CHILDREN_DONE, parent->order.state) : NULL;
  return !goes_on || by_itself(context, orders, order->parent, goes_on, error);
}

bool order_step(DeskContext *context, Orders *orders, const OrderStep *ask, Error *error) {
  LiveEntry *entry;
  Change change;
  const KindStep *step;
  if (!find_open(context, orders, ask->order, &entry, error) || !check_step(&entry->order, ask, &step, error) ||
      !form_check(step->fields, step->field_count, ask->fields, true, error) || !check_times(context, &entry->order, step, error))
    return false;
  begin_change(&change, orders, entry);
  change.step = step;
  change.fields = ask->fields;
  change.branch = choose_branch(&entry->order, step, ask->fields);
  apply_step(context, &change, ask->crew.value ? ask->crew : (CrewId){form_id(ask->fields, "crew")});
  if (!make_change(context, orders, &change, error)) return false;
  return follow_up(context, orders, &change, error) ? true : desk_spoil(context);
}

bool order_link(DeskContext *context, Orders *orders, OrderId id, OutageId outage, Error *error) {
  LiveEntry *entry;
  Change change;
  if (!find_open(context, orders, id, &entry, error)) return false;
  if (entry->order.outage.value == outage.value) return true;
  begin_change(&change, orders, entry);
  change.event = "order.linked";
  change.after.outage = outage;
  change.step = kind_effect_step(entry->order.kind, outage.value ? EFFECT_LINK : EFFECT_UNLINK, entry->order.state);
  if (change.step) apply_step(context, &change, (CrewId){0});
  return make_change(context, orders, &change, error);
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

void order_on_names(Orders *orders, Text (*name_of)(void *self, int64_t staff_id, Arena *arena), void *self) {
  orders->name_of = name_of;
  orders->name_self = self;
}
