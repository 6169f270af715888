/* The visit room over a real socket, on the tiny county: grids G1 (T1 … T3) and G2 (T4 … T6), 109 customers. It is 21 November 2026 there, a Saturday. */
#include "visit/visit.h"

#include "grid/testing.h"
#include "http/testing.h"
#include "order/kind.h"
#include "visit/visit_internal.h"

enum { COUNTY = 1, HEAD = KIND_ROLE_HEAD, MANAGER = KIND_ROLE_MANAGER };

typedef struct Face {
  HttpTest test;
  Grid *grid;
  People *people;
  Orders *orders;
  Visits *visits;
  int64_t g1, g2;
} Face;

static bool owes(void *self, CustomerId customer) { return customer.value == *(int64_t *)self; }

static void open_rooms(Face *face) {
  Error error = {0};
  HttpTest *test = &face->test;
  assert_ok(grid_open(&face->grid, test->db, COUNTY, &error), &error);
  assert_ok(people_open(&face->people, test->db, face->grid, COUNTY, &error), &error);
  assert_ok(order_open(&face->orders, test->desk, test->db, face->grid, face->people, NULL, &error), &error);
  assert_ok(visit_open(&face->visits, test->desk, test->db, face->grid, face->people, face->orders, &error), &error);
  assert_ok(order_add_routes(test->http, face->orders, &error), &error);
  assert_ok(visit_add_routes(test->http, face->visits, &error), &error);
  http_test_start(test);
  for (size_t o = 0; o < people_org_count(face->people); o++) {
    if (text_is(people_org(face->people, o)->code, "G1")) face->g1 = people_org(face->people, o)->id;
    if (text_is(people_org(face->people, o)->code, "G2")) face->g2 = people_org(face->people, o)->id;
  }
  http_test_as(test, 2, HEAD, 0);
}

static void open_face(Face *face) {
  *face = (Face){0};
  http_test_open(&face->test);
  testing_county(face->test.db, COUNTY, time_now(&face->test.time) - SPAN_DAY, NULL);
  http_test_end(&face->test);
  http_test_begin(&face->test);
  open_rooms(face);
}

static void close_rooms(Face *face) {
  visit_close(face->visits);
  order_close(face->orders);
  people_close(face->people);
  grid_close(face->grid);
}

static void sound(Face *face) {
  char problem[ERROR_TEXT_MAX];
  Error error = {0};
  assert_ok(visit_check(face->visits, http_test_reader(&face->test), problem, &error), &error);
  assert_string_equal(problem, "");
}

static void restart(Face *face) {
  http_test_end(&face->test);
  close_rooms(face);
  http_test_begin(&face->test);
  open_rooms(face);
}

static void close_face(Face *face) {
  sound(face);
  http_test_close(&face->test);
  close_rooms(face);
}

static CustomerId customer(const Face *face, const char *number) {
  uint32_t position;
  Customer out;
  assert_true(people_position_of_number(face->people, text_of(number), &position));
  people_customer(face->people, position, &out);
  return out.id;
}

static json_t *mark(Face *face, int status, const char *number, const char *result, const char *more) {
  return http_test_do(&face->test, status, "POST", "/api/v1/visits/marks", "{\"customer_id\":\"%lld\",\"month\":\"2026-12\",\"result\":\"%s\"%s}",
                      (long long)customer(face, number).value, result, more);
}

static size_t count(json_t *json, const char *path) { return json_array_size(http_test_at(json, path)); }

/* --- grids ------------------------------------------------------------------------------------------------------------ */

