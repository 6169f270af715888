/* The plan in force in the tiny county: made by events, moved by hand, kept over a restart, sound at every moment. */
#include "crew/plan.h"

#include <math.h>
#include <unistd.h>

#include "base/random.h"
#include "crew/fake_osrm.h"
#include "crew/plan_page.h"
#include "crew/testing.h"

static void sound(const Town *town) { /* what is in force, carried on as it is, replays without the engine */
  Error error = {0};
  PlanCopy *copy;
  DispatchChanges changes;
  DispatchScore score;
  assert_ok(plan_copy(&copy, town->crews, time_now(&((Town *)(uintptr_t)town)->time), &error), &error);
  assert_ok(dispatch_board_replan(copy->board, (DispatchRun){.seed = 1}, &copy->arena, &changes, &error), &error);
  assert_ok(dispatch_replay(dispatch_board_problem(copy->board), dispatch_board_plan(copy->board), &score, &error), &error);
  plan_copy_close(copy);
}

typedef struct Ask {
  Town *town;
  enum { MOVE, UNDO, ACCEPT, DELAY, NEED, TASK_NEED, FLOOD, ERRAND, DUTY, SWAP, ROUND, ROUND_END, TAKE } what;
  int64_t org;
  PlanMove move;
  int64_t task, errand;
  JobId job;
  int minutes, assigned;
  int64_t staff;
  PlanUndone undone;
  PlanAsk need;
  const char *step;
  DutyDay day, other;
  PatrolRound round;
  CrewMaterial material;
} Ask;

enum { FLOOD_MORE = 3 };

/* Three more than are planned at once, all the day after tomorrow. */
static bool flood(DeskContext *context, Crews *crews, Error *error) {
  for (int i = 0; i < PLAN_PLACED_MAX + FLOOD_MORE; i++) {
    PlanTask *task = plan_task_new(crews, desk_new_id(context), PLAN_PATROL, 1, error);
    if (!task) return false;
    task->from = context->now + 48 * SPAN_HOUR, task->until = context->now + 49 * SPAN_HOUR;
    task->customers = (uint32_t)(i < PLAN_PLACED_MAX ? 10 + i : i == PLAN_PLACED_MAX ? 19 : 5000);
  }
  return true;
}

static bool work(DeskContext *context, void *command, Error *error) {
  Ask *a = command;
  Crews *crews = a->town->crews;
  switch (a->what) {
    case MOVE: return plan_move(context, crews, &a->move, error);
    case UNDO: return plan_undo(context, crews, 2, &a->undone, error);
    case ACCEPT: return plan_accept(context, crews, a->task, a->org, a->staff ? a->staff : 2, &a->assigned, error);
    case DELAY: return plan_delay(context, crews, a->job, (CrewId){0}, a->minutes, error);
    case NEED: return plan_ask(context, crews, &a->need, &a->errand, error);
    case TASK_NEED: return plan_need(context, crews, a->task, &a->need, error);
    case FLOOD: return flood(context, crews, error);
    case ERRAND: return plan_errand(context, crews, a->task, (CrewId){0}, text_of(a->step), error);
    case DUTY: return roster_set(context, crews, &a->day, error);
    case SWAP: return roster_swap(context, crews, a->day.crew, a->day.day, a->other.crew, a->other.day, error);
    case ROUND: return round_save(context, crews, &a->round, &a->errand, error);
    case ROUND_END: return round_end(context, crews, a->task, 0, error);
    default: return crew_take_material(context, crews, &a->material, &a->errand, error);
  }
}

static ErrorCode ask(Ask *a) {
  Error error = {0};
  bool ok = desk_do(a->town->desk, work, a, TEXT("staff:2"), &error);
  assert_true(ok == (error.code == ERROR_NONE));
  return error.code;
}

static const PlanTask *task_at(const Town *town, size_t i) { return plan_task_at(town->crews, i); }

static const PlanLane *lane_of(const Town *town, const char *crew) {
  CrewId id = town_crew(town, crew);
  for (size_t i = 0; i < plan_lane_count(town->crews); i++)
    if (plan_lane(town->crews, i)->crew.value == id.value) return plan_lane(town->crews, i);
  fail_msg("no lane of %s", crew);
  return NULL;
}

static bool declare(DeskContext *context, void *command, Error *error) {
  Town *town = command;
  OutageId id;
  return outage_declare(context, town->outages, town_device(town, "T3"), TEXT("tripped"), &id, error);
}

static void three_outages(Town *town) { /* T1, T4 by calls, T3 by hand */
  Error error = {0};
  town_call(town, "10001111"), town_call(town, "10001211");
  town_call(town, "10004111"), town_call(town, "10004211");
  assert_ok(desk_do(town->desk, declare, town, TEXT("staff:2"), &error), &error);
}

/* A plan that there was no memory for is made at the next tick, not only when something happens. */
static void a_plan_that_failed_is_made_at_the_next_tick(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  three_outages(&town);
  int64_t nth = 1;
  for (bool struck = true; struck; nth++) {
    Error error = {0};
    town.crews->plan->stale = true;
    town.crews->plan->computed_at -= SPAN_SECOND;
    memory_fail_at(nth);
    if (!desk_tick(town.desk, &error)) assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
    struck = !memory_fails_next();
    memory_fail_at(0);
    error_clear(&error);
    assert_ok(desk_tick(town.desk, &error), &error);
    assert_false(town.crews->plan->stale);
    assert_true(town.crews->plan->computed_at == time_now(&town.time));
  }
  assert_true(nth > 5);
  sound(&town);
  town_close(&town);
}

/* A search that there was no memory for is made again before long, though nothing happens meanwhile. */
static void a_search_that_failed_is_made_again(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  three_outages(&town);
  Plan *plan = town.crews->plan;
  Error error = {0};
  plan->search_us = -1;
  assert_ok(crew_plan_start(town.crews, &error), &error);
  memory_fail_at(1);
  plan_search_wake(town.crews);
  for (int i = 0; memory_fails_next() && i < 2000; i++) usleep(10000);
  assert_false(memory_fails_next());
  assert_true(plan->search_us == -1);
  for (int i = 0; plan->search_us == -1 && i < 2000; i++) usleep(10000);
  assert_true(plan->search_us >= 0);
  crew_plan_stop(town.crews);
  sound(&town);
  town_close(&town);
}

