/* The map under the network, as GeoJSON: border, rivers, water, roads, names. */
#include "sim/generate_county.h"

enum { FINE_DM = 80, CHAIN_MAX = 4096 };

typedef struct Chain { /* a line being drawn: its spots */
  Spot at[CHAIN_MAX];
  int32_t count;
} Chain;

typedef struct Drawing {
  County *county;
  Chain *chain;
  Random random;
} Drawing;

static Buffer *begin_feature(Drawing *drawing, const char *geometry) {
  Buffer *out = sheet_rows(drawing->county, SHEET_BACKDROP);
  buffer_string(out, drawing->county->tally->features++ ? ",\n{" : "{");
  buffer_string(out, "\"type\":\"Feature\",\"geometry\":{\"type\":\"");
  buffer_string(out, geometry);
  buffer_string(out, "\",\"coordinates\":");
  return out;
}

static Buffer *begin_properties(Drawing *drawing, const char *kind) {
  Buffer *out = sheet_rows(drawing->county, SHEET_BACKDROP);
  buffer_string(out, "},\"properties\":{\"kind\":\"");
  buffer_string(out, kind);
  buffer_byte(out, '"');
  return out;
}

static void end_feature(Drawing *drawing) {
  buffer_string(sheet_rows(drawing->county, SHEET_BACKDROP), "}}");
  sheet_flush(drawing->county, SHEET_BACKDROP);
}

static void put_property(Buffer *out, const char *key, const char *value) {
  buffer_string(out, ",\"");
  buffer_string(out, key);
  buffer_string(out, "\":\"");
  buffer_string(out, value);
  buffer_byte(out, '"');
}

/* The chain without the spots that lie on a straight line between others (Douglas, Peucker), in place. */
static void thin(Chain *chain, int32_t first, int32_t last, bool *keep) {
  int32_t stack[64][2], depth = 0;
  stack[depth][0] = first, stack[depth++][1] = last;
  while (depth > 0) {
    int32_t from = stack[--depth][0], to = stack[depth][1], worst = -1;
    Spot a = chain->at[from], b = chain->at[to];
    int64_t x = b.x - a.x, y = b.y - a.y, length = spot_distance(a, b) + 1, most = FINE_DM;
    for (int32_t i = from + 1; i < to; i++) {
      Spot at = chain->at[i];
      int64_t off = (x * (at.y - a.y) - y * (at.x - a.x)) / length;
      if (length < FINE_DM) off = spot_distance(at, a); /* a loop's two ends */
      if (off < 0) off = -off;
      if (off > most) most = off, worst = i;
    }
    if (worst < 0) continue;
    keep[worst] = true;
    if (depth + 2 > 64) continue;
    stack[depth][0] = from, stack[depth++][1] = worst;
    stack[depth][0] = worst, stack[depth++][1] = to;
  }
}

/* The chain as a feature's geometry; false when there is nothing of it. */
static bool draw_line(Drawing *drawing) {
  Chain *chain = drawing->chain;
  if (chain->count < 2) return false;
  bool keep[CHAIN_MAX] = {false};
  keep[0] = keep[chain->count - 1] = true;
  thin(chain, 0, chain->count - 1, keep);
  Buffer *out = begin_feature(drawing, "LineString");
  for (int32_t i = 0; i < chain->count; i++) {
    if (!keep[i]) continue;
    buffer_byte(out, i ? ',' : '[');
    put_degrees5(out, drawing->county, chain->at[i]);
  }
  buffer_byte(out, ']');
  return true;
}

static void draw_ring(Drawing *drawing, const Spot *ring, int32_t count) {
  Buffer *out = begin_feature(drawing, "Polygon");
  buffer_string(out, "[[");
  for (int32_t i = 0; i <= count; i++) {
    if (i) buffer_byte(out, ',');
    put_degrees5(out, drawing->county, ring[i % count]);
  }
  buffer_string(out, "]]");
}

static void add_spot(Chain *chain, Spot at) {
  if (chain->count < CHAIN_MAX) chain->at[chain->count++] = at;
}

