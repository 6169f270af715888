/* Who and what: items, stores, vehicles, jobs. */
#include <stdio.h>
#include <string.h>

#include "crew/problem_reader.h"

static bool read_items(Reader *r, const json_t *root) {
  static const char *const known[] = {"id", "description", "tool", NULL};
  const json_t *list;
  size_t count;
  if (!read_array(r, path_of("$"), root, "items", LIMIT_DISPATCH_ITEMS, &list, &count)) return false;
  DispatchItem *items = ARENA_ARRAY(r->arena, DispatchItem, count + 1);
  if (!items) return read_out_of_memory(r);
  for (size_t i = 0; i < count; i++) {
    Path path = path_of("$.items[%zu]", i);
    const json_t *item = json_array_get(list, i), *tool = json_object_get(item, "tool");
    if (!read_known_keys(r, path, item, known) || !read_identity(r, path, item, "id", &items[i].id) ||
        !read_put_id(r, path, &r->items, items[i].id, (int)i))
      return false;
    if (tool && !json_is_boolean(tool)) return read_invalid(r, path, "tool", tool, "true or false");
    items[i].tool = json_is_true(tool);
  }
  r->out->problem.items = items, r->out->problem.item_count = (int)count;
  return true;
}

static bool read_stores(Reader *r, const json_t *root) {
  static const char *const known[] = {"id", "description", "location", "location_index", "service", "time_window", "stock", NULL};
  const json_t *list;
  size_t count, items = (size_t)r->out->problem.item_count;
  if (!read_array(r, path_of("$"), root, "stores", LIMIT_DISPATCH_STORES, &list, &count)) return false;
  DispatchStore *stores = ARENA_ARRAY(r->arena, DispatchStore, count + 1);
  double *stock = ARENA_ARRAY(r->arena, double, count *items + 1);
  if (!stores || !stock) return read_out_of_memory(r);
  for (size_t s = 0; s < count; s++) {
    Path path = path_of("$.stores[%zu]", s);
    const json_t *store = json_array_get(list, s), *open = json_object_get(store, "time_window");
    stores[s] = (DispatchStore){.open = {-INFINITY, INFINITY}, .stock = stock + s * items};
    if (!read_known_keys(r, path, store, known) || !read_identity(r, path, store, "id", &stores[s].id)) return false;
    if (!read_place_of(r, path, store, "location", "location_index", true, &stores[s].place)) return false;
    if (!read_number(r, path, store, "service", 0, 1e9, &stores[s].service)) return false;
    if (open && !read_window_of(r, path, "time_window", open, &stores[s].open)) return false;
    if (!read_quantities_of(r, path, store, "stock", stock + s * items)) return false;
  }
  r->out->problem.stores = stores, r->out->problem.store_count = (int)count;
  return true;
}

static bool read_breaks(Reader *r, Path path, const json_t *vehicle, DispatchCrew *crew) {
  static const char *const known[] = {"id", "description", "time_windows", "service", NULL};
  const json_t *list;
  size_t count;
  if (!read_array(r, path, vehicle, "breaks", DISPATCH_BREAKS, &list, &count)) return false;
  for (size_t b = 0; b < count; b++) {
    Path here = path_of("%s.breaks[%zu]", path.text, b);
    DispatchWindow *windows;
    int windows_count;
    if (!read_known_keys(r, here, json_array_get(list, b), known) ||
        !read_windows_of(r, here, json_array_get(list, b), &windows, &windows_count))
      return false;
    if (windows_count != 1) return read_invalid(r, here, "time_windows", NULL, "one window is needed");
    crew->breaks[b].window = windows[0];
    if (!read_number(r, here, json_array_get(list, b), "service", 0, 1e9, &crew->breaks[b].service)) return false;
    if (b && windows[0].from < crew->breaks[b - 1].window.from)
      return read_invalid(r, here, "time_windows", NULL, "breaks must be in order");
  }
  crew->break_count = (int)count;
  return true;
}

