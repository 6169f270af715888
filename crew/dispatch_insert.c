/* Putting a job where it costs least: judged in O(1) a position where only travel and hard windows count, by walking on from
 * the position otherwise. What was judged of a route is remembered for as long as the route stays as it was. */
#include <limits.h>
#include <string.h>

#include "crew/dispatch_walk.h"

#define BLINK_LOG (-0.01005033585350145) /* ln 0.99 */
/* Blinks: about one position in a hundred is overlooked, drawn as the distance to the next so that it costs nothing. */
static int blink_next(Dispatch *d) { return (int)(log(1 - random_unit(&d->random)) / BLINK_LOG); }

static inline bool blink(Dispatch *d, bool blinks) {
  if (!blinks || d->blink_in-- > 0) return false;
  d->blink_in = blink_next(d);
  return true;
}

static inline double leg_fast(const double *row, int place, double slowness) { return place < 0 ? 0 : row[place] * slowness; }

static bool judge_fast(Dispatch *d, int job, int crew_at, bool blinks, Choice *best) {
  const Route *route = &d->routes[crew_at];
  const Node *node = &d->nodes[job];
  const double slowness = d->problem->crews[crew_at].slowness;
  const double *out = d->travel + (size_t)node->place * d->stride;
  const double *in = d->back ? d->back + (size_t)node->place * d->back_stride : NULL;
  const Quick *at = route->quick;
  const int end = route->count + 1;
  bool blinked = false;
  double low = INFINITY, done = node->from + node->service - DISPATCH_EPSILON, to = NAN, from;
  int p = route->fixed + 1;
  while (p < end && at[p].latest < done) p++; /* what comes behind would be late */
  for (; p <= end && at[p - 1].depart <= node->to; p++, to = out == in ? from : NAN) {
    int before = at[p - 1].place;
    if (isnan(to)) {
      if (in)
        to = leg_fast(in, before, slowness);
      else
        to = before < 0 ? 0 : d->travel[(size_t)before * d->stride + (size_t)node->place] * slowness;
    }
    from = leg_fast(out, at[p].place, slowness);
    double cost = to + from - at[p].leg;
    if (cost >= low) continue;
    DispatchWindow begin = node_begin(node, -INFINITY, at[p - 1].depart + to);
    if (begin.from > begin.to + DISPATCH_EPSILON || begin.from + node->service + from > at[p].latest + DISPATCH_EPSILON) continue;
    if (blink(d, blinks)) {
      blinked = true;
      continue;
    }
    low = cost, best->pos = p;
  }
  best->cost = low * d->rule_travel;
  return blinked;
}

/* The added cost of the stops from `p` on after `walk`, on top of `cost`; INFINITY when they break or cost `limit` or more. */
static double judge_rest(const Dispatch *d, int crew_at, Walk *walk, int p, double cost, double limit) {
  const Route *route = &d->routes[crew_at];
  const DispatchCrew *crew = &d->problem->crews[crew_at];
  const Stop *at = route->at;
  double start, leg, over;
  for (int q = p; q <= route->count; q++) {
    const Node *node = &d->nodes[at[q].node];
    if (!walk_step(d, crew, walk, at[q].node, &start, &leg)) return INFINITY;
    cost += node_cost(node, start) - at[q].own + d->rule_travel * (leg - at[q].leg);
    if (walk->t >= at[q].depart) {
      if (cost >= limit) return INFINITY;
      if (walk->t - at[q].depart < 1e-9 && walk->breaks == at[q].breaks && !d->timed) return cost;
    }
  }
  const Stop *end = &at[route->count + 1];
  if (!walk_end(d, crew, walk, &leg, &over)) return INFINITY;
  cost += d->rule_travel * (leg - end->leg) + d->rule_overtime * (over - end->own);
  return cost + d->rule_duration * (walk->spent - end->spent);
}

static inline double broken_due(const Node *node, double late) { return node->miss + node->late * late; }

/* A linked job before another that may be what it waits for. */
static inline bool waits_for_itself(const Dispatch *d, int job, const Route *route, int p) {
  return p <= route->last_linked && route->at[p].start < d->release[job];
}

