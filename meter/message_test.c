#include "meter/message.h"

#include "base/random.h"
#include "base/testing.h"

static ReadingMessage *read_ok(MessageForm form, Text bytes, ReadingProblems *problems, Arena *arena) {
  ReadingMessage *message;
  Error error = {0};
  *problems = (ReadingProblems){0};
  assert_ok(message_read(&message, problems, form, bytes, arena, &error), &error);
  return message;
}

static Instant at(const char *text) {
  Instant out;
  assert_true(instant_from_text(text_of(text), &out));
  return out;
}

static const char CSV[] =
    "meter,time,voltage_a,current_a,power,energy\n"
    "M2,2026-11-21 18:15,220.3,0.512,101.2,1234.56\n"
    "M1,2026-11-21T18:00:00+08:00,219.95,,,\n"
    "M2,2026-11-21 18:30,220.1,0.498,99.7,1234.58\n"
    "M3,2026-11-21 18:07:30,220,,,\n"
    "M4,2026-11-21 18:15,220300,,,\n"
    "M5,2026-11-21 18:15,abc,,,\n"
    "M6,2026-11-21 18:15,,,,\n"
    ",2026-11-21 18:15,220,,,\n"
    "M7,yesterday,220,,,\n"
    "M8,2026-11-21 18:15,220\n"
    "M1,2026-11-22 00:00,230,,,\n";

static void test_csv_is_gathered_and_bad_lines_told(void **state) {
  static const struct {
    int64_t line;
    AsideReason reason;
  } WRONG[] = {{5, ASIDE_TIME}, {6, ASIDE_UNIT}, {7, ASIDE_FORM}, {8, ASIDE_FORM}, {9, ASIDE_FORM}, {10, ASIDE_TIME}, {11, ASIDE_FORM}};
  ReadingProblems problems;
  Arena arena;
  (void)state;
  arena_begin(&arena, 0);
  ReadingMessage *m = read_ok(MESSAGE_CSV, text_of(CSV), &problems, &arena);
  assert_non_null(m);
  assert_int_equal(m->meters, 2);
  assert_int_equal(m->step_min, 15);
  assert_int_equal(m->moments, 3);
  assert_true(m->first == at("2026-11-21T18:00:00+08:00"));
  assert_true(text_is(m->meter[0], "M1") && text_is(m->meter[1], "M2"));
  assert_int_equal(m->value[METER_VOLTAGE_A][0], 2200); /* 219.95 rounded to what a meter can say */
  assert_int_equal(m->value[METER_VOLTAGE_A][1], METER_NONE);
  assert_int_equal(m->value[METER_VOLTAGE_A][4], 2203);
  assert_int_equal(m->value[METER_CURRENT_A][5], 498);
  assert_int_equal(m->value[METER_POWER][4], 1012);
  assert_int_equal(m->value[METER_ENERGY][5], 123458);
  assert_non_null(m->next);
  assert_int_equal(m->next->moments, 1);
  assert_null(m->next->next);
  assert_int_equal(problems.count, sizeof WRONG / sizeof *WRONG);
  for (size_t i = 0; i < problems.listed; i++) {
    assert_int_equal(problems.at[i].line, WRONG[i].line);
    assert_int_equal(problems.at[i].reason, WRONG[i].reason);
  }
  arena_end(&arena);
}

/* Where memory is short, a message is refused as a whole: no row of it is taken for a bad one, or left out. */
static void test_short_of_memory_no_row_is_lost(void **state) {
  static char LONG[9000];
  const Text TEXTS[] = {text_of(CSV), {LONG, 0}, TEXT("meter,kind,at\nM1,last_gasp,2026-11-21T18:00:00+08:00\nM2,what,2026-11-21T18:00:00+08:00\nM3,last_gasp,2026-11-21T18:00:00+08:00\n")};
  size_t len = (size_t)snprintf(LONG, sizeof LONG, "meter,time,area,voltage_a\n");
  for (int i = 0; i < 20; i++) len += (size_t)snprintf(LONG + len, sizeof LONG - len, "M%d,2026-11-21 18:00,%0*d,220\n", i, i % 4 ? 300 : 30, 1);
  (void)state;
  for (size_t t = 0; t < sizeof TEXTS / sizeof *TEXTS; t++) {
    Text bytes = t == 1 ? (Text){LONG, len} : TEXTS[t];
    size_t meters = 0, problems_count = 0;
    bool struck = true;
    for (int64_t nth = 0; struck && nth < 2000; nth++) { /* 0: without */
      ReadingProblems problems = {0};
      ReadingMessage *m = NULL;
      PowerMessage events = {0};
      Arena arena;
      Error error = {0};
      arena_begin(&arena, 0);
      memory_fail_at(nth);
      bool ok = t == 2 ? power_read(&events, &problems, MESSAGE_CSV, bytes, &arena, &error) : message_read(&m, &problems, MESSAGE_CSV, bytes, &arena, &error);
      struck = !nth || !memory_fails_next();
      memory_fail_at(0);
      size_t found = events.count;
      for (; m; m = m->next) found += m->meters;
      if (!nth) meters = found, problems_count = problems.count;
      assert_true(nth || ok);
      if (!ok) assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
      else if (found != meters || problems.count != problems_count) fail_msg("%zu, %lld: %zu of %zu", t, (long long)nth, found, meters);
      arena_end(&arena);
    }
    assert_false(struck);
  }
}

