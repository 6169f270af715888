/* For the tests of every room that has routes: a whole server in this process, on a free port, with a store of its own, asked over a real
 * socket. Every 2xx reply is checked against its route's schema, every other one to be a problem; which routes have given a 2xx reply is
 * remembered over the whole test program, and http_test_all_answered fails on one that has not.
 *
 *   HttpTest test;
 *   http_test_open(&test);                                       a store with the newest schema, a desk, a server: nothing runs yet
 *   …make the room from test.db, desk_on…, http_add_routes(test.http, ROUTES, room)…
 *   http_test_start(&test);
 *   http_test_as(&test, 7, ROLE_AGENT, 1);                       whoever asks from now on; staff 0: nobody
 *   json_t *order = http_test_do(&test, 201, "POST", "/api/v1/orders", "{\"what\":\"%s\"}", "dark");
 *   http_test_close(&test);
 */
#ifndef HTTP_TESTING_H
#define HTTP_TESTING_H

#include "base/testing.h"
#include "http/client.h"
#include "http/http.h"

typedef struct HttpTest {
  char folder[64], file[96], store[1024]; /* store: its address */
  Db *db;     /* the writer's: before http_test_start, and after desk_stop */
  Db *reader; /* http_test_reader */
  Desk *desk;
  Http *http;
  TimeSource time; /* virtual: 2026-11-21T12:37:00Z, at each start again */
  bool behind_tls; /* these four: for http_test_open_with, or set between http_test_end and http_test_begin */
  size_t connections;
  int patience_ms;
  int64_t backlog;
  /* NULL: http_test_as; else the real one of the people room, and `token` is then what a sign-in gave */
  bool (*identify)(void *self, Text token, Instant now, HttpWho *who);
  void *identify_self;
  int64_t sees_a_part; /* the staff_id of one who does not see all of the company; events of kinds "hushed…" nobody hears of */
  char token[256];
  char headers[1024]; /* further ones, each with its line end, sent along until emptied */
  Client client;
  ClientReply reply;  /* the last */
  json_t *json;
  int64_t keys;       /* Idempotency-Keys made */
} HttpTest;

extern const char *const HTTP_TEST_ROLES[]; /* agent dispatcher crew manager head administrator */

void http_test_open(HttpTest *test);  /* a new folder, then http_test_begin */
void http_test_open_with(HttpTest *test, const HttpTest *set); /* … set as told */
void http_test_begin(HttpTest *test); /* opens the store (again): together with http_test_end, a restart of the program */
void http_test_start(HttpTest *test);
void http_test_end(HttpTest *test);   /* stops all, keeps the folder */
/* A command fails, and with it the nth SQL call: what rooms then read of their memory again may be half. False: fewer calls were made. */
bool http_test_spoil(HttpTest *test, int64_t nth);
void http_test_heal(HttpTest *test);  /* the next command, before which all is read */
void http_test_close(HttpTest *test);

void http_test_as(HttpTest *test, int64_t staff_id, uint32_t roles, int64_t org_id);
/* Asks, and fails when the status is another. The body (NULL: none) is a printf format. A keyed route gets a new Idempotency-Key unless
 * `headers` holds one. The reply's JSON (NULL when it is none) lives until the next call, as do test->reply and test->json. */
json_t *http_test_do(HttpTest *test, int status, const char *method, const char *target, const char *body, ...) PRINTF_LIKE(5, 6);
Text http_test_header(const HttpTest *test, const char *name); /* of the last reply */
/* Bytes as they are, over a connection of their own; the status of the reply, 0 when it is closed without one. */
int http_test_raw(HttpTest *test, Text bytes);

/* A reader's connection, for looking at rows while the server runs; closed by http_test_end. */
Db *http_test_reader(HttpTest *test);

void http_test_all_answered(const HttpRoute *routes);

/* Short ways into a reply; a part that is missing fails the test. "items.0.id" */
const json_t *http_test_at(const json_t *json, const char *path);
const char *http_test_text(const json_t *json, const char *path);
int64_t http_test_i64(const json_t *json, const char *path);

#endif
