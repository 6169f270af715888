/* Lists of orders: the open ones from memory, by what slips first; the ended ones from rows. */
#ifndef ORDER_LIST_H
#define ORDER_LIST_H

#include "order/order_inside.h"

typedef struct ListWish {
  Text state;               /* at == NULL: all open ones */
  Text kind;                /* at == NULL: all */
  OutageId outage;
  CrewId crew;
  StaffId assignee;
  const bool *orgs;         /* by row: wanted and allowed; NULL: all. Orders of no org are shown to all */
  int64_t part;             /* the same in SQL: of the part of the organisation, 0: all */
  const CustomerId *customers; /* one of these; NULL: all */
  size_t customer_count;
  int64_t to_org;           /* whose it is to deal with, 0: any; … and its row */
  uint32_t to_org_row;
  bool repeated;            /* only repeated matters */
  int64_t number;           /* 0: any */
  bool newest;              /* by age instead of by due time */
  bool callbacks;           /* only those that wait for a call-back */
} ListWish;

typedef struct ListKey {    /* the place in a list; smaller comes first */
  int64_t key, id;
} ListKey;
typedef struct ListItem {
  ListKey at;
  const LiveEntry *entry;
} ListItem;

/* The first `most` after `after`, in order. */
size_t list_open(const Orders *orders, const ListWish *wish, ListKey after, ListItem *out, size_t most);
#define LIST_FROM_START ((ListKey){INT64_MIN, INT64_MIN})
typedef bool (*ListVisit)(void *self, const OrderRow *row, const ClockSet *clocks, Error *error); /* false: stop with the error it raised */
/* Ended ones, newest first, with ids below `before` (0: from the newest), at most `most`, from among the LIST_SCAN_MAX newest of the county: *next is
 * where to go on, 0 at the end, and a page may be short though more follow. It is the id of one that was shown, or a moment's: never another part's. */
enum { LIST_SCAN_MAX = 20000 };
bool list_ended(int64_t *next, const Orders *orders, Db *db, const ListWish *wish, int64_t before, size_t most, ListVisit visit, void *self,
                Error *error) MUST_USE;
bool list_wants(const ListWish *wish, const Order *order);
bool order_waits_for_callback(const Order *order);

typedef struct ListCounts {
  size_t open, amber, broken, callbacks;
  size_t lately; /* calls on those accepted in the last ten minutes */
  size_t by_ladder[LADDER_CLOSED + 1];
} ListCounts;
/* amber, broken: those whose nearest clock has passed 75 %, its due time. by_state: by state of `kind`, of KIND_STATES_MAX, or NULL. */
void list_count(const Orders *orders, const ListWish *wish, const OrderKind *kind, Instant now, ListCounts *out, size_t *by_state);

#endif
