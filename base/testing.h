/* What every test file begins with: cmocka, its output in TAP so that single tests are counted, and the way to ../shared. */
#ifndef BASE_TESTING_H
#define BASE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/torture.h"

#define TEST_MAIN(...)                                     \
  int main(void) {                                         \
    const struct CMUnitTest tests[] = {__VA_ARGS__};       \
    return testing_run(tests, sizeof tests / sizeof *tests); \
  }
#define TEST(function) cmocka_unit_test(function)

/* Runs the tests in a child and passes on what they print. cmocka reports a skipped test as "not ok N # SKIP name", which TAP reads as a failure:
 * it becomes "ok N - name # SKIP". */
static inline int testing_run(const struct CMUnitTest *tests, size_t count) {
  const char *torture = getenv("DIANBAOMU_TORTURE");
  if (torture && *torture) return torture_all(torture, tests, count);
  int ends[2], status = 0;
  char *line = NULL;
  size_t room = 0;
  if (pipe(ends) != 0) return 99;
  pid_t child = fork();
  if (child < 0) return 99;
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]), close(ends[1]);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    exit(_cmocka_run_group_tests("tests", tests, count, NULL, NULL));
  }
  close(ends[1]);
  FILE *from = fdopen(ends[0], "r");
  if (!from) return 99;
  while (getline(&line, &room, from) >= 0) {
    int number, name_at = 0;
    if (sscanf(line, "not ok %d # SKIP %n", &number, &name_at) == 1 && name_at) {
      line[strcspn(line, "\n")] = '\0';
      printf("ok %d - %s # SKIP\n", number, line + name_at);
    } else {
      fputs(line, stdout);
    }
    fflush(stdout);
  }
  free(line);
  fclose(from);
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

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
