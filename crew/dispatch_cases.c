#include "crew/dispatch_cases.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool chance(Random *random, double share) { return random_unit(random) < share; }

static double *case_travel(Arena *arena, Random *random, unsigned kinds, int places) {
  double *travel = ARENA_ARRAY(arena, double, (size_t)(places * places)), x[512], y[512];
  assert(travel && places <= 512);
  for (int i = 0; i < places; i++) x[i] = random_unit(random) * 3000, y[i] = random_unit(random) * 3000;
  for (int i = 0; i < places; i++)
    for (int j = 0; j < places; j++) {
      double straight = hypot(x[i] - x[j], y[i] - y[j]);
      travel[i * places + j] = kinds & CASE_SKEWED && i != j ? straight * (0.7 + 0.6 * random_unit(random)) : straight;
    }
  return travel;
}

static void case_job(Arena *arena, Random *random, unsigned kinds, int place, int crews, DispatchJob *job) {
  *job = (DispatchJob){.id = place,
                       .place = place,
                       .service = (double)random_between(random, 0, 2400),
                       .due = INFINITY,
                       .together = -1,
                       .crew = -1,
                       .crew_before = -1,
                       .started = NAN};
  if (kinds & CASE_SKILLS) job->skills = (uint64_t)1 << random_below(random, 3), job->members = (int)random_below(random, 4);
  if (kinds & CASE_AMOUNTS) job->amount[0] = (double)random_below(random, 5), job->amount[1] = (double)random_below(random, 3);
  if (kinds & CASE_DUES) {
    job->customers = (double)random_below(random, 200);
    if (chance(random, 0.8)) job->due = (double)random_between(random, 600, 7200);
    job->critical = chance(random, 0.2) ? (int)random_between(random, 1, 3) : 0;
  }
  job->priority = (double)random_below(random, 100);
  if (kinds & CASE_WINDOWS && chance(random, 0.7)) {
    DispatchWindow *windows = ARENA_ARRAY(arena, DispatchWindow, 2);
    double from = random_unit(random) * 12000;
    assert(windows);
    windows[0] = (DispatchWindow){from, from + 600 + random_unit(random) * 4000};
    windows[1] = (DispatchWindow){windows[0].to + 1500, windows[0].to + 5000};
    job->windows = windows, job->window_count = chance(random, 0.3) && !(kinds & CASE_DURATION) ? 2 : 1;
  }
  if (kinds & CASE_IN_FORCE && chance(random, 0.5)) job->crew_before = (int)random_below(random, (uint32_t)crews);
  if (kinds & CASE_IN_FORCE && chance(random, 0.05)) job->crew = (int)random_below(random, (uint32_t)crews);
}

static void case_crew(Random *random, unsigned kinds, int place, DispatchCrew *crew) {
  *crew = (DispatchCrew){.id = place,
                         .start = place,
                         .end = place,
                         .shift = {0, kinds & CASE_TIGHT ? 7000 : 30000},
                         .slowness = chance(random, 0.3) ? 1.5 : 1,
                         .jobs_max = chance(random, 0.2) ? 3 : 1000,
                         .members = 5};
  if (kinds & CASE_SKEWED) crew->start = chance(random, 0.2) ? -1 : place, crew->end = chance(random, 0.5) ? -1 : place;
  for (int k = 0; k < DISPATCH_AMOUNTS; k++) crew->amount[k] = kinds & CASE_AMOUNTS ? 12 : INFINITY;
  if (kinds & CASE_SKILLS) crew->skills = 1 + random_below(random, 7), crew->members = (int)random_between(random, 2, 5);
  if (kinds & CASE_BREAKS && chance(random, 0.7)) {
    crew->breaks[0] = (DispatchBreak){{3000 + random_unit(random) * 2000, 7000}, 1200};
    crew->breaks[1] = (DispatchBreak){{11000, 14000}, 1800};
    crew->break_count = chance(random, 0.5) ? 2 : 1;
  }
  if (kinds & CASE_IN_FORCE) crew->reserve = chance(random, 0.2), crew->overtime = chance(random, 0.3) ? 3600 : 0;
}

