/* Private to the room. */
#ifndef PRIVACY_INSIDE_H
#define PRIVACY_INSIDE_H

#include "people/staff.h"
#include "privacy/privacy.h"

struct Privacy {
  People *people;
  int64_t county_id;
};

/* A household, retired ones too, as its row has it. */
typedef struct Subject {
  int64_t id;
  Text name, phone, address, tags; /* in the arena */
  bool present;                    /* in memory: not retired */
  bool name_is_its_own;            /* nobody else bears it */
} Subject;
bool privacy_subject(Subject *out, Db *db, const Privacy *privacy, int64_t id, Arena *arena, Error *error) MUST_USE;

/* All there is on the household: the fields of an object that is open. */
bool privacy_write_all(Json *json, Buffer *spare, Db *db, int64_t county_id, int64_t customer_id, Error *error) MUST_USE;

/* Rows elsewhere in which its telephone, address or own name stands. */
typedef struct Trace {
  size_t place;
  int64_t key[2];
} Trace;
typedef struct Traces {
  Text needle[3];
  Trace *at;
  size_t count;
} Traces;
enum { TRACES_MOST = 20000 };
bool privacy_find_traces(Traces *out, Db *db, int64_t county_id, const Subject *subject, Arena *arena, Error *error) MUST_USE;
bool privacy_wipe_traces(DeskContext *context, const Traces *traces, Error *error) MUST_USE;
bool privacy_wipe(DeskContext *context, int64_t customer_id, Error *error) MUST_USE;

/* The newest ids of the reasons and erasures, so that none is made again when the clock was put back before a restart. */
bool privacy_saw_ids(Desk *desk, Db *db, int64_t county_id, Error *error) MUST_USE;
bool privacy_open_orders(int64_t *out, Db *db, int64_t county_id, int64_t customer_id, Error *error) MUST_USE;
bool privacy_correct(DeskContext *context, const Subject *to, Error *error) MUST_USE;

typedef enum ErasureState { ERASURE_ASKED, ERASURE_DONE, ERASURE_REFUSED } ErasureState;
typedef struct Erasure {
  int64_t id, customer_id, asked_by, decided_by; /* decided_by 0: nobody yet */
  ErasureState state;
  Instant asked_at, decided_at;
  Text reason;
} Erasure;
bool erasure_insert(DeskContext *context, const Erasure *erasure, Error *error) MUST_USE;
bool erasure_decide(DeskContext *context, const Erasure *erasure, Error *error) MUST_USE;
typedef bool (*ErasureVisit)(void *self, const Erasure *erasure); /* false: enough */
/* Newest first. id 0: any; customer 0: anybody's. */
bool erasure_list(Db *db, int64_t county_id, int64_t id, int64_t customer_id, ErasureVisit visit, void *self, Error *error) MUST_USE;

/* For the test: every text or blob column is in one of these two lists, as "table.column". */
extern const char *const PRIVACY_EMPTIED[], *const PRIVACY_WITHOUT_PERSONS[];

#endif
