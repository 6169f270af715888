/* Messages of readings and of power events, as they come: CSV, JSON, or a compact binary batch. Pure: bytes in, plain arrays out; nobody is
 * looked up here. What cannot be understood is told line by line with its reason; the rest is kept.
 *
 * A reading message speaks of one area, of up to METER_MESSAGE_METERS meters, and of one moment or several in even steps up to a day:
 * values[channel][meter × moments + moment], METER_NONE where nothing was said.
 *
 * The binary batch ("DBM1"), all numbers little-endian:
 *   "DBM1" · i64 first moment, s since 1970 · i64 the sender's clock, s (0: not said) · u16 step, minutes · u16 moments · u16 meters ·
 *   u8 length and bytes of the area's code · per meter: u8 length and bytes of its number ·
 *   per channel: u8 MeterChannel, u8 width in bytes (1, 2, 4), i32 base, then meters × moments unsigned numbers of that width, meter by
 * meter: value = base + number; all ones: no value · u8 255 · u32 CRC-32 (IEEE) of all before it
 *
 * CSV: a header row of meter, time and channels by name (message_test.c shows), in physical units (220.3, 0.512); time in RFC 3339, or
 * local "2026-11-21 18:15"; area may be a column (code of the transformer) or is looked up from the meter. clock may be a column: the
 * meter's own clock. JSON: {"area": "T12", "time": …, "step_min": 15, "meters": [{"meter": "…", "voltage_a": [220.3, …] or one number,
 * …}]}; several in {"messages": [...]}. */
#ifndef METER_MESSAGE_H
#define METER_MESSAGE_H

#include "base/buffer.h"
#include "base/time.h"
#include "meter/block.h"

enum { METER_MESSAGE_METERS = 1000, METER_NUMBER_MAX = 32, METER_PROBLEMS_MAX = 100 };

/* Why something is set aside; the words stand in reading_aside and in replies. */
typedef enum AsideReason {
  ASIDE_NONE,
  ASIDE_UNKNOWN_METER,
  ASIDE_CLOCK,
  ASIDE_CHECKSUM,
  ASIDE_UNIT,
  ASIDE_TIME,
  ASIDE_FORM,
  ASIDE_OTHER_AREA,
  ASIDE_TOO_OLD,
  ASIDE_REASONS
} AsideReason;
const char *aside_reason_name(AsideReason reason);

typedef struct ReadingProblem {
  int64_t line; /* from 1; of JSON and binary: the meter's place; 0: the whole */
  AsideReason reason;
  char detail[120], meter[METER_NUMBER_MAX + 1];
} ReadingProblem;

typedef struct ReadingProblems {
  ReadingProblem at[METER_PROBLEMS_MAX]; /* the first ones */
  size_t listed, count;
} ReadingProblems;
void reading_problem(ReadingProblems *problems, int64_t line, AsideReason reason, Text meter, const char *detail);

typedef struct ReadingMessage {
  Text area; /* code of the transformer; "": looked up from the meters */
  Instant first;
  Instant clock;         /* the sender's; INSTANT_NONE: not said */
  int step_min, moments; /* moments × step within one local day */
  uint32_t meters;
  Text *meter;   /* numbers */
  int64_t *line; /* of each meter's first value, for problems; NULL: its place */
  unsigned channels;
  int32_t *value[METER_CHANNELS];
  struct ReadingMessage *next;
} ReadingMessage;

typedef enum MessageForm { MESSAGE_CSV, MESSAGE_JSON, MESSAGE_BINARY } MessageForm;
/* Everything is taken from the arena; texts may point into `bytes`. ERROR_METER_MESSAGE when nothing of it can be used. *out may be NULL
 * with true: only problems. */
bool message_read(ReadingMessage **out, ReadingProblems *problems, MessageForm form, Text bytes, Arena *arena, Error *error) MUST_USE;
/* The binary form of a message, for senders and tests. */
void message_write(Buffer *out, const ReadingMessage *message);

/* --- the same columns without roster, as they lie in the store (reading_batch.payload) --- */
/* Writes the channels of the meters marked in `keep` (NULL: all), narrowed. */
void columns_write(Buffer *out, const ReadingMessage *message, const bool *keep);
/* Reads them into message->value (arrays from the arena); message->meters and moments say how many. */
bool columns_read(ReadingMessage *message, Text payload, Arena *arena, Error *error) MUST_USE;

/* --- power events --- */
typedef enum PowerKind { POWER_DOWN, POWER_UP, POWER_LAST_GASP, POWER_MODULE_UP, POWER_KINDS } PowerKind;
const char *power_kind_name(PowerKind kind);   /* "last_gasp" */
bool power_kind_of(Text word, PowerKind *out); /* a name, or an IEC 61968-9 code: "3.26.136.47" */

typedef struct PowerItem {
  PowerKind kind;
  Text meter;
  Instant at;
} PowerItem;
typedef struct PowerMessage {
  PowerItem *item;
  size_t count;
} PowerMessage;
/* JSON {"events": [{"meter", "kind" or "code", "at"}]} or CSV with the columns meter, kind or code, at. */
bool power_read(PowerMessage *out, ReadingProblems *problems, MessageForm form, Text bytes, Arena *arena, Error *error) MUST_USE;

#endif
