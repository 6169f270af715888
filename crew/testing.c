#include "crew/testing.h"

#include <math.h>

#include "crew/crew_internal.h"
#include "grid/testing.h"
#include "outage/outage_internal.h"
#include "store/schema.h"

enum { COUNTY = 1 };

static bool find_site(void *self, OutageId id, CrewSite *site) {
  const Outage *o = outage_find(self, id);
  if (!o) return false;
  *site = (CrewSite){.device = o->device, .version = o->version, .restored = o->state >= OUTAGE_RESTORED,
                      .customers = o->customers_out, .found_at = o->found_at};
  outage_number(o, site->number);
  return true;
}

static void write_site(void *self, OutageId id, Json *json) {
  const Outage *o = outage_find(self, id);
  if (o) outage_write_summary(self, o, json);
  else json_nil(json);
}

static OutageId site_at(void *self, size_t i) { return i < outage_count(self) ? outage_at(self, i)->id : (OutageId){0}; }

void town_sites(CrewSites *out, Outages *outages) { *out = (CrewSites){find_site, write_site, site_at, outages}; }

static const PackageImporter IMPORTERS[] = {{"crews", crew_import}, {"stock", stock_import}, {NULL, NULL}};

void town_import(Db *db, Instant now) { testing_county(db, COUNTY, now, IMPORTERS); }

void town_open_rooms(Town *town, Db *db, Desk *desk) {
  Error error = {0};
  CrewSites sites;
  town->db = db;
  town->desk = desk;
  assert_ok(grid_open(&town->grid, db, COUNTY, &error), &error);
  assert_ok(people_open(&town->people, db, town->grid, COUNTY, &error), &error);
  assert_ok(order_open(&town->orders, desk, db, town->grid, town->people, NULL, &error), &error);
  assert_ok(outage_open(&town->outages, desk, db, town->grid, town->people, town->orders, NULL, &error), &error);
  town_sites(&sites, town->outages);
  assert_ok(crew_open(&town->crews, desk, db, town->grid, town->people, &sites, NULL, &error), &error);
}

void town_talks(Town *town) {
  Error error = {0};
  town->outages->rules.locate.call_share = 0.7;
  town->outages->rules.locate.call_lag_s = 120;
  town->outages->rules.locate.storm_shape = town->outages->rules.locate.storm_onsets = town->outages->rules.locate.stray_shape = 0;
  assert_ok(outage_reload(town->db, town->outages, &error), &error);
}