static void test_json_takes_moments_and_tells_bad_meters(void **state) {
  static const char JSON[] =
      "{\"area\":\"T1\",\"time\":\"2026-11-21T18:00:00+08:00\",\"step_min\":15,\"meters\":["
      "{\"meter\":\"M1\",\"voltage_a\":[220.3,null,219.8],\"energy\":[1.25,1.26,1.27]},"
      "{\"meter\":\"M2\",\"voltage_a\":[220.3,1]},"
      "{\"meter\":\"M3\",\"voltage_a\":[99999,1,1]},"
      "{\"meter\":\"M4\",\"volts\":220},"
      "{\"voltage_a\":[1,2,3]}]}";
  static const AsideReason WRONG[] = {ASIDE_FORM, ASIDE_UNIT, ASIDE_FORM, ASIDE_FORM};
  ReadingProblems problems;
  Arena arena;
  (void)state;
  arena_begin(&arena, 0);
  ReadingMessage *m = read_ok(MESSAGE_JSON, text_of(JSON), &problems, &arena);
  assert_int_equal(m->moments, 3);
  assert_int_equal(m->value[METER_VOLTAGE_A][2], 2198);
  assert_int_equal(m->value[METER_VOLTAGE_A][1], METER_NONE);
  assert_int_equal(m->value[METER_ENERGY][2], 127);
  assert_int_equal(problems.count, 4);
  for (size_t i = 0; i < 4; i++) assert_int_equal(problems.at[i].reason, WRONG[i]);
  for (uint32_t i = 1; i < 4; i++) assert_int_equal(m->meter[i].len, 0);
  arena_end(&arena);
}

static ReadingMessage any_message(Random *random, Arena *arena) {
  static const int STEPS[] = {1, 5, 15, 30, 60, 1440};
  ReadingMessage m = {.clock = random_below(random, 2) ? INSTANT_NONE : at("2026-11-21T18:01:00+08:00"),
                      .step_min = STEPS[random_below(random, 6)]};
  int slots = METER_DAY_MINUTES / m.step_min, from = (int)random_below(random, (uint32_t)slots);
  m.moments = 1 + (int)random_below(random, (uint32_t)(slots - from < 100 ? slots - from : 100));
  m.first = at("2026-11-21T00:00:00+08:00") + from * m.step_min * SPAN_MINUTE;
  m.meters = 1 + random_below(random, 30);
  m.channels = random_below(random, METER_CHANNELS_ALL + 1);
  m.area = TEXT("T12");
  m.meter = ARENA_ARRAY(arena, Text, m.meters);
  for (uint32_t i = 0; i < m.meters; i++)
    m.meter[i] = text_slice(TEXT("201499999999900012345"), random_below(random, 9), 12 + random_below(random, 9));
  for (int c = 0; c < METER_CHANNELS; c++) {
    int64_t reach = (int64_t[]){3, 200, 60000, METER_VALUE_MAX}[random_below(random, 4)];
    if (!(m.channels >> c & 1)) continue;
    m.value[c] = ARENA_ARRAY(arena, int32_t, m.meters * (uint32_t)m.moments);
    for (uint32_t i = 0; i < m.meters * (uint32_t)m.moments; i++)
      m.value[c][i] = random_below(random, 9) == 0 ? METER_NONE : (int32_t)random_between(random, 0, reach);
  }
  return m;
}

static void test_binary_comes_back(void **state) {
  Random random;
  (void)state;
  random_seed(&random, 3);
  for (int round = 0; round < torture_rounds(400); round++) {
    Arena arena;
    ReadingProblems problems;
    Buffer bytes;
    arena_begin(&arena, 0);
    buffer_begin(&bytes, 0);
    ReadingMessage m = any_message(&random, &arena);
    message_write(&bytes, &m);
    ReadingMessage *back = read_ok(MESSAGE_BINARY, buffer_as_text(&bytes), &problems, &arena);
    assert_int_equal(problems.count, 0);
    assert_true(back->first == m.first && back->clock == m.clock && back->step_min == m.step_min && back->moments == m.moments &&
                back->meters == m.meters);
    assert_int_equal(back->channels, m.channels);
    assert_true(text_equal(back->area, m.area));
    for (uint32_t i = 0; i < m.meters; i++) assert_true(text_equal(back->meter[i], m.meter[i]));
    for (int c = 0; c < METER_CHANNELS; c++)
      if (m.value[c]) assert_memory_equal(m.value[c], back->value[c], m.meters * (uint32_t)m.moments * sizeof(int32_t));
    bytes.at[random_below(&random, (uint32_t)bytes.len - 4) + 4] ^= 1; /* one bit, past the magic */
    back = read_ok(MESSAGE_BINARY, buffer_as_text(&bytes), &problems, &arena);
    assert_null(back);
    assert_int_equal(problems.at[0].reason, ASIDE_CHECKSUM);
    buffer_end(&bytes);
    arena_end(&arena);
  }
}

