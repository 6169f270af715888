/* Statements of billing: the good lines are kept and the bad ones named, the same twice changes nothing, the newest word holds, a restart forgets
 * nothing; and memory against a twin that looks at all statements ever sent. */
#include "people/arrears.h"

#include "base/random.h"
#include "grid/testing.h"
#include "http/testing.h"
#include "people/staff.h"

typedef struct Fixture {
  HttpTest test;
  Grid *grid;
  People *people;
  Arrears *arrears;
} Fixture;

static void begin(Fixture *f) {
  Error error = {0};
  http_test_begin(&f->test);
  assert_ok(grid_open(&f->grid, f->test.db, 1, &error), &error);
  assert_ok(people_open(&f->people, f->test.db, f->grid, 1, &error), &error);
  assert_ok(arrears_open(&f->arrears, f->test.desk, f->test.db, f->people, 1, &error), &error);
  assert_ok(arrears_add_routes(f->test.http, f->arrears, &error), &error);
  http_test_start(&f->test);
  http_test_as(&f->test, 7, STAFF_ADMINISTRATOR, 0);
}

static void end(Fixture *f) {
  http_test_end(&f->test);
  arrears_close(f->arrears);
  people_close(f->people);
  grid_close(f->grid);
}

static void open_fixture(Fixture *f) {
  http_test_open(&f->test);
  testing_county(f->test.db, 1, time_now(&f->test.time), NULL);
  http_test_end(&f->test);
  begin(f);
}

static void close_fixture(Fixture *f) {
  http_test_close(&f->test);
  arrears_close(f->arrears);
  people_close(f->people);
  grid_close(f->grid);
}

static json_t *post(Fixture *f, int status, const char *csv) {
  snprintf(f->test.headers, sizeof f->test.headers, "Content-Type: text/csv\r\nAccept-Language: en\r\n");
  json_t *json = http_test_do(&f->test, status, "POST", "/api/v1/arrears", "%s", csv);
  f->test.headers[0] = '\0';
  return json;
}

static CustomerId customer_of(const Fixture *f, const char *number) {
  uint32_t position;
  Customer customer;
  assert_true(people_position_of_number(f->people, text_of(number), &position));
  people_customer(f->people, position, &customer);
  return customer.id;
}

static ArrearsState state_of(Fixture *f, const char *number, int64_t *fen) {
  ArrearsStatement owed;
  desk_read_begin(f->test.desk);
  ArrearsState state = arrears_of(f->arrears, customer_of(f, number), &owed);
  desk_read_end(f->test.desk);
  *fen = owed.owed_fen;
  return state;
}

static int64_t count(Fixture *f, const char *sql) {
  DbStatement *s;
  bool row;
  Error error = {0};
  assert_ok(db_prepare(&s, http_test_reader(&f->test), sql, &error) && db_step(&row, s, &error), &error);
  int64_t n = db_column_i64(s, 0);
  db_reset(s);
  return n;
}

#define HEAD "customer_number,owed_fen,as_of,disconnected\n"

static void the_good_part_is_kept(void **state) {
  (void)state;
  Fixture f;
  int64_t fen;
  open_fixture(&f);
  assert_int_equal(state_of(&f, "10001111", &fen), ARREARS_UNKNOWN);
  json_t *json = post(&f, 200,
                      HEAD "10001111,12345,2026-11-20,\n"
                           "10001131,5000,2026-11-20T08:00:00+08:00,yes\n"
                           "99999999,100,2026-11-20,\n"           /* 4 nobody */
                           "10001141,12.5,2026-11-20,\n"          /* 5 not fen */
                           "10001141,-1,2026-11-20,\n"            /* 6 */
                           "10001141,100,20.11.2026,\n"           /* 7 */
                           "10001141,100,2026-12-20,\n"           /* 8 still to come */
                           "10001141,100,2026-11-20,perhaps\n"    /* 9 */
                           "10001111,1,2026-11-20,\n"             /* 10 twice */
                           "10001151,100\n"                       /* 11 too short */
                           "10001221,0,2026-11-20,\n");
  assert_int_equal(http_test_i64(json, "kept"), 3);
  assert_int_equal(http_test_i64(json, "problems_count"), 8);
  static const struct { int line; const char *says; } WRONG[] = {{4, "99999999"}, {5, "fen"}, {6, "fen"}, {7, "moment"}, {8, "to come"}, {9, "yes or no"}, {10, "line 2"}, {11, ""}};
  for (size_t i = 0; i < 8; i++) {
    char path[40];
    snprintf(path, sizeof path, "problems.%zu.line", i);
    assert_int_equal(http_test_i64(json, path), WRONG[i].line);
    snprintf(path, sizeof path, "problems.%zu.detail", i);
    if (!strstr(http_test_text(json, path), WRONG[i].says)) fail_msg("line %d: %s", WRONG[i].line, http_test_text(json, path));
  }
  assert_int_equal(state_of(&f, "10001111", &fen), ARREARS_OWING);
  assert_int_equal(fen, 12345);
  assert_int_equal(state_of(&f, "10001131", &fen), ARREARS_OFF);
  assert_int_equal(state_of(&f, "10001221", &fen), ARREARS_NONE);
  assert_int_equal(state_of(&f, "10001241", &fen), ARREARS_NONE); /* billing tells, and not of this one */
  assert_int_equal(count(&f, "SELECT COUNT(*) FROM event WHERE kind = 'customer.arrears'"), 2);
  assert_int_equal(count(&f, "SELECT COUNT(*) FROM event WHERE data LIKE '%12345%'"), 0); /* no amount */
  json = post(&f, 200, HEAD "10001111,12345,2026-11-20,\n10001131,5000,2026-11-19,no\n10001221,0,2026-11-20,\n");
  assert_int_equal(http_test_i64(json, "same"), 2);
  assert_int_equal(http_test_i64(json, "older"), 1);
  assert_int_equal(count(&f, "SELECT COUNT(*) FROM event WHERE kind = 'customer.arrears'"), 2);
  end(&f);
  begin(&f); /* the program again */
  assert_int_equal(state_of(&f, "10001111", &fen), ARREARS_OWING);
  assert_int_equal(fen, 12345);
  post(&f, 200, HEAD "10001111,0,2026-11-21,\n");
  assert_int_equal(state_of(&f, "10001111", &fen), ARREARS_NONE);
  close_fixture(&f);
}

