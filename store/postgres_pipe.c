/* The pipe: writes are sent ahead, their answers read together. Every round ends with a sync; after a failure the server skips what
 * follows up to it, so the first failure is the true one. */
#include <assert.h>

#include "store/postgres.h"

enum { ROUND_MOST = 1024 /* answers left unread, so that neither side's memory grows without end */ };

/* false: an earlier failure is the true one. It befalls the open savepoint; or else the whole transaction, the savepoint being released. */
bool pg_failed_at(Pg *pg, int64_t number) {
  if (pg->failed_at >= 0) return false;
  pg->failed_at = number;
  if (pg->in_transaction && (pg->savepoint_at < 0 || pg->savepoint_at > number)) pg->doomed = true;
  error_clear(&pg->failure);
  return true;
}

static void note_failure(Pg *pg, int64_t number, const PGresult *result, const char *sql) {
  if (pg_failed_at(pg, number)) pg_fail(pg, result, sql, &pg->failure);
}

static void note_missing(Pg *pg, int64_t number, const char *sql) {
  if (!pg_failed_at(pg, number)) return;
  error_raise(&pg->failure, ERROR_STORE_CORRUPT, "%s", "a row is missing");
  error_at(&pg->failure, "%.120s", sql);
}

static void take_answer(Pg *pg, const PgSent *sent, int64_t number, PGresult *result) {
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK: {
      Text count = text_of(PQcmdTuples(result));
      if (!text_to_i64(count, &pg->changes)) pg->changes = 0;
      if (sent->rows >= 0 && pg->changes != sent->rows) note_missing(pg, number, sent->sql);
      if (sent->commits && strcmp(PQcmdStatus(result), "COMMIT") != 0) note_missing(pg, number, sent->sql);
      break;
    }
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
    case PGRES_PIPELINE_SYNC:
    case PGRES_PIPELINE_ABORTED:
      break;
    default:
      note_failure(pg, number, result, sent->sql);
  }
}

bool pg_tell_failure(Pg *pg, Error *error) {
  if (pg->failure.code == ERROR_NONE) return true;
  if (error) *error = pg->failure;
  error_clear(&pg->failure);
  return false;
}

/* The answers up to `until`; false: the connection is gone. */
static bool read_answers(Pg *pg, size_t until) {
  for (; pg->answered < until; pg->answered++) {
    const PgSent *sent = &pg->sent.at[pg->answered];
    for (PGresult *result; (result = PQgetResult(pg->connection)); PQclear(result))
      take_answer(pg, sent, pg->sent_before + (int64_t)pg->answered, result);
    if (PQstatus(pg->connection) == CONNECTION_BAD) return false;
  }
  return true;
}

/* What was skipped after a failure was not prepared either. */
static void forget_unprepared(Pg *pg) {
  size_t at = 0;
  int64_t key, value;
  while (pg->base.statements && map_next(pg->base.statements, &at, &key, &value)) {
    PgStatement *s = (PgStatement *)(intptr_t)value;
    if (s->prepared_at >= pg->failed_at) s->epoch = 0;
  }
}

static bool round_over(Pg *pg) {
  PGresult *sync = PQgetResult(pg->connection);
  bool ok = PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
  PQclear(sync);
  pg->sent_before += (int64_t)pg->sent.count;
  pg->sent.count = pg->answered = 0;
  pg->expecting = false;
  if (pg->failed_at >= 0) forget_unprepared(pg);
  if (!pg->in_transaction) pg->failed_at = -1;
  if (!ok) pg_lost(pg);
  return ok;
}

bool pg_enter_pipe(Pg *pg, Error *error) {
  if (pg->piping) return true;
  if (!PQenterPipelineMode(pg->connection)) return pg_fail(pg, NULL, "pipeline", error);
  return pg->piping = true;
}

bool pg_settle(Pg *pg, Error *error) {
  if (pg->reading) pg_park(pg);
  if (pg->copying && !pg_copy_flush(pg, error)) return false;
  if (pg->sent.count) {
    if (!PQpipelineSync(pg->connection) || !read_answers(pg, pg->sent.count)) {
      pg_fail(pg, NULL, "sync", error);
      pg_lost(pg);
      return false;
    }
    if (!round_over(pg)) return pg_fail(pg, NULL, "sync", error);
  }
  return pg_tell_failure(pg, error);
}

