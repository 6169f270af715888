/* Memory from rows: at start, and after a job whose memory cannot be trusted. */
#include <assert.h>
#include <stdio.h>

#include "order/roll.h"

static RuleBook *book_by_id(const Orders *orders, int64_t id) {
  for (size_t i = orders->books.count; i-- > 0;)
    if (book_id(orders->books.at[i]) == id) return orders->books.at[i];
  return NULL;
}

const OrderKind *order_kind_of(const Orders *orders, int64_t book_id, Text kind) {
  const RuleBook *book = book_by_id(orders, book_id);
  return book ? book_kind_of(book, kind) : NULL;
}

static bool load_book(void *self, int64_t id, Text text, Error *error) {
  Orders *orders = self;
  if (id == book_id(orders->book)) orders->book_stored = true;
  if (book_by_id(orders, id)) return true;
  RuleBook *book;
  if (!book_from_text(&book, text, error)) return error_at(error, "rule_book %lld", (long long)id);
  if (vector_push(&orders->books, book)) return true;
  book_close(book);
  return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
}

int64_t order_device_id(const Orders *orders, uint32_t device) {
  if (device == GRID_NONE) return 0;
  return orders->grid ? grid_device(orders->grid, device)->id.value : (int64_t)device + 1;
}

static uint32_t device_index(const Orders *orders, int64_t id) {
  uint32_t index;
  if (id == 0) return GRID_NONE;
  if (!orders->grid) return (uint32_t)(id - 1);
  return grid_index_of(orders->grid, (DeviceId){id}, &index) ? index : GRID_NONE;
}

uint8_t order_area(const Orders *orders, uint32_t device) {
  Text area = orders->people && device != GRID_NONE ? people_area_type(orders->people, device) : TEXT("rural");
  return text_is(area, "urban") ? AREA_URBAN : text_is(area, "remote") ? AREA_REMOTE : AREA_RURAL;
}

static uint8_t what_of(const OrderKind *kind, Text what) {
  for (size_t i = 0; what.at && i < kind->form_count; i++) {
    if (!text_is(kind->form[i].id, "what")) continue;
    for (size_t c = 0; c < kind->form[i].choice_count && c < ORDER_NO_CHOICE; c++)
      if (text_is(what, kind->form[i].choices[c].id)) return (uint8_t)c;
  }
  return ORDER_NO_CHOICE;
}

static bool corrupt(Error *error, const OrderRow *row, const char *what) {
  return error_raise(error, ERROR_STORE_CORRUPT, "order %lld: %s", (long long)row->order.id.value, what);
}

/* Which steps were taken, from the trail. */
static void visit_step(void *self, unsigned event, Instant at, const ClockSet *set, const ClockChange *change) {
  Order *order = self;
  (void)at, (void)set, (void)change;
  if (event == 0) return;
  const KindStep *step = &order->kind->steps[order->kind->event_step[event]];
  int branch = order->kind->event_branch[event];
  order_note_step(order, step, (branch >= 0 && step->branches[branch].to >= 0) || step->to >= 0);
}

bool order_from_row(const Orders *orders, OrderRow *row, ClockSet *clocks, Error *error) {
  Order *order = &row->order;
  order->kind = order_kind_of(orders, row->book_id, row->kind);
  if (!order->kind) return corrupt(error, row, "the rules it began under are missing");
  int state = kind_state_of(order->kind, row->state);
  if (state < 0 || order->area >= AREA_COUNT) return corrupt(error, row, "its state is none of its kind");
  order->state = (uint16_t)state;
  order->ladder = order->kind->states[state].ladder;
  order->what = what_of(order->kind, row->what);
  order->position = CUSTOMER_NONE;
  if (orders->people && order->customer.value && !people_position_of(orders->people, order->customer, &order->position))
    order->position = CUSTOMER_NONE;
  order->device = device_index(orders, row->device_id);
  size_t org;
  order->org = orders->people && people_org_row(orders->people, row->org_id, &org) ? (uint32_t)org : ORDER_NO_ORG;
  order->to_org = orders->people && people_org_row(orders->people, row->to_org_id, &org) ? (uint32_t)org : ORDER_NO_ORG;
  if (!fold_trail(clocks, order->kind, order->area, order->accepted_at, row->trail, visit_step, order))
    return corrupt(error, row, "its trail is not readable");
  if (orders->ticked != INSTANT_NONE) fold_time(clocks, order->kind, orders->ticked);
  return true;
}

