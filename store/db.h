/* The store: a dozen functions over one SQL database. One driver today (sqlite3); the contract is such that a second one
 * over libpq fits behind it. A Db is one connection and belongs to one thread at a time.
 *
 * SQL is written once, with parameters ?1 ?2 …, in the part of SQL that both stores and PostgreSQL-compatible clusters
 * share: no triggers, sequences, deferred constraints, recursive queries across counties, bare booleans, integer division.
 *
 * Statements are prepared once a connection: db_prepare finds the earlier one by its SQL, resets it, and hands it out again,
 * so `sql` must be a literal or outlive the Db. Binding and columns cannot fail visibly; what went wrong there is told by
 * the next db_step. Texts and blobs handed to db_bind_* must stay until the statement is reset or prepared again. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"

typedef struct Db Db;
typedef struct DbStatement DbStatement;

typedef enum DbMode {
  DB_READ,           /* a reader: sees committed rows, never waits for the writer */
  DB_WRITE,          /* the writer; makes the file when it is missing; full synchronisation */
  DB_WRITE_UNSYNCED, /* for bulk loads into a new file and for simulations: a crash may lose it */
} DbMode;

bool db_open(Db **out, const char *address, DbMode mode, Error *error) MUST_USE; /* a file's path, or ":memory:" */
void db_close(Db *db);                                                         /* NULL is fine */

bool db_run(Db *db, const char *sql, Error *error) MUST_USE;                   /* one or more statements without parameters */
bool db_prepare(DbStatement **out, Db *db, const char *sql, Error *error) MUST_USE;
void db_bind_i64(DbStatement *statement, int at, int64_t value);               /* at: 1, 2, … */
void db_bind_f64(DbStatement *statement, int at, double value);
void db_bind_text(DbStatement *statement, int at, Text value);                 /* at == NULL binds NULL */
void db_bind_blob(DbStatement *statement, int at, const void *bytes, size_t len);
void db_bind_null(DbStatement *statement, int at);
void db_bind_instant(DbStatement *statement, int at, Instant value);           /* INSTANT_NONE binds NULL */
/* *row says whether there is one. At the end, and on failure, the statement is reset. */
bool db_step(bool *row, DbStatement *statement, Error *error) MUST_USE;
/* Steps a statement that returns nothing. */
bool db_done(DbStatement *statement, Error *error) MUST_USE;
void db_reset(DbStatement *statement);                                         /* when leaving before the last row */

bool db_column_is_null(DbStatement *statement, int at);                        /* at: 0, 1, … */
int64_t db_column_i64(DbStatement *statement, int at);
double db_column_f64(DbStatement *statement, int at);
Text db_column_text(DbStatement *statement, int at);                           /* lives until the next step */
Text db_column_blob(DbStatement *statement, int at);
Instant db_column_instant(DbStatement *statement, int at);

/* Transactions do not nest; savepoints inside one do. */
bool db_begin(Db *db, Error *error) MUST_USE;
bool db_commit(Db *db, Error *error) MUST_USE;                                 /* durable when it returns (not when unsynced) */
void db_rollback(Db *db);
bool db_savepoint(Db *db, Error *error) MUST_USE;
bool db_release(Db *db, Error *error) MUST_USE;
void db_rollback_savepoint(Db *db);

int64_t db_changes(Db *db);                                                    /* rows changed by the last statement */
bool db_in_transaction(Db *db);                                                /* false also after the store gave one up by itself */
/* Copies pages of the write-ahead log into the file, waiting for nobody. *log_pages: pages in the log, *left: not copied yet.
 * When all are copied the next write begins the log anew. */
bool db_checkpoint(int64_t *log_pages, int64_t *left, Db *db, Error *error) MUST_USE;
/* A whole, consistent copy while others write. */
bool db_backup(Db *db, const char *to_path, Error *error) MUST_USE;
/* Asks the store itself whether it is sound; `problem` (of ERROR_TEXT_MAX) gets the first thing found, or "". */
bool db_verify(Db *db, char *problem, Error *error) MUST_USE;
/* Makes the n-th SQL call from now fail as a full disk would, for tests; 0 = never. */
void db_fail_at(int64_t nth);

#endif
