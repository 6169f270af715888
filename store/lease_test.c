#include "store/lease.h"

#include <unistd.h>

#include "base/testing.h"
#include "store/schema.h"

typedef struct Place {
  char folder[64], file[80], address[1024];
  Db *db;
} Place;

static void open_place(Place *place) {
  Error error = {0};
  snprintf(place->folder, sizeof place->folder, "/tmp/dianbaomu-lease-XXXXXX");
  assert_non_null(mkdtemp(place->folder));
  snprintf(place->file, sizeof place->file, "%s/a.db", place->folder);
  assert_ok(db_test_address(place->address, sizeof place->address, place->file, &error), &error);
  assert_ok(db_open(&place->db, place->address, DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(place->db, &error), &error);
}

static void close_place(Place *place) {
  char command[128];
  db_close(place->db);
  snprintf(command, sizeof command, "rm -r %s", place->folder);
  assert_int_equal(system(command), 0);
}

static void one_holder_at_a_time(void **state) {
  (void)state;
  Error error = {0};
  Place place;
  Lease *first, *second, *other;
  char holder[64];
  open_place(&place);
  assert_ok(lease_take(&first, place.address, 1, "a:1", &error), &error);
  assert_false(lease_take(&second, place.address, 1, "b:2", &error));
  assert_int_equal(error.code, ERROR_STORE_LOCKED);
  assert_ok(lease_take(&other, place.address, 2, "b:2", &error), &error);
  assert_ok(lease_holder(holder, sizeof holder, place.db, 1, &error), &error);
  assert_string_equal(holder, "a:1");
  int64_t token = lease_token(first);
  lease_give(first);
  assert_ok(lease_holder(holder, sizeof holder, place.db, 1, &error), &error);
  assert_string_equal(holder, "");
  assert_ok(lease_take(&second, place.address, 1, "b:2", &error), &error);
  assert_true(lease_token(second) > token);
  lease_give(second);
  lease_give(other);
  close_place(&place);
}

/* Whoever lost the county finds no row of its token, and its transaction is refused. */
static void one_that_lost_it_writes_nothing(void **state) {
  (void)state;
  Error error = {0};
  Place place;
  Lease *lease;
  open_place(&place);
  assert_ok(lease_take(&lease, place.address, 1, "a:1", &error), &error);
  Db *writer;
  assert_ok(db_open(&writer, place.address, DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(db_begin(writer, &error) && lease_hold(lease, writer, &error) && db_commit(writer, &error), &error);
  assert_false(lease_lost(lease));
  assert_ok(db_run(place.db, "UPDATE lease SET token = token + 1, holder = 'b:2' WHERE county_id = 1", &error), &error);
  assert_ok(db_begin(writer, &error), &error);
  assert_false(lease_hold(lease, writer, &error));
  assert_int_equal(error.code, ERROR_LEASE_LOST);
  assert_true(lease_lost(lease));
  db_rollback(writer);
  db_close(writer);
  lease_give(lease); /* and takes nothing from the one that has it */
  char holder[64];
  assert_ok(lease_holder(holder, sizeof holder, place.db, 1, &error), &error);
  assert_string_equal(holder, "b:2");
  close_place(&place);
}

TEST_MAIN(TEST(one_holder_at_a_time), TEST(one_that_lost_it_writes_nothing))
