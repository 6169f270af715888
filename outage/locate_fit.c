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
  double slot[LOCATE_ONSETS_MAX][LOCATE_SLOTS];
  double stray_calls, stray_gasps; /* expected number of those no fault explains */
  Instant first;
} Tally;

/* In which part of its onset it began: by the first last gasp, which follows a fault at once; calls come whenever they like. */
static void place_onset(const Locate *l, const LocateCandidate *fault, Tally *tally) {
  const LocateLayout *y = &l->layout;
  const LocateDevice *device = &y->device[fault->head];
  Instant first = INSTANT_NONE;
  for (uint32_t c = device->first; c < device->last; c++)
    for (uint32_t i = l->customer_items[c]; i != LOCATE_NONE; i = l->items.at[i].next) {
      const LocateItem *item = &l->items.at[i];
      if (item->kind == LOCATE_LAST_GASP && item->at >= l->onsets.begin[fault->onset] && (first == INSTANT_NONE || item->at < first))
        first = item->at;
    }
  double part[LOCATE_SLOTS], all = 0;
  if (first != INSTANT_NONE) locate_slot_density(&l->onsets, fault->onset, first, l->p.gasp_lag_s, part);
  for (int s = 0; s < LOCATE_SLOTS; s++) {
    part[s] = l->onsets.slot[fault->onset][s] * (first == INSTANT_NONE ? 1 : part[s] + 1e-12);
    all += part[s];
  }
  for (int s = 0; s < LOCATE_SLOTS; s++) tally->slot[fault->onset][s] += fault->probability * part[s] / all;
}

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
    if (found.at[i].probability > 0.01) place_onset(l, &found.at[i], tally);
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

/* Faults the priors expect of a kind in the window, of those somebody would have spoken of by now. */
static double expected_found(const Locate *l, int kind) {
  double sum = 0;
  for (int i = 0; i < LOCATE_EXPOSURES; i++) {
    const LocateExposure *of = &l->layout.exposure[kind][i];
    if (of->faults <= 0) continue;
    double silent = 0, weight = of->weight / of->faults, gasps = of->gasps / of->faults;
    for (int k = 0; k < l->onsets.count; k++)
      silent += l->onsets.share[k] * exp(weight * l->onsets.quiet_call[k] + gasps * l->onsets.quiet_gasp[k]);
    sum += of->faults * (1 - silent);
  }
  return sum;
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
    double storm = (l->p.storm_shape + tally.faults[kind]) / (l->p.storm_shape + expected_found(l, kind));
    storm = fmin(fmax(storm, STORM_LEAST), STORM_MOST);
    if (fabs(log(storm / l->storm[kind])) > 0.05) *steady = false;
    l->storm[kind] = storm, l->log_storm[kind] = log(storm);
  }
  locate_weigh_night(l);
  double began[LOCATE_ONSETS_MAX];
  for (int k = 0; k < even->count; k++) began[k] = (l->p.storm_onsets * even->share[k] + tally.began[k]) / (l->p.storm_onsets + tally.all);
  if (l->p.storm_onsets > 0) {
    locate_onsets_share(&l->onsets, began);
    locate_onsets_slots(&l->onsets, (const double(*)[LOCATE_SLOTS])tally.slot, l->p.storm_onsets);
    locate_onsets_tick(&l->onsets, &l->p, l->now);
  }
  const LocateLayout *y = &l->layout;
  double years = (double)(l->now - (tally.first > even->begin[0] ? tally.first : even->begin[0])) / (365.25 * (double)SPAN_DAY);
  double calls = stray_rate(l, l->stray_call_year, tally.stray_calls, years * (double)y->customer_count);
  double gasps = stray_rate(l, l->stray_gasp_year, tally.stray_gasps, years * (double)y->before[y->customer_count].gasps);
  if (fabs(log(calls / l->p.stray_call_year)) > 0.05 || fabs(log(gasps / l->p.stray_gasp_year)) > 0.05) *steady = false;
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
