/* Readings from files, and made-up ones: 'ingest' and 'generate-readings'. */
#include <math.h>
#include <stdio.h>

#include "app/command.h"
#include "app/house.h"
#include "base/map.h"
#include "base/random.h"
#include "sim/readings.h"

/* --- ingest --- */

enum { CHUNK_BYTES = 4 << 20, FILE_BYTES_MAX = 1 << 30 };

typedef struct Ingest {
  House *house;
  ReadingMessage *messages;
  ReadingProblems *problems;
  MeterTake sum;
  ReadingProblems *refused; /* the same of what could be read and not be used; NULL: not told */
} Ingest;

static bool work_ingest(DeskContext *context, void *command, Error *error) {
  Ingest *ingest = command;
  for (ReadingMessage *message = ingest->messages; message; message = message->next) {
    MeterTake take = {.message = message, .source = TEXT("file"), .refused = ingest->refused};
    if (!meter_take(context, ingest->house->meters, &take, error)) return desk_spoil(context);
    ingest->sum.readings += take.readings;
    ingest->sum.known += take.known;
    ingest->sum.aside += take.aside;
  }
  return meter_put_aside(context, ingest->house->meters, ingest->problems, TEXT("file"), error) || desk_spoil(context);
}

static void tell_problems(const ReadingProblems *problems, const char *name, int64_t lines_before, bool ok) {
  for (size_t i = 0; ok && problems && i < problems->listed; i++) {
    const ReadingProblem *p = &problems->at[i];
    fprintf(stderr, "%s:%lld: %s%s%s %s\n", name, (long long)(p->line + lines_before), aside_reason_name(p->reason), p->meter[0] ? " " : "",
            p->meter, p->detail);
  }
}

static bool ingest_bytes(Ingest *ingest, MessageForm form, Text bytes, const char *name, int64_t lines_before, Error *error) {
  Arena arena;
  bool zh = command_language() == LANGUAGE_ZH;
  arena_begin(&arena, 0);
  *ingest->problems = (ReadingProblems){0};
  if (ingest->refused) *ingest->refused = (ReadingProblems){0};
  bool ok = message_read(&ingest->messages, ingest->problems, form, bytes, &arena, error) &&
            desk_do(ingest->house->desk, work_ingest, ingest, TEXT("system"), error);
  tell_problems(ingest->problems, name, lines_before, ok);
  tell_problems(ingest->refused, name, lines_before, ok);
  if (ok && ingest->problems->count > ingest->problems->listed)
    fprintf(stderr, zh ? "……另有 %zu 行\n" : "… and %zu more lines\n", ingest->problems->count - ingest->problems->listed);
  if (ok) ingest->sum.aside += (int64_t)ingest->problems->count;
  arena_end(&arena);
  return ok || error_at(error, "%s", name);
}

/* A large CSV in pieces of whole lines, each with the header before it. Quoted line ends are not met with in readings. */
static bool ingest_csv(Ingest *ingest, Text all, const char *name, Error *error) {
  Text rest = all, header;
  int64_t lines = 0;
  if (!text_next(&rest, '\n', &header)) return ingest_bytes(ingest, MESSAGE_CSV, all, name, 0, error);
  while (rest.len) {
    size_t len = rest.len < CHUNK_BYTES ? rest.len : CHUNK_BYTES;
    while (len < rest.len && rest.at[len - 1] != '\n') len++;
    Buffer piece;
    buffer_begin(&piece, 0);
    buffer_text(&piece, header);
    buffer_byte(&piece, '\n');
    buffer_put(&piece, rest.at, len);
    bool ok = piece.failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", name)
                           : ingest_bytes(ingest, MESSAGE_CSV, buffer_as_text(&piece), name, lines, error);
    buffer_end(&piece);
    if (!ok) return false;
    for (size_t i = 0; i < len; i++) lines += rest.at[i] == '\n';
    rest = text_slice(rest, len, rest.len);
  }
  return true;
}

static bool ingest_file(Ingest *ingest, const char *path, Error *error) {
  Buffer bytes;
  Text name = text_of(path);
  buffer_begin(&bytes, FILE_BYTES_MAX);
  bool ok = buffer_read_file(&bytes, path, error);
  Text all = buffer_as_text(&bytes);
  if (ok && text_starts(all, TEXT("DBM1")))
    ok = ingest_bytes(ingest, MESSAGE_BINARY, all, path, 0, error);
  else if (ok && text_ends(name, TEXT(".json")))
    ok = ingest_bytes(ingest, MESSAGE_JSON, all, path, 0, error);
  else if (ok)
    ok = ingest_csv(ingest, all, path, error);
  buffer_end(&bytes);
  return ok;
}

