/* Roads: streets, highways through the county town, county roads to the markets, village roads to every hamlet. */
#include "base/map.h"
#include "sim/generate_county.h"

/* Streets between built cells; one in seven is missing, so that the town is not a chess-board. */
static void lay_streets(Land *land, Random *random) {
  for (int32_t cell = 0; cell < land->cells; cell++) {
    if (!land->built[cell]) continue;
    for (int32_t direction = 0; direction <= 2; direction += 2) {
      int32_t next = land_neighbour(land, cell, direction);
      if (next >= 0 && land->built[next] && random_below(random, 7) > 0) land_link(land, cell, next, ROAD_VILLAGE);
    }
  }
}

/* A road from a cell back to where the search came from, or only to the first road it meets. */
static void lay_road(County *county, int32_t cell, RoadClass road, bool to_first) {
  const Search *search = &county->search;
  if (!search_reached(search, cell)) return;
  bool met = to_first && land_links(&county->land, cell);
  while (search->from[cell] >= 0 && !met) {
    int32_t next = search->from[cell];
    met = to_first && land_links(&county->land, next);
    land_link(&county->land, cell, next, road);
    cell = next;
  }
}

static void lay_highways(County *county, Random *random) {
  Land *land = &county->land;
  int32_t turn = (int32_t)random_below(random, 32);
  for (int32_t i = 0; i < 4; i++) {
    Spot way = spot_turn(turn + 8 * i + (int32_t)random_between(random, -2, 2), 1000);
    int32_t best = county->town_cell;
    int64_t most = INT64_MIN;
    for (int32_t cell = 0; cell < land->cells; cell++) {
      int64_t reach = (int64_t)land->at[cell].x * way.x + (int64_t)land->at[cell].y * way.y;
      if (land->inside[cell] && land->river[cell] < 2 && reach > most) most = reach, best = cell;
    }
    lay_road(county, best, ROAD_HIGHWAY, false);
  }
}

typedef struct Border { /* the easiest place to go from one settlement's land into another's */
  int64_t cost;
  int32_t a, b;
} Border;

/* Roads from settlement to neighbouring settlement, `percent` of those there could be. */
static bool lay_links(County *county, Random *random, int32_t first, int32_t last, uint32_t percent, RoadClass road) {
  bool ok = false;
  Search *search = &county->search;
  Land *land = &county->land;
  Map pairs = {0};
  VECTOR(Border) borders = {0};
  search_begin(search);
  for (int32_t i = first; i < last; i++) search_source(search, county->settlements[i].cell, i, 0);
  if (first == county->market_first) search_source(search, county->town_cell, 0, 0);
  search_run(search, land, SEARCH_LAND, -1, INT32_MAX);
  for (int32_t i = 0; i < search->count; i++)
    for (int32_t direction = 0, cell = search->order[i]; direction < 4; direction++) {
      int32_t next = land_neighbour(land, cell, direction);
      if (next < 0 || !search_reached(search, next) || search->label[next] == search->label[cell]) continue;
      int32_t a = search->label[cell] < search->label[next] ? cell : next, b = a == cell ? next : cell;
      int64_t key = (int64_t)search->label[a] << 32 | search->label[b], at = 0, cost = search->cost[a] + search->cost[b];
      if (!map_get(&pairs, key, &at)) {
        at = (int64_t)borders.count;
        if (!map_put(&pairs, key, at) || !vector_push(&borders, (Border){INT64_MAX, a, b})) goto done;
      }
      if (cost < borders.at[at].cost) borders.at[at] = (Border){cost, a, b};
    }
  for (size_t i = 0; i < borders.count; i++) {
    if (random_below(random, 100) >= percent) continue;
    land_link(land, borders.at[i].a, borders.at[i].b, road);
    lay_road(county, borders.at[i].a, road, false);
    lay_road(county, borders.at[i].b, road, false);
  }
  ok = !search->failed;
done:
  map_free(&pairs);
  vector_free(&borders);
  return ok || county_out_of_memory(county);
}

