#include "flow/model.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

typedef struct Made {
  FlowCircuit *circuit;
  const DssModel *model;
  Error *error;
} Made;

static Text labelled(const Made *m, const char *kind, Text name) {
  Buffer text;
  buffer_begin(&text, 4096);
  buffer_string(&text, kind);
  buffer_text(&text, name);
  Text copy = text.failed ? TEXT_NONE : text_copy(m->circuit->arena, buffer_as_text(&text));
  buffer_end(&text);
  return copy;
}

static Text place(const Made *m, const void *object) {
  const DssObject *at = object;
  Buffer text;
  buffer_begin(&text, 8192);
  buffer_format(&text, "%.*s:%u", TEXT_ARG(at->file), at->line);
  Text copy = text.failed ? TEXT_NONE : text_copy(m->circuit->arena, buffer_as_text(&text));
  buffer_end(&text);
  return copy;
}

static bool refuse(const Made *m, const char *kind, const void *object, const char *why) {
  const DssObject *at = object;
  error_raise(m->error, ERROR_FLOW_ELEMENT, "%s%.*s\t%s", kind, TEXT_ARG(at->name), why);
  return error_at(m->error, "%.*s:%u", TEXT_ARG(at->file), at->line);
}

static bool placed(const Made *m, const void *object, bool ok) {
  const DssObject *at = object;
  return ok || error_at(m->error, "%.*s:%u", TEXT_ARG(at->file), at->line);
}

/* (2a + b)/3 on the diagonal and (b − a)/3 beside it. */
static void spread(FlowComplex *z, int n, FlowComplex one, FlowComplex zero) {
  for (int i = 0; i < n * n; i++) z[i] = i % (n + 1) == 0 ? (2 * one + zero) / 3 : (zero - one) / 3;
}

/* The impedances behind a short-circuit power: X1/R1 and X0/R0 given, R0 from the current of a single-phase fault (the larger root, as
 * OpenDSS). */
static bool source_impedance(const DssSource *s, FlowComplex *one, FlowComplex *zero) {
  if (s->told == 3) return *one = s->r1 + s->x1 * I, *zero = s->r0 + s->x0 * I, true;
  double factor = s->phases == 1 ? 1 : sqrt(3), kv2 = s->kv * s->kv;
  double mva3 = s->told == 2 ? sqrt(3) * s->kv * s->isc3 / 1000 : s->mva3,
         isc1 = s->told == 2 ? s->isc1 : s->mva1 * 1000 / (factor * s->kv);
  double x1 = kv2 / mva3 / sqrt(1 + 1 / (s->x1r1 * s->x1r1)), r1 = x1 / s->x1r1, loop = 3 * s->kv * 1000 / factor / isc1;
  double a = 1 + s->x0r0 * s->x0r0, b = 4 * (r1 + x1 * s->x0r0), c = 4 * (r1 * r1 + x1 * x1) - loop * loop;
  double r0 = (-b + sqrt(b * b - 4 * a * c)) / (2 * a);
  *one = r1 + x1 * I;
  *zero = r0 + r0 * s->x0r0 * I;
  return isfinite(x1) && isfinite(r0);
}

static bool add_source(const Made *m) {
  const DssSource *s = &m->model->source;
  FlowComplex one, zero, z[9], volts[3];
  int nodes[3];
  if (!source_impedance(s, &one, &zero)) return refuse(m, "vsource.", s, "its impedance cannot be computed");
  spread(z, s->phases, one, s->phases == 1 ? one : zero);
  double size = s->phases == 1 ? s->kv * s->pu * 1000 : s->kv * s->pu * 1000 / 2 / sin(PI / s->phases);
  for (int i = 0; i < s->phases; i++) {
    double angle = s->angle_degrees * PI / 180 - 2 * PI * i / s->phases;
    volts[i] = size * (cos(angle) + sin(angle) * I);
    nodes[i] = dss_node(&s->end, i, s->phases);
  }
  return placed(m, s, flow_add_source(m->circuit, s->end.bus, nodes, s->phases, volts, z, m->error));
}

static bool add_line(const Made *m, const DssLine *line) {
  enum { MOST = DSS_CONDUCTORS_MAX * DSS_CONDUCTORS_MAX };
  double r[MOST], x[MOST], c[MOST];
  FlowComplex z[MOST], half[MOST];
  int n = line->code.phases, nodes[2][DSS_CONDUCTORS_MAX];
  bool charged = false;
  dss_line_whole(line, r, x, c);
  for (int i = 0; i < n * n; i++) {
    z[i] = r[i] + x[i] * I;
    half[i] = PI * m->model->frequency * c[i] * 1e-9 * I;
    charged = charged || c[i] != 0;
  }
  for (int i = 0; i < n; i++) nodes[0][i] = dss_node(&line->end[0], i, n), nodes[1][i] = dss_node(&line->end[1], i, n);
  if (!line->end[0].bus.len || !line->end[1].bus.len) return refuse(m, "line.", line, "a bus is missing");
  Text name = labelled(m, "line.", line->name);
  return placed(m, line,
                flow_add_series(m->circuit, name, place(m, line), line->end[0].bus, nodes[0], line->end[1].bus, nodes[1], n, z,
                                charged ? half : NULL, m->error));
}

