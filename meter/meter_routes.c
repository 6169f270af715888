#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "interop/sheet.h"
#include "meter/meter_internal.h"
#include "meter/meter_page.h"
#include "meter/meter_schemas.h"
#include "people/staff.h"

enum {
  SEND = STAFF_DISPATCHER | STAFF_MANAGER | STAFF_ADMINISTRATOR,
  MEND = STAFF_DISPATCHER | STAFF_MANAGER | STAFF_HEAD | STAFF_ADMINISTRATOR
};
enum { ASIDE_DAYS = 30, READ_BYTES = 256 << 20 };

/* --- coming in --- */

typedef struct Taken {
  Meters *meters;
  ReadingMessage *messages;
  PowerMessage power;
  ReadingProblems problems, refused; /* lines that could not be read; that could, and not be used */
  int64_t readings, known, aside;
} Taken;

static MessageForm form_of(const HttpRequest *request) {
  Text type = http_header(request, "Content-Type");
  return text_starts(type, TEXT("text/csv")) ? MESSAGE_CSV : text_starts(type, TEXT("application/json")) ? MESSAGE_JSON : MESSAGE_BINARY;
}

static Taken *begin_taken(HttpRequest *request, void **command, void *room, Error *error) {
  Taken *taken = *command = ARENA_NEW(request->arena, Taken);
  if (taken)
    taken->meters = room;
  else
    error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  return taken;
}

/* The collection speaks for the whole company; somebody of a part only for what is theirs. What nobody knows is set aside later. */
static bool theirs(const Meters *meters, int64_t org_id, Text name, Error *error) {
  uint32_t at;
  bool household = people_position_of_meter(meters->people, name, &at) || people_position_of_number(meters->people, name, &at);
  if (household) at = people_customer_device(meters->people, at);
  return (!household && !grid_index_of_code(meters->grid, name, &at)) || people_check_place(meters->people, org_id, at, error);
}

static bool all_theirs(const Meters *meters, int64_t org_id, const ReadingMessage *message, Error *error) {
  for (; org_id && message; message = message->next) {
    if (message->area.len && !theirs(meters, org_id, message->area, error)) return false;
    for (uint32_t m = 0; m < message->meters; m++)
      if (!theirs(meters, org_id, message->meter[m], error)) return false;
  }
  return true;
}

static bool decode_readings(HttpRequest *request, void **command, void *room, Error *error) {
  Taken *taken = begin_taken(request, command, room, error);
  return taken && message_read(&taken->messages, &taken->problems, form_of(request), request->raw_body, request->arena, error) &&
         all_theirs(room, request->who.org_id, taken->messages, error);
}

static bool work_readings(DeskContext *context, void *command, Error *error) {
  Taken *taken = command;
  for (ReadingMessage *message = taken->messages; message; message = message->next) {
    MeterTake take = {.message = message, .source = TEXT("http"), .refused = &taken->refused};
    if (!meter_take(context, taken->meters, &take, error)) return desk_spoil(context);
    taken->readings += take.readings;
    taken->known += take.known;
    taken->aside += take.aside;
  }
  return meter_put_aside(context, taken->meters, &taken->problems, TEXT("http"), error) || desk_spoil(context);
}

static void write_problems(Json *json, const ReadingProblems *problems) {
  for (size_t i = 0; i < problems->listed; i++) {
    const ReadingProblem *p = &problems->at[i];
    json_open_object(json);
    json_put_i64(json, "line", p->line);
    json_put_string(json, "reason", aside_reason_name(p->reason));
    json_put_string(json, "meter", p->meter[0] ? p->meter : NULL);
    json_put_string(json, "detail", p->detail);
    json_close(json);
  }
}

static bool encode_taken(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  const Taken *taken = command;
  Json json;
  (void)request, (void)room, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "readings", taken->readings);
  json_put_i64(&json, "known", taken->known);
  json_put_i64(&json, "set_aside", taken->aside + (int64_t)taken->problems.count);
  json_put_i64(&json, "problems_count", (int64_t)(taken->problems.count + taken->refused.count));
  json_key(&json, "problems");
  json_open_array(&json);
  write_problems(&json, &taken->problems);
  write_problems(&json, &taken->refused);
  json_close(&json);
  json_close(&json);
  return true;
}

