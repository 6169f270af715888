#include "store/copy.h"

#include <sodium.h>
#include <stdio.h>

#include "base/buffer.h"
#include "store/schema.h"

typedef struct Copy {
  Db *from, *to;
  CopyCount count;
  CopyTold told;
  void *self;
  bool compare;
} Copy;

static void put_names(Buffer *sql, const DbColumns *columns) {
  for (size_t i = 0; i < columns->count; i++) buffer_format(sql, "%s%s", i ? ", " : "", columns->at[i].name);
}

static void select_rows(Buffer *sql, const DbColumns *columns, const char *table) {
  buffer_begin(sql, 0);
  buffer_string(sql, "SELECT ");
  put_names(sql, columns);
  buffer_format(sql, " FROM %s ORDER BY ", table);
  bool first = true;
  for (int key = 1; key <= (int)columns->count; key++)
    for (size_t i = 0; i < columns->count; i++)
      if (columns->at[i].key == key) buffer_format(sql, "%s%s", first ? "" : ", ", columns->at[i].name), first = false;
  if (first) put_names(sql, columns);
  buffer_byte(sql, '\0');
}

static void insert_rows(Buffer *sql, const DbColumns *columns, const char *table) {
  buffer_begin(sql, 0);
  buffer_format(sql, "INSERT INTO %s (", table);
  put_names(sql, columns);
  buffer_string(sql, ") VALUES (");
  for (size_t i = 0; i < columns->count; i++) buffer_format(sql, "%s?%zu", i ? ", " : "", i + 1);
  buffer_string(sql, ")");
  buffer_byte(sql, '\0');
}

static void hash_value(crypto_generichash_state *state, char type, const void *bytes, size_t len) {
  unsigned char head[9] = {(unsigned char)type};
  for (int i = 0; i < 8; i++) head[i + 1] = (unsigned char)((uint64_t)len >> (8 * i));
  crypto_generichash_update(state, head, sizeof head);
  crypto_generichash_update(state, len ? bytes : "", len);
}

static void hash_column(crypto_generichash_state *state, DbStatement *s, int at, DbType type) {
  union {
    int64_t whole;
    double real;
  } value;
  Text text;
  if (db_column_is_null(s, at)) {
    hash_value(state, 'n', NULL, 0);
    return;
  }
  switch (type) {
    case DB_INTEGER:
      value.whole = db_column_i64(s, at), hash_value(state, 'i', &value, sizeof value);
      break;
    case DB_REAL:
      value.real = db_column_f64(s, at), hash_value(state, 'r', &value, sizeof value);
      break;
    case DB_TEXT:
      text = db_column_text(s, at), hash_value(state, 't', text.at, text.len);
      break;
    case DB_BLOB:
      text = db_column_blob(s, at), hash_value(state, 'b', text.at, text.len);
      break;
  }
}

/* A Db keeps statements by the address of their SQL, so one made here must stay: a table's SELECT is prepared once a connection and
 * forgotten with it. The text is interned for the life of the process: a few dozen tables. */
static const char *keep_sql(Buffer *sql, Error *error) {
  static char *kept[1024];
  static size_t count;
  if (!sql->failed)
    for (size_t i = 0; i < count; i++)
      if (strcmp(kept[i], sql->at) == 0) return buffer_end(sql), kept[i];
  if (!sql->failed && count < sizeof kept / sizeof *kept) return kept[count++] = sql->at;
  buffer_end(sql);
  error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "copy");
  return NULL;
}

bool store_table_hash(unsigned char hash[COPY_HASH_BYTES], int64_t *rows, Db *db, const char *table, Error *error) {
  DbColumns columns;
  Buffer text;
  DbStatement *s;
  crypto_generichash_state state;
  *rows = 0;
  crypto_generichash_init(&state, NULL, 0, COPY_HASH_BYTES);
  if (!db_columns(&columns, db, table, error)) return false;
  if (!columns.count) return error_raise(error, ERROR_NOT_FOUND, "table\t%s", table);
  select_rows(&text, &columns, table);
  const char *sql = keep_sql(&text, error);
  if (!sql || !db_prepare(&s, db, sql, error)) return false;
  for (bool row;; ++*rows) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    for (size_t i = 0; i < columns.count; i++) hash_column(&state, s, (int)i, columns.at[i].type);
  }
  crypto_generichash_final(&state, hash, COPY_HASH_BYTES);
  return true;
}

