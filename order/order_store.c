#include "order/order_store.h"

#include <stdio.h>

#include "grid/part.h"

/* 0 is none, and NULL in the row. */
static void bind_id(DbStatement *s, int at, int64_t id) {
  if (id) db_bind_i64(s, at, id);
  else db_bind_null(s, at);
}

bool store_insert_order(DeskContext *context, const OrderRow *row, Error *error) {
  DbStatement *s;
  const Order *order = &row->order;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO orders (county_id, id, number, book_id, kind, state, customer_id, device_id, org_id, parent_id, area, "
                  "urgency, suspended,"
                  " calls, callback_tries, reopened, version, accepted_at, state_since, source, what, description, caller_name, "
                  "caller_phone, trail, to_org_id, repeats, staff_id)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, ?13, 0, 0, ?14, ?15, ?15, ?16, ?17, ?18, ?19, ?20, '', ?21, ?22, ?23)",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, order->id.value);
  db_bind_i64(s, 3, order->number);
  db_bind_i64(s, 4, row->book_id);
  db_bind_text(s, 5, row->kind);
  db_bind_text(s, 6, row->state);
  bind_id(s, 7, order->customer.value);
  bind_id(s, 8, row->device_id);
  bind_id(s, 9, row->org_id);
  bind_id(s, 10, order->parent.value);
  db_bind_i64(s, 11, order->area);
  db_bind_i64(s, 12, order->urgency);
  db_bind_i64(s, 13, order->calls);
  db_bind_i64(s, 14, order->version);
  db_bind_i64(s, 15, order->accepted_at);
  db_bind_text(s, 16, row->source);
  db_bind_text(s, 17, row->what);
  db_bind_text(s, 18, row->description);
  db_bind_text(s, 19, row->caller_name);
  db_bind_text(s, 20, row->caller_phone);
  bind_id(s, 21, row->to_org_id);
  db_bind_i64(s, 22, order->repeats);
  bind_id(s, 23, order->assignee.value);
  return db_done(s, error);
}

bool store_update_order(DeskContext *context, const Order *order, int64_t to_org_id, Text trail, Text outcome, bool closes, Error *error) {
  DbStatement *s;
  if (!db_prepare(
          &s, context->db,
          "UPDATE orders SET state = ?3, outage_id = ?4, crew_id = ?5, staff_id = ?6, urgency = ?7, suspended = ?8, calls = ?9,"
          " callback_tries = ?10, reopened = ?11, version = ?12, state_since = ?13, closed_at = ?14, outcome = COALESCE(?15, outcome),"
          " trail = trail || ?16, main_id = ?17, to_org_id = ?18, repeats = ?19, suspended_until = ?20 WHERE county_id = ?1 AND id = ?2",
          error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, order->id.value);
  db_bind_text(s, 3, order->kind->states[order->state].id);
  bind_id(s, 4, order->outage.value);
  bind_id(s, 5, order->crew.value);
  bind_id(s, 6, order->assignee.value);
  db_bind_i64(s, 7, order->urgency);
  db_bind_i64(s, 8, order->suspended);
  db_bind_i64(s, 9, order->calls);
  db_bind_i64(s, 10, order->callback_tries);
  db_bind_i64(s, 11, order->reopened);
  db_bind_i64(s, 12, order->version);
  db_bind_i64(s, 13, order->state_since);
  db_bind_instant(s, 14, closes ? context->now : INSTANT_NONE);
  db_bind_text(s, 15, outcome);
  db_bind_text(s, 16, trail.at ? trail : TEXT(""));
  bind_id(s, 17, order->main.value);
  bind_id(s, 18, to_org_id);
  db_bind_i64(s, 19, order->repeats);
  db_bind_instant(s, 20, order->until);
  return db_done_rows(s, 1, error);
}

bool store_calls_before(int64_t *out, Db *db, int64_t county_id, CustomerId customer, Text kind, Instant since, Error *error) {
  DbStatement *s;
  bool row;
  *out = 0;
  if (!db_prepare(&s, db,
                  "SELECT COALESCE(SUM(calls), 0) FROM orders WHERE county_id = ?1 AND customer_id = ?2 AND kind = ?3 AND id >= ?4", error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, customer.value);
  db_bind_text(s, 3, kind);
  db_bind_i64(s, 4, id_make(&(IdMaker){0}, since)); /* ids are in the order of time */
  if (!db_step(&row, s, error)) return false;
  if (row) *out = db_column_i64(s, 0), db_reset(s);
  return true;
}

bool store_hold_attachment(bool *held, DeskContext *context, int64_t attachment, OrderId order, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "UPDATE attachment SET order_id = ?3 WHERE county_id = ?1 AND id = ?2 AND (order_id = ?3 OR (order_id IS NULL AND group_id IS NULL))",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, attachment);
  db_bind_i64(s, 3, order.value);
  if (!db_done(s, error)) return false;
  *held = db_changes(context->db) == 1;
  return true;
}

bool store_insert_text(DeskContext *context, OrderId order, int32_t version, Text fields, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "INSERT INTO order_text (county_id, order_id, version, fields) VALUES (?1, ?2, ?3, ?4)", error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, order.value);
  db_bind_i64(s, 3, version);
  db_bind_text(s, 4, fields);
  return db_done(s, error);
}

