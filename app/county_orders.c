/* Orders of every kind: opened, taken any step of, answered by link. Forms are filled in by the types of their fields. */
#include <stdio.h>
#include <stdlib.h>

#include "app/county_sim.h"
#include "order/form.h"
#include "order/order_inside.h"
#include "order/order_list.h"

enum { PEOPLE = 63 };

json_t *sim_id_json(int64_t id) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)id);
  return json_string(text);
}

json_t *sim_instant_json(Instant at) {
  char text[INSTANT_TEXT_MAX];
  return json_string(instant_to_text(at / SPAN_MINUTE * SPAN_MINUTE, ZONE_SHANGHAI, text));
}

static json_t *value_for(CountySim *sim, DeskContext *context, OrderId order, const KindField *field) {
  const House *house = sim->house;
  Error error = {0};
  Customer customer;
  int64_t id = 31;
  switch ((KindFieldType)field->type) {
    case FIELD_TEXT: return json_string(field->least > 6 ? "20261128202611282026" : field->least > 4 ? "202611" : "甲乙丙丁");
    case FIELD_NOTE: return json_string("经核实, 已按规定处理");
    case FIELD_CHOICE: return json_string(field->choices[sim_below(sim, (uint32_t)field->choice_count)].id);
    case FIELD_CHOICES: return json_pack("[s]", field->choices[sim_below(sim, (uint32_t)field->choice_count)].id);
    case FIELD_TIME: return sim_instant_json(sim->now + (Span)sim_below(sim, 600) * SPAN_MINUTE);
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
    case FIELD_STAFF: if (sim->edition > 1) id = 7 + sim_below(sim, 3); break;
    case FIELD_CUSTOMER:
      if (sim->edition == 1) break;
      people_customer(house->people, sim_below(sim, people_customer_count(house->people)), &customer);
      id = customer.id.value;
      break;
  }
  return sim_id_json(id);
}

static json_t *fill(CountySim *sim, DeskContext *context, OrderId order, const KindField *fields, size_t count) {
  json_t *values = json_object();
  for (size_t i = 0; i < count; i++) {
    const KindField *field = &fields[i];
    bool speaks = field->when_field < 0 || (sim->edition == 1 ? !text_is(field->when_is, "no") : form_says(values, &fields[field->when_field], field->when_is));
    if (speaks && (field->required || field->type == FIELD_CHOICE || sim_below(sim, 2)))
      json_object_set_new(values, field->id.at, value_for(sim, context, order, field));
  }
  return values;
}

/* --- steps --- */

typedef struct StepCommand {
  CountySim *sim;
  OrderId order;
  const KindStep *step;
  uint32_t roles;
  int32_t version;
} StepCommand;

static bool work_step(DeskContext *context, void *command, Error *error) {
  StepCommand *c = command;
  json_t *values = fill(c->sim, context, c->order, c->step->fields, c->step->field_count);
  OrderStep taken = {.order = c->order, .step = c->step->id, .version = c->version, .fields = values, .roles = c->roles};
  bool ok = order_step(context, c->sim->house->orders, &taken, error);
  json_decref(values);
  return ok;
}

void sim_act_step(CountySim *sim) {
  static const char *const STAFF[] = {"staff:7", "staff:8", "staff:9"};
  size_t count = order_count(sim->house->orders);
  if (!count) return;
  const Order *order = order_at(sim->house->orders, sim_below(sim, (uint32_t)count));
  const OrderKind *kind = order->kind;
  const KindStep *fit[KIND_STEPS_MAX];
  uint32_t fits = 0;
  for (size_t i = 0; i < kind->step_count; i++)
    if (kind->steps[i].from >> order->state & 1) fit[fits++] = &kind->steps[i];
  StepCommand command = {sim, order->id, NULL, 0, order->version};
  command.step = fits && sim_below(sim, 12) ? fit[sim_below(sim, fits)] : &kind->steps[sim_below(sim, (uint32_t)kind->step_count)];
  command.roles = sim_below(sim, 10) ? command.step->roles & PEOPLE : 1u << sim_below(sim, 6);
  if (sim_below(sim, 12) == 0) command.version -= 1;
  if (sim_do(sim, work_step, &command, STAFF[sim_below(sim, 3)], NULL)) sim->figures.steps++;
  else sim->figures.steps_refused++;
}

