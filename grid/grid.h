/* The network: substations, feeders, transformers, boxes, as a tree in the order in which power flows, plus normally open ties. Loaded from
 * rows at start, kept in flat arrays, read by everyone above, changed only by an import (while the program does not serve).
 *
 * Devices stand in preorder: a device's subtree is the index range [index, end), a parent stands before its children. So "what is dark
 * below this device" is a range, and a set of dark parts is a short sorted list of ranges. Customers are ordered by their device's index
 * (people/customer.h), so the customers below a device are a range too. */
#ifndef GRID_GRID_H
#define GRID_GRID_H

#include "base/id.h"
#include "base/json.h"
#include "store/db.h"

typedef enum GridKind { /* the order is part of the tile format */
  GRID_SUBSTATION, GRID_BUSBAR, GRID_BREAKER, GRID_RECLOSER, GRID_SWITCH, GRID_FUSE, GRID_LINE, GRID_TRANSFORMER, GRID_LV_BREAKER,
  GRID_BRANCH_BOX, GRID_METER_BOX, GRID_KIND_COUNT
} GridKind;

enum { GRID_PHASE_A = 1, GRID_PHASE_B = 2, GRID_PHASE_C = 4, GRID_PHASES_ALL = 7 };
#define GRID_NONE UINT32_MAX
#define GRID_NO_PLACE INT32_MIN

typedef struct GridDevice {
  DeviceId id;
  uint32_t parent, end;          /* index of the parent (GRID_NONE: a source); subtree is [index, end) */
  int32_t lon_e6, lat_e6;        /* WGS84 micro-degrees; GRID_NO_PLACE when unknown and nothing near it is known either */
  uint32_t feeder;               /* index of the device that heads this 10 kV feeder; GRID_NONE above feeders */
  uint32_t org;                  /* row of orgs this device stands under (its own or the nearest ancestor's); GRID_NONE */
  uint32_t name_at, code_at;     /* into the grid's texts; see grid_name, grid_code */
  float rated_kva, length_m;     /* 0 when unknown */
  uint8_t kind, phases, ownership; /* GridKind; bits; 0 unknown 1 public 2 private */
  uint8_t depth_capped;          /* depth in the tree, at most 255 */
  bool borrowed_place; /* lon, lat are those of the nearest placed device above, or else below: nobody said where this one stands */
} GridDevice;

typedef struct GridTie {
  int64_t id;
  uint32_t a, b; /* device indices; normally open */
  int32_t lon_e6, lat_e6;
} GridTie;

typedef struct Grid Grid;

bool grid_open(Grid **out, Db *db, int64_t county_id, Error *error) MUST_USE;
void grid_close(Grid *grid);
uint32_t grid_count(const Grid *grid);
const GridDevice *grid_device(const Grid *grid, uint32_t index);
bool grid_index_of(const Grid *grid, DeviceId id, uint32_t *index);
bool grid_index_of_code(const Grid *grid, Text code, uint32_t *index);
Text grid_name(const Grid *grid, uint32_t index); /* the device's name, or its code where it has none */
Text grid_code(const Grid *grid, uint32_t index); /* the company's own id of it */
const char *grid_kind_name(GridKind kind);        /* "lv_breaker" */
bool grid_kind_of_name(Text name, GridKind *out);
size_t grid_ties(const Grid *grid, const GridTie **out);
/* The devices that head a feeder, in preorder. A feeder's head is the first device out of its station that feeds a transformer (a spare
 * outlet is none); a station is a substation with its busbars and whatever stands within GRID_STATION_M of conductor and gathers several
 * outlets. */
size_t grid_feeders(const Grid *grid, const uint32_t **out);
#define GRID_STATION_M 30.0
/* Which of the feeders, counted by age: stays the same when later imports add others. GRID_NO_COLOUR above feeders. */
#define GRID_NO_COLOUR 0xFFFF
uint16_t grid_feeder_colour(const Grid *grid, uint32_t index);
/* West, south, east, north in degrees of all placed devices; false when none is placed. */
bool grid_bounds(const Grid *grid, double out[4]);
int64_t grid_version(const Grid *grid);           /* changes with every import: for ETags */

static inline bool grid_within(const GridDevice *devices_at_ancestor, uint32_t ancestor, uint32_t index) {
  return index >= ancestor && index < devices_at_ancestor->end;
}
/* The lowest device that feeds both (may be one of them); GRID_NONE when they hang on different sources. O(depth). */
uint32_t grid_lowest_common(const Grid *grid, uint32_t a, uint32_t b);
/* The nearest device at or above `index` of this kind; GRID_NONE. */
uint32_t grid_nearest_above(const Grid *grid, uint32_t index, GridKind kind);
/* A device where an outage can be: it can open or burn out (not a plain line's fork, not …); see DOMAIN.md and FORMATS.md. */
bool grid_can_fail(GridKind kind);

/* A sorted list of index ranges that do not touch: what is dark. */
typedef struct GridRange {
  uint32_t from, to;
} GridRange;
typedef struct GridRanges {
  GridRange *at;
  size_t count, room;
} GridRanges;
bool grid_ranges_add(GridRanges *ranges, GridRange range) MUST_USE;      /* union; false: out of memory */
bool grid_ranges_remove(GridRanges *ranges, GridRange range) MUST_USE;
bool grid_ranges_hold(const GridRanges *ranges, uint32_t index);         /* O(log n) */
void grid_ranges_clear(GridRanges *ranges);
void grid_ranges_free(GridRanges *ranges);

#endif