static bool decode_power(HttpRequest *request, void **command, void *room, Error *error) {
  Taken *taken = begin_taken(request, command, room, error);
  bool ok = taken && power_read(&taken->power, &taken->problems, form_of(request), request->raw_body, request->arena, error);
  for (size_t i = 0; ok && request->who.org_id && i < taken->power.count; i++) ok = theirs(room, request->who.org_id, taken->power.item[i].meter, error);
  return ok;
}

static bool work_power(DeskContext *context, void *command, Error *error) {
  Taken *taken = command;
  if (!meter_take_power(context, taken->meters, &taken->power, &taken->aside, error)) return false;
  taken->readings = (int64_t)taken->power.count - taken->aside;
  return meter_put_aside(context, taken->meters, &taken->problems, TEXT("http"), error);
}

/* --- set aside --- */

typedef struct Asides {
  const Meters *meters;
  const HttpRequest *request;
  Json json;
  int64_t count, shown, limit;
  bool settled;
} Asides;

/* Who can mend it: records are the company's (an import), clocks and units the manager's, checksums and links the collection's. */
static const char *mended_by(AsideReason reason) {
  switch (reason) {
    case ASIDE_UNKNOWN_METER:
    case ASIDE_OTHER_AREA:
      return "records";
    case ASIDE_CLOCK:
    case ASIDE_UNIT:
      return "manager";
    case ASIDE_NONE:
    case ASIDE_CHECKSUM:
    case ASIDE_TIME:
    case ASIDE_FORM:
    case ASIDE_TOO_OLD:
    case ASIDE_REASONS:
      break;
  }
  return "collection";
}

static bool put_aside(void *self, const AsideRow *row) {
  Asides *asides = self;
  const Meters *meters = asides->meters;
  Json *json = &asides->json;
  int64_t area;
  bool placed = row->area_id && map_get(&meters->area_of_id, row->area_id, &area);
  if (row->settled != INSTANT_NONE) return true;
  if (asides->request->who.org_id && !(placed && meter_may_see(meters, &asides->request->who, meters->areas[area].device))) return true;
  asides->count++;
  if (asides->shown >= asides->limit) return true;
  asides->shown++;
  json_open_object(json);
  page_date(json, "date", row->day);
  json_put_string(json, "reason", aside_reason_name(row->reason));
  json_put_text(json, "subject", row->subject.at ? row->subject : TEXT(""));
  json_put_text(json, "source", row->source);
  json_put_text(json, "detail", row->detail.at ? row->detail : TEXT(""));
  json_put_instant(json, "first_at", row->first);
  json_put_instant(json, "last_at", row->last);
  json_put_i64(json, "count", row->count);
  json_key(json, "area");
  if (placed) {
    json_open_object(json);
    json_put_id(json, "id", row->area_id);
    json_put_text(json, "name", grid_name(meters->grid, meters->areas[area].device));
    json_close(json);
  } else {
    json_nil(json);
  }
  json_put_string(json, "mended_by", mended_by(row->reason));
  json_close(json);
  return true;
}

static bool get_aside(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Asides asides = {.meters = room, .request = request};
  if (!http_query_i64(request, "limit", 200, 1, LIMIT_PAGE_ROWS, &asides.limit, error)) return false;
  json_begin(&asides.json, &reply->body);
  json_open_object(&asides.json);
  json_key(&asides.json, "items");
  json_open_array(&asides.json);
  if (!aside_rows(request->db, asides.meters->county_id, meter_day_of(request->now) - ASIDE_DAYS, put_aside, &asides, error)) return false;
  json_close(&asides.json);
  json_put_i64(&asides.json, "count", asides.count);
  json_close(&asides.json);
  return true;
}

typedef struct Settling {
  Meters *meters;
  HttpWho who;
  int day;
  AsideReason reason;
  Text subject;
  bool theirs;
} Settling;

