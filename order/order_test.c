#include "order/board.h"

#include <unistd.h>

#include "base/limits.h"
#include "base/random.h"
#include "base/testing.h"
#include "base/vector.h"
#include "store/schema.h"

typedef struct House {
  Db *db;
  Desk *desk;
  Orders *orders;
  TimeSource time;
  Error error;
  const char *actor; /* NULL: staff:5 */
} House;

static void open_desk(House *house) {
  DeskOptions options = {.county_id = 1, .time = &house->time};
  assert_ok(desk_open(&house->desk, house->db, &options, &house->error), &house->error);
  assert_ok(order_open(&house->orders, house->desk, house->db, NULL, NULL, NULL, &house->error), &house->error);
}

static void open_house(House *house) {
  *house = (House){0};
  time_virtual(&house->time, 1795264620 * SPAN_SECOND); /* 2026-11-21 20:37 in Shanghai */
  assert_ok(db_open(&house->db, ":memory:", DB_WRITE_UNSYNCED, &house->error), &house->error);
  assert_ok(schema_migrate(house->db, &house->error), &house->error);
  open_desk(house);
}

static void close_desk(House *house) {
  order_close(house->orders);
  desk_close(house->desk);
}

static void close_house(House *house) {
  close_desk(house);
  db_close(house->db);
}

static void pass(House *house, Span span) { time_virtual(&house->time, time_now(&house->time) + span); }

/* --- commands --- */

typedef struct Command {
  House *house;
  OrderAccept accept;
  OrderStep step;
  OrderId id;
  OutageId outage;
  bool again;
} Command;

static bool work_accept(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  return order_accept(context, command->house->orders, &command->accept, &command->id, &command->again, error);
}
static bool work_step(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  return order_step(context, command->house->orders, &command->step, error);
}
static bool work_link(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  return order_link(context, command->house->orders, command->id, command->outage, error);
}

static OrderId call(House *house, int64_t customer, bool *again) {
  Command command = {.house = house,
                     .accept = {.kind = TEXT("fault_repair"),
                                .customer = {customer},
                                .device = 7,
                                .what = TEXT("no_power"),
                                .description = TEXT("全村都没电"),
                                .source = TEXT("hotline"),
                                .caller_phone = TEXT("13800000000")}};
  assert_ok(desk_do(house->desk, work_accept, &command, TEXT("staff:5"), &house->error), &house->error);
  if (again) *again = command.again;
  return command.id;
}

static bool try_step(House *house, OrderId order, const char *step, int32_t version, uint32_t roles, const char *fields) {
  json_error_t problem;
  Command command = {.house = house, .step = {.order = order, .step = text_of(step), .version = version, .roles = roles}};
  json_t *values = fields ? json_loads(fields, 0, &problem) : NULL;
  assert_true(!fields || values);
  command.step.fields = values;
  error_clear(&house->error);
  bool ok = desk_do(house->desk, work_step, &command, house->actor ? text_of(house->actor) : TEXT("staff:5"), &house->error);
  json_decref(values);
  return ok;
}
#define take(house, order, step, fields) assert_ok(try_step(house, order, step, 0, UINT32_MAX, fields), &(house)->error)

/* A picture, as the upload would have left it. */
static void put_attachment(House *house, int id) {
  char sql[256];
  snprintf(sql, sizeof sql, "INSERT INTO attachment (county_id, id, type, bytes, staff_id, at) VALUES (1, %d, 'image/jpeg', 3, 5, 0)", id);
  assert_ok(db_run(house->db, sql, &house->error), &house->error);
}

static bool try_link(House *house, OrderId order, int64_t outage) {
  Command command = {.house = house, .id = order, .outage = {outage}};
  return desk_do(house->desk, work_link, &command, TEXT("system"), &house->error);
}

/* --- what there is, as text, to compare --- */

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Every open order and its clocks, one line each, sorted. */
static void snapshot(Buffer *out, const Orders *orders) {
  VECTOR(char *) lines = {0};
  for (size_t i = 0; i < order_count(orders); i++) {
    const Order *o = order_at(orders, i);
    Buffer line;
    ClockSet clocks;
    buffer_begin(&line, 0);
    buffer_format(&line, "%lld n%lld %.*s c%lld d%u o%lld crew%lld st%lld p%lld a%d u%d k%d t%d r%d w%d s%d v%d ch%d at%lld since%lld",
                  (long long)o->id.value, (long long)o->number, TEXT_ARG(o->kind->states[o->state].id), (long long)o->customer.value,
                  o->device, (long long)o->outage.value, (long long)o->crew.value, (long long)o->assignee.value, (long long)o->parent.value,
                  o->area, o->urgency, o->calls, o->callback_tries, o->reopened, o->what, o->suspended, o->version, o->children,
                  (long long)o->accepted_at, (long long)o->state_since);
    live_get_clocks(&orders->live, live_find(&orders->live, o->id), &clocks);
    for (size_t c = 0; c < o->kind->clock_count; c++) {
      const ClockState *s = &clocks.at[c];
      if (!(clocks.started & 1u << c)) continue;
      buffer_format(&line, " [%zu %d %lld %lld %lld %lld %lld m%d r%d]", c, s->phase, (long long)s->started, (long long)s->since,
                    (long long)s->full_at, (long long)s->used, (long long)s->limit, s->marks, s->runs);
    }
    buffer_byte(&line, '\0');
    assert_false(line.failed);
    assert_true(vector_push(&lines, line.at));
  }
  if (lines.count) qsort(lines.at, lines.count, sizeof *lines.at, by_text);
  for (size_t i = 0; i < lines.count; i++) {
    buffer_string(out, lines.at[i]);
    buffer_byte(out, '\n');
    memory_free(lines.at[i]);
  }
  vector_free(&lines);
  buffer_byte(out, '\0');
}

/* Memory before a restart and after it must be the same. */
static void restart(House *house) {
  Buffer before, after;
  buffer_begin(&before, 0);
  buffer_begin(&after, 0);
  snapshot(&before, house->orders);
  close_desk(house);
  open_desk(house);
  snapshot(&after, house->orders);
  assert_string_equal(before.at, after.at);
  char problem[ERROR_TEXT_MAX];
  assert_ok(order_check(house->orders, house->db, problem, &house->error), &house->error);
  assert_string_equal(problem, "");
  buffer_end(&before);
  buffer_end(&after);
}

