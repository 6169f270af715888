/* From what the room knows now to a problem of the engine, and plans from one problem to another. */
#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "crew/plan_internal.h"

enum { WITHOUT_BIT = CREW_SKILLS_MAX }; /* skill bits from here on: "not that crew", one a task that says so */
static const Span HORIZON = SPAN_DAY;

static double seconds(const PlanProblem *out, Instant at) { return (double)(at - out->base) / 1e6; }

int plan_item_index(Plan *plan, Arena *texts, Text item) {
  for (size_t i = 0; i < plan->items.count; i++)
    if (text_equal(plan->items.at[i], item)) return (int)i;
  Text own = text_copy(texts, item);
  return own.at && vector_push(&plan->items, own) ? (int)plan->items.count - 1 : -1;
}

static int item_of(const Plan *plan, const char *name) {
  for (size_t i = 0; i < plan->items.count; i++)
    if (text_is(plan->items.at[i], name)) return (int)i;
  return -1;
}

/* How long a visit takes in all: what the crew promised, else its cause's usual time, else the kind's. */
static Span visit_length(const Crews *crews, const PlanTask *task, const Job *job) {
  Span length = task->service;
  if (job && job->procedure && job->procedure->minutes > 0) length = job->procedure->minutes * SPAN_MINUTE;
  if (job && job->eta_until != INSTANT_NONE && job->arrived_at != INSTANT_NONE && job->eta_until > job->arrived_at) length = job->eta_until - job->arrived_at;
  (void)crews;
  return length + task->slip;
}

static PlanTask *errand_of(const Crews *crews, CrewId crew) {
  for (size_t i = 0; i < crews->plan->tasks.count; i++) {
    PlanTask *task = crews->plan->tasks.at[i];
    if (task->state == PLAN_UNDER_WAY && task->crew.value == crew.value) return task;
  }
  return NULL;
}

/* When whoever brings or helps at this job is done, as planned last; INSTANT_NONE: nobody is on the way. */
static Instant help_until(const Crews *crews, const Job *job) {
  Instant until = INSTANT_NONE;
  for (size_t i = 0; i < crews->plan->tasks.count; i++) {
    const PlanTask *task = crews->plan->tasks.at[i];
    bool helps = (task->kind == PLAN_BRING || task->kind == PLAN_HELP) && task->outage.value == job->outage.value && task->crew.value;
    if (helps && task->finish != INSTANT_NONE && (until == INSTANT_NONE || task->finish > until)) until = task->finish;
  }
  return until;
}

PlanHand plan_hand(const Crews *crews, size_t row, Instant now) {
  const Plan *plan = crews->plan;
  const Crew *crew = &crews->crews.at[row];
  const Job *job = crew->job.value ? crew_job_find(crews, crew->job) : NULL;
  PlanHand hand = {NULL, INSTANT_NONE, INSTANT_NONE};
  if (!job) {
    PlanTask *errand = errand_of(crews, crew->id);
    if (!errand || errand->place < 0) return hand;
    double leg = ground_leg(&plan->ground, &plan->rules, (int)row, errand->place);
    Instant there = errand->started + (Span)(leg * 1e6), done = there + errand->service + errand->slip;
    return (PlanHand){errand, there, done > now ? done : now + SPAN_MINUTE};
  }
  hand.task = plan_task_mutable(crews, job->outage.value);
  if (job->state >= JOB_RESTORED) return (PlanHand){NULL, now, now + 5 * SPAN_MINUTE};
  if (!hand.task || hand.task->place < 0) return (PlanHand){NULL, now, now + 15 * SPAN_MINUTE};
  Span length = visit_length(crews, hand.task, job);
  if (job->arrived_at != INSTANT_NONE) {
    hand.start = job->arrived_at;
  } else {
    Span leg = (Span)(ground_leg(&plan->ground, &plan->rules, (int)row, hand.task->place) * 1e6);
    Instant out = job->departed_at != INSTANT_NONE && crew->placed_at != INSTANT_NONE && crew->placed_at > job->departed_at ? crew->placed_at
                  : job->departed_at != INSTANT_NONE                                                                      ? job->departed_at
                                                                                                                         : now + (Span)(plan->rules.ready_minutes * (double)SPAN_MINUTE);
    hand.start = out + leg;
    if (hand.start < now + SPAN_MINUTE) hand.start = now + SPAN_MINUTE; /* it ought to be there */
  }
  hand.finish = hand.start + length;
  Instant helped = help_until(crews, job);
  if (helped != INSTANT_NONE && hand.finish < helped) hand.finish = helped; /* the repair waits for it */
  if (hand.finish < now + 5 * SPAN_MINUTE) hand.finish = now + 5 * SPAN_MINUTE; /* it slips */
  return hand;
}

