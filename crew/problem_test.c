#include "base/testing.h"

#include <math.h>
#include <string.h>

#include "crew/dispatch_run.h"
#include "crew/problem.h"

static const char SMALL[] =
    "{\"objective\":\"restoration\",\"vehicles\":[{\"id\":1,\"description\":\"first\",\"start_index\":0,\"end_index\":0,\"skills\":[1],"
    "\"time_window\":[0,9000],"
    "\"on_board\":[{\"item\":5,\"quantity\":1}]},"
    "{\"id\":2,\"start_index\":1,\"skills\":[1,2],\"time_window\":[0,9000],\"breaks\":[{\"time_windows\":[[3000,5000]],\"service\":600}]}],"
    "\"items\":[{\"id\":5},{\"id\":6,\"tool\":true}],\"stores\":[{\"id\":9,\"location_index\":3,\"service\":60,\"stock\":[{\"item\":6,"
    "\"quantity\":1},{\"item\":5,\"quantity\":null}]}],"
    "\"jobs\":[{\"id\":11,\"location_index\":2,\"service\":600,\"skills\":[1],\"due\":3000,\"customers\":40,\"critical\":2},"
    "{\"id\":12,\"location_index\":2,\"service\":300,\"crews\":2,\"after\":[11],\"needs\":[{\"item\":6,\"quantity\":1}]},"
    "{\"id\":13,\"location_index\":3,\"service\":60,\"skills\":[2],\"after\":[12]}],"
    "\"matrices\":{\"car\":{\"durations\":[[0,400,500,300],[400,0,500,300],[500,500,0,200],[300,300,200,0]]}}}";

static bool solve(Arena *arena, Text text, ProblemJson *problem, DispatchPlan *plan, Error *error) {
  return problem_read_json(arena, text, problem, error) &&
         dispatch_run(&problem->problem, problem->before.crew_count ? &problem->before : NULL, (DispatchRun){.rounds = 200, .seed = 3},
                      arena, plan, NULL, error);
}

/* Read, planned, written, and read again as the plan in force: all of it holds, and nothing changes hands. */
static void json_goes_round(void **state) {
  (void)state;
  Arena arena;
  Buffer out, again;
  Error error = {0};
  ProblemJson problem;
  DispatchPlan plan;
  DispatchScore score;
  arena_begin(&arena, 0);
  buffer_begin(&out, 0), buffer_begin(&again, 0);
  assert_ok(solve(&arena, text_of(SMALL), &problem, &plan, &error), &error);
  assert_int_equal(problem.problem.job_count, 4); /* job 12 stands for two crews */
  assert_ok(dispatch_replay(&problem.problem, &plan, &score, &error), &error);
  assert_int_equal(score.unassigned, 0);
  assert_int_equal(score.critical_kept, 1);
  problem_write_json(&problem, &plan, &out);
  assert_true(text_find(buffer_as_text(&out), TEXT("\"takes\":[{\"item\":6,\"quantity\":1}]")) > 0);
  buffer_put(&again, SMALL, sizeof SMALL - 2);
  buffer_string(&again, ",\"plan\":");
  buffer_text(&again, buffer_as_text(&out));
  buffer_string(&again, "}");
  assert_ok(solve(&arena, buffer_as_text(&again), &problem, &plan, &error), &error);
  assert_int_equal(plan.score.changed, 0);
  if (plan.score.cost > score.cost + 1e-6) fail_msg("%.9g was %.9g", plan.score.cost, score.cost);
  buffer_end(&out), buffer_end(&again);
  arena_end(&arena);
}

