/* The network as the map draws it: web-mercator tiles (z, x, y as everywhere; y from the north) in a small binary form, made when asked
 * for. The map draws a tile on 512 × 512 pixels, so that one pixel is eight units.
 *
 * A tile, little-endian:
 *   "DBT1", u32 features, then each feature:
 *   u8 type (1 line, 2 point)   u8 kind (GridKind; 11: a tie)       u16 colour of its feeder (GRID_NO_COLOUR: none)
 *   u32 device index (preorder; 0xFFFFFFFF: a tie)                  u16 rated kVA (0: unknown, 65535: that or more)
 *   u8 length of the name, the name (UTF-8)                         u16 vertices, each i16 x, i16 y in units of the tile, 0 … 4096
 * Lines and points may reach GRID_TILE_MARGIN units outside. Lines come first; points in order of weight, substations last. A line is the
 * conductor from the parent's place to the device's own and has the device's index, so that "dark" is a question of index ranges only.
 * Devices that have borrowed their place are not drawn.
 *
 * How much by zoom:
 *   … 10    substations; the trunk: conductor that leads to several transformers, more of them the lower the zoom
 *   11      all medium voltage, transformers, ties
 *   12      breakers, reclosers, switches
 *   14      exact places, names of transformers, busbars, fuses, low-voltage breakers
 *   16      low-voltage lines, boxes; names of everything from 15, 17, 18 on as there is room
 * Below 14 stretches without forks are drawn as one line, not longer than GRID_TILE_STRETCH units, bends of less than half a pixel
 * straightened; such a line has the index of the device it ends at.
 *
 * Measured in bench/tile_bench.c; see docs/performance.md. */
#ifndef GRID_TILE_H
#define GRID_TILE_H

#include "base/buffer.h"
#include "grid/grid.h"

enum { GRID_TILE_ZOOM_MAX = 20, GRID_TILE_UNITS = 4096, GRID_TILE_MARGIN = 160, GRID_TILE_STRETCH = 192, GRID_TILE_TIE = 11 };
enum { GRID_TILE_LINE = 1, GRID_TILE_POINT = 2 };

typedef struct GridTiles GridTiles;

/* Looks for what each zoom draws. The grid must outlive it. */
bool grid_tiles_open(GridTiles **out, const Grid *grid, Error *error) MUST_USE;
void grid_tiles_close(GridTiles *tiles);
/* Appends the tile to `out`; safe from any thread. x, y must be within 2^z, z within GRID_TILE_ZOOM_MAX: else ERROR_NOT_FOUND. */
bool grid_tile(const Grid *grid, int z, int64_t x, int64_t y, Buffer *out, Error *error) MUST_USE;

#endif
