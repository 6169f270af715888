/* What the files of the order room share. */
#ifndef ORDER_INSIDE_H
#define ORDER_INSIDE_H

#include "base/json.h"
#include "order/form.h"
#include "order/order_store.h"

enum { CALLS_SECONDS = 600 };
typedef struct CallsSecond { /* calls in one second of the last ten minutes */
  int64_t second;
  uint32_t count;
} CallsSecond;

struct Orders {
  Desk *desk;
  const Grid *grid;       /* may be NULL in tests */
  const People *people;   /* may be NULL in tests */
  int64_t county_id;
  RuleBook *book;         /* of new orders; one of the books */
  VECTOR(RuleBook *) books;
  bool book_stored;       /* the book has its row */
  int64_t last_number;
  Instant ticked;         /* marks up to here have been told */
  Instant resume_at;      /* no suspension ends by itself before; LIVE_NEVER: none does */
  int32_t rolled;         /* days up to this one are rolled up (roll.h); 0: none, -1: perhaps for another tree */
  int64_t tree;           /* of the organisation */
  Live live;
  CallsSecond calls[CALLS_SECONDS];
  StaffId (*staff_of)(void *self, int64_t org_id, uint32_t role); /* may be NULL */
  void *staff_self;
  bool (*known)(void *self, bool staff, int64_t id, int64_t org_id);           /* may be NULL */
  void *known_self;
  const Arrears *arrears; /* may be NULL */
  Text (*name_of)(void *self, int64_t staff_id, Arena *arena); /* may be NULL */
  void *name_self;
  Buffer data, words;     /* of the event, of its free text in the making */
};

/* order_load.c */
bool load_orders(Db *db, void *orders, Error *error) MUST_USE;  /* a DeskReload: memory anew from rows */
const OrderKind *order_kind_of(const Orders *orders, int64_t book_id, Text kind);
/* The order and clocks a row stands for; the row's trail is folded until the last tick. */
bool order_from_row(const Orders *orders, OrderRow *row, ClockSet *clocks, Error *error) MUST_USE;
int64_t order_device_id(const Orders *orders, uint32_t device); /* 0: none */
uint8_t order_area(const Orders *orders, uint32_t device);

void order_note_calls(Orders *orders, Instant at, uint32_t count);
int64_t order_calls_since(const Orders *orders, Instant now); /* in the ten minutes before */

/* order_suspend.c: suspensions that end by themselves. */
Instant order_until(Text date);             /* the beginning of that day; INSTANT_NONE: no date */
void order_note_until(Orders *orders, const Order *order);
/* Those whose time has come, each at its own instant. */
bool order_resume_due(DeskContext *context, Orders *orders, Error *error) MUST_USE;

/* order_tick.c */
bool order_tick(DeskContext *context, void *orders, Error *error) MUST_USE;
bool order_clock_event(DeskContext *context, Orders *orders, const Order *order, const ClockState *state, size_t clock, unsigned mark,
                       Error *error) MUST_USE;

/* order_check.c: a fact of an event of this room, read straight; TEXT_NONE: it says none. */
Text order_event_fact(Text data, const char *key);

/* order_change.c */
typedef struct Change {
  LiveEntry *entry;
  Order after;
  const KindStep *step;      /* NULL: none, a link alone */
  const KindBranch *branch;  /* NULL */
  const json_t *fields;
  Text outcome;
  bool closes, reopens;
  const char *event;         /* "order.step" */
  ClockSet clocks;
  ClockChange changed;
  OutageId outage_was;
  Instant received_at;       /* a phone told it later than it was done; INSTANT_NONE: at once */
} Change;
void change_begin(Change *change, const Orders *orders, LiveEntry *entry);
/* What a step does to the order itself. */
void change_apply(DeskContext *context, const Orders *orders, Change *change, CrewId crew);
/* Writes everything, then changes memory; after that nothing can fail. */
bool change_make(DeskContext *context, Orders *orders, const Change *change, Error *error) MUST_USE;
void order_begin_event(Orders *orders, Json *json, const Order *order);
bool order_end_event(DeskContext *context, Orders *orders, Json *json, const char *kind, const Order *order, Error *error) MUST_USE;
/* Notes in the order that the step was taken; enters: a state began with it. */
void order_note_step(Order *order, const KindStep *step, bool enters);
int64_t order_actor_staff(Text actor); /* 0: not a member of staff */

/* order_route.c: to whom it goes. fields: of the form, NULL when they are not at hand. */
void order_route(const Orders *orders, Order *order, const json_t *fields);
StaffId order_staff_of(const Orders *orders, uint32_t org, uint32_t role);
/* Every file a form names is an attachment of this order, or of none yet and sent by somebody of its part: then it is held to it. */
bool order_hold_files(DeskContext *context, const Orders *orders, const Order *order, const KindField *fields, size_t count, const json_t *values, Error *error) MUST_USE;
/* Whom and what the form names (staff, crew, order, household, org) is there, and within reach of whoever belongs to `org_id`. */
bool order_check_named(const Orders *orders, int64_t org_id, const KindField *fields, size_t count, const json_t *values, Error *error) MUST_USE;

/* order_account.c: does the account let an order of this kind begin? */
bool order_check_account(const Orders *orders, const OrderKind *kind, const OrderAccept *accept, Error *error) MUST_USE;

/* order_survey.c: *found false: no such link. */
bool survey_find(bool *found, SurveyLink *link, Db *db, int64_t county_id, Text token, Error *error) MUST_USE;

/* order_figure.c */
bool figure_accepted(DeskContext *context, const Orders *orders, const Order *order, Error *error) MUST_USE;
bool figure_step(DeskContext *context, const Orders *orders, const Change *change, Error *error) MUST_USE;

/* order_fund.c: the award last named on the order leaves the fund. */
bool fund_add(DeskContext *context, OrderId order, int64_t fen, Text note, Error *error) MUST_USE;
bool fund_pay(DeskContext *context, Orders *orders, const Change *change, Error *error) MUST_USE;

/* order.c: the words every order event carries, into an open JSON object. */
void order_write_facts(Json *json, const Order *order);
bool order_can_now(const Order *order, const KindStep *step, uint32_t roles); /* the state allows it, for somebody */
bool order_may_take(const Order *order, const KindStep *step, uint32_t roles);

#endif
