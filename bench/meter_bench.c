/* meter_bench codec: the codec on the public low-voltage series. meter_bench DIR [DAYS]: readings into the store of an imported county, out of it, and the watches, each beside its yardstick. DIR is changed: give
 * it a copy. Processor time of the whole process unless it says wall. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "http/client.h"
#include "http/http.h"
#include "meter/meter_internal.h"
#include "sim/readings.h"
#include "store/schema.h"
#include "supply/testing.h"

typedef struct Bench {
  Db *db;
  Desk *desk;
  Grid *grid;
  People *people;
  Meters *meters;
  Http *http;
  TimeSource time;
  char store[4096];
  int day, days;
} Bench;

static void die(const Error *error) {
  char text[ERROR_TEXT_MAX];
  fprintf(stderr, "%s\n", error_text(error, LANGUAGE_EN, text, sizeof text));
  exit(1);
}
#define MUST(call) \
  do {             \
    if (!(call)) die(&error); \
  } while (0)

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef struct Watch {
  double wall, cpu;
} Watch;
static Watch begin(void) { return (Watch){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)}; }
static void tell(const char *what, Watch from, double count, const char *unit) {
  double wall = seconds(CLOCK_MONOTONIC) - from.wall, cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - from.cpu;
  printf("%-72s %9.1f ms wall %9.1f ms cpu %12.0f %s/s wall %12.0f /s cpu\n", what, wall * 1e3, cpu * 1e3, count / wall, unit, count / cpu);
  fflush(stdout);
}

/* --- made-up days of every area, as binary messages: an area's whole day, or one moment --- */

typedef struct Pile {
  Buffer bytes;
  VECTOR(size_t) end;
  int64_t readings;
} Pile;

static Text at(const Pile *pile, size_t i) {
  size_t from = i ? pile->end.at[i - 1] : 0;
  return (Text){pile->bytes.at + from, pile->end.at[i] - from};
}

static void pile_up(Pile *pile, const ReadingMessage *message) {
  message_write(&pile->bytes, message);
  if (pile->bytes.failed || !vector_push(&pile->end, pile->bytes.len)) exit(2);
  pile->readings += (int64_t)message->meters * message->moments;
}

static void simple_area(ReadingsArea *area, ReadingsNode *nodes, ReadingsMeter *meters, uint32_t count, uint64_t seed) {
  for (uint32_t n = 1; n < 21; n++) nodes[n] = (ReadingsNode){n <= 2 ? 0 : n - 2, 0.44 * 0.03};
  for (uint32_t m = 0; m < count; m++) meters[m] = (ReadingsMeter){m % 20 + 1, (uint8_t)(1 << m % 3), m % 17 == 0, 5, seed * 7919 + m, 1000 + m};
  *area = (ReadingsArea){nodes, 21, meters, count, 30 + (double)count * 1.2, 228 + (double)(seed % 5), seed % 12 == 0 ? 2.3 : 1, 5000, seed};
}

