/* A grid's thread: households by the link, the manager, an order in one touch and its answers. */
#include "group/group_inside.h"
#include "grid/testing.h"
#include "http/testing.h"
#include "order/kind.h"

#define RAW "Content-Type: application/octet-stream\r\n"

static int64_t say_by_link(HttpTest *test, const char *token, const char *body) {
  char path[160];
  http_test_as(test, 0, 0, 0);
  snprintf(path, sizeof path, "/api/v1/group-links/%s/messages", token);
  return http_test_i64(http_test_do(test, 201, "POST", path, "{\"body\":\"%s\"}", body), "id");
}

/* The kind of the order one touch makes of the message. */
static const char *touched(HttpTest *test, int64_t message, const char *body) {
  char path[160];
  snprintf(path, sizeof path, "/api/v1/group-messages/%lld/order", (long long)message);
  snprintf(path, sizeof path, "/api/v1/orders/%lld", (long long)http_test_i64(http_test_do(test, 201, "POST", path, "%s", body), "id"));
  return http_test_text(http_test_do(test, 200, "GET", path, NULL), "kind");
}

/* Words and kinds, and what is wrong with a company's own file. */
/* More groups than a list shows, of another part, and older. */
static void full_of_others(Db *db, int64_t org) {
  Error error = {0};
  DbStatement *s;
  assert_ok(db_begin(db, &error), &error);
  for (int64_t id = 1; id <= 2000; id++) {
    assert_ok(db_prepare(&s, db, "INSERT INTO chat_group (county_id, id, org_id, name, at) VALUES (1, ?1, ?2, 'x', 0)", &error), &error);
    db_bind_i64(s, 1, id);
    db_bind_i64(s, 2, org);
    assert_ok(db_done(s, &error), &error);
  }
  assert_ok(db_commit(db, &error), &error);
}

static void words_say_the_kind(void **state) {
  (void)state;
  static HttpTest test;
  Error error = {0};
  Orders *orders;
  GroupWords *words;
  GroupGuess guess;
  char text[ERROR_TEXT_MAX];
  http_test_open(&test);
  assert_ok(order_open(&orders, test.desk, test.db, NULL, NULL, NULL, &error), &error);
  assert_ok(group_words_open(&words, orders, NULL, &error), &error);
  static const struct {
    const char *body, *kind, *what;
    uint32_t roles;
  } CASES[] = {{"鱼塘停电, 增氧机停了", "fault_repair", "no_power", KIND_ROLE_MANAGER},
               {"NO POWER since noon", "fault_repair", "no_power", KIND_ROLE_MANAGER},
               {"变压器冒烟了, 也停电", "fault_repair", "fire", KIND_ROLE_MANAGER},
               {"晚上电压低, 空调启动不了", "low_voltage", "", KIND_ROLE_MANAGER},
               {"大树压着线", "hazard", "tree", KIND_ROLE_MANAGER},
               {"我要投诉", "complaint", "service", KIND_ROLE_DISPATCHER},
               {"我要投诉", "opinion", "", KIND_ROLE_MANAGER}, /* who is complained of does not open it */
               {"谢谢李师傅", "praise", "", KIND_ROLE_MANAGER},
               {"", "opinion", "", KIND_ROLE_MANAGER}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    assert_true(group_words_guess(words, text_of(CASES[i].body), CASES[i].roles, &guess));
    assert_true(text_is(guess.kind, CASES[i].kind) && text_is(guess.what, CASES[i].what));
  }
  assert_false(group_words_guess(words, TEXT("停电"), KIND_ROLE_ADMINISTRATOR, &guess));
  group_words_close(words);
#define HEAD "version: \"1\"\nsource: x\nstrength: R\nregion: CN\nfrom: 2026-01-01\nrows:\n"
#define LAST "  - {kind: praise}\n"
  static const struct {
    const char *yaml, *says;
  } BAD[] = {{HEAD "  - {kind: moon, words: [x]}\n" LAST, "moon"},
             {HEAD "  - {kind: fault_repair, what: moon, words: [x]}\n" LAST, "no_power"},
             {HEAD "  - {kind: damage_survey, words: [x]}\n" LAST, "happened_at"},
             {HEAD LAST LAST, "rows[1]"},
             {HEAD "  - {kind: praise, words: [x]}\n", "rows[1]"},
             {HEAD "  - {kinds: praise}\n", ":7:"}};
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
    error_clear(&error);
    assert_false(group_words_from_text(&words, orders, "group_words.yaml", text_of(BAD[i].yaml), &error));
    assert_non_null(strstr(error_text(&error, LANGUAGE_EN, text, sizeof text), BAD[i].says));
    assert_non_null(strstr(error_text(&error, LANGUAGE_ZH, text, sizeof text), "group_words.yaml"));
  }
  http_test_close(&test);
  order_close(orders);
}

