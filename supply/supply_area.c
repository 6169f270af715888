/* From the company's network and what meters read to an area of the engines. */
#include <math.h>
#include <stdio.h>

#include "people/move.h"
#include "supply/area_file.h"
#include "supply/supply_internal.h"

static bool no_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "area"); }

bool supply_device(const Supply *supply, const HttpRequest *request, uint32_t *out, Error *error) {
  int64_t id;
  if (!http_argument_id(request, 0, "transformer", &id, error)) return false;
  if (!grid_index_of(supply->grid, (DeviceId){id}, out) || grid_device(supply->grid, *out)->kind != GRID_TRANSFORMER)
    return error_raise(error, ERROR_NOT_FOUND, "transformer\t%lld", (long long)id);
  return supply_in_reach(supply, *out, request->who.org_id) || error_raise(error, ERROR_FORBIDDEN_PLACE, "%lld", (long long)id);
}

static int local_day(Instant at) { return (int)((at + ZONE_SHANGHAI) / SPAN_DAY); }

bool supply_day(const HttpRequest *request, int *out, Error *error) {
  Text day = http_query(request, "day");
  Instant at;
  char whole[40];
  *out = local_day(request->now) - 1;
  if (!day.at) return true;
  snprintf(whole, sizeof whole, "%.*sT00:00:00+08:00", day.len == 10 ? 10 : 0, day.at);
  if (!instant_from_text(text_of(whole), &at)) {
    error_raise(error, ERROR_FIELD_FORMAT, "day\t%.*s\t2026-11-20", (int)(day.len < 20 ? day.len : 20), day.at);
    return error_at(error, "%s", "?day");
  }
  *out = local_day(at);
  return true;
}

void supply_write_day(Json *json, const char *key, int day) {
  Civil civil = civil_of((Instant)day * SPAN_DAY, 0);
  char text[16];
  snprintf(text, sizeof text, "%04d-%02d-%02d", civil.year % 10000, civil.month % 100, civil.day % 100);
  json_put_string(json, key, text);
}

typedef struct Members {
  const Supply *supply;
  uint32_t device, from, to, count, room;
  uint32_t *position, *node; /* node: grid index they hang on */
  Arena *arena;
  bool failed;
} Members;

static bool note_move(void *self, uint32_t position, uint32_t device) {
  Members *members = self;
  bool was = position >= members->from && position < members->to;
  bool is = device >= members->device && device < grid_device(members->supply->grid, members->device)->end;
  if (was) members->node[position - members->from] = is ? device : GRID_NONE;
  if (was || !is) return true;
  if (members->count == members->room) return members->failed = true, false;
  members->position[members->count] = position, members->node[members->count++] = device;
  return true;
}

enum { MOVED_HERE_MOST = 200 };

static bool take_members(Members *members, const Supply *supply, Db *db, uint32_t device, Arena *arena, Error *error) {
  uint32_t kept = 0;
  *members = (Members){.supply = supply, .device = device, .arena = arena};
  people_customers_in(supply->people, (GridRange){device, grid_device(supply->grid, device)->end}, &members->from, &members->to);
  members->room = members->to - members->from + MOVED_HERE_MOST;
  members->position = ARENA_ARRAY(arena, uint32_t, members->room + 1);
  members->node = ARENA_ARRAY(arena, uint32_t, members->room + 1);
  if (!members->position || !members->node) return no_memory(error);
  for (uint32_t i = members->from; i < members->to; i++) {
    members->position[members->count] = i;
    members->node[members->count++] = people_customer_device(supply->people, i);
  }
  if (!people_moves(supply->people, db, note_move, members, error)) return false;
  if (members->failed) return error_raise(error, ERROR_LIMIT, "moved customers\t%d", MOVED_HERE_MOST);
  for (uint32_t i = 0; i < members->count; i++)
    if (members->node[i] != GRID_NONE) members->position[kept] = members->position[i], members->node[kept++] = members->node[i];
  members->count = kept;
  return true;
}

bool supply_members(uint32_t **position, uint32_t *count, const Supply *supply, Db *db, uint32_t device, Arena *arena, Error *error) {
  Members members;
  if (!take_members(&members, supply, db, device, arena, error)) return false;
  *position = members.position, *count = members.count;
  return true;
}

