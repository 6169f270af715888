/* Travel times against a little OSRM server in this process, which answers as each test tells it to. */
#include "crew/travel.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/testing.h"

enum { POINTS_MOST = 40 };
#define NOON ((Instant)1767240000 * SPAN_SECOND) /* 2026-01-01T12:00+08:00 */

/* --- the server ------------------------------------------------------------------------------------------------------ */

typedef enum Mood { MOOD_SOUND, MOOD_NULLS, MOOD_FAIL_ONCE, MOOD_FAIL, MOOD_REFUSE, MOOD_SLOW, MOOD_GARBAGE, MOOD_SHORT_TABLE, MOOD_NEGATIVE, MOOD_ENDLESS,
                    MOOD_CLOSE } Mood;

typedef struct Server {
  int socket;
  uint16_t port;
  pthread_t thread;
  _Atomic int mood, table_most, requests, largest;
  _Atomic bool stop;
} Server;

/* Seconds the server says: by place alone, so that a table can be checked, and never what the speeds would say. */
static double truth(double lon_a, double lat_a, double lon_b, double lat_b) {
  return round(fabs(lon_a - lon_b) * 1e5 + fabs(lat_a - lat_b) * 3e5 + (lon_a < lon_b ? 7 : 0)) / 10;
}

static void send_all(int client, const char *bytes, size_t len) {
  while (len) {
    ssize_t sent = send(client, bytes, len, MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes += sent, len -= (size_t)sent;
  }
}

static void reply(int client, int status, const Buffer *body) {
  char head[200];
  int len = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, body->len);
  send_all(client, head, (size_t)len);
  send_all(client, body->at, body->len);
}

static int read_list(const char *query, const char *name, int *out, int places) {
  const char *at = strstr(query, name);
  int count = 0;
  if (!at)
    for (int i = 0; i < places; i++) out[count++] = i;
  for (at = at ? at + strlen(name) : NULL; at && count < POINTS_MOST; at = *at == ';' ? at + 1 : NULL) out[count++] = (int)strtol(at, (char **)&at, 10);
  return count;
}

static void put_table(Buffer *out, Server *server, char *target) {
  double lon[2 * POINTS_MOST], lat[2 * POINTS_MOST];
  int places = 0, rows[2 * POINTS_MOST], columns[2 * POINTS_MOST];
  char *query = strchr(target, '?'), *at = target + strlen("/table/v1/driving/");
  for (*query++ = '\0'; places < 2 * POINTS_MOST; at++) {
    lon[places] = strtod(at, &at);
    lat[places++] = strtod(at + 1, &at);
    if (*at != ';') break;
  }
  int row_count = read_list(query, "sources=", rows, places), column_count = read_list(query, "destinations=", columns, places);
  if (row_count * column_count > server->largest) server->largest = row_count * column_count;
  if (row_count > server->table_most || column_count > server->table_most) {
    buffer_string(out, "{\"code\":\"TooBig\",\"message\":\"Too many table coordinates\"}");
    return;
  }
  buffer_string(out, "{\"code\":\"Ok\",\"durations\":[");
  for (int i = 0; i < row_count - (server->mood == MOOD_SHORT_TABLE); i++) {
    buffer_string(out, i ? ",[" : "[");
    for (int j = 0; j < column_count; j++) {
      int a = rows[i], b = columns[j];
      if (j) buffer_byte(out, ',');
      if (server->mood == MOOD_NULLS && a != b && (a + b) % 3 == 0) buffer_string(out, "null");
      else if (server->mood == MOOD_NEGATIVE && i == row_count - 1) buffer_string(out, "-4");
      else buffer_f64(out, truth(lon[a], lat[a], lon[b], lat[b]), 1);
    }
    buffer_byte(out, ']');
  }
  buffer_string(out, "]}");
}

