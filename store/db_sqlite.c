#include <assert.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "store/db.h"

struct DbStatement {
  sqlite3_stmt *statement;
  Db *db;
  int bind_failure;
  bool stepping;
};

struct Db {
  sqlite3 *sqlite;
  Map statements; /* SQL's address → DbStatement */
};

static _Atomic int64_t fail_countdown;
void db_fail_at(int64_t nth) { atomic_store(&fail_countdown, nth); }

static bool must_fail(void) {
  return atomic_load_explicit(&fail_countdown, memory_order_relaxed) > 0 && atomic_fetch_sub(&fail_countdown, 1) == 1;
}

static bool fail_with(Error *error, int code, const char *message) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return error_raise(error, ERROR_STORE_BUSY, "%s", message);
    case SQLITE_FULL: return error_raise(error, ERROR_STORE_FULL, "%s", message);
    case SQLITE_NOMEM: return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return error_raise(error, ERROR_STORE_CORRUPT, "%s", message);
    case SQLITE_CONSTRAINT: return error_raise(error, ERROR_STORE_CONSTRAINT, "%s", message);
    default: return error_raise(error, ERROR_STORE, "%s", message);
  }
}

static bool fail(Db *db, Error *error, int code) {
  return fail_with(error, code, db->sqlite ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(code));
}

bool db_open(Db **out, const char *address, DbMode mode, Error *error) {
  bool ok = false;
  Db *db = memory_new(sizeof *db);
  if (!db) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", address);
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
              (mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  int code = sqlite3_open_v2(address, &db->sqlite, flags, NULL);
  if (code != SQLITE_OK) {
    fail(db, error, code);
    error_at(error, "%s", address);
    goto done;
  }
  sqlite3_busy_timeout(db->sqlite, 10000);
  sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  static const char *const SETTINGS[] = {
      [DB_READ] = "PRAGMA query_only=1; PRAGMA mmap_size=268435456; PRAGMA cache_size=-8000; PRAGMA temp_store=MEMORY;",
      [DB_WRITE] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-64000;"
                   "PRAGMA foreign_keys=0; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;",
      [DB_WRITE_UNSYNCED] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-64000;"
                            "PRAGMA foreign_keys=0; PRAGMA temp_store=MEMORY;"};
  if (!db_run(db, SETTINGS[mode], error)) {
    error_at(error, "%s", address);
    goto done;
  }
  *out = db;
  ok = true;
done:
  if (!ok) db_close(db);
  return ok;
}

void db_close(Db *db) {
  if (!db) return;
  size_t at = 0;
  int64_t key, value;
  while (map_next(&db->statements, &at, &key, &value)) {
    DbStatement *statement = (DbStatement *)(intptr_t)value;
    sqlite3_finalize(statement->statement);
    memory_free(statement);
  }
  map_free(&db->statements);
  sqlite3_close(db->sqlite);
  memory_free(db);
}

bool db_run(Db *db, const char *sql, Error *error) {
  if (must_fail()) return fail_with(error, SQLITE_FULL, "made to fail");
  int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? true : fail(db, error, code);
}

bool db_prepare(DbStatement **out, Db *db, const char *sql, Error *error) {
  int64_t found;
  if (map_get(&db->statements, (int64_t)(intptr_t)sql, &found)) {
    *out = (DbStatement *)(intptr_t)found;
    db_reset(*out);
    return true;
  }
  DbStatement *statement = memory_new(sizeof *statement);
  if (!statement) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "statement");
  statement->db = db;
  int code = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->statement, NULL);
  if (code != SQLITE_OK) {
    memory_free(statement);
    fail(db, error, code);
    return error_at(error, "%.120s", sql);
  }
  if (!map_put(&db->statements, (int64_t)(intptr_t)sql, (int64_t)(intptr_t)statement)) {
    sqlite3_finalize(statement->statement);
    memory_free(statement);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "statement");
  }
  *out = statement;
  return true;
}

static void bound(DbStatement *statement, int code) {
  if (code != SQLITE_OK) statement->bind_failure = code;
}

void db_bind_i64(DbStatement *s, int at, int64_t value) { bound(s, sqlite3_bind_int64(s->statement, at, value)); }
void db_bind_f64(DbStatement *s, int at, double value) { bound(s, sqlite3_bind_double(s->statement, at, value)); }
void db_bind_null(DbStatement *s, int at) { bound(s, sqlite3_bind_null(s->statement, at)); }

void db_bind_text(DbStatement *s, int at, Text value) {
  if (!value.at) db_bind_null(s, at);
  else bound(s, sqlite3_bind_text64(s->statement, at, value.at, value.len, SQLITE_STATIC, SQLITE_UTF8));
}

void db_bind_blob(DbStatement *s, int at, const void *bytes, size_t len) {
  bound(s, sqlite3_bind_blob64(s->statement, at, bytes ? bytes : "", len, SQLITE_STATIC));
}

