#include <assert.h>
#include <math.h>

#include "base/limits.h"
#include "outage/locate_internal.h"

static bool take(LocateLayout *layout, void *at, size_t count, size_t size, Error *error) {
  void *fresh = memory_new((count + 1) * size);
  memcpy(at, &fresh, sizeof fresh);
  if (!fresh) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate: network");
  layout->bytes += (count + 1) * size;
  return true;
}
#define TAKE(array, count) take(layout, &layout->array, (count), sizeof *layout->array, error)

void locate_layout_free(LocateLayout *layout) {
  void *all[] = {layout->parent,      layout->end,         layout->first,         layout->device_of,      layout->place_of,
                 layout->customer_of, layout->customer_place, layout->customer_device, layout->kind,       layout->lane,           layout->phase_bits,
                 layout->log_odds,    layout->customer_lane, layout->customer_class, layout->customer_flags, layout->weight_before,
                 layout->gasps_before, layout->several_at, layout->several};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) memory_free(all[i]);
  *layout = (LocateLayout){0};
}

/* Gives every device its place in preorder: place_of, device_of, parent, end. */
static bool order_devices(LocateLayout *layout, const LocateNetwork *network, Error *error) {
  uint32_t n = network->device_count, *child = NULL, *sibling = NULL;
  bool ok = false;
  child = memory_new(((size_t)n + 1) * sizeof *child), sibling = memory_new(((size_t)n + 1) * sizeof *sibling);
  if (!child || !sibling) {
    error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate: network");
    goto done;
  }
  /* child[n] heads the sources; walking down from n keeps siblings in the caller's order */
  for (uint32_t v = 0; v <= n; v++) child[v] = sibling[v] = LOCATE_NONE;
  for (uint32_t v = n; v-- > 0;) {
    uint32_t up = network->parent[v];
    if (up != LOCATE_NONE && up >= n) {
      error_raise(error, ERROR_FIELD_INVALID, "parent\t%u\tdevice %u has a parent that does not exist", up, v);
      goto done;
    }
    uint32_t *head = &child[up == LOCATE_NONE ? n : up];
    sibling[v] = *head, *head = v;
  }
  uint32_t placed = 0, depth = 0, v = child[n];
  while (v != LOCATE_NONE) {
    if (++depth > LIMIT_TREE_DEPTH) {
      error_raise(error, ERROR_LIMIT, "depth of the network\t%d", LIMIT_TREE_DEPTH);
      goto done;
    }
    uint32_t up = network->parent[v];
    layout->place_of[v] = placed, layout->device_of[placed] = v;
    layout->parent[placed] = up == LOCATE_NONE ? LOCATE_NONE : layout->place_of[up];
    placed++;
    if (child[v] != LOCATE_NONE) {
      v = child[v];
      continue;
    }
    while (v != LOCATE_NONE && sibling[v] == LOCATE_NONE) layout->end[layout->place_of[v]] = placed, v = network->parent[v], depth--;
    if (v != LOCATE_NONE) layout->end[layout->place_of[v]] = placed, v = sibling[v], depth--;
  }
  if (placed < n) {
    /* whoever was not reached hangs in a ring, or below one: walk up until a device comes again */
    uint32_t at = 0;
    for (uint32_t d = 0; d < n; d++) {
      uint32_t place = layout->place_of[d];
      if (place >= placed || layout->device_of[place] != d) at = d;
    }
    for (uint32_t i = 0; i < n; i++) at = network->parent[at];
    error_raise(error, ERROR_IMPORT_LOOP, "%u\t%u", at, network->parent[at]);
    goto done;
  }
  ok = true;
done:
  memory_free(child);
  memory_free(sibling);
  return ok;
}

static uint8_t lane_of(uint8_t phases) {
  switch (phases) {
    case LOCATE_PHASE_A: return LOCATE_LANE_A;
    case LOCATE_PHASE_B: return LOCATE_LANE_B;
    case LOCATE_PHASE_C: return LOCATE_LANE_C;
    default: return LOCATE_LANE_SEVERAL;
  }
}

static double known(const float *values, uint32_t at) { return values ? (double)values[at] : NAN; }

/* A short circuit on a conductor opens the protective device above it; a torn one without a short darkens what is below. */
static bool weigh_priors(LocateLayout *layout, const LocateNetwork *network, const LocateParameters *p, Error *error) {
  double *rate = memory_new(((size_t)layout->device_count + 1) * sizeof *rate);
  if (!rate) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate: network");
  for (uint32_t v = 0; v < layout->device_count; v++) {
    uint32_t from = layout->device_of[v], up = layout->parent[v];
    LocateKind kind = (LocateKind)layout->kind[v];
    double conductor = locate_conductor_rate(p, kind, known(network->length_m, from));
    while (conductor > 0 && up != LOCATE_NONE && !locate_protects((LocateKind)layout->kind[up], kind)) up = layout->parent[up];
    rate[v] += locate_device_rate(p, kind, known(network->age_years, from), known(network->load, from));
    rate[v] += up == LOCATE_NONE ? conductor : (1 - p->trips) * conductor;
    if (up != LOCATE_NONE) rate[up] += p->trips * conductor;
  }
  for (uint32_t v = 0; v < layout->device_count; v++) layout->log_odds[v] = (float)locate_rate_log_odds(p, rate[v]);
  memory_free(rate);
  return true;
}

