#include "meter/watch.h"

#include <assert.h>
#include <math.h>

static const char *const NAMES[WATCH_KINDS] = {"low_voltage", "high_voltage",  "heavy_load", "overload", "imbalance",
                                               "loss_high",   "loss_negative", "dead_area",  "silent"};

const char *watch_kind_name(WatchKind kind) { return NAMES[kind]; }

bool watch_kind_of_name(Text name, WatchKind *out) {
  for (WatchKind k = 0; k < WATCH_KINDS; k++)
    if (text_is(name, NAMES[k])) return *out = k, true;
  return false;
}

WatchTurn watch_run(WatchRun *run, const WatchRule *rule, WatchSeen seen, int minutes) {
  enum { MOST = 60000 };
  int bad = seen == WATCH_BAD ? run->bad_min + minutes : 0, fine = seen == WATCH_FINE ? run->fine_min + minutes : 0;
  run->bad_min = (uint16_t)(bad > MOST ? MOST : bad);
  run->fine_min = (uint16_t)(fine > MOST ? MOST : fine);
  if (!run->open && !rule->off && seen == WATCH_BAD && bad >= rule->minutes) return run->open = true, WATCH_RAISED;
  if (run->open && seen == WATCH_FINE && fine >= rule->cured) return run->open = false, WATCH_CURED;
  return WATCH_STAYS;
}

static double known(const int32_t *values, int slot, double unit) {
  return !values || values[slot] == METER_NONE ? NAN : values[slot] * unit;
}

WatchLoad watch_load_of(const MeterDay *total, int slot) {
  WatchLoad load = {.kva = NAN};
  double va = 0;
  int phases = 0;
  bool absurd = total->marks[slot] & METER_ABSURD;
  for (int x = 0; x < 3; x++) {
    double u = known(total->value[METER_VOLTAGE_A + x], slot, 0.1);
    load.amps[x] = absurd ? NAN : known(total->value[METER_CURRENT_A + x], slot, 0.001);
    if (isnan(u) || isnan(load.amps[x])) continue;
    va += u * load.amps[x];
    phases++;
  }
  if (phases && !absurd) load.kva = va / 1000;
  if (!phases && !absurd)
    load.kva = known(total->value[METER_POWER], slot, 0.0001) / 0.95; /* active power alone: at the usual power factor */
  return load;
}

WatchSeen watch_load(const WatchRules *rules, WatchKind kind, double rated_kva, const WatchLoad *load, double *share) {
  const WatchRule *rule = &rules->rule[kind];
  double part = load->kva / rated_kva;
  *share = NAN;
  if (!(rated_kva > 0) || isnan(load->kva)) return WATCH_UNKNOWN;
  if (kind == WATCH_HEAVY_LOAD) return *share = part, part >= rule->limit ? WATCH_BAD : WATCH_FINE;
  if (kind == WATCH_OVERLOAD) return *share = part, part > rule->limit ? WATCH_BAD : WATCH_FINE;
  assert(kind == WATCH_IMBALANCE);
  double most = fmax(load->amps[0], fmax(load->amps[1], load->amps[2])), least = fmin(load->amps[0], fmin(load->amps[1], load->amps[2]));
  if (isnan(load->amps[0]) || isnan(load->amps[1]) || isnan(load->amps[2])) return WATCH_UNKNOWN;
  *share = most > 0 ? (most - least) / most : 0;
  return part >= rule->load && *share > rule->limit ? WATCH_BAD : WATCH_FINE;
}

WatchSeen watch_voltage(const WatchRules *rules, WatchKind kind, int32_t lowest_dv, int32_t highest_dv) {
  if (kind == WATCH_LOW_VOLTAGE && lowest_dv != METER_NONE && lowest_dv < rules->dead_dv)
    return WATCH_UNKNOWN; /* none at all: an outage, not a low voltage */
  if (kind == WATCH_LOW_VOLTAGE) return lowest_dv == METER_NONE ? WATCH_UNKNOWN : lowest_dv < rules->low_dv ? WATCH_BAD : WATCH_FINE;
  assert(kind == WATCH_HIGH_VOLTAGE);
  return highest_dv == METER_NONE ? WATCH_UNKNOWN : highest_dv > rules->high_dv ? WATCH_BAD : WATCH_FINE;
}

