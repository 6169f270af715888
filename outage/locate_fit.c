/* How wild is the night, and how noisy: rates of faults and of strays, fitted to what has been found by expectation-maximisation. Each has
 * a gamma prior, so that with little to see little changes. */
#include <math.h>

#include "outage/locate_internal.h"

enum { FIT_STEPS = 8 };
#define STORM_LEAST 0.2
#define STORM_MOST 500.0
#define STRAY_MOST 1000.0

double locate_storm(const Locate *l, LocateKind kind) { return l->storm[kind]; }

typedef struct Tally {
  double faults[LOCATE_KINDS], began[LOCATE_ONSETS_MAX], all;
  double stray_calls, stray_gasps; /* expected number of those no fault explains */
  Instant first;
} Tally;

/* cause: by node, the probability that it is the cause of what is below. */
static bool count_faults(const Locate *l, Tally *tally, float *cause) {
  LocateCandidates found = {0};
  if (!locate_find_candidates(l, 0.001, &found)) return false;
  for (size_t i = 0; i < found.count; i++) {
    uint32_t at = l->layout.device[found.at[i].head].node;
    const LocateNode *node = &l->nodes.at[at];
    cause[at] = (float)found.at[i].probability;
    /* work that is planned says nothing of the weather */
    if (node->own != LOCATE_NONE && l->own.at[node->own].stay < 0) continue;
    tally->faults[l->layout.device[node->device].kind] += found.at[i].probability;
    tally->began[found.at[i].onset] += found.at[i].probability;
    tally->all += found.at[i].probability;
  }
  vector_free(&found);
  return true;
}

static void count_strays(const Locate *l, Tally *tally, const float *cause) {
  tally->first = l->now - 10 * SPAN_MINUTE;
  for (size_t i = 0; i < l->items.count; i++) {
    const LocateItem *item = &l->items.at[i];
    if (item->kind != LOCATE_CALL && item->kind != LOCATE_LAST_GASP) continue;
    double explained = 0;
    for (uint32_t at = l->layout.device[locate_device_of(l, item)].node; at != LOCATE_NONE; at = l->nodes.at[at].parent)
      explained += (double)cause[at];
    *(item->kind == LOCATE_CALL ? &tally->stray_calls : &tally->stray_gasps) += fmax(1 - explained, 0);
    if (item->at < tally->first) tally->first = item->at;
  }
}

static double stray_rate(const Locate *l, double given, double seen, double exposed_years) {
  if (given <= 0 || l->p.stray_shape <= 0) return given;
  return fmin(given * (l->p.stray_shape + seen) / (l->p.stray_shape + given * exposed_years), STRAY_MOST);
}

static bool fit_step(Locate *l, const LocateOnsets *even, bool *steady, Error *error) {
  Tally tally = {0};
  float *cause = memory_new((l->nodes.count + 1) * sizeof *cause);
  bool ok = cause && count_faults(l, &tally, cause);
  if (ok) count_strays(l, &tally, cause);
  memory_free(cause);
  if (!ok) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate: fit");
  *steady = true;
  for (int kind = 0; kind < LOCATE_KINDS; kind++) {
    double storm = (l->p.storm_shape + tally.faults[kind]) / (l->p.storm_shape + l->layout.expected[kind]);
    storm = fmin(fmax(storm, STORM_LEAST), STORM_MOST);
    if (fabs(log(storm / l->storm[kind])) > 0.05) *steady = false;
    l->storm[kind] = storm, l->log_storm[kind] = log(storm);
  }
  double began[LOCATE_ONSETS_MAX];
  for (int k = 0; k < even->count; k++) began[k] = (l->p.storm_onsets * even->share[k] + tally.began[k]) / (l->p.storm_onsets + tally.all);
  if (l->p.storm_onsets > 0) locate_onsets_share(&l->onsets, began);
  const LocateLayout *y = &l->layout;
  double years = (double)(l->now - (tally.first > even->begin[0] ? tally.first : even->begin[0])) / (365.25 * (double)SPAN_DAY);
  double calls = stray_rate(l, l->stray_call_year, tally.stray_calls, years * (double)y->customer_count);
  double gasps = stray_rate(l, l->stray_gasp_year, tally.stray_gasps, years * (double)y->before[y->customer_count].gasps);
  if (fabs(log(calls / l->p.stray_call_year)) < 0.05 && fabs(log(gasps / l->p.stray_gasp_year)) < 0.05) {
    locate_sweep(l);
    return true;
  }
  *steady = false;
  l->p.stray_call_year = calls, l->p.stray_gasp_year = gasps;
  return locate_solve(l, error);
}

bool locate_fit_steps(Locate *l, int steps, Error *error) {
  LocateOnsets even;
  locate_onsets_lay(&even, &l->p, l->now);
  bool steady = l->p.storm_shape <= 0;
  for (int step = 0; step < steps && !steady; step++)
    if (!fit_step(l, &even, &steady, error)) return false;
  return true;
}

bool locate_fit(Locate *l, Error *error) { return locate_fit_steps(l, FIT_STEPS, error); }
