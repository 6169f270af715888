#include "outage/outage.h"

#include <unistd.h>

#include "base/random.h"
#include "crew/testing.h"
#include "http/schema_node.h"
#include "order/kind.h"
#include "outage/outage_internal.h"

/* --- the dispatcher's use cases as one command --- */

typedef struct Act {
  Town *town;
  enum { CONFIRM, MOVE, SPLIT, MERGE, DISMISS, UNDO, ETA, RESTORE, DECLARE, UNASSIGN } what;
  OutageId id, into, out;
  int32_t version;
  uint32_t device, devices[4];
  OrderId orders[8];
  size_t count;
  Instant from, until;
} Act;

static bool work_act(DeskContext *context, void *command, Error *error) {
  Act *a = command;
  Outages *o = a->town->outages;
  switch (a->what) {
    case CONFIRM: return outage_confirm(context, o, a->id, a->version, error);
    case MOVE: return outage_move(context, o, a->id, a->version, a->device, error);
    case SPLIT: return outage_split(context, o, a->id, a->version, a->orders, a->count, &a->out, error);
    case MERGE: return outage_merge(context, o, a->id, a->version, a->into, error);
    case DISMISS: return outage_dismiss(context, o, a->id, a->version, TEXT("it was none"), error);
    case UNDO: return outage_undo(context, o, a->id, a->version, error);
    case ETA: return outage_set_eta(context, o, a->id, a->version, a->from, a->until, OUTAGE_ETA_DISPATCHER, error);
    case RESTORE: return outage_restore(context, o, a->id, a->version, a->devices, a->count, error);
    case DECLARE: return outage_declare(context, o, a->device, TEXT("tripped"), &a->out, error);
    default: return crew_unassign(context, a->town->crews, a->id, a->version, TEXT("needed elsewhere"), error);
  }
}

static ErrorCode act(Act *a) {
  Error error = {0};
  bool ok = desk_do(a->town->desk, work_act, a, TEXT("staff:2"), &error);
  assert_true(ok == (error.code == ERROR_NONE));
  return error.code;
}
#define ACT(...) act(&(Act){__VA_ARGS__})

static bool is_in(const Town *town, OrderId id, const char *state) { return order_state_is(town_order(town, id), state); }

/* --- gathering --- */

/* Who was switched off for arrears has no outage: the call is assessed as that, moves no belief, and is told so. */
typedef struct Stated {
  ArrearsStatement statement;
  Arrears *arrears;
} Stated;

static bool state_arrears(DeskContext *context, void *command, Error *error) {
  int64_t outcomes[ARREARS_OUTCOMES] = {0};
  Stated *told = command;
  return arrears_take(context, told->arrears, &told->statement, 1, outcomes, error);
}

static void arrears_are_no_outage(void **state) {
  (void)state;
  Stated told = {0};
  Town town;
  Error error = {0};
  town_open(&town);
  assert_ok(arrears_open(&told.arrears, town.desk, town.db, town.people, 1, &error), &error);
  order_on_arrears(town.orders, told.arrears);
  outage_on_arrears(town.outages, told.arrears);
  told.statement = (ArrearsStatement){town_customer(&town, "10001111"), 5000, true, time_now(&town.time)};
  assert_ok(desk_do(town.desk, state_arrears, &told, TEXT("staff:1"), &error), &error);
  OrderId off = town_call(&town, "10001111");
  assert_null(town_outage_at(&town, "T1-L1-M1"));
  assert_true(is_in(&town, off, "assessed"));
  told.statement.disconnected = false; /* owes, and has power: a call like any other */
  told.statement.customer = town_customer(&town, "10001211");
  assert_ok(desk_do(town.desk, state_arrears, &told, TEXT("staff:1"), &error), &error);
  OrderId owes = town_call(&town, "10001211");
  assert_true(is_in(&town, owes, "merged"));
  told.statement = (ArrearsStatement){town_customer(&town, "10001111"), 0, false, time_now(&town.time)};
  assert_ok(desk_do(town.desk, state_arrears, &told, TEXT("staff:1"), &error), &error);
  assert_non_null(order_of_customer(town.orders, town_customer(&town, "10001111"), "reconnection"));
  town_close(&town);
  arrears_close(told.arrears);
}

static void calls_gather_and_rise(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId first = town_call(&town, "10001111");
  const Outage *outage = town_outage_at(&town, "T1-L1-M1");
  assert_non_null(outage);
  assert_int_equal(outage->device, town_device(&town, "T1-L1-M1"));
  assert_int_equal(outage->state, OUTAGE_SUSPECTED);
  assert_int_equal(outage->customers_out, 2);
  assert_int_equal(town_order(&town, first)->outage.value, outage->id.value);
  assert_true(is_in(&town, first, "merged"));
  OutageId id = outage->id;
  int32_t version = outage->version;
  assert_int_equal(town_call(&town, "10001111").value, first.value); /* again: counted, nothing else */
  assert_int_equal(outage->calls, 2);
  assert_int_equal(outage->version, version);
  town_call(&town, "10001131");
  assert_int_equal(outage_find(town.outages, id)->device, town_device(&town, "T1-L1"));
  town_call(&town, "10001221");
  outage = outage_find(town.outages, id);
  assert_int_equal(outage->device, town_device(&town, "T1")); /* not its fuse: nothing tells them apart, and people know the transformer */
  assert_int_equal(outage->customers_out, 18);
  assert_int_equal(outage->households, 3);
  assert_true(outage->version > version);
  assert_int_equal(outage_count(town.outages), 1);
  assert_ptr_equal(outage_of_device(town.outages, town_device(&town, "T1-L2-M5")), outage);
  assert_null(town_outage_at(&town, "T2"));
  GridRanges dark;
  uint32_t customers;
  Error error = {0};
  assert_ok(outage_dark(town.outages, &dark, &customers, &error), &error);
  assert_int_equal(customers, 18);
  assert_int_equal(dark.count, 1);
  grid_ranges_free(&dark);
  town_close(&town);
}

static void other_troubles_are_no_outage(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId id = town_call_about(&town, "10001111", "voltage");
  assert_int_equal(outage_count(town.outages), 0);
  assert_int_equal(town_order(&town, id)->outage.value, 0);
  town_call_about(&town, "10002111", "part_power");
  assert_int_equal(outage_count(town.outages), 1);
  town_close(&town);
}

static int64_t events_of_kind(const Town *town, const char *kind) {
  DbStatement *s;
  bool row;
  Error error = {0};
  assert_ok(db_prepare(&s, town->db, "SELECT COUNT(*) FROM event WHERE kind = ?1", &error), &error);
  db_bind_text(s, 1, text_of(kind));
  assert_ok(db_step(&row, s, &error), &error);
  int64_t count = db_column_i64(s, 0);
  db_reset(s);
  return count;
}

static void counts_are_told_once_a_tick(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  town_call(&town, "10001111");
  town_pass(&town, 0.1);
  int64_t before = events_of_kind(&town, "outage.changed");
  for (int i = 0; i < 20; i++) town_call(&town, "10001112");
  assert_int_equal(events_of_kind(&town, "outage.changed"), before);
  town_pass(&town, 0.1);
  assert_int_equal(events_of_kind(&town, "outage.changed"), before + 1);
  town_pass(&town, 0.1);
  assert_int_equal(events_of_kind(&town, "outage.changed"), before + 1);
  assert_int_equal(outage_at(town.outages, 0)->calls, 21);
  town_close(&town);
}

/* --- what is believed --- */

