/* The words that differ, and values as the server sends them in binary. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "store/postgres.h"

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static const struct {
  const char *ours, *theirs;
  bool in_table; /* only where a table is made */
} WORDS[] = {
    {"INTEGER", "BIGINT", false}, {"BLOB", "BYTEA", false}, {"REAL", "DOUBLE PRECISION", false}, {"TEXT", "TEXT COLLATE \"C\"", true}};

static void put_word(Buffer *out, const char *word, size_t len, bool table) {
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
    if (strlen(WORDS[i].ours) != len || strncmp(WORDS[i].ours, word, len) != 0 || (WORDS[i].in_table && !table)) continue;
    buffer_string(out, WORDS[i].theirs);
    return;
  }
  buffer_put(out, word, len);
}

char *pg_translate(const char *sql, int *parameters) {
  Buffer out;
  bool table = false;
  *parameters = 0;
  buffer_begin(&out, 0);
  for (const char *at = sql; *at;) {
    if (*at == '\'') {
      const char *end = strchr(at + 1, '\'');
      size_t len = end ? (size_t)(end + 1 - at) : strlen(at);
      buffer_put(&out, at, len);
      at += len;
    } else if (*at == '?' && isdigit((unsigned char)at[1])) {
      char *end;
      int number = (int)strtol(at + 1, &end, 10);
      if (number > *parameters) *parameters = number;
      buffer_format(&out, "$%d", number);
      at = end;
    } else if (is_word(*at)) {
      size_t len = 1;
      while (is_word(at[len])) len++;
      if (len == 5 && strncmp(at, "TABLE", 5) == 0) table = true;
      put_word(&out, at, len, table);
      at += len;
    } else {
      if (*at == ';') table = false;
      buffer_byte(&out, *at++);
    }
  }
  buffer_byte(&out, '\0');
  if (!out.failed) return out.at;
  buffer_end(&out);
  return NULL;
}

char *pg_copy_from(const char *sql) {
  Text all = text_of(sql), insert = TEXT("INSERT INTO ");
  ptrdiff_t values = text_find(all, TEXT(") VALUES (?1"));
  if (!text_starts(all, insert) || values < 0) return NULL;
  Buffer out;
  buffer_begin(&out, 0);
  buffer_format(&out, "COPY %.*s) FROM STDIN BINARY", (int)((size_t)values - insert.len), sql + insert.len);
  buffer_byte(&out, '\0');
  if (!out.failed) return out.at;
  buffer_end(&out);
  return NULL;
}

bool pg_reads(const char *sql) {
  while (isspace((unsigned char)*sql)) sql++;
  return strncasecmp(sql, "SELECT", 6) == 0 || strncasecmp(sql, "WITH", 4) == 0 || strstr(sql, "RETURNING") != NULL;
}

static uint64_t big_endian(const char *at, int len) {
  uint64_t value = 0;
  for (int i = 0; i < len; i++) value = value << 8 | (unsigned char)at[i];
  return value;
}

static int int_at(const char *at) { return (int16_t)big_endian(at, 2); }

/* Groups of four decimal digits: count, weight of the first, sign, scale, groups. What a SUM of whole numbers comes as. */
static double numeric(const char *at, int len, int64_t *whole) {
  *whole = 0;
  if (len < 8) return 0;
  int count = int_at(at), weight = int_at(at + 2);
  bool negative = big_endian(at + 4, 2) == 0x4000;
  double value = 0;
  for (int i = 0; i < count && 8 + 2 * i + 2 <= len; i++) {
    int group = int_at(at + 8 + 2 * i);
    value += group * pow(10000, weight - i);
  }
  for (int i = 0; i <= weight; i++) {
    int64_t group = i < count && 8 + 2 * i + 2 <= len ? int_at(at + 8 + 2 * i) : 0;
    if (__builtin_mul_overflow(*whole, 10000, whole) || __builtin_add_overflow(*whole, group, whole)) *whole = INT64_MAX;
  }
  if (negative) *whole = -*whole, value = -value;
  return value;
}

double pg_value_f64(const char *at, int len, unsigned type) {
  union {
    uint64_t bits;
    double value;
  } wide;
  union {
    uint32_t bits;
    float value;
  } narrow;
  int64_t whole;
  switch (type) {
    case PG_FLOAT8:
      return wide.bits = big_endian(at, 8), wide.value;
    case PG_FLOAT4:
      return narrow.bits = (uint32_t)big_endian(at, 4), (double)narrow.value;
    case PG_NUMERIC:
      return numeric(at, len, &whole);
    default:
      return (double)pg_value_i64(at, len, type);
  }
}

int64_t pg_value_i64(const char *at, int len, unsigned type) {
  int64_t whole;
  switch (type) {
    case PG_INT8:
      return (int64_t)big_endian(at, 8);
    case PG_INT4:
      return (int32_t)big_endian(at, 4);
    case PG_INT2:
      return int_at(at);
    case PG_BOOL:
      return at[0];
    case PG_NUMERIC:
      return numeric(at, len, &whole), whole;
    case PG_FLOAT4:
    case PG_FLOAT8:
      return (int64_t)pg_value_f64(at, len, type);
    default:
      return text_to_i64((Text){at, (size_t)len}, &whole) ? whole : 0;
  }
}
