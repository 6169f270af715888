/* Use cases and HTTP of personal data. What reads much runs on the slow thread; the desk writes. */
#include <sodium.h>
#include <stdio.h>

#include "base/limits.h"
#include "http/schema_words.h"
#include "people/people_private.h"
#include "privacy/privacy_inside.h"

enum { MAY_CORRECT = STAFF_AGENT | STAFF_MANAGER | STAFF_HEAD, MAY_ASK = STAFF_HEAD | STAFF_MANAGER, MAY_DECIDE = STAFF_SECURITY, MAY_HAND_OUT = STAFF_HEAD | STAFF_SECURITY, ERASURES_SHOWN = 200 };

/* --- who, and whether it is theirs --- */

static bool find_subject(Subject *out, HttpRequest *request, const Privacy *privacy, int64_t id, Error *error) {
  uint32_t position;
  if (!privacy_subject(out, request->db, privacy, id, request->arena, error)) return false;
  if (out->present && people_position_of(privacy->people, (CustomerId){id}, &position))
    return people_check_place(privacy->people, request->who.org_id, people_customer_device(privacy->people, position), error);
  /* a former household hangs on nothing any more: whoever sees the whole company */
  return request->who.org_id ? error_raise(error, ERROR_FORBIDDEN_PLACE, "%s", "?") : true;
}

static bool asked_subject(Subject *out, HttpRequest *request, const Privacy *privacy, Error *error) {
  int64_t id;
  return http_argument_id(request, 0, "customer", &id, error) && find_subject(out, request, privacy, id, error);
}

static bool reason_of(Text *out, HttpRequest *request, Error *error) {
  *out = text_trim(http_body_text(request->body, "reason"));
  if (out->len) return true;
  error_raise(error, ERROR_FIELD_MISSING, "%s", "reason");
  return error_at(error, "$.reason");
}

/* The reason stands in a row; the chain gets the row's id, the sum and `more`. */
static bool record(DeskContext *context, const char *kind, int64_t customer_id, Text reason, const char *more, Error *error) {
  char data[256], sum[PEOPLE_REVEAL_SUM_TEXT];
  int64_t id = desk_new_id(context);
  if (!people_store_reveal(context, id, (CustomerId){customer_id}, reason, sum, error)) return false;
  int len = snprintf(data, sizeof data, "{\"record\":\"%lld\",\"sum\":\"%s\"%s}", (long long)id, sum, more);
  return desk_event(context, kind, "customer", customer_id, (Text){data, (size_t)len}, error);
}

/* --- handing out --- */

typedef struct HandOut {
  Subject subject;
  Text reason, all;
} HandOut;

static bool decode_export(HttpRequest *request, void **command, void *room, Error *error) {
  const Privacy *privacy = room;
  HandOut *out = ARENA_NEW(request->arena, HandOut);
  Buffer body, spare;
  Json json;
  if (!out) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "export");
  if (!reason_of(&out->reason, request, error) || !asked_subject(&out->subject, request, privacy, error)) return false;
  buffer_begin(&body, LIMIT_REPLY_BYTES);
  buffer_begin(&spare, 2 * LIMIT_UPLOAD_BYTES);
  json_begin(&json, &body);
  json_open_object(&json);
  json_put_instant(&json, "made_at", request->now);
  bool ok = privacy_write_all(&json, &spare, request->db, privacy->county_id, out->subject.id, error);
  json_close(&json);
  ok = ok && buffer_is_whole(&body, "export", error);
  if (ok) out->all = text_copy(request->arena, buffer_as_text(&body));
  buffer_end(&body);
  buffer_end(&spare);
  *command = out;
  return !ok || out->all.at ? ok : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "export");
}

static bool work_export(DeskContext *context, void *command, Error *error) {
  const HandOut *out = command;
  return record(context, "customer.exported", out->subject.id, out->reason, "", error);
}

static bool encode_export(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  const HandOut *out = command;
  (void)request, (void)room, (void)error;
  http_reply_header(reply, "Content-Disposition", "attachment; filename=\"customer-%lld.json\"", (long long)out->subject.id);
  buffer_text(&reply->body, out->all);
  return true;
}

/* --- putting right --- */

typedef struct Correct {
  Privacy *privacy;
  Subject to;
  Text reason;
  char fields[80];
} Correct;

