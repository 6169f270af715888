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

/* By another connection: the writer's is the desk's. */
static void run_beside(HttpTest *test, const char *sql) {
  Error error = {0};
  Db *db;
  assert_ok(db_open(&db, test->store, DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(db_run(db, sql, &error), &error);
  db_close(db);
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

static void wait_is(HttpTest *test, const char *method, const char *path, const char *code, const char *seconds) {
  assert_string_equal(http_test_text(http_test_do(test, 429, method, path, "{\"name\":\"b\"}"), "code"), code);
  assert_true(text_is(http_test_header(test, "Retry-After"), seconds));
}

/* A person at a keyboard never sees it; fault calls are not counted, nor is anybody else. */
static void who_writes_too_much_waits(void **state) {
  (void)state;
  HttpTest test;
  char path[80];
  start(&test);
  http_test_as(&test, 7, THING_ROLE_AGENT | THING_ROLE_DISPATCHER, 1);
  snprintf(path, sizeof path, "/api/v1/things/%lld", (long long)http_test_i64(http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"a\"}"), "id"));
  for (int i = 0; i < LIMIT_PERSON_WRITES; i++) http_test_do(&test, 201, "PATCH", path, "{\"name\":\"b\"}");
  wait_is(&test, "PATCH", path, "WRITES_SLOW_DOWN", "1");
  http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"c\"}");
  http_test_do(&test, 200, "GET", path, NULL);
  http_test_as(&test, 8, THING_ROLE_AGENT | THING_ROLE_DISPATCHER, 1);
  http_test_do(&test, 201, "PATCH", path, "{\"name\":\"b\"}");
  http_test_as(&test, 7, THING_ROLE_AGENT | THING_ROLE_DISPATCHER, 1);
  wait_is(&test, "PATCH", path, "WRITES_SLOW_DOWN", "1");
  time_virtual(&test.time, time_now(&test.time) + SPAN_MINUTE / LIMIT_PERSON_WRITES);
  http_test_do(&test, 201, "PATCH", path, "{\"name\":\"b\"}");
  wait_is(&test, "PATCH", path, "WRITES_SLOW_DOWN", "1");
  http_test_as(&test, 0, 0, 0);
  for (int i = 0; i < LIMIT_ADDRESS_FORMS; i++) http_test_do(&test, 201, "POST", "/api/v1/form", "{\"name\":\"b\"}");
  wait_is(&test, "POST", "/api/v1/form", "HALL_SLOW_DOWN", "20");
  http_test_do(&test, 201, "POST", "/api/v1/open", "{\"name\":\"x\"}"); /* no form: a sign-in has delays of its own */
  time_virtual(&test.time, time_now(&test.time) + LIMIT_ADDRESS_FORM_SECONDS * SPAN_SECOND);
  http_test_do(&test, 201, "POST", "/api/v1/form", "{\"name\":\"b\"}");
  http_test_close(&test);
}

/* --- refusals --- */

static void what_is_wrong_is_named(void **state) {
  (void)state;
  static const struct { int status; const char *method, *target, *body, *code, *where; } CASES[] = {
      {404, "GET", "/api/v1/nothing", NULL, "HTTP_NOT_FOUND", NULL},
      {404, "GET", "/api/v1/things/12/more", NULL, "HTTP_NOT_FOUND", NULL},
      {405, "PUT", "/api/v1/things", NULL, "HTTP_METHOD", NULL},
      {405, "OPTIONS", "/api/v1/things", NULL, "HTTP_METHOD", NULL},
      {400, "GET", "/api/v1//things", NULL, "HTTP_TARGET", NULL},
      {400, "GET", "/api/../etc/passwd", NULL, "HTTP_TARGET", NULL},
      {400, "GET", "/api/v1/things/%00", NULL, "HTTP_TARGET", NULL},
      {400, "GET", "/api/v1/things?q=%ff", NULL, "HTTP_TARGET", NULL},
      {400, "GET", "/api/v1/things?q=1&q=2", NULL, "HTTP_TARGET", NULL},
      {422, "GET", "/api/v1/things?colour=red", NULL, "FIELD_UNKNOWN", "?colour"},
      {422, "GET", "/api/v1/things?limit=0", NULL, "FIELD_FORMAT", "?limit"},
      {422, "GET", "/api/v1/things?limit=ten", NULL, "FIELD_FORMAT", "?limit"},
      {404, "GET", "/api/v1/things/abc", NULL, "NOT_FOUND", NULL},
      {404, "GET", "/api/v1/things/-1", NULL, "NOT_FOUND", NULL},
      {404, "GET", "/api/v1/things/99999999999999999999", NULL, "NOT_FOUND", NULL},
      {400, "GET", "/api/v1/things", "{}", "HTTP_BODY", NULL},
      {400, "POST", "/api/v1/things", "", "HTTP_BODY", NULL},
      {400, "POST", "/api/v1/things", "{\"name\":", "HTTP_BODY", "1:8"},
      {400, "POST", "/api/v1/things", "{\"name\":\"a\",\"name\":\"b\"}", "HTTP_BODY", "1:18"},
      {400, "POST", "/api/v1/things", "{\"name\":\"\xff\"}", "HTTP_BODY", "1:9"},
      {400, "POST", "/api/v1/things", "{\"name\":\"\\u0000\"}", "HTTP_BODY", "1:16"},
      {422, "POST", "/api/v1/things", "[]", "FIELD_TYPE", "$"},
      {422, "POST", "/api/v1/things", "{}", "FIELD_MISSING", "$.name"},
      {422, "POST", "/api/v1/things", "{\"name\":1}", "FIELD_TYPE", "$.name"},
      {422, "POST", "/api/v1/things", "{\"name\":\"a\",\"extra\":1}", "FIELD_UNKNOWN", "$.extra"},
      {422, "POST", "/api/v1/things", "{\"name\":\"a\",\"tags\":[\"x\",2]}", "FIELD_TYPE", "$.tags[1]"},
      {422, "POST", "/api/v1/things", "{\"name\":\"a\",\"count\":1001}", "FIELD_LARGE", "$.count"},
      {409, "PATCH", "/api/v1/things/1", "{\"name\":\"taken\"}", "CONFLICT", NULL},
      {404, "PATCH", "/api/v1/things/2", "{\"name\":\"b\"}", "NOT_FOUND", NULL},
  };
  HttpTest test;
  start(&test);
  run_beside(&test, "INSERT INTO thing VALUES (1, 'a', 1)");
  http_test_as(&test, 7, THING_ROLE_AGENT | THING_ROLE_DISPATCHER, 1);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    json_t *problem = CASES[i].body ? http_test_do(&test, CASES[i].status, CASES[i].method, CASES[i].target, "%s", CASES[i].body)
                                    : http_test_do(&test, CASES[i].status, CASES[i].method, CASES[i].target, NULL);
    const char *where = json_string_value(json_object_get(problem, "where"));
    if (strcmp(http_test_text(problem, "code"), CASES[i].code) != 0 || strcmp(where ? where : "", CASES[i].where ? CASES[i].where : "") != 0)
      fail_msg("%s %s: %s at %s", CASES[i].method, CASES[i].target, http_test_text(problem, "code"), where ? where : "nowhere");
    assert_int_equal(http_test_i64(problem, "status"), CASES[i].status);
    if (CASES[i].status == 405) assert_true(http_test_header(&test, "Allow").len > 0);
  }
  http_test_do(&test, 405, "PUT", "/api/v1/things", NULL);
  assert_true(text_is(http_test_header(&test, "Allow"), "GET, HEAD, POST"));
  snprintf(test.headers, sizeof test.headers, "Content-Type: text/plain\r\n");
  http_test_do(&test, 415, "POST", "/api/v1/things", "{\"name\":\"a\"}");
  snprintf(test.headers, sizeof test.headers, "Content-Type: Application/JSON; charset=utf-8\r\n");
  http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"a\"}");
  assert_int_equal(things.worked, 1);
  http_test_close(&test);
}

