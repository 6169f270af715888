/* A crew's visit to an outage: sent, step by step, and over. */
#include <math.h>
#include <stdio.h>

#include "crew/plan_internal.h"
#include "http/schema.h"
#include "order/fold.h"

static const Span WRITE_PLACE_EVERY = SPAN_MINUTE;

/* --- events --- */

const char *crew_stage_of(JobState state) {
  static const char *const names[] = {"assigned", "taken", "on_the_way", "on_site", "surveyed", "working", "working", "replied", "no_crew", "no_crew"};
  return names[state];
}

void crew_event_begin(const Crews *crews, const Crew *crew, const Job *job, Instant now, Json *json, Buffer *buffer) {
  CrewSite site;
  buffer_begin(buffer, 0);
  json_begin(json, buffer);
  json_open_object(json);
  json_put_text(json, "name", crew->name);
  json_put_string(json, "state", crew_state_name(crew_state(crews, crew, now)));
  if (!job) return;
  json_put_id(json, "job_id", job->id.value);
  json_put_id(json, "outage_id", job->outage.value);
  if (crews->sites.find(crews->sites.self, job->outage, &site)) json_put_string(json, "outage_number", site.number);
}

bool crew_event_end(DeskContext *context, const char *kind, const Crew *crew, Json *json, Error *error) {
  json_close(json);
  Buffer *buffer = json->out;
  bool ok = buffer->failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", kind)
                           : desk_event(context, kind, "crew", crew->id.value, buffer_as_text(buffer), error);
  buffer_end(buffer);
  return ok;
}

static bool tell_assigned(DeskContext *context, const Crews *crews, const Crew *crew, const Job *job, Error *error) {
  Buffer buffer;
  Json json;
  crew_event_begin(crews, crew, job, context->now, &json, &buffer);
  json_put_string(&json, "stage", crew_stage_of((JobState)job->state));
  Instant expected = crew_expected_at(crews, job->outage, crew->id, context->now);
  if (expected != INSTANT_NONE) json_put_instant(&json, "expected_at", expected);
  return crew_event_end(context, "crew.assigned", crew, &json, error);
}

static bool save(DeskContext *context, Crew *crew, Job *job, Error *error) {
  job->version++;
  crew->version++;
  return job_row_save(context->db, context->county_id, job, error) && crew_row_version(context->db, context->county_id, crew, error);
}

/* --- beginning and end --- */

/* The job is over; without having mended anything its material goes back. The job is gone from memory then. */
static bool release(DeskContext *context, Crews *crews, Job *job, JobState state, const char *why, Error *error) {
  Crew *crew = crew_mutable(crews, job->crew);
  if (!crew) return error_raise(error, ERROR_INTERNAL, "%s", "a job of no crew");
  job->state = (uint8_t)state;
  job->closed_at = context->now;
  if (!save(context, crew, job, error) || (state != JOB_REPLIED && !crew_give_back(context, crews, crew, job, error))) return false;
  Job copy = *job;
  crew_job_forget(crews, job);
  Buffer buffer;
  Json json;
  crew_event_begin(crews, crew, &copy, context->now, &json, &buffer);
  json_put_string(&json, "why", why);
  return crew_event_end(context, "crew.released", crew, &json, error);
}

static bool open_site(const Crews *crews, OutageId outage, int32_t version, CrewSite *site, Error *error) {
  if (!crews->sites.find(crews->sites.self, outage, site)) return error_raise(error, ERROR_NOT_FOUND, "outage\t%lld", (long long)outage.value);
  if (version != 0 && version != site->version) return error_raise(error, ERROR_CONFLICT, "outage %s\t%d", site->number, site->version);
  return true;
}

