/* The room over HTTP. What is computed takes up to a tenth of a second: those routes run apart and hold nobody up. */
#include <math.h>
#include <stdio.h>

#include "order/kind.h"
#include "supply/supply_internal.h"
#include "supply/supply_schemas.h"

enum {
  READERS = KIND_ROLE_DISPATCHER | KIND_ROLE_MANAGER | KIND_ROLE_HEAD | KIND_ROLE_ADMINISTRATOR,
  PICKERS = KIND_ROLE_MANAGER | KIND_ROLE_HEAD
};
static const char *const PHASES[8] = {"", "A", "B", "AB", "C", "AC", "BC", "ABC"};

/* --- parts of replies --- */

static void write_area(Json *json, const Supply *supply, const SupplyArea *area, const AreaDay *day) {
  json_put_id(json, "device_id", grid_device(supply->grid, area->device)->id.value);
  json_put_text(json, "name", grid_name(supply->grid, area->device));
  supply_write_day(json, "day", area->day);
  json_put_f64(json, "rated_kva", area->area.rated_kva, 0);
  json_put_i64(json, "households", area->area.customer_count);
  json_put_i64(json, "read", area->read);
  json_put_i64(json, "guessed",
               area->guess.conductors + area->guess.lengths + area->guess.contracts + area->guess.phases + area->guess.rating);
  json_put_f64(json, "worst_volts", day->worst_volts, 1);
  json_put_i64(json, "low", day->low_customers);
  json_put_i64(json, "high", day->high_customers);
  json_put_i64(json, "unsolved", day->unsolved);
  json_put_f64(json, "peak_load", day->peak_load, 3);
  json_put_f64(json, "loss_kwh", day->loss_kwh, 1);
}

static double way_to(const Area *area, uint32_t node) {
  double metres = 0;
  for (; node > 0; node = area->nodes[node].parent) metres += area->nodes[node].length_m;
  return metres;
}

static double measured_least(const SupplyArea *area, uint32_t i) {
  double least = INFINITY;
  for (int k = 0; k < 3 && area->readings.volts[0]; k++)
    for (size_t t = 0; t < AREA_QUARTERS; t++) {
      double v = (double)area->readings.volts[k][(size_t)i * AREA_QUARTERS + t];
      if (v > 50) least = fmin(least, v);
    }
  return isfinite(least) ? least : (double)NAN;
}

static void write_customers(Json *json, const Supply *supply, const SupplyArea *area, const AreaDay *before, const AreaDay *after) {
  json_key(json, "customers");
  json_open_array(json);
  for (uint32_t i = 0; i < area->area.customer_count; i++) {
    const AreaCustomer *customer = &area->area.customers[i];
    Customer one;
    people_customer(supply->people, area->position[i], &one);
    json_open_object(json);
    json_put_id(json, "customer_id", one.id.value);
    json_put_text(json, "number", one.number);
    json_put_text(json, "device", grid_code(supply->grid, area->device + customer->node));
    json_put_f64(json, "metres", way_to(&area->area, customer->node), 0);
    json_put_string(json, "phases", PHASES[customer->phases]);
    json_put_f64(json, "least_volts", (double)before->least[i], 1);
    json_put_i64(json, "quarters_low", before->quarters[i]);
    json_put_f64(json, "measured_volts", measured_least(area, i), 1);
    json_put_f64(json, "after_volts", after ? (double)after->least[i] : (double)NAN, 1);
    json_put_bool(json, "shiftable", customer->shiftable);
    json_close(json);
  }
  json_close(json);
}

static void clock_text(char out[8], size_t quarter) { snprintf(out, 8, "%02zu:%02zu", quarter / 4 % 100, quarter % 4 * 15); }

