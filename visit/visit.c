#include "visit/visit.h"

#include <stdio.h>

#include "visit/visit_internal.h"

const char *visit_state_name(VisitState state) {
  static const char *const NAMES[] = {"to_come", "visited", "refused", "given_up", "missed"};
  return NAMES[state];
}

/* --- who is whose ------------------------------------------------------------------------------------------------------ */

bool visit_is_manager(const Visits *visits, size_t org_row) { return org_row != SIZE_MAX && text_is(people_org(visits->people, org_row)->level, "grid"); }

bool visit_place(const Visits *visits, uint32_t position, double *lon, double *lat) {
  Customer customer;
  people_customer(visits->people, position, &customer);
  const GridDevice *device = grid_device(visits->grid, customer.device);
  bool own = customer.lon_e6 != GRID_NO_PLACE && customer.lat_e6 != GRID_NO_PLACE;
  if (!own && device->lon_e6 == GRID_NO_PLACE) return false;
  *lon = (own ? customer.lon_e6 : device->lon_e6) / 1e6;
  *lat = (own ? customer.lat_e6 : device->lat_e6) / 1e6;
  return true;
}

static uint32_t imported_grid(const Visits *visits, uint32_t position) {
  size_t row = people_org_of_device(visits->people, people_customer_device(visits->people, position));
  return visit_is_manager(visits, row) ? (uint32_t)row : VISIT_NOBODY;
}

static bool take_grid(void *self, const VisitCutGrid *grid) {
  Visits *visits = self;
  size_t org;
  uint32_t position;
  if (!people_org_row(visits->people, grid->org_id, &org)) return true; /* gone with a later import: its customers fall back to that */
  for (size_t i = 0; i + 8 <= grid->customers.len; i += 8)
    if (people_position_of(visits->people, (CustomerId){visit_get_id(grid->customers.at + i)}, &position)) visits->grid_of[position] = (uint32_t)org;
  return true;
}

int64_t visit_month_key(size_t org_row, int32_t month) { return (int64_t)org_row << 20 | (month - 200000); } /* months to the year 10485 */

bool visit_month_keep(Visits *visits, const VisitMonth *month) {
  size_t org;
  int64_t at;
  if (!people_org_row(visits->people, month->org_id, &org)) return true; /* its grid is no more */
  int64_t key = visit_month_key(org, month->month);
  if (map_get(&visits->month_at, key, &at)) {
    visits->months.at[at] = *month;
    return true;
  }
  return vector_push(&visits->months, *month) && map_put(&visits->month_at, key, (int64_t)visits->months.count - 1);
}

bool visit_reload(Db *db, void *self, Error *error) {
  Visits *visits = self;
  VisitCut cut;
  vector_clear(&visits->months);
  map_free(&visits->month_at);
  for (uint32_t p = 0; p < people_customer_count(visits->people); p++) visits->grid_of[p] = imported_grid(visits, p);
  if (!visit_row_cut_newest(db, visits->county_id, 1, &cut, error)) return false;
  visits->cut = cut.id;
  return (!cut.id.value || visit_rows_grids(db, visits->county_id, cut.id, take_grid, visits, error)) && visit_rows_months(db, visits, error);
}

bool visit_open(Visits **out, Desk *desk, Db *db, const Grid *grid, const People *people, Orders *orders, Error *error) {
  *out = NULL;
  Visits *visits = memory_new(sizeof *visits);
  if (!visits) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  *visits = (Visits){.desk = desk, .grid = grid, .people = people, .orders = orders, .county_id = desk_county_id(desk)};
  visits->calendar = order_calendar(orders, TEXT("working_hours"));
  visits->grid_of = memory_new(((size_t)people_customer_count(people) + 1) * sizeof *visits->grid_of);
  bool ok = visits->grid_of || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  ok = ok && (visits->calendar || error_raise(error, ERROR_NOT_FOUND, "calendar\t%s", "working_hours"));
  if (!ok || !visit_reload(db, visits, error)) {
    visit_close(visits);
    return false;
  }
  desk_on_reload(desk, visit_reload, visits);
  *out = visits;
  return true;
}

void visit_close(Visits *visits) {
  if (!visits) return;
  memory_free(visits->grid_of);
  vector_free(&visits->months);
  map_free(&visits->month_at);
  memory_free(visits);
}

void visit_on_debts(Visits *visits, VisitDebts debts) { visits->debts = debts; }

/* --- reading ---------------------------------------------------------------------------------------------------------- */

