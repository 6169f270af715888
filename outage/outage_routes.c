/* Lists, what is dark, and the dispatcher's decisions over HTTP. One outage's page and a customer's standing: outage_page.c. */
#include <stdio.h>

#include "order/kind.h"
#include "outage/outage_page.h"
#include "outage/outage_schemas.h"

/* Nobody acts on, or sees, what lies in another part of the organisation; what lies in no part is everyone's. */
bool outage_in_reach(const Outages *outages, const Outage *o, int64_t org_id) {
  return org_id == 0 || people_check_reach(outages->people, org_id, o->device, NULL);
}

/* --- reading --- */

typedef struct ClosedList {
  const Outages *outages;
  Json *json;
  int64_t limit, count;
  OutageId last;
} ClosedList;

static bool write_closed(void *self, Record *record, Error *error) {
  ClosedList *list = self;
  (void)error;
  if (list->count < list->limit) outage_write_summary(list->outages, &record->o, list->json);
  if (list->count++ < list->limit) list->last = record->o.id;
  outage_record_free(record);
  return true;
}

static bool get_outages(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Outages *outages = room;
  Text state = http_query(request, "state");
  bool closed = state.at && text_is(state, "closed");
  int64_t limit, after, next = 0;
  Json json;
  if (state.at && !closed && !text_is(state, "open")) {
    error_raise(error, ERROR_FIELD_INVALID, "state\t%.*s\topen, closed", (int)(state.len < 40 ? state.len : 40), state.at);
    return error_at(error, "%s", "?state");
  }
  if (!http_query_i64(request, "limit", closed ? 50 : 500, 1, 500, &limit, error) || !http_query_i64(request, "after", 0, 0, INT64_MAX, &after, error)) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  if (closed) {
    ClosedList list = {outages, &json, limit, 0, {0}};
    if (!outage_rows_closed(request->db, outages->county_id, request->who.org_id, outages->grid, (OutageId){after}, limit + 1, write_closed, &list, error)) return false;
    if (list.count > limit) next = list.last.value;
  } else {
    int64_t count = 0;
    for (size_t i = 0; i < outages->open.count && !next; i++) {
      const Outage *o = &outages->open.at[i]->o;
      if (o->id.value <= after || !outage_in_reach(outages, o, request->who.org_id)) continue;
      outage_write_summary(outages, o, &json);
      if (++count == limit && i + 1 < outages->open.count) next = o->id.value;
    }
  }
  json_close(&json);
  json_put_id(&json, "next", next);
  json_close(&json);
  return true;
}

static bool get_dark(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Outages *outages = room;
  GridRanges ranges;
  uint32_t customers;
  Json json;
  (void)request;
  if (!outage_dark(outages, &ranges, &customers, error)) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "seq", desk_last_seq(outages->desk));
  json_key(&json, "ranges");
  outage_write_dark(ranges.at, ranges.count, &json);
  json_put_i64(&json, "customers", customers);
  json_close(&json);
  grid_ranges_free(&ranges);
  return true;
}

static bool get_outage(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  OutageId id;
  return http_argument_id(request, 0, "outage", &id.value, error) && outage_page_write(request, reply, room, id, error);
}

static bool get_standing(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  CustomerId id;
  return http_argument_id(request, 0, "customer", &id.value, error) && outage_standing_write(request, reply, room, id, error);
}

/* --- deciding --- */

typedef struct Command {
  Outages *outages;
  int64_t org_id;
  OutageId id, into;
  int32_t version;
  DeviceId device;
  Text words;               /* cause, reason */
  Instant from, until;
  OutageEtaSource source;
  OrderId *orders;
  uint32_t *devices;
  size_t count;
  Arena *arena;             /* of the request */
  Text ended;               /* JSON of the outage when the command took it out of memory */
} Command;

static bool decode_common(HttpRequest *request, Command **out, void *room, Error *error) {
  Command *command = *out = ARENA_NEW(request->arena, Command);
  if (!command) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  command->outages = room;
  command->arena = request->arena;
  command->org_id = request->who.org_id;
  command->version = (int32_t)http_body_i64(request->body, "version", 0);
  command->device.value = http_body_id(request->body, "device_id");
  command->into.value = http_body_id(request->body, "into");
  return true;
}

static bool decode(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command;
  if (!decode_common(request, &command, room, error) || !http_argument_id(request, 0, "outage", &command->id.value, error)) return false;
  command->words = http_body_text(request->body, "reason");
  *out = command;
  return true;
}

static bool decode_declare(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command;
  if (!decode_common(request, &command, room, error)) return false;
  command->words = http_body_text(request->body, "cause");
  *out = command;
  return true;
}

