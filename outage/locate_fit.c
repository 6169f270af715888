/* How wild is the night, and how noisy: rates of faults and of strays, fitted to what has been found by expectation-maximisation. Each has
 * a gamma prior, so that with little to see little changes. Each tree tells what was found in it (locate_tally), all of them together give
 * the rates (locate_fit_era); so a country is fitted as its trees come by. */
#include <math.h>

#include "outage/locate_internal.h"

enum { FIT_STEPS = 8 };
#define STORM_LEAST 0.2
#define STORM_MOST 500.0
#define STRAY_MOST 1000.0

double locate_storm(const Locate *l, LocateKind kind) { return locate_era(l)->storm[kind]; }

/* ---- what one tree tells ---- */

/* In which part of its onset it began: by the first last gasp, which follows a fault at once; calls come whenever they like. */
static void place_onset(const Locate *l, const LocateOnsets *onsets, const LocateCandidate *fault, LocateTally *tally) {
  const LocateDevice *device = &l->layout.device[fault->head];
  Instant first = INSTANT_NONE;
  for (uint32_t c = device->first; c < device->last; c++)
    for (uint32_t i = l->customer_items[c]; i != LOCATE_NONE; i = l->items.at[i].next) {
      const LocateItem *item = &l->items.at[i];
      if (item->kind != LOCATE_LAST_GASP || item->at < onsets->begin[fault->onset]) continue;
      if (first == INSTANT_NONE || item->at < first) first = item->at;
    }
  double part[LOCATE_SLOTS], all = 0;
  if (first != INSTANT_NONE) locate_slot_density(onsets, fault->onset, first, l->p.gasp_lag_s, part);
  for (int s = 0; s < LOCATE_SLOTS; s++) {
    part[s] = onsets->slot[fault->onset][s] * (first == INSTANT_NONE ? 1 : part[s] + 1e-12);
    all += part[s];
  }
  for (int s = 0; s < LOCATE_SLOTS; s++) tally->slot[fault->onset][s] += fault->probability * part[s] / all;
}

/* How many called, of how many who should have by now. Where few are expected, only those faults are found of which more than that called.
 */
static void count_calls(const Locate *l, const LocateOnsets *onsets, const LocateCandidate *fault, LocateTally *tally) {
  enum { CALLS_LEAST = 3 };
  const LocateDevice *device = &l->layout.device[fault->head];
  double weight = (double)(l->layout.before[device->last].weight - l->layout.before[device->first].weight) / 16, calls = 0;
  double expected = weight * (1 - exp(onsets->quiet_call[fault->onset]));
  if (fault->mode || expected < CALLS_LEAST) return;
  for (uint32_t c = device->first; c < device->last; c++)
    for (uint32_t i = l->customer_items[c]; i != LOCATE_NONE; i = l->items.at[i].next) calls += l->items.at[i].kind == LOCATE_CALL;
  tally->calls += fault->probability * calls, tally->calls_expected += fault->probability * expected;
}

static bool count_faults(Locate *l, const LocateTree *tree, LocateTally *tally) {
  const LocateOnsets *onsets = &l->eras[tree->era].onsets;
  LocateCandidates found = {0};
  bool ok = locate_find_candidates(l, tree->root, 0.001, &found);
  for (size_t i = 0; ok && i < found.count; i++) {
    LocateNode *node = &l->nodes.at[l->layout.device[found.at[i].head].node];
    node->cause = (float)found.at[i].probability;
    /* work that is planned says nothing of the weather */
    if (node->own != LOCATE_NONE && l->own.at[node->own].stay < 0) continue;
    tally->faults[node->kind] += found.at[i].probability;
    tally->began[found.at[i].onset] += found.at[i].probability;
    tally->all += found.at[i].probability;
    if (found.at[i].probability > 0.01) place_onset(l, onsets, &found.at[i], tally), count_calls(l, onsets, &found.at[i], tally);
  }
  vector_free(&found);
  return ok;
}

/* A message is a stray as far as nothing above it is its cause. */
static void count_strays(const Locate *l, uint32_t item, uint32_t at, LocateTally *tally) {
  for (; item != LOCATE_NONE; item = l->items.at[item].next) {
    const LocateItem *said = &l->items.at[item];
    if (said->kind != LOCATE_CALL && said->kind != LOCATE_LAST_GASP) continue;
    double explained = 0;
    for (uint32_t up = at; up != LOCATE_NONE; up = l->nodes.at[up].parent) explained += (double)l->nodes.at[up].cause;
    *(said->kind == LOCATE_CALL ? &tally->stray_calls : &tally->stray_gasps) += fmax(1 - explained, 0);
    if (tally->first == INSTANT_NONE || said->at < tally->first) tally->first = said->at;
  }
}

void locate_tally(Locate *l, uint32_t which, bool *ok) {
  LocateTree *tree = &l->trees.at[which];
  LocateTally tally = {.first = INSTANT_NONE};
  for (uint32_t at = locate_first_up(l, tree->root); at != LOCATE_NONE; at = locate_next_up(l, tree->root, at)) l->nodes.at[at].cause = 0;
  *ok = count_faults(l, tree, &tally);
  for (uint32_t at = locate_first_up(l, tree->root); *ok && at != LOCATE_NONE; at = locate_next_up(l, tree->root, at)) {
    const LocateDevice *device = &l->layout.device[l->nodes.at[at].device];
    for (uint32_t c = device->first; c < device[1].first; c++)
      if (l->customer_items[c] != LOCATE_NONE) count_strays(l, l->customer_items[c], at, &tally);
  }
  if (*ok) tree->tally = tally;
}

