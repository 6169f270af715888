/* A whole county under virtual time, from a seed: people call (some twice, some late), operators take any step of any order of any kind, dispatchers
 * and crews do as they please, groups talk, managers go from door to door, customers answer by link, meters and switches tell the truth or not, the
 * clock jumps; allocations, SQL and the disk fail, the power goes. What was answered must be there, once, and the books must balance. The same seed,
 * the same run. Inside app/: county_command.c and county_sim.c run it, county_store.c is where it stands, county_acts.c has the table of acts, county_books.c checks; the players are county_calls.c,
 * county_orders.c, county_field.c, county_groups.c, county_visits.c, county_meters.c. */
#ifndef APP_COUNTY_SIM_H
#define APP_COUNTY_SIM_H

#include "app/house.h"
#include "base/map.h"
#include "base/random.h"
#include "http/keys.h"
#include "order/kind.h"

enum { SIM_ANSWER_MAX = 40, SIM_ARGUMENTS = 4 };
/* What is played grew: a seed kept from before is played with the acts of its time. 1: calls, steps, outages, crews, evidence; 2: all there is. */
enum { SIM_EDITION = 2 };

typedef struct CountySim CountySim;

typedef enum SimMatterId { /* what a message may be about */
  MATTER_CALL,
  MATTER_OPEN,          /* an order of any kind, its form filled in */
  MATTER_GROUP_NEW,
  MATTER_GROUP_LINK,
  MATTER_GROUP_SAY,
  MATTER_GROUP_TOUCH,   /* a message becomes an order */
  MATTER_GROUP_END,
  MATTER_SURVEY_LINK,
  MATTER_SURVEY_ANSWER,
  MATTER_VISIT,
  MATTER_READINGS,
  MATTER_COUNT
} SimMatterId;

typedef struct SimMessage { /* of somebody who waits for an answer, under its key; sent again until there is one */
  uint64_t key;
  SimMatterId matter;
  bool unknown;                 /* no answer, and no refusal either: it may stand all the same */
  char answer[SIM_ANSWER_MAX];  /* "": refused or not answered */
  int64_t arg[SIM_ARGUMENTS];   /* the matter's own */
} SimMessage;

typedef enum SimHeard { HEARD_NOW, HEARD_BEFORE, HEARD_NOTHING } SimHeard; /* done now; it had been done before an answer was lost; who knows */

typedef struct SimMatter {
  const char *name, *actor;
  bool (*work)(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error);
  void (*heard)(CountySim *sim, const SimMessage *message, SimHeard how); /* NULL: nothing to remember */
  bool is_call;     /* the answer is an order, which has one call more ("0": none) */
  const char *rows; /* what counts one more for each message that was taken; NULL: nothing does */
} SimMatter;
extern const SimMatter SIM_MATTERS[MATTER_COUNT];

typedef struct SimFigures {
  int64_t again, repeated, steps, steps_refused, acts, faults, cuts, restarts, takeovers, orders, archived, outages, events;
  int64_t answered[MATTER_COUNT];
  int64_t switchings, fed; /* messages of switches and ties; words of them that were taken */
} SimFigures;

typedef struct SimTie {
  uint32_t a, b; /* devices */
  char code[64];
} SimTie;

typedef struct SimGroup {
  int64_t id;
  char token[SIM_ANSWER_MAX]; /* of its link; "": none is known */
} SimGroup;

typedef struct SimServer { /* the program */
  House house;
  Keys keys;
  bool open;
} SimServer;

struct CountySim {
  struct SimStore *store;
  SimServer server[2]; /* the second takes over where servers share a database */
  const char *data;  /* where it is played without a store: the county every seed begins with */
  int serving;
  House *house;      /* of the one that serves */
  Keys *keys;
  bool fenced;       /* it lost the county and does not know: it must not get anything done */
  uint64_t seed;
  int edition;
  int step;
  Random random;     /* what people do and what breaks */
  Random disk;       /* what a disk keeps */
  Random chance;     /* what the program draws by itself */
  Instant now;
  bool slow;         /* each sync takes its time */
  bool armed;        /* a fault is, or was, due in this command */
  VECTOR(SimMessage) messages;
  VECTOR(SimTie) ties;
  VECTOR(SimGroup) groups;
  VisitCutId cut;    /* the newest proposal */
  Map read;          /* customer and moment → the voltage that was told last */
  Map answered;      /* order → messages that were answered with it, of those that are calls */
  bool ending;       /* the last books: all is looked at */
  bool plant;        /* at the end of the run */
  int planted_wrong;
  SimFigures figures;
  char problem[ERROR_TEXT_MAX + 256]; /* the first; "" */
};

bool sim_wrong(CountySim *sim, const char *format, ...) PRINTF_LIKE(2, 3); /* the first stays; returns false */
uint32_t sim_below(CountySim *sim, uint32_t bound);                        /* bound 0 gives 0 */
/* Over the desk. A failure that no fault explains and that is not a refusal (4xx) is wrong. *refused (may be NULL): it was one. */
bool sim_begin(CountySim *sim, Error *error) MUST_USE; /* the program */
void sim_end(CountySim *sim);
void sim_run(CountySim *sim, int steps, Error *error);
void sim_synced(void *sim);                                                /* a slow disk takes its time */
bool sim_do(CountySim *sim, DeskWork work, void *command, const char *actor, bool *refused);
void sim_act(CountySim *sim); /* one thing that somebody does */

