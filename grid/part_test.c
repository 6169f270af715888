/* Rights in the SQL of lists against what memory says of the same: every part of the little county against every other, and every device. */
#include "grid/part.h"

#include <string.h>

#include "base/testing.h"
#include "grid/testing.h"
#include "store/schema.h"

typedef struct Fixture {
  Db *db;
  Grid *grid;
  People *people;
} Fixture;

static void open_county(Fixture *f) {
  Error error = {0};
  assert_ok(db_open(&f->db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(f->db, &error), &error);
  testing_county(f->db, 1, 1795264620 * SPAN_SECOND, NULL);
}

static void open_rooms(Fixture *f) {
  Error error = {0};
  assert_ok(grid_open(&f->grid, f->db, 1, &error), &error);
  assert_ok(people_open(&f->people, f->db, f->grid, 1, &error), &error);
}

static void close_rooms(Fixture *f) {
  people_close(f->people);
  grid_close(f->grid);
}

/* Whether the statement, of ?2 a part and ?3 an id, finds a row. */
static bool finds(Db *db, const char *sql, int64_t part, int64_t id) {
  Error error = {0};
  DbStatement *s;
  bool row;
  assert_ok(db_prepare(&s, db, sql, &error), &error);
  db_bind_i64(s, 1, 1);
  db_bind_i64(s, 2, part);
  db_bind_i64(s, 3, id);
  assert_ok(db_step(&row, s, &error), &error);
  if (row) db_reset(s);
  return row;
}

static void agrees_with_memory(const Fixture *f) {
  static const char WITHIN[] = "SELECT 1 FROM org WHERE county_id = ?1 AND id = ?3 AND (?2 = 0 OR id IN " PART_ORGS ")",
                    REACHED[] = "SELECT 1 FROM org WHERE county_id = ?1 AND id = ?3 AND (?2 = 0 OR id IN " REACH_ORGS ")",
                    PLACE[] = "SELECT 1 FROM device e WHERE e.county_id = ?1 AND e.id = ?3 AND (?2 = 0 OR " DEVICE_IN("e.id", PART_ORGS) ")",
                    REACH[] = "SELECT 1 FROM device e WHERE e.county_id = ?1 AND e.id = ?3 AND (?2 = 0 OR " DEVICE_IN("e.id", REACH_ORGS) ")";
  size_t orgs = people_org_count(f->people), within = 0;
  for (size_t p = 0; p <= orgs + 1; p++) { /* every part, all, and none */
    int64_t part = p < orgs ? people_org(f->people, p)->id : p == orgs ? 0 : -1;
    for (size_t i = 0; i < orgs; i++) {
      int64_t org = people_org(f->people, i)->id;
      assert_int_equal(finds(f->db, WITHIN, part, org), people_org_within(f->people, org, part));
      assert_int_equal(finds(f->db, REACHED, part, org), people_org_within(f->people, org, part) || people_org_within(f->people, part, org));
      within += people_org_within(f->people, org, part);
    }
    for (uint32_t device = 0; device < grid_count(f->grid); device++) {
      int64_t id = grid_device(f->grid, device)->id.value;
      assert_int_equal(finds(f->db, PLACE, part, id), people_check_place(f->people, part, device, NULL));
      assert_int_equal(finds(f->db, REACH, part, id), people_check_reach(f->people, part, device, NULL));
    }
  }
  assert_true(within > 2 * orgs);
}

static void settle(Fixture *f) {
  char problem[ERROR_TEXT_MAX];
  Error error = {0};
  open_rooms(f);
  assert_ok(part_rows_settle(f->db, f->grid, &error), &error);
  agrees_with_memory(f);
  assert_ok(part_check(f->db, f->grid, problem, &error), &error);
  assert_string_equal(problem, "");
  close_rooms(f);
}

static void rows_and_memory_agree(void **state) {
  /* data from before these rows; a device of no org under one that has; a grid given up; a tree that bites its tail; devices of no part */
  static const char *const ODD[] = {
      "SELECT 1", "UPDATE device SET org_id = 0 WHERE county_id = 1 AND org_id = (SELECT d.org_id FROM device d WHERE d.county_id = 1 AND d.id = device.parent_id)",
      "UPDATE org SET retired_at = 1 WHERE county_id = 1 AND code = 'G2'",
      "UPDATE org SET parent_id = (SELECT o.id FROM org o WHERE o.county_id = 1 AND o.code = 'G1') WHERE county_id = 1 AND code = 'C1'",
      "UPDATE device SET org_id = 0 WHERE county_id = 1"};
  (void)state;
  Fixture f;
  Error error = {0};
  open_county(&f);
  settle(&f); /* as an import leaves it */
  for (size_t i = 0; i < sizeof ODD / sizeof *ODD; i++) {
    assert_ok(db_run(f.db, ODD[i], &error) && db_run(f.db, "DELETE FROM org_part", &error), &error);
    settle(&f);
  }
  db_close(f.db);
}

static void a_wrong_row_is_found(void **state) {
  static const struct {
    const char *spoil, *said;
  } CASES[] = {{"DELETE FROM org_part WHERE org_id = (SELECT id FROM org WHERE code = 'G1') AND part_id = (SELECT id FROM org WHERE code = 'ST1')", "is missing"},
               {"DELETE FROM org_part WHERE part_id = (SELECT id FROM org WHERE code = 'G2')", "no row says"},
               {"INSERT INTO org_part (county_id, part_id, org_id) SELECT 1, a.id, b.id FROM org a, org b WHERE a.code = 'G1' AND b.code = 'G2'", "a row says that org"},
               {"UPDATE device SET org_id = (SELECT id FROM org WHERE code = 'G2') WHERE code = 'T1'", "its row says another"}};
  (void)state;
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Fixture f;
    Error error = {0};
    char problem[ERROR_TEXT_MAX];
    open_county(&f);
    open_rooms(&f);
    assert_ok(db_run(f.db, CASES[i].spoil, &error) && part_check(f.db, f.grid, problem, &error), &error);
    if (!strstr(problem, CASES[i].said)) fail_msg("%zu: %s", i, problem);
    close_rooms(&f);
    db_close(f.db);
  }
}

TEST_MAIN(TEST(rows_and_memory_agree), TEST(a_wrong_row_is_found))
