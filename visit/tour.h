/* A manager's month: every household of the grid on exactly one working day, days compact and of like length, each day a short way from door to
 * door; those who are due first; last month's days kept unless a change is worth it. A pure engine: plain structs in, a plan out; no I/O,
 * clock, globals or threads: so managers can be planned side by side.
 *
 * Cost in minutes, lower is better: legs + evenness × Σ (day's minutes)² ÷ (its share × mean) + over × minutes past a day's capacity
 *   + change × households on another day than before + urgent[u] × days until they are visited + early × days too early.
 * A leg of m metres by air is walked (m × detour ÷ 67 m/min) or, when that is sooner, ridden (3 min + m × detour ÷ 333 m/min).
 * Method: the plan before (or the households along a Hilbert curve, cut into days), then annealing over moves of up to three neighbours,
 * exchanges, tails of two days, turned stretches, and whole days. Households at one door are moved as one. The same problem, seed and rounds
 * give the same plan.
 *
 * Places in metres on a plane. Who may call: the visit room, the command line, benches. */
#ifndef VISIT_TOUR_H
#define VISIT_TOUR_H

#include "base/error.h"
#include "base/memory.h"

enum { TOUR_DAYS = 31, TOUR_URGENCIES = 4, TOUR_VISITS = 20000 };

typedef struct TourVisit {
  double x, y;
  double minutes;   /* at the door, > 0 */
  int before;       /* its day in the plan before, -1: none */
  int place_before; /* its place in that plan, to begin from */
  int urgency;      /* 0 … TOUR_URGENCIES - 1; 0: any day of the month is as good */
  int earliest;     /* not before this day: missed there, or away until then */
} TourVisit;

typedef struct TourRules {
  double detour, walk, ride, mount; /* metres a minute; minutes to get on and off */
  double evenness, over, change, early;
  double urgent[TOUR_URGENCIES];    /* a day's delay */
} TourRules;
TourRules tour_rules(void);

typedef struct TourProblem {
  const TourVisit *visits;
  int visit_count, day_count;       /* day_count 1 … TOUR_DAYS */
  double base_x, base_y;            /* where each day begins and ends */
  double capacity[TOUR_DAYS];       /* minutes of that day; 0: nobody goes that day */
  TourRules rules;
} TourProblem;

typedef struct TourDay {
  int from, to;                     /* its visits: order[from … to - 1] */
  double minutes, legs_m, base_m;   /* in all; between doors and to the base and back, by road */
} TourDay;

typedef struct TourPlan {
  int *order;                       /* every visit once, by day, then in order of the way */
  int day_count;
  TourDay days[TOUR_DAYS];
  double cost, legs_m, base_m, minutes;
  int moved;                        /* visits that had a day and have another now */
} TourPlan;

/* The plan lives in `arena`. ERROR_FIELD_INVALID for a field out of its range, ERROR_LIMIT, ERROR_OUT_OF_MEMORY. */
bool tour_plan(const TourProblem *problem, uint64_t seed, int64_t rounds, Arena *arena, TourPlan *out, Error *error) MUST_USE;
int64_t tour_rounds(const TourProblem *problem); /* worth their time: about 80 ms for 600 households */

/* Yardstick: households by their angle round the base, cut into days of like length, each day by the nearest next and 2-opt. */
bool tour_sweep(const TourProblem *problem, Arena *arena, TourPlan *out, Error *error) MUST_USE;

/* A visit that was missed: the day after `today` on which it fits within the capacity for the least further way among the next `among`
 * that fit, else the one least over. Which place in that day's order: *at. -1: no day is left. */
int tour_roll(const TourProblem *problem, const TourPlan *plan, const TourVisit *visit, int today, int among, int *at);

/* Counted anew from order and days alone: figures and cost of `plan` as given; ERROR_INTERNAL when a visit is missing or stands twice, or on a
 * day nobody goes. Shares no code with the search. */
bool tour_check(const TourProblem *problem, TourPlan *plan, Error *error) MUST_USE;

double tour_leg_minutes(const TourRules *rules, double metres); /* by air */
bool tour_problem_check(const TourProblem *problem, Error *error) MUST_USE;

#endif
