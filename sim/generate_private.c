/* Customers with a transformer of their own: hospitals, works, schools, pumping stations, fish farms … */
#include "sim/generate_county.h"

typedef enum Naming { NAMING_COUNTY, NAMING_PLACE, NAMING_WORD } Naming; /* 望禾县人民医院, 柳树抽水站, 稻香碾米厂 */
enum { IN_TOWN = 1 << SETTLEMENT_COMMUNITY, IN_MARKET = 1 << SETTLEMENT_MARKET, IN_VILLAGE = 1 << SETTLEMENT_VILLAGE };

typedef struct Private {
  Naming naming;
  const char *name, *category, *importance, *tags;
  int32_t kva_least, kva_most; /* indexes of the series */
  int32_t customers_most;
  int32_t where, chance; /* how often, among those of the same place; 0: one in the county */
} Private;

static const int32_t SERIES[] = {30, 50, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000};
enum { SERIES_COUNT = sizeof SERIES / sizeof *SERIES };

/* The first, with chance 0, stand once in a county town large enough to have them, in this order. */
static const Private PRIVATES[] = {
    {NAMING_COUNTY, "人民医院", "public", "1", "hospital", 12, 13, 1, IN_TOWN, 0},
    {NAMING_COUNTY, "自来水公司取水泵站", "public", "2", "water", 9, 11, 1, IN_TOWN, 0},
    {NAMING_COUNTY, "政务服务中心", "public", "2", "", 9, 11, 1, IN_TOWN, 0},
    {NAMING_COUNTY, "第一中学", "public", "temporary", "school", 9, 11, 1, IN_TOWN, 0},
    {NAMING_COUNTY, "通信枢纽机房", "public", "1", "telecom", 8, 10, 1, IN_TOWN, 0},
    {NAMING_COUNTY, "中医医院", "public", "2", "hospital", 10, 12, 1, IN_TOWN, 0},
    {NAMING_COUNTY, "污水处理厂", "public", "2", "water", 8, 11, 1, IN_TOWN, 0},
    {NAMING_COUNTY, "妇幼保健院", "public", "2", "hospital", 9, 11, 1, IN_TOWN, 0},
    {NAMING_COUNTY, "广播电视台", "public", "2", "", 7, 9, 1, IN_TOWN, 0},
    {NAMING_COUNTY, "应急指挥中心", "public", "special", "", 7, 9, 1, IN_TOWN, 0},
    {NAMING_WORD, "小区配电房", "commercial", "none", "", 9, 13, 4, IN_TOWN, 26},
    {NAMING_WORD, "商场", "commercial", "none", "", 9, 13, 5, IN_TOWN | IN_MARKET, 12},
    {NAMING_WORD, "宾馆", "commercial", "none", "", 6, 10, 1, IN_TOWN | IN_MARKET, 10},
    {NAMING_WORD, "写字楼", "commercial", "none", "", 9, 12, 4, IN_TOWN, 8},
    {NAMING_PLACE, "中学", "public", "none", "school", 6, 9, 1, IN_TOWN | IN_MARKET, 6},
    {NAMING_WORD, "机械厂", "industrial", "none", "", 7, 12, 1, IN_TOWN | IN_MARKET, 12},
    {NAMING_WORD, "电子厂", "industrial", "none", "", 8, 13, 1, IN_TOWN, 8},
    {NAMING_WORD, "充电站", "commercial", "none", "", 7, 11, 1, IN_TOWN | IN_MARKET, 8},
    {NAMING_PLACE, "通信基站", "public", "none", "telecom", 0, 1, 1, IN_TOWN | IN_MARKET | IN_VILLAGE, 14},
    {NAMING_WORD, "建筑工地", "industrial", "none", "temporary_supply", 5, 9, 1, IN_TOWN | IN_MARKET, 8},
    {NAMING_PLACE, "卫生院", "public", "2", "hospital", 6, 8, 1, IN_MARKET, 4},
    {NAMING_PLACE, "农贸市场", "commercial", "none", "", 5, 8, 6, IN_MARKET, 6},
    {NAMING_WORD, "碾米厂", "industrial", "none", "", 3, 6, 1, IN_MARKET | IN_VILLAGE, 12},
    {NAMING_WORD, "瓷厂", "industrial", "none", "", 7, 12, 1, IN_MARKET, 16},
    {NAMING_WORD, "木材加工厂", "industrial", "none", "", 4, 8, 1, IN_MARKET | IN_VILLAGE, 12},
    {NAMING_WORD, "冷库", "commercial", "none", "cold_store", 4, 8, 1, IN_MARKET | IN_VILLAGE, 8},
    {NAMING_PLACE, "自来水厂", "public", "none", "water", 4, 7, 1, IN_MARKET, 5},
    {NAMING_WORD, "加油站", "commercial", "none", "", 1, 3, 1, IN_MARKET | IN_TOWN, 5},
    {NAMING_PLACE, "抽水站", "farm", "none", "irrigation", 1, 6, 1, IN_VILLAGE, 26},
    {NAMING_WORD, "养鱼场", "farm", "none", "fish_farm", 2, 6, 1, IN_VILLAGE, 14},
    {NAMING_WORD, "养猪场", "farm", "none", "", 2, 6, 1, IN_VILLAGE, 10},
    {NAMING_PLACE, "烤烟房", "farm", "none", "curing", 4, 8, 3, IN_VILLAGE, 10},
    {NAMING_PLACE, "小学", "public", "none", "school", 1, 4, 1, IN_VILLAGE | IN_MARKET, 10},
    {NAMING_WORD, "砖厂", "industrial", "none", "", 6, 9, 1, IN_VILLAGE, 6},
    {NAMING_WORD, "采石场", "industrial", "none", "", 7, 10, 1, IN_VILLAGE, 5},
    {NAMING_WORD, "茶厂", "industrial", "none", "", 4, 7, 1, IN_VILLAGE, 8},
    {NAMING_WORD, "茶油加工厂", "industrial", "none", "", 4, 7, 1, IN_VILLAGE, 8},
};
enum { PRIVATES_COUNT = sizeof PRIVATES / sizeof *PRIVATES };

