/* Orders as the HTTP face shows them: JSON written straight, no SQL. */
#ifndef ORDER_WRITE_H
#define ORDER_WRITE_H

#include "order/order_inside.h"

/* OrderSummary. clocks: of the order, whose nearest is shown as of `now`. */
void write_summary(Json *json, const Orders *orders, const Order *order, const ClockSet *clocks, Arena *arena, Instant now);
/* The fields of it, into an object that is open. */
void write_summary_into(Json *json, const Orders *orders, const Order *order, const ClockSet *clocks, Arena *arena, Instant now);
void write_customer(Json *json, const Orders *orders, uint32_t position, CustomerId id, Arena *arena); /* with telephone; masked */
void write_clock(Json *json, const OrderKind *kind, size_t clock, const ClockState *state, Instant now);
void write_origin(Json *json, const RuleOrigin *origin);
void write_roles(Json *json, const char *key, uint32_t roles);
void write_step(Json *json, const KindStep *step);
void write_kind(Json *json, const OrderKind *kind);
void write_promise_into(Json *json, const Promise *promise, Text calendar); /* leaves the object open */
void write_promise(Json *json, const Promise *promise, Text calendar);

#endif
