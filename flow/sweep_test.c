/* The sweep against twins that share none of its thinking: a two-bus case by Newton's method on its power equation, and random radial
 * networks by one dense matrix of all nodes; and what must hold of any solution. */
#include <math.h>

#include "base/random.h"
#include "base/testing.h"
#include "flow/sweep.h"

static const FlowIsa ISAS[] = {FLOW_ISA_SCALAR, FLOW_ISA_PLAIN, FLOW_ISA_AVX2, FLOW_ISA_AVX512};
enum { ISA_COUNT = 4, SETS = 11 };

static Error error;

static FlowLoad load_of(const char *name, double volts, int model) {
  static const double ZIP[7] = {0.2, 0.3, 0.5, 0.6, 0.1, 0.3, 0};
  FlowLoad load = {.name = text_of(name), .v_nominal = volts, .v_least = 0.9 * volts, .v_most = 1.05 * volts, .v_low = 0.5 * volts};
  assert_true(flow_load_shares(&load, model, 1, 2, ZIP));
  return load;
}

static void source_of(FlowCircuit *c, int phases, double volts, FlowComplex z) {
  static const int NODES[] = {1, 2, 3};
  FlowComplex v[3], matrix[9] = {0};
  for (int i = 0; i < phases; i++) {
    v[i] = volts * cexp(-2 * acos(-1) * i / 3 * I);
    matrix[i * phases + i] = z;
  }
  assert_ok(flow_add_source(c, TEXT("s"), NODES, phases, v, matrix, &error), &error);
}

/* One phase, one line, one constant power: |V|² from the quadratic u² − (E² − 2(PR + QX))·u + |S|²|Z|² = 0, upper root. */
static void two_buses(void **state) {
  static const int ONE[] = {1};
  (void)state;
  for (int round = 0; round < 20; round++) {
    Arena arena;
    FlowCircuit c;
    FlowTree tree;
    arena_begin(&arena, 0);
    flow_circuit_begin(&c, &arena);
    double e = 230, r = 0.1 + 0.01 * round, x = 0.05, p[1] = {3000 + 800.0 * round}, q[1] = {1000};
    source_of(&c, 1, e, 0);
    FlowComplex z = r + x * I;
    assert_ok(flow_add_series(&c, TEXT("line"), TEXT(""), TEXT("s"), ONE, TEXT("b"), ONE, 1, &z, NULL, &error), &error);
    FlowLoad load = load_of("load", e, 1);
    load.v_least = load.v_low = 1, load.v_most = 1000;
    assert_ok(flow_add_load(&c, load, TEXT("b"), 1, 0, &error), &error);
    assert_ok(flow_tree_build(&tree, &c, &arena, &error), &error);
    FlowPlan *plan = flow_plan_build(&tree, &arena);
    assert_non_null(plan);
    double b = e * e - 2 * (p[0] * r + q[0] * x), s2 = (p[0] * p[0] + q[0] * q[0]) * (r * r + x * x), root = b * b - 4 * s2;
    double exact = root > 0 ? sqrt((b + sqrt(root)) / 2) : NAN, volts[1], loss[1], source[1];
    uint16_t iterations[1];
    uint32_t worst[1];
    size_t unsettled;
    FlowSets sets = {1, p, q, 1e-10, 2000};
    FlowFigures figures = {.volts = volts, .iterations = iterations, .loss_p = loss, .source_p = source, .worst_load = worst};
    for (int i = 0; i < ISA_COUNT; i++) {
      assert_ok(flow_solve(plan, &sets, ISAS[i], &figures, &unsettled, &arena, &error), &error);
      assert_int_equal(unsettled, isnan(exact) ? 1 : 0);
      assert_int_equal(iterations[0] == 0, unsettled);
      if (isnan(exact)) { /* beyond what the line can carry: said, and no number */
        assert_true(isnan(volts[0]) && isnan(source[0]) && worst[0] == 0);
        continue;
      }
      assert_true(fabs(volts[0] - exact) < 1e-7);
      double current2 = (p[0] * p[0] + q[0] * q[0]) / (exact * exact);
      assert_true(fabs(loss[0] - r * current2) < 1e-4 && fabs(source[0] - p[0] - r * current2) < 1e-4);
    }
    flow_circuit_end(&c);
    arena_end(&arena);
  }
}

