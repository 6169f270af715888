/* Readings: on time, late, twice, corrected, by a clock that is wrong; low, high, overloaded, dead, so that alarms open orders and are cured. What was
 * told last of a meter and moment is remembered, and must be what is read back. */
#include <math.h>
#include <stdio.h>

#include "app/county_sim.h"

enum { AREA, FIRST, SHAPE, SEED }; /* arguments; the shape: moments, mood, whether the sender's clock is wrong */
enum { MOODS = 6, FAVOURITES = 3, LOOKED_AT = 4, STEP_MIN = 15 };
typedef enum Mood { MOOD_FINE, MOOD_FINE_TOO, MOOD_LOW, MOOD_HIGH, MOOD_OVERLOADED, MOOD_DEAD } Mood;

static int moments_of(const SimMessage *message) { return (int)(message->arg[SHAPE] & 255); }
static Mood mood_of(const SimMessage *message) { return (Mood)(message->arg[SHAPE] >> 8 & 255); }

/* The voltage of the n-th meter at the i-th moment, by the message alone: sent again it says the same. */
static int32_t voltage_of(const SimMessage *message, uint32_t n, int i) {
  uint64_t chance = ((uint64_t)message->arg[SEED] + n * 977u + (uint64_t)i * 31u) * 0x9E3779B97F4A7C15u;
  static const int32_t LEVEL[MOODS] = {2200, 2230, 1850, 2450, 2150, 0};
  return mood_of(message) == MOOD_DEAD ? 0 : LEVEL[mood_of(message)] + (int32_t)(chance >> 59);
}

static bool fill_in(ReadingMessage *out, CountySim *sim, const SimMessage *message, Instant now, Arena *arena) {
  const House *house = sim->house;
  const MeterArea *area = meter_area(house->meters, (size_t)message->arg[AREA]);
  uint32_t count = area->to - area->from;
  size_t moments = (size_t)moments_of(message);
  double watt = mood_of(message) == MOOD_OVERLOADED ? (double)area->rated_kva * 1300 / (count + 1.0) : 300;
  *out = (ReadingMessage){.area = grid_code(house->grid, area->device), .first = message->arg[FIRST], .clock = message->arg[SHAPE] >> 16 ? now + SPAN_HOUR : INSTANT_NONE,
                          .step_min = STEP_MIN, .moments = (int)moments, .meters = count, .channels = 1u << METER_VOLTAGE_A | 1u << METER_POWER};
  out->meter = ARENA_ARRAY(arena, Text, count + 1);
  out->value[METER_VOLTAGE_A] = ARENA_ARRAY(arena, int32_t, count * moments + 1);
  out->value[METER_POWER] = ARENA_ARRAY(arena, int32_t, count * moments + 1);
  if (!out->meter || !out->value[METER_VOLTAGE_A] || !out->value[METER_POWER]) return false;
  for (uint32_t n = 0; n < count; n++) {
    Customer customer;
    people_customer(house->people, area->from + n, &customer);
    out->meter[n] = customer.meter;
    for (size_t i = 0; i < moments; i++) {
      out->value[METER_VOLTAGE_A][n * moments + i] = voltage_of(message, n, (int)i);
      out->value[METER_POWER][n * moments + i] = (int32_t)lround(watt * 10);
    }
  }
  return true;
}

