/* Call-back by link: a token of chance, of which only the hash is kept; used once. An anonymous answer is kept without order, customer and
 * day, under an id of chance; the order then only learns that it was answered. */
#include <sodium.h>
#include <stdio.h>

#include "http/schema.h"
#include "order/answer.h"
#include "order/board.h"
#include "order/order_list.h"

static void hash_token(unsigned char out[LINK_HASH_BYTES], Text token) {
  crypto_generichash(out, LINK_HASH_BYTES, (const unsigned char *)token.at, token.len, NULL, 0);
}

static bool refuse(Error *error, const char *why) { return error_raise(error, ERROR_SURVEY_LINK, "%s", why); }

bool survey_link(DeskContext *context, Orders *orders, OrderId id, char token[SURVEY_TOKEN_TEXT], Instant *expires, Error *error) {
  const Order *order = order_find(orders, id);
  const Survey *survey = book_survey(orders->book);
  unsigned char bytes[16];
  if (!order) return error_raise(error, ERROR_NOT_FOUND, "order\t%lld", (long long)id.value);
  if (!survey || !order_waits_for_callback(order))
    return refuse(error, "工单不在待回访状态" ERROR_BOTH "the order does not wait for a call-back");
  randombytes_buf(bytes, sizeof bytes);
  sodium_bin2hex(token, SURVEY_TOKEN_TEXT, bytes, sizeof bytes);
  SurveyLink link = {.id = desk_new_id(context), .order = id, .expires_at = context->now + survey->valid};
  hash_token(link.hash, text_of(token));
  *expires = link.expires_at;
  return store_insert_link(context, &link, error);
}

bool survey_find(bool *found, SurveyLink *link, Db *db, int64_t county_id, Text token, Error *error) {
  *link = (SurveyLink){0};
  hash_token(link->hash, token);
  return store_find_link(found, link, db, county_id, error);
}

static bool check_scores(const Survey *survey, const json_t *scores, Error *error) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)scores, key, value) {
    bool known = false;
    for (size_t i = 0; i < survey->dimension_count; i++) known |= strcmp(survey->dimensions[i].id, key) == 0;
    if (known && json_is_integer(value) && json_integer_value(value) >= 1 && json_integer_value(value) <= 5) continue;
    error_raise(error, known ? ERROR_FIELD_INVALID : ERROR_FIELD_UNKNOWN, "%.60s\t%s\t1, 2, 3, 4, 5", key, "?");
    return error_at(error, "$.scores.%.60s", key);
  }
  return true;
}

static bool keep_answer(DeskContext *context, Orders *orders, const Order *order, const SurveyAnswer *said, Error *error) {
  Buffer scores;
  buffer_begin(&scores, 0);
  if (said->scores) schema_write_json(&scores, said->scores, JSON_SORT_KEYS);
  int32_t day = board_day(context->now);
  Satisfaction row = {.id = desk_new_id(context),
                      .order = order->id,
                      .kind = order->kind->origin.id,
                      .period = day,
                      .answer = said->answer,
                      .org_id = order->org != ORDER_NO_ORG ? people_org(orders->people, order->org)->id : 0,
                      .scores = scores.len ? buffer_as_text(&scores) : TEXT("{}"),
                      .note = said->note};
  if (said->anonymous) { /* nothing that could lead back */
    uint64_t chance;
    randombytes_buf(&chance, sizeof chance);
    row.id = (int64_t)(chance >> 1 | 1);
    row.order = (OrderId){0};
    row.period = day / 100 * 100;
  }
  bool ok = !scores.failed ? store_insert_satisfaction(context, &row, error) && answers_add(context, orders, &row, error)
                           : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "survey");
  buffer_end(&scores);
  return ok;
}

bool survey_answer(DeskContext *context, Orders *orders, const SurveyAnswer *said, Error *error) {
  SurveyLink link;
  bool found;
  const Survey *survey = book_survey(orders->book);
  if (!survey_find(&found, &link, context->db, context->county_id, said->token, error)) return false;
  if (!found || !survey) return refuse(error, "不存在" ERROR_BOTH "there is none");
  if (link.used) return refuse(error, "已使用" ERROR_BOTH "it was used");
  if (context->now > link.expires_at) return refuse(error, "已过期" ERROR_BOTH "it has expired");
  const Order *order = order_find(orders, link.order);
  if (!order || !order_waits_for_callback(order)) return refuse(error, "工单已结束" ERROR_BOTH "the order has ended");
  if (!check_scores(survey, said->scores, error) || !keep_answer(context, orders, order, said, error) ||
      !store_use_link(context, link.id, error))
    return false;
  json_t *fields = json_object();
  bool ok =
      fields && json_object_set_new(fields, "answer",
                                    said->anonymous ? json_string("anonymous") : json_stringn(said->answer.at, said->answer.len)) == 0;
  if (ok && !said->anonymous && said->note.len) ok = json_object_set_new(fields, "note", json_stringn(said->note.at, said->note.len)) == 0;
  DeskContext theirs = *context;
  theirs.actor = TEXT("customer");
  OrderStep step = {.order = link.order, .step = TEXT("call_back"), .fields = fields, .roles = KIND_ROLE_CUSTOMER};
  ok = ok ? order_step(&theirs, orders, &step, error) : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "survey");
  json_decref(fields);
  return ok;
}
