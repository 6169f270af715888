#include "supply/cause.h"

#include <math.h>
#include <string.h>

const char *const CAUSE_NAME[CAUSE_COUNT] = {"source", "transformer", "line", "balance", "hours"};

static bool no_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "cause"); }

static bool source_right(Area *area, const CauseStandard *standard, Arena *arena, Error *error) {
  float *pu = ARENA_ARRAY(arena, float, AREA_QUARTERS);
  if (!pu) return no_memory(error);
  for (int t = 0; t < AREA_QUARTERS; t++) pu[t] = fmaxf(area->source_pu ? area->source_pu[t] : 1, (float)standard->source_pu);
  area->source_pu = pu;
  area->tap_percent = fmax(area->tap_percent, 0);
  return true;
}

static bool line_right(Area *area, const CauseStandard *standard, Arena *arena, Error *error) {
  AreaNode *nodes = arena_copy(arena, area->nodes, area->node_count * sizeof *nodes);
  double *way = ARENA_ARRAY(arena, double, area->node_count), *far = ARENA_ARRAY(arena, double, area->node_count);
  if (!nodes || !way || !far) return no_memory(error);
  for (uint32_t i = 1; i < area->node_count; i++) {
    way[i] = far[i] = way[nodes[i].parent] + nodes[i].length_m;
    if (area->conductors[nodes[i].conductor].r > area->conductors[standard->conductor].r) nodes[i].conductor = standard->conductor;
  }
  /* The farthest end below a span tells how much of it is too long. */
  for (uint32_t i = area->node_count - 1; i > 0; i--) far[nodes[i].parent] = fmax(far[nodes[i].parent], far[i]);
  for (uint32_t i = 1; i < area->node_count; i++) nodes[i].length_m *= fmin(1, standard->radius_m / fmax(far[i], 1));
  area->nodes = nodes;
  return true;
}

/* Loads of households while the area draws much: what imbalance is judged by. */
static double *busy_loads(const Area *area, Arena *arena) {
  double total[AREA_QUARTERS] = {0}, peak = 0, *load = ARENA_ARRAY(arena, double, area->customer_count + 1);
  for (size_t i = 0; i < (size_t)area->customer_count * AREA_QUARTERS; i++) total[i % AREA_QUARTERS] += (double)area->kw[i];
  for (int t = 0; t < AREA_QUARTERS; t++) peak = fmax(peak, total[t]);
  for (size_t i = 0; load && i < (size_t)area->customer_count * AREA_QUARTERS; i++)
    if (total[i % AREA_QUARTERS] >= 0.6 * peak) load[i / AREA_QUARTERS] += (double)area->kw[i];
  return load;
}

static int least_of(const double phase[3]) {
  return phase[0] <= phase[1] ? (phase[0] <= phase[2] ? 0 : 2) : (phase[1] <= phase[2] ? 1 : 2);
}

/* The households of one outgoing line, if it is uneven enough. */
static void deal_out(const Area *area, AreaCustomer *customers, const uint32_t *line, uint32_t which, double *load, double permitted) {
  double phase[3] = {0}, three = 0;
  for (uint32_t i = 0; i < area->customer_count; i++) {
    if (line[customers[i].node] != which) continue;
    for (int k = 0; k < 3; k++)
      if (customers[i].phases == 1 << k) phase[k] += load[i];
    three += customers[i].phases == 7 ? load[i] / 3 : 0;
  }
  double most = fmax(phase[0], fmax(phase[1], phase[2])) + three, least = fmin(phase[0], fmin(phase[1], phase[2])) + three;
  if (most <= 0 || (most - least) / most <= permitted) return;
  memset(phase, 0, sizeof phase);
  for (;;) { /* the greatest that is not dealt yet; a dealt one's load is taken away */
    uint32_t next = UINT32_MAX;
    for (uint32_t i = 0; i < area->customer_count; i++)
      if (line[customers[i].node] == which && customers[i].phases != 7 && load[i] >= 0 && (next == UINT32_MAX || load[i] > load[next]))
        next = i;
    if (next == UINT32_MAX) return;
    int to = least_of(phase);
    customers[next].phases = (uint8_t)(1 << to), phase[to] += load[next], load[next] = -1;
  }
}

