#include "crew/roster.h"

#include "crew/plan_internal.h"

int32_t roster_day(Instant at) {
  Civil local = civil_of(at, ZONE_SHANGHAI);
  return (int32_t)(local.year * 10000 + local.month * 100 + local.day);
}

Instant roster_midnight(int32_t day) { return instant_of((Civil){day / 10000, day / 100 % 100, day % 100, 0, 0, 0, 0, 0}, ZONE_SHANGHAI); }

static const DutyDay *row_of(const Crew *crew, int32_t day) {
  for (size_t i = 0; i < crew->roster_count; i++)
    if (crew->roster[i].day == day) return &crew->roster[i];
  return NULL;
}

DutyDay roster_of(const Crew *crew, int32_t day) {
  const DutyDay *row = row_of(crew, day);
  if (row) return *row;
  return (DutyDay){.crew = crew->id, .day = day, .duty = DUTY_ON, .from = (int16_t)crew->shift_from, .until = (int16_t)crew->shift_until};
}

static bool span_of_day(const Crew *crew, Instant midnight, DutySpan *out) {
  DutyDay duty = roster_of(crew, roster_day(midnight));
  *out = (DutySpan){midnight + duty.from * SPAN_MINUTE, midnight + duty.until * SPAN_MINUTE + (duty.until <= duty.from ? SPAN_DAY : 0), (Duty)duty.duty};
  return duty.duty != DUTY_OFF;
}

bool roster_span(const Crew *crew, Instant at, DutySpan *out) {
  Instant midnight = roster_midnight(roster_day(at));
  bool found = false;
  for (int day = -1; day <= 1; day++) { /* last night's may still run */
    DutySpan span;
    if (!span_of_day(crew, midnight + day * SPAN_DAY, &span) || span.until <= at) continue;
    bool runs = span.from <= at, ran = found && out->from <= at;
    if (span.from > at + SPAN_DAY || (found && ran && (!runs || span.duty != DUTY_ON)) || (found && !runs && out->from <= span.from)) continue;
    *out = span, found = true;
  }
  /* one duty that ends as the next begins is one: a crew without set hours is always there */
  DutySpan next;
  for (int day = 0; found && day <= 1; day++)
    if (span_of_day(crew, midnight + day * SPAN_DAY, &next) && next.from == out->until && next.duty == out->duty) out->until = next.until;
  return found;
}

static void link_rows(Crews *crews) {
  for (size_t c = 0; c < crews->crews.count; c++) {
    Crew *crew = &crews->crews.at[c];
    crew->roster = NULL, crew->roster_count = 0;
    for (size_t i = 0; i < crews->roster.count; i++) {
      if (crews->roster.at[i].crew.value != crew->id.value) continue;
      if (!crew->roster_count++) crew->roster = &crews->roster.at[i];
    }
  }
}

bool roster_adopt(Crews *crews, const DutyDay *day, Error *error) {
  size_t at = 0;
  while (at < crews->roster.count && (crews->roster.at[at].crew.value < day->crew.value ||
                                      (crews->roster.at[at].crew.value == day->crew.value && crews->roster.at[at].day < day->day)))
    at++;
  bool known = at < crews->roster.count && crews->roster.at[at].crew.value == day->crew.value && crews->roster.at[at].day == day->day;
  if (!known) {
    if (!vector_push(&crews->roster, *day)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roster");
    memmove(crews->roster.at + at + 1, crews->roster.at + at, (crews->roster.count - 1 - at) * sizeof *crews->roster.at);
  }
  crews->roster.at[at] = *day;
  link_rows(crews);
  return true;
}

static bool sound_day(int32_t day, Error *error) {
  return roster_day(roster_midnight(day)) == day && day > 20000000 ? true : error_raise(error, ERROR_FIELD_INVALID, "day\t%d\tYYYYMMDD", day);
}

static bool write_day(DeskContext *context, Crews *crews, const DutyDay *day, Error *error) {
  Buffer buffer;
  Json json;
  buffer_begin(&buffer, 0);
  json_begin(&json, &buffer);
  json_open_object(&json);
  json_put_i64(&json, "day", day->day);
  json_put_i64(&json, "duty", day->duty);
  json_put_i64(&json, "from", day->from);
  json_put_i64(&json, "until", day->until);
  json_close(&json);
  bool ok = !buffer.failed && roster_row_save(context->db, context->county_id, day, error) &&
            desk_event(context, "crew.duty", "crew", day->crew.value, buffer_as_text(&buffer), error);
  if (buffer.failed) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roster");
  buffer_end(&buffer);
  if (!ok) return false;
  plan_touch(crews);
  return roster_adopt(crews, day, error);
}

bool roster_set(DeskContext *context, Crews *crews, const DutyDay *day, Error *error) {
  const Crew *crew = crew_find(crews, day->crew);
  if (!crew) return error_raise(error, ERROR_NOT_FOUND, "crew\t%lld", (long long)day->crew.value);
  if (!sound_day(day->day, error)) return false;
  if (day->from < 0 || day->from >= 1440) return error_raise(error, ERROR_FIELD_INVALID, "from\t%d\t00:00…23:59", day->from);
  if (day->until < 0 || day->until > 1440) return error_raise(error, ERROR_FIELD_INVALID, "until\t%d\t00:00…24:00", day->until);
  DutyDay was = roster_of(crew, day->day), next = *day;
  if (day->version != was.version) return error_raise(error, ERROR_CONFLICT, "roster %d\t%d", day->day, was.version);
  next.version = was.version + 1;
  return write_day(context, crews, &next, error);
}

bool roster_swap(DeskContext *context, Crews *crews, CrewId a, int32_t day_a, CrewId b, int32_t day_b, Error *error) {
  const Crew *one = crew_find(crews, a), *two = crew_find(crews, b);
  if (!one || !two) return error_raise(error, ERROR_NOT_FOUND, "crew\t%lld", (long long)(one ? b.value : a.value));
  if (!sound_day(day_a, error) || !sound_day(day_b, error)) return false;
  DutyDay first = roster_of(one, day_a), second = roster_of(two, day_b);
  DutyDay to_first = {.crew = a, .day = day_a, .duty = second.duty, .from = second.from, .until = second.until, .version = first.version + 1};
  DutyDay to_second = {.crew = b, .day = day_b, .duty = first.duty, .from = first.from, .until = first.until, .version = second.version + 1};
  if (a.value != b.value && day_a == day_b) /* both rows are the day's own */
    return (write_day(context, crews, &to_first, error) && write_day(context, crews, &to_second, error)) || desk_spoil(context);
  /* on two days: each takes the other's duty on the other's day, and has its own day off */
  DutyDay off_first = roster_of(one, day_a), off_second = roster_of(two, day_b), on_first = roster_of(one, day_b), on_second = roster_of(two, day_a);
  if (a.value == b.value) return error_raise(error, ERROR_FIELD_INVALID, "crew_b\t%lld\tanother crew", (long long)b.value);
  on_first.duty = second.duty, on_first.from = second.from, on_first.until = second.until;
  on_second.duty = first.duty, on_second.from = first.from, on_second.until = first.until;
  off_first.duty = off_second.duty = DUTY_OFF;
  DutyDay *const all[] = {&off_first, &off_second, &on_first, &on_second};
  for (int i = 0; i < 4; i++) {
    all[i]->version++;
    if (!write_day(context, crews, all[i], error)) return desk_spoil(context);
  }
  return true;
}
