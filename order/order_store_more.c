/* The SQL of the order room's figures and fund. */
#include "order/order_store.h"

bool store_add_figure(DeskContext *context, const FigureSum *sum, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO order_figure (county_id, kind, figure, period, org_id, n, of_n, total) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                  " ON CONFLICT (county_id, kind, figure, period, org_id) DO UPDATE SET n = order_figure.n + excluded.n,"
                  " of_n = order_figure.of_n + excluded.of_n, total = order_figure.total + excluded.total",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_text(s, 2, sum->kind);
  db_bind_text(s, 3, sum->figure);
  db_bind_i64(s, 4, sum->period);
  db_bind_i64(s, 5, sum->org_id);
  db_bind_i64(s, 6, sum->n);
  db_bind_i64(s, 7, sum->of);
  db_bind_f64(s, 8, sum->total);
  return db_done(s, error);
}

bool store_figures(Db *db, int64_t county_id, Text kind, int32_t from, int32_t to, FigureVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT figure, org_id, SUM(n), SUM(of_n), SUM(total) FROM order_figure WHERE county_id = ?1 AND kind = ?2"
                  " AND period BETWEEN ?3 AND ?4 GROUP BY figure, org_id ORDER BY figure, org_id",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_text(s, 2, kind);
  db_bind_i64(s, 3, from);
  db_bind_i64(s, 4, to);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    FigureSum sum = {.kind = kind, .figure = db_column_text(s, 0), .org_id = db_column_i64(s, 1), .n = db_column_i64(s, 2),
                     .of = db_column_i64(s, 3), .total = db_column_f64(s, 4)};
    visit(self, &sum);
  }
}

bool store_fund_balance(int64_t *out, Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  bool row;
  *out = 0;
  if (!db_prepare(&s, db, "SELECT balance_fen FROM fund_entry WHERE county_id = ?1 ORDER BY id DESC LIMIT 1", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!db_step(&row, s, error)) return false;
  if (row) *out = db_column_i64(s, 0), db_reset(s);
  return true;
}

bool store_insert_fund(DeskContext *context, const FundEntry *entry, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO fund_entry (county_id, id, at, order_id, amount_fen, balance_fen, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, entry->id);
  db_bind_i64(s, 3, entry->at);
  if (entry->order.value) db_bind_i64(s, 4, entry->order.value);
  else db_bind_null(s, 4);
  db_bind_i64(s, 5, entry->amount_fen);
  db_bind_i64(s, 6, entry->balance_fen);
  db_bind_text(s, 7, entry->note);
  return db_done(s, error);
}

bool store_fund(Db *db, int64_t county_id, int64_t most, FundVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT id, at, order_id, amount_fen, balance_fen, note FROM fund_entry WHERE county_id = ?1 ORDER BY id DESC LIMIT ?2",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, most);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    FundEntry entry = {db_column_i64(s, 0), db_column_i64(s, 1), {db_column_i64(s, 2)}, db_column_i64(s, 3), db_column_i64(s, 4),
                       db_column_text(s, 5)};
    visit(self, &entry);
  }
}
