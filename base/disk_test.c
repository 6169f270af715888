/* Every call of the seam made to fail, in each of the ways: a clear error, and the file as before. */
#include "base/testing.h"

#include "base/buffer.h"

static void write_text(const char *path, const char *text, bool *ok, Error *error) {
  Buffer buffer;
  buffer_begin(&buffer, 0);
  buffer_string(&buffer, text);
  *ok = buffer_write_file(&buffer, path, error);
  buffer_end(&buffer);
}

static void read_text(const char *path, char out[64]) {
  Buffer buffer;
  Error error = {0};
  buffer_begin(&buffer, 0);
  assert_ok(buffer_read_file(&buffer, path, &error), &error);
  snprintf(out, 64, "%.*s", (int)buffer.len, buffer.at);
  buffer_end(&buffer);
}

enum { NAMED = 5 };

static void a_fault_leaves_the_file_as_it_was(void **state) {
  (void)state;
  char folder[] = "/tmp/dianbaomu-file-XXXXXX", path[64], part[80], text[64];
  bool ok;
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/kept", folder);
  snprintf(part, sizeof part, "%s.part", path);
  for (int fault = 0; fault < DISK_FAULTS; fault++) {
    int64_t nth = 1;
    for (bool whole = false; !whole; nth++) {
      Error error = {0};
      disk_fail_at(0, DISK_FAULT_IO);
      write_text(path, "before", &ok, &error);
      assert_true(ok);
      int64_t before = disk_calls();
      disk_fail_at(nth, (DiskFault)fault);
      write_text(path, "what is written after", &ok, &error);
      whole = disk_calls() - before < nth; /* it was not reached */
      disk_fail_at(0, DISK_FAULT_IO);
      read_text(path, text);
      bool named = ok || nth == NAMED; /* only that its name stays is not sure */
      assert_string_equal(text, named ? "what is written after" : "before");
      assert_int_equal(ok, whole || fault == DISK_FAULT_SHORT);
      if (!ok) assert_int_equal(error.code, fault == DISK_FAULT_FULL ? ERROR_STORE_FULL : ERROR_IO);
      assert_int_equal(access(part, F_OK), -1);
      assert_true(nth < 20);
    }
    assert_int_equal(nth, NAMED + 2); /* write, sync, close, rename, sync of the folder were each made to fail */
  }
  unlink(path);
  rmdir(folder);
}

TEST_MAIN(TEST(a_fault_leaves_the_file_as_it_was))
