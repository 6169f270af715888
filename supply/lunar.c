#include "supply/lunar.h"

#include <math.h>

#define RADIANS 0.017453292519943295
#define EPOCH_JD 2440587.5 /* 1970-01-01T00:00Z */
#define ZONE_DAYS (8.0 / 24)
#define DELTA_T_DAYS (69.0 / 86400) /* terrestrial time ahead of universal, about 2020 */

static double sine(double degrees) { return sin(fmod(degrees, 360) * RADIANS); }

/* The day (local, since 1970) of new moon number k, counted from that of 2000-01-06. */
static int32_t new_moon(int k) {
  double n = k, t = n / 1236.85, e = 1 - 0.002516 * t;
  double sun = 2.5534 + 29.1053567 * n, moon = 201.5643 + 385.81693528 * n + 0.0107582 * t * t,
         node = 160.7108 + 390.67050284 * n - 0.0016118 * t * t, omega = 124.7746 - 1.56375588 * n + 0.0020672 * t * t;
  double at = 2451550.09766 + 29.530588861 * n + 0.00015437 * t * t;
  at += -0.4072 * sine(moon) + 0.17241 * e * sine(sun) + 0.01608 * sine(2 * moon) + 0.01039 * sine(2 * node) +
        0.00739 * e * sine(moon - sun) - 0.00514 * e * sine(moon + sun) + 0.00208 * e * e * sine(2 * sun) -
        0.00111 * sine(moon - 2 * node) - 0.00057 * sine(moon + 2 * node) + 0.00056 * e * sine(2 * moon + sun) - 0.00042 * sine(3 * moon) +
        0.00042 * e * sine(sun + 2 * node) + 0.00038 * e * sine(sun - 2 * node) - 0.00024 * e * sine(2 * moon - sun) -
        0.00017 * sine(omega) + 0.000325 * sine(299.77 + 0.107408 * n - 0.009173 * t * t) + 0.000165 * sine(251.88 + 0.016321 * n);
  return (int32_t)floor(at - DELTA_T_DAYS - EPOCH_JD + ZONE_DAYS);
}

/* The sun's longitude, degrees, at the local midnight a day begins with. */
static double sun_at(int32_t day) {
  double t = (day - ZONE_DAYS + DELTA_T_DAYS + EPOCH_JD - 2451545) / 36525, anomaly = 357.52911 + 35999.05029 * t;
  double centre = (1.914602 - 0.004817 * t) * sine(anomaly) + 0.019993 * sine(2 * anomaly) + 0.000289 * sine(3 * anomaly);
  double value = fmod(280.46646 + 36000.76983 * t + centre - 0.00569 - 0.00478 * sine(125.04 - 1934.136 * t), 360);
  return value < 0 ? value + 360 : value;
}

/* Days since 1970 of 1 December of a year, near enough: the solstice is looked for from there. */
static int32_t december(int year) { return (int32_t)floor((year - 1970) * 365.2425 + 334); }

static int32_t solstice(int year) {
  int32_t day = december(year);
  while (sun_at(day + 1) < 270 || sun_at(day + 1) > 300) day++;
  return day;
}

/* The number of the last new moon not after a day. */
static int moon_of(int32_t day) {
  int k = (int)floor((day + EPOCH_JD - 2451550.1) / 29.530588861) + 2;
  while (new_moon(k) > day) k--;
  return k;
}

static bool has_major_term(int k) { return (int)(sun_at(new_moon(k)) / 30) != (int)(sun_at(new_moon(k + 1)) / 30); }

LunarDate lunar_of_day(int32_t day) {
  int year = (int)floor(1970 + (day + 0.5) / 365.2425), moon = moon_of(day), eleventh = moon_of(solstice(year));
  if (moon < eleventh) year--, eleventh = moon_of(solstice(year)); /* the eleventh month of the year before begins this count */
  int next = moon_of(solstice(year + 1)), leap = 0;
  for (int k = eleventh + 1; next - eleventh == 13 && k < next && !leap; k++)
    if (!has_major_term(k)) leap = k;
  int months = moon - eleventh - (leap && moon >= leap),
      month = (10 + months) % 12 + 1; /* months since the eleventh, the leap one not counted */
  return (LunarDate){months >= 2 ? year + 1 : year, month, day - new_moon(moon) + 1, leap && moon == leap};
}

int32_t lunar_new_year(int year) {
  int32_t day = december(year - 1) + 46; /* mid-January; at most five weeks on */
  for (LunarDate at = lunar_of_day(day); at.month != 1 || at.leap; at = lunar_of_day(day)) day = new_moon(moon_of(day) + 1);
  return new_moon(moon_of(day));
}