enum { MOMENTS = 6 };
static void make_area(Bench *bench, Pile *whole, Pile *moments, size_t row, int day) {
  const MeterArea *of = meter_area(bench->meters, row);
  uint32_t count = of->to - of->from;
  static ReadingsNode nodes[21];
  static ReadingsMeter meters[METER_MESSAGE_METERS];
  static Text names[METER_MESSAGE_METERS];
  ReadingsArea area;
  Arena arena;
  Error error = {0};
  MeterDay total, *days;
  if (!count || count > METER_MESSAGE_METERS) return;
  arena_begin(&arena, 0);
  simple_area(&area, nodes, meters, count, row + 1);
  days = ARENA_ARRAY(&arena, MeterDay, count);
  MUST(sim_readings_day(days, &total, &area, day, 15, &arena, &error));
  ReadingMessage message = {.area = grid_kind_name(grid_device(bench->grid, of->device)->kind)[0] == 't' ? grid_code(bench->grid, of->device) : TEXT(""), .first = meter_day_start(day),
                            .clock = INSTANT_NONE, .step_min = 15, .moments = 96, .meters = count, .meter = names};
  for (uint32_t m = 0; m < count; m++) {
    Customer customer;
    people_customer(bench->people, of->from + m, &customer);
    names[m] = customer.meter;
  }
  /* five values a reading: voltage, current, active and reactive power, energy; all on phase A's channels, as single-phase meters say it */
  static const MeterChannel TO[5] = {METER_VOLTAGE_A, METER_CURRENT_A, METER_POWER, METER_REACTIVE, METER_ENERGY};
  for (int c = 0; c < 5; c++) {
    message.channels |= 1u << TO[c];
    message.value[TO[c]] = ARENA_ARRAY(&arena, int32_t, (size_t)count * 96);
    for (uint32_t m = 0; m < count; m++) {
      int from = (int)TO[c];
      for (int x = 0; c < 2 && x < 3; x++)
        if (days[m].value[(int)TO[c] + x]) from = (int)TO[c] + x;
      memcpy(message.value[TO[c]] + (size_t)m * 96, days[m].value[from], 96 * sizeof(int32_t));
    }
  }
  if (whole) pile_up(whole, &message);
  for (int i = 0; moments && i < MOMENTS; i++) { /* the beginning of the next day; those over HTTP of one before */
    ReadingMessage one = message;
    one.moments = 1;
    one.first = meter_day_start(i < 3 ? day + 1 : bench->day - 2) + i * 15 * SPAN_MINUTE;
    for (int c = 0; c < METER_CHANNELS; c++) {
      if (!message.value[c]) continue;
      one.value[c] = ARENA_ARRAY(&arena, int32_t, count);
      for (uint32_t m = 0; m < count; m++) one.value[c][m] = message.value[c][m * 96 + (uint32_t)i];
    }
    pile_up(&moments[i], &one);
  }
  arena_end(&arena);
}

/* --- in --- */

typedef struct Job {
  Bench *bench;
  const Pile *pile;
  size_t from, to;
  ReadingMessage **messages;
  int64_t readings;
} Job;

static bool work_take(DeskContext *context, void *command, Error *error) {
  Job *job = command;
  for (size_t i = job->from; i < job->to; i++) {
    MeterTake take = {.message = job->messages[i - job->from], .source = TEXT("bench")};
    if (!meter_take(context, job->bench->meters, &take, error)) return false;
    job->readings += take.readings;
  }
  return true;
}

/* Bytes to durable rows: `together` messages a job, one commit each. */
static int64_t take_pile(Bench *bench, const Pile *pile, size_t together) {
  int64_t readings = 0;
  static ReadingMessage *messages[4096];
  for (size_t i = 0; i < pile->end.count; i += together) {
    Error error = {0};
    Arena arena;
    ReadingProblems problems = {0};
    Job job = {bench, pile, i, i + together < pile->end.count ? i + together : pile->end.count, messages, 0};
    arena_begin(&arena, 0);
    for (size_t m = job.from; m < job.to; m++) MUST(message_read(&messages[m - job.from], &problems, MESSAGE_BINARY, at(pile, m), &arena, &error));
    MUST(desk_do(bench->desk, work_take, &job, TEXT("system"), &error));
    arena_end(&arena);
    readings += job.readings;
  }
  return readings;
}

/* --- in over HTTP: connections that each wait for their answer, so that many are on the way at once --- */

enum { CONNECTIONS_MOST = 256 };

static bool anyone(void *self, Text token, Instant now, HttpWho *who) {
  (void)self, (void)token, (void)now;
  *who = (HttpWho){.staff_id = 1, .roles = UINT32_MAX, .actor = "staff:1"};
  return true;
}

static void post(Client *client, Text body) {
  Error error = {0};
  Buffer bytes;
  buffer_begin(&bytes, 0);
  buffer_format(&bytes, "POST /api/v1/readings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n", body.len);
  buffer_text(&bytes, body);
  MUST(client_send(client, buffer_as_text(&bytes), &error));
  buffer_end(&bytes);
}

static void answer(Client *client) {
  Error error = {0};
  ClientReply reply;
  MUST(client_reply(&reply, client, false, &error));
  if (reply.status != 200) fprintf(stderr, "%d %.*s\n", reply.status, TEXT_ARG(buffer_as_text(&reply.body))), exit(1);
  buffer_end(&reply.body);
}

