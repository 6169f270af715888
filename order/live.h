/* Open orders in memory: found by id, by customer and by outage; their clocks; and the timers of the clocks' next marks. No SQL, no events.
 * Inside of the order room.
 *
 * Entries stand in blocks that do not move, so an Order stays where it is while it is open. Clocks that ever ran hang on their order as a
 * list; a timer that its clock has outrun is left in the heap and passed over when its turn comes. */
#ifndef ORDER_LIVE_H
#define ORDER_LIVE_H

#include "base/map.h"
#include "base/vector.h"
#include "order/fold.h"

#define LIVE_NONE UINT32_MAX

typedef struct LiveEntry {
  Order order;
  uint32_t list_at;                                            /* in Live.list */
  uint32_t customer_next, customer_previous;
  uint32_t outage_next, outage_previous;
  uint32_t clocks;                                             /* first of its LiveClocks */
} LiveEntry;

typedef struct LiveClock {
  ClockState state;
  Instant due;       /* cached; INSTANT_NONE: not running */
  uint32_t entry;    /* whose; LIVE_NONE: free */
  uint32_t next;     /* of the same order; or the next free */
  uint32_t ticket;   /* grows with each change: timers with another are stale */
  uint8_t clock;     /* into the kind's */
} LiveClock;

typedef struct LiveTimer {
  Instant at;
  uint32_t clock, ticket;
} LiveTimer;

typedef struct Live {
  VECTOR(LiveEntry *) blocks;
  VECTOR(uint32_t) list;         /* the open ones, any order */
  VECTOR(uint32_t) free_entries;
  VECTOR(LiveClock) clocks;
  uint32_t free_clock;
  size_t free_clock_count, entry_count;
  VECTOR(LiveTimer) timers;      /* a heap, earliest first */
  Map by_id, by_customer, by_outage;
} Live;

void live_begin(Live *live);
void live_end(Live *live);
/* Room for one more order or change: after it, live_add, live_move, live_put_clocks and live_timer cannot fail. */
bool live_reserve(Live *live, Error *error) MUST_USE;

LiveEntry *live_entry(const Live *live, uint32_t at);
LiveEntry *live_find(const Live *live, OrderId id);            /* NULL */
uint32_t live_first_of_customer(const Live *live, CustomerId customer);
uint32_t live_first_of_outage(const Live *live, OutageId outage);
LiveEntry *live_add(Live *live, const Order *order);
void live_change(Live *live, LiveEntry *entry, const Order *order); /* id and customer must be the same */
void live_remove(Live *live, LiveEntry *entry);

void live_get_clocks(const Live *live, const LiveEntry *entry, ClockSet *out);
/* Takes over the clocks of `set` named by `touched`, and sets their timers. */
void live_put_clocks(Live *live, LiveEntry *entry, const ClockSet *set, uint32_t touched);
/* When the earliest timer that still holds is due; false: there is none. And takes it off. */
bool live_next_timer(Live *live, Instant *at);
void live_take_timer(Live *live, uint32_t *clock);
void live_set_timer(Live *live, uint32_t clock);                /* for its next mark, if there is one */
Instant live_nearest_due(const Live *live, const LiveEntry *entry, uint32_t *clock); /* of running clocks */
#define LIVE_NEVER INT64_MAX /* no clock runs */

#endif
