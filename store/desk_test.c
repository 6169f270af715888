#include "store/desk.h"

#include <pthread.h>
#include <unistd.h>

#include "base/testing.h"
#include "store/schema.h"

/* A room with one number: its memory must equal its rows at any time nothing is under way. */
typedef struct Room {
  int64_t sum, reloads, reactions;
} Room;

typedef struct Add {
  Room *room;
  int64_t amount;
  enum { ADD_WELL, ADD_REFUSED, ADD_REACTION_FAILS, ADD_SPOILS, ADD_MANY, ADD_ENDLESS } how;
} Add;

static bool work_add(DeskContext *context, void *command, Error *error) {
  Add *add = command;
  DbStatement *s;
  if (!db_prepare(&s, context->db, "INSERT INTO t (a) VALUES (?1)", error)) return false;
  db_bind_i64(s, 1, add->amount);
  if (!db_done(s, error)) return false;
  for (int i = 0; add->how == ADD_MANY && i < 6000; i++)
    if (!desk_event(context, "t.added", "t", 7, TEXT("{}"), error)) return false;
  if (!desk_event(context, add->how == ADD_REACTION_FAILS ? "t.bad" : add->how == ADD_ENDLESS ? "t.loop" : "t.added", "t", add->amount, TEXT("{}"), error)) return false;
  if (add->how == ADD_REFUSED) return error_raise(error, ERROR_CONFLICT, "t\t1");
  add->room->sum += add->amount;
  if (add->how == ADD_SPOILS) return error_raise(error, ERROR_INTERNAL, "%s", "after the memory") || desk_spoil(context);
  return true;
}

static bool react(DeskContext *context, const Event *event, void *room, Error *error) {
  ((Room *)room)->reactions++;
  return event->subject_id == 7 ? desk_event(context, "t.echo", "t", 7, TEXT("{}"), error) : true;
}

static bool react_again(DeskContext *context, const Event *event, void *room, Error *error) {
  (void)event, (void)room;
  return desk_event(context, "t.loop", "t", 1, TEXT("{}"), error);
}

static bool react_badly(DeskContext *context, const Event *event, void *room, Error *error) {
  (void)context, (void)event, (void)room;
  return error_raise(error, ERROR_INTERNAL, "%s", "made to fail");
}

static bool reload(Db *db, void *self, Error *error) {
  Room *room = self;
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT COALESCE(SUM(a), 0) FROM t", error) || !db_step(&row, s, error)) return false;
  room->sum = db_column_i64(s, 0);
  room->reloads++;
  db_reset(s);
  return true;
}

static int64_t published_count;
static void published(void *self, const Event *events, size_t count) {
  (void)self, (void)events;
  published_count += (int64_t)count;
}

typedef struct Fixture {
  Db *db;
  Desk *desk;
  Room room;
  TimeSource time;
} Fixture;

