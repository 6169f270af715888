/* The SQL of sums rolled up, and of the sums of days they are made of. */
#include <inttypes.h>
#include <stdio.h>

#include "order/roll.h"

bool store_rolled(int32_t *until, Db *db, int64_t county_id, int64_t tree, Error *error) {
  DbStatement *s;
  bool row;
  *until = -1;
  if (!db_prepare(&s, db, "SELECT value FROM setting WHERE county_id = ?1 AND name = 'order.rolled'", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!db_step(&row, s, error)) return false;
  if (!row) return true;
  int64_t of_tree, day;
  Text value = db_column_text(s, 0);
  ptrdiff_t blank = text_find(value, TEXT(" "));
  bool ok = blank > 0 && text_to_i64(text_slice(value, 0, (size_t)blank), &day) &&
            text_to_i64(text_slice(value, (size_t)blank + 1, value.len), &of_tree);
  if (ok && of_tree == tree) *until = (int32_t)day;
  db_reset(s);
  return ok ? true : error_raise(error, ERROR_STORE_CORRUPT, "%s", "setting order.rolled");
}

bool store_set_rolled(DeskContext *context, int32_t until, int64_t tree, Error *error) {
  DbStatement *s;
  char value[48];
  int len = snprintf(value, sizeof value, "%" PRId32 " %" PRId64, until, tree);
  if (!db_prepare(&s, context->db, "INSERT INTO setting (county_id, name, value) VALUES (?1, 'order.rolled', ?2)"
                                   " ON CONFLICT (county_id, name) DO UPDATE SET value = excluded.value", error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_text(s, 2, (Text){value, (size_t)len});
  return db_done(s, error);
}

bool store_roll_promise(DeskContext *context, const RollEntry *entry, int32_t period, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO promise_rolled (county_id, org_id, period, promise, area, measured, kept, used)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (county_id, org_id, period, promise, area) DO UPDATE SET"
                  " measured = promise_rolled.measured + excluded.measured, kept = promise_rolled.kept + excluded.kept,"
                  " used = promise_rolled.used + excluded.used",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, entry->org);
  db_bind_i64(s, 3, period);
  db_bind_text(s, 4, entry->name);
  db_bind_i64(s, 5, entry->area);
  db_bind_i64(s, 6, entry->of);
  db_bind_i64(s, 7, entry->n);
  db_bind_i64(s, 8, entry->used);
  return db_done(s, error);
}

bool store_roll_figure(DeskContext *context, const RollEntry *entry, int32_t period, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO figure_rolled (county_id, org_id, kind, period, figure, n, of_n, total)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (county_id, org_id, kind, period, figure) DO UPDATE SET"
                  " n = figure_rolled.n + excluded.n, of_n = figure_rolled.of_n + excluded.of_n, total = figure_rolled.total + excluded.total",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, entry->org);
  db_bind_text(s, 3, entry->name);
  db_bind_i64(s, 4, period);
  db_bind_text(s, 5, entry->figure);
  db_bind_i64(s, 6, entry->n);
  db_bind_i64(s, 7, entry->of);
  db_bind_f64(s, 8, entry->total);
  return db_done(s, error);
}

static bool first_number(bool *found, int64_t *out, DbStatement *s, Error *error) {
  bool row;
  *found = false, *out = 0;
  if (!db_step(&row, s, error)) return false;
  if (!row) return true;
  *found = !db_column_is_null(s, 0);
  if (*found) *out = db_column_i64(s, 0);
  db_reset(s);
  return true;
}

static bool first_part(bool *found, int64_t *org_id, DeskContext *context, const char *sql, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, sql, error)) return false;
  db_bind_i64(s, 1, context->county_id);
  return first_number(found, org_id, s, error);
}

static bool delete_part(DeskContext *context, const char *sql, int64_t org_id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, sql, error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, org_id);
  return db_done(s, error);
}

bool store_unroll_some(bool *found, DeskContext *context, Error *error) {
  int64_t org_id = 0;
  if (!first_part(found, &org_id, context, "SELECT MIN(org_id) FROM promise_rolled WHERE county_id = ?1", error)) return false;
  if (*found) return delete_part(context, "DELETE FROM promise_rolled WHERE county_id = ?1 AND org_id = ?2", org_id, error);
  if (!first_part(found, &org_id, context, "SELECT MIN(org_id) FROM figure_rolled WHERE county_id = ?1", error)) return false;
  return !*found || delete_part(context, "DELETE FROM figure_rolled WHERE county_id = ?1 AND org_id = ?2", org_id, error);
}

static bool next_day(int64_t *day, Db *db, const char *sql, int64_t county_id, int32_t after, Error *error) {
  DbStatement *s;
  bool found;
  if (!db_prepare(&s, db, sql, error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, after);
  return first_number(&found, day, s, error);
}

bool store_day_with_sums(int32_t *day, Db *db, int64_t county_id, int32_t after, Error *error) {
  int64_t of_promises, of_figures;
  if (!next_day(&of_promises, db, "SELECT MIN(period) FROM promise_sum WHERE county_id = ?1 AND period > ?2", county_id, after, error) ||
      !next_day(&of_figures, db, "SELECT MIN(period) FROM order_figure WHERE county_id = ?1 AND period > ?2", county_id, after, error))
    return false;
  *day = (int32_t)(!of_promises || (of_figures && of_figures < of_promises) ? of_figures : of_promises);
  return true;
}

/* --- reading --- */

static bool out_of_memory(DbStatement *s, Error *error) {
  db_reset(s);
  return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "board");
}

