#include "sim/readings.h"

#include <math.h>

#include "base/random.h"
#include "people/customer.h"

enum { HOURS = 24, APPLIANCES = 8, PHASES = 3 };
static const double NOMINAL = 220, RETURN_WAY = 1.7; /* the neutral carries most of it back */

static const float SHAPE[5][HOURS] = {/* share of the day's mean, by CustomerCategory */
                                      {0.45f, 0.4f, 0.38f, 0.37f, 0.4f,  0.55f, 0.95f, 1.15f, 0.9f,  0.8f, 0.85f, 1.2f,
                                       1.3f,  1.0f, 0.85f, 0.85f, 0.95f, 1.3f,  1.75f, 2.1f,  2.05f, 1.7f, 1.1f,  0.65f},
                                      {0.3f,  0.28f, 0.27f, 0.27f, 0.28f, 0.35f, 0.6f, 0.95f, 1.3f, 1.5f,  1.55f, 1.6f,
                                       1.55f, 1.45f, 1.45f, 1.45f, 1.5f,  1.55f, 1.6f, 1.5f,  1.3f, 0.95f, 0.55f, 0.35f},
                                      {0.4f, 0.4f, 0.4f,  0.4f,  0.4f, 0.5f, 0.7f, 1.2f, 1.7f, 1.75f, 1.75f, 1.4f,
                                       1.2f, 1.6f, 1.75f, 1.75f, 1.6f, 1.3f, 0.9f, 0.7f, 0.6f, 0.5f,  0.45f, 0.42f},
                                      {0.15f, 0.12f, 0.12f, 0.15f, 0.3f, 1.0f, 1.9f, 2.3f, 2.2f, 2.0f, 1.6f, 0.9f,
                                       0.6f,  0.9f,  1.5f,  1.9f,  2.0f, 1.6f, 1.0f, 0.6f, 0.4f, 0.3f, 0.2f, 0.15f},
                                      {0.35f, 0.33f, 0.33f, 0.33f, 0.35f, 0.5f, 0.8f, 1.3f,  1.7f, 1.75f, 1.7f,  1.5f,
                                       1.3f,  1.5f,  1.7f,  1.6f,  1.4f,  1.1f, 1.0f, 0.95f, 0.8f, 0.6f,  0.45f, 0.38f}};

double sim_conductor_ohm_km(Text conductor) {
  double section = 0, factor = 1;
  for (size_t i = 0; i < conductor.len; i++) { /* the last number of the name is the section of one conductor */
    if (conductor.at[i] < '0' || conductor.at[i] > '9') continue;
    double number = 0;
    for (; i < conductor.len && conductor.at[i] >= '0' && conductor.at[i] <= '9'; i++) number = number * 10 + (conductor.at[i] - '0');
    section = number;
  }
  bool copper = text_starts(conductor, TEXT("YJV")) || text_starts(conductor, TEXT("BV"));
  if (section < 2 || section > 1000) section = 50;
  return (copper ? 18.4 : 30.3) * factor / section;
}

typedef struct Habit { /* a customer's own, from its seed */
  double mean_w, standby_w, fridge_w, fridge_min, factor;
} Habit;

static Habit habit_of(const ReadingsMeter *meter) {
  static const double SHARE[] = {0.045, 0.12, 0.18, 0.2, 0.1}; /* of the contract, mean of a day */
  Random random;
  random_fork(&random, meter->seed, 1);
  double contract = meter->contract_kw > 0 ? meter->contract_kw : 6;
  double spread = exp(0.5 * random_normal(&random));
  int category = meter->category < 5 ? meter->category : 0;
  return (Habit){.mean_w = fmin(contract * 1000 * SHARE[category] * spread, contract * 700),
                 .standby_w = 12 + 45 * random_unit(&random),
                 .fridge_w = 70 + 70 * random_unit(&random),
                 .fridge_min = 35 + 40 * random_unit(&random),
                 .factor = 0.86 + 0.12 * random_unit(&random)};
}

/* One house in seven of the country stands empty: its people work in the cities. */
static bool stands_empty(const ReadingsMeter *meter) { return meter->category == CUSTOMER_RESIDENTIAL && meter->seed % 7 == 0; }

typedef struct Draw { /* one slot of one meter */
  double mean_w, now_w, now_var, now_va;
} Draw;

typedef struct Thing {
  double from, until, watts;
} Thing;

