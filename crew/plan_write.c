/* The plan as the HTTP face shows it. */
#include <math.h>
#include <stdio.h>

#include "crew/plan_page.h"

static void write_minutes(Json *json, const char *key, double seconds) { json_put_f64(json, key, seconds / 60, 1); }

void plan_write_score(const DispatchScore *score, Json *json) {
  json_open_object(json);
  json_put_i64(json, "assigned", score->assigned);
  json_put_i64(json, "unassigned", score->unassigned);
  json_put_i64(json, "due", score->due);
  json_put_i64(json, "due_kept", score->due_kept);
  json_put_i64(json, "critical", score->critical);
  json_put_i64(json, "critical_kept", score->critical_kept);
  json_put_f64(json, "customer_hours", score->customer_hours, 1);
  json_put_f64(json, "late_hours", score->late_hours, 2);
  json_put_f64(json, "travel_hours", score->travel / 3600, 2);
  json_put_f64(json, "overtime_hours", score->overtime / 3600, 2);
  json_put_i64(json, "called_in", score->reserves);
  json_close(json);
}

/* --- lanes --- */

static void write_store(const Crews *crews, int64_t org_id, Json *json) {
  size_t row;
  double lon = NAN, lat = NAN;
  for (size_t i = 0; i < crews->stock.count; i++)
    if (crews->stock.at[i].org_id == org_id) lon = crews->stock.at[i].lon, lat = crews->stock.at[i].lat;
  json_put_id(json, "org_id", org_id);
  json_put_text(json, "name", people_org_row(crews->people, org_id, &row) ? people_org(crews->people, row)->name : TEXT_NONE);
  json_put_f64(json, "lon", lon, 6);
  json_put_f64(json, "lat", lat, 6);
}

static void write_stop(const Crews *crews, const PlanStop *stop, Json *json) {
  static const char *const KINDS[] = {"job", "store", "break"};
  json_open_object(json);
  json_put_string(json, "kind", KINDS[stop->kind]);
  json_put_id(json, "task_id", stop->kind == DISPATCH_STOP_JOB ? stop->id : 0);
  write_minutes(json, "travel_minutes", stop->travel_s);
  json_put_instant(json, "arrive", stop->arrive);
  json_put_instant(json, "start", stop->start);
  json_put_instant(json, "finish", stop->finish);
  if (stop->kind == DISPATCH_STOP_STORE) {
    json_key(json, "store");
    json_open_object(json);
    write_store(crews, stop->id, json);
    json_close(json);
    json_key(json, "takes");
    json_open_array(json);
    for (int i = 0; i < stop->take_count; i++) {
      json_open_object(json);
      json_put_text(json, "item", plan_item(crews, stop->takes[i].item));
      json_put_f64(json, "quantity", stop->takes[i].quantity, 0);
      json_close(json);
    }
    json_close(json);
  }
  json_close(json);
}

static void write_lane(const Crews *crews, const PlanLane *lane, Instant now, Json *json) {
  const Crew *crew = crew_find(crews, lane->crew);
  const PlanTask *next = crew ? plan_next(crews, crew) : NULL;
  DutySpan span = {INSTANT_NONE, INSTANT_NONE, DUTY_OFF};
  size_t org;
  if (!crew) return;
  bool has = roster_span(crew, now, &span);
  json_open_object(json);
  json_key(json, "crew");
  json_open_object(json);
  json_put_id(json, "id", crew->id.value);
  json_put_text(json, "name", crew->name);
  json_put_text(json, "org_name", people_org_row(crews->people, crew->org_id, &org) ? people_org(crews->people, org)->name : TEXT_NONE);
  json_put_text(json, "skills", crew->skills);
  json_put_i64(json, "members", crew_members(crew));
  json_put_string(json, "state", crew_state_name(crew_state(crews, crew, now)));
  json_put_f64(json, "lon", crew->lon, 6);
  json_put_f64(json, "lat", crew->lat, 6);
  json_close(json);
  json_put_instant(json, "shift_from", has ? span.from : INSTANT_NONE);
  json_put_instant(json, "shift_until", has ? span.until : INSTANT_NONE);
  json_put_bool(json, "standby", lane->standby);
  json_put_bool(json, "available", lane->available);
  json_put_instant(json, "leave", lane->count ? lane->leave : INSTANT_NONE);
  json_put_instant(json, "end", lane->count ? lane->end : INSTANT_NONE);
  json_put_id(json, "next", next ? next->id : 0);
  json_key(json, "stops");
  json_open_array(json);
  for (int i = 0; i < lane->count; i++) write_stop(crews, &lane->stops[i], json);
  json_close(json);
  json_close(json);
}

