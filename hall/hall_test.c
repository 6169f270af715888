/* The public pages as a browser meets them: escaped, without script, in both languages; forms taken once, refused with reasons, and slow to guess at. */
#include <stdio.h>
#include <stdlib.h>

#include "grid/testing.h"
#include "hall/hall_internal.h"
#include "http/testing.h"

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define PARTS "Content-Type: multipart/form-data; boundary=XX\r\n"
#define PART(name, value) "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, value) "--XX\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n" value "\r\n"
#define PDF "%%PDF-1.4\n1 0 obj\n%%%%EOF\n"
#define TOKEN_1 "11111111111111111111111111111111"
#define TOKEN_2 "22222222222222222222222222222222"
#define TOKEN_3 "33333333333333333333333333333333"

typedef struct Town {
  HttpTest test;
  Grid *grid;
  People *people;
  Orders *orders;
  Groups *groups;
  Hall *hall;
  int64_t county, g1;
} Town;

static void open_town(Town *town) {
  Error error = {0};
  HttpTest *test = &town->test;
  http_test_open(test);
  testing_county(test->db, 1, time_now(&test->time), NULL);
  http_test_end(test);
  http_test_begin(test);
  assert_ok(grid_open(&town->grid, test->db, 1, &error) && people_open(&town->people, test->db, town->grid, 1, &error), &error);
  assert_ok(order_open(&town->orders, test->desk, test->db, town->grid, town->people, NULL, &error) && order_add_routes(test->http, town->orders, &error), &error);
  assert_ok(group_open(&town->groups, test->desk, test->db, town->people, town->orders, NULL, &error) && http_add_routes(test->http, GROUP_ROUTES, town->groups, &error), &error);
  assert_ok(hall_open(&town->hall, test->desk, town->people, town->orders, town->groups, NULL, &error) && hall_add_routes(test->http, town->hall, &error), &error);
  http_test_start(test);
  for (size_t i = 0; i < people_org_count(town->people); i++) {
    const Org *org = people_org(town->people, i);
    if (text_is(org->code, "C1")) town->county = org->id;
    if (text_is(org->code, "G1")) town->g1 = org->id;
  }
  http_test_as(test, 0, 0, 0);
}

static void close_town(Town *town) {
  char problem[ERROR_TEXT_MAX];
  Error error = {0};
  desk_read_begin(town->test.desk);
  assert_ok(order_check(town->orders, http_test_reader(&town->test), problem, &error), &error);
  desk_read_end(town->test.desk);
  assert_string_equal(problem, "");
  http_test_close(&town->test);
  hall_close(town->hall);
  group_close(town->groups);
  order_close(town->orders);
  people_close(town->people);
  grid_close(town->grid);
}

static bool says(const Town *town, const char *words) { return text_find(buffer_as_text(&town->test.reply.body), text_of(words)) >= 0; }
static void speak(Town *town, const char *headers) { snprintf(town->test.headers, sizeof town->test.headers, "%s", headers); }

/* The reply's Location, as text. */
static const char *goes_to(const Town *town, char out[200]) {
  snprintf(out, 200, "%.*s", TEXT_ARG(http_test_header(&town->test, "Location")));
  return out;
}

static int64_t count_rows(Town *town, const char *sql) {
  DbStatement *s;
  bool row = false;
  Error error = {0};
  Db *db;
  assert_ok(db_open(&db, town->test.store, DB_READ, &error), &error);
  assert_ok(db_prepare(&s, db, sql, &error) && db_step(&row, s, &error), &error);
  int64_t count = row ? db_column_i64(s, 0) : -1;
  db_close(db);
  return count;
}

/* The number on a page, "<span class="number">…": 0 when there is none. */
static long long number_on(const Town *town) {
  Text page = buffer_as_text(&town->test.reply.body);
  static const char MARK[] = "<span class=\"number\">";
  ptrdiff_t at = text_find(page, text_of(MARK));
  int64_t number = 0;
  if (at >= 0) {
    Text rest = text_slice(page, (size_t)at + sizeof MARK - 1, page.len);
    if (!text_to_i64(text_slice(rest, 0, (size_t)text_find(rest, TEXT("<"))), &number)) number = 0;
  }
  return number;
}

static void text_is_escaped(void **state) {
  (void)state;
  static const char *const CASES[][2] = {{"a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;"}, {"", ""}, {"电价 5 %", "电价 5 %"}, {"</main><script>", "&lt;/main&gt;&lt;script&gt;"}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Buffer out;
    buffer_begin(&out, 1000);
    page_text(&out, text_of(CASES[i][0]));
    assert_true(text_is(buffer_as_text(&out), CASES[i][1]));
    buffer_end(&out);
  }
}

