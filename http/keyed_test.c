/* Idempotency-Keys end to end: once means once, in one batch, across restarts, and when something fails in between. */
#include <pthread.h>

#include "base/limits.h"
#include "http/testing.h"
#include "http/thing_room.h"

static Things things;

static void open_things(HttpTest *test) {
  Error error = {0};
  things = (Things){.desk = test->desk};
  assert_ok(things_make_table(test->db, &error), &error);
  assert_ok(http_add_component(test->http, "Thing", THING_SCHEMA, &error), &error);
  assert_ok(http_add_routes(test->http, THING_ROUTES, &things, &error), &error);
  http_test_start(test);
}

static int64_t count_things(HttpTest *test) {
  DbStatement *s;
  bool row;
  Error error = {0};
  Db *reader;
  assert_ok(db_open(&reader, test->store, DB_READ, &error), &error);
  assert_ok(db_prepare(&s, reader, "SELECT COUNT(*) FROM thing", &error), &error);
  assert_ok(db_step(&row, s, &error), &error);
  int64_t count = db_column_i64(s, 0);
  db_close(reader);
  return count;
}

static void key_is(HttpTest *test, const char *key) { snprintf(test->headers, sizeof test->headers, "Idempotency-Key: %s\r\n", key); }

static void a_key_is_used_once(void **state) {
  (void)state;
  HttpTest test;
  http_test_open(&test);
  open_things(&test);
  http_test_as(&test, 7, THING_ROLE_AGENT, 1);
  snprintf(test.headers, sizeof test.headers, "Idempotency-Key:\r\n");
  assert_string_equal(http_test_text(http_test_do(&test, 400, "POST", "/api/v1/things", "{\"name\":\"a\"}"), "code"), "HTTP_HEADER");
  key_is(&test, "one");
  int64_t id = http_test_i64(http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"a\"}"), "id");
  assert_null(http_test_header(&test, "Idempotency-Replayed").at);
  assert_int_equal(http_test_i64(http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"a\"}"), "id"), id);
  assert_true(text_is(http_test_header(&test, "Idempotency-Replayed"), "true"));
  assert_string_equal(http_test_text(http_test_do(&test, 422, "POST", "/api/v1/things", "{\"name\":\"b\"}"), "code"), "IDEMPOTENCY_REUSED");
  http_test_do(&test, 422, "POST", "/api/v1/things", "{\"name\":\"a\" }"); /* the same bytes, or it is another request */
  assert_int_equal(count_things(&test), 1);
  http_test_as(&test, 8, THING_ROLE_AGENT, 1); /* another person's key */
  assert_true(http_test_i64(http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"b\"}"), "id") != id);
  assert_int_equal(things.worked, 2);

  http_test_end(&test); /* … and the program is started again */
  http_test_begin(&test);
  open_things(&test);
  http_test_as(&test, 7, THING_ROLE_AGENT, 1);
  key_is(&test, "one");
  assert_int_equal(http_test_i64(http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"a\"}"), "id"), id);
  http_test_do(&test, 422, "POST", "/api/v1/things", "{\"name\":\"b\"}");
  assert_int_equal(things.worked, 0);
  assert_int_equal(count_things(&test), 2);
  http_test_close(&test);
}

/* After a week a key is forgotten, and its row goes. */
static void old_keys_go(void **state) {
  (void)state;
  HttpTest test;
  Error error = {0};
  http_test_open(&test);
  open_things(&test);
  http_test_as(&test, 7, THING_ROLE_AGENT, 1);
  key_is(&test, "old");
  int64_t id = http_test_i64(http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"a\"}"), "id");
  desk_stop(test.desk);
  time_virtual(&test.time, time_now(&test.time) + LIMIT_IDEMPOTENCY_DAYS * SPAN_DAY + SPAN_SECOND);
  assert_ok(desk_tick(test.desk, &error), &error);
  DbStatement *s;
  assert_ok(db_prepare(&s, test.db, "SELECT COUNT(*) FROM request", &error), &error);
  bool row;
  assert_ok(db_step(&row, s, &error), &error);
  assert_int_equal(db_column_i64(s, 0), 0);
  db_reset(s);
  http_test_do(&test, 503, "POST", "/api/v1/things", "{\"name\":\"a\"}"); /* the desk stands still: whoever asks is told to come again */
  assert_true(text_is(http_test_header(&test, "Retry-After"), "1"));
  assert_ok(desk_start(test.desk, &error), &error);
  assert_true(http_test_i64(http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"a\"}"), "id") > id);
  http_test_close(&test);
}

