/* Meters: readings come in, are kept, watched, and told.
 *
 *   message (HTTP, file, MQTT, DL/T 645) ─► checked line by line ─► one row a message and day, durable ─► watches ─► alarm ─► order
 *                                            └► set aside with its reason                        └► at the day's close: one block a meter
 * and day
 *
 * An area is a public or private transformer with all customers below it; its own meter (台区总表) is known by the transformer's code. A
 * customer's meter is known by its number. Days are local days (Asia/Shanghai), numbered since 1970-01-01.
 *
 * Readings of days still open stand in table reading_batch, one row a message, as they came but narrow; a tick closes days that are over:
 * it puts what came together into one compressed block a meter (block.h) in table meter_day. Reading back merges both, so nobody need know
 * which is where. The same readings twice change nothing; other values for a moment already known replace them and are marked so; what
 * comes after its day was closed is marked late. What cannot be used is set aside with its reason and counted (table reading_aside), never
 * dropped.
 *
 * Rows are the truth; memory holds the areas, the counts of the watches and the open alarms, rebuilt from rows at start. Changes go over
 * the desk.
 *
 * Events
 *   meter.alarm        subject "area" (the transformer's device id): {alarm_id, watch, meters, worst, since, …} → an order (meter_alarm.c reacts)
 *   meter.alarm_cured  the same, {alarm_id, watch, order_id, raised, cured}
 *   meter.power        subject "area": {items: [{kind: last_gasp|power_down|power_up|module_up, meter, customer_id, device_id, at}]}: IEC 61968-9
 *                      end device events 3.26.136.47, 3.26.0.47, 3.26.0.216, 3.26.136.216, a batch as it came, for the outage room to react to
 * A day that is closed is no event: its row in table area_day says when. */
#ifndef METER_METER_H
#define METER_METER_H

#include "meter/message.h"
#include "meter/watch.h"
#include "order/order.h"

typedef struct Meters Meters;

typedef struct MeterArea {
  uint32_t device;   /* grid index of the transformer */
  uint32_t from, to; /* positions of its customers (people_customer) */
  float rated_kva;
  Instant last_at;      /* newest moment that came; INSTANT_NONE: never */
  uint16_t open_alarms; /* bits 1 << WatchKind */
} MeterArea;

/* A meter: the customer at this position, or with METER_TOTAL the area's own. */
#define METER_TOTAL UINT32_MAX
typedef struct MeterPlace {
  uint32_t area;     /* row of areas */
  uint32_t position; /* of the customer, or METER_TOTAL */
} MeterPlace;

bool meter_open(Meters **out, Desk *desk, Db *db, const Grid *grid, const People *people, Orders *orders, const char *rules_folder_or_null,
                Error *error) MUST_USE;
void meter_close(Meters *meters);

int meter_day_of(Instant at); /* local day */
Instant meter_day_start(int day);

/* --- areas: fixed while the program runs; last_at and open_alarms with the state lock held --- */
size_t meter_area_count(const Meters *meters);
const MeterArea *meter_area(const Meters *meters, size_t row);
bool meter_area_of_device(const Meters *meters, uint32_t device, size_t *row); /* the transformer at or above the device */
bool meter_area_of_customer(const Meters *meters, uint32_t position, size_t *row);
bool meter_find(const Meters *meters, Text number, MeterPlace *out);           /* a customer's meter, or a transformer's code */
int64_t meter_key(const Meters *meters, MeterPlace place); /* in the store: the customer's id, or minus the transformer's */

/* --- reading back; `db` any reader, no lock needed --- */
/* One meter's day; *found false when nothing is known of it (out is then an empty day of quarter-hours). Whole, from block and batches. */
bool meter_read_day(MeterDay *out, bool *found, const Meters *meters, Db *db, MeterPlace place, int day, Arena *arena,
                    Error *error) MUST_USE;

typedef struct MeterAreaDay {
  size_t count;    /* customers of the area */
  MeterDay *meter; /* in the order of their positions; channels 0: nothing came from it that day */
  MeterDay total;  /* the transformer's own; channels 0: nothing */
  size_t foreign;  /* meters that spoke here that day and have since moved to another area, or gone */
  int64_t *foreign_key;
  MeterDay *foreign_day;
} MeterAreaDay;
bool meter_read_area_day(MeterAreaDay *out, const Meters *meters, Db *db, size_t area, int day, Arena *arena, Error *error) MUST_USE;

/* The blocks of closed days: calls visit for each, by day and meter; false stops. Days from…to, both included. `below_dv`: only those whose
 * lowest voltage lies under it (0: all). */
typedef struct MeterBlock {
  int day;
  int64_t key;         /* meter_key */
  int32_t voltage_min; /* 0.1 V; METER_NONE unknown */
  int64_t used;        /* 0.01 kWh over the day; -1 unknown */
  Text block;          /* lives during the call */
} MeterBlock;
typedef bool (*MeterVisit)(void *self, const MeterBlock *block);
bool meter_blocks(const Meters *meters, Db *db, int from, int to, int32_t below_dv, MeterVisit visit, void *self, Error *error) MUST_USE;
bool meter_blocks_of(const Meters *meters, Db *db, MeterPlace place, int from, int to, MeterVisit visit, void *self, Error *error) MUST_USE;
/* Energy of a day, 0.01 kWh, also of one still open (so far); -1 unknown. */
bool meter_used(int64_t *out, const Meters *meters, Db *db, MeterPlace place, int day, Arena *arena, Error *error) MUST_USE;

/* --- coming in --- */
typedef struct MeterTake {
  ReadingMessage *message; /* checked, one area (message.h) */
  Text source;             /* "http", "mqtt", "file" */
  /* out */
  int64_t readings, known, aside; /* taken; of a message already known; set aside */
  ReadingProblems *refused;       /* what was set aside here, by line, for the answer; NULL: not asked for */
} MeterTake;
/* Inside a desk job: looks the meters up, sets aside what cannot be, keeps the rest, watches it. */
bool meter_take(DeskContext *context, Meters *meters, MeterTake *take, Error *error) MUST_USE;
/* Lines that could not be read are set aside too, where those who can mend it see them. */
bool meter_put_aside(DeskContext *context, Meters *meters, const ReadingProblems *problems, Text source, Error *error) MUST_USE;
/* Power events (message.h): emits meter.power, one event a batch and area. */
bool meter_take_power(DeskContext *context, Meters *meters, const PowerMessage *message, int64_t *aside, Error *error) MUST_USE;
/* Closes a day of an area: blocks for batches. Also by itself, in ticks, when the day is over by half an hour. */
bool meter_close_day(DeskContext *context, Meters *meters, size_t area, int day, Error *error) MUST_USE;

/* --- alarms: with the state lock held --- */
typedef struct MeterAlarm {
  int64_t id;
  uint32_t area; /* row */
  WatchKind watch;
  Instant since, raised, cured; /* cured INSTANT_NONE: open */
  double worst;
  uint32_t meters; /* households under it now */
  OrderId order;   /* 0: none */
} MeterAlarm;
size_t meter_alarm_count(const Meters *meters); /* open ones */
const MeterAlarm *meter_alarm(const Meters *meters, size_t i);
const WatchRules *meter_rules(const Meters *meters);

/* For `dianbaomu check`; `problem` is "" when sound. */
bool meter_check(const Meters *meters, Db *db, char problem[ERROR_TEXT_MAX], Error *error) MUST_USE;

/* Its HTTP face: meter_routes.c. */
struct Http;
bool meter_add_routes(struct Http *http, Meters *meters, Error *error) MUST_USE;

#endif