static void outages_become_tasks(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  assert_int_equal(plan_task_count(town.crews), 0);
  three_outages(&town);
  assert_int_equal(plan_task_count(town.crews), 3);
  for (size_t i = 0; i < 3; i++) {
    const PlanTask *task = task_at(&town, i);
    const Outage *outage = outage_find(town.outages, (OutageId){task->id});
    assert_non_null(outage);
    assert_int_equal(task->customers, outage->customers_out);
    assert_true(task->crew.value && task->at >= 1 && task->arrive > time_now(&town.time) && task->finish > task->arrive);
    assert_true(task->due > outage->found_at && (task->due - outage->found_at) % SPAN_MINUTE == 0); /* the promise's */
  }
  sound(&town);
  /* all accepted: who is free sets out, one job each; the rest stays planned */
  Ask accept = {.town = &town, .what = ACCEPT};
  assert_int_equal(ask(&accept), ERROR_NONE);
  assert_true(accept.assigned >= 1 && accept.assigned <= 3);
  assert_int_equal(crew_job_count(town.crews), accept.assigned);
  sound(&town);
  /* one that is restored leaves the plan */
  JobId job = crew_job_at(town.crews, 0)->id;
  OutageId gone = crew_job_at(town.crews, 0)->outage;
  assert_int_equal(town_step(&town, job, "take", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "arrive", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, job, "survey", "{\"cause\":\"tripped\",\"eta_from\":\"2026-12-31T20:40:00+08:00\",\"eta_until\":\"2026-12-31T21:00:00+08:00\"}"), ERROR_NONE);
  town_mend(&town, job);
  assert_int_equal(town_step(&town, job, "restore", NULL), ERROR_NONE);
  assert_null(plan_task_find(town.crews, gone.value));
  sound(&town);
  town_close(&town);
}

static void moves_hold_and_are_taken_back(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  three_outages(&town);
  town_pass(&town, 1);
  CrewId k1 = town_crew(&town, "K1"), k2 = town_crew(&town, "K2");
  int64_t ids[3], crew_before = task_at(&town, 0)->crew.value;
  for (size_t i = 0; i < 3; i++) ids[i] = task_at(&town, i)->id;
  /* all to K2, the last one first */
  for (int i = 0; i < 3; i++) {
    Ask move = {.town = &town, .what = MOVE, .move = {.task = ids[i], .before = i ? ids[i - 1] : 0, .crew = k2, .at = INSTANT_NONE, .staff_id = 2}};
    assert_int_equal(ask(&move), ERROR_NONE);
    sound(&town);
  }
  for (int i = 0; i < 3; i++) {
    assert_int_equal(plan_task_find(town.crews, ids[i])->crew.value, k2.value);
    assert_int_equal(plan_task_find(town.crews, ids[i])->at, 3 - i);
  }
  for (int minute = 0; minute < 5; minute++) town_pass(&town, 1); /* the search leaves it where the dispatcher put it */
  for (int i = 0; i < 3; i++) assert_int_equal(plan_task_find(town.crews, ids[i])->at, 3 - i);
  Ask undo = {.town = &town, .what = UNDO};
  for (int i = 0; i < 3; i++) assert_int_equal(ask(&undo), ERROR_NONE);
  assert_int_equal(plan_task_find(town.crews, ids[0])->crew.value, crew_before);
  assert_int_equal(ask(&undo), ERROR_PLAN_NOTHING_TO_UNDO);
  /* what is in hand does not move, what is unknown is named */
  Ask accept = {.town = &town, .what = ACCEPT};
  assert_int_equal(ask(&accept), ERROR_NONE);
  Ask move = {.town = &town, .what = MOVE, .move = {.task = crew_job_at(town.crews, 0)->outage.value, .crew = k1, .at = INSTANT_NONE}};
  assert_int_equal(ask(&move), ERROR_PLAN_UNDER_WAY);
  move.move.task = 7;
  assert_int_equal(ask(&move), ERROR_NOT_FOUND);
  move.move.task = ids[0], move.move.crew = (CrewId){7};
  assert_int_equal(ask(&move), ERROR_NOT_FOUND);
  town_close(&town);
}

/* Nobody has departed: what was accepted is only planned again, its crew free, the order without one. Who is on the way goes on. */
static void an_acceptance_is_taken_back(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  three_outages(&town);
  town_pass(&town, 1);
  Ask undo = {.town = &town, .what = UNDO}, accept = {.town = &town, .what = ACCEPT};
  Ask elsewhere = {.town = &town, .what = ACCEPT, .org = 77}; /* a part without crews */
  assert_int_equal(ask(&elsewhere), ERROR_NONE);
  assert_int_equal(elsewhere.assigned, 0);
  int64_t crew_of[3];
  for (size_t i = 0; i < 3; i++) crew_of[i] = task_at(&town, i)->crew.value;
  assert_int_equal(ask(&accept), ERROR_NONE);
  int sent = accept.assigned;
  assert_true(sent >= 2);
  assert_int_equal(crew_job_count(town.crews), sent);
  assert_int_equal(plan_undoable(town.crews, 2).count, 1);
  assert_int_equal(plan_undoable(town.crews, 3).count, 0); /* another's act */
  assert_int_equal(ask(&undo), ERROR_NONE);
  assert_int_equal(undo.undone.taken_back, sent);
  assert_int_equal(undo.undone.departed, 0);
  assert_int_equal(crew_job_count(town.crews), 0);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(task_at(&town, i)->state, PLAN_PLANNED);
    assert_false(task_at(&town, i)->accepted);
    assert_int_equal(task_at(&town, i)->crew.value, crew_of[i]); /* the plan stands as it did */
    assert_int_equal(outage_find(town.outages, (OutageId){task_at(&town, i)->id})->crew.value, 0);
  }
  sound(&town);
  town_pass(&town, 1);
  assert_int_equal(crew_job_count(town.crews), 0); /* and nobody is sent again by itself */
  assert_int_equal(ask(&undo), ERROR_PLAN_NOTHING_TO_UNDO);
  /* one has departed: it goes on, the others come back */
  assert_int_equal(ask(&accept), ERROR_NONE);
  assert_int_equal(accept.assigned, sent);
  JobId gone = crew_job_at(town.crews, 0)->id;
  assert_int_equal(town_step(&town, crew_job_at(town.crews, 1)->id, "take", NULL), ERROR_NONE); /* taken is not departed */
  assert_int_equal(town_step(&town, gone, "take", NULL), ERROR_NONE);
  assert_int_equal(town_step(&town, gone, "depart", NULL), ERROR_NONE);
  assert_int_equal(ask(&undo), ERROR_NONE);
  assert_int_equal(undo.undone.taken_back, sent - 1);
  assert_int_equal(undo.undone.departed, 1);
  assert_int_equal(crew_job_count(town.crews), 1);
  assert_non_null(crew_job_find(town.crews, gone));
  sound(&town);
  town_close(&town);
}

