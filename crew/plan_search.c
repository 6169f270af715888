/* The search beside the desk: a copy under the read lock, improved on a thread of its own, brought back as a command. What-if is the same, thrown away. */
#include <math.h>
#include <time.h>

#include "base/log.h"
#include "crew/plan_internal.h"

enum { INLINE_ROUNDS = 400, INLINE_EVERY_S = 60, QUIET_MS = 400, AGAIN_S = 2 };
enum { CLICK_ROUNDS = 2000, CLICK_WORK = 100000 }; /* what-if: rounds, and rounds × jobs, that a click has time for */

/* --- a copy --- */

bool plan_copy(PlanCopy **out, Crews *crews, Instant now, Error *error) {
  PlanCopy *copy = memory_new(sizeof *copy);
  DispatchPlan from;
  *out = NULL;
  if (!copy) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  arena_begin(&copy->arena, 0);
  copy->version = crews->plan->version;
  copy->rules = crews->plan->rules;
  bool ok = plan_problem(crews, now, &copy->arena, &copy->problem, error) && plan_from_lanes(crews, &copy->problem, &copy->arena, &from, error) &&
            dispatch_board_open(&copy->board, &copy->problem.problem, &from, error);
  size_t places = crews->plan->ground.count;
  if (ok && !(copy->where = arena_take(&copy->arena, (places + 1) * sizeof *copy->where))) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  for (size_t i = 0; ok && i < places; i++) copy->where[i].lon = crews->plan->ground.place[i].lon, copy->where[i].lat = crews->plan->ground.place[i].lat;
  if (!ok) plan_copy_close(copy);
  else *out = copy;
  return ok;
}

void plan_copy_close(PlanCopy *copy) {
  if (!copy) return;
  dispatch_board_close(copy->board);
  arena_end(&copy->arena);
  memory_free(copy);
}

/* --- the search --- */

static bool take_found(DeskContext *context, void *command, Error *error) {
  void **both = command;
  return plan_now(context, both[0], both[1], 0, error);
}

static bool worth(const PlanCopy *copy) {
  return copy->changes.saved > 1e-6 * fabs(copy->changes.before.cost) + 1e-9;
}

bool plan_search_inline(DeskContext *context, Crews *crews, Error *error) {
  Plan *plan = crews->plan;
  PlanCopy *copy;
  if (!plan->tasks.count || !crews->crews.count) return plan->dirty = false, true;
  if (plan->searched_at != INSTANT_NONE && context->now >= plan->searched_at && context->now - plan->searched_at < INLINE_EVERY_S * SPAN_SECOND) return true;
  plan->searched_at = context->now;
  plan->dirty = false;
  if (!plan_copy(&copy, crews, context->now, error)) return false;
  DispatchRun run = {.rounds = INLINE_ROUNDS, .seed = 1, .threads = 1};
  Error why = {0};
  bool ok = true;
  if (dispatch_board_replan(copy->board, run, &copy->arena, &copy->changes, &why)) ok = !worth(copy) || plan_now(context, crews, copy, 0, error);
  else log_error("plan", &why);
  plan_copy_close(copy);
  return ok;
}

void plan_search_wake(Crews *crews) {
  Plan *plan = crews->plan;
  plan->dirty = false;
  pthread_mutex_lock(&plan->lock);
  plan->wanted = true;
  pthread_cond_signal(&plan->wake);
  pthread_mutex_unlock(&plan->lock);
}

typedef struct Search {
  Crews *crews;
  PlanCopy *copy;
  Instant now;
} Search;

/* The company's time, by way of the desk: its clock is not this thread's to know. */
static bool take_copy(DeskContext *context, void *command, Error *error) {
  (void)error;
  ((Search *)command)->now = context->now;
  return true;
}

typedef enum SearchEnd { SEARCH_RESTS, SEARCH_GOES_ON, SEARCH_FAILED } SearchEnd; /* GOES_ON: what was found was a step, not a crumb */

static SearchEnd search_failed(const Error *error) {
  if (error->code == ERROR_DESK_STOPPED) return SEARCH_RESTS;
  log_error("plan", error);
  return SEARCH_FAILED;
}

static SearchEnd search_once(Crews *crews) {
  Error error = {0};
  Search search = {.crews = crews};
  int64_t from = time_monotonic_us();
  if (!desk_do(crews->desk, take_copy, &search, TEXT("system"), &error)) return search_failed(&error);
  if (!desk_read_whole(crews->desk, &error)) return search_failed(&error);
  bool ok = crews->plan->tasks.count && crews->crews.count;
  bool copied = ok && plan_copy(&search.copy, crews, search.now, &error);
  desk_read_end(crews->desk);
  if (!copied) return ok ? search_failed(&error) : SEARCH_RESTS;
  DispatchRun run = {.seconds = search.copy->rules.search_seconds, .seed = (uint64_t)search.copy->version, .threads = 1};
  void *both[] = {crews, search.copy};
  bool found = dispatch_board_replan(search.copy->board, run, &search.copy->arena, &search.copy->changes, &error) &&
               (!worth(search.copy) || desk_do(crews->desk, take_found, both, TEXT("system"), &error));
  SearchEnd end = !found ? search_failed(&error) : search.copy->changes.saved > 1e-4 * fabs(search.copy->changes.before.cost) ? SEARCH_GOES_ON : SEARCH_RESTS;
  crews->plan->search_us = time_monotonic_us() - from;
  plan_copy_close(search.copy);
  return end;
}

