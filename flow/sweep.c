#include "flow/sweep.h"

#include <math.h>

#include "flow/kernel.h"

struct FlowPlan {
  const FlowTree *tree;
  KernelPlan kernel;
  FlowComplex *to_source; /* first nodes below the source: their Aᵀ, for its current; FLOW_NODES_MAX a slot */
  uint32_t *top;          /* slots whose current reaches the source, and how many */
  uint32_t tops;
};

/* A branch on the way to being reduced: rows for the nodes in use, columns for those in use of the bus above. */
typedef struct Reduced {
  FlowComplex a[FLOW_NODES_MAX * FLOW_NODES_MAX], z[FLOW_NODES_MAX * FLOW_NODES_MAX];
  uint8_t n, np;
} Reduced;

static FlowComplex a_of(const FlowBranch *branch, int i, int j) {
  return branch->plain ? (branch->map[i] == j ? 1 : 0) : branch->a[i * branch->parent_nodes + j];
}

/* The nodes of each branch that loads at or below it use. */
static void mark(const FlowTree *tree, uint8_t *used, uint16_t *ways, bool *loaded) {
  const FlowCircuit *circuit = tree->circuit;
  for (size_t i = 0; i < circuit->loads.count; i++) {
    const FlowLoad *load = &circuit->loads.at[i];
    int32_t at = tree->place[load->bus];
    if (at < 0) continue;
    used[at] |= (uint8_t)(1u << load->from);
    if (load->to != FLOW_GROUND) used[at] |= (uint8_t)(1u << load->to);
    loaded[at] = true;
  }
  for (uint32_t at = tree->count - 1; at > 0; at--) {
    const FlowBranch *branch = &tree->branches[at];
    if (!used[at]) continue;
    ways[branch->parent]++;
    for (int i = 0; i < branch->nodes; i++)
      for (int j = 0; (used[at] >> i & 1) && j < branch->parent_nodes; j++)
        if (a_of(branch, i, j) != 0) used[branch->parent] |= (uint8_t)(1u << j);
  }
}

static void pick(const FlowTree *tree, uint32_t at, const uint8_t *used, Reduced *out) {
  const FlowBranch *branch = &tree->branches[at];
  uint8_t rows = used[at], columns = branch->parent ? used[branch->parent] : 0xff;
  out->n = out->np = 0;
  for (int j = 0; j < branch->parent_nodes; j++) out->np = (uint8_t)(out->np + (columns >> j & 1));
  for (int i = 0; i < branch->nodes; i++) {
    if (!(rows >> i & 1)) continue;
    int k = 0, n = __builtin_popcount(rows);
    for (int j = 0; j < branch->parent_nodes; j++)
      if (columns >> j & 1) out->a[out->n * out->np + k++] = a_of(branch, i, j);
    k = 0;
    for (int j = 0; j < branch->nodes; j++)
      if (rows >> j & 1) out->z[out->n * n + k++] = branch->z[i * branch->nodes + j];
    out->n++;
  }
}

/* lower after upper as one: A = Al·Au, Z = Al·Zu·Alᵀ + Zl. */
static void compose(Reduced *lower, const Reduced *upper) {
  FlowComplex a[FLOW_NODES_MAX * FLOW_NODES_MAX], half[FLOW_NODES_MAX * FLOW_NODES_MAX];
  int n = lower->n, m = upper->n, np = upper->np;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < np; j++) {
      a[i * np + j] = 0;
      for (int k = 0; k < m; k++) a[i * np + j] += lower->a[i * m + k] * upper->a[k * np + j];
    }
    for (int j = 0; j < m; j++) {
      half[i * m + j] = 0;
      for (int k = 0; k < m; k++) half[i * m + j] += lower->a[i * m + k] * upper->z[k * m + j];
    }
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      for (int k = 0; k < m; k++) lower->z[i * n + j] += half[i * m + k] * lower->a[j * m + k];
  memcpy(lower->a, a, sizeof(FlowComplex) * (size_t)(n * np));
  lower->np = (uint8_t)np;
}

typedef struct Laying {
  FlowPlan *plan;
  KernelNode *nodes;
  KernelLoad *loads;
  double *coefficients;
  uint32_t used;    /* coefficients */
  int32_t *node_of; /* branch → node */
  const uint8_t *mask;
} Laying;

static void lay_complex(Laying *l, const FlowComplex *from, int count) {
  for (int i = 0; i < count; i++) l->coefficients[l->used++] = creal(from[i]), l->coefficients[l->used++] = cimag(from[i]);
}

