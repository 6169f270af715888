#include "grid/part.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/vector.h"
#include "grid/grid_private.h"

typedef struct Org {
  int64_t id, parent_id;
} Org;
typedef struct Pair {
  int64_t part, org;
} Pair;
typedef struct Parts {
  VECTOR(Org) orgs;   /* by id */
  VECTOR(Pair) pairs; /* by part, then org */
} Parts;

static void parts_end(Parts *parts) {
  vector_free(&parts->orgs);
  vector_free(&parts->pairs);
}

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "organisation"); }

static int by_part(const void *a, const void *b) {
  const Pair *left = a, *right = b;
  if (left->part != right->part) return left->part < right->part ? -1 : 1;
  return left->org < right->org ? -1 : left->org > right->org;
}

static const Org *org_at(const Parts *parts, int64_t id) {
  size_t low = 0, high = parts->orgs.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (parts->orgs.at[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return low < parts->orgs.count && parts->orgs.at[low].id == id ? &parts->orgs.at[low] : NULL;
}

/* Up from each org, each pair once; a tree that bites its tail is left where it began. */
static bool find_pairs(Parts *parts, Error *error) {
  for (size_t i = 0; i < parts->orgs.count; i++) {
    const Org *org = &parts->orgs.at[i];
    size_t steps = 0;
    for (const Org *up = org; up && steps <= LIMIT_ORG_DEPTH; up = org_at(parts, up->parent_id), steps++) {
      if (steps && up == org) break;
      if (!vector_push(&parts->pairs, ((Pair){up->id, org->id}))) return out_of_memory(error);
    }
  }
  if (parts->pairs.count) qsort(parts->pairs.at, parts->pairs.count, sizeof *parts->pairs.at, by_part);
  size_t kept = 0;
  for (size_t i = 0; i < parts->pairs.count; i++)
    if (i == 0 || by_part(&parts->pairs.at[i - 1], &parts->pairs.at[i]) != 0) parts->pairs.at[kept++] = parts->pairs.at[i];
  parts->pairs.count = kept;
  return true;
}

/* What the rows of orgs make of it. */
static bool read_parts(Parts *parts, Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  *parts = (Parts){0};
  if (!db_prepare(&s, db, "SELECT id, parent_id FROM org WHERE county_id = ?1 AND retired_at IS NULL ORDER BY id", error)) return false;
  db_bind_i64(s, 1, county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return parts_end(parts), false;
    if (!row) break;
    if (!vector_push(&parts->orgs, ((Org){db_column_i64(s, 0), db_column_i64(s, 1)}))) return db_reset(s), parts_end(parts), out_of_memory(error);
  }
  return find_pairs(parts, error) || (parts_end(parts), false);
}

bool part_rows_write(Db *db, int64_t county_id, Error *error) {
  DbStatement *s;
  Parts parts;
  if (!db_prepare(&s, db, "DELETE FROM org_part WHERE county_id = ?1", error)) return false;
  db_bind_i64(s, 1, county_id);
  if (!db_done(s, error) || !read_parts(&parts, db, county_id, error)) return false;
  bool ok = true;
  for (size_t i = 0; ok && i < parts.pairs.count; i++) {
    if (!(ok = db_prepare_bulk(&s, db, "INSERT INTO org_part (county_id, part_id, org_id) VALUES (?1, ?2, ?3)", error))) break;
    db_bind_i64(s, 1, county_id);
    db_bind_i64(s, 2, parts.pairs.at[i].part);
    db_bind_i64(s, 3, parts.pairs.at[i].org);
    ok = db_done(s, error);
  }
  parts_end(&parts);
  return ok;
}

static int64_t org_of(const Grid *grid, uint32_t device) {
  uint32_t row = grid->devices[device].org;
  return row == GRID_NONE ? 0 : grid->org_ids.at[row];
}

/* Calls for each device whose row names another org than memory has; false: stop. */
static bool each_other(Db *db, const Grid *grid, bool (*visit)(void *self, int64_t device, int64_t org, Error *error), void *self, Error *error) {
  DbStatement *s;
  VECTOR(int64_t) others = {0};
  bool ok = db_prepare(&s, db, "SELECT id, position, org_id FROM device WHERE county_id = ?1 AND position IS NOT NULL", error);
  if (ok) db_bind_i64(s, 1, grid->county_id);
  for (bool row = true; ok && row;) {
    if (!(ok = db_step(&row, s, error)) || !row) break;
    int64_t position = db_column_i64(s, 1);
    if (position < 0 || position >= grid->count || db_column_i64(s, 2) == org_of(grid, (uint32_t)position)) continue;
    if (!(ok = vector_push(&others, position))) db_reset(s), out_of_memory(error);
  }
  for (size_t i = 0; ok && i < others.count; i++) ok = visit(self, grid->devices[others.at[i]].id.value, org_of(grid, (uint32_t)others.at[i]), error);
  vector_free(&others);
  return ok;
}

typedef struct Settling {
  Db *db;
  int64_t county_id;
} Settling;

static bool write_device(void *self, int64_t device, int64_t org, Error *error) {
  const Settling *settling = self;
  DbStatement *s;
  if (!db_prepare(&s, settling->db, "UPDATE device SET org_id = ?3 WHERE county_id = ?1 AND id = ?2", error)) return false;
  db_bind_i64(s, 1, settling->county_id);
  db_bind_i64(s, 2, device);
  db_bind_i64(s, 3, org);
  return db_done(s, error);
}

bool part_rows_settle(Db *db, const Grid *grid, Error *error) {
  DbStatement *s;
  bool settled;
  if (grid->org_ids.count == 0) return true;
  if (!db_prepare(&s, db, "SELECT 1 FROM org_part WHERE county_id = ?1 AND org_id = ?2", error)) return false;
  db_bind_i64(s, 1, grid->county_id);
  db_bind_i64(s, 2, grid->org_ids.at[0]);
  if (!db_step(&settled, s, error)) return false;
  if (settled) return db_reset(s), true;
  if (!db_begin(db, error)) return false;
  if (part_rows_write(db, grid->county_id, error) && each_other(db, grid, write_device, &(Settling){db, grid->county_id}, error)) return db_commit(db, error);
  db_rollback(db);
  return false;
}

static bool tell_device(void *self, int64_t device, int64_t org, Error *error) {
  (void)error;
  char *problem = self;
  if (!problem[0]) snprintf(problem, ERROR_TEXT_MAX, "device %lld lies in org %lld, its row says another", (long long)device, (long long)org);
  return true;
}

bool part_check(Db *db, const Grid *grid, char *problem, Error *error) {
  DbStatement *s;
  Parts parts;
  size_t at = 0;
  bool row = true, ok;
  problem[0] = '\0';
  if (!read_parts(&parts, db, grid->county_id, error)) return false;
  ok = db_prepare(&s, db, "SELECT part_id, org_id FROM org_part WHERE county_id = ?1 ORDER BY part_id, org_id", error);
  if (ok) db_bind_i64(s, 1, grid->county_id);
  while (ok && row && (ok = db_step(&row, s, error)) && row) {
    Pair pair = {db_column_i64(s, 0), db_column_i64(s, 1)};
    if (!problem[0] && (at >= parts.pairs.count || by_part(&pair, &parts.pairs.at[at]) != 0))
      snprintf(problem, ERROR_TEXT_MAX, "a row says that org %lld lies in %lld, or one before it is missing", (long long)pair.org, (long long)pair.part);
    at++;
  }
  if (ok && !problem[0] && at < parts.pairs.count)
    snprintf(problem, ERROR_TEXT_MAX, "no row says that org %lld lies in %lld", (long long)parts.pairs.at[at].org, (long long)parts.pairs.at[at].part);
  parts_end(&parts);
  return ok && each_other(db, grid, tell_device, problem, error);
}
