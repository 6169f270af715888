/* The driver over libpq, inside: db_postgres.c (connection, transactions), postgres_pipe.c (what was sent and not yet answered),
 * postgres_statement.c (parameters, rows), postgres_copy.c (bulk), postgres_sql.c (the words that differ). */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

#include <libpq-fe.h>

#include "base/vector.h"
#include "store/db_driver.h"

/* Types as the server numbers them (pg_type.dat; they never change). */
enum {
  PG_BOOL = 16,
  PG_BYTEA = 17,
  PG_INT8 = 20,
  PG_INT2 = 21,
  PG_INT4 = 23,
  PG_FLOAT4 = 700,
  PG_FLOAT8 = 701,
  PG_TEXT = 25,
  PG_NUMERIC = 1700
};

typedef struct PgStatement PgStatement;

/* Something sent whose answer was not read yet. */
typedef struct PgSent {
  const char *sql;     /* to say which it was; a literal or the statement's */
  int64_t rows;        /* it must change so many; -1: any number */
  bool commits;        /* its answer must be COMMIT: the server answers ROLLBACK, without an error, to a transaction that failed */
  PgStatement *reader; /* whose rows they are; NULL: none */
} PgSent;

typedef struct Pg {
  Db base;
  PGconn *connection;
  DbMode mode;
  int64_t epoch; /* of the connection: statements prepared on an earlier one are not there */
  int64_t names; /* made for statements */
  bool piping;   /* the connection is in pipeline mode */
  bool lost;     /* it is not to be used any more, even where it still stands: answers of it are not known to belong to what */

  VECTOR(PgSent) sent;  /* room for two more is made before anything is sent */
  size_t answered;      /* of them */
  int64_t sent_before;  /* in earlier rounds: sent_before + index numbers each */
  int64_t changes;      /* rows of the last answered */
  bool expecting;       /* among the unanswered is one that must change so many rows */
  PgStatement *reading; /* whose rows still come */
  PgStatement *copying; /* whose rows are gathered */

  bool in_transaction, doomed;
  int64_t savepoint_at; /* number of the SAVEPOINT; -1: none open */
  int64_t failed_at;    /* number of what failed since; -1: nothing */
  Error failure;        /* the first that was not told yet; code NONE: none */
} Pg;

typedef struct PgParameter {
  unsigned type; /* PG_*; 0: only NULL so far */
  bool null;
  unsigned char value[8];
  const char *at; /* value, or the caller's bytes */
  int len;
} PgParameter;

struct PgStatement {
  DbStatement base;
  const char *sql; /* as the caller wrote it */
  char *text;      /* for the server */
  bool reads;      /* returns rows */
  char name[24];
  int64_t epoch;       /* of the connection it was prepared on; 0: none */
  int64_t prepared_at; /* number of what was sent for it */
  PgParameter *parameter;
  unsigned *prepared_types;
  int parameters;
  PGresult *result; /* the row's */
  int row;
  VECTOR(PGresult *) parked; /* rows read ahead because something else had to be asked */
  size_t parked_at;
  bool open;   /* stepped, and not at its end */
  Buffer copy; /* bulk: rows for COPY; copy_sql NULL: not bulk */
  char *copy_sql;
  char scratch[24]; /* a number as text */
};

static inline Pg *pg_of(Db *db) { return (Pg *)db; }
static inline PgStatement *pg_statement(DbStatement *s) { return (PgStatement *)s; }

/* postgres_sql.c: "?1" to "$1", INTEGER to BIGINT, BLOB to BYTEA, REAL to DOUBLE PRECISION, in CREATE TABLE also TEXT to TEXT COLLATE "C";
 * in strings nothing. *parameters gets the highest number. NULL: out of memory. To be freed. */
char *pg_translate(const char *sql, int *parameters);
/* "INSERT INTO t (a, b) VALUES (?1, ?2)" to "COPY t (a, b) FROM STDIN BINARY"; NULL when it is of another form, or out of memory. */
char *pg_copy_from(const char *sql);
bool pg_reads(const char *sql); /* SELECT, WITH, or RETURNING */
int64_t pg_value_i64(const char *at, int len, unsigned type);
double pg_value_f64(const char *at, int len, unsigned type);

/* db_postgres.c */
bool pg_ready(Pg *pg, Error *error); /* the connection stands; outside a transaction it is made anew */
bool pg_fail(Pg *pg, const PGresult *result, const char *sql, Error *error); /* result NULL: the connection itself */
void pg_lost(Pg *pg);
bool pg_simple(Pg *pg, const char *sql, Error *error); /* outside the pipe */

/* postgres_pipe.c */
bool pg_send(Pg *pg, const char *sql, int64_t rows, Error *error); /* a literal without parameters; answered later */
bool pg_sent(Pg *pg, PgSent sent, Error *error);                   /* notes what was just handed to libpq */
bool pg_settle(Pg *pg, Error *error);                              /* reads every answer */
bool pg_leave_pipe(Pg *pg, Error *error);                          /* settles; plain mode until pg_enter_pipe */
bool pg_enter_pipe(Pg *pg, Error *error);
bool pg_read_row(bool *row, Pg *pg, PgStatement *s, Error *error); /* the next row of pg->reading */
bool pg_answers_before_rows(Pg *pg, Error *error);                 /* sends the sync, reads the answers before the last thing sent */
void pg_park(Pg *pg);                                              /* what still comes for pg->reading is read into its parked rows */

bool pg_may_send(Pg *pg, const char *sql, Error *error); /* the connection stands, the transaction is sound, the pipe is free */
bool pg_failed_at(Pg *pg, int64_t number);               /* notes a failure that was not told yet; false: an earlier one stands */
bool pg_tell_failure(Pg *pg, Error *error);              /* what failed and was not told yet; true: nothing */

/* postgres_statement.c: the driver's functions */
bool pg_prepare(DbStatement **out, Db *db, const char *sql, bool bulk, Error *error);
void pg_reset(DbStatement *s);
void pg_finish(DbStatement *s);
void pg_bind_i64(DbStatement *s, int at, int64_t value);
void pg_bind_f64(DbStatement *s, int at, double value);
void pg_bind_text(DbStatement *s, int at, Text value);
void pg_bind_blob(DbStatement *s, int at, const void *bytes, size_t len);
void pg_bind_null(DbStatement *s, int at);
bool pg_step(bool *row, DbStatement *s, Error *error);
bool pg_done(DbStatement *s, int64_t rows, Error *error);
bool pg_column_is_null(DbStatement *s, int at);
int64_t pg_column_i64(DbStatement *s, int at);
double pg_column_f64(DbStatement *s, int at);
Text pg_column_text(DbStatement *s, int at);
Text pg_column_blob(DbStatement *s, int at);

/* postgres_copy.c */
bool pg_copy_row(PgStatement *s, Error *error);
bool pg_copy_flush(Pg *pg, Error *error); /* sends what pg->copying has gathered */

#endif
