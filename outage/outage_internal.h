/* Inside the outage room. */
#ifndef OUTAGE_INTERNAL_H
#define OUTAGE_INTERNAL_H

#include "base/map.h"
#include "outage/locate.h"
#include "outage/outage.h"
#include "outage/outage_rules.h"

typedef struct Record { /* an open outage */
  Outage o;
  bool alone;                 /* stands at its callers' own device for want of a better explanation */
  Instant estimated_at;       /* when its time of restoration was last thought over */
  float told;                 /* the probability as last told */
  VECTOR(uint32_t) words;     /* devices the engine was told are out, for this one */
  Instant words_since;        /* … since then */
  uint32_t listed;            /* the device under which by_device holds it; GRID_NONE: not */
  bool dirty;                 /* counts changed since they were last told */
  Instant last_call_at;
  uint32_t calls_gone;
  VECTOR(uint32_t) freed;     /* devices with power again, in the order it came back */
  char *undo_data;            /* JSON, or NULL */
  OutageId merged_into;
  Instant closed_at;          /* INSTANT_NONE while open */
} Record;

typedef struct Standing { /* where an outage stands */
  uint32_t device;
  Record *record;
} Standing;

typedef struct Sound { /* the dispatcher: this device is sound */
  uint32_t device;
  Instant at;
} Sound;

typedef struct Switched { /* a switch that is open, or a tie whose state has been reported */
  int64_t id;                 /* of the device or the tie */
  uint32_t device;
  bool tie, closed, loop;     /* loop: closed, yet left out, for it joins what is fed already */
  Instant at;
} Switched;

typedef struct Link { /* an order under an outage */
  OrderId order;
  OutageId outage;
  uint32_t device;            /* GRID_NONE: not known; it counts as a call all the same */
  uint32_t calls;
} Link;

struct Outages {
  Desk *desk;
  const Grid *grid;
  const People *people;
  Orders *orders;
  int64_t county_id;
  VECTOR(Record *) open;      /* by id, rising */
  Map record_of;              /* outage id → Record * */
  Map link_of;                /* order id → place in links */
  VECTOR(Link) links;
  int64_t last_serial;
  OutageRules rules;
  Locate *locate;             /* what is believed, over grid indices and customers' positions */
  Instant believed_at, looked_at, forgot_at; /* how far the engine's time has come; when all was last looked at; and old evidence forgotten */
  bool meters_speak, changed; /* the company's meters report; something was weighed since all was looked at */
  VECTOR(Standing) by_device; /* those with dark parts, by device then id */
  VECTOR(Sound) sounds;
  VECTOR(Switched) switched;  /* by time */
  uint32_t *parent;           /* who feeds each device now; NULL: as the network is built */
  VECTOR(uint32_t) moved;     /* devices that another feeds than as built */
  bool switching;             /* something was reported since the feeding was solved */
  RestoreModel restore;       /* as the rules say, and learned */
  VECTOR(RestoreHistory) repairs;
  size_t repaired;
  double waiting;             /* outages for each crew at work */
  struct {                    /* the estimate of one just found, which is the same for all of them for a while */
    int hour;
    double waiting;
    Span from, likely, until;
  } fresh;
  size_t round;               /* whose turn it is to be looked at again */
  VECTOR(OrderId) behind;     /* orders whose power is back and who are still to be told so, from behind_at on */
  size_t behind_at;
  DeskJob follow;             /* tells some of them */
  bool following;             /* … and waits for the desk */
  uint32_t *important;        /* positions of important customers, rising */
  size_t important_count;
  Instant done_at;            /* what a phone tells late is passed on as of then; 0: now */
  const Arrears *arrears;     /* may be NULL */
  Text (*name_of)(void *self, int64_t staff_id, Arena *arena);
  void *name_self;
};

