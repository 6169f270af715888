#include <math.h>
#include <stdio.h>

#include "crew/plan_internal.h"

/* --- tasks --- */

static void needs_text(const PlanTask *task, char out[PLAN_NEEDS_MAX * (PLAN_ITEM_MAX + 24)]) {
  out[0] = 0;
  for (int i = 0; i < task->need_count; i++)
    snprintf(out + strlen(out), PLAN_ITEM_MAX + 24, "%s%s*%lld", out[0] ? ";" : "", task->need[i].item, (long long)task->need[i].quantity);
}

static void read_needs(PlanTask *task, Text text) {
  Text part;
  while (task->need_count < PLAN_NEEDS_MAX && text_next(&text, ';', &part)) {
    PlanNeed *need = &task->need[task->need_count];
    Text item;
    if (!text_next(&part, '*', &item) || item.len >= PLAN_ITEM_MAX || !text_to_i64(part, &need->quantity) || need->quantity <= 0) continue;
    snprintf(need->item, sizeof need->item, "%.*s", TEXT_ARG(item));
    task->need_count++;
  }
}

static void skills_text(const Crews *crews, uint32_t bits, char out[200]) {
  out[0] = 0;
  for (int i = 0; i < crews->skill_count; i++)
    if (bits >> i & 1) snprintf(out + strlen(out), 200 - strlen(out), "%s%.*s", out[0] ? ";" : "", TEXT_ARG(crews->skill[i]));
}

bool plan_row_save(Db *db, const Crews *crews, const PlanTask *task, Instant closed_at, Error *error) {
  DbStatement *s;
  char needs[PLAN_NEEDS_MAX * (PLAN_ITEM_MAX + 24)], skills[200];
  if (!db_prepare(&s, db,
                  "INSERT INTO plan_task (county_id, id, is_open, kind, state, outage_id, round_id, device_id, window_from, window_until, service_s, skills, members,"
                  " needs, slip_s, without_crew, hand_crew, hand_after, accepted, crew_id, place, started_at, closed_at)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)"
                  " ON CONFLICT (county_id, id) DO UPDATE SET is_open = excluded.is_open, state = excluded.state, outage_id = excluded.outage_id,"
                  " device_id = excluded.device_id, service_s = excluded.service_s, skills = excluded.skills, members = excluded.members, needs = excluded.needs,"
                  " slip_s = excluded.slip_s, without_crew = excluded.without_crew, hand_crew = excluded.hand_crew, hand_after = excluded.hand_after,"
                  " accepted = excluded.accepted, crew_id = excluded.crew_id, place = excluded.place, started_at = excluded.started_at,"
                  " closed_at = excluded.closed_at",
                  error))
    return false;
  needs_text(task, needs);
  skills_text(crews, task->more_skills, skills);
  db_bind_i64(s, 1, crews->county_id);
  db_bind_i64(s, 2, task->id);
  db_bind_i64(s, 3, task->state <= PLAN_UNDER_WAY);
  db_bind_i64(s, 4, task->kind);
  db_bind_i64(s, 5, task->state);
  db_bind_i64(s, 6, task->outage.value);
  db_bind_i64(s, 7, task->round);
  db_bind_i64(s, 8, grid_device(crews->grid, task->device)->id.value);
  db_bind_instant(s, 9, task->from);
  db_bind_instant(s, 10, task->until);
  db_bind_i64(s, 11, task->service / SPAN_SECOND);
  db_bind_text(s, 12, text_of(skills));
  db_bind_i64(s, 13, task->members);
  db_bind_text(s, 14, text_of(needs));
  db_bind_i64(s, 15, task->slip / SPAN_SECOND);
  db_bind_i64(s, 16, task->without.value);
  db_bind_i64(s, 17, task->hand.value);
  db_bind_i64(s, 18, task->hand_after);
  db_bind_i64(s, 19, task->accepted);
  db_bind_i64(s, 20, task->crew.value);
  db_bind_i64(s, 21, task->at);
  db_bind_instant(s, 22, task->started);
  db_bind_instant(s, 23, closed_at);
  return db_done(s, error);
}

