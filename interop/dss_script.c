/* The words, numbers and arrays of OpenDSS scripts. */
#include <math.h>

#include "interop/dss_private.h"

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v'; }
static bool is_gap(char c) { return is_space(c) || c == ','; }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

bool dss_begins(Text text, Text with) {
  if (text.len < with.len) return false;
  for (size_t i = 0; i < with.len; i++)
    if (lower(text.at[i]) != lower(with.at[i])) return false;
  return true;
}

bool dss_same(Text a, Text b) { return a.len == b.len && dss_begins(a, b); }

Text dss_lower(Arena *arena, Text text) {
  char *copy = arena_copy(arena, text.len ? text.at : "", text.len ? text.len : 1);
  for (size_t i = 0; copy && i < text.len; i++) copy[i] = lower(copy[i]);
  return copy ? (Text){copy, text.len} : TEXT_NONE;
}

static char closing(char c) {
  switch (c) {
    case '"':
      return '"';
    case '\'':
      return '\'';
    case '(':
      return ')';
    case '[':
      return ']';
    case '{':
      return '}';
    default:
      return 0;
  }
}

static Text drop(Text text, size_t count) { return text_slice(text, count, text.len); }

static Text skip_gaps(Text rest) {
  while (rest.len && is_gap(rest.at[0])) rest = drop(rest, 1);
  return rest;
}

/* One token, its quotes taken off. */
static bool token(Text *rest, Text *out, bool *quoted, Error *error) {
  char close = rest->len ? closing(rest->at[0]) : 0;
  size_t end = 0;
  *quoted = close != 0;
  if (close) {
    const char *found = memchr(rest->at + 1, close, rest->len - 1);
    if (!found) return error_raise(error, ERROR_DSS_QUOTE, "%c", close);
    *out = (Text){rest->at + 1, (size_t)(found - rest->at) - 1};
    *rest = drop(*rest, out->len + 2);
    return true;
  }
  while (end < rest->len && !is_gap(rest->at[end]) && rest->at[end] != '=') end++;
  *out = text_slice(*rest, 0, end);
  *rest = drop(*rest, end);
  return true;
}

bool dss_word(Text *rest, DssWord *word, bool *more, Error *error) {
  bool quoted;
  *word = (DssWord){TEXT(""), TEXT(""), false};
  *rest = skip_gaps(*rest);
  *more = rest->len > 0;
  if (!*more) return true;
  if (!token(rest, &word->value, &quoted, error)) return false;
  if (quoted) return true;
  Text after = *rest;
  while (after.len && is_space(after.at[0])) after = drop(after, 1);
  if (!after.len || after.at[0] != '=') return true;
  word->name = word->value;
  word->named = true;
  after = drop(after, 1);
  while (after.len && is_space(after.at[0])) after = drop(after, 1);
  *rest = after;
  return token(rest, &word->value, &quoted, error);
}

bool dss_element(Text *rest, Text *element) {
  Error none;
  bool quoted;
  for (*rest = skip_gaps(*rest); rest->len; *rest = skip_gaps(*rest)) {
    Text before = *rest;
    if (!token(rest, element, &quoted, &none)) {
      *element = before; /* a quote that does not close is part of the word */
      *rest = TEXT("");
      return true;
    }
    if (rest->len == before.len)
      *rest = drop(*rest, 1); /* a lone = */
    else
      return true;
  }
  return false;
}

enum { STACK = 10 };
typedef struct Stack {
  double at[STACK]; /* at[0] is the top */
} Stack;

static void push(Stack *stack, double value) {
  memmove(stack->at + 1, stack->at, sizeof(double) * (STACK - 1));
  stack->at[0] = value;
}

static double pop(Stack *stack) {
  double top = stack->at[0];
  memmove(stack->at, stack->at + 1, sizeof(double) * (STACK - 1));
  return top;
}

/* The operators of OpenDSS's calculator; angles in degrees. */
static bool operate(Stack *stack, Text word) {
  static const char *const TWO[] = {"+", "-", "*", "/", "^", "atan2", "swap"};
  static const char *const ONE[] = {"sqr", "sqrt",  "sin", "cos", "tan", "asin",   "acos",  "atan",
                                    "ln",  "log10", "exp", "inv", "pi",  "rollup", "rolldn"};
  const double degree = 3.14159265358979323846 / 180;
  for (int i = 0; i < 7; i++) {
    if (!dss_same(word, text_of(TWO[i]))) continue;
    double b = pop(stack), a = pop(stack);
    if (i == 6)
      push(stack, b), push(stack, a);
    else
      push(stack, i == 0 ? a + b : i == 1 ? a - b : i == 2 ? a * b : i == 3 ? a / b : i == 4 ? pow(a, b) : atan2(a, b) / degree);
    return true;
  }
  for (int i = 0; i < 15; i++) {
    if (!dss_same(word, text_of(ONE[i]))) continue;
    if (i == 12) return push(stack, 180 * degree), true;
    if (i == 13) return push(stack, stack->at[STACK - 1]), true;
    double a = pop(stack);
    if (i == 14) return stack->at[STACK - 1] = a, true;
    push(stack, i == 0    ? a * a
                : i == 1  ? sqrt(a)
                : i == 2  ? sin(a * degree)
                : i == 3  ? cos(a * degree)
                : i == 4  ? tan(a * degree)
                : i == 5  ? asin(a) / degree
                : i == 6  ? acos(a) / degree
                : i == 7  ? atan(a) / degree
                : i == 8  ? log(a)
                : i == 9  ? log10(a)
                : i == 10 ? exp(a)
                          : 1 / a);
    return true;
  }
  return false;
}

