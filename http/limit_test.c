/* Buckets, against a brute-force twin that keeps every count. */
#include "base/testing.h"
#include "http/limit.h"

static void a_bucket_fills_and_empties(void **state) {
  (void)state;
  static const LimitRule RULE = {'a', 3, 10 * SPAN_SECOND};
  Limits *limits = limits_new();
  Instant now = 1000 * SPAN_SECOND;
  assert_non_null(limits);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(limits_wait(limits, &RULE, TEXT("x"), now), 0);
    limits_count(limits, &RULE, TEXT("x"), now);
  }
  assert_int_equal(limits_wait(limits, &RULE, TEXT("x"), now), 10 * SPAN_SECOND);
  assert_int_equal(limits_wait(limits, &RULE, TEXT("y"), now), 0); /* another's */
  assert_int_equal(limits_wait(limits, &(LimitRule){'b', 3, 10 * SPAN_SECOND}, TEXT("x"), now), 0);
  assert_int_equal(limits_wait(limits, &RULE, TEXT("x"), now + 10 * SPAN_SECOND), 0);
  limits_count(limits, &RULE, TEXT("x"), now + 10 * SPAN_SECOND);
  assert_int_equal(limits_wait(limits, &RULE, TEXT("x"), now + 12 * SPAN_SECOND), 8 * SPAN_SECOND);
  assert_int_equal(limits_wait(limits, &RULE, TEXT("x"), now + SPAN_HOUR), 0);
  for (int i = 0; i < 50; i++) limits_count(limits, &RULE, TEXT("x"), now + 12 * SPAN_SECOND); /* more than it holds is as full as it gets */
  assert_int_equal(limits_wait(limits, &RULE, TEXT("x"), now + 12 * SPAN_SECOND), 10 * SPAN_SECOND);
  assert_int_equal(limits_wait(limits, &RULE, TEXT("x"), now - SPAN_DAY), 0); /* the clock was put back */
  limits_free(limits);
}

/* Counts in any order of time; the twin empties a level step by step. */
static void as_a_twin_counts(void **state) {
  (void)state;
  uint64_t seed = 7;
  for (int round = 0; round < 200; round++) {
    LimitRule rule = {'t', 1 + round % 9, (1 + round % 5) * SPAN_SECOND};
    Limits *limits = limits_new();
    Instant now = 5000 * SPAN_SECOND, empty = 0;
    assert_non_null(limits);
    for (int i = 0; i < 300; i++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      now += (Span)(seed >> 40) % (3 * SPAN_SECOND);
      Span level = empty > now ? empty - now : 0; /* how much is in it, in time */
      bool room = level + rule.every <= rule.most * rule.every;
      Span wait = limits_wait(limits, &rule, TEXT("z"), now);
      assert_int_equal(wait == 0, room);
      if (!room) assert_int_equal(limits_wait(limits, &rule, TEXT("z"), now + wait), 0);
      if (!room) continue;
      limits_count(limits, &rule, TEXT("z"), now);
      empty = (empty > now ? empty : now) + rule.every;
    }
    limits_free(limits);
  }
}

/* However many come by, the table stays bounded, and who has just filled a bucket is not forgotten for an empty one. */
static void the_emptiest_is_forgotten(void **state) {
  (void)state;
  static const LimitRule FULL = {'f', 2, SPAN_DAY}, LIGHT = {'l', 2, SPAN_SECOND};
  Limits *limits = limits_new();
  Instant now = 1000 * SPAN_DAY;
  char name[24];
  assert_non_null(limits);
  limits_count(limits, &FULL, TEXT("who"), now), limits_count(limits, &FULL, TEXT("who"), now);
  for (int i = 0; i < 100000; i++) limits_count(limits, &LIGHT, (Text){name, (size_t)snprintf(name, sizeof name, "%d", i)}, now);
  assert_true(limits_wait(limits, &FULL, TEXT("who"), now) > 0);
  limits_free(limits);
}

TEST_MAIN(TEST(a_bucket_fills_and_empties), TEST(as_a_twin_counts), TEST(the_emptiest_is_forgotten))
