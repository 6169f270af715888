/* A problem read from JSON, and a plan written: VROOM's forms, with what is ours added. */
#include "crew/problem.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "crew/problem_reader.h"

static bool read_step(Reader *r, Path path, const json_t *step, DispatchStop *stop, bool *keep) {
  const char *type = json_string_value(json_object_get(step, "type"));
  const json_t *id = json_object_get(step, json_object_get(step, "id") ? "id" : "job");
  int64_t number = json_integer_value(id), index;
  *keep = false;
  if (!type) return read_missing(r, path, "type");
  if (strcmp(type, "job") == 0) {
    if (!json_is_integer(id)) return read_missing(r, path, "id");
    int part = 0;
    if (!read_whole_int(r, path, step, "part", 0, 7, &part)) return false;
    *keep = map_get(&r->jobs, number, &index); /* what is done and gone is not an error */
    index += part;
    *keep = *keep && index < r->out->problem.job_count && r->job[index].id == number;
    if (*keep) *stop = (DispatchStop){.kind = DISPATCH_STOP_JOB, .index = (int)index};
  } else if (strcmp(type, "store") == 0) {
    for (int s = 0; s < r->out->problem.store_count && !*keep; s++)
      if (r->out->problem.stores[s].id == number) *keep = true, *stop = (DispatchStop){.kind = DISPATCH_STOP_STORE, .index = s};
  }
  return true;
}

/* "plan": a solution in force, of this problem or of the one before it. Jobs and vehicles it names that are no more are left out. */
static bool read_plan(Reader *r, const json_t *root) {
  const json_t *plan = json_object_get(root, "plan"), *routes;
  DispatchPlan *out = &r->out->before;
  size_t count;
  if (!plan) return true;
  if (!read_array(r, path_of("$.plan"), plan, "routes", LIMIT_DISPATCH_CREWS, &routes, &count)) return false;
  out->routes = ARENA_ARRAY(r->arena, DispatchRoute, (size_t)r->out->problem.crew_count);
  if (!out->routes) return read_out_of_memory(r);
  out->crew_count = r->out->problem.crew_count;
  for (size_t i = 0; i < count; i++) {
    Path path = path_of("$.plan.routes[%zu]", i);
    const json_t *route = json_array_get(routes, i), *steps;
    int64_t vehicle, crew;
    size_t step_count;
    if (!read_identity(r, path, route, "vehicle", &vehicle) ||
        !read_array(r, path, route, "steps", 4 * LIMIT_DISPATCH_JOBS, &steps, &step_count))
      return false;
    if (!map_get(&r->vehicles, vehicle, &crew) || out->routes[crew].count) continue;
    DispatchRoute *to = &out->routes[crew];
    to->stops = ARENA_ARRAY(r->arena, DispatchStop, step_count + 1);
    if (!to->stops) return read_out_of_memory(r);
    for (size_t s = 0; s < step_count; s++) {
      bool keep;
      if (!read_step(r, path_of("%s.steps[%zu]", path.text, s), json_array_get(steps, s), &to->stops[to->count], &keep)) return false;
      to->count += keep;
    }
    for (int s = 0; s < to->count; s++)
      if (to->stops[s].kind == DISPATCH_STOP_JOB && r->job[to->stops[s].index].crew_before < 0)
        r->job[to->stops[s].index].crew_before = (int)crew;
  }
  return true;
}

static bool read_root(Reader *r, const json_t *root) {
  static const char *const known[] = {"objective", "rules",  "vehicles", "jobs",   "matrices", "travel",
                                      "day",       "skills", "items",    "stores", "plan",     NULL};
  DispatchProblem *p = &r->out->problem;
  if (!read_known_keys(r, path_of("$"), root, known) || !read_grounds(r, root) || !read_people(r, root)) return false;
  if (!r->has_matrix) {
    p->travel = problem_geo_travel(&r->geo);
    p->place_count = r->geo.count, p->travel_stride = (size_t)r->geo.count;
    if (!p->travel || (!r->geo.euclidean && !problem_geo_points(&r->geo, &r->out->points, &r->out->speeds))) return read_out_of_memory(r);
  }
  return read_plan(r, root) && dispatch_check(p, r->error);
}

bool problem_read_json(Arena *arena, Text json, ProblemJson *out, Error *error) {
  memset(out, 0, sizeof *out);
  if (json.len > LIMIT_DISPATCH_BYTES) return error_raise(error, ERROR_LIMIT, "problem\t%u", LIMIT_DISPATCH_BYTES);
  json_error_t wrong;
  json_t *root = json_loadb(json.at ? json.at : "", json.len, JSON_REJECT_DUPLICATES, &wrong);
  if (!root) {
    error_raise(error, ERROR_HTTP_BODY, "%s", wrong.text);
    return error_at(error, "line %d, column %d", wrong.line, wrong.column);
  }
  Reader reader = {.arena = arena, .error = error, .out = out};
  bool read = read_root(&reader, root);
  map_free(&reader.jobs), map_free(&reader.vehicles), map_free(&reader.items), map_free(&reader.groups);
  json_decref(root);
  return read;
}

/* --- writing ------------------------------------------------------------------------------------------------------- */

static void put_time(Json *json, const char *key, double seconds) { json_put_f64(json, key, seconds, 3); }

