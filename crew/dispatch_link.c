/* Jobs that wait for each other across crews: `after` and `together`. Their times are made exact by running all routes that
 * hold such jobs side by side; in between each route sees the others as moments before which a job cannot begin. */
#include <string.h>

#include "crew/dispatch_walk.h"

typedef struct Order {
  int *leader, *next, *last, *waits, *first, *heirs; /* next: of the same group; heirs[first[j]…]: who waits for j */
  int *out, count;
} Order;

static void order_give(Order *o, int leader) {
  for (int m = leader; m >= 0; m = o->next[m]) o->out[o->count++] = m;
}

static void order_fill(const DispatchProblem *p, Order *o) {
  int n = p->job_count;
  for (int j = 0; j < n; j++) o->leader[j] = j, o->next[j] = o->last[j] = -1;
  for (int j = 0; j < n; j++) {
    int group = p->jobs[j].together;
    if (group < 0) continue;
    if (o->last[group] >= 0) o->leader[j] = o->leader[o->last[group]], o->next[o->last[group]] = j;
    o->last[group] = j;
  }
  for (int j = 0; j < n; j++)
    for (int a = 0; a < p->jobs[j].after_count; a++) o->waits[o->leader[j]]++, o->first[p->jobs[j].after[a] + 1]++;
  for (int j = 0; j < n; j++) o->first[j + 1] += o->first[j];
  memcpy(o->last, o->first, (size_t)n * sizeof *o->last);
  for (int j = 0; j < n; j++)
    for (int a = 0; a < p->jobs[j].after_count; a++) o->heirs[o->last[p->jobs[j].after[a]]++] = j;
  for (int j = 0; j < n; j++)
    if (o->leader[j] == j && !o->waits[j]) order_give(o, j);
  for (int done = 0; done < o->count; done++)
    for (int h = o->first[o->out[done]]; h < o->first[o->out[done] + 1]; h++)
      if (--o->waits[o->leader[o->heirs[h]]] == 0) order_give(o, o->leader[o->heirs[h]]);
}

/* All jobs, each behind what it waits for, those together side by side. False: `loop` waits for itself, or is -1: no memory. */
bool link_order(const DispatchProblem *p, int *order, int *loop) {
  size_t n = (size_t)p->job_count, links = 0;
  for (int j = 0; j < p->job_count; j++) links += (size_t)p->jobs[j].after_count;
  *loop = -1;
  int *memory = memory_new((5 * n + 2 + links) * sizeof *memory);
  if (!memory) return false;
  Order o = {memory, memory + n, memory + 2 * n, memory + 3 * n, memory + 4 * n, memory + 5 * n + 2, order, 0};
  order_fill(p, &o);
  for (int j = 0; j < p->job_count && o.count < p->job_count; j++)
    if (o.waits[o.leader[j]] > 0) *loop = j;
  memory_free(memory);
  return o.count == p->job_count;
}

static int root_of(int *parent, int job) {
  while (parent[job] != job) job = parent[job] = parent[parent[job]];
  return job;
}

