#include <math.h>

#include "base/testing.h"
#include "supply/stray.h"
#include "supply/testing.h"

static LvFeeder feeders[LV_FEEDERS];
static LvDraw drawn;
static IdentifyMeter listed[LV_FEEDERS][LV_METERS];
static uint32_t row_of[LV_FEEDERS][LV_METERS];
static uint8_t phase[LV_FEEDERS][LV_METERS];
static StraySuspect suspects[LV_METERS];

static void read_feeders(void) {
  const char *folder = testing_shared("data/lv_phase");
  assert_true(lv_feeder_read(&feeders[0], folder, "65025_80035"));
  assert_true(lv_feeder_read(&feeders[1], folder, "1076069_1274125"));
}

typedef struct Outcome {
  double moved, moved_named, named;
} Outcome;

/* Both feeders with some meters listed at the other; `blind`: the books know no phase. */
static Outcome search(const LvNoise *noise, int moved, bool blind, uint64_t seed) {
  const LvFeeder *at[LV_FEEDERS] = {&feeders[0], &feeders[1]};
  StrayReference reference[LV_FEEDERS];
  size_t count[LV_FEEDERS] = {0};
  Outcome outcome = {0};
  Arena arena;
  Error error = {0};
  arena_begin(&arena, 0);
  lv_draw(&drawn, at, LV_FEEDERS, noise, moved, seed);
  size_t samples = drawn.given.samples;
  for (uint32_t i = 0; i < drawn.given.meter_count; i++) {
    uint32_t f = drawn.meters[i].transformer;
    listed[f][count[f]] = drawn.meters[i], row_of[f][count[f]] = i;
    phase[f][count[f]++] = drawn.meters[i].wires == 3 ? 0 : blind ? 3 : (uint8_t)drawn.phase[i];
    outcome.moved += f != drawn.transformer[i];
  }
  for (int f = 0; f < LV_FEEDERS; f++) {
    for (int k = 0; k < 3; k++) assert_non_null(reference[f].sum[k] = ARENA_ARRAY(&arena, float, samples));
    assert_ok(stray_refer(&reference[f], listed[f], phase[f], count[f], samples, &arena, &error), &error);
  }
  for (uint32_t f = 0; f < LV_FEEDERS; f++) {
    size_t found;
    assert_ok(stray_suspects(suspects, &found, listed[f], phase[f], count[f], &reference[f], &reference[1 - f], 1, samples,
                             drawn.given.sigma_volts, &arena, &error),
              &error);
    for (size_t s = 0; s < found; s++) {
      assert_true(suspects[s].gain > 0 && suspects[s].neighbour == 0 && (s == 0 || suspects[s].gain <= suspects[s - 1].gain));
      outcome.moved_named += drawn.transformer[row_of[f][suspects[s].meter]] != f;
    }
    outcome.named += (double)found;
  }
  arena_end(&arena);
  return outcome;
}

static void strays_are_suspected(void **state) {
  (void)state;
  read_feeders();
  LvNoise noise = {.class_percent = 0.1, .step_volts = 0.1, .days = 20, .three_phase = true}, wander = noise;
  wander.common_percent = 1;
  for (int blind = 0; blind < 2; blind++) {
    Outcome still = {0}, moving = {0};
    for (uint64_t seed = 0; seed < 10; seed++) {
      Outcome a = search(&noise, 6, blind, 300 + seed), b = search(&wander, 6, blind, 300 + seed);
      still.moved += a.moved, still.moved_named += a.moved_named, still.named += a.named;
      moving.moved += b.moved, moving.moved_named += b.moved_named, moving.named += b.named;
    }
    assert_true(still.moved > 50 && still.moved_named == still.moved && still.named <= still.moved + 1);
    assert_true(moving.moved_named == moving.moved && moving.named <= moving.moved + 1);
  }
}

static void silence_and_limits(void **state) {
  (void)state;
  enum { SAMPLES = 48 };
  static float still[SAMPLES], gone[SAMPLES], sum[2][3][SAMPLES];
  IdentifyMeter meters[2] = {{.wires = 1, .volts = {still}}, {.wires = 1, .volts = {gone}}};
  uint8_t at[2] = {0, 3};
  StrayReference own = {.sum = {sum[0][0], sum[0][1], sum[0][2]}}, other = {.sum = {sum[1][0], sum[1][1], sum[1][2]}};
  Arena arena;
  Error error = {0};
  size_t found;
  arena_begin(&arena, 0);
  for (int t = 0; t < SAMPLES; t++) still[t] = 220, gone[t] = NAN;
  assert_ok(stray_refer(&own, meters, at, 2, SAMPLES, &arena, &error), &error);
  assert_int_equal(own.members[0] + own.members[1] + own.members[2], 1);
  assert_ok(stray_suspects(suspects, &found, meters, at, 2, &own, &other, 1, SAMPLES, 0.05, &arena, &error), &error);
  assert_int_equal(found, 0); /* a voltage that never moves says nothing */
  assert_false(stray_suspects(suspects, &found, meters, at, 2, &own, &other, STRAY_NEIGHBOURS + 1, SAMPLES, 0.05, &arena, &error));
  assert_int_equal(error.code, ERROR_LIMIT);
  arena_end(&arena);
}

TEST_MAIN(TEST(strays_are_suspected), TEST(silence_and_limits))
