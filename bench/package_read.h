/* A small reader of the grid package for the benchmark and tests of `locate` alone: devices.csv and customers.csv (or .csv.zst) into
 * flat arrays. The proper import, with its checks, is interop/package.h's. */
#ifndef BENCH_PACKAGE_READ_H
#define BENCH_PACKAGE_READ_H

#include "base/map.h"
#include "outage/locate.h"

typedef struct Package {
  Arena arena;
  LocateNetwork network; /* points at the arrays below */
  uint32_t *parent, *customer_device;
  uint8_t *kind, *phases, *customer_phases, *customer_class, *customer_flags;
  float *length_m;
  Text *device_id, *customer_number, *meter_id;
  TextMap devices, customers, meters; /* id → index */
} Package;

bool package_read(Package *out, const char *folder, Error *error) MUST_USE;
void package_free(Package *package);

#endif
