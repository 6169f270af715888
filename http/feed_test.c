/* The live feed: what is sent, where it goes on after a break, who gets it, and that it ends. */
#include <pthread.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/testing.h"
#include "http/thing_room.h"

static Things things;
static _Atomic bool signed_out;

static bool identify(void *self, Text token, Instant now, HttpWho *who) {
  (void)self, (void)now;
  if (signed_out || !(text_is(token, "me") || text_is(token, "part"))) return false;
  *who = (HttpWho){.staff_id = text_is(token, "me") ? 7 : 8, .roles = 1, .org_id = 1, .actor = "staff:7"};
  return true;
}

static int64_t backlog; /* of the feed: small where every n is made to fail */

static void begin(HttpTest *test) {
  Error error = {0};
  things = (Things){.desk = test->desk};
  test->identify = identify;
  signed_out = false;
  assert_ok(things_make_table(test->db, &error), &error);
  assert_ok(http_add_component(test->http, "Thing", THING_SCHEMA, &error), &error);
  assert_ok(http_add_routes(test->http, THING_ROUTES, &things, &error), &error);
  http_test_start(test);
  snprintf(test->token, sizeof test->token, "me");
}

static void open_feed(HttpTest *test) {
  backlog = torture_rounds(2) == 2 ? LIMIT_LIVE_BACKLOG : 400;
  http_test_open_with(test, &(HttpTest){.backlog = backlog});
  begin(test);
}

static bool work_many(DeskContext *context, void *command, Error *error) {
  static const char *const DATA[] = {"{\"text\":\"电\"}", "{\n \"lines\": [1,\r\n2]\n}", "{}"};
  for (int64_t i = 0; i < *(int64_t *)command; i++)
    if (!desk_event(context, "thing.made", "thing", i + 1, text_of(DATA[i % 3]), error)) return false;
  return true;
}

static void make_events(HttpTest *test, int64_t count) {
  Error error = {0};
  for (; count > 0; count -= 2000) {
    int64_t now = count < 2000 ? count : 2000;
    assert_ok(desk_do(test->desk, work_many, &now, TEXT("staff:7"), &error), &error);
  }
}

static void join_as(HttpTest *test, Client *client, const char *who, const char *query, const char *headers) {
  char request[300];
  Error error = {0};
  ClientReply reply;
  snprintf(request, sizeof request, "GET /api/v1/events%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n", query, who, headers);
  assert_ok(client_open(client, http_port(test->http), &error), &error);
  assert_ok(client_send(client, text_of(request), &error), &error);
  assert_ok(client_reply_head(&reply, client, &error), &error);
  assert_int_equal(reply.status, 200);
  assert_true(text_is(client_header(&reply, "Content-Type"), "text/event-stream"));
  assert_true(text_is(client_header(&reply, "Cache-Control"), "no-store"));
}

static void join(HttpTest *test, Client *client, const char *query, const char *headers) { join_as(test, client, "me", query, headers); }

/* The next event of a kind other than clock and retry; its seq, with the data's JSON checked. */
static int64_t next_seq(Client *client, char kind[40]) {
  for (;;) {
    Text event, line, name = TEXT_NONE, data = TEXT_NONE, id = TEXT_NONE;
    Error error = {0};
    assert_ok(client_event(&event, client, &error), &error);
    for (Text rest = event; text_next(&rest, '\n', &line);) {
      if (text_starts(line, TEXT("event: "))) name = text_slice(line, 7, line.len);
      if (text_starts(line, TEXT("data: "))) data = text_slice(line, 6, line.len);
      if (text_starts(line, TEXT("id: "))) id = text_slice(line, 4, line.len);
    }
    if (!data.at) continue; /* retry */
    json_t *json = json_loadb(data.at, data.len, 0, NULL);
    assert_non_null(json);
    if (!name.at) name = http_body_text(json, "kind");
    int64_t seq = http_body_i64(json, "seq", 0), said = 0;
    bool clock = text_is(name, "clock");
    if (clock) assert_true(http_body_text(json, "now").len == 24 && json_is_number(json_object_get(json, "speed")));
    else assert_true(text_to_i64(id, &said) && said == seq);
    snprintf(kind, 40, "%.*s", TEXT_ARG(name));
    json_decref(json);
    if (!clock) return seq;
  }
}

static void expect_run(Client *client, int64_t from, int64_t until) {
  char kind[40];
  torture_mine(true);
  for (int64_t seq = from; seq <= until; seq++) assert_int_equal(next_seq(client, kind), seq);
  torture_mine(false);
}

