#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/time.h"

static _Atomic int least_level = LOG_INFO;

void log_level(LogLevel least) { atomic_store(&least_level, (int)least); }

void log_line(LogLevel level, const char *format, ...) {
  static const char *const NAMES[] = {"debug", "info", "warn", "error"};
  if ((int)level < atomic_load(&least_level) || level >= LOG_NONE) return;
  TimeSource wall = {0};
  char when[INSTANT_TEXT_MAX], line[2048];
  int len = snprintf(line, sizeof line, "%s %s ", instant_to_text(time_now(&wall) / SPAN_MILLISECOND * SPAN_MILLISECOND, 0, when), NAMES[level]);
  va_list list;
  va_start(list, format);
  int more = vsnprintf(line + len, sizeof line - (size_t)len - 1, format, list);
  va_end(list);
  size_t end = more < 0 ? (size_t)len : (size_t)len + (size_t)more;
  if (end > sizeof line - 2) end = sizeof line - 2;
  for (size_t i = (size_t)len; i < end; i++) /* one entry, one line */
    if (line[i] == '\n' || line[i] == '\r') line[i] = ' ';
  line[end] = '\n';
  fwrite(line, 1, end + 1, stderr);
}

void log_error(const char *what, const Error *error) {
  char text[ERROR_TEXT_MAX];
  log_line(LOG_ERROR, "%s: %s", what, error_text(error, LANGUAGE_EN, text, sizeof text));
}
