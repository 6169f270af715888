/* The arithmetic of one node, once for sums (probabilities) and once for maxima (the most probable set). */
#include <assert.h>
#include <math.h>

#include "outage/locate_internal.h"

/* log(e^a + e^b). Past 36 nats the smaller is below the double's last bit; log(1 + t) errs by 1e-16, which is enough, and is three
 * times as fast as log1p. */
double locate_log_add(double a, double b) {
  double high = a > b ? a : b, low = a > b ? b : a;
  if (!(high - low < 36)) return high;
  return high + log(1 + exp(low - high));
}

/* log(1 + x): of an ordinary device x is tiny, and three terms of the series give it to 1e-13. */
static inline double log_one_and_little(double x) { return x * (1 - x * (0.5 - x * (1.0 / 3))); }
static inline double log_one_and(double x) { return x < 1e-3 ? log_one_and_little(x) : log(1 + x); }

void locate_weigh_night(const Locate *l, LocateEra *era) {
  for (int kind = 0; kind < LOCATE_KINDS; kind++)
    for (int bits = 0; bits < 8; bits++) {
      const LocateShare *share = &l->share[kind][__builtin_popcount((unsigned)bits)];
      LocateFour *to = &era->four[kind][bits];
      for (int m = 0; m < 4; m++) {
        bool has = m == 0 || (bits >> (m - 1) & 1);
        to->log[m] = has ? era->log_storm[kind] + (m ? share->log_one : share->log_all) : -1e300;
        to->odds[m] = has ? era->storm[kind] * (m ? share->one : share->all) : 0;
      }
    }
}

static void ways_of_own(const LocateEra *era, const LocateNode *node, const LocateOwn *own, double log_share, double *way, double *most,
                        double *sum) {
  double log_odds = node->log_odds + era->log_storm[node->kind] + log_share, high = own->stay, all = own->stay;
  for (int k = era->onsets.count; k-- > 0;) {
    way[k] = own->sound ? -INFINITY : log_odds + era->onsets.log_share[k] + own->llr[k];
    most[k] = high = way[k] > high ? way[k] : high;
    sum[k] = all = locate_log_add(all, way[k]);
  }
}

void locate_ways(const Locate *l, const LocateNode *node, LocateWays *ways) {
  const LocateEra *era = locate_era_of(l, node);
  int K = era->onsets.count, kind = node->kind, bits = node->phase_bits;
  bool several = node->lane == LOCATE_LANE_SEVERAL;
  const LocateShare *share = &l->share[several ? kind : LOCATE_KINDS][__builtin_popcount((unsigned)bits)];
  double log_odds = node->log_odds + era->log_storm[kind];
  static const LocateOwn none = {0};
  const LocateOwn *own = node->own == LOCATE_NONE ? &none : &l->own.at[node->own];
  ways->stay = own->stay;
  bool ordinary = own == &none && log_odds < -1; /* less likely than not at every onset, and not spoken of */
  for (int m = 0; m < (several ? 4 : 1); m++) {
    bool has = m == 0 || (bits >> (m - 1) & 1);
    double log_share = !has ? -INFINITY
                       : m  ? share->log_one
                            : share->log_all,
           odds = !has ? 0 : node->odds * era->storm[kind] * (m ? share->one : share->all);
    if (!ordinary) {
      ways_of_own(era, node, own, log_share, ways->way[m], ways->hidden[0][m], ways->hidden[1][m]);
      continue;
    }
    for (int k = 0; k < K; k++) ways->way[m][k] = log_odds + log_share + era->onsets.log_share[k], ways->hidden[0][m][k] = 0;
    if (odds < 1e-3)
      for (int k = 0; k < K; k++) ways->hidden[1][m][k] = log_one_and_little(odds * era->onsets.tail[k]);
    else
      for (int k = 0; k < K; k++) ways->hidden[1][m][k] = log(1 + odds * era->onsets.tail[k]);
  }
}

