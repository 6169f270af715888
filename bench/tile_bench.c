/* tile_bench STORE: makes the tiles of the whole county zoom by zoom (at deep zooms a sample of those that have something), and the first
 * view of a console of 1366 × 768: processor time and bytes, typical and worst. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/vector.h"
#include "grid/tile.h"

static int64_t now_us(void) { /* of this thread: other programs do not count */
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

typedef struct Made {
  int64_t us;
  size_t bytes;
  uint32_t features;
} Made;

static int by_us(const void *a, const void *b) {
  return (((const Made *)a)->us > ((const Made *)b)->us) - (((const Made *)a)->us < ((const Made *)b)->us);
}
static int by_bytes(const void *a, const void *b) {
  return (((const Made *)a)->bytes > ((const Made *)b)->bytes) - (((const Made *)a)->bytes < ((const Made *)b)->bytes);
}

static double tile_x(double lon, int z) { return (lon + 180) / 360 * (double)(1u << z); }
static double tile_y(double lat, int z) {
  return (1 - asinh(tan(lat * 3.14159265358979323846 / 180)) / 3.14159265358979323846) / 2 * (double)(1u << z);
}

static Made make(const Grid *grid, int z, int64_t x, int64_t y, Buffer *out) {
  Error error = {0};
  buffer_clear(out);
  int64_t begun = now_us();
  if (!grid_tile(grid, z, x, y, out, &error)) abort();
  return (Made){now_us() - begun, out->len,
                (unsigned char)out->at[4] | (unsigned)(unsigned char)out->at[5] << 8 | (unsigned)(unsigned char)out->at[6] << 16};
}

int main(int count, char **arguments) {
  Error error = {0};
  Db *db;
  Grid *grid;
  double bounds[4];
  Buffer out;
  buffer_begin(&out, 0);
  if (count != 2) return fprintf(stderr, "tile_bench STORE\n"), 2;
  if (!db_open(&db, arguments[1], DB_READ, &error) || !grid_open(&grid, db, 1, &error) || !grid_bounds(grid, bounds)) {
    char text[ERROR_TEXT_MAX];
    return fprintf(stderr, "%s\n", error_text(&error, LANGUAGE_EN, text, sizeof text)), 1;
  }
  for (int z = 5; z <= GRID_TILE_ZOOM_MAX; z++) {
    int64_t x0 = (int64_t)tile_x(bounds[0], z), x1 = (int64_t)tile_x(bounds[2], z), y0 = (int64_t)tile_y(bounds[3], z),
            y1 = (int64_t)tile_y(bounds[1], z);
    VECTOR(Made) made = {0};
    if ((x1 - x0 + 1) * (y1 - y0 + 1) <= 4096) {
      for (int64_t x = x0; x <= x1; x++)
        for (int64_t y = y0; y <= y1; y++) {
          Made one = make(grid, z, x, y, &out);
          if (one.features && !vector_push(&made, one)) return 1;
        }
    } else { /* where devices are */
      for (uint32_t i = 0; i < grid_count(grid); i += grid_count(grid) / 2000 + 1) {
        const GridDevice *device = grid_device(grid, i);
        if (device->lon_e6 == GRID_NO_PLACE) continue;
        if (!vector_push(&made, make(grid, z, (int64_t)tile_x(device->lon_e6 / 1e6, z), (int64_t)tile_y(device->lat_e6 / 1e6, z), &out)))
          return 1;
      }
    }
    if (!made.count) continue;
    qsort(made.at, made.count, sizeof *made.at, by_us);
    Made p50 = made.at[made.count / 2], p99 = made.at[made.count * 99 / 100], max = made.at[made.count - 1];
    qsort(made.at, made.count, sizeof *made.at, by_bytes);
    printf("z %2d: %5zu tiles; ms p50 %6.2f p99 %6.2f max %6.2f; kB p50 %6.1f p99 %6.1f max %6.1f; features at most %u\n", z, made.count,
           (double)p50.us / 1e3, (double)p99.us / 1e3, (double)max.us / 1e3, (double)made.at[made.count / 2].bytes / 1e3,
           (double)made.at[made.count * 99 / 100].bytes / 1e3, (double)made.at[made.count - 1].bytes / 1e3,
           made.at[made.count - 1].features);
    vector_free(&made);
  }
  /* the first view: the deepest zoom (of tiles of 512 pixels, in whole steps) at which the county fits */
  int z = GRID_TILE_ZOOM_MAX;
  while (z > 0 && ((tile_x(bounds[2], z) - tile_x(bounds[0], z)) * 512 > 1366 || (tile_y(bounds[1], z) - tile_y(bounds[3], z)) * 512 > 768))
    z--;
  double cx = (tile_x(bounds[0], z) + tile_x(bounds[2], z)) / 2, cy = (tile_y(bounds[1], z) + tile_y(bounds[3], z)) / 2;
  int64_t us = 0, tiles = 0;
  size_t bytes = 0;
  for (int64_t x = (int64_t)(cx - 1366 / 1024.0); x <= (int64_t)(cx + 1366 / 1024.0); x++)
    for (int64_t y = (int64_t)(cy - 768 / 1024.0); y <= (int64_t)(cy + 768 / 1024.0); y++) {
      Made one = make(grid, z, x, y, &out);
      us += one.us, bytes += one.bytes, tiles++;
    }
  printf("first view of 1366 x 768 at z %d: %lld tiles, %.1f ms, %.1f kB\n", z, (long long)tiles, (double)us / 1e3, (double)bytes / 1e3);
  grid_close(grid);
  db_close(db);
  buffer_end(&out);
  return 0;
}
