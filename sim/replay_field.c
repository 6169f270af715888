/* The dispatcher's sending and the crews' way and work, as commands over the desk. */
#include <math.h>
#include <stdio.h>

#include "crew/plan.h"
#include "crew/repair.h"
#include "sim/replay_internal.h"

static const Span LOOK_BEFORE_SENDING = 3 * SPAN_MINUTE; /* a single call waits this long for its neighbours */
enum { SEND_AT_HOUSEHOLDS = 3 }; /* so many households are neighbours enough */
static const Span MOVE_EVERY = 20 * SPAN_SECOND;
static const double ROAD_DETOUR = 1.3;
static const double CREW_KMH = 38; /* a crew's lorry on village roads at 0 °C */

/* --- the dispatcher --- */

typedef struct SendCommand {
  Replay *replay;
  OutageId outage;
  bool confirm;
} SendCommand;

static bool work_send(DeskContext *context, void *command, Error *error) {
  SendCommand *send = command;
  ReplayRooms *rooms = &send->replay->rooms;
  const Outage *outage = outage_find(rooms->outages, send->outage);
  if (!outage || outage->crew.value) return true; /* somebody else was quicker */
  int assigned;
  if (send->confirm && outage->state == OUTAGE_SUSPECTED && !outage_confirm(context, rooms->outages, send->outage, 0, error)) return false;
  return plan_accept(context, rooms->crews, send->outage.value, 0, 0, &assigned, error) ? true : desk_spoil(context);
}

bool replay_office_sends(Replay *replay, Error *error) {
  SendCommand send = {.replay = replay};
  Instant now = replay_now(replay);
  uint32_t most = 0;
  desk_read_begin(replay->rooms.desk);
  for (size_t i = 0; i < crew_count(replay->rooms.crews); i++) { /* of what the plan has next for free crews, the one with most customers out */
    const Crew *crew = crew_at(replay->rooms.crews, i);
    const PlanTask *next = crew_on_shift(crew, now) ? plan_next(replay->rooms.crews, crew) : NULL;
    const Outage *outage = next && next->kind == PLAN_OUTAGE ? outage_find(replay->rooms.outages, next->outage) : NULL;
    if (!outage || outage->crew.value || outage->state > OUTAGE_PARTLY_RESTORED || outage->customers_out < most) continue;
    if (outage->households < SEND_AT_HOUSEHOLDS && now - outage->found_at < LOOK_BEFORE_SENDING) continue;
    most = outage->customers_out;
    send.outage = outage->id;
    send.confirm = outage->households >= SEND_AT_HOUSEHOLDS;
  }
  desk_read_end(replay->rooms.desk);
  if (!send.outage.value) return true;
  return replay_do(replay, work_send, &send, "replay:dispatcher", error) || replay_may_refuse(error);
}

/* Any job nobody plays yet is taken up: also one that was assigned by hand. */
bool replay_field_looks(Replay *replay, Error *error) {
  bool ok = true;
  for (size_t i = 0; ok; i++) {
    desk_read_begin(replay->rooms.desk);
    const Job *job = i < crew_job_count(replay->rooms.crews) ? crew_job_at(replay->rooms.crews, i) : NULL;
    JobId id = job ? job->id : (JobId){0};
    size_t row = SIZE_MAX;
    for (size_t k = 0; job && k < crew_count(replay->rooms.crews); k++)
      if (crew_at(replay->rooms.crews, k)->id.value == job->crew.value) row = k;
    desk_read_end(replay->rooms.desk);
    if (!id.value) break;
    if (row == SIZE_MAX || replay->crew[row].job.value == id.value) continue;
    replay->crew[row] = (ReplayCrew){.job = id, .fault = -1};
    ok = replay_put(replay, replay_minutes(replay, 0.4, 1.2), WHAT_CREW_ACTS, (int64_t)row, error);
  }
  return ok;
}

/* --- a crew --- */

typedef struct JobCommand {
  Replay *replay;
  CrewStep step;
  CrewSpot spot;
  double heading;
  CrewId crew;
  CrewMaterial material;
  OutageId outage;
  uint32_t device;
} JobCommand;