bool supply_row_of(const SupplyArea *area, uint32_t position, uint32_t *row) {
  for (uint32_t i = 0; i < area->area.customer_count; i++)
    if (area->position[i] == position) return *row = i, true;
  return false;
}

static bool take_site(const Supply *supply, Db *db, uint32_t device, Site *site, Members *members, Arena *arena, Error *error) {
  const GridDevice *top = grid_device(supply->grid, device);
  uint32_t count = top->end - device;
  if (!take_members(members, supply, db, device, arena, error)) return false;
  SiteDevice *devices = ARENA_ARRAY(arena, SiteDevice, count);
  SiteCustomer *customers = ARENA_ARRAY(arena, SiteCustomer, members->count + 1);
  if (!devices || !customers) return no_memory(error);
  for (uint32_t i = 0; i < count; i++) {
    const GridDevice *one = grid_device(supply->grid, device + i);
    devices[i] =
        (SiteDevice){i ? one->parent - device : 0, TEXT_NONE, one->length_m, one->borrowed_place ? INT32_MIN : one->lon_e6, one->lat_e6};
  }
  for (uint32_t i = 0; i < members->count; i++) {
    Customer one;
    people_customer(supply->people, members->position[i], &one);
    customers[i] = (SiteCustomer){members->node[i] - device, one.phases, one.category, one.contract_kw, one.tags};
  }
  *site = (Site){devices, customers, count, members->count, top->rated_kva};
  return supply_conductors(supply, db, device, devices, count, arena, error);
}

static bool take_arrays(SupplyDay *out, uint32_t customers, Arena *arena, Error *error) {
  size_t all = (size_t)customers * AREA_QUARTERS;
  float **series[] = {&out->kw, &out->volts[0], &out->volts[1], &out->volts[2]};
  float **total[] = {&out->total_kw[0],    &out->total_kw[1],    &out->total_kw[2],
                     &out->total_volts[0], &out->total_volts[1], &out->total_volts[2]};
  for (size_t k = 0; k < sizeof series / sizeof *series; k++) {
    if (!(*series[k] = ARENA_ARRAY(arena, float, all + 1))) return no_memory(error);
    for (size_t i = 0; i < all; i++) (*series[k])[i] = NAN;
  }
  for (size_t k = 0; k < sizeof total / sizeof *total; k++) {
    if (!(*total[k] = ARENA_ARRAY(arena, float, AREA_QUARTERS))) return no_memory(error);
    for (size_t i = 0; i < AREA_QUARTERS; i++) (*total[k])[i] = NAN;
  }
  return true;
}

/* Read loads take the place of the contract's, household by household; a gap is filled with the household's mean of what was read. */
static void put_loads(SupplyArea *out, float *kw) {
  out->read = 0;
  for (uint32_t i = 0; i < out->area.customer_count; i++) {
    const float *read = out->readings.kw + (size_t)i * AREA_QUARTERS;
    double sum = 0, seen = 0;
    for (int t = 0; t < AREA_QUARTERS; t++)
      if (isfinite(read[t])) sum += (double)read[t], seen++;
    if (seen < AREA_QUARTERS / 2) continue;
    for (int t = 0; t < AREA_QUARTERS; t++)
      kw[(size_t)i * AREA_QUARTERS + (size_t)t] = isfinite(read[t]) ? fmaxf(read[t], 0) : (float)(sum / seen);
    out->read++;
  }
}

/* Medium voltage from what the transformer's own meter says: its volts, and what its impedance takes at its load. */
static bool put_source(SupplyArea *out, Arena *arena, Error *error) {
  Area *area = &out->area;
  float *pu = ARENA_ARRAY(arena, float, AREA_QUARTERS);
  double base = AREA_SOURCE_VOLTS * AREA_SOURCE_VOLTS * 3 / (area->rated_kva * 1000), r = area->loss_percent / 100 * base,
         z = area->impedance_percent / 100 * base, x = sqrt(fmax(z * z - r * r, 0)),
         vars = sqrt(1 / area->power_factor / area->power_factor - 1), last = 1;
  bool any = false;
  if (!pu) return no_memory(error);
  for (int t = 0; t < AREA_QUARTERS; t++) {
    double sum = 0, seen = 0;
    for (int k = 0; k < 3; k++) {
      double v = (double)out->readings.total_volts[k][t], p = (double)out->readings.total_kw[k][t] * 1000;
      if (!(v > 100)) continue;
      sum += v + (isfinite(p) ? (r * p + x * p * vars) / v : 0), seen++;
    }
    if (seen > 0) last = sum / seen / AREA_SOURCE_VOLTS, any = true;
    pu[t] = (float)last;
  }
  if (any) area->source_pu = pu;
  return true;
}

