/* Orders: everything a customer wants and everything the company finds by itself is one kind of thing: an order that goes round one loop
 * and is measured against promises. What a kind of order is (its form, states, steps, who may take which, its clocks) is data in
 * rules/orders/
 * *.yaml; this room runs it. Fault repair is the first kind; nothing here knows it by name, except through the words below.
 *
 * Rows are the truth; open orders are also kept in memory (rebuilt from rows at start), archived ones only in rows. All changes go over the
 * desk.
 *
 * Events (subject kind "order"). Each carries number, kind, ladder, outage_id, version; one that changes the state also step, from, to:
 *   order.accepted {customer, device, urgency, source, what, to}   order.step {step, branch, from, to, crew_id, fields: {… not personal}}
 *   order.called_again {calls, step, …}   order.linked {outage, was, step, …}   order.reopened {why}   order.archived {state}
 *   order.clock {clock, promise, mark, due, to: [whom it is told]} at the marks of a promise (75, 100 %), once each, also across a restart
 * What was said in free words at a step stands in table order_text, not in the events.
 *
 * A step may bring another that follows by itself: a satisfied call-back archives. order_link takes the order to "merged" where its kind
 * says so, and back by link 0; a crew's steps then take it on. While an order is suspended people may take side steps only.
 * A suspension ends by itself when the day begins it was asked for until, to the microsecond, also when the program did not run then. */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include "people/arrears.h"
#include "store/desk.h"

#include <jansson.h>

typedef struct Orders Orders;
typedef struct OrderKind OrderKind; /* one version of one kind's rules; see order/kind.h */

/* The one ladder the customer and every face see (INTERFACE.md rule 1). */
typedef enum OrderLadder {
  LADDER_REPORTED,
  LADDER_ASSESSING,
  LADDER_CREW_ASSIGNED,
  LADDER_ON_THE_WAY,
  LADDER_ON_SITE,
  LADDER_PARTLY_RESTORED,
  LADDER_RESTORED,
  LADDER_CLOSED
} OrderLadder;

#define ORDER_NO_ORG UINT32_MAX
#define ORDER_NO_CHOICE UINT8_MAX

typedef struct Order { /* an open order in memory */
  OrderId id;
  const OrderKind *kind;
  CustomerId customer;      /* 0: caller not known */
  uint32_t position;        /* of the customer, CUSTOMER_NONE */
  uint32_t device;          /* grid index where it is felt, GRID_NONE */
  OutageId outage;          /* 0: none */
  CrewId crew;              /* who has it, 0: nobody */
  StaffId assignee;         /* 0: nobody */
  Instant accepted_at, state_since;
  Instant until;            /* a suspension asked for ends by itself then; INSTANT_NONE: none was */
  OrderId parent;           /* of which it came, 0: none */
  OrderId main;             /* into which it was merged, 0: none */
  uint64_t done, ever;      /* bits of the kind's steps taken: since the state began and not used up; ever */
  int64_t number;           /* the number people say: date and count, 202611210000123 */
  uint32_t org;             /* row of the part of the organisation it belongs to (people_org), ORDER_NO_ORG */
  uint32_t to_org;          /* … and of the one that deals with it */
  uint16_t state;           /* into kind's states */
  uint8_t ladder, urgency;  /* OrderLadder; 0 normal, 1 urgent, 2 life */
  uint16_t calls;           /* times the customer called in this matter, 1 at first */
  uint16_t callback_tries;
  uint16_t children;        /* open orders that came of this one */
  uint16_t merged;          /* open orders merged into this one */
  uint16_t visits;          /* of the customer */
  uint16_t repeats;         /* calls of this customer in the same matter within the rule's window, this one too */
  uint16_t reopened;        /* times */
  uint8_t area;             /* urban, rural, remote: which limits hold; as it was when accepted */
  uint8_t what;             /* into the choices of the form's field "what"; ORDER_NO_CHOICE */
  bool suspended;
  int32_t version;          /* grows with every change; a step that names an older one is refused */
} Order;

bool order_open(Orders **out, Desk *desk, Db *db, const Grid *grid, const People *people, const char *rules_folder_or_null,
                Error *error) MUST_USE;
void order_close(Orders *orders);

/* --- use cases: inside a desk job --- */
typedef struct OrderAccept {
  Text kind;                /* "fault_repair" */
  CustomerId customer;      /* 0: not known */
  uint32_t device;          /* GRID_NONE: the customer's own */
  Text caller_name, caller_phone, what, description, source; /* what: a code of the kind's form, "no_power" */
  uint8_t urgency;
  uint32_t roles;           /* of who asks; 0: the program itself */
  int64_t org_id;            /* the part they belong to; 0: the whole company */
  const json_t *fields;     /* the rest of the kind's form, NULL: none */
  OrderId parent;           /* the order this one comes of, which waits for it; 0: none. Its form may then be filled in later */
} OrderAccept;
/* A customer who already has an open order of this kind does not get a second one: the call is added to it (calls + 1, order.called_again);
 * when that order was already restored and waits for its call-back, it is reopened. *again tells. */
bool order_accept(DeskContext *context, Orders *orders, const OrderAccept *accept, OrderId *out, bool *again, Error *error) MUST_USE;

/* Whether such an order could be opened from what is said here alone, and by which roles: for rules that name a kind. */
bool order_may_open(const Orders *orders, const OrderAccept *accept, uint32_t *roles, Error *error) MUST_USE;

