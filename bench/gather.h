/* Gathering: which device explains the calls. A pure engine over a tree in preorder; one call costs O(depth).
 *
 * A household that calls is evidence on every device above it. Of the devices that can fail on its way up, the call is explained by the
 * lowest, unless calls from other branches are better explained together. From a device `low` that explains some calls already, the
 * explanation rises to `high` above it when
 *   - `high` has further branches that call, and at least min_calls in all;
 *   - of the customers that rising would add to the dark, at least a share  min + (max − min)(1 − 1/m)  live in branches that call, m being
 *     the calls a calling branch: three calls from three of twenty branches may be one fault, thirty calls from three of twenty are not.
 * A branch is a transformer when the device stands above transformers, else the device that the customers hang on.
 * A group is settled, and no longer moves, when silence around it is telling: of c calls all came from the share q of the customers
 * of the next larger device, and q^(c−1) < settle_chance. So are groups whose last call is older than the window (gather_settle). Settled
 * groups take calls from below them but are no evidence for anything above. Three burnt transformers of one feeder stay three.
 *
 * The yardstick the running program is measured against (outage_bench); what finds outages is outage/locate.h. */
#ifndef BENCH_GATHER_H
#define BENCH_GATHER_H

#include "base/error.h"
#include "base/time.h"

#define GATHER_NONE UINT32_MAX

typedef struct GatherLevel {
  uint32_t min_calls;            /* households, in all, to rise */
  double min_share, max_share;   /* see above */
} GatherLevel;

typedef struct GatherOptions {
  GatherLevel low, high;         /* up to and including a transformer; above */
  uint32_t settle_calls;         /* no group settles by silence with fewer */
  double settle_chance;
} GatherOptions;
GatherOptions gather_options_default(void);

/* Arrays of `count` devices in preorder; read while the engine lives. */
typedef struct GatherTree {
  uint32_t count;
  const uint32_t *parent, *end;  /* GATHER_NONE: a source; subtree is [index, end) */
  const uint32_t *customers;     /* below, the device's own included */
  const uint8_t *can_fail;
  const uint8_t *transformer;    /* 1: one */
} GatherTree;

typedef struct Gather Gather;

/* Whether the group `key` darkens `device` of its subtree now (parts may have power again). NULL: always. */
typedef struct GatherCover {
  bool (*covers)(void *self, int64_t key, uint32_t device);
  void *self;
} GatherCover;

bool gather_new(Gather **out, const GatherTree *tree, const GatherOptions *options, GatherCover cover, Error *error) MUST_USE;
void gather_free(Gather *gather);
void gather_clear(Gather *gather);

enum { GATHER_ABSORB_MAX = 256 }; /* groups one call may bring together; further ones stay, nested */

typedef struct GatherAnswer {
  int64_t key;                   /* the group that takes the call; 0: a new one is wanted: name it with gather_found */
  uint32_t device;               /* where it stands now */
  bool moved;                    /* … which is not where it stood */
  bool settled;                  /* it settled by this call */
  uint32_t absorbed_count;       /* groups that go up in it */
  int64_t absorbed[GATHER_ABSORB_MAX];
} GatherAnswer;

/* A household at `device` called for the first time. With key 0 in the answer the caller must call gather_found next. */
bool gather_call(Gather *gather, uint32_t device, GatherAnswer *answer, Error *error) MUST_USE;
/* A new group at the device; `calls` at these devices are its own. Also for rebuilding. */
bool gather_found(Gather *gather, int64_t key, uint32_t device, bool settled, bool held, Error *error) MUST_USE;
/* A call under a group, by hand or while rebuilding: counted, nothing is concluded. */
bool gather_add(Gather *gather, int64_t key, uint32_t call_device, Error *error) MUST_USE;
void gather_remove(Gather *gather, int64_t key, uint32_t call_device);
bool gather_place(Gather *gather, int64_t key, uint32_t device, Error *error) MUST_USE; /* by hand */
void gather_settle(Gather *gather, int64_t key, bool settled);
void gather_hold(Gather *gather, int64_t key, bool held);  /* a crew has it: it may rise, but goes up in no other */
void gather_drop(Gather *gather, int64_t key);             /* its calls too */
uint32_t gather_calls(const Gather *gather, int64_t key);
/* The lowest group that darkens the device; 0: none. */
int64_t gather_group_of(const Gather *gather, uint32_t device);

#endif
