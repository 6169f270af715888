#include "crew/rounds.h"

#include <stdio.h>

#include "crew/plan_internal.h"

static void free_round(PatrolRound *round) { memory_free(round->device); }

void rounds_clear(Plan *plan) {
  for (size_t i = 0; i < plan->rounds.count; i++) free_round(&plan->rounds.at[i]);
  vector_clear(&plan->rounds);
}

size_t round_count(const Crews *crews) { return crews->plan->rounds.count; }
const PatrolRound *round_at(const Crews *crews, size_t i) { return &crews->plan->rounds.at[i]; }

const PatrolRound *round_find(const Crews *crews, int64_t id) {
  for (size_t i = 0; i < crews->plan->rounds.count; i++)
    if (crews->plan->rounds.at[i].id == id) return &crews->plan->rounds.at[i];
  return NULL;
}

bool rounds_reload(Db *db, Crews *crews, Error *error) { return round_rows(db, crews, error); }

/* --- visits --- */

static bool make_day(DeskContext *context, Crews *crews, const PatrolRound *round, int32_t day, Error *error) {
  Instant midnight = roster_midnight(day);
  for (int w = 0; w < round->window_count; w++) {
    Instant from = midnight + round->window[w].from * SPAN_MINUTE, until = midnight + round->window[w].until * SPAN_MINUTE;
    for (int i = 0; until > context->now && i < round->device_count; i++) {
      PlanTask *task = plan_task_new(crews, desk_new_id(context), PLAN_PATROL, round->device[i], error);
      if (!task) return false;
      task->round = round->id;
      task->from = from, task->until = until;
      task->service = round->minutes * SPAN_MINUTE;
      task->skills = 0;
    }
  }
  plan_touch(crews);
  return true;
}

/* Today's visits and tomorrow's: so that tonight's plan knows the morning. */
bool rounds_tick(DeskContext *context, Crews *crews, Error *error) {
  int32_t today = roster_day(context->now), tomorrow = roster_day(context->now + SPAN_DAY);
  for (size_t r = 0; r < crews->plan->rounds.count; r++) {
    PatrolRound *round = &crews->plan->rounds.at[r];
    const int32_t days[] = {today, tomorrow};
    for (int d = 0; d < 2; d++) {
      if (days[d] <= round->planned_day || days[d] < round->from_day || days[d] > round->until_day) continue;
      if (!make_day(context, crews, round, days[d], error)) return false;
      round->planned_day = days[d];
      if (!round_row_save(context->db, crews, round, false, INSTANT_NONE, error)) return false;
    }
  }
  return true;
}

static bool drop_visits(DeskContext *context, Crews *crews, int64_t round, Error *error) {
  for (size_t i = 0; i < crews->plan->tasks.count; i++) {
    PlanTask *task = crews->plan->tasks.at[i];
    if (task->round != round || task->state != PLAN_PLANNED) continue;
    if (!plan_task_end(context, crews, task, PLAN_CANCELLED, error)) return false;
    i--;
  }
  return true;
}

/* --- use cases --- */

static bool sound(const PatrolRound *round, Error *error) {
  if (!round->name[0]) return error_raise(error, ERROR_FIELD_MISSING, "%s", "name");
  if (roster_day(roster_midnight(round->from_day)) != round->from_day) return error_raise(error, ERROR_FIELD_INVALID, "from_day\t%d\tYYYYMMDD", round->from_day);
  if (roster_day(roster_midnight(round->until_day)) != round->until_day || round->until_day < round->from_day)
    return error_raise(error, ERROR_FIELD_INVALID, "until_day\t%d\tYYYYMMDD, ≥ from_day", round->until_day);
  if (round->window_count < 1 || round->window_count > ROUND_WINDOWS_MAX) return error_raise(error, ERROR_LIMIT, "windows\t1…%d", ROUND_WINDOWS_MAX);
  for (int i = 0; i < round->window_count; i++)
    if (round->window[i].from < 0 || round->window[i].until > 1440 || round->window[i].until <= round->window[i].from ||
        (i && round->window[i].from < round->window[i - 1].until))
      return error_raise(error, ERROR_FIELD_INVALID, "windows\t%d\trising, apart", i + 1);
  if (round->minutes < 1 || round->minutes > 480) return error_raise(error, ERROR_FIELD_INVALID, "minutes\t%d\t1…480", round->minutes);
  if (round->device_count < 1 || round->device_count > ROUND_PLACES_MAX) return error_raise(error, ERROR_LIMIT, "places\t1…%d", ROUND_PLACES_MAX);
  return true;
}

