#include "meter/told.h"

#include <math.h>
#include <stdlib.h>

#include "meter/meter_internal.h"

/* --- a household --- */

static int first_of_month(int day, int months_back) {
  Civil civil = civil_of(meter_day_start(day), ZONE_SHANGHAI);
  civil.month -= months_back;
  while (civil.month < 1) civil.month += 12, civil.year--;
  civil.day = 1;
  civil.hour = civil.minute = civil.second = civil.microsecond = 0;
  return meter_day_of(instant_of(civil, ZONE_SHANGHAI));
}

/* Sum over days; -1 when none is known. */
static bool sum_used(int64_t *out, const Meters *meters, Db *db, MeterPlace place, int from, int to, Arena *arena, Error *error) {
  int64_t sum = 0;
  bool any = false;
  for (int day = from; day <= to; day++) {
    int64_t used;
    if (!meter_used(&used, meters, db, place, day, arena, error)) return false;
    if (used >= 0) sum += used, any = true;
  }
  *out = any ? sum : -1;
  return true;
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Of the same kind in the same area, by closed days alone: each household's sum, then the middle one. */
static bool compare_neighbours(ToldUse *out, const Meters *meters, Db *db, MeterPlace place, const Customer *own, int from, int to,
                               Arena *arena, Error *error) {
  const MeterArea *area = meter_area(meters, place.area);
  int64_t *sums = ARENA_ARRAY(arena, int64_t, area->to - area->from + 1u);
  if (!sums) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "neighbours");
  for (uint32_t p = area->from; p < area->to; p++) {
    Customer other;
    int64_t sum = 0;
    bool any = false;
    people_customer(meters->people, p, &other);
    if (p == place.position || other.category != own->category) continue;
    for (int day = from; day <= to; day++) {
      Text block;
      int64_t used;
      Arena once;
      arena_begin(&once, 0);
      bool ok = day_row(&block, &used, db, meters->county_id, day, other.id.value, &once, error);
      arena_end(&once);
      if (!ok) return false;
      if (used >= 0) sum += used, any = true;
    }
    if (any) sums[out->neighbours++] = sum;
  }
  out->neighbours_median = -1;
  if (out->neighbours < TOLD_NEIGHBOURS_LEAST) return true;
  qsort(sums, (size_t)out->neighbours, sizeof *sums, by_value);
  out->neighbours_median = sums[out->neighbours / 2];
  return true;
}

bool told_use(ToldUse *out, const Meters *meters, const Tariff *tariff, Db *db, MeterPlace place, int from, int to, Arena *arena,
              Error *error) {
  Customer customer = {0};
  int month = first_of_month(to, 0), before = first_of_month(to, 1);
  Civil civil = civil_of(meter_day_start(to), ZONE_SHANGHAI);
  int year = first_of_month(to, civil.month - 1);
  *out = (ToldUse){.count = (size_t)(to - from + 1), .neighbours_median = -1};
  out->days = ARENA_ARRAY(arena, ToldDay, out->count);
  if (!out->days) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "use");
  for (size_t i = 0; i < out->count; i++) {
    out->days[i].day = from + (int)i;
    if (!meter_used(&out->days[i].used, meters, db, place, from + (int)i, arena, error)) return false;
  }
  int same = before + (to - month) < month - 1 ? before + (to - month) : month - 1;
  if (!sum_used(&out->month, meters, db, place, month, to, arena, error) ||
      !sum_used(&out->last_month, meters, db, place, before, same, arena, error))
    return false;
  out->year = out->month;
  if (tariff->by_year && month > year) {
    int64_t earlier;
    if (!sum_used(&earlier, meters, db, place, year, month - 1, arena, error)) return false;
    out->year = (earlier > 0 ? earlier : 0) + (out->month > 0 ? out->month : 0);
  }
  if (place.position == METER_TOTAL) return true;
  people_customer(meters->people, place.position, &customer);
  out->priced = customer.category == CUSTOMER_RESIDENTIAL && out->month >= 0;
  if (out->priced) out->cost = tariff_cost(tariff, civil.month, tariff->by_year ? out->year - out->month : 0, out->month);
  return compare_neighbours(out, meters, db, place, &customer, month, to, arena, error);
}

/* --- an area --- */

static int by_height(const void *a, const void *b) {
  return (*(const int32_t *)a > *(const int32_t *)b) - (*(const int32_t *)a < *(const int32_t *)b);
}

static void lowest_at(const MeterDay *day, int slot, int32_t *low, int32_t *high) {
  *low = INT32_MAX;
  *high = METER_NONE;
  if (day->marks[slot] & METER_ABSURD) return;
  for (int c = METER_VOLTAGE_A; c <= METER_VOLTAGE_C; c++) {
    int32_t v = day->value[c] ? day->value[c][slot] : METER_NONE;
    if (v == METER_NONE) continue;
    if (v < *low) *low = v;
    if (v > *high) *high = v;
  }
}

