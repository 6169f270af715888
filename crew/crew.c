#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "crew/plan_internal.h"

/* --- memory --- */

Crew *crew_mutable(const Crews *crews, CrewId id) {
  int64_t at;
  return map_get(&crews->crew_of_id, id.value, &at) ? &crews->crews.at[at] : NULL;
}

Job *crew_job_mutable(const Crews *crews, JobId id) {
  int64_t at;
  return map_get(&crews->job_of_id, id.value, &at) ? (Job *)(intptr_t)at : NULL;
}

bool crew_job_adopt(Crews *crews, Job *job, Error *error) {
  Crew *crew = crew_mutable(crews, job->crew);
  int64_t self = (int64_t)(intptr_t)job;
  /* ids only grow: the newest goes last */
  if (!vector_push(&crews->jobs, job)) {
    memory_free(job);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "job");
  }
  if (!map_put(&crews->job_of_id, job->id.value, self) || !map_put(&crews->job_of_outage, job->outage.value, self))
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "job");
  if (crew) crew->job = job->id;
  return true;
}

void crew_job_forget(Crews *crews, Job *job) {
  Crew *crew = crew_mutable(crews, job->crew);
  int64_t at;
  if (crew && crew->job.value == job->id.value) crew->job = (JobId){0};
  map_remove(&crews->job_of_id, job->id.value);
  if (map_get(&crews->job_of_outage, job->outage.value, &at) && at == (int64_t)(intptr_t)job) map_remove(&crews->job_of_outage, job->outage.value);
  for (size_t i = 0; i < crews->jobs.count; i++) {
    if (crews->jobs.at[i] != job) continue;
    memmove(crews->jobs.at + i, crews->jobs.at + i + 1, (--crews->jobs.count - i) * sizeof *crews->jobs.at);
    break;
  }
  memory_free(job);
}

static void clear(Crews *crews) {
  for (size_t i = 0; i < crews->jobs.count; i++) memory_free(crews->jobs.at[i]);
  vector_clear(&crews->jobs);
  vector_clear(&crews->crews);
  vector_clear(&crews->crews_private);
  vector_clear(&crews->stock);
  vector_clear(&crews->roster);
  map_free(&crews->crew_of_id);
  map_free(&crews->job_of_id);
  map_free(&crews->job_of_outage);
  crews->skill_count = 0;
  arena_end(&crews->texts);
  arena_begin(&crews->texts, 0);
}

static uint32_t skill_bits(Crews *crews, Text skills) {
  uint32_t bits = 0;
  Text part;
  while (text_next(&skills, ';', &part)) {
    part = text_trim(part);
    if (part.len == 0) continue;
    uint32_t bit = crew_skill_bit(crews, part);
    if (!bit && crews->skill_count < CREW_SKILLS_MAX) {
      bit = (uint32_t)1 << crews->skill_count;
      crews->skill[crews->skill_count++] = part;
    }
    bits |= bit;
  }
  return bits;
}

/* Where a crew is, is written seldom: what is known better here is kept. */
static void keep_places(Crews *crews, const Crew *old, size_t count) {
  for (size_t i = 0; i < count; i++) {
    Crew *crew = crew_mutable(crews, old[i].id);
    if (!crew || old[i].placed_at == INSTANT_NONE || (crew->placed_at != INSTANT_NONE && crew->placed_at > old[i].placed_at)) continue;
    crew->lon = old[i].lon, crew->lat = old[i].lat, crew->heading = old[i].heading;
    crew->placed_at = old[i].placed_at;
    memcpy(crew->trail, old[i].trail, sizeof crew->trail);
    crew->trail_count = old[i].trail_count;
  }
}

