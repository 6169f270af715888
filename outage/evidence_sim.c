#include "outage/evidence_sim.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "outage/locate_internal.h"

EvidenceSim evidence_sim_default(void) {
  return (EvidenceSim){.outages = 20,
                       .seed = 1,
                       .begin = INT64_C(1767182400000000), /* 2025-12-31T20:00:00+08:00 */
                       .spread = 10 * SPAN_MINUTE,
                       .length = SPAN_HOUR,
                       .least_customers = 1,
                       .call_share = 0.05,
                       .call_median_s = 900,
                       .call_sigma = 1.0,
                       .gasp_share = 0.70,
                       .gasp_delay_s = 15,
                       .stray_calls = 0.0002,
                       .stray_gasps = 0.0002};
}

typedef struct Draw {
  const EvidenceSim *sim;
  LocateLayout layout;
  Random random;
  Instant *dark_since; /* by customer place; INT64_MAX: lit */
  uint8_t *taken;      /* by device place: faulty, or (not nested) above or below one */
  uint8_t *mute;       /* by device place: its meters say nothing */
  VECTOR(EvidenceTruth) truth;
  VECTOR(LocateEvidence) evidence;
} Draw;

static Span span_of(double s) { return (Span)(s * 1e6); }

static uint32_t customers_of(const LocateLayout *y, uint32_t d, int lane) {
  uint32_t count = 0;
  if (lane < 0) return y->device[y->device[d].end].first - y->device[d].first;
  for (uint32_t c = y->device[d].first; c < y->device[y->device[d].end].first; c++) count += y->customer_lane[c] == lane;
  return count;
}

static bool may_fail(const Draw *draw, uint32_t d) {
  const LocateLayout *y = &draw->layout;
  uint32_t kinds = draw->sim->kinds ? draw->sim->kinds
                                    : 1u << LOCATE_BREAKER | 1u << LOCATE_RECLOSER | 1u << LOCATE_FUSE | 1u << LOCATE_TRANSFORMER |
                                          1u << LOCATE_LV_BREAKER;
  uint32_t count = customers_of(y, d, -1);
  return kinds >> y->device[d].kind & 1 && count >= draw->sim->least_customers && count > 0 &&
         (draw->sim->most_customers == 0 || count <= draw->sim->most_customers);
}

static bool darken(Draw *draw, uint32_t d) {
  const LocateLayout *y = &draw->layout;
  const EvidenceSim *sim = draw->sim;
  EvidenceTruth truth = {.device = y->device_of[d], .at = sim->begin + span_of(random_unit(&draw->random) * (double)sim->spread / 1e6)};
  int lane = -1;
  if (y->device[d].lane == LOCATE_LANE_SEVERAL && random_unit(&draw->random) < sim->single_phase) {
    lane = (int)random_below(&draw->random, 3);
    if (!(y->device[d].phase_bits >> lane & 1) || customers_of(y, d, lane) == 0) lane = -1;
  }
  truth.phases = (uint8_t)(lane < 0 ? 0 : 1 << lane);
  truth.customers = customers_of(y, d, lane);
  for (uint32_t c = y->device[d].first; c < y->device[y->device[d].end].first; c++)
    if ((lane < 0 || y->customer_lane[c] == lane) && truth.at < draw->dark_since[c]) draw->dark_since[c] = truth.at;
  draw->taken[d] = 1;
  if (!sim->nested) {
    for (uint32_t up = y->device[d].parent; up != LOCATE_NONE; up = y->device[up].parent) draw->taken[up] = 1;
    memset(draw->taken + d, 1, y->device[d].end - d);
  }
  return vector_push(&draw->truth, truth);
}

static bool draw_faults(Draw *draw) {
  const LocateLayout *y = &draw->layout;
  double *sum = memory_new(((size_t)y->device_count + 1) * sizeof *sum), total = 0;
  if (!sum) return false;
  for (uint32_t d = 0; d < y->device_count; d++)
    sum[d] = total += may_fail(draw, d) ? (draw->sim->by_prior ? exp((double)y->device[d].log_odds) : 1) : 0;
  bool ok = true;
  for (uint64_t tries = 0; ok && total > 0 && draw->truth.count < draw->sim->outages && tries < 1000 * (uint64_t)draw->sim->outages;
       tries++) {
    double at = random_unit(&draw->random) * total;
    uint32_t low = 0, high = y->device_count - 1; /* the first whose sum is past `at` */
    while (low < high) {
      uint32_t middle = low + (high - low) / 2;
      if (sum[middle] > at)
        high = middle;
      else
        low = middle + 1;
    }
    if (!draw->taken[low] && may_fail(draw, low)) ok = darken(draw, low);
  }
  memory_free(sum);
  return ok;
}

