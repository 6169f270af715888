/* One run of a test in a process of its own, with a fault, and what came of it; and a process doubled where it stands. Inside base/. */
#ifndef BASE_TORTURE_RUN_H
#define BASE_TORTURE_RUN_H

#include "base/torture.h"
#include "base/torture_stack.h"

typedef enum TortureKind { TORTURE_NONE, TORTURE_MEMORY, TORTURE_SQL, TORTURE_IO, TORTURE_FULL, TORTURE_SHORT, TORTURE_KINDS } TortureKind;
extern const char *const TORTURE_NAMES[TORTURE_KINDS];
enum { CALLS_MEMORY, CALLS_SQL, CALLS_DISK, CALLS };
int torture_calls_of(TortureKind kind);

typedef enum Verdict { NOT_RUN, PASSED, ASSERTED, WRONG } Verdict;

enum { WRONG_MOST = 3, RUN_SECONDS = 180 };

typedef struct Run { /* what a child does */
  const struct CMUnitTest *before, *test; /* those from `before` up to `test` are run first, without a fault: it stands on them */
  TortureKind kind;
  int64_t nth;                 /* 0: no call fails by its number */
  const TortureStack *stack;   /* for those who are told of what went wrong: where it was */
  bool in_memory;              /* stores that are files are kept in memory */
  bool doubling;               /* whether torture_alone can be true */
  void (*prepare)(const struct Run *run); /* NULL: the nth call fails; else what is asked instead, once the test's setup is done */
} Run;

typedef struct TortureSeen { /* shared with the children */
  int64_t calls[CALLS]; /* of the last run that passed */
  _Atomic int64_t asked[CALLS], wrong[TORTURE_KINDS];
  char said[300]; /* the end of what the last run said that asserted */
  volatile bool struck;
  volatile bool watched;   /* it went on as if nothing had been, and was ended before the end of the test */
  volatile bool same_call; /* a doubled test asserted within the call of the test's function in which the fault struck */
} TortureSeen;
extern TortureSeen *torture_seen;

typedef struct Torture {
  bool stacks, places, lasting, every; /* lasting: from the call on that is made to fail, all of its kind fail */
  int64_t most, seed;
  time_t until;
  int number, failed;
} Torture;
extern Torture torture;

bool torture_late(void);
void *torture_share(size_t size); /* zeroed, seen by the children too; NULL on failure */
void torture_unshare(void *shared, size_t size);
Verdict torture_run(const Run *run);
typedef struct Running { /* several at once: of what is shared, `said` and `same_call` are then nobody's */
  Run run;
  pid_t pid;
  int said;
} Running;
void torture_start(Running *out, const Run *run);
Verdict torture_await(Running *running);
void torture_stop(Running *running);
/* Whether the process is all by itself. What only waits (a listening socket, an epoll) is no company. COPIED: plain files are open, of which a doubled half
 * has copies; THREADS: or connections; FILES: whatever else there is. */
typedef enum Company { COMPANY_NONE, COMPANY_COPIED, COMPANY_THREADS, COMPANY_FILES } Company;
Company torture_company(void);
/* In the half that goes on with the fault: true. The other half waits for it, and knows what came of it. from: where the test's function stood
 * (torture_stack_way), or 0. In company the half has this thread alone, no connection and no way to another: it is ended once it wants its server (NOT_RUN). */
typedef struct Doubling {
  TortureKind kind;
  int64_t nth;
  const TortureStack *stack;
  uintptr_t from;
  bool company;
  bool looks; /* for what is lost (LeakSanitizer), to the end of the test */
} Doubling;
bool torture_double(const Doubling *how, Verdict *verdict);
bool torture_can_look(void); /* for what is lost */
void torture_struck(void); /* in a run from the beginning, as the fault strikes: the test's function stands where it stands */
void torture_ask(int which, bool (*fails)(void));
void torture_ask_all(bool (*note)(int which)); /* at every call of any kind */
void torture_report(const Run *run, int64_t runs, int64_t of, int64_t passed, int64_t wrong, const char *what);

void torture_every(const Run *plain); /* torture_every.c */

#endif
