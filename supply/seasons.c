#include "supply/seasons.h"

#include <math.h>
#include <stdlib.h>

#include "supply/lunar.h"

typedef struct Weather {
  double *mean; /* [day] degrees */
  double *wet;  /* [day] water in the fields, 0 … 1 */
} Weather;

typedef struct Place {
  int households, barns, pumps;
  double away, cooling, heating, growth, size; /* share of families who come home for the festival; share who own the appliances */
  int kind;
} Place;

static double on(double x) { return 1 / (1 + exp(-x)); }

/* How many of n do it, each with chance p. */
static double draw(Random *random, double n, double p) {
  double mean = n * p, spread = sqrt(fmax(n * p * (1 - p), 0));
  return fmin(fmax(mean + spread * random_normal(random), 0), n);
}

static bool draw_weather(Weather *out, int32_t first, size_t days, Random *random, Arena *arena) {
  double away = 0, wet = 0.7;
  out->mean = ARENA_ARRAY(arena, double, days);
  out->wet = ARENA_ARRAY(arena, double, days);
  if (!out->mean || !out->wet) return false;
  for (size_t d = 0; d < days; d++) {
    double year = fmod((double)first + (double)d - 20, 365.2425) / 365.2425 * 6.283185307;
    away = 0.8 * away + 2.2 * random_normal(random);
    out->mean[d] = 17.5 - 12 * cos(year) + away;
    wet -= fmax(out->mean[d], 0) / 30 * 0.06;
    if (random_unit(random) < 0.22) wet += random_exponential(random, 0.25);
    out->wet[d] = wet = fmin(fmax(wet, 0), 1);
  }
  return true;
}

/* Share of those away who are home on a day. Everybody comes and goes on days of their own, other ones every year. */
static double home(int offset, double come, double go) {
  return offset < come - 4 || offset > go + 5 ? 0 : on((offset - come) * 0.9) * on((go - offset) * 0.7);
}

static double hour_load(const Place *place, double present, double degrees, int hour, bool weekend, bool eve, Random *random) {
  static const double AWAKE[24] = {.08, .05, .04, .04, .05, .15, .45, .65, .6,  .55, .55, .7,
                                   .75, .6,  .5,  .5,  .55, .7,  .9,  .95, .93, .8,  .5,  .2};
  static const double COOK[24] = {0, 0, 0, 0, 0, .05, .22, .2, .06, .03, .12, .38, .2, .03, .02, .02, .1, .36, .34, .1, .03, .01, 0, 0};
  double n = place->households * place->size * present, awake = AWAKE[hour] * (weekend && hour > 8 && hour < 18 ? 1.15 : 1);
  double load = n * 0.06 + 0.18 * draw(random, n, fmin(awake, 1));
  load += 1.1 * draw(random, n, fmin(COOK[hour] * (eve && hour > 14 && hour < 21 ? 2.1 : 1), 0.95));
  load += 0.9 * draw(random, n * place->cooling, on((degrees - 30) / 1.6) * (0.25 + 0.6 * awake));
  load += 1.2 * draw(random, n * place->heating, on((7 - degrees) / 2.2) * (0.2 + 0.7 * awake));
  return load;
}

static void draw_place(Place *place, size_t i, Random *random) {
  int kind = (int)(i % SEASONS_GROUPS);
  *place = (Place){.kind = kind,
                   .households = (int)random_between(random, kind == 1 ? 120 : 40, kind == 1 ? 320 : 140),
                   .away = kind == 1 ? -0.25 * random_unit(random) : 0.25 + 0.6 * random_unit(random),
                   .cooling = 0.3 + 0.5 * random_unit(random),
                   .heating = 0.2 + 0.5 * random_unit(random),
                   .growth = 0.02 + 0.06 * random_unit(random),
                   .size = 0.8 + 0.4 * random_unit(random)};
  if (kind == 2) place->barns = (int)random_between(random, 3, 10);
  if (kind == 3) place->pumps = (int)random_between(random, 3, 9);
}

static bool draw_series(Seasons *out, size_t i, const Weather *weather, Random *random, Arena *arena) {
  Place place;
  float *load = ARENA_ARRAY(arena, float, out->days *SEASONS_HOURS), *peaks = ARENA_ARRAY(arena, float, out->days);
  int batch[16];
  double come = 0, go = 0;
  int year = 0;
  if (!load || !peaks) return false;
  draw_place(&place, i, random);
  for (int b = 0; b < 16; b++) batch[b] = (int)random_below(random, 8);
  for (size_t d = 0; d < out->days; d++) {
    int32_t day = out->first_day + (int32_t)d;
    int offset, of_year = (int)fmod(day, 365.2425);
    foresight_festival(day, &offset);
    LunarDate lunar = lunar_of_day(day);
    int festival = offset < 0 ? lunar.year + 1 : lunar.year;
    if (festival != year) year = festival, come = -9 + 3 * random_normal(random), go = 8 + 2.5 * random_normal(random);
    bool near = lunar.month == 12 || lunar.month == 1, weekend = ((day + 4) % 7) % 6 == 0;
    double present = 1 + (near ? (place.away > 0 ? place.away * 1.6 : place.away) * home(offset, come, go) : 0);
    present *= 1 + place.growth * (double)d / 365;
    for (int hour = 0; hour < SEASONS_HOURS; hour++) {
      double degrees = weather->mean[d] + 4 * sin((hour - 9) / 24.0 * 6.283185307) + 0.5 * random_normal(random);
      double kw = hour_load(&place, present, degrees, hour, weekend, near && offset == -1, random);
      for (int b = 0; b < place.barns; b++) /* six days of fire, two of rest, from early July to mid-September */
        if (of_year > 186 && of_year < 258 && (of_year + batch[b]) % 8 < 6) kw += 4 + 3 * random_unit(random);
      if (of_year > 150 && of_year < 245 && hour > 5 && hour < 20)
        kw += 5.5 * draw(random, place.pumps, on((0.35 - weather->wet[d]) * 12) * 0.8);
      load[d * SEASONS_HOURS + (size_t)hour] = random_below(random, 400) ? (float)kw : NAN; /* a reading now and then is missing */
    }
    peaks[d] = foresight_peak(load + d * SEASONS_HOURS, SEASONS_HOURS);
  }
  double most = 0, second = 0;
  for (size_t d = 0; d < out->days; d++) {
    if ((double)peaks[d] > most)
      second = most, most = (double)peaks[d];
    else
      second = fmax(second, (double)peaks[d]);
  }
  out->series[i] = (ForesightSeries){load, (uint32_t)place.kind, second * (0.7 + 0.6 * random_unit(random))};
  return true;
}

bool seasons_draw(Seasons *out, size_t count, int32_t first_day, size_t days, uint64_t seed, Arena *arena) {
  Weather weather;
  Random random;
  random_seed(&random, seed);
  *out = (Seasons){ARENA_ARRAY(arena, ForesightSeries, count), count, days, first_day};
  if (!out->series || !draw_weather(&weather, first_day, days, &random, arena)) return false;
  for (size_t i = 0; i < count; i++)
    if (!draw_series(out, i, &weather, &random, arena)) return false;
  return true;
}
