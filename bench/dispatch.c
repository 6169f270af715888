/* dispatch_bench: the planner against published best values and the targets. Every plan is replayed by dispatch_replay,
 * which shares no code with the search, before it counts; the storm's score is that of its scorer's rules.
 *   dispatch_bench [SET [SECONDS [EVERY [THREADS [SEED [wall|cpu]]]]]]      DIANBAOMU_SHARED names the data's folder (../shared)
 * SET: solomon (truncated never: double precision), homberger (each leg truncated to one decimal, the DIMACS convention), trsp,
 * storm, insert, small; without it a short run of each. EVERY: only each so many-th instance. cpu: seconds
 * and milliseconds are of processor time, for a machine shared with others. small: SECONDS is the number of cases. storm: EVERY is the
 * number of seeds from SEED on (1: three). */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew/dispatch_cases.h"
#include "crew/dispatch_run.h"
#include "crew/problem.h"

typedef struct Options {
  double seconds;
  int every, threads;
  uint64_t seed;
  bool cpu;
} Options;

static void must(bool ok, const Error *error) {
  char text[ERROR_TEXT_MAX];
  if (ok) return;
  fprintf(stderr, "dispatch_bench: %s\n", error_text(error, LANGUAGE_EN, text, sizeof text));
  exit(1);
}

static const char *data(const char *name) {
  static char path[4][4096];
  static int turn;
  const char *root = getenv("DIANBAOMU_SHARED");
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/data/dispatch/%s", root ? root : "../shared", name);
  return path[turn];
}

static void read_all(const char *path, Buffer *text) {
  Error error = {0};
  buffer_begin(text, 0);
  must(buffer_read_file(text, path, &error), &error);
}

/* One run, replayed: the score that counts. */
static DispatchScore solve(const DispatchProblem *problem, Options o, Arena *arena, DispatchRunFacts *facts) {
  Error error = {0};
  DispatchPlan plan;
  DispatchScore score;
  DispatchRun run = {.seconds = o.seconds, .threads = o.threads, .seed = o.seed, .processor = o.cpu};
  must(dispatch_run(problem, NULL, run, arena, &plan, facts, &error), &error);
  must(dispatch_replay(problem, &plan, &score, &error), &error);
  return score;
}

typedef enum Form { FORM_SOLOMON, FORM_HOMBERGER, FORM_TRSP } Form;

static void instance(Form form, const char *path, Arena *arena, DispatchProblem *problem) {
  Error error = {0};
  Buffer text;
  read_all(path, &text);
  if (form == FORM_TRSP)
    must(problem_read_trsp(arena, buffer_as_text(&text), problem, &error), &error);
  else
    must(problem_read_solomon(arena, buffer_as_text(&text), form == FORM_HOMBERGER ? 1 : -1, problem, &error), &error);
  buffer_end(&text);
}

/* The table of best values row by row: "file,value,…". */
static void against_best(const char *what, Form form, const char *table, const char *folder, const char *prefix, Options o) {
  Buffer text;
  read_all(data(table), &text);
  Text rest = buffer_as_text(&text), line;
  double sum = 0, worst = -INFINITY, slowest = 0;
  int count = 0, row = 0;
  while (text_next(&rest, '\n', &line)) {
    Text name, value;
    double best;
    if (!text_next(&line, ',', &name) || !text_next(&line, ',', &value) || !text_to_f64(text_trim(value), &best) ||
        !text_starts(name, text_of(prefix)))
      continue;
    if (row++ % o.every) continue;
    char path[512];
    snprintf(path, sizeof path, "%s/%.*s", folder, TEXT_ARG(name));
    Arena arena;
    DispatchProblem problem;
    DispatchRunFacts facts;
    arena_begin(&arena, 0);
    instance(form, data(path), &arena, &problem);
    DispatchScore score = solve(&problem, o, &arena, &facts);
    double got = form == FORM_TRSP ? score.duration : score.travel, gap = 100 * (got / best - 1);
    printf("%-34.*s %10.2f  best %10.2f  %+6.2f %%  first %.1f ms, %lld rounds%s\n", TEXT_ARG(name), got, best, gap, facts.first_ms,
           (long long)facts.rounds, score.unassigned ? "  NOT ALL ASSIGNED" : "");
    fflush(stdout);
    sum += gap, count++;
    if (gap > worst) worst = gap;
    if (facts.first_ms > slowest) slowest = facts.first_ms;
    arena_end(&arena);
  }
  printf("%s: %d instances, %.1f s, %d thread(s): mean gap %.2f %%, worst %.2f %%, first plan at most %.1f ms\n", what, count, o.seconds,
         o.threads, sum / count, worst, slowest);
  buffer_end(&text);
}

