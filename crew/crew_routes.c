#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "crew/crew_page.h"
#include "crew/plan_page.h"
#include "crew/crew_schemas.h"

enum { PROPOSALS_SHOWN = 50 };

static void begin_items(Json *json, HttpReply *reply) {
  json_begin(json, &reply->body);
  json_open_object(json);
  json_key(json, "items");
  json_open_array(json);
}

static void end_items(Json *json, int64_t next) {
  json_close(json);
  json_put_id(json, "next", next);
  json_close(json);
}

/* --- crews --- */

bool crew_reached(const Crews *crews, int64_t org, CrewId id, Error *error) {
  const Crew *crew = crew_find(crews, id);
  return !crew || crew_in_reach(crews, org, crew) || error_raise(error, ERROR_CREW_NOT_YOURS, "%.*s", TEXT_ARG(crew->name));
}

static bool get_crews(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Crews *crews = room;
  Json json;
  int64_t org = request->who.org_id;
  (void)error;
  begin_items(&json, reply);
  for (size_t i = 0; i < crew_count(crews); i++) {
    const Crew *crew = crew_at(crews, i);
    if (crew_in_reach(crews, org, crew)) crew_write(crews, crew, request, &json);
  }
  end_items(&json, 0);
  return true;
}

static void say_why(const CrewProposal *proposal, char zh[240], char en[240]) {
  char free_at[INSTANT_TEXT_MAX] = "", distance[64] = "位置未知", away[64] = "place unknown";
  if (proposal->why == NEAREST_BUSY) instant_to_text(proposal->free_at, ZONE_SHANGHAI, free_at);
  if (isfinite(proposal->minutes)) {
    snprintf(distance, sizeof distance, "%.1f km, 约 %.0f 分钟", proposal->distance_km, proposal->minutes);
    snprintf(away, sizeof away, "%.1f km, about %.0f min", proposal->distance_km, proposal->minutes);
  }
  static const char *const zhs[] = {"可派", "任务中", "不在班", "缺少所需技能"};
  static const char *const ens[] = {"free", "busy", "off shift", "lacks a skill that is needed"};
  const char *clock = proposal->why == NEAREST_BUSY ? free_at + 11 : ""; /* of "2026-12-31T20:10:00+08:00" */
  char plan_zh[96] = "", plan_en[96] = "";
  if (proposal->planned) {
    char turn[16] = "";
    if (proposal->at > 1) snprintf(turn, sizeof turn, "%d", proposal->at);
    snprintf(plan_zh, sizeof plan_zh, "%s%s%s%s; ", turn[0] ? "计划第 " : "计划首选", turn, turn[0] ? " 件" : "", proposal->due_kept ? ", 可按承诺到达" : "");
    snprintf(plan_en, sizeof plan_en, "%s%s%s; ", turn[0] ? "planned as its job no. " : "the plan's choice", turn, proposal->due_kept ? ", arrives as promised" : "");
  }
  snprintf(zh, 240, "%s%s%s%.5s; %s", plan_zh, zhs[proposal->why], clock[0] ? ", 预计空闲 " : "", clock, distance);
  snprintf(en, 240, "%s%s%s%.5s; %s", plan_en, ens[proposal->why], clock[0] ? ", free about " : "", clock, away);
}

static bool get_proposals(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Crews *crews = room;
  OutageId id;
  CrewSite site;
  Json json;
  if (!http_argument_id(request, 0, "outage", &id.value, error)) return false;
  if (!crews->sites.find(crews->sites.self, id, &site)) return error_raise(error, ERROR_NOT_FOUND, "outage\t%lld", (long long)id.value);
  if (!people_check_reach(crews->people, request->who.org_id, site.device, error)) return false;
  CrewProposal *out = ARENA_ARRAY(request->arena, CrewProposal, PROPOSALS_SHOWN);
  if (!out) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "proposals");
  size_t count = crew_propose(crews, id, request->now, out, PROPOSALS_SHOWN);
  begin_items(&json, reply);
  for (size_t i = 0; i < count; i++) {
    if (!crew_in_reach(crews, request->who.org_id, crew_at(crews, out[i].crew))) continue;
    static const char *const whys[] = {"able", "busy", "off_shift", "lacks_skill"};
    char zh[240], en[240];
    say_why(&out[i], zh, en);
    json_open_object(&json);
    json_key(&json, "crew");
    crew_write(crews, crew_at(crews, out[i].crew), request, &json);
    json_put_f64(&json, "minutes", out[i].minutes, 1);
    json_put_f64(&json, "distance_km", out[i].distance_km, 2);
    json_put_string(&json, "why", whys[out[i].why]);
    json_put_string(&json, "why_zh", zh);
    json_put_string(&json, "why_en", en);
    json_put_bool(&json, "able", out[i].why == NEAREST_ABLE);
    json_put_bool(&json, "planned", out[i].planned);
    json_put_i64(&json, "place", out[i].at);
    json_put_bool(&json, "due_kept", out[i].due_kept);
    json_close(&json);
  }
  json_close(&json);
  json_close(&json);
  return true;
}

