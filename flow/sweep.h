/* Many sets of loads on one tree at once: 96 quarter-hours, 1,440 minutes. The tree is reduced first, exactly, to the buses where loads
 * hang or ways part, and at each of those to the nodes that loads at or below it use (a chain of lines, a transformer, a capacitor in
 * between become one A and one Z; a branch without loads goes). Then the backward-forward sweep runs with a set of loads in each lane of
 * the machine's vectors: I = (P·gp(|V|) − jQ·gq(|V|))·V        currents of loads at the voltages so far J = I + Σ Aᵀ·J  leaves to source,
 * V = A·Vparent − Z·J  source to leaves until no load's voltage moves by more than the tolerance. Kersting, Distribution System Modeling
 * and Analysis, 10.1.3; Shirmohammadi et al., IEEE Trans. PWRS 3(2), 1988.
 *
 * A set that does not settle is said so (iterations 0) with the load that moved most; its figures are not to be used and stand as NaN. */
#ifndef FLOW_SWEEP_H
#define FLOW_SWEEP_H

#include "flow/tree.h"

typedef enum FlowIsa {
  FLOW_ISA_BEST,
  FLOW_ISA_SCALAR,
  FLOW_ISA_PLAIN,
  FLOW_ISA_AVX2,
  FLOW_ISA_AVX512
} FlowIsa; /* scalar: one set at a time, no vectors */

typedef struct FlowPlan FlowPlan;
/* In the arena. The tree must outlive it. NULL: out of memory. */
FlowPlan *flow_plan_build(const FlowTree *tree, Arena *arena);
uint32_t flow_plan_nodes(const FlowPlan *plan); /* what is left: buses, each with some nodes */

typedef struct FlowSets {
  size_t count;
  const double *p, *q; /* [load][set]: watts and vars at nominal voltage */
  double tolerance_volts;
  int most; /* iterations */
} FlowSets;

/* Arrays of the caller; any may be NULL. */
typedef struct FlowFigures {
  uint16_t *iterations;                 /* [set]; 0: not settled */
  uint32_t *lowest_load, *worst_load;   /* [set]: where v_least is; where it moved most when not settled */
  double *v_least, *v_most;             /* [set]: least and most |V| across a load; NaN without loads */
  double *source_p, *source_q, *loss_p; /* [set]: watts, vars out of the source's bus; watts lost between there and the loads */
  double *volts;                        /* [load][set]: |V| across each load; NaN where not fed or not settled */
  double *current_re, *current_im;      /* [load][set]: for flow_tree_voltages, which gives every bus */
} FlowFigures;

/* false only for lack of memory; *unsettled sets. `work` is used and may be reset afterwards. */
bool flow_solve(const FlowPlan *plan, const FlowSets *sets, FlowIsa isa, FlowFigures *figures, size_t *unsettled, Arena *work,
                Error *error) MUST_USE;
/* The vectors this machine has, best first; and its name ("avx512", "avx2", "plain"). */
FlowIsa flow_isa_best(void);
const char *flow_isa_name(FlowIsa isa);

#endif