typedef struct Counted {
  const char *kind, *holds;
  int count;
} Counted;
static bool count_event(void *self, const Event *event) {
  Counted *counted = self;
  if (text_is(event->kind, counted->kind) && (!counted->holds || text_find(event->data, text_of(counted->holds)) >= 0)) counted->count++;
  return true;
}
static int events(House *house, const char *kind, const char *holds) {
  Counted counted = {kind, holds, 0};
  assert_ok(event_after(house->db, 1, 0, INT64_MAX, count_event, &counted, &house->error), &house->error);
  return counted.count;
}

static void expect_state(House *house, OrderId id, const char *state) {
  const Order *order = order_find(house->orders, id);
  assert_non_null(order);
  Text is = order->kind->states[order->state].id;
  if (!text_is(is, state)) fail_msg("state is %.*s, not %s", TEXT_ARG(is), state);
}

/* --- tests --- */

static void one_order_goes_round(void **state) {
  (void)state;
  House house;
  open_house(&house);
  bool again;
  OrderId id = call(&house, 100, &again);
  assert_false(again);
  assert_int_equal(order_find(house.orders, id)->number, 202611210000001);
  static const struct { const char *step, *fields, *state; OrderLadder ladder; } WAY[] = {
      {"assess", "{\"finding\":\"fault\"}", "assessed", LADDER_ASSESSING},
      {"dispatch", "{\"crew\":\"31\"}", "dispatched", LADDER_CREW_ASSIGNED},
      {"return", "{\"reason\":\"busy\",\"note\":\"两组都在外\"}", "returned", LADDER_ASSESSING},
      {"dispatch", "{\"crew\":\"32\"}", "dispatched", LADDER_CREW_ASSIGNED},
      {"take", NULL, "taken", LADDER_CREW_ASSIGNED},
      {"depart", NULL, "on_the_way", LADDER_ON_THE_WAY},
      {"arrive", NULL, "on_site", LADDER_ON_SITE},
      {"survey", "{\"cause\":\"变压器烧毁\",\"eta_from\":\"2026-11-21T22:10:00+08:00\"}", "surveyed", LADDER_ON_SITE},
      {"work", NULL, "working", LADDER_ON_SITE},
      {"restore", NULL, "restored", LADDER_RESTORED},
      {"reply", "{\"note\":\"更换变压器\"}", "replied", LADDER_RESTORED},
      {"check", NULL, "checked", LADDER_RESTORED},
  };
  for (size_t i = 0; i < sizeof WAY / sizeof *WAY; i++) {
    pass(&house, 30 * SPAN_SECOND);
    take(&house, id, WAY[i].step, WAY[i].fields);
    expect_state(&house, id, WAY[i].state);
    assert_int_equal(order_find(house.orders, id)->ladder, WAY[i].ladder);
    restart(&house);
  }
  assert_int_equal(order_find(house.orders, id)->crew.value, 32);
  take(&house, id, "call_back", "{\"answer\":\"satisfied\"}");
  assert_null(order_find(house.orders, id)); /* archived by itself */
  assert_int_equal(events(&house, "order.archived", NULL), 1);
  assert_int_equal(order_count(house.orders), 0);
  assert_false(try_step(&house, id, "note", 0, UINT32_MAX, "{\"note\":\"x\"}"));
  assert_int_equal(house.error.code, ERROR_ORDER_CLOSED);
  restart(&house);
  /* the free words stand apart from the events */
  assert_int_equal(events(&house, "order.step", "两组都在外"), 0);
  assert_int_equal(events(&house, "order.step", "变压器烧毁"), 1);
  close_house(&house);
}

static void refusals_say_what_is_possible(void **state) {
  (void)state;
  House house;
  open_house(&house);
  OrderId id = call(&house, 100, NULL);
  static const struct {
    const char *step;
    int32_t version;
    uint32_t roles;
    const char *fields;
    ErrorCode code;
    const char *says;
  } CASES[] = {
      {"take", 0, UINT32_MAX, NULL, ERROR_ORDER_STEP_NOT_NOW, "assess"},
      {"fly", 0, UINT32_MAX, NULL, ERROR_ORDER_STEP_NOT_NOW, "dispatch"},
      {"merge", 0, UINT32_MAX, NULL, ERROR_ORDER_STEP_NOT_NOW, "accepted"},
      {"dispatch", 0, KIND_ROLE_AGENT, NULL, ERROR_ORDER_STEP_ROLE, "dispatcher"},
      {"assess", 7, UINT32_MAX, NULL, ERROR_CONFLICT, "version 1"},
      {"assess", 1, UINT32_MAX, "{\"finding\":\"moon\"}", ERROR_FIELD_INVALID, "arrears"},
      {"assess", 1, UINT32_MAX, "{\"colour\":1}", ERROR_FIELD_UNKNOWN, "$.fields.colour"},
      {"supervise", 1, UINT32_MAX, NULL, ERROR_FIELD_MISSING, "note"},
      {"note", 1, UINT32_MAX, "{\"note\":\"  \"}", ERROR_FIELD_INVALID, "short"},
      {"hand_over", 1, UINT32_MAX, "{\"staff\":\"x\"}", ERROR_FIELD_INVALID, "id"},
      {"resume", 0, UINT32_MAX, NULL, ERROR_ORDER_STEP_NOT_NOW, "assess"},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    char text[ERROR_TEXT_MAX];
    assert_false(try_step(&house, id, CASES[i].step, CASES[i].version, CASES[i].roles, CASES[i].fields));
    assert_int_equal(house.error.code, CASES[i].code);
    error_text(&house.error, LANGUAGE_EN, text, sizeof text);
    if (!strstr(text, CASES[i].says)) fail_msg("case %zu: '%s' does not say '%s'", i, text, CASES[i].says);
  }
  assert_int_equal(order_find(house.orders, id)->version, 1);
  assert_false(try_step(&house, (OrderId){999}, "take", 0, UINT32_MAX, NULL));
  assert_int_equal(house.error.code, ERROR_NOT_FOUND);
  close_house(&house);
}