/* --- orders of any kind, opened --- */

enum { OPEN_KIND, OPEN_POSITION, OPEN_ROLES };

/* A word of the form that has a column of its own; it stays in the form, too. */
static Text word_of(const json_t *values, const char *field) {
  Text text = form_text(values, field);
  return text.at ? text : TEXT_NONE;
}

bool sim_work_open(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  const OrderKind *kind = book_kind(sim->house->orders->book, (size_t)message->arg[OPEN_KIND]);
  Customer customer = {0};
  OrderId order;
  bool again;
  if (message->arg[OPEN_POSITION] >= 0) people_customer(sim->house->people, (uint32_t)message->arg[OPEN_POSITION], &customer);
  json_t *values = fill(sim, context, (OrderId){0}, kind->form, kind->form_count);
  OrderAccept accept = {.kind = kind->origin.id, .customer = customer.id, .device = customer.id.value ? GRID_NONE : sim_below(sim, grid_count(sim->house->grid)),
                        .what = word_of(values, "what"), .description = word_of(values, "description"), .source = TEXT("counter"),
                        .roles = (uint32_t)message->arg[OPEN_ROLES], .fields = values};
  bool ok = order_accept(context, sim->house->orders, &accept, &order, &again, error);
  json_decref(values);
  if (ok) snprintf(answer, SIM_ANSWER_MAX, "%lld", (long long)order.value);
  return ok;
}

void sim_act_open(CountySim *sim) {
  const RuleBook *book = sim->house->orders->book;
  SimMessage open = {.key = sim_key(sim), .matter = MATTER_OPEN};
  size_t kind = sim_below(sim, (uint32_t)book_kind_count(book));
  open.arg[OPEN_KIND] = (int64_t)kind;
  open.arg[OPEN_POSITION] = sim_below(sim, 6) ? (int64_t)sim_position(sim) : -1;
  open.arg[OPEN_ROLES] = book_kind(book, kind)->opened_by & PEOPLE; /* 0: the program itself opens it */
  sim_say(sim, &open);
}

/* --- answers by link --- */

enum { LINK_ORDER, ANSWER_LINK = 0, ANSWER_SAID };

bool sim_work_survey_link(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  Instant expires;
  _Static_assert((int)SURVEY_TOKEN_TEXT <= (int)SIM_ANSWER_MAX, "the answer is the token");
  return survey_link(context, sim->house->orders, (OrderId){message->arg[LINK_ORDER]}, answer, &expires, error);
}

bool sim_work_survey_answer(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  int64_t said = message->arg[ANSWER_SAID];
  json_t *scores = said & 4 ? json_pack("{s:i}", "attitude", 1 + (int)(said >> 3 & 3)) : NULL;
  SurveyAnswer one = {.token = text_of(sim->messages.at[message->arg[ANSWER_LINK]].answer), .answer = said & 1 ? TEXT("satisfied") : TEXT("dissatisfied"),
                      .note = said & 32 ? TEXT("还可以") : TEXT_NONE, .scores = scores, .anonymous = said & 2};
  bool ok = survey_answer(context, sim->house->orders, &one, error);
  json_decref(scores);
  snprintf(answer, SIM_ANSWER_MAX, "%s", "thanks");
  return ok;
}

/* A link for who waits for a call-back, or an answer by one: the first, or once more by the same. */
void sim_act_survey(CountySim *sim) {
  const SimMessage *link = sim_below(sim, 2) ? sim_one_of(sim, MATTER_SURVEY_LINK) : NULL;
  SimMessage message = {.key = sim_key(sim), .matter = link ? MATTER_SURVEY_ANSWER : MATTER_SURVEY_LINK};
  size_t count = order_count(sim->house->orders), start = sim_below(sim, (uint32_t)count);
  if (link) {
    message.arg[ANSWER_LINK] = link - sim->messages.at;
    message.arg[ANSWER_SAID] = sim_below(sim, 64);
    sim_say(sim, &message);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    const Order *order = order_at(sim->house->orders, (start + i) % count);
    if (!order_waits_for_callback(order)) continue;
    message.arg[LINK_ORDER] = order->id.value;
    sim_say(sim, &message);
    return;
  }
}
