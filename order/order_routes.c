#include "order/order_page.h"

#include <stdio.h>
#include <stdlib.h>

#include "order/order_schemas.h"
#include "order/order_write.h"

/* --- GET lists --- */

typedef struct Finding { /* of a query: people found by what was typed */
  CustomerMatch matches[STORE_CUSTOMERS_MAX];
  CustomerId customers[STORE_CUSTOMERS_MAX];
} Finding;

/* Texts typed: an order's number, or whatever finds customers. */
static bool wish_query(ListWish *wish, HttpRequest *request, const Orders *orders, Error *error) {
  Text typed = http_body_text(request->body, "q");
  if (!typed.at || text_trim(typed).len == 0) return true;
  typed = text_trim(typed);
  if (typed.len == 15 && text_to_i64(typed, &wish->number) && wish->number > 0) return true;
  wish->number = 0;
  Finding *finding = ARENA_NEW(request->arena, Finding);
  if (!finding) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orders");
  wish->customers = finding->customers;
  wish->customer_count = orders->people ? people_find(orders->people, typed, finding->matches, STORE_CUSTOMERS_MAX) : 0;
  for (size_t i = 0; i < wish->customer_count; i++) {
    Customer customer;
    people_customer(orders->people, finding->matches[i].position, &customer);
    finding->customers[i] = customer.id;
  }
  return true;
}

static bool query_id(HttpRequest *request, const char *name, int64_t *out, Error *error) {
  return http_query_i64(request, name, 0, 1, INT64_MAX, out, error);
}

/* Of any kind. */
static bool is_state(const Orders *orders, Text state) {
  for (size_t k = 0; k < book_kind_count(orders->book); k++)
    if (kind_state_of(book_kind(orders->book, k), state) >= 0) return true;
  return false;
}

bool order_read_wish(ListWish *wish, HttpRequest *request, const Orders *orders, Error *error) {
  int64_t org = 0;
  *wish = (ListWish){.state = http_query(request, "state"), .kind = http_query(request, "kind")};
  if (wish->state.at && text_is(wish->state, "open")) wish->state = TEXT_NONE;
  Text sort, repeated;
  if (!http_query_choice(request, "sort", "due at", &sort, error) || !http_query_choice(request, "repeated", "yes", &repeated, error)) return false;
  wish->newest = sort.at && text_is(sort, "at");
  wish->repeated = repeated.at;
  if (wish->kind.at && !book_kind_of(orders->book, wish->kind))
    return error_raise(error, ERROR_NOT_FOUND, "kind\t%.*s", (int)(wish->kind.len < 60 ? wish->kind.len : 60), wish->kind.at);
  if (wish->state.at && !is_state(orders, wish->state)) return error_raise(error, ERROR_NOT_FOUND, "state\t%.*s", TEXT_ARG(text_cut(wish->state, 60)));
  Text assigned = http_query(request, "assigned");
  if (assigned.at && text_is(assigned, "me")) wish->assignee.value = request->who.staff_id;
  else if (assigned.at && !query_id(request, "assigned", &wish->assignee.value, error)) return false;
  size_t row;
  return query_id(request, "outage", &wish->outage.value, error) && query_id(request, "crew", &wish->crew.value, error) &&
         query_id(request, "to_org", &wish->to_org, error) && query_id(request, "org", &org, error) && page_orgs(&wish->orgs, request, orders, org, error) &&
         ((wish->part = page_root(request, orders, org)), true) &&
         ((wish->to_org_row = orders->people && people_org_row(orders->people, wish->to_org, &row) ? (uint32_t)row : ORDER_NO_ORG), true) &&
         wish_query(wish, request, orders, error);
}

static bool read_cursor(HttpRequest *request, ListKey *out, Error *error) {
  Text rest = http_query(request, "after"), key;
  *out = LIST_FROM_START;
  if (!rest.at) return true;
  if (text_next(&rest, '.', &key) && text_to_i64(key, &out->key) && text_to_i64(rest, &out->id)) return true;
  error_raise(error, ERROR_FIELD_INVALID, "after\t%.*s\tuse the one a list gave", 40, key.at ? key.at : "");
  return error_at(error, "%s", "?after");
}

static void put_cursor(Json *json, bool more, ListKey at) {
  char cursor[48];
  snprintf(cursor, sizeof cursor, "%lld.%lld", (long long)at.key, (long long)at.id);
  json_put_string(json, "next", more ? cursor : NULL);
}

/* Whether a state's name is that of an end in any kind: then rows are asked, not memory. */
static bool is_final(const Orders *orders, Text state) {
  for (size_t k = 0; state.at && k < book_kind_count(orders->book); k++) {
    const OrderKind *kind = book_kind(orders->book, k);
    int at = kind_state_of(kind, state);
    if (at >= 0 && kind->states[at].final) return true;
  }
  return false;
}

