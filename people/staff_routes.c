/* Sign-in, passwords, accounts. What hashes a password runs on the slow thread, before the desk. */
#include <stdio.h>

#include "base/limits.h"
#include "http/schema_words.h"
#include "people/staff_private.h"

/* --- encoding --- */

void staff_write_roles(Json *json, uint32_t roles) {
  json_key(json, "roles");
  json_open_array(json);
  for (int bit = 0; bit < STAFF_ROLE_COUNT; bit++)
    if (roles >> bit & 1u) json_text(json, text_of(STAFF_ROLE_NAMES[bit]));
  json_close(json);
}

static void write_person(Json *json, const Staff *staff, const StaffMember *member) {
  char org[24];
  Text name = staff->options.orgs.name ? staff->options.orgs.name(staff->options.orgs.self, member->org_id) : TEXT_NONE;
  snprintf(org, sizeof org, "%lld", (long long)member->org_id);
  json_put_id(json, "id", member->id);
  json_put_text(json, "name", member->name);
  json_put_text(json, "full_name", member->full_name);
  staff_write_roles(json, member->roles);
  json_key(json, "org");
  json_open_object(json);
  json_put_string(json, "id", org);
  json_put_text(json, "name", name.at ? name : TEXT(""));
  json_close(json);
  json_put_id(json, "crew_id", member->crew_id);
}

void staff_write_session(HttpReply *reply, const Staff *staff, const StaffMember *member, Instant expires, bool must) {
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "staff");
  json_open_object(&json);
  write_person(&json, staff, member);
  json_close(&json);
  json_put_instant(&json, "token_expires", expires);
  json_put_bool(&json, "two_factor", member->two_factor);
  json_put_bool(&json, "two_factor_needed", must);
  json_close(&json);
}

static void write_account(Json *json, const Staff *staff, const StaffMember *member, const char *password) {
  json_open_object(json);
  write_person(json, staff, member);
  json_put_bool(json, "disabled", member->disabled);
  json_put_bool(json, "two_factor", member->two_factor);
  json_put_instant(json, "last_seen", member->last_seen);
  json_put_i64(json, "version", member->version);
  if (password && password[0]) json_put_string(json, "password", password);
  json_close(json);
}

/* --- sessions --- */

typedef struct Checked {
  StaffMember member;
  char password[crypto_pwhash_STRBYTES]; /* the hash that fitted */
} Checked;

typedef enum CodeAsked { CODE_NOT_ASKED, CODE_ASKED } CodeAsked;

/* Whether the password is this account's, and the code its second factor's, where it is asked and has one; who guesses waits. Takes its time, and as long for a name that does not exist. */
static bool check_password(Checked *out, Staff *staff, HttpRequest *request, Text name, Text password, CodeAsked asked, Text code, Error *error) {
  Instant now = time_now(staff->options.wall);
  if (!delays_check(staff->delays, name, request->address, now, error)) return false;
  pthread_rwlock_rdlock(&staff->lock);
  const Account *account = account_find_name(staff, name);
  bool open = account && !account->member.disabled;
  Factor factor = {.set = false}, used;
  if (open) {
    out->member = account_member(account);
    memcpy(out->password, account->password, sizeof out->password);
    if (asked == CODE_ASKED && account->factor.confirmed) factor = account->factor;
  }
  pthread_rwlock_unlock(&staff->lock);
  bool fits = password_fits(open ? out->password : NULL, password), needs = factor.set && !code.len;
  bool good = !factor.set || factor_check(&used, &factor, code, now);
  sodium_memzero(&factor, sizeof factor);
  sodium_memzero(&used, sizeof used);
  if (fits && needs) return error_raise(error, ERROR_SIGN_IN_CODE_NEEDED, "%s", ""); /* neither right nor wrong yet */
  delays_note(staff->delays, name, request->address, now, fits && good);
  if (!fits) return error_raise(error, ERROR_SIGN_IN_WRONG, "%s", "");
  return good ? true : error_raise(error, ERROR_SIGN_IN_CODE_WRONG, "%s", "");
}

Text staff_plain_name(Arena *arena, Text name) {
  Text copy = text_copy(arena, text_trim(name));
  for (size_t i = 0; i < copy.len; i++)
    if (copy.at[i] >= 'A' && copy.at[i] <= 'Z') ((char *)(uintptr_t)copy.at)[i] = (char)(copy.at[i] + 32);
  return copy;
}

