/* The CIM reader on any bytes: nothing crashes, a failure says what; a package that comes out is a forest in preorder. */
#include "fuzz/fuzz.h"
#include "fuzz/package.h"
#include "interop/cim.h"

static bool read_text(void *self, char *out, size_t room, size_t *got, Error *error) {
  (void)error;
  Text *text = self;
  *got = text->len < room ? text->len : room;
  if (*got) memcpy(out, text->at, *got);
  *text = text_slice(*text, *got, text->len);
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Text text = {(const char *)data, size};
  Package p;
  PackageProblems problems;
  Error error = {0};
  if (cim_read_stream(&p, "f.xml", read_text, &text, &problems, NULL, NULL, &error)) {
    package_must_hold(&p);
    package_end(&p);
  } else {
    assert(error.code != ERROR_NONE && (error.code != ERROR_IMPORT_FAILED || problems.count));
  }
  package_problems_end(&problems);
  return 0;
}
