#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int text_compare(Text a, Text b) {
  size_t len = a.len < b.len ? a.len : b.len;
  int order = len ? memcmp(a.at, b.at, len) : 0;
  return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool text_starts(Text text, Text with) {
  return text.len >= with.len && text_equal((Text){text.at, with.len}, with);
}

bool text_ends(Text text, Text with) {
  return text.len >= with.len && text_equal(text_slice(text, text.len - with.len, text.len), with);
}

ptrdiff_t text_find(Text text, Text part) {
  if (part.len == 0) return 0;
  if (text.len < part.len) return -1;
  const char *found = memmem(text.at, text.len, part.at, part.len);
  return found ? found - text.at : -1;
}

static char small(char c) { return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c); }

bool text_holds(Text text, Text part) {
  for (size_t at = 0; at + part.len <= text.len; at++) {
    size_t same = 0;
    while (same < part.len && small(text.at[at + same]) == small(part.at[same])) same++;
    if (same == part.len) return true;
  }
  return false;
}

Text text_slice(Text text, size_t from, size_t to) {
  if (to > text.len) to = text.len;
  if (from > to) from = to;
  return (Text){text.at ? text.at + from : NULL, to - from};
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

Text text_trim(Text text) {
  while (text.len && is_space(text.at[0])) text.at++, text.len--;
  while (text.len && is_space(text.at[text.len - 1])) text.len--;
  return text;
}

bool text_next(Text *rest, char separator, Text *part) {
  if (!rest->at) return false;
  const char *found = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
  if (!found) {
    *part = *rest;
    *rest = TEXT_NONE;
    return true;
  }
  size_t len = (size_t)(found - rest->at);
  *part = (Text){rest->at, len};
  *rest = (Text){found + 1, rest->len - len - 1};
  return true;
}

bool text_to_i64(Text text, int64_t *out) {
  size_t i = 0;
  bool negative = text.len > 0 && text.at[0] == '-';
  if (negative) i++;
  if (i == text.len) return false;
  int64_t value = 0;
  for (; i < text.len; i++) {
    if (text.at[i] < '0' || text.at[i] > '9') return false;
    int digit = text.at[i] - '0';
    if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
        __builtin_add_overflow(value, (int64_t)(negative ? -digit : digit), &value))
      return false;
  }
  *out = value;
  return true;
}

bool text_to_f64(Text text, double *out) {
  char copy[64];
  if (text.len == 0 || text.len >= sizeof copy) return false;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.at[i];
    if (!((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E')) return false;
    copy[i] = c;
  }
  copy[text.len] = '\0';
  char *end;
  double value = strtod(copy, &end); /* the program never calls setlocale: the locale is "C" */
  if (*end || end == copy || !isfinite(value)) return false;
  *out = value;
  return true;
}

bool text_is_utf8(Text text) {
  const unsigned char *at = (const unsigned char *)text.at;
  size_t i = 0, n = text.len;
  while (i < n) {
    if (n - i >= 8) { /* eight ASCII bytes at once */
      uint64_t word;
      memcpy(&word, at + i, 8);
      if (!(word & 0x8080808080808080u)) {
        i += 8;
        continue;
      }
    }
    unsigned char c = at[i];
    if (c < 0x80) {
      i++;
      continue;
    }
    if (c > 0xE0 && c < 0xED && n - i >= 3 && (at[i + 1] & 0xC0) == 0x80 && (at[i + 2] & 0xC0) == 0x80) { /* Chinese, nearly all of it */
      i += 3;
      continue;
    }
    size_t more = c >= 0xC2 && c <= 0xDF ? 1 : (c & 0xF0) == 0xE0 ? 2 : c >= 0xF0 && c <= 0xF4 ? 3 : 0;
    if (!more || n - i <= more) return false;
    for (size_t k = 1; k <= more; k++)
      if ((at[i + k] & 0xC0) != 0x80) return false;
    if ((c == 0xE0 && at[i + 1] < 0xA0) || (c == 0xED && at[i + 1] > 0x9F) || (c == 0xF0 && at[i + 1] < 0x90) ||
        (c == 0xF4 && at[i + 1] > 0x8F))
      return false;
    i += more + 1;
  }
  return true;
}

size_t text_characters(Text text) {
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.at[i] & 0xC0) != 0x80;
  return count;
}

Text text_cut(Text text, size_t most) {
  if (text.len <= most) return text;
  while (most > 0 && ((unsigned char)text.at[most] & 0xC0) == 0x80) most--;
  return (Text){text.at, most};
}

Text text_copy(Arena *arena, Text text) {
  char *copy = arena_take(arena, text.len + 1);
  if (!copy) return TEXT_NONE;
  if (text.len) memcpy(copy, text.at, text.len);
  return (Text){copy, text.len};
}

uint64_t text_hash(Text text) {
  uint64_t hash = 0x9E3779B97F4A7C15u ^ (text.len * 0xff51afd7ed558ccdu);
  size_t i = 0;
  for (; i + 8 <= text.len; i += 8) {
    uint64_t word;
    memcpy(&word, text.at + i, 8);
    hash = (hash ^ word) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
  }
  uint64_t tail = 0;
  if (i < text.len) memcpy(&tail, text.at + i, text.len - i);
  hash = (hash ^ tail) * 0xc4ceb9fe1a85ec53u;
  return hash ^ (hash >> 29);
}