static bool decode_settle(HttpRequest *request, void **command, void *room, Error *error) {
  Settling *settling = *command = ARENA_NEW(request->arena, Settling);
  Text date = http_body_text(request->body, "date"), reason = http_body_text(request->body, "reason");
  if (!settling) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "set aside");
  *settling = (Settling){.meters = room, .who = request->who, .subject = http_body_text(request->body, "subject")};
  if (!page_day_of(date, &settling->day))
    return error_raise(error, ERROR_FIELD_FORMAT, "date\t%.*s\tYYYY-MM-DD", TEXT_ARG(date)) || error_at(error, "$.date");
  for (AsideReason r = 1; r < ASIDE_REASONS; r++)
    if (text_is(reason, aside_reason_name(r))) settling->reason = r;
  return settling->reason
             ? true
             : error_raise(error, ERROR_FIELD_INVALID, "reason\t%.*s\tnot one known here", TEXT_ARG(reason)) || error_at(error, "$.reason");
}

static bool aside_is_theirs(void *self, const AsideRow *row) {
  Settling *settling = self;
  int64_t area;
  if (row->day == settling->day && row->reason == settling->reason && text_equal(row->subject.at ? row->subject : TEXT(""), settling->subject))
    settling->theirs |= row->area_id && map_get(&settling->meters->area_of_id, row->area_id, &area) && meter_may_see(settling->meters, &settling->who, settling->meters->areas[area].device);
  return true;
}

static bool work_settle(DeskContext *context, void *command, Error *error) {
  Settling *settling = command;
  bool found;
  if (settling->who.org_id && !aside_rows(context->db, settling->meters->county_id, settling->day, aside_is_theirs, settling, error)) return false;
  if (settling->who.org_id && !settling->theirs) return error_raise(error, ERROR_NOT_FOUND, "set aside\t%.*s", TEXT_ARG(settling->subject));
  if (!aside_settle(&found, context->db, settling->meters->county_id, settling->day, settling->reason, settling->subject, context->now,
                    error))
    return false;
  return found || error_raise(error, ERROR_NOT_FOUND, "set aside\t%.*s", TEXT_ARG(settling->subject));
}

static bool encode_nothing(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  (void)request, (void)command, (void)room, (void)error;
  reply->status = 204;
  return true;
}

/* --- areas and alarms --- */

typedef struct Ranked {
  uint32_t area, alarms;
  float load;
} Ranked;

static int by_need(const void *a_, const void *b_) {
  const Ranked *a = a_, *b = b_;
  if (a->alarms != b->alarms) return a->alarms < b->alarms ? 1 : -1;
  float x = isnan(a->load) ? -1 : a->load, y = isnan(b->load) ? -1 : b->load;
  if (x < y || x > y) return x < y ? 1 : -1;
  return a->area < b->area ? -1 : 1;
}

static bool get_areas(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Meters *meters = room;
  int64_t limit, after, only;
  Text q = http_body_text(request->body, "q");
  Ranked *ranked = ARENA_ARRAY(request->arena, Ranked, meters->area_count + 1);
  size_t count = 0, heard = 0, old = 0, alarmed = 0;
  Json json;
  if (!ranked) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "areas");
  if (!http_query_i64(request, "limit", 50, 1, LIMIT_PAGE_ROWS, &limit, error) ||
      !http_query_i64(request, "after", 0, 0, INT32_MAX, &after, error) || !http_query_i64(request, "alarms", 0, 0, 1, &only, error))
    return false;
  for (size_t a = 0; a < meters->area_count; a++) {
    const MeterArea *area = &meters->areas[a];
    if (!meter_may_see(meters, &request->who, area->device)) continue;
    heard += area->last_at != INSTANT_NONE;
    old += area->last_at != INSTANT_NONE && request->now - area->last_at >= meters->rules.rule[WATCH_SILENT].minutes * SPAN_MINUTE;
    alarmed += area->open_alarms != 0;
    if (only && !area->open_alarms) continue;
    if (q.len && text_find(grid_name(meters->grid, area->device), q) < 0 && text_find(grid_code(meters->grid, area->device), q) < 0)
      continue;
    ranked[count++] = (Ranked){(uint32_t)a, (uint32_t)__builtin_popcount(area->open_alarms), meters->area_counts[a].load};
  }
  qsort(ranked, count, sizeof *ranked, by_need);
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  size_t at = (size_t)after;
  for (; at < count && at < (size_t)(after + limit); at++) page_area_head(&json, meters, ranked[at].area);
  json_close(&json);
  json_put_id(&json, "next", at < count ? (int64_t)at : 0);
  json_put_i64(&json, "count", (int64_t)count);
  json_put_i64(&json, "with_alarms", (int64_t)alarmed);
  json_put_i64(&json, "heard", (int64_t)heard);
  json_put_bool(&json, "collection_down", heard > 3 && old * 2 >= heard);
  json_close(&json);
  return true;
}

