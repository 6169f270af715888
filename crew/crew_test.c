#include "crew/crew.h"

#include "crew/testing.h"

static void opens(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  assert_int_equal(crew_count(town.crews), 3);
  town_close(&town);
}

TEST_MAIN(TEST(opens))
