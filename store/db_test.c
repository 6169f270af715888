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
  assert_false(db_prepare(&s, db, "SELECT nothing", &error));
  assert_int_equal(error.code, ERROR_STORE);
  db_fail_at(1);
  assert_false(db_run(db, "INSERT INTO t VALUES (2)", &error));
  assert_int_equal(error.code, ERROR_STORE_FULL);
  db_close(db);
  assert_false(db_open(&db, "/nowhere/at/all", DB_WRITE, &error));
  assert_false(db_open(&db, "/dev/null/x", DB_READ, &error));
}

static void readers_do_not_wait_and_backups_are_whole(void **state) {
  (void)state;
  Error error = {0};
  char folder[] = "/tmp/dianbaomu-db-XXXXXX", path[64], copy[64], problem[ERROR_TEXT_MAX];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/a.db", folder), snprintf(copy, sizeof copy, "%s/b.db", folder);
  Db *writer, *reader;
  DbStatement *s;
  bool row;
  assert_ok(db_open(&writer, path, DB_WRITE, &error), &error);
  assert_ok(db_run(writer, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)", &error), &error);
  assert_ok(db_open(&reader, path, DB_READ, &error), &error);
  assert_ok(db_begin(writer, &error), &error);
  assert_ok(db_run(writer, "INSERT INTO t VALUES (2)", &error), &error);
  assert_ok(db_prepare(&s, reader, "SELECT COUNT(*) FROM t", &error), &error);
  assert_ok(db_step(&row, s, &error), &error);
  assert_int_equal(db_column_i64(s, 0), 1);
  db_reset(s);
  assert_ok(db_commit(writer, &error), &error);
  assert_false(db_run(reader, "INSERT INTO t VALUES (3)", &error));
  assert_ok(db_backup(reader, copy, &error), &error);
  db_close(reader);
  db_close(writer);
  assert_ok(db_open(&reader, copy, DB_READ, &error), &error);
  assert_ok(db_verify(reader, problem, &error), &error);
  assert_string_equal(problem, "");
  assert_ok(db_prepare(&s, reader, "SELECT COUNT(*) FROM t", &error), &error);
  assert_ok(db_step(&row, s, &error), &error);
  assert_int_equal(db_column_i64(s, 0), 2);
  db_close(reader);
  char command[128];
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
}

static void every_earlier_version_migrates(void **state) {
  (void)state;
  for (int version = 0; version <= schema_newest(); version++) {
    Error error = {0};
    Db *db;
    int have;
    assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
    assert_ok(schema_migrate_to(db, version, &error), &error);
    assert_ok(schema_migrate(db, &error), &error);
    assert_ok(schema_migrate(db, &error), &error);
    assert_ok(schema_version(&have, db, &error), &error);
    assert_int_equal(have, schema_newest());
    assert_ok(db_run(db, "INSERT INTO migration VALUES (9999, 'later')", &error), &error);
    assert_false(schema_migrate(db, &error));
    assert_int_equal(error.code, ERROR_STORE_VERSION);
    db_close(db);
  }
}

TEST_MAIN(TEST(values_come_back), TEST(errors_have_their_class), TEST(readers_do_not_wait_and_backups_are_whole), TEST(every_earlier_version_migrates))