static void read_task(DbStatement *s, const Crews *crews, PlanTask *task) {
  task->state = (uint8_t)db_column_i64(s, 2);
  task->outage = (OutageId){db_column_i64(s, 3)};
  task->round = db_column_i64(s, 4);
  task->from = db_column_instant(s, 6), task->until = db_column_instant(s, 7);
  task->service = db_column_i64(s, 8) * SPAN_SECOND;
  Text skills = db_column_text(s, 9), skill;
  while (text_next(&skills, ';', &skill)) task->more_skills |= crew_skill_bit(crews, skill);
  task->skills |= task->more_skills;
  task->members = (int)db_column_i64(s, 10);
  read_needs(task, db_column_text(s, 11));
  task->slip = db_column_i64(s, 12) * SPAN_SECOND;
  task->without = (CrewId){db_column_i64(s, 13)};
  task->hand = (CrewId){db_column_i64(s, 14)};
  task->hand_after = db_column_i64(s, 15);
  task->accepted = db_column_i64(s, 16) != 0;
  task->crew = (CrewId){db_column_i64(s, 17)};
  task->at = (int)db_column_i64(s, 18);
  task->started = db_column_instant(s, 19);
  task->unsaved = false;
}

bool plan_rows(Db *db, Crews *crews, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT id, kind, state, outage_id, round_id, device_id, window_from, window_until, service_s, skills, members, needs, slip_s, without_crew,"
                  " hand_crew, hand_after, accepted, crew_id, place, started_at FROM plan_task WHERE county_id = ?1 AND is_open = 1 ORDER BY id",
                  error))
    return false;
  db_bind_i64(s, 1, crews->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    uint32_t device;
    if (!grid_index_of(crews->grid, (DeviceId){db_column_i64(s, 5)}, &device)) continue; /* no part of the network any more */
    PlanTask *task = plan_task_new(crews, db_column_i64(s, 0), (PlanKind)db_column_i64(s, 1), device, error);
    if (!task) {
      db_reset(s);
      return false;
    }
    read_task(s, crews, task);
    desk_saw_id(crews->desk, task->id);
    for (int i = 0; i < task->need_count; i++)
      if (plan_item_index(crews->plan, &crews->texts, text_of(task->need[i].item)) < 0) {
        db_reset(s);
        return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
      }
  }
}

/* --- changes --- */

bool plan_log_save(Db *db, int64_t county_id, const Crews *crews, const PlanChange *change, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO plan_change (county_id, id, at, task_id, outage_id, device_id, from_crew, to_crew, why, earlier_s, customers, skills, frees, reason,"
                  " staff_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, change->id);
  db_bind_i64(s, 3, change->at);
  db_bind_i64(s, 4, change->task);
  db_bind_i64(s, 5, change->outage.value);
  db_bind_i64(s, 6, grid_device(crews->grid, change->device)->id.value);
  db_bind_i64(s, 7, change->from.value);
  db_bind_i64(s, 8, change->to.value);
  db_bind_i64(s, 9, change->why);
  db_bind_i64(s, 10, isfinite(change->earlier_s) ? llround(change->earlier_s) : 0);
  db_bind_i64(s, 11, change->customers);
  db_bind_text(s, 12, text_of(change->skills));
  db_bind_i64(s, 13, change->frees);
  db_bind_i64(s, 14, change->reason);
  db_bind_i64(s, 15, change->staff_id);
  return db_done(s, error);
}

bool plan_log_rows(Db *db, Crews *crews, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT id, at, task_id, outage_id, device_id, from_crew, to_crew, why, earlier_s, customers, skills, frees, reason, staff_id FROM plan_change"
                  " WHERE county_id = ?1 ORDER BY id DESC LIMIT ?2",
                  error))
    return false;
  db_bind_i64(s, 1, crews->county_id);
  db_bind_i64(s, 2, PLAN_LOG_MAX);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    PlanChange change = {.id = db_column_i64(s, 0), .at = db_column_i64(s, 1), .task = db_column_i64(s, 2), .outage = {db_column_i64(s, 3)},
                         .from = {db_column_i64(s, 5)}, .to = {db_column_i64(s, 6)}, .why = (unsigned)db_column_i64(s, 7), .earlier_s = (double)db_column_i64(s, 8),
                         .customers = (uint32_t)db_column_i64(s, 9), .frees = db_column_i64(s, 11), .reason = (uint8_t)db_column_i64(s, 12),
                         .staff_id = db_column_i64(s, 13)};
    snprintf(change.skills, sizeof change.skills, "%.*s", TEXT_ARG(db_column_text(s, 10)));
    if (!grid_index_of(crews->grid, (DeviceId){db_column_i64(s, 4)}, &change.device)) continue;
    desk_saw_id(crews->desk, change.id);
    if (vector_push(&crews->plan->log, change)) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "plan");
  }
  for (size_t i = 0, n = crews->plan->log.count; i < n / 2; i++) { /* newest last */
    PlanChange change = crews->plan->log.at[i];
    crews->plan->log.at[i] = crews->plan->log.at[n - 1 - i];
    crews->plan->log.at[n - 1 - i] = change;
  }
  return true;
}

/* --- drives --- */

static int64_t e6(double degrees) { return llround(degrees * 1e6); }

