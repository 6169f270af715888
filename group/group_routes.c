/* The HTTP face of the groups: staff by their part of the organisation, households by the link. */
#include <stdio.h>

#include "group/group_inside.h"
#include "http/schema_words.h"
#include "order/order_page.h"

#define S_MESSAGE                                                                                                                       \
  "{\"type\":\"object\",\"required\":[\"id\",\"at\",\"author\"],\"properties\":{\"id\":" S_ID ",\"at\":" S_TIME                         \
  ",\"author\":{\"type\":\"string\",\"enum\":[\"staff\",\"household\",\"system\"]},\"name\":" S_TEXT_NULL ",\"customer_id\":" S_ID_NULL \
  ",\"body\":" S_TEXT_NULL ",\"body_en\":" S_TEXT_NULL ",\"attachment_id\":" S_ID_NULL ",\"order_id\":" S_ID_NULL \
  ",\"guess\":{\"type\":[\"object\",\"null\"],\"description\":\"what one touch makes of it\",\"properties\":{\"kind\":" S_TEXT ",\"what\":" S_TEXT_NULL "}}}}"
#define SCHEMA_THREAD                                                                            \
  "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{\"name\":" S_TEXT_NULL ",\"closed_at\":" S_TIME_NULL \
  ",\"items\":" S_LIST(S_MESSAGE) ",\"next\":" S_TEXT_NULL "}}"
#define SCHEMA_GROUPS                                                                                                   \
  "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":" S_LIST(                                    \
      "{\"type\":\"object\",\"properties\":{\"id\":" S_ID ",\"org_id\":" S_ID ",\"name\":" S_TEXT ",\"linked\":" S_BOOL \
      ",\"last\":" S_TIME_NULL ",\"closed_at\":" S_TIME_NULL ",\"org\":" S_TEXT_NULL "}}") "}}"
#define SCHEMA_NEW                                                                            \
  "{\"type\":\"object\",\"required\":[\"org_id\",\"name\"],\"properties\":{\"org_id\":" S_KEY \
  ",\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":60,"                          \
  "\"format\":\"line\"}}}"
#define SCHEMA_SAY                                                                                                                      \
  "{\"type\":\"object\",\"properties\":{\"body\":{\"type\":[\"string\",\"null\"],\"maxLength\":1000},\"name\":{\"type\":[\"string\","   \
  "\"null\"],\"maxLength\":60,"                                                                                                         \
  "\"format\":\"line\"},\"customer_number\":{\"type\":[\"string\",\"null\"],\"maxLength\":32},\"attachment_id\":{\"type\":[\"string\"," \
  "\"null\"],\"format\":\"id\"}}}"
#define SCHEMA_TOUCH                                                                                                                  \
  "{\"type\":\"object\",\"properties\":{\"kind\":{\"type\":\"string\",\"maxLength\":64,\"format\":\"code\",\"description\":\"left out: what the message's words ask for\"}," \
  "\"what\":{\"type\":\"string\","                                                                                                    \
  "\"maxLength\":64},\"fields\":{\"type\":[\"object\",\"null\"],\"additionalProperties\":true}}}"
#define SCHEMA_MEMBERS                                                                                                      \
  "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":" S_LIST(                                        \
      "{\"type\":\"object\",\"properties\":{\"name\":" S_TEXT_NULL ",\"customer_id\":" S_ID_NULL ",\"customer_number\":" S_TEXT_NULL \
      ",\"messages\":" S_WHOLE ",\"last\":" S_TIME "}}") "}}"
#define SCHEMA_MADE "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":" S_ID "}}"
#define SCHEMA_TOKEN "{\"type\":\"object\",\"required\":[\"token\"],\"properties\":{\"token\":" S_TEXT ",\"path\":" S_TEXT "}}"
enum { OPENERS = KIND_ROLE_MANAGER | KIND_ROLE_HEAD | KIND_ROLE_DISPATCHER, WRITERS = KIND_ROLE_MANAGER | KIND_ROLE_HEAD | KIND_ROLE_DISPATCHER | KIND_ROLE_AGENT, THREAD_MAX = 200 };

/* --- who may --- */

typedef struct Seen {
  GroupRow row;
  char name[256];
} Seen;
static void keep_group(void *self, const GroupRow *row) {
  Seen *seen = self;
  seen->row = *row;
  snprintf(seen->name, sizeof seen->name, "%.*s", TEXT_ARG(row->name));
}

