#include "supply/foresight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "supply/lunar.h"

const double FORESIGHT_LEVELS[FORESIGHT_QUANTILES] = {0.1, 0.5, 0.9, 0.975};

enum { YEAR = 364, SMOOTH = 1, BLOCKS = 6, TRIALS = 5, ERRORS_MAX = 4096, GROUP_ERRORS = 512 };
static const double TRIED[TRIALS] = {0, 0.25, 0.5, 0.75, 1};
#define DECAY_DAYS 12.0
#define RATIO_MOST 6.0
#define FESTIVAL_POWER 0.85 /* one festival a year before holds its own weather too */
#define FESTIVAL_TRUST 0.5  /* of its days, made calm, in the level */
#define FESTIVAL_MIX 0.5    /* own and group's, where nothing can tell which is better */

typedef struct Work {
  const ForesightCase *given;
  size_t slots;    /* with the peak */
  float *y;        /* [series, then sums of the groups][day][slots] */
  float *calm;     /* the same without the festival: days of its window divided by what it did a year before; NaN where that is not known */
  double *believe; /* [series][2]: power and mix of the yearly factor on ordinary days */
  bool *festival;  /* [day], history and horizon */
  int *offset;     /* [day] */
  int64_t *analog; /* [day]: of a year before; negative: not in the history */
  double decay[FORESIGHT_LEVEL_DAYS + 15];
  Arena *arena;
} Work;

static const float *day_of(const Work *work, size_t series, size_t day) {
  return work->y + (series * work->given->days + day) * work->slots;
}
static bool week_end(const Work *work, size_t day) { return ((work->given->first_day + (int64_t)day) % 7 + 7 + 4) % 7 % 6 == 0; }

bool foresight_festival(int32_t day, int *offset) {
  LunarDate at = lunar_of_day(day);
  *offset = 0;
  if (at.leap || (at.month != 1 && at.month != 12)) return false;
  *offset = day - lunar_new_year(at.month == 12 ? at.year + 1 : at.year);
  return *offset >= -FORESIGHT_FESTIVAL_BEFORE && *offset <= FORESIGHT_FESTIVAL_AFTER;
}

double foresight_pinball(double told, double came, double q) { return came >= told ? q * (came - told) : (1 - q) * (told - came); }

float foresight_peak(const float *day, size_t slots) {
  size_t width = slots * FORESIGHT_PEAK_HOURS / 24;
  float most = -INFINITY;
  if (width < 1) width = 1;
  for (size_t from = 0; from + width <= slots; from++) {
    float sum = 0;
    for (size_t k = 0; k < width; k++) sum += day[from + k];
    if (sum / (float)width > most) most = sum / (float)width; /* NaN never is */
  }
  return isinf(most) ? NAN : most;
}

float *foresight_at(const Foresight *foresight, const ForesightCase *given, size_t series, size_t day, size_t slot) {
  return foresight->quantile + ((series * (size_t)given->horizon + day) * (foresight->slots + 1) + slot) * FORESIGHT_QUANTILES;
}

/* The day of the same lunar date a year before, of days inside the festival's window; else −1. */
static int64_t find_analog(const Work *work, size_t day) {
  int32_t first = work->given->first_day;
  if (!work->festival[day]) return -1;
  LunarDate at = lunar_of_day(first + (int32_t)day - work->offset[day]); /* New Year's Day */
  return (int64_t)lunar_new_year(at.year - 1) + work->offset[day] - first;
}

static bool begin(Work *work, const ForesightCase *given, Arena *arena, Error *error) {
  size_t all = given->days + (size_t)given->horizon;
  *work = (Work){.given = given, .slots = given->slots + 1, .arena = arena};
  work->y = ARENA_ARRAY(arena, float, (given->count + given->group_count) * given->days * work->slots + 1);
  work->calm = ARENA_ARRAY(arena, float, (given->count + given->group_count) * given->days * work->slots + 1);
  work->believe = ARENA_ARRAY(arena, double, 2 * given->count + 1);
  work->festival = ARENA_ARRAY(arena, bool, all);
  work->offset = ARENA_ARRAY(arena, int, all);
  work->analog = ARENA_ARRAY(arena, int64_t, all);
  if (!work->y || !work->calm || !work->believe || !work->festival || !work->offset || !work->analog)
    return error_raise(error, ERROR_OUT_OF_MEMORY, "foresight");
  for (size_t d = 0; d < all; d++) work->festival[d] = foresight_festival(given->first_day + (int32_t)d, &work->offset[d]);
  for (size_t d = 0; d < all; d++) work->analog[d] = find_analog(work, d);
  for (size_t back = 0; back < sizeof work->decay / sizeof *work->decay; back++) work->decay[back] = exp(-(double)back / DECAY_DAYS);
  for (size_t i = 0; i < given->count; i++) {
    for (size_t d = 0; d < given->days; d++) {
      const float *from = given->series[i].load + d * given->slots;
      float *to = work->y + (i * given->days + d) * work->slots;
      float *sum = work->y + ((given->count + given->series[i].group) * given->days + d) * work->slots;
      memcpy(to, from, given->slots * sizeof *to);
      to[given->slots] = foresight_peak(from, given->slots);
      for (size_t s = 0; s < work->slots; s++)
        if (isfinite(to[s])) sum[s] += to[s];
    }
  }
  return true;
}