/* The added cost when only the working time counts: what was walked and the rest put together. (Vidal and others 2013) */
static inline double judge_pure(const Dispatch *d, int crew_at, const Walk *walk, int p, double driven) {
  const Route *route = &d->routes[crew_at];
  const Quick *rest = &route->quick[p];
  double out = walk_leg(d, &d->problem->crews[crew_at], walk->place, rest->place, walk->t);
  if (walk->t + out > rest->late + DISPATCH_EPSILON) return INFINITY;
  double offset = walk->spent + out, wait = rest->early - offset - walk->late;
  double spent = offset + (wait > 0 ? wait : 0) + rest->spent;
  return d->rule_duration * (spent - route->at[route->count + 1].spent) + d->rule_travel * (driven + out - rest->leg);
}

/* Even with all its waiting used, and the least way round, the crew would not be done by the end of its shift. */
static bool is_full(const Dispatch *d, const Node *node, const DispatchCrew *crew, const Route *route, int from) {
  double room = crew->shift.to + crew->overtime + DISPATCH_EPSILON - (route->at[route->count + 1].start - route->idle + node->service);
  if (d->problem->day_count || room >= route->longest || route->count == 0) return false;
  const double *out = d->travel + (size_t)node->place * d->stride;
  const Quick *at = route->quick;
  for (int p = from; p <= route->count + 1; p++) {
    double to = at[p - 1].place < 0 ? 0 : d->travel[(size_t)at[p - 1].place * d->stride + (size_t)node->place];
    if ((to + leg_fast(out, at[p].place, 1)) * crew->slowness - at[p].leg <= room) return false;
  }
  return true;
}

/* As it comes: where a delay costs more than was thought out before, or there is less of one. */
__attribute__((noinline)) static double judge_far(const Dispatch *d, int job, int crew_at, int p, double limit) {
  const Stop *at = d->routes[crew_at].at;
  Walk walk = walk_after(&at[p - 1]);
  double start, leg;
  if (!walk_step(d, &d->problem->crews[crew_at], &walk, job, &start, &leg)) return INFINITY;
  return judge_rest(d, crew_at, &walk, p, node_cost(&d->nodes[job], start) + d->rule_travel * leg, limit + d->rule_travel * at[p].leg);
}

/* Where neither the job has windows nor the crew breaks: the job itself, what the delay costs behind it, the dues it breaks. */
static bool judge_delay(Dispatch *d, int job, int crew_at, bool blinks, Choice *best) {
  const Route *route = &d->routes[crew_at];
  const Node *node = &d->nodes[job];
  const Quick *at = route->quick;
  const double *out = d->travel + (size_t)node->place * d->stride;
  const double *in = d->back ? d->back + (size_t)node->place * d->back_stride : NULL;
  const double slowness = d->problem->crews[crew_at].slowness, spared = d->rule_travel * route->longest;
  const double rate = node->rate, service = node->service, due = node->due + DISPATCH_EPSILON;
  const int end = route->count + 1;
  int blink_in = blinks ? d->blink_in : INT_MAX;
  bool blinked = false;
  for (int p = route->fixed + 1; p <= end; p++) {
    double start = at[p - 1].depart;
    if (rate * (start + service) + (start > due ? node->miss : 0) >= best->cost + spared) break; /* it only gets later */
    if (blink_in-- <= 0) {
      blinked = true, blink_in = blink_next(d);
      continue;
    }
    int before = at[p - 1].place;
    double to = before < 0 ? 0 : (in ? in[before] : d->travel[(size_t)before * d->stride + (size_t)node->place]) * slowness;
    double way = to + leg_fast(out, at[p].place, slowness) - at[p].leg, delay = way + service;
    start += to;
    double cost = rate * (start + service) + d->rule_travel * way + delay * at[p].slope;
    if (start > due) cost += node->miss + node->late * (start - node->due);
    if (delay < 0 || delay > at[p].room) cost = judge_far(d, job, crew_at, p, best->cost);
    else
      for (int q = p; q <= route->last_kept && cost < best->cost; q++)
        if (delay > at[q].spare + DISPATCH_EPSILON) cost += broken_due(&d->nodes[route->at[q].node], delay - at[q].spare);
    if (cost < best->cost) best->cost = cost, best->pos = p;
  }
  if (blinks) d->blink_in = blink_in;
  return blinked;
}

