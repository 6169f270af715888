#include "flow/tree.h"

#include <math.h>

typedef struct Building {
  FlowTree *tree;
  const FlowCircuit *circuit;
  Arena *arena;
  uint32_t *first, *list; /* elements at a bus: list[first[bus] … first[bus + 1]) */
  int32_t *head;          /* first element of a branch, by element chained in next */
  int32_t *next;
  FlowComplex *below; /* FLOW_NODES_MAX² a bus: admittance to ground of all at and below it */
} Building;

static FlowComplex *below_of(const Building *b, uint32_t bus) { return b->below + (size_t)bus * FLOW_NODES_MAX * FLOW_NODES_MAX; }
static uint8_t nodes_of(const Building *b, uint32_t bus) { return b->circuit->buses.at[bus].nodes; }
static bool no_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "flow"); }

static bool list_elements(Building *b) {
  uint32_t buses = (uint32_t)b->circuit->buses.count;
  size_t elements = b->circuit->elements.count;
  b->first = ARENA_ARRAY(b->arena, uint32_t, buses + 2);
  b->list = ARENA_ARRAY(b->arena, uint32_t, 2 * elements + 1);
  if (!b->first || !b->list) return false;
  for (size_t i = 0; i < elements; i++) {
    const FlowElement *element = &b->circuit->elements.at[i];
    b->first[element->bus[0] + 2]++;
    if (element->bus[1] != element->bus[0]) b->first[element->bus[1] + 2]++;
  }
  for (uint32_t i = 2; i <= buses + 1; i++) b->first[i] += b->first[i - 1];
  for (size_t i = 0; i < elements; i++) {
    const FlowElement *element = &b->circuit->elements.at[i];
    b->list[b->first[element->bus[0] + 1]++] = (uint32_t)i;
    if (element->bus[1] != element->bus[0]) b->list[b->first[element->bus[1] + 1]++] = (uint32_t)i;
  }
  return true;
}

static bool is_loop(const FlowCircuit *circuit, const FlowElement *element, uint32_t bus, Error *error) {
  error_raise(error, ERROR_FLOW_LOOP, "%.*s\t%.*s", TEXT_ARG(element->name), TEXT_ARG(circuit->buses.at[bus].name));
  return element->where.len ? error_at(error, "%.*s", TEXT_ARG(element->where)) : false;
}

/* Breadth first from the source; the elements of each branch chained under the bus it feeds. */
static bool grow(Building *b, Error *error) {
  FlowTree *tree = b->tree;
  const FlowCircuit *circuit = b->circuit;
  size_t buses = circuit->buses.count;
  for (size_t i = 0; i < buses; i++) tree->place[i] = b->head[i] = -1;
  tree->branches[0] = (FlowBranch){.bus = 0, .parent = -1, .nodes = nodes_of(b, 0)};
  tree->place[0] = 0;
  tree->count = 1;
  for (uint32_t at = 0; at < tree->count; at++) {
    uint32_t bus = tree->branches[at].bus;
    for (uint32_t i = b->first[bus]; i < b->first[bus + 1]; i++) {
      uint32_t which = b->list[i];
      const FlowElement *element = &circuit->elements.at[which];
      uint32_t other = element->bus[0] == bus ? element->bus[1] : element->bus[0];
      if (other == bus) continue;
      if (tree->place[other] < 0) {
        tree->place[other] = (int32_t)tree->count;
        tree->branches[tree->count++] =
            (FlowBranch){.bus = other, .parent = (int32_t)at, .nodes = nodes_of(b, other), .parent_nodes = nodes_of(b, bus)};
      } else if (tree->place[other] < (int32_t)at) {
        if (tree->branches[at].parent != tree->place[other]) return is_loop(circuit, element, bus, error);
        continue; /* the way up; chained when the parent was looked at */
      } else if (tree->branches[tree->place[other]].parent != (int32_t)at) {
        return is_loop(circuit, element, other, error);
      }
      b->next[which] = b->head[other];
      b->head[other] = (int32_t)which;
    }
  }
  return true;
}