int command_ingest(const CommandLine *line) {
  Error error = {0};
  House house;
  int64_t county_id;
  if (!command_words(line, 1, COMMAND_WORDS_MAX, &error) || !command_county(line, &county_id, &error)) return command_failed(&error);
  HouseOptions options = {.data = command_data(line), .county_id = county_id, .holder = "ingest", .rules = command_option(line, "--rules"), .mode = DB_WRITE};
  if (!house_open(&house, &options, &error)) return command_failed(&error);
  ReadingProblems *problems = memory_new(2 * sizeof *problems);
  Ingest ingest = {.house = &house, .problems = problems, .refused = problems ? problems + 1 : NULL};
  bool ok = problems || error_raise(&error, ERROR_OUT_OF_MEMORY, "%s", "ingest");
  for (int i = 0; ok && i < line->words; i++) ok = ingest_file(&ingest, line->word[i], &error);
  memory_free(problems);
  house_close(&house);
  if (!ok) return command_failed(&error);
  printf(command_language() == LANGUAGE_ZH ? "读数 %lld, 已有 %lld, 搁置 %lld\n" : "readings %lld, known already %lld, set aside %lld\n",
         (long long)ingest.sum.readings, (long long)ingest.sum.known, (long long)ingest.sum.aside);
  return 0;
}

/* --- made-up readings --- */

typedef struct Making {
  House *house;
  Map ohms; /* device id → µΩ per km */
  uint64_t seed;
  int first_day, last_day;
  Instant until;
  size_t area;
  int64_t readings, astray; /* every so many areas one meter really hangs at the next; 0 none */
  Ingest ingest;
} Making;

static bool load_conductors(Making *making, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, making->house->db, "SELECT id, conductor FROM device WHERE county_id = ?1 AND retired_at IS NULL", error))
    return false;
  db_bind_i64(s, 1, making->house->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    if (map_put(&making->ohms, db_column_i64(s, 0), (int64_t)(sim_conductor_ohm_km(db_column_text(s, 1)) * 1e6))) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "conductors");
  }
}

/* The books are wrong about the middle meter of some areas: it hangs at the next one, and measures what that one gives it. */
enum { ASTRAY_LEAST = 8 };
static bool is_astray(const Making *making, size_t row) {
  const Meters *meters = making->house->meters;
  if (making->astray <= 0 || (int64_t)row % making->astray || row + 1 >= meter_area_count(meters)) return false;
  for (size_t at = row; at < row + 2; at++) {
    const MeterArea *area = meter_area(meters, at);
    if (area->to - area->from < ASTRAY_LEAST || area->to - area->from + 1 > METER_MESSAGE_METERS ||
        grid_device(making->house->grid, area->device)->kind != GRID_TRANSFORMER)
      return false;
  }
  return true;
}
static uint32_t astray_of(const Making *making, size_t row) {
  const MeterArea *area = meter_area(making->house->meters, row);
  return area->from + (area->to - area->from) / 2;
}

static ReadingsMeter shape_meter(const Making *making, uint32_t position, uint32_t node) {
  Customer customer;
  Random random;
  people_customer(making->house->people, position, &customer);
  random_fork(&random, making->seed, (uint64_t)customer.id.value);
  uint64_t seed = random_u64(&random);
  return (ReadingsMeter){node, customer.phases ? customer.phases : 1, customer.category, (double)customer.contract_kw, seed,
                         1000 + 20000 * random_unit(&random)};
}

