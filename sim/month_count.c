/* The figures of the boards counted a second time, from the `event` rows and the rules alone: no row of an order, no trail, no sum, and not the
 * engine of the clocks either: here a clock is the stretches of time in which it ran, laid end to end. (Where an order is felt, and so which of a
 * promise's limits holds, follows from the device its first event names.) */
#include <stdio.h>
#include <stdlib.h>

#include "order/board.h"
#include "sim/month.h"

typedef struct Stretches { /* of one clock of one order */
  bool known, on, paused;
  Instant started, from;   /* of this run; counted since, while it is on */
  Span used;               /* before */
  Instant full;            /* when the limit was used up, INSTANT_NONE: not yet */
} Stretches;

typedef struct Counted { /* one order */
  const OrderKind *kind;
  Stretches *clock;        /* of the kind's */
  int area;
  uint64_t visits;
} Counted;

typedef struct Figure {
  char key[160];           /* "promise arrival 0", "complaint archived" */
  int64_t n, of;           /* of a promise: kept, measured */
} Figure;

typedef struct Recount {
  const MonthRooms *rooms;
  Map orders;              /* id → place */
  VECTOR(Counted) list;
  TextMap keys;
  VECTOR(Figure *) figures;
  Arena arena;
  const char *problem;
} Recount;