static bool load_order(void *self, const OrderRow *row, Error *error) {
  Orders *orders = self;
  OrderRow read = *row;
  ClockSet clocks;
  if (!order_from_row(orders, &read, &clocks, error) || !live_reserve(&orders->live, error)) return false;
  LiveEntry *entry = live_add(&orders->live, &read.order);
  order_note_until(orders, &read.order);
  desk_saw_time(orders->desk, read.order.accepted_at);
  live_put_clocks(&orders->live, entry, &clocks, clocks.started);
  order_note_calls(orders, read.order.accepted_at, 1); /* about: repeated calls before a restart are not counted */
  return true;
}

static void count_children(Orders *orders) {
  for (size_t i = 0; i < orders->live.list.count; i++) {
    OrderId parent = live_entry(&orders->live, orders->live.list.at[i])->order.parent;
    LiveEntry *entry = parent.value ? live_find(&orders->live, parent) : NULL;
    if (entry) entry->order.children++;
    OrderId main = live_entry(&orders->live, orders->live.list.at[i])->order.main;
    entry = main.value ? live_find(&orders->live, main) : NULL;
    if (entry) entry->order.merged++;
  }
}

bool load_orders(Db *db, void *self, Error *error) {
  Orders *orders = self;
  int64_t last_id;
  live_end(&orders->live);
  live_begin(&orders->live);
  orders->book_stored = false;
  orders->resume_at = LIVE_NEVER;
  memset(orders->calls, 0, sizeof orders->calls);
  if (!store_books(db, orders->county_id, load_book, orders, error) || !store_ticked(&orders->ticked, db, orders->county_id, error) ||
      !store_rolled(&orders->rolled, db, orders->county_id, orders->tree, error) ||
      !store_last_number(&orders->last_number, &last_id, db, orders->county_id, error) ||
      !store_open_orders(db, orders->county_id, load_order, orders, error))
    return false;
  desk_saw_id(orders->desk, last_id);
  desk_saw_time(orders->desk, orders->ticked);
  count_children(orders);
  return true;
}

/* --- */

bool order_open(Orders **out, Desk *desk, Db *db, const Grid *grid, const People *people, const char *rules_folder, Error *error) {
  Orders *orders = memory_new(sizeof *orders);
  if (!orders) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orders");
  orders->desk = desk;
  orders->grid = grid;
  orders->people = people;
  orders->county_id = desk_county_id(desk);
  orders->tree = roll_tree(orders);
  live_begin(&orders->live);
  buffer_begin(&orders->data, 1 << 20);
  buffer_begin(&orders->words, 1 << 20);
  bool ok = book_open(&orders->book, rules_folder, error);
  if (ok && !vector_push(&orders->books, orders->book)) {
    book_close(orders->book);
    ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "rules");
  }
  if (ok && load_orders(db, orders, error)) {
    desk_on_reload(desk, load_orders, orders);
    desk_on_tick(desk, order_tick, orders);
    desk_on_tick(desk, roll_tick, orders);
    *out = orders;
    return true;
  }
  order_close(orders);
  return false;
}

void order_close(Orders *orders) {
  if (!orders) return;
  for (size_t i = 0; i < orders->books.count; i++) book_close(orders->books.at[i]);
  vector_free(&orders->books);
  live_end(&orders->live);
  buffer_end(&orders->data);
  buffer_end(&orders->words);
  memory_free(orders);
}
