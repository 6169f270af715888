/* What stands round the loop: links for call-backs, the fund, the land registry, attachments and who may see them, merging, rules. */
#include "grid/testing.h"
#include "http/testing.h"
#include "order/order_page.h"

typedef struct Hall {
  HttpTest test;
  Grid *grid;
  People *people;
  Arrears *arrears;
  Orders *orders;
  int64_t county, g1, g2;
} Hall;

static void open_hall(Hall *hall) {
  Error error = {0};
  HttpTest *test = &hall->test;
  http_test_open(test);
  testing_county(test->db, 1, time_now(&test->time), NULL);
  http_test_end(test);
  http_test_begin(test);
  assert_ok(grid_open(&hall->grid, test->db, 1, &error), &error);
  assert_ok(people_open(&hall->people, test->db, hall->grid, 1, &error), &error);
  assert_ok(order_open(&hall->orders, test->desk, test->db, hall->grid, hall->people, NULL, &error), &error);
  assert_ok(arrears_open(&hall->arrears, test->desk, test->db, hall->people, 1, &error), &error);
  order_on_arrears(hall->orders, hall->arrears);
  assert_ok(arrears_add_routes(test->http, hall->arrears, &error), &error);
  assert_ok(order_add_routes(test->http, hall->orders, &error), &error);
  http_test_start(test);
  for (size_t i = 0; i < people_org_count(hall->people); i++) {
    const Org *org = people_org(hall->people, i);
    if (text_is(org->code, "C1")) hall->county = org->id;
    if (text_is(org->code, "G1")) hall->g1 = org->id;
    if (text_is(org->code, "G2")) hall->g2 = org->id;
  }
}

static void close_hall(Hall *hall) {
  char problem[ERROR_TEXT_MAX];
  Error error = {0};
  desk_read_begin(hall->test.desk);
  assert_ok(order_check(hall->orders, http_test_reader(&hall->test), problem, &error), &error);
  desk_read_end(hall->test.desk);
  assert_string_equal(problem, "");
  http_test_close(&hall->test);
  order_close(hall->orders);
  arrears_close(hall->arrears);
  people_close(hall->people);
  grid_close(hall->grid);
}

static int64_t customer_of(const Hall *hall, const char *number) {
  uint32_t position;
  Customer customer;
  assert_true(people_position_of_number(hall->people, text_of(number), &position));
  people_customer(hall->people, position, &customer);
  return customer.id.value;
}

static void as(Hall *hall, int64_t staff, uint32_t roles, int64_t org) { http_test_as(&hall->test, staff, roles, org); }

static int64_t opinion(Hall *hall, const char *number) {
  as(hall, 7, KIND_ROLE_AGENT, hall->county);
  return http_test_i64(
      http_test_do(&hall->test, 201, "POST", "/api/v1/orders",
                   "{\"kind\":\"opinion\",\"customer_id\":\"%lld\",\"description\":\"内容\",\"fields\":{\"topic\":\"停电通知\"}}",
                   (long long)customer_of(hall, number)),
      "id");
}

static json_t *step(Hall *hall, int status, int64_t order, const char *name, const char *fields) {
  const Order *now = order_find(hall->orders, (OrderId){order});
  char path[96];
  snprintf(path, sizeof path, "/api/v1/orders/%lld/steps", (long long)order);
  as(hall, 8, 63, hall->county);
  return http_test_do(&hall->test, status, "POST", path, "{\"step\":\"%s\",\"version\":%d,\"fields\":%s}", name, now->version, fields);
}

static void answer(Hall *hall, int64_t order) {
  step(hall, 200, order, "send", "{}");
  step(hall, 200, order, "conclude", "{\"justified\":true,\"note\":\"查\"}");
  step(hall, 200, order, "answer", "{\"note\":\"答\"}");
}

static void link_for(Hall *hall, int64_t order, char token[64]) {
  char path[96];
  as(hall, 7, KIND_ROLE_AGENT, hall->county);
  snprintf(path, sizeof path, "/api/v1/orders/%lld/survey-links", (long long)order);
  snprintf(token, 64, "%s", http_test_text(http_test_do(&hall->test, 201, "POST", path, NULL), "token"));
}

