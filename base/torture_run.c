#include "base/torture_run.h"

#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not every program has a store, or is built with a sanitizer. */
void db_fail_at(int64_t nth) __attribute__((weak));
void db_ask(bool (*fails)(void)) __attribute__((weak));
int64_t db_calls(void) __attribute__((weak));
void db_files_in_memory(void) __attribute__((weak));
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

enum { EXIT_SANITIZER = 97, EXIT_COMPANY = 95, EXIT_FAILED = 90, EXIT_WATCHED = 94, SAID_MOST = 3000, COMPANY_SECONDS = 3 };

/* A half that goes on as if nothing had been ends once what was asked is answered and a turn of time is over, or after so many turns where it
 * stands at the same place of the test (which may have come round to it again). One in so many goes on to the end of the test. */
enum { TURN_MS = 20, TURNS = 10, TO_THE_END = 50 };

const char *const TORTURE_NAMES[TORTURE_KINDS] = {"nothing", "memory", "sql", "io-error", "disk-full", "short-write"};
int torture_calls_of(TortureKind kind) { return kind == TORTURE_MEMORY ? CALLS_MEMORY : kind == TORTURE_SQL ? CALLS_SQL : CALLS_DISK; }

TortureSeen *torture_seen;
Torture torture;

bool torture_late(void) { return time(NULL) >= torture.until; }

void *torture_share(size_t size) {
  void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return shared == MAP_FAILED ? NULL : shared;
}

void torture_unshare(void *shared, size_t size) {
  if (shared) munmap(shared, size);
}

void torture_ask(int which, bool (*fails)(void)) {
  if (which == CALLS_MEMORY) memory_ask(fails);
  if (which == CALLS_SQL && db_ask) db_ask(fails);
  if (which == CALLS_DISK) disk_ask(fails);
}

static bool (*noted)(int which);
static bool note_memory(void) { return noted(CALLS_MEMORY); }
static bool note_sql(void) { return noted(CALLS_SQL); }
static bool note_disk(void) { return noted(CALLS_DISK); }

void torture_ask_all(bool (*note)(int which)) {
  noted = note;
  torture_ask(CALLS_MEMORY, note_memory), torture_ask(CALLS_SQL, note_sql), torture_ask(CALLS_DISK, note_disk);
}

static void arm(TortureKind kind, int64_t nth) {
  if (kind == TORTURE_MEMORY) memory_fail_at(nth);
  if (kind == TORTURE_SQL && db_fail_at) db_fail_at(nth);
  if (kind >= TORTURE_IO) disk_fail_at(nth, kind == TORTURE_FULL ? DISK_FAULT_FULL : kind == TORTURE_SHORT ? DISK_FAULT_SHORT : DISK_FAULT_IO);
}

static void disarm(void) {
  for (int which = 0; which < CALLS; which++) torture_ask(which, NULL);
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
  dprintf(STDOUT_FILENO, "# %s, %s %lld: %s %d\n", run->test->name, TORTURE_NAMES[run->kind], (long long)(run->stack ? run->stack->first : run->nth),
          slow ? "did not end; signal" : WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  if (run->stack) torture_stack_print(run->stack, STDOUT_FILENO);
  for (char *line = text, *next; line && *line; line = next) {
    next = strchr(line, '\n');
    if (next) *next++ = '\0';
    dprintf(STDOUT_FILENO, "# %s\n", line);
  }
}

static Verdict judge(const Run *run, pid_t pid, int said, bool in_company) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  kill(-pid, SIGKILL);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  bool slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
  torture_seen->watched = code == EXIT_WATCHED;
  Verdict verdict = code == 0 || code == EXIT_WATCHED ? PASSED : code == EXIT_FAILED ? ASSERTED : WRONG;
  if (in_company && (slow || code == 0 || code == EXIT_WATCHED || code == EXIT_COMPANY)) return NOT_RUN;
  if (verdict == WRONG && !slow && test_tripped(said)) verdict = ASSERTED;
  if (verdict == WRONG) tell(run, status, said);
  if (verdict == WRONG) atomic_fetch_add(&torture_seen->wrong[run->kind], 1);
  return verdict;
}