bool pg_leave_pipe(Pg *pg, Error *error) {
  if (!pg_settle(pg, error)) return false;
  if (pg->piping && !PQexitPipelineMode(pg->connection)) return pg_fail(pg, NULL, "pipeline", error);
  pg->piping = false;
  return true;
}

bool pg_may_send(Pg *pg, const char *sql, Error *error) {
  if (!pg->in_transaction && !pg_ready(pg, error)) return false;
  if (PQstatus(pg->connection) != CONNECTION_OK || pg->lost) return pg_fail(pg, NULL, sql, error);
  if (!vector_reserve(&pg->sent, 2)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "store"); /* an answer that nobody counts would be taken for another's */
  if (pg->reading) pg_park(pg);
  if (pg->copying && !pg_copy_flush(pg, error)) return false;
  if (!pg->in_transaction || pg->failed_at < 0) return true;
  if (!pg_tell_failure(pg, error)) return false;
  return error_raise(error, ERROR_STORE, "%s", "the transaction has failed before"), error_at(error, "%.120s", sql);
}

bool pg_sent(Pg *pg, PgSent sent, Error *error) {
  pg->expecting |= sent.rows >= 0;
  bool room = vector_push(&pg->sent, sent);
  assert(room), (void)room; /* pg_may_send made it */
  return sent.reader || pg->sent.count < ROUND_MOST || pg_settle(pg, error);
}

bool pg_send(Pg *pg, const char *sql, int64_t rows, Error *error) {
  if (!pg_may_send(pg, sql, error) || !pg_enter_pipe(pg, error)) return false;
  if (!PQsendQueryParams(pg->connection, sql, 0, NULL, NULL, NULL, NULL, 1)) return pg_fail(pg, NULL, sql, error);
  return pg_sent(pg, (PgSent){.sql = sql, .rows = rows, .commits = strcmp(sql, "COMMIT") == 0}, error);
}

bool pg_answers_before_rows(Pg *pg, Error *error) {
  if (!PQpipelineSync(pg->connection) || !read_answers(pg, pg->sent.count - 1)) {
    pg_fail(pg, NULL, "sync", error);
    pg_lost(pg);
    return false;
  }
  PQsetSingleRowMode(pg->connection);
  return true;
}

/* The rows are over, or failed: the round too. */
static bool rows_over(Pg *pg, Error *error) {
  pg->answered = pg->sent.count;
  pg->reading = NULL;
  if (PQstatus(pg->connection) == CONNECTION_BAD || !round_over(pg)) {
    pg_fail(pg, NULL, "rows", error);
    pg_lost(pg);
    return false;
  }
  return pg_tell_failure(pg, error);
}

bool pg_read_row(bool *row, Pg *pg, PgStatement *s, Error *error) {
  const PgSent *sent = &pg->sent.at[pg->sent.count - 1];
  *row = false;
  for (PGresult *result; (result = PQgetResult(pg->connection)); PQclear(result)) {
    if (PQresultStatus(result) == PGRES_SINGLE_TUPLE || (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result))) {
      s->result = result;
      s->row = 0;
      return *row = true;
    }
    take_answer(pg, sent, pg->sent_before + (int64_t)pg->sent.count - 1, result);
  }
  return rows_over(pg, error);
}

void pg_park(Pg *pg) {
  PgStatement *s = pg->reading;
  PGresult *current = s->result;
  bool row, room = true;
  Error error = {0};
  s->result = NULL;
  while (pg_read_row(&row, pg, s, &error) && row) {
    room = room && s->open && vector_push(&s->parked, s->result);
    if (!room) PQclear(s->result);
    s->result = NULL;
  }
  s->result = current;
  if (!room && s->open) error_raise(&error, ERROR_OUT_OF_MEMORY, "%s", "rows");
  if (error.code != ERROR_NONE && pg->failure.code == ERROR_NONE) pg->failure = error;
}