void session_new_token(SessionBegin *begin) {
  unsigned char token[32];
  randombytes_buf(token, sizeof token);
  sodium_bin2base64(begin->token, sizeof begin->token, token, sizeof token, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool decode_sign_in(HttpRequest *request, void **command, void *room, Error *error) {
  Staff *staff = room;
  Checked checked;
  SessionBegin *begin = ARENA_NEW(request->arena, SessionBegin);
  Text name = staff_plain_name(request->arena, http_body_text(request->body, "name"));
  if (!begin || !name.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "session");
  Text code = http_body_text(request->body, "code");
  if (!check_password(&checked, staff, request, name, http_body_text(request->body, "password"), CODE_ASKED, code, error)) return false;
  *begin = (SessionBegin){.staff = staff, .staff_id = checked.member.id, .code = code};
  memcpy(begin->checked, checked.password, sizeof begin->checked);
  session_new_token(begin);
  *command = begin;
  return true;
}

static bool encode_sign_in(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)error;
  SessionBegin *begin = command;
  staff_write_session(reply, room, &begin->member, begin->expires, begin->must);
  http_reply_session(request, reply, text_of(begin->token), LIMIT_SESSION_DAYS * 86400);
  return true;
}

static bool get_session(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Staff *staff = room;
  StaffMember member;
  Instant expires;
  bool must;
  if (!session_find(staff, http_token(request), &expires, &must) || !staff_member(staff, request->who.staff_id, &member))
    return error_raise(error, ERROR_SIGN_IN_NEEDED, "%s", ""); /* it ended this moment */
  staff_write_session(reply, staff, &member, expires, must);
  return true;
}

static bool decode_sign_out(HttpRequest *request, void **command, void *room, Error *error) {
  SessionEnd *end = ARENA_NEW(request->arena, SessionEnd);
  if (!end) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "session");
  end->staff = room;
  session_hash(end->hash, http_token(request));
  *command = end;
  return true;
}

static bool encode_sign_out(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)command, (void)room, (void)error;
  http_reply_session(request, reply, TEXT_NONE, 0);
  return true;
}

/* --- password --- */

static bool is_strong(Arena *arena, Text password, Text name, Error *error) {
  size_t characters = text_characters(password);
  Text small = staff_plain_name(arena, password);
  if (characters >= STAFF_PASSWORD_LEAST && characters <= STAFF_PASSWORD_MOST && text_find(small, name) < 0) return true;
  error_raise(error, ERROR_PASSWORD_WEAK, "%d\t%d", STAFF_PASSWORD_LEAST, STAFF_PASSWORD_MOST);
  return error_at(error, "$.new");
}

static bool decode_password(HttpRequest *request, void **command, void *room, Error *error) {
  Staff *staff = room;
  Checked checked;
  StaffMember me;
  Text fresh = http_body_text(request->body, "new");
  StaffPassword *change = ARENA_NEW(request->arena, StaffPassword);
  if (!change) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "password");
  if (!staff_member(staff, request->who.staff_id, &me)) return error_raise(error, ERROR_SIGN_IN_NEEDED, "%s", "");
  if (!is_strong(request->arena, fresh, me.name, error)) return false;
  if (!check_password(&checked, staff, request, me.name, http_body_text(request->body, "old"), CODE_NOT_ASKED, TEXT_NONE, error)) {
    if (error->code != ERROR_SIGN_IN_WRONG) return false;
    error_raise(error, ERROR_PASSWORD_WRONG, "%s", ""); /* not 401: the session is still good */
    return error_at(error, "$.old");
  }
  *change = (StaffPassword){.staff = staff, .id = me.id};
  memcpy(change->checked, checked.password, sizeof change->checked);
  session_hash(change->keep, http_token(request));
  *command = change;
  return password_hash(change->password, fresh, error);
}

static bool encode_nothing(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)command, (void)reply, (void)room, (void)error;
  return true;
}

/* --- the second factor --- */

static bool decode_factor(StaffFactor **command, HttpRequest *request, Staff *staff, FactorAct act, Error *error) {
  Checked checked;
  StaffMember me;
  StaffFactor *made = ARENA_NEW(request->arena, StaffFactor);
  if (!made) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "two_factor");
  if (!staff_member(staff, request->who.staff_id, &me)) return error_raise(error, ERROR_SIGN_IN_NEEDED, "%s", "");
  *made = (StaffFactor){.staff = staff, .id = me.id, .act = act, .code = http_body_text(request->body, "code")};
  *command = made;
  if (act == FACTOR_CONFIRM) return true;
  if (check_password(&checked, staff, request, me.name, http_body_text(request->body, "password"), CODE_NOT_ASKED, TEXT_NONE, error)) {
    memcpy(made->checked, checked.password, sizeof made->checked);
    return true;
  }
  if (error->code != ERROR_SIGN_IN_WRONG) return false;
  error_raise(error, ERROR_PASSWORD_WRONG, "%s", "");
  return error_at(error, "$.password");
}

