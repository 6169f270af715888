#include <math.h>

#include "base/testing.h"
#include "base/time.h"
#include "supply/seasons.h"

enum { COUNT = 16, DAYS = 749 };
static Arena arena;
static Seasons seasons;

static int begin(void **state) {
  (void)state;
  arena_begin(&arena, 0);
  /* to 2026-03-20: the last weeks hold the second festival */
  return seasons_draw(&seasons, COUNT, (int32_t)(instant_of((Civil){.year = 2024, .month = 3, .day = 1}, 0) / SPAN_DAY), DAYS, 3, &arena)
             ? 0
             : -1;
}
static int end(void **state) {
  (void)state;
  arena_end(&arena);
  return 0;
}

static ForesightCase upto(size_t days) {
  return (ForesightCase){seasons.series, COUNT, days, SEASONS_HOURS, SEASONS_GROUPS, seasons.first_day, 7};
}

static double loss_of(size_t days, ForesightMethod method) {
  ForesightCase given = upto(days);
  Foresight told;
  Error error = {0};
  double loss = 0, seen = 0;
  assert_ok(foresight_make(&given, method, &told, &arena, &error), &error);
  for (size_t i = 0; i < COUNT; i++) {
    for (size_t d = 0; d < 7; d++) {
      for (size_t s = 0; s < SEASONS_HOURS; s++) {
        const float *q = foresight_at(&told, &given, i, d, s);
        double came = (double)seasons.series[i].load[(days + d) * SEASONS_HOURS + s];
        if (method == FORESIGHT_FULL || isfinite(q[0]))
          for (int k = 1; k < FORESIGHT_QUANTILES; k++) assert_true(q[k] >= q[k - 1]);
        if (isfinite(came) && isfinite(q[0])) loss += foresight_pinball((double)q[1], came, 0.5) / seasons.series[i].rated_kw, seen++;
      }
      float over = told.overload[i * 7 + d];
      if (method == FORESIGHT_FULL) assert_true(over >= 0 && over <= 1);
    }
  }
  return loss / seen;
}

/* Every other week of the last year, New Year's Eve among them. */
static void better_than_the_plain_ways(void **state) {
  (void)state;
  double full = 0, last = 0, four = 0;
  for (size_t day = 420; day + 7 <= DAYS; day += 14)
    full += loss_of(day, FORESIGHT_FULL), last += loss_of(day, FORESIGHT_LAST_WEEK), four += loss_of(day, FORESIGHT_FOUR_WEEKS);
  if (!(full < last && full < four)) fail_msg("%g, last week %g, four weeks %g", full, last, four);
}

/* What repeats exactly is foreseen exactly: a year's course, and a festival that moves with the moon. */
static void what_repeats_is_foreseen(void **state) {
  (void)state;
  static float load[DAYS * SEASONS_HOURS];
  ForesightSeries series = {load, 0, 100};
  int offset;
  for (size_t d = 0; d < DAYS; d++)
    for (size_t s = 0; s < SEASONS_HOURS; s++)
      load[d * SEASONS_HOURS + s] =
          (float)(50 + s) * (foresight_festival(seasons.first_day + (int32_t)d, &offset) && offset >= -2 && offset <= 2 ? 1.5f : 1);
  size_t eve = 0;
  for (size_t d = 400; d < DAYS && !eve; d++)
    if (foresight_festival(seasons.first_day + (int32_t)d, &offset) && offset == -1) eve = d;
  assert_int_equal(seasons.first_day + (int32_t)eve, instant_of((Civil){.year = 2026, .month = 2, .day = 16}, 0) / SPAN_DAY);
  ForesightCase given = {&series, 1, eve - 3, SEASONS_HOURS, 1, seasons.first_day, 7};
  Foresight told;
  Error error = {0};
  assert_ok(foresight_make(&given, FORESIGHT_FULL, &told, &arena, &error), &error);
  assert_true(told.seasonal);
  float ordinary = foresight_at(&told, &given, 0, 0, 10)[1], festive = foresight_at(&told, &given, 0, 3, 10)[1];
  assert_true(fabsf(ordinary - 60) < 1);
  assert_true(festive > 80 && festive < 92);
  assert_ok(foresight_make(&given, FORESIGHT_LAST_WEEK, &told, &arena, &error), &error);
  assert_true(fabsf(foresight_at(&told, &given, 0, 3, 10)[1] - 60) < 1);
}

static void little_history_and_wrong_input(void **state) {
  (void)state;
  Foresight told;
  Error error = {0};
  ForesightCase given = upto(10);
  assert_ok(foresight_make(&given, FORESIGHT_FULL, &told, &arena, &error), &error);
  assert_false(told.seasonal);
  assert_true(isfinite(foresight_at(&told, &given, 0, 0, 0)[1]));
  given = upto(0);
  assert_ok(foresight_make(&given, FORESIGHT_FULL, &told, &arena, &error), &error);
  assert_true(isnan(foresight_at(&told, &given, 0, 0, 0)[1]));
  given = upto(100), given.horizon = 0;
  assert_false(foresight_make(&given, FORESIGHT_FULL, &told, &arena, &error));
  given = upto(100), given.slots = 97;
  assert_false(foresight_make(&given, FORESIGHT_FULL, &told, &arena, &error));
  given = upto(100), given.group_count = 1;
  assert_false(foresight_make(&given, FORESIGHT_FULL, &told, &arena, &error));
  assert_int_equal(error.code, ERROR_FIELD_INVALID);
}

static void pinball_by_hand(void **state) {
  (void)state;
  assert_true(foresight_pinball(10, 14, 0.9) == 3.6);
  assert_true(fabs(foresight_pinball(10, 6, 0.9) - 0.4) < 1e-12);
  float day[24] = {0};
  day[3] = 4, day[4] = 6, day[5] = NAN, day[6] = 100;
  assert_true(foresight_peak(day, 24) == 50); /* the hours 6 and 7; an hour that is not known is in no mean */
}

#define WITH(function) cmocka_unit_test_setup_teardown(function, begin, end)
TEST_MAIN(WITH(better_than_the_plain_ways), WITH(what_repeats_is_foreseen), WITH(little_history_and_wrong_input), TEST(pinball_by_hand))