static int draw_things(Thing *thing, Random *random, const ReadingsMeter *meter, int category, const Habit *habit) {
  int things = stands_empty(meter) ? 0 : category == CUSTOMER_RESIDENTIAL ? (int)random_below(random, APPLIANCES) : 2;
  for (int i = 0; i < things; i++) {
    double at = random_unit(random) < 0.6 ? 17 + 5 * random_unit(random) : 24 * random_unit(random);
    thing[i] = (Thing){at, at + 0.2 + 1.5 * random_unit(random),
                       (600 + 1600 * random_unit(random)) * (category == CUSTOMER_RESIDENTIAL ? 1 : habit->mean_w / 4000)};
  }
  return things;
}

/* The day of one meter: what always runs, a refrigerator that comes and goes, what people have switched on (a level that holds for some
 * time), and heaters, kettles, pumps. Each kind of load has its own power factor; what is electronic distorts the current. */
static void draw_day(Draw *out, const ReadingsMeter *meter, const Habit *habit, double demand, int day, int slots) {
  Random random;
  Thing thing[APPLIANCES];
  int category = meter->category < 5 ? meter->category : 0;
  double level = 1, hours = 24.0 / slots, phase;
  random_fork(&random, meter->seed, 1000 + (uint64_t)day);
  int things = draw_things(thing, &random, meter, category, habit);
  phase = random_unit(&random);
  double fridge_mean = category == CUSTOMER_RESIDENTIAL && !stands_empty(meter) ? 0.4 * habit->fridge_w : 0;
  for (int i = 0; i < slots; i++) {
    double at = i * hours, next = at + hours, frac = at - floor(at), resistive = 0, resistive_now = 0;
    int hour = (int)at % HOURS;
    double shape = SHAPE[category][hour] * (1 - frac) + SHAPE[category][(hour + 1) % HOURS] * frac;
    if (random_unit(&random) < 0.3) level = exp(0.45 * random_normal(&random) - 0.1);
    double people = habit->mean_w * shape * demand * level * (1 + 0.02 * random_normal(&random));
    double standby = habit->standby_w * (1 + 0.01 * random_normal(&random));
    double cycle = at * 60 / habit->fridge_min + phase;
    double fridge =
        category == CUSTOMER_RESIDENTIAL && cycle - floor(cycle) < 0.4 ? habit->fridge_w * (1 + 0.015 * random_normal(&random)) : 0;
    if (stands_empty(meter)) people *= 0.01, standby *= 0.15, fridge = 0;
    for (int t = 0; t < things; t++) {
      double share = (fmin(next, thing[t].until) - fmax(at, thing[t].from)) / hours;
      if (share > 0) resistive += share * thing[t].watts;
      if (at >= thing[t].from && at < thing[t].until) resistive_now += thing[t].watts * (1 + 0.01 * random_normal(&random));
    }
    double watts = standby + fridge + people + resistive_now;
    double var = 0.75 * fridge + people * sqrt(1 / (habit->factor * habit->factor) - 1) - 0.35 * standby,
           distorted = 0.9 * standby + 0.12 * people;
    out[i] = (Draw){standby + fridge_mean + people + resistive, watts, var, sqrt(watts * watts + var * var + distorted * distorted)};
  }
}

typedef struct Work {
  Draw *draw;      /* meter × slots */
  double *current; /* node × PHASES, of one slot */
  double *volts;
} Work;

static void add_currents(const ReadingsArea *area, Work *work, int slot, int slots) {
  memset(work->current, 0, area->node_count * PHASES * sizeof(double));
  for (uint32_t m = 0; m < area->meter_count; m++) {
    const ReadingsMeter *meter = &area->meters[m];
    const Draw *draw = &work->draw[m * (uint32_t)slots + (uint32_t)slot];
    double amps = draw->now_va / NOMINAL / __builtin_popcount(meter->phases);
    for (int x = 0; x < PHASES; x++)
      if (meter->phases >> x & 1) work->current[meter->node * PHASES + (uint32_t)x] += amps;
  }
  for (uint32_t n = area->node_count - 1; n > 0; n--)
    for (uint32_t x = 0; x < PHASES; x++) work->current[area->nodes[n].parent * PHASES + x] += work->current[n * PHASES + x];
}

static void sweep_volts(const ReadingsArea *area, Work *work, Random *random, double wander) {
  for (uint32_t x = 0; x < PHASES; x++) {
    double impedance = area->rated_kva > 0 ? 0.035 * 400 * 400 / (area->rated_kva * 1000) : 0.02;
    work->volts[x] = area->source_volts + wander + 0.25 * random_normal(random) - impedance * work->current[x];
  }
  for (uint32_t n = 1; n < area->node_count; n++)
    for (uint32_t x = 0; x < PHASES; x++)
      work->volts[n * PHASES + x] =
          work->volts[area->nodes[n].parent * PHASES + x] - RETURN_WAY * area->nodes[n].ohm * work->current[n * PHASES + x];
}

