#include "order/sum_check.h"

#include <math.h>
#include <stdio.h>

#include "order/answer.h"
#include "order/board.h"

/* --- promises, from the trails --- */

static bool number_of_text(SumCheck *check, Text id, int64_t *number) {
  bool fresh;
  *number = (int64_t)check->promises.count;
  return text_map_put(&check->promises, id, number, &fresh);
}

static bool number_of(SumCheck *check, const Promise *promise, int64_t *number) {
  int64_t address = (int64_t)(intptr_t)promise;
  if (map_get(&check->numbers, address, number)) return true;
  return number_of_text(check, promise->origin.id, number) && map_put(&check->numbers, address, *number);
}

static int64_t key_of(int64_t number, int32_t day, int area) { return number << 32 | (int64_t)day << 2 | area; }

static void count(SumCheck *check, const Promise *promise, int32_t day, int area, bool kept, Span used) {
  int64_t number, place = (int64_t)check->counts.count;
  if (!number_of(check, promise, &number)) {
    check->failed = true;
    return;
  }
  int64_t key = key_of(number, day, area);
  if (!map_get(&check->places, key, &place) && (!map_put(&check->places, key, place) || !vector_push(&check->counts, (SumCount){0}))) {
    check->failed = true;
    return;
  }
  SumCount *sum = &check->counts.at[place];
  sum->measured++, sum->kept += kept, sum->used += used;
}

typedef struct Following {
  SumCheck *check;
  const Order *order;
} Following;

static void follow(void *self, unsigned event, Instant at, const ClockSet *set, const ClockChange *change) {
  const Following *following = self;
  const Order *order = following->order;
  (void)event;
  for (uint32_t ended = change->ended; ended; ended &= ended - 1) {
    size_t c = (size_t)__builtin_ctz(ended);
    const KindClock *clock = &order->kind->clocks[c];
    const ClockState *state = &set->at[c];
    if (state->phase != CLOCK_STOPPED) continue;
    int32_t day = board_day(at);
    count(following->check, clock->promise, 0, 0, false, 0);
    count(following->check, clock->promise, day, order->area, !clock_broken(state, &clock->promise->clock, state->since), state->used);
    for (size_t i = 0; i < clock->also_count; i++)
      count(following->check, clock->also[i], day, order->area, state->used <= clock->also[i]->limit[order->area], state->used);
  }
}

bool sum_check_order(SumCheck *check, const Order *order, Text trail) {
  ClockSet set;
  Following following = {check, order};
  bool readable = fold_trail(&set, order->kind, order->area, order->accepted_at, trail, follow, &following);
  (void)readable; /* else told already */
  return !check->failed;
}

typedef struct Comparing {
  SumCheck *check;
  char *problem;
  size_t matched;       /* places that have their row */
} Comparing;

static const SumCount *counted(Comparing *comparing, const RollEntry *row, int32_t day) {
  static const SumCount NOTHING;
  int64_t number, place;
  if (!text_map_get(&comparing->check->promises, row->name, &number) ||
      !map_get(&comparing->check->places, key_of(number, day, row->area), &place))
    return &NOTHING;
  comparing->matched++;
  return &comparing->check->counts.at[place];
}

static bool compare_day(void *self, const RollEntry *row) {
  Comparing *comparing = self;
  const SumCount *sum = counted(comparing, row, (int32_t)row->org);
  if ((sum->measured != row->of || sum->kept != row->n || sum->used != row->used) && !comparing->problem[0])
    snprintf(comparing->problem, ERROR_TEXT_MAX, "the sums of promise '%.*s' of %d are not what was measured", TEXT_ARG(row->name), (int)row->org);
  return true;
}

static bool compare_runs(void *self, const RollEntry *row) {
  Comparing *comparing = self;
  if (counted(comparing, row, 0)->measured != row->of && !comparing->problem[0])
    snprintf(comparing->problem, ERROR_TEXT_MAX, "the clocks of promise '%.*s' that were measured are not what its sums say", TEXT_ARG(row->name));
  return true;
}

/* --- what is rolled up --- */

typedef bool (*SumsRead)(Db *db, int64_t county_id, int32_t from, int32_t to, RollVisit visit, void *self, Error *error);
typedef struct Gathering {
  const Orders *orders;
  Arena *arena;
  RollEntries list;
  Text name, figure;
  bool spread;
} Gathering;

