/* A plan taken over into the search, and one given out of it: times, what is fetched, why a job is left, the score. */
#include <string.h>

#include "crew/dispatch_walk.h"

static bool take_back(Dispatch *d, int crew, int pos) {
  route_cut(d, crew, pos);
  return route_refresh(d, crew, pos) && (!d->materials || material_take(d, crew));
}

/* One stop at the route's end. False: not possible there, and all is as before. */
static bool append(Dispatch *d, int crew, int node) {
  int pos = d->routes[crew].count + 1;
  if (is_job(d, node) && (!d->able[(size_t)node * (size_t)d->crew_count + (size_t)crew] || !insert_fits(d, node, crew))) return false;
  if (!is_job(d, node) && d->routes[crew].visits >= DISPATCH_VISITS) return false;
  if (!route_put(d, crew, pos, node)) return false;
  if (route_refresh(d, crew, pos) && (!d->materials || material_take(d, crew))) return true;
  if (!take_back(d, crew, pos)) d->failed = true;
  return false;
}

/* Work under way stands first in its crew's route, by the moment it began. */
static bool put_started(Dispatch *d) {
  for (int j = 0; j < d->job_count; j++) {
    const DispatchJob *job = &d->problem->jobs[j];
    if (isnan(job->started)) continue;
    Route *route = &d->routes[job->crew];
    int pos = 1;
    while (pos <= route->count && d->problem->jobs[route->at[pos].node].started <= job->started) pos++;
    if (!route_put(d, job->crew, pos, j)) return false;
    route->fixed = route->count;
  }
  for (int k = 0; k < d->crew_count; k++)
    if (d->routes[k].fixed && !route_refresh(d, k, 1)) return false;
  return true;
}

static void take_over(Dispatch *d, const DispatchPlan *from) {
  for (int k = 0; k < d->crew_count && k < from->crew_count; k++)
    for (int i = 0; i < from->routes[k].count && !d->failed; i++) {
      const DispatchStop *stop = &from->routes[k].stops[i];
      bool job = stop->kind == DISPATCH_STOP_JOB && stop->index >= 0 && stop->index < d->job_count && d->crew_of[stop->index] < 0;
      bool store = stop->kind == DISPATCH_STOP_STORE && stop->index >= 0 && stop->index < d->problem->store_count && d->materials;
      if (job)
        append(d, k, stop->index);
      else if (store)
        append(d, k, d->job_count + stop->index);
    }
}

static void list_absent(Dispatch *d) {
  d->absent_count = 0;
  for (int j = 0; j < d->job_count; j++)
    if (d->crew_of[j] < 0) d->absent[d->absent_count++] = j;
}

/* Chains that lost a part, or cannot be settled, are planned anew. */
static void take_over_links(Dispatch *d) {
  for (int turn = 0; turn < 2; turn++) {
    for (int c = 0; c < d->chain_count; c++) {
      bool whole = turn == 0;
      for (int i = 0; i < d->chains[c].count; i++) whole = whole && d->crew_of[d->chain_jobs[d->chains[c].first + i]] >= 0;
      if (!whole) link_remove(d, c);
    }
    for (int k = 0; k < d->crew_count; k++)
      if (!route_refresh(d, k, 1)) d->failed = true;
    if (link_settle(d)) return;
  }
  d->broken = true;
}

static bool clear(Dispatch *d) {
  for (int j = 0; j < d->job_count; j++) d->crew_of[j] = -1;
  for (int j = 0; j < d->job_count && d->chain_count; j++) d->release[j] = -INFINITY;
  if (d->materials) memset(d->used, 0, (size_t)d->problem->store_count * (size_t)d->problem->item_count * sizeof *d->used);
  for (int k = 0; k < d->crew_count; k++) {
    Route *route = &d->routes[k];
    route_clear(d, k);
    route->fixed = 0;
    if (d->materials) memset(route->taken, 0, (size_t)d->problem->store_count * (size_t)d->problem->item_count * sizeof *route->taken);
    if (!route_refresh(d, k, 1)) return false;
  }
  return put_started(d);
}

