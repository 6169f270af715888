/* From a network and its customers to an area that can be computed: devices below a transformer become nodes, their conductors are looked up,
 * what is not said is filled in and counted. */
#ifndef SUPPLY_SITE_H
#define SUPPLY_SITE_H

#include "supply/book.h"

typedef struct SiteDevice { /* [0] the transformer; parents before children */
  uint32_t parent;          /* row */
  Text conductor;
  float length_m;           /* 0: not said: the straight way, where both ends have a place */
  int32_t lon_e6, lat_e6;   /* INT32_MIN: no place */
} SiteDevice;

typedef struct SiteCustomer {
  uint32_t device;          /* row */
  uint8_t phases, category;
  float contract_kw;
  Text tags;
} SiteCustomer;

typedef struct Site {
  const SiteDevice *devices;
  const SiteCustomer *customers;
  uint32_t device_count, customer_count;
  float rated_kva;
} Site;

typedef struct SiteGuess { /* what was not said */
  uint32_t conductors, lengths, contracts, phases;
  bool rating;
} SiteGuess;

/* In the arena; loads are those of the book (contract and category), the medium voltage nominal. `standard`: the book's, with the conductor's
 * place in this area's table; may be NULL. The table holds every conductor met, then what works would use. */
bool site_area(const Site *site, const SupplyBook *book, Area *out, CauseStandard *standard, SiteGuess *guess, Arena *arena, Error *error) MUST_USE;

#endif
