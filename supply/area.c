#include "supply/area.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

enum { ITERATIONS = 100 };
#define TOLERANCE_VOLTS 1e-4

struct AreaPlan {
  FlowCircuit circuit;
  FlowTree tree;
  FlowPlan *flow;
  uint32_t *slot; /* [node]: number of its first load, phases after each other; UINT32_MAX: none there */
  size_t loads;
};

bool area_check(const Area *area, Error *error) {
  if (area->node_count < 1 || area->node_count > AREA_NODES_MAX)
    return error_raise(error, ERROR_LIMIT, "nodes of an area\t%d", AREA_NODES_MAX);
  if (area->customer_count > AREA_CUSTOMERS_MAX) return error_raise(error, ERROR_LIMIT, "customers of an area\t%d", AREA_CUSTOMERS_MAX);
  if (!(area->rated_kva > 0) || !(area->impedance_percent > 0))
    return error_raise(error, ERROR_FIELD_INVALID, "rated_kva\t%g\tthe transformer needs a rating and a short-circuit voltage",
                       area->rated_kva);
  if (!(area->power_factor > 0 && area->power_factor <= 1))
    return error_raise(error, ERROR_FIELD_INVALID, "power_factor\t%g\tabove 0, at most 1", area->power_factor);
  for (uint32_t i = 1; i < area->node_count; i++) {
    const AreaNode *node = &area->nodes[i];
    if (node->parent >= i && node->parent != AREA_MEDIUM)
      return error_raise(error, ERROR_FIELD_INVALID, "parent of node %u\t%u\tparents stand first", i, node->parent);
    if (node->conductor >= area->conductor_count || !(node->length_m >= 0))
      return error_raise(error, ERROR_FIELD_INVALID, "span to node %u\t%g m\tits conductor is not known or its length is none", i,
                         node->length_m);
  }
  for (uint32_t i = 0; i < area->customer_count; i++) {
    uint8_t phases = area->customers[i].phases;
    if (area->customers[i].node >= area->node_count || (phases != 1 && phases != 2 && phases != 4 && phases != 7))
      return error_raise(error, ERROR_FIELD_INVALID, "customer %u\t%u\tone phase or all three, at a node that is there", i, phases);
  }
  return true;
}

/* "n12", in the arena. */
static Text node_name(Arena *arena, uint32_t node) {
  char name[16];
  int len = snprintf(name, sizeof name, "n%u", node);
  return (Text){arena_copy(arena, name, (size_t)len + 1), (size_t)len};
}