static bool describe_devices(LocateLayout *layout, const LocateNetwork *network, const LocateParameters *p, Error *error) {
  uint32_t several = 0;
  for (uint32_t v = 0; v < layout->device_count; v++) {
    uint32_t from = layout->device_of[v], up = layout->parent[v];
    if (network->kind[from] >= LOCATE_KINDS) return error_raise(error, ERROR_FIELD_INVALID, "kind\t%u\tno such kind", network->kind[from]);
    layout->kind[v] = network->kind[from];
    layout->lane[v] = LOCATE_LANE_ANY, layout->phase_bits[v] = 0;
    layout->several_at[v] = LOCATE_NONE;
    if (!network->phases) continue;
    /* one phase stays one phase all the way down, whatever the data say below it */
    uint8_t above = up == LOCATE_NONE ? (uint8_t)LOCATE_LANE_SEVERAL : layout->lane[up], phases = network->phases[from] & 7;
    uint8_t bits = phases ? phases : up == LOCATE_NONE ? 7 : layout->phase_bits[up];
    layout->lane[v] = above == LOCATE_LANE_SEVERAL ? lane_of(bits) : above;
    layout->phase_bits[v] = bits;
    if (layout->lane[v] == LOCATE_LANE_SEVERAL) layout->several_at[v] = several++;
  }
  return weigh_priors(layout, network, p, error) && TAKE(several, several);
}

static bool place_customers(LocateLayout *layout, const LocateNetwork *network, const LocateParameters *p, Error *error) {
  uint32_t n = layout->device_count, m = layout->customer_count;
  for (uint32_t c = 0; c < m; c++) {
    uint32_t device = network->customer_device[c];
    if (device >= n) return error_raise(error, ERROR_FIELD_INVALID, "customer_device\t%u\tcustomer %u hangs on no device", device, c);
    layout->first[layout->place_of[device] + 1]++;
  }
  for (uint32_t v = 0; v < n; v++) layout->first[v + 1] += layout->first[v];
  /* first[v] moves on while v's customers are placed, and is moved back after */
  for (uint32_t c = 0; c < m; c++) {
    uint32_t place = layout->first[layout->place_of[network->customer_device[c]]]++;
    layout->customer_of[place] = c, layout->customer_place[c] = place;
  }
  for (uint32_t v = n; v > 0; v--) layout->first[v] = layout->first[v - 1];
  layout->first[0] = 0;
  for (uint32_t v = 0; v < n; v++)
    for (uint32_t c = layout->first[v]; c < layout->first[v + 1]; c++) {
      uint32_t from = layout->customer_of[c];
      uint8_t class = network->customer_class ? network->customer_class[from] : 0;
      if (class >= LOCATE_CLASSES) return error_raise(error, ERROR_FIELD_INVALID, "customer_class\t%u\tno such class", class);
      layout->customer_device[c] = v;
      uint8_t lane = layout->lane[v];
      if (lane == LOCATE_LANE_SEVERAL && network->customer_phases && (network->customer_phases[from] & 7)) lane = lane_of(network->customer_phases[from] & 7);
      layout->customer_lane[c] = lane;
      layout->customer_class[c] = class;
      layout->customer_flags[c] = network->customer_flags ? network->customer_flags[from] : LOCATE_GASPS | LOCATE_PINGS;
      uint32_t weight = (uint32_t)lround(fmin(fmax(p->call_weight[class], 0), 15) * 16), gasps = layout->customer_flags[c] & LOCATE_GASPS ? 1 : 0;
      layout->weight_before[c + 1] = layout->weight_before[c] + weight;
      layout->gasps_before[c + 1] = layout->gasps_before[c] + gasps;
      if (lane > LOCATE_LANE_C) continue;
      if (layout->several_at[v] != LOCATE_NONE) {
        LocatePhaseSums *sums = &layout->several[layout->several_at[v]];
        sums->weight[lane] += weight, sums->gasps[lane] += gasps;
      }
    }
  /* one-phase parts count as a whole for the device of several phases above them */
  for (uint32_t v = n; v-- > 0;) {
    uint32_t up = layout->parent[v];
    if (up == LOCATE_NONE || layout->several_at[up] == LOCATE_NONE) continue;
    LocatePhaseSums *to = &layout->several[layout->several_at[up]];
    uint32_t low = layout->first[v], high = layout->first[layout->end[v]];
    if (layout->lane[v] <= LOCATE_LANE_C)
      to->weight[layout->lane[v]] += layout->weight_before[high] - layout->weight_before[low],
          to->gasps[layout->lane[v]] += layout->gasps_before[high] - layout->gasps_before[low];
    else if (layout->several_at[v] != LOCATE_NONE)
      for (int i = 0; i < 3; i++)
        to->weight[i] += layout->several[layout->several_at[v]].weight[i], to->gasps[i] += layout->several[layout->several_at[v]].gasps[i];
  }
  for (uint32_t v = 0; v < n; v++)
    if (layout->first[v] < layout->first[layout->end[v]]) layout->expected[layout->kind[v]] += exp((double)layout->log_odds[v]);
  return true;
}

bool locate_layout_make(LocateLayout *layout, const LocateNetwork *network, const LocateParameters *p, Error *error) {
  uint32_t n = network->device_count, m = network->customer_count;
  *layout = (LocateLayout){.device_count = n, .customer_count = m};
  bool ok = TAKE(parent, n) && TAKE(end, n) && TAKE(first, n) && TAKE(device_of, n) && TAKE(place_of, n) && TAKE(customer_of, m) &&
            TAKE(customer_place, m) && TAKE(customer_device, m) && TAKE(kind, n) && TAKE(lane, n) && TAKE(phase_bits, n) && TAKE(log_odds, n) && TAKE(customer_lane, m) &&
            TAKE(customer_class, m) && TAKE(customer_flags, m) && TAKE(weight_before, m) && TAKE(gasps_before, m) && TAKE(several_at, n) &&
            order_devices(layout, network, error) && describe_devices(layout, network, p, error) && place_customers(layout, network, p, error);
  if (!ok) locate_layout_free(layout);
  return ok;
}