static bool judge_walk(Dispatch *d, int job, int crew_at, bool blinks, int from, Choice *best) {
  const Route *route = &d->routes[crew_at];
  const DispatchCrew *crew = &d->problem->crews[crew_at];
  const Node *node = &d->nodes[job];
  const Quick *at = route->quick;
  bool blinked = false, linked = node->chain >= 0;
  if (!d->pure && is_full(d, node, crew, route, from)) return false;
  if (!d->pure && !node->window_count && !linked && !node->need_count && at[route->count + 1].room > -DISPATCH_EPSILON)
    return judge_delay(d, job, crew_at, blinks, best);
  for (int p = from; p <= route->count + 1; p++) {
    if (linked && waits_for_itself(d, job, route, p)) continue;
    /* what is best for a linked job alone need not suit those it is linked with: these positions are overlooked often */
    if (blink(d, blinks) || (linked && blinks && random_below(&d->random, 4) == 0)) {
      blinked = true;
      continue;
    }
    if (at[p - 1].depart > node->to) break;
    if (!d->pure && node_cost(node, at[p - 1].depart) >= best->cost + d->rule_travel * route->longest) break; /* it only gets later */
    Walk walk = walk_after(&route->at[p - 1]);
    double start, leg, limit = best->cost + d->rule_travel * at[p].leg;
    if (!walk_step(d, crew, &walk, job, &start, &leg)) continue;
    if (d->pure) {
      double cost = judge_pure(d, crew_at, &walk, p, leg);
      if (cost < best->cost) *best = (Choice){cost, crew_at, p, -1, 0};
      continue;
    }
    double cost = node_cost(node, start) + d->rule_travel * leg;
    if (cost >= limit) continue;
    double out = walk_leg(d, crew, node->place, at[p].place, walk.t), delay = walk.t + out - at[p - 1].depart - at[p].leg;
    if (delay >= 0 && at[p].room >= -1 + DISPATCH_EPSILON) {
      double least = cost + d->rule_travel * (out - at[p].leg) + delay * at[p].slope;
      if (least >= best->cost) continue;
      if (delay <= at[p].room) {
        for (int q = p; q <= route->last_kept && least < best->cost; q++)
          if (delay > at[q].spare + DISPATCH_EPSILON) least += broken_due(&d->nodes[route->at[q].node], delay - at[q].spare);
        if (least < best->cost) *best = (Choice){least, crew_at, p, -1, 0};
        continue;
      }
    }
    cost = judge_rest(d, crew_at, &walk, p, cost, limit);
    if (cost < best->cost) *best = (Choice){cost, crew_at, p, -1, 0};
  }
  return blinked;
}

/* With a new visit to `store` somewhere before it, for positions before `to`. */
static void judge_visit(const Dispatch *d, int job, int crew_at, int store, int to, Choice *best) {
  const Route *route = &d->routes[crew_at];
  const DispatchCrew *crew = &d->problem->crews[crew_at];
  const Stop *at = route->at;
  const bool linked = d->nodes[job].chain >= 0;
  for (int v = route->fixed + 1; v < to && v <= route->count + 1; v++) {
    Walk visit = walk_after(&at[v - 1]);
    double start, leg;
    if (!walk_step(d, crew, &visit, d->job_count + store, &start, &leg)) continue;
    double cost = d->rule_travel * leg;
    for (int p = v; p < to && p <= route->count + 1; p++) { /* `visit` and `cost`: up to stop p - 1 */
      Walk walk = visit;
      if (!(linked && waits_for_itself(d, job, route, p)) && walk_step(d, crew, &walk, job, &start, &leg)) {
        double with = cost + node_cost(&d->nodes[job], start) + d->rule_travel * leg;
        if (d->pure)
          with = judge_pure(d, crew_at, &walk, p, d->rule_travel > 0 ? with / d->rule_travel : 0);
        else
          with = judge_rest(d, crew_at, &walk, p, with, best->cost + d->rule_travel * at[p].leg);
        if (with < best->cost) *best = (Choice){with, crew_at, p, store, v};
      }
      if (p > route->count || !walk_step(d, crew, &visit, at[p].node, &start, &leg)) break;
      cost += node_cost(&d->nodes[at[p].node], start) - at[p].own + d->rule_travel * (leg - at[p].leg);
    }
  }
}

