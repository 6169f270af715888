#include "outage/outage.h"

#include "crew/testing.h"

static void a_single_call_is_its_own_box(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId id = town_call(&town, "10001111");
  const Outage *outage = town_outage_at(&town, "T1-L1-M1");
  assert_non_null(outage);
  assert_int_equal(outage->device, town_device(&town, "T1-L1-M1"));
  assert_int_equal(outage->state, OUTAGE_SUSPECTED);
  assert_int_equal(outage->customers_out, 2);
  assert_int_equal(town_order(&town, id)->outage.value, outage->id.value);
  assert_true(order_state_is(town_order(&town, id), "merged"));
  town_close(&town);
}

TEST_MAIN(TEST(a_single_call_is_its_own_box))
