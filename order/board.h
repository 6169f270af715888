/* The promises board: for each promise how many clocks were measured, kept and broken, how it stands on average, what is in danger now, and
 * the same a year before; for a part of the organisation and each part directly below it. Figures come from sums kept by day, month and year (roll.h). */
#ifndef ORDER_BOARD_H
#define ORDER_BOARD_H

#include "order/roll.h"

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
  const bool *orgs;         /* by row: those to count; NULL: all */
  int64_t root;             /* the same as a part with all below it (page_root): 0: all, -1: none */
  const int64_t *parts;     /* parts told apart, part_count of them */
  const int16_t *part_of;   /* by row of orgs: the part it belongs to, -1: none */
  size_t part_count;
} BoardWish;
/* By row of the book's promises, of those in force; each .part (of part_count, or NULL) is the caller's. */
bool board_sums(BoardSums *by_promise, const Orders *orders, Db *db, const BoardWish *wish, Error *error) MUST_USE;

typedef struct FigureWish {
  Text kind;                /* none: all kinds of the book */
  int32_t from_day, to_day;
  const bool *orgs;         /* as of a board */
  int64_t root;
} FigureWish;
/* Figures of kinds (name: the kind): each in several pieces, to be added up. */
bool board_figures(const Orders *orders, Db *db, const FigureWish *wish, RollVisit visit, void *self, Error *error) MUST_USE;

typedef struct BoardNow { /* clocks of orders that are open */
  int64_t running, amber, broken;
} BoardNow;
void board_now(const Orders *orders, const bool *orgs, Instant now, BoardNow *by_promise); /* by row of the book's promises */
/* Whether a promise is kept as a whole: each order by itself, or the mean of each kind of area. */
bool board_kept(const Promise *promise, const BoardSums *sums);
int32_t board_day(Instant at); /* 20261121 in Shanghai */

#endif