/* Who really hangs there: without its own that is astray, and then the one of the area before. */
static bool shape_area(ReadingsArea *out, const Making *making, size_t row, Arena *arena, Error *error) {
  const House *house = making->house;
  const MeterArea *area = meter_area(house->meters, row);

  const GridDevice *transformer = grid_device(house->grid, area->device);
  uint32_t nodes = transformer->kind == GRID_TRANSFORMER ? transformer->end - area->device : 1, count = area->to - area->from;
  ReadingsNode *node = ARENA_ARRAY(arena, ReadingsNode, nodes);
  ReadingsMeter *meter = ARENA_ARRAY(arena, ReadingsMeter, count + 2);
  Random random;
  random_fork(&random, making->seed, (uint64_t)transformer->id.value);
  /* most areas are sound; some have grown faster than their lines, and a few hang on thin ones of long ago */
  double chance = random_unit(&random),
         demand = chance < 0.75  ? 1
                  : chance < 0.9 ? 1.5
                                 : 1.9,
         thin = chance < 0.75  ? 1
                : chance < 0.9 ? 2
                               : 3.5;
  double source = 228 + 5 * random_unit(&random);
  if (!node || !meter) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  for (uint32_t n = 1; n < nodes; n++) {
    const GridDevice *device = grid_device(house->grid, area->device + n);
    int64_t micro = 600000;
    (void)map_get(&making->ohms, device->id.value, &micro);
    node[n] = (ReadingsNode){device->parent - area->device,
                             thin * (double)micro / 1e6 * (device->length_m > 0 ? (double)device->length_m : 20.0) / 1000};
  }
  uint32_t here = 0;
  for (uint32_t m = 0; m < count; m++) {
    if (is_astray(making, row) && area->from + m == astray_of(making, row)) continue;
    uint32_t below = people_customer_device(house->people, area->from + m) - area->device;
    meter[here++] = shape_meter(making, area->from + m, below < nodes ? below : 0);
  }
  if (row > 0 && is_astray(making, row - 1)) {
    uint32_t beside = people_customer_device(house->people, area->from + count / 3) - area->device;
    meter[here++] = shape_meter(making, astray_of(making, row - 1), beside < nodes ? beside : 0);
  }
  if (count) { /* the chance of the area follows on that of its last customer */
    Customer last;
    people_customer(house->people, area->to - 1, &last);
    random_fork(&random, making->seed, (uint64_t)last.id.value);
    (void)random_u64(&random), (void)random_unit(&random);
  }
  *out = (ReadingsArea){node, nodes, meter, here, (double)area->rated_kva, source, demand, 50000, random_u64(&random)};
  return true;
}

static bool make_message(ReadingMessage *out, const Making *making, const MeterDay *days, const MeterDay *total, int day, Arena *arena,
                         Error *error) {
  const House *house = making->house;
  const MeterArea *area = meter_area(house->meters, making->area);
  bool own = grid_device(house->grid, area->device)->kind == GRID_TRANSFORMER;
  uint32_t count = area->to - area->from, meters = count + own;
  Instant start = meter_day_start(day);
  int moments = making->until - start < SPAN_DAY ? (int)((making->until - start) / (15 * SPAN_MINUTE)) + 1 : 96;
  *out = (ReadingMessage){.area = own ? grid_code(house->grid, area->device) : TEXT(""),
                          .first = start,
                          .clock = INSTANT_NONE,
                          .step_min = 15,
                          .moments = moments,
                          .meters = meters};
  out->meter = ARENA_ARRAY(arena, Text, meters + 1);
  if (!out->meter) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  for (uint32_t m = 0; m < meters; m++) {
    Customer customer;
    if (m < count) people_customer(house->people, area->from + m, &customer);
    out->meter[m] = m < count ? customer.meter : out->area;
    const MeterDay *from = m < count ? &days[m] : total;
    for (int c = 0; c < METER_CHANNELS; c++) {
      if (!from->value[c]) continue;
      if (!out->value[c]) {
        size_t cells = (size_t)meters * (size_t)moments;
        if (!(out->value[c] = ARENA_ARRAY(arena, int32_t, cells))) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
        for (size_t i = 0; i < cells; i++) out->value[c][i] = METER_NONE;
        out->channels |= 1u << c;
      }
      memcpy(out->value[c] + (size_t)m * (size_t)moments, from->value[c], (size_t)moments * sizeof(int32_t));
    }
  }
  return true;
}

typedef struct Close {
  Meters *meters;
  size_t area;
  int day;
} Close;

static bool work_close(DeskContext *context, void *command, Error *error) {
  Close *close = command;
  return meter_close_day(context, close->meters, close->area, close->day, error);
}

/* A day of all the books have there. */
static bool make_days(MeterDay **out, MeterDay *total, Making *making, ReadingsArea *here, ReadingsArea *next, int day, Arena *arena, Error *error) {
  const MeterArea *of = meter_area(making->house->meters, making->area);
  uint32_t count = of->to - of->from, away = is_astray(making, making->area) ? astray_of(making, making->area) - of->from : count;
  MeterDay *days = ARENA_ARRAY(arena, MeterDay, here->meter_count + 2), *others, their_total;
  *out = days;
  if (!days) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  if (!sim_readings_day(days, total, here, day, 15, arena, error)) return false;
  if (away == count) return true;
  if (!(others = ARENA_ARRAY(arena, MeterDay, next->meter_count + 1))) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  if (!sim_readings_day(others, &their_total, next, day, 15, arena, error)) return false;
  for (uint32_t m = count - 1; m > away; m--) days[m] = days[m - 1];
  days[away] = others[next->meter_count - 1];
  return true;
}

