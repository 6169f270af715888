#include "flow/solve.h"

#include <math.h>
#include <stdio.h>

#include "base/json.h"

typedef struct Run {
  const FlowFileOptions *options;
  DssModel model;
  FlowCircuit circuit;
  Arena arena, built; /* the circuit; what is built anew when taps move */
  FlowTree tree;
  FlowPlan *plan;
  bool controls;
  double *p, *q, *re, *im;
  FlowComplex *current, *volts, *scratch, leaving[FLOW_NODES_MAX];
  Error *error;
} Run;

static const double DEGREES = 180 / 3.14159265358979323846;

static bool no_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "flow"); }

static bool build(Run *r) {
  arena_reset(&r->built);
  if (!flow_tree_build(&r->tree, &r->circuit, &r->built, r->error)) return false;
  r->plan = flow_plan_build(&r->tree, &r->built);
  return r->plan || no_memory(r->error);
}

/* The voltage base of each bus: of those the script lists, the nearest to what the bus has without load. */
static void set_bases(Run *r) {
  flow_tree_voltages(&r->tree, NULL, r->volts, r->scratch, NULL);
  for (size_t b = 1; b < r->circuit.buses.count; b++) {
    double open = cabs(r->volts[b * FLOW_NODES_MAX]), nearest = 0;
    for (size_t i = 0; i < r->model.voltage_bases && open > 0; i++) {
      double base = r->model.voltage_base[i] * 1000 / sqrt(3);
      if (!(fabs(open / base - 1) >= fabs(open / nearest - 1)) || nearest == 0) nearest = base;
    }
    r->circuit.buses.at[b].base_volts = nearest;
  }
}

static bool begin(Run *r, const char *path) {
  arena_begin(&r->arena, 0);
  arena_begin(&r->built, 0);
  if (!dss_read(&r->model, path, r->options->files ? r->options->files : &dss_disk, r->error)) return false;
  if (!flow_circuit_of(&r->circuit, &r->arena, &r->model, r->error)) return false;
  size_t loads = r->circuit.loads.count + 1, nodes = r->circuit.buses.count * FLOW_NODES_MAX;
  r->p = ARENA_ARRAY(&r->arena, double, loads), r->q = ARENA_ARRAY(&r->arena, double, loads);
  r->re = ARENA_ARRAY(&r->arena, double, loads), r->im = ARENA_ARRAY(&r->arena, double, loads);
  r->current = ARENA_ARRAY(&r->arena, FlowComplex, loads);
  r->volts = ARENA_ARRAY(&r->arena, FlowComplex, nodes);
  r->scratch = ARENA_ARRAY(&r->arena, FlowComplex, nodes + loads);
  if (!r->p || !r->q || !r->re || !r->im || !r->current || !r->volts || !r->scratch) return no_memory(r->error);
  r->controls = r->model.controls && !r->options->controls_off && r->model.regulators.count > 0;
  if (!build(r)) return false;
  set_bases(r);
  return true;
}

static void finish(Run *r) {
  flow_circuit_end(&r->circuit);
  dss_end(&r->model);
  arena_end(&r->arena);
  arena_end(&r->built);
}

static double tolerance(const Run *r) { return r->options->tolerance_volts > 0 ? r->options->tolerance_volts : 1e-6; }

static bool unsolved(const Run *r, uint32_t load) {
  char where[200] = "the network itself";
  if (load < r->circuit.loads.count) {
    const FlowLoad *worst = &r->circuit.loads.at[load];
    snprintf(where, sizeof where, "%.*s (%.*s.%d)", TEXT_ARG(worst->name), TEXT_ARG(r->circuit.buses.at[worst->bus].name),
             r->circuit.buses.at[worst->bus].node[worst->from]);
  }
  return error_raise(r->error, ERROR_FLOW_UNSOLVED, "%d\t%s", FLOW_ITERATIONS_MAX, where);
}

/* One step, regulators and all; the voltages of every bus in r->volts. *settled false: figures say where. */
static bool solve_step(Run *r, int64_t step, FlowFigures *figures, bool *settled) {
  Arena work;
  bool moved = true, ok = true;
  figures->current_re = r->re, figures->current_im = r->im;
  flow_loads_at(&r->circuit, &r->model, step, r->p, r->q, 1);
  for (int round = 0; ok && moved; round++) {
    FlowSets sets = {1, r->p, r->q, tolerance(r), FLOW_ITERATIONS_MAX};
    size_t unsettled = 0;
    moved = false;
    arena_begin(&work, 0);
    ok = flow_solve(r->plan, &sets, FLOW_ISA_SCALAR, figures, &unsettled, &work, r->error);
    arena_end(&work);
    *settled = unsettled == 0;
    if (!ok || !*settled) return ok;
    for (size_t i = 0; i < r->circuit.loads.count; i++) {
      bool fed = r->tree.place[r->circuit.loads.at[i].bus] >= 0;
      r->current[i] = fed ? r->re[i] + r->im[i] * I : 0;
    }
    flow_tree_voltages(&r->tree, r->current, r->volts, r->scratch, r->leaving);
    if (!r->controls || round >= FLOW_CONTROL_ROUNDS) return true;
    ok = flow_regulate(&r->model, &r->circuit, r->volts, &moved, r->error);
    if (ok && moved) ok = build(r);
  }
  return ok;
}