/* ---- random networks ---- */

enum { BUSES_MAX = 14, NODES_MAX = BUSES_MAX * 4 };
static const char *const NAMES[BUSES_MAX] = {"s", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"};

typedef struct Net {
  Arena arena;
  FlowCircuit circuit;
  int buses, wires[BUSES_MAX]; /* 4: with a neutral, node 4 */
  double volts[BUSES_MAX];
} Net;

static FlowComplex small(Random *random, double size) {
  return size * (0.2 + random_unit(random)) + size * (0.2 + random_unit(random)) * I;
}

static void random_line(Net *net, Random *random, int from, int to) {
  static const int NODES[] = {1, 2, 3, 4};
  static const int TURNED[] = {2, 3, 1};
  FlowComplex z[16], y[16];
  int wires = net->wires[from] == 4 && random_below(random, 2) ? 4 : 3;
  double size = random_below(random, 4) ? 2e-6 * net->volts[from] * net->volts[from]
                                        : 1e-5; /* some are switches, but of an ohm that one dense matrix still bears */
  net->wires[to] = wires;
  net->volts[to] = net->volts[from];
  for (int i = 0; i < wires; i++)
    for (int j = 0; j <= i; j++) {
      z[i * wires + j] = z[j * wires + i] = i == j ? small(random, size) + size * (1 + I) : small(random, size / 3);
      y[i * wires + j] = y[j * wires + i] = (i == j ? 3 : -1) * 1e-9 / size * I * random_unit(random) * (size > 1e-4);
    }
  const int *far = wires == 3 && random_below(random, 3) == 0 ? TURNED : NODES;
  bool turned_way = random_below(random, 2);
  Text a = text_of(NAMES[from]), b = text_of(NAMES[to]);
  assert_ok(turned_way
                ? flow_add_series(&net->circuit, b, TEXT(""), b, far, a, NODES, wires, z, random_below(random, 2) ? y : NULL, &error)
                : flow_add_series(&net->circuit, b, TEXT(""), a, NODES, b, far, wires, z, random_below(random, 2) ? y : NULL, &error),
            &error);
}

/* Delta or wye above; below a wye whose neutral is a wire of its own, grounded through an ohm. */
static void random_transformer(Net *net, Random *random, int from, int to) {
  FlowComplex y[64];
  FlowPin pins[8];
  FlowTransformer t = {.phases = 3,
                       .windings = 2,
                       .va = 400e3,
                       .x12 = 4 + random_unit(random),
                       .no_load_percent = 0.2,
                       .magnetising_percent = 0.5,
                       .antifloat_ppm = 1,
                       .low_leads = random_below(random, 2)};
  bool delta = random_below(random, 2);
  t.winding[0] = (FlowWinding){delta, net->volts[from] * sqrt(3), 1 + 0.025 * (double)random_below(random, 3), 0.5, -1, 0};
  t.winding[1] = (FlowWinding){false, 400, 1, 0.5, 1, 0};
  net->wires[to] = 4;
  net->volts[to] = 400 / sqrt(3);
  for (int i = 0; i < 4; i++)
    pins[i] = (FlowPin){text_of(NAMES[from]), i < 3 ? i + 1 : 0}, pins[4 + i] = (FlowPin){text_of(NAMES[to]), i + 1};
  assert_true(flow_transformer_admittance(&t, y));
  assert_ok(flow_add_bank(&net->circuit, TEXT("transformer"), TEXT(""), pins, 8, y, &error), &error);
}

static void random_net(Net *net, Random *random) {
  arena_begin(&net->arena, 0);
  flow_circuit_begin(&net->circuit, &net->arena);
  net->buses = 2 + (int)random_below(random, BUSES_MAX - 1);
  net->wires[0] = 3;
  net->volts[0] = 6000;
  source_of(&net->circuit, 3, 6000, 0.05 + 0.2 * I);
  for (int to = 1; to < net->buses; to++) {
    int from = (int)random_below(random, (uint32_t)to);
    if (net->volts[from] > 1000 && random_below(random, 3) == 0)
      random_transformer(net, random, from, to);
    else
      random_line(net, random, from, to);
  }
  for (int i = 0; i < 2 + (int)random_below(random, 10); i++) {
    int bus = (int)random_below(random, (uint32_t)net->buses), phase = 1 + (int)random_below(random, 3),
        model = 1 + (int)random_below(random, 8);
    bool between = random_below(random, 2);
    FlowLoad load = load_of("load", net->volts[bus] * (between ? sqrt(3) : 1) * (0.9 + 0.25 * random_unit(random)), model);
    int other = between ? phase % 3 + 1 : net->wires[bus] == 4 ? 4 : 0;
    assert_ok(flow_add_load(&net->circuit, load, text_of(NAMES[bus]), phase, other, &error), &error);
  }
}

/* All nodes in one matrix: V = Y⁻¹(Ys·Vs − I(V)), again and again. */
static int dense(const FlowCircuit *c, const double *p, const double *q, FlowComplex *volts) {
  static FlowComplex y[NODES_MAX * NODES_MAX], into[NODES_MAX], inverse[NODES_MAX * NODES_MAX * 2];
  int first[BUSES_MAX + 2], n = 0;
  for (size_t b = 0; b < c->buses.count; b++) first[b] = n, n += b ? c->buses.at[b].nodes : 0;
  memset(y, 0, sizeof y), memset(into, 0, sizeof into);
  for (size_t e = 0; e < c->elements.count; e++) {
    const FlowElement *element = &c->elements.at[e];
    int count = element->conductors, wires = count / 2;
    FlowComplex full[144] = {0}, z[36];
    if (!element->series)
      memcpy(full, element->y, sizeof(FlowComplex) * (size_t)(count * count));
    else {
      memcpy(z, element->z, sizeof(FlowComplex) * (size_t)(wires * wires));
      assert_int_equal(flow_invert(z, wires, 0), -1);
      for (int i = 0; i < wires; i++)
        for (int j = 0; j < wires; j++) {
          FlowComplex half = element->y ? element->y[i * wires + j] : 0, s = z[i * wires + j];
          full[i * count + j] = s + half, full[(i + wires) * count + j + wires] = s + half;
          full[i * count + j + wires] = full[(i + wires) * count + j] = -s;
        }
    }
    for (int i = 0; i < count; i++)
      for (int j = 0; j < count; j++) {
        uint32_t bi = element->bus[element->end[i]], bj = element->bus[element->end[j]];
        if (element->slot[i] == FLOW_GROUND || element->slot[j] == FLOW_GROUND || bi == 0) continue;
        if (bj == 0)
          into[first[bi] + element->slot[i]] -= full[i * count + j] * c->source_volts[element->slot[j]];
        else
          y[(first[bi] + element->slot[i]) * n + first[bj] + element->slot[j]] += full[i * count + j];
      }
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) inverse[i * 2 * n + j] = y[i * n + j], inverse[i * 2 * n + n + j] = i == j;
  for (int k = 0; k < n; k++) { /* Gauss–Jordan */
    int pivot = k;
    for (int i = k; i < n; i++)
      if (cabs(inverse[i * 2 * n + k]) > cabs(inverse[pivot * 2 * n + k])) pivot = i;
    for (int j = 0; j < 2 * n; j++) {
      FlowComplex kept = inverse[k * 2 * n + j];
      inverse[k * 2 * n + j] = inverse[pivot * 2 * n + j], inverse[pivot * 2 * n + j] = kept;
    }
    FlowComplex by = inverse[k * 2 * n + k];
    for (int j = 0; j < 2 * n; j++) inverse[k * 2 * n + j] /= by;
    for (int i = 0; i < n; i++) {
      FlowComplex factor = inverse[i * 2 * n + k];
      for (int j = 0; i != k && factor != 0 && j < 2 * n; j++) inverse[i * 2 * n + j] -= factor * inverse[k * 2 * n + j];
    }
  }
  memset(volts, 0, sizeof(FlowComplex) * NODES_MAX);
  for (int round = 0; round < 301; round++) {
    FlowComplex now[NODES_MAX];
    double moved = 0;
    memcpy(now, into, sizeof now);
    for (size_t i = 0; round && i < c->loads.count; i++) {
      const FlowLoad *load = &c->loads.at[i];
      int a = first[load->bus] + load->from, b = load->to == FLOW_GROUND ? -1 : first[load->bus] + load->to;
      FlowComplex current = flow_load_current(load, p[i * SETS], q[i * SETS], volts[a] - (b < 0 ? 0 : volts[b]));
      now[a] -= current;
      if (b >= 0) now[b] += current;
    }
    for (int i = 0; i < n; i++) {
      FlowComplex v = 0;
      for (int j = 0; j < n; j++) v += inverse[i * 2 * n + n + j] * now[j];
      moved = fmax(moved, cabs(v - volts[i]));
      volts[i] = v;
    }
    if (moved < 1e-8) return round;
  }
  return 0;
}

/* Every set of loads, every instruction set, the plain way and the dense way: one answer, at every bus. */
static void agree_with_dense(void **state) {
  (void)state;
  Random random;
  random_seed(&random, 6);
  int compared = 0;
  for (int round = 0; round < 120; round++) {
    static double p[12 * SETS], q[12 * SETS], re[12 * SETS], im[12 * SETS], loss[SETS], source[SETS];
    static uint16_t iterations[SETS];
    static FlowComplex twin[NODES_MAX], volts[(BUSES_MAX + 1) * FLOW_NODES_MAX], scratch[(BUSES_MAX + 1) * FLOW_NODES_MAX + 12],
        current[12], single[12];
    Net net;
    FlowTree tree;
    size_t unsettled;
    random_net(&net, &random);
    const FlowCircuit *c = &net.circuit;
    assert_ok(flow_tree_build(&tree, c, &net.arena, &error), &error);
    FlowPlan *plan = flow_plan_build(&tree, &net.arena);
    assert_non_null(plan);
    assert_true(flow_plan_nodes(plan) <= tree.count);
    for (size_t i = 0; i < c->loads.count * SETS; i++) {
      double size = c->loads.at[i / SETS].v_nominal > 1000 ? 200e3 : 15e3;
      p[i] = size * (random_unit(&random) - 0.1), q[i] = size * (random_unit(&random) - 0.4) / 2;
    }
    FlowSets sets = {SETS, p, q, 1e-8, 2000};
    FlowFigures figures = {.iterations = iterations, .current_re = re, .current_im = im, .loss_p = loss, .source_p = source};
    assert_ok(flow_solve(plan, &sets, ISAS[round % ISA_COUNT], &figures, &unsettled, &net.arena, &error), &error);
    for (int set = 0; set < SETS; set += 5) {
      int rounds = dense(c, p + set, q + set, twin);
      if (!rounds || rounds > 300) continue; /* too near to what the network can carry to tell rounding from the answer */
      assert_int_not_equal(iterations[set], 0);
      for (size_t i = 0; i < c->loads.count; i++) current[i] = re[i * SETS + (size_t)set] + im[i * SETS + (size_t)set] * I;
      FlowComplex out[FLOW_NODES_MAX], drawn = 0;
      flow_tree_voltages(&tree, current, volts, scratch, out);
      int node = 0;
      for (size_t b = 1; b < c->buses.count; b++)
        for (int i = 0; i < c->buses.at[b].nodes; i++, node++) {
          double off = cabs(volts[b * FLOW_NODES_MAX + (size_t)i] - twin[node]);
          if (!(off < 2e-8 * 6000))
            fail_msg("round %d set %d bus %.*s.%d: %g", round, set, TEXT_ARG(c->buses.at[b].name), c->buses.at[b].node[i], off);
          compared++;
        }
      /* What leaves the source is what loads draw and what is lost; nothing is gained on the way but by capacitors' vars. */
      for (size_t i = 0; i < c->loads.count; i++) {
        const FlowLoad *load = &c->loads.at[i];
        FlowComplex v =
            volts[load->bus * FLOW_NODES_MAX + load->from] - (load->to == FLOW_GROUND ? 0 : volts[load->bus * FLOW_NODES_MAX + load->to]);
        drawn += v * conj(current[i]);
      }
      double gone = 0;
      for (int i = 0; i < 3; i++) gone += creal(c->source_volts[i] * conj(out[i])) - 0.05 * creal(out[i] * conj(out[i]));
      assert_true(fabs(gone - source[set]) < 1e-3 && fabs(source[set] - creal(drawn) - loss[set]) < 1e-3 && loss[set] > -1e-3);
      double one_p[12], one_q[12];
      for (size_t i = 0; i < c->loads.count; i++) one_p[i] = p[i * SETS + (size_t)set], one_q[i] = q[i * SETS + (size_t)set];
      assert_int_not_equal(flow_tree_solve(&tree, one_p, one_q, 1e-8, 2000, single, volts, scratch), 0);
      for (size_t i = 0; i < c->loads.count; i++) assert_true(cabs(single[i] - current[i]) < 1e-4);
    }
    flow_circuit_end(&net.circuit);
    arena_end(&net.arena);
  }
  assert_true(compared > 3000);
}

/* Loads of 1, 2 and 3 kW on a four-wire line that is the same for every phase, turned by one phase: the voltages turn with them. All alike:
 * no voltage on the neutral. */
static void turns_with_its_phases(void **state) {
  static const int NODES[] = {1, 2, 3, 4};
  double seen[3][3];
  (void)state;
  for (int turn = 0; turn < 4; turn++) {
    Arena arena;
    FlowCircuit c;
    FlowTree tree;
    FlowComplex z[16], volts[4 * FLOW_NODES_MAX], scratch[4 * FLOW_NODES_MAX + 3], current[3], earth = 100;
    FlowPin at_source = {TEXT("s"), 4};
    double p[3], q[3] = {0};
    arena_begin(&arena, 0);
    flow_circuit_begin(&c, &arena);
    source_of(&c, 3, 230, 0.01 + 0.01 * I);
    assert_ok(flow_add_bank(&c, TEXT("earth"), TEXT(""), &at_source, 1, &earth, &error), &error);
    for (int i = 0; i < 16; i++) z[i] = i % 5 == 0 ? 0.3 + 0.2 * I : 0.05 * I;
    assert_ok(flow_add_series(&c, TEXT("line"), TEXT(""), TEXT("s"), NODES, TEXT("b"), NODES, 4, z, NULL, &error), &error);
    for (int i = 0; i < 3; i++) {
      assert_ok(flow_add_load(&c, load_of("load", 230, 1), TEXT("b"), i + 1, 4, &error), &error);
      p[i] = turn == 3 ? 2000 : 1000 * (1 + (i + turn) % 3);
    }
    assert_ok(flow_tree_build(&tree, &c, &arena, &error), &error);
    assert_int_not_equal(flow_tree_solve(&tree, p, q, 1e-10, 200, current, volts, scratch), 0);
    const FlowComplex *at = volts + 2 * FLOW_NODES_MAX;
    for (int i = 0; i < 3 && turn < 3; i++) seen[turn][i] = cabs(at[i] - at[3]);
    if (turn == 3)
      assert_true(cabs(at[3]) < 1e-9);
    else
      assert_true(cabs(at[3]) > 0.1);
    flow_circuit_end(&c);
    arena_end(&arena);
  }
  for (int turn = 1; turn < 3; turn++)
    for (int i = 0; i < 3; i++) assert_true(fabs(seen[turn][i] - seen[0][(i + turn) % 3]) < 1e-8);
  assert_true(fabs(seen[0][0] - seen[0][2]) > 1);
}

/* Without load: ratio, turn and tap of each kind of transformer, by the complex volts at its low side. */
static void transformers(void **state) {
  static const struct {
    bool delta_high, delta_low, low_leads;
    double tap, turned; /* degrees */
  } KINDS[] = {{true, false, false, 1, -30}, {true, false, true, 1, 30},   {false, false, false, 1, 0}, {false, false, false, 1.05, 0},
               {true, true, false, 0.95, 0}, {false, true, false, 1, -30}, {false, true, true, 1, 30}};
  (void)state;
  for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
    Arena arena;
    FlowCircuit c;
    FlowTree tree;
    FlowComplex y[64], volts[3 * FLOW_NODES_MAX], scratch[3 * FLOW_NODES_MAX], turn = cexp(KINDS[k].turned / 180 * acos(-1) * I);
    FlowPin pins[8];
    FlowTransformer t = {.phases = 3, .windings = 2, .va = 2e5, .x12 = 4, .low_leads = KINDS[k].low_leads, .antifloat_ppm = 1};
    t.winding[0] = (FlowWinding){KINDS[k].delta_high, 10e3, 1, 0.5, -1, 0};
    t.winding[1] = (FlowWinding){KINDS[k].delta_low, 400, KINDS[k].tap, 0.5, -1, 0};
    arena_begin(&arena, 0);
    flow_circuit_begin(&c, &arena);
    source_of(&c, 3, 10e3 / sqrt(3), 0);
    for (int i = 0; i < 8; i++) pins[i] = (FlowPin){i < 4 ? TEXT("s") : TEXT("l"), i % 4 == 3 ? 0 : i % 4 + 1};
    assert_true(flow_transformer_admittance(&t, y));
    assert_ok(flow_add_bank(&c, TEXT("t"), TEXT(""), pins, 8, y, &error), &error);
    assert_ok(flow_tree_build(&tree, &c, &arena, &error), &error);
    flow_tree_voltages(&tree, NULL, volts, scratch, NULL);
    for (int i = 0; i < 3; i++) { /* between lines, as a delta has no ground */
      FlowComplex high = volts[FLOW_NODES_MAX + i] - volts[FLOW_NODES_MAX + (i + 1) % 3],
                  low = volts[2 * FLOW_NODES_MAX + i] - volts[2 * FLOW_NODES_MAX + (i + 1) % 3];
      assert_true(cabs(low - high * 0.04 * KINDS[k].tap * turn) < 1e-3);
    }
    flow_circuit_end(&c);
    arena_end(&arena);
  }
}