static bool work_job_step(DeskContext *context, void *command, Error *error) {
  JobCommand *job = command;
  return crew_step(context, job->replay->rooms.crews, &job->step, error);
}

static bool work_place(DeskContext *context, void *command, Error *error) {
  JobCommand *job = command;
  return crew_place(context, job->replay->rooms.crews, job->crew, &job->spot, job->heading, error);
}

static bool work_material(DeskContext *context, void *command, Error *error) {
  JobCommand *job = command;
  int64_t id;
  return crew_take_material(context, job->replay->rooms.crews, &job->material, &id, error);
}

static bool work_move(DeskContext *context, void *command, Error *error) {
  JobCommand *job = command;
  return outage_move(context, job->replay->rooms.outages, job->outage, 0, job->device, error);
}

/* Takes the step; `fields` is given away. */
static bool crew_takes(Replay *replay, JobId job, const char *step, json_t *fields, Error *error) {
  JobCommand command = {.replay = replay, .step = {.job = job, .step = text_of(step), .fields = fields}};
  bool ok = replay_do(replay, work_job_step, &command, "replay:crew", error) || replay_may_refuse(error);
  json_decref(fields);
  return ok;
}

static json_t *json_instant_text(Instant at) {
  char text[INSTANT_TEXT_MAX];
  return json_string(instant_to_text(at / SPAN_MINUTE * SPAN_MINUTE, ZONE_SHANGHAI, text));
}

static void place_of_device(const Grid *grid, uint32_t index, double *lon, double *lat) {
  const GridDevice *device = grid_device(grid, index);
  *lon = device->lon_e6 == GRID_NO_PLACE ? NAN : device->lon_e6 / 1e6;
  *lat = device->lat_e6 == GRID_NO_PLACE ? NAN : device->lat_e6 / 1e6;
}

static bool set_out(Replay *replay, size_t row, uint32_t device, Error *error) {
  ReplayCrew *mine = &replay->crew[row];
  desk_read_begin(replay->rooms.desk);
  const Crew *crew = crew_at(replay->rooms.crews, row);
  mine->from_lon = crew->lon, mine->from_lat = crew->lat;
  desk_read_end(replay->rooms.desk);
  place_of_device(replay->rooms.grid, device, &mine->to_lon, &mine->to_lat);
  double km = nearest_metres(mine->from_lon, mine->from_lat, mine->to_lon, mine->to_lat) / 1000 * ROAD_DETOUR;
  if (!isfinite(km)) km = 5; /* a place the network does not tell */
  mine->departed = replay_now(replay);
  mine->arrives = mine->departed + (Span)((km / CREW_KMH * 60 + 1) * (double)SPAN_MINUTE);
  return crew_takes(replay, mine->job, "depart", NULL, error) && replay_put(replay, MOVE_EVERY, WHAT_CREW_ACTS, (int64_t)row, error);
}

static bool drive(Replay *replay, size_t row, Error *error) {
  ReplayCrew *mine = &replay->crew[row];
  Instant now = replay_now(replay);
  double share = mine->arrives > mine->departed ? (double)(now - mine->departed) / (double)(mine->arrives - mine->departed) : 1;
  if (!(share < 1)) share = 1;
  if (isfinite(mine->to_lon + mine->from_lon + mine->to_lat + mine->from_lat)) {
    double east = (mine->to_lon - mine->from_lon) * cos(mine->to_lat * 0.017453292519943295), north = mine->to_lat - mine->from_lat;
    desk_read_begin(replay->rooms.desk);
    CrewId crew = crew_at(replay->rooms.crews, row)->id;
    desk_read_end(replay->rooms.desk);
    double heading = atan2(east, north) * 57.29577951308232;
    JobCommand command = {.replay = replay, .crew = crew, .heading = heading < 0 ? heading + 360 : heading,
                          .spot = {mine->from_lon + (mine->to_lon - mine->from_lon) * share, mine->from_lat + (mine->to_lat - mine->from_lat) * share, now}};
    if (!replay_do(replay, work_place, &command, "replay:crew", error) && !replay_may_refuse(error)) return false;
  }
  if (share < 1) return replay_put(replay, MOVE_EVERY < mine->arrives - now ? MOVE_EVERY : mine->arrives - now, WHAT_CREW_ACTS, (int64_t)row, error);
  return crew_takes(replay, mine->job, "arrive", NULL, error) && replay_put(replay, replay_minutes(replay, 4, 9), WHAT_CREW_ACTS, (int64_t)row, error);
}

