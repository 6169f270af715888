#include "crew/dispatch_board.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "base/vector.h"

struct DispatchBoard {
  DispatchProblem problem; /* its arrays are the board's own */
  VECTOR(DispatchJob) jobs;
  VECTOR(DispatchCrew) crews;
  double *travel;
  size_t stride;
  Arena parts;    /* windows, needs, links, what is on board: they only grow */
  Arena plans[2]; /* the plan in force lives in plans[now] */
  int now;
  DispatchPlan plan;
};

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "board"); }

static void sync(DispatchBoard *b) {
  b->problem.jobs = b->jobs.at, b->problem.job_count = (int)b->jobs.count;
  b->problem.crews = b->crews.at, b->problem.crew_count = (int)b->crews.count;
  b->problem.travel = b->travel, b->problem.travel_stride = b->stride;
}

static int job_at(const DispatchBoard *b, int64_t id) {
  for (size_t j = 0; j < b->jobs.count; j++)
    if (b->jobs.at[j].id == id) return (int)j;
  return -1;
}

static int crew_at(const DispatchBoard *b, int64_t id) {
  for (size_t k = 0; k < b->crews.count; k++)
    if (b->crews.at[k].id == id) return (int)k;
  return -1;
}

static bool not_found(const char *what, int64_t id, Error *error) { return error_raise(error, ERROR_NOT_FOUND, "%s\t%" PRId64, what, id); }

static bool push_job(DispatchBoard *b, const DispatchJob *job) {
  DispatchJob own = *job;
  own.windows = arena_copy(&b->parts, job->windows, (size_t)job->window_count * sizeof *job->windows);
  own.needs = arena_copy(&b->parts, job->needs, (size_t)job->need_count * sizeof *job->needs);
  own.after = arena_copy(&b->parts, job->after, (size_t)job->after_count * sizeof *job->after);
  if ((job->window_count && !own.windows) || (job->need_count && !own.needs) || (job->after_count && !own.after)) return false;
  return vector_push(&b->jobs, own);
}

static bool push_crew(DispatchBoard *b, const DispatchCrew *crew) {
  DispatchCrew own = *crew;
  if (crew->on_board) own.on_board = arena_copy(&b->parts, crew->on_board, (size_t)b->problem.item_count * sizeof *crew->on_board);
  return (!crew->on_board || !b->problem.item_count || own.on_board) && vector_push(&b->crews, own);
}

static bool grow_travel(DispatchBoard *b, size_t places) {
  if (places <= b->stride && b->travel) return true;
  size_t stride = places + places / 8 + 8, was = (size_t)b->problem.place_count;
  double *grown = memory_new(stride * stride * sizeof *grown);
  if (!grown) return false;
  for (size_t i = 0; i < was && b->travel; i++) memcpy(grown + i * stride, b->travel + i * b->stride, was * sizeof *grown);
  memory_free(b->travel);
  b->travel = grown, b->stride = stride;
  return true;
}

static bool copy_plan(const DispatchPlan *plan, Arena *arena, DispatchPlan *out) {
  *out = *plan;
  out->routes = arena_copy(arena, plan->routes, (size_t)plan->crew_count * sizeof *plan->routes);
  out->unassigned = NULL, out->unassigned_count = 0;
  if (plan->crew_count && !out->routes) return false;
  for (int k = 0; k < plan->crew_count; k++) {
    DispatchRoute *route = &out->routes[k];
    if (route->count && !(route->stops = arena_copy(arena, route->stops, (size_t)route->count * sizeof *route->stops))) return false;
    for (int s = 0; s < route->count; s++) route->stops[s].takes = NULL, route->stops[s].take_count = 0;
  }
  return true;
}

