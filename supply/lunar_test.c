#include "supply/lunar.h"
#include "base/testing.h"
#include "base/time.h"

static int32_t day_of(int year, int month, int day) {
  return (int32_t)(instant_of((Civil){.year = year, .month = month, .day = day}, 0) / SPAN_DAY);
}

/* As the calendars of those years have them. */
static void new_years(void **state) {
  (void)state;
  static const int KNOWN[][3] = {{1985, 2, 20}, {2000, 2, 5},  {2015, 2, 19}, {2016, 2, 8},  {2017, 1, 28}, {2018, 2, 16}, {2019, 2, 5},
                                 {2020, 1, 25}, {2021, 2, 12}, {2022, 2, 1},  {2023, 1, 22}, {2024, 2, 10}, {2025, 1, 29}, {2026, 2, 17},
                                 {2027, 2, 6},  {2028, 1, 26}, {2029, 2, 13}, {2030, 2, 3},  {2033, 1, 31}, {2034, 2, 19}};
  for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
    int32_t day = day_of(KNOWN[i][0], KNOWN[i][1], KNOWN[i][2]);
    assert_int_equal(lunar_new_year(KNOWN[i][0]), day);
    LunarDate at = lunar_of_day(day), eve = lunar_of_day(day - 1);
    assert_true(at.year == KNOWN[i][0] && at.month == 1 && at.day == 1 && !at.leap);
    assert_true(eve.year == KNOWN[i][0] - 1 && eve.month == 12 && eve.day >= 29);
  }
}

static void leap_months_and_festivals(void **state) {
  (void)state;
  static const struct {
    int year, month, day, lunar_month, lunar_day;
    bool leap;
  } KNOWN[] = {{2017, 7, 23, 6, 1, true},   {2020, 5, 23, 4, 1, true},    {2023, 3, 22, 2, 1, true},   {2025, 7, 25, 6, 1, true},
               {2028, 6, 23, 5, 1, true},   {2014, 10, 24, 9, 1, true},   {2033, 12, 22, 11, 1, true}, {2024, 9, 17, 8, 15, false},
               {2025, 10, 6, 8, 15, false}, {2025, 5, 31, 5, 5, false},   {2026, 6, 19, 5, 5, false},  {2026, 9, 25, 8, 15, false},
               {2026, 3, 3, 1, 15, false},  {2026, 11, 22, 10, 14, false}};
  for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
    LunarDate at = lunar_of_day(day_of(KNOWN[i].year, KNOWN[i].month, KNOWN[i].day));
    if (at.month != KNOWN[i].lunar_month || at.day != KNOWN[i].lunar_day || at.leap != KNOWN[i].leap)
      fail_msg("%d-%d-%d is %d/%d%s", KNOWN[i].year, KNOWN[i].month, KNOWN[i].day, at.month, at.day, at.leap ? " leap" : "");
  }
}

/* Day after day: each the next of its month, or the first of the next month. */
static void no_day_is_left_out(void **state) {
  (void)state;
  LunarDate before = lunar_of_day(day_of(2010, 1, 1));
  for (int32_t day = day_of(2010, 1, 2); day < day_of(2036, 1, 1); day++) {
    LunarDate at = lunar_of_day(day);
    if (at.day != 1) {
      assert_true(at.day == before.day + 1 && at.month == before.month && at.leap == before.leap && at.year == before.year);
    } else {
      assert_true(before.day == 29 || before.day == 30);
      assert_true((at.leap && at.month == before.month && !before.leap) || (!at.leap && at.month == before.month % 12 + 1));
      assert_int_equal(at.year, before.year + (at.month == 1 && !at.leap && before.month == 12));
    }
    before = at;
  }
}

TEST_MAIN(TEST(new_years), TEST(leap_months_and_festivals), TEST(no_day_is_left_out))