static void lay_node(Laying *l, const Reduced *r, int32_t parent) {
  FlowPlan *plan = l->plan;
  const FlowCircuit *circuit = plan->tree->circuit;
  KernelNode *node = &l->nodes[plan->kernel.node_count++];
  *node = (KernelNode){.parent = parent, .slot = plan->kernel.slots, .m = r->n, .mp = r->np, .plain = parent >= 0};
  plan->kernel.slots += r->n;
  if (parent < 0) { /* its voltage without load, and the way of its current to the source */
    FlowComplex open[FLOW_NODES_MAX] = {0};
    for (int i = 0; i < r->n; i++) {
      plan->top[plan->tops] = node->slot + (uint32_t)i;
      for (int j = 0; j < r->np; j++) {
        open[i] += r->a[i * r->np + j] * circuit->source_volts[j];
        plan->to_source[plan->tops * FLOW_NODES_MAX + (uint32_t)j] = r->a[i * r->np + j];
      }
      plan->tops++;
    }
    node->a = l->used;
    lay_complex(l, open, r->n);
  } else {
    node->up = l->nodes[parent].slot;
    for (int i = 0; i < r->n && node->plain; i++) {
      int ones = 0;
      for (int j = 0; j < r->np; j++) {
        if (r->a[i * r->np + j] == 1)
          node->map[i] = (uint8_t)j, ones++;
        else if (r->a[i * r->np + j] != 0)
          ones = 9;
      }
      node->plain = ones == 1;
    }
    node->a = l->used;
    if (!node->plain) lay_complex(l, r->a, r->n * r->np);
  }
  node->z = l->used;
  lay_complex(l, r->z, r->n * r->n);
}

static void lay_share(double *to, const FlowShare *share) {
  const double all[] = {share->a0, share->a1, share->a2, share->high, share->low0, share->low1};
  memcpy(to, all, sizeof all);
}

static uint32_t slot_of(const Laying *l, int32_t at, uint8_t node) {
  return l->nodes[l->node_of[at]].slot + (uint32_t)__builtin_popcount(l->mask[at] & ((1u << node) - 1));
}

static void lay_loads(Laying *l) {
  const FlowCircuit *circuit = l->plan->tree->circuit;
  for (size_t i = 0; i < circuit->loads.count; i++) {
    const FlowLoad *load = &circuit->loads.at[i];
    int32_t at = l->plan->tree->place[load->bus];
    if (at < 0) continue;
    KernelLoad *to = &l->loads[l->plan->kernel.load_count++];
    *to = (KernelLoad){.from = slot_of(l, at, load->from),
                       .to = load->to == FLOW_GROUND ? KERNEL_NONE : slot_of(l, at, load->to),
                       .load = (uint32_t)i,
                       .least2 = load->v_least * load->v_least,
                       .most2 = load->v_most * load->v_most,
                       .least = load->v_least,
                       .most = load->v_most,
                       .low = load->v_low,
                       .nominal = 1 / (load->v_nominal * load->v_nominal)};
    lay_share(to->p, &load->share_p);
    lay_share(to->q, &load->share_q);
    to->simple = to->p[0] == 0 && to->p[1] == 0 && to->p[2] == 1 && to->q[0] == 0 && to->q[1] == 0 && to->q[2] == 1;
  }
}

static bool stays(const FlowTree *tree, uint32_t at, const uint8_t *used, const uint16_t *ways, const bool *loaded) {
  (void)tree;
  return used[at] && (loaded[at] || ways[at] > 1);
}

FlowPlan *flow_plan_build(const FlowTree *tree, Arena *arena) {
  uint32_t count = tree->count;
  size_t loads = tree->circuit->loads.count, most = 2 * loads + 2; /* leaves carry loads: no more buses than twice the loads are left */
  FlowPlan *plan = ARENA_NEW(arena, FlowPlan);
  uint8_t *used = ARENA_ARRAY(arena, uint8_t, count + 1);
  uint16_t *ways = ARENA_ARRAY(arena, uint16_t, count + 1);
  bool *loaded = ARENA_ARRAY(arena, bool, count + 1);
  Laying l = {.plan = plan,
              .nodes = ARENA_ARRAY(arena, KernelNode, most),
              .loads = ARENA_ARRAY(arena, KernelLoad, loads + 1),
              .coefficients = arena_take_array(arena, most, sizeof(double) * 4 * FLOW_NODES_MAX * FLOW_NODES_MAX),
              .node_of = ARENA_ARRAY(arena, int32_t, count + 1),
              .mask = used};
  if (!plan || !used || !ways || !loaded || !l.nodes || !l.loads || !l.coefficients || !l.node_of) return NULL;
  plan->tree = tree;
  plan->top = ARENA_ARRAY(arena, uint32_t, most * FLOW_NODES_MAX);
  plan->to_source = arena_take_array(arena, most * FLOW_NODES_MAX, sizeof(FlowComplex) * FLOW_NODES_MAX);
  if (!plan->top || !plan->to_source) return NULL;
  mark(tree, used, ways, loaded);
  for (uint32_t at = 1; at < count; at++) {
    Reduced reduced, upper;
    if (!stays(tree, at, used, ways, loaded)) continue;
    pick(tree, at, used, &reduced);
    uint32_t above = (uint32_t)tree->branches[at].parent;
    for (; above > 0 && !stays(tree, above, used, ways, loaded); above = (uint32_t)tree->branches[above].parent) {
      pick(tree, above, used, &upper);
      compose(&reduced, &upper);
    }
    l.node_of[at] = (int32_t)plan->kernel.node_count;
    lay_node(&l, &reduced, above ? l.node_of[above] : -1);
  }
  lay_loads(&l);
  plan->kernel.nodes = l.nodes;
  plan->kernel.loads = l.loads;
  plan->kernel.coefficients = l.coefficients;
  return plan;
}

