/* Many rows of one INSERT: gathered in the form of COPY BINARY, sent when enough are there or something else is asked.
 * https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format". */
#include "store/postgres.h"

enum { COPY_BYTES = 4 << 20 };

static void put(Buffer *out, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; i--) buffer_byte(out, (char)(value >> (8 * i)));
}

bool pg_copy_row(PgStatement *s, Error *error) {
  Pg *pg = pg_of(s->base.db);
  if (pg->copying != s) {
    if (!pg_may_send(pg, s->sql, error)) return false;
    pg->copying = s;
    buffer_clear(&s->copy);
    buffer_put(&s->copy, "PGCOPY\n\377\r\n\0", 11);
    put(&s->copy, 0, 8);
  }
  put(&s->copy, (uint64_t)s->parameters, 2);
  for (int i = 0; i < s->parameters; i++) {
    const PgParameter *p = &s->parameter[i];
    put(&s->copy, p->null ? UINT32_MAX : (uint64_t)p->len, 4);
    if (!p->null) buffer_put(&s->copy, p->at, (size_t)p->len);
  }
  if (s->copy.failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "copy");
  return s->copy.len < COPY_BYTES || pg_copy_flush(pg, error);
}

bool pg_copy_flush(Pg *pg, Error *error) {
  PgStatement *s = pg->copying;
  pg->copying = NULL; /* settling must not come here again */
  if (!pg_leave_pipe(pg, error)) return false;
  put(&s->copy, 0xFFFF, 2);
  if (s->copy.failed) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "copy");
  PGresult *result = PQexec(pg->connection, s->copy_sql);
  bool ok = PQresultStatus(result) == PGRES_COPY_IN;
  if (ok) {
    PQclear(result);
    if (PQputCopyData(pg->connection, s->copy.at, (int)s->copy.len) == 1) PQputCopyEnd(pg->connection, NULL);
    result = PQgetResult(pg->connection);
    ok = PQresultStatus(result) == PGRES_COMMAND_OK;
  }
  if (!ok) {
    pg_failed_at(pg, pg->sent_before);
    pg_fail(pg, result, s->copy_sql, error);
  }
  PQclear(result);
  while ((result = PQgetResult(pg->connection))) PQclear(result);
  if (PQstatus(pg->connection) == CONNECTION_BAD) pg_lost(pg);
  buffer_end(&s->copy);
  return ok;
}
