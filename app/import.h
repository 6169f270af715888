/* A grid package into a company's folder: all or nothing. */
#ifndef APP_IMPORT_H
#define APP_IMPORT_H

#include "interop/package.h"

typedef struct AppImportHow {
  int64_t county_id; /* 0: 1 */
  bool told;   /* print progress, problems and the counts for a person */
  bool strict; /* what would be left out is an error */
} AppImportHow;
bool app_import(const char *package, const char *data, AppImportHow how, Error *error) MUST_USE;

/* Reads a package for a command; what is wrong with it is printed. */
bool app_package_read(Package *out, const char *path, Error *error) MUST_USE;

#endif
