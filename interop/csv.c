#include "interop/csv.h"

#include <stdio.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/memory.h"
#include "interop/file.h"

enum { BLOCK = 64, CHUNK = 256 * 1024 };
#define ROW_MAX ((size_t)LIMIT_CSV_FIELD_BYTES * 8) /* bytes of a whole row */

typedef struct Field {
  char *at;
  size_t len;
  bool doubled; /* holds doubled quotes, still to be undoubled */
} Field;

struct Csv {
  const char *name;
  CsvRead read;
  void *self;
  File *file;           /* where csv_open_file opened one */
  char *buffer;         /* room + BLOCK bytes, so that a whole block may be read at any byte */
  size_t room, at, len; /* the next row begins at `at`, the bytes end at `len` */
  bool ended, broken;
  uint64_t line, next_line, bytes;
  /* The scanner: the separators of the block at `block` that are still ahead. */
  size_t block;
  uint64_t ahead;
  bool block_high, high; /* bytes that are not ASCII in the block; in any block of this row */
  size_t fields;         /* of this row; those past LIMIT_CSV_COLUMNS are only counted */
  Field field[LIMIT_CSV_COLUMNS];
  size_t header_count;
  Text header[LIMIT_CSV_COLUMNS];
  Arena arena; /* the header's bytes */
  const CsvColumn *column;
  size_t column_count;
  int column_field[LIMIT_CSV_COLUMNS]; /* the caller's column → field, -1 none */
};

/* Bit i: byte i is a comma, a quote or a line feed. */
static inline uint64_t separators(const char *at, bool *high) {
  uint64_t mask = 0;
#ifdef __SSE2__
  const __m128i comma = _mm_set1_epi8(','), quote = _mm_set1_epi8('"'), feed = _mm_set1_epi8('\n');
  int any = 0;
  for (int i = 0; i < BLOCK / 16; i++) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
    __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, comma), _mm_cmpeq_epi8(bytes, quote)), _mm_cmpeq_epi8(bytes, feed));
    mask |= (uint64_t)(unsigned)_mm_movemask_epi8(found) << (16 * i);
    any |= _mm_movemask_epi8(bytes);
  }
#else
  unsigned any = 0;
  for (int i = 0; i < BLOCK; i++) {
    mask |= (uint64_t)(at[i] == ',' || at[i] == '"' || at[i] == '\n') << i;
    any |= (unsigned char)at[i] & 0x80u;
  }
#endif
  *high = any != 0;
  return mask;
}

static void scan_from(Csv *csv, size_t at) {
  csv->block = at;
  csv->ahead = separators(csv->buffer + at, &csv->block_high);
}

/* Position of the next separator, or `len` when the bytes at hand have none further. */
static inline size_t scan(Csv *csv) {
  while (!csv->ahead) {
    if (csv->block + BLOCK >= csv->len) return csv->len;
    csv->block += BLOCK;
    csv->ahead = separators(csv->buffer + csv->block, &csv->block_high);
    csv->high |= csv->block_high;
  }
  size_t at = csv->block + (size_t)__builtin_ctzll(csv->ahead);
  csv->ahead &= csv->ahead - 1;
  return at;
}

static bool at_line(const Csv *csv, uint64_t line, size_t field, Error *error) {
  unsigned long long number = line;
  if (field < csv->header_count) return error_at(error, "%s:%llu:%zu (%.*s)", csv->name, number, field + 1, TEXT_ARG(csv->header[field]));
  return error_at(error, "%s:%llu:%zu", csv->name, number, field + 1);
}

static bool at_field(const Csv *csv, size_t field, Error *error) { return at_line(csv, csv->line, field, error); }

static bool make_room(Csv *csv, Error *error) {
  if (csv->room >= ROW_MAX) {
    error_raise(error, ERROR_LIMIT, "row\t%zu bytes", ROW_MAX);
    return error_at(error, "%s:%llu", csv->name, (unsigned long long)csv->line);
  }
  char *grown = memory_grow(csv->buffer, csv->room * 2 + BLOCK);
  if (!grown) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", csv->name);
  csv->buffer = grown;
  csv->room *= 2;
  return true;
}