/* --- in the child --- */

static struct {
  const Run *run;
  int said;         /* what its own doubles say */
  bool files[1024]; /* which were open before the test */
  int files_at;     /* how many were open when it was last looked … */
  unsigned files_are; /* … and of what kinds */
  uintptr_t from;   /* where the test's function stood as the fault struck */
  bool half;        /* doubled, with the fault */
  bool looks;       /* for what is lost, where an assertion ends it */
  bool company;     /* … without its other threads */
  int turns;        /* since then */
  bool ended;       /* the test, and nothing was asserted */
} own;

/* Without a sanitizer nobody else says where. */
static void tell_where(int signal_number) {
  TortureStack stack = {0};
  torture_stack_here(stack.at, &stack.depth);
  if (stack.depth == 0) _exit(EXIT_FAILED); /* the test itself looked into what it did not get */
  dprintf(STDERR_FILENO, "signal %d\n", signal_number);
  torture_stack_print(&stack, STDERR_FILENO);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

bool torture_can_look(void) { return __lsan_do_recoverable_leak_check != NULL; }

/* What another thread has in its hands may look lost for a moment; what is lost remains so. */
static bool is_lost(void) {
  bool lost = torture_can_look();
  for (int tries = 0; lost && tries < 3; tries++) {
    if (tries) usleep(20000);
    lost = __lsan_do_recoverable_leak_check() != 0;
  }
  return lost;
}

/* An assertion outside of cmocka's runner leaves by exit, deep in the test: what its variables still reach is not lost, all else is. */
static void leave(void) {
  uintptr_t from;
  if (own.ended) return;
  disarm();
  if (own.from) torture_stack_way((uintptr_t)own.run->test->test_func, &from), torture_seen->same_call = from == own.from;
  if (own.looks && is_lost()) _exit(EXIT_SANITIZER); /* the sample of every day: not yet */
  _exit(EXIT_FAILED);
}

static void turn_over(int signal_number) {
  uintptr_t from = own.from;
  (void)signal_number;
  if (own.ended) return;
  if (++own.turns < TURNS) torture_stack_way((uintptr_t)own.run->test->test_func, &from);
  if (own.turns == TURNS || (from && from != own.from)) _exit(EXIT_WATCHED);
}

static void watch(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
  signal(SIGPROF, turn_over);
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return;
  timer_settime(timer, 0, &(struct itimerspec){{0, TURN_MS * 1000000}, {0, TURN_MS * 1000000}}, NULL);
}

static int each_file(void (*see)(int file, unsigned *kinds), unsigned *kinds) {
  DIR *folder = opendir("/proc/self/fd");
  int count = 0, mine = folder ? dirfd(folder) : -1;
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    int file = atoi(entry->d_name);
    if (entry->d_name[0] == '.' || file == mine) continue;
    count++;
    if (see) see(file, kinds);
  }
  if (folder) closedir(folder);
  return count;
}

static void see_before(int file, unsigned *kinds) {
  (void)kinds;
  if (file < (int)sizeof own.files) own.files[file] = true;
}

enum { PLAIN_FILE = 1, CONNECTION = 2, ANYTHING_ELSE = 4 };