uint32_t flow_plan_nodes(const FlowPlan *plan) { return plan->kernel.node_count; }

/* ---- solving ---- */

FlowIsa flow_isa_best(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return FLOW_ISA_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return FLOW_ISA_AVX2;
#endif
  return FLOW_ISA_PLAIN;
}

const char *flow_isa_name(FlowIsa isa) {
  static const char *const NAMES[] = {"best", "scalar", "plain", "avx2", "avx512"};
  return NAMES[isa];
}

static size_t lanes_of(FlowIsa isa) { return isa == FLOW_ISA_AVX512 ? 8 : isa == FLOW_ISA_AVX2 ? 4 : isa == FLOW_ISA_PLAIN ? 2 : 1; }

static void run(FlowIsa isa, const KernelPlan *plan, KernelBatch *batch) {
  switch (isa) {
#if defined(__x86_64__)
    case FLOW_ISA_AVX512:
      flow_kernel_avx512(plan, batch);
      return;
    case FLOW_ISA_AVX2:
      flow_kernel_avx2(plan, batch);
      return;
#endif
    case FLOW_ISA_SCALAR:
      flow_kernel_scalar(plan, batch);
      return;
    default:
      flow_kernel_plain(plan, batch);
      return;
  }
}

typedef struct Solving {
  const FlowPlan *plan;
  const FlowSets *sets;
  FlowFigures *out;
  KernelBatch batch;
  double *p, *q;
  size_t lanes;
} Solving;

static double *aligned(Arena *arena, size_t doubles) {
  char *at = arena_take(arena, doubles * sizeof(double) + 64);
  return at ? (double *)(at + (64 - (uintptr_t)at % 64) % 64) : NULL;
}

/* What leaves the source's bus: V·conj(I), the drop over its own impedance taken off. */
static void source_power(const Solving *s, size_t lane, double *p, double *q) {
  const FlowTree *tree = s->plan->tree;
  const FlowCircuit *circuit = tree->circuit;
  const FlowElement *behind = &circuit->elements.at[circuit->source_element];
  int n = circuit->buses.at[0].nodes;
  FlowComplex current[FLOW_NODES_MAX] = {0}, power = 0;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) current[i] += tree->shunt[i * n + j] * circuit->source_volts[j];
  for (uint32_t t = 0; t < s->plan->tops; t++) {
    const double *at = s->batch.j + 2 * s->plan->top[t] * s->lanes + lane;
    FlowComplex j = at[0] + at[s->lanes] * I;
    for (int i = 0; i < n; i++) current[i] += s->plan->to_source[t * FLOW_NODES_MAX + (uint32_t)i] * j;
  }
  for (int i = 0; i < n; i++) {
    FlowComplex v = circuit->source_volts[i];
    for (int j = 0; j < n; j++) v -= behind->z[i * n + j] * current[j];
    power += v * conj(current[i]);
  }
  *p = creal(power);
  *q = cimag(power);
}