static void serve_one(Server *server, int client) {
  char request[16384] = "", target[16384] = "";
  size_t got = 0;
  while (got < sizeof request - 1 && !strstr(request, "\r\n\r\n")) {
    ssize_t more = recv(client, request + got, sizeof request - 1 - got, 0);
    if (more <= 0) return;
    got += (size_t)more, request[got] = '\0';
  }
  sscanf(request, "GET %16383s", target);
  int nth = ++server->requests, mood = server->mood;
  Buffer body;
  buffer_begin(&body, 0);
  if (mood == MOOD_FAIL || (mood == MOOD_FAIL_ONCE && nth == 1)) {
    reply(client, 500, &body);
  } else if (mood == MOOD_REFUSE) {
    buffer_string(&body, "{\"code\":\"InvalidQuery\"}");
    reply(client, 400, &body);
  } else if (mood == MOOD_GARBAGE) {
    buffer_string(&body, "<html>it works</html>");
    reply(client, 200, &body);
  } else if (mood == MOOD_SLOW) {
    usleep(400000);
  } else if (mood == MOOD_ENDLESS) {
    for (int i = 0; i < 1 << 20; i++) buffer_string(&body, "[0,0,0,0]");
    reply(client, 200, &body);
  } else if (mood != MOOD_CLOSE) {
    put_table(&body, server, target);
    reply(client, text_find(buffer_as_text(&body), TEXT("TooBig")) >= 0 ? 400 : 200, &body);
  }
  buffer_end(&body);
}

static void *serve(void *self) {
  Server *server = self;
  for (;;) {
    int client = accept(server->socket, NULL, NULL);
    if (server->stop || client < 0) {
      if (client >= 0) close(client);
      return NULL;
    }
    serve_one(server, client);
    close(client);
  }
}

static void server_open(Server *server, Mood mood) {
  memset(server, 0, sizeof *server);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  server->mood = (int)mood;
  server->table_most = 100;
  server->socket = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(server->socket >= 0 && bind(server->socket, (struct sockaddr *)&address, sizeof address) == 0 && listen(server->socket, 16) == 0);
  assert_int_equal(getsockname(server->socket, (struct sockaddr *)&address, &length), 0);
  server->port = ntohs(address.sin_port);
  assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_close(Server *server) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  server->stop = true;
  int wake = socket(AF_INET, SOCK_STREAM, 0);
  (void)!connect(wake, (struct sockaddr *)&address, sizeof address);
  pthread_join(server->thread, NULL);
  close(wake), close(server->socket);
}

/* --- what is asked ---------------------------------------------------------------------------------------------------- */

typedef struct Case {
  Server server;
  Travel *travel;
  TravelSpeeds speeds;
  TravelPoint at[POINTS_MOST];
  double seconds[POINTS_MOST * POINTS_MOST];
  TravelAnswer answer;
} Case;

static void case_open(Case *c, Mood mood, TravelOptions options) {
  char address[64];
  Error error = {0};
  Random random;
  server_open(&c->server, mood);
  snprintf(address, sizeof address, "http://127.0.0.1:%u/", c->server.port);
  options.osrm = address;
  assert_ok(travel_open(&c->travel, &options, &error), &error);
  travel_speeds_begin(&c->speeds, 1.3, (double[]){30, 50}, 2);
  random_seed(&random, 5);
  for (int i = 0; i < POINTS_MOST; i++)
    c->at[i] = (TravelPoint){112 + (double)random_below(&random, 90000) / 1e5, 27 + (double)random_below(&random, 90000) / 1e5, i % 2};
}

static void case_ask(Case *c, int count, Instant now) {
  Error error = {0};
  memset(c->seconds, 0xff, sizeof c->seconds);
  assert_ok(travel_table(c->travel, &c->speeds, c->at, count, now, c->seconds, POINTS_MOST, &c->answer, &error), &error);
}

static void case_close(Case *c) {
  server_close(&c->server);
  travel_close(c->travel);
}

/* Every cell is the server's or the speeds'; so many are the server's. */
static int64_t by_server(const Case *c, int count) {
  int64_t served = 0;
  for (int i = 0; i < count; i++)
    for (int j = 0; j < count; j++) {
      double cell = c->seconds[i * POINTS_MOST + j];
      if (i == j) {
        assert_float_equal(cell, 0, 0);
        continue;
      }
      bool server = fabs(cell - truth(c->at[i].lon, c->at[i].lat, c->at[j].lon, c->at[j].lat)) < 1e-6;
      if (!server) assert_float_equal(cell, travel_seconds(&c->speeds, c->at[i], c->at[j], 12), 1e-9);
      served += server;
    }
  return served;
}

static void sound_and_chunked(void **state) {
  Case c;
  (void)state;
  case_open(&c, MOOD_SOUND, (TravelOptions){.table_most = 7});
  case_ask(&c, 40, NOON);
  assert_int_equal(by_server(&c, 40), 40 * 39);
  assert_int_equal(c.answer.asked, 40 * 39);
  assert_int_equal(c.answer.requests, 36); /* 6 × 6 pieces */
  assert_int_equal(c.server.largest, 49);
  assert_false(c.answer.degraded);
  assert_string_equal(c.answer.why, "");
  case_ask(&c, 40, NOON + SPAN_MINUTE); /* kept */
  assert_int_equal(by_server(&c, 40), 40 * 39);
  assert_int_equal(c.answer.requests, 0);
  assert_int_equal(c.answer.kept, 40 * 39);
  case_ask(&c, 1, NOON);
  case_ask(&c, 0, NOON);
  assert_int_equal(c.answer.requests, 0);
  case_close(&c);
}