static void see_company(int file, unsigned *kinds) {
  char link[64], what[300];
  int listens = 0;
  socklen_t size = sizeof listens;
  struct stat found = {0};
  if (file < (int)sizeof own.files && own.files[file]) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t len = readlink(link, what, sizeof what - 1);
  what[len < 0 ? 0 : len] = '\0';
  bool waits = strcmp(what, "anon_inode:[eventpoll]") == 0 || strcmp(what, "anon_inode:[eventfd]") == 0 ||
               (getsockopt(file, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens);
  if (waits) return;
  bool plain = fstat(file, &found) == 0 && S_ISREG(found.st_mode) && !strstr(what, ".db"); /* a store is mapped into memory, too */
  *kinds |= strncmp(what, "socket:", 7) == 0 ? CONNECTION : plain ? PLAIN_FILE : ANYTHING_ELSE;
}

static bool one_thread(void) {
  struct stat tasks; /* names: ".", ".." and one for each thread */
  return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3;
}

/* How many are open; to be compared only. The kernel tells since 6.2, before that they are counted. */
static int open_files(void) {
  struct stat files;
  return stat("/proc/self/fd", &files) == 0 && files.st_size > 0 ? (int)files.st_size : each_file(NULL, NULL);
}

Company torture_company(void) {
  if (!own.run->doubling) return COMPANY_FILES;
  int count = open_files();
  if (count != own.files_at) {
    own.files_at = count, own.files_are = 0;
    each_file(see_company, &own.files_are);
  }
  bool threads = own.files_are == CONNECTION || !one_thread();
  if (own.files_are == PLAIN_FILE) return threads ? COMPANY_FILES : COMPANY_COPIED;
  if (own.files_are & (PLAIN_FILE | ANYTHING_ELSE)) return COMPANY_FILES;
  return threads ? COMPANY_THREADS : COMPANY_NONE;
}

/* glibc knows who holds a lock for writing by the thread's number, and a fork changes that: the half that goes on must be able to unlock. */
static void keep_thread_number(pid_t number) {
  pid_t *at = (pid_t *)(void *)pthread_self();
  for (size_t i = 0; i < 1024 / sizeof *at; i += 2) { /* the upper half of an address may look like a number of a process */
    if (at[i] != gettid()) continue;
    at[i] = number;
    return;
  }
}

static bool always(void) { return true; }

void torture_struck(void) { torture_stack_way((uintptr_t)own.run->test->test_func, &own.from); }

void torture_apart(void) {
  if (own.half) _exit(EXIT_WATCHED);
}

void torture_want_company(void) {
  if (own.company) _exit(EXIT_COMPANY);
}

static void leave_company(int file, unsigned *kinds) {
  (void)kinds;
  if (file < (int)sizeof own.files && !own.files[file]) close(file);
}

/* What one half reads or writes on, the other must not miss. */
static void take_copy(int file, unsigned *kinds) {
  char link[64], bytes[65536];
  struct stat found;
  (void)kinds;
  if ((file < (int)sizeof own.files && own.files[file]) || fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  int from = open(link, O_RDONLY | O_CLOEXEC), copy = memfd_create("copy", 0);
  for (ssize_t got; (got = read(from, bytes, sizeof bytes)) > 0;)
    if (write(copy, bytes, (size_t)got) != got) break;
  lseek(copy, lseek(file, 0, SEEK_CUR), SEEK_SET);
  dup2(copy, file);
  close(copy), close(from);
}

/* Nor the names: what one half takes away when it ends, the other stands on. */
static void keep_names(void) {
#define NOT_DONE(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0)
  struct sock_filter rules[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __NR_unlink
                                NOT_DONE(__NR_unlink), NOT_DONE(__NR_rmdir),
#endif
                                NOT_DONE(__NR_unlinkat), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog filter = {.len = sizeof rules / sizeof *rules, .filter = rules};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return; /* a walk that fails is told of */
}

bool torture_double(const Doubling *how, Verdict *verdict) {
  Run run = {.test = own.run->test, .kind = how->kind, .nth = how->nth, .stack = how->stack};
  if (ftruncate(own.said, 0) != 0 || lseek(own.said, 0, SEEK_SET) != 0) return *verdict = NOT_RUN, false;
  alarm(0);
  fflush(NULL);
  torture_seen->same_call = false;
  pid_t number = gettid(), pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    keep_thread_number(number);
    dup2(own.said, STDERR_FILENO);
    disarm();
    own.half = true;
    own.from = how->from;
    own.company = how->company;
    keep_names();
    if (!how->company) each_file(take_copy, NULL);
    if (how->company) {
      each_file(leave_company, NULL);
      setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, 0});
    }
    if (torture.lasting) torture_ask(torture_calls_of(how->kind), always);
    alarm(how->company ? COMPANY_SECONDS : RUN_SECONDS);
    own.looks = torture.stacks || how->looks;
    if (how->from && how->nth % TO_THE_END != 0 && !how->looks) watch();
    return true;
  }
  *verdict = pid > 0 ? judge(&run, pid, own.said, how->company) : NOT_RUN;
  alarm(RUN_SECONDS);
  return false;
}

