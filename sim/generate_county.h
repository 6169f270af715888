/* Private to the generator: one county while it is being made. Lengths are decimetres on a plane tangent to the tile the
 * county lies in, x east and y north of its south-west corner; 1 dm is about 1e-6 degree, the package's last digit. */
#ifndef SIM_GENERATE_COUNTY_H
#define SIM_GENERATE_COUNTY_H

#include "base/vector.h"
#include "sim/generate.h"
#include "sim/names.h"

typedef struct Spot {
  int32_t x, y;
} Spot;

/* What a stage draws from: its own stream, so that a change in one stage leaves the others alone. */
typedef enum Stage { STAGE_LAND, STAGE_NAMES, STAGE_PLACES, STAGE_ROADS, STAGE_FEEDERS, STAGE_POINT, STAGE_STAFF, STAGE_BACKDROP } Stage;

typedef enum RoadClass { ROAD_VILLAGE, ROAD_COUNTY, ROAD_HIGHWAY, ROAD_CLASSES } RoadClass;
enum { COUNTIES_A_CITY = 8, NEIGHBOURS = 8, RIVER_MAIN = 3 };

/* The ground as a grid of cells. Each cell has one spot through which its rivers, roads and lines go. */
typedef struct Land {
  int32_t columns, rows, cells, cell_dm, width_dm, height_dm;
  int32_t relief_dm; /* about the height of the hills */
  Spot *at;
  int32_t *height;             /* dm */
  int32_t *rise;               /* dm above the river it drains to: small in valleys */
  int32_t *down;               /* the cell it drains to, or -1 */
  uint8_t *river;              /* 0 none, 1 stream … RIVER_MAIN */
  uint8_t *rough;              /* percent of the effort a road takes here */
  bool *inside;                /* within the border */
  bool *built;                 /* streets of a town */
  uint8_t *link[ROAD_CLASSES]; /* a bit for each neighbour a road of that class leads to */
  Spot *border;
  int32_t border_count;
} Land;

/* Shortest ways over the land or along its roads (Dijkstra; ties by cell, so always the same). */
typedef enum SearchOver {
  SEARCH_FLOOD, /* all cells, by the highest on the way */
  SEARCH_LAND,  /* inside the border, by what a road would cost */
  SEARCH_ROADS  /* along roads, by length */
} SearchOver;
typedef struct Search {
  int64_t *cost;  /* valid where run_of is this run's */
  int32_t *from;  /* the cell before, -1 at a source */
  int32_t *label; /* of the source it was reached from */
  uint32_t *run_of;
  bool *settled;
  int32_t *order; /* cells as they were settled, nearest first */
  int32_t count;
  uint32_t run;
  bool failed; /* out of memory */
  VECTOR(uint64_t) heap;
} Search;

typedef enum SettlementKind { SETTLEMENT_COMMUNITY, SETTLEMENT_MARKET, SETTLEMENT_VILLAGE } SettlementKind;
typedef struct Settlement {
  SettlementKind kind;
  int32_t cell;
  int32_t name;   /* a place of Names */
  int32_t market; /* the market town it belongs to, an index among settlements; -1: the county town */
  int32_t station;
  int32_t point_first, point_count;
  int32_t customers; /* meant at first, counted at last */
  int32_t surname[3];
  int32_t groups; /* 组 or streets numbered so far */
  bool tobacco, fish;
} Settlement;

/* A transformer and the place it stands at. */
typedef struct Point {
  int32_t cell, settlement, grid, customers, kva, feeder;
  int32_t number; /* 台区 n of its settlement; for a private one what it is: a row of the table in generate_private.c */
  Spot at;
  bool private_;
} Point;

typedef enum AreaType { AREA_URBAN, AREA_RURAL, AREA_REMOTE } AreaType;
typedef struct Station {
  int32_t settlement; /* where it stands */
  int32_t ordinal;    /* among the stations of the county town; -1 elsewhere */
  AreaType area;
  int32_t customers;
  Spot at;
} Station;

typedef struct Grid {
  int32_t settlement, ordinal; /* ordinal 0: the only one */
} Grid;

typedef struct Substation {
  int32_t cell, settlement, name, feeders;
  bool urban;
  Spot at;
} Substation;

typedef struct Feeder {
  int32_t substation, bus, name;
  int32_t first, count; /* of feeder_points */
  int32_t outlet;       /* the number on its cubicle */
  Spot shift;           /* so that two lines on one road can be told apart */
  bool ring;            /* a cable ring of the county town */
  int32_t far;          /* the longest way from the head, dm */
  bool tied;
} Feeder;

/* A 10 kV device that stands on a road: where another feeder can be tied to. */
typedef struct Pole {
  int32_t feeder, number, cell, along; /* along: dm from the head */
} Pole;

/* One file being written. */
typedef struct Sheet {
  Buffer rows;
  int file;  /* -1: none open */
  Error fault; /* of the first failed write */
} Sheet;
typedef enum SheetName {
  SHEET_ORGS,
  SHEET_DEVICES,
  SHEET_TIES,
  SHEET_CUSTOMERS,
  SHEET_CREWS,
  SHEET_STOCK,
  SHEET_BACKDROP,
  SHEETS
} SheetName;

/* Numbers that go on from county to county. */
typedef struct Tally {
  int64_t customers, staff, features, stations, grids, substations, feeders, points, ties, crews;
} Tally;