static void a_bad_call_is_refused(void **state) {
  (void)state;
  House house;
  open_house(&house);
  static const struct { const char *kind, *what, *phone; uint8_t urgency; ErrorCode code; const char *where; } CASES[] = {
      {"fault", "no_power", "1", 0, ERROR_NOT_FOUND, "$.kind"},
      {"fault_repair", "nothing", "1", 0, ERROR_FIELD_INVALID, "$.what"},
      {"fault_repair", "", "1", 0, ERROR_FIELD_INVALID, "$.what"},
      {"fault_repair", "no_power", "123456789012345678901234567890123", 0, ERROR_FIELD_INVALID, "$.caller_phone"},
      {"fault_repair", "no_power", "1", 3, ERROR_FIELD_INVALID, "$.urgency"},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Command command = {.house = &house,
                       .accept = {.kind = text_of(CASES[i].kind),
                                  .customer = {1},
                                  .device = 7,
                                  .what = text_of(CASES[i].what),
                                  .caller_phone = text_of(CASES[i].phone),
                                  .urgency = CASES[i].urgency}};
    assert_false(desk_do(house.desk, work_accept, &command, TEXT("staff:5"), &house.error));
    assert_int_equal(house.error.code, CASES[i].code);
    assert_string_equal(house.error.where, CASES[i].where);
  }
  assert_int_equal(order_count(house.orders), 0);
  assert_int_equal(desk_last_seq(house.desk), 0);
  close_house(&house);
}

static void calling_again_counts_and_reopens(void **state) {
  (void)state;
  House house;
  open_house(&house);
  bool again;
  OrderId id = call(&house, 100, &again), other = call(&house, 101, &again), nobody = call(&house, 0, &again);
  assert_false(again);
  assert_int_equal(call(&house, 100, &again).value, id.value);
  assert_true(again);
  assert_int_not_equal(call(&house, 0, &again).value, nobody.value);
  assert_false(again);
  assert_int_equal(order_find(house.orders, id)->calls, 2);
  assert_int_equal(order_find(house.orders, other)->calls, 1);
  take(&house, id, "restore", NULL);
  pass(&house, SPAN_HOUR);
  assert_int_equal(call(&house, 100, &again).value, id.value);
  expect_state(&house, id, "assessed");
  assert_int_equal(order_find(house.orders, id)->reopened, 1);
  assert_int_equal(events(&house, "order.reopened", "\"why\":\"called_again\""), 1);
  restart(&house);
  /* answered with dissatisfaction: open again, and the clocks begin anew */
  take(&house, id, "restore", NULL);
  take(&house, id, "call_back", "{\"answer\":\"unanswered\"}");
  assert_int_equal(order_find(house.orders, id)->callback_tries, 1);
  take(&house, id, "call_back", "{\"answer\":\"dissatisfied\",\"note\":\"又停了\"}");
  expect_state(&house, id, "assessed");
  assert_int_equal(order_find(house.orders, id)->callback_tries, 0);
  assert_int_equal(events(&house, "order.reopened", "\"why\":\"dissatisfied\""), 1);
  restart(&house);
  /* three times without an answer closes it as such */
  take(&house, id, "restore", NULL);
  for (int i = 0; i < 3; i++) take(&house, id, "call_back", "{\"answer\":\"unanswered\"}");
  assert_null(order_find(house.orders, id));
  DbStatement *s;
  bool row;
  assert_ok(db_prepare(&s, house.db, "SELECT outcome, calls, reopened FROM orders WHERE closed_at IS NOT NULL", &house.error),
            &house.error);
  assert_ok(db_step(&row, s, &house.error), &house.error);
  assert_true(row && text_is(db_column_text(s, 0), "unanswered"));
  assert_int_equal(db_column_i64(s, 1), 3);
  assert_int_equal(db_column_i64(s, 2), 2);
  db_reset(s);
  assert_int_not_equal(call(&house, 100, &again).value, id.value); /* a new matter */
  close_house(&house);
}

static bool collect(void *self, const Order *order) {
  int64_t *sum = self;
  *sum += order->customer.value;
  return true;
}

static void links_follow_the_outage(void **state) {
  (void)state;
  House house;
  open_house(&house);
  OrderId a = call(&house, 1, NULL), b = call(&house, 2, NULL), c = call(&house, 4, NULL);
  assert_ok(try_link(&house, a, 50), &house.error);
  assert_ok(try_link(&house, b, 50), &house.error);
  assert_ok(try_link(&house, c, 50), &house.error);
  expect_state(&house, a, "merged");
  int64_t sum = 0;
  order_of_outage(house.orders, (OutageId){50}, collect, &sum);
  assert_int_equal(sum, 7);
  int32_t version = order_find(house.orders, a)->version;
  assert_ok(try_link(&house, a, 50), &house.error); /* nothing to do */
  assert_int_equal(order_find(house.orders, a)->version, version);
  assert_ok(try_link(&house, b, 51), &house.error); /* to another outage: still merged */
  expect_state(&house, b, "merged");
  assert_ok(try_link(&house, c, 0), &house.error);  /* out of it: back where it was */
  expect_state(&house, c, "assessed");
  sum = 0;
  order_of_outage(house.orders, (OutageId){50}, collect, &sum);
  assert_int_equal(sum, 1);
  take(&house, a, "dispatch", "{\"crew\":\"9\"}"); /* the outage's crew takes its orders along */
  take(&house, a, "arrive", NULL);
  assert_ok(try_link(&house, a, 0), &house.error); /* under way: the link goes, the state stays */
  expect_state(&house, a, "on_site");
  assert_int_equal(events(&house, "order.linked", "\"outage\":null,\"was\":\"50\""), 2);
  restart(&house);
  close_house(&house);
}

#define ASK_SUSPEND "{\"reason\":\"weather\",\"evidence\":\"77\",\"until\":\"2026-11-25\",\"note\":\"雷暴\"}"

