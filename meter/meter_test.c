#include "meter/meter.h"

#include <math.h>

#include "base/log.h"
#include "base/random.h"
#include "meter/meter_internal.h"
#include "meter/testing.h"

static const Span QUARTER = 15 * SPAN_MINUTE;

static Instant at(const char *text) {
  Instant out;
  assert_true(instant_from_text(text_of(text), &out));
  return out;
}

static MeterDay read_day(MeterTown *t, const char *meter, int day, bool want) {
  MeterPlace place;
  MeterDay out;
  bool found;
  Error error = {0};
  assert_true(meter_find(t->meters, text_of(meter), &place));
  assert_ok(meter_read_day(&out, &found, t->meters, t->town.db, place, day, &t->arena, &error), &error);
  assert_int_equal(found, want);
  return out;
}

typedef struct Closing {
  Meters *meters;
  size_t area;
  int day;
} Closing;

static bool work_close(DeskContext *context, void *command, Error *error) {
  Closing *closing = command;
  return meter_close_day(context, closing->meters, closing->area, closing->day, error);
}

static void close_day(MeterTown *t, const char *area, int day) {
  Closing closing = {t->meters, meter_town_area(t, area), day};
  Error error = {0};
  assert_ok(desk_do(t->town.desk, work_close, &closing, TEXT("system"), &error), &error);
}

static void test_areas_and_whose_meter(void **state) {
  MeterTown t;
  MeterPlace place;
  (void)state;
  meter_town_open(&t);
  assert_int_equal(meter_area_count(t.meters), 7); /* six transformers, and the mill that hangs on a fuse */
  assert_true(meter_find(t.meters, TEXT("M10001111"), &place));
  assert_int_equal(place.area, meter_town_area(&t, "T1"));
  assert_true(meter_find(t.meters, TEXT("T2"), &place));
  assert_true(place.position == METER_TOTAL && meter_key(t.meters, place) < 0);
  assert_true(meter_find(t.meters, TEXT("M10006000"), &place));
  assert_false(meter_find(t.meters, TEXT("F1"), &place));
  assert_int_equal(meter_day_of(at("2026-12-31T00:00:00+08:00")), meter_day_of(at("2026-12-31T23:59:59+08:00")));
  assert_true(meter_day_start(meter_day_of(at("2026-12-31T13:00:00+08:00"))) == at("2026-12-31T00:00:00+08:00"));
  meter_town_close(&t);
}

static void test_twice_is_once_and_later_replaces(void **state) {
  MeterTown t;
  Instant when = at("2026-12-31T20:00:00+08:00");
  int day = meter_day_of(when), slot = 80;
  (void)state;
  meter_town_open(&t);
  MeterTake take = meter_town_moment(&t, 1, when, 2210, NULL);
  assert_int_equal(take.readings, 18);
  assert_int_equal(take.known, 0);
  take = meter_town_moment(&t, 1, when, 2210, NULL);
  assert_int_equal(take.readings, 0);
  assert_int_equal(take.known, 18);
  assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM reading_batch"), 1);
  assert_int_equal(read_day(&t, "M10001111", day, true).value[METER_VOLTAGE_A][slot], 2210);
  assert_int_equal(read_day(&t, "M10001111", day, true).marks[slot], 0);
  meter_town_one(&t, "M10001111", when, 2190);
  assert_int_equal(read_day(&t, "M10001111", day, true).value[METER_VOLTAGE_A][slot], 2190);
  assert_int_equal(read_day(&t, "M10001111", day, true).marks[slot], METER_REPLACED);
  assert_int_equal(read_day(&t, "M10001112", day, true).marks[slot], 0);
  read_day(&t, "M10002111", day, false);
  meter_town_one(&t, "M10001111", when - QUARTER, 4100); /* out of order, and absurd */
  MeterDay kept = read_day(&t, "M10001111", day, true);
  assert_int_equal(kept.value[METER_VOLTAGE_A][slot - 1], 4100);
  assert_int_equal(kept.marks[slot - 1], METER_ABSURD);
  close_day(&t, "T1", day);
  assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM reading_batch"), 0);
  assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM meter_day"), 18);
  MeterDay block = read_day(&t, "M10001111", day, true);
  assert_memory_equal(block.value[METER_VOLTAGE_A], kept.value[METER_VOLTAGE_A], 96 * sizeof(int32_t));
  assert_memory_equal(block.marks, kept.marks, 96);
  town_pass(&t.town, 1);
  meter_town_one(&t, "M10001111", when - 4 * QUARTER, 2222); /* after the close: late */
  block = read_day(&t, "M10001111", day, true);
  assert_int_equal(block.value[METER_VOLTAGE_A][slot - 4], 2222);
  assert_int_equal(block.marks[slot - 4], METER_LATE);
  close_day(&t, "T1", day);
  MeterDay again = read_day(&t, "M10001111", day, true);
  assert_memory_equal(block.value[METER_VOLTAGE_A], again.value[METER_VOLTAGE_A], 96 * sizeof(int32_t));
  assert_memory_equal(block.marks, again.marks, 96);
  meter_town_close(&t);
}

