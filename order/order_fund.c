/* The reward fund: money comes in by those who lead, and leaves it by a step with effect `pay`, by as much as the order's last `award`
 * says. */
#include "http/schema.h"
#include "order/order_inside.h"

typedef struct LastAward {
  int64_t fen;
  bool failed;
  Error *error;
} LastAward;

static bool note_award(void *self, const Event *event) {
  LastAward *last = self;
  json_t *data;
  last->failed = !schema_read_own(&data, event->data, last->error);
  if (last->failed) return false;
  const json_t *award = json_object_get(json_object_get(data, "fields"), "award");
  if (json_is_integer(award)) last->fen = json_integer_value(award);
  json_decref(data);
  return true;
}

bool fund_pay(DeskContext *context, Orders *orders, const Change *change, Error *error) {
  LastAward last = {.error = error};
  const json_t *said = change->fields ? json_object_get(change->fields, "award") : NULL;
  (void)orders;
  if (json_is_integer(said))
    last.fen = json_integer_value(said);
  else if (!event_of(context->db, context->county_id, TEXT("order"), change->after.id.value, note_award, &last, error) || last.failed)
    return false;
  if (last.fen <= 0)
    return error_raise(error, ERROR_ORDER_AMBIGUOUS, "奖励金额" ERROR_BOTH "the award\t%lld", (long long)change->after.number);
  return fund_add(context, change->after.id, -last.fen, TEXT_NONE, error);
}

bool fund_add(DeskContext *context, OrderId order, int64_t fen, Text note, Error *error) {
  int64_t balance;
  if (!store_fund_balance(&balance, context->db, context->county_id, error)) return false;
  if (balance + fen < 0) {
    error_raise(error, ERROR_FUND_SHORT, "%lld.%02lld\t%lld.%02lld", (long long)(balance / 100), (long long)(balance % 100),
                (long long)(-fen / 100), (long long)(-fen % 100));
    return false;
  }
  return store_insert_fund(context, &(FundEntry){desk_new_id(context), context->now, order, fen, balance + fen, note}, error);
}
