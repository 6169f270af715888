#include "order/live.h"

#include <assert.h>

enum { BLOCK = 1024 };

void live_begin(Live *live) {
  *live = (Live){.free_clock = LIVE_NONE};
}

void live_end(Live *live) {
  for (size_t i = 0; i < live->blocks.count; i++) memory_free(live->blocks.at[i]);
  vector_free(&live->blocks);
  vector_free(&live->list);
  vector_free(&live->free_entries);
  vector_free(&live->clocks);
  vector_free(&live->timers);
  map_free(&live->by_id);
  map_free(&live->by_customer);
  map_free(&live->by_outage);
}

bool live_reserve(Live *live, Error *error) {
  bool ok = vector_reserve(&live->list, 1) && vector_reserve(&live->free_entries, 1) && vector_reserve(&live->clocks, KIND_CLOCKS_MAX) &&
            vector_reserve(&live->timers, 2 * KIND_CLOCKS_MAX) && map_reserve(&live->by_id, live->by_id.count + 1) &&
            map_reserve(&live->by_customer, live->by_customer.count + 1) && map_reserve(&live->by_outage, live->by_outage.count + 1);
  if (ok && live->entry_count == live->blocks.count * BLOCK) {
    LiveEntry *block = vector_reserve(&live->blocks, 1) ? memory_new(BLOCK * sizeof *block) : NULL;
    ok = block && vector_push(&live->blocks, block);
  }
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orders");
}

LiveEntry *live_entry(const Live *live, uint32_t at) { return &live->blocks.at[at / BLOCK][at % BLOCK]; }

static uint32_t index_of(const Live *live, const LiveEntry *entry) { return live->list.at[entry->list_at]; }

LiveEntry *live_find(const Live *live, OrderId id) {
  int64_t at;
  return map_get(&live->by_id, id.value, &at) ? live_entry(live, (uint32_t)at) : NULL;
}

static uint32_t first_of(const Map *map, int64_t key) {
  int64_t at;
  return key != 0 && map_get(map, key, &at) ? (uint32_t)at : LIVE_NONE;
}

uint32_t live_first_of_customer(const Live *live, CustomerId customer) { return first_of(&live->by_customer, customer.value); }
uint32_t live_first_of_outage(const Live *live, OutageId outage) { return first_of(&live->by_outage, outage.value); }

static void put_first(Map *map, int64_t key, uint32_t at) { /* room was made by live_reserve, or the key is there */
  bool put = at == LIVE_NONE ? map_remove(map, key) : map_put(map, key, at);
  assert(put);
}

static void join_customer(Live *live, LiveEntry *entry, uint32_t at) {
  entry->customer_next = entry->customer_previous = LIVE_NONE;
  if (!entry->order.customer.value) return;
  entry->customer_next = live_first_of_customer(live, entry->order.customer);
  if (entry->customer_next != LIVE_NONE) live_entry(live, entry->customer_next)->customer_previous = at;
  put_first(&live->by_customer, entry->order.customer.value, at);
}

static void leave_customer(Live *live, LiveEntry *entry) {
  if (!entry->order.customer.value) return;
  if (entry->customer_next != LIVE_NONE) live_entry(live, entry->customer_next)->customer_previous = entry->customer_previous;
  if (entry->customer_previous != LIVE_NONE) live_entry(live, entry->customer_previous)->customer_next = entry->customer_next;
  else put_first(&live->by_customer, entry->order.customer.value, entry->customer_next);
}

static void join_outage(Live *live, LiveEntry *entry, uint32_t at) {
  entry->outage_next = entry->outage_previous = LIVE_NONE;
  if (!entry->order.outage.value) return;
  entry->outage_next = live_first_of_outage(live, entry->order.outage);
  if (entry->outage_next != LIVE_NONE) live_entry(live, entry->outage_next)->outage_previous = at;
  put_first(&live->by_outage, entry->order.outage.value, at);
}

static void leave_outage(Live *live, LiveEntry *entry) {
  if (!entry->order.outage.value) return;
  if (entry->outage_next != LIVE_NONE) live_entry(live, entry->outage_next)->outage_previous = entry->outage_previous;
  if (entry->outage_previous != LIVE_NONE) live_entry(live, entry->outage_previous)->outage_next = entry->outage_next;
  else put_first(&live->by_outage, entry->order.outage.value, entry->outage_next);
}

LiveEntry *live_add(Live *live, const Order *order) {
  uint32_t at = live->free_entries.count ? live->free_entries.at[--live->free_entries.count] : (uint32_t)live->entry_count++;
  LiveEntry *entry = live_entry(live, at);
  *entry = (LiveEntry){.order = *order, .list_at = (uint32_t)live->list.count, .clocks = LIVE_NONE};
  bool put = vector_push(&live->list, at) && map_put(&live->by_id, order->id.value, at);
  assert(put);
  join_customer(live, entry, at);
  join_outage(live, entry, at);
  return entry;
}

void live_change(Live *live, LiveEntry *entry, const Order *order) {
  bool moves = entry->order.outage.value != order->outage.value;
  if (moves) leave_outage(live, entry);
  entry->order = *order;
  if (moves) join_outage(live, entry, index_of(live, entry));
}

