/* Meters found at another transformer than the books say: their rows, what a person decides, and the routes. */
#include <math.h>
#include <stdio.h>

#include "order/kind.h"
#include "people/move.h"
#include "supply/supply_internal.h"
#include "supply/supply_schemas.h"

enum {
  READERS = KIND_ROLE_DISPATCHER | KIND_ROLE_MANAGER | KIND_ROLE_HEAD | KIND_ROLE_ADMINISTRATOR,
  DECIDERS = KIND_ROLE_MANAGER | KIND_ROLE_HEAD,
  STRAYS_SHOWN = 500
};
static const char *const STATES[STRAY_STATES] = {"open", "accepted", "refused", "taken_back"};

/* --- rows --- */

bool supply_strays(Db *db, int64_t county_id, int state, int64_t id, SupplyStrayVisit visit, void *self, Error *error) {
  DbStatement *s;
  bool row;
  if (!db_prepare(&s, db,
                  "SELECT id, customer_id, from_device_id, to_device_id, phases, confidence, days, found_at, state, decided_at, decided_by"
                  " FROM supply_stray WHERE county_id = ?1 AND (state = ?2 OR ?2 < 0) AND (id = ?3 OR ?3 = 0)"
                  " ORDER BY CASE WHEN state = 0 THEN 0 ELSE 1 END, id DESC",
                  error))
    return false;
  db_bind_i64(s, 1, county_id);
  db_bind_i64(s, 2, state);
  db_bind_i64(s, 3, id);
  while (db_step(&row, s, error)) {
    if (!row) return true;
    SupplyStray stray = {.id = db_column_i64(s, 0),
                         .customer = {db_column_i64(s, 1)},
                         .from = {db_column_i64(s, 2)},
                         .to = {db_column_i64(s, 3)},
                         .phases = (uint8_t)db_column_i64(s, 4),
                         .confidence = (int)db_column_i64(s, 5),
                         .days = (int)db_column_i64(s, 6),
                         .found = db_column_instant(s, 7),
                         .state = (int)db_column_i64(s, 8),
                         .decided = db_column_instant(s, 9),
                         .decided_by = db_column_text(s, 10)};
    if (!visit(self, &stray)) return db_reset(s), true;
  }
  return false;
}

static bool put(DeskContext *context, const SupplyStray *stray, Error *error) {
  DbStatement *s;
  bool row;
  /* Who was accepted there, or refused, is not asked about again. */
  if (!db_prepare(&s, context->db,
                  "SELECT 1 FROM supply_stray WHERE county_id = ?1 AND from_device_id = ?2 AND customer_id = ?3 AND to_device_id = ?4 AND"
                  " state IN (1, 2) LIMIT 1",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, stray->from.value);
  db_bind_i64(s, 3, stray->customer.value);
  db_bind_i64(s, 4, stray->to.value);
  if (!db_step(&row, s, error)) return false;
  db_reset(s);
  if (row) return true;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO supply_stray (county_id, id, customer_id, from_device_id, to_device_id, phases, confidence, days, found_at, state)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, desk_new_id(context));
  db_bind_i64(s, 3, stray->customer.value);
  db_bind_i64(s, 4, stray->from.value);
  db_bind_i64(s, 5, stray->to.value);
  db_bind_i64(s, 6, stray->phases);
  db_bind_i64(s, 7, stray->confidence);
  db_bind_i64(s, 8, stray->days);
  db_bind_instant(s, 9, context->now);
  return db_done(s, error);
}

bool supply_strays_put(DeskContext *context, const Supply *supply, DeviceId from, const SupplyStray *at, size_t count, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "DELETE FROM supply_stray WHERE county_id = ?1 AND from_device_id = ?2 AND state = 0", error)) return false;
  db_bind_i64(s, 1, supply->county_id);
  db_bind_i64(s, 2, from.value);
  if (!db_done(s, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!put(context, &at[i], error)) return false;
  return true;
}