static bool may_see(Seen *seen, const Groups *groups, Db *db, int64_t id, int64_t who_org, Error *error) {
  *seen = (Seen){0};
  if (!group_store_group(db, groups->county_id, id, keep_group, seen, error)) return false;
  if (!id || !seen->row.id) return error_raise(error, ERROR_NOT_FOUND, "群组" ERROR_BOTH "group\t%lld", (long long)id);
  if (!who_org || (groups->people && people_org_within(groups->people, seen->row.org_id, who_org))) return true;
  size_t at; /* whose it is, not what they call it */
  bool known = groups->people && people_org_row(groups->people, seen->row.org_id, &at);
  return error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(known ? people_org(groups->people, at)->name : TEXT("?")));
}

/* --- reading --- */

typedef struct Listing {
  const Groups *groups;
  Json *json;
} Listing;
static void write_group(void *self, const GroupRow *row) {
  Listing *list = self;
  Json *json = list->json;
  size_t at;
  json_open_object(json);
  json_put_id(json, "id", row->id);
  json_put_id(json, "org_id", row->org_id);
  json_put_text(json, "name", row->name);
  json_put_bool(json, "linked", row->linked);
  json_put_instant(json, "last", row->last);
  json_put_instant(json, "closed_at", row->closed_at);
  json_put_text(json, "org", list->groups->people && people_org_row(list->groups->people, row->org_id, &at) ? people_org(list->groups->people, at)->name : TEXT_NONE);
  json_close(json);
}

static bool get_groups(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Json json;
  Text closed;
  if (!http_query_choice(request, "closed", "yes", &closed, error)) return false;
  Listing list = {room, &json};
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  bool ok = group_store_groups(request->db, list.groups->county_id, request->who.org_id, closed.at, write_group, &list, error);
  json_close(&json);
  json_close(&json);
  return ok;
}

typedef struct Thread {
  Json *json;
  Arena *arena;
  const Groups *groups;
  uint32_t roles; /* of who reads */
  bool public;    /* for households: others' names masked, no customers */
  int64_t last;
  size_t count;
} Thread;
static void write_message(void *self, const MessageRow *row) {
  Thread *thread = self;
  Json *json = thread->json;
  bool household = text_is(row->author, "household");
  json_open_object(json);
  json_put_id(json, "id", row->id);
  json_put_instant(json, "at", row->at);
  json_put_string(json, "author", household ? "household" : text_is(row->author, "system") ? "system" : "staff");
  json_put_text(json, "name",
                thread->public && household && row->author_name.at ? people_mask_name(thread->arena, row->author_name) : row->author_name);
  json_put_id(json, "customer_id", thread->public ? 0 : row->customer.value);
  json_put_text(json, "body", row->body);
  json_put_text(json, "body_en", row->body_en);
  json_put_id(json, "attachment_id", row->attachment_id);
  json_put_id(json, "order_id", thread->public ? 0 : row->order.value);
  GroupGuess guess;
  if (!thread->public && household && !row->order.value &&
      group_words_guess(thread->groups->words, row->body.at ? row->body : TEXT(""), thread->roles, &guess)) {
    json_key(json, "guess");
    json_open_object(json);
    json_put_text(json, "kind", guess.kind);
    json_put_text(json, "what", guess.what.len ? guess.what : TEXT_NONE);
    json_close(json);
  }
  json_close(json);
  thread->last = row->id, thread->count++;
}

static bool write_thread(HttpRequest *request, HttpReply *reply, const Groups *groups, const Seen *seen, bool public, Error *error) {
  Json json;
  int64_t before, limit;
  Thread thread = {.json = &json, .arena = request->arena, .groups = groups, .roles = request->who.roles, .public = public};
  if (!http_query_i64(request, "before", 0, 1, INT64_MAX, &before, error) ||
      !http_query_i64(request, "limit", 50, 1, THREAD_MAX, &limit, error))
    return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_string(&json, "name", seen->name);
  json_put_instant(&json, "closed_at", seen->row.closed_at);
  json_key(&json, "items");
  json_open_array(&json);
  if (!group_store_messages(request->db, groups->county_id, seen->row.id, before, limit, write_message, &thread, error)) return false;
  json_close(&json);
  json_put_id(&json, "next", thread.count == (size_t)limit ? thread.last : 0);
  json_close(&json);
  return true;
}