/* Messages of any shape in any order over two days, some twice: what is read back is the last that was said of each moment, before and
 * after the days are closed, and closing changes nothing but to fill gaps of the register. */
static void test_what_comes_is_what_is_read(void **state) {
  enum { METERS = 8, CHANNELS = 3, DAYS = 2 };
  static const MeterChannel CHANNEL[CHANNELS] = {METER_VOLTAGE_A, METER_CURRENT_A, METER_POWER};
  static int32_t twin[METERS][CHANNELS][DAYS][96];
  Random random;
  (void)state;
  for (uint64_t seed = 1; seed <= (uint64_t)torture_rounds(12); seed++) {
    MeterTown t;
    Text names[METERS];
    random_seed(&random, seed);
    meter_town_open(&t);
    int first_day = meter_day_of(at("2026-12-29T12:00:00+08:00"));
    const MeterArea *area = meter_area(t.meters, meter_town_area(&t, "T3"));
    for (uint32_t m = 0; m < METERS; m++) {
      Customer customer;
      people_customer(t.town.people, area->from + m, &customer);
      names[m] = customer.meter;
    }
    for (size_t i = 0; i < sizeof twin / sizeof(int32_t); i++) ((int32_t *)twin)[i] = METER_NONE;
    for (int round = 0; round < 60; round++) {
      int day = (int)random_below(&random, DAYS), from = (int)random_below(&random, 96),
          moments = 1 + (int)random_below(&random, (uint32_t)(96 - from > 20 ? 20 : 96 - from));
      uint32_t begin = random_below(&random, METERS), meters = 1 + random_below(&random, METERS - begin);
      ReadingMessage message = {.area = random_below(&random, 2) ? TEXT("T3") : TEXT(""),
                                .first = meter_day_start(first_day + day) + from * QUARTER,
                                .clock = INSTANT_NONE,
                                .step_min = 15,
                                .moments = moments,
                                .meters = meters,
                                .meter = names + begin};
      for (int c = 0; c < CHANNELS; c++) {
        if (random_below(&random, 3) == 0) continue;
        message.channels |= 1u << CHANNEL[c];
        int32_t *value = message.value[CHANNEL[c]] = ARENA_ARRAY(&t.arena, int32_t, meters * (uint32_t)moments);
        for (uint32_t m = 0; m < meters; m++)
          for (int i = 0; i < moments; i++) {
            int32_t v = random_below(&random, 5) == 0 ? METER_NONE : (int32_t)random_between(&random, 2000, 2400);
            value[m * (uint32_t)moments + (uint32_t)i] = v;
            if (v != METER_NONE) twin[begin + m][c][day][from + i] = v;
          }
      }
      meter_town_take(&t, &message);
      if (random_below(&random, 4) == 0) meter_town_take(&t, &message);
      if (random_below(&random, 12) == 0) close_day(&t, "T3", first_day + day);
    }
    for (int closed = 0; closed < 2; closed++) {
      for (int d = 0; d < DAYS; d++) {
        MeterAreaDay days;
        Error error = {0};
        if (closed) close_day(&t, "T3", first_day + d);
        assert_ok(meter_read_area_day(&days, t.meters, t.town.db, meter_town_area(&t, "T3"), first_day + d, &t.arena, &error), &error);
        for (uint32_t m = 0; m < METERS; m++)
          for (int c = 0; c < CHANNELS; c++)
            for (int i = 0; i < 96; i++) {
              const int32_t *value = days.meter[m].value[CHANNEL[c]];
              int32_t is = value ? value[i] : METER_NONE;
              if (is != twin[m][c][d][i])
                fail_msg("seed %d closed %d day %d meter %u channel %d slot %d: %d, not %d", (int)seed, closed, d, m, c, i, is,
                         twin[m][c][d][i]);
            }
      }
    }
    assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM reading_batch"), 0);
    meter_town_close(&t);
  }
}

