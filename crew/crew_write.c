/* Crews and jobs as the HTTP face shows them. */
#include <math.h>
#include <stdio.h>

#include "crew/crew_page.h"

static void write_org(const Crews *crews, int64_t org_id, Json *json) {
  size_t row;
  if (!org_id || !people_org_row(crews->people, org_id, &row)) {
    json_nil(json);
    return;
  }
  json_open_object(json);
  json_put_id(json, "id", org_id);
  json_put_text(json, "name", people_org(crews->people, row)->name);
  json_close(json);
}

void crew_write(const Crews *crews, const Crew *crew, HttpRequest *request, Json *json) {
  Text skills = crew->skills, skill;
  char hour[16];
  const Job *job = crew->job.value ? crew_job_find(crews, crew->job) : NULL;
  json_open_object(json);
  json_put_id(json, "id", crew->id.value);
  json_put_text(json, "name", crew->name);
  json_key(json, "org");
  write_org(crews, crew->org_id, json);
  json_put_f64(json, "lon", crew->lon, 6);
  json_put_f64(json, "lat", crew->lat, 6);
  json_put_f64(json, "heading", crew->heading, 0);
  json_put_instant(json, "placed_at", crew->placed_at);
  json_key(json, "skills");
  json_open_array(json);
  while (text_next(&skills, ';', &skill))
    if (text_trim(skill).len) json_text(json, text_trim(skill));
  json_close(json);
  json_put_i64(json, "members", crew_members(crew));
  json_key(json, "shift");
  json_open_object(json);
  snprintf(hour, sizeof hour, "%02d:%02d", crew->shift_from / 60, crew->shift_from % 60);
  json_put_string(json, "from", hour);
  snprintf(hour, sizeof hour, "%02d:%02d", crew->shift_until / 60, crew->shift_until % 60);
  json_put_string(json, "until", hour);
  json_put_bool(json, "on", crew_on_shift(crew, request->now));
  json_close(json);
  json_put_string(json, "state", crew_state_name(crew_state(crews, crew, request->now)));
  json_put_id(json, "outage_id", job ? job->outage.value : 0);
  json_put_id(json, "job_id", crew->job.value);
  bool needs = request->who.roles & (KIND_ROLE_DISPATCHER | KIND_ROLE_CREW);
  json_put_text(json, "phone", needs ? crew->phone : people_mask_phone(request->arena, crew->phone));
  json_key(json, "trail");
  json_open_array(json);
  for (int i = 0; i < crew->trail_count; i++) {
    json_open_array(json);
    json_f64(json, crew->trail[i].lon, 6);
    json_f64(json, crew->trail[i].lat, 6);
    json_instant(json, crew->trail[i].at);
    json_close(json);
  }
  json_close(json);
  json_put_i64(json, "version", crew->version);
  json_close(json);
}

/* --- a job's steps --- */

static void write_field(Json *json, const char *id, const char *zh, const char *en, const char *type, bool required) { /* stays open */
  json_open_object(json);
  json_put_string(json, "id", id);
  json_put_string(json, "name_zh", zh);
  json_put_string(json, "name_en", en);
  json_put_string(json, "type", type);
  json_put_bool(json, "required", required);
}

static void write_choice(Json *json, const Procedure *p) {
  json_open_object(json);
  json_put_text(json, "id", p->id);
  json_put_text(json, "name_zh", p->name_zh);
  json_put_text(json, "name_en", p->name_en);
  json_close(json);
}

/* The causes usual for this kind of device first. */
static void write_survey_fields(const Crews *crews, const Job *job, Json *json) {
  CrewSite site;
  uint32_t kind = 0;
  if (crews->sites.find(crews->sites.self, job->outage, &site)) kind = 1u << grid_device(crews->grid, site.device)->kind;
  json_key(json, "fields");
  json_open_array(json);
  write_field(json, "cause", "故障原因", "Cause", "choice", true);
  json_key(json, "choices");
  json_open_array(json);
  for (int usual = 1; usual >= 0; usual--)
    for (size_t i = 0; i < repair_count(crews->repair); i++)
      if (((repair_at(crews->repair, i)->kinds & kind) != 0) == usual) write_choice(json, repair_at(crews->repair, i));
  json_close(json);
  json_close(json);
  write_field(json, "eta_from", "预计恢复 (最早)", "Power back from", "time", true);
  json_close(json);
  write_field(json, "eta_until", "预计恢复 (最晚)", "Power back until", "time", true);
  json_close(json);
  write_field(json, "finding", "勘察情况", "Finding", "note", false);
  json_close(json);
  json_close(json);
}

static void write_note_field(Json *json, const char *id, const char *zh, const char *en, bool required) {
  json_key(json, "fields");
  json_open_array(json);
  write_field(json, id, zh, en, "note", required);
  json_close(json);
  json_close(json);
}

static void write_step(Json *json, Text id, Text zh, Text en, bool safety, bool required, const JobStepDone *done) { /* stays open */
  json_open_object(json);
  json_put_text(json, "id", id);
  json_put_text(json, "name_zh", zh);
  json_put_text(json, "name_en", en);
  json_put_bool(json, "safety", safety);
  json_put_bool(json, "required", required);
  json_put_instant(json, "done_at", done->at);
  json_put_id(json, "by", done->staff_id);
}