/* --- jobs --- */

CrewId crew_of_who(const Crews *crews, const HttpWho *who) {
  return crews->member_of ? crews->member_of(crews->member_of_self, who->staff_id) : (CrewId){0};
}

/* Whether a job lies where they belong: by its outage while that is open, by its crew afterwards. One's own crew's always does. */
static bool job_in_reach(const Crews *crews, const HttpWho *who, const Job *job) {
  CrewSite site;
  const Crew *crew = crew_find(crews, job->crew);
  if (who->org_id == 0 || crew_of_who(crews, who).value == job->crew.value) return true;
  if (crews->sites.find(crews->sites.self, job->outage, &site)) return people_check_reach(crews->people, who->org_id, site.device, NULL);
  return crew && crew_in_reach(crews, who->org_id, crew);
}

typedef struct Closed {
  const Crews *crews;
  HttpRequest *request;
  JobId *at;
  size_t count;
} Closed;

static bool keep_closed(void *self, JobId id) {
  Closed *closed = self;
  closed->at[closed->count++] = id;
  return true;
}

static bool write_closed(Crews *crews, HttpRequest *request, CrewId crew, int64_t after, int64_t limit, Json *json, int64_t *next, Error *error) {
  Closed closed = {crews, request, ARENA_ARRAY(request->arena, JobId, (size_t)limit + 1), 0};
  Job job;
  if (!closed.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "jobs");
  if (!job_rows_closed(request->db, crews->county_id, request->who.org_id, crew_of_who(crews, &request->who), crew, (JobId){after}, limit + 1, keep_closed, &closed,
                       error))
    return false;
  for (size_t i = 0; i < closed.count && i < (size_t)limit; i++)
    if (!job_row_load(request->db, crews, closed.at[i], &job, error) || !job_write(crews, request->db, &job, request, json, error)) return false;
  if (closed.count > (size_t)limit) *next = closed.at[limit - 1].value;
  return true;
}

static bool get_jobs(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Crews *crews = room;
  Text whose = http_query(request, "crew"), state = http_query(request, "state");
  bool closed = state.at && text_is(state, "closed"), mine = whose.at && text_is(whose, "me");
  int64_t limit, after, next = 0, id = 0, count = 0;
  Json json;
  if (state.at && !closed && !text_is(state, "open")) {
    error_raise(error, ERROR_FIELD_INVALID, "state\t%.*s\topen, closed", (int)(state.len < 40 ? state.len : 40), state.at);
    return error_at(error, "%s", "?state");
  }
  if (mine) id = crew_of_who(crews, &request->who).value;
  else if (whose.at && !http_query_i64(request, "crew", 0, 1, INT64_MAX, &id, error)) return false;
  if (!http_query_i64(request, "limit", 50, 1, 200, &limit, error) || !http_query_i64(request, "after", 0, 0, INT64_MAX, &after, error)) return false;
  begin_items(&json, reply);
  if (mine && id == 0) { /* of no crew: nothing */
  } else if (closed) {
    if (!write_closed(crews, request, (CrewId){id}, after, limit, &json, &next, error)) return false;
  } else {
    for (size_t i = 0; i < crews->jobs.count && !next; i++) {
      const Job *job = crews->jobs.at[i];
      if (job->id.value <= after || (id && job->crew.value != id) || !job_in_reach(crews, &request->who, job)) continue;
      if (!job_write(crews, request->db, job, request, &json, error)) return false;
      if (++count == limit && i + 1 < crews->jobs.count) next = job->id.value;
    }
  }
  end_items(&json, next);
  return true;
}

