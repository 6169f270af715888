#include "order/kind.h"

#include "base/testing.h"

static void the_built_in_rules_are_sound(void **state) {
  (void)state;
  Error error = {0};
  RuleBook *book = NULL, *again = NULL;
  assert_ok(book_open(&book, NULL, &error), &error);
  const OrderKind *kind = book_kind_of(book, TEXT("fault_repair"));
  assert_non_null(kind);
  assert_int_equal(kind->start, kind_state_of(kind, TEXT("accepted")));
  assert_true(kind->clock_count >= 7);
  assert_int_equal(kind->clocks[2].promise->limit[AREA_URBAN], 45 * SPAN_MINUTE);
  assert_ok(book_from_text(&again, book_text(book), &error), &error);
  assert_int_equal(book_id(again), book_id(book));
  assert_true(text_equal(book_text(again), book_text(book)));
  assert_int_equal(book_kind_count(again), book_kind_count(book));
  book_close(again);
  book_close(book);
}

TEST_MAIN(TEST(the_built_in_rules_are_sound))
