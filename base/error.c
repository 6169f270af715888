#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *name;
  int status;
  const char *english, *chinese;
} ERROR_TABLE[ERROR_COUNT] = {
    [ERROR_NONE] = {"NONE", 200, "no error", "没有错误"},
#define ERROR(name, status, english, chinese) [ERROR_##name] = {#name, status, english, chinese},
#include "base/errors.def"
#undef ERROR
};

/* Copies at most size-1 bytes and ends on a whole UTF-8 character. */
static void copy_cut(char *out, size_t size, const char *from, size_t len) {
  if (len >= size) {
    len = size - 1;
    while (len > 0 && ((unsigned char)from[len] & 0xC0) == 0x80) len--;
  }
  memcpy(out, from, len);
  out[len] = '\0';
}

bool error_raise(Error *error, ErrorCode code, const char *arguments, ...) {
  if (!error) return false;
  error_clear(error);
  error->code = code;
  char all[ERROR_ARGUMENTS * ERROR_ARGUMENT_MAX];
  va_list list;
  va_start(list, arguments);
  vsnprintf(all, sizeof all, arguments, list);
  va_end(list);
  const char *from = all;
  for (int i = 0; i < ERROR_ARGUMENTS && *from; i++) {
    const char *tab = i + 1 < ERROR_ARGUMENTS ? strchr(from, '\t') : NULL;
    size_t len = tab ? (size_t)(tab - from) : strlen(from);
    copy_cut(error->argument[i], sizeof error->argument[i], from, len);
    from += len + (tab ? 1 : 0);
  }
  return false;
}

bool error_at(Error *error, const char *where, ...) {
  if (!error || error->where[0]) return false;
  va_list list;
  va_start(list, where);
  char all[ERROR_WHERE_MAX * 2];
  vsnprintf(all, sizeof all, where, list);
  va_end(list);
  copy_cut(error->where, sizeof error->where, all, strlen(all));
  return false;
}

void error_clear(Error *error) {
  if (error) memset(error, 0, sizeof *error);
}

int error_status(ErrorCode code) { return ERROR_TABLE[code].status; }
const char *error_name(ErrorCode code) { return ERROR_TABLE[code].name; }

/* The half of an argument that is of this language. */
static int argument_half(const char *argument, Language language, const char **half) {
  const char *both = strchr(argument, ERROR_BOTH[0]);
  *half = both && language == LANGUAGE_EN ? both + 1 : argument;
  return (int)(both && language == LANGUAGE_ZH ? (size_t)(both - argument) : strlen(*half));
}

char *error_text(const Error *error, Language language, char *out, size_t size) {
  char text[ERROR_TEXT_MAX * 2];
  size_t len = 0;
  const char *pattern = language == LANGUAGE_ZH ? ERROR_TABLE[error->code].chinese : ERROR_TABLE[error->code].english;
  if (error->where[0]) len += (size_t)snprintf(text, sizeof text, "%s: ", error->where);
  for (const char *at = pattern; *at && len + ERROR_ARGUMENT_MAX + 1 < sizeof text; at++) {
    if (at[0] == '{' && at[1] >= '1' && at[1] <= '0' + ERROR_ARGUMENTS && at[2] == '}') {
      const char *half;
      int half_len = argument_half(error->argument[at[1] - '1'], language, &half);
      len += (size_t)snprintf(text + len, sizeof text - len, "%.*s", half_len, half);
      at += 2;
    } else {
      text[len++] = *at;
    }
  }
  copy_cut(out, size, text, len);
  return out;
}