static int64_t count_rows(Hall *hall, const char *sql) {
  DbStatement *s;
  bool row = false;
  Error error = {0};
  Db *db;
  assert_ok(db_open(&db, hall->test.store, DB_READ, &error), &error);
  assert_ok(db_prepare(&s, db, sql, &error) && db_step(&row, s, &error), &error);
  int64_t count = row ? db_column_i64(s, 0) : -1;
  db_close(db);
  return count;
}

static void a_link_is_answered_once(void **state) {
  (void)state;
  Hall hall;
  char token[64], other[64], path[128];
  open_hall(&hall);
  HttpTest *test = &hall.test;
  int64_t first = opinion(&hall, "10001251"), second = opinion(&hall, "10001241"), third = opinion(&hall, "10001211");
  snprintf(path, sizeof path, "/api/v1/orders/%lld/survey-links", (long long)first);
  http_test_do(test, 410, "POST", path, NULL); /* it does not wait for a call-back yet */
  answer(&hall, first), answer(&hall, second), answer(&hall, third);
  link_for(&hall, first, token), link_for(&hall, second, other);
  as(&hall, 0, 0, 0); /* the customer: nobody signed in */
  snprintf(path, sizeof path, "/api/v1/survey/%s", token);
  json_t *survey = http_test_do(test, 200, "GET", path, NULL);
  assert_string_equal(http_test_text(survey, "state"), "open");
  assert_int_equal(json_array_size(http_test_at(survey, "dimensions")), 7);
  http_test_do(test, 422, "POST", path, "{\"answer\":\"perhaps\"}");
  http_test_do(test, 422, "POST", path, "{\"answer\":\"satisfied\",\"scores\":{\"weather\":5}}");
  http_test_do(test, 422, "POST", path, "{\"answer\":\"satisfied\",\"scores\":{\"speed\":6}}");
  http_test_do(test, 200, "POST", path, "{\"answer\":\"dissatisfied\",\"scores\":{\"speed\":2,\"quality\":3},\"note\":\"慢\"}");
  http_test_do(test, 410, "POST", path, "{\"answer\":\"satisfied\"}");
  http_test_do(test, 410, "GET", "/api/v1/survey/00112233445566778899aabbccddeeff", NULL);
  assert_string_equal(http_test_text(http_test_do(test, 200, "GET", path, NULL), "state"), "used");
  assert_true(order_state_is(order_find(hall.orders, (OrderId){first}), "sent")); /* dissatisfied: open again, with new clocks */
  assert_int_equal(order_find(hall.orders, (OrderId){first})->reopened, 1);
  snprintf(path, sizeof path, "/api/v1/survey/%s", other);
  http_test_do(test, 200, "POST", path, "{\"answer\":\"dissatisfied\",\"anonymous\":true,\"scores\":{\"speed\":1},\"note\":\"不说\"}");
  assert_null(order_find(hall.orders, (OrderId){second})); /* closed as answered anonymously */
  assert_int_equal(count_rows(&hall, "SELECT COUNT(*) FROM satisfaction WHERE order_id IS NULL AND period = 20261100"), 1);
  assert_int_equal(count_rows(&hall, "SELECT COUNT(*) FROM event WHERE data LIKE '%不说%' OR data LIKE '%慢%'"), 0);
  assert_int_equal(count_rows(&hall, "SELECT COUNT(*) FROM order_text WHERE fields LIKE '%不说%'"), 0);
  /* one that has expired */
  link_for(&hall, third, token);
  time_virtual(&test->time, time_now(&test->time) + 8 * SPAN_DAY);
  as(&hall, 0, 0, 0);
  snprintf(path, sizeof path, "/api/v1/survey/%s", token);
  assert_string_equal(http_test_text(http_test_do(test, 200, "GET", path, NULL), "state"), "expired");
  http_test_do(test, 410, "POST", path, "{\"answer\":\"satisfied\"}");
  as(&hall, 8, KIND_ROLE_HEAD, hall.county);
  json_t *all = http_test_do(test, 200, "GET", "/api/v1/satisfaction?from=2026-11-01&to=2026-11-30", NULL);
  assert_int_equal(http_test_i64(all, "named.answers"), 1);
  assert_int_equal(http_test_i64(all, "named.satisfied"), 0);
  assert_true(json_is_true(http_test_at(all, "anonymous.hidden"))); /* one alone would not be anonymous */
  close_hall(&hall);
}

