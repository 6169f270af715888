/* What there is to do, how often, and how a message is sent until it is answered. */
#include <stdio.h>
#include <stdlib.h>

#include "app/county_sim.h"

/* --- the table of acts --- */

static const struct {
  uint32_t weight;
  int since; /* edition */
  void (*act)(CountySim *sim);
} ACTS[] = {
    {28, 1, sim_act_call},
    {4, 1, sim_act_repeat},
    {28, 1, sim_act_step},
    {12, 1, sim_act_outage},
    {20, 1, sim_act_crew},
    {8, 1, sim_act_evidence},
    {10, 2, sim_act_group},
    {5, 2, sim_act_tie},
    {10, 2, sim_act_open},
    {8, 2, sim_act_survey},
    {8, 2, sim_act_visit},
    {1, 2, sim_act_visit_plan},
    {10, 2, sim_act_readings},
};

void sim_act(CountySim *sim) {
  uint32_t all = 0;
  size_t i = 0;
  for (size_t k = 0; k < sizeof ACTS / sizeof *ACTS; k++) all += ACTS[k].since <= sim->edition ? ACTS[k].weight : 0;
  uint32_t what = sim_below(sim, all);
  for (; what >= ACTS[i].weight || ACTS[i].since > sim->edition; i++)
    if (ACTS[i].since <= sim->edition) what -= ACTS[i].weight;
  sim->figures.acts++;
  ACTS[i].act(sim);
}

const SimMatter SIM_MATTERS[MATTER_COUNT] = {
    [MATTER_CALL] = {"calls", "staff:7", sim_work_call, NULL, true, NULL},
    [MATTER_OPEN] = {"opened", "staff:8", sim_work_open, NULL, true, NULL},
    [MATTER_GROUP_NEW] = {"groups", "staff:8", sim_work_group_new, sim_heard_group_new, false, "SELECT COUNT(*) FROM chat_group WHERE county_id = ?1"},
    [MATTER_GROUP_LINK] = {"links of groups", "staff:8", sim_work_group_link, sim_heard_group_link, false, NULL},
    [MATTER_GROUP_SAY] = {"words in groups", "staff:8", sim_work_group_say, NULL, false,
                          "SELECT COUNT(*) FROM group_message WHERE county_id = ?1 AND author <> 'system'"},
    [MATTER_GROUP_TOUCH] = {"touched", "staff:8", sim_work_group_touch, NULL, true,
                            "SELECT COUNT(*) FROM group_message WHERE county_id = ?1 AND author <> 'system' AND order_id IS NOT NULL"},
    [MATTER_GROUP_END] = {"groups ended", "staff:8", sim_work_group_end, NULL, false,
                          "SELECT COUNT(*) FROM chat_group WHERE county_id = ?1 AND closed_at IS NOT NULL"},
    [MATTER_SURVEY_LINK] = {"links of surveys", "staff:7", sim_work_survey_link, NULL, false, "SELECT COUNT(*) FROM survey_link WHERE county_id = ?1"},
    [MATTER_SURVEY_ANSWER] = {"surveys", "customer", sim_work_survey_answer, NULL, false, "SELECT COUNT(*) FROM satisfaction WHERE county_id = ?1"},
    [MATTER_VISIT] = {"visits", "staff:9", sim_work_visit, NULL, true, "SELECT COUNT(*) FROM visit WHERE county_id = ?1"},
    [MATTER_READINGS] = {"readings", "meters", sim_work_readings, sim_heard_readings, false, NULL},
};

/* --- messages --- */

typedef struct SendCommand {
  CountySim *sim;
  const SimMessage *message;
  char answer[SIM_ANSWER_MAX];
  bool fresh;
} SendCommand;

/* As the server does it: the reply is kept under the key, in the command's own transaction. */
static bool work_message(DeskContext *context, void *command, Error *error) {
  SendCommand *c = command;
  CountySim *sim = c->sim;
  int64_t row;
  KeptReply kept;
  c->fresh = !keys_find(sim->keys, c->message->key, &row);
  if (!c->fresh) {
    if (!keys_read(&kept, context->arena, context->db, context->county_id, row, error)) return false;
    snprintf(c->answer, sizeof c->answer, "%.*s", TEXT_ARG(kept.body));
    return true;
  }
  if (!SIM_MATTERS[c->message->matter].work(context, sim, c->message, c->answer, error)) return false;
  kept = (KeptReply){.fingerprint = c->message->key, .status = 201, .body = text_of(c->answer)};
  int64_t id = desk_new_id(context);
  return keys_write(context->db, context->county_id, id, c->message->key, &kept, error) && keys_put(sim->keys, c->message->key, id, error)
             ? true : desk_spoil(context);
}

static void not_answered(CountySim *sim, SimMessage *message, bool refused) {
  const SimMatter *matter = &SIM_MATTERS[message->matter];
  Error error = {0};
  if (!refused) message->unknown = true;
  if (!refused && matter->heard) matter->heard(sim, message, HEARD_NOTHING);
  if (!sim_store_is_off(sim->store) && !keys_forget_undone(sim->keys, sim->house->db, HOUSE_COUNTY, &error) && !sim->armed)
    sim_wrong(sim, "keys: %s", error_name(error.code));
}

void sim_send(CountySim *sim, SimMessage *message) {
  const SimMatter *matter = &SIM_MATTERS[message->matter];
  SendCommand command = {sim, message, "", false};
  int64_t count = 0, order;
  bool refused;
  if (!sim_do(sim, work_message, &command, matter->actor, &refused)) {
    not_answered(sim, message, refused);
    return;
  }
  memory_fail_at(0); /* what follows is the player's own */
  if (message->answer[0]) { /* it had been answered before */
    if (command.fresh || strcmp(message->answer, command.answer) != 0)
      sim_wrong(sim, "a repeated message (%s) got '%s', at first '%s'%s", matter->name, command.answer, message->answer, command.fresh ? ", and was done again" : "");
    sim->figures.repeated++;
    return;
  }
  sim->figures.answered[message->matter]++;
  message->unknown = false;
  snprintf(message->answer, sizeof message->answer, "%s", command.answer);
  order = matter->is_call ? strtoll(message->answer, NULL, 10) : 0;
  if (order && map_get(&sim->answered, order, &count)) sim->figures.again++;
  if (order && !map_put(&sim->answered, order, count + 1)) sim_wrong(sim, "%s", "out of memory");
  if (matter->heard) matter->heard(sim, message, command.fresh ? HEARD_NOW : HEARD_BEFORE);
}

uint64_t sim_key(CountySim *sim) { return random_u64(&sim->random) | 1; }

void sim_say(CountySim *sim, const SimMessage *message) {
  if (vector_push(&sim->messages, *message)) sim_send(sim, &sim->messages.at[sim->messages.count - 1]); /* else the fault struck the player, not the program */
}

const SimMessage *sim_one_of(CountySim *sim, SimMatterId matter) {
  size_t start = sim_below(sim, (uint32_t)sim->messages.count);
  for (size_t i = 0; i < sim->messages.count; i++) {
    const SimMessage *one = &sim->messages.at[(start + i) % sim->messages.count];
    if (one->matter == matter && one->answer[0]) return one;
  }
  return NULL;
}

void sim_act_repeat(CountySim *sim) {
  if (sim->messages.count) sim_send(sim, &sim->messages.at[sim_below(sim, (uint32_t)sim->messages.count)]);
}
