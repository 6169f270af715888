/* The independent checker: slow, straight from the problem. It shares no code with the search, on purpose. */
#include <math.h>
#include <string.h>

#include "crew/dispatch.h"

#define TOLERANCE 1e-4 /* s */

typedef struct Replay {
  const DispatchProblem *p;
  const DispatchPlan *plan;
  DispatchScore *score;
  Error *error;
  int crew, stop;
  int *done_by;           /* per job; -1 */
  double *start, *finish; /* per job */
  double *given;          /* store × item */
  double *hold;           /* item */
} Replay;

static bool unsound(Replay *r, const char *what) {
  error_raise(r->error, ERROR_DISPATCH_UNSOUND, "%s", what);
  return error_at(r->error, "$.routes[%d].steps[%d]", r->crew, r->stop);
}

/* Driven minute by minute's speed: how long a leg takes that would take `travel` at speed 1. */
static double drive_time(const DispatchProblem *p, double depart, double travel) {
  double at = depart;
  for (;;) {
    double speed = 1, until = INFINITY;
    for (int i = 0; i < p->day_count; i++) {
      if (p->day[i].from <= at)
        speed = p->day[i].speed;
      else if (p->day[i].from < until)
        until = p->day[i].from;
    }
    double can = (until - at) * speed;
    if (travel <= can) return at + travel / speed - depart;
    travel -= can;
    at = until;
  }
}

static double leg_time(const DispatchProblem *p, const DispatchCrew *crew, int from, int to, double depart) {
  if (from < 0 || to < 0) return 0;
  return drive_time(p, depart, p->travel[(size_t)from * p->travel_stride + (size_t)to] * crew->slowness);
}

static bool in_windows(const DispatchWindow *windows, int count, double start) {
  for (int w = 0; w < count; w++)
    if (start >= windows[w].from - TOLERANCE && start <= windows[w].to + TOLERANCE) return true;
  return count == 0;
}

static bool check_able(Replay *r, const DispatchJob *job, int job_at) {
  const DispatchCrew *crew = &r->p->crews[r->crew];
  if (r->done_by[job_at] >= 0) return unsound(r, "a job is done twice");
  if (job->skills & ~crew->skills) return unsound(r, "the crew lacks a skill");
  if (job->members > crew->members) return unsound(r, "the crew has too few people");
  if (job->crew >= 0 && job->crew != r->crew) return unsound(r, "the job is another crew's");
  return true;
}

static bool use_material(Replay *r, const DispatchJob *job) {
  for (int n = 0; n < job->need_count && isnan(job->started); n++) {
    const DispatchNeed *need = &job->needs[n];
    if (r->hold[need->item] < need->quantity - TOLERANCE) return unsound(r, "material is missing");
    if (!r->p->items[need->item].tool) r->hold[need->item] -= need->quantity;
  }
  return true;
}

static void count_job(Replay *r, const DispatchJob *job, double start) {
  DispatchScore *s = r->score;
  const DispatchRules *rules = &r->p->rules;
  static const double factor[DISPATCH_CLASSES] = {1, 2, 4, 8};
  double hours = job->customers * (start + job->service) / 3600;
  s->assigned++;
  s->customer_hours += hours;
  s->cost += rules->customer_hour * hours;
  if (job->due < INFINITY) {
    if (start <= job->due + 1e-6)
      s->due_kept++, s->critical_kept += job->critical > 0;
    else {
      s->late_hours += (start - job->due) / 3600;
      s->cost += rules->due[job->critical] + rules->late * factor[job->critical] * (start - job->due) / 3600;
    }
  }
  if (job->crew_before >= 0 && job->crew_before != r->crew) s->changed++, s->cost += rules->change;
}

/* A stop's times against what is possible; `at`, `place`, `driven` go along. `driven`: the leg to the next place is behind. */
static bool check_times(Replay *r, const DispatchStop *stop, int to, double service, double *at, int place, bool *driven) {
  const DispatchCrew *crew = &r->p->crews[r->crew];
  double leg = *driven ? 0 : leg_time(r->p, crew, place, to, *at);
  if (fabs(stop->travel - leg) > TOLERANCE) return unsound(r, "the leg's travel time is wrong");
  r->score->travel += leg;
  if (fabs(stop->arrival - (*at + leg)) > TOLERANCE) return unsound(r, "it arrives at another time");
  if (stop->start < stop->arrival - TOLERANCE) return unsound(r, "it begins before it is there");
  if (fabs(stop->finish - stop->start - service) > TOLERANCE) return unsound(r, "it is done at another time");
  *at = stop->finish;
  *driven = false;
  return true;
}

