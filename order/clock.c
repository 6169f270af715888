#include "order/clock.h"

#include <assert.h>

/* --- clocks; the calendar's arithmetic is in calendar.c --- */

static Instant later(Instant a, Instant b) { return a > b ? a : b; }

/* Time used up to `at` (not before `since`). */
static Span used_at(const ClockState *state, const ClockPromise *promise, Instant at) {
  return state->phase == CLOCK_RUNNING ? state->used + calendar_worked(promise->calendar, state->since, at) : state->used;
}

/* Exact for the limits in whole seconds the rules give; rounded up, so that a mark is never early. */
static Span share_of(Span limit, unsigned percent) {
  Span hundredth = limit / 100, rest = limit % 100;
  return hundredth * percent + (rest * percent + 99) / 100;
}

/* The earliest instant, from `since` on, at which `goal` is used. */
static Instant reached_at(const ClockState *state, const ClockPromise *promise, Span goal) {
  return goal <= state->used ? state->since : calendar_after(promise->calendar, state->since, goal - state->used);
}

unsigned clock_advance(ClockState *state, const ClockPromise *promise, Instant at) {
  if (state->phase != CLOCK_RUNNING || at < state->since) return 0;
  Span used = used_at(state, promise, at);
  if (state->full_at == INSTANT_NONE && used >= state->limit) state->full_at = reached_at(state, promise, state->limit);
  unsigned reached = 0;
  for (unsigned i = 0; i < promise->mark_count; i++)
    if (!(state->marks & 1u << i) && used >= share_of(state->limit, promise->marks[i])) reached |= 1u << i;
  state->marks = (uint8_t)(state->marks | reached);
  return reached;
}

unsigned clock_start(ClockState *state, const ClockPromise *promise, Span limit, Instant at) {
  if (state->phase == CLOCK_RUNNING || state->phase == CLOCK_PAUSED) return clock_advance(state, promise, at);
  Instant since = at;
  if (promise->first_day_free) since = ((Instant)calendar_day_of(at) + 1) * SPAN_DAY - ZONE_SHANGHAI;
  *state = (ClockState){.started = at, .since = since, .full_at = INSTANT_NONE, .limit = limit, .phase = CLOCK_RUNNING,
                        .runs = (uint16_t)(state->runs < UINT16_MAX ? state->runs + 1 : UINT16_MAX)};
  return 0;
}

/* Takes what was counted so far into `used`, and goes on in another phase. */
static unsigned leave(ClockState *state, const ClockPromise *promise, ClockPhase phase, Instant at) {
  unsigned reached = clock_advance(state, promise, at);
  state->used = used_at(state, promise, at);
  bool uncounted = state->since > at && state->used == 0; /* ended before its first counted day */
  state->since = uncounted && phase != CLOCK_PAUSED ? later(at, state->started) : later(at, state->since);
  state->phase = (uint8_t)phase;
  return reached;
}

unsigned clock_pause(ClockState *state, const ClockPromise *promise, Instant at) {
  return state->phase == CLOCK_RUNNING ? leave(state, promise, CLOCK_PAUSED, at) : 0;
}

unsigned clock_resume(ClockState *state, const ClockPromise *promise, Instant at) {
  (void)promise;
  if (state->phase != CLOCK_PAUSED) return 0;
  state->since = later(at, state->since);
  state->phase = CLOCK_RUNNING;
  return 0;
}

unsigned clock_stop(ClockState *state, const ClockPromise *promise, Instant at) {
  return state->phase == CLOCK_RUNNING || state->phase == CLOCK_PAUSED ? leave(state, promise, CLOCK_STOPPED, at) : 0;
}

unsigned clock_cancel(ClockState *state, const ClockPromise *promise, Instant at) {
  return state->phase == CLOCK_RUNNING || state->phase == CLOCK_PAUSED ? leave(state, promise, CLOCK_CANCELLED, at) : 0;
}

unsigned clock_limit(ClockState *state, const ClockPromise *promise, Span limit, Instant at) {
  if (state->phase != CLOCK_RUNNING && state->phase != CLOCK_PAUSED) return 0;
  ClockPhase phase = state->phase;
  unsigned reached = leave(state, promise, CLOCK_PAUSED, at); /* so that what was used up to now is fixed under the old limit */
  state->phase = (uint8_t)phase;
  state->limit = limit;
  if (state->full_at != INSTANT_NONE && state->since <= state->full_at) state->full_at = INSTANT_NONE; /* not broken yet */
  if (phase == CLOCK_PAUSED && state->full_at == INSTANT_NONE && state->used >= limit) state->full_at = state->since;
  return reached | clock_advance(state, promise, at);
}

Instant clock_at(const ClockState *state, const ClockPromise *promise, unsigned percent) {
  return state->phase == CLOCK_RUNNING ? reached_at(state, promise, share_of(state->limit, percent)) : INSTANT_NONE;
}

Instant clock_due(const ClockState *state, const ClockPromise *promise) {
  if (state->phase == CLOCK_IDLE) return INSTANT_NONE;
  if (state->full_at != INSTANT_NONE) return state->full_at;
  return state->phase == CLOCK_RUNNING ? reached_at(state, promise, state->limit) : INSTANT_NONE;
}

bool clock_next_mark(const ClockState *state, const ClockPromise *promise, Instant *at, int *mark) {
  if (state->phase != CLOCK_RUNNING) return false;
  for (int i = 0; i < promise->mark_count; i++) {
    if (state->marks & 1u << i) continue;
    *mark = i;
    *at = reached_at(state, promise, share_of(state->limit, promise->marks[i]));
    return *at != INSTANT_NONE;
  }
  return false;
}

bool clock_broken(const ClockState *state, const ClockPromise *promise, Instant now) {
  if (state->phase == CLOCK_IDLE) return false;
  Instant until = state->phase == CLOCK_STOPPED || state->phase == CLOCK_CANCELLED ? state->since : now, due = clock_due(state, promise);
  return due != INSTANT_NONE && until > due;
}

ClockReading clock_read(const ClockState *state, const ClockPromise *promise, Instant now) {
  if (state->phase == CLOCK_IDLE) return (ClockReading){.due = INSTANT_NONE};
  Span used = used_at(state, promise, now);
  Instant due = clock_due(state, promise);
  return (ClockReading){.used = used, .remaining = state->limit - used, .due = due,
                        .broken = clock_broken(state, promise, now)};
}
