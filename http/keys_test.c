#include "http/keys.h"

#include "base/random.h"
#include "base/testing.h"
#include "store/schema.h"

static Db *open_store(void) {
  Error error = {0};
  Db *db;
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(db, &error), &error);
  return db;
}

/* Against a twin that is nothing but the list of what was put. */
static void the_newest_are_remembered(void **state) {
  (void)state;
  enum { LIMIT = 50, STEPS = 4000 };
  Error error = {0};
  Db *db = open_store();
  Keys keys, loaded;
  Random random;
  uint64_t hashes[STEPS];
  int64_t first = 1, count = 0; /* the twin: rows [first, count] are remembered */
  random_seed(&random, 7);
  keys_begin(&keys, LIMIT);
  keys_begin(&loaded, LIMIT);
  for (int step = 0; step < STEPS; step++) {
    uint64_t hash = random_below(&random, 120); /* comes again, also after it was forgotten */
    if (random_below(&random, 100) == 0) hash = (uint64_t)INT64_MIN;
    if (random_below(&random, 20) == 0 && count > first) { /* a batch was undone */
      int64_t undone = 1 + random_below(&random, (uint32_t)(count - first < 5 ? count - first : 5));
      count -= undone;
      char sql[100];
      snprintf(sql, sizeof sql, "DELETE FROM request WHERE id > %lld", (long long)count);
      assert_ok(db_run(db, sql, &error), &error);
      assert_ok(keys_forget_undone(&keys, db, 1, &error), &error);
    }
    KeptReply reply = {.fingerprint = hash * 3, .status = 201, .body = TEXT("{}")};
    assert_ok(keys_write(db, 1, ++count, hash, &reply, &error), &error);
    assert_ok(keys_put(&keys, hash, count, &error), &error);
    hashes[count - 1] = hash == (uint64_t)INT64_MIN ? 0 : hash; /* which the map cannot hold */
    if (count - first >= LIMIT) first = count - LIMIT + 1;
    assert_int_equal(keys.gone, first - 1);
    assert_int_equal(keys_newest(&keys), count);
    if (step % 97 == 0) assert_ok(keys_load(&loaded, db, 1, &error), &error);
    for (uint64_t probe = 0; probe < 120; probe++) {
      int64_t id = 0, wanted = 0;
      for (int64_t row = first; row <= count; row++)
        if (hashes[row - 1] == probe) wanted = row;
      bool found = keys_find(&keys, probe, &id);
      /* after an undo the twin knows an older row of the hash which the map gave up: the desk never asks then, since a key that is there is not put again */
      if (wanted == 0) assert_false(found);
      else if (found) assert_int_equal(id, wanted);
    }
  }
  keys_end(&keys);
  keys_end(&loaded);
  db_close(db);
}

static void rows_are_pruned_in_steps(void **state) {
  (void)state;
  Error error = {0};
  Db *db = open_store();
  Keys keys;
  Arena arena;
  bool all;
  Instant start = 1795264620 * SPAN_SECOND;
  int64_t ids[100];
  IdMaker maker = {0};
  KeptReply reply = {.fingerprint = UINT64_MAX, .status = 200, .body = TEXT("{\"a\":1}")}, kept;
  keys_begin(&keys, 1000);
  arena_begin(&arena, 0);
  for (int i = 0; i < 100; i++) {
    ids[i] = id_make(&maker, start + i * SPAN_SECOND);
    assert_ok(keys_write(db, 1, ids[i], (uint64_t)i, &reply, &error), &error);
  }
  assert_ok(keys_load(&keys, db, 1, &error), &error);
  assert_ok(keys_read(&kept, &arena, db, 1, ids[0], &error), &error);
  assert_true(kept.fingerprint == UINT64_MAX && kept.status == 200 && text_is(kept.body, "{\"a\":1}"));
  keys_forget_old(&keys, start + 60 * SPAN_SECOND, 50);
  assert_int_equal(keys.count, 50);
  keys_forget_old(&keys, start + 60 * SPAN_SECOND, 50);
  assert_int_equal(keys.count, 40);
  assert_int_equal(keys.gone, ids[59]);
  assert_ok(keys_prune(&all, db, 1, keys.gone, 40, &error), &error);
  assert_false(all);
  assert_false(keys_read(&kept, &arena, db, 1, ids[39], &error));
  assert_ok(keys_read(&kept, &arena, db, 1, ids[40], &error), &error);
  assert_ok(keys_prune(&all, db, 1, keys.gone, 40, &error), &error);
  assert_true(all);
  assert_ok(keys_load(&keys, db, 1, &error), &error);
  assert_int_equal(keys.count, 40);
  for (int i = 0; i < 1500; i++) assert_ok(keys_put(&keys, 1000 + (uint64_t)i, id_make(&maker, start), &error), &error); /* the ring turns and grows */
  int64_t id;
  assert_false(keys_find(&keys, 99, &id));
  assert_true(keys_find(&keys, 1500, &id) && !keys_find(&keys, 1499, &id));
  arena_end(&arena);
  keys_end(&keys);
  db_close(db);
}

TEST_MAIN(TEST(the_newest_are_remembered), TEST(rows_are_pruned_in_steps))
