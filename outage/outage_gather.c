/* What calls change: an order is gathered into an outage, a new one or one that rises and takes others up. And the small change all share: telling. */
#include <stdio.h>

#include "order/kind.h"
#include "order/rule.h"
#include "outage/outage_internal.h"

/* --- telling --- */

static void write_facts(const Outages *outages, const Record *record, Json *json) {
  const Outage *o = &record->o;
  char number[OUTAGE_NUMBER_MAX];
  json_put_string(json, "number", outage_number(o, number));
  json_put_id(json, "device", grid_device(outages->grid, o->device)->id.value);
  json_put_string(json, "state", outage_state_name((OutageState)o->state));
  json_put_string(json, "ladder", kind_ladder_name(outage_ladder(o)));
  json_put_i64(json, "customers_out", o->customers_out);
  json_put_i64(json, "households", o->households);
  json_put_i64(json, "calls", o->calls);
  json_put_id(json, "crew", o->crew.value);
  json_put_f64(json, "probability", o->probability, 2);
  json_put_i64(json, "version", o->version);
  json_key(json, "dark");
  json_open_array(json);
  for (size_t i = 0; i < o->dark.count; i++) {
    json_open_array(json);
    json_i64(json, o->dark.at[i].from);
    json_i64(json, o->dark.at[i].to);
    json_close(json);
  }
  json_close(json);
}

static bool save_and_tell(DeskContext *context, const Outages *outages, Record *record, const char *kind, Text extra, Error *error) {
  Buffer buffer;
  Json json;
  buffer_begin(&buffer, 0);
  json_begin(&json, &buffer);
  json_open_object(&json);
  write_facts(outages, record, &json);
  if (extra.len) buffer_byte(&buffer, ','), buffer_text(&buffer, extra);
  json_close(&json);
  bool ok = outage_row_save(context->db, context->county_id, outages->grid, record, error);
  if (ok && buffer.failed) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", kind);
  if (ok) ok = desk_event(context, kind, "outage", record->o.id.value, buffer_as_text(&buffer), error);
  if (ok) record->dirty = false, record->told = record->o.probability;
  buffer_end(&buffer);
  return ok;
}

bool outage_tell(DeskContext *context, Outages *outages, Record *record, const char *kind, Text extra, Error *error) {
  record->o.version++;
  return save_and_tell(context, outages, record, kind, extra, error);
}

typedef struct Collect {
  OrderId *at;
  size_t count, most;
} Collect;

static bool collect(void *self, const Order *order) {
  Collect *c = self;
  if (c->count < c->most) c->at[c->count++] = order->id;
  return c->count < c->most;
}