static bool build(AreaPlan *plan, const Area *area, Arena *arena, Error *error) {
  static const int WIRES[AREA_WIRES] = {1, 2, 3, 4};
  const FlowComplex turn = cexp(-I * 2 * 3.14159265358979323846 / 3);
  Text *names = ARENA_ARRAY(arena, Text, area->node_count);
  plan->slot = ARENA_ARRAY(arena, uint32_t, area->node_count);
  if (!names || !plan->slot) return error_raise(error, ERROR_OUT_OF_MEMORY, "area");
  for (uint32_t i = 0; i < area->node_count; i++) {
    names[i] = node_name(arena, i), plan->slot[i] = UINT32_MAX;
    if (!names[i].at) return error_raise(error, ERROR_OUT_OF_MEMORY, "area");
  }
  double base = 3 * AREA_SOURCE_VOLTS * AREA_SOURCE_VOLTS / (area->rated_kva * 1000), r = area->loss_percent / 100 * base,
         z_abs = area->impedance_percent / 100 * base;
  FlowComplex volts[AREA_WIRES] = {AREA_SOURCE_VOLTS, AREA_SOURCE_VOLTS * turn, AREA_SOURCE_VOLTS * turn * turn, 0};
  FlowComplex z[AREA_WIRES * AREA_WIRES] = {0};
  for (int k = 0; k < AREA_PHASES; k++) z[k * AREA_WIRES + k] = r + I * sqrt(fmax(z_abs * z_abs - r * r, 0));
  static const FlowComplex NOTHING[AREA_WIRES * AREA_WIRES];
  if (!flow_add_source(&plan->circuit, TEXT("medium"), WIRES, AREA_WIRES, volts, NOTHING, error) ||
      !flow_add_series(&plan->circuit, TEXT("transformer"), TEXT(""), TEXT("medium"), WIRES, names[0], WIRES, AREA_WIRES, z, NULL, error))
    return false;
  for (uint32_t i = 1; i < area->node_count; i++) {
    const AreaNode *node = &area->nodes[i];
    const AreaConductor *conductor = &area->conductors[node->conductor];
    double km = fmax(node->length_m, 0.01) / 1000; /* no span is shorter than a centimetre */
    for (int k = 0; k < AREA_WIRES; k++)
      z[k * AREA_WIRES + k] = km * ((k < AREA_PHASES ? conductor->r : conductor->r_neutral) + I * conductor->x);
    if (!flow_add_series(&plan->circuit, names[i], TEXT(""), node->parent == AREA_MEDIUM ? TEXT("medium") : names[node->parent], WIRES,
                         names[i], WIRES, AREA_WIRES, z, NULL, error))
      return false;
  }
  FlowLoad load = {.v_nominal = AREA_NOMINAL_VOLTS,
                   .v_least = 0.4 * AREA_NOMINAL_VOLTS,
                   .v_most = 4 * AREA_NOMINAL_VOLTS,
                   .v_low = 0.2 * AREA_NOMINAL_VOLTS};
  bool known = flow_load_shares(&load, 1, 0, 0, NULL);
  assert(known);
  for (uint32_t i = 0; i < area->customer_count; i++) {
    uint32_t node = area->customers[i].node;
    if (plan->slot[node] != UINT32_MAX) continue;
    plan->slot[node] = (uint32_t)plan->loads;
    for (int k = 1; k <= AREA_PHASES; k++, plan->loads++) {
      load.name = names[node], load.owner = node;
      if (!flow_add_load(&plan->circuit, load, names[node], k, AREA_WIRES, error)) return false;
    }
  }
  return true;
}

bool area_plan(AreaPlan **out, const Area *area, Arena *arena, Error *error) {
  AreaPlan *plan = ARENA_NEW(arena, AreaPlan);
  if (!plan) return error_raise(error, ERROR_OUT_OF_MEMORY, "area");
  flow_circuit_begin(&plan->circuit, arena);
  bool ok = build(plan, area, arena, error) && flow_tree_build(&plan->tree, &plan->circuit, arena, error) &&
            ((plan->flow = flow_plan_build(&plan->tree, arena)) || error_raise(error, ERROR_OUT_OF_MEMORY, "area"));
  text_map_free(&plan->circuit.names); /* found by number from now on */
  if (!ok) flow_circuit_end(&plan->circuit);
  *out = ok ? plan : NULL;
  return ok;
}

void area_plan_end(AreaPlan *plan) {
  if (plan) flow_circuit_end(&plan->circuit);
}

typedef struct Sets { /* a quarter-hour a set */
  size_t count;
  double *p, *q, *volts, *scale; /* [load][set], …, [set] */
} Sets;

static double scale_of(const Area *area, size_t quarter) {
  return (1 + area->tap_percent / 100) * (area->source_pu ? (double)area->source_pu[quarter] : 1);
}