static void procedures_are_for_everyone(void **state) {
  (void)state;
  static Town town;
  open_town(&town);
  HttpTest *test = &town.test;
  http_test_do(test, 200, "GET", "/hall", NULL);
  assert_true(says(&town, "/hall/application_resident") && says(&town, "居民新装") && says(&town, "/hall/follow"));
  assert_false(says(&town, "/hall/works") || says(&town, "<script") || says(&town, "style=")); /* works are not for customers */
  assert_true(text_find(http_test_header(test, "Content-Security-Policy"), TEXT("unsafe")) < 0);
  speak(&town, "Accept-Language: en\r\n");
  http_test_do(test, 200, "GET", "/hall/application_resident", NULL);
  assert_true(says(&town, "<ol><li>Accepted</li>") && says(&town, "<li>Archived</li></ol>")); /* the steps as they come, not as the rules list them */
  assert_true(says(&town, "What to bring") && says(&town, "One proof of identity is enough") && says(&town, "/hall/application_resident/apply"));
  speak(&town, "");
  http_test_do(test, 404, "GET", "/hall/works", NULL);
  http_test_do(test, 404, "GET", "/hall/works/apply", NULL);
  http_test_do(test, 404, "GET", "/hall/%3Cscript%3E", NULL);
  assert_false(says(&town, "<script"));
  http_test_do(test, 200, "GET", "/hall.css", NULL);
  close_town(&town);
}

/* The way of every public kind: from its start to an end, each state once. */
static void every_kind_has_a_way(void **state) {
  (void)state;
  RuleBook *book;
  Error error = {0};
  assert_ok(book_open(&book, NULL, &error), &error);
  size_t tried = 0;
  for (size_t i = 0; i < book_kind_count(book); i++) {
    const OrderKind *kind = book_kind(book, i);
    uint16_t way[KIND_STATES_MAX];
    if (!kind->public) continue;
    size_t count = hall_way(kind, kind->start, way);
    if (!count || !kind->states[way[count - 1]].final) fail_msg("%.*s: its way does not end", TEXT_ARG(kind->origin.id));
    for (size_t a = 0; a < count; a++)
      for (size_t b = 0; b < a; b++) assert_true(way[a] != way[b]);
    if (count < (text_is(kind->origin.id, "application_high_voltage") ? 14u : text_is(kind->origin.id, "fault_repair") ? 12u : 2u)) fail_msg("%.*s: a way of %zu states", TEXT_ARG(kind->origin.id), count);
    tried++;
  }
  assert_true(tried >= 10);
  book_close(book);
}

#define RESIDENT(token, name, phone, capacity, file) \
  PART("token", token) FILE_PART("f_identity", file) PART("f_applicant", name) PART("f_phone", phone) PART("f_address", "柳树村 3 组") PART("f_capacity_wanted", capacity) "--XX--\r\n"