static void write_main(Json *json, const char *id, const char *zh, const char *en, Instant at) { /* stays open */
  write_step(json, text_of(id), text_of(zh), text_of(en), false, true, &(JobStepDone){at, 0});
}

static void write_steps(const Crews *crews, const Job *job, Json *json) {
  json_key(json, "steps");
  json_open_array(json);
  write_main(json, "take", "接单", "Take", job->taken_at), json_close(json);
  write_main(json, "depart", "出发", "On the way", job->departed_at), json_close(json);
  write_main(json, "arrive", "到达现场", "Arrive", job->arrived_at), json_close(json);
  write_main(json, "survey", "现场勘察", "Survey", job->surveyed_at);
  write_survey_fields(crews, job, json);
  json_close(json);
  for (int i = 0; job->procedure && i < job->procedure->step_count; i++) {
    const RepairStep *step = job->procedure->step[i];
    write_step(json, step->id, step->name_zh, step->name_en, step->safety, step->required, &job->done[i]);
    json_close(json);
  }
  write_main(json, "restore", "恢复供电", "Power is back", job->restored_at), json_close(json);
  write_main(json, "reply", "反馈结果", "Report the result", job->state == JOB_REPLIED ? job->closed_at : INSTANT_NONE);
  write_note_field(json, "note", "处理情况", "What was done", false);
  json_close(json);
  json_close(json);
  json_key(json, "side");
  json_open_array(json);
  if (job->state < JOB_RESTORED) {
    write_main(json, "return", "退单", "Return", INSTANT_NONE);
    write_note_field(json, "reason", "退单原因", "Reason", true);
    json_close(json);
  }
  json_close(json);
}

static Text next_of(const Job *job) {
  static const char *const main[] = {"take", "depart", "arrive", "survey"};
  if (job->state <= JOB_ON_SITE) return text_of(main[job->state]);
  if (job->state > JOB_RESTORED) return TEXT_NONE;
  if (job->state == JOB_RESTORED) return TEXT("reply");
  Text next = crew_job_next(job);
  return next.len ? next : TEXT("restore");
}

static bool write_materials(const Crews *crews, Db *db, const Job *job, HttpRequest *request, Json *json, Error *error) {
  MaterialRow *rows;
  size_t count;
  if (!material_rows(db, crews->county_id, job->id, request->arena, &rows, &count, error)) return false;
  json_key(json, "materials");
  json_open_array(json);
  for (size_t i = 0; i < count; i++) {
    size_t org = SIZE_MAX;
    for (size_t k = 0; k < crews->stock.count; k++)
      if (crews->stock.at[k].id == rows[i].stock_id && !people_org_row(crews->people, crews->stock.at[k].org_id, &org)) org = SIZE_MAX;
    json_open_object(json);
    json_put_id(json, "id", rows[i].id);
    json_put_text(json, "item", rows[i].item);
    json_put_i64(json, "quantity", rows[i].quantity);
    json_put_text(json, "unit", rows[i].unit);
    json_put_text(json, "org_name", org == SIZE_MAX ? TEXT_NONE : people_org(crews->people, org)->name);
    json_put_string(json, "state", rows[i].given_back ? "returned" : "released");
    json_put_instant(json, "at", rows[i].at);
    json_close(json);
  }
  json_close(json);
  return true;
}

bool job_write(const Crews *crews, Db *db, const Job *job, HttpRequest *request, Json *json, Error *error) {
  const Crew *crew = crew_find(crews, job->crew);
  Text finding, note;
  if (!job_row_note(db, crews->county_id, job->id, request->arena, &finding, &note, error)) return false;
  json_open_object(json);
  json_put_id(json, "id", job->id.value);
  json_key(json, "outage");
  crews->sites.write(crews->sites.self, job->outage, json);
  json_put_id(json, "outage_id", job->outage.value);
  json_key(json, "crew");
  if (crew) {
    json_open_object(json);
    json_put_id(json, "id", crew->id.value);
    json_put_text(json, "name", crew->name);
    json_close(json);
  } else {
    json_nil(json);
  }
  json_put_string(json, "state", crew_job_state_name((JobState)job->state));
  json_put_text(json, "cause", job->cause[0] ? text_of(job->cause) : TEXT_NONE);
  json_put_text(json, "cause_zh", job->procedure ? job->procedure->name_zh : TEXT_NONE);
  json_put_text(json, "cause_en", job->procedure ? job->procedure->name_en : TEXT_NONE);
  json_put_instant(json, "assigned_at", job->assigned_at);
  json_put_instant(json, "arrived_at", job->arrived_at);
  json_put_instant(json, "restored_at", job->restored_at);
  json_put_instant(json, "closed_at", job->closed_at);
  json_put_instant(json, "eta_from", job->eta_from);
  json_put_instant(json, "eta_until", job->eta_until);
  write_steps(crews, job, json);
  json_put_text(json, "next", next_of(job));
  json_key(json, "usual_materials");
  json_open_array(json);
  for (int i = 0; job->procedure && i < job->procedure->material_count; i++) json_text(json, job->procedure->material[i]);
  json_close(json);
  if (!write_materials(crews, db, job, request, json, error)) return false;
  json_put_text(json, "finding", finding.len ? finding : TEXT_NONE);
  json_put_text(json, "note", note.len ? note : TEXT_NONE);
  json_put_i64(json, "version", job->version);
  json_close(json);
  return true;
}
