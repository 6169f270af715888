#include "http/header.h"

#include "base/testing.h"

static void cookies_and_tokens_are_found(void **state) {
  (void)state;
  static const struct { const char *cookies, *found; } CASES[] = {
      {"dianbaomu=abc", "abc"}, {"a=b; dianbaomu=abc; c=d", "abc"}, {" dianbaomu=a=b ;x", "a=b"}, {"dianbaomu=", ""}, {"xdianbaomu=1", NULL},
      {"dianbaomu2=1", NULL}, {"dianbaomu", NULL}, {"", NULL}, {"DIANBAOMU=1", NULL}, {";;=;dianbaomu=1;dianbaomu=2", "1"},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Text found = header_cookie(text_of(CASES[i].cookies), TEXT("dianbaomu"));
    assert_int_equal(found.at == NULL, CASES[i].found == NULL);
    if (CASES[i].found) assert_true(text_is(found, CASES[i].found));
  }
  assert_true(text_is(header_bearer(TEXT("bearer  x y")), "x y"));
  assert_null(header_bearer(TEXT("Basic abc")).at);
  assert_null(header_bearer(TEXT("Bearer")).at);
  assert_null(header_bearer(TEXT_NONE).at);
}

static void parts_are_sound_or_not(void **state) {
  (void)state;
  assert_true(header_name_is_sound(TEXT("X-Thing_1")) && !header_name_is_sound(TEXT("")) && !header_name_is_sound(TEXT("A b")));
  assert_false(header_name_is_sound(TEXT("A\0b")));
  assert_true(header_value_is_sound(TEXT("a\t\xe7\x94\xb5")) && !header_value_is_sound(TEXT("a\rb")) && !header_value_is_sound(TEXT("\x7f")));
  assert_true(header_host_is_sound(TEXT("[::1]:9559")) && header_host_is_sound(TEXT("a-b.example:1")) && header_host_is_sound(TEXT_NONE));
  assert_false(header_host_is_sound(TEXT("a@b")));
  assert_false(header_host_is_sound(TEXT("a/b")));
  assert_true(text_is(header_last(TEXT("a, b ,c ")), "c") && text_is(header_last(TEXT("a,")), ""));
}

static void origins_types_and_tags_are_compared(void **state) {
  (void)state;
  assert_true(header_origin_is(TEXT("https://A.example:1"), TEXT("a.example:1")));
  assert_false(header_origin_is(TEXT("https://a.example"), TEXT("a.example:1")));
  assert_false(header_origin_is(TEXT("null"), TEXT("null")));
  assert_false(header_origin_is(TEXT("http://"), TEXT("")));
  assert_true(header_media_type_is(TEXT("application/JSON ; charset=utf-8"), "application/json"));
  assert_false(header_media_type_is(TEXT("application/jsonp"), "application/json"));
  assert_false(header_media_type_is(TEXT_NONE, "application/json"));
  assert_true(header_etag_matches(TEXT("\"a\", W/\"b\""), "\"b\"") && header_etag_matches(TEXT("*"), "\"b\""));
  assert_false(header_etag_matches(TEXT("b, \"bb\""), "\"b\""));
}

static void the_weightiest_language_wins(void **state) {
  (void)state;
  static const struct { const char *accept; Language language; } CASES[] = {
      {"", LANGUAGE_ZH}, {"en", LANGUAGE_EN}, {"fr, en;q=0.5", LANGUAGE_EN}, {"en;q=0.3, zh-CN;q=0.9", LANGUAGE_ZH}, {"en-GB,zh", LANGUAGE_EN},
      {"de", LANGUAGE_ZH}, {"en;q=x", LANGUAGE_ZH}, {"en;q=0", LANGUAGE_ZH}, {",,;,e", LANGUAGE_ZH},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) assert_int_equal(header_language(text_of(CASES[i].accept)), CASES[i].language);
}

TEST_MAIN(TEST(cookies_and_tokens_are_found), TEST(parts_are_sound_or_not), TEST(origins_types_and_tags_are_compared), TEST(the_weightiest_language_wins))
