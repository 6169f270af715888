#include "outage/locate_model.h"

#include <assert.h>
#include <math.h>

#define YEAR_S (365.25 * 86400.0)

LocateParameters locate_parameters_default(void) {
  LocateParameters p = {
      .kind = {[LOCATE_SUBSTATION] = {0.01, 0, 0},
               [LOCATE_BUSBAR] = {0.005, 0, 0},
               [LOCATE_BREAKER] = {0.05, 0.06, 0.02},
               [LOCATE_RECLOSER] = {0.05, 0.06, 0.10},
               [LOCATE_SWITCH] = {0.003, 0.06, 0.10},
               [LOCATE_FUSE] = {0.02, 0.06, 0.60},
               [LOCATE_LINE] = {0.005, 0.06, 0.30},
               [LOCATE_TRANSFORMER] = {0.01, 0.06, 0.40},
               [LOCATE_LV_BREAKER] = {0.01, 0.03, 0.10},
               [LOCATE_BRANCH_BOX] = {0.003, 0.03, 0.30},
               [LOCATE_METER_BOX] = {0.003, 0.03, 0.20}},
      .trips = 0.85,
      .weather = 1,
      .storm_shape = 0.25,
      .storm_onsets = 2,
      .stray_shape = 2,
      .call_shape = 5,
      .age_growth = 0.03,
      .load_growth = 1.0,
      .onsets = 6,
      .onset_age = {8 * SPAN_HOUR, 2 * SPAN_HOUR, 45 * SPAN_MINUTE, 15 * SPAN_MINUTE, 5 * SPAN_MINUTE, 2 * SPAN_MINUTE},
      .onset_renew = 2 * SPAN_MINUTE,
      .call_share = 0.10,
      .call_lag_s = 2600,
      .call_weight = {1, 1, 1, 1, 1, 1, 1, 1},
      .zone = ZONE_SHANGHAI,
      .stray_call_year = 0.2,
      .gasp_share = 0.70,
      .gasp_lag_s = 40,
      .stray_gasp_year = 1.0,
      .switch_lag_s = 10,
      .stray_switch_year = 0.05,
      .ping_off_dark = 0.99,
      .ping_off_lit = 0.05,
      .up_dark = 0.0005,
      .up_lit = 1,
      .concentrator_off_dark = 0.90,
      .concentrator_off_lit = 0.01,
      .crew_wrong = 0.005,
      .callback_answered = 0.6,
      .callback_wrong = 0.02,
      .closed_but_failed = 0.05,
      .future_slack = SPAN_MINUTE,
      .keep = 2 * SPAN_DAY,
  };
  static const double hour[24] = {0.5, 0.4, 0.3, 0.3, 0.3, 0.4, 0.7, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.2, 1.4, 1.4, 1.4, 1.2, 0.9, 0.7};
  for (int i = 0; i < 24; i++) p.hour_weight[i] = hour[i];
  return p;
}

double locate_device_rate(const LocateParameters *p, LocateKind kind, double age_years, double load) {
  assert(kind < LOCATE_KINDS);
  double rate = p->kind[kind].per_year;
  if (age_years >= 0) rate *= exp(p->age_growth * (fmin(age_years, 60) - 20)); /* NAN fails the test */
  if (load >= 0) rate *= exp(p->load_growth * (fmin(load, 2) - 0.5));
  return rate;
}

double locate_conductor_rate(const LocateParameters *p, LocateKind kind, double length_m) {
  return length_m > 0 ? p->kind[kind].per_km_year * length_m / 1000 : 0;
}

bool locate_protects(LocateKind kind, LocateKind below) {
  bool low_voltage = below == LOCATE_LV_BREAKER || below == LOCATE_BRANCH_BOX || below == LOCATE_METER_BOX;
  return kind == LOCATE_SUBSTATION || kind == LOCATE_BREAKER || kind == LOCATE_RECLOSER || kind == LOCATE_FUSE ||
         kind == LOCATE_LV_BREAKER || (kind == LOCATE_TRANSFORMER && low_voltage);
}

double locate_rate_log_odds(const LocateParameters *p, double per_year) {
  double odds = per_year * p->weather * ((double)p->onset_age[0] / 1e6) / YEAR_S;
  return log(fmax(odds, 1e-12));
}

