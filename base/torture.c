#include "base/torture_run.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/torture_book.h"

void schema_own_memory(void) __attribute__((weak)); /* http/schema_node.h: what jansson takes can fail too */

enum { AROUND = 64 };

/* --- one fault for each stack, or each place --- */

static struct {
  TortureStack *tables[CALLS]; /* shared with the children */
  _Atomic bool *overflow;
} walk;

static bool note(int which) {
  int64_t nth = atomic_fetch_add(&torture_seen->asked[which], 1) + 1;
  bool fresh;
  uint64_t place, whole;
  TortureStack *stack = torture_stack_note(walk.tables[which], nth, &fresh);
  if (!stack) atomic_store(walk.overflow, true);
  if (!stack || !fresh) return false;
  torture_stack_name(stack, &place, &whole);
  for (int kind = TORTURE_MEMORY; kind < TORTURE_KINDS; kind++) {
    Verdict verdict;
    if (torture_calls_of((TortureKind)kind) != which) continue;
    if (!torture_book_has("seen", kind, whole)) torture_book_write("seen", kind, place, whole);
    if (torture_book_has("done", kind, torture.places ? place : whole) || atomic_load(&torture_seen->wrong[kind]) >= WRONG_MOST || torture_late() || which == CALLS_DISK ||
        torture_company() != COMPANY_NONE)
      continue;
    if (torture_double(&(Doubling){.kind = (TortureKind)kind, .nth = nth, .stack = stack}, &verdict)) return true;
    stack->result[kind] = (uint8_t)verdict;
    if (verdict != NOT_RUN) torture_book_write(verdict == WRONG ? "wrong" : "done", kind, place, whole);
  }
  return false;
}
static void note_all(const Run *run) {
  (void)run;
  torture_ask_all(note);
}

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
  if (atomic_fetch_add(&torture_seen->asked[target.which], 1) + 1 + AROUND < target.from) return false;
  torture_stack_here(at, &depth);
  if (!torture_stack_is(target.stack, at, depth, torture.places ? TORTURE_PLACE : TORTURE_DEPTH) || atomic_exchange(&target.done, true)) return false;
  return torture_seen->struck = true;
}

static void strike_there(const Run *run) {
  target.which = torture_calls_of(run->kind);
  target.stack = run->stack;
  target.from = run->nth;
  torture_ask(target.which, strike);
}

static int by_first(const void *a, const void *b) {
  const TortureStack *x = *(TortureStack *const *)a, *y = *(TortureStack *const *)b;
  return x->first < y->first ? -1 : x->first > y->first;
}

/* After the walk: what it could not do by doubling itself is done from the beginning. */
static void every_stack(const Run *plain, TortureKind kind) {
  TortureStack *table = walk.tables[torture_calls_of(kind)], **list = calloc(TORTURE_STACKS, sizeof *list);
  int64_t runs = 0, passed = 0, wrong = 0, missed = 0;
  size_t count = 0;
  Run run = *plain;
  run.kind = kind, run.doubling = false, run.prepare = strike_there;
  for (size_t i = 0; list && i < TORTURE_STACKS; i++)
    if (atomic_load(&table[i].hash)) list[count++] = &table[i];
  if (count) qsort(list, count, sizeof *list, by_first);
  for (size_t i = 0; i < count; i++) {
    uint64_t place, whole;
    Verdict verdict = (Verdict)list[i]->result[kind];
    torture_stack_name(list[i], &place, &whole);
    if (verdict == NOT_RUN) {
      if (torture_book_has("done", (int)kind, torture.places ? place : whole) || atomic_load(&torture_seen->wrong[kind]) >= WRONG_MOST || torture_late()) continue;
      run.stack = list[i], run.nth = list[i]->first;
      verdict = torture_run(&run);
      run.nth = 0; /* not come by: wait for it from the first call on */
      if (!torture_seen->struck && verdict != WRONG) verdict = torture_run(&run);
      if (!torture_seen->struck) {
        if (missed++ == 0) printf("# %s, %s: not come by again\n", run.test->name, TORTURE_NAMES[kind]), fflush(stdout);
        torture_stack_print(list[i], STDOUT_FILENO);
      }
      if (verdict == WRONG) torture_book_write("wrong", (int)kind, place, whole);
      else if (torture_seen->struck) torture_book_write("done", (int)kind, place, whole);
    }
    runs++;
    passed += verdict == PASSED;
    wrong += verdict == WRONG;
  }
  free(list);
  torture_report(&run, runs, (int64_t)count, passed, wrong, torture.places ? "stacks, for their places, " : "stacks ");
}

