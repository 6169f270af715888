/* Statements: parameters in binary with the types they are bound with, rows in binary one at a time. */
#include <stdio.h>

#include "store/postgres.h"

bool pg_prepare(DbStatement **out, Db *db, const char *sql, bool bulk, Error *error) {
  PgStatement *s = memory_new(sizeof *s);
  if (!s) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "statement");
  s->base = (DbStatement){&DB_POSTGRES, db};
  s->sql = sql;
  s->text = pg_translate(sql, &s->parameters);
  s->parameter = memory_new((size_t)(s->parameters + 1) * sizeof *s->parameter);
  s->prepared_types = memory_new((size_t)(s->parameters + 1) * sizeof *s->prepared_types);
  s->reads = pg_reads(sql);
  s->copy_sql = bulk ? pg_copy_from(sql) : NULL;
  buffer_begin(&s->copy, 0);
  if (!s->text || !s->parameter || !s->prepared_types) {
    pg_finish(&s->base);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "statement");
  }
  for (int i = 0; i < s->parameters; i++) s->parameter[i].null = true;
  *out = &s->base;
  return true;
}

static void let_go_of_rows(PgStatement *s) {
  Pg *pg = pg_of(s->base.db);
  s->open = false;
  if (pg->reading == s) pg_park(pg); /* nobody wants them: nothing is kept */
  PQclear(s->result);
  s->result = NULL;
  while (s->parked_at < s->parked.count) PQclear(s->parked.at[s->parked_at++]);
  s->parked.count = s->parked_at = 0;
}

void pg_reset(DbStatement *base) {
  PgStatement *s = pg_statement(base);
  if (s->open || s->result) let_go_of_rows(s);
}

void pg_finish(DbStatement *base) {
  PgStatement *s = pg_statement(base);
  Pg *pg = pg_of(base->db);
  let_go_of_rows(s);
  if (pg->copying == s) pg->copying = NULL;
  vector_free(&s->parked);
  buffer_end(&s->copy);
  memory_free(s->copy_sql);
  memory_free(s->text);
  memory_free(s->parameter);
  memory_free(s->prepared_types);
  memory_free(s);
}

/* --- parameters --- */

static PgParameter *parameter(DbStatement *s, int at) {
  static PgParameter nowhere; /* SQLite tells of a number that is not there at the next step; here it is not sent, and the server tells */
  return at >= 1 && at <= pg_statement(s)->parameters ? &pg_statement(s)->parameter[at - 1] : &nowhere;
}

static void bind_bits(DbStatement *s, int at, uint64_t bits, unsigned type) {
  PgParameter *p = parameter(s, at);
  p->type = type, p->null = false, p->at = (const char *)p->value, p->len = 8;
  for (int i = 0; i < 8; i++) p->value[i] = (unsigned char)(bits >> (56 - 8 * i));
}

void pg_bind_i64(DbStatement *s, int at, int64_t value) { bind_bits(s, at, (uint64_t)value, PG_INT8); }

void pg_bind_f64(DbStatement *s, int at, double value) {
  union {
    double value;
    uint64_t bits;
  } wide = {.value = value};
  bind_bits(s, at, wide.bits, PG_FLOAT8);
}

static void bind_bytes(DbStatement *s, int at, const void *bytes, size_t len, unsigned type) {
  PgParameter *p = parameter(s, at);
  p->type = type, p->null = false, p->at = bytes, p->len = (int)len;
}

void pg_bind_text(DbStatement *s, int at, Text value) { bind_bytes(s, at, value.at, value.len, PG_TEXT); }
void pg_bind_blob(DbStatement *s, int at, const void *bytes, size_t len) { bind_bytes(s, at, bytes, len, PG_BYTEA); }
void pg_bind_null(DbStatement *s, int at) { parameter(s, at)->null = true; } /* the type it had is kept: the statement need not change */

/* --- sending --- */

/* Prepared again when the connection is new, or a parameter shows a type it did not have. */
static bool make_prepared(PgStatement *s, Error *error) {
  Pg *pg = pg_of(s->base.db);
  bool fits = s->epoch == pg->epoch;
  for (int i = 0; i < s->parameters; i++) fits = fits && s->prepared_types[i] == s->parameter[i].type;
  if (fits) return true;
  for (int i = 0; i < s->parameters; i++) s->prepared_types[i] = s->parameter[i].type;
  snprintf(s->name, sizeof s->name, "s%lld", (long long)++pg->names);
  if (!PQsendPrepare(pg->connection, s->name, s->text, s->parameters, s->prepared_types)) return pg_fail(pg, NULL, s->sql, error);
  s->epoch = pg->epoch;
  s->prepared_at = pg->sent_before + (int64_t)pg->sent.count;
  return pg_sent(pg, (PgSent){.sql = s->sql, .rows = -1}, error);
}

