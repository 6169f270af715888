/* What customers owe, as the company's billing states it: a sold house with arrears is not transferred, who calls without power may have been switched
 * off for them, and once they are paid power is owed within hours. Statements come as CSV; each replaces the one before of its customer, unless it is
 * older. One that says nothing is owed ends the arrears. The rows are the truth; memory, read with the state lock held, is rebuilt from them.
 *
 * Event (subject "customer"), when one begins or ceases to owe, or is switched off or on for it: customer.arrears {from, to, as_of}, of the words of
 * arrears_name. The amount stands in no event. */
#ifndef PEOPLE_ARREARS_H
#define PEOPLE_ARREARS_H

#include "people/customer.h"
#include "store/desk.h"

typedef enum ArrearsState { ARREARS_UNKNOWN, ARREARS_NONE, ARREARS_OWING, ARREARS_OFF } ArrearsState; /* unknown: billing has told nothing of anybody */
const char *arrears_name(ArrearsState state); /* "unknown", "ok", "arrears", "disconnected" */

typedef struct ArrearsStatement {
  CustomerId customer;
  int64_t owed_fen;  /* 0: paid */
  bool disconnected; /* for it */
  Instant as_of;
} ArrearsStatement;

typedef struct Arrears Arrears;
bool arrears_open(Arrears **out, Desk *desk, Db *db, const People *people, int64_t county_id, Error *error) MUST_USE;
void arrears_close(Arrears *arrears);

/* *out is all zero where nothing was ever stated of this customer. `arrears` may be NULL. */
ArrearsState arrears_of(const Arrears *arrears, CustomerId customer, ArrearsStatement *out);

/* {state, owed_fen, as_of}; the amount only for whoever needs it (agents, managers), else null. */
void arrears_write(Json *json, const Arrears *arrears, CustomerId customer, uint32_t roles);
#define ARREARS_SCHEMA \
  "{\"type\":[\"object\",\"null\"],\"required\":[\"state\",\"owed_fen\",\"as_of\"],\"properties\":{\"state\":{\"type\":\"string\",\"enum\":[\"unknown\",\"ok\",\"arrears\"," \
  "\"disconnected\"]},\"owed_fen\":{\"type\":[\"integer\",\"null\"]},\"as_of\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}}}"

enum { ARREARS_KEPT, ARREARS_SAME, ARREARS_OLDER, ARREARS_OUTCOMES };
/* For use cases: takes statements of different customers; `outcomes` counts them. */
bool arrears_take(DeskContext *context, Arrears *arrears, const ArrearsStatement *statements, size_t count, int64_t outcomes[ARREARS_OUTCOMES],
                  Error *error) MUST_USE;

struct Http;
bool arrears_add_routes(struct Http *http, Arrears *arrears, Error *error) MUST_USE; /* arrears_routes.c */
const People *arrears_people(const Arrears *arrears);

#endif
