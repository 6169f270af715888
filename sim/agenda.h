/* What is to happen when: a queue of (instant, what) under virtual time, earliest first, and what was put in first where instants are equal, so that
 * a run repeats. */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include "base/time.h"
#include "base/vector.h"

typedef struct AgendaItem {
  Instant at;
  uint64_t order;
  int what;
  int64_t subject;
} AgendaItem;

typedef struct Agenda {
  VECTOR(AgendaItem) heap;
  uint64_t next_order;
} Agenda;

bool agenda_put(Agenda *agenda, Instant at, int what, int64_t subject); /* false: out of memory */
bool agenda_take(Agenda *agenda, AgendaItem *out);                     /* the earliest; false: nothing left */
Instant agenda_next(const Agenda *agenda);                             /* INSTANT_NONE: nothing left */
void agenda_free(Agenda *agenda);

#endif
