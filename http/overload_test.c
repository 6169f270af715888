/* More than the server takes: who is refused first, and how; clients that are late, or too many. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/http_internal.h"
#include "http/testing.h"
#include "http/thing_room.h"

enum { SLOW_MOST = 2000, ROOM = 200 };
static Things things;

static void start(HttpTest *test, size_t connections, int patience_ms) {
  Error error = {0};
  http_test_open_with(test, &(HttpTest){.connections = connections, .patience_ms = patience_ms});
  things = (Things){.desk = test->desk};
  assert_ok(things_make_table(test->db, &error), &error);
  assert_ok(http_add_component(test->http, "Thing", THING_SCHEMA, &error), &error);
  assert_ok(http_add_routes(test->http, THING_ROUTES, &things, &error), &error);
  http_test_start(test);
  http_test_as(test, 7, THING_ROLE_AGENT | THING_ROLE_DISPATCHER, 1);
}

/* --- a pressed desk --- */

static sem_t reached, may_go_on;

static bool work_stuck(DeskContext *context, void *command, Error *error) {
  (void)context, (void)command, (void)error;
  sem_post(&reached);
  while (sem_wait(&may_go_on) != 0) continue;
  return true;
}

static bool work_nothing(DeskContext *context, void *command, Error *error) {
  (void)context, (void)command, (void)error;
  return true;
}

static size_t fill_to(HttpTest *test, DeskJob *jobs, size_t from, size_t to, bool first) {
  Error error = {0};
  for (size_t i = from; i < to; i++) {
    jobs[i] = (DeskJob){.work = work_nothing, .actor = TEXT("system"), .first = first};
    assert_ok(desk_submit(test->desk, &jobs[i], &error), &error);
  }
  return to;
}

static void refused(HttpTest *test, const char *method, const char *target, const char *body) {
  json_t *problem = body ? http_test_do(test, 503, method, target, "%s", body) : http_test_do(test, 503, method, target, NULL);
  assert_int_equal(http_test_i64(problem, "status"), 503);
  assert_true(text_is(http_test_header(test, "Retry-After"), "1"));
}

static void reports_first_then_writes_fault_calls_last(void **state) {
  (void)state;
  static DeskJob jobs[LIMIT_DESK_QUEUE];
  HttpTest test;
  Error error = {0};
  DeskJob stuck = {.work = work_stuck, .actor = TEXT("system")};
  start(&test, 0, 0);
  sem_init(&reached, 0, 0);
  sem_init(&may_go_on, 0, 0);
  assert_ok(desk_submit(test.desk, &stuck, &error), &error);
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 20;
  assert_int_equal(sem_timedwait(&reached, &until), 0);
  size_t waiting = fill_to(&test, jobs, 0, LIMIT_DESK_QUEUE / 4 + 1, false);
  refused(&test, "GET", "/api/v1/slow", NULL);
  http_test_do(&test, 200, "GET", "/api/v1/things/mine", NULL); /* what is quickly read is read */
  waiting = fill_to(&test, jobs, waiting, LIMIT_DESK_QUEUE / 4 * 3, false);
  refused(&test, "PATCH", "/api/v1/things/1", "{\"name\":\"b\"}");
  waiting = fill_to(&test, jobs, waiting, LIMIT_DESK_QUEUE, true); /* fault calls are taken still */
  refused(&test, "POST", "/api/v1/things", "{\"name\":\"a\"}");
  http_test_do(&test, 200, "GET", "/api/v1/things/mine", NULL);
  sem_post(&may_go_on);
  while (desk_figures(test.desk).waiting > 0) usleep(1000);
  http_test_do(&test, 201, "POST", "/api/v1/things", "{\"name\":\"a\"}"); /* by itself */
  http_test_do(&test, 200, "GET", "/api/v1/slow", NULL);
  http_test_close(&test);
}

/* --- slow clients --- */

static bool is_closed(int end) {
  char byte;
  return recv(end, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Room is made by closing who is idle. Whose bytes lie there unread is not: the server is late, not he. */
static void who_has_asked_already_is_not_closed_to_make_room(void **state) {
  (void)state;
  enum { COUNT = 6 };
  Peers peers;
  Peer *peer[COUNT];
  int ends[COUNT][2];
  peers_begin(&peers, COUNT - 2, 1000000);
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends[i]), 0);
    if (i % 2 == 0) assert_int_equal(send(ends[i][1], "GET", 3, 0), 3);
    peer[i] = peer_begin(&peers, ends[i][0]);
    assert_non_null(peer[i]);
    if (i < 2) { /* had an answer, and are kept open */
      peer_owes(peer[i], PEER_TAKING, 0);
      peer_owes(peer[i], PEER_HEAD, 0);
    }
    assert_int_equal(is_closed(ends[3][1]), i >= 4); /* room for the fifth: never asked anything */
    assert_int_equal(is_closed(ends[1][1]), i >= 5); /* for the sixth: kept open, and silent */
  }
  assert_false(is_closed(ends[0][1]) || is_closed(ends[2][1]) || is_closed(ends[4][1]) || is_closed(ends[5][1]));
  for (int i = 0; i < COUNT; i++) {
    peer_end(peer[i]);
    close(ends[i][0]);
    close(ends[i][1]);
  }
}

