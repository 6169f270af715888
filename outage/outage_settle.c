/* Outages follow what is believed: all is looked at every few seconds. One is opened where a device has probably failed, moves to a device that explains
 * more, takes others up, and is taken back when evidence speaks against it. What people have decided (pinned, confirmed, declared) stays. */
#include <math.h>

#include "outage/outage_internal.h"

enum { LOOKED_AGAIN_MAX = 300 };           /* suspected outages looked at one by one at a time, in turn */
static const Span ESTIMATE_AGAIN = 3 * SPAN_MINUTE;
static const Span LOOK_UNCHANGED = 30 * SPAN_SECOND; /* silence grows: looked at also when nothing was said */
static const double NODES_A_SECOND = 10000;          /* a look costs in proportion to what evidence speaks of: it may take this share of the time */

double outage_probability(const Outages *outages, const Record *record) {
  double cause = 0, dark = 0;
  if (outage_is_fixed(record)) return 1;
  if (!locate_device(outages->locate, record->o.device, &cause, &dark, NULL)) return 0;
  return cause;
}

static void believe_in(Record *record, double probability) {
  record->o.probability = (float)probability;
  if (fabsf(record->o.probability - record->told) >= 0.05f) record->dirty = true;
}

/* Orders that do not lie below it any more go where they belong. */
bool outage_part_orders(DeskContext *context, Outages *outages, OutageId id, Error *error) {
  OrderId *orders;
  size_t count;
  if (!outage_orders(context, outages, id, &orders, &count, error)) return false;
  for (size_t i = 0; i < count; i++) {
    const Order *order = order_find(outages->orders, orders[i]);
    const Record *record = outage_record(outages, id); /* it may go up in another while its orders go */
    if (!record) return true;
    if (!order || order->device == GRID_NONE || order->outage.value != id.value || 
        grid_within(grid_device(outages->grid, record->o.device), record->o.device, order->device) || outage_feeds(outages, record->o.device, order->device))
      continue;
    if (!outage_link_order(context, outages, orders[i], (OutageId){0}, error)) return false;
    order = order_find(outages->orders, orders[i]);
    if (order && !outage_gather_order(context, outages, order, error)) return false;
  }
  return true;
}

static Record *standing_at(const Outages *outages, uint32_t device) {
  size_t from, to;
  for (outage_below(outages, device, &from, &to); from < to && outages->by_device.at[from].device <= device; from++)
    if (outages->by_device.at[from].device == device) return outages->by_device.at[from].record;
  return NULL;
}

static Record *standing_in_class(const Outages *outages, const LocateOutage *class) {
  Record *record = standing_at(outages, outage_seat(outages, class->device));
  for (uint32_t i = 0; !record && i < class->class_count; i++) record = standing_at(outages, class->class_devices[i]);
  return record;
}

/* Suspected ones below that this one explains: their callers go up in it. */
static bool take_up(DeskContext *context, Outages *outages, Record *into, Error *error) {
  VECTOR(Record *) up = {0};
  size_t from, to;
  bool ok = true;
  outage_below(outages, into->o.device, &from, &to);
  for (size_t i = from; ok && i < to && up.count < OUTAGE_RAISED_MAX; i++) {
    Record *record = outages->by_device.at[i].record;
    if (record == into || outage_is_fixed(record) || !outage_feeds(outages, into->o.device, record->o.device) || record->o.crew.value || !grid_ranges_hold(&into->o.dark, record->o.device)) continue;
    if (outage_probability(outages, record) >= outages->rules.stay) continue;
    if (!vector_push(&up, record)) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  }
  for (size_t i = 0; ok && i < up.count; i++) ok = outage_absorb(context, outages, up.at[i], into, error);
  bool any = up.count > 0;
  vector_free(&up);
  return ok && (!any || outage_cascade(context, outages, into, error));
}

/* One explanation that is probable enough. */
static bool follow(DeskContext *context, Outages *outages, const LocateOutage *class, Error *error) {
  uint32_t seat = outage_seat(outages, class->device);
  Record *record = standing_in_class(outages, class), *above = outage_record_at(outages, seat);
  if (record) {
    if (!outage_is_fixed(record)) believe_in(record, class->probability);
    record->alone = false;
    return take_up(context, outages, record, error);
  }
  if (class->planned || class->by_word || (above && outage_is_fixed(above))) return true;
  if (above) {
    OutageId above_id = above->o.id;
    double was = outage_probability(outages, above);
    if (was >= outages->rules.stay && class->probability <= was + outages->rules.better) return true; /* as good an explanation stands already */
    if (was >= outages->rules.stay && was + class->probability > 1.0001) above = NULL;                /* both have failed: one within the other */
    else if (!outage_shift(context, outages, above, seat, false, error) || !outage_part_orders(context, outages, above_id, error)) return false;
    if (above && !(above = outage_record(outages, above_id))) return true; /* it went up in another, which the next look sees */
  }
  if (above) record = above;
  else if (!outage_raise(context, outages, seat, class->since, &record, error)) return false;
  believe_in(record, class->probability);
  return outage_cascade(context, outages, record, error);
}

