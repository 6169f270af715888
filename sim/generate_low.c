/* Low voltage: from the transformer by its outgoing breakers, branch boxes and meter boxes to the customers. */
#include <assert.h>

#include "sim/generate_county.h"

typedef enum Kind { /* what a customer on a public transformer is */
                    KIND_FAMILY,
                    KIND_FAMILY_3,
                    KIND_SHOP,
                    KIND_SHOP_3,
                    KIND_WORKS,
                    KIND_OFFICE,
                    KIND_SCHOOL,
                    KIND_LAMPS,
                    KIND_FISH,
                    KIND_PUMP,
                    KIND_CURING,
                    KIND_BARN,
                    KIND_COLD,
                    KINDS
} Kind;

typedef struct KindRow {
  const char *category, *tags;
  bool three_phase;
  int32_t kw[4];
  int32_t chance[3]; /* of 10,000, by settlement kind; families take the rest */
} KindRow;

static const KindRow KIND[KINDS] = {
    [KIND_FAMILY] = {"residential", "", false, {4, 6, 8, 10}, {0, 0, 0}},
    [KIND_FAMILY_3] = {"residential", "", true, {12, 15, 15, 20}, {40, 110, 160}},
    [KIND_SHOP] = {"commercial", "", false, {4, 6, 8, 10}, {760, 700, 160}},
    [KIND_SHOP_3] = {"commercial", "", true, {12, 15, 20, 30}, {210, 150, 30}},
    [KIND_WORKS] = {"industrial", "", true, {15, 20, 30, 45}, {20, 50, 30}},
    [KIND_OFFICE] = {"public", "", false, {6, 8, 10, 10}, {30, 40, 40}},
    [KIND_SCHOOL] = {"public", "school", true, {15, 20, 30, 40}, {12, 15, 10}},
    [KIND_LAMPS] = {"public", "street_lamps", false, {2, 3, 4, 6}, {20, 20, 20}},
    [KIND_FISH] = {"farm", "fish_farm", true, {10, 15, 20, 30}, {0, 10, 20}},
    [KIND_PUMP] = {"farm", "irrigation", true, {8, 11, 15, 22}, {0, 10, 70}},
    [KIND_CURING] = {"farm", "curing", true, {10, 12, 15, 20}, {0, 0, 4}},
    [KIND_BARN] = {"farm", "", false, {4, 6, 6, 10}, {0, 10, 150}},
    [KIND_COLD] = {"commercial", "cold_store", true, {15, 20, 30, 40}, {5, 10, 10}},
};
enum { FISH_VILLAGE = 330, TOBACCO_VILLAGE = 850 }; /* of 10,000, where the village lives by it */

static const int32_t BOX_SIZES[3][8] = {{4, 6, 6, 8, 9, 12, 12, 12}, {2, 4, 4, 6, 6, 8, 9, 12}, {1, 2, 2, 3, 4, 4, 4, 6}};
static const char *const PHASE[] = {"A", "B", "C"};

typedef struct Low { /* one transformer being written */
  County *county;
  const Point *point;
  Settlement *settlement;
  Random random;
  int64_t number, grid;
  int32_t circuit, branch, box; /* numbered from 1 on their parents */
  int32_t group, house, phase;
  Kind waiting; /* a three-phase customer met with in the middle of a box */
  Spot at;      /* of the newest branch box */
} Low;

static Spot near_by(Low *low, Spot at, int32_t least, int32_t most) {
  int32_t direction = (int32_t)random_below(&low->random, 32);
  return spot_add(at, spot_turn(direction, (int32_t)random_between(&low->random, least, most)));
}

static Kind draw_kind(Low *low) {
  int32_t drawn = (int32_t)random_below(&low->random, 10000);
  for (int32_t kind = KIND_FAMILY_3; kind < KINDS; kind++) {
    int32_t chance = KIND[kind].chance[low->settlement->kind];
    if (kind == KIND_FISH && chance && low->settlement->fish) chance = FISH_VILLAGE;
    if (kind == KIND_CURING && chance && low->settlement->tobacco) chance = TOBACCO_VILLAGE;
    if ((drawn -= chance) < 0) return (Kind)kind;
  }
  return KIND_FAMILY;
}

static int32_t surname_of(Low *low) {
  uint32_t drawn = random_below(&low->random, 100);
  if (low->settlement->kind == SETTLEMENT_COMMUNITY || drawn >= 78) return (int32_t)random_below(&low->random, NAMES_SURNAMES);
  return low->settlement->surname[drawn < 42 ? 0 : drawn < 64 ? 1 : 2];
}

