/* The public feeders against the solutions OpenDSS gave for them (reference.csv, reference_ll.csv: see SOURCE.md beside each). */
#include <math.h>

#include "base/testing.h"
#include "flow/model.h"
#include "flow/sweep.h"
#include "interop/csv.h"

typedef struct Solved {
  Arena arena;
  DssModel model;
  FlowCircuit circuit;
  FlowTree tree;
  double *p, *q;
  FlowComplex *current, *volts, *scratch;
} Solved;

static void begin(Solved *s, const char *path) {
  Error error = {0};
  arena_begin(&s->arena, 0);
  assert_ok(dss_read(&s->model, path, &dss_disk, &error), &error);
  assert_ok(flow_circuit_of(&s->circuit, &s->arena, &s->model, &error), &error);
  assert_ok(flow_tree_build(&s->tree, &s->circuit, &s->arena, &error), &error);
  size_t loads = s->circuit.loads.count, nodes = s->circuit.buses.count * FLOW_NODES_MAX;
  s->p = ARENA_ARRAY(&s->arena, double, loads);
  s->q = ARENA_ARRAY(&s->arena, double, loads);
  s->current = ARENA_ARRAY(&s->arena, FlowComplex, loads);
  s->volts = ARENA_ARRAY(&s->arena, FlowComplex, nodes);
  s->scratch = ARENA_ARRAY(&s->arena, FlowComplex, nodes + loads);
  assert_true(s->p && s->q && s->current && s->volts && s->scratch);
}

static void solve(Solved *s, int64_t minute) {
  flow_loads_at(&s->circuit, &s->model, minute, s->p, s->q, 1);
  assert_int_not_equal(flow_tree_solve(&s->tree, s->p, s->q, 1e-9, 500, s->current, s->volts, s->scratch), 0);
}

static void end(Solved *s) {
  flow_circuit_end(&s->circuit);
  dss_end(&s->model);
  arena_end(&s->arena);
}

static FlowComplex at_node(const Solved *s, Text bus, int node) {
  int64_t at;
  if (!text_map_get(&s->circuit.names, bus, &at)) fail_msg("bus %.*s", TEXT_ARG(bus));
  const FlowBus *found = &s->circuit.buses.at[at];
  for (int i = 0; i < found->nodes; i++)
    if (found->node[i] == node) return s->volts[(size_t)at * FLOW_NODES_MAX + (size_t)i];
  fail_msg("bus %.*s has no node %d", TEXT_ARG(bus), node);
  return 0;
}

static double number(const Csv *csv, size_t column) {
  double value;
  assert_true(text_to_f64(csv_field(csv, column), &value));
  return value;
}

/* The largest difference of |V| over |V| of the reference, and of angles in degrees, over the rows of one case and minute. */
static int compare(const Solved *s, const char *path, const char *which, int minute, bool between, const char *skip_bus, double *worst,
                   double *worst_angle) {
  const CsvColumn COLUMNS[] = {{"case", true},    {"minute", true},   {"bus", true}, {between ? "phases" : "phase", true},
                               {"v_volts", true}, {"angle_deg", true}};
  Error error = {0};
  Csv *csv;
  bool row = true;
  int rows = 0;
  *worst = *worst_angle = 0;
  assert_ok(csv_open_file(&csv, path, &error), &error);
  assert_ok(csv_columns(csv, COLUMNS, 6, &error), &error);
  while (true) {
    assert_ok(csv_next(csv, &row, &error), &error);
    if (!row) break;
    if (!text_is(csv_field(csv, 0), which) || (int)number(csv, 1) != minute || (skip_bus && text_is(csv_field(csv, 2), skip_bus))) continue;
    int phase = (int)number(csv, 3);
    FlowComplex v = between ? at_node(s, csv_field(csv, 2), phase / 10) - at_node(s, csv_field(csv, 2), phase % 10)
                            : at_node(s, csv_field(csv, 2), phase);
    double turned = fabs(remainder(carg(v) * 180 / 3.14159265358979323846 - number(csv, 5), 360)), off = fabs(cabs(v) / number(csv, 4) - 1);
    if (getenv("FLOW_SHOW"))
      print_message("# %.*s.%d %.6f against %.6f: %.1e\n", TEXT_ARG(csv_field(csv, 2)), phase, cabs(v), number(csv, 4), off);
    *worst = fmax(*worst, off);
    *worst_angle = fmax(*worst_angle, turned);
    rows++;
  }
  csv_close(csv);
  return rows;
}

static const struct {
  const char *feeder, *which;
  bool between; /* a three-wire delta: only voltages between lines mean anything */
  const char *skip_bus;
  int rows;
} CASES[] = {
    {"ieee13", "snapshot", false, NULL, 41},     {"ieee13", "published", false, NULL, 41}, {"ieee34", "snapshot", false, NULL, 138},
    {"ieee37", "snapshot", true, NULL, 117},     {"ieee37", "published", true, NULL, 117}, {"ieee123", "snapshot", false, "610", 275},
    {"ieee123", "published", false, "610", 275}, {"ieee123", "snapshot", true, NULL, 3},   {"ieee123", "published", true, NULL, 3},
};