static void urging_suspending_and_handing_over(void **state) {
  (void)state;
  House house;
  open_house(&house);
  OrderId id = call(&house, 1, NULL);
  take(&house, id, "urge", "{\"note\":\"快点\"}");
  take(&house, id, "urge", NULL);
  assert_false(try_step(&house, id, "urge", 0, KIND_ROLE_AGENT, NULL));
  assert_int_equal(house.error.code, ERROR_ORDER_STEP_TIMES);
  take(&house, id, "dispatch", "{\"crew\":\"3\"}");
  take(&house, id, "hand_over", "{\"staff\":\"77\"}");
  assert_int_equal(order_find(house.orders, id)->assignee.value, 77);
  pass(&house, 80 * SPAN_MINUTE); /* of 90 */
  assert_false(try_step(&house, id, "suspend", 0, KIND_ROLE_DISPATCHER, NULL));
  assert_int_equal(house.error.code, ERROR_ORDER_STEP_BEFORE);
  assert_false(try_step(&house, id, "ask_suspend", 0, KIND_ROLE_CREW, ASK_SUSPEND));
  assert_int_equal(house.error.code, ERROR_NOT_FOUND); /* there is no such evidence */
  put_attachment(&house, 77);
  restart(&house);
  take(&house, id, "ask_suspend", ASK_SUSPEND);
  assert_false(try_step(&house, id, "suspend", 0, KIND_ROLE_DISPATCHER, NULL)); /* by who asked for it */
  assert_int_equal(house.error.code, ERROR_ORDER_SAME_PERSON);
  house.actor = "staff:6";
  take(&house, id, "suspend", NULL);
  assert_false(try_step(&house, id, "suspend", 0, KIND_ROLE_DISPATCHER, NULL)); /* the asking is used up */
  restart(&house);
  assert_false(try_step(&house, id, "take", 0, KIND_ROLE_CREW, NULL));
  assert_int_equal(house.error.code, ERROR_ORDER_SUSPENDED);
  pass(&house, 5 * SPAN_HOUR);
  take(&house, id, "resume", NULL);
  ClockSet clocks;
  live_get_clocks(&house.orders->live, live_find(&house.orders->live, id), &clocks);
  const ClockState *arrive = &clocks.at[2];
  assert_int_equal(arrive->used, 80 * SPAN_MINUTE);
  pass(&house, 9 * SPAN_MINUTE);
  take(&house, id, "arrive", NULL);
  live_get_clocks(&house.orders->live, live_find(&house.orders->live, id), &clocks);
  assert_int_equal(clocks.at[2].phase, CLOCK_STOPPED);
  assert_int_equal(clocks.at[2].full_at, INSTANT_NONE); /* kept: 89 of 90 minutes */
  take(&house, id, "ask_suspend", ASK_SUSPEND);
  house.actor = "staff:5";
  take(&house, id, "suspend", "{\"note\":\"锁着\"}");
  take(&house, id, "restore", NULL); /* power came back all the same */
  assert_false(order_find(house.orders, id)->suspended);
  restart(&house);
  close_house(&house);
}

/* It ends when the day begins, neither sooner nor later, whether a tick or a step or a start of the program finds it over. */
static void a_suspension_ends_by_itself(void **state) {
  (void)state;
  const Instant until = instant_of((Civil){.year = 2026, .month = 11, .day = 25}, ZONE_SHANGHAI);
  for (int found_by = 0; found_by < 3; found_by++) {
    House house;
    open_house(&house);
    OrderId id = call(&house, 1, NULL);
    take(&house, id, "dispatch", "{\"crew\":\"3\"}");
    pass(&house, 30 * SPAN_MINUTE); /* of 90 */
    put_attachment(&house, 77);
    assert_false(try_step(&house, id, "ask_suspend", 0, KIND_ROLE_CREW,
                          "{\"reason\":\"weather\",\"evidence\":\"77\",\"until\":\"2026-11-21\",\"note\":\"雷暴\"}"));
    assert_string_equal(house.error.where, "$.fields.until");
    take(&house, id, "ask_suspend", ASK_SUSPEND);
    house.actor = "staff:6";
    take(&house, id, "suspend", NULL);
    restart(&house);
    pass(&house, until - 1 - time_now(&house.time));
    assert_ok(desk_tick(house.desk, &house.error), &house.error);
    assert_true(order_find(house.orders, id)->suspended);
    pass(&house, 1 + 20 * SPAN_MINUTE); /* 20 minutes late */
    if (found_by == 1) restart(&house);
    if (found_by == 2) assert_false(try_step(&house, id, "take", 7, KIND_ROLE_CREW, NULL)); /* fails for another reason: nothing is half done */
    if (found_by) take(&house, id, "take", NULL);
    else assert_ok(desk_tick(house.desk, &house.error), &house.error);
    assert_false(order_find(house.orders, id)->suspended);
    restart(&house);
    ClockSet clocks;
    live_get_clocks(&house.orders->live, live_find(&house.orders->live, id), &clocks);
    const KindClock *clock = &order_find(house.orders, id)->kind->clocks[2];
    assert_true(text_is(clock->id, "arrive"));
    assert_int_equal(clock_due(&clocks.at[2], &clock->promise->clock), until + 60 * SPAN_MINUTE);
    assert_int_equal(clock_read(&clocks.at[2], &clock->promise->clock, time_now(&house.time)).used, 50 * SPAN_MINUTE);
    close_house(&house);
  }
}

static void marks_are_told_once(void **state) {
  (void)state;
  House house;
  open_house(&house);
  OrderId id = call(&house, 1, NULL);
  call(&house, 2, NULL);
  /* dispatch is promised in 2 min, arrival in 90 min: marks 75, 100 and 50, 75, 90, 100, 150 */
  static const struct { Span at; int clock75, clock100, arrive; } WHEN[] = {
      {89 * SPAN_SECOND, 0, 0, 0}, {90 * SPAN_SECOND, 2, 0, 0}, {119 * SPAN_SECOND, 2, 0, 0}, {120 * SPAN_SECOND, 2, 2, 0},
      {44 * SPAN_MINUTE, 2, 2, 0}, {45 * SPAN_MINUTE, 2, 2, 2}, {90 * SPAN_MINUTE, 2, 2, 8}, {200 * SPAN_MINUTE, 2, 2, 10}};
  Instant began = time_now(&house.time);
  for (size_t i = 0; i < sizeof WHEN / sizeof *WHEN; i++) {
    time_virtual(&house.time, began + WHEN[i].at);
    assert_ok(desk_tick(house.desk, &house.error), &house.error);
    assert_ok(desk_tick(house.desk, &house.error), &house.error);
    restart(&house);
    assert_ok(desk_tick(house.desk, &house.error), &house.error);
    assert_int_equal(events(&house, "order.clock", "\"clock\":\"dispatch\",\"promise\":\"dispatch\",\"mark\":75"), WHEN[i].clock75);
    assert_int_equal(events(&house, "order.clock", "\"clock\":\"dispatch\",\"promise\":\"dispatch\",\"mark\":100"), WHEN[i].clock100);
    assert_int_equal(events(&house, "order.clock", "\"clock\":\"arrive\""), WHEN[i].arrive);
  }
  /* what passes between two ticks is told by the step itself, once */
  take(&house, id, "restore", NULL);
  pass(&house, 31 * SPAN_MINUTE);
  take(&house, id, "reply", NULL);
  assert_int_equal(events(&house, "order.clock", "\"clock\":\"reply\""), 2);
  restart(&house);
  assert_ok(desk_tick(house.desk, &house.error), &house.error);
  assert_int_equal(events(&house, "order.clock", "\"clock\":\"reply\""), 2);
  close_house(&house);
}