static bool find_area(const HttpRequest *request, const Meters *meters, size_t *out, Error *error) {
  int64_t id, row;
  if (!http_argument_id(request, 0, "area", &id, error)) return false;
  if (!map_get(&meters->area_of_id, id, &row)) return error_raise(error, ERROR_NOT_FOUND, "area\t%lld", (long long)id);
  *out = (size_t)row;
  if (meter_may_see(meters, &request->who, meters->areas[row].device)) return true;
  Text name = grid_name(meters->grid, meters->areas[row].device);
  return error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(name));
}

/* ?name=2026-11-21; `fallback` when it is not given. */
static bool query_day(const HttpRequest *request, const char *name, int fallback, int *out, Error *error) {
  Text date = http_query(request, name);
  *out = fallback;
  if (!date.len || page_day_of(date, out)) return true;
  Text shown = text_cut(date, 20);
  error_raise(error, ERROR_FIELD_FORMAT, "%s\t%.*s\tYYYY-MM-DD", name, TEXT_ARG(shown));
  return error_at(error, "?%s", name);
}

static bool get_area_day(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Meters *meters = room;
  size_t area = 0;
  int day;
  ToldArea told;
  Arena arena;
  Json json;
  if (!find_area(request, meters, &area, error) || !query_day(request, "date", meter_day_of(request->now), &day, error)) return false;
  arena_begin(&arena, READ_BYTES);
  bool ok = told_area(&told, meters, request->db, area, day, &arena, error);
  ok = ok && desk_read_whole(meters->desk, error); /* the alarms; what was read from rows needed no lock */
  if (ok) {
    json_begin(&json, &reply->body);
    page_area_day(&json, meters, area, day, &told, &arena);
    desk_read_end(meters->desk);
  }
  arena_end(&arena);
  return ok;
}

static bool get_area_csv(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Meters *meters = room;
  size_t area = 0;
  int day;
  Arena arena;
  if (!find_area(request, meters, &area, error) || !query_day(request, "date", meter_day_of(request->now), &day, error)) return false;
  arena_begin(&arena, READ_BYTES);
  bool ok = told_area_csv(&reply->body, meters, request->db, area, day, &arena, error);
  arena_end(&arena);
  reply->content_type = "text/csv; charset=utf-8";
  http_reply_header(reply, "Content-Disposition", "attachment; filename=\"readings.csv\"");
  return ok;
}

typedef struct AlarmPage {
  const Meters *meters;
  Json json;
  int64_t last, shown;
} AlarmPage;

static bool put_alarm(void *self, const MeterAlarm *alarm, int64_t of) {
  AlarmPage *page = self;
  page->last = alarm->id;
  page->shown++;
  page_alarm(&page->json, page->meters, alarm, of);
  return true;
}

static bool get_alarms(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  AlarmPage page = {.meters = room};
  int64_t limit, after;
  Text state = http_query(request, "state");
  if (!http_query_i64(request, "limit", 100, 1, LIMIT_PAGE_ROWS, &limit, error) ||
      !http_query_i64(request, "after", 0, 0, INT64_MAX, &after, error))
    return false;
  if (state.len && !text_is(state, "open") && !text_is(state, "closed"))
    return error_raise(error, ERROR_FIELD_CHOICE, "state\topen, closed") || error_at(error, "?state");
  json_begin(&page.json, &reply->body);
  json_open_object(&page.json);
  json_key(&page.json, "items");
  json_open_array(&page.json);
  if (!alarm_rows(request->db, page.meters->county_id, request->who.org_id, !text_is(state, "closed"), after, limit, put_alarm, &page, error)) return false;
  json_close(&page.json);
  json_put_id(&page.json, "next", page.shown == limit ? page.last : 0);
  json_close(&page.json);
  return true;
}

