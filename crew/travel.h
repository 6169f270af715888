/* How long it takes to drive from here to there. Two parts:
 *
 * - Speeds (pure, travel_learn.c): straight line × detour ÷ the speed of the zone at that hour of the day. A zone is the caller's number:
 *   town, country, remote. Speeds begin as the zone's default and are learned from the crews' own recorded drives.
 * - Travel (the thin edge, travel.c): a table of seconds between places, asked of an OSRM server (`/table/v1`) in pieces where an address
 *   is configured, kept for a while, and filled from the speeds wherever the server says nothing (null), is slow, or is not there. A table
 *   always comes; TravelAnswer says where from and what went wrong.
 *
 * Who may call: the crew room, `dianbaomu dispatch`, sim. One thread at a time a Travel; travel_table waits for the network, at most
 * `patience_s`: never call it on the desk's thread. */
#ifndef CREW_TRAVEL_H
#define CREW_TRAVEL_H

#include "base/error.h"
#include "base/time.h"

enum { TRAVEL_ZONES = 65, TRAVEL_HOURS = 24, TRAVEL_WHY_MAX = 160 };

typedef struct TravelPoint {
  double lon, lat; /* WGS84 degrees */
  int zone;        /* 0 … zone_count - 1 */
} TravelPoint;

/* --- speeds ---------------------------------------------------------------------------------------------------------- */

typedef struct TravelSpeeds {
  double detour;                             /* road length over straight line */
  int zone_count;
  double kmh[TRAVEL_ZONES][TRAVEL_HOURS];    /* along the road, by hour of the local day */
  uint32_t drives[TRAVEL_ZONES][TRAVEL_HOURS]; /* learned from so many; 0: the default, or what the zone's other hours say */
} TravelSpeeds;

/* Every hour of a zone at its default (km/h, > 0); zone_count 1 … TRAVEL_ZONES. */
void travel_speeds_begin(TravelSpeeds *out, double detour, const double *default_kmh, int zone_count);

typedef struct TravelDrive {
  TravelPoint from, to;
  Instant departed, arrived;
} TravelDrive;

typedef struct TravelLearned {
  size_t used, ignored; /* ignored: under 300 m or a minute, over 4 h, slower than 3 or faster than 120 km/h by the detour, a place or zone
                           unknown: a stop on the way, a forgotten key, a jump of the position */
} TravelLearned;

/* Speeds anew from `base` and the drives. A drive counts half for the zone at each end (wholly where they are one), in the hour it began.
 * In logarithms: a zone's pace is the weighted median of its drives' deviations from its default (thrice at most), shrunk towards none by
 * the weight of TRAVEL_PRIOR drives; an hour's is the median of what then remains, shrunk likewise towards the zone's. So a few odd drives
 * change little, and a hundred are believed. `base` may be `out`. Errors: ERROR_OUT_OF_MEMORY, `out` unchanged. */
#define TRAVEL_PRIOR 8.0
bool travel_learn(TravelSpeeds *out, const TravelSpeeds *base, const TravelDrive *drives, size_t count, TravelLearned *learned, Error *error) MUST_USE;

/* Seconds from a to b leaving at this hour (0 … 23): half the way at each end's speed. Never 0 between places that differ. */
double travel_seconds(const TravelSpeeds *speeds, TravelPoint a, TravelPoint b, int hour);
int travel_hour(Instant at); /* of the local day */

/* --- the table -------------------------------------------------------------------------------------------------------- */

typedef struct TravelOptions {
  const char *osrm;       /* "http://127.0.0.1:5000"; NULL or "": none, speeds only */
  const char *profile;    /* NULL: "driving" */
  int table_most;         /* rows and columns of one request: the server's max-table-size; 0: 100. Halved when it says TooBig */
  int tries;              /* of one request, with growing pauses; 0: 3 */
  double timeout_s;       /* of one try; 0: 5 */
  double patience_s;      /* of one travel_table, everything counted; 0: 20 */
  double keep_s;          /* how long a time is kept; 0: 3600 */
  size_t keep_most;       /* pairs kept at most; 0: 1,000,000 (16 MB) */
} TravelOptions;

typedef struct Travel Travel;
/* Errors: ERROR_FIELD_INVALID for an address that is none of http:// or https://, or a profile with odd letters; ERROR_OUT_OF_MEMORY. */
bool travel_open(Travel **out, const TravelOptions *options, Error *error) MUST_USE;
void travel_close(Travel *travel);

typedef struct TravelAnswer {
  int64_t asked, kept, filled;    /* cells by the server, from those kept, by the speeds (beside the diagonal) */
  int requests, retries;          /* tries in all; of them after a failure */
  bool degraded;                  /* a server is configured and some cell is not by it */
  char why[TRAVEL_WHY_MAX];       /* the first thing that went wrong, English, no address; "" when nothing did */
} TravelAnswer;

/* Seconds from row to column, count × count, into `seconds` (rows `stride` apart); the diagonal is 0. `now`: the moment of leaving, by which
 * hour's speed is taken, and by which times kept grow old. Every cell is finite and ≥ 0. `answer` may be NULL. Errors: ERROR_OUT_OF_MEMORY
 * and, for a place that is none, ERROR_FIELD_INVALID; a server that fails is none. `speeds` NULL: what nobody knows is NAN. */
bool travel_table(Travel *travel, const TravelSpeeds *speeds, const TravelPoint *points, int count, Instant now, double *seconds, size_t stride,
                  TravelAnswer *answer, Error *error) MUST_USE;

#endif
