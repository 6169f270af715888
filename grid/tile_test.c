#include "grid/tile.h"

#include <math.h>
#include <unistd.h>

#include "base/random.h"
#include "base/testing.h"
#include "base/vector.h"
#include "grid/testing.h"
#include "store/schema.h"

static const Instant NOW = 1795264620 * SPAN_SECOND;

typedef struct Feature {
  int type, kind, colour, kva;
  uint32_t index;
  char name[256];
  int count, x[1100], y[1100];
} Feature;

/* A tile taken apart by the letter of tile.h. */
typedef struct Tile {
  Buffer bytes;
  VECTOR(Feature) features;
} Tile;

static unsigned take(const Buffer *bytes, size_t *at, int size) {
  unsigned value = 0;
  assert_true(*at + (size_t)size <= bytes->len);
  for (int i = 0; i < size; i++) value |= (unsigned)(unsigned char)bytes->at[(*at)++] << (8 * i);
  return value;
}

static void get_tile(Tile *tile, const Grid *grid, int z, int64_t x, int64_t y) {
  Error error = {0};
  buffer_clear(&tile->bytes);
  vector_clear(&tile->features);
  assert_ok(grid_tile(grid, z, x, y, &tile->bytes, &error), &error);
  size_t at = 4;
  assert_memory_equal(tile->bytes.at, "DBT1", 4);
  for (unsigned left = take(&tile->bytes, &at, 4); left; left--) {
    assert_true(vector_reserve(&tile->features, 1));
    Feature *feature = &tile->features.at[tile->features.count++];
    *feature = (Feature){.type = (int)take(&tile->bytes, &at, 1), .kind = (int)take(&tile->bytes, &at, 1), .colour = (int)take(&tile->bytes, &at, 2)};
    feature->index = take(&tile->bytes, &at, 4);
    feature->kva = (int)take(&tile->bytes, &at, 2);
    for (unsigned i = 0, len = take(&tile->bytes, &at, 1); i < len; i++) feature->name[i] = (char)take(&tile->bytes, &at, 1);
    feature->count = (int)take(&tile->bytes, &at, 2);
    for (int i = 0; i < feature->count; i++) {
      feature->x[i] = (int16_t)take(&tile->bytes, &at, 2);
      feature->y[i] = (int16_t)take(&tile->bytes, &at, 2);
      assert_in_range(feature->x[i] + GRID_TILE_MARGIN, 0, GRID_TILE_UNITS + 2 * GRID_TILE_MARGIN);
      assert_in_range(feature->y[i] + GRID_TILE_MARGIN, 0, GRID_TILE_UNITS + 2 * GRID_TILE_MARGIN);
    }
    assert_int_equal(feature->count == 1, feature->type == GRID_TILE_POINT);
  }
  assert_int_equal(at, tile->bytes.len);
}

static void free_tile(Tile *tile) {
  buffer_end(&tile->bytes);
  vector_free(&tile->features);
}

/* Where a place lies in units of the zoom, by the textbook. */
static void unit_place(const GridDevice *device, int z, double *x, double *y) {
  double units = GRID_TILE_UNITS * (double)(1u << z), lat = device->lat_e6 / 1e6 * M_PI / 180;
  *x = (device->lon_e6 / 1e6 + 180) / 360 * units;
  *y = (1 - log(tan(lat) + 1 / cos(lat)) / M_PI) / 2 * units;
}

static void tile_of(const GridDevice *device, int z, int64_t *x, int64_t *y) {
  double ux, uy;
  unit_place(device, z, &ux, &uy);
  *x = (int64_t)floor(ux / GRID_TILE_UNITS);
  *y = (int64_t)floor(uy / GRID_TILE_UNITS);
}

static Db *open_store(void) {
  Error error = {0};
  Db *db;
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(db, &error), &error);
  return db;
}

/* A network that wanders over some 40 km; some devices have no place. `fork`: a device hangs on one of the so many before it. */
static Grid *random_network(Db *db, uint64_t seed, uint32_t count, uint32_t fork, double step) {
  static const char *const KINDS[] = {"busbar", "breaker",     "recloser",   "switch",     "fuse",
                                      "line",   "transformer", "lv_breaker", "branch_box", "meter_box"};
  Random random;
  Error error = {0};
  Grid *grid;
  char folder[] = "/tmp/tile_test_XXXXXX", path[64];
  double *lon = memory_new(count * sizeof *lon), *lat = memory_new(count * sizeof *lat);
  random_seed(&random, seed);
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/devices.csv", folder);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fprintf(file, "id,parent_id,kind,name,lon,lat\n0,,substation,变电站,112.5,27.5\n");
  lon[0] = 112.5, lat[0] = 27.5;
  for (uint32_t i = 1; i < count; i++) {
    uint32_t up = i - 1 - random_below(&random, i < fork ? i : fork);
    lon[i] = lon[up] + (random_unit(&random) - 0.5) * step * random_unit(&random);
    lat[i] = lat[up] + (random_unit(&random) - 0.5) * step * random_unit(&random);
    fprintf(file, "%u,%u,%s,", i, up, KINDS[random_below(&random, 10)]);
    if (random_below(&random, 10)) fprintf(file, "名%u,%.6f,%.6f\n", i, lon[i], lat[i]);
    else fprintf(file, ",,\n");
  }
  fclose(file);
  PackageImport import = {.folder = folder, .county_id = 1, .now = NOW, .actor = TEXT("system")};
  assert_ok(package_import(&import, db, NULL, &error), &error);
  unlink(path);
  rmdir(folder);
  memory_free(lon);
  memory_free(lat);
  assert_ok(grid_open(&grid, db, 1, &error), &error);
  return grid;
}