typedef struct OrderStep {
  OrderId order;
  Text step;                /* "dispatch" */
  int32_t version;          /* the one the person saw; 0: whatever it is now (for reactions of other rooms) */
  const json_t *fields;     /* checked against the step's form; NULL: none */
  uint32_t roles;           /* of who asks; UINT32_MAX for the system */
  int64_t org_id;           /* the part they belong to; 0: the whole company */
  CrewId crew;              /* for steps that assign one */
  Instant done_at;          /* 0: now; else by the word of a phone that had no net: bounded (order/fold.h), clocks are judged by it, the event keeps both */
} OrderStep;
/* Whether somebody of this part may see and change it: it is theirs, or was handed to them. */
bool order_is_theirs(const Orders *orders, const Order *order, int64_t org_id);
/* Refuses a step that the order's state, the person's role or the form does not allow, saying which steps are. */
/* The actor of the step is the context's: who asked for something may not always grant it. */
bool order_step(DeskContext *context, Orders *orders, const OrderStep *step, Error *error) MUST_USE;
/* Puts the order under an outage, or takes it out (outage 0). Reactions of the outage room use it: merging, moving, splitting, undoing. */
bool order_link(DeskContext *context, Orders *orders, OrderId order, OutageId outage, Error *error) MUST_USE;

/* A picture or document, held to an order, to a group, or to none until a form names it. Its bytes are checked and, where the order's kind does
 * not keep it, freed of the place it was taken at (before the desk: attachment_ready changes them in place). */
bool attachment_ready(const char **type, unsigned char *bytes, size_t *len, bool keeps_place, Error *error) MUST_USE;
bool attachment_add(DeskContext *context, OrderId order, int64_t group_id, const char *type, Text body, int64_t *id, Error *error) MUST_USE;

/* A link for the customer of an order that waits for its call-back: once, until it expires, without signing in. */
enum { SURVEY_TOKEN_TEXT = 33 };
bool survey_link(DeskContext *context, Orders *orders, OrderId order, char token[SURVEY_TOKEN_TEXT], Instant *expires, Error *error) MUST_USE;
typedef struct SurveyAnswer {
  Text token, answer, note; /* answer: "satisfied", "dissatisfied" */
  const json_t *scores;     /* by dimension 1 … 5; NULL: none */
  bool anonymous;
} SurveyAnswer;
bool survey_answer(DeskContext *context, Orders *orders, const SurveyAnswer *said, Error *error) MUST_USE;

/* --- reading: with the state lock held --- */
const Order *order_find(const Orders *orders, OrderId id);         /* NULL: not open */
size_t order_count(const Orders *orders);                          /* open ones */
const Order *order_at(const Orders *orders, size_t i);             /* any order; i < order_count */
const Order *order_of_customer(const Orders *orders, CustomerId customer, const char *kind); /* its open one, or NULL */
/* Calls visit for each open order of the outage; false stops. */
void order_of_outage(const Orders *orders, OutageId outage, bool (*visit)(void *self, const Order *order), void *self);
bool order_state_is(const Order *order, const char *state);        /* "restored" */
bool order_is_open(const Order *order);
/* A calendar of the rules by its id ("working_hours"); NULL: none such. Lives as long as Orders. See order/clock.h. */
const struct Calendar *order_calendar(const Orders *orders, Text id);

/* For `dianbaomu check`: every order's history is a legal path of its kind and ends where its row says; memory is what the rows say.
 * `problem` (of ERROR_TEXT_MAX) gets the first thing found, or "". */
bool order_check(const Orders *orders, Db *db, char *problem, Error *error) MUST_USE;
/* … and every clock is what counting it again from the event table gives, of open and ended orders; *count: clocks. */
bool order_recount(const Orders *orders, Db *db, char *problem, int64_t *count, Error *error) MUST_USE;
/* The same for a caller who reads all events anyway: open, show each event in order, close. `problem` lives until then. */
typedef struct OrderAudit OrderAudit;
bool order_audit_open(OrderAudit **out, const Orders *orders, Db *db, char *problem, Error *error) MUST_USE;
bool order_audit_event(void *audit, const Event *event); /* an EventVisit */
bool order_audit_close(OrderAudit *audit, Db *db, Error *error) MUST_USE; /* frees it; NULL is fine. db NULL: no verdict is wanted any more */

/* --- its HTTP face: order_routes.c. `name_of` tells the name of a member of staff, for histories. --- */
struct Http;
bool order_add_routes(struct Http *http, Orders *orders, Error *error) MUST_USE;
/* Whom an order is given to in a part of the organisation: a member of staff with this role there, 0: nobody. NULL: nobody anywhere. */
void order_on_staff(Orders *orders, StaffId (*staff_of)(void *self, int64_t org_id, uint32_t role), void *self);
/* What customers owe (people/arrears.h), before the first job: kinds that ask for it refuse them, and who was switched off and paid gets an order. */
void order_on_arrears(Orders *orders, const Arrears *arrears);
/* Whether there is such a member of staff (who can be given something to do), such a crew, and somebody of this part (0: the whole company) may name them; NULL: not
 * looked at. */
void order_on_known(Orders *orders, bool (*known)(void *self, bool staff, int64_t id, int64_t org_id), void *self);
void order_on_names(Orders *orders, Text (*name_of)(void *self, int64_t staff_id, Arena *arena), void *self);

#endif