static void events_are_told_once_and_in_order(void **state) {
  (void)state;
  HttpTest test;
  Client client, second;
  open_feed(&test);
  make_events(&test, 3);
  join(&test, &client, "", ""); /* from now */
  join(&test, &second, "?after=1", "");
  make_events(&test, 300);
  expect_run(&client, 4, 303);
  expect_run(&second, 2, 303);
  client_close(&second);
  make_events(&test, 10);
  expect_run(&client, 304, 313);
  client_close(&client);
  join(&test, &client, "?after=5", "Last-Event-ID: 310\r\n"); /* what the browser says weighs more */
  expect_run(&client, 311, 313);
  client_close(&client);
  http_test_do(&test, 400, "GET", "/api/v1/events?after=%00", NULL);
  http_test_do(&test, 422, "GET", "/api/v1/events?after=-1", NULL);
  snprintf(test.headers, sizeof test.headers, "Last-Event-ID: many\r\n");
  http_test_do(&test, 400, "GET", "/api/v1/events", NULL);
  test.token[0] = '\0';
  http_test_do(&test, 401, "GET", "/api/v1/events", NULL);
  http_test_close(&test);
}

static bool work_mixed(DeskContext *context, void *command, Error *error) {
  for (int64_t i = 0; i < *(int64_t *)command; i++)
    if (!desk_event(context, i % 3 ? "hushed.sign_in" : "thing.made", "thing", i + 1, TEXT("{\"text\":\"电\"}"), error)) return false;
  return true;
}

static void expect_mixed(Client *client, int64_t from, int64_t until, bool all) {
  for (int64_t seq = from; seq <= until; seq += 3) {
    Text event;
    Error error = {0};
    do assert_ok(client_event(&event, client, &error), &error);
    while (!text_starts(event, TEXT("id: ")));
    assert_true(text_find(event, TEXT("thing.made")) >= 0 && text_find(event, TEXT("hushed")) < 0 && text_find(event, TEXT("staff:7")) < 0);
    assert_true(text_find(event, TEXT("\"subject\":{\"kind\":\"thing\",\"id\":\"")) >= 0);
    assert_int_equal(text_find(event, TEXT("电")) >= 0, all);
    json_t *json = json_loadb(event.at + text_find(event, TEXT("data: ")) + 6, event.len - (size_t)text_find(event, TEXT("data: ")) - 6, 0, NULL);
    assert_int_equal(http_body_i64(json, "seq", 0), seq);
    json_decref(json);
  }
}

/* From the ring and from the store. */
static void only_who_sees_all_hears_what_of_and_some_things_nobody_hears(void **state) {
  (void)state;
  HttpTest test;
  Client all, part;
  Error error = {0};
  char after[40];
  int64_t made = torture_rounds(3000), half;
  open_feed(&test);
  test.sees_a_part = 8;
  join(&test, &all, "", "");
  join_as(&test, &part, "part", "", "");
  assert_ok(desk_do(test.desk, work_mixed, &made, TEXT("staff:7"), &error), &error);
  expect_mixed(&all, 1, made, true);
  expect_mixed(&part, 1, made, false);
  client_close(&all);
  client_close(&part);
  half = backlog / 2;
  for (int i = 0; i < 3; i++) assert_ok(desk_do(test.desk, work_mixed, &half, TEXT("staff:7"), &error), &error);
  snprintf(after, sizeof after, "?after=%lld", (long long)made);
  join_as(&test, &part, "part", after, "");
  expect_mixed(&part, made + 1, 2 * made, false);
  client_close(&part);
  http_test_close(&test);
}

static void what_memory_has_lost_comes_from_the_store(void **state) {
  (void)state;
  HttpTest test;
  Client client;
  open_feed(&test);
  const int64_t EVENTS = backlog + torture_rounds(1500);
  char last[60];
  make_events(&test, EVENTS);
  join(&test, &client, "?after=0", "");
  expect_run(&client, 1, EVENTS);
  make_events(&test, 5);
  expect_run(&client, EVENTS + 1, EVENTS + 5);
  client_close(&client);
  http_test_end(&test); /* after a new start memory is empty */
  http_test_begin(&test);
  begin(&test);
  snprintf(last, sizeof last, "Last-Event-ID: %lld\r\n", (long long)EVENTS - 10);
  join(&test, &client, "", last);
  expect_run(&client, EVENTS - 9, EVENTS + 5);
  make_events(&test, 1);
  expect_run(&client, EVENTS + 6, EVENTS + 6);
  client_close(&client);
  http_test_close(&test);
}