/* What is wrong here, by the truth: the highest unrepaired fault at, below or above the outage's device that a crew standing there would find. */
static int fault_here(const Replay *replay, uint32_t device) {
  const Grid *grid = replay->rooms.grid;
  int best = -1;
  for (size_t i = 0; i < replay->evening.faults.count; i++) {
    const EveningFault *fault = &replay->evening.faults.at[i];
    bool related = grid_within(grid_device(grid, device), device, fault->device) || grid_within(grid_device(grid, fault->device), fault->device, device);
    bool hidden = fault->nested_in >= 0 && replay->evening.faults.at[fault->nested_in].repaired_at == INSTANT_NONE;
    if (!related || hidden || fault->repaired_at != INSTANT_NONE || fault->at > time_now(replay->rooms.time)) continue;
    if (best < 0 || fault->customers > replay->evening.faults.at[best].customers) best = (int)i;
  }
  return best;
}

static const char *cause_code(const Replay *replay, int fault) {
  if (fault < 0) return "no_fault_found";
  switch (replay->evening.faults.at[fault].cause) {
    case EVENING_TRANSFORMER_BURNT: return "transformer_burnt";
    case EVENING_BREAKER_FAILED: return "lv_breaker_failed";
    default: return "meter_box_fault";
  }
}

static double repair_minutes(const Replay *replay, int fault) {
  if (fault < 0) return 5;
  switch (replay->evening.faults.at[fault].cause) {
    case EVENING_TRANSFORMER_BURNT: return 70;
    case EVENING_BREAKER_FAILED: return 25;
    default: return 15;
  }
}

/* The green channel: a transformer of the burnt one's size or the next above it, from the nearest store that has one. */
static bool fetch_transformer(Replay *replay, JobId job, uint32_t device, Error *error) {
  static const int KVA[] = {30, 50, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000};
  double rated = (double)grid_device(replay->rooms.grid, device)->rated_kva;
  for (size_t i = 0; i < sizeof KVA / sizeof *KVA; i++) {
    char item[40];
    if (KVA[i] < rated) continue;
    snprintf(item, sizeof item, "transformer_%dkva", KVA[i]);
    JobCommand command = {.replay = replay, .material = {.job = job, .item = text_of(item), .quantity = 1}};
    if (replay_do(replay, work_material, &command, "replay:crew", error)) return true;
    if (!replay_may_refuse(error)) return false;
  }
  return true; /* none in any store: one is brought from outside, not our concern here */
}

static bool survey(Replay *replay, size_t row, OutageId outage, uint32_t device, Error *error) {
  ReplayCrew *mine = &replay->crew[row];
  Instant now = replay_now(replay);
  mine->fault = fault_here(replay, device);
  mine->surveyed = true;
  if (mine->fault >= 0) {
    EveningFault *fault = &replay->evening.faults.at[mine->fault];
    fault->arrived_at = now;
    if (fault->device == device) fault->located = true;
    else {
      JobCommand command = {.replay = replay, .outage = outage, .device = fault->device};
      if (!replay_do(replay, work_move, &command, "replay:crew", error) && !replay_may_refuse(error)) return false;
    }
    if (fault->cause == EVENING_TRANSFORMER_BURNT && !fetch_transformer(replay, mine->job, fault->device, error)) return false;
  }
  double minutes = repair_minutes(replay, mine->fault);
  json_t *fields = json_pack("{s:s,s:o,s:o}", "cause", cause_code(replay, mine->fault), "eta_from", json_instant_text(now + (Span)(minutes * 0.8 * (double)SPAN_MINUTE)),
                             "eta_until", json_instant_text(now + (Span)((minutes * 1.5 + 5) * (double)SPAN_MINUTE)));
  if (!fields) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "replay");
  return crew_takes(replay, mine->job, "survey", fields, error) && replay_put(replay, replay_minutes(replay, 2, 4), WHAT_CREW_ACTS, (int64_t)row, error);
}

