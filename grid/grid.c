#include "grid/grid_private.h"

#include <assert.h>
#include <stdlib.h>

#include "grid/tile.h"
#include "interop/package.h"

_Static_assert((int)GRID_KIND_COUNT == (int)PACKAGE_KINDS, "the kinds of a package are those of the network");
_Static_assert(GRID_NO_PLACE == PACKAGE_NO_PLACE && GRID_NONE == PACKAGE_NONE, "nothing is nothing in both");

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "network"); }

static int by_id_order(const void *a, const void *b, void *self) {
  const Grid *grid = self;
  int64_t x = grid->devices[*(const uint32_t *)a].id.value, y = grid->devices[*(const uint32_t *)b].id.value;
  return (x > y) - (x < y);
}

/* Ids ascend with the index unless later imports added devices in between. */
static bool index_ids(Grid *grid, Error *error) {
  bool sorted = true;
  grid->by_id = memory_grow(NULL, (grid->count + 1) * sizeof *grid->by_id);
  if (!grid->by_id) return out_of_memory(error);
  for (uint32_t i = 0; i < grid->count; i++) {
    grid->by_id[i] = i;
    sorted = sorted && (i == 0 || grid->devices[i - 1].id.value < grid->devices[i].id.value);
  }
  if (!sorted) qsort_r(grid->by_id, grid->count, sizeof *grid->by_id, by_id_order, grid);
  return true;
}

static bool index_codes(Grid *grid, Error *error) {
  uint32_t slots = 16;
  while (slots / 4 * 3 < grid->count) slots *= 2;
  grid->code_mask = slots - 1;
  grid->code_slots = memory_new(slots * sizeof *grid->code_slots);
  if (!grid->code_slots) return out_of_memory(error);
  for (uint32_t i = 0; i < grid->count; i++) {
    uint32_t at = (uint32_t)text_hash(grid_code(grid, i)) & grid->code_mask;
    while (grid->code_slots[at]) at = (at + 1) & grid->code_mask;
    grid->code_slots[at] = i + 1;
  }
  return true;
}

static void find_ends(Grid *grid) {
  for (uint32_t i = 0; i < grid->count; i++) grid->devices[i].end = i + 1;
  for (uint32_t i = grid->count; i-- > 0;) {
    GridDevice *device = &grid->devices[i];
    if (device->parent != GRID_NONE && grid->devices[device->parent].end < device->end) grid->devices[device->parent].end = device->end;
  }
}

static void inherit(Grid *grid) {
  for (uint32_t i = 0; i < grid->count; i++) {
    GridDevice *device = &grid->devices[i];
    const GridDevice *parent = device->parent == GRID_NONE ? NULL : &grid->devices[device->parent];
    if (!parent) continue;
    device->depth_capped = (uint8_t)(parent->depth_capped < 255 ? parent->depth_capped + 1 : 255);
    if (device->org == GRID_NONE) device->org = parent->org;
  }
}

bool grid_open(Grid **out, Db *db, int64_t county_id, Error *error) {
  *out = NULL;
  Grid *grid = memory_new(sizeof *grid);
  if (!grid) return out_of_memory(error);
  buffer_begin(&grid->texts, UINT32_MAX);
  grid->county_id = county_id;
  bool ok = grid_load(grid, db, error);
  if (ok) {
    find_ends(grid);
    inherit(grid);
    grid_borrow_places(grid);
    ok = grid_find_feeders(grid, error) && index_ids(grid, error) && index_codes(grid, error) && grid_tiles_open(&grid->tiles, grid, error);
  }
  if (!ok) {
    grid_close(grid);
    return false;
  }
  *out = grid;
  return true;
}

void grid_close(Grid *grid) {
  if (!grid) return;
  grid_tiles_close(grid->tiles);
  memory_free(grid->devices);
  memory_free(grid->by_id);
  memory_free(grid->code_slots);
  memory_free(grid->colours);
  vector_free(&grid->ties);
  vector_free(&grid->org_ids);
  vector_free(&grid->feeders);
  buffer_end(&grid->texts);
  memory_free(grid);
}

