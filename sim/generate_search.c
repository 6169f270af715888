/* Dijkstra's search over the cells, shared by rivers, roads, towns and lines. */
#include <assert.h>

#include "sim/generate_county.h"

bool search_make(County *county) {
  Search *search = &county->search;
  int32_t cells = county->land.cells;
  search->cost = COUNTY_ARRAY(county, int64_t, cells);
  search->from = COUNTY_ARRAY(county, int32_t, cells);
  search->label = COUNTY_ARRAY(county, int32_t, cells);
  search->run_of = COUNTY_ARRAY(county, uint32_t, cells);
  search->settled = COUNTY_ARRAY(county, bool, cells);
  search->order = COUNTY_ARRAY(county, int32_t, cells);
  search->run = 0;
  search->failed = false;
  return search->cost && search->from && search->label && search->run_of && search->settled && search->order;
}

/* A heap entry is cost and cell in one number, so that equal costs go by cell: 2^40 dm and 2^24 cells are beyond any county. */
enum { CELL_BITS = 24 };

static void heap_push(Search *search, int64_t cost, int32_t cell) {
  assert(cost >= 0 && cost < (int64_t)1 << 39 && cell < 1 << CELL_BITS);
  if (!vector_push(&search->heap, 0)) {
    search->failed = true;
    return;
  }
  uint64_t entry = (uint64_t)cost << CELL_BITS | (uint32_t)cell, *heap = search->heap.at;
  size_t at = search->heap.count - 1;
  for (; at > 0 && heap[(at - 1) / 2] > entry; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
  heap[at] = entry;
}

static uint64_t heap_pop(Search *search) {
  uint64_t *heap = search->heap.at, top = heap[0], entry = heap[--search->heap.count];
  size_t at = 0, count = search->heap.count;
  for (size_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && heap[child + 1] < heap[child]) child++;
    if (heap[child] >= entry) break;
    heap[at] = heap[child];
  }
  if (count) heap[at] = entry;
  return top;
}

void search_begin(Search *search) {
  search->run++;
  search->count = 0;
  vector_clear(&search->heap);
}

static void offer(Search *search, int32_t cell, int32_t from, int32_t label, int64_t cost) {
  bool known = search->run_of[cell] == search->run;
  if (known && (search->settled[cell] || search->cost[cell] <= cost)) return;
  search->run_of[cell] = search->run;
  search->settled[cell] = false;
  search->cost[cell] = cost;
  search->from[cell] = from;
  search->label[cell] = label;
  heap_push(search, cost, cell);
}

void search_source(Search *search, int32_t cell, int32_t label, int64_t cost) { offer(search, cell, -1, label, cost); }

/* What a road costs from cell to cell: its length, more uphill, much more over a river, less where there is one already. */
static int64_t road_cost(const Land *land, int32_t from, int32_t to, bool linked) {
  static const int32_t CROSSING[] = {0, 1, 5, 16}; /* in cells */
  int64_t length = spot_distance(land->at[from], land->at[to]);
  int64_t climb = land->height[to] - land->height[from];
  int64_t cost = (length + (climb < 0 ? -climb : climb) * 20) * land->rough[to] / 100 + (int64_t)CROSSING[land->river[to]] * land->cell_dm;
  return linked ? cost * 2 / 5 : cost;
}

void search_run(Search *search, const Land *land, SearchOver over, int32_t stop, int32_t most) {
  while (search->heap.count > 0 && search->count < most && !search->failed) {
    uint64_t entry = heap_pop(search);
    int32_t cell = (int32_t)(entry & ((1u << CELL_BITS) - 1));
    if (search->settled[cell] || search->cost[cell] != (int64_t)(entry >> CELL_BITS)) continue;
    search->settled[cell] = true;
    search->order[search->count++] = cell;
    if (cell == stop) return;
    uint8_t links = land_links(land, cell);
    for (int32_t d = 0; d < NEIGHBOURS; d++) {
      bool linked = links >> d & 1;
      int32_t next = over == SEARCH_ROADS && !linked ? -1 : land_neighbour(land, cell, d);
      if (next < 0 || (over == SEARCH_LAND && !land->inside[next])) continue;
      int64_t cost = search->cost[cell], height = land->height[next];
      if (over == SEARCH_FLOOD)
        cost = height > cost ? height : cost + 1;
      else
        cost += over == SEARCH_ROADS ? spot_distance(land->at[cell], land->at[next]) : road_cost(land, cell, next, linked);
      offer(search, next, cell, search->label[cell], cost);
    }
  }
}