static bool read_vehicle(Reader *r, Path path, const json_t *vehicle, DispatchCrew *crew) {
  static const char *const known[] = {"id",        "description", "profile",  "start",       "start_index", "end",
                                      "end_index", "capacity",    "skills",   "time_window", "breaks",      "speed_factor",
                                      "max_tasks", "members",     "overtime", "reserve",     "on_board",    NULL};
  *crew = (DispatchCrew){.jobs_max = LIMIT_DISPATCH_JOBS, .members = 1 << 20};
  for (int k = 0; k < DISPATCH_AMOUNTS; k++) crew->amount[k] = INFINITY;
  double speed = 1;
  const json_t *shift = json_object_get(vehicle, "time_window"), *reserve = json_object_get(vehicle, "reserve"),
               *profile = json_object_get(vehicle, "profile");
  if (!read_known_keys(r, path, vehicle, known) || !read_identity(r, path, vehicle, "id", &crew->id)) return false;
  if (!shift) return read_missing(r, path, "time_window");
  if (!read_window_of(r, path, "time_window", shift, &crew->shift)) return false;
  if (profile && (!json_is_string(profile) || strcmp(json_string_value(profile), r->out->matrix) != 0))
    return read_invalid(r, path, "profile", profile, "not in $.matrices");
  if (!read_place_of(r, path, vehicle, "start", "start_index", false, &crew->start) ||
      !read_place_of(r, path, vehicle, "end", "end_index", false, &crew->end))
    return false;
  if (reserve && !json_is_boolean(reserve)) return read_invalid(r, path, "reserve", reserve, "true or false");
  crew->reserve = json_is_true(reserve);
  if (!read_number(r, path, vehicle, "speed_factor", 0.01, 100, &speed) ||
      !read_number(r, path, vehicle, "overtime", 0, 1e9, &crew->overtime))
    return false;
  crew->slowness = 1 / speed;
  if (!read_whole_int(r, path, vehicle, "max_tasks", 0, LIMIT_DISPATCH_JOBS, &crew->jobs_max) ||
      !read_whole_int(r, path, vehicle, "members", 0, 1 << 20, &crew->members))
    return false;
  double *board = ARENA_ARRAY(r->arena, double, (size_t)r->out->problem.item_count + 1);
  if (!board) return read_out_of_memory(r);
  crew->on_board = board;
  return read_amounts_of(r, path, vehicle, "capacity", crew->amount) &&
         read_skills_of(r, path, vehicle, !r->skills_declared, &crew->skills) && read_breaks(r, path, vehicle, crew) &&
         read_quantities_of(r, path, vehicle, "on_board", board);
}

static bool read_vehicles(Reader *r, const json_t *root) {
  const json_t *list;
  size_t count;
  uint64_t declared = 0;
  r->skills_declared = json_object_get(root, "skills") != NULL;
  if (r->skills_declared && !read_skills_of(r, path_of("$"), root, true, &declared)) return false;
  if (!read_array(r, path_of("$"), root, "vehicles", LIMIT_DISPATCH_CREWS, &list, &count)) return false;
  if (!count) return read_missing(r, path_of("$"), "vehicles");
  r->crew = ARENA_ARRAY(r->arena, DispatchCrew, count);
  Text *names = ARENA_ARRAY(r->arena, Text, count);
  if (!r->crew || !names) return read_out_of_memory(r);
  for (size_t k = 0; k < count; k++) {
    Path path = path_of("$.vehicles[%zu]", k);
    const json_t *vehicle = json_array_get(list, k);
    if (!read_vehicle(r, path, vehicle, &r->crew[k]) || !read_put_id(r, path, &r->vehicles, r->crew[k].id, (int)k)) return false;
    const char *name = json_string_value(json_object_get(vehicle, "description"));
    if (name && !(names[k] = text_copy(r->arena, text_of(name))).at) return read_out_of_memory(r);
  }
  r->out->problem.crews = r->crew, r->out->problem.crew_count = (int)count, r->out->vehicle_names = names;
  return true;
}

