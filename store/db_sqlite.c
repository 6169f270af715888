/* The store in one file, over sqlite3: write-ahead log, one writer, readers that wait for nobody. */
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/db_driver.h"

typedef struct Sqlite {
  Db base;
  sqlite3 *sqlite;
  DbStatement *begin, *commit, *savepoint, *release;
} Sqlite;

typedef struct SqliteStatement {
  DbStatement base;
  sqlite3_stmt *statement;
  int bind_failure;
} SqliteStatement;

static Sqlite *of(Db *db) { return (Sqlite *)db; }
static SqliteStatement *of_statement(DbStatement *s) { return (SqliteStatement *)s; }

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

static bool fail(Sqlite *db, Error *error, int code) {
  return fail_with(error, code, db->sqlite ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(code));
}

static bool run(Db *base, const char *sql, Error *error) {
  Sqlite *db = of(base);
  int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? true : fail(db, error, code);
}

static void finish(DbStatement *s) {
  if (!s) return;
  sqlite3_finalize(of_statement(s)->statement);
  memory_free(s);
}

static void close_db(Db *base) {
  Sqlite *db = of(base);
  finish(db->begin), finish(db->commit), finish(db->savepoint), finish(db->release);
  sqlite3_close(db->sqlite);
  memory_free(db);
}

static bool prepare(DbStatement **out, Db *base, const char *sql, bool bulk, Error *error) {
  Sqlite *db = of(base);
  SqliteStatement *statement = memory_new(sizeof *statement);
  (void)bulk; /* a prepared INSERT in one transaction is the bulk copy here */
  if (!statement) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "statement");
  statement->base = (DbStatement){&DB_SQLITE, base};
  int code = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->statement, NULL);
  if (code == SQLITE_OK) {
    *out = &statement->base;
    return true;
  }
  memory_free(statement);
  fail(db, error, code);
  return error_at(error, "%.120s", sql);
}

/* SQLite's own handler sleeps a tenth of a second when it has waited for some: beside a desk that is always writing, the
 * moments between two transactions would be missed for ever. */
enum { LOCK_NAP_US = 500, LOCK_NAPS_MOST = 20000 };
static int wait_for_lock(void *self, int naps) {
  (void)self;
  usleep(LOCK_NAP_US);
  return naps < LOCK_NAPS_MOST;
}

