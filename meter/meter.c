/* The room's memory: areas, counts, open alarms, and how they come from rows. */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "meter/meter_internal.h"

static const Span COUNTED_AGAIN = 4 * SPAN_HOUR; /* longer than any watch on the running day needs */

int meter_day_of(Instant at) {
  int64_t local = at + ZONE_SHANGHAI;
  return (int)(local >= 0 ? local / SPAN_DAY : -((-local + SPAN_DAY - 1) / SPAN_DAY));
}

Instant meter_day_start(int day) { return (Instant)day * SPAN_DAY - ZONE_SHANGHAI; }

/* --- areas --- */

size_t meter_area_count(const Meters *meters) { return meters->area_count; }
const MeterArea *meter_area(const Meters *meters, size_t row) { return &meters->areas[row]; }
int64_t area_id(const Meters *meters, size_t row) { return grid_device(meters->grid, meters->areas[row].device)->id.value; }
const WatchRules *meter_rules(const Meters *meters) { return &meters->rules; }

bool meter_area_of_device(const Meters *meters, uint32_t device, size_t *row) {
  if (device >= grid_count(meters->grid) || meters->area_of_device[device] == UINT32_MAX) return false;
  *row = meters->area_of_device[device];
  return true;
}

bool meter_area_of_customer(const Meters *meters, uint32_t position, size_t *row) {
  return meter_area_of_device(meters, people_customer_device(meters->people, position), row);
}

bool meter_find(const Meters *meters, Text number, MeterPlace *out) {
  uint32_t position, device;
  size_t row;
  if (people_position_of_meter(meters->people, number, &position)) {
    if (!meter_area_of_device(meters, people_customer_device(meters->people, position), &row)) return false;
    *out = (MeterPlace){(uint32_t)row, position};
    return true;
  }
  if (!grid_index_of_code(meters->grid, number, &device) || grid_device(meters->grid, device)->kind != GRID_TRANSFORMER ||
      !meter_area_of_device(meters, device, &row))
    return false;
  *out = (MeterPlace){(uint32_t)row, METER_TOTAL};
  return true;
}

int64_t meter_key(const Meters *meters, MeterPlace place) {
  Customer customer;
  if (place.position == METER_TOTAL) return -area_id(meters, place.area);
  people_customer(meters->people, place.position, &customer);
  return customer.id.value;
}

/* Every transformer is an area; so is every other device that customers hang on directly: those with a supply of their own at 10 kV. */
static bool make_areas(Meters *meters, Error *error) {
  uint32_t devices = grid_count(meters->grid), from, to;
  VECTOR(MeterArea) areas = {0};
  bool ok = true;
  memset(meters->area_of_device, 0xFF, (devices + 1u) * sizeof *meters->area_of_device);
  for (uint32_t d = 0; ok && d < devices; d++) {
    const GridDevice *device = grid_device(meters->grid, d);
    if (meters->area_of_device[d] != UINT32_MAX) continue;
    bool transformer = device->kind == GRID_TRANSFORMER;
    people_customers_in(meters->people, (GridRange){d, transformer ? device->end : d + 1}, &from, &to);
    if (!transformer && from == to) continue;
    for (uint32_t below = d; below < (transformer ? device->end : d + 1); below++) meters->area_of_device[below] = (uint32_t)areas.count;
    ok = vector_push(&areas, (MeterArea){.device = d, .from = from, .to = to, .rated_kva = device->rated_kva, .last_at = INSTANT_NONE}) &&
         map_put(&meters->area_of_id, device->id.value, (int64_t)areas.count - 1);
  }
  meters->areas = areas.at;
  meters->area_count = areas.count;
  ok = ok && (meters->area_counts = memory_new((areas.count + 1) * sizeof *meters->area_counts));
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "areas");
}

/* --- alarms in memory --- */

size_t meter_alarm_count(const Meters *meters) { return meters->alarms.count; }
const MeterAlarm *meter_alarm(const Meters *meters, size_t i) { return &meters->alarms.at[i]; }

MeterAlarm *meter_alarm_of(Meters *meters, uint32_t area, WatchKind watch) {
  if (!(meters->areas[area].open_alarms >> watch & 1)) return NULL;
  for (size_t i = 0; i < meters->alarms.count; i++)
    if (meters->alarms.at[i].area == area && meters->alarms.at[i].watch == watch) return &meters->alarms.at[i];
  return NULL;
}

typedef struct Adopting {
  Meters *meters;
  bool failed;
} Adopting;

static bool adopt_alarm(void *self, const MeterAlarm *alarm, int64_t of) {
  Adopting *adopting = self;
  Meters *meters = adopting->meters;
  int64_t row;
  MeterAlarm own = *alarm;
  desk_saw_id(meters->desk, alarm->id);
  if (!map_get(&meters->area_of_id, of, &row)) return true; /* the area is no longer in the network */
  own.area = (uint32_t)row;
  adopting->failed |= !vector_push(&meters->alarms, own);
  meters->areas[row].open_alarms |= (uint16_t)(1u << own.watch);
  meters->area_counts[row].run[own.watch].open = true;
  meters->area_counts[row].worst[own.watch] = own.worst;
  return !adopting->failed;
}

/* --- counts from rows --- */

typedef struct Recount {
  Meters *meters;
  Db *db;
  Map rosters; /* id → RosterRow * */
  Arena kept, once;
} Recount;