static void public_feeders(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Solved s = {0};
    char path[5000];
    double worst, angle;
    const char *folder = testing_shared("data/feeders");
    snprintf(path, sizeof path, "%s/%s/case_%s.dss", folder, CASES[i].feeder, CASES[i].which);
    begin(&s, path);
    solve(&s, 1);
    snprintf(path, sizeof path, "%s/%s/reference%s.csv", folder, CASES[i].feeder, CASES[i].between ? "_ll" : "");
    int rows = compare(&s, path, CASES[i].which, 0, CASES[i].between, CASES[i].skip_bus, &worst, &angle);
    print_message("# %s %s%s: %d values, largest difference %.1e of |V|, %.1e degrees\n", CASES[i].feeder, CASES[i].which,
                  CASES[i].between ? " line to line" : "", rows, worst, angle);
    assert_int_equal(rows, CASES[i].rows);
    assert_true(worst <= 1e-6);
    assert_true(angle <= 1e-4);
    end(&s);
  }
}

static void european_minutes(void **state) {
  static const int MINUTES[] = {1, 566, 1440};
  char path[5000];
  Solved s = {0};
  (void)state;
  const char *folder = testing_shared("data/feeders/eulv");
  snprintf(path, sizeof path, "%s/case_day.dss", folder);
  begin(&s, path);
  for (int i = 0; i < 3; i++) {
    double worst, angle;
    solve(&s, MINUTES[i]);
    snprintf(path, sizeof path, "%s/reference.csv", folder);
    int rows = compare(&s, path, "day", MINUTES[i], false, NULL, &worst, &angle);
    print_message("# eulv minute %d: %d values, largest difference %.1e of |V|, %.1e degrees\n", MINUTES[i], rows, worst, angle);
    assert_int_equal(rows, 2721);
    assert_true(worst <= 1e-6);
    assert_true(angle <= 1e-4);
  }
  end(&s);
}

/* All 1,440 minutes at once, in vectors: least and most volts, the source's power and the losses, minute by minute. */
static void european_day(void **state) {
  enum { MINUTES = 1440 };
  const CsvColumn COLUMNS[] = {{"minute", true},    {"v_min_volts", true}, {"v_max_volts", true},
                               {"source_kw", true}, {"source_kvar", true}, {"losses_kw", true}};
  static double least[MINUTES], most[MINUTES], p[MINUTES], q[MINUTES], loss[MINUTES];
  double worst[5] = {0};
  char path[5000];
  Solved s = {0};
  Error error = {0};
  Csv *csv;
  bool row = true;
  size_t unsettled;
  int rows = 0;
  (void)state;
  const char *folder = testing_shared("data/feeders/eulv");
  snprintf(path, sizeof path, "%s/case_day.dss", folder);
  begin(&s, path);
  size_t loads = s.circuit.loads.count;
  double *all_p = ARENA_ARRAY(&s.arena, double, loads *MINUTES), *all_q = ARENA_ARRAY(&s.arena, double, loads *MINUTES);
  FlowPlan *plan = flow_plan_build(&s.tree, &s.arena);
  assert_true(all_p && all_q && plan);
  for (int i = 0; i < MINUTES; i++) flow_loads_at(&s.circuit, &s.model, i + 1, all_p + i, all_q + i, MINUTES);
  FlowSets sets = {MINUTES, all_p, all_q, 1e-9, 200};
  FlowFigures figures = {.v_least = least, .v_most = most, .source_p = p, .source_q = q, .loss_p = loss};
  assert_ok(flow_solve(plan, &sets, FLOW_ISA_BEST, &figures, &unsettled, &s.arena, &error), &error);
  assert_int_equal(unsettled, 0);
  snprintf(path, sizeof path, "%s/reference_minutes.csv", folder);
  assert_ok(csv_open_file(&csv, path, &error), &error);
  assert_ok(csv_columns(csv, COLUMNS, 6, &error), &error);
  while (true) {
    assert_ok(csv_next(csv, &row, &error), &error);
    if (!row) break;
    int at = (int)number(csv, 0) - 1;
    const double ours[] = {least[at], most[at], p[at] / 1000, q[at] / 1000, loss[at] / 1000};
    for (size_t i = 0; i < 5; i++) worst[i] = fmax(worst[i], fabs(ours[i] - number(csv, i + 1)));
    rows++;
  }
  csv_close(csv);
  print_message("# eulv %d minutes (%u of %u buses left): least %.1e V, most %.1e V, source %.1e kW %.1e kvar, losses %.1e kW\n", rows,
                flow_plan_nodes(plan), s.tree.count, worst[0], worst[1], worst[2], worst[3], worst[4]);
  assert_int_equal(rows, MINUTES);
  for (size_t i = 0; i < 5; i++) assert_true(worst[i] < 1.1e-6);
  end(&s);
}

TEST_MAIN(TEST(public_feeders), TEST(european_minutes), TEST(european_day))
