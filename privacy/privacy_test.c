/* One household's data handed out, put right, erased: over a real server, on both stores. */
#include "privacy/privacy.h"

#include <sodium.h>
#include <stdlib.h>

#include "grid/testing.h"
#include "http/testing.h"
#include "people/routes.h"
#include "people/staff.h"
#include "privacy/privacy_inside.h"

#define NUMBER "10001251"
#define NAME "澹台正德测试"
#define PHONE "13912345678"
#define ADDRESS "霞飞路八十八号紫藤院"
#define KEPT_WORDS "变压器声音很大"

/* What must be nowhere once the household is erased. */
static const char *const MARKS[] = {NAME, PHONE, ADDRESS, "独词甲", "独词乙", "独词丙", "独词丁", "独词戊", "独词己", "独词庚", "独词辛", "独词壬", "独词癸"};
enum { MARK_COUNT = sizeof MARKS / sizeof *MARKS };

typedef struct Fixture {
  HttpTest test;
  Grid *grid;
  People *people;
  Privacy *privacy;
  char id[32], path[96];
  Arena texts; /* SQL made here lives as long as its connection */
} Fixture;

static void begin(Fixture *f) {
  Error error = {0};
  assert_ok(grid_open(&f->grid, f->test.db, 1, &error), &error);
  assert_ok(people_open(&f->people, f->test.db, f->grid, 1, &error), &error);
  assert_ok(privacy_open(&f->privacy, f->test.desk, f->test.db, f->people, 1, &error), &error);
  assert_ok(people_add_routes(f->test.http, f->people, &error), &error);
  assert_ok(http_add_routes(f->test.http, PRIVACY_ROUTES, f->privacy, &error), &error);
}

static void end(Fixture *f) {
  http_test_end(&f->test);
  privacy_close(f->privacy);
  people_close(f->people);
  grid_close(f->grid);
}

static const char *path_of(Fixture *f, const char *further) {
  snprintf(f->path, sizeof f->path, "/api/v1/customers/%s%s", f->id, further);
  return f->path;
}

static size_t found(Fixture *f, const char *what) {
  char body[256];
  snprintf(body, sizeof body, "{\"q\":\"%s\"}", what);
  return json_array_size(http_test_at(http_test_do(&f->test, 200, "POST", "/api/v1/customers/search", "%s", body), "items"));
}

static void open_fixture(Fixture *f) {
  uint32_t position;
  memset(f, 0, sizeof *f);
  arena_begin(&f->texts, 0);
  http_test_open(&f->test);
  testing_county(f->test.db, 1, time_now(&f->test.time), NULL);
  http_test_end(&f->test);
  http_test_begin(&f->test);
  begin(f);
  http_test_start(&f->test);
  http_test_as(&f->test, 7, STAFF_AGENT, 0);
  assert_true(people_position_of_number(f->people, TEXT(NUMBER), &position));
  Customer customer;
  people_customer(f->people, position, &customer);
  snprintf(f->id, sizeof f->id, "%lld", (long long)customer.id.value);
}

static void close_fixture(Fixture *f) {
  http_test_close(&f->test);
  privacy_close(f->privacy);
  people_close(f->people);
  grid_close(f->grid);
  arena_end(&f->texts);
}

/* --- rows of every room, as they would have written them --- */

static void run(Db *db, const char *format, ...) PRINTF_LIKE(2, 3);
static void run(Db *db, const char *format, ...) {
  char sql[1024];
  Error error = {0};
  va_list list;
  va_start(list, format);
  vsnprintf(sql, sizeof sql, format, list);
  va_end(list);
  assert_ok(db_run(db, sql, &error), &error);
}

static void add_order(Db *db, int64_t id, const char *customer, const char *closed, const char *description, const char *name, const char *phone) {
  run(db,
      "INSERT INTO orders (county_id, id, number, book_id, kind, state, customer_id, area, urgency, suspended, calls, callback_tries, reopened, version, accepted_at, state_since,"
      " closed_at, source, description, caller_name, caller_phone, trail) VALUES (1, %lld, %lld, 1, 'fault_repair', 'closed', %s, 0, 0, 0, 1, 0, 0, 3, 1, 1, %s, 'hotline', '%s', '%s', '%s', '[]')",
      (long long)id, (long long)id, customer, closed, description, name, phone);
}

