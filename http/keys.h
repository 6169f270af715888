/* The memory of Idempotency-Keys: a hash of staff and key to the row of table `request` that holds the first reply. The newest
 * LIMIT_IDEMPOTENCY_KEYS are remembered, in the order of their rows. Belongs to the desk's thread. */
#ifndef HTTP_KEYS_H
#define HTTP_KEYS_H

#include "base/id.h"
#include "base/map.h"
#include "store/db.h"

typedef struct KeyEntry {
  uint64_t hash;
  int64_t id; /* of the row; ids only grow */
} KeyEntry;

typedef struct Keys {
  Map by_hash;
  KeyEntry *ring; /* the oldest at `first` */
  size_t first, count, room, limit;
  int64_t gone; /* rows up to this id are forgotten, and of no use */
} Keys;

void keys_begin(Keys *keys, size_t limit);
void keys_end(Keys *keys);
bool keys_load(Keys *keys, Db *db, int64_t county_id, Error *error) MUST_USE;
bool keys_find(const Keys *keys, uint64_t hash, int64_t *id);
bool keys_put(Keys *keys, uint64_t hash, int64_t id, Error *error) MUST_USE; /* drops the oldest when full */
/* After a rollback: forgets the newest entries whose rows are not there. */
bool keys_forget_undone(Keys *keys, Db *db, int64_t county_id, Error *error) MUST_USE;
int64_t keys_newest(const Keys *keys); /* row's id; 0: none */
/* Forgets at most `most` of the oldest, those made before that instant. */
void keys_forget_old(Keys *keys, Instant before, size_t most);

/* Rows. */
typedef struct KeptReply {
  uint64_t fingerprint;
  int status;
  Text body; /* in the arena */
} KeptReply;
bool keys_read(KeptReply *out, Arena *arena, Db *db, int64_t county_id, int64_t id, Error *error) MUST_USE;
bool keys_write(Db *db, int64_t county_id, int64_t id, uint64_t hash, const KeptReply *reply, Error *error) MUST_USE;
/* Removes at most `most` of the rows up to `gone`; *all says whether these were all. */
bool keys_prune(bool *all, Db *db, int64_t county_id, int64_t gone, int64_t most, Error *error) MUST_USE;

#endif
