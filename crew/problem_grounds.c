/* What a problem stands on: travel times, what counts, the speed of day. */
#include <stdio.h>
#include <string.h>

#include "crew/problem_reader.h"

static bool read_matrix(Reader *r, const json_t *root) {
  const json_t *matrices = json_object_get(root, "matrices"), *profile = NULL;
  const char *name;
  DispatchProblem *p = &r->out->problem;
  r->out->matrix = "car";
  if (!matrices) return true;
  if (!json_is_object(matrices) || json_object_size(matrices) != 1)
    return read_invalid(r, path_of("$"), "matrices", NULL, "one profile is needed");
  json_object_foreach((json_t *)matrices, name, profile) break;
  Path path = path_of("$.matrices.%.40s", name);
  static const char *const known[] = {"durations", NULL};
  const json_t *rows;
  size_t count, cells;
  if (!read_known_keys(r, path, profile, known) || !read_array(r, path, profile, "durations", LIMIT_DISPATCH_PLACES, &rows, &count))
    return false;
  if (!count) return read_missing(r, path, "durations");
  Text copy = text_copy(r->arena, text_of(name));
  double *travel = ARENA_ARRAY(r->arena, double, count *count);
  if (!travel || !copy.at) return read_out_of_memory(r);
  r->out->matrix = copy.at;
  for (size_t i = 0; i < count; i++) {
    const json_t *row = json_array_get(rows, i);
    cells = json_array_size(row);
    char field[64];
    snprintf(field, sizeof field, "durations[%zu]", i);
    if (!json_is_array(row) || cells != count) return read_invalid(r, path, field, NULL, "the matrix is not square");
    for (size_t j = 0; j < count; j++) {
      const json_t *cell = json_array_get(row, j);
      travel[i * count + j] = json_number_value(cell);
      snprintf(field, sizeof field, "durations[%zu][%zu]", i, j);
      if (!json_is_number(cell) || !(travel[i * count + j] >= 0 && travel[i * count + j] <= 1e9))
        return read_invalid(r, path, field, cell, "seconds from 0 to 1e9");
    }
  }
  p->travel = travel, p->place_count = (int)count, p->travel_stride = count, r->has_matrix = true;
  return true;
}

static bool read_objective(Reader *r, const json_t *root) {
  static const char *const names[] = {"travel", "duration", "restoration"};
  static const char *const keys[] = {"travel", "duration", "late",    "customer_hour", "unassigned",
                                     "change", "overtime", "reserve", "due",           NULL};
  const json_t *objective = json_object_get(root, "objective"), *rules = json_object_get(root, "rules");
  r->out->objective = DISPATCH_TRAVEL;
  for (int o = 0; objective; o++) {
    if (o == 3) return read_invalid(r, path_of("$"), "objective", objective, "travel, duration or restoration");
    if (!json_is_string(objective) || strcmp(names[o], json_string_value(objective)) != 0) continue;
    r->out->objective = (DispatchObjective)o;
    break;
  }
  DispatchRules *out = &r->out->problem.rules;
  *out = dispatch_rules(r->out->objective);
  if (!rules) return true;
  Path path = path_of("$.rules");
  double *values[] = {&out->travel,     &out->duration, &out->late,     &out->customer_hour,
                      &out->unassigned, &out->change,   &out->overtime, &out->reserve};
  if (!read_known_keys(r, path, rules, keys)) return false;
  for (int k = 0; k < 8; k++)
    if (!read_number(r, path, rules, keys[k], 0, 1e9, values[k])) return false;
  return read_amounts_of(r, path, rules, "due", out->due);
}

