/* POST /api/v1/arrears: statements of billing as CSV. The good part is kept; the answer names every line that is not. */
#include <stdio.h>

#include "base/limits.h"
#include "base/map.h"
#include "http/schema_words.h"
#include "interop/csv.h"
#include "people/arrears.h"
#include "people/staff.h"

typedef struct Problem {
  int64_t line;
  Error error;
} Problem;

typedef struct Told {
  Arrears *arrears;
  ArrearsStatement *statement;
  size_t count, problems; /* of problems, LIMIT_IMPORT_ERRORS at most are kept */
  Problem *problem;
  int64_t outcomes[ARREARS_OUTCOMES];
} Told;

enum { NUMBER, OWED, AS_OF, OFF, COLUMNS };
static const CsvColumn COLUMN[COLUMNS] = {{"customer_number", true}, {"owed_fen", true}, {"as_of", true}, {"disconnected", false}};

/* A moment with its zone, or a day: its beginning. */
static bool read_time(Text text, Instant *out) {
  Civil day = {0};
  char copy[16];
  int used = 0;
  if (instant_from_text(text, out)) return true;
  if (text.len != 10) return false;
  snprintf(copy, sizeof copy, "%.*s", TEXT_ARG(text));
  if (sscanf(copy, "%4d-%2d-%2d%n", &day.year, &day.month, &day.day, &used) != 3 || used != 10 || day.year < 1970 || day.year > 2199 || day.month < 1 ||
      day.month > 12 || day.day < 1 || day.day > 31)
    return false;
  *out = instant_of(day, ZONE_SHANGHAI);
  return true;
}

static bool wrong(const Csv *csv, size_t column, const char *must, Error *error) {
  Text said = text_cut(csv_field(csv, column), 40);
  error_raise(error, ERROR_FIELD_INVALID, "%s\t%.*s\t%s", COLUMN[column].name, TEXT_ARG(said), must);
  return csv_at(csv, csv_line(csv), column, error);
}

static bool read_row(ArrearsStatement *out, const Csv *csv, const People *people, Map *seen, const HttpRequest *request, Error *error) {
  uint32_t position;
  int64_t line;
  Customer customer;
  Text number = text_trim(csv_field(csv, NUMBER)), off = text_trim(csv_field(csv, OFF));
  if (!people_position_of_number(people, number, &position)) {
    error_raise(error, ERROR_NOT_FOUND, "户号" ERROR_BOTH "customer\t%.*s", TEXT_ARG(text_cut(number, 40)));
    return csv_at(csv, csv_line(csv), NUMBER, error);
  }
  people_customer(people, position, &customer);
  if (!people_check_place(people, request->who.org_id, customer.device, error)) return csv_at(csv, csv_line(csv), NUMBER, error);
  out->customer = customer.id;
  if (!text_to_i64(text_trim(csv_field(csv, OWED)), &out->owed_fen) || out->owed_fen < 0 || out->owed_fen > LIMIT_ARREARS_FEN)
    return wrong(csv, OWED, "须为非负整数 (分), 0 表示已结清" ERROR_BOTH "a whole number of fen, 0 when paid", error);
  if (!read_time(text_trim(csv_field(csv, AS_OF)), &out->as_of))
    return wrong(csv, AS_OF, "须为带时区的时刻或日期 2026-11-21" ERROR_BOTH "a moment with its zone, or a day 2026-11-21", error);
  if (out->as_of > request->now) return wrong(csv, AS_OF, "晚于当前时间" ERROR_BOTH "it is still to come", error);
  out->disconnected = text_is(off, "yes");
  if (off.len && !out->disconnected && !text_is(off, "no")) return wrong(csv, OFF, "须为 yes 或 no" ERROR_BOTH "yes or no", error);
  if (map_get(seen, customer.id.value, &line)) {
    error_raise(error, ERROR_ARREARS_TWICE, "%.*s\t%lld", TEXT_ARG(number), (long long)line);
    return csv_at(csv, csv_line(csv), NUMBER, error);
  }
  return map_put(seen, customer.id.value, (int64_t)csv_line(csv)) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "arrears");
}