/* What stands at a bus itself: banks on one bus, and the near halves of line charging. */
static void gather_shunts(Building *b) {
  for (size_t i = 0; i < b->circuit->elements.count; i++) {
    const FlowElement *element = &b->circuit->elements.at[i];
    int wires = element->series ? element->conductors / 2 : element->conductors;
    if (!element->y || (!element->series && element->bus[0] != element->bus[1])) continue;
    for (int side = 0; side < (element->series ? 2 : 1); side++) {
      const uint8_t *slot = element->slot + side * wires;
      FlowComplex *below = below_of(b, element->bus[side]);
      for (int r = 0; r < wires; r++)
        for (int c = 0; c < wires; c++)
          if (slot[r] != FLOW_GROUND && slot[c] != FLOW_GROUND)
            below[slot[r] * nodes_of(b, element->bus[side]) + slot[c]] += element->y[r * wires + c];
    }
  }
}

/* One line that meets every node of the bus once: the map of its wires, sorted by the bus's slots. */
static bool as_line(const Building *b, const FlowBranch *branch, FlowComplex *z, uint8_t *map) {
  int32_t which = b->head[branch->bus];
  const FlowElement *line = &b->circuit->elements.at[which];
  int wires = line->conductors / 2, wire_at[FLOW_NODES_MAX];
  if (b->next[which] >= 0 || !line->series || wires != branch->nodes) return false;
  int far = line->bus[1] == branch->bus ? 1 : 0;
  uint32_t seen = 0;
  for (int i = 0; i < wires; i++) {
    uint8_t slot = line->slot[far * wires + i], near = line->slot[(1 - far) * wires + i];
    if (slot == FLOW_GROUND || near == FLOW_GROUND || seen & 1u << slot) return false;
    seen |= 1u << slot;
    wire_at[slot] = i;
    map[slot] = near;
  }
  for (int i = 0; i < wires; i++)
    for (int j = 0; j < wires; j++) z[i * wires + j] = line->z[wire_at[i] * wires + wire_at[j]];
  return true;
}

static bool all_zero(const FlowComplex *a, int count) {
  for (int i = 0; i < count; i++)
    if (a[i] != 0) return false;
  return true;
}

static FlowComplex *matrix(Building *b, int rows, int columns) {
  return arena_take_array(b->arena, (size_t)(rows * columns), sizeof(FlowComplex));
}

/* A = (1 + zS)⁻¹ on the map, Z = (1 + zS)⁻¹ z; the parent sees S (1 + zS)⁻¹. */
static bool reduce_line(Building *b, FlowBranch *branch, const FlowComplex *z, Error *error) {
  int n = branch->nodes, np = branch->parent_nodes;
  FlowComplex *s = below_of(b, branch->bus), *up = below_of(b, b->tree->branches[branch->parent].bus), m[FLOW_NODES_MAX * FLOW_NODES_MAX];
  branch->z = matrix(b, n, n);
  if (!branch->z) return no_memory(error);
  if (all_zero(s, n * n)) {
    branch->plain = true;
    memcpy(branch->z, z, sizeof(FlowComplex) * (size_t)(n * n));
    return true;
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      m[i * n + j] = i == j;
      for (int k = 0; k < n; k++) m[i * n + j] += z[i * n + k] * s[k * n + j];
    }
  branch->a = matrix(b, n, np);
  if (!branch->a) return no_memory(error);
  if (flow_invert(m, n, 1e-14) >= 0)
    return error_raise(error, ERROR_FLOW_FLOATS, "%d\t%.*s\tresonance", b->circuit->buses.at[branch->bus].node[0],
                       TEXT_ARG(b->circuit->buses.at[branch->bus].name));
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      FlowComplex seen = 0;
      for (int k = 0; k < n; k++) branch->z[i * n + j] += m[i * n + k] * z[k * n + j], seen += s[i * n + k] * m[k * n + j];
      branch->a[i * np + branch->map[j]] += m[i * n + j];
      up[branch->map[i] * np + branch->map[j]] += seen;
    }
  return true;
}

