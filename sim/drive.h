/* What people do with an order, from its rules alone: which of the steps they may take now they take, who, when, and what they fill in. No kind is
 * known by name. Most steps go on towards the end of the loop; a few go back, ask to wait, urge, hand over, withdraw. A step that would stop a
 * promise's clock is mostly taken before its time is up (PROMPT of a hundred), sometimes after.
 *
 * A step may be taken when the order room would let somebody take it; the room itself checks again. */
#ifndef SIM_DRIVE_H
#define SIM_DRIVE_H

#include "base/random.h"
#include "order/fold.h"
#include "order/order.h"

typedef struct DriveStep {
  const KindStep *step;
  const KindBranch *branch; /* what is said, where it matters; NULL: it does not */
  uint32_t role;            /* one bit: who takes it */
  Instant at;
} DriveStep;

/* false: nobody can do anything now: it waits for its children, or for the order it was merged into. */
bool drive_choose(DriveStep *out, Random *random, const Order *order, const ClockSet *clocks, Instant now);
/* Whether somebody still can take the step. */
bool drive_can(const Order *order, const DriveStep *chosen);

typedef struct DriveForm { /* for what forms ask beyond plain values */
  Random *random;
  int64_t org_id;
  OrderId order;            /* for fields that name one: the one to merge into */
  Instant now;
  /* A new attachment; false with the error it raised. */
  bool (*upload)(void *self, int64_t *id, Error *error);
  void *self;
} DriveForm;
/* Values that fit: what is required, now and then more. branch NULL: none. */
bool drive_fill(json_t **out, const DriveForm *form, const KindField *fields, size_t count, const KindBranch *branch, bool more, Error *error) MUST_USE;

#endif