static void add(Recount *count, int64_t n, int64_t of, const char *format, ...) PRINTF_LIKE(4, 5);
static void add(Recount *count, int64_t n, int64_t of, const char *format, ...) {
  char key[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(key, sizeof key, format, arguments);
  va_end(arguments);
  int64_t at;
  if (!text_map_get(&count->keys, text_of(key), &at)) {
    Figure *figure = ARENA_NEW(&count->arena, Figure);
    bool fresh;
    at = (int64_t)count->figures.count;
    if (figure) snprintf(figure->key, sizeof figure->key, "%s", key);
    if (!figure || !text_map_put(&count->keys, text_of(figure->key), &at, &fresh) || !vector_push(&count->figures, figure)) {
      count->problem = "out of memory";
      return;
    }
  }
  count->figures.at[at]->n += n;
  count->figures.at[at]->of += of;
}

/* --- promises --- */

static void close_stretch(Stretches *clock, const Promise *promise, int area, Instant at) {
  const Calendar *calendar = promise->clock.calendar;
  Span worked = at > clock->from ? calendar_worked(calendar, clock->from, at) : 0;
  if (clock->full == INSTANT_NONE && clock->used + worked >= promise->limit[area])
    clock->full = calendar_after(calendar, clock->from, promise->limit[area] - clock->used);
  clock->used += worked;
}

static void measure(Recount *count, const Counted *order, const KindClock *rule, const Stretches *clock, Instant at) {
  bool kept = clock->full == INSTANT_NONE || clock->full >= at;
  add(count, kept, 1, "promise %.*s %d", TEXT_ARG(rule->promise->origin.id), order->area);
  for (size_t i = 0; i < rule->also_count; i++)
    add(count, clock->used <= rule->also[i]->limit[order->area], 1, "promise %.*s %d", TEXT_ARG(rule->also[i]->origin.id), order->area);
}

static Instant counted_from(const Promise *promise, Instant at) {
  if (!promise->clock.first_day_free) return at;
  Civil day = civil_of(at, ZONE_SHANGHAI);
  return instant_of((Civil){.year = day.year, .month = day.month, .day = day.day + 1}, ZONE_SHANGHAI);
}

static void move_clocks(Recount *count, Counted *order, unsigned event, bool ends, Instant at) {
  for (size_t c = 0; c < order->kind->clock_count; c++) {
    const KindClock *rule = &order->kind->clocks[c];
    Stretches *clock = &order->clock[c];
    ClockAction action = (ClockAction)rule->on[event];
    if (action == ACT_START && !clock->known)
      *clock = (Stretches){.known = true, .on = true, .started = at, .from = counted_from(rule->promise, at), .full = INSTANT_NONE};
    else if (clock->known && clock->on && (action == ACT_STOP || action == ACT_CANCEL || action == ACT_PAUSE || ends))
      close_stretch(clock, rule->promise, order->area, at), clock->on = false, clock->paused = action == ACT_PAUSE;
    else if (clock->known && clock->paused && action == ACT_RESUME) clock->from = at > clock->from ? at : clock->from, clock->on = true, clock->paused = false;
    if (clock->known && action == ACT_STOP) measure(count, order, rule, clock, at);
    if (action == ACT_STOP || action == ACT_CANCEL || ends) clock->known = clock->on = clock->paused = false;
  }
}

/* --- events --- */

static Text word(const json_t *data, const char *key) {
  const json_t *value = json_object_get(data, key);
  return json_is_string(value) ? (Text){json_string_value(value), json_string_length(value)} : TEXT_NONE;
}

static void count_said(Recount *count, const Counted *order, const KindStep *step, const json_t *fields) {
  const OrderKind *kind = order->kind;
  for (size_t i = 0; i < kind->count_count; i++) {
    const KindCount *rule = &kind->counts[i];
    if (&kind->steps[rule->step] != step) continue;
    const KindField *field = rule->field >= 0 ? &step->fields[rule->field] : NULL;
    if (field && field->personal) continue; /* not in events */
    const json_t *value = field ? json_object_get(fields, field->id.at) : NULL;
    if (field && (!value || json_is_null(value))) continue;
    add(count, !field || !rule->is.at || form_says(fields, field, rule->is), 1, "%.*s %.*s", TEXT_ARG(kind->origin.id), TEXT_ARG(rule->id));
  }
}

static const KindBranch *branch_of(const KindStep *step, Text id) {
  for (size_t b = 0; id.at && b < step->branch_count; b++)
    if (text_equal(step->branches[b].id, id)) return &step->branches[b];
  return NULL;
}

static void count_step(Recount *count, Counted *order, const Event *event, const json_t *data) {
  const OrderKind *kind = order->kind;
  const KindStep *step = kind_step_of(kind, word(data, "step"));
  if (!step) return; /* order.linked without a step */
  const KindBranch *branch = branch_of(step, word(data, "branch"));
  int to = kind_state_of(kind, word(data, "to"));
  bool ends = to >= 0 && kind->states[to].final && !text_equal(word(data, "from"), word(data, "to"));
  Text outcome = branch && branch->outcome.at ? branch->outcome : step->outcome;
  move_clocks(count, order, branch ? branch->event : step->event, ends, event->at);
  count_said(count, order, step, json_object_get(data, "fields"));
  order->visits += step->visit;
  if (outcome.at) add(count, 1, 1, "%.*s outcome.%.*s", TEXT_ARG(kind->origin.id), TEXT_ARG(outcome));
  if (ends && kind->visits_most) add(count, order->visits <= (uint64_t)kind->visits_most, 1, "%.*s visits_kept", TEXT_ARG(kind->origin.id));
}

static bool begin_order(Recount *count, const Event *event, const json_t *data) {
  const OrderKind *kind = book_kind_of(count->rooms->orders->book, word(data, "kind"));
  int64_t device = 0;
  uint32_t index = GRID_NONE;
  if (!kind) return count->problem = "a kind that the rules do not have", false;
  if (!text_to_i64(word(data, "device"), &device)) device = 0;
  if (device && !grid_index_of(people_grid(count->rooms->people), (DeviceId){device}, &index)) index = GRID_NONE;
  Text area = index != GRID_NONE ? people_area_type(count->rooms->people, index) : TEXT("rural");
  Counted order = {.kind = kind, .clock = ARENA_ARRAY(&count->arena, Stretches, kind->clock_count + 1),
                   .area = text_is(area, "urban") ? AREA_URBAN : text_is(area, "remote") ? AREA_REMOTE : AREA_RURAL};
  if (!order.clock || !map_put(&count->orders, event->subject_id, (int64_t)count->list.count) || !vector_push(&count->list, order))
    return count->problem = "out of memory", false;
  add(count, 1, 1, "%.*s accepted", TEXT_ARG(kind->origin.id));
  if (kind->repeat_calls) add(count, json_integer_value(json_object_get(data, "repeats")) >= kind->repeat_calls, 1, "%.*s repeat", TEXT_ARG(kind->origin.id));
  move_clocks(count, &count->list.at[count->list.count - 1], 0, false, event->at);
  return true;
}

static bool hear(void *self, const Event *event) {
  Recount *count = self;
  int64_t at;
  if (!text_is(event->subject_kind, "order") || text_is(event->kind, "order.clock")) return true;
  json_t *data = json_loadb(event->data.at, event->data.len, 0, NULL);
  bool known = map_get(&count->orders, event->subject_id, &at);
  if (text_is(event->kind, "order.accepted")) {
    if (known) count->problem = "an order accepted twice";
    else begin_order(count, event, data);
  } else if (!known) {
    count->problem = "an event of an order never accepted";
  } else {
    Counted *order = &count->list.at[at];
    if (text_is(event->kind, "order.reopened")) add(count, 1, 1, "%.*s reopened", TEXT_ARG(order->kind->origin.id));
    else if (text_is(event->kind, "order.archived")) add(count, 1, 1, "%.*s archived", TEXT_ARG(order->kind->origin.id));
    else count_step(count, order, event, data);
  }
  json_decref(data);
  return !count->problem;
}

/* --- against the boards --- */

typedef struct Comparing {
  Recount *count;
  int64_t compared, differences;
  Buffer *said;
} Comparing;

static void compare(Comparing *c, const char *key, int64_t n, int64_t of) {
  int64_t at;
  Figure nothing = {.n = 0};
  const Figure *figure = text_map_get(&c->count->keys, text_of(key), &at) ? c->count->figures.at[at] : &nothing;
  c->compared++;
  if (figure->n == n && figure->of == of) return;
  char line[300];
  if (c->differences++ < 20) {
    snprintf(line, sizeof line, "%s: the board says %lld of %lld, the events %lld of %lld\n", key, (long long)n, (long long)of,
             (long long)figure->n, (long long)figure->of);
    buffer_text(c->said, text_of(line));
  }
}

static bool compare_promises(Comparing *c, Error *error) {
  const Orders *orders = c->count->rooms->orders;
  BoardWish wish = {.from_day = 20100101, .to_day = 20591231};
  size_t promises = book_promise_count(orders->book);
  BoardSums *all = ARENA_ARRAY(&c->count->arena, BoardSums, promises + 1);
  if (!all) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "month");
  memset(all, 0, (promises + 1) * sizeof *all);
  if (!board_sums(all, orders, c->count->rooms->db, &wish, error)) return false;
  for (size_t p = 0; p < promises; p++) {
    const BoardSums sums = all[p];
    const Promise *promise = book_promise(orders->book, p);
    if (!promise->in_force) continue;
    for (int area = 0; area < AREA_COUNT; area++) {
      char key[160];
      snprintf(key, sizeof key, "promise %.*s %d", TEXT_ARG(promise->origin.id), area);
      compare(c, key, sums.area[area].kept, sums.area[area].measured);
    }
  }
  return true;
}

