/* The CSV reader on any bytes: nothing crashes, every field is UTF-8, errors say where, and the rows do not depend on how the bytes are
 * handed out. The first byte says how many are handed out at a time. */
#include <assert.h>
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "interop/csv.h"

typedef struct Pieces {
  Text rest;
  size_t step;
} Pieces;

static bool read_piece(void *self, char *out, size_t room, size_t *got, Error *error) {
  Pieces *pieces = self;
  (void)error;
  *got = pieces->rest.len < room ? pieces->rest.len : room;
  if (*got > pieces->step) *got = pieces->step;
  if (*got) memcpy(out, pieces->rest.at, *got);
  pieces->rest = text_slice(pieces->rest, *got, pieces->rest.len);
  return true;
}

static void fold(uint64_t *sum, Text text) { *sum = (*sum ^ text_hash(text) ^ text.len) * 0x9E3779B97F4A7C15u; }

/* A sum over everything the reader said. */
static uint64_t read_all(Text bytes, size_t step) {
  static const CsvColumn COLUMNS[] = {{"a", true}, {"b", false}};
  Pieces pieces = {bytes, step};
  Error error = {0};
  Csv *csv;
  uint64_t sum = 1;
  bool row = true, ok = csv_open(&csv, "t", read_piece, &pieces, &error);
  if (ok) ok = csv_columns(csv, COLUMNS, 2, &error);
  while (ok && row) {
    error_clear(&error);
    if (csv_next(csv, &row, &error)) {
      for (size_t i = 0; row && i < 2; i++) {
        Text field = csv_field(csv, i);
        assert(text_is_utf8(field));
        fold(&sum, field);
      }
      sum += csv_line(csv);
      continue;
    }
    assert(error.code != ERROR_NONE && error.where[0]);
    fold(&sum, text_of(error.where));
    row = true;
    if (csv_broken(csv)) break;
  }
  if (!ok) assert(error.code != ERROR_NONE);
  fold(&sum, text_of(error_name(error.code)));
  csv_close(csv);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  Text bytes = {(const char *)data + 1, size - 1};
  uint64_t whole = read_all(bytes, SIZE_MAX), pieces = read_all(bytes, 1 + data[0]);
  if (whole != pieces) abort();
  return 0;
}