/* --- households --- */

static bool find_household(const HttpRequest *request, const Meters *meters, MeterPlace *place, Customer *customer, Error *error) {
  int64_t id;
  uint32_t position;
  size_t area;
  if (!http_argument_id(request, 0, "customer", &id, error)) return false;
  if (!people_position_of(meters->people, (CustomerId){id}, &position) ||
      !meter_area_of_device(meters, people_customer_device(meters->people, position), &area))
    return error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)id);
  people_customer(meters->people, position, customer);
  *place = (MeterPlace){(uint32_t)area, position};
  return people_check_place(meters->people, request->who.org_id, customer->device, error);
}

static bool query_days(const HttpRequest *request, int usual, int *from, int *to, Error *error) {
  if (!query_day(request, "to", meter_day_of(request->now), to, error) || !query_day(request, "from", *to - usual + 1, from, error))
    return false;
  if (*from <= *to && *to - *from < LIMIT_READ_DAYS) return true;
  error_raise(error, ERROR_LIMIT, "days\t1…%d", LIMIT_READ_DAYS);
  return error_at(error, "?from");
}

static bool get_meter_day(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Meters *meters = room;
  MeterPlace place;
  Customer customer;
  MeterDay day;
  int number;
  bool found;
  int64_t used = -1;
  Arena arena;
  Json json;
  if (!find_household(request, meters, &place, &customer, error) || !query_day(request, "date", meter_day_of(request->now), &number, error))
    return false;
  arena_begin(&arena, READ_BYTES);
  bool ok = meter_read_day(&day, &found, meters, request->db, place, number, &arena, error) &&
            meter_used(&used, meters, request->db, place, number, &arena, error);
  json_begin(&json, &reply->body);
  if (ok) page_meter_day(&json, customer.meter, number, &day, used);
  arena_end(&arena);
  return ok;
}

static bool get_use(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Meters *meters = room;
  MeterPlace place;
  Customer customer;
  ToldUse use;
  int from, to;
  Arena arena;
  Json json;
  if (!find_household(request, meters, &place, &customer, error) || !query_days(request, 31, &from, &to, error)) return false;
  arena_begin(&arena, READ_BYTES);
  bool ok = told_use(&use, meters, &meters->tariff, request->db, place, from, to, &arena, error);
  json_begin(&json, &reply->body);
  if (ok) page_use(&json, meters, &meters->tariff, &use);
  arena_end(&arena);
  return ok;
}

static bool get_green_button(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Meters *meters = room;
  MeterPlace place;
  Customer customer;
  int from, to;
  if (!find_household(request, meters, &place, &customer, error) || !query_days(request, 31, &from, &to, error)) return false;
  reply->content_type = "application/atom+xml";
  http_reply_header(reply, "Content-Disposition", "attachment; filename=\"green-button.xml\"");
  return told_green_button(&reply->body, meters, request->db, place, from, to, request->now, request->arena, error);
}

static bool get_sheet(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Meters *meters = room;
  MeterPlace place;
  Customer customer;
  int from, to;
  if (!find_household(request, meters, &place, &customer, error) || !query_days(request, 31, &from, &to, error)) return false;
  reply->content_type = SHEET_MEDIA_TYPE;
  http_reply_header(reply, "Content-Disposition", "attachment; filename=\"readings.xlsx\"");
  return told_sheet(&reply->body, meters, request->db, place, from, to, request->language == LANGUAGE_ZH, request->arena, error);
}

