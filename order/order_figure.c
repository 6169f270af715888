/* Figures of kinds, summed by day as things happen: some that every kind has, and those a kind defines over what was said at its steps. */
#include <stdio.h>

#include "order/board.h"
#include "order/roll.h"

static bool add(DeskContext *context, const Orders *orders, const Order *order, Text figure, int64_t n, int64_t of, double total,
                Error *error) {
  FigureSum sum = {.kind = order->kind->origin.id,
                   .figure = figure,
                   .period = board_day(context->now),
                   .n = n,
                   .of = of,
                   .total = total,
                   .org_id = order->org != ORDER_NO_ORG ? people_org(orders->people, order->org)->id : 0};
  RollEntry entry = {.org = sum.org_id, .name = sum.kind, .figure = figure, .n = n, .of = of, .total = total};
  return store_add_figure(context, &sum, error) && (sum.period > orders->rolled || roll_late(context, orders, &entry, sum.period, error));
}

static bool is_repeat(const Order *order) { return order->kind->repeat_calls && order->repeats >= order->kind->repeat_calls; }

bool figure_accepted(DeskContext *context, const Orders *orders, const Order *order, Error *error) {
  return add(context, orders, order, TEXT("accepted"), 1, 1, 0, error) &&
         (!order->kind->repeat_calls || add(context, orders, order, TEXT("repeat"), is_repeat(order), 1, 0, error));
}

static bool count_step(DeskContext *context, const Orders *orders, const Change *change, Error *error) {
  const OrderKind *kind = change->after.kind;
  for (size_t c = 0; c < kind->count_count; c++) {
    const KindCount *count = &kind->counts[c];
    if (&kind->steps[count->step] != change->step) continue;
    const KindField *field = count->field >= 0 ? &change->step->fields[count->field] : NULL;
    const json_t *value = field && change->fields ? json_object_get(change->fields, field->id.at) : NULL;
    if (field && (!value || json_is_null(value))) continue;
    bool says = !field || !count->is.at || form_says(change->fields, field, count->is);
    if (!add(context, orders, &change->after, count->id, says, 1, count->sum ? json_number_value(value) : 0, error)) return false;
  }
  return true;
}

bool figure_step(DeskContext *context, const Orders *orders, const Change *change, Error *error) {
  const Order *order = &change->after;
  char outcome[80];
  if (!count_step(context, orders, change, error)) return false;
  if (change->reopens && !add(context, orders, order, TEXT("reopened"), 1, 1, 0, error)) return false;
  snprintf(outcome, sizeof outcome, "outcome.%.*s", TEXT_ARG(change->outcome));
  if (change->outcome.at && !add(context, orders, order, text_of(outcome), 1, 1, 0, error)) return false;
  if (!change->closes) return true;
  int most = order->kind->visits_most;
  return add(context, orders, order, TEXT("archived"), 1, 1, 0, error) &&
         (!most || add(context, orders, order, TEXT("visits_kept"), order->visits <= most, 1, order->visits, error));
}