bool drive_row_begin(Db *db, int64_t county_id, JobId job, CrewId crew, const TravelDrive *drive, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO crew_drive (county_id, job_id, crew_id, from_lon_e6, from_lat_e6, from_zone, to_lon_e6, to_lat_e6, to_zone, departed_at)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, ?7) ON CONFLICT (county_id, job_id) DO NOTHING",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, job.value);
  db_bind_i64(s, 3, crew.value);
  db_bind_i64(s, 4, e6(drive->from.lon));
  db_bind_i64(s, 5, e6(drive->from.lat));
  db_bind_i64(s, 6, drive->from.zone);
  db_bind_i64(s, 7, drive->departed);
  return db_done(s, error);
}

static void read_drive(DbStatement *s, TravelDrive *out) {
  *out = (TravelDrive){.from = {(double)db_column_i64(s, 0) / 1e6, (double)db_column_i64(s, 1) / 1e6, (int)db_column_i64(s, 2)},
                       .to = {(double)db_column_i64(s, 3) / 1e6, (double)db_column_i64(s, 4) / 1e6, (int)db_column_i64(s, 5)},
                       .departed = db_column_instant(s, 6), .arrived = db_column_instant(s, 7)};
}

bool drive_row_open(Db *db, int64_t county_id, JobId job, TravelDrive *out, bool *found, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT from_lon_e6, from_lat_e6, from_zone, to_lon_e6, to_lat_e6, to_zone, departed_at, arrived_at FROM crew_drive"
                  " WHERE county_id = ?1 AND job_id = ?2 AND arrived_at IS NULL",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, job.value);
  if (!db_step(found, s, error)) return false;
  if (*found) read_drive(s, out);
  db_reset(s);
  return true;
}

bool drive_row_end(Db *db, int64_t county_id, JobId job, const TravelDrive *drive, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "UPDATE crew_drive SET to_lon_e6 = ?3, to_lat_e6 = ?4, to_zone = ?5, arrived_at = ?6 WHERE county_id = ?1 AND job_id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, job.value);
  db_bind_i64(s, 3, e6(drive->to.lon));
  db_bind_i64(s, 4, e6(drive->to.lat));
  db_bind_i64(s, 5, drive->to.zone);
  db_bind_i64(s, 6, drive->arrived);
  return db_done(s, error);
}

/* The newest, oldest first. */
bool drive_rows(Db *db, Crews *crews, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "SELECT from_lon_e6, from_lat_e6, from_zone, to_lon_e6, to_lat_e6, to_zone, departed_at, arrived_at FROM crew_drive"
                  " WHERE county_id = ?1 AND arrived_at IS NOT NULL ORDER BY arrived_at DESC, job_id DESC LIMIT ?2",
                  error))
    return false;
  db_bind_i64(s, 1, crews->county_id);
  db_bind_i64(s, 2, PLAN_DRIVES_KEPT);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    TravelDrive drive;
    read_drive(s, &drive);
    if (plan_drive_known(crews->plan, &drive, error)) continue;
    db_reset(s);
    return false;
  }
  for (size_t i = 0, n = crews->plan->travel.drives.count; i < n / 2; i++) {
    TravelDrive drive = crews->plan->travel.drives.at[i];
    crews->plan->travel.drives.at[i] = crews->plan->travel.drives.at[n - 1 - i];
    crews->plan->travel.drives.at[n - 1 - i] = drive;
  }
  return true;
}

/* --- the roster --- */

bool roster_rows(Db *db, Crews *crews, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT crew_id, day, duty, from_minute, until_minute, version FROM roster WHERE county_id = ?1 ORDER BY crew_id, day", error)) return false;
  db_bind_i64(s, 1, crews->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    DutyDay day = {{db_column_i64(s, 0)}, (int32_t)db_column_i64(s, 1), (uint8_t)db_column_i64(s, 2), (int16_t)db_column_i64(s, 3), (int16_t)db_column_i64(s, 4),
                   (int32_t)db_column_i64(s, 5)};
    if (roster_adopt(crews, &day, error)) continue;
    db_reset(s);
    return false;
  }
}

bool roster_row_save(Db *db, int64_t county_id, const DutyDay *day, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO roster (county_id, crew_id, day, duty, from_minute, until_minute, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                  " ON CONFLICT (county_id, crew_id, day) DO UPDATE SET duty = excluded.duty, from_minute = excluded.from_minute,"
                  " until_minute = excluded.until_minute, version = excluded.version",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, day->crew.value);
  db_bind_i64(s, 3, day->day);
  db_bind_i64(s, 4, day->duty);
  db_bind_i64(s, 5, day->from);
  db_bind_i64(s, 6, day->until);
  db_bind_i64(s, 7, day->version);
  return db_done(s, error);
}