static void merged_orders_are_answered_together(void **state) {
  (void)state;
  Hall hall;
  open_hall(&hall);
  int64_t main = opinion(&hall, "10001251"), one = opinion(&hall, "10001241"), two = opinion(&hall, "10001211");
  char into[64];
  snprintf(into, sizeof into, "{\"order\":\"%lld\"}", (long long)main);
  step(&hall, 409, main, "merge", into); /* into itself */
  step(&hall, 404, one, "merge", "{\"order\":\"5\"}");
  step(&hall, 200, one, "merge", into), step(&hall, 200, two, "merge", into);
  assert_int_equal(order_find(hall.orders, (OrderId){main})->merged, 2);
  char other[64];
  snprintf(other, sizeof other, "{\"order\":\"%lld\"}", (long long)one);
  step(&hall, 409, main, "merge", other); /* that one is merged itself */
  step(&hall, 200, two, "unmerge", "{}");
  assert_int_equal(order_find(hall.orders, (OrderId){main})->merged, 1);
  step(&hall, 200, two, "merge", into);
  answer(&hall, main);
  assert_true(order_state_is(order_find(hall.orders, (OrderId){one}), "answered")); /* each with its own call-back */
  assert_true(order_state_is(order_find(hall.orders, (OrderId){two}), "answered"));
  assert_int_equal(order_find(hall.orders, (OrderId){main})->merged, 0);
  step(&hall, 200, two, "call_back", "{\"answer\":\"satisfied\"}");
  /* into one that ends without an answer: back on its way */
  int64_t left = opinion(&hall, "10001221"), waits = opinion(&hall, "10001231");
  snprintf(into, sizeof into, "{\"order\":\"%lld\"}", (long long)left);
  step(&hall, 200, waits, "merge", into);
  step(&hall, 200, left, "withdraw", "{\"note\":\"不需要了\"}");
  assert_true(order_state_is(order_find(hall.orders, (OrderId){waits}), "accepted"));
  close_hall(&hall);
}

static void the_fund_pays_what_was_approved(void **state) {
  (void)state;
  Hall hall;
  open_hall(&hall);
  HttpTest *test = &hall.test;
  as(&hall, 7, KIND_ROLE_AGENT, hall.county);
  int64_t id = http_test_i64(http_test_do(test, 201, "POST", "/api/v1/orders",
                                          "{\"kind\":\"suggestion\",\"description\":\"内容\",\"fields\":{\"topic\":\"节能\"}}"),
                             "id");
  step(&hall, 200, id, "send", "{}");
  step(&hall, 200, id, "adopt", "{\"note\":\"好\"}");
  as(&hall, 9, KIND_ROLE_HEAD, hall.county);
  char path[96];
  snprintf(path, sizeof path, "/api/v1/orders/%lld/steps", (long long)id);
  http_test_do(test, 200, "POST", path, "{\"step\":\"propose_award\",\"version\":3,\"fields\":{\"award\":50000}}");
  step(&hall, 200, id, "approve_award", "{\"award\":30000}");
  http_test_do(test, 403, "POST", path, "{\"step\":\"pay_award\",\"version\":5}"); /* who approved does not pay */
  as(&hall, 9, KIND_ROLE_HEAD, hall.county);
  http_test_do(test, 409, "POST", path, "{\"step\":\"pay_award\",\"version\":5}");
  assert_string_equal(http_test_text(test->json, "code"), "FUND_SHORT");
  http_test_do(test, 200, "POST", "/api/v1/fund", "{\"amount_fen\":100000,\"note\":\"拨入\"}");
  http_test_do(test, 200, "POST", path, "{\"step\":\"pay_award\",\"version\":5}");
  json_t *fund = http_test_do(test, 200, "GET", "/api/v1/fund", NULL);
  assert_int_equal(http_test_i64(fund, "balance_fen"), 70000);
  assert_int_equal(http_test_i64(fund, "items.0.amount_fen"), -30000);
  as(&hall, 9, KIND_ROLE_AGENT, hall.county);
  http_test_do(test, 403, "POST", "/api/v1/fund", "{\"amount_fen\":1,\"note\":\"x\"}");
  close_hall(&hall);
}

