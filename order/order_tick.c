/* Marks of clocks as time passes: each told once, in the order in which they were reached, also across a restart. Up to which instant all
 * have been told stands in one row; what a step finds reached on its way it tells itself. */
#include "order/order_inside.h"

enum { MARKS_A_TICK = 1000 }; /* the rest comes with the next tick, a second later: calls must not wait */

bool order_clock_event(DeskContext *context, Orders *orders, const Order *order, const ClockState *state, size_t c, unsigned mark,
                       Error *error) {
  static const struct { unsigned bit; const char *name;
  } TOLD[] = {{KIND_TO_ASSIGNEE, "assignee"},
              {KIND_TO_MANAGER, "manager"},
              {KIND_TO_STATION, "station"},
              {KIND_TO_COUNTY, "county"},
              {KIND_TO_CENTRE, "centre"}};
  const KindClock *clock = &order->kind->clocks[c];
  Json json;
  buffer_clear(&orders->data);
  json_begin(&json, &orders->data);
  json_open_object(&json);
  order_write_facts(&json, order);
  json_put_text(&json, "clock", clock->id);
  json_put_text(&json, "promise", clock->promise->origin.id);
  json_put_i64(&json, "mark", clock->promise->clock.marks[mark]);
  json_put_instant(&json, "due", clock_due(state, &clock->promise->clock));
  json_key(&json, "to");
  json_open_array(&json);
  for (size_t i = 0; i < sizeof TOLD / sizeof *TOLD; i++)
    if (clock->promise->told[mark] & TOLD[i].bit) json_text(&json, text_of(TOLD[i].name));
  json_close(&json);
  json_close(&json);
  if (orders->data.failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "event");
  return desk_event(context, "order.clock", "order", order->id.value, buffer_as_text(&orders->data), error);
}

/* The mark the clock has come to at `at`. */
static bool tell_reached(DeskContext *context, Orders *orders, uint32_t at_clock, Instant at, Error *error) {
  LiveClock *clock = &orders->live.clocks.at[at_clock];
  const Order *order = &live_entry(&orders->live, clock->entry)->order;
  unsigned reached = clock_advance(&clock->state, &order->kind->clocks[clock->clock].promise->clock, at);
  live_set_timer(&orders->live, at_clock);
  for (unsigned mark = 0; mark < CLOCK_MARKS_MAX; mark++)
    if (reached & 1u << mark && !order_clock_event(context, orders, order, &clock->state, clock->clock, mark, error)) return false;
  return true;
}

bool order_tick(DeskContext *context, void *self, Error *error) {
  Orders *orders = self;
  Live *live = &orders->live;
  if (!order_resume_due(context, orders, error)) return false;
  Instant last = INSTANT_NONE, at;
  uint32_t clock;
  /* In the order of time, and never a part of those of one instant: so one instant says what has been told. */
  for (size_t count = 0; live_next_timer(live, &at) && at <= context->now && (count < MARKS_A_TICK || at == last); count++) {
    live_take_timer(live, &clock);
    last = at;
    if (!tell_reached(context, orders, clock, at, error)) return desk_spoil(context);
  }
  if (last == INSTANT_NONE) return true;
  Instant ticked = live_next_timer(live, &at) && at <= context->now ? last : context->now;
  if (!store_set_ticked(context, ticked, error)) return desk_spoil(context);
  orders->ticked = ticked;
  return true;
}
