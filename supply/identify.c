#include "supply/identify.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/random.h"

enum { PHASES = 3, TURNS = 6 };
static const uint8_t TURN[TURNS][PHASES] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {0, 2, 1}, {2, 1, 0}, {1, 0, 2}};

/* Series stand in this order: those of meters, the transformers' volts, then meters' loads and transformers' loads. */
typedef struct Work {
  const IdentifyCase *given;
  Random random;
  size_t series, volts, all; /* of meters; and transformers'; and loads */
  uint32_t *first;           /* meter → its first series; [meters] = series */
  uint32_t *owner;           /* series → meter */
  double *covariance;        /* all × all, symmetric */
  uint8_t *place;            /* series → class: transformer · 3 + phase */
  double *weight;            /* of a series in its class's reference */
  double *toward;            /* series × classes: Σ weights · covariance with members other than itself */
  double *spread;            /* class: variance of Σ weights · members, with their own */
  double *rest;              /* meters × classes: covariance of its load with the class's: transformer's minus what its meters draw */
  double *rest_spread;       /* class: variance of that */
  double *rest_error;        /* transformer: that variance when all is right; 0: loads are not used there */
  double *gain;              /* transformer: its load a unit of the meters', for the loss */
  size_t classes;
} Work;

static double cov(const Work *work, size_t i, size_t j) { return work->covariance[i * work->all + j]; }
static size_t load_of(const Work *work, size_t meter) { return work->volts + meter; }
static size_t class_volts(const Work *work, size_t class_) { return work->series + class_; }
static size_t class_load(const Work *work, size_t class_) { return work->volts + work->given->meter_count + class_; }
static double share_of(const Work *work, size_t meter) { return 1.0 / work->given->meters[meter].wires; }

/* Means off, gaps filled with the mean. false: nothing there. */
static bool centre(const float *from, float *to, size_t count) {
  double sum = 0, seen = 0;
  memset(to, 0, count * sizeof *to);
  if (!from) return false;
  for (size_t i = 0; i < count; i++)
    if (isfinite(from[i])) sum += (double)from[i], seen++;
  if (seen == 0) return false;
  for (size_t i = 0; i < count; i++)
    if (isfinite(from[i])) to[i] = (float)((double)from[i] - sum / seen);
  return true;
}

static double dot(const float *a, const float *b, size_t count) {
  double sum[4] = {0};
  size_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (size_t k = 0; k < 4; k++) sum[k] += (double)a[i + k] * (double)b[i + k];
  for (; i < count; i++) sum[0] += (double)a[i] * (double)b[i];
  return sum[0] + sum[1] + sum[2] + sum[3];
}

/* The medium voltage wanders, and everybody with it: that says nothing about phases and would rule all else. What each series has of the
 * mean of the transformers' voltages is taken off it. Where those hardly move, but for noise, that is next to nothing. */
static void take_common(float *rows, size_t series, size_t all, size_t samples, float *mean) {
  double own;
  for (size_t i = series; i < all; i++)
    for (size_t t = 0; t < samples; t++) mean[t] += rows[i * samples + t];
  if (!((own = dot(mean, mean, samples)) > 0)) return;
  for (size_t i = 0; i < all; i++) {
    double share = dot(rows + i * samples, mean, samples) / own;
    for (size_t t = 0; t < samples; t++) rows[i * samples + t] -= (float)(share * (double)mean[t]);
  }
}

static bool check(const IdentifyCase *given, Error *error) {
  if (given->meter_count > IDENTIFY_METERS_MAX) return error_raise(error, ERROR_LIMIT, "meters\t%d", IDENTIFY_METERS_MAX);
  if (given->transformer_count > IDENTIFY_TRANSFORMERS_MAX)
    return error_raise(error, ERROR_LIMIT, "transformers\t%d", IDENTIFY_TRANSFORMERS_MAX);
  for (size_t i = 0; i < given->meter_count; i++) {
    const IdentifyMeter *meter = &given->meters[i];
    if (meter->transformer >= given->transformer_count)
      return error_raise(error, ERROR_FIELD_INVALID, "transformer\t%u\tthere are %zu", meter->transformer, given->transformer_count);
    if (meter->wires != 1 && meter->wires != 3) return error_raise(error, ERROR_FIELD_INVALID, "wires\t%u\t1 or 3", meter->wires);
  }
  return true;
}