/* --- crews --- */

static void put_meals(const Crews *crews, size_t row, const PlanProblem *out, Instant now, Instant busy_until, DispatchCrew *crew) {
  const PlanRules *rules = &crews->plan->rules;
  Instant midnight = roster_midnight(roster_day(now)), idle = row < crews->plan->idle_since.count ? crews->plan->idle_since.at[row] : INSTANT_NONE;
  for (int day = 0; day <= 1; day++)
    for (int i = 0; i < rules->meal_count && crew->break_count < DISPATCH_BREAKS; i++) {
      Instant from = midnight + day * SPAN_DAY + rules->meal[i].from * SPAN_MINUTE, until = midnight + day * SPAN_DAY + rules->meal[i].until * SPAN_MINUTE;
      Span length = rules->meal[i].minutes * SPAN_MINUTE;
      double shift_from = crew->shift.from, shift_to = crew->shift.to;
      if (until <= now || seconds(out, until + length) > shift_to || seconds(out, until) < shift_from) continue;
      Instant rested = idle != INSTANT_NONE && idle > from ? idle : from;
      if (idle != INSTANT_NONE && rested + length <= now) continue; /* it had nothing to do for as long */
      if (busy_until != INSTANT_NONE && until < busy_until) until = busy_until;
      if (seconds(out, until + length) > shift_to) continue;
      crew->breaks[crew->break_count++] = (DispatchBreak){{seconds(out, from > now ? from : now), seconds(out, until)}, (double)length / 1e6};
    }
}

static void put_crew(const Crews *crews, size_t row, Instant now, PlanProblem *out, DispatchCrew *crew) {
  const Plan *plan = crews->plan;
  const Crew *who = &crews->crews.at[row];
  DutySpan span;
  PlanHand hand = plan_hand(crews, row, now);
  *crew = (DispatchCrew){.id = who->id.value, .start = (int)row, .end = -1, .skills = who->skill_bits, .members = crew_members(who), .slowness = 1,
                         .jobs_max = LIMIT_DISPATCH_JOBS, .overtime = plan->rules.overtime_minutes * 60};
  for (int k = 0; k < DISPATCH_AMOUNTS; k++) crew->amount[k] = INFINITY;
  Instant ready = now + (Span)(plan->rules.ready_minutes * (double)SPAN_MINUTE), from = ready, until = now;
  if (roster_span(who, now, &span)) {
    crew->reserve = span.duty == DUTY_STANDBY;
    Instant begins = span.from > ready ? span.from : ready;
    if (crew->reserve && begins < now + (Span)(plan->rules.call_in_minutes * (double)SPAN_MINUTE)) begins = now + (Span)(plan->rules.call_in_minutes * (double)SPAN_MINUTE);
    from = begins, until = span.until;
    if (span.from > now && hand.finish != INSTANT_NONE) from = ready; /* at work before its hours: it goes on */
  } else {
    crew->jobs_max = 0;
  }
  if (hand.finish != INSTANT_NONE) {
    from = now; /* its clock goes on from what it has in hand */
    if (!hand.task) from = hand.finish;
    if (until < hand.finish) until = hand.finish; /* past its hours: it finishes that, and nothing else */
  }
  if (until < from) until = from, crew->jobs_max = hand.task ? crew->jobs_max : 0;
  crew->shift = (DispatchWindow){seconds(out, from), seconds(out, until)};
  put_meals(crews, row, out, now, hand.finish, crew);
}

