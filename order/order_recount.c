/* The clocks of every order counted again, from the event table alone and by other means than order/clock.c: stretches of running time are laid end
 * to end, and the instant at which a limit is used up is found by halving. What memory and the measured runs say must be the same. */
#include <stdio.h>

#include "order/order_inside.h"

typedef struct Recounted { /* one clock of one order: its run at present */
  Instant started, counts_from, since, full_at, last;
  Span used, limit;
  int32_t next;            /* of the same order, -1: none */
  uint16_t runs;
  uint8_t clock, phase;
} Recounted;

typedef struct Subject {   /* one order */
  const OrderKind *kind;
  Instant accepted_at;
  int32_t first;           /* -1: no clock ever ran */
  int32_t measured, kept;
  Span used;               /* of the runs that were stopped */
  uint8_t area;
} Subject;

typedef struct Recount {
  const Orders *orders;
  Map subjects;            /* order id → place in list */
  VECTOR(Subject) list;
  VECTOR(Recounted) clocks;
  char *problem;
} Recount;

static bool wrong(Recount *recount, int64_t order, const OrderKind *kind, size_t clock, const char *what, int64_t counted, int64_t told) {
  if (!recount->problem[0])
    snprintf(recount->problem, ERROR_TEXT_MAX, "order %lld, clock %.*s: %s counted again %lld, told %lld", (long long)order, TEXT_ARG(kind->clocks[clock].id), what,
             (long long)counted, (long long)told);
  return true;
}

/* Working time of [from, to) that counts for this run. */
static Span worked(const Recounted *r, const Promise *promise, Instant from, Instant to) {
  if (from < r->counts_from) from = r->counts_from;
  return to > from ? calendar_worked(promise->clock.calendar, from, to) : 0;
}

/* The clock has run until `to`: adds the stretch, and finds when the limit was reached in it. */
static void run_until(Recounted *r, const Promise *promise, Instant to) {
  Span more = worked(r, promise, r->since, to);
  if (r->full_at == INSTANT_NONE && r->used + more >= r->limit && to > r->since) {
    Instant low = r->since, high = to; /* not full at low, or full at once */
    while (r->used + worked(r, promise, r->since, low) < r->limit && high - low > 1) {
      Instant middle = low + (high - low) / 2;
      if (r->used + worked(r, promise, r->since, middle) >= r->limit) high = middle;
      else low = middle;
    }
    r->full_at = r->used + worked(r, promise, r->since, low) >= r->limit ? low : high;
  }
  r->used += more;
  r->since = to;
}

static Recounted *clock_of(Recount *recount, Subject *subject, size_t clock, bool make) {
  for (int32_t at = subject->first; at >= 0; at = recount->clocks.at[at].next)
    if (recount->clocks.at[at].clock == clock) return &recount->clocks.at[at];
  if (!make || !vector_push(&recount->clocks, ((Recounted){.next = subject->first, .clock = (uint8_t)clock}))) return NULL;
  subject->first = (int32_t)recount->clocks.count - 1;
  return &recount->clocks.at[subject->first];
}

static void begin_run(Recounted *r, const Promise *promise, int area, Instant at) {
  uint16_t runs = (uint16_t)(r->runs + 1);
  *r = (Recounted){.started = at, .since = at, .full_at = INSTANT_NONE, .last = at, .limit = promise->limit[area], .next = r->next, .clock = r->clock,
                   .runs = runs, .phase = CLOCK_RUNNING};
  r->counts_from = promise->clock.first_day_free ? (calendar_day_of(at) + 1) * SPAN_DAY - ZONE_SHANGHAI : at;
}

static void end_run(Subject *subject, Recounted *r, bool measured, Instant at) {
  r->since = at;
  r->phase = measured ? CLOCK_STOPPED : CLOCK_CANCELLED;
  if (!measured) return;
  subject->measured++;
  subject->kept += !(r->full_at != INSTANT_NONE && r->full_at < at);
  subject->used += r->used;
}

