/* The SQL of the order room, and nothing but. */
#ifndef ORDER_STORE_H
#define ORDER_STORE_H

#include "order/live.h"

/* What a row says besides the Order. */
typedef struct OrderRow {
  Order order;              /* kind, position, device and org are for the reader to find */
  int64_t book_id, device_id, org_id, to_org_id;
  Text kind, state, source, what, description, caller_name, caller_phone, outcome, trail;
  Instant closed_at;        /* INSTANT_NONE: open */
} OrderRow;

bool store_insert_order(DeskContext *context, const OrderRow *row, Error *error) MUST_USE;
/* What changes by a step; trail: the entry to add; outcome: at == NULL leaves it. */
bool store_update_order(DeskContext *context, const Order *order, int64_t to_org_id, Text trail, Text outcome, bool closes, Error *error) MUST_USE;
/* Calls of the customer in orders of this kind accepted since. */
bool store_calls_before(int64_t *out, Db *db, int64_t county_id, CustomerId customer, Text kind, Instant since, Error *error) MUST_USE;
/* Holds the attachment to the order; false in *held: there is none, or it is held elsewhere. */
bool store_hold_attachment(bool *held, DeskContext *context, int64_t attachment, OrderId order, Error *error) MUST_USE;
bool store_insert_text(DeskContext *context, OrderId order, int32_t version, Text fields, Error *error) MUST_USE;

typedef bool (*OrderVisit)(void *self, const OrderRow *row, Error *error); /* false: stop with the error it raised */
bool store_open_orders(Db *db, int64_t county_id, OrderVisit visit, void *self, Error *error) MUST_USE;
bool store_all_orders(Db *db, int64_t county_id, OrderVisit visit, void *self, Error *error) MUST_USE;
/* *found false: no such order. The row's texts live during the visit. */
bool store_order(bool *found, Db *db, int64_t county_id, OrderId id, OrderVisit visit, void *self, Error *error) MUST_USE;
enum { STORE_CUSTOMERS_MAX = 32 };
typedef struct EndedWish {     /* 0, NULL: any */
  int64_t part;                /* of the organisation whose it is, or to whom it went; those of no org are everyone's */
  const CustomerId *customers; /* at most STORE_CUSTOMERS_MAX */
  size_t customer_count;
  int64_t number, outage, crew, assignee, to_org;
  Text state, kind;            /* at == NULL: any */
  int64_t before, above;       /* ids between, neither included */
} EndedWish;
/* Ended ones, newest first. */
bool store_ended_orders(size_t *found, Db *db, int64_t county_id, const EndedWish *wish, size_t most, OrderVisit visit, void *self, Error *error) MUST_USE;
/* *out: below the `most` newest (of all, or of the ended of a kind), whosever they are: no order's id, that of a whole minute; 0: there are no more. */
bool store_ended_bound(int64_t *out, Db *db, int64_t county_id, Text kind, int64_t before, int64_t most, Error *error) MUST_USE;

bool store_last_number(int64_t *out, int64_t *id, Db *db, int64_t county_id, Error *error) MUST_USE;
/* The order's trail, copied into the arena. */
bool store_trail(Text *out, Db *db, int64_t county_id, OrderId id, Arena *arena, Error *error) MUST_USE;

typedef bool (*TextVisit)(void *self, int32_t version, Text fields, Error *error);
bool store_texts(Db *db, int64_t county_id, OrderId id, TextVisit visit, void *self, Error *error) MUST_USE;
bool store_children(Db *db, int64_t county_id, OrderId parent, OrderVisit visit, void *self, Error *error) MUST_USE;

typedef bool (*BookVisit)(void *self, int64_t id, Text text, Error *error);
bool store_books(Db *db, int64_t county_id, BookVisit visit, void *self, Error *error) MUST_USE;
bool store_insert_book(DeskContext *context, int64_t id, Text text, Error *error) MUST_USE;

