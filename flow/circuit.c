#include "flow/circuit.h"

#include <math.h>

void flow_circuit_begin(FlowCircuit *circuit, Arena *arena) { *circuit = (FlowCircuit){.arena = arena}; }

void flow_circuit_end(FlowCircuit *circuit) {
  vector_free(&circuit->buses);
  vector_free(&circuit->elements);
  vector_free(&circuit->loads);
  text_map_free(&circuit->names);
}

static bool no_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "flow"); }

bool flow_bus(FlowCircuit *circuit, Text name, uint32_t *bus, Error *error) {
  int64_t at = (int64_t)circuit->buses.count;
  bool fresh;
  if (!text_map_put(&circuit->names, name, &at, &fresh)) return no_memory(error);
  if (fresh && !vector_push(&circuit->buses, (FlowBus){.name = name})) return no_memory(error);
  *bus = (uint32_t)at;
  return true;
}

bool flow_slot(FlowCircuit *circuit, uint32_t bus, int node, uint8_t *slot, Error *error) {
  FlowBus *found = &circuit->buses.at[bus];
  *slot = FLOW_GROUND;
  if (node == 0) return true;
  for (uint8_t i = 0; i < found->nodes; i++)
    if (found->node[i] == node) return *slot = i, true;
  if (found->nodes == FLOW_NODES_MAX)
    return error_raise(error, ERROR_LIMIT, "nodes of bus %.*s\t%d", TEXT_ARG(found->name), FLOW_NODES_MAX);
  *slot = found->nodes;
  found->node[found->nodes++] = (uint8_t)node;
  return true;
}

static FlowComplex *copy_matrix(FlowCircuit *circuit, const FlowComplex *from, int order) {
  return arena_copy(circuit->arena, from, sizeof(FlowComplex) * (size_t)(order * order));
}

static bool add_element(FlowCircuit *circuit, FlowElement element, const FlowPin *pins, Error *error) {
  bool second = false;
  for (int i = 0; i < element.conductors; i++) {
    uint32_t bus;
    if (!flow_bus(circuit, pins[i].bus, &bus, error) || !flow_slot(circuit, bus, pins[i].node, &element.slot[i], error)) return false;
    if (i == 0) element.bus[0] = element.bus[1] = bus;
    if (bus != element.bus[0] && !second) element.bus[1] = bus, second = true;
    if (bus != element.bus[0] && bus != element.bus[1])
      return error_raise(error, ERROR_FLOW_ELEMENT, "%.*s\tit joins more than two buses", TEXT_ARG(element.name));
    element.end[i] = bus != element.bus[0];
  }
  return vector_push(&circuit->elements, element) || no_memory(error);
}

bool flow_add_series(FlowCircuit *circuit, Text name, Text where, Text from, const int *from_nodes, Text to, const int *to_nodes, int wires,
                     const FlowComplex *z, const FlowComplex *half_shunt, Error *error) {
  FlowPin pins[FLOW_CONDUCTORS_MAX];
  FlowElement element = {.name = name, .where = where, .series = true, .conductors = (uint8_t)(2 * wires)};
  if (2 * wires > FLOW_CONDUCTORS_MAX) return error_raise(error, ERROR_LIMIT, "wires of %.*s\t%d", TEXT_ARG(name), FLOW_CONDUCTORS_MAX / 2);
  if (text_equal(from, to)) return error_raise(error, ERROR_FLOW_LOOP, "%.*s\t%.*s", TEXT_ARG(name), TEXT_ARG(from));
  for (int i = 0; i < wires; i++) pins[i] = (FlowPin){from, from_nodes[i]}, pins[wires + i] = (FlowPin){to, to_nodes[i]};
  element.z = copy_matrix(circuit, z, wires);
  if (half_shunt) element.y = copy_matrix(circuit, half_shunt, wires);
  if (!element.z || (half_shunt && !element.y)) return no_memory(error);
  return add_element(circuit, element, pins, error);
}

bool flow_add_source(FlowCircuit *circuit, Text bus, const int *nodes, int phases, const FlowComplex *volts, const FlowComplex *z,
                     Error *error) {
  static const Text SOURCE = {"(source)", 8};
  uint32_t at;
  if (!flow_bus(circuit, SOURCE, &at, error)) return false;
  for (int i = 0; i < phases; i++) circuit->source_volts[i] = volts[i];
  circuit->source_element = (uint32_t)circuit->elements.count;
  int own[FLOW_NODES_MAX];
  for (int i = 0; i < phases; i++) own[i] = i + 1;
  return flow_add_series(circuit, TEXT("source"), TEXT(""), SOURCE, own, bus, nodes, phases, z, NULL, error);
}

bool flow_add_bank(FlowCircuit *circuit, Text name, Text where, const FlowPin *pins, int count, const FlowComplex *y, Error *error) {
  FlowElement element = {.name = name, .where = where, .conductors = (uint8_t)count};
  if (count > FLOW_CONDUCTORS_MAX) return error_raise(error, ERROR_LIMIT, "conductors of %.*s\t%d", TEXT_ARG(name), FLOW_CONDUCTORS_MAX);
  element.y = copy_matrix(circuit, y, count);
  return element.y ? add_element(circuit, element, pins, error) : no_memory(error);
}