static bool get_job(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Crews *crews = room;
  JobId id;
  Job ended;
  Json json;
  if (!http_argument_id(request, 0, "job", &id.value, error)) return false;
  const Job *job = crew_job_find(crews, id);
  if (!job) {
    if (!job_row_load(request->db, crews, id, &ended, error)) return false;
    job = &ended;
  }
  if (!job_in_reach(crews, &request->who, job)) return error_raise(error, ERROR_NOT_FOUND, "job\t%lld", (long long)id.value);
  json_begin(&json, &reply->body);
  return job_write(crews, request->db, job, request, &json, error);
}

/* --- stock --- */

typedef struct Shelf {
  const StockPlace *place;
  double metres;
} Shelf;

static int by_distance(const void *left, const void *right) {
  const Shelf *a = left, *b = right;
  if (isnan(a->metres) != isnan(b->metres)) return isnan(a->metres) ? 1 : -1;
  if (a->metres < b->metres || a->metres > b->metres) return a->metres < b->metres ? -1 : 1;
  return a->place->id < b->place->id ? -1 : a->place->id > b->place->id;
}

static bool get_stock(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Crews *crews = room;
  Text item = http_query(request, "item"), near = http_query(request, "near"), lon_text;
  double lon = NAN, lat = NAN;
  Json json;
  if (near.at) {
    Text rest = near;
    if (!text_next(&rest, ',', &lon_text) || !text_to_f64(lon_text, &lon) || !text_to_f64(rest, &lat) || fabs(lon) > 180 || fabs(lat) > 90) {
      error_raise(error, ERROR_FIELD_INVALID, "near\t%.*s\tLON,LAT", (int)(near.len < 40 ? near.len : 40), near.at);
      return error_at(error, "%s", "?near");
    }
  }
  Shelf *shelves = ARENA_ARRAY(request->arena, Shelf, crews->stock.count + 1);
  if (!shelves) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "stock");
  size_t count = 0;
  for (size_t i = 0; i < crews->stock.count; i++) {
    const StockPlace *place = &crews->stock.at[i];
    if (item.at && text_find(place->item, item) < 0) continue;
    shelves[count++] = (Shelf){place, nearest_metres(lon, lat, place->lon, place->lat)};
  }
  qsort(shelves, count, sizeof *shelves, by_distance);
  begin_items(&json, reply);
  for (size_t i = 0; i < count && i < 500; i++) {
    const StockPlace *place = shelves[i].place;
    size_t row;
    bool known = people_org_row(crews->people, place->org_id, &row);
    json_open_object(&json);
    json_put_id(&json, "id", place->id);
    json_put_text(&json, "item", place->item);
    json_put_text(&json, "unit", place->unit);
    json_put_i64(&json, "quantity", place->quantity);
    json_put_id(&json, "org_id", place->org_id);
    json_put_text(&json, "org_name", known ? people_org(crews->people, row)->name : TEXT_NONE);
    json_put_f64(&json, "distance_km", shelves[i].metres / 1000, 2);
    json_close(&json);
  }
  end_items(&json, 0);
  return true;
}

/* --- writes --- */

typedef struct Command {
  Crews *crews;
  HttpRequest *request;
  OutageId outage;
  CrewId crew;
  JobId job;
  int32_t version;
  Text reason;
  CrewStep step;
  CrewSpot spot;
  double heading;
  CrewMaterial material;
  Db *db;                   /* the writer's, while the command runs */
} Command;

static bool decode(HttpRequest *request, Command **out, void *room, Error *error) {
  Command *command = *out = ARENA_NEW(request->arena, Command);
  if (!command) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "crew");
  const json_t *body = request->body;
  command->crews = room;
  command->request = request;
  command->version = (int32_t)http_body_i64(body, "version", 0);
  command->reason = http_body_text(body, "reason");
  command->crew.value = http_body_id(body, "crew_id");
  return true;
}

static bool decode_outage(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command;
  if (!decode(request, &command, room, error) || !http_argument_id(request, 0, "outage", &command->outage.value, error)) return false;
  *out = command;
  return true;
}