static bool decode_factor_begin(HttpRequest *request, void **command, void *room, Error *error) {
  return decode_factor((StaffFactor **)command, request, room, FACTOR_BEGIN, error);
}

static bool decode_factor_confirm(HttpRequest *request, void **command, void *room, Error *error) {
  return decode_factor((StaffFactor **)command, request, room, FACTOR_CONFIRM, error);
}

static bool decode_factor_remove(HttpRequest *request, void **command, void *room, Error *error) {
  return decode_factor((StaffFactor **)command, request, room, FACTOR_REMOVE, error);
}

static bool encode_factor_begin(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)error;
  const StaffFactor *made = command;
  char secret[FACTOR_SECRET_TEXT], uri[256];
  StaffMember me;
  Json json;
  if (!staff_member(room, request->who.staff_id, &me)) me.name = TEXT("");
  factor_secret_text(&made->out, secret);
  char name[3 * STAFF_NAME_MOST * 4 + 1];
  size_t len = 0;
  for (size_t i = 0; i < me.name.len && len + 4 < sizeof name; i++) /* percent-encoded, as a label must be */
    len += (size_t)snprintf(name + len, sizeof name - len, me.name.at[i] > ' ' && me.name.at[i] < 127 && !strchr("%/?#:&=+", me.name.at[i]) ? "%c" : "%%%02X",
                            (unsigned char)me.name.at[i]);
  name[len] = '\0';
  snprintf(uri, sizeof uri, "otpauth://totp/Dianbaomu:%.120s?secret=%s&issuer=Dianbaomu", name, secret);
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_string(&json, "secret", secret);
  json_put_string(&json, "uri", uri);
  json_close(&json);
  return true;
}

static bool encode_factor_confirm(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  const StaffFactor *made = command;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "recovery");
  json_open_array(&json);
  for (int i = 0; i < FACTOR_RECOVERY_CODES; i++) json_text(&json, text_of(made->recovery[i]));
  json_close(&json);
  json_close(&json);
  return true;
}

static bool write_rule(HttpReply *reply, int rule) {
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_string(&json, "two_factor", TWO_FACTOR_RULE_NAMES[rule]);
  json_close(&json);
  return true;
}

static bool get_rule(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)error;
  Staff *staff = room;
  pthread_rwlock_rdlock(&staff->lock);
  int rule = staff->two_factor_rule;
  pthread_rwlock_unlock(&staff->lock);
  return write_rule(reply, rule);
}

static bool decode_rule(HttpRequest *request, void **command, void *room, Error *error) {
  StaffRule *made = ARENA_NEW(request->arena, StaffRule);
  if (!made) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "two_factor");
  if (!staff_sees_all(room, &request->who)) return error_raise(error, ERROR_FORBIDDEN_PLACE, "%s", "全公司" ERROR_BOTH "the whole company");
  *made = (StaffRule){.staff = room};
  for (int rule = 0; rule < TWO_FACTOR_RULES; rule++)
    if (text_is(http_body_text(request->body, "two_factor"), TWO_FACTOR_RULE_NAMES[rule])) made->rule = (TwoFactorRule)rule;
  *command = made;
  return true;
}

static bool encode_rule(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)room, (void)error;
  return write_rule(reply, (int)((const StaffRule *)command)->rule);
}

/* --- accounts --- */

static uint32_t roles_of(const json_t *list) {
  uint32_t roles = 0;
  size_t at;
  json_t *name;
  json_array_foreach(list, at, name)
    for (int bit = 0; bit < STAFF_ROLE_COUNT; bit++)
      if (strcmp(json_string_value(name), STAFF_ROLE_NAMES[bit]) == 0) roles |= 1u << bit;
  return roles;
}

/* "0" is the whole company, so that this is no id of the usual kind. */
static bool org_of(const json_t *body, int64_t *out, Error *error) {
  Text text = http_body_text(body, "org_id");
  if (text_to_i64(text, out) && *out >= 0) return true;
  error_raise(error, ERROR_FIELD_FORMAT, "org_id\t%.*s\tan id (decimal digits), or 0", TEXT_ARG(text));
  return error_at(error, "$.org_id");
}

