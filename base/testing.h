/* What every test file begins with: cmocka, its output in TAP so that single tests are counted, and the way to ../shared. */
#ifndef BASE_TESTING_H
#define BASE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/error.h"

#define TEST_MAIN(...)                                     \
  int main(void) {                                         \
    const struct CMUnitTest tests[] = {__VA_ARGS__};       \
    cmocka_set_message_output(CM_OUTPUT_TAP);              \
    return cmocka_run_group_tests(tests, NULL, NULL);      \
  }
#define TEST(function) cmocka_unit_test(function)

/* Asserts that a call that can fail did not, and prints its error if it did. */
#define assert_ok(call, error)                                                                \
  do {                                                                                        \
    if (!(call)) {                                                                            \
      char text_[ERROR_TEXT_MAX];                                                             \
      fail_msg("%s: %s", #call, error_text((error), LANGUAGE_EN, text_, sizeof text_));       \
    }                                                                                         \
  } while (0)

/* A folder under ../shared (DIANBAOMU_SHARED names another), or a test skipped aloud where it is missing. */
static inline const char *testing_shared(const char *below) {
  static char path[4096];
  const char *root = getenv("DIANBAOMU_SHARED");
  struct stat found;
  snprintf(path, sizeof path, "%s/%s", root ? root : "../shared", below);
  if (stat(path, &found) != 0) {
    print_message("# skipped: %s is not here\n", path);
    skip();
  }
  return path;
}

#endif