static void open_fixture(Fixture *f, size_t queue_limit) {
  Error error = {0};
  *f = (Fixture){0};
  published_count = 0;
  time_virtual(&f->time, 1795264620 * SPAN_SECOND);
  assert_ok(db_open(&f->db, ":memory:", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(f->db, &error), &error);
  assert_ok(db_run(f->db, "CREATE TABLE t (a INTEGER)", &error), &error);
  DeskOptions options = {.county_id = 1, .time = &f->time, .queue_limit = queue_limit};
  assert_ok(desk_open(&f->desk, f->db, &options, &error), &error);
  desk_on(f->desk, "t.added", react, &f->room);
  desk_on(f->desk, "t.bad", react_badly, &f->room);
  desk_on(f->desk, "t.loop", react_again, &f->room);
  desk_on_reload(f->desk, reload, &f->room);
  desk_on_published(f->desk, published, NULL);
}

static void close_fixture(Fixture *f) {
  Error error = {0};
  EventVerdict verdict;
  Room twin = {0};
  assert_ok(event_verify(&verdict, f->db, 1, &error), &error);
  assert_int_equal(verdict.broken_seq, 0);
  assert_int_equal(verdict.checked, published_count);
  assert_ok(reload(f->db, &twin, &error), &error);
  assert_int_equal(twin.sum, f->room.sum);
  desk_close(f->desk);
  db_close(f->db);
}

static void a_command_is_whole_or_nothing(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  open_fixture(&f, 0);
  Add well = {&f.room, 7, ADD_WELL}, refused = {&f.room, 100, ADD_REFUSED}, spoils = {&f.room, 5, ADD_SPOILS}, reaction = {&f.room, 1000, ADD_REACTION_FAILS};
  assert_ok(desk_do(f.desk, work_add, &well, TEXT("staff:1"), &error), &error);
  assert_int_equal(published_count, 2); /* the event and the reaction's echo */
  assert_false(desk_do(f.desk, work_add, &refused, TEXT("staff:1"), &error));
  assert_int_equal(error.code, ERROR_CONFLICT);
  assert_int_equal(f.room.sum, 7);
  assert_false(desk_do(f.desk, work_add, &reaction, TEXT("staff:1"), &error));
  assert_int_equal(error.code, ERROR_INTERNAL);
  assert_int_equal(f.room.sum, 7); /* as before, already when it is told */
  assert_int_equal(f.room.reloads, 1);
  assert_ok(desk_do(f.desk, work_add, &well, TEXT("staff:1"), &error), &error);
  assert_int_equal(f.room.sum, 14);
  assert_false(desk_do(f.desk, work_add, &spoils, TEXT("staff:1"), &error));
  assert_int_equal(f.room.sum, 14);
  assert_ok(desk_do(f.desk, work_add, &well, TEXT("staff:1"), &error), &error);
  assert_int_equal(f.room.sum, 21);
  assert_int_equal(f.room.reloads, 2);
  close_fixture(&f);
}

static void reactions_may_be_many_but_not_endless(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  open_fixture(&f, 0);
  Add many = {&f.room, 7, ADD_MANY}, endless = {&f.room, 1, ADD_ENDLESS};
  assert_ok(desk_do(f.desk, work_add, &many, TEXT("staff:1"), &error), &error);
  assert_int_equal(published_count, 2 * 6001); /* each with its echo */
  assert_false(desk_do(f.desk, work_add, &endless, TEXT("staff:1"), &error));
  assert_int_equal(error.code, ERROR_INTERNAL);
  many.how = ADD_WELL;
  assert_ok(desk_do(f.desk, work_add, &many, TEXT("staff:1"), &error), &error);
  close_fixture(&f);
}

/* Fails the n-th SQL call, for each n until none fails: the state is always the one before or the one after. */
static void any_sql_failure_leaves_the_state_whole(void **state) {
  (void)state;
  for (int64_t n = 1;; n++) {
    Fixture f;
    Error error = {0};
    open_fixture(&f, 0);
    Add add = {&f.room, 7, ADD_WELL};
    db_fail_at(n);
    bool ok = desk_do(f.desk, work_add, &add, TEXT("staff:1"), &error);
    bool reached = ok;
    db_fail_at(0);
    if (!ok) assert_int_equal(error.code, ERROR_STORE_FULL);
    int64_t before = published_count;
    assert_ok(desk_do(f.desk, work_add, &add, TEXT("staff:1"), &error), &error);
    assert_int_equal(published_count, before + 2);
    assert_int_equal(f.room.sum, ok ? 14 : 7);
    close_fixture(&f);
    if (reached) break;
    assert_true(n < 100);
  }
}

typedef struct Counted {
  DeskJob job;
  Add add;
  _Atomic int *answered;
} Counted;

static void count_done(DeskJob *job) { atomic_fetch_add(((Counted *)job)->answered, job->ok ? 1 : 1000000); }

static void jobs_from_many_threads_are_grouped_and_all_answered(void **state) {
  (void)state;
  enum { JOBS = 2000 };
  Fixture f;
  Error error = {0};
  _Atomic int answered = 0;
  open_fixture(&f, JOBS * 2);
  Counted *jobs = memory_new(JOBS * sizeof *jobs);
  assert_ok(desk_start(f.desk, &error), &error);
  for (int i = 0; i < JOBS; i++) {
    jobs[i].add = (Add){&f.room, 1, ADD_WELL};
    jobs[i].answered = &answered;
    jobs[i].job = (DeskJob){.work = work_add, .command = &jobs[i].add, .actor = TEXT("staff:1"), .done = count_done, .first = i % 2};
    assert_ok(desk_submit(f.desk, &jobs[i].job, &error), &error);
  }
  Add last = {&f.room, 1, ADD_WELL};
  assert_ok(desk_do(f.desk, work_add, &last, TEXT("staff:1"), &error), &error);
  desk_stop(f.desk);
  assert_int_equal(answered, JOBS);
  assert_int_equal(f.room.sum, JOBS + 1);
  DeskFigures figures = desk_figures(f.desk);
  assert_true(figures.batches <= figures.jobs && figures.waiting == 0);
  memory_free(jobs);
  close_fixture(&f);
}

static bool work_slow(DeskContext *context, void *command, Error *error) {
  (void)context, (void)command, (void)error;
  usleep(50000);
  return true;
}

static void a_full_queue_refuses_but_keeps_room_for_fault_calls(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  open_fixture(&f, 8);
  assert_ok(desk_start(f.desk, &error), &error);
  DeskJob slow = {.work = work_slow, .actor = TEXT("system")}, jobs[12];
  assert_ok(desk_submit(f.desk, &slow, &error), &error);
  while (desk_figures(f.desk).waiting) usleep(1000); /* it is being done */
  int taken = 0;
  for (int i = 0; i < 10; i++) {
    jobs[i] = (DeskJob){.work = work_slow, .actor = TEXT("system")};
    taken += desk_submit(f.desk, &jobs[i], &error);
  }
  assert_int_equal(taken, 6);
  assert_int_equal(error.code, ERROR_DESK_FULL);
  jobs[11] = (DeskJob){.work = work_slow, .actor = TEXT("system"), .first = true};
  assert_ok(desk_submit(f.desk, &jobs[11], &error), &error);
  desk_stop(f.desk);
  close_fixture(&f);
}

typedef struct Last {
  Instant at;
  bool back;
} Last;

static bool see_order(void *self, const Event *event) {
  Last *last = self;
  last->back |= event->at < last->at;
  last->at = event->at;
  return true;
}

/* Nobody may be told that something ended before it began, whatever the machine's clock says after a restart. */
static void time_does_not_go_back_across_a_restart(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  Last last = {0};
  open_fixture(&f, 0);
  Add well = {&f.room, 7, ADD_WELL};
  assert_ok(desk_do(f.desk, work_add, &well, TEXT("staff:1"), &error), &error);
  desk_close(f.desk);
  time_virtual(&f.time, time_now(&f.time) - SPAN_HOUR);
  DeskOptions options = {.county_id = 1, .time = &f.time};
  assert_ok(desk_open(&f.desk, f.db, &options, &error), &error);
  desk_on_published(f.desk, published, NULL);
  assert_ok(desk_do(f.desk, work_add, &well, TEXT("staff:1"), &error), &error);
  assert_ok(event_after(f.db, 1, 0, INT64_MAX, see_order, &last, &error), &error);
  assert_false(last.back);
  close_fixture(&f);
}

TEST_MAIN(TEST(time_does_not_go_back_across_a_restart), TEST(a_command_is_whole_or_nothing), TEST(reactions_may_be_many_but_not_endless), TEST(any_sql_failure_leaves_the_state_whole), TEST(jobs_from_many_threads_are_grouped_and_all_answered),
          TEST(a_full_queue_refuses_but_keeps_room_for_fault_calls))