typedef struct AccountCommand {
  union {
    StaffAdd add;
    StaffChange change;
  };
  char password[STAFF_PASSWORD_TEXT]; /* told once */
} AccountCommand;

static bool decode_add(HttpRequest *request, void **command, void *room, Error *error) {
  AccountCommand *made = ARENA_NEW(request->arena, AccountCommand);
  if (!made) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "staff");
  StaffAdd *add = &made->add;
  Text full_name = http_body_text(request->body, "full_name");
  *add = (StaffAdd){.staff = room, .by = &request->who};
  add->account = (StaffNew){.name = staff_plain_name(request->arena, http_body_text(request->body, "name")), .full_name = text_trim(full_name),
                            .roles = roles_of(json_object_get(request->body, "roles")), .crew_id = http_body_id(request->body, "crew_id")};
  if (!org_of(request->body, &add->account.org_id, error)) return false;
  if (add->account.name.len == 0 || memchr(add->account.name.at, ' ', add->account.name.len)) {
    error_raise(error, ERROR_FIELD_FORMAT, "name\t%.*s\ta name without blanks", TEXT_ARG(add->account.name));
    return error_at(error, "$.name");
  }
  password_random(made->password);
  *command = made;
  return password_hash(add->password, text_of(made->password), error);
}

static bool encode_add(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)error;
  AccountCommand *made = command;
  Json json;
  reply->status = 201;
  json_begin(&json, &reply->body);
  write_account(&json, room, &made->add.out, made->password);
  return true;
}

static bool decode_change(HttpRequest *request, void **command, void *room, Error *error) {
  AccountCommand *made = ARENA_NEW(request->arena, AccountCommand);
  const json_t *body = request->body;
  if (!made) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "staff");
  StaffChange *change = &made->change;
  *change = (StaffChange){.staff = room, .by = &request->who, .version = http_body_i64(body, "version", 0)};
  change->set_roles = json_object_get(body, "roles") != NULL;
  change->set_org = json_object_get(body, "org_id") != NULL;
  change->set_crew = json_object_get(body, "crew_id") != NULL;
  change->set_full_name = json_object_get(body, "full_name") != NULL;
  change->set_disabled = json_object_get(body, "disabled") != NULL;
  change->set_password = http_body_bool(body, "reset_password", false);
  change->reset_factor = http_body_bool(body, "reset_two_factor", false);
  change->to = (StaffNew){.full_name = text_trim(http_body_text(body, "full_name")), .roles = roles_of(json_object_get(body, "roles")),
                          .crew_id = http_body_id(body, "crew_id")};
  change->disabled = http_body_bool(body, "disabled", false);
  *command = made;
  if (!http_argument_id(request, 0, "staff", &change->id, error)) return false;
  if (change->set_org && !org_of(body, &change->to.org_id, error)) return false;
  if (change->set_password) password_random(made->password);
  return change->set_password ? password_hash(change->password, text_of(made->password), error) : true;
}

static bool encode_change(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)error;
  AccountCommand *made = command;
  Json json;
  json_begin(&json, &reply->body);
  write_account(&json, room, &made->change.out, made->password);
  return true;
}

static bool list_staff(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Staff *staff = room;
  int64_t limit, after, last = 0, count = 0;
  bool more = false;
  if (!http_query_i64(request, "limit", LIMIT_PAGE_ROWS, 1, LIMIT_PAGE_ROWS, &limit, error) ||
      !http_query_i64(request, "after", 0, 0, INT64_MAX, &after, error))
    return false;
  Json json;
  char next[24];
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  pthread_rwlock_rdlock(&staff->lock);
  for (size_t i = 0; i < staff->accounts.count && !more; i++) {
    StaffMember member = account_member(staff->accounts.at[i]);
    if (member.id <= after || !staff_may_see_org(staff, &request->who, member.org_id)) continue;
    more = count++ == limit;
    if (more) break;
    write_account(&json, staff, &member, NULL);
    last = member.id;
  }
  pthread_rwlock_unlock(&staff->lock);
  json_close(&json);
  snprintf(next, sizeof next, "%lld", (long long)last);
  json_put_string(&json, "next", more ? next : NULL);
  json_close(&json);
  return true;
}

