#include "sim/month.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/testing.h"
#include "order/order_inside.h"
#include "people/import.h"
#include "sim/drive.h"
#include "sim/generate.h"
#include "store/event.h"
#include "store/schema.h"

typedef struct County {
  Db *db;
  Desk *desk;
  TimeSource time;
  Grid *grid;
  People *people;
  Orders *orders;
  Month *month;
  MonthSummary summary;
  Error error;
} County;

static void open_county(County *county, int64_t customers, const MonthOptions *options) {
  char folder[] = "/tmp/dianbaomu-month-XXXXXX", command[64];
  Error *error = &county->error;
  GenerateOptions size = {.customers = customers, .seed = options->seed};
  assert_non_null(mkdtemp(folder));
  rmdir(folder);
  assert_ok(sim_generate_package(folder, &size, NULL, NULL, error), error);
  assert_ok(db_open(&county->db, ":memory:", DB_WRITE_UNSYNCED, error), error);
  assert_ok(schema_migrate(county->db, error), error);
  PackageImport import = {.folder = folder, .county_id = 1, .now = options->from - SPAN_DAY, .actor = TEXT("system")};
  assert_ok(package_import(&import, county->db, NULL, error), error);
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
  time_virtual(&county->time, options->from);
  DeskOptions desk = {.county_id = 1, .time = &county->time};
  assert_ok(grid_open(&county->grid, county->db, 1, error), error);
  assert_ok(people_open(&county->people, county->db, county->grid, 1, error), error);
  assert_ok(desk_open(&county->desk, county->db, &desk, error), error);
  assert_ok(order_open(&county->orders, county->desk, county->db, county->grid, county->people, NULL, error), error);
  MonthRooms rooms = {county->desk, county->db, &county->time, county->people, county->orders};
  assert_ok(month_open(&county->month, &rooms, options, error), error);
}

static void close_county(County *county) {
  month_close(county->month);
  order_close(county->orders);
  desk_close(county->desk);
  people_close(county->people);
  grid_close(county->grid);
  db_close(county->db);
}

/* What the boards say is what the events say, and the room finds its books sound. */
static int64_t judge(County *county) {
  MonthRooms rooms = {county->desk, county->db, &county->time, county->people, county->orders};
  int64_t compared, differences;
  char problem[ERROR_TEXT_MAX];
  Buffer said;
  buffer_begin(&said, 1 << 16);
  assert_ok(month_count(&rooms, &compared, &differences, &said, &county->error), &county->error);
  buffer_byte(&said, '\0');
  if (differences) fail_msg("%lld figures differ:\n%s", (long long)differences, said.at);
  assert_ok(order_check(county->orders, county->db, problem, &county->error), &county->error);
  assert_string_equal(problem, "");
  buffer_end(&said);
  return compared;
}

static const Instant MARCH = 1772294400 * SPAN_SECOND; /* 2026-03-01 in Shanghai */

static void a_month_leaves_no_order_behind(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 2; seed++) {
    static County county;
    county = (County){0};
    open_county(&county, 4000, &(MonthOptions){.seed = seed, .from = MARCH, .days = 30, .rate = 1.2, .step = 5 * SPAN_MINUTE, .drain_days = 700});
    assert_ok(month_run(county.month, &county.error), &county.error);
    month_summarize(county.month, &county.summary);
    assert_true(county.summary.accepted > 200 && county.summary.open > 10 && county.summary.archived > 100);
    assert_int_equal(county.summary.unmoved, 0);
    assert_true(judge(&county) > 150);
    assert_ok(month_drain(county.month, &county.error), &county.error);
    month_summarize(county.month, &county.summary);
    assert_int_equal(county.summary.open, 0);
    assert_true(judge(&county) > 150);
    close_county(&county);
  }
}

static void the_same_seed_gives_the_same_month(void **state) {
  int64_t steps[2], seq[2];
  (void)state;
  for (int i = 0; i < 2; i++) {
    static County county;
    county = (County){0};
    open_county(&county, 1000, &(MonthOptions){.seed = 5, .from = MARCH, .days = 10, .rate = 1});
    assert_ok(month_run(county.month, &county.error), &county.error);
    month_summarize(county.month, &county.summary);
    steps[i] = county.summary.steps, seq[i] = desk_last_seq(county.desk);
    close_county(&county);
  }
  assert_int_equal(steps[0], steps[1]);
  assert_int_equal(seq[0], seq[1]);
}

static bool add_one(DeskContext *context, void *self, Error *error) {
  DbStatement *s;
  (void)self;
  return db_prepare(&s, context->db, "UPDATE promise_sum SET kept = kept + 1 WHERE promise = 'call_back' AND kept > 0", error) && db_done(s, error);
}

/* A board that says more than the events is found. */
static void a_wrong_sum_is_found(void **state) {
  static County county;
  int64_t compared, differences;
  Buffer said;
  (void)state;
  county = (County){0};
  open_county(&county, 1000, &(MonthOptions){.seed = 7, .from = MARCH, .days = 20, .rate = 2, .step = 5 * SPAN_MINUTE});
  assert_ok(month_run(county.month, &county.error), &county.error);
  judge(&county);
  assert_ok(desk_do(county.desk, add_one, NULL, TEXT("system"), &county.error), &county.error);
  MonthRooms rooms = {county.desk, county.db, &county.time, county.people, county.orders};
  buffer_begin(&said, 1 << 16);
  assert_ok(month_count(&rooms, &compared, &differences, &said, &county.error), &county.error);
  assert_true(differences > 0);
  assert_true(text_find(buffer_as_text(&said), TEXT("promise call_back")) >= 0);
  buffer_end(&said);
  close_county(&county);
}

static void every_rate_names_a_kind(void **state) {
  RuleBook *book;
  Error error = {0};
  (void)state;
  assert_ok(book_open(&book, NULL, &error), &error);
  for (size_t k = 0; k < book_kind_count(book); k++) {
    int found = 0;
    for (size_t i = 0; MONTH_RATES[i].kind; i++) found += text_is(book_kind(book, k)->origin.id, MONTH_RATES[i].kind);
    if (found != 1) fail_msg("%s has %d rates", book_kind(book, k)->origin.id.at, found);
  }
  book_close(book);
}

TEST_MAIN(TEST(a_month_leaves_no_order_behind), TEST(the_same_seed_gives_the_same_month), TEST(a_wrong_sum_is_found), TEST(every_rate_names_a_kind))
