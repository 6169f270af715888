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
  void *all[] = {layout->device,         layout->device_of,       layout->place_of,      layout->customer_of,
                 layout->customer_place, layout->customer_device, layout->customer_lane, layout->customer_class,
                 layout->customer_flags, layout->before,          layout->several,       layout->exposure};
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
    layout->device[placed].parent = up == LOCATE_NONE ? LOCATE_NONE : layout->place_of[up];
    placed++;
    if (child[v] != LOCATE_NONE) {
      v = child[v];
      continue;
    }
    while (v != LOCATE_NONE && sibling[v] == LOCATE_NONE) layout->device[layout->place_of[v]].end = placed, v = network->parent[v], depth--;
    if (v != LOCATE_NONE) layout->device[layout->place_of[v]].end = placed, v = sibling[v], depth--;
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
    case LOCATE_PHASE_A:
      return LOCATE_LANE_A;
    case LOCATE_PHASE_B:
      return LOCATE_LANE_B;
    case LOCATE_PHASE_C:
      return LOCATE_LANE_C;
    default:
      return LOCATE_LANE_SEVERAL;
  }
}

static double known(const float *values, uint32_t at) { return values ? (double)values[at] : NAN; }

/* A short circuit on a conductor opens the protective device above it; a torn one without a short darkens what is below. */
static bool weigh_priors(LocateLayout *layout, const LocateNetwork *network, const LocateParameters *p, Error *error) {
  double *rate = memory_new(((size_t)layout->device_count + 1) * sizeof *rate);
  if (!rate) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate: network");
  for (uint32_t v = 0; v < layout->device_count; v++) {
    uint32_t from = layout->device_of[v], up = layout->device[v].parent;
    LocateKind kind = (LocateKind)layout->device[v].kind;
    double conductor = locate_conductor_rate(p, kind, known(network->length_m, from));
    while (conductor > 0 && up != LOCATE_NONE && !locate_protects((LocateKind)layout->device[up].kind, kind))
      up = layout->device[up].parent;
    rate[v] += locate_device_rate(p, kind, known(network->age_years, from), known(network->load, from));
    rate[v] += up == LOCATE_NONE ? conductor : (1 - p->trips) * conductor;
    if (up != LOCATE_NONE) rate[up] += p->trips * conductor;
  }
  for (uint32_t v = 0; v < layout->device_count; v++) layout->device[v].log_odds = (float)locate_rate_log_odds(p, rate[v]);
  memory_free(rate);
  return true;
}

static bool describe_devices(LocateLayout *layout, const LocateNetwork *network, const LocateParameters *p, Error *error) {
  uint32_t several = 0;
  for (uint32_t v = 0; v < layout->device_count; v++) {
    uint32_t from = layout->device_of[v], up = layout->device[v].parent;
    if (network->kind[from] >= LOCATE_KINDS) return error_raise(error, ERROR_FIELD_INVALID, "kind\t%u\tno such kind", network->kind[from]);
    layout->device[v].kind = network->kind[from];
    layout->device[v].lane = LOCATE_LANE_ANY, layout->device[v].phase_bits = 0;
    layout->device[v].several = layout->device[v].node = LOCATE_NONE;
    if (!network->phases) continue;
    /* one phase stays one phase all the way down, whatever the data say below it */
    uint8_t above = up == LOCATE_NONE ? (uint8_t)LOCATE_LANE_SEVERAL : layout->device[up].lane, phases = network->phases[from] & 7;
    uint8_t bits = phases ? phases : up == LOCATE_NONE ? 7 : layout->device[up].phase_bits;
    layout->device[v].lane = above == LOCATE_LANE_SEVERAL ? lane_of(bits) : above;
    layout->device[v].phase_bits = bits;
    if (layout->device[v].lane == LOCATE_LANE_SEVERAL) layout->device[v].several = several++;
  }
  return weigh_priors(layout, network, p, error) && TAKE(several, several);
}

