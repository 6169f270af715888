/* Every n of a test, each once, in whichever of three ways the moment allows:
 * 1. The process is alone: it doubles, one half goes on with the fault, the other waits, and goes on without. Stores that are files are kept in memory for it
 *    (db_files_in_memory), so that they are doubled too, and of plain files that are open it has copies. Where other threads are, the test's own thread is doubled without them; what then wants them is left to 3.
 *    A test that has come the same way, call for call, as an earlier one of its program, to a call whose failure ended that one within the same call of the
 *    test's function (most often the same things set up), is not doubled there again.
 *    Under LeakSanitizer those that come from where none of the program came from before, and one in LOOKED_EVERY, look for what is lost when they end; not
 *    those without their threads, which had reached some of it.
 * 2. A server's threads answer a request of the test: the first call for it fails, the refused request is sent again and the second fails, and so on until one
 *    goes through with no call left to fail. The test goes on after it: if anything was half done, what it asserts next is no longer so.
 * 3. Else (other threads' calls between requests, files that are written): once more from the beginning, by the number.
 * What the test asks for itself while it looks at an answer is not the program's, and does not fail. Where a test makes calls fail by itself, from there on
 * nothing else does. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/torture_run.h"

bool db_fails_next(void) __attribute__((weak)); /* store/db.h */

enum { LANES = 12, LOOKED_EVERY = 32, REQUESTS = 1 << 13, REST = 1 << 20, KNOWN = 1 << 23, EXIT_MISTOLD = 96, NO_ANSWER_S = 15, WAITED_MOST = 8 };

typedef struct Left {
  int64_t nth;
  uint64_t way; /* 0: with threads, the way tells nothing */
} Left;

typedef struct Slot { /* one request of the test */
  int64_t next;       /* which call of it is to fail next; 0: the first */
  bool done;          /* it went through with none left */
} Slot;

static struct Every { /* shared with the children */
  _Atomic int64_t same[TORTURE_KINDS], doubled[TORTURE_KINDS], doubled_passed[TORTURE_KINDS], watched[TORTURE_KINDS], looked[TORTURE_KINDS], requested[TORTURE_KINDS], tolerated[TORTURE_KINDS];
  _Atomic int64_t within[CALLS], own[CALLS], rest_count[CALLS];
  Left rest[CALLS][REST]; /* those left for the third way */
  Slot slots[REQUESTS];
  volatile int64_t requests; /* of the last run, so far */
  bool too_often;
  char last[512];            /* what was asked when a call failed last */
} *every;

static _Thread_local bool mine; /* what this thread asks for now is the test's own */
static _Atomic bool within;     /* a request is under way */
static bool own_faults;

/* --- 1: the walk --- */

static uint64_t *known; /* shared, kept for all tests of the program: the ways that ended within the call of a test's function in which they failed */
static uint64_t way = 14695981039346656037u; /* all calls so far, from where */
static void (*testing)(void **state);

static bool memo(uint64_t hash, bool add) {
  size_t at = (size_t)(hash % KNOWN);
  for (size_t tries = 0; tries < 64; tries++, at = (at + 1) % KNOWN) {
    if (known[at] == hash) return true;
    if (known[at] == 0) return add ? (known[at] = hash, true) : false;
  }
  return false;
}

static void left(int which, int64_t nth, uint64_t by_way) {
  int64_t at = atomic_fetch_add(&every->rest_count[which], 1);
  if (at < REST) every->rest[which][at] = (Left){nth, by_way};
}

static bool note(int which) {
  int64_t nth = atomic_fetch_add(&torture_seen->asked[which], 1) + 1;
  if (memory_fails_next() || (db_fails_next && db_fails_next())) own_faults = true;
  if (mine) return false;
  if (own_faults) return atomic_fetch_add(&every->own[which], 1), false;
  if (within) {
    atomic_fetch_add(&every->within[which], 1);
    return false;
  }
  TortureKind kind = which == CALLS_MEMORY ? TORTURE_MEMORY : TORTURE_SQL;
  Company company = torture_company();
  bool by_itself = gettid() == getpid();
  Doubling how = {.kind = kind, .nth = nth, .company = company == COMPANY_THREADS};
  uint64_t stack = how.company ? 0 : torture_stack_way((uintptr_t)testing, &how.from) ^ (uint64_t)kind;
  if (!how.company) way = (way ^ stack) * 1099511628211u;
  if (!how.company && which != CALLS_DISK && memo(way, false)) return atomic_fetch_add(&every->same[kind], 1), false;
  static int waited; /* for the other threads, in vain: this test wants them at every turn */
  if (which == CALLS_DISK || company == COMPANY_FILES || !by_itself || (how.company && waited >= WAITED_MOST)) return left(which, nth, company == COMPANY_FILES ? way : 0), false;
  Verdict verdict;
  if (atomic_load(&torture_seen->wrong[kind]) >= WRONG_MOST || torture_late()) return false;
  how.looks = !how.company && torture_can_look() && (nth % LOOKED_EVERY == 0 || !memo(~stack, false));
  if (torture_double(&how, &verdict)) return true;
  if (verdict == NOT_RUN) return waited++, left(which, nth, 0), false;
  if (!how.company && verdict == ASSERTED && torture_seen->same_call) memo(way, true);
  atomic_fetch_add(&every->doubled[kind], 1);
  if (how.looks) memo(~stack, true), atomic_fetch_add(&every->looked[kind], 1);
  atomic_fetch_add(&every->doubled_passed[kind], verdict == PASSED);
  atomic_fetch_add(&every->watched[kind], verdict == PASSED && torture_seen->watched);
  return false;
}
static void note_all(const Run *run) {
  testing = run->test->test_func;
  torture_ask_all(note);
}

