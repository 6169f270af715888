#include "order/board.h"

int32_t board_day(Instant at) {
  Civil day = civil_of(at, ZONE_SHANGHAI);
  return day.year * 10000 + day.month * 100 + day.day;
}

bool board_add(DeskContext *context, const Orders *orders, const Order *order, size_t c, const ClockState *state, Error *error) {
  const KindClock *clock = &order->kind->clocks[c];
  MeasuredClock measured = {.order = order->id, .clock = clock->id, .promise = clock->promise, .state = state, .area = order->area,
                            .org_id = order->org != ORDER_NO_ORG ? people_org(orders->people, order->org)->id : 0,
                            .kept = !clock_broken(state, &clock->promise->clock, state->since)};
  int32_t day = board_day(state->since), month = day / 100 * 100;
  if (state->phase != CLOCK_STOPPED) return true; /* cancelled: not measured */
  if (!store_insert_clock(context, &measured, error) || !store_add_to_sum(context, &measured, clock->promise->origin.id, day, error) ||
      !store_add_to_sum(context, &measured, clock->promise->origin.id, month, error))
    return false;
  for (size_t i = 0; i < clock->also_count; i++) {
    const Promise *also = clock->also[i];
    measured.kept = state->used <= also->limit[order->area];
    if (!store_add_to_sum(context, &measured, also->origin.id, day, error) ||
        !store_add_to_sum(context, &measured, also->origin.id, month, error))
      return false;
  }
  return true;
}

/* --- reading --- */

typedef struct Adding {
  BoardSums *out;
  int sign;                 /* -1: taken off again */
  const Orders *orders;
  const BoardWish *wish;
} Adding;

static void add_row(void *self, int64_t org_id, int area, int64_t measured, int64_t kept, Span used) {
  Adding *adding = self;
  const BoardWish *wish = adding->wish;
  size_t row;
  measured *= adding->sign, kept *= adding->sign, used *= adding->sign;
  if (area < 0 || area >= AREA_COUNT) return;
  bool known = adding->orders->people && org_id && people_org_row(adding->orders->people, org_id, &row);
  if (wish->orgs && known && !wish->orgs[row]) return;
  BoardSum *sum = &adding->out->area[area];
  sum->measured += measured, sum->kept += kept, sum->used += used;
  if (!adding->out->part || !wish->part_of || !known || wish->part_of[row] < 0) return;
  BoardSum *part = &adding->out->part[wish->part_of[row]];
  part->measured += measured, part->kept += kept, part->used += used;
}

static int32_t next_month(int32_t month) { return month / 100 % 100 == 12 ? month + 10000 - 1100 : month + 100; }

/* Days [from, to] of one month, by themselves or as the month without the others, whichever is less to read. */
static bool sum_days(Adding *adding, Db *db, Text promise, int32_t from, int32_t to, Error *error) {
  int64_t county = adding->orders->county_id;
  int32_t month = from / 100 * 100;
  adding->sign = 1;
  if (to >= adding->wish->today && adding->wish->today) to = month + 31; /* nothing has happened later */
  if (from > to) return true;
  if (to - from < 16) return store_sums(db, county, promise, from, to, add_row, adding, error);
  if (!store_sums(db, county, promise, month, month, add_row, adding, error)) return false;
  adding->sign = -1;
  return (from == month + 1 || store_sums(db, county, promise, month + 1, from - 1, add_row, adding, error)) &&
         (to >= month + 31 || store_sums(db, county, promise, to + 1, month + 31, add_row, adding, error));
}

/* Whole months by their sums. */
bool board_sums(BoardSums *out, const Orders *orders, Db *db, Text promise, const BoardWish *wish, Error *error) {
  Adding adding = {out, 1, orders, wish};
  int32_t from = wish->from_day, to = wish->to_day;
  for (int area = 0; area < AREA_COUNT; area++) out->area[area] = (BoardSum){0};
  for (size_t i = 0; out->part && i < wish->part_count; i++) out->part[i] = (BoardSum){0};
  for (int32_t month = from / 100 * 100; month <= to; month = next_month(month)) {
    int32_t first = from > month ? from : month + 1, last = to < month + 31 ? to : month + 31;
    if (!sum_days(&adding, db, promise, first, last, error)) return false;
  }
  return true;
}

void board_now(const Orders *orders, const bool *orgs, Instant now, BoardNow *by_promise) {
  const Live *live = &orders->live;
  for (size_t p = 0; p < book_promise_count(orders->book); p++) by_promise[p] = (BoardNow){0};
  for (size_t i = 0; i < live->list.count; i++) {
    const LiveEntry *entry = live_entry(live, live->list.at[i]);
    if (orgs && entry->order.org != ORDER_NO_ORG && !orgs[entry->order.org]) continue;
    for (uint32_t c = entry->clocks; c != LIVE_NONE; c = live->clocks.at[c].next) {
      const LiveClock *clock = &live->clocks.at[c];
      const Promise *promise = entry->order.kind->clocks[clock->clock].promise;
      if (clock->state.phase != CLOCK_RUNNING) continue;
      BoardNow *sum = NULL;
      const Promise *first = book_promise(orders->book, 0);
      if (promise >= first && promise < first + book_promise_count(orders->book)) sum = &by_promise[promise - first];
      for (size_t p = 0; !sum && p < book_promise_count(orders->book); p++)
        if (book_promise(orders->book, p)->in_force && text_equal(book_promise(orders->book, p)->origin.id, promise->origin.id))
          sum = &by_promise[p];
      if (!sum) continue;
      sum->running++;
      if (clock->due != INSTANT_NONE && now > clock->due) sum->broken++;
      else if (now >= clock_at(&clock->state, &promise->clock, 75)) sum->amber++;
    }
  }
}

bool board_kept(const Promise *promise, const BoardSums *sums) {
  for (int area = 0; area < AREA_COUNT; area++) {
    const BoardSum *sum = &sums->area[area];
    if (promise->judged == JUDGED_EACH ? sum->kept < sum->measured : sum->measured && sum->used / sum->measured > promise->limit[area])
      return false;
  }
  return true;
}
