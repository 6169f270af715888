#include <math.h>
#include <stdio.h>

#include "order/board.h"
#include "order/order_page.h"
#include "order/order_schemas.h"

enum { PARTS_MAX = 200, DAYS_MAX = 5 * 366 };

static bool query_day(HttpRequest *request, const char *name, Instant fallback, Instant *out, Error *error) {
  Text text = http_query(request, name);
  char whole[40];
  *out = fallback;
  if (!text.at) return true;
  snprintf(whole, sizeof whole, "%.*sT00:00:00+08:00", (int)(text.len < 12 ? text.len : 12), text.at);
  if (text.len == 10 && instant_from_text(text_of(whole), out)) return true;
  error_raise(error, ERROR_FIELD_INVALID, "%s\t%.*s\t2026-11-21", name, (int)(text.len < 40 ? text.len : 40), text.at);
  return error_at(error, "?%s", name);
}

bool query_days(HttpRequest *request, Instant *from, Instant *to, Error *error) {
  Civil today = civil_of(request->now, ZONE_SHANGHAI);
  Instant first = instant_of((Civil){.year = today.year, .month = today.month, .day = 1}, ZONE_SHANGHAI);
  Instant day = instant_of((Civil){.year = today.year, .month = today.month, .day = today.day}, ZONE_SHANGHAI);
  if (!query_day(request, "from", first, from, error) || !query_day(request, "to", day, to, error)) return false;
  if (*from <= *to && *to - *from <= DAYS_MAX * SPAN_DAY) return true;
  error_raise(error, ERROR_FIELD_INVALID, "to\t%d\tnot before 'from', and at most five years after", board_day(*to));
  return error_at(error, "%s", "?to");
}

Instant query_year_before(Instant at) {
  Civil day = civil_of(at, ZONE_SHANGHAI);
  day.year--;
  return instant_of(day, ZONE_SHANGHAI); /* 29 February: 1 March */
}

static void put_sum(Json *json, const BoardSum *areas, size_t count) {
  BoardSum sum = {0};
  for (size_t i = 0; i < count; i++) sum.measured += areas[i].measured, sum.kept += areas[i].kept, sum.used += areas[i].used;
  json_put_i64(json, "measured", sum.measured);
  json_put_i64(json, "kept", sum.kept);
  json_put_i64(json, "broken", sum.measured - sum.kept);
  json_put_f64(json, "rate", sum.measured ? (double)sum.kept / (double)sum.measured : (double)NAN, 6);
  json_put_f64(json, "average_s", sum.measured ? (double)sum.used / (double)sum.measured / 1e6 : (double)NAN, 1);
}

typedef struct Board {
  HttpRequest *request;
  const Orders *orders;
  Json *json;
  BoardWish wish, year_before;
  BoardNow *now;
  BoardSums *sums, *before; /* by row of the book's promises */
} Board;

static void write_areas(Json *json, const Promise *promise, const BoardSums *sums) {
  static const char *const NAMES[] = {"urban", "rural", "remote"};
  json_key(json, "areas");
  json_open_array(json);
  for (int area = 0; area < AREA_COUNT; area++) {
    json_open_object(json);
    json_put_string(json, "area", NAMES[area]);
    json_put_i64(json, "limit_s", promise->limit[area] / SPAN_SECOND);
    put_sum(json, &sums->area[area], 1);
    json_close(json);
  }
  json_close(json);
}

static void write_promise_figures(const Board *board, size_t row) {
  const Promise *promise = book_promise(board->orders->book, row);
  const BoardSums *sums = &board->sums[row];
  Json *json = board->json;
  json_open_object(json);
  json_put_text(json, "id", promise->origin.id);
  json_put_text(json, "name_zh", promise->origin.name_zh);
  json_put_text(json, "name_en", promise->origin.name_en);
  json_put_text(json, "source", promise->origin.source);
  json_put_text(json, "source_zh", promise->origin.source_zh);
  json_put_text(json, "rule_version", promise->origin.version);
  json_put_string(json, "judged", promise->judged == JUDGED_AVERAGE ? "average" : "each");
  json_put_bool(json, "kept_as_a_whole", board_kept(promise, sums));
  put_sum(json, sums->area, AREA_COUNT);
  json_put_i64(json, "running", board->now[row].running);
  json_put_i64(json, "in_danger", board->now[row].amber);
  json_put_i64(json, "broken_now", board->now[row].broken);
  write_areas(json, promise, sums);
  json_key(json, "parts");
  json_open_array(json);
  for (size_t i = 0; i < board->wish.part_count; i++) {
    size_t org;
    if (!people_org_row(board->orders->people, board->wish.parts[i], &org)) continue;
    json_open_object(json);
    json_put_id(json, "org_id", board->wish.parts[i]);
    json_put_text(json, "name", people_org(board->orders->people, org)->name);
    put_sum(json, &sums->part[i], 1);
    json_close(json);
  }
  json_close(json);
  json_key(json, "year_before");
  json_open_object(json);
  put_sum(json, board->before[row].area, AREA_COUNT);
  json_close(json);
  json_close(json);
}

