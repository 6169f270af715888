/* The outage room over a county: opening it, calls gathered a second, a crew's steps over a great outage, what is dark.
 *   outage_bench PACKAGE [calls] [folder for the file] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "bench/gather.h"
#include "crew/crew.h"
#include "outage/outage_internal.h"
#include "people/import.h"
#include "store/schema.h"

static void must(bool ok, const Error *error) {
  char text[ERROR_TEXT_MAX];
  if (ok) return;
  fprintf(stderr, "%s\n", error_text(error, LANGUAGE_EN, text, sizeof text));
  exit(1);
}

typedef struct Bench {
  Db *db;
  TimeSource time;
  Desk *desk;
  Grid *grid;
  People *people;
  Orders *orders;
  Outages *outages;
  bool gathers;
} Bench;

static Bench b;

typedef struct Call {
  DeskJob job;
  OrderAccept accept;
  OrderId id;
} Call;

static bool work_call(DeskContext *context, void *self, Error *error) {
  Call *call = self;
  bool again;
  return order_accept(context, b.orders, &call->accept, &call->id, &again, error);
}

/* Of all threads: the machine may be busy with others. */
static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double milliseconds_since(int64_t began) { return (double)(time_monotonic_us() - began) / 1e3; }

/* Calls from positions drawn in [from, to), each household once at most on average. */
static void run_calls(const char *what, size_t count, uint32_t from, uint32_t to, uint64_t seed) {
  Error error = {0};
  Random random;
  random_seed(&random, seed);
  Call *calls = memory_new(count * sizeof *calls);
  for (size_t i = 0; i < count; i++) {
    Customer customer;
    people_customer(b.people, from + random_below(&random, to - from), &customer);
    calls[i].accept = (OrderAccept){.kind = TEXT("fault_repair"), .customer = customer.id, .device = GRID_NONE, .what = TEXT("no_power"), .source = TEXT("hotline"),
                                    .caller_phone = TEXT("13800000000"), .roles = UINT32_MAX};
    calls[i].job = (DeskJob){.work = work_call, .command = &calls[i], .actor = TEXT("staff:5"), .first = true};
  }
  int64_t began = time_monotonic_us();
  double cpu = cpu_ms();
  must(desk_start(b.desk, &error), &error);
  for (size_t i = 0; i < count; i++)
    while (!desk_submit(b.desk, &calls[i].job, &error)) usleep(500);
  desk_stop(b.desk);
  double ms = milliseconds_since(began);
  cpu = cpu_ms() - cpu;
  for (size_t i = 0; i < count; i++) must(calls[i].job.ok, &calls[i].job.error);
  printf("%-44s %8.0f a second  %6.2f us each, %6.2f of CPU", what, (double)count / ms * 1e3, ms * 1e3 / (double)count, cpu * 1e3 / (double)count);
  if (b.gathers) printf("  → %zu outages open, %zu orders", outage_count(b.outages), order_count(b.orders));
  printf("\n");
  memory_free(calls);
}

static bool work_restore(DeskContext *context, void *self, Error *error) { return outage_restore(context, b.outages, *(OutageId *)self, 0, NULL, 0, error); }

static void restore_greatest(void) {
  Error error = {0};
  const Outage *most = NULL;
  for (size_t i = 0; i < outage_count(b.outages); i++)
    if (!most || outage_at(b.outages, i)->households > most->households) most = outage_at(b.outages, i);
  OutageId id = most->id;
  uint32_t households = most->households;
  int64_t began = time_monotonic_us();
  must(desk_do(b.desk, work_restore, &id, TEXT("staff:2"), &error), &error);
  printf("%-44s %8.1f ms  (%u orders)\n", "the greatest outage restored", milliseconds_since(began), households);
}