/* outage.c: memory */
Record *outage_record(const Outages *outages, OutageId id);                 /* NULL: not open */
Record *outage_record_at(const Outages *outages, uint32_t device);          /* the lowest that darkens it, or NULL */
bool outage_adopt(Outages *outages, Record *record, Error *error) MUST_USE; /* into memory and the engine, which own it then, also on failure */
void outage_forget(Outages *outages, Record *record);                       /* out of both, and freed */
void outage_record_free(Record *record);
bool outage_measure(const Outages *outages, Record *record, Error *error) MUST_USE; /* dark and customers, from device and freed */
bool outage_believe(Outages *outages, Record *record, Error *error) MUST_USE; /* where it stands, and to the engine what is known for sure of it */
bool outage_word_at(const Outages *outages, const Record *but, uint32_t device); /* one of them, but this one, told the engine that it is out */
static inline bool outage_is_fixed(const Record *record) { return record->o.pinned || record->o.state != OUTAGE_SUSPECTED; } /* its device is known */
/* Those that stand in the subtree of `device`: by_device.at[*from … *to).; all of them, when the network is fed in another way round here: ask outage_feeds. */
void outage_below(const Outages *outages, uint32_t device, size_t *from, size_t *to);
/* What an order stands under, 0: nothing. */
bool outage_note_link(Outages *outages, const Order *order, OutageId to, Error *error) MUST_USE;
void outage_note_gone(Outages *outages, OrderId order);                     /* it is archived */
void outage_note_calls(Outages *outages, const Order *order);               /* called again */
const Link *outage_link_of(const Outages *outages, OrderId order);          /* NULL: under none */
uint32_t outage_customers_in(const Outages *outages, GridRange range);
bool outage_reload(Db *db, void *room, Error *error) MUST_USE;

/* outage_store.c: SQL */
bool outage_row_save(Db *db, int64_t county_id, const Grid *grid, const Record *record, Error *error) MUST_USE;
bool outage_row_load(Db *db, int64_t county_id, const Grid *grid, OutageId id, Record **out, Error *error) MUST_USE; /* ERROR_NOT_FOUND */
bool outage_rows_open(Db *db, int64_t county_id, const Grid *grid, bool (*each)(void *self, Record *record, Error *error), void *self, Error *error) MUST_USE;
/* Newest first; before 0: from the newest. Those in reach of the part of the organisation, 0 all. */
bool outage_rows_closed(Db *db, int64_t county_id, int64_t part, const Grid *grid, OutageId before, int64_t most,
                        bool (*each)(void *self, Record *record, Error *error), void *self, Error *error) MUST_USE;
bool outage_row_last_serial(Db *db, int64_t county_id, int64_t *out, Error *error) MUST_USE;
bool outage_row_freed(Db *db, int64_t county_id, OutageId id, DeviceId device, Instant at, Error *error) MUST_USE;
bool outage_row_eta(Db *db, int64_t county_id, const Record *record, Instant at, Text actor, Error *error) MUST_USE;
typedef struct OutageEta {
  Instant from, likely, until, at;
  uint8_t source;
  Text actor;
} OutageEta;
bool outage_rows_eta(Db *db, int64_t county_id, OutageId id, void (*each)(void *self, const OutageEta *eta), void *self, Error *error) MUST_USE;

typedef struct OutageRepair { /* how one went */
  RestoreHistory history;
  RestoreScore score;
} OutageRepair;
bool outage_row_repair(Db *db, int64_t county_id, const Record *record, const OutageRepair *repair, Error *error) MUST_USE;
bool outage_rows_repairs(Db *db, int64_t county_id, int64_t most, bool (*each)(void *self, Text cause, const RestoreHistory *history), void *self,
                         Error *error) MUST_USE; /* newest first; each returns false when memory is out */
bool outage_row_score(Db *db, int64_t county_id, RestoreScore *out, int64_t *repairs, Error *error) MUST_USE; /* of all estimates */

