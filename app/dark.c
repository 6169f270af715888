/* Customers dark counted again: from the rows of outages, of what was freed and of switches alone, each customer walking up the way it is fed. Who feeds
 * whom is found by sweeping over all edges until nothing changes, not by the outage room's own code. */
#include <stdio.h>

#include "app/house.h"
#include "base/map.h"
#include "base/vector.h"

typedef struct Stand { /* an open outage stands at this device, or this device was freed from it */
  uint32_t outage, next; /* next at the same device, GRID_NONE: none */
} Stand;

typedef struct Counted {
  int64_t id;
  uint32_t out, row_out;
  bool restored;
  uint32_t stands_for, freed_for; /* the last customer on whose way it stood, was freed */
} Counted;

typedef struct Tie {
  uint32_t a, b;
  bool kept;
} Tie;

typedef struct Walk {
  const House *house;
  uint32_t count;
  uint32_t *up;                    /* by device: what feeds it now */
  uint32_t *stands, *freed;        /* by device: first of list, GRID_NONE */
  uint8_t *open, *fed;
  VECTOR(Stand) list;
  VECTOR(Counted) outages;
  VECTOR(Tie) ties;
  Map by_id;
} Walk;

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "check"); }

static bool put(Walk *walk, uint32_t *first, uint32_t device, uint32_t outage) {
  if (!vector_push(&walk->list, ((Stand){outage, first[device]}))) return false;
  first[device] = (uint32_t)walk->list.count - 1;
  return true;
}

/* --- rows --- */

static bool read_outages(Walk *walk, Error *error) {
  const House *house = walk->house;
  DbStatement *s;
  if (!db_prepare(&s, house->db, "SELECT id, device_id, state, customers_out FROM outage WHERE county_id = ?1 AND is_open = 1", error)) return false;
  db_bind_i64(s, 1, house->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    Counted one = {.id = db_column_i64(s, 0), .row_out = (uint32_t)db_column_i64(s, 3), .restored = db_column_i64(s, 2) == OUTAGE_RESTORED, .stands_for = GRID_NONE, .freed_for = GRID_NONE};
    uint32_t device;
    if (!grid_index_of(house->grid, (DeviceId){db_column_i64(s, 1)}, &device)) continue;
    bool ok = put(walk, walk->stands, device, (uint32_t)walk->outages.count) && map_put(&walk->by_id, one.id, (int64_t)walk->outages.count) && vector_push(&walk->outages, one);
    if (!ok) return db_reset(s), out_of_memory(error);
  }
  if (!db_prepare(&s, house->db, "SELECT outage_id, device_id FROM outage_freed WHERE county_id = ?1", error)) return false;
  db_bind_i64(s, 1, house->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    int64_t outage;
    uint32_t device;
    if (!map_get(&walk->by_id, db_column_i64(s, 0), &outage) || !grid_index_of(house->grid, (DeviceId){db_column_i64(s, 1)}, &device)) continue;
    if (!put(walk, walk->freed, device, (uint32_t)outage)) return db_reset(s), out_of_memory(error);
  }
  return true;
}

static bool read_switches(Walk *walk, Error *error) {
  const House *house = walk->house;
  const GridTie *ties;
  size_t tie_count = grid_ties(house->grid, &ties);
  DbStatement *s;
  if (!db_prepare(&s, house->db, "SELECT is_tie, subject_id, closed FROM outage_switch WHERE county_id = ?1 ORDER BY at, is_tie, subject_id", error)) return false;
  db_bind_i64(s, 1, house->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    bool tie = db_column_i64(s, 0) != 0, closed = db_column_i64(s, 2) != 0;
    uint32_t device;
    if (!tie && !closed && grid_index_of(house->grid, (DeviceId){db_column_i64(s, 1)}, &device)) walk->open[device] = 1;
    for (size_t i = 0; tie && closed && i < tie_count; i++)
      if (ties[i].id == db_column_i64(s, 1) && !vector_push(&walk->ties, ((Tie){ties[i].a, ties[i].b, false}))) return db_reset(s), out_of_memory(error);
  }
}

/* --- who feeds whom --- */

static bool join(Walk *walk, uint32_t from, uint32_t to) {
  if (!walk->fed[from] || walk->fed[to]) return false;
  walk->fed[to] = 1;
  walk->up[to] = from;
  return true;
}