/* All days of one area; those that are over are closed. A message has at most METER_MESSAGE_METERS meters: a larger area is left out. */
static bool make_area(Making *making, Error *error) {
  House *house = making->house;
  const MeterArea *of = meter_area(house->meters, making->area);
  Arena kept, once;
  ReadingsArea area, next = {0};
  if (of->to - of->from + 1 > METER_MESSAGE_METERS) return true;
  arena_begin(&kept, 0);
  bool ok = shape_area(&area, making, making->area, &kept, error) &&
            (!is_astray(making, making->area) || shape_area(&next, making, making->area + 1, &kept, error));
  for (int day = making->first_day; ok && day <= making->last_day; day++) {
    MeterDay total, *days;
    ReadingMessage message;
    arena_begin(&once, 0);
    ok = make_days(&days, &total, making, &area, &next, day, &once, error) &&
         make_message(&message, making, days, &total, day, &once, error);
    making->ingest.messages = &message;
    time_virtual(&house->time, message.first + (Instant)(message.moments - 1) * 15 * SPAN_MINUTE);
    ok = ok && desk_do(house->desk, work_ingest, &making->ingest, TEXT("system"), error);
    if (ok && day > making->first_day) { /* the day before has its last register now */
      Close close = {house->meters, making->area, day - 1};
      ok = desk_do(house->desk, work_close, &close, TEXT("system"), error);
    }
    arena_end(&once);
  }
  arena_end(&kept);
  return ok;
}

static bool make_all(Making *making, int64_t areas, Error *error) {
  Meters *meters = making->house->meters;
  size_t count = meter_area_count(meters);
  int64_t most = areas > 0 && areas < (int64_t)count ? areas : (int64_t)count;
  for (int64_t i = 0; i < most; i++) {
    making->area = (size_t)(i * (int64_t)count / most); /* spread over the county */
    if (!make_area(making, error)) return false;
    command_progress("generate-readings", i + 1, most);
  }
  return true;
}

static bool until_of(Instant *out, const char *given, Error *error) {
  TimeSource wall = {0};
  Instant now = time_now(&wall);
  Civil civil = civil_of(now, ZONE_SHANGHAI);
  if (!given) {
    *out = now - now % (15 * SPAN_MINUTE);
    return true;
  }
  if (strcmp(given, "new-year") == 0) { /* the evening that serve plays: the last December that is past */
    *out = instant_of((Civil){civil.year - 1, 12, 31, 18, 30, 0, 0, 0}, ZONE_SHANGHAI);
    return true;
  }
  if (instant_from_text(text_of(given), out)) return *out -= *out % (15 * SPAN_MINUTE), true;
  return error_raise(error, ERROR_USAGE,
                     "option --until takes new-year or a time like 2026-11-21T18:00:00+08:00, not '%s'\tgenerate-readings", given);
}

int command_generate_readings(const CommandLine *line) {
  Error error = {0};
  House house;
  int64_t days, seed, areas, county_id;
  Making making = {0};
  if (!command_words(line, 0, 0, &error) || !command_county(line, &county_id, &error) || !command_number(line, "--days", 3, 1, 400, &days, &error) ||
      !command_number(line, "--seed", 1, 0, INT64_MAX, &seed, &error) ||
      !command_number(line, "--areas", 0, 0, INT32_MAX, &areas, &error) ||
      !command_number(line, "--astray", 0, 0, INT32_MAX, &making.astray, &error) ||
      !until_of(&making.until, command_option(line, "--until"), &error))
    return command_failed(&error);
  HouseOptions options = {.data = command_data(line), .county_id = county_id, .holder = "generate-readings", .mode = DB_WRITE_UNSYNCED};
  if (!house_open(&house, &options, &error)) return command_failed(&error);
  ReadingProblems *problems = memory_new(sizeof *problems);
  making.house = &house;
  making.seed = (uint64_t)seed;
  making.last_day = meter_day_of(making.until);
  making.first_day = making.last_day - (int)days + 1;
  making.ingest = (Ingest){.house = &house, .problems = problems};
  bool ok = (problems || error_raise(&error, ERROR_OUT_OF_MEMORY, "%s", "readings")) && load_conductors(&making, &error) &&
            make_all(&making, areas, &error);
  size_t alarms = meter_alarm_count(house.meters);
  map_free(&making.ohms);
  memory_free(problems);
  house_close(&house);
  if (!ok) return command_failed(&error);
  printf(command_language() == LANGUAGE_ZH ? "读数 %lld, 告警 %zu\n" : "readings %lld, alarms %zu\n", (long long)making.ingest.sum.readings,
         alarms);
  return 0;
}
