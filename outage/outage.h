/* Outages: customers without supply, gathered from calls, from found to closed. The dispatcher's room, and what every other room and
 * screen calls "dark".
 *
 * A fault order that comes in is gathered (gather.h) into an outage at the lowest device that explains the calls. The dispatcher may
 * confirm, move, split, merge, dismiss, declare, promise a time, and undo the last such change. What a crew does on site (events crew.*)
 * moves the outage along, and its orders with it: assigned → order step dispatch, and so on. Power may come back in parts: exactly the
 * customers below the restored devices are freed and their orders go on to the call-back; who calls after that is gathered anew, below.
 * When all have power and all orders are archived the outage is closed, with its figures kept.
 *
 * What is dark below an outage's device is a list of ranges of device indices: its subtree less what was freed.
 *
 * Rows are the truth; open outages are also in memory, rebuilt from rows and open orders at start. Changes go over the desk. A count of
 * calls alone is no change: it does not grow the version, is not written a call, and is told at most once a second (desk tick).
 *
 * Events (subject kind "outage"; data: number, device, customers_out, ladder, state, version, dark:[[from,to],…]):
 *   outage.found   outage.changed (counts; or the device, by further calls)   outage.confirmed   outage.moved {was}
 *   outage.split {from}  outage.merged {into}   outage.dismissed {reason}   outage.eta {from, until, source}   outage.undone {what}
 *   outage.word {device, word} (subject kind "device")
 *   outage.fed {customers, part:[[from,to],…]} (subject kind "county"): a part of the network is fed another way; outages tell their own with by: "switching"
 *   outage.evidence {taken, repeated, set_aside} (subject kind "county")
 *   outage.progress {stage}   outage.restored {devices, freed, all}   outage.closed {…figures} */
#ifndef OUTAGE_OUTAGE_H
#define OUTAGE_OUTAGE_H

#include "order/order.h"
#include "outage/locate.h"

typedef struct Outages Outages;

typedef enum OutageState { OUTAGE_SUSPECTED, OUTAGE_CONFIRMED, OUTAGE_PARTLY_RESTORED, OUTAGE_RESTORED, OUTAGE_CLOSED, OUTAGE_DISMISSED } OutageState;
/* How far the crew has come; the steps of a fault order follow it. */
typedef enum OutageStage { OUTAGE_NO_CREW, OUTAGE_ASSIGNED, OUTAGE_TAKEN, OUTAGE_ON_THE_WAY, OUTAGE_ON_SITE, OUTAGE_SURVEYED, OUTAGE_WORKING, OUTAGE_REPLIED } OutageStage;
typedef enum OutageEtaSource { OUTAGE_ETA_NONE, OUTAGE_ETA_CREW, OUTAGE_ETA_DISPATCHER, OUTAGE_ETA_ESTIMATE } OutageEtaSource;
/* The dispatcher's last change, that an undo takes back. */
typedef enum OutageUndo { UNDO_NOTHING, UNDO_DECLARE, UNDO_CONFIRM, UNDO_MOVE, UNDO_SPLIT, UNDO_MERGE, UNDO_DISMISS, UNDO_ETA } OutageUndo;

enum { OUTAGE_CREW_NAME_MAX = 64, OUTAGE_CAUSE_MAX = 64, OUTAGE_NUMBER_MAX = 16 };

typedef struct Outage {
  OutageId id;
  int64_t serial;                 /* 1, 2, …: the number people say, see outage_number */
  uint32_t device;                /* grid index */
  uint8_t state, stage;           /* OutageState, OutageStage */
  bool pinned;                    /* the device is known: calls elsewhere do not move it */
  bool by_hand;                   /* declared, not gathered */
  Instant since;                  /* customers are without supply since */
  Instant found_at, confirmed_at, assigned_at, arrived_at, surveyed_at, restored_at; /* INSTANT_NONE: not yet */
  Instant crew_due_at;            /* when the crew that was sent is expected there, by its way; INSTANT_NONE: not known */
  GridRanges dark;                /* sorted; empty when all have power */
  uint32_t customers_total, customers_out, customers_peak, important_out;
  uint32_t households;            /* open orders under it */
  uint32_t calls;                 /* all calls, repeated ones too, archived orders too */
  int64_t customer_seconds;       /* Σ over freed ranges; complete when restored */
  CrewId crew;                    /* 0: none */
  int64_t job;                    /* its visit, 0: none */
  char crew_name[OUTAGE_CREW_NAME_MAX], cause[OUTAGE_CAUSE_MAX];
  Instant eta_from, eta_likely, eta_until; /* INSTANT_NONE: unknown */
  uint8_t eta_source, undo;       /* OutageEtaSource, OutageUndo */
  float probability;              /* that its device has failed, by what is believed; 1 when known. Kept in memory only */
  int32_t version;
} Outage;

bool outage_open(Outages **out, Desk *desk, Db *db, const Grid *grid, const People *people, Orders *orders, const char *rules_folder_or_null, Error *error) MUST_USE;
void outage_close(Outages *outages);

