/* For tests: the town (crew/testing.h) with its meters, and a way to say what they measured. */
#ifndef METER_TESTING_H
#define METER_TESTING_H

#include "crew/testing.h"
#include "meter/meter.h"

typedef struct MeterTown {
  Town town;
  Meters *meters;
  Arena arena; /* of the running test */
} MeterTown;

void meter_town_open(MeterTown *t); /* 2026-12-31T20:10+08:00 */
void meter_town_close(MeterTown *t);
/* The message over the desk; what was taken, set aside, known. */
MeterTake meter_town_take(MeterTown *t, ReadingMessage *message);
/* One moment of all meters of the transformer Tn: voltage, and 500 W each; `total_amps` of each phase of its own meter (NULL: it says
 * nothing). */
MeterTake meter_town_moment(MeterTown *t, int transformer, Instant at, int32_t volts_dv, const double total_amps[3]);
/* One meter, one moment, one voltage. */
MeterTake meter_town_one(MeterTown *t, const char *meter, Instant at, int32_t volts_dv);
size_t meter_town_area(const MeterTown *t, const char *code);
int64_t meter_town_events(MeterTown *t, const char *kind);
int64_t meter_town_rows(MeterTown *t, const char *sql);

#endif
