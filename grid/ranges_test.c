#include "base/random.h"
#include "base/testing.h"
#include "grid/grid.h"

/* Sets of small numbers, once as ranges and once as a row of flags. */
static void agree_with_flags(void **state) {
  (void)state;
  enum { SPAN = 64 };
  Random random;
  random_seed(&random, 3);
  for (int round = 0; round < torture_rounds(400); round++) {
    GridRanges ranges = {0};
    bool flags[SPAN] = {false};
    for (int step = 0; step < 60; step++) {
      uint32_t from = random_below(&random, SPAN), to = from + random_below(&random, round % 2 ? 6 : SPAN - from + 1);
      bool add = random_below(&random, 2);
      if (to > SPAN) to = SPAN;
      GridRange range = {from, to};
      assert_true(add ? grid_ranges_add(&ranges, range) : grid_ranges_remove(&ranges, range));
      for (uint32_t i = from; i < to; i++) flags[i] = add;
      for (uint32_t i = 0; i < SPAN; i++) assert_int_equal(grid_ranges_hold(&ranges, i), flags[i]);
      for (size_t i = 0; i < ranges.count; i++) {
        assert_true(ranges.at[i].from < ranges.at[i].to);
        if (i) assert_true(ranges.at[i - 1].to < ranges.at[i].from); /* they never touch */
      }
    }
    grid_ranges_free(&ranges);
  }
}

static void empty_and_cleared(void **state) {
  (void)state;
  GridRanges ranges = {0};
  assert_false(grid_ranges_hold(&ranges, 0));
  assert_true(grid_ranges_remove(&ranges, (GridRange){0, 9}));
  assert_true(grid_ranges_add(&ranges, (GridRange){5, 5}));
  assert_int_equal(ranges.count, 0);
  assert_true(grid_ranges_add(&ranges, (GridRange){0, UINT32_MAX}));
  assert_true(grid_ranges_hold(&ranges, UINT32_MAX - 1));
  grid_ranges_clear(&ranges);
  assert_false(grid_ranges_hold(&ranges, 7));
  grid_ranges_free(&ranges);
}

static void memory_may_run_out(void **state) {
  (void)state;
  GridRanges ranges = {0};
  memory_fail_at(1);
  assert_false(grid_ranges_add(&ranges, (GridRange){1, 2}));
  assert_int_equal(ranges.count, 0);
  memory_fail_at(0);
  assert_true(grid_ranges_add(&ranges, (GridRange){1, 2}));
  grid_ranges_free(&ranges);
}

TEST_MAIN(TEST(agree_with_flags), TEST(empty_and_cleared), TEST(memory_may_run_out))