static void put_name(Low *low, Buffer *out, Kind kind) {
  static const char *const SHOP[] = {"米粉店", "超市", "理发店", "五金店", "药店", "茶馆", "包子铺", "服装店", "农资店", "快递驿站"};
  static const char *const WORKS[] = {"豆腐坊", "碾米坊", "木器厂", "榨油坊", "竹器厂", "修理厂"};
  switch (kind) {
    case KIND_SHOP:
    case KIND_SHOP_3:
      names_put_word(out, &low->random);
      buffer_string(out, SHOP[random_below(&low->random, 10)]);
      break;
    case KIND_WORKS:
      names_put_word(out, &low->random);
      buffer_string(out, WORKS[random_below(&low->random, 6)]);
      break;
    case KIND_OFFICE:
      put_settlement(out, low->settlement);
      buffer_string(out, low->settlement->kind == SETTLEMENT_VILLAGE ? "村民活动室" : "便民服务站");
      break;
    case KIND_SCHOOL:
      names_put_place(out, low->settlement->name);
      buffer_string(out, random_below(&low->random, 2) ? "幼儿园" : "卫生室");
      break;
    case KIND_LAMPS:
      put_settlement(out, low->settlement);
      buffer_string(out, "路灯");
      break;
    case KIND_PUMP:
      put_settlement(out, low->settlement);
      buffer_string(out, "抽水机");
      break;
    case KIND_COLD:
      names_put_word(out, &low->random);
      buffer_string(out, "冷库");
      break;
    default:
      names_put_person(out, &low->random, surname_of(low));
      buffer_string(out, kind == KIND_FISH ? "鱼塘" : kind == KIND_CURING ? "烤房" : kind == KIND_BARN ? "鸡舍" : "");
  }
}

static const char *family_tags(Low *low) {
  /* of 10,000; the country has more who are old, alone or poor */
  static const struct {
    const char *tags;
    int32_t town, village;
  } TAGS[] = {{"elder_alone", 90, 210},          {"vulnerable", 60, 110},           {"one_kwh", 25, 60},
              {"vulnerable;one_kwh", 8, 25},     {"elder_alone;vulnerable", 6, 20}, {"life_support", 3, 3},
              {"elder_alone;life_support", 1, 1}};
  int32_t drawn = (int32_t)random_below(&low->random, 10000);
  for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++)
    if ((drawn -= low->settlement->kind == SETTLEMENT_VILLAGE ? TAGS[i].village : TAGS[i].town) < 0) return TAGS[i].tags;
  return "";
}

void customer_begin(County *county) {
  Buffer *out = sheet_rows(county, SHEET_CUSTOMERS);
  buffer_i64(out, 4300000000 + ++county->tally->customers);
  buffer_byte(out, ',');
}

void customer_phone(County *county) {
  Buffer *out = sheet_rows(county, SHEET_CUSTOMERS);
  buffer_byte(out, ',');
  names_put_phone(out, county->tally->customers);
  buffer_byte(out, ',');
}

void customer_end(County *county, const char *box, const CustomerRow *row) {
  Buffer *out = sheet_rows(county, SHEET_CUSTOMERS);
  uint64_t meter = (uint64_t)county->tally->customers * 38196603u % 100000000u; /* reordered: see names_put_phone */
  const char *const fields[] = {box, row->phases, row->category, row->importance, row->tags};
  buffer_byte(out, ',');
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    buffer_string(out, fields[i]);
    buffer_byte(out, ',');
  }
  buffer_i64(out, row->contract_kw);
  buffer_byte(out, ',');
  buffer_i64(out, (int64_t)((2014 + meter % 11) * 100000000 + meter));
  buffer_byte(out, ',');
  put_degrees(out, county, row->at, ',');
  sheet_end_row(county, SHEET_CUSTOMERS);
}

/* 柳铺镇柳树村三组12号; in town streets, and in a box of five meters or more a house of flats. */
static void put_address(Low *low, Buffer *out, int32_t size, int32_t nth) {
  put_town(out, low->county, low->settlement);
  if (low->settlement->kind == SETTLEMENT_VILLAGE) {
    put_settlement(out, low->settlement);
    names_put_number(out, low->group);
    buffer_string(out, "组");
    buffer_i64(out, low->house + nth);
    buffer_string(out, "号");
    return;
  }
  static const char *const STREET[] = {"路", "街", "巷"};
  int32_t which = (int32_t)(low->settlement - low->county->settlements);
  if (low->settlement->kind == SETTLEMENT_COMMUNITY) put_settlement(out, low->settlement);
  names_put_place(out, low->county->names.place[(which * 17 + low->group) % NAMES_PLACES]);
  buffer_string(out, STREET[low->group % 3]);
  buffer_i64(out, low->house);
  buffer_string(out, "号");
  if (size < 5) return;
  buffer_i64(out, low->branch);
  buffer_string(out, "栋");
  buffer_i64(out, low->box);
  buffer_string(out, "单元");
  buffer_i64(out, (1 + nth / 2) * 100 + 1 + nth % 2);
  buffer_string(out, "室");
}