static void post_pile(Bench *bench, const Pile *pile, size_t connections, const char *what) {
  static Client client[CONNECTIONS_MOST];
  Error error = {0};
  for (size_t c = 0; c < connections; c++) MUST(client_open(&client[c], http_port(bench->http), &error));
  Watch from = begin();
  for (size_t i = 0; i < pile->end.count + connections; i++) {
    if (i >= connections) answer(&client[i % connections]);
    if (i < pile->end.count) post(&client[i % connections], at(pile, i));
  }
  tell(what, from, (double)pile->readings, "readings");
  for (size_t c = 0; c < connections; c++) client_close(&client[c]);
}

typedef struct Close {
  Bench *bench;
  size_t from, to;
  int day;
} Close;

static bool work_close(DeskContext *context, void *command, Error *error) {
  Close *close = command;
  for (size_t a = close->from; a < close->to; a++)
    if (!meter_close_day(context, close->bench->meters, a, close->day, error)) return false;
  return true;
}

/* --- out --- */

typedef struct Asked {
  int64_t blocks, under, bytes;
} Asked;

static bool ask(void *self, const MeterBlock *block) {
  Asked *asked = self;
  Error error = {0};
  int minutes;
  MUST(meter_block_longest_below(&minutes, block->block, 1980, &error));
  asked->blocks++;
  asked->bytes += (int64_t)block->block.len;
  asked->under += minutes >= 60;
  return true;
}

typedef struct Kept {
  Buffer bytes;
  VECTOR(size_t) end;
  VECTOR(uint32_t) used;
} Kept;

static bool keep(void *self, const MeterBlock *block) {
  Kept *kept = self;
  buffer_text(&kept->bytes, block->block);
  return vector_push(&kept->end, kept->bytes.len) && vector_push(&kept->used, block->used < 0 ? UINT32_MAX : (uint32_t)block->used);
}

static void ask_all(Bench *bench) {
  Error error = {0};
  Db *reader;
  Asked asked;
  MUST(db_open(&reader, bench->store, DB_READ, &error));
  double readings = 0;
  for (int round = 0; round < 3; round++) {
    asked = (Asked){0};
    Watch from = begin();
    MUST(meter_blocks(bench->meters, reader, bench->day, bench->day + bench->days - 1, 0, ask, &asked, &error));
    readings = (double)asked.blocks * 96;
    if (round == 2) tell("under 198 V for an hour, by meter and day: every block's voltages", from, readings, "readings");
  }
  printf("  %lld blocks, %.0f readings, %lld meter-days under; scaled to 5,000,000 readings: see the rates\n", (long long)asked.blocks, readings, (long long)asked.under);
  int64_t expected = asked.under;
  for (int round = 0; round < 3; round++) {
    asked = (Asked){0};
    Watch from = begin();
    MUST(meter_blocks(bench->meters, reader, bench->day, bench->day + bench->days - 1, 1980, ask, &asked, &error));
    if (round == 2) tell("the same by the lowest voltage of each row first", from, readings, "readings");
  }
  if (asked.under != expected) printf("  NOT THE SAME: %lld\n", (long long)asked.under);
  Kept kept = {0};
  buffer_begin(&kept.bytes, 0);
  MUST(meter_blocks(bench->meters, reader, bench->day, bench->day, 0, keep, &kept, &error));
  /* bare columns in C: the same question over plain int16 voltages, already in memory */
  size_t blocks = kept.end.count;
  int16_t *plain = malloc(blocks * 96 * sizeof *plain);
  int32_t value[METER_SLOTS_MAX];
  Watch from = begin();
  for (size_t b = 0; b < blocks; b++) {
    int slots;
    Text block = {kept.bytes.at + (b ? kept.end.at[b - 1] : 0), kept.end.at[b] - (b ? kept.end.at[b - 1] : 0)};
    MUST(meter_block_voltage(value, &slots, block, METER_VOLTAGE_A, &error));
    for (int i = 0; i < 96; i++) plain[b * 96 + (size_t)i] = (int16_t)value[i];
  }
  tell("voltages decoded from blocks in memory", from, (double)blocks * 96, "readings");
  from = begin();
  int64_t under = 0;
  for (size_t b = 0; b < blocks; b++) {
    int run = 0, longest = 0;
    for (size_t i = 0; i < 96; i++) {
      run = plain[b * 96 + i] < 1980 ? run + 1 : 0;
      longest = run > longest ? run : longest;
    }
    under += longest >= 4;
  }
  tell("  yardstick: bare columns in C", from, (double)blocks * 96, "readings");
  from = begin();
  Arena arena;
  arena_begin(&arena, 0);
  for (size_t b = 0; b < blocks; b++) {
    MeterDay day;
    Text block = {kept.bytes.at + (b ? kept.end.at[b - 1] : 0), kept.end.at[b] - (b ? kept.end.at[b - 1] : 0)};
    MUST(meter_block_decode(&day, block, &arena, &error));
    arena_reset(&arena);
  }
  tell("whole blocks decoded (5 values)", from, (double)blocks * 96, "readings");
  arena_end(&arena);
  /* a county's day, all watches: areas of 97 households, as counties have them */
  Text *texts = malloc((blocks + 1) * sizeof *texts);
  for (size_t b = 0; b < blocks; b++) texts[b] = (Text){kept.bytes.at + (b ? kept.end.at[b - 1] : 0), kept.end.at[b] - (b ? kept.end.at[b - 1] : 0)};
  int64_t findings = 0;
  from = begin();
  for (size_t b = 0; b < blocks; b += 97) {
    size_t count = blocks - b < 97 ? blocks - b : 97;
    WatchFinding found[WATCH_KINDS];
    size_t found_count;
    WatchAreaDay day = {100, texts + b, kept.used.at + b, count, texts[b], 1000000};
    MUST(watch_area_day(found, &found_count, meter_rules(bench->meters), &day, &error));
    findings += (int64_t)found_count;
  }
  tell("all watches of the day, from blocks in memory", from, (double)blocks * 96, "readings");
  printf("  %zu meters, %lld findings; 350,000 meters × 96 are 33,600,000 readings (%lld)\n", blocks, (long long)findings, (long long)under);
  db_close(reader);
}