static void write_pumps(Json *json, const Supply *supply, const SupplyArea *area, const StaggerPlan *plan) {
  json_key(json, "pumps");
  json_open_array(json);
  for (size_t i = 0; plan && i < plan->pump_count; i++) {
    const StaggerPump *pump = &plan->pumps[i];
    Customer one;
    people_customer(supply->people, area->position[pump->customer], &one);
    json_open_object(json);
    json_put_id(json, "customer_id", one.id.value);
    json_put_text(json, "number", one.number);
    json_put_f64(json, "kw", pump->kw, 1);
    json_put_f64(json, "hours_needed", pump->needed / 4.0, 2);
    json_key(json, "days");
    json_open_array(json);
    for (int d = 0; d < plan->days; d++) {
      json_open_array(json);
      for (size_t t = 0; t < AREA_QUARTERS; t++) {
        char text[8];
        size_t from = t;
        if (!pump->runs[d][t]) continue;
        while (t + 1 < AREA_QUARTERS && pump->runs[d][t + 1]) t++;
        json_open_object(json);
        clock_text(text, from);
        json_put_string(json, "from", text);
        clock_text(text, t + 1);
        json_put_string(json, "until", text);
        json_close(json);
      }
      json_close(json);
    }
    json_close(json);
    json_close(json);
  }
  json_close(json);
}

/* --- reading --- */

typedef struct Asked { /* an area computed for a request */
  SupplyArea area;
  CauseReport cause;
  RemedyList list;
  Arena arena, work;
} Asked;

static bool ask(Asked *asked, HttpRequest *request, Supply *supply, Error *error) {
  uint32_t device;
  int day;
  arena_begin(&asked->arena, 0), arena_begin(&asked->work, 0);
  if (!supply_device(supply, request, &device, error) || !supply_day(request, &day, error)) return false;
  if (!supply_area(&asked->area, supply, request->db, device, day, &asked->arena, error)) return false;
  return cause_find(&asked->area.area, &asked->area.standard, &asked->cause, &asked->arena, &asked->work, error) &&
         remedy_search(&asked->area.area, supply_book_rates(supply->book), &asked->list, &asked->arena, &asked->work, error) &&
         supply_remember(supply, &asked->area, CAUSE_NAME[asked->cause.cause], &asked->list, error);
}

static void asked_end(Asked *asked) { arena_end(&asked->arena), arena_end(&asked->work); }

static bool get_area(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Asked asked;
  Json json;
  bool ok = ask(&asked, request, room, error);
  if (ok) {
    json_begin(&json, &reply->body);
    json_open_object(&json);
    write_area(&json, room, &asked.area, &asked.cause.before);
    json_put_string(&json, "cause", asked.cause.low ? CAUSE_NAME[asked.cause.cause] : NULL);
    json_key(&json, "views");
    json_open_array(&json);
    for (int k = 0; asked.cause.low && k < CAUSE_COUNT; k++) {
      json_open_object(&json);
      json_put_string(&json, "name", CAUSE_NAME[k]);
      json_put_f64(&json, "recovered", asked.cause.view[k].recovered, 3);
      json_put_i64(&json, "low", asked.cause.view[k].low_customers);
      json_put_f64(&json, "worst_volts", asked.cause.view[k].worst_volts, 1);
      json_close(&json);
    }
    json_close(&json);
    json_key(&json, "remedies");
    json_open_array(&json);
    for (size_t i = 0; i < asked.list.count; i++) supply_write_remedy(&json, room, &asked.area, &asked.list.at[i]);
    json_close(&json);
    write_customers(&json, room, &asked.area, &asked.cause.before, NULL);
    json_close(&json);
  }
  asked_end(&asked);
  return ok;
}

static bool get_picture(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Asked asked;
  Json json;
  int64_t which = -1;
  bool ok = ask(&asked, request, room, error);
  if (ok && (!text_to_i64(request->argument[1], &which) || which < 0 || which >= (int64_t)asked.list.count))
    ok = error_raise(error, ERROR_NOT_FOUND, "remedy\t%.*s", (int)(request->argument[1].len < 20 ? request->argument[1].len : 20),
                     request->argument[1].at);
  if (ok) {
    const Remedy *remedy = &asked.list.at[which];
    json_begin(&json, &reply->body);
    json_open_object(&json);
    write_area(&json, room, &asked.area, &asked.cause.before);
    json_key(&json, "remedy");
    supply_write_remedy(&json, room, &asked.area, remedy);
    write_customers(&json, room, &asked.area, &asked.cause.before, &remedy->after);
    write_pumps(&json, room, &asked.area, remedy->hours);
    json_close(&json);
  }
  asked_end(&asked);
  return ok;
}

