/* What both drivers share: the choice by address, statements kept by their SQL, and the faults of tests. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/db_driver.h"

static _Atomic int64_t call_count, fail_countdown;
void db_fail_at(int64_t nth) { atomic_store(&fail_countdown, nth); }
bool db_fails_next(void) { return atomic_load_explicit(&fail_countdown, memory_order_relaxed) > 0; }
int64_t db_calls(void) { return atomic_load(&call_count); }
static bool (*_Atomic asked)(void);
void db_ask(bool (*fails)(void)) { atomic_store(&asked, fails); }

static void (*watching)(const char *sql);
void db_watch(void (*watch)(const char *sql)) { watching = watch; }

static bool must_fail(Error *error) {
  atomic_fetch_add_explicit(&call_count, 1, memory_order_relaxed);
  bool (*ask)(void) = atomic_load_explicit(&asked, memory_order_relaxed);
  bool fails = ask && ask();
  if (!fails && (atomic_load_explicit(&fail_countdown, memory_order_relaxed) <= 0 || atomic_fetch_sub(&fail_countdown, 1) != 1)) return false;
  error_raise(error, ERROR_STORE_FULL, "%s", "made to fail");
  return true;
}

bool db_address_is_file(const char *address) {
  return !text_starts(text_of(address), TEXT("postgresql://")) && !text_starts(text_of(address), TEXT("postgres://"));
}

const char *db_address_shown(const char *address, char *out, size_t size) {
  Text all = text_of(address);
  ptrdiff_t scheme = text_find(all, TEXT("://")), end = text_find(all, TEXT("@"));
  const char *from = scheme < 0 ? NULL : address + scheme + 3,
             *colon = from && end > 0 ? memchr(from, ':', (size_t)(address + end - from)) : NULL;
  if (db_address_is_file(address) || !colon)
    snprintf(out, size, "%s", address);
  else
    snprintf(out, size, "%.*s%s", (int)(colon - address), address, address + end);
  char *question = db_address_is_file(address) ? NULL : strchr(out, '?'); /* a password may stand among the options too */
  if (question) *question = '\0';
  return out;
}

bool db_test_address(char *out, size_t size, const char *file, Error *error) {
  static _Atomic int made;
  const char *base = getenv("DIANBAOMU_TEST_STORE");
  char sql[64];
  Db *db;
  snprintf(out, size, "%s", file);
  if (!base || !*base || db_address_is_file(base)) return true;
  int number = atomic_fetch_add(&made, 1);
  if (!db_open(&db, base, DB_WRITE_UNSYNCED, error)) return false;
  snprintf(sql, sizeof sql, "CREATE SCHEMA m%d_%d", (int)getpid(), number);
  bool ok = db_run(db, sql, error);
  db_close(db);
  snprintf(out, size, "%s%coptions=-csearch_path%%3Dm%d_%d", base, strchr(base, '?') ? '&' : '?', (int)getpid(), number);
  return ok;
}

bool db_open(Db **out, const char *address, DbMode mode, Error *error) {
  char memory[1024];
  if (strcmp(address, ":memory:") == 0) {
    if (!db_test_address(memory, sizeof memory, address, error)) return false;
    address = memory;
  }
  Map *statements = memory_new(sizeof *statements);
  if (!statements) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "store");
  if (!(db_address_is_file(address) ? &DB_SQLITE : &DB_POSTGRES)->open(out, address, mode, error)) {
    memory_free(statements);
    return false;
  }
  (*out)->statements = statements;
  return true;
}

void db_close(Db *db) {
  if (!db) return;
  size_t at = 0;
  int64_t key, value;
  Map *statements = db->statements;
  while (map_next(statements, &at, &key, &value)) db->driver->finish((DbStatement *)(intptr_t)value);
  map_free(statements);
  memory_free(statements);
  db->driver->close(db);
}

bool db_run(Db *db, const char *sql, Error *error) {
  if (watching) watching(sql);
  return !must_fail(error) && db->driver->run(db, sql, error);
}