static void too_big_is_asked_smaller(void **state) {
  Case c;
  (void)state;
  case_open(&c, MOOD_SOUND, (TravelOptions){0});
  c.server.table_most = 9; /* 100 → 50 → … → 6 */
  case_ask(&c, 40, NOON);
  assert_int_equal(by_server(&c, 40), 40 * 39);
  assert_false(c.answer.degraded);
  case_ask(&c, 40, NOON + 2 * SPAN_HOUR); /* forgotten by now, and the size is remembered */
  assert_int_equal(c.answer.requests, 49);
  c.server.table_most = 1; /* not even two */
  case_ask(&c, 40, NOON + 4 * SPAN_HOUR);
  assert_true(c.answer.degraded);
  assert_string_equal(c.answer.why, "the server takes no table of two places");
  case_close(&c);
}

static void nulls_are_filled(void **state) {
  Case c;
  (void)state;
  case_open(&c, MOOD_NULLS, (TravelOptions){0});
  case_ask(&c, 12, NOON);
  assert_int_equal(c.answer.filled, 44); /* of 132 pairs those with (a + b) % 3 == 0 */
  assert_int_equal(by_server(&c, 12), 132 - 44);
  assert_int_equal(c.answer.asked, 132 - 44);
  assert_true(c.answer.degraded);
  assert_string_equal(c.answer.why, "the server knows no way between some places");
  case_close(&c);
}

static void a_failure_is_tried_again(void **state) {
  Case c;
  (void)state;
  case_open(&c, MOOD_FAIL_ONCE, (TravelOptions){0});
  case_ask(&c, 10, NOON);
  assert_int_equal(by_server(&c, 10), 90);
  assert_int_equal(c.answer.requests, 2);
  assert_int_equal(c.answer.retries, 1);
  assert_false(c.answer.degraded);
  case_close(&c);
}

/* Whatever a server does, there is a table, it is the speeds', and the answer says what was wrong. */
static void bad_servers(void **state) {
  static const struct {
    Mood mood;
    int requests;
    const char *why;
  } CASES[] = {
      {MOOD_FAIL, 3, "the server failed with status 500"},     {MOOD_REFUSE, 1, "the server refused with status 400 (InvalidQuery)"},
      {MOOD_GARBAGE, 1, "the server's answer is not readable"}, {MOOD_SHORT_TABLE, 1, "the server's table is not one"},
      {MOOD_ENDLESS, 1, "the server's answer is too long"},     {MOOD_CLOSE, 3, "Server returned nothing (no headers, no data)"},
      {MOOD_SLOW, 3, "Timeout was reached"},
  };
  Case c;
  (void)state;
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    case_open(&c, CASES[i].mood, (TravelOptions){.timeout_s = CASES[i].mood == MOOD_SLOW ? 0.1 : 5});
    case_ask(&c, 10, NOON);
    assert_string_equal(c.answer.why, CASES[i].why);
    assert_int_equal(by_server(&c, 10), 0);
    assert_int_equal(c.answer.requests, CASES[i].requests);
    assert_int_equal(c.answer.filled, 90);
    assert_true(c.answer.degraded);
    case_ask(&c, 10, NOON + SPAN_SECOND); /* not asked again at once */
    assert_int_equal(c.answer.requests, 0);
    assert_true(c.answer.degraded);
    c.server.mood = MOOD_SOUND;
    case_ask(&c, 10, NOON + SPAN_MINUTE);
    assert_int_equal(by_server(&c, 10), 90);
    case_close(&c);
  }
}

/* A table that is wrong in its last row: what stood before it was sound and may stay, nothing negative gets in. */
static void negative_cells(void **state) {
  Case c;
  (void)state;
  case_open(&c, MOOD_NEGATIVE, (TravelOptions){0});
  case_ask(&c, 10, NOON);
  assert_true(c.answer.degraded);
  assert_true(by_server(&c, 10) <= 81);
  case_close(&c);
}