/* Beside what the crew has already: room, jobs, and not the one it would have to begin at the same time. */
bool insert_fits(const Dispatch *d, int job_at, int crew_at) {
  const DispatchJob *job = &d->problem->jobs[job_at];
  const DispatchCrew *crew = &d->problem->crews[crew_at];
  const Route *route = &d->routes[crew_at];
  if (route->count - route->visits >= crew->jobs_max) return false;
  for (int k = 0; k < d->amounts; k++)
    if (route->load[k] + d->nodes[job_at].amount[k] > crew->amount[k] + DISPATCH_EPSILON) return false;
  if (job->together >= 0) {
    const Chain *chain = &d->chains[d->nodes[job_at].chain];
    for (int i = 0; i < chain->count; i++) {
      int other = d->chain_jobs[chain->first + i];
      if (d->problem->jobs[other].together == job->together && d->crew_of[other] == crew_at) return false;
    }
  }
  return true;
}

/* The best place in one crew's route that costs less than `limit` (position 0, INFINITY: none); `blinked` (may be NULL): some positions
 * were overlooked. */
Choice insert_in_route(Dispatch *d, int job, int crew_at, bool blinks, double limit, bool *blinked) {
  Choice best = {INFINITY, crew_at, 0, -1, 0};
  Route *route = &d->routes[crew_at];
  const DispatchJob *facts = &d->problem->jobs[job];
  bool overlooked;
  double extra = facts->crew_before >= 0 && facts->crew_before != crew_at ? d->problem->rules.change : 0;
  if (!route->count && d->problem->crews[crew_at].reserve) extra += d->problem->rules.reserve;
  if (blinked) *blinked = false;
  if (!insert_fits(d, job, crew_at)) return best;
  best.cost = limit - extra;
  if (d->fast) {
    overlooked = judge_fast(d, job, crew_at, blinks, &best);
  } else {
    uint64_t lacking = 0;
    int from = d->nodes[job].need_count ? material_from(d, job, crew_at, &lacking) : route->fixed + 1;
    overlooked = judge_walk(d, job, crew_at, blinks, from, &best);
    if (lacking && route->visits < DISPATCH_VISITS)
      for (int s = 0; s < d->problem->store_count; s++)
        if (material_served(d, job, s, lacking)) judge_visit(d, job, crew_at, s, from, &best);
  }
  if (blinked) *blinked = overlooked;
  best.cost = best.pos ? best.cost + extra : INFINITY;
  return best;
}

/* Crews with something to do, and of those alike with nothing the first. */
void insert_list_active(Dispatch *d) {
  d->active_count = d->idle_count = 0;
  d->class_round++;
  for (int k = 0; k < d->crew_count; k++)
    if (d->routes[k].count) d->active[d->active_count++] = k;
  for (int k = 0; k < d->crew_count; k++) {
    if (d->routes[k].count || d->class_mark[d->crew_class[k]] == d->class_round) continue;
    d->class_mark[d->crew_class[k]] = d->class_round;
    d->active[d->active_count++] = k, d->idle_count++;
  }
}

/* Crews that do one of the jobs nearest to this one, and those with nothing to do. */
static int list_nearby(Dispatch *d, int job) {
  const int *near = d->kin + (size_t)job * (size_t)d->near_count;
  int count = d->idle_count;
  memcpy(d->nearby, d->active + d->active_count - count, (size_t)count * sizeof *d->nearby);
  d->nearby_round++;
  for (int i = 0; i < d->local; i++) {
    int k = d->crew_of[near[i]];
    if (k < 0 || d->nearby_mark[k] == d->nearby_round) continue;
    d->nearby_mark[k] = d->nearby_round;
    d->nearby[count++] = k;
  }
  return count;
}

/* The best place over all crews not in `banned`; `second` (may be NULL): the cost in the second best crew, for regret.
 * With dues a route is judged only as far as it may beat the best so far, and what is judged of one this round has changed is not remembered:
 * most rounds are taken back, and what was known of the route before holds again. In routing, where most of what is known stays so for many
 * rounds, all is judged and remembered. */