/* The smallest of the series for a winter evening's load; one transformer in eight is a size or two behind its village. */
int32_t point_fit_kva(int32_t customers, Random *random) {
  bool tight = random_below(random, 8) == 0;
  int64_t need = customers * (tight ? random_between(random, 115, 160) : random_between(random, 195, 265)) / 100;
  for (int32_t i = 0; i < SERIES_COUNT; i++)
    if (SERIES[i] >= need) return SERIES[i];
  return SERIES[SERIES_COUNT - 1];
}

int32_t private_make(const County *county, Point *point, Random *random, int32_t nth) {
  const Settlement *settlement = &county->settlements[point->settlement];
  int32_t here = 1 << settlement->kind, chances = 0;
  point->number = -1;
  if (here == IN_TOWN && county->customers >= 20000 && nth % 5 == 0 && nth / 5 < PRIVATES_COUNT && PRIVATES[nth / 5].chance == 0)
    point->number = nth / 5;
  for (int32_t i = 0; i < PRIVATES_COUNT; i++)
    if (PRIVATES[i].where & here) chances += PRIVATES[i].chance;
  int32_t drawn = (int32_t)random_below(random, (uint32_t)chances);
  for (int32_t i = 0; i < PRIVATES_COUNT && point->number < 0; i++)
    if ((PRIVATES[i].where & here) && (drawn -= PRIVATES[i].chance) < 0) point->number = i;
  const Private *what = &PRIVATES[point->number];
  point->kva = SERIES[random_between(random, what->kva_least, what->kva_most)];
  return (int32_t)random_between(random, 1, what->customers_most);
}

void private_put_name(Buffer *out, const County *county, const Point *point) {
  const Private *what = &PRIVATES[point->number];
  Random random; /* the same words each time the name is wanted */
  county_random(county, &random, STAGE_NAMES, (uint64_t)(point - county->points) + 1);
  if (what->naming == NAMING_COUNTY) {
    names_put_county(out, county->name);
    buffer_string(out, "县");
  } else if (what->naming == NAMING_PLACE) {
    names_put_place(out, county->settlements[point->settlement].name);
  } else {
    names_put_word(out, &random);
  }
  buffer_string(out, what->name);
}

CustomerRow private_row(const Point *point, int32_t nth) {
  const Private *what = &PRIVATES[point->number];
  int32_t kw = point->kva * 9 / 10;
  if (nth == 0) return (CustomerRow){what->category, what->importance, what->tags, "ABC", kw, point->at};
  return (CustomerRow){what->category, "none", what->tags, "ABC", kw / 4, point->at};
}