static bool get_thread(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Seen seen;
  int64_t id;
  return http_argument_id(request, 0, "group", &id, error) && may_see(&seen, room, request->db, id, request->who.org_id, error) &&
         write_thread(request, reply, room, &seen, false, error);
}

static bool get_thread_by_link(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Seen seen;
  int64_t id;
  return group_by_token(&id, room, request->db, request->argument[0], error) && may_see(&seen, room, request->db, id, 0, error) &&
         write_thread(request, reply, room, &seen, true, error);
}

static bool write_picture(HttpRequest *request, HttpReply *reply, const Groups *groups, int64_t group, int64_t picture, Error *error) {
  bool has;
  if (!group_store_has_picture(&has, request->db, groups->county_id, group, picture, error)) return false;
  if (!has) return error_raise(error, ERROR_NOT_FOUND, "附件" ERROR_BOTH "attachment\t%lld", (long long)picture);
  return order_attachment_body(reply, request->db, groups->county_id, picture, error);
}

static void write_member(void *self, const MemberRow *row) {
  const Listing *list = self;
  Json *json = list->json;
  uint32_t position;
  Customer customer = {0};
  if (row->customer.value && list->groups->people && people_position_of(list->groups->people, row->customer, &position))
    people_customer(list->groups->people, position, &customer);
  json_open_object(json);
  json_put_text(json, "name", row->name);
  json_put_id(json, "customer_id", row->customer.value);
  json_put_text(json, "customer_number", customer.number);
  json_put_i64(json, "messages", row->messages);
  json_put_instant(json, "last", row->last);
  json_close(json);
}

static bool get_members(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Seen seen;
  int64_t id;
  Json json;
  Listing list = {.groups = room, .json = &json};
  if (!http_argument_id(request, 0, "group", &id, error) || !may_see(&seen, room, request->db, id, request->who.org_id, error)) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  bool ok = group_store_members(request->db, list.groups->county_id, id, write_member, &list, error);
  json_close(&json);
  json_close(&json);
  return ok;
}

static bool get_picture(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Seen seen;
  int64_t id, picture;
  return http_argument_id(request, 0, "group", &id, error) && http_argument_id(request, 1, "attachment", &picture, error) &&
         may_see(&seen, room, request->db, id, request->who.org_id, error) && write_picture(request, reply, room, id, picture, error);
}

static bool get_picture_by_link(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  int64_t id, picture;
  return group_by_token(&id, room, request->db, request->argument[0], error) &&
         http_argument_id(request, 1, "attachment", &picture, error) && write_picture(request, reply, room, id, picture, error);
}

/* --- writing --- */

typedef struct Command {
  Groups *groups;
  int64_t group, org_id, who_org, made;
  Text token, name, kind, what;
  const json_t *fields;
  GroupSaid said;
  const char *type;
  Text bytes;
  uint32_t roles;
  OrderId order;
  char link[GROUP_TOKEN_TEXT];
} Command;

static Command *begin(HttpRequest *request, void *room, Error *error) {
  Command *command = ARENA_NEW(request->arena, Command);
  if (!command) {
    error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "group");
    return NULL;
  }
  command->groups = room;
  command->who_org = request->who.org_id;
  command->roles = request->who.roles;
  return command;
}

static bool decode_new(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = *out = begin(request, room, error);
  if (!command) return false;
  command->org_id = http_body_id(request->body, "org_id");
  command->name = http_body_text(request->body, "name");
  return true;
}
static bool work_new(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  if (command->who_org && !people_org_within(command->groups->people, command->org_id, command->who_org))
    return error_raise(error, ERROR_FORBIDDEN_PLACE, "%lld", (long long)command->org_id);
  return group_new(context, command->groups, command->org_id, command->name, &command->made, error);
}
static bool encode_made(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  const Command *command = self;
  Json json;
  reply->status = 201;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_id(&json, "id", command->order.value ? command->order.value : command->made);
  json_close(&json);
  return true;
}

static bool encode_ended(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  Command *command = self;
  command->made = command->group;
  if (!encode_made(request, self, reply, room, error)) return false;
  reply->status = 200;
  return true;
}

