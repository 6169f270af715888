#include "base/torture.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/torture_book.h"
#include "base/torture_stack.h"

/* Not every program has a store or reads JSON, or is built with a sanitizer. */
void db_fail_at(int64_t nth) __attribute__((weak));
void db_ask(bool (*fails)(void)) __attribute__((weak));
int64_t db_calls(void) __attribute__((weak));
void schema_own_memory(void) __attribute__((weak)); /* http/schema_node.h: what jansson takes can fail too */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

enum { RUN_SECONDS = 180, EXIT_SANITIZER = 97, EXIT_FAILED = 90, SAID_MOST = 3000, WRONG_MOST = 3, AROUND = 64 };

typedef enum TortureKind { TORTURE_NONE, TORTURE_MEMORY, TORTURE_SQL, TORTURE_IO, TORTURE_FULL, TORTURE_SHORT, TORTURE_KINDS } TortureKind;
static const char *const NAMES[] = {"nothing", "memory", "sql", "io-error", "disk-full", "short-write"};
enum { CALLS_MEMORY, CALLS_SQL, CALLS_DISK, CALLS };
static int calls_of(TortureKind kind) { return kind == TORTURE_MEMORY ? CALLS_MEMORY : kind == TORTURE_SQL ? CALLS_SQL : CALLS_DISK; }

typedef enum Verdict { NOT_RUN, PASSED, ASSERTED, WRONG } Verdict;

typedef struct TortureSeen { /* shared with the children */
  int64_t calls[CALLS];
  _Atomic int64_t asked[CALLS], wrong[TORTURE_KINDS];
  _Atomic bool overflow;
  volatile bool ended, struck;
} TortureSeen;

static TortureSeen *seen;
static TortureStack *tables[CALLS]; /* shared with the children */

static struct {
  bool stacks, places, lasting; /* lasting: from the call on that is made to fail, all of its kind fail */
  int64_t most, seed;
  time_t until;
  int number, failed;
} torture;

typedef struct Run { /* what a child does. nth 0 and no stack: no fault, but where there are tables, the walk of all places */
  const struct CMUnitTest *before, *test; /* those from `before` up to `test` are run first, without a fault: it stands on them */
  TortureKind kind;
  int64_t nth;
  const TortureStack *stack; /* NULL: nth decides */
  bool anywhere;             /* wait for the stack from the first call on */
} Run;

static bool late(void) { return time(NULL) >= torture.until; }

static void ask(int which, bool (*fails)(void)) {
  if (which == CALLS_MEMORY) memory_ask(fails);
  if (which == CALLS_SQL && db_ask) db_ask(fails);
  if (which == CALLS_DISK) disk_ask(fails);
}

static void arm(TortureKind kind, int64_t nth) {
  if (kind == TORTURE_MEMORY) memory_fail_at(nth);
  if (kind == TORTURE_SQL && db_fail_at) db_fail_at(nth);
  if (kind >= TORTURE_IO) disk_fail_at(nth, kind == TORTURE_FULL ? DISK_FAULT_FULL : kind == TORTURE_SHORT ? DISK_FAULT_SHORT : DISK_FAULT_IO);
}

static void disarm(void) {
  for (int which = 0; which < CALLS; which++) ask(which, NULL);
  for (int kind = TORTURE_MEMORY; kind <= TORTURE_IO; kind++) arm((TortureKind)kind, 0);
}

/* --- what a child said --- */

static int paper(void) {
  char path[] = "/tmp/dianbaomu-torture-XXXXXX";
  int said = mkstemp(path);
  unlink(path);
  return said;
}

/* A test that looks into what it did not get trips by itself; wrong is what happens in the program's own code. The first place named in a file of ours
 * tells; the sanitizers' own sources lie further up. */
static bool test_tripped(int said) {
  char text[SAID_MOST];
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
    static const char *const OF_TESTS[] = {"_test.c", "_cases.c", "testing.c", "testing.h", "_twin.h", "_twin.c", "_fuzz.c"};
    for (size_t i = 0; i < sizeof OF_TESTS / sizeof *OF_TESTS; i++) {
      size_t end = strlen(OF_TESTS[i]);
      if (len > end && strncmp(at + len - end, OF_TESTS[i], end) == 0) return true;
    }
    return false;
  }
  return false;
}