bool dispatch_plan(Dispatch *d, const DispatchPlan *from, Error *error) {
  d->round_mark++, d->saved_count = 0, d->broken = false;
  bool sound = clear(d);
  if (sound && from) {
    take_over(d, from);
    if (d->chain_count) take_over_links(d);
    for (int k = 0; k < d->crew_count && d->materials && !d->broken; k++) material_tidy(d, k, false);
    if (d->chain_count && !d->broken && !link_settle(d)) d->broken = true;
    if (d->broken) d->broken = false, sound = clear(d); /* nothing of it holds any more: from scratch */
  }
  if (!sound || d->failed) {
    if (d->failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
    return error_raise(error, ERROR_FIELD_INVALID, "started\tnumber\twork under way ends after its crew's shift");
  }
  list_absent(d);
  search_insert_regret(d);
  if (d->failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
  if (d->broken) return error_raise(error, ERROR_INTERNAL, "dispatch: a plan could not be repaired");
  d->cost = search_cost(d);
  search_keep_best(d);
  return true;
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

/* Could the crew do this job and nothing else, from where it is free? */
static bool alone_in_time(const Dispatch *d, int job, int crew_at, int store) {
  const DispatchCrew *crew = &d->problem->crews[crew_at];
  Walk walk = walk_after(&d->routes[crew_at].at[d->routes[crew_at].fixed]);
  double start, leg, over;
  if (store >= 0 && !walk_step(d, crew, &walk, d->job_count + store, &start, &leg)) return false;
  return walk_step(d, crew, &walk, job, &start, &leg) && walk_end(d, crew, &walk, &leg, &over);
}

/* -1: on board; a store that has all that is short; -2: none. */
static int store_for(const DispatchProblem *p, const DispatchJob *job, const DispatchCrew *crew, int from) {
  bool short_of = false;
  for (int n = 0; n < job->need_count; n++)
    short_of = short_of || (crew->on_board ? crew->on_board[job->needs[n].item] : 0) < job->needs[n].quantity;
  if (!short_of) return from < 0 ? -1 : -2;
  for (int s = from < 0 ? 0 : from; s < p->store_count; s++) {
    bool has = true;
    for (int n = 0; n < job->need_count; n++)
      has = has && (crew->on_board ? crew->on_board[job->needs[n].item] : 0) + p->stores[s].stock[job->needs[n].item] >=
                       job->needs[n].quantity - DISPATCH_EPSILON;
    if (has) return s;
  }
  return -2;
}

static DispatchReason reason_of(const Dispatch *d, int job_at) {
  const DispatchProblem *p = d->problem;
  const DispatchJob *job = &p->jobs[job_at];
  DispatchReason reason = DISPATCH_NO_SKILL;
  int in_time = 0;
  for (int k = 0; k < d->crew_count; k++) {
    const DispatchCrew *crew = &p->crews[k];
    DispatchReason here = DISPATCH_NO_ROOM;
    bool carries = true;
    for (int a = 0; a < DISPATCH_AMOUNTS; a++) carries = carries && job->amount[a] <= crew->amount[a] + DISPATCH_EPSILON;
    if ((job->skills & ~crew->skills) || (job->crew >= 0 && job->crew != k))
      here = DISPATCH_NO_SKILL;
    else if (job->members > crew->members)
      here = DISPATCH_NO_MEMBERS;
    else if (!carries)
      here = DISPATCH_NO_AMOUNT;
    else {
      int store = store_for(p, job, crew, -1);
      if (store == -2)
        here = DISPATCH_NO_MATERIAL;
      else {
        while (store != -2 && !alone_in_time(d, job_at, k, store)) store = store < 0 ? -2 : store_for(p, job, crew, store + 1);
        if (store == -2)
          here = DISPATCH_NO_TIME;
        else
          in_time++;
      }
    }
    if (here > reason) reason = here;
  }
  if (reason != DISPATCH_NO_ROOM) return reason;
  for (int a = 0; a < job->after_count; a++)
    if (d->crew_of[job->after[a]] < 0) return DISPATCH_AFTER_UNASSIGNED;
  int together = 0;
  for (int j = 0; j < d->job_count && job->together >= 0; j++) together += p->jobs[j].together == job->together;
  return together > in_time || together > 1 ? DISPATCH_NO_PARTNER : DISPATCH_NO_ROOM;
}

const char *dispatch_reason_name(DispatchReason reason) {
  static const char *const names[] = {"no_skill", "no_members",       "no_amount",  "no_material",
                                      "no_time",  "after_unassigned", "no_partner", "no_room"};
  return names[reason];
}

/* Which of the route's visits gives what: as material_take does, from the latest visit before, within what was taken in all. */
static bool give_takes(const Dispatch *d, Arena *arena, int crew, DispatchRoute *out) {
  const DispatchProblem *p = d->problem;
  size_t items = (size_t)p->item_count;
  double *hold = ARENA_ARRAY(arena, double, items + 1), *left = ARENA_ARRAY(arena, double, items *(size_t)p->store_count + 1);
  double *at_stop = ARENA_ARRAY(arena, double, items *(size_t)out->count + 1);
  if (!hold || !left || !at_stop) return false;
  memcpy(left, d->routes[crew].taken, items * (size_t)p->store_count * sizeof *left);
  if (p->crews[crew].on_board) memcpy(hold, p->crews[crew].on_board, items * sizeof *hold);
  for (int i = 0; i < out->count; i++) {
    if (out->stops[i].kind != DISPATCH_STOP_JOB) continue;
    const DispatchJob *job = &p->jobs[out->stops[i].index];
    for (int n = 0; n < job->need_count && isnan(job->started); n++) {
      int item = job->needs[n].item;
      double lacking = job->needs[n].quantity - hold[item];
      for (int v = i - 1; v >= 0 && lacking > DISPATCH_EPSILON; v--) {
        if (out->stops[v].kind != DISPATCH_STOP_STORE) continue;
        double *room = &left[(size_t)out->stops[v].index * items + (size_t)item], take = *room < lacking ? *room : lacking;
        *room -= take, lacking -= take, hold[item] += take;
        at_stop[(size_t)v * items + (size_t)item] += take;
      }
      if (!p->items[item].tool) hold[item] -= job->needs[n].quantity;
    }
  }
  for (int i = 0; i < out->count; i++) {
    DispatchStop *stop = &out->stops[i];
    if (stop->kind != DISPATCH_STOP_STORE) continue;
    DispatchTake *takes = ARENA_ARRAY(arena, DispatchTake, items + 1);
    if (!takes) return false;
    for (size_t item = 0; item < items; item++)
      if (at_stop[(size_t)i * items + item] > 0) takes[stop->take_count++] = (DispatchTake){(int)item, at_stop[(size_t)i * items + item]};
    stop->takes = takes;
  }
  return true;
}

/* The route walked once more from when it leaves, with its breaks in their places. */
static bool give_route(const Dispatch *d, Arena *arena, int crew_at, DispatchRoute *out) {
  const DispatchCrew *crew = &d->problem->crews[crew_at];
  const Route *route = &d->routes[crew_at];
  DispatchStop rests[DISPATCH_BREAKS];
  int rested = 0;
  out->leave = out->end = crew->shift.from;
  if (!route->count) return true;
  out->stops = ARENA_ARRAY(arena, DispatchStop, (size_t)(route->count + crew->break_count));
  if (!out->stops) return false;
  Walk walk = walk_after(&route->at[0]);
  if (d->timed && !route->fixed) walk.t = route->at[route->count + 1].early;
  out->leave = walk.t;
  walk.rests = rests;
  double leg, over, start;
  for (int i = 1; i <= route->count + 1; i++) {
    const Stop *stop = i <= route->count ? &route->at[i] : NULL;
    DispatchStop next = {.kind = DISPATCH_STOP_JOB, .index = stop ? stop->node : -1};
    if (stop && i <= route->fixed && is_job(d, stop->node)) {
      next.start = next.arrival = stop->start, next.finish = stop->start + d->nodes[stop->node].service;
      walk = walk_after(stop);
      walk.rests = rests;
    } else if (stop) {
      if (!walk_step(d, crew, &walk, stop->node, &start, &leg)) return false;
      if (!is_job(d, stop->node)) next.kind = DISPATCH_STOP_STORE, next.index = stop->node - d->job_count;
      next.start = start, next.finish = walk.t, next.travel = leg, next.arrival = start;
    } else if (!walk_end(d, crew, &walk, &leg, &over)) {
      return false;
    }
    if (stop && i > route->fixed) { /* arrival: behind the leg, or behind the break that was taken on arrival */
      double left = out->count ? out->stops[out->count - 1].finish : out->leave, driven = next.travel;
      if (i == route->fixed + 1 && route->fixed) left = route->at[route->fixed].depart;
      for (int b = rested; b < walk.breaks; b++) {
        left = rests[b].finish;
        if (rests[b].travel > 0) driven = 0;
      }
      next.travel = driven, next.arrival = left + driven;
    }
    for (; rested < walk.breaks; rested++) out->stops[out->count++] = rests[rested];
    if (stop) out->stops[out->count++] = next;
  }
  out->end = walk.t;
  out->travel = route->travel;
  return !d->materials || give_takes(d, arena, crew_at, out);
}

static void give_score(const Dispatch *d, const DispatchPlan *plan, DispatchScore *score) {
  const DispatchProblem *p = d->problem;
  for (int j = 0; j < d->job_count; j++)
    score->due += p->jobs[j].due < INFINITY, score->critical += p->jobs[j].due < INFINITY && p->jobs[j].critical > 0;
  for (int k = 0; k < d->crew_count; k++) {
    const DispatchRoute *route = &plan->routes[k];
    int jobs = 0;
    for (int i = 0; i < route->count; i++) {
      if (route->stops[i].kind != DISPATCH_STOP_JOB) continue;
      const DispatchJob *job = &p->jobs[route->stops[i].index];
      double start = route->stops[i].start;
      jobs++;
      score->customer_hours += job->customers * (start + job->service) / 3600;
      if (job->due < INFINITY && start <= job->due + DISPATCH_EPSILON)
        score->due_kept++, score->critical_kept += job->critical > 0;
      else if (job->due < INFINITY)
        score->late_hours += (start - job->due) / 3600;
      score->changed += job->crew_before >= 0 && job->crew_before != k;
    }
    score->assigned += jobs, score->routes += jobs > 0, score->reserves += jobs > 0 && p->crews[k].reserve;
    if (!route->count) continue;
    score->travel += route->travel;
    score->duration += route->end - route->leave;
    if (route->end > p->crews[k].shift.to + DISPATCH_EPSILON) score->overtime += route->end - p->crews[k].shift.to;
  }
  score->unassigned = plan->unassigned_count;
  score->cost = d->best_cost;
}

bool dispatch_result(const Dispatch *d, Arena *arena, DispatchPlan *out, Error *error) {
  *out = (DispatchPlan){.crew_count = d->crew_count, .unassigned_count = d->absent_count};
  out->routes = ARENA_ARRAY(arena, DispatchRoute, (size_t)d->crew_count + 1);
  out->unassigned = ARENA_ARRAY(arena, DispatchUnassigned, (size_t)d->absent_count + 1);
  if (!out->routes || !out->unassigned) return error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
  for (int k = 0; k < d->crew_count; k++)
    if (!give_route(d, arena, k, &out->routes[k])) return error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
  for (int i = 0; i < d->absent_count; i++) out->unassigned[i] = (DispatchUnassigned){d->absent[i], reason_of(d, d->absent[i])};
  give_score(d, out, &out->score);
  return true;
}
