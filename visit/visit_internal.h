/* Inside the visit room. */
#ifndef VISIT_INTERNAL_H
#define VISIT_INTERNAL_H

#include "base/map.h"
#include "base/vector.h"
#include "visit/visit.h"

enum { VISIT_STOP_BYTES = 12, VISIT_NOBODY = UINT32_MAX };

struct Visits {
  Desk *desk;
  const Grid *grid;
  const People *people;
  Orders *orders;
  int64_t county_id;
  const Calendar *calendar;
  VisitDebts debts;
  uint32_t *grid_of;       /* by customer position: row of people_org, VISIT_NOBODY */
  VisitCutId cut;          /* in force */
  VECTOR(VisitMonth) months;
  Map month_at;            /* month_key → place in months */
};

struct VisitProposal {
  VisitCut cut;
  VisitCutId from;         /* the cut in force it was planned from */
  struct VisitCutGrid *grids;
  int grid_count;
};

typedef struct VisitCutGrid {
  int64_t org_id;
  int households, households_before, pieces;
  double minutes, minutes_before, radius_m, lon, lat;
  Text customers;          /* ids, as in the row */
} VisitCutGrid;

struct VisitMonths {
  VisitCutId from;
  VisitMonth *at;
  VisitStop **stops;       /* planned each */
  int count;
};

/* visit.c */
bool visit_reload(Db *db, void *visits, Error *error) MUST_USE;
int64_t visit_month_key(size_t org_row, int32_t month);
bool visit_month_keep(Visits *visits, const VisitMonth *month); /* false: out of memory */
bool visit_place(const Visits *visits, uint32_t position, double *lon, double *lat); /* false: nobody knows */
bool visit_is_manager(const Visits *visits, size_t org_row);

/* visit_plan.c */
/* The month's stops as a problem of the engine, in their order; the plan's days are filled from them. In the arena. */
bool visit_tour_of(const Visits *visits, const VisitMonth *month, const VisitStop *stops, int count, Arena *arena, TourProblem *problem, TourPlan *plan,
                   Error *error) MUST_USE;

/* visit_store.c */
bool visit_row_cut(Db *db, int64_t county_id, const VisitCut *cut, Error *error) MUST_USE;       /* new */
bool visit_row_cut_state(Db *db, int64_t county_id, const VisitCut *cut, Error *error) MUST_USE; /* state, accepted_at, before */
bool visit_row_cut_load(Db *db, int64_t county_id, VisitCutId id, VisitCut *out, Error *error) MUST_USE; /* ERROR_NOT_FOUND */
/* The newest cut in this state; id 0: none. */
bool visit_row_cut_newest(Db *db, int64_t county_id, int state, VisitCut *out, Error *error) MUST_USE;
bool visit_row_grid(Db *db, int64_t county_id, VisitCutId cut, const VisitCutGrid *grid, Error *error) MUST_USE;
typedef bool (*VisitEachGrid)(void *self, const VisitCutGrid *grid); /* customers live during the call; false: out of memory */
bool visit_rows_grids(Db *db, int64_t county_id, VisitCutId cut, VisitEachGrid each, void *self, Error *error) MUST_USE;
bool visit_row_month(Db *db, int64_t county_id, const VisitMonth *month, const VisitStop *stops, Arena *arena, Instant now, Error *error) MUST_USE;
bool visit_rows_months(Db *db, Visits *visits, Error *error) MUST_USE;
bool visit_rows_compare(Db *db, const Visits *visits, char *problem, Error *error) MUST_USE; /* months in memory, their rows, the visits recorded */
/* The stops of a month, in the arena; *count 0: no such month. */
bool visit_row_stops(Db *db, int64_t county_id, int64_t org_id, int32_t month, Arena *arena, VisitStop **out, int *count, Error *error) MUST_USE;
/* The newest month before this one; 0: none. */
bool visit_row_month_before(Db *db, int64_t county_id, int64_t org_id, int32_t month, int32_t *out, int32_t *days, Error *error) MUST_USE;

typedef struct VisitRow {
  int64_t id, org_id, staff_id;
  CustomerId customer;
  OrderId order;
  int32_t month;
  int result;
  Text note;
  Instant at;
} VisitRow;
bool visit_row_add(Db *db, int64_t county_id, const VisitRow *row, Error *error) MUST_USE;
/* Newest first, texts in the arena. */
bool visit_rows_of(Db *db, int64_t county_id, CustomerId customer, int64_t most, Arena *arena, VisitRow **out, size_t *count, Error *error) MUST_USE;

/* visit_routes.c, for the tests */
const struct HttpRoute *visit_routes(void);

static inline void visit_put_id(unsigned char *out, int64_t id) {
  for (int i = 0; i < 8; i++) out[i] = (unsigned char)((uint64_t)id >> (8 * i));
}
static inline int64_t visit_get_id(const char *bytes) {
  uint64_t id = 0;
  for (int i = 0; i < 8; i++) id |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
  return (int64_t)id;
}

#endif
