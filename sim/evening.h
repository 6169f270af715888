/* New Year's Eve, the truth of it: what fails when, who is then dark, who will call and when. The rooms under test know nothing of this; they see
 * the calls. 20:10 a village transformer burns out from overload, 20:20 a second, 21:50 a third (below which a low-voltage breaker has failed as
 * well: the nested outage that remains when the transformer is back); over the evening a few households have a fault of their own. It is 0 °C.
 *
 * Pure: a network and a seed in, a plan out. Same seed, same evening. */
#ifndef SIM_EVENING_H
#define SIM_EVENING_H

#include "base/random.h"
#include "base/vector.h"
#include "people/customer.h"

typedef enum EveningCause { EVENING_TRANSFORMER_BURNT, EVENING_BREAKER_FAILED, EVENING_OWN_SWITCH } EveningCause;

typedef struct EveningFault {
  uint32_t device;          /* what failed, grid index */
  EveningCause cause;
  Instant at;
  Instant repaired_at;      /* INSTANT_NONE until the crew has done it */
  uint32_t customers;       /* below it */
  int nested_in;            /* the fault that hides it, -1 */
  Instant found_at, arrived_at; /* filled in as the evening goes */
  bool located;             /* an outage was confirmed or repaired at this very device */
} EveningFault;

typedef struct EveningCall {
  Instant at;               /* when the telephone would be picked up */
  uint32_t position;        /* of the customer */
} EveningCall;

typedef struct EveningGasp { /* what a meter's last breath says, when the head-end has it */
  Instant at;
  uint32_t position;
} EveningGasp;

typedef struct Evening {
  Instant from, until;      /* 20:00 … 21:50 and a little; faults strike within */
  VECTOR(EveningFault) faults;
  VECTOR(EveningCall) calls; /* of all faults, should nothing be repaired; sorted by time */
  VECTOR(EveningGasp) gasps; /* sorted by time */
} Evening;

typedef struct EveningOptions {
  uint64_t seed;
  int year;                 /* the evening of 31 December of this year */
  int own_faults;           /* households with a fault of their own */
  double calling;           /* share of dark households that call within the first hour */
  double gasping;           /* share of the meters whose last gasps and returns reach the company */
} EveningOptions;

/* Fails when the network has no three public transformers with low voltage and customers below. */
bool evening_plan(Evening *out, const EveningOptions *options, const Grid *grid, const People *people, Error *error) MUST_USE;
void evening_end(Evening *evening);
/* Is this device without supply at `now`? By the truth: some fault above it has struck and is not repaired. */
bool evening_meter_reports(const EveningOptions *options, uint32_t position); /* is this meter one of those */
bool evening_is_dark(const Evening *evening, const Grid *grid, uint32_t device, Instant now);

#endif