static bool read_rows(Told *told, Csv *csv, Map *seen, const HttpRequest *request, Error *error) {
  for (bool row = true;;) {
    Error why = {0};
    ArrearsStatement one;
    bool sound = csv_next(csv, &row, &why);
    if (sound && !row) return true;
    if (sound && told->count == LIMIT_ARREARS_ROWS) return error_raise(error, ERROR_LIMIT, "arrears\t%d", LIMIT_ARREARS_ROWS);
    if (sound && read_row(&one, csv, arrears_people(told->arrears), seen, request, &why)) {
      told->statement[told->count++] = one;
      continue;
    }
    if (why.code == ERROR_OUT_OF_MEMORY) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "arrears");
    if (told->problems < LIMIT_IMPORT_ERRORS) told->problem[told->problems] = (Problem){(int64_t)csv_line(csv), why};
    told->problems++;
    if (csv_broken(csv)) return true;
  }
}

static bool decode_arrears(HttpRequest *request, void **command, void *room, Error *error) {
  Told *told = *command = ARENA_NEW(request->arena, Told);
  Text left = request->raw_body;
  Csv *csv = NULL;
  Map seen = {0};
  if (told) *told = (Told){.arrears = room, .statement = ARENA_ARRAY(request->arena, ArrearsStatement, LIMIT_ARREARS_ROWS), .problem = ARENA_ARRAY(request->arena, Problem, LIMIT_IMPORT_ERRORS)};
  if (!told || !told->statement || !told->problem) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "arrears");
  bool ok = csv_open(&csv, "arrears.csv", csv_read_text, &left, error) && csv_columns(csv, COLUMN, COLUMNS, error) &&
            read_rows(told, csv, &seen, request, error);
  csv_close(csv);
  map_free(&seen);
  return ok;
}

static bool work_arrears(DeskContext *context, void *command, Error *error) {
  Told *told = command;
  return arrears_take(context, told->arrears, told->statement, told->count, told->outcomes, error);
}

static bool encode_arrears(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  static const char *const OUTCOME[ARREARS_OUTCOMES] = {"kept", "same", "older"};
  const Told *told = command;
  Json json;
  (void)room, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  for (int i = 0; i < ARREARS_OUTCOMES; i++) json_put_i64(&json, OUTCOME[i], told->outcomes[i]);
  json_put_i64(&json, "problems_count", (int64_t)told->problems);
  json_key(&json, "problems");
  json_open_array(&json);
  for (size_t i = 0; i < told->problems && i < LIMIT_IMPORT_ERRORS; i++) {
    char text[ERROR_TEXT_MAX];
    json_open_object(&json);
    json_put_i64(&json, "line", told->problem[i].line);
    json_put_string(&json, "code", error_name(told->problem[i].error.code));
    json_put_string(&json, "detail", error_text(&told->problem[i].error, request->language, text, sizeof text));
    json_close(&json);
  }
  json_close(&json);
  json_close(&json);
  return true;
}

static const HttpRoute ARREARS_ROUTES[] = {
    {.method = "POST",
     .path = "/api/v1/arrears",
     .roles = STAFF_HEAD | STAFF_ADMINISTRATOR,
     .flags = HTTP_RAW_BODY | HTTP_LARGE_BODY,
     .summary = "What customers owe, as billing states it (CSV: customer_number, owed_fen, as_of, disconnected); the same twice changes nothing; the answer "
                "names the lines not taken",
     .request_schema = "text/csv",
     .reply_schema = "{\"type\":\"object\",\"required\":[\"kept\",\"same\",\"older\",\"problems_count\",\"problems\"],\"properties\":{\"kept\":" S_WHOLE
                     ",\"same\":" S_WHOLE ",\"older\":" S_WHOLE ",\"problems_count\":" S_WHOLE
                     ",\"problems\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"line\",\"code\",\"detail\"],\"properties\":{\"line\":" S_WHOLE
                     ",\"code\":" S_TEXT ",\"detail\":" S_TEXT "}}}}}",
     .decode = decode_arrears,
     .work = work_arrears,
     .encode = encode_arrears},
    {.method = NULL},
};

bool arrears_add_routes(Http *http, Arrears *arrears, Error *error) { return http_add_routes(http, ARREARS_ROUTES, arrears, error); }