Choice insert_find(Dispatch *d, int job, bool blinks, const uint8_t *banned, double *second) {
  Choice best = {INFINITY, -1, 0, -1, 0};
  double next = INFINITY;
  bool keep = d->spots && d->nodes[job].chain < 0, all = d->fast || d->pure;
  Spot *row = d->spots ? d->spots + (size_t)job * (size_t)d->crew_count : NULL;
  const uint8_t *able = d->able + (size_t)job * (size_t)d->crew_count;
  const int *list = d->active;
  int count = d->active_count;
  if (d->local) list = d->nearby, count = list_nearby(d, job);
  for (int a = 0; a < count; a++) {
    int k = list[a];
    if (!able[k] || k == d->shunned || (banned && banned[k])) continue;
    Choice found = {INFINITY, k, 0, -1, 0};
    double limit = all ? INFINITY : second ? next : best.cost;
    if (keep && row[k].stamp == d->stamps[k] && (row[k].pos || row[k].cost >= limit)) {
      if (row[k].cost < best.cost && blink(d, blinks)) continue;
      if (row[k].pos) found.cost = row[k].cost, found.pos = row[k].pos;
    } else {
      bool blinked;
      found = insert_in_route(d, job, k, blinks, limit, &blinked);
      if (keep && !blinked && (all || d->touched[k] != d->round_mark)) row[k] = (Spot){found.pos ? found.cost : limit, d->stamps[k], found.pos};
    }
    if (found.cost < best.cost)
      next = best.cost, best = found;
    else if (found.cost < next)
      next = found.cost;
  }
  if (second) *second = next;
  return best;
}

/* A put that did not hold: the route and all that wait for it as before. */
static void put_back(Dispatch *d, int crew, int store_pos, int pos) {
  route_cut(d, crew, pos);
  if (store_pos) route_cut(d, crew, store_pos);
  if (d->chain_count) memcpy(d->release, d->release_before, (size_t)d->job_count * sizeof *d->release);
  for (int k = 0; k < d->crew_count; k++)
    if ((k == crew || d->routes[k].last_linked) && !route_refresh(d, k, 1)) d->broken = true;
  if (d->materials && !material_take(d, crew)) d->broken = true;
  if (d->chain_count && !d->broken && !link_settle(d)) d->broken = true;
}

/* Carries a choice out. False: it would not be sound after all (links, stock), and all is as before. */
bool insert_put(Dispatch *d, int job, Choice choice) {
  if (d->nodes[job].need_count && choice.store < 0) { /* a remembered one does not say where to fetch */
    choice = insert_in_route(d, job, choice.crew, false, INFINITY, NULL);
    if (choice.cost == INFINITY) return false;
  }
  Route *route = &d->routes[choice.crew];
  bool was_empty = route->count == 0;
  int store_pos = choice.store >= 0 ? choice.store_pos : 0, pos = choice.pos + (store_pos > 0);
  route_touch(d, choice.crew);
  if (d->chain_count) memcpy(d->release_before, d->release, (size_t)d->job_count * sizeof *d->release);
  if (d->failed || (store_pos && !route_put(d, choice.crew, store_pos, d->job_count + choice.store)) ||
      !route_put(d, choice.crew, pos, job))
    return false;
  bool sound = route_refresh(d, choice.crew, store_pos ? store_pos : pos) && (!d->materials || material_take(d, choice.crew)) &&
               (!d->chain_count || !route->last_linked || link_settle(d));
  if (!sound)
    put_back(d, choice.crew, store_pos, pos);
  else if (was_empty)
    insert_list_active(d);
  return sound;
}

/* Where it costs least; the next best crews are tried should the best not be sound. False: it stays out. */
bool insert_job(Dispatch *d, int job, bool blinks) {
  Choice choice = insert_find(d, job, blinks, NULL, NULL);
  if (choice.cost == INFINITY && blinks) {
    int local = d->local;
    d->local = 0;
    choice = insert_find(d, job, false, NULL, NULL);
    d->local = local;
  }
  if (choice.crew < 0) return false;
  if (insert_put(d, job, choice)) return true;
  memset(d->banned, 0, (size_t)d->crew_count);
  for (int tries = 0; tries < 8 && !d->failed && !d->broken; tries++) {
    d->banned[choice.crew] = 1;
    choice = insert_find(d, job, false, d->banned, NULL);
    if (choice.crew < 0) return false;
    if (insert_put(d, job, choice)) return true;
  }
  return false;
}
