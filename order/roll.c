#include "order/roll.h"

#include <stdlib.h>

#include "order/answer.h"
#include "order/board.h"

enum { ROWS_A_TICK = 10000 }; /* calls must not wait; the rest comes with the next tick */
static const Span QUIET = 3 * SPAN_HOUR; /* after midnight: on some evenings of the year everybody calls then */

/* --- periods --- */

static int days_of_month(int32_t month) { /* 202611 */
  static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = month / 100;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return DAYS[month % 100 - 1] + (month % 100 == 2 && leap);
}

int32_t roll_day_after(int32_t day) {
  int32_t month = day / 100;
  if (day % 100 < days_of_month(month)) return day + 1;
  return (month % 100 == 12 ? month + 89 : month + 1) * 100 + 1;
}

static int32_t month_after(int32_t month) { return month % 100 == 12 ? month + 89 : month + 1; }

static size_t put_span(RollSpan *out, size_t count, int32_t from, int32_t to, int sign) {
  if (from <= to) out[count++] = (RollSpan){from, to, sign};
  return count;
}

/* Some days of a month, by themselves or as the month without the others, whichever is less to read. */
static size_t put_days(RollSpan *out, size_t count, int32_t from, int32_t to, bool complete) {
  int32_t month = from / 100, last = month * 100 + days_of_month(month);
  if (!complete || to - from < 16) return put_span(out, count, from, to, 1);
  count = put_span(out, count, month, month, 1);
  count = put_span(out, count, month * 100 + 1, from - 1, -1);
  return put_span(out, count, to + 1, last, -1);
}

/* Whole months, and years where there are whole ones. */
static size_t put_months(RollSpan *out, size_t count, int32_t from, int32_t to) {
  int32_t first = from % 100 == 1 ? from / 100 : from / 100 + 1, last = to % 100 == 12 ? to / 100 : to / 100 - 1;
  if (first > last) return put_span(out, count, from, to, 1);
  count = put_span(out, count, from, (first - 1) * 100 + 12, 1);
  count = put_span(out, count, first, last, 1);
  return put_span(out, count, (last + 1) * 100 + 1, to, 1);
}

size_t roll_spans(RollSpan out[ROLL_SPANS_MAX], int32_t from, int32_t to, int32_t until) {
  size_t count = 0;
  int32_t whole_from = 0, whole_to = 0;
  for (int32_t month = from / 100; from <= to && month <= to / 100; month = month_after(month)) {
    int32_t first = month * 100 + 1, last = month * 100 + days_of_month(month);
    int32_t a = from > first ? from : first, b = to < last ? to : last;
    if (a == first && b == last && until >= last) {
      if (!whole_from) whole_from = month;
      whole_to = month;
    } else if (a <= b) {
      count = put_days(out, count, a, b, until >= last);
    }
  }
  return whole_from ? put_months(out, count, whole_from, whole_to) : count;
}

/* --- parts --- */

size_t roll_line(int64_t out[ROLL_LINE_MAX], const Orders *orders, int64_t org_id) {
  const People *people = orders->people;
  size_t count = 0, row;
  while (people && org_id && count + 1 < ROLL_LINE_MAX && people_org_row(people, org_id, &row)) {
    out[count++] = org_id;
    org_id = people_org(people, row)->parent_id;
  }
  if (!count) out[count++] = ROLL_ELSEWHERE;
  out[count++] = ROLL_ALL;
  return count;
}

bool roll_spread(RollEntries *out, const Orders *orders, const RollEntry *entry) {
  int64_t line[ROLL_LINE_MAX];
  size_t count = roll_line(line, orders, entry->org);
  for (size_t i = 0; i < count; i++) {
    RollEntry one = *entry;
    one.org = line[i];
    if (!vector_push(out, one)) return false;
  }
  return true;
}

static int compare_entries(const void *a, const void *b) {
  const RollEntry *x = a, *y = b;
  if (x->org != y->org) return x->org < y->org ? -1 : 1;
  int names = text_compare(x->name, y->name), figures = names ? 0 : text_compare(x->figure, y->figure);
  return names ? names : figures ? figures : x->area - y->area;
}

