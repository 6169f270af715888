/* Which crew is nearest and able. A pure engine: crews and one place in, proposals out. crew/dispatch.h is the strong engine, which plans
 * all crews and all outages together; this is the simple one, and the seam.
 *
 * Driving time = straight line × detour ÷ speed of the area. A crew that is busy can leave when it is free. */
#ifndef CREW_NEAREST_H
#define CREW_NEAREST_H

#include <stddef.h>

#include "base/time.h"

typedef struct NearestOptions {
  double detour;                     /* road length over straight line, ≥ 1 */
  double town_kmh, country_kmh;      /* average speed, by the area of the place */
  double ready_minutes;              /* from the order to the wheels turning */
} NearestOptions;
NearestOptions nearest_options_default(void);

typedef struct NearestCrew {
  double lon, lat;                   /* NAN: unknown */
  uint32_t skills;                   /* bits */
  bool on_shift;
  Instant free_at;                   /* ≤ now: free; INSTANT_NONE counts as free */
} NearestCrew;

typedef struct NearestPlace {
  double lon, lat;                   /* NAN: unknown */
  uint32_t skills;                   /* bits all of which are needed */
  bool town;
} NearestPlace;

typedef enum NearestWhy { NEAREST_ABLE, NEAREST_BUSY, NEAREST_OFF_SHIFT, NEAREST_LACKS_SKILL } NearestWhy;

typedef struct NearestProposal {
  uint32_t crew;                     /* index into the crews */
  double distance_km, minutes;       /* by road, to arrival from now; NAN: a place is unknown */
  NearestWhy why;
  Instant free_at;                   /* when NEAREST_BUSY */
} NearestProposal;

/* Writes one proposal a crew, at most `most`, best first: the able by minutes, then the busy, those off shift, those lacking a skill; unknown
 * distances after known ones; equal ones in the order given. Returns how many. Several reasons at once: the last in NearestWhy's order. */
size_t nearest_propose(const NearestCrew *crews, size_t count, const NearestPlace *place, Instant now, const NearestOptions *options,
                       NearestProposal *out, size_t most);

/* Metres over the earth's mean radius (6371008.8 m), haversine. */
double nearest_metres(double lon_a, double lat_a, double lon_b, double lat_b);

#endif