void live_remove(Live *live, LiveEntry *entry) {
  uint32_t at = index_of(live, entry), last = live->list.at[live->list.count - 1];
  leave_customer(live, entry);
  leave_outage(live, entry);
  for (uint32_t c = entry->clocks, next; c != LIVE_NONE; c = next) {
    LiveClock *clock = &live->clocks.at[c];
    next = clock->next;
    clock->entry = LIVE_NONE;
    clock->ticket++;
    clock->next = live->free_clock;
    live->free_clock = c;
    live->free_clock_count++;
  }
  map_remove(&live->by_id, entry->order.id.value);
  live->list.at[entry->list_at] = last;
  live_entry(live, last)->list_at = entry->list_at;
  live->list.count--;
  bool put = vector_push(&live->free_entries, at); /* room: see live_reserve; each entry is listed once */
  assert(put);
}

/* --- clocks --- */

void live_get_clocks(const Live *live, const LiveEntry *entry, ClockSet *out) {
  out->started = 0;
  for (uint32_t c = entry->clocks; c != LIVE_NONE; c = live->clocks.at[c].next) {
    const LiveClock *clock = &live->clocks.at[c];
    out->started |= 1u << clock->clock;
    out->at[clock->clock] = clock->state;
  }
}

static uint32_t clock_for(Live *live, LiveEntry *entry, uint8_t which) {
  for (uint32_t c = entry->clocks; c != LIVE_NONE; c = live->clocks.at[c].next)
    if (live->clocks.at[c].clock == which) return c;
  uint32_t at = live->free_clock;
  uint32_t ticket = 0;
  if (at == LIVE_NONE) {
    at = (uint32_t)live->clocks.count++;
  } else {
    live->free_clock = live->clocks.at[at].next;
    live->free_clock_count--;
    ticket = live->clocks.at[at].ticket;
  }
  assert(at < live->clocks.room);
  live->clocks.at[at] = (LiveClock){.entry = index_of(live, entry), .next = entry->clocks, .ticket = ticket, .clock = which};
  entry->clocks = at;
  return at;
}

void live_put_clocks(Live *live, LiveEntry *entry, const ClockSet *set, uint32_t touched) {
  for (uint8_t which = 0; which < KIND_CLOCKS_MAX; which++) {
    if (!(touched & set->started & 1u << which)) continue;
    uint32_t at = clock_for(live, entry, which);
    LiveClock *clock = &live->clocks.at[at];
    clock->state = set->at[which];
    clock->ticket++;
    clock->due =
        clock->state.phase == CLOCK_RUNNING ? clock_due(&clock->state, &entry->order.kind->clocks[which].promise->clock) : INSTANT_NONE;
    live_set_timer(live, at);
  }
}

Instant live_nearest_due(const Live *live, const LiveEntry *entry, uint32_t *clock) {
  Instant nearest = LIVE_NEVER;
  for (uint32_t c = entry->clocks; c != LIVE_NONE; c = live->clocks.at[c].next) {
    Instant due = live->clocks.at[c].due;
    if (due == INSTANT_NONE || due >= nearest) continue;
    nearest = due;
    if (clock) *clock = c;
  }
  return nearest;
}

/* --- timers: a binary heap --- */

static void sift_up(LiveTimer *heap, size_t at) {
  LiveTimer moved = heap[at];
  for (size_t parent; at > 0 && heap[parent = (at - 1) / 2].at > moved.at; at = parent) heap[at] = heap[parent];
  heap[at] = moved;
}

static void sift_down(LiveTimer *heap, size_t count, size_t at) {
  LiveTimer moved = heap[at];
  for (size_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && heap[child + 1].at < heap[child].at) child++;
    if (heap[child].at >= moved.at) break;
    heap[at] = heap[child];
  }
  heap[at] = moved;
}

static bool holds(const Live *live, LiveTimer timer) {
  const LiveClock *clock = &live->clocks.at[timer.clock];
  return clock->entry != LIVE_NONE && clock->ticket == timer.ticket;
}

/* Most timers of a busy day are stale: when half may be, they are thrown out. */
static void tidy(Live *live) {
  size_t running = live->clocks.count - live->free_clock_count;
  if (live->timers.count < 1024 || live->timers.count < 2 * running) return;
  size_t kept = 0;
  for (size_t i = 0; i < live->timers.count; i++)
    if (holds(live, live->timers.at[i])) live->timers.at[kept++] = live->timers.at[i];
  live->timers.count = kept;
  for (size_t i = kept / 2; i-- > 0;) sift_down(live->timers.at, kept, i);
}

void live_set_timer(Live *live, uint32_t at) {
  const LiveClock *clock = &live->clocks.at[at];
  const Promise *promise = live_entry(live, clock->entry)->order.kind->clocks[clock->clock].promise;
  Instant when;
  int mark;
  if (!clock_next_mark(&clock->state, &promise->clock, &when, &mark)) return;
  tidy(live);
  assert(live->timers.count < live->timers.room);
  live->timers.at[live->timers.count] = (LiveTimer){when, at, clock->ticket};
  sift_up(live->timers.at, live->timers.count++);
}

static void drop_first(Live *live) {
  live->timers.at[0] = live->timers.at[--live->timers.count];
  if (live->timers.count) sift_down(live->timers.at, live->timers.count, 0);
}

bool live_next_timer(Live *live, Instant *at) {
  while (live->timers.count && !holds(live, live->timers.at[0])) drop_first(live);
  if (!live->timers.count) return false;
  *at = live->timers.at[0].at;
  return true;
}

void live_take_timer(Live *live, uint32_t *clock) {
  *clock = live->timers.at[0].clock;
  drop_first(live);
}
