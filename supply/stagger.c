#include "supply/stagger.h"

#include <math.h>
#include <string.h>

typedef struct Work {
  const Area *area;
  const StaggerWish *wish;
  StaggerPlan *plan;
  float *base;  /* [customer][quarter]: volts without pumps */
  double *drop; /* [pump][customer]: volts a pump takes from a household */
  float *left;  /* [customer][quarter]: as the timetable fills */
} Work;

static bool no_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "stagger"); }

static bool is_night(const StaggerWish *wish, int quarter) {
  return wish->night_from > wish->night_until ? quarter >= wish->night_from || quarter < wish->night_until
                                              : quarter >= wish->night_from && quarter < wish->night_until;
}

static bool find_pumps(Work *work, Arena *arena, Error *error) {
  const Area *area = work->area;
  StaggerPlan *plan = work->plan;
  plan->pumps = ARENA_ARRAY(arena, StaggerPump, STAGGER_PUMPS_MAX);
  if (!plan->pumps) return no_memory(error);
  for (uint32_t i = 0; i < area->customer_count; i++) {
    double sum = 0, most = 0;
    if (!area->customers[i].shiftable) continue;
    for (int t = 0; t < AREA_QUARTERS; t++) {
      double kw = (double)area->kw[(size_t)i * AREA_QUARTERS + (size_t)t];
      sum += kw, most = fmax(most, kw);
    }
    if (most <= 0) continue;
    if (plan->pump_count == STAGGER_PUMPS_MAX) return error_raise(error, ERROR_LIMIT, "pumps of an area\t%d", STAGGER_PUMPS_MAX);
    plan->pumps[plan->pump_count++] = (StaggerPump){.customer = i, .kw = most, .needed = (uint16_t)ceil(sum / most - 1e-6)};
  }
  return true;
}

static float *loads_without(const Area *area, Arena *arena) {
  float *kw = arena_copy(arena, area->kw, (size_t)area->customer_count * AREA_QUARTERS * sizeof *kw);
  for (uint32_t i = 0; kw && i < area->customer_count; i++)
    if (area->customers[i].shiftable) memset(kw + (size_t)i * AREA_QUARTERS, 0, AREA_QUARTERS * sizeof *kw);
  return kw;
}

float *stagger_loads(const Area *area, const StaggerPlan *plan, int day, Arena *arena) {
  float *kw = loads_without(area, arena);
  for (size_t i = 0; kw && i < plan->pump_count; i++)
    for (size_t t = 0; t < AREA_QUARTERS; t++)
      if (plan->pumps[i].runs[day][t]) kw[(size_t)plan->pumps[i].customer * AREA_QUARTERS + t] = (float)plan->pumps[i].kw;
  return kw;
}

/* How far each pump lowers each household, on the day's quarter-hour with least voltage without pumps: a pump each of the "quarter-hours"
 * of a day that never was. */
static bool measure_drops(Work *work, const AreaPlan *net, Arena *arena, Arena *scratch, Error *error) {
  const Area *area = work->area;
  size_t pumps = work->plan->pump_count, customers = area->customer_count, worst = work->plan->without.worst_quarter;
  work->drop = ARENA_ARRAY(arena, double, pumps *customers + 1);
  float *kw = ARENA_ARRAY(arena, float, customers *AREA_QUARTERS + 1), *pu = ARENA_ARRAY(arena, float, AREA_QUARTERS);
  if (!work->drop || !kw || !pu) return no_memory(error);
  for (size_t t = 0; t < AREA_QUARTERS; t++) pu[t] = area->source_pu ? area->source_pu[worst] : 1;
  for (size_t i = 0; i < customers; i++) {
    float load = area->customers[i].shiftable ? 0 : area->kw[i * AREA_QUARTERS + worst];
    for (size_t t = 0; t < AREA_QUARTERS; t++) kw[i * AREA_QUARTERS + t] = load;
  }
  for (size_t k = 0; k < pumps; k++) kw[work->plan->pumps[k].customer * AREA_QUARTERS + k] = (float)work->plan->pumps[k].kw;
  Area other = *area;
  AreaDay day;
  other.kw = kw, other.source_pu = pu;
  if (!area_plan_solve(net, &other, NULL, 0, true, &day, arena, scratch, error)) return false;
  for (size_t k = 0; k < pumps; k++) {
    for (size_t i = 0; i < customers; i++) {
      double bare = (double)day.volts[i * AREA_QUARTERS + AREA_QUARTERS - 1], with = (double)day.volts[i * AREA_QUARTERS + k];
      work->drop[k * customers + i] = fmax(bare - with, 0);
    }
  }
  return true;
}

