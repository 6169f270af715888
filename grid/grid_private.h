/* Private to the room: what a Grid is made of. */
#ifndef GRID_GRID_PRIVATE_H
#define GRID_GRID_PRIVATE_H

#include "base/buffer.h"
#include "base/vector.h"
#include "grid/grid.h"

struct GridTiles;

struct Grid {
  GridDevice *devices;
  uint32_t count;
  Buffer texts;              /* u16 length and bytes each; name_at, code_at point here */
  uint32_t *by_id;           /* indices in order of id */
  uint32_t *code_slots;      /* hash of the code → index + 1, 0 empty */
  uint32_t code_mask;
  VECTOR(GridTie) ties;
  VECTOR(int64_t) org_ids;   /* ascending: the place is the row of orgs */
  VECTOR(uint32_t) feeders;
  uint16_t *colours;         /* of each feeder in `feeders` */
  int64_t county_id, version;
  struct GridTiles *tiles;   /* what the map draws; see tile.h */
};

/* grid_store.c: rows into devices (parents as indices, no ends yet), texts, ties, org ids, version. */
bool grid_load(Grid *grid, Db *db, Error *error) MUST_USE;
bool grid_load_backdrop(Db *db, int64_t county_id, Buffer *out, Error *error) MUST_USE; /* nothing put: there is none */
Text grid_text_at(const Grid *grid, uint32_t at);

/* grid_shape.c: what follows from the tree. */
bool grid_find_feeders(Grid *grid, Error *error) MUST_USE;
void grid_borrow_places(Grid *grid);

#endif