void locate_inner(const Locate *l, const LocateNode *node, double *c) {
  const LocateOnsets *onsets = &locate_era_of(l, node)->onsets;
  int stride = locate_stride(node->lane);
  const double *from = locate_inner_of(l, node);
  c[0] = from[0];
  for (int k = 0; k < onsets->count; k++)
    for (int m = 0; m < stride; m++)
      c[1 + k * stride + m] = from[1 + k * stride + m] + node->weight[m] * onsets->quiet_call[k] + node->gasps[m] * onsets->quiet_gasp[k];
}

static inline double greater(double a, double b) { return a > b ? a : b; }

static void outer_most(int K, const LocateWays *ways, int stride, const double *c, double *a) {
  double all = -INFINITY, any = c[0] + ways->stay;
  for (int k = 0; k < K; k++) {
    a[1 + k * stride] = greater(c[1 + k * stride] + ways->hidden[0][0][k], all);
    all = greater(all, c[1 + k * stride] + ways->way[0][k]);
  }
  any = greater(any, all);
  for (int m = 1; m < stride; m++) {
    double one = all;
    for (int k = 0; k < K; k++) {
      a[1 + 4 * k + m] = greater(c[1 + 4 * k + m] + ways->hidden[0][m][k], one);
      one = greater(one, c[1 + 4 * k + m] + ways->way[m][k]);
    }
    any = greater(any, one);
  }
  a[0] = any;
}

/* A growing sum of exponentials, s·e^m. What is 26 nats below it is left out: 5e-12 of the whole. `part` follows in the same scale:
 * the same sum without what it began with. */
typedef struct Sum {
  double m, s, part;
} Sum;

static inline void sum_add(Sum *sum, double x) {
  double d = x - sum->m;
  if (!(d > -26)) return;
  if (d <= 0) {
    double e = exp(d);
    sum->s += e, sum->part += e;
    return;
  }
  double e = d > 26 ? 0 : exp(-d);
  sum->m = x, sum->s = sum->s * e + 1, sum->part = sum->part * e + 1;
}

/* log(e^y + s·e^m) */
static inline double sum_with(double m, double s, double y) {
  double d = m - y;
  if (!(d > -30)) return y;
  if (d > 0) return d > 30 ? m + log(s) : m + log(s + exp(-d));
  return y + log_one_and(s * exp(d));
}

static void outer_sum(int K, const LocateWays *ways, int stride, const double *c, double *a) {
  Sum all = {-INFINITY, 0, 0};
  for (int k = 0; k < K; k++) {
    a[1 + k * stride] = sum_with(all.m, all.s, c[1 + k * stride] + ways->hidden[1][0][k]);
    sum_add(&all, c[1 + k * stride] + ways->way[0][k]);
  }
  double any = sum_with(all.m, all.s, c[0] + ways->stay);
  for (int m = 1; m < stride; m++) {
    Sum one = {all.m, all.s, 0};
    for (int k = 0; k < K; k++) {
      a[1 + 4 * k + m] = sum_with(one.m, one.s, c[1 + 4 * k + m] + ways->hidden[1][m][k]);
      sum_add(&one, c[1 + 4 * k + m] + ways->way[m][k]);
    }
    if (one.part > 0) any = sum_with(one.m, one.part, any);
  }
  a[0] = any;
}

void locate_outer(const Locate *l, const LocateNode *node, const LocateWays *ways, const double *c, bool sum, double *a) {
  (sum ? outer_sum : outer_most)(l->p.onsets, ways, locate_stride(node->lane), c, a);
}

void locate_spread(const Locate *l, uint8_t parent_lane, uint8_t child_lane, const double *child, double *out) {
  int K = l->p.onsets, count = locate_state_count(l, parent_lane);
  if (parent_lane == child_lane || parent_lane != LOCATE_LANE_SEVERAL) {
    assert(locate_state_count(l, child_lane) == count);
    memcpy(out, child, (size_t)count * sizeof *out);
    return;
  }
  out[0] = child[0];
  for (int k = 0; k < K; k++)
    for (int m = 0; m < 4; m++) out[1 + 4 * k + m] = m == 0 || m == child_lane + 1 ? child[1 + k] : child[0];
}
