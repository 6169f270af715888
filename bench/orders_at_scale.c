/* Orders of years in one file: made by playing months of a county (sim/month.h) on the real order room, then what pages cost at that size, in
 * processor time of the room's own functions and over HTTP on loopback, beside a row read by its key in the same run.
 *   orders_at_scale make PACKAGE STORE [ended orders] [open orders] [days]
 *   orders_at_scale measure STORE [times] */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/random.h"
#include "http/client.h"
#include "http/http_internal.h"
#include "order/answer.h"
#include "order/board.h"
#include "order/order_list.h"
#include "order/order_page.h"
#include "people/import.h"
#include "sim/month.h"
#include "store/schema.h"

enum { OPENED_MAX = 4096, TIMES_MAX = 20000 };

static void must(bool ok, const Error *error) {
  char text[ERROR_TEXT_MAX];
  if (ok) return;
  fprintf(stderr, "%s %s\n", error->where, error_text(error, LANGUAGE_EN, text, sizeof text));
  exit(1);
}

static double cpu_us(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double begun_cpu;
static int64_t begun;
static void lap(const char *what) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  struct mallinfo2 held = mallinfo2();
  printf("%-44s %8.2f s, %8.2f s of processor; %5zu MB held, %5ld MB at most\n", what, (double)(time_monotonic_us() - begun) / 1e6,
         (cpu_us(CLOCK_PROCESS_CPUTIME_ID) - begun_cpu) / 1e6, (held.uordblks + held.hblkhd) >> 20, used.ru_maxrss / 1024);
  fflush(stdout);
  begun = time_monotonic_us(), begun_cpu = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
}

typedef struct Rooms {
  Db *db;
  TimeSource time;
  Desk *desk;
  Grid *grid;
  People *people;
  Orders *orders;
} Rooms;

static void open_rooms(Rooms *rooms, const char *store) {
  Error error = {0};
  DeskOptions options = {.county_id = 1, .time = &rooms->time};
  must(grid_open(&rooms->grid, rooms->db, 1, &error), &error);
  must(people_open(&rooms->people, rooms->db, rooms->grid, 1, &error), &error);
  lap("network and customers opened");
  must(desk_open(&rooms->desk, rooms->db, &options, &error), &error);
  must(order_open(&rooms->orders, rooms->desk, rooms->db, rooms->grid, rooms->people, NULL, &error), &error);
  lap("order room opened");
  (void)store;
}

static void close_rooms(Rooms *rooms) {
  order_close(rooms->orders);
  desk_close(rooms->desk);
  people_close(rooms->people);
  grid_close(rooms->grid);
  db_close(rooms->db);
}

/* --- what customers answered: every third ended order by link or telephone, one in eight anonymously, one in twenty-five dissatisfied --- */

enum { ANSWERS_A_JOB = 2000 };
typedef struct Answers {
  Rooms *rooms;
  Random random;
  int64_t after, id, named, nameless; /* the last order looked at; the last id; told */
  bool more;
} Answers;

static void answer_text(Answers *all, bool glad, char out[400]) {
  const Survey *survey = book_survey(all->rooms->orders->book);
  size_t len = 0;
  for (size_t d = 0; survey && d < survey->dimension_count; d++)
    if (random_below(&all->random, 4)) /* nobody answers everything */
      len += (size_t)snprintf(out + len, 400 - len, "%s\"%s\":%u", len ? "," : "{", survey->dimensions[d].id, glad ? 3 + random_below(&all->random, 3) : 1 + random_below(&all->random, 3));
  snprintf(out + len, 400 - len, len ? "}" : "{}");
}