/* Tools 0 and 1, parts 2 and 3; the second store is small. */
static void case_material(Arena *arena, Random *random, DispatchProblem *p, DispatchJob *jobs, DispatchCrew *crews) {
  enum { ITEMS = 4, STORES = 2 };
  DispatchItem *items = ARENA_ARRAY(arena, DispatchItem, ITEMS);
  DispatchStore *stores = ARENA_ARRAY(arena, DispatchStore, STORES);
  double *stock = ARENA_ARRAY(arena, double, STORES *ITEMS), *board = ARENA_ARRAY(arena, double, (size_t)(p->crew_count * ITEMS));
  assert(items && stores && stock && board);
  for (int i = 0; i < ITEMS; i++)
    items[i] = (DispatchItem){i, i < 2}, stock[i] = i == 3 ? 4 : 100, stock[ITEMS + i] = (double)random_below(random, 4);
  for (int s = 0; s < STORES; s++) stores[s] = (DispatchStore){s, p->place_count - 1 - s, 300, {0, s ? 9000 : INFINITY}, stock + s * ITEMS};
  for (int j = 0; j < p->job_count; j++) {
    DispatchNeed *needs = ARENA_ARRAY(arena, DispatchNeed, ITEMS);
    assert(needs);
    jobs[j].needs = needs;
    for (int i = 0; i < ITEMS; i++)
      if (chance(random, 0.3)) needs[jobs[j].need_count++] = (DispatchNeed){i, i < 2 ? 1 : (double)random_between(random, 1, 2)};
  }
  for (int k = 0; k < p->crew_count; k++) {
    crews[k].on_board = board + k * ITEMS;
    for (int i = 0; i < ITEMS; i++) board[k * ITEMS + i] = (double)random_below(random, i < 2 ? 2 : 4);
  }
  p->items = items, p->stores = stores, p->item_count = ITEMS, p->store_count = STORES;
}

static void case_links(Arena *arena, Random *random, unsigned kinds, int count, DispatchJob *jobs) {
  for (int j = 1, group = 0; j < count; j++) {
    if (kinds & CASE_AFTER && chance(random, 0.4)) {
      int *after = ARENA_ARRAY(arena, int, 2);
      assert(after);
      after[0] = (int)random_below(random, (uint32_t)j);
      after[1] = (int)random_below(random, (uint32_t)j);
      jobs[j].after = after, jobs[j].after_count = after[0] != after[1] && chance(random, 0.2) ? 2 : 1;
    } else if (kinds & CASE_TOGETHER && chance(random, 0.3) && jobs[j - 1].together < 0 && !jobs[j - 1].after_count) {
      jobs[j].together = jobs[j - 1].together = group++;
      jobs[j].place = jobs[j - 1].place;
    }
  }
}

DispatchProblem case_problem(Arena *arena, Random *random, unsigned kinds, int jobs, int crews) {
  int places = jobs + crews + 2;
  DispatchJob *job = ARENA_ARRAY(arena, DispatchJob, (size_t)jobs + 1);
  DispatchCrew *crew = ARENA_ARRAY(arena, DispatchCrew, (size_t)crews);
  assert(job && crew);
  DispatchProblem p = {
      .jobs = job, .job_count = jobs, .crews = crew, .crew_count = crews, .place_count = places, .travel_stride = (size_t)places};
  p.travel = case_travel(arena, random, kinds, places);
  for (int j = 0; j < jobs; j++) case_job(arena, random, kinds, j, crews, &job[j]);
  for (int k = 0; k < crews; k++) case_crew(random, kinds, jobs + k, &crew[k]);
  p.rules = dispatch_rules(kinds & CASE_DUES ? DISPATCH_RESTORATION : kinds & CASE_DURATION ? DISPATCH_DURATION : DISPATCH_TRAVEL);
  if (kinds & CASE_DUES && kinds & CASE_DURATION) p.rules.duration = 0.002;
  if (kinds & CASE_DAY) {
    static const DispatchSpeed day[] = {{1000, 0.5}, {4000, 1.25}, {9000, 0.8}};
    p.day = day, p.day_count = 3;
  }
  if (kinds & CASE_MATERIAL) case_material(arena, random, &p, job, crew);
  case_links(arena, random, kinds, jobs, job);
  for (int k = 0; k < crews && kinds & CASE_IN_FORCE && jobs > crews; k++)
    if (chance(random, 0.3) && job[k].together < 0) {
      bool waits = job[k].after_count > 0;
      if (!waits) job[k].crew = k, job[k].started = -(double)random_below(random, 900), job[k].skills = 0, job[k].members = 0;
    }
  return p;
}

double case_rounds(void *most, int64_t rounds) { return (double)rounds / (double)*(int64_t *)most; }

static void must(bool ok, const Error *error) {
  char text[ERROR_TEXT_MAX];
  if (!ok) fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, error_text(error, LANGUAGE_EN, text, sizeof text)), abort();
}

DispatchPlan case_solve(const DispatchProblem *problem, Arena *arena, uint64_t seed, int64_t rounds, DispatchScore *replayed) {
  Error error = {0};
  Dispatch *d;
  DispatchPlan plan;
  must(dispatch_begin(&d, problem, seed, &error), &error);
  must(dispatch_plan(d, NULL, &error), &error);
  if (rounds) must(dispatch_improve(d, (DispatchEffort){.progress = case_rounds, .user = &rounds}, &error), &error);
  must(dispatch_result(d, arena, &plan, &error), &error);
  must(dispatch_replay(problem, &plan, replayed, &error), &error);
  dispatch_end(d);
  return plan;
}