#define ORDER_COLUMNS                                                                                                                   \
  "id, number, book_id, kind, state, customer_id, device_id, org_id, outage_id, crew_id, staff_id, parent_id, area, urgency, suspended," \
  " calls, callback_tries, reopened, version, accepted_at, state_since, closed_at, source, what, description, caller_name, caller_phone," \
  " outcome, trail, main_id, to_org_id, repeats, suspended_until"

static void read_row(OrderRow *row, DbStatement *s) {
  *row = (OrderRow){.book_id = db_column_i64(s, 2),
                    .kind = db_column_text(s, 3),
                    .state = db_column_text(s, 4),
                    .device_id = db_column_i64(s, 6),
                    .org_id = db_column_i64(s, 7),
                    .closed_at = db_column_instant(s, 21),
                    .source = db_column_text(s, 22),
                    .what = db_column_text(s, 23),
                    .description = db_column_text(s, 24),
                    .caller_name = db_column_text(s, 25),
                    .caller_phone = db_column_text(s, 26),
                    .outcome = db_column_text(s, 27),
                    .trail = db_column_text(s, 28),
                    .to_org_id = db_column_i64(s, 30)};
  row->order = (Order){.id = {db_column_i64(s, 0)},
                       .number = db_column_i64(s, 1),
                       .customer = {db_column_i64(s, 5)},
                       .outage = {db_column_i64(s, 8)},
                       .crew = {db_column_i64(s, 9)},
                       .assignee = {db_column_i64(s, 10)},
                       .parent = {db_column_i64(s, 11)},
                       .main = {db_column_i64(s, 29)},
                       .repeats = (uint16_t)db_column_i64(s, 31),
                       .until = db_column_instant(s, 32),
                       .area = (uint8_t)db_column_i64(s, 12),
                       .urgency = (uint8_t)db_column_i64(s, 13),
                       .suspended = db_column_i64(s, 14) != 0,
                       .calls = (uint16_t)db_column_i64(s, 15),
                       .callback_tries = (uint16_t)db_column_i64(s, 16),
                       .reopened = (uint16_t)db_column_i64(s, 17),
                       .version = (int32_t)db_column_i64(s, 18),
                       .accepted_at = db_column_i64(s, 19),
                       .state_since = db_column_i64(s, 20)};
}

static bool visit_rows(bool *found, DbStatement *s, OrderVisit visit, void *self, Error *error) {
  *found = false;
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    OrderRow read;
    read_row(&read, s);
    *found = true;
    if (visit(self, &read, error)) continue;
    db_reset(s);
    return false;
  }
}

