/* The planner driven: with a clock, on several threads, from text to text. The thin impure edge of the engine.
 *
 * With one thread and a count of rounds a run repeats exactly from its seed. With N threads each has its own stream of chance;
 * after each of a fixed number of stretches the best plan goes to all, so a run by rounds repeats for the same seed and N, and
 * differs between Ns. Limited by seconds it repeats only as far as time does. */
#ifndef CREW_DISPATCH_RUN_H
#define CREW_DISPATCH_RUN_H

#include "base/buffer.h"
#include "crew/dispatch.h"

enum { DISPATCH_THREADS = 64 };

typedef struct DispatchRun {
  double seconds;      /* of improving; 0: the first plan only, unless rounds are given */
  bool processor;      /* seconds of this process's processor time, a thread's share of it: to measure on a busy machine */
  int64_t rounds;      /* > 0: so many a thread, instead of seconds */
  int threads;         /* 1 … DISPATCH_THREADS; 0 means 1 */
  uint64_t seed;
  double heat;         /* see DispatchEffort; 0: 1 from nothing, 0.03 from a plan */
} DispatchRun;

typedef struct DispatchRunFacts {
  double first_ms, total_ms; /* to the first full plan; in all */
  double first_cost;
  int64_t rounds;            /* of all threads */
} DispatchRunFacts;

/* `from` (NULL: none) is the plan in force; the result lives in `arena`. `facts` may be NULL. */
bool dispatch_run(const DispatchProblem *problem, const DispatchPlan *from, DispatchRun run, Arena *arena, DispatchPlan *out,
                  DispatchRunFacts *facts, Error *error) MUST_USE;

/* `dianbaomu dispatch`: one of the three files ("-": standard input) read, planned, and the solution put into `out` as JSON.
 * Errors: ERROR_USAGE unless exactly one file is given; those of reading and planning with their paths. */
typedef struct DispatchCommand {
  const char *input, *solomon, *trsp; /* JSON; Solomon's and Pillac's text forms; NULL: not given */
  const char *osrm;                   /* address of a server that knows the roads, or NULL; only where --input has coordinates */
  int decimals;                       /* of a leg in Solomon's form, truncated; -1: as it is */
  DispatchRun run;
} DispatchCommand;
bool dispatch_command(const DispatchCommand *command, Buffer *out, Error *error) MUST_USE;

#endif
