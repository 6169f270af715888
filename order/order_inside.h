/* What the files of the order room share. */
#ifndef ORDER_INSIDE_H
#define ORDER_INSIDE_H

#include "base/json.h"
#include "order/form.h"
#include "order/order_store.h"

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
  Buffer data, words;     /* of the event, of its free text in the making */
};

/* order_load.c */
bool load_orders(Db *db, void *orders, Error *error) MUST_USE;  /* a DeskReload: memory anew from rows */
const OrderKind *order_kind_of(const Orders *orders, int64_t book_id, Text kind);
/* The order and clocks a row stands for; the row's trail is folded until the last tick. */
bool order_from_row(const Orders *orders, OrderRow *row, ClockSet *clocks, Error *error) MUST_USE;
int64_t order_device_id(const Orders *orders, uint32_t device); /* 0: none */
uint8_t order_area(const Orders *orders, uint32_t device);

/* order_tick.c */
bool order_tick(DeskContext *context, void *orders, Error *error) MUST_USE;
bool order_clock_event(DeskContext *context, Orders *orders, const Order *order, const ClockState *state, size_t clock, unsigned mark, Error *error) MUST_USE;

/* order.c: the words every order event carries, into an open JSON object. */
void order_write_facts(Json *json, const Order *order);

#endif
