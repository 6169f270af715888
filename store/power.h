/* A disk that can be unplugged: for simulations, in one thread, with stores that are files. Between power_begin and power_end every file SQLite opens
 * goes through it. What was written and not synced is remembered; when the power goes, writes fail from then on, and power_restore leaves of the
 * unsynced ones none, some, or the beginning of one, as a disk does: whatever it leaves, what was synced is there. Close the stores before. */
#ifndef STORE_POWER_H
#define STORE_POWER_H

#include "base/random.h"
#include "store/db.h"

typedef enum PowerFault { POWER_CUT, POWER_IO_ERROR, POWER_DISK_FULL } PowerFault;

bool power_begin(Error *error) MUST_USE;
void power_end(void);
/* The n-th write, sync or removal from now: the power goes (and stays off), or that one fails. 0: never. */
void power_fail_at(int64_t nth, PowerFault fault);
void power_cut(void);
bool power_is_off(void);
bool power_restore(Random *random, Error *error) MUST_USE;
/* Told at each sync, so that a slow disk takes its time of a virtual clock; NULL: nobody. */
void power_on_sync(void (*synced)(void *self), void *self);
typedef struct PowerFigures {
  int64_t writes, syncs, cuts, dropped, kept, torn; /* dropped, kept, torn: unsynced writes when the power went */
} PowerFigures;
PowerFigures power_figures(void);

#endif