/* A second connection, while nothing runs. */
static void add_rows(Fixture *f, bool open_order) {
  Error error = {0};
  Db *db;
  assert_ok(db_open(&db, f->test.store, DB_WRITE, &error), &error);
  add_order(db, 501, f->id, "9", "独词甲 " PHONE, NAME, PHONE);
  add_order(db, 502, "NULL", "9", KEPT_WORDS ", " ADDRESS " " PHONE, "邻居", "13700000000");
  if (open_order) add_order(db, 503, f->id, "NULL", "x", "y", "1");
  run(db, "INSERT INTO order_text (county_id, order_id, version, fields) VALUES (1, 501, 2, '{\"note\":\"独词乙\"}'), (1, 502, 2, '{\"note\":\"" KEPT_WORDS " " PHONE "\"}')");
  run(db, "INSERT INTO attachment (county_id, id, order_id, group_id, type, bytes, staff_id, at) VALUES (1, 601, 501, NULL, 'image/png', 9, 7, 5), (1, 602, NULL, 3, 'image/png', 9, 7, 5), (1, 603, 502, NULL, 'image/png', 9, 7, 5)");
  DbStatement *s;
  static const char *const BODIES[] = {"\x89PNG 独词丙", "\x89PNG 独词丁", "\x89PNG of another"};
  for (int i = 0; i < 3; i++) {
    assert_ok(db_prepare(&s, db, "INSERT INTO attachment_body (county_id, id, body) VALUES (1, ?1, ?2)", &error), &error);
    db_bind_i64(s, 1, 601 + i);
    db_bind_blob(s, 2, BODIES[i], strlen(BODIES[i]));
    assert_ok(db_done(s, &error), &error);
  }
  assert_ok(db_prepare(&s, db, "INSERT INTO survey_link (county_id, id, order_id, token_hash, expires_at, used) VALUES (1, 701, 501, ?1, 99, 0)", &error), &error);
  db_bind_blob(s, 1, "独词戊", strlen("独词戊"));
  assert_ok(db_done(s, &error), &error);
  run(db, "INSERT INTO satisfaction (county_id, id, order_id, kind, org_id, period, answer, scores, note) VALUES (1, 711, 501, 'fault_repair', 1, 20261121, 'satisfied', '{}', '独词己')");
  run(db, "INSERT INTO fund_entry (county_id, id, at, order_id, amount_fen, balance_fen, note) VALUES (1, 721, 5, 501, -100, 900, '独词庚')");
  run(db, "INSERT INTO group_message (county_id, id, group_id, author, author_name, customer_id, body, attachment_id, order_id, at) VALUES (1, 731, 3, 'household', '" NAME "', %s, '独词辛', 602, NULL, 5),"
          " (1, 732, 3, 'household', '邻居', NULL, '" KEPT_WORDS " " PHONE "', NULL, NULL, 6), (1, 733, 3, 'system', NULL, NULL, '抢修已派', NULL, 501, 7)", f->id);
  run(db, "INSERT INTO visit (county_id, id, customer_id, org_id, month, result, note, order_id, at, staff_id) VALUES (1, 741, %s, 1, 202611, 1, '独词壬', 0, 5, 7)", f->id);
  run(db, "INSERT INTO job (county_id, id, is_open, crew_id, outage_id, state, cause, finding, note, assigned_at, version) VALUES (1, 751, 0, 1, 1, 9, 'tree', '" KEPT_WORDS " " NAME "', '" PHONE "', 5, 1)");
  run(db, "INSERT INTO request (county_id, id, key_hash, fingerprint, status, reply) VALUES (1, 761, 1, 1, 201, '{\"caller_name\":\"" NAME "\",\"n\":1}')");
  run(db, "INSERT INTO meter_day (county_id, day, meter_id, voltage_min, used, block) SELECT 1, 20000, %s, 2200, 512, token_hash FROM survey_link WHERE id = 701", f->id);
  run(db, "UPDATE meter_day SET block = (SELECT body FROM attachment_body WHERE id = 603)");
  db_close(db);
}

/* The household as it is from now on: known by a name nobody else bears. */
static void correct(Fixture *f) {
  http_test_do(&f->test, 200, "PATCH", path_of(f, ""), "{\"reason\":\"独词癸 came by\",\"name\":\"" NAME "\",\"phone\":\"" PHONE "\",\"address\":\"" ADDRESS "\"}");
}

/* --- looking everywhere --- */

