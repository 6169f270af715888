#include "app/supply_join.h"

#include <math.h>

/* A channel's quarter-hours: the mean of the slots in each, times `unit`. Slots that cannot be count nowhere. */
static bool quarters(const MeterDay *day, MeterChannel channel, double unit, float *out) {
  const int32_t *value = day->channels >> channel & 1 ? day->value[channel] : NULL;
  double sum[AREA_QUARTERS] = {0}, seen[AREA_QUARTERS] = {0};
  bool any = false;
  if (!value) return false;
  for (int slot = 0; slot < day->slots; slot++) {
    int at = slot * AREA_QUARTERS / day->slots;
    if (value[slot] == METER_NONE || (day->marks && day->marks[slot] & METER_ABSURD)) continue;
    sum[at] += value[slot] * unit, seen[at]++, any = true;
  }
  for (int t = 0; t < AREA_QUARTERS; t++)
    if (seen[t] > 0) out[t] = (float)(sum[t] / seen[t]);
  return any;
}

/* kW of all phases together: told as such, or the phases' sum where each told is. */
static bool power(const MeterDay *day, float *out) {
  float phase[AREA_QUARTERS], sum[AREA_QUARTERS] = {0};
  bool any = false;
  if (quarters(day, METER_POWER, 1e-4, out)) return true;
  for (int k = 0; k < 3; k++) {
    for (int t = 0; t < AREA_QUARTERS; t++) phase[t] = NAN;
    if (!quarters(day, (MeterChannel)(METER_POWER_A + k), 1e-4, phase)) continue;
    any = true;
    for (int t = 0; t < AREA_QUARTERS; t++) sum[t] += phase[t];
  }
  for (int t = 0; any && t < AREA_QUARTERS; t++) out[t] = sum[t];
  return any;
}

static bool read_day(void *self, Db *db, uint32_t transformer, int day, SupplyDay *out, uint32_t *read, Arena *arena, Error *error) {
  const Meters *meters = self;
  MeterAreaDay area;
  size_t row;
  *read = 0;
  if (!meter_area_of_device(meters, transformer, &row)) return true;
  if (!meter_read_area_day(&area, meters, db, row, day, arena, error)) return false;
  for (size_t i = 0; i < area.count; i++) {
    const MeterDay *one = &area.meter[i];
    if (!one->channels) continue;
    *read += power(one, out->kw + i * AREA_QUARTERS);
    for (int k = 0; k < 3; k++) quarters(one, (MeterChannel)(METER_VOLTAGE_A + k), 0.1, out->volts[k] + i * AREA_QUARTERS);
  }
  for (int k = 0; area.total.channels && k < 3; k++) {
    quarters(&area.total, (MeterChannel)(METER_VOLTAGE_A + k), 0.1, out->total_volts[k]);
    quarters(&area.total, (MeterChannel)(METER_POWER_A + k), 1e-4, out->total_kw[k]);
  }
  return true;
}

static bool read_customer(void *self, Db *db, uint32_t position, int day, SupplyDay *out, Arena *arena, Error *error) {
  const Meters *meters = self;
  MeterDay one;
  bool found;
  MeterPlace place = {0, position};
  size_t row;
  if (!meter_area_of_customer(meters, position, &row)) return true;
  place.area = (uint32_t)row;
  if (!meter_read_day(&one, &found, meters, db, place, day, arena, error)) return false;
  if (!found) return true;
  power(&one, out->kw);
  for (int k = 0; k < 3; k++) quarters(&one, (MeterChannel)(METER_VOLTAGE_A + k), 0.1, out->volts[k]);
  return true;
}

typedef struct Hours { /* of one meter */
  float *volts[3];
  int from, days;
  Error *error;
  bool failed;
} Hours;

static bool add_hours(void *self, const MeterBlock *block) {
  Hours *hours = self;
  int32_t value[METER_SLOTS_MAX];
  int at = block->day - hours->from, slots;
  if (at < 0 || at >= hours->days) return true;
  for (int k = 0; k < 3; k++) {
    if (!meter_block_voltage(value, &slots, block->block, (MeterChannel)(METER_VOLTAGE_A + k), hours->error)) return hours->failed = true, false;
    double sum[24] = {0}, seen[24] = {0};
    for (int slot = 0; slot < slots; slot++)
      if (value[slot] != METER_NONE) sum[slot * 24 / slots] += value[slot], seen[slot * 24 / slots]++;
    for (int hour = 0; hour < 24; hour++)
      if (seen[hour] > 0) hours->volts[k][at * 24 + hour] = (float)(sum[hour] / seen[hour] * 0.1);
  }
  return true;
}

static bool read_voltages(void *self, Db *db, uint32_t transformer, int from_day, int days, float *volts[3], float *total[3], Error *error) {
  const Meters *meters = self;
  size_t row, samples = (size_t)days * 24;
  if (!meter_area_of_device(meters, transformer, &row)) return true;
  const MeterArea *area = meter_area(meters, row);
  for (uint32_t i = 0; i <= area->to - area->from; i++) {
    bool whole = i == area->to - area->from;
    Hours hours = {.from = from_day, .days = days, .error = error};
    for (int k = 0; k < 3; k++) {
      hours.volts[k] = whole ? total[k] : volts[k] + i * samples;
      for (size_t t = 0; t < samples; t++) hours.volts[k][t] = NAN;
    }
    MeterPlace place = {(uint32_t)row, whole ? METER_TOTAL : area->from + i};
    if (!meter_blocks_of(meters, db, place, from_day, from_day + days - 1, add_hours, &hours, error) || hours.failed) return false;
  }
  return true;
}

typedef struct History {
  float *out;
  int from, days, known;
  Arena arena;
  Error *error;
  bool failed;
} History;

static bool add_block(void *self, const MeterBlock *block) {
  History *history = self;
  MeterDay day;
  float kw[AREA_QUARTERS];
  int at = block->day - history->from;
  if (at < 0 || at >= history->days) return true;
  arena_reset(&history->arena);
  if (!meter_block_decode_some(&day, block->block, METER_POWERS, &history->arena, history->error)) return history->failed = true, false;
  for (int t = 0; t < AREA_QUARTERS; t++) kw[t] = NAN;
  if (!power(&day, kw)) return true;
  history->known++;
  for (int hour = 0; hour < 24; hour++) {
    float sum = 0;
    for (int k = 0; k < 4; k++) sum += kw[hour * 4 + k];
    history->out[at * 24 + hour] = sum / 4; /* an hour with a gap is a gap */
  }
  return true;
}

static bool read_history(void *self, Db *db, uint32_t transformer, int from_day, int days, float *out, int *known, Arena *arena, Error *error) {
  const Meters *meters = self;
  History history = {.out = out, .from = from_day, .days = days, .error = error};
  size_t row;
  (void)arena;
  *known = 0;
  for (int i = 0; i < days * 24; i++) out[i] = NAN;
  if (!meter_area_of_device(meters, transformer, &row)) return true;
  arena_begin(&history.arena, 0);
  bool ok = meter_blocks_of(meters, db, (MeterPlace){(uint32_t)row, METER_TOTAL}, from_day, from_day + days - 1, add_block, &history, error);
  arena_end(&history.arena);
  *known = history.known;
  return ok && !history.failed;
}

void supply_join(SupplyReadings *out, Meters *meters) { *out = (SupplyReadings){meters, read_day, read_customer, read_history, read_voltages}; }