/* Brings more bytes behind those of the unfinished row, which moves to the front. */
static bool refill(Csv *csv, Error *error) {
  if (csv->at) {
    memmove(csv->buffer, csv->buffer + csv->at, csv->len - csv->at);
    csv->len -= csv->at;
    csv->at = 0;
  }
  csv->broken = true; /* unless it goes well */
  if (csv->len == csv->room && !make_room(csv, error)) return false;
  size_t got = 0;
  if (!csv->read(csv->self, csv->buffer + csv->len, csv->room - csv->len, &got, error)) return error_at(error, "%s", csv->name);
  csv->broken = false;
  csv->bytes += got;
  csv->len += got;
  if (!got) {
    csv->ended = true; /* a last line without its end is given one: there is room, none was used */
    if (csv->len && csv->buffer[csv->len - 1] != '\n') csv->buffer[csv->len++] = '\n';
  }
  memset(csv->buffer + csv->len, 0, BLOCK);
  scan_from(csv, 0);
  return true;
}

typedef enum Outcome { ROW, MORE, STRAY_QUOTE, OPEN_QUOTE } Outcome;

static void add_field(Csv *csv, size_t from, size_t to, bool doubled) {
  if (csv->fields < LIMIT_CSV_COLUMNS) csv->field[csv->fields] = (Field){csv->buffer + from, to - from, doubled};
  csv->fields++;
}

/* A quoted field whose opening quote stands at `from` and was scanned. *end: the separator behind its closing one. */
static Outcome cut_quoted(Csv *csv, size_t from, size_t *end) {
  const char *buffer = csv->buffer;
  bool doubled = false;
  for (;;) {
    size_t at = scan(csv);
    if (at == csv->len) return csv->ended ? OPEN_QUOTE : MORE;
    if (buffer[at] == '\n') csv->next_line++;
    if (buffer[at] != '"') continue;
    size_t next = at + 1;
    if (next + 1 >= csv->len && !csv->ended) return MORE;
    if (buffer[next] == '"') {
      scan(csv);
      doubled = true;
    } else if (buffer[next] == ',' || buffer[next] == '\n' || (buffer[next] == '\r' && buffer[next + 1] == '\n')) {
      add_field(csv, from + 1, at, doubled);
      *end = scan(csv);
      return ROW;
    } else {
      add_field(csv, from, at, false);
      return STRAY_QUOTE;
    }
  }
}

/* Cuts the row at csv->at into fields. *end: past its line feed. On MORE the row must be cut anew, with more bytes. */
static Outcome cut_row(Csv *csv, size_t *end) {
  const char *buffer = csv->buffer;
  csv->fields = 0;
  csv->next_line = csv->line;
  csv->high = csv->block_high;
  for (size_t from = csv->at;;) {
    size_t at = scan(csv);
    if (at == csv->len) return MORE;
    if (buffer[at] == '"') {
      Outcome outcome = at == from ? cut_quoted(csv, from, &at) : STRAY_QUOTE;
      if (outcome == STRAY_QUOTE && at != from) add_field(csv, from, at, false);
      if (outcome != ROW) return outcome;
    } else {
      add_field(csv, from, buffer[at] == '\n' && at > from && buffer[at - 1] == '\r' ? at - 1 : at, false);
    }
    from = at + 1;
    if (buffer[at] != '\n') continue;
    *end = from;
    csv->next_line++;
    return ROW;
  }
}

/* Passes over the rest of the line in which a stray quote stands, so that the next row can be read. */
static void skip_line(Csv *csv) {
  csv->next_line = csv->line + 1;
  for (;;) {
    const char *feed = memchr(csv->buffer + csv->at, '\n', csv->len - csv->at);
    csv->at = feed ? (size_t)(feed - csv->buffer) + 1 : csv->len;
    if (feed || csv->ended) break;
    if (!refill(csv, NULL)) return;
  }
  scan_from(csv, csv->at);
}

