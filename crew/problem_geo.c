#include "crew/problem_geo.h"

#include <math.h>

#include "base/limits.h"

bool problem_geo_begin(ProblemGeo *geo, Arena *arena) {
  *geo = (ProblemGeo){.arena = arena, .detour = 1.3, .speed = 40 / 3.6, .west = 73, .south = 3, .east = 136, .north = 54};
  geo->x = ARENA_ARRAY(arena, double, LIMIT_DISPATCH_PLACES);
  geo->y = ARENA_ARRAY(arena, double, LIMIT_DISPATCH_PLACES);
  return geo->x && geo->y;
}

bool problem_geo_add(ProblemGeo *geo, double x, double y, int *place, const char **why) {
  if (!(fabs(x) <= 1e9 && fabs(y) <= 1e9)) return *why = "not a place", false;
  if (!geo->euclidean && !(x >= geo->west && x <= geo->east && y >= geo->south && y <= geo->north))
    return *why = "outside $.travel.bounds (degrees, longitude first)", false;
  if (geo->count == LIMIT_DISPATCH_PLACES) return *why = "too many places", false;
  geo->x[geo->count] = x, geo->y[geo->count] = y;
  *place = geo->count++;
  return true;
}

/* Haversine on a sphere of 6,371,008.8 m (IUGG mean radius). */
static double distance_of(const ProblemGeo *geo, double x1, double y1, double x2, double y2) {
  if (geo->euclidean) return hypot(x1 - x2, y1 - y2);
  const double radian = 3.14159265358979323846 / 180;
  double a = sin((y2 - y1) * radian / 2), b = sin((x2 - x1) * radian / 2);
  double h = a * a + cos(y1 * radian) * cos(y2 * radian) * b * b;
  return 2 * 6371008.8 * asin(sqrt(h < 1 ? h : 1));
}

static int zone_at(const ProblemGeo *geo, double x, double y) { /* -1: in none */
  for (int z = 0; z < geo->zone_count; z++)
    if (distance_of(geo, x, y, geo->zones[z].x, geo->zones[z].y) <= geo->zones[z].radius) return z;
  return -1;
}

static double speed_at(const ProblemGeo *geo, double x, double y) {
  int zone = zone_at(geo, x, y);
  return zone < 0 ? geo->speed : geo->zones[zone].speed;
}

const double *problem_geo_travel(const ProblemGeo *geo) {
  size_t n = (size_t)geo->count;
  double *travel = ARENA_ARRAY(geo->arena, double, n *n + 1), *slow = ARENA_ARRAY(geo->arena, double, n + 1);
  if (!travel || !slow) return NULL;
  for (size_t i = 0; i < n; i++) slow[i] = geo->detour / (2 * speed_at(geo, geo->x[i], geo->y[i]));
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      travel[i * n + j] = travel[j * n + i] = distance_of(geo, geo->x[i], geo->y[i], geo->x[j], geo->y[j]) * (slow[i] + slow[j]);
  return travel;
}

bool problem_geo_points(const ProblemGeo *geo, const TravelPoint **points, const TravelSpeeds **speeds) {
  double kmh[TRAVEL_ZONES] = {geo->speed * 3.6};
  TravelPoint *at = ARENA_ARRAY(geo->arena, TravelPoint, (size_t)geo->count + 1);
  TravelSpeeds *out = ARENA_NEW(geo->arena, TravelSpeeds);
  if (!at || !out) return false;
  for (int z = 0; z < geo->zone_count; z++) kmh[z + 1] = geo->zones[z].speed * 3.6;
  travel_speeds_begin(out, geo->detour, kmh, geo->zone_count + 1);
  for (int i = 0; i < geo->count; i++) at[i] = (TravelPoint){geo->x[i], geo->y[i], 1 + zone_at(geo, geo->x[i], geo->y[i])};
  *points = at, *speeds = out;
  return true;
}
