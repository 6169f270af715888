/* The search: strings of neighbouring jobs are taken out, put back greedily with blinks, and the change kept or taken back
 * by annealing. (SISR, Christiaens and Vanden Berghe 2020.) */
#include <stdlib.h>
#include <string.h>

#include "crew/dispatch_internal.h"

enum { NEAR_MAX = 128, PROGRESS_EVERY = 16, LEFT_OUT_TRIED = 16 };
#define WIDE_SHARE(jobs) \
  ((jobs) <= 12 ? 0.5 : 0.1) /* of rounds that take long strings out of short routes too; small cases stick without */
#define SPLIT_GROWS 0.01
#define PRESSING_SHARE 0.1 /* of rounds that look at the dearest dues alone … */
#define PRESSING_UNTIL 0.6 /* … until so much of the search is done: the rest is for the hours */
#define LOCAL 60          /* among many jobs one goes to a crew of so many that can best come next to it … */
#define SHORT_ROUTE 25    /* jobs a route, among many */
#define SHORT_HEAT 1.5
#define LOCAL_MISSED 0.03 /* … but for this share of rounds */

typedef enum SortKey { SORT_RANDOM, SORT_AMOUNT, SORT_FAR, SORT_CLOSE, SORT_WIDTH, SORT_FROM, SORT_TO, SORT_WORTH, SORT_DUE } SortKey;

static double key_of(Dispatch *d, SortKey key, int job) {
  const Node *node = &d->nodes[job];
  switch (key) {
    case SORT_AMOUNT:
      return -d->problem->jobs[job].amount[0];
    case SORT_FAR:
      return -d->far[job];
    case SORT_CLOSE:
      return d->far[job];
    case SORT_WIDTH:
      return node->to - node->from;
    case SORT_FROM:
      return -node->from;
    case SORT_TO:
      return node->to;
    case SORT_WORTH:
      return -(node->rate + 1e-9) / (node->service + 1);
    case SORT_DUE:
      return node->due - node->miss;
    case SORT_RANDOM:
      break;
  }
  return random_unit(&d->random);
}

/* Shell's sort: short lists, no allocation, the same order everywhere (ties by job). */
static void sort_by_key(Dispatch *d, int *list, int count) {
  for (int gap = count / 2; gap > 0; gap /= 2)
    for (int i = gap; i < count; i++) {
      int job = list[i], at = i;
      double key = d->sort_key[job];
      for (; at >= gap && (d->sort_key[list[at - gap]] > key || (d->sort_key[list[at - gap]] == key && list[at - gap] > job)); at -= gap)
        list[at] = list[at - gap];
      list[at] = job;
    }
}

static SortKey draw_key(Dispatch *d) {
  static const uint8_t weight[] = {4, 4, 2, 1, 2, 2, 2, 4, 6};
  int total = 0;
  for (int k = 0; k <= SORT_DUE; k++) total += d->sorts[k] ? weight[k] : 0;
  int draw = (int)random_below(&d->random, (uint32_t)total);
  for (int k = 0; k <= SORT_DUE; k++)
    if (d->sorts[k] && (draw -= weight[k]) < 0) return (SortKey)k;
  return SORT_RANDOM;
}

void search_choose_sorts(Dispatch *d) {
  d->sorts[SORT_RANDOM] = d->sorts[SORT_FAR] = d->sorts[SORT_CLOSE] = true;
  for (int j = 0; j < d->job_count; j++) {
    const Node *node = &d->nodes[j];
    if (d->amounts) d->sorts[SORT_AMOUNT] = true;
    if (node->window_count) d->sorts[SORT_WIDTH] = d->sorts[SORT_FROM] = d->sorts[SORT_TO] = true;
    if (node->rate > 0) d->sorts[SORT_WORTH] = true;
    if (node->miss > 0) d->sorts[SORT_DUE] = true;
    if (node->miss > 0 && d->problem->jobs[j].critical && node->chain < 0) d->pressing[d->pressing_count++] = j;
  }
}

