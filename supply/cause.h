/* Why the voltage of an area is low: the day computed again with one thing put as it should be, everything else as it is. The cause is what
 * gives back most. A pure engine over supply/area.h.
 *
 *   source       medium voltage at `source_pu` where it is below, the tap not under its middle
 *   transformer  a rating at which the day's peak is at most `load_share`
 *   line         spans as heavy as the standard conductor, and no household farther than `radius_m` of line
 *   balance      on each outgoing line whose phases differ by more than `imbalance` of the greatest (while the area draws 60 % of its
 *                peak or more) the one-phase households dealt out anew, the greatest first, each to the phase that carries least
 *   hours        pumps and the like spread evenly over the hours they may run in
 *
 * What a counterfactual gives back is judged by two shares, each 0…1, and their mean: of the households that are low, how many are not any
 * more; of the volt-quarter-hours missing under the limit, how many are there. Where two give back as much (within CAUSE_TIE: often each
 * alone would do) hours go first, as load at one time is not load too great; else the one that lifts the worst voltage more. */
#ifndef SUPPLY_CAUSE_H
#define SUPPLY_CAUSE_H

#include "supply/area.h"

typedef enum CauseKind { CAUSE_SOURCE, CAUSE_TRANSFORMER, CAUSE_LINE, CAUSE_BALANCE, CAUSE_HOURS, CAUSE_COUNT } CauseKind;
extern const char *const CAUSE_NAME[CAUSE_COUNT]; /* "source", … */

#define CAUSE_TIE 0.05

typedef struct CauseStandard {
  double source_pu, load_share, radius_m, imbalance; /* 0.98, 0.8, 500, 0.25 */
  uint32_t conductor;                                /* of the area's table; a span of more resistance is thought as heavy as this */
  uint16_t from, until;                              /* quarter-hours in which pumps may run */
} CauseStandard;

typedef struct CauseView {
  double worst_volts;
  uint32_t low_customers;
  double cured;     /* share of the low households that are not any more */
  double recovered; /* the mean of the two shares */
} CauseView;

typedef struct CauseReport {
  AreaDay before;
  CauseView view[CAUSE_COUNT];
  bool low; /* somebody is under the limit for long enough; else there is no cause to name */
  CauseKind cause;
} CauseReport;

bool cause_find(const Area *area, const CauseStandard *standard, CauseReport *out, Arena *arena, Arena *work, Error *error) MUST_USE;

#endif
