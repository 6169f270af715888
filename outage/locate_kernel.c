/* The arithmetic of one node, once for sums (probabilities) and once for maxima (the most probable set). */
#include <assert.h>
#include <math.h>

#include "outage/locate_internal.h"

/* log(e^a + e^b). Past 36 nats the smaller is below the double's last bit. */
double locate_log_add(double a, double b) {
  double high = a > b ? a : b, low = a > b ? b : a;
  if (!(high - low < 36)) return high;
  return high + log1p(exp(low - high));
}

static inline double plus(bool sum, double a, double b) { return sum ? locate_log_add(a, b) : a > b ? a : b; }

/* log(1 + Σ_{j≥k} odds share_j): of an ordinary device the sum is tiny, and three terms of the series give it to 1e-13. */
static void hidden_of_prior(const LocateOnsets *onsets, double odds, double *hidden) {
  double tail = 0;
  for (int k = onsets->count; k-- > 0;) {
    tail += odds * onsets->share[k];
    hidden[k] = tail < 1e-3 ? tail - tail * tail / 2 + tail * tail * tail / 3 : log1p(tail);
  }
}

static void ways_of_own(const Locate *l, const LocateNode *node, const LocateOwn *own, bool sum, double log_share, double *way, double *hidden) {
  double tail = own->stay, log_odds = (double)l->layout.log_odds[node->device] + log_share;
  for (int k = l->onsets.count; k-- > 0;) {
    way[k] = own->sound ? -INFINITY : log_odds + l->onsets.log_share[k] + own->llr[k];
    tail = plus(sum, tail, way[k]);
    hidden[k] = tail;
  }
}

void locate_ways(const Locate *l, const LocateNode *node, bool sum, LocateWays *ways) {
  int K = l->onsets.count, kind = l->layout.kind[node->device];
  bool several = node->lane == LOCATE_LANE_SEVERAL;
  double all = several ? l->all_share[kind] : 0, one = 0;
  int bits = l->layout.phase_bits[node->device];
  if (several) one = l->one_share[kind] - log((double)__builtin_popcount((unsigned)bits));
  static const LocateOwn none = {0};
  const LocateOwn *own = node->own == LOCATE_NONE ? &none : &l->own.at[node->own];
  if (own != &none || !sum) {
    ways_of_own(l, node, own, sum, all, ways->all, ways->all_hidden);
    ways->stay = own->stay;
    for (int m = 0; several && m < 3; m++) ways_of_own(l, node, own, sum, bits >> m & 1 ? one : -INFINITY, ways->one[m], ways->one_hidden[m]);
    return;
  }
  double log_odds = (double)l->layout.log_odds[node->device];
  ways->stay = 0;
  for (int k = 0; k < K; k++) ways->all[k] = log_odds + all + l->onsets.log_share[k];
  hidden_of_prior(&l->onsets, node->odds * exp(all), ways->all_hidden);
  if (!several) return;
  double hidden[LOCATE_ONSETS_MAX];
  hidden_of_prior(&l->onsets, node->odds * exp(one), hidden);
  for (int m = 0; m < 3; m++)
    for (int k = 0; k < K; k++) {
      bool has = bits >> m & 1;
      ways->one[m][k] = has ? log_odds + one + l->onsets.log_share[k] : -INFINITY;
      ways->one_hidden[m][k] = has ? hidden[k] : 0;
    }
}

void locate_inner(const Locate *l, const LocateNode *node, bool sum, double *c) {
  int K = l->onsets.count;
  const double *from = locate_states(l, node, sum ? LOCATE_C_SUM : LOCATE_C_MAX);
  double weight = (double)node->quiet_weight / 16, gasps = (double)node->quiet_gasps;
  c[0] = from[0];
  for (int k = 0; k < K; k++) c[1 + k] = from[1 + k] + weight * l->onsets.quiet_call[k] + gasps * l->onsets.quiet_gasp[k];
  if (node->lane != LOCATE_LANE_SEVERAL) return;
  const LocatePhaseSums *several = &l->node_several.at[node->several];
  for (int m = 0; m < 3; m++) {
    weight = (double)several->weight[m] / 16, gasps = (double)several->gasps[m];
    for (int k = 0; k < K; k++)
      c[1 + (m + 1) * K + k] = from[1 + (m + 1) * K + k] + weight * l->onsets.quiet_call[k] + gasps * l->onsets.quiet_gasp[k];
  }
}

static inline __attribute__((always_inline)) void outer(bool sum, int K, const LocateWays *ways, bool several, const double *c, double *a) {
  double all = -INFINITY, any = c[0] + ways->stay;
  for (int k = 0; k < K; k++) {
    a[1 + k] = plus(sum, c[1 + k] + ways->all_hidden[k], all);
    all = plus(sum, all, c[1 + k] + ways->all[k]);
  }
  any = plus(sum, any, all);
  for (int m = 1; several && m <= 3; m++) {
    double one = -INFINITY;
    const double *from = c + 1 + m * K, *way = ways->one[m - 1], *hidden = ways->one_hidden[m - 1];
    for (int k = 0; k < K; k++) {
      a[1 + m * K + k] = plus(sum, plus(sum, from[k] + hidden[k], one), all);
      one = plus(sum, one, from[k] + way[k]);
    }
    any = plus(sum, any, one);
  }
  a[0] = any;
}

void locate_outer(const Locate *l, const LocateNode *node, const LocateWays *ways, const double *c, bool sum, double *a) {
  bool several = node->lane == LOCATE_LANE_SEVERAL;
  if (sum) outer(true, l->onsets.count, ways, several, c, a);
  else outer(false, l->onsets.count, ways, several, c, a);
}

void locate_spread(const Locate *l, uint8_t parent_lane, uint8_t child_lane, const double *child, double *out) {
  int K = l->onsets.count, count = locate_state_count(l, parent_lane);
  if (parent_lane == child_lane || parent_lane != LOCATE_LANE_SEVERAL) {
    assert(locate_state_count(l, child_lane) == count);
    memcpy(out, child, (size_t)count * sizeof *out);
    return;
  }
  out[0] = child[0];
  for (int m = 0; m < 4; m++)
    for (int k = 0; k < K; k++) out[1 + m * K + k] = m == 0 || m == child_lane + 1 ? child[1 + k] : child[0];
}
