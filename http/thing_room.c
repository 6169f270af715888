#include "http/thing_room.h"

#include <unistd.h>

const char THING_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"name\",\"count\"],\"properties\":{"
    "\"id\":{\"type\":\"string\",\"format\":\"id\"},\"name\":{\"type\":\"string\"},\"count\":{\"type\":\"integer\"}}}";
#define THING "{\"$ref\":\"#/components/schemas/Thing\"}"

bool things_make_table(Db *db, Error *error) {
  return db_run(db, "CREATE TABLE IF NOT EXISTS thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL, count INTEGER NOT NULL)", error);
}

typedef struct Thing {
  int64_t id, count;
  Text name;
} Thing;

static void write_thing(Json *json, const Thing *thing) {
  json_open_object(json);
  json_put_id(json, "id", thing->id);
  json_put_text(json, "name", thing->name);
  json_put_i64(json, "count", thing->count);
  json_close(json);
}

static bool decode_thing(HttpRequest *request, void **command, void *room, Error *error) {
  (void)room;
  Thing *thing = ARENA_NEW(request->arena, Thing);
  if (!thing) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "thing");
  thing->name = http_body_text(request->body, "name");
  thing->count = http_body_i64(request->body, "count", 1);
  if (request->argument[0].at && !http_argument_id(request, 0, "thing", &thing->id, error)) return false;
  *command = thing;
  return true;
}

static bool work_add(DeskContext *context, void *command, Error *error) {
  Thing *thing = command;
  DbStatement *s;
  thing->id = desk_new_id(context);
  if (!db_prepare(&s, context->db, "INSERT INTO thing (id, name, count) VALUES (?1, ?2, ?3)", error)) return false;
  db_bind_i64(s, 1, thing->id);
  db_bind_text(s, 2, thing->name);
  db_bind_i64(s, 3, thing->count);
  return db_done(s, error) && desk_event(context, "thing.added", "thing", thing->id, TEXT("{\"source\":\"test\",\"urgency\":\"high\"}"), error);
}

static bool work_rename(DeskContext *context, void *command, Error *error) {
  Thing *thing = command;
  DbStatement *s;
  if (!db_prepare(&s, context->db, "UPDATE thing SET name = ?2 WHERE id = ?1", error)) return false;
  db_bind_i64(s, 1, thing->id);
  db_bind_text(s, 2, thing->name);
  if (!db_done(s, error)) return false;
  if (db_changes(context->db) == 0) return error_raise(error, ERROR_NOT_FOUND, "thing\t%lld", (long long)thing->id);
  if (text_is(thing->name, "taken")) return error_raise(error, ERROR_CONFLICT, "thing\t%d", 7);
  return desk_event(context, "thing.renamed", "thing", thing->id, TEXT("{}"), error);
}

static bool work_remove(DeskContext *context, void *command, Error *error) {
  Thing *thing = command;
  DbStatement *s;
  if (!db_prepare(&s, context->db, "DELETE FROM thing WHERE id = ?1", error)) return false;
  db_bind_i64(s, 1, thing->id);
  return db_done(s, error);
}

static bool encode_thing(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)error;
  Json json;
  atomic_fetch_add(&((Things *)room)->worked, 1);
  reply->status = 201;
  json_begin(&json, &reply->body);
  write_thing(&json, command);
  return true;
}

static bool encode_nothing(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)command, (void)reply, (void)room, (void)error;
  return true;
}

static bool list_things(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  (void)room;
  DbStatement *s;
  int64_t limit;
  if (!http_query_i64(request, "limit", 20, 1, 500, &limit, error)) return false;
  Text name = http_query(request, "q");
  if (!db_prepare(&s, request->db, "SELECT id, name, count FROM thing WHERE CAST(?1 AS TEXT) IS NULL OR name = ?1 ORDER BY id LIMIT ?2", error)) return false;
  db_bind_text(s, 1, name);
  db_bind_i64(s, 2, limit);
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    Thing thing = {db_column_i64(s, 0), db_column_i64(s, 2), db_column_text(s, 1)};
    write_thing(&json, &thing);
  }
  json_close(&json);
  json_close(&json);
  return true;
}

static bool get_thing(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  (void)room;
  DbStatement *s;
  bool row;
  Thing thing = {0};
  if (!http_argument_id(request, 0, "thing", &thing.id, error)) return false;
  if (!db_prepare(&s, request->db, "SELECT name, count FROM thing WHERE id = ?1", error)) return false;
  db_bind_i64(s, 1, thing.id);
  if (!db_step(&row, s, error)) return false;
  if (!row) return error_raise(error, ERROR_NOT_FOUND, "thing\t%lld", (long long)thing.id);
  thing.name = text_copy(request->arena, db_column_text(s, 0));
  thing.count = db_column_i64(s, 1);
  db_reset(s);
  Json json;
  json_begin(&json, &reply->body);
  write_thing(&json, &thing);
  http_reply_header(reply, "ETag", "\"%lld\"", (long long)thing.count);
  return true;
}