/* --- jobs --- */

static bool wanted(const PlanTask *task, Instant now) {
  if (task->state > PLAN_UNDER_WAY || task->place < 0) return false;
  return task->from == INSTANT_NONE || (task->from <= now + HORIZON && (task->state == PLAN_UNDER_WAY || task->until > now));
}

static bool put_needs(const Plan *plan, const PlanTask *task, Arena *arena, DispatchJob *job) {
  if (!task->need_count) return true;
  DispatchNeed *needs = ARENA_ARRAY(arena, DispatchNeed, (size_t)task->need_count);
  if (!needs) return false;
  for (int i = 0; i < task->need_count; i++) {
    int item = item_of(plan, task->need[i].item);
    if (item >= 0) needs[job->need_count++] = (DispatchNeed){item, (double)task->need[i].quantity};
  }
  job->needs = needs;
  return true;
}

static bool put_job(const Crews *crews, Instant now, PlanTask *task, Arena *arena, PlanProblem *out, DispatchJob *job) {
  *job = (DispatchJob){.id = task->id, .place = task->place, .service = (double)visit_length(crews, task, NULL) / 1e6, .skills = task->skills,
                       .members = task->members, .due = task->due == INSTANT_NONE ? INFINITY : seconds(out, task->due), .customers = task->customers,
                       .critical = task->critical, .priority = task->kind == PLAN_PATROL ? 0 : 50, .together = -1, .crew = -1, .crew_before = -1, .started = NAN};
  if (task->from != INSTANT_NONE) {
    DispatchWindow *window = ARENA_NEW(arena, DispatchWindow);
    if (!window) return false;
    *window = (DispatchWindow){seconds(out, task->from), seconds(out, task->until > task->from ? task->until : task->from)};
    job->windows = window, job->window_count = 1;
  }
  int hand = task->hand.value ? plan_crew_row(crews, task->hand) : -1;
  if (hand >= 0) job->crew = hand;
  (void)now;
  return put_needs(crews->plan, task, arena, job);
}

