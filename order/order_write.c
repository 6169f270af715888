#include "order/order_write.h"

#include <stdio.h>

static void put_names(Json *json, Text zh, Text en) {
  json_put_text(json, "name_zh", zh);
  json_put_text(json, "name_en", en);
}

static void put_degrees(Json *json, const char *key, int32_t e6) {
  json_key(json, key);
  if (e6 == GRID_NO_PLACE) json_nil(json);
  else json_f64(json, e6 / 1e6, 6);
}

static void put_number(Json *json, int64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)number);
  json_put_string(json, "number", text);
}

/* --- clocks --- */

static const char *clock_word(const ClockState *state, bool broken) {
  if (broken) return "broken";
  return state->phase == CLOCK_RUNNING   ? "running"
         : state->phase == CLOCK_PAUSED  ? "paused"
         : state->phase == CLOCK_STOPPED ? "kept"
                                         : "cancelled";
}

void write_clock(Json *json, const OrderKind *kind, size_t c, const ClockState *state, Instant now) {
  const KindClock *clock = &kind->clocks[c];
  const Promise *promise = clock->promise;
  ClockReading reading = clock_read(state, &promise->clock, now);
  json_open_object(json);
  json_put_text(json, "id", clock->id);
  put_names(json, clock->name_zh, clock->name_en);
  json_put_string(json, "state", clock_word(state, reading.broken));
  json_put_instant(json, "started", state->started);
  json_put_instant(json, "due", reading.due);
  json_put_instant(json, "amber_at", clock_at(state, &promise->clock, 75));
  json_put_instant(json, "ended", state->phase == CLOCK_STOPPED || state->phase == CLOCK_CANCELLED ? state->since : INSTANT_NONE);
  json_put_i64(json, "limit_s", state->limit / SPAN_SECOND);
  json_put_i64(json, "used_s", reading.used / SPAN_SECOND);
  json_put_i64(json, "run", state->runs);
  json_put_text(json, "promise", promise->origin.id);
  json_put_text(json, "promise_version", promise->origin.version);
  json_put_text(json, "source", promise->origin.source);
  json_put_string(json, "judged", promise->judged == JUDGED_AVERAGE ? "average" : "each");
  json_close(json);
}

/* The one that slips first; a paused one when none runs; none when all have ended. */
static int nearest_clock(const OrderKind *kind, const ClockSet *clocks) {
  int nearest = -1;
  Instant earliest = LIVE_NEVER;
  for (size_t c = 0; c < kind->clock_count; c++) {
    if (!(clocks->started & 1u << c)) continue;
    const ClockState *state = &clocks->at[c];
    if (state->phase == CLOCK_PAUSED && nearest < 0) nearest = (int)c;
    if (state->phase != CLOCK_RUNNING) continue;
    Instant due = clock_due(state, &kind->clocks[c].promise->clock);
    if (due == INSTANT_NONE || due >= earliest) continue;
    earliest = due;
    nearest = (int)c;
  }
  return nearest;
}

/* --- orders --- */

void write_customer(Json *json, const Orders *orders, uint32_t position, CustomerId id, Arena *arena) {
  Customer customer;
  if (!id.value) {
    json_nil(json);
    return;
  }
  json_open_object(json);
  json_put_id(json, "id", id.value);
  if (position != CUSTOMER_NONE) people_customer(orders->people, position, &customer);
  json_put_text(json, "number", position != CUSTOMER_NONE ? customer.number : TEXT_NONE);
  json_put_text(json, "name", position != CUSTOMER_NONE ? people_mask_name(arena, customer.name) : TEXT_NONE);
  json_put_text(json, "phone", position != CUSTOMER_NONE ? people_mask_phone(arena, customer.phone) : TEXT_NONE);
  json_close(json);
}

static void put_place(Json *json, const Orders *orders, const Order *order) {
  Customer customer;
  int32_t lon = GRID_NO_PLACE, lat = GRID_NO_PLACE;
  Text address = TEXT_NONE;
  if (order->position != CUSTOMER_NONE) {
    people_customer(orders->people, order->position, &customer);
    lon = customer.lon_e6, lat = customer.lat_e6, address = customer.address;
  }
  if (orders->grid && order->device != GRID_NONE && (lon == GRID_NO_PLACE || lat == GRID_NO_PLACE)) {
    const GridDevice *device = grid_device(orders->grid, order->device);
    lon = device->lon_e6, lat = device->lat_e6;
  }
  if (orders->grid && order->device != GRID_NONE && !address.len) address = grid_name(orders->grid, order->device);
  json_put_text(json, "address", address);
  put_degrees(json, "lon", lon);
  put_degrees(json, "lat", lat);
  json_put_id(json, "device_id", order_device_id(orders, order->device));
  json_key(json, "device_index");
  if (order->device == GRID_NONE) json_nil(json);
  else json_i64(json, order->device);
}

