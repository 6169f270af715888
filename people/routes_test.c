#include "people/routes.h"

#include "grid/testing.h"
#include "http/testing.h"
#include "people/staff.h"

typedef struct Fixture {
  HttpTest test;
  Grid *grid;
  People *people;
} Fixture;

static void open_fixture(Fixture *f, const char *backdrop) {
  Error error = {0};
  http_test_open(&f->test);
  testing_county(f->test.db, 1, time_now(&f->test.time), NULL);
  if (backdrop) {
    DbStatement *s;
    assert_ok(db_prepare(&s, f->test.db, "INSERT INTO backdrop (county_id, body) VALUES (1, ?1)", &error), &error);
    db_bind_text(s, 1, text_of(backdrop));
    assert_ok(db_done(s, &error), &error);
  }
  http_test_end(&f->test); /* an import is no business of a running desk: begin anew on what it left */
  http_test_begin(&f->test);
  assert_ok(grid_open(&f->grid, f->test.db, 1, &error), &error);
  assert_ok(people_open(&f->people, f->test.db, f->grid, 1, &error), &error);
  assert_ok(people_add_routes(f->test.http, f->people, &error), &error);
  http_test_start(&f->test);
  http_test_as(&f->test, 7, STAFF_AGENT, 0);
}

static void close_fixture(Fixture *f) {
  http_test_close(&f->test);
  people_close(f->people);
  grid_close(f->grid);
}

static json_t *get(Fixture *f, int status, const char *target) { return http_test_do(&f->test, status, "GET", target, NULL); }

static json_t *search(Fixture *f, int status, const char *what, const char *words) {
  char target[80], body[160];
  snprintf(target, sizeof target, "/api/v1/%s", what);
  snprintf(body, sizeof body, "{\"q\":\"%s\"}", words);
  return http_test_do(&f->test, status, "POST", target, "%s", body);
}

static int64_t org_id(const Fixture *f, const char *code) {
  for (size_t i = 0; i < people_org_count(f->people); i++)
    if (text_is(people_org(f->people, i)->code, code)) return people_org(f->people, i)->id;
  fail_msg("no org %s", code);
  return 0;
}

static void the_network(void **state) {
  (void)state;
  Fixture f;
  char target[200], etag[64];
  open_fixture(&f, NULL);
  json_t *json = get(&f, 200, "/api/v1/grid/summary");
  assert_int_equal(json_array_size(http_test_at(json, "feeders")), 2);
  assert_string_equal(http_test_text(json, "feeders.0.name"), "竹铺1线");
  assert_int_equal(http_test_i64(json, "feeders.1.color_index"), 1);
  assert_int_equal(http_test_i64(json, "feeders.0.customers"), 54);
  assert_int_equal(http_test_i64(json, "feeders.1.customers"), 55);
  assert_int_equal(http_test_i64(json, "substations.0.customers"), TESTING_COUNTY_CUSTOMERS);
  assert_int_equal(http_test_i64(json, "counts.transformer"), 6);
  assert_int_equal(http_test_i64(json, "counts.ties"), 1);
  assert_true(json_real_value(http_test_at(json, "bounds.0")) == 112.5);

  json = search(&f, 200, "grid/search", "T2");
  assert_string_equal(http_test_text(json, "items.0.code"), "T2");
  assert_string_equal(http_test_text(json, "items.1.code"), "T2-FU");
  json = search(&f, 200, "grid/search?limit=1", "3号台");
  assert_string_equal(http_test_text(json, "items.0.code"), "T3");
  assert_int_equal(json_array_size(http_test_at(search(&f, 200, "grid/search", "nowhere"), "items")), 0);
  assert_int_equal(json_array_size(http_test_at(search(&f, 200, "grid/search", ""), "items")), 0);
  assert_int_equal(json_array_size(http_test_at(search(&f, 200, "grid/search?limit=50", "T"), "items")), 50);
  search(&f, 422, "grid/search?limit=51", "T");

  json = search(&f, 200, "grid/search?limit=1", "T2");
  snprintf(target, sizeof target, "/api/v1/grid/devices/%s", http_test_text(json, "items.0.id"));
  int64_t index = http_test_i64(json, "items.0.index");
  json = get(&f, 200, target);
  assert_string_equal(http_test_text(json, "kind"), "transformer");
  assert_string_equal(http_test_text(json, "feeder"), "竹铺1线");
  assert_string_equal(http_test_text(json, "org"), "柳树网格");
  assert_string_equal(http_test_text(json, "phases"), "ABC");
  assert_string_equal(http_test_text(json, "ownership"), "public");
  assert_int_equal(http_test_i64(json, "customers"), 18);
  assert_int_equal(json_array_size(http_test_at(json, "path")), 6);
  assert_string_equal(http_test_text(json, "path.0.name"), "竹铺变");
  assert_int_equal(json_array_size(http_test_at(json, "children")), 2);
  assert_string_equal(http_test_text(json, "children.1.name"), "T2-L2");
  assert_int_equal(http_test_i64(json, "children.1.customers"), 9);
  snprintf(target, sizeof target, "/api/v1/grid/devices?index=%lld", (long long)index);
  assert_string_equal(http_test_text(get(&f, 200, target), "code"), "T2");
  get(&f, 404, "/api/v1/grid/devices/1");
  get(&f, 404, "/api/v1/grid/devices?index=100000");
  get(&f, 422, "/api/v1/grid/devices?index=-1");
  get(&f, 422, "/api/v1/grid/devices");

  get(&f, 200, "/api/v1/grid/tiles/10/832/430");
  assert_true(text_is(http_test_header(&f.test, "Content-Type"), "application/octet-stream"));
  assert_memory_equal(f.test.reply.body.at, "DBT1", 4);
  snprintf(etag, sizeof etag, "%.*s", TEXT_ARG(http_test_header(&f.test, "ETag")));
  snprintf(f.test.headers, sizeof f.test.headers, "If-None-Match: %s\r\n", etag);
  get(&f, 304, "/api/v1/grid/tiles/10/832/430");
  f.test.headers[0] = '\0';
  get(&f, 404, "/api/v1/grid/tiles/3/8/0");
  get(&f, 404, "/api/v1/grid/tiles/99/0/0");
  get(&f, 404, "/api/v1/grid/tiles/a/0/0");
  assert_int_equal(json_array_size(http_test_at(get(&f, 200, "/api/v1/grid/backdrop"), "rivers")), 0);
  http_test_as(&f.test, 0, 0, 0);
  get(&f, 401, "/api/v1/grid/summary");
  close_fixture(&f);
}

