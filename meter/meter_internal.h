/* Inside the meter room. */
#ifndef METER_INTERNAL_H
#define METER_INTERNAL_H

#include "base/map.h"
#include "base/vector.h"
#include "meter/judge.h"
#include "meter/meter.h"
#include "meter/tariff.h"

enum { ROSTERS_MOST = 20000 };
static const Span CLOCK_TOLERANCE = 10 * SPAN_MINUTE, OLDEST_READING = 400 * SPAN_DAY, CLOSE_AFTER = 30 * SPAN_MINUTE;

/* What is counted of one customer's meter as its readings come. */
typedef struct MeterCount {
  uint32_t last_min; /* newest moment, minutes since 1970; 0 never */
  WatchRun run[WATCH_OF_METERS];
} MeterCount;

typedef struct AreaCount {
  uint32_t last_min;              /* of the area's own meter, or of its customers together */
  uint32_t open[WATCH_OF_METERS]; /* meters under the watch */
  uint32_t shallow;               /* customers known to have sent anything */
  WatchRun run[WATCH_KINDS];
  double worst[WATCH_KINDS];
  bool has_total;    /* its own meter has spoken */
  float load;        /* of the rating, newest; NAN unknown */
  int32_t lowest_dv; /* newest moment; METER_NONE unknown */
} AreaCount;

/* The meters a message names, looked up once: the same list comes every quarter-hour. */
typedef struct RosterPart {
  uint32_t area;
  int64_t id; /* of reading_roster */
  uint32_t count;
  uint32_t *row, *position; /* of the message's meters; of the customer, or METER_TOTAL */
} RosterPart;
typedef struct Roster {
  uint64_t hash;
  Text area;
  uint32_t meters;
  Text *name; /* own copies */
  RosterPart *part;
  size_t parts;
  struct {
    uint32_t row;
    AsideReason reason;
  } * aside;
  size_t asides;
  Arena arena;
} Roster;

struct Meters {
  Desk *desk;
  const Grid *grid;
  const People *people;
  Orders *orders;
  int64_t county_id;
  WatchRules rules;
  Tariff tariff;
  MeterArea *areas;
  AreaCount *area_counts;
  size_t area_count;
  uint32_t *area_of_device;  /* by grid index; UINT32_MAX none */
  MeterCount *counts;        /* by customer position */
  Map area_of_id;            /* device id → row */
  Map rosters;               /* hash → Roster * */
  VECTOR(MeterAlarm) alarms; /* open ones, by id */
  Buffer payload;
  int closed_until; /* all days before it are closed */
  bool quiet;       /* counts are being rebuilt: nothing is raised */
};

/* meter.c */
bool meter_reload(Db *db, void *room, Error *error) MUST_USE;
MeterAlarm *meter_alarm_of(Meters *meters, uint32_t area, WatchKind watch); /* its open one, or NULL */
int64_t area_id(const Meters *meters, size_t area);

/* meter_take.c */
/* Counts one part of a message: voltages of its meters, the load of its area. context NULL: only counts (rebuilding). */
bool meter_count_part(DeskContext *context, Meters *meters, const RosterPart *part, const ReadingMessage *message, Error *error) MUST_USE;
void meter_roster_free(Roster *roster);
void meter_forget_rosters(Meters *meters);

/* meter_alarm.c */
bool meter_raise(DeskContext *context, Meters *meters, uint32_t area, WatchKind watch, Instant since, double worst, Error *error) MUST_USE;
bool meter_cure(DeskContext *context, Meters *meters, uint32_t area, WatchKind watch, Error *error) MUST_USE;
bool meter_silence(DeskContext *context, Meters *meters, Error *error) MUST_USE; /* a tick */
void meter_listen(Meters *meters);

/* meter_read.c */
/* What is known of the area's meters on a day, from blocks and batches; `only` NULL: all of them. *from_batches: whether batches had a part
 * in it. */
bool meter_gather(MeterAreaDay *out, const Meters *meters, Db *db, size_t area, int day, const MeterPlace *only, bool *from_batches,
                  Arena *arena, Error *error) MUST_USE;
