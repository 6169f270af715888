/* The ground: hills, the rivers that drain them, and the county's border. */
#include <assert.h>
#include <math.h>

#include "sim/generate_county.h"

static const int8_t STEP_X[NEIGHBOURS] = {1, 1, 0, -1, -1, -1, 0, 1};
static const int8_t STEP_Y[NEIGHBOURS] = {0, 1, 1, 1, 0, -1, -1, -1};

int32_t land_neighbour(const Land *land, int32_t cell, int32_t direction) {
  int32_t x = cell % land->columns + STEP_X[direction], y = cell / land->columns + STEP_Y[direction];
  return x < 0 || y < 0 || x >= land->columns || y >= land->rows ? -1 : y * land->columns + x;
}

void land_link(Land *land, int32_t a, int32_t b, RoadClass road) {
  for (int32_t d = 0; d < NEIGHBOURS; d++)
    if (land_neighbour(land, a, d) == b) {
      land->link[road][a] |= (uint8_t)(1 << d);
      land->link[road][b] |= (uint8_t)(1 << (d + 4) % NEIGHBOURS);
    }
}

static int64_t root_of(int64_t square) { /* sqrt is correctly rounded everywhere; the loops make it the floor */
  int64_t root = (int64_t)sqrt((double)square);
  while (root * root > square) root--;
  while ((root + 1) * (root + 1) <= square) root++;
  return root;
}

int64_t spot_distance(Spot a, Spot b) {
  int64_t x = (int64_t)a.x - b.x, y = (int64_t)a.y - b.y;
  return root_of(x * x + y * y);
}

Spot spot_turn(int32_t direction, int32_t length) {
  static const int16_t COSINE[32] = {1024,  1004,  946,  851,  724,  569,  392,  200,  0, -200, -392, -569, -724, -851, -946, -1004,
                                     -1024, -1004, -946, -851, -724, -569, -392, -200, 0, 200,  392,  569,  724,  851,  946,  1004};
  int64_t x = (int64_t)COSINE[direction & 31] * length / 1024, y = (int64_t)COSINE[(direction + 24) & 31] * length / 1024;
  return (Spot){(int32_t)x, (int32_t)y};
}

/* Value noise: a random height, 0…1023, at each corner of a square lattice, smoothly blended between. */
static int64_t lattice(uint64_t seed, int64_t x, int64_t y) {
  Random random;
  random_fork(&random, seed, (uint64_t)x << 32 | (uint64_t)y);
  return (int64_t)(random_u64(&random) >> 54);
}
static int64_t blend(int64_t a, int64_t b, int64_t t) { /* t of 1024, eased */
  int64_t eased = t * t * (3 * 1024 - 2 * t) >> 20;
  return a + (b - a) * eased / 1024;
}
static int64_t noise(uint64_t seed, int64_t x, int64_t y, int64_t wave) {
  int64_t left = x / wave, low = y / wave, tx = x % wave * 1024 / wave, ty = y % wave * 1024 / wave;
  return blend(blend(lattice(seed, left, low), lattice(seed, left + 1, low), tx),
               blend(lattice(seed, left, low + 1), lattice(seed, left + 1, low + 1), tx), ty);
}

/* Hills on a basin: the main valley wanders along one axis and falls along it; the sides rise from it. */
static void raise_hills(Land *land, uint64_t seed, bool north_south, bool turned, int32_t *inlet) {
  int64_t along_count = north_south ? land->rows : land->columns, across_count = north_south ? land->columns : land->rows;
  int64_t lowest = INT64_MAX;
  for (int32_t cell = 0; cell < land->cells; cell++) {
    int64_t x = cell % land->columns, y = cell / land->columns;
    int64_t along = north_south ? y : x, across = north_south ? x : y, wave = land->columns / 3;
    if (turned) along = along_count - 1 - along;
    int64_t hills = 0, share = land->relief_dm;
    for (uint64_t octave = 0; octave < 5 && wave >= 2; octave++, wave /= 2, share = share * 11 / 20)
      hills += noise(seed + octave, x, y, wave) * share / 1024;
    int64_t axis = across_count / 2 + (noise(seed + 9, along, 0, along_count / 3) - 512) * across_count / 2200 +
                   (noise(seed + 10, along, 0, along_count / 9 + 2) - 512) * across_count / 9000 +
                   (noise(seed + 11, along, 0, along_count / 24 + 2) - 512) * across_count / 24000;
    land->rough[cell] = (uint8_t)(50 + noise(seed + 20, x, y, 4) * 100 / 1024 + noise(seed + 21, x, y, 9) * 60 / 1024);
    int64_t off = across > axis ? across - axis : axis - across;
    int64_t valley = off * 2 * land->relief_dm / across_count;
    if (off * 12 < across_count) hills = hills * (off * 12 + across_count / 3) / (across_count + across_count / 3); /* a flat floor */
    land->height[cell] = (int32_t)(hills + valley + along * land->relief_dm / along_count / 2);
    if (along == along_count - 1 && off < lowest) lowest = off, *inlet = cell;
  }
}