static void who_may_and_what_is_no_list(void **state) {
  (void)state;
  Fixture f;
  int64_t fen, g2 = 0;
  open_fixture(&f);
  post(&f, 400, "number,owed\n1,2\n");
  post(&f, 400, "");
  for (size_t i = 0; i < people_org_count(f.people); i++)
    if (text_is(people_org(f.people, i)->code, "G2")) g2 = people_org(f.people, i)->id;
  http_test_as(&f.test, 8, STAFF_HEAD, g2); /* of another grid than these two */
  json_t *json = post(&f, 200, HEAD "10001111,100,2026-11-20,\n10004111,100,2026-11-20,\n");
  assert_int_equal(http_test_i64(json, "kept"), 1);
  assert_string_equal(http_test_text(json, "problems.0.code"), "FORBIDDEN_PLACE");
  assert_int_equal(state_of(&f, "10001111", &fen), ARREARS_NONE);
  http_test_as(&f.test, 8, STAFF_AGENT | STAFF_DISPATCHER | STAFF_CREW | STAFF_MANAGER, 0);
  post(&f, 403, HEAD "10001111,100,2026-11-20,\n");
  Buffer many;
  buffer_begin(&many, 1 << 20);
  buffer_string(&many, HEAD);
  for (int i = 0; i <= LIMIT_ARREARS_ROWS; i++) buffer_format(&many, "%d,100,2026-11-20,\n", i); /* lines that are wrong count as well as others do not */
  buffer_byte(&many, '\0');
  http_test_as(&f.test, 7, STAFF_ADMINISTRATOR, 0);
  json = post(&f, 200, many.at);
  assert_int_equal(http_test_i64(json, "problems_count"), LIMIT_ARREARS_ROWS + 1);
  assert_int_equal(json_array_size(http_test_at(json, "problems")), LIMIT_IMPORT_ERRORS);
  buffer_end(&many);
  close_fixture(&f);
}

/* --- against a twin --- */

typedef struct Take {
  Arrears *arrears;
  ArrearsStatement statement[16];
  size_t count;
  int64_t outcomes[ARREARS_OUTCOMES];
} Take;

static bool work(DeskContext *context, void *command, Error *error) {
  Take *take = command;
  return arrears_take(context, take->arrears, take->statement, take->count, take->outcomes, error);
}

static void as_a_twin_has_it(void **state) {
  (void)state;
  enum { PEOPLE = 24, ROUNDS = 400 };
  Fixture f;
  Random random;
  random_seed(&random, 20261122);
  open_fixture(&f);
  CustomerId customer[PEOPLE];
  ArrearsStatement twin[PEOPLE] = {{{0}, 0, false, 0}};
  for (uint32_t i = 0; i < PEOPLE; i++) {
    Customer one;
    people_customer(f.people, i, &one);
    customer[i] = one.id;
  }
  for (int round = 0; round < ROUNDS; round++) {
    Take take = {.arrears = f.arrears, .count = 1 + random_below(&random, 8)};
    Error error = {0};
    uint32_t first = (uint32_t)random_below(&random, PEOPLE);
    for (size_t i = 0; i < take.count; i++) {
      uint32_t who = (first + (uint32_t)i) % PEOPLE;
      ArrearsStatement said = {customer[who], (int64_t)random_below(&random, 3) * 100, random_below(&random, 2) == 1, (Instant)random_below(&random, 50) * SPAN_DAY};
      take.statement[i] = said;
      if (!twin[who].customer.value || said.as_of >= twin[who].as_of) twin[who] = said;
    }
    assert_ok(desk_do(f.test.desk, work, &take, TEXT("staff:1"), &error), &error);
    assert_int_equal(take.outcomes[0] + take.outcomes[1] + take.outcomes[2], (int64_t)take.count);
    if (round == ROUNDS / 2) end(&f), begin(&f);
    for (uint32_t i = 0; i < PEOPLE; i++) {
      ArrearsStatement owed;
      desk_read_begin(f.test.desk);
      ArrearsState now = arrears_of(f.arrears, customer[i], &owed);
      desk_read_end(f.test.desk);
      if (!twin[i].customer.value) {
        assert_int_equal(now, ARREARS_NONE);
        continue;
      }
      assert_int_equal(now, !twin[i].owed_fen ? ARREARS_NONE : twin[i].disconnected ? ARREARS_OFF : ARREARS_OWING);
      assert_int_equal(owed.as_of, twin[i].as_of);
    }
  }
  close_fixture(&f);
}

TEST_MAIN(TEST(the_good_part_is_kept), TEST(who_may_and_what_is_no_list), TEST(as_a_twin_has_it))
