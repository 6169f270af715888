/* Travel times against a little OSRM server in this process, which answers as each test tells it to. */
#include "crew/travel.h"

#include <math.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/testing.h"
#include "crew/fake_osrm.h"

enum { POINTS_MOST = FAKE_OSRM_POINTS };
#define NOON ((Instant)1767240000 * SPAN_SECOND) /* 2026-01-01T12:00+08:00 */

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
  fake_osrm_open(&c->server, mood);
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
  fake_osrm_close(&c->server);
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
      bool server = fabs(cell - fake_osrm_truth(c->at[i].lon, c->at[i].lat, c->at[j].lon, c->at[j].lat)) < 1e-6;
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
  fake_osrm_close(&c.server);
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