typedef struct Rows {
  HttpRequest *request;
  const Orders *orders;
  Json *json;
} Rows;

static bool write_row(void *self, const OrderRow *row, const ClockSet *clocks, Error *error) {
  Rows *rows = self;
  (void)error;
  write_summary(rows->json, rows->orders, &row->order, clocks, rows->request->arena, rows->request->now);
  return true;
}

static bool get_orders(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  ListWish wish;
  ListKey after;
  int64_t limit, next;
  if (!order_read_wish(&wish, request, orders, error) || !read_cursor(request, &after, error) ||
      !http_query_i64(request, "limit", 50, 1, 500, &limit, error))
    return false;
  Json json;
  Rows rows = {request, orders, &json};
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  if (is_final(orders, wish.state)) {
    if (!list_ended(&next, orders, request->db, &wish, after.id > 0 ? after.id : 0, (size_t)limit, write_row, &rows, error)) return false;
    json_close(&json);
    put_cursor(&json, next != 0, (ListKey){0, next});
  } else {
    ListItem *items = ARENA_ARRAY(request->arena, ListItem, (size_t)limit + 1);
    if (!items) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orders");
    size_t count = list_open(orders, &wish, after, items, (size_t)limit + 1), shown = count > (size_t)limit ? (size_t)limit : count;
    for (size_t i = 0; i < shown; i++) {
      ClockSet clocks;
      live_get_clocks(&orders->live, items[i].entry, &clocks);
      write_summary(&json, orders, &items[i].entry->order, &clocks, request->arena, request->now);
    }
    json_close(&json);
    put_cursor(&json, count > shown, shown ? items[shown - 1].at : LIST_FROM_START);
  }
  json_close(&json);
  return true;
}

static void write_callback(Json *json, const Orders *orders, const LiveEntry *entry, Arena *arena) {
  const Order *order = &entry->order;
  ClockSet clocks;
  Instant since = order->state_since, due = INSTANT_NONE;
  char number[24];
  Customer customer;
  live_get_clocks(&orders->live, entry, &clocks);
  for (size_t c = 0; c < order->kind->clock_count; c++) /* the clock of the call-back began when power was back */
    if (text_is(order->kind->clocks[c].id, "call_back") && clocks.started & 1u << c)
      since = clocks.at[c].started, due = clock_due(&clocks.at[c], &order->kind->clocks[c].promise->clock);
  snprintf(number, sizeof number, "%lld", (long long)order->number);
  json_open_object(json);
  json_put_id(json, "order_id", order->id.value);
  json_put_i64(json, "order_version", order->version);
  json_put_string(json, "number", number);
  json_key(json, "customer");
  write_customer(json, orders, order->position, order->customer, arena);
  if (order->position != CUSTOMER_NONE) people_customer(orders->people, order->position, &customer);
  json_put_text(json, "address", order->position != CUSTOMER_NONE ? customer.address : TEXT_NONE);
  json_put_instant(json, "restored_at", since);
  json_put_instant(json, "since", order->accepted_at);
  json_put_id(json, "outage_id", order->outage.value);
  json_put_i64(json, "tries", order->callback_tries);
  json_put_instant(json, "due", due);
  json_close(json);
}

static bool get_callbacks(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  ListWish wish = {.callbacks = true};
  ListKey after;
  int64_t limit;
  if (!page_orgs(&wish.orgs, request, orders, 0, error) || !read_cursor(request, &after, error) ||
      !http_query_i64(request, "limit", 50, 1, 500, &limit, error))
    return false;
  ListItem *items = ARENA_ARRAY(request->arena, ListItem, (size_t)limit + 1);
  if (!items) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orders");
  size_t count = list_open(orders, &wish, after, items, (size_t)limit + 1), shown = count > (size_t)limit ? (size_t)limit : count;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < shown; i++) write_callback(&json, orders, items[i].entry, request->arena);
  json_close(&json);
  put_cursor(&json, count > shown, shown ? items[shown - 1].at : LIST_FROM_START);
  json_close(&json);
  return true;
}

