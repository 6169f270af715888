#include "people/factor.h"

#include <stdio.h>
#include <string.h>

#include "base/testing.h"

/* RFC 6238, appendix B: the secret "12345678901234567890", SHA-1; the last six of the eight digits. */
static void codes_are_those_of_the_standard(void **state) {
  (void)state;
  static const struct { int64_t second; const char *code; } CASES[] = {
      {59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
  };
  Factor factor = {.set = true}, used;
  memcpy(factor.secret, "12345678901234567890", FACTOR_SECRET_BYTES);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Instant now = CASES[i].second * SPAN_SECOND;
    assert_true(factor_check(&used, &factor, text_of(CASES[i].code), now));
    assert_int_equal(used.last_step, CASES[i].second / 30);
    assert_true(factor_check(&used, &factor, text_of(CASES[i].code), now + 30 * SPAN_SECOND));  /* a slow hand */
    assert_true(factor_check(&used, &factor, text_of(CASES[i].code), now - 30 * SPAN_SECOND));  /* a phone that is fast */
    assert_false(factor_check(&used, &factor, text_of(CASES[i].code), now + 60 * SPAN_SECOND));
    if (CASES[i].second > 100) assert_false(factor_check(&used, &factor, text_of(CASES[i].code), now - 61 * SPAN_SECOND));
    assert_true(factor_check(&used, &factor, text_of(CASES[i].code), now));
    assert_false(factor_check(&used, &used, text_of(CASES[i].code), now)); /* not twice */
  }
  char text[FACTOR_SECRET_TEXT];
  factor_secret_text(&factor, text);
  assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

static void recovery_codes_are_good_once(void **state) {
  (void)state;
  Factor factor, used;
  char codes[FACTOR_RECOVERY_CODES][FACTOR_RECOVERY_TEXT], typed[40];
  factor_make(&factor);
  factor_make_recovery(&factor, codes);
  assert_int_equal(factor.recovery_count, FACTOR_RECOVERY_CODES);
  for (int i = 0; i < FACTOR_RECOVERY_CODES; i++) {
    snprintf(typed, sizeof typed, " %.14s", codes[i]);
    for (char *c = typed; *c; c++)
      if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 32);
    assert_true(factor_check(&used, &factor, text_of(typed), 0));
    assert_int_equal(used.recovery_count, factor.recovery_count - 1);
    factor = used;
    assert_false(factor_check(&used, &factor, text_of(codes[i]), 0));
  }
  static const char *const BAD[] = {"", "-", "12345", "1234567", "aaaa-bbbb-cccc", "aaaa-bbbb-cccc-dddd-eeee-ffff-gggg"};
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) assert_false(factor_check(&used, &factor, text_of(BAD[i]), 0));
  factor.set = false;
  assert_false(factor_check(&used, &factor, TEXT("123456"), 0));
}

TEST_MAIN(TEST(codes_are_those_of_the_standard), TEST(recovery_codes_are_good_once))
