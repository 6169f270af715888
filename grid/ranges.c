#include <string.h>

#include "base/memory.h"
#include "grid/grid.h"

/* The first range that ends at or after `index`: where one that begins there would touch. */
static size_t first_touching(const GridRanges *ranges, uint32_t index) {
  size_t low = 0, high = ranges->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (ranges->at[middle].to < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Puts `with` (0, 1 or 2 of them) in the place of the ranges [from, to). */
static bool replace(GridRanges *ranges, size_t from, size_t to, const GridRange *with, size_t count) {
  size_t after = ranges->count - (to - from) + count;
  if (after > ranges->room) {
    size_t room = ranges->room ? ranges->room * 2 : 8;
    GridRange *grown = memory_grow(ranges->at, room * sizeof *grown);
    if (!grown) return false;
    ranges->at = grown;
    ranges->room = room;
  }
  if (ranges->count > to) memmove(ranges->at + from + count, ranges->at + to, (ranges->count - to) * sizeof *ranges->at);
  for (size_t i = 0; i < count; i++) ranges->at[from + i] = with[i];
  ranges->count = after;
  return true;
}

bool grid_ranges_add(GridRanges *ranges, GridRange range) {
  if (range.from >= range.to) return true;
  size_t from = first_touching(ranges, range.from), to = from;
  for (; to < ranges->count && ranges->at[to].from <= range.to; to++) {
    if (ranges->at[to].from < range.from) range.from = ranges->at[to].from;
    if (ranges->at[to].to > range.to) range.to = ranges->at[to].to;
  }
  return replace(ranges, from, to, &range, 1);
}

bool grid_ranges_remove(GridRanges *ranges, GridRange range) {
  if (range.from >= range.to) return true;
  size_t from = first_touching(ranges, range.from + 1), to = from, count = 0;
  GridRange left[2];
  for (; to < ranges->count && ranges->at[to].from < range.to; to++) {
    GridRange old = ranges->at[to];
    if (old.from < range.from) left[count++] = (GridRange){old.from, range.from};
    if (old.to > range.to) left[count++] = (GridRange){range.to, old.to};
  }
  return to == from || replace(ranges, from, to, left, count);
}

bool grid_ranges_hold(const GridRanges *ranges, uint32_t index) {
  size_t at = first_touching(ranges, index + 1);
  return at < ranges->count && ranges->at[at].from <= index;
}

void grid_ranges_clear(GridRanges *ranges) { ranges->count = 0; }

void grid_ranges_free(GridRanges *ranges) {
  memory_free(ranges->at);
  *ranges = (GridRanges){0};
}
