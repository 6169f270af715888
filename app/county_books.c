/* The books of a county that was played: the rooms' own checks (as `dianbaomu check` makes them), every answered call in exactly one order, the dark
 * counted customer by customer. */
#include <stdio.h>

#include "app/county_sim.h"

static void told(void *self, const char *what, const char *problem, int64_t count) {
  CountySim *sim = self;
  if (problem[0]) sim_wrong(sim, "%s: %s", what, problem);
  if (strcmp(what, "events") == 0) sim->figures.events = count;
}

static bool one_number(int64_t *out, CountySim *sim, const char *sql, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, sim->house->db, sql, error)) return false;
  db_bind_i64(s, 1, HOUSE_COUNTY);
  if (!db_step(&row, s, error)) return false;
  *out = row ? db_column_i64(s, 0) : 0;
  db_reset(s);
  return true;
}

/* Each message that was taken has made one row, and only those; of some nobody knows whether they were. */
static bool check_messages(CountySim *sim, Error *error) {
  int64_t answered[MATTER_COUNT] = {0}, unknown[MATTER_COUNT] = {0}, rows;
  for (size_t i = 0; i < sim->messages.count; i++) {
    const SimMessage *message = &sim->messages.at[i];
    if (message->answer[0]) answered[message->matter]++;
    else unknown[message->matter] += message->unknown;
  }
  for (size_t m = 0; m < MATTER_COUNT; m++) {
    if (!SIM_MATTERS[m].rows) continue;
    if (!one_number(&rows, sim, SIM_MATTERS[m].rows, error)) return false;
    if (rows < answered[m] || rows > answered[m] + unknown[m])
      return sim_wrong(sim, "%s: %lld answered, %lld without an answer, %lld rows", SIM_MATTERS[m].name, (long long)answered[m], (long long)unknown[m], (long long)rows);
  }
  return true;
}

/* What must be none. */
static bool check_rows(CountySim *sim, Error *error) {
  static const struct {
    const char *what, *sql;
  } NONE[] = {
      {"events of groups and their messages differ",
       "SELECT (SELECT COUNT(*) FROM event WHERE county_id = ?1 AND kind = 'group.said') - (SELECT COUNT(*) FROM group_message WHERE county_id = ?1)"
       " - (SELECT COUNT(*) FROM group_message WHERE county_id = ?1 AND author <> 'system' AND order_id IS NOT NULL)"},
      {"links were used, answers given: they differ",
       "SELECT (SELECT COUNT(*) FROM survey_link WHERE county_id = ?1 AND used = 1) - (SELECT COUNT(*) FROM satisfaction WHERE county_id = ?1)"},
      {"two alarms of one area and watch are open",
       "SELECT COUNT(*) FROM (SELECT area_id FROM meter_alarm WHERE county_id = ?1 AND is_open = 1 GROUP BY area_id, watch HAVING COUNT(*) > 1) q"},
      {"an alarm has no order", "SELECT COUNT(*) FROM meter_alarm WHERE county_id = ?1 AND order_id = 0 AND watch NOT IN (2, 7)"},
      {"an alarm has an order that is not there",
       "SELECT COUNT(*) FROM meter_alarm a WHERE a.county_id = ?1 AND a.order_id <> 0 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.county_id = a.county_id AND o.id = a.order_id)"},
      {"two orders of one area are open for its alarms",
       "SELECT COUNT(*) FROM (SELECT device_id FROM orders WHERE county_id = ?1 AND source = 'meter' AND closed_at IS NULL GROUP BY device_id, kind HAVING COUNT(*) > 1) q"},
      {"a visit found what has no order",
       "SELECT COUNT(*) FROM visit v WHERE v.county_id = ?1 AND v.order_id > 0 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.county_id = v.county_id AND o.id = v.order_id)"},
  };
  int64_t count;
  for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) {
    if (!one_number(&count, sim, NONE[i].sql, error)) return false;
    if (count) return sim_wrong(sim, "%s (%lld)", NONE[i].what, (long long)count);
  }
  return true;
}

/* Of each order that somebody was told: it is there, once, and knows of exactly so many calls; one that another order or a meter brought has one of its own. */
static bool check_calls(CountySim *sim, Error *error) {
  DbStatement *s;
  size_t at = 0;
  int64_t order, answered;
  bool row;
  if (!db_prepare(&s, sim->house->db, "SELECT calls - CASE WHEN source IN ('order', 'meter') THEN 1 ELSE 0 END FROM orders WHERE county_id = ?1 AND id = ?2", error)) return false;
  while (map_next(&sim->answered, &at, &order, &answered)) {
    db_bind_i64(s, 1, HOUSE_COUNTY);
    db_bind_i64(s, 2, order);
    if (!db_step(&row, s, error)) return false;
    int64_t calls = row ? db_column_i64(s, 0) : 0;
    db_reset(s);
    if (!row) return sim_wrong(sim, "order %lld was answered and is not there", (long long)order);
    if (calls != answered)
      return sim_wrong(sim, "order %lld has %lld calls, %lld were answered", (long long)order, (long long)calls, (long long)answered);
  }
  return true;
}