/* At every deep zoom each device that has a place stands in its tile: as a point, or where its kind has none by its line. */
static void every_device_is_in_its_tile(void **state) {
  (void)state;
  Db *db = open_store();
  Grid *grid = random_network(db, 1, 400, 6, 0.02);
  Tile tile = {0};
  for (int z = 16; z <= GRID_TILE_ZOOM_MAX; z++) {
    for (uint32_t i = 0; i < grid_count(grid); i++) {
      const GridDevice *device = grid_device(grid, i);
      int64_t tx, ty;
      double ux, uy;
      if (device->borrowed_place) continue;
      tile_of(device, z, &tx, &ty);
      unit_place(device, z, &ux, &uy);
      get_tile(&tile, grid, z, tx, ty);
      bool found = false;
      for (size_t k = 0; k < tile.features.count; k++) {
        const Feature *feature = &tile.features.at[k];
        if (feature->index != i) continue;
        int end = device->kind == GRID_LINE ? (feature->type == GRID_TILE_LINE ? 0 : -1) : feature->type == GRID_TILE_POINT ? 0 : -1;
        if (end < 0) continue;
        assert_true(fabs(feature->x[0] - (ux - (double)tx * GRID_TILE_UNITS)) <= 1.01 &&
                    fabs(feature->y[0] - (uy - (double)ty * GRID_TILE_UNITS)) <= 1.01);
        assert_int_equal(feature->kind, device->kind);
        found = true;
      }
      const GridDevice *parent = device->parent == GRID_NONE ? NULL : grid_device(grid, device->parent);
      bool moved = parent && (parent->lon_e6 != device->lon_e6 || parent->lat_e6 != device->lat_e6);
      if (device->kind != GRID_LINE || moved) assert_true(found);
    }
  }
  free_tile(&tile);
  grid_close(grid);
  db_close(db);
}

/* Does the straight way from a to b pass the box? By trying many spots on it, and well inside or outside only (else: do not care). */
static int passes(double ax, double ay, double bx, double by, double low, double high) {
  enum { STEPS = 4000 };
  double nearest = INFINITY;
  for (int i = 0; i <= STEPS; i++) {
    double x = ax + (bx - ax) * i / STEPS, y = ay + (by - ay) * i / STEPS;
    double out = fmax(fmax(low - x, x - high), fmax(low - y, y - high));
    if (out < nearest) nearest = out;
  }
  return nearest < -3 ? 1 : nearest > 3 ? 0 : -1;
}

/* The lines of a tile at zoom 16 are those of all devices that pass it, looked at one by one. */
static void lines_agree_with_looking_at_all(void **state) {
  (void)state;
  Db *db = open_store();
  Grid *grid = random_network(db, 2, 300, 6, 0.02);
  Tile tile = {0};
  for (uint32_t pick = 0; pick < grid_count(grid); pick += 23) {
    int64_t tx, ty;
    tile_of(grid_device(grid, pick), 16, &tx, &ty);
    get_tile(&tile, grid, 16, tx, ty);
    for (uint32_t i = 1; i < grid_count(grid); i++) {
      const GridDevice *device = grid_device(grid, i);
      double ax, ay, bx, by, ox = (double)tx * GRID_TILE_UNITS, oy = (double)ty * GRID_TILE_UNITS;
      unit_place(device, 16, &ax, &ay);
      unit_place(grid_device(grid, device->parent), 16, &bx, &by);
      int want = passes(ax - ox, ay - oy, bx - ox, by - oy, -GRID_TILE_MARGIN, GRID_TILE_UNITS + GRID_TILE_MARGIN);
      if (device->borrowed_place) want = 0;
      if (want < 0 || (fabs(ax - bx) < 2 && fabs(ay - by) < 2)) continue;
      int have = 0;
      for (size_t k = 0; k < tile.features.count; k++) have += tile.features.at[k].type == GRID_TILE_LINE && tile.features.at[k].index == i;
      assert_int_equal(have, want);
    }
  }
  free_tile(&tile);
  grid_close(grid);
  db_close(db);
}