typedef struct County {
  int32_t index, of;       /* this one among how many */
  int32_t name, city_name; /* of Names' counties and cities */
  int32_t river_name;      /* a place */
  int64_t customers;
  uint64_t seed;
  int32_t lon_e6, lat_e6; /* the tile's south-west corner */
  int32_t lon_dm, lat_dm; /* decimetres to a degree here */
  Arena *arena;
  Error *error;
  Sheet *sheets;
  Tally base; /* before this county */
  Tally *tally;
  Names names;
  Land land;
  Search search;
  int32_t town_cell, town_customers;
  int32_t *territory; /* of each cell: the market (index among settlements) or -1 */
  Settlement *settlements;
  int32_t settlement_count, market_first, village_first;
  Point *points;
  int32_t point_count;
  Station *stations;
  int32_t station_count, town_stations;
  Grid *grids;
  int32_t grid_count;
  Substation *substations;
  int32_t substation_count;
  Feeder *feeders;
  int32_t feeder_count;
  int32_t *feeder_points; /* indexes of points, feeder by feeder */
  int32_t *parent;        /* in the tree of ways from the substations: the cell before; -1 at a substation, -2 off the roads */
  int64_t *way;           /* dm from the substation along that tree */
  VECTOR(Pole) poles;
  Buffer id; /* of the newest low-voltage device */
} County;

/* What a transformer counts for when feeders are cut: 25 transformers of 90 customers weigh as much as 12 of 220. */
static inline int32_t point_weight(const Point *point) { return point->customers + 45; }

/* county.arena, zeroed; NULL after raising OUT_OF_MEMORY */
void *county_take(County *county, int32_t count, size_t size);
#define COUNTY_ARRAY(county, Type, count) ((Type *)county_take((county), (count), sizeof(Type)))
bool county_out_of_memory(const County *county); /* raises it; false */
void county_random(const County *county, Random *random, Stage stage, uint64_t which);

/* the stages, in order; false with county.error raised */
bool county_make_land(County *county);
bool county_make_places(County *county);   /* settlements and transformer points */
bool county_make_roads(County *county);    /* and territories, and the spots of points */
bool county_make_stations(County *county); /* stations and grids */
bool county_make_feeders(County *county);  /* substations; which points hang on which feeder */
void county_write_orgs(County *county);    /* orgs, crews, stock */
bool county_write_lines(County *county, void (*progress)(void *self, int64_t done, int64_t total), void *self, int64_t total);
bool county_write_ties(County *county);
bool county_write_backdrop(County *county);

/* land and search */
int32_t land_neighbour(const Land *land, int32_t cell, int32_t direction); /* -1 outside the grid */
static inline uint8_t land_links(const Land *land, int32_t cell) {
  return land->link[ROAD_VILLAGE][cell] | land->link[ROAD_COUNTY][cell] | land->link[ROAD_HIGHWAY][cell];
}
void land_link(Land *land, int32_t a, int32_t b, RoadClass road); /* a and b are neighbours */
int64_t spot_distance(Spot a, Spot b);                            /* dm, rounded down */
static inline Spot spot_add(Spot a, Spot b) { return (Spot){a.x + b.x, a.y + b.y}; }
Spot spot_turn(int32_t direction, int32_t length); /* direction 0…31 counter-clockwise from east */
bool search_make(County *county);
void search_begin(Search *search);
void search_source(Search *search, int32_t cell, int32_t label, int64_t cost);
/* Settles cells until `stop` (or -1) is settled or `most` are; whatever the sources cannot reach stays unsettled. */
void search_run(Search *search, const Land *land, SearchOver over, int32_t stop, int32_t most);
static inline bool search_reached(const Search *search, int32_t cell) {
  return search->run_of[cell] == search->run && search->settled[cell];
}

/* rows */
Buffer *sheet_rows(County *county, SheetName name);
void sheet_end_row(County *county, SheetName name);                             /* ends the line */
void sheet_flush(County *county, SheetName name);                               /* writes when much has gathered */
void put_degrees(Buffer *out, const County *county, Spot at, char between);     /* lon, between, lat; six decimals */
void put_degrees5(Buffer *out, const County *county, Spot at);                  /* "[lon,lat]", five decimals */
void put_settlement(Buffer *out, const Settlement *settlement);                 /* 柳树村, 桂桥社区, 竹铺集镇 */
void put_town(Buffer *out, const County *county, const Settlement *settlement); /* the town or township it belongs to */
void put_station(Buffer *out, const County *county, int32_t station);
void put_org(Buffer *out, const char *kind, int64_t number);
void put_point(Buffer *out, const County *county, const Point *point);            /* 柳树村3号台区, 稻香碾米厂 */
void put_node(Buffer *out, const County *county, int32_t feeder, int32_t number); /* F12-34; number 0: the breaker, F12 */
/* What comes after the name in a row of devices.csv, and ends it; kva and length in dm: 0 is unknown. */
void put_device_rest(County *county, const char *org, int64_t org_number, Spot at, const char *phases, int32_t kva, const char *ownership,
                     int64_t length_dm, const char *conductor);

/* low voltage: what hangs on a transformer, down to its customers */
void county_write_point(County *county, int32_t point);
int32_t point_fit_kva(int32_t customers, Random *random);
/* Chooses what a private customer is, the `nth` of the county (every fifth of the first in a large town is its hospital,
 * its waterworks …), and its transformer; returns how many customers hang on it. */
int32_t private_make(const County *county, Point *point, Random *random, int32_t nth);
void private_put_name(Buffer *out, const County *county, const Point *point);

typedef struct CustomerRow { /* what differs from one customer to the next, its name apart */
  const char *category, *importance, *tags, *phases;
  int32_t contract_kw;
  Spot at;
} CustomerRow;
/* A row of customers.csv in three parts: number, name and phone; address; the rest. The caller puts name and address. */
void customer_begin(County *county);
void customer_phone(County *county);
void customer_end(County *county, const char *box, const CustomerRow *row);
CustomerRow private_row(const Point *point, int32_t nth); /* of the nth customer on a private transformer */

#endif
