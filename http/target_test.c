#include "http/target.h"

#include "base/testing.h"

static void sound_targets_are_taken_apart(void **state) {
  (void)state;
  static const struct { const char *raw, *segments, *pairs; } CASES[] = {
      {"/", "", ""},
      {"/api", "api|", ""},
      {"/api/", "api|/", ""},
      {"/api/v1/orders/12?state=open", "api|v1|orders|12|", "state=open|"},
      {"/a%2Fb/%E7%94%B5", "a/b|电|", ""},
      {"/x?q=%E6%9D%8E+%2B1&empty=&bare", "x|", "q=李 +1|empty=|bare=|"},
      {"/x?", "x|", ""},
      {"/x?&&a=1&", "x|", "a=1|"},
      {"/x?a=b=c&t=1/2?3", "x|", "a=b=c|t=1/2?3|"},
      {"/+", "+|", ""},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Error error = {0};
    Target target;
    Arena arena;
    char segments[200] = "", pairs[200] = "";
    arena_begin(&arena, 0);
    assert_ok(target_parse(&target, &arena, text_of(CASES[i].raw), &error), &error);
    for (int k = 0; k < target.segments; k++) snprintf(segments + strlen(segments), 100, "%.*s|", TEXT_ARG(target.segment[k]));
    if (target.folder) strcat(segments, "/");
    for (int k = 0; k < target.pairs; k++)
      snprintf(pairs + strlen(pairs), 100, "%.*s=%.*s|", TEXT_ARG(target.pair[k].name), TEXT_ARG(target.pair[k].value));
    assert_string_equal(segments, CASES[i].segments);
    assert_string_equal(pairs, CASES[i].pairs);
    arena_end(&arena);
  }
}

static void unsound_targets_are_refused(void **state) {
  (void)state;
  static const char *const CASES[] = {
      "", "x", "*", "http://host/x", "//", "//host/x", "/a//b", "/a/./b", "/a/../b", "/..", "/%2e%2e/x", "/a/%", "/a/%4", "/a/%zz", "/a/%00", "/a/%0d%0aX",
      "/a b", "/a\tb", "/a#b", "/a\\b", "/%ff", "/%c0%af", "/x?a=%00", "/x?a=1&a=2", "/x?%ff=1", "/x?a=\x01",
      "/1/2/3/4/5/6/7/8/9/10/11/12/13", "/x?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q&r&s&t&u&v&w&x&y",
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Error error = {0};
    Target target;
    Arena arena;
    arena_begin(&arena, 0);
    if (target_parse(&target, &arena, text_of(CASES[i]), &error)) fail_msg("taken: %s", CASES[i]);
    assert_int_equal(error.code, ERROR_HTTP_TARGET);
    arena_end(&arena);
  }
  char longest[TARGET_BYTES + 2];
  memset(longest, 'a', sizeof longest);
  longest[0] = '/';
  Error error = {0};
  Target target;
  assert_false(target_parse(&target, NULL, (Text){longest, sizeof longest}, &error));
  assert_true(target_parse(&target, NULL, (Text){longest, TARGET_BYTES}, &error));
}

TEST_MAIN(TEST(sound_targets_are_taken_apart), TEST(unsound_targets_are_refused))