static int connect_to(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(s >= 0);
  assert_int_equal(connect(s, (struct sockaddr *)&address, sizeof address), 0);
  return s;
}

/* Connections that say nothing, or half of a head: more than there is room for. */
static void many_slow_ones_make_room_for_who_asks(void **state) {
  (void)state;
  HttpTest test;
  static int slow[SLOW_MOST];
  struct rlimit files;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max < 6000 ? files.rlim_max : 6000;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
  int count = files.rlim_cur >= SLOW_MOST + 1000 ? SLOW_MOST : 500, closed = 0;
  start(&test, ROOM, 600000);
  for (int i = 0; i < count; i++) {
    slow[i] = connect_to(http_port(test.http));
    if (i % 2) assert_int_equal(send(slow[i], "GET /api/v1/open HTTP/1.1\r\nHo", 29, MSG_NOSIGNAL), 29);
    if (i % 200 == 199) http_test_do(&test, 200, "GET", "/api/v1/things/mine", NULL); /* kept open, and answered all along */
  }
  for (int fresh = 0; fresh < 5; fresh++) assert_int_equal(http_test_raw(&test, TEXT("GET /api/v1/open HTTP/1.1\r\nHost: x\r\n\r\n")), 200);
  /* what there is no room for is closed; each loop has room for its share, and takes in some before it sees that others are gone */
  for (int tries = 0; tries < 20000 && closed < count - ROOM - 200; tries++) {
    closed = 0;
    for (int i = 0; i < count; i++) {
      char byte;
      ssize_t got = recv(slow[i], &byte, 1, MSG_DONTWAIT);
      closed += got == 0 || (got < 0 && errno == ECONNRESET);
    }
    if (closed < count - ROOM - 200) usleep(1000);
  }
  assert_true(closed >= count - ROOM - 200);
  for (int i = 0; i < count; i++) close(slow[i]);
  http_test_close(&test);
}

static void whoever_is_late_is_closed(void **state) {
  (void)state;
  static const char *const PARTS[] = {
      "", "G", "GET /api/v1/open HTTP/1.1\r\nHost: x\r\nX: ", /* a head */
      "POST /api/v1/open HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"na", /* a body */
      "POST /api/v1/open HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"na\r\n"};
  enum { COUNT = sizeof PARTS / sizeof *PARTS };
  HttpTest test;
  int s[COUNT], open = COUNT;
  start(&test, 0, 1500);
  for (size_t i = 0; i < COUNT; i++) {
    size_t len = strlen(PARTS[i]);
    s[i] = connect_to(http_port(test.http));
    if (len) assert_int_equal(send(s[i], PARTS[i], len, MSG_NOSIGNAL), (ssize_t)len);
  }
  for (int tries = 0; tries < 3000 && open > 0; tries++) {
    usleep(20000);
    for (size_t i = 0; i < COUNT; i++) {
      char byte;
      if (s[i] < 0) continue;
      if (i == 2) (void)!send(s[i], "a", 1, MSG_NOSIGNAL); /* a byte now and then does not help */
      ssize_t got = recv(s[i], &byte, 1, MSG_DONTWAIT);
      if (got > 0 || (got < 0 && errno == EAGAIN)) continue;
      close(s[i]);
      s[i] = -1;
      open--;
    }
  }
  assert_int_equal(open, 0);
  http_test_do(&test, 200, "GET", "/api/v1/slow", NULL);
  http_test_close(&test);
}

/* A large reply that nobody takes is not kept for ever. */
static void a_reply_nobody_takes_is_dropped(void **state) {
  (void)state;
  static const char ASK[] = "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
  HttpTest test;
  start(&test, 0, 1500);
  int s = connect_to(http_port(test.http)), few = 1024;
  bool open = true;
  setsockopt(s, SOL_SOCKET, SO_RCVBUF, &few, sizeof few);
  for (int tries = 0; tries < 20000 && open; tries++) { /* asked again and again: the system's buffers fill */
    ssize_t put = send(s, ASK, sizeof ASK - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    open = put >= 0 || errno == EAGAIN;
    if (open) usleep(1000);
  }
  assert_false(open);
  close(s);
  http_test_do(&test, 200, "GET", "/api/v1/things/mine", NULL);
  http_test_close(&test);
}

TEST_MAIN(TEST(reports_first_then_writes_fault_calls_last), TEST(who_has_asked_already_is_not_closed_to_make_room), TEST(many_slow_ones_make_room_for_who_asks), TEST(whoever_is_late_is_closed),
          TEST(a_reply_nobody_takes_is_dropped))