/* Any elements: their admittances between child (c) and parent (p). */
static bool collect(Building *b, const FlowBranch *branch, FlowComplex *cc, FlowComplex *cp, FlowComplex *pp, Error *error) {
  int n = branch->nodes, np = branch->parent_nodes;
  for (int32_t which = b->head[branch->bus]; which >= 0; which = b->next[which]) {
    const FlowElement *element = &b->circuit->elements.at[which];
    int count = element->conductors, wires = count / 2;
    FlowComplex full[FLOW_CONDUCTORS_MAX * FLOW_CONDUCTORS_MAX], inverse[FLOW_CONDUCTORS_MAX * FLOW_CONDUCTORS_MAX];
    if (element->series) {
      memcpy(inverse, element->z, sizeof(FlowComplex) * (size_t)(wires * wires));
      if (flow_invert(inverse, wires, 1e-14) >= 0)
        return error_raise(error, ERROR_FLOW_ELEMENT, "%.*s\tits impedance is zero", TEXT_ARG(element->name));
      for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++)
          full[i * count + j] =
              (i < wires) == (j < wires) ? inverse[i % wires * wires + j % wires] : -inverse[i % wires * wires + j % wires];
    }
    const FlowComplex *y = element->series ? full : element->y;
    for (int i = 0; i < count; i++)
      for (int j = 0; j < count; j++) {
        uint8_t r = element->slot[i], c = element->slot[j];
        bool child_r = element->bus[element->end[i]] == branch->bus, child_c = element->bus[element->end[j]] == branch->bus;
        if (r == FLOW_GROUND || c == FLOW_GROUND) continue;
        if (child_r && child_c) cc[r * n + c] += y[i * count + j];
        if (child_r && !child_c) cp[r * np + c] += y[i * count + j];
        if (!child_r && !child_c) pp[r * np + c] += y[i * count + j];
      }
  }
  return true;
}

/* Z = D⁻¹, A = −D⁻¹·Ycp; the parent sees Ypp + Ypc·A. */
static bool reduce_bank(Building *b, FlowBranch *branch, Error *error) {
  int n = branch->nodes, np = branch->parent_nodes;
  const FlowBus *bus = &b->circuit->buses.at[branch->bus];
  FlowComplex cp[FLOW_NODES_MAX * FLOW_NODES_MAX] = {0}, pp[FLOW_NODES_MAX * FLOW_NODES_MAX] = {0};
  FlowComplex *up = below_of(b, b->tree->branches[branch->parent].bus);
  branch->z = matrix(b, n, n);
  branch->a = matrix(b, n, np);
  if (!branch->z || !branch->a) return no_memory(error);
  memcpy(branch->z, below_of(b, branch->bus), sizeof(FlowComplex) * (size_t)(n * n));
  if (!collect(b, branch, branch->z, cp, pp, error)) return false;
  int stuck = flow_invert(branch->z, n, 1e-14);
  if (stuck >= 0)
    return error_raise(error, ERROR_FLOW_FLOATS, "%d\t%.*s\tfed by %.*s", bus->node[stuck], TEXT_ARG(bus->name),
                       TEXT_ARG(b->circuit->elements.at[b->head[branch->bus]].name));
  for (int i = 0; i < n; i++)
    for (int j = 0; j < np; j++)
      for (int k = 0; k < n; k++) branch->a[i * np + j] -= branch->z[i * n + k] * cp[k * np + j];
  for (int i = 0; i < np; i++)
    for (int j = 0; j < np; j++) {
      FlowComplex seen = pp[i * np + j];
      for (int k = 0; k < n; k++) seen += cp[k * np + i] * branch->a[k * np + j];
      up[i * np + j] += seen;
    }
  return true;
}

bool flow_tree_build(FlowTree *tree, const FlowCircuit *circuit, Arena *arena, Error *error) {
  size_t buses = circuit->buses.count, elements = circuit->elements.count;
  Building b = {.tree = tree, .circuit = circuit, .arena = arena};
  *tree = (FlowTree){
      .circuit = circuit, .branches = ARENA_ARRAY(arena, FlowBranch, buses + 1), .place = ARENA_ARRAY(arena, int32_t, buses + 1)};
  b.head = ARENA_ARRAY(arena, int32_t, buses + 1);
  b.next = ARENA_ARRAY(arena, int32_t, elements + 1);
  b.below = arena_take_array(arena, buses + 1, sizeof(FlowComplex) * FLOW_NODES_MAX * FLOW_NODES_MAX);
  if (!tree->branches || !tree->place || !b.head || !b.next || !b.below || !list_elements(&b)) return no_memory(error);
  if (!grow(&b, error)) return false;
  gather_shunts(&b);
  for (uint32_t at = tree->count - 1; at > 0; at--) {
    FlowBranch *branch = &tree->branches[at];
    FlowComplex z[FLOW_NODES_MAX * FLOW_NODES_MAX];
    if (as_line(&b, branch, z, branch->map) ? !reduce_line(&b, branch, z, error) : !reduce_bank(&b, branch, error)) return false;
  }
  tree->shunt = below_of(&b, 0);
  return true;
}

