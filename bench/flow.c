/* flow_bench FEEDERS: the European low-voltage feeder, 1,440 minutes at a tolerance of 1 nV, one core; then 100 candidates × 96
 * quarter-hours of it. Yardsticks in the same run: the same sweep one set at a time without vectors, and the plain way over all 907 buses.
 * Each figure is the best of several rounds, in processor time. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "flow/model.h"
#include "flow/sweep.h"

enum { MINUTES = 1440, QUARTERS = 96, CANDIDATES = 100, ROUNDS = 7 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void measure(const char *name, const FlowPlan *plan, const FlowSets *sets, FlowIsa isa, Arena *work) {
  static double least[MINUTES], most[MINUTES], loss[MINUTES];
  static uint16_t iterations[MINUTES];
  FlowFigures figures = {.v_least = least, .v_most = most, .loss_p = loss, .iterations = iterations};
  double best = INFINITY, mean = 0, lowest = INFINITY;
  size_t unsettled = 0;
  Error error = {0};
  for (int round = 0; round < ROUNDS; round++) {
    double begun = now();
    if (!flow_solve(plan, sets, isa, &figures, &unsettled, work, &error)) return;
    best = fmin(best, now() - begun);
  }
  for (size_t i = 0; i < sets->count; i++) mean += iterations[i] / (double)sets->count, lowest = fmin(lowest, least[i]);
  printf("%-44s %8.3f us a set   (%.1f iterations in the mean, %zu unsettled, least %.6f V)\n", name, best / (double)sets->count, mean,
         unsettled, lowest);
}

/* One candidate: taps, a heavier conductor on every k-th span or a customer on another phase; built anew from the circuit, then a day
 * solved. */
static bool candidates(FlowCircuit *circuit, const FlowSets *day, Error *error) {
  double best = INFINITY, sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    double begun = now();
    sum = 0;
    for (int k = 0; k < CANDIDATES; k++) {
      Arena arena;
      FlowTree tree;
      double least[QUARTERS], loss[QUARTERS];
      size_t unsettled;
      FlowFigures figures = {.v_least = least, .loss_p = loss};
      FlowLoad *moved = &circuit->loads.at[(size_t)k % circuit->loads.count], kept = *moved;
      FlowElement *line = &circuit->elements.at[1 + (size_t)(7 * k) % 900];
      FlowComplex before[9];
      memcpy(before, line->z, sizeof before);
      moved->from = (uint8_t)((kept.from + 1) % 3);
      for (int i = 0; i < 9; i++) line->z[i] = before[i] / 2;
      arena_begin(&arena, 0);
      bool ok = flow_tree_build(&tree, circuit, &arena, error);
      FlowPlan *plan = ok ? flow_plan_build(&tree, &arena) : NULL;
      ok = plan && flow_solve(plan, day, FLOW_ISA_BEST, &figures, &unsettled, &arena, error);
      arena_end(&arena);
      *moved = kept;
      memcpy(line->z, before, sizeof before);
      if (!ok) return false;
      for (int i = 0; i < QUARTERS; i++) sum += least[i];
    }
    best = fmin(best, now() - begun);
  }
  printf("%d candidates x %d quarter-hours, each built anew: %.1f ms in all (mean of the least voltages %.4f V)\n", CANDIDATES, QUARTERS,
         best / 1000, sum / CANDIDATES / QUARTERS);
  return true;
}

