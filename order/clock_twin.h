/* The brute-force twin of the clocks, for clock_test and the bench: it walks every second of a stretch of days and counts. */
#ifndef ORDER_CLOCK_TWIN_H
#define ORDER_CLOCK_TWIN_H

#include <stdio.h>

#include "base/random.h"
#include "order/clock.h"

enum { TWIN_DAYS = 5, TWIN_SECONDS = TWIN_DAYS * 86400, TWIN_CHANGES_MAX = 12 };

typedef struct TwinCalendar {
  Calendar *calendar;
  Instant from;                  /* local midnight the stretch begins with */
  bool works[TWIN_SECONDS];      /* each second of it */
} TwinCalendar;

static void twin_hours(CalendarHours *hours, Random *random) {
  int32_t at = (int32_t)random_below(random, 30000);
  *hours = (CalendarHours){0};
  for (uint32_t want = random_below(random, CALENDAR_INTERVALS_MAX + 1); want > 0 && at < 86000; want--) {
    int32_t to = at + 1 + (int32_t)random_below(random, 20000);
    if (to > 86400 || random_below(random, 20) == 0) to = 86400;
    hours->at[hours->count++] = (CalendarInterval){at, to};
    at = to + 1 + (int32_t)random_below(random, 8000);
  }
}

/* Any week, with holidays and make-up workdays among the days looked at; now and then round the clock. */
static bool twin_calendar(TwinCalendar *twin, Random *random, Error *error) {
  CalendarRules rules = {.always = random_below(random, 5) == 0};
  CalendarException exceptions[4];
  int32_t first = (int32_t)random_between(random, 14700, 29000); /* 2010 … 2049 */
  rules.exceptions = exceptions;
  rules.exception_count = random_below(random, 5);
  for (int day = 0; day < 7; day++)
    if (random_below(random, 4) > 0) twin_hours(&rules.week[day], random);
  rules.week[3] = (CalendarHours){1, {{32400, 61200}}};
  for (size_t i = 0; i < rules.exception_count; i++) {
    exceptions[i] = (CalendarException){.day = first + (int32_t)random_below(random, TWIN_DAYS)};
    if (random_below(random, 2)) twin_hours(&exceptions[i].hours, random);
  }
  twin->from = first * SPAN_DAY - ZONE_SHANGHAI;
  for (int32_t day = 0; day < TWIN_DAYS; day++) {
    const CalendarHours *hours = &rules.week[(first + day + 4) % 7];
    for (size_t i = 0; i < rules.exception_count; i++)
      if (exceptions[i].day == first + day) hours = &exceptions[i].hours;
    for (int32_t s = 0; s < 86400; s++) {
      bool works = rules.always;
      for (int i = 0; !works && i < hours->count; i++) works = s >= hours->at[i].from_s && s < hours->at[i].to_s;
      twin->works[day * 86400 + s] = works;
    }
  }
  return calendar_make(&twin->calendar, &rules, error);
}

typedef enum TwinWhat { TWIN_START, TWIN_PAUSE, TWIN_RESUME, TWIN_STOP, TWIN_CANCEL, TWIN_LIMIT } TwinWhat;
typedef struct TwinHistory {
  ClockPromise promise;
  size_t count;
  struct { TwinWhat what; int32_t at_s; int32_t limit_s; } change[TWIN_CHANGES_MAX]; /* at: seconds of the stretch, rising */
  int32_t until_s;               /* when it is looked at */
} TwinHistory;

