/* What machines and people say about power, over HTTP: head-ends' events as JSON or CSV, a customer who was called back, the dispatcher's word on a
 * device; what may be an outage; how good the estimates have been. */
#include <stdio.h>

#include "base/limits.h"
#include "interop/csv.h"
#include "order/kind.h"
#include "outage/outage_belief.h"
#include "outage/outage_page.h"
#include "outage/outage_schemas.h"

typedef struct Said {
  Outages *outages;
  int64_t org_id;
  OutageEvidence *items;
  OutageEvidenceVerdict *verdicts;
  size_t count;
} Said;

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evidence"); }

static bool room_for(Said *said, Arena *arena, size_t count, Error *error) {
  if (count > LIMIT_POWER_EVENTS) return error_raise(error, ERROR_LIMIT, "items\t%d", LIMIT_POWER_EVENTS);
  said->items = ARENA_ARRAY(arena, OutageEvidence, count + 1);
  said->verdicts = ARENA_ARRAY(arena, OutageEvidenceVerdict, count + 1);
  return (said->items && said->verdicts) || out_of_memory(error);
}

static bool read_json(Said *said, HttpRequest *request, Error *error) {
  json_error_t why;
  json_t *body = json_loadb(request->raw_body.at, request->raw_body.len, JSON_REJECT_DUPLICATES, &why);
  const json_t *list = json_object_get(body, "items");
  bool ok = json_is_array(list) || (body ? error_raise(error, ERROR_FIELD_MISSING, "%s", "items") : error_raise(error, ERROR_FIELD_INVALID, "body\t%.60s\tJSON", why.text));
  ok = ok && room_for(said, request->arena, json_array_size(list), error);
  for (size_t i = 0; ok && i < json_array_size(list); i++) {
    const json_t *item = json_array_get(list, i);
    Text time = http_body_text(item, "time"), kind = http_body_text(item, "kind"), subject = http_body_text(item, "subject");
    OutageEvidence *out = &said->items[said->count++];
    *out = (OutageEvidence){INSTANT_NONE, text_copy(request->arena, kind), text_copy(request->arena, subject)};
    if (!time.at || !instant_from_text(time, &out->at)) out->at = INSTANT_NONE;
  }
  json_decref(body);
  return ok;
}

static bool read_csv(Said *said, HttpRequest *request, Error *error) {
  static const CsvColumn COLUMNS[] = {{"time", true}, {"kind", true}, {"subject", true}};
  Text left = request->raw_body;
  Csv *csv;
  size_t lines = 0;
  for (size_t i = 0; i < left.len; i++) lines += left.at[i] == '\n';
  if (!room_for(said, request->arena, lines + 1, error) || !csv_open(&csv, "body", csv_read_text, &left, error)) return false;
  bool ok = csv_columns(csv, COLUMNS, 3, error), row = true;
  while (ok && (ok = csv_next(csv, &row, error)) && row && said->count <= lines) {
    OutageEvidence *out = &said->items[said->count++];
    *out = (OutageEvidence){INSTANT_NONE, text_copy(request->arena, csv_field(csv, 1)), text_copy(request->arena, csv_field(csv, 2))};
    if (!instant_from_text(csv_field(csv, 0), &out->at)) out->at = INSTANT_NONE;
  }
  csv_close(csv);
  return ok;
}

static bool decode_events(HttpRequest *request, void **out, void *room, Error *error) {
  Said *said = *out = ARENA_NEW(request->arena, Said);
  if (!said) return out_of_memory(error);
  said->outages = room;
  bool csv = text_starts(http_header(request, "Content-Type"), TEXT("text/csv"));
  said->org_id = request->who.org_id;
  return csv ? read_csv(said, request, error) : read_json(said, request, error);
}

static bool decode_supply(HttpRequest *request, void **out, void *room, Error *error) {
  Said *said = *out = ARENA_NEW(request->arena, Said);
  CustomerId id;
  Customer customer;
  uint32_t position;
  if (!said) return out_of_memory(error);
  said->outages = room;
  if (!http_argument_id(request, 0, "customer", &id.value, error) || !room_for(said, request->arena, 1, error)) return false;
  if (!people_position_of(said->outages->people, id, &position)) return error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)id.value);
  people_customer(said->outages->people, position, &customer);
  if (!people_check_place(said->outages->people, request->who.org_id, customer.device, error)) return false;
  said->count = 1;
  said->items[0] = (OutageEvidence){request->now, http_body_bool(request->body, "has_power", false) ? TEXT("has_power") : TEXT("is_dark"), customer.number};
  return true;
}