/* --- 2: a request again and again --- */

static struct {
  const Run *run; /* NULL: not this way */
  int64_t nth;
  _Atomic int64_t calls;
  _Atomic bool armed, struck;
  time_t sent;
} request;

static bool strike(void) {
  if (mine || !atomic_load(&request.armed) || atomic_fetch_add(&request.calls, 1) + 1 != request.nth) return false;
  every->slots[every->requests].next = request.nth + 1;
  atomic_fetch_add(&every->requested[request.run->kind], 1);
  return atomic_store(&request.struck, true), true;
}

static void strike_requests(const Run *run) {
  request.run = run;
  torture_ask(torture_calls_of(run->kind), strike);
}

void torture_request(const char *what) {
  torture_want_company();
  within = true;
  if (!request.run || every->requests >= REQUESTS) return;
  Slot *slot = &every->slots[every->requests];
  request.nth = slot->next ? slot->next : 1;
  request.sent = time(NULL);
  atomic_store(&request.calls, 0);
  atomic_store(&request.struck, false);
  if (memory_fails_next() || (db_fails_next && db_fails_next())) slot->done = true; /* the test makes one fail itself */
  atomic_store(&request.armed, !slot->done);
  snprintf(every->last, sizeof every->last, "%s, the call %lld", what, (long long)request.nth);
}

bool torture_request_again(TortureAnswer answer, bool safe) {
  within = false;
  if (!request.run || every->requests >= REQUESTS) return false;
  bool was_armed = atomic_exchange(&request.armed, false), struck = atomic_load(&request.struck);
  if (answer == TORTURE_TOO_OFTEN) { /* sent again so often that a limit is met: the next run goes on */
    every->too_often = true;
    _exit(0);
  }
  if (struck && answer == TORTURE_OTHER_ANSWER) {
    fprintf(stderr, "../ a fault was answered otherwise: %s\n", every->last);
    _exit(EXIT_MISTOLD);
  }
  if (struck && answer == TORTURE_NO_ANSWER && time(NULL) - request.sent >= NO_ANSWER_S) {
    fprintf(stderr, "../ a fault was never answered: %s\n", every->last);
    _exit(EXIT_MISTOLD);
  }
  if (struck && answer == TORTURE_ANSWER) atomic_fetch_add(&every->tolerated[request.run->kind], 1);
  if (struck && (answer != TORTURE_ANSWER || safe)) return true;
  if (was_armed && !struck) every->slots[every->requests].done = true;
  every->requests++; /* one that took a fault and went through is gone on with in the next run */
  return false;
}

void torture_mine(bool is) { mine = is; }

static void every_request(const Run *plain, TortureKind kind) {
  Run run = *plain;
  run.kind = kind, run.prepare = strike_requests;
  int64_t before = -1, open = 1;
  memset(every->slots, 0, sizeof every->slots);
  while (open && atomic_load(&every->requested[kind]) != before && atomic_load(&torture_seen->wrong[kind]) < WRONG_MOST && !torture_late()) {
    before = atomic_load(&every->requested[kind]);
    every->requests = 0, every->too_often = false;
    Verdict verdict = torture_run(&run);
    if (verdict == WRONG) printf("# after %s\n", every->last), fflush(stdout);
    if (verdict == ASSERTED) printf("# %s, %s: the test asserts otherwise after %s: %s\n", run.test->name, TORTURE_NAMES[kind], every->last, torture_seen->said);
    open = verdict != PASSED || every->too_often;
    for (int64_t i = 0; i < every->requests; i++) open += !every->slots[i].done;
  }
  if (open && !torture_late()) printf("# %s, %s: %lld requests not done to the end\n", run.test->name, TORTURE_NAMES[kind], (long long)open);
  torture_report(&run, atomic_load(&every->requested[kind]), atomic_load(&every->requested[kind]), atomic_load(&every->tolerated[kind]), atomic_load(&torture_seen->wrong[kind]),
                 "in requests ");
}

