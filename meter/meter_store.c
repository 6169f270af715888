/* The meter room's SQL. */
#include "meter/meter_internal.h"
#include "grid/part.h"

static void bind_known(DbStatement *s, int at, int64_t value, bool known) {
  if (known)
    db_bind_i64(s, at, value);
  else
    db_bind_null(s, at);
}

/* --- batches and rosters --- */

bool batch_add(bool *fresh, Db *db, int64_t county_id, int day, int64_t area, int64_t digest, const BatchRow *row, Instant until,
               Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO reading_batch (county_id, day, area_id, digest, id, roster_id, first_at, until_at, step_min, moments, "
                  "arrived_at, payload)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (county_id, day, area_id, digest) DO NOTHING",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, day), db_bind_i64(s, 3, area), db_bind_i64(s, 4, digest), db_bind_i64(s, 5, row->id);
  db_bind_i64(s, 6, row->roster_id), db_bind_i64(s, 7, row->first), db_bind_i64(s, 8, until), db_bind_i64(s, 9, row->step_min);
  db_bind_i64(s, 10, row->moments), db_bind_i64(s, 11, row->arrived), db_bind_blob(s, 12, row->payload.at, row->payload.len);
  if (!db_done(s, error)) return false;
  *fresh = db_changes(db) > 0;
  return true;
}

static bool column_copy(Text *out, DbStatement *s, int at, Arena *arena, Error *error) {
  Text bytes = db_column_blob(s, at);
  *out = text_copy(arena, bytes.at ? bytes : TEXT(""));
  return out->at ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
}

bool batch_rows(BatchRow **out, Db *db, int64_t county_id, int day, int64_t area, Arena *arena, Error *error) {
  DbStatement *s;
  *out = NULL;
  if (!db_prepare(&s, db,
                  "SELECT id, roster_id, first_at, step_min, moments, arrived_at, payload FROM reading_batch"
                  " WHERE county_id = ?1 AND day = ?2 AND area_id = ?3 ORDER BY id",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, day), db_bind_i64(s, 3, area);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    BatchRow *batch = *out = ARENA_NEW(arena, BatchRow);
    if (!batch || !column_copy(&batch->payload, s, 6, arena, error)) {
      db_reset(s);
      return batch ? false : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
    }
    batch->id = db_column_i64(s, 0), batch->roster_id = db_column_i64(s, 1), batch->first = db_column_i64(s, 2);
    batch->step_min = (int)db_column_i64(s, 3), batch->moments = (int)db_column_i64(s, 4), batch->arrived = db_column_i64(s, 5);
    out = &batch->next;
  }
}

bool batch_delete(Db *db, int64_t county_id, int day, int64_t area, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "DELETE FROM reading_batch WHERE county_id = ?1 AND day = ?2 AND area_id = ?3", error)) return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, day), db_bind_i64(s, 3, area);
  return db_done(s, error);
}

bool batch_next_before(int *day, int64_t *area, Db *db, int64_t county_id, int before, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db,
                  "SELECT day, area_id FROM reading_batch WHERE county_id = ?1 AND day >= ?2 AND day < ?4 AND (day > ?2 OR area_id > ?3) "
                  "ORDER BY day, area_id LIMIT 1",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, *day), db_bind_i64(s, 3, *area), db_bind_i64(s, 4, before);
  *area = 0;
  if (!db_step(&row, s, error)) return false;
  if (row) *day = (int)db_column_i64(s, 0), *area = db_column_i64(s, 1);
  db_reset(s);
  return true;
}

bool batch_since(Db *db, int64_t county_id, Instant since, BatchVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT area_id, id, roster_id, first_at, step_min, moments, arrived_at, payload FROM reading_batch"
                  " WHERE county_id = ?1 AND until_at > ?2 ORDER BY until_at, id",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, since);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    BatchRow batch = {.id = db_column_i64(s, 1),
                      .roster_id = db_column_i64(s, 2),
                      .first = db_column_i64(s, 3),
                      .step_min = (int)db_column_i64(s, 4),
                      .moments = (int)db_column_i64(s, 5),
                      .arrived = db_column_i64(s, 6),
                      .payload = db_column_blob(s, 7)};
    if (!visit(self, db_column_i64(s, 0), &batch, error)) return db_reset(s), false;
  }
}

