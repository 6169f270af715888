#include "grid/tile.h"

#include <math.h>

#include "grid/tile_index.h"

typedef struct Spot {
  int32_t x, y; /* units of the tile */
} Spot;

enum { LEAST = -GRID_TILE_MARGIN, MOST = GRID_TILE_UNITS + GRID_TILE_MARGIN };

typedef struct Maker {
  const Grid *grid;
  const GridTiles *tiles;
  int z;
  int64_t west, north; /* of the tile, in world units */
  Buffer *out;
  uint32_t features;
  VECTOR(Spot) line;
  bool failed;
} Maker;

static Spot spot_of(const Maker *maker, WorldPlace place) {
  int shift = GRID_TILE_ZOOM_MAX - maker->z;
  return (Spot){(int32_t)(((int64_t)place.x - maker->west) >> shift), (int32_t)(((int64_t)place.y - maker->north) >> shift)};
}

static bool within(Spot spot) { return spot.x >= LEAST && spot.x <= MOST && spot.y >= LEAST && spot.y <= MOST; }

/* ---- bytes ---- */

static void put_u16(Buffer *out, uint16_t value) {
  buffer_byte(out, (char)(value & 0xFF));
  buffer_byte(out, (char)(value >> 8));
}

static void put_u32(Buffer *out, uint32_t value) {
  put_u16(out, (uint16_t)(value & 0xFFFF));
  put_u16(out, (uint16_t)(value >> 16));
}

typedef struct Feature {
  uint8_t type, kind;
  uint16_t colour, kva;
  uint32_t index;
  Text name;
} Feature;

static void put_feature(Maker *maker, const Feature *feature, const Spot *spots, size_t count) {
  Buffer *out = maker->out;
  Text name = feature->name;
  while (name.len > 255 || (name.len && name.len < feature->name.len && ((unsigned char)name.at[name.len] & 0xC0) == 0x80)) name.len--;
  buffer_byte(out, (char)feature->type);
  buffer_byte(out, (char)feature->kind);
  put_u16(out, feature->colour);
  put_u32(out, feature->index);
  put_u16(out, feature->kva);
  buffer_byte(out, (char)name.len);
  buffer_text(out, name);
  put_u16(out, (uint16_t)count);
  for (size_t i = 0; i < count; i++) {
    put_u16(out, (uint16_t)(int16_t)spots[i].x);
    put_u16(out, (uint16_t)(int16_t)spots[i].y);
  }
  maker->features++;
}

/* ---- lines ---- */

static int32_t held(double value) { return value < LEAST ? LEAST : value > MOST ? MOST : (int32_t)floor(value); }
static Spot along(Spot start, double dx, double dy, double part) { return (Spot){held(start.x + dx * part), held(start.y + dy * part)}; }

/* Shortens a line's piece to the part within the tile and its margin (Liang and Barsky); false when none is. */
static bool clip(Spot *a, Spot *b) {
  double from = 0, to = 1, dx = b->x - a->x, dy = b->y - a->y;
  const double p[4] = {-dx, dx, -dy, dy}, q[4] = {a->x - LEAST, MOST - a->x, a->y - LEAST, MOST - a->y};
  for (int side = 0; side < 4; side++) {
    if (p[side] == 0) {
      if (q[side] < 0) return false;
      continue;
    }
    double at = q[side] / p[side];
    if (p[side] < 0 && at > from) from = at;
    if (p[side] > 0 && at < to) to = at;
  }
  if (from > to) return false;
  Spot start = *a;
  if (to < 1) *b = along(start, dx, dy, to);
  if (from > 0) *a = along(start, dx, dy, from);
  return true;
}

static bool same(Spot a, Spot b) { return a.x == b.x && a.y == b.y; }