/* --- yardsticks and disk --- */

static void plain_rows(const char *folder) {
  char path[4096];
  Error error = {0};
  Db *db;
  DbStatement *s;
  enum { ROWS = 400000 };
  snprintf(path, sizeof path, "%s/yardstick.db", folder);
  unlink(path);
  MUST(db_open(&db, path, DB_WRITE, &error));
  MUST(db_run(db, "CREATE TABLE reading (meter INTEGER, at INTEGER, u INTEGER, i INTEGER, p INTEGER, q INTEGER, e INTEGER, PRIMARY KEY (meter, at))", &error));
  Watch from = begin();
  MUST(db_begin(db, &error));
  for (int64_t i = 0; i < ROWS; i++) {
    MUST(db_prepare(&s, db, "INSERT INTO reading VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", &error));
    db_bind_i64(s, 1, i % 1000), db_bind_i64(s, 2, 1790000000 + i / 1000 * 900), db_bind_i64(s, 3, 2200 + i % 57), db_bind_i64(s, 4, 1000 + i % 3011);
    db_bind_i64(s, 5, 2000 + i % 5003), db_bind_i64(s, 6, 300 + i % 701), db_bind_i64(s, 7, 100000 + i / 1000);
    MUST(db_done(s, &error));
  }
  MUST(db_commit(db, &error));
  tell("  yardstick: a row a reading into SQLite, prepared, one commit", from, ROWS, "readings");
  db_close(db);
  struct stat st;
  char wal[4200];
  double size = stat(path, &st) == 0 ? (double)st.st_size : 0;
  snprintf(wal, sizeof wal, "%s-wal", path);
  printf("  yardstick: %.1f bytes a reading on disk\n", size / ROWS);
  unlink(path), unlink(wal);
}

