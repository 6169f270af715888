/* Time. An Instant is microseconds since 1970-01-01T00:00:00Z; a span is microseconds too. Nothing below floor 6 asks the
 * machine for the time: a TimeSource is handed in, so that an evening can run in seconds and a run can be repeated. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdatomic.h>

#include "base/text.h"

typedef int64_t Instant; /* µs UTC */
typedef int64_t Span;    /* µs */

#define INSTANT_NONE INT64_MIN /* unknown; NULL in the store */
#define SPAN_MILLISECOND ((Span)1000)
#define SPAN_SECOND ((Span)1000000)
#define SPAN_MINUTE (60 * SPAN_SECOND)
#define SPAN_HOUR (60 * SPAN_MINUTE)
#define SPAN_DAY (24 * SPAN_HOUR)

/* Asia/Shanghai has been UTC+8 all the year since 1991-09-15; earlier instants are not met with here. */
#define ZONE_SHANGHAI (8 * SPAN_HOUR)

typedef struct Civil {
  int year, month, day, hour, minute, second, microsecond; /* month 1…12, day 1…31 */
  int weekday;                                             /* 0 = Sunday */
} Civil;

Civil civil_of(Instant instant, Span zone);
Instant instant_of(Civil civil, Span zone); /* weekday ignored; days past a month's end carry over */

enum { INSTANT_TEXT_MAX = 40 };
/* RFC 3339, "2026-11-21T20:37:00+08:00", fractions to µs when there are any. */
char *instant_to_text(Instant instant, Span zone, char out[INSTANT_TEXT_MAX]);
bool instant_from_text(Text text, Instant *out); /* RFC 3339 with zone; years 1970…2199 */

/* Where `now` comes from. Real: the machine's clock. Scaled: `from` at the moment it was started, running `speed` times as
 * fast. Virtual: stands still until set. Reading is safe from any thread; setting is the owner's. */
typedef enum TimeKind { TIME_REAL, TIME_SCALED, TIME_VIRTUAL } TimeKind;
typedef struct TimeSource {
  _Atomic int kind; /* TimeKind */
  _Atomic int64_t from;        /* virtual instant (scaled: at `started`) */
  _Atomic int64_t started_us;  /* monotonic µs */
  _Atomic int64_t speed_milli; /* 1000 = as fast as the wall */
} TimeSource;

void time_real(TimeSource *source);
void time_scaled(TimeSource *source, Instant from, double speed);
void time_virtual(TimeSource *source, Instant now);
Instant time_now(TimeSource *source);
double time_speed(TimeSource *source); /* 0 for virtual */
/* Monotonic µs of the machine, for measuring only. */
int64_t time_monotonic_us(void);

#endif
