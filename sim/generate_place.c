/* Where people live: the county town, market towns and villages, and the transformers among them. */
#include <assert.h>
#include <stdlib.h>

#include "sim/generate_county.h"

/* Of all customers; a county's town and market towns hold three fifths of them. */
enum { TOWN_PERCENT = 38, VILLAGE_PERCENT = 38 };
enum { CUSTOMERS_A_COMMUNITY = 3000, CUSTOMERS_A_MARKET = 17500, CUSTOMERS_A_VILLAGE = 490, MARKETS_FROM = 8000 };
/* customers on a public transformer, and private transformers for 100 public ones, by settlement kind */
static const int32_t PUBLIC_MEAN[] = {262, 240, 104};
static const int32_t PRIVATE_PERCENT[] = {82, 76, 58};

static int32_t rounded(int64_t part, int64_t whole) { return (int32_t)((part + whole / 2) / whole); }

/* About log-normal, mean 1000: a product of four even draws. */
static int64_t spread(Random *random) {
  int64_t product = 1000;
  for (int i = 0; i < 4; i++) product = product * random_between(random, 65, 133) / 99;
  return product < 420 ? 420 : product > 1900 ? 1900 : product;
}

static bool can_build(const Land *land, int32_t cell) { return land->inside[cell] && !land->built[cell] && land->river[cell] < 2; }

/* The town lies on the main river, on low ground, near the middle. */
static int32_t find_town(const Land *land) {
  Spot middle = {land->width_dm / 2, land->height_dm / 2};
  int32_t best = -1;
  int64_t least = INT64_MAX;
  for (int32_t cell = 0; cell < land->cells; cell++) {
    if (!can_build(land, cell)) continue;
    int32_t column = cell % land->columns, row = cell / land->columns;
    bool river = false;
    for (int32_t y = row - 3; y <= row + 3; y++)
      for (int32_t x = column - 3; x <= column + 3; x++)
        river |= x >= 0 && y >= 0 && x < land->columns && y < land->rows && land->river[y * land->columns + x] == RIVER_MAIN;
    int64_t cost = spot_distance(land->at[cell], middle) + (int64_t)land->rise[cell] * 20 + (river ? 0 : land->width_dm / 4);
    if (cost < least) least = cost, best = cell;
  }
  return best;
}

/* What no road from the town can reach (corners the border cuts off) is not of the county. */
static bool keep_to_reach(County *county) {
  Search *search = &county->search;
  search_begin(search);
  search_source(search, county->town_cell, 0, 0);
  search_run(search, &county->land, SEARCH_LAND, -1, INT32_MAX);
  for (int32_t cell = 0; cell < county->land.cells; cell++) county->land.inside[cell] &= search_reached(search, cell);
  return !search->failed || county_out_of_memory(county);
}

static int64_t to_border(const Land *land, Spot at) {
  int64_t near = INT64_MAX;
  for (int32_t i = 0; i < land->border_count; i += 2) {
    int64_t distance = spot_distance(at, land->border[i]);
    if (distance < near) near = distance;
  }
  return near;
}

/* The best of some random places: far from the settlements there are and from the border, low above the river. */
static int32_t find_place(const County *county, Random *random, int32_t settled, int32_t tries, int64_t from_border) {
  const Land *land = &county->land;
  int32_t best = county->town_cell;
  int64_t most = INT64_MIN;
  for (int32_t misses = 0; tries > 0 && misses < 2000;) {
    int32_t cell = (int32_t)random_below(random, (uint32_t)land->cells);
    if (!can_build(land, cell)) {
      misses++;
      continue;
    }
    tries--;
    int64_t near = spot_distance(land->at[cell], land->at[county->town_cell]) * 4 / 5;
    for (int32_t i = county->market_first; i < settled; i++) {
      int64_t distance = spot_distance(land->at[cell], land->at[county->settlements[i].cell]);
      if (distance < near) near = distance;
    }
    int64_t border = to_border(land, land->at[cell]) * from_border / 2;
    if (border < near) near = border;
    int64_t good = near - (int64_t)land->rise[cell] * land->width_dm / land->relief_dm / 24;
    if (good > most) most = good, best = cell;
  }
  return best;
}

/* Makes `count` cells around a centre streets, along the land's easiest ways; `cells` receives them, nearest first. */
static int32_t build_town(County *county, int32_t centre, int32_t count, int32_t *cells) {
  Search *search = &county->search;
  Land *land = &county->land;
  search_begin(search);
  search_source(search, centre, 0, 0);
  search_run(search, land, SEARCH_LAND, -1, 2 * count + 20);
  int32_t built = 0;
  for (int32_t i = 0; i < search->count && built < count; i++)
    if (can_build(land, search->order[i])) land->built[cells[built++] = search->order[i]] = true;
  return built;
}

