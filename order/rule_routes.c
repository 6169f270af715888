/* The rules page: which promise applies where, from which source, in which version. */
#include <stdio.h>

#include "order/book.h"
#include "order/order_page.h"
#include "order/order_schemas.h"
#include "order/order_write.h"

/* "fault_repair.arrive": the clocks that run on it. */
static void write_users(Json *json, const RuleBook *book, const Promise *promise) {
  json_key(json, "used_by");
  json_open_array(json);
  for (size_t k = 0; k < book_kind_count(book); k++) {
    const OrderKind *kind = book_kind(book, k);
    for (size_t c = 0; c < kind->clock_count; c++) {
      bool uses = kind->clocks[c].promise == promise;
      for (size_t a = 0; a < kind->clocks[c].also_count; a++) uses |= kind->clocks[c].also[a] == promise;
      if (!uses) continue;
      char name[160];
      snprintf(name, sizeof name, "%.*s.%.*s", TEXT_ARG(kind->origin.id), TEXT_ARG(kind->clocks[c].id));
      json_text(json, text_of(name));
    }
  }
  json_close(json);
}

/* Orders that run under this version of the kind, and under older ones. */
typedef struct Running {
  int64_t now, older;
} Running;
static void count_running(const Orders *orders, Running *by_kind) {
  for (size_t i = 0; i < order_count(orders); i++) {
    const Order *order = order_at(orders, i);
    const OrderKind *kind = order->kind->book == book_id(orders->book) ? order->kind : book_kind_of(orders->book, order->kind->origin.id);
    if (!kind) continue;
    if (kind == order->kind)
      by_kind[kind->row].now++;
    else
      by_kind[kind->row].older++;
  }
}

static void write_kinds(Json *json, const Orders *orders, const Running *running) {
  json_key(json, "kinds");
  json_open_array(json);
  for (size_t k = 0; k < book_kind_count(orders->book); k++) {
    const OrderKind *kind = book_kind(orders->book, k);
    json_open_object(json);
    write_origin(json, &kind->origin);
    json_put_text(json, "group", kind->group);
    json_put_i64(json, "running", running[kind->row].now);
    json_put_i64(json, "running_older", running[kind->row].older);
    json_close(json);
  }
  json_close(json);
}

static void write_survey(Json *json, const Survey *survey) {
  json_key(json, "survey");
  if (!survey) {
    json_nil(json);
    return;
  }
  json_open_object(json);
  write_origin(json, &survey->origin);
  json_put_i64(json, "days", survey->valid / SPAN_DAY);
  survey_write_dimensions(json, survey);
  json_close(json);
}

static bool get_rules(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  const RuleBook *book = orders->book;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_text(&json, "region", book_region(book));
  json_put_text(&json, "as_of", book->as_of);
  json_put_id(&json, "book", book_id(book));
  json_key(&json, "promises");
  json_open_array(&json);
  for (size_t i = 0; i < book_promise_count(book); i++) {
    const Promise *promise = book_promise(book, i);
    write_promise_into(&json, promise, book_calendar_name(book, promise->calendar));
    write_users(&json, book, promise);
    json_close(&json);
  }
  json_close(&json);
  Running *running = ARENA_ARRAY(request->arena, Running, book_kind_count(book) + 1);
  if (!running) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
  count_running(orders, running);
  write_kinds(&json, orders, running);
  json_key(&json, "calendars");
  json_open_array(&json);
  for (size_t i = 0; i < book->calendars.count; i++) {
    json_open_object(&json);
    write_origin(&json, &book->calendars.at[i].origin);
    json_close(&json);
  }
  json_close(&json);
  write_survey(&json, book_survey(book));
  json_close(&json);
  return true;
}

const HttpRoute RULE_ROUTES[] = {
    {.method = "GET",
     .path = "/api/v1/rules",
     .summary = "Which promise applies where, from which source, in which version; kinds, calendars, what is asked",
     .reply_schema = SCHEMA_RULES,
     .read = get_rules},
    {.method = NULL},
};