/* --- use cases: inside a desk job. `version` is the one the person saw (0: whatever it is), else ERROR_CONFLICT --- */
bool outage_declare(DeskContext *context, Outages *outages, uint32_t device, Text cause, OutageId *out, Error *error) MUST_USE;
bool outage_confirm(DeskContext *context, Outages *outages, OutageId id, int32_t version, Error *error) MUST_USE;
/* To another device; orders whose customers do not lie below it leave and are gathered anew. */
bool outage_move(DeskContext *context, Outages *outages, OutageId id, int32_t version, uint32_t device, Error *error) MUST_USE;
/* Some of its orders become an outage of their own, at their lowest common device. */
bool outage_split(DeskContext *context, Outages *outages, OutageId id, int32_t version, const OrderId *orders, size_t count, OutageId *out,
                  Error *error) MUST_USE;
/* `id` goes up in `into`, which keeps its device, or rises to the lowest one above both. */
bool outage_merge(DeskContext *context, Outages *outages, OutageId id, int32_t version, OutageId into, Error *error) MUST_USE;
/* It was none; its orders stay open, alone. */
bool outage_dismiss(DeskContext *context, Outages *outages, OutageId id, int32_t version, Text reason, Error *error) MUST_USE;
bool outage_set_eta(DeskContext *context, Outages *outages, OutageId id, int32_t version, Instant from, Instant until, OutageEtaSource source,
                    Error *error) MUST_USE;
/* Power is back below these devices of it; count 0: everywhere. */
bool outage_restore(DeskContext *context, Outages *outages, OutageId id, int32_t version, const uint32_t *devices, size_t count, Error *error) MUST_USE;
bool outage_undo(DeskContext *context, Outages *outages, OutageId id, int32_t version, Error *error) MUST_USE;
/* The dispatcher's word on a device where no outage need stand: out (declares one), sound (dismisses a suspected one that stands there; holds for
 * the time the rules give), or judge it again. */
bool outage_word(DeskContext *context, Outages *outages, uint32_t device, LocateWord word, Error *error) MUST_USE;

/* --- evidence: what meters, head-ends, switches and people say --- */
typedef struct OutageEvidence {
  Instant at;      /* INSTANT_NONE: could not be read */
  Text kind;       /* as in evidence files: last_gasp, power_up, ping_off, ping_on, concentrator_off, concentrator_on, switch_open, switch_closed,
                      crew_dark, crew_lit, planned_start, planned_end, call; IEC 61968-9 codes 3.26.0.47, 3.26.0.216, 3.26.136.47,
                      3.26.136.216, power_down, module_up; is_dark, has_power: a customer's answer when called back */
  Text subject;    /* a meter, a customer's number, or the company's own id of a device */
} OutageEvidence;
typedef struct OutageEvidenceVerdict {
  const char *name;     /* "taken", "repeated", or why it was set aside: unknown_subject, wrong_subject, unknown_kind, future, too_old, stale,
                           contradicts, bad_time, loop (a tie that joins what is fed already) */
  bool taken, repeated;
} OutageEvidenceVerdict;
/* Weighs them, and opens, moves or takes back outages by what is then believed. verdicts[count]. At most LIMIT_POWER_EVENTS.
 * Another room says the same by an event of kind "meter.power", which this room hears: data is one item, or {"items":[…]} with many:
 *   {"kind":"last_gasp","subject_kind":"meter","meter":"<number of the meter>","at":"2026-12-31T20:10:00Z"}
 *   {"kind":"concentrator_off","subject_kind":"device","device":"<the company's id of the device>","at":…} */
bool outage_evidence(DeskContext *context, Outages *outages, const OutageEvidence *items, size_t count, OutageEvidenceVerdict *verdicts,
                     Error *error) MUST_USE;

/* --- reading: with the state lock held --- */
size_t outage_count(const Outages *outages);                             /* open ones */
const Outage *outage_at(const Outages *outages, size_t i);
const Outage *outage_find(const Outages *outages, OutageId id);          /* NULL: not open */
const Outage *outage_of_device(const Outages *outages, uint32_t device); /* the lowest open one that darkens it, or NULL */
const Outage *outage_of_customer(const Outages *outages, uint32_t position);
/* The union of what is dark; free with grid_ranges_free. Customers in it. */
bool outage_dark(const Outages *outages, GridRanges *out, uint32_t *customers, Error *error) MUST_USE;
char *outage_number(const Outage *outage, char out[OUTAGE_NUMBER_MAX]);  /* "TD000123" */
const char *outage_state_name(OutageState state);
const char *outage_stage_name(OutageStage stage);
const char *outage_eta_source_name(OutageEtaSource source);
OrderLadder outage_ladder(const Outage *outage);
/* OutageSummary of the HTTP face. */
void outage_write_summary(const Outages *outages, const Outage *outage, Json *json);

/* Open outages after `dianbaomu check`: memory rebuilt from rows must equal rows, links and ranges must fit. `problem` is "" when sound. */
bool outage_check(Db *db, const Grid *grid, const People *people, const Orders *orders, int64_t county_id, char problem[ERROR_TEXT_MAX], Error *error) MUST_USE;

/* --- its HTTP face: outage_routes.c, after order_add_routes. `name_of` tells the name of a member of staff, for histories. --- */
struct Http;
bool outage_add_routes(struct Http *http, Outages *outages, Error *error) MUST_USE;
/* Who is switched off for arrears and calls tells of no outage: the order says so. */
void outage_on_arrears(Outages *outages, const Arrears *arrears);
void outage_on_names(Outages *outages, Text (*name_of)(void *self, int64_t staff_id, Arena *arena), void *self);

#endif