static void an_application_is_taken_once_and_followed(void **state) {
  (void)state;
  static Town town;
  char where[200], path[400];
  open_town(&town);
  HttpTest *test = &town.test;
  http_test_do(test, 200, "GET", "/hall/application_resident/apply", NULL);
  assert_true(says(&town, "name=\"token\" value=\"") && says(&town, "enctype=\"multipart/form-data\"") && says(&town, "name=\"f_identity\"") && says(&town, "name=\"household\""));
  assert_false(says(&town, "name=\"caller_phone\"")); /* the form's own telephone is enough */
  /* what is wrong stands beside its field, in the reader's language, and what was said is still there */
  speak(&town, PARTS);
  http_test_do(test, 422, "POST", "/hall/application_resident/apply", RESIDENT(TOKEN_1, "王<b>五", "12", "500", "no picture"));
  assert_true(says(&town, "还有 3 处需要修改") && says(&town, "id=\"f_identity-wrong\"") && says(&town, "不是完整的 JPEG") && says(&town, "id=\"f_phone-wrong\"") && says(&town, "超出范围"));
  assert_true(says(&town, "value=\"王&lt;b&gt;五\"") && says(&town, "value=\"" TOKEN_1 "\""));
  speak(&town, PARTS "Accept-Language: en\r\n");
  http_test_do(test, 422, "POST", "/hall/application_resident/apply", PART("token", TOKEN_1) "--XX--\r\n");
  assert_true(says(&town, "5 things must be put right") && says(&town, "choose a file") && says(&town, "fill this in"));
  http_test_do(test, 400, "POST", "/hall/application_resident/apply", PART("token", "short") "--XX--\r\n");
  http_test_do(test, 400, "POST", "/hall/application_resident/apply", "--XX");
  /* from elsewhere: refused */
  speak(&town, PARTS "Sec-Fetch-Site: cross-site\r\n");
  http_test_do(test, 403, "POST", "/hall/application_resident/apply", RESIDENT(TOKEN_1, "王五", "13900001234", "8", PDF));
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM orders"), 0);
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM attachment"), 0);
  /* sent, and sent again */
  speak(&town, PARTS "Sec-Fetch-Site: same-origin\r\n");
  http_test_do(test, 303, "POST", "/hall/application_resident/apply", RESIDENT(TOKEN_1, "王五", "13900001234", "8", PDF));
  assert_string_equal(goes_to(&town, where), "/hall/applied/" TOKEN_1);
  http_test_do(test, 303, "POST", "/hall/application_resident/apply", RESIDENT(TOKEN_1, "王五", "13900001234", "8", PDF));
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM orders WHERE source = 'web'"), 1);
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM attachment WHERE order_id IS NOT NULL"), 1);
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM event WHERE data LIKE '%王五%' OR data LIKE '%13900001234%' OR data LIKE '%柳树村%'"), 0);
  /* the receipt: number, how it stands, what to bring; nothing personal */
  speak(&town, "");
  http_test_do(test, 200, "GET", where, NULL);
  long long number = number_on(&town);
  assert_true(number > 0 && says(&town, "已受理") && says(&town, "还要补交") && says(&town, "全程办电") && says(&town, "还有"));
  assert_false(says(&town, "王五") || says(&town, "13900001234") || says(&town, "柳树村"));
  http_test_do(test, 404, "GET", "/hall/applied/" TOKEN_2, NULL);
  http_test_do(test, 404, "GET", "/hall/applied/none", NULL);
  /* a paper as large as is taken, and one that is too large: both are answered */
  char *large = malloc(5u << 20);
  assert_non_null(large);
  memset(large, ' ', 5u << 20);
  memcpy(large + (5u << 20) - 6, "%%EOF", 6);
  memcpy(large, "%PDF-1.4", 8);
  http_test_as(test, 7, KIND_ROLE_AGENT, town.county);
  speak(&town, "Content-Type: application/octet-stream\r\n");
  http_test_do(test, 201, "POST", "/api/v1/attachments", "%s", large);
  http_test_as(test, 0, 0, 0);
  speak(&town, PARTS);
  http_test_do(test, 303, "POST", "/hall/application_resident/apply", RESIDENT("55555555555555555555555555555555", "王五", "13900004321", "8", "%s"), large);
  free(large);
  speak(&town, "");
  assert_int_equal(http_test_raw(test, TEXT("POST /hall/opinion/apply HTTP/1.1\r\nHost: 127.0.0.1\r\n" PARTS "Content-Length: 9000000\r\n\r\n")), 413);
  /* by its number */
  http_test_do(test, 200, "GET", "/hall/follow", NULL);
  speak(&town, FORM);
  http_test_do(test, 200, "POST", "/hall/follow", "number=%lld&phone=1234", number);
  assert_true(number_on(&town) == number && says(&town, "接下来"));
  http_test_do(test, 200, "POST", "/hall/follow", "number=%lld&phone=139%%200000%%201234", number);
  assert_false(says(&town, "王五") || says(&town, "柳树村"));
  /* the customer's own step: the rest of the papers, from the receipt */
  speak(&town, PARTS);
  snprintf(path, sizeof path, "%s", PART("token", TOKEN_1) PART("kind", "application_resident") PART("step", "supply_papers") PART("version", "1"));
  http_test_do(test, 422, "POST", "/hall/act", "%s--XX--\r\n", path);
  http_test_do(test, 303, "POST", "/hall/act", "%s" FILE_PART("f_papers", PDF) "--XX--\r\n", path);
  http_test_do(test, 409, "POST", "/hall/act", "%s" FILE_PART("f_papers", PDF) "--XX--\r\n", path); /* the page was an older one */
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM attachment WHERE order_id IS NOT NULL"), 3);
  http_test_do(test, 409, "POST", "/hall/act", PART("token", TOKEN_1) PART("kind", "application_resident") PART("step", "energise") PART("version", "2") FILE_PART("f_photographs", PDF) PART("f_meter", "1") "--XX--\r\n"); /* not the customer's */
  http_test_do(test, 404, "POST", "/hall/act", PART("token", TOKEN_2) PART("kind", "application_resident") PART("step", "urge") PART("version", "2") "--XX--\r\n");
  speak(&town, FORM);
  http_test_do(test, 404, "POST", "/hall/act", "number=%lld&phone=9999&kind=application_resident&step=urge&version=2", number);
  http_test_do(test, 200, "POST", "/hall/act", "number=%lld&phone=1234&kind=application_resident&step=urge&version=2", number);
  speak(&town, "");
  http_test_do(test, 200, "GET", where, NULL);
  assert_false(says(&town, "还要补交"));
  assert_true(says(&town, "按承诺完成")); /* the papers' own promise */
  close_town(&town);
}