/* One phase into 120-0-120 V: the halves stand opposed; a load on one half draws half its current from above, through the leakage of that
 * half alone. */
static void centre_tap(void **state) {
  Arena arena;
  FlowCircuit c;
  FlowTree tree;
  FlowComplex y[36], volts[3 * FLOW_NODES_MAX], scratch[3 * FLOW_NODES_MAX + 1], current[1], source[1];
  FlowTransformer t = {.phases = 1,
                       .windings = 3,
                       .va = 25e3,
                       .x12 = 2.04,
                       .x13 = 2.04,
                       .x23 = 1.36,
                       .winding = {{.volts = 7200, .tap = 1, .r_percent = 0.6, .r_neutral = -1},
                                   {.volts = 120, .tap = 1, .r_percent = 1.2, .r_neutral = -1},
                                   {.volts = 120, .tap = 1, .r_percent = 1.2, .r_neutral = -1}}};
  FlowPin pins[6] = {{TEXT("s"), 1}, {TEXT("s"), 0}, {TEXT("l"), 1}, {TEXT("l"), 0}, {TEXT("l"), 0}, {TEXT("l"), 2}};
  double p[1] = {6000}, q[1] = {0};
  (void)state;
  arena_begin(&arena, 0);
  flow_circuit_begin(&c, &arena);
  source_of(&c, 1, 7200, 0);
  assert_true(flow_transformer_admittance(&t, y));
  assert_ok(flow_add_bank(&c, TEXT("t"), TEXT(""), pins, 6, y, &error), &error);
  assert_ok(flow_add_load(&c, load_of("half", 120, 2), TEXT("l"), 1, 0, &error), &error);
  assert_ok(flow_tree_build(&tree, &c, &arena, &error), &error);
  flow_tree_voltages(&tree, NULL, volts, scratch, NULL);
  assert_true(cabs(volts[2 * FLOW_NODES_MAX] - 120) < 1e-6 && cabs(volts[2 * FLOW_NODES_MAX + 1] + 120) < 1e-6);
  assert_int_not_equal(flow_tree_solve(&tree, p, q, 1e-9, 200, current, volts, scratch), 0);
  flow_tree_voltages(&tree, current, volts, scratch, source);
  /* the load is 2.4 ohm; windings 1 and 2 leave (0.6 + 1.2 + 2.04i) % of 120² / 25 kVA between it and 120 V */
  FlowComplex z = (1.8 + 2.04 * I) / 100 * 120 * 120 / 25e3, expected = 120 / (z + 2.4);
  assert_true(cabs(current[0] - expected) < 1e-6 && cabs(source[0] - expected / 60) < 1e-6);
  flow_circuit_end(&c);
  arena_end(&arena);
}

