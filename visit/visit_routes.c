#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "http/http.h"
#include "interop/package.h"
#include "order/kind.h"
#include "visit/visit_internal.h"
#include "visit/visit_schemas.h"

enum { PLAN_THREADS = 2, HISTORY_MOST = 50 };
enum { SEE = KIND_ROLE_MANAGER | KIND_ROLE_HEAD | KIND_ROLE_DISPATCHER | KIND_ROLE_AGENT, DECIDE = KIND_ROLE_HEAD, GO = KIND_ROLE_MANAGER | KIND_ROLE_HEAD };

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits"); }

/* --- words ------------------------------------------------------------------------------------------------------------ */

static bool month_of_text(Text text, int32_t *out, Error *error) {
  int64_t year, month;
  if (text.len == 7 && text.at[4] == '-' && text_to_i64(text_slice(text, 0, 4), &year) && text_to_i64(text_slice(text, 5, 7), &month) && year >= CALENDAR_FIRST_YEAR &&
      year <= CALENDAR_LAST_YEAR && month >= 1 && month <= 12) {
    *out = (int32_t)(year * 100 + month);
    return true;
  }
  return error_raise(error, ERROR_VISIT_MONTH, "%.*s", (int)(text.len < 20 ? text.len : 20), text.len ? text.at : "");
}

static bool month_asked(const HttpRequest *request, int32_t *out, Error *error) {
  Text text = http_query(request, "month");
  if (text.at) return month_of_text(text, out, error);
  Civil now = civil_of(request->now, ZONE_SHANGHAI);
  *out = now.year * 100 + now.month;
  return true;
}

static void put_month(Json *json, int32_t month) {
  char text[16];
  snprintf(text, sizeof text, "%04d-%02d", month / 100, month % 100);
  json_put_string(json, "month", text);
}

static void put_day(Json *json, const char *key, int32_t day) {
  char text[32];
  Civil civil = civil_of((Instant)day * SPAN_DAY - ZONE_SHANGHAI, ZONE_SHANGHAI);
  snprintf(text, sizeof text, "%04d-%02d-%02d", civil.year, civil.month, civil.day);
  json_put_string(json, key, text);
}

static void put_org(Json *json, const char *key, const Visits *visits, int64_t id) {
  size_t row;
  bool known = people_org_row(visits->people, id, &row);
  if (key) json_key(json, key);
  json_open_object(json);
  json_put_id(json, "id", id);
  json_put_text(json, "name", known ? people_org(visits->people, row)->name : TEXT(""));
  if (known && people_org(visits->people, row)->manager.len) json_put_text(json, "manager", people_org(visits->people, row)->manager);
  else json_put_string(json, "manager", NULL);
  json_close(json);
}

static bool may_see_org(const Visits *visits, const HttpWho *who, int64_t org, Error *error) {
  return people_org_within(visits->people, org, who->org_id) || error_raise(error, ERROR_FORBIDDEN_PLACE, "%lld", (long long)org);
}

/* A cut moves grids of the whole county: its decider must have all of them below. */
static bool decides_for_all(const Visits *visits, const HttpWho *who, Error *error) {
  for (size_t row = 0; who->org_id && row < people_org_count(visits->people); row++)
    if (visit_is_manager(visits, row) && !may_see_org(visits, who, people_org(visits->people, row)->id, error)) return false;
  return true;
}

/* "me": the grid the person belongs to; else an org's id. */
static bool grid_asked(const HttpRequest *request, const Visits *visits, Text manager, int64_t *out, Error *error) {
  size_t row;
  if (!manager.at || text_is(manager, "me")) *out = request->who.org_id;
  else if (!text_to_i64(manager, out)) return error_raise(error, ERROR_FIELD_FORMAT, "manager\t%.*s\tme, or the id of a grid", (int)(manager.len < 40 ? manager.len : 40), manager.at);
  if (!people_org_row(visits->people, *out, &row) || !visit_is_manager(visits, row)) return error_raise(error, ERROR_NOT_FOUND, "grid\t%lld", (long long)*out);
  return may_see_org(visits, &request->who, *out, error);
}

