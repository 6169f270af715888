/* The CIM reader on any bytes: nothing crashes, a failure says what; a package that comes out is a forest in preorder. */
#include <assert.h>

#include "fuzz/fuzz.h"
#include "interop/cim.h"

static bool read_text(void *self, char *out, size_t room, size_t *got, Error *error) {
  (void)error;
  Text *text = self;
  *got = text->len < room ? text->len : room;
  if (*got) memcpy(out, text->at, *got);
  *text = text_slice(*text, *got, text->len);
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Text text = {(const char *)data, size};
  Package p;
  PackageProblems problems;
  Error error = {0};
  if (cim_read_stream(&p, "f.xml", read_text, &text, &problems, NULL, NULL, &error)) {
    for (uint32_t i = 0; i < p.device_count; i++) {
      const PackageDevice *d = &p.devices[i];
      assert(d->end > i && d->end <= p.device_count && d->code.len);
      if (d->parent == PACKAGE_NONE) assert(d->kind == 0);
      else assert(d->parent < i && d->end <= p.devices[d->parent].end && d->depth == p.devices[d->parent].depth + 1 && !(d->phases & ~p.devices[d->parent].phases));
    }
    for (size_t i = 0; i < p.tie_count; i++) assert(p.ties[i].a < p.device_count && p.ties[i].b < p.device_count && p.ties[i].a != p.ties[i].b);
    for (size_t i = 0; i < p.customer_count; i++) assert(p.customers[i].device < p.device_count && p.customers[i].number.len);
    package_end(&p);
  } else {
    assert(error.code != ERROR_NONE && (error.code != ERROR_IMPORT_FAILED || problems.count));
  }
  package_problems_end(&problems);
  return 0;
}
