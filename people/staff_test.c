/* Staff and sessions over a real server. */
#include "people/staff.h"

#include <liboath/oath.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "http/testing.h"
#include "people/factor.h"

/* A little organisation: 0 ─ 1 ─ 11, and 2 beside. */
static bool within(void *self, int64_t org, int64_t ancestor) {
  (void)self;
  return ancestor == 0 || org == ancestor || (org == 11 && ancestor == 1);
}

static Text org_name(void *self, int64_t org) {
  (void)self;
  return org == 0 ? TEXT("公司") : org == 1 ? TEXT("城关") : org == 11 ? TEXT("一网格") : org == 2 ? TEXT("乡下") : TEXT_NONE;
}

typedef struct Fixture {
  HttpTest test;
  Staff *staff;
  TimeSource wall;
  char password[STAFF_PASSWORD_TEXT]; /* of admin */
} Fixture;

static void begin(Fixture *f) {
  Error error = {0};
  StaffOptions options = {.county_id = 1, .wall = &f->wall, .orgs = {.within = within, .name = org_name}};
  assert_ok(staff_open(&f->staff, f->test.desk, f->test.db, &options, &error), &error);
  assert_ok(http_add_routes(f->test.http, STAFF_ROUTES, f->staff, &error), &error);
  assert_ok(http_add_routes(f->test.http, AUDIT_ROUTES, f->staff, &error), &error);
  f->test.identify = staff_identify;
  f->test.identify_self = f->staff;
}

static void open_fixture(Fixture *f) {
  Error error = {0};
  time_virtual(&f->wall, 1795264620 * SPAN_SECOND);
  http_test_open(&f->test);
  begin(f);
  assert_ok(staff_first_administrator(f->staff, f->password, &error), &error);
  assert_int_equal(strlen(f->password), 19);
  http_test_start(&f->test);
}

static void restart(Fixture *f) {
  http_test_end(&f->test);
  staff_close(f->staff);
  http_test_begin(&f->test);
  begin(f);
  http_test_start(&f->test);
}

static void close_fixture(Fixture *f) {
  http_test_close(&f->test);
  staff_close(f->staff);
}

static void take_token(HttpTest *test) {
  Text cookie = http_test_header(test, "Set-Cookie");
  assert_true(text_starts(cookie, TEXT("dianbaomu=")) && text_find(cookie, TEXT("; HttpOnly; SameSite=Strict; ")) > 0);
  Text token = text_slice(cookie, 10, (size_t)text_find(cookie, TEXT(";")));
  assert_int_equal(token.len, 43);
  snprintf(test->token, sizeof test->token, "%.*s", TEXT_ARG(token));
}

static json_t *sign_in(Fixture *f, const char *name, const char *password) {
  f->test.token[0] = '\0';
  json_t *session = http_test_do(&f->test, 200, "POST", "/api/v1/session", "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
  take_token(&f->test);
  return session;
}

static void later(Fixture *f, Span span) { time_virtual(&f->wall, time_now(&f->wall) + span); }

static void the_first_start_makes_one_administrator(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  char again[STAFF_PASSWORD_TEXT];
  open_fixture(&f);
  assert_ok(staff_first_administrator(f.staff, again, &error), &error);
  assert_string_equal(again, "");
  json_t *session = sign_in(&f, " Admin ", f.password); /* as people type */
  assert_string_equal(http_test_text(session, "staff.name"), "admin");
  for (int role = 0; role < STAFF_ROLE_COUNT; role++) { /* alone in the house: every role */
    char path[32];
    snprintf(path, sizeof path, "staff.roles.%d", role);
    assert_string_equal(http_test_text(session, path), STAFF_ROLE_NAMES[role]);
  }
  assert_string_equal(http_test_text(session, "staff.org.name"), "公司");
  session = http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  assert_string_equal(http_test_text(session, "token_expires"), "2026-11-28T12:37:00.000Z");
  char cookie[256];
  snprintf(cookie, sizeof cookie, "%s", f.test.token);
  f.test.token[0] = '\0';
  snprintf(f.test.headers, sizeof f.test.headers, "Cookie: dianbaomu=%s\r\nSec-Fetch-Site: same-origin\r\n", cookie); /* as browsers do */
  http_test_do(&f.test, 204, "DELETE", "/api/v1/session", NULL);
  assert_true(text_find(http_test_header(&f.test, "Set-Cookie"), TEXT("Max-Age=0")) > 0);
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL);
  close_fixture(&f);
}