/* From afar: every transformer from zoom 11 on, the substation always; every line ends at the place of the device whose index it has, or at the tile's edge. */
static void from_afar(void **state) {
  (void)state;
  Db *db = open_store();
  Grid *grid = random_network(db, 3, 500, 6, 0.02);
  Tile tile = {0};
  for (int z = 0; z <= 13; z++) {
    int64_t x0, y0;
    tile_of(grid_device(grid, 0), z, &x0, &y0);
    for (int64_t x = x0 - 2; x <= x0 + 2; x++)
      for (int64_t y = y0 - 2; y <= y0 + 2; y++) {
        if (x < 0 || y < 0 || x >> z || y >> z) continue;
        get_tile(&tile, grid, z, x, y);
        uint32_t points = 0, want = 0;
        for (size_t k = 0; k < tile.features.count; k++) {
          const Feature *feature = &tile.features.at[k];
          double ux, uy;
          assert_true(feature->index < grid_count(grid));
          unit_place(grid_device(grid, feature->index), z, &ux, &uy);
          ux -= (double)x * GRID_TILE_UNITS, uy -= (double)y * GRID_TILE_UNITS;
          bool inside = ux >= 0 && uy >= 0 && ux <= GRID_TILE_UNITS && uy <= GRID_TILE_UNITS;
          points += feature->type == GRID_TILE_POINT && (feature->kind == GRID_SUBSTATION || feature->kind == GRID_TRANSFORMER) && inside;
          if (feature->type == GRID_TILE_POINT && z < 11) assert_int_equal(feature->kind, GRID_SUBSTATION);
          if (feature->type == GRID_TILE_LINE && inside) {
            bool ends = false;
            for (size_t other = 0; other < tile.features.count; other++) {
              const Feature *part = &tile.features.at[other];
              ends |= part->type == GRID_TILE_LINE && part->index == feature->index && fabs(part->x[0] - ux) <= 1.01 &&
                      fabs(part->y[0] - uy) <= 1.01;
            }
            assert_true(ends);
          }
        }
        for (uint32_t i = 0; i < grid_count(grid); i++) {
          const GridDevice *device = grid_device(grid, i);
          double ux, uy;
          if (device->borrowed_place || (device->kind != GRID_SUBSTATION && (device->kind != GRID_TRANSFORMER || z < 11))) continue;
          if (device->parent != GRID_NONE && grid_nearest_above(grid, device->parent, GRID_TRANSFORMER) != GRID_NONE) continue;
          unit_place(device, z, &ux, &uy);
          ux -= (double)x * GRID_TILE_UNITS, uy -= (double)y * GRID_TILE_UNITS;
          want += ux >= 0 && uy >= 0 && ux <= GRID_TILE_UNITS && uy <= GRID_TILE_UNITS;
        }
        assert_int_equal(points, want);
      }
  }
  free_tile(&tile);
  grid_close(grid);
  db_close(db);
}

/* How far a spot (in units of the zoom) lies from the nearest conductor of the whole network. */
static double from_conductor(const Grid *grid, int z, double x, double y) {
  double nearest = INFINITY;
  for (uint32_t i = 0; i < grid_count(grid); i++) {
    const GridDevice *device = grid_device(grid, i);
    double ax, ay, bx, by;
    if (device->parent == GRID_NONE) continue;
    unit_place(device, z, &ax, &ay);
    unit_place(grid_device(grid, device->parent), z, &bx, &by);
    double dx = bx - ax, dy = by - ay, length2 = dx * dx + dy * dy, part = length2 > 0 ? ((x - ax) * dx + (y - ay) * dy) / length2 : 0;
    part = fmin(fmax(part, 0), 1);
    nearest = fmin(nearest, hypot(x - ax - part * dx, y - ay - part * dy));
  }
  return nearest;
}

