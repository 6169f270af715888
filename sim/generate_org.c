/* Who looks after what: stations, grids, and the rows of orgs.csv, crews.csv and stock.csv. */
#include <assert.h>

#include "sim/generate_county.h"

enum { CUSTOMERS_A_TOWN_STATION = 45000, CUSTOMERS_A_GRID = 620, CUSTOMERS_A_CREW = 7000, CREWS_LEAST = 3 };

void put_org(Buffer *out, const char *kind, int64_t number) {
  buffer_string(out, kind);
  buffer_byte(out, '-');
  buffer_i64(out, number);
}

void put_settlement(Buffer *out, const Settlement *settlement) {
  static const char *const WHAT[] = {"社区", "集镇", "村"};
  names_put_place(out, settlement->name);
  buffer_string(out, WHAT[settlement->kind]);
}

void put_town(Buffer *out, const County *county, const Settlement *settlement) {
  if (settlement->market < 0) {
    buffer_string(out, "城关镇");
    return;
  }
  names_put_place(out, county->settlements[settlement->market].name);
  buffer_string(out, settlement->market % 4 == 3 ? "乡" : "镇");
}

void put_station(Buffer *out, const County *county, int32_t which) {
  static const char *const SIDE[] = {"城中", "城东", "城西", "城南", "城北", "城郊", "新城", "河东", "河西", "桥北"};
  const Station *station = &county->stations[which];
  if (station->ordinal >= 0)
    buffer_string(out, SIDE[station->ordinal % 10]);
  else
    names_put_place(out, county->settlements[station->settlement].name);
  buffer_string(out, "供电所");
}

/* One a market town, some for the county town; those of the hills farthest out count as remote. */
static bool make_stations(County *county) {
  int32_t town = (county->town_customers + CUSTOMERS_A_TOWN_STATION / 2) / CUSTOMERS_A_TOWN_STATION;
  int32_t communities = county->market_first;
  county->town_stations = town < 1 ? 1 : town > 10 ? 10 : town > communities ? communities : town;
  county->station_count = county->town_stations + county->village_first - communities;
  county->stations = COUNTY_ARRAY(county, Station, county->station_count);
  if (!county->stations) return false;
  Spot centre = county->land.at[county->town_cell];
  for (int32_t i = 0; i < communities; i++) county->settlements[i].station = i * county->town_stations / communities;
  for (int32_t i = 0; i < county->station_count; i++) {
    bool urban = i < county->town_stations;
    int32_t settlement = urban ? (2 * i + 1) * communities / (2 * county->town_stations) : i - county->town_stations + communities;
    county->settlements[settlement].station = i;
    Station *station = &county->stations[i];
    *station = (Station){.settlement = settlement, .ordinal = urban ? i : -1, .area = urban ? AREA_URBAN : AREA_RURAL};
    station->at =
        spot_add(county->land.at[county->settlements[settlement].cell], (Spot){county->land.cell_dm / 5, county->land.cell_dm / 9});
    if (!urban && spot_distance(station->at, centre) * 3 > county->land.width_dm) station->area = AREA_REMOTE;
  }
  for (int32_t i = communities; i < county->settlement_count; i++) {
    Settlement *settlement = &county->settlements[i];
    settlement->station = settlement->market < 0 ? i % county->town_stations : county->town_stations + settlement->market - communities;
  }
  for (int32_t i = 0; i < county->settlement_count; i++)
    county->stations[county->settlements[i].station].customers += county->settlements[i].customers;
  return true;
}

/* A grid is a village, or as much of a larger place as one manager can look after. */
static bool make_grids(County *county) {
  int64_t most = county->customers * 2 / CUSTOMERS_A_GRID + county->settlement_count;
  county->grids = COUNTY_ARRAY(county, Grid, (int32_t)most);
  if (!county->grids) return false;
  for (int32_t i = 0; i < county->settlement_count; i++) {
    const Settlement *settlement = &county->settlements[i];
    int32_t count = (settlement->customers + CUSTOMERS_A_GRID * 2 / 5) / CUSTOMERS_A_GRID, first = county->grid_count;
    if (count < 1) count = 1;
    for (int32_t j = 0; j < count; j++) county->grids[county->grid_count++] = (Grid){i, count > 1 ? j + 1 : 0};
    int64_t passed = 0, public_count = 0, seen = 0;
    for (int32_t j = 0; j < settlement->point_count; j++) {
      const Point *point = &county->points[settlement->point_first + j];
      if (!point->private_) public_count += point->customers;
    }
    for (int32_t j = 0; j < settlement->point_count; j++) { /* by public customers; private ones wherever they stand among them */
      Point *point = &county->points[settlement->point_first + j];
      bool apart = settlement->kind == SETTLEMENT_VILLAGE && point->private_; /* a village's stand last: dealt out in turn */
      int64_t at = apart ? seen++ % count : (passed + (point->private_ ? 0 : point->customers / 2)) * count / (public_count + 1);
      point->grid = first + (int32_t)at;
      if (!point->private_) passed += point->customers;
    }
  }
  assert(county->grid_count <= most);
  return true;
}

