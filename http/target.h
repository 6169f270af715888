/* A request's target, taken apart and decoded: "/api/v1/orders/%31?state=open" gives the segments api, v1, orders, 1 and the pair state=open.
 * Strict: absolute forms, empty or dot segments, bad %-codes, NUL and other control characters, bytes that are no UTF-8, a fragment, a name
 * twice: all refused with ERROR_HTTP_TARGET. Pure. */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include "base/error.h"
#include "base/text.h"

enum { TARGET_SEGMENTS = 12, TARGET_PAIRS = 24, TARGET_BYTES = 4096 };

typedef struct TargetPair {
  Text name, value;
} TargetPair;

typedef struct Target {
  Text path; /* as sent, without the query */
  Text segment[TARGET_SEGMENTS];
  int segments;
  bool folder; /* the path ends with "/" */
  TargetPair pair[TARGET_PAIRS];
  int pairs;
} Target;

/* The parts lie in `raw` where nothing had to be decoded, else in the arena. */
bool target_parse(Target *out, Arena *arena, Text raw, Error *error) MUST_USE;
Text target_query(const Target *target, Text name); /* at == NULL when absent */

#endif
