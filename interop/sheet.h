/* Spreadsheets (.xlsx) out of tables, for downloads: a few columns with a kind, then row after row. libxlsxwriter does the work, in
 * constant memory.
 *
 *   SheetBook *book;
 *   sheet_open(&book, &error);
 *   sheet_begin(book, "Readings", (SheetColumn[]){{"Time", SHEET_TIME, 18}, {"V", SHEET_NUMBER, 8, 1}}, 2);
 *   sheet_time(book, at); sheet_number(book, 220.3); sheet_row_end(book);
 *   sheet_finish(book, &reply->body, &error);      also ends the book; on failure too
 *
 * Cells go left to right; a row may be ended early. Failure is sticky and told by sheet_finish. Names of sheets are cut to what the form
 * takes. */
#ifndef INTEROP_SHEET_H
#define INTEROP_SHEET_H

#include "base/buffer.h"
#include "base/time.h"

#define SHEET_MEDIA_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

typedef enum SheetKind { SHEET_TEXT, SHEET_NUMBER, SHEET_TIME, SHEET_DATE } SheetKind;
typedef struct SheetColumn {
  const char *title; /* UTF-8 */
  SheetKind kind;
  int width;    /* characters; 0: usual */
  int decimals; /* of numbers */
} SheetColumn;

typedef struct SheetBook SheetBook;
enum { SHEET_COLUMNS_MAX = 64, SHEET_ROWS_MAX = 1048575 };

bool sheet_open(SheetBook **out, Error *error) MUST_USE;
void sheet_begin(SheetBook *book, const char *name, const SheetColumn *columns,
                 size_t count);                   /* a new sheet with its bold, frozen header row */
void sheet_text(SheetBook *book, Text text);      /* never a formula; control characters become blanks */
void sheet_number(SheetBook *book, double value); /* NAN: an empty cell */
void sheet_time(SheetBook *book, Instant at);     /* local (Asia/Shanghai); INSTANT_NONE: an empty cell */
void sheet_skip(SheetBook *book);
void sheet_row_end(SheetBook *book);
bool sheet_finish(SheetBook *book, Buffer *out, Error *error) MUST_USE;

#endif