static bool begin(Work *work, const IdentifyCase *given, bool common, Arena *arena, Error *error) {
  *work = (Work){.given = given, .classes = given->transformer_count * PHASES};
  random_seed(&work->random, given->seed);
  if (!check(given, error)) return false;
  size_t meters = given->meter_count, samples = given->samples;
  work->first = ARENA_ARRAY(arena, uint32_t, meters + 1);
  work->owner = ARENA_ARRAY(arena, uint32_t, 3 * meters + 1);
  if (!work->first || !work->owner) return error_raise(error, ERROR_OUT_OF_MEMORY, "identify");
  for (size_t i = 0; i < meters; i++) {
    work->first[i] = (uint32_t)work->series;
    for (int k = 0; k < given->meters[i].wires; k++) work->owner[work->series++] = (uint32_t)i;
  }
  work->first[meters] = (uint32_t)work->series;
  work->volts = work->series + work->classes;
  work->all = work->volts + meters + work->classes;
  size_t room = work->all + 1;
  work->covariance = ARENA_ARRAY(arena, double, room *room);
  work->place = ARENA_ARRAY(arena, uint8_t, room);
  work->weight = ARENA_ARRAY(arena, double, room);
  work->toward = ARENA_ARRAY(arena, double, room * work->classes);
  work->spread = ARENA_ARRAY(arena, double, work->classes + 1);
  work->rest = ARENA_ARRAY(arena, double, room * work->classes);
  work->rest_spread = ARENA_ARRAY(arena, double, work->classes + 1);
  work->rest_error = ARENA_ARRAY(arena, double, work->classes + 1);
  work->gain = ARENA_ARRAY(arena, double, work->classes + 1);
  float *rows = ARENA_ARRAY(arena, float, room *samples), *mean = ARENA_ARRAY(arena, float, samples + 1);
  if (!work->covariance || !work->place || !work->weight || !work->toward || !work->spread || !work->rest || !work->rest_spread ||
      !work->rest_error || !work->gain || !rows || !mean)
    return error_raise(error, ERROR_OUT_OF_MEMORY, "identify");
  for (size_t s = 0; s < work->volts; s++) {
    size_t c = s - work->series;
    centre(s < work->series ? given->meters[work->owner[s]].volts[s - work->first[work->owner[s]]]
                            : given->transformers[c / PHASES].volts[c % PHASES],
           rows + s * samples, samples);
  }
  if (common) take_common(rows, work->series, work->volts, samples, mean);
  for (size_t c = 0; c < work->classes; c++)
    centre(given->transformers[c / PHASES].kw[c % PHASES], rows + class_load(work, c) * samples, samples);
  for (size_t i = 0; i < meters; i++) centre(given->meters[i].kw, rows + load_of(work, i) * samples, samples);
  for (size_t i = 0; i < work->all; i++) {
    for (size_t j = 0; j <= i; j++) {
      double value = samples ? dot(rows + i * samples, rows + j * samples, samples) / (double)samples : 0;
      work->covariance[i * work->all + j] = work->covariance[j * work->all + i] = value;
    }
  }
  return true;
}

/* --- the likelihood of a series in a class, by voltage --- */

/* References anew from places and weights. */
static void refer(Work *work) {
  memset(work->toward, 0, work->series * work->classes * sizeof *work->toward);
  memset(work->spread, 0, work->classes * sizeof *work->spread);
  for (size_t i = 0; i < work->series; i++) {
    for (size_t j = 0; j < work->series; j++)
      if (i != j) work->toward[i * work->classes + work->place[j]] += work->weight[j] * cov(work, i, j);
    size_t home = work->place[i];
    work->spread[home] += work->weight[i] * (work->toward[i * work->classes + home] + work->weight[i] * cov(work, i, i));
  }
}

/* Covariance with the reference of unit spread, without the series itself; 0 where there is none or it goes the other way. */
static double loading(const Work *work, size_t series, size_t class_) {
  double toward = work->toward[series * work->classes + class_], spread = work->spread[class_], w = work->weight[series];
  if (work->place[series] == class_) spread -= 2 * w * toward + w * w * cov(work, series, series);
  return spread > 0 && toward > 0 ? toward / sqrt(spread) : 0;
}

