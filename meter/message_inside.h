/* Between the forms of a message. */
#ifndef METER_MESSAGE_INSIDE_H
#define METER_MESSAGE_INSIDE_H

#include "meter/message.h"

bool message_value_fits(MeterChannel channel, int32_t value);
bool message_scale(int32_t *out, MeterChannel channel, double value); /* false: the unit must be another */
bool message_step_of(int step_min, Instant first, int moments);       /* whether the moments lie on the steps of one local day */
/* An empty message: numbers, lines and values in the arena. */
bool message_take(ReadingMessage **out, uint32_t meters, int moments, unsigned channels, Arena *arena, Error *error) MUST_USE;
/* RFC 3339, or local "2026-11-21 18:15[:00]". */
bool message_time(Text text, Instant *out);

bool message_read_csv(ReadingMessage **out, ReadingProblems *problems, Text bytes, Arena *arena, Error *error) MUST_USE;
bool message_read_json(ReadingMessage **out, ReadingProblems *problems, Text bytes, Arena *arena, Error *error) MUST_USE;

bool power_read_csv(PowerMessage *out, ReadingProblems *problems, Text bytes, Arena *arena, Error *error) MUST_USE;

/* Single values as they come, gathered into messages by area and day. */
typedef struct LooseReading {
  Text area, meter;
  Instant at, clock; /* clock INSTANT_NONE: not said */
  int64_t line;
  int32_t step_min; /* 0: not said */
  unsigned channels;
  int32_t value[METER_CHANNELS];
} LooseReading;
/* `loose` is reordered. */
bool message_gather(ReadingMessage **out, LooseReading *loose, size_t count, Arena *arena, Error *error) MUST_USE;

#endif
