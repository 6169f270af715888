#include "order/board.h"

int32_t board_day(Instant at) {
  Civil day = civil_of(at, ZONE_SHANGHAI);
  return day.year * 10000 + day.month * 100 + day.day;
}

static bool add_measured(DeskContext *context, const Orders *orders, const MeasuredClock *measured, Text promise, int32_t day, Error *error) {
  if (!store_add_to_sum(context, measured, promise, day, error)) return false;
  RollEntry entry = {.org = measured->org_id, .name = promise, .area = measured->area, .n = measured->kept, .of = 1, .used = measured->state->used};
  return day > orders->rolled || roll_late(context, orders, &entry, day, error);
}

bool board_add(DeskContext *context, const Orders *orders, const Order *order, size_t c, const ClockState *state, Error *error) {
  const KindClock *clock = &order->kind->clocks[c];
  MeasuredClock measured = {.order = order->id, .clock = clock->id, .promise = clock->promise, .state = state, .area = order->area,
                            .org_id = order->org != ORDER_NO_ORG ? people_org(orders->people, order->org)->id : 0,
                            .kept = !clock_broken(state, &clock->promise->clock, state->since)};
  int32_t day = board_day(state->since);
  if (state->phase != CLOCK_STOPPED) return true; /* cancelled: not measured */
  if (!store_insert_clock(context, &measured, error) || !add_measured(context, orders, &measured, clock->promise->origin.id, day, error)) return false;
  for (size_t i = 0; i < clock->also_count; i++) {
    const Promise *also = clock->also[i];
    measured.kept = state->used <= also->limit[order->area];
    if (!add_measured(context, orders, &measured, also->origin.id, day, error)) return false;
  }
  return true;
}

/* --- reading --- */

typedef struct Adding {
  BoardSums *out;           /* by row of the book's promises */
  const Orders *orders;
  const BoardWish *wish;
  int sign;                 /* -1: taken off again */
  int part;                 /* of rolled sums: the wish's part they are of, -1: the whole */
  Text last;                /* the promise of the row before, mostly the same again */
  size_t row;
} Adding;

static bool find_promise(Adding *adding, Text id, size_t *row) {
  const RuleBook *book = adding->orders->book;
  if (adding->last.at && text_equal(adding->last, id)) return *row = adding->row, true;
  for (size_t p = 0; p < book_promise_count(book); p++) {
    const Promise *promise = book_promise(book, p);
    if (!promise->in_force || !text_equal(promise->origin.id, id)) continue;
    adding->last = promise->origin.id, adding->row = *row = p;
    return true;
  }
  return false;
}

static void add(BoardSum *sum, const RollEntry *entry, int sign) {
  sum->measured += sign * entry->of, sum->kept += sign * entry->n, sum->used += sign * entry->used;
}

static bool add_rolled(void *self, const RollEntry *entry) {
  Adding *adding = self;
  size_t row;
  if (entry->area < 0 || entry->area >= AREA_COUNT || !find_promise(adding, entry->name, &row)) return true;
  BoardSums *sums = &adding->out[row];
  add(adding->part < 0 ? &sums->area[entry->area] : &sums->part[adding->part], entry, adding->sign);
  return true;
}

static bool add_day(void *self, const RollEntry *entry) {
  Adding *adding = self;
  const BoardWish *wish = adding->wish;
  size_t row, org;
  if (entry->area < 0 || entry->area >= AREA_COUNT || !find_promise(adding, entry->name, &row)) return true;
  bool known = adding->orders->people && entry->org && people_org_row(adding->orders->people, entry->org, &org);
  if (wish->orgs && known && !wish->orgs[org]) return true;
  add(&adding->out[row].area[entry->area], entry, 1);
  if (known && adding->out[row].part && wish->part_of && wish->part_of[org] >= 0) add(&adding->out[row].part[wish->part_of[org]], entry, 1);
  return true;
}

static bool read_part(Adding *adding, Db *db, int64_t org_id, int part, const RollSpan *spans, size_t count, Error *error) {
  adding->part = part;
  for (size_t i = 0; i < count; i++) {
    adding->sign = spans[i].sign;
    if (!store_rolled_sums(db, adding->orders->county_id, org_id, spans[i].from, spans[i].to, add_rolled, adding, error)) return false;
  }
  return true;
}

