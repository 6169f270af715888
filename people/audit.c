/* The record: every change anyone made, chained so that nothing in it can be altered or left out unseen. Read by the auditor and nobody else.
 * GET /api/v1/audit lists it, newest first; /audit/verify recounts the chain; /audit/export hands it out in a form that deploy/verify-events
 * recounts without this program:
 *     # dianbaomu events of county 1 after 0 0000…                            the hash of the event before the first
 *     HASH|SEQ|AT|ACTOR|KIND|SUBJECT KIND|SUBJECT ID|DATA                      AT in µs since 1970, HASH in hexadecimal
 * The names of people stand beside actors in the list only, as they are today; the record itself holds none. */
#include <stdio.h>

#include "base/limits.h"
#include "people/staff_private.h"


typedef struct Filter {
  Text actor, kind, subject_kind;
  int64_t subject_id; /* 0: any */
} Filter;

static bool starts(Text text, Text with) { return with.len == 0 || text_starts(text, with); }

static bool fits(const Filter *filter, const Event *event) {
  return (filter->actor.len == 0 || text_equal(event->actor, filter->actor)) && starts(event->kind, filter->kind) &&
         (filter->subject_kind.len == 0 || text_equal(event->subject_kind, filter->subject_kind)) &&
         (filter->subject_id == 0 || event->subject_id == filter->subject_id);
}

static void hex(char out[2 * EVENT_HASH_BYTES + 1], Text hash) {
  static const char DIGITS[] = "0123456789abcdef";
  for (size_t i = 0; i < EVENT_HASH_BYTES && i < hash.len; i++) {
    out[2 * i] = DIGITS[(unsigned char)hash.at[i] >> 4];
    out[2 * i + 1] = DIGITS[(unsigned char)hash.at[i] & 15];
  }
  out[2 * EVENT_HASH_BYTES] = '\0';
}

static void row_of(Event *event, Text *hash, DbStatement *s) {
  *event = (Event){.seq = db_column_i64(s, 0), .at = db_column_i64(s, 1), .actor = db_column_text(s, 2), .kind = db_column_text(s, 3),
                   .subject_kind = db_column_text(s, 4), .subject_id = db_column_i64(s, 5), .data = db_column_text(s, 6)};
  *hash = db_column_blob(s, 7);
}

static Text name_of(Staff *staff, int64_t staff_id, Arena *arena) {
  StaffMember member;
  if (!staff_member(staff, staff_id, &member)) return TEXT_NONE;
  return text_copy(arena, member.full_name.len ? member.full_name : member.name);
}

static void write_item(Json *json, Staff *staff, const Event *event, Text hash, Arena *arena) {
  char digits[2 * EVENT_HASH_BYTES + 1] = "";
  int64_t staff_id = 0;
  hex(digits, hash);
  Text name = text_starts(event->actor, TEXT("staff:")) && text_to_i64(text_slice(event->actor, 6, event->actor.len), &staff_id) ? name_of(staff, staff_id, arena) : TEXT_NONE;
  json_open_object(json);
  json_put_i64(json, "seq", event->seq);
  json_put_instant(json, "at", event->at);
  json_put_text(json, "actor", event->actor);
  json_put_text(json, "actor_name", name);
  json_put_text(json, "kind", event->kind);
  json_key(json, "subject");
  json_open_object(json);
  json_put_text(json, "kind", event->subject_kind);
  json_put_id(json, "id", event->subject_id);
  json_close(json);
  json_key(json, "data");
  json_raw(json, event->data);
  json_put_string(json, "hash", digits);
  json_close(json);
}

enum { AUDIT_LOOK_AT = 200000 }; /* events looked at for one page: a filter that fits none must end */

static bool list(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Staff *staff = room;
  Filter filter = {http_query(request, "actor"), http_query(request, "kind"), http_query(request, "subject_kind"), 0};
  int64_t limit, before, looked = 0, found = 0, last = 0;
  bool row, full = false;
  DbStatement *s;
  Json json;
  char next[24];
  if (!http_query_i64(request, "limit", 100, 1, LIMIT_PAGE_ROWS, &limit, error) ||
      !http_query_i64(request, "before", INT64_MAX, 1, INT64_MAX, &before, error) ||
      !http_query_i64(request, "subject_id", 0, 0, INT64_MAX, &filter.subject_id, error) ||
      !db_prepare(&s, request->db,
                  "SELECT seq, at, actor, kind, subject_kind, subject_id, data, hash FROM event WHERE county_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3", error))
    return false;
  db_bind_i64(s, 1, staff->options.county_id);
  db_bind_i64(s, 2, before);
  db_bind_i64(s, 3, AUDIT_LOOK_AT);
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (;;) {
    Event event;
    Text hash;
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    row_of(&event, &hash, s);
    if (fits(&filter, &event)) {
      full = found++ == limit;
      if (full) break;
      write_item(&json, staff, &event, hash, request->arena);
    }
    last = event.seq;
    looked++;
  }
  db_reset(s);
  json_close(&json);
  snprintf(next, sizeof next, "%lld", (long long)last);
  json_put_string(&json, "next", full || looked == AUDIT_LOOK_AT ? next : NULL);
  json_close(&json);
  return true;
}