static Text what_id(const Order *order) {
  for (size_t i = 0; order->what != ORDER_NO_CHOICE && i < order->kind->form_count; i++)
    if (text_is(order->kind->form[i].id, "what") && order->what < order->kind->form[i].choice_count)
      return text_of(order->kind->form[i].choices[order->what].id);
  return TEXT_NONE;
}

void write_summary_into(Json *json, const Orders *orders, const Order *order, const ClockSet *clocks, Arena *arena, Instant now) {
  int nearest = nearest_clock(order->kind, clocks);
  json_put_id(json, "id", order->id.value);
  put_number(json, order->number);
  json_put_text(json, "kind", order->kind->origin.id);
  json_put_text(json, "state", order->kind->states[order->state].id);
  json_put_string(json, "ladder", kind_ladder_name((OrderLadder)order->ladder));
  json_key(json, "customer");
  write_customer(json, orders, order->position, order->customer, arena);
  put_place(json, orders, order);
  json_put_id(json, "outage_id", order->outage.value);
  json_put_id(json, "crew_id", order->crew.value);
  json_put_id(json, "assignee_id", order->assignee.value);
  json_put_id(json, "parent_id", order->parent.value);
  json_put_id(json, "main_id", order->main.value);
  json_put_id(json, "to_org_id", order->to_org != ORDER_NO_ORG ? people_org(orders->people, order->to_org)->id : 0);
  json_put_id(json, "org_id", order->org != ORDER_NO_ORG ? people_org(orders->people, order->org)->id : 0);
  json_put_instant(json, "at", order->accepted_at);
  json_put_instant(json, "state_since", order->state_since);
  json_key(json, "nearest_clock");
  if (nearest < 0) json_nil(json);
  else write_clock(json, order->kind, (size_t)nearest, &clocks->at[nearest], now);
  json_put_text(json, "what", what_id(order));
  json_put_i64(json, "urgency", order->urgency);
  json_put_i64(json, "calls", order->calls);
  json_put_i64(json, "repeats", order->repeats);
  json_put_i64(json, "reopened", order->reopened);
  json_put_bool(json, "suspended", order->suspended);
  json_put_instant(json, "suspended_until", order->suspended ? order->until : INSTANT_NONE);
  json_put_i64(json, "version", order->version);
}

void write_summary(Json *json, const Orders *orders, const Order *order, const ClockSet *clocks, Arena *arena, Instant now) {
  json_open_object(json);
  write_summary_into(json, orders, order, clocks, arena, now);
  json_close(json);
}

/* --- kinds and promises --- */

static void write_field(Json *json, const KindField *field, size_t field_row) {
  json_open_object(json);
  json_put_text(json, "id", field->id);
  put_names(json, field->name_zh, field->name_en);
  json_put_string(json, "type", kind_field_type_name((KindFieldType)field->type));
  json_put_bool(json, "required", field->required);
  json_put_bool(json, "personal", field->personal);
  if (field->when_field >= 0) { /* asked for only then; the field it looks at stands before it in the same form */
    const KindField *other = field - field_row + field->when_field;
    char when[128];
    snprintf(when, sizeof when, "%.*s=%.*s", TEXT_ARG(other->id), TEXT_ARG(field->when_is));
    json_put_string(json, "when", when);
  }
  if (field->type == FIELD_NUMBER && field->least > -1e15) json_put_f64(json, "least", field->least, 6);
  if (field->most < 1e15) json_put_f64(json, "most", field->most, 6);
  if (field->choice_count) {
    json_key(json, "choices");
    json_open_array(json);
    for (size_t i = 0; i < field->choice_count; i++) {
      json_open_object(json);
      json_put_string(json, "id", field->choices[i].id);
      put_names(json, text_of(field->choices[i].name_zh), text_of(field->choices[i].name_en));
      json_close(json);
    }
    json_close(json);
  }
  json_close(json);
}

static void write_fields(Json *json, const char *key, const KindField *fields, size_t count) {
  json_key(json, key);
  json_open_array(json);
  for (size_t i = 0; i < count; i++) write_field(json, &fields[i], i);
  json_close(json);
}