static bool say(Draw *draw, Instant at, LocateEvidenceKind kind, uint32_t c) {
  if (at > draw->sim->begin + draw->sim->length) return true;
  return vector_push(&draw->evidence, (LocateEvidence){at, kind, false, draw->layout.customer_of[c]});
}

static bool draw_evidence(Draw *draw, const LocateParameters *p) {
  const LocateLayout *y = &draw->layout;
  const EvidenceSim *sim = draw->sim;
  Random *r = &draw->random;
  for (uint32_t d = 0; d < y->device_count; d++) {
    uint32_t up = y->device[d].parent;
    if (up != LOCATE_NONE && draw->mute[up])
      draw->mute[d] = 1;
    else if (y->device[d].kind == LOCATE_TRANSFORMER)
      draw->mute[d] = random_unit(r) < sim->gasp_area_loss;
  }
  for (uint32_t c = 0; c < y->customer_count; c++) {
    Instant dark = draw->dark_since[c], stray = sim->begin + span_of(random_unit(r) * (double)sim->length / 1e6);
    bool meter = y->customer_flags[c] & LOCATE_GASPS;
    if (dark != INT64_MAX) {
      double share = fmin(sim->call_share * p->call_weight[y->customer_class[c]], 1);
      if (random_unit(r) < share &&
          !say(draw, dark + span_of(sim->call_median_s * exp(sim->call_sigma * random_normal(r))), LOCATE_CALL, c))
        return false;
      if (meter && random_unit(r) < sim->gasp_share && !draw->mute[y->customer_device[c]] &&
          !say(draw, dark + span_of(30 + random_exponential(r, sim->gasp_delay_s)), LOCATE_LAST_GASP, c))
        return false;
    }
    if (stray >= dark) continue;
    if (random_unit(r) < sim->stray_calls && !say(draw, stray, LOCATE_CALL, c)) return false;
    if (meter && random_unit(r) < sim->stray_gasps && !say(draw, stray, LOCATE_LAST_GASP, c)) return false;
  }
  return true;
}

static int by_time(const void *a, const void *b) {
  const LocateEvidence *x = a, *y = b;
  if (x->at != y->at) return x->at < y->at ? -1 : 1;
  if (x->subject != y->subject) return x->subject < y->subject ? -1 : 1;
  return (int)x->kind - (int)y->kind;
}

bool evidence_simulate(const EvidenceSim *sim, const LocateNetwork *network, const LocateParameters *priors, Arena *arena, EvidenceRun *out,
                       Error *error) {
  Draw draw = {.sim = sim};
  if (!locate_layout_make(&draw.layout, network, priors, error)) return false;
  random_seed(&draw.random, sim->seed);
  uint32_t n = draw.layout.device_count, m = draw.layout.customer_count;
  draw.dark_since = memory_new(((size_t)m + 1) * sizeof *draw.dark_since);
  draw.taken = memory_new((size_t)n + 1), draw.mute = memory_new((size_t)n + 1);
  bool ok = draw.dark_since && draw.taken && draw.mute;
  for (uint32_t c = 0; ok && c < m; c++) draw.dark_since[c] = INT64_MAX;
  ok = ok && (n == 0 || draw_faults(&draw)) && draw_evidence(&draw, priors);
  if (ok) {
    if (draw.evidence.count) qsort(draw.evidence.at, draw.evidence.count, sizeof *draw.evidence.at, by_time);
    out->truth_count = (uint32_t)draw.truth.count, out->evidence_count = draw.evidence.count;
    out->truth = arena_copy(arena, draw.truth.at, draw.truth.count * sizeof *draw.truth.at);
    out->evidence = arena_copy(arena, draw.evidence.at, draw.evidence.count * sizeof *draw.evidence.at);
    ok = out->truth && out->evidence;
  }
  vector_free(&draw.truth);
  vector_free(&draw.evidence);
  memory_free(draw.dark_since);
  memory_free(draw.taken);
  memory_free(draw.mute);
  locate_layout_free(&draw.layout);
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "simulate-outages");
}