/* --- cuts ------------------------------------------------------------------------------------------------------------- */

static void write_cut(Json *json, const VisitCut *cut) {
  static const char *const STATES[] = {"proposed", "in_force", "was_in_force", "not_taken"}, *const KEEPS[] = {"none", "soft", "hard"};
  if (!cut->id.value) {
    json_nil(json);
    return;
  }
  json_open_object(json);
  json_put_id(json, "id", cut->id.value);
  json_put_string(json, "state", STATES[cut->state]);
  json_put_string(json, "keep", KEEPS[cut->keep]);
  json_put_i64(json, "grids", cut->grids), json_put_i64(json, "pieces_over", cut->pieces_over);
  json_put_f64(json, "mean_minutes", cut->mean_minutes, 1);
  json_put_f64(json, "deviation", cut->deviation, 4), json_put_f64(json, "deviation_before", cut->deviation_before, 4);
  json_put_f64(json, "radius_m", cut->radius_m, 1), json_put_f64(json, "moved", cut->moved, 4);
  json_put_instant(json, "made_at", cut->made_at), json_put_instant(json, "accepted_at", cut->accepted_at);
  json_close(json);
}

typedef struct Rows { /* grids of a cut, by org row */
  const Visits *visits;
  VisitCutGrid *at;
  uint32_t *grid_of; /* by customer; NULL: not wanted */
} Rows;

static bool keep_grid(void *self, const VisitCutGrid *grid) {
  Rows *rows = self;
  size_t org;
  uint32_t position;
  if (!people_org_row(rows->visits->people, grid->org_id, &org)) return true;
  rows->at[org] = *grid;
  for (size_t i = 0; rows->grid_of && i + 8 <= grid->customers.len; i += 8)
    if (people_position_of(rows->visits->people, (CustomerId){visit_get_id(grid->customers.at + i)}, &position)) rows->grid_of[position] = (uint32_t)org;
  rows->at[org].customers = TEXT_NONE;
  return true;
}

static bool read_grids(HttpRequest *request, const Visits *visits, VisitCutId cut, bool customers, Rows *out, Error *error) {
  size_t n = people_customer_count(visits->people);
  *out = (Rows){visits, ARENA_ARRAY(request->arena, VisitCutGrid, people_org_count(visits->people) + 1), NULL};
  if (customers) {
    out->grid_of = ARENA_ARRAY(request->arena, uint32_t, n + 1);
    for (size_t p = 0; out->grid_of && p < n; p++) out->grid_of[p] = VISIT_NOBODY;
  }
  if (!out->at || (customers && !out->grid_of)) return out_of_memory(error);
  return !cut.value || visit_rows_grids(request->db, visits->county_id, cut, keep_grid, out, error);
}

static void put_figures(Json *json, const VisitCutGrid *grid, const char *const keys[4]) {
  bool known = grid && grid->households > 0;
  const double values[] = {known ? grid->minutes : NAN, known ? grid->radius_m : NAN, known ? grid->lon : NAN, known ? grid->lat : NAN};
  for (int i = 0; i < 4; i++) json_put_f64(json, keys[i], values[i], i < 2 ? 1 : 6);
}

