/* Made-up meters: what every meter of one transformer area would have measured on a day, from the network it hangs on. Loads follow the
 * hours, the kind of customer and chance; voltages are the transformer's less the drop over each stretch of conductor under the currents of
 * all who hang below it (one backward sum, one forward sweep at nominal voltage). Pure; the same seed gives the same day.
 *
 * For the demonstration, for tests and for measuring: so that questions about voltage have answers that hang together. */
#ifndef SIM_READINGS_H
#define SIM_READINGS_H

#include "meter/block.h"

typedef struct ReadingsNode {
  uint32_t parent; /* index below its own; node 0 is the transformer's low side, its own parent */
  double ohm;      /* of one conductor from the parent */
} ReadingsNode;

typedef struct ReadingsMeter {
  uint32_t node;
  uint8_t phases;   /* bits A 1, B 2, C 4 */
  uint8_t category; /* CustomerCategory */
  double contract_kw;
  uint64_t seed;     /* of this customer: the same habits every day */
  double energy_kwh; /* register: in at midnight, out at the next */
} ReadingsMeter;

typedef struct ReadingsArea {
  const ReadingsNode *nodes;
  uint32_t node_count;
  ReadingsMeter *meters;
  uint32_t meter_count;
  double rated_kva, source_volts, demand; /* no-load voltage, 400/√3 × tap; demand: 1 as usual, 2 twice */
  double energy_kwh;                      /* the transformer's own register */
  uint64_t seed;
} ReadingsArea;

/* The resistance of a kilometre of the conductor by its name ("JKLYJ-70", "YJV22-4×95"): copper or aluminium over its section; a usual one
 * when the name says nothing. */
double sim_conductor_ohm_km(Text conductor);

/* Fills one MeterDay each (taken from the arena: voltage, current by phase it has, power, reactive, energy), and that of the transformer's
 * meter (phase powers too). `day`: days since 1970-01-01. */
bool sim_readings_day(MeterDay *out, MeterDay *total, ReadingsArea *area, int day, int step_min, Arena *arena, Error *error) MUST_USE;

#endif
