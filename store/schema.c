#include "store/schema.h"

#include <stdio.h>
#include <string.h>

static const struct {
  int number;
  const char *name, *sql;
} MIGRATION[] = {
#include "schema_embedded.h" /* made from store/schema/ by schema_embed.sh */
};
enum { MIGRATION_COUNT = sizeof MIGRATION / sizeof *MIGRATION, BEGIN_TRIES = 6 /* of ten seconds each */ };

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

/* Which migrations these data have had. Rooms number theirs apart, so that a newer program may bring one with a lower number than the last had:
 * what counts is the list, not its highest. One this program does not know was made by a newer one. */
static bool read_done(bool done[MIGRATION_COUNT], Db *db, Error *error) {
  DbStatement *s;
  memset(done, 0, MIGRATION_COUNT * sizeof *done);
  if (!db_prepare(&s, db, "SELECT number FROM migration WHERE number > 0 ORDER BY number", error)) return false;
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    int number = (int)db_column_i64(s, 0);
    size_t i = 0;
    while (i < MIGRATION_COUNT && MIGRATION[i].number != number) i++;
    if (i < MIGRATION_COUNT) {
      done[i] = true;
      continue;
    }
    db_reset(s);
    return error_raise(error, ERROR_STORE_VERSION, "%d\t%d", number, schema_newest());
  }
}

/* Every transaction of a desk begins at its county's row of leases: whoever holds them all has the desks stand still, each between two batches. Else a
 * desk and a migration could wait for each other's tables. */
static bool stop_desks(const bool done[MIGRATION_COUNT], Db *db, Error *error) {
  DbStatement *statement;
  for (size_t i = 0; i < MIGRATION_COUNT; i++)
    if (strcmp(MIGRATION[i].name, "lease") == 0 && !done[i]) return true;
  return db_prepare(&statement, db, "UPDATE lease SET beat = beat", error) && db_done(statement, error);
}

static bool migrate(Db *db, int version, Error *error) {
  bool done[MIGRATION_COUNT];
  if (!take_turn(db, error) || !read_done(done, db, error) || !stop_desks(done, db, error)) return false; /* read again: another may have been first */
  for (size_t i = 0; i < MIGRATION_COUNT; i++)
    if (!done[i] && MIGRATION[i].number <= version && !apply_one(db, i, error)) return false;
  return true;
}

/* Beside a desk that writes without a pause one waits longer than any statement may. */
static bool begin(Db *db, Error *error) {
  for (int tries = 1; !db_begin(db, error); tries++) {
    if (error->code != ERROR_STORE_BUSY || tries == BEGIN_TRIES) return false;
    error_clear(error);
  }
  return true;
}

bool schema_migrate_to(Db *db, int version, Error *error) {
  bool done[MIGRATION_COUNT], all = true;
  if (!make_table(db, error) || !read_done(done, db, error)) return false;
  for (size_t i = 0; i < MIGRATION_COUNT; i++) all = all && (done[i] || MIGRATION[i].number > version);
  if (all) return true;
  if (!begin(db, error)) return false;
  bool ok = migrate(db, version, error) && db_commit(db, error);
  if (!ok) db_rollback(db);
  return ok;
}

bool schema_migrate(Db *db, Error *error) { return schema_migrate_to(db, schema_newest(), error); }