bool supply_strays_forget(DeskContext *context, const Supply *supply, Instant found_before, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "DELETE FROM supply_stray WHERE county_id = ?1 AND state = 0 AND found_at < ?2", error)) return false;
  db_bind_i64(s, 1, supply->county_id);
  db_bind_instant(s, 2, found_before);
  return db_done(s, error);
}

static bool set_state(DeskContext *context, int64_t id, int state, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db, "UPDATE supply_stray SET state = ?1, decided_at = ?2, decided_by = ?3 WHERE county_id = ?4 AND id = ?5", error))
    return false;
  db_bind_i64(s, 1, state);
  db_bind_instant(s, 2, context->now);
  db_bind_text(s, 3, context->actor);
  db_bind_i64(s, 4, context->county_id);
  db_bind_i64(s, 5, id);
  return db_done(s, error);
}

/* --- what a person decides --- */

typedef struct Decision {
  Supply *supply;
  int64_t id, org_id;
  Text decision;
  int state; /* out */
} Decision;

static bool keep_stray(void *self, const SupplyStray *stray) {
  SupplyStray *out = self;
  *out = *stray;
  out->decided_by = TEXT_NONE;
  return true;
}

/* Where under the other transformer the meter is taken to hang: at the device with customers that is nearest to the household. */
static DeviceId nearest_below(const Supply *supply, uint32_t transformer, const Customer *customer) {
  uint32_t best = transformer, end = grid_device(supply->grid, transformer)->end, from, to;
  double least = INFINITY;
  people_customers_in(supply->people, (GridRange){transformer, end}, &from, &to);
  for (uint32_t i = from; i < to; i++) {
    uint32_t at = people_customer_device(supply->people, i);
    const GridDevice *device = grid_device(supply->grid, at);
    if (device->lat_e6 == GRID_NO_PLACE || customer->lat_e6 == GRID_NO_PLACE) continue;
    double far = hypot(device->lat_e6 - customer->lat_e6, (device->lon_e6 - customer->lon_e6) * cos(customer->lat_e6 / 1e6 * 0.0174532925));
    if (far < least) least = far, best = at;
  }
  return grid_device(supply->grid, best)->id;
}

static bool accept(DeskContext *context, const Supply *supply, const SupplyStray *stray, uint32_t to, Error *error) {
  Customer customer;
  uint32_t position;
  if (!people_position_of(supply->people, stray->customer, &position))
    return error_raise(error, ERROR_NOT_FOUND, "customer\t%lld", (long long)stray->customer.value);
  people_customer(supply->people, position, &customer);
  SupplyPhase phase = {stray->customer.value, stray->phases, stray->confidence};
  return people_move(context, supply->people, stray->customer, nearest_below(supply, to, &customer), error) &&
         (customer.phases == 7 || !phase.phases || supply_put_phase(context, supply, stray->to.value, &phase, error));
}

static bool take_back(DeskContext *context, const Supply *supply, const SupplyStray *stray, Error *error) {
  SupplyPhase none = {.customer_id = stray->customer.value};
  return people_move_back(context, supply->people, stray->customer, error) &&
         supply_put_phase(context, supply, stray->to.value, &none, error);
}

