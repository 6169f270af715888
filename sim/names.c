#include "sim/names.h"

#include <assert.h>

#define COUNT(list) ((int32_t)(sizeof(list) / sizeof *(list)))

static const char *const SURNAMES[] = {
    "张", "李", "王", "刘", "陈", "杨", "黄", "周", "吴", "罗", "唐", "彭", "谢", "肖", "邓", "曾", "何", "胡", "谭", "蒋",
    "廖", "易", "贺", "文", "汤", "赵", "孙", "徐", "朱", "马", "郭", "林", "高", "梁", "郑", "宋", "许", "韩", "冯", "曹",
    "袁", "潘", "于", "董", "余", "苏", "叶", "吕", "魏", "程", "丁", "沈", "任", "姚", "卢", "傅", "钟", "姜", "崔", "阳",
};

static const char *const WORDS[] = {
    "晒谷", "插秧", "犁田", "打谷", "扬麦", "收稻", "磨豆", "榨油", "摘椒", "挖藕", "拔葱", "剥蒜", "锄草", "浇菜", "堆肥", "撒种",
    "育秧", "割稻", "捆草", "稻香", "麦浪", "秧苗", "谷堆", "豆角", "丝瓜", "冬瓜", "南瓜", "苦瓜", "西瓜", "黄瓜", "甜瓜", "红薯",
    "芋头", "生姜", "大蒜", "香葱", "辣椒", "茄子", "萝卜", "白菜", "菠菜", "韭菜", "芹菜", "莴笋", "竹笋", "莲藕", "荸荠", "菱角",
    "花生", "油菜", "芝麻", "绿豆", "黄豆", "蚕豆", "豌豆", "高粱", "玉米", "糯米", "小麦", "大麦", "荞麦", "板栗", "核桃", "柚子",
    "橘子", "枇杷", "杨梅", "石榴", "柿子", "甘蔗", "香菇", "木耳", "水车", "石磨", "风车", "簸箕", "箩筐", "扁担", "镰刀", "锄头",
    "犁耙", "蓑衣", "斗笠", "草帽", "竹筛", "谷仓", "晒坪", "阵雨", "晴天", "大雾", "冰雹", "彩虹", "闪电", "白霜", "微风", "多云",
};
static const char *const HOW[] = {"大", "小", "老", "新", "青", "红", "黄", "白", "早",
                                  "晚", "长", "圆", "甜", "脆", "嫩", "鲜", "满", "双"};
static const char *const WHAT[] = {
    "瓜", "豆", "薯", "姜", "葱", "蒜", "笋", "藕", "谷", "菜", "橘", "柚", "栗", "秧", "犁", "耙",
    "锄", "镰", "箩", "筐", "筛", "磨", "桶", "伞", "椒", "芋", "蕉", "蔗", "菇", "瓢", "秤", "簸",
};

static const char *const PLACE_FIRST[] = {
    "柳", "杨", "竹", "松", "桂", "茶", "梅", "枫", "槐", "桐", "樟", "杏", "桃", "李", "梨", "橘", "枣",
    "栗", "桑", "荷", "莲", "石", "龙", "凤", "云", "月", "星", "霞", "菊", "兰", "芦", "菱", "藕", "稻",
    "麦", "禾", "豆", "麻", "棉", "蚕", "鹅", "鸭", "鹭", "燕", "雁", "鱼", "虾", "蛙", "牛", "羊",
};
enum { PLACE_TREES = 19 }; /* the first of them can be followed by 树 */
static const char *const PLACE_SECOND[] = {
    "塘", "冲", "坪", "坳", "湾", "坝", "桥", "溪", "岭", "洲", "井", "田", "垅", "塅",
    "山", "潭", "坡", "铺", "园", "江", "源", "滩", "林", "口", "沟", "畈", "树",
};
enum { PLACE_TREE = 26 };

