/* The books of a county that was played: the rooms' own checks (as `dianbaomu check` makes them), every answered call in exactly one order, the dark
 * counted customer by customer. */
#include <stdio.h>

#include "app/county_sim.h"

static void told(void *self, const char *what, const char *problem, int64_t count) {
  CountySim *sim = self;
  if (problem[0]) sim_wrong(sim, "%s: %s", what, problem);
  if (strcmp(what, "events") == 0) sim->figures.events = count;
}

/* Of each order that somebody was told: it is there, once, and knows of exactly so many calls. */
static bool check_calls(CountySim *sim, Error *error) {
  DbStatement *s;
  size_t at = 0;
  int64_t order, answered;
  bool row;
  if (!db_prepare(&s, sim->house.db, "SELECT calls FROM orders WHERE county_id = ?1 AND id = ?2", error)) return false;
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
  const House *house = &sim->house;
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
    uint32_t below = 0, end = grid_device(house->grid, outage->device)->end;
    for (uint32_t position = 0; position < customers; position++)
      below += grid_ranges_hold(&outage->dark, people_customer_device(house->people, position));
    if (below != outage->customers_out)
      return sim_wrong(sim, "outage %lld says %u customers out, counted one by one %u", (long long)outage->id.value, outage->customers_out, below);
    for (size_t r = 0; r < outage->dark.count; r++)
      if (outage->dark.at[r].from < outage->device || outage->dark.at[r].to > end)
        return sim_wrong(sim, "outage %lld darkens what is not below its device", (long long)outage->id.value);
  }
  return ok;
}

bool sim_books(CountySim *sim) {
  Error error = {0};
  char text[ERROR_TEXT_MAX];
  bool ok = house_books(&sim->house, told, NULL, sim, &error) && check_calls(sim, &error) && check_dark(sim, &error);
  if (!ok && error.code) sim_wrong(sim, "books: %s", error_text(&error, LANGUAGE_EN, text, sizeof text));
  return !sim->problem[0];
}

void sim_digest(CountySim *sim, Buffer *out) {
  const House *house = &sim->house;
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
  for (size_t i = 0; i < crew_stock_count(house->crews); i++) buffer_format(out, "stock %lld: %lld\n", (long long)crew_stock_at(house->crews, i)->id, (long long)crew_stock_at(house->crews, i)->quantity);
}