static bool answer_some(DeskContext *context, void *self, Error *error) {
  Answers *all = self;
  DbStatement *s;
  bool row;
  struct { int64_t order, org, closed; Text kind; } *ended = arena_take_array(context->arena, ANSWERS_A_JOB, sizeof *ended);
  size_t count = 0;
  if (!ended) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "answers");
  if (!db_prepare(&s, context->db, "SELECT id, org_id, closed_at, kind FROM orders WHERE county_id = 1 AND id > ?1 AND closed_at IS NOT NULL ORDER BY id LIMIT ?2", error)) return false;
  db_bind_i64(s, 1, all->after);
  db_bind_i64(s, 2, ANSWERS_A_JOB);
  while (db_step(&row, s, error) && row) {
    ended[count].order = db_column_i64(s, 0), ended[count].org = db_column_i64(s, 1), ended[count].closed = db_column_i64(s, 2);
    ended[count++].kind = text_copy(context->arena, db_column_text(s, 3));
  }
  for (size_t i = 0; i < count; i++) {
    char scores[400];
    if (random_below(&all->random, 3)) continue;
    bool nameless = random_below(&all->random, 8) == 0, glad = random_below(&all->random, 25) != 0;
    int32_t day = board_day(ended[i].closed);
    answer_text(all, glad, scores);
    Satisfaction said = {.id = ++all->id, .order = {nameless ? 0 : ended[i].order}, .kind = ended[i].kind, .org_id = ended[i].org, .period = nameless ? day / 100 * 100 : day,
                         .answer = glad ? TEXT("satisfied") : TEXT("dissatisfied"), .scores = text_of(scores)};
    if (!store_insert_satisfaction(context, &said, error) || !answers_add(context, all->rooms->orders, &said, error)) return false;
    if (nameless) all->nameless++;
    else all->named++;
  }
  all->more = count == ANSWERS_A_JOB;
  if (count) all->after = ended[count - 1].order;
  return true;
}

static void answer_all(Rooms *rooms) {
  Error error = {0};
  Answers all = {.rooms = rooms, .more = true};
  random_seed(&all.random, 7);
  while (all.more) must(desk_do(rooms->desk, answer_some, &all, TEXT("system"), &error), &error);
  printf("%lld answers by name, %lld anonymous\n", (long long)all.named, (long long)all.nameless);
  lap("customers answered");
}

static const Instant END = 1795264620 * SPAN_SECOND; /* 2026-11-21 */

static int make(const char *package, const char *store, size_t ended, size_t open, int days) {
  Error error = {0};
  Rooms rooms = {0};
  Month *month;
  MonthSummary summary;
  must(db_open(&rooms.db, store, DB_WRITE_UNSYNCED, &error), &error);
  must(schema_migrate(rooms.db, &error), &error);
  Instant from = END - days * SPAN_DAY;
  PackageImport import = {.folder = package, .county_id = 1, .now = from - SPAN_DAY, .actor = TEXT("system")};
  must(package_import(&import, rooms.db, NULL, &error), &error);
  lap("county imported");
  time_virtual(&rooms.time, from);
  open_rooms(&rooms, store);
  double a_month = 0;
  for (size_t i = 0; MONTH_RATES[i].kind; i++) a_month += MONTH_RATES[i].a_month;
  a_month *= (double)people_customer_count(rooms.people) / MONTH_CUSTOMERS;
  MonthRooms month_rooms = {rooms.desk, rooms.db, &rooms.time, rooms.people, rooms.orders};
  MonthOptions options = {.seed = 1, .from = from, .days = days, .rate = (double)ended / (a_month * days / 30), .step = 20 * SPAN_MINUTE};
  must(month_open(&month, &month_rooms, &options, &error), &error);
  must(month_run(month, &error), &error);
  lap("years played");
  month_summarize(month, &summary);
  if ((size_t)summary.open < open) must(month_accept_many(month, open - (size_t)summary.open, &error), &error);
  lap("further orders accepted");
  month_summarize(month, &summary);
  printf("%lld orders accepted (%lld calls again), %lld steps, %lld refused; %lld ended, %lld open\n", (long long)summary.accepted,
         (long long)summary.again, (long long)summary.steps, (long long)summary.refused, (long long)summary.archived, (long long)summary.open);
  month_close(month);
  answer_all(&rooms);
  close_rooms(&rooms);
  lap("closed");
  return 0;
}