static void wrong_passwords_wait_and_say_nothing(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  open_fixture(&f);
  static const char *const BODIES[] = {"{\"name\":\"admin\",\"password\":\"x\"}", "{\"name\":\"nobody\",\"password\":\"x\"}"};
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 2; k++)
      assert_string_equal(http_test_text(http_test_do(&f.test, 401, "POST", "/api/v1/session", "%s", BODIES[k]), "code"), "SIGN_IN_WRONG");
  http_test_do(&f.test, 401, "POST", "/api/v1/session", "%s", BODIES[0]);
  http_test_do(&f.test, 429, "POST", "/api/v1/session", "{\"name\":\"admin\",\"password\":\"%s\"}", f.password); /* even the right one */
  assert_true(text_is(http_test_header(&f.test, "Retry-After"), "1"));
  later(&f, SPAN_SECOND);
  sign_in(&f, "admin", f.password);
  int64_t id;
  char password[STAFF_PASSWORD_TEXT] = "";
  StaffNew li = {.name = TEXT("li"), .roles = STAFF_AGENT, .org_id = 1};
  assert_ok(staff_add(&id, password, f.staff, &li, &error), &error);
  sign_in(&f, "li", password);
  http_test_do(&f.test, 422, "POST", "/api/v1/session", "{\"name\":\"li\"}");
  close_fixture(&f);
}

static void sessions_end(void **state) {
  (void)state;
  Fixture f;
  char old[256];
  open_fixture(&f);
  sign_in(&f, "admin", f.password);
  for (int hours = 0; hours < 5 * 24; hours += 11) { /* used now and then it lives … */
    later(&f, 11 * SPAN_HOUR);
    http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  }
  restart(&f); /* … over a restart too; what was seen since the last note is forgotten, so note it first */
  sign_in(&f, "admin", f.password);
  restart(&f);
  http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  for (int i = 0; i < 14; i++) { /* … but not for ever */
    later(&f, 11 * SPAN_HOUR);
    http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  }
  later(&f, 11 * SPAN_HOUR);
  http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  later(&f, 4 * SPAN_HOUR);
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL);
  sign_in(&f, "admin", f.password);
  later(&f, LIMIT_SESSION_IDLE_HOURS * SPAN_HOUR); /* unused */
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL);
  sign_in(&f, "admin", f.password);
  snprintf(old, sizeof old, "%s", f.test.token);
  for (int i = 0; i < LIMIT_SESSIONS_PER_STAFF; i++) sign_in(&f, "admin", f.password); /* too many: the oldest goes */
  http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  snprintf(f.test.token, sizeof f.test.token, "%s", old);
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL);
  close_fixture(&f);
}

static void a_new_password_ends_the_other_sessions(void **state) {
  (void)state;
  Fixture f;
  char other[256], mine[256];
  open_fixture(&f);
  sign_in(&f, "admin", f.password);
  snprintf(other, sizeof other, "%s", f.test.token);
  sign_in(&f, "admin", f.password);
  snprintf(mine, sizeof mine, "%s", f.test.token);
  static const struct { const char *old, *fresh, *code, *where; } CASES[] = {
      {"wrong", "correct horse battery", "PASSWORD_WRONG", "$.old"}, {NULL, "short", "PASSWORD_WEAK", "$.new"}, {NULL, "my-ADMIN-password", "PASSWORD_WEAK", "$.new"}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    json_t *problem = http_test_do(&f.test, 422, "POST", "/api/v1/session/password", "{\"old\":\"%s\",\"new\":\"%s\"}", CASES[i].old ? CASES[i].old : f.password,
                                   CASES[i].fresh);
    assert_string_equal(http_test_text(problem, "code"), CASES[i].code);
    assert_string_equal(http_test_text(problem, "where"), CASES[i].where);
  }
  http_test_do(&f.test, 204, "POST", "/api/v1/session/password", "{\"old\":\"%s\",\"new\":\"correct horse battery\"}", f.password);
  http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  snprintf(f.test.token, sizeof f.test.token, "%s", other);
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL);
  http_test_do(&f.test, 401, "POST", "/api/v1/session", "{\"name\":\"admin\",\"password\":\"%s\"}", f.password);
  sign_in(&f, "admin", "correct horse battery");
  restart(&f);
  sign_in(&f, "admin", "correct horse battery");
  snprintf(f.test.token, sizeof f.test.token, "%s", mine);
  http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  close_fixture(&f);
}