static void ripple(Land *land, uint64_t seed) {
  for (int32_t cell = 0; cell < land->cells; cell++) {
    int64_t x = cell % land->columns, y = cell / land->columns;
    land->height[cell] +=
        (int32_t)((noise(seed, x, y, 11) * 3 + noise(seed + 1, x, y, 5) * 2 + noise(seed + 2, x, y, 3)) * land->relief_dm / 40000);
  }
}

/* Where each cell's water goes: from the outlet's side inland, always on over the lowest cell next to what has drained
 * (priority flood; Barnes, Lehman, Mulla 2014). `order` receives the cells, downstream first. */
static void drain(Land *land, Search *search, bool north_south, bool turned) {
  search_begin(search);
  for (int32_t cell = 0; cell < land->cells; cell++) {
    int32_t along = north_south ? cell / land->columns : cell % land->columns;
    if (along == (turned ? (north_south ? land->rows : land->columns) - 1 : 0)) search_source(search, cell, 0, land->height[cell]);
    land->down[cell] = -1;
  }
  search_run(search, land, SEARCH_FLOOD, -1, INT32_MAX);
  for (int32_t i = 0; i < search->count; i++) {
    int32_t cell = search->order[i];
    land->down[cell] = search->from[cell];
    land->height[cell] = (int32_t)search->cost[cell]; /* hollows filled */
  }
}

static bool run_rivers(County *county, int32_t inlet) {
  Land *land = &county->land;
  const Search *search = &county->search;
  int32_t *water = COUNTY_ARRAY(county, int32_t, land->cells), *bed = COUNTY_ARRAY(county, int32_t, land->cells);
  if (!water || !bed) return false;
  water[inlet] = land->cells / 2; /* the river comes from beyond the county */
  for (int32_t i = search->count - 1; i >= 0; i--) {
    int32_t cell = search->order[i];
    water[cell]++;
    if (land->down[cell] >= 0) water[land->down[cell]] += water[cell];
  }
  for (int32_t i = 0; i < search->count; i++) {
    int32_t cell = search->order[i], flow = water[cell], down = land->down[cell];
    int32_t width = flow > land->cells / 2 ? RIVER_MAIN : flow > land->cells / 28 ? 2 : flow > 40 + land->cells / 280 ? 1 : 0;
    land->river[cell] = (uint8_t)width;
    bed[cell] = land->river[cell] || down < 0 ? land->height[cell] : bed[down];
    land->rise[cell] = land->height[cell] - bed[cell];
  }
  return true;
}

/* The border: an oval, uneven like a border along ridges; each round of displacement doubles the points. */
static bool draw_border(County *county, Random *random) {
  enum { FIRST = 16, ROUNDS = 4 };
  Land *land = &county->land;
  land->border_count = FIRST << ROUNDS;
  Spot *ring = land->border = COUNTY_ARRAY(county, Spot, land->border_count), centre = {land->width_dm / 2, land->height_dm / 2};
  if (!ring) return false;
  for (int32_t i = 0; i < FIRST; i++) {
    int32_t reach = (int32_t)random_between(random, 820, 1000);
    Spot out = spot_turn(2 * i, reach);
    int32_t corner = i % 4 == 2 ? 1100 : i % 2 ? 1050 : 985;
    ring[i << ROUNDS] = (Spot){centre.x + (int32_t)((int64_t)out.x * corner / 1000 * centre.x / 1024),
                               centre.y + (int32_t)((int64_t)out.y * corner / 1000 * centre.y / 1024)};
  }
  for (int32_t gap = 1 << ROUNDS; gap > 1; gap /= 2)
    for (int32_t i = 0; i < land->border_count; i += gap) {
      Spot a = ring[i], b = ring[(i + gap) % land->border_count];
      int32_t push = (int32_t)random_between(random, -180, 180); /* thousandths of the side, sideways */
      ring[i + gap / 2] = (Spot){(a.x + b.x) / 2 + (int32_t)((int64_t)(b.y - a.y) * push / 1000),
                                 (a.y + b.y) / 2 - (int32_t)((int64_t)(b.x - a.x) * push / 1000)};
    }
  return true;
}