bool dispatch_board_open(DispatchBoard **out, const DispatchProblem *problem, const DispatchPlan *plan, Error *error) {
  *out = NULL;
  if (!dispatch_check(problem, error)) return false;
  DispatchBoard *b = memory_new(sizeof *b);
  if (!b) return out_of_memory(error);
  b->problem = *problem;
  b->problem.place_count = 0;
  arena_begin(&b->parts, 0), arena_begin(&b->plans[0], 0), arena_begin(&b->plans[1], 0);
  bool ok = grow_travel(b, (size_t)problem->place_count);
  b->problem.place_count = problem->place_count;
  for (size_t i = 0; ok && i < (size_t)problem->place_count; i++)
    memcpy(b->travel + i * b->stride, problem->travel + i * problem->travel_stride, (size_t)problem->place_count * sizeof *b->travel);
  for (int j = 0; ok && j < problem->job_count; j++) ok = push_job(b, &problem->jobs[j]);
  for (int k = 0; ok && k < problem->crew_count; k++) ok = push_crew(b, &problem->crews[k]);
  if (ok && plan) ok = copy_plan(plan, &b->plans[0], &b->plan);
  if (!ok) {
    dispatch_board_close(b);
    return out_of_memory(error);
  }
  sync(b);
  *out = b;
  return true;
}

bool dispatch_board_copy(DispatchBoard **out, const DispatchBoard *board, Error *error) {
  return dispatch_board_open(out, &board->problem, board->plan.crew_count ? &board->plan : NULL, error);
}

void dispatch_board_close(DispatchBoard *b) {
  if (!b) return;
  vector_free(&b->jobs), vector_free(&b->crews);
  memory_free(b->travel);
  arena_end(&b->parts), arena_end(&b->plans[0]), arena_end(&b->plans[1]);
  memory_free(b);
}

const DispatchProblem *dispatch_board_problem(const DispatchBoard *board) { return &board->problem; }
const DispatchPlan *dispatch_board_plan(const DispatchBoard *board) { return &board->plan; }

bool dispatch_board_add_place(DispatchBoard *b, const double *to, const double *from, int *place, Error *error) {
  size_t n = (size_t)b->problem.place_count;
  if (n >= LIMIT_DISPATCH_PLACES) return error_raise(error, ERROR_LIMIT, "places\t%d", LIMIT_DISPATCH_PLACES);
  if (!grow_travel(b, n + 1)) return out_of_memory(error);
  for (size_t i = 0; i < n; i++) b->travel[n * b->stride + i] = to[i], b->travel[i * b->stride + n] = from[i];
  b->travel[n * b->stride + n] = 0;
  *place = b->problem.place_count++;
  sync(b);
  return true;
}

bool dispatch_board_set_travel(DispatchBoard *b, int from, int to, double seconds, Error *error) {
  if (from < 0 || to < 0 || from >= b->problem.place_count || to >= b->problem.place_count)
    return not_found("place", from < 0 ? from : to, error);
  b->travel[(size_t)from * b->stride + (size_t)to] = seconds;
  return true;
}

bool dispatch_board_add_job(DispatchBoard *b, const DispatchJob *job, Error *error) {
  if (job_at(b, job->id) >= 0) return error_raise(error, ERROR_ALREADY_EXISTS, "job\t%" PRId64, job->id);
  if (!push_job(b, job)) return out_of_memory(error);
  sync(b);
  return true;
}