/* Until there is something to search; after a failure in any case before long. False: it is to stop. */
static bool wait_for_work(Plan *plan, bool failed) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += AGAIN_S;
  pthread_mutex_lock(&plan->lock);
  if (failed && !plan->wanted && !plan->stopping) pthread_cond_timedwait(&plan->wake, &plan->lock, &until);
  while (!failed && !plan->wanted && !plan->stopping) pthread_cond_wait(&plan->wake, &plan->lock);
  bool stop = plan->stopping;
  plan->wanted = false;
  pthread_mutex_unlock(&plan->lock);
  return !stop;
}

static void *search_thread(void *self) {
  Crews *crews = self;
  Plan *plan = crews->plan;
  for (SearchEnd end = SEARCH_RESTS; wait_for_work(plan, end == SEARCH_FAILED);) {
    end = search_once(crews);
    nanosleep(&(struct timespec){0, QUIET_MS * 1000000L}, NULL); /* a storm's events are searched together */
    if (end != SEARCH_GOES_ON) continue;
    pthread_mutex_lock(&plan->lock);
    plan->wanted = true;
    pthread_mutex_unlock(&plan->lock);
  }
  return NULL;
}

bool crew_plan_start(Crews *crews, Error *error) {
  Plan *plan = crews->plan;
  plan->stopping = false;
  plan->running = true;
  int code = pthread_create(&plan->thread, NULL, search_thread, crews);
  if (code == 0) return true;
  plan->running = false;
  return error_raise(error, ERROR_INTERNAL, "thread: %d", code);
}

void crew_plan_stop(Crews *crews) {
  Plan *plan = crews ? crews->plan : NULL;
  if (!plan || !plan->running) return;
  pthread_mutex_lock(&plan->lock);
  plan->stopping = true;
  pthread_cond_signal(&plan->wake);
  pthread_mutex_unlock(&plan->lock);
  pthread_join(plan->thread, NULL);
  plan->running = false;
  plan_travel_stop(crews);
}

/* --- what if --- */

static void call_crew(const PlanCopy *copy, DispatchCrew *crew, double hours) {
  crew->reserve = true;
  crew->shift = (DispatchWindow){copy->rules.call_in_minutes * 60, copy->rules.call_in_minutes * 60 + hours * 3600};
  crew->break_count = 0;
  crew->jobs_max = 1000;
}

/* Seconds from a crew's place to the middle one of the jobs nobody has begun: how far it is from where it is needed. */
static double way_to_work(const DispatchProblem *problem, int place) {
  double sum = 0, weights = 0;
  for (int j = 0; j < problem->job_count; j++) {
    const DispatchJob *job = &problem->jobs[j];
    if (!isnan(job->started)) continue;
    double weight = 1 + job->customers;
    sum += weight * problem->travel[(size_t)place * problem->travel_stride + (size_t)job->place], weights += weight;
  }
  return weights > 0 ? sum / weights : 0;
}

/* Crews that are off or stand by: who stands by before who is off, of these the nearest to the work. They come for eight hours. */
static void call_in(const PlanCopy *copy, const DispatchProblem *problem, DispatchCrew *crews, int count, PlanCompare *out) {
  for (int turn = 0; turn < 2; turn++)
    while (count > 0 && out->called_count < PLAN_WHAT_IF_MAX) {
      int best = -1;
      double best_s = INFINITY;
      for (int k = 0; k < problem->crew_count; k++) {
        const DispatchCrew *crew = &crews[k];
        bool off = !crew->jobs_max || crew->shift.from > copy->rules.call_in_minutes * 60 + 1, has = false;
        if (crew->start < 0 || (turn == 0 ? !crew->reserve : crew->reserve || !off)) continue;
        for (int i = 0; i < out->called_count; i++) has |= out->called[i].value == crew->id;
        double s = has ? INFINITY : way_to_work(problem, crew->start);
        if (s < best_s) best = k, best_s = s;
      }
      if (best < 0) break;
      call_crew(copy, &crews[best], 8);
      out->called[out->called_count++] = (CrewId){crews[best].id};
      count--;
    }
}

/* How near the straight way from a to b comes to a point, in metres. */
static double way_off(const PlanCopy *copy, int a, int b, double lon, double lat) {
  double scale = cos(lat * 0.017453292519943295), ax = (copy->where[a].lon - lon) * scale, ay = copy->where[a].lat - lat;
  double dx = (copy->where[b].lon - copy->where[a].lon) * scale, dy = copy->where[b].lat - copy->where[a].lat, length = dx * dx + dy * dy;
  double t = length > 0 ? -(ax * dx + ay * dy) / length : 0;
  t = t < 0 ? 0 : t > 1 ? 1 : t;
  return hypot(ax + t * dx, ay + t * dy) * 111195;
}

