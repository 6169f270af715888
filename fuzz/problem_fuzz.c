/* Any bytes as a problem in each of its three forms. What is accepted and small is planned, improved a little, replayed by the
 * slow checker, and written. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "crew/dispatch_run.h"
#include "crew/problem.h"
#include "fuzz/fuzz.h"

static void plan_it(Arena *arena, const ProblemJson *problem) {
  Error error = {0};
  DispatchPlan plan;
  DispatchScore score;
  Buffer out;
  const DispatchProblem *p = &problem->problem;
  if (p->job_count > 40 || p->crew_count > 20) return;
  const DispatchPlan *before = problem->before.crew_count ? &problem->before : NULL;
  if (!dispatch_run(p, before, (DispatchRun){.rounds = 40, .seed = 1}, arena, &plan, NULL, &error)) {
    assert(error.code == ERROR_FIELD_INVALID || error.code == ERROR_OUT_OF_MEMORY);
    return;
  }
  if (!dispatch_replay(p, &plan, &score, &error)) {
    char text[ERROR_TEXT_MAX];
    fprintf(stderr, "%s\n", error_text(&error, LANGUAGE_EN, text, sizeof text));
    abort(); /* a plan that does not hold */
  }
  buffer_begin(&out, 1 << 20);
  problem_write_json(problem, &plan, &out);
  buffer_end(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Text text = {(const char *)data, size};
  ProblemJson problem = {.matrix = "car"};
  Error error = {0};
  for (int form = 0; form < 3; form++) {
    Arena arena;
    arena_begin(&arena, 256u << 20);
    bool read = form == 0   ? problem_read_json(&arena, text, &problem, &error)
                : form == 1 ? problem_read_solomon(&arena, text, 1, &problem.problem, &error)
                            : problem_read_trsp(&arena, text, &problem.problem, &error);
    if (read) plan_it(&arena, &problem);
    problem = (ProblemJson){.matrix = "car"};
    arena_end(&arena);
  }
  return 0;
}