static bool search_from_roads(County *county) {
  Search *search = &county->search;
  search_begin(search);
  for (int32_t cell = 0; cell < county->land.cells; cell++)
    if (land_links(&county->land, cell)) search_source(search, cell, 0, 0);
  search_run(search, &county->land, SEARCH_LAND, -1, INT32_MAX);
  return !search->failed;
}

/* Roads swing: outside the towns each spot moves towards the middle of its neighbours along the road. */
static void smooth_roads(Land *land) {
  for (int32_t round = 0; round < 3; round++)
    for (int32_t cell = 0; cell < land->cells; cell++) {
      uint8_t links = land_links(land, cell);
      if (!links || land->built[cell] || land->river[cell]) continue;
      int64_t x = 0, y = 0, count = 0;
      for (int32_t direction = 0; direction < NEIGHBOURS; direction++) {
        if (!(links >> direction & 1)) continue;
        Spot at = land->at[land_neighbour(land, cell, direction)];
        x += at.x, y += at.y, count++;
      }
      if (count < 2) continue;
      land->at[cell] = (Spot){(int32_t)((land->at[cell].x + x / count) / 2), (int32_t)((land->at[cell].y + y / count) / 2)};
    }
}

/* Which market town each place on a road belongs to. */
static bool divide_county(County *county) {
  Search *search = &county->search;
  county->territory = COUNTY_ARRAY(county, int32_t, county->land.cells);
  if (!county->territory) return false;
  search_begin(search);
  search_source(search, county->town_cell, -1, 0);
  for (int32_t i = county->market_first; i < county->village_first; i++) search_source(search, county->settlements[i].cell, i, 0);
  search_run(search, &county->land, SEARCH_ROADS, -1, INT32_MAX);
  for (int32_t cell = 0; cell < county->land.cells; cell++)
    county->territory[cell] = search_reached(search, cell) ? search->label[cell] : -1;
  for (int32_t i = county->market_first; i < county->settlement_count; i++)
    county->settlements[i].market = county->territory[county->settlements[i].cell];
  return true;
}

static void place_points(County *county, Random *random) {
  int32_t most = county->land.cell_dm * 36 / 100;
  for (int32_t i = 0; i < county->point_count; i++) {
    Point *point = &county->points[i];
    int32_t direction = (int32_t)random_below(random, 32);
    point->at = spot_add(county->land.at[point->cell], spot_turn(direction, (int32_t)random_between(random, 120, most)));
  }
}

bool county_make_roads(County *county) {
  Search *search = &county->search;
  Land *land = &county->land;
  Random random;
  county_random(county, &random, STAGE_ROADS, 0);
  lay_streets(land, &random);
  search_begin(search);
  search_source(search, county->town_cell, 0, 0);
  search_run(search, land, SEARCH_LAND, -1, INT32_MAX);
  lay_highways(county, &random);
  for (int32_t i = county->market_first; i < county->village_first; i++) lay_road(county, county->settlements[i].cell, ROAD_COUNTY, false);
  for (int32_t cell = 0; cell < land->cells; cell++)
    if (land->built[cell] && county->search.label[cell] == 0) lay_road(county, cell, ROAD_VILLAGE, false);
  if (!lay_links(county, &random, county->market_first, county->village_first, 55, ROAD_COUNTY)) return false;
  if (!search_from_roads(county)) return county_out_of_memory(county);
  for (int32_t i = county->village_first; i < county->settlement_count; i++)
    lay_road(county, county->settlements[i].cell, ROAD_VILLAGE, true);
  if (!lay_links(county, &random, county->village_first, county->settlement_count, 22, ROAD_VILLAGE)) return false;
  if (!search_from_roads(county)) return county_out_of_memory(county);
  for (int32_t i = 0; i < county->point_count; i++) lay_road(county, county->points[i].cell, ROAD_VILLAGE, true);
  smooth_roads(land);
  if (!divide_county(county)) return false;
  place_points(county, &random);
  return !search->failed || county_out_of_memory(county);
}
