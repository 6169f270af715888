/* The schema: numbered, append-only migrations, one SQL file each in store/schema/. The county leads every key. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/db.h"

int schema_newest(void);
/* Brings the data up to the newest version, all steps in one transaction; refuses data newer than the program. */
bool schema_migrate(Db *db, Error *error) MUST_USE;
/* Same, but only up to `version`: for tests that start from every earlier one. */
bool schema_migrate_to(Db *db, int version, Error *error) MUST_USE;
bool schema_version(int *out, Db *db, Error *error) MUST_USE;

#endif
