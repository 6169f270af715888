#include "supply/remedy.h"

#include <math.h>
#include <string.h>

const char *const REMEDY_NAME[REMEDY_COUNT] = {"tap", "balance", "hours", "conductor", "transformer", "second"};

enum { CRITICAL_QUARTERS = 4, MOVERS = 12, LOSSY_SPANS = 6, HEAVIER_MAX = 3, PLACES_MAX = 16, RATINGS_TRIED = 4 };

typedef struct Search {
  const Area *area;
  const RemedyRates *rates;
  RemedyList *list;
  Arena *arena, *work;
  AreaPlan *net; /* of the area as it is */
  uint8_t *low;  /* [customer] before */
  Error *error;
} Search;

static bool no_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "remedy"); }
static bool has(const Remedy *remedy, RemedyKind kind) { return remedy->kinds >> kind & 1; }

/* --- putting one into the network --- */

/* The second transformer's part hangs on the medium voltage by its own impedance, written as a kilometre of a conductor. */
static bool add_second(const Remedy *remedy, Area *area, AreaNode *nodes, Arena *arena, Error *error) {
  AreaConductor *conductors = ARENA_ARRAY(arena, AreaConductor, area->conductor_count + 1);
  if (!conductors) return no_memory(error);
  memcpy(conductors, area->conductors, area->conductor_count * sizeof *conductors);
  double base = 3 * AREA_SOURCE_VOLTS * AREA_SOURCE_VOLTS / (remedy->rating.kva * 1000), r = remedy->rating.loss_percent / 100 * base,
         z = remedy->rating.impedance_percent / 100 * base;
  conductors[area->conductor_count] = (AreaConductor){.id = TEXT("second"), .r = r, .x = sqrt(fmax(z * z - r * r, 0))};
  nodes[remedy->node].conductor = area->conductor_count;
  nodes[remedy->node].length_m = 1000;
  nodes[remedy->node].parent = AREA_MEDIUM;
  area->conductors = conductors;
  area->conductor_count++;
  area->other_kva += remedy->rating.kva;
  return true;
}

bool remedy_apply(const Area *area, const Remedy *remedy, Area *out, Arena *arena, Error *error) {
  *out = *area;
  if (has(remedy, REMEDY_TAP)) out->tap_percent = remedy->tap_percent;
  if (has(remedy, REMEDY_TRANSFORMER)) {
    out->rated_kva = remedy->rating.kva;
    out->impedance_percent = remedy->rating.impedance_percent, out->loss_percent = remedy->rating.loss_percent;
  }
  if (has(remedy, REMEDY_CONDUCTOR) || has(remedy, REMEDY_SECOND)) {
    AreaNode *nodes = arena_copy(arena, area->nodes, area->node_count * sizeof *nodes);
    if (!nodes) return no_memory(error);
    for (uint32_t i = 0; has(remedy, REMEDY_CONDUCTOR) && i < remedy->span_count; i++)
      nodes[remedy->spans[i]].conductor = remedy->conductor;
    if (has(remedy, REMEDY_SECOND) && !add_second(remedy, out, nodes, arena, error)) return false;
    out->nodes = nodes;
  }
  if (has(remedy, REMEDY_BALANCE)) {
    AreaCustomer *customers = arena_copy(arena, area->customers, area->customer_count * sizeof *customers);
    if (!customers) return no_memory(error);
    for (uint32_t i = 0; i < remedy->move_count; i++) customers[remedy->moves[i].customer].phases = remedy->moves[i].to;
    out->customers = customers;
  }
  if (has(remedy, REMEDY_HOURS) && !(out->kw = stagger_loads(area, remedy->hours, 0, arena))) return no_memory(error);
  return true;
}

bool remedy_day(const Area *area, const Remedy *remedy, bool with_volts, AreaDay *out, Arena *arena, Arena *work, Error *error) {
  Area changed;
  Arena own;
  arena_begin(&own, 0);
  bool ok = remedy_apply(area, remedy, &changed, &own, error) && area_solve(&changed, with_volts, out, arena, work, error);
  arena_end(&own);
  return ok;
}

/* --- judging one --- */