static bool visit_sums(DbStatement *s, int64_t org_id, bool parts, RollVisit visit, void *self, Error *error) {
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    RollEntry entry = {.name = db_column_text(s, 0), .area = (int)db_column_i64(s, 1), .of = db_column_i64(s, 2), .n = db_column_i64(s, 3),
                       .used = db_column_i64(s, 4), .org = parts ? db_column_i64(s, 5) : org_id};
    if (!visit(self, &entry)) return out_of_memory(s, error);
  }
}

bool store_day_sums(Db *db, int64_t county_id, int32_t from, int32_t to, RollVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT promise, area, measured, kept, used, org_id FROM promise_sum WHERE county_id = ?1 AND period BETWEEN ?2 AND ?3", error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, from);
  db_bind_i64(s, 3, to);
  return visit_sums(s, 0, true, visit, self, error);
}

bool store_rolled_sums(Db *db, int64_t county_id, int64_t org_id, int32_t from, int32_t to, RollVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT promise, area, measured, kept, used FROM promise_rolled"
                  " WHERE county_id = ?1 AND org_id = ?2 AND period BETWEEN ?3 AND ?4",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, org_id);
  db_bind_i64(s, 3, from);
  db_bind_i64(s, 4, to);
  return visit_sums(s, org_id, false, visit, self, error);
}

static bool visit_figures(DbStatement *s, int64_t org_id, bool parts, RollVisit visit, void *self, Error *error) {
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    RollEntry entry = {.name = db_column_text(s, 0), .figure = db_column_text(s, 1), .n = db_column_i64(s, 2), .of = db_column_i64(s, 3),
                       .total = db_column_f64(s, 4), .org = parts ? db_column_i64(s, 5) : org_id};
    if (!visit(self, &entry)) return out_of_memory(s, error);
  }
}

bool store_day_figures(Db *db, int64_t county_id, int32_t from, int32_t to, RollVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT kind, figure, n, of_n, total, org_id FROM order_figure WHERE county_id = ?1 AND period BETWEEN ?2 AND ?3", error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, from);
  db_bind_i64(s, 3, to);
  return visit_figures(s, 0, true, visit, self, error);
}

bool store_rolled_figures(Db *db, int64_t county_id, int64_t org_id, Text kind, int32_t from, int32_t to, RollVisit visit, void *self,
                          Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT kind, figure, n, of_n, total FROM figure_rolled"
                  " WHERE county_id = ?1 AND org_id = ?2 AND kind = ?3 AND period BETWEEN ?4 AND ?5",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, org_id);
  db_bind_text(s, 3, kind);
  db_bind_i64(s, 4, from);
  db_bind_i64(s, 5, to);
  return visit_figures(s, org_id, false, visit, self, error);
}

/* --- for checks: whole tables, read as they lie --- */

static bool prepare_all(DbStatement **s, Db *db, const char *sql, int64_t county_id, Error *error) {
  if (!db_prepare(s, db, sql, error)) return false;
  db_bind_i64(*s, 1, county_id);
  return true;
}

bool store_all_sums(Db *db, int64_t county_id, bool rolled, PeriodVisit visit, void *self, Error *error) {
  static const char DAYS[] = "SELECT promise, area, measured, kept, used, org_id, period FROM promise_sum WHERE county_id + 0 = ?1";
  static const char ROLLED[] = "SELECT promise, area, measured, kept, used, org_id, period FROM promise_rolled WHERE county_id + 0 = ?1";
  DbStatement *s;
  if (!prepare_all(&s, db, rolled ? ROLLED : DAYS, county_id, error)) return false;
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    RollEntry entry = {.name = db_column_text(s, 0), .area = (int)db_column_i64(s, 1), .of = db_column_i64(s, 2), .n = db_column_i64(s, 3),
                       .used = db_column_i64(s, 4), .org = db_column_i64(s, 5)};
    if (!visit(self, &entry, (int32_t)db_column_i64(s, 6))) return out_of_memory(s, error);
  }
}

bool store_all_figures(Db *db, int64_t county_id, bool rolled, PeriodVisit visit, void *self, Error *error) {
  static const char DAYS[] = "SELECT kind, figure, n, of_n, total, org_id, period FROM order_figure WHERE county_id + 0 = ?1";
  static const char ROLLED[] = "SELECT kind, figure, n, of_n, total, org_id, period FROM figure_rolled WHERE county_id + 0 = ?1";
  DbStatement *s;
  if (!prepare_all(&s, db, rolled ? ROLLED : DAYS, county_id, error)) return false;
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    RollEntry entry = {.name = db_column_text(s, 0), .figure = db_column_text(s, 1), .n = db_column_i64(s, 2), .of = db_column_i64(s, 3),
                       .total = db_column_f64(s, 4), .org = db_column_i64(s, 5)};
    if (!visit(self, &entry, (int32_t)db_column_i64(s, 6))) return out_of_memory(s, error);
  }
}

bool store_runs(Db *db, int64_t county_id, RollVisit visit, void *self, Error *error) {
  DbStatement *s;
  return prepare_all(&s, db, "SELECT promise, 0, 1, 0, 0 FROM order_clock WHERE county_id + 0 = ?1", county_id, error) &&
         visit_sums(s, 0, false, visit, self, error);
}
