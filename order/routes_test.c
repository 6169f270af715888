/* The HTTP face over a real socket: every reply is checked against its schema. */
#include "grid/testing.h"
#include "http/testing.h"
#include "order/order_page.h"

enum { AGENT = KIND_ROLE_AGENT, DISPATCHER = KIND_ROLE_DISPATCHER, CREW = KIND_ROLE_CREW, HEAD = KIND_ROLE_HEAD };

typedef struct Face {
  HttpTest test;
  Orders *orders;
} Face;

static Text name_of(void *self, int64_t staff_id, Arena *arena) { return (void)self, (void)staff_id, (void)arena, TEXT("王芳"); }

static void open_face(Face *face) {
  Error error = {0};
  http_test_open(&face->test);
  assert_ok(order_open(&face->orders, face->test.desk, face->test.db, NULL, NULL, NULL, &error), &error);
  order_on_names(face->orders, name_of, NULL);
  assert_ok(order_add_routes(face->test.http, face->orders, &error), &error);
  http_test_start(&face->test);
  http_test_as(&face->test, 7, AGENT | DISPATCHER, 1);
}

static void close_face(Face *face) {
  http_test_close(&face->test);
  order_close(face->orders);
}

static json_t *take_call(Face *face, int status, int64_t customer, const char *more) {
  return http_test_do(
      &face->test, status, "POST", "/api/v1/orders",
      "{\"kind\":\"fault_repair\",\"customer_id\":\"%lld\",\"caller_phone\":\"13800000000\",\"caller_name\":\"李四\",\"what\":\"no_power\","
      "\"description\":\"全村都没电\",\"source\":\"hotline\"%s}",
      (long long)customer, more);
}

static void a_call_goes_round_over_http(void **state) {
  (void)state;
  Face face;
  open_face(&face);
  HttpTest *test = &face.test;
  json_t *order = take_call(&face, 201, 100, ",\"urgency\":1");
  char id[32], path[96];
  snprintf(id, sizeof id, "%s", http_test_text(order, "id"));
  assert_string_equal(http_test_text(order, "state"), "accepted");
  assert_string_equal(http_test_text(order, "number"), "202611210000001");
  assert_string_equal(http_test_text(order, "nearest_clock.id"), "dispatch");
  assert_string_equal(http_test_text(order, "nearest_clock.due"), "2026-11-21T12:39:00.000Z");
  order = take_call(&face, 200, 100, "");
  assert_string_equal(http_test_text(order, "id"), id);
  assert_int_equal(http_test_i64(order, "calls"), 2);
  snprintf(path, sizeof path, "/api/v1/orders/%s/steps", id);
  order = http_test_do(test, 200, "POST", path, "{\"step\":\"dispatch\",\"version\":2,\"fields\":{\"crew\":\"31\",\"note\":\"带梯子\"}}");
  assert_string_equal(http_test_text(order, "crew_id"), "31");
  http_test_do(test, 409, "POST", path, "{\"step\":\"take\",\"version\":2}");
  http_test_as(test, 8, AGENT, 1);
  http_test_do(test, 403, "POST", path, "{\"step\":\"take\",\"version\":3}");
  http_test_as(test, 9, CREW, 1);
  http_test_do(test, 200, "POST", path, "{\"step\":\"take\",\"version\":3}");
  http_test_do(test, 422, "POST", path, "{\"step\":\"return\",\"version\":4,\"fields\":{\"reason\":\"moon\"}}");
  assert_string_equal(http_test_text(test->json, "where"), "$.fields.reason");
  http_test_do(test, 200, "POST", path, "{\"step\":\"restore\",\"version\":4,\"fields\":null}");
  http_test_as(test, 7, AGENT, 1);
  json_t *callbacks = http_test_do(test, 200, "GET", "/api/v1/callbacks", NULL);
  assert_string_equal(http_test_text(callbacks, "items.0.order_id"), id);
  assert_string_equal(http_test_text(callbacks, "items.0.due"), "2026-11-22T12:37:00.000Z");
  order = http_test_do(test, 200, "POST", path, "{\"step\":\"call_back\",\"version\":5,\"fields\":{\"answer\":\"satisfied\"}}");
  assert_string_equal(http_test_text(order, "state"), "archived");
  http_test_do(test, 409, "POST", path, "{\"step\":\"note\",\"version\":7,\"fields\":{\"note\":\"x\"}}");
  snprintf(path, sizeof path, "/api/v1/orders/%s", id);
  order = http_test_do(test, 200, "GET", path, NULL);
  assert_true(json_array_size(http_test_at(order, "history")) >= 7);
  assert_string_equal(http_test_text(order, "history.0.kind"), "order.accepted");
  assert_string_equal(http_test_text(order, "history.2.note"), "带梯子");
  assert_string_equal(http_test_text(order, "history.2.actor_name"), "王芳");
  assert_string_equal(http_test_text(order, "history.2.name_zh"), "派单");
  assert_string_equal(http_test_text(order, "fields.answer"), "satisfied");
  assert_string_equal(http_test_text(order, "caller_phone"), "13800000000");
  assert_string_equal(http_test_text(order, "outcome"), "satisfied");
  assert_int_equal(json_array_size(http_test_at(order, "steps")), 0);
  assert_int_equal(json_array_size(http_test_at(order, "clocks")), 5); /* dispatch, take, arrive, reply, call-back: all ended */
  for (size_t i = 0; i < 5; i++)
    assert_string_equal(json_string_value(json_object_get(json_array_get(http_test_at(order, "clocks"), i), "state")), "kept");
  json_t *list = http_test_do(test, 200, "GET", "/api/v1/orders?state=archived", NULL);
  assert_string_equal(http_test_text(list, "items.0.id"), id);
  http_test_do(test, 200, "POST", "/api/v1/orders/search?state=archived", "{\"q\":\"202611210000001\"}");
  assert_int_equal(json_array_size(http_test_at(test->json, "items")), 1);
  http_test_do(test, 200, "POST", "/api/v1/orders/search?state=archived", "{\"q\":\"202611210000002\"}");
  assert_int_equal(json_array_size(http_test_at(test->json, "items")), 0);
  close_face(&face);
}