static void open_rooms(const char *path, const char *package, bool gathers) {
  Error error = {0};
  static const PackageImporter IMPORTERS[] = {{"crews", crew_import}, {"stock", stock_import}, {NULL, NULL}};
  unlink(path);
  time_real(&b.time);
  must(db_open(&b.db, path, DB_WRITE, &error), &error);
  must(schema_migrate(b.db, &error), &error);
  PackageImport import = {.folder = package, .county_id = 1, .now = time_now(&b.time), .actor = TEXT("system"), .importers = IMPORTERS};
  must(package_import(&import, b.db, NULL, &error), &error);
  DeskOptions options = {.county_id = 1, .time = &b.time, .checkpoint_address = path};
  must(desk_open(&b.desk, b.db, &options, &error), &error);
  must(grid_open(&b.grid, b.db, 1, &error), &error);
  must(people_open(&b.people, b.db, b.grid, 1, &error), &error);
  must(order_open(&b.orders, b.desk, b.db, b.grid, b.people, NULL, &error), &error);
  b.gathers = gathers;
  if (!gathers) return;
  int64_t began = time_monotonic_us();
  must(outage_open(&b.outages, b.desk, b.db, b.grid, b.people, b.orders, NULL, &error), &error);
  printf("%-44s %8.1f ms  (%u devices, %u customers)\n", "outage_open, nothing open", milliseconds_since(began), grid_count(b.grid), people_customer_count(b.people));
}

static void close_rooms(void) {
  if (b.gathers) outage_close(b.outages);
  order_close(b.orders);
  people_close(b.people);
  grid_close(b.grid);
  desk_close(b.desk);
  db_close(b.db);
}

/* --- switching over --- */

enum { BREAKER_OPEN, TIE_CLOSED, TIE_OPEN, BREAKER_CLOSED, SWITCHINGS };

typedef struct Switching {
  char breaker[64], tie[64];
  int step;
  OutageEvidenceVerdict verdict;
} Switching;

static bool work_switching(DeskContext *context, void *self, Error *error) {
  Switching *s = self;
  bool breaker = s->step == BREAKER_OPEN || s->step == BREAKER_CLOSED, closed = s->step == TIE_CLOSED || s->step == BREAKER_CLOSED;
  OutageEvidence item = {context->now, closed ? TEXT("switch_closed") : TEXT("switch_open"), text_of(breaker ? s->breaker : s->tie)};
  return outage_evidence(context, b.outages, &item, 1, &s->verdict, error);
}

static void code_of(const char *sql, int64_t id, char out[64]) {
  Error error = {0};
  DbStatement *q;
  bool row;
  must(db_prepare(&q, b.db, sql, &error), &error);
  db_bind_i64(q, 1, id);
  must(db_step(&row, q, &error), &error);
  Text code = row ? db_column_text(q, 0) : TEXT("-");
  snprintf(out, 64, "%.*s", (int)code.len, code.at);
  db_reset(q);
}

static int by_size(const void *a, const void *z) {
  double x = *(const double *)a, y = *(const double *)z;
  return (x > y) - (x < y);
}

/* A feeder's breaker opens, a tie to its neighbour closes and carries it, opens again, the breaker closes: each a durable command. */
static void switch_over(size_t most) {
  static const char *const WHAT[] = {"a feeder's breaker opens", "its tie closes and carries it", "the tie opens again", "the breaker closes"};
  Error error = {0};
  const GridTie *ties;
  size_t count = grid_ties(b.grid, &ties);
  if (count > most) count = most;
  double *took = memory_new((count + 1) * SWITCHINGS * sizeof *took);
  size_t taken[SWITCHINGS] = {0}, measured[SWITCHINGS] = {0};
  for (size_t i = 0; i < count; i++) {
    uint32_t feeder = grid_device(b.grid, ties[i].a)->feeder;
    Switching s = {.step = 0};
    if (feeder == GRID_NONE) continue;
    code_of("SELECT code FROM device WHERE county_id = 1 AND id = ?1", grid_device(b.grid, feeder)->id.value, s.breaker);
    code_of("SELECT code FROM tie WHERE county_id = 1 AND id = ?1", ties[i].id, s.tie);
    for (s.step = 0; s.step < SWITCHINGS; s.step++) {
      double cpu = cpu_ms();
      must(desk_do(b.desk, work_switching, &s, TEXT("staff:2"), &error), &error);
      took[(size_t)s.step * count + measured[s.step]++] = cpu_ms() - cpu;
      taken[s.step] += s.verdict.taken;
    }
  }
  for (int step = 0; count && step < SWITCHINGS; step++) {
    double *at = took + (size_t)step * count;
    size_t n = measured[step];
    if (!n) continue;
    qsort(at, n, sizeof *at, by_size);
    printf("%-44s %8.1f ms of CPU median, %.1f worst  (%zu of %zu taken, %zu outages open)\n", WHAT[step], at[n / 2], at[n - 1], taken[step], n, outage_count(b.outages));
  }
  memory_free(took);
}

