/* One county played from its seed: the program begins and ends, is struck, taken over, and asked for its books. */
#include "app/county_sim.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

enum { ACTS_IN_VAIN = 3 };

bool sim_wrong(CountySim *sim, const char *format, ...) {
  char said[ERROR_TEXT_MAX];
  va_list list;
  va_start(list, format);
  vsnprintf(said, sizeof said, format, list);
  va_end(list);
  if (!sim->problem[0]) snprintf(sim->problem, sizeof sim->problem, "seed %llu, step %d: %s", (unsigned long long)sim->seed, sim->step, said);
  return false;
}

uint32_t sim_below(CountySim *sim, uint32_t bound) { return bound ? random_below(&sim->random, bound) : 0; }

bool sim_do(CountySim *sim, DeskWork work, void *command, const char *actor, bool *refused) {
  Error error = {0};
  char text[ERROR_TEXT_MAX];
  if (refused) *refused = false;
  if (desk_do(sim->house->desk, work, command, text_of(actor), &error)) return sim->fenced ? sim_wrong(sim, "%s", "a server that had lost the county got something done") : true;
  bool is_refusal = error_status(error.code) >= 400 && error_status(error.code) < 500;
  if (refused) *refused = is_refusal;
  if (!sim->armed && !is_refusal) sim_wrong(sim, "%s", error_text(&error, LANGUAGE_EN, text, sizeof text));
  return false;
}

/* --- the program begins and ends --- */

/* Three people work here. */
static bool is_known(void *self, bool staff, int64_t id, int64_t org_id) {
  const CountySim *sim = self;
  (void)org_id;
  return staff ? id >= 7 && id <= 9 : crew_find(sim->house->crews, (CrewId){id}) != NULL;
}

static StaffId staff_for(void *self, int64_t org_id, uint32_t role) {
  const CountySim *sim = self;
  size_t row;
  (void)role; /* by the row: ids are of the hour of the import */
  return (StaffId){people_org_row(sim->house->people, org_id, &row) ? 7 + (int64_t)(row % 3) : 0};
}

bool sim_begin(CountySim *sim, Error *error) {
  SimServer *server = &sim->server[sim->serving];
  HouseOptions options = {.data = sim->store ? sim_store_address(sim->store) : sim->data, .mode = DB_WRITE, .holder = sim->serving ? "the other" : "the one"};
  sim->house = &server->house;
  sim->keys = &server->keys;
  if (!house_open(sim->house, &options, error)) return false;
  server->open = true;
  time_virtual(&sim->house->time, sim->now);
  if (sim->edition > 1) {
    order_on_known(sim->house->orders, is_known, sim);
    order_on_staff(sim->house->orders, staff_for, sim);
    if (!sim_load_ties(sim, error)) return false;
  }
  keys_begin(sim->keys, LIMIT_IDEMPOTENCY_KEYS);
  if (!keys_load(sim->keys, sim->house->db, HOUSE_COUNTY, error)) return false;
  desk_saw_id(sim->house->desk, keys_newest(sim->keys));
  return true;
}

static void end_server(SimServer *server) {
  if (!server->open) return;
  keys_end(&server->keys);
  house_close(&server->house);
  server->open = false;
}

void sim_end(CountySim *sim) { end_server(&sim->server[sim->serving]); }

static void disarm(CountySim *sim) {
  memory_fail_at(0);
  db_fail_at(0);
  sim_store_arm(sim->store, 0, SIM_CUT);
  sim->armed = false;
}

/* Memory that is rebuilt from rows is what it was. */
static void compare_digests(CountySim *sim, const Buffer *before, const Buffer *after, const char *what) {
  size_t at = 0;
  while (at < before->len && at < after->len && before->at[at] == after->at[at]) at++;
  if (before->len == after->len && at == before->len) return;
  while (at > 0 && before->at[at - 1] != '\n') at--;
  Text was = text_slice(buffer_as_text(before), at, before->len), is = text_slice(buffer_as_text(after), at, after->len);
  sim_wrong(sim, "memory is another after %s: was '%.*s', is '%.*s'", what, (int)(was.len < 200 ? was.len : 200), was.len ? was.at : "",
            (int)(is.len < 200 ? is.len : 200), is.len ? is.at : "");
}

static bool restart(CountySim *sim, Error *error) {
  Buffer before, after;
  buffer_begin(&before, 0);
  buffer_begin(&after, 0);
  sim_digest(sim, &before);
  sim_end(sim);
  bool ok = sim_begin(sim, error);
  if (ok) sim_digest(sim, &after), compare_digests(sim, &before, &after, "a restart");
  sim->figures.restarts += ok;
  buffer_end(&before);
  buffer_end(&after);
  return ok;
}

/* Some acts of a server that has lost the county and does not know: no row may be another afterwards. */
static bool act_in_vain(CountySim *sim, Error *error) {
  unsigned char before[32], after[32];
  if (!sim_store_sum(sim->store, before, error)) return false;
  sim->fenced = sim->armed = true; /* refusals are what is wanted */
  for (int i = 0; i < ACTS_IN_VAIN; i++) sim_act(sim);
  sim->fenced = sim->armed = false;
  if (!sim_store_sum(sim->store, after, error)) return false;
  return memcmp(before, after, sizeof before) == 0 || sim_wrong(sim, "%s", "a server that had lost the county has written");
}