static void the_queue_is_in_the_order_of_due_times_and_pages(void **state) {
  (void)state;
  Face face;
  open_face(&face);
  HttpTest *test = &face.test;
  char path[256];
  for (int i = 0; i < 25; i++) {
    take_call(&face, 201, 1000 + i, "");
    time_virtual(&test->time, time_now(&test->time) + SPAN_SECOND);
  }
  char after[64] = "", last_due[40] = "";
  int seen = 0;
  for (int page = 0; page < 10; page++) {
    snprintf(path, sizeof path, "/api/v1/orders?limit=7%s%s", after[0] ? "&after=" : "", after);
    json_t *list = http_test_do(test, 200, "GET", path, NULL);
    const json_t *items = http_test_at(list, "items");
    for (size_t i = 0; i < json_array_size(items); i++, seen++) {
      const char *due = http_test_text(json_array_get(items, i), "nearest_clock.due");
      assert_true(strcmp(last_due, due) <= 0);
      snprintf(last_due, sizeof last_due, "%s", due);
    }
    const json_t *next = json_object_get(list, "next");
    if (json_is_null(next)) break;
    snprintf(after, sizeof after, "%s", json_string_value(next));
  }
  assert_int_equal(seen, 25);
  json_t *list = http_test_do(test, 200, "GET", "/api/v1/orders?sort=at&limit=1", NULL);
  assert_string_equal(http_test_text(list, "items.0.number"), "202611210000025");
  time_virtual(&test->time, time_now(&test->time) + 95 * SPAN_SECOND);
  json_t *counts = http_test_do(test, 200, "GET", "/api/v1/orders/counts", NULL);
  assert_int_equal(http_test_i64(counts, "open"), 25);
  assert_int_equal(http_test_i64(counts, "by_ladder.reported"), 25);
  assert_int_equal(http_test_i64(counts, "by_state.accepted"), 25);
  assert_int_equal(http_test_i64(counts, "calls_10min"), 25);
  assert_true(http_test_i64(counts, "amber") > 0 && http_test_i64(counts, "amber") + http_test_i64(counts, "broken") == 25);
  static const struct {
    const char *query, *words;
    int items;
  } FILTERS[] = {{"state=accepted", NULL, 25}, {"state=taken", NULL, 0}, {"kind=fault_repair", NULL, 25},     {"outage=5", NULL, 0},
                 {"crew=5", NULL, 0},          {"assigned=me", NULL, 0}, {"state=open&limit=3", NULL, 3},     {"", "{\"q\":\"202611210000003\"}", 1},
                 {"", "{\"q\":\"zzz\"}", 0},   {"limit=3", "{\"q\":\" \"}", 3}, {"state=taken", "{\"q\":\"202611210000003\"}", 0}};
  for (size_t i = 0; i < sizeof FILTERS / sizeof *FILTERS; i++) {
    snprintf(path, sizeof path, "/api/v1/orders%s?%s", FILTERS[i].words ? "/search" : "", FILTERS[i].query);
    http_test_do(test, 200, FILTERS[i].words ? "POST" : "GET", path, FILTERS[i].words ? "%s" : NULL, FILTERS[i].words);
    assert_int_equal(json_array_size(http_test_at(test->json, "items")), FILTERS[i].items);
  }
  static const struct {
    const char *query;
    int status;
  } WRONG[] = {{"sort=up", 422}, {"after=x", 422}, {"kind=none", 404}, {"limit=0", 422}, {"outage=x", 422}, {"q=x", 422}, {"repeated=x", 422}, {"state=x", 404}};
  for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
    snprintf(path, sizeof path, "/api/v1/orders?%s", WRONG[i].query);
    http_test_do(test, WRONG[i].status, "GET", path, NULL);
  }
  close_face(&face);
}