static void put_customer(Low *low, Kind kind, const char *box, const char *phases, Spot at, int32_t size, int32_t nth) {
  County *county = low->county;
  Buffer *out = sheet_rows(county, SHEET_CUSTOMERS);
  customer_begin(county);
  put_name(low, out, kind);
  customer_phone(county);
  put_address(low, out, size, nth);
  CustomerRow row = {KIND[kind].category, "none", KIND[kind].tags, phases, KIND[kind].kw[random_below(&low->random, 4)], at};
  if (kind == KIND_FAMILY) row.tags = family_tags(low);
  if (kind == KIND_SCHOOL && random_below(&low->random, 12) == 0) row.importance = "temporary";
  row.at = near_by(low, at, 20, 90);
  customer_end(county, box, &row);
}

/* "T12-1-2-3" as far as it goes, in `id`, then parent, kind and name in the row. */
static void put_low_device(Low *low, Buffer *id, const char *kind, const char *name, int32_t depth) {
  const int32_t path[] = {low->circuit, low->branch, low->box};
  Buffer *out = sheet_rows(low->county, SHEET_DEVICES);
  buffer_clear(id);
  buffer_byte(id, 'T');
  buffer_i64(id, low->number);
  size_t parent = id->len;
  for (int32_t i = 0; i < depth; i++) {
    parent = id->len;
    buffer_byte(id, '-');
    buffer_i64(id, path[i]);
  }
  buffer_text(out, buffer_as_text(id));
  buffer_byte(out, ',');
  buffer_put(out, id->at, parent);
  buffer_byte(out, ',');
  buffer_string(out, kind);
  buffer_byte(out, ',');
  put_point(out, low->county, low->point);
  for (int32_t i = 0; i < depth; i++) {
    if (i) buffer_byte(out, '-');
    buffer_i64(out, path[i]);
  }
  buffer_string(out, name);
}

static const char *ownership(const Low *low) { return low->point->private_ ? "private" : "public"; }

/* A meter box and its customers; returns how many they are. */
static int32_t put_box(Low *low, Buffer *id, int32_t most) {
  SettlementKind place = low->settlement->kind;
  Kind kinds[12] = {low->waiting};
  int32_t size = BOX_SIZES[place][random_below(&low->random, 8)], count = 1;
  if (low->waiting == KIND_FAMILY) kinds[0] = draw_kind(low);
  low->waiting = KIND_FAMILY;
  bool three_phase = KIND[kinds[0]].three_phase;
  for (; count < size && count < most && !three_phase; count++) {
    Kind kind = draw_kind(low);
    if (KIND[kind].three_phase) {
      low->waiting = kind; /* gets the next box for itself */
      break;
    }
    kinds[count] = kind;
  }
  bool single = !three_phase && count <= 3 && place == SETTLEMENT_VILLAGE; /* a box on one phase */
  Spot at = place == SETTLEMENT_VILLAGE ? near_by(low, low->at, 120, 420) : near_by(low, low->at, 100, 300);
  low->box++;
  low->phase++;
  put_low_device(low, id, "meter_box", "表箱", 3);
  put_device_rest(low->county, "grid", low->grid, at, single ? PHASE[low->phase % 3] : "ABC", 0, ownership(low),
                  spot_distance(low->at, at) * 11 / 10,
                  three_phase ? "BLV-25"
                  : count > 4 ? "YJV22-4×35"
                              : "BLV-16");
  Text box = buffer_as_text(id);
  buffer_byte(id, 0);
  for (int32_t i = 0; i < count; i++) {
    if (!single && !three_phase) low->phase++;
    put_customer(low, kinds[i], box.at, three_phase ? "ABC" : PHASE[low->phase % 3], at, count, i);
  }
  low->house += place == SETTLEMENT_VILLAGE ? count : count < 5 ? 2 : 0;
  return count;
}