static bool holds_mark(Text value, const char **mark) {
  for (size_t i = 0; i < MARK_COUNT; i++)
    if (value.len && text_find(value, text_of(MARKS[i])) >= 0) return *mark = MARKS[i], true;
  return false;
}

typedef struct Look {
  Fixture *f;
  Db *db;
  int held;     /* values that hold a mark */
  char where[200];
} Look;

static bool look_into(void *self, const char *table, Error *error) {
  Look *look = self;
  DbColumns columns;
  if (!db_columns(&columns, look->db, table, error)) return false;
  for (size_t i = 0; i < columns.count; i++) {
    DbStatement *s;
    const char *mark = "";
    if (columns.at[i].type != DB_TEXT && columns.at[i].type != DB_BLOB) continue;
    char *sql = arena_take(&look->f->texts, 200);
    snprintf(sql, 200, "SELECT %s FROM %s", columns.at[i].name, table);
    if (!db_prepare(&s, look->db, sql, error)) return false;
    for (bool row;;) {
      if (!db_step(&row, s, error)) return false;
      if (!row) break;
      if (!holds_mark(columns.at[i].type == DB_TEXT ? db_column_text(s, 0) : db_column_blob(s, 0), &mark)) continue;
      look->held++;
      snprintf(look->where, sizeof look->where, "%s.%s holds %s", table, columns.at[i].name, mark);
    }
  }
  return true;
}

static int held_everywhere(Fixture *f, Db *db, char where[200]) {
  Error error = {0};
  Look look = {f, db, 0, ""};
  assert_ok(db_tables(db, look_into, &look, &error), &error);
  snprintf(where, 200, "%s", look.where);
  return look.held;
}

/* The file itself, every byte of it, free pages too. */
static void the_file_is_clean(const Fixture *f) {
  Error error = {0};
  Db *db;
  Buffer bytes;
  const char *mark;
  if (!db_address_is_file(f->test.store)) return; /* PostgreSQL keeps house by itself */
  assert_ok(db_open(&db, f->test.store, DB_WRITE, &error), &error);
  assert_ok(db_run(db, "VACUUM", &error), &error);
  db_close(db); /* the last to go puts the log into the file */
  buffer_begin(&bytes, 0);
  assert_ok(buffer_read_file(&bytes, f->test.file, &error), &error);
  assert_true(bytes.len > 100000);
  if (holds_mark(buffer_as_text(&bytes), &mark)) fail_msg("the file holds %s", mark);
  buffer_end(&bytes);
}

/* --- the tests --- */

static void put_right_is_found_at_once(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f);
  assert_int_equal(found(&f, NUMBER), 1);
  assert_int_equal(found(&f, "13800001251"), 1);
  http_test_do(&f.test, 422, "PATCH", path_of(&f, ""), "{\"reason\":\" \",\"name\":\"x\"}");
  http_test_do(&f.test, 422, "PATCH", path_of(&f, ""), "{\"reason\":\"moved\"}");
  http_test_as(&f.test, 7, STAFF_DISPATCHER | STAFF_SECURITY | STAFF_AUDITOR, 0);
  http_test_do(&f.test, 403, "PATCH", path_of(&f, ""), "{\"reason\":\"moved\",\"name\":\"x\"}");
  http_test_as(&f.test, 7, STAFF_AGENT, 1); /* of a part of the organisation it does not belong to */
  http_test_do(&f.test, 403, "PATCH", path_of(&f, ""), "{\"reason\":\"moved\",\"name\":\"x\"}");
  http_test_as(&f.test, 7, STAFF_AGENT, 0);
  correct(&f);
  for (int round = 0; round < 2; round++) { /* before and after a restart */
    assert_int_equal(found(&f, NAME), 1);
    assert_int_equal(found(&f, "澹台"), 1);
    assert_int_equal(found(&f, PHONE), 1);
    assert_int_equal(found(&f, "139 1234"), 1);
    assert_int_equal(found(&f, "紫藤院"), 1);
    assert_int_equal(found(&f, NUMBER), 1);
    assert_int_equal(found(&f, "13800001251"), 0); /* as it was before */
    json_t *file = http_test_do(&f.test, 200, "GET", path_of(&f, ""), NULL);
    assert_string_equal(http_test_text(file, "phone"), "139****5678");
    assert_string_equal(http_test_text(file, "address"), ADDRESS);
    end(&f);
    http_test_begin(&f.test);
    begin(&f);
    http_test_start(&f.test);
    http_test_as(&f.test, 7, STAFF_AGENT, 0);
  }
  assert_int_equal(found(&f, "柳树村"), 20); /* the others are as they were, the best twenty of them */
  close_fixture(&f);
}

