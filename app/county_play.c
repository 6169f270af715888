/* Who does what: each act is one command over the desk, most of them sensible, some not. */
#include <stdio.h>

#include "app/county_sim.h"
#include "order/kind.h"

static const char *const CALL_KINDS[] = {"fault_repair", "fault_repair", "fault_repair", "enquiry", "complaint", "low_voltage", "opinion", "meter_test"};
enum { CALL_KIND_COUNT = (int)(sizeof CALL_KINDS / sizeof *CALL_KINDS) };

/* --- calls --- */

typedef struct CallCommand {
  CountySim *sim;
  SimCall *call;
  int64_t order;
} CallCommand;

/* As the server does it: the reply is kept under the key, in the command's own transaction. */
static bool work_call(DeskContext *context, void *command, Error *error) {
  CallCommand *c = command;
  CountySim *sim = c->sim;
  int64_t row;
  KeptReply kept;
  if (keys_find(&sim->keys, c->call->key, &row))
    return keys_read(&kept, context->arena, context->db, context->county_id, row, error) && text_to_i64(kept.body, &c->order);
  Customer customer;
  OrderId order;
  bool again;
  char body[24];
  people_customer(sim->house.people, c->call->position, &customer);
  OrderAccept accept = {.kind = text_of(CALL_KINDS[c->call->kind]), .customer = customer.id, .device = GRID_NONE, .caller_name = customer.name,
                        .caller_phone = customer.phone, .description = TEXT("停电"), .source = TEXT("hotline"), .roles = KIND_ROLE_AGENT};
  if (c->call->kind < 3) accept.what = TEXT("no_power");
  if (!order_accept(context, sim->house.orders, &accept, &order, &again, error)) return false;
  int len = snprintf(body, sizeof body, "%lld", (long long)order.value);
  kept = (KeptReply){.fingerprint = c->call->key, .status = 201, .body = {body, (size_t)len}};
  int64_t id = desk_new_id(context);
  c->order = order.value;
  return keys_write(context->db, context->county_id, id, c->call->key, &kept, error) && keys_put(&sim->keys, c->call->key, id, error)
             ? true : desk_spoil(context);
}

void sim_send(CountySim *sim, SimCall *call) {
  CallCommand command = {sim, call, 0};
  Error error = {0};
  int64_t count = 0;
  bool ok = sim_do(sim, work_call, &command, "staff:7");
  if (!ok) {
    if (!power_is_off() && !keys_forget_undone(&sim->keys, sim->house.db, HOUSE_COUNTY, &error) && !sim->armed)
      sim_wrong(sim, "keys: %s", error_name(error.code));
    return;
  }
  memory_fail_at(0); /* what follows is the player's own */
  sim->figures.calls++;
  if (call->order) { /* it had been answered before */
    if (call->order != command.order)
      sim_wrong(sim, "a repeated message got order %lld, at first %lld", (long long)command.order, (long long)call->order);
    sim->figures.repeated++;
    return;
  }
  call->order = command.order;
  if (map_get(&sim->answered, call->order, &count)) sim->figures.again++;
  if (!map_put(&sim->answered, call->order, count + 1)) sim_wrong(sim, "%s", "out of memory");
}

static void act_call(CountySim *sim) {
  uint32_t count = people_customer_count(sim->house.people);
  SimCall call = {.key = random_u64(&sim->random) | 1, .position = sim_below(sim, count), .kind = (uint8_t)sim_below(sim, CALL_KIND_COUNT), .at = sim->now};
  if (sim->calls.count && sim_below(sim, 3)) { /* a neighbour of who called before, or the same again */
    const SimCall *before = &sim->calls.at[sim_below(sim, (uint32_t)sim->calls.count)];
    call.position = (before->position + sim_below(sim, 4)) % count;
    call.kind = sim_below(sim, 5) ? 0 : call.kind;
  }
  if (!vector_push(&sim->calls, call)) return; /* the fault struck the player, not the program */
  sim_send(sim, &sim->calls.at[sim->calls.count - 1]);
}

static void act_repeat(CountySim *sim) {
  if (sim->calls.count) sim_send(sim, &sim->calls.at[sim_below(sim, (uint32_t)sim->calls.count)]);
}

/* --- forms --- */

static json_t *id_text(int64_t id) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)id);
  return json_string(text);
}

static json_t *instant_json(Instant at) {
  char text[INSTANT_TEXT_MAX];
  return json_string(instant_to_text(at / SPAN_MINUTE * SPAN_MINUTE, ZONE_SHANGHAI, text));
}

