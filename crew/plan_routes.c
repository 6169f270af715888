/* The plan's HTTP face. */
#include <math.h>
#include <stdio.h>

#include "crew/crew_page.h"
#include "crew/plan_page.h"
#include "crew/plan_schemas.h"

enum { CHANGES_SHOWN = 50 };

/* --- reading --- */

static bool get_plan(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Crews *crews = room;
  Text whose = http_query(request, "crew");
  int64_t id = 0;
  Json json;
  if (whose.at && text_is(whose, "me")) {
    id = crew_of_who(crews, &request->who).value;
    if (!id) id = -1; /* of no crew: an empty plan */
  } else if (whose.at && (!http_query_i64(request, "crew", 0, 1, INT64_MAX, &id, error) || !crew_reached(crews, request->who.org_id, (CrewId){id}, error))) {
    return false;
  }
  json_begin(&json, &reply->body);
  plan_write(crews, (CrewId){id}, request, &json);
  return true;
}

static bool get_changes(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  int64_t limit;
  Json json;
  if (!http_query_i64(request, "limit", CHANGES_SHOWN, 1, PLAN_LOG_MAX, &limit, error)) return false;
  json_begin(&json, &reply->body);
  plan_write_changes(room, request->who.org_id, limit, &json);
  return true;
}

/* --- what if --- */

static bool read_change(const json_t *item, PlanWhatIf *out, Error *error) {
  static const char *const WHATS[] = {"call_in", "close", "crew_off", "cancel", "overtime", "mutual_aid"};
  Text what = http_body_text(item, "what");
  int at = 0;
  while (!text_is(what, WHATS[at])) at++; /* the schema knows no others */
  *out = (PlanWhatIf){.count = (int)http_body_i64(item, "count", 1), .lon = http_body_f64(item, "lon", NAN), .lat = http_body_f64(item, "lat", NAN),
                      .radius_m = http_body_f64(item, "radius_m", 500), .factor = http_body_f64(item, "factor", 4), .crew = {http_body_id(item, "crew_id")},
                      .task = http_body_id(item, "task_id"), .minutes = http_body_f64(item, "minutes", 120)};
  switch (at) {
    case 0: out->what = WHAT_CALL_IN; return true;
    case 1: out->what = WHAT_CLOSE; return isfinite(out->lon + out->lat) || error_raise(error, ERROR_FIELD_MISSING, "%s", "lon, lat");
    case 2: out->what = WHAT_CREW_OFF; return out->crew.value || error_raise(error, ERROR_FIELD_MISSING, "%s", "crew_id");
    case 3: out->what = WHAT_CANCEL; return out->task || error_raise(error, ERROR_FIELD_MISSING, "%s", "task_id");
    case 4: out->what = WHAT_OVERTIME; return true;
    default: out->what = WHAT_AID; return true;
  }
}

/* A copy under the lock; what is computed from it holds nobody up. */
static bool copy_of(HttpRequest *request, Crews *crews, PlanCopy **out, Error *error) {
  if (!desk_read_whole(crews->desk, error)) return false;
  bool ok = crews->crews.count ? plan_copy(out, crews, request->now, error) : error_raise(error, ERROR_NOT_FOUND, "crew\t%s", "-");
  desk_read_end(crews->desk);
  return ok;
}

static void write_called(Crews *crews, int64_t org, const PlanCompare *compare, Json *json) {
  json_key(json, "called");
  json_open_array(json);
  desk_read_begin(crews->desk);
  for (int i = 0; i < compare->called_count; i++) {
    const Crew *crew = crew_find(crews, compare->called[i]);
    if (crew && !crew_in_reach(crews, org, crew)) continue;
    json_open_object(json);
    json_put_id(json, "id", compare->called[i].value);
    json_put_text(json, "name", crew ? crew->name : TEXT("?"));
    json_close(json);
  }
  desk_read_end(crews->desk);
  json_close(json);
}

static bool changes_reached(Crews *crews, int64_t org, const PlanWhatIf *changes, int count, Error *error) {
  bool ok = true;
  if (!desk_read_whole(crews->desk, error)) return false;
  for (int i = 0; ok && i < count; i++)
    ok = (crew_reached(crews, org, changes[i].crew, error) && plan_reached(crews, org, changes[i].task, error)) || error_at(error, "$.changes[%d]", i);
  desk_read_end(crews->desk);
  return ok;
}

