/* Orders over the desk: accepted a second with commit, reload, memory, and steps; beside them one bare insert of such a row.
 *   order_bench [orders] [folder for the file] */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "order/order_inside.h"
#include "store/schema.h"

static void must(bool ok, const Error *error) {
  char text[ERROR_TEXT_MAX];
  if (ok) return;
  fprintf(stderr, "%s\n", error_text(error, LANGUAGE_EN, text, sizeof text));
  exit(1);
}

static double megabytes(void) {
  long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
  if (file) fclose(file);
  return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static Orders *orders;

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
  int64_t began = time_monotonic_us();
  must(desk_start(desk, &error), &error);
  for (size_t i = 0; i < count; i++) {
    calls[i].job = (DeskJob){.work = work, .command = &calls[i], .actor = TEXT("staff:5"), .first = true};
    while (!desk_submit(desk, &calls[i].job, &error)) usleep(500);
  }
  desk_stop(desk);
  double seconds = (double)(time_monotonic_us() - began) / 1e6;
  for (size_t i = 0; i < count; i++) must(calls[i].job.ok, &calls[i].job.error);
  DeskFigures figures = desk_figures(desk);
  printf("%-28s %9.0f a second  %6.2f us each  (largest batch %lld%s)\n", work == work_call ? "accepted" : "step restore",
         (double)count / seconds, seconds * 1e6 / (double)count, (long long)figures.largest_batch, synced ? ", synced" : ", not synced");
  return seconds;
}

static void bare_inserts(Db *db, size_t count) {
  Error error = {0};
  must(db_run(db, "CREATE TABLE bare AS SELECT * FROM orders WHERE 0", &error), &error);
  int64_t began = time_monotonic_us();
  must(db_begin(db, &error), &error);
  for (size_t i = 0; i < count; i++) {
    DbStatement *s;
    must(db_prepare(&s, db, "INSERT INTO bare (county_id, id, number, book_id, kind, state, customer_id, device_id, area, urgency, suspended, calls,"
                    " version, accepted_at, state_since, source, what, description, caller_phone, trail) VALUES"
                    " (1, ?1, ?1, ?1, 'fault_repair', 'accepted', ?1, ?1, 1, 0, 0, 1, 1, ?1, ?1, 'hotline', 'no_power', ?2, '13800000000', '')", &error), &error);
    db_bind_i64(s, 1, (int64_t)i + ((int64_t)1 << 60));
    db_bind_text(s, 2, TEXT("全村都没电"));
    must(db_done(s, &error), &error);
  }
  must(db_commit(db, &error), &error);
  double seconds = (double)(time_monotonic_us() - began) / 1e6;
  printf("%-28s %9.0f a second  %6.2f us each\n", "yardstick: a bare row", (double)count / seconds, seconds * 1e6 / (double)count);
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
    calls[i].accept = (OrderAccept){.kind = TEXT("fault_repair"), .customer = {(int64_t)((i * 2654435761u) % 4000037) + 1}, .device = (uint32_t)i,
                                    .what = TEXT("no_power"), .description = TEXT("全村都没电"), .source = TEXT("hotline"), .caller_phone = TEXT("13800000000")};
  double before = megabytes();
  run(desk, calls, count, work_call, mode == DB_WRITE);
  printf("%-28s %9.0f bytes an open order (%zu open; %.0f of them the order, the rest clocks, timers and maps)\n", "memory", (megabytes() - before) * 1e6 / (double)order_count(orders),
         order_count(orders), (double)sizeof(LiveEntry));
  int64_t began = time_monotonic_us();
  must(load_orders(db, orders, &error), &error);
  printf("%-28s %9.0f ms\n", "memory anew from rows", (double)(time_monotonic_us() - began) / 1e3);
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
