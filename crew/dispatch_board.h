/* The plan in force and what happens to it: jobs and crews come, go, slip; work begins and is pinned; each re-plan starts from
 * the plan in force, changes hands only for a reason that is worth rules.change, and says what changed and why as facts the faces
 * turn into words. What-if: copy the board, change the copy, re-plan it, compare the scores.
 *
 * Jobs and crews are named by their ids, unique on the board. One thread at a time. */
#ifndef CREW_DISPATCH_BOARD_H
#define CREW_DISPATCH_BOARD_H

#include "crew/dispatch_run.h"

/* Why a job is another crew's now: bits, as many as hold. */
typedef enum DispatchWhy {
  DISPATCH_WHY_NEW = 1,        /* nobody had it */
  DISPATCH_WHY_UNABLE = 2,     /* the crew before cannot do it: `skills` it lacks, or gone, too few people */
  DISPATCH_WHY_EARLIER = 4,    /* by `earlier_s` */
  DISPATCH_WHY_DUE = 8,        /* the due is kept now; it would have been broken */
  DISPATCH_WHY_MATERIAL = 16,  /* it has on board what the crew before would have to fetch */
  DISPATCH_WHY_FREES = 32,     /* the crew before does `frees` sooner instead: a critical job or one with more customers */
  DISPATCH_WHY_OTHERS = 64     /* for itself no gain; the plan as a whole is better by `saved` */
} DispatchWhy;

typedef struct DispatchChange {
  int64_t job;
  int64_t from, to;            /* crews; -1: none */
  unsigned why;                /* DispatchWhy bits */
  double earlier_s;            /* against what the plan in force would come to now; negative: later */
  double customers;
  uint64_t skills;             /* needed, which the crew before lacks */
  int64_t frees;               /* a job; -1: none */
  DispatchReason reason;       /* when `to` is -1 */
} DispatchChange;

typedef struct DispatchChanges {
  DispatchChange *at;
  int count;
  DispatchScore before, after; /* the plan in force carried on as it is, and the new one */
  double saved;                /* cost */
} DispatchChanges;

/* Whose hands changed between the plan in force (`before`, NULL: none) and `after`. `still` is the plan in force carried on under
 * the present problem: what would have been, at what times. All three of one problem; in the arena. */
bool dispatch_explain(const DispatchProblem *problem, const DispatchPlan *before, const DispatchPlan *still, const DispatchPlan *after,
                      Arena *arena, DispatchChanges *out, Error *error) MUST_USE;

typedef struct DispatchBoard DispatchBoard;
/* Copies jobs, crews, times; stores, items, day must outlive the board. `plan` (NULL: none) is the one in force. */
bool dispatch_board_open(DispatchBoard **out, const DispatchProblem *problem, const DispatchPlan *plan, Error *error) MUST_USE;
bool dispatch_board_copy(DispatchBoard **out, const DispatchBoard *board, Error *error) MUST_USE;
void dispatch_board_close(DispatchBoard *board);

/* A new place: seconds to and from each place there is, in order. */
bool dispatch_board_add_place(DispatchBoard *board, const double *to, const double *from, int *place, Error *error) MUST_USE;
bool dispatch_board_set_travel(DispatchBoard *board, int from, int to, double seconds, Error *error) MUST_USE; /* a bridge closed */
/* Errors: ERROR_ALREADY_EXISTS, ERROR_NOT_FOUND by id; what is wrong with a value is said by the next re-plan. */
bool dispatch_board_add_job(DispatchBoard *board, const DispatchJob *job, Error *error) MUST_USE;
bool dispatch_board_remove_job(DispatchBoard *board, int64_t job, Error *error) MUST_USE; /* done, or called off */
bool dispatch_board_slip_job(DispatchBoard *board, int64_t job, double service, Error *error) MUST_USE;
bool dispatch_board_start_job(DispatchBoard *board, int64_t job, int64_t crew, double at, Error *error) MUST_USE;
bool dispatch_board_add_crew(DispatchBoard *board, const DispatchCrew *crew, Error *error) MUST_USE;
bool dispatch_board_remove_crew(DispatchBoard *board, int64_t crew, Error *error) MUST_USE; /* no work under way: gone; else after it */
/* Free not before `from`, at `place`. */
bool dispatch_board_move_crew(DispatchBoard *board, int64_t crew, double from, int place, Error *error) MUST_USE;

/* The board's problem and plan: valid until the next change. */
const DispatchProblem *dispatch_board_problem(const DispatchBoard *board);
const DispatchPlan *dispatch_board_plan(const DispatchBoard *board);
/* Plans anew from the plan in force, which the result becomes. Effort 0 in `run`: what is new is only inserted. */
bool dispatch_board_replan(DispatchBoard *board, DispatchRun run, Arena *arena, DispatchChanges *changes, Error *error) MUST_USE;

#endif
