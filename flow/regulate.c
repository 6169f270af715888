/* Line-voltage regulators, as OpenDSS's RegControl in static mode. */
#include <math.h>

#include "flow/solve.h"

static const FlowElement *element_of(const FlowCircuit *circuit, const DssTransformer *transformer) {
  for (size_t i = 0; i < circuit->elements.count; i++) {
    const FlowElement *element = &circuit->elements.at[i];
    if (text_starts(element->name, TEXT("transformer.")) && text_equal(text_slice(element->name, 12, element->name.len), transformer->name))
      return element;
  }
  return NULL;
}

static FlowComplex volts_at(const FlowElement *element, const FlowComplex *volts, int conductor) {
  if (element->slot[conductor] == FLOW_GROUND) return 0;
  return volts[(size_t)element->bus[element->end[conductor]] * FLOW_NODES_MAX + element->slot[conductor]];
}

/* The tap change the regulator wants, 0 when within its band. */
static double wanted(const DssRegulator *r, const DssTransformer *t, const FlowElement *element, const FlowComplex *volts) {
  int wires = t->phases + 1, phase = r->pt_phase - 1, at = (r->winding - 1) * wires + phase;
  const DssWinding *measured = &t->winding[r->winding - 1], *moved = &t->winding[r->tap_winding - 1];
  int other = measured->connection == DSS_DELTA && t->phases > 1 ? (r->winding - 1) * wires + r->pt_phase % t->phases
                                                                 : (r->winding - 1) * wires + t->phases;
  FlowComplex seen = (volts_at(element, volts, at) - volts_at(element, volts, other)) / r->pt_ratio, current = 0;
  for (int i = 0; i < element->conductors; i++) current += element->y[at * element->conductors + i] * volts_at(element, volts, i);
  seen += (r->r + r->x * I) * current / r->ct_primary; /* the current runs into the winding: this is the voltage down the line */
  double base = measured->kv * 1000 / (measured->connection == DSS_WYE && t->phases > 1 ? sqrt(3) : 1),
         step = (moved->tap_most - moved->tap_least) / moved->taps;
  double boost = r->vreg - cabs(seen);
  bool over = r->v_limit > 0 && cabs(volts_at(element, volts, at)) / r->pt_ratio > r->v_limit;
  if (over) boost = r->v_limit - cabs(volts_at(element, volts, at)) / r->pt_ratio;
  if (!over && fabs(boost) <= r->band / 2) return 0;
  double change = round(boost * r->pt_ratio / base / step) * step;
  if (r->tap_winding != r->winding) change = -change;
  return (change > 0 && moved->tap < moved->tap_most - 1e-9) || (change < 0 && moved->tap > moved->tap_least + 1e-9) ? change : 0;
}

bool flow_regulate(DssModel *model, FlowCircuit *circuit, const FlowComplex *volts, bool *moved, Error *error) {
  double soonest = INFINITY;
  *moved = false;
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < model->regulators.count; i++) {
      const DssRegulator *r = &model->regulators.at[i];
      if (!r->enabled || r->transformer < 0 || (pass && r->delay > soonest)) continue;
      DssTransformer *t = &model->transformers.at[r->transformer];
      const FlowElement *element = element_of(circuit, t);
      if (r->winding > t->windings || r->tap_winding > t->windings || r->pt_phase > t->phases) {
        error_raise(error, ERROR_FLOW_ELEMENT, "regcontrol.%.*s\tits transformer has no such winding or phase", TEXT_ARG(r->name));
        return error_at(error, "%.*s:%u", TEXT_ARG(r->file), r->line);
      }
      double change = element ? wanted(r, t, element, volts) : 0;
      if (change == 0) continue;
      if (!pass) {
        soonest = fmin(soonest, r->delay);
        continue;
      }
      DssWinding *winding = &t->winding[r->tap_winding - 1];
      double step = (winding->tap_most - winding->tap_least) / winding->taps,
             steps = fmin(fmax(floor(0.7 * fabs(change) / step + 1e-9), 1), r->most_taps);
      winding->tap = fmin(fmax(winding->tap + copysign(steps * step, change), winding->tap_least), winding->tap_most);
      *moved = true;
    }
  for (size_t i = 0; *moved && i < model->regulators.count; i++)
    if (model->regulators.at[i].transformer >= 0 && !flow_retap(circuit, model, (size_t)model->regulators.at[i].transformer, error))
      return false;
  return true;
}