static bool find_roster(RosterRow **out, Recount *recount, int64_t id, Error *error) {
  int64_t found;
  if (map_get(&recount->rosters, id, &found)) return *out = (RosterRow *)(intptr_t)found, true;
  if (!roster_row(out, recount->db, recount->meters->county_id, id, &recount->kept, error)) return false;
  return map_put(&recount->rosters, id, (int64_t)(intptr_t)*out) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rosters");
}

static bool recount_batch(void *self, int64_t of, const BatchRow *row, Error *error) {
  Recount *recount = self;
  Meters *meters = recount->meters;
  RosterRow *roster;
  int64_t area;
  desk_saw_id(meters->desk, row->id);
  if (!map_get(&meters->area_of_id, of, &area)) return true;
  if (!find_roster(&roster, recount, row->roster_id, error)) return false;
  ReadingMessage message = {.first = row->first, .step_min = row->step_min, .moments = row->moments, .meters = roster->count};
  RosterPart part = {.area = (uint32_t)area};
  arena_reset(&recount->once);
  part.row = ARENA_ARRAY(&recount->once, uint32_t, roster->count + 1);
  part.position = ARENA_ARRAY(&recount->once, uint32_t, roster->count + 1);
  if (!part.row || !part.position) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "counts");
  if (!columns_read(&message, row->payload, &recount->once, error)) return false;
  for (uint32_t m = 0; m < roster->count; m++) {
    uint32_t position = METER_TOTAL;
    if (roster->key[m] > 0 && !people_position_of(meters->people, (CustomerId){roster->key[m]}, &position)) continue;
    part.row[part.count] = m;
    part.position[part.count++] = position;
  }
  return meter_count_part(NULL, meters, &part, &message, error);
}

bool meter_reload(Db *db, void *room, Error *error) {
  Meters *meters = room;
  Adopting adopting = {meters, false};
  Instant newest;
  meters->alarms.count = 0;
  meter_forget_rosters(meters);
  memset(meters->counts, 0, (people_customer_count(meters->people) + 1u) * sizeof *meters->counts);
  for (size_t i = 0; i < meters->area_count; i++) {
    meters->areas[i].last_at = INSTANT_NONE;
    meters->areas[i].open_alarms = 0;
    meters->area_counts[i] = (AreaCount){.load = NAN, .lowest_dv = METER_NONE};
  }
  if (!batch_newest(&newest, db, meters->county_id, error)) return false;
  Recount recount = {.meters = meters, .db = db};
  arena_begin(&recount.kept, 0);
  arena_begin(&recount.once, 0);
  bool ok = newest == INSTANT_NONE || batch_since(db, meters->county_id, newest - COUNTED_AGAIN, recount_batch, &recount, error);
  arena_end(&recount.kept);
  arena_end(&recount.once);
  map_free(&recount.rosters);
  for (size_t i = 0; i < meters->area_count; i++)
    for (int k = WATCH_OF_METERS; k < WATCH_KINDS; k++) meters->area_counts[i].run[k].open = false; /* the alarms' rows say */
  ok = ok && alarm_rows(db, meters->county_id, 0, true, 0, INT64_MAX, adopt_alarm, &adopting, error);
  for (size_t i = 0, j = meters->alarms.count; i + 1 < j; i++) { /* the rows came newest first */
    MeterAlarm last = meters->alarms.at[--j];
    meters->alarms.at[j] = meters->alarms.at[i];
    meters->alarms.at[i] = last;
  }
  if (ok && adopting.failed) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "alarms");
  return ok;
}

/* --- the room --- */

static bool tick(DeskContext *context, void *room, Error *error) {
  return (meter_silence(context, room, error) && meter_close_some(context, room, error)) || desk_spoil(context); /* alarms before the one that failed */
}

bool meter_open(Meters **out, Desk *desk, Db *db, const Grid *grid, const People *people, Orders *orders, const char *rules, Error *error) {
  Meters *meters = memory_new(sizeof *meters);
  if (!meters) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "meters");
  *meters = (Meters){.desk = desk, .grid = grid, .people = people, .orders = orders, .county_id = desk_county_id(desk)};
  buffer_begin(&meters->payload, 0);
  meters->area_of_device = memory_new((grid_count(grid) + 1u) * sizeof *meters->area_of_device);
  meters->counts = memory_new((people_customer_count(people) + 1u) * sizeof *meters->counts);
  bool ok = (meters->area_of_device && meters->counts) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "meters");
  ok = ok && watch_rules_load(&meters->rules, rules, error) && tariff_load(&meters->tariff, rules, error) && make_areas(meters, error) &&
       meter_reload(db, meters, error);
  if (!ok) {
    meter_close(meters);
    return false;
  }
  meter_listen(meters);
  desk_on_reload(desk, meter_reload, meters);
  desk_on_tick(desk, tick, meters);
  *out = meters;
  return true;
}

void meter_close(Meters *meters) {
  if (!meters) return;
  meter_forget_rosters(meters);
  map_free(&meters->area_of_id);
  vector_free(&meters->alarms);
  buffer_end(&meters->payload);
  memory_free(meters->areas);
  memory_free(meters->area_counts);
  memory_free(meters->area_of_device);
  memory_free(meters->counts);
  memory_free(meters);
}