static void test_columns_leave_out_what_is_not_kept(void **state) {
  Arena arena;
  Buffer bytes;
  Error error = {0};
  int32_t volts[6] = {2200, 2201, METER_NONE, 2203, 70000, 2205};
  (void)state;
  arena_begin(&arena, 0);
  buffer_begin(&bytes, 0);
  ReadingMessage m = {.meters = 3, .moments = 2, .channels = 1, .value = {volts}}, back = {.meters = 2, .moments = 2};
  columns_write(&bytes, &m, (bool[]){true, false, true});
  assert_ok(columns_read(&back, buffer_as_text(&bytes), &arena, &error), &error);
  assert_memory_equal(back.value[0], ((int32_t[]){2200, 2201, 70000, 2205}), 4 * sizeof(int32_t));
  back.meters = 3;
  assert_false(columns_read(&back, buffer_as_text(&bytes), &arena, &error));
  buffer_end(&bytes);
  arena_end(&arena);
}

static void test_what_cannot_be_read_at_all(void **state) {
  static const struct {
    MessageForm form;
    const char *bytes;
    ErrorCode code;
  } CASES[] = {
      {MESSAGE_CSV, "meter,voltage_a\nM1,220\n", ERROR_CSV_HEADER_MISSING},
      {MESSAGE_CSV, "meter,time,voltage_mv\nM1,x,220\n", ERROR_CSV_HEADER_UNKNOWN},
      {MESSAGE_JSON, "{", ERROR_METER_MESSAGE},
      {MESSAGE_JSON, "{\"meters\":[]}", ERROR_METER_MESSAGE},
      {MESSAGE_JSON, "{\"time\":\"2026-11-21T18:07:00+08:00\",\"step_min\":15,\"meters\":[{\"meter\":\"M1\",\"voltage_a\":220}]}",
       ERROR_METER_MESSAGE},
      {MESSAGE_JSON, "{\"time\":\"2026-11-21T23:45:00+08:00\",\"meters\":[{\"meter\":\"M1\",\"voltage_a\":[220,221]}]}",
       ERROR_METER_MESSAGE},
      {MESSAGE_BINARY, "DBM0", ERROR_METER_MESSAGE},
      {MESSAGE_BINARY, "", ERROR_METER_MESSAGE},
  };
  (void)state;
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Arena arena;
    ReadingMessage *message;
    ReadingProblems problems = {0};
    Error error = {0};
    arena_begin(&arena, 0);
    if (message_read(&message, &problems, CASES[i].form, text_of(CASES[i].bytes), &arena, &error)) fail_msg("case %zu", i);
    assert_int_equal(error.code, CASES[i].code);
    arena_end(&arena);
  }
}

static void test_power_events_by_name_and_code(void **state) {
  static const char JSON[] =
      "{\"events\":[{\"meter\":\"M1\",\"kind\":\"last_gasp\",\"at\":\"2026-12-31T20:10:00+08:00\"},"
      "{\"meter\":\"M2\",\"code\":\"3.26.0.216\",\"at\":\"2026-12-31T20:40:00+08:00\"},{\"meter\":\"M3\",\"code\":\"3.26.0.1\",\"at\":"
      "\"2026-12-31T20:40:00+08:00\"}]}";
  static const char CSV_EVENTS[] = "meter,code,at\nM1,3.26.136.47,2026-12-31 20:10:05\nM2,3.26.0.47,never\n";
  Arena arena;
  PowerMessage power;
  Error error = {0};
  ReadingProblems problems = {0};
  (void)state;
  arena_begin(&arena, 0);
  assert_ok(power_read(&power, &problems, MESSAGE_JSON, text_of(JSON), &arena, &error), &error);
  assert_int_equal(power.count, 2);
  assert_int_equal(power.item[0].kind, POWER_LAST_GASP);
  assert_int_equal(power.item[1].kind, POWER_UP);
  assert_int_equal(problems.at[0].reason, ASIDE_UNIT);
  problems = (ReadingProblems){0};
  assert_ok(power_read(&power, &problems, MESSAGE_CSV, text_of(CSV_EVENTS), &arena, &error), &error);
  assert_int_equal(power.count, 1);
  assert_true(power.item[0].at == at("2026-12-31T20:10:05+08:00"));
  assert_int_equal(problems.at[0].reason, ASIDE_TIME);
  arena_end(&arena);
}

TEST_MAIN(TEST(test_csv_is_gathered_and_bad_lines_told), TEST(test_short_of_memory_no_row_is_lost), TEST(test_json_takes_moments_and_tells_bad_meters), TEST(test_binary_comes_back),
          TEST(test_columns_leave_out_what_is_not_kept), TEST(test_what_cannot_be_read_at_all), TEST(test_power_events_by_name_and_code))