static void refuses_by_name(void **state) {
  static const int NODES[] = {1, 2, 3, 4};
  FlowComplex z[16] = {0}, y[9] = {0};
  (void)state;
  for (int i = 0; i < 4; i++) z[i * 4 + i] = 1;
  for (int what = 0; what < 4; what++) {
    Arena arena;
    FlowCircuit c;
    FlowTree tree;
    Error refused = {0};
    arena_begin(&arena, 0);
    flow_circuit_begin(&c, &arena);
    source_of(&c, 3, 230, 0.01);
    FlowComplex three[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    assert_ok(flow_add_series(&c, TEXT("one"), TEXT("f:1"), TEXT("s"), NODES, TEXT("a"), NODES, 3, three, NULL, &error), &error);
    assert_ok(flow_add_series(&c, TEXT("two"), TEXT("f:2"), TEXT("a"), NODES, TEXT("b"), NODES, 3, three, NULL, &error), &error);
    if (what == 0) { /* a ring */
      assert_ok(flow_add_series(&c, TEXT("tie"), TEXT("f:3"), TEXT("b"), NODES, TEXT("s"), NODES, 3, three, NULL, &error), &error);
      assert_false(flow_tree_build(&tree, &c, &arena, &refused));
      assert_int_equal(refused.code, ERROR_FLOW_LOOP);
    } else if (what == 1) { /* a delta with nothing to ground */
      FlowTransformer t = {
          .phases = 3,
          .windings = 2,
          .va = 1e5,
          .x12 = 4,
          .winding = {{.delta = true, .volts = 400, .tap = 1, .r_percent = 1}, {.delta = true, .volts = 100, .tap = 1, .r_percent = 1}}};
      FlowComplex full[64];
      FlowPin pins[8];
      for (int i = 0; i < 8; i++) pins[i] = (FlowPin){i < 4 ? TEXT("b") : TEXT("d"), i % 4 == 3 ? 0 : i % 4 + 1};
      assert_true(flow_transformer_admittance(&t, full));
      assert_ok(flow_add_bank(&c, TEXT("dd"), TEXT(""), pins, 8, full, &error), &error);
      assert_false(flow_tree_build(&tree, &c, &arena, &refused));
      assert_int_equal(refused.code, ERROR_FLOW_FLOATS);
      assert_string_equal(refused.argument[1], "d");
    } else if (what == 2) { /* side by side is no loop; an island is left out */
      assert_ok(flow_add_series(&c, TEXT("twin"), TEXT(""), TEXT("b"), NODES, TEXT("a"), NODES, 3, three, NULL, &error), &error);
      assert_ok(flow_add_series(&c, TEXT("far"), TEXT(""), TEXT("x"), NODES, TEXT("y"), NODES, 4, z, NULL, &error), &error);
      assert_ok(flow_tree_build(&tree, &c, &arena, &refused), &refused);
      assert_int_equal(tree.count, 4);
      assert_int_equal(tree.place[c.buses.count - 1], -1);
    } else {
      FlowPin pins[3] = {{TEXT("p"), 1}, {TEXT("q"), 1}, {TEXT("r"), 1}};
      assert_false(flow_add_bank(&c, TEXT("three"), TEXT(""), pins, 3, y, &refused));
      assert_int_equal(refused.code, ERROR_FLOW_ELEMENT);
    }
    if (what == 0) assert_memory_equal(refused.where, "f:", 2);
    flow_circuit_end(&c);
    arena_end(&arena);
  }
}

TEST_MAIN(TEST(two_buses), TEST(agree_with_dense), TEST(turns_with_its_phases), TEST(transformers), TEST(centre_tap), TEST(refuses_by_name))