static bool post_what_if(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Crews *crews = room;
  PlanWhatIf changes[PLAN_WHAT_IF_MAX];
  PlanCompare compare;
  PlanCopy *copy;
  Arena arena;
  Json json;
  const json_t *list = json_object_get(request->body, "changes");
  int count = (int)json_array_size(list);
  int64_t from = time_monotonic_us();
  for (int i = 0; i < count; i++)
    if (!read_change(json_array_get(list, (size_t)i), &changes[i], error)) return error_at(error, "$.changes[%d]", i);
  if (!changes_reached(crews, request->who.org_id, changes, count, error) || !copy_of(request, crews, &copy, error)) return false;
  arena_begin(&arena, 0);
  bool ok = plan_what_if(copy, changes, count, 0, &arena, &compare, error);
  arena_end(&arena);
  plan_copy_close(copy);
  if (!ok) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "before");
  plan_write_score(&compare.before, &json);
  json_key(&json, "after");
  plan_write_score(&compare.after, &json);
  write_called(crews, request->who.org_id, &compare, &json);
  json_put_i64(&json, "mutual_aid", compare.aid_count);
  json_put_f64(&json, "ms", (double)(time_monotonic_us() - from) / 1000, 1);
  json_close(&json);
  return true;
}

/* --- advice --- */

static const PlanWhatIf ADVICE[] = {{.what = WHAT_OVERTIME}, {.what = WHAT_CALL_IN, .count = 1}, {.what = WHAT_CALL_IN, .count = 3}, {.what = WHAT_AID, .count = 2}};
static const char *const ADVICE_KIND[] = {"overtime", "call_in", "call_in", "mutual_aid"};

static bool gains(const PlanCompare *c) {
  return c->after.due_kept > c->before.due_kept || c->after.critical_kept > c->before.critical_kept || c->after.unassigned < c->before.unassigned ||
         c->after.customer_hours < c->before.customer_hours * 0.9 - 1;
}

static void write_advice(Crews *crews, int64_t org, size_t at, const PlanWhatIf *change, const PlanCompare *c, Json *json) {
  char zh[300], en[300], hours_zh[80] = "", hours_en[80] = "";
  int kept = c->after.due_kept - c->before.due_kept, more = c->before.unassigned - c->after.unassigned;
  double saved = c->before.customer_hours - c->after.customer_hours;
  if (saved >= 0.5 && more <= 0) {
    snprintf(hours_zh, sizeof hours_zh, "，少停 %.0f 时户", saved);
    snprintf(hours_en, sizeof hours_en, ", %.0f customer-hours less", saved);
  }
  char what_zh[100], what_en[100];
  if (change->what == WHAT_OVERTIME) {
    snprintf(what_zh, sizeof what_zh, "各班组最多加班 %.0f 分钟", change->minutes);
    snprintf(what_en, sizeof what_en, "Overtime up to %.0f min", change->minutes);
  } else {
    int which = change->what == WHAT_CALL_IN ? 1 : 2, count = which == 1 ? c->called_count : c->aid_count;
    snprintf(what_zh, sizeof what_zh, "%s %d %s", which == 1 ? "召回" : "向邻近单位求援", count, "个班组");
    snprintf(what_en, sizeof what_en, "%s %d %s", which == 1 ? "Call in" : "Ask neighbours for", count, count == 1 ? "crew" : "crews");
  }
  snprintf(zh, sizeof zh, "%s：到达承诺多保住 %d 件，多安排 %d 件%s", what_zh, kept, more, hours_zh);
  snprintf(en, sizeof en, "%s: %d more promises kept, %d more jobs planned%s", what_en, kept, more, hours_en);
  json_open_object(json);
  json_put_string(json, "kind", ADVICE_KIND[at]);
  json_put_i64(json, "count", change->what == WHAT_CALL_IN ? c->called_count : c->aid_count);
  json_put_f64(json, "minutes", change->minutes, 0);
  write_called(crews, org, c, json);
  json_key(json, "after");
  plan_write_score(&c->after, json);
  json_put_string(json, "text_zh", zh);
  json_put_string(json, "text_en", en);
  json_close(json);
}

