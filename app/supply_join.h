/* What the supply room may know of the meters' readings. */
#ifndef APP_SUPPLY_JOIN_H
#define APP_SUPPLY_JOIN_H

#include "meter/meter.h"
#include "supply/supply.h"

/* Must live as long as the room it is handed to. */
void supply_join(SupplyReadings *out, Meters *meters);

#endif