/* Loads a node and phase, at a source of one. */
static bool sets_of(Sets *sets, const AreaPlan *plan, const Area *area, const uint16_t *quarters, size_t count, Arena *work, Error *error) {
  size_t all = count ? count : AREA_QUARTERS;
  double vars = sqrt(1 - area->power_factor * area->power_factor) / area->power_factor;
  *sets = (Sets){.count = all};
  sets->p = ARENA_ARRAY(work, double, plan->loads *all + 1);
  sets->q = ARENA_ARRAY(work, double, plan->loads *all + 1);
  sets->volts = ARENA_ARRAY(work, double, plan->loads *all + 1);
  sets->scale = ARENA_ARRAY(work, double, all);
  if (!sets->p || !sets->q || !sets->volts || !sets->scale) return error_raise(error, ERROR_OUT_OF_MEMORY, "area");
  for (size_t t = 0; t < all; t++) sets->scale[t] = scale_of(area, count ? quarters[t] : t);
  for (uint32_t i = 0; i < area->customer_count; i++) {
    const AreaCustomer *customer = &area->customers[i];
    double share = customer->phases == 7 ? 1.0 / 3 : 1;
    for (size_t k = 0; k < AREA_PHASES; k++) {
      if (!(customer->phases >> k & 1)) continue;
      double *p = sets->p + (plan->slot[customer->node] + k) * all;
      for (size_t t = 0; t < all; t++) {
        double s = sets->scale[t];
        p[t] += 1000 * share * (double)area->kw[(size_t)i * AREA_QUARTERS + (count ? quarters[t] : t)] / (s * s);
      }
    }
  }
  for (size_t i = 0; i < plan->loads * all; i++) sets->q[i] = sets->p[i] * vars;
  return true;
}

/* From volts a node and phase to what households get. */
static bool judge(const Sets *sets, const AreaPlan *plan, const Area *area, const uint16_t *quarters, size_t count, bool with_volts,
                  AreaDay *out, Arena *arena, Error *error) {
  *out = (AreaDay){.worst_volts = INFINITY};
  out->least = ARENA_ARRAY(arena, float, area->customer_count + 1);
  out->quarters = ARENA_ARRAY(arena, uint16_t, area->customer_count + 1);
  if (with_volts) out->volts = ARENA_ARRAY(arena, float, (size_t)area->customer_count *AREA_QUARTERS + 1);
  if (!out->least || !out->quarters || (with_volts && !out->volts)) return error_raise(error, ERROR_OUT_OF_MEMORY, "area");
  for (uint32_t i = 0; i < area->customer_count; i++) {
    const AreaCustomer *customer = &area->customers[i];
    uint32_t high = 0;
    double least = INFINITY;
    for (size_t t = 0; t < sets->count; t++) {
      double v = INFINITY;
      size_t quarter = count ? quarters[t] : t;
      for (size_t k = 0; k < AREA_PHASES; k++)
        if (customer->phases >> k & 1) v = fmin(v, sets->volts[(plan->slot[customer->node] + k) * sets->count + t]);
      v = isfinite(v) ? v * sets->scale[t] : 0; /* fmin passes over NaN: a quarter-hour without a solution has nothing else */
      if (with_volts) out->volts[(size_t)i * AREA_QUARTERS + quarter] = (float)v;
      if (v < AREA_LOW_VOLTS) out->quarters[i]++, out->deficit += AREA_LOW_VOLTS - v;
      high += v > AREA_HIGH_VOLTS;
      least = fmin(least, v);
      if (v < out->worst_volts) out->worst_volts = v, out->worst_customer = i, out->worst_quarter = (uint32_t)quarter;
    }
    out->least[i] = (float)least;
    out->low_quarters += out->quarters[i];
    out->low_customers += out->quarters[i] >= AREA_LOW_QUARTERS;
    out->high_customers += high >= AREA_LOW_QUARTERS;
  }
  if (!area->customer_count) out->worst_volts = AREA_SOURCE_VOLTS;
  return true;
}