/* The registers at midnight of the day, by place in the area (the last one the total's); METER_NONE unknown. */
bool meter_first_registers(int32_t **out, const Meters *meters, Db *db, size_t area, int day, Arena *arena, Error *error) MUST_USE;

/* meter_close.c */
bool meter_close_some(DeskContext *context, Meters *meters, Error *error) MUST_USE; /* a tick */

/* meter_store.c */
typedef struct BatchRow {
  struct BatchRow *next;
  int64_t id, roster_id;
  Instant first, arrived;
  int step_min, moments;
  Text payload;
} BatchRow;
typedef struct RosterRow {
  struct RosterRow *next;
  int64_t id;
  const int64_t *key;
  uint32_t count;
} RosterRow;
bool batch_add(bool *fresh, Db *db, int64_t county_id, int day, int64_t area_id, int64_t digest, const BatchRow *row, Instant until,
               Error *error) MUST_USE;
bool batch_rows(BatchRow **out, Db *db, int64_t county_id, int day, int64_t area_id, Arena *arena,
                Error *error) MUST_USE; /* oldest first */
bool batch_delete(Db *db, int64_t county_id, int day, int64_t area_id, Error *error) MUST_USE;
bool batch_next_before(int *day, int64_t *area_id, Db *db, int64_t county_id, int before,
                       Error *error) MUST_USE; /* after this day and area; area_id 0: none */
typedef bool (*BatchVisit)(void *self, int64_t area_id, const BatchRow *row, Error *error);
bool batch_since(Db *db, int64_t county_id, Instant since, BatchVisit visit, void *self,
                 Error *error) MUST_USE; /* those whose last moment is later, by it */
bool batch_newest(Instant *out, Db *db, int64_t county_id, Error *error) MUST_USE;
bool roster_add(Db *db, int64_t county_id, int64_t id, const int64_t *keys, uint32_t count, Error *error) MUST_USE;
bool roster_row(RosterRow **out, Db *db, int64_t county_id, int64_t id, Arena *arena, Error *error) MUST_USE;
bool day_row_put(Db *db, int64_t county_id, const MeterBlock *block, Error *error) MUST_USE;
bool day_row(Text *block, int64_t *used, Db *db, int64_t county_id, int day, int64_t key, Arena *arena,
             Error *error) MUST_USE; /* at NULL: none */
typedef struct AreaDayRow {
  Instant closed_at;           /* INSTANT_NONE: not closed */
  int32_t meters, voltage_min; /* METER_NONE unknown */
  int64_t supplied, used;      /* -1 unknown */
  int32_t load_max;            /* 0.1 %; -1 unknown */
} AreaDayRow;
bool area_day_put(Db *db, int64_t county_id, int day, int64_t area_id, const AreaDayRow *row, Error *error) MUST_USE;
bool area_day_get(AreaDayRow *out, Db *db, int64_t county_id, int day, int64_t area_id, Error *error) MUST_USE;
bool area_days_newest(Db *db, int64_t county_id, bool (*visit)(void *self, int64_t area_id, int day, const AreaDayRow *row), void *self,
                      int day, Error *error) MUST_USE;
bool aside_add(Db *db, int64_t county_id, int day, AsideReason reason, Text subject, Text source, Instant now, int64_t count, Text detail,
               int64_t area_id, Error *error) MUST_USE;
typedef struct AsideRow {
  int day;
  AsideReason reason;
  Text subject, source, detail;
  Instant first, last, settled;
  int64_t count, area_id;
} AsideRow;
bool aside_rows(Db *db, int64_t county_id, int from_day, bool (*visit)(void *self, const AsideRow *row), void *self,
                Error *error) MUST_USE; /* newest day first */
bool aside_settle(bool *found, Db *db, int64_t county_id, int day, AsideReason reason, Text subject, Instant now, Error *error) MUST_USE;
bool alarm_put(Db *db, int64_t county_id, int64_t area_id, const MeterAlarm *alarm, Error *error) MUST_USE;
bool alarm_rows(Db *db, int64_t county_id, int64_t part, bool open, int64_t before, int64_t most,
                bool (*visit)(void *self, const MeterAlarm *alarm, int64_t area_id), void *self,
                Error *error) MUST_USE; /* newest first; before 0: all; of the part of the organisation, 0 all */

#endif