/* Level of a slot as it stood when day `issue` began; week-ends apart where there are enough. NaN: nothing is known. */
static double level_of(const Work *work, size_t series, size_t issue, size_t slot, bool weekend) {
  const float *values = work->calm + series * work->given->days * work->slots;
  double sum[2] = {0}, weight[2] = {0};
  for (size_t back = 1; back <= FORESIGHT_LEVEL_DAYS + 2 * 7 && back <= issue; back++) {
    size_t day = issue - back;
    double value = (double)values[day * work->slots + slot], w = work->decay[back];
    if (!(value > 0)) continue;
    if (work->festival[day]) w *= FESTIVAL_TRUST;
    sum[week_end(work, day)] += w * value, weight[week_end(work, day)] += w;
  }
  if (weight[0] + weight[1] <= 0) return NAN;
  double both = (sum[0] + sum[1]) / (weight[0] + weight[1]);
  return (sum[weekend] + 0.3 * both) / (weight[weekend] + 0.3); /* a kind of day few of which are near counts with the other kind */
}

static double mean_of(const Work *work, size_t series, size_t slot, int64_t from, int64_t to, bool ordinary) {
  double sum = 0, seen = 0;
  for (int64_t day = from < 0 ? 0 : from; day <= to && day < (int64_t)work->given->days; day++) {
    double value = (double)day_of(work, series, (size_t)day)[slot];
    if (value > 0 && !(ordinary && work->festival[day])) sum += value, seen++;
  }
  return seen > 0 ? sum / seen : (double)NAN;
}

/* What a past day would have had without the festival: inside its window the straight way between the weeks before and after. */
static double ordinary(const Work *work, size_t series, int64_t day, size_t slot) {
  if (!work->festival[day]) return mean_of(work, series, slot, day - SMOOTH, day + SMOOTH, true);
  int offset = work->offset[day];
  double before =
             mean_of(work, series, slot, day - offset - FORESIGHT_FESTIVAL_BEFORE - 10, day - offset - FORESIGHT_FESTIVAL_BEFORE - 1, true),
         after =
             mean_of(work, series, slot, day - offset + FORESIGHT_FESTIVAL_AFTER + 1, day - offset + FORESIGHT_FESTIVAL_AFTER + 10, true);
  double part = (double)(offset + FORESIGHT_FESTIVAL_BEFORE) / (FORESIGHT_FESTIVAL_BEFORE + FORESIGHT_FESTIVAL_AFTER);
  return isnan(after) ? before : isnan(before) ? after : before + part * (after - before);
}

/* The row of a series' group; a group is its own. */
static size_t group_of(const Work *work, size_t series) {
  return series < work->given->count ? work->given->count + work->given->series[series].group : series;
}

static double log_ratio(double a, double b, double otherwise) {
  return a > 0 && b > 0 ? log(fmin(fmax(a / b, 1 / RATIO_MOST), RATIO_MOST)) : otherwise;
}

/* The year's course a year before: the day 52 weeks before, as if no festival had been, over the level as it stood before the same lead.
 * Own and of the group, as logarithms. false: no such day. */
static bool yearly(const Work *work, size_t series, size_t day, size_t issue, size_t slot, double *own, double *group) {
  int64_t then = (int64_t)day - YEAR, issued = (int64_t)issue - YEAR;
  size_t all = group_of(work, series);
  if (issued < 14) return false;
  bool weekend = week_end(work, (size_t)then);
  *group = log_ratio(ordinary(work, all, then, slot), level_of(work, all, (size_t)issued, slot, weekend), NAN);
  *own = log_ratio(ordinary(work, series, then, slot), level_of(work, series, (size_t)issued, slot, weekend), *group);
  return isfinite(*group);
}

