/* Links for call-backs, the reward fund, and the land registry's message. */
#include <stdio.h>

#include "order/order_list.h"
#include "order/order_page.h"
#include "order/order_schemas.h"
#include "order/order_write.h"

/* --- a link --- */

typedef struct LinkCommand {
  Orders *orders;
  OrderId order;
  int64_t org_id;
  char token[SURVEY_TOKEN_TEXT];
  Instant expires;
} LinkCommand;

static bool decode_link(HttpRequest *request, void **out, void *room, Error *error) {
  LinkCommand *command = ARENA_NEW(request->arena, LinkCommand);
  if (!command) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "link");
  command->orders = room;
  command->org_id = request->who.org_id;
  *out = command;
  return http_argument_id(request, 0, "order", &command->order.value, error);
}

static bool work_link(DeskContext *context, void *self, Error *error) {
  LinkCommand *command = self;
  const Order *order = order_find(command->orders, command->order);
  if (order && order->org != ORDER_NO_ORG && command->org_id &&
      !people_org_within(command->orders->people, people_org(command->orders->people, order->org)->id, command->org_id))
    return error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(people_org(command->orders->people, order->org)->name));
  return survey_link(context, command->orders, command->order, command->token, &command->expires, error);
}

static bool encode_link(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  const LinkCommand *command = self;
  char path[64];
  Json json;
  snprintf(path, sizeof path, "/survey/%s", command->token);
  reply->status = 201;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_string(&json, "token", command->token);
  json_put_string(&json, "path", path);
  json_put_instant(&json, "expires", command->expires);
  json_close(&json);
  return true;
}

void survey_write_dimensions(Json *json, const Survey *survey) {
  json_key(json, "dimensions");
  json_open_array(json);
  for (size_t i = 0; survey && i < survey->dimension_count; i++) {
    json_open_object(json);
    json_put_string(json, "id", survey->dimensions[i].id);
    json_put_string(json, "name_zh", survey->dimensions[i].name_zh);
    json_put_string(json, "name_en", survey->dimensions[i].name_en);
    json_close(json);
  }
  json_close(json);
}

static bool get_survey(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  SurveyLink link;
  bool found;
  Json json;
  if (!survey_find(&found, &link, request->db, orders->county_id, request->argument[0], error)) return false;
  if (!found) return error_raise(error, ERROR_SURVEY_LINK, "%s", "不存在" ERROR_BOTH "there is none");
  const Order *order = order_find(orders, link.order);
  bool open = order && order_waits_for_callback(order);
  char number[24] = "";
  if (order) snprintf(number, sizeof number, "%lld", (long long)order->number);
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_string(&json, "state", link.used ? "used" : request->now > link.expires_at ? "expired" : open ? "open" : "ended");
  json_put_string(&json, "number", open && !link.used ? number : NULL); /* a link that is used tells nothing more */
  json_put_text(&json, "kind_zh", open && !link.used ? order->kind->origin.name_zh : TEXT_NONE);
  json_put_text(&json, "kind_en", open && !link.used ? order->kind->origin.name_en : TEXT_NONE);
  json_put_instant(&json, "expires", link.expires_at);
  survey_write_dimensions(&json, book_survey(orders->book));
  json_close(&json);
  return true;
}

typedef struct AnswerCommand {
  Orders *orders;
  SurveyAnswer said;
} AnswerCommand;

static bool decode_answer(HttpRequest *request, void **out, void *room, Error *error) {
  AnswerCommand *command = ARENA_NEW(request->arena, AnswerCommand);
  if (!command) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "survey");
  command->orders = room;
  command->said = (SurveyAnswer){request->argument[0], http_body_text(request->body, "answer"), http_body_text(request->body, "note"),
                                 json_object_get(request->body, "scores"), http_body_bool(request->body, "anonymous", false)};
  if (json_is_null(command->said.scores)) command->said.scores = NULL;
  *out = command;
  return true;
}

static bool work_answer(DeskContext *context, void *self, Error *error) {
  AnswerCommand *command = self;
  return survey_answer(context, command->orders, &command->said, error);
}

static bool encode_taken(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)self, (void)room, (void)error;
  buffer_string(&reply->body, "{\"taken\":true}");
  return true;
}

/* --- the reward fund --- */

typedef struct FundCommand {
  Orders *orders;
  int64_t amount_fen;
  Text note;
} FundCommand;

static bool decode_fund(HttpRequest *request, void **out, void *room, Error *error) {
  FundCommand *command = ARENA_NEW(request->arena, FundCommand);
  if (!command) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "fund");
  const People *people = ((const Orders *)room)->people;
  if (people && !people_org_whole(people, request->who.org_id)) return error_raise(error, ERROR_FORBIDDEN_PLACE, "%s", "全公司" ERROR_BOTH "the whole company");
  *command = (FundCommand){room, http_body_i64(request->body, "amount_fen", 0), http_body_text(request->body, "note")};
  *out = command;
  return true;
}

static bool work_fund(DeskContext *context, void *self, Error *error) {
  const FundCommand *command = self;
  char data[64];
  snprintf(data, sizeof data, "{\"amount_fen\":%lld}", (long long)command->amount_fen);
  return fund_add(context, (OrderId){0}, command->amount_fen, command->note, error) &&
         desk_event(context, "fund.added", "fund", context->county_id, text_of(data), error);
}

typedef struct FundPage {
  HttpRequest *request;
  const Orders *orders;
  Json *json;
} FundPage;

/* The fund is the whole company's; which order was rewarded, is its own part's business. */
static bool may_name(const FundPage *page, OrderId order) {
  int64_t org;
  bool found;
  Error error = {0};
  if (!order.value || !page->request->who.org_id) return true;
  return store_order_org(&found, &org, page->request->db, page->orders->county_id, order, &error) && found &&
         people_org_within(page->orders->people, org, page->request->who.org_id);
}

