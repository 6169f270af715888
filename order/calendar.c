#include <assert.h>

#include "order/clock.h"

/* Every day of the table knows the working time before it and which pattern of hours it has. */
enum { PATTERNS_MAX = 256 };

typedef struct Pattern {
  CalendarHours hours;
  Span length;
} Pattern;

struct Calendar {
  bool always;
  int32_t first_day, day_count;
  Span day_length;
  Span *before;     /* day_count + 1: working time of all days before this one */
  uint8_t *pattern; /* day_count */
  int pattern_count;
  Pattern patterns[PATTERNS_MAX];
};

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int32_t calendar_day_of(Instant instant) { return (int32_t)floor_div(instant + ZONE_SHANGHAI, SPAN_DAY); }

static Instant day_begins(int32_t day) { return day * SPAN_DAY - ZONE_SHANGHAI; }

static int32_t first_of_year(int year) {
  return (int32_t)(instant_of((Civil){.year = year, .month = 1, .day = 1}, 0) / SPAN_DAY);
}

static bool hours_sound(const CalendarHours *hours) {
  if (hours->count < 0 || hours->count > CALENDAR_INTERVALS_MAX) return false;
  int32_t last = -1;
  for (int i = 0; i < hours->count; i++) {
    if (hours->at[i].from_s <= last || hours->at[i].to_s <= hours->at[i].from_s || hours->at[i].to_s > 86400) return false;
    last = hours->at[i].to_s;
  }
  return true;
}

static bool hours_equal(const CalendarHours *a, const CalendarHours *b) {
  if (a->count != b->count) return false;
  for (int i = 0; i < a->count; i++)
    if (a->at[i].from_s != b->at[i].from_s || a->at[i].to_s != b->at[i].to_s) return false;
  return true;
}

static bool pattern_of(uint8_t *out, Calendar *calendar, const CalendarHours *hours, Error *error) {
  if (!hours_sound(hours)) return error_raise(error, ERROR_RULE_CALENDAR, "%s", "工作时段须按先后排列且互不相接" ERROR_BOTH "working intervals must be in order and must not touch");
  for (int i = 0; i < calendar->pattern_count; i++) {
    if (!hours_equal(&calendar->patterns[i].hours, hours)) continue;
    *out = (uint8_t)i;
    return true;
  }
  if (calendar->pattern_count == PATTERNS_MAX) return error_raise(error, ERROR_LIMIT, "different working days\t%d", PATTERNS_MAX);
  Pattern *pattern = &calendar->patterns[calendar->pattern_count];
  *pattern = (Pattern){.hours = *hours};
  for (int i = 0; i < hours->count; i++) pattern->length += (hours->at[i].to_s - hours->at[i].from_s) * SPAN_SECOND;
  *out = (uint8_t)calendar->pattern_count++;
  return true;
}

static bool lay_out_days(Calendar *calendar, const CalendarRules *rules, Error *error) {
  for (int32_t i = 0; i < calendar->day_count; i++) { /* 1970-01-01 was a Thursday */
    if (!pattern_of(&calendar->pattern[i], calendar, &rules->week[(calendar->first_day + i + 4) % 7], error)) return false;
  }
  for (size_t i = 0; i < rules->exception_count; i++) {
    int32_t at = rules->exceptions[i].day - calendar->first_day;
    if (at < 0 || at >= calendar->day_count)
      return error_raise(error, ERROR_RULE_CALENDAR, "日期不在 %d 至 %d 年之间" ERROR_BOTH "a day outside the years %d to %d", CALENDAR_FIRST_YEAR, CALENDAR_LAST_YEAR,
                         CALENDAR_FIRST_YEAR, CALENDAR_LAST_YEAR);
    if (!pattern_of(&calendar->pattern[at], calendar, &rules->exceptions[i].hours, error)) return false;
  }
  return true;
}

static bool sum_days(Calendar *calendar, Error *error) {
  int32_t days[PATTERNS_MAX] = {0};
  for (int32_t i = 0; i < calendar->day_count; i++) {
    calendar->before[i + 1] = calendar->before[i] + calendar->patterns[calendar->pattern[i]].length;
    days[calendar->pattern[i]]++;
  }
  for (int year = CALENDAR_FIRST_YEAR; year <= CALENDAR_LAST_YEAR; year++) {
    int32_t from = first_of_year(year) - calendar->first_day, to = first_of_year(year + 1) - calendar->first_day;
    if (calendar->before[from] == calendar->before[to]) return error_raise(error, ERROR_RULE_CALENDAR, "%d 年没有一个工作日" ERROR_BOTH "%d has no working day", year, year);
  }
  int commonest = -1;
  for (int i = 0; i < calendar->pattern_count; i++)
    if (calendar->patterns[i].length > 0 && (commonest < 0 || days[i] > days[commonest])) commonest = i;
  calendar->day_length = calendar->patterns[commonest].length;
  return true;
}