/* One accepted for its turn is only planned again, and the moves before it stand; of another person's act nothing is taken back. */
static void a_later_acceptance_is_taken_back(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  three_outages(&town);
  town_pass(&town, 1);
  CrewId k1 = town_crew(&town, "K1");
  int64_t ids[2] = {task_at(&town, 0)->id, task_at(&town, 1)->id};
  for (int i = 0; i < 2; i++) {
    Ask move = {.town = &town, .what = MOVE, .move = {.task = ids[i], .crew = k1, .at = INSTANT_NONE, .staff_id = 2}};
    assert_int_equal(ask(&move), ERROR_NONE);
  }
  int64_t later = plan_task_find(town.crews, ids[0])->at > plan_task_find(town.crews, ids[1])->at ? ids[0] : ids[1];
  Ask undo = {.town = &town, .what = UNDO}, accept = {.town = &town, .what = ACCEPT, .task = later};
  assert_int_equal(ask(&accept), ERROR_NONE);
  assert_int_equal(accept.assigned, 0);
  assert_true(plan_task_find(town.crews, later)->accepted);
  assert_true(plan_undoable(town.crews, 2).accept);
  assert_int_equal(plan_undoable(town.crews, 2).count, 3);
  assert_int_equal(ask(&undo), ERROR_NONE);
  assert_int_equal(undo.undone.taken_back, 1);
  assert_false(plan_task_find(town.crews, later)->accepted);
  assert_int_equal(plan_task_find(town.crews, later)->hand.value, k1.value); /* the move stands */
  assert_false(plan_undoable(town.crews, 2).accept);
  Ask other = {.town = &town, .what = ACCEPT, .task = later, .staff = 3};
  assert_int_equal(ask(&other), ERROR_NONE);
  assert_int_equal(plan_undoable(town.crews, 2).count, 2); /* another's acceptance is not in the way of one's own moves */
  Ask moved = {.town = &town, .what = MOVE, .move = {.task = ids[0], .crew = town_crew(&town, "K2"), .at = INSTANT_NONE, .staff_id = 3}};
  assert_int_equal(ask(&moved), ERROR_NONE);
  assert_int_equal(ask(&undo), ERROR_PLAN_NOTHING_TO_UNDO); /* another's move is: it would go too */
  sound(&town);
  town_close(&town);
}

static void an_impossible_move_changes_nothing(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  town_call(&town, "10001111"), town_call(&town, "10001211");
  const PlanTask *task = task_at(&town, 0);
  int64_t crew = task->crew.value;
  Ask off = {.town = &town, .what = DUTY, .day = {.crew = town_crew(&town, "K3"), .day = 20261231, .duty = DUTY_OFF}};
  assert_int_equal(ask(&off), ERROR_NONE);
  off.day.day = 20270101;
  assert_int_equal(ask(&off), ERROR_NONE);
  Ask move = {.town = &town, .what = MOVE, .move = {.task = task->id, .crew = town_crew(&town, "K3"), .at = INSTANT_NONE}};
  assert_int_equal(ask(&move), ERROR_PLAN_REFUSED);
  assert_int_equal(task_at(&town, 0)->crew.value, crew);
  assert_int_equal(task_at(&town, 0)->hand.value, 0);
  Ask undo = {.town = &town, .what = UNDO};
  assert_int_equal(ask(&undo), ERROR_PLAN_NOTHING_TO_UNDO);
  town_close(&town);
}

static void an_accepted_job_waits_for_its_turn(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  three_outages(&town);
  CrewId k1 = town_crew(&town, "K1");
  int64_t first = task_at(&town, 0)->id, second = task_at(&town, 1)->id;
  Ask move = {.town = &town, .what = MOVE, .move = {.task = first, .crew = k1, .at = INSTANT_NONE}};
  assert_int_equal(ask(&move), ERROR_NONE);
  move.move.task = second;
  assert_int_equal(ask(&move), ERROR_NONE);
  Ask accept = {.town = &town, .what = ACCEPT, .task = first};
  int at_first = plan_task_find(town.crews, first)->at;
  if (at_first != 1) { /* another of K1's stands before it: that one goes too */
    Ask all = {.town = &town, .what = ACCEPT};
    assert_int_equal(ask(&all), ERROR_NONE);
  }
  assert_int_equal(ask(&accept), at_first == 1 ? ERROR_NONE : ask(&accept));
  accept.task = second;
  assert_int_equal(ask(&accept), ERROR_NONE);
  assert_true(plan_task_find(town.crews, second)->accepted);
  const Crew *crew = crew_find(town.crews, k1);
  JobId job = crew->job;
  assert_true(job.value != 0);
  assert_int_equal(town_step(&town, job, "return", "{\"reason\":\"车坏了\"}"), ERROR_NONE);
  town_pass(&town, 1);
  assert_true(crew->job.value != job.value || plan_task_find(town.crews, second)->accepted);
  town_close(&town);
}

