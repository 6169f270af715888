#include "meter/watch.h"

#include <math.h>

#include "base/random.h"
#include "base/testing.h"

static WatchRules rules_of(void) {
  WatchRules rules;
  Error error = {0};
  assert_ok(watch_rules_load(&rules, NULL, &error), &error);
  return rules;
}

static void test_the_rules_are_those_of_the_trade(void **state) {
  WatchRules rules = rules_of();
  (void)state;
  assert_int_equal(rules.low_dv, 1980);
  assert_int_equal(rules.high_dv, 2354);
  assert_int_equal(rules.rule[WATCH_LOW_VOLTAGE].minutes, 60);
  assert_string_equal(rules.rule[WATCH_LOW_VOLTAGE].order, "low_voltage");
  assert_string_equal(rules.rule[WATCH_HEAVY_LOAD].order, "");
  assert_int_equal(rules.rule[WATCH_OVERLOAD].minutes, 120);
  assert_true(fabs(rules.rule[WATCH_IMBALANCE].load - 0.6) < 1e-9);
}

static void test_a_wrong_rule_is_named(void **state) {
  static const struct {
    const char *yaml;
    ErrorCode code;
  } CASES[] = {
      {"version: \"1\"\nregion: CN\nfrom: x\nwatches:\n  - {id: loww, name_zh: a, name_en: b, minutes: 1, cured: 0, order: none, strength: "
       "R, source: s}\n",
       ERROR_RULE_UNKNOWN},
      {"version: \"1\"\nregion: CN\nfrom: x\nwatches:\n  - {id: overload, limit: 1.0, name_zh: a, name_en: b, minutes: 0, cured: 0, order: "
       "none, strength: R, source: s}\n",
       ERROR_RULE_VALUE},
      {"version: \"1\"\nregion: CN\nfrom: x\nwatches:\n  - {id: low_voltage, limit: 1.0, name_zh: a, name_en: b, minutes: 60, cured: 0, "
       "order: none, strength: R, source: s}\n",
       ERROR_RULE_VALUE},
      {"version: \"1\"\nregion: CN\nfrom: x\nwatches:\n  - {id: silent, name_zh: a, name_en: b, minutes: 9, cured: 0, order: none, "
       "strength: R, source: s}\n"
       "  - {id: silent, name_zh: a, name_en: b, minutes: 9, cured: 0, order: none, strength: R, source: s}\n",
       ERROR_RULE_TWICE},
      {"version: \"1\"\nwatchful: 3\n", ERROR_RULE_FORM},
  };
  (void)state;
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    WatchRules rules;
    Error error = {0};
    assert_false(watch_rules_read(&rules, "watches.yaml", text_of(CASES[i].yaml), &error));
    assert_int_equal(error.code, CASES[i].code);
    assert_true(text_starts(text_of(error.where), TEXT("watches.yaml")));
  }
}

static void test_a_run_is_raised_and_cured_by_the_clock(void **state) {
  static const struct {
    const char *seen, *turns;
  } CASES[] = {
      /* B bad, f fine, ? unknown; . stays, R raised, C cured; four bad raise, eight fine cure */
      {"BBBBB", "...R."},
      {"BBBfBBBB", ".......R"},
      {"BBB?BBBB", ".......R"},
      {"BBBBffffffff", "...R.......C"},
      {"BBBBfffffff?ffffffff", "...R...............C"},
      {"BBBBfffffffBffffffffBBBB", "...R...............C...R"},
      {"ffff????", "........"},
  };
  WatchRules rules = rules_of();
  (void)state;
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    WatchRun run = {0};
    for (size_t s = 0; CASES[i].seen[s]; s++) {
      WatchSeen seen = CASES[i].seen[s] == 'B' ? WATCH_BAD : CASES[i].seen[s] == 'f' ? WATCH_FINE : WATCH_UNKNOWN;
      WatchTurn turn = watch_run(&run, &rules.rule[WATCH_LOW_VOLTAGE], seen, 15);
      char said = turn == WATCH_RAISED ? 'R' : turn == WATCH_CURED ? 'C' : '.';
      if (said != CASES[i].turns[s]) fail_msg("case %zu at %zu: %c", i, s, said);
    }
  }
}

static Text block_of(Arena *arena, const MeterDay *day) {
  uint8_t *bytes = arena_take(arena, meter_block_most(day->slots, day->channels));
  assert_non_null(bytes);
  return (Text){(char *)bytes, meter_block_encode(day, bytes)};
}

/* A day of one phase at 220 V, changed by the case. */
static MeterDay flat_day(Arena *arena, int32_t dv) {
  MeterDay day;
  Error error = {0};
  assert_ok(meter_day_take(&day, arena, 15, 1, &error), &error);
  for (int i = 0; i < 96; i++) day.value[0][i] = dv;
  return day;
}

static const WatchFinding *found(const WatchFinding *found, size_t count, WatchKind kind) {
  for (size_t i = 0; i < count; i++)
    if (found[i].kind == kind) return &found[i];
  return NULL;
}