static void accounts_are_made_and_changed(void **state) {
  (void)state;
  Fixture f;
  char path[80], password[STAFF_PASSWORD_TEXT], admin[256], token[256];
  open_fixture(&f);
  sign_in(&f, "admin", f.password);
  snprintf(admin, sizeof admin, "%s", f.test.token);
  json_t *account = http_test_do(&f.test, 201, "POST", "/api/v1/staff", "{\"name\":\"Wang.Wu\",\"full_name\":\"王五\",\"roles\":[\"crew\",\"agent\"],\"org_id\":\"11\",\"crew_id\":\"77\"}");
  int64_t id = http_test_i64(account, "id");
  assert_string_equal(http_test_text(account, "name"), "wang.wu");
  assert_string_equal(http_test_text(account, "org.name"), "一网格");
  assert_string_equal(http_test_text(account, "roles.0"), "agent");
  snprintf(password, sizeof password, "%s", http_test_text(account, "password"));
  snprintf(path, sizeof path, "/api/v1/staff/%lld", (long long)id);
  assert_int_equal(staff_crew_of(f.staff, id), 77);

  static const struct { int status; const char *body, *code; } BAD[] = {
      {409, "{\"name\":\"WANG.WU\",\"roles\":[],\"org_id\":\"1\"}", "ALREADY_EXISTS"},
      {404, "{\"name\":\"a\",\"roles\":[],\"org_id\":\"99\"}", "NOT_FOUND"},
      {422, "{\"name\":\"a\",\"roles\":[\"king\"],\"org_id\":\"1\"}", "FIELD_CHOICE"},
      {422, "{\"name\":\"a b\",\"roles\":[],\"org_id\":\"1\"}", "FIELD_FORMAT"},
      {422, "{\"name\":\" \",\"roles\":[],\"org_id\":\"1\"}", "FIELD_FORMAT"},
      {422, "{\"name\":\"a\",\"roles\":[],\"org_id\":\"x\"}", "FIELD_FORMAT"},
  };
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
    assert_string_equal(http_test_text(http_test_do(&f.test, BAD[i].status, "POST", "/api/v1/staff", "%s", BAD[i].body), "code"), BAD[i].code);

  sign_in(&f, "wang.wu", password);
  snprintf(token, sizeof token, "%s", f.test.token);
  http_test_do(&f.test, 403, "GET", "/api/v1/staff", NULL);
  snprintf(f.test.token, sizeof f.test.token, "%s", admin);
  json_t *list = http_test_do(&f.test, 200, "GET", "/api/v1/staff?limit=1", NULL);
  assert_string_equal(http_test_text(list, "items.0.name"), "admin");
  char next[80];
  snprintf(next, sizeof next, "/api/v1/staff?limit=1&after=%s", http_test_text(list, "next"));
  list = http_test_do(&f.test, 200, "GET", next, NULL);
  assert_string_equal(http_test_text(list, "items.0.full_name"), "王五");
  assert_true(json_is_null(http_test_at(list, "next")));
  assert_string_equal(http_test_text(list, "items.0.last_seen"), "2026-11-21T12:37:00.000Z");

  http_test_do(&f.test, 409, "PATCH", path, "{\"version\":7,\"disabled\":true}");
  account = http_test_do(&f.test, 200, "PATCH", path, "{\"version\":1,\"roles\":[\"dispatcher\"],\"full_name\":null,\"crew_id\":null}");
  assert_true(json_is_null(http_test_at(account, "full_name")) && json_is_null(http_test_at(account, "crew_id")));
  assert_null(json_object_get(account, "password"));
  account = http_test_do(&f.test, 200, "PATCH", path, "{\"version\":2,\"reset_password\":true}");
  snprintf(password, sizeof password, "%s", http_test_text(account, "password"));
  snprintf(f.test.token, sizeof f.test.token, "%s", token);
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL); /* signed out by it */
  assert_string_equal(http_test_text(sign_in(&f, "wang.wu", password), "staff.roles.0"), "dispatcher");
  snprintf(token, sizeof token, "%s", f.test.token);
  snprintf(f.test.token, sizeof f.test.token, "%s", admin);
  http_test_do(&f.test, 200, "PATCH", path, "{\"version\":3,\"disabled\":true}");
  restart(&f);
  snprintf(f.test.token, sizeof f.test.token, "%s", token);
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL);
  http_test_do(&f.test, 401, "POST", "/api/v1/session", "{\"name\":\"wang.wu\",\"password\":\"%s\"}", password);
  snprintf(f.test.token, sizeof f.test.token, "%s", admin);
  http_test_do(&f.test, 404, "PATCH", "/api/v1/staff/12", "{\"version\":1}");
  list = http_test_do(&f.test, 200, "GET", "/api/v1/staff", NULL);
  char own[80];
  snprintf(own, sizeof own, "/api/v1/staff/%s", http_test_text(list, "items.0.id"));
  static const char *const STEPS[] = {"{\"version\":1,\"disabled\":true}", "{\"version\":1,\"roles\":[\"head\"]}", "{\"version\":1,\"org_id\":\"1\"}"};
  for (int i = 0; i < 3; i++)
    assert_string_equal(http_test_text(http_test_do(&f.test, 409, "PATCH", own, "%s", STEPS[i]), "code"), "STAFF_LAST_ADMINISTRATOR");
  close_fixture(&f);
}

