/* Orders over the desk: accepted a second with commit, reload, memory, and steps; beside them one bare insert of such a row.
 *   order_bench [orders] [folder for the file] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "order/board.h"
#include "order/order_list.h"
#include "order/order_write.h"
#include "store/schema.h"

static void must(bool ok, const Error *error) {
  char text[ERROR_TEXT_MAX];
  if (ok) return;
  fprintf(stderr, "%s\n", error_text(error, LANGUAGE_EN, text, sizeof text));
  exit(1);
}

/* What the processor did, whoever else is on the machine. */
static double cpu_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static Orders *orders;

static double live_bytes(void) {
  const Live *live = &orders->live;
  double maps = (double)(live->by_id.mask + live->by_customer.mask + live->by_outage.mask + 3) * sizeof(MapSlot);
  return (double)live->blocks.count * 1024 * sizeof(LiveEntry) + (double)live->clocks.room * sizeof(LiveClock) +
         (double)live->timers.room * sizeof(LiveTimer) + (double)(live->list.room + live->free_entries.room) * sizeof(uint32_t) + maps;
}

typedef struct Call {
  DeskJob job;
  OrderAccept accept;
  OrderId id;
} Call;

static bool work_call(DeskContext *context, void *self, Error *error) {
  Call *call = self;
  bool again;
  return order_accept(context, orders, &call->accept, &call->id, &again, error);
}

static bool work_restore(DeskContext *context, void *self, Error *error) {
  Call *call = self;
  OrderStep step = {.order = call->id, .step = TEXT("restore"), .roles = UINT32_MAX};
  return order_step(context, orders, &step, error);
}

static double run(Desk *desk, Call *calls, size_t count, DeskWork work, bool synced) {
  Error error = {0};
  double cpu = cpu_us();
  int64_t began = time_monotonic_us();
  must(desk_start(desk, &error), &error);
  for (size_t i = 0; i < count; i++) {
    calls[i].job = (DeskJob){.work = work, .command = &calls[i], .actor = TEXT("staff:5"), .first = true};
    while (!desk_submit(desk, &calls[i].job, &error)) usleep(500);
  }
  desk_stop(desk);
  double seconds = (double)(time_monotonic_us() - began) / 1e6;
  cpu = cpu_us() - cpu;
  for (size_t i = 0; i < count; i++) must(calls[i].job.ok, &calls[i].job.error);
  DeskFigures figures = desk_figures(desk);
  printf("%-28s %9.0f a second  %6.2f us each, %6.2f us of processor  (largest batch %lld%s)\n",
         work == work_call ? "accepted" : "step restore", (double)count / seconds, seconds * 1e6 / (double)count, cpu / (double)count,
         (long long)figures.largest_batch, synced ? ", synced" : ", not synced");
  return seconds;
}

static void bare_inserts(Db *db, size_t count) {
  Error error = {0};
  must(db_run(db, "CREATE TABLE bare AS SELECT * FROM orders WHERE 0", &error), &error);
  int64_t began = time_monotonic_us();
  must(db_begin(db, &error), &error);
  for (size_t i = 0; i < count; i++) {
    DbStatement *s;
    must(db_prepare(
             &s, db,
             "INSERT INTO bare (county_id, id, number, book_id, kind, state, customer_id, device_id, area, urgency, suspended, calls,"
             " version, accepted_at, state_since, source, what, description, caller_phone, trail) VALUES"
             " (1, ?1, ?1, ?1, 'fault_repair', 'accepted', ?1, ?1, 1, 0, 0, 1, 1, ?1, ?1, 'hotline', 'no_power', ?2, '13800000000', '')",
             &error),
         &error);
    db_bind_i64(s, 1, (int64_t)i + ((int64_t)1 << 60));
    db_bind_text(s, 2, TEXT("全村都没电"));
    must(db_done(s, &error), &error);
  }
  must(db_commit(db, &error), &error);
  double seconds = (double)(time_monotonic_us() - began) / 1e6;
  printf("%-28s %9.0f a second  %6.2f us each\n", "yardstick: a bare row", (double)count / seconds, seconds * 1e6 / (double)count);
}