static bool get_advice(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Crews *crews = room;
  PlanCopy *copy;
  PlanCompare compare[sizeof ADVICE / sizeof *ADVICE] = {0};
  Arena arena;
  Json json;
  if (!copy_of(request, crews, &copy, error)) return false;
  bool ok = true, wanted = dispatch_board_problem(copy->board)->job_count > 0;
  arena_begin(&arena, 0);
  for (size_t i = 0; ok && wanted && i < sizeof ADVICE / sizeof *ADVICE; i++) {
    PlanWhatIf change = ADVICE[i];
    change.minutes = copy->rules.advised_overtime_minutes;
    ok = plan_what_if(copy, &change, 1, 0, &arena, &compare[i], error);
  }
  arena_end(&arena);
  json_begin(&json, &reply->body);
  if (ok) {
    json_open_object(&json);
    json_key(&json, "before");
    plan_write_score(&compare[0].before, &json);
    json_key(&json, "items");
    json_open_array(&json);
    for (size_t i = 0; wanted && i < sizeof ADVICE / sizeof *ADVICE; i++) {
      PlanWhatIf change = ADVICE[i];
      bool called = change.what != WHAT_CALL_IN || compare[i].called_count == change.count;
      change.minutes = change.what == WHAT_OVERTIME ? copy->rules.advised_overtime_minutes : 0;
      if (called && gains(&compare[i])) write_advice(crews, request->who.org_id, i, &change, &compare[i], &json);
    }
    json_close(&json);
    json_close(&json);
  }
  plan_copy_close(copy);
  return ok;
}

/* --- writes --- */

typedef struct Command {
  Crews *crews;
  HttpRequest *request;
  PlanMove move;
  PlanAsk ask;
  JobId job;
  int64_t task, errand;
  int minutes, assigned;
  PlanUndone undone;
  Text step;
} Command;

static bool decode(HttpRequest *request, void **out, void *room, Error *error) {
  Command *c = *out = ARENA_NEW(request->arena, Command);
  if (!c) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  const json_t *body = request->body;
  Text at = http_body_text(body, "at");
  *c = (Command){.crews = room, .request = request, .task = http_body_id(body, "task_id"), .minutes = (int)http_body_i64(body, "minutes", 0), .step = http_body_text(body, "step")};
  c->move = (PlanMove){.task = c->task, .before = http_body_id(body, "before_id"), .crew = {http_body_id(body, "crew_id")}, .at = INSTANT_NONE, .staff_id = request->who.staff_id};
  c->ask = (PlanAsk){.skill = http_body_text(body, "skill"), .item = http_body_text(body, "item"), .quantity = http_body_i64(body, "quantity", 1),
                     .members = (int)http_body_i64(body, "members", 0)};
  return !at.at || instant_from_text(at, &c->move.at) || error_raise(error, ERROR_FIELD_INVALID, "at\t%.*s\tRFC 3339", TEXT_ARG(at));
}

static bool decode_job(HttpRequest *request, void **out, void *room, Error *error) {
  if (!decode(request, out, room, error)) return false;
  Command *c = *out;
  if (!http_argument_id(request, 0, "job", &c->job.value, error)) return false;
  c->ask.job = c->job;
  return true;
}

static bool decode_errand(HttpRequest *request, void **out, void *room, Error *error) {
  return decode(request, out, room, error) && http_argument_id(request, 0, "errand", &((Command *)*out)->task, error);
}

static bool decode_task(HttpRequest *request, void **out, void *room, Error *error) {
  return decode(request, out, room, error) && http_argument_id(request, 0, "task", &((Command *)*out)->task, error);
}

static bool whose(const Command *c, CrewId *own, Error *error) {
  return crew_may_act(c->crews, &c->request->who, c->job, (CrewId){0}, own, error);
}

static bool work_move(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  int64_t org = c->request->who.org_id;
  return plan_reached(c->crews, org, c->move.task, error) && plan_reached(c->crews, org, c->move.before, error) && crew_reached(c->crews, org, c->move.crew, error) &&
         plan_move(context, c->crews, &c->move, error);
}

static bool work_undo(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  return plan_undo(context, c->crews, c->request->who.staff_id, &c->undone, error);
}

static bool work_accept(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  return plan_reached(c->crews, c->request->who.org_id, c->task, error) && plan_accept(context, c->crews, c->task, c->request->who.org_id, c->request->who.staff_id, &c->assigned, error);
}

static bool work_delay(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  CrewId own;
  return whose(c, &own, error) && plan_delay(context, c->crews, c->job, own, c->minutes, error);
}

static bool work_needs(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  return whose(c, &c->ask.own, error) && plan_ask(context, c->crews, &c->ask, &c->errand, error);
}

static bool work_task_needs(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  return plan_reached(c->crews, c->request->who.org_id, c->task, error) && plan_need(context, c->crews, c->task, &c->ask, error);
}

static bool work_errand(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  CrewId own;
  return plan_reached(c->crews, c->request->who.org_id, c->task, error) && whose(c, &own, error) && plan_errand(context, c->crews, c->task, own, c->step, error);
}