static bool balance_right(Area *area, const CauseStandard *standard, Arena *arena, Error *error) {
  AreaCustomer *customers = arena_copy(arena, area->customers, area->customer_count * sizeof *customers);
  uint32_t *line = ARENA_ARRAY(arena, uint32_t, area->node_count); /* the first node out from the transformer */
  double *load = busy_loads(area, arena);
  if ((!customers && area->customer_count) || !line || !load) return no_memory(error);
  for (uint32_t i = 1; i < area->node_count; i++) line[i] = line[area->nodes[i].parent] ? line[area->nodes[i].parent] : i;
  for (uint32_t i = 1; i < area->node_count; i++)
    if (line[i] == i) deal_out(area, customers, line, i, load, standard->imbalance);
  area->customers = customers;
  return true;
}

static bool hours_right(Area *area, const CauseStandard *standard, Arena *arena, Error *error) {
  float *kw = arena_copy(arena, area->kw, (size_t)area->customer_count * AREA_QUARTERS * sizeof *kw);
  if (!kw && area->customer_count) return no_memory(error);
  for (uint32_t i = 0; i < area->customer_count; i++) {
    double sum = 0;
    if (!area->customers[i].shiftable) continue;
    float *day = kw + (size_t)i * AREA_QUARTERS;
    for (int t = 0; t < AREA_QUARTERS; t++) sum += (double)day[t];
    for (int t = 0; t < AREA_QUARTERS; t++)
      day[t] = t >= standard->from && t < standard->until ? (float)(sum / (standard->until - standard->from)) : 0;
  }
  area->kw = kw;
  return true;
}

static bool put_right(Area *area, CauseKind kind, const CauseStandard *standard, const AreaDay *before, Arena *arena, Error *error) {
  switch (kind) {
    case CAUSE_SOURCE:
      return source_right(area, standard, arena, error);
    case CAUSE_TRANSFORMER: /* a day without a solution has no peak to go by: as large as helps */
      area->rated_kva *= before->unsolved ? 4 : fmax(1, before->peak_load / standard->load_share);
      return true;
    case CAUSE_LINE:
      return line_right(area, standard, arena, error);
    case CAUSE_BALANCE:
      return balance_right(area, standard, arena, error);
    default:
      return hours_right(area, standard, arena, error);
  }
}

static bool more(const CauseView *a, const CauseView *b, bool first) {
  if (fabs(a->recovered - b->recovered) > CAUSE_TIE) return a->recovered > b->recovered;
  return (first && a->recovered > 0) || a->worst_volts > b->worst_volts;
}

bool cause_find(const Area *area, const CauseStandard *standard, CauseReport *out, Arena *arena, Arena *work, Error *error) {
  *out = (CauseReport){0};
  if (standard->conductor >= area->conductor_count || standard->from >= standard->until || standard->until > AREA_QUARTERS)
    return error_raise(error, ERROR_FIELD_INVALID, "standard\t%u\ta conductor of the table, hours that come one after the other",
                       standard->conductor);
  if (!area_solve(area, false, &out->before, arena, work, error)) return false;
  out->low = out->before.low_customers > 0;
  for (int k = 0; k < CAUSE_COUNT; k++) {
    Arena changed;
    Area other = *area;
    AreaDay after;
    arena_begin(&changed, 0);
    bool ok = put_right(&other, (CauseKind)k, standard, &out->before, &changed, error) &&
              area_solve(&other, false, &after, &changed, work, error);
    if (ok) {
      double low = out->before.low_customers, deficit = out->before.deficit;
      CauseView *view = &out->view[k];
      *view = (CauseView){.worst_volts = after.worst_volts, .low_customers = after.low_customers};
      view->cured = low > 0 ? (low - after.low_customers) / low : 0;
      view->recovered = deficit > 0 ? (fmax(view->cured, 0) + fmax(1 - after.deficit / deficit, 0)) / 2 : 0;
      if (k == 0 || more(view, &out->view[out->cause], k == CAUSE_HOURS)) out->cause = (CauseKind)k;
    }
    arena_end(&changed);
    if (!ok) return false;
  }
  return true;
}
