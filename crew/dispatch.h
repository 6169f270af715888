/* Planning the crews: who goes where, in what order, with what material. A pure engine: plain structs in, a plan out; no
 * I/O, clock, globals or threads. It answers at once (insertion), gets better for as long as it is let (ruin of adjacent
 * strings of jobs and greedy recreation with blinks under annealing: Christiaens and Vanden Berghe, "Slack Induction by
 * String Removals for Vehicle Routing Problems", Transportation Science 54, 2020) and starts from the plan in force.
 *
 * Times are seconds on one clock of the caller's choice, as doubles; places are rows of a square matrix of travel times.
 * Jobs, crews, stores and items are named by their position in the problem's arrays; `id` is only carried through.
 * Model, method, measured figures: docs/dispatch.md. Who may call: crew.c, visit.c, sim, the command line. */
#ifndef CREW_DISPATCH_H
#define CREW_DISPATCH_H

#include "base/error.h"
#include "base/memory.h"

enum { DISPATCH_AMOUNTS = 4, DISPATCH_CLASSES = 4, DISPATCH_BREAKS = 4 };

typedef struct DispatchWindow {
  double from, to; /* a service or a break may begin from … to, both included */
} DispatchWindow;

typedef struct DispatchNeed {
  int item;
  double quantity; /* > 0 */
} DispatchNeed;

/* A tool is held, not used up: one who carries it can do every later job that needs it. */
typedef struct DispatchItem {
  int64_t id;
  bool tool;
} DispatchItem;

typedef struct DispatchStore {
  int64_t id;
  int place;
  double service;            /* s to load */
  DispatchWindow open;
  const double *stock;       /* one quantity an item; INFINITY: any amount */
} DispatchStore;

typedef struct DispatchJob {
  int64_t id;
  int place;
  double service;            /* s of work */
  uint64_t skills;           /* all of these bits are needed */
  int members;               /* people a crew must have */
  double amount[DISPATCH_AMOUNTS]; /* of the vehicle's room, loaded at the start */
  const DispatchWindow *windows;   /* hard, sorted, apart; none: any time */
  int window_count;
  double due;                /* soft limit of arrival; INFINITY: none */
  double customers;          /* without supply until the job is done */
  int critical;              /* 0 none, 1 fish farm, 2 hospital or works, 3 life support */
  double priority;           /* 0…100: of staying unassigned, should not all fit */
  const DispatchNeed *needs;
  int need_count;
  const int *after;          /* jobs that must be done before this one begins */
  int after_count;
  int together;              /* jobs with the same number ≥ 0 begin at the same moment, each with a crew of its own; -1 */
  int crew;                  /* only this crew may; -1: any able */
  int crew_before;           /* its crew in the plan in force: another costs rules.change; -1: none */
  double started;            /* pinned, under way by `crew` since this moment; NAN: not begun */
} DispatchJob;

typedef struct DispatchBreak {
  DispatchWindow window;     /* it begins in this window */
  double service;            /* s it lasts */
} DispatchBreak;

typedef struct DispatchCrew {
  int64_t id;
  int start, end;            /* places; -1: comes from nowhere, or stays where the last job was */
  DispatchWindow shift;      /* away from the start not before `from` (now, for a crew at work), done by `to` */
  double overtime;           /* s past the shift's end that are allowed, at rules.overtime */
  bool reserve;              /* may be called in, at rules.reserve: a neighbour's crew, mutual aid */
  uint64_t skills;
  int members;
  double amount[DISPATCH_AMOUNTS]; /* room; INFINITY: any */
  double slowness;           /* factor on travel times; 1: as in the matrix */
  int jobs_max;              /* at most so many jobs */
  DispatchBreak breaks[DISPATCH_BREAKS]; /* by time */
  int break_count;
  const double *on_board;    /* one quantity an item; NULL: nothing */
} DispatchCrew;

/* What counts how much; rules, not constants. Cost is the sum of all; lower is better. */
typedef struct DispatchRules {
  double travel;             /* a second under way */
  double duration;           /* a second from leaving to the end, waiting counted */
  double due[DISPATCH_CLASSES]; /* a due not kept, by critical class */
  double late;               /* an hour past the due, ordinary class; classes 1…3 count 2, 4, 8 times */
  double customer_hour;      /* a customer without supply for an hour */
  double unassigned;         /* a job left out, and as much again per 10 of priority and per critical class */
  double change;             /* a job given to another crew than in the plan in force */
  double overtime;           /* an hour past the shift's end */
  double reserve;            /* a reserve crew called in */
} DispatchRules;

typedef enum DispatchObjective { DISPATCH_TRAVEL, DISPATCH_DURATION, DISPATCH_RESTORATION } DispatchObjective;
DispatchRules dispatch_rules(DispatchObjective objective);

/* Speed of day: from each `from` on (s, sorted) travel runs at `speed` times the matrix's, until the next. Before the
 * first: 1. A leg that spans several is driven piece by piece, so that who leaves later never arrives earlier. */
typedef struct DispatchSpeed {
  double from, speed;
} DispatchSpeed;

typedef struct DispatchProblem {
  const DispatchJob *jobs;
  const DispatchCrew *crews;
  const DispatchStore *stores;
  const DispatchItem *items;
  int job_count, crew_count, store_count, item_count;
  const double *travel;      /* s from row to column, place_count × place_count, rows `travel_stride` apart */
  int place_count;
  size_t travel_stride;      /* ≥ place_count */
  const DispatchSpeed *day;
  int day_count;
  DispatchRules rules;
} DispatchProblem;

