/* The reader of OpenDSS scripts on any bytes: nothing crashes, a failure says what and, from the first line on, where; what was read is freed.
 * A file the script names is the script itself: so it may well contain itself. */
#include <assert.h>

#include "fuzz/fuzz.h"
#include "interop/dss.h"

static bool read_itself(void *self, const char *path, Buffer *out, Error *error) {
  const Text *script = self;
  if (out->len + script->len > 1u << 20) return error_raise(error, ERROR_IO, "%s\ttoo much", path);
  buffer_text(out, *script);
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 4096) return 0;
  Text script = {(const char *)data, size};
  DssFiles files = {&script, read_itself};
  DssModel model;
  Error error = {0};
  if (dss_read(&model, "f.dss", &files, &error)) {
    assert(model.begun);
    for (size_t i = 0; i < model.lines.count; i++) {
      double r[36], x[36], c[36];
      dss_line_whole(&model.lines.at[i], r, x, c);
    }
    dss_end(&model);
  } else {
    assert(error.code != ERROR_NONE && error.where[0]);
  }
  return 0;
}