/* --- trying all ---------------------------------------------------------------------------------------------------- */

typedef struct All {
  const DispatchProblem *p;
  int crew, order[8], count;
  double best[256]; /* of the crew, by the set of jobs it does */
} All;

static double begin_after(const DispatchJob *job, double arrive) {
  if (!job->window_count) return arrive;
  for (int w = 0; w < job->window_count; w++)
    if (arrive <= job->windows[w].to + 1e-6) return arrive > job->windows[w].from ? arrive : job->windows[w].from;
  return INFINITY;
}

static double leg_plain(const DispatchProblem *p, const DispatchCrew *crew, int from, int to) {
  return from < 0 || to < 0 ? 0 : p->travel[(size_t)from * p->travel_stride + (size_t)to] * crew->slowness;
}

/* The cost of one crew doing order[0…count) as early as it can; INFINITY: not possible. */
static double order_cost(const All *all) {
  static const double factor[DISPATCH_CLASSES] = {1, 2, 4, 8};
  const DispatchProblem *p = all->p;
  const DispatchCrew *crew = &p->crews[all->crew];
  double t = crew->shift.from, cost = 0, travel = 0, load[DISPATCH_AMOUNTS] = {0};
  int at = crew->start;
  if (!all->count) return 0;
  if (all->count > crew->jobs_max) return INFINITY;
  for (int i = 0; i < all->count; i++) {
    const DispatchJob *job = &p->jobs[all->order[i]];
    if ((job->skills & ~crew->skills) || job->members > crew->members) return INFINITY;
    for (int k = 0; k < DISPATCH_AMOUNTS; k++)
      if ((load[k] += job->amount[k]) > crew->amount[k] + 1e-6) return INFINITY;
    double leg = leg_plain(p, crew, at, job->place);
    t = begin_after(job, t + leg), travel += leg, at = job->place;
    if (t == INFINITY) return INFINITY;
    if (t > job->due + 1e-6) cost += p->rules.due[job->critical] + p->rules.late * factor[job->critical] * (t - job->due) / 3600;
    t += job->service;
    cost += p->rules.customer_hour * job->customers * t / 3600;
  }
  double leg = leg_plain(p, crew, at, crew->end), latest;
  t += leg, travel += leg;
  if (t > crew->shift.to + 1e-6) return INFINITY;
  latest = t;
  for (int i = all->count - 1; i >= 0; i--) { /* how late it could leave and still end then */
    const DispatchJob *job = &p->jobs[all->order[i]];
    latest -= leg_plain(p, crew, job->place, i + 1 < all->count ? p->jobs[all->order[i + 1]].place : crew->end) + job->service;
    if (job->window_count && latest > job->windows[0].to) latest = job->windows[0].to;
  }
  latest -= leg_plain(p, crew, crew->start, p->jobs[all->order[0]].place);
  return cost + p->rules.travel * travel + p->rules.duration * (t - latest);
}

static void try_orders(All *all, unsigned used) {
  double cost = order_cost(all);
  if (cost < all->best[used]) all->best[used] = cost;
  for (int j = 0; j < all->p->job_count; j++) {
    if (used >> j & 1) continue;
    all->order[all->count++] = j;
    try_orders(all, used | 1u << j);
    all->count--;
  }
}

double case_exhaustive(const DispatchProblem *p) {
  unsigned full = (1u << p->job_count) - 1;
  double done[256], next[256]; /* the least cost of crews so far, by the jobs done */
  assert(p->job_count <= 8);
  for (unsigned s = 0; s <= full; s++) done[s] = s ? INFINITY : 0;
  for (int k = 0; k < p->crew_count; k++) {
    All all = {.p = p, .crew = k};
    for (unsigned s = 0; s <= full; s++) all.best[s] = INFINITY, next[s] = INFINITY;
    try_orders(&all, 0);
    for (unsigned s = 0; s <= full; s++)
      for (unsigned mine = s;; mine = (mine - 1) & s) {
        double cost = done[s & ~mine] + all.best[mine];
        if (cost < next[s]) next[s] = cost;
        if (!mine) break;
      }
    memcpy(done, next, sizeof done);
  }
  double best = INFINITY;
  for (unsigned s = 0; s <= full; s++) {
    double cost = done[s];
    for (int j = 0; j < p->job_count; j++)
      if (!(s >> j & 1)) cost += p->rules.unassigned * (1 + p->jobs[j].priority / 10 + p->jobs[j].critical);
    if (cost < best) best = cost;
  }
  return best;
}

typedef struct Linked {
  const DispatchProblem *p;
  int order[3][8], count[3];
  double best;
} Linked;

