/* The load of transformers in the days to come, with quantiles, festivals and seasons: so that capacity is arranged before New Year's Eve.
 * A pure engine: a history of loads in, forecasts out.
 *
 * Of each day `slots` loads are forecast and, as one more, the peak: the greatest mean over PEAK_HOURS together, by which a transformer is
 * overloaded or not. Per transformer and slot:
 *     forecast = level of the last weeks × the year's course × the festival
 * Level: weighted mean of six weeks, weekdays and week-ends apart, festival days left out. The year's course: the day 52 weeks before over the
 * level that stood then before the same lead, as if no festival had been. The festival, inside its window: the day of the same lunar date a
 * year before over what it would have been without. Both are learned from the transformer itself and from all of its group together, and
 * mixed; how far the year's course is believed (its power, and the mix) is found by what would have been best on the last weeks. Errors of
 * those same weeks, transformer and group mixed, give the quantiles; festival days spread wider by how far transformers were from their
 * group at the festival a year before. Nothing is known of the weather.
 *
 * Baselines, for scoring and while there is no year of history: the same slot last week, and the mean of the last four. */
#ifndef SUPPLY_FORESIGHT_H
#define SUPPLY_FORESIGHT_H

#include "base/error.h"
#include "base/memory.h"

enum {
  FORESIGHT_QUANTILES = 4,
  FORESIGHT_DAYS_MAX = 14,
  FORESIGHT_SLOTS_MAX = 96,
  FORESIGHT_LEVEL_DAYS = 28,
  FORESIGHT_TRIAL_WEEKS = 8,
  FORESIGHT_PEAK_HOURS = 2,
  FORESIGHT_FESTIVAL_BEFORE = 12, /* days of the window around the lunar New Year's Day */
  FORESIGHT_FESTIVAL_AFTER = 16
};
extern const double FORESIGHT_LEVELS[FORESIGHT_QUANTILES]; /* 0.1 0.5 0.9 0.975 */

typedef struct ForesightSeries {
  const float *load; /* [day][slot], kW; NaN: missing */
  uint32_t group;    /* those of one kind of place: villages, town, …; < group_count */
  double rated_kw;   /* 0: not known */
} ForesightSeries;

typedef struct ForesightCase {
  const ForesightSeries *series;
  size_t count, days, slots;
  uint32_t group_count;
  int32_t first_day; /* local, since 1970, of the history; the forecast begins on first_day + days */
  int horizon;       /* days, 1 … FORESIGHT_DAYS_MAX */
} ForesightCase;

typedef enum ForesightMethod { FORESIGHT_FULL, FORESIGHT_LAST_WEEK, FORESIGHT_FOUR_WEEKS } ForesightMethod;

typedef struct Foresight {
  size_t slots;      /* + 1: the peak is the last */
  float *quantile;   /* [series][day][slot + 1][FORESIGHT_QUANTILES], kW; NaN where there is not history enough */
  float *overload;   /* [series][day]: probability that the peak is over the rating */
  bool seasonal;     /* a year of history was there */
} Foresight;

/* In the arena. Errors: LIMIT, FIELD_INVALID, OUT_OF_MEMORY. */
bool foresight_make(const ForesightCase *given, ForesightMethod method, Foresight *out, Arena *arena, Error *error) MUST_USE;

float *foresight_at(const Foresight *foresight, const ForesightCase *given, size_t series, size_t day, size_t slot); /* its quantiles */
/* The peak of a day of loads. */
float foresight_peak(const float *day, size_t slots);
/* Whether a day lies in the window of Spring Festival; *offset: days from New Year's Day. */
bool foresight_festival(int32_t day, int *offset);
/* Pinball loss of quantile q told for what came to be. */
double foresight_pinball(double told, double came, double q);

#endif