void roll_merge(RollEntries *list) {
  size_t kept = 0;
  if (list->count) qsort(list->at, list->count, sizeof *list->at, compare_entries);
  for (size_t i = 0; i < list->count; i++) {
    if (kept && compare_entries(&list->at[kept - 1], &list->at[i]) == 0) {
      RollEntry *sum = &list->at[kept - 1];
      sum->n += list->at[i].n, sum->of += list->at[i].of, sum->used += list->at[i].used, sum->total += list->at[i].total;
    } else {
      list->at[kept++] = list->at[i];
    }
  }
  list->count = kept;
}

int64_t roll_tree(const Orders *orders) {
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; orders->people && i < people_org_count(orders->people); i++) {
    const Org *org = people_org(orders->people, i);
    hash = (hash ^ (uint64_t)org->id) * 1099511628211u;
    hash = (hash ^ (uint64_t)org->parent_id) * 1099511628211u;
  }
  return (int64_t)(hash >> 1);
}

/* --- making --- */

typedef struct Making {
  const Orders *orders;
  Arena *arena;
  RollEntries list;
  Text name, figure; /* of the row before: mostly the same again */
} Making;

static bool same_text(Making *making, Text *kept, Text text) {
  if (!kept->at || !text_equal(*kept, text)) *kept = text_copy(making->arena, text);
  return kept->at;
}

static bool gather(void *self, const RollEntry *entry) {
  Making *making = self;
  RollEntry one = *entry;
  if (!same_text(making, &making->name, entry->name) || (entry->figure.at && !same_text(making, &making->figure, entry->figure))) return false;
  one.name = making->name;
  if (entry->figure.at) one.figure = making->figure;
  return roll_spread(&making->list, making->orders, &one);
}

static bool write_entry(DeskContext *context, const RollEntry *entry, int32_t day, Error *error) {
  bool (*write)(DeskContext *, const RollEntry *, int32_t, Error *) = entry->figure.at ? store_roll_figure : store_roll_promise;
  return write(context, entry, day, error) && write(context, entry, day / 100, error) && write(context, entry, day / 10000, error);
}

static bool roll_day(DeskContext *context, const Orders *orders, int32_t day, size_t *rows, Error *error) {
  Making making = {.orders = orders, .arena = context->arena};
  bool ok = store_day_sums(context->db, orders->county_id, day, day, gather, &making, error) &&
            store_day_figures(context->db, orders->county_id, day, day, gather, &making, error);
  roll_merge(&making.list);
  for (size_t i = 0; ok && i < making.list.count; i++) ok = write_entry(context, &making.list.at[i], day, error);
  *rows += making.list.count;
  vector_free(&making.list);
  return ok;
}

static bool roll_days(DeskContext *context, Orders *orders, int32_t yesterday, Error *error) {
  size_t rows = 0;
  while (rows < ROWS_A_TICK && orders->rolled < yesterday) {
    int32_t day;
    if (!store_day_with_sums(&day, context->db, orders->county_id, orders->rolled, error)) return false;
    if (!day || day > yesterday) day = yesterday;
    if (!roll_day(context, orders, day, &rows, error)) return false;
    orders->rolled = day;
  }
  return store_set_rolled(context, orders->rolled, orders->tree, error);
}

/* What was rolled up along another tree goes first. */
static bool clear_some(DeskContext *context, Orders *orders, Error *error) {
  bool found;
  if (!store_unroll_some(&found, context, error)) return false;
  if (found) return true;
  orders->rolled = 0;
  return answers_anew(context, orders, error);
}

bool roll_tick(DeskContext *context, void *self, Error *error) {
  Orders *orders = self;
  int32_t yesterday = board_day(context->now - SPAN_DAY - QUIET);
  if (orders->rolled >= yesterday) return true;
  if (orders->rolled < 0 && !clear_some(context, orders, error)) return desk_spoil(context);
  if (orders->rolled >= 0 && !roll_days(context, orders, yesterday, error)) return desk_spoil(context);
  return true;
}

bool roll_late(DeskContext *context, const Orders *orders, const RollEntry *entry, int32_t day, Error *error) {
  int64_t line[ROLL_LINE_MAX];
  size_t count = roll_line(line, orders, entry->org);
  for (size_t i = 0; i < count; i++) {
    RollEntry one = *entry;
    one.org = line[i];
    if (!write_entry(context, &one, day, error)) return false;
  }
  return true;
}
