#include "sim/agenda.h"

#include "base/random.h"
#include "base/testing.h"

/* Against a twin that searches all. */
static void gives_the_earliest_and_the_first_of_equals(void **state) {
  (void)state;
  enum { MOST = 300 };
  AgendaItem twin[MOST];
  size_t count = 0;
  uint64_t order = 0;
  Agenda agenda = {0};
  Random random;
  random_seed(&random, 2);
  for (int step = 0; step < 50000; step++) {
    if (count < MOST && random_below(&random, 2)) {
      Instant at = random_between(&random, 0, 40);
      assert_true(agenda_put(&agenda, at, 1, step));
      twin[count++] = (AgendaItem){at, order++, 1, step};
    } else {
      AgendaItem got;
      assert_int_equal(agenda_take(&agenda, &got), count > 0);
      if (!count) continue;
      size_t best = 0;
      for (size_t i = 1; i < count; i++)
        if (twin[i].at < twin[best].at || (twin[i].at == twin[best].at && twin[i].order < twin[best].order)) best = i;
      assert_true(got.at == twin[best].at && got.order == twin[best].order && got.subject == twin[best].subject);
      twin[best] = twin[--count];
    }
  }
  agenda_free(&agenda);
}

TEST_MAIN(TEST(gives_the_earliest_and_the_first_of_equals))
