/* A circuit in phase conductors: what flow/ solves. Plain structs in an arena; no I/O.
 *
 * A bus has nodes (1, 2, 3 phases, 4 … a neutral that is modelled; 0 is ground and is not kept). Two kinds of element join them:
 *   series   n wires from one bus to another: impedance z (ohm) and half of the shunt admittance at each end (siemens);
 *   bank     any admittance matrix over named conductors of one bus (capacitor) or of two (transformer, regulator).
 * A load is drawn between two nodes of a bus, or a node and ground. Everything is RMS volts, amperes, watts, radians nowhere. */
#ifndef FLOW_CIRCUIT_H
#define FLOW_CIRCUIT_H

#include <complex.h>

#include "base/error.h"
#include "base/map.h"
#include "base/vector.h"

typedef double complex FlowComplex;

enum { FLOW_NODES_MAX = 8, FLOW_CONDUCTORS_MAX = 12, FLOW_GROUND = 255 };

typedef struct FlowBus {
  Text name;
  uint8_t nodes, node[FLOW_NODES_MAX]; /* the numbers, in the order of their slots */
  double base_volts;                   /* line to neutral; 0: not told */
} FlowBus;

typedef struct FlowElement {
  Text name, where; /* "line.650632", "IEEE13Nodeckt.dss:120" or empty */
  bool series;
  uint8_t conductors;                /* of a bank; twice the wires of a series element: those of bus[0] first */
  uint32_t bus[2];                   /* a bank of one bus has it twice */
  uint8_t end[FLOW_CONDUCTORS_MAX];  /* 0 or 1: on which of the two buses */
  uint8_t slot[FLOW_CONDUCTORS_MAX]; /* or FLOW_GROUND */
  FlowComplex *z;                    /* series: wires × wires */
  FlowComplex *y;                    /* series: half shunt, wires × wires, NULL: none; bank: conductors × conductors */
} FlowElement;

/* What a load draws at |V| = v volts: I = (P·gp − jQ·gq)·V. Between v_least and v_most
 *   g = a0 + a1/v + a2/v²      (constant impedance, current, power)
 * above  g = high;  down to v_low  g = low0 + low1/v;  under it  g = 1/V_nominal². The last three are what OpenDSS does, so that a load of
 * constant power does not draw without limit at a voltage it was not made for. */
typedef struct FlowShare {
  double a0, a1, a2, high, low0, low1;
} FlowShare;

typedef struct FlowLoad {
  Text name;
  uint32_t bus, owner;                      /* owner: the caller's number, the same for the phases of one load */
  uint8_t from, to;                         /* slots; `to` may be FLOW_GROUND */
  double p, q;                              /* watts, vars at nominal voltage, of this branch */
  double v_nominal, v_least, v_most, v_low; /* volts across it */
  FlowShare share_p, share_q;
} FlowLoad;

typedef struct FlowCircuit {
  Arena *arena;
  VECTOR(FlowBus) buses; /* [0] is the ideal source behind its impedance */
  VECTOR(FlowElement) elements;
  VECTOR(FlowLoad) loads;
  TextMap names; /* buses */
  FlowComplex source_volts[FLOW_NODES_MAX];
  uint32_t source_element; /* its impedance */
} FlowCircuit;

/* The vectors are freed by flow_circuit_end, the rest lies in the arena. Names are kept as given: their bytes must live as long. */
void flow_circuit_begin(FlowCircuit *circuit, Arena *arena);
void flow_circuit_end(FlowCircuit *circuit);

/* Finds or makes. */
bool flow_bus(FlowCircuit *circuit, Text name, uint32_t *bus, Error *error) MUST_USE;
/* The slot of a node; node 0 gives FLOW_GROUND. */
bool flow_slot(FlowCircuit *circuit, uint32_t bus, int node, uint8_t *slot, Error *error) MUST_USE;

/* The source: `phases` ideal voltages behind z, at nodes of a bus. Once a circuit, before anything else. */
bool flow_add_source(FlowCircuit *circuit, Text bus, const int *nodes, int phases, const FlowComplex *volts, const FlowComplex *z,
                     Error *error) MUST_USE;
bool flow_add_series(FlowCircuit *circuit, Text name, Text where, Text from, const int *from_nodes, Text to, const int *to_nodes, int wires,
                     const FlowComplex *z, const FlowComplex *half_shunt, Error *error) MUST_USE;
typedef struct FlowPin {
  Text bus;
  int node;
} FlowPin;
bool flow_add_bank(FlowCircuit *circuit, Text name, Text where, const FlowPin *pins, int count, const FlowComplex *y,
                   Error *error) MUST_USE;
/* `load` with bus, from, to filled in from the pins; shares by flow_load_shares. */
bool flow_add_load(FlowCircuit *circuit, FlowLoad load, Text bus, int from_node, int to_node, Error *error) MUST_USE;

/* OpenDSS's load models (1 constant power, 2 impedance, 3 motor, 4 CVR, 5 current, 6 and 7 fixed vars, 8 ZIP), filled into the shares. zip:
 * P (Z, I, P), Q (Z, I, P). false: model 4 with exponents other than 0, 1, 2. */
bool flow_load_shares(FlowLoad *load, int model, double cvr_watts, double cvr_vars, const double *zip);
/* Into what a share is drawn, at v volts. */
double flow_share_at(const FlowShare *share, const FlowLoad *load, double v);

/* Transformer: windings of `phases` single-phase units. Impedances in percent on the VA of winding 1. From conductor k of winding w (phases
 * + 1 conductors; the last is the neutral of a wye) to pin w·(phases+1)+k. Admittance as OpenDSS's CalcY_Terminal: leakage by pairs of
 * windings, referred to one volt, then to volts × tap of each winding; no-load branch on winding 2; antifloat_ppm puts that part of the
 * rating as an inductance on each end of each winding. */
enum { FLOW_WINDINGS_MAX = 3 };
typedef struct FlowWinding {
  bool delta;
  double volts; /* rated; line to line where phases > 1 */
  double tap, r_percent;
  double r_neutral, x_neutral; /* ohm to ground; r_neutral < 0: none */
} FlowWinding;
typedef struct FlowTransformer {
  int phases, windings;
  FlowWinding winding[FLOW_WINDINGS_MAX];
  double va, x12, x13, x23, no_load_percent, magnetising_percent, antifloat_ppm;
  bool low_leads;
} FlowTransformer;
/* Writes (windings·(phases+1))² admittances; false: the leakage is zero. */
bool flow_transformer_admittance(const FlowTransformer *transformer, FlowComplex *y);

/* Inverse in place, by partial pivoting. -1: done; else the row whose pivot is under `least` × the largest of the matrix. */
int flow_invert(FlowComplex *a, int order, double least);

#endif