/* The county goes to another server while this one acts on: before the other has opened it, and after. */
static bool take_over(CountySim *sim, Error *error) {
  Buffer before, after;
  int one = sim->serving, other = 1 - one;
  buffer_begin(&before, 0);
  buffer_begin(&after, 0);
  sim_digest(sim, &before);
  bool ok = sim_store_take_over(sim->store, error) && act_in_vain(sim, error);
  sim->serving = other;
  ok = ok && sim_begin(sim, error);
  if (ok) sim_digest(sim, &after), compare_digests(sim, &before, &after, "another server took over");
  sim->house = &sim->server[one].house, sim->keys = &sim->server[one].keys;
  ok = ok && act_in_vain(sim, error);
  sim->house = &sim->server[other].house, sim->keys = &sim->server[other].keys;
  end_server(&sim->server[one]);
  sim->figures.takeovers += ok;
  buffer_end(&before);
  buffer_end(&after);
  return ok;
}

static bool nothing(DeskContext *context, void *command, Error *error) {
  (void)context, (void)command, (void)error;
  return true;
}

/* The power went: the disk keeps what it keeps, the program begins anew, and whoever had no answer sends again. */
static bool after_the_dark(CountySim *sim, Error *error) {
  sim_end(sim);
  disarm(sim);
  if (!sim_store_restore(sim->store, &sim->disk, error) || !sim_begin(sim, error)) return false;
  sim->figures.cuts++;
  for (size_t i = sim->messages.count > 3 ? sim->messages.count - 3 : 0; i < sim->messages.count; i++) sim_send(sim, &sim->messages.at[i]);
  sim_do(sim, nothing, NULL, "system", NULL); /* rooms reload that a refusal left stale */
  return sim_books(sim);
}

/* --- a run --- */

static void arm(CountySim *sim) {
  uint32_t fault = sim_below(sim, 100);
  sim->armed = fault < 14;
  if (!sim->armed) return;
  sim->figures.faults++;
  if (fault < 5) memory_fail_at(1 + sim_below(sim, sim_below(sim, 2) ? 20 : 400));
  else if (fault < 9) db_fail_at(1 + sim_below(sim, 80));
  else if (fault < 12) sim_store_arm(sim->store, 1 + sim_below(sim, 8), fault == 9 ? SIM_DISK_FULL : SIM_IO_ERROR);
  else sim_store_arm(sim->store, 1 + sim_below(sim, 12), SIM_CUT);
}

void sim_synced(void *self) {
  CountySim *sim = self;
  if (!sim->slow || !sim->server[sim->serving].open) return;
  sim->now += (Span)random_below(&sim->disk, 3000) * (SPAN_SECOND / 1000);
  time_virtual(&sim->house->time, sim->now);
}

static void pass_time(CountySim *sim) {
  uint32_t what = sim_below(sim, 200);
  Span more = what == 0 ? (Span)sim_below(sim, 72) * SPAN_HOUR : what == 1 ? -(Span)sim_below(sim, 3600) * SPAN_SECOND : (Span)sim_below(sim, 240) * SPAN_SECOND;
  sim->now += more;
  time_virtual(&sim->house->time, sim->now);
}

static bool step(CountySim *sim, Error *error) {
  char text[ERROR_TEXT_MAX];
  int64_t pages, left;
  pass_time(sim);
  arm(sim);
  sim_act(sim);
  Error ticked = {0};
  if (!sim_store_is_off(sim->store) && sim_below(sim, 3) == 0 && !desk_tick(sim->house->desk, &ticked) && !sim->armed)
    sim_wrong(sim, "tick: %s", error_text(&ticked, LANGUAGE_EN, text, sizeof text));
  if (!sim_store_is_off(sim->store) && sim_below(sim, 20) == 0 && !db_checkpoint(&pages, &left, sim->house->db, &ticked) && !sim->armed)
    sim_wrong(sim, "checkpoint: %s", error_text(&ticked, LANGUAGE_EN, text, sizeof text));
  if (sim_store_is_off(sim->store)) return after_the_dark(sim, error);
  bool was = sim->armed;
  disarm(sim);
  if (sim->problem[0]) return true;
  sim_do(sim, nothing, NULL, "system", NULL); /* rooms reload that a fault left stale */
  if (was && sim->messages.count && sim_below(sim, 2)) sim_send(sim, &sim->messages.at[sim->messages.count - 1]);
  if (was && sim_below(sim, 3) == 0) sim_books(sim);
  if (sim_below(sim, 60) == 0) return sim_store_is_shared(sim->store) && sim_below(sim, 2) ? take_over(sim, error) : restart(sim, error);
  return true;
}

void sim_run(CountySim *sim, int steps, Error *error) {
  char text[ERROR_TEXT_MAX];
  bool ok = sim_begin(sim, error);
  for (sim->step = 1; ok && sim->step <= steps && !sim->problem[0]; sim->step++) ok = step(sim, error);
  sim->ending = true;
  for (size_t i = 0; ok && i < sim->messages.count && !sim->problem[0]; i++) /* who was not answered in a fault asks again */
    if (!sim->messages.at[i].answer[0]) sim_send(sim, &sim->messages.at[i]);
  ok = ok && !sim->problem[0] && sim_do(sim, nothing, NULL, "system", NULL) && sim_books(sim) && restart(sim, error) && !sim->problem[0] && sim_books(sim);
  if (!ok && error->code) sim_wrong(sim, "%s", error_text(error, LANGUAGE_EN, text, sizeof text));
  if (ok) sim->figures.orders = (int64_t)order_count(sim->house->orders), sim->figures.outages = (int64_t)outage_count(sim->house->outages);
  disarm(sim);
  if (sim->plant && sim->server[sim->serving].open && !sim->problem[0]) sim->planted_wrong = sim_plant(sim, 0);
  sim_end(sim);
}

