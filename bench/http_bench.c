/* The HTTP room measured alone: a server over a real file with one keyed write (one row, one event, one kept reply; many to a commit, synced),
 * for a load generator of your choice, which sends a new Idempotency-Key each time:
 *
 *   http_bench FOLDER PORT [THREADS]
 *   curl -X POST localhost:PORT/api/v1/things -H 'Authorization: Bearer test.1.1.1' -H 'Content-Type: application/json' -H 'Idempotency-Key: 1' \
 *        -d '{"name":"x"}'
 *
 * SIGINT ends it and prints how many jobs went into how many batches. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/thing_room.h"
#include "store/schema.h"

static bool identify(void *self, Text token, Instant now, HttpWho *who) {
  (void)self, (void)now;
  if (!text_is(token, "test.1.1.1")) return false;
  *who = (HttpWho){.staff_id = 1, .roles = 1, .org_id = 1, .actor = "staff:1", .name = "Bench"};
  return true;
}

static int fail(const Error *error) {
  char text[ERROR_TEXT_MAX];
  fprintf(stderr, "%s\n", error_text(error, LANGUAGE_EN, text, sizeof text));
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "usage: http_bench FOLDER PORT [THREADS]\n"), 2;
  Error error = {0};
  char path[4096];
  Db *db = NULL;
  Desk *desk = NULL;
  Http *http = NULL;
  Things things = {0};
  TimeSource time;
  sigset_t stop;
  int signal;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, NULL);
  time_real(&time);
  snprintf(path, sizeof path, "%s/bench.db", argv[1]);
  if (!db_open(&db, path, DB_WRITE, &error) || !schema_migrate(db, &error) || !things_make_table(db, &error)) return fail(&error);
  DeskOptions desk_options = {.county_id = 1, .time = &time, .checkpoint_address = path};
  if (!desk_open(&desk, db, &desk_options, &error)) return fail(&error);
  HttpOptions options = {.address = "127.0.0.1", .port = (uint16_t)atoi(argv[2]), .threads = argc > 3 ? atoi(argv[3]) : 0, .store_address = path,
                         .county_id = 1, .desk = desk, .time = &time, .identify = identify};
  if (!http_open(&http, &options, &error) || !http_add_component(http, "Thing", THING_SCHEMA, &error) ||
      !http_add_routes(http, THING_ROUTES, &things, &error))
    return fail(&error);
  desk_on_published(desk, http_published, http);
  if (!desk_start(desk, &error) || !http_start(http, &error)) return fail(&error);
  printf("http://127.0.0.1:%u\n", http_port(http));
  fflush(stdout);
  sigwait(&stop, &signal);
  http_stop(http);
  desk_stop(desk);
  DeskFigures figures = desk_figures(desk);
  printf("jobs %lld in %lld batches, largest %lld\n", (long long)figures.jobs, (long long)figures.batches, (long long)figures.largest_batch);
  http_close(http);
  desk_close(desk);
  db_close(db);
  return 0;
}
