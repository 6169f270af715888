#include "interop/csv.h"

#include "base/buffer.h"
#include "base/random.h"
#include "base/testing.h"
#include "base/vector.h"

/* Bytes handed out in pieces of `step`, so that every row is cut by the end of a piece somewhere. */
typedef struct Pieces {
  Text rest;
  size_t step;
} Pieces;

static bool read_piece(void *self, char *out, size_t room, size_t *got, Error *error) {
  Pieces *pieces = self;
  (void)error;
  size_t len = pieces->rest.len < room ? pieces->rest.len : room;
  if (len > pieces->step) len = pieces->step;
  if (len) memcpy(out, pieces->rest.at, len);
  pieces->rest = text_slice(pieces->rest, len, pieces->rest.len);
  *got = len;
  return true;
}

/* What the reader makes of `bytes`, as text: fields in [], rows on lines, an error as "! place: text". */
static void show(Buffer *out, Text bytes, size_t step) {
  static const CsvColumn COLUMNS[] = {{"a", true}, {"b", false}, {"c", false}};
  Pieces pieces = {bytes, step};
  Error error = {0};
  char text[ERROR_TEXT_MAX];
  Csv *csv;
  buffer_clear(out);
  bool ok = csv_open(&csv, "t.csv", read_piece, &pieces, &error);
  if (ok) ok = csv_columns(csv, COLUMNS, 3, &error);
  for (int i = 0; i < 1000 && ok; i++) {
    bool row;
    error_clear(&error);
    if (!csv_next(csv, &row, &error)) {
      buffer_format(out, "! %s\n", error_text(&error, LANGUAGE_EN, text, sizeof text));
      if (csv_broken(csv)) break;
      continue;
    }
    if (!row) break;
    buffer_format(out, "%d ", (int)csv_line(csv));
    for (size_t column = 0; column < 3; column++) buffer_format(out, "[%.*s]", TEXT_ARG(csv_field(csv, column)));
    buffer_byte(out, '\n');
  }
  if (!ok) buffer_format(out, "! %s\n", error_text(&error, LANGUAGE_EN, text, sizeof text));
  csv_close(csv);
}

static void reads(void **state) {
  (void)state;
  static const struct {
    const char *bytes, *want;
  } CASES[] = {
      {"a,b,c\n1,2,3\n", "2 [1][2][3]\n"},
      {"a,b,c\r\n1,2,3\r\n4,5,6", "2 [1][2][3]\n3 [4][5][6]\n"},
      {"\xEF\xBB\xBF" "a,b,c\n1,2,3\n", "2 [1][2][3]\n"},
      {"c,a\n3,1\n", "2 [1][][3]\n"},
      {" a , b \n1,2\n", "2 [1][2][]\n"},
      {"\"a\",\"b\"\n\"1,1\",\"\"\n", "2 [1,1][][]\n"},
      {"a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", "2 [say \"hi\"][\"][]\n"},
      {"a,b\n\"two\nlines\",x\ny,z\n", "2 [two\nlines][x][]\n4 [y][z][]\n"},
      {"a,b\n\"two\r\nlines\",x\r\n", "2 [two\r\nlines][x][]\n"},
      {"a,b\n,\n", "2 [][][]\n"},
      {"a,b\n\n\r\nx,y\n\n", "4 [x][y][]\n"},
      {"a\n\"\"\n", "2 [][][]\n"},
      {"a,b\n电,保姆\n", "2 [电][保姆][]\n"},
      {"a,b\nx\ry,z\n", "2 [x\ry][z][]\n"},
      {"a,b\n1,\"2\"", "2 [1][2][]\n"},
      {"a,b\n1,2\r", "2 [1][2][]\n"},
      {"a,b", ""},
      {"", "! t.csv:1: column 'a' is required and missing\n"},
      {"\n\n", "! t.csv:1: column 'a' is required and missing\n"},
      {"b,c\n", "! t.csv:1: column 'a' is required and missing\n"},
      {"a,b,a\n", "! t.csv:1:3 (a): column 'a' stands twice\n"},
      {"a,x\n", "! t.csv:1:2 (x): column 'x' is not one of: a b c\n"},
      {"a,b\n1,2,3\n4,5\n", "! t.csv:2: 3 fields where the header has 2\n3 [4][5][]\n"},
      {"a,b\n1\n", "! t.csv:2: 1 fields where the header has 2\n"},
      {"a,b\n1,x\"y\n4,5\n", "! t.csv:2:2 (b): a quote inside an unquoted field\n3 [4][5][]\n"},
      {"a,b\n\"1\"x,2\n4,5\n", "! t.csv:2:1 (a): a quote inside an unquoted field\n3 [4][5][]\n"},
      {"a,b\n\"1\" ,2\n", "! t.csv:2:1 (a): a quote inside an unquoted field\n"},
      {"a,b\n1,\"2\n4,5\n", "! t.csv:2:2 (b): a quoted field is not closed\n"},
      {"a,b\n1,\xFF\n4,5\n", "! t.csv:2:2 (b): text is not valid UTF-8 (save the file as UTF-8)\n3 [4][5][]\n"},
      {"a,b\n1,\xE7\x94\n", "! t.csv:2:2 (b): text is not valid UTF-8 (save the file as UTF-8)\n"},
      {"\xB5\xE7,b\n", "! t.csv:1:1: text is not valid UTF-8 (save the file as UTF-8)\n"},
  };
  Buffer out;
  buffer_begin(&out, 0);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    for (size_t step = 1; step < 12; step++) {
      show(&out, text_of(CASES[i].bytes), step == 11 ? 1 << 20 : step);
      buffer_byte(&out, '\0');
      assert_false(out.failed);
      assert_string_equal(out.at, CASES[i].want);
    }
  }
  buffer_end(&out);
}

