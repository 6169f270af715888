#include "meter/testing.h"

#include <math.h>

void meter_town_open(MeterTown *t) {
  Error error = {0};
  *t = (MeterTown){0};
  town_open(&t->town);
  arena_begin(&t->arena, 0);
  assert_ok(meter_open(&t->meters, t->town.desk, t->town.db, t->town.grid, t->town.people, t->town.orders, NULL, &error), &error);
}

void meter_town_close(MeterTown *t) {
  Error error = {0};
  char problem[ERROR_TEXT_MAX];
  assert_ok(meter_check(t->meters, t->town.db, problem, &error), &error);
  assert_string_equal(problem, "");
  meter_close(t->meters);
  arena_end(&t->arena);
  town_close(&t->town);
}

typedef struct Taking {
  Meters *meters;
  MeterTake take;
} Taking;

static bool work_take(DeskContext *context, void *command, Error *error) {
  Taking *taking = command;
  return meter_take(context, taking->meters, &taking->take, error);
}

MeterTake meter_town_take(MeterTown *t, ReadingMessage *message) {
  Error error = {0};
  Taking taking = {t->meters, {.message = message, .source = TEXT("test")}};
  assert_ok(desk_do(t->town.desk, work_take, &taking, TEXT("system"), &error), &error);
  return taking.take;
}

static int32_t *column(MeterTown *t, uint32_t meters, int32_t value) {
  int32_t *out = ARENA_ARRAY(&t->arena, int32_t, meters);
  for (uint32_t m = 0; m < meters; m++) out[m] = value;
  return out;
}

MeterTake meter_town_moment(MeterTown *t, int transformer, Instant at, int32_t volts_dv, const double total_amps[3]) {
  char code[8];
  snprintf(code, sizeof code, "T%d", transformer);
  const MeterArea *area = meter_area(t->meters, meter_town_area(t, code));
  uint32_t count = area->to - area->from, meters = count + (total_amps != NULL);
  ReadingMessage message = {
      .area = text_copy(&t->arena, text_of(code)), .first = at, .clock = INSTANT_NONE, .step_min = 15, .moments = 1, .meters = meters};
  message.meter = ARENA_ARRAY(&t->arena, Text, meters);
  for (uint32_t m = 0; m < count; m++) {
    Customer customer;
    people_customer(t->town.people, area->from + m, &customer);
    message.meter[m] = customer.meter;
  }
  message.channels = 1u << METER_VOLTAGE_A | 1u << METER_POWER;
  message.value[METER_VOLTAGE_A] = column(t, meters, volts_dv);
  message.value[METER_POWER] = column(t, meters, 5000);
  if (total_amps) {
    message.meter[count] = message.area;
    message.value[METER_VOLTAGE_A][count] = 2250;
    message.value[METER_POWER][count] = METER_NONE;
    for (int x = 0; x < 3; x++) {
      message.channels |= 1u << (METER_VOLTAGE_A + x) | 1u << (METER_CURRENT_A + x);
      if (!message.value[METER_VOLTAGE_A + x]) message.value[METER_VOLTAGE_A + x] = column(t, meters, METER_NONE);
      message.value[METER_CURRENT_A + x] = column(t, meters, METER_NONE);
      message.value[METER_VOLTAGE_A + x][count] = 2250;
      message.value[METER_CURRENT_A + x][count] = (int32_t)lround(total_amps[x] * 1000);
    }
  }
  return meter_town_take(t, &message);
}

MeterTake meter_town_one(MeterTown *t, const char *meter, Instant at, int32_t volts_dv) {
  Text number = text_of(meter);
  ReadingMessage message = {.area = TEXT(""),
                            .first = at,
                            .clock = INSTANT_NONE,
                            .step_min = 15,
                            .moments = 1,
                            .meters = 1,
                            .meter = &number,
                            .channels = 1,
                            .value = {&volts_dv}};
  return meter_town_take(t, &message);
}

size_t meter_town_area(const MeterTown *t, const char *code) {
  size_t row;
  assert_true(meter_area_of_device(t->meters, town_device(&t->town, code), &row));
  return row;
}

int64_t meter_town_rows(MeterTown *t, const char *sql) {
  DbStatement *statement;
  Error error = {0};
  bool row;
  assert_ok(db_prepare(&statement, t->town.db, sql, &error), &error);
  assert_ok(db_step(&row, statement, &error), &error);
  int64_t value = row ? db_column_i64(statement, 0) : -1;
  db_reset(statement);
  return value;
}

typedef struct Counted {
  const char *kind;
  int64_t count;
} Counted;

static bool count_event(void *self, const Event *event) {
  Counted *counted = self;
  counted->count += text_is(event->kind, counted->kind);
  return true;
}

int64_t meter_town_events(MeterTown *t, const char *kind) {
  Counted counted = {kind, 0};
  Error error = {0};
  assert_ok(event_after(t->town.db, 1, 0, INT64_MAX, count_event, &counted, &error), &error);
  return counted.count;
}