static void price(const Search *search, Remedy *remedy) {
  const RemedyRates *rates = search->rates;
  remedy->cost_yuan = remedy->days = 0;
  if (has(remedy, REMEDY_TAP)) remedy->cost_yuan += rates->tap_yuan, remedy->days = fmax(remedy->days, rates->tap_days);
  if (has(remedy, REMEDY_BALANCE)) {
    remedy->cost_yuan += rates->swap_yuan * remedy->move_count;
    remedy->days = fmax(remedy->days, ceil(remedy->move_count / rates->swap_per_day));
  }
  if (has(remedy, REMEDY_HOURS)) remedy->cost_yuan += rates->hours_yuan, remedy->days = fmax(remedy->days, rates->hours_days);
  if (has(remedy, REMEDY_CONDUCTOR)) {
    remedy->cost_yuan += remedy->span_m * search->area->conductors[remedy->conductor].price_yuan_m;
    remedy->days = fmax(remedy->days, rates->conductor_days + ceil(remedy->span_m / 1000 * rates->conductor_days_km));
  }
  if (has(remedy, REMEDY_TRANSFORMER))
    remedy->cost_yuan += rates->transformer_yuan + remedy->rating.price_yuan, remedy->days = fmax(remedy->days, rates->transformer_days);
  if (has(remedy, REMEDY_SECOND)) {
    double way = 0;
    for (uint32_t i = remedy->node; i > 0; i = search->area->nodes[i].parent) way += search->area->nodes[i].length_m;
    remedy->cost_yuan += rates->second_yuan + remedy->rating.price_yuan + way * rates->second_mv_yuan_m;
    remedy->days = fmax(remedy->days, rates->second_days);
  }
}

static void weigh(const Search *search, Remedy *remedy) {
  remedy->cured = 0;
  for (uint32_t i = 0; i < search->area->customer_count; i++)
    remedy->cured += search->low[i] && remedy->after.quarters[i] < AREA_LOW_QUARTERS;
  remedy->cures = remedy->after.low_customers == 0 && remedy->after.high_customers <= search->list->before.high_customers;
  price(search, remedy);
}

/* Computes and keeps it. The network is built anew only where the remedy changes it. */
static bool try_one(Search *search, const Remedy *remedy) {
  RemedyList *list = search->list;
  list->tried++;
  if (list->count == REMEDY_LIST_MAX) return true;
  Remedy *kept = &list->at[list->count++];
  Arena own;
  Area changed;
  *kept = *remedy;
  arena_begin(&own, 0);
  bool built = (remedy->kinds & (1u << REMEDY_CONDUCTOR | 1u << REMEDY_TRANSFORMER | 1u << REMEDY_SECOND)) != 0;
  bool ok = remedy_apply(search->area, remedy, &changed, &own, search->error);
  ok = ok && (built ? area_solve(&changed, false, &kept->after, search->arena, search->work, search->error)
                    : area_plan_solve(search->net, &changed, NULL, 0, false, &kept->after, search->arena, search->work, search->error));
  arena_end(&own);
  if (ok) weigh(search, kept);
  return ok;
}

/* --- what to try --- */

static bool try_taps(Search *search) {
  for (uint32_t i = 0; i < search->rates->tap_count; i++) {
    Remedy remedy = {.kinds = 1u << REMEDY_TAP, .tap_percent = search->rates->taps[i]};
    if (remedy.tap_percent > search->area->tap_percent && !try_one(search, &remedy)) return false;
  }
  return true;
}

static bool try_ratings(Search *search) {
  int tried = 0;
  for (uint32_t i = 0; i < search->rates->rating_count && tried < RATINGS_TRIED; i++) {
    Remedy remedy = {.kinds = 1u << REMEDY_TRANSFORMER, .rating = search->rates->ratings[i]};
    if (remedy.rating.kva > search->area->rated_kva * 1.01 && (tried++, !try_one(search, &remedy))) return false;
  }
  return true;
}

/* The quarter-hours in which most is missing. */
static bool critical_quarters(Search *search, const AreaDay *day, uint16_t *out) {
  double missing[AREA_QUARTERS] = {0};
  for (size_t i = 0; i < (size_t)search->area->customer_count * AREA_QUARTERS; i++)
    missing[i % AREA_QUARTERS] += fmax(AREA_LOW_VOLTS + 2 - (double)day->volts[i], 0); /* 2 V more: also what is nearly low */
  for (int k = 0; k < CRITICAL_QUARTERS; k++) {
    int best = 0;
    for (int t = 1; t < AREA_QUARTERS; t++)
      if (missing[t] > missing[best]) best = t;
    out[k] = (uint16_t)best;
    missing[best] = -1;
  }
  return true;
}

