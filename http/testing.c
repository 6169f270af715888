#include "http/testing.h"

#include <sys/socket.h>
#include <unistd.h>

#include "http/http_internal.h"
#include "store/schema.h"

const char *const HTTP_TEST_ROLES[] = {"agent", "dispatcher", "crew", "manager", "head", "administrator", NULL};

enum { ANSWERED_MAX = 1024 };
static const HttpRoute *answered[ANSWERED_MAX];
static size_t answered_count;

static bool identify_stub(Text token, HttpWho *who) {
  long long staff, roles, org;
  char copy[256];
  snprintf(copy, sizeof copy, "%.*s", TEXT_ARG(token));
  if (sscanf(copy, "test.%lld.%lld.%lld", &staff, &roles, &org) != 3) return false;
  *who = (HttpWho){.staff_id = staff, .roles = (uint32_t)roles, .org_id = org};
  snprintf(who->actor, sizeof who->actor, "staff:%lld", staff);
  snprintf(who->name, sizeof who->name, "Staff %lld", staff);
  return true;
}

static bool identify(void *self, Text token, Instant now, HttpWho *who) {
  HttpTest *test = self;
  return test->identify ? test->identify(test->identify_self, token, now, who) : identify_stub(token, who);
}

void http_test_open(HttpTest *test) { http_test_open_with(test, &(HttpTest){0}); }

void http_test_open_with(HttpTest *test, const HttpTest *set) {
  *test = *set;
  test->client.socket = -1;
  snprintf(test->folder, sizeof test->folder, "/tmp/dianbaomu_test_XXXXXX");
  assert_non_null(mkdtemp(test->folder));
  Error error = {0};
  snprintf(test->file, sizeof test->file, "%s/store.db", test->folder);
  assert_ok(db_test_address(test->store, sizeof test->store, test->file, &error), &error);
  http_test_begin(test);
}

static bool sees_all(void *self, const HttpWho *who) {
  const HttpTest *test = self;
  return who->staff_id != test->sees_a_part;
}

static const char *const UNHEARD[] = {"hushed.", NULL};