/* ---- a snapshot ---- */

static void snapshot_csv(const Run *r, Buffer *out) {
  buffer_string(out, "bus,node,v_volts,angle_deg,v_pu\n");
  for (uint32_t at = 1; at < r->tree.count; at++) {
    const FlowBus *bus = &r->circuit.buses.at[r->tree.branches[at].bus];
    for (int i = 0; i < bus->nodes; i++) {
      FlowComplex v = r->volts[r->tree.branches[at].bus * FLOW_NODES_MAX + (uint32_t)i];
      buffer_format(out, "%.*s,%d,%.6f,%.6f,", TEXT_ARG(bus->name), bus->node[i], cabs(v), carg(v) * DEGREES);
      if (bus->base_volts > 0) buffer_format(out, "%.9f", cabs(v) / bus->base_volts);
      buffer_string(out, "\n");
    }
  }
}

static void put_buses(const Run *r, Json *json) {
  json_key(json, "buses");
  json_open_array(json);
  for (uint32_t at = 1; at < r->tree.count; at++) {
    const FlowBus *bus = &r->circuit.buses.at[r->tree.branches[at].bus];
    json_open_object(json);
    json_put_text(json, "bus", bus->name);
    json_put_f64(json, "base_volts", bus->base_volts > 0 ? bus->base_volts : NAN, 3);
    json_key(json, "nodes");
    json_open_array(json);
    for (int i = 0; i < bus->nodes; i++) {
      FlowComplex v = r->volts[r->tree.branches[at].bus * FLOW_NODES_MAX + (uint32_t)i];
      json_open_object(json);
      json_put_i64(json, "node", bus->node[i]);
      json_put_f64(json, "volts", cabs(v), 6);
      json_put_f64(json, "angle_deg", carg(v) * DEGREES, 6);
      json_put_f64(json, "pu", bus->base_volts > 0 ? cabs(v) / bus->base_volts : NAN, 9);
      json_close(json);
    }
    json_close(json);
    json_close(json);
  }
  json_close(json);
}

static void snapshot_json(const Run *r, const FlowFigures *f, Json *json) {
  json_open_object(json);
  json_put_text(json, "circuit", r->model.name);
  json_put_i64(json, "iterations", f->iterations[0]);
  json_put_f64(json, "source_kw", f->source_p[0] / 1000, 6);
  json_put_f64(json, "source_kvar", f->source_q[0] / 1000, 6);
  json_put_f64(json, "losses_kw", f->loss_p[0] / 1000, 6);
  json_put_text(json, "lowest_load", r->circuit.loads.count ? r->circuit.loads.at[f->lowest_load[0]].name : TEXT_NONE);
  json_put_f64(json, "v_min_volts", f->v_least[0], 6);
  json_key(json, "taps");
  json_open_array(json);
  for (size_t i = 0; i < r->model.regulators.count; i++) {
    const DssRegulator *regulator = &r->model.regulators.at[i];
    if (regulator->transformer < 0) continue;
    json_open_object(json);
    json_put_text(json, "transformer", r->model.transformers.at[regulator->transformer].name);
    json_put_i64(json, "winding", regulator->tap_winding);
    json_put_f64(json, "tap", r->model.transformers.at[regulator->transformer].winding[regulator->tap_winding - 1].tap, 6);
    json_close(json);
  }
  json_close(json);
  json_key(json, "not_fed");
  json_open_array(json);
  for (size_t b = 1; b < r->circuit.buses.count; b++)
    if (r->tree.place[b] < 0) json_text(json, r->circuit.buses.at[b].name);
  json_close(json);
  put_buses(r, json);
  json_close(json);
}

/* ---- steps ---- */

static void put_number(Buffer *out, double value) {
  if (isfinite(value)) buffer_format(out, "%.6f", value);
  buffer_byte(out, ',');
}

static void step_line(const Run *r, const FlowFigures *f, size_t at, int64_t step, Json *json, Buffer *out) {
  bool settled = f->iterations[at] > 0;
  uint32_t load = settled ? f->lowest_load[at] : f->worst_load[at];
  Text name = load < r->circuit.loads.count ? r->circuit.loads.at[load].name : TEXT_NONE;
  if (r->options->csv) {
    const double figures[] = {f->source_p[at] / 1000, f->source_q[at] / 1000, f->loss_p[at] / 1000};
    buffer_format(out, "%lld,", (long long)step);
    put_number(out, f->v_least[at]), put_number(out, f->v_most[at]);
    buffer_text(out, name), buffer_byte(out, ',');
    for (int i = 0; i < 3; i++) put_number(out, figures[i]);
    buffer_format(out, "%d\n", f->iterations[at]);
    return;
  }
  json_open_object(json);
  json_put_i64(json, "step", step);
  json_put_i64(json, "iterations", f->iterations[at]);
  json_put_text(json, settled ? "lowest_load" : "worst_load", name);
  if (settled) {
    json_put_f64(json, "v_min_volts", f->v_least[at], 6);
    json_put_f64(json, "v_max_volts", f->v_most[at], 6);
    json_put_f64(json, "source_kw", f->source_p[at] / 1000, 6);
    json_put_f64(json, "source_kvar", f->source_q[at] / 1000, 6);
    json_put_f64(json, "losses_kw", f->loss_p[at] / 1000, 6);
  }
  json_close(json);
}