/* Finds the chains. */
bool link_build(Dispatch *d) {
  const DispatchProblem *p = d->problem;
  bool any = false;
  for (int j = 0; j < d->job_count; j++) d->nodes[j].chain = -1, any = any || p->jobs[j].after_count || p->jobs[j].together >= 0;
  if (!any) return true;
  size_t n = (size_t)d->job_count;
  int *parent = ARENA_ARRAY(&d->arena, int, n), *order = ARENA_ARRAY(&d->arena, int, n), *group = ARENA_ARRAY(&d->arena, int, n), loop;
  d->chains = ARENA_ARRAY(&d->arena, Chain, n);
  d->chain_jobs = ARENA_ARRAY(&d->arena, int, n);
  d->release = ARENA_ARRAY(&d->arena, double, n);
  d->release_spare = ARENA_ARRAY(&d->arena, double, n);
  d->link_done = ARENA_ARRAY(&d->arena, double, n);
  d->link_offer = ARENA_ARRAY(&d->arena, double, n);
  d->link_agreed = ARENA_ARRAY(&d->arena, double, n);
  d->release_before = ARENA_ARRAY(&d->arena, double, n);
  d->link_old = ARENA_ARRAY(&d->arena, double, n);
  d->link_at = ARENA_ARRAY(&d->arena, int, (size_t)d->crew_count);
  d->link_walk = ARENA_ARRAY(&d->arena, Walk, (size_t)d->crew_count);
  if (!parent || !order || !group || !d->chains || !d->chain_jobs || !d->release || !d->release_spare || !d->link_done || !d->link_offer ||
      !d->link_old || !d->release_before || !d->link_agreed || !d->link_at || !d->link_walk || !link_order(p, order, &loop))
    return false;
  for (int j = 0; j < d->job_count; j++) parent[j] = j, group[j] = -1, d->release[j] = -INFINITY;
  for (int j = 0; j < d->job_count; j++) {
    for (int a = 0; a < p->jobs[j].after_count; a++) parent[root_of(parent, j)] = root_of(parent, p->jobs[j].after[a]);
    int together = p->jobs[j].together;
    if (together < 0) continue;
    if (group[together] >= 0) parent[root_of(parent, j)] = root_of(parent, group[together]);
    group[together] = j;
  }
  int at = 0;
  for (int j = 0; j < d->job_count; j++) d->chains[root_of(parent, j)].count++;
  int *number = group;
  for (int j = 0; j < d->job_count; j++) {
    number[j] = -1;
    if (root_of(parent, j) != j || d->chains[j].count < 2) continue;
    number[j] = d->chain_count;
    int count = d->chains[j].count;
    d->chains[d->chain_count++] = (Chain){.first = at}; /* at or before j: j's own count is read */
    at += count;
  }
  for (int i = 0; i < d->job_count; i++) {
    int chain = number[root_of(parent, order[i])];
    d->nodes[order[i]].chain = chain;
    if (chain >= 0) d->chain_jobs[d->chains[chain].first + d->chains[chain].count++] = order[i];
  }
  return true;
}

static bool same_start(const Dispatch *d, int a, int b) {
  return a == b || (d->problem->jobs[a].together >= 0 && d->problem->jobs[a].together == d->problem->jobs[b].together);
}

/* The moment `job` may begin for what it comes after; NAN while one of those has no time yet. */
static double link_ready(const Dispatch *d, int job) {
  const DispatchJob *facts = &d->problem->jobs[job];
  double ready = -INFINITY;
  for (int a = 0; a < facts->after_count; a++) {
    if (d->crew_of[facts->after[a]] < 0) continue;
    double done = d->link_done[facts->after[a]];
    if (isnan(done)) return NAN;
    if (done > ready) ready = done;
  }
  return ready;
}

/* The common start of the jobs together with `job`, each as its route stands; NAN while one has not come up, INFINITY: never. */
static double link_together(const Dispatch *d, int job) {
  const Chain *chain = &d->chains[d->nodes[job].chain];
  double start = -INFINITY, leg;
  for (int i = 0; i < chain->count; i++) {
    int part = d->chain_jobs[chain->first + i];
    if (!same_start(d, job, part) || d->crew_of[part] < 0) continue;
    if (isnan(d->link_offer[part])) return NAN;
    if (d->link_offer[part] > start) start = d->link_offer[part];
  }
  for (int turn = 0; turn < 8; turn++) { /* windows and breaks of one may move all */
    double moved = start;
    for (int i = 0; i < chain->count; i++) {
      int part = d->chain_jobs[chain->first + i];
      if (!same_start(d, job, part) || d->crew_of[part] < 0) continue;
      Walk walk = d->link_walk[d->crew_of[part]];
      double begun;
      d->release[part] = start;
      if (!walk_step(d, &d->problem->crews[d->crew_of[part]], &walk, part, &begun, &leg)) return INFINITY;
      if (begun > moved) moved = begun;
    }
    if (moved <= start) {
      for (int i = 0; i < chain->count; i++) {
        int part = d->chain_jobs[chain->first + i];
        if (same_start(d, job, part)) d->link_agreed[part] = start;
      }
      return start;
    }
    start = moved;
  }
  return INFINITY;
}

