/* Torture: every test of a program run again and again, each time with the n-th allocation, SQL call or file write failing once (memory_fail_at,
 * db_fail_at, disk_fail_at). testing_run does it when DIANBAOMU_TORTURE is set; scripts/torture sets it for all programs. A test's own assertions may
 * fail then: what it wanted did not come about. Asked is that the program ends by itself, in bounded time, with no word of a sanitizer, and that a
 * test which passes all the same leaks nothing.
 *   DIANBAOMU_TORTURE=RUNS[:SECONDS[:SEED]]   at most so many runs for a test and kind of fault, evenly spread from a start the seed gives
 *                                            (0: every n), and so many seconds for the program
 * One again: DIANBAOMU_TORTURE=1 DIANBAOMU_TORTURE_TEST=NAME DIANBAOMU_TORTURE_ONE="memory 17". */
#ifndef BASE_TORTURE_H
#define BASE_TORTURE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <time.h>

#include "base/disk.h"
#include "base/memory.h"

/* Not every program has a store. */
void db_fail_at(int64_t nth) __attribute__((weak));
int64_t db_calls(void) __attribute__((weak));

enum { TORTURE_SECONDS_A_RUN = 60, TORTURE_EXIT_SANITIZER = 97, TORTURE_EXIT_FAILED = 90, TORTURE_SAID_MOST = 3000 };

typedef enum TortureKind { TORTURE_NONE, TORTURE_MEMORY, TORTURE_SQL, TORTURE_IO, TORTURE_FULL, TORTURE_SHORT, TORTURE_KINDS } TortureKind;
static const char *const TORTURE_NAMES[] = {"nothing", "memory", "sql", "io-error", "disk-full", "short-write"};

typedef struct TortureSeen { /* shared with the child */
  int64_t calls[3];
  volatile bool ended;
} TortureSeen;

static TortureSeen *torture_seen;

static inline void torture_arm(TortureKind kind, int64_t nth) {
  if (kind == TORTURE_MEMORY) memory_fail_at(nth);
  if (kind == TORTURE_SQL && db_fail_at) db_fail_at(nth);
  if (kind >= TORTURE_IO) disk_fail_at(nth, kind == TORTURE_IO ? DISK_FAULT_IO : kind == TORTURE_FULL ? DISK_FAULT_FULL : DISK_FAULT_SHORT);
}

static inline void torture_calls(int64_t calls[3]) {
  calls[0] = memory_allocations();
  calls[1] = db_calls ? db_calls() : 0;
  calls[2] = disk_calls();
}

/* An assertion outside of cmocka's runner leaves by exit: what the test had not given back yet is then no leak. */
static inline void torture_leave(void) {
  if (!torture_seen->ended) _exit(TORTURE_EXIT_FAILED);
}

static inline void torture_child(const struct CMUnitTest *test, TortureKind kind, int64_t nth, int said) {
  int64_t before[3], after[3];
  void *state = test->initial_state;
  int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, STDIN_FILENO);
  dup2(nowhere, STDOUT_FILENO);
  dup2(said, STDERR_FILENO);
  torture_seen->ended = false;
  atexit(torture_leave);
  alarm(TORTURE_SECONDS_A_RUN);
  if (test->setup_func && test->setup_func(&state) != 0) exit(1);
  torture_calls(before);
  torture_arm(kind, nth);
  test->test_func(&state);
  memory_fail_at(0);
  if (db_fail_at) db_fail_at(0);
  disk_fail_at(0, DISK_FAULT_IO);
  torture_calls(after);
  if (test->teardown_func && test->teardown_func(&state) != 0) exit(1);
  for (int i = 0; i < 3; i++) torture_seen->calls[i] = after[i] - before[i];
  torture_seen->ended = true;
  exit(0);
}

static inline void torture_tell(int said) {
  char text[TORTURE_SAID_MOST];
  ssize_t got = pread(said, text, sizeof text - 1, 0);
  text[got < 0 ? 0 : got] = '\0';
  for (char *line = text, *next; line && *line; line = next) {
    next = strchr(line, '\n');
    if (next) *next++ = '\0';
    printf("# %s\n", line);
  }
}

/* A test that looks into what it did not get trips by itself; wrong is what happens in the program's own code. The first place named in a file of ours
 * tells; the sanitizers' own sources lie further up. */
static inline bool torture_test_tripped(int said) {
  char text[TORTURE_SAID_MOST];
  ssize_t got = pread(said, text, sizeof text - 1, 0);
  text[got < 0 ? 0 : got] = '\0';
  if (strstr(text, "LeakSanitizer")) return false;
  for (char *at = text; (at = strstr(at, "../")); at += 3) {
    if (strncmp(at, "../../", 6) == 0) {
      at += strcspn(at, " \n") - 3;
      continue;
    }
    if (strncmp(at, "../sysdeps", 10) == 0 || strncmp(at, "../csu", 6) == 0 || strncmp(at, "../nptl", 7) == 0 || strncmp(at, "../string", 9) == 0) continue;
    size_t len = strcspn(at, ": \n");
    static const char *const OF_TESTS[] = {"_test.c", "_cases.c", "testing.c", "testing.h", "_twin.h", "_twin.c"};
    for (size_t i = 0; i < sizeof OF_TESTS / sizeof *OF_TESTS; i++) {
      size_t end = strlen(OF_TESTS[i]);
      if (len > end && strncmp(at + len - end, OF_TESTS[i], end) == 0) return true;
    }
    return false;
  }
  return false;
}

