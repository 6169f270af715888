/* A company moved from one store to another: every table of the schema, row by row in the order of its key, and then both sides read again
 * and compared by a hash a table. Types and bytes are the same on both, so the event chain verifies on the other side as it did. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/db.h"

typedef struct CopyCount {
  int64_t tables, rows;
} CopyCount;

/* `from`, of the newest schema, may be a reader while others write: then it is one moment of it. `to` must hold no company (its tables none or empty); all or nothing. Leases are not copied. `told` (may be NULL) hears of each table. */
typedef void (*CopyTold)(void *self, const char *table, int64_t rows);
bool store_copy(CopyCount *out, Db *from, Db *to, CopyTold told, void *self, Error *error) MUST_USE;
/* BLAKE2b-256 over the rows in the order of the primary key, each value with its type and length. */
enum { COPY_HASH_BYTES = 32 };
bool store_table_hash(unsigned char hash[COPY_HASH_BYTES], int64_t *rows, Db *db, const char *table, Error *error) MUST_USE;

#endif
