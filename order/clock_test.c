#include "order/clock_twin.h"

#include "base/testing.h"

static Instant at_local(int month, int day, int hour, int minute) {
  return instant_of((Civil){.year = 2026, .month = month, .day = day, .hour = hour, .minute = minute}, ZONE_SHANGHAI);
}

static int32_t day_of(int month, int day) { return calendar_day_of(at_local(month, day, 0, 0)); }

/* Working hours 8:30-12:00 and 14:00-17:30 (7 h), Monday to Friday; 1 to 7 October are holidays, Saturday the 10th is worked instead. */
static Calendar *office(void) {
  CalendarRules rules = {0};
  CalendarException exceptions[8];
  Calendar *calendar = NULL;
  Error error = {0};
  for (int day = 1; day <= 5; day++) rules.week[day] = (CalendarHours){2, {{30600, 43200}, {50400, 63000}}};
  for (int i = 0; i < 7; i++) exceptions[i] = (CalendarException){.day = day_of(10, 1 + i)};
  exceptions[7] = (CalendarException){.day = day_of(10, 10), .hours = rules.week[1]};
  rules.exceptions = exceptions;
  rules.exception_count = 8;
  assert_ok(calendar_make(&calendar, &rules, &error), &error);
  return calendar;
}

static void working_days_skip_holidays_and_take_make_up_days(void **state) {
  (void)state;
  Calendar *calendar = office();
  assert_int_equal(calendar_day_length(calendar), 7 * SPAN_HOUR);
  static const struct { int month, day, hour, minute; int hours; int to_month, to_day, to_hour, to_minute; } CASES[] = {
      {9, 30, 10, 0, 1, 9, 30, 11, 0},
      {9, 30, 11, 30, 1, 9, 30, 14, 30},    /* over noon */
      {9, 30, 17, 0, 1, 10, 8, 9, 0},       /* over the holidays */
      {9, 30, 20, 0, 7, 10, 8, 17, 30},     /* begun at night: the whole next working day */
      {10, 9, 8, 30, 14, 10, 10, 17, 30},   /* Friday, then the Saturday that is worked */
      {10, 9, 8, 30, 15, 10, 12, 9, 30},    /* and on Monday */
      {10, 3, 12, 0, 35, 10, 13, 17, 30},   /* five working days: 8, 9, 10, 12, 13 October */
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Instant from = at_local(CASES[i].month, CASES[i].day, CASES[i].hour, CASES[i].minute);
    Instant want = at_local(CASES[i].to_month, CASES[i].to_day, CASES[i].to_hour, CASES[i].to_minute);
    assert_int_equal(calendar_after(calendar, from, CASES[i].hours * SPAN_HOUR), want);
    assert_int_equal(calendar_worked(calendar, from, want), CASES[i].hours * SPAN_HOUR);
  }
  assert_int_equal(calendar_after(calendar, at_local(1, 1, 0, 0), 1000000 * SPAN_HOUR), INSTANT_NONE);
  assert_int_equal(calendar_worked(calendar, at_local(10, 2, 0, 0), at_local(10, 1, 0, 0)), 0);
  calendar_free(calendar);
}

static void a_day_that_does_not_count_begins_tomorrow(void **state) {
  (void)state;
  Calendar *calendar = office();
  ClockPromise promise = {.calendar = calendar, .first_day_free = true, .mark_count = 1, .marks = {100}};
  ClockState clock = {0};
  clock_start(&clock, &promise, 5 * calendar_day_length(calendar), at_local(11, 16, 9, 0)); /* Monday */
  assert_int_equal(clock_due(&clock, &promise), at_local(11, 23, 17, 30)); /* five whole days: 17 to 23, to the end of the last */
  ClockReading reading = clock_read(&clock, &promise, at_local(11, 16, 17, 0));
  assert_int_equal(reading.used, 0);
  clock_stop(&clock, &promise, at_local(11, 16, 17, 0));
  assert_int_equal(clock.since, at_local(11, 16, 17, 0));
  assert_false(clock_broken(&clock, &promise, at_local(12, 30, 0, 0)));
  calendar_free(calendar);
}

