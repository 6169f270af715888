/* Groups: households and staff talk, a message becomes an order in one touch. */
#include <stdio.h>
#include <stdlib.h>

#include "app/county_sim.h"

enum { NEW_ORG, OF_GROUP = 0, SAY_HOUSEHOLD, SAY_POSITION, SAY_WORDS, TOUCH_MESSAGE = 0, TOUCH_KIND };

static const char *const WORDS[] = {"我家停电了", "电压太低, 空调带不动", "这个月电费怎么算的", "电线杆倒了, 危险!", "谢谢师傅", "停电", "变压器冒火花"};
static const char *const KINDS[] = {"", "", "fault_repair", "enquiry", "low_voltage"}; /* "": what the words ask for */

bool sim_work_group_new(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  int64_t id;
  if (!group_new(context, sim->house->groups, people_org(sim->house->people, (size_t)message->arg[NEW_ORG])->id, TEXT("东街网格群"), &id, error)) return false;
  snprintf(answer, SIM_ANSWER_MAX, "%lld", (long long)id);
  return true;
}

void sim_heard_group_new(CountySim *sim, const SimMessage *message, SimHeard how) {
  if (how != HEARD_NOTHING && !vector_push(&sim->groups, ((SimGroup){.id = strtoll(message->answer, NULL, 10)}))) sim_wrong(sim, "%s", "out of memory");
}

bool sim_work_group_link(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  return group_link(context, sim->house->groups, sim->groups.at[message->arg[OF_GROUP]].id, answer, error);
}

/* A new link ends the old one: after a lost answer nobody knows which is good. */
void sim_heard_group_link(CountySim *sim, const SimMessage *message, SimHeard how) {
  SimGroup *group = &sim->groups.at[message->arg[OF_GROUP]];
  snprintf(group->token, sizeof group->token, "%s", how == HEARD_NOTHING ? "" : message->answer);
}

bool sim_work_group_say(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  const SimGroup *group = &sim->groups.at[message->arg[OF_GROUP]];
  Customer customer = {0};
  int64_t id, picture = 0;
  people_customer(sim->house->people, (uint32_t)message->arg[SAY_POSITION], &customer);
  if (message->arg[SAY_WORDS] % 4 == 3 && !attachment_add(context, (OrderId){0}, group->id, "application/pdf", TEXT("%PDF-1.4\n1 0 obj\n%%EOF\n"), &picture, error))
    return false;
  GroupSaid said = {.group_id = group->id, .token = message->arg[SAY_HOUSEHOLD] ? text_of(group->token) : TEXT_NONE, .name = TEXT("老王"),
                    .number = message->arg[SAY_HOUSEHOLD] > 1 ? customer.number : TEXT(""), .body = text_of(WORDS[message->arg[SAY_WORDS]]), .attachment_id = picture};
  if (!group_say(context, sim->house->groups, &said, &id, error)) return false;
  snprintf(answer, SIM_ANSWER_MAX, "%lld", (long long)id);
  return true;
}

bool sim_work_group_touch(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  const char *kind = KINDS[message->arg[TOUCH_KIND]];
  OrderId order;
  GroupTouch touch = {.message = strtoll(sim->messages.at[message->arg[TOUCH_MESSAGE]].answer, NULL, 10), .kind = text_of(kind),
                      .what = strcmp(kind, "fault_repair") == 0 ? TEXT("no_power") : TEXT_NONE, .roles = KIND_ROLE_AGENT | KIND_ROLE_MANAGER};
  if (!group_to_order(context, sim->house->groups, &touch, &order, error)) return false;
  snprintf(answer, SIM_ANSWER_MAX, "%lld", (long long)order.value);
  return true;
}

bool sim_work_group_end(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  snprintf(answer, SIM_ANSWER_MAX, "%s", "ended");
  return group_end(context, sim->house->groups, sim->groups.at[message->arg[OF_GROUP]].id, error);
}

void sim_act_group(CountySim *sim) {
  SimMessage message = {.key = sim_key(sim)};
  uint32_t what = sim_below(sim, 30);
  const SimMessage *said = what >= 20 ? sim_one_of(sim, MATTER_GROUP_SAY) : NULL;
  if (!sim->groups.count || what == 0) {
    message.matter = MATTER_GROUP_NEW;
    message.arg[NEW_ORG] = sim_below(sim, (uint32_t)people_org_count(sim->house->people));
  } else if (said) {
    message.matter = MATTER_GROUP_TOUCH;
    message.arg[TOUCH_MESSAGE] = said - sim->messages.at;
    message.arg[TOUCH_KIND] = sim_below(sim, (uint32_t)(sizeof KINDS / sizeof *KINDS));
  } else {
    size_t group = sim_below(sim, (uint32_t)sim->groups.count);
    bool linked = sim->groups.at[group].token[0];
    message.arg[OF_GROUP] = (int64_t)group;
    message.matter = what == 1 && sim_below(sim, 2) == 0 ? MATTER_GROUP_END : what < 4 || (!linked && sim_below(sim, 2)) ? MATTER_GROUP_LINK : MATTER_GROUP_SAY;
    if (message.matter == MATTER_GROUP_SAY) {
      message.arg[SAY_HOUSEHOLD] = linked ? sim_below(sim, 4) : 0;
      message.arg[SAY_POSITION] = sim_position(sim);
      message.arg[SAY_WORDS] = sim_below(sim, (uint32_t)(sizeof WORDS / sizeof *WORDS));
    }
  }
  sim_say(sim, &message);
}
