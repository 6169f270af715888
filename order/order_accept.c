/* Accepting: a new order, or a call counted on the customer's open one. */
#include <stdio.h>

#include "http/schema.h"
#include "order/order_inside.h"

enum { SOURCE_MAX = 32, PERSON_MAX = 60, PHONE_MAX = 32, DESCRIPTION_MAX = 2000, NAMES_MAX = ERROR_ARGUMENT_MAX };
static const int64_t NUMBERS_A_DAY = 10000000;

static bool bounded(Text text, size_t most, const char *field, Error *error) {
  if (text_characters(text) <= most) return true;
  error_raise(error, ERROR_FIELD_INVALID, "%s\t%.40s…\t过长, 最多 %zu 个字符" ERROR_BOTH "it is too long, at most %zu characters", field, text.at, most, most);
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
  change_begin(&change, orders, entry);
  change.step = step;
  change.event = "order.called_again";
  change_apply(context, orders, &change, (CrewId){0});
  if (!change_make(context, orders, &change, error)) return false;
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
    if (org == SIZE_MAX && !people_org_row(orders->people, accept->org_id, &org)) org = SIZE_MAX; /* of nobody known: of those who took the call */
    if (org != SIZE_MAX) order->org = (uint32_t)org;
  }
  order->area = order_area(orders, order->device);
  order->to_org = order->org;
  order_route(orders, order, accept->fields);
}

/* How often this customer called in this matter before: orders of the kind in the rule's window, with their calls. */
static bool count_repeats(DeskContext *context, Order *order, Error *error) {
  int64_t before = 0;
  const OrderKind *kind = order->kind;
  if (kind->repeat_calls && order->customer.value &&
      !store_calls_before(&before, context->db, context->county_id, order->customer, kind->origin.id, context->now - kind->repeat_window, error))
    return false;
  order->repeats = (uint16_t)(before < UINT16_MAX ? before + 1 : UINT16_MAX);
  return true;
}

static bool write_accepted(DeskContext *context, Orders *orders, const Order *order, const OrderAccept *accept, Error *error) {
  Json json;
  order_begin_event(orders, &json, order);
  json_put_id(&json, "customer", order->customer.value);
  json_put_id(&json, "device", order_device_id(orders, order->device));
  json_put_i64(&json, "urgency", order->urgency);
  json_put_text(&json, "source", accept->source);
  json_put_text(&json, "what", accept->what);
  json_put_id(&json, "assignee_id", order->assignee.value);
  json_put_i64(&json, "repeats", order->repeats);
  json_put_text(&json, "to", order->kind->states[order->state].id);
  if (order->parent.value) json_put_id(&json, "parent", order->parent.value);
  if (accept->fields) {
    bool any;
    json_key(&json, "fields");
    form_write(&json, order->kind->form, order->kind->form_count, accept->fields, false, &any);
  }
  return order_end_event(context, orders, &json, "order.accepted", order, error);
}

/* All of the form's other fields, also those that may not stand in the event. */
static bool write_form(DeskContext *context, const Order *order, const OrderAccept *accept, Error *error) {
  if (!accept->fields || !json_object_size(accept->fields)) return true;
  Buffer words;
  buffer_begin(&words, 0);
  schema_write_json(&words, accept->fields, 0);
  bool ok = words.failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order")
                         : store_insert_text(context, order->id, order->version, buffer_as_text(&words), error);
  buffer_end(&words);
  return ok;
}

static bool accept_new(DeskContext *context, Orders *orders, const OrderKind *kind, const OrderAccept *accept, uint8_t what, OrderId *out,
                       Error *error) {
  Order order = {.id = {desk_new_id(context)},
                 .until = INSTANT_NONE,
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
  if (!count_repeats(context, &order, error)) return false;
  OrderRow row = {.order = order,
                  .book_id = kind->book,
                  .device_id = order_device_id(orders, order.device),
                  .kind = kind->origin.id,
                  .org_id = order.org != ORDER_NO_ORG ? people_org(orders->people, order.org)->id : 0,
                  .to_org_id = order.to_org != ORDER_NO_ORG ? people_org(orders->people, order.to_org)->id : 0,
                  .state = order.kind->states[order.state].id,
                  .source = accept->source.at ? accept->source : TEXT(""),
                  .what = accept->what,
                  .description = accept->description,
                  .caller_name = accept->caller_name,
                  .caller_phone = accept->caller_phone};
  bool ok = live_reserve(&orders->live, error) &&
            (orders->book_stored || store_insert_book(context, kind->book, book_text(orders->book), error)) &&
            store_insert_order(context, &row, error) && write_form(context, &order, accept, error) &&
            order_hold_files(context, orders, &order, kind->form, kind->form_count, accept->fields, error) &&
            write_accepted(context, orders, &order, accept, error) && figure_accepted(context, orders, &order, error);
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

static bool unknown_kind(Text kind, Error *error) {
  error_raise(error, ERROR_NOT_FOUND, "kind\t%.*s", (int)(kind.len < 60 ? kind.len : 60), kind.len ? kind.at : "");
  return error_at(error, "%s", "$.kind");
}

bool order_may_open(const Orders *orders, const OrderAccept *accept, uint32_t *roles, Error *error) {
  const OrderKind *kind = book_kind_of(orders->book, accept->kind);
  uint8_t what;
  if (!kind) return unknown_kind(accept->kind, error);
  *roles = kind->opened_by;
  return check_accept(kind, accept, &what, error);
}

/* There, and theirs who asks. */
static bool check_customer(const Orders *orders, const OrderAccept *accept, Error *error) {
  uint32_t position;
  if (!orders->people || !accept->customer.value) return true;
  if (people_position_of(orders->people, accept->customer, &position))
    return people_check_place(orders->people, accept->org_id, people_customer_device(orders->people, position), error);
  error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)accept->customer.value);
  return error_at(error, "%s", "$.customer_id");
}

bool order_accept(DeskContext *context, Orders *orders, const OrderAccept *accept, OrderId *out, bool *again, Error *error) {
  const OrderKind *kind = book_kind_of(orders->book, accept->kind);
  uint8_t what = ORDER_NO_CHOICE;
  *again = false;
  if (!kind) return unknown_kind(accept->kind, error);
  char roles[NAMES_MAX];
  if (accept->roles && !(accept->roles & kind->opened_by))
    return error_raise(error, ERROR_ORDER_STEP_ROLE, "%.*s" ERROR_BOTH "%.*s\t%s", TEXT_ARG(kind->origin.name_zh),
                       TEXT_ARG(kind->origin.name_en), kind_role_names(roles, sizeof roles, kind->opened_by));
  if (!check_customer(orders, accept, error) || !check_accept(kind, accept, &what, error) ||
      !order_check_named(orders, accept->org_id, kind->form, kind->form_count, accept->fields, error) || !order_check_account(orders, kind, accept, error))
    return false;
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