static bool decode_correct(HttpRequest *request, void **command, void *room, Error *error) {
  static const char *const NAMES[] = {"name", "phone", "address", "tags"};
  Correct *correct = ARENA_NEW(request->arena, Correct);
  if (!correct) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "customer");
  correct->privacy = room;
  *command = correct;
  if (!reason_of(&correct->reason, request, error) || !asked_subject(&correct->to, request, room, error)) return false;
  Text *const TO[] = {&correct->to.name, &correct->to.phone, &correct->to.address, &correct->to.tags};
  size_t len = 0;
  for (int i = 0; i < 4; i++) {
    Text given = http_body_text(request->body, NAMES[i]);
    if (!given.at) continue;
    *TO[i] = text_trim(given);
    if (!TO[i]->at) *TO[i] = TEXT("");
    len += (size_t)snprintf(correct->fields + len, sizeof correct->fields - len, "%s\"%s\"", len ? "," : "", NAMES[i]);
  }
  return len ? true : error_raise(error, ERROR_FIELD_MISSING, "%s", "name, phone, address, tags");
}

static bool work_correct(DeskContext *context, void *command, Error *error) {
  const Correct *correct = command;
  char more[120];
  snprintf(more, sizeof more, ",\"fields\":[%s]", correct->fields);
  if (!privacy_correct(context, &correct->to, error) || !record(context, "customer.corrected", correct->to.id, correct->reason, more, error)) return false;
  return !correct->to.present || people_refresh(correct->privacy->people, context->db, (CustomerId){correct->to.id}, error) ? true : desk_spoil(context);
}

static bool encode_correct(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  const Correct *correct = command;
  Json json;
  (void)room, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_id(&json, "id", correct->to.id);
  json_put_text(&json, "name", people_mask_name(request->arena, correct->to.name));
  json_put_text(&json, "phone", people_mask_phone(request->arena, correct->to.phone));
  json_put_text(&json, "address", correct->to.address);
  json_close(&json);
  return true;
}

/* --- erasing: asked --- */

static void write_erasure(Json *json, const Privacy *privacy, const Erasure *erasure) {
  static const char *const STATES[] = {"asked", "erased", "refused"};
  json_open_object(json);
  json_put_id(json, "id", erasure->id);
  json_put_id(json, "customer_id", erasure->customer_id);
  uint32_t position;
  Customer customer;
  bool present = people_position_of(privacy->people, (CustomerId){erasure->customer_id}, &position);
  if (present) people_customer(privacy->people, position, &customer);
  json_put_text(json, "customer_number", present ? customer.number : TEXT_NONE);
  json_put_string(json, "state", STATES[erasure->state]);
  json_put_id(json, "asked_by", erasure->asked_by);
  json_put_instant(json, "asked_at", erasure->asked_at);
  json_put_text(json, "reason", erasure->reason);
  json_put_id(json, "decided_by", erasure->decided_by);
  json_put_instant(json, "decided_at", erasure->decided_by ? erasure->decided_at : INSTANT_NONE);
  json_close(json);
}

static bool keep_asked(void *self, const Erasure *erasure) {
  if (erasure->state == ERASURE_ASKED) *(bool *)self = true;
  return true;
}

static bool refuse_open_orders(Db *db, int64_t county_id, int64_t customer_id, Error *error) {
  int64_t open;
  if (!privacy_open_orders(&open, db, county_id, customer_id, error)) return false;
  return open == 0 ? true : error_raise(error, ERROR_ORDER_REFUSED, "该客户还有 %lld 张未办结工单, 请先办结" ERROR_BOTH "the household has %lld open orders; close them first", (long long)open, (long long)open);
}

static bool decode_ask(HttpRequest *request, void **command, void *room, Error *error) {
  const Privacy *privacy = room;
  Erasure *erasure = ARENA_NEW(request->arena, Erasure);
  Subject subject;
  bool asked = false;
  if (!erasure) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "erasure");
  *command = erasure;
  *erasure = (Erasure){.asked_by = request->who.staff_id};
  if (!reason_of(&erasure->reason, request, error) || !asked_subject(&subject, request, privacy, error)) return false;
  erasure->customer_id = subject.id;
  return erasure_list(request->db, privacy->county_id, 0, subject.id, keep_asked, &asked, error) &&
         (!asked || error_raise(error, ERROR_ALREADY_EXISTS, "erasure\t%lld", (long long)subject.id)) && refuse_open_orders(request->db, privacy->county_id, subject.id, error);
}