static void test_one_alarm_one_order_until_it_is_cured(void **state) {
  MeterTown t;
  (void)state;
  meter_town_open(&t);
  Instant from = at("2026-12-31T16:00:00+08:00");
  size_t orders = order_count(t.town.orders);
  for (int i = 0; i < 3; i++) meter_town_moment(&t, 1, from + i * QUARTER, 1930, NULL);
  assert_int_equal(meter_alarm_count(t.meters), 0);
  meter_town_moment(&t, 1, from + 3 * QUARTER, 1915, NULL);
  assert_int_equal(meter_alarm_count(t.meters), 1);
  const MeterAlarm *alarm = meter_alarm(t.meters, 0);
  assert_int_equal(alarm->watch, WATCH_LOW_VOLTAGE);
  assert_int_equal(alarm->meters, 18);
  assert_true(alarm->since == from);
  assert_true(fabs(alarm->worst - 191.5) < 1e-9);
  assert_true(alarm->order.value != 0);
  assert_int_equal(order_count(t.town.orders), orders + 1); /* 18 households, one order */
  assert_int_equal(meter_town_events(&t, "meter.alarm"), 1);
  OrderId order = alarm->order;
  assert_int_equal(order_find(t.town.orders, order)->device, town_device(&t.town, "T1"));
  meter_town_moment(&t, 1, from + 4 * QUARTER, 1890, NULL);
  assert_true(fabs(meter_alarm(t.meters, 0)->worst - 189.0) < 1e-9);
  for (int i = 5; i < 12; i++) meter_town_moment(&t, 1, from + i * QUARTER, 2150, NULL); /* seven quarters are not two hours */
  assert_int_equal(meter_alarm_count(t.meters), 1);
  Error error = {0};
  assert_ok(meter_reload(t.town.db, t.meters, &error), &error); /* a restart changes nothing */
  assert_int_equal(meter_alarm_count(t.meters), 1);
  meter_town_moment(&t, 1, from + 12 * QUARTER, 2150, NULL);
  assert_int_equal(meter_alarm_count(t.meters), 0);
  assert_int_equal(meter_town_events(&t, "meter.alarm_cured"), 1);
  assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM meter_alarm WHERE is_open = 0 AND cured_at IS NOT NULL"), 1);
  assert_non_null(order_find(t.town.orders, order));                           /* people still verify and call back */
  assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM order_text"), 1); /* they are told that it is over */
  assert_int_equal(order_count(t.town.orders), orders + 1);
  meter_town_close(&t);
}

static void test_overload_and_imbalance_share_an_order_that_ends_as_measured(void **state) {
  MeterTown t;
  (void)state;
  meter_town_open(&t);
  Instant from = at("2026-12-31T12:00:00+08:00");
  for (int i = 0; i < 8; i++) meter_town_moment(&t, 1, from + i * QUARTER, 2200, (double[]){200, 140, 130}); /* 105.75 kVA of 100 */
  assert_int_equal(meter_alarm_count(t.meters), 3);                                                          /* heavy, over, unbalanced */
  size_t with_order = 0;
  OrderId order = {0};
  for (size_t i = 0; i < 3; i++) {
    const MeterAlarm *alarm = meter_alarm(t.meters, i);
    if (!alarm->order.value) continue;
    with_order++;
    assert_true(!order.value || order.value == alarm->order.value);
    order = alarm->order;
  }
  assert_int_equal(with_order, 2); /* heavy load opens none */
  Error error = {0};
  int64_t id = meter_alarm(t.meters, 0)->id;
  assert_ok(meter_reload(t.town.db, t.meters, &error), &error); /* they stand in the same order after a restart */
  assert_true(id == meter_alarm(t.meters, 0)->id && id < meter_alarm(t.meters, 1)->id && meter_alarm(t.meters, 1)->id < meter_alarm(t.meters, 2)->id);
  for (int i = 8; i < 16; i++) meter_town_moment(&t, 1, from + i * QUARTER, 2200, (double[]){60, 60, 60});
  assert_int_equal(meter_alarm_count(t.meters), 0);
  assert_null(order_find(t.town.orders, order)); /* ended, as measured */
  meter_town_close(&t);
}