static void twin_history(TwinHistory *history, const TwinCalendar *twin, Random *random) {
  static const TwinWhat WHAT[] = {TWIN_PAUSE, TWIN_RESUME, TWIN_PAUSE, TWIN_RESUME, TWIN_STOP, TWIN_LIMIT, TWIN_START, TWIN_CANCEL};
  *history = (TwinHistory){
      .promise = {
          .calendar = twin->calendar, .first_day_free = random_below(random, 6) == 0, .mark_count = 5, .marks = {50, 75, 90, 100, 150}}};
  int32_t span = 1 + (int32_t)random_below(random, random_below(random, 3) ? 20000 : TWIN_SECONDS / 2);
  int32_t at = (int32_t)random_below(random, TWIN_SECONDS / 3);
  history->count = 1 + random_below(random, TWIN_CHANGES_MAX);
  for (size_t i = 0; i < history->count; i++) {
    history->change[i].what = i == 0 ? TWIN_START : WHAT[random_below(random, sizeof WHAT / sizeof *WHAT)];
    history->change[i].at_s = at;
    history->change[i].limit_s = 1 + (int32_t)random_below(random, (uint32_t)span);
    if (random_below(random, 5) > 0) at += (int32_t)random_below(random, (uint32_t)(span / 4 + 1));
    if (at >= TWIN_SECONDS) at = TWIN_SECONDS - 1;
  }
  for (size_t i = 0; i + 1 < history->count; i++) { /* now and then all is used up at the very second of a change */
    int32_t apart = history->change[i + 1].at_s - history->change[i].at_s;
    if (apart > 0 && random_below(random, 3) == 0) history->change[i].limit_s = apart;
  }
  history->until_s = at + (int32_t)random_below(random, (uint32_t)(TWIN_SECONDS - at));
}

/* What the engine says. */
static void twin_engine(ClockState *state, const TwinHistory *history, const TwinCalendar *twin) {
  *state = (ClockState){0};
  for (size_t i = 0; i < history->count; i++) {
    Instant at = twin->from + history->change[i].at_s * SPAN_SECOND;
    Span limit = history->change[i].limit_s * SPAN_SECOND;
    switch (history->change[i].what) {
      case TWIN_START: clock_start(state, &history->promise, limit, at); break;
      case TWIN_PAUSE: clock_pause(state, &history->promise, at); break;
      case TWIN_RESUME: clock_resume(state, &history->promise, at); break;
      case TWIN_STOP: clock_stop(state, &history->promise, at); break;
      case TWIN_CANCEL: clock_cancel(state, &history->promise, at); break;
      case TWIN_LIMIT: clock_limit(state, &history->promise, limit, at); break;
    }
  }
}

/* What counting says, second by second. */
typedef struct TwinCount {
  ClockPhase phase;
  int32_t used_s, limit_s, full_s;  /* full: the first second at which used reached the limit, -1 */
  int32_t used_until_s, ended_s;    /* as of until; when it stopped */
  bool broken;                      /* as of until */
  unsigned marks, marks_until;
  int32_t due_s;                    /* when it would be full if nothing more happens, -1: not in this stretch */
  int runs;
} TwinCount;

static void twin_look(TwinCount *count, const ClockPromise *promise, int32_t now_s) {
  if (count->full_s < 0 && count->used_s >= count->limit_s) count->full_s = now_s;
  for (unsigned i = 0; i < promise->mark_count; i++)
    if ((int64_t)count->used_s * 100 >= (int64_t)count->limit_s * promise->marks[i]) count->marks |= 1u << i;
}

static void twin_change(TwinCount *count, const TwinHistory *history, size_t i, int32_t *counts_from) {
  int32_t at = history->change[i].at_s;
  bool on = count->phase == CLOCK_RUNNING || count->phase == CLOCK_PAUSED;
  switch (history->change[i].what) {
    case TWIN_START:
      if (on) break;
      *count = (TwinCount){.phase = CLOCK_RUNNING, .limit_s = history->change[i].limit_s, .full_s = -1, .runs = count->runs + 1};
      *counts_from = history->promise.first_day_free ? (at / 86400 + 1) * 86400 : at;
      break;
    case TWIN_PAUSE: if (count->phase == CLOCK_RUNNING) count->phase = CLOCK_PAUSED; break;
    case TWIN_RESUME: if (count->phase == CLOCK_PAUSED) count->phase = CLOCK_RUNNING; break;
    case TWIN_STOP: if (on) count->phase = CLOCK_STOPPED, count->ended_s = at; break;
    case TWIN_CANCEL: if (on) count->phase = CLOCK_CANCELLED, count->ended_s = at; break;
    case TWIN_LIMIT:
      if (!on) break;
      if (count->full_s == at) count->full_s = -1; /* used up just now, not broken yet: the new limit decides */
      count->limit_s = history->change[i].limit_s;
      if (count->full_s < 0 && count->used_s >= count->limit_s) count->full_s = at;
      break;
  }
}

