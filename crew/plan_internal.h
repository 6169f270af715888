/* Inside the plan of the crew room. */
#ifndef CREW_PLAN_INTERNAL_H
#define CREW_PLAN_INTERNAL_H

#include <pthread.h>

#include "crew/crew_internal.h"
#include "crew/plan.h"
#include "crew/roster.h"
#include "crew/travel.h"
#include "crew/rounds.h"
#include "order/kind.h"

/* Where everyone and everything is, and the travel times between: a row a crew (the first ones, in their order), then tasks and stores. */
typedef struct Ground {
  struct GroundPlace {
    double lon, lat; /* NAN unknown */
    bool town, used;
  } *place;
  double *travel; /* count × count, rows `stride` apart */
  float *road;    /* beside it: as a router says, else NAN; NULL until one is asked */
  size_t count, stride;
  int64_t changes; /* of places, counted */
  TravelSpeeds speeds; /* zone 0 country, 1 town; learned */
  int hour;       /* of the day, whose speeds these are */
} Ground;

/* Where travel times come from. */
typedef struct PlanTravel {
  Travel *osrm;               /* the roads' thread's; NULL: none configured */
  pthread_t thread;
  bool running;
  _Atomic bool stopping;
  Instant ask_at;             /* the thread's own: when it asked, by the machine; of which ground; in vain */
  int64_t ask_changes;
  bool failed;
  VECTOR(TravelDrive) drives; /* the crews' own, oldest first; at most PLAN_DRIVES_KEPT */
  bool fresh;                 /* some came since */
  size_t used;                /* of them, what speeds were learned from */
  Instant learned_at, asked_at;
  int64_t known, filled;      /* cells, in the router's last answer */
  char why[TRAVEL_WHY_MAX];   /* what was wrong with it */
} PlanTravel;

typedef struct PlanSeat { /* how a task stood, for undo */
  int64_t task, hand_after;
  CrewId crew, hand;
  int at;
} PlanSeat;

typedef struct PlanUndo { /* of a move all tasks as they were; of an acceptance those accepted, with the crew they were accepted for */
  PlanSeat *seats;
  size_t count;
  int64_t staff_id;
  bool accepted;
  int64_t made_after, taken_back_after; /* events; INT64_MAX: it stands */
} PlanUndo;

typedef struct Plan {
  PlanRules rules;
  Span due_limit[AREA_COUNT]; /* the promise of arrival */
  Ground ground;
  PlanTravel travel;
  VECTOR(PlanTask *) tasks;   /* open, by id, rising */
  Map task_of_id;
  size_t placed;              /* of the tasks, those with a place in the matrix */
  VECTOR(Text) items;         /* what stores hold and tasks ask for */
  VECTOR(int64_t) store_org;  /* a store is an organisation's stock */
  VECTOR(int) store_place;
  VECTOR(PatrolRound) rounds;
  VECTOR(Instant) idle_since; /* a crew */
  VECTOR(PlanChange) log;     /* newest last */
  Arena force[2];             /* the lanes in force live in force[now] */
  int now;
  PlanLane *lanes;
  size_t lane_count;
  DispatchScore score;
  int64_t version;
  Instant computed_at, searched_at;
  bool stale, dirty;          /* re-time; search */
  int64_t insert_us;          /* processor time of the last insertion */
  VECTOR(PlanUndo) undo;

  pthread_t thread;
  pthread_mutex_t lock;       /* of the two below */
  pthread_cond_t wake;
  bool stopping, wanted;
  _Atomic bool running;       /* the desk asks too */
  _Atomic int64_t search_us;  /* wall time of the last search, snapshot to adopted */
} Plan;

enum { PLAN_DRIVES_KEPT = 10000 };

/* A problem as the engine takes it, and what its numbers stand for. Lives in an arena; the matrix is the ground's. */
typedef struct PlanProblem {
  DispatchProblem problem;
  Instant base;               /* second 0 */
  PlanTask **tasks;           /* by job */
  int64_t *stores;            /* organisations */
} PlanProblem;

/* plan_ground.c. Rows below the count of crews are theirs. */
bool ground_put(Ground *ground, const PlanRules *rules, int row, double lon, double lat, bool town) MUST_USE; /* row: known, or the next */
int ground_free_row(const Ground *ground, size_t crews);
void ground_drop(Ground *ground, int row);
void ground_clear(Ground *ground);
double ground_leg(const Ground *ground, const PlanRules *rules, int a, int b); /* s */
double ground_km(const Ground *ground, const PlanRules *rules, int a, int b);     /* straight line × detour; NAN unknown */
void ground_pace(Ground *ground, const TravelSpeeds *speeds, int hour);          /* other speeds, another hour */
bool ground_told(Ground *ground, const PlanRules *rules, int a, int b, double road_s); /* by a router, NAN: it does not know; whether much changed */
bool ground_roads(Ground *ground) MUST_USE;                                      /* makes room for what a router says */

