/* A network in any form known here, recognised by the name of its file: a folder is a grid package, .xml and .rdf are CIM, .dss is OpenDSS. One row a form. */
#ifndef INTEROP_FORM_H
#define INTEROP_FORM_H

#include "interop/package.h"

/* As package_read. ".zst" behind a file's name plays no part. What no other form claims is read as a grid package. */
bool form_read(Package *out, const char *path, PackageProblems *problems, PackageProgress progress, void *progress_self, Error *error) MUST_USE;

#endif