static FlowTransformer transformer_of(const DssTransformer *from) {
  FlowTransformer t = {.phases = from->phases,
                       .windings = from->windings,
                       .va = from->winding[0].kva * 1000,
                       .x12 = from->x12,
                       .x13 = from->x13,
                       .x23 = from->x23,
                       .no_load_percent = from->no_load_percent,
                       .magnetising_percent = from->magnetising_percent,
                       .antifloat_ppm = from->antifloat_ppm,
                       .low_leads = from->low_leads};
  for (int w = 0; w < from->windings; w++) {
    const DssWinding *winding = &from->winding[w];
    t.winding[w] = (FlowWinding){
        winding->connection == DSS_DELTA, winding->kv * 1000, winding->tap, winding->r_percent, winding->r_neutral, winding->x_neutral};
  }
  return t;
}

static bool add_transformer(const Made *m, const DssTransformer *from) {
  FlowTransformer t = transformer_of(from);
  FlowComplex y[FLOW_CONDUCTORS_MAX * FLOW_CONDUCTORS_MAX];
  FlowPin pins[FLOW_CONDUCTORS_MAX];
  int wires = t.phases + 1;
  if (!flow_transformer_admittance(&t, y)) return refuse(m, "transformer.", from, "its leakage is zero");
  for (int w = 0; w < t.windings; w++) {
    if (!from->winding[w].end.bus.len) return refuse(m, "transformer.", from, "a bus is missing");
    for (int i = 0; i < wires; i++) {
      bool loose = i == t.phases && t.winding[w].delta && t.phases > 2; /* no neutral on a delta */
      pins[w * wires + i] = (FlowPin){from->winding[w].end.bus, loose ? 0 : dss_node(&from->winding[w].end, i, t.phases)};
    }
  }
  return placed(m, from,
                flow_add_bank(m->circuit, labelled(m, "transformer.", from->name), place(m, from), pins, t.windings * wires, y, m->error));
}

bool flow_retap(FlowCircuit *circuit, const DssModel *model, size_t transformer, Error *error) {
  const DssTransformer *from = &model->transformers.at[transformer];
  FlowTransformer t = transformer_of(from);
  for (size_t i = 0; i < circuit->elements.count; i++) {
    FlowElement *element = &circuit->elements.at[i];
    if (text_starts(element->name, TEXT("transformer.")) && text_equal(text_slice(element->name, 12, element->name.len), from->name))
      return flow_transformer_admittance(&t, element->y) ||
             error_raise(error, ERROR_FLOW_ELEMENT, "%.*s\tits leakage is zero", TEXT_ARG(element->name));
  }
  return true; /* not enabled */
}

/* Branches of admittance y between two nodes each: a capacitor or reactor. */
static bool add_shunt(const Made *m, const char *kind, const void *object, const DssTerminal *end, bool second, int phases,
                      DssConnection connection, FlowComplex y) {
  const DssObject *at = object;
  FlowPin pins[6];
  FlowComplex matrix[36] = {0};
  int count = connection == DSS_DELTA && !second ? (phases == 1 ? 2 : 3) : 2 * phases;
  if (!end[0].bus.len) return refuse(m, kind, object, "a bus is missing");
  for (int i = 0; i < count; i++) {
    int side = connection == DSS_DELTA && !second ? 0 : i / phases, wire = side ? i - phases : i;
    bool ground = side && !second;
    pins[i] = (FlowPin){side && second ? end[1].bus : end[0].bus,
                        ground ? 0 : dss_node(&end[side], wire, connection == DSS_DELTA && !second && phases > 1 ? 3 : phases)};
  }
  for (int i = 0; i < phases; i++) {
    int a = i, b = connection == DSS_DELTA && !second ? (i + 1) % count : i + phases;
    matrix[a * count + a] += y, matrix[b * count + b] += y, matrix[a * count + b] -= y, matrix[b * count + a] -= y;
  }
  return placed(m, object, flow_add_bank(m->circuit, labelled(m, kind, at->name), place(m, object), pins, count, matrix, m->error));
}