static void test_set_aside_with_its_reason(void **state) {
  static const struct {
    const char *area, *meter;
    int64_t minutes, clock;
    AsideReason reason;
  } CASES[] = {{"", "M99999999", -10, 0, ASIDE_UNKNOWN_METER},
               {"T2", "M10001111", -10, 0, ASIDE_OTHER_AREA},
               {"T1", "M10001111", 65, 0, ASIDE_CLOCK},
               {"T1", "M10001111", -10, -61, ASIDE_CLOCK},
               {"T1", "M10001111", -60LL * 24 * 500 - 10, 0, ASIDE_TOO_OLD},
               {"T99", "M10001111", -10, 0, ASIDE_OTHER_AREA}};
  MeterTown t;
  (void)state;
  meter_town_open(&t);
  Instant now = time_now(&t.town.time);
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Text number = text_of(CASES[i].meter);
    int32_t volts = 2200;
    ReadingMessage message = {.area = text_of(CASES[i].area),
                              .first = now + CASES[i].minutes * SPAN_MINUTE,
                              .clock = CASES[i].clock ? now + CASES[i].clock * SPAN_MINUTE : INSTANT_NONE,
                              .step_min = 5,
                              .moments = 1,
                              .meters = 1,
                              .meter = &number,
                              .channels = 1,
                              .value = {&volts}};
    int64_t before = meter_town_rows(&t, "SELECT COALESCE(SUM(count), 0) FROM reading_aside");
    MeterTake take = meter_town_take(&t, &message);
    assert_int_equal(take.readings, 0);
    assert_int_equal(take.aside, 1);
    assert_int_equal(meter_town_rows(&t, "SELECT COALESCE(SUM(count), 0) FROM reading_aside"), before + 1);
  }
  assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM reading_batch"), 0);
  /* of a message with one stranger the others are kept */
  Text two[2] = {TEXT("M10001111"), TEXT("M0")};
  ReadingMessage mixed = {.area = TEXT("T1"),
                          .first = now - 10 * SPAN_MINUTE,
                          .clock = INSTANT_NONE,
                          .step_min = 5,
                          .moments = 1,
                          .meters = 2,
                          .meter = two,
                          .channels = 1,
                          .value = {(int32_t[]){2201, 2202}}};
  MeterTake take = meter_town_take(&t, &mixed);
  assert_int_equal(take.readings, 1);
  assert_int_equal(take.aside, 1);
  assert_int_equal(read_day(&t, "M10001111", meter_day_of(now), true).value[METER_VOLTAGE_A][20 * 12], 2201);
  meter_town_close(&t);
}

static void test_days_close_by_themselves_and_loss_is_watched(void **state) {
  MeterTown t;
  (void)state;
  meter_town_open(&t);
  Instant midnight = at("2026-12-31T00:00:00+08:00");
  const MeterArea *area = meter_area(t.meters, meter_town_area(&t, "T1"));
  uint32_t count = area->to - area->from + 1;
  Text *names = ARENA_ARRAY(&t.arena, Text, count);
  int32_t *energy = ARENA_ARRAY(&t.arena, int32_t, count * 2);
  for (uint32_t m = 0; m + 1 < count; m++) {
    Customer customer;
    people_customer(t.town.people, area->from + m, &customer);
    names[m] = customer.meter;
    energy[m * 2] = 1000, energy[m * 2 + 1] = 1500; /* 5 kWh each: 90 */
  }
  names[count - 1] = TEXT("T1");
  energy[count * 2 - 2] = 50000, energy[count * 2 - 1] = 60200; /* 102 kWh */
  ReadingMessage message = {.area = TEXT("T1"),
                            .first = midnight,
                            .clock = INSTANT_NONE,
                            .step_min = 720,
                            .moments = 2,
                            .meters = count,
                            .meter = names,
                            .channels = 1u << METER_ENERGY};
  message.value[METER_ENERGY] = energy;
  meter_town_take(&t, &message);
  town_pass(&t.town, 4 * 60 - 10 + 29); /* 00:29: not yet */
  assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM meter_day"), 0);
  town_pass(&t.town, 2);
  assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM meter_day"), count);
  assert_int_equal(meter_town_rows(&t, "SELECT used FROM area_day"), 9000);
  assert_int_equal(meter_town_rows(&t, "SELECT supplied FROM area_day"), 10200);
  assert_int_equal(meter_alarm_count(t.meters), 2); /* since noon nothing came: silent, too */
  assert_int_equal(meter_alarm(t.meters, 1)->watch, WATCH_LOSS_HIGH);
  assert_true(fabs(meter_alarm(t.meters, 1)->worst - 12.0 / 102) < 1e-9);
  meter_town_close(&t);
}