/* The grammar once more, byte by byte, as slowly and plainly as it can be said. Row by row: fields, or nothing where it is not CSV. */
typedef struct Twin {
  VECTOR(Buffer) fields;
  bool bad;
} Twin;

static void twin_free(Twin *twin) {
  for (size_t i = 0; i < twin->fields.count; i++) buffer_end(&twin->fields.at[i]);
  vector_free(&twin->fields);
}

static size_t twin_row(Twin *twin, const char *bytes, size_t len, size_t at) {
  for (;;) {
    Buffer field;
    buffer_begin(&field, 0);
    if (at < len && bytes[at] == '"') {
      for (at++; at < len; at++) {
        if (bytes[at] != '"') buffer_byte(&field, bytes[at]);
        else if (at + 1 < len && bytes[at + 1] == '"') buffer_byte(&field, '"'), at++;
        else break;
      }
      if (at >= len) twin->bad = true;
      at++;
      if (at + 1 < len && bytes[at] == '\r' && bytes[at + 1] == '\n') at++;
      if (at + 1 == len && bytes[at] == '\r') at++; /* before the end of the file, which ends the line */
      if (at < len && bytes[at] != ',' && bytes[at] != '\n') twin->bad = true;
    } else {
      for (; at < len && bytes[at] != ',' && bytes[at] != '\n'; at++) {
        if (bytes[at] == '"') twin->bad = true;
        buffer_byte(&field, bytes[at]);
      }
      if ((at >= len || bytes[at] == '\n') && field.len && field.at[field.len - 1] == '\r') field.len--;
    }
    assert_true(vector_push(&twin->fields, field));
    if (twin->bad) return len;
    if (at >= len) return len;
    if (bytes[at++] == '\n') return at;
  }
}

static void agrees_with_the_plain_grammar(void **state) {
  (void)state;
  static const char ALPHABET[] = "a,\"\n\r,\n\"b";
  static const CsvColumn A = {"h", true};
  Random random;
  random_seed(&random, 20);
  for (int round = 0; round < torture_rounds(20000); round++) {
    char bytes[160] = "h\n";
    size_t len = 2, want = 2 + random_below(&random, round % 2 ? 12 : 150);
    while (len < want) bytes[len++] = random_below(&random, 3) ? ALPHABET[random_below(&random, sizeof ALPHABET - 1)] : 'x';
    Pieces pieces = {{bytes, len}, 1 + random_below(&random, 70)};
    Error error = {0};
    Csv *csv;
    assert_ok(csv_open(&csv, "t", read_piece, &pieces, &error), &error);
    assert_ok(csv_columns(csv, &A, 1, &error), &error);
    for (size_t at = 2; at < len;) {
      Twin twin = {0};
      size_t next = twin_row(&twin, bytes, len, at);
      bool row, blank = twin.fields.count == 1 && twin.fields.at[0].len == 0 && bytes[at] != '"';
      if (blank && !twin.bad) {
        twin_free(&twin);
        at = next;
        continue;
      }
      error_clear(&error);
      bool ok = csv_next(csv, &row, &error);
      if (twin.bad || twin.fields.count != 1) {
        assert_false(ok);
        if (!twin.bad) assert_int_equal(error.code, ERROR_CSV_COLUMNS);
      } else {
        assert_ok(ok, &error);
        assert_true(row);
        assert_true(text_equal(csv_field(csv, 0), buffer_as_text(&twin.fields.at[0])));
      }
      bool stop = twin.bad;
      twin_free(&twin);
      if (stop) break;
      at = next;
    }
    csv_close(csv);
  }
}

