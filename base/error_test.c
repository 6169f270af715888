#include "base/testing.h"

#include <string.h>

static void renders_arguments_in_both_languages(void **state) {
  (void)state;
  Error error = {0};
  char text[ERROR_TEXT_MAX];
  assert_false(error_raise(&error, ERROR_CSV_COLUMNS, "%d\t%d", 3, 5));
  error_at(&error, "%s:%d", "devices.csv", 7);
  error_at(&error, "%s", "elsewhere");
  assert_string_equal(error_text(&error, LANGUAGE_EN, text, sizeof text), "devices.csv:7: 3 fields where the header has 5");
  assert_string_equal(error_text(&error, LANGUAGE_ZH, text, sizeof text), "devices.csv:7: 有 3 个字段, 而表头有 5 个");
  assert_int_equal(error_status(error.code), 400);
  assert_string_equal(error_name(error.code), "CSV_COLUMNS");
}

static void cuts_long_arguments_at_a_character(void **state) {
  (void)state;
  Error error = {0};
  char longer[ERROR_ARGUMENT_MAX * 3] = "";
  while (strlen(longer) + 3 < sizeof longer) strcat(longer, "电");
  error_raise(&error, ERROR_NOT_FOUND, "%s\t%s", "customer", longer);
  size_t len = strlen(error.argument[1]);
  assert_true(len > 150 && len < ERROR_ARGUMENT_MAX && len % 3 == 0);
  char small[8];
  assert_true(strlen(error_text(&error, LANGUAGE_ZH, small, sizeof small)) < sizeof small);
}

static void every_row_has_both_texts(void **state) {
  (void)state;
  for (int code = 1; code < ERROR_COUNT; code++) {
    Error error = {.code = (ErrorCode)code};
    char english[ERROR_TEXT_MAX], chinese[ERROR_TEXT_MAX];
    assert_true(strlen(error_text(&error, LANGUAGE_EN, english, sizeof english)) > 1);
    assert_true(strlen(error_text(&error, LANGUAGE_ZH, chinese, sizeof chinese)) > 1);
    assert_in_range(error_status((ErrorCode)code), 400, 599);
    for (const char *c = english; *c; c++) assert_true((unsigned char)*c < 0x80);
  }
}

TEST_MAIN(TEST(renders_arguments_in_both_languages), TEST(cuts_long_arguments_at_a_character), TEST(every_row_has_both_texts))