static bool decode_id(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = *out = begin(request, room, error);
  return command && http_argument_id(request, 0, "group", &command->group, error);
}
static bool work_link(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  Seen seen;
  return may_see(&seen, command->groups, context->db, command->group, command->who_org, error) &&
         group_link(context, command->groups, command->group, command->link, error);
}
static bool work_end(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  Seen seen;
  return may_see(&seen, command->groups, context->db, command->group, command->who_org, error) &&
         group_end(context, command->groups, command->group, error);
}
static bool encode_link(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  const Command *command = self;
  char path[64];
  Json json;
  snprintf(path, sizeof path, "/group/%s", command->link);
  reply->status = 201;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_string(&json, "token", command->link);
  json_put_string(&json, "path", path);
  json_close(&json);
  return true;
}

static bool decode_say(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = *out = begin(request, room, error);
  if (!command) return false;
  const json_t *body = request->body;
  bool staff = request->who.staff_id != 0;
  command->said = (GroupSaid){.name = staff ? text_copy(request->arena, text_of(request->who.name)) : http_body_text(body, "name"),
                              .org_id = request->who.org_id,
                              .number = http_body_text(body, "customer_number"),
                              .body = http_body_text(body, "body"),
                              .attachment_id = http_body_id(body, "attachment_id")};
  return true;
}
static bool decode_say_staff(HttpRequest *request, void **out, void *room, Error *error) {
  return decode_say(request, out, room, error) && http_argument_id(request, 0, "group", &((Command *)*out)->said.group_id, error);
}
static bool decode_say_link(HttpRequest *request, void **out, void *room, Error *error) {
  if (!decode_say(request, out, room, error)) return false;
  Command *command = *out;
  command->said.token = request->argument[0];
  command->said.name = http_body_text(request->body, "name");
  return true;
}
static bool work_say(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  Seen seen;
  if (!command->said.token.at && !may_see(&seen, command->groups, context->db, command->said.group_id, command->who_org, error))
    return false;
  return group_say(context, command->groups, &command->said, &command->made, error);
}

/* A picture of the thread; where it was taken is nobody's business. */
static bool decode_picture(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = *out = begin(request, room, error);
  if (!command) return false;
  unsigned char *bytes = arena_copy(request->arena, request->raw_body.at, request->raw_body.len);
  size_t len = request->raw_body.len;
  if (!bytes) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "group");
  if (!attachment_ready(&command->type, bytes, &len, false, error)) return false;
  command->bytes = (Text){(const char *)bytes, len};
  command->token = request->argument[0];
  return true;
}
static bool decode_picture_staff(HttpRequest *request, void **out, void *room, Error *error) {
  if (!decode_picture(request, out, room, error)) return false;
  ((Command *)*out)->token = TEXT_NONE;
  return http_argument_id(request, 0, "group", &((Command *)*out)->group, error);
}
static bool work_picture(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  Seen seen;
  int64_t today = 0;
  if (command->token.at) {
    if (!group_by_token(&command->group, command->groups, context->db, command->token, error) ||
        !group_store_count(&today, context->db, context->county_id, command->group, context->now - SPAN_DAY, error))
      return false;
    if (today >= GROUP_DAY_MAX) return error_raise(error, ERROR_LIMIT, "当日消息" ERROR_BOTH "messages in a day\t%d", GROUP_DAY_MAX);
  } else if (!may_see(&seen, command->groups, context->db, command->group, command->who_org, error)) {
    return false;
  }
  return attachment_add(context, (OrderId){0}, command->group, command->type, command->bytes, &command->made, error);
}

static void keep_its_group(void *self, const MessageRow *row) { *(int64_t *)self = row->group_id; }

static bool decode_touch(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = *out = begin(request, room, error);
  if (!command) return false;
  command->kind = http_body_text(request->body, "kind");
  command->what = http_body_text(request->body, "what");
  command->fields = json_object_get(request->body, "fields");
  return http_argument_id(request, 0, "message", &command->made, error);
}
static bool work_touch(DeskContext *context, void *self, Error *error) {
  Command *command = self;
  Seen seen;
  int64_t group = 0;
  GroupTouch touch = {.message = command->made,
                      .kind = command->kind.at ? command->kind : TEXT(""),
                      .what = command->what,
                      .fields = json_is_object(command->fields) ? command->fields : NULL,
                      .roles = command->roles,
                      .org_id = command->who_org};
  if (!group_store_message(context->db, context->county_id, command->made, keep_its_group, &group, error)) return false;
  if (!group) return error_raise(error, ERROR_NOT_FOUND, "message\t%lld", (long long)command->made);
  return may_see(&seen, command->groups, context->db, group, command->who_org, error) &&
         group_to_order(context, command->groups, &touch, &command->order, error);
}

