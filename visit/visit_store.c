#include <math.h>

#include <stdio.h>

#include "visit/visit_internal.h"

static int64_t e6(double degrees) { return llround(degrees * 1e6); }

/* --- cuts ------------------------------------------------------------------------------------------------------------- */

bool visit_row_cut(Db *db, int64_t county_id, const VisitCut *cut, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO visit_cut (county_id, id, state, keep, grids, pieces_over, mean_minutes, deviation, deviation_before, radius_m, moved,"
                  " made_at, made_by, accepted_at, before_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
                  error))
    return false;
  const int64_t whole[] = {county_id, cut->id.value, cut->state, cut->keep, cut->grids, cut->pieces_over};
  const double real[] = {cut->mean_minutes, cut->deviation, cut->deviation_before, cut->radius_m, cut->moved};
  for (int i = 0; i < 6; i++) db_bind_i64(s, 1 + i, whole[i]);
  for (int i = 0; i < 5; i++) db_bind_f64(s, 7 + i, real[i]);
  db_bind_instant(s, 12, cut->made_at);
  db_bind_i64(s, 13, cut->made_by);
  db_bind_instant(s, 14, cut->accepted_at);
  db_bind_i64(s, 15, cut->before.value);
  return db_done(s, error);
}

bool visit_row_cut_state(Db *db, int64_t county_id, const VisitCut *cut, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "UPDATE visit_cut SET state = ?3, accepted_at = ?4, before_id = ?5 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, cut->id.value);
  db_bind_i64(s, 3, cut->state);
  db_bind_instant(s, 4, cut->accepted_at);
  db_bind_i64(s, 5, cut->before.value);
  return db_done(s, error);
}

#define CUT_COLUMNS                                                                                                                          \
  "SELECT id, state, keep, grids, pieces_over, mean_minutes, deviation, deviation_before, radius_m, moved, made_at, made_by, accepted_at, before_id" \
  " FROM visit_cut WHERE county_id = ?1"

static VisitCut cut_of(DbStatement *s) {
  return (VisitCut){.id = {db_column_i64(s, 0)}, .state = (int)db_column_i64(s, 1), .keep = (int)db_column_i64(s, 2), .grids = (int)db_column_i64(s, 3),
                    .pieces_over = (int)db_column_i64(s, 4), .mean_minutes = db_column_f64(s, 5), .deviation = db_column_f64(s, 6),
                    .deviation_before = db_column_f64(s, 7), .radius_m = db_column_f64(s, 8), .moved = db_column_f64(s, 9), .made_at = db_column_instant(s, 10),
                    .made_by = db_column_i64(s, 11), .accepted_at = db_column_instant(s, 12), .before = {db_column_i64(s, 13)}};
}

bool visit_row_cut_load(Db *db, int64_t county_id, VisitCutId id, VisitCut *out, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, CUT_COLUMNS " AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  if (!db_step(&row, s, error)) return false;
  if (!row) return error_raise(error, ERROR_NOT_FOUND, "visit cut\t%lld", (long long)id.value);
  *out = cut_of(s);
  db_reset(s);
  return true;
}

bool visit_row_cut_newest(Db *db, int64_t county_id, int state, VisitCut *out, Error *error) {
  DbStatement *s;
  bool row;
  *out = (VisitCut){0};
  if (!db_prepare(&s, db, CUT_COLUMNS " AND state = ?2 ORDER BY id DESC LIMIT 1", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, state);
  if (!db_step(&row, s, error)) return false;
  if (row) *out = cut_of(s);
  db_reset(s);
  return true;
}

bool visit_row_grid(Db *db, int64_t county_id, VisitCutId cut, const VisitCutGrid *grid, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO visit_cut_grid (county_id, cut_id, org_id, households, households_before, pieces, lon_e6, lat_e6, minutes, minutes_before,"
                  " radius_m, customers) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                  error))
    return false;
  const int64_t whole[] = {county_id, cut.value, grid->org_id, grid->households, grid->households_before, grid->pieces, e6(grid->lon), e6(grid->lat)};
  for (int i = 0; i < 8; i++) db_bind_i64(s, 1 + i, whole[i]);
  db_bind_f64(s, 9, grid->minutes);
  db_bind_f64(s, 10, grid->minutes_before);
  db_bind_f64(s, 11, grid->radius_m);
  db_bind_blob(s, 12, grid->customers.len ? grid->customers.at : "", grid->customers.len);
  return db_done(s, error);
}

bool visit_rows_grids(Db *db, int64_t county_id, VisitCutId cut, VisitEachGrid each, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT org_id, households, households_before, pieces, lon_e6, lat_e6, minutes, minutes_before, radius_m, customers FROM visit_cut_grid"
                  " WHERE county_id = ?1 AND cut_id = ?2 ORDER BY org_id",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, cut.value);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    VisitCutGrid grid = {.org_id = db_column_i64(s, 0), .households = (int)db_column_i64(s, 1), .households_before = (int)db_column_i64(s, 2),
                         .pieces = (int)db_column_i64(s, 3), .lon = (double)db_column_i64(s, 4) / 1e6, .lat = (double)db_column_i64(s, 5) / 1e6,
                         .minutes = db_column_f64(s, 6), .minutes_before = db_column_f64(s, 7), .radius_m = db_column_f64(s, 8), .customers = db_column_blob(s, 9)};
    if (each(self, &grid)) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  }
}