static bool read_day(Reader *r, const json_t *root) {
  static const char *const known[] = {"from", "speed", NULL};
  const json_t *list;
  size_t count;
  if (!read_array(r, path_of("$"), root, "day", 200, &list, &count)) return false;
  DispatchSpeed *day = ARENA_ARRAY(r->arena, DispatchSpeed, count + 1);
  if (!day) return read_out_of_memory(r);
  for (size_t i = 0; i < count; i++) {
    Path path = path_of("$.day[%zu]", i);
    const json_t *one = json_array_get(list, i);
    if (!read_known_keys(r, path, one, known)) return false;
    if (!json_object_get(one, "from") || !json_object_get(one, "speed"))
      return read_missing(r, path, json_object_get(one, "from") ? "speed" : "from");
    if (!read_number(r, path, one, "from", -1e12, 1e12, &day[i].from) || !read_number(r, path, one, "speed", 0.01, 100, &day[i].speed))
      return false;
  }
  r->out->problem.day = day, r->out->problem.day_count = (int)count;
  return true;
}

static bool read_zone(Reader *r, Path path, const json_t *zone, double unit) {
  static const char *const known[] = {"centre", "radius", "speed", NULL};
  const json_t *centre = json_object_get(zone, "centre");
  ProblemZone *out = &r->geo.zones[r->geo.zone_count];
  if (!read_known_keys(r, path, zone, known)) return false;
  for (int k = 0; known[k]; k++)
    if (!json_object_get(zone, known[k])) return read_missing(r, path, known[k]);
  if (json_array_size(centre) != 2) return read_invalid(r, path, "centre", centre, "two numbers are needed");
  out->x = json_number_value(json_array_get(centre, 0)), out->y = json_number_value(json_array_get(centre, 1));
  if (!read_number(r, path, zone, "radius", 0, 1e9, &out->radius) || !read_number(r, path, zone, "speed", 0.1, 1000, &out->speed))
    return false;
  out->speed /= unit;
  r->geo.zone_count++;
  return true;
}

/* "travel": how coordinates become times. Speeds in km/h and radii in m, or plain units and units a second. */
static bool read_travel(Reader *r, const json_t *root) {
  static const char *const known[] = {"metric", "detour", "speed", "bounds", "zones", NULL};
  const json_t *travel = json_object_get(root, "travel"), *metric = json_object_get(travel, "metric"),
               *bounds = json_object_get(travel, "bounds"), *zones;
  Path path = path_of("$.travel");
  size_t count;
  if (!travel) return true;
  if (!read_known_keys(r, path, travel, known)) return false;
  if (r->has_matrix) return read_invalid(r, path_of("$"), "travel", NULL, "not beside 'matrices'");
  const char *name = metric ? json_string_value(metric) : "geographic";
  if (!name || (strcmp(name, "geographic") != 0 && strcmp(name, "euclidean") != 0))
    return read_invalid(r, path, "metric", metric, "geographic or euclidean");
  r->geo.euclidean = strcmp(name, "euclidean") == 0;
  double unit = r->geo.euclidean ? 1 : 3.6, speed = r->geo.euclidean ? 1 : 40;
  if (r->geo.euclidean) r->geo.detour = 1;
  if (!read_number(r, path, travel, "detour", 1, 10, &r->geo.detour) || !read_number(r, path, travel, "speed", 0.1, 1000, &speed))
    return false;
  r->geo.speed = speed / unit;
  if (bounds) {
    double *edge[] = {&r->geo.west, &r->geo.south, &r->geo.east, &r->geo.north};
    if (json_array_size(bounds) != 4) return read_invalid(r, path, "bounds", bounds, "west, south, east, north");
    for (size_t e = 0; e < 4; e++) {
      *edge[e] = json_number_value(json_array_get(bounds, e));
      if (!json_is_number(json_array_get(bounds, e)) || !(fabs(*edge[e]) <= 180))
        return read_invalid(r, path, "bounds", bounds, "degrees are needed");
    }
  }
  if (!read_array(r, path, travel, "zones", PROBLEM_ZONES, &zones, &count)) return false;
  for (size_t z = 0; z < count; z++)
    if (!read_zone(r, path_of("$.travel.zones[%zu]", z), json_array_get(zones, z), unit)) return false;
  return true;
}

bool read_grounds(Reader *r, const json_t *root) {
  return problem_geo_begin(&r->geo, r->arena) ? read_matrix(r, root) && read_objective(r, root) && read_day(r, root) && read_travel(r, root)
                                              : read_out_of_memory(r);
}