#define ROLE_LIST \
  "{\"type\":\"array\",\"maxItems\":8,\"items\":{\"enum\":[\"agent\",\"dispatcher\",\"crew\",\"manager\",\"head\",\"administrator\"," \
  "\"security\",\"auditor\"]}}"
#define NAME_SCHEMA "{\"type\":\"string\",\"format\":\"line\",\"minLength\":1,\"maxLength\":40}"
#define FULL_NAME_SCHEMA "{\"type\":[\"string\",\"null\"],\"format\":\"line\",\"maxLength\":60}"
#define ORG_ID_SCHEMA "{\"type\":\"string\",\"format\":\"code\",\"maxLength\":20}"
#define CREW_ID_SCHEMA "{\"type\":[\"string\",\"null\"],\"format\":\"id\"}"
#define PASSWORD_SCHEMA "{\"type\":\"string\",\"minLength\":1,\"maxLength\":128}"
#define PERSON_PROPERTIES                                                                                                                       \
  "\"id\":{\"type\":\"string\",\"format\":\"id\"},\"name\":{\"type\":\"string\"},\"full_name\":{\"type\":[\"string\",\"null\"]},\"roles\":" ROLE_LIST \
  ",\"org\":{\"required\":[\"id\",\"name\"],\"properties\":{\"id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"}}},\"crew_id\":" CREW_ID_SCHEMA
#define PERSON_REQUIRED "\"id\",\"name\",\"full_name\",\"roles\",\"org\",\"crew_id\""
#define SESSION_SCHEMA                                                                                                                            \
  "{\"type\":\"object\",\"required\":[\"staff\",\"token_expires\",\"two_factor\",\"two_factor_needed\"],\"properties\":{\"staff\":{\"type\":\"object\",\"required\":[" PERSON_REQUIRED \
  "],\"properties\":{" PERSON_PROPERTIES "}},\"token_expires\":{\"type\":\"string\",\"format\":\"date-time\"},\"two_factor\":{\"type\":\"boolean\"},"                                   \
  "\"two_factor_needed\":{\"type\":\"boolean\",\"description\":\"they may do nothing before they have set up a second factor\"}}}"
#define ACCOUNT_SCHEMA                                                                                                                       \
  "{\"type\":\"object\",\"required\":[" PERSON_REQUIRED ",\"disabled\",\"two_factor\",\"last_seen\",\"version\"],\"properties\":{" PERSON_PROPERTIES          \
  ",\"disabled\":{\"type\":\"boolean\"},\"two_factor\":{\"type\":\"boolean\"},\"last_seen\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"},\"version\":{\"type\":\"integer\"}," \
  "\"password\":{\"type\":\"string\",\"description\":\"a random one, told only this time\"}}}"

#define COLLEAGUE_SCHEMA \
  "{\"type\":\"object\",\"required\":[\"id\",\"name\",\"roles\",\"org\"],\"additionalProperties\":false,\"properties\":{\"id\":{\"type\":\"string\",\"format\":\"id\"},\"name\":{\"type\":\"string\"},\"roles\":" ROLE_LIST \
  ",\"org\":{\"required\":[\"id\",\"name\"],\"properties\":{\"id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"}}}}}"
#define CODE_SCHEMA "{\"type\":\"string\",\"format\":\"line\",\"maxLength\":24}"
#define RULE_SCHEMA "{\"required\":[\"two_factor\"],\"properties\":{\"two_factor\":{\"enum\":[\"free\",\"administrators\",\"everyone\"]}}}"

