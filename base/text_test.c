#include "base/text.h"

#include "base/testing.h"

static void numbers_are_whole_or_refused(void **state) {
  (void)state;
  static const struct { const char *text; bool ok; int64_t value; } ROWS[] = {
      {"0", true, 0}, {"-7", true, -7}, {"9223372036854775807", true, INT64_MAX}, {"-9223372036854775808", true, INT64_MIN},
      {"9223372036854775808", false, 0}, {"", false, 0}, {"-", false, 0}, {"1 ", false, 0}, {"0x1", false, 0}, {"+1", false, 0}};
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    int64_t value = 0;
    assert_int_equal(text_to_i64(text_of(ROWS[i].text), &value), ROWS[i].ok);
    if (ROWS[i].ok) assert_true(value == ROWS[i].value);
  }
  double number;
  assert_true(text_to_f64(TEXT("-12.5e1"), &number) && number == -125.0);
  const char *bad[] = {"", "nan", "inf", "1e999", "0x10", "1,5", "--1"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(text_to_f64(text_of(bad[i]), &number));
}

static void utf8_is_checked(void **state) {
  (void)state;
  static const struct { const char *text; bool ok; } ROWS[] = {{"plain ascii longer than eight", true}, {"电保姆 台区", true}, {"\xF0\x9F\x94\x8C", true},
      {"\xC0\x80", false}, {"\xED\xA0\x80", false}, {"\xF4\x90\x80\x80", false}, {"\xE7\x94", false}, {"ok\xFF", false}, {"\x80", false}};
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) assert_int_equal(text_is_utf8(text_of(ROWS[i].text)), ROWS[i].ok);
  assert_int_equal(text_characters(TEXT("电保姆x")), 4);
}

static void parts_are_cut(void **state) {
  (void)state;
  Text rest = TEXT("a;;b"), part;
  assert_true(text_next(&rest, ';', &part) && text_is(part, "a"));
  assert_true(text_next(&rest, ';', &part) && text_is(part, ""));
  assert_true(text_next(&rest, ';', &part) && text_is(part, "b"));
  assert_false(text_next(&rest, ';', &part));
  assert_true(text_is(text_trim(TEXT(" \t x y \r\n")), "x y"));
  assert_int_equal(text_find(TEXT("柳树村三组"), TEXT("三组")), 9);
  assert_int_equal(text_find(TEXT("abc"), TEXT("abcd")), -1);
  assert_true(text_holds(TEXT("柳树村 ABz"), TEXT("aBZ")) && text_holds(TEXT("x"), TEXT("")) && !text_holds(TEXT("ab"), TEXT("abc")));
  assert_true(text_is(text_cut(TEXT("a柳树"), 4), "a柳") && text_is(text_cut(TEXT("a柳树"), 6), "a柳") && text_is(text_cut(TEXT("a柳树"), 7), "a柳树"));
  assert_true(text_is(text_cut(TEXT("柳"), 2), "") && text_cut(TEXT_NONE, 3).at == NULL);
  assert_true(text_compare(TEXT("a"), TEXT("ab")) < 0 && text_compare(TEXT("b"), TEXT("ab")) > 0);
  assert_true(text_ends(TEXT("x.csv"), TEXT(".csv")) && !text_ends(TEXT("csv"), TEXT(".csv")));
}

TEST_MAIN(TEST(numbers_are_whole_or_refused), TEST(utf8_is_checked), TEST(parts_are_cut))