/* Puts the line, cut to what lies within reach of the tile: one feature for each part. */
static void put_line(Maker *maker, const Feature *feature, Spot *spots, size_t count) {
  size_t begun = 0, kept = 0; /* the part under way is spots[begun, kept): never more than was read */
  enum { PART_MAX = 1000 };
  Spot start, end = count ? spots[0] : (Spot){0, 0};
  for (size_t i = 0; i + 1 < count; i++) {
    start = end;
    end = spots[i + 1]; /* parts are written behind what was read, up to here */
    Spot a = start, b = end;
    if (!clip(&a, &b)) continue;
    if (kept == begun || !same(spots[kept - 1], a) || kept - begun >= PART_MAX) {
      if (kept - begun > 1) put_feature(maker, feature, spots + begun, kept - begun);
      begun = kept = i;
      spots[kept++] = a;
    }
    if (!same(spots[kept - 1], b)) spots[kept++] = b;
    if (!same(b, end) && kept - begun > 1) {
      put_feature(maker, feature, spots + begun, kept - begun);
      begun = kept = i + 1;
    }
  }
  if (kept - begun > 1) put_feature(maker, feature, spots + begun, kept - begun);
}

/* Leaves out the bends that lie less than `least` units beside the way from the spot before to the one after. */
static size_t straighten(Spot *spots, size_t count, double least) {
  size_t kept = count ? 1 : 0;
  for (size_t i = 1; i < count; i++) {
    Spot a = spots[kept - 1], b = spots[i];
    if (same(a, b)) continue;
    if (i + 1 < count) {
      Spot c = spots[i + 1];
      double dx = c.x - a.x, dy = c.y - a.y, beside = dx * (b.y - a.y) - dy * (b.x - a.x);
      double ahead = dx * (b.x - a.x) + dy * (b.y - a.y), length2 = dx * dx + dy * dy;
      if (beside * beside < least * least * length2 && ahead >= 0 && ahead <= length2) continue;
    }
    spots[kept++] = b;
  }
  return kept;
}

static bool push_spot(Maker *maker, WorldPlace place) {
  if (vector_push(&maker->line, spot_of(maker, place))) return true;
  maker->failed = true;
  return false;
}

static Feature device_feature(const Maker *maker, uint32_t index, uint8_t type) {
  const GridDevice *device = &maker->grid->devices[index];
  float kva = type == GRID_TILE_POINT ? device->rated_kva : 0;
  return (Feature){.type = type, .kind = device->kind, .colour = grid_feeder_colour(maker->grid, index), .index = index,
                   .kva = (uint16_t)(kva > 65535 ? 65535 : kva), .name = TEXT("")};
}

static void line_of(Maker *maker, const TileLayer *layer, uint32_t index) {
  const Grid *grid = maker->grid;
  uint32_t from = tile_line_from(layer, index);
  if (from == GRID_NONE) return;
  vector_clear(&maker->line);
  for (uint32_t up = index;; up = grid->devices[up].parent) {
    if (tile_placed(grid, up) && !push_spot(maker, maker->tiles->places[up])) return;
    if (up == from) break;
  }
  size_t count = layer->drawn ? straighten(maker->line.at, maker->line.count, 4) : maker->line.count;
  Feature feature = device_feature(maker, index, GRID_TILE_LINE);
  put_line(maker, &feature, maker->line.at, count);
}

/* ---- points ---- */

static bool has_name(const GridDevice *device, int z) {
  if (device->kind == GRID_SUBSTATION) return true;
  if (device->kind == GRID_TRANSFORMER) return z >= 14;
  if (device->name_at == device->code_at) return false;
  return z >= (device->kind <= GRID_SWITCH ? 15 : device->kind == GRID_LV_BREAKER ? 17 : 18);
}

static void point_of(Maker *maker, uint32_t index) {
  const GridDevice *device = &maker->grid->devices[index];
  Spot spot = spot_of(maker, maker->tiles->places[index]);
  if (device->borrowed_place || !within(spot)) return;
  Feature feature = device_feature(maker, index, GRID_TILE_POINT);
  if (has_name(device, maker->z)) feature.name = grid_name(maker->grid, index);
  put_feature(maker, &feature, &spot, 1);
}