static bool decide(DeskContext *context, void *command, Error *error) {
  Decision *decision = command;
  Supply *supply = decision->supply;
  SupplyStray stray = {0};
  uint32_t from, to;
  char text[240];
  bool undo = text_is(decision->decision, "undo"), yes = text_is(decision->decision, "accept");
  if (!supply_strays(context->db, supply->county_id, -1, decision->id, keep_stray, &stray, error)) return false;
  if (!stray.id || !grid_index_of(supply->grid, stray.from, &from) || !grid_index_of(supply->grid, stray.to, &to))
    return error_raise(error, ERROR_NOT_FOUND, "stray\t%lld", (long long)decision->id);
  if (!people_check_place(supply->people, decision->org_id, from, error) || !people_check_place(supply->people, decision->org_id, to, error))
    return false;
  bool decided = stray.state == STRAY_ACCEPTED || stray.state == STRAY_REFUSED;
  if (undo != decided) return error_raise(error, ERROR_SUPPLY_DECIDED, "%s", STATES[stray.state % STRAY_STATES]);
  decision->state = yes ? STRAY_ACCEPTED : !undo ? STRAY_REFUSED : stray.state == STRAY_ACCEPTED ? STRAY_TAKEN_BACK : STRAY_OPEN;
  bool ok = set_state(context, stray.id, decision->state, error);
  if (ok && yes) ok = accept(context, supply, &stray, to, error);
  if (ok && decision->state == STRAY_TAKEN_BACK) ok = take_back(context, supply, &stray, error);
  int len = snprintf(text, sizeof text, "{\"stray_id\":\"%lld\",\"customer_id\":\"%lld\",\"to_device_id\":\"%lld\",\"decision\":\"%s\",\"confidence\":%.3f}",
                     (long long)stray.id, (long long)stray.customer.value, (long long)stray.to.value, yes ? "accept" : undo ? "undo" : "refuse",
                     stray.confidence / 1000.0);
  ok = ok && desk_event(context, "supply.stray", "area", stray.from.value, (Text){text, (size_t)len}, error);
  if (!ok) return desk_spoil(context);
  supply_forget(supply, stray.from.value), supply_forget(supply, stray.to.value);
  return true;
}

/* Every Monday after three in the night, by the desk's own clock. */
bool supply_search_tick(DeskContext *context, void *room, Error *error) {
  Supply *supply = room;
  Civil civil = civil_of(context->now, ZONE_SHANGHAI);
  SupplySearchState state = supply_search_state(supply);
  int day = (int)((context->now + ZONE_SHANGHAI) / SPAN_DAY);
  if (!supply->search || day % 7 != 4 || civil.hour != 3 || state.running || state.last_day == day - 1) return true; /* day 4 was a Monday */
  return supply_search_begin(supply, context->now, error);
}

/* --- routes --- */

typedef struct Listing {
  Json *json;
  Supply *supply;
  int64_t org_id;
  int shown;
} Listing;

static void write_area_name(Json *json, const char *key, const Supply *supply, uint32_t device) {
  json_key(json, key);
  json_open_object(json);
  json_put_id(json, "id", grid_device(supply->grid, device)->id.value);
  json_put_text(json, "name", grid_name(supply->grid, device));
  json_close(json);
}

static double metres_to(const Customer *customer, const GridDevice *device) {
  if (customer->lat_e6 == GRID_NO_PLACE || device->lat_e6 == GRID_NO_PLACE) return (double)NAN;
  return hypot(device->lat_e6 - customer->lat_e6, (device->lon_e6 - customer->lon_e6) * cos(customer->lat_e6 / 1e6 * 0.0174532925)) * 0.11132;
}

static bool write_stray(void *self, const SupplyStray *stray) {
  static const char *const PHASES[8] = {NULL, "A", "B", NULL, "C", NULL, NULL, "ABC"};
  Listing *listing = self;
  const Supply *supply = listing->supply;
  Json *json = listing->json;
  Customer customer;
  uint32_t from, to, position;
  if (!grid_index_of(supply->grid, stray->from, &from) || !grid_index_of(supply->grid, stray->to, &to) ||
      !people_position_of(supply->people, stray->customer, &position) || !supply_in_reach(supply, from, listing->org_id))
    return true;
  people_customer(supply->people, position, &customer);
  uint32_t hangs = grid_nearest_above(supply->grid, customer.device, GRID_TRANSFORMER);
  json_open_object(json);
  json_put_id(json, "id", stray->id);
  json_put_id(json, "customer_id", stray->customer.value);
  json_put_text(json, "number", customer.number);
  write_area_name(json, "from", supply, from);
  write_area_name(json, "to", supply, to);
  json_put_string(json, "phase", PHASES[stray->phases & 7]);
  json_put_f64(json, "confidence", stray->confidence / 1000.0, 3);
  json_put_i64(json, "days", stray->days);
  json_put_f64(json, "metres", metres_to(&customer, grid_device(supply->grid, to)), 0);
  json_put_instant(json, "found_at", stray->found);
  json_put_string(json, "state", STATES[stray->state % STRAY_STATES]);
  json_put_instant(json, "decided_at", stray->decided);
  json_put_text(json, "decided_by", stray->decided_by);
  json_put_bool(json, "at_next_start", (stray->state == STRAY_ACCEPTED && hangs != to) || (stray->state == STRAY_TAKEN_BACK && hangs == to));
  json_close(json);
  return ++listing->shown < STRAYS_SHOWN;
}

