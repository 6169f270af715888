/* A growable array of any type:  VECTOR(double) points = {0};  if (!vector_push(&points, 1.5)) …out of memory…
 * Freed with vector_free. The element type must be assignable. */
#ifndef BASE_VECTOR_H
#define BASE_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

#define VECTOR(Type) struct { Type *at; size_t count, room; }

/* Makes room for `more` further elements; false: out of memory, nothing changed. */
static inline bool vector_room_(void **at, size_t count, size_t *room, size_t more, size_t size) {
  if (*room - count >= more) return true;
  if (more > SIZE_MAX / size / 2 - count) return false;
  size_t want = *room * 2;
  if (want < count + more) want = count + more;
  if (want < 8) want = 8;
  void *grown = memory_grow(*at, want * size);
  if (!grown) return false;
  *at = grown;
  *room = want;
  return true;
}

#define vector_reserve(vector, more) \
  vector_room_((void **)&(vector)->at, (vector)->count, &(vector)->room, (more), sizeof *(vector)->at)
#define vector_push(vector, ...) \
  (vector_reserve((vector), 1) && ((vector)->at[(vector)->count++] = (__VA_ARGS__), true))
#define vector_clear(vector) ((vector)->count = 0)
#define vector_free(vector) \
  (memory_free((vector)->at), (vector)->at = NULL, (vector)->count = 0, (vector)->room = 0)

#endif
