#include "people/move.h"

#include <stdio.h>

#include "people/people_private.h"

/* The file's word; and what holds now, by the rows. */
static bool device_of(int64_t *file, int64_t *now, Db *db, int64_t county_id, CustomerId customer, Error *error) {
  DbStatement *s;
  bool row;
  *file = *now = 0;
  if (!db_prepare(&s, db,
                  "SELECT c.device_id, m.to_device_id FROM customer c LEFT JOIN customer_move m ON m.county_id = c.county_id AND m.customer_id = c.id"
                  " AND m.undone_at IS NULL AND m.from_device_id = c.device_id WHERE c.county_id = ?1 AND c.id = ?2 AND c.retired_at IS NULL",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, customer.value);
  if (!db_step(&row, s, error)) return false;
  if (row) *file = *now = db_column_i64(s, 0);
  if (row && !db_column_is_null(s, 1)) *now = db_column_i64(s, 1);
  db_reset(s);
  return *file ? true : error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)customer.value);
}

static bool undo(DeskContext *context, CustomerId customer, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "UPDATE customer_move SET undone_at = ?1, undone_by = ?2 WHERE county_id = ?3 AND customer_id = ?4 AND undone_at IS NULL", error))
    return false;
  db_bind_instant(s, 1, context->now);
  db_bind_text(s, 2, context->actor);
  db_bind_i64(s, 3, context->county_id);
  db_bind_i64(s, 4, customer.value);
  return db_done(s, error);
}

static bool put(DeskContext *context, CustomerId customer, int64_t from, int64_t to, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO customer_move (county_id, id, customer_id, from_device_id, to_device_id, moved_at, moved_by)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, desk_new_id(context));
  db_bind_i64(s, 3, customer.value);
  db_bind_i64(s, 4, from);
  db_bind_i64(s, 5, to);
  db_bind_instant(s, 6, context->now);
  db_bind_text(s, 7, context->actor);
  return db_done(s, error);
}

static bool tell(DeskContext *context, const char *kind, CustomerId customer, int64_t from, int64_t to, Error *error) {
  char text[96];
  int len = snprintf(text, sizeof text, "{\"from_device_id\":\"%lld\",\"to_device_id\":\"%lld\"}", (long long)from, (long long)to);
  return desk_event(context, kind, "customer", customer.value, (Text){text, (size_t)len}, error);
}

bool people_move(DeskContext *context, const People *people, CustomerId customer, DeviceId to, Error *error) {
  int64_t file, now;
  uint32_t device;
  if (!grid_index_of(people->grid, to, &device)) return error_raise(error, ERROR_NOT_FOUND, "device\t%lld", (long long)to.value);
  if (!device_of(&file, &now, context->db, context->county_id, customer, error)) return false;
  if (now == to.value) return true;
  return undo(context, customer, error) && (to.value == file || put(context, customer, file, to.value, error)) &&
         tell(context, "customer.moved", customer, now, to.value, error);
}

bool people_move_back(DeskContext *context, const People *people, CustomerId customer, Error *error) {
  int64_t file, now;
  (void)people;
  if (!device_of(&file, &now, context->db, context->county_id, customer, error)) return false;
  if (now == file) return true;
  return undo(context, customer, error) && tell(context, "customer.moved_back", customer, now, file, error);
}

bool people_moves(const People *people, Db *db, PeopleMoveVisit visit, void *self, Error *error) {
  DbStatement *s;
  bool row;
  /* Of everyone who was ever moved: undone ones may still stand in memory where they were put. */
  if (!db_prepare(&s, db,
                  "SELECT c.id, c.device_id, MAX(CASE WHEN m.undone_at IS NULL AND m.from_device_id = c.device_id THEN m.to_device_id ELSE 0 END)"
                  " FROM customer_move m JOIN customer c ON c.county_id = m.county_id AND c.id = m.customer_id"
                  " WHERE m.county_id = ?1 AND c.retired_at IS NULL GROUP BY c.id, c.device_id",
                  error))
    return false;
  db_bind_i64(s, 1, people->county_id);
  while (db_step(&row, s, error)) {
    uint32_t position, device;
    if (!row) return true;
    int64_t at = db_column_i64(s, 2) ? db_column_i64(s, 2) : db_column_i64(s, 1);
    if (!people_position_of(people, (CustomerId){db_column_i64(s, 0)}, &position) || !grid_index_of(people->grid, (DeviceId){at}, &device) ||
        people_customer_device(people, position) == device)
      continue;
    if (!visit(self, position, device)) return db_reset(s), true;
  }
  return false;
}