/* The place of a cell along Hilbert's curve: cells that follow each other there lie side by side, so that a stretch of the
 * curve is a quarter of the town a cable can pass through. */
static uint64_t hilbert(uint32_t x, uint32_t y) {
  uint64_t at = 0;
  for (uint32_t side = 512; side > 0; side /= 2) {
    uint32_t right = (x & side) > 0, up = (y & side) > 0;
    at += (uint64_t)side * side * ((3 * right) ^ up);
    if (!up) {
      if (right) x = 1023 - x, y = 1023 - y;
      uint32_t other = x;
      x = y, y = other;
    }
  }
  return at;
}

static int order_u64(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static Point *add_point(County *county, int32_t settlement, int32_t cell, bool private_) {
  Point *point = &county->points[county->point_count++];
  *point = (Point){.cell = cell, .settlement = settlement, .private_ = private_, .feeder = -1};
  county->settlements[settlement].point_count++;
  return point;
}

/* Transformers of a built-up place, each street cell some, the inner ones more; sorted along the curve. */
static bool fill_town(County *county, int32_t centre, int32_t public_count, int32_t private_count, int32_t first, int32_t settlements) {
  int32_t count = public_count + private_count, room = count * 3 / 5 + 1;
  int32_t *cells = COUNTY_ARRAY(county, int32_t, room);
  uint64_t *sorted = COUNTY_ARRAY(county, uint64_t, count);
  if (!cells || !sorted) return false;
  int32_t built = build_town(county, centre, room, cells);
  if (built == 0) cells[built++] = centre;
  for (int32_t i = 0; i < count; i++) {
    int32_t cell = cells[i % built], private_ = (i + 1) * private_count / count - i * private_count / count;
    uint64_t along = hilbert((uint32_t)(cell % county->land.columns), (uint32_t)(cell / county->land.columns));
    sorted[i] = along << 32 | (uint32_t)(cell << 1) | (uint32_t)private_;
  }
  qsort(sorted, (size_t)count, sizeof *sorted, order_u64);
  for (int32_t i = 0; i < count; i++) {
    int32_t settlement = first + (int32_t)((int64_t)i * settlements / count);
    if (county->settlements[settlement].point_count == 0) county->settlements[settlement].point_first = county->point_count;
    add_point(county, settlement, (int32_t)(sorted[i] & UINT32_MAX) >> 1, sorted[i] & 1);
  }
  for (int32_t i = first; i < first + settlements; i++) {
    Settlement *settlement = &county->settlements[i];
    if (settlement->kind == SETTLEMENT_COMMUNITY)
      settlement->cell = county->points[settlement->point_first + settlement->point_count / 2].cell;
  }
  return true;
}

/* Transformers of a village: in the hamlets around its centre, apart from each other and low in the valley. */
static void fill_village(County *county, Random *random, int32_t which, int32_t public_count, int32_t private_count) {
  const Land *land = &county->land;
  Settlement *village = &county->settlements[which];
  int32_t reach = 16000 / land->cell_dm, column = village->cell % land->columns, row = village->cell / land->columns;
  village->point_first = county->point_count;
  for (int32_t i = 0; i < public_count + private_count; i++) {
    int32_t best = village->cell;
    int64_t most = INT64_MIN;
    for (int32_t try = 0; try < 10 && i > 0; try++) {
      int32_t x = column + (int32_t)random_between(random, -reach, reach), y = row + (int32_t)random_between(random, -reach, reach);
      if (x < 0 || y < 0 || x >= land->columns || y >= land->rows || !can_build(land, y * land->columns + x)) continue;
      int32_t cell = y * land->columns + x;
      int64_t near = 9000;
      for (int32_t j = village->point_first; j < county->point_count; j++) {
        int64_t distance = spot_distance(land->at[cell], land->at[county->points[j].cell]);
        if (distance < near) near = distance;
      }
      int64_t good = near - (int64_t)land->rise[cell] * 9000 / land->relief_dm;
      if (i < public_count)
        good -= spot_distance(land->at[cell], land->at[village->cell]) / 5; /* quarries, pumps, farms lie out of the way */
      if (good > most) most = good, best = cell;
    }
    add_point(county, which, best, i >= public_count);
  }
}

static void settle(County *county, Random *random, int32_t which, SettlementKind kind, int32_t cell, int32_t customers) {
  Settlement *settlement = &county->settlements[which];
  *settlement = (Settlement){.kind = kind, .cell = cell, .name = names_take(&county->names), .market = -1, .customers = customers};
  for (int i = 0; i < 3; i++) settlement->surname[i] = (int32_t)random_below(random, NAMES_SURNAMES);
  settlement->fish = random_below(random, 100) < 18;
  settlement->tobacco = random_below(random, 100) < 9;
}

/* Private customers as their kind has it; the others shared out over the public transformers, to the last one. */
static void share_customers(County *county, Random *random) {
  int64_t weights = 0, left = county->customers;
  int32_t privates = 0;
  for (int32_t i = 0; i < county->point_count; i++) {
    Point *point = &county->points[i];
    Settlement *settlement = &county->settlements[point->settlement];
    if (point->private_) {
      point->customers = private_make(county, point, random, privates++);
      left -= point->customers;
    } else {
      int64_t mean = settlement->kind == SETTLEMENT_VILLAGE ? settlement->customers : PUBLIC_MEAN[settlement->kind];
      point->customers = (int32_t)(mean * spread(random) / 1000); /* its weight, for now */
      weights += point->customers;
      point->number = ++settlement->groups;
    }
  }
  for (int32_t i = 0; i < county->settlement_count; i++) county->settlements[i].customers = county->settlements[i].groups = 0;
  int64_t passed = 0, given = 0;
  for (int32_t i = 0; i < county->point_count; i++) {
    Point *point = &county->points[i];
    if (!point->private_) {
      passed += point->customers;
      point->customers = (int32_t)(passed * left / weights - given);
      given += point->customers;
      point->kva = point_fit_kva(point->customers, random);
    }
    county->settlements[point->settlement].customers += point->customers;
  }
  assert(given == left && left > 0);
}

static int32_t private_of(Random *random, int32_t public_count, SettlementKind kind) {
  return (int32_t)(((int64_t)public_count * PRIVATE_PERCENT[kind] + random_below(random, 100)) / 100);
}

bool county_make_places(County *county) {
  Random random;
  county_random(county, &random, STAGE_PLACES, 0);
  int64_t customers = county->customers;
  int32_t markets = customers < MARKETS_FROM ? 0 : rounded(customers, CUSTOMERS_A_MARKET);
  int32_t villages = rounded(customers * VILLAGE_PERCENT, 100 * CUSTOMERS_A_VILLAGE);
  if (villages < 1) villages = 1;
  int64_t town = customers * (markets ? TOWN_PERCENT : 100 - VILLAGE_PERCENT) / 100;
  int64_t a_market = markets ? customers * (100 - TOWN_PERCENT - VILLAGE_PERCENT) / 100 / markets : 0;
  int32_t communities = rounded(town, CUSTOMERS_A_COMMUNITY);
  if (communities < 1) communities = 1;
  county->town_customers = (int32_t)town;
  county->market_first = communities, county->village_first = communities + markets;
  county->settlement_count = communities + markets + villages;
  county->settlements = COUNTY_ARRAY(county, Settlement, county->settlement_count);
  /* no more than 2.2 transformers for 80 customers, and a few for the smallest places */
  county->points = COUNTY_ARRAY(county, Point, (int32_t)(customers / 36) + 4 * county->settlement_count);
  if (!county->settlements || !county->points) return false;
  county->town_cell = find_town(&county->land);
  assert(county->town_cell >= 0);
  if (!keep_to_reach(county)) return false;
  for (int32_t i = 0; i < communities; i++) settle(county, &random, i, SETTLEMENT_COMMUNITY, county->town_cell, 0);
  int32_t town_public = rounded(town, PUBLIC_MEAN[SETTLEMENT_COMMUNITY]);
  if (town_public < communities) town_public = communities;
  if (!fill_town(county, county->town_cell, town_public, private_of(&random, town_public, SETTLEMENT_COMMUNITY), 0, communities))
    return false;
  for (int32_t i = county->market_first; i < county->village_first; i++) {
    int64_t size = a_market * random_between(&random, 55, 145) / 100;
    settle(county, &random, i, SETTLEMENT_MARKET, find_place(county, &random, i, 60, 3), (int32_t)size);
    int32_t public_count = rounded(size, PUBLIC_MEAN[SETTLEMENT_MARKET]);
    if (public_count < 1) public_count = 1;
    if (!fill_town(county, county->settlements[i].cell, public_count, private_of(&random, public_count, SETTLEMENT_MARKET), i, 1))
      return false;
  }
  for (int32_t i = county->village_first; i < county->settlement_count; i++) {
    int64_t size = customers * VILLAGE_PERCENT / 100 / villages * spread(&random) / 1000;
    /* a village's households keep to some size of transformer: near 60 in the hills, near 120 in the plain */
    int32_t cell = find_place(county, &random, i, 16, 4);
    int64_t mean = PUBLIC_MEAN[SETTLEMENT_VILLAGE] * (1000 - (int64_t)county->land.rise[cell] * 400 / county->land.relief_dm) / 1000;
    int32_t public_count = rounded(size, mean < 60 ? 60 : mean);
    if (public_count < 1) public_count = 1;
    settle(county, &random, i, SETTLEMENT_VILLAGE, cell, (int32_t)mean);
    fill_village(county, &random, i, public_count, private_of(&random, public_count, SETTLEMENT_VILLAGE));
  }
  share_customers(county, &random);
  return true;
}
