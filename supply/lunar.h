/* The Chinese lunar calendar, computed: months begin on the day (UTC+8) of the new moon; the month of the winter solstice is the eleventh; of
 * thirteen months between two of those the first without a major solar term is the leap month (GB/T 33661-2017). New moons and the sun's
 * longitude by Meeus, Astronomical Algorithms, ch. 49 and 25: good to some minutes, for the years 1950 to 2100. Pure. */
#ifndef SUPPLY_LUNAR_H
#define SUPPLY_LUNAR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct LunarDate {
  int year;  /* the Gregorian year in which it began */
  int month; /* 1 … 12 */
  int day;   /* 1 … 30 */
  bool leap;
} LunarDate;

LunarDate lunar_of_day(int32_t day);        /* local days since 1970-01-01 */
int32_t lunar_new_year(int year);           /* the day of the first of the first month */

#endif
