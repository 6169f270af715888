/* Sums of days that are over, kept for every part of the organisation together with all below it, by day, month and year: what the board and the
 * figures of kinds are read from, so that a year costs little more than a month. They follow from the sums of each day and part (promise_sum,
 * order_figure), are made by the desk's tick, a bounded number at a time, and made anew when the organisation's tree changes. A day that is
 * not rolled up yet is read from its own sums: what is shown is right at any time. */
#ifndef ORDER_ROLL_H
#define ORDER_ROLL_H

#include "base/vector.h"
#include "order/order_inside.h"

enum { ROLL_ALL = 0, ROLL_ELSEWHERE = -1 }; /* instead of a part: everything; what belongs to no part known */
enum { ROLL_SPANS_MAX = 12 };

/* --- periods: pure --- */
typedef struct RollSpan { /* periods [from, to] of one length: 20261101 days, 202611 months, 2026 years */
  int32_t from, to;
  int sign;               /* -1: taken off again */
} RollSpan;
/* Days [from, to] by the fewest periods of what is rolled up until `until` >= to. */
size_t roll_spans(RollSpan out[ROLL_SPANS_MAX], int32_t from, int32_t to, int32_t until);
int32_t roll_day_after(int32_t day);

/* --- making them --- */
typedef struct RollEntry { /* of a promise (figure none) or of a kind's figure */
  int64_t org;
  Text name, figure;
  int area;
  int64_t n, of;           /* of a promise: kept, measured */
  Span used;
  double total;
} RollEntry;
typedef VECTOR(RollEntry) RollEntries;

/* The part, all above it, and everything; or what belongs to no part, and everything. */
enum { ROLL_LINE_MAX = 16 };
size_t roll_line(int64_t out[ROLL_LINE_MAX], const Orders *orders, int64_t org_id);
/* Adds the entry to every part it counts for. */
bool roll_spread(RollEntries *out, const Orders *orders, const RollEntry *entry) MUST_USE;
/* Sorted by part, name, figure and area, and those of the same added up. */
void roll_merge(RollEntries *list);

int64_t roll_tree(const Orders *orders); /* stands for the organisation's tree */
bool roll_tick(DeskContext *context, void *orders, Error *error) MUST_USE;
/* Something that belongs to a day that has been rolled up already. */
bool roll_late(DeskContext *context, const Orders *orders, const RollEntry *entry, int32_t day, Error *error) MUST_USE;

/* --- rows: roll_store.c --- */
typedef bool (*RollVisit)(void *self, const RollEntry *entry); /* false: out of memory; texts live during the call */
/* *until: days up to this one are rolled up for this tree; 0: none, -1: there may be some for another tree. */
bool store_rolled(int32_t *until, Db *db, int64_t county_id, int64_t tree, Error *error) MUST_USE;
bool store_set_rolled(DeskContext *context, int32_t until, int64_t tree, Error *error) MUST_USE;
bool store_roll_promise(DeskContext *context, const RollEntry *entry, int32_t period, Error *error) MUST_USE;
bool store_roll_figure(DeskContext *context, const RollEntry *entry, int32_t period, Error *error) MUST_USE;
/* Takes away all of one part; *found false: there are none left. */
bool store_unroll_some(bool *found, DeskContext *context, Error *error) MUST_USE;
bool store_day_with_sums(int32_t *day, Db *db, int64_t county_id, int32_t after, Error *error) MUST_USE; /* the next one; 0: none */
/* Sums of days as they are written, by part. */
bool store_day_sums(Db *db, int64_t county_id, int32_t from, int32_t to, RollVisit visit, void *self, Error *error) MUST_USE;
bool store_day_figures(Db *db, int64_t county_id, int32_t from, int32_t to, RollVisit visit, void *self, Error *error) MUST_USE;
/* Of one part, periods [from, to] of one length. */
bool store_rolled_sums(Db *db, int64_t county_id, int64_t org_id, int32_t from, int32_t to, RollVisit visit, void *self, Error *error) MUST_USE;
bool store_rolled_figures(Db *db, int64_t county_id, int64_t org_id, Text kind, int32_t from, int32_t to, RollVisit visit, void *self,
                          Error *error) MUST_USE;
/* For checks: every row, in any order. */
typedef bool (*PeriodVisit)(void *self, const RollEntry *entry, int32_t period);
bool store_all_sums(Db *db, int64_t county_id, bool rolled, PeriodVisit visit, void *self, Error *error) MUST_USE;
bool store_all_figures(Db *db, int64_t county_id, bool rolled, PeriodVisit visit, void *self, Error *error) MUST_USE;
/* Each run of a promise's own clock that was measured (.of 1). */
bool store_runs(Db *db, int64_t county_id, RollVisit visit, void *self, Error *error) MUST_USE;

#endif
