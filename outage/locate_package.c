#include "outage/locate_package.h"

#include <assert.h>
#include <math.h>

static_assert((int)PACKAGE_KINDS == (int)LOCATE_KINDS, "kinds of devices in one order");
static_assert(PACKAGE_NONE == LOCATE_NONE, "one word for none");

static uint32_t find(const TextMap *map, Text name) {
  int64_t row;
  return text_map_get(map, name, &row) ? (uint32_t)row : LOCATE_NONE;
}
static uint32_t find_customer(void *self, Text name) { return find(&((LocatePackage *)self)->customers, name); }
static uint32_t find_device(void *self, Text id) { return find(&((LocatePackage *)self)->devices, id); }
static uint32_t find_tie(void *self, Text id) { return find(&((LocatePackage *)self)->tie_rows, id); }
static Text customer_name(void *self, uint32_t row) { return ((LocatePackage *)self)->package->customers[row].number; }
static Text device_name(void *self, uint32_t row) { return ((LocatePackage *)self)->package->devices[row].code; }

static bool name_row(TextMap *map, Text name, size_t row) {
  int64_t value = (int64_t)row;
  bool fresh;
  return name.len == 0 || text_map_put(map, name, &value, &fresh);
}

static bool name_all(LocatePackage *out, const Package *p) {
  bool ok = text_map_reserve(&out->devices, p->device_count) && text_map_reserve(&out->customers, p->customer_count);
  for (size_t i = 0; ok && i < p->device_count; i++) ok = name_row(&out->devices, p->devices[i].code, i);
  for (size_t i = 0; ok && i < p->tie_count; i++) ok = name_row(&out->tie_rows, p->ties[i].code, i);
  for (size_t i = 0; ok && i < p->customer_count; i++) ok = name_row(&out->customers, p->customers[i].number, i);
  for (size_t i = 0; ok && i < p->customer_count; i++) ok = name_row(&out->customers, p->customers[i].meter, i);
  return ok;
}

static bool fill_devices(LocatePackage *out, const Package *p) {
  size_t count = p->device_count + 1; /* never an empty array */
  uint32_t *parent = ARENA_ARRAY(&out->arena, uint32_t, count);
  uint8_t *kind = ARENA_ARRAY(&out->arena, uint8_t, count), *phases = ARENA_ARRAY(&out->arena, uint8_t, count);
  float *length = ARENA_ARRAY(&out->arena, float, count);
  if (!parent || !kind || !phases || !length) return false;
  for (size_t i = 0; i < p->device_count; i++) {
    const PackageDevice *device = &p->devices[i];
    parent[i] = device->parent, kind[i] = device->kind, phases[i] = device->phases;
    length[i] = device->length_m > 0 ? device->length_m : NAN;
  }
  out->network.device_count = (uint32_t)p->device_count;
  out->network.parent = parent, out->network.kind = kind, out->network.phases = phases, out->network.length_m = length;
  return true;
}

static bool fill_customers(LocatePackage *out, const Package *p) {
  size_t count = p->customer_count + 1;
  uint32_t *device = ARENA_ARRAY(&out->arena, uint32_t, count);
  uint8_t *phases = ARENA_ARRAY(&out->arena, uint8_t, count), *category = ARENA_ARRAY(&out->arena, uint8_t, count),
          *flags = ARENA_ARRAY(&out->arena, uint8_t, count);
  if (!device || !phases || !category || !flags) return false;
  for (size_t i = 0; i < p->customer_count; i++) {
    const PackageCustomer *customer = &p->customers[i];
    device[i] = customer->device, phases[i] = customer->phases, category[i] = customer->category;
    flags[i] = (uint8_t)((customer->meter.len ? LOCATE_GASPS | LOCATE_PINGS : 0) | (customer->importance ? LOCATE_IMPORTANT : 0) |
                         (package_is_vulnerable(customer->tags) ? LOCATE_VULNERABLE : 0));
  }
  out->network.customer_count = (uint32_t)p->customer_count;
  out->network.customer_device = device, out->network.customer_phases = phases, out->network.customer_class = category;
  out->network.customer_flags = flags;
  return true;
}

bool locate_package_begin(LocatePackage *out, const Package *package, Error *error) {
  *out = (LocatePackage){.package = package, .tie_count = package->tie_count};
  out->names = (LocateNames){out, find_customer, find_device, find_tie, customer_name, device_name};
  arena_begin(&out->arena, 0);
  out->ties = ARENA_ARRAY(&out->arena, LocateTie, package->tie_count + 1);
  for (size_t i = 0; out->ties && i < package->tie_count; i++)
    out->ties[i] = (LocateTie){.device_a = package->ties[i].a, .device_b = package->ties[i].b};
  return (out->ties && fill_devices(out, package) && fill_customers(out, package) && name_all(out, package)) ||
         error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "package");
}

void locate_package_end(LocatePackage *package) {
  text_map_free(&package->customers);
  text_map_free(&package->devices);
  text_map_free(&package->tie_rows);
  arena_end(&package->arena);
}