static void fill_border(Land *land) {
  for (int32_t cell = 0; cell < land->cells; cell++) {
    int32_t column = cell % land->columns, row = cell / land->columns;
    Spot at = {column * land->cell_dm + land->cell_dm / 2, row * land->cell_dm + land->cell_dm / 2};
    bool inside = false;
    for (int32_t i = 0, j = land->border_count - 1; i < land->border_count; j = i++) {
      Spot a = land->border[i], b = land->border[j];
      if ((a.y > at.y) == (b.y > at.y)) continue;
      if (at.x < a.x + (int64_t)(b.x - a.x) * (at.y - a.y) / (b.y - a.y)) inside = !inside;
    }
    /* the outermost cells stay outside, so that every cell inside has all its neighbours */
    land->inside[cell] = inside && column > 0 && row > 0 && column < land->columns - 1 && row < land->rows - 1;
  }
}

/* Rivers run smoothly: each spot moves half-way between its neighbours up and down the river. */
static bool smooth_rivers(County *county) {
  Land *land = &county->land;
  int32_t *up = COUNTY_ARRAY(county, int32_t, land->cells);
  if (!up) return false;
  for (int32_t cell = 0; cell < land->cells; cell++) {
    int32_t down = land->down[cell];
    if (down >= 0 && land->river[cell] && (up[down] == 0 || land->river[cell] > land->river[up[down] - 1])) up[down] = cell + 1;
  }
  for (int32_t round = 0; round < 3; round++)
    for (int32_t cell = 0; cell < land->cells; cell++) {
      if (!land->river[cell] || land->down[cell] < 0 || !up[cell]) continue;
      Spot a = land->at[land->down[cell]], b = land->at[up[cell] - 1], *at = &land->at[cell];
      *at = (Spot){(2 * at->x + a.x + b.x) / 4, (2 * at->y + a.y + b.y) / 4};
    }
  return true;
}

static bool take_land(County *county, Land *land) {
  land->at = COUNTY_ARRAY(county, Spot, land->cells);
  land->height = COUNTY_ARRAY(county, int32_t, land->cells);
  land->rise = COUNTY_ARRAY(county, int32_t, land->cells);
  land->down = COUNTY_ARRAY(county, int32_t, land->cells);
  land->river = COUNTY_ARRAY(county, uint8_t, land->cells);
  land->rough = COUNTY_ARRAY(county, uint8_t, land->cells);
  land->inside = COUNTY_ARRAY(county, bool, land->cells);
  land->built = COUNTY_ARRAY(county, bool, land->cells);
  for (int32_t road = 0; road < ROAD_CLASSES; road++) land->link[road] = COUNTY_ARRAY(county, uint8_t, land->cells);
  return land->at && land->height && land->rise && land->down && land->river && land->rough && land->inside && land->built &&
         land->link[ROAD_VILLAGE] && land->link[ROAD_COUNTY] && land->link[ROAD_HIGHWAY];
}

bool county_make_land(County *county) {
  /* 60 by 50 km for 350,000 customers, the same density for others, but never less than 4.8 km across */
  enum { WIDTH_LEAST = 48000, CELL_LEAST = 1000, CELL_MOST = 2000, COLUMNS_LEAST = 96 };
  Land *land = &county->land;
  Random random;
  county_random(county, &random, STAGE_LAND, 0);
  int64_t width = root_of(600000 * (county->customers * 600000 / 350000));
  if (width < WIDTH_LEAST) width = WIDTH_LEAST;
  int64_t cell = width / COLUMNS_LEAST;
  land->cell_dm = (int32_t)(cell < CELL_LEAST ? CELL_LEAST : cell > CELL_MOST ? CELL_MOST : cell);
  land->columns = (int32_t)(width / land->cell_dm), land->rows = land->columns * 5 / 6;
  land->cells = land->columns * land->rows;
  land->width_dm = land->columns * land->cell_dm, land->height_dm = land->rows * land->cell_dm;
  land->relief_dm = 1200 + land->width_dm / 320;
  if (!take_land(county, land) || !search_make(county)) return false;
  int32_t sway = land->cell_dm / 4;
  for (int32_t i = 0; i < land->cells; i++) {
    land->at[i].x = i % land->columns * land->cell_dm + land->cell_dm / 2 + (int32_t)random_between(&random, -sway, sway);
    land->at[i].y = i / land->columns * land->cell_dm + land->cell_dm / 2 + (int32_t)random_between(&random, -sway, sway);
  }
  bool north_south = random_below(&random, 2), turned = random_below(&random, 2);
  int32_t inlet = 0;
  raise_hills(land, random_u64(&random), north_south, turned, &inlet);
  drain(land, &county->search, north_south, turned);
  ripple(land, random_u64(&random)); /* what was a hollow is flat now, and water would cross it in a straight line */
  drain(land, &county->search, north_south, turned);
  if (county->search.failed) return county_out_of_memory(county);
  if (!run_rivers(county, inlet) || !smooth_rivers(county) || !draw_border(county, &random)) return false;
  fill_border(land);
  return true;
}