static double cost_absent(const Dispatch *d, const int *list, int count) {
  double cost = 0;
  for (int i = 0; i < count; i++) cost += d->nodes[list[i]].absent;
  return cost;
}

double search_cost(const Dispatch *d) {
  double cost = cost_absent(d, d->absent, d->absent_count);
  for (int k = 0; k < d->crew_count; k++) cost += d->routes[k].cost;
  return cost;
}

/* The jobs of `list` in its order; what finds no place stays absent, behind the first `kept` that are not tried. */
static void insert_list(Dispatch *d, int *list, int count, int kept, bool blinks) {
  d->absent_count = 0;
  for (int i = 0; i < count && !d->failed && !d->broken; i++) {
    int job = list[i], chain = d->nodes[job].chain;
    if (d->crew_of[job] >= 0) continue;
    if (chain < 0)
      insert_job(d, job, blinks);
    else if (!d->chains[chain].tried)
      link_insert(d, chain, blinks), d->chains[chain].tried = true;
  }
  for (int i = 0; i < kept; i++) /* some may have come in with their chain */
    if (d->crew_of[d->absent[i]] < 0) d->absent[d->absent_count++] = d->absent[i];
  for (int i = 0; i < count; i++) {
    if (d->nodes[list[i]].chain >= 0) d->chains[d->nodes[list[i]].chain].tried = false;
    if (d->crew_of[list[i]] < 0) d->absent[d->absent_count++] = list[i];
  }
}

/* Of many that no crew has hours for each round tries a few, drawn anew: they stand last of those. Returns how many are not tried. */
static int draw_left_out(Dispatch *d, int before) {
  int kept = before > LEFT_OUT_TRIED ? before - LEFT_OUT_TRIED : 0;
  for (int i = before; i > kept && kept; i--) {
    int at = (int)random_below(&d->random, (uint32_t)i), job = d->absent[at];
    d->absent[at] = d->absent[i - 1], d->absent[i - 1] = job;
  }
  return kept;
}

/* From scratch or after changes: the hardest and worthiest first, among the next few always the one that would lose most by
 * not getting its best crew now. */
void search_insert_regret(Dispatch *d) {
  enum { BATCH = 12 };
  int count = d->absent_count, *list = d->scratch, next = 0, held[BATCH], held_count = 0, left = 0;
  for (int i = 0; i < count; i++) {
    int job = list[i] = d->absent[i];
    const Node *node = &d->nodes[job];
    d->sort_key[job] = (node->chain >= 0 ? -1e9 : 0) + (d->fast || d->timed ? node->to - node->from - d->far[job] * 1e-3
                                                                            : -1e6 * d->problem->jobs[job].critical * (node->miss > 0) -
                                                                                  (node->rate + 1e-9) / (node->service + 60) * 1e3);
  }
  sort_by_key(d, list, count);
  insert_list_active(d);
  while (!d->failed && !d->broken && (next < count || held_count)) {
    while (next < count && held_count < BATCH) {
      int job = list[next++], chain = d->nodes[job].chain;
      if (chain < 0)
        held[held_count++] = job;
      else if (d->crew_of[job] < 0 && !d->chains[chain].tried)
        link_insert(d, chain, false), d->chains[chain].tried = true;
      d->round_mark++, d->saved_count = 0;
    }
    double most = -INFINITY;
    int take = -1;
    for (int i = 0; i < held_count; i++) {
      double second;
      Choice choice = insert_find(d, held[i], false, NULL, &second);
      if (choice.cost == INFINITY) continue;
      double regret = second == INFINITY ? 1e12 - choice.cost : second - choice.cost;
      if (regret > most) most = regret, take = i;
    }
    if (take < 0) { /* none of these fits any more */
      for (int i = 0; i < held_count; i++) d->absent[left++] = held[i];
      held_count = 0;
      continue;
    }
    if (!insert_job(d, held[take], false)) d->absent[left++] = held[take];
    held[take] = held[--held_count];
    d->round_mark++, d->saved_count = 0; /* nothing here is taken back */
  }
  d->absent_count = 0;
  for (int i = 0; i < count; i++) {
    if (d->nodes[list[i]].chain >= 0) d->chains[d->nodes[list[i]].chain].tried = false;
    if (d->crew_of[list[i]] < 0) d->absent[d->absent_count++] = list[i];
  }
}