static bool get_cuts(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  static const char *const NOW[] = {"minutes", "radius_m", "lon", "lat"}, *const THEN[] = {"minutes_proposed", "radius_proposed_m", "lon_proposed", "lat_proposed"};
  const Visits *visits = room;
  VisitCut in_force = {0}, proposed;
  Rows now, then;
  Json json;
  size_t orgs = people_org_count(visits->people);
  int *households = ARENA_ARRAY(request->arena, int, orgs + 1);
  if (!households) return out_of_memory(error);
  if (visits->cut.value && !visit_row_cut_load(request->db, visits->county_id, visits->cut, &in_force, error)) return false;
  if (!visit_row_cut_newest(request->db, visits->county_id, 0, &proposed, error) || !read_grids(request, visits, visits->cut, false, &now, error) ||
      !read_grids(request, visits, proposed.id, false, &then, error))
    return false;
  for (uint32_t p = 0; p < people_customer_count(visits->people); p++)
    if (visits->grid_of[p] != VISIT_NOBODY) households[visits->grid_of[p]]++;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "in_force");
  write_cut(&json, &in_force);
  json_key(&json, "proposed");
  write_cut(&json, &proposed);
  json_key(&json, "grids");
  json_open_array(&json);
  for (size_t o = 0; o < orgs; o++) {
    if (!visit_is_manager(visits, o) || !people_org_within(visits->people, people_org(visits->people, o)->id, request->who.org_id)) continue;
    json_open_object(&json);
    put_org(&json, "org", visits, people_org(visits->people, o)->id);
    json_put_i64(&json, "households", households[o]);
    if (!visits->cut.value && proposed.id.value) now.at[o] = (VisitCutGrid){.minutes = then.at[o].minutes_before, .households = households[o], .radius_m = NAN, .lon = NAN, .lat = NAN};
    put_figures(&json, &now.at[o], NOW);
    json_key(&json, "households_proposed");
    if (proposed.id.value) json_i64(&json, then.at[o].households);
    else json_nil(&json);
    put_figures(&json, proposed.id.value ? &then.at[o] : NULL, THEN);
    json_close(&json);
  }
  json_close(&json);
  json_close(&json);
  return true;
}

typedef struct Area { /* what of one transformer belongs together: now, and then */
  uint32_t device, now, then;
} Area;

static int by_area(const void *left, const void *right) {
  const Area *a = left, *b = right;
  if (a->device != b->device) return a->device < b->device ? -1 : 1;
  if (a->now != b->now) return a->now < b->now ? -1 : 1;
  return a->then < b->then ? -1 : a->then > b->then;
}

static void write_area(Json *json, const Visits *visits, const Area *area, int households, const int *place) {
  const GridDevice *device = grid_device(visits->grid, area->device);
  if (device->lon_e6 == GRID_NO_PLACE) return;
  json_open_array(json);
  json_f64(json, device->lon_e6 / 1e6, 5);
  json_f64(json, device->lat_e6 / 1e6, 5);
  json_i64(json, households);
  json_i64(json, area->now == VISIT_NOBODY ? -1 : place[area->now]);
  json_i64(json, area->then == VISIT_NOBODY ? -1 : place[area->then]);
  json_close(json);
}

static bool get_areas(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Visits *visits = room;
  VisitCut proposed;
  Rows then;
  Json json;
  uint32_t customers = people_customer_count(visits->people);
  size_t orgs = people_org_count(visits->people), count = 0;
  Area *areas = memory_new(((size_t)customers + 1) * sizeof *areas); /* too large for a request's arena */
  int *place = ARENA_ARRAY(request->arena, int, orgs + 1), placed = 0;
  if (!areas || !place || !visit_row_cut_newest(request->db, visits->county_id, 0, &proposed, error) ||
      !read_grids(request, visits, proposed.id, proposed.id.value != 0, &then, error)) {
    memory_free(areas);
    return error->code == ERROR_NONE ? out_of_memory(error) : false;
  }
  for (uint32_t p = 0; p < customers; p++) {
    uint32_t device = people_customer_device(visits->people, p), area = grid_nearest_above(visits->grid, device, GRID_TRANSFORMER);
    size_t org = visit_grid_of(visits, p);
    if (org == SIZE_MAX || !people_org_within(visits->people, people_org(visits->people, org)->id, request->who.org_id)) continue;
    areas[count++] = (Area){area == GRID_NONE ? device : area, visits->grid_of[p], then.grid_of ? then.grid_of[p] : VISIT_NOBODY};
  }
  qsort(areas, count, sizeof *areas, by_area);
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "orgs");
  json_open_array(&json);
  for (size_t o = 0; o < orgs; o++) {
    place[o] = -1;
    if (!visit_is_manager(visits, o)) continue;
    place[o] = placed++;
    put_org(&json, NULL, visits, people_org(visits->people, o)->id);
  }
  json_close(&json);
  json_key(&json, "areas");
  json_open_array(&json);
  for (size_t i = 0, to; i < count; i = to) {
    for (to = i + 1; to < count && by_area(&areas[i], &areas[to]) == 0; to++) continue;
    write_area(&json, visits, &areas[i], (int)(to - i), place);
  }
  json_close(&json);
  json_close(&json);
  memory_free(areas);
  return true;
}