/* --- months ----------------------------------------------------------------------------------------------------------- */

bool visit_row_month(Db *db, int64_t county_id, const VisitMonth *month, const VisitStop *stops, Arena *arena, Instant now, Error *error) {
  DbStatement *s;
  unsigned char *bytes = arena_take(arena, (size_t)month->planned * VISIT_STOP_BYTES + 1);
  if (!bytes) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  for (int i = 0; i < month->planned; i++) {
    unsigned char *at = bytes + i * VISIT_STOP_BYTES;
    visit_put_id(at, stops[i].customer.value);
    at[8] = stops[i].day, at[9] = stops[i].state, at[10] = stops[i].due, at[11] = stops[i].missed;
  }
  if (!db_prepare(&s, db,
                  "INSERT INTO visit_month (county_id, org_id, month, version, lon_e6, lat_e6, days, planned, visited, refused, given_up, missed, findings,"
                  " doors_m, base_m, households, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
                  " ON CONFLICT (county_id, org_id, month) DO UPDATE SET version = excluded.version, lon_e6 = excluded.lon_e6, lat_e6 = excluded.lat_e6,"
                  " days = excluded.days, planned = excluded.planned, visited = excluded.visited, refused = excluded.refused, given_up = excluded.given_up,"
                  " missed = excluded.missed, findings = excluded.findings, doors_m = excluded.doors_m, base_m = excluded.base_m,"
                  " households = excluded.households",
                  error))
    return false;
  const int64_t whole[] = {county_id, month->org_id, month->month, month->version, e6(month->lon), e6(month->lat), month->days, month->planned, month->visited,
                           month->refused, month->given_up, month->missed, month->findings};
  for (int i = 0; i < 13; i++) db_bind_i64(s, 1 + i, whole[i]);
  db_bind_f64(s, 14, month->doors_m);
  db_bind_f64(s, 15, month->base_m);
  db_bind_blob(s, 16, bytes, (size_t)month->planned * VISIT_STOP_BYTES);
  db_bind_instant(s, 17, now);
  return db_done(s, error);
}

bool visit_rows_months(Db *db, Visits *visits, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT org_id, month, version, lon_e6, lat_e6, days, planned, visited, refused, given_up, missed, findings, doors_m, base_m FROM visit_month"
                  " WHERE county_id = ?1 ORDER BY org_id, month",
                  error))
    return false;
  db_bind_i64(s, 1, visits->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    VisitMonth month = {.org_id = db_column_i64(s, 0), .month = (int32_t)db_column_i64(s, 1), .version = (int32_t)db_column_i64(s, 2),
                        .lon = (double)db_column_i64(s, 3) / 1e6, .lat = (double)db_column_i64(s, 4) / 1e6, .days = (int32_t)db_column_i64(s, 5),
                        .planned = (int32_t)db_column_i64(s, 6), .visited = (int32_t)db_column_i64(s, 7), .refused = (int32_t)db_column_i64(s, 8),
                        .given_up = (int32_t)db_column_i64(s, 9), .missed = (int32_t)db_column_i64(s, 10), .findings = (int32_t)db_column_i64(s, 11),
                        .doors_m = db_column_f64(s, 12), .base_m = db_column_f64(s, 13)};
    if (visit_month_keep(visits, &month)) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  }
}

bool visit_row_stops(Db *db, int64_t county_id, int64_t org_id, int32_t month, Arena *arena, VisitStop **out, int *count, Error *error) {
  DbStatement *s;
  bool row;
  *out = NULL, *count = 0;
  if (!db_prepare(&s, db, "SELECT households FROM visit_month WHERE county_id = ?1 AND org_id = ?2 AND month = ?3", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, org_id);
  db_bind_i64(s, 3, month);
  if (!db_step(&row, s, error)) return false;
  if (!row) return true;
  Text bytes = db_column_blob(s, 0);
  *count = (int)(bytes.len / VISIT_STOP_BYTES);
  *out = ARENA_ARRAY(arena, VisitStop, (size_t)*count + 1);
  for (int i = 0; *out && i < *count; i++) {
    const char *at = bytes.at + i * VISIT_STOP_BYTES;
    (*out)[i] = (VisitStop){{visit_get_id(at)}, (uint8_t)at[8], (uint8_t)at[9], (uint8_t)at[10], (uint8_t)at[11]};
  }
  db_reset(s);
  return *out ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
}

bool visit_row_month_before(Db *db, int64_t county_id, int64_t org_id, int32_t month, int32_t *out, int32_t *days, Error *error) {
  DbStatement *s;
  bool row;
  *out = *days = 0;
  if (!db_prepare(&s, db, "SELECT month, days FROM visit_month WHERE county_id = ?1 AND org_id = ?2 AND month < ?3 ORDER BY month DESC LIMIT 1", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, org_id);
  db_bind_i64(s, 3, month);
  if (!db_step(&row, s, error)) return false;
  if (row) *out = (int32_t)db_column_i64(s, 0), *days = (int32_t)db_column_i64(s, 1);
  db_reset(s);
  return true;
}

/* --- visits ----------------------------------------------------------------------------------------------------------- */

bool visit_row_add(Db *db, int64_t county_id, const VisitRow *row, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO visit (county_id, id, customer_id, org_id, month, result, order_id, staff_id, note, at)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                  error))
    return false;
  const int64_t whole[] = {county_id, row->id, row->customer.value, row->org_id, row->month, row->result, row->order.value, row->staff_id};
  for (int i = 0; i < 8; i++) db_bind_i64(s, 1 + i, whole[i]);
  db_bind_text(s, 9, row->note.at ? row->note : TEXT(""));
  db_bind_instant(s, 10, row->at);
  return db_done(s, error);
}

