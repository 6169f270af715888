/* A whole OpenDSS script solved: what `dianbaomu flow --opendss` prints.
 *
 * A script in snapshot mode gives every node's voltage; in daily or yearly mode (`set mode=… number=…`, or `steps` here) one line a step.
 * Regulators move their taps until all are within their band, unless the script says `set controlmode=off` or the caller says so; then taps
 * stay as written. */
#ifndef FLOW_SOLVE_H
#define FLOW_SOLVE_H

#include "flow/model.h"
#include "flow/sweep.h"

typedef struct FlowFileOptions {
  const DssFiles *files;  /* NULL: the disk */
  bool controls_off, csv; /* csv: bus,node,v_volts,angle_deg,v_pu, or
                             step,v_min_volts,v_max_volts,lowest_load,source_kw,source_kvar,losses_kw,iterations */
  int64_t steps;          /* 0: as the script says; more: that many, in yearly mode where the script tells none */
  double tolerance_volts; /* 0: 1e-6 */
} FlowFileOptions;

/* Appends to `out`. Errors: of reading (DSS_…), of the model (FLOW_LOOP, FLOW_FLOATS, FLOW_ELEMENT), FLOW_UNSOLVED: a snapshot that does
 * not settle, with the load where it is worst. A step that does not settle stands in its line with iterations 0 and no figures. */
bool flow_solve_file(const char *path, const FlowFileOptions *options, Buffer *out, Error *error) MUST_USE;

enum { FLOW_ITERATIONS_MAX = 1000, FLOW_CONTROL_ROUNDS = 100, FLOW_STEPS_MAX = 1000000 };

/* Below, for tests: one pass of all regulators over a solution; *moved taps changed in the model and the circuit (the tree is to be built
 * anew). As OpenDSS's static mode: those of the least delay first, 70 % of the way, one step at least. volts: of flow_tree_voltages. */
bool flow_regulate(DssModel *model, FlowCircuit *circuit, const FlowComplex *volts, bool *moved, Error *error) MUST_USE;

#endif
