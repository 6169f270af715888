/* Substations, and which transformer hangs on which feeder. In the country every transformer is reached from its nearest
 * substation along the roads; the tree of these ways, walked round, is cut into feeders. In the county town the transformers
 * lie along a curve through the streets; each stretch of it is a cable, and the ends of two stretches meet in a ring. */
#include <assert.h>

#include "sim/generate_county.h"

enum { CUSTOMERS_A_SUBSTATION = 19400, CUSTOMERS_A_FEEDER = 2190, TOWN_SUBSTATIONS_PERCENT = 33 };

static int32_t town_points(const County *county) {
  const Settlement *last = &county->settlements[county->market_first - 1];
  return last->point_first + last->point_count;
}

static void build_substation(County *county, int32_t cell, int32_t settlement, bool urban) {
  Substation *substation = &county->substations[county->substation_count++];
  *substation = (Substation){.cell = cell, .settlement = settlement, .urban = urban, .name = county->settlements[settlement].name};
  substation->at = spot_add(county->land.at[cell], (Spot){county->land.cell_dm / 8, county->land.cell_dm / 6});
}

/* In town each new one as far as can be from the others; the first at the edge. */
static void build_in_town(County *county, int32_t count) {
  for (int32_t built = 0; built < count; built++) {
    int32_t best = 0;
    int64_t most = -1;
    for (int32_t i = 0; i < town_points(county); i++) {
      Spot at = county->land.at[county->points[i].cell];
      int64_t near = built ? INT64_MAX : spot_distance(at, county->land.at[county->town_cell]);
      for (int32_t j = 0; j < built; j++) {
        int64_t distance = spot_distance(at, county->land.at[county->substations[j].cell]);
        if (distance < near) near = distance;
      }
      if (near > most) most = near, best = i;
    }
    build_substation(county, county->points[best].cell, county->points[best].settlement, true);
  }
}

/* At the market towns with the most customers around them, at the edge of the place. */
static bool build_in_country(County *county, int32_t count) {
  int32_t *around = COUNTY_ARRAY(county, int32_t, county->village_first);
  if (!around) return false;
  for (int32_t i = county->market_first; i < county->settlement_count; i++)
    if (county->settlements[i].market >= 0) around[county->settlements[i].market] += county->settlements[i].customers;
  for (int32_t built = 0; built < count; built++) {
    int32_t market = county->market_first;
    for (int32_t i = market; i < county->village_first; i++)
      if (around[i] > around[market]) market = i;
    around[market] = -1;
    const Settlement *settlement = &county->settlements[market];
    int32_t cell = settlement->cell;
    int64_t most = -1;
    for (int32_t i = settlement->point_first; i < settlement->point_first + settlement->point_count; i++) {
      int64_t distance = spot_distance(county->land.at[county->points[i].cell], county->land.at[settlement->cell]);
      if (distance > most) most = distance, cell = county->points[i].cell;
    }
    build_substation(county, cell, market, false);
  }
  return true;
}

static bool build_substations(County *county) {
  int32_t markets = county->village_first - county->market_first;
  int32_t count = (int32_t)((county->customers + CUSTOMERS_A_SUBSTATION / 2) / CUSTOMERS_A_SUBSTATION);
  if (count < 1) count = 1;
  int32_t in_country = count - (count * TOWN_SUBSTATIONS_PERCENT + 50) / 100;
  if (in_country > markets) in_country = markets;
  if (in_country > count - 1) in_country = count - 1;
  county->substations = COUNTY_ARRAY(county, Substation, count);
  if (!county->substations) return false;
  build_in_town(county, count - in_country);
  return build_in_country(county, in_country);
}

/* A transformer as the walk round a substation's tree meets it; `meet` is how far from the substation the way here parts
 * from the way to the one before: small where a cut between the two separates branches. */
typedef struct Stop {
  int32_t point;
  int64_t meet;
} Stop;

typedef struct Walk {
  int32_t *head, *next; /* the points of each cell: head of cell, next of point; 0 ends, else index + 1 */
  int32_t *stack;
  Stop *stops;
  int32_t count;
} Walk;

