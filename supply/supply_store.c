#include "supply/supply_internal.h"

/* What the grid in memory does not keep: conductors, by the transformer's part of the preorder. */
bool supply_conductors(const Supply *supply, Db *db, uint32_t device, SiteDevice *devices, uint32_t count, Arena *arena, Error *error) {
  DbStatement *statement;
  bool row;
  if (!db_prepare(&statement, db, "SELECT position, conductor FROM device WHERE county_id = ?1 AND position >= ?2 AND position < ?3",
                  error))
    return false;
  db_bind_i64(statement, 1, supply->county_id);
  db_bind_i64(statement, 2, device);
  db_bind_i64(statement, 3, (int64_t)device + count);
  while (db_step(&row, statement, error)) {
    if (!row) return true;
    Text *to = &devices[db_column_i64(statement, 0) - device].conductor;
    *to = text_copy(arena, db_column_text(statement, 1));
    if (!to->at) {
      db_reset(statement);
      return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "area");
    }
  }
  return false;
}

bool supply_choice_put(Db *db, int64_t county_id, const SupplyChoice *choice, Error *error) {
  DbStatement *statement;
  if (!db_prepare(
          &statement, db,
          "INSERT INTO supply_choice (county_id, id, device_id, order_id, day, chosen_at, kinds, cause, remedy, cost_fen, works_days,"
          " worst_before_dv, low_before, worst_after_dv, low_after)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
          error))
    return false;
  db_bind_i64(statement, 1, county_id);
  db_bind_i64(statement, 2, choice->id);
  db_bind_i64(statement, 3, choice->device_id);
  db_bind_i64(statement, 4, choice->order.value);
  db_bind_i64(statement, 5, choice->day);
  db_bind_instant(statement, 6, choice->chosen_at);
  db_bind_i64(statement, 7, choice->kinds);
  db_bind_text(statement, 8, choice->cause);
  db_bind_text(statement, 9, choice->remedy);
  db_bind_i64(statement, 10, choice->cost_fen);
  db_bind_i64(statement, 11, choice->works_days);
  db_bind_i64(statement, 12, choice->worst_before_dv);
  db_bind_i64(statement, 13, choice->low_before);
  db_bind_i64(statement, 14, choice->worst_after_dv);
  db_bind_i64(statement, 15, choice->low_after);
  return db_done(statement, error);
}

bool supply_choices(Db *db, int64_t county_id, int64_t device_id, int64_t limit, SupplyChoiceVisit visit, void *self, Error *error) {
  DbStatement *statement;
  bool row;
  if (!db_prepare(&statement, db,
                  "SELECT id, device_id, order_id, day, chosen_at, kinds, cause, remedy, cost_fen, works_days, worst_before_dv, low_before,"
                  " worst_after_dv, low_after, measured_dv, measured_at FROM supply_choice"
                  " WHERE county_id = ?1 AND (device_id = ?2 OR ?3 = 0) ORDER BY id DESC LIMIT ?4",
                  error))
    return false;
  db_bind_i64(statement, 1, county_id);
  db_bind_i64(statement, 2, device_id);
  db_bind_i64(statement, 3, device_id);
  db_bind_i64(statement, 4, limit);
  while (db_step(&row, statement, error)) {
    if (!row) return true;
    SupplyChoice choice = {.id = db_column_i64(statement, 0),
                           .device_id = db_column_i64(statement, 1),
                           .order = {db_column_i64(statement, 2)},
                           .day = (int)db_column_i64(statement, 3),
                           .chosen_at = db_column_instant(statement, 4),
                           .kinds = (uint32_t)db_column_i64(statement, 5),
                           .cause = db_column_text(statement, 6),
                           .remedy = db_column_text(statement, 7),
                           .cost_fen = db_column_i64(statement, 8),
                           .works_days = (int)db_column_i64(statement, 9),
                           .worst_before_dv = (int)db_column_i64(statement, 10),
                           .low_before = (int)db_column_i64(statement, 11),
                           .worst_after_dv = (int)db_column_i64(statement, 12),
                           .low_after = (int)db_column_i64(statement, 13),
                           .measured_dv = db_column_is_null(statement, 14) ? -1 : db_column_i64(statement, 14),
                           .measured_at = db_column_instant(statement, 15)};
    if (!visit(self, &choice)) return db_reset(statement), true;
  }
  return false;
}

/* *choice 0: no such order. */
bool supply_choice_measured(Db *db, int64_t county_id, OrderId order, int dv, Instant at, int64_t *choice, int64_t *device, Error *error) {
  DbStatement *statement;
  bool row;
  *choice = *device = 0;
  if (!db_prepare(&statement, db, "SELECT id, device_id FROM supply_choice WHERE county_id = ?1 AND order_id = ?2", error)) return false;
  db_bind_i64(statement, 1, county_id);
  db_bind_i64(statement, 2, order.value);
  if (!db_step(&row, statement, error)) return false;
  if (!row) return true;
  *choice = db_column_i64(statement, 0), *device = db_column_i64(statement, 1);
  db_reset(statement);
  if (!db_prepare(&statement, db, "UPDATE supply_choice SET measured_dv = ?1, measured_at = ?2 WHERE county_id = ?3 AND id = ?4", error))
    return false;
  db_bind_i64(statement, 1, dv);
  db_bind_instant(statement, 2, at);
  db_bind_i64(statement, 3, county_id);
  db_bind_i64(statement, 4, *choice);
  return db_done(statement, error);
}