bool crew_assign(DeskContext *context, Crews *crews, OutageId outage, int32_t outage_version, CrewId crew_id, JobId *out, Error *error) {
  CrewSite site, elsewhere;
  Crew *crew = crew_mutable(crews, crew_id);
  if (!open_site(crews, outage, outage_version, &site, error)) return false;
  if (site.restored) return error_raise(error, ERROR_OUTAGE_STATE, "%s\trestored", site.number);
  if (!crew) return error_raise(error, ERROR_NOT_FOUND, "crew\t%lld", (long long)crew_id.value);
  if (crew->job.value) {
    const Job *at = crew_job_find(crews, crew->job);
    bool known = at && crews->sites.find(crews->sites.self, at->outage, &elsewhere);
    return error_raise(error, ERROR_CREW_BUSY, "%.*s\t%s", TEXT_ARG(crew->name), known ? elsewhere.number : "");
  }
  const Job *before = crew_job_of_outage(crews, outage);
  if (before && !release(context, crews, crew_job_mutable(crews, before->id), JOB_CANCELLED, "reassigned", error)) return desk_spoil(context);
  Job *job = memory_new(sizeof *job);
  if (!job) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "job") || desk_spoil(context);
  *job = (Job){.id = {desk_new_id(context)}, .crew = crew_id, .outage = outage, .state = JOB_ASSIGNED, .assigned_at = context->now,
               .taken_at = INSTANT_NONE, .departed_at = INSTANT_NONE, .arrived_at = INSTANT_NONE, .surveyed_at = INSTANT_NONE,
               .working_at = INSTANT_NONE, .restored_at = INSTANT_NONE, .closed_at = INSTANT_NONE, .eta_from = INSTANT_NONE, .eta_until = INSTANT_NONE};
  for (int i = 0; i < REPAIR_STEPS_MAX; i++) job->done[i].at = INSTANT_NONE;
  *out = job->id;
  return (crew_job_adopt(crews, job, error) && save(context, crew, job, error) && tell_assigned(context, crews, crew, job, error)) || desk_spoil(context);
}

bool crew_unassign(DeskContext *context, Crews *crews, OutageId outage, int32_t outage_version, Text reason, Error *error) {
  CrewSite site;
  if (!open_site(crews, outage, outage_version, &site, error)) return false;
  const Job *job = crew_job_of_outage(crews, outage);
  if (!job) return error_raise(error, ERROR_NOT_FOUND, "crew at outage\t%s", site.number);
  if (job->state >= JOB_RESTORED) return error_raise(error, ERROR_CREW_STEP_STATE, "unassign\t%s\treply", crew_job_state_name((JobState)job->state));
  JobId id = job->id;
  return (job_row_words(context->db, context->county_id, id, TEXT_NONE, reason, error) &&
          release(context, crews, crew_job_mutable(crews, id), JOB_CANCELLED, "cancelled", error)) ||
         desk_spoil(context);
}

/* --- steps --- */

#define IN(state) (1u << (state))
static const struct MainStep {
  const char *name;
  unsigned from;
  JobState to;
} MAIN_STEPS[] = {
  {"take", IN(JOB_ASSIGNED), JOB_TAKEN},
  {"return", IN(JOB_ASSIGNED) | IN(JOB_TAKEN) | IN(JOB_ON_THE_WAY) | IN(JOB_ON_SITE) | IN(JOB_SURVEYED) | IN(JOB_WORKING), JOB_RETURNED},
  {"depart", IN(JOB_ASSIGNED) | IN(JOB_TAKEN), JOB_ON_THE_WAY},
  {"arrive", IN(JOB_ASSIGNED) | IN(JOB_TAKEN) | IN(JOB_ON_THE_WAY), JOB_ON_SITE},
  {"survey", IN(JOB_ON_SITE) | IN(JOB_SURVEYED) | IN(JOB_WORKING), JOB_SURVEYED},
  {"restore", IN(JOB_SURVEYED) | IN(JOB_WORKING), JOB_RESTORED},
  {"reply", IN(JOB_RESTORED), JOB_REPLIED},
};
enum { MAIN_COUNT = sizeof MAIN_STEPS / sizeof *MAIN_STEPS };

