/* What the store reads for the pages of orders: never a whole county's table. The planner is asked; it has no statistics in a company's file. */
#include <stdio.h>
#include <stdlib.h>

#include "base/testing.h"
#include "order/order_list.h"
#include "store/schema.h"

enum { ASKED_MAX = 16 };
static char asked[ASKED_MAX][2000];
static size_t asked_count;

static void watch(const char *sql) {
  if (strstr(sql, "FROM orders") && !strstr(sql, "EXPLAIN") && asked_count < ASKED_MAX) snprintf(asked[asked_count++], sizeof asked[0], "%s", sql);
}

static bool nothing(void *self, const OrderRow *row, Error *error) { return (void)self, (void)row, (void)error, true; }

static void ask_all(Db *db) {
  static const CustomerId SOME[] = {{7}, {8}};
  Error error = {0};
  size_t found;
  int64_t calls, bound;
  assert_ok(store_children(db, 1, (OrderId){5}, nothing, NULL, &error), &error);
  assert_ok(store_ended_orders(&found, db, 1, &(EndedWish){.customers = SOME, .customer_count = 2, .part = 5}, 50, nothing, NULL, &error), &error);
  assert_ok(store_ended_orders(&found, db, 1, &(EndedWish){.kind = TEXT("complaint"), .part = 5}, 50, nothing, NULL, &error), &error);
  assert_ok(store_ended_orders(&found, db, 1, &(EndedWish){.number = 202611210000001}, 50, nothing, NULL, &error), &error);
  assert_ok(store_ended_orders(&found, db, 1, &(EndedWish){.part = 5}, 50, nothing, NULL, &error), &error);
  assert_ok(store_ended_bound(&bound, db, 1, TEXT("complaint"), 0, 20000, &error), &error);
  assert_ok(store_ended_bound(&bound, db, 1, TEXT_NONE, 0, 20000, &error), &error);
  assert_ok(store_calls_before(&calls, db, 1, SOME[0], TEXT("complaint"), 1795264620 * SPAN_SECOND, &error), &error);
}

static void no_page_reads_the_whole_table(void **state) {
  Error error = {0};
  Db *db;
  (void)state;
  /* the words of the plan are SQLite's: a nameless file of its own, whichever store the tests run on */
  assert_ok(db_open(&db, "", DB_WRITE_UNSYNCED, &error), &error);
  assert_ok(schema_migrate(db, &error), &error);
  db_watch(watch);
  ask_all(db);
  db_watch(NULL);
  assert_int_equal(asked_count, 8);
  for (size_t i = 0; i < asked_count; i++) {
    static char explain[ASKED_MAX][2100];
    DbStatement *s;
    bool row;
    snprintf(explain[i], sizeof explain[i], "EXPLAIN QUERY PLAN %.2000s", asked[i]);
    assert_ok(db_prepare(&s, db, explain[i], &error), &error);
    assert_ok(db_step(&row, s, &error), &error);
    assert_true(row);
    char plan[200];
    snprintf(plan, sizeof plan, "%.*s", TEXT_ARG(db_column_text(s, 3)));
    /* of all that are ended: by id, between two of them, or so many of them off the index alone */
    bool of_all = !strstr(asked[i], "kind = ") && !strstr(asked[i], "customer_id IN") && !strstr(asked[i], "number = ");
    bool bounded = of_all && ((strstr(asked[i], "id > ?4") && strstr(plan, "(county_id=? AND id>? AND id<?)")) ||
                              (strstr(asked[i], "LIMIT 1 OFFSET") && strstr(plan, "COVERING INDEX") && strstr(plan, "(county_id=? AND id<?)")));
    if (!strstr(plan, "USING INDEX orders_") && !bounded) fail_msg("%s\nfor %s", plan, asked[i]);
    db_reset(s);
  }
  db_close(db);
}

TEST_MAIN(TEST(no_page_reads_the_whole_table))