/* One thing wrong in the small problem, and the path that says where. */
static void what_is_wrong_is_named(void **state) {
  (void)state;
  static const struct {
    const char *from, *to, *where;
    ErrorCode code;
  } cases[] = {{"\"service\":600,\"skills\":[1]", "\"service\":-600,\"skills\":[1]", "$.jobs[0].service", ERROR_FIELD_INVALID},
               {"\"skills\":[2],\"after\":[12]", "\"skills\":[7],\"after\":[12]", "$.jobs[2].skills[0]", ERROR_FIELD_INVALID},
               {"[400,0,500,300]", "[400,0,500]", "$.matrices.car.durations[1]", ERROR_FIELD_INVALID},
               {"[400,0,500,300]", "[400,0,-5,300]", "$.matrices.car.durations[1][2]", ERROR_FIELD_INVALID},
               {"\"skills\":[1,2],\"time_window\":[0,9000],", "\"skills\":[1,2],", "$.vehicles[1].time_window", ERROR_FIELD_MISSING},
               {"\"skills\":[1,2],\"time_window\":[0,9000],", "\"skills\":[1,2],\"time_window\":[9,0],", "$.vehicles[1].time_window",
                ERROR_FIELD_INVALID},
               {"\"location_index\":3,\"service\":60,\"skills\"", "\"location_index\":4,\"service\":60,\"skills\"",
                "$.jobs[2].location_index", ERROR_FIELD_INVALID},
               {"\"after\":[12]", "\"after\":[99]", "$.jobs[2].after[0]", ERROR_FIELD_INVALID},
               {"\"after\":[11]", "\"after\":[13]", NULL, ERROR_FIELD_INVALID},
               {"\"id\":13", "\"id\":11", "$.jobs[2].id", ERROR_ALREADY_EXISTS},
               {"\"critical\":2", "\"critical\":4", "$.jobs[0].critical", ERROR_FIELD_INVALID},
               {"\"critical\":2", "\"urgent\":4", "$.jobs[0].urgent", ERROR_FIELD_UNKNOWN},
               {"{\"item\":6,\"quantity\":1}]}", "{\"item\":8,\"quantity\":1}]}", "$.jobs[1].needs[0].item", ERROR_FIELD_INVALID},
               {"\"quantity\":1}]},{\"id\":2", "\"quantity\":-1}]},{\"id\":2", "$.vehicles[0].on_board[0].quantity", ERROR_FIELD_INVALID},
               {"\"restoration\"", "\"beauty\"", "$.objective", ERROR_FIELD_INVALID},
               {"\"vehicles\":[", "\"vehicles\":{},\"jobs\":[", "line 1, column 0", ERROR_HTTP_BODY}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    Arena arena;
    Buffer text;
    Error error = {0};
    ProblemJson problem;
    arena_begin(&arena, 0);
    buffer_begin(&text, 0);
    const char *at = strstr(SMALL, cases[c].from);
    assert_non_null(at);
    buffer_put(&text, SMALL, (size_t)(at - SMALL));
    buffer_string(&text, cases[c].to);
    buffer_string(&text, at + strlen(cases[c].from));
    assert_false(problem_read_json(&arena, buffer_as_text(&text), &problem, &error));
    if (error.code != cases[c].code) fail_msg("case %zu: %s at %s", c, error_name(error.code), error.where);
    if (cases[c].where && strncmp(cases[c].where, "line", 4) != 0) assert_string_equal(error.where, cases[c].where);
    buffer_end(&text);
    arena_end(&arena);
  }
}

