#include "visit/district.h"

#include <math.h>

#include "base/random.h"
#include "base/testing.h"

enum { ATOMS_MOST = 400 };

typedef struct Case {
  DistrictAtom atoms[ATOMS_MOST];
  int grid_of[ATOMS_MOST];
  DistrictProblem p;
  DistrictFigures figures;
  Arena arena;
} Case;

static void case_of(Case *c, Random *random, int atoms, int grids, bool clumped) {
  Error error = {0};
  arena_begin(&c->arena, 0);
  for (int i = 0; i < atoms; i++) {
    double x = random_unit(random) * 10000, y = random_unit(random) * 6000;
    if (clumped && i % 3) x = floor(x / 2500) * 2500 + random_unit(random) * 200, y = floor(y / 2000) * 2000;
    if (clumped && i % 10 == 9) x = c->atoms[i - 1].x, y = c->atoms[i - 1].y;
    c->atoms[i] = (DistrictAtom){x, y, 200 + random_unit(random) * 1200, -1, false};
  }
  c->p = (DistrictProblem){c->atoms, .atom_count = atoms, .grid_count = grids, .rules = district_rules()};
  assert_ok(district_map(c->atoms, atoms, &c->arena, &c->p.map, &error), &error);
}

static void case_plan(Case *c, uint64_t seed, int64_t rounds) {
  Error error = {0};
  assert_ok(district_plan(&c->p, seed, rounds, c->grid_of, &error), &error);
  assert_ok(district_figures(&c->p, c->grid_of, &c->arena, &c->figures, &error), &error);
}

static bool has_edge(const DistrictMap *map, int a, int b) {
  for (int k = map->from[a]; k < map->from[a + 1]; k++)
    if (map->neighbour[k] == b) return true;
  return false;
}

/* Against the definition, every pair and every third. */
static void neighbours_are_gabriels(void **state) {
  static Case c;
  Random random;
  (void)state;
  random_seed(&random, 1);
  for (int t = 0; t < 60; t++) {
    int n = t < 4 ? t : 2 + (int)random_below(&random, 60);
    case_of(&c, &random, n, 1, t % 2);
    for (int a = 0; a < n; a++)
      for (int b = 0; b < n; b++) {
        if (a == b) continue;
        bool same = hypot(c.atoms[a].x - c.atoms[b].x, c.atoms[a].y - c.atoms[b].y) <= 0, blocked = false, first = true;
        for (int k = 0; k < n; k++) {
          if (k < b && hypot(c.atoms[k].x - c.atoms[b].x, c.atoms[k].y - c.atoms[b].y) <= 0) first = false;
          if (k < a && hypot(c.atoms[k].x - c.atoms[a].x, c.atoms[k].y - c.atoms[a].y) <= 0 && !same) first = false;
          if ((c.atoms[a].x - c.atoms[k].x) * (c.atoms[b].x - c.atoms[k].x) + (c.atoms[a].y - c.atoms[k].y) * (c.atoms[b].y - c.atoms[k].y) < 0) blocked = true;
        }
        if (!same) assert_int_equal(has_edge(&c.p.map, a, b), !blocked && first);
        assert_int_equal(has_edge(&c.p.map, a, b), has_edge(&c.p.map, b, a));
      }
    case_plan(&c, 1, 0); /* one grid of all is one piece: the map hangs together */
    assert_int_equal(c.figures.pieces_over, 0);
    arena_end(&c.arena);
  }
}

/* Whatever the county: every atom in a grid, none empty, none in pieces; better with rounds, and fairly balanced. */
static void sound_plans(void **state) {
  static Case c;
  Random random;
  (void)state;
  random_seed(&random, 2);
  for (int t = 0; t < 40; t++) {
    int n = 1 + (int)random_below(&random, ATOMS_MOST - 1), grids = 1 + (int)random_below(&random, (uint32_t)(n < 60 ? n : 60));
    case_of(&c, &random, n, grids, t % 2);
    case_plan(&c, 7, 0);
    double first = c.figures.cost;
    assert_int_equal(c.figures.empty, 0);
    assert_int_equal(c.figures.pieces_over, 0);
    case_plan(&c, 7, 200 * n);
    assert_int_equal(c.figures.empty, 0);
    assert_int_equal(c.figures.pieces_over, 0);
    assert_true(c.figures.cost <= first * 1.001 + 0.05 * grids);
    if (n >= 8 * grids && grids > 1 && t % 2 == 0) assert_true(c.figures.deviation < 0.08);
    arena_end(&c.arena);
  }
}

/* All ways to share few atoms among two or three grids, in whole pieces: the best is found. */
static void against_all_ways(void **state) {
  static Case c;
  Random random;
  int hits = 0, cases = torture_rounds(150);
  (void)state;
  random_seed(&random, 3);
  for (int t = 0; t < cases; t++) {
    int n = 5 + (int)random_below(&random, 4), grids = 2 + t % 2, ways = 1;
    Error error = {0};
    case_of(&c, &random, n, grids, false);
    double best = INFINITY;
    for (int i = 0; i < n; i++) ways *= grids;
    for (int way = 0; way < ways; way++) {
      for (int i = 0, rest = way; i < n; i++, rest /= grids) c.grid_of[i] = rest % grids;
      assert_ok(district_figures(&c.p, c.grid_of, &c.arena, &c.figures, &error), &error);
      if (!c.figures.pieces_over && !c.figures.empty) best = fmin(best, c.figures.cost);
      arena_end(&c.arena);
      assert_ok(district_map(c.atoms, n, &c.arena, &c.p.map, &error), &error);
    }
    case_plan(&c, 11, 20000);
    assert_true(c.figures.cost >= best - 1e-9);
    hits += c.figures.cost <= best + 1e-9;
    arena_end(&c.arena);
  }
  assert_true(hits >= cases * 95 / 100);
}

