#include "base/testing.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "crew/dispatch_cases.h"
#include "crew/problem.h"

/* Everything that can be mixed, replayed by the slow checker: sound, and the same cost to the last part in a million. */
static void plans_of_every_kind_hold(void **state) {
  (void)state;
  static const unsigned kinds[] = {0,
                                   CASE_WINDOWS | CASE_AMOUNTS,
                                   CASE_WINDOWS | CASE_SKEWED | CASE_TIGHT,
                                   CASE_DUES | CASE_SKILLS,
                                   CASE_DUES | CASE_WINDOWS | CASE_SKEWED,
                                   CASE_DURATION | CASE_WINDOWS,
                                   CASE_DURATION | CASE_WINDOWS | CASE_MATERIAL | CASE_SKILLS,
                                   CASE_BREAKS | CASE_DUES | CASE_WINDOWS,
                                   CASE_BREAKS | CASE_DURATION | CASE_DAY,
                                   CASE_DAY | CASE_DUES,
                                   CASE_AFTER | CASE_DUES | CASE_SKILLS,
                                   CASE_TOGETHER | CASE_DUES,
                                   CASE_AFTER | CASE_TOGETHER | CASE_WINDOWS | CASE_BREAKS,
                                   CASE_MATERIAL | CASE_DUES | CASE_TIGHT,
                                   CASE_MATERIAL | CASE_AFTER | CASE_DUES,
                                   CASE_IN_FORCE | CASE_DUES | CASE_SKILLS,
                                   CASE_IN_FORCE | CASE_AFTER | CASE_MATERIAL | CASE_DUES,
                                   8191 & ~CASE_DURATION,
                                   8191};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    for (uint64_t seed = 1; seed <= 6; seed++) {
      Arena arena;
      Random random;
      DispatchScore replayed;
      arena_begin(&arena, 0);
      random_seed(&random, seed * 100 + k);
      DispatchProblem p = case_problem(&arena, &random, kinds[k], (int)random_between(&random, 1, 40), (int)random_between(&random, 1, 8));
      for (int rounds = 0; rounds <= 300; rounds += 300) {
        DispatchPlan plan = case_solve(&p, &arena, seed, rounds, &replayed);
        if (fabs(plan.score.cost - replayed.cost) > 1e-6 * (1 + replayed.cost))
          fail_msg("kinds %u seed %" PRIu64 " rounds %d: cost %.9g, replayed %.9g", kinds[k], seed, rounds, plan.score.cost, replayed.cost);
        assert_int_equal(plan.score.assigned, replayed.assigned);
        assert_int_equal(plan.score.due_kept, replayed.due_kept);
        assert_int_equal(plan.score.critical_kept, replayed.critical_kept);
        assert_int_equal(plan.score.changed, replayed.changed);
        assert_true(fabs(plan.score.travel - replayed.travel) < 1e-3 && fabs(plan.score.duration - replayed.duration) < 1e-3);
      }
      arena_end(&arena);
    }
}

/* Any one allocation of begin, first plan, search, result may fail: it is said, and nothing of a route that could not grow is looked at. */
static void short_of_memory_it_says_so(void **state) {
  (void)state;
  static const unsigned KINDS[] = {CASE_AFTER | CASE_TOGETHER | CASE_WINDOWS | CASE_BREAKS, CASE_MATERIAL | CASE_AFTER | CASE_DUES, CASE_DURATION | CASE_WINDOWS};
  for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
    Arena arena;
    Random random;
    int64_t rounds = 100, nth = 0;
    arena_begin(&arena, 0);
    random_seed(&random, 5 + k);
    DispatchProblem p = case_problem(&arena, &random, KINDS[k], 30, 6);
    for (bool whole = false; !whole; nth++) {
      Error error = {0};
      Dispatch *d = NULL;
      DispatchPlan plan;
      memory_fail_at(nth + 1);
      bool begun = dispatch_begin(&d, &p, 1, &error);
      whole = begun && dispatch_plan(d, NULL, &error) && dispatch_improve(d, (DispatchEffort){.progress = case_rounds, .user = &rounds}, &error) &&
              dispatch_result(d, &arena, &plan, &error);
      memory_fail_at(0);
      if (begun) dispatch_end(d);
      assert_int_equal(error.code, whole ? ERROR_NONE : ERROR_OUT_OF_MEMORY);
    }
    assert_true(nth > 10);
    arena_end(&arena);
  }
}