static bool tell_erasure(DeskContext *context, const char *kind, const Erasure *erasure, const char *more, Error *error) {
  char data[160];
  int len = snprintf(data, sizeof data, "{\"erasure\":\"%lld\"%s}", (long long)erasure->id, more);
  return desk_event(context, kind, "customer", erasure->customer_id, (Text){data, (size_t)len}, error);
}

static bool work_ask(DeskContext *context, void *command, Error *error) {
  Erasure *erasure = command;
  erasure->id = desk_new_id(context);
  erasure->asked_at = context->now;
  return erasure_insert(context, erasure, error) && tell_erasure(context, "customer.erasure_asked", erasure, "", error);
}

static bool encode_ask(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  Json json;
  (void)request, (void)error;
  reply->status = 201;
  json_begin(&json, &reply->body);
  write_erasure(&json, room, command);
  return true;
}

typedef struct Listing {
  Json json;
  HttpRequest *request;
  const Privacy *privacy;
  int left; /* to be shown */
} Listing;

static bool list_one(void *self, const Erasure *erasure) {
  Listing *listing = self;
  uint32_t position;
  bool present = people_position_of(listing->privacy->people, (CustomerId){erasure->customer_id}, &position);
  int64_t org = listing->request->who.org_id;
  if (present ? people_check_place(listing->privacy->people, org, people_customer_device(listing->privacy->people, position), NULL) : org == 0) {
    write_erasure(&listing->json, listing->privacy, erasure);
    listing->left--;
  }
  return listing->left > 0;
}

static bool read_erasures(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Listing listing = {.request = request, .privacy = room, .left = ERASURES_SHOWN};
  json_begin(&listing.json, &reply->body);
  json_open_object(&listing.json);
  json_key(&listing.json, "items");
  json_open_array(&listing.json);
  if (!erasure_list(request->db, listing.privacy->county_id, 0, 0, list_one, &listing, error)) return false;
  json_close(&listing.json);
  json_close(&listing.json);
  return true;
}

/* --- erasing: decided, by another --- */

typedef struct Decide {
  Privacy *privacy;
  Erasure erasure;
  Subject subject;
  Traces traces;
} Decide;

static bool keep_one(void *self, const Erasure *erasure) { return *(Erasure *)self = *erasure, true; }

static bool decode_decide(HttpRequest *request, void **command, void *room, Error *error) {
  const Privacy *privacy = room;
  Decide *decide = ARENA_NEW(request->arena, Decide);
  int64_t id;
  if (!decide) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "erasure");
  *command = decide;
  decide->privacy = room;
  Erasure *erasure = &decide->erasure;
  if (!http_argument_id(request, 0, "erasure", &id, error) || !erasure_list(request->db, privacy->county_id, id, 0, keep_one, erasure, error)) return false;
  if (!erasure->id) return error_raise(error, ERROR_NOT_FOUND, "erasure\t%lld", (long long)id);
  if (!find_subject(&decide->subject, request, privacy, erasure->customer_id, error)) return false;
  if (erasure->state != ERASURE_ASKED) return error_raise(error, ERROR_CONFLICT, "erasure\t2");
  if (erasure->asked_by == request->who.staff_id)
    return error_raise(error, ERROR_ORDER_SAME_PERSON, "批准删除" ERROR_BOTH "decide" "\t" "申请删除" ERROR_BOTH "ask for erasure");
  erasure->reason = TEXT_NONE; /* it lived as long as the row */
  erasure->decided_by = request->who.staff_id;
  erasure->state = http_body_bool(request->body, "agree", false) ? ERASURE_DONE : ERASURE_REFUSED;
  return erasure->state == ERASURE_REFUSED || privacy_find_traces(&decide->traces, request->db, privacy->county_id, &decide->subject, request->arena, error);
}

static bool erase(DeskContext *context, Decide *decide, Error *error) {
  char more[64];
  snprintf(more, sizeof more, ",\"elsewhere\":%zu", decide->traces.count);
  return refuse_open_orders(context->db, context->county_id, decide->subject.id, error) && privacy_wipe(context, decide->subject.id, error) &&
         privacy_wipe_traces(context, &decide->traces, error) && erasure_decide(context, &decide->erasure, error) &&
         tell_erasure(context, "customer.erased", &decide->erasure, more, error);
}