bool crew_reload(Db *db, void *room, Error *error) {
  Crews *crews = room;
  size_t count = crews->crews.count;
  Crew *old = memory_new((count + 1) * sizeof *old);
  if (!old) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "crews");
  if (count) memcpy(old, crews->crews.at, count * sizeof *old);
  clear(crews);
  bool ok = crew_rows(db, crews, error) && stock_rows(db, crews, error) && roster_rows(db, crews, error) && job_rows_open(db, crews, error);
  for (size_t i = 0; ok && i < crews->crews.count; i++) crews->crews.at[i].skill_bits = skill_bits(crews, crews->crews.at[i].skills);
  if (ok) keep_places(crews, old, count);
  memory_free(old);
  return ok && (!crews->plan || plan_reload(db, crews, error));
}

static bool prepare(Crews **out, int64_t county_id, const Grid *grid, const People *people, const char *rules_folder, Error *error) {
  Crews *crews = memory_new(sizeof *crews);
  if (!crews) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "crews");
  crews->grid = grid;
  crews->people = people;
  crews->county_id = county_id;
  arena_begin(&crews->texts, 0);
  *out = crews;
  return repair_open(&crews->repair, rules_folder, error);
}

bool crew_open(Crews **out, Desk *desk, Db *db, const Grid *grid, const People *people, const CrewSites *sites, const char *rules_folder, Error *error) {
  Crews *crews = NULL;
  if (!prepare(&crews, desk_county(desk), grid, people, rules_folder, error) || !crew_reload(db, crews, error)) {
    crew_close(crews);
    return false;
  }
  crews->desk = desk;
  crews->sites = *sites;
  if (!plan_open(crews, rules_folder, error) || !plan_reload(db, crews, error)) {
    crew_close(crews);
    return false;
  }
  desk_on_reload(desk, crew_reload, crews);
  crew_listen(crews);
  plan_listen(crews);
  *out = crews;
  return true;
}

void crew_close(Crews *crews) {
  if (!crews) return;
  plan_close(crews);
  clear(crews);
  arena_end(&crews->texts);
  vector_free(&crews->jobs);
  vector_free(&crews->crews);
  vector_free(&crews->crews_private);
  vector_free(&crews->stock);
  vector_free(&crews->roster);
  repair_close(crews->repair);
  memory_free(crews);
}

/* --- reading --- */

int crew_members(const Crew *crew) {
  int64_t count = 0;
  Text rest = crew->members, part;
  if (text_to_i64(text_trim(rest), &count)) return count > 0 && count < 1000 ? (int)count : 0;
  while (text_next(&rest, ';', &part)) count += text_trim(part).len > 0;
  return (int)count;
}


size_t crew_count(const Crews *crews) { return crews->crews.count; }
const Crew *crew_at(const Crews *crews, size_t i) { return &crews->crews.at[i]; }
const Crew *crew_find(const Crews *crews, CrewId id) { return crew_mutable(crews, id); }

bool crew_in_reach(const Crews *crews, int64_t org_id, const Crew *crew) {
  return !org_id || people_org_within(crews->people, crew->org_id, org_id) || people_org_within(crews->people, org_id, crew->org_id);
}
const Repair *crew_repair(const Crews *crews) { return crews->repair; }
size_t crew_job_count(const Crews *crews) { return crews->jobs.count; }
const Job *crew_job_at(const Crews *crews, size_t i) { return crews->jobs.at[i]; }
const Job *crew_job_find(const Crews *crews, JobId id) { return crew_job_mutable(crews, id); }
size_t crew_stock_count(const Crews *crews) { return crews->stock.count; }
const StockPlace *crew_stock_at(const Crews *crews, size_t i) { return &crews->stock.at[i]; }

const Job *crew_job_of_outage(const Crews *crews, OutageId outage) {
  int64_t at;
  return map_get(&crews->job_of_outage, outage.value, &at) ? (const Job *)(intptr_t)at : NULL;
}

uint32_t crew_skill_bit(const Crews *crews, Text skill) {
  for (int i = 0; i < crews->skill_count; i++)
    if (text_equal(crews->skill[i], skill)) return (uint32_t)1 << i;
  return 0;
}

bool crew_on_shift(const Crew *crew, Instant now) {
  DutySpan span;
  return roster_span(crew, now, &span) && span.duty == DUTY_ON && span.from <= now;
}