const HttpRoute GROUP_ROUTES[] = {
    {.method = "GET",
     .path = "/api/v1/groups",
     .summary = "The emergency groups of this part of the organisation",
     .query = "closed",
     .reply_schema = SCHEMA_GROUPS,
     .read = get_groups},
    {.method = "POST",
     .path = "/api/v1/groups",
     .flags = HTTP_KEYED,
     .roles = OPENERS,
     .summary = "A new group of a grid",
     .request_schema = SCHEMA_NEW,
     .reply_schema = SCHEMA_MADE,
     .decode = decode_new,
     .work = work_new,
     .encode = encode_made},
    {.method = "POST",
     .path = "/api/v1/groups/{id}/link",
     .roles = OPENERS,
     .summary = "A new link for its households; the old one ends",
     .reply_schema = SCHEMA_TOKEN,
     .decode = decode_id,
     .work = work_link,
     .encode = encode_link},
    {.method = "POST",
     .path = "/api/v1/groups/{id}/close",
     .roles = OPENERS,
     .summary = "The group is over: it can be read, nothing more is said in it",
     .reply_schema = SCHEMA_MADE,
     .decode = decode_id,
     .work = work_end,
     .encode = encode_ended},
    {.method = "GET",
     .path = "/api/v1/groups/{id}/members",
     .roles = WRITERS,
     .summary = "Households that wrote, the latest first",
     .reply_schema = SCHEMA_MEMBERS,
     .read = get_members},
    {.method = "GET",
     .path = "/api/v1/groups/{id}/messages",
     .summary = "Its thread, newest first",
     .query = "before limit",
     .reply_schema = SCHEMA_THREAD,
     .read = get_thread},
    {.method = "POST",
     .path = "/api/v1/groups/{id}/messages",
     .flags = HTTP_KEYED,
     .roles = WRITERS,
     .summary = "Say something",
     .request_schema = SCHEMA_SAY,
     .reply_schema = SCHEMA_MADE,
     .decode = decode_say_staff,
     .work = work_say,
     .encode = encode_made},
    {.method = "POST",
     .path = "/api/v1/groups/{id}/pictures",
     .flags = HTTP_KEYED | HTTP_RAW_BODY,
     .roles = WRITERS,
     .summary = "A picture for the thread",
     .request_schema = "application/octet-stream",
     .reply_schema = SCHEMA_MADE,
     .decode = decode_picture_staff,
     .work = work_picture,
     .encode = encode_made},
    {.method = "GET", .path = "/api/v1/groups/{id}/pictures/{picture}", .summary = "A picture of the thread", .read = get_picture},
    {.method = "POST",
     .path = "/api/v1/group-messages/{id}/order",
     .flags = HTTP_KEYED,
     .roles = WRITERS,
     .summary = "The message becomes an order",
     .request_schema = SCHEMA_TOUCH,
     .reply_schema = SCHEMA_MADE,
     .decode = decode_touch,
     .work = work_touch,
     .encode = encode_made},
    {.method = "GET",
     .path = "/api/v1/group-links/{token}/messages",
     .flags = HTTP_PUBLIC,
     .summary = "The thread, for a household with the link",
     .query = "before limit",
     .reply_schema = SCHEMA_THREAD,
     .read = get_thread_by_link},
    {.method = "POST",
     .path = "/api/v1/group-links/{token}/messages",
     .flags = HTTP_PUBLIC | HTTP_FORM | HTTP_KEYED,
     .summary = "A household says something",
     .request_schema = SCHEMA_SAY,
     .reply_schema = SCHEMA_MADE,
     .decode = decode_say_link,
     .work = work_say,
     .encode = encode_made},
    {.method = "POST",
     .path = "/api/v1/group-links/{token}/pictures",
     .flags = HTTP_PUBLIC | HTTP_FORM | HTTP_KEYED | HTTP_RAW_BODY,
     .summary = "A household's picture",
     .request_schema = "application/octet-stream",
     .reply_schema = SCHEMA_MADE,
     .decode = decode_picture,
     .work = work_picture,
     .encode = encode_made},
    {.method = "GET",
     .path = "/api/v1/group-links/{token}/pictures/{picture}",
     .flags = HTTP_PUBLIC,
     .summary = "A picture of the thread",
     .read = get_picture_by_link},
    {.method = NULL},
};
