/* For tests and benches: years of hourly load of transformers, made from what people do, not from factors on levels: a weather that nobody
 * knows beforehand, appliances that are on or off by it, families who come home for Spring Festival, each village on days of its own, barns
 * that cure in batches, pumps that run when it has not rained. */
#ifndef SUPPLY_SEASONS_H
#define SUPPLY_SEASONS_H

#include "base/random.h"
#include "supply/foresight.h"

enum { SEASONS_HOURS = 24, SEASONS_GROUPS = 4 }; /* villages, town, tobacco, irrigated */

typedef struct Seasons {
  ForesightSeries *series;
  size_t count, days;
  int32_t first_day;
} Seasons;

/* In the arena; ratings such that some are overloaded now and then. */
bool seasons_draw(Seasons *out, size_t count, int32_t first_day, size_t days, uint64_t seed, Arena *arena);

#endif
