/* The HTTP face of rosters and patrol rounds. */
#include <stdio.h>

#include "crew/plan_page.h"
#include "crew/plan_schemas.h"

/* --- the roster --- */

static void put_minute(Json *json, const char *key, int minute) {
  char text[16];
  snprintf(text, sizeof text, "%02d:%02d", minute / 60 % 100, minute % 60);
  json_put_string(json, key, text);
}

static const char *const DUTIES[] = {"off", "on", "standby"};

static bool get_roster(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Crews *crews = room;
  int64_t from, days, org = request->who.org_id;
  size_t row;
  Json json;
  if (!http_query_i64(request, "from", roster_day(request->now), 20000101, 21991231, &from, error) || !http_query_i64(request, "days", 14, 1, 62, &days, error)) return false;
  Instant first = roster_midnight((int32_t)from);
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "days");
  json_open_array(&json);
  for (int64_t d = 0; d < days; d++) json_i64(&json, roster_day(first + d * SPAN_DAY));
  json_close(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < crews->crews.count; i++) {
    const Crew *crew = &crews->crews.at[i];
    if (!crew_in_reach(crews, org, crew)) continue;
    json_open_object(&json);
    json_key(&json, "crew");
    json_open_object(&json);
    json_put_id(&json, "id", crew->id.value);
    json_put_text(&json, "name", crew->name);
    json_put_text(&json, "org_name", people_org_row(crews->people, crew->org_id, &row) ? people_org(crews->people, row)->name : TEXT_NONE);
    json_put_text(&json, "skills", crew->skills);
    json_close(&json);
    json_key(&json, "days");
    json_open_array(&json);
    for (int64_t d = 0; d < days; d++) {
      DutyDay day = roster_of(crew, roster_day(first + d * SPAN_DAY));
      json_open_object(&json);
      json_put_i64(&json, "day", day.day);
      json_put_string(&json, "duty", DUTIES[day.duty]);
      put_minute(&json, "from", day.from);
      put_minute(&json, "until", day.until);
      json_put_bool(&json, "usual", day.version == 0);
      json_put_i64(&json, "version", day.version);
      json_close(&json);
    }
    json_close(&json);
    json_close(&json);
  }
  json_close(&json);
  json_close(&json);
  return true;
}

typedef struct Command {
  Crews *crews;
  DutyDay day;
  CrewId a, b;
  int32_t day_a, day_b;
  PatrolRound round;
  int64_t id, org_id;
} Command;

static bool decode(HttpRequest *request, void **out, void *room, Error *error) {
  Command *c = *out = ARENA_NEW(request->arena, Command);
  if (!c) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "roster");
  const json_t *body = request->body;
  Text duty = http_body_text(body, "duty");
  *c = (Command){.crews = room, .a = {http_body_id(body, "crew_a")}, .b = {http_body_id(body, "crew_b")}, .day_a = (int32_t)http_body_i64(body, "day_a", 0),
                 .day_b = (int32_t)http_body_i64(body, "day_b", 0)};
  c->org_id = request->who.org_id;
  c->day = (DutyDay){.crew = {http_body_id(body, "crew_id")}, .day = (int32_t)http_body_i64(body, "day", 0), .from = (int16_t)http_body_i64(body, "from", 0),
                     .until = (int16_t)http_body_i64(body, "until", 0), .version = (int32_t)http_body_i64(body, "version", 0)};
  c->day.duty = duty.at && text_is(duty, "on") ? DUTY_ON : duty.at && text_is(duty, "standby") ? DUTY_STANDBY : DUTY_OFF;
  return true;
}

/* A crew's duties are its own part's business. */
static bool theirs(const Command *c, CrewId id, Error *error) {
  const Crew *crew = crew_find(c->crews, id);
  return !crew || people_org_within(c->crews->people, crew->org_id, c->org_id) || error_raise(error, ERROR_CREW_NOT_YOURS, "%.*s", TEXT_ARG(crew->name));
}

static bool work_set(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  return theirs(c, c->day.crew, error) && roster_set(context, c->crews, &c->day, error);
}

static bool work_swap(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  return theirs(c, c->a, error) && theirs(c, c->b, error) && roster_swap(context, c->crews, c->a, c->day_a, c->b, c->day_b, error);
}

static bool encode(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  const Crews *crews = room;
  Json json;
  (void)request, (void)error, (void)self;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "version", crews->plan->version);
  json_close(&json);
  return true;
}