/* The least reserve over households when pump k runs in quarter-hour t too; households that are low without pumps are nobody's fault. */
static double reserve(const Work *work, size_t k, size_t t, double limit) {
  size_t customers = work->area->customer_count;
  double least = INFINITY;
  for (size_t i = 0; i < customers; i++) {
    double drop = work->drop[k * customers + i], floor_ = fmin(limit, (double)work->base[i * AREA_QUARTERS + t] - 1e-3);
    if (drop > 0.01) least = fmin(least, (double)work->left[i * AREA_QUARTERS + t] - drop - floor_);
  }
  return least;
}

/* Gives pump k the best run of up to `most` quarter-hours in one go; 0: none is left. */
static uint16_t give_run(Work *work, size_t k, int day, uint16_t most, double limit) {
  const StaggerWish *wish = work->wish;
  StaggerPump *pump = &work->plan->pumps[k];
  double room[AREA_QUARTERS], best = -INFINITY;
  uint16_t best_from = 0, best_len = 0;
  for (uint16_t t = wish->from; t < wish->until; t++) room[t] = pump->runs[day][t] ? -1 : reserve(work, k, t, limit);
  for (uint16_t from = wish->from; from < wish->until; from++) {
    double least = INFINITY, nights = 0;
    for (uint16_t t = from; t < wish->until && t - from < most && room[t] >= 0; t++) {
      uint16_t len = (uint16_t)(t - from + 1);
      least = fmin(least, room[t]), nights += is_night(wish, t);
      if (len < wish->least_run && len < most) continue;
      /* long runs first, then few nights, then much reserve (which is at most some 20 V) */
      double value = 100.0 * len - 60.0 * nights + fmin(least, 20);
      if (value > best) best = value, best_from = from, best_len = len;
    }
  }
  for (uint16_t t = best_from; t < best_from + best_len; t++) {
    pump->runs[day][t] = 1, pump->night = (uint16_t)(pump->night + is_night(wish, t));
    for (size_t i = 0; i < work->area->customer_count; i++)
      work->left[i * AREA_QUARTERS + t] -= (float)work->drop[k * work->area->customer_count + i];
  }
  return best_len;
}

static double weight_of(const Work *work, size_t k) {
  double sum = 0;
  for (size_t i = 0; i < work->area->customer_count; i++) sum = fmax(sum, work->drop[k * work->area->customer_count + i]);
  return sum * work->plan->pumps[k].needed;
}

/* A day's timetable. Who had most night so far chooses first; else who weighs most. */
static void place_day(Work *work, int day, double limit) {
  size_t count = work->plan->pump_count, order[STAGGER_PUMPS_MAX];
  memcpy(work->left, work->base, (size_t)work->area->customer_count * AREA_QUARTERS * sizeof *work->left);
  for (size_t k = 0; k < count; k++) {
    size_t at = k;
    for (; at > 0; at--) {
      const StaggerPump *mine = &work->plan->pumps[k], *other = &work->plan->pumps[order[at - 1]];
      if (mine->night < other->night || (mine->night == other->night && weight_of(work, k) <= weight_of(work, order[at - 1]))) break;
      order[at] = order[at - 1];
    }
    order[at] = k;
  }
  for (size_t n = 0; n < count; n++) {
    StaggerPump *pump = &work->plan->pumps[order[n]];
    pump->given[day] = 0;
    while (pump->given[day] < pump->needed) {
      uint16_t got = give_run(work, order[n], day, (uint16_t)(pump->needed - pump->given[day]), limit);
      if (!got) break;
      pump->given[day] = (uint16_t)(pump->given[day] + got);
    }
  }
}