static void the_field_says_what_it_needs(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  town_call(&town, "10001111"), town_call(&town, "10001211");
  JobId job = town_survey(&town, outage_at(town.outages, 0), "K1", "transformer_burnt");
  const PlanTask *main = task_at(&town, 0);
  town_pass(&town, 1);
  Instant finish = main->finish;
  Ask delay = {.town = &town, .what = DELAY, .job = job, .minutes = 20};
  assert_int_equal(ask(&delay), ERROR_NONE);
  assert_int_equal(main->finish - finish, 20 * SPAN_MINUTE);
  assert_int_equal(outage_at(town.outages, 0)->eta_until, crew_job_find(town.crews, job)->eta_until); /* the promise to customers moves too */
  delay.minutes = 0;
  assert_int_equal(ask(&delay), ERROR_FIELD_INVALID);
  /* a transformer: another crew fetches it at the store, and it is nobody else's meanwhile */
  Ask need = {.town = &town, .what = NEED, .need = {.job = job, .item = TEXT("transformer_200"), .quantity = 1}};
  assert_int_equal(ask(&need), ERROR_NONE);
  const PlanTask *bring = plan_task_find(town.crews, need.errand);
  assert_non_null(bring);
  assert_int_equal(bring->kind, PLAN_BRING);
  assert_true(bring->crew.value && bring->crew.value != town_crew(&town, "K1").value);
  const PlanLane *lane = bring->crew.value == town_crew(&town, "K2").value ? lane_of(&town, "K2") : lane_of(&town, "K3");
  assert_int_equal(lane->stops[0].kind, DISPATCH_STOP_STORE);
  assert_true(text_is(plan_item(town.crews, lane->stops[0].takes[0].item), "transformer_200"));
  Ask take = {.town = &town, .what = TAKE, .material = {.job = job, .item = TEXT("transformer_200"), .quantity = 1}};
  assert_int_equal(ask(&take), ERROR_STOCK_SHORT); /* the only one is on its way by the other crew */
  sound(&town);
  Ask errand = {.town = &town, .what = ERRAND, .task = need.errand, .step = "done"};
  assert_int_equal(ask(&errand), ERROR_CREW_STEP_STATE);
  errand.step = "start";
  assert_int_equal(ask(&errand), ERROR_NONE);
  assert_int_equal(plan_task_find(town.crews, need.errand)->state, PLAN_UNDER_WAY);
  sound(&town);
  errand.step = "done";
  assert_int_equal(ask(&errand), ERROR_NONE);
  assert_null(plan_task_find(town.crews, need.errand));
  /* two more people: only K1 has three members, and it is there */
  need.need = (PlanAsk){.job = job, .members = 2};
  assert_int_equal(ask(&need), ERROR_NONE);
  assert_true(plan_task_find(town.crews, need.errand)->crew.value != town_crew(&town, "K1").value);
  need.need = (PlanAsk){.job = job, .members = 3};
  assert_int_equal(ask(&need), ERROR_NONE);
  assert_int_equal(plan_task_find(town.crews, need.errand)->crew.value, 0);
  need.need = (PlanAsk){.job = job, .skill = TEXT("flying")};
  assert_int_equal(ask(&need), ERROR_FIELD_INVALID);
  town_close(&town);
}

/* Material for a task nobody has begun: whoever goes is at the store first. What is brought holds the repair up until it is there. */
static void a_planned_task_gets_what_it_needs(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  three_outages(&town);
  const PlanTask *task = task_at(&town, 0);
  Instant before = task->arrive;
  Ask need = {.town = &town, .what = TASK_NEED, .task = task->id, .need = {.item = TEXT("transformer_200"), .quantity = 1}};
  assert_int_equal(ask(&need), ERROR_NONE);
  assert_true(task->crew.value && task->arrive > before);
  const PlanLane *lane = NULL;
  for (size_t i = 0; i < plan_lane_count(town.crews); i++)
    if (plan_lane(town.crews, i)->crew.value == task->crew.value) lane = plan_lane(town.crews, i);
  int fetched = -1, there = -1;
  for (int s = 0; lane && s < lane->count; s++) {
    if (lane->stops[s].kind == DISPATCH_STOP_STORE) fetched = s;
    if (lane->stops[s].kind == DISPATCH_STOP_JOB && lane->stops[s].id == task->id) there = s;
  }
  assert_true(fetched >= 0 && there > fetched);
  sound(&town);
  need.need.quantity = 50; /* no store has so many */
  assert_int_equal(ask(&need), ERROR_NONE);
  assert_int_equal(task->need_count, 1);
  assert_int_equal(task->crew.value, 0);
  need.need.quantity = 1;
  assert_int_equal(ask(&need), ERROR_NONE);
  need.need = (PlanAsk){.members = 3};
  assert_int_equal(ask(&need), ERROR_NONE);
  assert_int_equal(task->crew.value, town_crew(&town, "K1").value); /* the only one of three */
  need.need = (PlanAsk){.skill = TEXT("flying")};
  assert_int_equal(ask(&need), ERROR_FIELD_INVALID);
  need.need = (PlanAsk){0};
  assert_int_equal(ask(&need), ERROR_FIELD_MISSING);
  JobId job = town_send(&town, outage_find(town.outages, task->outage), "K1");
  need.need = (PlanAsk){.members = 2};
  assert_int_equal(ask(&need), ERROR_PLAN_UNDER_WAY);
  sound(&town);
  /* on site now: what is brought holds it up */
  assert_int_equal(town_step(&town, job, "arrive", NULL), ERROR_NONE);
  Ask bring = {.town = &town, .what = NEED, .need = {.job = job, .item = TEXT("cable"), .quantity = 50}};
  Ask late = {.town = &town, .what = DELAY, .job = job, .minutes = 1};
  assert_int_equal(ask(&bring), ERROR_NONE);
  assert_int_equal(ask(&late), ERROR_NONE);
  const PlanTask *errand = plan_task_find(town.crews, bring.errand);
  if (errand->crew.value) assert_true(task->finish >= errand->finish - 2 * SPAN_MINUTE);
  town_close(&town);
}

