/* Alarms: raised and cured by the watches, an order each, silence. */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "http/schema.h"
#include "meter/meter_internal.h"
#include "order/kind.h"

static bool emit(DeskContext *context, const Meters *meters, const char *kind, const MeterAlarm *alarm, Error *error) {
  Buffer buffer;
  Json json;
  buffer_begin(&buffer, 4096);
  json_begin(&json, &buffer);
  json_open_object(&json);
  json_put_id(&json, "alarm_id", alarm->id);
  json_put_text(&json, "name", grid_name(meters->grid, meters->areas[alarm->area].device));
  json_put_string(&json, "watch", watch_kind_name(alarm->watch));
  json_put_i64(&json, "meters", alarm->meters);
  json_put_f64(&json, "worst", alarm->worst, 3);
  json_put_instant(&json, "since", alarm->since);
  json_put_instant(&json, "raised", alarm->raised);
  json_put_instant(&json, "cured", alarm->cured);
  json_put_id(&json, "order_id", alarm->order.value);
  json_close(&json);
  bool ok = (!buffer.failed || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "alarm")) &&
            desk_event(context, kind, "area", area_id(meters, alarm->area), buffer_as_text(&buffer), error);
  buffer_end(&buffer);
  return ok;
}

static bool is_worse(WatchKind watch, double a, double b) {
  return watch == WATCH_LOW_VOLTAGE || watch == WATCH_LOSS_NEGATIVE ? a < b : a > b;
}

/* The alarm goes on: more households, or worse than it was. */
static bool goes_on(DeskContext *context, Meters *meters, MeterAlarm *alarm, double worst, Error *error) {
  MeterAlarm changed = *alarm;
  uint32_t open = alarm->watch < WATCH_OF_METERS ? meters->area_counts[alarm->area].open[alarm->watch] : 0;
  if (!isnan(worst) && is_worse(alarm->watch, worst, alarm->worst)) changed.worst = worst;
  if (open > changed.meters) changed.meters = open;
  if (changed.worst == alarm->worst && changed.meters == alarm->meters) return true;
  if (!alarm_put(context->db, meters->county_id, area_id(meters, alarm->area), &changed, error)) return false;
  *alarm = changed;
  return true;
}

bool meter_raise(DeskContext *context, Meters *meters, uint32_t area, WatchKind watch, Instant since, double worst, Error *error) {
  MeterAlarm *open = meter_alarm_of(meters, area, watch);
  if (open) return goes_on(context, meters, open, worst, error);
  MeterAlarm alarm = {.id = desk_new_id(context),
                      .area = area,
                      .watch = watch,
                      .since = since,
                      .raised = context->now,
                      .cured = INSTANT_NONE,
                      .worst = isnan(worst) ? 0 : worst,
                      .meters = watch < WATCH_OF_METERS ? meters->area_counts[area].open[watch] : 0};
  if (!vector_reserve(&meters->alarms, 1)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "alarms");
  if (!alarm_put(context->db, meters->county_id, area_id(meters, area), &alarm, error)) return false;
  meters->alarms.at[meters->alarms.count++] = alarm;
  meters->areas[area].open_alarms |= (uint16_t)(1u << watch);
  meters->area_counts[area].run[watch].open = true;
  return emit(context, meters, "meter.alarm", &alarm, error) || desk_spoil(context);
}

bool meter_cure(DeskContext *context, Meters *meters, uint32_t area, WatchKind watch, Error *error) {
  MeterAlarm *open = meter_alarm_of(meters, area, watch);
  meters->area_counts[area].run[watch].open = false;
  if (!open) return true;
  MeterAlarm alarm = *open;
  alarm.cured = context->now;
  if (!alarm_put(context->db, meters->county_id, area_id(meters, area), &alarm, error)) return false;
  size_t at = (size_t)(open - meters->alarms.at);
  memmove(open, open + 1, (meters->alarms.count - at - 1) * sizeof *open);
  meters->alarms.count--;
  meters->areas[area].open_alarms &= (uint16_t) ~(1u << watch);
  return emit(context, meters, "meter.alarm_cured", &alarm, error) || desk_spoil(context);
}

/* An area nobody has heard of for long. When most of them are silent at once it is the collection that stands still, not each concentrator.
 */
bool meter_silence(DeskContext *context, Meters *meters, Error *error) {
  const WatchRule *rule = &meters->rules.rule[WATCH_SILENT];
  Instant latest = context->now - rule->minutes * SPAN_MINUTE;
  size_t known = 0, silent = 0;
  if (rule->off) return true;
  for (size_t a = 0; a < meters->area_count; a++) {
    if (meters->areas[a].last_at == INSTANT_NONE) continue;
    known++;
    silent += meters->areas[a].last_at <= latest;
  }
  if (!silent || (known > 3 && silent * 2 >= known)) return true;
  for (size_t a = 0; a < meters->area_count; a++) {
    const MeterArea *area = &meters->areas[a];
    if (area->last_at == INSTANT_NONE || area->last_at > latest || area->open_alarms >> WATCH_SILENT & 1) continue;
    if (!meter_raise(context, meters, (uint32_t)a, WATCH_SILENT, area->last_at, 0, error)) return false;
  }
  return true;
}

