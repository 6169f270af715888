#include "crew/dispatch_run.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/time.h"
#include "crew/problem.h"

enum { STRETCHES = 16 };

typedef struct Clock {
  int64_t from_us;
  int sharers; /* threads, where processor time is counted; 0: the wall's time */
  double seconds;
  int64_t rounds;
} Clock;

static int64_t clock_us(int sharers) {
  struct timespec now;
  if (!sharers || clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) return time_monotonic_us();
  return ((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000) / sharers;
}

static double clock_progress(void *user, int64_t rounds) {
  const Clock *clock = user;
  if (clock->rounds > 0) return (double)rounds / (double)clock->rounds;
  return (double)(clock_us(clock->sharers) - clock->from_us) / 1e6 / clock->seconds;
}

typedef struct Worker {
  pthread_t thread;
  Dispatch *dispatch;
  DispatchEffort effort;
  Error error;
  bool started, ok;
} Worker;

static void *worker_run(void *user) {
  Worker *worker = user;
  worker->ok = dispatch_improve(worker->dispatch, worker->effort, &worker->error);
  return NULL;
}

/* All workers through one stretch, this thread being the first. */
static bool run_stretch(Worker *workers, int count, double until, Error *error) {
  bool ok = true;
  for (int w = 0; w < count; w++) workers[w].effort.until = until, workers[w].started = false;
  for (int w = 1; w < count; w++) workers[w].started = pthread_create(&workers[w].thread, NULL, worker_run, &workers[w]) == 0;
  for (int w = 0; w < count; w++) {
    if (workers[w].started)
      pthread_join(workers[w].thread, NULL);
    else
      worker_run(&workers[w]); /* the first, and where no thread could be had */
    if (!workers[w].ok && ok) *error = workers[w].error, ok = false;
  }
  return ok;
}

static int best_of(const Worker *workers, int count) {
  int best = 0;
  for (int w = 1; w < count; w++)
    if (dispatch_cost(workers[w].dispatch) < dispatch_cost(workers[best].dispatch)) best = w;
  return best;
}

static bool improve_all(Worker *workers, int count, Error *error) {
  if (count == 1) return run_stretch(workers, 1, 1, error);
  for (int s = 1; s <= STRETCHES; s++) {
    if (!run_stretch(workers, count, (double)s / STRETCHES, error)) return false;
    int best = best_of(workers, count);
    /* half of the searches go on from the best, the others keep to their own ways until the last quarter */
    for (int w = 0; w < count && s < STRETCHES; w++)
      if (w != best && (w % 2 == 1 || s > STRETCHES * 3 / 4) && !dispatch_adopt(workers[w].dispatch, workers[best].dispatch, error))
        return false;
  }
  return true;
}

bool dispatch_run(const DispatchProblem *problem, const DispatchPlan *from, DispatchRun run, Arena *arena, DispatchPlan *out,
                  DispatchRunFacts *facts, Error *error) {
  int count = run.threads < 1 ? 1 : run.threads > DISPATCH_THREADS ? DISPATCH_THREADS : run.threads;
  Worker workers[DISPATCH_THREADS];
  memset(workers, 0, sizeof workers);
  int sharers = run.processor ? count : 0;
  Clock clock = {clock_us(sharers), sharers, run.seconds, run.rounds};
  int64_t begun = clock.from_us;
  DispatchRunFacts seen = {0};
  bool ok = true;
  for (int w = 0; w < count && ok; w++) {
    workers[w].effort = (DispatchEffort){.progress = clock_progress, .user = &clock, .heat = run.heat > 0 ? run.heat : from ? 0.03 : 1};
    ok = dispatch_begin(&workers[w].dispatch, problem, run.seed + (uint64_t)w * 0x9E3779B97F4A7C15u, error) &&
         dispatch_plan(workers[w].dispatch, from, error);
    if (w == 0 && ok) seen.first_ms = (double)(clock_us(sharers) - begun) / 1e3, seen.first_cost = dispatch_cost(workers[0].dispatch);
  }
  if (ok && (run.rounds > 0 || run.seconds > 0) && problem->job_count > 0) ok = improve_all(workers, count, error);
  if (ok) ok = dispatch_result(workers[best_of(workers, count)].dispatch, arena, out, error);
  for (int w = 0; w < count; w++) {
    if (workers[w].dispatch) seen.rounds += dispatch_rounds(workers[w].dispatch);
    dispatch_end(workers[w].dispatch);
  }
  seen.total_ms = (double)(clock_us(sharers) - begun) / 1e3;
  if (facts) *facts = seen;
  return ok;
}

/* --- the command --------------------------------------------------------------------------------------------------- */

/* The problem's travel times by an OSRM server; where it fails they stay as they are, and the solution says so. */
static bool ask_server(ProblemJson *problem, const char *osrm, Arena *arena, TravelAnswer *answer, Error *error) {
  size_t n = (size_t)problem->problem.place_count;
  TravelOptions options = {.osrm = osrm};
  Travel *travel;
  if (!problem->points) return error_raise(error, ERROR_USAGE, "--osrm needs an --input with geographic coordinates\tdispatch");
  double *seconds = ARENA_ARRAY(arena, double, n *n + 1);
  if (!seconds) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "travel");
  if (!travel_open(&travel, &options, error)) return false;
  bool ok = travel_table(travel, problem->speeds, problem->points, (int)n, 0, seconds, n, answer, error);
  travel_close(travel);
  problem->problem.travel = seconds;
  problem->answer = answer;
  return ok;
}

bool dispatch_command(const DispatchCommand *command, Buffer *out, Error *error) {
  if ((command->input != NULL) + (command->solomon != NULL) + (command->trsp != NULL) != 1)
    return error_raise(error, ERROR_USAGE, "one of --input, --solomon, --trsp is needed\tdispatch");
  Buffer text;
  Arena arena;
  ProblemJson problem = {.matrix = "car"};
  TravelAnswer answer;
  DispatchPlan plan;
  buffer_begin(&text, LIMIT_DISPATCH_BYTES);
  arena_begin(&arena, 0);
  const char *path = command->input ? command->input : command->solomon ? command->solomon : command->trsp;
  bool ok = buffer_read_file(&text, strcmp(path, "-") == 0 ? "/dev/stdin" : path, error);
  if (ok && command->input)
    ok = problem_read_json(&arena, buffer_as_text(&text), &problem, error);
  else if (ok && command->solomon)
    ok = problem_read_solomon(&arena, buffer_as_text(&text), command->decimals, &problem.problem, error);
  else if (ok)
    ok = problem_read_trsp(&arena, buffer_as_text(&text), &problem.problem, error);
  if (ok && command->osrm) ok = ask_server(&problem, command->osrm, &arena, &answer, error);
  if (ok) ok = dispatch_run(&problem.problem, problem.before.crew_count ? &problem.before : NULL, command->run, &arena, &plan, NULL, error);
  if (ok) problem_write_json(&problem, &plan, out);
  if (ok && out->failed) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "solution");
  arena_end(&arena);
  buffer_end(&text);
  return ok;
}
