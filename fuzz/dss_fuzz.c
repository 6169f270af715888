/* OpenDSS scripts of any bytes, read and solved: nothing crashes or runs on, a failure says what and, in reading, where; an answer is
 * whole. A file the script names is the script itself: so it may well contain itself. */
#include <assert.h>

#include "flow/solve.h"
#include "fuzz/fuzz.h"
#include "fuzz/package.h"
#include "interop/dss_package.h"

static bool read_itself(void *self, const char *path, Buffer *out, Error *error) {
  const Text *script = self;
  if (out->len + script->len > 1u << 20) return error_raise(error, ERROR_IO, "%s\ttoo much", path);
  buffer_text(out, *script);
  return true;
}

static void solve(const DssFiles *files, bool csv) {
  FlowFileOptions options = {.files = files, .csv = csv, .steps = csv ? 3 : 0};
  Buffer out;
  Error error = {0};
  buffer_begin(&out, 1u << 22);
  if (flow_solve_file("f.dss", &options, &out, &error))
    assert(out.len > 2 && out.at[out.len - 1] == '\n');
  else
    assert(error.code != ERROR_NONE && (out.len == 0 || out.failed));
  buffer_end(&out);
}

static void plant(const DssFiles *files) {
  Package p;
  PackageProblems problems;
  Error error = {0};
  if (dss_package_read_from(&p, "f.dss", files, &problems, &error)) {
    package_must_hold(&p);
    package_end(&p);
  } else {
    assert(error.code != ERROR_NONE && (error.code != ERROR_IMPORT_FAILED || problems.count));
  }
  package_problems_end(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 2048) return 0;
  Text script = {(const char *)data, size};
  DssFiles files = {&script, read_itself};
  DssModel model;
  Error error = {0};
  if (dss_read(&model, "f.dss", &files, &error)) {
    assert(model.begun);
    bool small = model.steps <= 1000;
    dss_end(&model);
    plant(&files);
    if (small) solve(&files, false), solve(&files, true);
  } else {
    assert(error.code != ERROR_NONE && error.where[0]);
  }
  return 0;
}