void search_keep_best(Dispatch *d) {
  int at = 0;
  for (int k = 0; k < d->crew_count; k++) {
    d->best_count[k] = d->routes[k].count;
    for (int i = 1; i <= d->routes[k].count; i++) d->best[at++] = d->routes[k].at[i].node;
  }
  size_t cells = (size_t)d->problem->store_count * (size_t)d->problem->item_count;
  for (int k = 0; k < d->crew_count && d->materials; k++)
    memcpy(&d->best_taken[(size_t)k * cells], d->routes[k].taken, cells * sizeof(double));
  memcpy(d->best_absent, d->absent, (size_t)d->absent_count * sizeof *d->absent);
  d->best_absent_count = d->absent_count;
  d->best_cost = d->cost;
}

/* The best plan becomes the one at hand. False: out of memory. */
bool search_load_best(Dispatch *d) {
  size_t cells = (size_t)d->problem->store_count * (size_t)d->problem->item_count;
  for (int j = 0; j < d->job_count; j++) d->crew_of[j] = -1;
  if (d->materials) memset(d->used, 0, cells * sizeof *d->used);
  for (int k = 0, at = 0; k < d->crew_count; at += d->best_count[k++]) {
    Route *route = &d->routes[k];
    route_clear(d, k);
    for (int i = 0; i < d->best_count[k]; i++)
      if (!route_put(d, k, i + 1, d->best[at + i])) return false;
    for (size_t c = 0; c < cells && d->materials; c++) d->used[c] += route->taken[c] = d->best_taken[(size_t)k * cells + c];
  }
  memcpy(d->absent, d->best_absent, (size_t)d->best_absent_count * sizeof *d->absent);
  d->absent_count = d->best_absent_count;
  for (int c = 0; c < d->chain_count; c++)
    for (int i = 0; i < d->chains[c].count; i++) d->release[d->chain_jobs[d->chains[c].first + i]] = -INFINITY;
  d->round_mark++, d->saved_count = 0;
  for (int k = 0; k < d->crew_count; k++)
    if (!route_refresh(d, k, 1)) return false;
  if (d->chain_count && !link_settle(d)) return false;
  d->cost = d->best_cost = search_cost(d);
  return !d->failed;
}

bool dispatch_adopt(Dispatch *d, const Dispatch *from, Error *error) {
  size_t cells = (size_t)d->problem->store_count * (size_t)d->problem->item_count, stops = 0;
  for (int k = 0; k < d->crew_count; k++) stops += (size_t)(d->best_count[k] = from->best_count[k]);
  memcpy(d->best, from->best, stops * sizeof *d->best);
  memcpy(d->best_absent, from->best_absent, (size_t)from->best_absent_count * sizeof *d->best_absent);
  if (d->materials) memcpy(d->best_taken, from->best_taken, (size_t)d->crew_count * cells * sizeof *d->best_taken);
  d->best_absent_count = from->best_absent_count;
  return search_load_best(d) || error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
}

/* `count` stops around `pos`; a split string keeps `skip` of them in its middle. Linked jobs go with their whole chain. */
static void cut_string(Dispatch *d, int crew, int pos, int length) {
  Route *route = &d->routes[crew];
  int free = route->count - route->fixed, skip = 0;
  if (length > 1 && length < free && random_below(&d->random, 2) == 0) {
    skip = 1;
    while (length + skip < free && random_unit(&d->random) < SPLIT_GROWS) skip++;
  }
  int span = length + skip, low = pos - span + 1, high = pos;
  if (low <= route->fixed) low = route->fixed + 1;
  if (high > route->count - span + 1) high = route->count - span + 1;
  int from = low + (int)random_below(&d->random, (uint32_t)(high - low + 1));
  int keep_from = skip ? from + 1 + (int)random_below(&d->random, (uint32_t)(length - 1)) : from + span, keep_to = keep_from + skip;
  route_touch(d, crew);
  for (int i = from + span - 1; i >= from; i--) {
    int node = route->at[i].node;
    if (i >= keep_from && i < keep_to) continue;
    if (!is_job(d, node)) continue;
    if (d->nodes[node].chain >= 0) {
      d->chains[d->nodes[node].chain].tried = true; /* gone below, when the route stands still */
      continue;
    }
    d->absent[d->absent_count++] = node;
    route_cut(d, crew, i);
  }
}

