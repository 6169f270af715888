/* The field: outages and what dispatchers do with them, crews, what meters and switches report, and the switching of ties. */
#include <stdio.h>

#include "app/county_sim.h"

typedef struct AnyCommand {
  CountySim *sim;
  int what;
  OutageId outage, other;
  JobId job;
  CrewId crew;
  OrderId orders[8];
  size_t order_count;
  uint32_t device, devices[2];
  int32_t version;
  size_t device_count;
  OutageEvidence items[8];
  OutageEvidenceVerdict verdicts[8];
  size_t item_count;
} AnyCommand;

static uint32_t device_near(CountySim *sim, uint32_t device) {
  const Grid *grid = sim->house->grid;
  const GridDevice *at = grid_device(grid, device);
  switch (sim_below(sim, 4)) {
    case 0: return at->parent == GRID_NONE ? device : at->parent;
    case 1: return device + sim_below(sim, at->end - device);
    case 2: return sim_below(sim, grid_count(grid));
    default: return device;
  }
}

static bool work_outage(DeskContext *context, void *command, Error *error) {
  AnyCommand *c = command;
  Outages *outages = c->sim->house->outages;
  OutageId made;
  switch (c->what) {
    case 0: return outage_declare(context, outages, c->device, TEXT("巡视发现"), &made, error);
    case 1: return outage_confirm(context, outages, c->outage, c->version, error);
    case 2: return outage_move(context, outages, c->outage, c->version, c->device, error);
    case 3: return outage_merge(context, outages, c->outage, c->version, c->other, error);
    case 4: return outage_dismiss(context, outages, c->outage, c->version, TEXT("查无此事"), error);
    case 5:
      return outage_set_eta(context, outages, c->outage, c->version, context->now + SPAN_HOUR, context->now + 2 * SPAN_HOUR, OUTAGE_ETA_DISPATCHER, error);
    case 6:
    case 7: return outage_restore(context, outages, c->outage, c->version, c->devices, c->device_count, error);
    case 8: return outage_undo(context, outages, c->outage, c->version, error);
    case 9: return outage_split(context, outages, c->outage, c->version, c->orders, c->order_count, &made, error);
    default: return outage_word(context, outages, c->device, (LocateWord)(c->what - 10), error);
  }
}

static bool collect(void *self, const Order *order) {
  AnyCommand *c = self;
  if (c->order_count < 8 && sim_below(c->sim, 2)) c->orders[c->order_count++] = order->id;
  return c->order_count < 8;
}

void sim_act_outage(CountySim *sim) {
  size_t count = outage_count(sim->house->outages);
  AnyCommand command = {.sim = sim, .what = count ? (int)sim_below(sim, 13) : 0, .device = sim_below(sim, grid_count(sim->house->grid))};
  if (count) {
    const Outage *outage = outage_at(sim->house->outages, sim_below(sim, (uint32_t)count));
    command.outage = outage->id;
    command.other = outage_at(sim->house->outages, sim_below(sim, (uint32_t)count))->id;
    command.version = sim_below(sim, 10) ? outage->version : 1;
    if (command.what) command.device = device_near(sim, outage->device);
    command.device_count = command.what == 7 ? 1 + sim_below(sim, 2) : 0;
    for (size_t i = 0; i < command.device_count; i++)
      command.devices[i] = outage->device + sim_below(sim, grid_device(sim->house->grid, outage->device)->end - outage->device);
    if (command.what == 9) order_of_outage(sim->house->orders, outage->id, collect, &command);
  }
  sim_do(sim, work_outage, &command, "staff:8", NULL);
}

static bool work_assign(DeskContext *context, void *command, Error *error) {
  AnyCommand *c = command;
  JobId job;
  if (c->what == 0) return crew_unassign(context, c->sim->house->crews, c->outage, 0, TEXT("另有安排"), error);
  return crew_assign(context, c->sim->house->crews, c->outage, c->version, c->crew, &job, error);
}