/* --- tasks --- */

static const PlanChange *last_change(const Crews *crews, const PlanTask *task) {
  for (size_t i = crews->plan->log.count; i > 0; i--)
    if (crews->plan->log.at[i - 1].task == task->id) return &crews->plan->log.at[i - 1];
  return NULL;
}

static void write_reason(const Crews *crews, const PlanTask *task, Json *json) {
  char zh[PLAN_SAY_MAX] = "", en[PLAN_SAY_MAX] = "";
  const PlanChange *change = last_change(crews, task);
  if (task->place < 0) plan_say_waits(zh, en);
  else if (!task->crew.value && crews->plan->computed_at != INSTANT_NONE) plan_say_reason((DispatchReason)task->reason, zh, en);
  else if (change && change->to.value == task->crew.value) plan_say_change(crews, change, zh, en);
  json_put_string(json, "reason_zh", zh);
  json_put_string(json, "reason_en", en);
}

static void write_task(const Crews *crews, const PlanTask *task, Json *json) {
  static const char *const KINDS[] = {"outage", "patrol", "bring", "help"};
  CrewSite site = {.number = ""};
  const Job *job = task->kind == PLAN_OUTAGE ? crew_job_of_outage(crews, task->outage) : NULL;
  const PatrolRound *round = task->round ? round_find(crews, task->round) : NULL;
  double lon, lat;
  bool known = task->outage.value && crews->sites.find(crews->sites.self, task->outage, &site);
  crew_place_of_device(crews->grid, task->device, &lon, &lat);
  json_open_object(json);
  json_put_id(json, "id", task->id);
  json_put_string(json, "kind", KINDS[task->kind]);
  json_put_id(json, "outage_id", task->outage.value);
  json_put_text(json, "number", known ? text_of(site.number) : TEXT_NONE);
  json_put_id(json, "device_id", grid_device(crews->grid, task->device)->id.value);
  json_put_text(json, "device", grid_name(crews->grid, task->device));
  json_put_string(json, "device_kind", grid_kind_name((GridKind)grid_device(crews->grid, task->device)->kind));
  json_put_text(json, "round", round ? text_of(round->name) : TEXT_NONE);
  json_put_f64(json, "lon", lon, 6);
  json_put_f64(json, "lat", lat, 6);
  json_put_id(json, "crew_id", task->crew.value);
  json_put_i64(json, "place", task->at);
  json_put_string(json, "state", job ? crew_job_state_name((JobState)job->state) : task->state == PLAN_UNDER_WAY ? "under_way" : task->accepted ? "accepted" : "planned");
  json_put_bool(json, "pinned", job || task->state == PLAN_UNDER_WAY);
  json_put_bool(json, "by_hand", task->hand.value != 0);
  json_put_id(json, "job_id", job ? job->id.value : 0);
  json_put_instant(json, "due", task->due);
  json_put_instant(json, "from", task->from);
  json_put_instant(json, "until", task->until);
  json_put_instant(json, "arrive", job && job->arrived_at != INSTANT_NONE ? job->arrived_at : task->arrive);
  json_put_instant(json, "finish", task->finish);
  bool timed = task->due != INSTANT_NONE && task->arrive != INSTANT_NONE;
  json_put_f64(json, "slack_minutes", timed ? (double)(task->due - task->arrive) / 6e7 : NAN, 0);
  json_put_i64(json, "customers", task->customers);
  json_put_i64(json, "critical", task->critical);
  json_put_i64(json, "members", task->members);
  json_key(json, "skills");
  json_open_array(json);
  for (int i = 0; i < crews->skill_count; i++)
    if (task->skills >> i & 1) json_text(json, crews->skill[i]);
  json_close(json);
  json_key(json, "needs");
  json_open_array(json);
  for (int i = 0; i < task->need_count; i++) {
    json_open_object(json);
    json_put_string(json, "item", task->need[i].item);
    json_put_i64(json, "quantity", task->need[i].quantity);
    json_close(json);
  }
  json_close(json);
  write_reason(crews, task, json);
  json_close(json);
}