static bool add_load(const Made *m, const DssLoad *from, uint32_t owner) {
  int branches = from->phases, wires = from->connection == DSS_DELTA ? (from->phases == 1 ? 2 : 3) : from->phases + 1;
  FlowLoad load = {.name = labelled(m, "load.", from->name), .owner = owner};
  load.v_nominal = from->kv * 1000 / (from->connection == DSS_WYE && from->phases > 1 ? sqrt(3) : 1);
  load.v_least = from->v_least * load.v_nominal, load.v_most = from->v_most * load.v_nominal, load.v_low = from->v_low * load.v_nominal;
  if (!(load.v_nominal > 0)) return refuse(m, "load.", from, "kV must be more than 0");
  if (!from->end.bus.len) return refuse(m, "load.", from, "bus1 is missing");
  if (from->model == 8 && !from->zip_given) return refuse(m, "load.", from, "model 8 needs ZIPV");
  if (from->zip_given && from->model == 8 && from->zip[6] > 0)
    return refuse(m, "load.", from, "a cut-off voltage (ZIPV's seventh) is not understood");
  if (!flow_load_shares(&load, from->model, from->cvr_watts, from->cvr_vars, from->zip))
    return refuse(m, "load.", from, "CVRwatts and CVRvars may be 0, 1 or 2");
  for (int i = 0; i < branches; i++) {
    int to = from->connection == DSS_DELTA ? (i + 1) % wires : from->phases;
    int defaults = from->connection == DSS_DELTA && from->phases > 1 ? 3 : from->phases;
    if (!flow_add_load(m->circuit, load, from->end.bus, dss_node(&from->end, i, defaults), dss_node(&from->end, to, defaults), m->error))
      return placed(m, from, false);
  }
  return true;
}

bool flow_circuit_of(FlowCircuit *out, Arena *arena, const DssModel *model, Error *error) {
  Made m = {out, model, error};
  flow_circuit_begin(out, arena);
  if (!add_source(&m)) return false;
  for (size_t i = 0; i < model->lines.count; i++)
    if (model->lines.at[i].enabled && !add_line(&m, &model->lines.at[i])) return false;
  for (size_t i = 0; i < model->transformers.count; i++)
    if (model->transformers.at[i].enabled && !add_transformer(&m, &model->transformers.at[i])) return false;
  for (size_t i = 0; i < model->capacitors.count; i++) {
    const DssCapacitor *c = &model->capacitors.at[i];
    double volts = c->kv * 1000 / (c->connection == DSS_WYE && c->phases > 1 ? sqrt(3) : 1);
    if (c->enabled &&
        !add_shunt(&m, "capacitor.", c, c->end, c->second, c->phases, c->connection, c->kvar * 1000 / c->phases / (volts * volts) * I))
      return false;
  }
  for (size_t i = 0; i < model->reactors.count; i++) {
    const DssReactor *c = &model->reactors.at[i];
    double volts = c->kv * 1000 / (c->connection == DSS_WYE && c->phases > 1 ? sqrt(3) : 1);
    FlowComplex z = c->ohms ? c->r + c->x * I : volts * volts / (c->kvar * 1000 / c->phases) * I;
    if (c->enabled && z == 0) return refuse(&m, "reactor.", c, "its impedance is zero");
    if (c->enabled && !add_shunt(&m, "reactor.", c, c->end, c->second, c->phases, c->connection, 1 / z)) return false;
  }
  for (size_t i = 0; i < model->loads.count; i++)
    if (model->loads.at[i].enabled && !add_load(&m, &model->loads.at[i], (uint32_t)i)) return false;
  return true;
}

static double shape_value(const DssShape *shape, const double *values, size_t count, double hour) {
  if (!count) return 1;
  int64_t k = shape->interval_hours > 0 ? (int64_t)round(hour / shape->interval_hours) : 1;
  return values[(size_t)((k > 0 ? k - 1 : 0) % (int64_t)count)];
}

void flow_loads_at(const FlowCircuit *circuit, const DssModel *model, int64_t step, double *p, double *q, size_t stride) {
  for (size_t i = 0; i < circuit->loads.count; i++) {
    const DssLoad *load = &model->loads.at[circuit->loads.at[i].owner];
    double pf = fabs(load->pf), tangent = pf > 0 && pf <= 1 ? sqrt(1 / (pf * pf) - 1) : 0;
    double kw = load->told == 2 ? load->kva * pf : load->kw, kvar = load->told == 1 ? load->kvar : kw * (load->pf < 0 ? -tangent : tangent);
    int at = model->mode == DSS_DAILY ? load->daily : model->mode == DSS_YEARLY ? load->yearly : -1;
    double by = load->fixed ? 1 : model->load_factor, hour = (double)step * model->step_hours;
    if (at >= 0 && !load->fixed) {
      const DssShape *shape = &model->shapes.at[at];
      double sp = shape_value(shape, shape->p, shape->count, hour),
             sq = shape->q_count ? shape_value(shape, shape->q, shape->q_count, hour) : sp;
      if (shape->actual)
        kvar = shape->q_count ? sq : kw != 0 ? kvar / kw * sp : 0, kw = sp;
      else
        kw *= sp, kvar *= sq;
    }
    p[i * stride] = 1000 * kw * by / load->phases;
    q[i * stride] = 1000 * kvar * by / load->phases;
  }
}