static bool band(ToldArea *out, Arena *arena, Error *error) {
  size_t slots = (size_t)out->slots;
  int32_t *volts = ARENA_ARRAY(arena, int32_t, out->days.count + 1);
  out->low = ARENA_ARRAY(arena, int32_t, slots);
  out->median = ARENA_ARRAY(arena, int32_t, slots);
  out->high = ARENA_ARRAY(arena, int32_t, slots);
  out->kva = ARENA_ARRAY(arena, double, slots);
  if (!volts || !out->low || !out->median || !out->high || !out->kva) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "area");
  for (int i = 0; i < out->slots; i++) {
    size_t known = 0;
    double power = 0;
    size_t spoke = 0;
    for (size_t m = 0; m < out->days.count; m++) {
      const MeterDay *day = &out->days.meter[m];
      int32_t low, high, at = i * out->step_min / (day->step_min ? day->step_min : 15);
      if (!day->channels || (i * out->step_min) % day->step_min) continue;
      lowest_at(day, at, &low, &high);
      if (high != METER_NONE) volts[known++] = low;
      int32_t p = day->value[METER_POWER] ? day->value[METER_POWER][at] : METER_NONE;
      if (p != METER_NONE && !(day->marks[at] & METER_ABSURD)) power += p * 0.0001, spoke++;
    }
    qsort(volts, known, sizeof *volts, by_height);
    out->low[i] = known ? volts[0] : METER_NONE;
    out->median[i] = known ? volts[known / 2] : METER_NONE;
    out->high[i] = known ? volts[known - 1] : METER_NONE;
    out->kva[i] = NAN;
    const MeterDay *total = &out->days.total;
    if (total->channels && (i * out->step_min) % total->step_min == 0)
      out->kva[i] = watch_load_of(total, i * out->step_min / total->step_min).kva;
    else if (!total->channels && spoke * 10 >= out->days.count * 9 && spoke)
      out->kva[i] = power / 0.95;
  }
  return true;
}

static void count_marks(ToldArea *out, const MeterDay *day) {
  for (int i = 0; i < day->slots; i++) {
    out->estimated += (day->marks[i] & METER_ESTIMATED) != 0;
    out->absurd += (day->marks[i] & METER_ABSURD) != 0;
    out->late += (day->marks[i] & METER_LATE) != 0;
    out->replaced += (day->marks[i] & METER_REPLACED) != 0;
  }
}

static void rank(ToldArea *out, const ToldHousehold *one) {
  size_t at = out->worst_count < TOLD_WORST ? out->worst_count++ : TOLD_WORST;
  if (at == TOLD_WORST && one->lowest_dv >= out->worst[TOLD_WORST - 1].lowest_dv) return;
  if (at == TOLD_WORST) at--;
  for (; at > 0 && out->worst[at - 1].lowest_dv > one->lowest_dv; at--) out->worst[at] = out->worst[at - 1];
  out->worst[at] = *one;
}

static void judge_household(ToldArea *out, const Meters *meters, uint32_t position, const MeterDay *day) {
  ToldHousehold one = {position, INT32_MAX, 0, day};
  const WatchRules *rules = &meters->rules;
  int low_run = 0, high_run = 0, longest_low = 0, longest_high = 0;
  for (int i = 0; i < day->slots; i++) {
    int32_t low, high;
    lowest_at(day, i, &low, &high);
    bool under = high != METER_NONE && low < rules->low_dv && low >= rules->dead_dv, over = high > rules->high_dv;
    if (high != METER_NONE && low >= rules->dead_dv && low < one.lowest_dv) one.lowest_dv = low;
    one.low_min += under ? day->step_min : 0;
    low_run = under ? low_run + day->step_min : 0;
    high_run = over ? high_run + day->step_min : 0;
    if (low_run > longest_low) longest_low = low_run;
    if (high_run > longest_high) longest_high = high_run;
  }
  out->under += longest_low >= rules->rule[WATCH_LOW_VOLTAGE].minutes;
  out->over += longest_high >= rules->rule[WATCH_HIGH_VOLTAGE].minutes;
  if (one.lowest_dv != INT32_MAX) rank(out, &one);
}

bool told_area(ToldArea *out, const Meters *meters, Db *db, size_t area, int day, Arena *arena, Error *error) {
  const MeterArea *of = meter_area(meters, area);
  AreaDayRow row;
  *out = (ToldArea){.step_min = 15, .slots = 96, .supplied = -1, .used = -1};
  if (!meter_read_area_day(&out->days, meters, db, area, day, arena, error) ||
      !area_day_get(&row, db, meters->county_id, day, area_id(meters, area), error))
    return false;
  out->closed = row.closed_at != INSTANT_NONE;
  out->silent = ARENA_ARRAY(arena, uint32_t, out->days.count + 1);
  if (!out->silent) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "area");
  int64_t used = 0;
  bool any = false;
  for (size_t m = 0; m < out->days.count; m++) {
    const MeterDay *one = &out->days.meter[m];
    if (!one->channels) {
      out->silent[out->silent_count++] = of->from + (uint32_t)m;
      continue;
    }
    int64_t its = judge_used(one, METER_NONE);
    if (its >= 0) used += its, any = true;
    count_marks(out, one);
    judge_household(out, meters, of->from + (uint32_t)m, one);
  }
  if (out->days.total.channels) out->supplied = judge_used(&out->days.total, METER_NONE);
  if (any) out->used = used;
  if (row.supplied >= 0 && row.used >= 0) out->supplied = row.supplied, out->used = row.used;
  return band(out, arena, error);
}
