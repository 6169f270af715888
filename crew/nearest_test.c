#include "crew/nearest.h"

#include <math.h>

#include "base/random.h"
#include "base/testing.h"

static const Instant NOW = 1798718400 * SPAN_SECOND;

static void metres_are_those_of_the_earth(void **state) {
  (void)state;
  assert_true(fabs(nearest_metres(113, 28, 113, 29) - 111195.08) < 0.1);          /* one degree of latitude */
  assert_true(fabs(nearest_metres(113, 60, 114, 60) - 55597.5) < 5);              /* half as much along the 60th parallel, nearly */
  assert_true(fabs(nearest_metres(0, 0, 180, 0) - 3.14159265358979 * 6371008.8) < 1); /* to the other side */
  assert_true(nearest_metres(113.5, 27.7, 113.5, 27.7) <= 0);
}

static void the_nearest_able_comes_first_and_others_say_why(void **state) {
  (void)state;
  NearestOptions options = nearest_options_default();
  NearestPlace place = {113.0, 28.0, 0x1, false};
  NearestCrew crews[] = {
    {113.00, 28.01, 0x2, true, INSTANT_NONE},            /* nearest, cannot */
    {113.00, 28.20, 0x1, true, INSTANT_NONE},
    {113.00, 28.10, 0x3, true, NOW - 1},
    {113.00, 28.02, 0x1, true, NOW + 30 * SPAN_MINUTE},  /* near, busy for half an hour */
    {113.00, 28.03, 0x1, false, INSTANT_NONE},           /* near, at home */
    {NAN, NAN, 0x1, true, INSTANT_NONE},                 /* nobody knows where */
  };
  NearestProposal out[6];
  assert_int_equal(nearest_propose(crews, 6, &place, NOW, &options, out, 6), 6);
  const uint32_t order[] = {2, 1, 5, 3, 4, 0};
  const NearestWhy why[] = {NEAREST_ABLE, NEAREST_ABLE, NEAREST_ABLE, NEAREST_BUSY, NEAREST_OFF_SHIFT, NEAREST_LACKS_SKILL};
  for (int i = 0; i < 6; i++) {
    assert_int_equal(out[i].crew, order[i]);
    assert_int_equal(out[i].why, why[i]);
  }
  /* 0.1° = 11.12 km straight, 14.46 by road at 40 km/h: 21.7 min, and 3 to get ready */
  assert_true(fabs(out[0].distance_km - 14.455) < 0.01 && fabs(out[0].minutes - 24.68) < 0.05);
  assert_true(isnan(out[2].minutes));
  assert_true(fabs(out[3].minutes - (30 + 3 + 2.2239 * 1.3 / 40 * 60)) < 0.01);
  place.town = true;
  nearest_propose(crews, 6, &place, NOW, &options, out, 1);
  assert_true(fabs(out[0].minutes - (3 + 14.455 / 25 * 60)) < 0.05);
  assert_int_equal(nearest_propose(crews, 6, &place, NOW, &options, out, 0), 0);
}

/* The best few are the first few of all. */
static void few_are_the_beginning_of_all(void **state) {
  (void)state;
  enum { CREWS = 60 };
  NearestOptions options = nearest_options_default();
  for (uint64_t seed = 1; seed <= 200; seed++) {
    Random random;
    random_seed(&random, seed);
    NearestCrew crews[CREWS];
    for (int i = 0; i < CREWS; i++) {
      double coarse = (double)random_below(&random, 8) / 50; /* so that many are equal */
      crews[i] = (NearestCrew){113 + coarse, 28, random_below(&random, 4), random_below(&random, 3) > 0, random_below(&random, 3) ? INSTANT_NONE : NOW + SPAN_MINUTE};
    }
    NearestPlace place = {113.05, 28.01, 1, seed % 2};
    NearestProposal all[CREWS], few[7];
    assert_int_equal(nearest_propose(crews, CREWS, &place, NOW, &options, all, CREWS), CREWS);
    assert_int_equal(nearest_propose(crews, CREWS, &place, NOW, &options, few, 7), 7);
    bool seen[CREWS] = {false};
    for (int i = 0; i < CREWS; i++) {
      if (i < 7) assert_int_equal(few[i].crew, all[i].crew);
      assert_false(seen[all[i].crew]);
      seen[all[i].crew] = true;
      if (i == 0) continue;
      assert_true(all[i - 1].why <= all[i].why);
      if (all[i - 1].why == all[i].why) {
        assert_true(all[i - 1].minutes <= all[i].minutes);
        if (all[i - 1].minutes >= all[i].minutes) assert_true(all[i - 1].crew < all[i].crew);
      }
    }
  }
}

TEST_MAIN(TEST(metres_are_those_of_the_earth), TEST(the_nearest_able_comes_first_and_others_say_why), TEST(few_are_the_beginning_of_all))