static bool prepare(DbStatement **out, Db *db, const char *sql, bool bulk, Error *error) {
  int64_t found, key = (int64_t)(intptr_t)sql;
  if (map_get(db->statements, key, &found)) {
    *out = (DbStatement *)(intptr_t)found;
    db_reset(*out);
    return true;
  }
  if (watching) watching(sql);
  *out = NULL;
  if (!db->driver->prepare(out, db, sql, bulk, error)) return false;
  if (map_put(db->statements, key, (int64_t)(intptr_t)*out)) return true;
  db->driver->finish(*out);
  *out = NULL;
  return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "statement");
}

bool db_prepare(DbStatement **out, Db *db, const char *sql, Error *error) { return prepare(out, db, sql, false, error); }
bool db_prepare_bulk(DbStatement **out, Db *db, const char *sql, Error *error) { return prepare(out, db, sql, true, error); }

void db_bind_i64(DbStatement *s, int at, int64_t value) { s->driver->bind_i64(s, at, value); }
void db_bind_f64(DbStatement *s, int at, double value) { s->driver->bind_f64(s, at, value); }
void db_bind_null(DbStatement *s, int at) { s->driver->bind_null(s, at); }
void db_bind_blob(DbStatement *s, int at, const void *bytes, size_t len) { s->driver->bind_blob(s, at, bytes ? bytes : "", len); }

void db_bind_text(DbStatement *s, int at, Text value) {
  if (!value.at)
    s->driver->bind_null(s, at);
  else
    s->driver->bind_text(s, at, value);
}

void db_bind_instant(DbStatement *s, int at, Instant value) {
  if (value == INSTANT_NONE)
    s->driver->bind_null(s, at);
  else
    s->driver->bind_i64(s, at, value);
}

bool db_step(bool *row, DbStatement *s, Error *error) {
  *row = false;
  if (!must_fail(error)) return s->driver->step(row, s, error);
  s->driver->reset(s);
  return false;
}

bool db_done_rows(DbStatement *s, int64_t rows, Error *error) {
  if (!must_fail(error)) return s->driver->done(s, rows, error);
  s->driver->reset(s);
  return false;
}

bool db_done(DbStatement *s, Error *error) { return db_done_rows(s, -1, error); }
void db_reset(DbStatement *s) { s->driver->reset(s); }

bool db_column_is_null(DbStatement *s, int at) { return s->driver->column_is_null(s, at); }
int64_t db_column_i64(DbStatement *s, int at) { return s->driver->column_i64(s, at); }
double db_column_f64(DbStatement *s, int at) { return s->driver->column_f64(s, at); }
Text db_column_text(DbStatement *s, int at) { return s->driver->column_text(s, at); }
Text db_column_blob(DbStatement *s, int at) { return s->driver->column_blob(s, at); }
Instant db_column_instant(DbStatement *s, int at) { return s->driver->column_is_null(s, at) ? INSTANT_NONE : s->driver->column_i64(s, at); }

bool db_begin(Db *db, Error *error) { return !must_fail(error) && db->driver->begin(db, error); }
bool db_commit(Db *db, Error *error) { return !must_fail(error) && db->driver->commit(db, error); }
bool db_savepoint(Db *db, Error *error) { return !must_fail(error) && db->driver->savepoint(db, error); }
bool db_release(Db *db, Error *error) { return !must_fail(error) && db->driver->release(db, error); }
bool db_settle(Db *db, Error *error) { return db->driver->settle(db, error); }
void db_rollback(Db *db) { db->driver->rollback(db); }
void db_rollback_savepoint(Db *db) { db->driver->rollback_savepoint(db); }

int64_t db_changes(Db *db) { return db->driver->changes(db); }
bool db_in_transaction(Db *db) { return db->driver->in_transaction(db); }
int64_t db_epoch(Db *db) { return db->driver->epoch(db); }
bool db_checkpoint(int64_t *log_pages, int64_t *left, Db *db, Error *error) { return db->driver->checkpoint(log_pages, left, db, error); }
bool db_overwrite(Db *db, bool on, Error *error) { return db->driver->overwrite(db, on, error); }
bool db_backup(Db *db, const char *to_path, Error *error) { return db->driver->backup(db, to_path, error); }
bool db_verify(Db *db, char *problem, Error *error) { return db->driver->verify(db, problem, error); }
bool db_tables(Db *db, DbTableVisit visit, void *self, Error *error) { return db->driver->tables(db, visit, self, error); }
bool db_columns(DbColumns *out, Db *db, const char *table, Error *error) { return db->driver->columns(out, db, table, error); }