/* Many jobs: only crews nearby are judged, and of many that no crew has hours for a few at a time; the books must balance all the same. */
static void large_plans_hold(void **state) {
  (void)state;
  static const struct {
    unsigned kinds;
    int jobs, crews;
  } CASES[] = {{CASE_WINDOWS | CASE_AMOUNTS, 260, 30},        {CASE_DURATION | CASE_WINDOWS | CASE_SKILLS, 250, 30}, {CASE_TIGHT | CASE_SKEWED, 260, 6},
               {CASE_TIGHT | CASE_DUES | CASE_BREAKS, 120, 4}, {CASE_TIGHT | CASE_AFTER | CASE_TOGETHER | CASE_DUES, 120, 4}};
  for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
    Arena arena;
    Random random;
    DispatchScore first, replayed;
    arena_begin(&arena, 0);
    random_seed(&random, 11 + c);
    DispatchProblem p = case_problem(&arena, &random, CASES[c].kinds, CASES[c].jobs, CASES[c].crews);
    case_solve(&p, &arena, 1, 0, &first);
    DispatchPlan plan = case_solve(&p, &arena, 1, 200, &replayed);
    assert_true(fabs(plan.score.cost - replayed.cost) <= 1e-6 * (1 + replayed.cost));
    assert_int_equal(plan.score.assigned + plan.score.unassigned, p.job_count);
    assert_int_equal(plan.score.assigned, replayed.assigned);
    if (replayed.cost >= first.cost) fail_msg("case %zu: %.9g, and %.9g at first", c, replayed.cost, first.cost);
    if (CASES[c].kinds & CASE_TIGHT) assert_true(replayed.unassigned > 16);
    arena_end(&arena);
  }
}

/* Small cases against trying all: never better than the best, and nearly always the best. */
static void small_cases_are_best(void **state) {
  (void)state;
  static const unsigned kinds[] = {CASE_WINDOWS,
                                   CASE_WINDOWS | CASE_AMOUNTS | CASE_SKILLS,
                                   CASE_DUES | CASE_SKILLS,
                                   CASE_DUES | CASE_WINDOWS | CASE_SKEWED,
                                   CASE_DURATION | CASE_WINDOWS,
                                   CASE_TIGHT | CASE_WINDOWS | CASE_SKEWED,
                                   CASE_DUES | CASE_DURATION | CASE_TIGHT};
  int best = 0, all = 0;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    for (uint64_t seed = 1; seed <= 30; seed++, all++) {
      Arena arena;
      Random random;
      DispatchScore replayed;
      arena_begin(&arena, 0);
      random_seed(&random, seed * 1000 + k);
      DispatchProblem p = case_problem(&arena, &random, kinds[k], (int)random_between(&random, 1, 6), (int)random_between(&random, 1, 3));
      double least = case_exhaustive(&p);
      case_solve(&p, &arena, seed, 800, &replayed);
      if (replayed.cost < least - 1e-6 * (1 + least))
        fail_msg("kinds %u seed %" PRIu64 ": %.9g is below the best, %.9g", kinds[k], seed, replayed.cost, least);
      if (replayed.cost <= least + 1e-6 * (1 + least))
        best++;
      else
        print_message("# kinds %u seed %" PRIu64 ": %.9g, best %.9g\n", kinds[k], seed, replayed.cost, least);
      arena_end(&arena);
    }
  assert_true(best >= all - 1);
}

static void small_linked_cases_are_best(void **state) {
  (void)state;
  static const unsigned kinds[] = {CASE_AFTER | CASE_DUES, CASE_TOGETHER | CASE_DUES,
                                   CASE_AFTER | CASE_TOGETHER | CASE_WINDOWS | CASE_SKILLS};
  int best = 0, all = 0;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    for (uint64_t seed = 1; seed <= 30; seed++, all++) {
      Arena arena;
      Random random;
      DispatchScore replayed;
      arena_begin(&arena, 0);
      random_seed(&random, seed * 1000 + k);
      DispatchProblem p = case_problem(&arena, &random, kinds[k], (int)random_between(&random, 1, 5), 2);
      double least = case_exhaustive_linked(&p);
      case_solve(&p, &arena, seed, 800, &replayed);
      if (replayed.cost < least - 1e-6 * (1 + least))
        fail_msg("kinds %u seed %" PRIu64 ": %.9g is below the best, %.9g", kinds[k], seed, replayed.cost, least);
      if (replayed.cost <= least + 1e-6 * (1 + least))
        best++;
      else
        print_message("# kinds %u seed %" PRIu64 ": %.9g, best %.9g\n", kinds[k], seed, replayed.cost, least);
      arena_end(&arena);
    }
  assert_true(best >= all - 2);
}

static void same_seed_same_plan(void **state) {
  (void)state;
  Arena arena;
  Random random;
  DispatchScore score;
  arena_begin(&arena, 0);
  random_seed(&random, 5);
  DispatchProblem p = case_problem(&arena, &random, 8191 & ~CASE_DURATION, 60, 8);
  DispatchPlan a = case_solve(&p, &arena, 7, 400, &score), b = case_solve(&p, &arena, 7, 400, &score),
               c = case_solve(&p, &arena, 8, 400, &score);
  bool other = a.score.cost != c.score.cost;
  for (int k = 0; k < p.crew_count; k++) {
    assert_int_equal(a.routes[k].count, b.routes[k].count);
    other = other || a.routes[k].count != c.routes[k].count;
    for (int i = 0; i < a.routes[k].count; i++) {
      assert_int_equal(a.routes[k].stops[i].index, b.routes[k].stops[i].index);
      assert_true(a.routes[k].stops[i].start == b.routes[k].stops[i].start);
    }
  }
  assert_true(other);
  arena_end(&arena);
}

TEST_MAIN(TEST(plans_of_every_kind_hold), TEST(short_of_memory_it_says_so), TEST(large_plans_hold), TEST(small_cases_are_best), TEST(small_linked_cases_are_best), TEST(same_seed_same_plan))
