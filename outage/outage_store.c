#include "base/log.h"
#include "outage/outage_internal.h"
#include "grid/part.h"

#define COLUMNS                                                                                                                          \
  "id, is_open, serial, device_id, state, stage, pinned, by_hand, settled, since, found_at, last_call_at, confirmed_at, assigned_at, "   \
  "arrived_at, restored_at, closed_at, customers_total, customers_out, customers_peak, important_out, households, calls, calls_gone, "   \
  "customer_seconds, crew_id, job_id, crew_name, cause, eta_from, eta_until, eta_source, undo, undo_data, merged_into, version, eta_likely, surveyed_at, crew_due_at"
#define SET(column) #column " = excluded." #column

bool outage_row_save(Db *db, int64_t county_id, const Grid *grid, const Record *r, Error *error) {
  DbStatement *s;
  const Outage *o = &r->o;
  if (!db_prepare(&s, db,
                  "INSERT INTO outage (county_id, " COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
                  " ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40)"
                  " ON CONFLICT (county_id, id) DO UPDATE SET " SET(is_open) ", " SET(device_id) ", " SET(state) ", " SET(stage) ", " SET(pinned)
                  ", " SET(since) ", " SET(last_call_at) ", " SET(confirmed_at) ", " SET(assigned_at) ", " SET(arrived_at)
                  ", " SET(restored_at) ", " SET(closed_at) ", " SET(customers_total) ", " SET(customers_out) ", " SET(customers_peak)
                  ", " SET(important_out) ", " SET(households) ", " SET(calls) ", " SET(calls_gone) ", " SET(customer_seconds) ", " SET(crew_id)
                  ", " SET(job_id) ", " SET(crew_name) ", " SET(cause) ", " SET(eta_from) ", " SET(eta_until) ", " SET(eta_source)
                  ", " SET(undo) ", " SET(undo_data) ", " SET(merged_into) ", " SET(version)
                  ", " SET(eta_likely) ", " SET(surveyed_at) ", " SET(crew_due_at),
                  error))
    return false;
  int at = 1;
  db_bind_i64(s, at++, county_id);
  db_bind_i64(s, at++, o->id.value);
  db_bind_i64(s, at++, r->closed_at == INSTANT_NONE);
  db_bind_i64(s, at++, o->serial);
  db_bind_i64(s, at++, grid_device(grid, o->device)->id.value);
  const int64_t small[] = {o->state, o->stage, o->pinned, o->by_hand, 0 /* was: settled */};
  for (size_t i = 0; i < sizeof small / sizeof *small; i++) db_bind_i64(s, at++, small[i]);
  const Instant times[] = {o->since, o->found_at, r->last_call_at, o->confirmed_at, o->assigned_at, o->arrived_at, o->restored_at, r->closed_at};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) db_bind_instant(s, at++, times[i]);
  const int64_t counts[] = {o->customers_total, o->customers_out, o->customers_peak,   o->important_out, o->households, o->calls,
                            r->calls_gone,      o->customer_seconds, o->crew.value, o->job};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) db_bind_i64(s, at++, counts[i]);
  db_bind_text(s, at++, text_of(o->crew_name));
  db_bind_text(s, at++, text_of(o->cause));
  db_bind_instant(s, at++, o->eta_from);
  db_bind_instant(s, at++, o->eta_until);
  db_bind_i64(s, at++, o->eta_source);
  db_bind_i64(s, at++, o->undo);
  db_bind_text(s, at++, text_of(r->undo_data ? r->undo_data : ""));
  db_bind_i64(s, at++, r->merged_into.value);
  db_bind_i64(s, at++, o->version);
  db_bind_instant(s, at++, o->eta_likely);
  db_bind_instant(s, at++, o->surveyed_at);
  db_bind_instant(s, at++, o->crew_due_at);
  return db_done(s, error);
}

static void column_text(char *out, size_t size, DbStatement *s, int at) {
  Text text = db_column_text(s, at);
  size_t len = text.len < size ? text.len : size - 1;
  if (len) memcpy(out, text.at, len);
  out[len] = 0;
}