bool flow_add_load(FlowCircuit *circuit, FlowLoad load, Text bus, int from_node, int to_node, Error *error) {
  if (!flow_bus(circuit, bus, &load.bus, error) || !flow_slot(circuit, load.bus, from_node, &load.from, error) ||
      !flow_slot(circuit, load.bus, to_node, &load.to, error))
    return false;
  if (load.from == load.to) return error_raise(error, ERROR_FLOW_ELEMENT, "%.*s\tboth its ends are on one node", TEXT_ARG(load.name));
  if (load.from == FLOW_GROUND) load.from = load.to, load.to = FLOW_GROUND; /* drawn the other way round: the same power */
  return vector_push(&circuit->loads, load) || no_memory(error);
}

/* ---- loads ---- */

/* Constant impedance, current and power in parts z, i, p. */
static FlowShare mix(const FlowLoad *load, double z, double i, double p) {
  double n = load->v_nominal, g = 1 / (n * n), least = load->v_least / n, most = load->v_most / n;
  double span = load->v_least - load->v_low;
  /* Between v_low and v_least the current goes in a straight line from that of the impedance to that at v_least. */
  double slope_p = span > 0 && least > 0 ? (g * n / least - g * load->v_low) / span : 0,
         slope_i = span > 0 ? (g * n - g * load->v_low) / span : 0;
  double start = g * load->v_low;
  FlowShare share = {.a0 = z * g, .a1 = i / n, .a2 = p};
  share.high = g * (z + (most > 0 ? i / most + p / (most * most) : i + p));
  share.low0 = z * g + i * slope_i + p * slope_p;
  share.low1 = i * (start - slope_i * load->v_low) + p * (start - slope_p * load->v_low);
  return share;
}

bool flow_load_shares(FlowLoad *load, int model, double cvr_watts, double cvr_vars, const double *zip) {
  FlowShare power = mix(load, 0, 0, 1), impedance = mix(load, 1, 0, 0), current = mix(load, 0, 1, 0);
  double exponent[2] = {model == 4 ? cvr_watts : 0, model == 4 ? cvr_vars : 2};
  FlowShare *share[2] = {&load->share_p, &load->share_q};
  double g = 1 / (load->v_nominal * load->v_nominal), least = load->v_least / load->v_nominal;
  load->share_p = load->share_q = power;
  switch (model) {
    case 1:
      return true;
    case 2:
      load->share_p = load->share_q = impedance;
      return true;
    case 5:
      load->share_p = load->share_q = current;
      return true;
    case 3:
    case 4: /* inside the limits by exponents; outside as constant power */
      for (int k = 0; k < 2; k++) {
        share[k]->a0 = exponent[k] == 2 ? impedance.a0 : 0;
        share[k]->a1 = exponent[k] == 1 ? current.a1 : 0;
        share[k]->a2 = exponent[k] == 0;
        if (exponent[k] != 0 && exponent[k] != 1 && exponent[k] != 2) return false;
      }
      return true;
    case 6:
    case 7: /* vars fixed as power (6) or as a reactance (7); outside the limits a reactance in both */
      load->share_p.low0 = least > 0 ? g / (least * least) : 0, load->share_p.low1 = 0;
      load->share_q = impedance;
      if (model == 6) load->share_q.a0 = 0, load->share_q.a2 = 1;
      return true;
    default:
      load->share_p = mix(load, zip[0], zip[1], zip[2]);
      load->share_q = mix(load, zip[3], zip[4], zip[5]);
      return true;
  }
}

double flow_share_at(const FlowShare *share, const FlowLoad *load, double v) {
  if (v <= load->v_low) return 1 / (load->v_nominal * load->v_nominal);
  if (v <= load->v_least) return share->low0 + share->low1 / v;
  if (v > load->v_most) return share->high;
  return share->a0 + share->a1 / v + share->a2 / (v * v);
}

/* ---- small matrices ---- */

int flow_invert(FlowComplex *a, int order, double least) {
  int from[FLOW_CONDUCTORS_MAX];
  double largest = 0;
  for (int i = 0; i < order * order; i++) largest = fmax(largest, cabs(a[i]));
  for (int k = 0; k < order; k++) {
    int pivot = k;
    for (int i = k + 1; i < order; i++)
      if (cabs(a[i * order + k]) > cabs(a[pivot * order + k])) pivot = i;
    if (!(cabs(a[pivot * order + k]) > least * largest)) return k;
    from[k] = pivot;
    for (int j = 0; j < order; j++) {
      FlowComplex kept = a[k * order + j];
      a[k * order + j] = a[pivot * order + j];
      a[pivot * order + j] = kept;
    }
    FlowComplex scale = 1 / a[k * order + k];
    a[k * order + k] = 1;
    for (int j = 0; j < order; j++) a[k * order + j] *= scale;
    for (int i = 0; i < order; i++) {
      if (i == k) continue;
      FlowComplex factor = a[i * order + k];
      a[i * order + k] = 0;
      for (int j = 0; j < order; j++) a[i * order + j] -= factor * a[k * order + j];
    }
  }
  for (int k = order - 1; k >= 0; k--) /* the rows' exchanges, undone in the columns */
    for (int i = 0; i < order && from[k] != k; i++) {
      FlowComplex kept = a[i * order + k];
      a[i * order + k] = a[i * order + from[k]];
      a[i * order + from[k]] = kept;
    }
  return -1;
}
