/* Writes a package's organisation, network and backdrop as rows, inside the caller's transaction. Rows are known by the company's own ids:
 * what was there before keeps its key and is changed; what is new gets a key; what the package no longer names is marked retired, never
 * deleted, since orders and events may speak of it (and comes back with the same key when a later package names it again). */
#ifndef GRID_IMPORT_H
#define GRID_IMPORT_H

#include "base/id.h"
#include "base/map.h"
#include "base/vector.h"
#include "interop/package.h"
#include "store/db.h"

typedef struct GridImportCount {
  int64_t added, kept, retired;
} GridImportCount;

typedef struct GridImported {
  GridImportCount orgs, devices, ties;
} GridImported;

/* Fills in the keys of package->orgs and package->devices. `progress` may be NULL. */
bool grid_import(GridImported *out, Db *db, int64_t county_id, Package *package, Instant now, PackageProgress progress, void *progress_self,
                 Error *error) MUST_USE;

/* The rows of one table by the company's own ids; for this import and those of other rooms. */
typedef struct ImportRows {
  TextMap place;              /* code → place in ids */
  VECTOR(int64_t) ids;
  VECTOR(bool) named;         /* by this package */
  VECTOR(bool) retired;       /* before this import */
  Arena texts;
  IdMaker maker;
  GridImportCount count;
} ImportRows;

/* `select` gives id, code, and whether retired (0 or 1), of county ?1. */
bool import_rows_open(ImportRows *rows, Db *db, int64_t county_id, const char *select, Error *error) MUST_USE;
/* The key of the row with this code, new where there is none. */
bool import_rows_key(ImportRows *rows, Text code, Instant now, int64_t *key, bool *fresh, Error *error) MUST_USE;
/* Runs `update` (county ?1, id ?2, now ?3) for each row not named. */
bool import_rows_retire(ImportRows *rows, Db *db, int64_t county_id, Instant now, const char *update, Error *error) MUST_USE;
void import_rows_end(ImportRows *rows);

#endif