static void a_pause_does_not_undo_a_breach(void **state) {
  (void)state;
  CalendarRules rules = {.always = true};
  Calendar *calendar;
  Error error = {0};
  assert_ok(calendar_make(&calendar, &rules, &error), &error);
  ClockPromise promise = {.calendar = calendar, .mark_count = 2, .marks = {75, 100}};
  Instant t = at_local(11, 21, 20, 0);
  ClockState clock = {0};
  clock_start(&clock, &promise, 45 * SPAN_MINUTE, t);
  assert_int_equal(clock_pause(&clock, &promise, t + 46 * SPAN_MINUTE), 3);
  assert_true(clock_broken(&clock, &promise, t + 46 * SPAN_MINUTE));
  clock_limit(&clock, &promise, 90 * SPAN_MINUTE, t + 47 * SPAN_MINUTE);
  clock_resume(&clock, &promise, t + 60 * SPAN_MINUTE);
  clock_stop(&clock, &promise, t + 61 * SPAN_MINUTE);
  assert_true(clock_broken(&clock, &promise, t + 61 * SPAN_MINUTE));
  assert_int_equal(clock.used, 47 * SPAN_MINUTE);
  /* stopped at the due instant itself: kept; a second later: broken; a new run begins clean */
  clock_start(&clock, &promise, 45 * SPAN_MINUTE, t);
  assert_int_equal(clock.runs, 2);
  ClockState late = clock;
  clock_stop(&clock, &promise, t + 45 * SPAN_MINUTE);
  assert_false(clock_broken(&clock, &promise, t + SPAN_DAY));
  clock_stop(&late, &promise, t + 45 * SPAN_MINUTE + SPAN_SECOND);
  assert_true(clock_broken(&late, &promise, t + SPAN_DAY));
  /* a start while it runs, and changes told late, take nothing back */
  clock_start(&clock, &promise, 45 * SPAN_MINUTE, t);
  clock_advance(&clock, &promise, t + 40 * SPAN_MINUTE);
  clock_start(&clock, &promise, 45 * SPAN_MINUTE, t + 40 * SPAN_MINUTE);
  clock_pause(&clock, &promise, t + 44 * SPAN_MINUTE);
  clock_resume(&clock, &promise, t + 10 * SPAN_MINUTE);
  assert_int_equal(clock_due(&clock, &promise), t + 45 * SPAN_MINUTE);
  calendar_free(calendar);
}

static void unsound_calendars_are_refused(void **state) {
  (void)state;
  Calendar *calendar = NULL;
  Error error = {0};
  CalendarRules none = {0}, reversed = {0}, touching = {0}, outside = {0};
  reversed.week[1] = (CalendarHours){1, {{43200, 30600}}};
  touching.week[1] = (CalendarHours){2, {{30600, 43200}, {43200, 50000}}};
  outside.week[1] = (CalendarHours){1, {{30600, 43200}}};
  CalendarException far = {.day = 100};
  outside.exceptions = &far;
  outside.exception_count = 1;
  const CalendarRules *const CASES[] = {&none, &reversed, &touching, &outside};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    assert_false(calendar_make(&calendar, CASES[i], &error));
    assert_int_equal(error.code, ERROR_RULE_CALENDAR);
  }
}

/* The same as counting the seconds, over random calendars and histories; bench/clock_bench does 100,000. */
static void equal_to_counting_seconds(void **state) {
  (void)state;
  Random random;
  Error error = {0};
  char said[256];
  static TwinCalendar twin;
  random_seed(&random, 20261121);
  for (int c = 0; c < 60; c++) {
    assert_ok(twin_calendar(&twin, &random, &error), &error);
    for (int i = 0; i < 50; i++)
      if (!twin_agree(&twin, &random, said, sizeof said)) fail_msg("calendar %d history %d: %s", c, i, said);
    calendar_free(twin.calendar);
  }
}

TEST_MAIN(TEST(working_days_skip_holidays_and_take_make_up_days), TEST(a_day_that_does_not_count_begins_tomorrow),
          TEST(a_pause_does_not_undo_a_breach), TEST(unsound_calendars_are_refused), TEST(equal_to_counting_seconds))
