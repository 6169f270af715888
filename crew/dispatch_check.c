/* What cannot be planned is refused here, with the path of the field. */
#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"
#include "crew/dispatch_internal.h"

static bool refuse(Error *error, const char *list, int at, const char *field, const char *value, const char *why) {
  error_raise(error, ERROR_FIELD_INVALID, "%s\t%s\t%s", field, value, why);
  return error_at(error, "$.%s[%d].%s", list, at, field);
}

static bool refuse_number(Error *error, const char *list, int at, const char *field, double value, const char *why) {
  char text[40];
  snprintf(text, sizeof text, "%.15g", value);
  return refuse(error, list, at, field, text, why);
}

static bool over(Error *error, const char *what, int count, int limit) {
  if (count >= 0 && count <= limit) return false;
  error_raise(error, ERROR_LIMIT, "%s\t%d", what, limit);
  error_at(error, "$.%s", what);
  return true;
}

static bool check_counts(const DispatchProblem *p, Error *error) {
  if (over(error, "jobs", p->job_count, LIMIT_DISPATCH_JOBS) || over(error, "vehicles", p->crew_count, LIMIT_DISPATCH_CREWS)) return false;
  if (over(error, "stores", p->store_count, LIMIT_DISPATCH_STORES) || over(error, "items", p->item_count, LIMIT_DISPATCH_ITEMS))
    return false;
  if (over(error, "matrices", p->place_count, LIMIT_DISPATCH_PLACES)) return false;
  if (p->crew_count) return true;
  error_raise(error, ERROR_FIELD_INVALID, "vehicles\t[]\tat least one is needed");
  return error_at(error, "$.vehicles");
}

static bool check_travel(const DispatchProblem *p, Error *error) {
  for (int i = 0; i < p->place_count; i++)
    for (int j = 0; j < p->place_count; j++) {
      double travel = p->travel[(size_t)i * p->travel_stride + (size_t)j];
      if (travel >= 0 && travel <= 1e9) continue;
      char text[40];
      snprintf(text, sizeof text, "%.15g", travel);
      error_raise(error, ERROR_FIELD_INVALID, "durations\t%s\tseconds from 0 to 1e9", text);
      return error_at(error, "$.matrices.car.durations[%d][%d]", i, j);
    }
  double last = -INFINITY;
  for (int i = 0; i < p->day_count; i++) {
    if (!(p->day[i].speed >= 0.01 && p->day[i].speed <= 100))
      return refuse_number(error, "day", i, "speed", p->day[i].speed, "from 0.01 to 100");
    if (!(p->day[i].from > last)) return refuse_number(error, "day", i, "from", p->day[i].from, "must rise");
    last = p->day[i].from;
  }
  return true;
}

static bool check_amounts(const double *amount, const char *list, int at, Error *error) {
  for (int k = 0; k < DISPATCH_AMOUNTS; k++)
    if (!(amount[k] >= 0)) return refuse_number(error, list, at, "amount", amount[k], "must not be negative");
  return true;
}

static bool check_job_links(const DispatchProblem *p, int j, Error *error) {
  const DispatchJob *job = &p->jobs[j];
  if (job->need_count < 0 || job->need_count > 64) return refuse_number(error, "jobs", j, "needs", job->need_count, "at most 64");
  for (int n = 0; n < job->need_count; n++) {
    if (job->needs[n].item < 0 || job->needs[n].item >= p->item_count)
      return refuse_number(error, "jobs", j, "needs", job->needs[n].item, "no such item");
    if (!(job->needs[n].quantity > 0 && job->needs[n].quantity < 1e9))
      return refuse_number(error, "jobs", j, "needs", job->needs[n].quantity, "must be above 0");
  }
  for (int a = 0; a < job->after_count; a++)
    if (job->after[a] < 0 || job->after[a] >= p->job_count || job->after[a] == j)
      return refuse_number(error, "jobs", j, "after", job->after[a], "no such other job");
  if (job->together < -1 || job->together >= p->job_count)
    return refuse_number(error, "jobs", j, "together", job->together, "out of range");
  if (job->crew < -1 || job->crew >= p->crew_count) return refuse_number(error, "jobs", j, "vehicle", job->crew, "no such vehicle");
  if (job->crew_before < -1 || job->crew_before >= p->crew_count)
    return refuse_number(error, "jobs", j, "vehicle_before", job->crew_before, "no such vehicle");
  if (isnan(job->started)) return true;
  if (job->crew < 0) return refuse_number(error, "jobs", j, "started", job->started, "needs a vehicle");
  if (!(fabs(job->started) < 1e12)) return refuse_number(error, "jobs", j, "started", job->started, "not a time");
  return true;
}