static bool bench(const char *folder, Error *error) {
  Arena arena, work;
  DssModel model;
  FlowCircuit circuit;
  FlowTree tree;
  char path[4096];
  arena_begin(&arena, 0), arena_begin(&work, 0);
  snprintf(path, sizeof path, "%s/eulv/case_day.dss", folder);
  double begun = now();
  if (!dss_read(&model, path, &dss_disk, error)) return false;
  double read = now();
  if (!flow_circuit_of(&circuit, &arena, &model, error)) return false;
  double made = now();
  if (!flow_tree_build(&tree, &circuit, &arena, error)) return false;
  double grown = now();
  FlowPlan *plan = flow_plan_build(&tree, &arena);
  double planned = now();
  if (!plan) return error_raise(error, ERROR_OUT_OF_MEMORY, "bench");
  printf("European low-voltage feeder: read %.1f ms, circuit %.2f ms, tree %.2f ms, plan %.2f ms; %u of %u buses left; this machine: %s\n",
         (read - begun) / 1000, (made - read) / 1000, (grown - made) / 1000, (planned - grown) / 1000, flow_plan_nodes(plan), tree.count,
         flow_isa_name(flow_isa_best()));
  size_t loads = circuit.loads.count, nodes = circuit.buses.count * FLOW_NODES_MAX;
  double *p = ARENA_ARRAY(&arena, double, loads *MINUTES), *q = ARENA_ARRAY(&arena, double, loads *MINUTES);
  double *day_p = ARENA_ARRAY(&arena, double, loads *QUARTERS), *day_q = ARENA_ARRAY(&arena, double, loads *QUARTERS);
  FlowComplex *current = ARENA_ARRAY(&arena, FlowComplex, loads), *volts = ARENA_ARRAY(&arena, FlowComplex, nodes),
              *scratch = ARENA_ARRAY(&arena, FlowComplex, nodes + loads);
  if (!p || !q || !day_p || !day_q || !current || !volts || !scratch) return error_raise(error, ERROR_OUT_OF_MEMORY, "bench");
  for (int i = 0; i < MINUTES; i++) flow_loads_at(&circuit, &model, i + 1, p + i, q + i, MINUTES);
  for (size_t i = 0; i < loads * QUARTERS; i++) { /* a quarter-hour is the mean of its minutes */
    for (size_t k = 0; k < 15; k++)
      day_p[i] += p[i / QUARTERS * MINUTES + i % QUARTERS * 15 + k] / 15,
          day_q[i] += q[i / QUARTERS * MINUTES + i % QUARTERS * 15 + k] / 15;
  }
  FlowSets sets = {MINUTES, p, q, 1e-9, 200}, day = {QUARTERS, day_p, day_q, 1e-9, 200};
  puts("1,440 minutes, tolerance 1 nV (seen elsewhere on such a machine: OpenDSS 442 us, power-grid-model 737 us a set)");
  for (int isa = FLOW_ISA_SCALAR; isa <= (int)flow_isa_best(); isa++) {
    char name[80];
    snprintf(name, sizeof name, isa == FLOW_ISA_SCALAR ? "sweep, one set at a time, no vectors" : "sweep in vectors, %s",
             flow_isa_name((FlowIsa)isa));
    measure(name, plan, &sets, (FlowIsa)isa, &work);
  }
  begun = now();
  for (size_t i = 0; i < MINUTES; i += 10) {
    double one_p[64], one_q[64];
    for (size_t k = 0; k < loads && k < 64; k++) one_p[k] = p[k * MINUTES + i], one_q[k] = q[k * MINUTES + i];
    flow_tree_solve(&tree, one_p, one_q, 1e-9, 200, current, volts, scratch);
  }
  printf("%-44s %8.3f us a set   (every tenth minute)\n", "plain, bus by bus, nothing reduced", (now() - begun) / (MINUTES / 10));
  bool ok = candidates(&circuit, &day, error);
  flow_circuit_end(&circuit);
  dss_end(&model);
  arena_end(&arena), arena_end(&work);
  return ok;
}

int main(int count, char **arguments) {
  Error error = {0};
  char text[ERROR_TEXT_MAX];
  if (bench(count > 1 ? arguments[1] : "../shared/data/feeders", &error)) return 0;
  return fprintf(stderr, "%s\n", error_text(&error, LANGUAGE_EN, text, sizeof text)), 1;
}
