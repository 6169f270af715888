#include <math.h>

#include "crew/crew_internal.h"
#include "grid/part.h"

static double degrees(DbStatement *s, int at) { return db_column_is_null(s, at) ? NAN : (double)db_column_i64(s, at) / 1e6; }

static void bind_degrees(DbStatement *s, int at, double value) {
  if (isfinite(value)) db_bind_i64(s, at, llround(value * 1e6));
  else db_bind_null(s, at);
}

static bool no_memory(DbStatement *s, Error *error) {
  db_reset(s);
  return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "crews");
}

/* --- crews --- */

static bool keep_texts(Arena *arena, DbStatement *s, Text *const *texts, const int *at, size_t count) {
  for (size_t i = 0; i < count; i++) {
    *texts[i] = text_copy(arena, db_column_text(s, at[i]));
    if (!texts[i]->at) return false;
  }
  return true;
}

bool crew_rows(Db *db, Crews *crews, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT id, org_id, code, name, skills, members, phone, shift_from, shift_until, base_lon_e6, base_lat_e6, lon_e6, lat_e6, heading,"
                  " placed_at, version FROM crew WHERE county_id = ?1 AND retired_at IS NULL ORDER BY id",
                  error))
    return false;
  db_bind_i64(s, 1, crews->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    Crew crew = {.id = {db_column_i64(s, 0)}, .org_id = db_column_i64(s, 1), .shift_from = (int)db_column_i64(s, 7), .shift_until = (int)db_column_i64(s, 8),
                 .base_lon = degrees(s, 9), .base_lat = degrees(s, 10), .lon = degrees(s, 11), .lat = degrees(s, 12),
                 .heading = db_column_is_null(s, 13) ? NAN : (double)db_column_i64(s, 13), .placed_at = db_column_instant(s, 14),
                 .version = (int32_t)db_column_i64(s, 15)};
    Text *const texts[] = {&crew.code, &crew.name, &crew.skills, &crew.members, &crew.phone};
    const int at[] = {2, 3, 4, 5, 6};
    if (crew.placed_at == INSTANT_NONE) crew.lon = crew.base_lon, crew.lat = crew.base_lat, crew.heading = NAN;
    if (!keep_texts(&crews->texts, s, texts, at, 5) || !vector_push(&crews->crews, crew) ||
        !vector_push(&crews->crews_private, (CrewPrivate){crew.placed_at}) || !map_put(&crews->crew_of_id, crew.id.value, (int64_t)crews->crews.count - 1))
      return no_memory(s, error);
  }
}

bool crew_row_place(Db *db, int64_t county_id, const Crew *crew, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "UPDATE crew SET lon_e6 = ?3, lat_e6 = ?4, heading = ?5, placed_at = ?6 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, crew->id.value);
  bind_degrees(s, 3, crew->lon);
  bind_degrees(s, 4, crew->lat);
  if (isfinite(crew->heading)) db_bind_i64(s, 5, llround(crew->heading));
  else db_bind_null(s, 5);
  db_bind_instant(s, 6, crew->placed_at);
  return db_done(s, error);
}

bool crew_row_version(Db *db, int64_t county_id, const Crew *crew, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "UPDATE crew SET version = ?3 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, crew->id.value);
  db_bind_i64(s, 3, crew->version);
  return db_done(s, error);
}

/* --- stock --- */

bool stock_rows(Db *db, Crews *crews, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT id, org_id, item, unit, quantity, lon_e6, lat_e6 FROM stock WHERE county_id = ?1 AND retired_at IS NULL ORDER BY id", error))
    return false;
  db_bind_i64(s, 1, crews->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    StockPlace place = {.id = db_column_i64(s, 0), .org_id = db_column_i64(s, 1), .quantity = db_column_i64(s, 4), .lon = degrees(s, 5), .lat = degrees(s, 6)};
    Text *const texts[] = {&place.item, &place.unit};
    const int at[] = {2, 3};
    if (!keep_texts(&crews->texts, s, texts, at, 2) || !vector_push(&crews->stock, place)) return no_memory(s, error);
  }
}

bool stock_row_take(Db *db, int64_t county_id, int64_t id, int64_t quantity, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "UPDATE stock SET quantity = quantity - ?3 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  db_bind_i64(s, 3, quantity);
  return db_done(s, error);
}

/* --- jobs --- */

#define JOB_COLUMNS                                                                                                                            \
  "id, crew_id, outage_id, state, cause, assigned_at, taken_at, departed_at, arrived_at, surveyed_at, working_at, restored_at, closed_at, "    \
  "eta_from, eta_until, version"