/* --- a month ---------------------------------------------------------------------------------------------------------- */

static void write_stop(Json *json, const Visits *visits, const VisitStop *stop, int32_t day, HttpRequest *request) {
  static const char *const DUE[] = {"vulnerable", "important", "arrears", "complaint"};
  uint32_t position;
  double lon = NAN, lat = NAN;
  Customer customer = {0};
  json_open_object(json);
  json_put_id(json, "customer_id", stop->customer.value);
  if (people_position_of(visits->people, stop->customer, &position)) {
    people_customer(visits->people, position, &customer);
    if (!visit_place(visits, position, &lon, &lat)) lon = lat = NAN;
    json_put_string(json, "importance", package_importance_name(customer.importance));
  }
  json_put_text(json, "number", customer.number.at ? customer.number : TEXT(""));
  json_put_text(json, "name", customer.name.at ? people_mask_name(request->arena, customer.name) : TEXT(""));
  json_put_text(json, "address", customer.address.at ? customer.address : TEXT(""));
  json_put_text(json, "phone", customer.phone.at ? people_mask_phone(request->arena, customer.phone) : TEXT(""));
  json_put_f64(json, "lon", lon, 6), json_put_f64(json, "lat", lat, 6);
  put_day(json, "date", day);
  json_put_string(json, "state", visit_state_name(stop->state));
  json_put_i64(json, "missed", stop->missed);
  json_key(json, "due");
  json_open_array(json);
  for (int i = 3; i >= 0; i--)
    if (stop->due & (1 << i)) json_text(json, text_of(DUE[i]));
  json_close(json);
  json_key(json, "tags");
  json_open_array(json);
  Text rest = customer.tags, tag;
  while (rest.len && text_next(&rest, ';', &tag))
    if (tag.len) json_text(json, tag);
  json_close(json);
  json_close(json);
}

static void put_counts(Json *json, const VisitMonth *m) {
  json_put_i64(json, "planned", m->planned), json_put_i64(json, "visited", m->visited), json_put_i64(json, "refused", m->refused);
  json_put_i64(json, "given_up", m->given_up), json_put_i64(json, "missed", m->missed), json_put_i64(json, "findings", m->findings);
}

/* The day asked for, else today or the next working day of the month, else its last. */
static bool day_asked(const HttpRequest *request, const int32_t *days, int count, int *out, Error *error) {
  Text text = http_query(request, "day");
  int32_t wanted = calendar_day_of(request->now);
  *out = 0;
  if (text.at) {
    char stamp[40];
    Instant at;
    snprintf(stamp, sizeof stamp, "%.*sT12:00:00+08:00", (int)(text.len < 12 ? text.len : 12), text.at);
    if (!instant_from_text(text_of(stamp), &at)) return error_raise(error, ERROR_FIELD_FORMAT, "day\t%.*s\ta date, 2026-12-31", (int)(text.len < 20 ? text.len : 20), text.at);
    wanted = calendar_day_of(at);
  }
  while (*out < count - 1 && days[*out] < wanted) ++*out;
  return true;
}

