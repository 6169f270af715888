/* One crew's route: its clock, its cost, changing it and taking the change back. */
#include <string.h>

#include "crew/dispatch_walk.h"

/* Ichoua, Gendreau, Potvin 2003: a leg is driven at each hour's speed in turn, so later leaving never arrives earlier. */
double route_drive(const Dispatch *d, double depart, double travel) {
  const DispatchSpeed *day = d->problem->day;
  double at = depart, speed = 1;
  int next = 0;
  while (next < d->problem->day_count && day[next].from <= at) speed = day[next++].speed;
  while (next < d->problem->day_count && at + travel / speed > day[next].from) {
    travel -= (day[next].from - at) * speed;
    at = day[next].from;
    speed = day[next++].speed;
  }
  return at + travel / speed - depart;
}

/* Takes the breaks that cannot wait until what begins at `start` is done, and those that fit in the waiting for it. A break
 * is taken on arrival, or before leaving where that would be too late. `node` NULL: the end of the route. False: a break
 * cannot be had in its window. */
bool walk_breaks(const Dispatch *d, const DispatchCrew *crew, Walk *walk, const Node *node, double release, double *leg) {
  int to = node ? node->place : crew->end;
  double service = node ? node->service : 0;
  while (walk->breaks < crew->break_count) {
    const DispatchBreak *rest = &crew->breaks[walk->breaks];
    double arrive = walk->t + *leg, start = node ? node_begin(node, release, arrive).from : arrive;
    double on_arrival = arrive > rest->window.from ? arrive : rest->window.from;
    bool in_wait = on_arrival <= rest->window.to && on_arrival + rest->service <= start;
    if (!in_wait && start + service <= rest->window.to + DISPATCH_EPSILON) return true;
    walk->breaks++;
    DispatchStop taken = {.kind = DISPATCH_STOP_BREAK, .index = walk->breaks - 1};
    if (on_arrival <= rest->window.to + DISPATCH_EPSILON) {
      taken.travel = *leg, taken.arrival = arrive;
      if (d->timed) walk_window(walk, *leg, rest->window, rest->service);
      walk->t = on_arrival + rest->service;
      if (to >= 0) walk->place = to;
      *leg = 0;
    } else {
      double before = walk->t > rest->window.from ? walk->t : rest->window.from;
      if (before > rest->window.to + DISPATCH_EPSILON) return false;
      if (d->timed) walk_window(walk, 0, rest->window, rest->service);
      walk->t = before + rest->service;
      taken.arrival = before;
      *leg = walk_leg(d, crew, walk->place, to, walk->t);
    }
    taken.finish = walk->t, taken.start = walk->t - rest->service;
    if (walk->rests) walk->rests[taken.index] = taken;
  }
  return true;
}

static void refresh_fast(Dispatch *d, int crew_at) {
  const DispatchCrew *crew = &d->problem->crews[crew_at];
  Route *route = &d->routes[crew_at];
  route->at[route->count + 1].latest = crew->shift.to;
  for (int i = route->count; i >= 1; i--) {
    const Node *node = &d->nodes[route->at[i].node];
    double latest = route->at[i + 1].latest - route->at[i + 1].leg - node->service;
    if (node->window_count <= 1)
      latest = latest < node->to ? latest : node->to;
    else
      for (int w = node->window_count - 1; w >= 0; w--)
        if (node->windows[w].from <= latest) {
          latest = latest < node->windows[w].to ? latest : node->windows[w].to;
          break;
        }
    route->at[i].latest = latest;
  }
}

static void refresh_cost(Dispatch *d, int crew_at, double over) {
  const DispatchProblem *p = d->problem;
  Route *route = &d->routes[crew_at];
  double own = 0;
  route->travel = 0, route->visits = 0, route->last_linked = 0;
  memset(route->load, 0, sizeof route->load);
  for (int i = 1; i <= route->count; i++) {
    const Stop *stop = &route->at[i];
    route->travel += stop->leg, own += stop->own;
    if (!is_job(d, stop->node)) {
      route->visits++;
      continue;
    }
    const DispatchJob *job = &p->jobs[stop->node];
    if (d->nodes[stop->node].chain >= 0) route->last_linked = i;
    if (job->crew_before >= 0 && job->crew_before != crew_at) own += p->rules.change;
    for (int k = 0; k < d->amounts; k++) route->load[k] += job->amount[k];
  }
  route->travel += route->at[route->count + 1].leg;
  route->cost = own + d->rule_travel * route->travel + d->rule_duration * route->at[route->count + 1].spent + d->rule_overtime * over;
  if (p->crews[crew_at].reserve && route->count) route->cost += p->rules.reserve;
}