/* The classical rule lifts two faults of one branch to the branch: silence of the third transformer says otherwise. */
static void two_faults_of_one_branch_stay_two(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId first[4], second[4];
  static const char *const a[] = {"10001111", "10001131", "10001211", "10001231"}, *const b[] = {"10002111", "10002131", "10002211", "10002231"};
  for (int i = 0; i < 4; i++) {
    first[i] = town_call(&town, a[i]), second[i] = town_call(&town, b[i]);
    town_pass(&town, 2);
  }
  town_pass(&town, 3);
  assert_int_equal(outage_count(town.outages), 2);
  const Outage *one = town_outage_at(&town, "T1"), *other = town_outage_at(&town, "T2");
  assert_non_null(one);
  assert_non_null(other);
  assert_int_not_equal(one->id.value, other->id.value);
  assert_null(town_outage_at(&town, "T3"));
  for (int i = 0; i < 4; i++) {
    assert_int_equal(town_order(&town, first[i])->outage.value, one->id.value);
    assert_int_equal(town_order(&town, second[i])->outage.value, other->id.value);
  }
  town_close(&town);
}

typedef struct Heard {
  Town *town;
  OutageEvidence items[128];
  OutageEvidenceVerdict verdicts[128];
  size_t count;
} Heard;

static bool work_heard(DeskContext *context, void *command, Error *error) {
  Heard *heard = command;
  return outage_evidence(context, heard->town->outages, heard->items, heard->count, heard->verdicts, error);
}

static void hear(Heard *heard, const char *kind, const char *subject) {
  heard->items[heard->count++] = (OutageEvidence){.at = time_now(&heard->town->time), .kind = text_of(kind), .subject = text_of(subject)};
}

static void say(Heard *heard) {
  Error error = {0};
  assert_ok(desk_do(heard->town->desk, work_heard, heard, TEXT("staff:2"), &error), &error);
  for (size_t i = 0; i < heard->count; i++) assert_non_null(heard->verdicts[i].name);
}

static bool is_verdict(const Heard *heard, size_t i, const char *name) { return strcmp(heard->verdicts[i].name, name) == 0; }

/* Transformers of one feeder go dark in one moment: one event, at the feeder. When the meters come back it is over, with nobody having called. */
static void a_burst_of_meters_is_one_outage_until_they_are_back(void **state) {
  (void)state;
  static const char *const meters[] = {"M10001111", "M10001221", "M10002111", "M10002231", "M10003121", "M10003211", "M10001151", "M10002251", "M10003251"};
  Town town;
  town_open(&town);
  Heard dark = {.town = &town}, lit = {.town = &town};
  for (int i = 0; i < 9; i++) hear(&dark, i % 2 ? "last_gasp" : "3.26.136.47", meters[i]);
  say(&dark);
  for (size_t i = 0; i < dark.count; i++) assert_true(is_verdict(&dark, i, "taken"));
  assert_int_equal(outage_count(town.outages), 1);
  const Outage *outage = outage_at(town.outages, 0);
  assert_int_equal(outage->device, town_device(&town, "F1"));
  assert_int_equal(outage->state, OUTAGE_SUSPECTED);
  assert_true(outage->probability > 0.9f && outage->households == 0);
  say(&dark); /* once more: nothing new */
  for (size_t i = 0; i < dark.count; i++) assert_true(is_verdict(&dark, i, "repeated"));
  assert_int_equal(outage_count(town.outages), 1);
  town_pass(&town, 4);
  for (int i = 0; i < 9; i++) hear(&lit, i % 2 ? "power_up" : "3.26.0.216", meters[i]);
  say(&lit);
  town_pass(&town, 1);
  assert_int_equal(outage_count(town.outages), 0);
  assert_int_equal(events_of_kind(&town, "outage.closed"), 1);
  town_close(&town);
}

/* Evidence against: who was called back has power. What nobody speaks for any more is taken back by itself. */
static void neighbours_with_power_take_it_back(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  Heard gasps = {.town = &town}, answers = {.town = &town};
  static const char *const dark[] = {"M10002111", "M10002121", "M10002131", "M10002141", "M10002151"};
  for (int i = 0; i < 5; i++) hear(&gasps, "last_gasp", dark[i]);
  say(&gasps);
  assert_int_equal(outage_count(town.outages), 1);
  town_pass(&town, 1);
  static const char *const lit[] = {"10002111", "10002121", "10002112", "10002131", "10002141", "10002151"};
  for (int i = 0; i < 6; i++) hear(&answers, "has_power", lit[i]);
  say(&answers);
  town_pass(&town, 0.1);
  assert_int_equal(outage_count(town.outages), 0);
  assert_int_equal(events_of_kind(&town, "outage.dismissed"), 1);
  town_close(&town);
}

/* The meter room says it by an event, a batch at a time; what cannot be read is set aside. */
static bool work_meter_room(DeskContext *context, void *command, Error *error) {
  char data[600], at[INSTANT_TEXT_MAX];
  (void)command;
  instant_to_text(context->now, ZONE_SHANGHAI, at);
  snprintf(data, sizeof data,
           "{\"items\":[{\"kind\":\"last_gasp\",\"meter\":\"M10002111\",\"at\":\"%s\"},{\"kind\":\"power_down\",\"meter\":\"M10002121\",\"at\":\"%s\"},"
           "{\"kind\":\"3.26.136.47\",\"meter\":\"M10002131\",\"at\":\"%s\"},{\"kind\":\"last_gasp\",\"meter\":\"M10002221\",\"at\":\"%s\"},{\"kind\":7}]}",
           at, at, at, at);
  return desk_event(context, "meter.power", "area", 1, text_of(data), error);
}

static void the_meter_room_is_heard(void **state) {
  (void)state;
  Town town;
  Error error = {0};
  town_open(&town);
  assert_ok(desk_do(town.desk, work_meter_room, NULL, TEXT("system"), &error), &error);
  assert_non_null(town_outage_at(&town, "T2"));
  assert_int_equal(events_of_kind(&town, "outage.evidence"), 1);
  town_close(&town);
}

static void impossible_evidence_is_set_aside(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  Heard heard = {.town = &town};
  hear(&heard, "last_gasp", "M99");
  hear(&heard, "thunder", "M10001111");
  hear(&heard, "last_gasp", "T1");
  hear(&heard, "last_gasp", "M10001111");
  heard.items[3].at += SPAN_HOUR;
  hear(&heard, "last_gasp", "M10001112");
  heard.items[4].at -= 30 * SPAN_DAY;
  hear(&heard, "switch_open", "T1-FU");
  hear(&heard, "switch_closed", "T1-FU");
  say(&heard);
  assert_true(is_verdict(&heard, 0, "unknown_subject") && is_verdict(&heard, 1, "unknown_kind") && is_verdict(&heard, 2, "wrong_subject"));
  assert_true(is_verdict(&heard, 3, "future") && is_verdict(&heard, 4, "too_old") && is_verdict(&heard, 5, "taken") && is_verdict(&heard, 6, "contradicts"));
  town_close(&town);
}

static void old_calls_are_no_evidence_for_new_ones(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  town_call(&town, "10001111");
  town_pass(&town, 120);
  town_call(&town, "10001121");
  assert_int_equal(outage_count(town.outages), 2);
  town_close(&town);
}

/* --- the whole way --- */

