/* The public pages: escaped, without script, in both languages, and only what is public. */
#include "grid/testing.h"
#include "hall/hall.h"
#include "http/testing.h"

static void text_is_escaped(void **state) {
  (void)state;
  static const char *const CASES[][2] = {{"a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;"}, {"", ""}, {"电价 5 %", "电价 5 %"}, {"</main><script>", "&lt;/main&gt;&lt;script&gt;"}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Buffer out;
    buffer_begin(&out, 1000);
    hall_write_text(&out, text_of(CASES[i][0]));
    assert_true(text_is(buffer_as_text(&out), CASES[i][1]));
    buffer_end(&out);
  }
}

static bool says(const HttpTest *test, const char *words) { return text_find(buffer_as_text(&test->reply.body), text_of(words)) >= 0; }

static void pages_are_for_everyone(void **state) {
  (void)state;
  static HttpTest test;
  Error error = {0};
  Grid *grid = NULL;
  People *people = NULL;
  Orders *orders = NULL;
  http_test_open(&test);
  testing_county(test.db, 1, time_now(&test.time), NULL);
  http_test_end(&test);
  http_test_begin(&test);
  assert_ok(grid_open(&grid, test.db, 1, &error) && people_open(&people, test.db, grid, 1, &error), &error);
  assert_ok(order_open(&orders, test.desk, test.db, grid, people, NULL, &error) && http_add_routes(test.http, HALL_ROUTES, orders, &error), &error);
  http_test_start(&test);
  http_test_as(&test, 0, 0, 0);
  http_test_do(&test, 200, "GET", "/hall", NULL);
  assert_true(says(&test, "/hall/application_resident") && says(&test, "居民新装"));
  assert_false(says(&test, "/hall/works") || says(&test, "<script") || says(&test, "style=")); /* works are not for customers */
  assert_true(text_find(http_test_header(&test, "Content-Security-Policy"), TEXT("unsafe")) < 0);
  snprintf(test.headers, sizeof test.headers, "Accept-Language: en\r\n");
  http_test_do(&test, 200, "GET", "/hall/application_resident", NULL);
  Text page = buffer_as_text(&test.reply.body);
  int64_t accepted = text_find(page, TEXT("<li>Accepted</li>")), archived = text_find(page, TEXT("<li>Archived</li></ol>"));
  assert_true(accepted > 0 && archived > accepted); /* the steps as they come, not as the rules list them */
  assert_true(text_find(page, TEXT("<ol><li>Accepted</li>")) > 0);
  assert_true(says(&test, "What to bring") && says(&test, "One proof of identity is enough"));
  test.headers[0] = '\0';
  http_test_do(&test, 404, "GET", "/hall/works", NULL);
  http_test_do(&test, 404, "GET", "/hall/%3Cscript%3E", NULL);
  http_test_do(&test, 200, "GET", "/hall.css", NULL);
  http_test_close(&test);
  order_close(orders);
  people_close(people);
  grid_close(grid);
  http_test_all_answered(HALL_ROUTES);
}

TEST_MAIN(TEST(text_is_escaped), TEST(pages_are_for_everyone))
