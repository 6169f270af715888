/* A storm night on a county: faults strike within some hours, customers call, meters gasp; the locating engine says where, crews drive, search,
 * mend, and everything is played again with another way of choosing who goes. The engines are the real ones (outage/locate.h, crew/nearest.h,
 * crew/dispatch_board.h); there is no SQL, so a night takes seconds. Chance is drawn by fault and by what is done to it, not by time, so that
 * every way of choosing meets the same storm, the same repair times and the same roads.
 *
 * What is simple about it: faults take all phases and do not lie above one another; crews work alone, all are called in for the night; who
 * drives is not turned round; material is not modelled. Who may call: `dianbaomu storm`, tests. */
#ifndef SIM_STORM_H
#define SIM_STORM_H

#include "outage/locate_package.h"

typedef enum StormWay {
  STORM_OLDEST,  /* the nearest able free crew goes to whoever has waited longest: the rule of crew/nearest.h */
  STORM_LARGEST, /* the same rule, the outage with most customers first */
  STORM_PLANNER, /* the plan of all crews, made anew whenever something changes */
  STORM_WAYS
} StormWay;
extern const char *const STORM_WAY_NAMES[STORM_WAYS]; /* "oldest", "largest", "planner" */

typedef struct StormOptions {
  uint64_t seed;
  uint32_t faults;
  Instant begin;
  Span spread, length;   /* faults strike within; the night ends */
  int64_t rounds;        /* of each re-plan */
} StormOptions;
StormOptions storm_options(void); /* seed 1, 250 faults within 4 h of 19:00, until 13:00, 3000 rounds */

typedef struct StormFigures {
  uint32_t faults, customers;          /* that struck; customers they darkened */
  uint32_t mended;                     /* by the end */
  double customer_hours;               /* what is still dark at the end counts until then */
  uint32_t promised, kept;             /* faults somebody called about; of them a crew there in time since the first call */
  uint32_t critical, critical_kept;    /* of them with an important customer or one on life support below */
  double arrival_minutes;              /* mean, from the first call, of those reached */
  uint32_t sent, in_vain;              /* drives; to where nothing was */
  uint32_t replans;
  double replan_p50_ms, replan_p99_ms, replan_most_ms; /* of processor time */
  double seconds;                      /* of processor time, all of it */
} StormFigures;

/* ERROR_FIELD_INVALID where the package has no crews with a place, or no device that can fail. */
bool storm_run(StormFigures *out, const LocatePackage *package, const StormOptions *options, StormWay way, Error *error) MUST_USE;

#endif