/* --- rounds --- */

/* To be shown to `org` at all: one of its places is theirs. */
static bool round_is_theirs(const Crews *crews, const PatrolRound *round, int64_t org) {
  bool theirs = org == 0;
  for (int i = 0; !theirs && i < round->device_count; i++) theirs = people_check_place(crews->people, org, round->device[i], NULL);
  return theirs;
}

/* To be changed by somebody of `org`: all of them are. */
static bool round_is_wholly_theirs(const Crews *crews, int64_t id, int64_t org, Error *error) {
  const PatrolRound *round = round_find(crews, id);
  for (int i = 0; round && i < round->device_count; i++)
    if (!people_check_place(crews->people, org, round->device[i], error)) return false;
  return true;
}

static void write_round(const Crews *crews, const PatrolRound *round, int64_t org, Json *json) {
  int64_t open = 0;
  for (size_t i = 0; i < crews->plan->tasks.count; i++) open += crews->plan->tasks.at[i]->round == round->id;
  json_open_object(json);
  json_put_id(json, "id", round->id);
  json_put_string(json, "name", round->name);
  json_put_string(json, "reason", round->reason);
  json_put_i64(json, "from_day", round->from_day);
  json_put_i64(json, "until_day", round->until_day);
  json_key(json, "windows");
  json_open_array(json);
  for (int i = 0; i < round->window_count; i++) {
    json_open_object(json);
    json_put_i64(json, "from", round->window[i].from);
    json_put_i64(json, "until", round->window[i].until);
    json_close(json);
  }
  json_close(json);
  json_put_i64(json, "minutes", round->minutes);
  json_key(json, "places");
  json_open_array(json);
  for (int i = 0; i < round->device_count; i++) {
    if (!people_check_place(crews->people, org, round->device[i], NULL)) continue;
    json_open_object(json);
    json_put_id(json, "id", grid_device(crews->grid, round->device[i])->id.value);
    json_put_text(json, "name", grid_name(crews->grid, round->device[i]));
    json_close(json);
  }
  json_close(json);
  json_put_i64(json, "open_visits", open);
  json_put_i64(json, "version", round->version);
  json_close(json);
}

static bool get_rounds(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Crews *crews = room;
  Json json;
  (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < round_count(crews); i++)
    if (round_is_theirs(crews, round_at(crews, i), request->who.org_id)) write_round(crews, round_at(crews, i), request->who.org_id, &json);
  json_close(&json);
  json_close(&json);
  return true;
}

static void copy_text(char *out, size_t size, Text text) { snprintf(out, size, "%.*s", text.at ? (int)text.len : 0, text.at ? text.at : ""); }

static bool device_of(const Crews *crews, bool customer, int64_t id, uint32_t *device, Error *error) {
  uint32_t position;
  if (!customer) return grid_index_of(crews->grid, (DeviceId){id}, device) || error_raise(error, ERROR_NOT_FOUND, "device\t%lld", (long long)id);
  if (!people_position_of(crews->people, (CustomerId){id}, &position)) return error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)id);
  *device = people_customer_device(crews->people, position);
  return true;
}

/* Devices, or customers by the device they hang on; each place once. */
static bool add_places(Command *c, const HttpRequest *request, const char *field, Error *error) {
  const json_t *list = json_object_get(request->body, field);
  PatrolRound *round = &c->round;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_array_get(list, i));
    int64_t id = 0;
    uint32_t device;
    bool known = false;
    if (!text || !text_to_i64(text_of(text), &id)) return error_raise(error, ERROR_NOT_FOUND, "%s\t%s", field, text ? text : "");
    if (!device_of(c->crews, field[0] == 'c', id, &device, error) || !people_check_place(c->crews->people, request->who.org_id, device, error)) return false;
    for (int k = 0; k < round->device_count; k++) known |= round->device[k] == device;
    if (!known) round->device[round->device_count++] = device;
  }
  return true;
}

