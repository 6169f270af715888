/* Crews: who can go, who goes, and what they do there, each step recorded, safety first.
 *
 * A crew has a place (its last position, else its base), skills, members and a shift. The plan of all crews (plan.h) proposes who goes; the
 * dispatcher accepts it or chooses another. A job is one crew's visit to one outage:
 *   assigned → taken → on the way → on site → surveyed (cause, time of restoration) → working (the standard repair steps of the trade for
 *   that cause, rules/repair_steps.yaml) → restored, in parts or whole → replied.   Or returned with a reason, or cancelled.
 * Repair steps that are safety checks may be neither skipped nor reordered: "earth" before "test dead" is refused, saying why.
 * Material comes from the nearest stock that has it, found, reserved and released in one action; what a cancelled job did not use goes back.
 *
 * The room does not know the outage room; it asks CrewSites, handed in, where an outage is, and reacts to outage.* events.
 * Rows are the truth; all crews, stock and open jobs are also in memory, rebuilt from rows at start. Changes go over the desk.
 *
 * Events (subject "crew": its id; data: name, state, outage_id, outage_number, job_id …):
 *   crew.assigned {stage, expected_at}   crew.released {why: replied|returned|cancelled|reassigned}   crew.step {step, stage, …fields}
 *   crew.position {lon, lat, heading}   crew.material {item, quantity, unit, org_id, material_state: released|returned} */
#ifndef CREW_CREW_H
#define CREW_CREW_H

#include <jansson.h>

#include "crew/nearest.h"
#include "crew/repair.h"
#include "people/customer.h"
#include "store/desk.h"

typedef struct Crews Crews;
ID_TYPE(JobId);

typedef enum CrewState { CREW_FREE, CREW_ASSIGNED, CREW_ON_THE_WAY, CREW_ON_SITE, CREW_WORKING, CREW_OFF } CrewState;
typedef enum JobState { /* the open ones first, in their order */
  JOB_ASSIGNED, JOB_TAKEN, JOB_ON_THE_WAY, JOB_ON_SITE, JOB_SURVEYED, JOB_WORKING, JOB_RESTORED,
  JOB_REPLIED, JOB_RETURNED, JOB_CANCELLED
} JobState;

enum { CREW_TRAIL = 32, CREW_CAUSE_MAX = 64, CREW_SKILLS_MAX = 32 };

typedef struct CrewSpot {
  double lon, lat;
  Instant at;
} CrewSpot;

/* Texts live as long as Crews. */
typedef struct Crew {
  CrewId id;
  int64_t org_id;
  Text code, name, skills, members, phone; /* skills: ";" between; members: as the company writes it, a number or names */
  uint32_t skill_bits;            /* see crew_skill_bit */
  int shift_from, shift_until;    /* minutes of the local day; until < from: over midnight; equal: always */
  double base_lon, base_lat;      /* NAN: unknown */
  double lon, lat, heading;       /* where it is; heading in degrees from north, NAN: unknown */
  Instant placed_at;              /* INSTANT_NONE: at its base as far as we know */
  JobId job;                      /* open one, 0: none */
  int32_t version;
  CrewSpot trail[CREW_TRAIL];     /* oldest first */
  int trail_count;
  const struct DutyDay *roster;   /* its rows, see roster.h */
  size_t roster_count;
} Crew;

typedef struct JobStepDone {
  Instant at;                     /* INSTANT_NONE: not yet */
  int64_t staff_id;               /* 0: not by a person of the house */
} JobStepDone;

typedef struct Job {
  JobId id;
  CrewId crew;
  OutageId outage;
  uint8_t state;                  /* JobState */
  const Procedure *procedure;     /* NULL until the cause is known */
  JobStepDone done[REPAIR_STEPS_MAX]; /* of the procedure's steps, by place */
  int done_count;
  char cause[CREW_CAUSE_MAX];
  Instant assigned_at, taken_at, departed_at, arrived_at, surveyed_at, working_at, restored_at, closed_at; /* INSTANT_NONE: not yet */
  Instant eta_from, eta_until;
  int32_t version;
} Job;

/* What the room must know of an outage; handed in by whoever puts the rooms together. With the state lock held. */
typedef struct CrewSite {
  uint32_t device;
  int32_t version;
  bool restored;                  /* everyone has power */
  char number[16];
  uint32_t customers;             /* without supply */
  Instant found_at;
} CrewSite;
typedef struct CrewSites {
  bool (*find)(void *self, OutageId outage, CrewSite *out); /* false: no such open outage */
  void (*write)(void *self, OutageId outage, Json *json);   /* its summary, or null */
  OutageId (*at)(void *self, size_t i);                      /* the open ones; 0: no more */
  void *self;
} CrewSites;

bool crew_open(Crews **out, Desk *desk, Db *db, const Grid *grid, const People *people, const CrewSites *sites, const char *rules_folder_or_null,
               Error *error) MUST_USE;
void crew_close(Crews *crews);

/* --- use cases: inside a desk job. `version` 0: whatever it is now --- */
/* Sends the crew (a job another crew has there is cancelled). `outage_version` is the one the dispatcher saw. That it is off shift, or lacks a
 * skill, is the dispatcher's to weigh: the proposals say so. */
