/* Clocks: how much of a promise's time an order has used, and when it runs out. A pure engine: no I/O, no machine clock, no globals.
 *
 * A promise counts time on a calendar: round the clock, or the working hours of working days. A clock is the fold of what happened to it:
 *
 *     idle ──start──► running ──stop──► stopped          cancel: as stop, but not measured
 *                     │     ▲                            a start after a stop begins a new run
 *                   pause  resume
 *                     └─► paused
 *
 * used(now)  = calendar time between start and now, without the pauses
 * due        = the earliest instant at which used reaches the limit; the promise is kept when the stop is not later than that
 * mark m     = the earliest instant at which used reaches m % of the limit
 * A breach stays: neither a pause nor a longer limit after it undoes it. Time used is never given back, whatever changes.
 * Changes must come in the order of time; one that is earlier than what is known counts as just then.
 *
 * Instants and spans are µs, exact. Days are those of Asia/Shanghai (UTC+8, without summer time). */
#ifndef ORDER_CLOCK_H
#define ORDER_CLOCK_H

#include "base/error.h"
#include "base/time.h"

/* --- calendars --- */

enum {
  CALENDAR_FIRST_YEAR = 2010, /* the first and last year of the table; time outside it counts as no working time */
  CALENDAR_LAST_YEAR = 2059,
  CALENDAR_INTERVALS_MAX = 6, /* working intervals of one day */
};

typedef struct CalendarInterval {
  int32_t from_s, to_s; /* seconds of the local day, [from, to), 0 ≤ from < to ≤ 86400 */
} CalendarInterval;

typedef struct CalendarHours { /* one day's, in order, not touching; count 0: no work on that day */
  int32_t count;
  CalendarInterval at[CALENDAR_INTERVALS_MAX];
} CalendarHours;

typedef struct CalendarException { /* a holiday (count 0), a make-up workday (调休), or a day with hours of its own */
  int32_t day;                     /* days since 1970-01-01 */
  CalendarHours hours;
} CalendarException;

typedef struct CalendarRules {
  bool always;                         /* round the clock: nothing below counts */
  CalendarHours week[7];               /* Sunday first */
  const CalendarException *exceptions; /* any order; the last word on a day holds */
  size_t exception_count;
} CalendarRules;

typedef struct Calendar Calendar;
/* ERROR_RULE_CALENDAR when an interval is not sound or a year of the table has no working day at all. */
bool calendar_make(Calendar **out, const CalendarRules *rules, Error *error) MUST_USE;
void calendar_free(Calendar *calendar);

int32_t calendar_day_of(Instant instant);                                      /* local days since 1970-01-01 */
bool calendar_is_always(const Calendar *calendar);
Span calendar_day_length(const Calendar *calendar); /* working time of the commonest working day; 24 h round the clock */
Span calendar_worked(const Calendar *calendar, Instant from, Instant to);      /* 0 when to ≤ from */
/* The earliest instant at which `worked` has been worked since `from`; from itself for 0; INSTANT_NONE past the table's end. */
Instant calendar_after(const Calendar *calendar, Instant from, Span worked);

/* --- clocks --- */

enum { CLOCK_MARKS_MAX = 8 };

typedef struct ClockPromise {
  const Calendar *calendar;
  bool first_day_free;           /* counting begins with the next day (期间开始之日不计入) */
  uint8_t mark_count;
  uint16_t marks[CLOCK_MARKS_MAX]; /* percent of the limit, rising: 75, 100, 150 */
} ClockPromise;

typedef enum ClockPhase { CLOCK_IDLE, CLOCK_RUNNING, CLOCK_PAUSED, CLOCK_STOPPED, CLOCK_CANCELLED } ClockPhase;

typedef struct ClockState { /* zeroed: idle */
  Instant started;          /* of this run */
  Instant since;            /* running: counted from here on; paused, stopped: since then */
  Instant full_at;          /* the first instant at which all of the limit was used, INSTANT_NONE: not yet */
  Span used;                /* counted before `since` */
  Span limit;
  uint8_t phase;            /* ClockPhase */
  uint8_t marks;            /* bits: those of the promise's marks that were reached */
  uint16_t runs;            /* 1 in the first */
} ClockState;

/* Each brings the state to `at` first. The result is the marks (bits) that were reached on the way and had not been before. */
unsigned clock_advance(ClockState *state, const ClockPromise *promise, Instant at);
unsigned clock_start(ClockState *state, const ClockPromise *promise, Span limit, Instant at); /* nothing when it runs or is paused */
unsigned clock_pause(ClockState *state, const ClockPromise *promise, Instant at);
unsigned clock_resume(ClockState *state, const ClockPromise *promise, Instant at);
unsigned clock_stop(ClockState *state, const ClockPromise *promise, Instant at);
unsigned clock_cancel(ClockState *state, const ClockPromise *promise, Instant at);
unsigned clock_limit(ClockState *state, const ClockPromise *promise, Span limit, Instant at); /* from now on; used stays */

/* When the limit runs out, or ran out; INSTANT_NONE: idle, or paused or ended before. */
Instant clock_due(const ClockState *state, const ClockPromise *promise);
/* When `percent` of the limit is used up, if it goes on as it is; INSTANT_NONE: not running, or past the table. May lie in the past. */
Instant clock_at(const ClockState *state, const ClockPromise *promise, unsigned percent);
/* The next mark not reached yet and its instant; false: none will come. */
bool clock_next_mark(const ClockState *state, const ClockPromise *promise, Instant *at, int *mark);

/* Whether the promise was not kept, as of `now`; of an ended clock: when it ended. */
bool clock_broken(const ClockState *state, const ClockPromise *promise, Instant now);

typedef struct ClockReading {
  Span used, remaining; /* remaining is negative after the due time */
  Instant due;          /* as clock_due */
  bool broken;
} ClockReading;
/* As it stands at `now` (not earlier than the last change), without changing it. About 20 ns round the clock, 60 ns in working hours. */
ClockReading clock_read(const ClockState *state, const ClockPromise *promise, Instant now);

#endif