/* Whatever SQL call fails, in whatever command: nothing is half done, and memory is what the rows say. */
static void no_failure_leaves_a_half(void **state) {
  (void)state;
  House house;
  open_house(&house);
  OrderId id = call(&house, 1, NULL);
  take(&house, id, "dispatch", "{\"crew\":\"3\"}");
  pass(&house, 95 * SPAN_MINUTE);
  put_attachment(&house, 77);
  static const char *const STEPS[] = {"note", "ask_suspend", "suspend", "resume", "restore", "call_back"};
  static const char *const FIELDS[] = {"{\"note\":\"x\"}", ASK_SUSPEND, NULL, NULL, NULL,
                                       "{\"answer\":\"satisfied\"}"};
  for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
    bool ok = false;
    for (int64_t nth = 1; !ok; nth++) {
      assert_true(nth < 100);
      int64_t seq = desk_last_seq(house.desk);
      house.actor = i == 2 ? "staff:6" : NULL;
      db_fail_at(nth);
      ok = try_step(&house, id, STEPS[i], 0, UINT32_MAX, FIELDS[i]);
      db_fail_at(0);
      if (!ok) assert_int_equal(desk_last_seq(house.desk), seq);
      Command probe = {.house = &house, .step = {.order = id, .step = TEXT("no such step")}};
      assert_false(desk_do(house.desk, work_step, &probe, TEXT("system"), &house.error));  /* a job, so that memory is fresh */
      restart(&house);
    }
  }
  bool taken = false;
  for (int64_t nth = 1; !taken; nth++) {
    Command command = {.house = &house, .accept = {.kind = TEXT("fault_repair"), .customer = {9}, .device = 7, .what = TEXT("no_power")}};
    assert_true(nth < 100);
    db_fail_at(nth);
    taken = desk_do(house.desk, work_accept, &command, TEXT("staff:5"), &house.error);
    db_fail_at(0);
    Command probe = {.house = &house, .step = {.order = id, .step = TEXT("no such step")}};
    assert_false(
        desk_do(house.desk, work_step, &probe, TEXT("system"), &house.error)); /* a failed commit leaves memory stale until the next job */
    assert_int_equal(order_count(house.orders), taken);
    restart(&house);
  }
  close_house(&house);
}

static void damage_is_found(void **state) {
  (void)state;
  static const struct { const char *sql, *says;
  } CASES[] = {{"UPDATE orders SET state = 'taken' WHERE id = (SELECT MIN(id) FROM orders)", "memory"},
               {"UPDATE orders SET state = 'moon' WHERE id = (SELECT MIN(id) FROM orders)", "state is none"},
               {"UPDATE orders SET trail = '3@5;' WHERE id = (SELECT MIN(id) FROM orders)", "clocks"},
               {"UPDATE orders SET trail = 'x' WHERE id = (SELECT MIN(id) FROM orders)", "trail is not readable"},
               {"UPDATE orders SET closed_at = 5 WHERE id = (SELECT MIN(id) FROM orders)", "closed"},
               {"DELETE FROM orders WHERE id = (SELECT MAX(id) FROM orders)", "no row"},
               {"DELETE FROM event WHERE seq = 2", "no event says"},
               {"DELETE FROM event WHERE kind = 'order.step'", "row"},
               {"UPDATE event SET data = replace(data, '\"to\":\"dispatched\"', '\"to\":\"taken\"')", "leads to"},
               {"UPDATE promise_sum SET kept = kept + 1 WHERE period % 100 <> 0", "sums"},
               {"INSERT INTO order_clock SELECT county_id, 77, clock, run, promise, promise_version, org_id, area, started_at, ended_at, "
                "used, limit_us, kept FROM order_clock",
                "sums"},
               {"UPDATE event SET data = replace(data, '\"version\":2', '\"version\":9')", "version 2"}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    House house;
    char problem[ERROR_TEXT_MAX];
    open_house(&house);
    OrderId id = call(&house, 1, NULL);
    call(&house, 2, NULL);
    take(&house, id, "dispatch", "{\"crew\":\"3\"}");
    restart(&house);
    assert_ok(db_run(house.db, CASES[i].sql, &house.error), &house.error);
    assert_ok(order_check(house.orders, house.db, problem, &house.error), &house.error);
    if (!strstr(problem, CASES[i].says)) fail_msg("case %zu: '%s' does not say '%s'", i, problem, CASES[i].says);
    close_house(&house);
  }
}

/* Any days by few periods: each day counted once, the others not at all. */
static void days_by_few_periods(void **state) {
  (void)state;
  Random random;
  random_seed(&random, 9);
  for (int n = 0; n < 3000; n++) {
    Instant begin = instant_of((Civil){.year = 2023, .month = 1, .day = 1}, ZONE_SHANGHAI);
    int32_t from = board_day(begin + random_between(&random, 0, 1400) * SPAN_DAY), to = board_day(begin + random_between(&random, 0, 1400) * SPAN_DAY),
            until = board_day(begin + random_between(&random, 0, 1500) * SPAN_DAY);
    RollSpan spans[ROLL_SPANS_MAX];
    if (to > until) to = until;
    size_t count = roll_spans(spans, from, to, until);
    assert_true(count <= ROLL_SPANS_MAX);
    for (int32_t day = 20230101; day <= 20271231; day = roll_day_after(day)) {
      int times = 0;
      for (size_t i = 0; i < count; i++) {
        int32_t period = spans[i].to < 10000 ? day / 10000 : spans[i].to < 1000000 ? day / 100 : day;
        if (period < spans[i].from || period > spans[i].to) continue;
        times += spans[i].sign;
        assert_true(until >= (period == day ? day : period < 10000 ? period * 10000 + 1231 : period * 100 + 28)); /* only of what is over */
      }
      if (times != (day >= from && day <= to)) fail_msg("%d to %d until %d: %d is counted %d times", from, to, until, day, times);
    }
  }
}