bool crew_assign(DeskContext *context, Crews *crews, OutageId outage, int32_t outage_version, CrewId crew, JobId *out, Error *error) MUST_USE;
bool crew_unassign(DeskContext *context, Crews *crews, OutageId outage, int32_t outage_version, Text reason, Error *error) MUST_USE;

/* Steps: take · return {reason} · depart · arrive · survey {cause, eta_from, eta_until, finding} · a step of the procedure ·
 * restore {devices: [ids] or none for everywhere} · reply {note}. Refused out of order, saying what comes first. */
typedef struct CrewStep {
  JobId job;
  Text step;
  int32_t version;
  const json_t *fields;           /* NULL: none */
  int64_t staff_id;               /* who says so, 0: nobody of the house */
  CrewId own;                     /* not 0: only if the job is this crew's */
  Instant done_at;                /* 0: now; else by the word of a phone that had no net (order/order.h, OrderStep) */
} CrewStep;
bool crew_step(DeskContext *context, Crews *crews, const CrewStep *step, Error *error) MUST_USE;
bool crew_place(DeskContext *context, Crews *crews, CrewId crew, const CrewSpot *spot, double heading, Error *error) MUST_USE;

typedef struct CrewMaterial {
  JobId job;
  Text item;
  int64_t quantity;               /* > 0, whole units: a stock that is imported with a fraction counts without it */
  int64_t org_id;                 /* of the stock; 0: the nearest that has it */
  CrewId own;                     /* as in CrewStep */
} CrewMaterial;
bool crew_take_material(DeskContext *context, Crews *crews, const CrewMaterial *want, int64_t *material_id, Error *error) MUST_USE;

/* --- reading: with the state lock held --- */
size_t crew_count(const Crews *crews);
const Crew *crew_at(const Crews *crews, size_t i);
const Crew *crew_find(const Crews *crews, CrewId id);                 /* NULL: none such */
/* Whoever belongs to `org_id` (0: to the whole company) sees, and sends, the crews of this part and those of what lies above it. */
bool crew_in_reach(const Crews *crews, int64_t org_id, const Crew *crew);
const Repair *crew_repair(const Crews *crews);
CrewState crew_state(const Crews *crews, const Crew *crew, Instant now);
bool crew_on_shift(const Crew *crew, Instant now);
const char *crew_state_name(CrewState state);
uint32_t crew_skill_bit(const Crews *crews, Text skill);              /* 0: no crew has it */
size_t crew_job_count(const Crews *crews);                            /* open ones */
const Job *crew_job_at(const Crews *crews, size_t i);
const Job *crew_job_find(const Crews *crews, JobId id);               /* NULL: not open */
const Job *crew_job_of_outage(const Crews *crews, OutageId outage);   /* its open one, or NULL */
const char *crew_job_state_name(JobState state);
/* What the job may record next of its procedure, or none (at == NULL). */
Text crew_job_next(const Job *job);
/* Who could go to this outage: first whom the plan sends, then the others by when they could be there; at most `most`. */
typedef struct CrewProposal {
  uint32_t crew;                  /* index: crew_at */
  double distance_km, minutes;    /* by road, to arrival from now, behind what it has in hand; NAN: a place is unknown */
  NearestWhy why;
  Instant free_at;                /* when NEAREST_BUSY */
  bool planned;                   /* it is this crew's in the plan in force … */
  int at;                         /* … as its 1st, 2nd, … job */
  unsigned reason;                /* DispatchWhy bits (dispatch_board.h) */
  bool due_kept;                  /* the promise of arrival */
} CrewProposal;
/* When it would be there; INSTANT_NONE: a place is unknown. */
Instant crew_expected_at(const Crews *crews, OutageId outage, CrewId crew, Instant now);
size_t crew_propose(const Crews *crews, OutageId outage, Instant now, CrewProposal *out, size_t most);

typedef struct StockPlace {
  int64_t id, org_id, quantity;
  Text item, unit;
  double lon, lat;                /* NAN: unknown */
} StockPlace;
size_t crew_stock_count(const Crews *crews);
const StockPlace *crew_stock_at(const Crews *crews, size_t i);

/* Rows of a package, for package_import's list of importers (people/import.h). Crews keep their place and job. */
struct GridImportCount;
struct Package;
bool crew_import(struct GridImportCount *count, Db *db, int64_t county_id, const struct Package *package, Instant now, Error *error) MUST_USE;
bool stock_import(struct GridImportCount *count, Db *db, int64_t county_id, const struct Package *package, Instant now, Error *error) MUST_USE;

/* For `dianbaomu check`; `problem` is "" when sound. */
bool crew_check(Db *db, const Grid *grid, const People *people, int64_t county_id, char problem[ERROR_TEXT_MAX], Error *error) MUST_USE;

/* --- its HTTP face: crew_routes.c. `crew_of` tells which crew a member of staff belongs to (0: none). --- */
struct Http;
bool crew_add_routes(struct Http *http, Crews *crews, Error *error) MUST_USE;
void crew_on_members(Crews *crews, CrewId (*crew_of)(void *self, int64_t staff_id), void *self);

#endif