enum { JOB_TIMES = 10 };

static void job_times(Job *job, Instant *out[JOB_TIMES]) {
  Instant *const times[JOB_TIMES] = {&job->assigned_at, &job->taken_at, &job->departed_at, &job->arrived_at, &job->surveyed_at,
                                     &job->working_at, &job->restored_at, &job->closed_at, &job->eta_from, &job->eta_until};
  memcpy(out, times, sizeof times);
}

static void read_job(DbStatement *s, const Crews *crews, Job *job) {
  *job = (Job){.id = {db_column_i64(s, 0)}, .crew = {db_column_i64(s, 1)}, .outage = {db_column_i64(s, 2)}, .state = (uint8_t)db_column_i64(s, 3),
               .version = (int32_t)db_column_i64(s, 15)};
  Text cause = db_column_text(s, 4);
  size_t len = cause.len < sizeof job->cause ? cause.len : sizeof job->cause - 1;
  if (len) memcpy(job->cause, cause.at, len);
  Instant *times[JOB_TIMES];
  job_times(job, times);
  for (int i = 0; i < JOB_TIMES; i++) *times[i] = db_column_instant(s, 5 + i);
  job->procedure = len ? repair_of(crews->repair, text_of(job->cause)) : NULL;
  for (int i = 0; i < REPAIR_STEPS_MAX; i++) job->done[i].at = INSTANT_NONE;
}

static bool load_steps(Db *db, int64_t county_id, Job *job, Error *error) {
  DbStatement *s;
  if (!job->procedure) return true;
  if (!db_prepare(&s, db, "SELECT step, at, staff_id FROM job_step WHERE county_id = ?1 AND job_id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, job->id.value);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    int at = repair_step_of(job->procedure, db_column_text(s, 0));
    if (at < 0) continue; /* of a cause that was thought of earlier */
    job->done[at] = (JobStepDone){db_column_instant(s, 1), db_column_i64(s, 2)};
    job->done_count++;
  }
}

bool job_rows_open(Db *db, Crews *crews, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT " JOB_COLUMNS " FROM job WHERE county_id = ?1 AND is_open = 1 ORDER BY id", error)) return false;
  db_bind_i64(s, 1, crews->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    Job *job = memory_new(sizeof *job);
    if (!job) return no_memory(s, error);
    read_job(s, crews, job);
    if (crew_job_adopt(crews, job, error)) continue;
    db_reset(s);
    return false;
  }
  for (size_t i = 0; i < crews->jobs.count; i++)
    if (!load_steps(db, crews->county_id, crews->jobs.at[i], error)) return false;
  return true;
}

bool job_row_load(Db *db, const Crews *crews, JobId id, Job *out, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT " JOB_COLUMNS " FROM job WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, crews->county_id);
  db_bind_i64(s, 2, id.value);
  if (!db_step(&row, s, error)) return false;
  if (!row) return error_raise(error, ERROR_NOT_FOUND, "job\t%lld", (long long)id.value);
  read_job(s, crews, out);
  db_reset(s);
  return load_steps(db, crews->county_id, out, error);
}

bool job_row_save(Db *db, int64_t county_id, const Job *job, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO job (county_id, is_open, finding, note, " JOB_COLUMNS
                  ") VALUES (?1, ?2, '', '', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
                  " ON CONFLICT (county_id, id) DO UPDATE SET is_open = excluded.is_open, crew_id = excluded.crew_id, outage_id = excluded.outage_id,"
                  " state = excluded.state, cause = excluded.cause, taken_at = excluded.taken_at, departed_at = excluded.departed_at,"
                  " arrived_at = excluded.arrived_at, surveyed_at = excluded.surveyed_at, working_at = excluded.working_at,"
                  " restored_at = excluded.restored_at, closed_at = excluded.closed_at, eta_from = excluded.eta_from, eta_until = excluded.eta_until,"
                  " version = excluded.version",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, job->state < JOB_REPLIED);
  db_bind_i64(s, 3, job->id.value);
  db_bind_i64(s, 4, job->crew.value);
  db_bind_i64(s, 5, job->outage.value);
  db_bind_i64(s, 6, job->state);
  db_bind_text(s, 7, text_of(job->cause));
  Job copy = *job;
  Instant *times[JOB_TIMES];
  job_times(&copy, times);
  for (int i = 0; i < JOB_TIMES; i++) db_bind_instant(s, 8 + i, *times[i]);
  db_bind_i64(s, 18, job->version);
  return db_done(s, error);
}