static bool send_bound(PgStatement *s, int64_t rows, Error *error) {
  Pg *pg = pg_of(s->base.db);
  const char *values[DB_COLUMNS_MAX * 2];
  int lengths[DB_COLUMNS_MAX * 2], formats[DB_COLUMNS_MAX * 2];
  if (s->parameters > DB_COLUMNS_MAX * 2) return error_raise(error, ERROR_STORE, "%s", "too many parameters");
  if (!pg_may_send(pg, s->sql, error) || !pg_enter_pipe(pg, error) || !make_prepared(s, error)) return false;
  for (int i = 0; i < s->parameters; i++) {
    values[i] = s->parameter[i].null ? NULL : s->parameter[i].at;
    lengths[i] = s->parameter[i].len;
    formats[i] = 1;
  }
  if (!PQsendQueryPrepared(pg->connection, s->name, s->parameters, values, lengths, formats, 1)) return pg_fail(pg, NULL, s->sql, error);
  return pg_sent(pg, (PgSent){.sql = s->sql, .rows = rows, .reader = s->reads ? s : NULL}, error);
}

static bool failed(PgStatement *s) {
  let_go_of_rows(s);
  return false;
}

static bool ask_once(PgStatement *s, Error *error) {
  Pg *pg = pg_of(s->base.db);
  if (!send_bound(s, -1, error)) return false;
  s->open = true;
  pg->reading = s;
  return pg_answers_before_rows(pg, error);
}

bool pg_step(bool *row, DbStatement *base, Error *error) {
  PgStatement *s = pg_statement(base);
  Pg *pg = pg_of(base->db);
  *row = false;
  if (!s->reads) return pg_done(base, -1, error);
  if (!s->open && !ask_once(s, error)) return failed(s);
  if (s->result && s->row + 1 < PQntuples(s->result)) {
    s->row++;
    return *row = true;
  }
  PQclear(s->result);
  s->result = NULL;
  s->row = 0;
  if (s->parked_at < s->parked.count) {
    s->result = s->parked.at[s->parked_at++];
    return *row = true;
  }
  if (pg->reading != s) return let_go_of_rows(s), pg_tell_failure(pg, error);
  if (!pg_read_row(row, pg, s, error)) return failed(s);
  if (!*row) let_go_of_rows(s);
  return true;
}

bool pg_done(DbStatement *base, int64_t rows, Error *error) {
  PgStatement *s = pg_statement(base);
  Pg *pg = pg_of(base->db);
  if (s->reads) {
    bool row;
    bool ok = pg_step(&row, base, error);
    pg_reset(base);
    return ok;
  }
  if (s->copy_sql && pg->in_transaction) return pg_copy_row(s, error);
  if (!send_bound(s, rows, error)) return failed(s);
  return pg->in_transaction || pg_settle(pg, error) || failed(s);
}

/* --- rows --- */

bool pg_column_is_null(DbStatement *s, int at) {
  const PgStatement *p = pg_statement(s);
  return !p->result || PQgetisnull(p->result, p->row, at);
}

int64_t pg_column_i64(DbStatement *s, int at) {
  const PgStatement *p = pg_statement(s);
  if (pg_column_is_null(s, at)) return 0;
  return pg_value_i64(PQgetvalue(p->result, p->row, at), PQgetlength(p->result, p->row, at), PQftype(p->result, at));
}

double pg_column_f64(DbStatement *s, int at) {
  const PgStatement *p = pg_statement(s);
  if (pg_column_is_null(s, at)) return 0;
  return pg_value_f64(PQgetvalue(p->result, p->row, at), PQgetlength(p->result, p->row, at), PQftype(p->result, at));
}

Text pg_column_blob(DbStatement *s, int at) {
  const PgStatement *p = pg_statement(s);
  return pg_column_is_null(s, at) ? TEXT_NONE : (Text){PQgetvalue(p->result, p->row, at), (size_t)PQgetlength(p->result, p->row, at)};
}

Text pg_column_text(DbStatement *s, int at) {
  PgStatement *p = pg_statement(s);
  if (pg_column_is_null(s, at)) return TEXT_NONE;
  switch (PQftype(p->result, at)) { /* SQLite gives a number as text when asked */
    case PG_INT8:
    case PG_INT4:
    case PG_NUMERIC:
      return (Text){p->scratch, (size_t)snprintf(p->scratch, sizeof p->scratch, "%lld", (long long)pg_column_i64(s, at))};
    default:
      return pg_column_blob(s, at);
  }
}
