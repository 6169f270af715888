#include "people/staff_private.h"

static bool load_accounts(Staff *staff, Db *db, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT id, name, full_name, roles, org_id, crew_id, password, disabled, last_seen, version FROM staff WHERE county_id = ?1 ORDER BY id",
                  error))
    return false;
  db_bind_i64(s, 1, staff->options.county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    StaffMember member = {.id = db_column_i64(s, 0), .name = db_column_text(s, 1), .full_name = db_column_text(s, 2), .roles = (uint32_t)db_column_i64(s, 3),
                          .org_id = db_column_i64(s, 4), .crew_id = db_column_i64(s, 5), .disabled = db_column_i64(s, 7) != 0,
                          .last_seen = db_column_instant(s, 8), .version = db_column_i64(s, 9)};
    Text password = db_column_text(s, 6);
    if (!account_put(staff, &member, password.at ? password.at : "", error)) {
      db_reset(s);
      return false;
    }
    Account *account = account_find(staff, member.id);
    account->stored = member.last_seen;
    if (atomic_load(&account->seen) < member.last_seen) atomic_store(&account->seen, member.last_seen);
  }
}

static bool load_sessions(Staff *staff, Db *db, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT id, staff_id, token_hash, begun, seen FROM session WHERE county_id = ?1 ORDER BY id", error)) return false;
  db_bind_i64(s, 1, staff->options.county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    Session session = {.id = db_column_i64(s, 0), .staff_id = db_column_i64(s, 1), .begun = db_column_i64(s, 3), .stored = db_column_i64(s, 4)};
    Text hash = db_column_blob(s, 2);
    atomic_init(&session.seen, session.stored);
    bool sound = hash.len == SESSION_HASH_BYTES;
    if (sound) memcpy(session.hash, hash.at, SESSION_HASH_BYTES);
    else error_raise(error, ERROR_STORE_CORRUPT, "session %lld", (long long)session.id);
    if (sound && session_add_loaded(staff, &session, error)) continue;
    db_reset(s);
    return false;
  }
}

bool store_load_staff(Staff *staff, Db *db, Error *error) { return load_accounts(staff, db, error) && load_sessions(staff, db, error); }

bool store_put_staff(Db *db, int64_t county_id, const StaffMember *member, const char *password, bool fresh, Error *error) {
  DbStatement *s;
  const char *sql = fresh ? "INSERT INTO staff (county_id, id, name, full_name, roles, org_id, crew_id, password, disabled, last_seen, version)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
                          : "UPDATE staff SET name = ?3, full_name = ?4, roles = ?5, org_id = ?6, crew_id = ?7, password = ?8, disabled = ?9, last_seen = ?10,"
                            " version = ?11 WHERE county_id = ?1 AND id = ?2";
  if (!db_prepare(&s, db, sql, error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, member->id);
  db_bind_text(s, 3, member->name);
  db_bind_text(s, 4, member->full_name);
  db_bind_i64(s, 5, member->roles);
  db_bind_i64(s, 6, member->org_id);
  db_bind_i64(s, 7, member->crew_id);
  db_bind_text(s, 8, text_of(password));
  db_bind_i64(s, 9, member->disabled);
  db_bind_instant(s, 10, member->last_seen);
  db_bind_i64(s, 11, member->version);
  return db_done(s, error);
}

static bool set_seen(Db *db, const char *sql, int64_t county_id, int64_t id, Instant seen, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, sql, error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  db_bind_instant(s, 3, seen);
  return db_done(s, error);
}

bool store_seen_staff(Db *db, int64_t county_id, int64_t id, Instant seen, Error *error) {
  return set_seen(db, "UPDATE staff SET last_seen = ?3 WHERE county_id = ?1 AND id = ?2", county_id, id, seen, error);
}

bool store_seen_session(Db *db, int64_t county_id, int64_t id, Instant seen, Error *error) {
  return set_seen(db, "UPDATE session SET seen = ?3 WHERE county_id = ?1 AND id = ?2", county_id, id, seen, error);
}

bool store_add_session(Db *db, int64_t county_id, const Session *session, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "INSERT INTO session (county_id, id, staff_id, token_hash, begun, seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, session->id);
  db_bind_i64(s, 3, session->staff_id);
  db_bind_blob(s, 4, session->hash, SESSION_HASH_BYTES);
  db_bind_i64(s, 5, session->begun);
  db_bind_i64(s, 6, session->stored);
  return db_done(s, error);
}

bool store_remove_session(Db *db, int64_t county_id, int64_t id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "DELETE FROM session WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  return db_done(s, error);
}
