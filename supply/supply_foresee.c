/* What takes many days of readings: phases found from voltage, transformers foreseen. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "supply/supply_internal.h"

static bool no_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply"); }
static int yesterday(const HttpRequest *request) { return (int)((request->now + ZONE_SHANGHAI) / SPAN_DAY) - 1; }

/* --- phases --- */

typedef struct Series { /* SUPPLY_PHASE_DAYS days of an area, [series][sample] */
  float *volts[3], *kw, *total_volts[3], *total_kw[3];
  size_t samples;
} Series;

static bool take_series(Series *out, size_t customers, Arena *arena, Error *error) {
  out->samples = (size_t)SUPPLY_PHASE_DAYS * AREA_QUARTERS;
  for (int k = 0; k < 3; k++) {
    out->volts[k] = ARENA_ARRAY(arena, float, customers * out->samples + 1);
    out->total_volts[k] = ARENA_ARRAY(arena, float, out->samples);
    out->total_kw[k] = ARENA_ARRAY(arena, float, out->samples);
    if (!out->volts[k] || !out->total_volts[k] || !out->total_kw[k]) return no_memory(error);
  }
  out->kw = ARENA_ARRAY(arena, float, customers * out->samples + 1);
  return out->kw ? true : no_memory(error);
}

static void copy_day(Series *to, size_t customers, int d, const SupplyDay *day) {
  size_t at = (size_t)d * AREA_QUARTERS, bytes = AREA_QUARTERS * sizeof(float);
  for (size_t i = 0; i < customers; i++) {
    for (int k = 0; k < 3; k++) memcpy(to->volts[k] + i * to->samples + at, day->volts[k] + i * AREA_QUARTERS, bytes);
    memcpy(to->kw + i * to->samples + at, day->kw + i * AREA_QUARTERS, bytes);
  }
  for (int k = 0; k < 3; k++)
    memcpy(to->total_volts[k] + at, day->total_volts[k], bytes), memcpy(to->total_kw[k] + at, day->total_kw[k], bytes);
}

static bool any_of(const float *values, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (isfinite(values[i])) return true;
  return false;
}

static void write_phases(Json *json, const Supply *supply, const SupplyArea *area, const IdentifyVerdict *verdicts) {
  static const char *const PHASES[8] = {"", "A", "B", "AB", "C", "AC", "BC", "ABC"};
  json_key(json, "items");
  json_open_array(json);
  for (uint32_t i = 0; i < area->area.customer_count; i++) {
    const AreaCustomer *customer = &area->area.customers[i];
    const IdentifyVerdict *found = &verdicts[i];
    char text[4] = {(char)('A' + found->phase[0]), (char)('A' + found->phase[1]), (char)('A' + found->phase[2]), 0};
    Customer one;
    people_customer(supply->people, area->position[i], &one);
    if (customer->phases != 7) text[1] = 0;
    json_open_object(json);
    json_put_id(json, "customer_id", one.id.value);
    json_put_text(json, "number", one.number);
    json_put_string(json, "recorded", PHASES[customer->phases]);
    json_put_bool(json, "put_right", area->put_right[i]);
    json_put_string(json, "found", found->known ? text : NULL);
    json_put_f64(json, "confidence", found->confidence, 3);
    json_put_bool(json, "differs", found->known && strcmp(text, PHASES[customer->phases]) != 0);
    json_close(json);
  }
  json_close(json);
}

static bool tell(Supply *supply, const SupplyArea *area, const IdentifyVerdict *verdicts, Arena *arena, Error *error) {
  SupplyPhase *told = ARENA_ARRAY(arena, SupplyPhase, area->area.customer_count + 1);
  size_t count = 0;
  if (!told) return no_memory(error);
  for (uint32_t i = 0; i < area->area.customer_count; i++) {
    Customer one;
    people_customer(supply->people, area->position[i], &one);
    if (area->area.customers[i].phases == 7 || !verdicts[i].known) continue;
    told[count++] = (SupplyPhase){one.id.value, (uint8_t)(1 << verdicts[i].phase[0]), (int)lround(verdicts[i].confidence * 1000)};
  }
  return supply_tell_phases(supply, grid_device(supply->grid, area->device)->id.value, told, count, error);
}

