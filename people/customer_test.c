#include "people/customer.h"

#include "base/random.h"
#include "base/testing.h"
#include "grid/testing.h"
#include "people/move.h"
#include "store/schema.h"

static const Instant NOW = 1795264620 * SPAN_SECOND;

typedef struct Fixture {
  Db *db;
  Grid *grid;
  People *people;
} Fixture;

static void open_fixture(Fixture *f) {
  Error error = {0};
  assert_ok(db_open(&f->db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(f->db, &error), &error);
  testing_county(f->db, 1, NOW, NULL);
  assert_ok(grid_open(&f->grid, f->db, 1, &error), &error);
  assert_ok(people_open(&f->people, f->db, f->grid, 1, &error), &error);
}

static void close_fixture(Fixture *f) {
  people_close(f->people);
  grid_close(f->grid);
  db_close(f->db);
}

static void the_little_county(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f);
  assert_int_equal(people_customer_count(f.people), TESTING_COUNTY_CUSTOMERS);
  uint32_t position, again, box;
  Customer customer;
  assert_true(people_position_of_number(f.people, TEXT("10003241"), &position));
  people_customer(f.people, position, &customer);
  assert_true(grid_index_of_code(f.grid, TEXT("T3-L2-M4"), &box));
  assert_int_equal(customer.device, box);
  assert_int_equal(people_customer_device(f.people, position), box);
  assert_true(text_is(customer.number, "10003241"));
  assert_true(text_is(customer.phone, "13800003241"));
  assert_true(text_is(customer.meter, "M10003241"));
  assert_true(text_is(customer.name, "王建国"));
  assert_true(text_is(customer.address, "柳树村3组2-4号1"));
  assert_true(text_is(customer.tags, ""));
  assert_false(customer.vulnerable);
  assert_int_equal(customer.phases, GRID_PHASE_B);
  assert_int_equal(customer.lon_e6, GRID_NO_PLACE);
  assert_true(people_position_of_meter(f.people, TEXT("M10003241"), &again));
  assert_int_equal(again, position);
  assert_true(people_position_of(f.people, customer.id, &again));
  assert_int_equal(again, position);
  assert_false(people_position_of_meter(f.people, TEXT("M1000324"), &again));
  assert_false(people_position_of_number(f.people, TEXT(""), &again));
  assert_false(people_position_of(f.people, (CustomerId){1}, &again));
  assert_true(people_position_of_number(f.people, TEXT("10001151"), &position));
  people_customer(f.people, position, &customer);
  assert_true(customer.vulnerable);
  assert_true(people_position_of_number(f.people, TEXT("10006000"), &position));
  people_customer(f.people, position, &customer);
  assert_int_equal(customer.category, CUSTOMER_INDUSTRIAL);
  assert_int_equal(customer.importance, IMPORTANCE_1);
  assert_true(customer.contract_kw == 400);
  assert_int_equal(customer.lon_e6, 112520000);
  CustomerMatch found[5];
  assert_int_equal(people_find(f.people, TEXT("欧阳 T"), found, 5), 0);
  assert_int_equal(people_find(f.people, TEXT("10003241"), found, 5), 1);
  assert_int_equal(people_find(f.people, TEXT("欧阳"), found, 5), 5);
  close_fixture(&f);
}

static void customers_below_a_device_are_a_range(void **state) {
  (void)state;
  Fixture f;
  Random random;
  open_fixture(&f);
  random_seed(&random, 5);
  for (int round = 0; round < 500; round++) {
    uint32_t first = random_below(&random, grid_count(f.grid)), last = first + random_below(&random, grid_count(f.grid) + 2 - first), from,
             to;
    people_customers_in(f.people, (GridRange){first, last}, &from, &to);
    for (uint32_t i = 0; i < people_customer_count(f.people); i++) {
      uint32_t device = people_customer_device(f.people, i);
      assert_int_equal(device >= first && device < last, i >= from && i < to);
    }
  }
  close_fixture(&f);
}

static void organisation(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f);
  uint32_t t1, t5, bus;
  assert_int_equal(people_org_count(f.people), 4);
  assert_true(grid_index_of_code(f.grid, TEXT("T1-L1-M1"), &t1));
  assert_true(grid_index_of_code(f.grid, TEXT("T5"), &t5));
  assert_true(grid_index_of_code(f.grid, TEXT("BUS"), &bus));
  const Org *g1 = people_org(f.people, people_org_of_device(f.people, t1)), *g2 = people_org(f.people, people_org_of_device(f.people, t5));
  const Org *station = people_org(f.people, people_org_of_device(f.people, bus));
  assert_true(text_is(g1->code, "G1"));
  assert_true(text_is(g1->manager, "张经理"));
  assert_true(text_is(g2->code, "G2"));
  assert_true(text_is(station->level, "station"));
  assert_int_equal(g1->parent_id, station->id);
  assert_true(people_org_within(f.people, g1->id, station->id));
  assert_true(people_org_within(f.people, g1->id, g1->id));
  assert_true(people_org_within(f.people, g1->id, 0));
  assert_false(people_org_within(f.people, station->id, g1->id));
  assert_false(people_org_within(f.people, g2->id, g1->id));
  assert_false(people_org_within(f.people, 12345, g1->id));
  assert_false(people_org_whole(f.people, g1->id)); /* the other grid lies beside it */
  assert_true(people_org_whole(f.people, station->id));
  assert_false(people_org_whole(f.people, 12345));
  assert_true(text_is(people_area_type(f.people, t1), "rural"));
  close_fixture(&f);
}

