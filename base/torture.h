/* Torture: every test of a program run again and again, each time with one allocation, SQL call or file write failing once. testing_run does it when
 * DIANBAOMU_TORTURE is set; scripts/torture sets it for all programs. A test's own assertions may fail then: what it wanted did not come about.
 * Asked is that the program ends by itself, in bounded time, with no word of a sanitizer, and that nothing is lost: a test that passes all the same
 * leaks nothing, and when an assertion of a test fails, all memory is still reached from somewhere (the test's own variables are still there then).
 *   DIANBAOMU_TORTURE=RUNS[:SECONDS[:SEED]]    the n-th call: at most so many runs for a test and kind of fault, evenly spread from a start the seed
 *                                             gives (RUNS 0: each, from the beginning), and so many seconds for the program
 *   DIANBAOMU_TORTURE=places[:SECONDS[:SEED]]  one run for each place: a test is run once to see from where it calls, and then once for each place that
 *                                             the book does not name yet. A place is the innermost functions of ours on the stack (TORTURE_PLACE)
 *   DIANBAOMU_TORTURE=stacks[:SECONDS[:SEED]]  the same for each distinct stack of ours, up to the test's own functions: every way to a place
 *   DIANBAOMU_TORTURE=every[:SECONDS]           every n of every test (torture_every.c says how)
 *   DIANBAOMU_TORTURE=lasting[:SECONDS[:SEED]] as places, and from that call on all of its kind fail, so that what cleans up fails too
 *   DIANBAOMU_TORTURE_BOOK=FILE               what was seen and what was made to fail, kept from program to program: the same code is the same place
 *                                             in all of them. Lines "seen|done|wrong KIND PLACE STACK"; what was wrong is tried again
 * One again: DIANBAOMU_TORTURE=1 DIANBAOMU_TORTURE_TEST=NAME DIANBAOMU_TORTURE_ONE="memory 17". */
#ifndef BASE_TORTURE_H
#define BASE_TORTURE_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/disk.h"
#include "base/memory.h"

/* Around a request that a test sends to a server in its own process: while torture_request_again says so, the request, of the same bytes, is sent
 * again (after torture_request). `safe`: one that changes nothing. */
typedef enum TortureAnswer { TORTURE_NO_ANSWER, TORTURE_REFUSED, TORTURE_TOO_OFTEN, TORTURE_ANSWER, TORTURE_OTHER_ANSWER } TortureAnswer; /* ANSWER: what the test wants */
void torture_request(const char *what);
bool torture_request_again(TortureAnswer answer, bool safe);
void torture_want_company(void); /* told before a test waits for other threads: a half that was doubled without them ends there */
void torture_apart(void);        /* told before a test changes what a doubled one stands on too, such as a file of the same name: the half with the fault ends there */
void torture_mine(bool mine);    /* whether what this thread asks for is the test's own, and no fault of the program */

/* How many of `all` rounds by chance a test plays: all; where every n is made to fail, the first hundredth, at least one. */
int torture_rounds(int all);

int torture_all(const char *how, const struct CMUnitTest *tests, size_t count); /* what the program is to exit with */

#endif
