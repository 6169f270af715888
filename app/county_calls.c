/* Who calls: again, late, neighbours of each other. */
#include <stdio.h>

#include "app/county_sim.h"

static const char *const CALL_KINDS[] = {"fault_repair", "fault_repair", "fault_repair", "enquiry", "complaint", "low_voltage", "opinion", "meter_test"};
enum { CALL_KIND_COUNT = (int)(sizeof CALL_KINDS / sizeof *CALL_KINDS) };
enum { POSITION, KIND }; /* arguments */

bool sim_work_call(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  Customer customer;
  OrderId order;
  bool again;
  people_customer(sim->house->people, (uint32_t)message->arg[POSITION], &customer);
  OrderAccept accept = {.kind = text_of(CALL_KINDS[message->arg[KIND]]), .customer = customer.id, .device = GRID_NONE, .caller_name = customer.name,
                        .caller_phone = customer.phone, .description = TEXT("停电"), .source = TEXT("hotline"), .roles = KIND_ROLE_AGENT};
  if (message->arg[KIND] < 3) accept.what = TEXT("no_power");
  if (!order_accept(context, sim->house->orders, &accept, &order, &again, error)) return false;
  snprintf(answer, SIM_ANSWER_MAX, "%lld", (long long)order.value);
  return true;
}

/* Of the calls so far; with the first edition all messages are calls. */
const SimMessage *sim_call_before(CountySim *sim) {
  const SimMessage *one = &sim->messages.at[sim_below(sim, (uint32_t)sim->messages.count)];
  return one->matter == MATTER_CALL ? one : sim_one_of(sim, MATTER_CALL);
}

uint32_t sim_position(CountySim *sim) {
  uint32_t count = people_customer_count(sim->house->people), position = sim_below(sim, count);
  const SimMessage *before = sim->messages.count && sim_below(sim, 3) ? sim_call_before(sim) : NULL;
  return before ? ((uint32_t)before->arg[POSITION] + sim_below(sim, 4)) % count : position;
}

void sim_act_call(CountySim *sim) {
  uint32_t count = people_customer_count(sim->house->people);
  SimMessage call = {.key = sim_key(sim), .matter = MATTER_CALL};
  call.arg[POSITION] = sim_below(sim, count);
  call.arg[KIND] = sim_below(sim, CALL_KIND_COUNT);
  if (sim->messages.count && sim_below(sim, 3)) { /* a neighbour of who called before, or the same again */
    const SimMessage *before = sim_call_before(sim);
    if (before) call.arg[POSITION] = (before->arg[POSITION] + sim_below(sim, 4)) % count;
    call.arg[KIND] = sim_below(sim, 5) ? 0 : call.arg[KIND];
  }
  sim_say(sim, &call);
}
