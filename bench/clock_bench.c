/* The clocks: ns an evaluation beside walking the seconds and walking the days, a due-time sweep over 100,000 running orders, and the long
 * run of the property test.   clock_bench [histories] */
#include <stdlib.h>

#include "order/clock_twin.h"

enum { CLOCKS = 100000 };

static Calendar *office(void) {
  CalendarRules rules = {0};
  Calendar *calendar = NULL;
  for (int day = 1; day <= 5; day++) rules.week[day] = (CalendarHours){2, {{30600, 43200}, {50400, 63000}}};
  if (!calendar_make(&calendar, &rules, NULL)) exit(1);
  return calendar;
}

static Calendar *always(void) {
  CalendarRules rules = {.always = true};
  Calendar *calendar = NULL;
  if (!calendar_make(&calendar, &rules, NULL)) exit(1);
  return calendar;
}

/* The yardsticks: due time by looking at each second, and at each day. */
static Instant by_seconds(Instant from, Span limit) {
  Span used = 0;
  Instant at = from;
  for (; used < limit; at += SPAN_SECOND) {
    Civil c = civil_of(at, ZONE_SHANGHAI);
    int s = c.hour * 3600 + c.minute * 60 + c.second;
    if (c.weekday >= 1 && c.weekday <= 5 && ((s >= 30600 && s < 43200) || (s >= 50400 && s < 63000))) used += SPAN_SECOND;
  }
  return at;
}

static Instant by_days(Instant from, Span limit) {
  static const int HOURS[][2] = {{30600, 43200}, {50400, 63000}};
  Civil day = civil_of(from, ZONE_SHANGHAI);
  Span second = day.hour * 3600 + day.minute * 60 + day.second;
  for (;; second = 0,
          day = civil_of(instant_of((Civil){.year = day.year, .month = day.month, .day = day.day + 1}, ZONE_SHANGHAI), ZONE_SHANGHAI)) {
    if (day.weekday < 1 || day.weekday > 5) continue;
    for (int i = 0; i < 2; i++) {
      Span begin = second > HOURS[i][0] ? second : HOURS[i][0];
      if (begin >= HOURS[i][1]) continue;
      Span room = (HOURS[i][1] - begin) * SPAN_SECOND;
      if (limit <= room)
        return instant_of((Civil){.year = day.year, .month = day.month, .day = day.day}, ZONE_SHANGHAI) + begin * SPAN_SECOND + limit;
      limit -= room;
    }
  }
}

static ClockState clocks[CLOCKS];
static volatile int64_t sink;

static void fill(const ClockPromise *promise, Span limit) {
  Random random;
  random_seed(&random, 1);
  for (size_t i = 0; i < CLOCKS; i++) {
    clocks[i] = (ClockState){0};
    clock_start(&clocks[i], promise, limit, 1795264620 * SPAN_SECOND + random_between(&random, 0, 30 * 86400) * SPAN_SECOND);
  }
}

static void report(const char *what, double us, size_t count) { printf("%-44s %10.1f ns each\n", what, us * 1000 / (double)count); }

static void evaluate(const char *what, const ClockPromise *promise, Span limit) {
  char line[80];
  fill(promise, limit);
  int64_t began = time_monotonic_us(), sum = 0;
  for (size_t i = 0; i < CLOCKS; i++) sum += clock_read(&clocks[i], promise, clocks[i].since + 3 * SPAN_DAY).remaining;
  int64_t took = time_monotonic_us() - began;
  snprintf(line, sizeof line, "evaluated (used, remaining, due, broken), %s", what);
  report(line, (double)took, CLOCKS);
  began = time_monotonic_us();
  for (size_t i = 0; i < CLOCKS; i++) sum += clock_due(&clocks[i], promise);
  took = time_monotonic_us() - began;
  snprintf(line, sizeof line, "due time, %s", what);
  report(line, (double)took, CLOCKS);
  printf("  sweep of the due times of %d clocks: %.2f ms\n", CLOCKS, (double)took / 1000);
  sink += sum;
}

static void long_run(size_t histories) {
  static TwinCalendar twin;
  Random random;
  char said[256];
  random_seed(&random, 7);
  int64_t began = time_monotonic_us();
  for (size_t i = 0; i < histories; i++) {
    if (i % 50 == 0) {
      if (i) calendar_free(twin.calendar);
      if (!twin_calendar(&twin, &random, NULL)) exit(1);
    }
    if (twin_agree(&twin, &random, said, sizeof said)) continue;
    printf("history %zu: %s\n", i, said);
    exit(1);
  }
  if (histories) calendar_free(twin.calendar);
  printf("%zu random histories on %zu random calendars: equal to counting the seconds (%.0f s)\n", histories, (histories + 49) / 50,
         (double)(time_monotonic_us() - began) / 1e6);
}

int main(int argc, char **argv) {
  Calendar *working = office(), *round = always();
  ClockPromise in_hours = {.calendar = working, .mark_count = 2, .marks = {75, 100}},
               all_day = {.calendar = round, .mark_count = 2, .marks = {75, 100}};
  const Span limit = 5 * 7 * SPAN_HOUR;
  evaluate("round the clock", &all_day, 45 * SPAN_MINUTE);
  evaluate("working hours", &in_hours, limit);
  int64_t began = time_monotonic_us(), sum = 0;
  for (size_t i = 0; i < CLOCKS / 10; i++) sum += by_days(clocks[i].since, limit);
  report("yardstick: due time, walking the days", (double)(time_monotonic_us() - began), CLOCKS / 10);
  began = time_monotonic_us();
  for (size_t i = 0; i < 50; i++) sum += by_seconds(clocks[i].since, limit);
  report("yardstick: due time, walking the seconds", (double)(time_monotonic_us() - began), 50);
  for (size_t i = 0; i < 50; i++)
    if (by_seconds(clocks[i].since, limit) != clock_due(&clocks[i], &in_hours) ||
        by_days(clocks[i].since, limit) != clock_due(&clocks[i], &in_hours))
      printf("yardsticks differ\n");
  sink += sum;
  long_run(argc > 1 ? strtoul(argv[1], NULL, 10) : 100000);
  calendar_free(working);
  calendar_free(round);
  return 0;
}