static void the_reader_chooses_the_language(void **state) {
  (void)state;
  static const struct { const char *accept; Language language; } CASES[] = {
      {"", LANGUAGE_ZH}, {"Accept-Language: en\r\n", LANGUAGE_EN}, {"Accept-Language: fr, en;q=0.5\r\n", LANGUAGE_EN},
      {"Accept-Language: en;q=0.3, zh-CN;q=0.9\r\n", LANGUAGE_ZH}, {"Accept-Language: en-GB,zh\r\n", LANGUAGE_EN}, {"Accept-Language: de\r\n", LANGUAGE_ZH},
      {"Accept-Language: en;q=x\r\n", LANGUAGE_ZH},
  };
  HttpTest test;
  char wanted[ERROR_TEXT_MAX];
  Error error = {.code = ERROR_SIGN_IN_NEEDED};
  start(&test);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    snprintf(test.headers, sizeof test.headers, "%s", CASES[i].accept);
    json_t *problem = http_test_do(&test, 401, "GET", "/api/v1/things", NULL);
    assert_string_equal(http_test_text(problem, "detail"), error_text(&error, CASES[i].language, wanted, sizeof wanted));
  }
  http_test_close(&test);
}

/* Bytes that leave it open where a request ends, or what it asks for. */
static void unsound_http_is_refused(void **state) {
  (void)state;
#define GET "GET /api/v1/open HTTP/1.1\r\nHost: x\r\n"
#define POST "POST /api/v1/open HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
  static const struct { int status; Text bytes; } CASES[] = {
      {200, TEXT(GET "\r\n")},
      {200, TEXT("GET /api/v1/open HTTP/1.0\r\n\r\n")},
      {200, TEXT(GET "Content-Length: 0\r\n\r\n")},
      {201, TEXT(POST "Content-Length: 12\r\n\r\n{\"name\":\"x\"}")},
      {201, TEXT(POST "Transfer-Encoding: chunked\r\n\r\n6\r\n{\"name\r\n6\r\n\":\"x\"}\r\n0\r\n\r\n")},
      {400, TEXT("GET /api/v1/open HTTP/1.1\r\n\r\n")},                                               /* no Host */
      {400, TEXT(GET "Host: y\r\n\r\n")},                                                             /* two */
      {400, TEXT("GET /api/v1/open HTTP/1.1\r\nHost: a b\r\n\r\n")},
      {400, TEXT("GET /api/v1/open HTTP/1.1\r\nHost: a/b@c\r\n\r\n")},
      {400, TEXT("GET http://x/api/v1/open HTTP/1.1\r\nHost: x\r\n\r\n")},                            /* absolute form */
      {400, TEXT("GET //x/api/v1/open HTTP/1.1\r\nHost: x\r\n\r\n")},
      {400, TEXT("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")},
      {400, TEXT("GET /api/v1/open\0/x HTTP/1.1\r\nHost: x\r\n\r\n")},                                /* NUL */
      {400, TEXT("GET /api/v1/op\x01n HTTP/1.1\r\nHost: x\r\n\r\n")},
      {400, TEXT(POST "Content-Length: 12\r\nContent-Length: 13\r\n\r\n{\"name\":\"x\"}")},           /* lengths at odds */
      {400, TEXT(POST "Content-Length: 12\r\nContent-Length: 12\r\n\r\n{\"name\":\"x\"}")},
      {400, TEXT(POST "Content-Length: +12\r\n\r\n{\"name\":\"x\"}")},
      {400, TEXT(POST "Content-Length: -1\r\n\r\n")},
      {400, TEXT(POST "Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
      {400, TEXT(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")},
      {400, TEXT(POST "Transfer-Encoding: identity\r\n\r\n{\"name\":\"x\"}")},
      {400, TEXT(POST "Content-Length : 12\r\n\r\n{\"name\":\"x\"}")},                                /* a blank in a header's name */
      {400, TEXT(GET "X\x01y: 1\r\n\r\n")},
      {400, TEXT(GET "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n")},
      {400, TEXT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
      {413, TEXT(POST "Content-Length: 99999999999999999999\r\n\r\n{}")},
      {400, TEXT(POST "Content-Length: 0x2\r\n\r\n{}")},
      {400, TEXT(POST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n")},                        /* a chunk longer than it says */
      {0, TEXT(POST "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")},                       /* chunks without a sound length: closed, with a word or without */
      {0, TEXT(POST "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n")},
      {0, TEXT(POST "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n")},
      {0, TEXT(POST "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n")},
      {413, TEXT(POST "Content-Length: 99999999\r\n\r\n")},
  };
  HttpTest test;
  start(&test);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    int status = http_test_raw(&test, CASES[i].bytes);
    if (status != CASES[i].status && !(CASES[i].status == 0 && status / 100 == 4)) fail_msg("status %d, not %d: %.*s", status, CASES[i].status, TEXT_ARG(CASES[i].bytes));
  }
  http_test_do(&test, 200, "GET", "/api/v1/open", NULL); /* it still stands */
  http_test_close(&test);
}

static void a_large_body_is_refused_and_not_kept(void **state) {
  (void)state;
  HttpTest test;
  Buffer bytes;
  start(&test);
  for (int chunked = 0; chunked < 2; chunked++) {
    size_t over = LIMIT_BODY_BYTES + 1;
    buffer_begin(&bytes, 0);
    buffer_string(&bytes, POST);
    if (chunked) buffer_format(&bytes, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", over);
    else buffer_format(&bytes, "Content-Length: %zu\r\n\r\n", over);
    for (size_t i = 0; i < over; i++) buffer_byte(&bytes, ' ');
    if (chunked) buffer_string(&bytes, "\r\n0\r\n\r\n");
    assert_int_equal(http_test_raw(&test, buffer_as_text(&bytes)), 413);
    buffer_end(&bytes);
  }
  /* a refused upload is read to its end, or who sends it would hear nothing, and a proxy in between say 502 */
  buffer_begin(&bytes, 0);
  buffer_format(&bytes, "PUT /api/v1/raw HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: %u\r\n\r\n", LIMIT_LARGE_BODY_BYTES);
  for (size_t i = 0; i < LIMIT_LARGE_BODY_BYTES; i++) buffer_byte(&bytes, ' ');
  assert_int_equal(http_test_raw(&test, buffer_as_text(&bytes)), 401);
  buffer_end(&bytes);
  /* one that never ends is cut off */
  Error error = {0};
  Client client;
  assert_ok(client_open(&client, http_port(test.http), &error), &error);
  assert_ok(client_send(&client, TEXT(POST "Transfer-Encoding: chunked\r\n\r\n"), &error), &error);
  char chunk[4096];
  memset(chunk, ' ', sizeof chunk);
  bool open = true;
  for (int i = 0; i < 4096 && open; i++)
    open = client_send(&client, TEXT("1000\r\n"), &error) && client_send(&client, (Text){chunk, sizeof chunk}, &error) && client_send(&client, TEXT("\r\n"), &error);
  assert_false(open);
  client_close(&client);
  http_test_close(&test);
}

/* --- who may --- */

static void roles_and_origins(void **state) {
  (void)state;
  HttpTest test;
  start(&test);
  http_test_do(&test, 401, "GET", "/api/v1/things", NULL);
  assert_true(text_is(http_test_header(&test, "WWW-Authenticate"), "Bearer"));
  snprintf(test.token, sizeof test.token, "stolen");
  http_test_do(&test, 401, "GET", "/api/v1/things", NULL);
  assert_true(json_is_false(http_test_at(http_test_do(&test, 200, "GET", "/api/v1/open", NULL), "token")));
  http_test_as(&test, 7, THING_ROLE_DISPATCHER, 1);
  json_t *problem = http_test_do(&test, 403, "POST", "/api/v1/things", "{\"name\":\"a\"}");
  assert_non_null(strstr(http_test_text(problem, "detail"), "dispatcher"));
  assert_non_null(strstr(http_test_text(problem, "detail"), "agent, administrator"));

  static const struct { int status; const char *headers; } CASES[] = {
      {403, ""}, /* by cookie, and says nothing of where it comes from */
      {201, "Sec-Fetch-Site: same-origin\r\n"},
      {403, "Sec-Fetch-Site: same-site\r\n"},
      {403, "Sec-Fetch-Site: cross-site\r\n"},
      {403, "Sec-Fetch-Site: cross-site\r\nOrigin: http://127.0.0.1\r\n"},
      {201, "Origin: http://127.0.0.1\r\n"},
      {403, "Origin: http://127.0.0.1:80\r\n"},
      {403, "Origin: http://127.0.0.1.evil.example\r\n"},
      {403, "Origin: null\r\n"},
  };
  test.token[0] = '\0';
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    snprintf(test.headers, sizeof test.headers, "Cookie: a=b; dianbaomu=test.7.1.1; c=d\r\n%s", CASES[i].headers);
    http_test_do(&test, CASES[i].status, "POST", "/api/v1/things", "{\"name\":\"a\"}");
    http_test_do(&test, 200, "GET", "/api/v1/things", NULL); /* reading is free */
  }
  snprintf(test.headers, sizeof test.headers, "Origin: http://evil.example\r\n"); /* someone signing the reader in as someone else */
  http_test_do(&test, 403, "POST", "/api/v1/open", "{\"name\":\"a\"}");
  http_test_close(&test);
}

static void the_proxy_says_who_is_behind_it(void **state) {
  (void)state;
  HttpTest test;
  http_test_open(&test);
  snprintf(test.headers, sizeof test.headers, "X-Forwarded-For: 10.0.0.1, 192.0.2.7\r\n");
  open_things(&test);
  assert_string_equal(http_test_text(http_test_do(&test, 200, "GET", "/api/v1/open", NULL), "address"), "127.0.0.1");
  assert_null(http_test_header(&test, "Strict-Transport-Security").at);
  http_test_end(&test);
  test.behind_tls = true;
  http_test_begin(&test);
  open_things(&test);
  assert_string_equal(http_test_text(http_test_do(&test, 200, "GET", "/api/v1/open", NULL), "address"), "192.0.2.7");
  assert_non_null(http_test_header(&test, "Strict-Transport-Security").at);
  snprintf(test.headers, sizeof test.headers, "X-Forwarded-For: 192.0.2.7, \"unknown\"\r\n");
  assert_string_equal(http_test_text(http_test_do(&test, 200, "GET", "/api/v1/open", NULL), "address"), "127.0.0.1");
  http_test_close(&test);
}

/* --- files, headers, descriptions --- */

static void strict_headers_are_on_every_reply(void **state) {
  (void)state;
  static const struct { int status; const char *target; } CASES[] = {{200, "/api/v1/open"}, {404, "/api/v1/none"}, {401, "/api/v1/things"}, {200, "/index.html"}, {200, "/api/"}};
  HttpTest test;
  start(&test);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    http_test_do(&test, CASES[i].status, "GET", CASES[i].target, NULL);
    Text policy = http_test_header(&test, "Content-Security-Policy");
    assert_true(text_find(policy, TEXT("default-src 'none'")) >= 0 && text_find(policy, TEXT("frame-ancestors 'none'")) >= 0);
    assert_true(text_find(policy, TEXT("unsafe")) < 0);
    assert_true(text_is(http_test_header(&test, "Referrer-Policy"), "no-referrer"));
    assert_true(text_is(http_test_header(&test, "Cross-Origin-Resource-Policy"), "same-origin"));
    assert_true(text_is(http_test_header(&test, "Cross-Origin-Opener-Policy"), "same-origin"));
    assert_true(http_test_header(&test, "Permissions-Policy").len > 0);
    bool file = strcmp(CASES[i].target, "/index.html") == 0;
    assert_true(text_is(http_test_header(&test, "Cache-Control"), file ? "no-cache" : "no-store"));
  }
  http_test_close(&test);
}

static void files_are_served(void **state) {
  (void)state;
  HttpTest test;
  start(&test);
  snprintf(test.headers, sizeof test.headers, "Accept: text/html,*/*\r\nAccept-Encoding: gzip, br\r\n");
  static const char *const PAGES[] = {"/", "/index.html", "/orders/12?x=1", "/outages/"};
  for (size_t i = 0; i < sizeof PAGES / sizeof *PAGES; i++) {
    http_test_do(&test, 200, "GET", PAGES[i], NULL);
    assert_true(text_is(buffer_as_text(&test.reply.body), PAGE));
  }
  char etag[64];
  snprintf(etag, sizeof etag, "%.*s", TEXT_ARG(http_test_header(&test, "ETag")));
  http_test_do(&test, 404, "GET", "/api/nothing", NULL); /* not the console's */
  http_test_do(&test, 404, "POST", "/orders", NULL);
  http_test_do(&test, 200, "GET", "/assets/a1.js", NULL);
  assert_true(text_is(http_test_header(&test, "Content-Encoding"), "gzip"));
  assert_true(text_find(http_test_header(&test, "Cache-Control"), TEXT("immutable")) >= 0);
  http_test_do(&test, 200, "GET", "/assets/only.css", NULL);
  http_test_do(&test, 200, "HEAD", "/assets/only.css", NULL);
  snprintf(test.headers, sizeof test.headers, "If-None-Match: \"other\", W/%s\r\nAccept: */*\r\n", etag);
  http_test_do(&test, 304, "GET", "/index.html", NULL);
  http_test_do(&test, 200, "GET", "/assets/a1.js", NULL);
  assert_true(text_is(buffer_as_text(&test.reply.body), SCRIPT_PLAIN));
  http_test_do(&test, 406, "GET", "/assets/only.css", NULL);
  http_test_do(&test, 404, "GET", "/no/such/file", NULL); /* not a page that is asked for */
  test.headers[0] = '\0';
  http_test_do(&test, 200, "GET", "/", NULL); /* the first page, whoever asks */
  run_beside(&test, "INSERT INTO thing VALUES (1, 'a', 5)");
  http_test_as(&test, 7, 1, 1);
  snprintf(test.headers, sizeof test.headers, "If-None-Match: \"5\"\r\n");
  http_test_do(&test, 304, "GET", "/api/v1/things/1", NULL); /* a handler's own tag */
  http_test_close(&test);
}

static void the_tables_describe_themselves(void **state) {
  (void)state;
  HttpTest test;
  start(&test);
  json_t *api = http_test_do(&test, 200, "GET", "/api/openapi.json", NULL);
  assert_string_equal(http_test_text(api, "openapi"), "3.1.0");
  const json_t *paths = http_test_at(api, "paths");
  for (const HttpRoute *row = THING_ROUTES; row->method; row++) {
    char method[10] = "";
    for (size_t i = 0; row->method[i]; i++) method[i] = (char)(row->method[i] | 0x20);
    const json_t *operation = json_object_get(json_object_get(paths, row->path), method);
    assert_non_null(operation);
    assert_int_equal(json_object_get(operation, "requestBody") != NULL, row->request_schema != NULL);
    assert_int_equal(json_object_get(operation, "security") != NULL, (row->flags & HTTP_PUBLIC) != 0);
  }
  assert_true(json_is_false(http_test_at(api, "components.schemas.Thing.additionalProperties")));
  assert_non_null(json_object_get(json_object_get(paths, "/api/v1/events"), "get"));
  http_test_do(&test, 200, "GET", "/api/", NULL);
  Text page = buffer_as_text(&test.reply.body);
  assert_true(text_find(page, TEXT("PATCH /api/v1/things/{id}")) > 0 && text_find(page, TEXT("IDEMPOTENCY_REUSED")) > 0);
  assert_true(text_find(page, TEXT("<script")) < 0 && text_find(page, TEXT("style=")) < 0);
  http_test_close(&test);
}

static void unsound_tables_are_refused(void **state) {
  (void)state;
  static const HttpRoute OK = {.method = "GET", .path = "/api/v1/x/{id}", .read = NULL};
  const HttpRoute *good = &THING_ROUTES[0], *keyed = &THING_ROUTES[1];
  HttpRoute tables[][3] = {
      {{"GET", "/x/{a}", .read = good->read}, {"GET", "/x/{b}", .read = good->read}, {0}},
      {{"GET", "x", .read = good->read}, {0}},
      {{"GET", "/x//y", .read = good->read}, {0}},
      {{"GET", "/x{a}", .read = good->read}, {0}},
      {{"GET", "/{a}/{b}/{c}/{d}/{e}", .read = good->read}, {0}},
      {OK, {0}},
      {{"GET", "/x", .read = good->read, .request_schema = "{}"}, {0}},
      {{"POST", "/x", .decode = keyed->decode, .work = keyed->work}, {0}},
      {{"POST", "/x", .flags = HTTP_KEYED, .read = good->read}, {0}},
      {{"GET", "/x", .read = good->read, .reply_schema = "{\"type\":\"nonsense\"}"}, {0}},
  };
  HttpTest test;
  start(&test);
  http_test_end(&test);
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    Error error = {0};
    http_test_begin(&test);
    if (http_add_routes(test.http, tables[i], NULL, &error)) fail_msg("table %zu was taken", i);
    assert_true(error.code == ERROR_ROUTE || error.code == ERROR_SCHEMA);
    http_test_end(&test);
  }
  http_test_begin(&test);
  open_things(&test);
  http_test_close(&test);
}

/* --- slow handlers --- */

enum { SLOW_CLIENTS = 8 };

static void slow_handlers_wait_for_each_other_and_nobody_for_them(void **state) {
  (void)state;
  HttpTest test;
  Error error = {0};
  Client client[SLOW_CLIENTS];
  start(&test);
  for (int i = 0; i < SLOW_CLIENTS; i++) {
    assert_ok(client_open(&client[i], http_port(test.http), &error), &error);
    Text wrong = TEXT("POST /api/v1/slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"name\":\"wrong\"}");
    Text good = TEXT("POST /api/v1/slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"name\":\"x\"}");
    assert_ok(client_send(&client[i], i % 2 ? wrong : good, &error), &error);
  }
  http_test_do(&test, 200, "GET", "/api/v1/open", NULL);
  assert_true(things.worked < SLOW_CLIENTS / 2); /* it did not have to wait for all of them */
  for (int i = 0; i < SLOW_CLIENTS; i++) {
    ClientReply reply;
    assert_ok(client_reply(&reply, &client[i], false, &error), &error);
    assert_int_equal(reply.status, i % 2 ? 401 : 201);
    buffer_end(&reply.body);
    client_close(&client[i]);
  }
  assert_int_equal(things.slow_most, 1);
  http_test_as(&test, 7, 1, 1);
  assert_string_equal(http_test_text(http_test_do(&test, 200, "GET", "/api/v1/slow", NULL), "actor"), "staff:7");
  http_test_close(&test);
}

static void an_address_in_use_is_an_error(void **state) {
  (void)state;
  HttpTest test;
  Error error = {0};
  Http *second;
  start(&test);
  HttpOptions options = {.address = "127.0.0.1", .port = http_port(test.http), .store_address = test.store, .county_id = 1, .desk = NULL, .time = &test.time};
  Db *db;
  Desk *desk;
  DeskOptions desk_options = {.county_id = 1, .time = &test.time};
  assert_ok(db_open(&db, test.store, DB_READ, &error), &error);
  assert_ok(desk_open(&desk, db, &desk_options, &error), &error);
  options.desk = desk;
  assert_ok(http_open(&second, &options, &error), &error);
  assert_false(http_start(second, &error));
  assert_int_equal(error.code, ERROR_IO);
  http_close(second);
  options.address = "localhost";
  assert_ok(http_open(&second, &options, &error), &error);
  assert_false(http_start(second, &error));
  assert_int_equal(error.code, ERROR_FIELD_INVALID);
  http_close(second);
  desk_close(desk);
  db_close(db);
  http_test_do(&test, 200, "GET", "/api/v1/open", NULL);
  http_test_close(&test);
}

/* --- memory --- */

/* Every allocation of a request made to fail in turn: the client is told, or the connection closes; the server stands and nothing is half done. */
static void any_allocation_may_fail(void **state) {
  (void)state;
  static const char *const REQUESTS[] = {
      "POST /api/v1/open HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n{\"name\":\"x\",\"tags\":[\"a\",\"b\"]}",
      ("POST /api/v1/things HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nAuthorization: Bearer test.7.1.1\r\nContent-Type: application/json\r\n"
       "Content-Length: 12\r\n\r\n{\"name\":\"x\"}"),
      "GET /api/v1/things?q=%20a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer test.7.1.1\r\n\r\n",
      "GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n",
  };
  HttpTest test;
  start(&test);
  for (size_t i = 0; i < sizeof REQUESTS / sizeof *REQUESTS; i++) {
    int refused = 0;
    for (int n = 1; n < 40; n++) {
      Error error = {0};
      Client client;
      ClientReply reply = {0};
      assert_ok(client_open(&client, http_port(test.http), &error), &error);
      assert_ok(client_send(&client, text_slice(text_of(REQUESTS[i]), 0, 10), &error), &error); /* the connection is made */
      buffer_reserve(&client.in, 1 << 17); /* so that the client itself asks for no more */
      memory_fail_at(n);
      bool sent = client_send(&client, text_slice(text_of(REQUESTS[i]), 10, strlen(REQUESTS[i])), &error);
      bool replied = sent && client_reply_head(&reply, &client, &error);
      memory_fail_at(0);
      if (!replied || reply.status == 503) refused++;
      else if (reply.status > 201) fail_msg("allocation %d of request %zu: %.*s", n, i, TEXT_ARG(client.in.at ? ((Text){client.in.at, client.in.len}) : TEXT_NONE));
      client_close(&client);
      http_test_do(&test, 200, "GET", "/api/v1/open", NULL);
    }
    assert_true(refused > 0);
  }
  http_test_close(&test);
}

static void every_route_was_answered(void **state) {
  (void)state;
  http_test_all_answered(THING_ROUTES);
}


TEST_MAIN(TEST(reads_and_writes), TEST(who_writes_too_much_waits), TEST(what_is_wrong_is_named), TEST(the_reader_chooses_the_language), TEST(unsound_http_is_refused),
          TEST(a_large_body_is_refused_and_not_kept), TEST(roles_and_origins), TEST(the_proxy_says_who_is_behind_it), TEST(strict_headers_are_on_every_reply),
          TEST(files_are_served), TEST(the_tables_describe_themselves), TEST(unsound_tables_are_refused),
          TEST(slow_handlers_wait_for_each_other_and_nobody_for_them), TEST(an_address_in_use_is_an_error), TEST(any_allocation_may_fail), TEST(every_route_was_answered))