/* A row as a record, without what is freed. NULL when the device is not in the network any more, or out of memory: *error says which. */
static Record *record_of_row(DbStatement *s, const Grid *grid, Error *error) {
  Record *r = memory_new(sizeof *r);
  Text undo = db_column_text(s, 33);
  if (r) r->undo_data = undo.len ? memory_new(undo.len + 1) : NULL;
  if (!r || (undo.len && !r->undo_data)) {
    memory_free(r);
    error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
    return NULL;
  }
  if (undo.len) memcpy(r->undo_data, undo.at, undo.len);
  Outage *o = &r->o;
  o->id.value = db_column_i64(s, 0);
  o->serial = db_column_i64(s, 2);
  DeviceId device = {db_column_i64(s, 3)};
  if (!grid_index_of(grid, device, &o->device)) {
    error_raise(error, ERROR_NOT_FOUND, "device\t%lld", (long long)device.value);
    error_at(error, "outage %lld", (long long)o->id.value);
    outage_record_free(r);
    return NULL;
  }
  o->state = (uint8_t)db_column_i64(s, 4);
  o->stage = (uint8_t)db_column_i64(s, 5);
  o->pinned = db_column_i64(s, 6) != 0;
  o->by_hand = db_column_i64(s, 7) != 0;
  Instant *const times[] = {&o->since, &o->found_at, &r->last_call_at, &o->confirmed_at, &o->assigned_at, &o->arrived_at, &o->restored_at, &r->closed_at};
  for (int i = 0; i < 8; i++) *times[i] = db_column_instant(s, 9 + i);
  uint32_t *const counts[] = {&o->customers_total, &o->customers_out, &o->customers_peak, &o->important_out, &o->households, &o->calls, &r->calls_gone};
  for (int i = 0; i < 7; i++) *counts[i] = (uint32_t)db_column_i64(s, 17 + i);
  o->customer_seconds = db_column_i64(s, 24);
  o->crew.value = db_column_i64(s, 25);
  o->job = db_column_i64(s, 26);
  column_text(o->crew_name, sizeof o->crew_name, s, 27);
  column_text(o->cause, sizeof o->cause, s, 28);
  o->eta_from = db_column_instant(s, 29);
  o->eta_until = db_column_instant(s, 30);
  o->eta_source = (uint8_t)db_column_i64(s, 31);
  o->undo = (uint8_t)db_column_i64(s, 32);
  r->merged_into.value = db_column_i64(s, 34);
  o->version = (int32_t)db_column_i64(s, 35);
  o->eta_likely = db_column_instant(s, 36);
  o->surveyed_at = db_column_instant(s, 37);
  o->crew_due_at = db_column_instant(s, 38);
  return r;
}

static bool load_freed(Db *db, int64_t county_id, const Grid *grid, Record *r, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT device_id FROM outage_freed WHERE county_id = ?1 AND outage_id = ?2 ORDER BY at, device_id", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, r->o.id.value);
  for (bool row;;) {
    uint32_t device;
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    if (!grid_index_of(grid, (DeviceId){db_column_i64(s, 0)}, &device)) continue; /* an import took it out */
    if (vector_push(&r->freed, device)) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  }
}

typedef bool (*Each)(void *self, Record *record, Error *error);

/* All rows first, then each with what is freed: `each` may run statements of its own. */
static bool each_row(Db *db, DbStatement *s, int64_t county_id, const Grid *grid, Each each, void *self, Error *error) {
  VECTOR(Record *) found = {0};
  size_t given = 0;
  bool ok = true;
  for (bool row = true; ok && row;) {
    ok = db_step(&row, s, error);
    if (!ok || !row) break;
    Record *record = record_of_row(s, grid, error);
    if (!record && error && error->code == ERROR_NOT_FOUND) { /* an import took its device out: the outage stays in its row */
      log_error("outage left out", error);
      error_clear(error);
      continue;
    }
    ok = record != NULL;
    if (ok && !vector_push(&found, record)) {
      outage_record_free(record);
      ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
    }
    if (!ok) db_reset(s);
  }
  while (ok && given < found.count) {
    ok = load_freed(db, county_id, grid, found.at[given], error);
    if (ok) ok = each(self, found.at[given++], error);
  }
  for (size_t i = given; i < found.count; i++) outage_record_free(found.at[i]);
  vector_free(&found);
  return ok;
}

bool outage_rows_open(Db *db, int64_t county_id, const Grid *grid, Each each, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT " COLUMNS " FROM outage WHERE county_id = ?1 AND is_open = 1 ORDER BY id", error)) return false;
  db_bind_i64(s, 1, county_id);
  return each_row(db, s, county_id, grid, each, self, error);
}

bool outage_rows_closed(Db *db, int64_t county_id, int64_t part, const Grid *grid, OutageId before, int64_t most, Each each, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT " COLUMNS " FROM outage WHERE county_id = ?1 AND is_open = 0 AND id < ?3"
                  " AND (?2 = 0 OR " DEVICE_IN("outage.device_id", REACH_ORGS) ") ORDER BY id DESC LIMIT ?4",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, part);
  db_bind_i64(s, 3, before.value ? before.value : INT64_MAX);
  db_bind_i64(s, 4, most);
  return each_row(db, s, county_id, grid, each, self, error);
}

static bool keep_one(void *self, Record *record, Error *error) {
  (void)error;
  *(Record **)self = record;
  return true;
}