static double by_voltage(const Work *work, size_t series, size_t class_) {
  double own = cov(work, series, series), l = loading(work, series, class_), sigma = work->given->sigma_volts;
  return -0.5 * (double)work->given->samples * log((fmax(own - l * l, 0) + sigma * sigma) / (own + sigma * sigma + 1e-300));
}

/* --- and of all loads, by what the transformer measures --- */

/* Rests anew from places. The loss is a constant share; what the sum of the phases still does not explain is the error of each. */
static void balance(Work *work) {
  const IdentifyCase *given = work->given;
  for (size_t t = 0; t < given->transformer_count; t++) {
    double cross = 0, own = 0, measured = 0;
    bool known = given->transformers[t].kw[0] != NULL;
    for (size_t a = 0; a < PHASES; a++)
      for (size_t b = 0; b < PHASES; b++) measured += cov(work, class_load(work, t * PHASES + a), class_load(work, t * PHASES + b));
    for (size_t i = 0; i < given->meter_count; i++) {
      if (work->place[work->first[i]] / PHASES != t) continue;
      for (size_t a = 0; a < PHASES; a++) cross += cov(work, load_of(work, i), class_load(work, t * PHASES + a));
      for (size_t j = 0; j < given->meter_count; j++)
        if (work->place[work->first[j]] / PHASES == t) own += cov(work, load_of(work, i), load_of(work, j));
    }
    known = known && own > 0 && cross > 0;
    work->gain[t] = known ? cross / own : 0;
    work->rest_error[t] = known ? fmax((measured - cross * cross / own) / PHASES, 1e-4 * measured / PHASES) : 0;
  }
  memset(work->rest_spread, 0, work->classes * sizeof *work->rest_spread);
  for (size_t c = 0; c < work->classes; c++) {
    work->rest_spread[c] = cov(work, class_load(work, c), class_load(work, c));
    for (size_t i = 0; i < given->meter_count; i++) work->rest[i * work->classes + c] = cov(work, load_of(work, i), class_load(work, c));
  }
  for (size_t s = 0; s < work->series; s++) {
    size_t c = work->place[s], i = work->owner[s];
    double h = work->gain[c / PHASES] * share_of(work, i);
    if (h == 0) continue;
    work->rest_spread[c] += -2 * h * work->rest[i * work->classes + c] + h * h * cov(work, load_of(work, i), load_of(work, i));
    for (size_t j = 0; j < given->meter_count; j++) work->rest[j * work->classes + c] -= h * cov(work, load_of(work, i), load_of(work, j));
  }
}

static double by_rest(const Work *work, size_t class_, double spread) {
  double error = work->rest_error[class_ / PHASES];
  return error > 0 ? -0.5 * (double)work->given->samples * log((fmax(spread, 0) + error) / error) : 0;
}

/* What the rests gain when a series' load goes from its class to another. */
static double by_load(const Work *work, size_t series, size_t to) {
  size_t i = work->owner[series], from = work->place[series];
  if (from == to) return 0;
  double load = cov(work, load_of(work, i), load_of(work, i)), share = share_of(work, i);
  double out = share * work->gain[from / PHASES], in = share * work->gain[to / PHASES];
  double without = work->rest_spread[from] + 2 * out * work->rest[i * work->classes + from] + out * out * load;
  double with = work->rest_spread[to] - 2 * in * work->rest[i * work->classes + to] + in * in * load;
  return by_rest(work, from, without) - by_rest(work, from, work->rest_spread[from]) + by_rest(work, to, with) -
         by_rest(work, to, work->rest_spread[to]);
}

static void move_load(Work *work, size_t series, size_t to) {
  size_t i = work->owner[series], end[2] = {work->place[series], to};
  double load = cov(work, load_of(work, i), load_of(work, i));
  for (int k = 0; k < 2; k++) {
    double h = (k ? 1 : -1) * share_of(work, i) * work->gain[end[k] / PHASES];
    if (h == 0) continue;
    work->rest_spread[end[k]] += -2 * h * work->rest[i * work->classes + end[k]] + h * h * load;
    for (size_t j = 0; j < work->given->meter_count; j++)
      work->rest[j * work->classes + end[k]] -= h * cov(work, load_of(work, i), load_of(work, j));
  }
}