bool outage_orders(DeskContext *context, const Outages *outages, OutageId id, OrderId **out, size_t *count, Error *error) {
  const Record *record = outage_record(outages, id);
  Collect c = {.most = record ? record->o.households : 0};
  *count = 0;
  *out = c.at = ARENA_ARRAY(context->arena, OrderId, c.most + 1);
  if (!c.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orders of an outage");
  if (c.most) order_of_outage(outages->orders, id, collect, &c);
  *count = c.count;
  return true;
}

/* --- making and ending --- */

bool outage_new(DeskContext *context, Outages *outages, uint32_t device, bool by_hand, Instant since, Record **out, Error *error) {
  Record *record = memory_new(sizeof *record);
  if (!record) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  Instant now = context->now;
  record->o = (Outage){.id = {desk_new_id(context)}, .serial = ++outages->last_serial, .device = device, .by_hand = by_hand, .since = since,
                       .found_at = now, .confirmed_at = INSTANT_NONE, .assigned_at = INSTANT_NONE, .arrived_at = INSTANT_NONE,
                       .surveyed_at = INSTANT_NONE, .restored_at = INSTANT_NONE, .crew_due_at = INSTANT_NONE, .eta_from = INSTANT_NONE, .eta_likely = INSTANT_NONE, .eta_until = INSTANT_NONE};
  record->last_call_at = now;
  record->listed = GRID_NONE;
  record->closed_at = INSTANT_NONE;
  if (!outage_adopt(outages, record, error)) return false;
  bool estimated = outage_estimate_now(outages, record, now); /* told with what was found */
  if (!outage_tell(context, outages, record, "outage.found", TEXT_NONE, error)) return false;
  if (estimated && !outage_row_eta(context->db, context->county_id, record, now, context->actor, error)) return false;
  *out = record;
  return true;
}

bool outage_end(DeskContext *context, Outages *outages, Record *record, OutageState state, const char *kind, Text extra, Error *error) {
  record->o.state = (uint8_t)state;
  record->closed_at = context->now;
  grid_ranges_clear(&record->o.dark);
  record->o.customers_out = record->o.important_out = 0;
  if (!outage_believe(outages, record, error) || !outage_tell(context, outages, record, kind, extra, error)) return false;
  outage_forget(outages, record);
  return true;
}

bool outage_close_if_done(DeskContext *context, Outages *outages, Record *record, Error *error) {
  const Outage *o = &record->o;
  if (o->state != OUTAGE_RESTORED || o->households || o->job) return true;
  Buffer extra;
  buffer_begin(&extra, 0);
  int64_t arrive = o->arrived_at == INSTANT_NONE ? -1 : (o->arrived_at - o->found_at) / SPAN_MINUTE;
  buffer_format(&extra, "\"minutes_to_arrive\":%lld,\"minutes_to_restore\":%lld,\"customer_minutes\":%lld,\"customers_peak\":%u", (long long)arrive,
                (long long)((o->restored_at - o->found_at) / SPAN_MINUTE), (long long)(o->customer_seconds / 60), o->customers_peak);
  record->o.undo = UNDO_NOTHING;
  bool ok = extra.failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage") :
            outage_end(context, outages, record, OUTAGE_CLOSED, "outage.closed", buffer_as_text(&extra), error);
  buffer_end(&extra);
  return ok;
}

/* --- orders --- */

bool outage_link_order(DeskContext *context, Outages *outages, OrderId id, OutageId to, Error *error) {
  if (!order_link(context, outages->orders, id, to, error)) return false;
  const Order *order = order_find(outages->orders, id);
  return !order || outage_note_link(outages, order, to, error);
}

bool outage_absorb(DeskContext *context, Outages *outages, Record *record, Record *into, Error *error) {
  OrderId *orders;
  size_t count;
  if (!outage_orders(context, outages, record->o.id, &orders, &count, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!outage_link_order(context, outages, orders[i], into->o.id, error)) return false;
  if (record->o.since < into->o.since) into->o.since = record->o.since;
  if (record->o.found_at < into->o.found_at) into->o.found_at = record->o.found_at;
  if (record->last_call_at > into->last_call_at) into->last_call_at = record->last_call_at;
  if (!outage_believe(outages, into, error)) return false;
  into->calls_gone += record->calls_gone;
  into->o.calls += record->calls_gone;
  record->merged_into = into->o.id;
  char extra[48];
  snprintf(extra, sizeof extra, "\"into\":\"%lld\"", (long long)into->o.id.value);
  return outage_end(context, outages, record, OUTAGE_DISMISSED, "outage.merged", text_of(extra), error);
}

/* --- where a caller belongs --- */

/* The next device below `device` that feeds the same customers; GRID_NONE. */
static uint32_t only_child(const Outages *outages, uint32_t device, uint32_t customers) {
  uint32_t end = grid_device(outages->grid, device)->end;
  for (uint32_t child = device + 1; child < end; child = grid_device(outages->grid, child)->end)
    if (outage_customers_in(outages, (GridRange){child, grid_device(outages->grid, child)->end}) == customers) return child;
  return GRID_NONE;
}

/* Among those that feed the same customers: a transformer, for people know it by its village and its fuse hangs on the same pole; else one where an
 * outage can be, not a bare line. Not one that evidence tells apart: the fuse's own switch, say. */
uint32_t outage_seat(const Outages *outages, uint32_t device) {
  uint32_t customers = outage_customers_in(outages, (GridRange){device, grid_device(outages->grid, device)->end}), seat = GRID_NONE;
  double at_device, at_other, dark;
  if (!locate_device(outages->locate, device, &at_device, &dark, NULL)) return device;
  for (uint32_t at = device; at != GRID_NONE && customers; at = only_child(outages, at, customers)) {
    GridKind kind = (GridKind)grid_device(outages->grid, at)->kind;
    if (at != device && (!locate_device(outages->locate, at, &at_other, &dark, NULL) || at_other < 0.02 * at_device)) break;
    if (grid_can_fail(kind) && (seat == GRID_NONE || kind == GRID_TRANSFORMER)) seat = at;
    if (kind == GRID_TRANSFORMER) break;
  }
  return seat == GRID_NONE ? device : seat;
}

/* What explains his darkness; GRID_NONE: nothing in the network better than his own house. */
static bool cause_of(const Outages *outages, const Order *order, uint32_t *cause, Error *error) {
  LocateCustomer believed;
  *cause = GRID_NONE;
  if (order->position == CUSTOMER_NONE || order->device != people_customer_device(outages->people, order->position)) return true;
  if (!locate_customer(outages->locate, order->position, &believed, error)) return false;
  if (believed.dark >= outages->rules.open && believed.cause != LOCATE_NONE) *cause = outage_seat(outages, believed.cause);
  return true;
}

bool outage_shift(DeskContext *context, Outages *outages, Record *record, uint32_t device, bool alone, Error *error) {
  char extra[48];
  uint32_t was = record->o.device;
  record->alone = alone;
  if (device == was) return true;
  record->o.device = device;
  record->o.undo = UNDO_NOTHING; /* what the dispatcher decided was about the other device */
  snprintf(extra, sizeof extra, "\"was\":\"%lld\"", (long long)grid_device(outages->grid, was)->id.value);
  return outage_measure(outages, record, error) && outage_believe(outages, record, error) &&
         outage_tell(context, outages, record, "outage.changed", text_of(extra), error);
}

bool outage_raise(DeskContext *context, Outages *outages, uint32_t device, Instant since, Record **out, Error *error) {
  VECTOR(Record *) up = {0};
  Record *first = NULL;
  size_t from, to;
  bool ok = true;
  outage_below(outages, device, &from, &to);
  for (size_t i = from; ok && i < to && up.count < OUTAGE_RAISED_MAX; i++) {
    Record *record = outages->by_device.at[i].record;
    double cause, dark;
    if (outage_is_fixed(record) || !outage_feeds(outages, device, record->o.device)) continue;
    ok = locate_device(outages->locate, record->o.device, &cause, &dark, error);
    if (!ok || (record->o.device != device && cause >= outages->rules.stay)) continue; /* a fault of its own beneath this one */
    bool first_now = !first || (record->o.crew.value && !first->o.crew.value) || (!record->o.crew.value == !first->o.crew.value && record->o.id.value < first->o.id.value);
    if (first_now) first = record;
    if (!vector_push(&up, record)) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  }
  for (size_t i = 0; ok && i < up.count; i++) {
    if (up.at[i] == first || up.at[i]->o.crew.value) continue; /* a crew is on its way to it: that stays by itself */
    ok = outage_absorb(context, outages, up.at[i], first, error);
  }
  vector_free(&up);
  if (!ok) return false;
  *out = first;
  if (first) {
    if (since < first->o.since) first->o.since = since;
    return outage_shift(context, outages, first, device, false, error);
  }
  return outage_new(context, outages, device, false, since, out, error);
}

static bool has_fixed(const Outages *outages, uint32_t device) {
  for (uint32_t up = device; up != GRID_NONE && outages->by_device.count; up = outage_parent(outages, up)) {
    size_t from, to;
    for (outage_below(outages, up, &from, &to); from < to; from++)
      if (outages->by_device.at[from].device == up && outage_is_fixed(outages->by_device.at[from].record) && grid_ranges_hold(&outages->by_device.at[from].record->o.dark, device)) return true;
  }
  return false;
}

bool outage_gather_order(DeskContext *context, Outages *outages, const Order *order, Error *error) {
  OrderId id = order->id;
  uint32_t device = order->device, cause;
  if (device == GRID_NONE) return true;
  Record *record = outage_record_at(outages, device);
  bool explained = record && (outage_is_fixed(record) || (!record->alone && record->o.probability >= (float)outages->rules.open));
  cause = GRID_NONE;
  if (!explained && !cause_of(outages, order, &cause, error)) return false; /* a better explanation of many is found at the next look */
  bool rises = cause != GRID_NONE && (!record || (cause != record->o.device && outage_feeds(outages, cause, record->o.device) && !has_fixed(outages, device)));
  if (rises) {
    if (!outage_raise(context, outages, cause, context->now, &record, error)) return false;
  } else if (!record && outages->rules.lone_calls) {
    if (!outage_new(context, outages, outage_seat(outages, device), false, context->now, &record, error)) return false;
    record->alone = true;
  }
  if (!record) return true; /* he stays alone until more is known */
  if (!outage_link_order(context, outages, id, record->o.id, error)) return false;
  record->last_call_at = context->now;
  record->dirty = true;
  return outage_catch_up(context, outages, record, id, error);
}


/* --- what orders do --- */

/* A fault order whose caller speaks of power gone; low voltage, a broken meter and the like are no outage. */
static bool speaks_of_outage(const Order *order) {
  static const char *const others[] = {"voltage", "flicker", "meter", "other"};
  const OrderKind *kind = order->kind;
  if (!text_is(kind->origin.id, "fault_repair")) return false;
  for (size_t f = 0; f < kind->form_count && order->what != ORDER_NO_CHOICE; f++)
    for (size_t i = 0; text_is(kind->form[f].id, "what") && order->what < kind->form[f].choice_count && i < sizeof others / sizeof *others; i++)
      if (strcmp(kind->form[f].choices[order->what].id, others[i]) == 0) return false;
  return true;
}

static bool is_switched_off(const Outages *outages, const Order *order) {
  ArrearsStatement owed;
  return order->customer.value && arrears_of(outages->arrears, order->customer, &owed) == ARREARS_OFF;
}

/* Their power is gone because they were switched off for arrears: the order is assessed as that, where its kind knows of it. */
static bool assess_arrears(DeskContext *context, Outages *outages, const Order *order, Error *error) {
  const KindStep *step = kind_step_of(order->kind, TEXT("assess"));
  DeskContext system = *context;
  json_t *fields;
  if (!step || !(step->from >> order->state & 1) || !(step->roles & KIND_ROLE_SYSTEM)) return true;
  if (!(fields = json_pack("{s:s}", "finding", "arrears"))) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "order");
  system.actor = TEXT("system");
  OrderStep ask = {.order = order->id, .step = TEXT("assess"), .fields = fields, .roles = KIND_ROLE_SYSTEM};
  bool ok = order_step(&system, outages->orders, &ask, error);
  json_decref(fields);
  return ok;
}

static bool on_accepted(DeskContext *context, const Event *event, void *room, Error *error) {
  Outages *outages = room;
  const Order *order = order_find(outages->orders, (OrderId){event->subject_id});
  if (!order || !speaks_of_outage(order)) return true;
  if (is_switched_off(outages, order)) return assess_arrears(context, outages, order, error);
  return outage_weigh_order(context, outages, order, error) && (order->outage.value || outage_gather_order(context, outages, order, error));
}

static bool on_called_again(DeskContext *context, const Event *event, void *room, Error *error) {
  (void)context, (void)error;
  const Order *order = order_find(((Outages *)room)->orders, (OrderId){event->subject_id});
  if (order) outage_note_calls(room, order);
  return true;
}

/* Under an outage that darkens it, with its crew; else it is one of its own, so that a crew can be sent. */
static bool gather_anew(DeskContext *context, Outages *outages, const Order *order, Error *error) {
  OrderId id = order->id;
  OutageId was = order->outage;
  Record *old = outage_record(outages, was);
  if (old && grid_ranges_hold(&old->o.dark, order->device)) return outage_catch_up(context, outages, old, id, error);
  if (!outage_gather_order(context, outages, order, error)) return false;
  order = order_find(outages->orders, id);
  if (order && was.value && order->outage.value == was.value && !outage_link_order(context, outages, id, (OutageId){0}, error)) return false;
  old = outage_record(outages, was);
  return !old || outage_close_if_done(context, outages, old, error);
}

/* No power after all: gathered anew, unless its outage still darkens it. */
static bool on_reopened(DeskContext *context, const Event *event, void *room, Error *error) {
  Outages *outages = room;
  const Order *order = order_find(outages->orders, (OrderId){event->subject_id});
  if (!order || !speaks_of_outage(order) || is_switched_off(outages, order) || order->device == GRID_NONE) return true;
  return outage_weigh_order(context, outages, order, error) && gather_anew(context, outages, order, error);
}

/* Sent back by the check: somebody must go once more. That is no word about his power. */
static bool on_step(DeskContext *context, const Event *event, void *room, Error *error) {
  Outages *outages = room;
  const Order *order = order_find(outages->orders, (OrderId){event->subject_id});
  if (!order || order->device == GRID_NONE || !order_state_is(order, "rejected") || !speaks_of_outage(order) || is_switched_off(outages, order)) return true;
  return gather_anew(context, outages, order, error);
}

/* Linked by another hand than ours. */
static bool on_linked(DeskContext *context, const Event *event, void *room, Error *error) {
  (void)context;
  Outages *outages = room;
  const Order *order = order_find(outages->orders, (OrderId){event->subject_id});
  if (!order) return true;
  const Link *link = outage_link_of(outages, order->id);
  if ((link ? link->outage.value : 0) == order->outage.value) return true;
  return outage_note_link(outages, order, order->outage, error);
}

static bool on_archived(DeskContext *context, const Event *event, void *room, Error *error) {
  Outages *outages = room;
  const Link *link = outage_link_of(outages, (OrderId){event->subject_id});
  Record *record = link ? outage_record(outages, link->outage) : NULL;
  if (!record) return true;
  outage_note_gone(outages, (OrderId){event->subject_id});
  if (record->o.state == OUTAGE_RESTORED && !record->o.households && !record->o.job) return outage_close_if_done(context, outages, record, error);
  return outage_row_save(context->db, context->county_id, outages->grid, record, error); /* calls_gone is known nowhere else */
}

/* What is believed is looked at, and counts that changed are told, at most once a tick. */
static bool tick(DeskContext *context, void *room, Error *error) {
  Outages *outages = room;
  if (!outage_look(context, outages, error) || !outage_follow_tick(context, outages, error)) return desk_spoil(context);
  for (size_t i = 0; i < outages->open.count; i++) {
    Record *record = outages->open.at[i];
    if (record->dirty && !save_and_tell(context, outages, record, "outage.changed", TEXT_NONE, error)) return desk_spoil(context);
  }
  return true;
}

void outage_listen(Outages *outages) {
  Desk *desk = outages->desk;
  desk_on(desk, "order.accepted", on_accepted, outages);
  desk_on(desk, "order.called_again", on_called_again, outages);
  desk_on(desk, "order.reopened", on_reopened, outages);
  desk_on(desk, "order.step", on_step, outages);
  desk_on(desk, "order.linked", on_linked, outages);
  desk_on(desk, "order.archived", on_archived, outages);
  desk_on_tick(desk, tick, outages);
}