/* outage_estimate.c: when power will be back */
bool outage_estimate_now(Outages *outages, Record *record, Instant now); /* sets it; true when it is worth telling */
bool outage_estimate(DeskContext *context, Outages *outages, Record *record, Error *error) MUST_USE; /* and tells */
bool outage_estimate_done(DeskContext *context, Outages *outages, const Record *record, Error *error) MUST_USE; /* power is back everywhere */
bool outage_estimate_load(Db *db, Outages *outages, Error *error) MUST_USE;
void outage_count_waiting(Outages *outages);
bool outage_tell_eta(DeskContext *context, Outages *outages, Record *record, Error *error) MUST_USE; /* outage_change.c */

/* outage_feed.c: how the network is fed now */
static inline uint32_t outage_parent(const Outages *outages, uint32_t device) { return outages->parent ? outages->parent[device] : grid_device(outages->grid, device)->parent; }
bool outage_feeds(const Outages *outages, uint32_t above, uint32_t device); /* the device itself, too */
uint32_t outage_common(const Outages *outages, uint32_t a, uint32_t b);     /* the lowest that feeds both; GRID_NONE */
bool outage_is_switched(const Outages *outages, uint32_t device);           /* it feeds others now than as built */
bool outage_subtree(const Outages *outages, uint32_t device, GridRanges *out, Error *error) MUST_USE; /* adds all it feeds */
bool outage_feed_load(Db *db, Outages *outages, Error *error) MUST_USE;
bool outage_tie_of_code(Db *db, const Outages *outages, Text code, int64_t *id, bool *found, Error *error) MUST_USE;
bool outage_note_tie(DeskContext *context, Outages *outages, int64_t id, bool closed, Instant at, LocateVerdict *verdict, Error *error) MUST_USE;
bool outage_note_switch(DeskContext *context, Outages *outages, uint32_t device, bool closed, Instant at, Error *error) MUST_USE;
bool outage_is_fed_around(const Outages *outages, uint32_t device);         /* an open switch, with power behind it from elsewhere */
bool outage_tie_loops(const Outages *outages, int64_t id);
/* After what was noted: who feeds whom, what outages darken, what is believed. `at`: of the last switching. */
bool outage_feed_anew(DeskContext *context, Outages *outages, Instant at, Error *error) MUST_USE;

/* outage_write.c: JSON */
void outage_write_device(const Outages *outages, uint32_t index, Json *json);                /* members of an open object */
void outage_write_eta(const OutageEta *eta, Json *json);                                     /* null, or an object that stays open for more */
void outage_write_dark(const GridRange *ranges, size_t count, Json *json);
void outage_write_summary_into(const Outages *outages, const Outage *outage, Json *json);    /* members of an open object */

/* outage_weigh.c: evidence, as rows and in the engine */
bool outage_weigh(DeskContext *context, Outages *outages, const LocateEvidence *evidence, LocateVerdict *verdict, Error *error) MUST_USE;
bool outage_weigh_part(DeskContext *context, Outages *outages, GridRange part, Instant at, Error *error) MUST_USE; /* fed in another way since */
bool outage_weigh_restored(DeskContext *context, Outages *outages, uint32_t device, Error *error) MUST_USE; /* power is back below it */
bool outage_weigh_sound(DeskContext *context, Outages *outages, uint32_t device, bool sound, Error *error) MUST_USE;
bool outage_weigh_time(DeskContext *context, Outages *outages, Span slack, Error *error) MUST_USE; /* the engine comes up to now, when it is further behind */
bool outage_weigh_old(DeskContext *context, Outages *outages, Error *error) MUST_USE; /* forgets what is too old */
bool outage_weigh_load(Db *db, Outages *outages, Error *error) MUST_USE; /* the engine anew, from rows */
bool outage_weigh_order(DeskContext *context, Outages *outages, const Order *order, Error *error) MUST_USE; /* its caller is without power now */

