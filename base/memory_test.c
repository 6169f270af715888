#include "base/memory.h"

#include <string.h>

#include "base/testing.h"
#include "base/vector.h"

static void arena_gives_zeroed_aligned_memory_up_to_its_limit(void **state) {
  (void)state;
  Arena arena;
  arena_begin(&arena, 100000);
  for (size_t size = 1; size < 400; size++) {
    char *bytes = arena_take(&arena, size);
    assert_non_null(bytes);
    assert_int_equal((uintptr_t)bytes % 16, 0);
    for (size_t i = 0; i < size; i++) assert_int_equal(bytes[i], 0);
    memset(bytes, 0xAA, size);
  }
  assert_null(arena_take(&arena, 90000));
  assert_null(ARENA_ARRAY(&arena, double, SIZE_MAX / 4));
  arena_reset(&arena);
  char *again = arena_take(&arena, 5000);
  for (size_t i = 0; i < 5000; i++) assert_int_equal(again[i], 0);
  arena_end(&arena);
}

static void the_nth_allocation_fails(void **state) {
  (void)state;
  VECTOR(int) numbers = {0};
  memory_fail_at(2);
  int pushed = 0;
  while (vector_push(&numbers, pushed)) pushed++;
  memory_fail_at(0);
  assert_int_equal(pushed, 8);
  assert_true(vector_push(&numbers, pushed));
  for (int i = 0; i <= 8; i++) assert_int_equal(numbers.at[i], i);
  vector_free(&numbers);
}

TEST_MAIN(TEST(arena_gives_zeroed_aligned_memory_up_to_its_limit), TEST(the_nth_allocation_fails))