static json_t *value_for(CountySim *sim, DeskContext *context, OrderId order, const KindField *field) {
  const House *house = &sim->house;
  Error error = {0};
  int64_t id = 31;
  switch ((KindFieldType)field->type) {
    case FIELD_TEXT: return json_string(field->least > 4 ? "202611" : "甲乙丙丁");
    case FIELD_NOTE: return json_string("经核实, 已按规定处理");
    case FIELD_CHOICE: return json_string(field->choices[sim_below(sim, (uint32_t)field->choice_count)].id);
    case FIELD_CHOICES: return json_pack("[s]", field->choices[sim_below(sim, (uint32_t)field->choice_count)].id);
    case FIELD_TIME: return instant_json(sim->now + (Span)sim_below(sim, 600) * SPAN_MINUTE);
    case FIELD_DATE: return json_string("2026-12-31");
    case FIELD_BOOL: return json_boolean(sim_below(sim, 2) == 0);
    case FIELD_NUMBER: return json_real(field->least > 1 ? field->least : field->most < 1 ? field->most : 1);
    case FIELD_WHOLE:
    case FIELD_MONEY: return json_integer(field->least > 1 ? (json_int_t)field->least : 1);
    case FIELD_PHONE: return json_string("13900000000");
    case FIELD_FILE:
      (void)!attachment_add(context, order, 0, "application/pdf", TEXT("%PDF-1.4\n1 0 obj\n%%EOF\n"), &id, &error);
      break;
    case FIELD_ORG: id = people_org(house->people, sim_below(sim, (uint32_t)people_org_count(house->people)))->id; break;
    case FIELD_CREW: if (crew_count(house->crews)) id = crew_at(house->crews, sim_below(sim, (uint32_t)crew_count(house->crews)))->id.value; break;
    case FIELD_ORDER: if (order_count(house->orders)) id = order_at(house->orders, sim_below(sim, (uint32_t)order_count(house->orders)))->id.value; break;
    case FIELD_OUTAGE: if (outage_count(house->outages)) id = outage_at(house->outages, sim_below(sim, (uint32_t)outage_count(house->outages)))->id.value; break;
    case FIELD_STAFF:
    case FIELD_CUSTOMER: break;
  }
  return id_text(id);
}

typedef struct StepCommand {
  CountySim *sim;
  OrderId order;
  const KindStep *step;
  uint32_t roles;
  int32_t version;
} StepCommand;

static bool work_step(DeskContext *context, void *command, Error *error) {
  StepCommand *c = command;
  const KindStep *step = c->step;
  json_t *values = json_object();
  for (size_t i = 0; i < step->field_count; i++) {
    const KindField *field = &step->fields[i];
    bool speaks = field->when_field < 0 || !text_is(field->when_is, "no");
    if (speaks && (field->required || field->type == FIELD_CHOICE || sim_below(c->sim, 2)))
      json_object_set_new(values, field->id.at, value_for(c->sim, context, c->order, field));
  }
  OrderStep taken = {.order = c->order, .step = step->id, .version = c->version, .fields = values, .roles = c->roles};
  bool ok = order_step(context, c->sim->house.orders, &taken, error);
  json_decref(values);
  return ok;
}

static void act_step(CountySim *sim) {
  static const char *const STAFF[] = {"staff:7", "staff:8", "staff:9"};
  size_t count = order_count(sim->house.orders);
  if (!count) return;
  const Order *order = order_at(sim->house.orders, sim_below(sim, (uint32_t)count));
  const OrderKind *kind = order->kind;
  const KindStep *fit[KIND_STEPS_MAX];
  uint32_t fits = 0;
  for (size_t i = 0; i < kind->step_count; i++)
    if (kind->steps[i].from >> order->state & 1) fit[fits++] = &kind->steps[i];
  StepCommand command = {sim, order->id, NULL, 0, order->version};
  command.step = fits && sim_below(sim, 12) ? fit[sim_below(sim, fits)] : &kind->steps[sim_below(sim, (uint32_t)kind->step_count)];
  command.roles = sim_below(sim, 10) ? command.step->roles & 63 : 1u << sim_below(sim, 6);
  if (sim_below(sim, 12) == 0) command.version -= 1;
  if (sim_do(sim, work_step, &command, STAFF[sim_below(sim, 3)])) sim->figures.steps++;
  else sim->figures.steps_refused++;
}

/* --- outages and crews --- */

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
  const Grid *grid = sim->house.grid;
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
  Outages *outages = c->sim->house.outages;
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

static void act_outage(CountySim *sim) {
  size_t count = outage_count(sim->house.outages);
  AnyCommand command = {.sim = sim, .what = count ? (int)sim_below(sim, 13) : 0, .device = sim_below(sim, grid_count(sim->house.grid))};
  if (count) {
    const Outage *outage = outage_at(sim->house.outages, sim_below(sim, (uint32_t)count));
    command.outage = outage->id;
    command.other = outage_at(sim->house.outages, sim_below(sim, (uint32_t)count))->id;
    command.version = sim_below(sim, 10) ? outage->version : 1;
    if (command.what) command.device = device_near(sim, outage->device);
    command.device_count = command.what == 7 ? 1 + sim_below(sim, 2) : 0;
    for (size_t i = 0; i < command.device_count; i++)
      command.devices[i] = outage->device + sim_below(sim, grid_device(sim->house.grid, outage->device)->end - outage->device);
    if (command.what == 9) order_of_outage(sim->house.orders, outage->id, collect, &command);
  }
  sim_do(sim, work_outage, &command, "staff:8");
}

