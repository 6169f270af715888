/* Visits (大走访): every household once a month, by the manager of its grid. The head has the county cut into grids (district.h) and accepts a cut
 * or takes it back; each grid gets a month of days (tour.h); the manager goes door by door and marks what came of it; who was missed comes
 * again on the next day that fits; a finding becomes an order of kind visit_finding.
 *
 * Managers are the organisations of level "grid". Until a cut is accepted their customers are those the import gave them.
 * Who is due first: an open complaint, then arrears (asked of VisitDebts, where somebody answers), then the vulnerable and the important.
 * Rows are the truth; which customer is whose and the months' counters are also in memory, rebuilt at start. Changes go over the desk.
 * Planning takes seconds and is done before the desk is asked (on the HTTP face's slow thread); what it was planned from must still hold then.
 *
 * Events (subject "visit_cut": its id): visit.cut_proposed {grids, deviation, moved}  visit.cut_accepted {grids, before}  visit.cut_undone {now}
 *   (subject "org": the grid's id) visit.month_planned {month, households, days}  visit.marked {month, customer, result, day, order}
 *   where `day` is the working day a missed visit comes again, from 0, or null. */
#ifndef VISIT_VISIT_H
#define VISIT_VISIT_H

#include "order/clock.h"
#include "order/order.h"
#include "visit/campaign.h"

typedef struct Visits Visits;
ID_TYPE(VisitCutId);

enum { VISIT_DUE_VULNERABLE = 1, VISIT_DUE_IMPORTANT = 2, VISIT_DUE_ARREARS = 4, VISIT_DUE_COMPLAINT = 8 }; /* why somebody is due */
typedef enum VisitState { VISIT_TO_COME, VISIT_VISITED, VISIT_REFUSED, VISIT_GIVEN_UP, VISIT_MISSED } VisitState; /* missed: a result, not a state */
enum { VISIT_KEEP_NONE, VISIT_KEEP_SOFT, VISIT_KEEP_HARD };
enum { VISIT_MINUTES = 10, VISIT_TRIES = 3, VISIT_AMONG = 5 }; /* at a door; in a month, then given up; next fitting days looked at */

typedef struct VisitStop { /* one household of a month */
  CustomerId customer;
  uint8_t day, state, due, missed; /* working day from 0; VisitState; VISIT_DUE_… bits; tries in vain */
} VisitStop;

typedef struct VisitMonth {
  int64_t org_id;
  int32_t month, version, days;   /* 202612 */
  int32_t planned, visited, refused, given_up, missed, findings;
  double lon, lat, doors_m, base_m;
} VisitMonth;

typedef struct VisitCut {
  VisitCutId id, before;
  int state, keep, grids, pieces_over; /* state: 0 proposed, 1 in force, 2 was in force, 3 not taken */
  double mean_minutes, deviation, deviation_before, radius_m, moved;
  Instant made_at, accepted_at;
  int64_t made_by;
} VisitCut;

typedef struct VisitDebts { /* who is in arrears; of NULL: not known */
  bool (*owes)(void *self, CustomerId customer);
  void *self;
} VisitDebts;

bool visit_open(Visits **out, Desk *desk, Db *db, const Grid *grid, const People *people, Orders *orders, Error *error) MUST_USE;
void visit_close(Visits *visits);
void visit_on_debts(Visits *visits, VisitDebts debts);

/* --- planning: from any thread but the desk's; takes the state lock for a moment, then works for seconds --- */
typedef struct VisitProposal VisitProposal; /* a cut not yet written; in the arena */
bool visit_plan_cut(Visits *visits, int keep, int threads, Arena *arena, VisitProposal **out, Error *error) MUST_USE;
typedef struct VisitMonths VisitMonths;     /* months not yet written */
/* Of one grid, or of all below an org (0: all). ERROR_VISIT_MONTH, ERROR_NOT_FOUND; `db` reads last month's days. */
bool visit_plan_months(Visits *visits, Db *db, int32_t month, int64_t org_id, int threads, Arena *arena, VisitMonths **out, Error *error) MUST_USE;

/* --- use cases: inside a desk job --- */
bool visit_propose(DeskContext *context, Visits *visits, const VisitProposal *proposal, int64_t staff_id, VisitCutId *out, Error *error) MUST_USE;
bool visit_accept(DeskContext *context, Visits *visits, VisitCutId cut, Error *error) MUST_USE;
bool visit_undo(DeskContext *context, Visits *visits, Error *error) MUST_USE; /* back to the cut before, or to the import's */
/* Refused where visits of that month are recorded already (ERROR_VISIT_MONTH_BEGUN), or somebody's grid has changed since (ERROR_CONFLICT). */
bool visit_put_months(DeskContext *context, Visits *visits, const VisitMonths *months, int *grids, int64_t *households, Error *error) MUST_USE;

typedef struct VisitMark {
  CustomerId customer;
  int64_t org_id;                  /* the grid; its manager's own unless a head acts */
  int32_t month;
  VisitState result;               /* visited, refused, missed */
  Text note;                       /* may be none */
  Text what, description;          /* of a finding; what.at NULL: none */
  uint32_t roles;
  int64_t staff_id;
} VisitMark;
typedef struct VisitMarked {
  VisitStop stop;                  /* as it is now */
  OrderId order;                   /* of the finding, 0: none */
  bool rolled;                     /* missed, and comes again on stop.day */
} VisitMarked;
bool visit_mark(DeskContext *context, Visits *visits, const VisitMark *mark, VisitMarked *out, Error *error) MUST_USE;

/* --- reading: with the state lock held --- */
VisitCutId visit_cut_in_force(const Visits *visits);                   /* 0: the import's */
size_t visit_grid_of(const Visits *visits, uint32_t position);          /* row of people_org, SIZE_MAX: nobody's */
const VisitMonth *visit_month_of(const Visits *visits, int64_t org_id, int32_t month); /* NULL: not planned */
size_t visit_month_count(const Visits *visits);
const VisitMonth *visit_month_at(const Visits *visits, size_t i);
/* Working days of a month as local days since 1970 (order/clock.h); at most TOUR_DAYS. 0: no such month. */
int visit_working_days(const Visits *visits, int32_t month, int32_t days[TOUR_DAYS]);
unsigned visit_due(const Visits *visits, uint32_t position);
const char *visit_state_name(VisitState state);

/* For `dianbaomu check`; `problem` is "" when sound: every customer in one grid of the cut in force, counters as the stops say. */
bool visit_check(Visits *visits, Db *db, char problem[ERROR_TEXT_MAX], Error *error) MUST_USE;

/* --- its HTTP face: visit_routes.c --- */
struct Http;
bool visit_add_routes(struct Http *http, Visits *visits, Error *error) MUST_USE;

#endif