static bool draw_rivers(Drawing *drawing, int32_t least) {
  const Land *land = &drawing->county->land;
  bool *fed = COUNTY_ARRAY(drawing->county, bool, land->cells), *drawn = COUNTY_ARRAY(drawing->county, bool, land->cells);
  if (!fed || !drawn) return false;
  for (int32_t cell = 0; cell < land->cells; cell++)
    if (land->inside[cell] && land->down[cell] >= 0 && land->river[cell] == land->river[land->down[cell]]) fed[land->down[cell]] = true;
  for (int32_t source = 0; source < land->cells; source++) {
    int32_t width = land->river[source];
    if (width < least || fed[source] || !land->inside[source]) continue;
    drawing->chain->count = 0;
    for (int32_t cell = source; cell >= 0; cell = land->down[cell]) {
      add_spot(drawing->chain, land->at[cell]);
      if (drawn[cell] || land->river[cell] != width || !land->inside[cell]) break;
      drawn[cell] = true;
    }
    if (!draw_line(drawing)) continue;
    Buffer *out = begin_properties(drawing, "river");
    buffer_string(out, ",\"width\":");
    buffer_i64(out, width);
    if (width == RIVER_MAIN) {
      buffer_string(out, ",\"name\":\"");
      names_put_place(out, drawing->county->river_name);
      buffer_string(out, "河\"");
    }
    end_feature(drawing);
  }
  return true;
}

/* A round water, longer along `turn`. */
static void draw_water(Drawing *drawing, Spot at, int32_t radius, const char *class) {
  enum { CORNERS = 16 };
  Spot ring[CORNERS];
  int32_t turn = (int32_t)random_below(&drawing->random, 32);
  for (int32_t i = 0; i < CORNERS; i++) {
    int32_t reach = radius * (int32_t)random_between(&drawing->random, 84, 112) / 100;
    Spot out = spot_turn(i * 32 / CORNERS, reach), along = spot_turn(turn, 1000);
    int64_t shift = ((int64_t)out.x * along.x + (int64_t)out.y * along.y) / 1600000; /* stretched along the turn */
    ring[i] = (Spot){at.x + out.x + (int32_t)(shift * along.x / 1000), at.y + out.y + (int32_t)(shift * along.y / 1000)};
  }
  draw_ring(drawing, ring, CORNERS);
  put_property(begin_properties(drawing, "water"), "class", class);
  end_feature(drawing);
}

static void draw_waters(Drawing *drawing) {
  const County *county = drawing->county;
  const Land *land = &county->land;
  Random *random = &drawing->random;
  for (int32_t wanted = 1 + land->cells / 12000, tries = 0; wanted > 0 && tries < 4000; tries++) {
    int32_t cell = (int32_t)random_below(random, (uint32_t)land->cells);
    if (!land->inside[cell] || land->river[cell] != 1 || land_links(land, cell) || land->height[cell] < land->relief_dm) continue;
    draw_water(drawing, land->at[cell], land->cell_dm * (int32_t)random_between(random, 12, 30) / 10, "reservoir");
    wanted--;
  }
  for (int32_t i = county->village_first; i < county->settlement_count; i++) {
    const Settlement *village = &county->settlements[i];
    for (int64_t ponds = village->fish ? random_between(random, 4, 8) : random_between(random, 0, 2); ponds > 0; ponds--) {
      int32_t point = village->point_first + (int32_t)random_below(random, (uint32_t)village->point_count);
      int32_t direction = (int32_t)random_below(random, 32);
      Spot at = spot_add(county->points[point].at, spot_turn(direction, (int32_t)random_between(random, 1000, 3500)));
      draw_water(drawing, at, (int32_t)random_between(random, 200, 650), "pond");
    }
  }
}

