#include "people/session_delay.h"

#include "base/testing.h"

static int64_t wait_of(Delays *delays, const char *name, const char *address, Instant now) {
  Error error = {0};
  int64_t seconds = 0;
  if (delays_check(delays, text_of(name), text_of(address), now, &error)) return 0;
  assert_int_equal(error.code, ERROR_SIGN_IN_SLOW_DOWN);
  assert_true(text_to_i64(text_of(error.argument[0]), &seconds));
  return seconds;
}

static void each_wrong_try_doubles_the_wait(void **state) {
  (void)state;
  static const int64_t WAITS[] = {0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60};
  Delays *delays = delays_new();
  assert_non_null(delays);
  Instant now = 1795264620 * SPAN_SECOND;
  for (size_t i = 0; i < sizeof WAITS / sizeof *WAITS; i++) {
    assert_int_equal(wait_of(delays, "li", "1.2.3.4", now), 0);
    delays_note(delays, TEXT("li"), TEXT("1.2.3.4"), now, false);
    assert_int_equal(wait_of(delays, "li", "1.2.3.4", now), WAITS[i]);
    assert_int_equal(wait_of(delays, "li", "1.2.3.5", now), 0); /* from elsewhere, and another name from there: nobody else waits */
    assert_int_equal(wait_of(delays, "wang", "1.2.3.4", now), 0);
    now += WAITS[i] * SPAN_SECOND;
  }
  delays_note(delays, TEXT("li"), TEXT("1.2.3.4"), now, true); /* the right one forgives */
  delays_note(delays, TEXT("li"), TEXT("1.2.3.4"), now, false);
  assert_int_equal(wait_of(delays, "li", "1.2.3.4", now), 0);
  delays_free(delays);
}

static void time_forgives_and_the_table_is_bounded(void **state) {
  (void)state;
  Delays *delays = delays_new();
  assert_non_null(delays);
  Instant now = 1795264620 * SPAN_SECOND;
  for (int i = 0; i < 20; i++) delays_note(delays, TEXT("li"), TEXT("a"), now, false);
  assert_int_equal(wait_of(delays, "li", "a", now), 60);
  assert_int_equal(wait_of(delays, "li", "a", now + DELAY_FORGOTTEN + 1), 0);
  delays_note(delays, TEXT("li"), TEXT("a"), now + DELAY_FORGOTTEN + 1, false);
  assert_int_equal(wait_of(delays, "li", "a", now + DELAY_FORGOTTEN + 1), 0);
  for (int i = 0; i < 100000; i++) { /* many others push out, and nothing else happens */
    char name[20];
    snprintf(name, sizeof name, "n%d", i);
    delays_note(delays, text_of(name), TEXT("b"), now + i, false);
  }
  delays_free(delays);
}

TEST_MAIN(TEST(each_wrong_try_doubles_the_wait), TEST(time_forgives_and_the_table_is_bounded))
