/* Problems and plans of crew/dispatch as text: VROOM's JSON form with our fields (schema: docs/dispatch.md), and the text
 * forms of the published instances (Solomon; Gehring and Homberger; Pillac's TRSP). Everything read lives in the arena.
 * Errors name the field by its path ("$.jobs[3].skills[0]") or the line of the text. */
#ifndef CREW_PROBLEM_H
#define CREW_PROBLEM_H

#include "base/buffer.h"
#include "crew/dispatch.h"
#include "crew/travel.h"

/* Which job of the JSON a job of the problem is: one that needs several crews at once stands for each of them. */
typedef struct ProblemJson {
  DispatchProblem problem;
  DispatchObjective objective;
  DispatchPlan before;       /* the plan in force, from "plan"; crew_count 0: none was given */
  const char *matrix;        /* profile of the vehicles */
  const Text *vehicle_names, *job_names; /* "description"; NULL at: none */
  const TravelPoint *points; /* the places, where the problem has geographic coordinates; NULL: a matrix, or a plane */
  const TravelSpeeds *speeds;
  const TravelAnswer *answer; /* where travel times came from, when a server was asked; NULL: none was. Written into the solution */
} ProblemJson;

bool problem_read_json(Arena *arena, Text json, ProblemJson *out, Error *error) MUST_USE;
/* VROOM's solution form: code, summary, unassigned with reason, routes with steps. */
void problem_write_json(const ProblemJson *problem, const DispatchPlan *plan, Buffer *out);

/* `decimals`: each leg truncated to so many (the convention of the DIMACS challenge is 1); -1: as it is. */
bool problem_read_solomon(Arena *arena, Text text, int decimals, DispatchProblem *out, Error *error) MUST_USE;
bool problem_read_trsp(Arena *arena, Text text, DispatchProblem *out, Error *error) MUST_USE;

#endif
