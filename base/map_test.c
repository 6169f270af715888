#include "base/map.h"

#include "base/random.h"
#include "base/testing.h"

/* Against a brute-force twin: a plain array. */
static void behaves_as_an_array_of_pairs(void **state) {
  (void)state;
  enum { KEYS = 200 };
  int64_t twin[KEYS];
  bool there[KEYS] = {false};
  size_t count = 0;
  Map map = {0};
  Random random;
  random_seed(&random, 7);
  for (int step = 0; step < 100000; step++) {
    uint32_t key = random_below(&random, KEYS);
    int64_t value = (int64_t)random_u64(&random), got;
    switch (random_below(&random, 3)) {
      case 0:
        assert_true(map_put(&map, (int64_t)key << 40, value));
        count += !there[key];
        there[key] = true, twin[key] = value;
        break;
      case 1:
        assert_int_equal(map_remove(&map, (int64_t)key << 40), there[key]);
        count -= there[key];
        there[key] = false;
        break;
      default:
        assert_int_equal(map_get(&map, (int64_t)key << 40, &got), there[key]);
        if (there[key]) assert_true(got == twin[key]);
    }
    assert_int_equal(map.count, count);
  }
  size_t at = 0, seen = 0;
  int64_t key, value;
  while (map_next(&map, &at, &key, &value)) assert_true(there[key >> 40] && twin[key >> 40] == value), seen++;
  assert_int_equal(seen, count);
  map_free(&map);
}

static void texts_keep_their_first_value(void **state) {
  (void)state;
  TextMap map = {0};
  static char names[5000][8];
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 5000; i++) {
      int64_t value = i + round * 100000;
      bool fresh;
      Text key = {names[i], (size_t)snprintf(names[i], sizeof names[i], "k%d", i)};
      assert_true(text_map_put(&map, key, &value, &fresh));
      assert_int_equal(fresh, round == 0);
      assert_int_equal(value, i);
    }
  int64_t value;
  assert_true(text_map_get(&map, TEXT("k4999"), &value) && value == 4999);
  assert_false(text_map_get(&map, TEXT("k5000"), &value));
  text_map_free(&map);
}

TEST_MAIN(TEST(behaves_as_an_array_of_pairs), TEST(texts_keep_their_first_value))