static void coordinates_become_times(void **state) {
  (void)state;
  static const char *const head =
      "{\"vehicles\":[{\"id\":1,\"start\":[113.0,28.0],\"time_window\":[0,90000]}],\"jobs\":[{\"id\":1,\"location\":";
  static const struct {
    const char *rest;
    double travel; /* s there; NAN: refused */
    const char *where;
  } cases[] = {{"[114.0,28.0]}]}", 98180.26 * 1.3 / (40 / 3.6), NULL}, /* a degree of longitude at 28° north */
               {"[114.0,28.0]}],\"travel\":{\"detour\":1,\"zones\":[{\"centre\":[113.0,28.0],\"radius\":5000,\"speed\":20}]}}",
                98180.26 * (0.5 / (40 / 3.6) + 0.5 / (20 / 3.6)), NULL},
               {"[116.0,32.0]}],\"travel\":{\"metric\":\"euclidean\"}}", 5, NULL},
               {"[28.0,114.0]}]}", NAN, "$.jobs[0].location"},
               {"[-30.0,20.0]}]}", NAN, "$.jobs[0].location"},
               {"[114.0,28.0]}],\"travel\":{\"detour\":0.5}}", NAN, "$.travel.detour"}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    Arena arena;
    Buffer text;
    Error error = {0};
    ProblemJson problem;
    arena_begin(&arena, 0);
    buffer_begin(&text, 0);
    buffer_string(&text, head);
    buffer_string(&text, cases[c].rest);
    bool read = problem_read_json(&arena, buffer_as_text(&text), &problem, &error);
    assert_int_equal(read, !isnan(cases[c].travel));
    if (read)
      assert_true(fabs(problem.problem.travel[1] - cases[c].travel) < 0.5);
    else
      assert_string_equal(error.where, cases[c].where);
    buffer_end(&text);
    arena_end(&arena);
  }
}

static void unassigned_come_with_the_reason(void **state) {
  (void)state;
  static const struct {
    const char *job, *reason;
  } cases[] = {{"\"skills\":[1,3]", "no_skill"},
               {"\"members\":9", "no_members"},
               {"\"delivery\":[50]", "no_amount"},
               {"\"time_windows\":[[1,2]]", "no_time"},
               {"\"needs\":[{\"item\":1,\"quantity\":3}]", "no_material"},
               {"\"after\":[7]", "after_unassigned"},
               {"\"crews\":3", "no_partner"},
               {"\"service\":900,\"skills\":[1]", "no_room"}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    Arena arena;
    Buffer text;
    Error error = {0};
    ProblemJson problem;
    DispatchPlan plan;
    arena_begin(&arena, 0);
    buffer_begin(&text, 0);
    buffer_format(
        &text,
        "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"time_window\":[0,1000],\"skills\":[1],\"members\":2,\"capacity\":[10]},"
        "{\"id\":2,\"start_index\":0,\"time_window\":[0,150],\"skills\":[3],\"members\":2,\"capacity\":[10]}],\"items\":[{\"id\":1}],"
        "\"matrices\":{\"car\":{\"durations\":[[0,100],[100,0]]}},\"jobs\":[{\"id\":7,\"location_index\":1,\"service\":2000},"
        "{\"id\":8,\"location_index\":1,\"service\":900,\"priority\":90,\"skills\":[1]},{\"id\":9,\"location_index\":1,%s}]}",
        cases[c].job);
    assert_ok(solve(&arena, buffer_as_text(&text), &problem, &plan, &error), &error);
    const char *reason = NULL;
    for (int u = 0; u < plan.unassigned_count; u++)
      if (problem.problem.jobs[plan.unassigned[u].job].id == 9) reason = dispatch_reason_name(plan.unassigned[u].reason);
    assert_non_null(reason);
    assert_string_equal(reason, cases[c].reason);
    buffer_end(&text);
    arena_end(&arena);
  }
}

/* The published instances are read, and C101 comes to its known best. */
static void published_instances_are_read(void **state) {
  (void)state;
  Arena arena;
  Buffer text;
  Error error = {0};
  DispatchProblem problem;
  DispatchPlan plan;
  arena_begin(&arena, 0);
  buffer_begin(&text, 0);
  assert_ok(buffer_read_file(&text, testing_shared("data/dispatch/vrptw/solomon/C101.txt"), &error), &error);
  assert_ok(problem_read_solomon(&arena, buffer_as_text(&text), -1, &problem, &error), &error);
  assert_int_equal(problem.job_count, 100);
  assert_int_equal(problem.crew_count, 25);
  assert_ok(dispatch_run(&problem, NULL, (DispatchRun){.rounds = 3000, .seed = 1}, &arena, &plan, NULL, &error), &error);
  assert_true(fabs(plan.score.travel - 828.94) < 0.01);
  buffer_end(&text);
  buffer_begin(&text, 0);
  assert_ok(buffer_read_file(&text, testing_shared("data/dispatch/trsp/R101.100_25-5-5-5.txt"), &error), &error);
  assert_ok(problem_read_trsp(&arena, buffer_as_text(&text), &problem, &error), &error);
  assert_int_equal(problem.job_count, 100);
  assert_int_equal(problem.item_count, 10);
  DispatchScore score;
  assert_ok(dispatch_run(&problem, NULL, (DispatchRun){.rounds = 1000, .seed = 1}, &arena, &plan, NULL, &error), &error);
  assert_ok(dispatch_replay(&problem, &plan, &score, &error), &error);
  assert_int_equal(score.unassigned, 0);
  assert_true(score.duration > 3000 && score.duration < 4200);
  buffer_end(&text);
  arena_end(&arena);
}