bool outage_row_load(Db *db, int64_t county_id, const Grid *grid, OutageId id, Record **out, Error *error) {
  DbStatement *s;
  *out = NULL;
  if (!db_prepare(&s, db, "SELECT " COLUMNS " FROM outage WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  if (!each_row(db, s, county_id, grid, keep_one, out, error)) return false;
  return *out ? true : error_raise(error, ERROR_NOT_FOUND, "outage\t%lld", (long long)id.value);
}

bool outage_row_last_serial(Db *db, int64_t county_id, int64_t *out, Error *error) {
  DbStatement *s;
  bool row;
  /* ids and serials grow together */
  if (!db_prepare(&s, db, "SELECT serial FROM outage WHERE county_id = ?1 ORDER BY id DESC LIMIT 1", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!db_step(&row, s, error)) return false;
  *out = row ? db_column_i64(s, 0) : 0;
  db_reset(s);
  return true;
}

bool outage_row_freed(Db *db, int64_t county_id, OutageId id, DeviceId device, Instant at, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "INSERT INTO outage_freed (county_id, outage_id, device_id, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (county_id, outage_id, device_id) DO NOTHING", error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  db_bind_i64(s, 3, device.value);
  db_bind_i64(s, 4, at);
  return db_done(s, error);
}

bool outage_row_eta(Db *db, int64_t county_id, const Record *record, Instant at, Text actor, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO outage_eta (county_id, outage_id, number, eta_from, eta_until, source, at, actor, eta_likely) SELECT ?1, ?2,"
                  " (SELECT COUNT(*) + 1 FROM outage_eta WHERE county_id = ?1 AND outage_id = ?2), ?3, ?4, ?5, ?6, ?7, ?8",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, record->o.id.value);
  db_bind_instant(s, 3, record->o.eta_from);
  db_bind_instant(s, 4, record->o.eta_until);
  db_bind_i64(s, 5, record->o.eta_source);
  db_bind_instant(s, 6, at);
  db_bind_text(s, 7, actor);
  db_bind_instant(s, 8, record->o.eta_likely);
  return db_done(s, error);
}

bool outage_rows_eta(Db *db, int64_t county_id, OutageId id, void (*each)(void *self, const OutageEta *eta), void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT eta_from, eta_until, source, at, actor, eta_likely FROM outage_eta WHERE county_id = ?1 AND outage_id = ?2 ORDER BY number", error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    OutageEta eta = {.from = db_column_instant(s, 0), .until = db_column_instant(s, 1), .source = (uint8_t)db_column_i64(s, 2),
                     .at = db_column_instant(s, 3), .actor = db_column_text(s, 4), .likely = db_column_instant(s, 5)};
    each(self, &eta);
  }
}

bool outage_row_repair(Db *db, int64_t county_id, const Record *record, const OutageRepair *repair, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO outage_repair (county_id, outage_id, cause, began, waiting, assign_min, travel_min, survey_min, work_min, estimates, inside,"
                  " pinball_min) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (county_id, outage_id) DO NOTHING",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, record->o.id.value);
  db_bind_text(s, 3, text_of(record->o.cause));
  db_bind_instant(s, 4, repair->history.began);
  db_bind_f64(s, 5, repair->history.waiting);
  for (int i = 0; i < RESTORE_STAGES; i++) {
    if (repair->history.stage_min[i] < 0) db_bind_null(s, 6 + i);
    else db_bind_f64(s, 6 + i, repair->history.stage_min[i]);
  }
  db_bind_i64(s, 10, (int64_t)repair->score.count);
  db_bind_i64(s, 11, (int64_t)(repair->score.inside * (double)repair->score.count + 0.5));
  db_bind_f64(s, 12, repair->score.pinball_min * (double)repair->score.count);
  return db_done(s, error);
}

bool outage_rows_repairs(Db *db, int64_t county_id, int64_t most, bool (*each)(void *self, Text cause, const RestoreHistory *history), void *self,
                         Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT cause, began, waiting, assign_min, travel_min, survey_min, work_min FROM outage_repair WHERE county_id = ?1"
                  " ORDER BY outage_id DESC LIMIT ?2",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, most);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    RestoreHistory history = {.began = db_column_instant(s, 1), .waiting = db_column_f64(s, 2)};
    for (int i = 0; i < RESTORE_STAGES; i++) history.stage_min[i] = db_column_is_null(s, 3 + i) ? -1 : db_column_f64(s, 3 + i);
    if (each(self, db_column_text(s, 0), &history)) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "repairs");
  }
}

bool outage_row_score(Db *db, int64_t county_id, RestoreScore *out, int64_t *repairs, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT COUNT(*), COALESCE(SUM(estimates), 0), COALESCE(SUM(inside), 0), COALESCE(SUM(pinball_min), 0.0) FROM outage_repair"
                          " WHERE county_id = ?1", error))
    return false;
  db_bind_i64(s, 1, county_id);
  if (!db_step(&row, s, error)) return false;
  *repairs = db_column_i64(s, 0);
  *out = (RestoreScore){.count = (uint64_t)db_column_i64(s, 1)};
  if (out->count) {
    out->inside = (double)db_column_i64(s, 2) / (double)out->count;
    out->pinball_min = db_column_f64(s, 3) / (double)out->count;
  }
  db_reset(s);
  return true;
}