/* --- measuring --- */

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double samples[TIMES_MAX];
static void tell(const char *what, size_t count, size_t bytes) {
  qsort(samples, count, sizeof *samples, by_size);
  printf("%-58s p50 %8.3f ms  p99 %8.3f ms  most %8.3f ms", what, samples[count / 2] / 1e3, samples[count * 99 / 100] / 1e3, samples[count - 1] / 1e3);
  printf(bytes ? "  %zu bytes\n" : "\n", bytes);
  fflush(stdout);
}

static const HttpRoute *route_at(const HttpRoute *routes, const char *path) {
  for (; routes->method; routes++)
    if (routes->read && strcmp(routes->path, path) == 0) return routes;
  exit(1);
}

typedef struct Ask {
  const char *what;
  const HttpRoute *route;
  const char *target; /* %lld: an order */
  const char *body;   /* of a search, or NULL */
} Ask;

typedef struct Bench {
  Rooms *rooms;
  Db *reader;
  Random random;
  int64_t ids[2][OPENED_MAX]; /* open ones, ended ones */
  size_t id_count[2];
  int64_t county, station;
} Bench;

static void once(Bench *bench, const Ask *ask, int64_t id, double *cost, size_t *bytes) {
  Error error = {0};
  Arena arena;
  Request request = {0};
  HttpReply reply = {0};
  char target[512], argument[24];
  arena_begin(&arena, 0);
  buffer_begin(&reply.body, 0);
  snprintf(target, sizeof target, ask->target, (long long)id);
  snprintf(argument, sizeof argument, "%lld", (long long)id);
  double began = cpu_us(CLOCK_THREAD_CPUTIME_ID);
  request.open = (HttpRequest){.arena = &arena, .db = bench->reader, .now = time_now(&bench->rooms->time), .argument = {text_of(argument)},
                               .who = {.staff_id = 5, .roles = KIND_ROLE_HEAD | KIND_ROLE_DISPATCHER, .org_id = bench->county, .actor = "staff:5"}};
  must(target_parse(&request.target, &arena, text_of(target), &error), &error);
  if (ask->body) request.open.body = json_loads(ask->body, 0, NULL);
  desk_read_begin(bench->rooms->desk);
  must(ask->route->read(&request.open, &reply, bench->rooms->orders, &error), &error);
  desk_read_end(bench->rooms->desk);
  *cost = cpu_us(CLOCK_THREAD_CPUTIME_ID) - began;
  *bytes = reply.body.len;
  json_decref(request.open.body);
  buffer_end(&reply.body);
  arena_end(&arena);
}

static void run_ask(Bench *bench, const Ask *ask, int ended, size_t times) {
  size_t bytes = 0;
  for (size_t i = 0; i < times; i++)
    once(bench, ask, bench->ids[ended][random_below(&bench->random, (uint32_t)bench->id_count[ended])], &samples[i], &bytes);
  tell(ask->what, times, bytes);
}

/* Ids spread over all open and all ended ones. */
static void pick_ids(Bench *bench) {
  Error error = {0};
  DbStatement *s;
  bool row;
  const Orders *orders = bench->rooms->orders;
  for (size_t i = 0; i < OPENED_MAX && order_count(orders); i++)
    bench->ids[0][bench->id_count[0]++] = order_at(orders, random_below(&bench->random, (uint32_t)order_count(orders)))->id.value;
  must(db_prepare(&s, bench->reader, "SELECT MIN(id), MAX(id) FROM orders WHERE county_id = 1 AND closed_at IS NOT NULL", &error), &error);
  must(db_step(&row, s, &error), &error);
  int64_t first = db_column_i64(s, 0), last = db_column_i64(s, 1);
  db_reset(s);
  for (size_t i = 0; i < OPENED_MAX; i++) {
    must(db_prepare(&s, bench->reader, "SELECT id FROM orders WHERE county_id = 1 AND id >= ?1 AND closed_at IS NOT NULL ORDER BY id LIMIT 1", &error), &error);
    db_bind_i64(s, 1, first + (int64_t)(random_unit(&bench->random) * (double)(last - first)));
    must(db_step(&row, s, &error), &error);
    if (row) bench->ids[1][bench->id_count[1]++] = db_column_i64(s, 0);
    db_reset(s);
  }
}

