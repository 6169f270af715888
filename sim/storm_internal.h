/* Inside the storm. */
#ifndef SIM_STORM_INTERNAL_H
#define SIM_STORM_INTERNAL_H

#include "base/vector.h"
#include "crew/dispatch_board.h"
#include "crew/nearest.h"
#include "sim/storm.h"

typedef struct StormFault {
  uint32_t device, customers;
  Instant at, called_at, reached_at, mended_at; /* INSTANT_NONE: not yet */
  Span limit;                                   /* to be there, since the first call */
  bool critical;
} StormFault;

typedef enum StormJobState { STORM_WAITS, STORM_UNDER_WAY, STORM_DONE } StormJobState;

typedef struct StormJob { /* an outage as it was located */
  uint32_t device, customers, skills;
  Instant found_at, due;
  StormJobState state;
  int crew;
  int critical;
  int place; /* of the board */
  bool said; /* still in the last report */
} StormJob;

typedef enum StormCrewState { STORM_FREE, STORM_DRIVES, STORM_SEARCHES, STORM_MENDS } StormCrewState;

typedef struct StormCrew {
  double lon, lat;
  uint32_t skills;
  int members;
  StormCrewState state;
  int job;            /* index, -1 */
  int fault;          /* it is mending, -1 */
  Instant until;      /* of what it does */
  int place;          /* of the board: where it is, or will be */
} StormCrew;

typedef struct StormSpot {
  double lon, lat;
  bool town;
} StormSpot;

typedef struct Storm {
  const LocatePackage *p;
  const StormOptions *o;
  StormWay way;
  EvidenceRun run;
  size_t next_evidence;
  Locate *locate;
  StormFault *faults;
  VECTOR(StormJob) jobs;
  StormCrew *crews;
  int crew_count;
  Instant now;
  bool changed;       /* something the plan must know */
  DispatchBoard *board;
  VECTOR(StormSpot) spots; /* of its places */
  VECTOR(double) replan_ms;
  Arena arena, night; /* of one step; of the whole night */
  StormFigures figures;
} Storm;

bool storm_place(const Storm *storm, uint32_t device, double *lon, double *lat);
double storm_drive_s(const Storm *storm, double lon_a, double lat_a, double lon_b, double lat_b, bool town);
bool storm_is_town(const Storm *storm, uint32_t device);
Span storm_usual_repair(const Storm *storm, uint32_t device);
void storm_send(Storm *storm, int crew, int job);

/* storm_choose.c: who goes, for what waits and who is free. */
bool storm_choose_begin(Storm *storm, Error *error) MUST_USE;
bool storm_choose(Storm *storm, Error *error) MUST_USE;
bool storm_choose_job(Storm *storm, int job, bool gone, Error *error) MUST_USE;   /* new, or no longer */
bool storm_choose_crew(Storm *storm, int crew, Error *error) MUST_USE;            /* its end of work is known better */
double storm_processor_ms(void);

#endif
