/* A network from a CIM RDF/XML file (IEC 61970-301, 61968-11; namespaces CIM16, CIM17 and CIM100), streamed: the file may be of any size, only
 * what is needed of each object is kept. Connectivity nodes and terminals make a graph; from the sources over closed equipment it becomes
 * the tree of a Package. Normally open switches become ties. Loops are problems, told by name; islands are left out, told in `problems` when
 * the rest was read. docs/import.md holds the mapping.
 *
 * No document type, so no entities; nothing is fetched; depth, texts and objects are limited. */
#ifndef INTEROP_CIM_H
#define INTEROP_CIM_H

#include "interop/package.h"

/* As CsvRead. */
typedef bool (*CimSource)(void *self, char *out, size_t room, size_t *got, Error *error);

/* As package_read. `path` may be compressed (.zst). */
bool cim_read(Package *out, const char *path, PackageProblems *problems, PackageProgress progress, void *progress_self, Error *error) MUST_USE;
/* From any stream; `name` stands in the errors. */
bool cim_read_stream(Package *out, const char *name, CimSource source, void *self, PackageProblems *problems, PackageProgress progress,
                     void *progress_self, Error *error) MUST_USE;

#endif