/* What the festival did a year before on the day of the same lunar date. */
static bool festive(const Work *work, size_t series, size_t day, size_t slot, double *own, double *group) {
  int64_t then = work->analog[day];
  size_t all = group_of(work, series);
  if (then < 14) return false;
  *group = log_ratio(mean_of(work, all, slot, then, then, false), ordinary(work, all, then, slot), NAN);
  *own = log_ratio(mean_of(work, series, slot, then, then, false), ordinary(work, series, then, slot), *group);
  return isfinite(*group);
}

static void calm_down(Work *work) {
  const ForesightCase *given = work->given;
  size_t row = given->days * work->slots;
  memcpy(work->calm, work->y, (given->count + given->group_count) * row * sizeof *work->calm);
  for (size_t day = 0; day < given->days; day++) {
    if (!work->festival[day]) continue;
    for (size_t i = 0; i < given->count + given->group_count; i++) {
      for (size_t slot = 0; slot < work->slots; slot++) {
        float *value = work->calm + i * row + day * work->slots + slot;
        double own, group;
        bool known = festive(work, i, day, slot, &own, &group);
        *value = known ? (float)((double)*value * exp(-FESTIVAL_POWER * (FESTIVAL_MIX * own + (1 - FESTIVAL_MIX) * group))) : NAN;
      }
    }
  }
}

/* The middle of a forecast for `day`, made when day `issue` began. */
static double forecast(const Work *work, ForesightMethod method, size_t series, size_t day, size_t issue, size_t slot) {
  const float *values = day_of(work, series, 0);
  if (method == FORESIGHT_LAST_WEEK) {
    size_t then = day;
    while (then >= issue && then >= 7) then -= 7;
    return then < issue ? (double)values[then * work->slots + slot] : (double)NAN;
  }
  if (method == FORESIGHT_FOUR_WEEKS) {
    double sum = 0, seen = 0;
    for (size_t then = day, weeks = 0; weeks < 4 && then >= 7;) {
      then -= 7;
      if (then >= issue) continue;
      weeks++;
      if (isfinite(values[then * work->slots + slot])) sum += (double)values[then * work->slots + slot], seen++;
    }
    return seen > 0 ? sum / seen : (double)NAN;
  }
  double own, group, level = level_of(work, series, issue, slot, week_end(work, day)), sum = 0;
  const double *believe = work->believe + 2 * series;
  if (yearly(work, series, day, issue, slot, &own, &group)) sum += believe[0] * (believe[1] * own + (1 - believe[1]) * group);
  if (work->festival[day] && festive(work, series, day, slot, &own, &group))
    sum += FESTIVAL_POWER * (FESTIVAL_MIX * own + (1 - FESTIVAL_MIX) * group);
  return level * exp(sum);
}

/* --- how much the year before is believed --- */

/* By absolute errors on the last weeks, all slots of ordinary days. */
static void learn(Work *work, size_t series) {
  const ForesightCase *given = work->given;
  double loss[TRIALS][TRIALS] = {{0}};
  size_t step = given->slots > 24 ? given->slots / 24 : 1;
  bool any = false;
  for (size_t week = 1; week <= FORESIGHT_TRIAL_WEEKS && week * 7 <= given->days; week++) {
    size_t issue = given->days - week * 7;
    for (size_t day = issue; day < issue + 7; day += 2) {
      for (size_t slot = 0; slot < work->slots; slot += slot + step < given->slots ? step : 1) {
        double own, group, came = (double)day_of(work, series, day)[slot], level;
        if (work->festival[day] || !isfinite(came) || !yearly(work, series, day, issue, slot, &own, &group)) continue;
        level = level_of(work, series, issue, slot, week_end(work, day));
        if (!(level > 0)) continue;
        any = true;
        for (int p = 0; p < TRIALS; p++)
          for (int m = 0; m < TRIALS; m++) loss[p][m] += fabs(came - level * exp(TRIED[p] * (TRIED[m] * own + (1 - TRIED[m]) * group)));
      }
    }
  }
  int best_p = 2, best_m = 1; /* where nothing can be tried: half of it, mostly the group's */
  if (any) best_p = best_m = 0;
  for (int p = 0; any && p < TRIALS; p++)
    for (int m = 0; m < TRIALS; m++)
      if (loss[p][m] < loss[best_p][best_m]) best_p = p, best_m = m;
  work->believe[2 * series] = TRIED[best_p], work->believe[2 * series + 1] = TRIED[best_m];
}