static bool work_decide(DeskContext *context, void *command, Error *error) {
  Decide *decide = command;
  decide->erasure.decided_at = context->now;
  if (decide->erasure.state == ERASURE_REFUSED) return erasure_decide(context, &decide->erasure, error) && tell_erasure(context, "customer.erasure_refused", &decide->erasure, "", error);
  if (!db_overwrite(context->db, true, error)) return false;
  bool ok = erase(context, decide, error);
  if (!db_overwrite(context->db, false, ok ? error : NULL)) ok = false;
  if (!ok) return false;
  return !decide->subject.present || people_refresh(decide->privacy->people, context->db, (CustomerId){decide->subject.id}, error) ? true : desk_spoil(context);
}

static bool encode_decide(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  const Decide *decide = command;
  Json json;
  (void)request, (void)error;
  json_begin(&json, &reply->body);
  write_erasure(&json, room, &decide->erasure);
  return true;
}

/* --- the table --- */

#define REASON "\"reason\":{\"type\":\"string\",\"format\":\"line\",\"maxLength\":200}"
#define ERASURE \
  "{\"type\":\"object\",\"required\":[\"id\",\"customer_id\",\"state\",\"asked_by\",\"asked_at\",\"decided_by\"],\"properties\":{\"id\":" S_ID ",\"customer_id\":" S_ID ",\"customer_number\":" S_TEXT_NULL \
  ",\"state\":{\"enum\":[\"asked\",\"erased\",\"refused\"]},\"asked_by\":" S_ID ",\"asked_at\":" S_TIME ",\"reason\":" S_TEXT_NULL ",\"decided_by\":{\"type\":[\"string\",\"null\"]},"                 \
  "\"decided_at\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}}}"
#define LINE(most) "{\"type\":\"string\",\"format\":\"line\",\"maxLength\":" most "}"

const HttpRoute PRIVACY_ROUTES[] = {
    {.method = "POST", .path = "/api/v1/customers/{id}/export", .roles = MAY_HAND_OUT, .flags = HTTP_SLOW | HTTP_LARGE_BODY, .summary = "All that is held on a household, for a reason that is recorded",
     .request_schema = "{\"required\":[\"reason\"],\"properties\":{" REASON "}}", .reply_schema = "{\"type\":\"object\",\"required\":[\"customer\"],\"properties\":{\"customer\":" S_LIST("{\"type\":\"object\",\"additionalProperties\":true}") "},\"additionalProperties\":true}", .decode = decode_export, .work = work_export,
     .encode = encode_export},
    {.method = "PATCH", .path = "/api/v1/customers/{id}", .roles = MAY_CORRECT, .flags = HTTP_SLOW, .summary = "Puts name, telephone, address or tags of a household right, for a reason that is recorded",
     .request_schema = "{\"required\":[\"reason\"],\"properties\":{" REASON ",\"name\":" LINE("60") ",\"phone\":" LINE("32") ",\"address\":" LINE("200") ",\"tags\":" LINE("200") "}}",
     .reply_schema = "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":" S_ID ",\"name\":" S_TEXT ",\"phone\":" S_TEXT ",\"address\":" S_TEXT "}}",
     .decode = decode_correct, .work = work_correct, .encode = encode_correct},
    {.method = "POST", .path = "/api/v1/customers/{id}/erasure", .roles = MAY_ASK, .flags = HTTP_SLOW, .summary = "Asks for a household's personal data to be erased; somebody else decides",
     .request_schema = "{\"required\":[\"reason\"],\"properties\":{" REASON "}}", .reply_schema = ERASURE, .decode = decode_ask, .work = work_ask, .encode = encode_ask},
    {.method = "GET", .path = "/api/v1/erasures", .roles = MAY_ASK | MAY_DECIDE | STAFF_AUDITOR, .flags = HTTP_UNLOCKED, .summary = "The newest 200 erasures asked for",
     .reply_schema = "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":" S_LIST(ERASURE) "}}", .read = read_erasures},
    {.method = "POST", .path = "/api/v1/erasures/{id}/decision", .roles = MAY_DECIDE, .flags = HTTP_SLOW | HTTP_LARGE_BODY, .summary = "Erases, or refuses to; not by whoever asked. It cannot be undone",
     .request_schema = "{\"required\":[\"agree\"],\"properties\":{\"agree\":{\"type\":\"boolean\"}}}", .reply_schema = ERASURE, .decode = decode_decide, .work = work_decide, .encode = encode_decide},
    {0},
};
