#include "store/event.h"

#include "base/testing.h"
#include "store/schema.h"

static Db *db_with_events(int count) {
  Error error = {0};
  Db *db;
  EventChain chain;
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(db, &error), &error);
  assert_ok(event_chain_load(&chain, db, 1, &error), &error);
  for (int i = 1; i <= count; i++) {
    Event event = {.at = i, .actor = TEXT("system"), .kind = TEXT("order.accepted"), .subject_kind = TEXT("order"), .subject_id = i % 3, .data = TEXT("{}")};
    assert_ok(event_append(&chain, db, &event, &error), &error);
    assert_int_equal(event.seq, i);
  }
  EventChain again;
  assert_ok(event_chain_load(&again, db, 1, &error), &error);
  assert_memory_equal(&again, &chain, sizeof chain);
  return db;
}

static bool count_one(void *self, const Event *event) {
  (void)event;
  ++*(int *)self;
  return true;
}

static void history_is_by_subject_and_in_order(void **state) {
  (void)state;
  Error error = {0};
  Db *db = db_with_events(10);
  int count = 0;
  assert_ok(event_of(db, 1, TEXT("order"), 1, count_one, &count, &error), &error);
  assert_int_equal(count, 4);
  count = 0;
  assert_ok(event_after(db, 1, 7, 2, count_one, &count, &error), &error);
  assert_int_equal(count, 2);
  db_close(db);
}

/* Any change to any row, a row taken out, or one put in, is found at its place. */
static void tampering_is_found(void **state) {
  (void)state;
  static const struct { const char *sql; int64_t at; } ROWS[] = {
      {"SELECT 1", 0}, {"UPDATE event SET at = 99 WHERE seq = 4", 4}, {"UPDATE event SET data = '{\"a\":1}' WHERE seq = 1", 1},
      {"UPDATE event SET actor = 'staff:1' WHERE seq = 10", 10}, {"DELETE FROM event WHERE seq = 5", 6}, {"UPDATE event SET subject_id = 7 WHERE seq = 2", 2},
      {"UPDATE event SET kind = 'order.accepte', subject_kind = 'dorder' WHERE seq = 3", 3}, {"UPDATE event SET hash = (SELECT e.hash FROM event e WHERE e.seq = 7) WHERE seq = 8", 8}};
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    Error error = {0};
    EventVerdict verdict;
    Db *db = db_with_events(10);
    assert_ok(db_run(db, ROWS[i].sql, &error), &error);
    assert_ok(event_verify(&verdict, db, 1, &error), &error);
    assert_int_equal(verdict.broken_seq, ROWS[i].at);
    if (!ROWS[i].at) assert_int_equal(verdict.checked, 10);
    db_close(db);
  }
}

TEST_MAIN(TEST(history_is_by_subject_and_in_order), TEST(tampering_is_found))
