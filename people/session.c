/* Sessions: a random token of 256 bits in the browser's cookie, its hash here and in a row. Found in memory on every request; signs of life are
 * written to rows every few minutes. */
#include <stdio.h>

#include "base/limits.h"
#include "people/staff_private.h"

#define SESSION_IDLE (LIMIT_SESSION_IDLE_HOURS * SPAN_HOUR)
#define SESSION_MOST (LIMIT_SESSION_DAYS * SPAN_DAY)
#define SESSION_STORE_EVERY (5 * SPAN_MINUTE)
enum { SESSION_TICK_ROWS = 200 };

void session_hash(unsigned char out[SESSION_HASH_BYTES], Text token) {
  crypto_generichash(out, SESSION_HASH_BYTES, (const unsigned char *)(token.len ? token.at : ""), token.len, NULL, 0);
}

Instant session_expires(const Session *session) { return session->begun + SESSION_MOST; }

static int64_t map_key(const unsigned char *hash) {
  int64_t key;
  memcpy(&key, hash, sizeof key);
  return key == MAP_NO_KEY ? 0 : key;
}

static Session *find_hash(const Staff *staff, const unsigned char *hash) {
  int64_t found;
  if (!map_get(&staff->by_hash, map_key(hash), &found)) return NULL;
  Session *session = (Session *)(intptr_t)found;
  return sodium_memcmp(session->hash, hash, SESSION_HASH_BYTES) == 0 ? session : NULL;
}

static bool is_over(const Session *session, Instant now) {
  return now >= session_expires(session) || now - atomic_load_explicit(&session->seen, memory_order_relaxed) >= SESSION_IDLE;
}

/* --- memory; lock held for writing --- */

bool session_add_loaded(Staff *staff, const Session *from, Error *error) {
  Session *session = find_hash(staff, from->hash);
  if (session) { /* its last sign of life may be newer than the row's */
    session->stored = from->stored;
    session->loaded = true;
    return true;
  }
  session = memory_new(sizeof *session);
  bool ok = session && vector_reserve(&staff->sessions, 1) && map_put(&staff->by_hash, map_key(from->hash), (int64_t)(intptr_t)session);
  if (!ok) {
    memory_free(session);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "session");
  }
  *session = *from;
  session->loaded = true;
  size_t at = staff->sessions.count;
  while (at && staff->sessions.at[at - 1]->id > session->id) at--; /* in the order they began */
  memmove(staff->sessions.at + at + 1, staff->sessions.at + at, (staff->sessions.count - at) * sizeof *staff->sessions.at);
  staff->sessions.at[at] = session;
  staff->sessions.count++;
  return true;
}

static void forget(Staff *staff, size_t at) {
  Session *session = staff->sessions.at[at];
  map_remove(&staff->by_hash, map_key(session->hash));
  memory_free(session);
  memmove(staff->sessions.at + at, staff->sessions.at + at + 1, (staff->sessions.count - at - 1) * sizeof *staff->sessions.at);
  staff->sessions.count--;
}

void session_clear(Staff *staff) {
  while (staff->sessions.count) forget(staff, staff->sessions.count - 1);
}

void session_loading(Staff *staff) {
  for (size_t i = 0; i < staff->sessions.count; i++) staff->sessions.at[i]->loaded = false;
}

void session_loaded(Staff *staff) {
  for (size_t i = staff->sessions.count; i-- > 0;)
    if (!staff->sessions.at[i]->loaded) forget(staff, i);
}

/* --- asked on every request, on any thread --- */

static void sign_of_life(_Atomic int64_t *seen, Instant now) { /* once a second is enough, and keeps the line in every core's cache */
  int64_t before = atomic_load_explicit(seen, memory_order_relaxed);
  if (before == INSTANT_NONE || now - before >= SPAN_SECOND) atomic_store_explicit(seen, now, memory_order_relaxed);
}

bool staff_identify(void *self, Text token, Instant company_now, HttpWho *who) {
  (void)company_now;
  Staff *staff = self;
  unsigned char hash[SESSION_HASH_BYTES];
  Instant now = time_now(staff->options.wall);
  session_hash(hash, token);
  pthread_rwlock_rdlock(&staff->lock);
  Session *session = find_hash(staff, hash);
  Account *account = session && !is_over(session, now) ? account_find(staff, session->staff_id) : NULL;
  bool valid = account && !account->member.disabled;
  if (valid) {
    const StaffMember *member = &account->member;
    Text shown = member->full_name.len ? member->full_name : member->name;
    sign_of_life(&session->seen, now);
    sign_of_life(&account->seen, now);
    /* without the second factor they must have, nothing but setting it up */
    *who = (HttpWho){.staff_id = member->id, .roles = factor_is_missing(staff, account, session) ? 0 : member->roles, .org_id = member->org_id};
    snprintf(who->actor, sizeof who->actor, "staff:%lld", (long long)member->id);
    snprintf(who->name, sizeof who->name, "%.*s", TEXT_ARG(text_cut(shown, sizeof who->name - 1)));
  }
  pthread_rwlock_unlock(&staff->lock);
  return valid;
}

bool session_find(Staff *staff, Text token, Instant *expires, bool *must) {
  unsigned char hash[SESSION_HASH_BYTES];
  session_hash(hash, token);
  pthread_rwlock_rdlock(&staff->lock);
  const Session *session = find_hash(staff, hash);
  const Account *account = session ? account_find(staff, session->staff_id) : NULL;
  if (account) *expires = session_expires(session), *must = factor_is_missing(staff, account, session);
  pthread_rwlock_unlock(&staff->lock);
  return account != NULL;
}

