/* What jansson takes. Its lexer does not look whether the buffer of a token grew (2.14, lex_save): a closing quote that found no room is missing, and the
 * token is copied on beyond its end. Those buffers are 32, 64, 128 … bytes: where there is no memory for such a one it comes from a reserve, and what was
 * read is given up by whoever asked (schema_fed). */
#include <pthread.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/memory.h"
#include "http/schema_node.h"

enum { SMALLEST = 32, ALIGNED = 16 };

static _Alignas(ALIGNED) unsigned char reserve[4 * LIMIT_LARGE_BODY_BYTES]; /* a token's last two buffers at once, for two of the longest; untouched it costs nothing */
static size_t used, lent;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool of_reserve(const void *memory) {
  return (uintptr_t)memory - (uintptr_t)reserve < sizeof reserve;
}

static void *lend(size_t size) {
  pthread_mutex_lock(&lock);
  if (size > sizeof reserve - used) abort(); /* rather than write where it may not */
  void *memory = reserve + used;
  used += size;
  lent++;
  pthread_mutex_unlock(&lock);
  return memory;
}

static void take_back(void) {
  pthread_mutex_lock(&lock);
  if (--lent == 0) used = 0;
  pthread_mutex_unlock(&lock);
}

static void *take(size_t size) {
  void *memory = memory_new(size);
  if (memory) return memory;
  return size >= SMALLEST && (size & (size - 1)) == 0 ? lend(size) : NULL;
}

static void give(void *memory) {
  if (of_reserve(memory)) take_back();
  else memory_free(memory);
}

void schema_own_memory(void) { json_set_alloc_funcs(take, give); }

bool schema_fed(uint64_t since, bool ok, const char *what, Error *error) {
  return memory_hunger() == since ? ok : (error_clear(error), error_raise(error, ERROR_OUT_OF_MEMORY, "%s", what));
}
