/* A grid package as the locating engine takes it: arrays by device and customer (in the package's order), and the names of both. For the
 * command line and the benchmark; the running company's network comes from grid/ and people/. */
#ifndef OUTAGE_LOCATE_PACKAGE_H
#define OUTAGE_LOCATE_PACKAGE_H

#include "base/map.h"
#include "interop/package.h"
#include "outage/locate_evidence.h"

typedef struct LocatePackage {
  const Package *package;
  Arena arena;
  LocateNetwork network; /* who has no meter sends no gasp and cannot be pinged; a length of 0 is unknown */
  LocateTie *ties;       /* as they normally lie: open */
  size_t tie_count;
  LocateNames names;                    /* its self is this struct, which must stay where it is */
  TextMap customers, devices, tie_rows; /* a customer is found by number, then by meter; of two with one meter, the first */
} LocatePackage;

/* The package must outlive it. Whatever came, end it. */
bool locate_package_begin(LocatePackage *out, const Package *package, Error *error) MUST_USE;
void locate_package_end(LocatePackage *package);

#endif
