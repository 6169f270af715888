#include "meter/judge.h"

#include <math.h>
#include <stdlib.h>

static bool past(const MeterDay *day, int channel, int slot, double most) {
  const int32_t *value = day->value[channel];
  return value && value[slot] != METER_NONE && fabs((double)value[slot]) > most;
}

void judge_absurd(MeterDay *day, const JudgeLimits *limits) {
  double amps = limits->amps * 1000, watts = limits->amps * 350 * 10; /* in the channels' units, a phase */
  double leap = limits->amps * 350 * 3 / 1000 * day->step_min / 60 * 100;
  int32_t last[2] = {METER_NONE, METER_NONE};
  int last_slot[2] = {0, 0};
  for (int i = 0; i < day->slots; i++) {
    bool absurd = false;
    for (int x = 0; x < 3; x++)
      absurd |= past(day, METER_VOLTAGE_A + x, i, JUDGE_VOLTS_MOST_DV) || past(day, METER_CURRENT_A + x, i, amps) ||
                past(day, METER_POWER_A + x, i, watts);
    absurd |= past(day, METER_POWER, i, 3 * watts) || past(day, METER_REACTIVE, i, 3 * watts);
    for (int e = 0; e < 2; e++) {
      const int32_t *energy = day->value[METER_ENERGY + e];
      if (!energy || energy[i] == METER_NONE) continue;
      double grown = last[e] == METER_NONE ? 0 : (double)energy[i] - last[e];
      absurd |= grown < 0 || grown > leap * (i - last_slot[e]) + 1;
      last[e] = energy[i];
      last_slot[e] = i;
    }
    if (absurd) day->marks[i] |= METER_ABSURD;
  }
}

static bool nothing_came(const MeterDay *day, int slot) {
  for (int c = 0; c < METER_CHANNELS; c++)
    if (day->value[c] && day->value[c][slot] != METER_NONE) return false;
  return true;
}

void judge_estimate(MeterDay *day) {
  for (int c = METER_ENERGY; c <= METER_ENERGY_OUT; c++) {
    int32_t *value = day->value[c];
    int before = -1;
    for (int i = 0; value && i < day->slots; i++) {
      if (value[i] == METER_NONE || day->marks[i] & METER_ABSURD) continue;
      bool fill = before >= 0 && i - before > 1 && i - before - 1 <= JUDGE_GAP_SLOTS && value[i] >= value[before];
      for (int g = before + 1; fill && g < i; g++) fill = nothing_came(day, g) || (day->marks[g] & METER_ESTIMATED);
      for (int g = before + 1; fill && g < i; g++) {
        value[g] = value[before] + (int32_t)((int64_t)(value[i] - value[before]) * (g - before) / (i - before));
        day->marks[g] |= METER_ESTIMATED;
      }
      before = i;
    }
  }
}

int64_t judge_used(const MeterDay *day, int32_t next_first) {
  const int32_t *value = day->value[METER_ENERGY];
  int32_t last = METER_NONE;
  int64_t used = 0;
  int known = 0;
  for (int i = 0; value && i < day->slots; i++) {
    if (value[i] == METER_NONE) continue;
    if (last != METER_NONE && value[i] > last && !(day->marks[i] & METER_ABSURD)) used += value[i] - last;
    last = value[i];
    known++;
  }
  if (last != METER_NONE && next_first != METER_NONE && next_first > last) used += next_first - last, known++;
  return known >= 2 ? used : -1;
}
