/* Figures of kinds against the year before, and satisfaction in its dimensions. */
#include <math.h>
#include <stdio.h>

#include "order/board.h"
#include "order/order_page.h"
#include "order/order_schemas.h"

enum { FIGURES_MAX = 64, FIGURE_NAME = 64 };

typedef struct Figure {
  char id[FIGURE_NAME];
  int64_t n, of;
  double total;
} Figure;
typedef struct Figures {
  const Orders *orders;
  const bool *orgs;
  size_t count;
  Figure at[FIGURES_MAX];
} Figures;

static void add_figure(void *self, const FigureSum *sum) {
  Figures *figures = self;
  size_t row, i = 0;
  if (figures->orgs && sum->org_id && people_org_row(figures->orders->people, sum->org_id, &row) && !figures->orgs[row]) return;
  while (i < figures->count && !text_is(sum->figure, figures->at[i].id)) i++;
  if (i == FIGURES_MAX) return;
  Figure *figure = &figures->at[i];
  if (i == figures->count) {
    figures->count++;
    *figure = (Figure){.n = 0};
    snprintf(figure->id, sizeof figure->id, "%.*s", TEXT_ARG(sum->figure));
  }
  figure->n += sum->n, figure->of += sum->of, figure->total += sum->total;
}

static void put_names(Json *json, const OrderKind *kind, const char *id) {
  static const struct {
    const char *id, *zh, *en;
  } STANDARD[] = {{"accepted", "受理", "Accepted"},
                  {"archived", "归档", "Archived"},
                  {"repeat", "重复诉求率", "Repeated matters"},
                  {"reopened", "重新打开", "Opened again"},
                  {"visits_kept", "临柜次数达标率", "Visits within the promise"},
                  {"outcome.satisfied", "办结: 满意", "Closed: satisfied"},
                  {"outcome.unanswered", "办结: 三次未接", "Closed: three calls not answered"},
                  {"outcome.anonymous", "办结: 匿名评价", "Closed: answered anonymously"},
                  {"outcome.withdrawn", "办结: 撤销", "Closed: withdrawn"}};
  Text zh = text_of(id), en = text_of(id);
  for (size_t i = 0; i < sizeof STANDARD / sizeof *STANDARD; i++)
    if (strcmp(STANDARD[i].id, id) == 0) zh = text_of(STANDARD[i].zh), en = text_of(STANDARD[i].en);
  for (size_t i = 0; i < kind->count_count; i++)
    if (text_is(kind->counts[i].id, id)) zh = kind->counts[i].name_zh, en = kind->counts[i].name_en;
  json_put_string(json, "id", id);
  json_put_text(json, "name_zh", zh);
  json_put_text(json, "name_en", en);
}

static void put_figure(Json *json, const Figure *figure) {
  json_put_i64(json, "n", figure->n);
  json_put_i64(json, "of", figure->of);
  json_put_f64(json, "rate", figure->of ? (double)figure->n / (double)figure->of : (double)NAN, 6);
  json_put_f64(json, "total", figure->total, 3);
}

static void write_figures(Json *json, const OrderKind *kind, const Figures *now, const Figures *before) {
  json_open_object(json);
  json_put_text(json, "kind", kind->origin.id);
  json_put_text(json, "name_zh", kind->origin.name_zh);
  json_put_text(json, "name_en", kind->origin.name_en);
  json_put_text(json, "group", kind->group);
  json_key(json, "figures");
  json_open_array(json);
  for (size_t i = 0; i < now->count; i++) {
    Figure then = {.n = 0};
    for (size_t b = 0; b < before->count; b++)
      if (strcmp(before->at[b].id, now->at[i].id) == 0) then = before->at[b];
    json_open_object(json);
    put_names(json, kind, now->at[i].id);
    put_figure(json, &now->at[i]);
    json_key(json, "year_before");
    json_open_object(json);
    put_figure(json, &then);
    json_close(json);
    json_close(json);
  }
  json_close(json);
  json_close(json);
}

static bool get_figures(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  Instant from, to;
  int64_t org;
  const bool *orgs;
  Text wanted = http_query(request, "kind");
  if (wanted.at && !book_kind_of(orders->book, wanted))
    return error_raise(error, ERROR_NOT_FOUND, "kind\t%.*s", (int)(wanted.len < 60 ? wanted.len : 60), wanted.at);
  Figures *now = ARENA_NEW(request->arena, Figures), *before = ARENA_NEW(request->arena, Figures);
  if (!now || !before) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "figures");
  if (!query_days(request, &from, &to, error) || !http_query_i64(request, "org", 0, 1, INT64_MAX, &org, error) ||
      !page_orgs(&orgs, request, orders, org, error))
    return false;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "from_day", board_day(from));
  json_put_i64(&json, "to_day", board_day(to));
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t k = 0; k < book_kind_count(orders->book); k++) {
    const OrderKind *kind = book_kind(orders->book, k);
    if (wanted.at && !text_equal(wanted, kind->origin.id)) continue;
    *now = *before = (Figures){.orders = orders, .orgs = orgs};
    if (!store_figures(request->db, orders->county_id, kind->origin.id, board_day(from), board_day(to), add_figure, now, error) ||
        !store_figures(request->db, orders->county_id, kind->origin.id, board_day(query_year_before(from)),
                       board_day(query_year_before(to)), add_figure, before, error))
      return false;
    if (now->count || before->count) write_figures(&json, kind, now, before);
  }
  json_close(&json);
  json_close(&json);
  return true;
}