/* More tasks than are planned at once: the rest waits, and what weighs much more takes the room of the lightest. */
static void a_flood_waits_for_room(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  Ask all = {.town = &town, .what = FLOOD};
  assert_int_equal(ask(&all), ERROR_NONE);
  town_pass(&town, 1);
  size_t waiting = 0, count = plan_task_count(town.crews);
  assert_int_equal(count, PLAN_PLACED_MAX + FLOOD_MORE);
  for (size_t i = 0; i < count; i++) {
    bool out = task_at(&town, i)->place < 0;
    waiting += out;
    assert_int_equal(out, i < 2 || i == PLAN_PLACED_MAX); /* the two of 10 and 11 customers made room; 19 is not twice 12 */
  }
  assert_int_equal(waiting, FLOOD_MORE);
  town_pass(&town, 1);
  assert_true(task_at(&town, 0)->place < 0); /* and so it stays */
  town_close(&town);
}

/* The router is asked beside the desk; its times are the plan's; where it fails, straight lines go on and it is said. */
static void a_router_tells_the_ways(void **state) {
  (void)state;
  Town town;
  Server server;
  Error error = {0};
  char address[64];
  town_open(&town);
  three_outages(&town);
  fake_osrm_open(&server, MOOD_FAIL);
  snprintf(address, sizeof address, "http://127.0.0.1:%u", server.port);
  assert_false(crew_plan_route(town.crews, "ftp://x", &error));
  assert_int_equal(error.code, ERROR_FIELD_INVALID);
  error_clear(&error);
  assert_ok(crew_plan_route(town.crews, address, &error), &error);
  Plan *plan = town.crews->plan;
  size_t cells = plan->ground.stride * plan->ground.stride;
  double *line = memory_new(cells * sizeof *line);
  memcpy(line, plan->ground.travel, cells * sizeof *line);
  assert_ok(plan_travel_ask(town.crews, &error), &error);
  assert_int_equal(plan->travel.known, 0);
  assert_true(plan->travel.filled > 0 && plan->travel.why[0]);
  assert_memory_equal(line, plan->ground.travel, cells * sizeof *line);
  int asked = server.requests;
  assert_ok(plan_travel_ask(town.crews, &error), &error); /* not again at once */
  assert_int_equal(server.requests, asked);
  server.mood = MOOD_SOUND;
  plan->travel.ask_at = INSTANT_NONE;
  travel_close(plan->travel.osrm); /* which would sulk for a while */
  assert_ok(crew_plan_route(town.crews, address, &error), &error);
  assert_ok(plan_travel_ask(town.crews, &error), &error);
  assert_true(plan->travel.known > 0 && plan->travel.filled == 0 && !plan->travel.why[0]);
  for (size_t i = 0; i < 2; i++) {
    const PlanTask *a = task_at(&town, i), *b = task_at(&town, i + 1);
    const struct GroundPlace *from = &plan->ground.place[a->place], *to = &plan->ground.place[b->place];
    double s = plan->ground.travel[(size_t)a->place * plan->ground.stride + (size_t)b->place];
    assert_true(fabs(s - fake_osrm_truth(from->lon, from->lat, to->lon, to->lat)) < 0.2); /* its places are rounded to 6 digits */
  }
  town_pass(&town, 1);
  sound(&town);
  /* a crew that moves is straight lines again, until asked */
  const Crew *crew = crew_find(town.crews, town_crew(&town, "K1"));
  size_t row = (size_t)plan_crew_row(town.crews, crew->id);
  Crew moved = *crew;
  moved.lat += 0.02;
  plan_crew_moved(town.crews, &moved);
  assert_true(isnan(plan->ground.road[row * plan->ground.stride + (size_t)task_at(&town, 0)->place]));
  asked = server.requests;
  assert_ok(plan_travel_ask(town.crews, &error), &error);
  assert_true(server.requests > asked);
  assert_true(!isnan(plan->ground.road[row * plan->ground.stride + (size_t)task_at(&town, 0)->place]));
  memory_free(line);
  fake_osrm_close(&server);
  town_close(&town);
}

static bool place_crew(DeskContext *context, void *command, Error *error) {
  Town *town = command;
  return crew_place(context, town->crews, town_crew(town, "K1"), &(CrewSpot){112.45, 27.25, context->now}, NAN, error);
}

/* What a drive took is kept over a restart, and speeds are learned from it. */
static void drives_teach_speeds(void **state) {
  (void)state;
  Town town;
  Error error = {0};
  town_open(&town);
  three_outages(&town);
  Plan *plan = town.crews->plan;
  assert_ok(desk_do(town.desk, place_crew, &town, TEXT("staff:2"), &error), &error);
  town_pass(&town, 40); /* it waits there, and no telephone says so */
  const PlanTask *task = task_at(&town, 0);
  JobId job = town_send(&town, outage_find(town.outages, task->outage), "K1");
  town_pass(&town, 1);
  size_t row = (size_t)plan_crew_row(town.crews, town_crew(&town, "K1")), place = (size_t)task->place;
  double before = plan->ground.travel[row * plan->ground.stride + place];
  assert_int_equal(town_step(&town, job, "depart", NULL), ERROR_NONE);
  town_pass(&town, before / 60 * 2); /* twice as long as thought */
  assert_int_equal(plan->travel.drives.count, 0);
  assert_int_equal(town_step(&town, job, "arrive", NULL), ERROR_NONE);
  assert_int_equal(plan->travel.drives.count, 1);
  town_pass(&town, 1);
  assert_int_equal(plan->travel.used, 1);
  double after = plan->ground.travel[row * plan->ground.stride + place];
  assert_true(after > before * 1.02 && after < before * 2); /* one drive is believed a little */
  TravelDrive kept = plan->travel.drives.at[0];
  assert_ok(crew_reload(town.db, town.crews, &error), &error);
  assert_int_equal(plan->travel.drives.count, 1);
  assert_int_equal(plan->travel.drives.at[0].departed, kept.departed);
  assert_int_equal(plan->travel.drives.at[0].arrived, kept.arrived);
  assert_true(fabs(plan->travel.drives.at[0].to.lon - kept.to.lon) < 1e-6 && plan->travel.drives.at[0].to.zone == kept.to.zone);
  assert_int_equal(plan->travel.used, 1);
  town_close(&town);
}

