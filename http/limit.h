/* How often: by a thing's name (an address, a number), a bucket that holds `most` and empties by one every `every`. Bounded: the table forgets
 * the emptiest. From any thread. */
#ifndef HTTP_LIMIT_H
#define HTTP_LIMIT_H

#include "base/error.h"
#include "base/time.h"

typedef struct Limits Limits;
typedef struct LimitRule {
  char what;  /* so that an address and a number are two things */
  int most;
  Span every;
} LimitRule;

Limits *limits_new(void); /* NULL: out of memory */
void limits_free(Limits *limits);
/* 0: there is room for one more; else how long until there is. */
Span limits_wait(Limits *limits, const LimitRule *rule, Text who, Instant now);
void limits_count(Limits *limits, const LimitRule *rule, Text who, Instant now);

#endif
