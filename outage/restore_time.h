/* When will power be back? An estimate with an interval, from history first and from what the crew reports as it comes. A pure engine.
 *
 * A repair is a chain of stages: until a crew is assigned, its way, the survey, the work. Each lasts log-normally long; medians and spreads
 * come from the company's history by cause (restore_fit), and are multiplied by hour and weather. What remains is the sum over the stages
 * still to come; a stage that runs is conditioned on having lasted so long already, so an overdue estimate moves on instead of standing in
 * the past. Each distribution is 40 equally likely lengths; sums are over all pairs. */
#ifndef OUTAGE_RESTORE_TIME_H
#define OUTAGE_RESTORE_TIME_H

#include "base/error.h"
#include "base/time.h"

typedef enum RestoreStage { RESTORE_ASSIGN, RESTORE_TRAVEL, RESTORE_SURVEY, RESTORE_WORK, RESTORE_STAGES } RestoreStage;

typedef struct RestoreStageModel {
  double median_min, sigma; /* of the stage's length; sigma of its logarithm */
} RestoreStageModel;

enum { RESTORE_CAUSES_MAX = 16 };

typedef struct RestoreModel {
  int causes; /* cause 0: unknown */
  RestoreStageModel stage[RESTORE_CAUSES_MAX][RESTORE_STAGES];
  double night;   /* factor on all stages 22:00–6:00 */
  double weather; /* factor on all stages per step of weather (0 calm, 1 rain, 2 storm) */
  double load;    /* factor exponent: (1 + outages waiting per crew)^load on the assignment */
  Span zone;
} RestoreModel;
RestoreModel restore_model_default(void);

/* One repair as it went, for fitting: the length of each stage in minutes, negative where unknown. */
typedef struct RestoreHistory {
  int cause;
  Instant began;
  int weather;
  double waiting;
  double stage_min[RESTORE_STAGES];
} RestoreHistory;
/* Medians and spreads from history, each shrunk towards the default as if that had been seen `weight` times. */
void restore_fit(RestoreModel *model, const RestoreHistory *history, size_t count, double weight);

typedef struct RestoreCase {
  int cause;
  Instant began; /* of the outage */
  int weather;
  double waiting;               /* outages waiting per free crew */
  Instant done[RESTORE_STAGES]; /* when each stage ended, INSTANT_NONE: not yet */
  double travel_min;            /* the crew's way by map, negative: unknown; replaces the model's median */
  double promised_min; /* the crew's own word on the work left to do, at its survey; negative: none; replaces the median of the work */
} RestoreCase;

typedef struct RestoreEstimate {
  Instant likely, from, until; /* median, 10 % and 90 % */
} RestoreEstimate;

RestoreEstimate restore_estimate(const RestoreModel *model, const RestoreCase *c, Instant now);
/* Power back at the q-quantile, 0 < q < 1. */
Instant restore_quantile(const RestoreModel *model, const RestoreCase *c, Instant now, double q);

/* How good estimates were: share of truths inside [from, until] (0.8 wanted) and the mean pinball loss in minutes over the three quantiles.
 */
typedef struct RestoreScore {
  uint64_t count;
  double inside, pinball_min;
} RestoreScore;
void restore_score_add(RestoreScore *score, const RestoreEstimate *estimate, Instant restored);

#endif