/* --- errors --- */

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double quantile_of(const double *sorted, size_t count, double q) {
  double at = q * (double)(count - 1);
  size_t low = (size_t)at;
  return low + 1 < count ? sorted[low] + (at - (double)low) * (sorted[low + 1] - sorted[low]) : sorted[count - 1];
}

static size_t block_of(const Work *work, size_t slot) { return slot + 1 == work->slots ? BLOCKS : slot * BLOCKS / work->given->slots; }

/* Log ratios of what came to what would have been forecast, of the last weeks. A block of slots each, the peak one of its own. */
static size_t errors_of(const Work *work, ForesightMethod method, size_t series, size_t block, double *out, size_t room) {
  const ForesightCase *given = work->given;
  size_t count = 0;
  for (size_t week = 1; week <= FORESIGHT_TRIAL_WEEKS && (week + 1) * 7 <= given->days; week++) {
    size_t issue = given->days - week * 7;
    for (size_t day = issue; day < issue + 7; day++) {
      for (size_t slot = 0; slot < work->slots; slot++) {
        double came = (double)day_of(work, series, day)[slot];
        if (block_of(work, slot) != block || work->festival[day] || !(came > 0) || count == room) continue;
        if (given->slots > 24 && slot + 1 < work->slots && slot % (given->slots / 24)) continue;
        double told = forecast(work, method, series, day, issue, slot);
        if (told > 0) out[count++] = log(came / told);
      }
    }
  }
  return count;
}

/* How far transformers were from their group's factor on festival days a year before: what a festival adds to the spread. */
static double festival_spread(const Work *work, size_t day, size_t slot, uint32_t group) {
  const ForesightCase *given = work->given;
  double sum = 0, seen = 0;
  for (size_t i = 0; i < given->count; i++) {
    double own, all;
    if (given->series[i].group != group || !festive(work, i, day, slot, &own, &all)) continue;
    sum += (own - all) * (own - all), seen++;
  }
  return seen > 3 ? sum / seen * (1 - FESTIVAL_MIX) : 0.04;
}

typedef struct Spread {
  double *sorted[BLOCKS + 1];
  size_t count[BLOCKS + 1];
} Spread;

static void tell(const Work *work, const Spread *spread, double middle, size_t slot, double extra, double rated, float *to,
                 float *overload) {
  size_t block = block_of(work, slot), count = spread->count[block];
  const double *sorted = spread->sorted[block];
  double wide = 1;
  if (!(middle > 0) || count < 10) {
    for (int q = 0; q < FORESIGHT_QUANTILES; q++) to[q] = middle > 0 ? (float)middle : NAN;
    if (overload) *overload = middle > 0 ? (float)(rated > 0 && middle > rated) : NAN;
    return;
  }
  double centre = quantile_of(sorted, count, 0.5), half = (quantile_of(sorted, count, 0.9) - quantile_of(sorted, count, 0.1)) / 2.5631;
  if (extra > 0 && half > 0) wide = sqrt(1 + extra / (half * half));
  for (int q = 0; q < FORESIGHT_QUANTILES; q++)
    to[q] = (float)(middle * exp(centre + wide * (quantile_of(sorted, count, FORESIGHT_LEVELS[q]) - centre)));
  if (!overload) return;
  size_t over = 0;
  for (size_t i = 0; i < count; i++) over += rated > 0 && middle * exp(centre + wide * (sorted[i] - centre)) > rated;
  *overload = (float)over / (float)count;
}

/* Errors of the transformer, and some of each of its group. */
static bool gather(Work *work, ForesightMethod method, size_t series, double *const *group, const size_t *group_count, Spread *out,
                   Error *error) {
  for (size_t block = 0; block <= BLOCKS; block++) {
    double *all = ARENA_ARRAY(work->arena, double, ERRORS_MAX + GROUP_ERRORS);
    if (!all) return error_raise(error, ERROR_OUT_OF_MEMORY, "foresight");
    size_t own = errors_of(work, method, series, block, all, ERRORS_MAX), many = group_count[block],
           take = many < GROUP_ERRORS ? many : GROUP_ERRORS;
    if (take > own / 2 + 8) take = own / 2 + 8; /* a third of the whole */
    for (size_t k = 0; k < take; k++) all[own + k] = group[block][k * many / take];
    qsort(all, own + take, sizeof *all, by_size);
    out->sorted[block] = all, out->count[block] = own + take;
  }
  return true;
}

