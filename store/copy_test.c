#include "store/copy.h"

#include <unistd.h>

#include "base/testing.h"
#include "store/event.h"
#include "store/schema.h"

static void fill(Db *db) {
  Error error = {0};
  EventChain chain;
  DbStatement *s;
  assert_ok(schema_migrate(db, &error), &error);
  assert_ok(event_chain_load(&chain, db, 1, &error), &error);
  for (int64_t i = 1; i <= 500; i++) {
    Event event = {.at = i, .actor = TEXT("system"), .kind = TEXT("t.made"), .subject_kind = TEXT("t"), .subject_id = i, .data = TEXT("{\"a\":\"变\"}")};
    assert_ok(event_append(&chain, db, &event, &error), &error);
  }
  for (int64_t i = 1; i <= 300; i++) {
    assert_ok(db_prepare(&s, db, "INSERT INTO customer (county_id, id, number, name, phone, meter, address, tags, device_id, lon_e6, contract_kw, category,"
                                 " importance, phases) VALUES (1, ?1, ?2, '李', '', 'M', '一''二', '', 1, ?3, ?4, 0, 0, 7)", &error), &error);
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)(10000 - i));
    db_bind_i64(s, 1, INT64_MAX - i), db_bind_text(s, 2, text_of(number)), db_bind_f64(s, 4, (double)i / 3);
    if (i % 2) db_bind_i64(s, 3, -i);
    else db_bind_null(s, 3);
    assert_ok(db_done(s, &error), &error);
  }
}

/* From a file to the store under test and back to a file: every table equal, the chain whole, and a difference of one byte found. */
static void there_and_back(void **state) {
  (void)state;
  Error error = {0};
  char folder[] = "/tmp/dianbaomu-copy-XXXXXX", a[64], b[64], there[1024];
  assert_non_null(mkdtemp(folder));
  snprintf(a, sizeof a, "%s/a.db", folder), snprintf(b, sizeof b, "%s/b.db", folder);
  char file[64];
  snprintf(file, sizeof file, "%s/there.db", folder);
  assert_ok(db_test_address(there, sizeof there, file, &error), &error);
  Db *first = NULL, *middle = NULL, *last = NULL;
  CopyCount count;
  EventVerdict verdict;
  unsigned char one[COPY_HASH_BYTES], other[COPY_HASH_BYTES];
  int64_t rows;
  assert_ok(db_open(&first, a, DB_WRITE, &error) && db_open(&middle, there, DB_WRITE_UNSYNCED, &error) && db_open(&last, b, DB_WRITE, &error), &error);
  fill(first);
  assert_ok(store_copy(&count, first, middle, NULL, NULL, &error), &error);
  assert_int_equal(count.rows, 800);
  assert_ok(event_verify(&verdict, middle, 1, &error), &error);
  assert_true(verdict.checked == 500 && verdict.broken_seq == 0);
  assert_false(store_copy(&count, first, middle, NULL, NULL, &error)); /* there is one already */
  assert_int_equal(error.code, ERROR_ALREADY_EXISTS);
  assert_ok(store_copy(&count, middle, last, NULL, NULL, &error), &error);
  assert_ok(store_table_hash(one, &rows, first, "customer", &error) && store_table_hash(other, &rows, last, "customer", &error), &error);
  assert_int_equal(rows, 300);
  assert_memory_equal(one, other, sizeof one);
  assert_ok(db_run(last, "UPDATE customer SET address = 'x' WHERE number = '9999'", &error), &error);
  assert_ok(store_table_hash(other, &rows, last, "customer", &error), &error);
  assert_memory_not_equal(one, other, sizeof one);
  db_close(first), db_close(middle), db_close(last);
  char command[128];
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
}

TEST_MAIN(TEST(there_and_back))
