#include "meter/dlt645.h"

#include <math.h>

#include "base/random.h"
#include "base/testing.h"

static size_t bytes_of(uint8_t *out, const char *hex) {
  size_t len = 0;
  for (; hex[0] && hex[1]; hex += 2) {
    unsigned byte;
    assert_int_equal(sscanf(hex, "%2x", &byte), 1);
    out[len++] = (uint8_t)byte;
  }
  return len;
}

static const struct {
  const char *hex, *address;
  uint8_t control;
  uint32_t identifier;
  int count;
  double values[3];
} VECTORS[] = {
    /* DOMAIN.md: checksums verified */
    {"68020011112420681104333334331A16", "202411110002", 0x11, 0x00010000, 0, {0}},
    {"6802001111242068910833333433AB8967457E16", "202411110002", 0x91, 0x00010000, 1, {123456.78}},
    {"6802001111242068910633343435894C7416", "202411110002", 0x91, 0x02010100, 1, {195.6}},
    {"6802001111242068D101353F16", "202411110002", 0xD1, 0, -1, {0}},
    {"68AAAAAAAAAAAA68110433343435B116", "AAAAAAAAAAAA", 0x11, 0x02010100, 0, {0}},
    {"68129078563412681104333234356916", "123456789012", 0x11, 0x0201FF00, 0, {0}},
    {"6812907856341268910A3332343536559A4CBC547016", "123456789012", 0x91, 0x0201FF00, 3, {220.3, 196.7, 218.9}},
};

static void test_the_vectors_of_the_trade_both_ways(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
    uint8_t bytes[64];
    size_t len = bytes_of(bytes, VECTORS[i].hex), used;
    Dlt645Frame frame;
    Error error = {0};
    Buffer out;
    if (dlt645_find(&frame, bytes, len, &used, &error) != DLT645_FRAME) fail_msg("vector %zu: %s", i, error.argument[0]);
    assert_int_equal(used, len);
    assert_string_equal(frame.address, VECTORS[i].address);
    assert_int_equal(frame.control, VECTORS[i].control);
    assert_int_equal(dlt645_identifier(&frame), VECTORS[i].identifier);
    buffer_begin(&out, 0);
    dlt645_put(&out, &frame);
    assert_int_equal(out.len, len + 4);
    assert_memory_equal(out.at + 4, bytes, len);
    assert_memory_equal(out.at, "\xFE\xFE\xFE\xFE", 4);
    buffer_end(&out);
    double values[DLT645_VALUES_MAX];
    int count = 0;
    if (VECTORS[i].count > 0) {
      assert_ok(dlt645_values(values, &count, &frame, &error), &error);
      assert_int_equal(count, VECTORS[i].count);
      for (int v = 0; v < count; v++) assert_true(fabs(values[v] - VECTORS[i].values[v]) < 1e-9);
      Dlt645Frame read = frame, again;
      read.control = DLT645_READ, read.length = 4;
      dlt645_answer(&again, &read, values, count);
      assert_memory_equal(again.data, frame.data, (size_t)frame.length);
    } else if (VECTORS[i].count < 0) {
      assert_false(dlt645_values(values, &count, &frame, &error));
      assert_int_equal(error.code, ERROR_METER_ANSWER);
    }
  }
}

static void test_wrong_frames_are_named_and_passed_over(void **state) {
  static const struct {
    const char *hex;
    Dlt645Found found;
  } CASES[] = {{"", DLT645_NONE},
               {"0102FEFE", DLT645_NONE},
               {"68020011", DLT645_PART},
               {"6802001111242068110433333433", DLT645_PART},
               {"68020011112420681104333334331B16", DLT645_WRONG},
               {"68020011112420681104333334331A17", DLT645_WRONG},
               {"68020011112420991104333334331A16", DLT645_WRONG},
               {"68FB0011112420681104333334331316", DLT645_WRONG},
               {"680200111124206811FF333334331A16", DLT645_WRONG}};
  (void)state;
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    uint8_t bytes[64] = {0};
    size_t used, len = bytes_of(bytes, CASES[i].hex);
    Dlt645Frame frame;
    Error error = {0};
    if (dlt645_find(&frame, bytes, len, &used, &error) != CASES[i].found) fail_msg("case %zu", i);
    assert_true(used <= len);
  }
}

/* Noise and frames in one stream, cut anywhere: each sound frame is found once, and the search always ends. */
static void test_a_stream_with_noise(void **state) {
  Random random;
  (void)state;
  random_seed(&random, 9);
  for (int round = 0; round < torture_rounds(2000); round++) {
    Buffer stream;
    int sent = 0, found = 0;
    buffer_begin(&stream, 0);
    for (int i = 0; i < 5; i++) {
      Dlt645Frame frame;
      Error error = {0};
      char address[13];
      for (uint32_t n = random_below(&random, 6); n > 0; n--) buffer_byte(&stream, (char)(random_below(&random, 0x68)));
      snprintf(address, sizeof address, "%06u%06u", random_below(&random, 1000000), random_below(&random, 1000000));
      assert_ok(dlt645_read_frame(&frame, text_of(address), 0x02010100, &error), &error);
      dlt645_put(&stream, &frame);
      sent++;
    }
    size_t at = 0;
    for (int steps = 0; at < stream.len && steps < 10000; steps++) {
      Dlt645Frame frame;
      size_t used;
      Dlt645Found what = dlt645_find(&frame, (uint8_t *)stream.at + at, stream.len - at, &used, NULL);
      if (what == DLT645_NONE || what == DLT645_PART) break;
      found += what == DLT645_FRAME;
      at += used;
    }
    assert_int_equal(found, sent);
    buffer_end(&stream);
  }
}

static void test_values_that_cannot_be(void **state) {
  Dlt645Frame frame = {.control = DLT645_ANSWER, .length = 6, .data = {0, 1, 1, 2, 0xFF, 0xFF}};
  double values[DLT645_VALUES_MAX];
  int count;
  Error error = {0};
  (void)state;
  assert_ok(dlt645_values(values, &count, &frame, &error), &error);
  assert_true(isnan(values[0])); /* a phase the meter has not */
  frame.data[4] = 0x5A;
  assert_false(dlt645_values(values, &count, &frame, &error));
  frame.length = 5;
  assert_false(dlt645_values(values, &count, &frame, &error));
  frame = (Dlt645Frame){.control = DLT645_ANSWER, .length = 7, .data = {0, 0, 3, 2, 0x45, 0x23, 0x81}};
  assert_ok(dlt645_values(values, &count, &frame, &error), &error);
  assert_true(fabs(values[0] + 1.2345) < 1e-9); /* given back */
}

TEST_MAIN(TEST(test_the_vectors_of_the_trade_both_ways), TEST(test_wrong_frames_are_named_and_passed_over), TEST(test_a_stream_with_noise),
          TEST(test_values_that_cannot_be))