bool calendar_make(Calendar **out, const CalendarRules *rules, Error *error) {
  bool ok = false;
  Calendar *calendar = memory_new(sizeof *calendar);
  if (!calendar) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "calendar");
  calendar->always = rules->always;
  calendar->day_length = SPAN_DAY;
  if (!rules->always) {
    calendar->first_day = first_of_year(CALENDAR_FIRST_YEAR);
    calendar->day_count = first_of_year(CALENDAR_LAST_YEAR + 1) - calendar->first_day;
    calendar->before = memory_new(((size_t)calendar->day_count + 1) * sizeof *calendar->before);
    calendar->pattern = memory_new((size_t)calendar->day_count);
    if (!calendar->before || !calendar->pattern) {
      error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "calendar");
      goto done;
    }
    if (!lay_out_days(calendar, rules, error) || !sum_days(calendar, error)) goto done;
  }
  *out = calendar;
  ok = true;
done:
  if (!ok) calendar_free(calendar);
  return ok;
}

void calendar_free(Calendar *calendar) {
  if (!calendar) return;
  memory_free(calendar->before);
  memory_free(calendar->pattern);
  memory_free(calendar);
}

bool calendar_is_always(const Calendar *calendar) { return calendar->always; }
Span calendar_day_length(const Calendar *calendar) { return calendar->day_length; }

/* Working time from the table's beginning to `at`. */
static Span worked_before(const Calendar *calendar, Instant at) {
  int32_t day = calendar_day_of(at) - calendar->first_day;
  if (day < 0) return 0;
  if (day >= calendar->day_count) return calendar->before[calendar->day_count];
  const CalendarHours *hours = &calendar->patterns[calendar->pattern[day]].hours;
  Span worked = calendar->before[day], within = at - day_begins(day + calendar->first_day);
  for (int i = 0; i < hours->count; i++) {
    Span from = hours->at[i].from_s * SPAN_SECOND, to = hours->at[i].to_s * SPAN_SECOND;
    if (within <= from) break;
    worked += (within < to ? within : to) - from;
  }
  return worked;
}

Span calendar_worked(const Calendar *calendar, Instant from, Instant to) {
  if (to <= from) return 0;
  return calendar->always ? to - from : worked_before(calendar, to) - worked_before(calendar, from);
}

/* The day whose working time takes the count past `goal` or up to it: before[day] < goal ≤ before[day + 1]. Most limits end within days, so
 * the search gallops from `day`. */
static int32_t day_of_goal(const Calendar *calendar, int32_t day, Span goal) {
  int32_t low = day, step = 1;
  while (low + step < calendar->day_count && calendar->before[low + step] < goal) low += step, step *= 2;
  int32_t high = low + step < calendar->day_count ? low + step : calendar->day_count;
  while (high - low > 1) {
    int32_t middle = low + (high - low) / 2;
    if (calendar->before[middle] < goal) low = middle;
    else high = middle;
  }
  return low;
}

Instant calendar_after(const Calendar *calendar, Instant from, Span worked) {
  if (worked <= 0) return from;
  if (calendar->always) return from + worked;
  Span goal = worked_before(calendar, from) + worked;
  if (goal > calendar->before[calendar->day_count]) return INSTANT_NONE;
  int32_t day = calendar_day_of(from) - calendar->first_day;
  day = day_of_goal(calendar, day < 0 ? 0 : day, goal);
  const CalendarHours *hours = &calendar->patterns[calendar->pattern[day]].hours;
  Span left = goal - calendar->before[day];
  for (int i = 0; i < hours->count; i++) {
    Span length = (hours->at[i].to_s - hours->at[i].from_s) * SPAN_SECOND;
    if (left <= length) return day_begins(day + calendar->first_day) + hours->at[i].from_s * SPAN_SECOND + left;
    left -= length;
  }
  assert(false); /* a day's hours add up to its length */
  return INSTANT_NONE;
}
