#include "base/buffer.h"

#include <unistd.h>

#include "base/random.h"
#include "base/testing.h"

static void numbers_are_written_short(void **state) {
  (void)state;
  static const struct { double value; int decimals; const char *text; } ROWS[] = {
      {0, 3, "0"}, {-0.0004, 3, "0"}, {1.5, 3, "1.5"}, {-1.25, 1, "-1.3"}, {113.123456, 6, "113.123456"}, {100, 2, "100"}, {0.05, 2, "0.05"}, {-0.5, 1, "-0.5"}};
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    Buffer buffer;
    buffer_begin(&buffer, 0);
    buffer_f64(&buffer, ROWS[i].value, ROWS[i].decimals);
    buffer_byte(&buffer, 0);
    assert_string_equal(buffer.at, ROWS[i].text);
    buffer_end(&buffer);
  }
  Random random;
  random_seed(&random, 1);
  Buffer buffer;
  buffer_begin(&buffer, 0);
  for (int i = 0; i < 1000; i++) {
    int64_t value = (int64_t)random_u64(&random) >> random_below(&random, 64), back;
    buffer_clear(&buffer);
    buffer_i64(&buffer, value);
    assert_true(text_to_i64(buffer_as_text(&buffer), &back) && back == value);
  }
  buffer_end(&buffer);
}

static void failure_is_sticky(void **state) {
  (void)state;
  Buffer buffer;
  buffer_begin(&buffer, 10);
  buffer_string(&buffer, "12345");
  buffer_string(&buffer, "678901");
  assert_true(buffer.failed);
  buffer_string(&buffer, "x");
  assert_int_equal(buffer.len, 5);
  buffer_end(&buffer);
}

static void files_come_back_whole(void **state) {
  (void)state;
  Error error = {0};
  char path[] = "/tmp/dianbaomu-buffer-XXXXXX";
  close(mkstemp(path));
  Buffer out, in;
  buffer_begin(&out, 0);
  for (int i = 0; i < 50000; i++) buffer_i64(&out, i);
  assert_ok(buffer_write_file(&out, path, &error), &error);
  buffer_begin(&in, 0);
  assert_ok(buffer_read_file(&in, path, &error), &error);
  assert_int_equal(in.len, out.len);
  assert_memory_equal(in.at, out.at, in.len);
  buffer_end(&in);
  buffer_begin(&in, 1000);
  assert_false(buffer_read_file(&in, path, &error));
  assert_int_equal(error.code, ERROR_LIMIT);
  assert_false(buffer_read_file(&in, "/nowhere/at/all", &error));
  assert_int_equal(error.code, ERROR_IO);
  buffer_end(&in);
  buffer_end(&out);
  unlink(path);
}

TEST_MAIN(TEST(numbers_are_written_short), TEST(failure_is_sticky), TEST(files_come_back_whole))