enum { BLOCK = 1440 };

static bool figures_begin(FlowFigures *f, Arena *arena, size_t count) {
  f->iterations = ARENA_ARRAY(arena, uint16_t, count);
  f->lowest_load = ARENA_ARRAY(arena, uint32_t, count), f->worst_load = ARENA_ARRAY(arena, uint32_t, count);
  f->v_least = ARENA_ARRAY(arena, double, count), f->v_most = ARENA_ARRAY(arena, double, count);
  f->source_p = ARENA_ARRAY(arena, double, count), f->source_q = ARENA_ARRAY(arena, double, count),
  f->loss_p = ARENA_ARRAY(arena, double, count);
  return f->iterations && f->lowest_load && f->worst_load && f->v_least && f->v_most && f->source_p && f->source_q && f->loss_p;
}

/* Steps in blocks through the vectors; one after the other where regulators move between them. */
static bool solve_steps(Run *r, int64_t steps, Json *json, Buffer *out) {
  size_t block = r->controls ? 1 : BLOCK, loads = r->circuit.loads.count;
  FlowFigures f = {0};
  double *p = ARENA_ARRAY(&r->arena, double, (loads + 1) * block), *q = ARENA_ARRAY(&r->arena, double, (loads + 1) * block);
  if (!p || !q || !figures_begin(&f, &r->arena, block)) return no_memory(r->error);
  for (int64_t begun = 0; begun < steps; begun += (int64_t)block) {
    size_t here = steps - begun < (int64_t)block ? (size_t)(steps - begun) : block, unsettled;
    bool ok, settled;
    if (r->controls) {
      ok = solve_step(r, begun + 1, &f, &settled);
    } else {
      Arena work;
      FlowSets sets = {here, p, q, tolerance(r), FLOW_ITERATIONS_MAX};
      for (size_t k = 0; k < here; k++) flow_loads_at(&r->circuit, &r->model, begun + (int64_t)k + 1, p + k, q + k, here);
      arena_begin(&work, 0);
      ok = flow_solve(r->plan, &sets, FLOW_ISA_BEST, &f, &unsettled, &work, r->error);
      arena_end(&work);
    }
    if (!ok) return false;
    for (size_t k = 0; k < here; k++) step_line(r, &f, k, begun + (int64_t)k + 1, json, out);
  }
  return true;
}

static bool run(Run *r, const char *path, Buffer *out) {
  Json json;
  FlowFigures f = {0};
  bool settled;
  if (!begin(r, path)) return false;
  int64_t steps = r->options->steps > 0 ? r->options->steps : r->model.mode == DSS_SNAPSHOT ? 0 : r->model.steps;
  if (steps > FLOW_STEPS_MAX) return error_raise(r->error, ERROR_LIMIT, "steps\t%d", FLOW_STEPS_MAX);
  if (steps > 0 && r->model.mode == DSS_SNAPSHOT) r->model.mode = DSS_YEARLY;
  json_begin(&json, out);
  if (steps > 0) {
    if (r->options->csv)
      buffer_string(out, "step,v_min_volts,v_max_volts,lowest_load,source_kw,source_kvar,losses_kw,iterations\n");
    else
      json_open_object(&json), json_put_text(&json, "circuit", r->model.name), json_key(&json, "steps"), json_open_array(&json);
    if (!solve_steps(r, steps, &json, out)) return false;
    if (!r->options->csv) json_close(&json), json_close(&json), buffer_string(out, "\n");
  } else {
    if (!figures_begin(&f, &r->arena, 1)) return no_memory(r->error);
    if (!solve_step(r, 1, &f, &settled)) return false;
    if (!settled) return unsolved(r, f.worst_load[0]);
    if (r->options->csv)
      snapshot_csv(r, out);
    else
      snapshot_json(r, &f, &json), buffer_string(out, "\n");
  }
  return !out->failed || no_memory(r->error);
}

bool flow_solve_file(const char *path, const FlowFileOptions *options, Buffer *out, Error *error) {
  Error own;
  Run r = {.options = options, .error = error ? error : &own};
  size_t before = out->len;
  bool ok = run(&r, path, out);
  if (!ok && !out->failed) out->len = before; /* nothing half done */
  finish(&r);
  return ok;
}
