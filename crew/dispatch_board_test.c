#include "base/testing.h"

#include <math.h>
#include <string.h>

#include "crew/dispatch_board.h"
#include "crew/dispatch_cases.h"

/* Two crews on a line: crew 1 at 0, crew 2 at 100 minutes; places 0…3 at 0, 10, 90, 100 minutes. */
static DispatchProblem line_problem(DispatchJob jobs[2], DispatchCrew crews[2]) {
  static double travel[16];
  static const double at[] = {0, 10, 90, 100};
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) travel[i * 4 + j] = 60 * fabs(at[i] - at[j]);
  for (int j = 0; j < 2; j++)
    jobs[j] = (DispatchJob){.id = 10 + j,
                            .place = 1 + j,
                            .service = 600,
                            .due = INFINITY,
                            .customers = 10,
                            .together = -1,
                            .crew = -1,
                            .crew_before = -1,
                            .started = NAN};
  for (int k = 0; k < 2; k++) {
    crews[k] = (DispatchCrew){
        .id = 1 + k, .start = k ? 3 : 0, .end = -1, .shift = {0, 40000}, .slowness = 1, .jobs_max = 100, .skills = 1, .members = 2};
    for (int a = 0; a < DISPATCH_AMOUNTS; a++) crews[k].amount[a] = INFINITY;
  }
  return (DispatchProblem){.jobs = jobs,
                           .job_count = 2,
                           .crews = crews,
                           .crew_count = 2,
                           .travel = travel,
                           .place_count = 4,
                           .travel_stride = 4,
                           .rules = dispatch_rules(DISPATCH_RESTORATION)};
}

static const DispatchChange *change_of(const DispatchChanges *changes, int64_t job) {
  for (int c = 0; c < changes->count; c++)
    if (changes->at[c].job == job) return &changes->at[c];
  return NULL;
}

static void replan(DispatchBoard *board, Arena *arena, DispatchChanges *changes) {
  Error error = {0};
  DispatchScore score;
  assert_ok(dispatch_board_replan(board, (DispatchRun){.rounds = 300, .seed = 1, .heat = 1}, arena, changes, &error), &error);
  assert_ok(dispatch_replay(dispatch_board_problem(board), dispatch_board_plan(board), &score, &error), &error);
}

/* New; unchanged; a crew is late, so its job goes to the other, sooner and within its due; a crew goes; a job is pinned. */
static void changes_are_explained(void **state) {
  (void)state;
  Arena arena;
  Error error = {0};
  DispatchJob jobs[2];
  DispatchCrew crews[2];
  DispatchChanges changes;
  DispatchBoard *board;
  arena_begin(&arena, 0);
  DispatchProblem p = line_problem(jobs, crews);
  jobs[0].due = 8000;
  assert_ok(dispatch_board_open(&board, &p, NULL, &error), &error);
  replan(board, &arena, &changes);
  assert_int_equal(changes.count, 2);
  assert_int_equal(change_of(&changes, 10)->to, 1);
  assert_int_equal(change_of(&changes, 11)->to, 2);
  assert_int_equal(change_of(&changes, 11)->why, DISPATCH_WHY_NEW);
  replan(board, &arena, &changes);
  assert_int_equal(changes.count, 0);

  assert_ok(dispatch_board_move_crew(board, 1, 20000, 0, &error), &error);
  replan(board, &arena, &changes);
  const DispatchChange *moved = change_of(&changes, 10);
  assert_non_null(moved);
  assert_int_equal(moved->from, 1);
  assert_int_equal(moved->to, 2);
  assert_int_equal(moved->why & (DISPATCH_WHY_EARLIER | DISPATCH_WHY_DUE | DISPATCH_WHY_UNABLE), DISPATCH_WHY_EARLIER | DISPATCH_WHY_DUE);
  assert_true(moved->earlier_s > 12000 && changes.saved > 0 && changes.after.due_kept > changes.before.due_kept);

  assert_ok(dispatch_board_start_job(board, 10, 2, 100, &error), &error);
  assert_ok(dispatch_board_move_crew(board, 1, 0, 0, &error), &error);
  replan(board, &arena, &changes); /* crew 1 is back, but what crew 2 has begun stays crew 2's */
  assert_null(change_of(&changes, 10));

  assert_ok(dispatch_board_remove_job(board, 10, &error), &error);
  assert_ok(dispatch_board_remove_crew(board, 2, &error), &error);
  replan(board, &arena, &changes);
  assert_int_equal(change_of(&changes, 11)->to, 1);
  assert_true(change_of(&changes, 11)->why & DISPATCH_WHY_UNABLE);
  assert_false(dispatch_board_remove_job(board, 10, &error));
  assert_int_equal(error.code, ERROR_NOT_FOUND);
  dispatch_board_close(board);
  arena_end(&arena);
}