static void a_lost_password_is_replaced_from_the_command_line(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  char fresh[STAFF_PASSWORD_TEXT];
  open_fixture(&f);
  sign_in(&f, "admin", f.password);
  assert_ok(staff_reset_password(f.staff, TEXT("admin"), fresh, &error), &error);
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL); /* the session ended with the old password */
  assert_string_equal(http_test_text(sign_in(&f, "admin", fresh), "staff.name"), "admin");
  assert_false(staff_reset_password(f.staff, TEXT("nobody"), fresh, &error));
  assert_int_equal(error.code, ERROR_NOT_FOUND);
  close_fixture(&f);
}

static void an_administrator_of_a_part_stays_in_it(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  int64_t part, inside, beside;
  char password[STAFF_PASSWORD_TEXT] = "", other[STAFF_PASSWORD_TEXT] = "long enough!", path[80];
  open_fixture(&f);
  StaffNew a = {.name = TEXT("part"), .roles = STAFF_ADMINISTRATOR, .org_id = 1}, b = {.name = TEXT("inside"), .roles = STAFF_AGENT, .org_id = 11},
           c = {.name = TEXT("beside"), .roles = STAFF_AGENT, .org_id = 2};
  assert_ok(staff_add(&part, password, f.staff, &a, &error), &error);
  assert_ok(staff_add(&inside, other, f.staff, &b, &error), &error);
  assert_ok(staff_add(&beside, other, f.staff, &c, &error), &error);
  sign_in(&f, "part", password);
  json_t *list = http_test_do(&f.test, 200, "GET", "/api/v1/staff", NULL);
  assert_int_equal(json_array_size(http_test_at(list, "items")), 2);
  snprintf(path, sizeof path, "/api/v1/staff/%lld", (long long)beside);
  assert_string_equal(http_test_text(http_test_do(&f.test, 403, "PATCH", path, "{\"version\":1,\"disabled\":true}"), "code"), "FORBIDDEN_PLACE");
  snprintf(path, sizeof path, "/api/v1/staff/%lld", (long long)inside);
  http_test_do(&f.test, 403, "PATCH", path, "{\"version\":1,\"org_id\":\"2\"}");
  http_test_do(&f.test, 403, "PATCH", path, "{\"version\":1,\"org_id\":\"0\"}");
  http_test_do(&f.test, 200, "PATCH", path, "{\"version\":1,\"org_id\":\"1\"}");
  http_test_do(&f.test, 403, "POST", "/api/v1/staff", "{\"name\":\"x\",\"roles\":[\"administrator\"],\"org_id\":\"0\"}");
  HttpWho who = {.staff_id = part, .org_id = 1};
  assert_true(staff_may_see_org(f.staff, &who, 11) && !staff_may_see_org(f.staff, &who, 2) && !staff_may_see_org(f.staff, &who, 0));
  close_fixture(&f);
}

static void names_in(json_t *list, char *out, size_t size) {
  size_t len = 0;
  out[0] = '\0';
  for (size_t i = 0; i < json_array_size(http_test_at(list, "items")); i++)
    len += (size_t)snprintf(out + len, size - len, "%s%s", i ? " " : "", http_test_text(json_array_get(http_test_at(list, "items"), i), "name"));
}

