#include "store/db.h"

#include <unistd.h>

#include "base/testing.h"
#include "store/schema.h"

static void values_come_back(void **state) {
  (void)state;
  Error error = {0};
  Db *db;
  DbStatement *s;
  bool row;
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(db_run(db, "CREATE TABLE t (a INTEGER, b REAL, c TEXT, d BLOB)", &error), &error);
  assert_ok(db_prepare(&s, db, "INSERT INTO t VALUES (?1, ?2, ?3, ?4)", &error), &error);
  db_bind_i64(s, 1, INT64_MIN), db_bind_f64(s, 2, 0.1), db_bind_text(s, 3, TEXT("电保姆")), db_bind_blob(s, 4, "\0\1", 2);
  assert_ok(db_done(s, &error), &error);
  assert_ok(db_prepare(&s, db, "INSERT INTO t VALUES (?1, ?2, ?3, ?4)", &error), &error);
  db_bind_instant(s, 1, INSTANT_NONE), db_bind_null(s, 2), db_bind_text(s, 3, TEXT_NONE), db_bind_blob(s, 4, NULL, 0);
  assert_ok(db_done(s, &error), &error);
  assert_ok(db_prepare(&s, db, "SELECT a, b, c, d FROM t ORDER BY a IS NULL", &error), &error);
  assert_ok(db_step(&row, s, &error), &error);
  assert_true(row && db_column_i64(s, 0) == INT64_MIN && db_column_f64(s, 1) == 0.1 && text_is(db_column_text(s, 2), "电保姆"));
  assert_int_equal(db_column_blob(s, 3).len, 2);
  assert_ok(db_step(&row, s, &error), &error);
  assert_true(row && db_column_instant(s, 0) == INSTANT_NONE && db_column_is_null(s, 2) && !db_column_text(s, 2).at);
  assert_ok(db_step(&row, s, &error), &error);
  assert_false(row);
  db_close(db);
}

static void errors_have_their_class(void **state) {
  (void)state;
  Error error = {0};
  Db *db;
  DbStatement *s;
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(db_run(db, "CREATE TABLE t (a INTEGER PRIMARY KEY)", &error), &error);
  assert_ok(db_run(db, "INSERT INTO t VALUES (1)", &error), &error);
  assert_false(db_run(db, "INSERT INTO t VALUES (1)", &error));
  assert_int_equal(error.code, ERROR_STORE_CONSTRAINT);
  bool row;
  assert_false(db_prepare(&s, db, "SELECT nothing", &error) && db_step(&row, s, &error));
  assert_int_equal(error.code, ERROR_STORE);
  db_fail_at(1);
  assert_false(db_run(db, "INSERT INTO t VALUES (2)", &error));
  assert_int_equal(error.code, ERROR_STORE_FULL);
  db_close(db);
  assert_false(db_open(&db, "/nowhere/at/all", DB_WRITE, &error));
  assert_false(db_open(&db, "/dev/null/x", DB_READ, &error));
  error_clear(&error);
  assert_false(db_open(&db, "postgresql://nobody:secret@/x?host=/nowhere/at/all&password=secret", DB_READ, &error));
  assert_int_equal(error.code, ERROR_STORE_GONE);
  char text[ERROR_TEXT_MAX];
  assert_null(strstr(error_text(&error, LANGUAGE_EN, text, sizeof text), "secret"));
}

static int64_t number(Db *db, const char *sql) {
  Error error = {0};
  DbStatement *s;
  bool row;
  assert_ok(db_prepare(&s, db, sql, &error), &error);
  assert_ok(db_step(&row, s, &error), &error);
  assert_true(row);
  int64_t value = db_column_i64(s, 0);
  db_reset(s);
  return value;
}

static bool insert(Db *db, int64_t value, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "INSERT INTO t (a) VALUES (?1)", error)) return false;
  db_bind_i64(s, 1, value);
  return db_done(s, error);
}

static Db *db_with_keys(void) {
  Error error = {0};
  Db *db;
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(db_run(db, "CREATE TABLE t (a INTEGER NOT NULL, b TEXT, PRIMARY KEY (a)); INSERT INTO t (a) VALUES (1)", &error), &error);
  return db;
}