static bool get_counts(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  ListWish wish = {.kind = http_query(request, "kind")};
  ListCounts counts;
  size_t by_state[KIND_STATES_MAX];
  const OrderKind *kind = book_kind_of(orders->book, wish.kind.at ? wish.kind : TEXT("fault_repair"));
  if (wish.kind.at && !kind)
    return error_raise(error, ERROR_NOT_FOUND, "kind\t%.*s", (int)(wish.kind.len < 60 ? wish.kind.len : 60), wish.kind.at);
  if (!page_orgs(&wish.orgs, request, orders, 0, error)) return false;
  list_count(orders, &wish, kind, request->now, &counts, by_state);
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "open", (int64_t)counts.open);
  json_put_i64(&json, "calls_10min", wish.orgs ? (int64_t)counts.lately : order_calls_since(orders, request->now));
  json_put_i64(&json, "amber", (int64_t)counts.amber);
  json_put_i64(&json, "broken", (int64_t)counts.broken);
  json_put_i64(&json, "callbacks", (int64_t)counts.callbacks);
  json_key(&json, "by_ladder");
  json_open_object(&json);
  for (int i = 0; i <= LADDER_CLOSED; i++) json_put_i64(&json, kind_ladder_name((OrderLadder)i), (int64_t)counts.by_ladder[i]);
  json_close(&json);
  json_key(&json, "by_state");
  json_open_object(&json);
  for (size_t i = 0; kind && i < kind->state_count; i++)
    if (!kind->states[i].final) json_put_i64(&json, kind->states[i].id.at, (int64_t)by_state[i]);
  json_close(&json);
  json_close(&json);
  return true;
}

static bool get_kinds(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  Json json;
  (void)request, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < book_kind_count(orders->book); i++) write_kind(&json, book_kind(orders->book, i));
  json_close(&json);
  json_close(&json);
  return true;
}

static bool get_promises(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Orders *orders = room;
  Json json;
  (void)request, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < book_promise_count(orders->book); i++)
    write_promise(&json, book_promise(orders->book, i), book_calendar_name(orders->book, book_promise(orders->book, i)->calendar));
  json_close(&json);
  json_close(&json);
  return true;
}

static bool get_order(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  OrderId id;
  return http_argument_id(request, 0, "order", &id.value, error) && page_write(request, reply, room, id, error);
}

/* --- writes --- */

typedef struct Command {
  Orders *orders;
  OrderAccept accept;
  OrderStep step;
  OrderId id;
  int64_t org_id;
  bool again;
  Order after;     /* as the step left it */
  ClockSet clocks;
} Command;

static bool decode_accept(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = ARENA_NEW(request->arena, Command);
  if (!command) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  const json_t *body = request->body;
  command->orders = room;
  command->accept = (OrderAccept){.kind = http_body_text(body, "kind"),
                                  .customer = {http_body_id(body, "customer_id")},
                                  .device = GRID_NONE,
                                  .caller_name = http_body_text(body, "caller_name"),
                                  .caller_phone = http_body_text(body, "caller_phone"),
                                  .what = http_body_text(body, "what"),
                                  .description = http_body_text(body, "description"),
                                  .source = http_body_text(body, "source"),
                                  .fields = json_object_get(body, "fields"),
                                  .urgency = (uint8_t)http_body_i64(body, "urgency", 0),
                                  .roles = request->who.roles,
                                  .org_id = request->who.org_id};
  if (json_is_null(command->accept.fields)) command->accept.fields = NULL;
  *out = command;
  return true;
}

static bool work_accept(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  return order_accept(context, command->orders, &command->accept, &command->id, &command->again, error);
}

static bool encode_order(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  (void)error;
  Command *command = self;
  const Orders *orders = room;
  const LiveEntry *entry = live_find(&orders->live, command->id);
  Json json;
  json_begin(&json, &reply->body);
  if (entry) {
    ClockSet clocks;
    live_get_clocks(&orders->live, entry, &clocks);
    write_summary(&json, orders, &entry->order, &clocks, request->arena, request->now);
    return true;
  }
  write_summary(&json, orders, &command->after, &command->clocks, request->arena, request->now); /* the step ended it */
  return true;
}

static bool encode_accept(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  reply->status = ((Command *)self)->again ? 200 : 201;
  return encode_order(request, self, reply, room, error);
}

static bool decode_step(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = ARENA_NEW(request->arena, Command);
  if (!command) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  const json_t *body = request->body;
  command->orders = room;
  command->org_id = request->who.org_id;
  command->step = (OrderStep){.step = http_body_text(body, "step"), .version = (int32_t)http_body_i64(body, "version", 0),
                              .fields = json_object_get(body, "fields"), .roles = request->who.roles & ~(uint32_t)KIND_ROLE_SYSTEM,
                              .org_id = request->who.org_id};
  if (json_is_null(command->step.fields)) command->step.fields = NULL;
  Text done_at = http_body_text(body, "done_at");
  if (done_at.len && !instant_from_text(done_at, &command->step.done_at)) command->step.done_at = 0; /* the schema let a moment pass */
  *out = command;
  if (!http_argument_id(request, 0, "order", &command->id.value, error)) return false;
  command->step.order = command->id;
  return true;
}

static bool keep_row(void *self, const OrderRow *row, Error *error) {
  Command *command = self;
  OrderRow read = *row;
  if (!order_from_row(command->orders, &read, &command->clocks, error)) return false;
  command->after = read.order;
  return true;
}