bool store_open_orders(Db *db, int64_t county_id, OrderVisit visit, void *self, Error *error) {
  DbStatement *s;
  bool found;
  if (!db_prepare(&s, db, "SELECT " ORDER_COLUMNS " FROM orders WHERE county_id = ?1 AND closed_at IS NULL ORDER BY id", error))
    return false;
  db_bind_i64(s, 1, county_id);
  return visit_rows(&found, s, visit, self, error);
}

bool store_all_orders(Db *db, int64_t county_id, OrderVisit visit, void *self, Error *error) {
  DbStatement *s;
  bool found;
  if (!db_prepare(&s, db, "SELECT " ORDER_COLUMNS " FROM orders WHERE county_id = ?1 ORDER BY id", error)) return false;
  db_bind_i64(s, 1, county_id);
  return visit_rows(&found, s, visit, self, error);
}

bool store_order(bool *found, Db *db, int64_t county_id, OrderId id, OrderVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT " ORDER_COLUMNS " FROM orders WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  return visit_rows(found, s, visit, self, error);
}

bool store_last_number(int64_t *out, int64_t *id, Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  bool row;
  *out = *id = 0;
  if (!db_prepare(&s, db, "SELECT number, id FROM orders WHERE county_id = ?1 ORDER BY id DESC LIMIT 1", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!db_step(&row, s, error)) return false;
  if (row) *out = db_column_i64(s, 0), *id = db_column_i64(s, 1), db_reset(s);
  return true;
}

bool store_trail(Text *out, Db *db, int64_t county_id, OrderId id, Arena *arena, Error *error) {
  DbStatement *s;
  bool row;
  *out = TEXT("");
  if (!db_prepare(&s, db, "SELECT trail FROM orders WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  if (!db_step(&row, s, error)) return false;
  if (!row) return true;
  *out = text_copy(arena, db_column_text(s, 0));
  db_reset(s);
  return out->at ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "trail");
}

bool store_books(Db *db, int64_t county_id, BookVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT id, text FROM rule_book WHERE county_id = ?1 ORDER BY since, id", error)) return false;
  db_bind_i64(s, 1, county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    if (visit(self, db_column_i64(s, 0), db_column_text(s, 1), error)) continue;
    db_reset(s);
    return false;
  }
}

bool store_insert_book(DeskContext *context, int64_t id, Text text, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "INSERT INTO rule_book (county_id, id, since, text) VALUES (?1, ?2, ?3, ?4)", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, id);
  db_bind_i64(s, 3, context->now);
  db_bind_text(s, 4, text);
  return db_done(s, error);
}

bool store_ticked(Instant *out, Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  bool row;
  *out = INSTANT_NONE;
  if (!db_prepare(&s, db, "SELECT value FROM setting WHERE county_id = ?1 AND name = 'order.ticked'", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!db_step(&row, s, error)) return false;
  if (!row) return true;
  bool ok = text_to_i64(db_column_text(s, 0), out);
  db_reset(s);
  return ok ? true : error_raise(error, ERROR_STORE_CORRUPT, "%s", "setting order.ticked");
}

bool store_set_ticked(DeskContext *context, Instant at, Error *error) {
  DbStatement *s;
  char value[24];
  if (!db_prepare(&s, context->db, "INSERT INTO setting (county_id, name, value) VALUES (?1, 'order.ticked', ?2)"
                  " ON CONFLICT (county_id, name) DO UPDATE SET value = excluded.value", error))
    return false;
  snprintf(value, sizeof value, "%lld", (long long)at);
  db_bind_i64(s, 1, context->county_id);
  db_bind_text(s, 2, text_of(value));
  return db_done(s, error);
}

/* One statement a shape: ten thousand customers of a common name are not looked for, the caller gives the best matches only. `+id`: by the
 * customers' or numbers' index and a small sort, not down the whole table in the order wanted. */
#define ENDED_ORDERS(id)                                                                                                                        \
  "SELECT " ORDER_COLUMNS " FROM orders WHERE county_id = ?1 AND " id " < ?3 AND " id " > ?4 AND closed_at IS NOT NULL"                         \
  " AND (?2 = 0 OR org_id IS NULL OR org_id IN " PART_ORGS " OR to_org_id IN " PART_ORGS ") AND (CAST(?6 AS TEXT) IS NULL OR state = ?6)"       \
  " AND (?7 = 0 OR outage_id = ?7) AND (?8 = 0 OR crew_id = ?8) AND (?9 = 0 OR staff_id = ?9) AND (?10 = 0 OR to_org_id = ?10)"
bool store_ended_orders(size_t *found, Db *db, int64_t county_id, const EndedWish *wish, size_t most, OrderVisit visit, void *self, Error *error) {
  static const char OF_KIND[] = ENDED_ORDERS("id") " AND kind = ?11 ORDER BY id DESC LIMIT ?5";
  static const char OF_ALL[] = ENDED_ORDERS("id") " ORDER BY id DESC LIMIT ?5";
  static const char OF_CUSTOMERS[] =
      ENDED_ORDERS("+id") " AND (CAST(?11 AS TEXT) IS NULL OR kind = ?11)"
                   " AND customer_id IN (?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33,"
                   " ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43) ORDER BY +id DESC LIMIT ?5";
  static const char OF_NUMBER[] = ENDED_ORDERS("+id") " AND (CAST(?11 AS TEXT) IS NULL OR kind = ?11) AND number = ?12 ORDER BY +id DESC LIMIT ?5";
  DbStatement *s;
  if (!db_prepare(&s, db, wish->number ? OF_NUMBER : wish->customers ? OF_CUSTOMERS : wish->kind.at ? OF_KIND : OF_ALL, error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, wish->part);
  db_bind_i64(s, 3, wish->before ? wish->before : INT64_MAX);
  db_bind_i64(s, 4, wish->above);
  db_bind_i64(s, 5, (int64_t)most);
  db_bind_text(s, 6, wish->state);
  db_bind_i64(s, 7, wish->outage);
  db_bind_i64(s, 8, wish->crew);
  db_bind_i64(s, 9, wish->assignee);
  db_bind_i64(s, 10, wish->to_org);
  if (wish->number || wish->customers || wish->kind.at) db_bind_text(s, 11, wish->kind);
  if (wish->number) db_bind_i64(s, 12, wish->number);
  for (int i = 0; wish->customers && !wish->number && i < STORE_CUSTOMERS_MAX; i++)
    db_bind_i64(s, 12 + i, (size_t)i < wish->customer_count ? wish->customers[i].value : -1);
  *found = 0;
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    OrderRow read;
    read_row(&read, s);
    ++*found;
    if (visit(self, &read, error)) continue;
    db_reset(s);
    return false;
  }
}

bool store_ended_bound(int64_t *out, Db *db, int64_t county_id, Text kind, int64_t before, int64_t most, Error *error) {
  static const char OF_KIND[] = "SELECT id FROM orders WHERE county_id = ?1 AND id < ?3 AND closed_at IS NOT NULL AND kind = ?4 ORDER BY id DESC LIMIT 1 OFFSET ?2";
  static const char OF_ALL[] = "SELECT id FROM orders WHERE county_id = ?1 AND id < ?3 ORDER BY id DESC LIMIT 1 OFFSET ?2"; /* open ones too: the index alone is read */
  DbStatement *s;
  bool row;
  *out = 0;
  if (!db_prepare(&s, db, kind.at ? OF_KIND : OF_ALL, error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, most - 1);
  db_bind_i64(s, 3, before ? before : INT64_MAX);
  if (kind.at) db_bind_text(s, 4, kind);
  if (!db_step(&row, s, error)) return false;
  if (row) {
    Instant at = id_instant(db_column_i64(s, 0));
    *out = id_newest(at - at % SPAN_MINUTE - SPAN_MILLISECOND);
  }
  db_reset(s);
  return true;
}

bool store_texts(Db *db, int64_t county_id, OrderId id, TextVisit visit, void *self, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT version, fields FROM order_text WHERE county_id = ?1 AND order_id = ?2 ORDER BY version", error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id.value);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    if (visit(self, (int32_t)db_column_i64(s, 0), db_column_text(s, 1), error)) continue;
    db_reset(s);
    return false;
  }
}

bool store_children(Db *db, int64_t county_id, OrderId parent, OrderVisit visit, void *self, Error *error) {
  DbStatement *s;
  bool found;
  if (!db_prepare(&s, db, "SELECT " ORDER_COLUMNS " FROM orders WHERE county_id = ?1 AND parent_id = ?2 ORDER BY +id", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, parent.value);
  return visit_rows(&found, s, visit, self, error);
}

/* --- promises measured --- */

bool store_insert_clock(DeskContext *context, const MeasuredClock *measured, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO order_clock (county_id, order_id, clock, run, promise, promise_version, org_id, area, started_at, ended_at, "
                  "used, limit_us, kept)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, measured->order.value);
  db_bind_text(s, 3, measured->clock);
  db_bind_i64(s, 4, measured->state->runs);
  db_bind_text(s, 5, measured->promise->origin.id);
  db_bind_text(s, 6, measured->promise->origin.version);
  db_bind_i64(s, 7, measured->org_id);
  db_bind_i64(s, 8, measured->area);
  db_bind_i64(s, 9, measured->state->started);
  db_bind_i64(s, 10, measured->state->since);
  db_bind_i64(s, 11, measured->state->used);
  db_bind_i64(s, 12, measured->state->limit);
  db_bind_i64(s, 13, measured->kept);
  return db_done(s, error);
}

bool store_add_to_sum(DeskContext *context, const MeasuredClock *measured, Text promise, int32_t period, Error *error) {
  DbStatement *s;
  if (!db_prepare(
          &s, context->db,
          "INSERT INTO promise_sum (county_id, promise, period, org_id, area, measured, kept, used) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7)"
          " ON CONFLICT (county_id, promise, period, org_id, area) DO UPDATE SET measured = promise_sum.measured + 1,"
          " kept = promise_sum.kept + excluded.kept, used = promise_sum.used + excluded.used",
          error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_text(s, 2, promise);
  db_bind_i64(s, 3, period);
  db_bind_i64(s, 4, measured->org_id);
  db_bind_i64(s, 5, measured->area);
  db_bind_i64(s, 6, measured->kept);
  db_bind_i64(s, 7, measured->state->used);
  return db_done(s, error);
}

bool store_broken(Db *db, int64_t county_id, int64_t part, Text promise, Instant from, Instant to, int64_t most, BrokenVisit visit, void *self,
                  Error *error) {
  DbStatement *s;
  if (!db_prepare(
          &s, db,
          "SELECT c.order_id, o.number, c.org_id, c.clock, c.started_at, c.ended_at, c.used, c.limit_us FROM order_clock c JOIN orders o"
          " ON o.county_id = c.county_id AND o.id = c.order_id WHERE c.county_id = ?1 AND c.promise = ?3 AND c.kept = 0 AND c.ended_at >= ?4"
          " AND c.ended_at < ?5 AND (?2 = 0 OR c.org_id = 0 OR c.org_id IN " PART_ORGS ") ORDER BY c.ended_at DESC LIMIT ?6",
          error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, part);
  db_bind_text(s, 3, promise);
  db_bind_i64(s, 4, from);
  db_bind_i64(s, 5, to);
  db_bind_i64(s, 6, most);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    BrokenClock broken = {.order = {db_column_i64(s, 0)},
                          .number = db_column_i64(s, 1),
                          .org_id = db_column_i64(s, 2),
                          .clock = db_column_text(s, 3),
                          .started_at = db_column_i64(s, 4),
                          .ended_at = db_column_i64(s, 5),
                          .used = db_column_i64(s, 6),
                          .limit = db_column_i64(s, 7)};
    visit(self, &broken);
  }
}
