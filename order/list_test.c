/* Lists of ended orders, whose rights and wishes stand in SQL, against every row looked at in C. */
#include "base/random.h"
#include "grid/testing.h"
#include "http/testing.h"
#include "order/order_list.h"
#include "order/order_page.h"

enum { ORDERS = 400, WISHES = 300, OTHERS = 45000 };
static const char *const KINDS[] = {"fault_repair", "complaint", "opinion"};

typedef struct Town {
  HttpTest test; /* for its store and desk */
  Grid *grid;
  People *people;
  Orders *orders;
  int64_t parts[8];
  size_t part_count;
} Town;

static void open_town(Town *town) {
  Error error = {0};
  HttpTest *test = &town->test;
  http_test_open(test);
  testing_county(test->db, 1, time_now(&test->time), NULL);
  http_test_end(test);
  http_test_begin(test);
  assert_ok(grid_open(&town->grid, test->db, 1, &error), &error);
  assert_ok(people_open(&town->people, test->db, town->grid, 1, &error), &error);
  assert_ok(order_open(&town->orders, test->desk, test->db, town->grid, town->people, NULL, &error), &error);
  town->part_count = people_org_count(town->people);
  assert_in_range(town->part_count, 4, 8);
  for (size_t i = 0; i < town->part_count; i++) town->parts[i] = people_org(town->people, i)->id;
}

static void close_town(Town *town) {
  http_test_close(&town->test);
  order_close(town->orders);
  people_close(town->people);
  grid_close(town->grid);
}

static void bind_some(DbStatement *s, int at, int64_t id) {
  if (id) db_bind_i64(s, at, id);
  else db_bind_null(s, at);
}

static void add(Town *town, int64_t id, int64_t number, const OrderKind *kind, Text state, int64_t customer, int64_t org, int64_t to_org, uint32_t who) {
  static const char SQL[] =
      "INSERT INTO orders (county_id, id, number, book_id, kind, state, customer_id, area, urgency, suspended, calls, callback_tries, reopened, version, accepted_at,"
      " state_since, closed_at, source, trail, org_id, to_org_id, outage_id, crew_id, staff_id, repeats) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, 1, 0, 0, 3, ?7, ?7,"
      " ?8, 'hotline', '', ?9, ?10, ?11, ?12, ?13, ?14)";
  DbStatement *s;
  Error error = {0};
  assert_ok(db_prepare(&s, town->test.db, SQL, &error), &error);
  db_bind_i64(s, 1, id);
  db_bind_i64(s, 2, number);
  db_bind_i64(s, 3, book_id(town->orders->book));
  db_bind_text(s, 4, kind->origin.id);
  db_bind_text(s, 5, state);
  bind_some(s, 6, customer);
  db_bind_i64(s, 7, id_instant(id));
  if (who % 11 == 0) db_bind_null(s, 8); /* open */
  else db_bind_i64(s, 8, id_instant(id) + SPAN_HOUR);
  bind_some(s, 9, org);
  bind_some(s, 10, to_org);
  bind_some(s, 11, who % 3), bind_some(s, 12, who / 3 % 3), bind_some(s, 13, who / 9 % 3);
  db_bind_i64(s, 14, who / 27 % 5);
  assert_ok(db_done(s, &error), &error);
}

static const OrderKind *kind_at(const Town *town, size_t i) {
  const OrderKind *kind = book_kind_of(town->orders->book, text_of(KINDS[i]));
  assert_non_null(kind);
  return kind;
}

static Text some_end(const OrderKind *kind, Random *random) {
  size_t state;
  do state = random_below(random, (uint32_t)kind->state_count);
  while (!kind->states[state].final);
  return kind->states[state].id;
}

typedef struct Row { /* what the list below is made of */
  Order order;
  bool ended;
} Row;
static Row rows[ORDERS];
static size_t row_count;

static bool keep_row(void *self, const OrderRow *row, Error *error) {
  const Town *town = self;
  OrderRow read = *row;
  ClockSet clocks;
  assert_ok(order_from_row(town->orders, &read, &clocks, error), error);
  assert_true(row_count < ORDERS);
  rows[row_count++] = (Row){read.order, row->closed_at != INSTANT_NONE};
  return true;
}