/* Of a tie, one of its ends. */
static bool tie_is_theirs(DeskContext *context, const Said *said, Text code, Error *error) {
  const Outages *outages = said->outages;
  const GridTie *ties;
  size_t count = grid_ties(outages->grid, &ties);
  int64_t id = 0;
  bool found;
  if (!outage_tie_of_code(context->db, outages, code, &id, &found, error)) return false;
  for (size_t i = 0; found && i < count; i++)
    if (ties[i].id == id) return people_check_reach(outages->people, said->org_id, ties[i].a, NULL) || people_check_reach(outages->people, said->org_id, ties[i].b, error);
  return true;
}

/* A head-end speaks for the whole company; somebody of a part only for what is theirs. A switch may stand above them; what nobody knows is set aside later. */
static bool all_theirs(DeskContext *context, const Said *said, Error *error) {
  const People *people = said->outages->people;
  for (size_t i = 0; said->org_id && i < said->count; i++) {
    Text name = said->items[i].subject;
    uint32_t at;
    bool household = people_position_of_meter(people, name, &at) || people_position_of_number(people, name, &at), known = household || grid_index_of_code(said->outages->grid, name, &at);
    if (household) at = people_customer_device(people, at);
    if (!(known ? people_check_reach(people, said->org_id, at, error) : tie_is_theirs(context, said, name, error))) return error_at(error, "items[%zu].subject", i);
  }
  return true;
}

static bool work_said(DeskContext *context, void *self, Error *error) {
  Said *said = self;
  if (!all_theirs(context, said, error)) return false;
  for (size_t i = 0; i < said->count; i++)
    if (said->items[i].at != INSTANT_NONE && said->items[i].at > context->now && said->count == 1) said->items[i].at = context->now; /* of a person, now */
  return outage_evidence(context, said->outages, said->items, said->count, said->verdicts, error);
}

static const struct {
  const char *why, *zh, *en;
} WHY[] = {{"unknown_subject", "没有此电表、客户或设备", "no such meter, customer or device"},
           {"wrong_subject", "此类事件不能用于该对象", "this cannot be said of such a subject"},
           {"unknown_kind", "未知的事件类型", "no such kind of event"},
           {"future", "时间在将来", "its time is still to come"},
           {"too_old", "时间过早", "it is too old"},
           {"stale", "已有更新的相反信息", "something later says otherwise"},
           {"contradicts", "与同一时刻的信息矛盾", "it contradicts what was said of the same moment"},
           {"loop", "合上后形成环网 (两路电源并列), 已记录, 暂不计入", "it closes a loop: kept in mind, without effect until the loop is open elsewhere"},
           {"bad_time", "时间无法识别", "its time cannot be read"}};

static bool encode_said(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  const Said *said = self;
  size_t counts[3] = {0}, listed = 0;
  Json json;
  (void)request, (void)room, (void)error;
  for (size_t i = 0; i < said->count; i++) counts[said->verdicts[i].taken ? 0 : said->verdicts[i].repeated ? 1 : 2]++;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "taken", (int64_t)counts[0]);
  json_put_i64(&json, "repeated", (int64_t)counts[1]);
  json_put_i64(&json, "set_aside", (int64_t)counts[2]);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < said->count && listed < LIMIT_EVIDENCE_LISTED; i++) {
    const OutageEvidenceVerdict *verdict = &said->verdicts[i];
    if (verdict->taken || verdict->repeated) continue;
    listed++;
    json_open_object(&json);
    json_put_i64(&json, "index", (int64_t)i);
    json_put_string(&json, "why", verdict->name);
    for (size_t k = 0; k < sizeof WHY / sizeof *WHY; k++)
      if (strcmp(WHY[k].why, verdict->name) == 0) json_put_string(&json, "zh", WHY[k].zh), json_put_string(&json, "en", WHY[k].en);
    json_close(&json);
  }
  json_close(&json);
  json_close(&json);
  return true;
}

/* --- the dispatcher's word on a device --- */

