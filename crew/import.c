/* A package's crews and stock as rows. Crews keep their place and job; what a stock holds is what the package says. */
#include <math.h>

#include "crew/crew.h"
#include "grid/import.h"

static void bind_place(DbStatement *s, int at, int32_t value) {
  if (value == PACKAGE_NO_PLACE) db_bind_null(s, at);
  else db_bind_i64(s, at, value);
}

static bool write_crew(Db *db, int64_t county_id, int64_t id, const Package *package, const PackageCrew *crew, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO crew (county_id, id, code, org_id, name, skills, members, phone, shift_from, shift_until, base_lon_e6, base_lat_e6, version)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1) ON CONFLICT (county_id, id) DO UPDATE SET org_id = excluded.org_id,"
                  " name = excluded.name, skills = excluded.skills, members = excluded.members, phone = excluded.phone, shift_from = excluded.shift_from,"
                  " shift_until = excluded.shift_until, base_lon_e6 = excluded.base_lon_e6, base_lat_e6 = excluded.base_lat_e6, retired_at = NULL",
                  error))
    return false;
  bool known = crew->shift_start_min >= 0 && crew->shift_end_min >= 0;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  db_bind_text(s, 3, crew->code);
  db_bind_i64(s, 4, crew->org == PACKAGE_NONE ? 0 : package->orgs[crew->org].key);
  const Text texts[] = {crew->name, crew->skills, crew->members, crew->phone};
  for (int i = 0; i < 4; i++) db_bind_text(s, 5 + i, texts[i].at ? texts[i] : TEXT(""));
  db_bind_i64(s, 9, known ? crew->shift_start_min : 0);
  db_bind_i64(s, 10, known ? crew->shift_end_min : 0);
  bind_place(s, 11, crew->base_lon_e6);
  bind_place(s, 12, crew->base_lat_e6);
  return db_done(s, error);
}

bool crew_import(GridImportCount *count, Db *db, int64_t county_id, const Package *package, Instant now, Error *error) {
  ImportRows rows;
  bool fresh;
  int64_t id;
  bool ok = import_rows_open(&rows, db, county_id, "SELECT id, code, CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END FROM crew WHERE county_id = ?1", error);
  for (size_t i = 0; ok && i < package->crew_count; i++)
    ok = import_rows_key(&rows, package->crews[i].code, now, &id, &fresh, error) && write_crew(db, county_id, id, package, &package->crews[i], error);
  ok = ok && import_rows_retire(&rows, db, county_id, now, "UPDATE crew SET retired_at = ?3 WHERE county_id = ?1 AND id = ?2", error);
  *count = rows.count;
  import_rows_end(&rows);
  return ok;
}

static bool write_stock(Db *db, int64_t county_id, int64_t id, Text code, const Package *package, const PackageStock *stock, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db,
                  "INSERT INTO stock (county_id, id, code, org_id, item, unit, quantity, lon_e6, lat_e6) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                  " ON CONFLICT (county_id, id) DO UPDATE SET unit = excluded.unit, quantity = excluded.quantity, lon_e6 = excluded.lon_e6,"
                  " lat_e6 = excluded.lat_e6, retired_at = NULL",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, id);
  db_bind_text(s, 3, code);
  db_bind_i64(s, 4, stock->org == PACKAGE_NONE ? 0 : package->orgs[stock->org].key);
  db_bind_text(s, 5, stock->item);
  db_bind_text(s, 6, stock->unit.at ? stock->unit : TEXT(""));
  db_bind_i64(s, 7, stock->quantity > 0 ? (int64_t)fmin(floor(stock->quantity), 1e12) : 0);
  bind_place(s, 8, stock->lon_e6);
  bind_place(s, 9, stock->lat_e6);
  return db_done(s, error);
}

bool stock_import(GridImportCount *count, Db *db, int64_t county_id, const Package *package, Instant now, Error *error) {
  ImportRows rows;
  Arena arena; /* codes are looked up until the end */
  arena_begin(&arena, 0);
  bool fresh;
  int64_t id;
  bool ok = import_rows_open(&rows, db, county_id, "SELECT id, code, CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END FROM stock WHERE county_id = ?1", error);
  for (size_t i = 0; ok && i < package->stock_count; i++) {
    const PackageStock *stock = &package->stock[i];
    Text org = stock->org == PACKAGE_NONE ? TEXT("") : package->orgs[stock->org].code;
    char *code = arena_take(&arena, org.len + stock->item.len + 1);
    if (!code) {
      ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "stock");
      break;
    }
    if (org.len) memcpy(code, org.at, org.len);
    code[org.len] = '/';
    if (stock->item.len) memcpy(code + org.len + 1, stock->item.at, stock->item.len);
    Text whole = {code, org.len + stock->item.len + 1};
    ok = import_rows_key(&rows, whole, now, &id, &fresh, error) && write_stock(db, county_id, id, whole, package, stock, error);
  }
  ok = ok && import_rows_retire(&rows, db, county_id, now, "UPDATE stock SET retired_at = ?3 WHERE county_id = ?1 AND id = ?2", error);
  *count = rows.count;
  import_rows_end(&rows);
  arena_end(&arena);
  return ok;
}
