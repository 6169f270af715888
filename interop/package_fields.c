/* The fields of a grid package's row: each checked, each problem noted with its place. */
#include <math.h>
#include <stdio.h>

#include "interop/package_reader.h"

Error *package_problem_in(PackageProblems *problems) {
  static _Thread_local Error unlisted;
  problems->count++;
  if (problems->listed < LIMIT_IMPORT_ERRORS) {
    if (!problems->at) problems->at = memory_new(LIMIT_IMPORT_ERRORS * sizeof *problems->at);
    if (problems->at) return &problems->at[problems->listed++];
  }
  return &unlisted;
}

Error *package_problem(PackageReader *reader) { return package_problem_in(reader->problems); }

void package_problem_field(PackageReader *reader, uint64_t line, size_t column, const char *name, Text value, const char *why) {
  Error *problem = package_problem(reader);
  error_raise(problem, ERROR_FIELD_INVALID, "%s\t%.*s\t%s", name, TEXT_ARG(value), why);
  csv_at(reader->csv, line, column, problem);
}

bool package_stop(PackageReader *reader) { return error_raise(reader->error, ERROR_OUT_OF_MEMORY, "%s", reader->file); }

static const char *column_name(const PackageReader *reader, size_t column) {
  for (int i = 0; i < FILE_COUNT; i++)
    if (PACKAGE_TABLE[i].name == reader->file) return PACKAGE_TABLE[i].columns[column].name;
  return "";
}

static void wrong(PackageReader *reader, size_t column, Text value, const char *why) {
  package_problem_field(reader, csv_line(reader->csv), column, column_name(reader, column), value, why);
}

static Text field(PackageReader *reader, size_t column, Need need) {
  Text text = text_trim(csv_field(reader->csv, column));
  if (text.len == 0 && need == NEEDED) {
    Error *problem = package_problem(reader);
    error_raise(problem, ERROR_FIELD_MISSING, "%s", column_name(reader, column));
    csv_at(reader->csv, csv_line(reader->csv), column, problem);
  }
  return text;
}

/* A copy that lives as long as the package; texts are packed side by side. */
static Text keep(PackageReader *reader, Text text) {
  enum { BLOCK = 256 * 1024 };
  if (text.len == 0) return TEXT("");
  if (text.len > reader->text_left) {
    reader->text_at = arena_take(&reader->package->texts, BLOCK);
    reader->text_left = reader->text_at ? BLOCK : 0;
    if (!reader->text_at) {
      package_stop(reader);
      return TEXT("");
    }
  }
  Text kept = {memcpy(reader->text_at, text.at, text.len), text.len};
  reader->text_at += text.len;
  reader->text_left -= text.len;
  return kept;
}

static bool too_long(PackageReader *reader, size_t column, Text text, size_t limit) {
  if (text.len <= limit) return false;
  Error *problem = package_problem(reader);
  error_raise(problem, ERROR_LIMIT, "%s\t%zu bytes", column_name(reader, column), limit);
  csv_at(reader->csv, csv_line(reader->csv), column, problem);
  return true;
}

static bool is_control(char c) { return (unsigned char)c < 0x20 || c == 0x7F; }

Text package_code(PackageReader *reader, size_t column, Need need) {
  Text text = field(reader, column, need);
  if (too_long(reader, column, text, PACKAGE_CODE_MAX)) return TEXT("");
  for (size_t i = 0; i < text.len; i++) {
    if (!is_control(text.at[i])) continue;
    wrong(reader, column, text_slice(text, 0, i), "a control character stands behind this");
    return TEXT("");
  }
  return keep(reader, text);
}

Text package_text(PackageReader *reader, size_t column, Need need, size_t limit) {
  Text text = field(reader, column, need);
  if (too_long(reader, column, text, limit)) return TEXT("");
  Text kept = keep(reader, text);
  for (size_t i = 0; i < kept.len; i++)
    if (is_control(kept.at[i])) ((char *)(uintptr_t)kept.at)[i] = ' ';
  return kept;
}

int package_word(PackageReader *reader, size_t column, Need need, const char *const *words, int count, int fallback) {
  Text text = field(reader, column, need);
  if (text.len == 0) return fallback;
  for (int i = 0; i < count; i++)
    if (text_is(text, words[i])) return i;
  char why[ERROR_ARGUMENT_MAX];
  int len = snprintf(why, sizeof why, "known are");
  for (int i = 0; i < count && len < (int)sizeof why; i++)
    len += snprintf(why + len, sizeof why - (size_t)len, "%s %s", i ? "," : "", words[i]);
  wrong(reader, column, text, why);
  return fallback;
}

double package_number(PackageReader *reader, size_t column, Need need) {
  Text text = field(reader, column, need);
  double value = 0;
  if (text.len == 0) return 0;
  if (!text_to_f64(text, &value)) {
    wrong(reader, column, text, "not a number");
  } else if (value < 0 || value > 1e9) {
    wrong(reader, column, text, "must be from 0 to 1000000000");
  } else {
    return value;
  }
  return 0;
}

