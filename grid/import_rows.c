#include "grid/import.h"

bool import_rows_open(ImportRows *rows, Db *db, int64_t county_id, const char *select, Error *error) {
  DbStatement *statement;
  bool row;
  *rows = (ImportRows){0};
  arena_begin(&rows->texts, 0);
  if (!db_prepare(&statement, db, select, error)) return false;
  db_bind_i64(statement, 1, county_id);
  for (;;) {
    if (!db_step(&row, statement, error)) return false;
    if (!row) return true;
    int64_t id = db_column_i64(statement, 0), place = (int64_t)rows->ids.count;
    Text code = text_copy(&rows->texts, db_column_text(statement, 1));
    bool fresh;
    if (!code.at || !vector_push(&rows->ids, id) || !vector_push(&rows->named, false) ||
        !vector_push(&rows->retired, db_column_i64(statement, 2) != 0) || !text_map_put(&rows->place, code, &place, &fresh)) {
      db_reset(statement);
      return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "import");
    }
    if (id > rows->maker.last) rows->maker.last = id;
  }
}

bool import_rows_key(ImportRows *rows, Text code, Instant now, int64_t *key, bool *fresh, Error *error) {
  int64_t place;
  *fresh = !text_map_get(&rows->place, code, &place);
  if (*fresh) {
    rows->count.added++;
    *key = id_make(&rows->maker, now);
    return true;
  }
  *key = rows->ids.at[place];
  if (rows->named.at[place]) return error_raise(error, ERROR_INTERNAL, "%s", "a package names a row twice");
  rows->named.at[place] = true;
  rows->count.kept++;
  return true;
}

bool import_rows_retire(ImportRows *rows, Db *db, int64_t county_id, Instant now, const char *update, Error *error) {
  for (size_t i = 0; i < rows->ids.count; i++) {
    DbStatement *statement;
    if (rows->named.at[i] || rows->retired.at[i]) continue;
    if (!db_prepare(&statement, db, update, error)) return false;
    db_bind_i64(statement, 1, county_id);
    db_bind_i64(statement, 2, rows->ids.at[i]);
    db_bind_instant(statement, 3, now);
    if (!db_done(statement, error)) return false;
    rows->count.retired++;
  }
  return true;
}

void import_rows_end(ImportRows *rows) {
  text_map_free(&rows->place);
  vector_free(&rows->ids);
  vector_free(&rows->named);
  vector_free(&rows->retired);
  arena_end(&rows->texts);
}
