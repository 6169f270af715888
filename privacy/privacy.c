#include "privacy/privacy.h"

#include "privacy/privacy_inside.h"

bool privacy_open(Privacy **out, Desk *desk, Db *db, People *people, int64_t county_id, Error *error) {
  Privacy *privacy = memory_new(sizeof *privacy);
  *out = privacy;
  if (!privacy) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "privacy");
  *privacy = (Privacy){people, county_id};
  desk_on_reload(desk, people_refresh_changed, people);
  return privacy_saw_ids(desk, db, county_id, error) || (privacy_close(privacy), *out = NULL, false);
}

void privacy_close(Privacy *privacy) { memory_free(privacy); }