static void put_takes(Json *json, const DispatchProblem *p, const DispatchStop *stop) {
  json_key(json, "takes");
  json_open_array(json);
  for (int t = 0; t < stop->take_count; t++) {
    json_open_object(json);
    json_put_i64(json, "item", p->items[stop->takes[t].item].id);
    put_time(json, "quantity", stop->takes[t].quantity);
    json_close(json);
  }
  json_close(json);
}

static void put_step(Json *json, const ProblemJson *problem, const DispatchStop *stop) {
  static const char *const types[] = {"job", "store", "break"};
  const DispatchProblem *p = &problem->problem;
  json_open_object(json);
  json_put_string(json, "type", types[stop->kind]);
  if (stop->kind == DISPATCH_STOP_JOB) {
    const DispatchJob *job = &p->jobs[stop->index];
    json_put_i64(json, "id", job->id);
    json_put_i64(json, "job", job->id);
    json_put_i64(json, "location_index", job->place);
    int part = 0;
    while (stop->index > part && p->jobs[stop->index - part - 1].id == job->id) part++;
    if (part) json_put_i64(json, "part", part); /* which of several crews at one job; the first has the material */
    if (job->due < INFINITY) json_put_bool(json, "due_kept", stop->start <= job->due + 1e-6);
  } else if (stop->kind == DISPATCH_STOP_STORE) {
    json_put_i64(json, "id", p->stores[stop->index].id);
    json_put_i64(json, "location_index", p->stores[stop->index].place);
    put_takes(json, p, stop);
  } else {
    json_put_i64(json, "id", stop->index);
  }
  put_time(json, "arrival", stop->arrival);
  put_time(json, "waiting_time", stop->start - stop->arrival > 0 ? stop->start - stop->arrival : 0);
  put_time(json, "service", stop->finish - stop->start);
  put_time(json, "travel", stop->travel);
  json_close(json);
}

static void put_edge(Json *json, const char *type, int place, double at) {
  json_open_object(json);
  json_put_string(json, "type", type);
  if (place >= 0) json_put_i64(json, "location_index", place);
  put_time(json, "arrival", at);
  json_close(json);
}

static void put_route(Json *json, const ProblemJson *problem, int crew, const DispatchRoute *route) {
  const DispatchCrew *facts = &problem->problem.crews[crew];
  json_open_object(json);
  json_put_i64(json, "vehicle", facts->id);
  if (problem->vehicle_names && problem->vehicle_names[crew].at) json_put_text(json, "description", problem->vehicle_names[crew]);
  put_time(json, "duration", route->travel);
  json_key(json, "steps");
  json_open_array(json);
  put_edge(json, "start", facts->start, route->leave);
  for (int s = 0; s < route->count; s++) put_step(json, problem, &route->stops[s]);
  put_edge(json, "end", facts->end, route->end);
  json_close(json);
  json_close(json);
}

static void put_answer(Json *json, const TravelAnswer *answer) {
  json_key(json, "travel");
  json_open_object(json);
  json_put_i64(json, "by_server", answer->asked + answer->kept);
  json_put_i64(json, "by_speed", answer->filled);
  json_put_i64(json, "requests", answer->requests);
  json_put_i64(json, "retries", answer->retries);
  json_put_bool(json, "degraded", answer->degraded);
  json_put_string(json, "why", answer->why[0] ? answer->why : NULL);
  json_close(json);
}

static void put_summary(Json *json, const DispatchScore *score) {
  json_key(json, "summary");
  json_open_object(json);
  json_put_f64(json, "cost", score->cost, 6);
  json_put_i64(json, "routes", score->routes);
  json_put_i64(json, "assigned", score->assigned);
  json_put_i64(json, "unassigned", score->unassigned);
  put_time(json, "duration", score->travel);
  put_time(json, "working_time", score->duration);
  put_time(json, "overtime", score->overtime);
  json_put_i64(json, "due", score->due);
  json_put_i64(json, "due_kept", score->due_kept);
  json_put_i64(json, "critical", score->critical);
  json_put_i64(json, "critical_kept", score->critical_kept);
  json_put_f64(json, "customer_hours", score->customer_hours, 3);
  json_put_f64(json, "late_hours", score->late_hours, 3);
  json_put_i64(json, "changed", score->changed);
  json_put_i64(json, "reserves", score->reserves);
  json_close(json);
}

void problem_write_json(const ProblemJson *problem, const DispatchPlan *plan, Buffer *out) {
  Json json;
  json_begin(&json, out);
  json_open_object(&json);
  json_put_i64(&json, "code", 0);
  put_summary(&json, &plan->score);
  if (problem->answer) put_answer(&json, problem->answer);
  json_key(&json, "unassigned");
  json_open_array(&json);
  for (int u = 0; u < plan->unassigned_count; u++) {
    const DispatchJob *job = &problem->problem.jobs[plan->unassigned[u].job];
    json_open_object(&json);
    json_put_i64(&json, "id", job->id);
    json_put_string(&json, "type", "job");
    json_put_string(&json, "reason", dispatch_reason_name(plan->unassigned[u].reason));
    json_close(&json);
  }
  json_close(&json);
  json_key(&json, "routes");
  json_open_array(&json);
  for (int k = 0; k < plan->crew_count; k++)
    if (plan->routes[k].count) put_route(&json, problem, k, &plan->routes[k]);
  json_close(&json);
  json_close(&json);
}
