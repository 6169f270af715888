/* What follows from the tree and the places: where feeders begin, and where to show what has no place of its own. */
#include <stdlib.h>

#include "grid/grid_private.h"

/* A device seen from its station. */
typedef struct Station {
  float way_m;       /* from the substation, while that is within a station; else negative */
  uint16_t outlets;  /* breakers, reclosers with no other below them, within the station at or below it */
  bool busbar_below; /* within the station */
  bool transformer;  /* it is one, or one is fed from it */
  bool inside;       /* it is part of the station */
} Station;

static bool is_breaker(uint8_t kind) { return kind == GRID_BREAKER || kind == GRID_RECLOSER; }

/* A way of unknown length leaves the station, but a busbar is part of it. */
static float station_way(const GridDevice *device, const Station *parent) {
  if (device->kind == GRID_SUBSTATION) return 0;
  if (!parent || parent->way_m < 0) return -1;
  if (device->kind == GRID_BUSBAR && device->length_m <= 0) return parent->way_m;
  float way = parent->way_m + device->length_m;
  return device->length_m > 0 && way <= (float)GRID_STATION_M ? way : -1;
}

static void find_stations(const Grid *grid, Station *stations) {
  for (uint32_t i = 0; i < grid->count; i++) {
    const GridDevice *device = &grid->devices[i];
    stations[i].way_m = station_way(device, device->parent == GRID_NONE ? NULL : &stations[device->parent]);
  }
  for (uint32_t i = grid->count; i-- > 0;) {
    const GridDevice *device = &grid->devices[i];
    Station *here = &stations[i], *above = device->parent == GRID_NONE ? NULL : &stations[device->parent];
    here->transformer |= device->kind == GRID_TRANSFORMER;
    if (above) above->transformer |= here->transformer;
    if (here->way_m < 0) continue;
    if (here->outlets == 0 && is_breaker(device->kind)) here->outlets = 1;
    if (!above || above->way_m < 0 || device->kind == GRID_SUBSTATION) continue;
    if (above->outlets < UINT16_MAX - here->outlets) above->outlets = (uint16_t)(above->outlets + here->outlets);
    above->busbar_below |= here->busbar_below || device->kind == GRID_BUSBAR;
  }
  for (uint32_t i = 0; i < grid->count; i++) {
    const GridDevice *device = &grid->devices[i];
    Station *here = &stations[i];
    bool above = device->parent != GRID_NONE && stations[device->parent].inside;
    here->inside = device->kind == GRID_SUBSTATION ||
                   (above && here->way_m >= 0 && (device->kind == GRID_BUSBAR || here->busbar_below || here->outlets > 1));
  }
}

static int by_age(const void *a, const void *b, void *self) {
  const Grid *grid = self;
  int64_t x = grid->devices[grid->feeders.at[*(const uint32_t *)a]].id.value,
          y = grid->devices[grid->feeders.at[*(const uint32_t *)b]].id.value;
  return (x > y) - (x < y);
}

static bool colour_feeders(Grid *grid) {
  size_t count = grid->feeders.count;
  uint32_t *order = memory_grow(NULL, count * sizeof *order);
  grid->colours = memory_new(count * sizeof *grid->colours);
  if (order && grid->colours) {
    for (uint32_t i = 0; i < count; i++) order[i] = i;
    qsort_r(order, count, sizeof *order, by_age, grid);
    for (size_t i = 0; i < count; i++) grid->colours[order[i]] = (uint16_t)(i % GRID_NO_COLOUR);
  }
  bool ok = order && grid->colours;
  memory_free(order);
  return ok;
}

bool grid_find_feeders(Grid *grid, Error *error) {
  Station *stations = memory_new(grid->count * sizeof *stations);
  bool ok = stations != NULL;
  if (ok) find_stations(grid, stations);
  for (uint32_t i = 0; ok && i < grid->count; i++) {
    GridDevice *device = &grid->devices[i];
    bool head = !stations[i].inside && (device->parent == GRID_NONE || stations[device->parent].inside) && stations[i].transformer;
    if (head) ok = vector_push(&grid->feeders, i);
    device->feeder = head ? i : stations[i].inside || device->parent == GRID_NONE ? GRID_NONE : grid->devices[device->parent].feeder;
  }
  ok = ok && colour_feeders(grid);
  memory_free(stations);
  return ok || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "network");
}

static bool placed(const GridDevice *device) { return device->lon_e6 != GRID_NO_PLACE; }

static void borrow(GridDevice *to, const GridDevice *from) {
  to->lon_e6 = from->lon_e6;
  to->lat_e6 = from->lat_e6;
  to->borrowed_place = true;
}

static void borrow_from_above(Grid *grid) {
  for (uint32_t i = 0; i < grid->count; i++) {
    GridDevice *device = &grid->devices[i];
    if (placed(device) || device->parent == GRID_NONE || !placed(&grid->devices[device->parent])) continue;
    borrow(device, &grid->devices[device->parent]);
  }
}

void grid_borrow_places(Grid *grid) {
  borrow_from_above(grid);
  for (uint32_t i = grid->count; i-- > 0;) { /* what has none above takes a child's, at last the first one's */
    const GridDevice *device = &grid->devices[i];
    GridDevice *parent = device->parent == GRID_NONE ? NULL : &grid->devices[device->parent];
    if (!parent || !placed(device)) continue;
    bool none_above = parent->parent == GRID_NONE || !placed(&grid->devices[parent->parent]);
    if (!placed(parent) || (parent->borrowed_place && none_above)) borrow(parent, device);
  }
  borrow_from_above(grid);
}
