/* An order's clocks from its trail: every event of the kind moves the clocks as the kind says. Pure.
 *
 * The trail is the order's history in its shortest form, kept in its row: "3@2500000;17@91000000;" is event 3 of its kind 2.5 s after it
 * was accepted, event 17 91 s after. Event 0, "accepted", is not written. */
#ifndef ORDER_FOLD_H
#define ORDER_FOLD_H

#include "base/buffer.h"
#include "order/kind.h"

typedef struct ClockSet {
  uint32_t started;                   /* bits: clocks that ever ran */
  ClockState at[KIND_CLOCKS_MAX];     /* valid where the bit is set */
} ClockSet;

typedef struct ClockChange {          /* what an event did; bits of clocks */
  uint32_t touched, ended;            /* ended: a run came to its end and is to be judged */
  uint8_t reached[KIND_CLOCKS_MAX];   /* marks reached on the way, by clock */
} ClockChange;

/* Event of the kind at `at`; `final`: the order ends with it, and what still runs is cancelled. */
void fold_event(ClockSet *set, ClockChange *change, const OrderKind *kind, int area, unsigned event, bool final, Instant at);
/* Time alone passes: marks reached until `at`. */
void fold_time(ClockSet *set, const OrderKind *kind, Instant at);

/* When something was done, by the word of a phone that had no net: not before what is known to have been done before (`last`), not in the future, and
 * LIMIT_DONE_HOURS back at most. said INSTANT_NONE: now. */
Instant fold_done_at(Instant said, Instant last, Instant now);

void trail_add(Buffer *out, unsigned event, Span after);
/* The next entry; false at the end. *sound becomes false when the rest cannot be read. */
bool trail_next(Text *rest, unsigned *event, Span *after, bool *sound);
/* All of it from "accepted" on; false: the trail is not readable or names an event the kind does not have. visit may be NULL: it is told
 * each event and the set after it, and sees runs that a later one replaces. */
typedef void (*FoldVisit)(void *self, unsigned event, Instant at, const ClockSet *set, const ClockChange *change);
bool fold_trail(ClockSet *set, const OrderKind *kind, int area, Instant accepted_at, Text trail, FoldVisit visit, void *self);

#endif