const HttpRoute STAFF_ROUTES[] = {
    {"POST", "/api/v1/session", 0, HTTP_PUBLIC | HTTP_SLOW, "Sign in; the session's token comes as the cookie dianbaomu", NULL,
     "{\"required\":[\"name\",\"password\"],\"properties\":{\"name\":" NAME_SCHEMA ",\"password\":" PASSWORD_SCHEMA ",\"code\":" CODE_SCHEMA "}}", SESSION_SCHEMA,
     .decode = decode_sign_in, .work = session_work_begin, .encode = encode_sign_in},
    {"GET", "/api/v1/session", 0, HTTP_UNLOCKED, "Who is signed in", NULL, NULL, SESSION_SCHEMA, .read = get_session},
    {"DELETE", "/api/v1/session", 0, 0, "Sign out", NULL, NULL, NULL, .decode = decode_sign_out, .work = session_work_end, .encode = encode_sign_out},
    {"POST", "/api/v1/session/password", 0, HTTP_SLOW, "A new password of one's own; the other sessions end", NULL,
     "{\"required\":[\"old\",\"new\"],\"properties\":{\"old\":" PASSWORD_SCHEMA ",\"new\":" PASSWORD_SCHEMA "}}", NULL,
     .decode = decode_password, .work = staff_work_password, .encode = encode_nothing},
    {"POST", "/api/v1/session/two-factor", 0, HTTP_SLOW, "A secret for a second factor of one's own; good once confirmed", NULL,
     "{\"required\":[\"password\"],\"properties\":{\"password\":" PASSWORD_SCHEMA "}}",
     "{\"required\":[\"secret\",\"uri\"],\"properties\":{\"secret\":{\"type\":\"string\"},\"uri\":{\"type\":\"string\"}}}",
     .decode = decode_factor_begin, .work = staff_work_factor, .encode = encode_factor_begin},
    {"POST", "/api/v1/session/two-factor/confirm", 0, 0, "Proves to have the secret; recovery codes, told only this time", NULL,
     "{\"required\":[\"code\"],\"properties\":{\"code\":" CODE_SCHEMA "}}",
     "{\"required\":[\"recovery\"],\"properties\":{\"recovery\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}",
     .decode = decode_factor_confirm, .work = staff_work_factor, .encode = encode_factor_confirm},
    {"DELETE", "/api/v1/session/two-factor", 0, HTTP_SLOW, "Without a second factor again", NULL,
     "{\"required\":[\"password\",\"code\"],\"properties\":{\"password\":" PASSWORD_SCHEMA ",\"code\":" CODE_SCHEMA "}}", NULL,
     .decode = decode_factor_remove, .work = staff_work_factor, .encode = encode_nothing},
    {"GET", "/api/v1/security", STAFF_SECURITY | STAFF_ADMINISTRATOR, HTTP_UNLOCKED, "Who must sign in with a second factor", NULL, NULL, RULE_SCHEMA, .read = get_rule},
    {"PUT", "/api/v1/security", STAFF_SECURITY, 0, "Decides who must sign in with a second factor", NULL, RULE_SCHEMA, RULE_SCHEMA,
     .decode = decode_rule, .work = staff_work_rule, .encode = encode_rule},
    {"GET", "/api/v1/staff", STAFF_ADMINISTRATOR | STAFF_SECURITY, 0, "Accounts in one's part of the organisation", "limit after", NULL,
     "{\"required\":[\"items\",\"next\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":" ACCOUNT_SCHEMA
     "},\"next\":{\"type\":[\"string\",\"null\"]}}}",
     .read = list_staff},
    {"POST", "/api/v1/colleagues/search", 0, 0, "Who can be given something to do: in one's part of the organisation and the line above it; name, roles, place", "role limit after", S_SEARCH,
     "{\"required\":[\"items\",\"next\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":" COLLEAGUE_SCHEMA
     "},\"next\":{\"type\":[\"string\",\"null\"]}}}",
     .read = colleague_list},
    {"POST", "/api/v1/staff", STAFF_ADMINISTRATOR, HTTP_SLOW, "A new account, with a random password", NULL,
     "{\"required\":[\"name\",\"roles\",\"org_id\"],\"properties\":{\"name\":" NAME_SCHEMA ",\"full_name\":" FULL_NAME_SCHEMA ",\"roles\":" ROLE_LIST
     ",\"org_id\":" ORG_ID_SCHEMA ",\"crew_id\":" CREW_ID_SCHEMA "}}",
     ACCOUNT_SCHEMA, .decode = decode_add, .work = staff_work_add, .encode = encode_add},
    {"PATCH", "/api/v1/staff/{id}", STAFF_ADMINISTRATOR | STAFF_SECURITY, HTTP_SLOW, "Roles, place, crew, name, disabling, a new random password, the second factor taken away", NULL,
     "{\"required\":[\"version\"],\"properties\":{\"version\":{\"type\":\"integer\"},\"full_name\":" FULL_NAME_SCHEMA ",\"roles\":" ROLE_LIST
     ",\"org_id\":" ORG_ID_SCHEMA ",\"crew_id\":" CREW_ID_SCHEMA ",\"disabled\":{\"type\":\"boolean\"},\"reset_password\":{\"const\":true},\"reset_two_factor\":{\"const\":true}}}",
     ACCOUNT_SCHEMA, .decode = decode_change, .work = staff_work_change, .encode = encode_change},
    {0},
};