void locate_onsets_lay(LocateOnsets *onsets, const LocateParameters *p, Instant now) {
  assert(p->onsets >= 1 && p->onsets <= LOCATE_ONSETS_MAX);
  int n = onsets->count = p->onsets;
  onsets->stray_call_year = p->stray_call_year, onsets->stray_gasp_year = p->stray_gasp_year, onsets->call_share = p->call_share;
  for (int i = 0; i < n; i++) {
    onsets->begin[i] = now - p->onset_age[i];
    onsets->end[i] = i + 1 < n ? now - p->onset_age[i + 1] : now + p->onset_renew;
    assert(onsets->end[i] > onsets->begin[i]);
  }
  double window = (double)(onsets->end[n - 1] - onsets->begin[0]), share[LOCATE_ONSETS_MAX];
  for (int i = 0; i < n; i++) {
    share[i] = (double)(onsets->end[i] - onsets->begin[i]) / window;
    onsets->even[i] = true;
    for (int s = 0; s < LOCATE_SLOTS; s++) onsets->slot[i][s] = 1.0 / LOCATE_SLOTS;
  }
  locate_onsets_share(onsets, share);
  locate_onsets_tick(onsets, p, now);
}

void locate_onsets_share(LocateOnsets *onsets, const double *share) {
  int n = onsets->count;
  for (int i = n; i-- > 0;) {
    onsets->share[i] = share[i], onsets->log_share[i] = log(share[i]);
    onsets->tail[i] = share[i] + (i + 1 < n ? onsets->tail[i + 1] : 0);
  }
}

void locate_onsets_slots(LocateOnsets *onsets, const double (*count)[LOCATE_SLOTS], double prior) {
  for (int i = 0; i < onsets->count; i++) {
    double all = prior;
    for (int s = 0; s < LOCATE_SLOTS; s++) all += count[i][s];
    onsets->even[i] = all - prior < 1e-6 || prior <= 0;
    for (int s = 0; s < LOCATE_SLOTS; s++)
      onsets->slot[i][s] = onsets->even[i] ? 1.0 / LOCATE_SLOTS : (prior / LOCATE_SLOTS + count[i][s]) / all;
  }
}

static double seconds(Span span) { return (double)span / 1e6; }

/* Mean of hour_weight from `from` to `to`, hour by hour: at most the window's hours. */
static double hours_between(const LocateParameters *p, Instant from, Instant to) {
  double sum = 0;
  int count = 0;
  for (Instant t = from; count < 48; t += SPAN_HOUR, count++) {
    if (count > 0 && t > to) break;
    sum += p->hour_weight[civil_of(t, p->zone).hour];
  }
  return sum / count;
}

/* Mean over onsets T even in [begin, end] of exp(−(now − T) / lag); end ≤ now. */
static double mean_decay(Instant begin, Instant end, Instant now, double lag_s) {
  double width = seconds(end - begin);
  if (width <= 0) return 1;
  return lag_s * (exp(-seconds(now - end) / lag_s) - exp(-seconds(now - begin) / lag_s)) / width;
}

static Instant slot_begin(const LocateOnsets *onsets, int i, int s) {
  return onsets->begin[i] + (onsets->end[i] - onsets->begin[i]) * s / LOCATE_SLOTS;
}

/* The same over the slots of an onset, as far as they have begun. */
static double mean_decay_of(const LocateOnsets *onsets, int i, Instant now, double lag_s) {
  if (onsets->even[i]) return mean_decay(onsets->begin[i], onsets->end[i] < now ? onsets->end[i] : now, now, lag_s);
  double sum = 0, all = 0;
  for (int s = 0; s < LOCATE_SLOTS; s++) {
    Instant begin = slot_begin(onsets, i, s), whole = slot_begin(onsets, i, s + 1), end = whole < now ? whole : now;
    if (end <= begin) break;
    double weight = onsets->slot[i][s] * (double)(end - begin) / (double)(whole - begin);
    sum += weight * mean_decay(begin, end, now, lag_s), all += weight;
  }
  return all > 0 ? sum / all : 1;
}