static void from_call_to_closed(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId orders[] = {town_call(&town, "10001111"), town_call(&town, "10001121"), town_call(&town, "10001211")};
  OutageId id = town_outage_at(&town, "T1")->id;
  assert_int_equal(ACT(.town = &town, .what = CONFIRM, .id = id), ERROR_NONE);
  assert_int_equal(outage_ladder(outage_find(town.outages, id)), LADDER_ASSESSING);
  town_pass(&town, 3);
  JobId job = town_send(&town, outage_find(town.outages, id), "K1");
  const Outage *outage = outage_find(town.outages, id);
  assert_int_equal(outage->stage, OUTAGE_ASSIGNED);
  assert_int_equal(outage->job, job.value);
  for (int i = 0; i < 3; i++) assert_true(is_in(&town, orders[i], "dispatched") && town_order(&town, orders[i])->crew.value == outage->crew.value);
  const char *const steps[] = {"take", "depart", "arrive"}, *const states[] = {"taken", "on_the_way", "on_site"};
  for (int s = 0; s < 3; s++) {
    town_pass(&town, 4);
    assert_int_equal(town_step(&town, job, steps[s], NULL), ERROR_NONE);
    for (int i = 0; i < 3; i++) assert_true(is_in(&town, orders[i], states[s]));
  }
  OrderId late = town_call(&town, "10001151"); /* joins, and catches up */
  assert_true(is_in(&town, late, "on_site"));
  assert_int_equal(town_step(&town, job, "survey", "{\"cause\":\"transformer_burnt\",\"eta_from\":\"2026-12-31T22:00:00+08:00\",\"eta_until\":\"2026-12-31T22:40:00+08:00\"}"), ERROR_NONE);
  outage = outage_find(town.outages, id);
  assert_string_equal(outage->cause, "transformer_burnt");
  assert_int_equal(outage->eta_source, OUTAGE_ETA_CREW);
  assert_true(is_in(&town, late, "surveyed"));
  town_mend(&town, job);
  assert_true(is_in(&town, late, "working"));
  Instant since = outage_find(town.outages, id)->since, now = time_now(&town.time);
  assert_int_equal(town_step(&town, job, "restore", NULL), ERROR_NONE);
  outage = outage_find(town.outages, id);
  assert_int_equal(outage->state, OUTAGE_RESTORED);
  assert_int_equal(outage->customers_out, 0);
  assert_int_equal(outage->customer_seconds, 18 * ((now - since) / SPAN_SECOND));
  assert_int_equal(outage_ladder(outage), LADDER_RESTORED);
  for (int i = 0; i < 3; i++) assert_true(is_in(&town, orders[i], "restored"));
  assert_int_equal(town_step(&town, job, "reply", "{\"note\":\"new transformer\"}"), ERROR_NONE);
  for (int i = 0; i < 3; i++) assert_true(is_in(&town, orders[i], "replied"));
  assert_int_equal(outage_count(town.outages), 1);
  town_call_back_all(&town);
  assert_int_equal(outage_count(town.outages), 0);
  assert_int_equal(order_count(town.orders), 0);
  assert_int_equal(crew_job_count(town.crews), 0);
  assert_int_equal(events_of_kind(&town, "outage.closed"), 1);
  Record *row;
  Error error = {0};
  assert_ok(outage_row_load(town.db, 1, town.grid, id, &row, &error), &error);
  assert_int_equal(row->o.state, OUTAGE_CLOSED);
  assert_int_equal(row->o.calls, 4);
  assert_int_equal(row->o.customers_peak, 18);
  assert_true(row->o.arrived_at - row->o.found_at == 15 * SPAN_MINUTE && row->closed_at != INSTANT_NONE);
  outage_record_free(row);
  town_close(&town);
}

static void partial_restoration_frees_exactly_those_below(void **state) {
  (void)state;
  Town town;
  char fields[100];
  town_open(&town);
  OrderId left = town_call(&town, "10001111"), left_too = town_call(&town, "10001131"), right = town_call(&town, "10001211");
  OutageId id = town_outage_at(&town, "T1")->id;
  JobId job = town_survey(&town, town_outage_at(&town, "T1"), "K1", "transformer_burnt");
  snprintf(fields, sizeof fields, "{\"devices\":[\"%lld\"]}", (long long)grid_device(town.grid, town_device(&town, "T1-L1"))->id.value);
  assert_int_equal(town_step(&town, job, "restore", fields), ERROR_NONE);
  const Outage *outage = outage_find(town.outages, id);
  assert_int_equal(outage->state, OUTAGE_PARTLY_RESTORED);
  assert_int_equal(outage_ladder(outage), LADDER_PARTLY_RESTORED);
  assert_int_equal(outage->customers_out, 9);
  assert_true(is_in(&town, left, "restored") && is_in(&town, left_too, "restored") && is_in(&town, right, "surveyed"));
  assert_null(outage_of_device(town.outages, town_device(&town, "T1-L1-M3")));
  assert_ptr_equal(outage_of_device(town.outages, town_device(&town, "T1-L2-M3")), outage);
  assert_int_equal(town_step(&town, job, "restore", fields), ERROR_OUTAGE_NOT_DARK); /* not twice */
  /* who is still dark below what was freed calls: a nested outage, while the rest goes on */
  town_pass(&town, 6);
  assert_int_equal(town_call(&town, "10001131").value, left_too.value);
  const Outage *nested = outage_of_device(town.outages, town_device(&town, "T1-L1-M3"));
  assert_non_null(nested);
  assert_int_equal(nested->device, town_device(&town, "T1-L1-M3"));
  assert_int_equal(town_order(&town, left_too)->outage.value, nested->id.value);
  assert_true(is_in(&town, left_too, "merged"));
  town_mend(&town, job);
  assert_int_equal(town_step(&town, job, "restore", NULL), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, id)->state, OUTAGE_RESTORED);
  assert_int_equal(outage_count(town.outages), 2);
  assert_int_equal(town_step(&town, job, "reply", NULL), ERROR_NONE);
  town_call_back_all(&town);
  assert_int_equal(outage_count(town.outages), 1);
  assert_int_equal(order_count(town.orders), 1);
  town_close(&town);
}

static void a_dissatisfied_call_back_opens_it_again(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId order = town_call(&town, "10003111");
  OutageId id = town_outage_at(&town, "T3-L1-M1")->id;
  assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = id), ERROR_NONE);
  assert_true(is_in(&town, order, "restored"));
  assert_int_equal(town_order_step(&town, order, "call_back", "{\"answer\":\"dissatisfied\"}"), ERROR_NONE);
  const Outage *outage = town_outage_at(&town, "T3-L1-M1");
  assert_non_null(outage);
  assert_int_not_equal(outage->id.value, id.value);
  assert_null(outage_find(town.outages, id)); /* nobody is left under the first: closed */
  town_close(&town);
}

/* A nested outage known before the greater one is restored keeps its customers; nobody's darkness counts twice. */
static void customers_of_a_nested_outage_stay_dark(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  Act box = {.town = &town, .what = DECLARE, .device = town_device(&town, "T2-L1-M1")}, area = {.town = &town, .what = DECLARE, .device = town_device(&town, "T2")};
  assert_int_equal(act(&area), ERROR_NONE);
  OrderId below = town_call(&town, "10002111"), other = town_call(&town, "10002211");
  assert_int_equal(town_order(&town, below)->outage.value, area.out.value);
  town_pass(&town, 10);
  assert_int_equal(act(&box), ERROR_NONE);
  town_pass(&town, 20);
  assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = area.out), ERROR_NONE);
  assert_true(is_in(&town, other, "restored") && is_in(&town, below, "merged"));
  assert_int_equal(town_order(&town, below)->outage.value, box.out.value);
  /* sixteen for thirty minutes, and two until the box was found: ten */
  assert_int_equal(outage_find(town.outages, area.out)->customer_seconds, 16 * 30 * 60 + 2 * 10 * 60);
  town_pass(&town, 5);
  assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = box.out), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, box.out)->customer_seconds, 2 * 25 * 60);
  town_close(&town);
}