/* Whoever names an assignee sees those of their part, of what is below it and of the line above, by name, role and place alone. */
static void colleagues_are_found_by_everybody(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  int64_t id, gone;
  char password[STAFF_PASSWORD_TEXT] = "", same[STAFF_PASSWORD_TEXT] = "long enough!", names[200];
  open_fixture(&f);
  const StaffNew people[] = {{.name = TEXT("chief"), .full_name = TEXT("总经理"), .roles = STAFF_HEAD},
                             {.name = TEXT("Zhang"), .full_name = TEXT("张三 Zhang"), .roles = STAFF_HEAD, .org_id = 1},
                             {.name = TEXT("li"), .full_name = TEXT("李四"), .roles = STAFF_MANAGER, .org_id = 11},
                             {.name = TEXT("beside"), .full_name = TEXT("乡下人"), .roles = STAFF_AGENT, .org_id = 2},
                             {.name = TEXT("watch"), .full_name = TEXT("审计"), .roles = STAFF_AUDITOR, .org_id = 1}};
  for (size_t i = 0; i < sizeof people / sizeof *people; i++) assert_ok(staff_add(&id, same, f.staff, &people[i], &error), &error);
  assert_ok(staff_add(&gone, same, f.staff, &(StaffNew){.name = TEXT("gone"), .full_name = TEXT("走了"), .roles = STAFF_CREW, .org_id = 1}, &error), &error);
  assert_ok(staff_add(&id, password, f.staff, &(StaffNew){.name = TEXT("wang"), .full_name = TEXT("王五"), .roles = STAFF_CREW | STAFF_MANAGER, .org_id = 1}, &error), &error);
  sign_in(&f, "admin", f.password);
  char path[80], body[80];
  snprintf(path, sizeof path, "/api/v1/staff/%lld", (long long)gone);
  http_test_do(&f.test, 200, "PATCH", path, "{\"version\":1,\"disabled\":true}");
  assert_false(colleague_works(f.staff, gone, 0) || colleague_works(f.staff, 1, 0));
  assert_true(colleague_works(f.staff, id, 0) && colleague_works(f.staff, id, 1));
  assert_false(colleague_works(f.staff, id, 2)); /* of another part */
  sign_in(&f, "wang", password); /* neither administrator nor security: /staff is not theirs */
  http_test_do(&f.test, 403, "GET", "/api/v1/staff", NULL);
  static const struct {
    const char *query, *words, *names;
  } CASES[] = {{"", "", "admin 总经理 张三 Zhang 李四 王五"}, /* not the one beside, the auditor, who is gone */
               {"", "zhANG", "张三 Zhang"},
               {"", "四", "李四"},
               {"", "一网", "李四"}, /* where they are */
               {"", "nobody", ""},
               {"?role=manager", "", "admin 李四 王五"},
               {"?role=head&limit=2", "", "admin 总经理"}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    snprintf(path, sizeof path, "/api/v1/colleagues/search%s", CASES[i].query);
    snprintf(body, sizeof body, "{\"q\":\"%s\"}", CASES[i].words);
    names_in(http_test_do(&f.test, 200, "POST", path, "%s", body), names, sizeof names);
    assert_string_equal(names, CASES[i].names);
  }
  snprintf(path, sizeof path, "/api/v1/colleagues/search?role=head&limit=2&after=%s", http_test_text(f.test.json, "next"));
  names_in(http_test_do(&f.test, 200, "POST", path, "{\"q\":\"\"}"), names, sizeof names);
  assert_string_equal(names, "张三 Zhang");
  http_test_do(&f.test, 422, "POST", "/api/v1/colleagues/search?role=auditor", "{\"q\":\"\"}");
  close_fixture(&f);
}

/* The phone's part: the code of a secret in base32 at the fixture's time, `shift` half minutes away. */
static void code_of(Fixture *f, const char *secret, int shift, char out[8]) {
  unsigned char key[FACTOR_SECRET_BYTES] = {0};
  static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  for (int i = 0; secret[i]; i++) {
    unsigned five = (unsigned)(strchr(LETTERS, secret[i]) - LETTERS);
    for (int bit = 0; bit < 5; bit++)
      if (five >> (4 - bit) & 1u) key[(i * 5 + bit) / 8] |= (unsigned char)(128u >> (i * 5 + bit) % 8);
  }
  int64_t now = time_now(&f->wall) / SPAN_SECOND + shift * FACTOR_STEP_SECONDS;
  assert_int_equal(oath_totp_generate((const char *)key, sizeof key, (time_t)now, FACTOR_STEP_SECONDS, 0, 6, out), OATH_OK);
}

static json_t *sign_in_code(Fixture *f, int status, const char *password, const char *code) {
  f->test.token[0] = '\0';
  json_t *reply = http_test_do(&f->test, status, "POST", "/api/v1/session", "{\"name\":\"admin\",\"password\":\"%s\",\"code\":\"%s\"}", password, code);
  if (status == 200) take_token(&f->test);
  return reply;
}