/* Whoever asks afterwards whether there is a statement to let go of finds none. */
static void a_failed_prepare_leaves_no_statement(void **state) {
  (void)state;
  static const char *const TEXTS[] = {"SELECT a FROM t", "SELECT b FROM t", "SELECT a, b FROM t", "SELECT b, a FROM t", "SELECT a, a FROM t", "SELECT b, b FROM t", "SELECT 1 FROM t"};
  Db *db = db_with_keys();
  DbStatement *kept;
  Error error = {0};
  assert_ok(db_prepare(&kept, db, "SELECT COUNT(*) FROM t", &error), &error);
  int64_t nth = 1;
  for (bool ok = false; !ok; nth++) {
    DbStatement *s = kept;
    assert_in_range(nth, 1, sizeof TEXTS / sizeof *TEXTS);
    memory_fail_at(nth);
    ok = db_prepare(&s, db, TEXTS[nth - 1], &error);
    memory_fail_at(0);
    assert_true(ok == (s != NULL));
    error_clear(&error);
  }
  assert_true(nth > 2);
  db_close(db);
}

/* A failing write undoes its savepoint alone when it is heard of before the release, whichever call that is. */
static void a_failure_in_a_savepoint_undoes_it_alone(void **state) {
  (void)state;
  for (int heard = 0; heard < 3; heard++) {
    Error error = {0};
    Db *db = db_with_keys();
    assert_ok(db_begin(db, &error), &error);
    assert_ok(db_savepoint(db, &error) && insert(db, 2, &error) && db_release(db, &error), &error);
    assert_ok(db_savepoint(db, &error), &error);
    DbStatement *s;
    bool row;
    bool ok = insert(db, 1, &error) && (heard != 0 || db_settle(db, &error)) &&
              (heard != 1 || (db_prepare(&s, db, "SELECT a FROM t", &error) && db_step(&row, s, &error))) && (db_changes(db), true) &&
              insert(db, 3, &error);
    assert_false(ok);
    assert_int_equal(error.code, ERROR_STORE_CONSTRAINT);
    assert_true(db_in_transaction(db));
    db_rollback_savepoint(db);
    assert_true(db_in_transaction(db));
    assert_ok(db_savepoint(db, &error) && insert(db, 4, &error) && db_release(db, &error), &error);
    assert_ok(db_commit(db, &error), &error);
    assert_int_equal(number(db, "SELECT SUM(a) FROM t"), 7);
    db_close(db);
  }
}

/* Heard of later, if at all, the transaction is gone as a whole: never a part of it. */
static void a_failure_after_its_release_undoes_all(void **state) {
  (void)state;
  for (int way = 0; way < 2; way++) {
    Error error = {0};
    Db *db = db_with_keys();
    assert_ok(db_begin(db, &error), &error);
    bool told = !(db_savepoint(db, &error) && insert(db, 2, &error) && insert(db, 1, &error) && db_release(db, &error));
    if (told) { /* at once, by a store that sends nothing ahead */
      db_rollback_savepoint(db);
      assert_ok(db_commit(db, &error), &error);
    } else {
      assert_ok(db_savepoint(db, &error) && insert(db, 3, &error), &error);
      assert_false(way == 0 ? db_commit(db, &error) : db_settle(db, &error));
      assert_int_equal(error.code, ERROR_STORE_CONSTRAINT);
      assert_false(db_in_transaction(db));
      db_rollback_savepoint(db);
      assert_false(db_in_transaction(db));
      db_rollback(db);
    }
    assert_int_equal(number(db, "SELECT SUM(a) FROM t"), 1);
    assert_ok(insert(db, 5, &error), &error);
    assert_false(insert(db, 5, &error)); /* outside a transaction each is told at once */
    assert_ok(insert(db, 6, &error), &error);
    assert_int_equal(number(db, "SELECT SUM(a) FROM t"), 12);
    db_close(db);
  }
}

static void as_many_rows_as_expected_or_a_failure(void **state) {
  (void)state;
  Error error = {0};
  Db *db = db_with_keys();
  DbStatement *s;
  for (int in_transaction = 0; in_transaction < 2; in_transaction++) {
    if (in_transaction) assert_ok(db_begin(db, &error), &error);
    assert_ok(db_prepare(&s, db, "UPDATE t SET b = ?2 WHERE a = ?1", &error), &error);
    db_bind_i64(s, 1, 1), db_bind_text(s, 2, TEXT("x"));
    assert_ok(db_done_rows(s, 1, &error), &error);
    assert_int_equal(db_changes(db), 1);
    assert_ok(db_prepare(&s, db, "UPDATE t SET b = ?2 WHERE a = ?1", &error), &error);
    db_bind_i64(s, 1, 99), db_bind_null(s, 2);
    assert_false(db_done_rows(s, 1, &error) && db_commit(db, &error));
    assert_int_equal(error.code, ERROR_STORE_CORRUPT);
    if (in_transaction) db_rollback(db);
  }
  assert_int_equal(number(db, "SELECT COUNT(*) FROM t WHERE b = 'x'"), 1);
  db_close(db);
}