static bool decode_step(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command;
  if (!decode(request, &command, room, error) || !http_argument_id(request, 0, "job", &command->job.value, error)) return false;
  const json_t *fields = json_object_get(request->body, "fields");
  command->step = (CrewStep){.job = command->job, .step = http_body_text(request->body, "step"), .version = command->version,
                             .fields = json_is_object(fields) ? fields : NULL, .staff_id = request->who.staff_id};
  Text done_at = http_body_text(request->body, "done_at");
  if (done_at.len && !instant_from_text(done_at, &command->step.done_at)) command->step.done_at = 0; /* the schema let a moment pass */
  *out = command;
  return true;
}

static bool decode_material(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command;
  if (!decode(request, &command, room, error) || !http_argument_id(request, 0, "job", &command->job.value, error)) return false;
  command->material = (CrewMaterial){.job = command->job, .item = http_body_text(request->body, "item"), .quantity = http_body_i64(request->body, "quantity", 0),
                                     .org_id = http_body_id(request->body, "org_id")};
  *out = command;
  return true;
}

static bool decode_position(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command;
  if (!decode(request, &command, room, error) || !http_argument_id(request, 0, "crew", &command->crew.value, error)) return false;
  Text at = http_body_text(request->body, "at");
  command->spot = (CrewSpot){http_body_f64(request->body, "lon", NAN), http_body_f64(request->body, "lat", NAN), request->now};
  command->heading = http_body_f64(request->body, "heading", NAN);
  if (at.at && !instant_from_text(at, &command->spot.at)) return error_raise(error, ERROR_FIELD_INVALID, "at\t%.*s\tRFC 3339, 1970…2199", TEXT_ARG(at));
  *out = command;
  return true;
}

bool crew_may_act(const Crews *crews, const HttpWho *who, JobId job_id, CrewId crew_id, CrewId *own, Error *error) {
  *own = (CrewId){0};
  if (who->roles & KIND_ROLE_DISPATCHER) {
    const Job *job = crew_job_find(crews, job_id);
    const Crew *crew = crew_find(crews, crew_id);
    if (job && !job_in_reach(crews, who, job)) return error_raise(error, ERROR_NOT_FOUND, "job\t%lld", (long long)job->id.value);
    if (crew && !people_org_within(crews->people, crew->org_id, who->org_id)) return error_raise(error, ERROR_CREW_NOT_YOURS, "%.*s", TEXT_ARG(crew->name));
    return true;
  }
  *own = crew_of_who(crews, who);
  return own->value ? true : error_raise(error, ERROR_CREW_NOT_YOURS, "%s", "you belong to no crew");
}

static bool whose(const Command *c, CrewId *own, Error *error) {
  return crew_may_act(c->crews, &c->request->who, c->job, c->crew, own, error);
}

static bool outage_reached(const Command *c, Error *error) {
  CrewSite site;
  return !c->crews->sites.find(c->crews->sites.self, c->outage, &site) || people_check_reach(c->crews->people, c->request->who.org_id, site.device, error);
}

static bool work_assign(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  c->db = context->db;
  return outage_reached(c, error) && crew_reached(c->crews, c->request->who.org_id, c->crew, error) && crew_assign(context, c->crews, c->outage, c->version, c->crew, &c->job, error);
}

static bool work_unassign(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  const Job *job = crew_job_of_outage(c->crews, c->outage);
  c->db = context->db;
  if (job) c->job = job->id;
  return outage_reached(c, error) && crew_unassign(context, c->crews, c->outage, c->version, c->reason, error);
}

static bool work_step(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  c->db = context->db;
  return whose(c, &c->step.own, error) && crew_step(context, c->crews, &c->step, error);
}

static bool work_material(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  int64_t id;
  c->db = context->db;
  return whose(c, &c->material.own, error) && crew_take_material(context, c->crews, &c->material, &id, error);
}

static bool work_position(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  CrewId own;
  if (!whose(c, &own, error)) return false;
  if (own.value && own.value != c->crew.value) return error_raise(error, ERROR_CREW_NOT_YOURS, "%lld", (long long)c->crew.value);
  return crew_place(context, c->crews, c->crew, &c->spot, c->heading, error);
}