/* --- one alarm, one order --- */

static bool alarm_in(MeterAlarm **out, Meters *meters, Text data, Error *error) {
  json_t *tree;
  *out = NULL;
  if (!schema_read_own(&tree, data, error)) return false;
  const char *word = json_string_value(json_object_get(tree, "alarm_id"));
  int64_t id = 0;
  if (word && !text_to_i64(text_of(word), &id)) id = 0;
  json_decref(tree);
  for (size_t i = 0; i < meters->alarms.count; i++)
    if (meters->alarms.at[i].id == id) *out = &meters->alarms.at[i];
  return true;
}

/* A company may have done away with the kind: the alarm stands all the same. What failed is no refusal, and undoes it. */
static bool only_refused(const Error *why, const char *what, Error *error) {
  if (error_status(why->code) < 500 && why->code != ERROR_STORE_CONSTRAINT) {
    if (what) log_error(what, why);
    return true;
  }
  if (error) *error = *why;
  return false;
}

static bool order_of(OrderId *order, DeskContext *context, Meters *meters, const MeterAlarm *alarm, const WatchRule *rule, Error *error) {
  Error why = {0};
  bool again;
  char text[200], since[INSTANT_TEXT_MAX];
  uint32_t device = meters->areas[alarm->area].device;
  for (size_t i = 0; i < order_count(meters->orders);
       i++) { /* one is open for this area already: of another watch, or of an evening before */
    const Order *open = order_at(meters->orders, i);
    if (open->device == device && !open->customer.value && text_is(open->kind->origin.id, rule->order)) return *order = open->id, true;
  }
  instant_to_text(alarm->since, ZONE_SHANGHAI, since);
  snprintf(text, sizeof text, "%s / %s, %.16s", rule->name_zh, rule->name_en, since);
  OrderAccept accept = {.kind = text_of(rule->order),
                        .device = meters->areas[alarm->area].device,
                        .source = TEXT("meter"),
                        .description = text_of(text),
                        .what = strcmp(rule->order, "low_voltage") == 0 ? TEXT_NONE : text_of(rule->what)};
  return order_accept(context, meters->orders, &accept, order, &again, &why) || only_refused(&why, "meter: an alarm without an order", error);
}

static bool on_alarm(DeskContext *context, const Event *event, void *room, Error *error) {
  Meters *meters = room;
  MeterAlarm *alarm;
  if (!alarm_in(&alarm, meters, event->data, error)) return false;
  if (!alarm || !meters->orders || alarm->order.value) return true;
  const WatchRule *rule = &meters->rules.rule[alarm->watch];
  if (!rule->order[0]) return true;
  MeterAlarm changed = *alarm;
  if (!order_of(&changed.order, context, meters, alarm, rule, error)) return false;
  if (!changed.order.value) return true;
  if (!alarm_put(context->db, meters->county_id, area_id(meters, alarm->area), &changed, error)) return desk_spoil(context);
  *alarm = changed;
  return true;
}

/* The order hears that the trouble is over as measured: one that knows such a step ends, another takes a note. Not while another alarm has
 * it too. */
static bool on_cured(DeskContext *context, const Event *event, void *room, Error *error) {
  Meters *meters = room;
  json_t *tree;
  if (!schema_read_own(&tree, event->data, error)) return false;
  const char *word = json_string_value(json_object_get(tree, "order_id"));
  OrderId order = {0};
  if (word && !text_to_i64(text_of(word), &order.value)) order.value = 0;
  json_decref(tree);
  if (!order.value || !meters->orders || !order_find(meters->orders, order)) return true;
  for (size_t i = 0; i < meters->alarms.count; i++)
    if (meters->alarms.at[i].order.value == order.value) return true;
  Error why = {0};
  OrderStep step = {.order = order, .step = TEXT("measured"), .roles = UINT32_MAX};
  if (order_step(context, meters->orders, &step, &why)) return true;
  if (!only_refused(&why, NULL, error)) return false;
  json_t *fields = json_pack("{s:s}", "note", "经测量已恢复正常 / over as measured");
  if (!fields) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "alarm");
  step.step = TEXT("note");
  step.fields = fields;
  why = (Error){0};
  bool ok = order_step(context, meters->orders, &step, &why) || only_refused(&why, "meter: an order that cannot be told", error);
  json_decref(fields);
  return ok;
}

void meter_listen(Meters *meters) {
  desk_on(meters->desk, "meter.alarm", on_alarm, meters);
  desk_on(meters->desk, "meter.alarm_cured", on_cured, meters);
}
