/* Private to the tiles: what is drawn at which zoom, and where. */
#ifndef GRID_TILE_INDEX_H
#define GRID_TILE_INDEX_H

#include "grid/grid_private.h"
#include "grid/tile.h"

/* The world is 2^32 units wide; at zoom 20 one of them is one unit of a tile. */
typedef struct WorldPlace {
  uint32_t x, y;
} WorldPlace;

typedef struct WorldBox {
  uint32_t west, north, east, south; /* all included */
} WorldBox;

/* Things in an order in which neighbours lie near each other (devices in preorder do), with the box of each 16, of each 256, …: a query
 * passes over what lies elsewhere. */
enum { BOX_LEVELS = 8, BOX_BRANCH = 16 };
typedef struct BoxTree {
  WorldBox *boxes[BOX_LEVELS]; /* level 0: of 16 things */
  uint32_t counts[BOX_LEVELS];
  int levels;
  uint32_t things;
} BoxTree;

bool box_tree_make(BoxTree *tree, uint32_t things, WorldBox (*box_of)(const void *self, uint32_t thing), const void *self) MUST_USE;
void box_tree_free(BoxTree *tree);
typedef VECTOR(uint32_t) BoxHits;
/* Appends the things of all groups of 16 that touch the box, in order; false: out of memory. */
bool box_tree_find(const BoxTree *tree, WorldBox box, BoxHits *out) MUST_USE;

/* The devices one zoom draws. */
typedef struct TileLayer {
  uint32_t *devices; /* ascending */
  uint32_t count;
  uint8_t *drawn;    /* a bit each device of the grid: where a stretch ends when walking up. NULL: all */
  BoxTree tree;
  const GridTiles *tiles;
} TileLayer;

enum { LAYER_LEAST = 7, LAYER_EXACT = 14, LAYER_COUNT = LAYER_EXACT - LAYER_LEAST + 1 };

struct GridTiles {
  const Grid *grid;
  WorldPlace *places;            /* of each device */
  TileLayer medium[LAYER_COUNT]; /* zooms LAYER_LEAST … 13, then exact; above transformers and these */
  TileLayer low;                 /* below transformers, exact */
};

static inline bool tile_placed(const Grid *grid, uint32_t index) { return grid->devices[index].lon_e6 != GRID_NO_PLACE; }
WorldPlace world_place(int32_t lon_e6, int32_t lat_e6);
/* The device at which the line to `index` begins; GRID_NONE: none above is drawn. */
uint32_t tile_line_from(const TileLayer *layer, uint32_t index);
/* Whether a kind is drawn as a point at this zoom. */
bool tile_draws_point(int kind, int z);

#endif
