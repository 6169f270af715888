/* Inside flow/: the reduced tree as the vector code walks it. The code is compiled once for each instruction set (see meson.build) and
 * chosen at run time. */
#ifndef FLOW_KERNEL_H
#define FLOW_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KERNEL_LANES_MAX = 8, KERNEL_NODES = 8, KERNEL_NONE = UINT32_MAX };

/* A bus that is left. Complex numbers lie as re, im; voltages and currents as `lanes` re, then `lanes` im. */
typedef struct KernelNode {
  int32_t parent;    /* -1: the source; then `a` gives the voltage without load itself, `m` of them */
  uint32_t slot, up; /* first slot of this bus and of its parent */
  uint32_t a, z;     /* into coefficients */
  uint8_t m, mp;
  bool plain;
  uint8_t map[KERNEL_NODES];
} KernelNode;

typedef struct KernelLoad {
  uint32_t from, to;                /* slots; `to` may be KERNEL_NONE */
  uint32_t load;                    /* in the circuit */
  bool simple;                      /* constant power between its limits */
  double least2, most2;             /* squares of the limits */
  double least, most, low, nominal; /* nominal: 1/V² below `low` */
  double p[6], q[6];                /* a0 a1 a2 high low0 low1 */
} KernelLoad;

typedef struct KernelPlan {
  const KernelNode *nodes;
  uint32_t node_count, slots, load_count;
  const KernelLoad *loads;
  const double *coefficients;
} KernelPlan;

/* One batch of `lanes` sets. All arrays hold `lanes` doubles an entry and are aligned to 64 bytes. */
typedef struct KernelBatch {
  const double *p, *q; /* a load */
  double *v, *j;       /* 2 a slot */
  double *before;      /* 2 a load: the voltage across it an iteration ago */
  double *current;     /* 2 a load */
  double tolerance2;
  int most;
  uint16_t iterations[KERNEL_LANES_MAX]; /* out */
} KernelBatch;

void flow_kernel_scalar(const KernelPlan *plan, KernelBatch *batch);
void flow_kernel_plain(const KernelPlan *plan, KernelBatch *batch);
#if defined(__x86_64__)
void flow_kernel_avx2(const KernelPlan *plan, KernelBatch *batch);
void flow_kernel_avx512(const KernelPlan *plan, KernelBatch *batch);
#endif

#endif