/* One row, whatever its number of fields; empty lines are passed over. */
static bool read_row(Csv *csv, bool *row, Error *error) {
  *row = false;
  csv->line = csv->next_line;
  for (;;) {
    size_t end = 0;
    switch (csv->at < csv->len ? cut_row(csv, &end) : MORE) {
      case MORE:
        if (csv->ended) return true;
        if (!refill(csv, error)) return false;
        break;
      case OPEN_QUOTE:
        csv->broken = true;
        error_raise(error, ERROR_CSV_QUOTE, "%s", "");
        return at_field(csv, csv->fields, error);
      case STRAY_QUOTE:
        error_raise(error, ERROR_CSV_STRAY_QUOTE, "%s", "");
        at_field(csv, csv->fields - 1, error);
        skip_line(csv);
        return false;
      case ROW:
        *row = csv->fields > 1 || csv->field[0].len > 0 || csv->buffer[csv->at] == '"';
        csv->at = end;
        if (*row) return true;
        csv->line = csv->next_line;
    }
  }
}

static void undouble(Field *field) {
  char *to = field->at;
  for (size_t i = 0; i < field->len; i++) {
    *to++ = field->at[i];
    if (field->at[i] == '"') i++;
  }
  field->len = (size_t)(to - field->at);
  field->doubled = false;
}

/* What cutting leaves to be done. The row's bytes end at csv->at; separators are ASCII, so that a whole row can be checked at once. */
static bool finish_fields(Csv *csv, Error *error) {
  const char *row = csv->fields ? csv->field[0].at : NULL;
  bool valid = !csv->high || !row || text_is_utf8((Text){row, (size_t)(csv->buffer + csv->at - row)});
  for (size_t i = 0; i < csv->fields; i++) {
    Field *field = &csv->field[i];
    if (field->doubled) undouble(field);
    if (field->len > LIMIT_CSV_FIELD_BYTES) {
      error_raise(error, ERROR_LIMIT, "field\t%u bytes", LIMIT_CSV_FIELD_BYTES);
      return at_field(csv, i, error);
    }
    if (!valid && !text_is_utf8((Text){field->at, field->len})) {
      error_raise(error, ERROR_NOT_UTF8, "%s", "save the file as UTF-8");
      return at_field(csv, i, error);
    }
  }
  return true;
}

