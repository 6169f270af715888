#include "interop/form.h"

#include "interop/cim.h"
#include "interop/dss_package.h"

static const struct {
  const char *ending;
  bool (*read)(Package *out, const char *path, PackageProblems *problems, PackageProgress progress, void *progress_self, Error *error);
} FORMS[] = {{".xml", cim_read}, {".rdf", cim_read}, {".dss", dss_package_read}, {".DSS", dss_package_read}, {"", package_read}};

bool form_read(Package *out, const char *path, PackageProblems *problems, PackageProgress progress, void *progress_self, Error *error) {
  Text name = text_of(path);
  if (text_ends(name, TEXT(".zst"))) name = text_slice(name, 0, name.len - 4);
  size_t form = 0;
  while (!text_ends(name, text_of(FORMS[form].ending))) form++; /* the last ends all */
  return FORMS[form].read(out, path, problems, progress, progress_self, error);
}