/* --- places --- */

static void move(Work *work, size_t series, size_t to) {
  size_t from = work->place[series];
  double w = work->weight[series], own = cov(work, series, series);
  if (from == to) return;
  move_load(work, series, to);
  work->spread[from] -= w * (2 * work->toward[series * work->classes + from] + w * own);
  work->spread[to] += w * (2 * work->toward[series * work->classes + to] + w * own);
  for (size_t j = 0; j < work->series; j++) {
    if (j == series) continue;
    work->toward[j * work->classes + from] -= w * cov(work, j, series);
    work->toward[j * work->classes + to] += w * cov(work, j, series);
  }
  work->place[series] = (uint8_t)to;
}

/* Of the ways to put a meter at a transformer: phases for one wire, turns of them for three. */
static int states_of(const IdentifyMeter *meter) { return meter->wires == 1 ? PHASES : TURNS; }
static size_t state_class(const IdentifyMeter *meter, size_t transformer, int state, int wire) {
  return transformer * PHASES + (meter->wires == 1 ? (size_t)state : TURN[state][wire]);
}

/* How likely a meter is there, all else as it stands; up to a constant. (The turned loads of three wires are judged wire by wire: equal
 * thirds change nothing when turned.) */
static double likelihood(const Work *work, size_t i, size_t transformer, int state, bool loads) {
  const IdentifyMeter *meter = &work->given->meters[i];
  double value = 0, wrong = work->given->wrong_transformer;
  for (int wire = 0; wire < meter->wires; wire++) {
    size_t series = work->first[i] + (size_t)wire, to = state_class(meter, transformer, state, wire);
    value += by_voltage(work, series, to);
    if (loads && (meter->wires == 1 || work->place[series] / PHASES != transformer)) value += by_load(work, series, to);
  }
  return value + (transformer == meter->transformer || wrong <= 0 ? 0 : log(wrong / (1 - wrong)));
}

/* One meter to its likeliest place, at its transformer or (far) at any. */
static bool improve_meter(Work *work, size_t i, bool loads, bool far) {
  const IdentifyMeter *meter = &work->given->meters[i];
  size_t home = work->place[work->first[i]] / PHASES, best_at = home;
  double best = -INFINITY;
  int best_state = 0;
  bool moved = false;
  for (size_t t = far ? 0 : home; t < (far ? work->given->transformer_count : home + 1); t++) {
    for (int state = 0; state < states_of(meter); state++) {
      double value = likelihood(work, i, t, state, loads);
      if (value > best + 1e-9) best = value, best_at = t, best_state = state;
    }
  }
  for (int wire = 0; wire < meter->wires; wire++) {
    size_t series = work->first[i] + (size_t)wire, to = state_class(meter, best_at, best_state, wire);
    moved |= work->place[series] != to;
    move(work, series, to);
  }
  return moved;
}

static void improve(Work *work, const uint32_t *meters, size_t count, bool loads, bool far) {
  for (int round = 0; round < IDENTIFY_ROUNDS; round++) {
    bool moved = false;
    refer(work);
    if (loads) balance(work);
    for (size_t k = 0; k < count; k++) moved |= improve_meter(work, meters[k], loads, far);
    refer(work);
    for (size_t k = 0; k < count; k++)
      for (size_t s = work->first[meters[k]]; s < work->first[meters[k] + 1]; s++)
        work->toward[s * work->classes] = loading(work, s, work->place[s]); /* kept aside: a weight changes the loading of the next */
    for (size_t k = 0; k < count; k++)
      for (size_t s = work->first[meters[k]]; s < work->first[meters[k] + 1]; s++)
        work->weight[s] = fmax(work->toward[s * work->classes], 1e-9);
    if (!moved && round > 2) break;
  }
  refer(work);
  if (loads) balance(work);
}

/* --- which cluster is which phase --- */

/* What the clusters and the transformer say to each other, without the mean of the three: that is the same for all turns. */
typedef struct Fit {
  double mean[PHASES][PHASES]; /* cluster, phase: covariance of the cluster's mean with the transformer's series */
  double variance, measured;   /* sums over the three */
} Fit;