void locate_onsets_tick(LocateOnsets *onsets, const LocateParameters *p, Instant now) {
  for (int i = 0; i < onsets->count; i++) {
    Instant begin = onsets->begin[i], end = onsets->end[i] < now ? onsets->end[i] : now;
    double call = 1 - mean_decay_of(onsets, i, now, p->call_lag_s), gasp = 1 - mean_decay_of(onsets, i, now, p->gasp_lag_s);
    onsets->quiet_call[i] = hours_between(p, begin + (end - begin) / 2, now) * log1p(-onsets->call_share * fmax(call, 0));
    onsets->quiet_gasp[i] = log1p(-p->gasp_share * fmax(gasp, 0));
  }
}

/* Evidence from before the window is moved to its beginning: an outage that lasts is not forgotten. */
static Instant within_window(const LocateOnsets *onsets, Instant at, double lag_s) {
  Instant first = onsets->begin[0] + (Span)(5e6 * lag_s);
  if (first > onsets->end[0]) first = onsets->end[0];
  return at < first ? first : at;
}

static double decay_since(Instant at, Instant from, double lag_s) { return at > from ? exp(-seconds(at - from) / lag_s) : 1; }

void locate_slot_density(const LocateOnsets *onsets, int k, Instant at, double lag_s, double *out) {
  at = within_window(onsets, at, lag_s);
  double here = decay_since(at, onsets->begin[k], lag_s), width = seconds(onsets->end[k] - onsets->begin[k]) / LOCATE_SLOTS;
  for (int s = 0; s < LOCATE_SLOTS; s++) {
    double there = decay_since(at, slot_begin(onsets, k, s + 1), lag_s);
    out[s] = fmax(there - here, 0) / width;
    here = there;
  }
}

/* log(1 + density / stray) for a message sent once after the onset with chance `share` and an exponential lag. */
static void message_llr(const LocateOnsets *onsets, Instant at, double share, double lag_s, double stray_year, double *out) {
  at = within_window(onsets, at, lag_s);
  double stray = stray_year / YEAR_S, here = decay_since(at, onsets->begin[0], lag_s);
  for (int i = 0; i < onsets->count; i++) {
    double there = decay_since(at, onsets->end[i], lag_s);
    double density = share * (there - here) / seconds(onsets->end[i] - onsets->begin[i]);
    if (density > 0 && !onsets->even[i]) {
      double by_slot[LOCATE_SLOTS];
      locate_slot_density(onsets, i, at, lag_s, by_slot);
      density = 0;
      for (int s = 0; s < LOCATE_SLOTS; s++) density += share * onsets->slot[i][s] * by_slot[s];
    }
    out[i] = density > 0 ? log1p(density / stray) : 0;
    here = there;
  }
}

void locate_call_llr(const LocateOnsets *onsets, const LocateParameters *p, Instant at, double weight, double *out) {
  double hour = p->hour_weight[civil_of(at, p->zone).hour];
  message_llr(onsets, at, fmin(onsets->call_share * weight * hour, 1), p->call_lag_s, onsets->stray_call_year * fmax(hour, 0.05), out);
}

void locate_gasp_llr(const LocateOnsets *onsets, const LocateParameters *p, Instant at, double *out) {
  message_llr(onsets, at, p->gasp_share, p->gasp_lag_s, onsets->stray_gasp_year, out);
}

void locate_switch_open_llr(const LocateOnsets *onsets, const LocateParameters *p, Instant at, double *out) {
  message_llr(onsets, at, 0.99, p->switch_lag_s, p->stray_switch_year, out);
}

/* Of an onset's faults, the share that began before `at`. */
static double begun_before(const LocateOnsets *onsets, int i, Instant at) {
  double whole = (double)(at - onsets->begin[i]) / (double)(onsets->end[i] - onsets->begin[i]) * LOCATE_SLOTS, sum = 0;
  if (whole <= 0) return 0;
  if (whole >= LOCATE_SLOTS) return 1;
  for (int s = 0; s < LOCATE_SLOTS; s++) sum += onsets->slot[i][s] * fmin(fmax(whole - s, 0), 1);
  return sum;
}

void locate_look_llr(const LocateOnsets *onsets, Instant at, double llr, double *out) {
  /* a dark sign from before the window still stands; a lit one says nothing of what came later */
  if (llr > 0 && at < onsets->end[0]) at = onsets->end[0];
  double odds = exp(llr);
  for (int i = 0; i < onsets->count; i++) {
    double before = begun_before(onsets, i, at);
    out[i] = before >= 1 ? llr : before <= 0 ? 0 : log1p(before * (odds - 1));
  }
}