/* Wrong, unknown, too short: one answer. And guessing is slow, by address and by number. */
/* The other language is one touch away on every page, a cookie keeps it, and a page that a form asked for is asked for again. */
static void the_language_is_chosen(void **state) {
  (void)state;
  Town town;
  char body[256], cookie[200];
  open_town(&town);
  static const char *const PAGES[] = {"/hall", "/hall/opinion", "/hall/opinion/apply", "/hall/follow"};
  for (size_t i = 0; i < sizeof PAGES / sizeof *PAGES; i++) {
    char path[80], link[120];
    speak(&town, "");
    http_test_do(&town.test, 200, "GET", PAGES[i], NULL);
    snprintf(link, sizeof link, "href=\"%s?language=en\" lang=\"en\"", PAGES[i]);
    assert_true(says(&town, "<html lang=\"zh-CN\">") && says(&town, link));
    snprintf(path, sizeof path, "%s?language=en", PAGES[i]);
    http_test_do(&town.test, 200, "GET", path, NULL);
    assert_true(says(&town, "<html lang=\"en\">") && says(&town, "?language=zh\" lang=\"zh-CN\""));
    snprintf(cookie, sizeof cookie, "%.*s", TEXT_ARG(http_test_header(&town.test, "Set-Cookie")));
    assert_true(strncmp(cookie, "language=en; Path=/; HttpOnly; SameSite=Lax", 43) == 0);
  }
  speak(&town, "Cookie: language=en\r\nAccept-Language: zh\r\n"); /* what was chosen goes before what the browser is set to */
  http_test_do(&town.test, 200, "GET", "/hall", NULL);
  assert_true(says(&town, "<html lang=\"en\">"));
  assert_true(text_is(http_test_header(&town.test, "Vary"), "Accept-Language, Cookie"));
  http_test_do(&town.test, 404, "GET", "/hall/applied/00", NULL);
  assert_true(says(&town, "<html lang=\"en\">"));
  speak(&town, "Cookie: language=xx\r\n");
  http_test_do(&town.test, 200, "GET", "/hall?language=%22%3E", NULL);
  assert_true(says(&town, "<html lang=\"zh-CN\">"));
  assert_int_equal(http_test_header(&town.test, "Set-Cookie").len, 0);
  http_test_do(&town.test, 422, "GET", "/hall?other=1", NULL);
  http_test_as(&town.test, 7, 1, 0); /* no page: its reader speaks for himself */
  speak(&town, "Cookie: language=en\r\n");
  http_test_do(&town.test, 422, "GET", "/api/v1/orders?language=en", NULL);
  http_test_as(&town.test, 0, 0, 0);
  /* a matter that was looked up: by a form, in the other language too */
  speak(&town, FORM);
  http_test_do(&town.test, 303, "POST", "/hall/opinion/apply", "token=" TOKEN_1 "&f_topic=%s&f_description=%s&caller_phone=13911112222&where=x", "t", "d");
  speak(&town, "");
  http_test_do(&town.test, 200, "GET", "/hall/applied/" TOKEN_1, NULL);
  snprintf(body, sizeof body, "number=%lld&phone=2222", number_on(&town));
  assert_true(says(&town, "答复") && !says(&town, "派发</dt>")); /* of our promises those to the customer, not the house's own */
  speak(&town, FORM);
  http_test_do(&town.test, 200, "POST", "/hall/follow", "%s", body);
  assert_true(says(&town, "<form class=\"language\" method=\"post\" action=\"/hall/follow?language=en\">") && says(&town, "name=\"phone\" value=\"2222\""));
  http_test_do(&town.test, 200, "POST", "/hall/follow?language=en", "%s", body);
  assert_true(says(&town, "<html lang=\"en\">") && says(&town, "What we promised") && says(&town, "<dt>Answered") && !says(&town, "<dt>Sent on"));
  close_town(&town);
}

