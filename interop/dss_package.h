/* A network from OpenDSS scripts as a Package: what the script describes once it has run, its loads as customers, without meters. Lines and
 * switches (switch=y), transformers with their banks, reactors and capacitors in series; a disabled switch is open. docs/import.md holds
 * the mapping. */
#ifndef INTEROP_DSS_PACKAGE_H
#define INTEROP_DSS_PACKAGE_H

#include "interop/dss.h"
#include "interop/package.h"

/* As package_read; `path` is the script that names the others. */
bool dss_package_read(Package *out, const char *path, PackageProblems *problems, PackageProgress progress, void *progress_self,
                      Error *error) MUST_USE;
bool dss_package_read_from(Package *out, const char *path, const DssFiles *files, PackageProblems *problems, Error *error) MUST_USE;

#endif