static bool read_header(Csv *csv, Error *error) {
  bool row;
  while (csv->len < 3 && !csv->ended)
    if (!refill(csv, error)) return false;
  if (csv->len >= 3 && memcmp(csv->buffer, "\xEF\xBB\xBF", 3) == 0) csv->at = 3;
  if (csv->len) scan_from(csv, csv->at);
  if (!read_row(csv, &row, error)) return false;
  if (!row) csv->fields = 0;
  if (csv->fields > LIMIT_CSV_COLUMNS) {
    error_raise(error, ERROR_LIMIT, "columns\t%d", LIMIT_CSV_COLUMNS);
    return error_at(error, "%s:%llu", csv->name, (unsigned long long)csv->line);
  }
  if (!finish_fields(csv, error)) return false;
  for (size_t i = 0; i < csv->fields; i++) {
    csv->header[i] = text_copy(&csv->arena, text_trim((Text){csv->field[i].at, csv->field[i].len}));
    if (!csv->header[i].at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", csv->name);
  }
  csv->header_count = csv->fields;
  return true;
}

static bool open_reader(Csv **out, const char *name, CsvRead read, void *self, File *file, Error *error) {
  *out = NULL;
  Csv *csv = memory_new(sizeof *csv);
  char *buffer = memory_new(CHUNK + BLOCK);
  if (!csv || !buffer) {
    memory_free(csv);
    memory_free(buffer);
    file_close(file);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", name);
  }
  arena_begin(&csv->arena, 0);
  csv->name = name;
  csv->read = read;
  csv->self = self;
  csv->file = file;
  csv->buffer = buffer;
  csv->room = CHUNK;
  csv->next_line = 1;
  if (!read_header(csv, error)) {
    csv_close(csv);
    return false;
  }
  *out = csv;
  return true;
}

bool csv_open(Csv **out, const char *name, CsvRead read, void *self, Error *error) {
  return open_reader(out, name, read, self, NULL, error);
}

bool csv_read_text(void *text, char *out, size_t room, size_t *got, Error *error) {
  Text *left = text;
  (void)error;
  *got = left->len < room ? left->len : room;
  if (*got) memcpy(out, left->at, *got);
  *left = text_slice(*left, *got, left->len);
  return true;
}

bool csv_open_file(Csv **out, const char *path, Error *error) {
  const char *slash = strrchr(path, '/');
  File *file;
  *out = NULL;
  if (!file_open(&file, path, error)) return false;
  if (!file) return error_raise(error, ERROR_NOT_FOUND, "file\t%s", path);
  return open_reader(out, slash ? slash + 1 : path, file_read, file, file, error);
}

void csv_close(Csv *csv) {
  if (!csv) return;
  file_close(csv->file);
  arena_end(&csv->arena);
  memory_free(csv->buffer);
  memory_free(csv);
}

static bool header_unknown(const Csv *csv, size_t field, Error *error) {
  char known[ERROR_ARGUMENT_MAX] = "";
  size_t len = 0;
  for (size_t i = 0; i < csv->column_count && len + 2 < sizeof known; i++)
    len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", i ? " " : "", csv->column[i].name);
  error_raise(error, ERROR_CSV_HEADER_UNKNOWN, "%.*s\t%s", TEXT_ARG(csv->header[field]), known);
  return at_field(csv, field, error);
}

bool csv_columns(Csv *csv, const CsvColumn *columns, size_t count, Error *error) {
  csv->column = columns;
  csv->column_count = count;
  for (size_t i = 0; i < count; i++) csv->column_field[i] = -1;
  for (size_t field = 0; field < csv->header_count; field++) {
    size_t i = 0;
    while (i < count && !text_is(csv->header[field], columns[i].name)) i++;
    if (i == count) return header_unknown(csv, field, error);
    if (csv->column_field[i] >= 0) {
      error_raise(error, ERROR_CSV_HEADER_TWICE, "%s", columns[i].name);
      return at_field(csv, field, error);
    }
    csv->column_field[i] = (int)field;
  }
  for (size_t i = 0; i < count; i++) {
    if (csv->column_field[i] >= 0 || !columns[i].required) continue;
    error_raise(error, ERROR_CSV_HEADER_MISSING, "%s", columns[i].name);
    return error_at(error, "%s:1", csv->name);
  }
  return true;
}

bool csv_next(Csv *csv, bool *row, Error *error) {
  if (!read_row(csv, row, error)) return false;
  if (!*row) return true;
  if (csv->fields != csv->header_count) {
    error_raise(error, ERROR_CSV_COLUMNS, "%zu\t%zu", csv->fields, csv->header_count);
    return error_at(error, "%s:%llu", csv->name, (unsigned long long)csv->line);
  }
  return finish_fields(csv, error);
}

bool csv_broken(const Csv *csv) { return csv->broken; }

Text csv_field(const Csv *csv, size_t column) {
  int field = csv->column_field[column];
  return field < 0 ? TEXT("") : (Text){csv->field[field].at, csv->field[field].len};
}

uint64_t csv_line(const Csv *csv) { return csv->line; }
uint64_t csv_bytes(const Csv *csv) { return csv->bytes; }

bool csv_at(const Csv *csv, uint64_t line, size_t column, Error *error) {
  int field = csv->column_field[column];
  if (field >= 0) return at_line(csv, line, (size_t)field, error);
  return error_at(error, "%s:%llu (%s)", csv->name, (unsigned long long)line, csv->column[column].name);
}
