/* Readings come in: whose are they, what cannot be, keep the rest, count it. */
#include <math.h>
#include <sodium.h>
#include <stdio.h>

#include "meter/meter_internal.h"

/* --- rosters --- */

void meter_roster_free(Roster *roster) {
  if (!roster) return;
  arena_end(&roster->arena);
  memory_free(roster);
}

static uint64_t roster_hash(const ReadingMessage *message) {
  uint64_t hash = text_hash(message->area);
  for (uint32_t m = 0; m < message->meters; m++) hash = (hash ^ text_hash(message->meter[m])) * 0x9E3779B97F4A7C15u;
  return hash & INT64_MAX;
}

static bool roster_is(const Roster *roster, const ReadingMessage *message) {
  if (roster->meters != message->meters || !text_equal(roster->area, message->area)) return false;
  for (uint32_t m = 0; m < message->meters; m++)
    if (!text_equal(roster->name[m], message->meter[m])) return false;
  return true;
}

typedef struct Found {
  MeterPlace place;
  AsideReason reason;
} Found;

static AsideReason look_up(const Meters *meters, const ReadingMessage *message, uint32_t m, MeterPlace *place) {
  size_t row;
  uint32_t device;
  Text number = message->meter[m];
  if (!number.len) return ASIDE_FORM; /* told already by whoever read the message */
  if (!meter_find(meters, number, place)) return ASIDE_UNKNOWN_METER;
  if (!message->area.len) return ASIDE_NONE;
  if (!grid_index_of_code(meters->grid, message->area, &device) || !meter_area_of_device(meters, device, &row)) return ASIDE_OTHER_AREA;
  return row == place->area ? ASIDE_NONE : ASIDE_OTHER_AREA;
}

static int64_t digest_of(const void *bytes, size_t len, int64_t with) {
  unsigned char out[16];
  int64_t value;
  crypto_generichash_state state;
  crypto_generichash_init(&state, NULL, 0, sizeof out);
  crypto_generichash_update(&state, (const unsigned char *)&with, sizeof with);
  crypto_generichash_update(&state, bytes, len);
  crypto_generichash_final(&state, out, sizeof out);
  memcpy(&value, out, sizeof value);
  return value & INT64_MAX;
}

static bool make_part(DeskContext *context, const Meters *meters, Roster *roster, const Found *found, uint32_t area, Error *error) {
  RosterPart *part = &roster->part[roster->parts++];
  part->area = area;
  part->row = ARENA_ARRAY(&roster->arena, uint32_t, roster->meters);
  part->position = ARENA_ARRAY(&roster->arena, uint32_t, roster->meters);
  int64_t *keys = ARENA_ARRAY(&roster->arena, int64_t, roster->meters);
  if (!part->row || !part->position || !keys) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roster");
  for (uint32_t m = 0; m < roster->meters; m++) {
    if (found[m].reason != ASIDE_NONE || found[m].place.area != area) continue;
    part->row[part->count] = m;
    part->position[part->count] = found[m].place.position;
    keys[part->count++] = meter_key(meters, found[m].place);
  }
  part->id = digest_of(keys, part->count * sizeof *keys, 0);
  return roster_add(context->db, meters->county_id, part->id, keys, part->count, error);
}

