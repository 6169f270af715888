#include "meter/block.h"

#include "base/random.h"
#include "base/testing.h"
#include "sim/readings.h"

/* Any day at all: steps, channels, gaps, marks, wild values. */
static void any_day(MeterDay *day, Arena *arena, Random *random) {
  static const int STEPS[] = {1, 5, 15, 15, 15, 30, 60, 1440};
  Error error = {0};
  unsigned channels = random_below(random, METER_CHANNELS_ALL + 1);
  assert_ok(meter_day_take(day, arena, STEPS[random_below(random, 8)], channels, &error), &error);
  for (int c = 0; c < METER_CHANNELS; c++) {
    if (!day->value[c]) continue;
    int64_t at = random_between(random, -1000, 100000), jump = 1 << random_below(random, 12);
    uint32_t kind = random_below(random, 5);
    for (int i = 0; i < day->slots; i++) {
      at += random_between(random, -jump, jump);
      if (kind == 0) at = 7;
      if (kind == 1 && random_below(random, 20) == 0) at = random_between(random, -METER_VALUE_MAX, METER_VALUE_MAX);
      if (kind == 2 && random_below(random, 3) == 0) continue;
      if (kind == 3 && i < day->slots / 2) continue;
      day->value[c][i] = (int32_t)at;
    }
  }
  if (random_below(random, 3) == 0)
    for (int i = 0; i < day->slots; i++) day->marks[i] = random_below(random, 4) ? 0 : (uint8_t)random_below(random, 16);
}

static void assert_same_day(const MeterDay *a, const MeterDay *b) {
  assert_int_equal(a->step_min, b->step_min);
  assert_int_equal(a->channels, b->channels);
  assert_memory_equal(a->marks, b->marks, (size_t)a->slots);
  for (int c = 0; c < METER_CHANNELS; c++)
    if (a->value[c]) assert_memory_equal(a->value[c], b->value[c], (size_t)a->slots * sizeof(int32_t));
}

/* The plain way, from the arrays. */
static int longest_below(const MeterDay *day, int32_t limit) {
  int longest = 0;
  for (int c = METER_VOLTAGE_A; c <= METER_VOLTAGE_C; c++)
    for (int i = 0, run = 0; day->value[c] && i < day->slots; i++) {
      run = day->value[c][i] != METER_NONE && day->value[c][i] < limit && !(day->marks[i] & METER_ABSURD) ? run + 1 : 0;
      if (run > longest) longest = run;
    }
  return longest * day->step_min;
}

static void test_any_day_comes_back(void **state) {
  Random random;
  (void)state;
  random_seed(&random, 1);
  for (int round = 0; round < torture_rounds(1500); round++) {
    Arena arena;
    Error error = {0};
    MeterDay day, back;
    arena_begin(&arena, 0);
    any_day(&day, &arena, &random);
    uint8_t *bytes = arena_take(&arena, meter_block_most(day.slots, day.channels));
    assert_non_null(bytes);
    Text block = {(const char *)bytes, meter_block_encode(&day, bytes)};
    assert_true(block.len <= meter_block_most(day.slots, day.channels));
    assert_ok(meter_block_decode(&back, block, &arena, &error), &error);
    assert_same_day(&day, &back);
    unsigned some = random_below(&random, METER_CHANNELS_ALL + 1);
    assert_ok(meter_block_decode_some(&back, block, some, &arena, &error), &error);
    assert_int_equal(back.channels, day.channels & some);
    for (int c = 0; c < METER_CHANNELS; c++) {
      assert_int_equal(back.value[c] != NULL, (day.channels & some) >> c & 1);
      if (back.value[c]) assert_memory_equal(day.value[c], back.value[c], (size_t)day.slots * sizeof(int32_t));
    }
    int minutes, slots;
    int32_t voltage[METER_SLOTS_MAX];
    assert_ok(meter_block_longest_below(&minutes, block, 1980, &error), &error);
    assert_int_equal(minutes, longest_below(&day, 1980));
    assert_ok(meter_block_voltage(voltage, &slots, block, METER_VOLTAGE_B, &error), &error);
    assert_int_equal(slots, day.value[METER_VOLTAGE_B] ? day.slots : 0);
    for (int i = 0; i < slots; i++) assert_int_equal(voltage[i], day.marks[i] & METER_ABSURD ? METER_NONE : day.value[METER_VOLTAGE_B][i]);
    for (size_t cut = 0; cut < block.len; cut += 1 + block.len / 7) /* a block cut off is never taken for a whole one */
      if (meter_block_decode(&back, (Text){block.at, cut}, &arena, &error))
        fail_msg("round %d: %zu of %zu, step %d channels %x", round, cut, block.len, day.step_min, day.channels);
    arena_end(&arena);
  }
}

/* An area of the usual kind: what it takes of disk is what the room promises (issue: at most 6 bytes a reading of 5 values). */
static void test_real_days_are_small(void **state) {
  ReadingsNode nodes[21] = {{0, 0}};
  ReadingsMeter meters[60];
  Arena arena;
  Error error = {0};
  size_t bytes = 0, readings = 0;
  (void)state;
  for (uint32_t n = 1; n < 21; n++) nodes[n] = (ReadingsNode){n <= 2 ? 0 : n - 2, 0.44 * 0.07};
  for (uint32_t m = 0; m < 60; m++) meters[m] = (ReadingsMeter){m % 20 + 1, (uint8_t)(1 << m % 3), m % 17 == 0, 6, m + 1, 1000 + m};
  ReadingsArea area = {nodes, 21, meters, 60, 100, 231, 1, 5000, 7};
  for (int day = 20000; day < 20003; day++) {
    MeterDay days[60], total, back;
    arena_begin(&arena, 0);
    assert_ok(sim_readings_day(days, &total, &area, day, 15, &arena, &error), &error);
    for (int m = 0; m < 60; m++) {
      uint8_t *out = arena_take(&arena, meter_block_most(96, days[m].channels));
      assert_non_null(out);
      size_t len = meter_block_encode(&days[m], out);
      assert_ok(meter_block_decode(&back, (Text){(char *)out, len}, &arena, &error), &error);
      assert_same_day(&days[m], &back);
      bytes += len;
      readings += 96;
    }
    arena_end(&arena);
  }
  print_message("# %.2f bytes a reading of 5 values\n", (double)bytes / (double)readings);
  assert_true(bytes < readings * 6);
}

static void test_words_and_units(void **state) {
  (void)state;
  for (MeterChannel c = 0; c < METER_CHANNELS; c++) {
    MeterChannel back;
    assert_true(meter_channel_of_name(text_of(meter_channel_name(c)), &back));
    assert_int_equal(c, back);
  }
  assert_false(meter_step_is_sound(7));
  assert_true(meter_step_is_sound(15));
}

TEST_MAIN(TEST(test_any_day_comes_back), TEST(test_real_days_are_small), TEST(test_words_and_units))