/* A refused command leaves no key: it may be mended and sent again. */
static void a_refused_request_keeps_no_key(void **state) {
  (void)state;
  HttpTest test;
  http_test_open(&test);
  open_things(&test);
  http_test_as(&test, 7, THING_ROLE_AGENT, 1);
  key_is(&test, "k");
  http_test_do(&test, 422, "POST", "/api/v1/things", "{\"name\":\"\"}");
  http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"a\"}");
  assert_int_equal(count_things(&test), 1);
  http_test_close(&test);
}

/* Every SQL call of the write made to fail in turn: whatever the client is told, sending the same again ends with exactly one thing. */
static void a_failure_anywhere_and_a_second_try_make_one(void **state) {
  (void)state;
  HttpTest test;
  http_test_open(&test);
  open_things(&test);
  http_test_as(&test, 7, THING_ROLE_AGENT, 1);
  http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"first\"}");
  int64_t wanted = 1, failed = 0;
  for (int n = 1; n < 40; n++) {
    char key[20];
    Error error = {0};
    Client client;
    ClientReply reply;
    snprintf(key, sizeof key, "k%d", n);
    key_is(&test, key);
    char request[400];
    snprintf(request, sizeof request,
             "POST /api/v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer test.7.1.1\r\nContent-Type: application/json\r\n"
             "Idempotency-Key: %s\r\nContent-Length: 12\r\n\r\n{\"name\":\"a\"}", key);
    assert_ok(client_open(&client, http_port(test.http), &error), &error);
    db_fail_at(n);
    assert_ok(client_send(&client, text_of(request), &error), &error);
    assert_ok(client_reply(&reply, &client, false, &error), &error);
    db_fail_at(0);
    assert_true(reply.status == 201 || reply.status == 507);
    failed += reply.status == 507;
    buffer_end(&reply.body);
    client_close(&client);
    http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"a\"}");
    assert_int_equal(count_things(&test), ++wanted);
  }
  assert_true(failed >= 5);
  http_test_close(&test);
}

typedef struct Rival {
  pthread_t thread;
  uint16_t port;
  int64_t ids[40];
} Rival;

static void *send_the_same(void *self) {
  Rival *rival = self;
  Client client;
  if (!client_open(&client, rival->port, NULL)) return NULL;
  for (int i = 0; i < 40; i++) {
    ClientReply reply;
    char request[400];
    int len = snprintf(request, sizeof request,
                       "POST /api/v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer test.7.1.1\r\nContent-Type: application/json\r\n"
                       "Idempotency-Key: same-%d\r\nContent-Length: 12\r\n\r\n{\"name\":\"a\"}", i);
    if (!client_send(&client, (Text){request, (size_t)len}, NULL) || !client_reply(&reply, &client, false, NULL)) break;
    json_t *json = reply.status == 201 ? json_loadb(reply.body.at, reply.body.len, 0, NULL) : NULL;
    rival->ids[i] = http_body_id(json, "id");
    json_decref(json);
    buffer_end(&reply.body);
  }
  client_close(&client);
  return NULL;
}

static void rivals_with_one_key_get_one_reply(void **state) {
  (void)state;
  enum { RIVALS = 6 };
  HttpTest test;
  Rival rival[RIVALS] = {0};
  http_test_open(&test);
  open_things(&test);
  for (int i = 0; i < RIVALS; i++) {
    rival[i].port = http_port(test.http);
    assert_int_equal(pthread_create(&rival[i].thread, NULL, send_the_same, &rival[i]), 0);
  }
  for (int i = 0; i < RIVALS; i++) pthread_join(rival[i].thread, NULL);
  for (int k = 0; k < 40; k++) {
    assert_true(rival[0].ids[k] > 0);
    for (int i = 1; i < RIVALS; i++) assert_int_equal(rival[i].ids[k], rival[0].ids[k]);
  }
  assert_int_equal(count_things(&test), 40);
  assert_int_equal(things.worked, 40);
  http_test_close(&test);
}

TEST_MAIN(TEST(a_key_is_used_once), TEST(old_keys_go), TEST(a_refused_request_keeps_no_key), TEST(a_failure_anywhere_and_a_second_try_make_one),
          TEST(rivals_with_one_key_get_one_reply))
