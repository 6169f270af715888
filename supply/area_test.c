#include <math.h>

#include "base/testing.h"
#include "supply/village.h"

static Village village;
static Arena arena, work;

static int begin(void **state) {
  (void)state;
  arena_begin(&arena, 0), arena_begin(&work, 0);
  return 0;
}
static int end(void **state) {
  (void)state;
  arena_end(&arena), arena_end(&work);
  return 0;
}

/* Another seed where one has no such village; not where there was no memory to draw it. */
static bool draw(int wrong, int customers, uint64_t seed) {
  uint64_t hunger = memory_hunger();
  while (!village_draw(&village, wrong, customers, seed, &work))
    if (memory_hunger() != hunger || ++seed % 100 == 0) return false;
  return true;
}

/* One household on one span: by the root of the quadratic, with neutral, tap and medium voltage. */
static void one_household_by_hand(void **state) {
  (void)state;
  Error error = {0};
  static float kw[AREA_QUARTERS], pu[AREA_QUARTERS];
  AreaConductor conductor = {TEXT("c"), TEXT("c"), 0.6, 0.3, 0.9, 100, 1};
  AreaNode nodes[2] = {{0}, {0, 0, 300, 0, 0}};
  AreaCustomer customer = {1, 2, false};
  Area area = {.conductors = &conductor,
               .conductor_count = 1,
               .nodes = nodes,
               .node_count = 2,
               .customers = &customer,
               .customer_count = 1,
               .kw = kw,
               .source_pu = pu,
               .rated_kva = 50,
               .impedance_percent = 4,
               .loss_percent = 1.5,
               .tap_percent = 2.5,
               .power_factor = 0.9};
  for (int t = 0; t < AREA_QUARTERS; t++) kw[t] = (float)(0.1 * t), pu[t] = (float)(1 - 0.001 * t);
  AreaDay day;
  assert_ok(area_solve(&area, true, &day, &arena, &work, &error), &error);
  double base = 3 * AREA_SOURCE_VOLTS * AREA_SOURCE_VOLTS / 50000, rt = 0.015 * base, xt = sqrt(0.04 * base * 0.04 * base - rt * rt);
  double r = rt + 0.3 * (0.6 + 0.9), x = xt + 0.3 * (0.3 + 0.3);
  for (int t = 0; t < AREA_QUARTERS; t++) {
    double e = AREA_SOURCE_VOLTS * 1.025 * (double)pu[t], p = 1000 * (double)kw[t], q = p * sqrt(1 - 0.81) / 0.9;
    double b = e * e - 2 * (r * p + x * q), c = (r * r + x * x) * (p * p + q * q), v = sqrt((b + sqrt(b * b - 4 * c)) / 2);
    assert_true(fabs((double)day.volts[t] - v) < 2e-3);
  }
  assert_int_equal(day.worst_quarter, AREA_QUARTERS - 1);
  /* Three phases alike: nothing in the neutral. */
  customer.phases = 7;
  assert_ok(area_solve(&area, true, &day, &arena, &work, &error), &error);
  for (int t = 0; t < AREA_QUARTERS; t++) {
    double e = AREA_SOURCE_VOLTS * 1.025 * (double)pu[t], p = 1000 * (double)kw[t] / 3, q = p * sqrt(1 - 0.81) / 0.9;
    double r1 = rt + 0.3 * 0.6, x1 = xt + 0.3 * 0.3, b = e * e - 2 * (r1 * p + x1 * q), c = (r1 * r1 + x1 * x1) * (p * p + q * q);
    assert_true(fabs((double)day.volts[t] - sqrt((b + sqrt(b * b - 4 * c)) / 2)) < 2e-3);
  }
}

static void fast_is_plain(void **state) {
  (void)state;
  Error error = {0};
  for (int wrong = 0; wrong < CAUSE_COUNT; wrong++) {
    AreaDay fast, plain;
    assert_true(draw(wrong, 40, 1));
    assert_ok(area_solve(&village.area, false, &fast, &arena, &work, &error), &error);
    assert_ok(area_solve_plain(&village.area, &plain, &arena, &work, &error), &error);
    assert_true(fabs(fast.worst_volts - plain.worst_volts) < 1e-3);
    assert_int_equal(fast.low_customers, plain.low_customers);
    assert_int_equal(fast.low_quarters, plain.low_quarters);
    for (uint32_t i = 0; i < village.area.customer_count; i++) assert_true(fabs((double)fast.least[i] - (double)plain.least[i]) < 1e-3);
  }
}

/* Too much for the line: said so, never a number. */
static void too_much_load(void **state) {
  (void)state;
  Error error = {0};
  AreaDay day;
  assert_true(draw(VILLAGE_WELL, 40, 1));
  for (uint32_t i = 0; i < 40; i++)
    for (int t = 10; t < 20; t++) village.kw[i * AREA_QUARTERS + (uint32_t)t] = 400;
  assert_ok(area_solve(&village.area, false, &day, &arena, &work, &error), &error);
  assert_true(day.worst_volts < 100 && day.low_customers > 20);
}

static void refused(void **state) {
  (void)state;
  assert_true(draw(VILLAGE_WELL, 40, 1));
  for (int which = 0; which < 7; which++) {
    Error error = {0};
    Village bad = village;
    bad.area.nodes = bad.nodes, bad.area.customers = bad.customers;
    if (which == 0) bad.nodes[3].parent = 7;
    if (which == 1) bad.nodes[3].conductor = 99;
    if (which == 2) bad.nodes[3].length_m = NAN;
    if (which == 3) bad.customers[2].phases = 3;
    if (which == 4) bad.customers[2].node = 4000;
    if (which == 5) bad.area.rated_kva = 0;
    if (which == 6) bad.area.power_factor = 1.2;
    AreaDay day;
    assert_false(area_solve(&bad.area, false, &day, &arena, &work, &error));
    assert_int_equal(error.code, ERROR_FIELD_INVALID);
  }
}

