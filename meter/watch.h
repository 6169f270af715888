/* The watches: what a stream of readings must look like before a person is told, and when it is over again. Thresholds and durations are
 * data (rules/watches.yaml, each with its source); here is only the counting. Pure.
 *
 * A watch is a condition that must hold for so long without a break before it is raised, and must have been gone for so long before it
 * ends. A moment without a value breaks both counts: nothing is concluded from silence, save by the watches on silence itself.
 *
 *   low_voltage high_voltage   a customer's voltage on any phase (a meter's own run; the area's alarm is open while one of its meters is)
 *   heavy_load overload        the transformer's apparent power over its rating, from its own meter, or from the sum of its customers
 *   imbalance                  (Imax − Imin) / Imax of the transformer's meter, while its load is at least `load` of the rating
 *   loss_high loss_negative    (supplied − used) / supplied of a whole day; judged when the day is closed
 *   dead_area                  every meter of the area that answers says it has no voltage
 *   silent                     nothing came from the area's concentrator */
#ifndef METER_WATCH_H
#define METER_WATCH_H

#include "meter/block.h"

typedef enum WatchKind { /* part of the store */
                         WATCH_LOW_VOLTAGE,
                         WATCH_HIGH_VOLTAGE,
                         WATCH_HEAVY_LOAD,
                         WATCH_OVERLOAD,
                         WATCH_IMBALANCE,
                         WATCH_LOSS_HIGH,
                         WATCH_LOSS_NEGATIVE,
                         WATCH_DEAD_AREA,
                         WATCH_SILENT,
                         WATCH_KINDS
} WatchKind;
#define WATCH_OF_METERS 2 /* the first two are counted a meter, the others an area */
enum { WATCH_WORD_MAX = 40 };

typedef struct WatchRule {
  double limit;                                     /* V; share of rating; share; share of energy; – */
  double load;                                      /* imbalance: the least load as a share of rating */
  int minutes, cured;                               /* so long before it is raised; so long before it ends */
  bool off;                                         /* the company does not want it */
  char order[WATCH_WORD_MAX], what[WATCH_WORD_MAX]; /* the kind of order it opens, and its choice of the form's field "what"; "" none */
  char name_zh[64], name_en[64];
} WatchRule;

typedef struct WatchRules {
  WatchRule rule[WATCH_KINDS];
  int32_t low_dv, high_dv, dead_dv; /* the voltage limits in 0.1 V, as readings are compared; under the last there is no voltage at all */
} WatchRules;

const char *watch_kind_name(WatchKind kind);
bool watch_kind_of_name(Text name, WatchKind *out);

typedef enum WatchTurn { WATCH_STAYS, WATCH_RAISED, WATCH_CURED } WatchTurn;
typedef enum WatchSeen { WATCH_UNKNOWN, WATCH_FINE, WATCH_BAD } WatchSeen;

/* The count of one watch on one thing. All zero at first. */
typedef struct WatchRun {
  uint16_t bad_min, fine_min; /* without a break, capped */
  bool open;
} WatchRun;
/* `minutes`: how long the moment stands for, the step of the readings. */
WatchTurn watch_run(WatchRun *run, const WatchRule *rule, WatchSeen seen, int minutes);

/* What the area's own meter, or else its customers together, say of one moment. Unknown values are NAN. */
typedef struct WatchLoad {
  double kva;
  double amps[3]; /* of the transformer's meter */
} WatchLoad;
WatchSeen watch_load(const WatchRules *rules, WatchKind kind, double rated_kva, const WatchLoad *load, double *share);
/* At slot i of a day of the transformer's meter. */
WatchLoad watch_load_of(const MeterDay *total, int slot);
WatchSeen watch_voltage(const WatchRules *rules, WatchKind kind, int32_t lowest_dv, int32_t highest_dv);
WatchSeen watch_loss(const WatchRules *rules, WatchKind kind, int64_t supplied, int64_t used, double *share); /* supplied ≤ 0: unknown */

/* --- a whole day at once, for days that are closed, for questions about the past, and for a county at a stroke --- */

typedef struct WatchFinding {
  WatchKind kind;
  int32_t meters;      /* how many meters (of the first two kinds), else 0 */
  int32_t worst_meter; /* which; -1: the transformer's */
  int first_slot;      /* when it began */
  double worst;        /* lowest or highest voltage V; highest share */
  bool over;           /* it ended before the day did */
} WatchFinding;

typedef struct WatchAreaDay {
  double rated_kva;
  const Text *blocks;   /* of the customers' meters; an empty one: silent that day */
  const uint32_t *used; /* energy of each over the day, 0.01 kWh; UINT32_MAX unknown */
  size_t count;
  Text total;        /* block of the transformer's meter, or empty */
  uint32_t supplied; /* its energy; UINT32_MAX unknown */
} WatchAreaDay;
/* Findings of one area's day, at most one a kind, in the order of WatchKind; runs begin at midnight. Of a kind that came and went several
 * times the first beginning and the worst of all. `silent` is found when no meter has a block. */
bool watch_area_day(WatchFinding out[WATCH_KINDS], size_t *count, const WatchRules *rules, const WatchAreaDay *day, Error *error) MUST_USE;

/* The rules: rules/watches.yaml, or the company's own folder. `file` is the name for errors. */
bool watch_rules_read(WatchRules *out, const char *file, Text yaml, Error *error) MUST_USE;
bool watch_rules_load(WatchRules *out, const char *rules_folder_or_null, Error *error) MUST_USE;

#endif