static void billing(Hall *hall, const char *line) {
  as(hall, 1, KIND_ROLE_ADMINISTRATOR, 0);
  snprintf(hall->test.headers, sizeof hall->test.headers, "Content-Type: text/csv\r\n");
  json_t *said = http_test_do(&hall->test, 200, "POST", "/api/v1/arrears", "customer_number,owed_fen,as_of,disconnected\n%s\n", line);
  assert_int_equal(http_test_i64(said, "kept"), 1);
  hall->test.headers[0] = '\0';
  as(hall, 7, KIND_ROLE_AGENT, hall->county);
}

#define REGISTRY                                                                                                                         \
  "{\"customer_number\":\"%s\",\"registry_number\":\"湘2026-0001\",\"new_owner\":\"王五\",\"new_phone\":\"13900000001\",\"sold_on\":" \
  "\"2026-11-20\"}"

static void a_sold_house_is_transferred_or_refused(void **state) {
  (void)state;
  Hall hall;
  open_hall(&hall);
  HttpTest *test = &hall.test;
  opinion(&hall, "10001251");
  http_test_do(test, 409, "POST", "/api/v1/land-registry/transfers", REGISTRY, "10001251");
  assert_string_equal(http_test_text(test->json, "code"), "ORDER_REFUSED");
  assert_non_null(strstr(http_test_text(test->json, "detail"), "202611210000001"));
  billing(&hall, "10001241,12345,2026-11-20,");
  snprintf(test->headers, sizeof test->headers, "Accept-Language: en\r\n");
  http_test_do(test, 409, "POST", "/api/v1/land-registry/transfers", REGISTRY, "10001241");
  assert_non_null(strstr(http_test_text(test->json, "detail"), "arrears of 123.45 yuan on 2026-11-20"));
  test->headers[0] = '\0';
  billing(&hall, "10001241,0,2026-11-21,");
  http_test_do(test, 404, "POST", "/api/v1/land-registry/transfers", REGISTRY, "99999999");
  json_t *order = http_test_do(test, 201, "POST", "/api/v1/land-registry/transfers", REGISTRY, "10001241");
  int64_t id = http_test_i64(order, "id");
  http_test_do(test, 409, "POST", "/api/v1/land-registry/transfers", REGISTRY, "10001241"); /* it is on its way */
  step(&hall, 200, id, "read_meter", "{\"reading\":1234.5}");
  step(&hall, 200, id, "settle", "{\"amount\":5600}");
  step(&hall, 200, id, "transfer_account", "{}");
  assert_int_equal(count_rows(&hall, "SELECT COUNT(*) FROM event WHERE data LIKE '%王五%' OR data LIKE '%13900000001%'"), 0);
  close_hall(&hall);
}

static json_t *reconnection(Hall *hall, int status, const char *number, const char *paid_at) {
  as(hall, 7, KIND_ROLE_AGENT, hall->county);
  return http_test_do(&hall->test, status, "POST", "/api/v1/orders", "{\"kind\":\"reconnection\",\"customer_id\":\"%lld\",\"fields\":{\"paid_at\":\"%s\"}}",
                      (long long)customer_of(hall, number), paid_at);
}

static const json_t *account_on(Hall *hall, uint32_t roles, int64_t order) {
  char path[96];
  as(hall, 8, roles, hall->county);
  snprintf(path, sizeof path, "/api/v1/orders/%lld", (long long)order);
  return http_test_at(http_test_do(&hall->test, 200, "GET", path, NULL), "account");
}

