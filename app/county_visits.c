/* Managers go from door to door; their heads cut grids and plan months. */
#include <stdio.h>

#include "app/county_sim.h"

enum { VISIT_POSITION, VISIT_MONTH, VISIT_RESULT, VISIT_FINDING };

static const char *const FINDINGS[] = {"voltage", "wiring", "hazard", "service", "other"};
enum { FINDING_COUNT = (int)(sizeof FINDINGS / sizeof *FINDINGS) };

static int64_t grid_of(const CountySim *sim, uint32_t position) {
  size_t org = visit_grid_of(sim->house->visits, position);
  return org == SIZE_MAX ? 0 : people_org(sim->house->people, org)->id;
}

bool sim_work_visit(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error) {
  static const VisitState RESULTS[] = {VISIT_VISITED, VISIT_REFUSED, VISIT_MISSED};
  uint32_t position = (uint32_t)message->arg[VISIT_POSITION];
  int64_t finding = message->arg[VISIT_FINDING];
  Customer customer;
  VisitMarked marked;
  people_customer(sim->house->people, position, &customer);
  VisitMark mark = {.customer = customer.id, .org_id = grid_of(sim, position), .month = (int32_t)message->arg[VISIT_MONTH],
                    .result = RESULTS[message->arg[VISIT_RESULT]], .note = TEXT("家中老人"), .roles = KIND_ROLE_MANAGER, .staff_id = 9};
  if (finding < FINDING_COUNT) mark.what = text_of(FINDINGS[finding]), mark.description = TEXT("表后线老化");
  if (!visit_mark(context, sim->house->visits, &mark, &marked, error)) return false;
  snprintf(answer, SIM_ANSWER_MAX, "%lld", (long long)marked.order.value);
  return true;
}

/* A few households are gone to again and again, so that what was missed is met, given up, met after all. */
void sim_act_visit(CountySim *sim) {
  size_t months = visit_month_count(sim->house->visits);
  SimMessage message = {.key = sim_key(sim), .matter = MATTER_VISIT};
  const SimMessage *before = sim_below(sim, 2) ? sim_one_of(sim, MATTER_VISIT) : NULL;
  if (!months) return;
  message.arg[VISIT_POSITION] = before ? before->arg[VISIT_POSITION] : sim_below(sim, people_customer_count(sim->house->people));
  message.arg[VISIT_MONTH] = before ? before->arg[VISIT_MONTH] : visit_month_at(sim->house->visits, sim_below(sim, (uint32_t)months))->month;
  message.arg[VISIT_RESULT] = sim_below(sim, 5) / 2;
  message.arg[VISIT_FINDING] = message.arg[VISIT_RESULT] == 0 ? sim_below(sim, 3 * FINDING_COUNT) : FINDING_COUNT;
  sim_say(sim, &message);
}

/* --- cuts and months --- */

typedef struct Office {
  CountySim *sim;
  const VisitProposal *proposal;
  const VisitMonths *months;
  VisitCutId cut;
  bool undo;
} Office;

static bool work_office(DeskContext *context, void *command, Error *error) {
  Office *office = command;
  Visits *visits = office->sim->house->visits;
  int grids;
  int64_t households;
  if (office->proposal) return visit_propose(context, visits, office->proposal, 8, &office->cut, error);
  if (office->months) return visit_put_months(context, visits, office->months, &grids, &households, error);
  return office->undo ? visit_undo(context, visits, error) : visit_accept(context, visits, office->cut, error);
}

bool sim_plan_month(CountySim *sim, int32_t month, int64_t org_id, Error *error) {
  Arena arena;
  VisitMonths *months;
  arena_begin(&arena, 0);
  bool ok = visit_plan_months(sim->house->visits, sim->house->db, month, org_id, 1, &arena, &months, error);
  Office office = {.sim = sim, .months = ok ? months : NULL};
  if (ok) sim_do(sim, work_office, &office, "staff:8", NULL);
  arena_end(&arena);
  return ok;
}

static bool plan_cut(CountySim *sim, Error *error) {
  Arena arena;
  VisitProposal *proposal;
  arena_begin(&arena, 0);
  bool ok = visit_plan_cut(sim->house->visits, VISIT_KEEP_SOFT, 1, &arena, &proposal, error);
  Office office = {.sim = sim, .proposal = ok ? proposal : NULL};
  if (ok && sim_do(sim, work_office, &office, "staff:8", NULL)) sim->cut = office.cut;
  arena_end(&arena);
  return ok;
}

void sim_act_visit_plan(CountySim *sim) {
  Error error = {0};
  char text[ERROR_TEXT_MAX];
  uint32_t what = sim_below(sim, 5), position = sim_below(sim, people_customer_count(sim->house->people));
  Office office = {.sim = sim, .cut = sim->cut, .undo = what == 4};
  if (what >= 3) {
    sim_do(sim, work_office, &office, "staff:8", NULL);
    return;
  }
  bool ok = what == 0 ? plan_cut(sim, &error) : sim_plan_month(sim, what == 1 ? 202611 : 202612, grid_of(sim, position), &error);
  int status = error_status(error.code);
  if (!ok && !sim->armed && (status < 400 || status >= 500)) sim_wrong(sim, "visits: %s", error_text(&error, LANGUAGE_EN, text, sizeof text));
}