/* One event of the kind. False: out of memory. */
static bool happens(Recount *recount, Subject *subject, unsigned event, bool final, Instant at) {
  for (size_t c = 0; c < subject->kind->clock_count; c++) {
    const KindClock *clock = &subject->kind->clocks[c];
    ClockAction action = (ClockAction)clock->on[event];
    Recounted *r = clock_of(recount, subject, c, action == ACT_START);
    if (!r && action == ACT_START) return false;
    if (!r) continue;
    bool on = r->phase == CLOCK_RUNNING || r->phase == CLOCK_PAUSED;
    if (at < r->last) at = r->last;
    if (r->phase == CLOCK_RUNNING) run_until(r, clock->promise, at);
    if (action == ACT_START && !on) begin_run(r, clock->promise, subject->area, at);
    else if (action == ACT_PAUSE && r->phase == CLOCK_RUNNING) r->phase = CLOCK_PAUSED, r->since = at;
    else if (action == ACT_RESUME && r->phase == CLOCK_PAUSED) r->phase = CLOCK_RUNNING, r->since = at;
    else if ((action == ACT_STOP || action == ACT_CANCEL) && on) end_run(subject, r, action == ACT_STOP, at);
    if (final && (r->phase == CLOCK_RUNNING || r->phase == CLOCK_PAUSED)) end_run(subject, r, false, at);
    r->last = at;
  }
  return true;
}

/* --- the events --- */

static bool take_row(void *self, const OrderRow *row, Error *error) {
  Recount *recount = self;
  Subject subject = {.kind = order_kind_of(recount->orders, row->book_id, row->kind), .accepted_at = row->order.accepted_at, .first = -1, .area = row->order.area};
  if (!subject.kind || subject.area >= AREA_COUNT) return true; /* order_check says so */
  return map_put(&recount->subjects, row->order.id.value, (int64_t)recount->list.count) && vector_push(&recount->list, subject)
             ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "check");
}

static bool take_event(void *self, const Event *event) {
  Recount *recount = self;
  int64_t place;
  if (!text_is(event->subject_kind, "order") || !map_get(&recount->subjects, event->subject_id, &place)) return true;
  Subject *subject = &recount->list.at[place];
  const OrderKind *kind = subject->kind;
  ptrdiff_t filled_in = text_find(event->data, TEXT("\"fields\":"));
  Text data = filled_in < 0 ? event->data : text_slice(event->data, 0, (size_t)filled_in);
  unsigned number = 0;
  bool final = false;
  if (!text_is(event->kind, "order.accepted")) {
    if (!text_is(event->kind, "order.step") && !text_is(event->kind, "order.called_again") && !text_is(event->kind, "order.linked")) return true;
    const KindStep *step = kind_step_of(kind, order_event_fact(data, "step"));
    Text branch = order_event_fact(data, "branch");
    int to = kind_state_of(kind, order_event_fact(data, "to"));
    if (!step) return true;
    number = step->event;
    for (size_t b = 0; branch.at && b < step->branch_count; b++)
      if (text_equal(step->branches[b].id, branch)) number = step->branches[b].event;
    int from = kind_state_of(kind, order_event_fact(data, "from"));
    final = to >= 0 && to != from && kind->states[to].final;
  }
  Instant at = event->at > subject->accepted_at ? event->at : subject->accepted_at;
  if (happens(recount, subject, number, final, at)) return true;
  snprintf(recount->problem, ERROR_TEXT_MAX, "%s", "out of memory");
  return false;
}

/* --- comparing --- */

