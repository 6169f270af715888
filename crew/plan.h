/* The plan of all crews that is in force: which job is whose, in what order, from when to when, with what material from which store. Fed from the
 * rooms' memory, computed by dispatch.h, answered for in words.
 *
 *   outage found / round's visit due ─► a task ─► inserted at once, on the desk (a sound plan within milliseconds)
 *   anything else (a crew moved, a step, a delay, restored) ─► stale: re-timed by the desk's next tick
 *   after either ─► the search, on a thread of its own over a copy, improves the plan; what it found comes back as a command of the desk and is
 *   fitted to what has happened meanwhile. Without a thread (simulations, tests) the tick searches by rounds: repeatable.
 *
 * What is under way is pinned. A task moved by hand stays with its crew and its neighbour until moved again; a changed assignment costs
 * (rules/dispatch.yaml). Only a crew's first task is assigned (crew_assign), when the dispatcher accepts it, or by the rule auto_accept; an
 * accepted later one is assigned when its turn comes. Every change of hands is kept with its reason (table plan_change).
 *
 * Tasks are outages (the id is the outage's), and errands: a visit of a patrol round, bringing material to a crew on site, helping one.
 * An errand is begun and done by plan_errand, without a job.
 *
 * Events (subject "plan"): plan.changed {version, tasks: [ids of those with another crew], by}   plan.accepted {task, crew_id}   plan.errand {task, crew_id, state}
 * plan.needs, plan.taken_back {task, crew_id, state} */
#ifndef CREW_PLAN_H
#define CREW_PLAN_H

#include "crew/crew.h"
#include "crew/dispatch_board.h"
#include "crew/plan_rules.h"

typedef enum PlanKind { PLAN_OUTAGE, PLAN_PATROL, PLAN_BRING, PLAN_HELP } PlanKind;
typedef enum PlanState { PLAN_PLANNED, PLAN_UNDER_WAY, PLAN_DONE, PLAN_MISSED, PLAN_CANCELLED } PlanState;

enum { PLAN_PLACED_MAX = 1200 }; /* tasks planned at once: the matrix of travel times grows with their square; the others wait */
enum { PLAN_NEEDS_MAX = 4, PLAN_ITEM_MAX = 40, PLAN_UNDO_MAX = 20, PLAN_LOG_MAX = 200 };

typedef struct PlanNeed {
  char item[PLAN_ITEM_MAX];
  int64_t quantity;
} PlanNeed;

typedef struct PlanTask {
  int64_t id;
  uint8_t kind, state;           /* PlanKind, PlanState */
  OutageId outage;               /* of what it helps; of a patrol 0 */
  int64_t round;                 /* 0: none */
  uint32_t device;
  int place;                     /* in the matrix of travel times; -1: no room in it yet */
  Instant from, until;           /* when it may begin; INSTANT_NONE: any time */
  Instant due;                   /* arrival as promised; INSTANT_NONE: none */
  Span service, slip;            /* usual length; said to take so much longer */
  uint32_t skills;               /* bits, all of them */
  uint32_t more_skills;          /* of these, what was asked for besides the device's */
  int members;
  PlanNeed need[PLAN_NEEDS_MAX];
  int need_count;
  uint32_t customers;
  int critical;                  /* as in DispatchJob */
  CrewId without;                /* not this crew, 0: any */
  CrewId hand;                   /* put there by hand; 0 */
  int64_t hand_after;            /* … behind this task; 0 */
  bool accepted;
  CrewId crew;                   /* in the plan in force; 0: nobody's */
  int at;                        /* 1, 2, … in its lane */
  Instant started;               /* an errand under way, by `crew` */
  Instant arrive, finish;        /* as planned; INSTANT_NONE */
  uint8_t reason;                /* DispatchReason, when nobody's */
  unsigned why;                  /* DispatchWhy bits of its last change of hands */
  bool unsaved;
} PlanTask;

typedef struct PlanTake {
  int item;                      /* of plan_item */
  double quantity;
} PlanTake;

typedef struct PlanStop {
  uint8_t kind;                  /* DispatchStopKind */
  int64_t id;                    /* task, organisation of the store, 0 for a break */
  double travel_s;               /* of the leg that leads here */
  Instant arrive, start, finish;
  const PlanTake *takes;
  int take_count;
} PlanStop;

typedef struct PlanLane {
  CrewId crew;
  Instant leave, end, shift_from, shift_until;
  bool standby, available;       /* available: has a shift within a day */
  PlanStop *stops;
  int count;
} PlanLane;

typedef struct PlanChange {
  int64_t id;
  Instant at;
  int64_t task;
  OutageId outage;
  uint32_t device;
  CrewId from, to;               /* 0: nobody */
  unsigned why;                  /* DispatchWhy bits */
  double earlier_s;
  uint32_t customers;
  char skills[64];               /* what the crew before lacks */
  int64_t frees;                 /* the task it does sooner instead; 0 */
  uint8_t reason;
  int64_t staff_id;              /* by hand; 0: by the planner */
} PlanChange;