bool dss_number(Text field, Text value, double *out, Error *error) {
  Text rest = value, word;
  Stack stack = {{0}};
  size_t words = 0;
  if (text_to_f64(text_trim(value), out)) return true;
  for (; dss_element(&rest, &word); words++) {
    double number;
    if (text_to_f64(word, &number))
      push(&stack, number);
    else if (!operate(&stack, word))
      words = SIZE_MAX / 2;
  }
  *out = stack.at[0];
  if (words > 0 && words < SIZE_MAX / 2 && isfinite(*out)) return true;
  return error_raise(error, ERROR_FIELD_FORMAT, "%.*s\t%.*s\ta number", TEXT_ARG(field), TEXT_ARG(value));
}

bool dss_whole(Text field, Text value, int64_t least, int64_t most, int64_t *out, Error *error) {
  double number;
  if (!dss_number(field, value, &number, error)) return false;
  if (number < (double)least)
    return error_raise(error, ERROR_FIELD_SMALL, "%.*s\t%lld\t%.*s", TEXT_ARG(field), (long long)least, TEXT_ARG(value));
  if (number > (double)most)
    return error_raise(error, ERROR_FIELD_LARGE, "%.*s\t%lld\t%.*s", TEXT_ARG(field), (long long)most, TEXT_ARG(value));
  *out = (int64_t)number;
  return true;
}

bool dss_flag(Text field, Text value, bool *out, Error *error) {
  char first = value.len ? lower(value.at[0]) : 0;
  *out = first == 'y' || first == 't' || first == '1';
  if (*out || first == 'n' || first == 'f' || first == '0') return true;
  return error_raise(error, ERROR_FIELD_FORMAT, "%.*s\t%.*s\tyes or no", TEXT_ARG(field), TEXT_ARG(value));
}

bool dss_numbers(Text field, Text value, size_t room, double *out, size_t *count, Error *error) {
  Text rest = value, word;
  for (*count = 0; dss_element(&rest, &word); ++*count) {
    if (*count == room) return error_raise(error, ERROR_FIELD_MANY, "%.*s\t%zu\tmore", TEXT_ARG(field), room);
    if (!dss_number(field, word, &out[*count], error)) return false;
  }
  return true;
}

bool dss_matrix(Text field, Text value, int order, double *out, Error *error) {
  double row[DSS_CONDUCTORS_MAX], read[DSS_CONDUCTORS_MAX * DSS_CONDUCTORS_MAX] = {0};
  Text rest = value, part;
  int rows = 0;
  bool whole = true;
  for (; text_next(&rest, '|', &part); rows++) {
    size_t count;
    if (rows == order) return error_raise(error, ERROR_FIELD_MANY, "%.*s\t%d rows\tmore", TEXT_ARG(field), order);
    if (!dss_numbers(field, part, (size_t)order, row, &count, error)) return false;
    if (count <= (size_t)rows)
      return error_raise(error, ERROR_FIELD_FEW, "%.*s (row %d)\t%d\t%zu", TEXT_ARG(field), rows + 1, rows + 1, count);
    for (size_t i = 0; i < count; i++) read[rows * order + (int)i] = row[i];
    whole = whole && count == (size_t)order;
  }
  if (rows < order) return error_raise(error, ERROR_FIELD_FEW, "%.*s\t%d rows\t%d", TEXT_ARG(field), order, rows);
  for (int i = 0; i < order; i++)
    for (int j = 0; j < i; j++) {
      if (whole && read[i * order + j] != read[j * order + i])
        return error_raise(error, ERROR_FIELD_INVALID, "%.*s\t%.*s\tit is not symmetric", TEXT_ARG(field), TEXT_ARG(value));
      read[j * order + i] = read[i * order + j];
    }
  memcpy(out, read, sizeof(double) * (size_t)(order * order));
  return true;
}

static bool match_here(Text pattern, Text text, int *steps) {
  if (--*steps < 0) return false;
  if (!pattern.len) return true;
  if (pattern.len >= 2 && pattern.at[1] == '*') {
    Text after = drop(pattern, 2);
    for (size_t i = 0;; i++) {
      if (match_here(after, drop(text, i), steps)) return true;
      if (i >= text.len || (pattern.at[0] != '.' && lower(pattern.at[0]) != lower(text.at[i]))) return false;
    }
  }
  if (pattern.at[0] == '$' && pattern.len == 1) return text.len == 0;
  if (!text.len || (pattern.at[0] != '.' && lower(pattern.at[0]) != lower(text.at[0]))) return false;
  return match_here(drop(pattern, 1), drop(text, 1), steps);
}

bool dss_pattern(Text pattern, Text text) {
  int steps = 4000; /* a pattern that takes longer is a joke */
  if (pattern.len && pattern.at[0] == '^') return match_here(drop(pattern, 1), text, &steps);
  for (size_t i = 0; i <= text.len; i++)
    if (match_here(pattern, drop(text, i), &steps)) return true;
  return false;
}

double dss_metres(int units) {
  static const double METRES[] = {1, 1609.344, 304.8, 1000, 1, 0.3048, 0.0254, 0.01, 0.001};
  return METRES[units];
}
