#include "crew/nearest.h"

#include <math.h>

NearestOptions nearest_options_default(void) {
  return (NearestOptions){.detour = 1.3, .town_kmh = 25, .country_kmh = 40, .ready_minutes = 3};
}

double nearest_metres(double lon_a, double lat_a, double lon_b, double lat_b) {
  const double radian = 3.14159265358979323846 / 180;
  double y = sin((lat_b - lat_a) * radian / 2), x = sin((lon_b - lon_a) * radian / 2);
  double h = y * y + cos(lat_a * radian) * cos(lat_b * radian) * x * x;
  return 2 * 6371008.8 * asin(sqrt(h > 1 ? 1 : h)); /* NAN stays NAN */
}

static NearestWhy why_not(const NearestCrew *crew, const NearestPlace *place, Instant now) {
  if ((crew->skills & place->skills) != place->skills) return NEAREST_LACKS_SKILL;
  if (!crew->on_shift) return NEAREST_OFF_SHIFT;
  return crew->free_at != INSTANT_NONE && crew->free_at > now ? NEAREST_BUSY : NEAREST_ABLE;
}

static int by_rank(const NearestProposal *a, const NearestProposal *b) {
  if (a->why != b->why) return a->why < b->why ? -1 : 1;
  if (isnan(a->minutes) != isnan(b->minutes)) return isnan(a->minutes) ? 1 : -1;
  if (a->minutes < b->minutes || a->minutes > b->minutes) return a->minutes < b->minutes ? -1 : 1;
  return a->crew < b->crew ? -1 : a->crew > b->crew;
}

size_t nearest_propose(const NearestCrew *crews, size_t count, const NearestPlace *place, Instant now, const NearestOptions *options,
                       NearestProposal *out, size_t most) {
  size_t have = 0;
  for (size_t i = 0; i < count && most > 0; i++) {
    const NearestCrew *crew = &crews[i];
    double km = nearest_metres(crew->lon, crew->lat, place->lon, place->lat) / 1000 * options->detour;
    NearestProposal proposal = {.crew = (uint32_t)i, .distance_km = km, .why = why_not(crew, place, now), .free_at = crew->free_at};
    double wait = proposal.why == NEAREST_BUSY ? (double)(crew->free_at - now) / (double)SPAN_MINUTE : 0;
    proposal.minutes = wait + options->ready_minutes + km / (place->town ? options->town_kmh : options->country_kmh) * 60;
    if (have == most && by_rank(&proposal, &out[have - 1]) >= 0) continue;
    size_t at = have < most ? have++ : most - 1;
    for (; at > 0 && by_rank(&proposal, &out[at - 1]) < 0; at--) out[at] = out[at - 1];
    out[at] = proposal;
  }
  return have;
}
