/* The network's SQL. */
#include "grid/grid_private.h"

#include "base/limits.h"

static bool corrupt(Error *error, const char *what, int64_t id) {
  return error_raise(error, ERROR_STORE_CORRUPT, "%s %lld", what, (long long)id);
}
static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "network"); }

static bool load_orgs(Grid *grid, Db *db, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT id FROM org WHERE county_id = ?1 AND retired_at IS NULL ORDER BY id", error)) return false;
  db_bind_i64(s, 1, grid->county_id);
  for (;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    if (!vector_push(&grid->org_ids, db_column_i64(s, 0))) return db_reset(s), out_of_memory(error);
  }
}

static uint32_t org_row(const Grid *grid, int64_t id) {
  size_t low = 0, high = grid->org_ids.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (grid->org_ids.at[middle] < id) low = middle + 1;
    else high = middle;
  }
  return low < grid->org_ids.count && grid->org_ids.at[low] == id ? (uint32_t)low : GRID_NONE;
}

static uint32_t put_text(Grid *grid, Text text) {
  uint32_t at = (uint32_t)grid->texts.len;
  uint16_t len = (uint16_t)(text.len > UINT16_MAX ? UINT16_MAX : text.len);
  buffer_put(&grid->texts, &len, sizeof len);
  buffer_put(&grid->texts, text.at, len);
  return at;
}

static int32_t degrees(DbStatement *s, int at) { return db_column_is_null(s, at) ? GRID_NO_PLACE : (int32_t)db_column_i64(s, at); }

/* Room for a device at `position`; new places are empty (id 0). */
static GridDevice *device_at(Grid *grid, size_t *room, int64_t position) {
  if ((size_t)position >= *room) {
    size_t want = *room ? *room * 2 : 4096;
    while (want <= (size_t)position) want *= 2;
    GridDevice *grown = memory_grow(grid->devices, want * sizeof *grown);
    if (!grown) return NULL;
    memset(grown + *room, 0, (want - *room) * sizeof *grown);
    grid->devices = grown;
    *room = want;
  }
  return &grid->devices[position];
}

enum { ID, POSITION, PARENT, ORG, LON, LAT, KIND, PHASES, OWNERSHIP, RATED, LENGTH, CODE, NAME };

static bool load_device(Grid *grid, size_t *room, DbStatement *s, Error *error) {
  int64_t id = db_column_i64(s, ID), position = db_column_i64(s, POSITION), kind = db_column_i64(s, KIND);
  if (position < 0 || position >= LIMIT_DEVICES || kind < 0 || kind >= GRID_KIND_COUNT) return corrupt(error, "device", id);
  GridDevice *device = device_at(grid, room, position);
  if (!device) return out_of_memory(error);
  if (device->id.value) return corrupt(error, "device", id);
  uint32_t code_at = put_text(grid, db_column_text(s, CODE));
  Text name = db_column_text(s, NAME);
  *device = (GridDevice){
      .id = {id}, .org = org_row(grid, db_column_i64(s, ORG)), .lon_e6 = degrees(s, LON), .lat_e6 = degrees(s, LAT),
      .code_at = code_at, .name_at = name.len ? put_text(grid, name) : code_at,
      .rated_kva = (float)db_column_f64(s, RATED), .length_m = (float)db_column_f64(s, LENGTH),
      .kind = (uint8_t)kind, .phases = (uint8_t)db_column_i64(s, PHASES), .ownership = (uint8_t)db_column_i64(s, OWNERSHIP)};
  grid->count++;
  return true;
}

