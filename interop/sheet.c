#include "interop/sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { CELL_BYTES_MAX = 32000, NAME_CHARACTERS_MAX = 31, SERIAL_1970 = 25569 };

struct SheetBook {
  lxw_workbook *workbook;
  lxw_worksheet *sheet;
  lxw_format *header, *time, *date, *number[10];
  SheetColumn column[SHEET_COLUMNS_MAX];
  size_t columns, sheets;
  lxw_row_t row;
  lxw_col_t at;
  lxw_error fault;
  bool failed;
  char path[64], text[CELL_BYTES_MAX + 1];
};

static void note(SheetBook *book, lxw_error code) {
  if (code != LXW_NO_ERROR && !book->failed) book->fault = code, book->failed = true;
}

static lxw_format *format_of(SheetBook *book, const char *number) {
  lxw_format *format = workbook_add_format(book->workbook);
  if (!format)
    note(book, LXW_ERROR_MEMORY_MALLOC_FAILED);
  else if (number)
    format_set_num_format(format, number);
  return format;
}

bool sheet_open(SheetBook **out, Error *error) {
  SheetBook *book = memory_new(sizeof *book);
  if (!book) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "spreadsheet");
  strcpy(book->path, "/tmp/dianbaomu_sheet_XXXXXX");
  int file = mkstemp(book->path);
  if (file < 0) {
    memory_free(book);
    return error_raise(error, ERROR_IO, "%s\t%s", "/tmp", "no temporary file");
  }
  close(file);
  lxw_workbook_options options = {.constant_memory = LXW_TRUE};
  book->workbook = workbook_new_opt(book->path, &options);
  if (!book->workbook) {
    unlink(book->path);
    memory_free(book);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "spreadsheet");
  }
  book->header = format_of(book, NULL);
  if (book->header) format_set_bold(book->header), format_set_bg_color(book->header, 0xE6F2EF);
  book->time = format_of(book, "yyyy-mm-dd hh:mm");
  book->date = format_of(book, "yyyy-mm-dd");
  *out = book;
  return true;
}

/* The library wants C strings; XML takes no control characters, and a sheet's name none of []:*?/\ either. */
static const char *plain(SheetBook *book, Text text, bool name) {
  if (text.len > CELL_BYTES_MAX) text = text_cut(text, CELL_BYTES_MAX / 4);
  size_t len = 0;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.at[i];
    bool bad = (unsigned char)c < 0x20 || c == 0x7F || (name && strchr("[]:*?/\\'", c));
    book->text[len++] = bad ? ' ' : c;
  }
  book->text[len] = '\0';
  return book->text;
}

static lxw_format *number_format(SheetBook *book, int decimals) {
  if (decimals < 0 || decimals > 9) decimals = 2;
  if (!book->number[decimals]) {
    char form[16] = "0";
    if (decimals) snprintf(form, sizeof form, "0.%.*s", decimals, "000000000");
    book->number[decimals] = format_of(book, form);
  }
  return book->number[decimals];
}

void sheet_begin(SheetBook *book, const char *name, const SheetColumn *columns, size_t count) {
  if (book->failed) return;
  if (count > SHEET_COLUMNS_MAX) count = SHEET_COLUMNS_MAX;
  book->sheet = workbook_add_worksheet(book->workbook, plain(book, text_cut(text_of(name), NAME_CHARACTERS_MAX), true));
  if (!book->sheet) {
    note(book, book->sheets ? LXW_ERROR_PARAMETER_VALIDATION : LXW_ERROR_CREATING_TMPFILE);
    return;
  }
  book->sheets++;
  book->columns = count;
  for (size_t i = 0; i < count; i++) {
    lxw_col_t c = (lxw_col_t)i;
    book->column[i] = columns[i];
    worksheet_set_column(book->sheet, c, c, columns[i].width ? columns[i].width : 12, NULL);
    note(book, worksheet_write_string(book->sheet, 0, c, plain(book, text_of(columns[i].title), false), book->header));
  }
  worksheet_freeze_panes(book->sheet, 1, 0);
  book->row = 1;
  book->at = 0;
}

static const SheetColumn *next(SheetBook *book) {
  if (book->failed || !book->sheet || book->at >= book->columns || book->row > SHEET_ROWS_MAX) {
    if (book->row > SHEET_ROWS_MAX) note(book, LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE);
    return NULL;
  }
  return &book->column[book->at++];
}

void sheet_text(SheetBook *book, Text text) {
  if (!next(book) || !text.len) return;
  note(book, worksheet_write_string(book->sheet, book->row, book->at - 1, plain(book, text, false), NULL));
}

void sheet_number(SheetBook *book, double value) {
  const SheetColumn *column = next(book);
  if (!column || !isfinite(value)) return;
  note(book, worksheet_write_number(book->sheet, book->row, book->at - 1, value, number_format(book, column->decimals)));
}

void sheet_time(SheetBook *book, Instant at) {
  const SheetColumn *column = next(book);
  if (!column || at == INSTANT_NONE) return;
  double days = (double)(at + ZONE_SHANGHAI) / (double)SPAN_DAY + SERIAL_1970;
  note(book, worksheet_write_number(book->sheet, book->row, book->at - 1, days, column->kind == SHEET_DATE ? book->date : book->time));
}

void sheet_skip(SheetBook *book) { (void)next(book); }

void sheet_row_end(SheetBook *book) {
  book->row++;
  book->at = 0;
}

bool sheet_finish(SheetBook *book, Buffer *out, Error *error) {
  Error reading = {0};
  if (book->sheets) note(book, workbook_close(book->workbook));
  else lxw_workbook_free(book->workbook), note(book, LXW_ERROR_CREATING_TMPFILE); /* to close it would look into the first */
  bool ok = !book->failed || (book->fault == LXW_ERROR_CREATING_TMPFILE ? error_raise(error, ERROR_IO, "/tmp\t%s", lxw_strerror(book->fault))
                                                                        : error_raise(error, ERROR_INTERNAL, "spreadsheet: %s", lxw_strerror(book->fault)));
  if (ok && !buffer_read_file(out, book->path, &reading)) {
    ok = false;
    if (error) *error = reading;
  }
  unlink(book->path);
  memory_free(book);
  return ok;
}