/* --- 3: from the beginning --- */

static int64_t calls, wanted;

static bool strike_nth(void) {
  if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) != wanted) return false;
  torture_struck();
  return true;
}

static void strike_rest(const Run *run) {
  calls = 0, wanted = run->nth;
  torture_ask(torture_calls_of(run->kind), strike_nth);
}

static void every_rest(const Run *plain, TortureKind kind) {
  int which = torture_calls_of(kind);
  int64_t runs = 0, passed = 0, wrong = 0, count = atomic_load(&every->rest_count[which]);
  Run run = *plain;
  run.kind = kind;
  if (which != CALLS_DISK) run.prepare = strike_rest;
  static Running lanes[LANES]; /* those with threads mostly wait for each other */
  int64_t i = 0, started = 0, most = count < REST ? count : REST;
  for (; i < most && wrong < WRONG_MOST && !torture_late(); i++) {
    int64_t ahead = every->rest[which][i].way || which == CALLS_DISK ? i + 1 : i + LANES;
    for (; started < most && started < ahead && (started == i || !every->rest[which][started].way); started++) {
      run.nth = every->rest[which][started].nth;
      torture_start(&lanes[started % LANES], &run);
    }
    Verdict verdict = torture_await(&lanes[i % LANES]);
    const Left *one = &every->rest[which][i];
    if (one->way && which != CALLS_DISK && verdict == ASSERTED && torture_seen->same_call) memo(one->way, true);
    runs++;
    passed += verdict == PASSED;
    wrong += verdict == WRONG;
  }
  for (; i < started; i++) torture_stop(&lanes[i % LANES]);
  torture_report(&run, runs, count, passed, wrong, "from the beginning ");
}

void torture_every(const Run *plain) {
  if (every) torture_unshare(every, sizeof *every);
  if (!known) torture_stack_begin(), known = torture_share(KNOWN * sizeof *known);
  if (!known || !(every = torture_share(sizeof *every))) return;
  Run run = *plain;
  run.doubling = true, run.prepare = note_all;
  if (torture_run(&run) != PASSED) { /* one half took the files away on which the other stands: all from the beginning then */
    memset(every, 0, sizeof *every);
    run.doubling = false;
    if (torture_run(&run) != PASSED) printf("# %s: the walk did not come to its end\n", run.test->name);
  }
  for (int kind = TORTURE_MEMORY; kind < TORTURE_KINDS; kind++) {
    int which = torture_calls_of((TortureKind)kind);
    run.kind = (TortureKind)kind;
    if (kind <= TORTURE_SQL)
      torture_report(&run, atomic_load(&every->doubled[kind]), atomic_load(&torture_seen->asked[which]), atomic_load(&every->doubled_passed[kind]), atomic_load(&torture_seen->wrong[kind]),
                     "by doubling ");
    if (kind <= TORTURE_SQL && atomic_load(&every->same[kind]))
      printf("# %s, %s: %lld calls that had come the same way in an earlier test\n", run.test->name, TORTURE_NAMES[kind], (long long)atomic_load(&every->same[kind]));
    if (kind <= TORTURE_SQL && atomic_load(&every->watched[kind]))
      printf("# %s, %s: %lld of those that passed were ended before the test's end\n", run.test->name, TORTURE_NAMES[kind], (long long)atomic_load(&every->watched[kind]));
    if (kind <= TORTURE_SQL && atomic_load(&every->looked[kind]))
      printf("# %s, %s: %lld of them looked for what is lost\n", run.test->name, TORTURE_NAMES[kind], (long long)atomic_load(&every->looked[kind]));
    if (kind <= TORTURE_SQL && atomic_load(&every->own[which]))
      printf("# %s, %s: %lld calls of a test that makes them fail itself\n", run.test->name, TORTURE_NAMES[kind], (long long)atomic_load(&every->own[which]));
  }
  for (int kind = TORTURE_MEMORY; kind < TORTURE_KINDS; kind++) {
    atomic_store(&torture_seen->wrong[kind], 0);
    if (kind <= TORTURE_SQL && atomic_load(&every->within[torture_calls_of((TortureKind)kind)])) every_request(plain, (TortureKind)kind);
    every_rest(plain, (TortureKind)kind);
  }
  fflush(stdout);
}