void flow_tree_voltages(const FlowTree *tree, const FlowComplex *load_current, FlowComplex *volts, FlowComplex *scratch,
                        FlowComplex *source_current) {
  const FlowCircuit *circuit = tree->circuit;
  for (size_t i = 0; i < circuit->buses.count * FLOW_NODES_MAX; i++) volts[i] = scratch[i] = 0;
  for (size_t i = 0; load_current && i < circuit->loads.count; i++) {
    const FlowLoad *load = &circuit->loads.at[i];
    scratch[load->bus * FLOW_NODES_MAX + load->from] += load_current[i];
    if (load->to != FLOW_GROUND) scratch[load->bus * FLOW_NODES_MAX + load->to] -= load_current[i];
  }
  for (uint32_t at = tree->count - 1; at > 0; at--) {
    const FlowBranch *branch = &tree->branches[at];
    FlowComplex *own = scratch + (size_t)branch->bus * FLOW_NODES_MAX,
                *up = scratch + (size_t)tree->branches[branch->parent].bus * FLOW_NODES_MAX;
    for (int i = 0; i < branch->nodes; i++) {
      if (branch->plain) up[branch->map[i]] += own[i];
      for (int j = 0; !branch->plain && j < branch->parent_nodes; j++) up[j] += branch->a[i * branch->parent_nodes + j] * own[i];
    }
  }
  for (int i = 0; i < circuit->buses.at[0].nodes; i++) volts[i] = circuit->source_volts[i];
  for (uint32_t at = 1; at < tree->count; at++) {
    const FlowBranch *branch = &tree->branches[at];
    int n = branch->nodes, np = branch->parent_nodes;
    const FlowComplex *own = scratch + (size_t)branch->bus * FLOW_NODES_MAX,
                      *from = volts + (size_t)tree->branches[branch->parent].bus * FLOW_NODES_MAX;
    FlowComplex *to = volts + (size_t)branch->bus * FLOW_NODES_MAX;
    for (int i = 0; i < n; i++) {
      FlowComplex v = branch->plain ? from[branch->map[i]] : 0;
      for (int j = 0; !branch->plain && j < np; j++) v += branch->a[i * np + j] * from[j];
      for (int j = 0; j < n; j++) v -= branch->z[i * n + j] * own[j];
      to[i] = v;
    }
  }
  int phases = circuit->buses.at[0].nodes;
  for (int i = 0; source_current && i < phases; i++) {
    source_current[i] = scratch[i];
    for (int j = 0; j < phases; j++) source_current[i] += tree->shunt[i * phases + j] * circuit->source_volts[j];
  }
}

FlowComplex flow_load_current(const FlowLoad *load, double p, double q, FlowComplex volts) {
  double v = cabs(volts);
  if (v == 0) return 0;
  return (p * flow_share_at(&load->share_p, load, v) - q * flow_share_at(&load->share_q, load, v) * I) * volts;
}

int flow_tree_solve(const FlowTree *tree, const double *p, const double *q, double tolerance_volts, int most, FlowComplex *current,
                    FlowComplex *volts, FlowComplex *scratch) {
  const FlowCircuit *circuit = tree->circuit;
  size_t nodes = circuit->buses.count * FLOW_NODES_MAX;
  FlowComplex *before = scratch + nodes; /* one a load */
  flow_tree_voltages(tree, NULL, volts, scratch, NULL);
  for (size_t i = 0; i < circuit->loads.count; i++) before[i] = 0;
  for (int round = 1; round <= most; round++) {
    double farthest = 0;
    for (size_t i = 0; i < circuit->loads.count; i++) {
      const FlowLoad *load = &circuit->loads.at[i];
      const FlowComplex *at = volts + (size_t)load->bus * FLOW_NODES_MAX;
      FlowComplex across = at[load->from] - (load->to == FLOW_GROUND ? 0 : at[load->to]);
      double moved = cabs(across - before[i]);
      if (!(moved <= farthest)) farthest = moved;
      before[i] = across;
      current[i] = flow_load_current(load, p[i], q[i], across);
    }
    flow_tree_voltages(tree, current, volts, scratch, NULL);
    if (farthest <= tolerance_volts) return round;
  }
  return 0;
}