static void causes_are_named(void **state) {
  (void)state;
  int right = 0, all = 0;
  for (int wrong = 0; wrong < CAUSE_COUNT; wrong++) {
    for (uint64_t seed = 1; seed < 4; seed++, all++) {
      CauseReport report;
      Error error = {0};
      assert_true(draw(wrong, 40, seed * 100));
      assert_ok(cause_find(&village.area, &VILLAGE_STANDARD, &report, &arena, &work, &error), &error);
      assert_true(report.low);
      assert_true(report.view[report.cause].recovered > 0.1);
      right += (int)report.cause == wrong;
    }
  }
  assert_true(right * 10 >= all * 8);
  CauseReport report;
  Error error = {0};
  assert_true(draw(VILLAGE_WELL, 40, 9));
  assert_ok(cause_find(&village.area, &VILLAGE_STANDARD, &report, &arena, &work, &error), &error);
  assert_false(report.low);
}

static void remedies_do_what_they_say(void **state) {
  (void)state;
  RemedyRates rates;
  uint32_t kinds = 0;
  village_rates(&rates);
  for (int wrong = 0; wrong < CAUSE_COUNT; wrong++) {
    RemedyList list;
    Error error = {0};
    assert_true(draw(wrong, 50, 200));
    assert_ok(remedy_search(&village.area, &rates, &list, &arena, &work, &error), &error);
    assert_true(list.count > 10 && list.at[0].cures);
    for (size_t i = 0; i < list.count; i++) {
      const Remedy *one = &list.at[i];
      AreaDay day;
      kinds |= one->kinds;
      assert_true(one->cost_yuan > 0 && one->days >= 1);
      if (i % 5 == 0) { /* the network built anew says the same */
        assert_ok(remedy_day(&village.area, one, false, &day, &arena, &work, &error), &error);
        assert_true(fabs(day.worst_volts - one->after.worst_volts) < 1e-3);
        assert_int_equal(day.low_customers, one->after.low_customers);
      }
      if (i && list.at[i].cures) assert_true(list.at[i - 1].cures && list.at[i - 1].cost_yuan <= one->cost_yuan);
      for (uint32_t k = 0; k < one->move_count; k++) assert_true(village.customers[one->moves[k].customer].phases == one->moves[k].from);
      for (uint32_t k = 0; k < one->span_count; k++)
        assert_true(VILLAGE_CONDUCTOR[village.nodes[one->spans[k]].conductor].r > VILLAGE_CONDUCTOR[one->conductor].r);
    }
  }
  assert_int_equal(kinds, (1u << REMEDY_COUNT) - 1);
  RemedyList none;
  Error error = {0};
  assert_true(draw(VILLAGE_WELL, 40, 9));
  assert_ok(remedy_search(&village.area, &rates, &none, &arena, &work, &error), &error);
  assert_int_equal(none.count, 0);
}

/* Whoever reads the timetable: hours as wished, runs long enough, within the hours allowed, nobody low, nights even. */
static void hours_are_fair_and_keep(void **state) {
  (void)state;
  RemedyRates rates;
  village_rates(&rates);
  for (uint64_t seed = 1; seed < 5; seed++) {
    StaggerPlan plan;
    Error error = {0};
    AreaDay before;
    assert_true(draw(CAUSE_HOURS, 60, seed * 100));
    assert_ok(area_solve(&village.area, false, &before, &arena, &work, &error), &error);
    assert_ok(stagger_find(&village.area, &rates.hours, &plan, &arena, &work, &error), &error);
    assert_true(before.low_customers > 0 && plan.pump_count > 0 && plan.keeps);
    for (int d = 0; d < plan.days; d++) {
      Area other = village.area;
      AreaDay day;
      other.kw = stagger_loads(&village.area, &plan, d, &arena);
      assert_non_null(other.kw);
      assert_ok(area_solve(&other, false, &day, &arena, &work, &error), &error);
      if (plan.without.worst_volts >= AREA_LOW_VOLTS) assert_true(day.worst_volts >= AREA_LOW_VOLTS);
      assert_int_equal(day.low_customers, plan.without.low_customers);
      for (size_t k = 0; k < plan.pump_count; k++) {
        uint16_t run = 0, sum = 0;
        for (uint16_t t = 0; t <= AREA_QUARTERS; t++) {
          bool on = t < AREA_QUARTERS && plan.pumps[k].runs[d][t];
          if (on) assert_true(t >= rates.hours.from && t < rates.hours.until);
          if (!on && run) assert_true(run >= rates.hours.least_run || sum == plan.pumps[k].needed);
          sum = (uint16_t)(sum + on), run = on ? (uint16_t)(run + 1) : 0;
        }
        assert_int_equal(sum, plan.pumps[k].given[d]);
        assert_true(sum <= plan.pumps[k].needed);
      }
    }
    assert_true(plan.given_share > 0.95);
  }
  StaggerWish bad = rates.hours;
  StaggerPlan plan;
  Error error = {0};
  bad.from = bad.until;
  assert_false(stagger_find(&village.area, &bad, &plan, &arena, &work, &error));
  assert_int_equal(error.code, ERROR_FIELD_INVALID);
}

#define WITH(function) cmocka_unit_test_setup_teardown(function, begin, end)
TEST_MAIN(WITH(one_household_by_hand), WITH(fast_is_plain), WITH(too_much_load), WITH(refused), WITH(causes_are_named),
          WITH(remedies_do_what_they_say), WITH(hours_are_fair_and_keep))