bool job_row_words(Db *db, int64_t county_id, JobId id, Text finding, Text note, Error *error) {
  DbStatement *s;
  if (!finding.at && !note.at) return true;
  if (!db_prepare(&s, db, "UPDATE job SET finding = COALESCE(?3, finding), note = COALESCE(?4, note) WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  db_bind_text(s, 3, finding);
  db_bind_text(s, 4, note);
  return db_done(s, error);
}

bool job_row_note(Db *db, int64_t county_id, JobId id, Arena *arena, Text *finding, Text *note, Error *error) {
  DbStatement *s;
  bool row;
  *finding = *note = TEXT("");
  if (!db_prepare(&s, db, "SELECT finding, note FROM job WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  if (!db_step(&row, s, error)) return false;
  if (!row) return true;
  *finding = text_copy(arena, db_column_text(s, 0));
  *note = text_copy(arena, db_column_text(s, 1));
  db_reset(s);
  return (finding->at && note->at) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "job");
}

bool job_row_step(Db *db, int64_t county_id, JobId id, Text step, Instant at, int64_t staff_id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "INSERT INTO job_step (county_id, job_id, step, at, staff_id) VALUES (?1, ?2, ?3, ?4, ?5)", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  db_bind_text(s, 3, step);
  db_bind_i64(s, 4, at);
  db_bind_i64(s, 5, staff_id);
  return db_done(s, error);
}

bool job_rows_closed(Db *db, int64_t county_id, int64_t part, CrewId own, CrewId crew, JobId before, int64_t most, bool (*each)(void *self, JobId id), void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT j.id FROM job j LEFT JOIN outage u ON u.county_id = ?1 AND u.id = j.outage_id AND u.is_open = 1"
                  " WHERE j.county_id = ?1 AND j.is_open = 0 AND j.id < ?3 AND (?4 = 0 OR j.crew_id = ?4) AND (?2 = 0 OR j.crew_id = ?5"
                  " OR " DEVICE_IN("u.device_id", REACH_ORGS) " OR (u.id IS NULL AND EXISTS (SELECT 1 FROM crew c WHERE c.county_id = ?1 AND c.id = j.crew_id"
                  " AND c.org_id IN " REACH_ORGS "))) ORDER BY j.id DESC LIMIT ?6",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, part);
  db_bind_i64(s, 3, before.value ? before.value : INT64_MAX);
  db_bind_i64(s, 4, crew.value);
  db_bind_i64(s, 5, own.value ? own.value : -1);
  db_bind_i64(s, 6, most);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    if (each(self, (JobId){db_column_i64(s, 0)})) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "jobs");
  }
}

/* --- material of jobs --- */

bool material_row_add(Db *db, int64_t county_id, JobId job, const MaterialRow *row, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO job_material (county_id, id, job_id, stock_id, item, unit, quantity, state, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8)", error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, row->id);
  db_bind_i64(s, 3, job.value);
  db_bind_i64(s, 4, row->stock_id);
  db_bind_text(s, 5, row->item);
  db_bind_text(s, 6, row->unit);
  db_bind_i64(s, 7, row->quantity);
  db_bind_i64(s, 8, row->at);
  return db_done(s, error);
}

bool material_row_back(Db *db, int64_t county_id, int64_t id, Instant at, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "UPDATE job_material SET state = 1, back_at = ?3 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  db_bind_i64(s, 3, at);
  return db_done(s, error);
}

bool material_rows(Db *db, int64_t county_id, JobId job, Arena *arena, MaterialRow **out, size_t *count, Error *error) {
  DbStatement *s;
  VECTOR(MaterialRow) found = {0};
  bool ok = db_prepare(&s, db, "SELECT id, stock_id, quantity, item, unit, state, at FROM job_material WHERE county_id = ?1 AND job_id = ?2 ORDER BY id", error);
  if (!ok) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, job.value);
  for (bool row = true; ok && row;) {
    ok = db_step(&row, s, error);
    if (!ok || !row) break;
    MaterialRow material = {.id = db_column_i64(s, 0), .stock_id = db_column_i64(s, 1), .quantity = db_column_i64(s, 2), .item = text_copy(arena, db_column_text(s, 3)),
                            .unit = text_copy(arena, db_column_text(s, 4)), .given_back = db_column_i64(s, 5) != 0, .at = db_column_instant(s, 6)};
    if (!material.item.at || !material.unit.at || !vector_push(&found, material)) ok = no_memory(s, error);
  }
  *count = ok ? found.count : 0;
  *out = ok && found.count ? arena_copy(arena, found.at, found.count * sizeof *found.at) : NULL;
  if (ok && found.count && !*out) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "material");
  vector_free(&found);
  return ok;
}
