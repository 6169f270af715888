/* `dianbaomu replay month`: a month of a county on its order room, and the boards' figures against a second count from the events. */
#include "app/month.h"

#include <stdio.h>
#include <time.h>

#include "base/buffer.h"
#include "sim/month.h"
#include "store/schema.h"

static double seconds_of_processor(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool chinese(void) { return command_language() == LANGUAGE_ZH; }

static void print_summary(const MonthSummary *s) {
  printf(chinese() ? "受理 %lld 张工单 (再次来电 %lld), 办理 %lld 步 (被拒 %lld), 归档 %lld, 在途 %lld\n"
                   : "%lld orders accepted (%lld calls again), %lld steps (%lld refused), %lld archived, %lld open\n",
         (long long)s->accepted, (long long)s->again, (long long)s->steps, (long long)s->refused, (long long)s->archived, (long long)s->open);
}

static void print_open(const MonthSummary *s) {
  printf("%-30s %-16s %8s %8s %8s %10s %8s\n", "kind", "state", "open", "moving", "waiting", "suspended", "overdue");
  for (size_t i = 0; i < s->open_count; i++)
    printf("%-30.*s %-16.*s %8lld %8lld %8lld %10lld %8lld\n", TEXT_ARG(s->at[i].kind), TEXT_ARG(s->at[i].state), (long long)s->at[i].count,
           (long long)s->at[i].moving, (long long)s->at[i].waiting, (long long)s->at[i].suspended, (long long)s->at[i].broken);
}

/* The boards, the events, and the room's own check: all must agree. */
static bool judge(const MonthRooms *rooms, Error *error) {
  Buffer said;
  int64_t compared = 0, differences = 0;
  char problem[ERROR_TEXT_MAX];
  buffer_begin(&said, 1 << 16);
  bool ok = month_count(rooms, &compared, &differences, &said, error);
  if (ok) {
    printf(chinese() ? "看板 %lld 个指标由事件独立重算, 不一致 %lld\n" : "%lld figures of the boards counted again from the events, %lld differ\n",
           (long long)compared, (long long)differences);
    fwrite(said.at, 1, said.len, stdout);
  }
  if (ok && differences) ok = error_raise(error, ERROR_INTERNAL, "%lld figures differ", (long long)differences);
  ok = ok && order_check(rooms->orders, rooms->db, problem, error);
  if (ok && problem[0]) ok = error_raise(error, ERROR_INTERNAL, "%s", problem);
  buffer_end(&said);
  return ok;
}

static bool play(const MonthRooms *rooms, const AppMonthOptions *options, Error *error) {
  Month *month = NULL;
  MonthSummary *summary = memory_new(sizeof *summary);
  MonthOptions how = {.seed = (uint64_t)options->seed, .from = options->from, .days = (int)options->days, .rate = 1, .drain_days = (int)options->drain_days};
  double began = seconds_of_processor();
  bool ok = summary ? month_open(&month, rooms, &how, error) : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "month");
  if (ok && (ok = month_run(month, error))) {
    double took = seconds_of_processor() - began;
    month_summarize(month, summary);
    print_summary(summary);
    printf(chinese() ? "处理器用时 %.1f 秒\n" : "%.1f s of processor\n", took);
    print_open(summary);
    if (summary->unmoved) ok = error_raise(error, ERROR_INTERNAL, "%lld open orders nobody can go on with", (long long)summary->unmoved);
    ok = ok && judge(rooms, error);
  }
  if (ok && options->drain_days && (ok = month_drain(month, error))) {
    month_summarize(month, summary);
    print_summary(summary);
    if (summary->open) ok = (print_open(summary), error_raise(error, ERROR_INTERNAL, "%lld orders are still open", (long long)summary->open));
    ok = ok && judge(rooms, error);
  }
  month_close(month);
  memory_free(summary);
  return ok;
}

bool app_month(const char *folder, const AppMonthOptions *options, Error *error) {
  char path[4200];
  Db *db = NULL;
  Grid *grid = NULL;
  People *people = NULL;
  Desk *desk = NULL;
  Orders *orders = NULL;
  TimeSource time;
  time_virtual(&time, options->from);
  DeskOptions how = {.county_id = 1, .time = &time};
  snprintf(path, sizeof path, "%s/dianbaomu.db", folder);
  bool ok = db_open(&db, path, DB_WRITE_UNSYNCED, error) && schema_migrate(db, error) && grid_open(&grid, db, 1, error) &&
            people_open(&people, db, grid, 1, error) && desk_open(&desk, db, &how, error) &&
            order_open(&orders, desk, db, grid, people, options->rules, error) &&
            play(&(MonthRooms){desk, db, &time, people, orders}, options, error);
  order_close(orders);
  desk_close(desk);
  people_close(people);
  grid_close(grid);
  db_close(db);
  return ok;
}