bool visit_rows_of(Db *db, int64_t county_id, CustomerId customer, int64_t most, Arena *arena, VisitRow **out, size_t *count, Error *error) {
  DbStatement *s;
  *count = 0;
  *out = ARENA_ARRAY(arena, VisitRow, (size_t)most + 1);
  if (!*out) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  if (!db_prepare(&s, db,
                  "SELECT id, org_id, month, result, order_id, staff_id, note, at FROM visit WHERE county_id = ?1 AND customer_id = ?2 ORDER BY id DESC LIMIT ?3",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, customer.value);
  db_bind_i64(s, 3, most);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row || (int64_t)*count == most) return db_reset(s), true;
    VisitRow *one = &(*out)[(*count)++];
    *one = (VisitRow){.id = db_column_i64(s, 0), .org_id = db_column_i64(s, 1), .month = (int32_t)db_column_i64(s, 2), .result = (int)db_column_i64(s, 3),
                      .order = {db_column_i64(s, 4)}, .staff_id = db_column_i64(s, 5), .note = text_copy(arena, db_column_text(s, 6)), .at = db_column_instant(s, 7),
                      .customer = customer};
    if (one->note.at) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  }
}

/* --- for the check ---------------------------------------------------------------------------------------------------- */

/* Each month's row is what memory has of it. */
static bool same_months(Db *db, const Visits *visits, char *problem, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT org_id, month, version, planned, visited, refused, given_up, missed, findings FROM visit_month WHERE county_id = ?1", error))
    return false;
  db_bind_i64(s, 1, visits->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    const VisitMonth *m = visit_month_of(visits, db_column_i64(s, 0), (int32_t)db_column_i64(s, 1));
    if (!m) continue; /* of a part of the organisation that is no more */
    const int32_t has[] = {m->version, m->planned, m->visited, m->refused, m->given_up, m->missed, m->findings};
    for (int i = 0; i < 7 && !problem[0]; i++)
      if (db_column_i64(s, 2 + i) != has[i]) snprintf(problem, ERROR_TEXT_MAX, "month %d of grid %lld is not in memory as its row says", m->month, (long long)m->org_id);
  }
}

bool visit_rows_compare(Db *db, const Visits *visits, char *problem, Error *error) {
  DbStatement *s;
  int64_t had[4] = {0}, counted[4] = {0};
  if (!same_months(db, visits, problem, error)) return false;
  if (!db_prepare(&s, db,
                  "SELECT org_id, month, CAST(SUM(CASE WHEN result = 1 THEN 1 ELSE 0 END) AS BIGINT), CAST(SUM(CASE WHEN result = 2 THEN 1 ELSE 0 END) AS BIGINT),"
                  " CAST(SUM(CASE WHEN result = 4 THEN 1 ELSE 0 END) AS BIGINT), CAST(SUM(CASE WHEN order_id <> 0 THEN 1 ELSE 0 END) AS BIGINT)"
                  " FROM visit WHERE county_id = ?1 GROUP BY org_id, month",
                  error))
    return false;
  db_bind_i64(s, 1, visits->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    if (visit_month_of(visits, db_column_i64(s, 0), (int32_t)db_column_i64(s, 1)))
      for (int i = 0; i < 4; i++) counted[i] += db_column_i64(s, 2 + i);
  }
  for (size_t i = 0; i < visits->months.count; i++) {
    const VisitMonth *m = &visits->months.at[i];
    had[0] += m->visited, had[1] += m->refused, had[2] += m->missed, had[3] += m->findings;
  }
  for (int i = 0; i < 4 && !problem[0]; i++)
    if (had[i] != counted[i])
      snprintf(problem, ERROR_TEXT_MAX, "%lld visits of result %d stand in the months, %lld were recorded", (long long)had[i], i, (long long)counted[i]);
  return true;
}