static void note(const Solving *s, size_t set, size_t lane) {
  const KernelPlan *plan = &s->plan->kernel;
  FlowFigures *out = s->out;
  bool settled = s->batch.iterations[lane] > 0;
  double least = INFINITY, most = 0, drawn = 0, farthest = -1, p = NAN, q = NAN;
  uint32_t lowest = 0, worst = 0;
  for (uint32_t i = 0; i < plan->load_count; i++) {
    const double *v = s->batch.before + 2 * i * s->lanes + lane, *c = s->batch.current + 2 * i * s->lanes + lane;
    double re = v[0], im = v[s->lanes], cre = c[0], cim = c[s->lanes];
    double square = re * re + im * im;
    uint32_t load = plan->loads[i].load;
    size_t at = load * s->sets->count + set;
    if (square < least) least = square, lowest = load;
    if (square > most) most = square;
    drawn += re * cre + im * cim;
    if (out->volts) out->volts[at] = settled ? sqrt(square) : NAN;
    if (out->current_re) out->current_re[at] = settled ? cre : NAN;
    if (out->current_im) out->current_im[at] = settled ? cim : NAN;
    if (settled) continue;
    /* the last voltages against the ones the currents were drawn at */
    const double *from = s->batch.v + 2 * plan->loads[i].from * s->lanes + lane;
    double mr = from[0] - re, mi = from[s->lanes] - im;
    if (plan->loads[i].to != KERNEL_NONE) {
      const double *to = s->batch.v + 2 * plan->loads[i].to * s->lanes + lane;
      mr -= to[0], mi -= to[s->lanes];
    }
    double moved = mr * mr + mi * mi;
    if (!(moved <= farthest)) farthest = moved, worst = load;
  }
  if (settled && (out->source_p || out->source_q || out->loss_p)) source_power(s, lane, &p, &q);
  if (out->iterations) out->iterations[set] = s->batch.iterations[lane];
  if (out->lowest_load) out->lowest_load[set] = lowest;
  if (out->worst_load) out->worst_load[set] = worst;
  if (out->v_least) out->v_least[set] = settled && isfinite(least) ? sqrt(least) : NAN;
  if (out->v_most) out->v_most[set] = settled && isfinite(least) ? sqrt(most) : NAN;
  if (out->source_p) out->source_p[set] = p;
  if (out->source_q) out->source_q[set] = q;
  if (out->loss_p) out->loss_p[set] = p - drawn;
}

bool flow_solve(const FlowPlan *plan, const FlowSets *sets, FlowIsa isa, FlowFigures *figures, size_t *unsettled, Arena *work,
                Error *error) {
  const KernelPlan *kernel = &plan->kernel;
  FlowIsa best = flow_isa_best();
  if (isa == FLOW_ISA_BEST || isa > best) isa = best;
  Solving s = {.plan = plan, .sets = sets, .out = figures, .lanes = lanes_of(isa)};
  s.p = aligned(work, (kernel->load_count + 1) * s.lanes);
  s.q = aligned(work, (kernel->load_count + 1) * s.lanes);
  s.batch = (KernelBatch){.p = s.p,
                          .q = s.q,
                          .v = aligned(work, 2 * (kernel->slots + 1) * s.lanes),
                          .j = aligned(work, 2 * (kernel->slots + 1) * s.lanes),
                          .before = aligned(work, 2 * (kernel->load_count + 1) * s.lanes),
                          .current = aligned(work, 2 * (kernel->load_count + 1) * s.lanes),
                          .tolerance2 = sets->tolerance_volts * sets->tolerance_volts,
                          .most = sets->most < 60000 ? sets->most : 60000};
  if (!s.p || !s.q || !s.batch.v || !s.batch.j || !s.batch.before || !s.batch.current)
    return error_raise(error, ERROR_OUT_OF_MEMORY, "flow");
  *unsettled = 0;
  for (size_t i = 0; i < plan->tree->circuit->loads.count; i++) { /* a load that is not fed draws nothing and has no voltage */
    if (plan->tree->place[plan->tree->circuit->loads.at[i].bus] >= 0) continue;
    for (size_t set = 0, at = i * sets->count; set < sets->count; set++, at++) {
      if (figures->volts) figures->volts[at] = NAN;
      if (figures->current_re) figures->current_re[at] = 0;
      if (figures->current_im) figures->current_im[at] = 0;
    }
  }
  for (size_t begin = 0; begin < sets->count; begin += s.lanes) {
    size_t here = sets->count - begin < s.lanes ? sets->count - begin : s.lanes;
    for (uint32_t i = 0; i < kernel->load_count; i++)
      for (size_t k = 0; k < s.lanes; k++) { /* the last batch is filled up with its last set */
        size_t at = kernel->loads[i].load * sets->count + begin + (k < here ? k : here - 1);
        s.p[i * s.lanes + k] = sets->p[at];
        s.q[i * s.lanes + k] = sets->q[at];
      }
    run(isa, kernel, &s.batch);
    for (size_t k = 0; k < here; k++) {
      *unsettled += s.batch.iterations[k] == 0;
      note(&s, begin + k, k);
    }
  }
  return true;
}
