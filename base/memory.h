/* Memory: the only place that calls malloc. An arena is the usual owner: one a request, a job, the process. Everything in
 * it goes at once. All allocation can fail: NULL is returned, and the caller raises ERROR_OUT_OF_MEMORY.
 * `memory_fail_at` makes the n-th allocation from now fail, for tests. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memory_new(size_t size);                   /* zeroed; NULL on failure */
void *memory_grow(void *old, size_t size);       /* realloc: new bytes not zeroed; NULL leaves `old` valid */
void memory_free(void *memory);
void memory_fail_at(int64_t nth);                /* 1 = the next one fails, once; 0 = never */
bool memory_fails_next(void);                    /* whether memory_fail_at waits for a call */
void memory_ask(bool (*fails)(void));            /* asked at each allocation, in its thread, whether it is to fail; NULL: nobody is */
int64_t memory_allocations(void);                /* so many were asked for so far, in this process */
uint64_t memory_hunger(void);                    /* how often this thread had none so far, or an arena no more room */

typedef struct ArenaBlock ArenaBlock;
typedef struct Arena {
  ArenaBlock *block;   /* newest */
  size_t used, limit;  /* bytes handed out; the most that may be (0: no limit) */
  size_t block_size;
} Arena;

void arena_begin(Arena *arena, size_t limit);    /* an empty arena; costs nothing until used */
void arena_end(Arena *arena);                    /* frees all */
void arena_reset(Arena *arena);                  /* empties, keeping one block for the next use */
void *arena_take(Arena *arena, size_t size);     /* zeroed, aligned for any type; NULL over limit or out of memory */
void *arena_copy(Arena *arena, const void *from, size_t size);

#define ARENA_NEW(arena, Type) ((Type *)arena_take((arena), sizeof(Type)))
#define ARENA_ARRAY(arena, Type, count) ((Type *)arena_take_array((arena), (count), sizeof(Type)))
void *arena_take_array(Arena *arena, size_t count, size_t size); /* NULL also when count × size overflows */

#endif
