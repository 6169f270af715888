#include "grid/tile_index.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

/* Web mercator: x = (lon + 180) / 360, y = (1 − asinh(tan lat) / π) / 2, in widths of the world; latitudes end at ±85.0511°. */
WorldPlace world_place(int32_t lon_e6, int32_t lat_e6) {
  double x = (lon_e6 / 1e6 + 180) / 360 * 0x1p32, y = (1 - asinh(tan(lat_e6 / 1e6 * PI / 180)) / PI) / 2 * 0x1p32;
  return (WorldPlace){(uint32_t)fmin(fmax(x, 0), 0x1p32 - 1), (uint32_t)fmin(fmax(y, 0), 0x1p32 - 1)};
}

bool tile_draws_point(int kind, int z) {
  static const uint8_t FROM[GRID_KIND_COUNT] = {
      [GRID_SUBSTATION] = 0, [GRID_BUSBAR] = 14, [GRID_BREAKER] = 12, [GRID_RECLOSER] = 12, [GRID_SWITCH] = 12, [GRID_FUSE] = 14,
      [GRID_LINE] = 255, [GRID_TRANSFORMER] = 11, [GRID_LV_BREAKER] = 14, [GRID_BRANCH_BOX] = 16, [GRID_METER_BOX] = 16};
  return z >= FROM[kind];
}

uint32_t tile_line_from(const TileLayer *layer, uint32_t index) {
  const GridDevice *devices = layer->tiles->grid->devices;
  uint32_t up = devices[index].parent;
  while (layer->drawn && up != GRID_NONE && !(layer->drawn[up / 8] >> (up % 8) & 1)) up = devices[up].parent;
  return up;
}

static WorldBox line_box(const void *self, uint32_t thing) {
  const TileLayer *layer = self;
  const GridTiles *tiles = layer->tiles;
  uint32_t index = layer->devices[thing], from = tile_line_from(layer, index);
  WorldPlace at = tiles->places[index];
  WorldBox box = {at.x, at.y, at.x, at.y};
  if (from == GRID_NONE) return box;
  for (uint32_t up = index; up != from;) {
    up = tiles->grid->devices[up].parent;
    at = tiles->places[up];
    if (!tile_placed(tiles->grid, up)) continue;
    if (at.x < box.west) box.west = at.x;
    if (at.x > box.east) box.east = at.x;
    if (at.y < box.north) box.north = at.y;
    if (at.y > box.south) box.south = at.y;
  }
  return box;
}

/* What choosing looks at, of each device. */
typedef struct Weight {
  uint32_t transformers; /* at or below it */
  uint32_t children;     /* drawn ones, at the zoom being made */
  float way;             /* since the last drawn device, in world units */
  bool low;              /* below a transformer */
} Weight;

static void weigh(const Grid *grid, Weight *weights) {
  for (uint32_t i = 0; i < grid->count; i++) {
    uint32_t up = grid->devices[i].parent;
    weights[i].low = up != GRID_NONE && (weights[up].low || grid->devices[up].kind == GRID_TRANSFORMER);
  }
  for (uint32_t i = grid->count; i-- > 0;) {
    uint32_t up = grid->devices[i].parent;
    weights[i].transformers += grid->devices[i].kind == GRID_TRANSFORMER;
    if (up != GRID_NONE) weights[up].transformers += weights[i].transformers;
  }
}

/* So many transformers must hang on a conductor for it to be drawn. */
static uint32_t transformers_needed(int z) {
  static const uint32_t NEEDED[] = {[7] = 20, [8] = 10, [9] = 4, [10] = 2, [11] = 0, [12] = 0, [13] = 0, [14] = 0};
  return NEEDED[z];
}

static bool is_trunk(const Grid *grid, const Weight *weights, uint32_t i, uint32_t needed) {
  return !weights[i].low && (weights[i].transformers >= needed || grid->devices[i].kind == GRID_SUBSTATION);
}

static float distance(WorldPlace a, WorldPlace b) { return hypotf((float)a.x - (float)b.x, (float)a.y - (float)b.y); }

