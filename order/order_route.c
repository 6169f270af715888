/* To whom an order goes: the part of the organisation at the level its kind says, above where it is felt; and who there. */
#include "order/order_inside.h"

/* The row of the organisation at this level, from `org` upwards; `org` itself when there is none. */
static uint32_t at_level(const Orders *orders, uint32_t org, Text level) {
  uint32_t at = org;
  for (int depth = 0; at != ORDER_NO_ORG && depth < 16; depth++) {
    const Org *here = people_org(orders->people, at);
    if (text_equal(here->level, level)) return at;
    size_t up;
    if (!here->parent_id || !people_org_row(orders->people, here->parent_id, &up)) break;
    at = (uint32_t)up;
  }
  return org;
}

StaffId order_staff_of(const Orders *orders, uint32_t org, uint32_t role) {
  if (!orders->staff_of || !role || org == ORDER_NO_ORG) return (StaffId){0};
  return orders->staff_of(orders->staff_self, people_org(orders->people, org)->id, role);
}

static bool fits(const Order *order, const KindRoute *route, const json_t *fields) {
  if (route->field < 0) return true;
  const KindField *field = &order->kind->form[route->field];
  if (text_is(field->id, "what")) return order->what < field->choice_count && text_is(route->is, field->choices[order->what].id);
  return form_says(fields, field, route->is);
}

void order_route(const Orders *orders, Order *order, const json_t *fields) {
  for (size_t r = 0; r < order->kind->route_count; r++) {
    const KindRoute *route = &order->kind->routes[r];
    if (!fits(order, route, fields)) continue;
    if (orders->people) order->to_org = at_level(orders, order->org, route->level);
    order->assignee = order_staff_of(orders, order->to_org, route->role);
    return;
  }
}

static bool hold(DeskContext *context, OrderId order, const KindField *field, const json_t *value, Error *error) {
  int64_t id = 0;
  bool held;
  if (!text_to_i64((Text){json_string_value(value), json_string_length(value)}, &id)) id = 0;
  if (!store_hold_attachment(&held, context, id, order, error)) return false;
  if (held) return true;
  error_raise(error, ERROR_NOT_FOUND, "附件" ERROR_BOTH "attachment\t%lld", (long long)id);
  return error_at(error, "$.fields.%.*s", TEXT_ARG(field->id));
}

bool order_hold_files(DeskContext *context, OrderId order, const KindField *fields, size_t count, const json_t *values, Error *error) {
  for (size_t i = 0; values && i < count; i++) {
    const json_t *value = fields[i].type == FIELD_FILE ? json_object_get(values, fields[i].id.at) : NULL;
    if (json_is_string(value) && !hold(context, order, &fields[i], value, error)) return false;
    for (size_t n = 0; n < json_array_size(value); n++)
      if (!hold(context, order, &fields[i], json_array_get(value, n), error)) return false;
  }
  return true;
}

/* Whom and what a form names must be there: who takes over, which crew, which part of the organisation. */
static bool is_known(const Orders *orders, KindFieldType type, int64_t id) {
  size_t row;
  if (type == FIELD_ORG) return !orders->people || people_org_row(orders->people, id, &row);
  return (type != FIELD_STAFF && type != FIELD_CREW) || !orders->known || orders->known(orders->known_self, type == FIELD_STAFF, id);
}

bool order_check_named(const Orders *orders, const KindField *fields, size_t count, const json_t *values, Error *error) {
  for (size_t i = 0; values && i < count; i++) {
    int64_t id = form_id(values, fields[i].id.at);
    if (!id || is_known(orders, (KindFieldType)fields[i].type, id)) continue;
    error_raise(error, ERROR_NOT_FOUND, "%.*s" ERROR_BOTH "%.*s\t%lld", TEXT_ARG(fields[i].name_zh), TEXT_ARG(fields[i].name_en), (long long)id);
    return error_at(error, "$.fields.%.*s", TEXT_ARG(fields[i].id));
  }
  return true;
}