static void twin_count(TwinCount *count, const TwinHistory *history, const TwinCalendar *twin) {
  size_t next = 0;
  int32_t counts_from = 0;
  *count = (TwinCount){.full_s = -1, .due_s = -1};
  TwinCount at_until = {0};
  for (int32_t s = 0; s <= TWIN_SECONDS; s++) {
    for (; next < history->count && history->change[next].at_s == s; next++) {
      twin_change(count, history, next, &counts_from);
      if (count->phase == CLOCK_RUNNING && s >= counts_from) twin_look(count, &history->promise, s);
    }
    if (s == history->until_s) at_until = *count;
    if (next == history->count && count->phase != CLOCK_RUNNING && s >= history->until_s) break;
    if (next == history->count && count->full_s >= 0 && s >= history->until_s) break;
    if (s == TWIN_SECONDS || count->phase != CLOCK_RUNNING || s < counts_from || !twin->works[s]) continue;
    count->used_s++;
    twin_look(count, &history->promise, s + 1);
  }
  at_until.due_s = count->full_s;
  *count = at_until;
  int32_t until = count->phase == CLOCK_STOPPED || count->phase == CLOCK_CANCELLED ? count->ended_s : history->until_s;
  count->broken = count->full_s >= 0 && until > count->full_s;
}

/* One random history on the calendar: whether engine and counting agree; `said` gets what differs. */
static bool twin_agree(const TwinCalendar *twin, Random *random, char *said, size_t size) {
  TwinHistory history;
  TwinCount count;
  ClockState state;
  twin_history(&history, twin, random);
  twin_count(&count, &history, twin);
  twin_engine(&state, &history, twin);
  Instant until = twin->from + history.until_s * SPAN_SECOND;
  ClockReading reading = clock_read(&state, &history.promise, until);
  Instant due = count.due_s >= 0 ? twin->from + count.due_s * SPAN_SECOND : INSTANT_NONE;
  ClockState later = state;
  clock_advance(&later, &history.promise, until);
  bool past = reading.due != INSTANT_NONE && due == INSTANT_NONE; /* beyond the stretch that was counted */
  bool ok = state.phase == count.phase && state.runs == count.runs && reading.used == count.used_s * SPAN_SECOND &&
            reading.broken == count.broken && later.marks == count.marks &&
            (reading.due == due || (past && reading.due > twin->from + TWIN_SECONDS * SPAN_SECOND));
  Instant at;
  int mark;
  if (ok && clock_next_mark(&later, &history.promise, &at, &mark)) { /* at that instant it is reached, just before it is not */
    ClockState before = later, then = later;
    clock_advance(&before, &history.promise, at - 1);
    clock_advance(&then, &history.promise, at);
    ok = !(before.marks >> mark & 1) && then.marks >> mark & 1;
  }
  if (!ok)
    snprintf(said, size, "phase %d/%d runs %d/%d used %lld/%d broken %d/%d marks %x/%x due %lld/%d (engine/count)", state.phase,
             count.phase, state.runs, count.runs, (long long)(reading.used / SPAN_SECOND), count.used_s, reading.broken, count.broken,
             later.marks, count.marks, (long long)(reading.due == INSTANT_NONE ? -1 : (reading.due - twin->from) / SPAN_SECOND),
             count.due_s);
  return ok;
}

#endif
