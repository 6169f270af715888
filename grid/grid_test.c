#include "grid/grid.h"

#include "base/random.h"
#include "base/testing.h"
#include "grid/testing.h"
#include "store/schema.h"

static const Instant NOW = 1795264620 * SPAN_SECOND;

static Db *open_store(void) {
  Error error = {0};
  Db *db;
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(db, &error), &error);
  return db;
}

static uint32_t at(const Grid *grid, const char *code) {
  uint32_t index = GRID_NONE;
  assert_true(grid_index_of_code(grid, text_of(code), &index));
  return index;
}

static int64_t number_of(Db *db, const char *sql) {
  Error error = {0};
  DbStatement *s;
  bool row = false;
  assert_ok(db_prepare(&s, db, sql, &error) && db_step(&row, s, &error), &error);
  int64_t value = row ? db_column_i64(s, 0) : 0;
  db_reset(s);
  return value;
}

static void the_little_county(void **state) {
  (void)state;
  Error error = {0};
  Db *db = open_store();
  Grid *grid;
  testing_county(db, 1, NOW, NULL);
  assert_ok(grid_open(&grid, db, 1, &error), &error);
  assert_int_equal(grid_count(grid), TESTING_COUNTY_DEVICES);
  uint32_t f1 = at(grid, "F1"), f2 = at(grid, "F2"), t1 = at(grid, "T1"), t2 = at(grid, "T2"), t3 = at(grid, "T3"), t4 = at(grid, "T4"),
           sw = at(grid, "F1-SW");
  assert_int_equal(grid_lowest_common(grid, t2, t3), sw);
  assert_int_equal(grid_lowest_common(grid, t1, t3), f1);
  assert_int_equal(grid_lowest_common(grid, t1, t4), at(grid, "BUS"));
  assert_int_equal(grid_lowest_common(grid, t1, f1), f1);
  assert_int_equal(grid_nearest_above(grid, at(grid, "T1-L1-M3"), GRID_TRANSFORMER), t1);
  assert_int_equal(grid_nearest_above(grid, t1, GRID_TRANSFORMER), t1);
  assert_int_equal(grid_nearest_above(grid, f1, GRID_TRANSFORMER), GRID_NONE);
  const uint32_t *feeders;
  assert_int_equal(grid_feeders(grid, &feeders), 2);
  assert_int_equal(feeders[0], f1);
  assert_int_equal(feeders[1], f2);
  assert_int_equal(grid_device(grid, t2)->feeder, f1);
  assert_int_equal(grid_device(grid, f1)->feeder, f1);
  assert_int_equal(grid_device(grid, at(grid, "BUS"))->feeder, GRID_NONE);
  assert_int_equal(grid_feeder_colour(grid, t1), 0);
  assert_int_equal(grid_feeder_colour(grid, t4), 1);
  assert_int_equal(grid_feeder_colour(grid, 0), GRID_NO_COLOUR);
  assert_true(text_is(grid_name(grid, t2), "柳树村2号台区"));
  assert_true(text_is(grid_name(grid, sw), "1号开关"));
  assert_true(text_is(grid_name(grid, at(grid, "T2-FU")), "T2-FU"));
  const GridDevice *box = grid_device(grid, at(grid, "T1-L2-M1")), *breaker = grid_device(grid, at(grid, "T1-L2"));
  assert_true(box->borrowed_place && !breaker->borrowed_place);
  assert_int_equal(box->lon_e6, breaker->lon_e6);
  assert_int_equal(grid_device(grid, t3)->rated_kva, 300);
  assert_int_equal(grid_device(grid, t3)->ownership, 1);
  assert_int_equal(box->phases, GRID_PHASE_B);
  assert_int_equal(breaker->phases, GRID_PHASES_ALL);
  assert_int_equal(box->depth_capped, 6);
  const GridTie *ties;
  assert_int_equal(grid_ties(grid, &ties), 1);
  assert_int_equal(ties[0].a, sw);
  assert_int_equal(ties[0].b, at(grid, "F2-SW"));
  assert_int_equal(grid_version(grid), 1);
  double bounds[4];
  assert_true(grid_bounds(grid, bounds));
  assert_true(bounds[0] == 112.5 && bounds[3] == 27.2105);
  uint32_t index;
  assert_true(grid_index_of(grid, grid_device(grid, t4)->id, &index));
  assert_int_equal(index, t4);
  assert_false(grid_index_of(grid, (DeviceId){5}, &index));
  assert_false(grid_index_of_code(grid, TEXT("T9"), &index));
  grid_close(grid);
  db_close(db);
}

