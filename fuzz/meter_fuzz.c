/* The decoders of the meters: the first byte says which. What a decoder takes must hold what it promises. */
#include <assert.h>
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "meter/dlt645.h"
#include "meter/message.h"

static void block(Text bytes, Arena *arena) {
  MeterDay day, again;
  Error error = {0};
  int minutes, slots;
  int32_t value[METER_SLOTS_MAX];
  bool below = meter_block_longest_below(&minutes, bytes, 1980, &error),
       voltage = meter_block_voltage(value, &slots, bytes, METER_VOLTAGE_C, &error);
  assert(!below || (minutes >= 0 && minutes <= METER_DAY_MINUTES));
  assert(!voltage || (slots >= 0 && slots <= METER_SLOTS_MAX));
  if (!meter_block_decode(&day, bytes, arena, &error)) return;
  uint8_t *out = arena_take(arena, meter_block_most(day.slots, day.channels));
  assert(out);
  Text written = {(const char *)out, meter_block_encode(&day, out)};
  bool back = meter_block_decode(&again, written, arena, &error);
  assert(back && again.channels == day.channels && memcmp(again.marks, day.marks, (size_t)day.slots) == 0);
  for (int c = 0; c < METER_CHANNELS; c++)
    assert(!day.value[c] || memcmp(day.value[c], again.value[c], (size_t)day.slots * sizeof(int32_t)) == 0);
}

static void message(MessageForm form, Text bytes, Arena *arena) {
  static ReadingProblems problems;
  ReadingMessage *read;
  PowerMessage power;
  Error error = {0};
  problems = (ReadingProblems){0};
  if (message_read(&read, &problems, form, bytes, arena, &error))
    for (; read; read = read->next) {
      assert(read->meters >= 1 && read->meters <= METER_MESSAGE_METERS && read->moments >= 1 && meter_step_is_sound(read->step_min));
      Buffer out;
      buffer_begin(&out, 0);
      message_write(&out, read);
      buffer_end(&out);
    }
  bool events = form != MESSAGE_BINARY && power_read(&power, &problems, form, bytes, arena, &error);
  for (size_t i = 0; events && i < power.count; i++) assert(power.item[i].meter.len >= 1 && power.item[i].meter.len <= METER_NUMBER_MAX);
}

static void frames(const uint8_t *data, size_t size) {
  for (size_t at = 0, used, steps = 0; at < size; at += used) {
    Dlt645Frame frame;
    double values[DLT645_VALUES_MAX];
    int count;
    Dlt645Found found = dlt645_find(&frame, data + at, size - at, &used, NULL);
    assert(used <= size - at && ++steps <= size + 1);
    if (found == DLT645_NONE || found == DLT645_PART) return;
    if (found == DLT645_FRAME && dlt645_values(values, &count, &frame, NULL)) assert(count >= 1 && count <= DLT645_VALUES_MAX);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Arena arena;
  if (!size) return 0;
  Text bytes = {(const char *)data + 1, size - 1};
  arena_begin(&arena, 256u << 20);
  switch (data[0] % 5) {
    case 0:
      block(bytes, &arena);
      break;
    case 1:
      message(MESSAGE_CSV, bytes, &arena);
      break;
    case 2:
      message(MESSAGE_JSON, bytes, &arena);
      break;
    case 3:
      message(MESSAGE_BINARY, bytes, &arena);
      break;
    default:
      frames(data + 1, size - 1);
  }
  arena_end(&arena);
  return 0;
}