static bool who_am_i(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  (void)room, (void)error;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_string(&json, "actor", request->who.actor);
  json_put_text(&json, "address", request->address);
  json_put_bool(&json, "token", http_token(request).at != NULL);
  json_close(&json);
  return true;
}

static bool decode_slowly(HttpRequest *request, void **command, void *room, Error *error) {
  Things *things = room;
  int64_t now = atomic_fetch_add(&things->slow_now, 1) + 1;
  if (now > atomic_load(&things->slow_most)) atomic_store(&things->slow_most, now);
  usleep(20000);
  bool ok = decode_thing(request, command, room, error);
  atomic_fetch_sub(&things->slow_now, 1);
  return ok && text_is(http_body_text(request->body, "name"), "wrong") ? error_raise(error, ERROR_SIGN_IN_WRONG, "%s", "") : ok;
}

static bool read_slowly(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  usleep(20000);
  return who_am_i(request, reply, room, error);
}

static bool decode_raw(HttpRequest *request, void **command, void *room, Error *error) {
  (void)room;
  Thing *thing = ARENA_NEW(request->arena, Thing);
  if (!thing) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "thing");
  thing->name = text_slice(request->raw_body, 0, 10);
  thing->count = (int64_t)request->raw_body.len;
  *command = thing;
  return true;
}

#define BODY                                                                                                                   \
  "{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":40}," \
  "\"count\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000},\"tags\":{\"type\":\"array\",\"maxItems\":3,\"items\":{\"type\":\"string\"}}}}"
#define WHO \
  "{\"required\":[\"actor\",\"address\",\"token\"],\"properties\":{\"actor\":{\"type\":\"string\"},\"address\":{\"type\":\"string\"},\"token\":{\"type\":\"boolean\"}}}"

const HttpRoute THING_ROUTES[] = {
    {"GET", "/api/v1/things", 0, 0, "Things", "q limit", NULL, "{\"required\":[\"items\"],\"properties\":{\"items\":{\"items\":" THING "}}}", .read = list_things},
    {"POST", "/api/v1/things", THING_ROLE_AGENT | THING_ROLE_ADMINISTRATOR, HTTP_KEYED | HTTP_URGENT | HTTP_UNCOUNTED, "A new thing", NULL, BODY, THING,
     .decode = decode_thing, .work = work_add, .encode = encode_thing},
    {"GET", "/api/v1/things/{id}", 0, 0, "One thing", NULL, NULL, THING, .read = get_thing},
    {"PATCH", "/api/v1/things/{id}", THING_ROLE_DISPATCHER, 0, "Another name", NULL, BODY, THING,
     .decode = decode_thing, .work = work_rename, .encode = encode_thing},
    {"DELETE", "/api/v1/things/{id}", THING_ROLE_DISPATCHER, 0, "Gone", NULL, NULL, NULL, .decode = decode_thing, .work = work_remove, .encode = encode_nothing},
    {"GET", "/api/v1/things/mine", 0, HTTP_UNLOCKED, "A fixed part beats an argument", NULL, NULL, WHO, .read = who_am_i},
    {"GET", "/api/v1/open", 0, HTTP_PUBLIC, "For everyone", NULL, NULL, WHO, .read = who_am_i},
    {"POST", "/api/v1/open", 0, HTTP_PUBLIC, "A write without sign-in", NULL, BODY, THING, .decode = decode_thing, .work = work_add, .encode = encode_thing},
    {"POST", "/api/v1/form", 0, HTTP_PUBLIC | HTTP_FORM, "A form of the public", NULL, BODY, THING, .decode = decode_thing, .work = work_add, .encode = encode_thing},
    {"POST", "/api/v1/slow", 0, HTTP_PUBLIC | HTTP_SLOW, "A slow write", NULL, BODY, THING, .decode = decode_slowly, .work = work_add, .encode = encode_thing},
    {"GET", "/api/v1/slow", 0, HTTP_SLOW, "A slow read", NULL, NULL, WHO, .read = read_slowly},
    {"PUT", "/api/v1/raw", 0, HTTP_RAW_BODY, "Any text", NULL, "text/csv", THING, .decode = decode_raw, .work = work_add, .encode = encode_thing},
    {0},
};