/* One route as far as it goes now. False: a window is broken. `moved`: it went on, or one of its jobs offered a time. */
static bool link_run(Dispatch *d, int crew, bool *moved) {
  Route *route = &d->routes[crew];
  Walk *walk = &d->link_walk[crew];
  while (d->link_at[crew] <= route->last_linked) {
    int at = d->link_at[crew], node = route->at[at].node;
    double start, leg;
    if (at <= route->fixed && is_job(d, node) && !isnan(d->problem->jobs[node].started)) {
      *walk = walk_after(&route->at[at]);
    } else {
      if (is_job(d, node) && d->nodes[node].chain >= 0) {
        double ready = link_ready(d, node);
        if (isnan(ready)) return true;
        if (d->problem->jobs[node].together >= 0 && isnan(d->link_done[node])) {
          if (isnan(d->link_offer[node])) {
            Walk offer = *walk;
            d->release[node] = ready;
            if (!walk_step(d, &d->problem->crews[crew], &offer, node, &start, &leg)) return false;
            d->link_offer[node] = start, *moved = true;
          }
          ready = isnan(d->link_agreed[node]) ? link_together(d, node) : d->link_agreed[node];
          if (isnan(ready)) return true;
          if (ready == INFINITY) return false;
        }
        d->release[node] = ready;
      }
      if (!walk_step(d, &d->problem->crews[crew], walk, node, &start, &leg)) return false;
    }
    if (is_job(d, node)) d->link_done[node] = walk->t;
    d->link_at[crew]++, *moved = true;
  }
  return true;
}

/* Makes all times exact. False: they wait for each other in a circle, or a window breaks; nothing is promised then. */
bool link_settle(Dispatch *d) {
  if (d->failed) return false; /* a route that could not grow is not whole */
  int waiting = 0;
  for (int c = 0; c < d->chain_count; c++)
    for (int i = 0; i < d->chains[c].count; i++) {
      int job = d->chain_jobs[d->chains[c].first + i];
      d->link_done[job] = d->link_offer[job] = d->link_agreed[job] = NAN;
      d->link_old[job] = d->release[job];
      if (d->crew_of[job] < 0) d->release[job] = -INFINITY;
    }
  for (int k = 0; k < d->crew_count; k++) d->link_at[k] = 1, d->link_walk[k] = walk_after(&d->routes[k].at[0]);
  bool moved = true;
  while (moved) {
    moved = false, waiting = 0;
    for (int k = 0; k < d->crew_count; k++) {
      if (d->link_at[k] > d->routes[k].last_linked) continue;
      if (!link_run(d, k, &moved)) return false;
      waiting += d->link_at[k] <= d->routes[k].last_linked;
    }
  }
  if (waiting) return false;
  for (int k = 0; k < d->crew_count; k++) {
    bool changed = false;
    for (int i = 1; i <= d->routes[k].last_linked && !changed; i++) {
      int node = d->routes[k].at[i].node;
      changed = is_job(d, node) && d->nodes[node].chain >= 0 && d->release[node] != d->link_old[node];
    }
    if (!changed) continue;
    route_touch(d, k);
    if (!route_refresh(d, k, 1)) return false;
  }
  return true;
}

static void link_cut(Dispatch *d, int job) {
  int crew = d->crew_of[job], pos = 1;
  route_touch(d, crew);
  while (d->routes[crew].at[pos].node != job) pos++;
  route_cut(d, crew, pos);
}

