/* Travel times between everyone and everything: what a router says of a pair, else straight line × detour ÷ speed, the speed of each end's area at
 * this hour for half the way. */
#include <math.h>

#include "base/limits.h"
#include "crew/plan_internal.h"

static double pace(const Ground *ground, const struct GroundPlace *place) { return ground->speeds.kmh[place->town][ground->hour]; }

double ground_km(const Ground *ground, const PlanRules *rules, int a, int b) {
  const struct GroundPlace *from = &ground->place[a], *to = &ground->place[b];
  return a == b ? 0 : nearest_metres(from->lon, from->lat, to->lon, to->lat) / 1000 * rules->detour;
}

static double straight(const Ground *ground, const PlanRules *rules, int a, int b) {
  double way = ground_km(ground, rules, a, b);
  if (!isfinite(way)) way = rules->unknown_km;
  return way / 2 * 3600 / pace(ground, &ground->place[a]) + way / 2 * 3600 / pace(ground, &ground->place[b]);
}

double ground_leg(const Ground *ground, const PlanRules *rules, int a, int b) {
  float road = ground->road ? ground->road[(size_t)a * ground->stride + (size_t)b] : NAN;
  return isnan(road) ? straight(ground, rules, a, b) : (double)road;
}

bool ground_roads(Ground *ground) {
  size_t cells = ground->stride * ground->stride;
  if (ground->road || !cells) return true;
  ground->road = memory_new(cells * sizeof *ground->road);
  for (size_t i = 0; ground->road && i < cells; i++) ground->road[i] = NAN;
  return ground->road != NULL;
}

static bool grow(Ground *ground, size_t count) {
  if (count <= ground->stride) return true;
  size_t stride = count + count / 4 + 32, was = ground->stride;
  struct GroundPlace *places = memory_grow(ground->place, stride * sizeof *places);
  if (places) ground->place = places;
  double *travel = memory_new(stride * stride * sizeof *travel);
  float *road = ground->road;
  Ground roads = {.stride = stride};
  if (!places || !travel || (road && !ground_roads(&roads))) return memory_free(travel), false;
  for (size_t i = 0; i < ground->count; i++) {
    memcpy(travel + i * stride, ground->travel + i * was, ground->count * sizeof *travel);
    if (road) memcpy(roads.road + i * stride, road + i * was, ground->count * sizeof *road);
  }
  memory_free(ground->travel), memory_free(road);
  ground->travel = travel, ground->road = roads.road, ground->stride = stride;
  return true;
}

bool ground_put(Ground *ground, const PlanRules *rules, int row, double lon, double lat, bool town) {
  size_t at = (size_t)row;
  if (at >= LIMIT_DISPATCH_PLACES || !grow(ground, at + 1)) return false;
  while (ground->count <= at) ground->place[ground->count++] = (struct GroundPlace){NAN, NAN, false, false};
  ground->place[at] = (struct GroundPlace){lon, lat, town, true};
  ground->changes++;
  for (size_t i = 0; i < ground->count; i++) {
    double leg = ground->place[i].used ? straight(ground, rules, row, (int)i) : 0;
    size_t there = at * ground->stride + i, back = i * ground->stride + at;
    ground->travel[there] = ground->travel[back] = leg;
    if (ground->road) ground->road[there] = ground->road[back] = NAN;
  }
  return true;
}

bool ground_told(Ground *ground, const PlanRules *rules, int a, int b, double road_s) {
  size_t cell = (size_t)a * ground->stride + (size_t)b;
  if (isnan(road_s) && isnan(ground->road[cell])) return false;
  double was = ground->travel[cell];
  ground->road[cell] = (float)road_s;
  ground->travel[cell] = ground_leg(ground, rules, a, b);
  return fabs(ground->travel[cell] - was) > 0.02 * was + 5;
}

/* Every cell that no router told, by as much as the two ends' speeds change: no distance is computed anew. */
void ground_pace(Ground *ground, const TravelSpeeds *speeds, int hour) {
  double change[2][2];
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++)
      change[a][b] = (1 / speeds->kmh[a][hour] + 1 / speeds->kmh[b][hour]) / (1 / ground->speeds.kmh[a][ground->hour] + 1 / ground->speeds.kmh[b][ground->hour]);
  ground->speeds = *speeds, ground->hour = hour;
  for (size_t a = 0; a < ground->count; a++)
    for (size_t b = 0; b < ground->count; b++)
      if (!ground->road || isnan(ground->road[a * ground->stride + b])) ground->travel[a * ground->stride + b] *= change[ground->place[a].town][ground->place[b].town];
}

int ground_free_row(const Ground *ground, size_t crews) {
  for (size_t i = crews; i < ground->count; i++)
    if (!ground->place[i].used) return (int)i;
  return (int)(ground->count > crews ? ground->count : crews);
}

void ground_drop(Ground *ground, int row) {
  if (row >= 0 && (size_t)row < ground->count) ground->place[row].used = false;
}

void ground_clear(Ground *ground) {
  memory_free(ground->place);
  memory_free(ground->travel);
  memory_free(ground->road);
  *ground = (Ground){.speeds = ground->speeds, .hour = ground->hour, .changes = ground->changes + 1};
}