static void patience_ends(void **state) {
  Case c;
  (void)state;
  case_open(&c, MOOD_SLOW, (TravelOptions){.timeout_s = 0.15, .patience_s = 0.2, .tries = 1000});
  int64_t from = time_monotonic_us();
  case_ask(&c, 10, NOON);
  assert_true(c.answer.requests <= 3);
  assert_true(time_monotonic_us() - from < 5000000);
  case_close(&c);
}

static void nobody_there(void **state) {
  Case c;
  (void)state;
  case_open(&c, MOOD_SOUND, (TravelOptions){.tries = 2});
  server_close(&c.server);
  case_ask(&c, 5, NOON);
  assert_int_equal(c.answer.filled, 20);
  assert_true(c.answer.degraded);
  assert_true(strlen(c.answer.why) > 0);
  travel_close(c.travel);
}

/* Kept times are bounded, grow old, and what is kept is what was said. */
static void what_is_kept(void **state) {
  Case c;
  (void)state;
  case_open(&c, MOOD_SOUND, (TravelOptions){.keep_most = 100, .keep_s = 60});
  for (int round = 0; round < 4; round++) {
    case_ask(&c, 30, NOON);
    assert_int_equal(by_server(&c, 30), 870);
    assert_true(c.answer.kept <= 100);
  }
  case_ask(&c, 5, NOON);
  case_ask(&c, 5, NOON + 59 * SPAN_SECOND);
  assert_int_equal(c.answer.kept, 20);
  case_ask(&c, 5, NOON + 61 * SPAN_SECOND);
  assert_int_equal(c.answer.kept, 0);
  assert_int_equal(by_server(&c, 5), 20);
  case_close(&c);
}

static void bad_options(void **state) {
  static const TravelOptions BAD[] = {{.osrm = "ftp://x"}, {.osrm = "127.0.0.1:5000"}, {.osrm = "http://a b"}, {.osrm = "http://a?x=1"},
                                      {.osrm = "http://a", .profile = ""}, {.osrm = "http://a", .profile = "../x"}};
  Travel *travel;
  TravelSpeeds speeds;
  double cell[4];
  Error error;
  (void)state;
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
    error = (Error){0};
    assert_false(travel_open(&travel, &BAD[i], &error));
    assert_int_equal(error.code, ERROR_FIELD_INVALID);
    assert_null(travel);
  }
  error = (Error){0};
  assert_ok(travel_open(&travel, &(TravelOptions){0}, &error), &error); /* no server: speeds only */
  travel_speeds_begin(&speeds, 1.3, (double[]){36}, 1);
  TravelAnswer answer;
  TravelPoint two[] = {{112, 27, 0}, {112.1, 27, 0}};
  assert_ok(travel_table(travel, &speeds, two, 2, NOON, cell, 2, &answer, &error), &error);
  assert_false(answer.degraded);
  assert_float_equal(cell[1], 1.3 * 9907 / 10, 5);
  for (int i = 0; i < 3; i++) {
    two[1] = i == 0 ? (TravelPoint){NAN, 27, 0} : i == 1 ? (TravelPoint){112, 91, 0} : (TravelPoint){112, 27, 1};
    error = (Error){0};
    assert_false(travel_table(travel, &speeds, two, 2, NOON, cell, 2, &answer, &error));
    assert_int_equal(error.code, ERROR_FIELD_INVALID);
  }
  travel_close(travel);
}

/* --- learning --------------------------------------------------------------------------------------------------------- */

typedef struct Drives {
  TravelDrive *at;
  size_t count;
} Drives;

static void drive(Drives *drives, Random *random, int zone, int hour, double kmh, double noise) {
  double lon = 112 + random_unit(random) / 5, lat = 27 + random_unit(random) / 5;
  TravelPoint a = {lon, lat, zone}, b = {lon + 0.05 + random_unit(random) / 10, lat + random_unit(random) / 20, zone};
  TravelSpeeds speeds;
  double flat[2] = {kmh, kmh};
  travel_speeds_begin(&speeds, 1.3, flat, 2);
  Instant from = NOON + (hour - 12) * SPAN_HOUR;
  double seconds = travel_seconds(&speeds, a, b, 0) * exp(noise * random_normal(random));
  drives->at[drives->count++] = (TravelDrive){a, b, from, from + (Span)(seconds * 1e6)};
}

