/* Bringing in a package: read, wholly checked, and written in one transaction: the organisation, the network, the customers, and whatever
 * rooms above add. Nothing is kept on any error. The same package twice changes nothing but the event. The program must not be serving
 * these data meanwhile: the caller sees to that. */
#ifndef PEOPLE_IMPORT_H
#define PEOPLE_IMPORT_H

#include "grid/import.h"

/* Customers only; the package's devices must have their keys (grid_import). Inside the caller's transaction. */
bool people_import(GridImportCount *out, Db *db, int64_t county_id, const Package *package, Instant now, PackageProgress progress,
                   void *progress_self, Error *error) MUST_USE;

/* What a room above brings in: its rows from package->crews, package->stock and the like, whose org rows have keys. Runs inside the
 * transaction. */
typedef struct PackageImporter {
  const char *what; /* literal: the word in the counts, "crews" */
  bool (*run)(GridImportCount *count, Db *db, int64_t county_id, const Package *package, Instant now, Error *error);
} PackageImporter;

typedef struct PackageImport {
  const char *folder; /* or a file in another form: interop/form.h */
  int64_t county_id;
  Instant now;
  Text actor;                        /* of the event, "system" */
  const PackageImporter *importers;  /* ends with a row whose `what` is NULL; may be NULL */
  PackageProgress progress;          /* may be NULL; what: the file read, then the table written */
  void *progress_self;
  bool strict;                       /* what would be left out (interop/package.h) is an error */
} PackageImport;

/* Also records the event import.done (subject "county") with the counts. `problems` may be NULL; see package_read. */
bool package_import(const PackageImport *import, Db *db, PackageProblems *problems, Error *error) MUST_USE;

#endif
