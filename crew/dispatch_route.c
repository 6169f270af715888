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

static double latest_start(const Node *node, double latest) {
  if (node->window_count <= 1) return latest < node->to ? latest : node->to;
  for (int w = node->window_count - 1; w >= 0; w--)
    if (node->windows[w].from <= latest) return latest < node->windows[w].to ? latest : node->windows[w].to;
  return latest;
}

/* The latest starts that keep the rest in time, from the end; stops from `from` on have changed. */
static void refresh_fast(Dispatch *d, int crew_at, int from) {
  Route *route = &d->routes[crew_at];
  const Stop *at = route->at;
  Quick *quick = route->quick;
  double latest = d->problem->crews[crew_at].shift.to;
  for (int i = from > 1 ? from : 0; i <= route->count + 1; i++)
    quick[i] = (Quick){.depart = at[i].depart, .leg = at[i].leg, .latest = INFINITY, .place = at[i].place};
  quick[route->count + 1].latest = latest;
  for (int i = route->count; i >= 1; i--) {
    const Node *node = &d->nodes[at[i].node];
    latest = latest_start(node, latest - at[i + 1].leg - node->service);
    if (i < from && quick[i].latest == latest) break;
    quick[i].latest = latest;
  }
}

/* Waiting before a stop that is neither way nor break. */
static double idle_before(const DispatchCrew *crew, const Stop *stop) {
  double idle = stop->start - stop[-1].depart - stop->leg;
  for (int b = stop[-1].breaks; b < stop->breaks; b++) idle -= crew->breaks[b].service;
  return idle > 0 ? idle : 0;
}

/* What a delay costs from each stop on, from the end. Where times hang on more than the delay, nothing is promised. */
static void refresh_slope(Dispatch *d, int crew_at) {
  const DispatchCrew *crew = &d->problem->crews[crew_at];
  Route *route = &d->routes[crew_at];
  const Stop *at = route->at;
  const Stop *end = &at[route->count + 1];
  bool vague = crew->break_count || d->problem->day_count || d->timed;
  double slope = end->own > 0 ? d->rule_overtime : 0;
  double room = (end->own > 0 ? crew->shift.to + crew->overtime : crew->shift.to) - end->start;
  route->quick[route->count + 1] =
      (Quick){.depart = end->depart, .leg = end->leg, .slope = slope, .room = vague ? -1 : room, .spare = INFINITY, .place = end->place};
  route->last_kept = 0;
  route->idle = idle_before(crew, end), route->longest = end->leg;
  for (int i = route->count; i >= 0; i--) {
    const Stop *stop = &at[i];
    double spare = INFINITY;
    if (stop->leg > route->longest) route->longest = stop->leg;
    if (i > 0) {
      const Node *node = &d->nodes[stop->node];
      double wait = stop->start - at[i - 1].depart - stop->leg, to = node->to;
      if (i > route->fixed) route->idle += idle_before(crew, stop);
      if (node->window_count > 1) to = stop->start; /* past the window it would jump */
      bool late = stop->start > node->due + DISPATCH_EPSILON;
      if (wait > DISPATCH_EPSILON) {
        slope = 0, room = wait;
      } else {
        slope += node->rate + (late ? node->late : 0);
        if (to - stop->start < room) room = to - stop->start;
        if (!late && node->due < INFINITY) {
          spare = node->due - stop->start;
          if (!route->last_kept) route->last_kept = i;
        }
      }
    }
    route->quick[i] = (Quick){.depart = stop->depart,
                              .leg = stop->leg,
                              .slope = vague ? 0 : slope,
                              .room = vague ? -1 : room,
                              .spare = spare,
                              .place = stop->place};
  }
}

/* The rest of the route from each stop on as one thing, from the end. */
static void refresh_rest(Dispatch *d, int crew_at) {
  const Route *route = &d->routes[crew_at];
  const Stop *at = route->at;
  Quick *quick = route->quick;
  int end = route->count + 1;
  quick[end] = (Quick){.depart = at[end].depart,
                       .leg = at[end].leg,
                       .early = -INFINITY,
                       .late = d->problem->crews[crew_at].shift.to,
                       .place = at[end].place};
  for (int i = route->count; i >= 0; i--) {
    quick[i] = (Quick){.depart = at[i].depart, .leg = at[i].leg, .place = at[i].place};
    if (i == 0) break;
    const Node *node = &d->nodes[at[i].node];
    double from = node->from, offset = node->service + at[i + 1].leg, wait = quick[i + 1].early - offset - node->to;
    if (d->chain_count && is_job(d, at[i].node) && d->release[at[i].node] > from) from = d->release[at[i].node];
    if (wait < 0) wait = 0;
    quick[i].early = (quick[i + 1].early - offset > from ? quick[i + 1].early - offset : from) - wait;
    quick[i].late = quick[i + 1].late - offset < node->to ? quick[i + 1].late - offset : node->to;
    quick[i].spent = offset + wait + quick[i + 1].spent;
  }
}