bool round_save(DeskContext *context, Crews *crews, const PatrolRound *round, int64_t *id, Error *error) {
  if (!sound(round, error)) return false;
  PatrolRound *was = (PatrolRound *)(uintptr_t)round_find(crews, round->id), next = *round;
  if (round->id && !was) return error_raise(error, ERROR_NOT_FOUND, "round\t%lld", (long long)round->id);
  if (was && round->version != was->version) return error_raise(error, ERROR_CONFLICT, "round %s\t%d", was->name, was->version);
  next.id = was ? was->id : desk_new_id(context);
  next.version = was ? was->version + 1 : 1;
  next.planned_day = 0;
  next.device = memory_new((size_t)round->device_count * sizeof *next.device);
  if (!next.device) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "round");
  memcpy(next.device, round->device, (size_t)round->device_count * sizeof *next.device);
  if (was && !drop_visits(context, crews, was->id, error)) return free_round(&next), desk_spoil(context);
  if (!round_row_save(context->db, crews, &next, true, INSTANT_NONE, error)) return free_round(&next), desk_spoil(context);
  if (was) free_round(was), *was = next;
  else if (!vector_push(&crews->plan->rounds, next)) return free_round(&next), error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "round") || desk_spoil(context);
  *id = next.id;
  return (rounds_tick(context, crews, error) && plan_now(context, crews, NULL, 0, error)) || desk_spoil(context);
}

bool round_end(DeskContext *context, Crews *crews, int64_t id, int32_t version, Error *error) {
  PatrolRound *round = (PatrolRound *)(uintptr_t)round_find(crews, id);
  if (!round) return error_raise(error, ERROR_NOT_FOUND, "round\t%lld", (long long)id);
  if (version && version != round->version) return error_raise(error, ERROR_CONFLICT, "round %s\t%d", round->name, round->version);
  round->version++;
  if (!drop_visits(context, crews, id, error) || !round_row_save(context->db, crews, round, false, context->now, error)) return desk_spoil(context);
  free_round(round);
  size_t at = (size_t)(round - crews->plan->rounds.at);
  memmove(round, round + 1, (--crews->plan->rounds.count - at) * sizeof *round);
  return plan_now(context, crews, NULL, 0, error) || desk_spoil(context);
}

/* --- rows --- */

static void windows_text(const PatrolRound *round, char out[80]) {
  out[0] = 0;
  for (int i = 0; i < round->window_count; i++)
    snprintf(out + strlen(out), 80 - strlen(out), "%s%02d:%02d-%02d:%02d", i ? ";" : "", round->window[i].from / 60, round->window[i].from % 60,
             round->window[i].until / 60, round->window[i].until % 60);
}