bool batch_newest(Instant *out, Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  bool row;
  *out = INSTANT_NONE;
  if (!db_prepare(&s, db, "SELECT until_at FROM reading_batch WHERE county_id = ?1 ORDER BY until_at DESC LIMIT 1", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!db_step(&row, s, error)) return false;
  if (row) *out = db_column_i64(s, 0);
  db_reset(s);
  return true;
}

bool roster_add(Db *db, int64_t county_id, int64_t id, const int64_t *keys, uint32_t count, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "INSERT INTO reading_roster (county_id, id, meters) VALUES (?1, ?2, ?3) ON CONFLICT (county_id, id) DO NOTHING",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, id), db_bind_blob(s, 3, keys, count * sizeof *keys);
  return db_done(s, error);
}

bool roster_row(RosterRow **out, Db *db, int64_t county_id, int64_t id, Arena *arena, Error *error) {
  DbStatement *s;
  bool row;
  *out = NULL;
  if (!db_prepare(&s, db, "SELECT meters FROM reading_roster WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, id);
  if (!db_step(&row, s, error)) return false;
  if (!row) return error_raise(error, ERROR_STORE_CORRUPT, "roster %lld is missing", (long long)id);
  Text keys = db_column_blob(s, 0);
  RosterRow *roster = *out = ARENA_NEW(arena, RosterRow);
  if (roster) *roster = (RosterRow){.id = id, .key = arena_copy(arena, keys.at, keys.len), .count = (uint32_t)(keys.len / sizeof(int64_t))};
  db_reset(s);
  return roster && roster->key ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roster");
}

/* --- closed days --- */

bool day_row_put(Db *db, int64_t county_id, const MeterBlock *block, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO meter_day (county_id, day, meter_id, voltage_min, used, block) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                  " ON CONFLICT (county_id, day, meter_id) DO UPDATE SET voltage_min = excluded.voltage_min, used = excluded.used, block = "
                  "excluded.block",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, block->day), db_bind_i64(s, 3, block->key);
  bind_known(s, 4, block->voltage_min, block->voltage_min != METER_NONE), bind_known(s, 5, block->used, block->used >= 0);
  db_bind_blob(s, 6, block->block.at, block->block.len);
  return db_done(s, error);
}

bool day_row(Text *block, int64_t *used, Db *db, int64_t county_id, int day, int64_t key, Arena *arena, Error *error) {
  DbStatement *s;
  bool row, ok = true;
  *block = TEXT_NONE;
  *used = -1;
  if (!db_prepare(&s, db, "SELECT block, used FROM meter_day WHERE county_id = ?1 AND day = ?2 AND meter_id = ?3", error)) return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, day), db_bind_i64(s, 3, key);
  if (!db_step(&row, s, error)) return false;
  if (row) {
    ok = column_copy(block, s, 0, arena, error);
    if (!db_column_is_null(s, 1)) *used = db_column_i64(s, 1);
  }
  db_reset(s);
  return ok;
}

static bool visit_blocks(DbStatement *s, MeterVisit visit, void *self, Error *error) {
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    MeterBlock block = {.day = (int)db_column_i64(s, 0),
                        .key = db_column_i64(s, 1),
                        .voltage_min = db_column_is_null(s, 2) ? METER_NONE : (int32_t)db_column_i64(s, 2),
                        .used = db_column_is_null(s, 3) ? -1 : db_column_i64(s, 3),
                        .block = db_column_blob(s, 4)};
    if (!visit(self, &block)) return db_reset(s), true;
  }
}

bool meter_blocks(const Meters *meters, Db *db, int from, int to, int32_t below_dv, MeterVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  below_dv ? "SELECT day, meter_id, voltage_min, used, block FROM meter_day WHERE county_id = ?1 AND day BETWEEN ?2 AND ?3 "
                             "AND voltage_min < ?4"
                             " ORDER BY day, meter_id"
                           : "SELECT day, meter_id, voltage_min, used, block FROM meter_day WHERE county_id = ?1 AND day BETWEEN ?2 AND ?3 "
                             "ORDER BY day, meter_id",
                  error))
    return false;
  db_bind_i64(s, 1, meters->county_id), db_bind_i64(s, 2, from), db_bind_i64(s, 3, to);
  if (below_dv) db_bind_i64(s, 4, below_dv);
  return visit_blocks(s, visit, self, error);
}