/* Some of the jobs with the dearest dues, wherever they are: who of them is served first is a matter between crews far apart. */
static void take_pressing(Dispatch *d) {
  int count = (int)(random_unit(&d->random) * d->removed) + 2;
  for (int i = 0; i < count; i++) {
    int job = d->pressing[random_below(&d->random, (uint32_t)d->pressing_count)], crew = d->crew_of[job], pos;
    if (crew < 0) continue;
    for (pos = d->routes[crew].fixed + 1; pos <= d->routes[crew].count && d->routes[crew].at[pos].node != job; pos++) continue;
    if (pos > d->routes[crew].count) continue; /* under way */
    route_touch(d, crew);
    d->absent[d->absent_count++] = job;
    route_cut(d, crew, pos);
  }
}

static void take_strings(Dispatch *d) {
  double mean = d->crews_used ? (double)(d->job_count - d->absent_count) / d->crews_used : 1;
  double longest =
      mean < d->string_max && random_unit(&d->random) > WIDE_SHARE(d->job_count) ? mean : d->string_max; /* wide: whole short routes may go */
  double strings_max = 4 * d->removed / (1 + (mean < longest ? mean : longest)) - 1;
  int strings = (int)(random_unit(&d->random) * strings_max + 1), done = 0;
  int seed = (int)random_below(&d->random, (uint32_t)d->job_count);
  d->ruined_round++;
  for (int n = -1; n < d->near_count && done < strings; n++) {
    int job = n < 0 ? seed : d->near[(size_t)seed * (size_t)d->near_count + (size_t)n];
    int crew = d->crew_of[job];
    if (crew < 0 || d->ruined[crew] == d->ruined_round) continue;
    Route *route = &d->routes[crew];
    int pos = route->fixed + 1;
    while (pos <= route->count && route->at[pos].node != job) pos++;
    if (pos > route->count) continue; /* under way */
    int free = route->count - route->fixed;
    double most = free < longest ? free : longest;
    d->ruined[crew] = d->ruined_round;
    cut_string(d, crew, pos, (int)(random_unit(&d->random) * most + 1));
    done++;
  }
}

static void ruin(Dispatch *d) {
  if (d->pressing_count > 1 && d->progress < PRESSING_UNTIL && random_unit(&d->random) < PRESSING_SHARE)
    take_pressing(d);
  else
    take_strings(d);
  for (int c = 0; c < d->chain_count; c++)
    if (d->chains[c].tried) link_remove(d, c), d->chains[c].tried = false;
  for (int s = 0; s < d->saved_count && !d->failed; s++) {
    int crew = d->saved[s];
    if (!route_refresh(d, crew, 1))
      d->broken = true; /* no triangle inequality: the rest is late now */
    else if (d->materials)
      material_tidy(d, crew, false);
  }
  if (d->chain_count && !d->broken && !link_settle(d)) d->broken = true;
}