static void count_calls(int64_t calls[CALLS]) {
  calls[CALLS_MEMORY] = memory_allocations();
  calls[CALLS_SQL] = db_calls ? db_calls() : 0;
  calls[CALLS_DISK] = disk_calls();
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
  if (!run->doubling) dup2(nowhere, STDOUT_FILENO);
  dup2(said, STDERR_FILENO);
  own.run = run;
  own.said = paper();
  own.looks = torture.stacks || torture.every;
  torture_seen->struck = torture_seen->same_call = false;
  for (int which = 0; which < CALLS; which++) atomic_store(&torture_seen->asked[which], 0);
  if (run->in_memory && db_files_in_memory) db_files_in_memory();
  atexit(leave);
  if (torture.every) signal(SIGSEGV, tell_where), signal(SIGABRT, tell_where);
  alarm(RUN_SECONDS);
  run_before(run);
  each_file(see_before, NULL);
  if (run->test->setup_func && run->test->setup_func(&state) != 0) exit(1);
  count_calls(before);
  if (run->prepare) run->prepare(run);
  else arm(run->kind, run->nth);
  run->test->test_func(&state);
  disarm();
  count_calls(after);
  if (run->test->teardown_func && run->test->teardown_func(&state) != 0) exit(1);
  for (int i = 0; i < CALLS; i++) torture_seen->calls[i] = after[i] - before[i];
  own.ended = true;
  torture_want_company();
  exit(0);
}

void torture_start(Running *out, const Run *run) {
  *out = (Running){.run = *run, .said = paper()};
  fflush(NULL);
  out->pid = fork();
  if (out->pid) return;
  setpgid(0, 0); /* what it starts ends with it */
  child(run, out->said);
}

Verdict torture_await(Running *running) {
  int said = running->said;
  Verdict verdict = judge(&running->run, running->pid, said, false);
  if (verdict == ASSERTED) {
    off_t end = lseek(said, 0, SEEK_END), most = (off_t)sizeof torture_seen->said - 1;
    ssize_t got = pread(said, torture_seen->said, (size_t)most, end > most ? end - most : 0);
    torture_seen->said[got < 0 ? 0 : got] = 0;
    for (char *c = torture_seen->said; *c; c++) *c = *c == 10 ? 32 : *c;
  }
  close(said);
  return verdict;
}

void torture_stop(Running *running) {
  kill(running->pid, SIGKILL), kill(-running->pid, SIGKILL);
  while (waitpid(running->pid, NULL, 0) < 0 && errno == EINTR) {}
  close(running->said);
}

Verdict torture_run(const Run *run) {
  Running running;
  torture_start(&running, run);
  return torture_await(&running);
}

void torture_report(const Run *run, int64_t runs, int64_t of, int64_t passed, int64_t wrong, const char *what) {
  if (runs == 0) return;
  printf("%s %d - %s: %s, %lld of %lld %smade to fail, %lld passed all the same\n", wrong ? "not ok" : "ok", ++torture.number, run->test->name,
         TORTURE_NAMES[run->kind], (long long)runs, (long long)of, what, (long long)passed);
  fflush(stdout);
  torture.failed += wrong > 0;
}