static void guessing_is_slow(void **state) {
  (void)state;
  static Town town;
  char first[4096], path[200];
  open_town(&town);
  HttpTest *test = &town.test;
  speak(&town, FORM);
  http_test_do(test, 303, "POST", "/hall/opinion/apply", "token=" TOKEN_1 "&f_topic=x&f_description=y&caller_phone=13900001234");
  speak(&town, "");
  http_test_do(test, 200, "GET", "/hall/applied/" TOKEN_1, NULL);
  long long number = number_on(&town);
  speak(&town, FORM);
  for (size_t i = 0; i < 8; i++) {
    snprintf(path, sizeof path, i % 2 ? "number=%lld&phone=0000" : "number=%lld&phone=13900001235", number + (i / 2 % 2 ? 5 : 0));
    http_test_do(test, 404, "POST", "/hall/follow", "%s", path);
    Text page = buffer_as_text(&test->reply.body);
    Text note = text_slice(page, (size_t)text_find(page, TEXT("<p class=\"note bad\"")), (size_t)text_find(page, TEXT("<form")));
    if (i == 0) snprintf(first, sizeof first, "%.*s", TEXT_ARG(note));
    assert_true(text_is(note, first)); /* the same word for word */
  }
  http_test_do(test, 404, "POST", "/hall/follow", "number=abc&phone=1234");
  http_test_do(test, 404, "POST", "/hall/follow", "number=99999999999999999999&phone=1234");
  for (int i = 8; i < HALL_GUESSES_NUMBER + 4; i++) http_test_do(test, 404, "POST", "/hall/follow", "number=%lld&phone=%04d", number, i);
  http_test_do(test, 429, "POST", "/hall/follow", "number=%lld&phone=1234", number); /* the right one now waits too … */
  assert_true(says(&town, "完整电话号码"));
  http_test_do(test, 200, "POST", "/hall/follow", "number=%lld&phone=13900001234", number); /* … but the whole telephone does not */
  for (int i = HALL_GUESSES_NUMBER + 6; i < HALL_GUESSES_ADDRESS; i++) http_test_do(test, 404, "POST", "/hall/follow", "number=%d&phone=1111", i);
  http_test_do(test, 429, "POST", "/hall/follow", "number=%lld&phone=13900001234", number);
  assert_true(http_test_header(test, "Retry-After").len > 0);
  time_virtual(&test->time, time_now(&test->time) + 2 * SPAN_DAY);
  http_test_do(test, 200, "POST", "/hall/follow", "number=%lld&phone=1234", number);
  close_town(&town);
}

/* By telephone and by address. */
static void there_is_a_limit(void **state) {
  (void)state;
  static Town town;
  open_town(&town);
  HttpTest *test = &town.test;
  time_virtual(&test->time, time_now(&test->time) - 365 * SPAN_DAY); /* an evening played again: numbers older than the ids */
  speak(&town, FORM);
  for (int i = 0; i < HALL_PHONE_A_DAY; i++)
    http_test_do(test, 303, "POST", "/hall/praise/apply", "token=%032d&f_description=y&caller_phone=139 0000 1234", i);
  http_test_do(test, 429, "POST", "/hall/praise/apply", "token=%032d&f_description=y&caller_phone=13900001234", 77);
  assert_true(says(&town, "95598"));
  http_test_do(test, 303, "POST", "/hall/praise/apply", "token=%032d&f_description=y&caller_phone=13900001234", 0); /* one sent before: its receipt */
  http_test_do(test, 303, "POST", "/hall/praise/apply", "token=%032d&f_description=y&caller_phone=13900001235", 78); /* another's */
  for (int i = HALL_PHONE_A_DAY + 3; i < LIMIT_ADDRESS_FORMS; i++) http_test_do(test, 422, "POST", "/hall/praise/apply", "token=" TOKEN_1);
  http_test_do(test, 429, "POST", "/hall/praise/apply", "token=" TOKEN_1);
  time_virtual(&test->time, time_now(&test->time) + 25 * SPAN_HOUR);
  http_test_do(test, 303, "POST", "/hall/praise/apply", "token=%032d&f_description=y&caller_phone=13900001234", 79);
  int64_t number = count_rows(&town, "SELECT number FROM orders ORDER BY id DESC LIMIT 1");
  assert_int_equal(number / 100000000000, 2025);
  http_test_do(test, 200, "POST", "/hall/follow", "number=%lld&phone=1234", (long long)number);
  close_town(&town);
}

static int64_t customer_of_last(Town *town) { return count_rows(town, "SELECT COALESCE(customer_id, 0) FROM orders ORDER BY id DESC LIMIT 1"); }