typedef struct Word {
  Outages *outages;
  int64_t org_id;
  uint32_t device;
  Text word;
} Word;

static bool decode_word(HttpRequest *request, void **out, void *room, Error *error) {
  Word *word = *out = ARENA_NEW(request->arena, Word);
  DeviceId id = {http_body_id(request->body, "device_id")};
  if (!word) return out_of_memory(error);
  *word = (Word){.outages = room, .org_id = request->who.org_id, .word = http_body_text(request->body, "word")};
  return grid_index_of(word->outages->grid, id, &word->device) || error_raise(error, ERROR_NOT_FOUND, "device\t%lld", (long long)id.value);
}

static bool work_word(DeskContext *context, void *self, Error *error) {
  Word *word = self;
  Outage place = {.device = word->device};
  if (!outage_in_reach(word->outages, &place, word->org_id))
    return error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(people_org(word->outages->people, people_org_of_device(word->outages->people, word->device))->name));
  return outage_word(context, word->outages, word->device, text_is(word->word, "out") ? LOCATE_IS_OUT : text_is(word->word, "sound") ? LOCATE_IS_SOUND : LOCATE_JUDGE, error);
}

static bool encode_word(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  const Word *word = self;
  Json json;
  (void)request, (void)room, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_id(&json, "device_id", grid_device(word->outages->grid, word->device)->id.value);
  json_put_text(&json, "word", word->word);
  json_close(&json);
  return true;
}

/* --- reading --- */

static bool get_possible(HttpRequest *request, HttpReply *reply, void *room, Error *error) { return outage_possible_write(request, reply, room, error); }

static bool get_score(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Outages *outages = room;
  RestoreScore score;
  int64_t repairs;
  Json json;
  if (!outage_row_score(request->db, outages->county_id, &score, &repairs, error)) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "repairs", repairs);
  json_put_i64(&json, "estimates", (int64_t)score.count);
  json_key(&json, "inside");
  if (score.count) json_f64(&json, score.inside, 3);
  else json_nil(&json);
  json_key(&json, "pinball_min");
  if (score.count) json_f64(&json, score.pinball_min, 2);
  else json_nil(&json);
  json_close(&json);
  return true;
}

enum { TELLS = KIND_ROLE_AGENT | KIND_ROLE_DISPATCHER | KIND_ROLE_MANAGER };

static const HttpRoute ROUTES[] = {
    {.method = "GET", .path = "/api/v1/outages/possible", .summary = "What may be an outage: devices below the threshold, and whom to ask next",
     .roles = TELLS | KIND_ROLE_HEAD, .reply_schema = SCHEMA_POSSIBLE, .read = get_possible},
    {.method = "GET", .path = "/api/v1/outages/estimates", .summary = "How good the estimated times of restoration have been", .reply_schema = SCHEMA_SCORE,
     .read = get_score},
    {.method = "POST", .path = "/api/v1/power-events", .roles = KIND_ROLE_DISPATCHER | KIND_ROLE_ADMINISTRATOR, .flags = HTTP_KEYED | HTTP_RAW_BODY | HTTP_UNCOUNTED,
     .summary = "What a head-end's meters and switches said: items of time, kind, subject, as JSON {items: […]} or as CSV with these columns",
     .request_schema = "application/json text/csv", .reply_schema = SCHEMA_EVIDENCE, .decode = decode_events, .work = work_said, .encode = encode_said},
    {.method = "POST", .path = "/api/v1/customers/{id}/supply", .roles = TELLS | KIND_ROLE_CREW, .flags = HTTP_KEYED,
     .summary = "A customer was asked: he has power, or is in the dark", .request_schema = TAKES_SUPPLY, .reply_schema = SCHEMA_EVIDENCE,
     .decode = decode_supply, .work = work_said, .encode = encode_said},
    {.method = "POST", .path = "/api/v1/outages/word", .roles = KIND_ROLE_DISPATCHER, .flags = HTTP_KEYED,
     .summary = "The dispatcher's word on a device: it is out, it is sound, or judge it again", .request_schema = TAKES_WORD, .reply_schema = SCHEMA_WORD,
     .decode = decode_word, .work = work_word, .encode = encode_word},
    {.method = NULL},
};

const HttpRoute *outage_evidence_routes(void) { return ROUTES; }