/* Another hour's speeds: scaled cells are what a computation anew would say. */
static void the_hour_changes_the_ways(void **state) {
  (void)state;
  Ground ground = {0};
  PlanRules rules = {.detour = 1.3, .unknown_km = 8};
  TravelSpeeds speeds;
  travel_speeds_begin(&speeds, 1.3, (const double[]){40, 25}, 2);
  ground.speeds = speeds;
  for (int i = 0; i < 5; i++) assert_true(ground_put(&ground, &rules, i, i == 4 ? NAN : 112 + i * 0.01, 27 + i * i * 0.01, i % 2));
  speeds.kmh[0][9] = 31, speeds.kmh[1][9] = 12;
  ground_pace(&ground, &speeds, 9);
  for (int a = 0; a < 5; a++)
    for (int b = 0; b < 5; b++) assert_true(fabs(ground.travel[(size_t)a * ground.stride + (size_t)b] - ground_leg(&ground, &rules, a, b)) < 1e-6);
  ground_clear(&ground);
}

static void duties_and_swaps(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  CrewId k1 = town_crew(&town, "K1"), k3 = town_crew(&town, "K3");
  const Crew *one = crew_find(town.crews, k1), *three = crew_find(town.crews, k3);
  Instant now = time_now(&town.time);
  DutySpan span;
  assert_true(crew_on_shift(three, now)); /* 18:00 to 06:00, over midnight */
  assert_true(roster_span(three, now, &span) && span.until == roster_midnight(20270101) + 6 * SPAN_HOUR);
  assert_true(roster_span(three, roster_midnight(20261231) + 7 * SPAN_HOUR, &span) && span.from == roster_midnight(20261231) + 18 * SPAN_HOUR);
  Ask set = {.town = &town, .what = DUTY, .day = {.crew = k3, .day = 20261231, .duty = DUTY_STANDBY, .from = 1200, .until = 240}};
  assert_int_equal(ask(&set), ERROR_NONE);
  assert_false(crew_on_shift(three, now));
  assert_int_equal(ask(&set), ERROR_CONFLICT); /* the version moved on */
  set.day.version = 1, set.day.from = 1440;
  assert_int_equal(ask(&set), ERROR_FIELD_INVALID);
  set.day.from = 1200, set.day.day = 20261332;
  assert_int_equal(ask(&set), ERROR_FIELD_INVALID);
  town_call(&town, "10001111"), town_call(&town, "10001211");
  assert_int_not_equal(task_at(&town, 0)->crew.value, k3.value); /* who stands by is not called for what others can do */
  town_pass(&town, 1);
  assert_true(lane_of(&town, "K3")->standby);
  Ask swap = {.town = &town, .what = SWAP, .day = {.crew = k1, .day = 20261231}, .other = {.crew = k3, .day = 20261231}};
  assert_int_equal(ask(&swap), ERROR_NONE);
  assert_false(crew_on_shift(one, now));
  assert_true(crew_on_shift(three, now));
  swap.other.day = 20270102;
  assert_int_equal(ask(&swap), ERROR_NONE);
  assert_int_equal(roster_of(one, 20261231).duty, DUTY_OFF);
  assert_int_equal(roster_of(three, 20261231).duty, DUTY_STANDBY);
  assert_int_equal(roster_of(three, 20270102).duty, DUTY_OFF);
  town_close(&town);
}

static void rounds_are_walked(void **state) {
  (void)state;
  Town town;
  town_open(&town);
  uint32_t devices[3] = {town_device(&town, "T1"), town_device(&town, "T2"), town_device(&town, "T4")};
  Ask save = {.town = &town, .what = ROUND, .round = {.name = "烤烟保供电", .from_day = 20261231, .until_day = 20270101, .window = {{21 * 60, 22 * 60}, {23 * 60, 24 * 60}},
                                                       .window_count = 2, .minutes = 10, .device = devices, .device_count = 3}};
  assert_int_equal(ask(&save), ERROR_NONE);
  assert_int_equal(plan_task_count(town.crews), 3 * 2 * 2);
  for (size_t i = 0; i < plan_task_count(town.crews); i++) {
    const PlanTask *task = task_at(&town, i);
    if (task->from > time_now(&town.time) + SPAN_DAY) continue;
    assert_true(task->crew.value && task->arrive >= task->from && task->arrive <= task->until);
  }
  sound(&town);
  town_pass(&town, 52); /* 21:02 */
  Ask accept = {.town = &town, .what = ACCEPT};
  assert_int_equal(ask(&accept), ERROR_NONE);
  assert_true(accept.assigned >= 1);
  sound(&town);
  town_pass(&town, 61); /* 22:03: what was not begun is missed */
  size_t left = 0, under_way = 0;
  for (size_t i = 0; i < plan_task_count(town.crews); i++) {
    const PlanTask *task = task_at(&town, i);
    under_way += task->state == PLAN_UNDER_WAY;
    left += task->until < time_now(&town.time);
  }
  assert_int_equal(left, under_way);
  save.round.version = 7, save.round.id = save.errand;
  assert_int_equal(ask(&save), ERROR_CONFLICT);
  Ask end = {.town = &town, .what = ROUND_END, .task = save.errand};
  assert_int_equal(ask(&end), ERROR_NONE);
  assert_int_equal(plan_task_count(town.crews), under_way);
  assert_int_equal(round_count(town.crews), 0);
  town_close(&town);
}