/* A household is named only by who knows it, and nobody is told whether they did. */
static void a_household_is_not_told(void **state) {
  (void)state;
  static Town town;
  uint32_t position;
  Customer customer;
  char right[300], wrong[300], pages[2][20000];
  open_town(&town);
  HttpTest *test = &town.test;
  assert_true(people_position_of_number(town.people, TEXT("10001251"), &position));
  people_customer(town.people, position, &customer);
  snprintf(right, sizeof right, "f_topic=a&f_description=b&caller_phone=15900000001&household=10001251&holder=%.*s", TEXT_ARG(customer.name));
  snprintf(wrong, sizeof wrong, "f_topic=a&f_description=b&caller_phone=15900000001&household=10001251&holder=赵六");
  for (int i = 0; i < 2; i++) {
    speak(&town, FORM);
    http_test_do(test, 303, "POST", "/hall/opinion/apply", "token=%s&%s", i ? TOKEN_2 : TOKEN_1, i ? wrong : right);
    assert_int_equal(customer_of_last(&town), i ? 0 : customer.id.value);
    speak(&town, "");
    http_test_do(test, 200, "GET", i ? "/hall/applied/" TOKEN_2 : "/hall/applied/" TOKEN_1, NULL);
    snprintf(pages[i], sizeof pages[i], "%.*s", TEXT_ARG(buffer_as_text(&test->reply.body)));
    char number[24], *at;
    snprintf(number, sizeof number, "%lld", number_on(&town));
    while ((at = strstr(pages[i], number))) memset(at, '#', strlen(number));
    while ((at = strstr(pages[i], i ? TOKEN_2 : TOKEN_1))) memset(at, '#', 32);
    assert_null(strstr(pages[i], "10001251"));
  }
  assert_string_equal(pages[0], pages[1]);
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM orders WHERE description LIKE '%10001251%未核对%赵六%'"), 1);
  /* by the telephone the company has; and the registered telephone follows it too */
  speak(&town, FORM);
  http_test_do(test, 303, "POST", "/hall/opinion/apply", "token=" TOKEN_3 "&f_topic=a&f_description=b&caller_phone=%.*s&household=10001251", TEXT_ARG(customer.phone));
  assert_int_equal(customer_of_last(&town), customer.id.value);
  /* who stays anonymous leaves nothing */
  http_test_do(test, 303, "POST", "/hall/report/apply", "token=%032d&f_topic=a&f_description=b&f_anonymous=yes&caller_name=孙七&caller_phone=15900000002&household=10001251", 4);
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM orders WHERE caller_name LIKE '%孙七%' OR caller_phone LIKE '%15900000002%' OR description LIKE '%10001251%' AND kind = 'report'"), 0);
  http_test_do(test, 422, "POST", "/hall/opinion/apply", "token=%032d&f_topic=a&f_description=b", 5); /* others must say how they are reached */
  close_town(&town);
}

/* A fault is put to the order that is open; the page says so, and shows how that one stands. */
static void a_second_call_joins_the_first(void **state) {
  (void)state;
  static Town town;
  uint32_t position;
  Customer customer;
  open_town(&town);
  HttpTest *test = &town.test;
  assert_true(people_position_of_number(town.people, TEXT("10001251"), &position));
  people_customer(town.people, position, &customer);
  speak(&town, FORM);
  for (int i = 1; i <= 2; i++)
    http_test_do(test, 303, "POST", "/hall/fault_repair/apply", "token=%032d&f_what=no_power&caller_phone=%.*s&household=10001251", i, TEXT_ARG(customer.phone));
  speak(&town, "");
  http_test_do(test, 200, "GET", "/hall/applied/00000000000000000000000000000001", NULL);
  long long number = number_on(&town);
  assert_false(says(&town, "已并入"));
  http_test_do(test, 200, "GET", "/hall/applied/00000000000000000000000000000002", NULL);
  assert_true(says(&town, "已并入") && number_on(&town) == number);
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM orders"), 1);
  speak(&town, FORM);
  http_test_do(test, 422, "POST", "/hall/fault_repair/apply", "token=" TOKEN_3 "&f_what=no_power&caller_phone=13900001234"); /* where should the crew go? */
  assert_true(says(&town, "id=\"where-wrong\""));
  http_test_do(test, 303, "POST", "/hall/fault_repair/apply", "token=" TOKEN_3 "&f_what=no_power&caller_phone=13900001234&where=柳树村 3 组");
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM orders WHERE description LIKE '%柳树村 3 组%'"), 1);
  close_town(&town);
}

/* --- the survey --- */

static void link_for(Town *town, const char *form_token, char out[64]) {
  HttpTest *test = &town->test;
  static const char *const STEPS[][2] = {{"send", "{}"}, {"conclude", "{\"justified\":true,\"note\":\"查\"}"}, {"answer", "{\"note\":\"答\"}"}};
  char path[96];
  speak(town, FORM);
  http_test_do(test, 303, "POST", "/hall/opinion/apply", "token=%s&f_topic=a&f_description=b&caller_phone=13900001234", form_token);
  speak(town, "");
  int64_t id = count_rows(town, "SELECT id FROM orders ORDER BY id DESC LIMIT 1");
  for (int i = 0; i < 3; i++) {
    http_test_as(test, 8, 63, town->county);
    snprintf(path, sizeof path, "/api/v1/orders/%lld/steps", (long long)id);
    http_test_do(test, 200, "POST", path, "{\"step\":\"%s\",\"version\":%d,\"fields\":%s}", STEPS[i][0], i + 1, STEPS[i][1]);
  }
  http_test_as(test, 7, KIND_ROLE_AGENT, town->county);
  snprintf(path, sizeof path, "/api/v1/orders/%lld/survey-links", (long long)id);
  snprintf(out, 64, "%s", http_test_text(http_test_do(test, 201, "POST", path, NULL), "path")); /* what staff are given is the page itself */
  http_test_as(test, 0, 0, 0);
}