static bool close_zone(const PlanCopy *copy, DispatchBoard *board, const PlanWhatIf *change, Error *error) {
  const DispatchProblem *problem = dispatch_board_problem(board);
  for (int a = 0; a < problem->place_count; a++)
    for (int b = 0; b < problem->place_count; b++) {
      double off = a == b ? INFINITY : way_off(copy, a, b, change->lon, change->lat);
      if (!(off < change->radius_m)) continue;
      double s = problem->travel[(size_t)a * problem->travel_stride + (size_t)b];
      if (!dispatch_board_set_travel(board, a, b, s * change->factor, error)) return false;
    }
  return true;
}

/* The place of the job from which the others are nearest. */
static int middle_job(const DispatchProblem *problem) {
  int best = 0;
  double best_s = INFINITY;
  for (int j = 0; j < problem->job_count; j++) {
    double s = isnan(problem->jobs[j].started) ? way_to_work(problem, problem->jobs[j].place) : INFINITY;
    if (s < best_s) best = problem->jobs[j].place, best_s = s;
  }
  return best;
}

static bool add_aid(const PlanCopy *copy, DispatchBoard *board, int count, PlanCompare *out, Error *error) {
  const DispatchProblem *problem = dispatch_board_problem(board);
  for (int i = 0; i < count; i++) {
    DispatchCrew crew = {.id = -1 - out->aid_count, .start = -1, .end = -1, .reserve = true, .skills = UINT64_MAX, .members = 5, .slowness = 1, .jobs_max = 1000,
                         .shift = {copy->rules.mutual_aid_minutes * 60, copy->rules.mutual_aid_minutes * 60 + 8 * 3600.0}};
    for (int k = 0; k < DISPATCH_AMOUNTS; k++) crew.amount[k] = INFINITY;
    if (problem->place_count) crew.start = middle_job(problem); /* they come to where the work is; the time of their way is a rule */
    if (!dispatch_board_add_crew(board, &crew, error)) return false;
    out->aid_count++;
  }
  return true;
}

static bool change_board(const PlanCopy *copy, DispatchBoard *board, const PlanWhatIf *change, PlanCompare *out, Error *error) {
  const DispatchProblem *problem = dispatch_board_problem(board);
  DispatchCrew *crews = (DispatchCrew *)(uintptr_t)problem->crews; /* the board's own */
  switch (change->what) {
    case WHAT_CALL_IN: call_in(copy, problem, crews, change->count, out); return true;
    case WHAT_CLOSE: return close_zone(copy, board, change, error);
    case WHAT_CREW_OFF: {
      for (int k = 0; k < problem->crew_count; k++) {
        if (crews[k].id != change->crew.value) continue;
        for (int j = 0; j < problem->job_count; j++)
          if (problem->jobs[j].crew == k && isnan(problem->jobs[j].started)) ((DispatchJob *)(uintptr_t)problem->jobs)[j].crew = -1;
        crews[k].skills = 0, crews[k].members = 0, crews[k].shift.to = crews[k].shift.from, crews[k].break_count = 0;
        for (int j = 0; j < problem->job_count; j++) /* what it has in hand it finishes */
          if (problem->jobs[j].crew == k && problem->jobs[j].started + problem->jobs[j].service > crews[k].shift.to)
            crews[k].shift.to = problem->jobs[j].started + problem->jobs[j].service;
        crews[k].overtime = 0;
        return true;
      }
      return error_raise(error, ERROR_NOT_FOUND, "crew\t%lld", (long long)change->crew.value);
    }
    case WHAT_CANCEL: return dispatch_board_remove_job(board, change->task, error);
    case WHAT_OVERTIME:
      for (int k = 0; k < problem->crew_count; k++)
        if (crews[k].overtime < change->minutes * 60) crews[k].overtime = change->minutes * 60;
      return true;
    default: return add_aid(copy, board, change->count, out, error);
  }
}

bool plan_what_if(const PlanCopy *copy, const PlanWhatIf *changes, int count, int64_t rounds, Arena *arena, PlanCompare *out, Error *error) {
  DispatchBoard *is = NULL, *would = NULL;
  DispatchChanges told;
  int jobs = dispatch_board_problem(copy->board)->job_count;
  if (rounds <= 0) rounds = jobs * CLICK_ROUNDS <= CLICK_WORK ? CLICK_ROUNDS : CLICK_WORK / jobs;
  DispatchRun run = {.rounds = rounds, .seed = 7, .threads = 1};
  *out = (PlanCompare){0};
  bool ok = dispatch_board_copy(&is, copy->board, error) && dispatch_board_copy(&would, copy->board, error) && dispatch_board_replan(is, run, arena, &told, error);
  if (ok) out->before = told.after;
  for (int i = 0; ok && i < count; i++) ok = change_board(copy, would, &changes[i], out, error);
  ok = ok && dispatch_board_replan(would, run, arena, &told, error);
  if (ok) out->after = told.after;
  dispatch_board_close(is);
  dispatch_board_close(would);
  return ok;
}
