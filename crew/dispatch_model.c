/* From the problem to what the search works on, and back to memory's owner. */
#include <string.h>

#include "base/limits.h"
#include "crew/dispatch_internal.h"

DispatchRules dispatch_rules(DispatchObjective objective) {
  DispatchRules rules = {.unassigned = 1e6, .overtime = 100, .reserve = 100};
  if (objective == DISPATCH_TRAVEL) rules.travel = 1;
  if (objective == DISPATCH_DURATION) rules.duration = 1;
  if (objective == DISPATCH_RESTORATION) {
    rules.travel = 1e-3, rules.customer_hour = 1, rules.late = 0.1, rules.change = 2;
    rules.due[0] = 320, rules.due[1] = 10000, rules.due[2] = 15000, rules.due[3] = 20000;
  }
  return rules;
}

static void node_of_job(const DispatchProblem *p, const DispatchJob *job, Node *node) {
  static const double class_factor[DISPATCH_CLASSES] = {1, 2, 4, 8};
  const DispatchRules *rules = &p->rules;
  bool windows = job->window_count > 0;
  *node = (Node){.place = job->place,
                 .service = job->service,
                 .windows = job->windows,
                 .window_count = job->window_count,
                 .from = windows ? job->windows[0].from : -INFINITY,
                 .to = windows ? job->windows[job->window_count - 1].to : INFINITY,
                 .due = job->due,
                 .rate = rules->customer_hour * job->customers / 3600,
                 .absent = rules->unassigned * (1 + job->priority / 10 + job->critical),
                 .chain = -1,
                 .need_count = job->need_count,
                 .crew_before = job->crew_before};
  memcpy(node->amount, job->amount, sizeof node->amount);
  if (job->due < INFINITY) node->miss = rules->due[job->critical], node->late = rules->late * class_factor[job->critical] / 3600;
}

static bool crew_able(const DispatchJob *job, const DispatchCrew *crew, int crew_at) {
  return (job->skills & ~crew->skills) == 0 && job->members <= crew->members && (job->crew < 0 || job->crew == crew_at);
}

static bool crews_alike(const DispatchProblem *p, const DispatchCrew *a, const DispatchCrew *b) {
  if (a->start != b->start || a->end != b->end || a->shift.from != b->shift.from || a->shift.to != b->shift.to) return false;
  if (a->overtime != b->overtime || a->reserve != b->reserve || a->skills != b->skills || a->members != b->members) return false;
  if (a->slowness != b->slowness || a->jobs_max != b->jobs_max || a->break_count || b->break_count) return false;
  for (int k = 0; k < DISPATCH_AMOUNTS; k++)
    if (a->amount[k] != b->amount[k]) return false;
  for (int i = 0; i < p->item_count; i++)
    if ((a->on_board ? a->on_board[i] : 0) != (b->on_board ? b->on_board[i] : 0)) return false;
  return true;
}

static void find_classes(Dispatch *d) {
  const DispatchProblem *p = d->problem;
  memset(d->banned, 0, (size_t)d->crew_count); /* here: named by a job, so like no other */
  for (int j = 0; j < d->job_count; j++) {
    if (p->jobs[j].crew >= 0) d->banned[p->jobs[j].crew] = 1;
    if (p->jobs[j].crew_before >= 0) d->banned[p->jobs[j].crew_before] = 1;
  }
  for (int k = 0; k < d->crew_count; k++) {
    d->crew_class[k] = k;
    for (int o = k - 1; o >= 0 && !d->banned[k]; o--)
      if (d->crew_class[o] == o && !d->banned[o] && crews_alike(p, &p->crews[o], &p->crews[k])) {
        d->crew_class[k] = o;
        break;
      }
  }
}

static bool is_fast(const Dispatch *d) {
  const DispatchProblem *p = d->problem;
  if (d->timed || d->chain_count || p->day_count) return false;
  for (int k = 0; k < d->crew_count; k++)
    if (p->crews[k].break_count || p->crews[k].overtime > 0) return false;
  for (int j = 0; j < d->job_count; j++) {
    const Node *node = &d->nodes[j];
    if (node->need_count || node->rate > 0 || node->miss > 0 || node->late > 0 || !isnan(p->jobs[j].started)) return false;
  }
  return true;
}

static bool take_memory(Dispatch *d) {
  const DispatchProblem *p = d->problem;
  size_t n = (size_t)d->job_count, m = (size_t)d->crew_count, cells = (size_t)p->store_count * (size_t)p->item_count;
  bool ok = true;
#define TAKE(field, Type, count) ok = (d->field = ARENA_ARRAY(&d->arena, Type, (count) + 1)) != NULL && ok
  TAKE(nodes, Node, n + (size_t)p->store_count);
  TAKE(able, uint8_t, n * m);
  TAKE(crew_class, int, m);
  TAKE(routes, Route, m);
  TAKE(spare, Route, m);
  TAKE(stamps, uint32_t, m);
  TAKE(spare_stamps, uint32_t, m);
  TAKE(touched, uint32_t, m);
  TAKE(saved, int, m);
  TAKE(crew_of, int, n);
  TAKE(absent, int, n);
  TAKE(absent_spare, int, n);
  TAKE(scratch, int, n);
  TAKE(pressing, int, n);
  TAKE(active, int, m);
  TAKE(class_mark, uint32_t, m);
  TAKE(nearby, int, m);
  TAKE(nearby_mark, uint32_t, m);
  TAKE(far, double, n);
  TAKE(sort_key, double, n);
  TAKE(ruined, uint32_t, m);
  TAKE(banned, uint8_t, m);
  TAKE(best, int, n + m * DISPATCH_VISITS);
  TAKE(best_count, int, m);
  TAKE(best_absent, int, n);
  if (n * m <= LIMIT_DISPATCH_SPOTS) TAKE(spots, Spot, n * m);
  if (d->materials) {
    TAKE(used, double, cells);
    TAKE(hold, double, (size_t)p->item_count);
    TAKE(best_taken, double, m *cells);
    for (size_t k = 0; k < m && ok; k++) {
      TAKE(routes[k].taken, double, cells);
      TAKE(spare[k].taken, double, cells);
    }
  }
#undef TAKE
  return ok;
}

