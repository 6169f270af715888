/* Travel times between everyone and everything: straight line × detour ÷ speed, the speed of each end's area for half the way. The seam for
 * times from a router, or learned. */
#include <math.h>

#include "base/limits.h"
#include "crew/plan_internal.h"

double ground_leg(const Ground *ground, const PlanRules *rules, int a, int b, double *km) {
  const struct GroundPlace *from = &ground->place[a], *to = &ground->place[b];
  double metres = a == b ? 0 : nearest_metres(from->lon, from->lat, to->lon, to->lat);
  double way = isfinite(metres) ? metres / 1000 * rules->detour : rules->unknown_km;
  double half_from = from->town ? rules->town_kmh : rules->country_kmh, half_to = to->town ? rules->town_kmh : rules->country_kmh;
  if (km) *km = isfinite(metres) ? way : NAN;
  return way / 2 * 3600 / half_from + way / 2 * 3600 / half_to;
}

static bool grow(Ground *ground, size_t count) {
  if (count <= ground->stride) return true;
  size_t stride = count + count / 4 + 32;
  struct GroundPlace *places = memory_grow(ground->place, stride * sizeof *places);
  if (places) ground->place = places;
  double *travel = memory_new(stride * stride * sizeof *travel);
  if (!places || !travel) return memory_free(travel), false;
  for (size_t i = 0; i < ground->count; i++) memcpy(travel + i * stride, ground->travel + i * ground->stride, ground->count * sizeof *travel);
  memory_free(ground->travel);
  ground->travel = travel, ground->stride = stride;
  return true;
}

bool ground_put(Ground *ground, const PlanRules *rules, int row, double lon, double lat, bool town) {
  size_t at = (size_t)row;
  if (at >= LIMIT_DISPATCH_PLACES || !grow(ground, at + 1)) return false;
  while (ground->count <= at) ground->place[ground->count++] = (struct GroundPlace){NAN, NAN, false, false};
  ground->place[at] = (struct GroundPlace){lon, lat, town, true};
  for (size_t i = 0; i < ground->count; i++) {
    double leg = ground->place[i].used ? ground_leg(ground, rules, row, (int)i, NULL) : 0;
    ground->travel[at * ground->stride + i] = ground->travel[i * ground->stride + at] = leg;
  }
  return true;
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
  *ground = (Ground){0};
}