/* The number of an ended order, as it is looked for. */
static void say_number(Bench *bench, char out[64]) {
  Error error = {0};
  DbStatement *s;
  bool row;
  must(db_prepare(&s, bench->reader, "SELECT number FROM orders WHERE county_id = 1 AND id = ?1", &error), &error);
  db_bind_i64(s, 1, bench->ids[1][bench->id_count[1] / 2]);
  must(db_step(&row, s, &error), &error);
  snprintf(out, 64, "{\"q\":\"%.*s\"}", TEXT_ARG(db_column_text(s, 0)));
  db_reset(s);
}

static void yardstick(Bench *bench, size_t times) {
  Error error = {0};
  DbStatement *s;
  bool row;
  for (size_t i = 0; i < times; i++) {
    double began = cpu_us(CLOCK_THREAD_CPUTIME_ID);
    must(db_prepare(&s, bench->reader, "SELECT trail FROM orders WHERE county_id = 1 AND id = ?1", &error), &error);
    db_bind_i64(s, 1, bench->ids[1][random_below(&bench->random, (uint32_t)bench->id_count[1])]);
    must(db_step(&row, s, &error), &error);
    db_reset(s);
    samples[i] = cpu_us(CLOCK_THREAD_CPUTIME_ID) - began;
  }
  tell("yardstick: a row by its key", times, 0);
}

static bool anybody(void *self, Text token, Instant now, HttpWho *who) {
  Bench *bench = self;
  (void)token, (void)now;
  *who = (HttpWho){.staff_id = 5, .roles = KIND_ROLE_HEAD | KIND_ROLE_DISPATCHER, .org_id = bench->county, .actor = "staff:5"};
  return true;
}

static void over_http(Bench *bench, const char *store, const Ask *asks, size_t count, size_t times) {
  static const char *const ROLES[] = {"agent", "dispatcher", "crew", "manager", "head", "administrator", NULL};
  Error error = {0};
  Http *http;
  Client client = {.socket = -1};
  HttpOptions options = {.address = "127.0.0.1", .threads = 1, .store_address = store, .county_id = 1, .desk = bench->rooms->desk, .time = &bench->rooms->time,
                         .role_names = ROLES, .identify = anybody, .identify_self = bench};
  must(http_open(&http, &options, &error), &error);
  must(order_add_routes(http, bench->rooms->orders, &error), &error);
  must(desk_start(bench->rooms->desk, &error), &error);
  must(http_start(http, &error), &error);
  must(client_open(&client, http_port(http), &error), &error);
  for (size_t a = 0; a < count; a++) {
    char target[512], said[1024], what[80];
    size_t bytes = 0;
    for (size_t i = 0; i < times; i++) {
      ClientReply reply = {0};
      snprintf(target, sizeof target, asks[a].target, (long long)bench->ids[0][i % bench->id_count[0]]);
      int len = snprintf(said, sizeof said, "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n", asks[a].body ? "POST" : "GET", target);
      if (asks[a].body) len += snprintf(said + len, sizeof said - (size_t)len, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(asks[a].body));
      len += snprintf(said + len, sizeof said - (size_t)len, "\r\n%s", asks[a].body ? asks[a].body : "");
      int64_t began = time_monotonic_us();
      must(client_send(&client, (Text){said, (size_t)len}, &error) && client_reply(&reply, &client, false, &error), &error);
      samples[i] = (double)(time_monotonic_us() - began);
      if (reply.status != 200) printf("%s: %d %.*s\n", target, reply.status, (int)reply.body.len, reply.body.at), exit(1);
      bytes = reply.body.len;
      buffer_end(&reply.body);
    }
    snprintf(what, sizeof what, "HTTP: %.60s", asks[a].what);
    tell(what, times, bytes);
  }
  client_close(&client);
  http_stop(http);
  desk_stop(bench->rooms->desk);
  http_close(http);
}