/* Present grids: what is fixed stays, what is soft moves little, a new manager gets work, one who has left gives it up. */
static void present_grids(void **state) {
  static Case c;
  static int present[ATOMS_MOST];
  Random random;
  (void)state;
  random_seed(&random, 4);
  case_of(&c, &random, 300, 20, false);
  case_plan(&c, 1, 200000);
  memcpy(present, c.grid_of, sizeof present);
  for (int i = 0; i < 300; i++) c.atoms[i].before = present[i];
  case_plan(&c, 2, 200000);

  assert_true(c.figures.moved <= 0.1); /* nothing has changed */
  for (int i = 0; i < 300; i++) c.atoms[i].minutes *= c.atoms[i].x < 3000 ? 2 : 1; /* the west has grown */
  case_plan(&c, 3, 300000);
  double moved = c.figures.moved, deviation = c.figures.deviation;
  assert_true(moved > 0.05 && deviation < 0.15);
  c.p.rules.change = 30;
  case_plan(&c, 3, 300000);
  assert_true(c.figures.moved < moved);
  c.p.rules.change = 0.3;
  for (int i = 0; i < 300; i++) c.atoms[i].fixed = i % 2;
  case_plan(&c, 3, 100000);
  for (int i = 1; i < 300; i += 2) assert_int_equal(c.grid_of[i], present[i]);
  for (int i = 0; i < 300; i++) c.atoms[i].fixed = true; /* hard: nobody moves, whatever it costs */
  case_plan(&c, 3, 100000);
  assert_memory_equal(c.grid_of, present, 300 * sizeof *present);
  for (int i = 0; i < 300; i++) c.atoms[i].fixed = false;
  c.p.grid_count = 22; /* two new managers */
  case_plan(&c, 4, 300000);
  assert_int_equal(c.figures.empty + c.figures.pieces_over, 0);
  assert_true(c.figures.least > c.figures.mean * 0.6);
  c.p.grid_count = 20;
  for (int i = 0; i < 300; i++)
    if (present[i] == 19) c.atoms[i].before = -1; /* the last has left, nobody new */
  c.p.grid_count = 19;
  case_plan(&c, 5, 300000);
  assert_int_equal(c.figures.empty + c.figures.pieces_over, 0);
  assert_true(c.figures.most < c.figures.mean * 1.3);
  arena_end(&c.arena);
}

static void repeats(void **state) {
  static Case c;
  static int once[ATOMS_MOST];
  Random random;
  (void)state;
  random_seed(&random, 5);
  case_of(&c, &random, 250, 30, true);
  case_plan(&c, 9, 50000);
  memcpy(once, c.grid_of, sizeof once);
  case_plan(&c, 9, 50000);
  assert_memory_equal(once, c.grid_of, 250 * sizeof *once);
  case_plan(&c, 10, 50000);
  assert_memory_not_equal(once, c.grid_of, 250 * sizeof *once);
  arena_end(&c.arena);
}

/* Fewer atoms than grids, all at one place, no work, none at all. */
static void odd_counties(void **state) {
  static Case c;
  Random random;
  Error error = {0};
  (void)state;
  random_seed(&random, 6);
  case_of(&c, &random, 3, 7, false);
  case_plan(&c, 1, 1000);
  assert_int_equal(c.figures.empty, 4);
  arena_end(&c.arena);
  case_of(&c, &random, 50, 5, false);
  for (int i = 0; i < 50; i++) c.atoms[i].x = 1, c.atoms[i].y = 1, c.atoms[i].minutes = i % 2 ? 100 : 0;
  assert_ok(district_map(c.atoms, 50, &c.arena, &c.p.map, &error), &error);
  case_plan(&c, 1, 1000);
  arena_end(&c.arena);
  c.p.atom_count = 0;
  assert_ok(district_plan(&c.p, 1, 1000, c.grid_of, &error), &error);
  c.p.atom_count = 1;
  const DistrictAtom BAD[] = {{NAN, 0, 1, -1, false}, {0, 0, -1, -1, false}, {0, 0, 1, 5, false}, {0, 0, 1, -1, true}};
  for (size_t i = 0; i < 4; i++) {
    c.atoms[0] = BAD[i];
    error = (Error){0};
    assert_false(district_plan(&c.p, 1, 1, c.grid_of, &error));
    assert_int_equal(error.code, ERROR_FIELD_INVALID);
  }
}

TEST_MAIN(TEST(neighbours_are_gabriels), TEST(sound_plans), TEST(against_all_ways), TEST(present_grids), TEST(repeats), TEST(odd_counties))