static bool check_job(const DispatchProblem *p, int j, Error *error) {
  const DispatchJob *job = &p->jobs[j];
  if (job->place < 0 || job->place >= p->place_count)
    return refuse_number(error, "jobs", j, "location_index", job->place, "outside the matrix");
  if (!(job->service >= 0 && job->service <= 1e9)) return refuse_number(error, "jobs", j, "service", job->service, "seconds from 0 to 1e9");
  if (!(job->customers >= 0 && job->customers <= 1e9))
    return refuse_number(error, "jobs", j, "customers", job->customers, "must not be negative");
  if (!(job->priority >= 0 && job->priority <= 100)) return refuse_number(error, "jobs", j, "priority", job->priority, "from 0 to 100");
  if (job->critical < 0 || job->critical >= DISPATCH_CLASSES)
    return refuse_number(error, "jobs", j, "critical", job->critical, "from 0 to 3");
  if (job->members < 0) return refuse_number(error, "jobs", j, "members", job->members, "must not be negative");
  if (!(job->due > -1e12)) return refuse_number(error, "jobs", j, "due", job->due, "not a time");
  if (!check_amounts(job->amount, "jobs", j, error)) return false;
  double last = -INFINITY;
  for (int w = 0; w < job->window_count; w++) {
    if (!(job->windows[w].from <= job->windows[w].to))
      return refuse_number(error, "jobs", j, "time_windows", job->windows[w].from, "begins after its end");
    if (!(job->windows[w].from > last))
      return refuse_number(error, "jobs", j, "time_windows", job->windows[w].from, "must rise and not overlap");
    last = job->windows[w].to;
  }
  return check_job_links(p, j, error);
}

static bool check_crew(const DispatchProblem *p, int k, Error *error) {
  const DispatchCrew *crew = &p->crews[k];
  if (crew->start < -1 || crew->start >= p->place_count)
    return refuse_number(error, "vehicles", k, "start_index", crew->start, "outside the matrix");
  if (crew->end < -1 || crew->end >= p->place_count)
    return refuse_number(error, "vehicles", k, "end_index", crew->end, "outside the matrix");
  if (!(crew->shift.from <= crew->shift.to) || !(fabs(crew->shift.from) < 1e12))
    return refuse_number(error, "vehicles", k, "time_window", crew->shift.from, "a shift needs a beginning before its end");
  if (!(crew->overtime >= 0)) return refuse_number(error, "vehicles", k, "overtime", crew->overtime, "must not be negative");
  if (!(crew->slowness >= 0.01 && crew->slowness <= 100))
    return refuse_number(error, "vehicles", k, "speed_factor", 1 / crew->slowness, "from 0.01 to 100");
  if (crew->jobs_max < 0) return refuse_number(error, "vehicles", k, "max_tasks", crew->jobs_max, "must not be negative");
  if (crew->members < 0) return refuse_number(error, "vehicles", k, "members", crew->members, "must not be negative");
  if (crew->break_count < 0 || crew->break_count > DISPATCH_BREAKS)
    return refuse_number(error, "vehicles", k, "breaks", crew->break_count, "at most 4");
  for (int b = 0; b < crew->break_count; b++) {
    const DispatchBreak *rest = &crew->breaks[b];
    if (!(rest->window.from <= rest->window.to))
      return refuse_number(error, "vehicles", k, "breaks", rest->window.from, "begins after its end");
    if (!(rest->service >= 0)) return refuse_number(error, "vehicles", k, "breaks", rest->service, "must not be negative");
    if (b && !(rest->window.from >= crew->breaks[b - 1].window.from))
      return refuse_number(error, "vehicles", k, "breaks", rest->window.from, "must rise");
  }
  for (int i = 0; i < p->item_count && crew->on_board; i++)
    if (!(crew->on_board[i] >= 0)) return refuse_number(error, "vehicles", k, "on_board", crew->on_board[i], "must not be negative");
  return check_amounts(crew->amount, "vehicles", k, error);
}

static bool check_store(const DispatchProblem *p, int s, Error *error) {
  const DispatchStore *store = &p->stores[s];
  if (store->place < 0 || store->place >= p->place_count)
    return refuse_number(error, "stores", s, "location_index", store->place, "outside the matrix");
  if (!(store->service >= 0 && store->service <= 1e9))
    return refuse_number(error, "stores", s, "service", store->service, "seconds from 0 to 1e9");
  if (!(store->open.from <= store->open.to))
    return refuse_number(error, "stores", s, "time_window", store->open.from, "begins after its end");
  for (int i = 0; i < p->item_count; i++)
    if (!(store->stock[i] >= 0)) return refuse_number(error, "stores", s, "stock", store->stock[i], "must not be negative");
  return true;
}

static bool check_loops(const DispatchProblem *p, Error *error) {
  bool linked = false;
  for (int j = 0; j < p->job_count; j++) linked = linked || p->jobs[j].after_count;
  if (!linked) return true;
  int *order = memory_new((size_t)p->job_count * sizeof *order + 1), loop = -1;
  bool sound = order && link_order(p, order, &loop);
  memory_free(order);
  if (sound) return true;
  if (loop < 0) return error_raise(error, ERROR_OUT_OF_MEMORY, "dispatch");
  char id[24];
  snprintf(id, sizeof id, "%" PRId64, p->jobs[loop].id);
  return refuse(error, "jobs", loop, "after", id, "it would wait for itself");
}

bool dispatch_check(const DispatchProblem *p, Error *error) {
  const double *rule = &p->rules.travel;
  if (!check_counts(p, error) || !check_travel(p, error)) return false;
  for (size_t r = 0; r < sizeof p->rules / sizeof *rule; r++)
    if (!(rule[r] >= 0 && rule[r] <= 1e12)) {
      error_raise(error, ERROR_FIELD_INVALID, "rules\t%g\tfrom 0 to 1e12", rule[r]);
      return error_at(error, "$.rules");
    }
  for (int j = 0; j < p->job_count; j++)
    if (!check_job(p, j, error)) return false;
  for (int k = 0; k < p->crew_count; k++)
    if (!check_crew(p, k, error)) return false;
  for (int s = 0; s < p->store_count; s++)
    if (!check_store(p, s, error)) return false;
  return check_loops(p, error);
}