static const char *const COUNTY_FIRST[] = {"望", "听", "映", "枕", "揽", "衔", "拾", "问", "盼", "捧", "沐", "醉"};
static const char *const COUNTY_SECOND[] = {"禾", "稻", "穗", "秧", "粟", "薯", "菽", "黍", "茭", "藕", "菱", "芋"};
static const char *const CITIES[] = {"稻源", "穗阳", "粟川", "秧州", "麦浦", "荷江", "藕城", "菱陵",
                                     "芋山", "黍原", "茭河", "笋岭", "椒台", "柚洲", "橘澜", "藤关"};

static_assert(sizeof SURNAMES / sizeof *SURNAMES == NAMES_SURNAMES, "surnames");
static_assert(sizeof COUNTY_FIRST / sizeof *COUNTY_FIRST * (sizeof COUNTY_SECOND / sizeof *COUNTY_SECOND) == NAMES_COUNTIES, "counties");
static_assert(sizeof PLACE_FIRST / sizeof *PLACE_FIRST * (sizeof PLACE_SECOND / sizeof *PLACE_SECOND) == NAMES_PLACE_CODES, "places");
static_assert(sizeof CITIES / sizeof *CITIES == NAMES_CITIES, "cities");

void names_begin(Names *names, Random *random) {
  int32_t count = 0;
  for (int32_t first = 0; first < COUNT(PLACE_FIRST); first++)
    for (int32_t second = 0; second < COUNT(PLACE_SECOND); second++)
      if (second != PLACE_TREE || first < PLACE_TREES) names->place[count++] = (uint16_t)(first * COUNT(PLACE_SECOND) + second);
  assert(count == NAMES_PLACES);
  for (uint32_t i = NAMES_PLACES - 1; i > 0; i--) {
    uint32_t j = random_below(random, i + 1);
    uint16_t other = names->place[j];
    names->place[j] = names->place[i];
    names->place[i] = other;
  }
  names->used = 0;
}

int32_t names_take(Names *names) { return names->place[names->used++ % NAMES_PLACES]; }

void names_put_place(Buffer *out, int32_t place) {
  buffer_string(out, PLACE_FIRST[place / COUNT(PLACE_SECOND)]);
  buffer_string(out, PLACE_SECOND[place % COUNT(PLACE_SECOND)]);
}

void names_put_county(Buffer *out, int32_t county) {
  /* 11 and 12 have no common divisor with the steps, so that neighbours share neither character */
  buffer_string(out, COUNTY_FIRST[county % 12]);
  buffer_string(out, COUNTY_SECOND[(county % 12 + county / 12) % 12]);
}

void names_put_city(Buffer *out, int32_t city) { buffer_string(out, CITIES[city % NAMES_CITIES]); }

void names_put_word(Buffer *out, Random *random) { buffer_string(out, WORDS[random_below(random, COUNT(WORDS))]); }

void names_put_person(Buffer *out, Random *random, int32_t surname) {
  buffer_string(out, SURNAMES[surname]);
  if (random_below(random, 100) < 35) {
    names_put_word(out, random);
    return;
  }
  buffer_string(out, HOW[random_below(random, COUNT(HOW))]);
  buffer_string(out, WHAT[random_below(random, COUNT(WHAT))]);
}

void names_put_number(Buffer *out, int32_t number) {
  static const char *const DIGIT[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
  assert(number > 0 && number < 100);
  if (number >= 20) buffer_string(out, DIGIT[number / 10]);
  if (number >= 10) buffer_string(out, "十");
  if (number % 10) buffer_string(out, DIGIT[number % 10]);
}

void names_put_phone(Buffer *out, int64_t which) {
  char digits[] = "15400000000";
  /* 61803399 is odd and not a multiple of 5: multiplying by it only reorders the numbers below 10^8 */
  uint64_t rest = (uint64_t)which * 61803399u % 100000000u;
  for (int i = 10; i > 2; i--, rest /= 10) digits[i] = (char)('0' + rest % 10);
  buffer_put(out, digits, 11);
}
