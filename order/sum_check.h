/* The boards' sums counted again: those of promises from the orders' trails (which must be what the events say), and what is rolled up from
 * the sums of days. */
#ifndef ORDER_SUM_CHECK_H
#define ORDER_SUM_CHECK_H

#include "base/map.h"
#include "order/roll.h"

typedef struct SumCount { /* of a promise, day and area; day 0: runs of clocks of the promise itself */
  int64_t measured, kept;
  Span used;
} SumCount;
typedef struct SumCheck {
  const Orders *orders;
  TextMap promises;     /* id → number; texts are the books' */
  Map numbers;          /* address of a promise → number */
  Map places;           /* number, day, area → place in counts */
  VECTOR(SumCount) counts;
  bool failed;          /* out of memory */
} SumCheck;

bool sum_check_order(SumCheck *check, const Order *order, Text trail) MUST_USE; /* false: out of memory */
/* `problem`: "" when sound. */
bool sum_check_compare(SumCheck *check, Db *db, char *problem, Error *error) MUST_USE;
void sum_check_free(SumCheck *check);

#endif
