/* What is to be thought of values that came: which cannot be, which gaps may be filled, and how much energy was used. Pure. Nothing is
 * thrown away: what cannot be is marked and left out of figures. */
#ifndef METER_JUDGE_H
#define METER_JUDGE_H

#include "meter/block.h"

typedef struct JudgeLimits {
  double amps; /* a phase can carry at all: of customers' meters, of a transformer's */
} JudgeLimits;
enum { JUDGE_VOLTS_MOST_DV = 3500, JUDGE_GAP_SLOTS = 8 };

/* Marks absurd: voltages past 350 V, currents and powers past what the meter can carry, registers that go back or leap further than that.
 */
void judge_absurd(MeterDay *day, const JudgeLimits *limits);
/* Fills gaps of the energy registers of at most JUDGE_GAP_SLOTS slots in which nothing at all came, by a straight line between what was
 * measured on both sides, and marks them estimated. */
void judge_estimate(MeterDay *day);
/* Energy of the day in 0.01 kWh: from its first register to `next_first`, the one at the next midnight (METER_NONE: to its own last). Steps
 * back are passed over: another meter was put in. -1: unknown. */
int64_t judge_used(const MeterDay *day, int32_t next_first);

#endif
