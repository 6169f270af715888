/* Leases: which server may write a county, where several share one database (a county in a file is guarded by its folder's lock).
 *
 * No clock is compared. A holder's thread raises `beat` every second; whoever wants the county watches, and when token and beat have not
 * moved for LEASE_PATIENCE of his own time, he raises the token and it is his. The holder's desk raises the beat of its own token in every
 * transaction, at the beginning: the row stays locked until the commit, so nobody can take the county between the check and the commit, and
 * one who lost it finds no row to raise and can write nothing. A holder that stops in the middle of a transaction is ended by the database
 * (see db_postgres.c). */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include "store/db.h"

#define LEASE_BEAT_MS 1000
#define LEASE_PATIENCE_MS 4000

typedef struct Lease Lease;

/* Looks whether the county can be had and takes it: at once when it is free, after LEASE_PATIENCE when its holder has fallen silent. Fails
 * with ERROR_STORE_LOCKED as soon as the holder shows a sign of life. `holder`: where this server answers, "IP:PORT", or a command's name.
 */
bool lease_take(Lease **out, const char *address, int64_t county_id, const char *holder, Error *error) MUST_USE;
void lease_give(Lease *lease); /* the county is free; NULL is fine */
/* In the desk's transaction, first. ERROR_LEASE_LOST when another has the county. */
bool lease_hold(Lease *lease, Db *db, Error *error) MUST_USE;
bool lease_lost(const Lease *lease); /* and will not come back: the house is to be closed */
int64_t lease_token(const Lease *lease);

/* Who holds it, "" nobody: for passing requests on. */
bool lease_holder(char *out, size_t size, Db *db, int64_t county_id, Error *error) MUST_USE;

#endif
