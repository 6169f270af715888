#include <math.h>

#include "flow/circuit.h"

/* Volts across one unit of a winding. */
static double unit_volts(const FlowTransformer *t, int w) {
  return !t->winding[w].delta && t->phases > 1 ? t->winding[w].volts / sqrt(3) : t->winding[w].volts;
}

/* Leakage admittance of one phase, all windings on one volt: A' (Zb)⁻¹ A with A = (−1 | I). */
static bool one_volt(const FlowTransformer *t, FlowComplex *y) {
  int n = t->windings, m = n - 1;
  double base = t->phases / t->va;
  double x[3] = {t->x12, t->x13, t->x23};
  FlowComplex z[4];
  for (int i = 0; i < m; i++) z[i * m + i] = base / 100 * (t->winding[0].r_percent + t->winding[i + 1].r_percent + x[i] * I);
  if (m == 2) z[1] = z[2] = (z[0] + z[3] - base / 100 * (t->winding[1].r_percent + t->winding[2].r_percent + x[2] * I)) / 2;
  if (flow_invert(z, m, 1e-14) >= 0) return false;
  for (int i = 0; i < n * n; i++) y[i] = 0;
  for (int i = 0; i < m; i++)
    for (int j = 0; j < m; j++) {
      y[(i + 1) * n + j + 1] += z[i * m + j];
      y[(i + 1) * n] -= z[i * m + j];
      y[j + 1] -= z[i * m + j];
      y[0] += z[i * m + j];
    }
  y[n + 1] += (t->no_load_percent - t->magnetising_percent * I) / 100 / base;
  return true;
}

/* Which way a delta is closed: the low side 30° behind the high one (ANSI, Dyn1), or ahead (Dyn11) where low_leads says so. */
static int delta_step(const FlowTransformer *t) {
  if (t->winding[0].delta == t->winding[1].delta) return 1;
  int high = t->winding[0].volts >= t->winding[1].volts ? 0 : 1;
  int step = t->winding[high].delta ? -1 : 1;
  return t->low_leads ? -step : step;
}

/* The conductors at the two ends of unit `phase` of a winding. */
static void unit_ends(const FlowTransformer *t, int w, int phase, int *first, int *second) {
  int wires = t->phases + 1, next = phase + delta_step(t);
  *first = w * wires + phase;
  if (t->phases == 1 || !t->winding[w].delta)
    *second = w * wires + t->phases;
  else
    *second = w * wires + (next < 0 ? t->phases - 1 : next >= t->phases ? 0 : next);
  if (t->phases == 2 && t->winding[w].delta) *second = w * wires + phase + 1; /* open delta: 1-2, 2-3 */
}

bool flow_transformer_admittance(const FlowTransformer *t, FlowComplex *y) {
  int order = t->windings * (t->phases + 1), n = t->windings;
  FlowComplex one[FLOW_WINDINGS_MAX * FLOW_WINDINGS_MAX];
  if (!one_volt(t, one)) return false;
  for (int i = 0; i < order * order; i++) y[i] = 0;
  for (int phase = 0; phase < t->phases; phase++)
    for (int a = 0; a < n; a++) {
      int end[2], other[2];
      unit_ends(t, a, phase, &end[0], &end[1]);
      for (int b = 0; b < n; b++) {
        FlowComplex value = one[a * n + b] / (unit_volts(t, a) * t->winding[a].tap * unit_volts(t, b) * t->winding[b].tap);
        unit_ends(t, b, phase, &other[0], &other[1]);
        for (int i = 0; i < 2; i++)
          for (int j = 0; j < 2; j++) y[end[i] * order + other[j]] += i == j ? value : -value;
      }
      double volts = unit_volts(t, a);
      for (int i = 0; i < 2; i++) y[end[i] * order + end[i]] -= t->antifloat_ppm * 1e-6 * t->va / t->phases / (volts * volts) / 2 * I;
    }
  for (int w = 0; w < n; w++) {
    int neutral = w * (t->phases + 1) + t->phases;
    const FlowWinding *winding = &t->winding[w];
    if (winding->delta || winding->r_neutral < 0) continue;
    bool solid = winding->r_neutral == 0 && winding->x_neutral == 0;
    y[neutral * order + neutral] += solid ? 1e6 : 1 / (winding->r_neutral + winding->x_neutral * I);
  }
  return true;
}