static bool check_dark(CountySim *sim, Error *error) {
  const House *house = sim->house;
  GridRanges dark = {0};
  uint32_t told_count = 0, counted = 0;
  bool ok = outage_dark(house->outages, &dark, &told_count, error);
  uint32_t customers = people_customer_count(house->people);
  for (uint32_t position = 0; ok && position < customers; position++) {
    uint32_t device = people_customer_device(house->people, position);
    bool out = false;
    for (size_t i = 0; i < outage_count(house->outages); i++) out |= grid_ranges_hold(&outage_at(house->outages, i)->dark, device);
    counted += out;
  }
  grid_ranges_free(&dark);
  if (ok && counted != told_count) return sim_wrong(sim, "%u customers are dark, counted one by one %u", told_count, counted);
  for (size_t i = 0; ok && i < outage_count(house->outages); i++) {
    const Outage *outage = outage_at(house->outages, i);
    uint32_t below = 0;
    for (uint32_t position = 0; position < customers; position++)
      below += grid_ranges_hold(&outage->dark, people_customer_device(house->people, position));
    if (below != outage->customers_out)
      return sim_wrong(sim, "outage %lld says %u customers out, counted one by one %u", (long long)outage->id.value, outage->customers_out, below);
  }
  return ok;
}

static bool own_books(CountySim *sim, Error *error) {
  return check_calls(sim, error) && check_dark(sim, error) && check_messages(sim, error) && check_rows(sim, error) && sim_check_readings(sim, sim->ending, error);
}

bool sim_books(CountySim *sim) {
  Error error = {0};
  char text[ERROR_TEXT_MAX];
  bool ok = house_books(sim->house, told, NULL, sim, &error) && own_books(sim, &error);
  if (!ok && error.code) sim_wrong(sim, "books: %s", error_text(&error, LANGUAGE_EN, text, sizeof text));
  return !sim->problem[0];
}

void sim_digest(CountySim *sim, Buffer *out) {
  const House *house = sim->house;
  for (size_t i = 0; i < outage_count(house->outages); i++) {
    const Outage *o = outage_at(house->outages, i);
    buffer_format(out, "outage %lld: device %u state %d stage %d pinned %d out %u of %u crew %lld job %lld undo %d households %u eta %lld dark", (long long)o->id.value,
                  o->device, o->state, o->stage, o->pinned, o->customers_out, o->customers_total, (long long)o->crew.value, (long long)o->job, o->undo, o->households,
                  (long long)o->eta_until);
    for (size_t r = 0; r < o->dark.count; r++) buffer_format(out, " %u-%u", o->dark.at[r].from, o->dark.at[r].to);
    buffer_byte(out, '\n');
  }
  for (size_t i = 0; i < crew_job_count(house->crews); i++) {
    const Job *job = crew_job_at(house->crews, i);
    buffer_format(out, "job %lld: crew %lld outage %lld state %d steps %d version %d\n", (long long)job->id.value, (long long)job->crew.value,
                  (long long)job->outage.value, job->state, job->done_count, job->version);
  }
  for (size_t i = 0; i < meter_alarm_count(house->meters); i++) {
    const MeterAlarm *alarm = meter_alarm(house->meters, i);
    buffer_format(out, "alarm %lld: area %u watch %d order %lld since %lld\n", (long long)alarm->id, alarm->area, (int)alarm->watch, (long long)alarm->order.value, (long long)alarm->since);
  }
  for (size_t i = 0; i < visit_month_count(house->visits); i++) {
    const VisitMonth *m = visit_month_at(house->visits, i);
    buffer_format(out, "month %d of %lld: %d planned %d visited %d refused %d given up %d missed %d findings, cut %lld\n", m->month, (long long)m->org_id, m->planned, m->visited,
                  m->refused, m->given_up, m->missed, m->findings, (long long)visit_cut_in_force(house->visits).value);
  }
  for (size_t i = 0; i < crew_stock_count(house->crews); i++) buffer_format(out, "stock %lld: %lld\n", (long long)crew_stock_at(house->crews, i)->id, (long long)crew_stock_at(house->crews, i)->quantity);
}

/* --- are the books themselves any good? --- */

typedef struct Heard {
  const char *book; /* the one that is to find it */
  bool found;
} Heard;

static void hear(void *self, const char *what, const char *problem, int64_t count) {
  Heard *heard = self;
  (void)count;
  heard->found |= problem[0] && strcmp(what, heard->book) == 0;
}