static bool fill_roster(DeskContext *context, const Meters *meters, Roster *roster, const ReadingMessage *message, Error *error) {
  Arena *arena = &roster->arena;
  size_t parts = 0;
  Found *found = ARENA_ARRAY(context->arena, Found, message->meters);
  roster->meters = message->meters;
  roster->area = text_copy(arena, message->area);
  roster->name = ARENA_ARRAY(arena, Text, message->meters);
  roster->part = ARENA_ARRAY(arena, RosterPart, message->meters);
  roster->aside = arena_take_array(arena, message->meters, sizeof *roster->aside);
  if (!found || !roster->area.at || !roster->name || !roster->part || !roster->aside)
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roster");
  for (uint32_t m = 0; m < message->meters; m++) {
    roster->name[m] = text_copy(arena, message->meter[m]);
    if (!roster->name[m].at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roster");
    found[m].reason = look_up(meters, message, m, &found[m].place);
    if (found[m].reason == ASIDE_NONE) continue;
    roster->aside[roster->asides].row = m;
    roster->aside[roster->asides++].reason = found[m].reason;
  }
  for (uint32_t m = 0; m < message->meters; m++) {
    bool seen = found[m].reason != ASIDE_NONE;
    for (size_t p = 0; p < roster->parts && !seen; p++) seen = roster->part[p].area == found[m].place.area;
    if (seen) continue;
    if (++parts > message->meters || !make_part(context, meters, roster, found, found[m].place.area, error)) return false;
  }
  return true;
}

void meter_forget_rosters(Meters *meters) {
  size_t at = 0;
  int64_t key, value;
  while (map_next(&meters->rosters, &at, &key, &value)) meter_roster_free((Roster *)(intptr_t)value);
  map_free(&meters->rosters);
}

/* The row of a new roster stands in the transaction of the batch that needs it first: whoever undoes that forgets the rosters in memory
 * too. */
static bool find_roster(Roster **out, DeskContext *context, Meters *meters, const ReadingMessage *message, Error *error) {
  uint64_t hash = roster_hash(message);
  int64_t found;
  if (map_get(&meters->rosters, (int64_t)hash, &found)) {
    *out = (Roster *)(intptr_t)found;
    if (roster_is(*out, message)) return true;
    meter_roster_free(*out); /* another list of the same hash */
    map_remove(&meters->rosters, (int64_t)hash);
  }
  if (meters->rosters.count >= ROSTERS_MOST) meter_forget_rosters(meters);
  Roster *roster = memory_new(sizeof *roster);
  if (!roster) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roster");
  arena_begin(&roster->arena, 0);
  roster->hash = hash;
  bool ok = fill_roster(context, meters, roster, message, error);
  ok = ok &&
       (map_put(&meters->rosters, (int64_t)hash, (int64_t)(intptr_t)roster) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roster"));
  if (!ok) meter_roster_free(roster), meter_forget_rosters(meters);
  *out = roster;
  return ok;
}

/* --- counting --- */

typedef struct Counting {
  DeskContext *context; /* NULL: nothing is raised */
  Meters *meters;
  const RosterPart *part;
  const ReadingMessage *message;
  double worst[WATCH_OF_METERS];
  Instant since[WATCH_OF_METERS];
} Counting;

static inline int32_t value_at(const ReadingMessage *message, int channel, size_t cell) {
  return message->value[channel] ? message->value[channel][cell] : METER_NONE;
}

static inline void voltages_at(const ReadingMessage *message, size_t cell, int32_t *low, int32_t *high) {
  *low = INT32_MAX;
  *high = METER_NONE;
  for (int c = METER_VOLTAGE_A; c <= METER_VOLTAGE_C; c++) {
    int32_t v = value_at(message, c, cell);
    if (v == METER_NONE || v > JUDGE_VOLTS_MOST_DV) continue;
    if (v < *low) *low = v;
    if (v > *high) *high = v;
  }
  if (*low == INT32_MAX) *low = METER_NONE;
}

static void break_runs(WatchRun *runs, int count) {
  for (int k = 0; k < count; k++) runs[k].bad_min = runs[k].fine_min = 0;
}

static void count_meter(Counting *counting, uint32_t row, uint32_t position) {
  const ReadingMessage *message = counting->message;
  const WatchRules *rules = &counting->meters->rules;
  MeterCount *count = &counting->meters->counts[position];
  AreaCount *area = &counting->meters->area_counts[counting->part->area];
  uint32_t step = (uint32_t)message->step_min, minute = (uint32_t)(message->first / SPAN_MINUTE);
  for (int i = 0; i < message->moments; i++, minute += step) {
    int32_t volts[WATCH_OF_METERS];
    if (minute <= count->last_min) continue;
    voltages_at(message, (size_t)row * (size_t)message->moments + (size_t)i, &volts[0], &volts[1]);
    if (count->last_min && minute > count->last_min + step) break_runs(count->run, WATCH_OF_METERS);
    if (!count->last_min) area->shallow++;
    count->last_min = minute;
    for (WatchKind k = 0; k < WATCH_OF_METERS; k++) {
      WatchSeen seen = watch_voltage(rules, k, volts[0], volts[1]);
      WatchTurn turn = watch_run(&count->run[k], &rules->rule[k], seen, message->step_min);
      if (turn == WATCH_CURED) area->open[k]--;
      if (!count->run[k].open || seen != WATCH_BAD) continue;
      double at = volts[k] * 0.1;
      Instant since = ((Instant)minute + (Instant)step - count->run[k].bad_min) * SPAN_MINUTE;
      if (turn == WATCH_RAISED) area->open[k]++;
      if (isnan(counting->worst[k]) || (k == WATCH_LOW_VOLTAGE ? at < counting->worst[k] : at > counting->worst[k]))
        counting->worst[k] = at;
      if (turn == WATCH_RAISED && since < counting->since[k]) counting->since[k] = since;
    }
  }
}

/* The area's load at a moment: from its own meter, else from its customers when nearly all of them stand in the message. */
static WatchLoad load_at(const Counting *counting, uint32_t total_row, int i) {
  const ReadingMessage *message = counting->message;
  const RosterPart *part = counting->part;
  const MeterArea *area = &counting->meters->areas[part->area];
  WatchLoad load = {NAN, {NAN, NAN, NAN}};
  double va = 0, power = 0;
  int phases = 0;
  size_t moments = (size_t)message->moments;
  if (total_row != UINT32_MAX) {
    size_t cell = total_row * moments + (size_t)i;
    for (int x = 0; x < 3; x++) {
      int32_t u = value_at(message, METER_VOLTAGE_A + x, cell), a = value_at(message, METER_CURRENT_A + x, cell);
      if (u == METER_NONE || a == METER_NONE || u > JUDGE_VOLTS_MOST_DV) continue;
      va += u * 0.1 * (load.amps[x] = a * 0.001);
      phases++;
    }
    int32_t p = value_at(message, METER_POWER, cell);
    if (phases)
      load.kva = va / 1000;
    else if (p != METER_NONE)
      load.kva = p * 0.0001 / 0.95;
    return load;
  }
  uint32_t spoke = 0;
  for (uint32_t m = 0; m < part->count; m++) {
    int32_t p = value_at(message, METER_POWER, part->row[m] * moments + (size_t)i);
    if (p != METER_NONE) power += p * 0.0001, spoke++;
  }
  if (spoke * 10 >= (area->to - area->from) * 9 && spoke) load.kva = power / 0.95;
  return load;
}

static WatchSeen dead_at(const Counting *counting, int i, int32_t *lowest) {
  const ReadingMessage *message = counting->message;
  bool alive = false, dead = false;
  *lowest = METER_NONE;
  for (uint32_t m = 0; m < counting->part->count; m++) {
    int32_t low, high;
    voltages_at(message, counting->part->row[m] * (size_t)message->moments + (size_t)i, &low, &high);
    if (high == METER_NONE) continue;
    if (high < counting->meters->rules.dead_dv) {
      dead = true;
      continue;
    }
    alive = true;
    if (low >= counting->meters->rules.dead_dv && (*lowest == METER_NONE || low < *lowest)) *lowest = low;
  }
  return alive ? WATCH_FINE : dead ? WATCH_BAD : WATCH_UNKNOWN;
}

static bool turn_area(Counting *counting, WatchKind kind, WatchSeen seen, double share, uint32_t minute, Error *error) {
  Meters *meters = counting->meters;
  AreaCount *count = &meters->area_counts[counting->part->area];
  WatchTurn turn = watch_run(&count->run[kind], &meters->rules.rule[kind], seen, counting->message->step_min);
  if (!counting->context || turn == WATCH_STAYS) return true;
  if (turn == WATCH_CURED) return meter_cure(counting->context, meters, counting->part->area, kind, error);
  Instant since = ((Instant)minute + counting->message->step_min - count->run[kind].bad_min) * SPAN_MINUTE;
  return meter_raise(counting->context, meters, counting->part->area, kind, since, isnan(share) ? 0 : share, error);
}

static bool count_area(Counting *counting, Error *error) {
  static const WatchKind LOADS[] = {WATCH_HEAVY_LOAD, WATCH_OVERLOAD, WATCH_IMBALANCE};
  const ReadingMessage *message = counting->message;
  Meters *meters = counting->meters;
  const RosterPart *part = counting->part;
  MeterArea *area = &meters->areas[part->area];
  AreaCount *count = &meters->area_counts[part->area];
  uint32_t step = (uint32_t)message->step_min, minute = (uint32_t)(message->first / SPAN_MINUTE), total_row = UINT32_MAX;
  for (uint32_t m = 0; m < part->count; m++)
    if (part->position[m] == METER_TOTAL) total_row = part->row[m];
  if (total_row != UINT32_MAX) count->has_total = true;
  for (int i = 0; i < message->moments; i++, minute += step) {
    int32_t lowest;
    WatchSeen dead = dead_at(counting, i, &lowest);
    if (minute < count->last_min || (minute == count->last_min && total_row == UINT32_MAX)) continue;
    bool again = minute == count->last_min; /* the other half of the same moment */
    if (count->last_min && minute > count->last_min + step) break_runs(count->run, WATCH_KINDS);
    count->last_min = minute;
    area->last_at = (Instant)minute * SPAN_MINUTE;
    if (lowest != METER_NONE && (!again || count->lowest_dv == METER_NONE || lowest < count->lowest_dv)) count->lowest_dv = lowest;
    if (!again && !turn_area(counting, WATCH_DEAD_AREA, dead, NAN, minute, error)) return false;
    if (total_row == UINT32_MAX && count->has_total) continue;
    WatchLoad load = load_at(counting, total_row, i);
    count->load = area->rated_kva > 0 ? (float)(load.kva / (double)area->rated_kva) : NAN;
    for (int k = 0; k < 3; k++) {
      double share;
      WatchSeen seen = watch_load(&meters->rules, LOADS[k], (double)area->rated_kva, &load, &share);
      if (!turn_area(counting, LOADS[k], seen, share, minute, error)) return false;
    }
  }
  if (!counting->context || !meter_alarm_of(meters, part->area, WATCH_SILENT)) return true;
  if (counting->context->now - area->last_at >= meters->rules.rule[WATCH_SILENT].minutes * SPAN_MINUTE) return true; /* old ones only */
  return meter_cure(counting->context, meters, part->area, WATCH_SILENT, error);
}

bool meter_count_part(DeskContext *context, Meters *meters, const RosterPart *part, const ReadingMessage *message, Error *error) {
  Counting counting = {context, meters, part, message, {NAN, NAN}, {INT64_MAX, INT64_MAX}};
  for (uint32_t m = 0; m < part->count; m++)
    if (part->position[m] != METER_TOTAL) count_meter(&counting, part->row[m], part->position[m]);
  if (!count_area(&counting, error)) return false;
  for (WatchKind k = 0; context && k < WATCH_OF_METERS; k++) {
    MeterAlarm *alarm = meter_alarm_of(meters, part->area, k);
    uint32_t open = meters->area_counts[part->area].open[k];
    Instant since = counting.since[k] == INT64_MAX ? context->now : counting.since[k];
    if (open && (!alarm || alarm->meters < open || !isnan(counting.worst[k]))) {
      if (!meter_raise(context, meters, part->area, k, since, counting.worst[k], error)) return false;
    } else if (!open && alarm && !meter_cure(context, meters, part->area, k, error)) {
      return false;
    }
  }
  return true;
}

/* --- taking --- */

static Instant last_moment(const ReadingMessage *message) {
  return message->first + (Instant)(message->moments - 1) * message->step_min * SPAN_MINUTE;
}

static AsideReason whole_reason(const ReadingMessage *message, Instant now, char detail[120]) {
  Instant last = last_moment(message), off = message->clock == INSTANT_NONE ? 0 : message->clock - now;
  detail[0] = '\0';
  if (off > CLOCK_TOLERANCE || off < -CLOCK_TOLERANCE) {
    snprintf(detail, 120, "its clock is off by %lld minutes", (long long)(off / SPAN_MINUTE));
    return ASIDE_CLOCK;
  }
  if (last > now + CLOCK_TOLERANCE) {
    snprintf(detail, 120, "%lld minutes in the future", (long long)((last - now) / SPAN_MINUTE));
    return ASIDE_CLOCK;
  }
  return last < now - OLDEST_READING ? ASIDE_TOO_OLD : ASIDE_NONE;
}

static int64_t area_id_of_code(const Meters *meters, Text code) {
  uint32_t device;
  size_t row;
  return code.len && grid_index_of_code(meters->grid, code, &device) && meter_area_of_device(meters, device, &row) ? area_id(meters, row)
                                                                                                                   : 0;
}

static bool keep_part(DeskContext *context, Meters *meters, const RosterPart *part, MeterTake *take, Error *error) {
  const ReadingMessage *message = take->message;
  bool *keep = NULL, fresh;
  if (part->count < message->meters) {
    keep = ARENA_ARRAY(context->arena, bool, message->meters);
    if (!keep) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
    for (uint32_t m = 0; m < part->count; m++) keep[part->row[m]] = true;
  }
  buffer_clear(&meters->payload);
  columns_write(&meters->payload, message, keep);
  if (meters->payload.failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  BatchRow row = {.id = desk_new_id(context),
                  .roster_id = part->id,
                  .first = message->first,
                  .arrived = context->now,
                  .step_min = message->step_min,
                  .moments = message->moments,
                  .payload = buffer_as_text(&meters->payload)};
  int64_t digest = digest_of(row.payload.at, row.payload.len, part->id ^ message->first ^ (int64_t)message->step_min << 50);
  if (!batch_add(&fresh, context->db, meters->county_id, meter_day_of(message->first), area_id(meters, part->area), digest, &row,
                 last_moment(message), error))
    return false;
  int64_t readings = (int64_t)part->count * message->moments;
  if (!fresh) {
    take->known += readings;
    return true;
  }
  take->readings += readings;
  return meter_count_part(context, meters, part, message, error);
}

/* Moments of a meter that say anything. */
static int64_t said(const ReadingMessage *message, uint32_t meter) {
  int64_t count = 0;
  for (int i = 0; i < message->moments; i++) {
    bool any = false;
    for (int c = 0; c < METER_CHANNELS; c++)
      any = any || (message->value[c] && message->value[c][(size_t)meter * (size_t)message->moments + (size_t)i] != METER_NONE);
    count += any;
  }
  return count;
}

static void refuse(MeterTake *take, uint32_t meter, AsideReason reason, const char *detail) {
  const ReadingMessage *message = take->message;
  take->aside += said(message, meter);
  if (take->refused) reading_problem(take->refused, message->line ? message->line[meter] : (int64_t)meter + 1, reason, message->meter[meter], detail);
}

bool meter_take(DeskContext *context, Meters *meters, MeterTake *take, Error *error) {
  const ReadingMessage *message = take->message;
  char detail[120];
  Roster *roster = NULL;
  int today = meter_day_of(context->now);
  AsideReason reason = whole_reason(message, context->now, detail);
  take->readings = take->known = take->aside = 0;
  if (reason != ASIDE_NONE) {
    for (uint32_t m = 0; m < message->meters; m++) refuse(take, m, reason, detail);
    Text subject = message->area.len ? message->area : message->meter[0];
    return aside_add(context->db, meters->county_id, today, reason, subject, take->source, context->now, take->aside, text_of(detail),
                     area_id_of_code(meters, message->area), error);
  }
  if (!find_roster(&roster, context, meters, message, error)) return false;
  for (size_t i = 0; i < roster->asides; i++) {
    Text number = roster->name[roster->aside[i].row];
    if (!number.len) continue;
    int64_t before = take->aside;
    refuse(take, roster->aside[i].row, roster->aside[i].reason, "");
    if (!aside_add(context->db, meters->county_id, today, roster->aside[i].reason, number, take->source, context->now, take->aside - before,
                   message->area, area_id_of_code(meters, message->area), error))
      return desk_spoil(context);
  }
  for (size_t p = 0; p < roster->parts; p++)
    if (!keep_part(context, meters, &roster->part[p], take, error))
      return desk_spoil(context); /* counts have been changed: all is read again */
  return true;
}

bool meter_put_aside(DeskContext *context, Meters *meters, const ReadingProblems *problems, Text source, Error *error) {
  int today = meter_day_of(context->now);
  for (size_t i = 0; i < problems->listed; i++) {
    const ReadingProblem *p = &problems->at[i];
    MeterPlace place;
    int64_t area = p->meter[0] && meter_find(meters, text_of(p->meter), &place) ? area_id(meters, place.area) : 0;
    if (!aside_add(context->db, meters->county_id, today, p->reason, text_of(p->meter), source, context->now, 1, text_of(p->detail), area,
                   error))
      return false;
  }
  int64_t more = (int64_t)(problems->count - problems->listed);
  return more <= 0 || aside_add(context->db, meters->county_id, today, ASIDE_FORM, TEXT(""), source, context->now, more,
                                TEXT("more lines than are listed"), 0, error);
}

/* --- power events --- */

bool meter_take_power(DeskContext *context, Meters *meters, const PowerMessage *message, int64_t *aside, Error *error) {
  Map done = {0};
  bool ok = true;
  *aside = 0;
  for (size_t i = 0; ok && i < message->count; i++) {
    MeterPlace place, other;
    int64_t was;
    if (!meter_find(meters, message->item[i].meter, &place)) {
      ++*aside;
      ok = aside_add(context->db, meters->county_id, meter_day_of(context->now), ASIDE_UNKNOWN_METER, message->item[i].meter, TEXT("power"),
                     context->now, 1, text_of(power_kind_name(message->item[i].kind)), 0, error);
      continue;
    }
    if (map_get(&done, place.area, &was)) continue;
    Buffer buffer;
    Json json;
    buffer_begin(&buffer, 0);
    json_begin(&json, &buffer);
    json_open_object(&json);
    json_key(&json, "items");
    json_open_array(&json);
    for (size_t j = i; j < message->count; j++) {
      const PowerItem *item = &message->item[j];
      Customer customer = {0};
      if (!meter_find(meters, item->meter, &other) || other.area != place.area) continue;
      if (other.position != METER_TOTAL) people_customer(meters->people, other.position, &customer);
      uint32_t device = other.position != METER_TOTAL ? customer.device : meters->areas[place.area].device;
      json_open_object(&json);
      json_put_string(&json, "kind", power_kind_name(item->kind));
      json_put_text(&json, "meter", item->meter);
      json_put_id(&json, "customer_id", customer.id.value);
      json_put_id(&json, "device_id", grid_device(meters->grid, device)->id.value);
      json_put_instant(&json, "at", item->at);
      json_close(&json);
    }
    json_close(&json);
    json_close(&json);
    ok = !buffer.failed && map_put(&done, place.area, 1);
    if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "events");
    ok = ok && desk_event(context, "meter.power", "area", area_id(meters, place.area), buffer_as_text(&buffer), error);
    buffer_end(&buffer);
  }
  map_free(&done);
  return ok;
}