static void the_backdrop(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f, "{\"rivers\":[{\"name\":\"清江\",\"line\":[[1,2],[3,4]]}],\"roads\":[],\"places\":[]}");
  assert_string_equal(http_test_text(get(&f, 200, "/api/v1/grid/backdrop"), "rivers.0.name"), "清江");
  close_fixture(&f);
}

static void customers(void **state) {
  (void)state;
  Fixture f;
  char target[200];
  open_fixture(&f, NULL);
  json_t *json = search(&f, 200, "customers/search", "10003241");
  assert_int_equal(json_array_size(http_test_at(json, "items")), 1);
  assert_string_equal(http_test_text(json, "items.0.name"), "王**");
  assert_string_equal(http_test_text(json, "items.0.phone"), "138****3241");
  assert_string_equal(http_test_text(json, "items.0.address"), "柳树村3组2-4号1");
  assert_string_equal(http_test_text(json, "items.0.category"), "residential");
  snprintf(target, sizeof target, "/api/v1/customers/%s", http_test_text(json, "items.0.id"));
  json = get(&f, 200, target);
  assert_string_equal(http_test_text(json, "phone"), "138****3241");
  assert_string_equal(http_test_text(json, "meter_id"), "M10003241");
  assert_string_equal(http_test_text(json, "phases"), "B");
  assert_string_equal(http_test_text(json, "area.transformer"), "柳树村3号台区");
  assert_string_equal(http_test_text(json, "area.feeder"), "竹铺1线");
  assert_string_equal(http_test_text(json, "area.station"), "竹铺供电所");
  assert_string_equal(http_test_text(json, "area.grid"), "柳树网格");
  assert_string_equal(http_test_text(json, "area.type"), "rural");
  assert_string_equal(http_test_text(json, "manager.name"), "张经理");
  assert_true(json_is_number(http_test_at(json, "lon"))); /* its box's, which has the breaker's */
  json = search(&f, 200, "customers/search?limit=3", "李");
  assert_int_equal(json_array_size(http_test_at(json, "items")), 3);
  assert_int_equal(json_array_size(http_test_at(search(&f, 200, "customers/search", "10001151"), "items.0.tags")), 1);
  assert_int_equal(json_array_size(http_test_at(search(&f, 200, "customers/search", ""), "items")), 0);
  get(&f, 404, "/api/v1/customers/77");
  get(&f, 404, "/api/v1/customers/x");
  search(&f, 422, "customers/search?limit=0", "a");
  http_test_as(&f.test, 7, STAFF_ADMINISTRATOR, 0); /* keeps accounts, needs no customers */
  search(&f, 403, "customers/search", "1");
  get(&f, 403, target);
  close_fixture(&f);
}