static bool refuse_step(const Job *job, Text step, Error *error) {
  char possible[ERROR_ARGUMENT_MAX] = "";
  for (int i = 0; i < MAIN_COUNT; i++)
    if (MAIN_STEPS[i].from & IN(job->state)) snprintf(possible + strlen(possible), sizeof possible - strlen(possible), "%s%s", possible[0] ? ", " : "", MAIN_STEPS[i].name);
  Text next = crew_job_next(job);
  if (next.len) snprintf(possible + strlen(possible), sizeof possible - strlen(possible), ", %.*s", TEXT_ARG(next));
  return error_raise(error, ERROR_CREW_STEP_STATE, "%.*s\t%s\t%s", TEXT_ARG(step), crew_job_state_name((JobState)job->state), possible);
}

static Text field(const json_t *fields, const char *key) {
  const json_t *value = json_object_get(fields, key);
  return json_is_string(value) ? (Text){json_string_value(value), json_string_length(value)} : TEXT_NONE;
}

static bool time_field(const json_t *fields, const char *key, Instant *out, Error *error) {
  Text text = field(fields, key);
  if (!text.at) return error_raise(error, ERROR_FIELD_MISSING, "%s", key);
  return instant_from_text(text, out) || error_raise(error, ERROR_FIELD_INVALID, "%s\t%.*s\tRFC 3339", key, TEXT_ARG(text));
}

static bool already_or_missing(const Job *job, int step, Error *error) {
  bool done[REPAIR_STEPS_MAX];
  int missing;
  const Procedure *p = job->procedure;
  for (int i = 0; i < REPAIR_STEPS_MAX; i++) done[i] = job->done[i].at != INSTANT_NONE;
  switch (repair_may(p, done, step, &missing)) {
    case REPAIR_DONE_ALREADY: return error_raise(error, ERROR_CREW_STEP_DONE, "%.*s", TEXT_ARG(p->step[step]->id));
    case REPAIR_MISSING: return error_raise(error, ERROR_CREW_STEP_BEFORE, "%.*s\t%.*s", TEXT_ARG(p->step[missing]->id), TEXT_ARG(p->step[step]->id));
    default: return true;
  }
}

/* Power may come on only when every step that safety or the repair asks for is recorded. */
static bool all_done(const Job *job, Error *error) {
  for (int i = 0; job->procedure && i < job->procedure->step_count; i++)
    if (job->procedure->step[i]->required && job->done[i].at == INSTANT_NONE)
      return error_raise(error, ERROR_CREW_STEP_BEFORE, "%.*s\trestore", TEXT_ARG(job->procedure->step[i]->id));
  return true;
}

static bool survey_fields(const Crews *crews, Job *job, const json_t *fields, Error *error) {
  Text cause = field(fields, "cause");
  char known[ERROR_ARGUMENT_MAX] = "";
  Instant from, until;
  if (!cause.at) return error_raise(error, ERROR_FIELD_MISSING, "%s", "cause");
  const Procedure *procedure = repair_of(crews->repair, cause);
  for (size_t i = 0; !procedure && i < repair_count(crews->repair); i++)
    snprintf(known + strlen(known), sizeof known - strlen(known), "%s%.*s", i ? ", " : "", TEXT_ARG(repair_at(crews->repair, i)->id));
  if (!procedure) return error_raise(error, ERROR_FIELD_INVALID, "cause\t%.*s\t%s", TEXT_ARG(cause), known);
  if (!time_field(fields, "eta_from", &from, error) || !time_field(fields, "eta_until", &until, error)) return false;
  if (until < from) return error_raise(error, ERROR_FIELD_INVALID, "eta_until\t%.*s\t< eta_from", TEXT_ARG(field(fields, "eta_until")));
  JobStepDone done[REPAIR_STEPS_MAX];
  const Procedure *was = job->procedure;
  memcpy(done, job->done, sizeof done);
  job->done_count = 0;
  for (int i = 0; i < REPAIR_STEPS_MAX; i++) { /* what was recorded for another cause counts where this one asks for it too */
    int at = was && i < procedure->step_count ? repair_step_of(was, procedure->step[i]->id) : -1;
    job->done[i] = at >= 0 ? done[at] : (JobStepDone){INSTANT_NONE, 0};
    job->done_count += job->done[i].at != INSTANT_NONE;
  }
  job->procedure = procedure;
  snprintf(job->cause, sizeof job->cause, "%.*s", TEXT_ARG(cause));
  job->eta_from = from;
  job->eta_until = until;
  return true;
}