bool meter_blocks_of(const Meters *meters, Db *db, MeterPlace place, int from, int to, MeterVisit visit, void *self, Error *error) {
  int64_t key = meter_key(meters, place);
  for (int day = from; day <= to; day++) { /* the day leads the key: one look a day */
    DbStatement *s;
    bool on = true;
    if (!db_prepare(&s, db,
                    "SELECT day, meter_id, voltage_min, used, block FROM meter_day WHERE county_id = ?1 AND day = ?2 AND meter_id = ?3",
                    error))
      return false;
    db_bind_i64(s, 1, meters->county_id), db_bind_i64(s, 2, day), db_bind_i64(s, 3, key);
    bool row;
    if (!db_step(&row, s, error)) return false;
    if (row) {
      MeterBlock block = {.day = day,
                          .key = key,
                          .voltage_min = db_column_is_null(s, 2) ? METER_NONE : (int32_t)db_column_i64(s, 2),
                          .used = db_column_is_null(s, 3) ? -1 : db_column_i64(s, 3),
                          .block = db_column_blob(s, 4)};
      on = visit(self, &block);
      db_reset(s);
    }
    if (!on) break;
  }
  return true;
}

bool area_day_put(Db *db, int64_t county_id, int day, int64_t area, const AreaDayRow *row, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO area_day (county_id, day, area_id, closed_at, meters, supplied, used, voltage_min, load_max) VALUES (?1, "
                  "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                  " ON CONFLICT (county_id, day, area_id) DO UPDATE SET closed_at = excluded.closed_at, meters = excluded.meters, supplied "
                  "= excluded.supplied,"
                  " used = excluded.used, voltage_min = excluded.voltage_min, load_max = excluded.load_max",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, day), db_bind_i64(s, 3, area), db_bind_i64(s, 4, row->closed_at),
      db_bind_i64(s, 5, row->meters);
  bind_known(s, 6, row->supplied, row->supplied >= 0), bind_known(s, 7, row->used, row->used >= 0);
  bind_known(s, 8, row->voltage_min, row->voltage_min != METER_NONE), bind_known(s, 9, row->load_max, row->load_max >= 0);
  return db_done(s, error);
}

static AreaDayRow area_day_of(DbStatement *s, int at) {
  return (AreaDayRow){.closed_at = db_column_i64(s, at),
                      .meters = (int32_t)db_column_i64(s, at + 1),
                      .supplied = db_column_is_null(s, at + 2) ? -1 : db_column_i64(s, at + 2),
                      .used = db_column_is_null(s, at + 3) ? -1 : db_column_i64(s, at + 3),
                      .voltage_min = db_column_is_null(s, at + 4) ? METER_NONE : (int32_t)db_column_i64(s, at + 4),
                      .load_max = db_column_is_null(s, at + 5) ? -1 : (int32_t)db_column_i64(s, at + 5)};
}

bool area_day_get(AreaDayRow *out, Db *db, int64_t county_id, int day, int64_t area, Error *error) {
  DbStatement *s;
  bool row;
  *out = (AreaDayRow){INSTANT_NONE, 0, METER_NONE, -1, -1, -1};
  if (!db_prepare(&s, db,
                  "SELECT closed_at, meters, supplied, used, voltage_min, load_max FROM area_day WHERE county_id = ?1 AND day = ?2 AND "
                  "area_id = ?3",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, day), db_bind_i64(s, 3, area);
  if (!db_step(&row, s, error)) return false;
  if (row) *out = area_day_of(s, 0);
  db_reset(s);
  return true;
}

bool area_days_newest(Db *db, int64_t county_id, bool (*visit)(void *self, int64_t area, int day, const AreaDayRow *row), void *self,
                      int day, Error *error) {
  DbStatement *s;
  if (!db_prepare(
          &s, db,
          "SELECT area_id, closed_at, meters, supplied, used, voltage_min, load_max FROM area_day WHERE county_id = ?1 AND day = ?2",
          error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, day);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    AreaDayRow of = area_day_of(s, 1);
    if (!visit(self, db_column_i64(s, 0), day, &of)) return db_reset(s), true;
  }
}

/* --- set aside --- */

bool aside_add(Db *db, int64_t county_id, int day, AsideReason reason, Text subject, Text source, Instant now, int64_t count, Text detail,
               int64_t area, Error *error) {
  DbStatement *s;
  if (!db_prepare(
          &s, db,
          "INSERT INTO reading_aside (county_id, day, reason, subject, source, first_at, last_at, count, detail, area_id, settled_at)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, NULL) ON CONFLICT (county_id, day, reason, subject) DO UPDATE SET"
          " source = excluded.source, last_at = excluded.last_at, count = reading_aside.count + excluded.count, detail = excluded.detail,"
          " area_id = excluded.area_id, settled_at = NULL",
          error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, day), db_bind_i64(s, 3, reason), db_bind_text(s, 4, subject.at ? subject : TEXT("")),
      db_bind_text(s, 5, source);
  db_bind_i64(s, 6, now), db_bind_i64(s, 7, count), db_bind_text(s, 8, detail.at ? detail : TEXT("")), db_bind_i64(s, 9, area);
  return db_done(s, error);
}

bool aside_rows(Db *db, int64_t county_id, int from_day, bool (*visit)(void *self, const AsideRow *row), void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT day, reason, subject, source, detail, first_at, last_at, settled_at, count, area_id FROM reading_aside"
                  " WHERE county_id = ?1 AND day >= ?2 ORDER BY day DESC, reason, subject",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, from_day);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    int64_t reason = db_column_i64(s, 1);
    AsideRow aside = {.day = (int)db_column_i64(s, 0),
                      .reason = reason > 0 && reason < ASIDE_REASONS ? (AsideReason)reason : ASIDE_FORM,
                      .subject = db_column_text(s, 2),
                      .source = db_column_text(s, 3),
                      .detail = db_column_text(s, 4),
                      .first = db_column_i64(s, 5),
                      .last = db_column_i64(s, 6),
                      .settled = db_column_instant(s, 7),
                      .count = db_column_i64(s, 8),
                      .area_id = db_column_i64(s, 9)};
    if (!visit(self, &aside)) return db_reset(s), true;
  }
}