/* What is drawn from afar lies where the conductors lie, to the pixel. */
static void lines_lie_on_conductors(void **state) {
  (void)state;
  static const int ZOOMS[] = {11, 12, 13};
  Db *db = open_store();
  Grid *grid = random_network(db, 5, 3000, 1, 0.006);
  Tile tile = {0};
  for (size_t i = 0; i < sizeof ZOOMS / sizeof *ZOOMS; i++) {
    for (uint32_t pick = 0; pick < grid_count(grid); pick += 100) {
      int64_t tx, ty;
      tile_of(grid_device(grid, pick), ZOOMS[i], &tx, &ty);
      get_tile(&tile, grid, ZOOMS[i], tx, ty);
      for (size_t k = 0; k < tile.features.count; k++) {
        const Feature *feature = &tile.features.at[k];
        for (int v = 0; v + 1 < feature->count; v++) {
          double ox = (double)tx * GRID_TILE_UNITS, oy = (double)ty * GRID_TILE_UNITS;
          int x = feature->x[v], y = feature->y[v], inner = GRID_TILE_UNITS - 40;
          if (k % 8 && x > 40 && x < inner && y > 40 && y < inner) continue; /* most of them only near the edge, where lines are cut */
          assert_true(from_conductor(grid, ZOOMS[i], feature->x[v] + ox, feature->y[v] + oy) < 8);
          assert_true(from_conductor(grid, ZOOMS[i], (feature->x[v] + feature->x[v + 1]) / 2.0 + ox,
                                     (feature->y[v] + feature->y[v + 1]) / 2.0 + oy) < 8);
        }
      }
    }
  }
  free_tile(&tile);
  grid_close(grid);
  db_close(db);
}

static void the_little_county(void **state) {
  (void)state;
  Error error = {0};
  Db *db = open_store();
  Grid *grid;
  Tile tile = {0};
  uint32_t t2;
  int64_t x, y;
  testing_county(db, 1, NOW, NULL);
  assert_ok(grid_open(&grid, db, 1, &error), &error);
  assert_true(grid_index_of_code(grid, TEXT("T2"), &t2));
  tile_of(grid_device(grid, t2), 14, &x, &y);
  get_tile(&tile, grid, 14, x, y);
  int found = 0, ties = 0;
  for (size_t i = 0; i < tile.features.count; i++) {
    const Feature *feature = &tile.features.at[i];
    if (i) assert_true(tile.features.at[i - 1].type <= feature->type); /* lines first */
    ties += feature->kind == GRID_TILE_TIE;
    if (feature->kind == GRID_TILE_TIE) assert_true(feature->index == UINT32_MAX && feature->colour == GRID_NO_COLOUR);
    assert_true(feature->kind != GRID_METER_BOX);
    if (feature->type != GRID_TILE_POINT || feature->index != t2) continue;
    assert_string_equal(feature->name, "柳树村2号台区");
    assert_int_equal(feature->kva, 200);
    assert_int_equal(feature->colour, 0);
    found++;
  }
  assert_int_equal(found, 1);
  assert_true(ties >= 1);
  assert_int_equal(tile.features.at[tile.features.count - 1].kind == GRID_SUBSTATION ||
                       tile.features.at[tile.features.count - 1].kind == GRID_TRANSFORMER,
                   1);
  free_tile(&tile);
  grid_close(grid);
  db_close(db);
}

static void addresses(void **state) {
  (void)state;
  static const struct {
    int z;
    int64_t x, y;
    bool ok;
  } CASES[] = {{0, 0, 0, true},
               {0, 1, 0, false},
               {3, 7, 7, true},
               {3, 8, 0, false},
               {3, 0, -1, false},
               {-1, 0, 0, false},
               {20, (1 << 20) - 1, 0, true},
               {21, 0, 0, false},
               {5, INT64_MAX, 0, false}};
  Db *db = open_store();
  Error error = {0};
  Grid *grid;
  Buffer out;
  buffer_begin(&out, 0);
  assert_ok(grid_open(&grid, db, 1, &error), &error); /* nothing in it at all */
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    buffer_clear(&out);
    assert_int_equal(grid_tile(grid, CASES[i].z, CASES[i].x, CASES[i].y, &out, &error), CASES[i].ok);
    assert_int_equal(out.len, CASES[i].ok ? 8 : 0);
  }
  buffer_end(&out);
  grid_close(grid);
  db_close(db);
}

static void memory_may_run_out(void **state) {
  (void)state;
  Db *db = open_store();
  Grid *grid = random_network(db, 4, 100, 6, 0.02);
  Buffer out;
  buffer_begin(&out, 0);
  int failed = 0;
  int64_t x, y;
  tile_of(grid_device(grid, 50), 16, &x, &y);
  for (int64_t nth = 1; nth < 12; nth++) {
    Error error = {0};
    buffer_end(&out);
    buffer_begin(&out, 0);
    memory_fail_at(nth);
    bool ok = grid_tile(grid, 16, x, y, &out, &error);
    memory_fail_at(0);
    assert_true(ok || error.code == ERROR_OUT_OF_MEMORY);
    failed += !ok;
  }
  assert_true(failed > 2);
  buffer_end(&out);
  grid_close(grid);
  db_close(db);
}

TEST_MAIN(TEST(every_device_is_in_its_tile), TEST(lines_agree_with_looking_at_all), TEST(from_afar), TEST(lines_lie_on_conductors),
          TEST(the_little_county), TEST(addresses), TEST(memory_may_run_out))
