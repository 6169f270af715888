/* What would help an area with low voltage, ranked: every remedy worth asking about is put into the network and the day computed with it,
 * exactly. A pure engine over supply/area.h.
 *
 *   tap           the transformer's tap, by steps
 *   balance       named one-phase households to another phase: the one move that gains most at the worst quarter-hours, again and again
 *   hours         staggered hours for pumps (supply/stagger.h)
 *   conductor     heavier conductor on named spans: on the way to the worst household from the transformer on, and where most is lost
 *   transformer   the next greater ratings, in the same place
 *   second        a second transformer at a node that takes over all below it; the place is the one that leaves the best day
 *   and the best of the cheap ones together: tap with balance, with hours, with conductor
 *
 * Ranking: first what leaves nobody low (and makes nobody's voltage too high), by cost, then by days; then the rest by volt-quarter-hours
 * still missing. Money in yuan, whole works. */
#ifndef SUPPLY_REMEDY_H
#define SUPPLY_REMEDY_H

#include "supply/stagger.h"

typedef enum RemedyKind {
  REMEDY_TAP,
  REMEDY_BALANCE,
  REMEDY_HOURS,
  REMEDY_CONDUCTOR,
  REMEDY_TRANSFORMER,
  REMEDY_SECOND,
  REMEDY_COUNT
} RemedyKind;
extern const char *const REMEDY_NAME[REMEDY_COUNT]; /* "tap", … */

enum { REMEDY_TAPS_MAX = 8, REMEDY_RATINGS_MAX = 16, REMEDY_SWAPS_MAX = 12, REMEDY_SPANS_MAX = 64, REMEDY_LIST_MAX = 160 };

typedef struct RemedyRating {
  double kva, impedance_percent, loss_percent, price_yuan;
} RemedyRating;

typedef struct RemedyRates { /* rules/remedies.yaml */
  double taps[REMEDY_TAPS_MAX];
  RemedyRating ratings[REMEDY_RATINGS_MAX]; /* rising */
  uint32_t tap_count, rating_count;
  double tap_yuan, tap_days, swap_yuan, swap_per_day, hours_yuan, hours_days, conductor_days_km, conductor_days, transformer_yuan,
      transformer_days, second_yuan, second_days,
      second_mv_yuan_m; /* medium voltage to a second transformer: along the low-voltage way to its node */
  double load_share;    /* what a new transformer's peak may be of its rating */
  StaggerWish hours;
} RemedyRates;

typedef struct RemedyMove {
  uint32_t customer;
  uint8_t from, to; /* phase bits */
} RemedyMove;

typedef struct Remedy {
  uint32_t kinds;                                          /* bits 1 << RemedyKind */
  double tap_percent;                                      /* as it would be */
  RemedyRating rating;                                     /* of the transformer, or the second */
  uint32_t node;                                           /* of the second */
  uint32_t conductor, span_count, spans[REMEDY_SPANS_MAX]; /* spans: the nodes they lead to */
  double span_m;
  uint32_t move_count;
  RemedyMove moves[REMEDY_SWAPS_MAX];
  const StaggerPlan *hours;
  double cost_yuan, days;
  AreaDay after;
  uint32_t cured; /* households low before and not after */
  bool cures;     /* nobody is low, nobody too high who was not */
} Remedy;

typedef struct RemedyList {
  AreaDay before;
  Remedy *at; /* best first */
  size_t count, tried;
} RemedyList;

/* All in the arena. An area where nobody is low gives an empty list. */
bool remedy_search(const Area *area, const RemedyRates *rates, RemedyList *out, Arena *arena, Arena *work, Error *error) MUST_USE;
/* The area with the remedy in it, in the arena: its day is remedy->after, with every voltage if asked for. */
bool remedy_apply(const Area *area, const Remedy *remedy, Area *out, Arena *arena, Error *error) MUST_USE;
bool remedy_day(const Area *area, const Remedy *remedy, bool with_volts, AreaDay *out, Arena *arena, Arena *work, Error *error) MUST_USE;

#endif