static bool get_hours(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Supply *supply = room;
  SupplyArea area;
  StaggerPlan plan;
  Arena arena, work;
  Json json;
  uint32_t device;
  int day;
  if (!supply_device(supply, request, &device, error) || !supply_day(request, &day, error)) return false;
  arena_begin(&arena, 0), arena_begin(&work, 0);
  bool ok = supply_area(&area, supply, request->db, device, day, &arena, error) &&
            stagger_find(&area.area, &supply_book_rates(supply->book)->hours, &plan, &arena, &work, error);
  if (ok) {
    double worst = INFINITY;
    for (int d = 0; d < plan.days; d++) worst = fmin(worst, plan.day[d].worst_volts);
    json_begin(&json, &reply->body);
    json_open_object(&json);
    json_put_id(&json, "device_id", grid_device(supply->grid, device)->id.value);
    json_put_text(&json, "name", grid_name(supply->grid, device));
    supply_write_day(&json, "day", day);
    json_put_bool(&json, "keeps", plan.keeps);
    json_put_f64(&json, "given_share", plan.given_share, 3);
    json_put_f64(&json, "night_spread", plan.night_spread / 4, 2);
    json_put_f64(&json, "worst_volts", worst, 1);
    json_put_f64(&json, "without_volts", plan.without.worst_volts, 1);
    write_pumps(&json, supply, &area, &plan);
    json_close(&json);
  }
  arena_end(&arena), arena_end(&work);
  return ok;
}

static bool write_choice(void *self, const SupplyChoice *choice) {
  Json *json = self;
  json_open_object(json);
  json_put_id(json, "id", choice->id);
  json_put_id(json, "device_id", choice->device_id);
  json_put_id(json, "order_id", choice->order.value);
  supply_write_day(json, "day", choice->day);
  json_put_instant(json, "chosen_at", choice->chosen_at);
  json_put_text(json, "cause", choice->cause);
  json_key(json, "remedy");
  json_raw(json, choice->remedy);
  json_put_f64(json, "cost_yuan", (double)choice->cost_fen / 100, 0);
  json_put_i64(json, "works_days", choice->works_days);
  json_put_f64(json, "worst_before", choice->worst_before_dv / 10.0, 1);
  json_put_i64(json, "low_before", choice->low_before);
  json_put_f64(json, "worst_after", choice->worst_after_dv / 10.0, 1);
  json_put_i64(json, "low_after", choice->low_after);
  json_put_f64(json, "measured", choice->measured_dv < 0 ? (double)NAN : (double)choice->measured_dv / 10, 1);
  json_put_instant(json, "measured_at", choice->measured_at);
  json_close(json);
  return true;
}

static bool get_choices(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  const Supply *supply = room;
  uint32_t device;
  Json json;
  if (!supply_device(supply, request, &device, error)) return false;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  if (!supply_choices(request->db, supply->county_id, grid_device(supply->grid, device)->id.value, 50, write_choice, &json, error))
    return false;
  json_close(&json);
  json_close(&json);
  return true;
}

/* --- picking --- */

static bool decode_pick(HttpRequest *request, void **out, void *room, Error *error) {
  SupplyPick *pick = *out = ARENA_NEW(request->arena, SupplyPick);
  Instant at;
  uint32_t device;
  char whole[40];
  Text day = http_body_text(request->body, "day");
  if (!pick) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply");
  if (!supply_device(room, request, &device, error)) return false;
  snprintf(whole, sizeof whole, "%.*sT00:00:00+08:00", (int)day.len, day.at);
  if (!instant_from_text(text_of(whole), &at)) {
    error_raise(error, ERROR_FIELD_FORMAT, "day\t%.*s\t2026-11-20", TEXT_ARG(day));
    return error_at(error, "%s", "$.day");
  }
  *pick = (SupplyPick){.supply = room,
                       .device_id = grid_device(((Supply *)room)->grid, device)->id.value,
                       .org_id = request->who.org_id,
                       .day = (int)((at + ZONE_SHANGHAI) / SPAN_DAY),
                       .remedy = (int)http_body_i64(request->body, "remedy", 0),
                       .roles = request->who.roles};
  return true;
}

