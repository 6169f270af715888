/* The server asked over a real socket: what it does, and what it refuses. */
#include "base/limits.h"
#include "http/testing.h"
#include "http/thing_room.h"

static const char PAGE[] = "<!doctype html><title>console</title>", SCRIPT[] = "\x1f\x8b not really gzip", SCRIPT_PLAIN[] = "plain";
static const HttpAsset ASSETS[] = {
    {"/index.html", "text/html; charset=utf-8", NULL, (const unsigned char *)PAGE, sizeof PAGE - 1, false},
    {"/assets/a1.js", "text/javascript", "gzip", (const unsigned char *)SCRIPT, sizeof SCRIPT - 1, true},
    {"/assets/a1.js", "text/javascript", NULL, (const unsigned char *)SCRIPT_PLAIN, sizeof SCRIPT_PLAIN - 1, true},
    {"/assets/only.css", "text/css", "gzip", (const unsigned char *)SCRIPT, sizeof SCRIPT - 1, true},
};

static Things things;

static void open_things(HttpTest *test) {
  Error error = {0};
  things = (Things){.desk = test->desk};
  assert_ok(things_make_table(test->db, &error), &error);
  assert_ok(http_add_component(test->http, "Thing", THING_SCHEMA, &error), &error);
  assert_ok(http_add_routes(test->http, THING_ROUTES, &things, &error), &error);
  http_add_assets(test->http, ASSETS, sizeof ASSETS / sizeof *ASSETS);
  http_test_start(test);
}

static void start(HttpTest *test) {
  http_test_open(test);
  open_things(test);
}

static void reads_and_writes(void **state) {
  (void)state;
  HttpTest test;
  char path[80];
  start(&test);
  http_test_as(&test, 7, THING_ROLE_AGENT | THING_ROLE_DISPATCHER, 1);
  json_t *thing = http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"电线\",\"count\":3,\"tags\":[\"a\"]}");
  int64_t id = http_test_i64(thing, "id");
  assert_string_equal(http_test_text(thing, "name"), "电线");
  snprintf(path, sizeof path, "/api/v1/things/%lld", (long long)id);
  assert_int_equal(http_test_i64(http_test_do(&test, 200, "GET", path, NULL), "count"), 3);
  assert_true(text_is(http_test_header(&test, "ETag"), "\"3\""));
  assert_int_equal(http_test_i64(http_test_do(&test, 200, "GET", "/api/v1/things?q=%E7%94%B5%E7%BA%BF&limit=5", NULL), "items.0.id"), id);
  assert_int_equal(json_array_size(http_test_at(http_test_do(&test, 200, "GET", "/api/v1/things?q=none", NULL), "items")), 0);
  http_test_do(&test, 201, "PATCH", path, "{\"name\":\"b\"}");
  assert_string_equal(http_test_text(http_test_do(&test, 409, "PATCH", path, "{\"name\":\"taken\"}"), "code"), "CONFLICT");
  assert_string_equal(http_test_text(http_test_do(&test, 200, "GET", path, NULL), "name"), "b");
  http_test_do(&test, 200, "HEAD", path, NULL);
  assert_true(http_test_header(&test, "Content-Length").len > 0);
  assert_string_equal(http_test_text(http_test_do(&test, 200, "GET", "/api/v1/things/mine", NULL), "actor"), "staff:7");
  snprintf(test.headers, sizeof test.headers, "Content-Type: text/csv\r\n");
  http_test_do(&test, 201, "PUT", "/api/v1/raw", "a,b\n1,2\n");
  test.headers[0] = '\0';
  http_test_do(&test, 204, "DELETE", path, NULL);
  http_test_do(&test, 404, "GET", path, NULL);
  http_test_as(&test, 0, 0, 0);
  assert_string_equal(http_test_text(http_test_do(&test, 200, "GET", "/api/v1/open", NULL), "address"), "127.0.0.1");
  http_test_do(&test, 201, "POST", "/api/v1/open", "{\"name\":\"x\"}");
  http_test_close(&test);
}

TEST_MAIN(TEST(reads_and_writes))