/* outage_settle.c: outages follow what is believed */
bool outage_settle(DeskContext *context, Outages *outages, Error *error) MUST_USE; /* all of them */
bool outage_look(DeskContext *context, Outages *outages, Error *error) MUST_USE; /* at a tick: when it is time */
/* Orders that do not lie below it any more go where they belong; it may go up in another meanwhile. */
bool outage_part_orders(DeskContext *context, Outages *outages, OutageId id, Error *error) MUST_USE;
/* The probability of what the record stands for: 1 where it is known. */
double outage_probability(const Outages *outages, const Record *record);

/* outage_gather.c: what calls change */
bool outage_gather_order(DeskContext *context, Outages *outages, const Order *order, Error *error) MUST_USE;
uint32_t outage_seat(const Outages *outages, uint32_t device); /* where an outage found at `device` is put */
/* Another device, by what is believed; told. */
bool outage_shift(DeskContext *context, Outages *outages, Record *record, uint32_t device, bool alone, Error *error) MUST_USE;
enum { OUTAGE_RAISED_MAX = 256 }; /* outages one explanation takes up at once; further ones follow at the next look */
/* The outage at `device`: those below it that it explains become one, or a new one. */
bool outage_raise(DeskContext *context, Outages *outages, uint32_t device, Instant since, Record **out, Error *error) MUST_USE;
bool outage_link_order(DeskContext *context, Outages *outages, OrderId order, OutageId to, Error *error) MUST_USE;
bool outage_new(DeskContext *context, Outages *outages, uint32_t device, bool by_hand, Instant since, Record **out, Error *error) MUST_USE; /* told as found */
/* Its orders go up in `into`, and it is gone. */
bool outage_absorb(DeskContext *context, Outages *outages, Record *record, Record *into, Error *error) MUST_USE;
/* Out of memory for good: closed, dismissed. */
bool outage_end(DeskContext *context, Outages *outages, Record *record, OutageState state, const char *kind, Text extra, Error *error) MUST_USE;
bool outage_close_if_done(DeskContext *context, Outages *outages, Record *record, Error *error) MUST_USE;
/* Grows the version, saves the row, appends the event; `extra` are further members of its data, as JSON. */
bool outage_tell(DeskContext *context, Outages *outages, Record *record, const char *kind, Text extra, Error *error) MUST_USE;
/* The orders under it, in the arena. */
bool outage_orders(DeskContext *context, const Outages *outages, OutageId id, OrderId **out, size_t *count, Error *error) MUST_USE;
void outage_listen(Outages *outages);

/* outage_seen.c: a meter with power again; crews' positions */
bool outage_power_seen(DeskContext *context, Outages *outages, uint32_t position, Error *error) MUST_USE;
void outage_listen_positions(Outages *outages);

/* outage_power.c */
void outage_listen_meters(Outages *outages);

/* outage_cascade.c: orders follow the outage, and power comes back */
bool outage_cascade(DeskContext *context, Outages *outages, const Record *record, Error *error) MUST_USE; /* all its orders */
/* The step, if the order's state allows it; a refusal is none of a failure. */
bool outage_take_step(DeskContext *context, Outages *outages, const Record *record, OrderId id, const char *name, Error *error) MUST_USE;
bool outage_catch_up(DeskContext *context, Outages *outages, const Record *record, OrderId order, Error *error) MUST_USE;
/* Power is back below these devices, count 0: everywhere. Checked, told. */
bool outage_free(DeskContext *context, Outages *outages, Record *record, const uint32_t *devices, size_t count, Error *error) MUST_USE;
/* Orders behind their outage go on: some now, the rest soon by jobs of their own. */
bool outage_follow(DeskContext *context, Outages *outages, const Record *record, Error *error) MUST_USE;
bool outage_follow_tick(DeskContext *context, Outages *outages, Error *error) MUST_USE;
bool outage_follow_load(Outages *outages, Error *error) MUST_USE;
void outage_follow_open(Outages *outages);
void outage_listen_crews(Outages *outages);

#endif
