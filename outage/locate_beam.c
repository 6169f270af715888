/* Probabilities: the sum-product's way down from the sources. */
#include <assert.h>
#include <math.h>

#include "base/limits.h"
#include "outage/locate_internal.h"

static double log_sum(const double *x, int count) {
  double high = -INFINITY, sum = 0;
  for (int i = 0; i < count; i++) high = x[i] > high ? x[i] : high;
  if (high == -INFINITY) return high;
  for (int i = 0; i < count; i++) sum += exp(x[i] - high);
  return high + log(sum);
}

void locate_look(const Locate *l, const LocateBeam *beam, LocateView *view) {
  const LocateNode *node = &l->nodes.at[beam->node];
  bool several = node->lane == LOCATE_LANE_SEVERAL;
  int K = l->p.onsets, stride = locate_stride(node->lane);
  double c[LOCATE_STATES_MAX];
  LocateWays ways;
  locate_inner(l, node, c);
  locate_ways(l, node, &ways);
  const double *from = beam->from;
  view->inner[0] = from[0] + ways.stay + c[0];
  for (int m = 0; m <= 3; m++) {
    /* what reaches a failing at onset j: lit, dark later than j; one of all phases: those of one phase whenever, too */
    double reach = from[0];
    for (int k = 0; several && m == 0 && k < K; k++) reach = locate_log_add(reach, log_sum(from + 1 + 4 * k + 1, 3));
    for (int k = K; k-- > 0;) {
      int at = 1 + k * stride + m;
      view->cause[m][k] = several || m == 0 ? reach + ways.way[m][k] + c[at] : -INFINITY;
      if (!several && m) continue;
      view->inner[at] = locate_log_add(from[at] + ways.hidden[1][m][k] + c[at], view->cause[m][k]);
      reach = locate_log_add(reach, from[at]);
    }
  }
}

void locate_beam(const Locate *l, const LocateBeam *above, const LocateView *view, uint32_t child, LocateBeam *out) {
  const LocateNode *parent = &l->nodes.at[above->node], *node = &l->nodes.at[child];
  int K = l->p.onsets, count = locate_state_count(l, parent->lane);
  double seen[LOCATE_STATES_MAX];
  locate_spread(l, parent->lane, node->lane, locate_outer_of(l, node), seen);
  for (int s = 0; s < count; s++) seen[s] = view->inner[s] - seen[s];
  out->node = child;
  if (parent->lane == node->lane || parent->lane != LOCATE_LANE_SEVERAL) {
    memcpy(out->from, seen, (size_t)count * sizeof *seen);
    return;
  }
  out->from[0] = seen[0];
  for (int k = 0; k < K; k++) out->from[1 + k] = seen[1 + 4 * k];
  for (int m = 1; m <= 3; m++)
    for (int k = 0; k < K; k++) {
      double *to = m == node->lane + 1 ? &out->from[1 + k] : &out->from[0];
      *to = locate_log_add(*to, seen[1 + 4 * k + m]);
    }
}

void locate_beam_root(const Locate *l, uint32_t root, LocateBeam *out) {
  out->node = root;
  int count = locate_state_count(l, l->nodes.at[root].lane);
  out->from[0] = 0;
  for (int s = 1; s < count; s++) out->from[s] = -INFINITY;
}

uint32_t locate_path(const Locate *l, uint32_t node, uint32_t *path) {
  uint32_t count = 0;
  for (uint32_t up = node; up != LOCATE_NONE; up = l->nodes.at[up].parent) count++;
  for (uint32_t up = node, i = count; up != LOCATE_NONE; up = l->nodes.at[up].parent) path[--i] = up;
  return count;
}

void locate_beam_at(const Locate *l, uint32_t node, LocateBeam *out, double *log_z) {
  uint32_t path[LIMIT_TREE_DEPTH], count = locate_path(l, node, path);
  locate_beam_root(l, path[0], out);
  LocateView view = {.log_z = *log_z = locate_outer_of(l, &l->nodes.at[path[0]])[0]};
  for (uint32_t i = 1; i < count; i++) {
    LocateBeam above = *out;
    locate_look(l, &above, &view);
    locate_beam(l, &above, &view, path[i], out);
  }
}

static double probability(double log_weight, double log_z) {
  double p = exp(log_weight - log_z);
  return p > 1 ? 1 : p;
}

double locate_view_cause(const Locate *l, const LocateView *view, int *onset, int *mode) {
  double all = -INFINITY, best = -INFINITY;
  *onset = 0, *mode = 0;
  for (int m = 0; m < 4; m++) {
    double sum = log_sum(view->cause[m], l->p.onsets);
    if (sum > best) best = sum, *mode = m;
    all = locate_log_add(all, sum);
  }
  for (int k = 1; k < l->p.onsets; k++)
    if (view->cause[*mode][k] > view->cause[*mode][*onset]) *onset = k;
  return probability(all, view->log_z);
}

double locate_view_dark(const Locate *l, const LocateNode *node, const LocateView *view, uint8_t lane) {
  bool one = node->lane == LOCATE_LANE_SEVERAL && lane <= LOCATE_LANE_C;
  double dark = -INFINITY;
  for (int k = 0; k < l->p.onsets; k++) {
    const double *at = view->inner + 1 + k * locate_stride(node->lane);
    dark = locate_log_add(dark, one ? locate_log_add(at[0], at[lane + 1]) : at[0]);
  }
  return probability(dark, view->log_z);
}

double locate_log_evidence(const Locate *l) {
  double sum = 0;
  for (size_t t = 0; t < l->trees.count; t++)
    if (l->trees.at[t].root != LOCATE_NONE) sum += locate_outer_of(l, &l->nodes.at[l->trees.at[t].root])[0];
  return sum;
}

bool locate_device(const Locate *l, uint32_t device, double *cause, double *dark, Error *error) {
  *cause = *dark = 0;
  if (device >= l->layout.device_count) return error_raise(error, ERROR_NOT_FOUND, "device\t%u", device);
  uint32_t d = l->layout.place_of[device], from = d;
  while (d != LOCATE_NONE && l->layout.device[d].node == LOCATE_NONE) d = l->layout.device[d].parent;
  if (d == LOCATE_NONE) return true;
  LocateBeam beam;
  LocateView view;
  int onset, mode;
  locate_beam_at(l, l->layout.device[d].node, &beam, &view.log_z);
  locate_look(l, &beam, &view);
  if (d == from) *cause = locate_view_cause(l, &view, &onset, &mode);
  *dark = locate_view_dark(l, &l->nodes.at[l->layout.device[d].node], &view, l->layout.device[from].lane);
  return true;
}
