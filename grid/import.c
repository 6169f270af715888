#include "grid/import.h"

#include "grid/part.h"

static void bind_degrees(DbStatement *statement, int at, int32_t micro) {
  if (micro == PACKAGE_NO_PLACE) db_bind_null(statement, at);
  else db_bind_i64(statement, at, micro);
}

static const char INSERT_ORG[] =
    "INSERT INTO org (county_id, id, code, parent_id, level, name, area_type, manager, manager_phone) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char UPDATE_ORG[] =
    "UPDATE org SET code = ?3, parent_id = ?4, level = ?5, name = ?6, area_type = ?7, manager = ?8, manager_phone = ?9, retired_at = NULL "
    "WHERE county_id = ?1 AND id = ?2";

static bool write_org(Db *db, int64_t county_id, const Package *package, const PackageOrg *org, bool fresh, Error *error) {
  DbStatement *s;
  if (!(fresh ? db_prepare_bulk(&s, db, INSERT_ORG, error) : db_prepare(&s, db, UPDATE_ORG, error))) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, org->key);
  db_bind_text(s, 3, org->code);
  db_bind_i64(s, 4, org->parent == PACKAGE_NONE ? 0 : package->orgs[org->parent].key);
  db_bind_text(s, 5, text_of(package_level_name(org->level)));
  db_bind_text(s, 6, org->name);
  db_bind_text(s, 7, org->area_type);
  db_bind_text(s, 8, org->manager);
  db_bind_text(s, 9, org->manager_phone);
  return db_done(s, error);
}

static bool import_orgs(GridImportCount *count, Db *db, int64_t county_id, Package *package, Instant now, Error *error) {
  ImportRows rows;
  bool *fresh = memory_new(package->org_count);
  bool ok = import_rows_open(&rows, db, county_id,
                             "SELECT id, code, CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END FROM org WHERE county_id = ?1", error);
  if (ok && !fresh) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "import");
  for (size_t i = 0; ok && i < package->org_count; i++)
    ok = import_rows_key(&rows, package->orgs[i].code, now, &package->orgs[i].key, &fresh[i], error);
  for (size_t i = 0; ok && i < package->org_count; i++) ok = write_org(db, county_id, package, &package->orgs[i], fresh[i], error);
  if (ok) ok = import_rows_retire(&rows, db, county_id, now, "UPDATE org SET retired_at = ?3 WHERE county_id = ?1 AND id = ?2", error);
  *count = rows.count;
  import_rows_end(&rows);
  memory_free(fresh);
  return ok;
}

static const char INSERT_DEVICE[] =
    "INSERT INTO device (county_id, id, code, name, parent_id, position, org_id, kind, phases, ownership, lon_e6, lat_e6, rated_kva, length_m, "
    "conductor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
static const char UPDATE_DEVICE[] =
    "UPDATE device SET code = ?3, name = ?4, parent_id = ?5, position = ?6, org_id = ?7, kind = ?8, phases = ?9, ownership = ?10, lon_e6 = ?11, "
    "lat_e6 = ?12, rated_kva = ?13, length_m = ?14, conductor = ?15, retired_at = NULL WHERE county_id = ?1 AND id = ?2";

/* Its own, or that of the nearest above that names one. */
static int64_t org_of(const Package *package, size_t index) {
  const PackageDevice *device = &package->devices[index];
  while (device->org == PACKAGE_NONE && device->parent != PACKAGE_NONE) device = &package->devices[device->parent];
  return device->org == PACKAGE_NONE ? 0 : package->orgs[device->org].key;
}

static bool write_device(Db *db, int64_t county_id, const Package *package, size_t index, bool fresh, Error *error) {
  const PackageDevice *device = &package->devices[index];
  DbStatement *s;
  if (!(fresh ? db_prepare_bulk(&s, db, INSERT_DEVICE, error) : db_prepare(&s, db, UPDATE_DEVICE, error))) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, device->key);
  db_bind_text(s, 3, device->code);
  db_bind_text(s, 4, device->name);
  db_bind_i64(s, 5, device->parent == PACKAGE_NONE ? 0 : package->devices[device->parent].key);
  db_bind_i64(s, 6, (int64_t)index);
  db_bind_i64(s, 7, org_of(package, index));
  db_bind_i64(s, 8, device->kind);
  db_bind_i64(s, 9, device->phases);
  db_bind_i64(s, 10, device->ownership);
  bind_degrees(s, 11, device->lon_e6);
  bind_degrees(s, 12, device->lat_e6);
  db_bind_f64(s, 13, (double)device->rated_kva);
  db_bind_f64(s, 14, (double)device->length_m);
  db_bind_text(s, 15, device->conductor);
  return db_done(s, error);
}