/* One round; keeps the change or takes it back. */
static void round_once(Dispatch *d, double temperature) {
  d->round_mark++, d->saved_count = 0, d->broken = false;
  d->absent_spare_count = d->absent_count;
  memcpy(d->absent_spare, d->absent, (size_t)d->absent_count * sizeof *d->absent);
  if (d->chain_count) memcpy(d->release_spare, d->release, (size_t)d->job_count * sizeof *d->release);
  ruin(d);
  int kept = draw_left_out(d, d->absent_spare_count), count = d->absent_count - kept;
  memcpy(d->scratch, d->absent + kept, (size_t)count * sizeof *d->absent);
  SortKey key = draw_key(d);
  for (int i = 0; i < count; i++) d->sort_key[d->scratch[i]] = key_of(d, key, d->scratch[i]);
  sort_by_key(d, d->scratch, count);
  if (!d->broken && !d->failed) {
    insert_list_active(d);
    d->local = d->localised && random_unit(&d->random) >= LOCAL_MISSED ? LOCAL : 0;
    insert_list(d, d->scratch, count, kept, true);
    d->local = 0;
  }
  double cost = d->cost - cost_absent(d, d->absent_spare, d->absent_spare_count) + cost_absent(d, d->absent, d->absent_count);
  for (int s = 0; s < d->saved_count; s++) {
    if (d->materials && !d->broken && !d->failed) material_tidy(d, d->saved[s], true);
    cost += d->routes[d->saved[s]].cost - d->spare[d->saved[s]].cost;
  }
  bool keep = !d->broken && !d->failed && cost < d->cost - temperature * log(1 - random_unit(&d->random));
  if (!keep) {
    for (int i = 0; i < count; i++) d->crew_of[d->scratch[i]] = -1;
    for (int i = 0; i < d->absent_spare_count; i++) d->crew_of[d->absent_spare[i]] = -1;
    route_restore_all(d);
    d->absent_count = d->absent_spare_count;
    memcpy(d->absent, d->absent_spare, (size_t)d->absent_count * sizeof *d->absent);
    if (d->chain_count) memcpy(d->release, d->release_spare, (size_t)d->job_count * sizeof *d->release);
    return;
  }
  for (int s = 0; s < d->saved_count; s++) d->crews_used += (d->routes[d->saved[s]].count > 0) - (d->spare[d->saved[s]].count > 0);
  d->cost = cost;
  if (cost < d->best_cost - 1e-9) {
    d->cost = search_cost(d);
    search_keep_best(d);
  }
}

/* The scale of temperatures: what a job costs on average, of the part that moving it can change. */
static double heat_of(const Dispatch *d) {
  int jobs = 0;
  double cost = 0;
  for (int k = 0; k < d->crew_count; k++) {
    const Route *route = &d->routes[k];
    jobs += route->count;
    cost += d->rule_travel * route->travel;
    for (int i = 1; i <= route->count; i++) cost += d->nodes[route->at[i].node].rate * route->at[i].depart * 0.1;
    cost += d->rule_duration * route->at[route->count + 1].spent * 0.2;
  }
  return jobs ? cost / jobs : 1;
}

static double mean_route(const Dispatch *d) {
  int used = 0;
  for (int k = 0; k < d->crew_count; k++) used += d->routes[k].count > 0;
  return used ? (double)(d->job_count - d->absent_count) / used : 0;
}

static bool search_ready(Dispatch *d, Error *error);

bool dispatch_improve(Dispatch *d, DispatchEffort effort, Error *error) {
  double until = effort.until > 0 ? effort.until : 1, heat = effort.heat > 0 ? effort.heat : 1;
  if (!search_ready(d, error)) return false;
  d->crews_used = 0;
  for (int k = 0; k < d->crew_count; k++) d->crews_used += d->routes[k].count > 0;
  int free = 0;
  for (int j = 0; j < d->job_count; j++) free += isnan(d->problem->jobs[j].started);
  if (free == 0) return true;
  double hot = d->heat_scale * heat * d->heat_from, cold = d->heat_scale * d->heat_to, temperature = hot;
  if (hot < cold) hot = cold;
  for (;; d->rounds++) {
    if (d->rounds % PROGRESS_EVERY == 0) {
      double progress = effort.progress(effort.user, d->rounds);
      if (!(progress < until)) break;
      temperature = hot * pow(cold / hot, progress);
      d->progress = progress;
    }
    round_once(d, temperature);
    if (d->failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
  }
  return search_load_best(d) || error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
}

typedef struct Near {
  double travel;
  int job;
} Near;

static inline bool nearer(Near a, Near b) { return a.travel < b.travel || (a.travel == b.travel && a.job < b.job); }

static void sink(Near *heap, int count, int at) {
  Near one = heap[at];
  for (int child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && nearer(heap[child], heap[child + 1])) child++;
    if (!nearer(one, heap[child])) break;
    heap[at] = heap[child];
  }
  heap[at] = one;
}