/* Which way an outgoing line runs: in the country each along another road, or into the fields; in town any way. */
static Spot heading_of(Low *low, int32_t step) {
  const Land *land = &low->county->land;
  int32_t turn = (int32_t)random_below(&low->random, 32), roads = low->circuit - 1;
  if (low->settlement->kind != SETTLEMENT_VILLAGE) return spot_turn(turn, step);
  uint8_t links = land_links(land, low->point->cell);
  for (int32_t direction = 0; direction < NEIGHBOURS; direction++) {
    if (!(links >> direction & 1) || roads-- > 0) continue;
    Spot to = land->at[land_neighbour(land, low->point->cell, direction)], from = land->at[low->point->cell];
    int64_t distance = spot_distance(from, to) + 1;
    return (Spot){(int32_t)((int64_t)(to.x - from.x) * step / distance), (int32_t)((int64_t)(to.y - from.y) * step / distance)};
  }
  return spot_turn(turn, step);
}

/* One outgoing line: breaker, then branch boxes along it. */
static void put_circuit(Low *low, Buffer *id, int32_t customers) {
  bool village = low->settlement->kind == SETTLEMENT_VILLAGE;
  low->circuit++;
  low->branch = 0;
  low->group = low->settlement->groups++ % 99 + 1;
  low->house = 1 + (village ? 0 : 2 * (int32_t)random_below(&low->random, 60));
  put_low_device(low, id, "lv_breaker", "号出线开关", 1);
  put_device_rest(low->county, "grid", low->grid, low->point->at, "ABC", 0, ownership(low), 30, village ? "BLV-95" : "YJV22-4×150");
  Spot at = low->point->at,
       heading = heading_of(low, (int32_t)(village ? random_between(&low->random, 480, 820) : random_between(&low->random, 280, 480)));
  while (customers > 0) {
    low->at = near_by(low, spot_add(at, heading), 0, village ? 160 : 120);
    low->branch++;
    low->box = 0;
    put_low_device(low, id, "branch_box", "分支箱", 2);
    put_device_rest(low->county, "grid", low->grid, low->at, "ABC", 0, ownership(low), spot_distance(at, low->at) * 11 / 10,
                    village ? "JKLYJ-70" : "YJV22-4×95");
    at = low->at;
    int32_t boxes = (int32_t)random_between(&low->random, 3, 6);
    for (int32_t i = 0; i < boxes && customers > 0; i++) customers -= put_box(low, id, customers);
    if (!village) low->house += 2;
  }
}

static void put_private(Low *low, Buffer *id) {
  low->circuit = 1;
  put_low_device(low, id, "lv_breaker", "号出线开关", 1);
  put_device_rest(low->county, "grid", low->grid, low->point->at, "ABC", 0, "private", 60, "YJV22-4×150");
  Spot at = near_by(low, low->point->at, 60, 200);
  low->branch = 1;
  put_low_device(low, id, "meter_box", "计量柜", 2);
  put_device_rest(low->county, "grid", low->grid, at, "ABC", 0, "private", spot_distance(low->point->at, at), "YJV22-4×120");
  buffer_byte(id, 0);
  Buffer *out = sheet_rows(low->county, SHEET_CUSTOMERS);
  for (int32_t i = 0; i < low->point->customers; i++) {
    customer_begin(low->county);
    private_put_name(out, low->county, low->point);
    if (i) buffer_format(out, "%d号户", i + 1);
    customer_phone(low->county);
    put_town(out, low->county, low->settlement);
    put_settlement(out, low->settlement);
    CustomerRow row = private_row(low->point, i);
    row.at = near_by(low, at, 20, 150);
    customer_end(low->county, id->at, &row);
  }
}

void county_write_point(County *county, int32_t which) {
  const Point *point = &county->points[which];
  Low low = {.county = county,
             .point = point,
             .settlement = &county->settlements[point->settlement],
             .number = county->base.points + which + 1,
             .grid = county->base.grids + point->grid + 1};
  county_random(county, &low.random, STAGE_POINT, (uint64_t)which);
  Buffer *id = &county->id;
  if (point->private_) {
    put_private(&low, id);
    return;
  }
  int32_t customers = point->customers, circuits = 4;
  if (customers < 30)
    circuits = 2;
  else if (customers < 260)
    circuits = (customers < 130 ? 2 : 3) + (int32_t)random_below(&low.random, 2);
  if (circuits > customers) circuits = customers;
  for (int32_t i = 0; i < circuits; i++) put_circuit(&low, id, (i + 1) * customers / circuits - i * customers / circuits);
}
