/* Inside the room. */
#ifndef SUPPLY_INTERNAL_H
#define SUPPLY_INTERNAL_H

#include <pthread.h>

#include "http/http.h"
#include "supply/identify.h"
#include "supply/site.h"
#include "supply/supply.h"

/* An area as it was on a day, ready to be computed. */
typedef struct SupplyArea {
  Area area;
  CauseStandard standard;
  SiteGuess guess;
  uint32_t device;    /* grid index of the transformer; nodes are the devices below it, in order */
  uint32_t *position; /* [customer] in people; those found elsewhere than their files say stand where they are */
  uint32_t read;      /* customers whose loads were read */
  int day;
  bool *put_right;    /* [customer] its phase is a correction, not the file's */
  SupplyDay readings; /* NULL arrays where nothing is handed in */
} SupplyArea;

/* One remedy as it was shown: enough to make an order of it. */
typedef struct SupplyOffer {
  uint32_t kinds;
  double cost_yuan, days, worst_before, worst_after;
  uint32_t low_before, low_after;
  Text json;
} SupplyOffer;
typedef struct SupplyView {
  int64_t device_id;
  int day;
  uint64_t used;       /* the least is the next to go */
  const char *cause;
  Arena arena;
  SupplyOffer *offers;
  size_t count;
} SupplyView;

/* Phases as they were told of an area: how sure one is comes from here, not from who asks. */
typedef struct SupplyTold {
  int64_t device_id;
  uint64_t used;
  Arena arena;
  struct SupplyPhase *at;
  size_t count;
} SupplyTold;
typedef struct SupplySearch SupplySearch;

struct Supply {
  Desk *desk;
  const Grid *grid;
  const People *people;
  Orders *orders;
  SupplyBook *book;
  const SupplyReadings *readings;
  int64_t county_id;
  pthread_mutex_t lock; /* of the views, and of what was told */
  SupplyView views[SUPPLY_VIEWS];
  SupplyTold told[SUPPLY_VIEWS];
  SupplySearch *search;
  uint64_t uses;
};

/* supply_area.c: the network, the households and what was read, from the store's snapshot. */
bool supply_area(SupplyArea *out, const Supply *supply, Db *db, uint32_t device, int day, Arena *arena, Error *error) MUST_USE;
bool supply_device(const Supply *supply, const HttpRequest *request, uint32_t *out, Error *error) MUST_USE; /* of path argument 0 */
/* The day asked for (?day=2026-11-20), else the newest one that is over. */
bool supply_day(const HttpRequest *request, int *out, Error *error) MUST_USE;
void supply_write_day(Json *json, const char *key, int day);
/* The remedy's JSON: names are codes of devices, ids of customers. */
void supply_write_remedy(Json *json, const Supply *supply, const SupplyArea *area, const Remedy *remedy);

/* supply_store.c */
bool supply_conductors(const Supply *supply, Db *db, uint32_t device, SiteDevice *devices, uint32_t count, Arena *arena, Error *error) MUST_USE;
typedef struct SupplyChoice {
  int64_t id, device_id, cost_fen, measured_dv; /* measured_dv −1: not yet */
  OrderId order;
  Instant chosen_at, measured_at;
  int day, works_days, worst_before_dv, low_before, worst_after_dv, low_after;
  uint32_t kinds;
  Text cause, remedy;
} SupplyChoice;
bool supply_choice_put(Db *db, int64_t county_id, const SupplyChoice *choice, Error *error) MUST_USE;
typedef bool (*SupplyChoiceVisit)(void *self, const SupplyChoice *choice); /* false stops */
bool supply_choices(Db *db, int64_t county_id, int64_t device_id, int64_t limit, SupplyChoiceVisit visit, void *self, Error *error) MUST_USE;
bool supply_choice_measured(Db *db, int64_t county_id, OrderId order, int dv, Instant at, int64_t *choice, int64_t *device, Error *error) MUST_USE;