/* All crews' times by repeating until nothing moves. */
static double linked_cost(const Linked *l) {
  static const double factor[DISPATCH_CLASSES] = {1, 2, 4, 8};
  const DispatchProblem *p = l->p;
  double start[8], finish[8], not_before[8], cost = 0;
  int by[8];
  for (int j = 0; j < p->job_count; j++) by[j] = -1, not_before[j] = -INFINITY;
  for (int k = 0; k < p->crew_count; k++)
    for (int i = 0; i < l->count[k]; i++) by[l->order[k][i]] = k;
  for (int j = 0; j < p->job_count; j++) {
    if (by[j] < 0) cost += p->rules.unassigned * (1 + p->jobs[j].priority / 10 + p->jobs[j].critical);
    for (int a = 0; a < p->jobs[j].after_count && by[j] >= 0; a++)
      if (by[p->jobs[j].after[a]] < 0) return INFINITY;
    for (int o = 0; o < p->job_count; o++)
      if (o != j && p->jobs[j].together >= 0 && p->jobs[o].together == p->jobs[j].together && (by[o] < 0) != (by[j] < 0))
        return INFINITY;
      else if (o != j && p->jobs[j].together >= 0 && p->jobs[o].together == p->jobs[j].together && by[o] >= 0 && by[o] == by[j])
        return INFINITY;
  }
  bool moved = true;
  for (int turn = 0; moved; turn++) {
    if (turn > 200) return INFINITY;
    moved = false;
    for (int k = 0; k < p->crew_count; k++) {
      double t = p->crews[k].shift.from;
      int at = p->crews[k].start;
      for (int i = 0; i < l->count[k]; i++) {
        int j = l->order[k][i];
        double arrive = t + leg_plain(p, &p->crews[k], at, p->jobs[j].place);
        start[j] = begin_after(&p->jobs[j], arrive > not_before[j] ? arrive : not_before[j]);
        if (start[j] == INFINITY) return INFINITY;
        t = finish[j] = start[j] + p->jobs[j].service, at = p->jobs[j].place;
      }
      if (l->count[k] && t + leg_plain(p, &p->crews[k], at, p->crews[k].end) > p->crews[k].shift.to + 1e-6) return INFINITY;
    }
    for (int j = 0; j < p->job_count; j++) {
      if (by[j] < 0) continue;
      double bound = not_before[j];
      for (int a = 0; a < p->jobs[j].after_count; a++)
        if (finish[p->jobs[j].after[a]] > bound) bound = finish[p->jobs[j].after[a]];
      for (int o = 0; o < p->job_count; o++)
        if (p->jobs[j].together >= 0 && p->jobs[o].together == p->jobs[j].together && start[o] > bound) bound = start[o];
      if (bound > start[j] + 1e-9) moved = true;
      not_before[j] = bound;
    }
  }
  for (int j = 0; j < p->job_count; j++) {
    const DispatchJob *job = &p->jobs[j];
    if (by[j] < 0) continue;
    if ((job->skills & ~p->crews[by[j]].skills) || job->members > p->crews[by[j]].members) return INFINITY;
    if (start[j] > job->due + 1e-6)
      cost += p->rules.due[job->critical] + p->rules.late * factor[job->critical] * (start[j] - job->due) / 3600;
    cost += p->rules.customer_hour * job->customers * finish[j] / 3600;
  }
  for (int k = 0; k < p->crew_count; k++) {
    int at = p->crews[k].start;
    if (l->count[k] > p->crews[k].jobs_max) return INFINITY;
    for (int i = 0; i <= l->count[k] && l->count[k]; i++) {
      int to = i < l->count[k] ? p->jobs[l->order[k][i]].place : p->crews[k].end;
      cost += p->rules.travel * leg_plain(p, &p->crews[k], at, to);
      at = to;
    }
  }
  return cost;
}

static void try_linked(Linked *l, int job) {
  if (job == l->p->job_count) {
    double cost = linked_cost(l);
    if (cost < l->best) l->best = cost;
    return;
  }
  try_linked(l, job + 1);
  for (int k = 0; k < l->p->crew_count; k++)
    for (int pos = 0; pos <= l->count[k]; pos++) {
      memmove(&l->order[k][pos + 1], &l->order[k][pos], (size_t)(l->count[k] - pos) * sizeof(int));
      l->order[k][pos] = job, l->count[k]++;
      try_linked(l, job + 1);
      memmove(&l->order[k][pos], &l->order[k][pos + 1], (size_t)(l->count[k] - pos - 1) * sizeof(int));
      l->count[k]--;
    }
}

double case_exhaustive_linked(const DispatchProblem *p) {
  Linked l = {.p = p, .best = INFINITY};
  assert(p->job_count <= 7 && p->crew_count <= 3);
  try_linked(&l, 0);
  return l.best;
}
