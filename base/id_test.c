#include "base/id.h"

#include "base/testing.h"

static void ids_grow_whatever_the_clock_does(void **state) {
  (void)state;
  IdMaker maker = {0};
  int64_t last = 0;
  static const Instant TIMES[] = {1795264620 * SPAN_SECOND, 1795264620 * SPAN_SECOND, 1795264619 * SPAN_SECOND, 0, 1795264621 * SPAN_SECOND};
  for (int i = 0; i < 5; i++)
    for (int k = 0; k < 1000; k++) {
      int64_t id = id_make(&maker, TIMES[i]);
      assert_true(id > last);
      last = id;
    }
  assert_true(id_instant(last) == 1795264621 * SPAN_SECOND);
  assert_true(last < id_newest(1795264621 * SPAN_SECOND) && id_newest(1795264621 * SPAN_SECOND) < id_make(&maker, 1795264621 * SPAN_SECOND + SPAN_MILLISECOND));
}

TEST_MAIN(TEST(ids_grow_whatever_the_clock_does))
