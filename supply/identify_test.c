#include <math.h>

#include "base/testing.h"
#include "supply/testing.h"

static LvFeeder feeders[LV_FEEDERS];
static LvDraw drawn;
static IdentifyVerdict verdicts[LV_METERS];

static void read_feeders(void) {
  const char *folder = testing_shared("data/lv_phase");
  assert_true(lv_feeder_read(&feeders[0], folder, "65025_80035"));
  assert_true(lv_feeder_read(&feeders[1], folder, "1076069_1274125"));
  assert_int_equal(feeders[0].customers, 45);
  assert_int_equal(feeders[1].customers, 74);
}

static LvScore score(int from, int count, const LvNoise *noise, int moved, uint64_t seed, bool plain) {
  const LvFeeder *at[LV_FEEDERS] = {&feeders[from], &feeders[1]};
  Arena arena;
  Error error = {0};
  arena_begin(&arena, 0);
  lv_draw(&drawn, at, count, noise, moved, seed);
  if (plain)
    assert_ok(identify_plain(&drawn.given, verdicts, &arena, &error), &error);
  else
    assert_ok(identify_meters(&drawn.given, verdicts, &arena, &error), &error);
  arena_end(&arena);
  return lv_score(&drawn, verdicts);
}

/* The public data: what must be reached, and what the yardstick reaches on the same draws. */
static void known_phases_are_found(void **state) {
  (void)state;
  read_feeders();
  LvNoise none = {.days = 20}, volts = {.class_percent = 0.1, .step_volts = 0.1, .days = 20}, more = volts;
  more.transformer_loads = more.loads = true, more.load_percent = 0.5, more.class_percent = 0.5;
  for (int f = 0; f < LV_FEEDERS; f++) {
    double found = 0, plain = 0, all = 0;
    assert_true(score(f, 1, &none, 0, 1, false).phase == 1);
    for (uint64_t seed = 0; seed < 5; seed++) {
      found += score(f, 1, &volts, 0, 50 + seed, false).phase / 5;
      plain += score(f, 1, &volts, 0, 50 + seed, true).phase / 5;
      all += score(f, 1, &more, 0, 50 + seed, false).phase / 5;
    }
    assert_true(found >= 0.95);
    assert_true(found > plain + 0.1);
    assert_true(all >= 0.97);
  }
}

static void meters_on_the_wrong_books_are_found(void **state) {
  (void)state;
  read_feeders();
  LvNoise noise = {.class_percent = 0.1,
                   .step_volts = 0.1,
                   .days = 20,
                   .three_phase = true,
                   .loads = true,
                   .transformer_loads = true,
                   .load_percent = 0.5};
  LvScore moved = score(0, 2, &noise, 6, 7, false);
  assert_true(moved.moved_found == 1 && moved.moved_false == 0 && moved.phase > 0.98);
  for (size_t i = 0; i < drawn.given.meter_count; i++) {
    if (drawn.meters[i].wires != 3) continue; /* terminals in the order of the phases, as drawn */
    for (int wire = 0; wire < 3; wire++) assert_int_equal(verdicts[i].phase[wire], wire);
  }
}

/* Told with 95 %: at least so many are right, also where many are not found. */
static void confidence_means_what_it_says(void **state) {
  (void)state;
  read_feeders();
  LvNoise noise = {.class_percent = 0.5, .step_volts = 0.1, .days = 20, .transformer_loads = true};
  double sure = 0, right = 0, all = 0;
  for (uint64_t seed = 0; seed < 6; seed++) {
    LvScore one = score(1, 1, &noise, 0, 90 + seed, false);
    sure += one.sure, right += one.sure * one.sure_right, all += one.phase;
  }
  assert_true(sure > 3 && sure < 6);
  assert_true(right / sure >= 0.97);
  assert_true(right / sure > all / 6);
}

static void gaps_and_silence(void **state) {
  (void)state;
  read_feeders();
  LvNoise noise = {.class_percent = 0.1, .step_volts = 0.1, .days = 20, .transformer_loads = true};
  const LvFeeder *at[1] = {&feeders[0]};
  Arena arena;
  Error error = {0};
  Random random;
  arena_begin(&arena, 0);
  random_seed(&random, 3);
  lv_draw(&drawn, at, 1, &noise, 0, 5);
  for (size_t i = 0; i < drawn.given.meter_count; i++)
    for (size_t t = 0; t < drawn.given.samples; t++)
      if (random_below(&random, 5) == 0) drawn.volts[i][0][t] = NAN;
  for (size_t t = 0; t < LV_HOURS; t++) drawn.volts[3][0][t] = NAN, drawn.volts[4][0][t] = 228.5f;
  assert_ok(identify_meters(&drawn.given, verdicts, &arena, &error), &error);
  assert_false(verdicts[3].known || verdicts[4].known);
  assert_true(verdicts[3].confidence == 0);
  assert_true(lv_score(&drawn, verdicts).phase > 0.9);
  drawn.meters[2].transformer = 1;
  assert_false(identify_meters(&drawn.given, verdicts, &arena, &error));
  assert_int_equal(error.code, ERROR_FIELD_INVALID);
  drawn.given.meter_count = 0, error_clear(&error);
  assert_ok(identify_meters(&drawn.given, verdicts, &arena, &error), &error);
  drawn.given.meter_count = IDENTIFY_METERS_MAX + 1;
  assert_false(identify_meters(&drawn.given, verdicts, &arena, &error));
  assert_int_equal(error.code, ERROR_LIMIT);
  arena_end(&arena);
}

TEST_MAIN(TEST(known_phases_are_found), TEST(meters_on_the_wrong_books_are_found), TEST(confidence_means_what_it_says),
          TEST(gaps_and_silence))