static void a_survey_is_answered_on_its_page(void **state) {
  (void)state;
  static Town town;
  char one[64], two[64], three[64], where[200];
  open_town(&town);
  HttpTest *test = &town.test;
  link_for(&town, TOKEN_1, one), link_for(&town, TOKEN_2, two), link_for(&town, TOKEN_3, three);
  http_test_do(test, 200, "GET", one, NULL);
  assert_true(says(&town, "name=\"f_answer\"") && says(&town, "name=\"s_speed\"") && says(&town, "name=\"s_integrity\"") && says(&town, "name=\"f_anonymous\""));
  speak(&town, FORM);
  http_test_do(test, 422, "POST", one, "s_speed=9&note=好&f_anonymous=yes");
  assert_true(says(&town, "id=\"f_answer-wrong\"") && says(&town, "好</textarea>") && says(&town, "value=\"yes\" checked"));
  http_test_do(test, 303, "POST", one, "f_answer=dissatisfied&s_speed=2&s_quality=3&note=慢");
  http_test_do(test, 200, "GET", goes_to(&town, where), NULL);
  assert_true(says(&town, "已重新打开"));
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM orders WHERE closed_at IS NULL AND reopened = 1 AND state = 'sent'"), 1);
  http_test_do(test, 303, "POST", one, "f_answer=satisfied"); /* once only: sent to the page, which says so */
  http_test_do(test, 200, "GET", goes_to(&town, where), NULL);
  assert_true(says(&town, "已经评价过"));
  http_test_do(test, 303, "POST", two, "f_answer=satisfied&s_speed=5&f_anonymous=yes");
  http_test_do(test, 200, "GET", goes_to(&town, where), NULL);
  assert_true(says(&town, "谢谢您的评价") && !says(&town, "已重新打开"));
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM satisfaction WHERE order_id IS NULL AND scores LIKE '%speed%5%'"), 1);
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM satisfaction WHERE answer = 'dissatisfied' AND scores LIKE '%quality%3%'"), 1);
  http_test_do(test, 410, "GET", "/survey/00112233445566778899aabbccddeeff", NULL);
  time_virtual(&test->time, time_now(&test->time) + 8 * SPAN_DAY);
  http_test_do(test, 200, "GET", three, NULL);
  assert_true(says(&town, "已过期") && !says(&town, "<form"));
  http_test_do(test, 303, "POST", three, "f_answer=satisfied");
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM satisfaction"), 2);
  close_town(&town);
}

/* --- the group --- */

/* A JPEG with a place in it: EXIF with a GPS entry, then the picture's beginning and end. */
static const char JPEG[] = "\xFF\xD8\xFF\xE1\x00\x10"
                           "Exif\0\0GPS-HERE"
                           "\xFF\xDA\x00\x04\x01\x02picture\xFF\xD9";