static void who_paid_is_owed_power(void **state) {
  (void)state;
  Hall hall;
  open_hall(&hall);
  HttpTest *test = &hall.test;
  int64_t id = opinion(&hall, "10001211");
  assert_string_equal(http_test_text(account_on(&hall, KIND_ROLE_AGENT, id), "state"), "unknown");
  billing(&hall, "10001211,12345,2026-11-20,yes");
  assert_string_equal(http_test_text(account_on(&hall, KIND_ROLE_AGENT, id), "state"), "disconnected");
  assert_int_equal(http_test_i64(account_on(&hall, KIND_ROLE_MANAGER, id), "owed_fen"), 12345);
  assert_true(json_is_null(http_test_at(account_on(&hall, KIND_ROLE_DISPATCHER, id), "owed_fen"))); /* that they owe, not how much */
  reconnection(&hall, 409, "10001211", "2026-11-19T12:00:00+08:00"); /* billing knew of that payment, and says they owe */
  assert_string_equal(http_test_text(test->json, "code"), "ORDER_REFUSED");
  reconnection(&hall, 201, "10001231", "2026-11-19T12:00:00+08:00"); /* owes nothing */
  assert_null(order_of_customer(hall.orders, (CustomerId){customer_of(&hall, "10001211")}, "reconnection"));
  billing(&hall, "10001211,0,2026-11-21T18:00:00+08:00,");
  const Order *order = order_of_customer(hall.orders, (CustomerId){customer_of(&hall, "10001211")}, "reconnection");
  assert_non_null(order);
  char path[96];
  snprintf(path, sizeof path, "/api/v1/orders/%lld", (long long)order->id.value);
  json_t *page = http_test_do(test, 200, "GET", path, NULL);
  assert_string_equal(http_test_text(page, "source"), "billing");
  assert_string_equal(http_test_text(page, "account.state"), "ok");
  assert_string_equal(http_test_text(page, "fields.paid_at"), "2026-11-21T10:00:00Z");
  assert_string_equal(http_test_text(page, "clocks.0.id"), "reconnect");
  assert_string_equal(http_test_text(page, "history.0.actor"), "staff:1");
  /* switched off again while that is on its way, and paid again: the one order */
  size_t open = order_count(hall.orders);
  billing(&hall, "10001211,500,2026-11-21T18:30:00+08:00,yes");
  billing(&hall, "10001211,0,2026-11-21T19:00:00+08:00,");
  assert_int_equal(order_count(hall.orders), open);
  /* owing alone, and paid: nothing was switched off */
  billing(&hall, "10001241,500,2026-11-21T18:30:00+08:00,no");
  billing(&hall, "10001241,0,2026-11-21T19:00:00+08:00,");
  assert_int_equal(order_count(hall.orders), open);
  /* who says that they paid after billing's last word is believed */
  billing(&hall, "10001251,500,2026-11-20,no");
  reconnection(&hall, 201, "10001251", "2026-11-21T12:00:00+08:00");
  close_hall(&hall);
}

static void attachments_belong_to_their_order(void **state) {
  (void)state;
  Hall hall;
  char path[128], id[32];
  open_hall(&hall);
  HttpTest *test = &hall.test;
  int64_t order = opinion(&hall, "10001251"); /* in G1 */
  const char *raw = "Content-Type: application/octet-stream\r\n";
  snprintf(path, sizeof path, "/api/v1/attachments?order=%lld", (long long)order);
  snprintf(test->headers, sizeof test->headers, "%s", raw);
  http_test_do(test, 415, "POST", path, "<html>no picture</html>");
  as(&hall, 5, KIND_ROLE_MANAGER, hall.g2);
  http_test_do(test, 403, "POST", path, "%%PDF-1.4\n1 0 obj\n%%%%EOF\n");
  as(&hall, 5, KIND_ROLE_MANAGER, hall.g1);
  snprintf(id, sizeof id, "%s", http_test_text(http_test_do(test, 201, "POST", path, "%%PDF-1.4\n1 0 obj\n%%%%EOF\n"), "id"));
  char loose[32];
  snprintf(loose, sizeof loose, "%s",
           http_test_text(http_test_do(test, 201, "POST", "/api/v1/attachments", "%%PDF-1.4\n2 0 obj\n%%%%EOF\n"), "id"));
  test->headers[0] = '\0';
  snprintf(path, sizeof path, "/api/v1/attachments/%s", id);
  http_test_do(test, 200, "GET", path, NULL);
  assert_true(text_find(buffer_as_text(&test->reply.body), TEXT("1 0 obj")) > 0);
  assert_true(text_is(http_test_header(test, "Content-Type"), "application/pdf"));
  as(&hall, 6, KIND_ROLE_MANAGER, hall.g2);
  http_test_do(test, 403, "GET", path, NULL);
  snprintf(path, sizeof path, "/api/v1/attachments/%s", loose);
  http_test_do(test, 404, "GET", path, NULL); /* held to nothing: only who brought it sees it */
  as(&hall, 5, KIND_ROLE_MANAGER, hall.g1);
  http_test_do(test, 200, "GET", path, NULL);
  snprintf(path, sizeof path, "{\"note\":\"见图\",\"photographs\":[\"%s\"]}", loose);
  step(&hall, 200, order, "note", path);
  int64_t other = opinion(&hall, "10004111");
  step(&hall, 404, other, "note", path); /* held to another order already */
  snprintf(path, sizeof path, "/api/v1/orders/%lld", (long long)order);
  json_t *page = http_test_do(test, 200, "GET", path, NULL);
  assert_int_equal(json_array_size(http_test_at(page, "attachments")), 2);
  close_hall(&hall);
}