/* plan_travel.c: the router asked beside the desk, speeds learned from the crews' drives */
bool plan_travel_start(Crews *crews, Error *error) MUST_USE; /* nothing when no router is configured */
void plan_travel_stop(Crews *crews);
void plan_travel_close(Plan *plan);
bool plan_travel_reload(Db *db, Crews *crews, Error *error) MUST_USE;
bool plan_travel_tick(Crews *crews, Instant now, Error *error) MUST_USE;
bool plan_travel_ask(Crews *crews, Error *error) MUST_USE;   /* once; waits for the net: never on the desk's thread */
bool plan_drive_begin(DeskContext *context, Crews *crews, const Crew *crew, const Job *job, Error *error) MUST_USE;
bool plan_drive_end(DeskContext *context, Crews *crews, const Job *job, Error *error) MUST_USE;
bool plan_drive_known(Plan *plan, const TravelDrive *drive, Error *error) MUST_USE;
/* plan_store.c */
bool drive_row_begin(Db *db, int64_t county_id, JobId job, CrewId crew, const TravelDrive *drive, Error *error) MUST_USE;
bool drive_row_end(Db *db, int64_t county_id, JobId job, const TravelDrive *drive, Error *error) MUST_USE;
bool drive_row_open(Db *db, int64_t county_id, JobId job, TravelDrive *out, bool *found, Error *error) MUST_USE;
bool drive_rows(Db *db, Crews *crews, Error *error) MUST_USE;

/* plan_problem.c */
typedef struct PlanHand { /* what a crew has in hand */
  PlanTask *task;             /* NULL: nothing, or a job whose outage has power again */
  Instant start, finish;      /* there since, or there about; done about */
} PlanHand;
PlanHand plan_hand(const Crews *crews, size_t crew, Instant now);
bool plan_problem(const Crews *crews, Instant now, Arena *arena, PlanProblem *out, Error *error) MUST_USE;
/* The plan in force, or one of another problem, by ids. */
bool plan_from_lanes(const Crews *crews, const PlanProblem *problem, Arena *arena, DispatchPlan *out, Error *error) MUST_USE;
bool plan_from_other(const DispatchProblem *other, const DispatchPlan *plan, const PlanProblem *problem, Arena *arena, DispatchPlan *out, Error *error) MUST_USE;
int plan_item_index(Plan *plan, Arena *texts, Text item); /* -1: out of memory */

/* plan_force.c */
/* Plans from `from` (NULL: the plan in force), inserting what is new, and puts it in force. `found`: what the search says of its changes.
 * staff_id: who did it by hand, 0. */
bool plan_now(DeskContext *context, Crews *crews, const PlanCopy *found, int64_t staff_id, Error *error) MUST_USE;
void plan_touch(Crews *crews); /* something happened: re-time, and search */
bool plan_try(const Crews *crews, Instant now, const PlanCopy *found, Arena *arena, PlanProblem *problem, DispatchPlan *out, Error *error) MUST_USE;
bool plan_adopt(DeskContext *context, Crews *crews, const PlanProblem *problem, const DispatchPlan *result, const PlanCopy *found, int64_t staff_id, Arena *scratch,
                Error *error) MUST_USE;
bool plan_save_tasks(DeskContext *context, Crews *crews, Error *error) MUST_USE;

/* plan_task.c */
bool plan_open(Crews *crews, const char *rules_folder, Error *error) MUST_USE;
void plan_close(Crews *crews);
bool plan_reload(Db *db, Crews *crews, Error *error) MUST_USE;
void plan_listen(Crews *crews);
PlanTask *plan_task_mutable(const Crews *crews, int64_t id);
PlanTask *plan_task_new(Crews *crews, int64_t id, PlanKind kind, uint32_t device, Error *error); /* NULL: error */
bool plan_task_end(DeskContext *context, Crews *crews, PlanTask *task, PlanState state, Error *error) MUST_USE; /* gone from memory then */
bool plan_take_turns(DeskContext *context, Crews *crews, Error *error) MUST_USE; /* plan_move.c: accepted ones whose turn it is set out */
void plan_undo_settle(Plan *plan, int64_t seq); /* plan_move.c: no event after seq is, nor what would have come with one */
void plan_crew_moved(Crews *crews, const Crew *crew);
int plan_crew_row(const Crews *crews, CrewId id); /* -1 */

/* plan_search.c */
struct PlanCopy {
  Arena arena;
  DispatchBoard *board;
  PlanProblem problem;        /* its tasks are not to be followed once the lock is gone */
  DispatchChanges changes;
  bool searched;
  int64_t version;
  PlanRules rules;
  struct { double lon, lat; } *where; /* by place */
  Span call_in;
};
bool plan_search_inline(DeskContext *context, Crews *crews, Error *error) MUST_USE;
void plan_search_wake(Crews *crews);

/* rounds.c */
bool rounds_tick(DeskContext *context, Crews *crews, Error *error) MUST_USE; /* makes the visits of the days to come */
bool rounds_reload(Db *db, Crews *crews, Error *error) MUST_USE;
void rounds_clear(Plan *plan);

/* plan_store.c */
bool plan_rows(Db *db, Crews *crews, Error *error) MUST_USE;
bool plan_row_save(Db *db, const Crews *crews, const PlanTask *task, Instant closed_at, Error *error) MUST_USE;
bool plan_log_rows(Db *db, Crews *crews, Error *error) MUST_USE;
bool plan_log_save(Db *db, int64_t county_id, const Crews *crews, const PlanChange *change, Error *error) MUST_USE;
bool roster_rows(Db *db, Crews *crews, Error *error) MUST_USE;
bool roster_adopt(Crews *crews, const DutyDay *day, Error *error) MUST_USE; /* roster.c */
bool roster_row_save(Db *db, int64_t county_id, const DutyDay *day, Error *error) MUST_USE;
bool round_rows(Db *db, Crews *crews, Error *error) MUST_USE;
bool round_row_save(Db *db, const Crews *crews, const PatrolRound *round, bool places, Instant retired_at, Error *error) MUST_USE;

#endif
