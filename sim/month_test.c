#include "sim/month.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/testing.h"
#include "order/answer.h"
#include "order/board.h"
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
  assert_false(said.failed);
  if (differences) fail_msg("%lld figures differ:\n%s", (long long)differences, said.at);
  assert_ok(order_check(county->orders, county->db, problem, &county->error), &county->error);
  assert_string_equal(problem, "");
  buffer_end(&said);
  return compared;
}

static const Instant MARCH = 1772294400 * SPAN_SECOND; /* 2026-03-01 in Shanghai */

static void a_month_leaves_no_order_behind(void **state) {
  (void)state;
  bool small = torture_rounds(2) == 1; /* as many orders, of fewer customers, where every n is made to fail */
  for (uint64_t seed = 1; seed <= (uint64_t)torture_rounds(2); seed++) {
    static County county;
    county = (County){0};
    open_county(&county, small ? 1000 : 4000, &(MonthOptions){.seed = seed, .from = MARCH, .days = 30, .rate = small ? 4.8 : 1.2, .step = 5 * SPAN_MINUTE, .drain_days = 700});
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

/* --- boards of any part and any days, against each day's own sums added up --- */

enum { PROMISES_MAX = 200 };

typedef struct Plain { /* added up without anything rolled up */
  const County *county;
  int64_t root;
  BoardSum whole[PROMISES_MAX];
  int64_t figures_n, figures_of;
  double figures_total;
} Plain;

static bool is_in(const Plain *plain, int64_t org) {
  size_t row;
  return !plain->root || !people_org_row(plain->county->people, org, &row) || people_org_within(plain->county->people, org, plain->root);
}

static bool add_plain(void *self, const RollEntry *row) {
  Plain *plain = self;
  const RuleBook *book = plain->county->orders->book;
  for (size_t p = 0; is_in(plain, row->org) && p < book_promise_count(book); p++) {
    if (!book_promise(book, p)->in_force || !text_equal(book_promise(book, p)->origin.id, row->name)) continue;
    plain->whole[p].measured += row->of, plain->whole[p].kept += row->n, plain->whole[p].used += row->used;
  }
  return true;
}

static bool add_plain_figure(void *self, const RollEntry *row) {
  Plain *plain = self;
  if (is_in(plain, row->org)) plain->figures_n += row->n, plain->figures_of += row->of, plain->figures_total += row->total;
  return true;
}

static bool add_figure(void *self, const RollEntry *row) {
  Plain *plain = self;
  plain->figures_n += row->n, plain->figures_of += row->of, plain->figures_total += row->total;
  return true;
}

static void check_board(County *county, int64_t root, int32_t from, int32_t to) {
  static Plain plain, part_plain;
  static BoardSums sums[PROMISES_MAX];
  static BoardSum parts[PROMISES_MAX][200];
  static int64_t part_ids[200];
  static int16_t part_of[4096];
  static bool orgs[4096];
  Error *error = &county->error;
  const People *people = county->people;
  size_t count = people_org_count(people), promises = book_promise_count(county->orders->book);
  BoardWish wish = {.from_day = from, .to_day = to, .root = root, .orgs = root ? orgs : NULL, .parts = part_ids, .part_of = part_of};
  for (size_t i = 0; i < count; i++)
    if (people_org(people, i)->parent_id == root) part_ids[wish.part_count++] = people_org(people, i)->id;
  for (size_t i = 0; i < count; i++) {
    orgs[i] = people_org_within(people, people_org(people, i)->id, root), part_of[i] = -1;
    for (size_t p = 0; p < wish.part_count; p++)
      if (people_org_within(people, people_org(people, i)->id, part_ids[p])) part_of[i] = (int16_t)p;
  }
  assert_true(count <= 4096 && wish.part_count <= 200 && promises <= PROMISES_MAX);
  for (size_t p = 0; p < promises; p++) sums[p].part = parts[p];
  assert_ok(board_sums(sums, county->orders, county->db, &wish, error), error);
  plain = (Plain){.county = county, .root = root};
  assert_ok(store_day_sums(county->db, 1, from, to, add_plain, &plain, error), error);
  for (size_t p = 0; p < promises; p++) {
    BoardSum whole = {0};
    for (int area = 0; area < AREA_COUNT; area++)
      whole.measured += sums[p].area[area].measured, whole.kept += sums[p].area[area].kept, whole.used += sums[p].area[area].used;
    assert_memory_equal(&whole, &plain.whole[p], sizeof whole);
  }
  for (size_t i = 0; i < wish.part_count; i += 1 + wish.part_count / 3) {
    part_plain = (Plain){.county = county, .root = part_ids[i]};
    assert_ok(store_day_sums(county->db, 1, from, to, add_plain, &part_plain, error), error);
    for (size_t p = 0; p < promises; p++) assert_memory_equal(&parts[p][i], &part_plain.whole[p], sizeof parts[p][i]);
  }
  FigureWish figures = {.from_day = from, .to_day = to, .root = root, .orgs = wish.orgs};
  part_plain = (Plain){.county = county};
  assert_ok(board_figures(county->orders, county->db, &figures, add_figure, &part_plain, error), error);
  assert_ok(store_day_figures(county->db, 1, from, to, add_plain_figure, &plain, error), error);
  assert_int_equal(part_plain.figures_n, plain.figures_n);
  assert_int_equal(part_plain.figures_of, plain.figures_of);
  assert_true(part_plain.figures_total - plain.figures_total < 1e-6 && plain.figures_total - part_plain.figures_total < 1e-6);
}

static void check_boards(County *county, uint64_t seed, Instant first, Instant last) {
  Random random;
  random_seed(&random, seed);
  int days = (int)((last - first) / SPAN_DAY);
  for (int n = 0; n < 40; n++) {
    int64_t root = n % 4 == 0 ? 0 : people_org(county->people, random_below(&random, (uint32_t)people_org_count(county->people)))->id;
    if (n % 4 == 1) root = county->month ? people_org(county->people, 0)->id : root;
    Instant from = first + random_between(&random, 0, days) * SPAN_DAY, to = from + random_between(&random, 0, n % 2 ? 40 : days) * SPAN_DAY;
    check_board(county, root, board_day(from), board_day(to));
  }
}

static void roll_up(County *county) {
  int32_t yesterday = board_day(time_now(&county->time) - SPAN_DAY - 3 * SPAN_HOUR);
  for (int i = 0; i < 5000 && county->orders->rolled < yesterday; i++) assert_ok(desk_tick(county->desk, &county->error), &county->error);
  assert_int_equal(county->orders->rolled, yesterday);
}

static bool measured_late(DeskContext *context, void *self, Error *error) {
  County *county = self;
  RollEntry entry = {.org = people_org(county->people, people_org_count(county->people) - 1)->id,
                     .name = book_promise(county->orders->book, 0)->origin.id, .n = 1, .of = 1, .used = 77};
  ClockState state = {.since = context->now, .used = 77, .runs = 1};
  MeasuredClock measured = {.org_id = entry.org, .clock = TEXT("x"), .promise = book_promise(county->orders->book, 0), .state = &state, .kept = true};
  return store_add_to_sum(context, &measured, entry.name, 20260310, error) && roll_late(context, county->orders, &entry, 20260310, error);
}

static bool people_answer(DeskContext *context, void *self, Error *error) {
  County *county = self;
  for (int i = 0; i < 60; i++) {
    size_t org = (size_t)i * 7 % people_org_count(county->people);
    Satisfaction said = {.id = i + 1, .order = {i % 3 ? i + 1 : 0}, .kind = i % 2 ? TEXT("complaint") : TEXT("opinion"), .org_id = i % 11 ? people_org(county->people, org)->id : 0,
                         .period = i % 3 ? 20260100 + i % 28 + 1 : 20260200, .answer = i % 4 ? TEXT("satisfied") : TEXT("dissatisfied"),
                         .scores = i % 5 ? TEXT("{\"speed\":4,\"manner\":2}") : TEXT("{}")};
    if (!store_insert_satisfaction(context, &said, error) || !answers_add(context, county->orders, &said, error)) return false;
  }
  return true;
}

/* Over months with days rolled up behind the play; then what comes late; then another tree of the organisation, which makes all anew. */
static void boards_are_the_sum_of_their_days(void **state) {
  static County county;
  char problem[ERROR_TEXT_MAX];
  (void)state;
  county = (County){0};
  open_county(&county, 1000, &(MonthOptions){.seed = 11, .from = MARCH - 75 * SPAN_DAY, .days = 100, .rate = 3, .step = 60 * SPAN_MINUTE});
  assert_ok(month_run(county.month, &county.error), &county.error);
  assert_true(county.orders->rolled >= board_day(MARCH + 23 * SPAN_DAY));
  assert_ok(desk_do(county.desk, people_answer, &county, TEXT("system"), &county.error), &county.error);
  check_boards(&county, 1, MARCH - 80 * SPAN_DAY, MARCH + 40 * SPAN_DAY);
  assert_ok(order_check(county.orders, county.db, problem, &county.error), &county.error);
  assert_string_equal(problem, "");
  assert_ok(db_run(county.db, "UPDATE promise_rolled SET kept = kept - 1 WHERE period < 9999 AND org_id = (SELECT MAX(org_id) FROM promise_rolled)",
                   &county.error), &county.error);
  assert_ok(order_check(county.orders, county.db, problem, &county.error), &county.error);
  assert_non_null(strstr(problem, "by year"));
  /* another tree: a grid goes from its station to the county itself */
  month_close(county.month), county.month = NULL;
  order_close(county.orders), desk_close(county.desk), people_close(county.people);
  assert_ok(db_run(county.db, "UPDATE org SET parent_id = (SELECT MAX(id) FROM org WHERE level = 'county')"
                              " WHERE id = (SELECT MAX(id) FROM org WHERE level = 'grid')", &county.error), &county.error);
  DeskOptions desk = {.county_id = 1, .time = &county.time};
  assert_ok(people_open(&county.people, county.db, county.grid, 1, &county.error), &county.error);
  assert_ok(desk_open(&county.desk, county.db, &desk, &county.error), &county.error);
  assert_ok(order_open(&county.orders, county.desk, county.db, county.grid, county.people, NULL, &county.error), &county.error);
  assert_int_equal(county.orders->rolled, -1);
  check_boards(&county, 2, MARCH - 80 * SPAN_DAY, MARCH + 40 * SPAN_DAY);
  for (int i = 0; i < 3; i++) assert_ok(desk_tick(county.desk, &county.error), &county.error);
  check_boards(&county, 3, MARCH - 80 * SPAN_DAY, MARCH + 40 * SPAN_DAY);
  roll_up(&county);
  check_boards(&county, 4, MARCH - 80 * SPAN_DAY, MARCH + 40 * SPAN_DAY);
  assert_ok(order_check(county.orders, county.db, problem, &county.error), &county.error);
  assert_string_equal(problem, "");
  assert_ok(db_run(county.db, "UPDATE satisfaction_sum SET total = total + 1 WHERE org_id = 0 AND named = 0 AND dimension = 'speed'", &county.error),
            &county.error);
  assert_ok(order_check(county.orders, county.db, problem, &county.error), &county.error);
  assert_non_null(strstr(problem, "satisfaction"));
  assert_ok(desk_do(county.desk, measured_late, &county, TEXT("system"), &county.error), &county.error);
  check_boards(&county, 5, MARCH - 80 * SPAN_DAY, MARCH + 40 * SPAN_DAY);
  close_county(&county);
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
  return db_prepare(&s, context->db, "UPDATE promise_rolled SET kept = kept + 1 WHERE promise = 'call_back' AND kept > 0 AND org_id = 0", error) && db_done(s, error);
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

TEST_MAIN(TEST(a_month_leaves_no_order_behind), TEST(the_same_seed_gives_the_same_month), TEST(a_wrong_sum_is_found), TEST(boards_are_the_sum_of_their_days), TEST(every_rate_names_a_kind))