/* What a page of the queue, the counts and the board cost with all these open. */
static void read_lists(Instant now) {
  enum { PAGE = 50, TIMES = 20 };
  ListWish wish = {0};
  ListItem items[PAGE + 1];
  ListCounts counts;
  size_t by_state[KIND_STATES_MAX];
  BoardNow board[64];
  Arena arena;
  Buffer text;
  arena_begin(&arena, 0);
  buffer_begin(&text, 0);
  int64_t began = time_monotonic_us();
  for (int n = 0; n < TIMES; n++) {
    Json json;
    buffer_clear(&text);
    json_begin(&json, &text);
    json_open_array(&json);
    size_t found = list_open(orders, &wish, LIST_FROM_START, items, PAGE + 1);
    for (size_t i = 0; i < found; i++) {
      ClockSet clocks;
      live_get_clocks(&orders->live, items[i].entry, &clocks);
      write_summary(&json, orders, &items[i].entry->order, &clocks, &arena, now);
    }
    json_close(&json);
  }
  printf("%-28s %9.2f ms (%zu bytes)\n", "queue, a page of 50", (double)(time_monotonic_us() - began) / 1e3 / TIMES, text.len);
  began = time_monotonic_us();
  for (int n = 0; n < TIMES; n++) list_count(orders, &wish, book_kind(orders->book, 0), now, &counts, by_state);
  printf("%-28s %9.2f ms\n", "counts", (double)(time_monotonic_us() - began) / 1e3 / TIMES);
  began = time_monotonic_us();
  for (int n = 0; n < TIMES; n++) board_now(orders, NULL, now, board);
  printf("%-28s %9.2f ms\n", "board, open orders", (double)(time_monotonic_us() - began) / 1e3 / TIMES);
  arena_end(&arena);
  buffer_end(&text);
}

static void measure(const char *path, size_t count, DbMode mode) {
  Error error = {0};
  Db *db;
  Desk *desk;
  TimeSource time;
  time_real(&time);
  must(db_open(&db, path, mode, &error), &error);
  must(schema_migrate(db, &error), &error);
  DeskOptions options = {.county_id = 1, .time = &time, .checkpoint_address = mode == DB_WRITE ? path : NULL};
  must(desk_open(&desk, db, &options, &error), &error);
  must(order_open(&orders, desk, db, NULL, NULL, NULL, &error), &error);
  Call *calls = calloc(count, sizeof *calls);
  if (!calls) exit(1);
  for (size_t i = 0; i < count; i++)
    calls[i].accept = (OrderAccept){.kind = TEXT("fault_repair"),
                                    .customer = {(int64_t)((i * 2654435761u) % 4000037) + 1},
                                    .device = (uint32_t)i,
                                    .what = TEXT("no_power"),
                                    .description = TEXT("全村都没电"),
                                    .source = TEXT("hotline"),
                                    .caller_phone = TEXT("13800000000")};
  run(desk, calls, count, work_call, mode == DB_WRITE);
  printf("%-28s %9.0f bytes an open order (%zu open)\n", "memory", live_bytes() / (double)order_count(orders), order_count(orders));
  int64_t began = time_monotonic_us();
  must(load_orders(db, orders, &error), &error);
  printf("%-28s %9.0f ms\n", "memory anew from rows", (double)(time_monotonic_us() - began) / 1e3);
  read_lists(time_now(&time));
  run(desk, calls, count / 4, work_restore, mode == DB_WRITE);
  if (mode != DB_WRITE) bare_inserts(db, count);
  order_close(orders);
  desk_close(desk);
  db_close(db);
  free(calls);
}

int main(int argc, char **argv) {
  size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
  char path[4096];
  for (int synced = 0; synced < 2; synced++) {
    snprintf(path, sizeof path, "%s/order_bench_%d_%d.db", argc > 2 ? argv[2] : "/tmp", (int)getpid(), synced);
    measure(path, count, synced ? DB_WRITE : DB_WRITE_UNSYNCED);
    for (const char *const *end = (const char *const[]){"", "-wal", "-shm", NULL}; *end; end++) {
      char file[4200];
      snprintf(file, sizeof file, "%s%s", path, *end);
      unlink(file);
    }
  }
  return 0;
}