/* Sent back by the check: under an outage of his own device, so that a crew can go; and on with his outage where he is dark still. */
static void a_rejected_order_is_gathered_again(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId order = town_call(&town, "10003111");
  OutageId id = town_outage_at(&town, "T3-L1-M1")->id;
  JobId job = town_survey(&town, outage_find(town.outages, id), "K1", "meter_box_fault");
  town_mend(&town, job);
  assert_int_equal(town_step(&town, job, "restore", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "reply", NULL), ERROR_NONE);
  assert_true(is_in(&town, order, "replied"));
  assert_int_equal(town_order_step(&town, order, "reject", "{\"reason\":\"no photograph\"}"), ERROR_NONE);
  assert_null(outage_find(town.outages, id)); /* nobody is left under it */
  const Outage *fresh = town_outage_at(&town, "T3-L1-M1");
  assert_non_null(fresh);
  assert_int_equal(town_order(&town, order)->outage.value, fresh->id.value);
  assert_true(is_in(&town, order, "rejected"));
  job = town_survey(&town, fresh, "K2", "no_fault_found");
  assert_true(is_in(&town, order, "surveyed"));
  assert_int_equal(town_order(&town, order)->crew.value, town_crew(&town, "K2").value);
  town_mend(&town, job);
  assert_int_equal(town_step(&town, job, "restore", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "reply", NULL), ERROR_NONE);
  town_call_back_all(&town);
  assert_int_equal(outage_count(town.outages), 0);
  assert_int_equal(order_count(town.orders), 0);
  town_close(&town);
}

/* --- the network fed in another way --- */

static const char *tell_switch(Town *town, const char *kind, const char *subject) {
  Heard heard = {.town = town};
  town_pass(town, 0.1);
  hear(&heard, kind, subject);
  say(&heard);
  return heard.verdicts[0].name;
}

static void restart(Town *town) {
  Error error = {0};
  assert_ok(outage_reload(town->db, town->outages, &error), &error);
}

/* A fault above a switch; the switch is opened and the tie beyond it closed: the island has power again, until the tie opens. */
static void an_island_is_lit_through_its_tie(void **state) {
  (void)state;
  for (int restarts = 0; restarts < 2; restarts++) {
    Town town;
    town_open(&town);
    Act fault = {.town = &town, .what = DECLARE, .device = town_device(&town, "F1")};
    assert_int_equal(act(&fault), ERROR_NONE);
    OrderId near_by = town_call(&town, "10001111"), beyond = town_call(&town, "10002111"), beyond_too = town_call(&town, "10003121");
    town_pass(&town, 10);
    assert_string_equal(tell_switch(&town, "switch_open", "F1-SW"), "taken");
    assert_int_equal(outage_count(town.outages), 1);
    assert_string_equal(tell_switch(&town, "switch_closed", "X1"), "taken");
    if (restarts) restart(&town);
    const Outage *o = outage_find(town.outages, fault.out);
    assert_int_equal(o->state, OUTAGE_PARTLY_RESTORED);
    assert_true(o->customers_out == 18 && o->customers_total == 54);
    assert_int_equal(o->customer_seconds, 36 * (10 * 60 + 12));
    assert_null(town_outage_at(&town, "F1-SW"));
    assert_null(town_outage_at(&town, "T3-L2-M5"));
    assert_ptr_equal(town_outage_at(&town, "T1"), o);
    assert_true(is_in(&town, near_by, "merged") && is_in(&town, beyond, "restored") && is_in(&town, beyond_too, "restored"));
    assert_int_equal(events_of_kind(&town, "outage.restored"), 1);
    assert_int_equal(events_of_kind(&town, "outage.fed"), 1);
    assert_string_equal(tell_switch(&town, "switch_open", "F1-SW"), "repeated"); /* head-ends say it again and again */
    assert_string_equal(tell_switch(&town, "switch_closed", "X1"), "repeated");
    town_pass(&town, 1);
    assert_int_equal(outage_count(town.outages), 1);
    /* a fault on the new way darkens the island, and its callers stand under that one */
    Act other = {.town = &town, .what = DECLARE, .device = town_device(&town, "F2-SW")};
    assert_int_equal(act(&other), ERROR_NONE);
    if (restarts) restart(&town);
    assert_int_equal(outage_find(town.outages, other.out)->customers_out, 37 + 36);
    assert_int_equal(town_call(&town, "10002111").value, beyond.value);
    assert_int_equal(town_order(&town, beyond)->outage.value, other.out.value);
    town_pass(&town, 5);
    assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = other.out), ERROR_NONE);
    assert_int_equal(outage_find(town.outages, other.out)->customers_total, 37 + 36);
    if (restarts) restart(&town);
    assert_int_equal(outage_find(town.outages, other.out)->customers_total, 37 + 36); /* it had fed the island: so it stays */
    assert_true(is_in(&town, beyond, "restored") && is_in(&town, near_by, "merged"));
    /* one box of the island alone */
    town_pass(&town, 1);
    town_call(&town, "10003121");
    const Outage *box = town_outage_at(&town, "T3-L1-M2");
    assert_non_null(box);
    assert_int_equal(box->device, town_device(&town, "T3-L1-M2"));
    assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = box->id), ERROR_NONE);
    /* and dark again */
    Instant since = outage_find(town.outages, fault.out)->since;
    town_pass(&town, 10);
    assert_string_equal(tell_switch(&town, "switch_open", "X1"), "taken");
    Instant again = time_now(&town.time);
    if (restarts) restart(&town);
    o = outage_find(town.outages, fault.out);
    assert_true(o->customers_out == 54 && o->state == OUTAGE_CONFIRMED && o->dark.count == 1);
    assert_ptr_equal(town_outage_at(&town, "T3-L2-M5"), o);
    town_pass(&town, 10);
    assert_string_equal(tell_switch(&town, "switch_closed", "F1-SW"), "taken");
    assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = fault.out), ERROR_NONE);
    Instant end = time_now(&town.time);
    assert_int_equal(outage_find(town.outages, fault.out)->customer_seconds,
                     18 * ((end - since) / SPAN_SECOND) + 36 * (10 * 60 + 12) + 36 * ((end - since) / SPAN_SECOND - (again - since) / SPAN_SECOND));
    town_pass(&town, 1);
    town_close(&town);
  }
}

/* Two ways at once are no way to reckon with: said, kept in mind, and in force when the other way is opened, with nobody dark between. */
static void a_loop_is_set_aside_until_it_is_opened(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  assert_string_equal(tell_switch(&town, "switch_closed", "X1"), "loop");
  assert_int_equal(events_of_kind(&town, "outage.fed"), 0);
  assert_string_equal(tell_switch(&town, "switch_open", "X9"), "unknown_subject");
  assert_string_equal(tell_switch(&town, "last_gasp", "X1"), "unknown_subject");
  restart(&town);
  assert_string_equal(tell_switch(&town, "switch_open", "F1-SW"), "taken");
  assert_int_equal(events_of_kind(&town, "outage.fed"), 1);
  town_pass(&town, 1);
  assert_int_equal(outage_count(town.outages), 0);
  Act fault = {.town = &town, .what = DECLARE, .device = town_device(&town, "F2")};
  assert_int_equal(act(&fault), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, fault.out)->customers_out, 55 + 36);
  restart(&town);
  assert_int_equal(outage_find(town.outages, fault.out)->customers_out, 55 + 36);
  /* back to the way it was built: the switch closes, the tie is a loop again */
  assert_string_equal(tell_switch(&town, "switch_closed", "F1-SW"), "taken");
  assert_int_equal(outage_find(town.outages, fault.out)->customers_out, 55);
  assert_null(town_outage_at(&town, "T2"));
  town_pass(&town, 1);
  town_close(&town);
}

/* --- thousands of orders under one outage --- */

typedef struct Crowd {
  Town *town;
  uint32_t device;
  int count;
} Crowd;