static void who_is_too_far_behind_or_ahead_begins_anew(void **state) {
  (void)state;
  HttpTest test;
  Client client;
  char kind[40];
  open_feed(&test);
  make_events(&test, 10);
  join(&test, &client, "?after=999", ""); /* of another history */
  assert_int_equal(next_seq(&client, kind), 10);
  assert_string_equal(kind, "resync");
  make_events(&test, 1);
  expect_run(&client, 11, 11);
  client_close(&client);
  make_events(&test, LIMIT_LIVE_BEHIND * backlog);
  join(&test, &client, "?after=1", "");
  assert_int_equal(next_seq(&client, kind), LIMIT_LIVE_BEHIND * backlog + 11);
  assert_string_equal(kind, "resync");
  client_close(&client);
  http_test_close(&test);
}

static void a_sign_out_ends_the_feed(void **state) {
  (void)state;
  HttpTest test;
  Client client;
  Text event;
  Error error = {0};
  open_feed(&test);
  join(&test, &client, "", "");
  signed_out = true;
  while (client_event(&event, &client, &error)) assert_true(text_starts(event, TEXT("event: clock")) || text_starts(event, TEXT("retry")));
  assert_string_equal(error.argument[1], "ended"); /* at the next clock */
  client_close(&client);
  http_test_close(&test);
}

typedef struct Listener {
  pthread_t thread;
  Client client;
  int64_t last, wanted, resyncs;
  bool sound;
} Listener;

static void *listen_on(void *self) {
  Listener *listener = self;
  Text event;
  while (listener->last < listener->wanted && client_event(&event, &listener->client, NULL)) {
    long long seq;
    char copy[64];
    snprintf(copy, sizeof copy, "%.*s", (int)(event.len < 60 ? event.len : 60), event.at);
    if (sscanf(copy, "id: %lld", &seq) != 1) continue;
    if (seq != listener->last + 1) listener->sound = false;
    listener->last = seq;
  }
  return NULL;
}

/* Many listeners, some of which come and go, while events are made: each hears every one, in order. */
static void many_listeners_hear_all(void **state) {
  (void)state;
  enum { LISTENERS = 12, TURN = 50 };
  const int64_t turns = torture_rounds(60), EVENTS = turns * TURN;
  HttpTest test;
  Listener listener[LISTENERS];
  open_feed(&test);
  for (int i = 0; i < LISTENERS; i++) {
    listener[i] = (Listener){.wanted = EVENTS, .sound = true};
    join(&test, &listener[i].client, "?after=0", "");
    assert_int_equal(pthread_create(&listener[i].thread, NULL, listen_on, &listener[i]), 0);
  }
  for (int i = 0; i < turns; i++) {
    Client passing;
    make_events(&test, TURN);
    if (i % 10 == 0) {
      join(&test, &passing, "", ""); /* and goes without a word */
      client_close(&passing);
    }
  }
  for (int i = 0; i < LISTENERS; i++) {
    pthread_join(listener[i].thread, NULL);
    assert_true(listener[i].sound);
    assert_int_equal(listener[i].last, EVENTS);
    client_close(&listener[i].client);
  }
  http_test_close(&test);
}

static bool work_large(DeskContext *context, void *command, Error *error) {
  static char data[16 * 1024];
  snprintf(data, sizeof data, "{\"text\":\"%0*d\"}", (int)sizeof data - 20, 0);
  for (int64_t i = 0; i < *(int64_t *)command; i++)
    if (!desk_event(context, "thing.made", "thing", i + 1, text_of(data), error)) return false;
  return true;
}

/* One that takes nothing holds nobody up, though more comes than its sockets hold, and than memory does (LIMIT_LIVE_BYTES), and the server closes with it still there. */
static void a_client_that_takes_nothing_holds_nobody_up(void **state) {
  (void)state;
  enum { EVENTS = 700 };
  HttpTest test;
  Client stuck, client;
  Error error = {0};
  int64_t turn = EVENTS / 2;
  open_feed(&test);
  join(&test, &stuck, "?after=0", "");
  join(&test, &client, "?after=0", "");
  for (int i = 0; i < 2; i++) assert_ok(desk_do(test.desk, work_large, &turn, TEXT("staff:7"), &error), &error);
  expect_run(&client, 1, EVENTS);
  client_close(&client);
  http_test_end(&test);
  assert_true(client_is_closed(&stuck));
  client_close(&stuck);
  http_test_begin(&test);
  begin(&test);
  http_test_close(&test);
}

TEST_MAIN(TEST(events_are_told_once_and_in_order), TEST(only_who_sees_all_hears_what_of_and_some_things_nobody_hears), TEST(what_memory_has_lost_comes_from_the_store), TEST(who_is_too_far_behind_or_ahead_begins_anew),
          TEST(a_sign_out_ends_the_feed), TEST(many_listeners_hear_all), TEST(a_client_that_takes_nothing_holds_nobody_up))