static void write_days(Json *json, const TourPlan *plan, const VisitStop *stops, const int32_t *days, int count) {
  json_key(json, "days");
  json_open_array(json);
  for (int d = 0; d < count; d++) {
    int done = 0;
    for (int i = plan->days[d].from; i < plan->days[d].to; i++) done += stops[i].state != VISIT_TO_COME;
    json_open_object(json);
    put_day(json, "date", days[d]);
    json_put_i64(json, "households", plan->days[d].to - plan->days[d].from);
    json_put_i64(json, "done", done);
    json_put_f64(json, "minutes", plan->days[d].minutes, 0);
    json_close(json);
  }
  json_close(json);
}

static bool get_plan(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Visits *visits = room;
  int64_t org;
  int32_t number, days[TOUR_DAYS];
  int count = 0, day = 0;
  VisitStop *stops = NULL;
  VisitMonth none = {0};
  TourProblem problem;
  TourPlan plan = {0};
  Json json;
  if (!grid_asked(request, visits, http_query(request, "manager"), &org, error) || !month_asked(request, &number, error)) return false;
  const VisitMonth *month = visit_month_of(visits, org, number);
  int working = visit_working_days(visits, number, days);
  if (!day_asked(request, days, month && month->days < working ? month->days : working, &day, error)) return false;
  if (month && (!visit_row_stops(request->db, visits->county_id, org, number, request->arena, &stops, &count, error) ||
                !visit_tour_of(visits, month, stops, count, request->arena, &problem, &plan, error)))
    return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  put_org(&json, "org", visits, org);
  put_month(&json, number);
  json_put_i64(&json, "version", month ? month->version : 0);
  put_counts(&json, month ? month : &none);
  json_put_f64(&json, "doors_m", month ? month->doors_m : 0, 0), json_put_f64(&json, "base_m", month ? month->base_m : 0, 0);
  json_put_f64(&json, "lon", month ? month->lon : NAN, 6), json_put_f64(&json, "lat", month ? month->lat : NAN, 6);
  write_days(&json, &plan, stops, days, month ? month->days < working ? month->days : working : 0);
  if (month && working) put_day(&json, "day", days[day]);
  else json_put_string(&json, "day", NULL);
  json_key(&json, "items");
  json_open_array(&json);
  for (int i = plan.days[day].from; i < plan.days[day].to; i++) write_stop(&json, visits, &stops[i], days[day], request);
  json_close(&json);
  json_close(&json);
  return true;
}

static bool get_due(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Visits *visits = room;
  int64_t org;
  int32_t number, days[TOUR_DAYS];
  int count = 0;
  VisitStop *stops = NULL;
  Json json;
  if (!grid_asked(request, visits, http_query(request, "manager"), &org, error) || !month_asked(request, &number, error)) return false;
  int working = visit_working_days(visits, number, days);
  if (!visit_row_stops(request->db, visits->county_id, org, number, request->arena, &stops, &count, error)) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (int bit = VISIT_DUE_COMPLAINT, shown = 0; bit && working; bit >>= 1) /* by what weighs most, then by day */
    for (int i = 0; i < count && shown < LIMIT_PAGE_ROWS; i++) {
      unsigned due = stops[i].due;
      if (stops[i].state == VISIT_TO_COME && (due & (unsigned)bit) && due < (unsigned)bit * 2 && ++shown)
        write_stop(&json, visits, &stops[i], days[stops[i].day < working ? stops[i].day : working - 1], request);
    }
  json_close(&json);
  json_close(&json);
  return true;
}

static void add_counts(VisitMonth *sum, const VisitMonth *one) {
  sum->planned += one->planned, sum->visited += one->visited, sum->refused += one->refused;
  sum->given_up += one->given_up, sum->missed += one->missed, sum->findings += one->findings;
}