static bool empty_tables(void) {
  if (!walk.overflow) walk.overflow = torture_share(sizeof *walk.overflow);
  if (!walk.overflow) return false;
  atomic_store(walk.overflow, false);
  for (int which = 0; which < CALLS; which++) {
    size_t size = TORTURE_STACKS * sizeof *walk.tables[which];
    torture_unshare(walk.tables[which], size);
    if (!(walk.tables[which] = torture_share(size))) return false;
  }
  return true;
}

/* --- a few of all n --- */

static void some_nth(const Run *plain, TortureKind kind, int64_t calls) {
  int64_t stride = torture.most && calls > torture.most ? (calls + torture.most - 1) / torture.most : 1;
  int64_t runs = 0, passed = 0, wrong = 0;
  Run run = *plain;
  run.kind = kind, run.nth = 1 + torture.seed % stride;
  for (; run.nth <= calls && wrong < WRONG_MOST && !torture_late(); run.nth += stride) {
    Verdict verdict = torture_run(&run);
    runs++;
    passed += verdict == PASSED;
    wrong += verdict == WRONG;
  }
  torture_report(&run, runs, calls, passed, wrong, "");
}

/* --- all tests of a program --- */

/* How a test passes without a fault: alone or after those before it that it stands on; the walk doubled at each place, or, where a test keeps files, not. */
static bool find_plain(const struct CMUnitTest *tests, const struct CMUnitTest *test, Run *plain) {
  memset(torture_seen, 0, sizeof *torture_seen);
  if (torture.stacks && !empty_tables()) return false;
  for (int round = 0; round < (test == tests ? 2 : 4); round++) {
    *plain = (Run){.before = round < 2 ? test : tests, .test = test, .in_memory = torture.every && round % 2 == 0,
                   .doubling = torture.stacks && round % 2 == 0, .prepare = torture.stacks ? note_all : NULL};
    if ((round % 2 == 0 || torture.stacks || torture.every) && torture_run(plain) == PASSED) return true;
  }
  printf("# left out, does not pass or skips itself: %s\n", test->name);
  return false;
}

static void all_of_test(const struct CMUnitTest *tests, const struct CMUnitTest *test) {
  Run plain;
  if (!find_plain(tests, test, &plain)) return;
  if (torture.every) {
    torture_every(&plain);
    return;
  }
  int64_t calls[CALLS];
  memcpy(calls, torture_seen->calls, sizeof calls);
  if (torture.stacks && atomic_load(walk.overflow)) printf("# %s: more than %d stacks\n", test->name, TORTURE_STACKS);
  for (int kind = TORTURE_MEMORY; kind < TORTURE_KINDS; kind++) {
    if (torture.stacks) every_stack(&plain, (TortureKind)kind);
    else some_nth(&plain, (TortureKind)kind, calls[torture_calls_of((TortureKind)kind)]);
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

int torture_rounds(int all) { return torture.every ? (all + 99) / 100 : all; }

int torture_all(const char *how, const struct CMUnitTest *tests, size_t count) {
  torture.every = word(&how, "every");
  torture.lasting = word(&how, "lasting");
  torture.places = word(&how, "places") || torture.lasting;
  torture.stacks = torture.places || word(&how, "stacks");
  torture.most = torture.stacks || torture.every ? 0 : number(&how, 0);
  torture.until = time(NULL) + (time_t)number(&how, 86400);
  torture.seed = number(&how, 0);
  const char *one = getenv("DIANBAOMU_TORTURE_ONE"), *only = getenv("DIANBAOMU_TORTURE_TEST");
  if (torture.stacks && schema_own_memory) schema_own_memory(); /* the sample of every day: not yet */
  torture_seen = torture_share(sizeof *torture_seen);
  if (!torture_seen) return 99;
  if (torture.stacks) torture_stack_begin();
  if (torture.stacks && !torture_book_open(getenv("DIANBAOMU_TORTURE_BOOK"), TORTURE_NAMES, TORTURE_KINDS)) return 99;
  size_t first = count ? (size_t)torture.seed % count : 0; /* where time is short, another test comes first with another seed */
  for (size_t i = 0; i < count && !torture_late(); i++) {
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
    run.prepare = NULL;
    for (int kind = 1; kind < TORTURE_KINDS; kind++) {
      run.kind = (TortureKind)kind, run.nth = nth;
      if (strcmp(name, TORTURE_NAMES[kind]) == 0) torture.failed += torture_run(&run) == WRONG;
    }
  }
  printf("1..%d\n", torture.number);
  return torture.failed > 0;
}
