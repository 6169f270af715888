/* One low-voltage area: a transformer, four-wire lines to the meter boxes, households, and a day of 96 quarter-hours. What every household
 * gets, and what it would get if something were changed. A pure engine over flow/.
 *
 * The transformer (Dyn11, star point earthed) is its Thevenin source on the low side: nominal 231 V × tap × the medium voltage, behind its
 * short-circuit impedance. A span has a phase's and the neutral's impedance; the neutral is modelled, so imbalance costs what it costs.
 * (Only differences of self and mutual impedance count while the return is in the neutral, so z = r + j x1 on the diagonal is exact.)
 * Loads draw constant power, which is the careful side. Power constant, a source of s times nominal is the same as loads divided by s² and
 * voltages multiplied by s: so tap and medium voltage, quarter-hour by quarter-hour, cost no new network, and neither does moving a
 * household to another phase: loads stand a node and phase. */
#ifndef SUPPLY_AREA_H
#define SUPPLY_AREA_H

#include "flow/sweep.h"

enum { AREA_QUARTERS = 96, AREA_LOW_QUARTERS = 4, AREA_NODES_MAX = 4000, AREA_CUSTOMERS_MAX = 4000, AREA_PHASES = 3, AREA_WIRES = 4 };
#define AREA_MEDIUM UINT32_MAX
#define AREA_LOW_VOLTS 198.0
#define AREA_HIGH_VOLTS 235.4
#define AREA_NOMINAL_VOLTS 220.0
#define AREA_SOURCE_VOLTS 230.9401076758503 /* 400 V / √3: what a 10/0.4 kV transformer gives without load */

typedef struct AreaConductor {
  Text id, name;                  /* "JKLYJ-70" */
  double r, x, r_neutral, ampere; /* ohm a kilometre of a phase and of the neutral; what it may carry */
  double price_yuan_m;            /* of a metre of line, put up */
} AreaConductor;

typedef struct AreaNode { /* [0] is the transformer's low side; parents stand before their children */
  uint32_t parent;        /* AREA_MEDIUM: another transformer stands here, its impedance written as the span's */
  uint32_t conductor;     /* of the span from the parent */
  double length_m;
  double x_m, y_m; /* place; NAN: not known */
} AreaNode;

typedef struct AreaCustomer {
  uint32_t node;
  uint8_t phases; /* bits A 1, B 2, C 4; one or all */
  bool shiftable; /* a pump or the like, whose hours can be agreed upon */
} AreaCustomer;

typedef struct Area {
  const AreaConductor *conductors;
  const AreaNode *nodes;
  const AreaCustomer *customers;
  const float *kw;        /* [customer][quarter] */
  const float *source_pu; /* [quarter]: medium voltage over nominal; NULL: 1 */
  uint32_t conductor_count, node_count, customer_count;
  double other_kva;                                  /* of other transformers in it */
  double rated_kva, impedance_percent, loss_percent; /* short-circuit voltage; load loss at rating over rating */
  double tap_percent;                                /* what the tap adds to the low side: −5 … 5 */
  double power_factor;
} Area;

typedef struct AreaDay {
  double worst_volts; /* least of all households and quarter-hours; 0: a quarter-hour without a solution */
  uint32_t worst_customer, worst_quarter;
  uint32_t low_customers;  /* under AREA_LOW_VOLTS in at least AREA_LOW_QUARTERS quarter-hours */
  uint32_t high_customers; /* over AREA_HIGH_VOLTS as long */
  uint32_t low_quarters;   /* sum over households */
  uint32_t unsolved;       /* quarter-hours without a solution: too much load for the line; everybody counts as without voltage then */
  double deficit;          /* volt-quarter-hours under the limit, over all households: tells apart what cures nobody */
  double peak_load;        /* of the transformers: kVA over rating */
  double loss_kwh;
  float *least;       /* [customer] V; may be NULL when asked so */
  uint16_t *quarters; /* [customer] under the limit */
  float *volts;       /* [customer][quarter], a three-phase one's lowest; NULL unless asked for */
} AreaDay;

/* Checks what the others rely on: counts, references, phases, positive ratings. */
bool area_check(const Area *area, Error *error) MUST_USE;
/* The day as it is. `arena` gets the arrays of *out; `work` is used and reset. with_volts: keep every voltage. */
bool area_solve(const Area *area, bool with_volts, AreaDay *out, Arena *arena, Arena *work, Error *error) MUST_USE;

/* The network built once, for many days on it: other loads, phases, taps. */
typedef struct AreaPlan AreaPlan;
bool area_plan(AreaPlan **out, const Area *area, Arena *arena, Error *error) MUST_USE;
void area_plan_end(AreaPlan *plan); /* before its arena goes */
/* As area_solve. `area` may differ from the plan's in customers' phases, kw, source_pu and tap. `quarters`: only these (count > 0); others
 * then count nowhere. */
bool area_plan_solve(const AreaPlan *plan, const Area *area, const uint16_t *quarters, size_t quarter_count, bool with_volts, AreaDay *out,
                     Arena *arena, Arena *work, Error *error) MUST_USE;
/* The yardstick: every bus, nothing reduced, one quarter-hour at a time. */
bool area_solve_plain(const Area *area, AreaDay *out, Arena *arena, Arena *work, Error *error) MUST_USE;

#endif