static void walk_tree(County *county, Walk *walk, int32_t root) {
  const Land *land = &county->land;
  int64_t meet = 0;
  int32_t depth = 0;
  walk->count = 0;
  walk->stack[depth++] = root;
  while (depth > 0) {
    int32_t cell = walk->stack[--depth], before = county->parent[cell];
    if (before >= 0 && county->way[before] < meet) meet = county->way[before];
    for (int32_t point = walk->head[cell]; point; point = walk->next[point - 1]) {
      walk->stops[walk->count++] = (Stop){point - 1, meet};
      meet = county->way[cell];
    }
    int32_t back = 0;
    for (int32_t direction = 0; direction < NEIGHBOURS; direction++)
      if (before >= 0 && land_neighbour(land, cell, direction) == before) back = direction;
    for (int32_t i = NEIGHBOURS; i > 0; i--) {
      int32_t direction = (back + i) % NEIGHBOURS, next = land_neighbour(land, cell, direction);
      if ((land_links(land, cell) >> direction & 1) && next >= 0 && county->parent[next] == cell) walk->stack[depth++] = next;
    }
  }
}

static Feeder *add_feeder(County *county, int32_t substation, int32_t first) {
  Feeder *feeder = &county->feeders[county->feeder_count++];
  *feeder = (Feeder){.substation = substation, .first = first};
  return feeder;
}

/* Cuts the walk into feeders of about equal weight, at the places nearest the substation. */
static void cut_walk(County *county, const Walk *walk, int32_t substation, int32_t feeders, int32_t *filled) {
  int64_t left = 0, taken = 0;
  for (int32_t i = 0; i < walk->count; i++) left += point_weight(&county->points[walk->stops[i].point]);
  for (int32_t at = 0; feeders > 0 && at < walk->count; feeders--) {
    int64_t aim = left / feeders, best = INT64_MAX;
    int32_t end = walk->count;
    taken = 0;
    for (int32_t i = at; feeders > 1 && i < walk->count; i++) {
      /* half a kilometre more or less is the same; then the more even cut wins */
      int64_t cost = walk->stops[i].meet / 5000 * 100 + (taken < aim ? aim - taken : taken - aim) * 100 / aim;
      if (taken > aim * 4 / 5 && cost < best) best = cost, end = i;
      taken += point_weight(&county->points[walk->stops[i].point]);
      if (taken > aim * 6 / 5 && best < INT64_MAX) break;
    }
    Feeder *feeder = add_feeder(county, substation, *filled);
    for (; at < end; at++) {
      left -= point_weight(&county->points[walk->stops[at].point]);
      county->feeder_points[(*filled)++] = walk->stops[at].point;
    }
    feeder->count = *filled - feeder->first;
  }
}

/* Every country transformer from its nearest substation; a town's substation with little to do there leaves it to others. */
static bool reach_country(County *county, int64_t aim) {
  Search *search = &county->search;
  int64_t *weight = COUNTY_ARRAY(county, int64_t, county->substation_count);
  if (!weight) return false;
  for (int32_t round = 0; round < 2; round++) {
    search_begin(search);
    for (int32_t i = 0; i < county->substation_count; i++)
      if (round == 0 || i == 0 || weight[i] > aim / 4 || !county->substations[i].urban)
        search_source(search, county->substations[i].cell, i, 0);
    search_run(search, &county->land, SEARCH_ROADS, -1, INT32_MAX);
    if (search->failed) return county_out_of_memory(county);
    for (int32_t i = town_points(county); i < county->point_count && round == 0; i++) {
      int32_t cell = county->points[i].cell;
      assert(search_reached(search, cell)); /* all roads hang together, and every point lies on one */
      weight[search->label[cell]] += point_weight(&county->points[i]);
    }
  }
  return true;
}

static bool cut_country(County *county, int64_t aim, int32_t *filled) {
  Search *search = &county->search;
  Walk walk = {COUNTY_ARRAY(county, int32_t, county->land.cells), COUNTY_ARRAY(county, int32_t, county->point_count),
               COUNTY_ARRAY(county, int32_t, county->land.cells), COUNTY_ARRAY(county, Stop, county->point_count), 0};
  if (!walk.head || !walk.next || !walk.stack || !walk.stops) return false;
  if (!reach_country(county, aim)) return false;
  for (int32_t cell = 0; cell < county->land.cells; cell++) {
    county->parent[cell] = search_reached(search, cell) ? search->from[cell] : -2;
    county->way[cell] = search->cost[cell];
  }
  for (int32_t i = county->point_count - 1; i >= town_points(county); i--) {
    walk.next[i] = walk.head[county->points[i].cell];
    walk.head[county->points[i].cell] = i + 1;
  }
  for (int32_t i = 0; i < county->substation_count; i++) {
    int32_t root = county->substations[i].cell;
    if (search->label[root] != i || search->from[root] >= 0) continue; /* serves the town only */
    walk_tree(county, &walk, root);
    int64_t weight = 0;
    for (int32_t j = 0; j < walk.count; j++) weight += point_weight(&county->points[walk.stops[j].point]);
    int32_t feeders = (int32_t)((weight + aim / 2) / aim);
    cut_walk(county, &walk, i, feeders < 1 ? 1 : feeders, filled);
  }
  return true;
}

