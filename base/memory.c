#include "base/memory.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic int64_t allocation_count;
static _Atomic int64_t fail_countdown;
static bool (*_Atomic asked)(void);
static _Thread_local uint64_t hunger;

void memory_ask(bool (*fails)(void)) { atomic_store(&asked, fails); }
void memory_fail_at(int64_t nth) { atomic_store(&fail_countdown, nth); }
bool memory_fails_next(void) { return atomic_load_explicit(&fail_countdown, memory_order_relaxed) > 0; }
int64_t memory_allocations(void) { return atomic_load(&allocation_count); }

static bool must_fail(void) {
  atomic_fetch_add_explicit(&allocation_count, 1, memory_order_relaxed);
  bool (*ask)(void) = atomic_load_explicit(&asked, memory_order_relaxed);
  if (ask && ask()) return true;
  if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) <= 0) return false;
  return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

uint64_t memory_hunger(void) { return hunger; }

static void *or_hunger(void *memory) {
  if (!memory) hunger++;
  return memory;
}

void *memory_new(size_t size) { return or_hunger(must_fail() ? NULL : calloc(1, size ? size : 1)); }
void *memory_grow(void *old, size_t size) { return or_hunger(must_fail() ? NULL : realloc(old, size ? size : 1)); }
void memory_free(void *memory) { free(memory); }

struct ArenaBlock {
  ArenaBlock *older;
  size_t size, used;
  max_align_t bytes[];
};

enum { ARENA_FIRST_BLOCK = 4096, ARENA_LARGEST_BLOCK = 1 << 20 };

void arena_begin(Arena *arena, size_t limit) { *arena = (Arena){.limit = limit, .block_size = ARENA_FIRST_BLOCK}; }

void arena_end(Arena *arena) {
  for (ArenaBlock *block = arena->block, *older; block; block = older) {
    older = block->older;
    memory_free(block);
  }
  arena_begin(arena, arena->limit);
}

void arena_reset(Arena *arena) {
  ArenaBlock *keep = arena->block;
  if (!keep) return;
  for (ArenaBlock *block = keep->older, *older; block; block = older) {
    older = block->older;
    memory_free(block);
  }
  memset(keep->bytes, 0, keep->used);
  keep->older = NULL;
  keep->used = 0;
  arena->used = 0;
}

void *arena_take(Arena *arena, size_t size) {
  const size_t align = sizeof(max_align_t) > 16 ? 16 : sizeof(max_align_t);
  if (size > SIZE_MAX - align) return or_hunger(NULL);
  size = (size + align - 1) & ~(align - 1);
  if (arena->limit && (size > arena->limit || arena->used > arena->limit - size)) return or_hunger(NULL);
  ArenaBlock *block = arena->block;
  if (!block || block->size - block->used < size) {
    size_t room = size > arena->block_size ? size : arena->block_size;
    if (room > SIZE_MAX - sizeof *block) return NULL;
    block = memory_new(sizeof *block + room);
    if (!block) return NULL;
    block->size = room;
    block->older = arena->block;
    arena->block = block;
    if (arena->block_size < ARENA_LARGEST_BLOCK) arena->block_size *= 2;
  }
  void *taken = (char *)block->bytes + block->used;
  block->used += size;
  arena->used += size;
  return taken;
}

void *arena_copy(Arena *arena, const void *from, size_t size) {
  void *to = arena_take(arena, size);
  if (to && size) memcpy(to, from, size);
  return to;
}

void *arena_take_array(Arena *arena, size_t count, size_t size) {
  assert(size > 0);
  return count > SIZE_MAX / size ? NULL : arena_take(arena, count * size);
}