/* A small gain does not change hands; the same gain does when change costs nothing. */
static void plans_are_stable(void **state) {
  (void)state;
  for (int free = 0; free < 2; free++) {
    Arena arena;
    Error error = {0};
    DispatchJob jobs[2];
    DispatchCrew crews[2];
    DispatchChanges changes;
    DispatchBoard *board;
    arena_begin(&arena, 0);
    DispatchProblem p = line_problem(jobs, crews);
    jobs[0].place = 0, jobs[1].place = 3, jobs[1].customers = 60;
    p.rules.change = free ? 0 : 50;
    assert_ok(dispatch_board_open(&board, &p, NULL, &error), &error);
    replan(board, &arena, &changes);
    assert_ok(dispatch_board_move_crew(board, 2, 6600, 3, &error), &error); /* now crew 1 would be there 10 minutes sooner */
    assert_ok(dispatch_board_slip_job(board, 10, 0, &error), &error);
    replan(board, &arena, &changes);
    assert_int_equal(change_of(&changes, 11) != NULL, free);
    dispatch_board_close(board);
    arena_end(&arena);
  }
}

/* What if two more crews came, or the bridge were closed: on a copy, and the board is as it was. */
static void what_if_leaves_the_board_alone(void **state) {
  (void)state;
  Arena arena;
  Error error = {0};
  Random random;
  DispatchChanges changes, with;
  DispatchBoard *board, *copy;
  DispatchScore score;
  arena_begin(&arena, 0);
  random_seed(&random, 4);
  DispatchProblem p = case_problem(&arena, &random, CASE_DUES, 40, 3);
  assert_ok(dispatch_board_open(&board, &p, NULL, &error), &error);
  replan(board, &arena, &changes);
  assert_ok(dispatch_board_copy(&copy, board, &error), &error);
  for (int extra = 0; extra < 2; extra++) {
    DispatchCrew crew = p.crews[0];
    crew.id = 900 + extra, crew.reserve = true;
    assert_ok(dispatch_board_add_crew(copy, &crew, &error), &error);
  }
  replan(copy, &arena, &with);
  assert_int_equal(with.after.reserves, 2);
  assert_true(with.after.due_kept >= changes.after.due_kept && with.after.customer_hours < changes.after.customer_hours);
  assert_ok(dispatch_board_set_travel(copy, p.crews[0].start, 0, 90000, &error), &error);
  replan(copy, &arena, &with);
  assert_ok(dispatch_replay(&p, dispatch_board_plan(board), &score, &error), &error);
  assert_true(fabs(score.cost - changes.after.cost) < 1e-6 * score.cost);
  dispatch_board_close(copy), dispatch_board_close(board);
  arena_end(&arena);
}

/* A day of chance: jobs and crews come, go, slip, begin; after each every plan holds and no pinned work moves. */
static void a_day_of_changes_holds(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 6; seed++) {
    Arena arena;
    Error error = {0};
    Random random;
    DispatchChanges changes;
    DispatchBoard *board;
    arena_begin(&arena, 0);
    random_seed(&random, seed);
    unsigned kinds =
        CASE_DUES | CASE_SKILLS | (seed % 2 ? CASE_MATERIAL : 0) | (seed % 3 ? CASE_AFTER | CASE_TOGETHER : CASE_WINDOWS | CASE_BREAKS);
    DispatchProblem p = case_problem(&arena, &random, kinds, 30, 5);
    assert_ok(dispatch_board_open(&board, &p, NULL, &error), &error);
    for (int turn = 0; turn < 25; turn++) {
      const DispatchProblem *now = dispatch_board_problem(board);
      int64_t job = now->job_count ? now->jobs[random_below(&random, (uint32_t)now->job_count)].id : -1;
      switch (random_below(&random, 5)) {
        case 0: {
          DispatchJob fresh = p.jobs[random_below(&random, 30)];
          fresh.id = 1000 + turn, fresh.together = -1, fresh.after_count = 0;
          assert_ok(dispatch_board_add_job(board, &fresh, &error), &error);
          break;
        }
        case 1:
          if (job >= 0) assert_ok(dispatch_board_remove_job(board, job, &error), &error);
          break;
        case 2:
          if (job >= 0) assert_ok(dispatch_board_slip_job(board, job, 4000, &error), &error);
          break;
        case 3: {
          const DispatchPlan *plan = dispatch_board_plan(board);
          int crew = (int)random_below(&random, (uint32_t)now->crew_count), first = -1;
          if (plan->crew_count && plan->routes[crew].count && plan->routes[crew].stops[0].kind == DISPATCH_STOP_JOB)
            first = plan->routes[crew].stops[0].index;
          if (first >= 0 && isnan(now->jobs[first].started))
            assert_ok(dispatch_board_start_job(board, now->jobs[first].id, now->crews[crew].id, plan->routes[crew].stops[0].start, &error),
                      &error);
          break;
        }
        default:
          assert_ok(dispatch_board_move_crew(board, now->crews[0].id, turn * 30, now->crews[0].start, &error), &error);
      }
      DispatchScore score;
      assert_ok(dispatch_board_replan(board, (DispatchRun){.rounds = 20, .seed = seed}, &arena, &changes, &error), &error);
      assert_ok(dispatch_replay(dispatch_board_problem(board), dispatch_board_plan(board), &score, &error), &error);
      for (int c = 0; c < changes.count; c++) assert_true(changes.at[c].why || changes.at[c].to < 0);
    }
    dispatch_board_close(board);
    arena_end(&arena);
  }
}

TEST_MAIN(TEST(changes_are_explained), TEST(plans_are_stable), TEST(what_if_leaves_the_board_alone), TEST(a_day_of_changes_holds))