static void a_second_factor_is_asked_for(void **state) {
  (void)state;
  Fixture f;
  char secret[FACTOR_SECRET_TEXT], code[8], recovery[FACTOR_RECOVERY_TEXT], path[80];
  open_fixture(&f);
  assert_true(json_is_false(http_test_at(sign_in(&f, "admin", f.password), "two_factor")));
  assert_string_equal(http_test_text(http_test_do(&f.test, 422, "POST", "/api/v1/session/two-factor", "{\"password\":\"wrong\"}"), "where"), "$.password");
  http_test_do(&f.test, 404, "POST", "/api/v1/session/two-factor/confirm", "{\"code\":\"123456\"}");
  http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor", "{\"password\":\"%s\"}", f.password);
  json_t *made = http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor", "{\"password\":\"%s\"}", f.password); /* begun anew: the first is void */
  snprintf(secret, sizeof secret, "%s", http_test_text(made, "secret"));
  assert_non_null(strstr(http_test_text(made, "uri"), secret));
  sign_in(&f, "admin", f.password); /* not confirmed: not asked for yet */
  code_of(&f, secret, 5, code);
  assert_string_equal(http_test_text(http_test_do(&f.test, 422, "POST", "/api/v1/session/two-factor/confirm", "{\"code\":\"%s\"}", code), "code"), "CODE_WRONG");
  code_of(&f, secret, 0, code);
  json_t *codes = http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor/confirm", "{\"code\":\"%s\"}", code);
  snprintf(recovery, sizeof recovery, "%s", http_test_text(codes, "recovery.0"));

  assert_string_equal(http_test_text(http_test_do(&f.test, 401, "POST", "/api/v1/session", "{\"name\":\"admin\",\"password\":\"%s\"}", f.password), "code"), "SIGN_IN_CODE_NEEDED");
  assert_string_equal(http_test_text(http_test_do(&f.test, 401, "POST", "/api/v1/session", "{\"name\":\"admin\",\"password\":\"x\"}"), "code"), "SIGN_IN_WRONG");
  assert_string_equal(http_test_text(sign_in_code(&f, 401, f.password, code), "code"), "SIGN_IN_CODE_WRONG"); /* used by the confirmation */
  later(&f, FACTOR_STEP_SECONDS * SPAN_SECOND);
  code_of(&f, secret, 0, code);
  json_t *session = sign_in_code(&f, 200, f.password, code);
  assert_true(json_is_true(http_test_at(session, "two_factor")));
  sign_in_code(&f, 401, f.password, code);
  sign_in_code(&f, 200, f.password, recovery);
  restart(&f); /* what was used stays used */
  sign_in_code(&f, 401, f.password, recovery);
  sign_in_code(&f, 401, f.password, code);
  later(&f, FACTOR_STEP_SECONDS * SPAN_SECOND);
  code_of(&f, secret, 0, code);
  sign_in_code(&f, 200, f.password, code);
  for (int i = 0; i < 5; i++) { /* guessing codes waits as guessing passwords does */
    char token[256];
    snprintf(token, sizeof token, "%s", f.test.token);
    f.test.token[0] = '\0';
    http_test_do(&f.test, i < 4 ? 401 : 429, "POST", "/api/v1/session", "{\"name\":\"admin\",\"password\":\"%s\",\"code\":\"00000%d\"}", f.password, i);
    snprintf(f.test.token, sizeof f.test.token, "%s", token);
  }
  later(&f, 5 * SPAN_MINUTE);
  http_test_do(&f.test, 422, "DELETE", "/api/v1/session/two-factor", "{\"password\":\"%s\",\"code\":\"000000\"}", f.password);
  later(&f, 5 * SPAN_MINUTE);
  code_of(&f, secret, 0, code);
  http_test_do(&f.test, 204, "DELETE", "/api/v1/session/two-factor", "{\"password\":\"%s\",\"code\":\"%s\"}", f.password, code);
  sign_in(&f, "admin", f.password);

  /* a rule of the company: who has none may only set one up */
  json_t *account = http_test_do(&f.test, 201, "POST", "/api/v1/staff", "{\"name\":\"li\",\"roles\":[\"agent\"],\"org_id\":\"0\"}");
  char password[STAFF_PASSWORD_TEXT];
  snprintf(password, sizeof password, "%s", http_test_text(account, "password"));
  snprintf(path, sizeof path, "/api/v1/staff/%s", http_test_text(account, "id"));
  http_test_do(&f.test, 422, "PUT", "/api/v1/security", "{\"two_factor\":\"nobody\"}");
  http_test_do(&f.test, 200, "PUT", "/api/v1/security", "{\"two_factor\":\"administrators\"}");
  http_test_do(&f.test, 403, "GET", "/api/v1/security", NULL); /* from this moment on */
  assert_true(json_is_true(http_test_at(http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL), "two_factor_needed")));
  restart(&f);
  assert_true(json_is_false(http_test_at(sign_in(&f, "li", password), "two_factor_needed")));
  assert_true(json_is_true(http_test_at(sign_in(&f, "admin", f.password), "two_factor_needed")));
  made = http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor", "{\"password\":\"%s\"}", f.password);
  code_of(&f, http_test_text(made, "secret"), 0, code);
  http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor/confirm", "{\"code\":\"%s\"}", code);
  assert_string_equal(http_test_text(http_test_do(&f.test, 200, "GET", "/api/v1/security", NULL), "two_factor"), "administrators");

  /* lost with the phone */
  sign_in(&f, "li", password);
  made = http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor", "{\"password\":\"%s\"}", password);
  code_of(&f, http_test_text(made, "secret"), 0, code);
  http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor/confirm", "{\"code\":\"%s\"}", code);
  later(&f, FACTOR_STEP_SECONDS * SPAN_SECOND);
  sign_in_code(&f, 401, f.password, "000000");
  code_of(&f, secret, 0, code);
  sign_in_code(&f, 401, f.password, code); /* of the secret that was taken away */
  close_fixture(&f);
}

