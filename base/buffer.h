/* A growing run of bytes with a limit. Failure is sticky: after one, every put does nothing, and the maker asks once at
 * the end whether it failed. Owns its bytes until buffer_end. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/error.h"
#include "base/text.h"

typedef struct Buffer {
  char *at;
  size_t len, room, limit; /* limit 0: none */
  bool failed, too_long;   /* out of memory, or, too_long, over the limit */
} Buffer;

void buffer_begin(Buffer *buffer, size_t limit);
void buffer_end(Buffer *buffer);
static inline void buffer_clear(Buffer *buffer) { buffer->len = 0, buffer->failed = buffer->too_long = false; }
bool buffer_reserve(Buffer *buffer, size_t more);
/* Whether all that was put is in it: ERROR_OUT_OF_MEMORY, or ERROR_LIMIT, of what. */
bool buffer_is_whole(const Buffer *buffer, const char *what, Error *error) MUST_USE;
void buffer_put(Buffer *buffer, const void *bytes, size_t len);
static inline void buffer_text(Buffer *buffer, Text text) { buffer_put(buffer, text.at, text.len); }
static inline void buffer_string(Buffer *buffer, const char *text) { buffer_put(buffer, text, strlen(text)); }
static inline void buffer_byte(Buffer *buffer, char byte) {
  if (buffer->len < buffer->room) buffer->at[buffer->len++] = byte;
  else buffer_put(buffer, &byte, 1);
}
void buffer_i64(Buffer *buffer, int64_t value);
/* Shortest decimal that reads back equal, at most `decimals` after the point (0…9), trailing zeros cut. */
void buffer_f64(Buffer *buffer, double value, int decimals);
void buffer_format(Buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
static inline Text buffer_as_text(const Buffer *buffer) { return (Text){buffer->at, buffer->len}; }

/* A whole file into `buffer` (up to its limit), and `bytes` into a file by way of a temporary one beside it, synced. */
bool buffer_read_file(Buffer *buffer, const char *path, Error *error) MUST_USE;
bool buffer_write_file(const Buffer *buffer, const char *path, Error *error) MUST_USE;

#endif