static bool replay_stop(Replay *r, const DispatchRoute *route, double *at, int *place, int *rested, bool *driven, double load[]) {
  const DispatchProblem *p = r->p;
  const DispatchCrew *crew = &p->crews[r->crew];
  const DispatchStop *stop = &route->stops[r->stop];
  if (stop->kind == DISPATCH_STOP_BREAK) {
    if (stop->index != *rested || stop->index >= crew->break_count) return unsound(r, "breaks are out of order");
    const DispatchBreak *rest = &crew->breaks[(*rested)++];
    int next = r->stop + 1, to = crew->end;
    while (next < route->count && route->stops[next].kind == DISPATCH_STOP_BREAK) next++;
    if (next < route->count) {
      const DispatchStop *behind = &route->stops[next];
      to = behind->kind == DISPATCH_STOP_JOB ? p->jobs[behind->index].place : p->stores[behind->index].place;
    }
    bool drives = stop->travel > 0 || *driven, was = *driven || !drives;
    if (!check_times(r, stop, to, rest->service, at, *place, &was)) return false;
    *driven = drives;
    return in_windows(&rest->window, 1, stop->start) || unsound(r, "a break is outside its window");
  }
  if (stop->kind == DISPATCH_STOP_STORE) {
    if (stop->index < 0 || stop->index >= p->store_count) return unsound(r, "no such store");
    const DispatchStore *store = &p->stores[stop->index];
    if (!check_times(r, stop, store->place, store->service, at, *place, driven)) return false;
    if (!in_windows(&store->open, 1, stop->start)) return unsound(r, "the store is closed");
    for (int t = 0; t < stop->take_count; t++) {
      r->hold[stop->takes[t].item] += stop->takes[t].quantity;
      r->given[(size_t)stop->index * (size_t)p->item_count + (size_t)stop->takes[t].item] += stop->takes[t].quantity;
    }
    *place = store->place;
    return true;
  }
  if (stop->index < 0 || stop->index >= p->job_count) return unsound(r, "no such job");
  const DispatchJob *job = &p->jobs[stop->index];
  if (!check_able(r, job, stop->index) || !use_material(r, job)) return false;
  if (!isnan(job->started)) {
    if (fabs(stop->start - job->started) > TOLERANCE) return unsound(r, "work under way was moved");
    if (job->started + job->service > *at) *at = job->started + job->service;
  } else {
    if (!check_times(r, stop, job->place, job->service, at, *place, driven)) return false;
    if (!in_windows(job->windows, job->window_count, stop->start)) return unsound(r, "outside the job's windows");
  }
  for (int k = 0; k < DISPATCH_AMOUNTS; k++)
    if ((load[k] += job->amount[k]) > crew->amount[k] + TOLERANCE) return unsound(r, "the vehicle is too full");
  r->done_by[stop->index] = r->crew, r->start[stop->index] = stop->start, r->finish[stop->index] = stop->finish;
  count_job(r, job, stop->start);
  *place = job->place;
  return true;
}