/* Sums over any stretch of days, by months where they are whole, equal to adding up each measurement. */
typedef struct Measures {
  House *house;
  struct { Instant at; Span used; bool kept; int area; } one[600];
} Measures;

static bool work_measures(DeskContext *context, void *self, Error *error) {
  Measures *measures = self;
  const Promise *promise = book_promise(measures->house->orders->book, 0);
  for (size_t i = 0; i < 600; i++) {
    ClockState state = {.since = measures->one[i].at, .used = measures->one[i].used, .runs = 1};
    MeasuredClock measured = {.order = {(int64_t)i + 1},
                              .clock = TEXT("x"),
                              .promise = promise,
                              .state = &state,
                              .area = measures->one[i].area,
                              .kept = measures->one[i].kept};
    if (!store_add_to_sum(context, &measured, promise->origin.id, board_day(measures->one[i].at), error)) return false;
  }
  return true;
}

enum { BOARD_PROMISES = 200 };

/* The desk's tick rolls up a bounded number of days at a time. */
static void roll_up(House *house) {
  int32_t yesterday = board_day(time_now(&house->time) - SPAN_DAY - 3 * SPAN_HOUR);
  for (int i = 0; i < 1000 && house->orders->rolled < yesterday; i++) assert_ok(desk_tick(house->desk, &house->error), &house->error);
  assert_int_equal(house->orders->rolled, yesterday);
}

static void sums_over_any_days(void **state) {
  (void)state;
  House house;
  Random random;
  static Measures measures;
  random_seed(&random, 3);
  open_house(&house);
  measures.house = &house;
  Instant begin = instant_of((Civil){.year = 2025, .month = 10, .day = 1}, ZONE_SHANGHAI);
  for (size_t i = 0; i < 600; i++) {
    measures.one[i].at = begin + random_between(&random, 0, 500 * 86400) * SPAN_SECOND;
    measures.one[i].used = random_between(&random, 0, 3600) * SPAN_SECOND;
    measures.one[i].kept = random_below(&random, 2);
    measures.one[i].area = (int)random_below(&random, AREA_COUNT);
  }
  assert_ok(desk_do(house.desk, work_measures, &measures, TEXT("system"), &house.error), &house.error);
  for (int n = 0; n < 400; n++) {
    Instant from = begin + random_between(&random, 0, 500) * SPAN_DAY, to = from + random_between(&random, 0, n % 2 ? 40 : 500) * SPAN_DAY;
    BoardWish wish = {.from_day = board_day(from), .to_day = board_day(to)};
    if (n % 100 == 99) pass(&house, 30 * SPAN_DAY), roll_up(&house); /* first nothing is rolled up, then more and more */
    static BoardSums all[BOARD_PROMISES];
    assert_true(book_promise_count(house.orders->book) <= BOARD_PROMISES);
    assert_ok(board_sums(all, house.orders, house.db, &wish, &house.error), &house.error);
    BoardSums sums = all[0];
    for (int area = 0; area < AREA_COUNT; area++) {
      BoardSum sum = {0};
      for (size_t i = 0; i < 600; i++)
        if (measures.one[i].area == area && measures.one[i].at >= from && measures.one[i].at < to + SPAN_DAY)
          sum.measured++, sum.kept += measures.one[i].kept, sum.used += measures.one[i].used;
      assert_int_equal(sums.area[area].measured, sum.measured);
      assert_int_equal(sums.area[area].kept, sum.kept);
      assert_int_equal(sums.area[area].used, sum.used);
    }
  }
  close_house(&house);
}

/* --- other kinds, orders that come of orders, rules that change --- */

static bool try_open(House *house, const char *kind, const char *what, const char *description, const char *fields, OrderId *out) {
  json_t *values = fields ? json_loads(fields, 0, NULL) : NULL;
  Command command = {.house = house,
                     .accept = {.kind = text_of(kind),
                                .customer = {500},
                                .device = 7,
                                .what = text_of(what),
                                .description = text_of(description),
                                .fields = values,
                                .roles = KIND_ROLE_MANAGER | KIND_ROLE_AGENT}};
  error_clear(&house->error);
  bool ok = desk_do(house->desk, work_accept, &command, TEXT("staff:5"), &house->error);
  json_decref(values);
  *out = command.id;
  return ok;
}

static void every_kind_has_its_form(void **state) {
  (void)state;
  House house;
  OrderId id;
  open_house(&house);
  static const struct { const char *kind, *what, *description, *fields; ErrorCode code; const char *where; } CASES[] = {
      {"complaint", "service", "态度不好", NULL, ERROR_NONE, ""},
      {"complaint", "service", NULL, NULL, ERROR_FIELD_MISSING, "$.fields.description"},
      {"complaint", "weather", "x", NULL, ERROR_FIELD_INVALID, "$.what"},
      {"enquiry", NULL, "电价多少", "{\"topic\":\"电价\"}", ERROR_NONE, ""},
      {"enquiry", NULL, "电价多少", NULL, ERROR_FIELD_MISSING, "$.fields.topic"},
      {"enquiry", "no_power", "x", "{\"topic\":\"t\"}", ERROR_FIELD_UNKNOWN, "$.what"},
      {"reconnection", NULL, NULL, "{\"paid_at\":\"today\"}", ERROR_FIELD_INVALID, "$.fields.paid_at"},
      {"reconnection", NULL, NULL, "{\"paid_at\":\"2026-11-21T20:00:00+08:00\"}", ERROR_NONE, ""},
      {"low_voltage", NULL, NULL, "{\"measured\":176.5}", ERROR_NONE, ""},
      {"low_voltage", NULL, NULL, "{\"measured\":1765}", ERROR_FIELD_INVALID, "$.fields.measured"},
      {"fault_repair", "no_power", NULL, "{\"colour\":1}", ERROR_FIELD_UNKNOWN, "$.fields.colour"},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    bool ok = try_open(&house, CASES[i].kind, CASES[i].what, CASES[i].description, CASES[i].fields, &id);
    if (ok != (CASES[i].code == ERROR_NONE) || house.error.code != CASES[i].code || strcmp(house.error.where, CASES[i].where) != 0)
      fail_msg("case %zu: %s at %s", i, error_name(house.error.code), house.error.where);
  }
  assert_int_equal(order_count(house.orders), 4);
  assert_int_equal(events(&house, "order.accepted", "\"fields\":{\"topic\":\"电价\"}"), 1);
  assert_int_equal(events(&house, "order.accepted", "电价多少"), 0);
  restart(&house);
  close_house(&house);
}

