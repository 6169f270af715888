/* Where a call came from, for torture: inside base/. Addresses are those of this process and its children; a name is the same in every program. */
#ifndef BASE_TORTURE_STACK_H
#define BASE_TORTURE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TORTURE_DEPTH = 32, TORTURE_STACKS = 1 << 16, TORTURE_PLACE = 5 };

typedef struct TortureStack { /* all calls with these addresses; shared between processes, written by many threads */
  _Atomic uint64_t hash;      /* 0: free */
  _Atomic int64_t count;
  int64_t first;              /* the call's number, 1 … */
  int depth;
  uint8_t result[8];          /* by kind of fault: what came of it */
  uintptr_t at[TORTURE_DEPTH]; /* innermost first */
} TortureStack;

void torture_stack_begin(void);                               /* once, before children: reads the program's names */
uint64_t torture_stack_here(uintptr_t at[TORTURE_DEPTH], int *depth);
/* How the function that begins at `test` came here: a hash of all frames below its own, and its own address in *from (0: it is not on the stack). */
uint64_t torture_stack_way(uintptr_t test, uintptr_t *from);
/* The n-th call came from here, the first time or again. NULL: no room for another stack. */
TortureStack *torture_stack_note(TortureStack table[TORTURE_STACKS], int64_t nth, bool *fresh);
bool torture_stack_is(const TortureStack *stack, const uintptr_t at[TORTURE_DEPTH], int depth, int most); /* in its `most` innermost */
/* place: of the innermost functions; whole: of all up to the test's. Names of functions and distances in them only. */
void torture_stack_name(const TortureStack *stack, uint64_t *place, uint64_t *whole);
void torture_stack_print(const TortureStack *stack, int to); /* one line of names */

#endif
