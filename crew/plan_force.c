/* The plan in force: made from what is known now, taken over into lanes, its changes told. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "crew/plan_internal.h"

static const Span SLIPS_BY = 5 * SPAN_MINUTE; /* an arrival that slips by so much is worth a search */

void plan_touch(Crews *crews) {
  if (crews->plan) crews->plan->stale = crews->plan->dirty = true;
}

static int64_t thread_us(void) {
  struct timespec now;
  return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0 ? (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 : 0;
}

static bool engine(const DispatchProblem *problem, const DispatchPlan *from, Arena *arena, DispatchPlan *out, Error *error) {
  Dispatch *dispatch = NULL;
  bool ok = dispatch_begin(&dispatch, problem, 1, error) && dispatch_plan(dispatch, from, error) && dispatch_result(dispatch, arena, out, error);
  dispatch_end(dispatch);
  return ok;
}

bool plan_try(const Crews *crews, Instant now, const PlanCopy *found, Arena *arena, PlanProblem *problem, DispatchPlan *out, Error *error) {
  DispatchPlan from;
  if (!plan_problem(crews, now, arena, problem, error)) return false;
  bool ok = found ? plan_from_other(dispatch_board_problem(found->board), dispatch_board_plan(found->board), problem, arena, &from, error)
                  : plan_from_lanes(crews, problem, arena, &from, error);
  if (!ok) return false;
  if (engine(&problem->problem, &from, arena, out, error)) return true;
  if (error->code == ERROR_OUT_OF_MEMORY) return false;
  /* a meal that cannot be fitted beside what is in hand must not leave everyone without a plan */
  for (int k = 0; k < problem->problem.crew_count; k++) ((DispatchCrew *)(uintptr_t)problem->problem.crews)[k].break_count = 0;
  error_clear(error);
  return engine(&problem->problem, &from, arena, out, error);
}

/* --- taking it over --- */

static Instant instant(const PlanProblem *problem, double s) { return problem->base + (Instant)llround(s * 1e6); }

static bool take_stop(Plan *plan, const PlanProblem *problem, Arena *arena, int crew, const DispatchStop *stop, PlanStop *out) {
  *out = (PlanStop){.kind = (uint8_t)stop->kind, .travel_s = stop->travel, .arrive = instant(problem, stop->arrival), .start = instant(problem, stop->start),
                    .finish = instant(problem, stop->finish)};
  if (stop->kind == DISPATCH_STOP_STORE) {
    PlanTake *takes = ARENA_ARRAY(arena, PlanTake, (size_t)stop->take_count + 1);
    if (!takes) return false;
    for (int t = 0; t < stop->take_count; t++) takes[t] = (PlanTake){stop->takes[t].item, stop->takes[t].quantity};
    out->id = problem->stores[stop->index], out->takes = takes, out->take_count = stop->take_count;
  } else if (stop->kind == DISPATCH_STOP_JOB) {
    const DispatchJob *job = &problem->problem.jobs[stop->index];
    out->id = job->id;
    if (!isnan(job->started) && stop->start > 0) out->travel_s = ground_leg(&plan->ground, &plan->rules, crew, job->place);
  }
  return true;
}

static bool take_lanes(Plan *plan, const PlanProblem *problem, const DispatchPlan *result, Arena *arena, PlanLane **out) {
  PlanLane *lanes = ARENA_ARRAY(arena, PlanLane, (size_t)result->crew_count + 1);
  if (!lanes) return false;
  for (int k = 0; k < result->crew_count; k++) {
    const DispatchRoute *route = &result->routes[k];
    const DispatchCrew *crew = &problem->problem.crews[k];
    lanes[k] = (PlanLane){.crew = {crew->id}, .leave = instant(problem, route->leave), .end = instant(problem, route->end),
                          .shift_from = instant(problem, crew->shift.from), .shift_until = instant(problem, crew->shift.to), .standby = crew->reserve,
                          .available = crew->jobs_max > 0, .count = route->count};
    if (route->count && !(lanes[k].stops = ARENA_ARRAY(arena, PlanStop, (size_t)route->count))) return false;
    for (int s = 0; s < route->count; s++)
      if (!take_stop(plan, problem, arena, k, &route->stops[s], &lanes[k].stops[s])) return false;
  }
  *out = lanes;
  return true;
}

typedef struct NewSeat {
  CrewId crew;
  int at;
  Instant arrive, finish;
  uint8_t reason;
} NewSeat;

static void say_skills(const Crews *crews, uint64_t bits, char out[64]) {
  out[0] = 0;
  for (int i = 0; i < crews->skill_count; i++)
    if (bits >> i & 1) snprintf(out + strlen(out), 64 - strlen(out), "%s%.*s", out[0] ? ";" : "", TEXT_ARG(crews->skill[i]));
}

/* What the search says of this change, else what can be seen from here. */
static void fill_why(const Crews *crews, const PlanCopy *found, const PlanTask *task, PlanChange *change) {
  for (int i = 0; found && i < found->changes.count; i++) {
    const DispatchChange *is = &found->changes.at[i];
    if (is->job != task->id || is->to != change->to.value) continue;
    change->why = is->why, change->earlier_s = is->earlier_s, change->frees = is->frees < 0 ? 0 : is->frees;
    say_skills(crews, is->skills, change->skills);
    return;
  }
  const Crew *was = change->from.value ? crew_find(crews, change->from) : NULL;
  if (!change->from.value) change->why = DISPATCH_WHY_NEW;
  else if (!was || task->hand.value || (task->skills & ~was->skill_bits)) change->why = DISPATCH_WHY_UNABLE;
  else change->why = DISPATCH_WHY_OTHERS;
  if (was) say_skills(crews, task->skills & ~was->skill_bits, change->skills);
}

static bool tell_change(DeskContext *context, Crews *crews, const PlanCopy *found, PlanTask *task, const NewSeat *seat, int64_t staff_id, Error *error) {
  Plan *plan = crews->plan;
  PlanChange change = {.id = desk_new_id(context), .at = context->now, .task = task->id, .outage = task->outage, .device = task->device, .from = task->crew, .to = seat->crew,
                       .customers = task->customers, .reason = seat->reason, .staff_id = staff_id};
  if (!staff_id || task->hand.value != seat->crew.value) fill_why(crews, found, task, &change);
  if (staff_id && task->hand.value != seat->crew.value) change.staff_id = 0; /* what follows from it */
  if (!plan_log_save(context->db, context->county_id, crews, &change, error)) return false;
  task->why = change.why;
  if (plan->log.count == PLAN_LOG_MAX) memmove(plan->log.at, plan->log.at + 1, --plan->log.count * sizeof *plan->log.at);
  return vector_push(&plan->log, change) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
}

static bool tell(DeskContext *context, const Plan *plan, const int64_t *tasks, size_t count, bool by_hand, Error *error) {
  Buffer buffer;
  Json json;
  buffer_begin(&buffer, 0);
  json_begin(&json, &buffer);
  json_open_object(&json);
  json_put_i64(&json, "version", plan->version);
  json_put_i64(&json, "count", (int64_t)count);
  json_put_string(&json, "by", by_hand ? "hand" : "planner");
  json_key(&json, "tasks");
  json_open_array(&json);
  for (size_t i = 0; i < count && i < 50; i++) json_id(&json, tasks[i]);
  json_close(&json);
  json_close(&json);
  bool ok = buffer.failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan")
                          : desk_event(context, "plan.changed", "plan", plan->version, buffer_as_text(&buffer), error);
  buffer_end(&buffer);
  return ok;
}

static NewSeat *new_seats(const Plan *plan, const PlanProblem *problem, const DispatchPlan *result, const PlanLane *lanes, Arena *arena) {
  NewSeat *seats = ARENA_ARRAY(arena, NewSeat, (size_t)problem->problem.job_count + 1);
  (void)plan;
  for (int j = 0; seats && j < problem->problem.job_count; j++) seats[j].arrive = seats[j].finish = INSTANT_NONE;
  for (int k = 0; seats && k < result->crew_count; k++) {
    int at = 0;
    for (int s = 0; s < result->routes[k].count; s++)
      if (result->routes[k].stops[s].kind == DISPATCH_STOP_JOB)
        seats[result->routes[k].stops[s].index] = (NewSeat){lanes[k].crew, ++at, lanes[k].stops[s].start, lanes[k].stops[s].finish, 0};
  }
  for (int u = 0; seats && u < result->unassigned_count; u++) seats[result->unassigned[u].job].reason = (uint8_t)result->unassigned[u].reason;
  return seats;
}

bool plan_adopt(DeskContext *context, Crews *crews, const PlanProblem *problem, const DispatchPlan *result, const PlanCopy *found, int64_t staff_id, Arena *scratch,
                Error *error) {
  Plan *plan = crews->plan;
  Arena *next = &plan->force[1 - plan->now];
  PlanLane *lanes;
  arena_reset(next);
  NewSeat *seats = NULL;
  int64_t *moved = ARENA_ARRAY(scratch, int64_t, (size_t)problem->problem.job_count + 1);
  size_t count = 0;
  if (!moved || !take_lanes(plan, problem, result, next, &lanes) || !(seats = new_seats(plan, problem, result, lanes, scratch)))
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  plan->version++;
  bool first = plan->computed_at == INSTANT_NONE, slipped = false;
  for (int j = 0; j < problem->problem.job_count; j++) {
    PlanTask *task = problem->tasks[j];
    const NewSeat *seat = &seats[j];
    if (task->crew.value != seat->crew.value) {
      moved[count++] = task->id;
      if (!tell_change(context, crews, found, task, seat, staff_id, error)) return desk_spoil(context);
    }
    slipped |= task->arrive != INSTANT_NONE && seat->arrive != INSTANT_NONE && seat->arrive - task->arrive > SLIPS_BY && !found;
    task->unsaved |= task->crew.value != seat->crew.value || task->at != seat->at;
    task->crew = seat->crew, task->at = seat->at, task->arrive = seat->arrive, task->finish = seat->finish, task->reason = seat->reason;
  }
  plan->dirty |= slipped || first;
  plan->lanes = lanes, plan->lane_count = (size_t)result->crew_count, plan->now = 1 - plan->now;
  plan->score = result->score;
  plan->computed_at = context->now;
  plan->stale = false;
  bool same = !count && !staff_id; /* what was done by hand is told also where only the order of a lane is another */
  return ((same || tell(context, plan, moved, count, staff_id != 0, error)) && plan_save_tasks(context, crews, error)) || desk_spoil(context);
}

bool plan_save_tasks(DeskContext *context, Crews *crews, Error *error) {
  for (size_t i = 0; i < crews->plan->tasks.count; i++) {
    PlanTask *task = crews->plan->tasks.at[i];
    if (!task->unsaved) continue;
    if (!plan_row_save(context->db, crews, task, INSTANT_NONE, error)) return false;
    task->unsaved = false;
  }
  return true;
}

bool plan_now(DeskContext *context, Crews *crews, const PlanCopy *found, int64_t staff_id, Error *error) {
  PlanProblem problem;
  DispatchPlan result;
  Arena arena;
  Error why = {0};
  if (!crews->crews.count) return true;
  int64_t from = thread_us();
  arena_begin(&arena, 0);
  bool planned = plan_try(crews, context->now, found, &arena, &problem, &result, &why), ok = true;
  if (planned) {
    ok = plan_adopt(context, crews, &problem, &result, found, staff_id, &arena, error);
  } else { /* the room's work goes on without a plan; the next event tries again, and, where memory was short, the next tick */
    log_error("plan", &why);
    crews->plan->stale = why.code == ERROR_OUT_OF_MEMORY;
    ok = (!staff_id || tell(context, crews->plan, NULL, 0, true, error)) && plan_save_tasks(context, crews, error);
  }
  arena_end(&arena);
  crews->plan->insert_us = thread_us() - from;
  return ok;
}

/* --- reading --- */

size_t plan_task_count(const Crews *crews) { return crews->plan->tasks.count; }
const PlanTask *plan_task_at(const Crews *crews, size_t i) { return crews->plan->tasks.at[i]; }
const PlanTask *plan_task_find(const Crews *crews, int64_t id) { return plan_task_mutable(crews, id); }
size_t plan_lane_count(const Crews *crews) { return crews->plan->lane_count; }
const PlanLane *plan_lane(const Crews *crews, size_t i) { return &crews->plan->lanes[i]; }
Text plan_item(const Crews *crews, int item) { return crews->plan->items.at[item]; }

const PlanTask *plan_next(const Crews *crews, const Crew *crew) {
  const Plan *plan = crews->plan;
  if (crew->job.value) return NULL;
  for (size_t i = 0; i < plan->tasks.count; i++)
    if (plan->tasks.at[i]->state == PLAN_UNDER_WAY && plan->tasks.at[i]->crew.value == crew->id.value) return NULL;
  for (size_t i = 0; i < plan->tasks.count; i++) {
    const PlanTask *task = plan->tasks.at[i];
    if (task->crew.value == crew->id.value && task->at == 1 && task->state == PLAN_PLANNED) return task;
  }
  return NULL;
}