static const Order *of_kind(House *house, const char *kind) {
  for (size_t i = 0; i < order_count(house->orders); i++)
    if (text_is(order_at(house->orders, i)->kind->origin.id, kind)) return order_at(house->orders, i);
  return NULL;
}

static void a_parent_waits_for_what_came_of_it(void **state) {
  (void)state;
  House house;
  OrderId finding;
  open_house(&house);
  assert_true(try_open(&house, "visit_finding", "voltage", "电压低", NULL, &finding));
  take(&house, finding, "to_low_voltage", NULL);
  expect_state(&house, finding, "waiting");
  assert_int_equal(order_find(house.orders, finding)->children, 1);
  const Order *child = of_kind(&house, "low_voltage");
  assert_non_null(child);
  assert_int_equal(child->parent.value, finding.value);
  assert_int_equal(child->customer.value, 500);
  OrderId id = child->id;
  restart(&house);
  assert_false(try_step(&house, finding, "go_on", 0, UINT32_MAX, NULL));
  assert_int_equal(house.error.code, ERROR_ORDER_WAITS);
  take(&house, id, "verify", "{\"real\":\"yes\",\"voltage\":180}");
  take(&house, id, "plan", "{\"remedy\":\"conductor\",\"until\":\"2026-12-01\"}");
  take(&house, id, "start_works", NULL);
  take(&house, id, "finish", NULL);
  assert_false(try_step(&house, id, "check", 0, UINT32_MAX, "{\"voltage\":180}"));
  take(&house, id, "check", "{\"voltage\":221.5}");
  /* the failing of any SQL call in the cascade leaves neither of them half done */
  bool ok = false;
  for (int64_t nth = 1; !ok; nth++) {
    assert_true(nth < 200);
    db_fail_at(nth);
    ok = try_step(&house, id, "call_back", 0, UINT32_MAX, "{\"answer\":\"satisfied\"}");
    db_fail_at(0);
    Command probe = {.house = &house, .step = {.order = finding, .step = TEXT("no such step")}};
    assert_false(desk_do(house.desk, work_step, &probe, TEXT("system"), &house.error));
    expect_state(&house, finding, ok ? "mended" : "waiting");
    assert_int_equal(order_find(house.orders, finding)->children, ok ? 0 : 1);
    if (nth % 7 == 0 || ok) restart(&house);
  }
  close_house(&house);
}

static void an_order_keeps_the_rules_it_began_under(void **state) {
  (void)state;
  House house;
  char folder[64] = "/tmp/dianbaomu_rules_XXXXXX", part[96], path[128];
  open_house(&house);
  OrderId old = call(&house, 1, NULL), young;
  int64_t before = order_find(house.orders, old)->kind->book;
  assert_non_null(mkdtemp(folder));
  snprintf(part, sizeof part, "%s/promises", folder);
  snprintf(path, sizeof path, "%s/fault.yaml", part);
  assert_int_equal(mkdir(part, 0700), 0);
  Buffer text;
  buffer_begin(&text, 0);
  assert_ok(buffer_read_file(&text, "rules/promises/fault.yaml", &house.error), &house.error);
  buffer_byte(&text, '\0');
  assert_false(text.failed);
  char *limit = strstr(text.at, "rural: 90 min");
  assert_non_null(limit);
  memcpy(limit, "rural: 60 min", 13);
  text.len--;
  assert_ok(buffer_write_file(&text, path, &house.error), &house.error);
  buffer_end(&text);
  close_desk(&house);
  DeskOptions options = {.county_id = 1, .time = &house.time};
  assert_ok(desk_open(&house.desk, house.db, &options, &house.error), &house.error);
  assert_ok(order_open(&house.orders, house.desk, house.db, NULL, NULL, folder, &house.error), &house.error);
  young = call(&house, 2, NULL);
  assert_int_equal(order_find(house.orders, old)->kind->book, before);
  assert_int_not_equal(order_find(house.orders, young)->kind->book, before);
  ClockSet clocks;
  live_get_clocks(&house.orders->live, live_find(&house.orders->live, old), &clocks);
  assert_int_equal(clocks.at[2].limit, 90 * SPAN_MINUTE);
  live_get_clocks(&house.orders->live, live_find(&house.orders->live, young), &clocks);
  assert_int_equal(clocks.at[2].limit, 60 * SPAN_MINUTE);
  restart(&house); /* now without the folder: both versions come from their rows */
  take(&house, old, "dispatch", NULL);
  take(&house, young, "dispatch", NULL);
  live_get_clocks(&house.orders->live, live_find(&house.orders->live, young), &clocks);
  assert_int_equal(clocks.at[2].limit, 60 * SPAN_MINUTE);
  restart(&house);
  close_house(&house);
  unlink(path);
  rmdir(part);
  rmdir(folder);
}

static void urgency_may_change(void **state) {
  (void)state;
  House house;
  open_house(&house);
  OrderId id = call(&house, 1, NULL);
  take(&house, id, "set_urgency", "{\"urgency\":\"life\"}");
  assert_int_equal(order_find(house.orders, id)->urgency, 2);
  restart(&house);
  close_house(&house);
}

/* More marks than one tick tells: the rest comes with the next, also over a restart, none lost and none twice. */
static void many_marks_are_told_in_turns(void **state) {
  (void)state;
  enum { ORDERS = 1300 };
  House house;
  open_house(&house);
  for (int i = 0; i < ORDERS; i++) {
    call(&house, 1000 + i, NULL);
    if (i % 3 == 0) pass(&house, SPAN_MILLISECOND); /* some at the same instant */
  }
  pass(&house, 10 * SPAN_MINUTE); /* both marks of the dispatch clock are past for all */
  for (int tick = 0, told = 0;; tick++) {
    int before = told;
    assert_true(tick < 20);
    assert_ok(desk_tick(house.desk, &house.error), &house.error);
    told = events(&house, "order.clock", "\"clock\":\"dispatch\"");
    if (told == before) break;
    assert_true(told - before < 1010);
    restart(&house);
  }
  assert_int_equal(events(&house, "order.clock", "\"promise\":\"dispatch\",\"mark\":75"), ORDERS);
  assert_int_equal(events(&house, "order.clock", "\"promise\":\"dispatch\",\"mark\":100"), ORDERS);
  /* a tick that fails in the middle tells nothing, and the next one all */
  pass(&house, 50 * SPAN_MINUTE);
  db_fail_at(700);
  assert_false(desk_tick(house.desk, &house.error));
  db_fail_at(0);
  assert_int_equal(events(&house, "order.clock", "\"clock\":\"arrive\""), 0);
  assert_ok(desk_tick(house.desk, &house.error), &house.error);
  assert_ok(desk_tick(house.desk, &house.error), &house.error);
  assert_int_equal(events(&house, "order.clock", "\"clock\":\"arrive\""), ORDERS);
  restart(&house);
  close_house(&house);
}