static bool work_crowd(DeskContext *context, void *command, Error *error) { /* strangers who say where they stand */
  Crowd *crowd = command;
  for (int i = 0; i < crowd->count; i++) {
    OrderAccept accept = {.kind = TEXT("fault_repair"), .device = crowd->device, .what = TEXT("no_power"), .source = TEXT("hotline"), .caller_phone = TEXT("13800000000")};
    OrderId id;
    bool again;
    if (!order_accept(context, crowd->town->orders, &accept, &id, &again, error)) return false;
  }
  return true;
}

static int restored_under(const Town *town, OutageId id) {
  int count = 0;
  for (size_t i = 0; i < order_count(town->orders); i++)
    count += order_at(town->orders, i)->outage.value == id.value && order_state_is(order_at(town->orders, i), "restored");
  return count;
}

static int64_t steps_taken(const Town *town, const char *step) {
  DbStatement *s;
  bool row;
  Error error = {0};
  char like[64];
  snprintf(like, sizeof like, "%%\"step\":\"%s\"%%", step);
  assert_ok(db_prepare(&s, town->db, "SELECT COUNT(*) FROM event WHERE kind = 'order.step' AND data LIKE ?1", &error), &error);
  db_bind_text(s, 1, text_of(like));
  assert_ok(db_step(&row, s, &error), &error);
  int64_t count = db_column_i64(s, 0);
  db_reset(s);
  return count;
}

/* The outage shows restored at once; its orders follow by jobs of their own, each once, also over a restart. */
static void thousands_of_orders_follow_in_parts(void **state) {
  (void)state;
  enum { MANY = 2000, MORE = 1000 };
  Town town;
  Error error = {0};
  town_open(&town);
  Act one = {.town = &town, .what = DECLARE, .device = town_device(&town, "T1")}, two = {.town = &town, .what = DECLARE, .device = town_device(&town, "T4")};
  assert_true(act(&one) == ERROR_NONE && act(&two) == ERROR_NONE);
  Crowd crowd = {&town, town_device(&town, "T1-L1-M1"), MANY}, other = {&town, town_device(&town, "T4-L1-M1"), MORE};
  assert_ok(desk_do(town.desk, work_crowd, &crowd, TEXT("staff:1"), &error), &error);
  assert_ok(desk_do(town.desk, work_crowd, &other, TEXT("staff:1"), &error), &error);
  assert_int_equal(outage_find(town.outages, one.out)->households, MANY);
  assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = one.out), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, one.out)->state, OUTAGE_RESTORED);
  int done = restored_under(&town, one.out);
  assert_true(done > 0 && done < MANY / 4);
  town_pass(&town, 0.02);
  assert_true(restored_under(&town, one.out) > done);
  for (int n = 0; n < MANY / 100 && restored_under(&town, one.out) < MANY; n++) {
    if (n == 2) assert_ok(outage_reload(town.db, town.outages, &error), &error); /* a restart */
    town_pass(&town, 0.02);
  }
  assert_int_equal(restored_under(&town, one.out), MANY);
  assert_int_equal(steps_taken(&town, "restore"), MANY);
  /* with the desk's thread at work nobody waits for a tick */
  assert_ok(desk_start(town.desk, &error), &error);
  assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = two.out), ERROR_NONE);
  done = 0;
  for (int still = 0; done < MORE && still < torture_rounds(2000); still++) {
    int before = done;
    usleep(10000);
    desk_read_begin(town.desk);
    done = restored_under(&town, two.out);
    desk_read_end(town.desk);
    if (done > before) still = 0;
  }
  desk_stop(town.desk);
  assert_int_equal(done, MORE);
  assert_int_equal(steps_taken(&town, "restore"), MANY + MORE);
  town_close(&town);
}

/* --- the dispatcher --- */

static void confirm_move_and_their_undo(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId a = town_call(&town, "10001111"), b = town_call(&town, "10001211");
  OutageId id = town_outage_at(&town, "T1")->id;
  int32_t version = outage_find(town.outages, id)->version;
  assert_int_equal(ACT(.town = &town, .what = CONFIRM, .id = id, .version = version - 1), ERROR_CONFLICT);
  assert_int_equal(ACT(.town = &town, .what = CONFIRM, .id = id, .version = version), ERROR_NONE);
  assert_int_equal(ACT(.town = &town, .what = CONFIRM, .id = id), ERROR_OUTAGE_STATE);
  town_call(&town, "10002111"); /* confirmed: calls elsewhere do not move it */
  assert_int_equal(outage_find(town.outages, id)->device, town_device(&town, "T1"));
  assert_int_equal(ACT(.town = &town, .what = UNDO, .id = id), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, id)->state, OUTAGE_SUSPECTED);
  assert_int_equal(ACT(.town = &town, .what = UNDO, .id = id), ERROR_OUTAGE_NOTHING_TO_UNDO);
  /* down to one branch: whose customers do not lie there is gathered anew */
  assert_int_equal(ACT(.town = &town, .what = MOVE, .id = id, .device = town_device(&town, "T1-L1")), ERROR_NONE);
  assert_int_equal(town_order(&town, a)->outage.value, id.value);
  OutageId other = town_order(&town, b)->outage;
  assert_int_not_equal(other.value, id.value);
  assert_int_equal(outage_find(town.outages, other)->device, town_device(&town, "T1-L2-M1"));
  assert_int_equal(ACT(.town = &town, .what = UNDO, .id = id), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, id)->device, town_device(&town, "T1"));
  assert_int_equal(town_order(&town, b)->outage.value, id.value);
  assert_null(outage_find(town.outages, other));
  assert_int_equal(ACT(.town = &town, .what = MOVE, .id = id, .device = GRID_NONE), ERROR_NOT_FOUND);
  assert_int_equal(ACT(.town = &town, .what = MOVE, .id = (OutageId){7}, .device = 0), ERROR_NOT_FOUND);
  town_close(&town);
}

static void split_merge_and_their_undo(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId a = town_call(&town, "10001111"), b = town_call(&town, "10001211"), c = town_call(&town, "10001221");
  OutageId id = town_outage_at(&town, "T1")->id;
  Act split = {.town = &town, .what = SPLIT, .id = id, .orders = {b, c}, .count = 2};
  assert_int_equal(act(&split), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, split.out)->device, town_device(&town, "T1-L2"));
  assert_int_equal(outage_find(town.outages, split.out)->households, 2);
  assert_int_equal(outage_find(town.outages, id)->households, 1);
  assert_int_equal(town_order(&town, a)->outage.value, id.value);
  assert_int_equal(act(&split), ERROR_OUTAGE_NOT_ITS_ORDER);
  assert_int_equal(ACT(.town = &town, .what = UNDO, .id = id), ERROR_NONE);
  assert_null(outage_find(town.outages, split.out));
  assert_int_equal(outage_find(town.outages, id)->households, 3);
  /* the other way: two transformers behind the same switch are one fault */
  assert_int_equal(ACT(.town = &town, .what = CONFIRM, .id = id), ERROR_NONE);
  Act first = {.town = &town, .what = DECLARE, .device = town_device(&town, "T2-L1-M1")}, second = {.town = &town, .what = DECLARE, .device = town_device(&town, "T3-L1-M1")};
  assert_int_equal(act(&first), ERROR_NONE);
  assert_int_equal(act(&second), ERROR_NONE);
  OrderId d = town_call(&town, "10002111");
  town_call(&town, "10003111");
  OutageId low = first.out, high = second.out;
  assert_int_equal(town_order(&town, d)->outage.value, low.value);
  uint32_t was = outage_find(town.outages, high)->device;
  assert_int_equal(ACT(.town = &town, .what = MERGE, .id = low, .into = high), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, high)->device, town_device(&town, "F1-SW"));
  assert_int_equal(town_order(&town, d)->outage.value, high.value);
  assert_null(outage_find(town.outages, low));
  assert_int_equal(ACT(.town = &town, .what = UNDO, .id = high), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, high)->device, was);
  assert_non_null(outage_find(town.outages, low));
  assert_int_equal(town_order(&town, d)->outage.value, low.value);
  assert_int_equal(ACT(.town = &town, .what = MERGE, .id = low, .into = low), ERROR_OUTAGE_APART);
  town_close(&town);
}