static bool get_figures(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Visits *visits = room;
  int32_t number;
  size_t orgs = people_org_count(visits->people);
  VisitMonth *sums = ARENA_ARRAY(request->arena, VisitMonth, orgs + 1);
  Json json;
  if (!month_asked(request, &number, error)) return false;
  if (!sums) return out_of_memory(error);
  for (size_t i = 0; i < visits->months.count; i++) { /* each month to its grid and all above; `days` counts the grids */
    size_t row;
    const VisitMonth *month = &visits->months.at[i];
    if (month->month != number || !people_org_row(visits->people, month->org_id, &row)) continue;
    for (int steps = 0; steps < LIMIT_ORG_DEPTH; steps++) {
      add_counts(&sums[row], month);
      sums[row].days++;
      if (!people_org_row(visits->people, people_org(visits->people, row)->parent_id, &row)) break;
    }
  }
  json_begin(&json, &reply->body);
  json_open_object(&json);
  put_month(&json, number);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t o = 0; o < orgs; o++) {
    const Org *org = people_org(visits->people, o);
    if (!sums[o].days || !people_org_within(visits->people, org->id, request->who.org_id)) continue;
    json_open_object(&json);
    put_org(&json, "org", visits, org->id);
    json_put_id(&json, "parent_id", org->parent_id);
    json_put_text(&json, "level", org->level);
    json_put_i64(&json, "grids", sums[o].days);
    put_counts(&json, &sums[o]);
    json_close(&json);
  }
  json_close(&json);
  json_close(&json);
  return true;
}

static bool get_history(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Visits *visits = room;
  CustomerId customer;
  uint32_t position;
  VisitRow *rows;
  size_t count;
  Json json;
  if (!http_query_i64(request, "customer", 0, 1, INT64_MAX, &customer.value, error)) return false;
  if (!people_position_of(visits->people, customer, &position)) return error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)customer.value);
  size_t org = people_org_of_device(visits->people, people_customer_device(visits->people, position));
  if (request->who.org_id && visit_grid_of(visits, position) != SIZE_MAX) org = visit_grid_of(visits, position);
  if (org != SIZE_MAX && !may_see_org(visits, &request->who, people_org(visits->people, org)->id, error)) return false;
  if (!visit_rows_of(request->db, visits->county_id, customer, HISTORY_MOST, request->arena, &rows, &count, error)) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  for (size_t i = 0; i < count; i++) {
    json_open_object(&json);
    json_put_id(&json, "id", rows[i].id);
    json_put_instant(&json, "at", rows[i].at);
    json_put_string(&json, "result", visit_state_name((VisitState)rows[i].result));
    json_put_text(&json, "note", rows[i].note);
    json_put_id(&json, "order_id", rows[i].order.value), json_put_id(&json, "staff_id", rows[i].staff_id), json_put_id(&json, "org_id", rows[i].org_id);
    put_month(&json, rows[i].month);
    json_close(&json);
  }
  json_close(&json);
  json_close(&json);
  return true;
}

/* --- writes ----------------------------------------------------------------------------------------------------------- */

typedef struct Command {
  Visits *visits;
  VisitProposal *proposal;
  VisitMonths *months;
  VisitCutId cut;
  VisitMark mark;
  VisitMarked marked;
  int grids;
  int64_t households;
  int32_t month;
  Db *db;
  Arena planning; /* ends with the command */
} Command;

static Command *command_of(HttpRequest *request, void *room) {
  Command *command = ARENA_NEW(request->arena, Command);
  if (command) command->visits = room, command->mark.staff_id = request->who.staff_id, command->mark.roles = request->who.roles;
  return command;
}

static bool decode_cut(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = command_of(request, room);
  Text keep = http_body_text(request->body, "keep");
  *out = command;
  if (!command) return out_of_memory(error);
  if (!decides_for_all(room, &request->who, error)) return false;
  arena_begin(&command->planning, 0);
  int how = text_is(keep, "hard") ? VISIT_KEEP_HARD : text_is(keep, "soft") ? VISIT_KEEP_SOFT : VISIT_KEEP_NONE;
  if (visit_plan_cut(room, how, PLAN_THREADS, &command->planning, &command->proposal, error)) return true;
  arena_end(&command->planning);
  return false;
}