/* The job as it is now; the command's transaction is still open, and its connection knows what a reader does not yet. */
static bool encode_job(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  Command *c = self;
  Job ended;
  Json json;
  const Job *job = crew_job_find(room, c->job);
  if (!job) {
    if (!job_row_load(c->db, room, c->job, &ended, error)) return false;
    job = &ended;
  }
  json_begin(&json, &reply->body);
  return job_write(room, c->db, job, request, &json, error);
}

static bool encode_assign(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  reply->status = 201;
  return encode_job(request, self, reply, room, error);
}

static bool encode_position(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  Json json;
  (void)error;
  json_begin(&json, &reply->body);
  crew_write(room, crew_find(room, ((Command *)self)->crew), request, &json);
  return true;
}

enum { FIELD_ROLES = KIND_ROLE_DISPATCHER | KIND_ROLE_CREW };

static const HttpRoute ROUTES[] = {
  {.method = "GET", .path = "/api/v1/crews", .summary = "All crews: place, shift, state, trail", .reply_schema = SCHEMA_CREWS, .read = get_crews},
  {.method = "GET", .path = "/api/v1/outages/{id}/proposals", .summary = "Who could go: the plan's choice first, then who could be there soonest, each with why", .reply_schema = SCHEMA_PROPOSALS,
   .read = get_proposals},
  {.method = "POST", .path = "/api/v1/outages/{id}/assign", .roles = KIND_ROLE_DISPATCHER, .flags = HTTP_KEYED, .summary = "Send a crew, in place of one that is sent",
   .request_schema = TAKES_ASSIGN, .reply_schema = SCHEMA_JOB, .decode = decode_outage, .work = work_assign, .encode = encode_assign},
  {.method = "POST", .path = "/api/v1/outages/{id}/unassign", .roles = KIND_ROLE_DISPATCHER, .flags = HTTP_KEYED, .summary = "Call the crew off",
   .request_schema = TAKES_UNASSIGN, .reply_schema = SCHEMA_JOB, .decode = decode_outage, .work = work_unassign, .encode = encode_job},
  {.method = "GET", .path = "/api/v1/jobs", .summary = "Visits, open or closed, of one crew (me, an id) or all", .query = "crew state limit after",
   .reply_schema = SCHEMA_JOBS, .read = get_jobs},
  {.method = "GET", .path = "/api/v1/jobs/{id}", .summary = "One visit with its steps and material", .reply_schema = SCHEMA_JOB, .read = get_job},
  {.method = "POST", .path = "/api/v1/jobs/{id}/steps", .roles = FIELD_ROLES, .flags = HTTP_KEYED, .summary = "Record a step; out of order it is refused, saying what comes first",
   .request_schema = TAKES_STEP, .reply_schema = SCHEMA_JOB, .decode = decode_step, .work = work_step, .encode = encode_job},
  {.method = "POST", .path = "/api/v1/jobs/{id}/materials", .roles = FIELD_ROLES, .flags = HTTP_KEYED, .summary = "Take material from the nearest stock that has it",
   .request_schema = TAKES_MATERIAL, .reply_schema = SCHEMA_JOB, .decode = decode_material, .work = work_material, .encode = encode_job},
  {.method = "POST", .path = "/api/v1/crews/{id}/position", .roles = FIELD_ROLES, .flags = HTTP_KEYED, .summary = "Where the crew is", .request_schema = TAKES_POSITION,
   .reply_schema = S_REF("Crew"), .decode = decode_position, .work = work_position, .encode = encode_position},
  {.method = "GET", .path = "/api/v1/stock", .summary = "What the stores hold, the nearest first", .query = "item near", .reply_schema = SCHEMA_STOCK, .read = get_stock},
  {.method = NULL},
};

const HttpRoute *crew_routes(void) { return ROUTES; }

bool crew_add_routes(Http *http, Crews *crews, Error *error) {
  static const struct {
    const char *name, *schema;
  } COMPONENTS[] = {{"Crew", COMPONENT_CREW}, {"JobStep", COMPONENT_JOB_STEP}, {"Job", COMPONENT_JOB}};
  for (size_t i = 0; i < sizeof COMPONENTS / sizeof *COMPONENTS; i++)
    if (!http_add_component(http, COMPONENTS[i].name, COMPONENTS[i].schema, error)) return false;
  return http_add_routes(http, ROUTES, crews, error) && plan_add_routes(http, crews, error);
}