static bool read_needs(Reader *r, Path path, const json_t *object, DispatchJob *job) {
  size_t items = (size_t)r->out->problem.item_count;
  double *quantities = ARENA_ARRAY(r->arena, double, items + 1);
  DispatchNeed *needs = ARENA_ARRAY(r->arena, DispatchNeed, items + 1);
  if (!quantities || !needs) return read_out_of_memory(r);
  if (!read_quantities_of(r, path, object, "needs", quantities)) return false;
  for (size_t i = 0; i < items; i++)
    if (quantities[i] > 0 && job->need_count == 64)
      return read_invalid(r, path, "needs", NULL, "at most 64 different items");
    else if (quantities[i] > 0 && quantities[i] < INFINITY)
      needs[job->need_count++] = (DispatchNeed){(int)i, quantities[i]};
  job->needs = needs;
  return true;
}

static bool read_job(Reader *r, Path path, const json_t *object, DispatchJob *job, int *crews) {
  static const char *const known[] = {"id",       "description",  "location", "location_index", "service",  "delivery", "amount", "skills",
                                      "priority", "time_windows", "due",      "customers",      "critical", "members",  "needs",  "after",
                                      "crews",    "together",     "vehicle",  "vehicle_before", "started",  NULL};
  *job = (DispatchJob){.due = INFINITY, .together = -1, .crew = -1, .crew_before = -1, .started = NAN};
  DispatchWindow *windows;
  if (!read_known_keys(r, path, object, known) || !read_identity(r, path, object, "id", &job->id)) return false;
  if (!read_place_of(r, path, object, "location", "location_index", true, &job->place)) return false;
  if (!read_number(r, path, object, "service", 0, 1e9, &job->service) || !read_number(r, path, object, "due", -1e12, 1e12, &job->due))
    return false;
  if (!read_number(r, path, object, "customers", 0, 1e9, &job->customers) ||
      !read_number(r, path, object, "priority", 0, 100, &job->priority))
    return false;
  if (!read_number(r, path, object, "started", -1e12, 1e12, &job->started) ||
      !read_whole_int(r, path, object, "critical", 0, 3, &job->critical))
    return false;
  *crews = 1;
  if (!read_whole_int(r, path, object, "members", 0, 1 << 20, &job->members) || !read_whole_int(r, path, object, "crews", 1, 8, crews))
    return false;
  if (!read_amounts_of(r, path, object, json_object_get(object, "delivery") ? "delivery" : "amount", job->amount)) return false;
  if (!read_skills_of(r, path, object, false, &job->skills) || !read_windows_of(r, path, object, &windows, &job->window_count))
    return false;
  job->windows = windows;
  const json_t *vehicle = json_object_get(object, "vehicle"), *before = json_object_get(object, "vehicle_before");
  if (vehicle && !read_find_id(r, path, "vehicle", &r->vehicles, vehicle, "no such vehicle", &job->crew)) return false;
  if (before && !read_find_id(r, path, "vehicle_before", &r->vehicles, before, "no such vehicle", &job->crew_before)) return false;
  if (!isnan(job->started) && job->crew < 0) return read_missing(r, path, "vehicle");
  if (!isnan(job->started) && *crews > 1)
    return read_invalid(r, path, "crews", json_object_get(object, "crews"), "work under way has one crew a job");
  return read_needs(r, path, object, job);
}

