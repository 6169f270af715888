#include "store/lease.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/log.h"

enum { WATCH_MS = 200 };

struct Lease {
  Db *db; /* the thread's */
  int64_t county_id, token;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  bool running, stopping;
  _Atomic bool lost;
};

typedef struct Seen {
  bool there, held;
  int64_t token, beat;
  char holder[128];
} Seen;

static bool look(Seen *out, Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  *out = (Seen){0};
  if (!db_prepare(&s, db, "SELECT token, beat, is_held, holder FROM lease WHERE county_id = ?1", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!db_step(&out->there, s, error)) return false;
  if (!out->there) return true;
  out->token = db_column_i64(s, 0);
  out->beat = db_column_i64(s, 1);
  out->held = db_column_i64(s, 2) != 0;
  snprintf(out->holder, sizeof out->holder, "%.*s", TEXT_ARG(db_column_text(s, 3)));
  db_reset(s);
  return true;
}

/* *mine: nobody was quicker. */
static bool claim(bool *mine, const Seen *seen, Db *db, int64_t county_id, const char *holder, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO lease (county_id, token, beat, is_held, holder) VALUES (?1, ?2, 0, 1, ?3) ON CONFLICT (county_id) DO UPDATE"
                  " SET token = excluded.token, beat = 0, is_held = 1, holder = excluded.holder WHERE lease.token = ?4 AND lease.beat = ?5",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, seen->token + 1);
  db_bind_text(s, 3, text_of(holder));
  db_bind_i64(s, 4, seen->token);
  db_bind_i64(s, 5, seen->beat);
  if (!db_done(s, error)) return false;
  *mine = db_changes(db) == 1;
  return true;
}

static bool watch_and_claim(int64_t *token, Db *db, int64_t county_id, const char *holder, Error *error) {
  Seen first, now;
  if (!look(&first, db, county_id, error)) return false;
  now = first;
  for (int64_t until = time_monotonic_us() + LEASE_PATIENCE_MS * 1000; first.held && time_monotonic_us() < until;) {
    nanosleep(&(struct timespec){.tv_nsec = WATCH_MS * 1000000}, NULL);
    if (!look(&now, db, county_id, error)) return false;
    if (!now.held) break;
    if (now.token != first.token || now.beat != first.beat)
      return error_raise(error, ERROR_STORE_LOCKED, "county %lld, by %s", (long long)county_id, now.holder);
  }
  bool mine;
  if (!claim(&mine, &now, db, county_id, holder, error)) return false;
  *token = now.token + 1;
  return mine ? true : error_raise(error, ERROR_STORE_LOCKED, "county %lld", (long long)county_id);
}

static bool beat(Lease *lease, Db *db, int64_t rows, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "UPDATE lease SET beat = beat + 1 WHERE county_id = ?1 AND token = ?2", error)) return false;
  db_bind_i64(s, 1, lease->county_id);
  db_bind_i64(s, 2, lease->token);
  return db_done_rows(s, rows, error);
}

static bool is_lost(Lease *lease, Error *error) {
  atomic_store(&lease->lost, true);
  return error_raise(error, ERROR_LEASE_LOST, "%lld", (long long)lease->county_id);
}

bool lease_hold(Lease *lease, Db *db, Error *error) {
  Error why = {0};
  if (lease_lost(lease)) return is_lost(lease, error);
  if (beat(lease, db, 1, &why) && db_settle(db, &why)) return true;
  if (why.code == ERROR_STORE_CORRUPT) return is_lost(lease, error);
  if (error) *error = why;
  return false;
}

bool lease_lost(const Lease *lease) { return atomic_load(&lease->lost); }
int64_t lease_token(const Lease *lease) { return lease->token; }

static void *keep(void *self) {
  Lease *lease = self;
  pthread_mutex_lock(&lease->lock);
  while (!lease->stopping && !lease_lost(lease)) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LEASE_BEAT_MS / 1000;
    pthread_cond_timedwait(&lease->wake, &lease->lock, &until);
    if (lease->stopping) break;
    pthread_mutex_unlock(&lease->lock);
    Error error = {0};
    /* a failure is no loss: the desk says so when it is one, and nobody can write meanwhile */
    if (!beat(lease, lease->db, 1, &error) && error.code == ERROR_STORE_CORRUPT) is_lost(lease, &error);
    if (error.code != ERROR_NONE) log_error("lease", &error);
    pthread_mutex_lock(&lease->lock);
  }
  pthread_mutex_unlock(&lease->lock);
  return NULL;
}

bool lease_take(Lease **out, const char *address, int64_t county_id, const char *holder, Error *error) {
  Lease *lease = memory_new(sizeof *lease);
  if (!lease) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "lease");
  lease->county_id = county_id;
  pthread_mutex_init(&lease->lock, NULL);
  pthread_condattr_t condition;
  pthread_condattr_init(&condition);
  pthread_condattr_setclock(&condition, CLOCK_MONOTONIC);
  pthread_cond_init(&lease->wake, &condition);
  pthread_condattr_destroy(&condition);
  bool ok = db_open(&lease->db, address, DB_WRITE, error) && watch_and_claim(&lease->token, lease->db, county_id, holder, error);
  if (ok) lease->running = pthread_create(&lease->thread, NULL, keep, lease) == 0;
  if (ok && !lease->running) ok = error_raise(error, ERROR_INTERNAL, "%s", "thread");
  if (ok)
    *out = lease;
  else
    lease_give(lease);
  return ok;
}

void lease_give(Lease *lease) {
  if (!lease) return;
  if (lease->running) {
    pthread_mutex_lock(&lease->lock);
    lease->stopping = true;
    pthread_cond_signal(&lease->wake);
    pthread_mutex_unlock(&lease->lock);
    pthread_join(lease->thread, NULL);
    DbStatement *s;
    Error error = {0};
    if (!lease_lost(lease) &&
        db_prepare(&s, lease->db, "UPDATE lease SET is_held = 0, beat = beat + 1 WHERE county_id = ?1 AND token = ?2", &error)) {
      db_bind_i64(s, 1, lease->county_id);
      db_bind_i64(s, 2, lease->token);
      if (!db_done(s, &error)) log_error("lease", &error);
    }
  }
  db_close(lease->db);
  pthread_mutex_destroy(&lease->lock);
  pthread_cond_destroy(&lease->wake);
  memory_free(lease);
}

bool lease_holder(char *out, size_t size, Db *db, int64_t county_id, Error *error) {
  Seen seen;
  if (!look(&seen, db, county_id, error)) return false;
  snprintf(out, size, "%s", seen.held ? seen.holder : "");
  return true;
}
