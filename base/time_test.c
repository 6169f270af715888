#include "base/time.h"

#include <time.h>

#include "base/random.h"
#include "base/testing.h"

static void texts_and_instants_agree(void **state) {
  (void)state;
  static const struct { const char *text; bool ok; Instant value; } ROWS[] = {
      {"1970-01-01T00:00:00Z", true, 0}, {"2026-11-21T20:37:00+08:00", true, 1795264620 * SPAN_SECOND},
      {"2026-11-21t12:37:00.25z", true, 1795264620 * SPAN_SECOND + 250000}, {"2024-02-29T00:00:00Z", true, 1709164800 * SPAN_SECOND},
      {"2023-02-29T00:00:00Z", false, 0}, {"2026-13-01T00:00:00Z", false, 0}, {"2026-11-21", false, 0}, {"2026-11-21T20:37:00", false, 0},
      {"2026-11-21T24:00:00Z", false, 0}, {"2026-11-21T20:37:00+25:00", false, 0}, {"2026-11-21T20:37:00Zx", false, 0}, {"", false, 0}};
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    Instant value = -1;
    assert_int_equal(instant_from_text(text_of(ROWS[i].text), &value), ROWS[i].ok);
    if (ROWS[i].ok) assert_true(value == ROWS[i].value);
  }
  char text[INSTANT_TEXT_MAX];
  assert_string_equal(instant_to_text(1795264620 * SPAN_SECOND, ZONE_SHANGHAI, text), "2026-11-21T20:37:00+08:00");
}

static void civil_agrees_with_the_c_library(void **state) {
  (void)state;
  Random random;
  random_seed(&random, 3);
  for (int i = 0; i < 20000; i++) {
    time_t seconds = (time_t)random_between(&random, 0, 4000000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    Civil c = civil_of((Instant)seconds * SPAN_SECOND, 0);
    assert_true(c.year == tm.tm_year + 1900 && c.month == tm.tm_mon + 1 && c.day == tm.tm_mday && c.hour == tm.tm_hour &&
                c.minute == tm.tm_min && c.second == tm.tm_sec && c.weekday == tm.tm_wday);
    assert_true(instant_of(c, 0) == (Instant)seconds * SPAN_SECOND);
  }
}

static void sources_stand_run_and_scale(void **state) {
  (void)state;
  TimeSource source;
  time_virtual(&source, 42);
  assert_true(time_now(&source) == 42);
  time_scaled(&source, 1000 * SPAN_SECOND, 1000);
  Instant a = time_now(&source);
  int64_t start = time_monotonic_us();
  while (time_monotonic_us() - start < 2000) {}
  assert_true(time_now(&source) - a >= 2 * SPAN_SECOND);
}

TEST_MAIN(TEST(texts_and_instants_agree), TEST(civil_agrees_with_the_c_library), TEST(sources_stand_run_and_scale))