static void a_restart_keeps_the_plan(void **state) {
  (void)state;
  Town town;
  Error error = {0};
  town_open(&town);
  three_outages(&town);
  Ask move = {.town = &town, .what = MOVE, .move = {.task = task_at(&town, 2)->id, .before = task_at(&town, 0)->id, .crew = town_crew(&town, "K2"), .at = INSTANT_NONE}};
  assert_int_equal(ask(&move), ERROR_NONE);
  uint32_t devices[1] = {town_device(&town, "T1")};
  Ask save = {.town = &town, .what = ROUND, .round = {.name = "重要会议", .from_day = 20261231, .until_day = 20261231, .window = {{21 * 60, 22 * 60}}, .window_count = 1,
                                                       .minutes = 10, .device = devices, .device_count = 1}};
  assert_int_equal(ask(&save), ERROR_NONE);
  town_pass(&town, 2), town_pass(&town, 2); /* the search has had its say */
  PlanTask was[8];
  size_t count = plan_task_count(town.crews);
  assert_true(count <= 8);
  for (size_t i = 0; i < count; i++) was[i] = *task_at(&town, i);
  assert_ok(crew_reload(town.db, town.crews, &error), &error);
  assert_int_equal(plan_task_count(town.crews), count);
  assert_int_equal(round_count(town.crews), 1);
  for (int turn = 0; turn < 2; turn++) { /* as the rows tell it, and as planned again from them */
    for (size_t i = 0; i < count; i++) {
      const PlanTask *is = task_at(&town, i);
      assert_int_equal(is->id, was[i].id);
      assert_int_equal(is->kind, was[i].kind);
      assert_int_equal(is->crew.value, was[i].crew.value);
      assert_int_equal(is->at, was[i].at);
      assert_int_equal(is->hand.value, was[i].hand.value);
      assert_int_equal(is->hand_after, was[i].hand_after);
      assert_int_equal(is->due, was[i].due);
      assert_int_equal(is->customers, was[i].customers);
      assert_int_equal(is->service, was[i].service);
      assert_int_equal(is->skills, was[i].skills);
    }
    assert_ok(desk_tick(town.desk, &error), &error);
  }
  town_close(&town);
}

static void what_if_compares(void **state) {
  (void)state;
  Town town;
  Error error = {0};
  PlanCopy *copy;
  PlanCompare compare;
  Arena arena;
  town_open(&town);
  three_outages(&town);
  assert_ok(plan_copy(&copy, town.crews, time_now(&town.time), &error), &error);
  arena_begin(&arena, 0);
  PlanWhatIf off = {.what = WHAT_CREW_OFF, .crew = town_crew(&town, "K1")};
  assert_ok(plan_what_if(copy, &off, 1, 200, &arena, &compare, &error), &error);
  assert_true(compare.after.customer_hours > compare.before.customer_hours);
  PlanWhatIf cancel = {.what = WHAT_CANCEL, .task = task_at(&town, 0)->id};
  assert_ok(plan_what_if(copy, &cancel, 1, 200, &arena, &compare, &error), &error);
  assert_int_equal(compare.after.assigned, compare.before.assigned - 1);
  PlanWhatIf close = {.what = WHAT_CLOSE, .lon = 112.502, .lat = 27.201, .radius_m = 3000, .factor = 10};
  assert_ok(plan_what_if(copy, &close, 1, 200, &arena, &compare, &error), &error);
  assert_true(compare.after.customer_hours > compare.before.customer_hours);
  PlanWhatIf aid[] = {{.what = WHAT_AID, .count = 2}, {.what = WHAT_CALL_IN, .count = 1}, {.what = WHAT_OVERTIME, .minutes = 60}};
  assert_ok(plan_what_if(copy, aid, 3, 200, &arena, &compare, &error), &error);
  assert_int_equal(compare.aid_count, 2);
  assert_true(compare.after.cost <= compare.before.cost + 1e-6);
  off.crew = (CrewId){7};
  assert_false(plan_what_if(copy, &off, 1, 200, &arena, &compare, &error));
  assert_int_equal(error.code, ERROR_NOT_FOUND);
  arena_end(&arena);
  plan_copy_close(copy);
  town_close(&town);
}

static void changes_are_said(void **state) {
  (void)state;
  Town town;
  char zh[PLAN_SAY_MAX], en[PLAN_SAY_MAX];
  town_open(&town);
  PlanChange change = {.from = town_crew(&town, "K1"), .to = town_crew(&town, "K3"), .why = DISPATCH_WHY_UNABLE | DISPATCH_WHY_EARLIER | DISPATCH_WHY_DUE, .earlier_s = 725,
                       .customers = 140, .skills = "crane"};
  plan_say_change(town.crews, &change, zh, en);
  assert_string_equal(zh, "由抢修一班改为夜班：具备吊车，早 12 分钟，保住到达承诺，140 户");
  assert_string_equal(en, "夜班 instead of 抢修一班: has the crane lorry, 12 min earlier, keeps the promise of arrival, 140 customers");
  change = (PlanChange){.to = change.to, .why = DISPATCH_WHY_NEW, .customers = 9};
  plan_say_change(town.crews, &change, zh, en);
  assert_string_equal(en, "夜班: new, 9 customers");
  change = (PlanChange){.from = change.to, .reason = DISPATCH_NO_TIME};
  plan_say_change(town.crews, &change, zh, en);
  assert_string_equal(en, "no crew could be there within its hours");
  town_close(&town);
}