static void tell(const Run *run, int status, int said) {
  char text[SAID_MOST];
  bool slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
  ssize_t got = pread(said, text, sizeof text - 1, 0);
  text[got < 0 ? 0 : got] = '\0';
  dprintf(STDOUT_FILENO, "# %s, %s %lld: %s %d\n", run->test->name, NAMES[run->kind], (long long)(run->stack ? run->stack->first : run->nth),
          slow ? "did not end; signal" : WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  if (run->stack) torture_stack_print(run->stack, STDOUT_FILENO);
  for (char *line = text, *next; line && *line; line = next) {
    next = strchr(line, '\n');
    if (next) *next++ = '\0';
    dprintf(STDOUT_FILENO, "# %s\n", line);
  }
}

static Verdict judge(const Run *run, pid_t pid, int said) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  kill(-pid, SIGKILL);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  bool slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
  Verdict verdict = code == 0 ? PASSED : code == EXIT_FAILED ? ASSERTED : WRONG;
  if (verdict == WRONG && !slow && test_tripped(said)) verdict = ASSERTED;
  if (verdict == WRONG) tell(run, status, said);
  if (verdict == WRONG) atomic_fetch_add(&seen->wrong[run->kind], 1);
  close(said);
  return verdict;
}

/* --- in the child --- */

static const struct CMUnitTest *testing; /* the test that runs */
static int files_before;
static bool doubling;

/* An assertion outside of cmocka's runner leaves by exit, deep in the test: what its variables still reach is not lost, all else is. */
static void leave(void) {
  if (seen->ended) return;
  disarm();
  if (torture.stacks && __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check()) _exit(EXIT_SANITIZER); /* the sample of every day: not yet */
  _exit(EXIT_FAILED);
}

static int count_in(const char *path) {
  DIR *folder = opendir(path);
  int count = 0;
  while (folder && readdir(folder)) count++;
  if (folder) closedir(folder);
  return count;
}

/* A process that is all by itself, without a thread, file or socket, can be doubled: both halves go on as if alone, one after the other. */
static bool alone(void) { return doubling && count_in("/proc/self/task") == 3 && count_in("/proc/self/fd") == files_before; }

/* glibc knows who holds a lock for writing by the thread's number, and a fork changes that: the half that goes on must be able to unlock. */
static void keep_thread_number(pid_t number) {
  pid_t *at = (pid_t *)(void *)pthread_self();
  for (size_t i = 0; i < 1024 / sizeof *at; i++) {
    if (at[i] != gettid()) continue;
    at[i] = number;
    return;
  }
}

static bool always(void) { return true; }

/* In the half that goes on with the fault: true. The other half waits for it. */
static bool fork_here(TortureStack *stack, TortureKind kind, uint64_t place, uint64_t whole) {
  Run run = {.test = testing, .kind = kind, .stack = stack};
  int said = paper();
  alarm(0);
  fflush(NULL);
  pid_t number = gettid(), pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    keep_thread_number(number);
    dup2(said, STDERR_FILENO);
    close(said);
    disarm();
    if (torture.lasting) ask(calls_of(kind), always);
    alarm(RUN_SECONDS);
    return true;
  }
  Verdict verdict = pid > 0 ? judge(&run, pid, said) : NOT_RUN;
  seen->ended = false;
  stack->result[kind] = (uint8_t)verdict;
  if (verdict != NOT_RUN) torture_book_write(verdict == WRONG ? "wrong" : "done", (int)kind, place, whole);
  alarm(RUN_SECONDS);
  return false;
}

static bool note(int which) {
  int64_t nth = atomic_fetch_add(&seen->asked[which], 1) + 1;
  bool fresh;
  uint64_t place, whole;
  TortureStack *stack = torture_stack_note(tables[which], nth, &fresh);
  if (!stack) atomic_store(&seen->overflow, true);
  if (!stack || !fresh) return false;
  torture_stack_name(stack, &place, &whole);
  for (int kind = TORTURE_MEMORY; kind < TORTURE_KINDS; kind++) {
    if (calls_of((TortureKind)kind) != which) continue;
    if (!torture_book_has("seen", kind, whole)) torture_book_write("seen", kind, place, whole);
    if (torture_book_has("done", kind, torture.places ? place : whole) || atomic_load(&seen->wrong[kind]) >= WRONG_MOST || late() || which == CALLS_DISK || !alone()) continue;
    if (fork_here(stack, (TortureKind)kind, place, whole)) return true;
  }
  return false;
}
static bool note_memory(void) { return note(CALLS_MEMORY); }
static bool note_sql(void) { return note(CALLS_SQL); }
static bool note_disk(void) { return note(CALLS_DISK); }

static struct { /* the call that is to fail */
  int which;
  const TortureStack *stack;
  int64_t from;
  _Atomic bool done;
} target;

/* With threads the number of a call is not always the same: from a few before it on, the stack tells; where one of each place is wanted, the place. */
static bool strike(void) {
  uintptr_t at[TORTURE_DEPTH];
  int depth;
  if (atomic_load(&target.done)) return torture.lasting;
  if (atomic_fetch_add(&seen->asked[target.which], 1) + 1 + AROUND < target.from) return false;
  torture_stack_here(at, &depth);
  if (!torture_stack_is(target.stack, at, depth, torture.places ? TORTURE_PLACE : TORTURE_DEPTH) || atomic_exchange(&target.done, true)) return false;
  return seen->struck = true;
}