static double of_turn(const Fit *fit, const uint8_t *turn) {
  double with = 0, mean = 0;
  for (size_t c = 0; c < PHASES; c++) {
    with += fit->mean[c][turn[c]];
    for (size_t k = 0; k < PHASES; k++) mean += fit->mean[c][k] / PHASES;
  }
  return fmax(with - mean, 0);
}

/* Log likelihood: series = one common factor × clusters + error; two phases of three are free. `least` of its variance is error anyhow. */
static double fit_turn(const Work *work, const Fit *fit, const uint8_t *turn, double least) {
  double with = of_turn(fit, turn);
  if (fit->variance <= 0 || fit->measured <= 0) return 0;
  return -0.5 * (PHASES - 1) * (double)work->given->samples * log(fmax(1 - with * with / fit->variance / fit->measured, least));
}

static void fit_clusters(const Work *work, size_t t, Fit *volts, Fit *load) {
  double count[PHASES] = {0}, own[PHASES][PHASES] = {{0}};
  *volts = *load = (Fit){0};
  for (size_t s = 0; s < work->series; s++) count[work->place[s] % PHASES] += work->place[s] / PHASES == t;
  for (size_t s = 0; s < work->series; s++) {
    size_t c = work->place[s] % PHASES;
    if (work->place[s] / PHASES != t) continue;
    for (size_t j = 0; j < work->series; j++)
      if (work->place[j] / PHASES == t) own[c][work->place[j] % PHASES] += cov(work, s, j) / count[c] / count[work->place[j] % PHASES];
    for (size_t k = 0; k < PHASES; k++) {
      volts->mean[c][k] += cov(work, s, class_volts(work, t * PHASES + k)) / count[c];
      load->mean[c][k] -= cov(work, s, class_load(work, t * PHASES + k)) / count[c];
    }
  }
  for (size_t c = 0; c < PHASES; c++) {
    for (size_t k = 0; k < PHASES; k++) {
      double part = (c == k ? 1.0 : 0.0) - 1.0 / PHASES;
      size_t a = t * PHASES + c, b = t * PHASES + k;
      volts->variance += part * own[c][k], load->variance += part * own[c][k];
      volts->measured += part * cov(work, class_volts(work, a), class_volts(work, b));
      load->measured += part * cov(work, class_load(work, a), class_load(work, b));
    }
  }
}

/* Variance of what is left of the load the transformer measures on phase `real` when cluster c is on it. */
static double rest_of_turn(const Work *work, size_t t, size_t c, size_t real) {
  double spread = cov(work, class_load(work, real), class_load(work, real)), gain = work->gain[t];
  for (size_t i = 0; i < work->series; i++) {
    if (work->place[i] != t * PHASES + c) continue;
    size_t load = load_of(work, work->owner[i]);
    double h = gain * share_of(work, work->owner[i]);
    spread -= 2 * h * cov(work, load, class_load(work, real));
    for (size_t j = 0; j < work->series; j++)
      if (work->place[j] == work->place[i])
        spread += h * gain * share_of(work, work->owner[j]) * cov(work, load, load_of(work, work->owner[j]));
  }
  return spread;
}

/* Log likelihoods of the turns of a transformer's clusters: how they fit what the transformer measures. */
static void judge_turns(const Work *work, size_t t, bool loads, double value[TURNS]) {
  Fit volts, load;
  bool balanced = loads && work->rest_error[t] > 0;
  fit_clusters(work, t, &volts, &load);
  for (int turn = 0; turn < TURNS; turn++) {
    value[turn] = fit_turn(work, &volts, TURN[turn], 1e-6);
    if (!balanced) value[turn] += fit_turn(work, &load, TURN[turn], 1e-2);
    for (size_t c = 0; balanced && c < PHASES; c++) {
      size_t real = t * PHASES + TURN[turn][c];
      value[turn] += by_rest(work, real, rest_of_turn(work, t, c, real));
    }
  }
}

static int best_of(const double *value, int count) {
  int best = 0;
  for (int k = 1; k < count; k++)
    if (value[k] > value[best]) best = k;
  return best;
}