static void dismiss_declare_eta_and_their_undo(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId order = town_call(&town, "10001111");
  OutageId id = town_order(&town, order)->outage;
  assert_int_equal(ACT(.town = &town, .what = DISMISS, .id = id), ERROR_NONE);
  assert_null(outage_find(town.outages, id));
  assert_int_equal(town_order(&town, order)->outage.value, 0);
  assert_int_equal(ACT(.town = &town, .what = UNDO, .id = id), ERROR_NONE);
  assert_int_equal(town_order(&town, order)->outage.value, id.value);
  assert_int_equal(outage_find(town.outages, id)->state, OUTAGE_SUSPECTED);
  Instant now = time_now(&town.time);
  assert_int_equal(ACT(.town = &town, .what = ETA, .id = id, .from = now + SPAN_HOUR, .until = now), ERROR_FIELD_INVALID);
  assert_int_equal(ACT(.town = &town, .what = ETA, .id = id, .from = now + SPAN_HOUR, .until = now + 2 * SPAN_HOUR), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, id)->eta_until, now + 2 * SPAN_HOUR);
  assert_int_equal(ACT(.town = &town, .what = ETA, .id = id, .from = now + SPAN_HOUR, .until = now + 3 * SPAN_HOUR), ERROR_NONE);
  assert_int_equal(ACT(.town = &town, .what = UNDO, .id = id), ERROR_NONE);
  assert_int_equal(outage_find(town.outages, id)->eta_until, now + 2 * SPAN_HOUR);
  Act declare = {.town = &town, .what = DECLARE, .device = town_device(&town, "F2")};
  assert_int_equal(act(&declare), ERROR_NONE);
  const Outage *declared = outage_find(town.outages, declare.out);
  assert_int_equal(declared->state, OUTAGE_CONFIRMED);
  assert_int_equal(declared->customers_out, 3 * 18 + 1);
  assert_int_equal(declared->important_out, 1);
  OrderId under = town_call(&town, "10005111");
  assert_int_equal(town_order(&town, under)->outage.value, declare.out.value);
  assert_int_equal(ACT(.town = &town, .what = UNDO, .id = declare.out), ERROR_NONE);
  assert_null(outage_find(town.outages, declare.out));
  assert_int_equal(ACT(.town = &town, .what = DECLARE, .device = GRID_NONE), ERROR_NOT_FOUND);
  town_close(&town);
}

/* --- crews and outages together --- */

static void a_returned_job_goes_to_another_crew(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId order = town_call(&town, "10001111");
  OutageId id = town_order(&town, order)->outage;
  JobId job = town_send(&town, outage_find(town.outages, id), "K2");
  assert_int_equal(town_step(&town, job, "take", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "return", NULL), ERROR_FIELD_MISSING);
  assert_int_equal(town_step(&town, job, "return", "{\"reason\":\"the bridge is closed\"}"), ERROR_NONE);
  assert_true(is_in(&town, order, "returned"));
  const Outage *outage = outage_find(town.outages, id);
  assert_true(outage->crew.value == 0 && outage->job == 0 && outage->stage == OUTAGE_NO_CREW);
  job = town_send(&town, outage, "K1");
  assert_true(is_in(&town, order, "dispatched"));
  assert_int_equal(town_step(&town, job, "depart", NULL), ERROR_NONE);
  JobId next = town_send(&town, outage_find(town.outages, id), "K2"); /* another is nearer now */
  assert_int_not_equal(next.value, job.value);
  assert_true(is_in(&town, order, "dispatched"));
  assert_int_equal(town_order(&town, order)->crew.value, town_crew(&town, "K2").value);
  assert_int_equal(crew_find(town.crews, town_crew(&town, "K1"))->job.value, 0);
  assert_int_equal(ACT(.town = &town, .what = UNASSIGN, .id = id), ERROR_NONE);
  assert_true(is_in(&town, order, "returned"));
  assert_int_equal(crew_job_count(town.crews), 0);
  town_close(&town);
}

typedef struct Placed {
  Town *town;
  CrewSpot spot;
} Placed;
static bool work_place(DeskContext *context, void *command, Error *error) {
  Placed *placed = command;
  return crew_place(context, placed->town->crews, town_crew(placed->town, "K1"), &placed->spot, 0, error);
}

static bool was_taken(const Town *town, OrderId id, const char *step) {
  const Order *order = town_order(town, id);
  return order->ever >> (kind_step_of(order->kind, text_of(step)) - order->kind->steps) & 1;
}

/* The position at the place and power at the meter start the clocks that want it recorded; the record stops them. */
static void instruments_start_the_clocks_of_the_record(void **state) {
  (void)state;
  Town town;
  Error error = {0};
  town_open(&town);
  OrderId order = town_call(&town, "10001111");
  OutageId id = town_order(&town, order)->outage;
  JobId job = town_send(&town, outage_find(town.outages, id), "K1");
  assert_int_equal(town_step(&town, job, "take", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "depart", NULL), ERROR_NONE);
  const GridDevice *device = grid_device(town.grid, outage_find(town.outages, id)->device);
  Placed placed = {&town, {device->lon_e6 / 1e6, device->lat_e6 / 1e6 + 0.01, time_now(&town.time)}}; /* a kilometre off */
  assert_ok(desk_do(town.desk, work_place, &placed, TEXT("staff:2"), &error), &error);
  assert_false(was_taken(&town, order, "reach"));
  town_pass(&town, 1);
  placed.spot = (CrewSpot){device->lon_e6 / 1e6, device->lat_e6 / 1e6 + 0.0005, time_now(&town.time)};
  assert_ok(desk_do(town.desk, work_place, &placed, TEXT("staff:2"), &error), &error);
  assert_true(was_taken(&town, order, "reach") && is_in(&town, order, "on_the_way"));
  town_pass(&town, 1);
  placed.spot.at = time_now(&town.time);
  int32_t version = town_order(&town, order)->version;
  assert_ok(desk_do(town.desk, work_place, &placed, TEXT("staff:2"), &error), &error);
  assert_int_equal(town_order(&town, order)->version, version); /* once */
  assert_int_equal(town_step(&town, job, "arrive", NULL), ERROR_NONE);
  assert_true(is_in(&town, order, "on_site"));
  town_pass(&town, 5);
  Heard lit = {.town = &town};
  hear(&lit, "power_up", "M10001111");
  say(&lit);
  assert_true(was_taken(&town, order, "power_seen"));
  town_close(&town);
}

/* The way of the crew that was sent makes the estimate, also after a restart. */
static void a_crew_from_far_means_power_later(void **state) {
  (void)state;
  Span likely[2];
  for (int far = 0; far < 2; far++) {
    Town town;
    Error error = {0};
    town_open(&town);
    OutageId id = town_order(&town, town_call(&town, "10001111"))->outage;
    town_pass(&town, 1);
    const GridDevice *device = grid_device(town.grid, outage_find(town.outages, id)->device);
    Placed placed = {&town, {device->lon_e6 / 1e6, device->lat_e6 / 1e6 + (far ? 0.4 : 0.001), time_now(&town.time)}}; /* 44 km, or at hand */
    assert_ok(desk_do(town.desk, work_place, &placed, TEXT("staff:2"), &error), &error);
    town_pass(&town, 1);
    assert_ok(desk_tick(town.desk, &error), &error); /* the plan is made anew */
    town_send(&town, outage_find(town.outages, id), "K1");
    const Outage *outage = outage_find(town.outages, id);
    double way = (double)(outage->crew_due_at - outage->assigned_at) / 6e7;
    assert_true(far ? way > 40 : way >= 0 && way < 20);
    likely[far] = outage->eta_likely - outage->assigned_at;
    Instant due = outage->crew_due_at;
    assert_ok(outage_reload(town.db, town.outages, &error), &error);
    assert_true(outage_find(town.outages, id)->crew_due_at == due);
    town_close(&town);
  }
  assert_true(likely[1] > likely[0] + 20 * SPAN_MINUTE);
}

