/* Events: every change appends one, in the same transaction as its rows. The table is append-only and hash-chained, and is
 * at once the history of an order, the audit, the live feed and the outbox. `data` is a JSON object and holds ids and facts,
 * never a name, a telephone number or an address: the feed carries it to every console.
 *
 * hash(n) = BLAKE2b-256(hash(n-1) || seq || at || lengths and bytes of actor, kind, subject kind, subject id, data), integers
 * as 8 bytes little-endian; hash(0) is 32 zero bytes. */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "base/id.h"
#include "base/vector.h"
#include "store/db.h"

enum { EVENT_HASH_BYTES = 32 };

typedef struct Event {
  int64_t seq; /* 1, 2, … without a gap, by county */
  Instant at;
  Text actor;        /* "system", "staff:ID", "customer:ID" */
  Text kind;         /* "order.accepted": room, dot, what happened */
  Text subject_kind; /* "order", "outage", "crew", … */
  int64_t subject_id;
  Text data; /* JSON object */
} Event;

/* Where the chain stands. Plain data: a copy taken before a command and put back undoes its appends. */
typedef struct EventChain {
  int64_t county_id;
  int64_t seq;
  Instant at; /* of the last event, INSTANT_NONE: there was none */
  unsigned char hash[EVENT_HASH_BYTES];
} EventChain;

bool event_chain_load(EventChain *chain, Db *db, int64_t county_id, Error *error) MUST_USE;
/* Numbers, hashes and writes the event; sets event->seq. */
bool event_append(EventChain *chain, Db *db, Event *event, Error *error) MUST_USE;

typedef bool (*EventVisit)(void *self, const Event *event); /* false stops; texts live during the call */
/* Events after `after` in order, at most `most`. */
bool event_after(Db *db, int64_t county_id, int64_t after, int64_t most, EventVisit visit, void *self, Error *error) MUST_USE;
/* The history of one subject, oldest first. */
bool event_of(Db *db, int64_t county_id, Text subject_kind, int64_t subject_id, EventVisit visit, void *self, Error *error) MUST_USE;

typedef struct EventVerdict {
  int64_t checked;
  int64_t broken_seq; /* the first event that does not fit its hash or number; 0: sound */
} EventVerdict;
bool event_verify(EventVerdict *out, Db *db, int64_t county_id, Error *error) MUST_USE;
/* The same, and shows each event that fits to somebody who reads along; who returns false is shown no more. */
bool event_verify_along(EventVerdict *out, Db *db, int64_t county_id, EventVisit visit, void *self, Error *error) MUST_USE;

#endif