static bool group_errors(Work *work, ForesightMethod method, uint32_t group, double **out, size_t *count, Error *error) {
  const ForesightCase *given = work->given;
  size_t members = 0, step;
  for (size_t i = 0; i < given->count; i++) members += given->series[i].group == group;
  step = members / 12 + 1; /* a dozen of them tell enough */
  for (size_t block = 0; block <= BLOCKS; block++) {
    double *all = ARENA_ARRAY(work->arena, double, ERRORS_MAX);
    if (!all) return error_raise(error, ERROR_OUT_OF_MEMORY, "foresight");
    count[block] = 0;
    for (size_t i = 0, nth = 0; i < given->count; i++) {
      if (given->series[i].group != group || nth++ % step) continue;
      size_t room = ERRORS_MAX / 12;
      if (count[block] + room > ERRORS_MAX) break;
      count[block] += errors_of(work, method, i, block, all + count[block], room);
    }
    qsort(all, count[block], sizeof *all, by_size);
    out[block] = all;
  }
  return true;
}

static bool tell_series(Work *work, ForesightMethod method, size_t i, double *const *errors, const size_t *counts, Foresight *out,
                        Error *error) {
  const ForesightCase *given = work->given;
  Spread spread;
  if (!gather(work, method, i, errors, counts, &spread, error)) return false;
  for (size_t d = 0; d < (size_t)given->horizon; d++) {
    size_t day = given->days + d;
    double extra = method == FORESIGHT_FULL && work->festival[day] ? festival_spread(work, day, given->slots, given->series[i].group) : 0;
    for (size_t slot = 0; slot < work->slots; slot++)
      tell(work, &spread, forecast(work, method, i, day, given->days, slot), slot, extra, given->series[i].rated_kw,
           foresight_at(out, given, i, d, slot), slot + 1 == work->slots ? out->overload + i * (size_t)given->horizon + d : NULL);
  }
  return true;
}

bool foresight_make(const ForesightCase *given, ForesightMethod method, Foresight *out, Arena *arena, Error *error) {
  Work work;
  Arena own;
  *out = (Foresight){.slots = given->slots};
  if (given->slots < 1 || given->slots > FORESIGHT_SLOTS_MAX)
    return error_raise(error, ERROR_LIMIT, "slots of a day\t%d", FORESIGHT_SLOTS_MAX);
  if (given->horizon < 1 || given->horizon > FORESIGHT_DAYS_MAX)
    return error_raise(error, ERROR_LIMIT, "days foreseen\t%d", FORESIGHT_DAYS_MAX);
  for (size_t i = 0; i < given->count; i++)
    if (given->series[i].group >= given->group_count)
      return error_raise(error, ERROR_FIELD_INVALID, "group\t%u\tthere are %u", given->series[i].group, given->group_count);
  out->quantile = ARENA_ARRAY(arena, float, given->count *(size_t)given->horizon *(given->slots + 1) * FORESIGHT_QUANTILES + 1);
  out->overload = ARENA_ARRAY(arena, float, given->count *(size_t)given->horizon + 1);
  if (!out->quantile || !out->overload) return error_raise(error, ERROR_OUT_OF_MEMORY, "foresight");
  arena_begin(&own, 0);
  bool ok = begin(&work, given, &own, error);
  if (ok && method == FORESIGHT_FULL) calm_down(&work);
  out->seasonal = given->days >= YEAR + FORESIGHT_LEVEL_DAYS;
  for (size_t i = 0; ok && method == FORESIGHT_FULL && i < given->count; i++) learn(&work, i);
  for (uint32_t g = 0; ok && g < given->group_count; g++) {
    double *errors[BLOCKS + 1];
    size_t counts[BLOCKS + 1];
    Arena scratch;
    arena_begin(&scratch, 0);
    work.arena = &scratch;
    ok = group_errors(&work, method, g, errors, counts, error);
    for (size_t i = 0; ok && i < given->count; i++)
      if (given->series[i].group == g) {
        Arena one;
        arena_begin(&one, 0);
        work.arena = &one;
        ok = tell_series(&work, method, i, errors, counts, out, error);
        arena_end(&one);
      }
    arena_end(&scratch);
  }
  arena_end(&own);
  return ok;
}
