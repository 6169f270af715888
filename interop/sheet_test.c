#include "interop/sheet.h"

#include <math.h>
#include <sys/resource.h>

#include "base/testing.h"

/* What stands in a part of the file, by way of unzip: another program than the one that wrote it. */
static void part_of(Buffer *out, const Buffer *book, const char *part) {
  char path[] = "/tmp/sheet_test_XXXXXX", command[256];
  int file = mkstemp(path);
  assert_true(file >= 0 && write(file, book->at, book->len) == (ssize_t)book->len);
  close(file);
  snprintf(command, sizeof command, "unzip -p %s '%s'", path, part);
  FILE *from = popen(command, "r");
  assert_non_null(from);
  for (int c; (c = fgetc(from)) != EOF;) buffer_byte(out, (char)c);
  assert_int_equal(pclose(from), 0);
  unlink(path);
}

static void assert_holds(const Buffer *text, const char *part) {
  if (text_find(buffer_as_text(text), text_of(part)) < 0) fail_msg("no %s in %.*s", part, TEXT_ARG(buffer_as_text(text)));
}

static void test_a_table_comes_out(void **state) {
  SheetBook *book;
  Buffer bytes, xml;
  Error error = {0};
  (void)state;
  buffer_begin(&bytes, 1 << 20), buffer_begin(&xml, 1 << 20);
  assert_ok(sheet_open(&book, &error), &error);
  sheet_begin(book, "读数/[1]", (SheetColumn[]){{"时间", SHEET_TIME, 18, 0}, {"U (V)", SHEET_NUMBER, 8, 1}, {"备注", SHEET_TEXT, 0, 0}}, 3);
  sheet_time(book, 0), sheet_number(book, 220.3), sheet_text(book, TEXT("=1+1 <a&b> \x01")), sheet_row_end(book);
  sheet_time(book, INSTANT_NONE), sheet_number(book, NAN), sheet_text(book, TEXT("行")), sheet_text(book, TEXT("past the last column")),
      sheet_row_end(book);
  sheet_begin(book, "二", (SheetColumn[]){{"x", SHEET_NUMBER, 0, 0}}, 1);
  sheet_number(book, 7), sheet_row_end(book);
  assert_ok(sheet_finish(book, &bytes, &error), &error);
  part_of(&xml, &bytes, "xl/worksheets/sheet1.xml");
  assert_holds(&xml, "<v>25569.33333333333</v>"); /* 1970-01-01 08:00, local */
  assert_holds(&xml, "<v>220.3</v>");
  assert_holds(&xml, "<t xml:space=\"preserve\">=1+1 &lt;a&amp;b&gt;  </t>");
  assert_true(text_find(buffer_as_text(&xml), TEXT("past the last")) < 0);
  assert_true(text_find(buffer_as_text(&xml), TEXT("<f>")) < 0);
  buffer_clear(&xml);
  part_of(&xml, &bytes, "xl/workbook.xml");
  assert_holds(&xml, "name=\"读数  1 \"");
  assert_holds(&xml, "name=\"二\"");
  buffer_end(&bytes), buffer_end(&xml);
}

/* The library keeps each sheet in a temporary file: where there can be none, the book fails, and its end with no sheet in it holds. */
static void test_no_room_for_a_sheet_is_an_error(void **state) {
  SheetBook *book;
  Buffer bytes;
  Error error = {0};
  struct rlimit usual, none;
  (void)state;
  buffer_begin(&bytes, 1 << 20);
  assert_ok(sheet_open(&book, &error), &error);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
  none = usual, none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  sheet_begin(book, "x", (SheetColumn[]){{"x", SHEET_NUMBER, 0, 0}}, 1);
  sheet_number(book, 7), sheet_row_end(book);
  bool ok = sheet_finish(book, &bytes, &error);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
  assert_false(ok);
  assert_int_equal(error.code, ERROR_IO);
  buffer_end(&bytes);
}

static void test_two_sheets_of_one_name_are_an_error(void **state) {
  SheetBook *book;
  Buffer bytes;
  Error error = {0};
  (void)state;
  buffer_begin(&bytes, 1 << 20);
  assert_ok(sheet_open(&book, &error), &error);
  for (int i = 0; i < 2; i++) sheet_begin(book, "same", (SheetColumn[]){{"x", SHEET_NUMBER, 0, 0}}, 1);
  assert_false(sheet_finish(book, &bytes, &error));
  assert_int_equal(error.code, ERROR_INTERNAL);
  buffer_end(&bytes);
}

TEST_MAIN(TEST(test_a_table_comes_out), TEST(test_no_room_for_a_sheet_is_an_error), TEST(test_two_sheets_of_one_name_are_an_error))
