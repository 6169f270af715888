/* From what a script says (interop/dss.h) to a circuit, and to the loads of each step of time. */
#ifndef FLOW_MODEL_H
#define FLOW_MODEL_H

#include "flow/circuit.h"
#include "interop/dss.h"

/* Names point into the model, which must outlive the circuit. FlowLoad.owner is the load's index in the model. Errors: FLOW_ELEMENT and the
 * circuit's, with file:line. */
bool flow_circuit_of(FlowCircuit *out, Arena *arena, const DssModel *model, Error *error) MUST_USE;
/* The transformer's matrix again after its taps moved. */
bool flow_retap(FlowCircuit *circuit, const DssModel *model, size_t transformer, Error *error) MUST_USE;
/* Loads' watts and vars at step k (from 1; a snapshot has one step). */
void flow_loads_at(const FlowCircuit *circuit, const DssModel *model, int64_t step, double *p, double *q, size_t stride);

#endif
