#include "store/schema.h"

#include <stdio.h>

static const struct {
  int number;
  const char *name, *sql;
} MIGRATION[] = {
#include "schema_embedded.h" /* made from store/schema/ by schema_embed.sh */
};
enum { MIGRATION_COUNT = sizeof MIGRATION / sizeof *MIGRATION };

int schema_newest(void) { return MIGRATION[MIGRATION_COUNT - 1].number; }

bool schema_version(int *out, Db *db, Error *error) {
  DbStatement *statement;
  bool row;
  *out = 0;
  if (!db_prepare(&statement, db, "SELECT COALESCE(MAX(number), 0) FROM migration", error) || !db_step(&row, statement, error)) return false;
  *out = (int)db_column_i64(statement, 0);
  db_reset(statement);
  return true;
}

static bool apply_one(Db *db, size_t i, Error *error) {
  DbStatement *statement;
  if (!db_run(db, MIGRATION[i].sql, error)) return error_at(error, "migration %d (%s)", MIGRATION[i].number, MIGRATION[i].name);
  if (!db_prepare(&statement, db, "INSERT INTO migration (number, name) VALUES (?1, ?2)", error)) return false;
  db_bind_i64(statement, 1, MIGRATION[i].number);
  db_bind_text(statement, 2, text_of(MIGRATION[i].name));
  return db_done(statement, error);
}

/* Two programs that start on new data at once both find no table here; the second to make it fails, and finds it when it looks again. */
static bool make_table(Db *db, Error *error) {
  static const char SQL[] = "CREATE TABLE IF NOT EXISTS migration (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)";
  return db_run(db, SQL, NULL) || db_run(db, SQL, error);
}

/* Row 0 stands for the right to migrate: whoever writes it holds it until his transaction ends. */
static bool take_turn(Db *db, Error *error) {
  DbStatement *statement;
  return db_prepare(&statement, db, "INSERT INTO migration (number, name) VALUES (0, 'turn') ON CONFLICT (number) DO UPDATE SET name = excluded.name", error) &&
         db_done(statement, error);
}

static bool migrate(Db *db, int version, Error *error) {
  int have;
  if (!take_turn(db, error) || !schema_version(&have, db, error)) return false; /* again: another may have been first */
  if (have > schema_newest()) return error_raise(error, ERROR_STORE_VERSION, "%d\t%d", have, schema_newest());
  for (size_t i = 0; i < MIGRATION_COUNT; i++)
    if (MIGRATION[i].number > have && MIGRATION[i].number <= version && !apply_one(db, i, error)) return false;
  return true;
}

bool schema_migrate_to(Db *db, int version, Error *error) {
  int have;
  if (!make_table(db, error) || !schema_version(&have, db, error)) return false;
  if (have > schema_newest()) return error_raise(error, ERROR_STORE_VERSION, "%d\t%d", have, schema_newest());
  if (have >= version) return true;
  if (!db_begin(db, error)) return false;
  bool ok = migrate(db, version, error) && db_commit(db, error);
  if (!ok) db_rollback(db);
  return ok;
}

bool schema_migrate(Db *db, Error *error) { return schema_migrate_to(db, schema_newest(), error); }