/* One-phase households by their load in the critical quarter-hours, greatest first. */
static size_t movers(const Search *search, const Area *area, const uint16_t *quarters, uint32_t out[MOVERS]) {
  double load[MOVERS] = {0};
  size_t count = 0;
  (void)search;
  for (uint32_t i = 0; i < area->customer_count; i++) {
    double sum = 0;
    if (area->customers[i].phases == 7) continue;
    for (int k = 0; k < CRITICAL_QUARTERS; k++) sum += (double)area->kw[(size_t)i * AREA_QUARTERS + quarters[k]];
    if (count == MOVERS && sum <= load[MOVERS - 1]) continue;
    size_t at = count < MOVERS ? count++ : MOVERS - 1;
    for (; at > 0 && load[at - 1] < sum; at--) load[at] = load[at - 1], out[at] = out[at - 1];
    load[at] = sum, out[at] = i;
  }
  return count;
}

/* What a move is judged by at the critical quarter-hours: what is missing, and, where nothing is, the worst voltage. */
static double badness(const AreaDay *day) { return day->deficit * 1000 - day->worst_volts; }

/* The best single move of those not made yet; false in *found when none gains. */
static bool best_move(Search *search, Area *area, AreaCustomer *customers, const uint16_t *quarters, const Remedy *made, RemedyMove *out,
                      double *value, bool *found) {
  uint32_t who[MOVERS];
  size_t count = movers(search, area, quarters, who);
  *found = false;
  for (size_t n = 0; n < count; n++) {
    bool again = false;
    uint8_t home = customers[who[n]].phases;
    for (uint32_t k = 0; k < made->move_count; k++) again |= made->moves[k].customer == who[n];
    for (uint8_t phase = 1; phase <= 4 && !again; phase = (uint8_t)(phase << 1)) {
      AreaDay day;
      Arena own;
      if (phase == home) continue;
      customers[who[n]].phases = phase;
      arena_begin(&own, 0);
      bool ok = area_plan_solve(search->net, area, quarters, CRITICAL_QUARTERS, false, &day, &own, search->work, search->error);
      arena_end(&own);
      customers[who[n]].phases = home;
      if (!ok) return false;
      if (badness(&day) < *value - 1e-3) *value = badness(&day), *out = (RemedyMove){who[n], home, phase}, *found = true;
    }
  }
  return true;
}

static bool try_balance(Search *search, const AreaDay *before, Remedy *best) {
  Area area = *search->area;
  AreaCustomer *customers = arena_copy(search->arena, area.customers, area.customer_count * sizeof *customers);
  uint16_t quarters[CRITICAL_QUARTERS];
  AreaDay day;
  if (!customers) return no_memory(search->error);
  area.customers = customers;
  critical_quarters(search, before, quarters);
  if (!area_plan_solve(search->net, &area, quarters, CRITICAL_QUARTERS, false, &day, search->arena, search->work, search->error))
    return false;
  Remedy remedy = {.kinds = 1u << REMEDY_BALANCE};
  double value = badness(&day);
  while (remedy.move_count < REMEDY_SWAPS_MAX) {
    RemedyMove move;
    bool found;
    if (!best_move(search, &area, customers, quarters, &remedy, &move, &value, &found)) return false;
    if (!found) break;
    customers[move.customer].phases = move.to;
    remedy.moves[remedy.move_count++] = move;
    if (!try_one(search, &remedy)) return false;
    *best = search->list->at[search->list->count - 1];
    if (best->cures) break; /* more moves would only cost more */
  }
  return true;
}

static bool add_span(const Search *search, Remedy *remedy, uint32_t node, double r) {
  const Area *area = search->area;
  if (remedy->span_count == REMEDY_SPANS_MAX || area->conductors[area->nodes[node].conductor].r <= r * 1.02) return false;
  remedy->spans[remedy->span_count++] = node;
  remedy->span_m += area->nodes[node].length_m;
  return true;
}

