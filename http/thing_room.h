/* A room made up for this room's tests and for measuring: things with a name, one row and one event each. */
#ifndef HTTP_THING_ROOM_H
#define HTTP_THING_ROOM_H

#include "http/http.h"

typedef struct Things {
  Desk *desk;
  _Atomic int64_t worked; /* commands that ran */
  _Atomic int64_t slow_now, slow_most; /* slow handlers at work at once */
} Things;

enum { THING_ROLE_AGENT = 1, THING_ROLE_DISPATCHER = 2, THING_ROLE_ADMINISTRATOR = 32 };
extern const HttpRoute THING_ROUTES[];
extern const char THING_SCHEMA[]; /* the component Thing */

bool things_make_table(Db *db, Error *error) MUST_USE;

#endif