/* Share of one among alternatives given by their log likelihoods. */
static double share_of_best(const double *value, int count) {
  double sum = 0, most = value[best_of(value, count)];
  for (int k = 0; k < count; k++) sum += exp(value[k] - most);
  return 1 / sum;
}

static void turn_clusters(Work *work, size_t t, bool loads) {
  double value[TURNS];
  if (loads) balance(work);
  judge_turns(work, t, loads, value);
  int turn = best_of(value, TURNS);
  for (size_t s = 0; s < work->series; s++)
    if (work->place[s] / PHASES == t) work->place[s] = (uint8_t)(t * PHASES + TURN[turn][work->place[s] % PHASES]);
}

/* --- the whole --- */

static double total(Work *work, size_t t, const uint32_t *meters, size_t count, bool loads) {
  double sum = 0, turns[TURNS];
  for (size_t k = 0; k < count; k++)
    for (size_t s = work->first[meters[k]]; s < work->first[meters[k] + 1]; s++) sum += by_voltage(work, s, work->place[s]);
  for (size_t c = t * PHASES; loads && c < (t + 1) * PHASES; c++) sum += by_rest(work, c, work->rest_spread[c]);
  judge_turns(work, t, false, turns);
  return sum + turns[0];
}

static void plain_start(Work *work, size_t meter) {
  size_t t = work->given->meters[meter].transformer;
  double best = -INFINITY;
  int best_state = 0;
  for (int state = 0; state < states_of(&work->given->meters[meter]); state++) {
    double value = 0;
    for (int wire = 0; wire < work->given->meters[meter].wires; wire++) {
      size_t class_ = class_volts(work, state_class(&work->given->meters[meter], t, state, wire));
      value += cov(work, work->first[meter] + (size_t)wire, class_) / sqrt(cov(work, class_, class_) + 1e-300);
    }
    if (value > best) best = value, best_state = state;
  }
  for (int wire = 0; wire < work->given->meters[meter].wires; wire++)
    work->place[work->first[meter] + (size_t)wire] = (uint8_t)state_class(&work->given->meters[meter], t, best_state, wire);
}

static void start(Work *work, const uint32_t *meters, size_t count, int which) {
  for (size_t k = 0; k < count; k++) {
    const IdentifyMeter *meter = &work->given->meters[meters[k]];
    if (which == 0) plain_start(work, meters[k]);
    int state = (int)random_below(&work->random, (uint32_t)states_of(meter));
    for (int wire = 0; wire < meter->wires; wire++) {
      if (which) work->place[work->first[meters[k]] + (size_t)wire] = (uint8_t)state_class(meter, meter->transformer, state, wire);
      work->weight[work->first[meters[k]] + (size_t)wire] = 1;
    }
  }
}

static bool cluster(Work *work, size_t t, Arena *arena, Error *error) {
  size_t count = 0, all = work->given->meter_count;
  uint32_t *meters = ARENA_ARRAY(arena, uint32_t, all + 1);
  uint8_t *place = ARENA_ARRAY(arena, uint8_t, work->series + 1);
  double *weight = ARENA_ARRAY(arena, double, work->series + 1), best = -INFINITY;
  if (!meters || !place || !weight) return error_raise(error, ERROR_OUT_OF_MEMORY, "identify");
  for (size_t i = 0; i < all; i++)
    if (work->given->meters[i].transformer == t) meters[count++] = (uint32_t)i;
  bool loads = work->given->transformers[t].kw[0] != NULL;
  for (int k = 0; k < IDENTIFY_STARTS && count; k++) {
    start(work, meters, count, k);
    improve(work, meters, count, false, false);
    turn_clusters(work, t, loads);
    improve(work, meters, count, loads, false);
    double value = total(work, t, meters, count, loads);
    if (value <= best) continue;
    best = value;
    memcpy(place, work->place, work->series);
    memcpy(weight, work->weight, work->series * sizeof *weight);
  }
  if (!count) return true;
  memcpy(work->place, place, work->series);
  memcpy(work->weight, weight, work->series * sizeof *weight);
  return true;
}