/* One statement stepped within another, written between, left before its end: each sees its own rows. */
static void statements_do_not_disturb_each_other(void **state) {
  (void)state;
  enum { ROWS = 3000 };
  Error error = {0};
  Db *db = db_with_keys();
  DbStatement *outer, *inner;
  bool row;
  assert_ok(db_begin(db, &error), &error);
  for (int64_t i = 2; i <= ROWS; i++) assert_ok(insert(db, i, &error), &error);
  int64_t seen = 0, within = 0;
  assert_ok(db_prepare(&outer, db, "SELECT a, b FROM t WHERE a <= ?1 ORDER BY a", &error), &error);
  db_bind_i64(outer, 1, ROWS);
  for (;;) {
    assert_ok(db_step(&row, outer, &error), &error);
    if (!row) break;
    assert_int_equal(db_column_i64(outer, 0), ++seen);
    if (seen % 1000 != 7) continue;
    assert_ok(insert(db, ROWS + seen, &error), &error);
    assert_ok(db_prepare(&inner, db, "SELECT a FROM t WHERE a > ?1 ORDER BY a", &error), &error);
    db_bind_i64(inner, 1, seen);
    assert_ok(db_step(&row, inner, &error), &error);
    assert_int_equal(db_column_i64(inner, 0), seen + 1);
    within++;
    db_reset(inner);
    assert_int_equal(db_column_i64(outer, 0), seen);
  }
  assert_int_equal(seen, ROWS);
  assert_int_equal(within, 3);
  assert_ok(db_commit(db, &error), &error);
  assert_int_equal(number(db, "SELECT COUNT(*) FROM t"), ROWS + 3);
  db_close(db);
}

/* A parameter is NULL first, then a number; a sum, a count, a constant and a quotient come as numbers; text compares by its bytes. */
static void types_are_the_same_on_every_store(void **state) {
  (void)state;
  Error error = {0};
  Db *db = db_with_keys();
  DbStatement *s;
  bool row;
  static const char *const WORDS[] = {"a", "B", "Z", "ä", "变", "_"};
  assert_ok(db_run(db, "CREATE TABLE w (k INTEGER NOT NULL, word TEXT NOT NULL, r REAL, n INTEGER, PRIMARY KEY (word))", &error), &error);
  assert_ok(db_begin(db, &error), &error);
  for (int i = 0; i < 6; i++) {
    assert_ok(db_prepare_bulk(&s, db, "INSERT INTO w (k, word, r, n) VALUES (?1, ?2, ?3, ?4)", &error), &error);
    db_bind_i64(s, 1, i), db_bind_text(s, 2, text_of(WORDS[i])), db_bind_f64(s, 3, i / 4.0);
    if (i < 3) db_bind_null(s, 4);
    else db_bind_i64(s, 4, 1LL << 40);
    assert_ok(db_done(s, &error), &error);
  }
  assert_int_equal(number(db, "SELECT COUNT(*) FROM w"), 6); /* what was gathered is there for whoever asks */
  assert_ok(db_commit(db, &error), &error);
  char order[32] = "";
  assert_ok(db_prepare(&s, db, "SELECT word FROM w ORDER BY word", &error), &error);
  while (db_step(&row, s, &error) && row) strncat(order, db_column_text(s, 0).at, db_column_text(s, 0).len);
  assert_string_equal(order, "BZ_aä变");
  assert_int_equal(number(db, "SELECT SUM(n) FROM w"), 3LL << 40);
  assert_int_equal(number(db, "SELECT CASE WHEN COUNT(n) = 3 THEN 7 ELSE 8 END FROM w"), 7);
  assert_int_equal(number(db, "SELECT -SUM(n) FROM w"), -(3LL << 40));
  assert_ok(db_prepare(&s, db, "SELECT SUM(r), AVG(n), SUM(k), word FROM w WHERE k = ?1 OR n > ?2 OR (?3 = 0 AND k < 0) GROUP BY word ORDER BY word", &error), &error);
  db_bind_i64(s, 1, 1), db_bind_null(s, 2), db_bind_i64(s, 3, 1LL << 40);
  assert_ok(db_step(&row, s, &error), &error);
  assert_true(row && db_column_f64(s, 0) == 0.25 && db_column_is_null(s, 1) && db_column_i64(s, 2) == 1);
  db_reset(s);
  db_bind_i64(s, 1, 5), db_bind_i64(s, 2, 1LL << 50);
  assert_ok(db_step(&row, s, &error), &error);
  assert_true(row && db_column_f64(s, 1) == (double)(1LL << 40) && text_is(db_column_text(s, 3), "_"));
  db_reset(s);
  DbColumns columns;
  assert_ok(db_columns(&columns, db, "w", &error), &error);
  assert_true(columns.count == 4 && columns.at[1].key == 1 && columns.at[0].key == 0 && columns.at[1].type == DB_TEXT && columns.at[2].type == DB_REAL);
  assert_string_equal(columns.at[3].name, "n");
  db_close(db);
}