/* done: when it was done, where that is told later. */
static bool tell_step(DeskContext *context, const Crews *crews, const Crew *crew, const Job *job, const CrewStep *step, Instant done, Error *error) {
  Buffer buffer;
  Json json;
  crew_event_begin(crews, crew, job, context->now, &json, &buffer);
  json_put_text(&json, "step", step->step);
  json_put_string(&json, "stage", crew_stage_of((JobState)job->state));
  if (done != context->now) json_put_instant(&json, "done_at", done);
  if (text_is(step->step, "survey")) {
    json_put_string(&json, "cause", job->cause);
    json_put_instant(&json, "eta_from", job->eta_from);
    json_put_instant(&json, "eta_until", job->eta_until);
  }
  const json_t *devices = json_object_get(step->fields, "devices");
  if (text_is(step->step, "restore") && json_array_size(devices)) {
    json_key(&json, "devices");
    json_open_array(&json);
    for (size_t i = 0; i < json_array_size(devices); i++) json_text(&json, text_of(json_string_value(json_array_get(devices, i))));
    json_close(&json);
  }
  return crew_event_end(context, "crew.step", crew, &json, error);
}

/* The last that is known to have been done of it. */
static Instant last_done(const Job *job) {
  const Instant at[] = {job->assigned_at, job->taken_at, job->departed_at, job->arrived_at, job->surveyed_at, job->working_at, job->restored_at};
  Instant last = INSTANT_NONE;
  for (size_t i = 0; i < sizeof at / sizeof *at; i++)
    if (at[i] > last) last = at[i];
  for (int i = 0; job->procedure && i < REPAIR_STEPS_MAX; i++)
    if (job->done[i].at != INSTANT_NONE && job->done[i].at > last) last = job->done[i].at;
  return last;
}

static void stamp(Job *job, Instant now) {
  Instant *const at[] = {NULL, &job->taken_at, &job->departed_at, &job->arrived_at, &job->surveyed_at, &job->working_at, &job->restored_at};
  if (job->state < JOB_REPLIED && at[job->state]) *at[job->state] = now;
}

bool crew_tell_later(DeskContext *context, Crews *crews, Job *job, Span later, Error *error) {
  Crew *crew = crew_mutable(crews, job->crew);
  CrewStep step = {.job = job->id, .step = TEXT("survey")};
  if (!crew) return error_raise(error, ERROR_INTERNAL, "%s", "a job of no crew");
  job->eta_from += later, job->eta_until += later;
  return save(context, crew, job, error) && tell_step(context, crews, crew, job, &step, context->now, error);
}

static bool device_ids_sound(const Crews *crews, const json_t *devices, Error *error) {
  if (devices && !json_is_null(devices) && !json_is_array(devices)) return error_raise(error, ERROR_FIELD_INVALID, "devices\t\ta list of device ids");
  for (size_t i = 0; i < json_array_size(devices); i++) {
    DeviceId id = {0};
    uint32_t index;
    const char *text = json_string_value(json_array_get(devices, i));
    if (!text || !text_to_i64(text_of(text), &id.value) || !grid_index_of(crews->grid, id, &index)) return error_raise(error, ERROR_NOT_FOUND, "device\t%s", text ? text : "");
  }
  return true;
}

