#include <math.h>

#include "visit/tour.h"

TourRules tour_rules(void) {
  return (TourRules){.detour = 1.3, .walk = 67, .ride = 333, .mount = 3, .evenness = 1, .over = 5, .change = 3, .early = 30, .urgent = {0, 1, 3, 8}};
}

double tour_leg_minutes(const TourRules *rules, double metres) {
  double way = metres * rules->detour;
  return fmin(way / rules->walk, rules->mount + way / rules->ride);
}

static bool check_rules(const TourRules *r, Error *error) {
  const double ALL[] = {r->evenness, r->over, r->change, r->early, r->urgent[0], r->urgent[1], r->urgent[2], r->urgent[3], r->mount};
  for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++)
    if (!(ALL[i] >= 0 && ALL[i] <= 1e6)) return error_raise(error, ERROR_FIELD_INVALID, "rules\t%g\t0 to 1e6", ALL[i]);
  if (r->detour >= 1 && r->detour <= 10 && r->walk > 0 && r->ride > 0) return true;
  return error_raise(error, ERROR_FIELD_INVALID, "rules\t%g, %g, %g\ta detour of 1 to 10, speeds above 0", r->detour, r->walk, r->ride);
}

bool tour_problem_check(const TourProblem *p, Error *error) {
  bool goes = false;
  if (p->day_count < 1 || p->day_count > TOUR_DAYS) return error_raise(error, ERROR_FIELD_INVALID, "days\t%d\t1 to %d", p->day_count, TOUR_DAYS);
  if (p->visit_count > TOUR_VISITS) return error_raise(error, ERROR_LIMIT, "visits\t%d", TOUR_VISITS);
  if (!isfinite(p->base_x) || !isfinite(p->base_y)) return error_raise(error, ERROR_FIELD_INVALID, "base\t%g, %g\tno place", p->base_x, p->base_y);
  for (int d = 0; d < p->day_count; d++) {
    if (!(p->capacity[d] >= 0 && p->capacity[d] <= 1440)) return error_raise(error, ERROR_FIELD_INVALID, "capacity[%d]\t%g\tminutes of a day", d, p->capacity[d]);
    goes = goes || p->capacity[d] > 0;
  }
  if (!goes) return error_raise(error, ERROR_FIELD_INVALID, "capacity\t0\tsome day must have some");
  for (int v = 0; v < p->visit_count; v++) {
    const TourVisit *visit = &p->visits[v];
    if (!isfinite(visit->x) || !isfinite(visit->y)) return error_raise(error, ERROR_FIELD_INVALID, "visits[%d]\t%g, %g\tno place", v, visit->x, visit->y);
    if (!(visit->minutes > 0 && visit->minutes <= 1440)) return error_raise(error, ERROR_FIELD_INVALID, "visits[%d].minutes\t%g\tabove 0, within a day", v, visit->minutes);
    if (visit->before < -1 || visit->before >= p->day_count) return error_raise(error, ERROR_FIELD_INVALID, "visits[%d].before\t%d\tno such day", v, visit->before);
    if (visit->urgency < 0 || visit->urgency >= TOUR_URGENCIES) return error_raise(error, ERROR_FIELD_INVALID, "visits[%d].urgency\t%d\t0 to 3", v, visit->urgency);
    if (visit->earliest < 0 || visit->earliest >= p->day_count) return error_raise(error, ERROR_FIELD_INVALID, "visits[%d].earliest\t%d\tno such day", v, visit->earliest);
  }
  return check_rules(&p->rules, error);
}

/* One day walked: its figures into `day`, what it adds to the cost but for evenness. */
static double walk_day(const TourProblem *p, TourPlan *plan, int d) {
  TourDay *day = &plan->days[d];
  double x = p->base_x, y = p->base_y, cost = 0;
  day->minutes = day->legs_m = day->base_m = 0;
  for (int i = day->from; i <= day->to && day->to > day->from; i++) {
    const TourVisit *visit = i < day->to ? &p->visits[plan->order[i]] : NULL;
    double to_x = visit ? visit->x : p->base_x, to_y = visit ? visit->y : p->base_y, metres = hypot(to_x - x, to_y - y);
    if (i == day->from || !visit) day->base_m += metres * p->rules.detour;
    else day->legs_m += metres * p->rules.detour;
    cost += tour_leg_minutes(&p->rules, metres);
    day->minutes += tour_leg_minutes(&p->rules, metres);
    x = to_x, y = to_y;
    if (!visit) break;
    day->minutes += visit->minutes;
    if (visit->before >= 0 && visit->before != d) cost += p->rules.change, plan->moved++;
    if (d < visit->earliest) cost += p->rules.early * (visit->earliest - d);
    cost += p->rules.urgent[visit->urgency] * d;
  }
  return cost + p->rules.over * fmax(0, day->minutes - p->capacity[d]);
}

/* The mean that evenness is measured by: the work at the doors over the days, so that a plan cannot move it. */
static double mean_minutes(const TourProblem *p, double *mean_capacity) {
  double work = 0, capacity = 0;
  int days = 0;
  for (int v = 0; v < p->visit_count; v++) work += p->visits[v].minutes;
  for (int d = 0; d < p->day_count; d++) capacity += p->capacity[d], days += p->capacity[d] > 0;
  *mean_capacity = capacity / days;
  return fmax(1, work / days);
}

bool tour_check(const TourProblem *p, TourPlan *plan, Error *error) {
  double mean_capacity, mean = mean_minutes(p, &mean_capacity);
  bool *seen = memory_new((size_t)p->visit_count + 1);
  int at = 0;
  if (!seen) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "tour");
  bool ok = plan->day_count == p->day_count;
  for (int d = 0; ok && d < p->day_count; d++) {
    ok = plan->days[d].from == at && plan->days[d].to >= at && plan->days[d].to <= p->visit_count && (p->capacity[d] > 0 || plan->days[d].to == at);
    for (; ok && at < plan->days[d].to; at++) {
      int v = plan->order[at];
      ok = v >= 0 && v < p->visit_count && !seen[v];
      if (ok) seen[v] = true;
    }
  }
  memory_free(seen);
  if (!ok || at != p->visit_count) return error_raise(error, ERROR_INTERNAL, "a tour of %d visits holds at place %d", p->visit_count, at);
  plan->cost = plan->legs_m = plan->base_m = plan->minutes = 0, plan->moved = 0;
  for (int d = 0; d < p->day_count; d++) {
    TourDay *day = &plan->days[d];
    plan->cost += walk_day(p, plan, d);
    if (p->capacity[d] > 0) plan->cost += p->rules.evenness * day->minutes * day->minutes / (p->capacity[d] / mean_capacity * mean);
    plan->legs_m += day->legs_m, plan->base_m += day->base_m, plan->minutes += day->minutes;
  }
  return true;
}