void http_test_begin(HttpTest *test) {
  Error error = {0};
  time_virtual(&test->time, 1795264620 * SPAN_SECOND);
  assert_ok(db_open(&test->db, test->store, DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(test->db, &error), &error);
  DeskOptions desk = {.county_id = 1, .time = &test->time};
  assert_ok(desk_open(&test->desk, test->db, &desk, &error), &error);
  HttpOptions http = {.address = "127.0.0.1", .threads = 2, .store_address = test->store, .county_id = 1, .desk = test->desk, .time = &test->time,
                      .behind_tls = test->behind_tls, .connections = test->connections, .patience_ms = test->patience_ms, .backlog = test->backlog,
                      .role_names = HTTP_TEST_ROLES, .identify = identify, .sees_all = sees_all, .identify_self = test, .unheard = UNHEARD};
  assert_ok(http_open(&test->http, &http, &error), &error);
  desk_on_published(test->desk, http_published, test->http);
}

void http_test_start(HttpTest *test) {
  Error error = {0};
  assert_ok(desk_start(test->desk, &error), &error);
  assert_ok(http_start(test->http, &error), &error);
}

Db *http_test_reader(HttpTest *test) {
  Error error = {0};
  if (!test->reader) assert_ok(db_open(&test->reader, test->store, DB_READ, &error), &error);
  return test->reader;
}

static void remember(const HttpRoute *row) {
  for (size_t i = 0; i < answered_count; i++)
    if (answered[i] == row) return;
  assert_true(answered_count < ANSWERED_MAX);
  answered[answered_count++] = row;
}

static void forget_reply(HttpTest *test) {
  buffer_end(&test->reply.body);
  json_decref(test->json);
  test->reply = (ClientReply){0};
  test->json = NULL;
}

static bool spoil(DeskContext *context, void *command, Error *error) {
  (void)command;
  return error_raise(error, ERROR_INTERNAL, "%s", "made to fail") || desk_spoil(context);
}

bool http_test_spoil(HttpTest *test, int64_t nth) {
  Error error = {0};
  db_fail_at(nth);
  assert_false(desk_do(test->desk, spoil, NULL, TEXT("system"), &error));
  bool struck = !db_fails_next();
  db_fail_at(0);
  return struck;
}

static bool nothing(DeskContext *context, void *command, Error *error) { return (void)context, (void)command, (void)error, true; }

void http_test_heal(HttpTest *test) {
  Error error = {0};
  assert_ok(desk_do(test->desk, nothing, NULL, TEXT("system"), &error), &error);
}

void http_test_end(HttpTest *test) {
  forget_reply(test);
  client_close(&test->client);
  for (size_t i = 0; i < test->http->routes.count; i++)
    if (test->http->routes.at[i]->answered) remember(test->http->routes.at[i]->row);
  torture_want_company(); /* a loop ends by resuming what it suspended */
  http_stop(test->http);
  desk_stop(test->desk);
  http_close(test->http);
  desk_close(test->desk);
  db_close(test->reader);
  test->reader = NULL;
  db_close(test->db);
}

void http_test_close(HttpTest *test) {
  http_test_end(test);
  char path[128];
  for (int i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s%s", test->file, (const char *const[]){"", "-wal", "-shm"}[i]);
    unlink(path);
  }
  rmdir(test->folder);
}

void http_test_as(HttpTest *test, int64_t staff_id, uint32_t roles, int64_t org_id) {
  test->token[0] = '\0';
  if (staff_id) snprintf(test->token, sizeof test->token, "test.%lld.%u.%lld", (long long)staff_id, roles, (long long)org_id);
}

static Route *route_of(HttpTest *test, const char *method, const char *target) {
  Request twin = {0};
  Route *route = NULL;
  char allowed[128];
  Arena arena;
  arena_begin(&arena, 0);
  if (!target_parse(&twin.target, &arena, text_of(target), NULL) || !routes_match(&route, test->http, text_of(method), &twin, allowed, NULL)) route = NULL;
  arena_end(&arena);
  return route;
}

static void check_reply(HttpTest *test, const Route *route, bool headless, const char *what) {
  Error error = {0};
  Text body = buffer_as_text(&test->reply.body), type = client_header(&test->reply, "Content-Type");
  bool good = test->reply.status < 300;
  if (text_is(client_header(&test->reply, "X-Content-Type-Options"), "nosniff") == false) fail_msg("%s: strict headers are missing", what);
  if (body.len && text_find(type, TEXT("json")) >= 0) {
    json_error_t trouble;
    test->json = json_loadb(body.at, body.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &trouble);
    if (!test->json) fail_msg("%s: the reply is no JSON: %s: %.*s", what, trouble.text, TEXT_ARG(body));
  }
  bool page = route && route->problem;
  if (test->reply.status >= 400 && page && (!text_starts(type, TEXT("text/html")) || !body.len))
    fail_msg("%s: the refusal is no page: %.*s", what, TEXT_ARG(body));
  if (test->reply.status >= 400 && !page && !(text_is(type, "application/problem+json") && json_object_get(test->json, "code")))
    fail_msg("%s: the refusal is no problem+json: %.*s", what, TEXT_ARG(body));
  if (headless || test->reply.status == 204) return;
  if (good && route && route->reply) {
    if (!test->json) fail_msg("%s: a reply with a schema must be JSON", what);
    char text[ERROR_TEXT_MAX];
    if (!schema_check(route->reply, test->json, &error))
      fail_msg("%s: the reply does not fit its schema: %s\n%.*s", what, error_text(&error, LANGUAGE_EN, text, sizeof text), TEXT_ARG(body));
  } else if (good && route && test->json) {
    fail_msg("%s: a JSON reply without a schema", what);
  }
}

static void write_request(HttpTest *test, Buffer *out, const Route *route, const char *method, const char *target, const char *body) {
  buffer_format(out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", method, target, test->headers);
  if (test->token[0]) buffer_format(out, "Authorization: Bearer %s\r\n", test->token);
  if (route && (route->row->flags & HTTP_KEYED) && !strstr(test->headers, "Idempotency-Key"))
    buffer_format(out, "Idempotency-Key: test-%lld\r\n", (long long)++test->keys);
  if (body && !strstr(test->headers, "Content-Type")) buffer_string(out, "Content-Type: application/json\r\n");
  if (body) buffer_format(out, "Content-Length: %zu\r\n", strlen(body));
  buffer_string(out, "\r\n");
  if (body) buffer_string(out, body);
}

/* On a slow machine a test may work for longer than the server keeps a silent connection. */
static bool was_idle_too_long(const Client *client) {
  char next;
  return recv(client->socket, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static bool exchange(HttpTest *test, Text request, bool headless, Error *error) {
  if (test->client.socket >= 0 && was_idle_too_long(&test->client)) client_close(&test->client);
  if (test->client.socket < 0 && !client_open(&test->client, http_port(test->http), error)) return false;
  return client_send(&test->client, request, error) && client_reply(&test->reply, &test->client, headless, error);
}

static TortureAnswer answer_of(const HttpTest *test, bool page, bool came, int wanted) {
  if (!came) return TORTURE_NO_ANSWER;
  if (test->reply.status == 429 && wanted != 429) return TORTURE_TOO_OFTEN;
  if (test->reply.status >= 400 && !test->reply.body.len) return TORTURE_REFUSED; /* without a word, for want of memory */
  if (test->reply.status >= 400 && page && !text_starts(client_header(&test->reply, "Content-Type"), TEXT("text/html"))) return TORTURE_REFUSED; /* nor for its page */
  if (test->reply.status == wanted) return TORTURE_ANSWER;
  return test->reply.status >= 500 ? TORTURE_REFUSED : TORTURE_OTHER_ANSWER;
}

json_t *http_test_do(HttpTest *test, int status, const char *method, const char *target, const char *format, ...) {
  Error error = {0};
  Buffer out;
  char *body = NULL, what[512];
  bool headless = strcmp(method, "HEAD") == 0, came;
  torture_mine(true);
  va_list list;
  va_start(list, format);
  if (format) assert_true(vasprintf(&body, format, list) >= 0);
  va_end(list);
  Route *route = route_of(test, method, target);
  forget_reply(test);
  buffer_begin(&out, 0);
  write_request(test, &out, route, method, target, body);
  snprintf(what, sizeof what, "%s %s %.200s", method, target, body ? body : "");
  do {
    torture_request(what);
    forget_reply(test);
    came = exchange(test, buffer_as_text(&out), headless, &error);
    if (!came) client_close(&test->client);
  } while (torture_request_again(answer_of(test, route && route->problem, came, status), headless || strcmp(method, "GET") == 0));
  assert_ok(came, &error);
  if (test->reply.status != status)
    fail_msg("%s: status %d, not %d: %.*s", what, test->reply.status, status, TEXT_ARG(buffer_as_text(&test->reply.body)));
  check_reply(test, route, headless, what);
  if (text_is(client_header(&test->reply, "Connection"), "close")) client_close(&test->client);
  buffer_end(&out);
  free(body);
  torture_mine(false);
  return test->json;
}

Text http_test_header(const HttpTest *test, const char *name) { return client_header(&test->reply, name); }

int http_test_raw(HttpTest *test, Text bytes) {
  Error error = {0};
  Client client;
  ClientReply reply = {0};
  assert_ok(client_open(&client, http_port(test->http), &error), &error);
  assert_ok(client_send(&client, bytes, &error), &error);
  int status = client_reply(&reply, &client, false, &error) ? reply.status : 0;
  buffer_end(&reply.body);
  client_close(&client);
  return status;
}

void http_test_all_answered(const HttpRoute *routes) {
  for (const HttpRoute *row = routes; row->method; row++) {
    bool found = false;
    for (size_t i = 0; i < answered_count && !found; i++) found = answered[i] == row;
    if (!found) fail_msg("no test got a 2xx reply from %s %s", row->method, row->path);
  }
}

const json_t *http_test_at(const json_t *json, const char *path) {
  Text rest = text_of(path), part;
  const json_t *at = json;
  while (at && text_next(&rest, '.', &part)) {
    int64_t index;
    at = json_is_array(at) && text_to_i64(part, &index) ? json_array_get(at, (size_t)index) : json_object_getn(at, part.at, part.len);
  }
  if (!at) {
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    fail_msg("no '%s' in %s", path, text ? text : "nothing");
  }
  return at;
}

const char *http_test_text(const json_t *json, const char *path) {
  const json_t *at = http_test_at(json, path);
  if (!json_is_string(at)) fail_msg("'%s' is no text", path);
  return json_string_value(at);
}

int64_t http_test_i64(const json_t *json, const char *path) {
  const json_t *at = http_test_at(json, path);
  int64_t id = 0;
  if (json_is_integer(at)) return json_integer_value(at);
  if (!json_is_string(at) || !text_to_i64(text_of(json_string_value(at)), &id)) fail_msg("'%s' is no number", path);
  return id;
}
