#include "visit/campaign.h"

#include <math.h>

#include "base/random.h"
#include "base/testing.h"

enum { HOUSEHOLDS = 4000, AREAS = 60, GRIDS = 12 };

static CampaignHousehold households[HOUSEHOLDS];

/* Villages of boxes; one area far larger than a grid. */
static Campaign county(uint64_t seed, int threads) {
  Random random;
  random_seed(&random, seed);
  for (int h = 0; h < HOUSEHOLDS; h++) {
    int area = h < 900 ? 0 : (int)random_below(&random, AREAS);
    double lon = 112 + area % 8 * 0.02, lat = 27 + area / 8 * 0.02, wide = area == 0 ? 0.02 : 0.004;
    int box = (int)random_below(&random, 100);
    households[h] = (CampaignHousehold){lon + box % 10 * wide / 10, lat + (double)(box / 10) * wide / 10, 10, area, -1, -1, 0, h % 17 == 0, 0};
  }
  Campaign c = {.households = households, .household_count = HOUSEHOLDS, .area_count = AREAS, .grid_count = GRIDS, .day_count = 22, .grid_rules = district_rules(),
                .tour_rules = tour_rules(), .seed = 3, .threads = threads, .rounds_share = 20};
  for (int d = 0; d < 22; d++) c.capacity[d] = 420;
  return c;
}

static void plan_it(const Campaign *c, Arena *arena, CampaignPlan *plan) {
  Error error = {0};
  assert_ok(campaign_grids(c, arena, plan, &error), &error);
  assert_ok(campaign_tours(c, true, arena, plan, &error), &error);
  assert_ok(campaign_check(c, plan, &error), &error);
}

static void a_county(void **state) {
  Arena arena;
  CampaignPlan plan, again;
  (void)state;
  arena_begin(&arena, 0);
  Campaign c = county(1, 1);
  plan_it(&c, &arena, &plan);
  assert_true(plan.split_areas >= 1 && plan.atom_count > AREAS);
  assert_int_equal(plan.figures.pieces_over + plan.figures.empty, 0);
  assert_true(plan.figures.deviation < 0.2);
  assert_true(plan.legs_m + plan.base_m < plan.sweep_legs_m + plan.sweep_base_m);
  int whole[AREAS]; /* an area that is not split lies in one grid */
  for (int a = 0; a < AREAS; a++) whole[a] = -1;
  int split = 0;
  for (int h = 0; h < HOUSEHOLDS; h++) {
    int *one = &whole[households[h].area];
    if (*one == -1) *one = plan.grid_of[h];
    else if (*one != plan.grid_of[h] && *one >= 0) *one = -2, split++;
  }
  assert_int_equal(split, 1);
  c.threads = 3; /* the same on any number of threads */
  plan_it(&c, &arena, &again);
  assert_memory_equal(plan.grid_of, again.grid_of, HOUSEHOLDS * sizeof(int));
  for (int g = 0; g < GRIDS; g++)
    assert_memory_equal(plan.grids[g].tour.order, again.grids[g].tour.order, (size_t)(plan.grids[g].to - plan.grids[g].from) * sizeof(int));
  arena_end(&arena);
}

/* The next month from this one: grids stay, days stay. */
static void next_month(void **state) {
  Arena arena;
  CampaignPlan plan;
  (void)state;
  arena_begin(&arena, 0);
  Campaign c = county(2, 2);
  plan_it(&c, &arena, &plan);
  for (int g = 0; g < GRIDS; g++)
    for (int d = 0; d < 22; d++)
      for (int i = plan.grids[g].tour.days[d].from; i < plan.grids[g].tour.days[d].to; i++) {
        CampaignHousehold *h = &households[plan.member[plan.grids[g].from + plan.grids[g].tour.order[i]]];
        h->grid_before = g, h->day_before = d, h->place_before = i;
      }
  c.keep_grids = true;
  CampaignPlan next;
  plan_it(&c, &arena, &next);
  assert_memory_equal(plan.grid_of, next.grid_of, HOUSEHOLDS * sizeof(int));
  assert_true(next.figures.moved <= 0);
  assert_true(next.moved_days < HOUSEHOLDS * 15 / 100);
  /* the checker sees what is wrong */
  Error error = {0};
  next.grid_of[5] = (next.grid_of[5] + 1) % GRIDS;
  assert_false(campaign_check(&c, &next, &error));
  assert_int_equal(error.code, ERROR_INTERNAL);
  next.grid_of[5] = plan.grid_of[5];
  next.grids[3].tour.order[0] = next.grids[3].tour.order[1];
  error = (Error){0};
  assert_false(campaign_check(&c, &next, &error));
  arena_end(&arena);
}

static void bad_input(void **state) {
  Arena arena;
  CampaignPlan plan;
  (void)state;
  arena_begin(&arena, 0);
  for (int t = 0; t < 6; t++) {
    Campaign c = county(1, 1);
    Error error = {0};
    if (t == 0) c.grid_count = 0;
    if (t == 1) households[7].area = AREAS;
    if (t == 2) households[7].grid_before = GRIDS;
    if (t == 3) households[7].lon = NAN;
    if (t == 4) households[7].lat = 91;
    if (t == 5) households[7].minutes = 0;
    assert_false(campaign_grids(&c, &arena, &plan, &error) && campaign_tours(&c, false, &arena, &plan, &error));
    assert_int_equal(error.code, ERROR_FIELD_INVALID);
  }
  arena_end(&arena);
}

TEST_MAIN(TEST(a_county), TEST(next_month), TEST(bad_input))