static bool decode_split(HttpRequest *request, void **out, void *room, Error *error) {
  if (!decode(request, out, room, error)) return false;
  Command *command = *out;
  const json_t *list = json_object_get(request->body, "order_ids");
  command->count = json_array_size(list);
  command->orders = ARENA_ARRAY(request->arena, OrderId, command->count + 1);
  if (!command->orders) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  for (size_t i = 0; i < command->count; i++)
    if (!text_to_i64(text_of(json_string_value(json_array_get(list, i))), &command->orders[i].value))
      return error_raise(error, ERROR_FIELD_INVALID, "order_ids\t%s\tid", json_string_value(json_array_get(list, i)));
  return true;
}

static bool decode_eta(HttpRequest *request, void **out, void *room, Error *error) {
  if (!decode(request, out, room, error)) return false;
  Command *command = *out;
  Text source = http_body_text(request->body, "source");
  command->source = source.at && text_is(source, "estimate") ? OUTAGE_ETA_ESTIMATE : OUTAGE_ETA_DISPATCHER;
  if (!instant_from_text(http_body_text(request->body, "from"), &command->from)) return error_raise(error, ERROR_FIELD_INVALID, "from\t\tRFC 3339, 1970…2199");
  return instant_from_text(http_body_text(request->body, "until"), &command->until) || error_raise(error, ERROR_FIELD_INVALID, "until\t\tRFC 3339, 1970…2199");
}

static bool decode_restore(HttpRequest *request, void **out, void *room, Error *error) {
  if (!decode(request, out, room, error)) return false;
  Command *command = *out;
  const json_t *list = json_object_get(request->body, "devices");
  command->count = json_array_size(list);
  command->devices = ARENA_ARRAY(request->arena, uint32_t, command->count + 1);
  if (!command->devices) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  for (size_t i = 0; i < command->count; i++) { /* the network does not change while the program serves */
    DeviceId id = {0};
    const char *text = json_string_value(json_array_get(list, i));
    if (!text_to_i64(text_of(text), &id.value) || !grid_index_of(command->outages->grid, id, &command->devices[i]))
      return error_raise(error, ERROR_NOT_FOUND, "device\t%s", text) || error_at(error, "$.devices[%zu]", i);
  }
  return true;
}

static bool reachable(const Command *command, OutageId id, Error *error) {
  const Outage *o = outage_find(command->outages, id);
  if (!o || outage_in_reach(command->outages, o, command->org_id)) return true;
  const Org *org = people_org(command->outages->people, people_org_of_device(command->outages->people, o->device));
  return error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(org->name));
}

/* The device that is named, theirs to name. */
static bool device_index(const Command *command, uint32_t *index, Error *error) {
  if (grid_index_of(command->outages->grid, command->device, index)) return people_check_reach(command->outages->people, command->org_id, *index, error);
  return error_raise(error, ERROR_NOT_FOUND, "device\t%lld", (long long)command->device.value) || error_at(error, "%s", "$.device_id");
}

static bool orders_are_theirs(const Command *command, Error *error) {
  for (size_t i = 0; i < command->count; i++) {
    const Order *order = order_find(command->outages->orders, command->orders[i]);
    if (order && !order_is_theirs(command->outages->orders, order, command->org_id))
      return error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(people_org(command->outages->people, order->org)->name)) || error_at(error, "$.order_ids[%zu]", i);
  }
  return true;
}

/* A command may end the outage: then its row tells what to answer. */
static bool done(DeskContext *context, Command *c, bool ok, Error *error) {
  Record *record;
  if (!ok || outage_find(c->outages, c->id)) return ok;
  if (!outage_row_load(context->db, context->county_id, c->outages->grid, c->id, &record, error)) return desk_spoil(context);
  Buffer buffer;
  Json json;
  buffer_begin(&buffer, 0);
  json_begin(&json, &buffer);
  outage_write_summary(c->outages, &record->o, &json);
  c->ended = buffer.failed ? TEXT_NONE : text_copy(c->arena, buffer_as_text(&buffer));
  buffer_end(&buffer);
  outage_record_free(record);
  return c->ended.at || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage") || desk_spoil(context);
}

#define WORK(name, call)                                                    \
  static bool work_##name(DeskContext *context, void *self, Error *error) { \
    Command *c = self;                                                      \
    OutageId id = c->id;                                                    \
    return reachable(c, id, error) && done(context, c, call, error);        \
  }
WORK(confirm, outage_confirm(context, c->outages, id, c->version, error))
WORK(split, orders_are_theirs(c, error) && outage_split(context, c->outages, id, c->version, c->orders, c->count, &c->id, error))
WORK(dismiss, outage_dismiss(context, c->outages, id, c->version, c->words, error))
WORK(undo, outage_undo(context, c->outages, id, c->version, error))
WORK(eta, outage_set_eta(context, c->outages, id, c->version, c->from, c->until, c->source, error))
WORK(restore, outage_restore(context, c->outages, id, c->version, c->devices, c->count, error))