/* supply.c: use cases */
typedef struct SupplyPick {
  Supply *supply;
  int64_t device_id, org_id;
  int day, remedy;
  uint32_t roles;
  OrderId order; /* out */
  int64_t choice;
} SupplyPick;
bool supply_pick(DeskContext *context, void *command, Error *error) MUST_USE;
/* Remembers what was shown. */
bool supply_remember(Supply *supply, const SupplyArea *area, const char *cause, const RemedyList *list, Error *error) MUST_USE;
bool supply_in_reach(const Supply *supply, uint32_t device, int64_t org_id);
/* supply_area.c: who hangs on the transformer, by the rows: those of people's range without who was moved away, then who was moved here. */
bool supply_members(uint32_t **position, uint32_t *count, const Supply *supply, Db *db, uint32_t device, Arena *arena, Error *error) MUST_USE;
bool supply_row_of(const SupplyArea *area, uint32_t position, uint32_t *row);
/* The voltages of a one-phase meter stand on whichever terminal it names. */
int supply_terminal(float *const volts[3], size_t at, size_t samples);

/* supply_correct.c: phases put right */
typedef struct SupplyPhase {
  int64_t customer_id;
  uint8_t phases; /* 0: taken back */
  int confidence; /* thousandths; of a command: the room's own */
} SupplyPhase;
typedef struct SupplyCorrect {
  Supply *supply;
  int64_t device_id;
  SupplyPhase *item;
  size_t count;
} SupplyCorrect;
bool supply_tell_phases(Supply *supply, int64_t device_id, const SupplyPhase *told, size_t count, Error *error) MUST_USE;
int supply_phase_told(Supply *supply, int64_t device_id, int64_t customer_id, uint8_t phases); /* thousandths; 0: a person's own word */
bool supply_put_phase(DeskContext *context, const Supply *supply, int64_t device_id, const SupplyPhase *one, Error *error) MUST_USE;
bool supply_correct(DeskContext *context, void *command, Error *error) MUST_USE;
/* What holds, put over the phases of the files. */
bool supply_corrections(Db *db, const Supply *supply, uint32_t device, SupplyArea *area, Error *error) MUST_USE;
bool supply_decode_correct(HttpRequest *request, void **out, void *room, Error *error);
bool supply_encode_correct(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error);
void supply_forget(Supply *supply, int64_t device_id); /* what was shown of an area is no longer to be picked */

/* supply_search.c, supply_stray.c: meters at a wrong transformer */
typedef struct SupplyStray {
  int64_t id;
  CustomerId customer;
  DeviceId from, to;       /* transformers */
  uint8_t phases;          /* bits, at the other; 0 not told */
  int confidence, days;    /* thousandths; of readings */
  Instant found, decided;
  int state;               /* SupplyStrayState */
  Text decided_by;         /* lives during the visit */
} SupplyStray;
typedef enum SupplyStrayState { STRAY_OPEN, STRAY_ACCEPTED, STRAY_REFUSED, STRAY_TAKEN_BACK, STRAY_STATES } SupplyStrayState;
typedef struct SupplySearchState {
  bool running, failed;
  Instant began;
  int last_day;
  size_t done, areas, found;
  int64_t searches; /* since the program began */
} SupplySearchState;
bool supply_search_begin(Supply *supply, Instant now, Error *error) MUST_USE;
SupplySearchState supply_search_state(Supply *supply);
/* Of one area: what an earlier search found there and nobody decided goes; what was decided about stays decided. */
bool supply_strays_put(DeskContext *context, const Supply *supply, DeviceId from, const SupplyStray *at, size_t count, Error *error) MUST_USE;
bool supply_strays_forget(DeskContext *context, const Supply *supply, Instant found_before, Error *error) MUST_USE;
typedef bool (*SupplyStrayVisit)(void *self, const SupplyStray *stray); /* false stops */
bool supply_strays(Db *db, int64_t county_id, int state, int64_t id, SupplyStrayVisit visit, void *self, Error *error) MUST_USE; /* state −1, id 0: all */
bool supply_search_tick(DeskContext *context, void *room, Error *error) MUST_USE;
extern const HttpRoute SUPPLY_STRAY_ROUTES[];

/* supply_foresee.c: handlers */
bool supply_get_phases(HttpRequest *request, HttpReply *reply, void *room, Error *error);
bool supply_get_overloads(HttpRequest *request, HttpReply *reply, void *room, Error *error);

extern const HttpRoute SUPPLY_ROUTES[];

#endif