static bool get_strays(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Supply *supply = room;
  SupplySearchState state = supply_search_state(supply);
  Json json;
  Listing listing = {&json, supply, request->who.org_id, 0};
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_bool(&json, "running", state.running);
  json_put_bool(&json, "failed", state.failed);
  json_put_i64(&json, "done", (int64_t)state.done);
  json_put_i64(&json, "areas", (int64_t)state.areas);
  json_put_instant(&json, "began_at", state.began ? state.began : INSTANT_NONE);
  json_key(&json, "items");
  json_open_array(&json);
  if (!supply_strays(request->db, supply->county_id, -1, 0, write_stray, &listing, error)) return false;
  json_close(&json);
  json_close(&json);
  return true;
}

static bool decode_search(HttpRequest *request, void **out, void *room, Error *error) {
  (void)request, (void)error;
  *out = room;
  return true;
}
static bool begin_search(DeskContext *context, void *command, Error *error) { return supply_search_begin(command, context->now, error); }
static bool encode_search(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  Json json;
  (void)request, (void)command, (void)room, (void)error;
  reply->status = 202;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_bool(&json, "running", true);
  json_close(&json);
  return true;
}

static bool decode_decision(HttpRequest *request, void **out, void *room, Error *error) {
  Decision *decision = *out = ARENA_NEW(request->arena, Decision);
  if (!decision) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply");
  *decision = (Decision){.supply = room, .org_id = request->who.org_id, .decision = http_body_text(request->body, "decision")};
  return http_argument_id(request, 0, "stray", &decision->id, error);
}
static bool encode_decision(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  const Decision *decision = command;
  Json json;
  (void)request, (void)room, (void)error;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_string(&json, "state", STATES[decision->state]);
  json_close(&json);
  return true;
}

const HttpRoute SUPPLY_STRAY_ROUTES[] = {{.method = "GET",
                                          .path = "/api/v1/supply/strays",
                                          .roles = READERS,
                                          .summary = "Meters voltage puts at another transformer than the books; open ones first; how far the search is",
                                          .reply_schema = SCHEMA_SUPPLY_STRAYS,
                                          .read = get_strays},
                                         {.method = "POST",
                                          .path = "/api/v1/supply/search",
                                          .roles = DECIDERS | KIND_ROLE_ADMINISTRATOR,
                                          .flags = HTTP_KEYED,
                                          .summary = "Search the whole county for meters at a wrong transformer",
                                          .request_schema = TAKES_SEARCH,
                                          .reply_schema = SCHEMA_SUPPLY_SEARCH,
                                          .decode = decode_search,
                                          .work = begin_search,
                                          .encode = encode_search},
                                         {.method = "POST",
                                          .path = "/api/v1/supply/strays/{id}/decision",
                                          .roles = DECIDERS,
                                          .flags = HTTP_KEYED,
                                          .summary = "Accept a meter at the other transformer, refuse it, or undo either",
                                          .request_schema = TAKES_DECISION,
                                          .reply_schema = SCHEMA_SUPPLY_DECIDED,
                                          .decode = decode_decision,
                                          .work = decide,
                                          .encode = encode_decision},
                                         {0}};