/* Calls, steps, moves, duties and hours at random: the plan is sound after each, and nothing is in two lanes. */
static void whatever_happens_the_plan_is_sound(void **state) {
  (void)state;
  static const char *const CUSTOMERS[] = {"10001111", "10001211", "10002111", "10002211", "10003111", "10003211", "10004111", "10004211", "10005111", "10006111"};
  static const char *const CREWS[] = {"K1", "K2", "K3"};
  for (uint64_t seed = 1; seed <= (uint64_t)torture_rounds(6); seed++) {
    Town town;
    Random random;
    random_seed(&random, seed);
    town_open(&town);
    for (int step = 0; step < 60; step++) {
      size_t tasks = plan_task_count(town.crews);
      const PlanTask *any = tasks ? task_at(&town, (size_t)random_below(&random, (uint32_t)tasks)) : NULL, *other = tasks ? task_at(&town, (size_t)random_below(&random, (uint32_t)tasks)) : NULL;
      const Job *job = crew_job_count(town.crews) ? crew_job_at(town.crews, (size_t)random_below(&random, (uint32_t)crew_job_count(town.crews))) : NULL;
      CrewId crew = town_crew(&town, CREWS[random_below(&random, 3)]);
      Ask a = {.town = &town};
      switch (random_below(&random, 10)) {
        case 0: case 1: town_call(&town, CUSTOMERS[random_below(&random, 10)]); break;
        case 2: a.what = ACCEPT, a.task = any && random_below(&random, 2) ? any->id : 0, ask(&a); break;
        case 3: a.what = MOVE, a.move = (PlanMove){.task = any ? any->id : 1, .before = other && random_below(&random, 2) ? other->id : 0, .crew = crew, .at = INSTANT_NONE}, ask(&a); break;
        case 4: a.what = UNDO, ask(&a); break;
        case 5: town_pass(&town, (double)random_below(&random, 40)); break;
        case 6: if (job) town_step(&town, job->id, job->state == JOB_ASSIGNED ? "take" : job->state == JOB_TAKEN ? "depart" : job->state == JOB_ON_THE_WAY ? "arrive" : "return", job->state >= JOB_ON_SITE ? "{\"reason\":\"x\"}" : NULL); break;
        case 7: if (job) a.what = NEED, a.need = (PlanAsk){.job = job->id, .item = TEXT("cable"), .quantity = 50}, ask(&a); break;
        case 8: if (any) a.what = ERRAND, a.task = any->id, a.step = random_below(&random, 2) ? "start" : "done", ask(&a); break;
        default: a.what = DUTY, a.day = (DutyDay){.crew = crew, .day = 20261231, .duty = (uint8_t)random_below(&random, 3), .from = 1080, .until = 360, .version = roster_of(crew_find(town.crews, crew), 20261231).version}, ask(&a);
      }
      sound(&town);
      for (size_t i = 0; i < plan_task_count(town.crews); i++) {
        int seats = 0;
        for (size_t l = 0; l < plan_lane_count(town.crews); l++)
          for (int s = 0; s < plan_lane(town.crews, l)->count; s++)
            seats += plan_lane(town.crews, l)->stops[s].kind == DISPATCH_STOP_JOB && plan_lane(town.crews, l)->stops[s].id == task_at(&town, i)->id;
        assert_true(seats <= 1);
      }
    }
    town_close(&town);
  }
}

/* --- a store that refuses --- */

typedef struct Picture { /* the plan, and what of it can be taken back */
  int64_t crew[8];
  int at[8], undo;
  bool undo_accept, accepted[8];
  size_t tasks, jobs;
} Picture;

static Picture picture_of(const Town *town) {
  Picture picture;
  memset(&picture, 0, sizeof picture);
  PlanUndoable undo = plan_undoable(town->crews, 2);
  picture.undo = undo.count, picture.undo_accept = undo.accept;
  picture.tasks = plan_task_count(town->crews), picture.jobs = crew_job_count(town->crews);
  assert_true(picture.tasks <= 8);
  for (size_t i = 0; i < picture.tasks; i++) picture.crew[i] = task_at(town, i)->crew.value, picture.at[i] = task_at(town, i)->at, picture.accepted[i] = task_at(town, i)->accepted;
  return picture;
}

/* Each of its SQL calls, or allocations, in turn: all as before, until it goes through. */
static void refused_until_done(Ask *a, bool memory) {
  Picture before = picture_of(a->town);
  for (int64_t nth = 1;; nth++) {
    if (memory) memory_fail_at(nth);
    else db_fail_at(nth);
    ErrorCode code = ask(a);
    memory_fail_at(0), db_fail_at(0);
    if (code == ERROR_NONE) break;
    Picture after = picture_of(a->town);
    assert_memory_equal(&after, &before, sizeof before);
    assert_true(nth < 10000);
  }
}

static void refused(bool memory) {
  Town town;
  town_open(&town);
  three_outages(&town);
  town_pass(&town, 1);
  CrewId k1 = town_crew(&town, "K1"), k2 = town_crew(&town, "K2");
  int64_t ids[2] = {task_at(&town, 0)->id, task_at(&town, 1)->id};
  Picture first = picture_of(&town);
  const PlanMove MOVES[] = {{.task = ids[0], .crew = k1}, {.task = ids[1], .crew = k1}, {.task = ids[1], .crew = k1, .before = ids[0]}, {.task = ids[0], .crew = k2}};
  int count = (int)(sizeof MOVES / sizeof *MOVES);
  for (int i = 0; i < count; i++) {
    Ask move = {.town = &town, .what = MOVE, .move = MOVES[i]};
    move.move.at = INSTANT_NONE, move.move.staff_id = 2;
    int64_t told = desk_last_seq(town.desk);
    refused_until_done(&move, memory);
    assert_true(desk_last_seq(town.desk) > told); /* others look at the plan too, also where only a lane's order is another */
    assert_int_equal(plan_undoable(town.crews, 2).count, i + 1);
    sound(&town);
  }
  Ask accept = {.town = &town, .what = ACCEPT}, undo = {.town = &town, .what = UNDO};
  refused_until_done(&accept, memory);
  assert_true(crew_job_count(town.crews) > 0);
  for (int i = count + 1; i-- > 0;) {
    int64_t told = desk_last_seq(town.desk);
    refused_until_done(&undo, memory);
    assert_true(desk_last_seq(town.desk) > told);
    assert_int_equal(plan_undoable(town.crews, 2).count, i);
    sound(&town);
  }
  Picture last = picture_of(&town);
  assert_memory_equal(&last, &first, sizeof first);
  assert_int_equal(ask(&undo), ERROR_PLAN_NOTHING_TO_UNDO);
  town_close(&town);
}

static void what_is_refused_leaves_what_can_be_taken_back(void **state) {
  (void)state;
  refused(false);
  refused(true);
}

TEST_MAIN(TEST(outages_become_tasks), TEST(a_plan_that_failed_is_made_at_the_next_tick), TEST(a_search_that_failed_is_made_again),
          TEST(moves_hold_and_are_taken_back), TEST(an_impossible_move_changes_nothing),
          TEST(an_acceptance_is_taken_back), TEST(a_later_acceptance_is_taken_back), TEST(what_is_refused_leaves_what_can_be_taken_back), TEST(an_accepted_job_waits_for_its_turn), TEST(the_field_says_what_it_needs), TEST(a_planned_task_gets_what_it_needs), TEST(a_flood_waits_for_room), TEST(a_router_tells_the_ways), TEST(drives_teach_speeds), TEST(the_hour_changes_the_ways), TEST(duties_and_swaps),
          TEST(rounds_are_walked), TEST(a_restart_keeps_the_plan), TEST(what_if_compares), TEST(changes_are_said),
          TEST(whatever_happens_the_plan_is_sound))