static bool work_declare(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  uint32_t index;
  return device_index(c, &index, error) && outage_declare(context, c->outages, index, c->words, &c->id, error);
}

static bool work_move(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  uint32_t index;
  return reachable(c, c->id, error) && device_index(c, &index, error) && outage_move(context, c->outages, c->id, c->version, index, error);
}

static bool work_merge(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  OutageId from = c->id;
  c->id = c->into;
  return reachable(c, from, error) && reachable(c, c->into, error) && outage_merge(context, c->outages, from, c->version, c->into, error);
}

static bool encode(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  Command *command = self;
  const Outage *o = outage_find(room, command->id);
  Json json;
  (void)request, (void)error;
  json_begin(&json, &reply->body);
  if (o) outage_write_summary(room, o, &json);
  else json_raw(&json, command->ended);
  return true;
}

static bool encode_declare(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  reply->status = 201;
  return encode(request, self, reply, room, error);
}

#define DECIDES(name, says, takes, decoder)                                                                                              \
  {.method = "POST", .path = "/api/v1/outages/{id}/" #name, .roles = KIND_ROLE_DISPATCHER, .flags = HTTP_KEYED, .summary = says,              \
   .request_schema = takes, .reply_schema = SCHEMA_OUTAGE, .decode = decoder, .work = work_##name, .encode = encode}

static const HttpRoute ROUTES[] = {
  {.method = "GET", .path = "/api/v1/outages", .summary = "Outages, open ones by age or closed ones newest first", .query = "state limit after",
   .reply_schema = SCHEMA_OUTAGE_LIST, .read = get_outages},
  {.method = "GET", .path = "/api/v1/outages/dark", .summary = "What is dark: ranges of device indices, and how many customers", .reply_schema = SCHEMA_DARK, .read = get_dark},
  {.method = "GET", .path = "/api/v1/outages/{id}", .summary = "One outage with its orders, history, reasons and what you may do", .reply_schema = SCHEMA_OUTAGE_PAGE, .read = get_outage},
  {.method = "GET", .path = "/api/v1/customers/{id}/standing", .summary = "What is known of a caller's supply: outage, neighbours, earlier matters",
   .roles = KIND_ROLE_AGENT | KIND_ROLE_DISPATCHER | KIND_ROLE_CREW | KIND_ROLE_MANAGER | KIND_ROLE_HEAD, .reply_schema = SCHEMA_STANDING, .read = get_standing},
  {.method = "POST", .path = "/api/v1/outages", .roles = KIND_ROLE_DISPATCHER, .flags = HTTP_KEYED, .summary = "Declare an outage at a device",
   .request_schema = TAKES_DECLARE, .reply_schema = SCHEMA_OUTAGE, .decode = decode_declare, .work = work_declare, .encode = encode_declare},
  DECIDES(confirm, "It is one, at this device", TAKES_VERSION, decode),
  DECIDES(move, "It is at another device", TAKES_MOVE, decode),
  DECIDES(split, "Some of its orders are an outage of their own, which is returned", TAKES_SPLIT, decode_split),
  DECIDES(merge, "It is part of another, which is returned", TAKES_MERGE, decode),
  DECIDES(dismiss, "It is none; its orders stay open", TAKES_DISMISS, decode),
  DECIDES(undo, "Take the dispatcher's last change back", TAKES_VERSION, decode),
  DECIDES(eta, "When power will be back", TAKES_ETA, decode_eta),
  DECIDES(restore, "Power is back below these devices, or everywhere", TAKES_RESTORE, decode_restore),
  {.method = NULL},
};

const HttpRoute *outage_routes(void) { return ROUTES; }

bool outage_add_routes(Http *http, Outages *outages, Error *error) {
  static const struct {
    const char *name, *schema;
  } COMPONENTS[] = {{"OutageDevice", COMPONENT_OUTAGE_DEVICE}, {"OutageCrew", COMPONENT_OUTAGE_CREW}, {"OutageEta", COMPONENT_OUTAGE_ETA},
                    {"OutageSummary", COMPONENT_OUTAGE_SUMMARY}};
  for (size_t i = 0; i < sizeof COMPONENTS / sizeof *COMPONENTS; i++)
    if (!http_add_component(http, COMPONENTS[i].name, COMPONENTS[i].schema, error)) return false;
  return http_add_routes(http, ROUTES, outages, error) && http_add_routes(http, outage_evidence_routes(), outages, error);
}