/* Positions behind the one that goes move up, in links and in the plan in force. */
bool dispatch_board_remove_job(DispatchBoard *b, int64_t id, Error *error) {
  int gone = job_at(b, id);
  if (gone < 0) return not_found("job", id, error);
  memmove(&b->jobs.at[gone], &b->jobs.at[gone + 1], (b->jobs.count - (size_t)gone - 1) * sizeof *b->jobs.at);
  b->jobs.count--;
  int group_most = (int)b->jobs.count;
  for (size_t j = 0; j < b->jobs.count; j++) {
    int *after = (int *)(uintptr_t)b->jobs.at[j].after, kept = 0; /* the board's own copy */
    for (int a = 0; a < b->jobs.at[j].after_count; a++)
      if (after[a] != gone) after[kept++] = after[a] - (after[a] > gone);
    b->jobs.at[j].after_count = kept;
    for (int free = 0; b->jobs.at[j].together >= group_most; free++) { /* group numbers stay below the count of jobs */
      int group = b->jobs.at[j].together;
      bool used = false;
      for (size_t o = 0; o < b->jobs.count; o++) used = used || b->jobs.at[o].together == free;
      for (size_t o = 0; o < b->jobs.count && !used; o++)
        if (b->jobs.at[o].together == group) b->jobs.at[o].together = free;
    }
  }
  for (int k = 0; k < b->plan.crew_count; k++) {
    DispatchRoute *route = &b->plan.routes[k];
    int kept = 0;
    for (int s = 0; s < route->count; s++) {
      DispatchStop stop = route->stops[s];
      if (stop.kind == DISPATCH_STOP_JOB && stop.index == gone) continue;
      if (stop.kind == DISPATCH_STOP_JOB && stop.index > gone) stop.index--;
      route->stops[kept++] = stop;
    }
    route->count = kept;
  }
  sync(b);
  return true;
}

bool dispatch_board_slip_job(DispatchBoard *b, int64_t id, double service, Error *error) {
  int job = job_at(b, id);
  if (job < 0) return not_found("job", id, error);
  b->jobs.at[job].service = service;
  return true;
}

bool dispatch_board_start_job(DispatchBoard *b, int64_t id, int64_t crew_id, double at, Error *error) {
  int job = job_at(b, id), crew = crew_at(b, crew_id);
  if (job < 0) return not_found("job", id, error);
  if (crew < 0) return not_found("crew", crew_id, error);
  b->jobs.at[job].crew = crew, b->jobs.at[job].started = at;
  return true;
}

bool dispatch_board_add_crew(DispatchBoard *b, const DispatchCrew *crew, Error *error) {
  if (crew_at(b, crew->id) >= 0) return error_raise(error, ERROR_ALREADY_EXISTS, "crew\t%" PRId64, crew->id);
  if (!push_crew(b, crew)) return out_of_memory(error);
  sync(b);
  return true;
}

/* Its place in the list stays, so that the plan's routes keep theirs; it takes no more jobs. */
bool dispatch_board_remove_crew(DispatchBoard *b, int64_t id, Error *error) {
  int crew = crew_at(b, id);
  if (crew < 0) return not_found("crew", id, error);
  b->crews.at[crew].jobs_max = 0;
  return true;
}

bool dispatch_board_move_crew(DispatchBoard *b, int64_t id, double from, int place, Error *error) {
  int crew = crew_at(b, id);
  if (crew < 0) return not_found("crew", id, error);
  b->crews.at[crew].shift.from = from, b->crews.at[crew].start = place;
  if (b->crews.at[crew].shift.to < from) b->crews.at[crew].shift.to = from;
  return true;
}

bool dispatch_board_replan(DispatchBoard *b, DispatchRun run, Arena *arena, DispatchChanges *changes, Error *error) {
  DispatchPlan still = {0}, fresh;
  for (size_t j = 0; j < b->jobs.count; j++) b->jobs.at[j].crew_before = -1;
  for (int k = 0; k < b->plan.crew_count; k++)
    for (int s = 0; s < b->plan.routes[k].count; s++)
      if (b->plan.routes[k].stops[s].kind == DISPATCH_STOP_JOB) b->jobs.at[b->plan.routes[k].stops[s].index].crew_before = k;
  const DispatchPlan *from = b->plan.crew_count ? &b->plan : NULL;
  Arena *next = &b->plans[1 - b->now];
  arena_reset(next);
  DispatchRun none = {.seed = run.seed};
  if (!dispatch_run(&b->problem, from, none, arena, &still, NULL, error)) return false; /* the plan in force, carried on */
  if (!dispatch_run(&b->problem, &still, run, next, &fresh, NULL, error)) return false;
  if (!dispatch_explain(&b->problem, from, &still, &fresh, arena, changes, error)) return false;
  b->plan = fresh, b->now = 1 - b->now;
  return true;
}
