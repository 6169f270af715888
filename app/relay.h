/* A server that does not hold its county passes whoever comes on to the one that does: bytes both ways, so that live feeds, keep-alive and
 * cookies work as if they had come there. A redirect would send browsers to an address they may not reach, and off the page's origin. While
 * nobody holds the county, or this server is taking it over, the answer is 503 with Retry-After. */
#ifndef APP_RELAY_H
#define APP_RELAY_H

#include "store/db.h"

typedef struct Relay Relay;

/* Listens on address and port; looks the holder up in the store. `own`: this server's name as a holder, never passed on to. */
bool relay_start(Relay **out, const char *address, uint16_t port, const char *store, int64_t county_id, const char *own,
                 Error *error) MUST_USE;
void relay_stop(Relay *relay); /* every connection ends; NULL is fine */

#endif
