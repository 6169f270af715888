/* Spreadsheets of the lists and boards, in the reader's language. */
#include <math.h>
#include <stdio.h>

#include "interop/sheet.h"
#include "order/board.h"
#include "order/order_list.h"
#include "order/order_page.h"

enum { ROWS_MAX = 50000 };
#define IN(request, zh, en) ((request)->language == LANGUAGE_ZH ? (zh) : (en))

static Text name_in(const HttpRequest *request, Text zh, Text en) { return request->language == LANGUAGE_ZH ? zh : en; }

static bool finish(SheetBook *book, HttpReply *reply, const char *name, Error *error) {
  reply->content_type = SHEET_MEDIA_TYPE;
  http_reply_header(reply, "Content-Disposition", "attachment; filename=\"%s.xlsx\"", name);
  return sheet_finish(book, &reply->body, error);
}

static Text what_name(const HttpRequest *request, const Order *order) {
  for (size_t i = 0; order->what != ORDER_NO_CHOICE && i < order->kind->form_count; i++)
    if (text_is(order->kind->form[i].id, "what") && order->what < order->kind->form[i].choice_count)
      return name_in(request, text_of(order->kind->form[i].choices[order->what].name_zh),
                     text_of(order->kind->form[i].choices[order->what].name_en));
  return TEXT_NONE;
}

static Text org_name(const Orders *orders, uint32_t org) { return org != ORDER_NO_ORG ? people_org(orders->people, org)->name : TEXT_NONE; }

static void order_row(SheetBook *book, HttpRequest *request, const Orders *orders, const LiveEntry *entry) {
  const Order *order = &entry->order;
  char number[24];
  uint32_t clock = LIVE_NONE;
  Instant due = live_nearest_due(&orders->live, entry, &clock);
  Customer customer = {.number = TEXT_NONE};
  if (order->position != CUSTOMER_NONE) people_customer(orders->people, order->position, &customer);
  snprintf(number, sizeof number, "%lld", (long long)order->number);
  sheet_text(book, text_of(number));
  sheet_text(book, name_in(request, order->kind->origin.name_zh, order->kind->origin.name_en));
  sheet_text(book, what_name(request, order));
  sheet_text(book, name_in(request, order->kind->states[order->state].name_zh, order->kind->states[order->state].name_en));
  sheet_text(book, customer.number);
  sheet_text(book, org_name(orders, order->org));
  sheet_text(book, org_name(orders, order->to_org));
  sheet_time(book, order->accepted_at);
  if (clock != LIVE_NONE) {
    const KindClock *kind = &order->kind->clocks[orders->live.clocks.at[clock].clock];
    sheet_text(book, name_in(request, kind->name_zh, kind->name_en));
    sheet_time(book, due);
    sheet_text(book, text_of(request->now > due ? IN(request, "已超期", "broken") : IN(request, "在办", "running")));
  } else {
    sheet_skip(book), sheet_skip(book), sheet_skip(book);
  }
  sheet_number(book, order->calls);
  sheet_number(book, order->repeats);
  sheet_number(book, order->reopened);
  sheet_row_end(book);
}

static bool sheet_orders(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  ListWish wish;
  SheetBook *book;
  if (!order_read_wish(&wish, request, orders, error)) return false;
  ListItem *items = ARENA_ARRAY(request->arena, ListItem, ROWS_MAX);
  if (!items) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orders");
  size_t count = list_open(orders, &wish, LIST_FROM_START, items, ROWS_MAX);
  const SheetColumn columns[] = {{IN(request, "工单号", "Number"), SHEET_TEXT, 18, 0},
                                 {IN(request, "类别", "Kind"), SHEET_TEXT, 16, 0},
                                 {IN(request, "内容", "About"), SHEET_TEXT, 16, 0},
                                 {IN(request, "状态", "State"), SHEET_TEXT, 14, 0},
                                 {IN(request, "户号", "Customer"), SHEET_TEXT, 16, 0},
                                 {IN(request, "网格", "Where"), SHEET_TEXT, 16, 0},
                                 {IN(request, "承办单位", "Dealt with by"), SHEET_TEXT, 16, 0},
                                 {IN(request, "受理时间", "Accepted"), SHEET_TIME, 20, 0},
                                 {IN(request, "最近时限", "Next promise"), SHEET_TEXT, 18, 0},
                                 {IN(request, "到期", "Due"), SHEET_TIME, 20, 0},
                                 {IN(request, "时限状态", "Promise"), SHEET_TEXT, 10, 0},
                                 {IN(request, "来电次数", "Calls"), SHEET_NUMBER, 9, 0},
                                 {IN(request, "重复诉求", "Repeats"), SHEET_NUMBER, 9, 0},
                                 {IN(request, "重启次数", "Reopened"), SHEET_NUMBER, 9, 0}};
  if (!sheet_open(&book, error)) return false;
  sheet_begin(book, IN(request, "在途工单", "Open orders"), columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < count; i++) order_row(book, request, orders, items[i].entry);
  return finish(book, reply, "orders", error);
}