CrewState crew_state(const Crews *crews, const Crew *crew, Instant now) {
  const Job *job = crew->job.value ? crew_job_find(crews, crew->job) : NULL;
  if (!job) return crew_on_shift(crew, now) ? CREW_FREE : CREW_OFF;
  switch ((JobState)job->state) {
    case JOB_ASSIGNED:
    case JOB_TAKEN: return CREW_ASSIGNED;
    case JOB_ON_THE_WAY: return CREW_ON_THE_WAY;
    case JOB_ON_SITE:
    case JOB_SURVEYED: return CREW_ON_SITE;
    default: return CREW_WORKING;
  }
}

const char *crew_state_name(CrewState state) {
  static const char *const names[] = {"free", "assigned", "on_the_way", "on_site", "working", "off"};
  return names[state];
}

const char *crew_job_state_name(JobState state) {
  static const char *const names[] = {"assigned", "taken", "on_the_way", "on_site", "surveyed", "working", "restored", "replied", "returned", "cancelled"};
  return names[state];
}

Text crew_job_next(const Job *job) {
  bool done[REPAIR_STEPS_MAX];
  if (!job->procedure || job->state < JOB_SURVEYED || job->state > JOB_WORKING) return TEXT_NONE;
  for (int i = 0; i < REPAIR_STEPS_MAX; i++) done[i] = job->done[i].at != INSTANT_NONE;
  int next = repair_next(job->procedure, done);
  return next < 0 ? TEXT_NONE : job->procedure->step[next]->id;
}

void crew_place_of_device(const Grid *grid, uint32_t device, double *lon, double *lat) {
  const GridDevice *d = grid_device(grid, device);
  bool placed = d->lon_e6 != GRID_NO_PLACE && d->lat_e6 != GRID_NO_PLACE;
  *lon = placed ? d->lon_e6 / 1e6 : NAN;
  *lat = placed ? d->lat_e6 / 1e6 : NAN;
}

void crew_on_members(Crews *crews, CrewId (*crew_of)(void *self, int64_t staff_id), void *self) {
  crews->member_of = crew_of;
  crews->member_of_self = self;
}

/* --- check --- */

bool crew_check(Db *db, const Grid *grid, const People *people, int64_t county_id, char problem[ERROR_TEXT_MAX], Error *error) {
  Crews *crews = NULL;
  Map busy = {0};
  problem[0] = 0;
  bool ok = prepare(&crews, county_id, grid, people, NULL, error) && crew_reload(db, crews, error);
  for (size_t i = 0; ok && i < crews->stock.count && !problem[0]; i++)
    if (crews->stock.at[i].quantity < 0) snprintf(problem, ERROR_TEXT_MAX, "stock %lld has less than nothing", (long long)crews->stock.at[i].id);
  for (size_t i = 0; ok && i < crews->jobs.count && !problem[0]; i++) {
    const Job *job = crews->jobs.at[i];
    int64_t other;
    if (map_get(&busy, job->crew.value, &other))
      snprintf(problem, ERROR_TEXT_MAX, "crew %lld has two open jobs, %lld and %lld", (long long)job->crew.value, (long long)other, (long long)job->id.value);
    else if (!map_put(&busy, job->crew.value, job->id.value)) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "check");
    bool missing = false;
    for (int k = 0; job->procedure && k < job->procedure->step_count; k++) { /* a later required step without an earlier safety step */
      bool done = job->done[k].at != INSTANT_NONE;
      if (done && missing && job->procedure->step[k]->required && job->done[k].at > job->surveyed_at) /* what was done before another cause was found stays done */
        snprintf(problem, ERROR_TEXT_MAX, "job %lld: step %.*s was recorded before a safety step", (long long)job->id.value, TEXT_ARG(job->procedure->step[k]->id));
      missing |= !done && job->procedure->step[k]->safety;
    }
  }
  map_free(&busy);
  crew_close(crews);
  return ok;
}
