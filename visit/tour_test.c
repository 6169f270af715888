#include "visit/tour.h"

#include <math.h>

#include "base/random.h"
#include "base/testing.h"

enum { VISITS_MOST = 700 };

typedef struct Case {
  TourVisit visits[VISITS_MOST];
  TourProblem p;
  TourPlan plan;
  Arena arena;
} Case;

static void case_of(Case *c, Random *random, int visits, int days, bool clumped) {
  arena_begin(&c->arena, 0);
  for (int i = 0; i < visits; i++) {
    double x = random_unit(random) * 3000, y = random_unit(random) * 2000;
    if (clumped) x = floor(x / 300) * 300 + (double)random_below(random, 3) * 20, y = floor(y / 400) * 400;
    c->visits[i] = (TourVisit){x, y, 5 + (double)random_below(random, 10), -1, 0, random_below(random, 10) ? 0 : 1 + (int)random_below(random, 3), 0};
  }
  c->p = (TourProblem){.visits = c->visits, .visit_count = visits, .day_count = days, .base_x = 1500, .base_y = 1000, .rules = tour_rules()};
  for (int d = 0; d < days; d++) c->p.capacity[d] = 420;
}

static void case_plan(Case *c, uint64_t seed, int64_t rounds) {
  Error error = {0};
  assert_ok(tour_plan(&c->p, seed, rounds, &c->arena, &c->plan, &error), &error);
  double cost = c->plan.cost;
  assert_ok(tour_check(&c->p, &c->plan, &error), &error);
  assert_float_equal(cost, c->plan.cost, 1e-6);
}

/* Every order of the visits and every way to cut it into days, by the checker's cost. */
typedef struct Ways {
  Case *c;
  TourPlan plan;
  int order[8];
  bool used[8];
  double best;
} Ways;

static void cut(Ways *w, int day, int from) {
  Error error = {0};
  int n = w->c->p.visit_count;
  w->plan.days[day].from = from;
  for (int to = day == w->c->p.day_count - 1 ? n : from; to <= n; to++) {
    w->plan.days[day].to = to;
    if (day < w->c->p.day_count - 1) {
      cut(w, day + 1, to);
      continue;
    }
    assert_ok(tour_check(&w->c->p, &w->plan, &error), &error);
    w->best = fmin(w->best, w->plan.cost);
  }
}

static void permute(Ways *w, int depth) {
  if (depth == w->c->p.visit_count) {
    cut(w, 0, 0);
    return;
  }
  for (int v = 0; v < w->c->p.visit_count; v++) {
    if (w->used[v]) continue;
    w->used[v] = true, w->order[depth] = v;
    permute(w, depth + 1);
    w->used[v] = false;
  }
}

static void against_all_ways(void **state) {
  static Case c;
  Random random;
  int hits = 0, cases = 60;
  (void)state;
  random_seed(&random, 1);
  for (int t = 0; t < cases; t++) {
    case_of(&c, &random, 3 + t % 3, 2 + t % 2, false);
    if (t % 4 == 3)
      for (int i = 0; i < c.p.visit_count; i++) c.visits[i].before = (int)random_below(&random, (uint32_t)c.p.day_count);
    if (t % 5 == 4) c.visits[0].earliest = 1;
    if (t % 7 == 6) c.p.capacity[0] = 30;
    Ways ways = {.c = &c, .plan = {.day_count = c.p.day_count}, .best = INFINITY};
    ways.plan.order = ways.order;
    permute(&ways, 0);
    case_plan(&c, 5, 20000);
    assert_true(c.plan.cost >= ways.best - 1e-6);
    hits += c.plan.cost <= ways.best + 1e-6;
    arena_end(&c.arena);
  }
  assert_true(hits >= cases * 98 / 100);
}

/* Whatever is asked: each visit once (the checker), better than the sweep, days of like length, the due first. */
static void sound_plans(void **state) {
  static Case c;
  Random random;
  (void)state;
  random_seed(&random, 2);
  for (int t = 0; t < 8; t++) {
    TourPlan sweep;
    Error error = {0};
    case_of(&c, &random, t < 3 ? t : 40 * t + 300, 22, t % 2);
    if (t == 5) c.p.capacity[3] = c.p.capacity[21] = 0, c.p.capacity[7] = 200;
    assert_ok(tour_sweep(&c.p, &c.arena, &sweep, &error), &error);
    case_plan(&c, 3, tour_rounds(&c.p));
    assert_true(c.plan.cost <= sweep.cost);
    if (t < 3) {
      arena_end(&c.arena);
      continue;
    }
    double due_day = 0, due = 0, least = INFINITY, most = 0;
    for (int d = 0; d < 22; d++) {
      if (c.p.capacity[d] < 400) continue;
      least = fmin(least, c.plan.days[d].minutes), most = fmax(most, c.plan.days[d].minutes);
      for (int i = c.plan.days[d].from; i < c.plan.days[d].to; i++)
        if (c.visits[c.plan.order[i]].urgency == 3) due_day += d, due++;
    }
    assert_true(most - least < 0.5 * most); /* who is due pulls */
    assert_true(due < 5 || due_day / due < 8); /* at random it would be 10.5 */
    for (int i = 0; i < c.p.visit_count; i++) c.visits[i].urgency = 0; /* nobody is due: the way is all there is */
    assert_ok(tour_sweep(&c.p, &c.arena, &sweep, &error), &error);
    case_plan(&c, 3, tour_rounds(&c.p));
    assert_true(c.plan.minutes < sweep.minutes);
    arena_end(&c.arena);
  }
}

