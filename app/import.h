/* A grid package into a company's folder: all or nothing. */
#ifndef APP_IMPORT_H
#define APP_IMPORT_H

#include "base/error.h"

/* `told`: print progress, problems and the counts for a person. */
bool app_import(const char *package, const char *data, bool told, Error *error) MUST_USE;

#endif