/* Follows links not drawn yet from a cell, until the road forks or ends. */
static void draw_road(Drawing *drawing, uint8_t *left, int32_t cell, const char *class) {
  const Land *land = &drawing->county->land;
  drawing->chain->count = 0;
  add_spot(drawing->chain, land->at[cell]);
  while (left[cell]) {
    int32_t direction = 0;
    while (!(left[cell] >> direction & 1)) direction++;
    int32_t next = land_neighbour(land, cell, direction);
    left[cell] &= (uint8_t) ~(1 << direction);
    left[next] &= (uint8_t) ~(1 << (direction + 4) % NEIGHBOURS);
    cell = next;
    add_spot(drawing->chain, land->at[cell]);
    if (left[cell] & (left[cell] - 1)) break; /* more than one way on */
    if (drawing->chain->count == CHAIN_MAX) break;
  }
  if (!draw_line(drawing)) return;
  put_property(begin_properties(drawing, "road"), "class", class);
  end_feature(drawing);
}

static bool draw_roads(Drawing *drawing, int32_t least) {
  static const char *const ROAD[] = {"village", "county", "highway"};
  const Land *land = &drawing->county->land;
  uint8_t *left = COUNTY_ARRAY(drawing->county, uint8_t, land->cells), *higher = COUNTY_ARRAY(drawing->county, uint8_t, land->cells);
  if (!left || !higher) return false;
  for (int32_t road = ROAD_HIGHWAY; road >= least; road--) {
    for (int32_t cell = 0; cell < land->cells; cell++) {
      left[cell] = land->link[road][cell] & (uint8_t)~higher[cell];
      higher[cell] |= land->link[road][cell];
    }
    for (int32_t pass = 0; pass < 2; pass++) /* first from ends and forks, then the rings that have none */
      for (int32_t cell = 0; cell < land->cells; cell++) {
        uint8_t all = left[cell];
        bool through = all && (all & (all - 1)) && !(all & (all - 1) & ((all & (all - 1)) - 1)); /* two links */
        if (pass == 0 && through) continue;
        while (left[cell]) draw_road(drawing, left, cell, ROAD[road]);
      }
  }
  return true;
}

static void draw_name(Drawing *drawing, Spot at, const char *class, int32_t which, int64_t customers) {
  const County *county = drawing->county;
  Buffer *out = begin_feature(drawing, "Point");
  put_degrees5(out, county, at);
  put_property(begin_properties(drawing, "settlement"), "class", class);
  buffer_string(out, ",\"name\":\"");
  if (which < 0) {
    names_put_county(out, county->name);
    buffer_string(out, "县城");
  } else if (county->settlements[which].kind == SETTLEMENT_MARKET) {
    put_town(out, county, &county->settlements[which]);
  } else {
    put_settlement(out, &county->settlements[which]);
  }
  buffer_string(out, "\",\"customers\":");
  buffer_i64(out, customers);
  end_feature(drawing);
}

static void draw_names(Drawing *drawing, bool villages) {
  static const char *const KIND[] = {"community", "town", "village"};
  const County *county = drawing->county;
  draw_name(drawing, county->land.at[county->town_cell], "city", -1, county->town_customers);
  for (int32_t i = 0; i < county->settlement_count; i++) {
    const Settlement *settlement = &county->settlements[i];
    if (settlement->kind == SETTLEMENT_MARKET || villages)
      draw_name(drawing, county->land.at[settlement->cell], KIND[settlement->kind], i, settlement->customers);
  }
}

bool county_write_backdrop(County *county) {
  Drawing drawing = {.county = county, .chain = COUNTY_ARRAY(county, Chain, 1)};
  bool fine = county->of == 1; /* of a whole province only the larger things */
  if (!drawing.chain) return false;
  county_random(county, &drawing.random, STAGE_BACKDROP, 0);
  draw_ring(&drawing, county->land.border, county->land.border_count);
  Buffer *out = begin_properties(&drawing, "border");
  buffer_string(out, ",\"name\":\"");
  names_put_county(out, county->name);
  buffer_string(out, "县\"");
  end_feature(&drawing);
  if (!draw_rivers(&drawing, fine ? 1 : 2)) return false;
  if (fine) draw_waters(&drawing);
  if (!draw_roads(&drawing, fine ? ROAD_VILLAGE : ROAD_COUNTY)) return false;
  draw_names(&drawing, fine);
  return true;
}
