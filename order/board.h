/* The promises board: for each promise how many clocks were measured, kept and broken, how it stands on average, what is in danger now, and
 * the same a year before; for a part of the organisation and each part directly below it. Figures come from sums kept by day and month. */
#ifndef ORDER_BOARD_H
#define ORDER_BOARD_H

#include "order/order_inside.h"

/* Inside a change of an order: the run of clock `c` came to its end. */
bool board_add(DeskContext *context, const Orders *orders, const Order *order, size_t c, const ClockState *state, Error *error) MUST_USE;

typedef struct BoardSum {
  int64_t measured, kept;
  Span used;
} BoardSum;
typedef struct BoardSums {
  BoardSum area[AREA_COUNT];
  BoardSum *part;           /* part_count of them; NULL: not wanted */
} BoardSums;
typedef struct BoardWish {
  int32_t from_day, to_day; /* 20261101, 20261121, both included */
  int32_t today;            /* nothing is known of later days; 0: something may be */
  const bool *orgs;         /* by row: those to count; NULL: all */
  const int16_t *part_of;   /* by row of orgs: which part it belongs to, -1: none; NULL: parts are not told apart */
  size_t part_count;
} BoardWish;
/* Sums of one promise; part (of part_count) is the caller's. */
bool board_sums(BoardSums *out, const Orders *orders, Db *db, Text promise, const BoardWish *wish, Error *error) MUST_USE;

typedef struct BoardNow { /* clocks of orders that are open */
  int64_t running, amber, broken;
} BoardNow;
void board_now(const Orders *orders, const bool *orgs, Instant now, BoardNow *by_promise); /* by row of the book's promises */
/* Whether a promise is kept as a whole: each order by itself, or the mean of each kind of area. */
bool board_kept(const Promise *promise, const BoardSums *sums);
int32_t board_day(Instant at); /* 20261121 in Shanghai */

#endif