/* Recomputes the route from stop `from` on. False: a window or the shift is broken (the route is then not to be used). */
bool route_refresh(Dispatch *d, int crew_at, int from) {
  const DispatchCrew *crew = &d->problem->crews[crew_at];
  Route *route = &d->routes[crew_at];
  Stop *at = route->at;
  if (from < 1) from = 1;
  if (from == 1) {
    double late = d->problem->day_count ? crew->shift.from : crew->shift.to; /* in traffic that changes, later is another drive */
    at[0] = (Stop){.node = -1,
                   .place = crew->start,
                   .start = crew->shift.from,
                   .depart = crew->shift.from,
                   .early = crew->shift.from,
                   .late = late,
                   .latest = INFINITY};
  }
  Walk walk = walk_after(&at[from - 1]);
  for (int i = from; i <= route->count; i++) {
    Stop *stop = &at[i];
    const Node *node = &d->nodes[stop->node];
    if (is_job(d, stop->node) && i <= route->fixed && !isnan(d->problem->jobs[stop->node].started)) {
      stop->start = d->problem->jobs[stop->node].started;
      stop->leg = 0;
      double done = stop->start + node->service;
      walk.t = done > walk.t ? done : walk.t;
      walk.place = node->place;
      walk.early = walk.late = walk.t - (walk.spent += node->service);
    } else if (!walk_step(d, crew, &walk, stop->node, &stop->start, &stop->leg)) {
      return false;
    }
    stop->place = node->place, stop->breaks = walk.breaks, stop->depart = walk.t;
    stop->early = walk.early, stop->late = walk.late, stop->spent = walk.spent;
    stop->own = node_cost(node, stop->start);
  }
  Stop *end = &at[route->count + 1];
  double over = 0;
  *end = (Stop){.node = -1, .place = crew->end, .start = walk.t, .depart = walk.t, .latest = crew->shift.to};
  if (route->count && !walk_end(d, crew, &walk, &end->leg, &over)) return false;
  end->start = end->depart = walk.t, end->breaks = walk.breaks;
  end->early = walk.early, end->late = walk.late, end->spent = route->count ? walk.spent : 0;
  end->own = over;
  if (d->fast) refresh_fast(d, crew_at);
  refresh_cost(d, crew_at, over);
  d->stamps[crew_at] = ++d->stamp;
  return true;
}

static bool stops_room(Dispatch *d, Route *route, int count) {
  if (count + 2 <= route->room) return true;
  int room = count + 2 + count / 2 + 6;
  Stop *grown = memory_grow(route->at, (size_t)room * sizeof *grown);
  if (!grown) return d->failed = true, false;
  route->at = grown, route->room = room;
  return true;
}

/* Remembers the route as it is, once a round, for route_restore_all. */
void route_touch(Dispatch *d, int crew) {
  if (d->touched[crew] == d->round_mark) return;
  Route *from = &d->routes[crew], *to = &d->spare[crew];
  if (!stops_room(d, to, from->count)) return;
  Stop *at = to->at;
  int room = to->room;
  double *taken = to->taken;
  *to = *from;
  to->at = at, to->room = room, to->taken = taken;
  memcpy(at, from->at, (size_t)(from->count + 2) * sizeof *at);
  if (taken) memcpy(taken, from->taken, (size_t)d->problem->store_count * (size_t)d->problem->item_count * sizeof *taken);
  d->spare_stamps[crew] = d->stamps[crew];
  d->touched[crew] = d->round_mark;
  d->saved[d->saved_count++] = crew;
}

void route_restore_all(Dispatch *d) {
  size_t cells = (size_t)d->problem->store_count * (size_t)d->problem->item_count;
  for (int s = 0; s < d->saved_count; s++) {
    int crew = d->saved[s];
    if (d->materials)
      for (size_t c = 0; c < cells; c++) d->used[c] += d->spare[crew].taken[c] - d->routes[crew].taken[c];
    Route swap = d->routes[crew];
    d->routes[crew] = d->spare[crew];
    d->spare[crew] = swap;
    d->stamps[crew] = d->spare_stamps[crew];
    for (int i = 1; i <= d->routes[crew].count; i++)
      if (is_job(d, d->routes[crew].at[i].node)) d->crew_of[d->routes[crew].at[i].node] = crew;
  }
}

/* The node at `pos`, unrefreshed. */
bool route_put(Dispatch *d, int crew, int pos, int node) {
  Route *route = &d->routes[crew];
  if (!stops_room(d, route, route->count + 1)) return false;
  memmove(&route->at[pos + 1], &route->at[pos], (size_t)(route->count + 2 - pos) * sizeof *route->at);
  route->at[pos] = (Stop){.node = node, .place = d->nodes[node].place};
  route->count++;
  if (is_job(d, node)) d->crew_of[node] = crew;
  return true;
}

/* `count` stops out from `pos` on, unrefreshed. */
void route_cut(Dispatch *d, int crew, int pos, int count) {
  Route *route = &d->routes[crew];
  for (int i = pos; i < pos + count; i++)
    if (is_job(d, route->at[i].node)) d->crew_of[route->at[i].node] = -1;
  memmove(&route->at[pos], &route->at[pos + count], (size_t)(route->count + 2 - pos - count) * sizeof *route->at);
  route->count -= count;
}