/* A part below the one that is looked at, or what the reader may see of it. */
static int64_t seen_of(const Orders *orders, const BoardWish *wish, int64_t part) {
  if (wish->root == ROLL_ALL || people_org_within(orders->people, part, wish->root)) return part;
  return people_org_within(orders->people, wish->root, part) ? wish->root : ROLL_ELSEWHERE;
}

bool board_sums(BoardSums *by_promise, const Orders *orders, Db *db, const BoardWish *wish, Error *error) {
  Adding adding = {by_promise, orders, wish, 1, -1, TEXT_NONE, 0};
  RollSpan spans[ROLL_SPANS_MAX];
  int32_t until;
  for (size_t p = 0; p < book_promise_count(orders->book); p++) {
    for (int area = 0; area < AREA_COUNT; area++) by_promise[p].area[area] = (BoardSum){0};
    for (size_t i = 0; by_promise[p].part && i < wish->part_count; i++) by_promise[p].part[i] = (BoardSum){0};
  }
  if (!store_rolled(&until, db, orders->county_id, orders->tree, error)) return false;
  size_t count = roll_spans(spans, wish->from_day, wish->to_day < until ? wish->to_day : until, until);
  if (!read_part(&adding, db, wish->root, -1, spans, count, error)) return false;
  if (wish->root > 0 && !read_part(&adding, db, ROLL_ELSEWHERE, -1, spans, count, error)) return false;
  for (size_t i = 0; i < wish->part_count; i++) {
    int64_t seen = seen_of(orders, wish, wish->parts[i]);
    if (seen > 0 && !read_part(&adding, db, seen, (int)i, spans, count, error)) return false;
  }
  return store_day_sums(db, orders->county_id, wish->from_day > until ? wish->from_day : until + 1, wish->to_day, add_day, &adding, error);
}

/* --- figures of kinds --- */

typedef struct Figuring {
  const Orders *orders;
  const FigureWish *wish;
  int sign;
  RollVisit visit;
  void *self;
} Figuring;

static bool pass_rolled(void *self, const RollEntry *entry) {
  const Figuring *figuring = self;
  RollEntry one = *entry;
  one.n *= figuring->sign, one.of *= figuring->sign, one.total *= figuring->sign;
  return figuring->visit(figuring->self, &one);
}

static bool pass_day(void *self, const RollEntry *entry) {
  const Figuring *figuring = self;
  const FigureWish *wish = figuring->wish;
  size_t row;
  if (wish->kind.at && !text_equal(wish->kind, entry->name)) return true;
  if (wish->orgs && entry->org && people_org_row(figuring->orders->people, entry->org, &row) && !wish->orgs[row]) return true;
  return figuring->visit(figuring->self, entry);
}

static bool figures_of(Figuring *figuring, Db *db, int64_t org_id, const RollSpan *spans, size_t count, Error *error) {
  const Orders *orders = figuring->orders;
  const Text *wanted = &figuring->wish->kind;
  for (size_t k = 0; k < book_kind_count(orders->book); k++) {
    Text kind = book_kind(orders->book, k)->origin.id;
    if (wanted->at && !text_equal(*wanted, kind)) continue;
    for (size_t i = 0; i < count; i++) {
      figuring->sign = spans[i].sign;
      if (!store_rolled_figures(db, orders->county_id, org_id, kind, spans[i].from, spans[i].to, pass_rolled, figuring, error)) return false;
    }
  }
  return true;
}

bool board_figures(const Orders *orders, Db *db, const FigureWish *wish, RollVisit visit, void *self, Error *error) {
  Figuring figuring = {orders, wish, 1, visit, self};
  RollSpan spans[ROLL_SPANS_MAX];
  int32_t until;
  if (!store_rolled(&until, db, orders->county_id, orders->tree, error)) return false;
  size_t count = roll_spans(spans, wish->from_day, wish->to_day < until ? wish->to_day : until, until);
  if (!figures_of(&figuring, db, wish->root, spans, count, error)) return false;
  if (wish->root > 0 && !figures_of(&figuring, db, ROLL_ELSEWHERE, spans, count, error)) return false;
  return store_day_figures(db, orders->county_id, wish->from_day > until ? wish->from_day : until + 1, wish->to_day, pass_day, &figuring, error);
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