bool county_make_stations(County *county) { return make_stations(county) && make_grids(county); }

static void put_manager(County *county, Buffer *out, Random *random) {
  names_put_person(out, random, (int32_t)random_below(random, NAMES_SURNAMES));
  buffer_byte(out, ',');
  names_put_phone(out, 99999999 - county->tally->staff++);
}

static void write_above(County *county) {
  Buffer *out = sheet_rows(county, SHEET_ORGS);
  if (county->index == 0) {
    buffer_string(out, "province,,province,云稻省电力公司,,,");
    sheet_end_row(county, SHEET_ORGS);
  }
  if (county->index % COUNTIES_A_CITY == 0) {
    put_org(out, "city", county->index / COUNTIES_A_CITY + 1);
    buffer_string(out, ",province,city,");
    names_put_city(out, county->city_name);
    buffer_string(out, "市供电公司,,,");
    sheet_end_row(county, SHEET_ORGS);
  }
}

static void write_stations(County *county, Random *random) {
  static const char *const AREA[] = {"urban", "rural", "remote"};
  Buffer *out = sheet_rows(county, SHEET_ORGS);
  put_org(out, "county", county->index + 1);
  buffer_byte(out, ',');
  put_org(out, "city", county->index / COUNTIES_A_CITY + 1);
  buffer_string(out, ",county,");
  names_put_county(out, county->name);
  buffer_string(out, "县供电公司,,");
  put_manager(county, out, random);
  sheet_end_row(county, SHEET_ORGS);
  for (int32_t i = 0; i < county->station_count; i++) {
    put_org(out, "station", county->base.stations + i + 1);
    buffer_byte(out, ',');
    put_org(out, "county", county->index + 1);
    buffer_string(out, ",station,");
    put_station(out, county, i);
    buffer_byte(out, ',');
    buffer_string(out, AREA[county->stations[i].area]);
    buffer_byte(out, ',');
    put_manager(county, out, random);
    sheet_end_row(county, SHEET_ORGS);
  }
  for (int32_t i = 0; i < county->grid_count; i++) {
    const Settlement *settlement = &county->settlements[county->grids[i].settlement];
    put_org(out, "grid", county->base.grids + i + 1);
    buffer_byte(out, ',');
    put_org(out, "station", county->base.stations + settlement->station + 1);
    buffer_string(out, ",grid,");
    put_settlement(out, settlement);
    if (county->grids[i].ordinal) buffer_i64(out, county->grids[i].ordinal);
    buffer_string(out, county->grids[i].ordinal ? "号网格," : "网格,");
    buffer_string(out, AREA[county->stations[settlement->station].area]);
    buffer_byte(out, ',');
    put_manager(county, out, random);
    sheet_end_row(county, SHEET_ORGS);
  }
}

/* Skills of the crews of a station: every crew does low voltage; the first of each station medium voltage too. */
static void put_skills(Buffer *out, Random *random, AreaType area, int32_t nth, int64_t number) {
  buffer_string(out, "lv");
  if (nth == 0 || random_below(random, 100) < 60) buffer_string(out, ";mv");
  if (nth == 0 || random_below(random, 100) < 40) buffer_string(out, ";transformer");
  if (number == 1 || (area == AREA_URBAN ? random_below(random, 100) < 70 : random_below(random, 100) < 15)) buffer_string(out, ";cable");
  if (number == 2 || random_below(random, 100) < 8) buffer_string(out, ";live_line");
  if (number == 1 || random_below(random, 100) < 20) buffer_string(out, ";crane");
  if (number == 3 || random_below(random, 100) < (area == AREA_URBAN ? 15 : 55)) buffer_string(out, ";tree");
}