/* The storms are packed by zstd; they are read through its program, which is the bench's business, not the planner's. */
static void read_storm(const char *name, Arena *arena, ProblemJson *problem) {
  Error error = {0};
  Buffer text;
  char command[4200];
  snprintf(command, sizeof command, "zstd -dcqf '%s'", data(name));
  buffer_begin(&text, 0);
  FILE *pipe = popen(command, "r");
  char bytes[65536];
  for (size_t got; pipe && (got = fread(bytes, 1, sizeof bytes, pipe)) > 0;) buffer_put(&text, bytes, got);
  if (!pipe || pclose(pipe) != 0) fprintf(stderr, "dispatch_bench: %s: cannot be unpacked\n", name), exit(1);
  must(problem_read_json(arena, buffer_as_text(&text), problem, &error), &error);
  buffer_end(&text);
}

static const char *const storms[] = {"storm/storm-1-500-50.json.zst", "storm/storm-11-500-50.json.zst"};

static void storm(Options o) {
  for (size_t s = 0; s < 2; s++) {
    Arena arena;
    ProblemJson problem;
    DispatchRunFacts facts;
    arena_begin(&arena, 0);
    read_storm(storms[s], &arena, &problem);
    double first = INFINITY;
    for (int turn = 0; turn < 20; turn++) { /* the first plan alone, the quickest and all */
      Options none = o;
      none.seconds = 0, none.threads = 1;
      solve(&problem.problem, none, &arena, &facts);
      if (facts.first_ms < first) first = facts.first_ms;
    }
    int seeds = o.every > 1 ? o.every : 3, least_due = INT_MAX, least_critical = INT_MAX, missed = 0, dear = 0;
    double most_hours = 0;
    for (uint64_t seed = o.seed; seed < o.seed + (uint64_t)seeds; seed++) {
      Options once = o;
      once.seed = seed;
      DispatchScore score = solve(&problem.problem, once, &arena, &facts);
      printf(
          "%-30s seed %llu, %.1f s, %d thread(s): due kept %d, critical %d of %d, customer-hours %.0f, unassigned %d; first plan %.2f ms "
          "(quickest of 20), %lld rounds\n",
          storms[s], (unsigned long long)seed, o.seconds, o.threads, score.due_kept, score.critical_kept, score.critical,
          score.customer_hours, score.unassigned, first, (long long)facts.rounds);
      fflush(stdout);
      if (score.due_kept < least_due) least_due = score.due_kept;
      if (score.critical_kept < least_critical) least_critical = score.critical_kept;
      if (score.customer_hours > most_hours) most_hours = score.customer_hours;
      missed += score.critical_kept < 40, dear += score.customer_hours > 85000;
    }
    printf("%s: %d seeds, %d thread(s): due kept at least %d, critical at least %d (under 40 in %d), customer-hours at most %.0f (above 85,000 in %d)\n",
           storms[s], seeds, o.threads, least_due, least_critical, missed, most_hours, dear);
    arena_end(&arena);
  }
}