/* --- what a phone without a net tells late --- */

static void a_phones_word_is_bounded(void **state) {
  (void)state;
  const Instant now = 1000 * SPAN_DAY, last = now - 5 * SPAN_HOUR, far = now - LIMIT_DONE_HOURS * SPAN_HOUR;
  const struct { Instant said, last, is; } CASES[] = {
      {INSTANT_NONE, last, now},       {now - SPAN_HOUR, last, now - SPAN_HOUR}, {now + SPAN_HOUR, last, now}, /* its clock is fast */
      {now - 6 * SPAN_HOUR, last, last}, {now - 30 * SPAN_DAY, far - SPAN_DAY, far}, {0, INSTANT_NONE, far},
      {now - SPAN_HOUR, now + SPAN_HOUR, now}, {now, last, now}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) assert_int_equal(fold_done_at(CASES[i].said, CASES[i].last, now), CASES[i].is);
}

static void late_step(House *house, OrderId id, const char *step, Instant done_at) {
  Command command = {.house = house, .step = {.order = id, .step = text_of(step), .roles = UINT32_MAX, .done_at = done_at}};
  assert_ok(desk_do(house->desk, work_step, &command, TEXT("staff:5"), &house->error), &house->error);
}

static const ClockState *clock_named(House *house, OrderId id, const char *name, ClockSet *set) {
  const OrderKind *kind = order_find(house->orders, id)->kind;
  live_get_clocks(&house->orders->live, live_find(&house->orders->live, id), set);
  for (size_t c = 0; c < kind->clock_count; c++)
    if (text_is(kind->clocks[c].id, name)) return &set->at[c];
  fail_msg("no clock %s", name);
  return NULL;
}

static int64_t kept_of(House *house, const char *clock) {
  char sql[160];
  DbStatement *s;
  bool row;
  snprintf(sql, sizeof sql, "SELECT MAX(kept) FROM order_clock WHERE county_id = 1 AND clock = '%s'", clock);
  assert_ok(db_prepare(&s, house->db, sql, &house->error) && db_step(&row, s, &house->error), &house->error);
  int64_t kept = db_column_is_null(s, 0) ? -1 : db_column_i64(s, 0);
  db_reset(s);
  return kept;
}

static void what_is_told_late_counts_as_done_then(void **state) {
  (void)state;
  House house;
  ClockSet set;
  char problem[ERROR_TEXT_MAX];
  int64_t count;
  open_house(&house);
  Instant begun = time_now(&house.time);
  OrderId id = call(&house, 100, NULL);
  pass(&house, SPAN_MINUTE);
  take(&house, id, "dispatch", "{\"crew\":\"31\"}");
  pass(&house, SPAN_MINUTE);
  take(&house, id, "take", NULL);
  for (int i = 0; i < 12; i++) {
    pass(&house, 10 * SPAN_MINUTE);
    assert_ok(desk_tick(house.desk, &house.error), &house.error);
  }
  int told = events(&house, "order.clock", "\"clock\":\"arrive\"");
  assert_true(told >= 3); /* nobody knew: broken, it was told */
  late_step(&house, id, "arrive", begun + 40 * SPAN_MINUTE);
  assert_int_equal(order_find(house.orders, id)->state_since, begun + 40 * SPAN_MINUTE);
  assert_int_equal(clock_named(&house, id, "arrive", &set)->used, 40 * SPAN_MINUTE);
  assert_int_equal(kept_of(&house, "arrive"), 1); /* 90 minutes in the country */
  assert_int_equal(events(&house, "order.step", "\"received_at\":\"2026-11-21T14:39:00.000Z\""), 1);
  assert_int_equal(events(&house, "order.clock", "\"clock\":\"arrive\""), told); /* none twice */
  restart(&house); /* … and memory as the rows have it */
  /* before what is known to have been done: as of then; in the future: now */
  late_step(&house, id, "survey", begun);
  assert_int_equal(order_find(house.orders, id)->state_since, begun + 40 * SPAN_MINUTE);
  late_step(&house, id, "work", time_now(&house.time) + SPAN_DAY);
  assert_int_equal(order_find(house.orders, id)->state_since, time_now(&house.time));
  assert_int_equal(events(&house, "order.step", "received_at"), 2);
  /* a clock that it began: its marks until now are told, once */
  told = events(&house, "order.clock", "\"clock\":\"restore\"");
  restart(&house);
  for (int i = 0; i < 12; i++) {
    pass(&house, 20 * SPAN_MINUTE);
    assert_ok(desk_tick(house.desk, &house.error), &house.error);
  }
  restart(&house);
  assert_ok(order_recount(house.orders, house.db, problem, &count, &house.error), &house.error);
  assert_string_equal(problem, "");
  close_house(&house);
}

TEST_MAIN(TEST(one_order_goes_round), TEST(refusals_say_what_is_possible), TEST(a_bad_call_is_refused),
          TEST(calling_again_counts_and_reopens), TEST(links_follow_the_outage), TEST(urging_suspending_and_handing_over), TEST(a_suspension_ends_by_itself),
          TEST(marks_are_told_once), TEST(no_failure_leaves_a_half), TEST(damage_is_found), TEST(days_by_few_periods), TEST(sums_over_any_days),
          TEST(every_kind_has_its_form), TEST(a_parent_waits_for_what_came_of_it), TEST(an_order_keeps_the_rules_it_began_under),
          TEST(a_phones_word_is_bounded), TEST(what_is_told_late_counts_as_done_then), TEST(urgency_may_change), TEST(many_marks_are_told_in_turns))