static void limits(void **state) {
  (void)state;
  Buffer bytes, out;
  buffer_begin(&bytes, 0);
  buffer_begin(&out, 0);
  buffer_string(&bytes, "a,b\n1,");
  for (unsigned i = 0; i < LIMIT_CSV_FIELD_BYTES; i++) buffer_byte(&bytes, 'x');
  size_t whole = bytes.len;
  buffer_string(&bytes, "\n3,4\n");
  show(&out, buffer_as_text(&bytes), 1 << 20);
  assert_int_equal(out.len, 2 + 3 + 2 + LIMIT_CSV_FIELD_BYTES + 2 + 1 + 12 - 1); /* the longest field passes */
  bytes.len = whole;
  buffer_string(&bytes, "y\n3,4\n");
  show(&out, buffer_as_text(&bytes), 1 << 20);
  buffer_byte(&out, '\0');
  assert_false(out.failed);
  assert_string_equal(out.at, "! t.csv:2:2 (b): field is over the limit of 65536 bytes\n3 [3][4][]\n");
  bytes.len = 6;
  for (unsigned i = 0; i < 9 * LIMIT_CSV_FIELD_BYTES; i++) buffer_byte(&bytes, ',');
  show(&out, buffer_as_text(&bytes), 1 << 20);
  buffer_byte(&out, '\0');
  assert_false(out.failed);
  assert_string_equal(out.at, "! t.csv:2: row is over the limit of 524288 bytes\n");
  buffer_clear(&bytes);
  for (int i = 0; i <= LIMIT_CSV_COLUMNS; i++) buffer_format(&bytes, "%sa%d", i ? "," : "", i);
  show(&out, buffer_as_text(&bytes), 1 << 20);
  buffer_byte(&out, '\0');
  assert_false(out.failed);
  assert_string_equal(out.at, "! t.csv:1: columns is over the limit of 64\n");
  buffer_end(&bytes);
  buffer_end(&out);
}

static bool read_failing(void *self, char *out, size_t room, size_t *got, Error *error) {
  (void)room;
  if ((*(int *)self)++) return error_raise(error, ERROR_IO, "%s\t%s", "read", "no");
  memcpy(out, "a\n1\n", *got = 4);
  return true;
}

static void a_failing_read_is_told(void **state) {
  (void)state;
  static const CsvColumn A = {"a", true};
  int calls = 0;
  Error error = {0};
  Csv *csv;
  bool row;
  assert_ok(csv_open(&csv, "t", read_failing, &calls, &error), &error);
  assert_ok(csv_columns(csv, &A, 1, &error), &error);
  assert_ok(csv_next(csv, &row, &error), &error);
  assert_false(csv_next(csv, &row, &error));
  assert_int_equal(error.code, ERROR_IO);
  assert_true(csv_broken(csv));
  csv_close(csv);
}

static void memory_may_run_out(void **state) {
  (void)state;
  for (int64_t nth = 1; nth < 8; nth++) {
    Pieces pieces = {TEXT("a,b\n1,2\n"), 3};
    Error error = {0};
    Csv *csv;
    memory_fail_at(nth);
    bool ok = csv_open(&csv, "t", read_piece, &pieces, &error);
    memory_fail_at(0);
    assert_true(ok || error.code == ERROR_OUT_OF_MEMORY);
    csv_close(csv);
  }
}

TEST_MAIN(TEST(reads), TEST(agrees_with_the_plain_grammar), TEST(limits), TEST(a_failing_read_is_told), TEST(memory_may_run_out))
