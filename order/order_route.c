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

static void keep_sender(void *self, const Attachment *one) {
  if (!one->order.value) *(int64_t *)self = one->staff_id;
}

/* What is held to no order yet is its sender's: it goes to an order of their part, or one handed to it. */
static bool may_send(bool *may, const Orders *orders, const Order *order, Db *db, int64_t attachment, Error *error) {
  int64_t sender = 0;
  *may = true;
  if (!orders->people || !orders->known || order->org == ORDER_NO_ORG) return true;
  if (!store_attachments(db, orders->county_id, (OrderId){0}, attachment, keep_sender, &sender, error)) return false;
  uint32_t parts[] = {order->org, order->to_org};
  for (int i = 0; sender && i < 2; i++)
    if ((*may = parts[i] != ORDER_NO_ORG && orders->known(orders->known_self, true, sender, people_org(orders->people, parts[i])->id))) break;
  return true;
}

static bool hold(DeskContext *context, const Orders *orders, const Order *order, const KindField *field, const json_t *value, Error *error) {
  int64_t id = 0;
  bool held;
  if (!text_to_i64((Text){json_string_value(value), json_string_length(value)}, &id)) id = 0;
  if (!may_send(&held, orders, order, context->db, id, error) || (held && !store_hold_attachment(&held, context, id, order->id, error))) return false;
  if (held) return true;
  error_raise(error, ERROR_NOT_FOUND, "附件" ERROR_BOTH "attachment\t%lld", (long long)id);
  return error_at(error, "$.fields.%.*s", TEXT_ARG(field->id));
}

bool order_hold_files(DeskContext *context, const Orders *orders, const Order *order, const KindField *fields, size_t count, const json_t *values, Error *error) {
  for (size_t i = 0; values && i < count; i++) {
    const json_t *value = fields[i].type == FIELD_FILE ? json_object_get(values, fields[i].id.at) : NULL;
    if (json_is_string(value) && !hold(context, orders, order, &fields[i], value, error)) return false;
    for (size_t n = 0; n < json_array_size(value); n++)
      if (!hold(context, orders, order, &fields[i], json_array_get(value, n), error)) return false;
  }
  return true;
}

/* Whom and what a form names must be there, and theirs to name: who takes over, which crew, which order, which household. Another unit may be named by everyone:
 * that is how an order is handed over to it. */
static bool is_known(const Orders *orders, int64_t org_id, KindFieldType type, int64_t id) {
  size_t row;
  uint32_t position;
  const Order *order = type == FIELD_ORDER ? order_find(orders, (OrderId){id}) : NULL;
  if (type == FIELD_ORG) return !orders->people || people_org_row(orders->people, id, &row);
  if (type == FIELD_ORDER) return !order || order_is_theirs(orders, order, org_id);
  if (type == FIELD_CUSTOMER)
    return !orders->people || !org_id || (people_position_of(orders->people, (CustomerId){id}, &position) &&
                                          people_check_place(orders->people, org_id, people_customer_device(orders->people, position), NULL));
  return (type != FIELD_STAFF && type != FIELD_CREW) || !orders->known || orders->known(orders->known_self, type == FIELD_STAFF, id, org_id);
}

bool order_is_theirs(const Orders *orders, const Order *order, int64_t org_id) {
  if (!orders->people || !org_id || order->org == ORDER_NO_ORG) return true;
  return people_org_within(orders->people, people_org(orders->people, order->org)->id, org_id) ||
         (order->to_org != ORDER_NO_ORG && people_org_within(orders->people, people_org(orders->people, order->to_org)->id, org_id));
}

/* Who works in the unit that an order goes to may be named with it. */
static int64_t handed_to(const KindField *fields, size_t count, const json_t *values) {
  for (size_t i = 0; i < count; i++)
    if (fields[i].type == FIELD_ORG) return form_id(values, fields[i].id.at);
  return 0;
}

bool order_check_named(const Orders *orders, int64_t org_id, const KindField *fields, size_t count, const json_t *values, Error *error) {
  int64_t unit = values ? handed_to(fields, count, values) : 0;
  for (size_t i = 0; values && i < count; i++) {
    int64_t id = form_id(values, fields[i].id.at);
    if (!id || is_known(orders, org_id, (KindFieldType)fields[i].type, id)) continue;
    if (fields[i].type == FIELD_STAFF && unit && is_known(orders, unit, FIELD_STAFF, id)) continue;
    error_raise(error, ERROR_NOT_FOUND, "%.*s" ERROR_BOTH "%.*s\t%lld", TEXT_ARG(fields[i].name_zh), TEXT_ARG(fields[i].name_en), (long long)id);
    return error_at(error, "$.fields.%.*s", TEXT_ARG(fields[i].id));
  }
  return true;
}