WatchSeen watch_loss(const WatchRules *rules, WatchKind kind, int64_t supplied, int64_t used, double *share) {
  *share = NAN;
  if (supplied <= 0) return WATCH_UNKNOWN;
  *share = (double)(supplied - used) / (double)supplied;
  return (kind == WATCH_LOSS_HIGH ? *share > rules->rule[kind].limit : *share < rules->rule[kind].limit) ? WATCH_BAD : WATCH_FINE;
}

/* --- a whole day --- */

typedef struct Day {
  WatchFinding *of[WATCH_KINDS]; /* NULL: not found */
  WatchFinding found[WATCH_KINDS];
} Day;

static bool worse(WatchKind kind, double a, double b) {
  return kind == WATCH_LOW_VOLTAGE || kind == WATCH_LOSS_NEGATIVE || kind == WATCH_DEAD_AREA ? a < b : a > b;
}

/* Of one thing of the area: raised at this slot, for a beginning `bad_min` before. */
static void find(Day *day, WatchKind kind, int32_t meter, int slot, int slots_back, double worst, bool of_meter_first_time) {
  WatchFinding *f = day->of[kind];
  int from = slot - slots_back < 0 ? 0 : slot - slots_back;
  if (!f) {
    f = day->of[kind] = &day->found[kind];
    *f = (WatchFinding){.kind = kind, .worst_meter = meter, .first_slot = from, .worst = worst, .over = true};
  }
  if (of_meter_first_time) f->meters++;
  if (from < f->first_slot) f->first_slot = from;
  if (worse(kind, worst, f->worst)) f->worst = worst, f->worst_meter = meter;
}

/* Both voltage watches of one meter over its day. Most days nothing crosses a limit, and the extremes tell. */
static bool watch_meter_day(Day *day, const WatchRules *rules, Text block, int32_t meter, Error *error) {
  int32_t low[METER_SLOTS_MAX], high[METER_SLOTS_MAX], value[METER_SLOTS_MAX];
  MeterDay head;
  int slots = 0, got;
  if (!meter_block_head(&head, block, error)) return false;
  for (MeterChannel c = METER_VOLTAGE_A; c <= METER_VOLTAGE_C; c++) {
    if (!(head.channels >> c & 1)) continue;
    int32_t *into = slots ? value : low;
    if (!meter_block_voltage(into, &got, block, c, error)) return false;
    if (!slots) {
      memcpy(high, low, (size_t)got * sizeof *high);
      slots = got;
      continue;
    }
    for (int i = 0; i < slots; i++) {
      if (value[i] == METER_NONE) continue;
      if (low[i] == METER_NONE || value[i] < low[i]) low[i] = value[i];
      if (value[i] > high[i]) high[i] = value[i];
    }
  }
  int32_t least = INT32_MAX, most = METER_NONE;
  for (int i = 0; i < slots; i++) {
    int32_t l = low[i] == METER_NONE || low[i] < rules->dead_dv ? INT32_MAX : low[i];
    least = l < least ? l : least;
    most = high[i] > most ? high[i] : most;
  }
  for (WatchKind kind = WATCH_LOW_VOLTAGE; kind <= WATCH_HIGH_VOLTAGE; kind++) {
    if (kind == WATCH_LOW_VOLTAGE ? least >= rules->low_dv : most <= rules->high_dv) continue;
    WatchRun run = {0};
    bool first = true;
    double extreme = kind == WATCH_LOW_VOLTAGE ? least * 0.1 : most * 0.1;
    for (int i = 0; i < slots; i++) {
      WatchTurn turn = watch_run(&run, &rules->rule[kind], watch_voltage(rules, kind, low[i], high[i]), head.step_min);
      if (turn != WATCH_RAISED) continue;
      find(day, kind, meter, i, run.bad_min / head.step_min - 1, extreme, first);
      first = false;
    }
    if (run.open) day->of[kind]->over = false;
  }
  return true;
}

static bool watch_total_day(Day *day, const WatchRules *rules, const WatchAreaDay *in, Error *error) {
  static const WatchKind KINDS[] = {WATCH_HEAVY_LOAD, WATCH_OVERLOAD, WATCH_IMBALANCE};
  WatchRun run[3] = {{0}};
  Arena arena;
  MeterDay total;
  arena_begin(&arena, 0);
  bool ok = meter_block_decode_some(&total, in->total, METER_VOLTAGES | METER_CURRENTS | 1u << METER_POWER, &arena, error);
  double worst[3] = {0};
  for (int i = 0; ok && i < total.slots; i++) {
    WatchLoad load = watch_load_of(&total, i);
    for (int k = 0; k < 3; k++) {
      double share;
      WatchSeen seen = watch_load(rules, KINDS[k], in->rated_kva, &load, &share);
      WatchTurn turn = watch_run(&run[k], &rules->rule[KINDS[k]], seen, total.step_min);
      if (seen == WATCH_BAD && share > worst[k]) worst[k] = share;
      if (turn == WATCH_RAISED) find(day, KINDS[k], -1, i, run[k].bad_min / total.step_min - 1, share, false);
    }
  }
  for (int k = 0; ok && k < 3; k++) {
    if (day->of[KINDS[k]]) day->of[KINDS[k]]->worst = worst[k];
    if (run[k].open) day->of[KINDS[k]]->over = false;
  }
  arena_end(&arena);
  return ok;
}