static void only_ones_own_part(void **state) {
  (void)state;
  Fixture f;
  char inside[200], outside[200];
  open_fixture(&f, NULL);
  snprintf(inside, sizeof inside, "/api/v1/customers/%s", http_test_text(search(&f, 200, "customers/search", "10001111"), "items.0.id"));
  snprintf(outside, sizeof outside, "/api/v1/customers/%s", http_test_text(search(&f, 200, "customers/search", "10004111"), "items.0.id"));
  http_test_as(&f.test, 8, STAFF_MANAGER, org_id(&f, "G1"));
  assert_int_equal(json_array_size(http_test_at(search(&f, 200, "customers/search?limit=500", "1000"), "items")), 54);
  assert_int_equal(json_array_size(http_test_at(search(&f, 200, "customers/search", "10004111"), "items")), 0);
  get(&f, 200, inside);
  get(&f, 403, outside);
  strcat(outside, "/reveal");
  http_test_do(&f.test, 403, "POST", outside, "{\"reason\":\"x\"}");
  http_test_as(&f.test, 8, STAFF_MANAGER, org_id(&f, "ST1"));
  assert_int_equal(json_array_size(http_test_at(search(&f, 200, "customers/search?limit=500", "1000"), "items")), TESTING_COUNTY_CUSTOMERS);
  close_fixture(&f);
}

static void revealing_is_recorded(void **state) {
  (void)state;
  Fixture f;
  char target[200];
  Error error = {0};
  DbStatement *s;
  bool row;
  open_fixture(&f, NULL);
  snprintf(target, sizeof target, "/api/v1/customers/%s/reveal",
           http_test_text(search(&f, 200, "customers/search", "10003241"), "items.0.id"));
  json_t *json = http_test_do(&f.test, 200, "POST", target, "{\"reason\":\"%s\"}", "回拨 13800003241 第2次");
  assert_string_equal(http_test_text(json, "name"), "王建国");
  assert_string_equal(http_test_text(json, "phone"), "13800003241");
  http_test_do(&f.test, 422, "POST", target, "{\"reason\":\"  \"}");
  http_test_do(&f.test, 422, "POST", target, "{}");
  http_test_as(&f.test, 9, STAFF_HEAD, 0);
  http_test_do(&f.test, 403, "POST", target, "{\"reason\":\"curious\"}");
  assert_ok(db_prepare(&s, http_test_reader(&f.test), "SELECT e.actor, r.reason, e.data FROM event e JOIN customer_reveal r ON r.county_id = e.county_id AND r.customer_id = e.subject_id"
                       " WHERE e.kind = 'customer.revealed'", &error), &error);
  assert_ok(db_step(&row, s, &error), &error);
  assert_true(row && text_is(db_column_text(s, 0), "staff:7"));
  assert_true(text_is(db_column_text(s, 1), "回拨 13800003241 第2次"));
  assert_true(text_starts(db_column_text(s, 2), TEXT("{\"record\":")) && text_find(db_column_text(s, 2), TEXT("第2次")) < 0);
  assert_ok(db_step(&row, s, &error), &error);
  assert_false(row);
  close_fixture(&f);
}

static void the_organisation(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f, NULL);
  json_t *json = get(&f, 200, "/api/v1/orgs");
  assert_int_equal(json_array_size(http_test_at(json, "items")), 1);
  assert_string_equal(http_test_text(json, "items.0.code"), "C1");
  assert_string_equal(http_test_text(json, "items.0.children.0.code"), "ST1");
  assert_string_equal(http_test_text(json, "items.0.children.0.children.1.code"), "G2");
  http_test_as(&f.test, 7, STAFF_MANAGER, org_id(&f, "G1"));
  json = get(&f, 200, "/api/v1/orgs");
  assert_int_equal(json_array_size(http_test_at(json, "items")), 1);
  assert_string_equal(http_test_text(json, "items.0.code"), "G1");
  close_fixture(&f);
}

static void every_route_was_asked(void **state) {
  (void)state;
  http_test_all_answered(GRID_ROUTES);
  http_test_all_answered(CUSTOMER_ROUTES);
}

TEST_MAIN(TEST(the_network), TEST(the_backdrop), TEST(customers), TEST(only_ones_own_part), TEST(revealing_is_recorded),
          TEST(the_organisation), TEST(every_route_was_asked))