static void a_message_becomes_an_order_and_is_answered(void **state) {
  (void)state;
  static HttpTest test;
  Error error = {0};
  Grid *grid;
  People *people;
  Orders *orders;
  Groups *groups;
  char path[160], token[64], old[64];
  int64_t g1 = 0, g2 = 0;
  http_test_open(&test);
  testing_county(test.db, 1, time_now(&test.time), NULL);
  http_test_end(&test);
  http_test_begin(&test);
  assert_ok(grid_open(&grid, test.db, 1, &error) && people_open(&people, test.db, grid, 1, &error), &error);
  assert_ok(order_open(&orders, test.desk, test.db, grid, people, NULL, &error) && order_add_routes(test.http, orders, &error), &error);
  assert_ok(group_open(&groups, test.desk, test.db, people, orders, NULL, &error) && http_add_routes(test.http, GROUP_ROUTES, groups, &error),
            &error);
  for (size_t i = 0; i < people_org_count(people); i++) {
    if (text_is(people_org(people, i)->code, "G1")) g1 = people_org(people, i)->id;
    if (text_is(people_org(people, i)->code, "G2")) g2 = people_org(people, i)->id;
  }
  full_of_others(test.db, g2);
  http_test_start(&test);
  http_test_as(&test, 5, KIND_ROLE_MANAGER, g1);
  http_test_do(&test, 403, "POST", "/api/v1/groups", "{\"org_id\":\"%lld\",\"name\":\"别处\"}", (long long)g2);
  int64_t group = http_test_i64(
      http_test_do(&test, 201, "POST", "/api/v1/groups", "{\"org_id\":\"%lld\",\"name\":\"柳树村用电群\"}", (long long)g1), "id");
  snprintf(path, sizeof path, "/api/v1/groups/%lld/link", (long long)group);
  snprintf(old, sizeof old, "%s", http_test_text(http_test_do(&test, 201, "POST", path, NULL), "token"));
  snprintf(token, sizeof token, "%s", http_test_text(http_test_do(&test, 201, "POST", path, NULL), "token"));
  /* a household, not signed in */
  http_test_as(&test, 0, 0, 0);
  snprintf(path, sizeof path, "/api/v1/group-links/%s/messages", old);
  http_test_do(&test, 410, "POST", path, "{\"body\":\"停电了\"}"); /* the old link has ended */
  snprintf(path, sizeof path, "/api/v1/group-links/%s/pictures", token);
  snprintf(test.headers, sizeof test.headers, RAW);
  http_test_do(&test, 415, "POST", path, "no picture");
  int64_t picture = http_test_i64(http_test_do(&test, 201, "POST", path, "%%PDF-1.4\n1 0 obj\n%%%%EOF\n"), "id");
  test.headers[0] = '\0';
  snprintf(path, sizeof path, "/api/v1/group-links/%s/messages", token);
  http_test_do(&test, 422, "POST", path, "{\"body\":\"  \"}");
  http_test_do(&test, 404, "POST", path, "{\"body\":\"x\",\"attachment_id\":\"5\"}");
  int64_t message = http_test_i64(http_test_do(&test, 201, "POST", path,
                                               "{\"body\":\"鱼塘停电, 增氧机停了\",\"name\":\"李四\",\"customer_number\":\"10001251\","
                                               "\"attachment_id\":\"%lld\"}",
                                               (long long)picture),
                                  "id");
  assert_string_equal(http_test_text(http_test_do(&test, 200, "GET", path, NULL), "items.0.name"), "李*");
  snprintf(path, sizeof path, "/api/v1/group-links/%s/pictures/%lld", token, (long long)picture);
  http_test_do(&test, 200, "GET", path, NULL);
  /* the manager answers, and makes an order of it in one touch */
  http_test_as(&test, 5, KIND_ROLE_MANAGER, g1);
  snprintf(path, sizeof path, "/api/v1/groups/%lld/messages", (long long)group);
  http_test_do(&test, 201, "POST", path, "{\"body\":\"马上到\"}");
  json_t *thread = http_test_do(&test, 200, "GET", path, NULL);
  assert_string_equal(http_test_text(thread, "items.1.name"), "李四");
  assert_string_equal(http_test_text(thread, "items.1.guess.kind"), "fault_repair");
  assert_string_equal(http_test_text(thread, "items.1.guess.what"), "no_power");
  snprintf(path, sizeof path, "/api/v1/groups/%lld/pictures/%lld", (long long)group, (long long)picture);
  http_test_do(&test, 200, "GET", path, NULL);
  snprintf(path, sizeof path, "/api/v1/groups/%lld/pictures", (long long)group);
  snprintf(test.headers, sizeof test.headers, RAW);
  http_test_do(&test, 201, "POST", path, "%%PDF-1.4\n2 0 obj\n%%%%EOF\n");
  test.headers[0] = '\0';
  snprintf(path, sizeof path, "/api/v1/groups/%lld/members", (long long)group);
  json_t *members = http_test_do(&test, 200, "GET", path, NULL);
  assert_string_equal(http_test_text(members, "items.0.customer_number"), "10001251");
  assert_int_equal(http_test_i64(members, "items.0.messages"), 1);
  snprintf(path, sizeof path, "/api/v1/group-messages/%lld/order", (long long)message);
  http_test_as(&test, 6, KIND_ROLE_MANAGER, g2);
  http_test_do(&test, 403, "POST", path, "{\"kind\":\"fault_repair\",\"what\":\"no_power\"}");
  http_test_do(&test, 200, "GET", "/api/v1/groups", NULL);
  assert_int_equal(json_array_size(http_test_at(test.json, "items")), 2000);
  http_test_as(&test, 5, KIND_ROLE_MANAGER, g1);
  http_test_do(&test, 422, "POST", path, "{\"kind\":\"fault_repair\",\"what\":\"moon\"}");
  int64_t order = http_test_i64(http_test_do(&test, 201, "POST", path, "{\"kind\":\"fault_repair\",\"what\":\"no_power\"}"), "id");
  http_test_do(&test, 409, "POST", path, "{\"kind\":\"fault_repair\",\"what\":\"no_power\"}");
  snprintf(path, sizeof path, "/api/v1/orders/%lld", (long long)order);
  json_t *page = http_test_do(&test, 200, "GET", path, NULL);
  assert_string_equal(http_test_text(page, "description"), "鱼塘停电, 增氧机停了");
  assert_int_equal(json_array_size(http_test_at(page, "attachments")), 1);
  /* how it goes on is said in the thread */
  http_test_as(&test, 8, KIND_ROLE_DISPATCHER | KIND_ROLE_AGENT, g1);
  snprintf(path, sizeof path, "/api/v1/orders/%lld/steps", (long long)order);
  http_test_do(&test, 200, "POST", path, "{\"step\":\"dispatch\",\"version\":1}");
  http_test_do(&test, 200, "POST", path, "{\"step\":\"note\",\"version\":2,\"fields\":{\"note\":\"x\"}}"); /* no news */
  http_test_do(&test, 200, "POST", path, "{\"step\":\"restore\",\"version\":3}");
  http_test_do(&test, 200, "POST", path, "{\"step\":\"call_back\",\"version\":4,\"fields\":{\"answer\":\"satisfied\"}}");
  snprintf(path, sizeof path, "/api/v1/groups/%lld/messages", (long long)group);
  thread = http_test_do(&test, 200, "GET", path, NULL);
  assert_string_equal(http_test_text(thread, "items.0.author"), "system");
  assert_non_null(strstr(http_test_text(thread, "items.0.body"), "已办结"));
  assert_int_equal(json_array_size(http_test_at(thread, "items")), 2 + 3); /* dispatched, power is back, done */
  http_test_do(&test, 200, "GET", "/api/v1/groups", NULL);
  assert_int_equal(json_array_size(http_test_at(test.json, "items")), 1);
  /* one touch without a word: the kind is what the message asks for; another with the rest of its form */
  int64_t asks = say_by_link(&test, token, "请问电费什么时候出账"), idea = say_by_link(&test, token, "建议晚上少停"), cable = say_by_link(&test, token, "空地有根线");
  http_test_as(&test, 5, KIND_ROLE_MANAGER, g1);
  assert_string_equal(touched(&test, asks, "{}"), "enquiry");
  assert_string_equal(touched(&test, idea, "{}"), "suggestion");
  snprintf(path, sizeof path, "/api/v1/group-messages/%lld/order", (long long)cable);
  http_test_do(&test, 422, "POST", path, "{\"kind\":\"report\"}"); /* its form asks for a topic */
  assert_string_equal(touched(&test, cable, "{\"kind\":\"report\",\"fields\":{\"topic\":\"私拉线\"}}"), "report");
  /* it is over: read, but nothing more is said */
  snprintf(path, sizeof path, "/api/v1/groups/%lld/close", (long long)group);
  http_test_as(&test, 6, KIND_ROLE_MANAGER, g2);
  http_test_do(&test, 403, "POST", path, NULL);
  http_test_as(&test, 8, KIND_ROLE_DISPATCHER, g1);
  http_test_do(&test, 200, "POST", path, NULL);
  assert_string_equal(http_test_text(http_test_do(&test, 409, "POST", path, NULL), "code"), "GROUP_CLOSED");
  snprintf(path, sizeof path, "/api/v1/groups/%lld/link", (long long)group);
  http_test_do(&test, 409, "POST", path, NULL);
  snprintf(path, sizeof path, "/api/v1/groups/%lld/messages", (long long)group);
  http_test_do(&test, 409, "POST", path, "{\"body\":\"还有人吗\"}");
  assert_true(json_is_string(http_test_at(http_test_do(&test, 200, "GET", path, NULL), "closed_at")));
  http_test_do(&test, 200, "GET", "/api/v1/groups", NULL);
  assert_int_equal(json_array_size(http_test_at(test.json, "items")), 0);
  http_test_do(&test, 200, "GET", "/api/v1/groups?closed=yes", NULL);
  assert_int_equal(json_array_size(http_test_at(test.json, "items")), 1);
  http_test_as(&test, 0, 0, 0);
  snprintf(path, sizeof path, "/api/v1/group-links/%s/messages", token);
  http_test_do(&test, 410, "POST", path, "{\"body\":\"停电了\"}");
  http_test_close(&test);
  group_close(groups);
  order_close(orders);
  people_close(people);
  grid_close(grid);
  http_test_all_answered(GROUP_ROUTES);
}

TEST_MAIN(TEST(words_say_the_kind), TEST(a_message_becomes_an_order_and_is_answered))