/* The parts directly below the one that is looked at. */
static bool find_parts(Board *board, int64_t org, Error *error) {
  const People *people = board->orders->people;
  size_t count = people ? people_org_count(people) : 0;
  int16_t *part_of = ARENA_ARRAY(board->request->arena, int16_t, count + 1);
  int64_t *parts = ARENA_ARRAY(board->request->arena, int64_t, PARTS_MAX);
  if (!part_of || !parts) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "board");
  if (!org) org = board->request->who.org_id;
  for (size_t i = 0; i < count && board->wish.part_count < PARTS_MAX; i++)
    if (people_org(people, i)->parent_id == org) parts[board->wish.part_count++] = people_org(people, i)->id;
  for (size_t i = 0; i < count; i++) {
    part_of[i] = -1;
    for (size_t p = 0; p < board->wish.part_count; p++)
      if (people_org_within(people, people_org(people, i)->id, parts[p])) part_of[i] = (int16_t)p;
  }
  board->wish.part_of = part_of, board->wish.parts = parts;
  return true;
}

static bool sum_up(Board *board, Error *error) {
  size_t promises = book_promise_count(board->orders->book);
  Arena *arena = board->request->arena;
  board->now = ARENA_ARRAY(arena, BoardNow, promises + 1);
  board->sums = ARENA_ARRAY(arena, BoardSums, promises + 1), board->before = ARENA_ARRAY(arena, BoardSums, promises + 1);
  BoardSum *parts = ARENA_ARRAY(arena, BoardSum, promises * board->wish.part_count + 1);
  if (!board->now || !board->sums || !board->before || !parts) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "board");
  for (size_t p = 0; p < promises; p++) board->sums[p] = (BoardSums){.part = parts + p * board->wish.part_count}, board->before[p] = (BoardSums){0};
  board_now(board->orders, board->wish.orgs, board->request->now, board->now);
  return board_sums(board->sums, board->orders, board->request->db, &board->wish, error) &&
         board_sums(board->before, board->orders, board->request->db, &board->year_before, error);
}

static bool get_board(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  Json json;
  Instant from, to;
  int64_t org;
  Board board = {.request = request, .orders = orders, .json = &json};
  if (!query_days(request, &from, &to, error) || !http_query_i64(request, "org", 0, 1, INT64_MAX, &org, error) ||
      !page_orgs(&board.wish.orgs, request, orders, org, error) || !find_parts(&board, org, error))
    return false;
  board.wish.from_day = board_day(from), board.wish.to_day = board_day(to), board.wish.root = page_root(request, orders, org);
  board.year_before = (BoardWish){.from_day = board_day(query_year_before(from)), .to_day = board_day(query_year_before(to)), .orgs = board.wish.orgs,
                                  .root = board.wish.root};
  if (!sum_up(&board, error)) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "from_day", board.wish.from_day);
  json_put_i64(&json, "to_day", board.wish.to_day);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < book_promise_count(orders->book); i++)
    if (book_promise(orders->book, i)->in_force) write_promise_figures(&board, i);
  json_close(&json);
  json_close(&json);
  return true;
}

typedef struct Broken {
  Json *json;
} Broken;

static void write_broken(void *self, const BrokenClock *broken) {
  Broken *list = self;
  char number[24];
  snprintf(number, sizeof number, "%lld", (long long)broken->number);
  json_open_object(list->json);
  json_put_id(list->json, "order_id", broken->order.value);
  json_put_string(list->json, "number", number);
  json_put_id(list->json, "org_id", broken->org_id);
  json_put_text(list->json, "clock", broken->clock);
  json_put_instant(list->json, "started", broken->started_at);
  json_put_instant(list->json, "ended", broken->ended_at);
  json_put_i64(list->json, "used_s", broken->used / SPAN_SECOND);
  json_put_i64(list->json, "limit_s", broken->limit / SPAN_SECOND);
  json_close(list->json);
}

static bool get_broken(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  Json json;
  Instant from, to;
  int64_t org, limit;
  Broken list = {.json = &json};
  size_t row = 0;
  while (row < book_promise_count(orders->book) && !text_equal(book_promise(orders->book, row)->origin.id, request->argument[0])) row++;
  if (row == book_promise_count(orders->book)) return error_raise(error, ERROR_NOT_FOUND, "promise\t%.*s", TEXT_ARG(text_cut(request->argument[0], 60)));
  if (!query_days(request, &from, &to, error) || !http_query_i64(request, "org", 0, 1, INT64_MAX, &org, error) ||
      !http_query_i64(request, "limit", 100, 1, 500, &limit, error))
    return false;
  if (org && orders->people && !people_org_row(orders->people, org, &row)) return error_raise(error, ERROR_NOT_FOUND, "org\t%lld", (long long)org);
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  if (!store_broken(request->db, orders->county_id, page_root(request, orders, org), request->argument[0], from, to + SPAN_DAY, limit, write_broken, &list, error))
    return false;
  json_close(&json);
  json_close(&json);
  return true;
}

const HttpRoute BOARD_ROUTES[] = {
    {.method = "GET",
     .path = "/api/v1/promises/board",
     .flags = HTTP_SLOW,
     .summary = "The promises board: kept, broken, in danger, against the year before",
     .query = "from to org",
     .reply_schema = SCHEMA_BOARD,
     .read = get_board},
    {.method = "GET",
     .path = "/api/v1/promises/{id}/broken",
     .flags = HTTP_SLOW,
     .summary = "The orders on which a promise was broken",
     .query = "from to org limit",
     .reply_schema = SCHEMA_BROKEN,
     .read = get_broken},
    {.method = NULL},
};