static void refresh_cost(Dispatch *d, int crew_at, double over) {
  Route *route = &d->routes[crew_at];
  const Stop *end = &route->at[route->count + 1];
  route->travel = end[-1].travel + end->leg;
  route->cost = end[-1].costs + d->rule_travel * route->travel + d->rule_duration * end->spent + d->rule_overtime * over;
  if (d->problem->crews[crew_at].reserve && route->count) route->cost += d->problem->rules.reserve;
  route->last_linked = 0;
  for (int i = route->count; i >= 1 && d->chain_count && !route->last_linked; i--)
    if (is_job(d, route->at[i].node) && d->nodes[route->at[i].node].chain >= 0) route->last_linked = i;
}

/* Recomputes the route from stop `from` on. False: a window or the shift is broken (the route is then not to be used). */
bool route_refresh(Dispatch *d, int crew_at, int from) {
  const DispatchCrew *crew = &d->problem->crews[crew_at];
  Route *route = &d->routes[crew_at];
  Stop *at = route->at;
  if (from < 1) from = 1;
  if (from == 1) {
    double late = d->problem->day_count ? crew->shift.from : crew->shift.to; /* in traffic that changes, later is another drive */
    at[0] = (Stop){
        .node = -1, .place = crew->start, .start = crew->shift.from, .depart = crew->shift.from, .early = crew->shift.from, .late = late};
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
    stop->travel = at[i - 1].travel + stop->leg;
    stop->costs = at[i - 1].costs + stop->own;
    if (node->crew_before >= 0 && node->crew_before != crew_at) stop->costs += d->problem->rules.change;
  }
  Stop *end = &at[route->count + 1];
  double over = 0;
  *end = (Stop){.node = -1, .place = crew->end, .start = walk.t, .depart = walk.t};
  if (route->count && !walk_end(d, crew, &walk, &end->leg, &over)) return false;
  end->start = end->depart = walk.t, end->breaks = walk.breaks;
  end->early = walk.early, end->late = walk.late, end->spent = route->count ? walk.spent : 0;
  end->own = over;
  if (d->fast)
    refresh_fast(d, crew_at, from);
  else if (d->pure)
    refresh_rest(d, crew_at);
  else
    refresh_slope(d, crew_at);
  refresh_cost(d, crew_at, over);
  d->stamps[crew_at] = ++d->stamp;
  return true;
}

bool route_room(Dispatch *d, Route *route, int count) {
  if (count + 2 <= route->room) return true;
  int room = count + 2 + count / 2 + 6;
  Stop *grown = memory_grow(route->at, (size_t)room * sizeof *grown);
  if (grown) route->at = grown;
  Quick *quick = memory_grow(route->quick, (size_t)room * sizeof *quick);
  if (quick) route->quick = quick;
  if (!grown || !quick) return d->failed = true, false;
  route->room = room;
  return true;
}

/* Remembers the route as it is, once a round, for route_restore_all. */
void route_touch(Dispatch *d, int crew) {
  if (d->touched[crew] == d->round_mark) return;
  Route *from = &d->routes[crew], *to = &d->spare[crew];
  if (!route_room(d, to, from->count)) return;
  Route keep = *to;
  *to = *from;
  to->at = keep.at, to->quick = keep.quick, to->room = keep.room, to->taken = keep.taken;
  memcpy(to->at, from->at, (size_t)(from->count + 2) * sizeof *to->at);
  memcpy(to->quick, from->quick, (size_t)(from->count + 2) * sizeof *to->quick);
  if (to->taken) memcpy(to->taken, from->taken, (size_t)d->problem->store_count * (size_t)d->problem->item_count * sizeof *to->taken);
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

static void count_node(Dispatch *d, Route *route, int node, int sign) {
  if (!is_job(d, node)) route->visits += sign;
  for (int k = 0; k < d->amounts && is_job(d, node); k++) route->load[k] += sign * d->nodes[node].amount[k];
}

/* The node at `pos`, unrefreshed. */
bool route_put(Dispatch *d, int crew, int pos, int node) {
  Route *route = &d->routes[crew];
  if (!route_room(d, route, route->count + 1)) return false;
  memmove(&route->at[pos + 1], &route->at[pos], (size_t)(route->count + 2 - pos) * sizeof *route->at);
  route->at[pos] = (Stop){.node = node, .place = d->nodes[node].place};
  route->count++;
  count_node(d, route, node, 1);
  if (is_job(d, node)) d->crew_of[node] = crew;
  return true;
}

/* The stop at `pos` out, unrefreshed. */
void route_cut(Dispatch *d, int crew, int pos) {
  Route *route = &d->routes[crew];
  int node = route->at[pos].node;
  if (is_job(d, node)) d->crew_of[node] = -1;
  memmove(&route->at[pos], &route->at[pos + 1], (size_t)(route->count + 1 - pos) * sizeof *route->at);
  route->count--;
  count_node(d, route, node, -1);
}

/* All stops out, unrefreshed. */
void route_clear(Dispatch *d, int crew) {
  Route *route = &d->routes[crew];
  route->count = route->visits = 0;
  memset(route->load, 0, sizeof route->load);
}