static bool work_propose(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  c->db = context->db;
  bool ok = visit_propose(context, c->visits, c->proposal, c->mark.staff_id, &c->cut, error);
  arena_end(&c->planning);
  return ok;
}

static bool decode_id(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = command_of(request, room);
  *out = command;
  if (!command) return out_of_memory(error);
  return decides_for_all(room, &request->who, error) && http_argument_id(request, 0, "visit cut", &command->cut.value, error);
}

static bool decode_nothing(HttpRequest *request, void **out, void *room, Error *error) {
  *out = command_of(request, room);
  return *out ? decides_for_all(room, &request->who, error) : out_of_memory(error);
}

static bool work_accept(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  c->db = context->db;
  return visit_accept(context, c->visits, c->cut, error);
}

static bool work_undo(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  c->db = context->db, c->cut = visit_cut_in_force(c->visits);
  return visit_undo(context, c->visits, error);
}

static bool encode_cut(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  Command *c = self;
  VisitCut cut;
  Json json;
  (void)room;
  if (!visit_row_cut_load(c->db, c->visits->county_id, c->cut, &cut, error)) return false;
  if (c->proposal) reply->status = 201;
  (void)request;
  json_begin(&json, &reply->body);
  write_cut(&json, &cut);
  return true;
}

static bool decode_months(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = command_of(request, room);
  Visits *visits = room;
  int64_t scope = http_body_id(request->body, "org_id");
  *out = command;
  if (!command) return out_of_memory(error);
  if (!month_of_text(http_body_text(request->body, "month"), &command->month, error)) return false;
  if (!scope) scope = request->who.org_id;
  if (scope && !may_see_org(visits, &request->who, scope, error)) return false;
  arena_begin(&command->planning, 0);
  if (visit_plan_months(visits, request->db, command->month, scope, PLAN_THREADS, &command->planning, &command->months, error)) return true;
  arena_end(&command->planning);
  return false;
}

static bool work_months(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  bool ok = visit_put_months(context, c->visits, c->months, &c->grids, &c->households, error);
  arena_end(&c->planning);
  return ok;
}

static bool encode_months(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  Command *c = self;
  Json json;
  (void)request, (void)room, (void)error;
  reply->status = 201;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  put_month(&json, c->month);
  json_put_i64(&json, "grids", c->grids), json_put_i64(&json, "households", c->households);
  json_close(&json);
  return true;
}

static bool decode_mark(HttpRequest *request, void **out, void *room, Error *error) {
  Command *command = command_of(request, room);
  const json_t *finding = json_object_get(request->body, "finding");
  *out = command;
  if (!command) return out_of_memory(error);
  VisitMark *mark = &command->mark;
  Text result = http_body_text(request->body, "result");
  mark->customer.value = http_body_id(request->body, "customer_id"), mark->org_id = http_body_id(request->body, "org_id");
  mark->result = text_is(result, "visited") ? VISIT_VISITED : text_is(result, "refused") ? VISIT_REFUSED : VISIT_MISSED;
  mark->note = http_body_text(request->body, "note");
  if (json_is_object(finding)) mark->what = http_body_text(finding, "what"), mark->description = http_body_text(finding, "description");
  if (!mark->org_id) mark->org_id = request->who.org_id;
  return month_of_text(http_body_text(request->body, "month"), &mark->month, error) && may_see_org(room, &request->who, mark->org_id, error);
}

static bool work_mark(DeskContext *context, void *self, Error *error) {
  Command *c = self;
  return visit_mark(context, c->visits, &c->mark, &c->marked, error);
}

static bool encode_mark(HttpRequest *request, void *self, HttpReply *reply, void *room, Error *error) {
  Command *c = self;
  int32_t days[TOUR_DAYS] = {0};
  Json json;
  (void)room, (void)error;
  visit_working_days(c->visits, c->mark.month, days);
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "stop");
  write_stop(&json, c->visits, &c->marked.stop, days[c->marked.stop.day], request);
  json_put_id(&json, "order_id", c->marked.order.value);
  if (c->marked.rolled) put_day(&json, "again", days[c->marked.stop.day]);
  else json_put_string(&json, "again", NULL);
  json_close(&json);
  return true;
}