/* --- satisfaction --- */

enum { DIMENSIONS_MAX = 16, ANONYMOUS_LEAST = 5 }; /* fewer anonymous answers are not shown: they would not be anonymous */
typedef struct Answers {
  int64_t answers, satisfied, scores[DIMENSIONS_MAX], sum[DIMENSIONS_MAX];
} Answers;
typedef struct Gathering {
  const Orders *orders;
  const Survey *survey;
  const bool *orgs;
  Text kind;
  Answers named, anonymous;
} Gathering;

static void add_answer(void *self, const Satisfaction *said) {
  Gathering *all = self;
  size_t row;
  if (all->orgs && said->org_id && people_org_row(all->orders->people, said->org_id, &row) && !all->orgs[row]) return;
  if (all->kind.at && !text_equal(all->kind, said->kind)) return;
  Answers *answers = said->order.value ? &all->named : &all->anonymous;
  answers->answers++;
  answers->satisfied += text_is(said->answer, "satisfied");
  json_t *scores = json_loadb(said->scores.at, said->scores.len, 0, NULL);
  for (size_t i = 0; i < all->survey->dimension_count && i < DIMENSIONS_MAX; i++) {
    const json_t *score = json_object_get(scores, all->survey->dimensions[i].id);
    if (json_is_integer(score)) answers->scores[i]++, answers->sum[i] += json_integer_value(score);
  }
  json_decref(scores);
}

static void write_answers(Json *json, const char *key, const Survey *survey, const Answers *answers, bool hide) {
  json_key(json, key);
  json_open_object(json);
  json_put_i64(json, "answers", answers->answers);
  json_put_bool(json, "hidden", hide);
  json_put_i64(json, "satisfied", hide ? 0 : answers->satisfied);
  json_put_f64(json, "rate", hide || !answers->answers ? (double)NAN : (double)answers->satisfied / (double)answers->answers, 6);
  json_key(json, "dimensions");
  json_open_array(json);
  for (size_t i = 0; i < survey->dimension_count && i < DIMENSIONS_MAX; i++) {
    json_open_object(json);
    json_put_string(json, "id", survey->dimensions[i].id);
    json_put_string(json, "name_zh", survey->dimensions[i].name_zh);
    json_put_string(json, "name_en", survey->dimensions[i].name_en);
    json_put_i64(json, "answers", hide ? 0 : answers->scores[i]);
    json_put_f64(json, "average", hide || !answers->scores[i] ? (double)NAN : (double)answers->sum[i] / (double)answers->scores[i], 3);
    json_close(json);
  }
  json_close(json);
  json_close(json);
}

static bool get_satisfaction(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  Instant from, to;
  int64_t org;
  Gathering all = {.orders = orders, .survey = book_survey(orders->book), .kind = http_query(request, "kind")};
  if (!all.survey) return error_raise(error, ERROR_NOT_FOUND, "rules\tsurveys/satisfaction.yaml");
  if (!query_days(request, &from, &to, error) || !http_query_i64(request, "org", 0, 1, INT64_MAX, &org, error) ||
      !page_orgs(&all.orgs, request, orders, org, error) ||
      !store_satisfaction(request->db, orders->county_id, board_day(from) / 100 * 100, board_day(to), add_answer, &all, error))
    return false;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  write_answers(&json, "named", all.survey, &all.named, false);
  write_answers(&json, "anonymous", all.survey, &all.anonymous, all.anonymous.answers < ANONYMOUS_LEAST);
  json_close(&json);
  return true;
}

const HttpRoute FIGURE_ROUTES[] = {
    {.method = "GET",
     .path = "/api/v1/orders/figures",
     .flags = HTTP_SLOW,
     .summary = "Figures of every kind of order, against the year before",
     .query = "kind from to org",
     .reply_schema = SCHEMA_FIGURES,
     .read = get_figures},
    {.method = "GET",
     .path = "/api/v1/satisfaction",
     .flags = HTTP_SLOW,
     .summary = "Satisfaction by dimension, by name and anonymous apart; whole months",
     .query = "kind from to org",
     .reply_schema = SCHEMA_SATISFACTION,
     .read = get_satisfaction},
    {.method = NULL},
};