/* All running clocks looked at: their due times anew; and a tick of the room when nothing is due. */
static void sweep(Bench *bench) {
  Live *live = &bench->rooms->orders->live;
  Error error = {0};
  size_t clocks = 0;
  int64_t sum = 0; /* told, so that no compiler leaves the work out */
  must(desk_tick(bench->rooms->desk, &error), &error);
  double began = cpu_us(CLOCK_THREAD_CPUTIME_ID);
  for (size_t i = 0; i < live->list.count; i++) {
    const LiveEntry *entry = live_entry(live, live->list.at[i]);
    for (uint32_t c = entry->clocks; c != LIVE_NONE; c = live->clocks.at[c].next) {
      const LiveClock *clock = &live->clocks.at[c];
      if (clock->state.phase != CLOCK_RUNNING) continue;
      sum += clock_due(&clock->state, &entry->order.kind->clocks[clock->clock].promise->clock);
      clocks++;
    }
  }
  double took = cpu_us(CLOCK_THREAD_CPUTIME_ID) - began;
  printf("%-58s %8.3f ms (%zu running clocks of %zu open orders, due at %lld on the mean)\n", "due-time sweep, every running clock anew", took / 1e3, clocks,
         live->list.count, (long long)(clocks ? sum / (int64_t)clocks : 0));
  began = cpu_us(CLOCK_THREAD_CPUTIME_ID);
  for (int i = 0; i < 100; i++) must(desk_tick(bench->rooms->desk, &error), &error);
  printf("%-58s %8.3f ms\n", "a tick of the desk with nothing due", (cpu_us(CLOCK_THREAD_CPUTIME_ID) - began) / 1e5);
}

static void find_orgs(Bench *bench) {
  const People *people = bench->rooms->people;
  for (size_t i = 0; i < people_org_count(people); i++) {
    const Org *org = people_org(people, i);
    if (text_is(org->level, "county")) bench->county = org->id;
    if (text_is(org->level, "station")) bench->station = org->id;
  }
}

/* Days that are over, by the ticks of the desk: of all years, when the store is from before there was such a thing. */
static void roll_up(Rooms *rooms) {
  Error error = {0};
  int ticks = 0;
  double most = 0;
  int32_t yesterday = board_day(time_now(&rooms->time) - SPAN_DAY - 3 * SPAN_HOUR);
  for (; rooms->orders->rolled < yesterday; ticks++) {
    double began = cpu_us(CLOCK_THREAD_CPUTIME_ID);
    must(desk_tick(rooms->desk, &error), &error);
    double took = cpu_us(CLOCK_THREAD_CPUTIME_ID) - began;
    if (took > most) most = took;
  }
  printf("rolled up in %d ticks, the longest %.0f ms of processor\n", ticks, most / 1e3);
  lap("rolled up");
}

