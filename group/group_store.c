/* The SQL of the group room. */
#include "group/group_inside.h"
#include "grid/part.h"

static void bind_id(DbStatement *s, int at, int64_t id) {
  if (id)
    db_bind_i64(s, at, id);
  else
    db_bind_null(s, at);
}

bool group_store_insert(DeskContext *context, int64_t id, int64_t org_id, Text name, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "INSERT INTO chat_group (county_id, id, org_id, name, at) VALUES (?1, ?2, ?3, ?4, ?5)", error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, id);
  db_bind_i64(s, 3, org_id);
  db_bind_text(s, 4, name);
  db_bind_i64(s, 5, context->now);
  return db_done(s, error);
}

bool group_store_link(DeskContext *context, int64_t id, const unsigned char hash[32], Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "UPDATE chat_group SET token_hash = ?3 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, id);
  db_bind_blob(s, 3, hash, 32);
  return db_done(s, error);
}

bool group_store_end(DeskContext *context, int64_t id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "UPDATE chat_group SET token_hash = NULL, closed_at = ?3 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, id);
  db_bind_i64(s, 3, context->now);
  return db_done(s, error);
}

bool group_store_members(Db *db, int64_t county_id, int64_t group_id, MemberVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT author_name, customer_id, COUNT(*), MAX(at) FROM group_message WHERE county_id = ?1 AND group_id = ?2"
                  " AND author = 'household' GROUP BY author_name, customer_id ORDER BY MAX(at) DESC, author_name LIMIT 500",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, group_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    MemberRow member = {db_column_text(s, 0), {db_column_i64(s, 1)}, db_column_i64(s, 2), db_column_instant(s, 3)};
    visit(self, &member);
  }
}

#define GROUP_COLUMNS                                                                                                                  \
  "SELECT g.id, g.org_id, g.name, CASE WHEN g.token_hash IS NULL THEN 0 ELSE 1 END, (SELECT MAX(m.at) FROM group_message m"          \
  " WHERE m.county_id = g.county_id AND m.group_id = g.id), g.closed_at FROM chat_group g WHERE g.county_id = ?1"

static bool visit_groups(DbStatement *s, GroupVisit visit, void *self, Error *error) {
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    GroupRow group = {db_column_i64(s, 0), db_column_i64(s, 1), db_column_text(s, 2), db_column_i64(s, 3) != 0, db_column_instant(s, 4), db_column_instant(s, 5)};
    visit(self, &group);
  }
}

bool group_store_group(Db *db, int64_t county_id, int64_t id, GroupVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, GROUP_COLUMNS " AND g.id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  return visit_groups(s, visit, self, error);
}

bool group_store_groups(Db *db, int64_t county_id, int64_t part, bool closed, GroupVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, GROUP_COLUMNS " AND (?2 = 0 OR g.org_id IN " PART_ORGS ") AND (?3 = 1 OR g.closed_at IS NULL) ORDER BY g.id LIMIT 2000", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, part);
  db_bind_i64(s, 3, closed);
  return visit_groups(s, visit, self, error);
}

static bool one_number(int64_t *out, DbStatement *s, Error *error) {
  bool row;
  *out = 0;
  if (!db_step(&row, s, error)) return false;
  if (row) *out = db_column_i64(s, 0), db_reset(s);
  return true;
}

bool group_store_by_token(int64_t *id, Db *db, int64_t county_id, const unsigned char hash[32], Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT id FROM chat_group WHERE county_id = ?1 AND token_hash = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_blob(s, 2, hash, 32);
  return one_number(id, s, error);
}

bool group_store_say(DeskContext *context, const MessageRow *row, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO group_message (county_id, id, group_id, author, author_name, customer_id, body, body_en, attachment_id, "
                  "order_id, at)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, row->id);
  db_bind_i64(s, 3, row->group_id);
  db_bind_text(s, 4, row->author);
  db_bind_text(s, 5, row->author_name);
  bind_id(s, 6, row->customer.value);
  db_bind_text(s, 7, row->body);
  db_bind_text(s, 8, row->body_en);
  bind_id(s, 9, row->attachment_id);
  bind_id(s, 10, row->order.value);
  db_bind_i64(s, 11, context->now);
  return db_done(s, error);
}

#define MESSAGE_COLUMNS "id, group_id, author, author_name, customer_id, body, body_en, attachment_id, order_id, at"
static bool visit_messages(DbStatement *s, MessageVisit visit, void *self, Error *error) {
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    MessageRow message = {.id = db_column_i64(s, 0),
                          .group_id = db_column_i64(s, 1),
                          .author = db_column_text(s, 2),
                          .author_name = db_column_text(s, 3),
                          .customer = {db_column_i64(s, 4)},
                          .body = db_column_text(s, 5),
                          .body_en = db_column_text(s, 6),
                          .attachment_id = db_column_i64(s, 7),
                          .order = {db_column_i64(s, 8)},
                          .at = db_column_i64(s, 9)};
    visit(self, &message);
  }
}

bool group_store_messages(Db *db, int64_t county_id, int64_t group_id, int64_t before, int64_t most, MessageVisit visit, void *self,
                          Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT " MESSAGE_COLUMNS
                  " FROM group_message WHERE county_id = ?1 AND group_id = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, group_id);
  db_bind_i64(s, 3, before ? before : INT64_MAX);
  db_bind_i64(s, 4, most);
  return visit_messages(s, visit, self, error);
}

bool group_store_message(Db *db, int64_t county_id, int64_t id, MessageVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT " MESSAGE_COLUMNS " FROM group_message WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  return visit_messages(s, visit, self, error);
}

bool group_store_set_order(DeskContext *context, int64_t message, OrderId order, int64_t attachment, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "UPDATE group_message SET order_id = ?3 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, message);
  db_bind_i64(s, 3, order.value);
  if (!db_done(s, error) || !attachment) return attachment == 0;
  if (!db_prepare(&s, context->db, "UPDATE attachment SET order_id = ?3 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, attachment);
  db_bind_i64(s, 3, order.value);
  return db_done(s, error);
}

bool group_store_count(int64_t *out, Db *db, int64_t county_id, int64_t group_id, Instant since, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT COUNT(*) FROM group_message WHERE county_id = ?1 AND group_id = ?2 AND id >= ?3 AND author = 'household'",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, group_id);
  db_bind_i64(s, 3, id_make(&(IdMaker){0}, since));
  return one_number(out, s, error);
}

bool group_store_has_picture(bool *out, Db *db, int64_t county_id, int64_t group_id, int64_t attachment, Error *error) {
  DbStatement *s;
  int64_t id;
  if (!db_prepare(&s, db, "SELECT id FROM attachment WHERE county_id = ?1 AND id = ?2 AND group_id = ?3", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, attachment);
  db_bind_i64(s, 3, group_id);
  if (!one_number(&id, s, error)) return false;
  *out = id != 0;
  return true;
}

bool group_store_open_orders(Db *db, int64_t county_id, Map *of_order, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT o.id, m.group_id FROM group_message m JOIN orders o ON o.county_id = m.county_id AND o.id = m.order_id"
                  " WHERE m.county_id = ?1 AND m.author <> 'system' AND o.closed_at IS NULL",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    if (map_put(of_order, db_column_i64(s, 0), db_column_i64(s, 1))) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "groups");
  }
}

bool group_store_lost(int64_t *out, Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT COUNT(*) FROM group_message m WHERE m.county_id = ?1 AND m.order_id IS NOT NULL"
                  " AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.county_id = m.county_id AND o.id = m.order_id)",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  return one_number(out, s, error);
}