static bool identify(const Series *series, const SupplyArea *area, IdentifyVerdict *verdicts, uint64_t seed, Arena *arena, Error *error) {
  size_t count = area->area.customer_count, n = series->samples;
  IdentifyMeter *meters = ARENA_ARRAY(arena, IdentifyMeter, count + 1);
  IdentifyTransformer transformer = {0};
  if (!meters) return no_memory(error);
  for (int k = 0; k < 3; k++) {
    transformer.volts[k] = series->total_volts[k];
    if (any_of(series->total_kw[0], n)) transformer.kw[k] = series->total_kw[k];
  }
  for (size_t i = 0; i < count; i++) {
    meters[i] = (IdentifyMeter){.wires = area->area.customers[i].phases == 7 ? 3 : 1};
    for (int k = 0; k < meters[i].wires; k++) meters[i].volts[k] = series->volts[k] + i * n;
    if (any_of(series->kw + i * n, n)) meters[i].kw = series->kw + i * n;
  }
  IdentifyCase given = {.samples = n,
                        .meter_count = count,
                        .transformer_count = 1,
                        .meters = meters,
                        .transformers = &transformer,
                        .sigma_volts = 0.09,
                        .seed = seed}; /* class 0.1 % of 230 V, steps of 0.1 V */
  return identify_meters(&given, verdicts, arena, error);
}

bool supply_get_phases(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Supply *supply = room;
  SupplyArea area;
  Series series;
  Arena arena;
  Json json;
  uint32_t device;
  int days = 0;
  if (!supply_device(supply, request, &device, error)) return false;
  arena_begin(&arena, 0);
  bool ok = supply_area(&area, supply, request->db, device, yesterday(request), &arena, error) &&
            take_series(&series, area.area.customer_count, &arena, error);
  for (int d = 0; ok && supply->readings && d < SUPPLY_PHASE_DAYS; d++) {
    SupplyArea one;
    Arena own;
    arena_begin(&own, 0);
    ok = supply_area(&one, supply, request->db, device, yesterday(request) - SUPPLY_PHASE_DAYS + 1 + d, &own, error);
    if (ok) copy_day(&series, area.area.customer_count, d, &one.readings), days += any_of(one.readings.total_volts[0], AREA_QUARTERS);
    arena_end(&own);
  }
  if (ok && days < 2) ok = error_raise(error, ERROR_SUPPLY_NO_READINGS, "%d\t2", days);
  IdentifyVerdict *verdicts = ok ? ARENA_ARRAY(&arena, IdentifyVerdict, area.area.customer_count + 1) : NULL;
  ok = ok && (verdicts || no_memory(error)) && identify(&series, &area, verdicts, device, &arena, error) &&
       tell(supply, &area, verdicts, &arena, error);
  if (ok) {
    json_begin(&json, &reply->body);
    json_open_object(&json);
    json_put_id(&json, "device_id", grid_device(supply->grid, device)->id.value);
    json_put_i64(&json, "days", days);
    write_phases(&json, supply, &area, verdicts);
    json_close(&json);
  }
  arena_end(&arena);
  return ok;
}

/* --- overloads --- */

typedef struct Foreseen {
  uint32_t *devices;
  ForesightSeries *series;
  size_t count;
  int of; /* public transformers in reach */
  ForesightCase given;
  Foresight told;
} Foreseen;

/* Public transformers in reach of which meters tell; kinds of place are the groups: urban, rural, remote. */
static bool take_history(Foreseen *out, const Supply *supply, HttpRequest *request, int first, Arena *arena, Error *error) {
  out->devices = ARENA_ARRAY(arena, uint32_t, SUPPLY_FORESEEN_AREAS);
  out->series = ARENA_ARRAY(arena, ForesightSeries, SUPPLY_FORESEEN_AREAS);
  if (!out->devices || !out->series) return no_memory(error);
  for (uint32_t d = 0; d < grid_count(supply->grid); d++) {
    const GridDevice *device = grid_device(supply->grid, d);
    int known = 0;
    if (device->kind != GRID_TRANSFORMER || device->ownership == 2 || !supply_in_reach(supply, d, request->who.org_id)) continue;
    out->of++;
    if (!supply->readings || out->count == SUPPLY_FORESEEN_AREAS) continue;
    float *load = ARENA_ARRAY(arena, float, (size_t)SUPPLY_HISTORY_DAYS * 24);
    Arena own;
    if (!load) return no_memory(error);
    arena_begin(&own, 0);
    bool ok = supply->readings->history(supply->readings->self, request->db, d, first, SUPPLY_HISTORY_DAYS, load, &known, &own, error);
    arena_end(&own);
    if (!ok) return false;
    if (known < 14) continue;
    Text area = people_area_type(supply->people, d);
    double rated = (device->rated_kva > 0 ? (double)device->rated_kva : 0) * supply_book_power_factor(supply->book);
    out->devices[out->count] = d;
    out->series[out->count++] = (ForesightSeries){load, text_is(area, "urban") ? 0 : text_is(area, "remote") ? 2 : 1, rated};
  }
  return true;
}

