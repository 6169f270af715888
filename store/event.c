#include "store/event.h"

#include <sodium.h>

static void hash_i64(crypto_generichash_state *state, int64_t value) {
  unsigned char bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
  crypto_generichash_update(state, bytes, sizeof bytes);
}

static void hash_text(crypto_generichash_state *state, Text text) {
  hash_i64(state, (int64_t)text.len);
  crypto_generichash_update(state, (const unsigned char *)(text.len ? text.at : ""), text.len);
}

static void hash_event(unsigned char hash[EVENT_HASH_BYTES], const Event *event) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, NULL, 0, EVENT_HASH_BYTES);
  crypto_generichash_update(&state, hash, EVENT_HASH_BYTES);
  hash_i64(&state, event->seq);
  hash_i64(&state, event->at);
  hash_text(&state, event->actor);
  hash_text(&state, event->kind);
  hash_text(&state, event->subject_kind);
  hash_i64(&state, event->subject_id);
  hash_text(&state, event->data);
  crypto_generichash_final(&state, hash, EVENT_HASH_BYTES);
}

bool event_chain_load(EventChain *chain, Db *db, int64_t county_id, Error *error) {
  DbStatement *statement;
  bool row;
  *chain = (EventChain){.county_id = county_id, .at = INSTANT_NONE};
  if (!db_prepare(&statement, db, "SELECT seq, hash, at FROM event WHERE county_id = ?1 ORDER BY seq DESC LIMIT 1", error)) return false;
  db_bind_i64(statement, 1, county_id);
  if (!db_step(&row, statement, error)) return false;
  if (!row) return true;
  Text hash = db_column_blob(statement, 1);
  chain->seq = db_column_i64(statement, 0);
  chain->at = db_column_instant(statement, 2);
  bool ok = hash.len == EVENT_HASH_BYTES;
  if (ok) memcpy(chain->hash, hash.at, EVENT_HASH_BYTES);
  db_reset(statement);
  return ok ? true : error_raise(error, ERROR_STORE_CORRUPT, "event %lld has no hash", (long long)chain->seq);
}

bool event_append(EventChain *chain, Db *db, Event *event, Error *error) {
  DbStatement *statement;
  EventChain next = *chain;
  event->seq = ++next.seq;
  next.at = event->at;
  hash_event(next.hash, event);
  if (!db_prepare(&statement, db,
                  "INSERT INTO event (county_id, seq, at, actor, kind, subject_kind, subject_id, data, hash)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                  error))
    return false;
  db_bind_i64(statement, 1, chain->county_id);
  db_bind_i64(statement, 2, event->seq);
  db_bind_i64(statement, 3, event->at);
  db_bind_text(statement, 4, event->actor);
  db_bind_text(statement, 5, event->kind);
  db_bind_text(statement, 6, event->subject_kind);
  db_bind_i64(statement, 7, event->subject_id);
  db_bind_text(statement, 8, event->data);
  db_bind_blob(statement, 9, next.hash, EVENT_HASH_BYTES);
  if (!db_done(statement, error)) return false;
  *chain = next;
  return true;
}

static void read_row(Event *event, DbStatement *s) {
  *event = (Event){.seq = db_column_i64(s, 0), .at = db_column_i64(s, 1), .actor = db_column_text(s, 2), .kind = db_column_text(s, 3),
                   .subject_kind = db_column_text(s, 4), .subject_id = db_column_i64(s, 5), .data = db_column_text(s, 6)};
}

static bool visit_all(DbStatement *statement, EventVisit visit, void *self, Error *error) {
  for (bool row;;) {
    if (!db_step(&row, statement, error)) return false;
    if (!row) return true;
    Event event;
    read_row(&event, statement);
    if (!visit(self, &event)) {
      db_reset(statement);
      return true;
    }
  }
}

bool event_after(Db *db, int64_t county_id, int64_t after, int64_t most, EventVisit visit, void *self, Error *error) {
  DbStatement *statement;
  if (!db_prepare(&statement, db,
                  "SELECT seq, at, actor, kind, subject_kind, subject_id, data FROM event WHERE county_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
                  error))
    return false;
  db_bind_i64(statement, 1, county_id);
  db_bind_i64(statement, 2, after);
  db_bind_i64(statement, 3, most);
  return visit_all(statement, visit, self, error);
}

bool event_of(Db *db, int64_t county_id, Text subject_kind, int64_t subject_id, EventVisit visit, void *self, Error *error) {
  DbStatement *statement;
  if (!db_prepare(&statement, db,
                  "SELECT seq, at, actor, kind, subject_kind, subject_id, data FROM event"
                  " WHERE county_id = ?1 AND subject_kind = ?2 AND subject_id = ?3 ORDER BY seq",
                  error))
    return false;
  db_bind_i64(statement, 1, county_id);
  db_bind_text(statement, 2, subject_kind);
  db_bind_i64(statement, 3, subject_id);
  return visit_all(statement, visit, self, error);
}

bool event_verify(EventVerdict *out, Db *db, int64_t county_id, Error *error) { return event_verify_along(out, db, county_id, NULL, NULL, error); }

bool event_verify_along(EventVerdict *out, Db *db, int64_t county_id, EventVisit visit, void *self, Error *error) {
  DbStatement *statement;
  unsigned char hash[EVENT_HASH_BYTES] = {0};
  *out = (EventVerdict){0};
  if (!db_prepare(&statement, db,
                  "SELECT seq, at, actor, kind, subject_kind, subject_id, data, hash FROM event WHERE county_id = ?1 ORDER BY seq", error))
    return false;
  db_bind_i64(statement, 1, county_id);
  for (bool row;;) {
    if (!db_step(&row, statement, error)) return false;
    if (!row) return true;
    Event event;
    read_row(&event, statement);
    hash_event(hash, &event);
    Text kept = db_column_blob(statement, 7);
    if (event.seq != out->checked + 1 || kept.len != EVENT_HASH_BYTES || memcmp(kept.at, hash, EVENT_HASH_BYTES) != 0) {
      out->broken_seq = event.seq;
      db_reset(statement);
      return true;
    }
    out->checked++;
    if (visit && !visit(self, &event)) visit = NULL;
  }
}
