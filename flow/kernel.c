/* The sweep over one batch, in vectors of KERNEL_LANES doubles; KERNEL_NAME and KERNEL_LANES come from meson.build. */
#include "flow/kernel.h"

typedef double Lanes __attribute__((vector_size(8 * KERNEL_LANES), may_alias));
typedef int64_t Mask __attribute__((vector_size(8 * KERNEL_LANES), may_alias));

typedef struct Pair {
  Lanes re, im;
} Pair;

static inline Lanes spread(double value) { return value - (Lanes){0}; }
static inline Lanes choose(Mask mask, Lanes yes, Lanes no) { return (Lanes)((mask & (Mask)yes) | (~mask & (Mask)no)); }

static inline Lanes root(Lanes x) {
  Lanes out;
  for (int i = 0; i < KERNEL_LANES; i++) out[i] = __builtin_sqrt(x[i]);
  return out;
}

/* What a load draws a volt, by OpenDSS's pieces. */
static inline Lanes share(const double *a, const KernelLoad *load, Lanes v, Lanes over, Lanes over2) {
  Lanes g = spread(a[0]) + a[1] * over + a[2] * over2;
  g = choose((Mask)(v > spread(load->most)), spread(a[3]), g);
  g = choose((Mask)(v <= spread(load->least)), spread(a[4]) + a[5] * over, g);
  return choose((Mask)(v <= spread(load->low)), spread(load->nominal), g);
}

static inline Pair across(const KernelLoad *load, const Pair *v) {
  Pair out = v[load->from];
  if (load->to != KERNEL_NONE) out.re -= v[load->to].re, out.im -= v[load->to].im;
  return out;
}

/* Currents of all loads; the square of the largest move since last time, by lane. */
static inline Lanes draw(const KernelPlan *plan, const KernelBatch *batch) {
  const Pair *v = (const Pair *)batch->v;
  Pair *j = (Pair *)batch->j, *before = (Pair *)batch->before, *current = (Pair *)batch->current;
  const Lanes *p = (const Lanes *)batch->p, *q = (const Lanes *)batch->q;
  Lanes farthest = {0};
  for (uint32_t i = 0; i < plan->slots; i++) j[i].re = j[i].im = (Lanes){0};
  for (uint32_t i = 0; i < plan->load_count; i++) {
    const KernelLoad *load = &plan->loads[i];
    Pair u = across(load, v);
    Lanes dr = u.re - before[i].re, di = u.im - before[i].im, square = u.re * u.re + u.im * u.im, gp, gq;
    Lanes move = dr * dr + di * di;
    farthest = choose((Mask)(move <= farthest), farthest, move); /* a NaN stays */
    before[i] = u;
    Mask outside = (Mask)(square <= spread(load->least2)) | (Mask)(square > spread(load->most2));
    bool inside = load->simple;
    for (int k = 0; k < KERNEL_LANES; k++) inside = inside && !outside[k];
    Lanes over2 = 1.0 / square;
    if (inside) {
      gp = p[i] * over2, gq = q[i] * over2;
    } else {
      Lanes size = root(square), over = 1.0 / size;
      gp = p[i] * share(load->p, load, size, over, over2), gq = q[i] * share(load->q, load, size, over, over2);
      Mask dead = (Mask)(square == (Lanes){0});
      gp = choose(dead, (Lanes){0}, gp), gq = choose(dead, (Lanes){0}, gq);
    }
    current[i].re = gp * u.re + gq * u.im;
    current[i].im = gp * u.im - gq * u.re;
    j[load->from].re += current[i].re;
    j[load->from].im += current[i].im;
    if (load->to == KERNEL_NONE) continue;
    j[load->to].re -= current[i].re;
    j[load->to].im -= current[i].im;
  }
  return farthest;
}

static inline void backward(const KernelPlan *plan, Pair *j) {
  for (uint32_t at = plan->node_count; at-- > 0;) {
    const KernelNode *node = &plan->nodes[at];
    if (node->parent < 0) continue;
    const double *a = plan->coefficients + node->a;
    const Pair *own = j + node->slot;
    Pair *up = j + node->up;
    for (int i = 0; i < node->m; i++) {
      if (node->plain) {
        up[node->map[i]].re += own[i].re;
        up[node->map[i]].im += own[i].im;
        continue;
      }
      for (int k = 0; k < node->mp; k++, a += 2) {
        up[k].re += a[0] * own[i].re - a[1] * own[i].im;
        up[k].im += a[0] * own[i].im + a[1] * own[i].re;
      }
    }
  }
}

static inline void forward(const KernelPlan *plan, Pair *v, const Pair *j) {
  for (uint32_t at = 0; at < plan->node_count; at++) {
    const KernelNode *node = &plan->nodes[at];
    const double *a = plan->coefficients + node->a, *z = plan->coefficients + node->z;
    const Pair *from = v + node->up, *own = j + node->slot;
    Pair *to = v + node->slot;
    for (int i = 0; i < node->m; i++) {
      Pair sum;
      if (node->parent < 0)
        sum = (Pair){spread(a[2 * i]), spread(a[2 * i + 1])};
      else if (node->plain)
        sum = from[node->map[i]];
      else {
        sum = (Pair){{0}, {0}};
        for (int k = 0; k < node->mp; k++, a += 2) {
          sum.re += a[0] * from[k].re - a[1] * from[k].im;
          sum.im += a[0] * from[k].im + a[1] * from[k].re;
        }
      }
      for (int k = 0; k < node->m; k++, z += 2) {
        sum.re -= z[0] * own[k].re - z[1] * own[k].im;
        sum.im -= z[0] * own[k].im + z[1] * own[k].re;
      }
      to[i] = sum;
    }
  }
}

void KERNEL_NAME(const KernelPlan *plan, KernelBatch *batch) {
  Pair *v = (Pair *)batch->v, *j = (Pair *)batch->j, *before = (Pair *)batch->before;
  for (uint32_t i = 0; i < plan->slots; i++) j[i].re = j[i].im = (Lanes){0};
  for (uint32_t i = 0; i < plan->load_count; i++) before[i].re = before[i].im = (Lanes){0};
  for (int k = 0; k < KERNEL_LANES; k++) batch->iterations[k] = 0;
  forward(plan, v, j);
  for (int round = 1; round <= batch->most; round++) {
    Lanes farthest = draw(plan, batch);
    bool done = true;
    for (int k = 0; k < KERNEL_LANES; k++) {
      if (farthest[k] <= batch->tolerance2 && batch->iterations[k] == 0) batch->iterations[k] = (uint16_t)round;
      if (!(farthest[k] <= batch->tolerance2)) batch->iterations[k] = 0;
      done = done && batch->iterations[k];
    }
    backward(plan, j);
    if (done) return;
    forward(plan, v, j);
  }
}