/* Power back. The second transformer comes back in parts: first one of its outgoing lines, the rest a few minutes later. */
static bool restore(Replay *replay, size_t row, uint32_t device, Error *error) {
  ReplayCrew *mine = &replay->crew[row];
  const Grid *grid = replay->rooms.grid;
  if (mine->fault >= 0) {
    EveningFault *fault = &replay->evening.faults.at[mine->fault];
    uint32_t child = device + 1;
    bool has_two = child < grid_device(grid, device)->end && grid_device(grid, child)->end < grid_device(grid, device)->end;
    if (mine->fault == 1 && !mine->half && has_two) {
      char id[24];
      snprintf(id, sizeof id, "%lld", (long long)grid_device(grid, child)->id.value);
      mine->half = true;
      return crew_takes(replay, mine->job, "restore", json_pack("{s:[s]}", "devices", id), error) &&
             replay_put(replay, replay_minutes(replay, 5, 8), WHAT_CREW_ACTS, (int64_t)row, error);
    }
    fault->repaired_at = replay_now(replay);
    if (!replay_meters_return(replay, fault, error)) return false;
  }
  return crew_takes(replay, mine->job, "restore", NULL, error) && replay_put(replay, replay_minutes(replay, 3, 6), WHAT_CREW_ACTS, (int64_t)row, error);
}

static bool work_on(Replay *replay, size_t row, const char *next_step, uint32_t device, int steps, Error *error) {
  ReplayCrew *mine = &replay->crew[row];
  if (!next_step[0]) return restore(replay, row, device, error);
  double minutes = repair_minutes(replay, mine->fault) / (steps > 0 ? steps : 1);
  return crew_takes(replay, mine->job, next_step, NULL, error) &&
         replay_put(replay, replay_minutes(replay, minutes * 0.7, minutes * 1.2), WHAT_CREW_ACTS, (int64_t)row, error);
}

bool replay_crew_acts(Replay *replay, size_t row, Error *error) {
  ReplayCrew *mine = &replay->crew[row];
  char next[64] = "";
  uint32_t device = GRID_NONE;
  OutageId outage_id = {0};
  desk_read_begin(replay->rooms.desk);
  const Job *job = mine->job.value ? crew_job_find(replay->rooms.crews, mine->job) : NULL;
  int state = job ? job->state : -1, steps = job && job->procedure ? (int)job->procedure->step_count : 1;
  if (job) {
    Text step = crew_job_next(job);
    snprintf(next, sizeof next, "%.*s", TEXT_ARG(step));
    const Outage *outage = outage_find(replay->rooms.outages, job->outage);
    outage_id = job->outage;
    device = outage ? outage->device : GRID_NONE;
  }
  desk_read_end(replay->rooms.desk);
  if (state < 0 || (device == GRID_NONE && state < JOB_RESTORED)) { /* taken from it, or the outage is gone: ready for another */
    mine->job = (JobId){0};
    return true;
  }
  switch ((JobState)state) {
    case JOB_ASSIGNED:
      return crew_takes(replay, mine->job, "take", NULL, error) && replay_put(replay, replay_minutes(replay, 1, 3), WHAT_CREW_ACTS, (int64_t)row, error);
    case JOB_TAKEN: return set_out(replay, row, device, error);
    case JOB_ON_THE_WAY: return drive(replay, row, error);
    case JOB_ON_SITE: return survey(replay, row, outage_id, device, error);
    case JOB_SURVEYED:
    case JOB_WORKING: return work_on(replay, row, next, device, steps, error);
    case JOB_RESTORED: {
      mine->job = (JobId){0};
      return crew_takes(replay, job->id, "reply", NULL, error);
    }
    default: mine->job = (JobId){0}; return true;
  }
}
