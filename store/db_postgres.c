/* The store on PostgreSQL 15 or what speaks like it, over libpq: the connection and its transactions. */
#include <stdio.h>

#include "base/log.h"
#include "store/postgres.h"

/* A writer that falls silent in a transaction (stopped, its machine gone) is ended by the server: its county waits for the next. */
#define SETTINGS \
  "SET client_min_messages=warning; SET jit=off; SET DateStyle=ISO; SET bytea_output=hex; SET standard_conforming_strings=on;"
static const char *const MODE_SETTINGS[] = {
    [DB_READ] = SETTINGS "SET default_transaction_read_only=on; SET statement_timeout='120s'",
    [DB_WRITE] = SETTINGS "SET synchronous_commit=on; SET idle_in_transaction_session_timeout='10s'; SET lock_timeout='10s'",
    [DB_WRITE_UNSYNCED] = SETTINGS "SET synchronous_commit=off; SET lock_timeout='10s'"};

static ErrorCode class_of(const char *state, bool lost) {
  static const struct {
    const char *begins;
    ErrorCode code;
  } CLASSES[] = {{"23", ERROR_STORE_CONSTRAINT}, {"40", ERROR_STORE_BUSY},       {"55P03", ERROR_STORE_BUSY},
                 {"57014", ERROR_STORE_BUSY},    {"53100", ERROR_STORE_FULL},    {"53200", ERROR_OUT_OF_MEMORY},
                 {"53", ERROR_STORE_BUSY},       {"57P", ERROR_STORE_GONE},      {"08", ERROR_STORE_GONE},
                 {"25P03", ERROR_STORE_GONE},    {"XX001", ERROR_STORE_CORRUPT}, {"XX002", ERROR_STORE_CORRUPT}};
  for (size_t i = 0; state && i < sizeof CLASSES / sizeof *CLASSES; i++)
    if (text_starts(text_of(state), text_of(CLASSES[i].begins))) return CLASSES[i].code;
  return lost ? ERROR_STORE_GONE : ERROR_STORE;
}

/* The primary message alone: details hold the values of rows, that is, personal data. */
bool pg_fail(Pg *pg, const PGresult *result, const char *sql, Error *error) {
  const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
  const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
  if (!message) message = PQerrorMessage(pg->connection);
  ErrorCode code = class_of(state, pg->lost || PQstatus(pg->connection) == CONNECTION_BAD);
  Text line = text_trim(text_slice(text_of(message), 0, strcspn(message, "\n")));
  error_raise(error, code, "%.*s", TEXT_ARG(line));
  return code == ERROR_STORE_GONE ? false : error_at(error, "%.120s", sql);
}

static void quiet(void *self, const PGresult *result) { (void)self, (void)result; }

bool pg_simple(Pg *pg, const char *sql, Error *error) {
  PGresult *result = PQexec(pg->connection, sql);
  ExecStatusType status = PQresultStatus(result);
  bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
  if (!ok) pg_fail(pg, result, sql, error);
  PQclear(result);
  return ok;
}

void pg_lost(Pg *pg) {
  pg->lost = true;
  pg->sent_before += (int64_t)pg->sent.count;
  pg->sent.count = pg->answered = 0;
  if (pg->reading) pg->reading->open = false;
  pg->reading = pg->copying = NULL;
  pg->expecting = pg->piping = false;
  pg->doomed = pg->in_transaction;
  error_clear(&pg->failure);
}

static bool connected(Pg *pg, Error *error) {
  pg->epoch++;
  pg->in_transaction = pg->doomed = pg->piping = false;
  pg->savepoint_at = pg->failed_at = -1;
  if (PQstatus(pg->connection) != CONNECTION_OK) return pg_fail(pg, NULL, "connect", error);
  pg->lost = false;
  PQsetNoticeReceiver(pg->connection, quiet, NULL);
  return pg_simple(pg, MODE_SETTINGS[pg->mode], error);
}

bool pg_ready(Pg *pg, Error *error) {
  if (PQstatus(pg->connection) == CONNECTION_OK && !pg->lost) return true;
  pg_lost(pg);
  PQreset(pg->connection);
  return connected(pg, error);
}

static void close_db(Db *db) {
  Pg *pg = pg_of(db);
  PQfinish(pg->connection);
  vector_free(&pg->sent);
  memory_free(pg);
}

static bool open_db(Db **out, const char *address, DbMode mode, Error *error) {
  char shown[256];
  Pg *pg = memory_new(sizeof *pg);
  if (!pg) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "store");
  pg->base.driver = &DB_POSTGRES;
  pg->mode = mode;
  /* what the address says comes last and overrides; among the servers it names the one that takes writes is meant, for readers too: a standby is behind */
  const char *const names[] = {
      "connect_timeout", "tcp_user_timeout", "application_name", "target_session_attrs", "dbname", "client_encoding", NULL};
  const char *const values[] = {"5", "10000", "dianbaomu", mode == DB_READ ? "primary" : "read-write", address, "UTF8", NULL};
  pg->connection = PQconnectdbParams(names, values, 1);
  if (!pg->connection)
    error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "store");
  else if (connected(pg, error))
    return *out = &pg->base, true;
  error_at(error, "%s", db_address_shown(address, shown, sizeof shown));
  close_db(&pg->base);
  return false;
}