static void an_empty_county_opens(void **state) {
  (void)state;
  Error error = {0};
  Db *db = open_store();
  Grid *grid;
  double bounds[4];
  uint32_t index;
  assert_ok(grid_open(&grid, db, 1, &error), &error);
  assert_int_equal(grid_count(grid), 0);
  assert_false(grid_bounds(grid, bounds));
  assert_false(grid_index_of(grid, (DeviceId){1}, &index));
  assert_false(grid_index_of_code(grid, TEXT(""), &index));
  grid_close(grid);
  db_close(db);
}

/* Writes a package of just these files and imports it; tells what became of it. */
static bool import_files(Db *db, const char *devices, const char *customers, const PackageImporter *importers, Instant now, Error *error) {
  char folder[] = "/tmp/grid_test_XXXXXX", command[96], path[64];
  assert_non_null(mkdtemp(folder));
  const struct { const char *name, *bytes; } FILES[] = {{"devices.csv", devices}, {"customers.csv", customers}};
  for (int i = 0; i < 2; i++) {
    if (!FILES[i].bytes) continue;
    snprintf(path, sizeof path, "%s/%s", folder, FILES[i].name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(FILES[i].bytes, file);
    fclose(file);
  }
  PackageImport import = {.folder = folder, .county_id = 1, .now = now, .actor = TEXT("system"), .importers = importers};
  bool ok = package_import(&import, db, NULL, error);
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
  return ok;
}

static void importing_again_keeps_keys(void **state) {
  (void)state;
  Error error = {0};
  Db *db = open_store();
  Grid *grid;
  assert_ok(import_files(db, "id,parent_id,kind\ns,,substation\nb,s,breaker\nt,b,transformer\n", "number,device_id\n1,t\n2,t\n", NULL, NOW,
                         &error),
            &error);
  int64_t b = number_of(db, "SELECT id FROM device WHERE code = 'b'"), t = number_of(db, "SELECT id FROM device WHERE code = 't'");
  int64_t first = number_of(db, "SELECT id FROM customer WHERE number = '1'");
  for (int again = 0; again < 2; again++) { /* the same again: nothing added, keys kept, one more event */
    assert_ok(import_files(db, "id,parent_id,kind\ns,,substation\nb,s,breaker\nt,b,transformer\n", "number,device_id\n1,t\n2,t\n", NULL,
                           NOW, &error),
              &error);
    assert_int_equal(number_of(db, "SELECT COUNT(*) FROM device"), 3);
    assert_int_equal(number_of(db, "SELECT COUNT(*) FROM customer"), 2);
    assert_int_equal(number_of(db, "SELECT id FROM device WHERE code = 'b'"), b);
  }
  assert_int_equal(number_of(db, "SELECT COUNT(*) FROM event WHERE kind = 'import.done'"), 3);
  /* b goes, n comes before t, t moves under it, customer 2 goes, 3 comes */
  assert_ok(import_files(db, "id,parent_id,kind\nn,s,switch\ns,,substation\nt,n,transformer\n", "number,device_id\n1,t\n3,n\n", NULL, NOW,
                         &error),
            &error);
  assert_int_equal(number_of(db, "SELECT COUNT(*) FROM device WHERE retired_at IS NOT NULL AND position IS NULL"), 1);
  assert_int_equal(number_of(db, "SELECT id FROM device WHERE code = 't'"), t);
  assert_int_equal(number_of(db, "SELECT id FROM customer WHERE number = '1' AND retired_at IS NULL"), first);
  assert_ok(grid_open(&grid, db, 1, &error), &error);
  assert_int_equal(grid_count(grid), 3);
  assert_int_equal(grid_device(grid, at(grid, "t"))->parent, at(grid, "n"));
  uint32_t index;
  assert_false(grid_index_of(grid, (DeviceId){b}, &index));
  for (uint32_t i = 0; i < 3; i++) { /* ids no longer ascend with the index */
    assert_true(grid_index_of(grid, grid_device(grid, i)->id, &index));
    assert_int_equal(index, i);
  }
  assert_int_equal(grid_version(grid), 4);
  grid_close(grid);
  People *people;
  assert_ok(grid_open(&grid, db, 1, &error), &error);
  assert_ok(people_open(&people, db, grid, 1, &error), &error);
  assert_int_equal(people_customer_count(people), 2);
  uint32_t position;
  assert_true(people_position_of_number(people, TEXT("3"), &position));
  assert_int_equal(position, 0); /* on n, before those on t, though its key is newer */
  assert_true(people_position_of(people, (CustomerId){first}, &position));
  assert_int_equal(position, 1);
  people_close(people);
  grid_close(grid);
  /* b comes back as it was */
  assert_ok(import_files(db, "id,parent_id,kind\ns,,substation\nb,s,breaker\n", NULL, NULL, NOW, &error), &error);
  assert_int_equal(number_of(db, "SELECT id FROM device WHERE code = 'b' AND retired_at IS NULL"), b);
  db_close(db);
}

static bool refuse(GridImportCount *count, Db *db, int64_t county_id, const Package *package, Instant now, Error *error) {
  (void)count, (void)db, (void)county_id, (void)now;
  assert_int_equal(package->device_count, 2);
  return error_raise(error, ERROR_INTERNAL, "%s", "made to fail");
}

static void nothing_is_kept_of_a_failed_import(void **state) {
  (void)state;
  static const PackageImporter REFUSE[] = {{"crews", refuse}, {NULL, NULL}};
  Error error = {0};
  Db *db = open_store();
  assert_ok(import_files(db, "id,parent_id,kind\ns,,substation\n", NULL, NULL, NOW, &error), &error);
  assert_false(import_files(db, "id,parent_id,kind\ns,,substation\nb,s,breaker\n", NULL, REFUSE, NOW, &error));
  assert_false(import_files(db, "id,parent_id,kind\ns,,substation\nb,s,breaker\n", "number,device_id\n1,x\n", NULL, NOW, &error));
  assert_int_equal(error.code, ERROR_IMPORT_FAILED);
  for (int64_t nth = 1; nth < 30; nth++) { /* a full disk at any call */
    error_clear(&error);
    db_fail_at(nth);
    bool ok = import_files(db, "id,parent_id,kind\ns,,substation\nb,s,breaker\n", "number,device_id\n1,b\n", NULL, NOW, &error);
    db_fail_at(0);
    if (ok) break;
    assert_int_equal(error.code, ERROR_STORE_FULL);
    assert_int_equal(number_of(db, "SELECT COUNT(*) FROM device"), 1);
    assert_int_equal(number_of(db, "SELECT COUNT(*) FROM customer"), 0);
    assert_int_equal(number_of(db, "SELECT COUNT(*) FROM event"), 1);
    assert_true(nth < 29);
  }
  assert_int_equal(number_of(db, "SELECT COUNT(*) FROM customer"), 1);
  db_close(db);
}

static void damaged_rows_are_told(void **state) {
  (void)state;
  static const char *const DAMAGE[] = {"UPDATE device SET position = 1",
                                       "UPDATE device SET position = -1 WHERE code = 't'",
                                       "UPDATE device SET position = 9 WHERE code = 't'",
                                       "UPDATE device SET parent_id = 5 WHERE code = 't'",
                                       "UPDATE device SET kind = 11 WHERE code = 'b'",
                                       "UPDATE device SET parent_id = id WHERE code = 'b'"};
  for (size_t i = 0; i < sizeof DAMAGE / sizeof *DAMAGE; i++) {
    Error error = {0};
    Db *db = open_store();
    Grid *grid;
    assert_ok(import_files(db, "id,parent_id,kind\ns,,substation\nb,s,breaker\nt,b,transformer\n", NULL, NULL, NOW, &error), &error);
    assert_ok(db_run(db, DAMAGE[i], &error), &error);
    assert_false(grid_open(&grid, db, 1, &error));
    assert_int_equal(error.code, ERROR_STORE_CORRUPT);
    db_close(db);
  }
}

static void places_are_borrowed(void **state) {
  (void)state;
  Error error = {0};
  Db *db = open_store();
  Grid *grid;
  assert_ok(import_files(db,
                         "id,parent_id,kind,lon,lat\nr,,substation,,\na,r,breaker,,\nb,a,line,10,1\nc,b,fuse,,\nd,c,fuse,,\ne,a,line,20,"
                         "2\nf,r,line,,\nq,,substation,,\n",
                         NULL, NULL, NOW, &error),
            &error);
  assert_ok(grid_open(&grid, db, 1, &error), &error);
  static const struct {
    const char *code;
    int32_t lon_e6;
  } WANT[] = {{"r", 10000000}, {"a", 10000000}, {"b", 10000000}, {"c", 10000000},
              {"d", 10000000}, {"e", 20000000}, {"f", 10000000}, {"q", GRID_NO_PLACE}};
  for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++) {
    const GridDevice *device = grid_device(grid, at(grid, WANT[i].code));
    assert_int_equal(device->lon_e6, WANT[i].lon_e6);
    assert_int_equal(device->borrowed_place, i != 2 && i != 5 && i != 7);
  }
  grid_close(grid);
  db_close(db);
}