/* Sweeps until nothing changes. False: something is fed from two sides. */
static bool sweep(Walk *walk) {
  const Grid *grid = walk->house->grid;
  uint32_t edges = 0, fed = 0, sources = 0;
  for (uint32_t d = 0; d < walk->count; d++) walk->up[d] = grid_device(grid, d)->parent, walk->fed[d] = walk->up[d] == GRID_NONE;
  for (bool more = true; more;) {
    more = false;
    for (uint32_t d = 0; d < walk->count; d++) {
      uint32_t p = grid_device(grid, d)->parent;
      if (p != GRID_NONE && !walk->open[d] && (join(walk, p, d) || join(walk, d, p))) more = true;
    }
    for (size_t t = 0; t < walk->ties.count; t++)
      if (walk->ties.at[t].kept && (join(walk, walk->ties.at[t].a, walk->ties.at[t].b) || join(walk, walk->ties.at[t].b, walk->ties.at[t].a))) more = true;
  }
  for (uint32_t d = 0; d < walk->count; d++) {
    uint32_t p = grid_device(grid, d)->parent;
    fed += walk->fed[d], sources += p == GRID_NONE;
    edges += p != GRID_NONE && !walk->open[d] && walk->fed[d] && walk->fed[p];
  }
  for (size_t t = 0; t < walk->ties.count; t++) edges += walk->ties.at[t].kept && walk->fed[walk->ties.at[t].a] && walk->fed[walk->ties.at[t].b];
  return edges == fed - sources;
}

/* All ties together; where that is a loop one by one, in the order in which they were closed, without those that make one. */
static void feed(Walk *walk) {
  for (size_t t = 0; t < walk->ties.count; t++) walk->ties.at[t].kept = true;
  if (sweep(walk)) return;
  for (size_t t = 0; t < walk->ties.count; t++) walk->ties.at[t].kept = false;
  for (size_t t = 0; t < walk->ties.count; t++) {
    walk->ties.at[t].kept = true;
    walk->ties.at[t].kept = sweep(walk);
  }
  sweep(walk);
}

/* --- customer by customer --- */

static uint32_t count_dark(Walk *walk) {
  const House *house = walk->house;
  uint32_t dark = 0;
  for (uint32_t c = 0; c < people_customer_count(house->people); c++) {
    uint32_t from = people_customer_device(house->people, c);
    bool out = false;
    for (uint32_t d = from; d != GRID_NONE; d = walk->up[d])
      for (uint32_t i = walk->freed[d]; i != GRID_NONE; i = walk->list.at[i].next) walk->outages.at[walk->list.at[i].outage].freed_for = c;
    for (uint32_t d = from; d != GRID_NONE; d = walk->up[d])
      for (uint32_t i = walk->stands[d]; i != GRID_NONE; i = walk->list.at[i].next) {
        Counted *outage = &walk->outages.at[walk->list.at[i].outage];
        if (outage->restored || outage->freed_for == c || outage->stands_for == c) continue;
        outage->stands_for = c;
        outage->out++;
        out = true;
      }
    dark += out;
  }
  return dark;
}

static bool compare(Walk *walk, char *problem, int64_t *count, Error *error) {
  const House *house = walk->house;
  GridRanges ranges = {0};
  uint32_t told = 0, counted = count_dark(walk);
  if (!outage_dark(house->outages, &ranges, &told, error)) return false;
  grid_ranges_free(&ranges);
  *count = counted;
  if (told != counted) snprintf(problem, ERROR_TEXT_MAX, "%u customers are dark, counted one by one from the switches %u", told, counted);
  if (!problem[0] && outage_count(house->outages) != walk->outages.count)
    snprintf(problem, ERROR_TEXT_MAX, "%zu outages are open, in memory %zu", walk->outages.count, outage_count(house->outages));
  for (size_t i = 0; i < walk->outages.count && !problem[0]; i++) {
    const Counted *one = &walk->outages.at[i];
    const Outage *outage = outage_find(house->outages, (OutageId){one->id});
    if (!outage) snprintf(problem, ERROR_TEXT_MAX, "outage %lld is open, but not in memory", (long long)one->id);
    else if (outage->customers_out != one->out || one->row_out != one->out)
      snprintf(problem, ERROR_TEXT_MAX, "outage %lld: its row says %u customers out, memory %u, counted one by one %u", (long long)one->id, one->row_out, outage->customers_out, one->out);
  }
  return true;
}

bool house_recount_dark(const House *house, char *problem, int64_t *count, Error *error) {
  Walk walk = {.house = house, .count = grid_count(house->grid)};
  size_t room = walk.count + 1u;
  problem[0] = '\0';
  walk.up = memory_new(room * sizeof *walk.up);
  walk.stands = memory_new(room * sizeof *walk.stands);
  walk.freed = memory_new(room * sizeof *walk.freed);
  walk.open = memory_new(room);
  walk.fed = memory_new(room);
  bool ok = (walk.up && walk.stands && walk.freed && walk.open && walk.fed) || out_of_memory(error);
  for (uint32_t d = 0; ok && d < walk.count; d++) walk.stands[d] = walk.freed[d] = GRID_NONE;
  ok = ok && read_outages(&walk, error) && read_switches(&walk, error);
  if (ok) feed(&walk);
  ok = ok && compare(&walk, problem, count, error);
  memory_free(walk.up), memory_free(walk.stands), memory_free(walk.freed), memory_free(walk.open), memory_free(walk.fed);
  vector_free(&walk.list), vector_free(&walk.outages), vector_free(&walk.ties);
  map_free(&walk.by_id);
  return ok;
}