/* One error at a time is planted in the rows, within a transaction that is taken back: the book it belongs to must find it. */
int sim_plant(CountySim *sim, int number) {
  static const struct {
    const char *book, *what, *sql;
  } PLANTS[SIM_PLANTS] = { /* book NULL: one of the simulation's own */
      {"events", "an event's words are changed", "UPDATE event SET data = '{}' WHERE county_id = 1 AND seq = (SELECT MAX(seq) - 3 FROM event)"},
      {"events", "an event is taken out", "DELETE FROM event WHERE county_id = 1 AND seq = (SELECT MAX(seq) - 3 FROM event)"},
      {"orders", "an order's version is another", "UPDATE orders SET version = version + 1 WHERE county_id = 1 AND id = (SELECT MIN(id) FROM orders)"},
      {"orders", "an order has a call more", "UPDATE orders SET calls = calls + 1 WHERE county_id = 1 AND id = (SELECT MAX(id) FROM orders)"},
      {"orders", "a step goes where no step goes",
       "UPDATE event SET data = replace(data, '\"to\":\"', '\"to\":\"x') WHERE county_id = 1 AND seq = (SELECT MIN(seq) FROM event WHERE kind = 'order.step')"},
      {"orders", "a sum of promises is one more", "UPDATE promise_sum SET kept = kept + 1 WHERE county_id = 1"},
      {"orders", "an order began a minute earlier", "UPDATE orders SET accepted_at = accepted_at - 60000000 WHERE county_id = 1 AND id = (SELECT MIN(id) FROM orders)"},
      {"clocks", "a measured run used a microsecond more", "UPDATE order_clock SET used = used + 1 WHERE county_id = 1 AND order_id = (SELECT MIN(order_id) FROM order_clock)"},
      {"clocks", "a measured run is missing", "DELETE FROM order_clock WHERE county_id = 1 AND order_id = (SELECT MIN(order_id) FROM order_clock)"},
      {"clocks", "a step is a second later",
       "UPDATE event SET at = at + 1000000 WHERE county_id = 1 AND seq = (SELECT MIN(seq) FROM event WHERE kind = 'order.step' AND data LIKE '%restore%')"},
      {"parts", "a part of the company lost what lies below it", "DELETE FROM org_part WHERE county_id = 1 AND part_id <> org_id"},
      {"outages", "an outage ended and its orders did not hear of it", "UPDATE outage SET is_open = 0 WHERE county_id = 1"},
      {"dark", "an outage has a customer more", "UPDATE outage SET customers_out = customers_out + 1 WHERE county_id = 1 AND is_open = 1"},
      {"dark", "power is back and memory does not know",
       "INSERT INTO outage_freed (county_id, outage_id, device_id, at) SELECT county_id, id, device_id, 1 FROM outage WHERE is_open = 1 AND state < 3"
       " ON CONFLICT (county_id, outage_id, device_id) DO NOTHING"},
      {"groups", "a message became an order that is not there",
       "UPDATE group_message SET order_id = order_id + 1 WHERE county_id = 1 AND author <> 'system' AND order_id IS NOT NULL"},
      {"meters", "an alarm has more households", "UPDATE meter_alarm SET meters = meters + 1 WHERE county_id = 1 AND is_open = 1"},
      {"visits", "a month has one visited more", "UPDATE visit_month SET visited = visited + 1 WHERE county_id = 1"},
      {NULL, "a word in a group is gone", "DELETE FROM group_message WHERE county_id = 1 AND id = (SELECT MIN(id) FROM group_message)"},
      {NULL, "an answer by link is there twice",
       "INSERT INTO satisfaction (county_id, id, kind, org_id, period, answer, scores) SELECT county_id, id + 1, kind, org_id, period, answer, scores FROM satisfaction WHERE county_id = 1"},
      {NULL, "a link was used and nobody answered", "UPDATE survey_link SET used = 1 - used WHERE county_id = 1"},
      {NULL, "a visit is gone", "DELETE FROM visit WHERE county_id = 1 AND id = (SELECT MIN(id) FROM visit)"},
      {NULL, "an alarm lost its order", "UPDATE meter_alarm SET order_id = 0 WHERE county_id = 1"},
      {NULL, "readings are gone", "DELETE FROM reading_batch WHERE county_id = 1"},
      {NULL, "a call was counted twice", "UPDATE orders SET calls = calls + 1 WHERE county_id = 1"},
  };
  int wrong = 0;
  for (size_t i = 0; i < sizeof PLANTS / sizeof *PLANTS; i++) {
    Heard heard = {PLANTS[i].book, false};
    Error error = {0};
    char text[ERROR_TEXT_MAX];
    bool ok = db_begin(sim->house->db, &error) && db_run(sim->house->db, PLANTS[i].sql, &error) &&
              (PLANTS[i].book ? house_books(sim->house, hear, NULL, &heard, &error) : own_books(sim, &error));
    if (db_in_transaction(sim->house->db)) db_rollback(sim->house->db);
    bool told_so = heard.found || sim->problem[0] || (!ok && error.code == ERROR_STORE_CORRUPT);
    wrong += !told_so;
    printf("%s %d - found by the book of %s: %s\n", told_so ? "ok" : "not ok", ++number, PLANTS[i].book ? PLANTS[i].book : "what was answered", PLANTS[i].what);
    sim->problem[0] = '\0';
    if (!ok && !told_so) printf("# %s\n", error_text(&error, LANGUAGE_EN, text, sizeof text));
  }
  return wrong;
}