static bool open_db(Db **out, const char *address, DbMode mode, Error *error) {
  bool ok = false;
  Sqlite *db = memory_new(sizeof *db);
  if (!db) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", address);
  db->base.driver = &DB_SQLITE;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
              (mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  int code = sqlite3_open_v2(address, &db->sqlite, flags, NULL);
  if (code != SQLITE_OK) {
    fail(db, error, code);
    error_at(error, "%s", address);
    goto done;
  }
  sqlite3_busy_handler(db->sqlite, wait_for_lock, NULL);
  sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  static const char *const SETTINGS[] = {
      [DB_READ] = "PRAGMA query_only=1; PRAGMA mmap_size=268435456; PRAGMA cache_size=-8000; PRAGMA temp_store=MEMORY;",
      [DB_WRITE] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-64000;"
                   "PRAGMA foreign_keys=0; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;",
      [DB_WRITE_UNSYNCED] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-64000;"
                            "PRAGMA foreign_keys=0; PRAGMA temp_store=MEMORY;"};
  if (!run(&db->base, SETTINGS[mode], error) || !prepare(&db->begin, &db->base, mode == DB_READ ? "BEGIN" : "BEGIN IMMEDIATE", false, error) ||
      !prepare(&db->commit, &db->base, "COMMIT", false, error) || !prepare(&db->savepoint, &db->base, "SAVEPOINT one", false, error) ||
      !prepare(&db->release, &db->base, "RELEASE one", false, error)) {
    error_at(error, "%s", address);
    goto done;
  }
  *out = &db->base;
  ok = true;
done:
  if (!ok) close_db(&db->base);
  return ok;
}

static void bound(SqliteStatement *statement, int code) {
  if (code != SQLITE_OK) statement->bind_failure = code;
}

static void bind_i64(DbStatement *s, int at, int64_t value) { bound(of_statement(s), sqlite3_bind_int64(of_statement(s)->statement, at, value)); }
static void bind_f64(DbStatement *s, int at, double value) { bound(of_statement(s), sqlite3_bind_double(of_statement(s)->statement, at, value)); }
static void bind_null(DbStatement *s, int at) { bound(of_statement(s), sqlite3_bind_null(of_statement(s)->statement, at)); }

static void bind_text(DbStatement *s, int at, Text value) {
  bound(of_statement(s), sqlite3_bind_text64(of_statement(s)->statement, at, value.at, value.len, SQLITE_STATIC, SQLITE_UTF8));
}

static void bind_blob(DbStatement *s, int at, const void *bytes, size_t len) {
  bound(of_statement(s), sqlite3_bind_blob64(of_statement(s)->statement, at, bytes, len, SQLITE_STATIC));
}

static void reset(DbStatement *s) {
  sqlite3_reset(of_statement(s)->statement);
  of_statement(s)->bind_failure = SQLITE_OK;
}

static bool step(bool *row, DbStatement *base, Error *error) {
  *row = false;
  SqliteStatement *s = of_statement(base);
  int code = s->bind_failure;
  if (code == SQLITE_OK) code = sqlite3_step(s->statement);
  if (code == SQLITE_ROW) {
    *row = true;
    return true;
  }
  bool ok = code == SQLITE_DONE;
  if (!ok) {
    fail(of(base->db), error, code);
    error_at(error, "%.120s", sqlite3_sql(s->statement));
  }
  reset(base);
  return ok;
}

static bool done(DbStatement *s, int64_t rows, Error *error) {
  bool row = false;
  bool ok = step(&row, s, error);
  if (row) reset(s);
  if (!ok || rows < 0 || sqlite3_changes64(of(s->db)->sqlite) == rows) return ok;
  error_raise(error, ERROR_STORE_CORRUPT, "%s", "a row is missing");
  return error_at(error, "%.120s", sqlite3_sql(of_statement(s)->statement));
}

static bool column_is_null(DbStatement *s, int at) { return sqlite3_column_type(of_statement(s)->statement, at) == SQLITE_NULL; }
static int64_t column_i64(DbStatement *s, int at) { return sqlite3_column_int64(of_statement(s)->statement, at); }
static double column_f64(DbStatement *s, int at) { return sqlite3_column_double(of_statement(s)->statement, at); }

static Text column_text(DbStatement *s, int at) {
  const char *text = (const char *)sqlite3_column_text(of_statement(s)->statement, at);
  return (Text){text, text ? (size_t)sqlite3_column_bytes(of_statement(s)->statement, at) : 0};
}

static Text column_blob(DbStatement *s, int at) {
  const char *bytes = sqlite3_column_blob(of_statement(s)->statement, at);
  return (Text){bytes, bytes ? (size_t)sqlite3_column_bytes(of_statement(s)->statement, at) : 0};
}

static bool begin(Db *db, Error *error) { return done(of(db)->begin, -1, error); }
static bool commit(Db *db, Error *error) { return done(of(db)->commit, -1, error); }
static bool savepoint(Db *db, Error *error) { return done(of(db)->savepoint, -1, error); }
static bool release(Db *db, Error *error) { return done(of(db)->release, -1, error); }
static int64_t epoch(Db *db) { return (void)db, 0; }
static bool in_transaction(Db *db) { return !sqlite3_get_autocommit(of(db)->sqlite); }

static void rollback(Db *db) {
  if (in_transaction(db)) sqlite3_exec(of(db)->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

static void rollback_savepoint(Db *db) { /* nothing to do when the store gave up the whole transaction by itself */
  if (in_transaction(db)) sqlite3_exec(of(db)->sqlite, "ROLLBACK TO one; RELEASE one", NULL, NULL, NULL);
}

static bool settle(Db *db, Error *error) {
  (void)db, (void)error;
  return true;
}

static int64_t changes(Db *db) { return sqlite3_changes64(of(db)->sqlite); }

static bool checkpoint(int64_t *log_pages, int64_t *left, Db *db, Error *error) {
  int log = 0, copied = 0;
  int code = sqlite3_wal_checkpoint_v2(of(db)->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &copied);
  *log_pages = log > 0 ? log : 0;
  *left = log > copied ? log - copied : 0;
  return code == SQLITE_OK || (code & 0xFF) == SQLITE_BUSY ? true : fail(of(db), error, code);
}

static bool overwrite(Db *db, bool on, Error *error) {
  int code = sqlite3_exec(of(db)->sqlite, on ? "PRAGMA secure_delete=ON" : "PRAGMA secure_delete=OFF", NULL, NULL, NULL);
  return code == SQLITE_OK ? true : fail(of(db), error, code);
}

static bool backup_to(Db *db, const char *to_path, Error *error) {
  sqlite3 *to = NULL;
  int code = sqlite3_open_v2(to_path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
  sqlite3_backup *backup = code == SQLITE_OK ? sqlite3_backup_init(to, "main", of(db)->sqlite, "main") : NULL;
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

/* A statement for one use, whose SQL need not live on. */
static bool once(DbStatement **out, Db *db, const char *sql, Error *error) { return prepare(out, db, sql, false, error); }

static bool verify(Db *db, char *problem, Error *error) {
  DbStatement *s = NULL;
  bool row = false;
  problem[0] = '\0';
  if (!once(&s, db, "PRAGMA quick_check(1)", error)) return false;
  bool ok = step(&row, s, error);
  if (row && !text_is(column_text(s, 0), "ok")) snprintf(problem, ERROR_TEXT_MAX, "%.*s", TEXT_ARG(column_text(s, 0)));
  finish(s);
  return ok;
}

static bool tables(Db *db, DbTableVisit visit, void *self, Error *error) {
  DbStatement *s = NULL;
  bool row;
  if (!once(&s, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name", error)) return false;
  bool ok = true;
  while (ok && (ok = step(&row, s, error)) && row) {
    char name[DB_NAME_MAX];
    snprintf(name, sizeof name, "%.*s", TEXT_ARG(column_text(s, 0)));
    ok = visit(self, name, error);

  }
  finish(s);
  return ok;
}

static bool columns(DbColumns *out, Db *db, const char *table, Error *error) {
  DbStatement *s = NULL;
  bool row, ok = true;
  *out = (DbColumns){0};
  if (!once(&s, db, "SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid", error)) return false;
  bind_text(s, 1, text_of(table));
  while (out->count < DB_COLUMNS_MAX && (ok = step(&row, s, error)) && row) {
    Text type = column_text(s, 1);
    snprintf(out->at[out->count].name, DB_NAME_MAX, "%.*s", TEXT_ARG(column_text(s, 0)));
    out->at[out->count].type = text_is(type, "TEXT") ? DB_TEXT : text_is(type, "BLOB") ? DB_BLOB : text_is(type, "REAL") || text_starts(type, TEXT("DOUBLE")) ? DB_REAL : DB_INTEGER;
    out->at[out->count++].key = (int)column_i64(s, 2);
  }
  finish(s);
  return ok;
}

/* A name's memory is freed with its last connection: one more of each is kept open. */
static int keep_open(sqlite3 *db, const char **message, const struct sqlite3_api_routines *api) {
  static _Atomic bool keeping;
  static char kept[64][256];
  static sqlite3 *open_too[64]; /* reached until the end */
  static int count;
  const char *name = sqlite3_db_filename(db, "main");
  (void)message, (void)api;
  if (!name || name[0] != '/' || count == 64 || strlen(name) >= sizeof *kept || atomic_exchange(&keeping, true)) return SQLITE_OK;
  bool is_kept = false;
  for (int i = 0; i < count; i++) is_kept = is_kept || strcmp(kept[i], name) == 0;
  if (!is_kept && sqlite3_open(name, &open_too[count]) == SQLITE_OK) strcpy(kept[count++], name);
  atomic_store(&keeping, false);
  return SQLITE_OK;
}

void db_files_in_memory(void) {
  sqlite3_vfs_register(sqlite3_vfs_find("memdb"), 1);
  sqlite3_auto_extension((void (*)(void))keep_open);
}

const DbDriver DB_SQLITE = {
    .open = open_db, .close = close_db, .run = run, .prepare = prepare, .bind_i64 = bind_i64, .bind_f64 = bind_f64, .bind_text = bind_text,
    .bind_blob = bind_blob, .bind_null = bind_null, .step = step, .done = done, .reset = reset, .finish = finish,
    .column_is_null = column_is_null, .column_i64 = column_i64, .column_f64 = column_f64, .column_text = column_text, .column_blob = column_blob,
    .begin = begin, .commit = commit, .rollback = rollback, .savepoint = savepoint, .release = release, .rollback_savepoint = rollback_savepoint,
    .settle = settle, .changes = changes, .in_transaction = in_transaction, .epoch = epoch, .checkpoint = checkpoint, .overwrite = overwrite, .backup = backup_to, .verify = verify,
    .tables = tables, .columns = columns};