/* A store that fails while memory is read from it again signs nobody out, and takes nobody's second factor; half a list is nobody's answer. */
static void a_store_that_fails_signs_nobody_out(void **state) {
  (void)state;
  Fixture f;
  char code[8];
  open_fixture(&f);
  sign_in(&f, "admin", f.password);
  code_of(&f, http_test_text(http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor", "{\"password\":\"%s\"}", f.password), "secret"), 0, code);
  http_test_do(&f.test, 200, "POST", "/api/v1/session/two-factor/confirm", "{\"code\":\"%s\"}", code);
  http_test_do(&f.test, 200, "PUT", "/api/v1/security", "{\"two_factor\":\"everyone\"}");
  bool done = false;
  int halves = 0;
  for (int64_t nth = 1; !done && nth < 400; nth++) {
    HttpWho who;
    done = !http_test_spoil(&f.test, nth);
    assert_true(staff_identify(f.staff, text_of(f.test.token), 0, &who));
    assert_true(who.roles & STAFF_ADMINISTRATOR);
    halves += !desk_memory_is_whole(f.test.desk);
    http_test_do(&f.test, desk_memory_is_whole(f.test.desk) ? 200 : 503, "GET", "/api/v1/staff", NULL);
  }
  assert_true(done && halves > 1);
  http_test_heal(&f.test);
  http_test_do(&f.test, 200, "GET", "/api/v1/session", NULL);
  http_test_do(&f.test, 204, "DELETE", "/api/v1/session", NULL);
  http_test_do(&f.test, 401, "GET", "/api/v1/session", NULL);
  close_fixture(&f);
}

static void three_keep_an_eye_on_each_other(void **state) {
  (void)state;
  Fixture f;
  char path[80], own[80], security[STAFF_PASSWORD_TEXT], clerk[STAFF_PASSWORD_TEXT];
  open_fixture(&f);
  sign_in(&f, "admin", f.password);
  json_t *list = http_test_do(&f.test, 200, "GET", "/api/v1/staff", NULL);
  snprintf(own, sizeof own, "/api/v1/staff/%s", http_test_text(list, "items.0.id"));
  assert_string_equal(http_test_text(http_test_do(&f.test, 409, "POST", "/api/v1/staff", "{\"name\":\"two\",\"roles\":[\"security\",\"auditor\"],\"org_id\":\"0\"}"), "code"),
                      "STAFF_ROLES_APART");
  json_t *account = http_test_do(&f.test, 201, "POST", "/api/v1/staff", "{\"name\":\"clerk\",\"roles\":[\"agent\"],\"org_id\":\"0\"}");
  snprintf(clerk, sizeof clerk, "%s", http_test_text(account, "password"));
  snprintf(path, sizeof path, "/api/v1/staff/%s", http_test_text(account, "id"));
  account = http_test_do(&f.test, 201, "POST", "/api/v1/staff", "{\"name\":\"guard\",\"roles\":[\"security\"],\"org_id\":\"0\"}");
  snprintf(security, sizeof security, "%s", http_test_text(account, "password"));
  /* the first one is no longer it */
  assert_string_equal(http_test_text(http_test_do(&f.test, 403, "PATCH", path, "{\"version\":1,\"roles\":[\"auditor\"]}"), "code"), "STAFF_ROLES_SECURITY");
  assert_string_equal(http_test_text(http_test_do(&f.test, 403, "POST", "/api/v1/staff", "{\"name\":\"x\",\"roles\":[\"administrator\"],\"org_id\":\"0\"}"), "code"),
                      "STAFF_ROLES_SECURITY");
  http_test_do(&f.test, 403, "PUT", "/api/v1/security", "{\"two_factor\":\"free\"}");
  http_test_do(&f.test, 403, "PATCH", path, "{\"version\":1,\"reset_two_factor\":true}");
  restart(&f);
  sign_in(&f, "guard", security);
  list = http_test_do(&f.test, 200, "GET", "/api/v1/staff", NULL);
  const json_t *roles = http_test_at(list, "items.0.roles");
  for (size_t i = 0; i < json_array_size(roles); i++) assert_string_not_equal(json_string_value(json_array_get(roles, i)), "security");
  snprintf(own, sizeof own, "/api/v1/staff/%s", http_test_text(list, "items.2.id"));
  assert_string_equal(http_test_text(http_test_do(&f.test, 403, "PATCH", own, "{\"version\":1,\"roles\":[\"security\",\"administrator\"]}"), "code"), "STAFF_ROLES_OWN");
  http_test_do(&f.test, 403, "PATCH", path, "{\"version\":1,\"reset_password\":true}");
  http_test_do(&f.test, 200, "PATCH", path, "{\"version\":1,\"reset_two_factor\":true}");
  http_test_do(&f.test, 200, "PATCH", path, "{\"version\":2,\"roles\":[\"agent\",\"auditor\"]}");
  http_test_do(&f.test, 409, "PATCH", path, "{\"version\":3,\"roles\":[\"administrator\",\"auditor\"]}");
  sign_in(&f, "clerk", clerk);
  http_test_do(&f.test, 403, "GET", "/api/v1/staff", NULL);
  close_fixture(&f);
}