static double rate_of(const BoardSum *sum) { return sum->measured ? 100.0 * (double)sum->kept / (double)sum->measured : (double)NAN; }

static void add_areas(BoardSum *out, const BoardSums *sums) {
  *out = (BoardSum){0};
  for (int area = 0; area < AREA_COUNT; area++)
    out->measured += sums->area[area].measured, out->kept += sums->area[area].kept, out->used += sums->area[area].used;
}

static bool sheet_promises(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  Instant from, to;
  int64_t org;
  BoardWish wish = {0}, before = {0};
  SheetBook *book;
  if (!query_days(request, &from, &to, error) || !http_query_i64(request, "org", 0, 1, INT64_MAX, &org, error) ||
      !page_orgs(&wish.orgs, request, orders, org, error))
    return false;
  wish.from_day = board_day(from), wish.to_day = board_day(to), wish.root = page_root(request, orders, org);
  before = (BoardWish){.from_day = board_day(query_year_before(from)), .to_day = board_day(query_year_before(to)), .orgs = wish.orgs, .root = wish.root};
  size_t promises = book_promise_count(orders->book) + 1;
  BoardNow *now = ARENA_ARRAY(request->arena, BoardNow, promises);
  BoardSums *sums = ARENA_ARRAY(request->arena, BoardSums, promises), *then = ARENA_ARRAY(request->arena, BoardSums, promises);
  if (!now || !sums || !then) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "board");
  memset(sums, 0, promises * sizeof *sums), memset(then, 0, promises * sizeof *then);
  if (!board_sums(sums, orders, request->db, &wish, error) || !board_sums(then, orders, request->db, &before, error)) return false;
  board_now(orders, wish.orgs, request->now, now);
  const SheetColumn columns[] = {{IN(request, "承诺", "Promise"), SHEET_TEXT, 26, 0},
                                 {IN(request, "来源", "Source"), SHEET_TEXT, 44, 0},
                                 {IN(request, "版本", "Version"), SHEET_TEXT, 8, 0},
                                 {IN(request, "考核", "Judged"), SHEET_TEXT, 8, 0},
                                 {IN(request, "应考核", "Measured"), SHEET_NUMBER, 10, 0},
                                 {IN(request, "兑现", "Kept"), SHEET_NUMBER, 10, 0},
                                 {IN(request, "未兑现", "Broken"), SHEET_NUMBER, 10, 0},
                                 {IN(request, "兑现率 %", "Rate %"), SHEET_NUMBER, 10, 2},
                                 {IN(request, "平均用时 (分)", "Average (min)"), SHEET_NUMBER, 14, 1},
                                 {IN(request, "去年同期 %", "A year before %"), SHEET_NUMBER, 14, 2},
                                 {IN(request, "在途", "Running"), SHEET_NUMBER, 9, 0},
                                 {IN(request, "将超期", "In danger"), SHEET_NUMBER, 9, 0},
                                 {IN(request, "已超期", "Broken now"), SHEET_NUMBER, 10, 0}};
  if (!sheet_open(&book, error)) return false;
  sheet_begin(book, IN(request, "服务承诺", "Promises"), columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < book_promise_count(orders->book); i++) {
    const Promise *promise = book_promise(orders->book, i);
    BoardSum sum, was;
    if (!promise->in_force) continue;
    add_areas(&sum, &sums[i]), add_areas(&was, &then[i]);
    sheet_text(book, name_in(request, promise->origin.name_zh, promise->origin.name_en));
    sheet_text(book, name_in(request, promise->origin.source_zh, promise->origin.source));
    sheet_text(book, promise->origin.version);
    sheet_text(book, text_of(promise->judged == JUDGED_AVERAGE ? IN(request, "平均", "average") : IN(request, "逐单", "each")));
    sheet_number(book, (double)sum.measured), sheet_number(book, (double)sum.kept), sheet_number(book, (double)(sum.measured - sum.kept));
    sheet_number(book, rate_of(&sum));
    sheet_number(book, sum.measured ? (double)sum.used / (double)sum.measured / (double)SPAN_MINUTE : (double)NAN);
    sheet_number(book, rate_of(&was));
    sheet_number(book, (double)now[i].running), sheet_number(book, (double)now[i].amber), sheet_number(book, (double)now[i].broken);
    sheet_row_end(book);
  }
  return finish(book, reply, "promises", error);
}

const HttpRoute SHEET_ROUTES[] = {
    {.method = "GET",
     .path = "/api/v1/exports/orders",
     .flags = HTTP_SLOW,
     .summary = "Open orders as a spreadsheet (.xlsx), by what slips first",
     .query = "state kind outage org to_org crew assigned repeated sort",
     .read = sheet_orders},
    {.method = "GET",
     .path = "/api/v1/exports/promises",
     .flags = HTTP_SLOW,
     .summary = "The promises board as a spreadsheet (.xlsx)",
     .query = "from to org",
     .read = sheet_promises},
    {.method = NULL},
};