static bool encode_pick(HttpRequest *request, void *command, HttpReply *reply, void *room, Error *error) {
  const SupplyPick *pick = command;
  Json json;
  (void)request, (void)room, (void)error;
  reply->status = 201;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_put_id(&json, "id", pick->choice);
  json_put_id(&json, "order_id", pick->order.value);
  json_close(&json);
  return true;
}

const HttpRoute SUPPLY_ROUTES[] = {{.method = "GET",
                                    .path = "/api/v1/supply/areas/{id}",
                                    .roles = READERS,
                                    .flags = HTTP_SLOW | HTTP_UNLOCKED,
                                    .query = "day",
                                    .summary = "An area's voltage: households, the cause, what would help",
                                    .reply_schema = SCHEMA_SUPPLY_AREA,
                                    .read = get_area},
                                   {.method = "GET",
                                    .path = "/api/v1/supply/areas/{id}/remedies/{n}",
                                    .roles = READERS,
                                    .flags = HTTP_SLOW | HTTP_UNLOCKED,
                                    .query = "day",
                                    .summary = "One of its remedies: every household before and after",
                                    .reply_schema = SCHEMA_SUPPLY_PICTURE,
                                    .read = get_picture},
                                   {.method = "GET",
                                    .path = "/api/v1/supply/areas/{id}/hours",
                                    .roles = READERS,
                                    .flags = HTTP_SLOW | HTTP_UNLOCKED,
                                    .query = "day",
                                    .summary = "Staggered hours for its pumps",
                                    .reply_schema = SCHEMA_SUPPLY_HOURS,
                                    .read = get_hours},
                                   {.method = "GET",
                                    .path = "/api/v1/supply/areas/{id}/phases",
                                    .roles = READERS,
                                    .flags = HTTP_SLOW | HTTP_UNLOCKED,
                                    .summary = "Phases of its meters as found from voltage",
                                    .reply_schema = SCHEMA_SUPPLY_PHASES,
                                    .read = supply_get_phases},
                                   {.method = "POST",
                                    .path = "/api/v1/supply/areas/{id}/corrections",
                                    .roles = PICKERS,
                                    .flags = HTTP_KEYED,
                                    .summary = "Put phases right as found from voltage, or take that back (phase null); computed with from then on",
                                    .request_schema = TAKES_CORRECTIONS,
                                    .reply_schema = SCHEMA_SUPPLY_CORRECTED,
                                    .decode = supply_decode_correct,
                                    .work = supply_correct,
                                    .encode = supply_encode_correct},
                                   {.method = "GET",
                                    .path = "/api/v1/supply/areas/{id}/choices",
                                    .roles = READERS,
                                    .summary = "Remedies that were chosen, newest first",
                                    .reply_schema = SCHEMA_SUPPLY_CHOICES,
                                    .read = get_choices},
                                   {.method = "POST",
                                    .path = "/api/v1/supply/areas/{id}/choices",
                                    .roles = PICKERS,
                                    .flags = HTTP_KEYED,
                                    .summary = "Pick a remedy: an order of kind low_voltage",
                                    .request_schema = TAKES_PICK,
                                    .reply_schema = SCHEMA_SUPPLY_PICKED,
                                    .decode = decode_pick,
                                    .work = supply_pick,
                                    .encode = encode_pick},
                                   {.method = "GET",
                                    .path = "/api/v1/supply/overloads",
                                    .roles = READERS,
                                    .flags = HTTP_SLOW | HTTP_UNLOCKED,
                                    .summary = "Transformers that will be overloaded in the coming week",
                                    .reply_schema = SCHEMA_SUPPLY_OVERLOADS,
                                    .read = supply_get_overloads},
                                   {0}};

bool supply_add_routes(Http *http, Supply *supply, Error *error) { return http_add_routes(http, SUPPLY_ROUTES, supply, error) && http_add_routes(http, SUPPLY_STRAY_ROUTES, supply, error); }