/* The group numbers of the text become 0, 1, 2 … */
static bool read_together(Reader *r, Path path, const json_t *object, int crews, int index) {
  const json_t *value = json_object_get(object, "together");
  int64_t group;
  if (value && crews > 1) return read_invalid(r, path, "together", value, "not beside 'crews'");
  if (value && !json_is_integer(value)) return read_invalid(r, path, "together", value, "a whole number is needed");
  if (!value && crews == 1) return true;
  int64_t key = value ? json_integer_value(value) : -1 - (int64_t)index;
  if (value && (key < 0 || key > (int64_t)1 << 53)) return read_invalid(r, path, "together", value, "not below 0");
  if (!map_get(&r->groups, key, &group)) {
    group = (int64_t)r->groups.count;
    if (!map_put(&r->groups, key, group)) return read_out_of_memory(r);
  }
  for (int c = 0; c < crews; c++) r->job[index + c].together = (int)group;
  return true;
}

static bool read_after(Reader *r, Path path, const json_t *object, int index, int crews) {
  const json_t *list;
  size_t count;
  if (!read_array(r, path, object, "after", LIMIT_DISPATCH_JOBS, &list, &count)) return false;
  int *after = count ? ARENA_ARRAY(r->arena, int, count * 8) : NULL, total = 0;
  if (count && !after) return read_out_of_memory(r);
  for (size_t a = 0; a < count; a++) {
    char field[32];
    int first;
    snprintf(field, sizeof field, "after[%zu]", a);
    if (!read_find_id(r, path, field, &r->jobs, json_array_get(list, a), "no such job", &first)) return false;
    for (int j = first; j < r->out->problem.job_count && r->job[j].id == r->job[first].id && total < (int)count * 8; j++)
      after[total++] = j;
    if (r->job[first].id == r->job[index].id) return read_invalid(r, path, field, json_array_get(list, a), "it would wait for itself");
  }
  for (int c = 0; c < crews; c++) r->job[index + c].after = after, r->job[index + c].after_count = total;
  return true;
}

static bool read_jobs(Reader *r, const json_t *root) {
  const json_t *list;
  size_t count;
  if (!read_array(r, path_of("$"), root, "jobs", LIMIT_DISPATCH_JOBS, &list, &count)) return false;
  r->job = ARENA_ARRAY(r->arena, DispatchJob, LIMIT_DISPATCH_JOBS + 8);
  Text *names = ARENA_ARRAY(r->arena, Text, LIMIT_DISPATCH_JOBS + 8);
  int *crews = ARENA_ARRAY(r->arena, int, count + 1), *at = ARENA_ARRAY(r->arena, int, count + 1), total = 0;
  if (!r->job || !names || !crews || !at) return read_out_of_memory(r);
  for (size_t j = 0; j < count; j++) {
    Path path = path_of("$.jobs[%zu]", j);
    const json_t *object = json_array_get(list, j);
    at[j] = total;
    if (!read_job(r, path, object, &r->job[total], &crews[j]) || !read_put_id(r, path, &r->jobs, r->job[total].id, total)) return false;
    const char *name = json_string_value(json_object_get(object, "description"));
    if (name && !(names[total] = text_copy(r->arena, text_of(name))).at) return read_out_of_memory(r);
    if (total + crews[j] > LIMIT_DISPATCH_JOBS) return error_raise(r->error, ERROR_LIMIT, "jobs\t%d", LIMIT_DISPATCH_JOBS);
    for (int c = 1; c < crews[j]; c++) { /* material and customers count once */
      r->job[total + c] = r->job[total], names[total + c] = names[total];
      r->job[total + c].customers = 0, r->job[total + c].need_count = 0, r->job[total + c].due = INFINITY;
    }
    total += crews[j];
  }
  r->out->problem.jobs = r->job, r->out->problem.job_count = total, r->out->job_names = names;
  for (size_t j = 0; j < count; j++) {
    Path path = path_of("$.jobs[%zu]", j);
    const json_t *object = json_array_get(list, j);
    if (!read_together(r, path, object, crews[j], at[j]) || !read_after(r, path, object, at[j], crews[j])) return false;
  }
  return true;
}
bool read_people(Reader *r, const json_t *root) {
  return read_items(r, root) && read_stores(r, root) && read_vehicles(r, root) && read_jobs(r, root);
}