/* A bulk insert that fails is a failed write like any other. */
static void a_bulk_insert_is_whole_or_nothing(void **state) {
  (void)state;
  Error error = {0};
  Db *db = db_with_keys();
  for (int bad = 0; bad < 2; bad++) {
    assert_ok(db_begin(db, &error), &error);
    bool ok = true;
    for (int64_t i = 0; ok && i < 20000; i++) {
      DbStatement *s;
      ok = db_prepare_bulk(&s, db, "INSERT INTO t (a, b) VALUES (?1, ?2)", &error);
      if (!ok) break;
      db_bind_i64(s, 1, bad && i == 15000 ? 1 : 10 + i), db_bind_text(s, 2, TEXT("some words, so that the rows do not fit into one piece ………………………………………………………………………………………………"));
      ok = db_done(s, &error);
    }
    ok = ok && db_commit(db, &error);
    assert_int_equal(ok, !bad);
    if (!ok) db_rollback(db);
    if (!bad) assert_ok(db_run(db, "DELETE FROM t WHERE a > 5", &error), &error);
  }
  assert_int_equal(error.code, ERROR_STORE_CONSTRAINT);
  assert_int_equal(number(db, "SELECT COUNT(*) FROM t"), 1);
  db_close(db);
}

static void readers_do_not_wait(void **state) {
  (void)state;
  Error error = {0};
  char folder[] = "/tmp/dianbaomu-db-XXXXXX", file[64], address[1024];
  assert_non_null(mkdtemp(folder));
  snprintf(file, sizeof file, "%s/a.db", folder);
  assert_ok(db_test_address(address, sizeof address, file, &error), &error);
  Db *writer, *reader;
  assert_ok(db_open(&writer, address, DB_WRITE, &error), &error);
  assert_ok(db_run(writer, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)", &error), &error);
  assert_ok(db_open(&reader, address, DB_READ, &error), &error);
  assert_ok(db_begin(writer, &error), &error);
  assert_ok(db_run(writer, "INSERT INTO t VALUES (2)", &error), &error);
  assert_int_equal(number(reader, "SELECT COUNT(*) FROM t"), 1);
  assert_ok(db_commit(writer, &error), &error);
  assert_int_equal(number(reader, "SELECT COUNT(*) FROM t"), 2);
  assert_false(db_run(reader, "INSERT INTO t VALUES (3)", &error));
  assert_int_equal(number(reader, "SELECT COUNT(*) FROM t"), 2);
  db_close(reader);
  db_close(writer);
  char command[128];
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
}

static void a_backup_of_a_file_is_whole(void **state) {
  (void)state;
  Error error = {0};
  char folder[] = "/tmp/dianbaomu-db-XXXXXX", path[64], copy[64], problem[ERROR_TEXT_MAX];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/a.db", folder), snprintf(copy, sizeof copy, "%s/b.db", folder);
  Db *writer, *reader;
  assert_ok(db_open(&writer, path, DB_WRITE, &error), &error);
  assert_ok(db_run(writer, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)", &error), &error);
  assert_ok(db_backup(writer, copy, &error), &error);
  db_close(writer);
  assert_ok(db_open(&reader, copy, DB_READ, &error), &error);
  assert_ok(db_verify(reader, problem, &error), &error);
  assert_string_equal(problem, "");
  assert_int_equal(number(reader, "SELECT COUNT(*) FROM t"), 1);
  db_close(reader);
  char command[128];
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
}

/* A room that brings its second migration after another room, with a higher number, has brought its first. */
static void a_lower_number_brought_later_is_applied(void **state) {
  (void)state;
  Error error = {0};
  Db *db;
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(db, &error), &error);
  assert_ok(db_run(db, "DROP TABLE staff_factor", &error), &error);
  assert_ok(db_run(db, "DELETE FROM migration WHERE number = 11", &error), &error); /* as before it was written */
  assert_ok(schema_migrate(db, &error), &error);
  assert_ok(db_run(db, "DELETE FROM staff_factor", &error), &error);
  db_close(db);
}

/* From each earlier version, under load: migrate_test. */
static void an_empty_store_migrates_and_a_newer_one_is_refused(void **state) {
  (void)state;
  Error error = {0};
  Db *db;
  int have;
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  for (int again = 0; again < 2; again++) assert_ok(schema_migrate(db, &error), &error);
  assert_ok(schema_version(&have, db, &error), &error);
  assert_int_equal(have, schema_newest());
  assert_ok(db_run(db, "INSERT INTO migration VALUES (9999, 'later')", &error), &error);
  assert_false(schema_migrate(db, &error));
  assert_int_equal(error.code, ERROR_STORE_VERSION);
  db_close(db);
}

typedef struct Distributed {
  Db *db;
  int tables;
} Distributed;

static bool look_at_table(void *self, const char *table, Error *error) {
  Distributed *look = self;
  DbColumns columns;
  if (!db_columns(&columns, look->db, table, error)) return false;
  int led = 0;
  for (size_t i = 0; i < columns.count; i++) led += strcmp(columns.at[i].name, "county_id") == 0 && columns.at[i].key == 1;
  if (led == (strcmp(table, "migration") == 0)) fail_msg("table %s: its key does not begin with county_id", table);
  look->tables++;
  return true;
}

/* docs/scaling.md distributes whatever table has a county_id: none is forgotten, and each may be distributed by it. */
static void every_table_but_one_belongs_to_counties(void **state) {
  (void)state;
  Error error = {0};
  Distributed look = {0};
  assert_ok(db_open(&look.db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(look.db, &error), &error);
  assert_ok(db_tables(look.db, look_at_table, &look, &error), &error);
  assert_true(look.tables > 50);
  db_close(look.db);
}

static bool write_forty(Db *db, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_begin(db, error)) return false;
  for (int64_t i = 0; i < 40; i++) {
    if (!db_prepare(&s, db, "INSERT INTO forty (county_id, id) VALUES (1, ?1)", error)) return false;
    db_bind_i64(s, 1, i);
    if (!db_done_rows(s, 1, error)) return false;
  }
  if (!db_prepare(&s, db, "SELECT COUNT(*) FROM forty WHERE county_id = ?1", error)) return false;
  db_bind_i64(s, 1, 1);
  if (!db_step(&row, s, error)) return false;
  db_reset(s);
  return db_commit(db, error);
}

/* Whichever allocation fails, in the middle of what was sent ahead too: what comes next finds a connection that works, and all or nothing stands. */
static void a_failed_allocation_leaves_a_store_that_works(void **state) {
  bool ok = false;
  (void)state;
  for (int64_t nth = 1; !ok && nth < 200; nth++) {
    Error error = {0};
    DbStatement *s;
    Db *db;
    bool row;
    assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
    assert_ok(db_run(db, "CREATE TABLE forty (county_id INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (county_id, id))", &error), &error);
    memory_fail_at(nth);
    ok = write_forty(db, &error);
    memory_fail_at(0);
    if (!ok) db_rollback(db);
    error_clear(&error);
    assert_ok(db_begin(db, &error), &error);
    assert_ok(db_prepare(&s, db, "SELECT COUNT(*) FROM forty", &error), &error);
    assert_ok(db_step(&row, s, &error), &error);
    assert_int_equal(db_column_i64(s, 0), ok ? 40 : 0);
    db_reset(s);
    assert_ok(db_commit(db, &error), &error);
    db_close(db);
  }
  assert_true(ok);
}

TEST_MAIN(TEST(values_come_back), TEST(errors_have_their_class), TEST(a_failed_prepare_leaves_no_statement), TEST(a_failure_in_a_savepoint_undoes_it_alone), TEST(a_failure_after_its_release_undoes_all),
          TEST(as_many_rows_as_expected_or_a_failure), TEST(statements_do_not_disturb_each_other), TEST(types_are_the_same_on_every_store),
          TEST(a_bulk_insert_is_whole_or_nothing), TEST(readers_do_not_wait), TEST(a_backup_of_a_file_is_whole), TEST(an_empty_store_migrates_and_a_newer_one_is_refused), TEST(every_table_but_one_belongs_to_counties), TEST(a_lower_number_brought_later_is_applied), TEST(a_failed_allocation_leaves_a_store_that_works))