/* --- promises measured --- */
typedef struct MeasuredClock { /* a run of a clock that was stopped */
  OrderId order;
  Text clock;
  const Promise *promise;
  const ClockState *state;
  int64_t org_id;       /* 0: none */
  int area;
  bool kept;
} MeasuredClock;
bool store_insert_clock(DeskContext *context, const MeasuredClock *measured, Error *error) MUST_USE;
/* period: 20261121; promise: the clock's own or another judged by it. */
bool store_add_to_sum(DeskContext *context, const MeasuredClock *measured, Text promise, int32_t period, Error *error) MUST_USE;
typedef struct BrokenClock {
  OrderId order;
  int64_t number, org_id;
  Text clock;
  Instant started_at, ended_at;
  Span used, limit;
} BrokenClock;
typedef void (*BrokenVisit)(void *self, const BrokenClock *broken);
/* Newest first, ended in [from, to), of the part of the organisation, 0 all. */
bool store_broken(Db *db, int64_t county_id, int64_t part, Text promise, Instant from, Instant to, int64_t most, BrokenVisit visit, void *self,
                  Error *error) MUST_USE;

/* --- figures of kinds, and the reward fund: order_store_more.c --- */
typedef struct FigureSum {
  Text kind, figure;
  int32_t period;       /* 20261121 */
  int64_t org_id, n, of;
  double total;
} FigureSum;
bool store_add_figure(DeskContext *context, const FigureSum *sum, Error *error) MUST_USE;
typedef struct FundEntry {
  int64_t id;
  Instant at;
  OrderId order;        /* 0: money that came in */
  int64_t amount_fen, balance_fen;
  Text note;
} FundEntry;
bool store_fund_balance(int64_t *out, Db *db, int64_t county_id, Error *error) MUST_USE;
bool store_insert_fund(DeskContext *context, const FundEntry *entry, Error *error) MUST_USE;
typedef void (*FundVisit)(void *self, const FundEntry *entry);
bool store_fund(Db *db, int64_t county_id, int64_t most, FundVisit visit, void *self, Error *error) MUST_USE; /* newest first */

/* --- attachments: order_store_more.c --- */
typedef struct Attachment {
  int64_t id;
  OrderId order;        /* 0: held to none yet */
  int64_t group_id;     /* 0: none */
  Text type;            /* "image/jpeg" */
  int64_t bytes, staff_id;
  Instant at;
} Attachment;
bool store_insert_attachment(DeskContext *context, const Attachment *attachment, Text body, Error *error) MUST_USE;
typedef void (*AttachmentVisit)(void *self, const Attachment *attachment);
/* Those of an order, or (order 0) the one with this id. */
bool store_attachments(Db *db, int64_t county_id, OrderId order, int64_t id, AttachmentVisit visit, void *self, Error *error) MUST_USE;
bool store_attachment_body(Buffer *out, Db *db, int64_t county_id, int64_t id, Error *error) MUST_USE;
bool store_order_org(bool *found, int64_t *org_id, Db *db, int64_t county_id, OrderId id, Error *error) MUST_USE;

/* --- surveys: order_store_more.c --- */
enum { LINK_HASH_BYTES = 32 };
typedef struct SurveyLink {
  int64_t id;
  OrderId order;
  unsigned char hash[LINK_HASH_BYTES];
  Instant expires_at;
  bool used;
} SurveyLink;
bool store_insert_link(DeskContext *context, const SurveyLink *link, Error *error) MUST_USE;
bool store_find_link(bool *found, SurveyLink *link, Db *db, int64_t county_id, Error *error) MUST_USE; /* by its hash */
bool store_use_link(DeskContext *context, int64_t id, Error *error) MUST_USE;
typedef struct Satisfaction {
  int64_t id;
  OrderId order;        /* 0: anonymous */
  Text kind;
  int64_t org_id;
  int32_t period;       /* a day; of an anonymous one the month, 20261100 */
  Text answer, scores, note; /* scores: {"speed": 5, …} */
} Satisfaction;
bool store_insert_satisfaction(DeskContext *context, const Satisfaction *said, Error *error) MUST_USE;
typedef void (*SatisfactionVisit)(void *self, const Satisfaction *said);
bool store_satisfaction(Db *db, int64_t county_id, int32_t from, int32_t to, SatisfactionVisit visit, void *self, Error *error) MUST_USE;

/* All marks up to this instant have been told. */
bool store_ticked(Instant *out, Db *db, int64_t county_id, Error *error) MUST_USE;
bool store_set_ticked(DeskContext *context, Instant at, Error *error) MUST_USE;

#endif