/* The nearest substation of the town to a point, but not `other`. */
static int32_t nearest_substation(const County *county, Spot at, int32_t other, int64_t *distance) {
  int32_t best = -1;
  for (int32_t i = 0; i < county->substation_count; i++) {
    int64_t away = spot_distance(county->substations[i].at, at);
    if (county->substations[i].urban && i != other && (best < 0 || away < *distance)) *distance = away, best = i;
  }
  return best;
}

static bool cut_town(County *county, int64_t aim, int32_t *filled) {
  Walk walk = {.stops = COUNTY_ARRAY(county, Stop, town_points(county)), .count = town_points(county)};
  if (!walk.stops) return false;
  int64_t weight = 0;
  for (int32_t i = 0; i < walk.count; i++) {
    /* best cut where the curve, leaving the town and coming back, makes the longest leap */
    int64_t leap = i ? spot_distance(county->points[i - 1].at, county->points[i].at) : 0;
    walk.stops[i] = (Stop){i, county->land.width_dm - leap};
    weight += point_weight(&county->points[i]);
  }
  int32_t feeders = (int32_t)((weight + aim / 2) / aim);
  cut_walk(county, &walk, 0, feeders < 1 ? 1 : feeders, filled);
  for (int32_t i = 0, before = -1; i < county->feeder_count; i++) {
    Feeder *feeder = &county->feeders[i];
    int32_t *points = &county->feeder_points[feeder->first];
    for (int32_t j = 0; i % 2 && j < feeder->count / 2; j++) { /* the second of a pair runs back towards the end of the first */
      int32_t other = points[j];
      points[j] = points[feeder->count - 1 - j];
      points[feeder->count - 1 - j] = other;
    }
    Spot head = county->points[points[0]].at;
    int64_t near = 0, second = 0;
    int32_t other = i % 2 ? nearest_substation(county, head, before, &second) : -1;
    feeder->substation = nearest_substation(county, head, -1, &near);
    if (other >= 0 && second < near * 2 + 10000) feeder->substation = other;
    feeder->ring = true;
    before = feeder->substation;
  }
  return true;
}

/* A feeder is named after a place it serves that gave no other its name: the last of them. */
static bool name_feeders(County *county) {
  bool *taken = COUNTY_ARRAY(county, bool, NAMES_PLACE_CODES);
  if (!taken) return false;
  for (int32_t i = 0; i < county->feeder_count; i++) {
    Feeder *feeder = &county->feeders[i];
    feeder->name = -1;
    for (int32_t j = feeder->count - 1; j >= 0 && feeder->name < 0; j--) {
      int32_t point = county->feeder_points[feeder->first + j], name = county->settlements[county->points[point].settlement].name;
      if (!taken[name]) feeder->name = name;
    }
    if (feeder->name < 0) feeder->name = names_take(&county->names);
    taken[feeder->name] = true;
    Substation *substation = &county->substations[feeder->substation];
    feeder->bus = substation->feeders++ % 2;
    feeder->outlet = 300 + substation->feeders;
    feeder->shift = spot_turn(5 * i, 60 + 45 * (i % 5));
    for (int32_t j = 0; j < feeder->count; j++) county->points[county->feeder_points[feeder->first + j]].feeder = i;
  }
  return true;
}

bool county_make_feeders(County *county) {
  if (!build_substations(county)) return false;
  int64_t weight = 0, count = (county->customers + CUSTOMERS_A_FEEDER / 2) / CUSTOMERS_A_FEEDER;
  for (int32_t i = 0; i < county->point_count; i++) weight += point_weight(&county->points[i]);
  if (count < 1) count = 1;
  county->parent = COUNTY_ARRAY(county, int32_t, county->land.cells);
  county->way = COUNTY_ARRAY(county, int64_t, county->land.cells);
  county->feeder_points = COUNTY_ARRAY(county, int32_t, county->point_count);
  county->feeders = COUNTY_ARRAY(county, Feeder, (int32_t)count + 2 * county->substation_count + 4);
  if (!county->parent || !county->way || !county->feeder_points || !county->feeders) return false;
  int32_t filled = 0;
  if (!cut_town(county, weight / count, &filled) || !cut_country(county, weight / count, &filled)) return false;
  assert(filled == county->point_count);
  return name_feeders(county);
}