static void put_ties(Maker *maker, uint8_t type) {
  const Grid *grid = maker->grid;
  if (maker->z < 11) return;
  for (size_t i = 0; i < grid->ties.count; i++) {
    const GridTie *tie = &grid->ties.at[i];
    bool placed = tie->lon_e6 != GRID_NO_PLACE;
    WorldPlace middle = placed ? world_place(tie->lon_e6, tie->lat_e6) : (WorldPlace){0};
    Feature feature = {.type = type, .kind = GRID_TILE_TIE, .colour = GRID_NO_COLOUR, .index = UINT32_MAX, .name = TEXT("")};
    vector_clear(&maker->line);
    if (type == GRID_TILE_POINT) {
      Spot spot = spot_of(maker, middle);
      if (placed && within(spot)) put_feature(maker, &feature, &spot, 1);
      continue;
    }
    if (tile_placed(grid, tie->a) && !push_spot(maker, maker->tiles->places[tie->a])) return;
    if (placed && !push_spot(maker, middle)) return;
    if (tile_placed(grid, tie->b) && !push_spot(maker, maker->tiles->places[tie->b])) return;
    put_line(maker, &feature, maker->line.at, maker->line.count);
  }
}

/* ---- the tile ---- */

static bool find_in(Maker *maker, const TileLayer *layer, BoxHits *hits) {
  int shift = 32 - maker->z;
  int64_t margin = (int64_t)GRID_TILE_MARGIN << (GRID_TILE_ZOOM_MAX - maker->z), last = (INT64_C(1) << 32) - 1;
  int64_t west = maker->west - margin, north = maker->north - margin;
  int64_t east = maker->west + (INT64_C(1) << shift) + margin, south = maker->north + (INT64_C(1) << shift) + margin;
  WorldBox box = {(uint32_t)(west < 0 ? 0 : west), (uint32_t)(north < 0 ? 0 : north), (uint32_t)(east > last ? last : east),
                  (uint32_t)(south > last ? last : south)};
  return box_tree_find(&layer->tree, box, hits);
}

static void fill(Maker *maker, const TileLayer *medium, const BoxHits *hits, const BoxHits *low_hits) {
  const TileLayer *low = &maker->tiles->low;
  if (maker->z >= 16)
    for (size_t i = 0; i < low_hits->count; i++) line_of(maker, low, low->devices[low_hits->at[i]]);
  for (size_t i = 0; i < hits->count; i++) line_of(maker, medium, medium->devices[hits->at[i]]);
  put_ties(maker, GRID_TILE_LINE);
  put_ties(maker, GRID_TILE_POINT);
  for (int kind = GRID_KIND_COUNT - 1; kind >= 0; kind--) {
    if (!tile_draws_point(kind, maker->z)) continue;
    for (size_t i = 0; i < low_hits->count; i++)
      if (maker->grid->devices[low->devices[low_hits->at[i]]].kind == kind) point_of(maker, low->devices[low_hits->at[i]]);
    for (size_t i = 0; i < hits->count; i++)
      if (maker->grid->devices[medium->devices[hits->at[i]]].kind == kind) point_of(maker, medium->devices[hits->at[i]]);
  }
}

bool grid_tile(const Grid *grid, int z, int64_t x, int64_t y, Buffer *out, Error *error) {
  if (z < 0 || z > GRID_TILE_ZOOM_MAX || x < 0 || y < 0 || x >> z || y >> z)
    return error_raise(error, ERROR_NOT_FOUND, "tile\t%d/%lld/%lld", z, (long long)x, (long long)y);
  const GridTiles *tiles = grid->tiles;
  Maker maker = {.grid = grid, .tiles = tiles, .z = z, .west = x << (32 - z), .north = y << (32 - z), .out = out};
  const TileLayer *medium = &tiles->medium[(z < LAYER_LEAST ? LAYER_LEAST : z > LAYER_EXACT ? LAYER_EXACT : z) - LAYER_LEAST];
  BoxHits hits = {0}, low_hits = {0};
  size_t begun = out->len;
  buffer_string(out, "DBT1");
  put_u32(out, 0);
  bool ok = find_in(&maker, medium, &hits) && (z < 14 || find_in(&maker, &tiles->low, &low_hits));
  if (ok) fill(&maker, medium, &hits, &low_hits);
  ok = ok && !maker.failed && !out->failed;
  if (ok) {
    for (int i = 0; i < 4; i++) out->at[begun + 4 + (size_t)i] = (char)(maker.features >> (8 * i) & 0xFF);
  }
  vector_free(&hits);
  vector_free(&low_hits);
  vector_free(&maker.line);
  return ok || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "map");
}
