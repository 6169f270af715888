/* The SQL of the hall. */
#include <sodium.h>

#include "hall/hall_internal.h"

static void hash_of(unsigned char out[HALL_HASH], Text text) {
  crypto_generichash(out, HALL_HASH, (const unsigned char *)text.at, text.len, NULL, 0);
}

bool hall_store_find(bool *found, HallForm *out, Db *db, int64_t county_id, Text token, Error *error) {
  DbStatement *s;
  unsigned char hash[HALL_HASH];
  *found = false;
  *out = (HallForm){0};
  if (!hall_token_is_sound(token)) return true;
  hash_of(hash, token);
  if (!db_prepare(&s, db, "SELECT order_id, message_id, joined FROM hall_form WHERE county_id = ?1 AND hash = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_blob(s, 2, hash, HALL_HASH);
  if (!db_step(found, s, error)) return false;
  if (*found) *out = (HallForm){{db_column_i64(s, 0)}, db_column_i64(s, 1), db_column_i64(s, 2) != 0};
  db_reset(s);
  return true;
}

bool hall_store_add(DeskContext *context, Text token, const HallForm *form, Text phone, Error *error) {
  DbStatement *s;
  unsigned char hash[HALL_HASH], phone_hash[HALL_HASH];
  hash_of(hash, token);
  if (!db_prepare(&s, context->db, "INSERT INTO hall_form (county_id, id, hash, order_id, message_id, joined, phone_hash, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, desk_new_id(context));
  db_bind_blob(s, 3, hash, HALL_HASH);
  if (form->order.value) db_bind_i64(s, 4, form->order.value);
  else db_bind_null(s, 4);
  if (form->message) db_bind_i64(s, 5, form->message);
  else db_bind_null(s, 5);
  db_bind_i64(s, 6, form->joined);
  if (phone.len) {
    hash_of(phone_hash, phone);
    db_bind_blob(s, 7, phone_hash, HALL_HASH);
  } else {
    db_bind_null(s, 7);
  }
  db_bind_i64(s, 8, context->now);
  return db_done(s, error);
}

bool hall_store_by_phone(int64_t *count, DeskContext *context, Text phone, Error *error) {
  DbStatement *s;
  bool row;
  unsigned char hash[HALL_HASH];
  *count = 0;
  if (!phone.len) return true;
  hash_of(hash, phone);
  if (!db_prepare(&s, context->db, "SELECT COUNT(*) FROM hall_form WHERE county_id = ?1 AND phone_hash = ?2 AND at >= ?3", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_blob(s, 2, hash, HALL_HASH);
  db_bind_i64(s, 3, context->now - SPAN_DAY);
  if (!db_step(&row, s, error)) return false;
  if (row) *count = db_column_i64(s, 0), db_reset(s);
  return true;
}

bool hall_store_tidy(DeskContext *context, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "DELETE FROM hall_form WHERE county_id = ?1 AND at < ?2", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, context->now - HALL_FORM_KEPT);
  if (!db_done(s, error)) return false;
  if (!db_prepare(&s, context->db, "UPDATE hall_form SET phone_hash = NULL WHERE county_id = ?1 AND at < ?2 AND phone_hash IS NOT NULL", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, context->now - SPAN_DAY);
  return db_done(s, error);
}

bool hall_store_order(bool *found, OrderId *out, Db *db, int64_t county_id, int64_t number, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT id FROM orders WHERE county_id = ?1 AND number = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, number);
  if (!db_step(found, s, error)) return false;
  if (*found) *out = (OrderId){db_column_i64(s, 0)}, db_reset(s);
  return true;
}