static const HttpRoute ROUTES[] = {
    {.method = "GET", .path = "/api/v1/visits/cuts", .roles = SEE, .summary = "Who has which grid: the cut in force, one proposed, each grid now and then",
     .reply_schema = SCHEMA_CUTS, .read = get_cuts},
    {.method = "GET", .path = "/api/v1/visits/areas", .roles = SEE, .summary = "For the map: each transformer area with its grid now and as proposed",
     .reply_schema = SCHEMA_AREAS, .read = get_areas},
    {.method = "POST", .path = "/api/v1/visits/cuts", .roles = DECIDE, .flags = HTTP_KEYED | HTTP_SLOW, .summary = "Cut the county into grids anew: a proposal",
     .request_schema = TAKES_CUT, .reply_schema = SCHEMA_CUT, .decode = decode_cut, .work = work_propose, .encode = encode_cut},
    {.method = "POST", .path = "/api/v1/visits/cuts/{id}/accept", .roles = DECIDE, .flags = HTTP_KEYED, .summary = "Put a proposed cut in force",
     .request_schema = TAKES_NOTHING, .reply_schema = SCHEMA_CUT, .decode = decode_id, .work = work_accept, .encode = encode_cut},
    {.method = "POST", .path = "/api/v1/visits/cuts/undo", .roles = DECIDE, .flags = HTTP_KEYED, .summary = "Back to the cut before",
     .request_schema = TAKES_NOTHING, .reply_schema = SCHEMA_CUT, .decode = decode_nothing, .work = work_undo, .encode = encode_cut},
    {.method = "POST", .path = "/api/v1/visits/months", .roles = GO, .flags = HTTP_KEYED | HTTP_SLOW, .summary = "Plan a month of visits for a grid, or for all below an org",
     .request_schema = TAKES_MONTHS, .reply_schema = SCHEMA_PLANNED, .decode = decode_months, .work = work_months, .encode = encode_months},
    {.method = "GET", .path = "/api/v1/visits/plan", .roles = SEE, .summary = "A manager's month, and the households of one day in order of the way",
     .query = "manager month day", .reply_schema = SCHEMA_PLAN, .read = get_plan},
    {.method = "GET", .path = "/api/v1/visits/due", .roles = SEE, .summary = "Who is due first in a grid and not yet seen this month", .query = "manager month",
     .reply_schema = SCHEMA_DUE, .read = get_due},
    {.method = "GET", .path = "/api/v1/visits/figures", .roles = SEE, .flags = HTTP_SLOW, .summary = "A month's visits by organisation, rolled up", .query = "month",
     .reply_schema = SCHEMA_FIGURES, .read = get_figures},
    {.method = "GET", .path = "/api/v1/visits/history", .roles = SEE, .summary = "Every meeting with a customer, the newest first", .query = "customer",
     .reply_schema = SCHEMA_HISTORY, .read = get_history},
    {.method = "POST", .path = "/api/v1/visits/marks", .roles = GO, .flags = HTTP_KEYED, .summary = "What came of a visit; who was missed comes again, a finding becomes an order",
     .request_schema = TAKES_MARK, .reply_schema = SCHEMA_MARKED, .decode = decode_mark, .work = work_mark, .encode = encode_mark},
    {.method = NULL},
};

const HttpRoute *visit_routes(void) { return ROUTES; }

bool visit_add_routes(Http *http, Visits *visits, Error *error) {
  return http_add_component(http, "VisitCut", COMPONENT_VISIT_CUT, error) && http_add_component(http, "VisitStop", COMPONENT_VISIT_STOP, error) &&
         http_add_routes(http, ROUTES, visits, error);
}