static int measure(const char *store, size_t times) {
  Error error = {0};
  Rooms rooms = {0};
  static Bench bench;
  char number[64], order_of_station[128], board_of_station[160], quarter_of_station[160];
  must(db_open(&rooms.db, store, DB_WRITE_UNSYNCED, &error), &error);
  must(schema_migrate(rooms.db, &error), &error);
  must(db_open(&bench.reader, store, DB_READ, &error), &error);
  time_virtual(&rooms.time, END + SPAN_HOUR);
  bench.rooms = &rooms;
  random_seed(&bench.random, 3);
  open_rooms(&rooms, store);
  find_orgs(&bench);
  pick_ids(&bench);
  say_number(&bench, number);
  snprintf(order_of_station, sizeof order_of_station, "/api/v1/orders?org=%lld", (long long)bench.station);
  snprintf(board_of_station, sizeof board_of_station, "/api/v1/promises/board?from=2026-01-01&to=2026-11-21&org=%lld", (long long)bench.station);
  snprintf(quarter_of_station, sizeof quarter_of_station, "/api/v1/promises/board?from=2026-08-15&to=2026-11-12&org=%lld", (long long)bench.station);
  const HttpRoute *list = route_at(order_routes(), "/api/v1/orders"), *find = route_at(order_routes(), "/api/v1/orders/search"), *page = route_at(order_routes(), "/api/v1/orders/{id}"),
                  *counts = route_at(order_routes(), "/api/v1/orders/counts"), *board = route_at(BOARD_ROUTES, "/api/v1/promises/board"),
                  *figures = route_at(FIGURE_ROUTES, "/api/v1/orders/figures"), *satisfaction = route_at(FIGURE_ROUTES, "/api/v1/satisfaction");
  const Ask asks[] = {{"queue, first page, by what slips first", list, "/api/v1/orders", NULL},
                      {"queue of a kind", list, "/api/v1/orders?kind=complaint", NULL},
                      {"queue of a kind in a state", list, "/api/v1/orders?kind=fault_repair&state=accepted", NULL},
                      {"queue of a station", list, order_of_station, NULL},
                      {"queue, newest first", list, "/api/v1/orders?sort=at", NULL},
                      {"ended orders, first page", list, "/api/v1/orders?state=archived", NULL},
                      {"ended orders of a kind, first page", list, "/api/v1/orders?state=archived&kind=complaint", NULL},
                      {"ended orders found by a name", find, "/api/v1/orders/search?state=archived", "{\"q\":\"张\"}"},
                      {"ended order found by its number", find, "/api/v1/orders/search?state=archived", number},
                      {"order page", page, "/api/v1/orders/%lld", NULL},
                      {"counts", counts, "/api/v1/orders/counts", NULL},
                      {"board, this month and the year before", board, "/api/v1/promises/board", NULL},
                      {"board, this year and the year before", board, "/api/v1/promises/board?from=2026-01-01&to=2026-11-21", NULL},
                      {"board, this year, of a station", board, board_of_station, NULL},
                      {"board, any 90 days", board, "/api/v1/promises/board?from=2026-08-15&to=2026-11-12", NULL},
                      {"board, any 90 days, of a station", board, quarter_of_station, NULL},
                      {"board, two years but for a day, and the two before", board, "/api/v1/promises/board?from=2024-11-23&to=2026-11-20", NULL},
                      {"figures of a kind, this year", figures, "/api/v1/orders/figures?kind=fault_repair&from=2026-01-01&to=2026-11-21", NULL},
                      {"figures of all kinds, this year", figures, "/api/v1/orders/figures?from=2026-01-01&to=2026-11-21", NULL},
                      {"figures of repair (repeated calls, call-backs), 90 days", figures, "/api/v1/orders/figures?kind=fault_repair&from=2026-08-15&to=2026-11-12", NULL},
                      {"satisfaction, two years", satisfaction, "/api/v1/satisfaction?from=2024-11-23&to=2026-11-20", NULL},
                      {"satisfaction, this year", satisfaction, "/api/v1/satisfaction?from=2026-01-01&to=2026-11-21", NULL}};
  size_t count = sizeof asks / sizeof *asks;
  roll_up(&rooms);
  printf("%zu orders open\n", order_count(rooms.orders));
  yardstick(&bench, times);
  for (size_t i = 0; i < count; i++) run_ask(&bench, &asks[i], 0, times);
  run_ask(&bench, &(Ask){"order page, of an ended one", page, "/api/v1/orders/%lld", NULL}, 1, times);
  sweep(&bench);
  over_http(&bench, store, asks, count, times < 50 ? times : 50);
  lap("measured");
  db_close(bench.reader);
  close_rooms(&rooms);
  return 0;
}

int main(int count, char **word) {
  begun = time_monotonic_us();
  if (count >= 4 && strcmp(word[1], "make") == 0)
    return make(word[2], word[3], count > 4 ? strtoul(word[4], NULL, 10) : 950000, count > 5 ? strtoul(word[5], NULL, 10) : 75000,
                count > 6 ? atoi(word[6]) : 730);
  size_t times = count > 3 ? strtoul(word[3], NULL, 10) : 500;
  if (count >= 3 && strcmp(word[1], "measure") == 0) return measure(word[2], times < 1 ? 1 : times > TIMES_MAX ? TIMES_MAX : times);
  return fprintf(stderr, "orders_at_scale make PACKAGE STORE [ended] [open] [days] | measure STORE [times]\n"), 2;
}
