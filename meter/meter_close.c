/* Closing a day: what came in batches becomes one block a meter; the watches that need a whole day are asked; the batches go. */
#include <math.h>

#include "meter/meter_internal.h"

enum { READINGS_A_TICK = 300000 };

static bool put_meter(DeskContext *context, const Meters *meters, MeterDay *day, int64_t key, int number, int32_t next_first,
                      AreaDayRow *sum, int64_t *used, Error *error) {
  int32_t highest;
  judge_estimate(day);
  uint8_t *bytes = arena_take(context->arena, meter_block_most(day->slots, day->channels));
  if (!bytes) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "block");
  MeterBlock block = {.day = number, .key = key, .used = judge_used(day, next_first)};
  meter_day_voltages(day, &block.voltage_min, &highest);
  block.block = (Text){(const char *)bytes, meter_block_encode(day, bytes)};
  *used = block.used;
  if (sum) {
    sum->meters++;
    if (block.voltage_min != METER_NONE && block.voltage_min >= meters->rules.dead_dv &&
        (sum->voltage_min == METER_NONE || block.voltage_min < sum->voltage_min))
      sum->voltage_min = block.voltage_min;
  }
  return day_row_put(context->db, meters->county_id, &block, error);
}

static int32_t load_max(const Meters *meters, size_t area, const MeterDay *total) {
  double most = NAN, rated = (double)meters->areas[area].rated_kva;
  for (int i = 0; total->channels && i < total->slots; i++) {
    double kva = watch_load_of(total, i).kva;
    if (!isnan(kva) && !(kva <= most)) most = kva;
  }
  return isnan(most) || !(rated > 0) ? -1 : (int32_t)lround(most / rated * 1000);
}

/* Line loss is a matter of the whole day: of a complete one of the newest day only, so that old corrections raise nothing. */
static bool watch_loss_of(DeskContext *context, Meters *meters, size_t area, int day, const AreaDayRow *sum, bool complete, Error *error) {
  if (!complete || day < meter_day_of(context->now) - 2) return true;
  for (WatchKind kind = WATCH_LOSS_HIGH; kind <= WATCH_LOSS_NEGATIVE; kind++) {
    double share;
    WatchSeen seen = watch_loss(&meters->rules, kind, sum->supplied, sum->used, &share);
    if (meters->rules.rule[kind].off || seen == WATCH_UNKNOWN) continue;
    bool ok = seen == WATCH_BAD ? meter_raise(context, meters, (uint32_t)area, kind, meter_day_start(day), share, error)
                                : meter_cure(context, meters, (uint32_t)area, kind, error);
    if (!ok) return false;
  }
  return true;
}

bool meter_close_day(DeskContext *context, Meters *meters, size_t area, int day, Error *error) {
  MeterAreaDay days;
  const MeterArea *of = &meters->areas[area];
  int32_t *next;
  bool batches, complete = true;
  AreaDayRow sum = {context->now, 0, METER_NONE, -1, 0, -1};
  Arena arena, *job = context->arena;
  arena_begin(&arena, 0);
  context->arena = &arena;
  bool ok = meter_gather(&days, meters, context->db, area, day, NULL, &batches, &arena, error) &&
            meter_first_registers(&next, meters, context->db, area, day + 1, &arena, error);
  for (size_t i = 0; ok && i <= days.count; i++) {
    MeterDay *one = i == days.count ? &days.total : &days.meter[i];
    MeterPlace place = {(uint32_t)area, i == days.count ? METER_TOTAL : of->from + (uint32_t)i};
    int64_t used = -1;
    if (one->channels)
      ok = put_meter(context, meters, one, meter_key(meters, place), day, next[i], place.position == METER_TOTAL ? NULL : &sum, &used,
                     error);
    if (place.position == METER_TOTAL)
      sum.supplied = used;
    else if (used >= 0)
      sum.used += used;
    else
      complete = false;
  }
  for (size_t f = 0; ok && f < days.foreign; f++) {
    int64_t used;
    if (days.foreign_day[f].channels)
      ok = put_meter(context, meters, &days.foreign_day[f], days.foreign_key[f], day, METER_NONE, NULL, &used, error);
  }
  if (ok && !complete) sum.used = sum.used ? sum.used : -1;
  if (ok) sum.load_max = load_max(meters, area, &days.total);
  ok = ok && area_day_put(context->db, meters->county_id, day, area_id(meters, area), &sum, error) &&
       batch_delete(context->db, meters->county_id, day, area_id(meters, area), error) &&
       watch_loss_of(context, meters, area, day, &sum, complete, error);
  context->arena = job;
  arena_end(&arena);
  return ok;
}

/* A few areas a tick, so that nobody waits at the desk for long. */
bool meter_close_some(DeskContext *context, Meters *meters, Error *error) {
  int today = meter_day_of(context->now - CLOSE_AFTER), day = 0;
  int64_t of = 0;
  for (int64_t done = 0; done < READINGS_A_TICK;) {
    int64_t row;
    if (!batch_next_before(&day, &of, context->db, meters->county_id, today, error)) return false;
    if (!of) return true;
    if (!map_get(&meters->area_of_id, of, &row)) continue; /* no longer in the network: what came stays as it is */
    if (!meter_close_day(context, meters, (size_t)row, day, error)) return desk_spoil(context);
    done += (int64_t)(meters->areas[row].to - meters->areas[row].from + 1) * 96;
  }
  return true;
}