static void broken_instances_are_refused(void **state) {
  (void)state;
  static const char *const texts[] = {"", "a\nVEHICLE\nNUMBER CAPACITY\n2 x\n",
                                      "a\nVEHICLE\nNUMBER CAPACITY\n2 200\nCUSTOMER\nCUST NO.\n0 1 1 0 0 10\n",
                                      "a\nVEHICLE\nNUMBER CAPACITY\n0 200\nCUSTOMER\nCUST NO.\n0 1 1 0 0 10 0\n1 1 1 0 0 10 0\n"};
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
    Arena arena;
    Error error = {0};
    DispatchProblem problem;
    arena_begin(&arena, 0);
    assert_false(problem_read_solomon(&arena, text_of(texts[t]), -1, &problem, &error));
    assert_false(problem_read_trsp(&arena, text_of(texts[t]), &problem, &error));
    arena_end(&arena);
  }
}

/* Several threads by rounds: the same for the same seed and number. */
static void threads_repeat(void **state) {
  (void)state;
  Arena arena;
  Buffer text;
  Error error = {0};
  DispatchProblem problem;
  DispatchPlan a, b;
  arena_begin(&arena, 0);
  buffer_begin(&text, 0);
  assert_ok(buffer_read_file(&text, testing_shared("data/dispatch/vrptw/solomon/R101.txt"), &error), &error);
  assert_ok(problem_read_solomon(&arena, buffer_as_text(&text), -1, &problem, &error), &error);
  DispatchRun run = {.rounds = 640, .seed = 5, .threads = 3};
  assert_ok(dispatch_run(&problem, NULL, run, &arena, &a, NULL, &error), &error);
  assert_ok(dispatch_run(&problem, NULL, run, &arena, &b, NULL, &error), &error);
  assert_true(a.score.cost == b.score.cost);
  for (int k = 0; k < problem.crew_count; k++) {
    assert_int_equal(a.routes[k].count, b.routes[k].count);
    for (int i = 0; i < a.routes[k].count; i++) assert_int_equal(a.routes[k].stops[i].index, b.routes[k].stops[i].index);
  }
  buffer_end(&text);
  arena_end(&arena);
}

static void the_command_says_what_it_needs(void **state) {
  (void)state;
  static const DispatchCommand wrong[] = {{.input = NULL}, {.input = "a", .trsp = "b"}, {.input = "no such file"}};
  static const ErrorCode codes[] = {ERROR_USAGE, ERROR_USAGE, ERROR_IO};
  for (size_t w = 0; w < 3; w++) {
    Buffer out;
    Error error = {0};
    buffer_begin(&out, 0);
    assert_false(dispatch_command(&wrong[w], &out, &error));
    assert_int_equal(error.code, codes[w]);
    buffer_end(&out);
  }
}

TEST_MAIN(TEST(json_goes_round), TEST(what_is_wrong_is_named), TEST(coordinates_become_times), TEST(unassigned_come_with_the_reason),
          TEST(published_instances_are_read), TEST(broken_instances_are_refused), TEST(threads_repeat),
          TEST(the_command_says_what_it_needs))
