#include "base/id.h"

static const int64_t ID_EPOCH_MS = 1262304000000; /* 2010-01-01T00:00:00Z */

int64_t id_make(IdMaker *maker, Instant now) {
  int64_t ms = now / SPAN_MILLISECOND - ID_EPOCH_MS;
  int64_t id = ms > 0 ? ms << 22 : 1;
  if (id <= maker->last) id = maker->last + 1;
  maker->last = id;
  return id;
}

Instant id_instant(int64_t id) { return ((id >> 22) + ID_EPOCH_MS) * SPAN_MILLISECOND; }
int64_t id_newest(Instant at) { return ((at / SPAN_MILLISECOND - ID_EPOCH_MS + 1) << 22) - 1; }
