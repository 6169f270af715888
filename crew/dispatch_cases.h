/* For the tests and the bench of the planner: random problems of every kind, and the best plan by trying all. */
#ifndef CREW_DISPATCH_CASES_H
#define CREW_DISPATCH_CASES_H

#include "base/random.h"
#include "crew/dispatch.h"

typedef enum CaseKind {
  CASE_WINDOWS = 1,      /* hard windows, some jobs with two */
  CASE_SKILLS = 2,
  CASE_AMOUNTS = 4,
  CASE_DUES = 8,         /* restoration: dues, customers, critical classes */
  CASE_DURATION = 16,    /* the working time counts */
  CASE_SKEWED = 32,      /* travel differs by direction and breaks the triangle; crews that start or end nowhere */
  CASE_TIGHT = 64,       /* short shifts, so that not all fits */
  CASE_BREAKS = 128,
  CASE_DAY = 256,        /* speed of day */
  CASE_AFTER = 512,
  CASE_TOGETHER = 1024,
  CASE_MATERIAL = 2048,
  CASE_IN_FORCE = 4096,  /* crews before, work under way, reserves, overtime */
} CaseKind;

/* A problem of the kinds (bits) in the arena; asserts on lack of memory. */
DispatchProblem case_problem(Arena *arena, Random *random, unsigned kinds, int jobs, int crews);

/* The least cost there is, by trying every order: up to 8 jobs; kinds up to CASE_TIGHT only. */
double case_exhaustive(const DispatchProblem *problem);
/* The same with `after` and `together`, up to 5 jobs and 2 or 3 crews. */
double case_exhaustive_linked(const DispatchProblem *problem);

/* A whole run: begin, plan, `rounds` of improving, result in the arena, replayed. Asserts on any error. */
DispatchPlan case_solve(const DispatchProblem *problem, Arena *arena, uint64_t seed, int64_t rounds, DispatchScore *replayed);
double case_rounds(void *most, int64_t rounds); /* DispatchProgress over int64_t *most */

#endif