/* The lowest common device, by marking all that stands above one and climbing from the other. */
static void lowest_common_agrees_with_climbing(void **state) {
  (void)state;
  enum { COUNT = 200 };
  Random random;
  Buffer rows;
  buffer_begin(&rows, 0);
  for (uint64_t seed = 1; seed <= 5; seed++) {
    Error error = {0};
    Db *db = open_store();
    Grid *grid;
    random_seed(&random, seed);
    buffer_clear(&rows);
    buffer_string(&rows, "id,parent_id,kind\n0,,substation\n1,,substation\n");
    for (uint32_t i = 2; i < COUNT; i++)
      buffer_format(&rows, "%u,%u,switch\n", i, seed % 2 ? random_below(&random, i) : i - 1 - random_below(&random, i < 4 ? i : 4));
    buffer_byte(&rows, '\0');
    assert_false(rows.failed);
    assert_ok(import_files(db, rows.at, NULL, NULL, NOW, &error), &error);
    assert_ok(grid_open(&grid, db, 1, &error), &error);
    for (int round = 0; round < torture_rounds(2000); round++) {
      uint32_t a = random_below(&random, COUNT), b = random_below(&random, COUNT), climb = b;
      bool above[COUNT] = {false};
      for (uint32_t i = a; i != GRID_NONE; i = grid_device(grid, i)->parent) above[i] = true;
      while (climb != GRID_NONE && !above[climb]) climb = grid_device(grid, climb)->parent;
      assert_int_equal(grid_lowest_common(grid, a, b), climb);
      assert_int_equal(grid_within(grid_device(grid, a), a, b), climb == a);
    }
    grid_close(grid);
    db_close(db);
  }
  buffer_end(&rows);
}