static void learns_speeds(void **state) {
  Drives drives = {memory_new(sizeof(TravelDrive) * 3000), 0};
  TravelSpeeds base, out;
  TravelLearned learned;
  Error error = {0};
  Random random;
  (void)state;
  random_seed(&random, 3);
  travel_speeds_begin(&base, 1.3, (double[]){30, 50}, 2);
  assert_ok(travel_learn(&out, &base, NULL, 0, &learned, &error), &error);
  assert_memory_equal(&out, &base, sizeof out);
  for (int i = 0; i < 900; i++) drive(&drives, &random, 0, 10 + i % 4, 20, 0.25); /* slower than thought */
  for (int i = 0; i < 200; i++) drive(&drives, &random, 0, 18, 12, 0.25);         /* and worst at six */
  for (int i = 0; i < 150; i++) drive(&drives, &random, 0, 10 + i % 4, 90, 0.05); /* one in seven is nonsense */
  drive(&drives, &random, 1, 9, 4, 0.01);                                         /* one odd drive in the country */
  size_t sound = drives.count;
  for (int i = 0; i < 20; i++) drive(&drives, &random, 1, 9, 1.5, 0), drive(&drives, &random, 1, 9, 500, 0);
  drives.at[drives.count++] = (TravelDrive){{112, 27, 0}, {112.0001, 27, 0}, NOON, NOON + SPAN_HOUR};  /* stayed where it was */
  drives.at[drives.count++] = (TravelDrive){{112, 27, 7}, {112.1, 27, 0}, NOON, NOON + SPAN_HOUR};     /* no such zone */
  drives.at[drives.count++] = (TravelDrive){{NAN, 27, 0}, {112.1, 27, 0}, NOON, NOON + SPAN_HOUR};
  drives.at[drives.count++] = (TravelDrive){{112, 27, 0}, {112.1, 27, 0}, NOON, NOON - SPAN_HOUR};
  drives.at[drives.count++] = (TravelDrive){{112, 27, 0}, {112.1, 27, 0}, NOON, INSTANT_NONE};
  assert_ok(travel_learn(&out, &base, drives.at, drives.count, &learned, &error), &error);
  assert_int_equal(learned.used, sound);
  assert_int_equal(learned.ignored, drives.count - sound);
  for (int h = 10; h < 14; h++) assert_float_equal(out.kmh[0][h], 20, 2);
  assert_float_equal(out.kmh[0][18], 12, 1.2);
  assert_float_equal(out.kmh[0][3], 20, 3); /* nobody drove then: as the zone at large */
  assert_true(out.kmh[1][9] > 30);          /* one drive at 4 km/h is not believed */
  assert_int_equal(out.drives[0][18], 200);
  assert_int_equal(out.drives[1][3], 0);
  /* the order of the drives does not matter */
  for (size_t i = 0; i < drives.count / 2; i++) {
    TravelDrive swapped = drives.at[i];
    drives.at[i] = drives.at[drives.count - 1 - i], drives.at[drives.count - 1 - i] = swapped;
  }
  TravelSpeeds again = base;
  assert_ok(travel_learn(&again, &again, drives.at, drives.count, &learned, &error), &error);
  for (int z = 0; z < 2; z++)
    for (int h = 0; h < TRAVEL_HOURS; h++) assert_float_equal(again.kmh[z][h], out.kmh[z][h], 1e-6);
  memory_fail_at(1);
  assert_false(travel_learn(&again, &base, drives.at, drives.count, &learned, &error));
  assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
  memory_free(drives.at);
}

/* A drive between two zones speaks for both, half each. */
static void two_zones(void **state) {
  TravelSpeeds base, out;
  TravelDrive drives[200];
  Error error = {0};
  (void)state;
  travel_speeds_begin(&base, 1.3, (double[]){30, 50}, 2);
  for (int i = 0; i < 200; i++) {
    TravelPoint a = {112, 27, 0}, b = {112.1, 27, 1};
    drives[i] = (TravelDrive){a, b, NOON, NOON + (Span)(travel_seconds(&base, a, b, 12) * 2 * 1e6)};
  }
  assert_ok(travel_learn(&out, &base, drives, 200, NULL, &error), &error);
  assert_float_equal(out.kmh[0][12], 15, 1);
  assert_float_equal(out.kmh[1][12], 25, 1.7);
  assert_int_equal(travel_hour(NOON), 12);
}

TEST_MAIN(TEST(sound_and_chunked), TEST(too_big_is_asked_smaller), TEST(nulls_are_filled), TEST(a_failure_is_tried_again), TEST(bad_servers), TEST(negative_cells),
          TEST(patience_ends), TEST(nobody_there), TEST(what_is_kept), TEST(bad_options), TEST(learns_speeds), TEST(two_zones))