/* --- messages under a key: county_acts.c --- */
uint64_t sim_key(CountySim *sim);
void sim_say(CountySim *sim, const SimMessage *message); /* a new one */
void sim_send(CountySim *sim, SimMessage *message);      /* it, once more */
/* One of those about this matter that were answered, by chance; NULL: none was found. */
const SimMessage *sim_one_of(CountySim *sim, SimMatterId matter);

/* --- players: acts and the matters they bring --- */
void sim_act_call(CountySim *sim);
void sim_act_repeat(CountySim *sim);
void sim_act_step(CountySim *sim);
void sim_act_outage(CountySim *sim);
void sim_act_crew(CountySim *sim);
void sim_act_evidence(CountySim *sim);
void sim_act_tie(CountySim *sim);
bool sim_load_ties(CountySim *sim, Error *error) MUST_USE;
void sim_act_group(CountySim *sim);
void sim_act_open(CountySim *sim);
void sim_act_survey(CountySim *sim);
void sim_act_visit(CountySim *sim);
void sim_act_visit_plan(CountySim *sim);
bool sim_plan_month(CountySim *sim, int32_t month, int64_t org_id, Error *error) MUST_USE; /* org 0: all */
void sim_act_readings(CountySim *sim);
bool sim_check_readings(CountySim *sim, bool all, Error *error) MUST_USE; /* what was told last is what is read back */
#define SIM_WORK(name) bool name(DeskContext *context, CountySim *sim, const SimMessage *message, char answer[SIM_ANSWER_MAX], Error *error)
SIM_WORK(sim_work_call);
SIM_WORK(sim_work_open);
SIM_WORK(sim_work_group_new);
SIM_WORK(sim_work_group_link);
SIM_WORK(sim_work_group_say);
SIM_WORK(sim_work_group_touch);
SIM_WORK(sim_work_group_end);
SIM_WORK(sim_work_survey_link);
SIM_WORK(sim_work_survey_answer);
SIM_WORK(sim_work_visit);
SIM_WORK(sim_work_readings);
void sim_heard_group_new(CountySim *sim, const SimMessage *message, SimHeard how);
void sim_heard_group_link(CountySim *sim, const SimMessage *message, SimHeard how);
void sim_heard_readings(CountySim *sim, const SimMessage *message, SimHeard how);
const SimMessage *sim_call_before(CountySim *sim); /* one of the calls, by chance; NULL: there was none */
/* A customer: of who called before, a neighbour, or anybody. */
uint32_t sim_position(CountySim *sim);
json_t *sim_instant_json(Instant at);
json_t *sim_id_json(int64_t id);

/* --- books: county_books.c --- */
bool sim_books(CountySim *sim);                        /* all must balance */
void sim_digest(CountySim *sim, Buffer *out);          /* what memory holds: the same before and after a restart */
enum { SIM_PLANTS = 24 };
int sim_plant(CountySim *sim, int number);             /* plants errors and asks the books; TAP from number + 1 on; how many were not found */

/* --- where the county stands: county_store.c --- */
typedef enum SimFault { SIM_DISK_FULL, SIM_IO_ERROR, SIM_CUT } SimFault;
typedef struct SimStore SimStore;
/* `database` NULL: files, on a disk that can be unplugged. Else schemas of its own in that PostgreSQL, dropped in the end: there an error of the disk is a
 * lost connection, and the power goes by losing them all with the program. `cluster` (may be NULL): the folder of scripts/with-postgres; then the database
 * itself is stopped at once in the middle, and started again. */
bool sim_store_open(SimStore **out, const char *database, const char *cluster, Error *error) MUST_USE;
void sim_store_close(SimStore *store);
const char *sim_store_package(const SimStore *store); /* a folder for the county's package … */
const char *sim_store_county(const SimStore *store);  /* … and for the county every seed begins with */
bool sim_store_ready(SimStore *store, Error *error) MUST_USE; /* it is made: from now on it is played */
bool sim_store_fresh(SimStore *store, Error *error) MUST_USE; /* as it was made */
const char *sim_store_address(const SimStore *store);         /* where it is played */
void sim_store_on_sync(SimStore *store, void (*synced)(void *self), void *self);
void sim_store_arm(SimStore *store, int64_t nth, SimFault fault); /* 0: not any more */
bool sim_store_is_off(const SimStore *store);                 /* the power went: the program is to begin anew, after sim_store_restore */
bool sim_store_restore(SimStore *store, Random *random, Error *error) MUST_USE;
bool sim_store_is_shared(const SimStore *store);              /* by several servers */
bool sim_store_take_over(SimStore *store, Error *error) MUST_USE; /* another server has the county now */
bool sim_store_sum(SimStore *store, unsigned char out[32], Error *error) MUST_USE; /* of all rows but the lease */
void sim_store_tell(const SimStore *store);

#endif
