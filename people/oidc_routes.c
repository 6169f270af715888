/* Signing in by the company's own sign-in service (people/oidc.h). What asks that service runs on the slow thread, before the desk. */
#include <stdio.h>

#include "base/limits.h"
#include "http/header.h"
#include "people/staff_private.h"

bool staff_use_oidc(Staff *staff, Oidc *oidc, Db *db, Error *error) {
  staff->oidc = oidc;
  return !oidc || store_load_sign_in_keys(staff, db, error);
}

/* What seals must be in the store before what it sealed goes out. */
static bool keep_keys(DeskContext *context, const Staff *staff, Error *error) {
  char keys[OIDC_KEYS_TEXT];
  if (!oidc_take_unkept(staff->oidc, keys)) return true;
  bool ok = store_put_setting(context->db, context->county_id, "sign_in_keys", text_of(keys), error);
  if (!ok) oidc_keys_unkept(staff->oidc);
  sodium_memzero(keys, sizeof keys);
  return ok;
}

static bool has_oidc(const Staff *staff, Error *error) { return staff->oidc ? true : error_raise(error, ERROR_NOT_FOUND, "sign-in\toidc"); }

static bool read_ways(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Staff *staff = room;
  Json json;
  (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_text(&json, "oidc", staff->oidc ? oidc_label(staff->oidc, request->language) : TEXT_NONE);
  json_close(&json);
  return true;
}

typedef struct Begin {
  Staff *staff;
  OidcStart start;
} Begin;

static bool decode_begin(HttpRequest *request, void **command, void *room, Error *error) {
  Begin *begin = ARENA_NEW(request->arena, Begin);
  Text origin = http_header(request, "Origin");
  if (!begin) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "session");
  *command = begin;
  begin->staff = room;
  if (!has_oidc(begin->staff, error)) return false;
  if (!origin.at || !header_origin_is(origin, http_header(request, "Host"))) return error_raise(error, ERROR_CROSS_SITE, "%s", "");
  return oidc_begin(&begin->start, begin->staff->oidc, origin, request->arena, error);
}

static bool work_begin(DeskContext *context, void *command, Error *error) { return keep_keys(context, ((const Begin *)command)->staff, error); }

static bool encode_begin(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  const Begin *begin = command;
  Json json;
  (void)request, (void)room, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_text(&json, "url", begin->start.url);
  json_put_text(&json, "flow", begin->start.flow);
  json_close(&json);
  return true;
}

/* --- coming back --- */

typedef struct Enter {
  SessionBegin begin;
  StaffAdd add;  /* of somebody not known yet; add.staff NULL: nobody is made */
  Text paused;   /* a code is needed first */
} Enter;

/* Into the record: the service vouched for somebody whom the program does not let in. */
typedef struct Refused {
  int64_t county_id, staff_id;
} Refused;

static bool work_refused(DeskContext *context, void *command, Error *error) {
  const Refused *refused = command;
  if (refused->staff_id) return desk_event(context, "people.sign_in_refused", "staff", refused->staff_id, TEXT("{\"by\":\"oidc\",\"why\":\"disabled\"}"), error);
  return desk_event(context, "people.sign_in_refused", "company", refused->county_id, TEXT("{\"by\":\"oidc\",\"why\":\"unknown\"}"), error);
}

static bool refuse(Staff *staff, int64_t staff_id, Error *error) {
  Refused refused = {staff->options.county_id, staff_id};
  if (!desk_do(staff->desk, work_refused, &refused, TEXT("public"), error)) return false;
  return error_raise(error, staff_id ? ERROR_OIDC_DISABLED : ERROR_OIDC_NOBODY, "%s", "");
}

static bool name_is_sound(Text name) { return name.len && text_characters(name) <= STAFF_NAME_MOST && !memchr(name.at, ' ', name.len); }

/* A password nobody knows: they come by the service, or an administrator gives them another. */
static bool make_account(Enter *enter, Staff *staff, Text name, const OidcPerson *person, Error *error) {
  char password[STAFF_PASSWORD_TEXT];
  if (!name_is_sound(name)) return refuse(staff, 0, error);
  enter->add = (StaffAdd){.staff = staff, .account = {.name = name, .full_name = text_cut(person->full_name, 60), .org_id = oidc_create_org(staff->oidc)}};
  password_random(password);
  bool ok = password_hash(enter->add.password, text_of(password), error);
  sodium_memzero(password, sizeof password);
  return ok;
}

static bool decode_finish(HttpRequest *request, void **command, void *room, Error *error) {
  Staff *staff = room;
  OidcPerson person;
  const json_t *body = request->body;
  OidcAnswer answer = {http_body_text(body, "flow"), http_body_text(body, "state"), http_body_text(body, "code"), http_body_text(body, "issuer")};
  Enter *enter = ARENA_NEW(request->arena, Enter);
  if (!enter) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "session");
  if (!has_oidc(staff, error) || !oidc_finish(&person, staff->oidc, &answer, request->arena, error)) return false;
  Text name = staff_plain_name(request->arena, person.name);
  if (!name.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "session");
  pthread_rwlock_rdlock(&staff->lock);
  const Account *account = account_find_name(staff, name);
  int64_t id = account ? account->member.id : 0;
  bool disabled = account && account->member.disabled, asks = account && account->factor.confirmed && !person.second_factor;
  pthread_rwlock_unlock(&staff->lock);
  *command = enter;
  enter->begin = (SessionBegin){.staff = staff, .staff_id = id, .vouched = true, .strong = person.second_factor};
  session_new_token(&enter->begin);
  if (disabled) return refuse(staff, id, error);
  if (!account && oidc_create_org(staff->oidc) < 0) return refuse(staff, 0, error);
  if (!account) return make_account(enter, staff, name, &person, error);
  return asks ? oidc_pause(&enter->paused, staff->oidc, id, request->arena, error) : true;
}