static bool keep_text(Gathering *all, Text *kept, Text text) {
  if (!kept->at || !text_equal(*kept, text)) *kept = text_copy(all->arena, text);
  return kept->at;
}

static bool gather(void *self, const RollEntry *row) {
  Gathering *all = self;
  RollEntry one = *row;
  if (!keep_text(all, &all->name, row->name) || (row->figure.at && !keep_text(all, &all->figure, row->figure))) return false;
  one.name = all->name;
  if (row->figure.at) one.figure = all->figure;
  return all->spread ? roll_spread(&all->list, all->orders, &one) : vector_push(&all->list, one);
}

static bool same(const RollEntry *a, const RollEntry *b) {
  return a->org == b->org && a->area == b->area && a->n == b->n && a->of == b->of && a->used == b->used && text_equal(a->name, b->name) &&
         (!a->figure.at || text_equal(a->figure, b->figure)) && fabs(a->total - b->total) <= 1e-9 * (1 + fabs(a->total));
}

static void compare_rolled(const RollEntries *want, const RollEntries *have, const char *what, char *problem) {
  for (size_t i = 0; i < want->count || i < have->count; i++) {
    if (i < want->count && i < have->count && same(&want->at[i], &have->at[i])) continue;
    const RollEntry *one = i < want->count ? &want->at[i] : &have->at[i];
    snprintf(problem, ERROR_TEXT_MAX, "the sums by %s of '%.*s' of org %lld are not those of its days", what, TEXT_ARG(one->name), (long long)one->org);
    return;
  }
}

static bool check_rolled(const Orders *orders, Db *db, int32_t until, SumsRead days, SumsRead rolled, char *problem, Error *error) {
  static const struct {
    const char *what;
    int32_t from, to;
  } LENGTHS[] = {{"day", 10000000, 99999999}, {"month", 100000, 999999}, {"year", 1000, 9999}};
  Arena arena;
  arena_begin(&arena, 0);
  Gathering want = {.orders = orders, .arena = &arena, .spread = true};
  bool ok = days(db, orders->county_id, 1, until, gather, &want, error);
  roll_merge(&want.list);
  for (size_t i = 0; ok && !problem[0] && i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
    Gathering have = {.orders = orders, .arena = &arena};
    ok = rolled(db, orders->county_id, LENGTHS[i].from, LENGTHS[i].to, gather, &have, error);
    roll_merge(&have.list);
    if (ok) compare_rolled(&want.list, &have.list, LENGTHS[i].what, problem);
    vector_free(&have.list);
  }
  vector_free(&want.list);
  arena_end(&arena);
  return ok;
}

static bool check_answers(const Orders *orders, Db *db, char *problem, Error *error) {
  Arena arena;
  RollEntries want = {0}, have = {0};
  arena_begin(&arena, 0);
  bool ok = answers_counted(&want, &arena, db, orders, error) && answers_kept(&have, &arena, db, orders->county_id, error);
  if (ok) compare_rolled(&want, &have, "month, satisfaction", problem);
  vector_free(&want), vector_free(&have);
  arena_end(&arena);
  return ok;
}

bool sum_check_compare(SumCheck *check, Db *db, char *problem, Error *error) {
  const Orders *orders = check->orders;
  Comparing comparing = {.check = check, .problem = problem};
  int32_t until;
  if (!store_sums_by_day(db, orders->county_id, compare_day, &comparing, error) ||
      !store_runs(db, orders->county_id, compare_runs, &comparing, error) || !store_rolled(&until, db, orders->county_id, orders->tree, error))
    return false;
  if (!problem[0] && comparing.matched != check->counts.count) snprintf(problem, ERROR_TEXT_MAX, "%s", "sums of promises are missing");
  if (!problem[0] && until >= 0 && !check_answers(orders, db, problem, error)) return false;
  if (problem[0] || until <= 0) return true;
  return check_rolled(orders, db, until, store_sums_by_part, store_all_rolled_sums, problem, error) &&
         (problem[0] || check_rolled(orders, db, until, store_figures_by_part, store_all_rolled_figures, problem, error));
}

void sum_check_free(SumCheck *check) {
  text_map_free(&check->promises);
  map_free(&check->numbers);
  map_free(&check->places);
  vector_free(&check->counts);
}
