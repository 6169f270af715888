/* The engine's twin, for tests and the benchmark only: it tries every set of faults at every onset in every phase, in the open,
 * and shares with the engine nothing but the likelihoods of single pieces of evidence. */
#ifndef OUTAGE_LOCATE_TWIN_H
#define OUTAGE_LOCATE_TWIN_H

#include "base/random.h"
#include "outage/locate.h"

enum { TWIN_DEVICES = 12, TWIN_CUSTOMERS = 24, TWIN_EVIDENCE = 160 };

/* One random case. Devices here are numbered parents first; `name` is the number the engine knows them by. */
typedef struct TwinCase {
  LocateParameters p;
  Instant now;
  uint32_t devices, customers, evidence_count;
  uint32_t parent[TWIN_DEVICES], name[TWIN_DEVICES], number[TWIN_DEVICES]; /* number: name → own number */
  uint8_t kind[TWIN_DEVICES], phases[TWIN_DEVICES];
  float length_m[TWIN_DEVICES];
  uint32_t customer_device[TWIN_CUSTOMERS];
  uint8_t customer_phases[TWIN_CUSTOMERS], customer_class[TWIN_CUSTOMERS], customer_flags[TWIN_CUSTOMERS];
  bool phased;
  LocateEvidence evidence[TWIN_EVIDENCE]; /* subjects: own numbers */
  LocateWord word[TWIN_DEVICES];          /* overrides */
} TwinCase;

typedef struct TwinResult {
  double log_z, log_map; /* sum and greatest, over "nothing failed" */
  uint64_t sets;         /* tried */
  double cause[TWIN_DEVICES], dark[TWIN_DEVICES];
} TwinResult;

/* Draws a case whose every set can be tried within `sets_max`. */
void twin_draw(TwinCase *c, Random *random, double sets_max);
void twin_solve(const TwinCase *c, TwinResult *out);
/* Feeds the engine the same case (piece by piece or at once) and compares; false and *what when they differ. */
bool twin_compare(const TwinCase *c, bool at_once, const TwinResult *twin, const char **what, Error *error);

#endif