static void real_networks_have_their_feeders(void **state) {
  (void)state;
  static const struct {
    const char *folder;
    size_t feeders;
  } NETWORKS[] = {{"hpk11", 1}, {"smr8", 1}, {"smartds-small", 5}, {"smartds-large", 58}};
  char grids[4096];
  snprintf(grids, sizeof grids, "%s", testing_shared("data/grids"));
  for (size_t i = 0; i < sizeof NETWORKS / sizeof *NETWORKS; i++) {
    char path[4200];
    Error error = {0};
    Db *db = open_store();
    Grid *grid;
    People *people;
    const uint32_t *feeders;
    snprintf(path, sizeof path, "%s/%s", grids, NETWORKS[i].folder);
    PackageImport import = {.folder = path, .county_id = 1, .now = NOW, .actor = TEXT("system")};
    assert_ok(package_import(&import, db, NULL, &error), &error);
    assert_ok(grid_open(&grid, db, 1, &error), &error);
    assert_ok(people_open(&people, db, grid, 1, &error), &error);
    assert_int_equal(grid_feeders(grid, &feeders), NETWORKS[i].feeders);
    people_close(people);
    grid_close(grid);
    db_close(db);
  }
}

TEST_MAIN(TEST(the_little_county), TEST(an_empty_county_opens), TEST(importing_again_keeps_keys), TEST(nothing_is_kept_of_a_failed_import),
          TEST(damaged_rows_are_told), TEST(places_are_borrowed), TEST(lowest_common_agrees_with_climbing),
          TEST(real_networks_have_their_feeders))