static int job_index(const PlanProblem *problem, int64_t id) { /* tasks are sorted by id */
  int low = 0, high = problem->problem.job_count;
  while (low < high) {
    int middle = (low + high) / 2;
    if (problem->problem.jobs[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return low < problem->problem.job_count && problem->problem.jobs[low].id == id ? low : -1;
}

static bool put_jobs(const Crews *crews, Instant now, Arena *arena, PlanProblem *out) {
  const Plan *plan = crews->plan;
  DispatchJob *jobs = ARENA_ARRAY(arena, DispatchJob, plan->tasks.count + 1);
  out->tasks = ARENA_ARRAY(arena, PlanTask *, plan->tasks.count + 1);
  if (!jobs || !out->tasks) return false;
  int count = 0;
  for (size_t i = 0; i < plan->tasks.count && count < LIMIT_DISPATCH_JOBS; i++) {
    PlanTask *task = plan->tasks.at[i];
    if (!wanted(task, now)) continue;
    if (!put_job(crews, now, task, arena, out, &jobs[count])) return false;
    out->tasks[count++] = task;
  }
  out->problem.jobs = jobs, out->problem.job_count = count;
  for (int j = 0; j < count; j++) {
    int before = out->tasks[j]->hand_after ? job_index(out, out->tasks[j]->hand_after) : -1;
    if (before < 0 || before == j) continue;
    int *after = ARENA_NEW(arena, int);
    if (!after) return false;
    *after = before;
    jobs[j].after = after, jobs[j].after_count = 1;
  }
  return true;
}

/* What is in hand stands first in its crew's lane; what a crew may not do, and what only it may, as skills of the problem. */
static void pin(const Crews *crews, Instant now, PlanProblem *out, DispatchJob *jobs, DispatchCrew *all) {
  uint64_t bit = (uint64_t)1 << WITHOUT_BIT;
  for (size_t k = 0; k < crews->crews.count; k++) {
    PlanHand hand = plan_hand(crews, k, now);
    int j = hand.task ? job_index(out, hand.task->id) : -1;
    if (j < 0) continue;
    jobs[j].crew = (int)k, jobs[j].started = seconds(out, hand.start), jobs[j].service = (double)(hand.finish - hand.start) / 1e6;
    jobs[j].skills = 0, jobs[j].members = 0, jobs[j].need_count = 0, jobs[j].window_count = 0, jobs[j].after_count = 0; /* it is there: what for is settled */
    if (!all[k].jobs_max) all[k].jobs_max = 1;
  }
  for (int j = 0; j < out->problem.job_count; j++) {
    int not_him = out->tasks[j]->without.value ? plan_crew_row(crews, out->tasks[j]->without) : -1;
    if (not_him < 0 || !isnan(jobs[j].started) || !bit) continue;
    jobs[j].skills |= bit;
    for (int k = 0; k < out->problem.crew_count; k++)
      if (k != not_him) all[k].skills |= bit;
    bit <<= 1;
  }
}

/* --- stores --- */

static bool put_stores(const Crews *crews, Arena *arena, PlanProblem *out) {
  Plan *plan = crews->plan;
  bool asked = false;
  for (int j = 0; j < out->problem.job_count; j++) asked = asked || out->problem.jobs[j].need_count;
  size_t items = plan->items.count, stores = plan->store_org.count < LIMIT_DISPATCH_STORES ? plan->store_org.count : LIMIT_DISPATCH_STORES;
  if (!asked || items > LIMIT_DISPATCH_ITEMS) return true;
  DispatchItem *item = ARENA_ARRAY(arena, DispatchItem, items + 1);
  DispatchStore *store = ARENA_ARRAY(arena, DispatchStore, stores + 1);
  out->stores = ARENA_ARRAY(arena, int64_t, stores + 1);
  if (!item || !store || !out->stores) return false;
  for (size_t i = 0; i < items; i++) item[i].id = (int64_t)i;
  for (size_t s = 0; s < stores; s++) {
    double *stock = ARENA_ARRAY(arena, double, items + 1);
    if (!stock) return false;
    for (size_t i = 0; i < crews->stock.count; i++) {
      int at = crews->stock.at[i].org_id == plan->store_org.at[s] ? 0 : -1;
      for (size_t k = 0; !at && k < items; k++)
        if (text_equal(plan->items.at[k], crews->stock.at[i].item)) stock[k] += (double)crews->stock.at[i].quantity;
    }
    store[s] = (DispatchStore){.id = plan->store_org.at[s], .place = plan->store_place.at[s], .service = plan->rules.load_minutes * 60,
                               .open = {-1e9, 1e9}, .stock = stock};
    out->stores[s] = plan->store_org.at[s];
  }
  out->problem.items = item, out->problem.item_count = (int)items;
  out->problem.stores = store, out->problem.store_count = (int)stores;
  return true;
}

bool plan_problem(const Crews *crews, Instant now, Arena *arena, PlanProblem *out, Error *error) {
  const Plan *plan = crews->plan;
  size_t count = crews->crews.count < LIMIT_DISPATCH_CREWS ? crews->crews.count : LIMIT_DISPATCH_CREWS;
  *out = (PlanProblem){.base = now};
  DispatchCrew *all = ARENA_ARRAY(arena, DispatchCrew, count + 1);
  bool ok = all && put_jobs(crews, now, arena, out);
  for (size_t k = 0; ok && k < count; k++) put_crew(crews, k, now, out, &all[k]);
  if (ok) {
    out->problem.crews = all, out->problem.crew_count = (int)count;
    pin(crews, now, out, (DispatchJob *)(uintptr_t)out->problem.jobs, all);
    ok = put_stores(crews, arena, out);
  }
  out->problem.travel = plan->ground.travel, out->problem.travel_stride = plan->ground.stride, out->problem.place_count = (int)plan->ground.count;
  out->problem.rules = dispatch_rules(DISPATCH_RESTORATION);
  out->problem.rules.change = plan->rules.change_cost, out->problem.rules.overtime = plan->rules.overtime_cost, out->problem.rules.reserve = plan->rules.reserve_cost;
  return ok || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
}

/* --- a plan under another problem --- */

static int store_index(const PlanProblem *problem, int64_t org) {
  for (int s = 0; s < problem->problem.store_count; s++)
    if (problem->stores[s] == org) return s;
  return -1;
}

static void put_stop(DispatchRoute *route, DispatchStopKind kind, int index) {
  if (index >= 0) route->stops[route->count++] = (DispatchStop){.kind = kind, .index = index};
}

/* From the seats the rows tell, before there are lanes. */
static bool put_seats(const PlanProblem *problem, Arena *arena, DispatchPlan *out) {
  int count = problem->problem.job_count;
  for (int k = 0; k < out->crew_count; k++) {
    DispatchRoute *route = &out->routes[k];
    for (int at = 1, before = -1; route->count != before; at++) {
      before = route->count;
      for (int j = 0; j < count; j++) {
        if (problem->tasks[j]->at != at || problem->tasks[j]->crew.value != problem->problem.crews[k].id) continue;
        if (!route->stops && !(route->stops = ARENA_ARRAY(arena, DispatchStop, (size_t)count))) return false;
        if (route->count < count) put_stop(route, DISPATCH_STOP_JOB, j);
      }
    }
  }
  return true;
}

bool plan_from_lanes(const Crews *crews, const PlanProblem *problem, Arena *arena, DispatchPlan *out, Error *error) {
  const Plan *plan = crews->plan;
  *out = (DispatchPlan){.crew_count = problem->problem.crew_count, .routes = ARENA_ARRAY(arena, DispatchRoute, (size_t)problem->problem.crew_count + 1)};
  if (!out->routes) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  if (!plan->lane_count) return put_seats(problem, arena, out) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  for (size_t l = 0; l < plan->lane_count; l++) {
    const PlanLane *lane = &plan->lanes[l];
    int crew = plan_crew_row(crews, lane->crew);
    if (crew < 0 || crew >= out->crew_count || !lane->count) continue;
    DispatchRoute *route = &out->routes[crew];
    if (!(route->stops = ARENA_ARRAY(arena, DispatchStop, (size_t)lane->count))) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
    for (int s = 0; s < lane->count; s++) {
      if (lane->stops[s].kind == DISPATCH_STOP_JOB) put_stop(route, DISPATCH_STOP_JOB, job_index(problem, lane->stops[s].id));
      else if (lane->stops[s].kind == DISPATCH_STOP_STORE) put_stop(route, DISPATCH_STOP_STORE, store_index(problem, lane->stops[s].id));
    }
  }
  return true;
}

bool plan_from_other(const DispatchProblem *other, const DispatchPlan *plan, const PlanProblem *problem, Arena *arena, DispatchPlan *out, Error *error) {
  *out = (DispatchPlan){.crew_count = problem->problem.crew_count, .routes = ARENA_ARRAY(arena, DispatchRoute, (size_t)problem->problem.crew_count + 1)};
  if (!out->routes) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  for (int k = 0; k < plan->crew_count; k++) {
    int crew = k < out->crew_count && problem->problem.crews[k].id == other->crews[k].id ? k : -1;
    for (int c = 0; crew < 0 && c < out->crew_count; c++)
      if (problem->problem.crews[c].id == other->crews[k].id) crew = c;
    const DispatchRoute *was = &plan->routes[k];
    if (crew < 0 || !was->count) continue;
    DispatchRoute *route = &out->routes[crew];
    if (!(route->stops = ARENA_ARRAY(arena, DispatchStop, (size_t)was->count))) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
    for (int s = 0; s < was->count; s++) {
      const DispatchStop *stop = &was->stops[s];
      if (stop->kind == DISPATCH_STOP_JOB) put_stop(route, stop->kind, job_index(problem, other->jobs[stop->index].id));
      else if (stop->kind == DISPATCH_STOP_STORE) put_stop(route, stop->kind, store_index(problem, other->stores[stop->index].id));
    }
  }
  return true;
}