static void masks(void **state) {
  (void)state;
  static const char *const NAMES[][2] = {{"李明轩", "李**"}, {"李", "*"}, {"", ""}, {"欧阳晓红", "欧***"}, {"Li", "L*"}};
  static const char *const PHONES[][2] = {
      {"13812345678", "138****5678"}, {"0731-8412345", "073*****2345"}, {"8412345", "******5"}, {"110", "***"}, {"", ""}};
  Arena arena;
  arena_begin(&arena, 0);
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    assert_true(text_is(people_mask_name(&arena, text_of(NAMES[i][0])), NAMES[i][1]));
  for (size_t i = 0; i < sizeof PHONES / sizeof *PHONES; i++)
    assert_true(text_is(people_mask_phone(&arena, text_of(PHONES[i][0])), PHONES[i][1]));
  arena_end(&arena);
}

static void memory_may_run_out(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f);
  int failed = 0;
  for (int64_t nth = 1; nth < 60; nth++) {
    Error error = {0};
    Grid *grid = NULL;
    People *people = NULL;
    memory_fail_at(nth);
    bool ok = grid_open(&grid, f.db, 1, &error) && people_open(&people, f.db, grid, 1, &error);
    memory_fail_at(0);
    if (!ok) assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
    failed += !ok;
    people_close(people);
    grid_close(grid);
  }
  assert_true(failed > 20);
  close_fixture(&f);
}


typedef struct Moved {
  const People *people;
  uint32_t position, device;
  int count;
} Moved;
static bool note_move(void *self, uint32_t position, uint32_t device) {
  Moved *moved = self;
  moved->position = position, moved->device = device, moved->count++;
  return true;
}
typedef struct Asked {
  People *people;
  CustomerId customer;
  DeviceId to;
} Asked;
static bool work_move(DeskContext *context, void *command, Error *error) {
  Asked *asked = command;
  return asked->to.value ? people_move(context, asked->people, asked->customer, asked->to, error)
                         : people_move_back(context, asked->people, asked->customer, error);
}
static void again(Fixture *f) {
  Error error = {0};
  people_close(f->people);
  assert_ok(people_open(&f->people, f->db, f->grid, 1, &error), &error);
}
static Moved moves_of(const Fixture *f) {
  Moved moved = {.people = f->people};
  Error error = {0};
  assert_ok(people_moves(f->people, f->db, note_move, &moved, &error), &error);
  return moved;
}

/* Found elsewhere than the file says: told at once to whoever asks, in memory from the next start, undone the same way; a file that says
 * something new has the last word. */
static void a_customer_is_moved_and_back(void **state) {
  (void)state;
  Fixture f;
  Desk *desk;
  Error error = {0};
  TimeSource time = {0};
  open_fixture(&f);
  time_virtual(&time, NOW);
  assert_ok(desk_open(&desk, f.db, &(DeskOptions){.county_id = 1, .time = &time}, &error), &error);
  Customer customer;
  uint32_t position, other;
  people_customer(f.people, 0, &customer);
  uint32_t home = customer.device;
  people_customer(f.people, people_customer_count(f.people) - 1, &customer);
  other = customer.device;
  people_customer(f.people, 0, &customer);
  assert_true(other != home);
  Asked asked = {f.people, customer.id, grid_device(f.grid, other)->id};
  assert_ok(desk_do(desk, work_move, &asked, TEXT("staff:1"), &error), &error);
  Moved moved = moves_of(&f);
  assert_true(moved.count == 1 && moved.position == 0 && moved.device == other);
  again(&f), asked.people = f.people;
  assert_true(people_position_of(f.people, customer.id, &position) && people_customer_device(f.people, position) == other);
  assert_int_equal(moves_of(&f).count, 0);
  asked.to.value = 0;
  assert_ok(desk_do(desk, work_move, &asked, TEXT("staff:1"), &error), &error);
  moved = moves_of(&f);
  assert_true(moved.count == 1 && moved.position == position && moved.device == home);
  again(&f), asked.people = f.people;
  assert_true(people_position_of(f.people, customer.id, &position) && people_customer_device(f.people, position) == home);
  asked.to = grid_device(f.grid, other)->id;
  assert_ok(desk_do(desk, work_move, &asked, TEXT("staff:1"), &error), &error);
  assert_ok(db_run(f.db, "UPDATE customer_move SET from_device_id = 1", &error), &error); /* as if a later file had said another device */
  again(&f), asked.people = f.people;
  assert_true(people_position_of(f.people, customer.id, &position) && people_customer_device(f.people, position) == home);
  asked.to.value = 12345;
  assert_false(desk_do(desk, work_move, &asked, TEXT("staff:1"), &error));
  assert_int_equal(error.code, ERROR_NOT_FOUND);
  desk_close(desk);
  close_fixture(&f);
}

TEST_MAIN(TEST(the_little_county), TEST(customers_below_a_device_are_a_range), TEST(organisation), TEST(masks), TEST(memory_may_run_out), TEST(a_customer_is_moved_and_back))