static void test_a_silent_concentrator_but_not_all_at_once(void **state) {
  MeterTown t;
  (void)state;
  meter_town_open(&t);
  Instant now = at("2026-12-31T20:00:00+08:00");
  for (int transformer = 1; transformer <= 6; transformer++) meter_town_moment(&t, transformer, now, 2200, NULL);
  for (int i = 1; i <= 13; i++) {
    town_pass(&t.town, 15);
    for (int transformer = 2; transformer <= 6; transformer++) meter_town_moment(&t, transformer, now + i * QUARTER, 2200, NULL);
  }
  town_pass(&t.town, 1);
  assert_int_equal(meter_alarm_count(t.meters), 1);
  assert_int_equal(meter_alarm(t.meters, 0)->watch, WATCH_SILENT);
  assert_int_equal(meter_alarm(t.meters, 0)->area, meter_town_area(&t, "T1"));
  town_pass(&t.town, 60 * 5); /* now all are silent: the collection stands still, no further alarm */
  assert_int_equal(meter_alarm_count(t.meters), 1);
  meter_town_moment(&t, 1, now + 33 * QUARTER, 2200, NULL);
  assert_int_equal(meter_alarm_count(t.meters), 0);
  meter_town_close(&t);
}

/* The store fails in the middle of a tick that raises two alarms: none of them stays in memory alone. */
static void test_a_tick_that_fails_leaves_no_alarm_behind(void **state) {
  bool ok = false;
  (void)state;
  for (int64_t nth = 1; !ok && nth <= 200; nth++) {
    MeterTown t;
    Error error = {0};
    char problem[ERROR_TEXT_MAX];
    meter_town_open(&t);
    Instant now = at("2026-12-31T20:00:00+08:00");
    for (int transformer = 1; transformer <= 6; transformer++) meter_town_moment(&t, transformer, now, 2200, NULL);
    for (int i = 1; i <= 12; i++) {
      time_virtual(&t.town.time, time_now(&t.town.time) + QUARTER);
      for (int transformer = 3; transformer <= 6; transformer++) meter_town_moment(&t, transformer, now + i * QUARTER, 2200, NULL);
    }
    time_virtual(&t.town.time, time_now(&t.town.time) + QUARTER);
    log_level(LOG_NONE);
    db_fail_at(nth);
    ok = desk_tick(t.town.desk, &error);
    db_fail_at(0);
    log_level(LOG_INFO);
    meter_town_moment(&t, 6, now + 13 * QUARTER, 2200, NULL); /* what the failure left stale is read again */
    assert_ok(meter_check(t.meters, t.town.db, problem, &error), &error);
    assert_string_equal(problem, "");
    assert_true(meter_alarm_count(t.meters) == 2 || (!ok && meter_alarm_count(t.meters) == 0)); /* it may have been another room that failed */
    meter_town_close(&t);
  }
  assert_true(ok);
}

typedef struct Powering {
  Meters *meters;
  PowerMessage message;
  int64_t aside;
} Powering;

static bool work_power(DeskContext *context, void *command, Error *error) {
  Powering *powering = command;
  return meter_take_power(context, powering->meters, &powering->message, &powering->aside, error);
}