/* An order that the step ended is no longer in memory: its row tells what to answer. */
static bool keep_after(DeskContext *context, Command *command, Error *error) {
  bool found;
  LiveEntry *entry = live_find(&command->orders->live, command->id);
  if (!entry) return store_order(&found, context->db, context->county_id, command->id, keep_row, command, error) || desk_spoil(context);
  command->after = entry->order;
  live_get_clocks(&command->orders->live, entry, &command->clocks);
  return true;
}

static bool work_step(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  const Orders *orders = command->orders;
  const Order *order = order_find(orders, command->id);
  if (order && !order_is_theirs(orders, order, command->org_id)) return error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(people_org(orders->people, order->org)->name));
  return order_step(context, command->orders, &command->step, error) && keep_after(context, command, error);
}

static const HttpRoute ROUTES[] = {
    {.method = "GET",
     .path = "/api/v1/orders",
     .summary = "Orders, by what slips first",
     .query = "state kind outage org to_org crew assigned repeated sort limit after",
     .reply_schema = SCHEMA_ORDER_LIST,
     .read = get_orders},
    {.method = "POST",
     .path = "/api/v1/orders/search",
     .summary = "The same list, of the order or the customers that are found by words",
     .query = "state kind outage org to_org crew assigned repeated sort limit after",
     .request_schema = S_SEARCH,
     .reply_schema = SCHEMA_ORDER_LIST,
     .read = get_orders},
    {.method = "POST",
     .path = "/api/v1/orders",
     .flags = HTTP_KEYED | HTTP_URGENT | HTTP_UNCOUNTED,
     .summary = "Take a call: a new order, or the customer's open one counted again",
     .roles = KIND_ROLE_AGENT | KIND_ROLE_DISPATCHER | KIND_ROLE_CREW | KIND_ROLE_MANAGER,
     .request_schema = SCHEMA_ACCEPT,
     .reply_schema = SCHEMA_ORDER,
     .decode = decode_accept,
     .work = work_accept,
     .encode = encode_accept},
    {.method = "GET",
     .path = "/api/v1/orders/kinds",
     .summary = "Kinds of order with their forms, states, steps and clocks",
     .reply_schema = SCHEMA_KINDS,
     .read = get_kinds},
    {.method = "GET",
     .path = "/api/v1/orders/counts",
     .summary = "How many orders are open, by state and ladder",
     .query = "kind",
     .reply_schema = SCHEMA_COUNTS,
     .read = get_counts},
    {.method = "GET",
     .path = "/api/v1/orders/{id}",
     .summary = "One order with its clocks, history and the steps you may take now",
     .reply_schema = SCHEMA_PAGE,
     .read = get_order},
    {.method = "POST",
     .path = "/api/v1/orders/{id}/steps",
     .flags = HTTP_KEYED,
     .summary = "Take a step",
     .request_schema = SCHEMA_STEP,
     .reply_schema = SCHEMA_ORDER,
     .decode = decode_step,
     .work = work_step,
     .encode = encode_order},
    {.method = "GET",
     .path = "/api/v1/callbacks",
     .summary = "Orders that wait for their call-back",
     .query = "limit after",
     .reply_schema = SCHEMA_CALLBACKS,
     .read = get_callbacks},
    {.method = "GET",
     .path = "/api/v1/promises",
     .summary = "The promises in force, with their sources",
     .reply_schema = SCHEMA_PROMISES,
     .read = get_promises},
    {.method = NULL},
};
const HttpRoute *order_routes(void) { return ROUTES; }

bool order_add_routes(Http *http, Orders *orders, Error *error) {
  static const struct { const char *name, *schema;
  } COMPONENTS[] = {{"OrderClock", COMPONENT_CLOCK},
                    {"OrderCustomer", COMPONENT_CUSTOMER},
                    {"OrderSummary", COMPONENT_SUMMARY},
                    {"KindField", COMPONENT_FIELD},
                    {"KindStep", COMPONENT_STEP}};
  for (size_t i = 0; i < sizeof COMPONENTS / sizeof *COMPONENTS; i++)
    if (!http_add_component(http, COMPONENTS[i].name, COMPONENTS[i].schema, error)) return false;
  return http_add_routes(http, ROUTES, orders, error) && http_add_routes(http, BOARD_ROUTES, orders, error) &&
         http_add_routes(http, FILE_ROUTES, orders, error) && http_add_routes(http, SURVEY_ROUTES, orders, error) &&
         http_add_routes(http, FIGURE_ROUTES, orders, error) && http_add_routes(http, RULE_ROUTES, orders, error) &&
         http_add_routes(http, SHEET_ROUTES, orders, error);
}