/* Degrees to micro-degrees, rounded; without detour over a double for the usual form. */
static bool micro_degrees(Text text, int32_t *out) {
  size_t i = text.len && text.at[0] == '-', digits = 0;
  int64_t value = 0;
  for (; i < text.len && text.at[i] >= '0' && text.at[i] <= '9' && digits < 4; i++, digits++) value = value * 10 + (text.at[i] - '0');
  int decimals = 0;
  bool round_up = false;
  if (digits && i < text.len && text.at[i] == '.') {
    for (i++; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++, decimals++) {
      if (decimals < 6) value = value * 10 + (text.at[i] - '0');
      else if (decimals == 6) round_up = text.at[i] >= '5';
    }
  }
  if (digits == 0 || i < text.len) {
    double degrees;
    if (!text_to_f64(text, &degrees) || fabs(degrees) > 1000) return false;
    *out = (int32_t)lround(degrees * 1e6);
    return true;
  }
  for (; decimals < 6; decimals++) value *= 10;
  value += round_up;
  if (value > 1000000000) return false;
  *out = (int32_t)(text.at[0] == '-' ? -value : value);
  return true;
}

void package_place(PackageReader *reader, size_t lon, size_t lat, int32_t *lon_e6, int32_t *lat_e6) {
  Text x = field(reader, lon, OPTIONAL), y = field(reader, lat, OPTIONAL);
  *lon_e6 = *lat_e6 = PACKAGE_NO_PLACE;
  if (x.len == 0 && y.len == 0) return;
  int32_t east = 0, north = 0;
  size_t count = reader->problems->count;
  if (x.len == 0 || y.len == 0) field(reader, x.len ? lat : lon, NEEDED);
  if (x.len && (!micro_degrees(x, &east) || east < -180000000 || east > 180000000))
    wrong(reader, lon, x, "must be degrees from -180 to 180");
  if (y.len && (!micro_degrees(y, &north) || north < -90000000 || north > 90000000))
    wrong(reader, lat, y, "must be degrees from -90 to 90");
  if (reader->problems->count > count) return;
  *lon_e6 = east;
  *lat_e6 = north;
}

uint8_t package_phases(PackageReader *reader, size_t column) {
  Text text = field(reader, column, OPTIONAL);
  uint8_t phases = 0;
  for (size_t i = 0; i < text.len; i++) {
    int bit = text.at[i] >= 'A' && text.at[i] <= 'C' ? 1 << (text.at[i] - 'A') : 0;
    if (bit && !(phases & bit)) {
      phases = (uint8_t)(phases | bit);
      continue;
    }
    wrong(reader, column, text, "must be a subset of ABC");
    return 0;
  }
  return phases;
}

const char *package_phases_text(uint8_t phases, char out[4]) {
  int len = 0;
  for (int i = 0; i < 3; i++)
    if (phases & (1 << i)) out[len++] = (char)('A' + i);
  out[len] = '\0';
  return out;
}

int16_t package_minutes(PackageReader *reader, size_t column) {
  Text text = field(reader, column, OPTIONAL);
  if (text.len == 0) return -1;
  int64_t hour = -1, minute = -1;
  if (text.len == 5 && text.at[2] == ':' && text_to_i64(text_slice(text, 0, 2), &hour) && text_to_i64(text_slice(text, 3, 5), &minute) &&
      hour >= 0 && minute >= 0 && minute < 60 && hour * 60 + minute <= 24 * 60)
    return (int16_t)(hour * 60 + minute);
  wrong(reader, column, text, "must be a time of day, as 08:00");
  return -1;
}

uint32_t package_reference(PackageReader *reader, size_t column, Need need, PackageFile file) {
  Text code = field(reader, column, need);
  int64_t row;
  if (code.len == 0) return PACKAGE_NONE;
  if (text_map_get(&reader->names[file].rows, code, &row)) return file == FILE_DEVICES ? reader->place.at[row] : (uint32_t)row;
  if (reader->names[file].torn) return PACKAGE_NONE;
  Error *problem = package_problem(reader);
  error_raise(problem, ERROR_IMPORT_REFERENCE, "%s\t%.*s\t%s", column_name(reader, column), TEXT_ARG(code), PACKAGE_TABLE[file].name);
  csv_at(reader->csv, csv_line(reader->csv), column, problem);
  return PACKAGE_NONE;
}

bool package_name_row(PackageReader *reader, size_t column, PackageFile file, Text code, size_t row) {
  PackageNames *names = &reader->names[file];
  int64_t at = (int64_t)row;
  bool fresh = false;
  if (!text_map_put(&names->rows, code, &at, &fresh)) return package_stop(reader);
  if (fresh) return vector_push(&names->lines, csv_line(reader->csv)) || package_stop(reader);
  Error *problem = package_problem(reader);
  error_raise(problem, ERROR_IMPORT_DUPLICATE, "%s\t%.*s\t%llu", column_name(reader, column),
              TEXT_ARG(text_trim(csv_field(reader->csv, column))), (unsigned long long)names->lines.at[at]);
  csv_at(reader->csv, csv_line(reader->csv), column, problem);
  return false;
}
