#include "sim/storm.h"

#include <math.h>

#include "base/testing.h"
#include "sim/generate.h"

/* A small county and a short storm: every way of choosing ends with all mended, the same storm for each, and again the same. */
static void a_night(void **state) {
  char folder[] = "/tmp/storm-XXXXXX", command[64];
  Error error = {0};
  Package package;
  LocatePackage located;
  StormFigures figures[STORM_WAYS], again;
  StormOptions options = storm_options();
  (void)state;
  assert_non_null(mkdtemp(folder));
  assert_ok(sim_generate_package(folder, &(GenerateOptions){4000, 3}, NULL, NULL, &error), &error);
  assert_ok(package_read(&package, folder, NULL, NULL, NULL, &error), &error);
  assert_ok(locate_package_begin(&located, &package, &error), &error);
  options.faults = 12, options.spread = SPAN_HOUR, options.length = 20 * SPAN_HOUR, options.rounds = 200;
  for (int way = 0; way < STORM_WAYS; way++) {
    assert_ok(storm_run(&figures[way], &located, &options, (StormWay)way, &error), &error);
    const StormFigures *f = &figures[way];
    assert_int_equal(f->faults, figures[0].faults);
    assert_int_equal(f->customers, figures[0].customers);
    assert_true(f->faults >= 8 && f->mended >= f->promised * 9 / 10); /* who is never called about may stay dark */
    assert_true(f->customer_hours > 0 && f->kept <= f->promised && f->critical_kept <= f->critical && f->promised <= f->faults);
    assert_true(f->sent >= f->mended && f->in_vain <= f->sent);
    assert_true((f->replans > 0) == (way == STORM_PLANNER));
  }
  assert_ok(storm_run(&again, &located, &options, STORM_PLANNER, &error), &error);
  assert_float_equal(again.customer_hours, figures[STORM_PLANNER].customer_hours, 0);
  assert_int_equal(again.sent, figures[STORM_PLANNER].sent);
  options.seed = 2;
  assert_ok(storm_run(&again, &located, &options, STORM_PLANNER, &error), &error);
  assert_true(fabs(again.customer_hours - figures[STORM_PLANNER].customer_hours) > 0);
  size_t crews = package.crew_count;
  package.crew_count = 0;
  assert_false(storm_run(&again, &located, &options, STORM_OLDEST, &error));
  assert_int_equal(error.code, ERROR_FIELD_INVALID);
  package.crew_count = crews;
  locate_package_end(&located);
  package_end(&package);
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
}

TEST_MAIN(TEST(a_night))