static void disk(Bench *bench, const char *folder) {
  char path[4096], sql[9000];
  Error error = {0};
  DbStatement *s;
  bool row;
  struct stat st;
  snprintf(path, sizeof path, "%s/days.db", folder);
  unlink(path);
  snprintf(sql, sizeof sql, "ATTACH DATABASE '%s' AS other", path);
  MUST(db_run(bench->db, sql, &error));
  MUST(db_run(bench->db, "CREATE TABLE other.meter_day (county_id INTEGER NOT NULL, day INTEGER NOT NULL, meter_id INTEGER NOT NULL, voltage_min INTEGER, used INTEGER,"
                         " block BLOB NOT NULL, PRIMARY KEY (county_id, day, meter_id)); INSERT INTO other.meter_day SELECT * FROM meter_day ORDER BY day, meter_id; DETACH DATABASE other", &error));
  MUST(db_prepare(&s, bench->db, "SELECT COUNT(*), SUM(LENGTH(block)) FROM meter_day", &error));
  MUST(db_step(&row, s, &error));
  double blocks = (double)db_column_i64(s, 0), bytes = (double)db_column_i64(s, 1);
  db_reset(s);
  double size = stat(path, &st) == 0 ? (double)st.st_size : 0;
  printf("on disk: %.2f bytes a reading of 5 values (table, keys and all); %.2f in the block\n", size / blocks / 96, bytes / blocks / 96);
  unlink(path);
}

/* The codec on measured loads and the voltages they make: the public series of two feeders, hourly, 20 days; voltage and power a meter. */
static void codec(const char *folder) {
  static const char *const NAMES[] = {"65025_80035", "1076069_1274125"};
  static LvFeeder feeder;
  static uint8_t bytes[4096];
  enum { DAYS = LV_HOURS / LV_DAY, ROUNDS = 50 };
  for (size_t f = 0; f < 2; f++) {
    if (!lv_feeder_read(&feeder, folder, NAMES[f])) {
      fprintf(stderr, "SKIPPED: the codec on public series: %s/…%s… is missing\n", folder, NAMES[f]);
      continue;
    }
    Error error = {0};
    Arena arena, work;
    double length = 0, blocks = feeder.customers * DAYS, readings = blocks * LV_DAY, in = 0, out = 0;
    arena_begin(&arena, 0), arena_begin(&work, 0);
    for (int i = 0; i < feeder.customers; i++)
      for (int d = 0; d < DAYS; d++) {
        MeterDay day, back;
        MUST(meter_day_take(&day, &arena, 60, 1u << METER_VOLTAGE_A | 1u << METER_POWER, &error));
        for (int t = 0; t < LV_DAY; t++) {
          int at = d * LV_DAY + t;
          day.value[METER_VOLTAGE_A][t] = (int32_t)lround(feeder.bus_pu[feeder.bus[i]][feeder.wires[i] == 1 ? feeder.phase[i] : 0][at] * 2300);
          day.value[METER_POWER][t] = (int32_t)lround((double)feeder.load[i][at] * 1e4);
        }
        size_t len = 0;
        double from = seconds(CLOCK_PROCESS_CPUTIME_ID);
        for (int r = 0; r < ROUNDS; r++) len = meter_block_encode(&day, bytes);
        double middle = seconds(CLOCK_PROCESS_CPUTIME_ID);
        for (int r = 0; r < ROUNDS; r++) {
          arena_reset(&work);
          MUST(meter_block_decode(&back, (Text){(const char *)bytes, len}, &work, &error));
        }
        in += middle - from, out += seconds(CLOCK_PROCESS_CPUTIME_ID) - middle, length += (double)len;
        for (int t = 0; t < LV_DAY; t++)
          if (back.value[METER_VOLTAGE_A][t] != day.value[METER_VOLTAGE_A][t] || back.value[METER_POWER][t] != day.value[METER_POWER][t]) exit(3);
        arena_reset(&arena);
      }
    printf("codec, %s: %d meters x %d days of 24 hours, voltage and power: %.2f bytes a reading (bare int32: 8), in %.2f, out %.2f million readings/s\n",
           NAMES[f], feeder.customers, (int)DAYS, length / readings, readings * ROUNDS / in / 1e6, readings * ROUNDS / out / 1e6);
    arena_end(&arena), arena_end(&work);
  }
}