#define SEES (STAFF_AGENT | STAFF_DISPATCHER | STAFF_CREW | STAFF_MANAGER | STAFF_HEAD | STAFF_ADMINISTRATOR)
#define FORMS "application/octet-stream application/json text/csv"
const HttpRoute METER_ROUTES[] = {
    {.method = "POST",
     .path = "/api/v1/readings",
     .roles = SEND,
     .flags = HTTP_RAW_BODY | HTTP_LARGE_BODY | HTTP_UNCOUNTED,
     .summary = "Readings as CSV, JSON or a binary batch; the same twice changes nothing; answered when durable, saying which lines were "
                "not taken",
     .request_schema = FORMS,
     .reply_schema = SCHEMA_TAKEN,
     .decode = decode_readings,
     .work = work_readings,
     .encode = encode_taken},
    {.method = "POST",
     .path = "/api/v1/readings/power",
     .roles = SEND,
     .flags = HTTP_RAW_BODY | HTTP_LARGE_BODY | HTTP_UNCOUNTED | HTTP_URGENT,
     .summary = "Power events of meters, in batches",
     .request_schema = "application/json text/csv",
     .reply_schema = SCHEMA_TAKEN,
     .decode = decode_power,
     .work = work_power,
     .encode = encode_taken},
    {.method = "GET",
     .path = "/api/v1/readings/set-aside",
     .roles = MEND,
     .flags = HTTP_UNLOCKED,
     .summary = "What could not be used, by reason, and who can mend it",
     .query = "limit",
     .reply_schema = SCHEMA_ASIDE,
     .read = get_aside},
    {.method = "POST",
     .path = "/api/v1/readings/set-aside/settle",
     .roles = MEND,
     .flags = HTTP_KEYED,
     .summary = "Its cause is mended: off the list until it happens again",
     .request_schema = TAKES_SETTLE,
     .decode = decode_settle,
     .work = work_settle,
     .encode = encode_nothing},
    {.method = "GET",
     .path = "/api/v1/areas",
     .roles = SEES,
     .summary = "Transformer areas, those with alarms first, then by load",
     .query = "alarms limit after",
     .reply_schema = SCHEMA_AREAS,
     .read = get_areas},
    {.method = "POST",
     .path = "/api/v1/areas/search",
     .roles = SEES,
     .summary = "The same list, of areas found by name or code",
     .query = "alarms limit after",
     .request_schema = S_SEARCH,
     .reply_schema = SCHEMA_AREAS,
     .read = get_areas},
    {.method = "GET",
     .path = "/api/v1/areas/{id}/day",
     .roles = SEES,
     .flags = HTTP_UNLOCKED,
     .summary = "One area's day at a glance",
     .query = "date",
     .reply_schema = SCHEMA_AREA_DAY,
     .read = get_area_day},
    {.method = "GET",
     .path = "/api/v1/areas/{id}/readings.csv",
     .roles = SEES,
     .flags = HTTP_SLOW | HTTP_UNLOCKED,
     .summary = "All readings of one area's day",
     .query = "date",
     .read = get_area_csv},
    {.method = "GET",
     .path = "/api/v1/alarms",
     .roles = SEES,
     .flags = HTTP_UNLOCKED,
     .summary = "What the watches raised, newest first",
     .query = "state limit after",
     .reply_schema = SCHEMA_ALARMS,
     .read = get_alarms},
    {.method = "GET",
     .path = "/api/v1/customers/{id}/readings",
     .roles = SEES,
     .flags = HTTP_UNLOCKED,
     .summary = "One household's day",
     .query = "date",
     .reply_schema = SCHEMA_METER_DAY,
     .read = get_meter_day},
    {.method = "GET",
     .path = "/api/v1/customers/{id}/use",
     .roles = SEES,
     .flags = HTTP_UNLOCKED,
     .summary = "Daily use, cost so far, compared with neighbours and last month",
     .query = "from to",
     .reply_schema = SCHEMA_USE,
     .read = get_use},
    {.method = "GET",
     .path = "/api/v1/customers/{id}/green-button.xml",
     .roles = SEES,
     .flags = HTTP_SLOW | HTTP_UNLOCKED,
     .summary = "Use in the Green Button form (ESPI)",
     .query = "from to",
     .read = get_green_button},
    {.method = "GET",
     .path = "/api/v1/customers/{id}/readings.xlsx",
     .roles = SEES,
     .flags = HTTP_SLOW | HTTP_UNLOCKED,
     .summary = "Use and readings as a spreadsheet",
     .query = "from to",
     .read = get_sheet},
    {.method = NULL},
};

bool meter_add_routes(Http *http, Meters *meters, Error *error) { return http_add_routes(http, METER_ROUTES, meters, error); }