static void a_crew_goes_on_to_the_outage_its_own_went_up_in(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId d = town_call(&town, "10002111"), e = town_call(&town, "10003111");
  OutageId low = town_order(&town, d)->outage, high = town_order(&town, e)->outage;
  JobId job = town_send(&town, outage_find(town.outages, low), "K1");
  assert_int_equal(town_step(&town, job, "depart", NULL), ERROR_NONE);
  assert_int_equal(ACT(.town = &town, .what = MERGE, .id = low, .into = high), ERROR_NONE);
  assert_int_equal(crew_job_find(town.crews, job)->outage.value, high.value);
  const Outage *outage = outage_find(town.outages, high);
  assert_int_equal(outage->stage, OUTAGE_ON_THE_WAY);
  assert_int_equal(outage->job, job.value);
  assert_true(is_in(&town, e, "on_the_way"));
  assert_int_equal(ACT(.town = &town, .what = DISMISS, .id = high), ERROR_NONE);
  assert_int_equal(crew_job_count(town.crews), 0);
  town_close(&town);
}

static void restored_by_the_dispatcher_the_crew_reports(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  OrderId order = town_call(&town, "10001111");
  OutageId id = town_order(&town, order)->outage;
  JobId job = town_send(&town, outage_find(town.outages, id), "K1");
  assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = id), ERROR_NONE);
  assert_int_equal(crew_job_find(town.crews, job)->state, JOB_RESTORED);
  assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = id), ERROR_OUTAGE_STATE);
  town_call_back_all(&town);
  assert_non_null(outage_find(town.outages, id)); /* the crew has not reported yet */
  assert_int_equal(town_step(&town, job, "reply", NULL), ERROR_NONE);
  assert_null(outage_find(town.outages, id));
  town_close(&town);
}

/* --- the darkness of all outages together is that of the union --- */

static void darkness_is_counted_once(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= (uint64_t)torture_rounds(12); seed++) {
    Town town;
    Random random;
    Error error = {0};
    town_open(&town);
    random_seed(&random, seed);
    int64_t by_clock = 0;
    for (int n = 0; n < 60; n++) {
      GridRanges dark;
      uint32_t customers;
      int minutes = (int)random_below(&random, 9);
      assert_ok(outage_dark(town.outages, &dark, &customers, &error), &error);
      grid_ranges_free(&dark);
      by_clock += (int64_t)customers * minutes * 60;
      town_pass(&town, minutes);
      size_t open = outage_count(town.outages);
      if (open < 2 || random_below(&random, 3) == 0) {
        ACT(.town = &town, .what = DECLARE, .device = random_below(&random, grid_count(town.grid))); /* refused where nothing can fail */
      } else {
        const Outage *o = outage_at(town.outages, random_below(&random, (uint32_t)open));
        uint32_t end = grid_device(town.grid, o->device)->end;
        ACT(.town = &town, .what = RESTORE, .id = o->id, .count = random_below(&random, 3) ? 1 : 0, .devices = {o->device + random_below(&random, end - o->device)});
      }
    }
    while (outage_count(town.outages)) {
      const Outage *o = outage_at(town.outages, 0);
      GridRanges dark;
      uint32_t customers;
      assert_ok(outage_dark(town.outages, &dark, &customers, &error), &error);
      grid_ranges_free(&dark);
      by_clock += (int64_t)customers * 60;
      town_pass(&town, 1);
      assert_int_equal(ACT(.town = &town, .what = RESTORE, .id = o->id), ERROR_NONE); /* nobody called: closed at once */
    }
    DbStatement *s;
    bool row;
    assert_ok(db_prepare(&s, town.db, "SELECT SUM(customer_seconds), COUNT(*) FROM outage", &error), &error);
    assert_ok(db_step(&row, s, &error), &error);
    assert_int_equal(db_column_i64(s, 0), by_clock);
    assert_true(db_column_i64(s, 1) > 5);
    db_reset(s);
    town_close(&town);
  }
}

/* --- any run of events leaves rows and memory agreed (town_close), and the check content --- */

static void random_number(Random *random, char number[64]) {
  int box = (int)random_below(random, 5) + 1;
  snprintf(number, 64, "1000%d%d%d%d", (int)random_below(random, 6) + 1, (int)random_below(random, 2) + 1, box, box == 5 ? 1 : (int)random_below(random, 2) + 1);
}

static void random_change(Town *town, Random *random) {
  size_t open = outage_count(town->outages);
  if (!open) return;
  const Outage *o = outage_at(town->outages, random_below(random, (uint32_t)open)), *other = outage_at(town->outages, random_below(random, (uint32_t)open));
  uint32_t end = grid_device(town->grid, o->device)->end;
  Act a = {.town = town, .what = random_below(random, 8), .id = o->id, .into = other->id, .device = random_below(random, grid_count(town->grid)),
           .devices = {o->device + random_below(random, end - o->device)}, .from = time_now(&town->time), .until = time_now(&town->time) + SPAN_HOUR};
  if (a.what == RESTORE) a.count = random_below(random, 2);
  if (a.what == SPLIT)
    for (size_t i = 0; i < order_count(town->orders) && a.count < 2; i++)
      if (order_at(town->orders, i)->outage.value == o->id.value) a.orders[a.count++] = order_at(town->orders, i)->id;
  act(&a);
}

static void random_crew_step(Town *town, Random *random) {
  static const char *const crews[] = {"K1", "K2", "K3"};
  size_t open = outage_count(town->outages), jobs = crew_job_count(town->crews);
  if (open && (!jobs || random_below(random, 5) == 0)) {
    const Outage *o = outage_at(town->outages, random_below(random, (uint32_t)open));
    const Crew *crew = crew_find(town->crews, town_crew(town, crews[random_below(random, 3)]));
    if (o->state < OUTAGE_RESTORED && !crew->job.value) {
      char code[8];
      snprintf(code, sizeof code, "%.*s", TEXT_ARG(crew->code));
      town_send(town, o, code);
    }
    return;
  }
  if (!jobs) return;
  const Job *job = crew_job_at(town->crews, random_below(random, (uint32_t)jobs));
  static const char *const steps[] = {"take", "depart", "arrive", "survey", "test_dead", "earth", "restore", "reply", "return"};
  uint32_t step = random_below(random, 9);
  if (job->state >= JOB_SURVEYED && job->state <= JOB_WORKING && random_below(random, 3)) {
    town_mend(town, job->id);
    return;
  }
  town_step(town, job->id, steps[step], step == 3 ? "{\"cause\":\"other\",\"eta_from\":\"2026-12-31T22:00:00Z\",\"eta_until\":\"2026-12-31T23:00:00Z\"}"
                                        : step == 8 ? "{\"reason\":\"x\"}" : NULL);
}