static void a_cut_goes_round(void **state) {
  (void)state;
  Face face;
  char path[96], id[24];
  open_face(&face);
  HttpTest *test = &face.test;
  json_t *cuts = http_test_do(test, 200, "GET", "/api/v1/visits/cuts", NULL);
  assert_int_equal(count(cuts, "grids"), 2);
  assert_true(json_is_null(http_test_at(cuts, "in_force")));
  assert_int_equal(http_test_i64(cuts, "grids.0.households") + http_test_i64(cuts, "grids.1.households"), TESTING_COUNTY_CUSTOMERS);
  json_t *cut = http_test_do(test, 201, "POST", "/api/v1/visits/cuts", "{\"keep\":\"soft\"}");
  snprintf(id, sizeof id, "%s", http_test_text(cut, "id"));
  assert_string_equal(http_test_text(cut, "state"), "proposed");
  assert_int_equal(http_test_i64(cut, "pieces_over"), 0);
  cut = http_test_do(test, 201, "POST", "/api/v1/visits/cuts", "{\"keep\":\"none\"}"); /* in place of the first */
  snprintf(path, sizeof path, "/api/v1/visits/cuts/%s/accept", id);
  http_test_do(test, 409, "POST", path, "{}");
  snprintf(id, sizeof id, "%s", http_test_text(http_test_do(test, 200, "GET", "/api/v1/visits/cuts", NULL), "proposed.id"));
  json_t *areas = http_test_do(test, 200, "GET", "/api/v1/visits/areas", NULL);
  assert_int_equal(count(areas, "areas"), 7); /* six transformers and the works on the fuse */
  assert_int_equal(json_array_size(http_test_at(areas, "areas.0")), 5);
  snprintf(path, sizeof path, "/api/v1/visits/cuts/%s/accept", id);
  http_test_as(test, 3, MANAGER, face.g1);
  http_test_do(test, 403, "POST", path, "{}");
  http_test_as(test, 2, HEAD, 0);
  assert_string_equal(http_test_text(http_test_do(test, 200, "POST", path, "{}"), "state"), "in_force");
  sound(&face);
  size_t whose[TESTING_COUNTY_CUSTOMERS];
  for (uint32_t p = 0; p < TESTING_COUNTY_CUSTOMERS; p++) whose[p] = visit_grid_of(face.visits, p);
  restart(&face);
  for (uint32_t p = 0; p < TESTING_COUNTY_CUSTOMERS; p++) assert_int_equal(whose[p], visit_grid_of(face.visits, p));
  assert_string_equal(http_test_text(http_test_do(test, 200, "GET", "/api/v1/visits/cuts", NULL), "in_force.id"), id);
  http_test_do(test, 200, "POST", "/api/v1/visits/cuts/undo", "{}");
  assert_int_equal(visit_cut_in_force(face.visits).value, 0);
  for (uint32_t p = 0; p < TESTING_COUNTY_CUSTOMERS; p++)
    assert_int_equal(visit_grid_of(face.visits, p), people_org_of_device(face.people, people_customer_device(face.people, p)));
  http_test_do(test, 409, "POST", "/api/v1/visits/cuts/undo", "{}");
  http_test_do(test, 200, "POST", path, "{}"); /* undoing is undone */
  http_test_do(test, 404, "POST", "/api/v1/visits/cuts/77/accept", "{}");
  http_test_do(test, 422, "POST", "/api/v1/visits/cuts", "{\"keep\":\"all\"}");
  cut = http_test_do(test, 201, "POST", "/api/v1/visits/cuts", "{\"keep\":\"hard\"}"); /* nobody moves */
  assert_true(json_real_value(http_test_at(cut, "moved")) <= 0 && json_number_value(http_test_at(cut, "moved")) <= 0);
  close_face(&face);
}

/* --- a month ---------------------------------------------------------------------------------------------------------- */

static void plan_december(Face *face) {
  json_t *made = http_test_do(&face->test, 201, "POST", "/api/v1/visits/months", "{\"month\":\"2026-12\"}");
  assert_int_equal(http_test_i64(made, "grids"), 2);
  assert_int_equal(http_test_i64(made, "households"), TESTING_COUNTY_CUSTOMERS);
}

static void every_household_once(void **state) {
  (void)state;
  Face face;
  int seen = 0, sum = 0;
  char path[128];
  open_face(&face);
  HttpTest *test = &face.test;
  json_t *empty = http_test_do(test, 200, "GET", "/api/v1/visits/figures?month=2026-12", NULL);
  assert_int_equal(count(empty, "items"), 0);
  plan_december(&face);
  int64_t orgs[] = {face.g1, face.g2};
  TextMap met = {0};
  for (int g = 0; g < 2; g++) {
    http_test_as(test, 3 + g, MANAGER, orgs[g]);
    json_t *plan = http_test_do(test, 200, "GET", "/api/v1/visits/plan?manager=me&month=2026-12", NULL);
    assert_int_equal(count(plan, "days"), 23); /* 1 to 31 December 2026, Monday to Friday */
    sum += (int)http_test_i64(plan, "planned");
    json_t *days = json_deep_copy(http_test_at(plan, "days"));
    for (size_t d = 0; d < json_array_size(days); d++) {
      snprintf(path, sizeof path, "/api/v1/visits/plan?month=2026-12&day=%s", http_test_text(json_array_get(days, d), "date"));
      plan = http_test_do(test, 200, "GET", path, NULL);
      assert_int_equal(count(plan, "items"), http_test_i64(json_array_get(days, d), "households"));
      for (size_t i = 0; i < count(plan, "items"); i++, seen++) {
        int64_t at = seen;
        bool fresh;
        const char *number = strdup(http_test_text(json_array_get(http_test_at(plan, "items"), i), "number"));
        assert_true(text_map_put(&met, text_of(number), &at, &fresh));
        assert_true(fresh);
      }
    }
    json_decref(days);
  }
  assert_int_equal(seen, sum);
  assert_int_equal(sum, TESTING_COUNTY_CUSTOMERS);
  for (size_t i = 0; i <= met.mask; i++) free((char *)met.slots[i].key.at);
  text_map_free(&met);
  close_face(&face);
}