static bool decode_round(HttpRequest *request, void **out, void *room, Error *error) {
  if (!decode(request, out, room, error)) return false;
  Command *c = *out;
  const json_t *body = request->body, *windows = json_object_get(body, "windows");
  PatrolRound *round = &c->round;
  *round = (PatrolRound){.id = http_body_id(body, "id"), .from_day = (int32_t)http_body_i64(body, "from_day", 0), .until_day = (int32_t)http_body_i64(body, "until_day", 0),
                         .minutes = (int)http_body_i64(body, "minutes", 0), .version = (int32_t)http_body_i64(body, "version", 0)};
  copy_text(round->name, sizeof round->name, http_body_text(body, "name"));
  copy_text(round->reason, sizeof round->reason, http_body_text(body, "reason"));
  for (size_t i = 0; i < json_array_size(windows) && round->window_count < ROUND_WINDOWS_MAX; i++) {
    const json_t *window = json_array_get(windows, i);
    round->window[round->window_count++] = (RoundWindow){(int)http_body_i64(window, "from", 0), (int)http_body_i64(window, "until", 0)};
  }
  size_t most = json_array_size(json_object_get(body, "device_ids")) + json_array_size(json_object_get(body, "customer_ids"));
  round->device = ARENA_ARRAY(request->arena, uint32_t, most + 1);
  if (!round->device) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "round");
  return add_places(c, request, "device_ids", error) && add_places(c, request, "customer_ids", error);
}

static bool decode_end(HttpRequest *request, void **out, void *room, Error *error) {
  if (!decode(request, out, room, error)) return false;
  Command *c = *out;
  c->day.version = (int32_t)http_body_i64(request->body, "version", 0);
  return http_argument_id(request, 0, "round", &c->id, error);
}

static bool work_round(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  return round_is_wholly_theirs(c->crews, c->round.id, c->org_id, error) && round_save(context, c->crews, &c->round, &c->id, error);
}

static bool work_end(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  return round_is_wholly_theirs(c->crews, c->id, c->org_id, error) && round_end(context, c->crews, c->id, c->day.version, error);
}

static bool encode_round(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  const PatrolRound *round = round_find(room, ((Command *)self)->id);
  Json json;
  (void)request, (void)error;
  json_begin(&json, &reply->body);
  if (round) write_round(room, round, request->who.org_id, &json);
  return true;
}

enum { PLANNERS = KIND_ROLE_DISPATCHER | KIND_ROLE_HEAD | KIND_ROLE_ADMINISTRATOR };

static const HttpRoute ROUTES[] = {
  {.method = "GET", .path = "/api/v1/roster", .summary = "Who is on duty when, day by day", .query = "from days", .reply_schema = SCHEMA_ROSTER, .read = get_roster},
  {.method = "POST", .path = "/api/v1/roster", .roles = PLANNERS, .flags = HTTP_KEYED, .summary = "A crew's duty on a day: on, standby or off; until not after from: over midnight",
   .request_schema = TAKES_ROSTER, .reply_schema = OBJECT("\"version\"", P("version", S_WHOLE)), .decode = decode, .work = work_set, .encode = encode},
  {.method = "POST", .path = "/api/v1/roster/swap", .roles = PLANNERS, .flags = HTTP_KEYED, .summary = "Two crews swap their duties", .request_schema = TAKES_SWAP,
   .reply_schema = OBJECT("\"version\"", P("version", S_WHOLE)), .decode = decode, .work = work_swap, .encode = encode},
  {.method = "GET", .path = "/api/v1/rounds", .summary = "Patrol rounds for secured supply", .reply_schema = SCHEMA_ROUNDS, .read = get_rounds},
  {.method = "POST", .path = "/api/v1/rounds", .roles = PLANNERS, .flags = HTTP_KEYED, .summary = "Makes a round, or changes one: its visits are planned with the repairs",
   .request_schema = TAKES_ROUND, .reply_schema = S_REF("PatrolRound"), .decode = decode_round, .work = work_round, .encode = encode_round},
  {.method = "POST", .path = "/api/v1/rounds/{id}/end", .roles = PLANNERS, .flags = HTTP_KEYED, .summary = "Ends a round; its open visits are called off",
   .request_schema = TAKES_ROUND_END, .reply_schema = OBJECT("\"version\"", P("version", S_WHOLE)), .decode = decode_end, .work = work_end, .encode = encode},
  {.method = NULL},
};

const HttpRoute *roster_routes(void) { return ROUTES; }

bool roster_add_routes(Http *http, Crews *crews, Error *error) {
  return http_add_component(http, "PatrolRound", COMPONENT_ROUND, error) && http_add_routes(http, ROUTES, crews, error);
}
