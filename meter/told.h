/* What is told: a household its use, its cost so far and how that compares; a manager his area's day. Reads only; no lock is needed. */
#ifndef METER_TOLD_H
#define METER_TOLD_H

#include "meter/meter.h"
#include "meter/tariff.h"

enum { TOLD_NEIGHBOURS_LEAST = 5, TOLD_WORST = 8 };

typedef struct ToldDay {
  int day;
  int64_t used; /* 0.01 kWh; -1 unknown */
} ToldDay;

typedef struct ToldUse {
  ToldDay *days; /* oldest first, up to `to` */
  size_t count;
  int64_t month, last_month; /* this calendar month so far; the same number of days of the one before; -1 unknown */
  int64_t year;              /* since January, as far as it is known */
  TariffCost cost;           /* of the month so far */
  bool priced;               /* residents only */
  int neighbours;            /* comparable households with known use: same kind, same area */
  int64_t neighbours_median; /* this month so far; -1: withheld, fewer than TOLD_NEIGHBOURS_LEAST */
} ToldUse;
bool told_use(ToldUse *out, const Meters *meters, const Tariff *tariff, Db *db, MeterPlace place, int from, int to, Arena *arena,
              Error *error) MUST_USE;

typedef struct ToldHousehold {
  uint32_t position;
  int32_t lowest_dv;
  int low_min; /* minutes under the low limit */
  const MeterDay *day;
} ToldHousehold;
typedef struct ToldArea {
  MeterAreaDay days;
  int step_min, slots;
  int32_t *low, *median, *high; /* by slot over its households, 0.1 V; METER_NONE unknown */
  double *kva;                  /* by slot; NAN unknown */
  ToldHousehold worst[TOLD_WORST];
  size_t worst_count;
  uint32_t *silent;                          /* positions of customers of whom nothing came */
  size_t silent_count, under, over;          /* households that were under or over the limit for as long as the watch wants */
  int64_t supplied, used;                    /* 0.01 kWh; -1 unknown; `used` of those known */
  int64_t estimated, absurd, late, replaced; /* slots so marked */
  bool closed;
} ToldArea;
bool told_area(ToldArea *out, const Meters *meters, Db *db, size_t area, int day, Arena *arena, Error *error) MUST_USE;

/* Downloads. Green Button: ESPI 1.1 (NAESB REQ.21) Atom feed of one UsagePoint with its energy in intervals. */
bool told_green_button(Buffer *out, const Meters *meters, Db *db, MeterPlace place, int from, int to, Instant now, Arena *arena,
                       Error *error) MUST_USE;
bool told_sheet(Buffer *out, const Meters *meters, Db *db, MeterPlace place, int from, int to, bool chinese, Arena *arena,
                Error *error) MUST_USE;
bool told_area_csv(Buffer *out, const Meters *meters, Db *db, size_t area, int day, Arena *arena, Error *error) MUST_USE;

#endif