static int recounted(Fixture *f, const char *name, Text text) {
  char path[160], command[512];
  snprintf(path, sizeof path, "%s/%s", f->test.folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
  assert_int_equal(fclose(file), 0);
  snprintf(command, sizeof command, "sh deploy/verify-events %s/first.txt %s >/dev/null 2>&1", f->test.folder, path);
  return WEXITSTATUS(system(command));
}

static void the_record_is_read_by_the_auditor_and_recounted_without_the_program(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f);
  sign_in(&f, "admin", f.password);
  for (int i = 0; i < 12; i++) http_test_do(&f.test, 201, "POST", "/api/v1/staff", "{\"name\":\"clerk%d\",\"full_name\":\"王|五\",\"roles\":[\"agent\"],\"org_id\":\"0\"}", i);
  json_t *list = http_test_do(&f.test, 200, "GET", "/api/v1/audit?kind=people.staff&limit=5", NULL);
  assert_int_equal(json_array_size(http_test_at(list, "items")), 5);
  assert_string_equal(http_test_text(list, "items.0.actor_name"), "admin");
  char path[120];
  snprintf(path, sizeof path, "/api/v1/audit?kind=people.staff&limit=100&before=%s", http_test_text(list, "next"));
  list = http_test_do(&f.test, 200, "GET", path, NULL);
  assert_int_equal(json_array_size(http_test_at(list, "items")), 12 + 1 - 5); /* the first administrator too */
  list = http_test_do(&f.test, 200, "GET", "/api/v1/audit?actor=system&subject_kind=staff", NULL);
  assert_int_equal(json_array_size(http_test_at(list, "items")), 1);
  list = http_test_do(&f.test, 200, "GET", "/api/v1/audit?subject_id=12345", NULL);
  assert_int_equal(json_array_size(http_test_at(list, "items")), 0);
  json_t *verdict = http_test_do(&f.test, 200, "GET", "/api/v1/audit/verify", NULL);
  int64_t events = http_test_i64(verdict, "checked");
  assert_true(events >= 14);
  assert_true(json_is_null(http_test_at(verdict, "broken_seq")));

  http_test_do(&f.test, 200, "GET", "/api/v1/audit/export?limit=8", NULL);
  assert_int_equal(recounted(&f, "first.txt", buffer_as_text(&f.test.reply.body)), 1); /* twice the same: it does not follow */
  http_test_do(&f.test, 200, "GET", "/api/v1/audit/export?after=8", NULL);
  Buffer rest;
  buffer_begin(&rest, 0);
  buffer_text(&rest, buffer_as_text(&f.test.reply.body));
  assert_int_equal(recounted(&f, "rest.txt", buffer_as_text(&rest)), 0);
  /* any byte of any event altered is seen */
  char *text = rest.at;
  ptrdiff_t body = strchr(text, '\n') - text + 1;
  for (size_t at = (size_t)body; at + 1 < rest.len; at += 97) {
    char was = text[at];
    if (was == '\n') continue;
    text[at] = was == '1' ? '2' : '1';
    if (recounted(&f, "altered.txt", buffer_as_text(&rest)) == 0) fail_msg("byte %zu altered from '%c', and it still recounts", at, was);
    text[at] = was;
  }
  buffer_end(&rest);
  http_test_do(&f.test, 404, "GET", "/api/v1/audit/export?after=99999", NULL);
  http_test_do(&f.test, 201, "POST", "/api/v1/staff", "{\"name\":\"reader\",\"roles\":[\"auditor\"],\"org_id\":\"0\"}");
  http_test_do(&f.test, 403, "GET", "/api/v1/audit", NULL); /* from now on somebody else's business */
  close_fixture(&f);
}

static void every_route_was_answered(void **state) {
  (void)state;
  http_test_all_answered(STAFF_ROUTES);
  http_test_all_answered(AUDIT_ROUTES);
}

TEST_MAIN(TEST(the_first_start_makes_one_administrator), TEST(wrong_passwords_wait_and_say_nothing), TEST(sessions_end),
          TEST(a_new_password_ends_the_other_sessions), TEST(accounts_are_made_and_changed), TEST(a_lost_password_is_replaced_from_the_command_line), TEST(an_administrator_of_a_part_stays_in_it), TEST(a_store_that_fails_signs_nobody_out),
          TEST(a_second_factor_is_asked_for), TEST(colleagues_are_found_by_everybody), TEST(three_keep_an_eye_on_each_other),
          TEST(the_record_is_read_by_the_auditor_and_recounted_without_the_program), TEST(every_route_was_answered))