/* Without voltage at all meters that say anything, moment by moment. */
static bool watch_dead_day(Day *day, const WatchRules *rules, const WatchAreaDay *in, Error *error) {
  uint8_t dead[METER_SLOTS_MAX] = {0}, alive[METER_SLOTS_MAX] = {0};
  int32_t value[METER_SLOTS_MAX], limit = rules->dead_dv;
  int slots = 0, got;
  WatchRun run = {0};
  for (size_t m = 0; m < in->count; m++) {
    MeterDay head;
    if (!in->blocks[m].len) continue;
    if (!meter_block_head(&head, in->blocks[m], error)) return false;
    if (slots && head.slots != slots) continue;
    for (MeterChannel c = METER_VOLTAGE_A; c <= METER_VOLTAGE_C; c++) {
      if (!(head.channels >> c & 1)) continue;
      if (!meter_block_voltage(value, &got, in->blocks[m], c, error)) return false;
      bool ever = false;
      for (int i = 0; i < got; i++) {
        bool is = value[i] != METER_NONE, none = is && value[i] < limit;
        dead[i] |= none, alive[i] |= (uint8_t)(is && !none);
        ever |= none;
      }
      slots = got;
      if (!ever) return true; /* a meter that always had voltage: the area was never dead */
    }
  }
  for (int i = 0; i < slots; i++) {
    WatchSeen seen = alive[i] ? WATCH_FINE : dead[i] ? WATCH_BAD : WATCH_UNKNOWN;
    if (watch_run(&run, &rules->rule[WATCH_DEAD_AREA], seen, METER_DAY_MINUTES / slots) == WATCH_RAISED)
      find(day, WATCH_DEAD_AREA, -1, i, run.bad_min / (METER_DAY_MINUTES / slots) - 1, 0, false);
  }
  if (run.open) day->of[WATCH_DEAD_AREA]->over = false;
  return true;
}

static void watch_loss_day(Day *day, const WatchRules *rules, const WatchAreaDay *in) {
  int64_t used = 0;
  double share;
  if (in->supplied == UINT32_MAX) return;
  for (size_t m = 0; m < in->count; m++) {
    if (in->used[m] == UINT32_MAX) return; /* one unknown: the difference says nothing */
    used += in->used[m];
  }
  for (WatchKind kind = WATCH_LOSS_HIGH; kind <= WATCH_LOSS_NEGATIVE; kind++) {
    if (rules->rule[kind].off || watch_loss(rules, kind, in->supplied, used, &share) != WATCH_BAD) continue;
    find(day, kind, -1, 0, 0, share, false);
    day->of[kind]->over = false;
  }
}

bool watch_area_day(WatchFinding out[WATCH_KINDS], size_t *count, const WatchRules *rules, const WatchAreaDay *in, Error *error) {
  Day day = {0};
  size_t silent = 0;
  *count = 0;
  for (size_t m = 0; m < in->count; m++) {
    if (!in->blocks[m].len)
      silent++;
    else if (!watch_meter_day(&day, rules, in->blocks[m], (int32_t)m, error))
      return false;
  }
  if (in->total.len && !watch_total_day(&day, rules, in, error)) return false;
  if (silent < in->count && !rules->rule[WATCH_DEAD_AREA].off && !watch_dead_day(&day, rules, in, error)) return false;
  watch_loss_day(&day, rules, in);
  if (in->count && silent == in->count && !in->total.len && !rules->rule[WATCH_SILENT].off) {
    find(&day, WATCH_SILENT, -1, 0, 0, 0, false);
    day.of[WATCH_SILENT]->over = false;
  }
  for (int k = 0; k < WATCH_KINDS; k++)
    if (day.of[k]) out[(*count)++] = *day.of[k];
  return true;
}