static void any_run_keeps_rows_and_memory_agreed(void **state) {
  (void)state;
  int64_t closed = 0;
  for (uint64_t seed = 1; seed <= (uint64_t)torture_rounds(15); seed++) {
    Town town;
    Random random;
    char number[64];
    town_open(&town);
    random_seed(&random, seed);
    for (int n = 0; n < 120; n++) {
      switch (random_below(&random, 8)) {
        case 0: case 1: case 2: random_number(&random, number), town_call(&town, number); break;
        case 3: random_change(&town, &random); break;
        case 4: case 5: random_crew_step(&town, &random); break;
        case 6: town_pass(&town, random_below(&random, 20)); break;
        default:
          if (order_count(town.orders)) {
            const Order *order = order_at(town.orders, random_below(&random, (uint32_t)order_count(town.orders)));
            town_order_step(&town, order->id, "call_back", random_below(&random, 3) ? "{\"answer\":\"satisfied\"}" : "{\"answer\":\"dissatisfied\"}");
          }
      }
    }
    closed += events_of_kind(&town, "outage.closed");
    town_close(&town);
  }
  assert_true(closed > 0);
}

/* --- any failing SQL call leaves the state before or the one after --- */

enum { FAIL_FIRST_CALL, FAIL_RISE, FAIL_ASSIGN, FAIL_PART, FAIL_RESTORE, FAIL_REPLY, FAIL_MERGE, FAIL_CASES };

static bool work_case(DeskContext *context, void *command, Error *error) {
  Act *a = command;
  Town *town = a->town;
  bool again;
  OrderId order;
  JobId job;
  OrderAccept accept = {.kind = TEXT("fault_repair"), .device = GRID_NONE, .what = TEXT("no_power"), .source = TEXT("hotline")};
  const Job *open = crew_job_count(town->crews) ? crew_job_at(town->crews, 0) : NULL;
  CrewStep step = {.job = open ? open->id : (JobId){0}};
  switch ((int)a->count) {
    case FAIL_FIRST_CALL: accept.customer = town_customer(town, "10004111"); return order_accept(context, town->orders, &accept, &order, &again, error);
    case FAIL_RISE: accept.customer = town_customer(town, "10001211"); return order_accept(context, town->orders, &accept, &order, &again, error);
    case FAIL_ASSIGN: return crew_assign(context, town->crews, a->id, 0, town_crew(town, "K2"), &job, error);
    case FAIL_PART: return outage_restore(context, town->outages, a->id, 0, a->devices, 1, error);
    case FAIL_RESTORE: step.step = TEXT("restore"); return crew_step(context, town->crews, &step, error);
    case FAIL_REPLY: step.step = TEXT("reply"); return crew_step(context, town->crews, &step, error);
    default: return outage_merge(context, town->outages, a->id, 0, a->into, error);
  }
}

static void any_sql_failure_leaves_the_state_whole(void **state) {
  (void)state;
  for (int what = 0; what < FAIL_CASES; what++)
    for (int64_t n = 1;; n += n < 12 ? 1 : 9) { /* the first ones all, then every ninth: each takes a town of its own */
      Town town;
      Error error = {0};
      town_open(&town);
      OrderId a = town_call(&town, "10001111");
      town_call(&town, "10001121");
      OrderId b = town_call(&town, "10002111");
      Act command = {.town = &town, .id = town_order(&town, a)->outage, .into = town_order(&town, b)->outage, .count = (size_t)what,
                     .devices = {town_device(&town, "T1-L1-M1")}};
      if (what == FAIL_RESTORE || what == FAIL_REPLY) {
        JobId job = town_survey(&town, outage_find(town.outages, command.id), "K1", "meter_box_fault");
        town_mend(&town, job);
        if (what == FAIL_REPLY) assert_int_equal(town_step(&town, job, "restore", NULL), ERROR_NONE);
      }
      db_fail_at(n);
      bool ok = desk_do(town.desk, work_case, &command, TEXT("staff:1"), &error);
      db_fail_at(0);
      if (!ok) assert_int_equal(error.code, ERROR_STORE_FULL);
      town_pass(&town, 0.1); /* stale rooms reload before the next job */
      if (!ok) {
        ErrorCode code = ERROR_NONE;
        if (!desk_do(town.desk, work_case, &command, TEXT("staff:1"), &error)) code = error.code;
        assert_int_equal(code, ERROR_NONE); /* as if it had never been tried */
      }
      town_close(&town);
      if (ok) break;
      assert_true(n < 400);
    }
}

/* A command that succeeds when memory is short has had all its reactions: none took an event it could not read for one that says nothing. */
static void short_of_memory_no_reaction_is_left_out(void **state) {
  (void)state;
  enum { BY_METERS, BY_REPLY, BY_MERGE, CASES };
  schema_own_memory();
  for (int what = 0; what < CASES; what++) {
    Town town;
    Error error = {0};
    town_open(&town);
    OrderId a = town_call(&town, "10001111");
    town_call(&town, "10001121");
    OrderId b = town_call(&town, what == BY_METERS ? "10001122" : "10002111");
    Act command = {.town = &town, .id = town_order(&town, a)->outage, .into = town_order(&town, b)->outage, .count = what == BY_REPLY ? FAIL_REPLY : FAIL_MERGE};
    JobId job = what == BY_METERS ? (JobId){0} : town_survey(&town, outage_find(town.outages, command.id), "K1", "meter_box_fault");
    if (what == BY_REPLY) town_mend(&town, job), assert_int_equal(town_step(&town, job, "restore", NULL), ERROR_NONE);
    bool ok = false;
    for (int64_t n = 1; !ok; n++) {
      assert_true(n < 5000);
      memory_fail_at(n);
      ok = desk_do(town.desk, what == BY_METERS ? work_meter_room : work_case, what == BY_METERS ? NULL : &command, TEXT("staff:1"), &error);
      memory_fail_at(0);
      if (!ok) assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
      if (ok) break;
      town_pass(&town, 0.1); /* stale rooms reload before the next job */
    }
    if (what == BY_METERS) assert_int_equal(events_of_kind(&town, "outage.evidence"), 1);
    if (what == BY_REPLY) assert_int_equal(outage_find(town.outages, command.id)->stage, OUTAGE_REPLIED);
    if (what == BY_MERGE) assert_true(crew_job_find(town.crews, job)->outage.value == command.into.value);
    town_close(&town);
  }
}

TEST_MAIN(TEST(arrears_are_no_outage), TEST(instruments_start_the_clocks_of_the_record), TEST(an_island_is_lit_through_its_tie), TEST(a_loop_is_set_aside_until_it_is_opened), TEST(thousands_of_orders_follow_in_parts), TEST(a_rejected_order_is_gathered_again), TEST(calls_gather_and_rise), TEST(other_troubles_are_no_outage), TEST(counts_are_told_once_a_tick), TEST(old_calls_are_no_evidence_for_new_ones),
          TEST(two_faults_of_one_branch_stay_two), TEST(a_burst_of_meters_is_one_outage_until_they_are_back),
          TEST(neighbours_with_power_take_it_back), TEST(the_meter_room_is_heard), TEST(impossible_evidence_is_set_aside),
          TEST(from_call_to_closed), TEST(partial_restoration_frees_exactly_those_below), TEST(a_dissatisfied_call_back_opens_it_again),
          TEST(customers_of_a_nested_outage_stay_dark), TEST(confirm_move_and_their_undo), TEST(split_merge_and_their_undo),
          TEST(dismiss_declare_eta_and_their_undo), TEST(a_returned_job_goes_to_another_crew), TEST(a_crew_from_far_means_power_later), TEST(a_crew_goes_on_to_the_outage_its_own_went_up_in),
          TEST(restored_by_the_dispatcher_the_crew_reports), TEST(darkness_is_counted_once), TEST(any_run_keeps_rows_and_memory_agreed),
          TEST(any_sql_failure_leaves_the_state_whole), TEST(short_of_memory_no_reaction_is_left_out))