static void test_low_and_high_voltage_of_a_day(void **state) {
  WatchRules rules = rules_of();
  WatchFinding out[WATCH_KINDS];
  Arena arena;
  Error error = {0};
  Text blocks[4];
  uint32_t used[4] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
  size_t count;
  (void)state;
  arena_begin(&arena, 0);
  MeterDay day = flat_day(&arena, 2200);
  blocks[0] = block_of(&arena, &day);
  for (int i = 70; i < 73; i++) day.value[0][i] = 1950; /* three quarters are not an hour */
  blocks[1] = block_of(&arena, &day);
  for (int i = 73; i < 76; i++) day.value[0][i] = 1900;
  blocks[2] = block_of(&arena, &day);
  for (int i = 90; i < 96; i++) day.value[0][i] = 2400;
  blocks[3] = block_of(&arena, &day);
  WatchAreaDay in = {100, blocks, used, 4, {0}, UINT32_MAX};
  assert_ok(watch_area_day(out, &count, &rules, &in, &error), &error);
  const WatchFinding *low = found(out, count, WATCH_LOW_VOLTAGE), *high = found(out, count, WATCH_HIGH_VOLTAGE);
  assert_non_null(low);
  assert_int_equal(low->meters, 2);
  assert_int_equal(low->first_slot, 70);
  assert_true(fabs(low->worst - 190) < 1e-9);
  assert_true(low->over);
  assert_non_null(high);
  assert_int_equal(high->meters, 1);
  assert_int_equal(high->worst_meter, 3);
  assert_false(high->over);
  assert_null(found(out, count, WATCH_DEAD_AREA));
  arena_end(&arena);
}

static void test_the_transformer_dead_and_silent_areas(void **state) {
  WatchRules rules = rules_of();
  WatchFinding out[WATCH_KINDS];
  Arena arena;
  Error error = {0};
  size_t count;
  (void)state;
  arena_begin(&arena, 0);
  MeterDay total;
  assert_ok(meter_day_take(&total, &arena, 15, METER_VOLTAGES | METER_CURRENTS, &error), &error);
  for (int i = 0; i < 96; i++)
    for (int x = 0; x < 3; x++) {
      total.value[x][i] = 2200;
      total.value[3 + x][i] = i >= 40 && i < 48 ? (x == 0 ? 200000 : 140000) : 90000; /* 105.6 kVA of 100, then 59.4 */
    }
  MeterDay day = flat_day(&arena, 2200);
  for (int i = 10; i < 14; i++) day.value[0][i] = 0;
  Text blocks[2] = {block_of(&arena, &day), block_of(&arena, &day)};
  WatchAreaDay in = {100, blocks, (uint32_t[]){400, 500}, 2, block_of(&arena, &total), 1000};
  assert_ok(watch_area_day(out, &count, &rules, &in, &error), &error);
  assert_non_null(found(out, count, WATCH_OVERLOAD));
  assert_int_equal(found(out, count, WATCH_OVERLOAD)->first_slot, 40);
  assert_true(fabs(found(out, count, WATCH_OVERLOAD)->worst - 1.056) < 1e-9);
  assert_non_null(found(out, count, WATCH_HEAVY_LOAD));
  assert_true(fabs(found(out, count, WATCH_IMBALANCE)->worst - 0.3) < 1e-9);
  assert_null(found(out, count, WATCH_LOSS_HIGH)); /* exactly 10 % is normal */
  assert_int_equal(found(out, count, WATCH_DEAD_AREA)->first_slot, 10);
  in.used = (uint32_t[]){400, 499};
  assert_ok(watch_area_day(out, &count, &rules, &in, &error), &error);
  assert_non_null(found(out, count, WATCH_LOSS_HIGH));
  in.used = (uint32_t[]){400, 601};
  assert_ok(watch_area_day(out, &count, &rules, &in, &error), &error);
  assert_non_null(found(out, count, WATCH_LOSS_NEGATIVE));
  in = (WatchAreaDay){100, (Text[]){{0}, {0}}, (uint32_t[]){UINT32_MAX, UINT32_MAX}, 2, {0}, UINT32_MAX};
  assert_ok(watch_area_day(out, &count, &rules, &in, &error), &error);
  assert_int_equal(count, 1);
  assert_int_equal(out[0].kind, WATCH_SILENT);
  arena_end(&arena);
}

/* Random voltages: the day at once finds exactly what counting moment by moment finds. */
static void test_a_day_is_its_moments(void **state) {
  WatchRules rules = rules_of();
  Random random;
  (void)state;
  random_seed(&random, 5);
  for (int round = 0; round < torture_rounds(3000); round++) {
    WatchFinding out[WATCH_KINDS];
    Arena arena;
    Error error = {0};
    size_t count;
    arena_begin(&arena, 0);
    MeterDay day = flat_day(&arena, 2000);
    bool low = false;
    for (int i = 0; i < 96; i++) {
      if (random_below(&random, 4) == 0) low = !low;
      day.value[0][i] = random_below(&random, 12) == 0 ? METER_NONE
                        : low                          ? 1979 - (int32_t)random_below(&random, 50)
                                                       : 1980 + (int32_t)random_below(&random, 50);
    }
    bool raised = false;
    for (int i = 3; i < 96 && !raised; i++) {
      raised = true;
      for (int back = 0; back < 4; back++) raised &= day.value[0][i - back] != METER_NONE && day.value[0][i - back] < 1980;
    }
    Text block = block_of(&arena, &day);
    WatchAreaDay in = {100, &block, (uint32_t[]){UINT32_MAX}, 1, {0}, UINT32_MAX};
    assert_ok(watch_area_day(out, &count, &rules, &in, &error), &error);
    assert_int_equal(found(out, count, WATCH_LOW_VOLTAGE) != NULL, raised);
    int minutes;
    assert_ok(meter_block_longest_below(&minutes, block, 1980, &error), &error);
    assert_int_equal(minutes >= 60, raised);
    arena_end(&arena);
  }
}

TEST_MAIN(TEST(test_the_rules_are_those_of_the_trade), TEST(test_a_wrong_rule_is_named), TEST(test_a_run_is_raised_and_cured_by_the_clock),
          TEST(test_low_and_high_voltage_of_a_day), TEST(test_the_transformer_dead_and_silent_areas), TEST(test_a_day_is_its_moments))