static bool encode(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  const Command *c = self;
  const Crews *crews = room;
  Json json;
  (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_i64(&json, "version", crews->plan->version);
  json_put_i64(&json, "undo", plan_undoable(crews, request->who.staff_id).count);
  json_put_i64(&json, "taken_back", c->undone.taken_back);
  json_put_i64(&json, "departed", c->undone.departed);
  json_put_i64(&json, "assigned", c->assigned);
  json_put_id(&json, "task_id", c->errand ? c->errand : c->task);
  json_close(&json);
  return true;
}

enum { FIELD_ROLES = KIND_ROLE_DISPATCHER | KIND_ROLE_CREW };

static const HttpRoute ROUTES[] = {
  {.method = "GET", .path = "/api/v1/plan", .summary = "The plan in force: a lane a crew, every task with when, whose and why", .query = "crew", .reply_schema = SCHEMA_PLAN, .read = get_plan},
  {.method = "GET", .path = "/api/v1/plan/changes", .summary = "What changed hands and why, newest first", .query = "limit", .reply_schema = SCHEMA_PLAN_CHANGES, .read = get_changes},
  {.method = "POST", .path = "/api/v1/plan/move", .roles = KIND_ROLE_DISPATCHER, .flags = HTTP_KEYED, .summary = "A task to this crew, before another, or about a time; the rest follows",
   .request_schema = TAKES_MOVE, .reply_schema = SCHEMA_PLAN_DONE, .decode = decode, .work = work_move, .encode = encode},
  {.method = "POST", .path = "/api/v1/plan/undo", .roles = KIND_ROLE_DISPATCHER, .flags = HTTP_KEYED, .summary = "Takes one's last move or acceptance back; a crew that has departed stays", .request_schema = TAKES_NOTHING,
   .reply_schema = SCHEMA_PLAN_DONE, .decode = decode, .work = work_undo, .encode = encode},
  {.method = "POST", .path = "/api/v1/plan/accept", .roles = KIND_ROLE_DISPATCHER, .flags = HTTP_KEYED, .summary = "One task, or the next of every free crew: they set out",
   .request_schema = TAKES_ACCEPT, .reply_schema = SCHEMA_PLAN_DONE, .decode = decode, .work = work_accept, .encode = encode},
  {.method = "POST", .path = "/api/v1/plan/what-if", .roles = KIND_ROLE_DISPATCHER | KIND_ROLE_HEAD, .flags = HTTP_UNLOCKED, .summary = "The plan beside itself with these changes; nothing is changed",
   .request_schema = TAKES_WHAT_IF, .reply_schema = SCHEMA_WHAT_IF, .read = post_what_if},
  {.method = "GET", .path = "/api/v1/plan/advice", .flags = HTTP_UNLOCKED, .summary = "Overtime, call-in, mutual aid: what each would gain, when promises would break", .reply_schema = SCHEMA_ADVICE,
   .read = get_advice},
  {.method = "POST", .path = "/api/v1/plan/errands/{id}", .roles = FIELD_ROLES, .flags = HTTP_KEYED, .summary = "A patrol visit, a fetch or a help: started, done, called off",
   .request_schema = TAKES_ERRAND, .reply_schema = SCHEMA_PLAN_DONE, .decode = decode_errand, .work = work_errand, .encode = encode},
  {.method = "POST", .path = "/api/v1/plan/tasks/{id}/needs", .roles = KIND_ROLE_DISPATCHER, .flags = HTTP_KEYED,
   .summary = "What a planned task needs besides: a skill, material, people; whoever goes has it or fetches it", .request_schema = TAKES_NEEDS,
   .reply_schema = SCHEMA_PLAN_DONE, .decode = decode_task, .work = work_task_needs, .encode = encode},
  {.method = "POST", .path = "/api/v1/jobs/{id}/delay", .roles = FIELD_ROLES, .flags = HTTP_KEYED, .summary = "Later by so many minutes; what was promised moves with it",
   .request_schema = TAKES_DELAY, .reply_schema = SCHEMA_PLAN_DONE, .decode = decode_job, .work = work_delay, .encode = encode},
  {.method = "POST", .path = "/api/v1/jobs/{id}/needs", .roles = FIELD_ROLES, .flags = HTTP_KEYED, .summary = "A skill, material or people are lacking: another crew is planned to come with it",
   .request_schema = TAKES_NEEDS, .reply_schema = SCHEMA_PLAN_DONE, .decode = decode_job, .work = work_needs, .encode = encode},
  {.method = NULL},
};

const HttpRoute *plan_routes(void) { return ROUTES; }

bool plan_add_routes(Http *http, Crews *crews, Error *error) {
  return http_add_component(http, "PlanScore", COMPONENT_PLAN_SCORE, error) && http_add_component(http, "PlanTask", COMPONENT_PLAN_TASK, error) &&
         http_add_routes(http, ROUTES, crews, error) && roster_add_routes(http, crews, error);
}