/* The reason stands in a row, its salted hash in the chain; without the salt it says nothing. */
static void reasons_stand_outside_of_the_chain(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  DbStatement *s;
  bool row;
  char sum[65];
  open_fixture(&f);
  http_test_do(&f.test, 200, "POST", path_of(&f, "/reveal"), "{\"reason\":\"" NAME " asked\"}");
  Db *db = http_test_reader(&f.test);
  assert_ok(db_prepare(&s, db, "SELECT salt, reason FROM customer_reveal WHERE county_id = 1", &error), &error);
  assert_ok(db_step(&row, s, &error) && row, &error);
  unsigned char hash[32];
  Text salt = db_column_blob(s, 0), reason = db_column_text(s, 1);
  assert_true(salt.len == 16 && text_is(reason, NAME " asked"));
  crypto_generichash(hash, sizeof hash, (const unsigned char *)reason.at, reason.len, (const unsigned char *)salt.at, salt.len);
  sodium_bin2hex(sum, sizeof sum, hash, sizeof hash);
  db_reset(s);
  assert_ok(db_prepare(&s, db, "SELECT data FROM event WHERE county_id = 1 AND kind = 'customer.revealed'", &error), &error);
  assert_ok(db_step(&row, s, &error) && row, &error);
  assert_true(text_find(db_column_text(s, 0), text_of(sum)) > 0 && text_find(db_column_text(s, 0), TEXT(NAME)) < 0);
  db_reset(s);
  close_fixture(&f);
}

static json_t *hand_out(Fixture *f) {
  http_test_as(&f->test, 8, STAFF_HEAD, 0);
  return http_test_do(&f->test, 200, "POST", path_of(f, "/export"), "{\"reason\":\"asked for a copy\"}");
}