/* One of the steps every job has. `job` is a copy that is put in place when all is well. */
static bool main_step(Crews *crews, Job *job, const CrewStep *step, const struct MainStep *main, Error *error) {
  const json_t *devices = json_object_get(step->fields, "devices");
  if (!(main->from & IN(job->state))) return refuse_step(job, step->step, error);
  if (main->to == JOB_RETURNED && !text_trim(field(step->fields, "reason")).len) return error_raise(error, ERROR_FIELD_MISSING, "%s", "reason");
  if (main->to == JOB_SURVEYED && !survey_fields(crews, job, step->fields, error)) return false;
  if (main->to == JOB_RESTORED) {
    if (!device_ids_sound(crews, devices, error)) return false;
    if (json_array_size(devices)) return true; /* in part: the work goes on */
    if (!all_done(job, error)) return false;
  }
  job->state = (uint8_t)main->to;
  return true;
}

static bool record_step(DeskContext *context, Job *job, const CrewStep *step, Error *error) {
  int at = job->procedure ? repair_step_of(job->procedure, step->step) : -1;
  if (at < 0 || job->state < JOB_SURVEYED || job->state > JOB_WORKING) return refuse_step(job, step->step, error);
  if (!already_or_missing(job, at, error)) return false;
  job->done[at] = (JobStepDone){context->now, step->staff_id};
  job->done_count++;
  bool first = job->state == JOB_SURVEYED;
  job->state = JOB_WORKING;
  if (first) stamp(job, context->now);
  return job_row_step(context->db, context->county_id, job->id, step->step, context->now, step->staff_id, error);
}

bool crew_step(DeskContext *context, Crews *crews, const CrewStep *step, Error *error) {
  Job *job = crew_job_mutable(crews, step->job);
  if (!job) return error_raise(error, ERROR_NOT_FOUND, "job\t%lld", (long long)step->job.value);
  Crew *crew = crew_mutable(crews, job->crew);
  if (!crew) return error_raise(error, ERROR_NOT_FOUND, "crew\t%lld", (long long)job->crew.value);
  if (step->own.value && job->crew.value != step->own.value) return error_raise(error, ERROR_CREW_NOT_YOURS, "%.*s", TEXT_ARG(crew->name));
  if (step->version != 0 && step->version != job->version) return error_raise(error, ERROR_CONFLICT, "job\t%d", job->version);
  const struct MainStep *main = NULL;
  for (int i = 0; i < MAIN_COUNT && !main; i++)
    if (text_is(step->step, MAIN_STEPS[i].name)) main = &MAIN_STEPS[i];
  Job after = *job;
  DeskContext then = *context; /* when it was done */
  then.now = fold_done_at(step->done_at ? step->done_at : INSTANT_NONE, last_done(job), context->now);
  if (main ? !main_step(crews, &after, step, main, error) : !record_step(&then, &after, step, error)) return false;
  if (main && after.state != job->state) stamp(&after, then.now);
  Text finding = field(step->fields, "finding"), note = field(step->fields, main && main->to == JOB_RETURNED ? "reason" : "note");
  if (!job_row_words(context->db, context->county_id, job->id, finding, note, error)) return false;
  if (after.state == JOB_RETURNED) return release(context, crews, job, JOB_RETURNED, "returned", error) || desk_spoil(context);
  JobState reached = (JobState)after.state, was = (JobState)job->state;
  *job = after;
  bool ok = true;
  if (reached != was && reached == JOB_ON_THE_WAY) ok = plan_drive_begin(&then, crews, crew, job, error);
  if (reached != was && reached == JOB_ON_SITE) ok = plan_drive_end(&then, crews, job, error);
  ok = ok && save(context, crew, job, error) && tell_step(context, crews, crew, job, step, then.now, error);
  if (ok && reached == JOB_REPLIED) ok = release(context, crews, job, JOB_REPLIED, "replied", error);
  return ok || desk_spoil(context);
}

/* --- where crews are --- */