static bool verify(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Staff *staff = room;
  EventVerdict verdict;
  Json json;
  if (!event_verify(&verdict, request->db, staff->options.county_id, error)) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "checked", verdict.checked);
  json_key(&json, "broken_seq");
  if (verdict.broken_seq) json_i64(&json, verdict.broken_seq);
  else json_nil(&json);
  json_close(&json);
  return true;
}

/* The hash of event `seq`; of 0, zeros. */
static bool hash_of(char out[2 * EVENT_HASH_BYTES + 1], Db *db, int64_t county_id, int64_t seq, Error *error) {
  DbStatement *s;
  bool row;
  memset(out, '0', 2 * EVENT_HASH_BYTES);
  out[2 * EVENT_HASH_BYTES] = '\0';
  if (seq == 0) return true;
  if (!db_prepare(&s, db, "SELECT hash FROM event WHERE county_id = ?1 AND seq = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, seq);
  if (!db_step(&row, s, error)) return false;
  if (!row) return error_raise(error, ERROR_NOT_FOUND, "event\t%lld", (long long)seq);
  hex(out, db_column_blob(s, 0));
  db_reset(s);
  return true;
}

enum { EXPORT_ROWS = 100000 };

static bool export(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Staff *staff = room;
  int64_t after, limit;
  char digits[2 * EVENT_HASH_BYTES + 1];
  DbStatement *s;
  if (!http_query_i64(request, "after", 0, 0, INT64_MAX, &after, error) || !http_query_i64(request, "limit", EXPORT_ROWS, 1, EXPORT_ROWS, &limit, error) ||
      !hash_of(digits, request->db, staff->options.county_id, after, error) ||
      !db_prepare(&s, request->db,
                  "SELECT seq, at, actor, kind, subject_kind, subject_id, data, hash FROM event WHERE county_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3", error))
    return false;
  db_bind_i64(s, 1, staff->options.county_id);
  db_bind_i64(s, 2, after);
  db_bind_i64(s, 3, limit);
  reply->content_type = "text/plain; charset=utf-8";
  http_reply_header(reply, "Content-Disposition", "attachment; filename=\"events-%lld.txt\"", (long long)after + 1);
  buffer_format(&reply->body, "# dianbaomu events of county %lld after %lld %s\n", (long long)staff->options.county_id, (long long)after, digits);
  for (bool row;;) {
    Event event;
    Text hash;
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    row_of(&event, &hash, s);
    hex(digits, hash);
    buffer_format(&reply->body, "%s|%lld|%lld|%.*s|%.*s|%.*s|%lld|%.*s\n", digits, (long long)event.seq, (long long)event.at, TEXT_ARG(event.actor), TEXT_ARG(event.kind),
                  TEXT_ARG(event.subject_kind), (long long)event.subject_id, TEXT_ARG(event.data));
  }
}

static const char LIST_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{\"next\":{\"type\":[\"string\",\"null\"]},\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"seq\",\"at\",\"actor\",\"actor_name\",\"kind\",\"subject\",\"data\",\"hash\"],\"properties\":{\"seq\":{\"type\":\"integer\"},"
    "\"at\":{\"type\":\"string\",\"format\":\"date-time\"},\"actor\":{\"type\":\"string\"},\"actor_name\":{\"type\":[\"string\",\"null\"]},\"kind\":{\"type\":\"string\"},"
    "\"subject\":{\"type\":\"object\",\"required\":[\"kind\",\"id\"],\"properties\":{\"kind\":{\"type\":\"string\"},\"id\":{\"type\":[\"string\",\"null\"]}}},"
    "\"data\":{\"type\":\"object\",\"additionalProperties\":true},\"hash\":{\"type\":\"string\"}}}}}}";
static const char VERIFY_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"checked\",\"broken_seq\"],\"properties\":{\"checked\":{\"type\":\"integer\"},\"broken_seq\":{\"type\":[\"integer\",\"null\"]}}}";

const HttpRoute AUDIT_ROUTES[] = {
    {.method = "GET", .path = "/api/v1/audit", .roles = STAFF_AUDITOR, .flags = HTTP_UNLOCKED, .summary = "The record of all changes, newest first; `kind` may be its beginning",
     .query = "actor kind subject_kind subject_id before limit", .reply_schema = LIST_SCHEMA, .read = list},
    {.method = "GET", .path = "/api/v1/audit/verify", .roles = STAFF_AUDITOR, .flags = HTTP_UNLOCKED | HTTP_SLOW, .summary = "Recounts the whole chain of the record",
     .reply_schema = VERIFY_SCHEMA, .read = verify},
    {.method = "GET", .path = "/api/v1/audit/export", .roles = STAFF_AUDITOR, .flags = HTTP_UNLOCKED | HTTP_SLOW,
     .summary = "The record as text that deploy/verify-events recounts without this program; at most 100,000 events from `after` on", .query = "after limit", .read = export},
    {0},
};