/* What somebody of `org` sees: what lies in their part, and what their crews do elsewhere. */
static bool in_reach(const Crews *crews, int64_t org, uint32_t device, CrewId crew) {
  const Crew *goes = crew.value ? crew_find(crews, crew) : NULL;
  return people_check_reach(crews->people, org, device, NULL) || (goes && people_org_within(crews->people, goes->org_id, org));
}

bool plan_reached(const Crews *crews, int64_t org, int64_t task_id, Error *error) {
  const PlanTask *task = plan_task_find(crews, task_id);
  return !task || in_reach(crews, org, task->device, task->crew) || error_raise(error, ERROR_NOT_FOUND, "task\t%lld", (long long)task_id);
}

/* Where travel times come from: "osrm", "learned" or "line"; of the router its share of the pairs, and what was wrong with it last. */
static void write_travel(const Plan *plan, Json *json) {
  const PlanTravel *travel = &plan->travel;
  int64_t cells = travel->known + travel->filled;
  json_key(json, "travel");
  json_open_object(json);
  json_put_string(json, "from", travel->known ? "osrm" : travel->used ? "learned" : "line");
  json_put_bool(json, "router", travel->osrm != NULL);
  json_put_f64(json, "share", cells ? (double)travel->known / (double)cells : 0, 3);
  json_put_i64(json, "drives", (int64_t)travel->used);
  json_put_instant(json, "asked_at", travel->asked_at);
  json_put_string(json, "why", travel->why);
  json_close(json);
}

void plan_write(const Crews *crews, CrewId crew, HttpRequest *request, Json *json) {
  const Plan *plan = crews->plan;
  int64_t org = crew.value ? 0 : request->who.org_id;
  json_open_object(json);
  json_put_i64(json, "version", plan->version);
  json_put_instant(json, "computed_at", plan->computed_at);
  json_put_instant(json, "now", request->now);
  PlanUndoable undoable = plan_undoable(crews, request->who.staff_id);
  json_put_i64(json, "undo", undoable.count);
  json_put_string(json, "undo_of", !undoable.count ? NULL : undoable.accept ? "accept" : "move");
  json_put_i64(json, "waiting", (int64_t)(plan->tasks.count - plan->placed));
  json_put_f64(json, "insert_ms", (double)plan->insert_us / 1000, 3);
  json_put_f64(json, "search_ms", (double)plan->search_us / 1000, 1);
  write_travel(plan, json);
  json_key(json, "score");
  plan_write_score(&plan->score, json);
  json_key(json, "lanes");
  json_open_array(json);
  for (size_t i = 0; i < plan->lane_count; i++) {
    const Crew *is = crew_find(crews, plan->lanes[i].crew);
    bool shown = is && (crew.value ? is->id.value == crew.value : crew_in_reach(crews, org, is));
    if (shown) write_lane(crews, &plan->lanes[i], request->now, json);
  }
  json_close(json);
  json_key(json, "tasks");
  json_open_array(json);
  for (size_t i = 0; i < plan->tasks.count; i++)
    if (crew.value ? plan->tasks.at[i]->crew.value == crew.value : in_reach(crews, org, plan->tasks.at[i]->device, plan->tasks.at[i]->crew)) write_task(crews, plan->tasks.at[i], json);
  json_close(json);
  json_close(json);
}

void plan_write_changes(const Crews *crews, int64_t org, int64_t most, Json *json) {
  char zh[PLAN_SAY_MAX], en[PLAN_SAY_MAX];
  json_open_object(json);
  json_key(json, "items");
  json_open_array(json);
  for (size_t i = crews->plan->log.count; i > 0 && most > 0; i--) {
    const PlanChange *change = &crews->plan->log.at[i - 1];
    if (!in_reach(crews, org, change->device, change->to)) continue;
    most--;
    plan_say_change(crews, change, zh, en);
    json_open_object(json);
    json_put_id(json, "id", change->id);
    json_put_instant(json, "at", change->at);
    json_put_id(json, "task_id", change->task);
    json_put_id(json, "outage_id", change->outage.value);
    json_put_text(json, "device", grid_name(crews->grid, change->device));
    json_put_id(json, "from_crew", change->from.value);
    json_put_id(json, "to_crew", change->to.value);
    json_put_string(json, "by", change->staff_id ? "hand" : "planner");
    json_put_string(json, "text_zh", zh);
    json_put_string(json, "text_en", en);
    json_close(json);
  }
  json_close(json);
  json_close(json);
}
