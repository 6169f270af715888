/* Figures of kinds against the year before, and satisfaction in its dimensions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "order/answer.h"
#include "order/board.h"
#include "order/order_page.h"
#include "order/order_schemas.h"
#include "order/roll.h"

enum { FIGURES_MAX = 64, FIGURE_NAME = 64 };

typedef struct Figure {
  char id[FIGURE_NAME];
  int64_t n, of;
  double total;
} Figure;
typedef struct Figures { /* of one kind */
  size_t count;
  Figure at[FIGURES_MAX];
} Figures;
typedef struct Gathered {
  const Orders *orders;
  Figures *by_kind;
} Gathered;

static bool add_figure(void *self, const RollEntry *sum) {
  Gathered *all = self;
  size_t i = 0;
  const OrderKind *kind = book_kind_of(all->orders->book, sum->name);
  if (!kind) return true;
  Figures *figures = &all->by_kind[kind->row];
  while (i < figures->count && !text_is(sum->figure, figures->at[i].id)) i++;
  if (i == FIGURES_MAX) return true;
  Figure *figure = &figures->at[i];
  if (i == figures->count) {
    figures->count++;
    *figure = (Figure){.n = 0};
    snprintf(figure->id, sizeof figure->id, "%.*s", TEXT_ARG(sum->figure));
  }
  figure->n += sum->n, figure->of += sum->of, figure->total += sum->total;
  return true;
}

static int by_id(const void *a, const void *b) { return strcmp(((const Figure *)a)->id, ((const Figure *)b)->id); }

/* By row of the book's kinds. */
static bool read_figures(Gathered *all, Db *db, const FigureWish *wish, Error *error) {
  for (size_t k = 0; k < book_kind_count(all->orders->book); k++) all->by_kind[k].count = 0;
  if (!board_figures(all->orders, db, wish, add_figure, all, error)) return false;
  for (size_t k = 0; k < book_kind_count(all->orders->book); k++) {
    Figures *figures = &all->by_kind[k];
    size_t kept = 0;
    for (size_t i = 0; i < figures->count; i++) /* of a month without some days nothing may be left */
      if (figures->at[i].of) figures->at[kept++] = figures->at[i];
    figures->count = kept;
    qsort(figures->at, kept, sizeof *figures->at, by_id);
  }
  return true;
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
  FigureWish wish = {.kind = http_query(request, "kind")};
  Text wanted = wish.kind;
  if (wanted.at && !book_kind_of(orders->book, wanted))
    return error_raise(error, ERROR_NOT_FOUND, "kind\t%.*s", (int)(wanted.len < 60 ? wanted.len : 60), wanted.at);
  size_t kinds = book_kind_count(orders->book);
  Figures *now = ARENA_ARRAY(request->arena, Figures, kinds + 1), *before = ARENA_ARRAY(request->arena, Figures, kinds + 1);
  if (!now || !before) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "figures");
  if (!query_days(request, &from, &to, error) || !http_query_i64(request, "org", 0, 1, INT64_MAX, &org, error) ||
      !page_orgs(&wish.orgs, request, orders, org, error))
    return false;
  wish.from_day = board_day(from), wish.to_day = board_day(to), wish.root = page_root(request, orders, org);
  FigureWish year_before = wish;
  year_before.from_day = board_day(query_year_before(from)), year_before.to_day = board_day(query_year_before(to));
  if (!read_figures(&(Gathered){orders, now}, request->db, &wish, error) ||
      !read_figures(&(Gathered){orders, before}, request->db, &year_before, error))
    return false;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "from_day", board_day(from));
  json_put_i64(&json, "to_day", board_day(to));
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t k = 0; k < kinds; k++)
    if (now[k].count || before[k].count) write_figures(&json, book_kind(orders->book, k), &now[k], &before[k]);
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

/* Sums of whole months. */
static bool add_answers(void *self, const RollEntry *sum) {
  Gathering *all = self;
  if (all->kind.at && !text_equal(all->kind, sum->name)) return true;
  Answers *answers = ANSWER_NAMED(sum) ? &all->named : &all->anonymous;
  if (!sum->figure.len) answers->answers += sum->of, answers->satisfied += sum->n;
  for (size_t i = 0; i < all->survey->dimension_count && i < DIMENSIONS_MAX; i++)
    if (text_is(sum->figure, all->survey->dimensions[i].id)) answers->scores[i] += sum->of, answers->sum[i] += sum->n;
  return true;
}

static bool read_answers(Gathering *all, Db *db, int64_t root, int32_t from, int32_t to, Error *error) {
  const Orders *orders = all->orders;
  int32_t until;
  if (!store_rolled(&until, db, orders->county_id, orders->tree, error)) return false;
  if (until < 0) return store_satisfaction(db, orders->county_id, from / 100 * 100, to / 100 * 100 + 31, add_answer, all, error);
  return store_answers(db, orders->county_id, root, from / 100, to / 100, add_answers, all, error) &&
         (root <= 0 || store_answers(db, orders->county_id, ROLL_ELSEWHERE, from / 100, to / 100, add_answers, all, error));
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
  if (all.kind.at && !book_kind_of(orders->book, all.kind)) return error_raise(error, ERROR_NOT_FOUND, "kind\t%.*s", TEXT_ARG(text_cut(all.kind, 60)));
  if (!query_days(request, &from, &to, error) || !http_query_i64(request, "org", 0, 1, INT64_MAX, &org, error) ||
      !page_orgs(&all.orgs, request, orders, org, error) ||
      !read_answers(&all, request->db, page_root(request, orders, org), board_day(from), board_day(to), error))
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