static void write_fan(Json *json, const Foreseen *foreseen, size_t i) {
  static const char *const KEY[FORESIGHT_QUANTILES] = {"p10", "p50", "p90", "p975"};
  json_key(json, "fan");
  json_open_array(json);
  for (int d = 0; d < SUPPLY_FORESEEN_DAYS; d++) {
    int offset, day = foreseen->given.first_day + (int)foreseen->given.days + d;
    json_open_object(json);
    supply_write_day(json, "day", day);
    json_put_bool(json, "festival", foresight_festival(day, &offset));
    for (int q = 0; q < FORESIGHT_QUANTILES; q++) {
      json_key(json, KEY[q]);
      json_open_array(json);
      for (size_t s = 0; s < 24; s++) json_f64(json, (double)foresight_at(&foreseen->told, &foreseen->given, i, (size_t)d, s)[q], 1);
      json_close(json);
    }
    json_close(json);
  }
  json_close(json);
}

/* The worst day of each; those that more likely than not, or in one case of ten, are over their rating, worst first. */
static void write_overloads(Json *json, const Supply *supply, const Foreseen *foreseen) {
  size_t order[SUPPLY_FORESEEN_AREAS], count = 0, worst[SUPPLY_FORESEEN_AREAS];
  float over[SUPPLY_FORESEEN_AREAS];
  for (size_t i = 0; i < foreseen->count; i++) {
    worst[i] = 0;
    for (size_t d = 1; d < SUPPLY_FORESEEN_DAYS; d++)
      if (foreseen->told.overload[i * SUPPLY_FORESEEN_DAYS + d] > foreseen->told.overload[i * SUPPLY_FORESEEN_DAYS + worst[i]])
        worst[i] = d;
    over[i] = foreseen->told.overload[i * SUPPLY_FORESEEN_DAYS + worst[i]];
    if (!(over[i] >= 0.1f)) continue;
    size_t at = count++;
    for (; at > 0 && over[order[at - 1]] < over[i]; at--) order[at] = order[at - 1];
    order[at] = i;
  }
  json_key(json, "items");
  json_open_array(json);
  for (size_t n = 0; n < count; n++) {
    size_t i = order[n];
    const float *peak = foresight_at(&foreseen->told, &foreseen->given, i, worst[i], 24);
    json_open_object(json);
    json_put_id(json, "device_id", grid_device(supply->grid, foreseen->devices[i])->id.value);
    json_put_text(json, "name", grid_name(supply->grid, foreseen->devices[i]));
    json_put_f64(json, "rated_kw", foreseen->series[i].rated_kw, 1);
    supply_write_day(json, "day", foreseen->given.first_day + (int)foreseen->given.days + (int)worst[i]);
    json_put_f64(json, "overload", (double)over[i], 3);
    json_put_f64(json, "peak_p50", (double)peak[1], 1);
    json_put_f64(json, "peak_p90", (double)peak[2], 1);
    write_fan(json, foreseen, i);
    json_close(json);
  }
  json_close(json);
}

bool supply_get_overloads(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Supply *supply = room;
  Foreseen foreseen = {0};
  Arena arena;
  Json json;
  int first = yesterday(request) + 1 - SUPPLY_HISTORY_DAYS;
  arena_begin(&arena, 0);
  bool ok = take_history(&foreseen, supply, request, first, &arena, error);
  foreseen.given = (ForesightCase){foreseen.series, foreseen.count, SUPPLY_HISTORY_DAYS, 24, 3, first, SUPPLY_FORESEEN_DAYS};
  ok = ok && foresight_make(&foreseen.given, FORESIGHT_FULL, &foreseen.told, &arena, error);
  if (ok) {
    json_begin(&json, &reply->body);
    json_open_object(&json);
    json_put_i64(&json, "areas", (int64_t)foreseen.count);
    json_put_i64(&json, "of", foreseen.of);
    supply_write_day(&json, "from", first + SUPPLY_HISTORY_DAYS);
    json_put_bool(&json, "seasonal", foreseen.told.seasonal);
    write_overloads(&json, supply, &foreseen);
    json_close(&json);
  }
  arena_end(&arena);
  return ok;
}