static void a_household_speaks_in_the_group(void **state) {
  (void)state;
  static Town town;
  char page[64], path[96], picture[200];
  Buffer body;
  open_town(&town);
  HttpTest *test = &town.test;
  http_test_as(test, 5, KIND_ROLE_MANAGER, town.g1);
  int64_t group = http_test_i64(http_test_do(test, 201, "POST", "/api/v1/groups", "{\"org_id\":\"%lld\",\"name\":\"柳树村用电群\"}", (long long)town.g1), "id");
  snprintf(path, sizeof path, "/api/v1/groups/%lld/link", (long long)group);
  snprintf(page, sizeof page, "%s", http_test_text(http_test_do(test, 201, "POST", path, NULL), "path"));
  http_test_as(test, 0, 0, 0);
  http_test_do(test, 200, "GET", page, NULL);
  assert_true(says(&town, "柳树村用电群") && says(&town, "还没有消息"));
  speak(&town, PARTS);
  http_test_do(test, 422, "POST", page, PART("token", TOKEN_1) PART("body", " ") "--XX--\r\n");
  http_test_do(test, 422, "POST", page, PART("token", TOKEN_1) FILE_PART("f_picture", "no picture") PART("body", "停电了") "--XX--\r\n");
  assert_true(says(&town, "停电了</textarea>") && says(&town, "id=\"f_picture-wrong\""));
  /* with a picture, whose place is taken out; twice sent is once said */
  buffer_begin(&body, 0);
  buffer_format(&body, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n" PARTS "Connection: close\r\n", page);
  static const char HEAD[] = PART("token", TOKEN_1) PART("name", "李四") PART("customer_number", "10001251") PART("body", "鱼塘<停电>\r\n增氧机停了") "--XX\r\nContent-Disposition: form-data; name=\"f_picture\"; filename=\"a.jpg\"\r\n\r\n", TAIL[] = "\r\n--XX--\r\n";
  buffer_format(&body, "Content-Length: %zu\r\n\r\n", sizeof HEAD - 1 + sizeof JPEG - 1 + sizeof TAIL - 1);
  buffer_string(&body, HEAD), buffer_put(&body, JPEG, sizeof JPEG - 1), buffer_string(&body, TAIL);
  assert_int_equal(http_test_raw(test, buffer_as_text(&body)), 303);
  assert_int_equal(http_test_raw(test, buffer_as_text(&body)), 303);
  buffer_end(&body);
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM group_message"), 1);
  assert_int_equal(count_rows(&town, "SELECT COUNT(*) FROM group_message WHERE customer_id IS NOT NULL"), 1);
  speak(&town, "");
  http_test_do(test, 200, "GET", page, NULL);
  assert_true(says(&town, "李*") && says(&town, "鱼塘&lt;停电&gt;<br>增氧机停了") && !says(&town, "李四") && !says(&town, "10001251"));
  Text html = buffer_as_text(&test->reply.body);
  Text from = text_slice(html, (size_t)text_find(html, TEXT("<img src=\"")) + 10, html.len);
  snprintf(picture, sizeof picture, "%.*s", (int)text_find(from, TEXT("\"")), from.at);
  http_test_do(test, 200, "GET", picture, NULL);
  assert_true(text_is(http_test_header(test, "Content-Type"), "image/jpeg") && !says(&town, "GPS-HERE") && says(&town, "picture"));
  /* the manager makes an order of it, and what becomes of that is read here */
  http_test_as(test, 5, KIND_ROLE_MANAGER, town.g1);
  snprintf(path, sizeof path, "/api/v1/groups/%lld/messages", (long long)group);
  http_test_do(test, 201, "POST", path, "{\"body\":\"马上到\"}");
  int64_t message = http_test_i64(http_test_do(test, 200, "GET", path, NULL), "items.1.id");
  snprintf(path, sizeof path, "/api/v1/group-messages/%lld/order", (long long)message);
  int64_t order = http_test_i64(http_test_do(test, 201, "POST", path, "{\"kind\":\"fault_repair\",\"what\":\"no_power\"}"), "id");
  http_test_as(test, 8, KIND_ROLE_DISPATCHER, town.county);
  snprintf(path, sizeof path, "/api/v1/orders/%lld/steps", (long long)order);
  http_test_do(test, 200, "POST", path, "{\"step\":\"restore\",\"version\":1}");
  http_test_as(test, 0, 0, 0);
  http_test_do(test, 200, "GET", page, NULL);
  assert_true(says(&town, "马上到") && says(&town, "办理进展") && says(&town, "class=\"system\""));
  /* longer than a page */
  speak(&town, FORM);
  for (int i = 0; i < 55; i++) http_test_do(test, 303, "POST", page, "token=%032d&body=%d", i, i);
  http_test_do(test, 200, "GET", page, NULL);
  assert_true(says(&town, "更早的消息") && !says(&town, "鱼塘"));
  from = text_slice(buffer_as_text(&test->reply.body), (size_t)text_find(buffer_as_text(&test->reply.body), TEXT("?before=")), test->reply.body.len);
  snprintf(picture, sizeof picture, "%s%.*s", page, (int)text_find(from, TEXT("\"")), from.at);
  http_test_do(test, 200, "GET", picture, NULL);
  assert_true(says(&town, "鱼塘"));
  http_test_do(test, 410, "GET", "/group/00112233445566778899aabbccddeeff", NULL);
  http_test_do(test, 410, "POST", "/group/00112233445566778899aabbccddeeff", "token=" TOKEN_2 "&body=x");
  close_town(&town);
}

static void every_route_was_asked(void **state) {
  (void)state;
  for (const struct HallTable *table = HALL_TABLES; table->routes; table++) http_test_all_answered(table->routes);
}

TEST_MAIN(TEST(text_is_escaped), TEST(every_kind_has_a_way), TEST(procedures_are_for_everyone), TEST(an_application_is_taken_once_and_followed), TEST(the_language_is_chosen), TEST(guessing_is_slow),
          TEST(there_is_a_limit), TEST(a_household_is_not_told), TEST(a_second_call_joins_the_first), TEST(a_survey_is_answered_on_its_page),
          TEST(a_household_speaks_in_the_group), TEST(every_route_was_asked))