/* --- use cases, on the desk's thread: the only one that changes the lists, so that it may read them without the lock --- */

static bool end_at(Staff *staff, DeskContext *context, size_t at, Error *error) {
  if (!store_remove_session(context->db, context->county_id, staff->sessions.at[at]->id, error)) return false;
  pthread_rwlock_wrlock(&staff->lock);
  forget(staff, at);
  pthread_rwlock_unlock(&staff->lock);
  return true;
}

bool session_end_all_of(Staff *staff, DeskContext *context, int64_t staff_id, const unsigned char *keep, Error *error) {
  for (size_t i = staff->sessions.count; i-- > 0;) {
    const Session *session = staff->sessions.at[i];
    if (session->staff_id != staff_id || (keep && memcmp(session->hash, keep, SESSION_HASH_BYTES) == 0)) continue;
    if (!end_at(staff, context, i, error)) return false;
  }
  return true;
}

/* Sessions stand in the order they began. */
static bool end_oldest_of(Staff *staff, DeskContext *context, int64_t staff_id, Error *error) {
  size_t count = 0, oldest = 0;
  for (size_t i = staff->sessions.count; i-- > 0;)
    if (staff->sessions.at[i]->staff_id == staff_id) count++, oldest = i;
  return count < LIMIT_SESSIONS_PER_STAFF ? true : end_at(staff, context, oldest, error);
}

/* Whoever asks to be signed in is nobody yet; the event is theirs all the same. */
static bool tell_signed_in(DeskContext *context, const SessionBegin *begin, Error *error) {
  char name[40];
  Text asked = context->actor;
  context->actor = (Text){name, (size_t)snprintf(name, sizeof name, "staff:%lld", (long long)begin->staff_id)};
  Text how = !begin->vouched ? TEXT("{}") : begin->strong ? TEXT("{\"by\":\"oidc\",\"second_factor\":\"oidc\"}") : TEXT("{\"by\":\"oidc\"}");
  bool ok = desk_event(context, "people.signed_in", "staff", begin->staff_id, how, error);
  context->actor = asked;
  return ok;
}

bool session_work_begin(DeskContext *context, void *command, Error *error) {
  SessionBegin *begin = command;
  Staff *staff = begin->staff;
  const Account *account = account_find(staff, begin->staff_id);
  if (!account || account->member.disabled || (!begin->vouched && strcmp(account->password, begin->checked) != 0)) return error_raise(error, ERROR_SIGN_IN_WRONG, "%s", "");
  Instant now = time_now(staff->options.wall);
  Session session = {.id = desk_new_id(context), .staff_id = begin->staff_id, .begun = now, .stored = now, .seen = now, .strong = begin->strong};
  session_hash(session.hash, text_of(begin->token));
  begin->member = account_member(account);
  begin->expires = session_expires(&session);
  begin->must = factor_is_missing(staff, account, &session);
  if (!begin->strong && !factor_use(staff, context, account, begin->code, error)) return false;
  if (!store_add_session(context->db, context->county_id, &session, error) || !tell_signed_in(context, begin, error)) return desk_spoil(context);
  if (!end_oldest_of(staff, context, begin->staff_id, error)) return desk_spoil(context);
  pthread_rwlock_wrlock(&staff->lock);
  bool ok = session_add_loaded(staff, &session, error);
  pthread_rwlock_unlock(&staff->lock);
  return ok ? true : desk_spoil(context);
}

bool session_work_end(DeskContext *context, void *command, Error *error) {
  SessionEnd *end = command;
  Staff *staff = end->staff;
  for (size_t i = 0; i < staff->sessions.count; i++) {
    const Session *session = staff->sessions.at[i];
    if (memcmp(session->hash, end->hash, SESSION_HASH_BYTES) != 0) continue;
    return desk_event(context, "people.signed_out", "staff", session->staff_id, TEXT("{}"), error) && end_at(staff, context, i, error);
  }
  return true; /* it ended by itself in the meantime */
}

/* A part of the sessions that are over, and of the signs of life, each time; what is left comes next. */
bool session_tick(DeskContext *context, void *room, Error *error) {
  Staff *staff = room;
  Instant now = time_now(staff->options.wall);
  int rows = 0;
  for (size_t i = staff->sessions.count; i-- > 0 && rows < SESSION_TICK_ROWS;) {
    if (!is_over(staff->sessions.at[i], now)) continue;
    if (!end_at(staff, context, i, error)) return desk_spoil(context);
    rows++;
  }
  if (now - staff->last_stored < SESSION_STORE_EVERY && now >= staff->last_stored) return true;
  for (size_t i = 0; i < staff->sessions.count && rows < SESSION_TICK_ROWS; i++) {
    Session *session = staff->sessions.at[i];
    Instant seen = atomic_load(&session->seen);
    if (seen == session->stored) continue;
    if (!store_seen_session(context->db, context->county_id, session->id, seen, error)) return desk_spoil(context);
    session->stored = seen;
    rows++;
  }
  for (size_t i = 0; i < staff->accounts.count && rows < SESSION_TICK_ROWS; i++) {
    Account *account = staff->accounts.at[i];
    Instant seen = atomic_load(&account->seen);
    if (seen == account->stored) continue;
    if (!store_seen_staff(context->db, context->county_id, account->member.id, seen, error)) return desk_spoil(context);
    account->stored = seen;
    rows++;
  }
  if (rows < SESSION_TICK_ROWS) staff->last_stored = now;
  return true;
}