/* The chain's jobs out of their routes and to the absent, but for those under way; the routes are left unrefreshed. */
void link_remove(Dispatch *d, int chain_at) {
  const Chain *chain = &d->chains[chain_at];
  for (int i = 0; i < chain->count; i++) {
    int job = d->chain_jobs[chain->first + i];
    if (d->crew_of[job] < 0 || !isnan(d->problem->jobs[job].started)) continue;
    link_cut(d, job);
    d->release[job] = -INFINITY;
    d->absent[d->absent_count++] = job;
  }
}

static double planned_start(const Dispatch *d, int job, double *finish) {
  const Route *route = &d->routes[d->crew_of[job]];
  int pos = 1;
  while (route->at[pos].node != job) pos++;
  *finish = route->at[pos].depart;
  return route->at[pos].start;
}

/* Not before what it comes after, in the plan as it stands; INFINITY: one of those is not planned. */
static double link_bound(const Dispatch *d, int job) {
  const DispatchJob *facts = &d->problem->jobs[job];
  const Chain *chain = &d->chains[d->nodes[job].chain];
  double bound = -INFINITY, finish;
  for (int a = 0; a < facts->after_count; a++) {
    if (d->crew_of[facts->after[a]] < 0) return INFINITY;
    planned_start(d, facts->after[a], &finish);
    if (finish > bound) bound = finish;
  }
  for (int i = 0; i < chain->count && facts->together >= 0; i++) {
    int part = d->chain_jobs[chain->first + i];
    if (part == job || !same_start(d, job, part) || d->crew_of[part] < 0) continue;
    double start = planned_start(d, part, &finish);
    if (start > bound) bound = start;
  }
  return bound;
}

/* A group of `count` that begins together, all or none. */
static bool link_insert_group(Dispatch *d, const int *jobs, int count, bool blinks) {
  double ready = -INFINITY;
  for (int i = 0; i < count; i++) {
    double bound = link_bound(d, jobs[i]);
    if (bound == INFINITY) return false;
    if (bound > ready) ready = bound;
  }
  for (int i = 0; i < count; i++) {
    if (d->crew_of[jobs[i]] >= 0) continue; /* under way */
    double bound = link_bound(d, jobs[i]);
    d->release[jobs[i]] = bound > ready ? bound : ready;
    /* greedy would always give the first its own best crew, which need not suit those that come with it */
    d->shunned = blinks && random_below(&d->random, 2) ? (int)random_below(&d->random, (uint32_t)d->crew_count) : -1;
    bool put = insert_job(d, jobs[i], blinks);
    d->shunned = -1;
    if (put) continue;
    d->release[jobs[i]] = -INFINITY;
    if (d->broken || d->failed) return false;
    for (int u = 0; u < i; u++) {
      if (!isnan(d->problem->jobs[jobs[u]].started)) continue;
      int crew = d->crew_of[jobs[u]];
      link_cut(d, jobs[u]);
      d->release[jobs[u]] = -INFINITY;
      if (!route_refresh(d, crew, 1))
        d->broken = true;
      else if (d->materials && !material_take(d, crew))
        d->broken = true;
    }
    if (!d->broken && !link_settle(d)) d->broken = true;
    return false;
  }
  return true;
}

/* What is absent of the chain, in order. False: some of it stays out. */
bool link_insert(Dispatch *d, int chain_at, bool blinks) {
  const Chain *chain = &d->chains[chain_at];
  bool all = true;
  for (int i = 0, count; i < chain->count && !d->broken && !d->failed; i += count) {
    const int *jobs = &d->chain_jobs[chain->first + i];
    for (count = 1; i + count < chain->count && same_start(d, jobs[0], jobs[count]); count++) continue;
    bool absent = false;
    for (int k = 0; k < count; k++) absent = absent || d->crew_of[jobs[k]] < 0;
    if (absent && !link_insert_group(d, jobs, count, blinks)) all = false;
  }
  return all;
}