/* Travel times are asked of this OSRM server, on a thread of its own begun by the first tick after crew_plan_start; what it does not know, or does
 * not say in time, stays straight line by learned speed. Before the desk is started. Errors: as travel_open. */
bool crew_plan_route(Crews *crews, const char *osrm, Error *error) MUST_USE;
/* --- the search's thread: begun before the desk is started, ended before it stops --- */
bool crew_plan_start(Crews *crews, Error *error) MUST_USE;
void crew_plan_stop(Crews *crews);

/* --- use cases: inside a desk job --- */
/* To this crew, before another of its tasks (0: last), or beginning about `at` (INSTANT_NONE: by `before`). Refused when the crew cannot. */
typedef struct PlanMove {
  int64_t task, before;
  CrewId crew;
  Instant at;
  int64_t staff_id;
} PlanMove;
bool plan_move(DeskContext *context, Crews *crews, const PlanMove *move, Error *error) MUST_USE;
/* This person's last move (unless somebody moved something since) or acceptance. What was accepted is only planned again; its crew is called back unless it has
 * departed. Errors: ERROR_PLAN_NOTHING_TO_UNDO. */
typedef struct PlanUndone {
  int taken_back, departed;      /* of an acceptance: tasks planned again; tasks whose crew was on its way */
} PlanUndone;
bool plan_undo(DeskContext *context, Crews *crews, int64_t staff_id, PlanUndone *out, Error *error) MUST_USE;
/* One task, or (0) the next of every free crew that `org_id` sees (0: of all). *assigned: how many crews set out. By nobody (staff_id 0): not to be undone. */
bool plan_accept(DeskContext *context, Crews *crews, int64_t task, int64_t org_id, int64_t staff_id, int *assigned, Error *error) MUST_USE;
/* From the crew at its job: later by `minutes`; needs a skill, material, more people: another crew comes, or brings it. */
bool plan_delay(DeskContext *context, Crews *crews, JobId job, CrewId own, int minutes, Error *error) MUST_USE;
typedef struct PlanAsk {
  JobId job;
  CrewId own;                    /* as in CrewStep */
  Text skill, item;              /* at NULL: none */
  int64_t quantity;
  int members;                   /* so many more people; 0: none */
} PlanAsk;
bool plan_ask(DeskContext *context, Crews *crews, const PlanAsk *ask, int64_t *errand, Error *error) MUST_USE;
/* By the dispatcher, of what nobody has begun: whoever goes must have the skill and the people, and fetches the material on the way. `job` and
 * `own` are not looked at. Errors: ERROR_PLAN_UNDER_WAY, ERROR_LIMIT past PLAN_NEEDS_MAX materials. */
bool plan_need(DeskContext *context, Crews *crews, int64_t task, const PlanAsk *ask, Error *error) MUST_USE;
/* "start", "done" or "cancel" of an errand; own: 0 any, else only if it is this crew's. */
bool plan_errand(DeskContext *context, Crews *crews, int64_t task, CrewId own, Text step, Error *error) MUST_USE;

/* --- reading: with the state lock held --- */
typedef struct PlanUndoable {
  int count;                     /* acts this person can take back */
  bool accept;                   /* the next of them is an acceptance */
} PlanUndoable;
PlanUndoable plan_undoable(const Crews *crews, int64_t staff_id);
size_t plan_task_count(const Crews *crews);
const PlanTask *plan_task_at(const Crews *crews, size_t i);
const PlanTask *plan_task_find(const Crews *crews, int64_t id);        /* NULL */
size_t plan_lane_count(const Crews *crews);                            /* one a crew, in their order; 0 before the first plan */
const PlanLane *plan_lane(const Crews *crews, size_t i);
Text plan_item(const Crews *crews, int item);
/* The task a free crew goes to next, or NULL: its first one, when it has no job in hand. */
const PlanTask *plan_next(const Crews *crews, const Crew *crew);

/* --- for the search, what-if and measuring: a copy that lives by itself --- */
typedef struct PlanCopy PlanCopy;
bool plan_copy(PlanCopy **out, Crews *crews, Instant now, Error *error) MUST_USE; /* state lock held */
void plan_copy_close(PlanCopy *copy);

typedef struct PlanWhatIf {
  enum { WHAT_CALL_IN, WHAT_CLOSE, WHAT_CREW_OFF, WHAT_CANCEL, WHAT_OVERTIME, WHAT_AID } what;
  int count;                     /* of crews called in, of mutual aid */
  double lon, lat, radius_m, factor; /* closed: a leg that comes this near takes so much longer */
  CrewId crew;
  int64_t task;
  double minutes;                /* of overtime */
} PlanWhatIf;
enum { PLAN_WHAT_IF_MAX = 20 };
/* The plan as it would go on, and as it would be with the changes, both improved for the same effort (rounds 0: what a click has time for). `called`: which crews would be called. */
typedef struct PlanCompare {
  DispatchScore before, after;
  CrewId called[PLAN_WHAT_IF_MAX];
  int called_count, aid_count;
} PlanCompare;
bool plan_what_if(const PlanCopy *copy, const PlanWhatIf *changes, int count, int64_t rounds, Arena *arena, PlanCompare *out, Error *error) MUST_USE;

#endif