void town_open(Town *town) {
  Error error = {0};
  Db *db;
  Desk *desk;
  *town = (Town){.owns_desk = true};
  Instant now = instant_of((Civil){2026, 12, 31, 20, 10, 0, 0, 0}, ZONE_SHANGHAI);
  time_virtual(&town->time, now);
  assert_ok(db_open(&db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(db, &error), &error);
  DeskOptions options = {.county_id = COUNTY, .time = &town->time};
  town_import(db, now - SPAN_DAY); /* its event stands in the chain the desk goes on with */
  assert_ok(desk_open(&desk, db, &options, &error), &error);
  town_open_rooms(town, db, desk);
  town_talks(town);
}

/* --- what is in memory is what the rows say --- */

static void same_outages(const Town *town) {
  Error error = {0};
  char problem[ERROR_TEXT_MAX];
  Outages *live = town->outages;
  size_t count = live->open.count;
  live->believed_at += 5 * SPAN_MINUTE; /* so that spans of time are laid anew, as they are after a restart */
  assert_ok(locate_advance(live->locate, live->believed_at, &error), &error);
  VECTOR(Outage) before = {0};
  VECTOR(double) believed = {0};
  for (size_t i = 0; i < count; i++) {
    assert_true(vector_push(&before, live->open.at[i]->o) && vector_push(&believed, outage_probability(live, live->open.at[i])));
    before.at[i].dark = (GridRanges){0};
    for (size_t k = 0; k < live->open.at[i]->o.dark.count; k++) assert_true(grid_ranges_add(&before.at[i].dark, live->open.at[i]->o.dark.at[k]));
  }
  uint32_t items = locate_size(live->locate).items;
  assert_ok(outage_reload(town->db, live, &error), &error);
  assert_int_equal(locate_size(live->locate).items, items);
  assert_int_equal(live->open.count, count);
  for (size_t i = 0; i < count; i++) {
    Outage was = before.at[i], is = live->open.at[i]->o;
    double now = outage_probability(live, live->open.at[i]);
    if (live->rules.locate.storm_shape == 0 && fabs(now - believed.at[i]) > 1e-6) fail_msg("believed %.6f before, %.6f after", believed.at[i], now);
    assert_int_equal(was.dark.count, is.dark.count);
    if (was.dark.count) assert_memory_equal(was.dark.at, is.dark.at, was.dark.count * sizeof *was.dark.at);
    grid_ranges_free(&was.dark);
    was.dark = is.dark = (GridRanges){0};
    assert_int_equal(was.id.value, is.id.value);
    assert_int_equal(was.device, is.device);
    assert_int_equal(was.state, is.state);
    assert_int_equal(was.stage, is.stage);
    assert_int_equal(was.pinned, is.pinned);
    assert_int_equal(was.since, is.since);
    assert_int_equal(was.customers_out, is.customers_out);
    assert_int_equal(was.customers_peak, is.customers_peak);
    assert_int_equal(was.households, is.households);
    assert_int_equal(was.calls, is.calls);
    assert_int_equal(was.customer_seconds, is.customer_seconds);
    assert_int_equal(was.crew.value, is.crew.value);
    assert_int_equal(was.job, is.job);
    assert_string_equal(was.crew_name, is.crew_name);
    assert_string_equal(was.cause, is.cause);
    assert_int_equal(was.eta_until, is.eta_until);
    assert_int_equal(was.undo, is.undo);
    assert_int_equal(was.version, is.version);
  }
  vector_free(&before);
  vector_free(&believed);
  assert_ok(outage_check(town->db, town->grid, town->people, town->orders, COUNTY, problem, &error), &error);
  assert_string_equal(problem, "");
}

static void same_crews(const Town *town) {
  Error error = {0};
  char problem[ERROR_TEXT_MAX];
  Crews *live = town->crews;
  VECTOR(Job) jobs = {0};
  VECTOR(Crew) crews = {0};
  VECTOR(StockPlace) stock = {0};
  for (size_t i = 0; i < live->jobs.count; i++) assert_true(vector_push(&jobs, *live->jobs.at[i]));
  for (size_t i = 0; i < live->crews.count; i++) assert_true(vector_push(&crews, live->crews.at[i]));
  for (size_t i = 0; i < live->stock.count; i++) assert_true(vector_push(&stock, live->stock.at[i]));
  assert_ok(crew_reload(town->db, live, &error), &error);
  assert_int_equal(live->jobs.count, jobs.count);
  for (size_t i = 0; i < jobs.count; i++) {
    const Job *was = &jobs.at[i], *is = live->jobs.at[i];
    assert_int_equal(was->id.value, is->id.value);
    assert_int_equal(was->outage.value, is->outage.value);
    assert_int_equal(was->state, is->state);
    assert_int_equal(was->version, is->version);
    assert_int_equal(was->done_count, is->done_count);
    assert_int_equal(was->arrived_at, is->arrived_at);
    assert_ptr_equal(was->procedure, is->procedure);
    for (int k = 0; k < REPAIR_STEPS_MAX; k++) assert_int_equal(was->done[k].at, is->done[k].at);
  }
  for (size_t i = 0; i < crews.count; i++) {
    assert_int_equal(crews.at[i].job.value, live->crews.at[i].job.value);
    assert_int_equal(crews.at[i].version, live->crews.at[i].version);
    assert_int_equal(crews.at[i].skill_bits, live->crews.at[i].skill_bits);
    assert_int_equal(crews.at[i].placed_at, live->crews.at[i].placed_at);
  }
  for (size_t i = 0; i < stock.count; i++) assert_int_equal(stock.at[i].quantity, live->stock.at[i].quantity);
  vector_free(&jobs);
  vector_free(&crews);
  vector_free(&stock);
  assert_ok(crew_check(town->db, town->grid, town->people, COUNTY, problem, &error), &error);
  assert_string_equal(problem, "");
}

void town_close(Town *town) {
  Error error = {0};
  EventVerdict verdict;
  same_outages(town);
  same_crews(town);
  assert_ok(event_verify(&verdict, town->db, COUNTY, &error), &error);
  assert_int_equal(verdict.broken_seq, 0);
  town_close_rooms(town);
  if (!town->owns_desk) return;
  desk_close(town->desk);
  db_close(town->db);
}

void town_close_rooms(Town *town) {
  crew_close(town->crews);
  outage_close(town->outages);
  order_close(town->orders);
  people_close(town->people);
  grid_close(town->grid);
}

/* --- doing --- */

void town_pass(Town *town, double minutes) {
  Error error = {0};
  time_virtual(&town->time, time_now(&town->time) + (Span)(minutes * (double)SPAN_MINUTE));
  assert_ok(desk_tick(town->desk, &error), &error);
}

uint32_t town_device(const Town *town, const char *code) {
  uint32_t index;
  if (!grid_index_of_code(town->grid, text_of(code), &index)) fail_msg("no device %s", code);
  return index;
}

CustomerId town_customer(const Town *town, const char *number) {
  uint32_t position;
  Customer customer;
  if (!people_position_of_number(town->people, text_of(number), &position)) fail_msg("no customer %s", number);
  people_customer(town->people, position, &customer);
  return customer.id;
}

CrewId town_crew(const Town *town, const char *code) {
  for (size_t i = 0; i < crew_count(town->crews); i++)
    if (text_is(crew_at(town->crews, i)->code, code)) return crew_at(town->crews, i)->id;
  fail_msg("no crew %s", code);
  return (CrewId){0};
}

typedef struct Command {
  Town *town;
  OrderAccept accept;
  OrderId order;
  OutageId outage;
  CrewId crew;
  JobId job;
  CrewStep step;
  OrderStep order_step;
} Command;

static bool work_call(DeskContext *context, void *command, Error *error) {
  Command *c = command;
  bool again;
  return order_accept(context, c->town->orders, &c->accept, &c->order, &again, error);
}

OrderId town_call_about(Town *town, const char *number, const char *what) {
  Error error = {0};
  Command c = {.town = town, .accept = {.kind = TEXT("fault_repair"), .customer = town_customer(town, number), .device = GRID_NONE, .what = text_of(what),
                                        .source = TEXT("hotline"), .caller_phone = TEXT("13800000000")}};
  assert_ok(desk_do(town->desk, work_call, &c, TEXT("staff:1"), &error), &error);
  return c.order;
}

OrderId town_call(Town *town, const char *number) { return town_call_about(town, number, "no_power"); }

const Order *town_order(const Town *town, OrderId id) {
  const Order *order = order_find(town->orders, id);
  if (!order) fail_msg("order %lld is not open", (long long)id.value);
  return order;
}

const Outage *town_outage_at(const Town *town, const char *code) { return outage_of_device(town->outages, town_device(town, code)); }

static bool work_send(DeskContext *context, void *command, Error *error) {
  Command *c = command;
  return crew_assign(context, c->town->crews, c->outage, 0, c->crew, &c->job, error);
}

JobId town_send(Town *town, const Outage *outage, const char *crew) {
  Error error = {0};
  Command c = {.town = town, .outage = outage->id, .crew = town_crew(town, crew)};
  assert_ok(desk_do(town->desk, work_send, &c, TEXT("staff:2"), &error), &error);
  return c.job;
}

static bool work_step(DeskContext *context, void *command, Error *error) {
  Command *c = command;
  return crew_step(context, c->town->crews, &c->step, error);
}

ErrorCode town_step(Town *town, JobId job, const char *step, const char *fields) {
  Error error = {0};
  json_t *json = fields ? json_loads(fields, 0, NULL) : NULL;
  assert_true(!fields || json);
  Command c = {.town = town, .step = {.job = job, .step = text_of(step), .fields = json, .staff_id = 3}};
  bool ok = desk_do(town->desk, work_step, &c, TEXT("staff:3"), &error);
  json_decref(json);
  assert_true(ok == (error.code == ERROR_NONE));
  return error.code;
}

static bool work_order_step(DeskContext *context, void *command, Error *error) {
  Command *c = command;
  return order_step(context, c->town->orders, &c->order_step, error);
}

ErrorCode town_order_step(Town *town, OrderId order, const char *step, const char *fields) {
  Error error = {0};
  json_t *json = fields ? json_loads(fields, 0, NULL) : NULL;
  Command c = {.town = town, .order_step = {.order = order, .step = text_of(step), .fields = json, .roles = UINT32_MAX}};
  bool ok = desk_do(town->desk, work_order_step, &c, TEXT("staff:1"), &error);
  json_decref(json);
  assert_true(ok == (error.code == ERROR_NONE));
  return error.code;
}

void town_mend(Town *town, JobId job) {
  for (int i = 0; i < REPAIR_STEPS_MAX; i++) {
    char step[64];
    const Job *now = crew_job_find(town->crews, job);
    assert_non_null(now);
    Text next = crew_job_next(now);
    if (!next.len) return;
    snprintf(step, sizeof step, "%.*s", TEXT_ARG(next));
    town_pass(town, 2);
    assert_int_equal(town_step(town, job, step, NULL), ERROR_NONE);
  }
}

JobId town_survey(Town *town, const Outage *outage, const char *crew, const char *cause) {
  char fields[200];
  JobId job = town_send(town, outage, crew);
  assert_int_equal(town_step(town, job, "take", NULL), ERROR_NONE);
  assert_int_equal(town_step(town, job, "depart", NULL), ERROR_NONE);
  town_pass(town, 15);
  assert_int_equal(town_step(town, job, "arrive", NULL), ERROR_NONE);
  town_pass(town, 5);
  snprintf(fields, sizeof fields, "{\"cause\":\"%s\",\"eta_from\":\"2026-12-31T22:10:00+08:00\",\"eta_until\":\"2026-12-31T23:00:00+08:00\"}", cause);
  assert_int_equal(town_step(town, job, "survey", fields), ERROR_NONE);
  return job;
}

void town_call_back_all(Town *town) {
  for (bool again = true; again;) {
    again = false;
    for (size_t i = 0; i < order_count(town->orders) && !again; i++) {
      const Order *order = order_at(town->orders, i);
      if (!order_state_is(order, "restored") && !order_state_is(order, "replied") && !order_state_is(order, "checked")) continue;
      assert_int_equal(town_order_step(town, order->id, "call_back", "{\"answer\":\"satisfied\"}"), ERROR_NONE);
      again = true;
    }
  }
}