static void open_all(Bench *bench, const char *folder) {
  Error error = {0};
  snprintf(bench->store, sizeof bench->store, "%s/dianbaomu.db", folder);
  MUST(db_open(&bench->db, bench->store, DB_WRITE, &error) && schema_migrate(bench->db, &error));
  MUST(grid_open(&bench->grid, bench->db, 1, &error) && people_open(&bench->people, bench->db, bench->grid, 1, &error));
  bench->day = meter_day_of(instant_of((Civil){2026, 3, 2, 12, 0, 0, 0, 0}, ZONE_SHANGHAI));
  time_virtual(&bench->time, meter_day_start(bench->day + bench->days) + 25 * SPAN_MINUTE);
  DeskOptions options = {.county_id = 1, .time = &bench->time, .checkpoint_address = bench->store};
  MUST(desk_open(&bench->desk, bench->db, &options, &error));
  MUST(meter_open(&bench->meters, bench->desk, bench->db, bench->grid, bench->people, NULL, NULL, &error));
  static const char *const ROLES[] = {"a", "b", "c", "d", "e", "f", NULL};
  HttpOptions http = {.address = "127.0.0.1", .store_address = bench->store, .county_id = 1, .desk = bench->desk, .time = &bench->time, .role_names = ROLES, .identify = anyone};
  MUST(http_open(&bench->http, &http, &error) && meter_add_routes(bench->http, bench->meters, &error));
  MUST(desk_start(bench->desk, &error) && http_start(bench->http, &error));
}

int main(int count, char **words) {
  Bench bench = {.days = count > 2 ? atoi(words[2]) : 2};
  Pile whole = {0}, moments[MOMENTS] = {{{0}, {0}, 0}};
  Error error = {0};
  if (count == 2 && strcmp(words[1], "codec") == 0) return codec("../shared/data/lv_phase"), 0;
  if (count < 2) return fprintf(stderr, "meter_bench DIR [DAYS] | codec\n"), 2;
  open_all(&bench, words[1]);
  buffer_begin(&whole.bytes, 0);
  for (int i = 0; i < MOMENTS; i++) buffer_begin(&moments[i].bytes, 0);
  for (int d = 0; d < bench.days; d++)
    for (size_t a = 0; a < meter_area_count(bench.meters); a++) make_area(&bench, &whole, d + 1 == bench.days ? moments : NULL, a, bench.day + d);
  printf("%zu areas, %lld readings in %zu messages of an area's day, %.1f bytes a reading on the wire\n", meter_area_count(bench.meters), (long long)whole.readings, whole.end.count,
         (double)whole.bytes.len / (double)whole.readings);
  plain_rows(words[1]);
  Watch from = begin();
  int64_t taken = take_pile(&bench, &whole, 64);
  tell("in, durable: an area's day a message, 64 a commit", from, (double)taken, "readings");
  for (int i = 0; i < 2; i++) {
    from = begin();
    taken = take_pile(&bench, &moments[i], i == 0 ? 2000 : 64);
    tell(i == 0 ? "in, durable: an area's moment a message, 2,000 a commit (first: lists looked up)" : "in, durable: an area's moment a message, 64 a commit", from, (double)taken, "readings");
  }
  from = begin();
  taken = take_pile(&bench, &moments[2], 2000);
  tell("in, durable: an area's moment a message, 2,000 a commit", from, (double)taken, "readings");
  Pile web = {0};
  buffer_begin(&web.bytes, 0);
  for (size_t a = 0; a < meter_area_count(bench.meters); a++) make_area(&bench, &web, NULL, a, bench.day - 1);
  post_pile(&bench, &web, 16, "in over HTTP, durable: an area's day a message, 16 connections");
  post_pile(&bench, &moments[3], 64, "in over HTTP, durable: an area's moment a message, 64 connections (first: lists looked up)");
  post_pile(&bench, &moments[4], 64, "in over HTTP, durable: an area's moment a message, 64 connections");
  post_pile(&bench, &moments[5], 256, "in over HTTP, durable: an area's moment a message, 256 connections");
  http_stop(bench.http);
  from = begin();
  for (int d = 0; d < bench.days; d++)
    for (size_t a = 0; a < meter_area_count(bench.meters); a += 50) {
      Close close = {&bench, a, a + 50 < meter_area_count(bench.meters) ? a + 50 : meter_area_count(bench.meters), bench.day + d};
      MUST(desk_do(bench.desk, work_close, &close, TEXT("system"), &error));
    }
  tell("days closed: batches into blocks", from, (double)whole.readings, "readings");
  ask_all(&bench);
  desk_stop(bench.desk);
  http_close(bench.http);
  disk(&bench, words[1]);
  meter_close(bench.meters);
  desk_close(bench.desk);
  people_close(bench.people);
  grid_close(bench.grid);
  db_close(bench.db);
  return 0;
}
