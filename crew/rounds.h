/* Patrol rounds for secured supply: a list of devices to be looked at in certain hours of certain days (tobacco curing, examinations, a festival).
 * Each place and window becomes a task of the plan (plan.h), made a day ahead; who goes there and when is the planner's. A visit whose window
 * has passed is missed, and told. */
#ifndef CREW_ROUNDS_H
#define CREW_ROUNDS_H

#include "crew/crew.h"

enum { ROUND_WINDOWS_MAX = 4, ROUND_PLACES_MAX = 500, ROUND_NAME_MAX = 120 };

typedef struct RoundWindow {
  int from, until; /* minutes of the local day, rising */
} RoundWindow;

typedef struct PatrolRound {
  int64_t id;
  char name[ROUND_NAME_MAX], reason[ROUND_NAME_MAX];
  int32_t from_day, until_day;     /* both included */
  RoundWindow window[ROUND_WINDOWS_MAX];
  int window_count;
  int minutes;                     /* a visit takes */
  uint32_t *device;                /* grid indices */
  int device_count;
  int32_t planned_day;             /* visits are made up to this day; 0: none */
  int32_t version;
} PatrolRound;

/* --- use cases: inside a desk job. The round's id 0 makes a new one; what it points to stays the caller's. --- */
bool round_save(DeskContext *context, Crews *crews, const PatrolRound *round, int64_t *id, Error *error) MUST_USE;
bool round_end(DeskContext *context, Crews *crews, int64_t id, int32_t version, Error *error) MUST_USE; /* its open visits are called off */

size_t round_count(const Crews *crews);
const PatrolRound *round_at(const Crews *crews, size_t i);
const PatrolRound *round_find(const Crews *crews, int64_t id); /* NULL */

#endif