static void count_calls(int64_t calls[CALLS]) {
  calls[CALLS_MEMORY] = memory_allocations();
  calls[CALLS_SQL] = db_calls ? db_calls() : 0;
  calls[CALLS_DISK] = disk_calls();
}

static void prepare(const Run *run) {
  static bool (*const NOTES[])(void) = {note_memory, note_sql, note_disk};
  arm(run->kind, run->stack ? 0 : run->nth);
  if (run->stack) {
    target.which = calls_of(run->kind);
    target.stack = run->stack;
    target.from = run->anywhere ? 0 : run->stack->first;
    ask(target.which, strike);
  } else if (run->kind == TORTURE_NONE && tables[0]) {
    for (int which = 0; which < CALLS; which++) ask(which, NOTES[which]);
  }
}

static void run_before(const Run *run) {
  for (const struct CMUnitTest *test = run->before; test < run->test; test++) {
    void *state = test->initial_state;
    if (test->setup_func && test->setup_func(&state) != 0) exit(1);
    test->test_func(&state);
    if (test->teardown_func && test->teardown_func(&state) != 0) exit(1);
  }
}

/* Output goes nowhere, what sanitizers say to the paper; a walk tells of its own children on the real output, kept aside. */
static void child(const Run *run, int said) {
  int64_t before[CALLS], after[CALLS];
  void *state = run->test->initial_state;
  int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, STDIN_FILENO);
  if (!torture.stacks) dup2(nowhere, STDOUT_FILENO);
  dup2(said, STDERR_FILENO);
  testing = run->test;
  seen->ended = seen->struck = false;
  for (int which = 0; which < CALLS; which++) atomic_store(&seen->asked[which], 0);
  atexit(leave);
  alarm(RUN_SECONDS);
  run_before(run);
  files_before = count_in("/proc/self/fd");
  if (run->test->setup_func && run->test->setup_func(&state) != 0) exit(1);
  count_calls(before);
  prepare(run);
  run->test->test_func(&state);
  disarm();
  count_calls(after);
  if (run->test->teardown_func && run->test->teardown_func(&state) != 0) exit(1);
  for (int i = 0; i < CALLS; i++) seen->calls[i] = after[i] - before[i];
  seen->ended = true;
  exit(0);
}

static Verdict run_child(const Run *run) {
  int said = paper();
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0); /* what it starts ends with it */
    child(run, said);
  }
  return judge(run, pid, said);
}

/* --- all tests of a program --- */

static void report(const Run *run, int64_t runs, int64_t of, int64_t passed, int64_t wrong, const char *what) {
  if (runs == 0) return;
  printf("%s %d - %s: %s, %lld of %lld %smade to fail, %lld passed all the same\n", wrong ? "not ok" : "ok", ++torture.number, run->test->name,
         NAMES[run->kind], (long long)runs, (long long)of, what, (long long)passed);
  fflush(stdout);
  torture.failed += wrong > 0;
}

static void every_nth(const Run *plain, TortureKind kind, int64_t calls) {
  int64_t stride = torture.most && calls > torture.most ? (calls + torture.most - 1) / torture.most : 1;
  int64_t runs = 0, passed = 0, wrong = 0;
  Run run = *plain;
  run.kind = kind, run.nth = 1 + torture.seed % stride;
  for (; run.nth <= calls && wrong < WRONG_MOST && !late(); run.nth += stride) {
    Verdict verdict = run_child(&run);
    runs++;
    passed += verdict == PASSED;
    wrong += verdict == WRONG;
  }
  report(&run, runs, calls, passed, wrong, "");
}

static int by_first(const void *a, const void *b) {
  const TortureStack *x = *(TortureStack *const *)a, *y = *(TortureStack *const *)b;
  return x->first < y->first ? -1 : x->first > y->first;
}

/* After the walk: what it could not do by doubling itself is done from the beginning. */
static void every_stack(const Run *plain, TortureKind kind) {
  TortureStack *table = tables[calls_of(kind)], **list = calloc(TORTURE_STACKS, sizeof *list);
  int64_t runs = 0, passed = 0, wrong = 0, missed = 0;
  size_t count = 0;
  Run run = *plain;
  run.kind = kind;
  for (size_t i = 0; list && i < TORTURE_STACKS; i++)
    if (atomic_load(&table[i].hash)) list[count++] = &table[i];
  if (count) qsort(list, count, sizeof *list, by_first);
  for (size_t i = 0; i < count; i++) {
    uint64_t place, whole;
    Verdict verdict = (Verdict)list[i]->result[kind];
    torture_stack_name(list[i], &place, &whole);
    if (verdict == NOT_RUN) {
      if (torture_book_has("done", (int)kind, torture.places ? place : whole) || atomic_load(&seen->wrong[kind]) >= WRONG_MOST || late()) continue;
      run.stack = list[i];
      verdict = run_child(&run);
      run.anywhere = !seen->struck && verdict != WRONG;
      if (run.anywhere) verdict = run_child(&run);
      if (!seen->struck) {
        if (missed++ == 0) printf("# %s, %s: not come by again\n", run.test->name, NAMES[kind]), fflush(stdout);
        torture_stack_print(list[i], STDOUT_FILENO);
      }
      if (verdict == WRONG) torture_book_write("wrong", (int)kind, place, whole);
      else if (seen->struck) torture_book_write("done", (int)kind, place, whole);
    }
    runs++;
    passed += verdict == PASSED;
    wrong += verdict == WRONG;
  }
  free(list);
  report(&run, runs, (int64_t)count, passed, wrong, torture.places ? "stacks, for their places, " : "stacks ");
}