bool round_row_save(Db *db, const Crews *crews, const PatrolRound *round, bool places, Instant retired_at, Error *error) {
  DbStatement *s;
  char windows[80];
  windows_text(round, windows);
  if (!db_prepare(&s, db,
                  "INSERT INTO patrol_round (county_id, id, name, reason, from_day, until_day, windows, minutes, planned_day, retired_at, version)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (county_id, id) DO UPDATE SET name = excluded.name, reason = excluded.reason,"
                  " from_day = excluded.from_day, until_day = excluded.until_day, windows = excluded.windows, minutes = excluded.minutes,"
                  " planned_day = excluded.planned_day, retired_at = excluded.retired_at, version = excluded.version",
                  error))
    return false;
  db_bind_i64(s, 1, crews->county_id);
  db_bind_i64(s, 2, round->id);
  db_bind_text(s, 3, text_of(round->name));
  db_bind_text(s, 4, text_of(round->reason));
  db_bind_i64(s, 5, round->from_day);
  db_bind_i64(s, 6, round->until_day);
  db_bind_text(s, 7, text_of(windows));
  db_bind_i64(s, 8, round->minutes);
  db_bind_i64(s, 9, round->planned_day);
  db_bind_instant(s, 10, retired_at);
  db_bind_i64(s, 11, round->version);
  if (!db_done(s, error)) return false;
  if (!places) return true;
  if (!db_prepare(&s, db, "DELETE FROM patrol_place WHERE county_id = ?1 AND round_id = ?2", error)) return false;
  db_bind_i64(s, 1, crews->county_id);
  db_bind_i64(s, 2, round->id);
  if (!db_done(s, error)) return false;
  for (int i = 0; i < round->device_count; i++) {
    if (!db_prepare(&s, db, "INSERT INTO patrol_place (county_id, round_id, device_id) VALUES (?1, ?2, ?3) ON CONFLICT (county_id, round_id, device_id) DO NOTHING",
                    error))
      return false;
    db_bind_i64(s, 1, crews->county_id);
    db_bind_i64(s, 2, round->id);
    db_bind_i64(s, 3, grid_device(crews->grid, round->device[i])->id.value);
    if (!db_done(s, error)) return false;
  }
  return true;
}

static bool read_round(DbStatement *s, PatrolRound *round) {
  Text windows = db_column_text(s, 5), part;
  *round = (PatrolRound){.id = db_column_i64(s, 0), .from_day = (int32_t)db_column_i64(s, 3), .until_day = (int32_t)db_column_i64(s, 4),
                         .minutes = (int)db_column_i64(s, 6), .planned_day = (int32_t)db_column_i64(s, 7), .version = (int32_t)db_column_i64(s, 8)};
  snprintf(round->name, sizeof round->name, "%.*s", TEXT_ARG(db_column_text(s, 1)));
  snprintf(round->reason, sizeof round->reason, "%.*s", TEXT_ARG(db_column_text(s, 2)));
  windows = db_column_text(s, 5);
  while (round->window_count < ROUND_WINDOWS_MAX && text_next(&windows, ';', &part)) {
    char text[16];
    int a, b, c, d;
    snprintf(text, sizeof text, "%.*s", (int)(part.len < 15 ? part.len : 15), part.at);
    if (sscanf(text, "%2d:%2d-%2d:%2d", &a, &b, &c, &d) == 4) round->window[round->window_count++] = (RoundWindow){a * 60 + b, c * 60 + d};
  }
  round->device = memory_new(ROUND_PLACES_MAX * sizeof *round->device);
  return round->device != NULL;
}

bool round_rows(Db *db, Crews *crews, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT id, name, reason, from_day, until_day, windows, minutes, planned_day, version FROM patrol_round WHERE county_id = ?1 AND retired_at IS NULL"
                  " ORDER BY id",
                  error))
    return false;
  db_bind_i64(s, 1, crews->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    PatrolRound round;
    if (read_round(s, &round) && vector_push(&crews->plan->rounds, round)) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rounds");
  }
  for (size_t r = 0; r < crews->plan->rounds.count; r++) {
    PatrolRound *round = &crews->plan->rounds.at[r];
    if (!db_prepare(&s, db, "SELECT device_id FROM patrol_place WHERE county_id = ?1 AND round_id = ?2 ORDER BY device_id", error)) return false;
    db_bind_i64(s, 1, crews->county_id);
    db_bind_i64(s, 2, round->id);
    for (bool row = true; row;) {
      if (!db_step(&row, s, error)) return false;
      uint32_t device;
      if (row && round->device_count < ROUND_PLACES_MAX && grid_index_of(crews->grid, (DeviceId){db_column_i64(s, 0)}, &device))
        round->device[round->device_count++] = device;
    }
    desk_saw_id(crews->desk, round->id);
  }
  return true;
}