uint32_t grid_count(const Grid *grid) { return grid->count; }

const GridDevice *grid_device(const Grid *grid, uint32_t index) {
  assert(index < grid->count);
  return &grid->devices[index];
}

bool grid_index_of(const Grid *grid, DeviceId id, uint32_t *index) {
  uint32_t low = 0, high = grid->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (grid->devices[grid->by_id[middle]].id.value < id.value) low = middle + 1;
    else high = middle;
  }
  if (low == grid->count || grid->devices[grid->by_id[low]].id.value != id.value) return false;
  *index = grid->by_id[low];
  return true;
}

bool grid_index_of_code(const Grid *grid, Text code, uint32_t *index) {
  for (uint32_t at = (uint32_t)text_hash(code) & grid->code_mask; grid->code_slots[at]; at = (at + 1) & grid->code_mask) {
    if (!text_equal(grid_code(grid, grid->code_slots[at] - 1), code)) continue;
    *index = grid->code_slots[at] - 1;
    return true;
  }
  return false;
}

Text grid_text_at(const Grid *grid, uint32_t at) {
  uint16_t len;
  memcpy(&len, grid->texts.at + at, sizeof len);
  return (Text){grid->texts.at + at + sizeof len, len};
}

Text grid_name(const Grid *grid, uint32_t index) { return grid_text_at(grid, grid_device(grid, index)->name_at); }
Text grid_code(const Grid *grid, uint32_t index) { return grid_text_at(grid, grid_device(grid, index)->code_at); }
const char *grid_kind_name(GridKind kind) { return package_kind_name((int)kind); }

bool grid_kind_of_name(Text name, GridKind *out) {
  uint8_t kind;
  if (!package_kind_of_name(name, &kind)) return false;
  *out = (GridKind)kind;
  return true;
}

size_t grid_ties(const Grid *grid, const GridTie **out) {
  *out = grid->ties.at;
  return grid->ties.count;
}

size_t grid_feeders(const Grid *grid, const uint32_t **out) {
  *out = grid->feeders.at;
  return grid->feeders.count;
}

uint16_t grid_feeder_colour(const Grid *grid, uint32_t index) {
  uint32_t head = grid_device(grid, index)->feeder;
  size_t low = 0, high = grid->feeders.count;
  if (head == GRID_NONE) return GRID_NO_COLOUR;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (grid->feeders.at[middle] < head) low = middle + 1;
    else high = middle;
  }
  return grid->colours[low];
}

bool grid_bounds(const Grid *grid, double out[4]) {
  int32_t west = INT32_MAX, south = INT32_MAX, east = INT32_MIN, north = INT32_MIN;
  for (uint32_t i = 0; i < grid->count; i++) {
    const GridDevice *device = &grid->devices[i];
    if (device->lon_e6 == GRID_NO_PLACE) continue;
    if (device->lon_e6 < west) west = device->lon_e6;
    if (device->lon_e6 > east) east = device->lon_e6;
    if (device->lat_e6 < south) south = device->lat_e6;
    if (device->lat_e6 > north) north = device->lat_e6;
  }
  if (west > east) return false;
  out[0] = west / 1e6, out[1] = south / 1e6, out[2] = east / 1e6, out[3] = north / 1e6;
  return true;
}

int64_t grid_version(const Grid *grid) { return grid->version; }

uint32_t grid_lowest_common(const Grid *grid, uint32_t a, uint32_t b) {
  while (a != GRID_NONE && !grid_within(grid_device(grid, a), a, b)) a = grid->devices[a].parent;
  return a;
}

uint32_t grid_nearest_above(const Grid *grid, uint32_t index, GridKind kind) {
  while (index != GRID_NONE && grid_device(grid, index)->kind != kind) index = grid->devices[index].parent;
  return index;
}

bool grid_can_fail(GridKind kind) { return kind != GRID_LINE; }