static void fill_nodes(Dispatch *d) {
  const DispatchProblem *p = d->problem;
  for (int j = 0; j < d->job_count; j++) {
    const DispatchJob *job = &p->jobs[j];
    node_of_job(p, job, &d->nodes[j]);
    d->crew_of[j] = -1;
    d->absent[d->absent_count++] = j;
    d->far[j] = INFINITY;
    int last = -2;
    for (int k = 0; k < d->crew_count; k++) {
      const DispatchCrew *crew = &p->crews[k];
      d->able[(size_t)j * (size_t)d->crew_count + (size_t)k] = crew_able(job, crew, k);
      if (crew->start == last || crew->start < 0) continue;
      last = crew->start;
      double far = d->travel[(size_t)crew->start * d->stride + (size_t)job->place];
      if (far < d->far[j]) d->far[j] = far;
    }
    for (int k = 0; k < DISPATCH_AMOUNTS; k++)
      if (job->amount[k] > 0 && k >= d->amounts) d->amounts = k + 1;
  }
  for (int s = 0; s < p->store_count; s++)
    d->nodes[d->job_count + s] = (Node){.place = p->stores[s].place,
                                        .service = p->stores[s].service,
                                        .window_count = 1,
                                        .windows = &p->stores[s].open,
                                        .from = p->stores[s].open.from,
                                        .to = p->stores[s].open.to,
                                        .due = INFINITY,
                                        .chain = -1,
                                        .crew_before = -1};
}

static bool is_pure(const Dispatch *d) {
  const DispatchProblem *p = d->problem;
  if (!d->timed || p->day_count) return false;
  for (int k = 0; k < d->crew_count; k++)
    if (p->crews[k].break_count || p->crews[k].overtime > 0) return false;
  for (int j = 0; j < d->job_count; j++) {
    const Node *node = &d->nodes[j];
    if (node->window_count > 1 || node->rate > 0 || node->miss > 0 || node->late > 0) return false;
  }
  return true;
}

bool dispatch_begin(Dispatch **out, const DispatchProblem *problem, uint64_t seed, Error *error) {
  *out = NULL;
  if (!dispatch_check(problem, error)) return false;
  Dispatch *d = memory_new(sizeof *d);
  if (!d) return error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
  arena_begin(&d->arena, 0);
  d->problem = problem, d->shunned = -1;
  random_seed(&d->random, seed);
  d->job_count = problem->job_count, d->crew_count = problem->crew_count, d->place_count = problem->place_count;
  d->travel = problem->travel, d->stride = problem->travel_stride;
  d->rule_travel = problem->rules.travel, d->rule_duration = problem->rules.duration, d->rule_overtime = problem->rules.overtime / 3600;
  d->timed = problem->rules.duration > 0;
  for (int j = 0; j < problem->job_count; j++) d->materials = d->materials || problem->jobs[j].need_count > 0;
  if (!take_memory(d)) goto out_of_memory;
  fill_nodes(d);
  if (!link_build(d)) goto out_of_memory;
  d->fast = is_fast(d), d->pure = is_pure(d);
  d->heat_from = d->pure ? 5 : d->fast ? 3 : 8, d->heat_to = d->pure ? 0.1 : d->fast ? 0.03 : 0.02; /* measured: docs/dispatch.md */
  d->removed = d->pure || d->fast ? 10 : 12, d->string_max = d->pure || d->fast ? 10 : 6;
  find_classes(d);
  search_choose_sorts(d);
  for (int k = 0; k < d->crew_count; k++) {
    if (!route_room(d, &d->routes[k], 14)) goto out_of_memory;
    bool empty = route_refresh(d, k, 1);
    (void)empty; /* an empty route breaks nothing */
  }
  *out = d;
  return true;
out_of_memory:
  dispatch_end(d);
  return error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
}

void dispatch_end(Dispatch *d) {
  if (!d) return;
  for (int k = 0; k < d->crew_count && d->routes && d->spare; k++) {
    memory_free(d->routes[k].at), memory_free(d->routes[k].quick);
    memory_free(d->spare[k].at), memory_free(d->spare[k].quick);
  }
  arena_end(&d->arena);
  memory_free(d);
}

int64_t dispatch_rounds(const Dispatch *d) { return d->rounds; }
double dispatch_cost(const Dispatch *d) { return d->best_cost; }