typedef struct Teller {
  PackageProgress progress;
  void *self;
} Teller;

static bool import_devices(GridImportCount *count, Db *db, int64_t county_id, Package *package, Instant now, Teller teller, Error *error) {
  enum { TELL_EVERY = 16384 };
  ImportRows rows;
  bool ok = import_rows_open(&rows, db, county_id,
                             "SELECT id, code, CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END FROM device WHERE county_id = ?1", error);
  for (size_t i = 0; ok && i < package->device_count; i++) { /* in preorder: the parent's key is known */
    bool fresh;
    if (teller.progress && i % TELL_EVERY == 0) teller.progress(teller.self, "device", (int64_t)i, (int64_t)package->device_count);
    ok = import_rows_key(&rows, package->devices[i].code, now, &package->devices[i].key, &fresh, error) &&
         write_device(db, county_id, package, i, fresh, error);
  }
  if (ok)
    ok = import_rows_retire(&rows, db, county_id, now,
                            "UPDATE device SET retired_at = ?3, position = NULL WHERE county_id = ?1 AND id = ?2", error);
  *count = rows.count;
  import_rows_end(&rows);
  return ok;
}

static const char INSERT_TIE[] =
    "INSERT INTO tie (county_id, id, code, name, kind, device_a, device_b, lon_e6, lat_e6) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char UPDATE_TIE[] =
    "UPDATE tie SET code = ?3, name = ?4, kind = ?5, device_a = ?6, device_b = ?7, lon_e6 = ?8, lat_e6 = ?9, retired_at = NULL "
    "WHERE county_id = ?1 AND id = ?2";

static bool import_ties(GridImportCount *count, Db *db, int64_t county_id, Package *package, Instant now, Error *error) {
  ImportRows rows;
  bool ok = import_rows_open(&rows, db, county_id,
                             "SELECT id, code, CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END FROM tie WHERE county_id = ?1", error);
  for (size_t i = 0; ok && i < package->tie_count; i++) {
    const PackageTie *tie = &package->ties[i];
    DbStatement *s;
    int64_t key;
    bool fresh;
    ok = import_rows_key(&rows, tie->code, now, &key, &fresh, error) &&
         (fresh ? db_prepare_bulk(&s, db, INSERT_TIE, error) : db_prepare(&s, db, UPDATE_TIE, error));
    if (!ok) break;
    db_bind_i64(s, 1, county_id);
    db_bind_i64(s, 2, key);
    db_bind_text(s, 3, tie->code);
    db_bind_text(s, 4, tie->name);
    db_bind_i64(s, 5, tie->kind);
    db_bind_i64(s, 6, package->devices[tie->a].key);
    db_bind_i64(s, 7, package->devices[tie->b].key);
    bind_degrees(s, 8, tie->lon_e6);
    bind_degrees(s, 9, tie->lat_e6);
    ok = db_done(s, error);
  }
  if (ok) ok = import_rows_retire(&rows, db, county_id, now, "UPDATE tie SET retired_at = ?3 WHERE county_id = ?1 AND id = ?2", error);
  *count = rows.count;
  import_rows_end(&rows);
  return ok;
}

static bool import_backdrop(Db *db, int64_t county_id, const Package *package, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "DELETE FROM backdrop WHERE county_id = ?1", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!db_done(s, error)) return false;
  if (package->backdrop.len == 0) return true;
  if (!db_prepare(&s, db, "INSERT INTO backdrop (county_id, body) VALUES (?1, ?2)", error)) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_text(s, 2, package->backdrop);
  return db_done(s, error);
}

static bool raise_version(Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO setting (county_id, name, value) VALUES (?1, 'grid.version', '1') "
                  "ON CONFLICT (county_id, name) DO UPDATE SET value = CAST(CAST(setting.value AS INTEGER) + 1 AS TEXT)",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  return db_done(s, error);
}

bool grid_import(GridImported *out, Db *db, int64_t county_id, Package *package, Instant now, PackageProgress progress, void *progress_self,
                 Error *error) {
  *out = (GridImported){0};
  return import_orgs(&out->orgs, db, county_id, package, now, error) && part_rows_write(db, county_id, error) &&
         import_devices(&out->devices, db, county_id, package, now, (Teller){progress, progress_self}, error) &&
         import_ties(&out->ties, db, county_id, package, now, error) && import_backdrop(db, county_id, package, error) &&
         raise_version(db, county_id, error);
}