typedef struct Got {
  int64_t ids[ORDERS + 1];
  size_t count;
} Got;

static bool keep_id(void *self, const OrderRow *row, const ClockSet *clocks, Error *error) {
  Got *got = self;
  (void)clocks, (void)error;
  assert_true(got->count < ORDERS);
  got->ids[got->count++] = row->order.id.value;
  return true;
}

static int newer(const void *a, const void *b) {
  const Row *left = a, *right = b;
  return left->order.id.value > right->order.id.value ? -1 : 1;
}

static bool is_row(int64_t id, const Orders *orders, int64_t part) {
  for (size_t i = 0; i < row_count; i++)
    if (rows[i].order.id.value == id) return order_is_theirs(orders, &rows[i].order, part);
  return true;
}

/* Page by page the same as all rows looked at one by one; and where to go on never names what is not theirs. */
static void as_looked_at_one_by_one(void **state) {
  (void)state;
  static Town town;
  Random random;
  Error error = {0};
  IdMaker maker = {0};
  int64_t customers[20];
  open_town(&town);
  random_seed(&random, 7);
  for (size_t i = 0; i < 20; i++) {
    Customer customer;
    people_customer(town.people, (uint32_t)i, &customer);
    customers[i] = customer.id.value;
  }
  for (int i = 0; i < ORDERS; i++) {
    const OrderKind *kind = kind_at(&town, (size_t)random_below(&random, 3));
    int64_t of[2];
    for (int k = 0; k < 2; k++) of[k] = random_below(&random, 3) ? town.parts[random_below(&random, (uint32_t)town.part_count)] : 0;
    Civil day = {.year = 2026, .month = 11, .day = 1 + i / 40};
    add(&town, id_make(&maker, instant_of(day, ZONE_SHANGHAI) + i * SPAN_MINUTE), 202611010000000 + (int64_t)(day.day - 1) * 10000000 + i, kind,
        some_end(kind, &random), random_below(&random, 4) ? customers[random_below(&random, 20)] : 0, of[0], random_below(&random, 2) ? of[1] : 0, random_below(&random, 1000));
  }
  row_count = 0;
  assert_ok(store_all_orders(town.test.db, 1, keep_row, &town, &error), &error);
  assert_int_equal(row_count, ORDERS);
  qsort(rows, row_count, sizeof *rows, newer);
  size_t all = 0, own = 0;
  for (int w = 0; w < WISHES; w++) {
    int64_t part = random_below(&random, 4) ? town.parts[random_below(&random, (uint32_t)town.part_count)] : 0, next = 0;
    CustomerId some[3] = {{customers[random_below(&random, 20)]}, {customers[random_below(&random, 20)]}, {1}};
    ListWish wish = {.part = part};
    const OrderKind *kind = kind_at(&town, (size_t)random_below(&random, 3));
    if (random_below(&random, 3) == 0) wish.kind = kind->origin.id;
    if (random_below(&random, 3) == 0) wish.state = some_end(kind, &random);
    if (random_below(&random, 5) == 0) wish.outage.value = 1 + random_below(&random, 3);
    if (random_below(&random, 5) == 0) wish.crew.value = 1 + random_below(&random, 2);
    if (random_below(&random, 5) == 0) wish.assignee.value = 1 + random_below(&random, 2);
    if (random_below(&random, 4) == 0) wish.customers = some, wish.customer_count = 1 + random_below(&random, 3);
    if (random_below(&random, 6) == 0) wish.number = rows[random_below(&random, ORDERS)].order.number;
    if (random_below(&random, 6) == 0) wish.repeated = true;
    if (random_below(&random, 5) == 0) {
      size_t row;
      wish.to_org = town.parts[random_below(&random, (uint32_t)town.part_count)];
      assert_true(people_org_row(town.people, wish.to_org, &row));
      wish.to_org_row = (uint32_t)row;
    }
    Got got = {0}, want = {0};
    for (size_t i = 0; i < row_count; i++)
      if (rows[i].ended && order_is_theirs(town.orders, &rows[i].order, part) && list_wants(&wish, &rows[i].order)) want.ids[want.count++] = rows[i].order.id.value;
    for (int page = 0; page == 0 || next; page++) {
      size_t before = got.count, most = 1 + random_below(&random, 60);
      assert_ok(list_ended(&next, town.orders, town.test.db, &wish, next, most, keep_id, &got, &error), &error);
      assert_true(got.count - before <= most && page < ORDERS + 1);
      if (next) assert_int_equal(got.count - before, most); /* so few orders: a page is full, or the last */
      assert_true(is_row(next, town.orders, part));
    }
    assert_int_equal(got.count, want.count);
    assert_memory_equal(got.ids, want.ids, got.count * sizeof *got.ids);
    all += got.count, own += part ? got.count : 0;
  }
  assert_true(all > 5000 && own > 2000);
  close_town(&town);
}