/* Marks what the zoom draws: what is a point then, ends, forks, feeders' heads, and else one device a stretch. */
static void choose(TileLayer *layer, Weight *weights, int z) {
  const Grid *grid = layer->tiles->grid;
  const WorldPlace *places = layer->tiles->places;
  uint32_t needed = transformers_needed(z);
  float stretch = (float)GRID_TILE_STRETCH * (float)(1u << (GRID_TILE_ZOOM_MAX - z));
  for (uint32_t i = 0; i < grid->count; i++) weights[i].children = 0;
  for (uint32_t i = grid->count; i-- > 0;) {
    uint32_t up = grid->devices[i].parent;
    if (up != GRID_NONE && is_trunk(grid, weights, i, needed)) weights[up].children++;
  }
  for (uint32_t i = 0; i < grid->count; i++) {
    const GridDevice *device = &grid->devices[i];
    uint32_t up = device->parent;
    if (!is_trunk(grid, weights, i, needed)) continue;
    weights[i].way = up == GRID_NONE ? 0 : weights[up].way + distance(places[up], places[i]);
    bool end = up == GRID_NONE || weights[i].children != 1 || device->feeder == i || weights[i].way >= stretch;
    if (!tile_placed(grid, i) || (device->borrowed_place && weights[i].children == 0)) continue;
    if (!end && !tile_draws_point(device->kind, z)) continue;
    weights[i].way = 0;
    layer->drawn[i / 8] |= (uint8_t)(1 << i % 8);
    layer->count++;
  }
}

static bool list_drawn(TileLayer *layer) {
  const Grid *grid = layer->tiles->grid;
  layer->devices = memory_grow(NULL, (layer->count + 1) * sizeof *layer->devices);
  if (!layer->devices) return false;
  for (uint32_t i = 0, n = 0; i < grid->count; i++)
    if (layer->drawn[i / 8] >> (i % 8) & 1) layer->devices[n++] = i;
  return box_tree_make(&layer->tree, layer->count, line_box, layer);
}

static bool make_layer(TileLayer *layer, const GridTiles *tiles, Weight *weights, int z) {
  layer->tiles = tiles;
  layer->drawn = memory_new(tiles->grid->count / 8 + 1);
  if (!layer->drawn) return false;
  choose(layer, weights, z);
  return list_drawn(layer);
}

/* Everything with a place of its own, above or below transformers. A line then begins at the parent's place, own or borrowed. */
static bool make_exact(TileLayer *layer, const GridTiles *tiles, const Weight *weights, bool low) {
  const Grid *grid = tiles->grid;
  layer->tiles = tiles;
  for (uint32_t i = 0; i < grid->count; i++)
    layer->count += weights[i].low == low && !grid->devices[i].borrowed_place && tile_placed(grid, i);
  layer->devices = memory_grow(NULL, (layer->count + 1) * sizeof *layer->devices);
  if (!layer->devices) return false;
  for (uint32_t i = 0, n = 0; i < grid->count; i++)
    if (weights[i].low == low && !grid->devices[i].borrowed_place && tile_placed(grid, i)) layer->devices[n++] = i;
  return box_tree_make(&layer->tree, layer->count, line_box, layer);
}

bool grid_tiles_open(GridTiles **out, const Grid *grid, Error *error) {
  GridTiles *tiles = *out = memory_new(sizeof *tiles);
  Weight *weights = memory_new(((size_t)grid->count + 1) * sizeof *weights);
  bool ok = tiles && weights && (tiles->places = memory_new(((size_t)grid->count + 1) * sizeof *tiles->places));
  if (ok) {
    tiles->grid = grid;
    for (uint32_t i = 0; i < grid->count; i++)
      if (tile_placed(grid, i)) tiles->places[i] = world_place(grid->devices[i].lon_e6, grid->devices[i].lat_e6);
    weigh(grid, weights);
    for (int z = LAYER_LEAST; ok && z < LAYER_EXACT; z++) ok = make_layer(&tiles->medium[z - LAYER_LEAST], tiles, weights, z);
    ok =
        ok && make_exact(&tiles->medium[LAYER_EXACT - LAYER_LEAST], tiles, weights, false) && make_exact(&tiles->low, tiles, weights, true);
  }
  memory_free(weights);
  return ok || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "map");
}

static void free_layer(TileLayer *layer) {
  memory_free(layer->devices);
  memory_free(layer->drawn);
  box_tree_free(&layer->tree);
}

void grid_tiles_close(GridTiles *tiles) {
  if (!tiles) return;
  for (int i = 0; i < LAYER_COUNT; i++) free_layer(&tiles->medium[i]);
  free_layer(&tiles->low);
  memory_free(tiles->places);
  memory_free(tiles);
}
