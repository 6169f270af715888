/* Suspensions that end by themselves: at the beginning of the day they were asked for until. The step is taken as of that instant, whenever it is
 * taken: no clock gains or loses by the program's not having run. */
#include <stdio.h>

#include "order/order_inside.h"

Instant order_until(Text date) {
  int year, month, day;
  char said[16];
  if (date.len != 10) return INSTANT_NONE;
  snprintf(said, sizeof said, "%.10s", date.at);
  if (sscanf(said, "%4d-%2d-%2d", &year, &month, &day) != 3) return INSTANT_NONE;
  return instant_of((Civil){.year = year, .month = month, .day = day}, ZONE_SHANGHAI);
}

void order_note_until(Orders *orders, const Order *order) {
  if (order->suspended && order->until != INSTANT_NONE && order->until < orders->resume_at) orders->resume_at = order->until;
}

static bool resume(DeskContext *context, Orders *orders, const Order *order, Error *error) {
  const KindStep *step = kind_effect_step(order->kind, EFFECT_RESUME, order->state);
  DeskContext then = *context;
  then.now = order->until > order->state_since ? order->until : order->state_since;
  then.actor = TEXT("system");
  OrderStep ask = {.order = order->id, .roles = UINT32_MAX};
  if (!step) return true; /* its rules know no way back: somebody's step ends it */
  ask.step = step->id;
  return order_step(&then, orders, &ask, error) ? true : desk_spoil(context);
}

bool order_resume_due(DeskContext *context, Orders *orders, Error *error) {
  if (context->now < orders->resume_at) return true;
  orders->resume_at = LIVE_NEVER; /* first: a step asks for this too */
  VECTOR(OrderId) due = {0};
  bool ok = true;
  for (size_t i = 0; ok && i < order_count(orders); i++) {
    const Order *order = order_at(orders, i);
    if (!order->suspended || order->until == INSTANT_NONE) continue;
    if (order->until > context->now) order_note_until(orders, order);
    else ok = vector_push(&due, order->id);
  }
  if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  for (size_t i = 0; ok && i < due.count; i++) ok = resume(context, orders, order_find(orders, due.at[i]), error);
  vector_free(&due);
  return ok;
}
