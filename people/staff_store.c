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
  if (!db_prepare(&s, db, "SELECT id, staff_id, token_hash, begun, seen, strong FROM session WHERE county_id = ?1 ORDER BY id", error)) return false;
  db_bind_i64(s, 1, staff->options.county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    Session session = {.id = db_column_i64(s, 0), .staff_id = db_column_i64(s, 1), .begun = db_column_i64(s, 3), .stored = db_column_i64(s, 4),
                       .strong = db_column_i64(s, 5) != 0};
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

static bool load_factors(Staff *staff, Db *db, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT staff_id, secret, confirmed, last_step, recovery FROM staff_factor WHERE county_id = ?1", error)) return false;
  db_bind_i64(s, 1, staff->options.county_id);
  for (size_t i = 0; i < staff->accounts.count; i++) staff->accounts.at[i]->factor_loaded = false;
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) break;
    Account *account = account_find(staff, db_column_i64(s, 0));
    Factor factor = {.set = true, .confirmed = db_column_i64(s, 2) != 0, .last_step = db_column_i64(s, 3)};
    Text secret = db_column_blob(s, 1), recovery = db_column_blob(s, 4);
    if (!account || secret.len != FACTOR_SECRET_BYTES || recovery.len > sizeof factor.recovery || recovery.len % FACTOR_RECOVERY_BYTES) {
      error_raise(error, ERROR_STORE_CORRUPT, "two_factor %lld", (long long)db_column_i64(s, 0));
      db_reset(s);
      return false;
    }
    memcpy(factor.secret, secret.at, FACTOR_SECRET_BYTES);
    if (recovery.len) memcpy(factor.recovery, recovery.at, recovery.len);
    factor.recovery_count = (int)(recovery.len / FACTOR_RECOVERY_BYTES);
    account->factor = factor;
    account->factor_loaded = true;
    account->member.two_factor = factor.confirmed;
  }
  for (size_t i = 0; i < staff->accounts.count; i++) {
    Account *account = staff->accounts.at[i];
    if (!account->factor_loaded) account->factor = (Factor){.set = false}, account->member.two_factor = false;
  }
  return true;
}

bool store_load_sign_in_keys(Staff *staff, Db *db, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT value FROM setting WHERE county_id = ?1 AND name = 'sign_in_keys'", error)) return false;
  db_bind_i64(s, 1, staff->options.county_id);
  if (!db_step(&row, s, error)) return false;
  oidc_use_keys(staff->oidc, row ? db_column_text(s, 0) : TEXT(""));
  db_reset(s);
  return true;
}

static bool load_rule(Staff *staff, Db *db, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT value FROM setting WHERE county_id = ?1 AND name = 'two_factor'", error)) return false;
  db_bind_i64(s, 1, staff->options.county_id);
  if (!db_step(&row, s, error)) return false;
  int found = TWO_FACTOR_FREE;
  for (int rule = 0; row && rule < TWO_FACTOR_RULES; rule++)
    if (text_is(db_column_text(s, 0), TWO_FACTOR_RULE_NAMES[rule])) found = rule;
  staff->two_factor_rule = found;
  db_reset(s);
  return true;
}

bool store_load_staff(Staff *staff, Db *db, Error *error) {
  return load_accounts(staff, db, error) && load_factors(staff, db, error) && load_rule(staff, db, error) && load_sessions(staff, db, error);
}

bool store_put_factor(Db *db, int64_t county_id, int64_t staff_id, const Factor *factor, bool fresh, Error *error) {
  DbStatement *s;
  const char *sql = fresh ? "INSERT INTO staff_factor (county_id, staff_id, secret, confirmed, last_step, recovery) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                          : "UPDATE staff_factor SET secret = ?3, confirmed = ?4, last_step = ?5, recovery = ?6 WHERE county_id = ?1 AND staff_id = ?2";
  if (!db_prepare(&s, db, sql, error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, staff_id);
  db_bind_blob(s, 3, factor->secret, sizeof factor->secret);
  db_bind_i64(s, 4, factor->confirmed);
  db_bind_i64(s, 5, factor->last_step);
  db_bind_blob(s, 6, factor->recovery, (size_t)factor->recovery_count * FACTOR_RECOVERY_BYTES);
  return db_done(s, error);
}

bool store_remove_factor(Db *db, int64_t county_id, int64_t staff_id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "DELETE FROM staff_factor WHERE county_id = ?1 AND staff_id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, staff_id);
  return db_done(s, error);
}

bool store_put_setting(Db *db, int64_t county_id, const char *name, Text value, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO setting (county_id, name, value) VALUES (?1, ?2, ?3) ON CONFLICT (county_id, name) DO UPDATE SET value = excluded.value",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_text(s, 2, text_of(name));
  db_bind_text(s, 3, value);
  return db_done(s, error);
}

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
  if (!db_prepare(&s, db, "INSERT INTO session (county_id, id, staff_id, token_hash, begun, seen, strong) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, session->id);
  db_bind_i64(s, 3, session->staff_id);
  db_bind_blob(s, 4, session->hash, SESSION_HASH_BYTES);
  db_bind_i64(s, 5, session->begun);
  db_bind_i64(s, 6, session->stored);
  db_bind_i64(s, 7, session->strong);
  return db_done(s, error);
}

bool store_remove_session(Db *db, int64_t county_id, int64_t id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "DELETE FROM session WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  return db_done(s, error);
}