bool area_plan_solve(const AreaPlan *plan, const Area *area, const uint16_t *quarters, size_t quarter_count, bool with_volts, AreaDay *out,
                     Arena *arena, Arena *work, Error *error) {
  Sets sets;
  size_t unsettled = 0;
  assert(quarter_count <= AREA_QUARTERS);
  if (!sets_of(&sets, plan, area, quarters, quarter_count, work, error)) return false;
  double *source_p = ARENA_ARRAY(work, double, sets.count), *source_q = ARENA_ARRAY(work, double, sets.count),
         *loss = ARENA_ARRAY(work, double, sets.count);
  if (!source_p || !source_q || !loss) return error_raise(error, ERROR_OUT_OF_MEMORY, "area");
  FlowFigures figures = {.volts = sets.volts, .source_p = source_p, .source_q = source_q, .loss_p = loss};
  FlowSets given = {sets.count, sets.p, sets.q, TOLERANCE_VOLTS, ITERATIONS};
  if (!flow_solve(plan->flow, &given, FLOW_ISA_BEST, &figures, &unsettled, work, error)) return false;
  if (!judge(&sets, plan, area, quarters, quarter_count, with_volts, out, arena, error)) return false;
  out->unsolved = (uint32_t)unsettled;
  for (size_t t = 0; t < sets.count; t++) {
    double s2 = sets.scale[t] * sets.scale[t];
    if (!isfinite(source_p[t])) continue;
    out->peak_load = fmax(out->peak_load, hypot(source_p[t], source_q[t]) * s2 / 1000 / (area->rated_kva + area->other_kva));
    out->loss_kwh += loss[t] * s2 / 4000;
  }
  arena_reset(work);
  return true;
}

bool area_solve(const Area *area, bool with_volts, AreaDay *out, Arena *arena, Arena *work, Error *error) {
  AreaPlan *plan;
  Arena built;
  arena_begin(&built, 0);
  bool ok = area_check(area, error) && area_plan(&plan, area, &built, error);
  if (ok) {
    ok = area_plan_solve(plan, area, NULL, 0, with_volts, out, arena, work, error);
    area_plan_end(plan);
  }
  arena_end(&built);
  return ok;
}

bool area_solve_plain(const Area *area, AreaDay *out, Arena *arena, Arena *work, Error *error) {
  AreaPlan *plan;
  Sets sets;
  if (!area_check(area, error) || !area_plan(&plan, area, work, error)) return false;
  bool ok = sets_of(&sets, plan, area, NULL, 0, work, error);
  size_t nodes = plan->circuit.buses.count * FLOW_NODES_MAX, unsolved = 0;
  double *p = ARENA_ARRAY(work, double, plan->loads + 1), *q = ARENA_ARRAY(work, double, plan->loads + 1);
  FlowComplex *current = ARENA_ARRAY(work, FlowComplex, plan->loads + 1), *volts = ARENA_ARRAY(work, FlowComplex, nodes),
              *scratch = ARENA_ARRAY(work, FlowComplex, nodes + plan->loads);
  ok = ok && ((p && q && current && volts && scratch) || error_raise(error, ERROR_OUT_OF_MEMORY, "area"));
  for (size_t t = 0; ok && t < sets.count; t++) {
    for (size_t i = 0; i < plan->loads; i++) p[i] = sets.p[i * sets.count + t], q[i] = sets.q[i * sets.count + t], current[i] = 0;
    bool settled = flow_tree_solve(&plan->tree, p, q, TOLERANCE_VOLTS, ITERATIONS, current, volts, scratch) != 0;
    unsolved += !settled;
    for (size_t i = 0; i < plan->loads; i++) {
      const FlowLoad *load = &plan->circuit.loads.at[i];
      const FlowComplex *at = volts + (size_t)load->bus * FLOW_NODES_MAX;
      sets.volts[i * sets.count + t] = settled ? cabs(at[load->from] - at[load->to]) : (double)NAN;
    }
  }
  ok = ok && judge(&sets, plan, area, NULL, 0, false, out, arena, error);
  if (ok) out->unsolved = (uint32_t)unsolved;
  area_plan_end(plan);
  arena_reset(work);
  return ok;
}