bool sim_work_readings(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  ReadingMessage readings;
  if (!fill_in(&readings, sim, message, context->now, context->arena)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  MeterTake take = {.message = &readings, .source = TEXT("http")};
  if (!meter_take(context, sim->house->meters, &take, error)) return false;
  snprintf(answer, SIM_ANSWER_MAX, "%lld,%lld,%lld", (long long)take.readings, (long long)take.known, (long long)take.aside);
  return true;
}

static int64_t cell_of(uint32_t position, Instant at) { return (int64_t)position << 32 | at / SPAN_MINUTE; }

void sim_heard_readings(CountySim *sim, const SimMessage *message, SimHeard how) {
  const MeterArea *area = meter_area(sim->house->meters, (size_t)message->arg[AREA]);
  long long taken = 0, known = 0, aside = 0, all = (long long)(area->to - area->from) * moments_of(message);
  if (how != HEARD_NOTHING && sscanf(message->answer, "%lld,%lld,%lld", &taken, &known, &aside) != 3) sim_wrong(sim, "readings: '%s'", message->answer);
  if (how != HEARD_NOTHING && taken + known + aside != all) sim_wrong(sim, "of %lld readings %s were taken, known, set aside", all, message->answer);
  if (how == HEARD_BEFORE || (how == HEARD_NOW && !taken)) return;
  for (uint32_t n = 0; n < area->to - area->from; n++)
    for (int i = 0; i < moments_of(message); i++) /* -1: nobody knows whether it was taken */
      if (!map_put(&sim->read, cell_of(area->from + n, message->arg[FIRST] + (Span)i * STEP_MIN * SPAN_MINUTE), how == HEARD_NOW ? voltage_of(message, n, i) : -1))
        sim_wrong(sim, "%s", "out of memory");
}

void sim_act_readings(CountySim *sim) {
  const House *house = sim->house;
  size_t areas = meter_area_count(house->meters);
  SimMessage message = {.key = sim_key(sim), .matter = MATTER_READINGS};
  uint32_t how = sim_below(sim, 10);
  const SimMessage *before = how < 3 ? sim_one_of(sim, MATTER_READINGS) : NULL;
  if (!areas) return;
  if (before) { /* the same once more, or other values for the same */
    memcpy(message.arg, before->arg, sizeof message.arg);
    if (how < 2) message.arg[SEED] = (int64_t)sim_below(sim, 1u << 30);
    sim_say(sim, &message);
    return;
  }
  size_t row = sim_below(sim, 4) ? sim_below(sim, FAVOURITES) % areas : sim_below(sim, (uint32_t)areas);
  Instant last_at = meter_area(house->meters, row)->last_at, quarter = STEP_MIN * SPAN_MINUTE, now = sim->now / quarter * quarter;
  int moments = 1 + (int)sim_below(sim, 12);
  Instant first = now - (moments - 1) * quarter;
  if (how < 7 && last_at != INSTANT_NONE && last_at < now) first = last_at + quarter; /* goes on where it ended */
  else if (how == 9) first -= (Span)sim_below(sim, 4 * 24 * 6) * quarter;            /* late: also of days that are closed */
  while (moments > 1 && meter_day_of(first) != meter_day_of(first + (moments - 1) * quarter)) moments--; /* of one day */
  message.arg[AREA] = (int64_t)row;
  message.arg[FIRST] = first;
  message.arg[SHAPE] = moments | (int64_t)sim_below(sim, MOODS) << 8 | (int64_t)(sim_below(sim, 20) == 0) << 16;
  message.arg[SEED] = (int64_t)sim_below(sim, 1u << 30);
  sim_say(sim, &message);
}

/* --- the book --- */

static bool check_one(CountySim *sim, const SimMessage *message, Arena *arena, Error *error) {
  const MeterArea *area = meter_area(sim->house->meters, (size_t)message->arg[AREA]);
  Instant first = message->arg[FIRST];
  int day = meter_day_of(first);
  MeterAreaDay read;
  if (!meter_read_area_day(&read, sim->house->meters, sim->house->db, (size_t)message->arg[AREA], day, arena, error)) return false;
  for (uint32_t n = 0; n < area->to - area->from; n++)
    for (int i = 0; i < moments_of(message); i++) {
      Instant at = first + (Span)i * STEP_MIN * SPAN_MINUTE;
      const MeterDay *of = &read.meter[n];
      int64_t told;
      if (!map_get(&sim->read, cell_of(area->from + n, at), &told) || told < 0) continue;
      int32_t found = of->channels & 1u << METER_VOLTAGE_A ? of->value[METER_VOLTAGE_A][(at - meter_day_start(day)) / (of->step_min * SPAN_MINUTE)] : METER_NONE;
      if (found != told)
        return sim_wrong(sim, "meter of customer %u, day %d, moment %d of %d: %lld was told last, %d is read", area->from + n, day, i + 1, moments_of(message), (long long)told, found);
    }
  return true;
}

bool sim_check_readings(CountySim *sim, bool all, Error *error) {
  Arena arena;
  int looked = 0;
  bool ok = true;
  for (size_t i = sim->messages.count; ok && i-- > 0 && (all || looked < LOOKED_AT);) {
    if (sim->messages.at[i].matter != MATTER_READINGS) continue;
    looked++;
    arena_begin(&arena, 0);
    ok = check_one(sim, &sim->messages.at[i], &arena, error);
    arena_end(&arena);
  }
  return ok;
}
