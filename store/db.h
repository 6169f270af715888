/* The store: two dozen functions over one SQL database, and behind them two drivers: sqlite3 (a file's path) and libpq
 * (postgresql://…). A Db is one connection and belongs to one thread at a time.
 *
 * SQL is written once, with parameters ?1 ?2 …, in the part of SQL that both stores and PostgreSQL-compatible clusters
 * share: no triggers, sequences, deferred constraints, recursive queries across counties, bare booleans, integer division
 * (store/sql_test.c holds the list). Types are INTEGER (64 bits), REAL (double), TEXT (compared by bytes) and BLOB.
 *
 * Statements are prepared once a connection: db_prepare finds the earlier one by its SQL, resets it, and hands it out again,
 * so `sql` must be a literal or outlive the Db. Binding and columns cannot fail visibly; what went wrong there is told by
 * the next db_step; unsound SQL by db_prepare or by the first db_step. Texts and blobs handed to db_bind_* must stay until
 * the statement is reset or prepared again.
 *
 * Inside a transaction a driver may send writes ahead and hear of their failure later: at the next row read, at db_changes,
 * db_settle or db_commit. A failure heard before the savepoint of that write is released undoes that savepoint alone; heard
 * later, the store gives up the whole transaction (db_in_transaction tells). Whoever must know now calls db_settle. */
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

/* A file's path, "postgresql://…", or ":memory:": a store of its own, empty, for this Db alone. */
bool db_open(Db **out, const char *address, DbMode mode, Error *error) MUST_USE;
void db_close(Db *db); /* NULL is fine */
bool db_address_is_file(const char *address);
/* The address as a person may see it: without its password. Returns `out`. */
const char *db_address_shown(const char *address, char *out, size_t size);

bool db_run(Db *db, const char *sql, Error *error) MUST_USE; /* one or more statements without parameters */
bool db_prepare(DbStatement **out, Db *db, const char *sql, Error *error) MUST_USE; /* false: *out is NULL */
/* The same for an INSERT … VALUES (?1, ?2, …) of many rows: they may be gathered and copied in when something else is asked for. */
bool db_prepare_bulk(DbStatement **out, Db *db, const char *sql, Error *error) MUST_USE;
void db_bind_i64(DbStatement *statement, int at, int64_t value); /* at: 1, 2, … */
void db_bind_f64(DbStatement *statement, int at, double value);
void db_bind_text(DbStatement *statement, int at, Text value); /* at == NULL binds NULL */
void db_bind_blob(DbStatement *statement, int at, const void *bytes, size_t len);
void db_bind_null(DbStatement *statement, int at);
void db_bind_instant(DbStatement *statement, int at, Instant value); /* INSTANT_NONE binds NULL */
/* *row says whether there is one. At the end, and on failure, the statement is reset. */
bool db_step(bool *row, DbStatement *statement, Error *error) MUST_USE;
/* Steps a statement that returns nothing. */
bool db_done(DbStatement *statement, Error *error) MUST_USE;
/* The same, and it must have changed exactly so many rows: else ERROR_STORE_CORRUPT, "a row is missing". Cheaper than db_changes. */
bool db_done_rows(DbStatement *statement, int64_t rows, Error *error) MUST_USE;
void db_reset(DbStatement *statement); /* when leaving before the last row */

bool db_column_is_null(DbStatement *statement, int at); /* at: 0, 1, … */
int64_t db_column_i64(DbStatement *statement, int at);
double db_column_f64(DbStatement *statement, int at);
Text db_column_text(DbStatement *statement, int at); /* lives until the next step */
Text db_column_blob(DbStatement *statement, int at);
Instant db_column_instant(DbStatement *statement, int at);

/* Transactions do not nest; savepoints inside one do. A reader's is one picture of the store. A lost connection (ERROR_STORE_GONE) is made
 * anew by db_begin, and by a statement outside a transaction. */
bool db_begin(Db *db, Error *error) MUST_USE;
bool db_commit(Db *db, Error *error) MUST_USE; /* durable when it returns (not when unsynced) */
void db_rollback(Db *db);
bool db_savepoint(Db *db, Error *error) MUST_USE;
bool db_release(Db *db, Error *error) MUST_USE;
void db_rollback_savepoint(Db *db);
bool db_settle(Db *db, Error *error) MUST_USE; /* all that was sent ahead has succeeded */

int64_t db_changes(Db *db);     /* rows changed by the last statement */
bool db_in_transaction(Db *db); /* false also after the store gave one up by itself */
int64_t db_epoch(Db *db); /* another number: the connection was made anew, perhaps to another server, which may lack what the last one had */
/* Copies pages of the write-ahead log into the file, waiting for nobody. *log_pages: pages in the log, *left: not copied yet.
 * When all are copied the next write begins the log anew. A store that keeps its own house says 0. */
bool db_checkpoint(int64_t *log_pages, int64_t *left, Db *db, Error *error) MUST_USE;
/* Whether what is deleted or changed from now on is overwritten in the file too, and not only let go of. A store that cleans up after itself says yes to both. */
bool db_overwrite(Db *db, bool on, Error *error) MUST_USE;
/* A whole, consistent copy of a file while others write; of any store: store/copy.h. */
bool db_backup(Db *db, const char *to_path, Error *error) MUST_USE;
/* Asks the store itself whether it is sound; `problem` (of ERROR_TEXT_MAX) gets the first thing found, or "". */
bool db_verify(Db *db, char *problem, Error *error) MUST_USE;

/* What tables there are, by name in order, and their columns: for copies and tests. */
enum { DB_COLUMNS_MAX = 64, DB_NAME_MAX = 64 };
typedef enum DbType { DB_INTEGER, DB_REAL, DB_TEXT, DB_BLOB } DbType;
typedef struct DbColumns {
  size_t count;
  struct {
    char name[DB_NAME_MAX];
    DbType type;
    int key; /* its place in the primary key, 1 …; 0: none */
  } at[DB_COLUMNS_MAX];
} DbColumns;
typedef bool (*DbTableVisit)(void *self, const char *table, Error *error);
bool db_tables(Db *db, DbTableVisit visit, void *self, Error *error) MUST_USE;
bool db_columns(DbColumns *out, Db *db, const char *table, Error *error) MUST_USE; /* no such table: count 0 */

/* For tests, so that the same ones run on both stores: gives `file`, or, where DIANBAOMU_TEST_STORE names a PostgreSQL database, the
 * address of a new empty schema in it. ":memory:" is opened by way of it. */
bool db_test_address(char *out, size_t size, const char *file, Error *error) MUST_USE;
/* Makes the n-th SQL call from now fail as a full disk would, for tests; 0 = never. */
void db_fail_at(int64_t nth);
bool db_fails_next(void); /* whether db_fail_at waits for a call */
int64_t db_calls(void); /* so many so far, in this process */
void db_ask(bool (*fails)(void)); /* asked at each, in its thread, whether it is to fail; NULL: nobody is */
/* From now on stores that are files are kept in memory until the process ends, for tests that double their process. */
void db_files_in_memory(void);
/* Told of every SQL text prepared or run from now on, for tests; NULL: nobody. */
void db_watch(void (*watch)(const char *sql));

#endif