int supply_terminal(float *const volts[3], size_t at, size_t samples) {
  for (int k = 0; k < 3; k++)
    for (size_t t = 0; t < samples; t++)
      if (isfinite(volts[k][at * samples + t])) return k;
  return 0;
}

/* What was read comes in the order of people's range; rows are put in the area's own, and those moved here are asked for one by one. */
static bool take_readings(SupplyArea *out, const Supply *supply, Db *db, const Members *members, Arena *arena, Error *error) {
  SupplyDay range;
  uint32_t base = members->to - members->from, read = 0;
  if (!take_arrays(&range, base, arena, error) || !take_arrays(&out->readings, members->count, arena, error) ||
      !supply->readings->day(supply->readings->self, db, out->device, out->day, &range, &read, arena, error))
    return false;
  memcpy(out->readings.total_kw, range.total_kw, sizeof range.total_kw);
  memcpy(out->readings.total_volts, range.total_volts, sizeof range.total_volts);
  for (uint32_t i = 0; i < members->count; i++) {
    size_t to = (size_t)i * AREA_QUARTERS, from = (size_t)(members->position[i] - members->from) * AREA_QUARTERS,
           bytes = AREA_QUARTERS * sizeof(float);
    if (members->position[i] < members->from || members->position[i] >= members->to) {
      SupplyDay one = {.kw = out->readings.kw + to};
      for (int k = 0; k < 3; k++) one.volts[k] = out->readings.volts[k] + to;
      if (!supply->readings->customer(supply->readings->self, db, members->position[i], out->day, &one, arena, error)) return false;
    } else {
      memcpy(out->readings.kw + to, range.kw + from, bytes);
      for (int k = 0; k < 3; k++) memcpy(out->readings.volts[k] + to, range.volts[k] + from, bytes);
    }
    int terminal = supply_terminal(out->readings.volts, i, AREA_QUARTERS);
    if (out->area.customers[i].phases == 7 || terminal == 0) continue;
    for (int t = 0; t < AREA_QUARTERS; t++) {
      float *first = &out->readings.volts[0][to + (size_t)t], *named = &out->readings.volts[terminal][to + (size_t)t];
      *first = *named, *named = NAN;
    }
  }
  return true;
}

bool supply_area(SupplyArea *out, const Supply *supply, Db *db, uint32_t device, int day, Arena *arena, Error *error) {
  Site site;
  Members members;
  *out = (SupplyArea){.device = device, .day = day};
  if (!take_site(supply, db, device, &site, &members, arena, error) ||
      !site_area(&site, supply->book, &out->area, &out->standard, &out->guess, arena, error))
    return false;
  out->position = members.position;
  if (!(out->put_right = ARENA_ARRAY(arena, bool, out->area.customer_count + 1))) return no_memory(error);
  if (!supply_corrections(db, supply, device, out, error)) return false;
  if (!supply->readings) return true;
  if (!take_readings(out, supply, db, &members, arena, error)) return false;
  put_loads(out, (float *)out->area.kw);
  return put_source(out, arena, error);
}

/* --- names --- */

typedef struct Names {
  const Supply *supply;
  const SupplyArea *area;
  char id[32];
} Names;
static Text node_name(void *self, uint32_t node) {
  const Names *names = self;
  return grid_code(names->supply->grid, names->area->device + node);
}
static Text customer_name(void *self, uint32_t customer) {
  Names *names = self;
  Customer one;
  people_customer(names->supply->people, names->area->position[customer], &one);
  int len = snprintf(names->id, sizeof names->id, "%lld", (long long)one.id.value);
  return (Text){names->id, (size_t)len};
}

void supply_write_remedy(Json *json, const Supply *supply, const SupplyArea *area, const Remedy *remedy) {
  Names names = {.supply = supply, .area = area};
  area_write_remedy(json, &area->area, remedy, &(AreaNames){node_name, customer_name, &names});
}
