/* A whole county under virtual time, from a seed: people call (some twice, some late), operators take any step of any order, dispatchers and crews do
 * as they please, meters tell the truth or not, the clock jumps; allocations, SQL and the disk fail, the power goes. What was answered must be there,
 * and the books must balance. The same seed, the same run. Inside app/: county_sim.c runs, county_play.c acts, county_books.c checks. */
#ifndef APP_COUNTY_SIM_H
#define APP_COUNTY_SIM_H

#include "app/house.h"
#include "base/map.h"
#include "http/keys.h"
#include "store/power.h"

typedef struct SimCall { /* one message of a client, under its key; sent again until it is answered */
  uint64_t key;
  uint32_t position; /* the customer's */
  uint8_t kind;      /* which of the kinds that customers call about */
  int64_t order;     /* answered with this order; 0: refused or not answered */
  Instant at;
} SimCall;

typedef struct SimFigures {
  int64_t calls, again, repeated, steps, steps_refused, acts, faults, cuts, restarts, orders, archived, outages, events;
} SimFigures;

typedef struct CountySim {
  House house;
  bool open;
  char data[256];
  uint64_t seed;
  int step;
  Random random;     /* what people do and what breaks */
  Random disk;       /* what a disk keeps */
  Instant now;
  bool slow;         /* each sync takes its time */
  bool armed;        /* a fault is, or was, due in this command */
  Keys keys;
  VECTOR(SimCall) calls;
  Map answered;      /* order → calls that were answered with it */
  bool plant;        /* at the end of the run */
  int planted_wrong;
  SimFigures figures;
  char problem[ERROR_TEXT_MAX + 256]; /* the first; "" */
} CountySim;

bool sim_wrong(CountySim *sim, const char *format, ...) PRINTF_LIKE(2, 3); /* the first stays; returns false */
uint32_t sim_below(CountySim *sim, uint32_t bound);                        /* bound 0 gives 0 */
/* Over the desk. A failure that no fault explains and that is not a refusal (4xx) is wrong. */
bool sim_do(CountySim *sim, DeskWork work, void *command, const char *actor);
void sim_act(CountySim *sim);                          /* one thing that somebody does */
void sim_send(CountySim *sim, SimCall *call);          /* the call, under its key */
bool sim_books(CountySim *sim);                        /* all must balance */
void sim_digest(CountySim *sim, Buffer *out);          /* what memory holds: the same before and after a restart */
enum { SIM_PLANTS = 14 };
int sim_plant(CountySim *sim, int number);             /* plants errors and asks the books; TAP from number + 1 on; how many were not found */

#endif
