#include "outage/outage_network.h"

#include <assert.h>
#include <math.h>

static_assert((int)GRID_KIND_COUNT == (int)LOCATE_KINDS && (int)GRID_METER_BOX == (int)LOCATE_METER_BOX, "kinds of devices in one order");
static_assert(GRID_NONE == LOCATE_NONE, "one word for none");

typedef struct Arrays {
  uint32_t *parent, *device;
  uint8_t *kind, *phases, *customer_phases, *category, *flags;
  float *length, *load;
} Arrays;

/* Of what a village has contracted, so much is drawn at once on a hard evening. */
static const float COINCIDENCE = 0.4f;

static void fill(const Arrays *a, const Grid *grid, const People *people, bool meters_speak) {
  for (uint32_t i = 0; i < grid_count(grid); i++) {
    const GridDevice *device = grid_device(grid, i);
    a->parent[i] = device->parent, a->kind[i] = device->kind, a->phases[i] = device->phases;
    a->length[i] = device->length_m > 0 ? device->length_m : NAN;
    a->load[i] = NAN;
  }
  for (uint32_t i = 0; i < people_customer_count(people); i++) {
    Customer customer;
    people_customer(people, i, &customer);
    a->device[i] = customer.device, a->customer_phases[i] = customer.phases, a->category[i] = customer.category;
    a->flags[i] = (uint8_t)((customer.meter.len && meters_speak ? LOCATE_GASPS | LOCATE_PINGS : 0) |
                            (customer.importance ? LOCATE_IMPORTANT : 0) | (customer.vulnerable ? LOCATE_VULNERABLE : 0));
    uint32_t transformer = grid_nearest_above(grid, customer.device, GRID_TRANSFORMER);
    if (transformer == GRID_NONE || !(grid_device(grid, transformer)->rated_kva > 0)) continue;
    float share = COINCIDENCE * customer.contract_kw / grid_device(grid, transformer)->rated_kva;
    a->load[transformer] = isnan(a->load[transformer]) ? share : a->load[transformer] + share;
  }
}

bool outage_network_engine(Locate **out, const Grid *grid, const People *people, const LocateParameters *parameters, bool meters_speak, Instant now,
                           Error *error) {
  Arena arena;
  size_t devices = grid_count(grid) + 1u, customers = people_customer_count(people) + 1u; /* never an empty array */
  arena_begin(&arena, 0);
  Arrays a = {.parent = ARENA_ARRAY(&arena, uint32_t, devices), .device = ARENA_ARRAY(&arena, uint32_t, customers),
              .kind = ARENA_ARRAY(&arena, uint8_t, devices), .phases = ARENA_ARRAY(&arena, uint8_t, devices),
              .customer_phases = ARENA_ARRAY(&arena, uint8_t, customers), .category = ARENA_ARRAY(&arena, uint8_t, customers),
              .flags = ARENA_ARRAY(&arena, uint8_t, customers), .length = ARENA_ARRAY(&arena, float, devices),
              .load = ARENA_ARRAY(&arena, float, devices)};
  bool ok = a.parent && a.device && a.kind && a.phases && a.customer_phases && a.category && a.flags && a.length && a.load;
  if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  if (ok) {
    fill(&a, grid, people, meters_speak);
    LocateNetwork network = {.device_count = grid_count(grid), .customer_count = people_customer_count(people), .parent = a.parent, .kind = a.kind,
                             .length_m = a.length, .load = a.load, .phases = a.phases, .customer_device = a.device, .customer_phases = a.customer_phases,
                             .customer_class = a.category, .customer_flags = a.flags};
    ok = locate_new(out, &network, parameters, now, error);
  }
  arena_end(&arena);
  return ok;
}
