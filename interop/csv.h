/* Reads CSV as RFC 4180 has it, row by row, from a stream of any length in bounded memory, near the speed at which memory is read.
 *
 * - UTF-8, checked; a byte order mark is passed over. Lines end with LF or CRLF; the last one may lack it; empty lines are passed over.
 * - A field may stand in quotes, with quotes doubled and line ends inside. A quote inside an unquoted field is an error, so is one never
 *   closed.
 * - Columns stand in any order: the caller names those it knows, and asks for fields by its own numbers.
 * - Limits: LIMIT_CSV_COLUMNS, LIMIT_CSV_FIELD_BYTES.
 * - Every error says "file:line:column (header)"; column is the field's number from 1. After an error in one row the next csv_next goes on
 *   with the row after it, unless csv_broken says that nothing can follow.
 *
 *   Csv *csv;                                     enum { ID, NAME };
 *   csv_open_file(&csv, "orgs.csv", &error);      csv_columns(csv, (CsvColumn[]){{"id", true}, {"name"}}, 2, &error);
 *   while (csv_next(csv, &row, &error) && row) use(csv_field(csv, ID));
 */
#ifndef INTEROP_CSV_H
#define INTEROP_CSV_H

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

typedef struct Csv Csv;

/* Fills up to `room` bytes; *got = 0 is the end. */
typedef bool (*CsvRead)(void *self, char *out, size_t room, size_t *got, Error *error);

typedef struct CsvColumn {
  const char *name;
  bool required; /* in the header; an empty field is the caller's business */
} CsvColumn;

/* `name` stands in errors and must outlive the reader. Reads the header row. */
bool csv_open(Csv **out, const char *name, CsvRead read, void *self, Error *error) MUST_USE;
/* A CsvRead whose `self` is a Text, shortened as it is read. */
bool csv_read_text(void *text, char *out, size_t room, size_t *got, Error *error);
/* A file; where it is missing, the same name with ".zst" behind it, decompressed as it is read. Errors name its last part only. */
bool csv_open_file(Csv **out, const char *path, Error *error) MUST_USE;
void csv_close(Csv *csv); /* NULL is fine */

/* Matches the header with the columns the caller knows: unknown ones, doubled ones and missing required ones are errors. */
bool csv_columns(Csv *csv, const CsvColumn *columns, size_t count, Error *error) MUST_USE;
bool csv_next(Csv *csv, bool *row, Error *error) MUST_USE; /* *row false: the end */
bool csv_broken(const Csv *csv);                           /* reading cannot go on after the last error */

/* The field of the caller's column, "" where the file has no such column. Lives until the next csv_next. */
Text csv_field(const Csv *csv, size_t column);
uint64_t csv_line(const Csv *csv);  /* the line in which the row begins, from 1 */
uint64_t csv_bytes(const Csv *csv); /* read so far, after decompression */
/* Says that an error stands in this line, in the caller's column, which may be one the file does not have; returns false. */
bool csv_at(const Csv *csv, uint64_t line, size_t column, Error *error);

#endif
