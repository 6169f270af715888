#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/disk.h"

void buffer_begin(Buffer *buffer, size_t limit) { *buffer = (Buffer){.limit = limit}; }

void buffer_end(Buffer *buffer) {
  memory_free(buffer->at);
  buffer_begin(buffer, buffer->limit);
}

bool buffer_reserve(Buffer *buffer, size_t more) {
  if (buffer->failed) return false;
  if (buffer->room - buffer->len >= more) return true;
  size_t want = buffer->len + more;
  if (want < more || (buffer->limit && want > buffer->limit)) {
    buffer->failed = buffer->too_long = true;
    return false;
  }
  size_t room = buffer->room ? buffer->room : 256;
  while (room < want) room *= 2;
  if (buffer->limit && room > buffer->limit) room = buffer->limit;
  char *grown = memory_grow(buffer->at, room);
  if (!grown) {
    buffer->failed = true;
    return false;
  }
  buffer->at = grown;
  buffer->room = room;
  return true;
}

bool buffer_is_whole(const Buffer *buffer, const char *what, Error *error) {
  if (!buffer->failed) return true;
  return buffer->too_long ? error_raise(error, ERROR_LIMIT, "%s\t%zu bytes", what, buffer->limit) : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", what);
}

void buffer_put(Buffer *buffer, const void *bytes, size_t len) {
  if (len == 0 || !buffer_reserve(buffer, len)) return;
  memcpy(buffer->at + buffer->len, bytes, len);
  buffer->len += len;
}

void buffer_i64(Buffer *buffer, int64_t value) {
  char digits[24];
  size_t at = sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do digits[--at] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) digits[--at] = '-';
  buffer_put(buffer, digits + at, sizeof digits - at);
}

void buffer_f64(Buffer *buffer, double value, int decimals) {
  static const double SCALE[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  if (decimals < 0) decimals = 0;
  if (decimals > 9) decimals = 9;
  double scaled = value * SCALE[decimals];
  if (!(fabs(scaled) < 9e15)) { /* huge, NaN or infinite: not the fast way */
    buffer_format(buffer, "%.17g", value);
    return;
  }
  int64_t whole = (int64_t)llround(scaled);
  int64_t scale = (int64_t)SCALE[decimals];
  if (whole < 0) buffer_byte(buffer, '-');
  uint64_t magnitude = whole < 0 ? 0 - (uint64_t)whole : (uint64_t)whole;
  buffer_i64(buffer, (int64_t)(magnitude / (uint64_t)scale));
  uint64_t part = magnitude % (uint64_t)scale;
  if (part == 0) return;
  char digits[12];
  int count = decimals;
  for (int i = decimals - 1; i >= 0; i--, part /= 10) digits[i] = (char)('0' + part % 10);
  while (count > 0 && digits[count - 1] == '0') count--;
  buffer_byte(buffer, '.');
  buffer_put(buffer, digits, (size_t)count);
}

void buffer_format(Buffer *buffer, const char *format, ...) {
  va_list list, again;
  va_start(list, format);
  va_copy(again, list);
  int len = vsnprintf(NULL, 0, format, list);
  va_end(list);
  if (len >= 0 && buffer_reserve(buffer, (size_t)len + 1)) {
    vsnprintf(buffer->at + buffer->len, (size_t)len + 1, format, again);
    buffer->len += (size_t)len;
  }
  va_end(again);
}

bool buffer_read_file(Buffer *buffer, const char *path, Error *error) {
  bool ok = false;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
  for (;;) {
    size_t room = buffer->limit && buffer->limit - buffer->len < 65536 ? buffer->limit - buffer->len : 65536;
    if (room == 0) { /* at the limit: a further byte is one too many */
      char one;
      ssize_t more = read(file, &one, 1);
      if (more == 0) break;
      error_raise(error, ERROR_LIMIT, "%s\t%zu", path, buffer->limit);
      goto done;
    }
    if (!buffer_reserve(buffer, room)) {
      error_raise(error, ERROR_OUT_OF_MEMORY, "%s", path);
      goto done;
    }
    ssize_t got = read(file, buffer->at + buffer->len, room);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      error_raise(error, ERROR_IO, "%s\t%s", path, strerror(errno));
      goto done;
    }
    if (got == 0) break;
    buffer->len += (size_t)got;
  }
  ok = true;
done:
  close(file);
  return ok;
}

bool buffer_write_file(const Buffer *buffer, const char *path, Error *error) {
  char temporary[4096];
  if ((size_t)snprintf(temporary, sizeof temporary, "%s.part", path) >= sizeof temporary)
    return error_raise(error, ERROR_LIMIT, "%s\t%zu", "path", sizeof temporary);
  int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return error_raise(error, ERROR_IO, "%s\t%s", temporary, strerror(errno));
  bool ok = disk_write(file, buffer->at, buffer->len, temporary, error) && disk_sync(file, temporary, error);
  if (ok) ok = disk_close(file, temporary, error) && disk_rename(AT_FDCWD, temporary, path, error);
  else close(file);
  if (!ok) unlink(temporary);
  return ok;
}