static void write_entry(void *self, const FundEntry *entry) {
  const FundPage *page = self;
  Json *json = page->json;
  json_open_object(json);
  json_put_id(json, "id", entry->id);
  json_put_instant(json, "at", entry->at);
  json_put_id(json, "order_id", may_name(page, entry->order) ? entry->order.value : 0);
  json_put_i64(json, "amount_fen", entry->amount_fen);
  json_put_i64(json, "balance_fen", entry->balance_fen);
  json_put_text(json, "note", entry->note);
  json_close(json);
}

static bool get_fund(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  int64_t balance, limit;
  Json json;
  if (!http_query_i64(request, "limit", 100, 1, 500, &limit, error) || !store_fund_balance(&balance, request->db, orders->county_id, error))
    return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "balance_fen", balance);
  json_key(&json, "items");
  json_open_array(&json);
  bool ok = store_fund(request->db, orders->county_id, limit, write_entry, &(FundPage){request, orders, &json}, error);
  json_close(&json);
  json_close(&json);
  return ok;
}

/* --- the land registry: the account follows a sold house --- */

typedef struct TransferCommand {
  Orders *orders;
  int64_t org_id;
  const json_t *body;
  uint32_t position;
  CustomerId customer;
  OrderId id;
} TransferCommand;

static bool decode_transfer(HttpRequest *request, void **out, void *room, Error *error) {
  TransferCommand *command = ARENA_NEW(request->arena, TransferCommand);
  if (!command) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  command->orders = room;
  command->body = request->body;
  command->org_id = request->who.org_id;
  const People *people = command->orders->people;
  Text number = http_body_text(request->body, "customer_number");
  if (!people || !people_position_of_number(people, number, &command->position)) {
    error_raise(error, ERROR_NOT_FOUND, "户号" ERROR_BOTH "customer\t%.*s", TEXT_ARG(number));
    return error_at(error, "%s", "$.customer_number");
  }
  Customer customer;
  people_customer(people, command->position, &customer);
  command->customer = customer.id;
  *out = command;
  return true;
}

static bool work_transfer(DeskContext *context, void *self, Error *error) {
  TransferCommand *command = self;
  bool again;
  static const char *const KEYS[] = {"registry_number", "new_owner", "new_phone", "sold_on"};
  json_t *fields = json_object();
  bool ok = fields != NULL;
  for (size_t i = 0; ok && i < sizeof KEYS / sizeof *KEYS; i++)
    ok = json_object_set(fields, KEYS[i], json_object_get(command->body, KEYS[i])) == 0;
  OrderAccept accept = {.kind = TEXT("house_transfer"),
                        .customer = command->customer,
                        .device = GRID_NONE,
                        .source = TEXT("land_registry"),
                        .fields = fields,
                        .org_id = command->org_id};
  ok = ok ? order_accept(context, command->orders, &accept, &command->id, &again, error)
          : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  json_decref(fields);
  return ok;
}

static bool encode_transfer(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  (void)error;
  const LiveEntry *entry = live_find(&orders->live, ((TransferCommand *)self)->id);
  Json json;
  ClockSet clocks;
  reply->status = 201;
  live_get_clocks(&orders->live, entry, &clocks);
  json_begin(&json, &reply->body);
  write_summary(&json, orders, &entry->order, &clocks, request->arena, request->now);
  return true;
}

const HttpRoute SURVEY_ROUTES[] = {
    {.method = "POST",
     .path = "/api/v1/orders/{id}/survey-links",
     .summary = "A link by which the customer answers the call-back, once, without signing in",
     .roles = KIND_ROLE_AGENT | KIND_ROLE_DISPATCHER | KIND_ROLE_MANAGER,
     .reply_schema = SCHEMA_LINK,
     .decode = decode_link,
     .work = work_link,
     .encode = encode_link},
    {.method = "GET",
     .path = "/api/v1/survey/{token}",
     .flags = HTTP_PUBLIC,
     .summary = "What the link asks",
     .reply_schema = SCHEMA_SURVEY,
     .read = get_survey},
    {.method = "POST",
     .path = "/api/v1/survey/{token}",
     .flags = HTTP_PUBLIC | HTTP_FORM,
     .summary = "The customer's answer, by name or anonymously",
     .request_schema = SCHEMA_SURVEY_ANSWER,
     .reply_schema = SCHEMA_THANKS,
     .decode = decode_answer,
     .work = work_answer,
     .encode = encode_taken},
    {.method = "GET",
     .path = "/api/v1/fund",
     .summary = "The reward fund: balance and movements",
     .query = "limit",
     .reply_schema = SCHEMA_FUND,
     .read = get_fund},
    {.method = "POST",
     .path = "/api/v1/fund",
     .flags = HTTP_KEYED,
     .roles = KIND_ROLE_HEAD | KIND_ROLE_ADMINISTRATOR,
     .summary = "Money comes into the reward fund",
     .request_schema = SCHEMA_FUND_IN,
     .reply_schema = SCHEMA_THANKS,
     .decode = decode_fund,
     .work = work_fund,
     .encode = encode_taken},
    {.method = "POST",
     .path = "/api/v1/land-registry/transfers",
     .flags = HTTP_KEYED,
     .roles = KIND_ROLE_AGENT | KIND_ROLE_ADMINISTRATOR,
     .summary = "The land registry says that a house was sold: its account is transferred, or refused with the reasons",
     .request_schema = SCHEMA_TRANSFER,
     .reply_schema = SCHEMA_ORDER,
     .decode = decode_transfer,
     .work = work_transfer,
     .encode = encode_transfer},
    {.method = NULL},
};