bool crew_place(DeskContext *context, Crews *crews, CrewId id, const CrewSpot *spot, double heading, Error *error) {
  Crew *crew = crew_mutable(crews, id);
  if (!crew) return error_raise(error, ERROR_NOT_FOUND, "crew\t%lld", (long long)id.value);
  if (!(fabs(spot->lon) <= 180)) return error_raise(error, ERROR_FIELD_INVALID, "lon\t%g\t-180…180", spot->lon);
  if (!(fabs(spot->lat) <= 90)) return error_raise(error, ERROR_FIELD_INVALID, "lat\t%g\t-90…90", spot->lat);
  Instant at = spot->at > context->now ? context->now : spot->at; /* a telephone's clock may be fast */
  if (crew->placed_at != INSTANT_NONE && at <= crew->placed_at) return true; /* sent late: known better already */
  Crew after = *crew;
  CrewPrivate *beside = &crews->crews_private.at[crew - crews->crews.at];
  after.lon = spot->lon, after.lat = spot->lat;
  after.heading = isfinite(heading) ? fmod(fmod(heading, 360) + 360, 360) : NAN;
  after.placed_at = at;
  if (after.trail_count == CREW_TRAIL) memmove(after.trail, after.trail + 1, sizeof *after.trail * (CREW_TRAIL - 1)), after.trail_count--;
  after.trail[after.trail_count++] = (CrewSpot){spot->lon, spot->lat, at};
  bool write = beside->row_placed_at == INSTANT_NONE || at - beside->row_placed_at >= WRITE_PLACE_EVERY;
  if (write && !crew_row_place(context->db, context->county_id, &after, error)) return false;
  Buffer buffer;
  Json json;
  crew_event_begin(crews, crew, NULL, context->now, &json, &buffer);
  json_put_f64(&json, "lon", after.lon, 6);
  json_put_f64(&json, "lat", after.lat, 6);
  json_put_f64(&json, "heading", after.heading, 0);
  if (!crew_event_end(context, "crew.position", crew, &json, error)) return false;
  *crew = after;
  if (write) beside->row_placed_at = at;
  plan_crew_moved(crews, crew);
  return true;
}

/* --- what outages do --- */

/* Its crew goes on to the outage it went up in, unless that has one. */
static bool on_merged(DeskContext *context, const Event *event, void *room, Error *error) {
  Crews *crews = room;
  const Job *found = crew_job_of_outage(crews, (OutageId){event->subject_id});
  json_t *data = NULL;
  if (found && !schema_read_own(&data, event->data, error)) return false;
  OutageId into = {0};
  const char *text = json_string_value(json_object_get(data, "into"));
  bool known = text && text_to_i64(text_of(text), &into.value);
  json_decref(data);
  if (!found) return true;
  Job *job = crew_job_mutable(crews, found->id);
  if (!known || crew_job_of_outage(crews, into)) return release(context, crews, job, JOB_CANCELLED, "cancelled", error);
  Crew *crew = crew_mutable(crews, job->crew);
  map_remove(&crews->job_of_outage, job->outage.value);
  job->outage = into;
  if (!crew || !map_put(&crews->job_of_outage, into.value, (int64_t)(intptr_t)job)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "job");
  return save(context, crew, job, error) && tell_assigned(context, crews, crew, job, error);
}

static bool on_gone(DeskContext *context, const Event *event, void *room, Error *error) {
  const Job *job = crew_job_of_outage(room, (OutageId){event->subject_id});
  return !job || release(context, room, crew_job_mutable(room, job->id), JOB_CANCELLED, "cancelled", error);
}

/* Restored by another hand: what is left of the job is to report. */
static bool on_restored(DeskContext *context, const Event *event, void *room, Error *error) {
  Crews *crews = room;
  const Job *found = crew_job_of_outage(crews, (OutageId){event->subject_id});
  if (!found || found->state >= JOB_RESTORED || text_find(event->data, TEXT("\"all\":true")) < 0) return true;
  Job *job = crew_job_mutable(crews, found->id);
  Crew *crew = crew_mutable(crews, job->crew);
  job->state = JOB_RESTORED;
  stamp(job, context->now);
  return crew && save(context, crew, job, error);
}

void crew_listen(Crews *crews) {
  desk_on(crews->desk, "outage.merged", on_merged, crews);
  desk_on(crews->desk, "outage.dismissed", on_gone, crews);
  desk_on(crews->desk, "outage.restored", on_restored, crews);
}