void write_roles(Json *json, const char *key, uint32_t roles) {
  static const char *const NAMES[] = {"agent", "dispatcher", "crew", "manager", "head", "administrator"};
  json_key(json, key);
  json_open_array(json);
  for (unsigned i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    if (roles >> i & 1) json_text(json, text_of(NAMES[i]));
  if (roles & KIND_ROLE_CUSTOMER) json_text(json, TEXT("customer"));
  if (roles & KIND_ROLE_SYSTEM) json_text(json, TEXT("system"));
  json_close(json);
}

void write_step(Json *json, const KindStep *step) {
  json_open_object(json);
  json_put_text(json, "id", step->id);
  put_names(json, step->name_zh, step->name_en);
  json_put_bool(json, "side", step->to < 0 && step->branch_count == 0);
  write_roles(json, "roles", step->roles);
  json_put_bool(json, "visit", step->visit);
  json_put_text(json, "opens", step->opens);
  json_put_text(json, "effect", text_of(kind_effect_name((KindEffect)step->effect)));
  write_fields(json, "fields", step->fields, step->field_count);
  json_close(json);
}

void write_origin(Json *json, const RuleOrigin *origin) {
  static const char *const STRENGTHS[] = {"V", "W", "R"};
  json_put_text(json, "id", origin->id);
  put_names(json, origin->name_zh, origin->name_en);
  json_put_text(json, "rule_version", origin->version);
  json_put_text(json, "source", origin->source);
  json_put_text(json, "source_zh", origin->source_zh);
  json_put_string(json, "strength", STRENGTHS[origin->strength]);
  json_put_text(json, "region", origin->region);
  json_put_text(json, "from", origin->from);
  json_put_text(json, "until", origin->until);
}

static void write_states(Json *json, const OrderKind *kind) {
  json_key(json, "states");
  json_open_array(json);
  for (size_t i = 0; i < kind->state_count; i++) {
    const KindState *state = &kind->states[i];
    json_open_object(json);
    json_put_text(json, "id", state->id);
    put_names(json, state->name_zh, state->name_en);
    json_put_string(json, "ladder", kind_ladder_name((OrderLadder)state->ladder));
    json_put_bool(json, "final", state->final);
    json_close(json);
  }
  json_close(json);
}

void write_kind(Json *json, const OrderKind *kind) {
  json_open_object(json);
  write_origin(json, &kind->origin);
  json_put_text(json, "group", kind->group);
  json_put_bool(json, "public", kind->public);
  json_put_text(json, "guide_zh", kind->guide_zh);
  json_put_text(json, "guide_en", kind->guide_en);
  json_put_i64(json, "visits_most", kind->visits_most);
  json_put_i64(json, "repeat_calls", kind->repeat_calls);
  json_put_i64(json, "repeat_days", kind->repeat_window / SPAN_DAY);
  write_roles(json, "opened_by", kind->opened_by);
  write_fields(json, "form", kind->form, kind->form_count);
  write_states(json, kind);
  json_key(json, "steps");
  json_open_array(json);
  for (size_t i = 0; i < kind->step_count; i++) write_step(json, &kind->steps[i]);
  json_close(json);
  json_key(json, "clocks");
  json_open_array(json);
  for (size_t i = 0; i < kind->clock_count; i++) {
    json_open_object(json);
    json_put_text(json, "id", kind->clocks[i].id);
    put_names(json, kind->clocks[i].name_zh, kind->clocks[i].name_en);
    const Promise *promise = kind->clocks[i].promise;
    json_put_text(json, "promise", promise->origin.id);
    json_put_i64(json, "urban_s", promise->limit[AREA_URBAN] / SPAN_SECOND);
    json_put_i64(json, "rural_s", promise->limit[AREA_RURAL] / SPAN_SECOND);
    json_put_i64(json, "remote_s", promise->limit[AREA_REMOTE] / SPAN_SECOND);
    json_put_i64(json, "day_s", calendar_day_length(promise->clock.calendar) / SPAN_SECOND);
    json_close(json);
  }
  json_close(json);
  json_close(json);
}

void write_promise(Json *json, const Promise *promise, Text calendar) {
  write_promise_into(json, promise, calendar);
  json_close(json);
}

void write_promise_into(Json *json, const Promise *promise, Text calendar) {
  json_open_object(json);
  write_origin(json, &promise->origin);
  json_put_text(json, "calendar", calendar);
  json_put_bool(json, "in_force", promise->in_force);
  json_put_string(json, "judged", promise->judged == JUDGED_AVERAGE ? "average" : "each");
  json_put_i64(json, "urban_s", promise->limit[AREA_URBAN] / SPAN_SECOND);
  json_put_i64(json, "rural_s", promise->limit[AREA_RURAL] / SPAN_SECOND);
  json_put_i64(json, "remote_s", promise->limit[AREA_REMOTE] / SPAN_SECOND);
  json_put_i64(json, "day_s", calendar_day_length(promise->clock.calendar) / SPAN_SECOND);
  json_key(json, "marks");
  json_open_array(json);
  for (size_t i = 0; i < promise->clock.mark_count; i++) json_i64(json, promise->clock.marks[i]);
  json_close(json);
}