static void marks(void **state) {
  (void)state;
  Face face;
  char path[96];
  open_face(&face);
  HttpTest *test = &face.test;
  int64_t debtor = customer(&face, "10001111").value;
  visit_on_debts(face.visits, (VisitDebts){owes, &debtor});
  plan_december(&face);
  http_test_as(test, 3, MANAGER, face.g1);
  json_t *due = http_test_do(test, 200, "GET", "/api/v1/visits/due?month=2026-12", NULL);
  assert_string_equal(http_test_text(due, "items.0.number"), "10001111");
  assert_string_equal(http_test_text(due, "items.0.due.0"), "arrears");
  assert_true(strcmp(http_test_text(due, "items.0.date"), "2026-12-03") < 0); /* of 23 days one of the first two */
  json_t *done = mark(&face, 200, "10001111", "visited", ",\"note\":\"已沟通\"");
  assert_string_equal(http_test_text(done, "stop.state"), "visited");
  mark(&face, 409, "10001111", "visited", "");
  mark(&face, 409, "10001111", "missed", "");
  due = http_test_do(test, 200, "GET", "/api/v1/visits/due?month=2026-12", NULL); /* the vulnerable are left */
  assert_int_equal(count(due, "items"), 9);
  assert_string_equal(http_test_text(due, "items.0.due.0"), "vulnerable");
  mark(&face, 200, "10001112", "refused", "");
  /* a finding becomes an order */
  done = mark(&face, 200, "10001121", "visited", ",\"finding\":{\"what\":\"voltage\",\"description\":\"晚上灯暗\"}");
  assert_true(json_is_string(http_test_at(done, "order_id")));
  const Order *order = order_of_customer(face.orders, customer(&face, "10001121"), "visit_finding");
  assert_non_null(order);
  mark(&face, 422, "10001122", "visited", ",\"finding\":{\"what\":\"weather\",\"description\":\"x\"}"); /* no such kind of finding: nothing is kept */
  assert_string_equal(http_test_text(mark(&face, 200, "10001122", "visited", ""), "stop.state"), "visited");
  /* missed: again on a later day, three times, then given up; met after all */
  char day[16] = "";
  for (int t = 0; t < 3; t++) {
    done = mark(&face, 200, "10001211", "missed", "");
    if (t == 2) break;
    assert_string_equal(http_test_text(done, "stop.state"), "to_come");
    assert_true(strcmp(http_test_text(done, "again"), day) > 0);
    snprintf(day, sizeof day, "%s", http_test_text(done, "again"));
    sound(&face);
  }
  assert_string_equal(http_test_text(done, "stop.state"), "given_up");
  assert_true(json_is_null(http_test_at(done, "again")));
  mark(&face, 409, "10001211", "missed", "");
  mark(&face, 200, "10001211", "visited", "");
  /* another's household, one nobody has, another month */
  mark(&face, 404, "10004111", "visited", "");
  snprintf(path, sizeof path, "/api/v1/visits/plan?manager=%lld", (long long)face.g2);
  http_test_do(test, 403, "GET", path, NULL);
  snprintf(path, sizeof path, "/api/v1/visits/history?customer=%lld", (long long)customer(&face, "10001211").value);
  json_t *history = http_test_do(test, 200, "GET", path, NULL);
  assert_int_equal(count(history, "items"), 4);
  assert_string_equal(http_test_text(history, "items.0.result"), "visited");
  http_test_as(test, 2, HEAD, 0);
  json_t *figures = http_test_do(test, 200, "GET", "/api/v1/visits/figures?month=2026-12", NULL);
  for (size_t i = 0; i < count(figures, "items"); i++) {
    json_t *row = json_array_get(http_test_at(figures, "items"), i);
    bool other = strcmp(http_test_text(row, "org.name"), "") != 0 && strtoll(http_test_text(row, "org.id"), NULL, 10) == face.g2;
    assert_int_equal(http_test_i64(row, "visited"), other ? 0 : 4);
    if (!other) assert_int_equal(http_test_i64(row, "refused") * 100 + http_test_i64(row, "missed") * 10 + http_test_i64(row, "findings"), 131);
  }
  http_test_do(test, 409, "POST", "/api/v1/visits/months", "{\"month\":\"2026-12\"}"); /* begun */
  http_test_do(test, 422, "POST", "/api/v1/visits/months", "{\"month\":\"2026-13\"}");
  restart(&face);
  visit_on_debts(face.visits, (VisitDebts){owes, &debtor});
  sound(&face);
  /* January keeps December's days as far as they go */
  http_test_do(test, 201, "POST", "/api/v1/visits/months", "{\"month\":\"2027-01\",\"org_id\":\"%lld\"}", (long long)face.g2);
  VisitStop *before, *after;
  Arena arena;
  Error error = {0};
  int n, m, kept = 0;
  arena_begin(&arena, 0);
  assert_ok(visit_row_stops(http_test_reader(test), COUNTY, face.g2, 202612, &arena, &before, &n, &error), &error);
  assert_ok(visit_row_stops(http_test_reader(test), COUNTY, face.g2, 202701, &arena, &after, &m, &error), &error);
  assert_int_equal(n, m);
  int32_t days[TOUR_DAYS];
  int january = visit_working_days(face.visits, 202701, days);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < m; k++) kept += before[i].customer.value == after[k].customer.value && before[i].day * january / 23 == after[k].day;
  assert_true(kept > n * 7 / 10);
  arena_end(&arena);
  close_face(&face);
}

static void every_route_answers(void **state) {
  (void)state;
  http_test_all_answered(visit_routes());
}

TEST_MAIN(TEST(a_cut_goes_round), TEST(every_household_once), TEST(marks), TEST(every_route_answers))