/* By how much the exact day falls short anywhere; 0: it keeps. */
static double shortfall(const Work *work, const AreaDay *day) {
  double most = 0;
  for (size_t i = 0; i < (size_t)work->area->customer_count * AREA_QUARTERS; i++) {
    double want = fmin(work->wish->limit_volts, (double)work->base[i] - 0.01); /* what is low without pumps may stay so, not sink */
    if (want < work->wish->limit_volts && (double)day->volts[i] < want) {
      if ((double)day->volts[i] < want - 0.5) most = fmax(most, want - (double)day->volts[i]);
    } else {
      most = fmax(most, want - (double)day->volts[i]);
    }
  }
  return most;
}

static bool find_day(Work *work, const AreaPlan *net, int d, Arena *arena, Arena *scratch, Error *error) {
  double limit = work->wish->limit_volts;
  uint16_t night[STAGGER_PUMPS_MAX];
  Area other = *work->area;
  for (size_t k = 0; k < work->plan->pump_count; k++) night[k] = work->plan->pumps[k].night;
  for (int attempt = 0; attempt < STAGGER_TRIES; attempt++) {
    for (size_t k = 0; k < work->plan->pump_count; k++) {
      work->plan->pumps[k].night = night[k];
      memset(work->plan->pumps[k].runs[d], 0, AREA_QUARTERS);
    }
    place_day(work, d, limit);
    if (!(other.kw = stagger_loads(work->area, work->plan, d, arena))) return no_memory(error);
    if (!area_plan_solve(net, &other, NULL, 0, true, &work->plan->day[d], arena, scratch, error)) return false;
    double missing = shortfall(work, &work->plan->day[d]);
    if (missing <= 0) return true;
    limit += missing + 0.05;
  }
  work->plan->keeps = false;
  return true;
}

bool stagger_find(const Area *area, const StaggerWish *wish, StaggerPlan *out, Arena *arena, Arena *scratch, Error *error) {
  Work work = {.area = area, .wish = wish, .plan = out};
  AreaPlan *net;
  Area bare = *area;
  *out = (StaggerPlan){.days = wish->days, .keeps = true};
  if (wish->from >= wish->until || wish->until > AREA_QUARTERS || wish->least_run < 1 || wish->days < 1 || wish->days > STAGGER_DAYS_MAX)
    return error_raise(error, ERROR_FIELD_INVALID, "hours\t%u-%u\tone after the other, on 1 to %d days", wish->from, wish->until,
                       STAGGER_DAYS_MAX);
  if (!area_check(area, error) || !find_pumps(&work, arena, error)) return false;
  if (!(bare.kw = loads_without(area, arena))) return no_memory(error);
  if (!area_plan(&net, area, arena, error)) return false;
  bool ok = area_plan_solve(net, &bare, NULL, 0, true, &out->without, arena, scratch, error);
  work.base = out->without.volts;
  work.left = ARENA_ARRAY(arena, float, (size_t)area->customer_count *AREA_QUARTERS + 1);
  ok = ok && (work.left || no_memory(error)) && measure_drops(&work, net, arena, scratch, error);
  for (int d = 0; ok && d < wish->days; d++) ok = find_day(&work, net, d, arena, scratch, error);
  area_plan_end(net);
  if (!ok) return false;
  double needed = 0, given = 0, most = 0, least = INFINITY;
  for (size_t k = 0; k < out->pump_count; k++) {
    const StaggerPump *pump = &out->pumps[k];
    for (int d = 0; d < wish->days; d++) needed += pump->needed, given += pump->given[d];
    most = fmax(most, (double)pump->night / wish->days), least = fmin(least, (double)pump->night / wish->days);
  }
  out->given_share = needed > 0 ? given / needed : 1;
  out->night_spread = out->pump_count ? most - least : 0;
  return true;
}