static void all_is_handed_out(void **state) {
  (void)state;
  Fixture f;
  open_fixture(&f);
  correct(&f);
  add_rows(&f, false);
  http_test_do(&f.test, 403, "POST", path_of(&f, "/export"), "{\"reason\":\"curious\"}"); /* an agent */
  json_t *all = hand_out(&f);
  assert_true(text_find(http_test_header(&f.test, "Content-Disposition"), TEXT("attachment")) == 0);
  assert_string_equal(http_test_text(all, "customer.0.name"), NAME);
  assert_string_equal(http_test_text(all, "customer.0.phone"), PHONE);
  assert_string_equal(http_test_text(all, "orders.0.description"), "独词甲 " PHONE);
  assert_int_equal(json_array_size(http_test_at(all, "orders")), 1); /* nobody else's */
  assert_string_equal(http_test_text(all, "order_texts.0.fields.note"), "独词乙");
  assert_string_equal(http_test_text(all, "answers.0.note"), "独词己");
  assert_string_equal(http_test_text(all, "payments.0.note"), "独词庚");
  assert_string_equal(http_test_text(all, "messages.0.body"), "独词辛");
  assert_string_equal(http_test_text(all, "visits.0.note"), "独词壬");
  assert_string_equal(http_test_text(all, "looked_at.0.reason"), "独词癸 came by");
  assert_int_equal(http_test_i64(all, "use.0.used_10wh"), 512);
  assert_int_equal(json_array_size(http_test_at(all, "attachments")), 2);
  unsigned char body[64];
  size_t len;
  const char *base64 = http_test_text(all, "attachments.0.base64");
  assert_int_equal(sodium_base642bin(body, sizeof body, base64, strlen(base64), NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
  assert_true(text_is((Text){(const char *)body, len}, "\x89PNG 独词丙"));
  all = hand_out(&f); /* the first one is in it */
  assert_string_equal(http_test_text(all, "record.1.kind"), "customer.exported");
  close_fixture(&f);
}

static void ask(Fixture *f, int status) {
  http_test_as(&f->test, 8, STAFF_HEAD, 0);
  http_test_do(&f->test, status, "POST", path_of(f, "/erasure"), "{\"reason\":\"" NAME " has moved\"}");
}

static json_t *decide(Fixture *f, int status, const char *id, const char *agree) {
  char path[96];
  snprintf(path, sizeof path, "/api/v1/erasures/%s/decision", id);
  return http_test_do(&f->test, status, "POST", path, "{\"agree\":%s}", agree);
}

/* Who is handed their data, is handed all of it: where there was no memory for a picture, nothing is. */
static void short_of_memory_nothing_is_left_out(void **state) {
  (void)state;
  Fixture f;
  Buffer whole;
  bool struck = true;
  open_fixture(&f);
  correct(&f);
  add_rows(&f, false);
  Db *db = http_test_reader(&f.test);
  buffer_begin(&whole, 0);
  for (int64_t nth = 0; struck && nth < 1000; nth++) { /* 0: without */
    Buffer body, spare;
    Json json;
    Error error = {0};
    buffer_begin(&body, 0), buffer_begin(&spare, 0);
    json_begin(&json, &body);
    json_open_object(&json);
    memory_fail_at(nth);
    bool ok = privacy_write_all(&json, &spare, db, 1, strtoll(f.id, NULL, 10), &error) && !body.failed;
    struck = !nth || !memory_fails_next();
    memory_fail_at(0);
    json_close(&json);
    if (!nth) buffer_text(&whole, buffer_as_text(&body));
    if (ok && !text_equal(buffer_as_text(&body), buffer_as_text(&whole))) fail_msg("%lld: something is left out", (long long)nth);
    assert_true(nth != 0 || ok);
    buffer_end(&body), buffer_end(&spare);
  }
  assert_false(struck);
  buffer_end(&whole);
  close_fixture(&f);
}

static void who_may_erase(void **state) {
  (void)state;
  Fixture f;
  char id[32];
  open_fixture(&f);
  http_test_do(&f.test, 403, "POST", path_of(&f, "/erasure"), "{\"reason\":\"x\"}"); /* an agent */
  ask(&f, 201);
  ask(&f, 409); /* asked already */
  json_t *list = http_test_do(&f.test, 200, "GET", "/api/v1/erasures", NULL);
  assert_string_equal(http_test_text(list, "items.0.state"), "asked");
  snprintf(id, sizeof id, "%s", http_test_text(list, "items.0.id"));
  decide(&f, 403, id, "true"); /* the head is not security */
  http_test_as(&f.test, 8, STAFF_SECURITY, 0);
  assert_string_equal(http_test_text(decide(&f, 403, id, "true"), "code"), "ORDER_SAME_PERSON"); /* nor one and the same */
  http_test_as(&f.test, 9, STAFF_SECURITY, 1);
  decide(&f, 403, id, "true"); /* nor of another part */
  assert_int_equal(json_array_size(http_test_at(http_test_do(&f.test, 200, "GET", "/api/v1/erasures", NULL), "items")), 0);
  http_test_as(&f.test, 9, STAFF_SECURITY, 0);
  decide(&f, 404, "77", "true");
  assert_string_equal(http_test_text(decide(&f, 200, id, "false"), "state"), "refused");
  decide(&f, 409, id, "true"); /* decided */
  http_test_as(&f.test, 7, STAFF_AGENT, 0);
  assert_int_equal(found(&f, "13800001251"), 1);
  add_rows(&f, true);
  ask(&f, 409); /* an order is open */
  close_fixture(&f);
}

static void nothing_is_left(void **state) {
  (void)state;
  Fixture f;
  Error error = {0};
  char id[32], where[200], address[200];
  open_fixture(&f);
  correct(&f);
  http_test_do(&f.test, 200, "POST", path_of(&f, "/reveal"), "{\"reason\":\"" NAME " asked\"}");
  add_rows(&f, false);
  assert_true(held_everywhere(&f, http_test_reader(&f.test), where) > 20);
  ask(&f, 201);
  snprintf(id, sizeof id, "%s", http_test_text(f.test.json, "id"));
  http_test_as(&f.test, 9, STAFF_SECURITY, 0);
  assert_string_equal(http_test_text(decide(&f, 200, id, "true"), "state"), "erased");
  for (int round = 0; round < 3; round++) { /* at once, after a restart, and after an import that brings the household again */
    if (held_everywhere(&f, http_test_reader(&f.test), where) > 0) fail_msg("%s", where);
    http_test_as(&f.test, 7, STAFF_AGENT, 0);
    static const char *const GONE[] = {NAME, PHONE, ADDRESS, "澹台", "紫藤院", "13800001251"};
    for (size_t i = 0; i < sizeof GONE / sizeof *GONE; i++)
      if (found(&f, GONE[i])) fail_msg("%s is found, round %d", GONE[i], round);
    assert_int_equal(found(&f, NUMBER), 1); /* the supply point stays */
    json_t *file = http_test_do(&f.test, 200, "GET", path_of(&f, ""), NULL);
    assert_string_equal(http_test_text(file, "name"), "");
    assert_string_equal(http_test_text(file, "address"), "");
    assert_string_equal(http_test_text(http_test_do(&f.test, 200, "POST", path_of(&f, "/reveal"), "{\"reason\":\"to see\"}"), "phone"), "");
    EventVerdict verdict;
    assert_ok(event_verify(&verdict, http_test_reader(&f.test), 1, &error), &error);
    assert_true(verdict.checked > 3 && verdict.broken_seq == 0);
    end(&f);
    if (round == 0) the_file_is_clean(&f);
    http_test_begin(&f.test);
    if (round == 1) {
      testing_county(f.test.db, 1, time_now(&f.test.time), NULL);
      http_test_end(&f.test);
      http_test_begin(&f.test);
    }
    begin(&f);
    http_test_start(&f.test);
    http_test_as(&f.test, 7, STAFF_AGENT, 0);
  }
  /* what others said stays, but for the traces */
  DbStatement *s;
  bool row;
  Db *db = http_test_reader(&f.test);
  snprintf(address, sizeof address, "%s", KEPT_WORDS ", *** ***");
  assert_ok(db_prepare(&s, db, "SELECT description FROM orders WHERE county_id = 1 AND id = 502", &error), &error);
  assert_ok(db_step(&row, s, &error) && row, &error);
  assert_true(text_is(db_column_text(s, 0), address));
  db_reset(s);
  assert_ok(db_prepare(&s, db, "SELECT COUNT(*) FROM attachment_body WHERE county_id = 1", &error), &error);
  assert_ok(db_step(&row, s, &error) && row, &error);
  assert_int_equal(db_column_i64(s, 0), 1); /* another's */
  db_reset(s);
  /* somebody new lives there */
  http_test_do(&f.test, 200, "PATCH", path_of(&f, ""), "{\"reason\":\"moved in\",\"name\":\"王新\",\"phone\":\"13611112222\"}");
  assert_int_equal(found(&f, "13611112222"), 1);
  close_fixture(&f);
}

/* --- every column is thought about --- */

static bool is_listed(const char *const *list, const char *table, const char *column) {
  char name[150], whole[150], any[150];
  snprintf(name, sizeof name, "%s.%s", table, column);
  snprintf(whole, sizeof whole, "%s.*", table);
  snprintf(any, sizeof any, "*.%s", column);
  for (; *list; list++)
    if (strcmp(*list, name) == 0 || strcmp(*list, whole) == 0 || strcmp(*list, any) == 0) return true;
  return false;
}

static int unsure;

static bool is_thought_about(void *self, const char *table, Error *error) {
  DbColumns columns;
  if (!db_columns(&columns, self, table, error)) return false;
  for (size_t i = 0; i < columns.count; i++)
    if ((columns.at[i].type == DB_TEXT || columns.at[i].type == DB_BLOB) &&
        is_listed(PRIVACY_EMPTIED, table, columns.at[i].name) == is_listed(PRIVACY_WITHOUT_PERSONS, table, columns.at[i].name))
      print_error("%s.%s: does it hold personal data? privacy/privacy_store.c must say so, and empty it\n", table, columns.at[i].name), unsure++;
  return true;
}

static void every_column_is_thought_about(void **state) {
  (void)state;
  HttpTest test;
  Error error = {0};
  http_test_open(&test);
  assert_ok(db_tables(test.db, is_thought_about, test.db, &error), &error);
  assert_int_equal(unsure, 0);
  http_test_start(&test);
  http_test_close(&test);
}

static void every_route_was_answered(void **state) {
  (void)state;
  http_test_all_answered(PRIVACY_ROUTES);
}

TEST_MAIN(cmocka_unit_test(put_right_is_found_at_once), cmocka_unit_test(reasons_stand_outside_of_the_chain), cmocka_unit_test(all_is_handed_out),
          cmocka_unit_test(short_of_memory_nothing_is_left_out), cmocka_unit_test(who_may_erase), cmocka_unit_test(nothing_is_left), cmocka_unit_test(every_column_is_thought_about), cmocka_unit_test(every_route_was_answered))
