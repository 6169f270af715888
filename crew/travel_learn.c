#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "crew/nearest.h"
#include "crew/travel.h"

static const double LEAST_M = 300, SLOWEST_KMH = 3, FASTEST_KMH = 120, FARTHEST = 1.1; /* e^1.1 = 3 */
#define LEAST_DRIVE SPAN_MINUTE
#define LONGEST_DRIVE (4 * SPAN_HOUR)

void travel_speeds_begin(TravelSpeeds *out, double detour, const double *default_kmh, int zone_count) {
  assert(zone_count >= 1 && zone_count <= TRAVEL_ZONES && detour >= 1);
  *out = (TravelSpeeds){.detour = detour, .zone_count = zone_count};
  for (int z = 0; z < zone_count; z++)
    for (int h = 0; h < TRAVEL_HOURS; h++) out->kmh[z][h] = default_kmh[z];
}

int travel_hour(Instant at) { return civil_of(at, ZONE_SHANGHAI).hour; }

double travel_seconds(const TravelSpeeds *speeds, TravelPoint a, TravelPoint b, int hour) {
  double half_km = nearest_metres(a.lon, a.lat, b.lon, b.lat) * speeds->detour / 2000;
  return 3600 * (half_km / speeds->kmh[a.zone][hour] + half_km / speeds->kmh[b.zone][hour]);
}

/* How a drive went against its default, once for the zone at each end. */
typedef struct Sample {
  double log_ratio, weight;
  uint8_t zone, hour;
} Sample;

static bool sound_zone(const TravelSpeeds *speeds, int zone) { return zone >= 0 && zone < speeds->zone_count; }

static int sample_drive(const TravelSpeeds *base, const TravelDrive *drive, Sample out[2]) {
  if (!sound_zone(base, drive->from.zone) || !sound_zone(base, drive->to.zone)) return 0;
  double metres = nearest_metres(drive->from.lon, drive->from.lat, drive->to.lon, drive->to.lat);
  if (drive->departed == INSTANT_NONE || drive->arrived == INSTANT_NONE || !(metres >= LEAST_M)) return 0;
  Span took = drive->arrived - drive->departed;
  if (took < LEAST_DRIVE || took > LONGEST_DRIVE) return 0;
  double seconds = (double)took / (double)SPAN_SECOND, kmh = metres * base->detour / seconds * 3.6;
  if (kmh < SLOWEST_KMH || kmh > FASTEST_KMH) return 0;
  int hour = travel_hour(drive->departed);
  double log_ratio = log(travel_seconds(base, drive->from, drive->to, hour) / seconds); /* > 0: faster than thought */
  log_ratio = fmax(-FARTHEST, fmin(FARTHEST, log_ratio));
  bool one = drive->from.zone == drive->to.zone;
  out[0] = (Sample){log_ratio, one ? 1 : 0.5, (uint8_t)drive->from.zone, (uint8_t)hour};
  out[1] = (Sample){log_ratio, 0.5, (uint8_t)drive->to.zone, (uint8_t)hour};
  return one ? 1 : 2;
}

static int by_zone(const void *left, const void *right) {
  const Sample *a = left, *b = right;
  if (a->zone != b->zone) return a->zone < b->zone ? -1 : 1;
  return (a->log_ratio > b->log_ratio) - (a->log_ratio < b->log_ratio);
}

static int by_zone_and_hour(const void *left, const void *right) {
  const Sample *a = left, *b = right;
  if (a->zone != b->zone) return a->zone < b->zone ? -1 : 1;
  if (a->hour != b->hour) return a->hour < b->hour ? -1 : 1;
  return (a->log_ratio > b->log_ratio) - (a->log_ratio < b->log_ratio);
}

/* Weighted median of sorted samples, drawn towards 0 by the weight of TRAVEL_PRIOR drives. */
static double shrunk_median(const Sample *at, size_t count) {
  double total = 0, passed = 0;
  for (size_t i = 0; i < count; i++) total += at[i].weight;
  for (size_t i = 0; i < count; i++) {
    passed += at[i].weight;
    if (passed * 2 < total) continue;
    bool even = passed * 2 <= total && i + 1 < count; /* exactly half: the middle of two */
    double median = even ? (at[i].log_ratio + at[i + 1].log_ratio) / 2 : at[i].log_ratio;
    return median * total / (total + TRAVEL_PRIOR);
  }
  return 0;
}

static size_t run_end(const Sample *at, size_t from, size_t count, bool hours) {
  size_t to = from;
  while (to < count && at[to].zone == at[from].zone && (!hours || at[to].hour == at[from].hour)) to++;
  return to;
}

static void learn(TravelSpeeds *speeds, Sample *at, size_t count) {
  qsort(at, count, sizeof *at, by_zone);
  for (size_t from = 0, to; from < count; from = to) {
    to = run_end(at, from, count, false);
    double pace = shrunk_median(&at[from], to - from);
    for (int h = 0; h < TRAVEL_HOURS; h++) speeds->kmh[at[from].zone][h] *= exp(pace);
    for (size_t i = from; i < to; i++) at[i].log_ratio -= pace;
  }
  qsort(at, count, sizeof *at, by_zone_and_hour);
  for (size_t from = 0, to; from < count; from = to) {
    to = run_end(at, from, count, true);
    speeds->kmh[at[from].zone][at[from].hour] *= exp(shrunk_median(&at[from], to - from));
    speeds->drives[at[from].zone][at[from].hour] += (uint32_t)(to - from);
  }
}

bool travel_learn(TravelSpeeds *out, const TravelSpeeds *base, const TravelDrive *drives, size_t count, TravelLearned *learned, Error *error) {
  Sample *samples = count <= SIZE_MAX / sizeof(Sample) / 2 ? memory_new((2 * count + 1) * sizeof *samples) : NULL;
  TravelLearned seen = {0};
  size_t made = 0;
  if (!samples) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "drives");
  for (size_t i = 0; i < count; i++) {
    int more = sample_drive(base, &drives[i], &samples[made]);
    made += (size_t)more;
    if (more) seen.used++;
    else seen.ignored++;
  }
  if (out != base) *out = *base;
  learn(out, samples, made);
  memory_free(samples);
  if (learned) *learned = seen;
  return true;
}