static int32_t rounded(double value, double unit) { return (int32_t)lround(value / unit); }

static void put_slot(MeterDay *day, const ReadingsMeter *meter, const Draw *draw, const double *volts, Random *random, int slot) {
  int phases = __builtin_popcount(meter->phases);
  for (int x = 0; x < PHASES; x++) {
    if (!(meter->phases >> x & 1)) continue;
    double u = fmax(90, volts[x] + 0.1 * random_normal(random)), amps = draw->now_va / phases / u;
    day->value[METER_VOLTAGE_A + x][slot] = rounded(u, 0.1);
    day->value[METER_CURRENT_A + x][slot] = rounded(amps, 0.001);
  }
  day->value[METER_POWER][slot] = rounded(draw->now_w, 0.1);
  day->value[METER_REACTIVE][slot] = rounded(draw->now_var, 0.1);
  day->value[METER_ENERGY][slot] = (int32_t)(meter->energy_kwh * 100);
}

static void put_total(MeterDay *total, const ReadingsArea *area, const Work *work, int slot, int slots) {
  double power = 0, reactive = 0, all = 0;
  for (uint32_t m = 0; m < area->meter_count; m++)
    power += work->draw[m * (uint32_t)slots + (uint32_t)slot].now_w, reactive += work->draw[m * (uint32_t)slots + (uint32_t)slot].now_var;
  power *= 1.03;
  for (int x = 0; x < PHASES; x++) all += work->current[x];
  for (int x = 0; x < PHASES; x++) {
    total->value[METER_VOLTAGE_A + x][slot] = rounded(fmax(90, work->volts[x]), 0.1);
    total->value[METER_CURRENT_A + x][slot] = rounded(work->current[x], 0.001);
    total->value[METER_POWER_A + x][slot] = rounded(all > 0 ? power * work->current[x] / all : 0, 0.1);
  }
  total->value[METER_POWER][slot] = rounded(power, 0.1);
  total->value[METER_REACTIVE][slot] = rounded(reactive, 0.1);
  total->value[METER_ENERGY][slot] = (int32_t)(area->energy_kwh * 100);
}

static unsigned channels_of(unsigned phases) {
  return (phases << METER_VOLTAGE_A) | (phases << METER_CURRENT_A) | 1u << METER_POWER | 1u << METER_REACTIVE | 1u << METER_ENERGY;
}

bool sim_readings_day(MeterDay *out, MeterDay *total, ReadingsArea *area, int day, int step_min, Arena *arena, Error *error) {
  int slots = METER_DAY_MINUTES / step_min;
  size_t count = area->meter_count ? area->meter_count : 1;
  Work work = {ARENA_ARRAY(arena, Draw, count * (size_t)slots), ARENA_ARRAY(arena, double, area->node_count *PHASES),
               ARENA_ARRAY(arena, double, area->node_count *PHASES)};
  if (!work.draw || !work.current || !work.volts) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  if (!meter_day_take(total, arena, step_min, channels_of(7) | METER_POWERS, error)) return false;
  for (uint32_t m = 0; m < area->meter_count; m++) {
    Habit habit = habit_of(&area->meters[m]);
    draw_day(work.draw + m * (uint32_t)slots, &area->meters[m], &habit, area->demand, day, slots);
    if (!meter_day_take(&out[m], arena, step_min, channels_of(area->meters[m].phases), error)) return false;
  }
  Random random;
  double wander = 0, hours = step_min / 60.0;
  random_fork(&random, area->seed, 500 + (uint64_t)day);
  for (int i = 0; i < slots; i++) {
    wander = 0.93 * wander + 0.45 * random_normal(&random);
    add_currents(area, &work, i, slots);
    sweep_volts(area, &work, &random, wander);
    put_total(total, area, &work, i, slots);
    for (uint32_t m = 0; m < area->meter_count; m++) {
      ReadingsMeter *meter = &area->meters[m];
      const Draw *draw = &work.draw[m * (uint32_t)slots + (uint32_t)i];
      put_slot(&out[m], meter, draw, work.volts + meter->node * PHASES, &random, i);
      meter->energy_kwh += draw->mean_w * hours / 1000;
      area->energy_kwh += draw->mean_w * hours / 1000 * 1.03;
    }
  }
  return true;
}