void db_bind_instant(DbStatement *s, int at, Instant value) {
  if (value == INSTANT_NONE) db_bind_null(s, at);
  else db_bind_i64(s, at, value);
}

void db_reset(DbStatement *s) {
  sqlite3_reset(s->statement);
  s->bind_failure = SQLITE_OK;
  s->stepping = false;
}

bool db_step(bool *row, DbStatement *s, Error *error) {
  *row = false;
  int code = s->bind_failure;
  if (code == SQLITE_OK && must_fail()) {
    db_reset(s);
    return fail_with(error, SQLITE_FULL, "made to fail");
  }
  if (code == SQLITE_OK) code = sqlite3_step(s->statement);
  s->stepping = code == SQLITE_ROW;
  if (code == SQLITE_ROW) {
    *row = true;
    return true;
  }
  bool ok = code == SQLITE_DONE;
  if (!ok) {
    fail(s->db, error, code);
    error_at(error, "%.120s", sqlite3_sql(s->statement));
  }
  db_reset(s);
  return ok;
}

bool db_done(DbStatement *s, Error *error) {
  bool row;
  bool ok = db_step(&row, s, error);
  if (row) db_reset(s);
  return ok;
}

bool db_column_is_null(DbStatement *s, int at) { return sqlite3_column_type(s->statement, at) == SQLITE_NULL; }
int64_t db_column_i64(DbStatement *s, int at) { return sqlite3_column_int64(s->statement, at); }
double db_column_f64(DbStatement *s, int at) { return sqlite3_column_double(s->statement, at); }

Text db_column_text(DbStatement *s, int at) {
  const char *text = (const char *)sqlite3_column_text(s->statement, at);
  return (Text){text, text ? (size_t)sqlite3_column_bytes(s->statement, at) : 0};
}

Text db_column_blob(DbStatement *s, int at) {
  const char *bytes = sqlite3_column_blob(s->statement, at);
  return (Text){bytes, bytes ? (size_t)sqlite3_column_bytes(s->statement, at) : 0};
}

Instant db_column_instant(DbStatement *s, int at) { return db_column_is_null(s, at) ? INSTANT_NONE : db_column_i64(s, at); }

static bool run_prepared(Db *db, const char *sql, Error *error) {
  DbStatement *statement;
  return db_prepare(&statement, db, sql, error) && db_done(statement, error);
}

bool db_begin(Db *db, Error *error) { return run_prepared(db, "BEGIN IMMEDIATE", error); }
bool db_commit(Db *db, Error *error) { return run_prepared(db, "COMMIT", error); }
bool db_savepoint(Db *db, Error *error) { return run_prepared(db, "SAVEPOINT one", error); }
bool db_release(Db *db, Error *error) { return run_prepared(db, "RELEASE one", error); }

void db_rollback(Db *db) {
  if (!sqlite3_get_autocommit(db->sqlite)) sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

void db_rollback_savepoint(Db *db) { /* nothing to do when the store gave up the whole transaction by itself */
  if (!sqlite3_get_autocommit(db->sqlite)) sqlite3_exec(db->sqlite, "ROLLBACK TO one; RELEASE one", NULL, NULL, NULL);
}

int64_t db_changes(Db *db) { return sqlite3_changes64(db->sqlite); }

bool db_in_transaction(Db *db) { return !sqlite3_get_autocommit(db->sqlite); }

bool db_checkpoint(int64_t *log_pages, int64_t *left, Db *db, Error *error) {
  int log = 0, copied = 0;
  int code = sqlite3_wal_checkpoint_v2(db->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &copied);
  *log_pages = log > 0 ? log : 0;
  *left = log > copied ? log - copied : 0;
  return code == SQLITE_OK || (code & 0xFF) == SQLITE_BUSY ? true : fail(db, error, code);
}

bool db_backup(Db *db, const char *to_path, Error *error) {
  sqlite3 *to = NULL;
  int code = sqlite3_open_v2(to_path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
  sqlite3_backup *backup = code == SQLITE_OK ? sqlite3_backup_init(to, "main", db->sqlite, "main") : NULL;
  if (backup) {
    code = sqlite3_backup_step(backup, -1);
    int finished = sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE) code = finished;
  } else if (code == SQLITE_OK) {
    code = sqlite3_errcode(to);
  }
  if (code != SQLITE_OK) {
    fail_with(error, code, sqlite3_errstr(code));
    error_at(error, "%s", to_path);
  }
  sqlite3_close(to);
  return code == SQLITE_OK;
}

bool db_verify(Db *db, char *problem, Error *error) {
  DbStatement *statement;
  bool row;
  problem[0] = '\0';
  if (!db_prepare(&statement, db, "PRAGMA integrity_check(1)", error) || !db_step(&row, statement, error)) return false;
  if (row && !text_is(db_column_text(statement, 0), "ok")) {
    Text found = db_column_text(statement, 0);
    snprintf(problem, ERROR_TEXT_MAX, "%.*s", TEXT_ARG(found));
  }
  db_reset(statement);
  return true;
}
