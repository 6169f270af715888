/* Low voltage and capacity: why an area's voltage is low, what would help, what was chosen and what came of it; hours for pumps until the
 * works are done; phases found from voltage; transformers that will be overloaded. Managers and heads ask, dispatchers look on. The engines
 * (area.h, cause.h, remedy.h, stagger.h, identify.h, foresight.h) compute; this room brings them the network, the households and what meters
 * read, and makes an order of what a manager picks.
 *
 * What meters read is handed in (SupplyReadings), so that this room stands without the meters': where nothing is read, loads are those of the
 * contracts (rules/remedies.yaml), and every answer says so.
 *
 * A choice is made from a view that was computed and shown: the newest SUPPLY_VIEWS are kept in memory; one that is gone is to be read again.
 *
 * Events (subject kind "area", the transformer's device id): supply.chosen {choice_id, order_id, kinds, low, low_after};
 * supply.measured {choice_id, order_id, measured_dv}, when the order's check says what is measured now; supply.corrected {put, taken_back}, when
 * phases found from voltage are put right by a person (or that is taken back); supply.stray {stray_id, customer_id, to_device_id, decision,
 * confidence}, when a meter found at another transformer is accepted there, refused, or taken back (besides people/move.h: customer.moved). */
#ifndef SUPPLY_SUPPLY_H
#define SUPPLY_SUPPLY_H

#include "order/order.h"
#include "supply/book.h"
#include "supply/foresight.h"

typedef struct Supply Supply;

enum { SUPPLY_VIEWS = 64, SUPPLY_PHASE_DAYS = 20, SUPPLY_HISTORY_DAYS = 760, SUPPLY_FORESEEN_AREAS = 200, SUPPLY_FORESEEN_DAYS = 7 };

/* What was read. NaN: nothing. Arrays of the room, filled by whoever knows. */
typedef struct SupplyDay {
  float *kw;          /* [customer][quarter], customers as people_customers_in gives them */
  float *volts[3];    /* [customer][quarter], by terminal; a one-phase meter's on [0] */
  float *total_kw[3], *total_volts[3]; /* [quarter]: the transformer's own meter, by phase */
} SupplyDay;
typedef struct SupplyReadings {
  void *self;
  /* *read: of how many customers anything is known. `transformer`: grid index. */
  bool (*day)(void *self, Db *db, uint32_t transformer, int day, SupplyDay *out, uint32_t *read, Arena *arena, Error *error);
  /* The same of one customer, by position: into kw[quarter] and volts[k][quarter]. */
  bool (*customer)(void *self, Db *db, uint32_t position, int day, SupplyDay *out, Arena *arena, Error *error);
  /* Hourly kW of the transformer's own meter, [day][24]; *known: days with anything. */
  bool (*history)(void *self, Db *db, uint32_t transformer, int from_day, int days, float *out, int *known, Arena *arena, Error *error);
  /* Hourly mean volts of closed days of the customers as people_customers_in gives them: volts[k][customer · days · 24 + hour], by terminal; and of
   * the transformer's own meter. NaN: nothing. For searching through many areas: nothing else is read. */
  bool (*voltages)(void *self, Db *db, uint32_t transformer, int from_day, int days, float *volts[3], float *total[3], Error *error);
} SupplyReadings;

bool supply_open(Supply **out, Desk *desk, Db *db, const Grid *grid, const People *people, Orders *orders, const char *rules_folder_or_null,
                 Error *error) MUST_USE;
void supply_close(Supply *supply);
/* Before the server starts. Must live as long as the room. */
void supply_on_readings(Supply *supply, const SupplyReadings *readings);

/* The search for meters at a wrong transformer: a thread of its own, a reader of its own; begun by a person, and by itself in the night to Monday.
 * Before the desk starts; closed by supply_close, or sooner. */
bool supply_search_open(Supply *supply, const char *store_address, Error *error) MUST_USE;
void supply_search_close(Supply *supply);
void supply_search_wait(Supply *supply); /* until none is under way */

struct Http;
bool supply_add_routes(struct Http *http, Supply *supply, Error *error) MUST_USE;

#endif