static bool work_enter(DeskContext *context, void *command, Error *error) {
  Enter *enter = command;
  if (!keep_keys(context, enter->begin.staff, error)) return false;
  if (enter->paused.len) return true;
  if (!enter->add.staff) return session_work_begin(context, &enter->begin, error);
  if (!staff_work_add(context, &enter->add, error)) return false;
  enter->begin.staff_id = enter->add.out.id;
  return session_work_begin(context, &enter->begin, error) ? true : desk_spoil(context);
}

static bool encode_enter(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  const Enter *enter = command;
  Json json;
  (void)room, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_text(&json, "paused", enter->paused.len ? enter->paused : TEXT_NONE);
  json_close(&json);
  if (!enter->paused.len) http_reply_session(request, reply, text_of(enter->begin.token), LIMIT_SESSION_DAYS * 86400);
  return true;
}

/* --- the program's own second factor --- */

static bool decode_code(HttpRequest *request, void **command, void *room, Error *error) {
  Staff *staff = room;
  StaffMember member;
  Text paused = http_body_text(request->body, "paused"), code = http_body_text(request->body, "code");
  Instant now = time_now(staff->options.wall);
  int64_t id;
  Enter *enter = ARENA_NEW(request->arena, Enter);
  if (!enter) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "session");
  if (!has_oidc(staff, error) || !oidc_resume(&id, staff->oidc, paused, error)) return false;
  if (!staff_member(staff, id, &member) || member.disabled) return refuse(staff, id, error);
  if (!delays_check(staff->delays, member.name, request->address, now, error)) return false;
  Factor used;
  pthread_rwlock_rdlock(&staff->lock);
  const Account *account = account_find(staff, id);
  bool good = account && (!account->factor.confirmed || factor_check(&used, &account->factor, code, now));
  pthread_rwlock_unlock(&staff->lock);
  sodium_memzero(&used, sizeof used);
  delays_note(staff->delays, member.name, request->address, now, good);
  if (!good) return error_raise(error, ERROR_SIGN_IN_CODE_WRONG, "%s", "");
  oidc_resumed(staff->oidc, paused);
  enter->begin = (SessionBegin){.staff = staff, .staff_id = id, .vouched = true, .code = code};
  session_new_token(&enter->begin);
  *command = enter;
  return true;
}

#define SEALED_SCHEMA "{\"type\":\"string\",\"format\":\"line\",\"maxLength\":2000}"
#define LINE_SCHEMA "{\"type\":\"string\",\"format\":\"line\",\"maxLength\":4000}"
#define PAUSED_SCHEMA \
  "{\"required\":[\"paused\"],\"properties\":{\"paused\":{\"type\":[\"string\",\"null\"],\"description\":\"a code of the second factor is needed; null: signed in\"}}}"

const HttpRoute OIDC_ROUTES[] = {
    {.method = "GET", .path = "/api/v1/session/ways", .flags = HTTP_PUBLIC | HTTP_UNLOCKED, .summary = "Ways to sign in beside name and password: the sign-in service's name, or null",
     .reply_schema = "{\"required\":[\"oidc\"],\"properties\":{\"oidc\":{\"type\":[\"string\",\"null\"]}}}", .read = read_ways},
    {.method = "POST", .path = "/api/v1/session/oidc", .flags = HTTP_PUBLIC | HTTP_SLOW,
     .summary = "Begins a sign-in by the company's service: where to go, and what to bring back",
     .reply_schema = "{\"required\":[\"url\",\"flow\"],\"properties\":{\"url\":{\"type\":\"string\"},\"flow\":{\"type\":\"string\"}}}",
     .decode = decode_begin, .work = work_begin, .encode = encode_begin},
    {.method = "POST", .path = "/api/v1/session/oidc/finish", .flags = HTTP_PUBLIC | HTTP_SLOW, .summary = "Signs in with what the service sent; the session's token comes as the cookie dianbaomu",
     .request_schema = "{\"required\":[\"flow\",\"state\",\"code\"],\"properties\":{\"flow\":" SEALED_SCHEMA ",\"state\":" LINE_SCHEMA ",\"code\":" LINE_SCHEMA ",\"issuer\":" LINE_SCHEMA "}}",
     .reply_schema = PAUSED_SCHEMA, .decode = decode_finish, .work = work_enter, .encode = encode_enter},
    {.method = "POST", .path = "/api/v1/session/oidc/code", .flags = HTTP_PUBLIC | HTTP_SLOW, .summary = "… and a code of one's second factor",
     .request_schema = "{\"required\":[\"paused\",\"code\"],\"properties\":{\"paused\":" SEALED_SCHEMA ",\"code\":" LINE_SCHEMA "}}",
     .reply_schema = PAUSED_SCHEMA, .decode = decode_code, .work = work_enter, .encode = encode_enter},
    {0},
};
