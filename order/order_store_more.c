/* The SQL of the order room's figures and fund. */
#include "order/order_store.h"

bool store_add_figure(DeskContext *context, const FigureSum *sum, Error *error) {
  DbStatement *s;
  if (!db_prepare(
          &s, context->db,
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
                  "INSERT INTO fund_entry (county_id, id, at, order_id, amount_fen, balance_fen, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, entry->id);
  db_bind_i64(s, 3, entry->at);
  if (entry->order.value)
    db_bind_i64(s, 4, entry->order.value);
  else
    db_bind_null(s, 4);
  db_bind_i64(s, 5, entry->amount_fen);
  db_bind_i64(s, 6, entry->balance_fen);
  db_bind_text(s, 7, entry->note);
  return db_done(s, error);
}

bool store_fund(Db *db, int64_t county_id, int64_t most, FundVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT id, at, order_id, amount_fen, balance_fen, note FROM fund_entry WHERE county_id = ?1 ORDER BY id DESC LIMIT ?2",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, most);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    FundEntry entry = {db_column_i64(s, 0), db_column_i64(s, 1), {db_column_i64(s, 2)},
                       db_column_i64(s, 3), db_column_i64(s, 4), db_column_text(s, 5)};
    visit(self, &entry);
  }
}

/* --- attachments --- */

bool store_insert_attachment(DeskContext *context, const Attachment *attachment, Text body, Error *error) {
  DbStatement *s;
  if (!db_prepare(
          &s, context->db,
          "INSERT INTO attachment (county_id, id, order_id, group_id, type, bytes, staff_id, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
          error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, attachment->id);
  if (attachment->order.value)
    db_bind_i64(s, 3, attachment->order.value);
  else
    db_bind_null(s, 3);
  if (attachment->group_id)
    db_bind_i64(s, 4, attachment->group_id);
  else
    db_bind_null(s, 4);
  db_bind_text(s, 5, attachment->type);
  db_bind_i64(s, 6, (int64_t)body.len);
  db_bind_i64(s, 7, attachment->staff_id);
  db_bind_i64(s, 8, context->now);
  if (!db_done(s, error) || !db_prepare(&s, context->db, "INSERT INTO attachment_body (county_id, id, body) VALUES (?1, ?2, ?3)", error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, attachment->id);
  db_bind_blob(s, 3, body.at, body.len);
  return db_done(s, error);
}

bool store_attachments(Db *db, int64_t county_id, OrderId order, int64_t id, AttachmentVisit visit, void *self, Error *error) {
  DbStatement *s;
  static const char OF_ORDER[] =
      "SELECT id, order_id, group_id, type, bytes, staff_id, at FROM attachment WHERE county_id = ?1 AND order_id = ?2 ORDER BY id";
  static const char ONE[] = "SELECT id, order_id, group_id, type, bytes, staff_id, at FROM attachment WHERE county_id = ?1 AND id = ?2";
  if (!db_prepare(&s, db, order.value ? OF_ORDER : ONE, error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, order.value ? order.value : id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    Attachment one = {db_column_i64(s, 0), {db_column_i64(s, 1)}, db_column_i64(s, 2), db_column_text(s, 3),
                      db_column_i64(s, 4), db_column_i64(s, 5),   db_column_i64(s, 6)};
    visit(self, &one);
  }
}

bool store_attachment_body(Buffer *out, Db *db, int64_t county_id, int64_t id, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT body FROM attachment_body WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  if (!db_step(&row, s, error)) return false;
  if (!row) return error_raise(error, ERROR_NOT_FOUND, "附件" ERROR_BOTH "attachment\t%lld", (long long)id);
  buffer_text(out, db_column_blob(s, 0));
  db_reset(s);
  return true;
}

bool store_order_org(bool *found, int64_t *org_id, Db *db, int64_t county_id, OrderId id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT org_id FROM orders WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  if (!db_step(found, s, error)) return false;
  *org_id = *found ? db_column_i64(s, 0) : 0;
  if (*found) db_reset(s);
  return true;
}

/* --- surveys --- */

bool store_insert_link(DeskContext *context, const SurveyLink *link, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO survey_link (county_id, id, order_id, token_hash, expires_at, used) VALUES (?1, ?2, ?3, ?4, ?5, 0)", error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, link->id);
  db_bind_i64(s, 3, link->order.value);
  db_bind_blob(s, 4, link->hash, sizeof link->hash);
  db_bind_i64(s, 5, link->expires_at);
  return db_done(s, error);
}

bool store_find_link(bool *found, SurveyLink *link, Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT id, order_id, expires_at, used FROM survey_link WHERE county_id = ?1 AND token_hash = ?2", error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_blob(s, 2, link->hash, sizeof link->hash);
  if (!db_step(found, s, error)) return false;
  if (!*found) return true;
  link->id = db_column_i64(s, 0);
  link->order.value = db_column_i64(s, 1);
  link->expires_at = db_column_i64(s, 2);
  link->used = db_column_i64(s, 3) != 0;
  db_reset(s);
  return true;
}

bool store_use_link(DeskContext *context, int64_t id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "UPDATE survey_link SET used = 1 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, id);
  return db_done(s, error);
}

bool store_insert_satisfaction(DeskContext *context, const Satisfaction *said, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO satisfaction (county_id, id, order_id, kind, org_id, period, answer, scores, note) VALUES (?1, ?2, ?3, ?4, "
                  "?5, ?6, ?7, ?8, ?9)",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, said->id);
  if (said->order.value)
    db_bind_i64(s, 3, said->order.value);
  else
    db_bind_null(s, 3);
  db_bind_text(s, 4, said->kind);
  db_bind_i64(s, 5, said->org_id);
  db_bind_i64(s, 6, said->period);
  db_bind_text(s, 7, said->answer);
  db_bind_text(s, 8, said->scores);
  db_bind_text(s, 9, said->note);
  return db_done(s, error);
}

bool store_satisfaction(Db *db, int64_t county_id, int32_t from, int32_t to, SatisfactionVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(
          &s, db,
          "SELECT order_id, kind, org_id, period, answer, scores FROM satisfaction WHERE county_id = ?1 AND period BETWEEN ?2 AND ?3",
          error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, from);
  db_bind_i64(s, 3, to);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    Satisfaction said = {.order = {db_column_i64(s, 0)},
                         .kind = db_column_text(s, 1),
                         .org_id = db_column_i64(s, 2),
                         .period = (int32_t)db_column_i64(s, 3),
                         .answer = db_column_text(s, 4),
                         .scores = db_column_text(s, 5)};
    visit(self, &said);
  }
}
