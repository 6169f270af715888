/* DL/T 645-2007: what meters speak on their serial lines, both ways. Pure: bytes and structs.
 *
 *   [FE FE FE FE] 68 A0…A5 68 C L DATA CS 16      A: the meter's 12 digits as BCD, last digits first; AA: any meter. DATA: each byte + 33H.
 *   CS: the sum of all bytes from the first 68, modulo 256. C: 11 read, 91 its answer, B1 with more to follow, D1 an error (one byte:
 * which). DATA of a read: the four bytes of the identifier, low first; of an answer: the identifier, then BCD values, low byte first.
 *
 * The vectors of the trade stand in dlt645_test.c. */
#ifndef METER_DLT645_H
#define METER_DLT645_H

#include "base/buffer.h"
#include "base/error.h"

enum { DLT645_ADDRESS = 12, DLT645_DATA_MAX = 200, DLT645_FRAME_MAX = 12 + DLT645_DATA_MAX + 4, DLT645_VALUES_MAX = 24 };
enum { DLT645_READ = 0x11, DLT645_ANSWER = 0x91, DLT645_ANSWER_MORE = 0xB1, DLT645_ERROR = 0xD1 };

typedef struct Dlt645Frame {
  char address[DLT645_ADDRESS + 1]; /* "202411110002": digits, or "AAAAAAAAAAAA" */
  uint8_t control;
  uint8_t data[DLT645_DATA_MAX]; /* without 33H */
  int length;
} Dlt645Frame;

typedef enum Dlt645Found { DLT645_NONE, DLT645_PART, DLT645_FRAME, DLT645_WRONG } Dlt645Found;
/* Looks for the first frame in a stream. *used: bytes that need not be given again (noise, a whole frame, or of a wrong one its first 68H).
 * DLT645_PART: more must come. DLT645_WRONG: a frame whose checksum, end or digits are not right; `error` says which. */
Dlt645Found dlt645_find(Dlt645Frame *out, const uint8_t *bytes, size_t len, size_t *used, Error *error);
/* Writes the frame with four FE before it. */
void dlt645_put(Buffer *out, const Dlt645Frame *frame);

/* A read of an identifier (0x00010000), and its answer. */
bool dlt645_read_frame(Dlt645Frame *out, Text address, uint32_t identifier, Error *error) MUST_USE;
uint32_t dlt645_identifier(const Dlt645Frame *frame); /* of a read or an answer; 0 when it carries none */

/* What an identifier means: how many values, of how many BCD bytes and decimals, in what unit. */
typedef struct Dlt645Item {
  uint32_t identifier;
  const char *name, *unit;
  int count, bytes, decimals;
  bool signs; /* the highest bit is a sign */
} Dlt645Item;
const Dlt645Item *dlt645_item(uint32_t identifier); /* NULL: not known here */
const Dlt645Item *dlt645_item_named(Text name);     /* "energy", "voltage_a", "voltages" … */
/* The answer's values; NAN where the meter says FF (no such phase). ERROR_METER_ANSWER for a D1, ERROR_METER_FRAME for an answer of another
 * length. */
bool dlt645_values(double out[DLT645_VALUES_MAX], int *count, const Dlt645Frame *answer, Error *error) MUST_USE;
void dlt645_answer(Dlt645Frame *out, const Dlt645Frame *read, const double *values, int count); /* count 0: the error "no data" */

#endif
