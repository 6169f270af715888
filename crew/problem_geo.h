/* Travel times from coordinates: straight line × detour ÷ speed, the speed by the zones at both ends, half the way each.
 * Geographic: WGS84 degrees, great circle, km/h; a point outside the bounds is refused (a swapped or foreign coordinate
 * would cost a crew a day). Euclidean: plain units, one a second. */
#ifndef CREW_PROBLEM_GEO_H
#define CREW_PROBLEM_GEO_H

#include "crew/problem.h"

enum { PROBLEM_ZONES = 64 };

typedef struct ProblemZone {
  double x, y, radius, speed; /* m and m/s, or units */
} ProblemZone;

typedef struct ProblemGeo {
  Arena *arena;
  bool euclidean;
  double detour, speed;
  double west, south, east, north;
  ProblemZone zones[PROBLEM_ZONES];
  int zone_count;
  double *x, *y; /* LIMIT_DISPATCH_PLACES */
  int count;
} ProblemGeo;

/* The default: geographic, detour 1.3, 40 km/h, in and around China. False: out of memory. */
bool problem_geo_begin(ProblemGeo *geo, Arena *arena);
/* A point becomes the next place. False: *why says what is wrong with it. */
bool problem_geo_add(ProblemGeo *geo, double x, double y, int *place, const char **why);
/* The matrix over all points, count × count; NULL: out of memory. */
const double *problem_geo_travel(const ProblemGeo *geo);
/* The same places and speeds as crew/travel.h has them. False: out of memory. */
bool problem_geo_points(const ProblemGeo *geo, const TravelPoint **points, const TravelSpeeds **speeds);

#endif
