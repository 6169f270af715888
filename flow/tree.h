/* A radial circuit as a tree of buses, each with the exact linear map from its parent:
 *     V = A·Vparent − Z·J         J = own load current + Σ children's Aᵀ·J
 * where J is what loads at and below the bus draw. Every series impedance, transformer, regulator at its tap, capacitor and line charging
 * is inside A and Z, so only the loads are left to iterate over: the sweep of Kersting's ladder technique with all that is linear
 * eliminated beforehand (block elimination from the leaves, as the admittances are symmetric: Z = D⁻¹, A = −D⁻¹·Ycp, D = Ycc + what hangs
 * below). A line of impedance z over a shunt S below it is A = (1 + zS)⁻¹, Z = A·z, which needs no division by z and stays exact for a
 * switch of a micro-ohm.
 *
 * Elements side by side between the same two buses (three single-phase regulators, an open delta with its jumper) are one branch. Any other
 * second way between two buses is a loop, refused by name. Buses without a way to the source are left out (`fed` false). */
#ifndef FLOW_TREE_H
#define FLOW_TREE_H

#include "flow/circuit.h"

typedef struct FlowBranch {
  uint32_t bus;
  int32_t parent; /* place of the parent in the tree; -1: the source */
  uint8_t nodes, parent_nodes;
  bool plain; /* A only picks: V[i] = Vparent[map[i]] − … */
  uint8_t map[FLOW_NODES_MAX];
  FlowComplex *a, *z; /* nodes × parent_nodes (NULL where plain), nodes × nodes */
} FlowBranch;

typedef struct FlowTree {
  const FlowCircuit *circuit;
  FlowBranch *branches; /* parents first; [0] is the source, without a branch */
  uint32_t count;
  int32_t *place;     /* bus → its branch, -1: not fed */
  FlowComplex *shunt; /* seen from the source, its nodes squared */
} FlowTree;

/* Errors: FLOW_LOOP, FLOW_FLOATS (a node that nothing ties to a voltage), OUT_OF_MEMORY. The circuit must outlive the tree. */
bool flow_tree_build(FlowTree *tree, const FlowCircuit *circuit, Arena *arena, Error *error) MUST_USE;

/* All voltages, given the current of every load (amperes, NULL: none). volts: FLOW_NODES_MAX a bus, by bus and slot; 0 where not fed.
 * scratch: as many (flow_tree_solve: and one a load more). source_current: what leaves the ideal source, NULL: not asked. */
void flow_tree_voltages(const FlowTree *tree, const FlowComplex *load_current, FlowComplex *volts, FlowComplex *scratch,
                        FlowComplex *source_current);

/* The current of a load at a voltage across it, drawing `p` and `q` at nominal. */
FlowComplex flow_load_current(const FlowLoad *load, double p, double q, FlowComplex volts);

/* The plain way, one set of loads at a time, bus by bus: what flow_solve is measured and tested against. current: one a load, in and out
 * (zero at first). Gives the number of iterations, 0 when `most` were not enough. p, q: one a load. */
int flow_tree_solve(const FlowTree *tree, const double *p, const double *q, double tolerance_volts, int most, FlowComplex *current,
                    FlowComplex *volts, FlowComplex *scratch);

#endif