/* A device's parent is the one before it in preorder, or one above that one. */
static bool link_parents(Grid *grid, const int64_t *parent_ids, Error *error) {
  for (uint32_t i = 0; i < grid->count; i++) {
    GridDevice *device = &grid->devices[i];
    if (!device->id.value) return corrupt(error, "position of a device", i);
    device->parent = GRID_NONE;
    if (!parent_ids[i]) continue;
    uint32_t at = i ? i - 1 : GRID_NONE;
    while (at != GRID_NONE && grid->devices[at].id.value != parent_ids[i]) at = grid->devices[at].parent;
    if (at == GRID_NONE) return corrupt(error, "parent of device", device->id.value);
    device->parent = at;
  }
  return true;
}

static bool load_devices(Grid *grid, Db *db, Error *error) {
  DbStatement *s;
  size_t room = 0;
  VECTOR(int64_t) parents = {0};
  bool row = true, ok = true;
  /* "+county_id": read the table as it lies, not by way of the key's index */
  if (!db_prepare(&s, db,
                  "SELECT id, position, parent_id, org_id, lon_e6, lat_e6, kind, phases, ownership, rated_kva, length_m, code, name "
                  "FROM device WHERE +county_id = ?1 AND position IS NOT NULL",
                  error))
    return false;
  db_bind_i64(s, 1, grid->county_id);
  while (ok && row) {
    if (!(ok = db_step(&row, s, error)) || !row) break;
    ok = load_device(grid, &room, s, error);
    size_t position = (size_t)db_column_i64(s, POSITION);
    if (ok && position >= parents.count) {
      if (!(ok = vector_reserve(&parents, position + 1 - parents.count))) out_of_memory(error);
      else parents.count = position + 1;
    }
    if (ok) parents.at[position] = db_column_i64(s, PARENT);
  }
  db_reset(s);
  if (ok && parents.count != grid->count) ok = corrupt(error, "devices", grid->count);
  if (ok && grid->texts.failed) ok = out_of_memory(error);
  if (ok) ok = link_parents(grid, parents.at, error);
  vector_free(&parents);
  if (ok && grid->count) { /* give back what growing took too much */
    GridDevice *fitted = memory_grow(grid->devices, grid->count * sizeof *fitted);
    if (fitted) grid->devices = fitted;
  }
  return ok;
}

static bool load_ties(Grid *grid, Db *db, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db,
                  "SELECT t.id, a.position, b.position, t.lon_e6, t.lat_e6 FROM tie t "
                  "JOIN device a ON a.county_id = t.county_id AND a.id = t.device_a JOIN device b ON b.county_id = t.county_id AND b.id = t.device_b "
                  "WHERE t.county_id = ?1 AND t.retired_at IS NULL AND a.position IS NOT NULL AND b.position IS NOT NULL ORDER BY t.id",
                  error))
    return false;
  db_bind_i64(s, 1, grid->county_id);
  for (;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    GridTie tie = {db_column_i64(s, 0), (uint32_t)db_column_i64(s, 1), (uint32_t)db_column_i64(s, 2), degrees(s, 3), degrees(s, 4)};
    bool known = tie.a < grid->count && tie.b < grid->count;
    if (known && vector_push(&grid->ties, tie)) continue;
    db_reset(s);
    return known ? out_of_memory(error) : corrupt(error, "tie", tie.id);
  }
}

static bool load_version(Grid *grid, Db *db, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT value FROM setting WHERE county_id = ?1 AND name = 'grid.version'", error)) return false;
  db_bind_i64(s, 1, grid->county_id);
  if (!db_step(&row, s, error)) return false;
  if (row) text_to_i64(db_column_text(s, 0), &grid->version);
  db_reset(s);
  return true;
}

bool grid_load(Grid *grid, Db *db, Error *error) {
  return load_orgs(grid, db, error) && load_devices(grid, db, error) && load_ties(grid, db, error) && load_version(grid, db, error);
}

bool grid_load_backdrop(Db *db, int64_t county_id, Buffer *out, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db, "SELECT body FROM backdrop WHERE county_id = ?1", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!db_step(&row, s, error)) return false;
  if (row) buffer_text(out, db_column_text(s, 0));
  db_reset(s);
  return true;
}