static void calls_are_checked(void **state) {
  (void)state;
  Face face;
  open_face(&face);
  static const struct { int status; const char *body; } CASES[] = {
      {422, "{\"kind\":\"fault_repair\"}"},
      {422, "{\"kind\":\"fault_repair\",\"what\":\"no_power\",\"urgency\":9}"},
      {422, "{\"kind\":\"fault_repair\",\"what\":\"no_power\",\"colour\":1}"},
      {422, "{\"kind\":\"fault_repair\",\"what\":\"dark\"}"},
      {404, "{\"kind\":\"cake\",\"what\":\"no_power\"}"},
      {201, "{\"kind\":\"fault_repair\",\"what\":\"danger\",\"customer_id\":null,\"caller_phone\":null}"},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
    http_test_do(&face.test, CASES[i].status, "POST", "/api/v1/orders", "%s", CASES[i].body);
  http_test_as(&face.test, 3, HEAD, 1);
  http_test_do(&face.test, 403, "POST", "/api/v1/orders", "%s", CASES[5].body);
  http_test_do(&face.test, 404, "GET", "/api/v1/orders/999", NULL);
  json_t *kinds = http_test_do(&face.test, 200, "GET", "/api/v1/orders/kinds", NULL);
  assert_true(json_array_size(http_test_at(kinds, "items")) >= 1);
  json_t *promises = http_test_do(&face.test, 200, "GET", "/api/v1/promises", NULL);
  assert_true(json_array_size(http_test_at(promises, "items")) >= 9);
  close_face(&face);
  http_test_all_answered(order_routes());
}

/* --- with a network and customers: places, masks, parts of the organisation --- */

typedef struct Place {
  Grid *grid;
  People *people;
} Place;

static void open_place(Face *face, Place *place) {
  Error error = {0};
  http_test_open(&face->test);
  testing_county(face->test.db, 1, time_now(&face->test.time), NULL);
  http_test_end(&face->test); /* an import writes events: the desk must begin after it */
  http_test_begin(&face->test);
  assert_ok(grid_open(&place->grid, face->test.db, 1, &error), &error);
  assert_ok(people_open(&place->people, face->test.db, place->grid, 1, &error), &error);
  assert_ok(order_open(&face->orders, face->test.desk, face->test.db, place->grid, place->people, NULL, &error), &error);
  assert_ok(order_add_routes(face->test.http, face->orders, &error), &error);
  http_test_start(&face->test);
}

static int64_t customer_of(const Place *place, const char *number) {
  uint32_t position;
  Customer customer;
  assert_true(people_position_of_number(place->people, text_of(number), &position));
  people_customer(place->people, position, &customer);
  return customer.id.value;
}

static int64_t org_of(const Place *place, const char *code) {
  for (size_t i = 0; i < people_org_count(place->people); i++)
    if (text_is(people_org(place->people, i)->code, code)) return people_org(place->people, i)->id;
  fail_msg("no org %s", code);
  return 0;
}

static void everyone_sees_their_part_with_masks(void **state) {
  (void)state;
  Face face;
  Place place;
  open_place(&face, &place);
  HttpTest *test = &face.test;
  int64_t g1 = org_of(&place, "G1"), g2 = org_of(&place, "G2"), station = org_of(&place, "ST1");
  http_test_as(test, 7, AGENT, station);
  json_t *order = take_call(&face, 201, customer_of(&place, "10001251"), "");
  char first[32], second[32], path[96];
  snprintf(first, sizeof first, "%s", http_test_text(order, "id"));
  assert_string_equal(http_test_text(order, "customer.number"), "10001251");
  assert_string_equal(http_test_text(order, "customer.phone"), "138****1251");
  assert_string_equal(http_test_text(order, "address"), "柳树村1组2-5号1");
  assert_true(json_is_number(http_test_at(order, "lon")));
  order = take_call(&face, 201, customer_of(&place, "10004111"), "");
  snprintf(second, sizeof second, "%s", http_test_text(order, "id"));
  http_test_do(test, 404, "POST", "/api/v1/orders", "{\"kind\":\"fault_repair\",\"customer_id\":\"5\",\"what\":\"no_power\"}");
  static const struct {
    const char *words;
    int at_station, at_g1, at_g2;
  } CASES[] = {{NULL, 2, 1, 1}, {"{\"q\":\"10001251\"}", 1, 1, 0}, {"{\"q\":\"13800001251\"}", 1, 1, 0}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    const int64_t orgs[] = {station, g1, g2};
    const int items[] = {CASES[i].at_station, CASES[i].at_g1, CASES[i].at_g2};
    for (int o = 0; o < 3; o++) {
      http_test_as(test, 7, AGENT, orgs[o]);
      http_test_do(test, 200, CASES[i].words ? "POST" : "GET", CASES[i].words ? "/api/v1/orders/search" : "/api/v1/orders", CASES[i].words ? "%s" : NULL, CASES[i].words);
      assert_int_equal(json_array_size(http_test_at(test->json, "items")), items[o]);
    }
  }
  http_test_as(test, 9, CREW | DISPATCHER, g1);
  snprintf(path, sizeof path, "/api/v1/orders/%s", second);
  http_test_do(test, 403, "GET", path, NULL);
  snprintf(path, sizeof path, "/api/v1/orders/%s/steps", second);
  http_test_do(test, 403, "POST", path, "{\"step\":\"assess\",\"version\":1}");
  assert_string_equal(http_test_text(test->json, "code"), "FORBIDDEN_PLACE");
  snprintf(path, sizeof path, "/api/v1/orders/%s", first);
  order = http_test_do(test, 200, "GET", path, NULL);
  assert_string_equal(http_test_text(order, "caller_phone"), "13800000000");
  http_test_as(test, 3, HEAD, g1);
  order = http_test_do(test, 200, "GET", path, NULL);
  assert_string_equal(http_test_text(order, "caller_phone"), "138****0000");
  assert_string_equal(http_test_text(order, "caller_name"), "李*");
  snprintf(path, sizeof path, "/api/v1/orders?org=%lld", (long long)g2);
  http_test_do(test, 200, "GET", path, NULL);
  assert_int_equal(json_array_size(http_test_at(test->json, "items")), 0);
  http_test_close(test);
  order_close(face.orders);
  people_close(place.people);
  grid_close(place.grid);
}

static void the_board_counts_what_was_kept(void **state) {
  (void)state;
  Face face;
  Place place;
  open_place(&face, &place);
  HttpTest *test = &face.test;
  http_test_as(test, 7, DISPATCHER, org_of(&place, "C1"));
  static const struct {
    const char *customer;
    int minutes;
  } ARRIVALS[] = {{"10001251", 80}, {"10001241", 100}, {"10004111", 60}, {"10004112", 110}};
  char path[128];
  for (size_t i = 0; i < 4; i++) {
    json_t *order = take_call(&face, 201, customer_of(&place, ARRIVALS[i].customer), "");
    snprintf(path, sizeof path, "/api/v1/orders/%s/steps", http_test_text(order, "id"));
    http_test_do(test, 200, "POST", path, "{\"step\":\"dispatch\",\"version\":1}");
    time_virtual(&test->time, time_now(&test->time) + ARRIVALS[i].minutes * SPAN_MINUTE);
    http_test_do(test, 200, "POST", path, "{\"step\":\"arrive\",\"version\":2}");
  }
  json_t *board = http_test_do(test, 200, "GET", "/api/v1/promises/board?from=2026-01-01&to=2026-11-30", NULL);
  const json_t *items = http_test_at(board, "items");
  for (size_t i = 0; i < json_array_size(items); i++) {
    const json_t *item = json_array_get(items, i);
    const char *id = http_test_text(item, "id");
    if (strcmp(id, "arrival") == 0) { /* 90 minutes, each order */
      assert_int_equal(http_test_i64(item, "measured"), 4);
      assert_int_equal(http_test_i64(item, "kept"), 2);
      assert_true(json_is_false(http_test_at(item, "kept_as_a_whole")));
      assert_int_equal(http_test_i64(item, "areas.1.measured"), 4);
      assert_int_equal(http_test_i64(item, "year_before.measured"), 0);
      assert_int_equal(http_test_i64(item, "parts.0.measured"), 4); /* the station */
    } else if (strcmp(id, "arrival_average") == 0) { /* 87.5 minutes on average */
      assert_true(json_is_true(http_test_at(item, "kept_as_a_whole")));
      assert_true(json_number_value(http_test_at(item, "average_s")) == 5250);
    } else if (strcmp(id, "restored") == 0) {
      assert_int_equal(http_test_i64(item, "running"), 4);
      assert_int_equal(http_test_i64(item, "measured"), 0);
    }
  }
  snprintf(path, sizeof path, "/api/v1/promises/arrival/broken?from=2026-11-01&to=2026-11-30&org=%lld", (long long)org_of(&place, "G2"));
  http_test_do(test, 200, "GET", path, NULL);
  assert_int_equal(json_array_size(http_test_at(test->json, "items")), 1);
  assert_int_equal(http_test_i64(test->json, "items.0.used_s"), 6600);
  http_test_as(test, 7, DISPATCHER, org_of(&place, "G1"));
  http_test_do(test, 200, "GET", "/api/v1/promises/arrival/broken?limit=1", NULL); /* the newest is another part's */
  assert_int_equal(json_array_size(http_test_at(test->json, "items")), 1);
  assert_int_equal(http_test_i64(test->json, "items.0.used_s"), 6000);
  http_test_do(test, 422, "GET", "/api/v1/promises/board?from=2026-11-30&to=2026-11-01", NULL);
  http_test_do(test, 422, "GET", "/api/v1/promises/board?from=yesterday", NULL);
  char problem[ERROR_TEXT_MAX];
  Error error = {0};
  desk_read_begin(test->desk);
  assert_ok(order_check(face.orders, http_test_reader(test), problem, &error), &error);
  desk_read_end(test->desk);
  assert_string_equal(problem, "");
  http_test_close(test);
  order_close(face.orders);
  people_close(place.people);
  grid_close(place.grid);
  http_test_all_answered(BOARD_ROUTES);
}

TEST_MAIN(TEST(a_call_goes_round_over_http), TEST(the_queue_is_in_the_order_of_due_times_and_pages), TEST(calls_are_checked),
          TEST(everyone_sees_their_part_with_masks), TEST(the_board_counts_what_was_kept))
