#include "http/keys.h"

static int64_t map_key(uint64_t hash) { return (int64_t)hash == MAP_NO_KEY ? 0 : (int64_t)hash; }

void keys_begin(Keys *keys, size_t limit) { *keys = (Keys){.limit = limit}; }

void keys_end(Keys *keys) {
  map_free(&keys->by_hash);
  memory_free(keys->ring);
  keys_begin(keys, keys->limit);
}

static KeyEntry *entry_at(const Keys *keys, size_t at) { return &keys->ring[(keys->first + at) % keys->room]; }

static bool make_room(Keys *keys, Error *error) {
  size_t room = keys->room ? keys->room * 2 : 1024;
  if (room > keys->limit) room = keys->limit;
  KeyEntry *ring = memory_new(room * sizeof *ring);
  if (!ring) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "keys");
  for (size_t i = 0; i < keys->count; i++) ring[i] = *entry_at(keys, i);
  memory_free(keys->ring);
  keys->ring = ring;
  keys->room = room;
  keys->first = 0;
  return true;
}

/* A hash that came again belongs to its newest row: only that one may remove it. */
static void drop(Keys *keys, const KeyEntry *entry) {
  int64_t id;
  if (map_get(&keys->by_hash, map_key(entry->hash), &id) && id == entry->id) map_remove(&keys->by_hash, map_key(entry->hash));
}

static void drop_oldest(Keys *keys) {
  const KeyEntry *oldest = entry_at(keys, 0);
  drop(keys, oldest);
  keys->gone = oldest->id;
  keys->first = (keys->first + 1) % keys->room;
  keys->count--;
}

bool keys_put(Keys *keys, uint64_t hash, int64_t id, Error *error) {
  if (keys->count == keys->room && keys->room < keys->limit && !make_room(keys, error)) return false;
  if (!map_put(&keys->by_hash, map_key(hash), id)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "keys");
  if (keys->count == keys->room) drop_oldest(keys);
  *entry_at(keys, keys->count++) = (KeyEntry){hash, id};
  return true;
}

bool keys_find(const Keys *keys, uint64_t hash, int64_t *id) { return map_get(&keys->by_hash, map_key(hash), id); }
int64_t keys_newest(const Keys *keys) { return keys->count ? entry_at(keys, keys->count - 1)->id : 0; }

void keys_forget_old(Keys *keys, Instant before, size_t most) {
  for (; most > 0 && keys->count > 0 && id_instant(entry_at(keys, 0)->id) < before; most--) drop_oldest(keys);
}

bool keys_load(Keys *keys, Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  keys_end(keys);
  if (!db_prepare(&s, db, "SELECT key_hash, id FROM request WHERE county_id = ?1 ORDER BY id", error)) return false;
  db_bind_i64(s, 1, county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    if (keys_put(keys, (uint64_t)db_column_i64(s, 0), db_column_i64(s, 1), error)) continue;
    db_reset(s);
    return false;
  }
}

bool keys_forget_undone(Keys *keys, Db *db, int64_t county_id, Error *error) {
  while (keys->count > 0) {
    DbStatement *s;
    bool there;
    const KeyEntry *newest = entry_at(keys, keys->count - 1);
    if (!db_prepare(&s, db, "SELECT 1 FROM request WHERE county_id = ?1 AND id = ?2", error)) return false;
    db_bind_i64(s, 1, county_id);
    db_bind_i64(s, 2, newest->id);
    if (!db_step(&there, s, error)) return false;
    if (there) {
      db_reset(s);
      return true;
    }
    drop(keys, newest);
    keys->count--;
  }
  return true;
}

bool keys_read(KeptReply *out, Arena *arena, Db *db, int64_t county_id, int64_t id, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT fingerprint, status, reply FROM request WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  if (!db_step(&row, s, error)) return false;
  if (!row) return error_raise(error, ERROR_NOT_FOUND, "request\t%lld", (long long)id);
  *out = (KeptReply){(uint64_t)db_column_i64(s, 0), (int)db_column_i64(s, 1), text_copy(arena, db_column_text(s, 2))};
  db_reset(s);
  return out->body.at ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "reply");
}

bool keys_write(Db *db, int64_t county_id, int64_t id, uint64_t hash, const KeptReply *reply, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "INSERT INTO request (county_id, id, key_hash, fingerprint, status, reply) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  db_bind_i64(s, 3, (int64_t)hash);
  db_bind_i64(s, 4, (int64_t)reply->fingerprint);
  db_bind_i64(s, 5, reply->status);
  db_bind_text(s, 6, reply->body.at ? reply->body : TEXT(""));
  return db_done(s, error);
}

bool keys_prune(bool *all, Db *db, int64_t county_id, int64_t gone, int64_t most, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "DELETE FROM request WHERE county_id = ?1 AND id IN (SELECT id FROM request WHERE county_id = ?1 AND id <= ?2 ORDER BY id LIMIT ?3)", error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, gone);
  db_bind_i64(s, 3, most);
  if (!db_done(s, error)) return false;
  *all = db_changes(db) < most;
  return true;
}