typedef enum DispatchStopKind { DISPATCH_STOP_JOB, DISPATCH_STOP_STORE, DISPATCH_STOP_BREAK } DispatchStopKind;

typedef struct DispatchTake {
  int item;
  double quantity;
} DispatchTake;

typedef struct DispatchStop {
  DispatchStopKind kind;
  int index;                 /* of the job, the store, the crew's break */
  double travel;             /* s of the leg that leads here; 0 for a break */
  double arrival, start, finish;
  const DispatchTake *takes; /* at a store: what is fetched, reserved as long as the plan holds */
  int take_count;
} DispatchStop;

typedef struct DispatchRoute {
  DispatchStop *stops;
  int count;
  double leave, end;         /* from the start; at the end place (or the last finish) */
  double travel;             /* s in all */
} DispatchRoute;

/* Why a job is in nobody's plan, the first that holds. */
typedef enum DispatchReason {
  DISPATCH_NO_SKILL,         /* no crew has the skills */
  DISPATCH_NO_MEMBERS,       /* no crew of the skills has enough people */
  DISPATCH_NO_AMOUNT,        /* fits no able crew's vehicle */
  DISPATCH_NO_MATERIAL,      /* no able crew has or can fetch what it needs */
  DISPATCH_NO_TIME,          /* no able crew could be there in its windows and within the shift, even with nothing else */
  DISPATCH_AFTER_UNASSIGNED, /* what must come before it is not assigned */
  DISPATCH_NO_PARTNER,       /* not enough crews that can begin together */
  DISPATCH_NO_ROOM           /* possible alone, but not beside what is planned */
} DispatchReason;
const char *dispatch_reason_name(DispatchReason reason); /* "no_skill" … */

typedef struct DispatchUnassigned {
  int job;
  DispatchReason reason;
} DispatchUnassigned;

typedef struct DispatchScore {
  int assigned, unassigned, routes;     /* routes with a job */
  int due, due_kept;                    /* jobs with a due; of them begun in time */
  int critical, critical_kept;          /* of them, of class ≥ 1 */
  double customer_hours, late_hours;
  double travel, duration, overtime;    /* s */
  int changed;                          /* jobs with another crew than before */
  int reserves;                         /* reserve crews called in */
  double cost;                          /* by the rules, everything counted */
} DispatchScore;

typedef struct DispatchPlan {
  DispatchRoute *routes;     /* one a crew */
  int crew_count;
  DispatchUnassigned *unassigned;
  int unassigned_count;
  DispatchScore score;
} DispatchPlan;

/* Refuses what cannot be planned: ERROR_FIELD_INVALID or ERROR_LIMIT, `where` being the path in the problem's JSON form
 * ("$.jobs[3].service"). Everything below may then rely on it. */
bool dispatch_check(const DispatchProblem *problem, Error *error) MUST_USE;

/* A search over one problem, which must stay unchanged until dispatch_end. The same problem, seed and calls give the same
 * plan. Errors: those of dispatch_check, ERROR_OUT_OF_MEMORY. */
typedef struct Dispatch Dispatch;
bool dispatch_begin(Dispatch **out, const DispatchProblem *problem, uint64_t seed, Error *error) MUST_USE;
void dispatch_end(Dispatch *dispatch);

/* Takes over what still fits of `from` (NULL: nothing) in its order, then inserts every job left by regret: a sound plan
 * at once. `from` may be of another problem as long as its indices mean the same jobs, crews and stores; what is out of
 * range or no longer possible is planned anew. */
bool dispatch_plan(Dispatch *dispatch, const DispatchPlan *from, Error *error) MUST_USE;

/* How much of the budget is used, 0…1, asked every few rounds with the count of rounds so far; ≥ 1 ends the search. By
 * counting rounds a run repeats exactly; by a clock only as far as time does. */
typedef double DispatchProgress(void *user, int64_t rounds);
typedef struct DispatchEffort {
  DispatchProgress *progress;
  void *user;
  double until;              /* this call ends when progress reaches it; 0 means 1 */
  double heat;               /* temperature against a search from scratch: 1; about 0.03 to polish a good plan; 0 means 1 */
} DispatchEffort;
/* Improves the plan; the best seen is kept. Jobs under way and their order are not touched. */
bool dispatch_improve(Dispatch *dispatch, DispatchEffort effort, Error *error) MUST_USE;
/* Takes over the best plan of another search over the same problem. */
bool dispatch_adopt(Dispatch *dispatch, const Dispatch *from, Error *error) MUST_USE;
int64_t dispatch_rounds(const Dispatch *dispatch);
double dispatch_cost(const Dispatch *dispatch); /* of the best plan so far */

/* The best plan so far, with times, takes, reasons and score, in the arena. */
bool dispatch_result(const Dispatch *dispatch, Arena *arena, DispatchPlan *out, Error *error) MUST_USE;

/* A plan replayed slowly from the problem alone, trusting none of the plan's times: the score it really has, or
 * ERROR_DISPATCH_UNSOUND naming crew, stop and what is broken. It shares no code with the search. */
bool dispatch_replay(const DispatchProblem *problem, const DispatchPlan *plan, DispatchScore *score, Error *error) MUST_USE;

#endif