static void rules_say_what_holds_where(void **state) {
  (void)state;
  Hall hall;
  open_hall(&hall);
  opinion(&hall, "10001251"), opinion(&hall, "10001251");
  const Order *third = order_find(hall.orders, (OrderId){opinion(&hall, "10001251")});
  assert_int_equal(third->repeats, 3);
  json_t *list = http_test_do(&hall.test, 200, "GET", "/api/v1/orders?repeated=yes", NULL);
  assert_int_equal(json_array_size(http_test_at(list, "items")), 1);
  http_test_do(&hall.test, 200, "GET", "/api/v1/exports/orders?kind=opinion", NULL);
  assert_true(text_starts(buffer_as_text(&hall.test.reply.body), TEXT("PK"))); /* a zip, which interop/sheet_test.c looks into */
  assert_true(hall.test.reply.body.len > 1000);
  http_test_do(&hall.test, 200, "GET", "/api/v1/exports/promises?from=2026-11-01", NULL);
  assert_true(text_starts(buffer_as_text(&hall.test.reply.body), TEXT("PK")));
  json_t *rules = http_test_do(&hall.test, 200, "GET", "/api/v1/rules", NULL);
  assert_string_equal(http_test_text(rules, "region"), "State Grid");
  int arrivals = 0, in_force = 0;
  const json_t *promises = http_test_at(rules, "promises");
  for (size_t i = 0; i < json_array_size(promises); i++) {
    const json_t *one = json_array_get(promises, i);
    if (strcmp(http_test_text(one, "id"), "arrival") != 0) continue;
    arrivals++;
    if (!json_is_true(http_test_at(one, "in_force"))) continue;
    in_force++;
    assert_string_equal(http_test_text(one, "region"), "State Grid");
    assert_string_equal(http_test_text(one, "used_by.0"), "fault_repair.arrive");
  }
  assert_int_equal(arrivals, 3);
  assert_int_equal(in_force, 1);
  json_t *figures = http_test_do(&hall.test, 200, "GET", "/api/v1/orders/figures?kind=opinion&from=2026-11-01", NULL);
  assert_true(json_array_size(http_test_at(figures, "items.0.figures")) >= 2);
  close_hall(&hall);
  http_test_all_answered(SHEET_ROUTES);
  http_test_all_answered(FILE_ROUTES);
  http_test_all_answered(SURVEY_ROUTES);
  http_test_all_answered(FIGURE_ROUTES);
  http_test_all_answered(RULE_ROUTES);
}

/* A copy of the form that lost a field for want of memory is no form without that field. */
static void short_of_memory_no_field_is_missing(void **state) {
  (void)state;
  Hall hall;
  open_hall(&hall);
  as(&hall, 7, KIND_ROLE_AGENT, hall.county);
  long long customer = (long long)customer_of(&hall, "10001251");
  int refused = 0, taken = 0;
  for (int nth = 1; nth <= 80; nth++) {
    char body[256], request[768];
    snprintf(body, sizeof body, "{\"kind\":\"opinion\",\"customer_id\":\"%lld\",\"description\":\"内容\",\"fields\":{\"topic\":\"停电通知\"}}", customer);
    snprintf(request, sizeof request, "POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nIdempotency-Key: short-%d\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             hall.test.token, nth, strlen(body), body);
    memory_fail_at(nth);
    int status = http_test_raw(&hall.test, text_of(request));
    memory_fail_at(0);
    refused += status == 503, taken += status == 201;
    if (status && status != 201 && status < 500) fail_msg("the call %d: status %d", nth, status);
  }
  assert_true(refused > 5 && taken > 0);
  close_hall(&hall);
}

TEST_MAIN(TEST(short_of_memory_no_field_is_missing), TEST(a_link_is_answered_once), TEST(merged_orders_are_answered_together), TEST(the_fund_pays_what_was_approved),
          TEST(a_sold_house_is_transferred_or_refused), TEST(who_paid_is_owed_power), TEST(attachments_belong_to_their_order), TEST(rules_say_what_holds_where))
