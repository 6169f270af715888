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

/* --- sums over all periods, by part --- */

typedef struct Total {
  Arena *arena;
  TextMap words;        /* → number; texts in the arena */
  Map orgs, places;     /* id → number; part, name, figure and area → place in list */
  RollEntries list;
  VECTOR(Text) texts;   /* by number */
  int64_t last[2];      /* numbers of the row before, mostly the same again */
} Total;

static bool word_of(Total *total, int which, Text text, int64_t *number) {
  bool fresh;
  *number = total->last[which];
  if ((size_t)*number < total->texts.count && text_equal(total->texts.at[*number], text)) return true;
  if (!text_map_get(&total->words, text, number)) {
    Text copy = text_copy(total->arena, text);
    *number = (int64_t)total->texts.count;
    if (!copy.at || !text_map_put(&total->words, copy, number, &fresh) || !vector_push(&total->texts, copy)) return false;
  }
  total->last[which] = *number;
  return true;
}

static bool total_add(Total *total, const RollEntry *entry) {
  int64_t name, figure = 0, org, place = (int64_t)total->list.count;
  if (!word_of(total, 0, entry->name, &name) || (entry->figure.at && !word_of(total, 1, entry->figure, &figure))) return false;
  if (!map_get(&total->orgs, entry->org, &org)) {
    org = (int64_t)total->orgs.count;
    if (!map_put(&total->orgs, entry->org, org)) return false;
  }
  int64_t key = org << 34 | name << 18 | figure << 2 | entry->area;
  if (!map_get(&total->places, key, &place)) {
    RollEntry one = *entry;
    one.name = total->texts.at[name];
    if (entry->figure.at) one.figure = total->texts.at[figure];
    return map_put(&total->places, key, place) && vector_push(&total->list, one);
  }
  RollEntry *sum = &total->list.at[place];
  sum->n += entry->n, sum->of += entry->of, sum->used += entry->used, sum->total += entry->total;
  return true;
}

static void total_free(Total *total) {
  text_map_free(&total->words);
  map_free(&total->orgs), map_free(&total->places);
  vector_free(&total->texts);
  vector_free(&total->list);
}

/* --- what is kept, against what was counted --- */

enum { BY_DAY, BY_MONTH, BY_YEAR, LENGTHS };
typedef struct Comparing {
  SumCheck *check;
  int32_t until;
  char *problem;
  Total days;           /* up to `until` */
  Total rolled[LENGTHS];
} Comparing;

static void take_off(Comparing *comparing, const RollEntry *row, int32_t day) {
  SumCheck *check = comparing->check;
  int64_t number, place;
  if (text_map_get(&check->promises, row->name, &number) && map_get(&check->places, key_of(number, day, row->area), &place)) {
    SumCount *sum = &check->counts.at[place];
    sum->measured -= row->of, sum->kept -= row->n, sum->used -= row->used;
  } else if ((row->of || row->n || row->used) && !comparing->problem[0]) {
    snprintf(comparing->problem, ERROR_TEXT_MAX, "there are sums of promise '%.*s' of %d, but nothing was measured", TEXT_ARG(row->name), (int)day);
  }
}

static bool read_sum(void *self, const RollEntry *row, int32_t period) {
  Comparing *comparing = self;
  take_off(comparing, row, period);
  return period > comparing->until || total_add(&comparing->days, row);
}
static bool read_figure(void *self, const RollEntry *row, int32_t period) {
  Comparing *comparing = self;
  return period > comparing->until || total_add(&comparing->days, row);
}
static bool read_run(void *self, const RollEntry *row) {
  take_off(self, row, 0);
  return true;
}
static bool read_rolled(void *self, const RollEntry *row, int32_t period) {
  Comparing *comparing = self;
  return total_add(&comparing->rolled[period > 9999999 ? BY_DAY : period > 9999 ? BY_MONTH : BY_YEAR], row);
}

/* All that was counted must have been taken off again. */
static void check_left(Comparing *comparing) {
  const SumCheck *check = comparing->check;
  size_t at = 0;
  int64_t key, place;
  while (!comparing->problem[0] && map_next(&check->places, &at, &key, &place)) {
    const SumCount *left = &check->counts.at[place];
    if (!left->measured && !left->kept && !left->used) continue;
    Text id = TEXT("");
    for (size_t i = 0; check->promises.slots && i <= check->promises.mask; i++)
      if (check->promises.slots[i].key.at && check->promises.slots[i].value == key >> 32) id = check->promises.slots[i].key;
    snprintf(comparing->problem, ERROR_TEXT_MAX, "the sums of promise '%.*s' of %d are not what was measured", TEXT_ARG(id), (int)(key >> 2 & 0x3fffffff));
  }
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

static bool compare_lengths(Comparing *comparing, Error *error) {
  static const char *const WHAT[] = {"day", "month", "year"};
  RollEntries want = {0};
  bool ok = true;
  for (size_t i = 0; ok && i < comparing->days.list.count; i++) ok = roll_spread(&want, comparing->check->orders, &comparing->days.list.at[i]);
  roll_merge(&want);
  for (int i = 0; ok && !comparing->problem[0] && i < LENGTHS; i++) {
    roll_merge(&comparing->rolled[i].list);
    compare_rolled(&want, &comparing->rolled[i].list, WHAT[i], comparing->problem);
  }
  vector_free(&want);
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "check");
}

typedef bool (*SumsRead)(Db *db, int64_t county_id, bool rolled, PeriodVisit visit, void *self, Error *error);

static bool check_sums(Comparing *comparing, Db *db, SumsRead read, PeriodVisit of_days, Error *error) {
  int64_t county_id = comparing->check->orders->county_id;
  Arena arena;
  arena_begin(&arena, 0);
  comparing->days = (Total){.arena = &arena};
  for (int i = 0; i < LENGTHS; i++) comparing->rolled[i] = (Total){.arena = &arena};
  bool ok = read(db, county_id, false, of_days, comparing, error);
  if (ok && comparing->until > 0 && !comparing->problem[0])
    ok = read(db, county_id, true, read_rolled, comparing, error) && compare_lengths(comparing, error);
  total_free(&comparing->days);
  for (int i = 0; i < LENGTHS; i++) total_free(&comparing->rolled[i]);
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
  if (!store_rolled(&comparing.until, db, orders->county_id, orders->tree, error) ||
      !store_runs(db, orders->county_id, read_run, &comparing, error) || !check_sums(&comparing, db, store_all_sums, read_sum, error))
    return false;
  check_left(&comparing);
  if (!problem[0] && !check_sums(&comparing, db, store_all_figures, read_figure, error)) return false;
  return problem[0] || comparing.until < 0 || check_answers(orders, db, problem, error);
}

void sum_check_free(SumCheck *check) {
  text_map_free(&check->promises);
  map_free(&check->numbers);
  map_free(&check->places);
  vector_free(&check->counts);
}