typedef enum TortureVerdict { TORTURE_PASSED, TORTURE_ASSERTED, TORTURE_WRONG } TortureVerdict;

static inline TortureVerdict torture_run(const struct CMUnitTest *test, TortureKind kind, int64_t nth) {
  char path[] = "/tmp/dianbaomu-torture-XXXXXX";
  int said = mkstemp(path), status = 0;
  unlink(path);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0); /* what it starts ends with it */
    torture_child(test, kind, nth, said);
  }
  waitpid(child, &status, 0);
  kill(-child, SIGKILL);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  TortureVerdict verdict = code == 0 ? TORTURE_PASSED : code == TORTURE_EXIT_FAILED ? TORTURE_ASSERTED : TORTURE_WRONG;
  if (verdict == TORTURE_WRONG && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) && torture_test_tripped(said)) verdict = TORTURE_ASSERTED;
  if (verdict == TORTURE_WRONG) {
    printf("# %s, %s %lld: %s %d\n", test->name, TORTURE_NAMES[kind], (long long)nth,
           WIFSIGNALED(status) ? WTERMSIG(status) == SIGALRM ? "did not end; signal" : "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : code);
    torture_tell(said);
  }
  close(said);
  return verdict;
}

typedef struct Torture {
  int64_t most, seed;
  time_t until;
  int number, failed;
} Torture;

static inline int64_t torture_number(const char **at, int64_t fallback) {
  char *end;
  if (**at == '\0') return fallback;
  int64_t value = strtoll(*at, &end, 10);
  *at = *end == ':' ? end + 1 : "";
  return value;
}

static inline void torture_kind(Torture *torture, const struct CMUnitTest *test, TortureKind kind, int64_t calls) {
  int64_t stride = torture->most && calls > torture->most ? (calls + torture->most - 1) / torture->most : 1;
  int64_t runs = 0, passed = 0, wrong = 0, nth = 1 + torture->seed % stride;
  for (; nth <= calls && wrong < 3 && time(NULL) < torture->until; nth += stride) {
    TortureVerdict verdict = torture_run(test, kind, nth);
    runs++;
    passed += verdict == TORTURE_PASSED;
    wrong += verdict == TORTURE_WRONG;
  }
  if (runs == 0) return;
  printf("%s %d - %s: %s, %lld of %lld made to fail, %lld passed all the same\n", wrong ? "not ok" : "ok", ++torture->number, test->name,
         TORTURE_NAMES[kind], (long long)runs, (long long)calls, (long long)passed);
  fflush(stdout);
  torture->failed += wrong > 0;
}

static inline int torture_all(const char *how, const struct CMUnitTest *tests, size_t count) {
  Torture torture = {.most = torture_number(&how, 0)};
  torture.until = time(NULL) + (time_t)torture_number(&how, 86400);
  torture.seed = torture_number(&how, 0);
  const char *one = getenv("DIANBAOMU_TORTURE_ONE"), *only = getenv("DIANBAOMU_TORTURE_TEST");
  torture_seen = mmap(NULL, sizeof *torture_seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (torture_seen == MAP_FAILED) return 99;
  size_t first = count ? (size_t)torture.seed % count : 0; /* where time is short, another test comes first with another seed */
  for (size_t i = 0; i < count && time(NULL) < torture.until; i++) {
    const struct CMUnitTest *test = &tests[(first + i) % count];
    char name[16] = "";
    long long nth = 0;
    if (only && strcmp(only, test->name) != 0) continue;
    if (one && sscanf(one, "%15s %lld", name, &nth) == 2) {
      for (int kind = 1; kind < TORTURE_KINDS; kind++)
        if (strcmp(name, TORTURE_NAMES[kind]) == 0) torture.failed += torture_run(test, (TortureKind)kind, nth) == TORTURE_WRONG;
      continue;
    }
    TortureVerdict verdict = torture_run(test, TORTURE_NONE, 0);
    if (verdict != TORTURE_PASSED) { /* it stands on a test before it, or skips itself */
      printf("# left out, does not pass alone: %s\n", test->name);
      continue;
    }
    TortureSeen seen = *torture_seen;
    torture_kind(&torture, test, TORTURE_MEMORY, seen.calls[0]);
    torture_kind(&torture, test, TORTURE_SQL, seen.calls[1]);
    for (int kind = TORTURE_IO; kind <= TORTURE_SHORT; kind++) torture_kind(&torture, test, (TortureKind)kind, seen.calls[2]);
  }
  printf("1..%d\n", torture.number);
  return torture.failed > 0;
}

#endif