static bool place_customers(LocateLayout *layout, const LocateNetwork *network, const LocateParameters *p, Error *error) {
  uint32_t n = layout->device_count, m = layout->customer_count;
  for (uint32_t c = 0; c < m; c++) {
    uint32_t device = network->customer_device[c];
    if (device >= n) return error_raise(error, ERROR_FIELD_INVALID, "customer_device\t%u\tcustomer %u hangs on no device", device, c);
    layout->device[layout->place_of[device] + 1].first++;
  }
  for (uint32_t v = 0; v < n; v++) layout->device[v + 1].first += layout->device[v].first;
  /* first[v] moves on while v's customers are placed, and is moved back after */
  for (uint32_t c = 0; c < m; c++) {
    uint32_t place = layout->device[layout->place_of[network->customer_device[c]]].first++;
    layout->customer_of[place] = c, layout->customer_place[c] = place;
  }
  for (uint32_t v = n; v > 0; v--) layout->device[v].first = layout->device[v - 1].first;
  layout->device[0].first = 0;
  for (uint32_t v = 0; v < n; v++) layout->device[v].last = layout->device[layout->device[v].end].first;
  for (uint32_t v = 0; v < n; v++)
    for (uint32_t c = layout->device[v].first; c < layout->device[v + 1].first; c++) {
      uint32_t from = layout->customer_of[c];
      uint8_t class = network->customer_class ? network->customer_class[from] : 0;
      if (class >= LOCATE_CLASSES) return error_raise(error, ERROR_FIELD_INVALID, "customer_class\t%u\tno such class", class);
      layout->customer_device[c] = v;
      uint8_t lane = layout->device[v].lane;
      if (lane == LOCATE_LANE_SEVERAL && network->customer_phases && (network->customer_phases[from] & 7))
        lane = lane_of(network->customer_phases[from] & 7);
      layout->customer_lane[c] = lane;
      layout->customer_class[c] = class;
      layout->customer_flags[c] = network->customer_flags ? network->customer_flags[from] : LOCATE_GASPS | LOCATE_PINGS;
      uint32_t weight = (uint32_t)lround(fmin(fmax(p->call_weight[class], 0), 15) * 16),
               gasps = layout->customer_flags[c] & LOCATE_GASPS ? 1 : 0;
      layout->before[c + 1].weight = layout->before[c].weight + weight;
      layout->before[c + 1].gasps = layout->before[c].gasps + gasps;
      if (lane > LOCATE_LANE_C) continue;
      if (layout->device[v].several != LOCATE_NONE) {
        LocatePhaseSums *sums = &layout->several[layout->device[v].several];
        sums->weight[lane] += weight, sums->gasps[lane] += gasps;
      }
    }
  /* one-phase parts count as a whole for the device of several phases above them */
  for (uint32_t v = n; v-- > 0;) {
    uint32_t up = layout->device[v].parent;
    if (up == LOCATE_NONE || layout->device[up].several == LOCATE_NONE) continue;
    LocatePhaseSums *to = &layout->several[layout->device[up].several];
    uint32_t low = layout->device[v].first, high = layout->device[layout->device[v].end].first;
    if (layout->device[v].lane <= LOCATE_LANE_C)
      to->weight[layout->device[v].lane] += layout->before[high].weight - layout->before[low].weight,
          to->gasps[layout->device[v].lane] += layout->before[high].gasps - layout->before[low].gasps;
    else if (layout->device[v].several != LOCATE_NONE)
      for (int i = 0; i < 3; i++)
        to->weight[i] += layout->several[layout->device[v].several].weight[i],
            to->gasps[i] += layout->several[layout->device[v].several].gasps[i];
  }
  return true;
}

/* 0, 1 … 7, then two a doubling */
static uint32_t bucket(uint32_t n, uint32_t buckets) {
  uint32_t at = n < 8 ? n : 2 + 2 * (31 - (uint32_t)__builtin_clz(n)) + (n >> (30 - __builtin_clz(n)) & 1);
  return at < buckets ? at : buckets - 1;
}

void locate_layout_expose(LocateLayout *layout) {
  memset(layout->exposure, 0, LOCATE_KINDS * sizeof *layout->exposure);
  for (uint32_t v = 0; v < layout->device_count; v++) {
    const LocateDevice *device = &layout->device[v];
    if (device->first == device->last) continue;
    double odds = exp((double)device->log_odds),
           weight = (double)(layout->before[device->last].weight - layout->before[device->first].weight) / 16,
           gasps = (double)(layout->before[device->last].gasps - layout->before[device->first].gasps);
    LocateExposure *of = &layout->exposure[device->kind][bucket((uint32_t)weight, LOCATE_EXPOSURE_CALLS) * LOCATE_EXPOSURE_GASPS +
                                                         bucket((uint32_t)gasps, LOCATE_EXPOSURE_GASPS)];
    of->faults += odds, of->weight += odds * weight, of->gasps += odds * gasps;
  }
}

bool locate_layout_make(LocateLayout *layout, const LocateNetwork *network, const LocateParameters *p, Error *error) {
  uint32_t n = network->device_count, m = network->customer_count;
  *layout = (LocateLayout){.device_count = n, .customer_count = m};
  bool ok = TAKE(device, n) && TAKE(device_of, n) && TAKE(place_of, n) && TAKE(customer_of, m) && TAKE(customer_place, m) &&
            TAKE(customer_device, m) && TAKE(customer_lane, m) && TAKE(customer_class, m) && TAKE(customer_flags, m) && TAKE(before, m) &&
            TAKE(exposure, LOCATE_KINDS) && order_devices(layout, network, error) && describe_devices(layout, network, p, error) &&
            place_customers(layout, network, p, error);
  if (ok)
    locate_layout_expose(layout);
  else
    locate_layout_free(layout);
  return ok;
}