static bool replay_route(Replay *r) {
  const DispatchProblem *p = r->p;
  const DispatchCrew *crew = &p->crews[r->crew];
  const DispatchRoute *route = &r->plan->routes[r->crew];
  double at = route->leave, load[DISPATCH_AMOUNTS] = {0}, travel = r->score->travel;
  int place = crew->start, rested = 0, jobs = 0;
  bool driven = false;
  if (!route->count) return true;
  r->stop = 0;
  if (at < crew->shift.from - TOLERANCE) return unsound(r, "it leaves before the shift");
  for (int i = 0; i < p->item_count; i++) r->hold[i] = crew->on_board ? crew->on_board[i] : 0;
  for (r->stop = 0; r->stop < route->count; r->stop++) {
    jobs += route->stops[r->stop].kind == DISPATCH_STOP_JOB;
    if (!replay_stop(r, route, &at, &place, &rested, &driven, load)) return false;
  }
  double leg = driven ? 0 : leg_time(p, crew, place, crew->end, at);
  at += leg;
  r->score->travel += leg;
  if (fabs(at - route->end) > TOLERANCE) return unsound(r, "it ends at another time");
  if (at > crew->shift.to + crew->overtime + TOLERANCE) return unsound(r, "it ends after the shift");
  if (rested < crew->break_count && crew->breaks[rested].window.to < at - TOLERANCE) return unsound(r, "a break is missing");
  if (jobs > crew->jobs_max) return unsound(r, "too many jobs");
  double over = at > crew->shift.to ? at - crew->shift.to : 0, spent = at - route->leave;
  r->score->routes += jobs > 0, r->score->duration += spent, r->score->overtime += over, r->score->reserves += crew->reserve && jobs;
  r->score->cost += p->rules.travel * (r->score->travel - travel) + p->rules.duration * spent + p->rules.overtime * over / 3600;
  if (crew->reserve) r->score->cost += p->rules.reserve;
  return true;
}

static bool check_links(Replay *r) {
  const DispatchProblem *p = r->p;
  for (int j = 0; j < p->job_count; j++) {
    const DispatchJob *job = &p->jobs[j];
    if (job->due < INFINITY) r->score->due++, r->score->critical += job->critical > 0;
    if (r->done_by[j] < 0) {
      if (!isnan(job->started)) return unsound(r, "work under way is not in the plan");
      r->score->unassigned++;
      r->score->cost += p->rules.unassigned * (1 + job->priority / 10 + job->critical);
      continue;
    }
    r->crew = r->done_by[j];
    for (int a = 0; a < job->after_count && isnan(job->started); a++) {
      if (r->done_by[job->after[a]] < 0) return unsound(r, "what must come before it is not planned");
      if (r->start[j] < r->finish[job->after[a]] - TOLERANCE) return unsound(r, "it begins before what must come before it is done");
    }
    for (int o = 0; o < p->job_count && job->together >= 0; o++) {
      if (p->jobs[o].together != job->together || o == j) continue;
      if (r->done_by[o] < 0 && !isnan(job->started)) continue; /* what is under way cannot be taken back for want of a partner */
      if (r->done_by[o] < 0) return unsound(r, "a partner is missing");
      if (r->done_by[o] == r->done_by[j]) return unsound(r, "one crew twice at the same time");
      if (fabs(r->start[o] - r->start[j]) > TOLERANCE) return unsound(r, "partners begin at different times");
    }
  }
  for (int s = 0; s < p->store_count; s++)
    for (int i = 0; i < p->item_count; i++)
      if (r->given[s * p->item_count + i] > p->stores[s].stock[i] + TOLERANCE) return unsound(r, "a store gives more than it has");
  return r->score->unassigned == r->plan->unassigned_count || unsound(r, "the count of unassigned jobs is wrong");
}

bool dispatch_replay(const DispatchProblem *p, const DispatchPlan *plan, DispatchScore *score, Error *error) {
  Arena arena;
  arena_begin(&arena, 0);
  memset(score, 0, sizeof *score);
  size_t n = (size_t)p->job_count + 1, items = (size_t)p->item_count;
  Replay r = {p,
              plan,
              score,
              error,
              0,
              0,
              ARENA_ARRAY(&arena, int, n),
              ARENA_ARRAY(&arena, double, n),
              ARENA_ARRAY(&arena, double, n),
              ARENA_ARRAY(&arena, double, items *(size_t)p->store_count + 1),
              ARENA_ARRAY(&arena, double, items + 1)};
  bool sound = r.done_by && r.start && r.finish && r.given && r.hold;
  if (!sound) error_raise(error, ERROR_OUT_OF_MEMORY, "replay");
  for (int j = 0; j < p->job_count && sound; j++) r.done_by[j] = -1;
  if (sound && plan->crew_count != p->crew_count) sound = unsound(&r, "another number of crews");
  for (r.crew = 0; r.crew < p->crew_count && sound; r.crew++) sound = replay_route(&r);
  sound = sound && check_links(&r);
  arena_end(&arena);
  return sound;
}