static void test_power_events_one_a_batch_and_area(void **state) {
  MeterTown t;
  Error error = {0};
  (void)state;
  meter_town_open(&t);
  Instant now = time_now(&t.town.time);
  PowerItem items[] = {{POWER_LAST_GASP, TEXT("M10001111"), now},
                       {POWER_LAST_GASP, TEXT("M10002111"), now},
                       {POWER_LAST_GASP, TEXT("M10001112"), now},
                       {POWER_DOWN, TEXT("T1"), now},
                       {POWER_UP, TEXT("nobody"), now}};
  Powering powering = {t.meters, {items, 5}, 0};
  assert_ok(desk_do(t.town.desk, work_power, &powering, TEXT("system"), &error), &error);
  assert_int_equal(meter_town_events(&t, "meter.power"), 2);
  assert_int_equal(powering.aside, 1);
  meter_town_close(&t);
}

typedef struct Failing {
  Meters *meters;
  MeterTake take;
} Failing;

static bool work_failing(DeskContext *context, void *command, Error *error) {
  Failing *failing = command;
  return meter_take(context, failing->meters, &failing->take, error);
}

/* A failure at any write leaves nothing half done, and the same message again is taken whole: with its alarm, and a block when the day is
 * closed. */
static void test_failing_writes_leave_nothing_behind(void **state) {
  (void)state;
  for (int closing = 0; closing < 2; closing++) {
    bool ok = false;
    for (int64_t nth = 1; !ok && nth <= 400; nth += nth < 60 ? 1 : 7) {
      MeterTown t;
      meter_town_open(&t);
      Instant from = at("2026-12-31T16:00:00+08:00");
      int day = meter_day_of(from);
      for (int i = 0; i < 3; i++) meter_town_moment(&t, 1, from + i * QUARTER, 1930, NULL);
      Text names[2] = {TEXT("M10001111"), TEXT("M10001112")};
      ReadingMessage message = {.area = TEXT("T1"),
                                .first = from + 3 * QUARTER,
                                .clock = INSTANT_NONE,
                                .step_min = 15,
                                .moments = 1,
                                .meters = 2,
                                .meter = names,
                                .channels = 1,
                                .value = {(int32_t[]){1900, 1901}}};
      Failing take = {t.meters, {.message = &message, .source = TEXT("test")}};
      Closing close = {t.meters, meter_town_area(&t, "T1"), day};
      char problem[ERROR_TEXT_MAX];
      Error error = {0};
      int64_t rows = meter_town_rows(&t, "SELECT COUNT(*) FROM reading_batch");
      log_level(LOG_NONE);
      db_fail_at(nth);
      ok = closing ? desk_do(t.town.desk, work_close, &close, TEXT("system"), &error)
                   : desk_do(t.town.desk, work_failing, &take, TEXT("system"), &error);
      db_fail_at(0);
      log_level(LOG_INFO);
      if (!ok) assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM reading_batch"), rows);
      if (!ok) assert_int_equal(meter_town_rows(&t, "SELECT COUNT(*) FROM meter_alarm"), 0);
      assert_int_equal(read_day(&t, "M10001111", day, true).value[METER_VOLTAGE_A][64], 1930);
      meter_town_take(&t, &message);
      assert_int_equal(meter_alarm_count(t.meters), 1);
      assert_true(meter_alarm(t.meters, 0)->order.value != 0); /* what failed is not taken for a refusal: the alarm comes with its order, or not at all */
      assert_ok(order_check(t.town.orders, t.town.db, problem, &error), &error);
      assert_string_equal(problem, "");
      assert_int_equal(read_day(&t, "M10001111", day, true).value[METER_VOLTAGE_A][67], 1900);
      meter_town_close(&t);
    }
    assert_true(ok);
  }
}

TEST_MAIN(TEST(test_areas_and_whose_meter), TEST(test_twice_is_once_and_later_replaces), TEST(test_what_comes_is_what_is_read),
          TEST(test_one_alarm_one_order_until_it_is_cured), TEST(test_overload_and_imbalance_share_an_order_that_ends_as_measured),
          TEST(test_set_aside_with_its_reason), TEST(test_days_close_by_themselves_and_loss_is_watched),
          TEST(test_a_silent_concentrator_but_not_all_at_once), TEST(test_a_tick_that_fails_leaves_no_alarm_behind), TEST(test_power_events_one_a_batch_and_area),
          TEST(test_failing_writes_leave_nothing_behind))