/* Spans by what they lose on the way to households that are low: mean drop of the critical quarter-hours times households below. */
static bool lossy_spans(Search *search, const AreaDay *before, uint32_t *order, size_t *count) {
  const Area *area = search->area;
  double *loss = ARENA_ARRAY(search->arena, double, area->node_count), *load = ARENA_ARRAY(search->arena, double, area->node_count),
         *low = ARENA_ARRAY(search->arena, double, area->node_count);
  if (!loss || !load || !low) return no_memory(search->error);
  for (uint32_t i = 0; i < area->customer_count; i++) {
    load[area->customers[i].node] += (double)area->kw[(size_t)i * AREA_QUARTERS + before->worst_quarter];
    low[area->customers[i].node] += before->quarters[i] > 0;
  }
  *count = 0;
  for (uint32_t i = area->node_count - 1; i > 0; i--) {
    load[area->nodes[i].parent] += load[i], low[area->nodes[i].parent] += low[i];
    loss[i] = load[i] * low[i] * area->nodes[i].length_m * area->conductors[area->nodes[i].conductor].r;
  }
  for (uint32_t i = 1; i < area->node_count; i++) {
    if (loss[i] <= 0) continue;
    size_t at = (*count)++;
    for (; at > 0 && loss[order[at - 1]] < loss[i]; at--) order[at] = order[at - 1];
    order[at] = i;
  }
  return true;
}

static bool try_conductor(Search *search, const AreaDay *before, uint32_t conductor, const uint32_t *order, size_t count) {
  const Area *area = search->area;
  double r = area->conductors[conductor].r;
  Remedy lossy = {.kinds = 1u << REMEDY_CONDUCTOR, .conductor = conductor}, way = lossy, all = lossy;
  uint32_t path[AREA_NODES_MAX > 1024 ? 1024 : AREA_NODES_MAX], depth = 0;
  for (size_t k = 0, taken = 0; k < count && taken < LOSSY_SPANS; k++) { /* the worst span, the worst two, … */
    if (!add_span(search, &lossy, order[k], r)) continue;
    taken++;
    if (!try_one(search, &lossy)) return false;
  }
  for (uint32_t i = area->customers[before->worst_customer].node; i > 0 && depth < sizeof path / sizeof *path; i = area->nodes[i].parent)
    path[depth++] = i;
  for (int part = 1; part <= 3; part++) { /* the first third of the way, two thirds, all */
    uint32_t had = way.span_count;
    for (uint32_t k = depth * (uint32_t)(part - 1) / 3; k < depth * (uint32_t)part / 3; k++) add_span(search, &way, path[depth - 1 - k], r);
    if (way.span_count > had && !try_one(search, &way)) return false;
  }
  for (size_t k = 0; k < count; k++) add_span(search, &all, order[k], r); /* wherever somebody low is below */
  return all.span_count <= way.span_count || try_one(search, &all);
}

static bool try_conductors(Search *search, const AreaDay *before) {
  const Area *area = search->area;
  uint32_t *order = ARENA_ARRAY(search->arena, uint32_t, area->node_count + 1), heavier[HEAVIER_MAX];
  size_t count = 0, found = 0;
  if (!order) return no_memory(search->error);
  if (!lossy_spans(search, before, order, &count)) return false;
  for (uint32_t c = 0; c < area->conductor_count; c++) { /* the least resistance that costs the least: those with a price, heaviest first */
    if (!(area->conductors[c].price_yuan_m > 0)) continue;
    size_t at = found < HEAVIER_MAX ? found++ : HEAVIER_MAX;
    for (; at > 0 && area->conductors[heavier[at - 1]].r > area->conductors[c].r; at--)
      if (at < HEAVIER_MAX) heavier[at] = heavier[at - 1];
    if (at < HEAVIER_MAX) heavier[at] = c;
  }
  for (size_t k = 0; k < found; k++)
    if (!try_conductor(search, before, heavier[k], order, count)) return false;
  return true;
}

/* A second transformer where much load hangs far out: nodes by load below times way to them. */
static bool try_seconds(Search *search, const AreaDay *before) {
  const Area *area = search->area;
  double *load = ARENA_ARRAY(search->arena, double, area->node_count), *way = ARENA_ARRAY(search->arena, double, area->node_count),
         best[PLACES_MAX];
  uint32_t place[PLACES_MAX];
  size_t count = 0;
  if (!load || !way) return no_memory(search->error);
  for (uint32_t i = 0; i < area->customer_count; i++)
    load[area->customers[i].node] += (double)area->kw[(size_t)i * AREA_QUARTERS + before->worst_quarter];
  for (uint32_t i = 1; i < area->node_count; i++)
    way[i] = way[area->nodes[i].parent] + area->nodes[i].length_m * area->conductors[area->nodes[i].conductor].r;
  for (uint32_t i = area->node_count - 1; i > 0; i--) load[area->nodes[i].parent] += load[i];
  for (uint32_t i = 1; i < area->node_count; i++) {
    double value = load[i] * way[i];
    if (value <= 0 || (count == PLACES_MAX && value <= best[PLACES_MAX - 1])) continue;
    size_t at = count < PLACES_MAX ? count++ : PLACES_MAX - 1;
    for (; at > 0 && best[at - 1] < value; at--) best[at] = best[at - 1], place[at] = place[at - 1];
    best[at] = value, place[at] = i;
  }
  for (size_t k = 0; k < count; k++) {
    Remedy remedy = {.kinds = 1u << REMEDY_SECOND, .node = place[k]};
    double kva = load[place[k]] / area->power_factor / search->rates->load_share;
    uint32_t r = 0;
    while (r + 1 < search->rates->rating_count && search->rates->ratings[r].kva < kva) r++;
    remedy.rating = search->rates->ratings[r];
    if (search->rates->rating_count && !try_one(search, &remedy)) return false;
  }
  return true;
}

