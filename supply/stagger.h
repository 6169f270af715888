/* Staggered hours: who may run a pump when, until the works are done. A pure engine over supply/area.h.
 *
 * Each pump needs so many quarter-hours a day at its power, in runs of at least `least_run`. Found: for each day of a turn a timetable a
 * pump such that no household falls under the limit. How: voltages without pumps, and how far each pump alone lowers each household (one
 * sweep, a pump a lane); pumps are placed one after the other, those who lower most first, into the run of hours that leaves the most
 * voltage, night hours counting against it; the whole is then computed exactly, and where it falls short the limit is raised by what is
 * missing and all is placed again. Fair: over the days of a turn the order in which pumps choose is turned, so that the nights go round. */
#ifndef SUPPLY_STAGGER_H
#define SUPPLY_STAGGER_H

#include "supply/area.h"

enum { STAGGER_PUMPS_MAX = 64, STAGGER_DAYS_MAX = 7, STAGGER_TRIES = 6 };

typedef struct StaggerWish {
  double limit_volts;               /* 198, and what reserve is wished */
  uint16_t from, until;             /* quarter-hours in which pumps may run */
  uint16_t night_from, night_until; /* night: from, over midnight, until: 88, 24 */
  uint16_t least_run;               /* quarter-hours in one go: 4 */
  uint8_t days;                     /* of a turn, 1 … STAGGER_DAYS_MAX */
} StaggerWish;

typedef struct StaggerPump {
  uint32_t customer;
  double kw;
  uint16_t needed; /* quarter-hours a day */
  uint16_t given[STAGGER_DAYS_MAX];
  uint8_t runs[STAGGER_DAYS_MAX][AREA_QUARTERS]; /* 1: may run */
  uint16_t night;                                /* quarter-hours of night over the turn */
} StaggerPump;

typedef struct StaggerPlan {
  StaggerPump *pumps;
  size_t pump_count;
  uint8_t days;
  AreaDay day[STAGGER_DAYS_MAX]; /* as computed exactly with the timetable */
  AreaDay without;               /* no pump at all: nothing better can be */
  double given_share;            /* of the hours needed */
  double night_spread;           /* most minus least night quarter-hours a day, of pumps that run: how even it is */
  bool keeps;                    /* nobody under the limit in any quarter-hour in which they are not so without pumps */
} StaggerPlan;

/* Pumps are the area's shiftable customers that draw anything; power: their greatest quarter-hour, hours: energy over that. In the arena.
 * Errors: FIELD_INVALID (hours), LIMIT (pumps), and the area's. */
bool stagger_find(const Area *area, const StaggerWish *wish, StaggerPlan *out, Arena *arena, Arena *work, Error *error) MUST_USE;
/* The loads of one day of the plan: [customer][quarter], in the arena. */
float *stagger_loads(const Area *area, const StaggerPlan *plan, int day, Arena *arena);

#endif
