#include "order/fold.h"

#include "base/limits.h"

static unsigned act(ClockState *state, const KindClock *clock, int area, unsigned event, Instant at) {
  const ClockPromise *promise = &clock->promise->clock;
  switch ((ClockAction)clock->on[event]) {
    case ACT_START: return clock_start(state, promise, clock->promise->limit[area], at);
    case ACT_STOP: return clock_stop(state, promise, at);
    case ACT_CANCEL: return clock_cancel(state, promise, at);
    case ACT_PAUSE: return clock_pause(state, promise, at);
    case ACT_RESUME: return clock_resume(state, promise, at);
    case ACT_NOTHING: break;
  }
  return clock_advance(state, promise, at);
}

static bool runs(const ClockState *state) { return state->phase == CLOCK_RUNNING || state->phase == CLOCK_PAUSED; }

void fold_event(ClockSet *set, ClockChange *change, const OrderKind *kind, int area, unsigned event, bool final, Instant at) {
  *change = (ClockChange){0};
  for (size_t c = 0; c < kind->clock_count; c++) {
    const KindClock *clock = &kind->clocks[c];
    uint32_t bit = 1u << c;
    bool known = set->started & bit;
    if (!known && clock->on[event] != ACT_START) continue;
    if (!known) set->at[c] = (ClockState){0};
    ClockState *state = &set->at[c];
    bool ran = runs(state);
    if (!ran && known && clock->on[event] != ACT_START) continue;
    unsigned reached = act(state, clock, area, event, at);
    if (final) reached |= clock_cancel(state, &clock->promise->clock, at);
    change->reached[c] = (uint8_t)reached;
    change->touched |= bit;
    if (ran && !runs(state)) change->ended |= bit;
    set->started |= bit;
  }
}

void fold_time(ClockSet *set, const OrderKind *kind, Instant at) {
  for (size_t c = 0; c < kind->clock_count; c++)
    if (set->started & 1u << c) clock_advance(&set->at[c], &kind->clocks[c].promise->clock, at);
}

Instant fold_done_at(Instant said, Instant last, Instant now) {
  if (said == INSTANT_NONE || said >= now) return now;
  if (said < now - LIMIT_DONE_HOURS * SPAN_HOUR) said = now - LIMIT_DONE_HOURS * SPAN_HOUR;
  if (said < last) said = last;
  return said < now ? said : now;
}

void trail_add(Buffer *out, unsigned event, Span after) {
  buffer_i64(out, event);
  buffer_byte(out, '@');
  buffer_i64(out, after);
  buffer_byte(out, ';');
}

bool trail_next(Text *rest, unsigned *event, Span *after, bool *sound) {
  Text entry, number;
  int64_t index;
  if (rest->len == 0) return false;
  *sound = *sound && text_next(rest, ';', &entry) && text_next(&entry, '@', &number) && text_to_i64(number, &index) && index > 0 &&
           index < KIND_EVENTS_MAX && text_to_i64(entry, after) && *after >= 0;
  if (*sound) *event = (unsigned)index;
  return *sound;
}

/* Whether the event ends the order, whatever state it came from. */
static bool ends(const OrderKind *kind, unsigned event) {
  const KindStep *step = &kind->steps[kind->event_step[event]];
  int to = kind->event_branch[event] >= 0 && step->branches[kind->event_branch[event]].to >= 0
               ? step->branches[kind->event_branch[event]].to
               : step->to;
  return to >= 0 && kind->states[to].final;
}

bool fold_trail(ClockSet *set, const OrderKind *kind, int area, Instant accepted_at, Text trail, FoldVisit visit, void *self) {
  ClockChange change;
  unsigned event;
  Span after;
  bool sound = true;
  *set = (ClockSet){0};
  fold_event(set, &change, kind, area, 0, false, accepted_at);
  if (visit) visit(self, 0, accepted_at, set, &change);
  while (trail_next(&trail, &event, &after, &sound)) {
    if (event >= kind->event_count) return false;
    fold_event(set, &change, kind, area, event, ends(kind, event), accepted_at + after);
    if (visit) visit(self, event, accepted_at + after, set, &change);
  }
  return sound;
}