typedef struct Sums {
  Recount *count;
  TextMap keys;
  VECTOR(Figure *) list;
} Sums;

static bool sum_figure(void *self, const RollEntry *sum) {
  Sums *sums = self;
  char key[160];
  int64_t at = (int64_t)sums->list.count;
  bool fresh;
  snprintf(key, sizeof key, "%.*s %.*s", TEXT_ARG(sum->name), TEXT_ARG(sum->figure));
  if (!text_map_get(&sums->keys, text_of(key), &at)) {
    Figure *figure = ARENA_NEW(&sums->count->arena, Figure);
    if (!figure) return false;
    snprintf(figure->key, sizeof figure->key, "%s", key);
    if (!text_map_put(&sums->keys, text_of(figure->key), &at, &fresh) || !vector_push(&sums->list, figure)) return false;
  }
  sums->list.at[at]->n += sum->n, sums->list.at[at]->of += sum->of;
  return true;
}

static bool compare_kinds(Comparing *c, Error *error) {
  const MonthRooms *rooms = c->count->rooms;
  Sums sums = {.count = c->count};
  FigureWish wish = {.from_day = 20100101, .to_day = 20591231};
  bool ok = board_figures(rooms->orders, rooms->db, &wish, sum_figure, &sums, error);
  for (size_t i = 0; ok && i < sums.list.count; i++) compare(c, sums.list.at[i]->key, sums.list.at[i]->n, sums.list.at[i]->of);
  text_map_free(&sums.keys);
  vector_free(&sums.list);
  return ok;
}

bool month_count(const MonthRooms *rooms, int64_t *compared, int64_t *differences, Buffer *said, Error *error) {
  Recount count = {.rooms = rooms};
  arena_begin(&count.arena, 0);
  bool ok = event_after(rooms->db, rooms->orders->county_id, 0, INT64_MAX, hear, &count, error);
  if (ok && count.problem) ok = error_raise(error, ERROR_INTERNAL, "%s", count.problem);
  Comparing comparing = {.count = &count, .said = said};
  ok = ok && compare_promises(&comparing, error) && compare_kinds(&comparing, error);
  /* and nothing that the events tell may be missing on the boards */
  if (ok && comparing.compared < (int64_t)count.figures.count && !comparing.differences)
    ok = error_raise(error, ERROR_INTERNAL, "the events tell %zu figures, the boards %lld", count.figures.count, (long long)comparing.compared);
  *compared = comparing.compared, *differences = comparing.differences;
  map_free(&count.orders);
  vector_free(&count.list);
  text_map_free(&count.keys);
  vector_free(&count.figures);
  arena_end(&count.arena);
  return ok;
}