static bool share_tables(void) {
  for (int which = 0; which < CALLS; which++) {
    size_t size = TORTURE_STACKS * sizeof *tables[which];
    if (tables[which]) munmap(tables[which], size);
    tables[which] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (tables[which] == MAP_FAILED) return false;
  }
  return true;
}

/* How a test passes without a fault: alone or after those before it that it stands on; the walk doubled at each place, or, where a test keeps files, not. */
static bool find_plain(const struct CMUnitTest *tests, const struct CMUnitTest *test, Run *plain) {
  memset(seen, 0, sizeof *seen);
  if (torture.stacks && !share_tables()) return false;
  for (int round = 0; round < (test == tests ? 2 : 4); round++) {
    doubling = round % 2 == 0;
    *plain = (Run){.before = round < 2 ? test : tests, .test = test};
    if ((doubling || torture.stacks) && run_child(plain) == PASSED) return true;
  }
  printf("# left out, does not pass or skips itself: %s\n", test->name);
  return false;
}

static void all_of_test(const struct CMUnitTest *tests, const struct CMUnitTest *test) {
  Run plain;
  if (!find_plain(tests, test, &plain)) return;
  int64_t calls[CALLS];
  memcpy(calls, seen->calls, sizeof calls);
  if (atomic_load(&seen->overflow)) printf("# %s: more than %d stacks\n", test->name, TORTURE_STACKS);
  for (int kind = TORTURE_MEMORY; kind < TORTURE_KINDS; kind++) {
    if (torture.stacks) every_stack(&plain, (TortureKind)kind);
    else every_nth(&plain, (TortureKind)kind, calls[calls_of((TortureKind)kind)]);
  }
}

static int64_t number(const char **at, int64_t fallback) {
  char *end;
  if (**at == '\0') return fallback;
  int64_t value = strtoll(*at, &end, 10);
  *at = *end == ':' ? end + 1 : "";
  return value;
}

static bool word(const char **at, const char *what) {
  size_t len = strlen(what);
  if (strncmp(*at, what, len) != 0) return false;
  *at += len + ((*at)[len] == ':');
  return true;
}

int torture_all(const char *how, const struct CMUnitTest *tests, size_t count) {
  torture.lasting = word(&how, "lasting");
  torture.places = word(&how, "places") || torture.lasting;
  torture.stacks = torture.places || word(&how, "stacks");
  torture.most = torture.stacks ? 0 : number(&how, 0);
  torture.until = time(NULL) + (time_t)number(&how, 86400);
  torture.seed = number(&how, 0);
  const char *one = getenv("DIANBAOMU_TORTURE_ONE"), *only = getenv("DIANBAOMU_TORTURE_TEST");
  if (torture.stacks && schema_own_memory) schema_own_memory(); /* the sample of every day: not yet */
  seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (seen == MAP_FAILED) return 99;
  if (torture.stacks) torture_stack_begin();
  if (torture.stacks && !torture_book_open(getenv("DIANBAOMU_TORTURE_BOOK"), NAMES, TORTURE_KINDS)) return 99;
  size_t first = count ? (size_t)torture.seed % count : 0; /* where time is short, another test comes first with another seed */
  for (size_t i = 0; i < count && !late(); i++) {
    const struct CMUnitTest *test = &tests[(first + i) % count];
    char name[16] = "";
    long long nth = 0;
    if (only && strcmp(only, test->name) != 0) continue;
    if (!one || sscanf(one, "%15s %lld", name, &nth) != 2) {
      all_of_test(tests, test);
      continue;
    }
    Run run;
    if (!find_plain(tests, test, &run)) continue;
    for (int kind = 1; kind < TORTURE_KINDS; kind++) {
      run.kind = (TortureKind)kind, run.nth = nth;
      if (strcmp(name, NAMES[kind]) == 0) torture.failed += run_child(&run) == WRONG;
    }
  }
  printf("1..%d\n", torture.number);
  return torture.failed > 0;
}