VisitCutId visit_cut_in_force(const Visits *visits) { return visits->cut; }
size_t visit_grid_of(const Visits *visits, uint32_t position) { return visits->grid_of[position] == VISIT_NOBODY ? SIZE_MAX : visits->grid_of[position]; }
size_t visit_month_count(const Visits *visits) { return visits->months.count; }
const VisitMonth *visit_month_at(const Visits *visits, size_t i) { return &visits->months.at[i]; }

const VisitMonth *visit_month_of(const Visits *visits, int64_t org_id, int32_t month) {
  size_t org;
  int64_t at;
  if (!people_org_row(visits->people, org_id, &org) || !map_get(&visits->month_at, visit_month_key(org, month), &at)) return NULL;
  return &visits->months.at[at];
}

int visit_working_days(const Visits *visits, int32_t month, int32_t days[TOUR_DAYS]) {
  int count = 0, year = month / 100, in_year = month % 100;
  if (year < CALENDAR_FIRST_YEAR || year > CALENDAR_LAST_YEAR || in_year < 1 || in_year > 12) return 0;
  for (int d = 1; d <= 31; d++) {
    Instant from = instant_of((Civil){.year = year, .month = in_year, .day = d}, ZONE_SHANGHAI);
    if (civil_of(from, ZONE_SHANGHAI).month != in_year) break;
    if (calendar_worked(visits->calendar, from, from + SPAN_DAY) > 0) days[count++] = calendar_day_of(from);
  }
  return count;
}

unsigned visit_due(const Visits *visits, uint32_t position) {
  Customer customer;
  people_customer(visits->people, position, &customer);
  unsigned due = customer.vulnerable ? VISIT_DUE_VULNERABLE : 0;
  if (customer.importance >= IMPORTANCE_2) due |= VISIT_DUE_IMPORTANT;
  if (visits->debts.owes && visits->debts.owes(visits->debts.self, customer.id)) due |= VISIT_DUE_ARREARS;
  if (order_of_customer(visits->orders, customer.id, "complaint")) due |= VISIT_DUE_COMPLAINT;
  return due;
}

/* --- checking --------------------------------------------------------------------------------------------------------- */

typedef struct Count {
  const Visits *visits;
  uint8_t *seen;
  int64_t twice, unknown;
} Count;

static bool count_grid(void *self, const VisitCutGrid *grid) {
  Count *count = self;
  uint32_t position;
  for (size_t i = 0; i + 8 <= grid->customers.len; i += 8) {
    if (!people_position_of(count->visits->people, (CustomerId){visit_get_id(grid->customers.at + i)}, &position)) count->unknown++;
    else if (count->seen[position]++) count->twice++;
  }
  return true;
}

static bool check_month(const Visits *visits, Db *db, const VisitMonth *month, char *problem, Error *error) {
  Arena arena;
  VisitStop *stops;
  int count, seen[VISIT_MISSED + 1] = {0}, missed = 0;
  arena_begin(&arena, 0);
  bool ok = visit_row_stops(db, visits->county_id, month->org_id, month->month, &arena, &stops, &count, error), sound = true;
  for (int i = 0; ok && i < count; i++) {
    sound = sound && stops[i].state <= VISIT_GIVEN_UP && stops[i].day < month->days && (i == 0 || stops[i].day >= stops[i - 1].day);
    if (stops[i].state <= VISIT_GIVEN_UP) seen[stops[i].state]++;
    missed += stops[i].missed;
  }
  sound = sound && count == month->planned && seen[VISIT_VISITED] == month->visited && seen[VISIT_REFUSED] == month->refused &&
          seen[VISIT_GIVEN_UP] == month->given_up && missed == month->missed;
  if (ok && !sound) snprintf(problem, ERROR_TEXT_MAX, "month %d of grid %lld is not what its counters say", month->month, (long long)month->org_id);
  arena_end(&arena);
  return ok;
}

bool visit_check(Visits *visits, Db *db, char problem[ERROR_TEXT_MAX], Error *error) {
  Count count = {visits, memory_new((size_t)people_customer_count(visits->people) + 1), 0, 0};
  problem[0] = '\0';
  if (!count.seen) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  bool ok = !visits->cut.value || visit_rows_grids(db, visits->county_id, visits->cut, count_grid, &count, error);
  memory_free(count.seen);
  if (ok && count.twice) snprintf(problem, ERROR_TEXT_MAX, "%lld customers stand in two grids of the cut in force", (long long)count.twice);
  if (ok && !problem[0]) ok = visit_rows_compare(db, visits, problem, error);
  for (size_t i = 0; ok && !problem[0] && i < visits->months.count; i++) ok = check_month(visits, db, &visits->months.at[i], problem, error);
  return ok;
}