static bool try_hours(Search *search, Remedy *out) {
  StaggerPlan *plan = ARENA_NEW(search->arena, StaggerPlan);
  if (!plan) return no_memory(search->error);
  if (!stagger_find(search->area, &search->rates->hours, plan, search->arena, search->work, search->error)) return false;
  *out = (Remedy){.kinds = 1u << REMEDY_HOURS, .hours = plan};
  if (!plan->pump_count) return out->kinds = 0, true;
  return try_one(search, out);
}

static bool better(const Remedy *a, const Remedy *b) {
  if (a->cures != b->cures) return a->cures;
  if (a->cures) return a->cost_yuan != b->cost_yuan ? a->cost_yuan < b->cost_yuan : a->days < b->days;
  return a->after.deficit != b->after.deficit ? a->after.deficit < b->after.deficit : a->cost_yuan < b->cost_yuan;
}

static void rank(RemedyList *list) {
  for (size_t i = 1; i < list->count; i++) {
    Remedy one = list->at[i];
    size_t at = i;
    for (; at > 0 && better(&one, &list->at[at - 1]); at--) list->at[at] = list->at[at - 1];
    list->at[at] = one;
  }
}

/* The cheap ones together: each greater tap with the moves, the hours and the best conductor found. */
static bool try_pairs(Search *search, const Remedy *balance, const Remedy *hours) {
  const Remedy *conductor = NULL;
  for (size_t i = 0; i < search->list->count; i++) {
    const Remedy *one = &search->list->at[i];
    if (one->kinds == 1u << REMEDY_CONDUCTOR && one->span_count <= LOSSY_SPANS &&
        (!conductor || one->after.deficit < conductor->after.deficit))
      conductor = one;
  }
  const Remedy *other[3] = {balance->kinds ? balance : NULL, hours->kinds ? hours : NULL, conductor};
  for (int k = 0; k < 3; k++) {
    for (uint32_t i = 0; other[k] && i < search->rates->tap_count; i++) {
      Remedy both = *other[k];
      both.kinds |= 1u << REMEDY_TAP, both.tap_percent = search->rates->taps[i];
      if (both.tap_percent > search->area->tap_percent && !try_one(search, &both)) return false;
    }
  }
  if (!other[0] || !other[1]) return true;
  Remedy both = *balance;
  both.kinds |= hours->kinds, both.hours = hours->hours;
  return try_one(search, &both);
}

bool remedy_search(const Area *area, const RemedyRates *rates, RemedyList *out, Arena *arena, Arena *work, Error *error) {
  Search search = {area, rates, out, arena, work, NULL, NULL, error};
  Remedy balance = {0}, hours = {0};
  *out = (RemedyList){0};
  if (!area_check(area, error)) return false;
  out->at = ARENA_ARRAY(arena, Remedy, REMEDY_LIST_MAX);
  search.low = ARENA_ARRAY(arena, uint8_t, area->customer_count + 1);
  if (!out->at || !search.low) return no_memory(error);
  if (!area_plan(&search.net, area, arena, error)) return false;
  bool ok = area_plan_solve(search.net, area, NULL, 0, true, &out->before, arena, work, error);
  for (uint32_t i = 0; ok && i < area->customer_count; i++) search.low[i] = out->before.quarters[i] >= AREA_LOW_QUARTERS;
  if (ok && out->before.low_customers > 0) {
    ok = try_taps(&search) && try_balance(&search, &out->before, &balance) && try_hours(&search, &hours) &&
         try_conductors(&search, &out->before) && try_ratings(&search) && try_seconds(&search, &out->before) &&
         try_pairs(&search, &balance, &hours);
    rank(out);
  }
  area_plan_end(search.net);
  return ok;
}
