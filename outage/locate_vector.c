/* One ordinary node of several phases on the way up: what locate_inner, locate_ways and locate_outer do one state after the other, four
 * modes (all phases, A, B, C) at a time. meson.build compiles it for each instruction set; LOCATE_SETTLE is the name. exp and log are its
 * own: series good to 1e-15. */
#include "outage/locate_internal.h"

typedef double Four __attribute__((vector_size(32)));
typedef int64_t Mask __attribute__((vector_size(32)));
typedef uint64_t Bits __attribute__((vector_size(32)));
typedef double FourAt __attribute__((vector_size(32), aligned(8), may_alias)); /* where it lies in memory */

#define NEVER (-1e300) /* in place of −∞, whose difference from itself is no number */

static inline Four four(double x) { return x - (Four){0}; }
static inline Four choose(Mask mask, Four yes, Four no) { return (Four)((mask & (Mask)yes) | (~mask & (Mask)no)); }
static inline Four greater(Four a, Four b) { return choose((Mask)(a > b), a, b); }
static inline Four away(Four x) { return (Four)((Mask)x | INT64_MIN); } /* −|x| */

static inline bool any(Mask mask) {
#ifdef __AVX__
  return __builtin_ia32_movmskpd256((Four)mask) != 0;
#else
  return (mask[0] | mask[1] | mask[2] | mask[3]) != 0;
#endif
}

/* e^x for x ≤ 0; below −700 as at −700. */
static inline Four exp_of(Four x) {
  x = greater(x, four(-700));
  Four shifted = x * 1.4426950408889634 + 6755399441055744.0, n = shifted - 6755399441055744.0;
  Four r = x - n * 0.693147180369123816490;
  r = r - n * 1.90821492927058770002e-10;
  Four q = r * r, f = q * q;
  Four low = (1 + r) + q * (0.5 + r * (1.0 / 6)), next = (1.0 / 24 + r * (1.0 / 120)) + q * (1.0 / 720 + r * (1.0 / 5040));
  Four last = (1.0 / 40320 + r * (1.0 / 362880)) + q * (1.0 / 3628800 + r * (1.0 / 39916800)) + f * (1.0 / 479001600);
  return (Four)((Mask)(low + f * (next + f * last)) + ((Mask)shifted << 52));
}

/* log x for x ≥ 0.75 */
static inline Four log_of(Four x) {
  Mask bits = (Mask)x, e = (Mask)((Bits)(bits - 0x3FE6A09E667F3BCD) >> 52);
  Four z = (Four)(bits - (e << 52)), n = (Four)(e | 0x4330000000000000) - 4503599627370496.0;
  Four s = (z - 1) / (z + 1), q = s * s, f = q * q;
  Four low = (1.0 / 3 + q * (1.0 / 5)) + f * (1.0 / 7 + q * (1.0 / 9));
  Four high = (1.0 / 11 + q * (1.0 / 13)) + f * (1.0 / 15 + q * (1.0 / 17)) + f * f * (1.0 / 19 + q * (1.0 / 21));
  return n * 0.693147180369123816490 + (2 * s + (2 * s * q * (low + f * f * high) + n * 1.90821492927058770002e-10));
}

/* Sums of exponentials, s·e^m. */
typedef struct Sums {
  Four m, s;
} Sums;

/* One term more. What is 26 nats below is left out: 5e-12 of the whole. */
static inline Sums sums_add(Sums a, Four term) {
  Four d = away(a.m - term), t = four(0);
  if (any((Mask)(d > -26))) t = exp_of(d);
  Mask up = (Mask)(term > a.m);
  return (Sums){choose(up, term, a.m), choose(up, a.s * t + 1, a.s + t)};
}

/* log(e^y + both sums) */
static inline Four sums_with(Sums a, Sums b, Four y) {
  if (!any((Mask)(a.m - y > -30) | (Mask)(b.m - y > -30))) return y;
  Four high = greater(greater(a.m, b.m), y), all = exp_of(y - high);
  if (any((Mask)(a.m - high > -30))) all += a.s * exp_of(a.m - high);
  if (any((Mask)(b.m - high > -30))) all += b.s * exp_of(b.m - high);
  return high + log_of(all);
}

static inline double lit_of(Sums all, double y) {
  if (!any((Mask)(all.m - y > -30))) return y;
  double high = y;
  for (int m = 0; m < 4; m++) high = all.m[m] > high ? all.m[m] : high;
  Four part = all.s * exp_of(all.m - high), rest = exp_of(four(y - high));
  return high + log_of(four(part[0] + part[1] + part[2] + part[3] + rest[0]))[0];
}

void LOCATE_SETTLE(const LocateOnsets *onsets, const LocateNode *node, const LocateFour *share, double *inner, double *outer,
                   double *change) {
  Four weight = *(const FourAt *)node->weight, gasps = *(const FourAt *)node->gasps;
  Four log_odds = node->log_odds + *(const FourAt *)share->log, odds = node->odds * *(const FourAt *)share->odds;
  bool little = !any((Mask)(odds > 1e-3));
  Four stays[LOCATE_ONSETS_MAX];
  Sums before[LOCATE_ONSETS_MAX], all = {four(NEVER), four(0)};
  for (int k = 0; k < onsets->count; k++) {
    FourAt *at = (FourAt *)(inner + 1 + 4 * k);
    Four c = *at + *(const FourAt *)(change + 1 + 4 * k), x = odds * onsets->tail[k];
    *at = c;
    c += weight * onsets->quiet_call[k] + gasps * onsets->quiet_gasp[k];
    stays[k] = c + (little ? x * (1 - x * (0.5 - x * (1.0 / 3))) : log_of(1 + x));
    before[k] = all;
    all = sums_add(all, c + log_odds + onsets->log_share[k]);
  }
  inner[0] += change[0];
  /* whatever phase it is of: a failing of all phases darkens it, too */
  Sums other = {{NEVER, all.m[0], all.m[0], all.m[0]}, {0, all.s[0], all.s[0], all.s[0]}};
  for (int k = 0; k < onsets->count; k++) {
    FourAt *old = (FourAt *)(outer + 1 + 4 * k);
    Four fresh = sums_with(before[k], other, stays[k]);
    *(FourAt *)(change + 1 + 4 * k) = fresh - *old, *old = fresh;
  }
  double lit = lit_of(all, inner[0]);
  change[0] = lit - outer[0], outer[0] = lit;
}