static bool run(Db *db, const char *sql, Error *error) {
  Pg *pg = pg_of(db);
  int parameters;
  if (!pg_may_send(pg, sql, error) || !pg_leave_pipe(pg, error)) return false;
  char *text = pg_translate(sql, &parameters);
  if (!text) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "store");
  bool ok = pg_simple(pg, text, error);
  memory_free(text);
  if (!ok && pg->in_transaction) {
    pg_failed_at(pg, pg->sent_before);
    error_clear(&pg->failure);
  }
  if (PQstatus(pg->connection) == CONNECTION_BAD) pg_lost(pg);
  return ok;
}

/* --- transactions --- */

/* A reader that begins wants one picture of everything, for as long as it takes. */
static bool send_begin(Pg *pg, Error *error) {
  if (pg->mode != DB_READ) return pg_send(pg, "BEGIN", -1, error);
  return pg_send(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ", -1, error) && pg_send(pg, "SET LOCAL statement_timeout = 0", -1, error);
}

static bool begin(Db *db, Error *error) {
  Pg *pg = pg_of(db);
  if (pg->in_transaction) return error_raise(error, ERROR_STORE, "%s", "a transaction within a transaction");
  for (int try = 0;; try++) { /* a connection that died while nothing was asked shows it only now */
    Error now = {0};
    if (pg_ready(pg, &now) && send_begin(pg, &now) && pg_settle(pg, &now)) break;
    if (try == 0 && now.code == ERROR_STORE_GONE) continue;
    if (error) *error = now;
    return false;
  }
  pg->savepoint_at = pg->failed_at = -1;
  pg->doomed = false;
  return pg->in_transaction = true;
}

static void forget_failure(Pg *pg) {
  error_clear(&pg->failure);
  pg->failed_at = -1;
}

static void rollback(Db *db) {
  Pg *pg = pg_of(db);
  if (!pg->in_transaction) return;
  if (pg->copying) buffer_end(&pg->copying->copy), pg->copying = NULL;
  if (!pg_settle(pg, NULL)) error_clear(&pg->failure);
  forget_failure(pg);
  if (PQstatus(pg->connection) == CONNECTION_OK && !pg->lost && (!pg_send(pg, "ROLLBACK", -1, NULL) || !pg_settle(pg, NULL)))
    log_line(LOG_WARN, "store: rollback failed");
  pg->in_transaction = pg->doomed = false;
  pg->savepoint_at = -1;
  forget_failure(pg);
}

static bool commit(Db *db, Error *error) {
  Pg *pg = pg_of(db);
  /* what must have changed a row must be known to have, before it stands */
  bool ok = (!pg->expecting || pg_settle(pg, error)) && pg_send(pg, "COMMIT", -1, error) && pg_settle(pg, error);
  if (!ok) return false;
  pg->in_transaction = false;
  return true;
}

static bool savepoint(Db *db, Error *error) {
  Pg *pg = pg_of(db);
  int64_t number = pg->sent_before + (int64_t)pg->sent.count;
  if (!pg_send(pg, "SAVEPOINT one", -1, error)) return false;
  pg->savepoint_at = number;
  return true;
}

static bool release(Db *db, Error *error) {
  Pg *pg = pg_of(db);
  if (!pg_send(pg, "RELEASE one", -1, error)) return false;
  pg->savepoint_at = -1;
  PQflush(pg->connection); /* the server works while the next command is thought over */
  return true;
}

static void rollback_savepoint(Db *db) {
  Pg *pg = pg_of(db);
  if (!pg->in_transaction || pg->doomed) return;
  if (pg->copying) buffer_end(&pg->copying->copy), pg->copying = NULL;
  if (!pg_settle(pg, NULL)) error_clear(&pg->failure);
  if (pg->doomed) return;
  forget_failure(pg);
  if (!pg_send(pg, "ROLLBACK TO one", -1, NULL) || !pg_send(pg, "RELEASE one", -1, NULL) || !pg_settle(pg, NULL)) pg->doomed = true;
  pg->savepoint_at = -1;
}

static bool settle(Db *db, Error *error) { return pg_settle(pg_of(db), error); }

static int64_t changes(Db *db) {
  Error error = {0};
  Pg *pg = pg_of(db);
  if (!pg_settle(pg, &error)) pg->failure = error; /* told by the next call */
  return pg->changes;
}

static int64_t epoch(Db *db) { return pg_of(db)->epoch; }
static bool in_transaction(Db *db) { return pg_of(db)->in_transaction && !pg_of(db)->doomed; }

/* --- the rest --- */

static bool checkpoint(int64_t *log_pages, int64_t *left, Db *db, Error *error) {
  (void)db, (void)error;
  *log_pages = *left = 0;
  return true;
}

static bool overwrite(Db *db, bool on, Error *error) { /* VACUUM, by itself in time; pages and log are its own */
  (void)db, (void)on, (void)error;
  return true;
}

static bool backup(Db *db, const char *to_path, Error *error) {
  (void)db;
  return error_raise(error, ERROR_STORE, "%s: a database is no file; dianbaomu backup --database copies it", to_path);
}

static bool count_rows(void *self, const char *table, Error *error) {
  char sql[DB_NAME_MAX + 32];
  snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", table);
  return run(self, sql, error);
}

/* Every page of every table read: where the cluster has checksums, damage shows. */
static bool verify(Db *db, char *problem, Error *error) {
  Error found = {0};
  problem[0] = '\0';
  if (DB_POSTGRES.tables(db, count_rows, db, &found)) return true;
  if (found.code != ERROR_STORE_CORRUPT) {
    if (error) *error = found;
    return false;
  }
  error_text(&found, LANGUAGE_EN, problem, ERROR_TEXT_MAX);
  return true;
}

static bool tables(Db *db, DbTableVisit visit, void *self, Error *error) {
  DbStatement *s;
  bool row, ok = true;
  if (!pg_prepare(&s, db,
                  "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = "
                  "'BASE TABLE'"
                  " ORDER BY CAST(table_name AS TEXT) COLLATE \"C\"",
                  false, error))
    return false;
  while (ok && (ok = pg_step(&row, s, error)) && row) {
    char name[DB_NAME_MAX];
    snprintf(name, sizeof name, "%.*s", TEXT_ARG(pg_column_text(s, 0)));
    ok = visit(self, name, error);
  }
  pg_finish(s);
  return ok;
}

/* From the catalog: the views of information_schema compute a key's columns over all schemas of the database, 30 ms a table where there are sixty. */
static bool columns(DbColumns *out, Db *db, const char *table, Error *error) {
  DbStatement *s;
  bool row, ok = true;
  *out = (DbColumns){0};
  if (!pg_prepare(&s, db,
                  "SELECT CAST(a.attname AS TEXT), CAST(format_type(a.atttypid, NULL) AS TEXT),"
                  " CAST(COALESCE(array_position(CAST(i.indkey AS SMALLINT[]), a.attnum) + 1, 0) AS BIGINT)" /* the vector begins with 0 */
                  " FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid JOIN pg_attribute a ON a.attrelid = c.oid"
                  " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
                  " WHERE n.nspname = current_schema() AND c.relname = ?1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
                  false, error))
    return false;
  pg_bind_text(s, 1, text_of(table));
  while (out->count < DB_COLUMNS_MAX && (ok = pg_step(&row, s, error)) && row) {
    Text type = pg_column_text(s, 1);
    snprintf(out->at[out->count].name, DB_NAME_MAX, "%.*s", TEXT_ARG(pg_column_text(s, 0)));
    out->at[out->count].type = text_is(type, "text")               ? DB_TEXT
                               : text_is(type, "bytea")            ? DB_BLOB
                               : text_is(type, "double precision") ? DB_REAL
                                                                   : DB_INTEGER;
    out->at[out->count++].key = (int)pg_column_i64(s, 2);
  }
  pg_finish(s);
  return ok;
}

const DbDriver DB_POSTGRES = {.open = open_db,
                              .close = close_db,
                              .run = run,
                              .prepare = pg_prepare,
                              .bind_i64 = pg_bind_i64,
                              .bind_f64 = pg_bind_f64,
                              .bind_text = pg_bind_text,
                              .bind_blob = pg_bind_blob,
                              .bind_null = pg_bind_null,
                              .step = pg_step,
                              .done = pg_done,
                              .reset = pg_reset,
                              .finish = pg_finish,
                              .column_is_null = pg_column_is_null,
                              .column_i64 = pg_column_i64,
                              .column_f64 = pg_column_f64,
                              .column_text = pg_column_text,
                              .column_blob = pg_column_blob,
                              .begin = begin,
                              .commit = commit,
                              .rollback = rollback,
                              .savepoint = savepoint,
                              .release = release,
                              .rollback_savepoint = rollback_savepoint,
                              .settle = settle,
                              .changes = changes,
                              .in_transaction = in_transaction,
                              .epoch = epoch,
                              .checkpoint = checkpoint,
                              .overwrite = overwrite,
                              .backup = backup,
                              .verify = verify,
                              .tables = tables,
                              .columns = columns};
