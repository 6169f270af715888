/* What holds of every package, whatever it was read from. */
#ifndef FUZZ_PACKAGE_H
#define FUZZ_PACKAGE_H

#include <assert.h>

#include "interop/package.h"

static inline void package_must_hold(const Package *p) {
  for (uint32_t i = 0; i < p->device_count; i++) {
    const PackageDevice *d = &p->devices[i];
    assert(d->end > i && d->end <= p->device_count && d->code.len && (d->org == PACKAGE_NONE || d->org < p->org_count));
    if (d->parent == PACKAGE_NONE) {
      assert(d->kind == 0);
      continue;
    }
    const PackageDevice *up = &p->devices[d->parent];
    assert(d->parent < i && d->end <= up->end && d->depth == up->depth + 1 && !(d->phases & ~up->phases));
  }
  for (size_t i = 0; i < p->tie_count; i++) assert(p->ties[i].a < p->device_count && p->ties[i].b < p->device_count && p->ties[i].a != p->ties[i].b);
  for (size_t i = 0; i < p->customer_count; i++) {
    const PackageCustomer *c = &p->customers[i];
    assert(c->device < p->device_count && c->number.len && !(c->phases & ~p->devices[c->device].phases));
    assert(i == 0 || p->customers[i - 1].device <= c->device);
  }
}

#endif
