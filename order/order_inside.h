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
  Live live;
  CallsSecond calls[CALLS_SECONDS];
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

/* order_tick.c */
bool order_tick(DeskContext *context, void *orders, Error *error) MUST_USE;
bool order_clock_event(DeskContext *context, Orders *orders, const Order *order, const ClockState *state, size_t clock, unsigned mark,
                       Error *error) MUST_USE;

/* order.c: the words every order event carries, into an open JSON object. */
void order_write_facts(Json *json, const Order *order);
bool order_can_now(const Order *order, const KindStep *step, uint32_t roles); /* the state allows it, for somebody */
bool order_may_take(const Order *order, const KindStep *step, uint32_t roles);

#endif
