#include "people/import.h"

#include "base/json.h"
#include "interop/form.h"
#include "store/event.h"

static void bind_degrees(DbStatement *statement, int at, int32_t micro) {
  if (micro == PACKAGE_NO_PLACE) db_bind_null(statement, at);
  else db_bind_i64(statement, at, micro);
}

static const char INSERT[] =
    "INSERT INTO customer (county_id, id, number, name, phone, meter, address, tags, device_id, lon_e6, lat_e6, contract_kw, category, importance, "
    "phases) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
/* A household whose personal data were erased: an import does not bring them back. */
#define KEPT(column, value) " " column " = CASE WHEN erased_at IS NULL THEN " value " ELSE " column " END"
static const char UPDATE[] =
    "UPDATE customer SET number = ?3, meter = ?6, device_id = ?9, contract_kw = ?12, category = ?13, importance = ?14, phases = ?15, retired_at = NULL,"
    KEPT("name", "?4") "," KEPT("phone", "?5") "," KEPT("address", "?7") "," KEPT("tags", "?8") "," KEPT("lon_e6", "?10") "," KEPT("lat_e6", "?11")
    " WHERE county_id = ?1 AND id = ?2";

static bool write_customer(Db *db, int64_t county_id, const Package *package, const PackageCustomer *customer, int64_t key, bool fresh,
                           Error *error) {
  DbStatement *s;
  if (!(fresh ? db_prepare_bulk(&s, db, INSERT, error) : db_prepare(&s, db, UPDATE, error))) return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, key);
  db_bind_text(s, 3, customer->number);
  db_bind_text(s, 4, customer->name);
  db_bind_text(s, 5, customer->phone);
  db_bind_text(s, 6, customer->meter);
  db_bind_text(s, 7, customer->address);
  db_bind_text(s, 8, customer->tags);
  db_bind_i64(s, 9, package->devices[customer->device].key);
  bind_degrees(s, 10, customer->lon_e6);
  bind_degrees(s, 11, customer->lat_e6);
  db_bind_f64(s, 12, (double)customer->contract_kw);
  db_bind_i64(s, 13, customer->category);
  db_bind_i64(s, 14, customer->importance);
  db_bind_i64(s, 15, customer->phases);
  return db_done(s, error);
}

bool people_import(GridImportCount *out, Db *db, int64_t county_id, const Package *package, Instant now, PackageProgress progress,
                   void *progress_self, Error *error) {
  enum { TELL_EVERY = 16384 };
  ImportRows rows;
  bool ok = import_rows_open(&rows, db, county_id,
                             "SELECT id, number, CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END FROM customer WHERE county_id = ?1", error);
  for (size_t i = 0; ok && i < package->customer_count; i++) {
    int64_t key;
    bool fresh;
    if (progress && i % TELL_EVERY == 0) progress(progress_self, "customer", (int64_t)i, (int64_t)package->customer_count);
    ok = import_rows_key(&rows, package->customers[i].number, now, &key, &fresh, error) &&
         write_customer(db, county_id, package, &package->customers[i], key, fresh, error);
  }
  if (ok) ok = import_rows_retire(&rows, db, county_id, now, "UPDATE customer SET retired_at = ?3 WHERE county_id = ?1 AND id = ?2", error);
  *out = rows.count;
  import_rows_end(&rows);
  return ok;
}

static void put_count(Json *json, const char *what, const GridImportCount *count) {
  json_key(json, what);
  json_open_object(json);
  json_put_i64(json, "added", count->added);
  json_put_i64(json, "kept", count->kept);
  json_put_i64(json, "retired", count->retired);
  json_close(json);
}

static bool import_all(const PackageImport *import, Db *db, Package *package, Json *counts, Error *error) {
  GridImported grid;
  GridImportCount customers, more;
  if (!grid_import(&grid, db, import->county_id, package, import->now, import->progress, import->progress_self, error)) return false;
  if (!people_import(&customers, db, import->county_id, package, import->now, import->progress, import->progress_self, error)) return false;
  put_count(counts, "orgs", &grid.orgs);
  put_count(counts, "devices", &grid.devices);
  put_count(counts, "ties", &grid.ties);
  put_count(counts, "customers", &customers);
  for (const PackageImporter *room = import->importers; room && room->what; room++) {
    more = (GridImportCount){0};
    if (!room->run(&more, db, import->county_id, package, import->now, error)) return false;
    put_count(counts, room->what, &more);
  }
  return true;
}

static bool record(const PackageImport *import, Db *db, Text data, Error *error) {
  EventChain chain;
  Event event = {.at = import->now, .actor = import->actor, .kind = TEXT("import.done"), .subject_kind = TEXT("county"),
                 .subject_id = import->county_id, .data = data};
  return event_chain_load(&chain, db, import->county_id, error) && event_append(&chain, db, &event, error);
}

bool package_import(const PackageImport *import, Db *db, PackageProblems *problems, Error *error) {
  Package package;
  Buffer data;
  Json json;
  PackageProblems own = {0}, *told = problems ? problems : &own;
  if (!form_read(&package, import->folder, told, import->progress, import->progress_self, error)) {
    package_problems_end(&own);
    return false;
  }
  size_t left_out = told->count;
  package_problems_end(&own);
  if (import->strict && left_out) {
    package_end(&package);
    return error_raise(error, ERROR_IMPORT_FAILED, "%zu", left_out);
  }
  buffer_begin(&data, 0);
  json_begin(&json, &data);
  json_open_object(&json);
  bool ok = db_begin(db, error);
  if (ok) {
    ok = import_all(import, db, &package, &json, error);
    json_close(&json);
    if (ok && data.failed) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "import");
    ok = ok && record(import, db, buffer_as_text(&data), error) && db_commit(db, error);
    if (!ok) db_rollback(db);
  }
  buffer_end(&data);
  package_end(&package);
  return ok;
}