/* Next month: a few new, a few gone, a few due; nearly everybody keeps the day, and a change that is forbidden by its price stays away. */
static void stays_stable(void **state) {
  static Case c;
  Random random;
  (void)state;
  random_seed(&random, 3);
  case_of(&c, &random, 600, 22, true);
  case_plan(&c, 1, tour_rounds(&c.p));
  double legs = c.plan.legs_m;
  for (int d = 0; d < 22; d++)
    for (int i = c.plan.days[d].from; i < c.plan.days[d].to; i++) c.visits[c.plan.order[i]].before = d, c.visits[c.plan.order[i]].place_before = i;
  case_plan(&c, 2, tour_rounds(&c.p));
  assert_true(c.plan.moved < 60);
  assert_true(c.plan.legs_m < legs * 1.05);
  for (int i = 0; i < 30; i++) c.visits[i].before = -1, c.visits[i].x = random_unit(&random) * 3000;
  c.p.rules.change = 1000;
  case_plan(&c, 3, tour_rounds(&c.p));
  assert_int_equal(c.plan.moved, 0);
  arena_end(&c.arena);
}

static void repeats(void **state) {
  static Case c;
  static int once[VISITS_MOST];
  Random random;
  (void)state;
  random_seed(&random, 4);
  case_of(&c, &random, 300, 22, false);
  case_plan(&c, 1, 50000);
  memcpy(once, c.plan.order, 300 * sizeof *once);
  case_plan(&c, 1, 50000);
  assert_memory_equal(once, c.plan.order, 300 * sizeof *once);
  case_plan(&c, 2, 50000);
  assert_memory_not_equal(once, c.plan.order, 300 * sizeof *once);
  arena_end(&c.arena);
}

/* A missed visit goes to the cheapest of the next days that fit; when none fits, where it is least over; after the last day, nowhere. */
static void rolls_over(void **state) {
  static Case c;
  Random random;
  int at = -1;
  (void)state;
  random_seed(&random, 5);
  case_of(&c, &random, 300, 10, false);
  case_plan(&c, 1, 100000);
  for (int i = 0; i < 300; i++) {
    const TourVisit *missed = &c.visits[i];
    double cheapest = INFINITY;
    int fitting = 0, expect = -1;
    for (int d = 3; d < 10 && fitting < 3; d++) { /* slowly: the day written anew with it in every place */
      double way = INFINITY;
      for (int place = 0; place <= c.plan.days[d].to - c.plan.days[d].from; place++) {
        TourVisit day[100];
        int count = 0, order[100];
        for (int k = c.plan.days[d].from; k <= c.plan.days[d].to; k++) {
          if (k - c.plan.days[d].from == place) day[count++] = *missed;
          if (k < c.plan.days[d].to) day[count++] = c.visits[c.plan.order[k]];
        }
        for (int k = 0; k < count; k++) order[k] = k, day[k].before = -1, day[k].urgency = 0;
        TourProblem one = {day, count, 1, c.p.base_x, c.p.base_y, {420}, c.p.rules};
        TourPlan walked = {.order = order, .day_count = 1, .days = {{0, count, 0, 0, 0}}};
        assert_true(tour_check(&one, &walked, NULL));
        way = fmin(way, walked.minutes);
      }
      if (way > 420) continue;
      fitting++;
      if (way - c.plan.days[d].minutes < cheapest - 1e-9) cheapest = way - c.plan.days[d].minutes, expect = d;
    }
    int day = tour_roll(&c.p, &c.plan, missed, 2, 3, &at);
    if (expect >= 0) assert_int_equal(day, expect);
    assert_true(day > 2 && at >= 0 && at <= c.plan.days[day].to - c.plan.days[day].from);
  }
  assert_int_equal(tour_roll(&c.p, &c.plan, &c.visits[0], 9, 3, &at), -1);
  for (int d = 0; d < 10; d++) c.p.capacity[d] = d == 6 ? 60 : 1; /* full everywhere */
  int day = tour_roll(&c.p, &c.plan, &c.visits[0], 2, 3, &at);
  assert_true(day >= 3);
  arena_end(&c.arena);
}

static void bad_problems(void **state) {
  static Case c;
  Random random;
  (void)state;
  random_seed(&random, 6);
  for (int t = 0; t < 11; t++) {
    Error error = {0};
    case_of(&c, &random, 5, 3, false);
    if (t == 0) c.visits[1].x = NAN;
    if (t == 1) c.visits[1].minutes = 0;
    if (t == 2) c.visits[1].before = 3;
    if (t == 3) c.visits[1].urgency = TOUR_URGENCIES;
    if (t == 4) c.visits[1].earliest = -1;
    if (t == 5) c.p.day_count = 0;
    if (t == 6) c.p.capacity[0] = c.p.capacity[1] = c.p.capacity[2] = 0;
    if (t == 7) c.p.capacity[1] = NAN;
    if (t == 8) c.p.base_y = INFINITY;
    if (t == 9) c.p.rules.detour = 0.5;
    if (t == 10) c.p.rules.change = -1;
    assert_false(tour_plan(&c.p, 1, 10, &c.arena, &c.plan, &error));
    assert_int_equal(error.code, ERROR_FIELD_INVALID);
    arena_end(&c.arena);
  }
  case_of(&c, &random, 30, 3, false);
  case_plan(&c, 1, 100);
  c.plan.order[4] = c.plan.order[5]; /* one twice, one never */
  Error error = {0};
  assert_false(tour_check(&c.p, &c.plan, &error));
  assert_int_equal(error.code, ERROR_INTERNAL);
  arena_end(&c.arena);
}

TEST_MAIN(TEST(against_all_ways), TEST(sound_plans), TEST(stays_stable), TEST(repeats), TEST(rolls_over), TEST(bad_problems))
