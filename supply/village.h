/* For tests and benches: low-voltage areas made up, with one thing wrong, or nothing. Drawn around the standard, never on it: conductors a
 * size under, lines a bit long, phases uneven, so that what is wrong must stand out from what is merely not perfect. */
#ifndef SUPPLY_VILLAGE_H
#define SUPPLY_VILLAGE_H

#include "base/random.h"
#include "supply/cause.h"
#include "supply/remedy.h"

enum { VILLAGE_NODES = 400, VILLAGE_CUSTOMERS = 400, VILLAGE_CONDUCTORS = 10, VILLAGE_WELL = -1 };

typedef struct Village {
  Area area;
  AreaNode nodes[VILLAGE_NODES];
  AreaCustomer customers[VILLAGE_CUSTOMERS];
  float kw[VILLAGE_CUSTOMERS * AREA_QUARTERS], source[AREA_QUARTERS];
} Village;

extern const AreaConductor VILLAGE_CONDUCTOR[VILLAGE_CONDUCTORS];
extern const CauseStandard VILLAGE_STANDARD;
void village_rates(RemedyRates *out);
/* A well area; then `wrong` (CauseKind) is made worse and worse until somebody is low. false: it never became so. */
bool village_draw(Village *out, int wrong, int customers, uint64_t seed, Arena *work);

#endif