static void copy_column(DbStatement *to, DbStatement *from, int at, DbType type) {
  Text text;
  if (db_column_is_null(from, at)) {
    db_bind_null(to, at + 1);
    return;
  }
  switch (type) {
    case DB_INTEGER:
      db_bind_i64(to, at + 1, db_column_i64(from, at));
      break;
    case DB_REAL:
      db_bind_f64(to, at + 1, db_column_f64(from, at));
      break;
    case DB_TEXT:
      text = db_column_text(from, at), db_bind_text(to, at + 1, text.at ? text : TEXT(""));
      break;
    case DB_BLOB:
      text = db_column_blob(from, at), db_bind_blob(to, at + 1, text.at, text.len);
      break;
  }
}

static bool same_columns(const DbColumns *a, const DbColumns *b) {
  if (a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++)
    if (strcmp(a->at[i].name, b->at[i].name) != 0 || a->at[i].type != b->at[i].type || a->at[i].key != b->at[i].key) return false;
  return true;
}

static bool copy_rows(Copy *copy, const char *table, const DbColumns *columns, Error *error) {
  DbStatement *read, *write;
  Buffer select, insert;
  select_rows(&select, columns, table);
  insert_rows(&insert, columns, table);
  const char *select_sql = keep_sql(&select, error), *insert_sql = keep_sql(&insert, error);
  if (!select_sql || !insert_sql || !db_prepare(&read, copy->from, select_sql, error)) return false;
  for (bool row;; copy->count.rows++) {
    if (!db_step(&row, read, error)) return false;
    if (!row) return true;
    bool ok = db_prepare_bulk(&write, copy->to, insert_sql, error);
    for (size_t i = 0; ok && i < columns->count; i++) copy_column(write, read, (int)i, columns->at[i].type);
    if (ok && db_done(write, error)) continue;
    db_reset(read);
    return false;
  }
}

/* What belongs to the store and not to the company. */
static bool is_own(const char *table) { return strcmp(table, "migration") == 0 || strcmp(table, "lease") == 0; }

static bool one_table(void *self, const char *table, Error *error) {
  Copy *copy = self;
  DbColumns from, to;
  unsigned char here[COPY_HASH_BYTES], there[COPY_HASH_BYTES];
  int64_t rows, rows_there;
  if (is_own(table)) return true;
  if (!db_columns(&from, copy->from, table, error) || !db_columns(&to, copy->to, table, error)) return false;
  if (!same_columns(&from, &to)) return error_raise(error, ERROR_STORE, "table %s is not the same on both sides", table);
  if (!copy->compare) {
    if (!store_table_hash(there, &rows_there, copy->to, table, error)) return false;
    if (rows_there) return error_raise(error, ERROR_ALREADY_EXISTS, "table\t%s", table);
    return copy_rows(copy, table, &from, error);
  }
  if (!store_table_hash(here, &rows, copy->from, table, error) || !store_table_hash(there, &rows_there, copy->to, table, error))
    return false;
  if (rows != rows_there || memcmp(here, there, sizeof here) != 0)
    return error_raise(error, ERROR_STORE, "table %s came over otherwise: %lld rows there, %lld here", table, (long long)rows,
                       (long long)rows_there);
  if (copy->told) copy->told(copy->self, table, rows);
  copy->count.tables++;
  return true;
}

bool store_copy(CopyCount *out, Db *from, Db *to, CopyTold told, void *self, Error *error) {
  Copy copy = {.from = from, .to = to, .told = told, .self = self};
  if (!schema_migrate(to, error) || !db_begin(from, error)) return false; /* nobody writes meanwhile, or nobody is heard */
  bool ok = db_begin(to, error);
  ok = ok && db_tables(from, one_table, &copy, error);
  copy.compare = true;
  ok = ok && db_tables(from, one_table, &copy, error) && db_commit(to, error);
  if (!ok) db_rollback(to);
  db_rollback(from);
  *out = copy.count;
  return ok;
}
