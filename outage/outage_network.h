/* The running company's network as the locating engine takes it: devices by grid index, customers by position. */
#ifndef OUTAGE_NETWORK_H
#define OUTAGE_NETWORK_H

#include "outage/locate.h"
#include "people/customer.h"

/* `meters_speak`: meters that send last gasps are expected to. The engine copies what it needs. */
bool outage_network_engine(Locate **out, const Grid *grid, const People *people, const LocateParameters *parameters, bool meters_speak, Instant now,
                           Error *error) MUST_USE;

#endif