/* --- taken back --- */

/* Meters below say that they have power again. */
static bool meters_are_back(const Outages *outages, const Record *record, bool *back, Error *error) {
  LocateOutage asked = {.device = record->o.device, .ask_customer = LOCATE_NONE};
  uint32_t up = 0, gasps = 0;
  if (!locate_explain(outages->locate, &asked, error)) return false;
  for (uint32_t i = 0; i < asked.reason_count; i++) {
    const LocateReason *reason = &asked.reason[i];
    if (reason->kind == LOCATE_POWER_UP || reason->kind == LOCATE_CONCENTRATOR_ON) up += reason->count;
    if (reason->kind == LOCATE_LAST_GASP) gasps += reason->count;
  }
  *back = up > gasps;
  return true;
}

/* Evidence speaks against it: power is back, or it was none; who called is looked at by himself. */
static bool take_back(DeskContext *context, Outages *outages, Record *record, Error *error) {
  OrderId *orders;
  OutageId id = record->o.id;
  size_t count;
  bool back = false;
  if (!meters_are_back(outages, record, &back, error)) return false;
  if (back) return outage_free(context, outages, record, NULL, 0, error);
  if (!outage_orders(context, outages, record->o.id, &orders, &count, error)) return false;
  const Order *first = NULL;
  for (size_t i = 0; i < count && !first; i++) {
    first = order_find(outages->orders, orders[i]);
    if (first && first->device == GRID_NONE) first = NULL;
  }
  if (!first && count == 0) return outage_end(context, outages, record, OUTAGE_DISMISSED, "outage.dismissed", TEXT("\"reason\":\"evidence\""), error);
  if (!first) return true;
  return outage_shift(context, outages, record, outage_seat(outages, first->device), true, error) && outage_part_orders(context, outages, id, error);
}

static bool look_again(DeskContext *context, Outages *outages, Error *error) {
  size_t most = outages->open.count < LOOKED_AGAIN_MAX ? outages->open.count : LOOKED_AGAIN_MAX;
  OutageId *ids = ARENA_ARRAY(context->arena, OutageId, most + 1);
  if (!ids) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  for (size_t i = 0; i < most; i++) ids[i] = outages->open.at[(outages->round + i) % outages->open.count]->o.id;
  if (outages->open.count) outages->round = (outages->round + most) % outages->open.count;
  for (size_t i = 0; i < most; i++) {
    Record *record = outage_record(outages, ids[i]);
    if (!record || record->o.dark.count == 0) continue;
    if (context->now - record->estimated_at >= ESTIMATE_AGAIN && !outage_estimate(context, outages, record, error)) return false;
    double p = outage_probability(outages, record);
    if (outage_is_fixed(record) || p > record->o.probability || p < outages->rules.stay) believe_in(record, p);
    bool empty = record->alone && !record->o.households;
    if (outage_is_fixed(record) || record->o.crew.value || (record->alone && !empty) || p >= outages->rules.drop) continue;
    if (!take_back(context, outages, record, error)) return false;
  }
  return true;
}

bool outage_settle(DeskContext *context, Outages *outages, Error *error) {
  LocateOutage *classes;
  size_t count;
  if (!outage_weigh_time(context, outages, 0, error) || (outages->changed && !locate_fit(outages->locate, error))) return false;
  outages->looked_at = context->now;
  outages->changed = false;
  if (!locate_report(outages->locate, outages->rules.open, context->arena, &classes, &count, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!follow(context, outages, &classes[i], error)) return false;
  outage_count_waiting(outages);
  return look_again(context, outages, error);
}

bool outage_look(DeskContext *context, Outages *outages, Error *error) {
  Span busy = (Span)((double)locate_size(outages->locate).active_devices / NODES_A_SECOND * (double)SPAN_SECOND);
  Span since = outages->looked_at == INSTANT_NONE ? LOOK_UNCHANGED : context->now - outages->looked_at;
  if (since < outages->rules.look + busy || (!outages->changed && since < LOOK_UNCHANGED)) return true;
  return outage_weigh_old(context, outages, error) && outage_settle(context, outages, error);
}