static void write_crews(County *county, Random *random) {
  int64_t least = CREWS_LEAST, begun = county->tally->crews;
  for (int32_t i = 0; i < county->station_count; i++) {
    const Station *station = &county->stations[i];
    int32_t count = (station->customers + CUSTOMERS_A_CREW / 2) / CUSTOMERS_A_CREW;
    if (count < 1) count = 1;
    if (i == county->station_count - 1 && county->tally->crews - begun + count < least)
      count = (int32_t)(least - county->tally->crews + begun);
    for (int32_t j = 0; j < count; j++) {
      Buffer *out = sheet_rows(county, SHEET_CREWS);
      int64_t number = ++county->tally->crews;
      bool day = number % 2; /* each station with two crews has one by day and one by night */
      put_org(out, "crew", number);
      buffer_byte(out, ',');
      put_station(out, county, i);
      buffer_string(out, "抢修");
      names_put_number(out, j % 99 + 1);
      buffer_string(out, "班,");
      put_org(out, "station", county->base.stations + i + 1);
      buffer_byte(out, ',');
      put_degrees(out, county, station->at, ',');
      buffer_byte(out, ',');
      put_skills(out, random, station->area, j, number - begun);
      buffer_byte(out, ',');
      buffer_i64(out, random_between(random, 2, 5));
      buffer_string(out, day ? ",08:00,20:00," : ",20:00,08:00,");
      names_put_phone(out, 99999999 - county->tally->staff++);
      sheet_end_row(county, SHEET_CREWS);
    }
  }
}

static void put_stock(County *county, int32_t station, const char *item, int64_t quantity, const char *unit) {
  Buffer *out = sheet_rows(county, SHEET_STOCK);
  if (quantity <= 0) return;
  put_org(out, "station", county->base.stations + station + 1);
  buffer_byte(out, ',');
  buffer_string(out, item);
  buffer_byte(out, ',');
  buffer_i64(out, quantity);
  buffer_byte(out, ',');
  buffer_string(out, unit);
  buffer_byte(out, ',');
  put_degrees(out, county, county->stations[station].at, ',');
  sheet_end_row(county, SHEET_STOCK);
}

/* The first station keeps the county's store; each other what it needs first, and one or two of the common transformers. */
static void write_stock(County *county, Random *random) {
  static const char *const TRANSFORMER[] = {"transformer_30kva",  "transformer_50kva",  "transformer_80kva",  "transformer_100kva",
                                            "transformer_125kva", "transformer_160kva", "transformer_200kva", "transformer_250kva",
                                            "transformer_315kva", "transformer_400kva", "transformer_500kva", "transformer_630kva",
                                            "transformer_800kva", "transformer_1000kva"};
  static const struct {
    const char *item, *unit;
    int32_t least, most;
  } GOODS[] = {{"fuse_10kv", "只", 6, 18},
               {"fuse_link_10kv", "根", 20, 60},
               {"arrester_10kv", "只", 3, 12},
               {"switch_10kv", "台", 0, 2},
               {"insulator_10kv", "只", 20, 80},
               {"conductor_jklgyj_70", "m", 300, 1500},
               {"conductor_jklgyj_150", "m", 0, 800},
               {"cable_yjv22_3x70", "m", 0, 300},
               {"cable_yjv22_4x95", "m", 100, 500},
               {"cable_blv_16", "m", 300, 1500},
               {"lv_breaker_250a", "只", 2, 8},
               {"lv_breaker_63a", "只", 10, 40},
               {"meter_single_phase", "只", 40, 200},
               {"meter_three_phase", "只", 5, 30},
               {"meter_box", "只", 5, 25},
               {"pole_10m", "根", 2, 10},
               {"pole_12m", "根", 0, 8}};
  enum { SIZES = sizeof TRANSFORMER / sizeof *TRANSFORMER };
  for (int32_t i = 0; i < county->station_count; i++) {
    bool store = i == 0;
    for (uint32_t size = 0; size < SIZES; size++) {
      bool common = size >= 3 && size <= 9;                      /* 100 … 400 kVA */
      int64_t count = random_between(random, 0, common ? 5 : 3); /* in the country mostly none */
      put_stock(county, i, TRANSFORMER[size], store ? count / 2 + 1 + common : common ? count / 4 : count / 3 * (size < 3), "台");
    }
    for (size_t good = 0; good < sizeof GOODS / sizeof *GOODS; good++) {
      int64_t count = random_between(random, GOODS[good].least, GOODS[good].most);
      put_stock(county, i, GOODS[good].item, store ? count * 4 + 4 : count, GOODS[good].unit);
    }
  }
}

void county_write_orgs(County *county) {
  Random random;
  county_random(county, &random, STAGE_STAFF, 0);
  write_above(county);
  write_stations(county, &random);
  write_crews(county, &random);
  write_stock(county, &random);
}