/* The `count` nearest of all, in order, into `out`: a heap of those so far, the farthest on top. `all` is used up. */
static void take_nearest(Near *all, int all_count, int *out, int count) {
  for (int i = count / 2 - 1; i >= 0; i--) sink(all, count, i);
  for (int i = count; i < all_count; i++)
    if (nearer(all[i], all[0])) all[0] = all[i], sink(all, count, 0);
  for (int left = count; left > 0; left--) {
    out[left - 1] = all[0].job;
    all[0] = all[left - 1], sink(all, left - 1, 0);
  }
}

static bool is_even(const Dispatch *d) {
  for (size_t i = 0; i < (size_t)d->place_count; i++)
    for (size_t j = 0; j < i; j++)
      if (d->travel[i * d->stride + j] != d->travel[j * d->stride + i]) return false;
  return true;
}

/* From one job straight to the other: the way and a fifth of the waiting; INFINITY: never in time. (Vidal and others 2013) */
static double follow(const Dispatch *d, int job, int next, double way) {
  const Node *a = &d->nodes[job], *b = &d->nodes[next];
  if (a->from + a->service + way > b->to) return INFINITY;
  double wait = b->from - (a->to + a->service + way);
  return way + (wait > 0 ? 0.2 * wait : 0);
}

/* What only the search needs: neighbours, the transposed travel times, the memory of judged places. */
static bool search_ready(Dispatch *d, Error *error) {
  if (d->near) return true;
  int n = d->job_count;
  d->localised = (d->fast || d->pure) && !d->chain_count && n >= 4 * LOCAL;
  d->heat_scale = heat_of(d);
  if (d->fast && d->localised && mean_route(d) < SHORT_ROUTE) d->heat_from = SHORT_HEAT; /* long routes freeze in a bad order then */
  d->near_count = n - 1 < NEAR_MAX ? n - 1 : NEAR_MAX;
  d->near = ARENA_ARRAY(&d->arena, int, (size_t)n *(size_t)d->near_count + 1);
  if (d->localised) d->kin = ARENA_ARRAY(&d->arena, int, (size_t)n *(size_t)d->near_count + 1);
  bool even = is_even(d);
  d->back_stride = even ? d->stride : (size_t)d->place_count;
  double *back = even ? NULL : ARENA_ARRAY(&d->arena, double, d->back_stride * d->back_stride);
  Near *all = memory_new((size_t)n * 2 * sizeof *all + 1), *close = all + n;
  if (!d->near || (d->localised && !d->kin) || (!even && !back) || !all) {
    memory_free(all);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
  }
  for (size_t i = 0; i < d->back_stride && !even; i++)
    for (size_t j = 0; j < d->back_stride; j++) back[j * d->back_stride + i] = d->travel[i * d->stride + j];
  d->back = even ? d->travel : back;
  for (int j = 0; j < n; j++) {
    size_t place = (size_t)d->nodes[j].place, row = (size_t)j * (size_t)d->near_count;
    int near = 0, kin = 0;
    for (int o = 0; o < n; o++) {
      if (o == j) continue;
      size_t other = (size_t)d->nodes[o].place;
      double there = d->travel[place * d->stride + other], here = d->back[place * d->back_stride + other];
      all[near++] = (Near){there + here, o};
      if (!d->localised) continue;
      double out = follow(d, j, o, there), in = follow(d, o, j, here);
      close[kin++] = (Near){out < in ? out : in, o};
    }
    take_nearest(all, near, d->near + row, d->near_count);
    if (d->localised) take_nearest(close, kin, d->kin + row, d->near_count);
  }
  memory_free(all);
  return true;
}