/* The classical rule alone, on the county's own tree: the yardstick. */
static void gather_alone(size_t count) {
  Error error = {0};
  Random random;
  Gather *gather;
  random_seed(&random, 5);
  uint32_t devices = grid_count(b.grid);
  uint32_t *parent = memory_new(((size_t)devices + 1) * (3 * sizeof(uint32_t) + 2)), *end = parent + devices, *customers = end + devices;
  uint8_t *can_fail = (uint8_t *)(customers + devices), *transformer = can_fail + devices;
  for (uint32_t d = 0; d < devices; d++) {
    const GridDevice *device = grid_device(b.grid, d);
    parent[d] = device->parent, end[d] = device->end;
    customers[d] = outage_customers_in(b.outages, (GridRange){d, device->end});
    can_fail[d] = grid_can_fail((GridKind)device->kind), transformer[d] = device->kind == GRID_TRANSFORMER;
  }
  GatherTree tree = {devices, parent, end, customers, can_fail, transformer};
  GatherOptions options = gather_options_default();
  must(gather_new(&gather, &tree, &options, (GatherCover){0}, &error), &error);
  int64_t began = time_monotonic_us();
  int64_t key = 1;
  for (size_t i = 0; i < count; i++) {
    GatherAnswer answer;
    uint32_t device = people_customer_device(b.people, random_below(&random, people_customer_count(b.people)));
    must(gather_call(gather, device, &answer, &error), &error);
    if (!answer.key) must(gather_found(gather, key++, answer.device, false, false, &error), &error);
  }
  double ms = milliseconds_since(began);
  printf("%-44s %8.2f us a call  (all over the county, %lld groups made)\n", "the classical rule alone", ms * 1e3 / (double)count, (long long)(key - 1));
  gather_free(gather);
  memory_free(parent);
}

int main(int argc, char **argv) {
  if (argc < 2) return fprintf(stderr, "outage_bench PACKAGE [calls] [folder]\n"), 1;
  size_t count = argc > 2 ? (size_t)strtoull(argv[2], NULL, 10) : 100000;
  char path[1024];
  Error error = {0};
  snprintf(path, sizeof path, "%s/outage_bench.db", argc > 3 ? argv[3] : "/tmp");
  log_level(LOG_ERROR);
  open_rooms(path, argv[1], false);
  run_calls("calls, orders alone, synced", count, 0, people_customer_count(b.people), 1);
  close_rooms();
  open_rooms(path, argv[1], true);
  uint32_t customers = people_customer_count(b.people), feeder = 0, from, to;
  while (feeder < grid_count(b.grid) && grid_device(b.grid, feeder)->feeder == GRID_NONE) feeder++;
  people_customers_in(b.people, (GridRange){feeder, grid_device(b.grid, feeder)->end}, &from, &to);
  switch_over(40);
  run_calls("calls from one feeder, gathered, synced", (size_t)(to - from), from, to, 2);
  restore_greatest();
  run_calls("calls from all over, gathered, synced", count, 0, customers, 1);
  int64_t began = time_monotonic_us();
  GridRanges dark;
  uint32_t out;
  must(outage_dark(b.outages, &dark, &out, &error), &error);
  printf("%-44s %8.2f ms  (%zu ranges, %u customers)\n", "what is dark", milliseconds_since(began), dark.count, out);
  grid_ranges_free(&dark);
  began = time_monotonic_us();
  must(outage_reload(b.db, b.outages, &error), &error);
  printf("%-44s %8.1f ms\n", "reload from rows", milliseconds_since(began));
  switch_over(40);
  restore_greatest();
  gather_alone(count);
  close_rooms();
  unlink(path);
  return 0;
}
