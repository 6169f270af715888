#include <stdio.h>

#include "app/command.h"
#include "app/folder.h"
#include "store/copy.h"
#include "store/lease.h"
#include "store/schema.h"

static void told(void *self, const char *table, int64_t rows) {
  (void)self;
  printf("%-20s %12lld equal\n", table, (long long)rows);
}

typedef struct Side {
  Folder folder;
  Db *db;
} Side;

static bool open_side(Side *side, const char *data, bool make, Error *error) {
  if (!folder_open(&side->folder, data, make, error)) return false;
  /* no server ends a copy that thinks for long in its transaction; see the end for what makes it durable */
  return db_open(&side->db, side->folder.store, db_address_is_file(data) ? DB_WRITE : DB_WRITE_UNSYNCED, error);
}

/* Nobody may write either side meanwhile: a file is locked, and every county of a database is ours. A county nobody ever served has no
 * lease. */
typedef struct Held {
  Lease *lease[256];
  size_t count;
} Held;

static bool hold_counties(Held *held, Side *side, Error *error) {
  int64_t counties[256];
  size_t count = 0;
  DbColumns columns;
  DbStatement *s;
  bool row;
  if (db_address_is_file(side->folder.store)) return true;
  if (!db_columns(&columns, side->db, "lease", error)) return false;
  if (!columns.count) return true;
  if (!db_prepare(&s, side->db, "SELECT county_id FROM lease ORDER BY county_id", error)) return false;
  for (;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    if (count == 256) return db_reset(s), error_raise(error, ERROR_LIMIT, "%s", "counties\t256");
    counties[count++] = db_column_i64(s, 0);
  }
  for (size_t i = 0; i < count; i++, held->count++)
    if (!lease_take(&held->lease[i], side->folder.store, counties[i], "copy", error)) return false;
  return true;
}

int command_copy(const CommandLine *line) {
  Error error = {0};
  const char *from = command_option(line, "--from"), *to = command_option(line, "--to");
  if (!command_words(line, 0, 0, &error)) return command_failed(&error);
  if (!from || !to) {
    error_raise(&error, ERROR_USAGE, "say --from and --to\tcopy");
    return command_failed(&error);
  }
  Side source = {.folder.lock = -1}, target = {.folder.lock = -1};
  Held held = {0};
  CopyCount count;
  Folder there;
  bool fresh = db_address_is_file(to) && !folder_look(&there, to, NULL);
  bool ok = open_side(&source, from, false, &error) && hold_counties(&held, &source, &error) && schema_migrate(source.db, &error) && open_side(&target, to, true, &error) &&
            store_copy(&count, source.db, target.db, told, NULL, &error);
  if (ok && !db_address_is_file(target.folder.store)) { /* a synchronous commit writes out all that came before it */
    Lease *last = NULL;
    ok = lease_take(&last, target.folder.store, 0, "copy", &error);
    lease_give(last);
  }
  if (ok) printf("%lld tables, %lld rows\n", (long long)count.tables, (long long)count.rows);
  db_close(source.db);
  db_close(target.db);
  for (size_t i = 0; i < held.count; i++) lease_give(held.lease[i]);
  folder_close(&source.folder);
  folder_close(&target.folder);
  if (!ok && fresh && target.db) folder_remove(to); /* nothing half made is left */
  return ok ? 0 : command_failed(&error);
}