static bool work_job(DeskContext *context, void *command, Error *error) {
  AnyCommand *c = command;
  CountySim *sim = c->sim;
  Crews *crews = sim->house->crews;
  const Job *job = crew_job_find(crews, c->job);
  if (!job) return error_raise(error, ERROR_NOT_FOUND, "job\t%lld", (long long)c->job.value);
  CrewStep step = {.job = c->job, .version = job->version, .staff_id = 9};
  json_t *fields = NULL;
  static const char *const ANY[] = {"take", "return", "depart", "arrive", "survey", "restore", "reply"};
  const char *next = NULL;
  switch ((JobState)job->state) {
    case JOB_ASSIGNED: next = "take"; break;
    case JOB_TAKEN: next = "depart"; break;
    case JOB_ON_THE_WAY: next = "arrive"; break;
    case JOB_ON_SITE: next = "survey"; break;
    case JOB_RESTORED: next = "reply"; break;
    default: break;
  }
  step.step = next ? text_of(next) : crew_job_next(job);
  if (!step.step.at || !step.step.len) step.step = TEXT("restore");
  if (sim_below(sim, 8) == 0) step.step = text_of(ANY[sim_below(sim, 7)]);
  if (text_is(step.step, "survey")) {
    const Repair *repair = crew_repair(crews);
    const Procedure *procedure = repair_at(repair, sim_below(sim, (uint32_t)repair_count(repair)));
    fields = json_pack("{s:s#,s:o,s:o}", "cause", procedure->id.at, (int)procedure->id.len, "eta_from", sim_instant_json(context->now + SPAN_HOUR), "eta_until",
                       sim_instant_json(context->now + 2 * SPAN_HOUR));
  } else if (text_is(step.step, "return")) {
    fields = json_pack("{s:s}", "reason", "车辆故障");
  } else if (text_is(step.step, "restore") && sim_below(sim, 2)) {
    const Outage *outage = outage_find(sim->house->outages, job->outage);
    if (outage) {
      uint32_t device = outage->device + sim_below(sim, grid_device(sim->house->grid, outage->device)->end - outage->device);
      fields = json_pack("{s:[o]}", "devices", sim_id_json(grid_device(sim->house->grid, device)->id.value));
    }
  }
  step.fields = fields;
  bool ok = crew_step(context, crews, &step, error);
  json_decref(fields);
  return ok;
}

static bool work_material(DeskContext *context, void *command, Error *error) {
  AnyCommand *c = command;
  Crews *crews = c->sim->house->crews;
  int64_t id;
  if (!crew_stock_count(crews)) return true;
  const StockPlace *stock = crew_stock_at(crews, sim_below(c->sim, (uint32_t)crew_stock_count(crews)));
  CrewMaterial want = {.job = c->job, .item = stock->item, .quantity = 1 + sim_below(c->sim, 3)};
  return crew_take_material(context, crews, &want, &id, error);
}

void sim_act_crew(CountySim *sim) {
  const House *house = sim->house;
  size_t jobs = crew_job_count(house->crews), outages = outage_count(house->outages);
  AnyCommand command = {.sim = sim};
  if (outages && crew_count(house->crews) && (!jobs || sim_below(sim, 4) == 0)) {
    const Outage *outage = outage_at(house->outages, sim_below(sim, (uint32_t)outages));
    command.outage = outage->id;
    command.version = outage->version;
    command.crew = crew_at(house->crews, sim_below(sim, (uint32_t)crew_count(house->crews)))->id;
    command.what = (int)sim_below(sim, 8);
    sim_do(sim, work_assign, &command, "staff:8", NULL);
  } else if (jobs) {
    command.job = crew_job_at(house->crews, sim_below(sim, (uint32_t)jobs))->id;
    sim_do(sim, sim_below(sim, 8) ? work_job : work_material, &command, "staff:9", NULL);
  }
}

/* --- meters and switches: early, late, twice, and about what is not there --- */

static bool work_evidence(DeskContext *context, void *command, Error *error) {
  AnyCommand *c = command;
  return outage_evidence(context, c->sim->house->outages, c->items, c->item_count, c->verdicts, error);
}