bool aside_settle(bool *found, Db *db, int64_t county_id, int day, AsideReason reason, Text subject, Instant now, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "UPDATE reading_aside SET settled_at = ?5 WHERE county_id = ?1 AND day = ?2 AND reason = ?3 AND subject = ?4",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, day), db_bind_i64(s, 3, reason), db_bind_text(s, 4, subject), db_bind_i64(s, 5, now);
  if (!db_done(s, error)) return false;
  *found = db_changes(db) > 0;
  return true;
}

/* --- alarms --- */

bool alarm_put(Db *db, int64_t county_id, int64_t area, const MeterAlarm *alarm, Error *error) {
  DbStatement *s;
  if (!db_prepare(
          &s, db,
          "INSERT INTO meter_alarm (county_id, id, is_open, area_id, watch, since, raised_at, cured_at, worst, meters, order_id)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (county_id, id) DO UPDATE SET is_open = excluded.is_open,"
          " cured_at = excluded.cured_at, worst = excluded.worst, meters = excluded.meters, order_id = excluded.order_id",
          error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, alarm->id), db_bind_i64(s, 3, alarm->cured == INSTANT_NONE), db_bind_i64(s, 4, area);
  db_bind_i64(s, 5, alarm->watch), db_bind_i64(s, 6, alarm->since), db_bind_i64(s, 7, alarm->raised), db_bind_instant(s, 8, alarm->cured);
  db_bind_f64(s, 9, alarm->worst), db_bind_i64(s, 10, alarm->meters), db_bind_i64(s, 11, alarm->order.value);
  return db_done(s, error);
}

bool alarm_rows(Db *db, int64_t county_id, int64_t part, bool open, int64_t before, int64_t most,
                bool (*visit)(void *self, const MeterAlarm *alarm, int64_t area), void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT id, area_id, watch, since, raised_at, cured_at, worst, meters, order_id FROM meter_alarm WHERE county_id = ?1 AND is_open = ?3"
                  " AND id < ?4 AND (?2 = 0 OR " DEVICE_IN("meter_alarm.area_id", PART_ORGS) ") ORDER BY id DESC LIMIT ?5",
                  error))
    return false;
  db_bind_i64(s, 1, county_id), db_bind_i64(s, 2, part), db_bind_i64(s, 3, open), db_bind_i64(s, 4, before ? before : INT64_MAX), db_bind_i64(s, 5, most);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    int64_t watch = db_column_i64(s, 2);
    MeterAlarm alarm = {.id = db_column_i64(s, 0),
                        .watch = watch >= 0 && watch < WATCH_KINDS ? (WatchKind)watch : WATCH_SILENT,
                        .since = db_column_i64(s, 3),
                        .raised = db_column_i64(s, 4),
                        .cured = db_column_instant(s, 5),
                        .worst = db_column_f64(s, 6),
                        .meters = (uint32_t)db_column_i64(s, 7),
                        .order = {db_column_i64(s, 8)}};
    if (!visit(self, &alarm, db_column_i64(s, 1))) return db_reset(s), true;
  }
}