/* One old order of a part behind more of another's than are looked at for one page: found page by page, and where to go on is no order's id. */
static void one_behind_many_of_others(void **state) {
  (void)state;
  static Town town;
  Error error = {0};
  IdMaker maker = {0};
  Random random;
  DbStatement *s;
  int64_t g1 = 0, g2 = 0, next = 0;
  open_town(&town);
  random_seed(&random, 8);
  for (size_t i = 0; i < town.part_count; i++) {
    const Org *org = people_org(town.people, i);
    if (text_is(org->code, "G1")) g1 = org->id;
    if (text_is(org->code, "G2")) g2 = org->id;
  }
  const OrderKind *kind = kind_at(&town, 1);
  Text end = some_end(kind, &random);
  Instant from = instant_of((Civil){.year = 2026, .month = 1, .day = 1}, ZONE_SHANGHAI) + 7 * SPAN_SECOND;
  int64_t old = id_make(&maker, from), step = id_make(&(IdMaker){0}, from + SPAN_MINUTE) - old;
  add(&town, old, 202601010000001, kind, end, 0, g1, 0, 1);
  add(&town, old + step, 202601010000002, kind, end, 0, g2, 0, 1);
  int64_t count = 1;
  for (bool row = true; count < OTHERS; count *= 2) {
    assert_ok(db_prepare(&s, town.test.db,
                         "INSERT INTO orders (county_id, id, number, book_id, kind, state, area, urgency, suspended, calls, callback_tries, reopened, version, accepted_at, state_since,"
                         " closed_at, source, trail, org_id, repeats) SELECT county_id, id + ?1, number + ?2, book_id, kind, state, area, urgency, suspended, calls, callback_tries, reopened,"
                         " version, accepted_at, state_since, closed_at, source, trail, org_id, repeats FROM orders WHERE county_id = 1 AND id > ?3",
                         &error),
              &error);
    db_bind_i64(s, 1, count * step);
    db_bind_i64(s, 2, count);
    db_bind_i64(s, 3, old);
    assert_ok(db_step(&row, s, &error), &error);
    db_reset(s);
  }
  for (int with_kind = 0; with_kind < 2; with_kind++) {
    ListWish mine = {.part = g1, .kind = with_kind ? kind->origin.id : TEXT_NONE}, theirs = {.part = g2};
    Got got = {0};
    int page = 0;
    next = 0;
    do {
      assert_ok(list_ended(&next, town.orders, town.test.db, &mine, next, 50, keep_id, &got, &error), &error);
      if (next) assert_true((next - old) % step != 0); /* no order's */
    } while (next && ++page < 10);
    assert_int_equal(page, count / LIST_SCAN_MAX);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.ids[0], old);
    got.count = 0;
    assert_ok(list_ended(&next, town.orders, town.test.db, &theirs, 0, 50, keep_id, &got, &error), &error);
    assert_int_equal(got.count, 50);
    assert_int_equal(next, got.ids[49]);
  }
  close_town(&town);
}

TEST_MAIN(TEST(as_looked_at_one_by_one), TEST(one_behind_many_of_others))