static bool work_assign(DeskContext *context, void *command, Error *error) {
  AnyCommand *c = command;
  JobId job;
  if (c->what == 0) return crew_unassign(context, c->sim->house.crews, c->outage, 0, TEXT("另有安排"), error);
  return crew_assign(context, c->sim->house.crews, c->outage, c->version, c->crew, &job, error);
}

static bool work_job(DeskContext *context, void *command, Error *error) {
  AnyCommand *c = command;
  CountySim *sim = c->sim;
  Crews *crews = sim->house.crews;
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
    fields = json_pack("{s:s#,s:o,s:o}", "cause", procedure->id.at, (int)procedure->id.len, "eta_from", instant_json(context->now + SPAN_HOUR), "eta_until",
                       instant_json(context->now + 2 * SPAN_HOUR));
  } else if (text_is(step.step, "return")) {
    fields = json_pack("{s:s}", "reason", "车辆故障");
  } else if (text_is(step.step, "restore") && sim_below(sim, 2)) {
    const Outage *outage = outage_find(sim->house.outages, job->outage);
    if (outage) {
      uint32_t device = outage->device + sim_below(sim, grid_device(sim->house.grid, outage->device)->end - outage->device);
      fields = json_pack("{s:[o]}", "devices", id_text(grid_device(sim->house.grid, device)->id.value));
    }
  }
  step.fields = fields;
  bool ok = crew_step(context, crews, &step, error);
  json_decref(fields);
  return ok;
}

static bool work_material(DeskContext *context, void *command, Error *error) {
  AnyCommand *c = command;
  Crews *crews = c->sim->house.crews;
  int64_t id;
  if (!crew_stock_count(crews)) return true;
  const StockPlace *stock = crew_stock_at(crews, sim_below(c->sim, (uint32_t)crew_stock_count(crews)));
  CrewMaterial want = {.job = c->job, .item = stock->item, .quantity = 1 + sim_below(c->sim, 3)};
  return crew_take_material(context, crews, &want, &id, error);
}

static void act_crew(CountySim *sim) {
  const House *house = &sim->house;
  size_t jobs = crew_job_count(house->crews), outages = outage_count(house->outages);
  AnyCommand command = {.sim = sim};
  if (outages && crew_count(house->crews) && (!jobs || sim_below(sim, 4) == 0)) {
    const Outage *outage = outage_at(house->outages, sim_below(sim, (uint32_t)outages));
    command.outage = outage->id;
    command.version = outage->version;
    command.crew = crew_at(house->crews, sim_below(sim, (uint32_t)crew_count(house->crews)))->id;
    command.what = (int)sim_below(sim, 8);
    sim_do(sim, work_assign, &command, "staff:8");
  } else if (jobs) {
    command.job = crew_job_at(house->crews, sim_below(sim, (uint32_t)jobs))->id;
    sim_do(sim, sim_below(sim, 8) ? work_job : work_material, &command, "staff:9");
  }
}

/* --- meters and switches: early, late, twice, and about what is not there --- */

static bool work_evidence(DeskContext *context, void *command, Error *error) {
  AnyCommand *c = command;
  return outage_evidence(context, c->sim->house.outages, c->items, c->item_count, c->verdicts, error);
}

static void act_evidence(CountySim *sim) {
  static const char *const KINDS[] = {"last_gasp", "power_up", "ping_off", "ping_on", "switch_open", "switch_closed", "concentrator_off", "is_dark", "has_power"};
  const House *house = &sim->house;
  AnyCommand command = {.sim = sim, .item_count = 1 + sim_below(sim, 6)};
  uint32_t position = sim_below(sim, people_customer_count(house->people));
  if (sim->calls.count && sim_below(sim, 2)) position = sim->calls.at[sim_below(sim, (uint32_t)sim->calls.count)].position;
  for (size_t i = 0; i < command.item_count; i++) {
    Customer customer;
    people_customer(house->people, (position + (uint32_t)i) % people_customer_count(house->people), &customer);
    uint32_t kind = sim_below(sim, (uint32_t)(sizeof KINDS / sizeof *KINDS));
    Text subject = kind < 4 ? customer.meter : kind < 7 ? grid_code(house->grid, device_near(sim, customer.device)) : customer.number;
    Span late = sim_below(sim, 4) ? (Span)sim_below(sim, 120) * SPAN_SECOND : (Span)sim_below(sim, 5000) * SPAN_MINUTE - SPAN_HOUR;
    command.items[i] = (OutageEvidence){sim->now - late, text_of(KINDS[kind]), sim_below(sim, 30) ? subject : TEXT("nobody")};
  }
  sim_do(sim, work_evidence, &command, "meters");
  if (sim_below(sim, 4) == 0) sim_do(sim, work_evidence, &command, "meters"); /* the head-end sends it once more */
}

void sim_act(CountySim *sim) {
  uint32_t what = sim_below(sim, 100);
  sim->figures.acts++;
  if (what < 28) act_call(sim);
  else if (what < 32) act_repeat(sim);
  else if (what < 60) act_step(sim);
  else if (what < 72) act_outage(sim);
  else if (what < 92) act_crew(sim);
  else act_evidence(sim);
}