static int compare(const void *a, const void *b) {
  return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* One new job into a running plan: the whole way from the changed problem and the plan in force to a sound new plan. */
static void insert(Options o) {
  enum { TURNS = 500 };
  Arena arena;
  ProblemJson problem;
  Error error = {0};
  DispatchPlan plan;
  static double took[TURNS];
  arena_begin(&arena, 0);
  read_storm(storms[0], &arena, &problem);
  DispatchProblem all = problem.problem, less = all;
  DispatchJob *jobs = ARENA_ARRAY(&arena, DispatchJob, (size_t)all.job_count);
  must(jobs != NULL, &error);
  for (int turn = 0; turn < TURNS; turn++) {
    memcpy(jobs, all.jobs, (size_t)all.job_count * sizeof *jobs);
    DispatchJob swap = jobs[turn % all.job_count]; /* each job once the new one, behind the 499 others */
    jobs[turn % all.job_count] = jobs[all.job_count - 1], jobs[all.job_count - 1] = swap;
    less.jobs = jobs, less.job_count = all.job_count - 1;
    Arena scratch;
    DispatchScore score;
    arena_begin(&scratch, 0);
    if (turn % 50 == 0)
      must(dispatch_run(&less, NULL, (DispatchRun){.seconds = 0.2, .seed = o.seed}, &scratch, &plan, NULL, &error), &error);
    else
      must(dispatch_run(&less, NULL, (DispatchRun){.seed = o.seed}, &scratch, &plan, NULL, &error), &error);
    less.job_count = all.job_count;
    DispatchRunFacts facts;
    must(dispatch_run(&less, &plan, (DispatchRun){.seed = o.seed, .processor = o.cpu}, &scratch, &plan, &facts, &error), &error);
    took[turn] = facts.total_ms;
    must(dispatch_replay(&less, &plan, &score, &error), &error);
    if (score.unassigned) printf("insert: a job stayed out\n");
    arena_end(&scratch);
  }
  qsort(took, TURNS, sizeof *took, compare);
  printf("insert: one job into a plan of %d, %d times: median %.2f ms, p99 %.2f ms, most %.2f ms\n", all.job_count, TURNS, took[TURNS / 2],
         took[TURNS * 99 / 100], took[TURNS - 1]);
  arena_end(&arena);
}

static void small(int cases, Options o) {
  static const unsigned kinds[] = {CASE_WINDOWS,
                                   CASE_WINDOWS | CASE_AMOUNTS | CASE_SKILLS,
                                   CASE_DUES | CASE_SKILLS,
                                   CASE_DUES | CASE_WINDOWS | CASE_SKEWED,
                                   CASE_DURATION | CASE_WINDOWS,
                                   CASE_TIGHT | CASE_WINDOWS | CASE_SKEWED,
                                   CASE_DUES | CASE_DURATION | CASE_TIGHT};
  int best = 0, below = 0;
  for (int c = 0; c < cases; c++) {
    Arena arena;
    Random random;
    DispatchScore score;
    arena_begin(&arena, 0);
    random_fork(&random, o.seed, (uint64_t)c);
    DispatchProblem p = case_problem(&arena, &random, kinds[(size_t)c % (sizeof kinds / sizeof *kinds)], (int)random_between(&random, 1, 8),
                                     (int)random_between(&random, 1, 3));
    double least = case_exhaustive(&p);
    case_solve(&p, &arena, (uint64_t)c, 3000, &score);
    best += score.cost <= least + 1e-6 * (1 + least), below += score.cost < least - 1e-6 * (1 + least);
    arena_end(&arena);
  }
  printf("small: %d random cases of up to 8 jobs and 3 crews, 3000 rounds: the best of all in %d (%.2f %%), below it (a fault) in %d\n",
         cases, best, 100.0 * best / cases, below);
}

static void run(const char *set, Options o) {
  if (strcmp(set, "solomon") == 0)
    against_best("Solomon", FORM_SOLOMON, "vrptw/best_known.csv", "vrptw", "solomon/", o);
  else if (strcmp(set, "homberger") == 0)
    against_best("Gehring-Homberger 1000", FORM_HOMBERGER, "vrptw/best_known.csv", "vrptw", "homberger_1000/", o);
  else if (strcmp(set, "trsp") == 0)
    against_best("TRSP", FORM_TRSP, "trsp/best_known.csv", "trsp", "", o);
  else if (strcmp(set, "storm") == 0)
    storm(o);
  else if (strcmp(set, "insert") == 0)
    insert(o);
  else if (strcmp(set, "small") == 0)
    small((int)o.seconds, o);
  else
    fprintf(stderr, "dispatch_bench: unknown set '%s'\n", set), exit(2);
}

int main(int count, char **word) {
  Options o = {.seconds = count > 2 ? atof(word[2]) : 1,
               .every = count > 3 ? atoi(word[3]) : 1,
               .threads = count > 4 ? atoi(word[4]) : 1,
               .seed = count > 5 ? (uint64_t)atoll(word[5]) : 1,
               .cpu = count > 6 && strcmp(word[6], "cpu") == 0};
  if (o.every < 1) o.every = 1;
  if (count > 1) return run(word[1], o), 0;
  run("solomon", (Options){.seconds = 0.5, .every = 8, .threads = 1, .seed = 1});
  run("homberger", (Options){.seconds = 3, .every = 12, .threads = 1, .seed = 1});
  run("trsp", (Options){.seconds = 1, .every = 8, .threads = 1, .seed = 1});
  run("storm", (Options){.seconds = 1, .every = 1, .threads = 1, .seed = 1});
  run("insert", (Options){.seconds = 1, .every = 1, .threads = 1, .seed = 1});
  run("small", (Options){.seconds = 200, .every = 1, .threads = 1, .seed = 1});
  return 0;
}