/* ---- what all of them give ---- */

static void add_up(const Locate *l, LocateTally *all) {
  *all = (LocateTally){.first = INSTANT_NONE};
  for (size_t t = 0; t < l->trees.count; t++) {
    const LocateTally *one = &l->trees.at[t].tally;
    if (l->trees.at[t].root == LOCATE_NONE) continue;
    for (int kind = 0; kind < LOCATE_KINDS; kind++) all->faults[kind] += one->faults[kind];
    for (int k = 0; k < l->p.onsets; k++) {
      all->began[k] += one->began[k];
      for (int s = 0; s < LOCATE_SLOTS; s++) all->slot[k][s] += one->slot[k][s];
    }
    all->all += one->all, all->stray_calls += one->stray_calls, all->stray_gasps += one->stray_gasps;
    all->calls += one->calls, all->calls_expected += one->calls_expected;
    if (one->first != INSTANT_NONE && (all->first == INSTANT_NONE || one->first < all->first)) all->first = one->first;
  }
}

/* Faults the priors expect of a kind in the window, of those somebody would have spoken of by now. */
static double expected_found(const Locate *l, const LocateOnsets *onsets, int kind) {
  double sum = 0;
  for (int i = 0; i < LOCATE_EXPOSURES; i++) {
    const LocateExposure *of = &l->layout.exposure[kind][i];
    if (of->faults <= 0) continue;
    double silent = 0, weight = of->weight / of->faults, gasps = of->gasps / of->faults;
    for (int k = 0; k < onsets->count; k++)
      silent += onsets->share[k] * exp(weight * onsets->quiet_call[k] + gasps * onsets->quiet_gasp[k]);
    sum += of->faults * (1 - silent);
  }
  return sum;
}

static double stray_rate(const Locate *l, double given, double seen, double exposed_years) {
  if (given <= 0 || l->p.stray_shape <= 0) return given;
  return fmin(given * (l->p.stray_shape + seen) / (l->p.stray_shape + given * exposed_years), STRAY_MOST);
}

static bool differ(double a, double b) { return fabs(log(a / b)) > 0.05; }

void locate_fit_era(Locate *l, LocateEra *era, bool *steady) {
  LocateOnsets even, *onsets = &era->onsets;
  LocateTally tally;
  locate_onsets_lay(&even, &l->p, l->now);
  add_up(l, &tally);
  *steady = true;
  for (int kind = 0; kind < LOCATE_KINDS; kind++) {
    double storm = (l->p.storm_shape + tally.faults[kind]) / (l->p.storm_shape + expected_found(l, onsets, kind));
    storm = fmin(fmax(storm, STORM_LEAST), STORM_MOST);
    if (differ(storm, era->storm[kind])) *steady = false;
    era->storm[kind] = storm, era->log_storm[kind] = log(storm);
  }
  locate_weigh_night(l, era);
  if (l->p.storm_onsets > 0) {
    double began[LOCATE_ONSETS_MAX];
    for (int k = 0; k < even.count; k++) began[k] = (l->p.storm_onsets * even.share[k] + tally.began[k]) / (l->p.storm_onsets + tally.all);
    locate_onsets_share(onsets, began);
    locate_onsets_slots(onsets, (const double(*)[LOCATE_SLOTS])tally.slot, l->p.storm_onsets);
    locate_onsets_tick(onsets, &l->p, l->now);
  }
  const LocateLayout *y = &l->layout;
  Instant first = l->now - 10 * SPAN_MINUTE;
  if (tally.first != INSTANT_NONE && tally.first < first) first = tally.first > even.begin[0] ? tally.first : even.begin[0];
  double years = (double)(l->now - first) / (365.25 * (double)SPAN_DAY);
  double calls = stray_rate(l, l->p.stray_call_year, tally.stray_calls, years * (double)y->customer_count);
  double gasps = stray_rate(l, l->p.stray_gasp_year, tally.stray_gasps, years * (double)y->before[y->customer_count].gasps);
  if (differ(calls, onsets->stray_call_year) || differ(gasps, onsets->stray_gasp_year)) *steady = false;
  onsets->stray_call_year = calls, onsets->stray_gasp_year = gasps;
  if (l->p.call_shape > 0) {
    /* expected by the share in use: the whole of it is what the given one should have brought */
    double share =
        l->p.call_share * (l->p.call_shape + tally.calls) / (l->p.call_shape + tally.calls_expected * l->p.call_share / onsets->call_share);
    share = fmin(fmax(share, l->p.call_share / 8), fmin(l->p.call_share * 8, 0.9));
    if (differ(share, onsets->call_share)) *steady = false;
    onsets->call_share = share;
    locate_onsets_tick(onsets, &l->p, l->now);
  }
}

/* A fit at one go: every tree tells, then every tree is judged anew. */
bool locate_fit_steps(Locate *l, int steps, Error *error) {
  bool steady = l->p.storm_shape <= 0, ok = true;
  for (int step = 0; ok && step < steps && !steady; step++) {
    for (uint32_t t = 0; ok && t < l->trees.count; t++)
      if (l->trees.at[t].root != LOCATE_NONE) locate_refresh(l, t), locate_tally(l, t, &ok);
    if (!ok) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate: fit");
    LocateEra *era = locate_begin_era(l);
    locate_fit_era(l, era, &steady);
    era->laid++;
    ok = locate_solve(l, error);
  }
  return ok;
}

bool locate_fit(Locate *l, Error *error) { return locate_fit_steps(l, FIT_STEPS, error); }