static bool compare_row(void *self, const OrderRow *row, Error *error) {
  Recount *recount = self;
  OrderRow read = *row;
  ClockSet told;
  int64_t place, id = row->order.id.value;
  if (recount->problem[0] || !map_get(&recount->subjects, id, &place)) return true;
  if (!order_from_row(recount->orders, &read, &told, error)) return false;
  Subject *subject = &recount->list.at[place];
  const LiveEntry *entry = live_find(&recount->orders->live, row->order.id);
  if (entry) live_get_clocks(&recount->orders->live, entry, &told);
  Instant until = recount->orders->ticked;
  for (size_t c = 0; c < subject->kind->clock_count; c++) {
    const OrderKind *kind = subject->kind;
    const Promise *promise = kind->clocks[c].promise;
    Recounted *r = clock_of(recount, subject, c, false);
    bool known = told.started >> c & 1;
    if (known != (r != NULL)) return wrong(recount, id, kind, c, "whether it ever ran", r != NULL, known);
    if (!r) continue;
    const ClockState *state = &told.at[c];
    Instant now = until != INSTANT_NONE && until > r->last ? until : r->last;
    if (r->phase == CLOCK_RUNNING) run_until(r, promise, now);
    ClockReading reading = clock_read(state, &promise->clock, now);
    if (r->phase != state->phase) return wrong(recount, id, kind, c, "its phase", r->phase, state->phase);
    if (r->runs != state->runs) return wrong(recount, id, kind, c, "its runs", r->runs, state->runs);
    if (r->started != state->started) return wrong(recount, id, kind, c, "its start", r->started, state->started);
    if (r->used != reading.used) return wrong(recount, id, kind, c, "time used", r->used, reading.used);
    if (r->limit != state->limit) return wrong(recount, id, kind, c, "its limit", r->limit, state->limit);
    Instant end = r->phase == CLOCK_STOPPED || r->phase == CLOCK_CANCELLED ? r->since : now;
    bool broken = r->full_at != INSTANT_NONE && r->full_at < end;
    if (broken != reading.broken) return wrong(recount, id, kind, c, "whether it is broken", broken, reading.broken);
    for (unsigned m = 0; m < promise->clock.mark_count; m++) {
      bool reached = r->used * 100 >= r->limit * promise->clock.marks[m];
      if (reached != (state->marks >> m & 1)) return wrong(recount, id, kind, c, "a mark reached", reached, !reached);
    }
  }
  return true;
}

/* Runs that were stopped are rows, each with what was used and whether the promise was kept. */
static bool compare_measured(Recount *recount, Db *db, Error *error) {
  DbStatement *s;
  int64_t place, seen = 0, all = 0;
  if (!db_prepare(&s, db, "SELECT order_id, COUNT(*), CAST(SUM(kept) AS INTEGER), CAST(SUM(used) AS BIGINT) FROM order_clock WHERE county_id = ?1 GROUP BY order_id", error))
    return false;
  db_bind_i64(s, 1, recount->orders->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    int64_t id = db_column_i64(s, 0), measured = db_column_i64(s, 1), kept = db_column_i64(s, 2), used = db_column_i64(s, 3);
    const Subject *subject = map_get(&recount->subjects, id, &place) ? &recount->list.at[place] : NULL;
    seen++;
    if (!recount->problem[0] && (!subject || subject->measured != measured || subject->kept != kept || subject->used != used))
      snprintf(recount->problem, ERROR_TEXT_MAX, "order %lld: %lld runs of its clocks measured, %lld kept, %lld us; counted again %d, %d, %lld", (long long)id,
               (long long)measured, (long long)kept, (long long)used, subject ? subject->measured : 0, subject ? subject->kept : 0,
               subject ? (long long)subject->used : 0);
  }
  for (size_t i = 0; i < recount->list.count; i++) all += recount->list.at[i].measured > 0;
  if (!recount->problem[0] && all != seen)
    snprintf(recount->problem, ERROR_TEXT_MAX, "%lld orders have measured clocks, counted again %lld", (long long)seen, (long long)all);
  return true;
}

bool order_recount(const Orders *orders, Db *db, char *problem, int64_t *count, Error *error) {
  Recount recount = {.orders = orders, .problem = problem};
  problem[0] = '\0';
  bool ok = store_all_orders(db, orders->county_id, take_row, &recount, error) && event_after(db, orders->county_id, 0, INT64_MAX, take_event, &recount, error) &&
            store_all_orders(db, orders->county_id, compare_row, &recount, error) && compare_measured(&recount, db, error);
  *count = (int64_t)recount.clocks.count;
  map_free(&recount.subjects);
  vector_free(&recount.list);
  vector_free(&recount.clocks);
  return ok;
}
