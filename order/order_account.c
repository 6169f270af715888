/* What a kind asks of the customer's account before an order of it begins (`account`), and power owed once arrears are paid. */
#include <stdio.h>

#include "order/order_inside.h"

static void name_open_orders(const Orders *orders, CustomerId customer, Buffer *zh, Buffer *en) {
  for (uint32_t at = live_first_of_customer(&orders->live, customer); at != LIVE_NONE; at = live_entry(&orders->live, at)->customer_next) {
    const Order *order = &live_entry(&orders->live, at)->order;
    buffer_format(zh, "%s在途工单 %lld (%.*s)", zh->len ? ", " : "", (long long)order->number, TEXT_ARG(order->kind->origin.name_zh));
    buffer_format(en, "%sopen order %lld (%.*s)", en->len ? ", " : "", (long long)order->number, TEXT_ARG(order->kind->origin.name_en));
  }
}

/* Who says that they paid after billing's last word is believed: the field "paid_at" of the form. */
static bool paid_since(const OrderAccept *accept, Instant as_of) {
  Instant paid_at;
  Text said = form_text(accept->fields, "paid_at");
  return said.at && instant_from_text(said, &paid_at) && paid_at > as_of;
}

bool order_check_account(const Orders *orders, const OrderKind *kind, const OrderAccept *accept, Error *error) {
  Buffer zh, en;
  ArrearsStatement owed;
  if (kind->account == ACCOUNT_ANY || !accept->customer.value || accept->parent.value) return true;
  ArrearsState state = arrears_of(orders->arrears, accept->customer, &owed);
  buffer_begin(&zh, 200), buffer_begin(&en, 200);
  if (kind->account == ACCOUNT_CLEAR) name_open_orders(orders, accept->customer, &zh, &en);
  if (state >= ARREARS_OWING && !(kind->account == ACCOUNT_PAID && paid_since(accept, owed.as_of))) {
    Civil day = civil_of(owed.as_of, ZONE_SHANGHAI);
    long long yuan = owed.owed_fen / 100, fen = owed.owed_fen % 100;
    buffer_format(&zh, "%s截至 %d-%02d-%02d 欠费 %lld.%02lld 元", zh.len ? ", " : "", day.year, day.month, day.day, yuan, fen);
    buffer_format(&en, "%sarrears of %lld.%02lld yuan on %d-%02d-%02d", en.len ? ", " : "", yuan, fen, day.year, day.month, day.day);
  }
  bool ok = zh.len == 0 && !zh.failed;
  if (!ok && accept->roles & KIND_ROLE_CUSTOMER) /* whoever sits before a public page is told no more of an account */
    error_raise(error, ERROR_ORDER_REFUSED, "%s", "该户有未结电费或在途工单, 请先结清或致电查询" ERROR_BOTH "bills are open or another matter is on its way; settle them or call us");
  else if (!ok)
    error_raise(error, ERROR_ORDER_REFUSED, "%.*s" ERROR_BOTH "%.*s", TEXT_ARG(text_cut(buffer_as_text(&zh), 150)),
                TEXT_ARG(text_cut(buffer_as_text(&en), 150)));
  buffer_end(&zh), buffer_end(&en);
  return ok;
}

/* Who was switched off for arrears and has paid is owed power: an order with its clock, from the statement's time on, unless one is on its way. */
static bool on_arrears(DeskContext *context, const Event *event, void *room, Error *error) {
  Orders *orders = room;
  CustomerId customer = {event->subject_id};
  OrderId order;
  bool again;
  if (!text_is(order_event_fact(event->data, "from"), "disconnected") || !text_is(order_event_fact(event->data, "to"), "ok") ||
      order_of_customer(orders, customer, "reconnection"))
    return true;
  Text paid_at = order_event_fact(event->data, "as_of");
  json_t *fields = json_pack("{s:s%}", "paid_at", paid_at.at, paid_at.len);
  OrderAccept accept = {.kind = TEXT("reconnection"), .customer = customer, .device = GRID_NONE, .source = TEXT("billing"), .fields = fields};
  bool ok = fields ? order_accept(context, orders, &accept, &order, &again, error) : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  json_decref(fields);
  return ok;
}

void order_on_arrears(Orders *orders, const Arrears *arrears) {
  orders->arrears = arrears;
  desk_on(orders->desk, "customer.arrears", on_arrears, orders);
}