static void verdict(const Work *work, size_t i, const double *turn_share, bool loads, IdentifyVerdict *out) {
  const IdentifyMeter *meter = &work->given->meters[i];
  size_t home = work->place[work->first[i]] / PHASES;
  double most = -INFINITY, sum = 0, at_home = 0, mine = 0;
  *out = (IdentifyVerdict){.transformer = (uint32_t)home};
  for (int pass = 0; pass < 2; pass++) {
    for (size_t t = 0; t < work->given->transformer_count; t++) {
      for (int state = 0; state < states_of(meter); state++) {
        bool here = t == home;
        double value = likelihood(work, i, t, state, loads);
        for (int wire = 0; wire < meter->wires; wire++)
          here = here && state_class(meter, t, state, wire) == work->place[work->first[i] + (size_t)wire];
        if (pass == 0) {
          most = fmax(most, value);
          continue;
        }
        sum += exp(value - most), at_home += t == home ? exp(value - most) : 0, mine += here ? exp(value - most) : 0;
      }
    }
  }
  for (int wire = 0; wire < meter->wires; wire++) {
    size_t s = work->first[i] + (size_t)wire;
    out->phase[wire] = work->place[s] % PHASES;
    out->known |= cov(work, s, s) > 0;
  }
  out->confidence = out->known ? mine / sum * turn_share[home] : 0;
  out->transformer_confidence = out->known ? at_home / sum : 0;
}

bool identify_meters(const IdentifyCase *given, IdentifyVerdict *verdicts, Arena *arena, Error *error) {
  Work work;
  double turn_share[IDENTIFY_TRANSFORMERS_MAX], turns[TURNS];
  if (!begin(&work, given, true, arena, error)) return false;
  uint32_t *meters = ARENA_ARRAY(arena, uint32_t, given->meter_count + 1);
  if (!meters) return error_raise(error, ERROR_OUT_OF_MEMORY, "identify");
  for (size_t i = 0; i < given->meter_count; i++) {
    meters[i] = (uint32_t)i;
    for (uint32_t s = work.first[i]; s < work.first[i + 1]; s++)
      work.place[s] = (uint8_t)(given->meters[i].transformer * PHASES), work.weight[s] = 1;
  }
  bool loads = false;
  for (size_t t = 0; t < given->transformer_count; t++) {
    if (!cluster(&work, t, arena, error)) return false;
    loads |= given->transformers[t].kw[0] != NULL;
  }
  if (given->wrong_transformer > 0 && given->transformer_count > 1) improve(&work, meters, given->meter_count, loads, true);
  refer(&work);
  balance(&work);
  for (size_t t = 0; t < given->transformer_count; t++) {
    turn_clusters(&work, t, loads);
    judge_turns(&work, t, loads, turns);
    turn_share[t] = share_of_best(turns, TURNS);
  }
  refer(&work);
  balance(&work);
  for (size_t i = 0; i < given->meter_count; i++) verdict(&work, i, turn_share, loads, &verdicts[i]);
  return true;
}

bool identify_plain(const IdentifyCase *given, IdentifyVerdict *verdicts, Arena *arena, Error *error) {
  Work work;
  if (!begin(&work, given, false, arena, error)) return false;
  for (size_t i = 0; i < given->meter_count; i++) {
    const IdentifyMeter *meter = &given->meters[i];
    double best = -INFINITY;
    verdicts[i] = (IdentifyVerdict){.transformer = meter->transformer, .known = true};
    for (size_t t = 0; t < (given->wrong_transformer > 0 ? given->transformer_count : 1); t++) {
      size_t at = given->wrong_transformer > 0 ? t : meter->transformer;
      for (int state = 0; state < states_of(meter); state++) {
        double value = 0;
        for (int wire = 0; wire < meter->wires; wire++) {
          size_t series = work.first[i] + (size_t)wire, other = class_volts(&work, state_class(meter, at, state, wire));
          value += cov(&work, series, other) / sqrt(cov(&work, series, series) * cov(&work, other, other) + 1e-300);
        }
        if (value <= best) continue;
        best = value;
        verdicts[i].transformer = (uint32_t)at;
        for (int wire = 0; wire < meter->wires; wire++) verdicts[i].phase[wire] = (uint8_t)(state_class(meter, at, state, wire) % PHASES);
      }
    }
  }
  return true;
}