void sim_act_evidence(CountySim *sim) {
  static const char *const KINDS[] = {"last_gasp", "power_up", "ping_off", "ping_on", "switch_open", "switch_closed", "concentrator_off", "is_dark", "has_power"};
  const House *house = sim->house;
  AnyCommand command = {.sim = sim, .item_count = 1 + sim_below(sim, 6)};
  uint32_t position = sim_below(sim, people_customer_count(house->people));
  const SimMessage *call = sim->messages.count && sim_below(sim, 2) ? sim_call_before(sim) : NULL;
  if (call) position = (uint32_t)call->arg[0];
  for (size_t i = 0; i < command.item_count; i++) {
    Customer customer;
    people_customer(house->people, (position + (uint32_t)i) % people_customer_count(house->people), &customer);
    uint32_t kind = sim_below(sim, (uint32_t)(sizeof KINDS / sizeof *KINDS));
    Text subject = kind < 4 ? customer.meter : kind < 7 ? grid_code(house->grid, device_near(sim, customer.device)) : customer.number;
    Span late = sim_below(sim, 4) ? (Span)sim_below(sim, 120) * SPAN_SECOND : (Span)sim_below(sim, 5000) * SPAN_MINUTE - SPAN_HOUR;
    command.items[i] = (OutageEvidence){sim->now - late, text_of(KINDS[kind]), sim_below(sim, 30) ? subject : TEXT("nobody")};
  }
  sim_do(sim, work_evidence, &command, "meters", NULL);
  if (sim_below(sim, 4) == 0) sim_do(sim, work_evidence, &command, "meters", NULL); /* the head-end sends it once more */
}

/* --- ties: a part is fed from elsewhere, and back again --- */

bool sim_load_ties(CountySim *sim, Error *error) {
  DbStatement *s;
  const GridTie *ties;
  size_t count = grid_ties(sim->house->grid, &ties);
  vector_clear(&sim->ties);
  if (!db_prepare(&s, sim->house->db, "SELECT id, code FROM tie WHERE county_id = ?1 AND retired_at IS NULL ORDER BY id", error)) return false;
  db_bind_i64(s, 1, HOUSE_COUNTY);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    SimTie tie = {.a = GRID_NONE};
    snprintf(tie.code, sizeof tie.code, "%.*s", TEXT_ARG(db_column_text(s, 1)));
    for (size_t i = 0; i < count; i++)
      if (ties[i].id == db_column_i64(s, 0)) tie.a = ties[i].a, tie.b = ties[i].b;
    if (tie.a == GRID_NONE || vector_push(&sim->ties, tie)) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "ties");
  }
}

/* One line of what the control centre sees; mostly at once, sometimes late, so that an older word comes behind a newer one. */
static void report_switch(CountySim *sim, AnyCommand *command, bool closed, Text subject) {
  Span late = sim_below(sim, 8) ? (Span)sim_below(sim, 5) * SPAN_SECOND : (Span)sim_below(sim, 7200) * SPAN_SECOND;
  command->items[command->item_count++] = (OutageEvidence){sim->now - late, closed ? TEXT("switch_closed") : TEXT("switch_open"), subject};
}

void sim_act_tie(CountySim *sim) {
  const Grid *grid = sim->house->grid;
  AnyCommand command = {.sim = sim};
  if (!sim->ties.count) return;
  const SimTie *tie = &sim->ties.at[sim_below(sim, sim_below(sim, 3) ? 3 : (uint32_t)sim->ties.count) % sim->ties.count]; /* mostly a few of them, so that they meet */
  uint32_t cut = sim_below(sim, 2) ? tie->a : tie->b, up = sim_below(sim, 4);
  for (; up && grid_device(grid, cut)->parent != GRID_NONE; up--) cut = grid_device(grid, cut)->parent;
  uint32_t how = sim_below(sim, 8);
  bool back = how >= 4 && how < 6; /* to normal: first the switch, then the tie */
  if (how != 6) report_switch(sim, &command, back, grid_code(grid, cut));
  if (how != 7) report_switch(sim, &command, !back, text_of(tie->code));
  if (sim_below(sim, 6) == 0 && command.item_count == 2) { /* the other way round: a loop for a moment */
    OutageEvidence first = command.items[0];
    command.items[0] = command.items[1], command.items[1] = first;
  }
  if (sim_do(sim, work_evidence, &command, "switches", NULL)) {
    sim->figures.switchings++;
    for (size_t i = 0; i < command.item_count; i++) sim->figures.fed += command.verdicts[i].taken;
  }
}
