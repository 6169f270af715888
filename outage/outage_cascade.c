/* Orders follow their outage, the outage follows its crew, and power comes back. */
#include <stdio.h>

#include "http/schema.h"
#include "order/kind.h"
#include "outage/outage_internal.h"

/* --- orders follow --- */

/* The states of a fault order in the order of the work; 0: before a crew is sent. A kind of the company's own may name others: its orders then
 * follow as far as its steps allow. */
enum { RANK_DISPATCHED = 1, RANK_TAKEN, RANK_ON_THE_WAY, RANK_ON_SITE, RANK_SURVEYED, RANK_WORKING, RANK_RESTORED, RANK_REPLIED, RANK_LATER };

static int rank_of(const Order *order) {
  static const char *const states[] = {"dispatched", "taken", "on_the_way", "on_site", "surveyed", "working", "restored", "replied"};
  for (int i = 0; i < RANK_REPLIED; i++)
    if (order_state_is(order, states[i])) return i + 1;
  return order_state_is(order, "checked") || order_state_is(order, "called_back") || !order_is_open(order) ? RANK_LATER : 0;
}

/* False: out of memory. *out NULL: it has no field that is known here; one that is missing lets the step be refused. */
static bool fields_for(json_t **out, const KindStep *step, const Record *record, Error *error) {
  char text[INSTANT_TEXT_MAX];
  const Outage *o = &record->o;
  *out = NULL;
  for (size_t i = 0; i < step->field_count; i++) {
    Text id = step->fields[i].id;
    const char *said = NULL;
    if (text_is(id, "cause") && o->cause[0]) said = o->cause;
    else if (text_is(id, "eta_from") && o->eta_from != INSTANT_NONE) said = instant_to_text(o->eta_from, ZONE_SHANGHAI, text);
    else if (text_is(id, "eta_until") && o->eta_until != INSTANT_NONE) said = instant_to_text(o->eta_until, ZONE_SHANGHAI, text);
    else if (text_is(id, "reason") && text_is(step->id, "return")) said = "other";
    if (!said) continue;
    if (!*out) *out = json_object();
    if (json_object_setn_new(*out, id.at, id.len, json_string(said)) != 0) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "step"); /* it lets go of the value */
  }
  return true;
}

/* Takes the step if the order's state allows it. An order that a person holds back (suspended, …) stays where it is; only a failing store fails. */
bool outage_take_step(DeskContext *context, Outages *outages, const Record *record, OrderId id, const char *name, Error *error) {
  const Order *order = order_find(outages->orders, id);
  const KindStep *step = order ? kind_step_of(order->kind, text_of(name)) : NULL;
  if (!step || !(step->from >> order->state & 1)) return true;
  Error refused = {0};
  json_t *fields;
  bool ok = fields_for(&fields, step, record, &refused);
  OrderStep command = {.order = id, .step = text_of(name), .fields = fields, .roles = UINT32_MAX, .crew = record->o.crew, .done_at = outages->done_at};
  ok = ok && order_step(context, outages->orders, &command, &refused);
  json_decref(fields);
  if (ok || (error_status(refused.code) < 500 && refused.code != ERROR_STORE_CONSTRAINT)) return true;
  if (error) *error = refused;
  return false;
}

/* Each step on the way where the order was with us all along; the shortest way for one that comes late. */
bool outage_catch_up(DeskContext *context, Outages *outages, const Record *record, OrderId id, Error *error) {
  static const int target_of[] = {0, RANK_DISPATCHED, RANK_TAKEN, RANK_ON_THE_WAY, RANK_ON_SITE, RANK_SURVEYED, RANK_WORKING, 0};
  const Order *order = order_find(outages->orders, id);
  int target = target_of[record->o.stage], rank = order ? rank_of(order) : RANK_LATER;
  if (rank > target || target == 0 || rank >= RANK_RESTORED) return true;
  if (rank >= RANK_DISPATCHED && order->crew.value != record->o.crew.value) {
    if (!outage_take_step(context, outages, record, id, "reassign", error)) return false;
    rank = rank_of(order_find(outages->orders, id));
  }
  static const char *const steps[] = {NULL, "dispatch", "take", "depart", "arrive", "survey", "work"};
  for (int at = rank + 1; at <= target; at++) {
    bool passed_by = at < target && at != RANK_DISPATCHED && !(at == RANK_ON_SITE && target > RANK_ON_SITE);
    if (!passed_by && !outage_take_step(context, outages, record, id, steps[at], error)) return false;
  }
  return true;
}

bool outage_cascade(DeskContext *context, Outages *outages, const Record *record, Error *error) {
  OrderId *orders;
  size_t count;
  if (!outage_orders(context, outages, record->o.id, &orders, &count, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!outage_catch_up(context, outages, record, orders[i], error)) return false;
  return true;
}

static bool return_orders(DeskContext *context, Outages *outages, const Record *record, Error *error) {
  OrderId *orders;
  size_t count;
  if (!outage_orders(context, outages, record->o.id, &orders, &count, error)) return false;
  for (size_t i = 0; i < count; i++)
    if (!outage_take_step(context, outages, record, orders[i], "return", error)) return false;
  return true;
}

/* --- power is back --- */

static bool touches(const GridRanges *a, const GridRanges *b) {
  size_t i = 0, k = 0;
  while (i < a->count && k < b->count) {
    if (a->at[i].from < b->at[k].to && b->at[k].from < a->at[i].to) return true;
    if (a->at[i].to < b->at[k].to) i++;
    else k++;
  }
  return false;
}

static int by_since(const Record *a, const Record *b) { return a->o.since < b->o.since ? -1 : a->o.since > b->o.since; }

/* Customer-seconds without supply that this outage answers for in `range`, which it darkens up to now. Where others darken it too the span
 * counts once: from the time the earliest of those began, it is theirs. Summed over all outages that is the span of the union. */
static bool dark_seconds(Outages *outages, const Record *record, const GridRanges *where, Instant now, int64_t *sum, Error *error) {
  GridRanges left = {0}, part = {0};
  VECTOR(Record *) others = {0};
  bool ok = true;
  for (size_t i = 0; ok && i < record->o.dark.count; i++)
    for (size_t k = 0; ok && k < where->count; k++) {
      GridRange d = record->o.dark.at[i], range = where->at[k];
      GridRange both = {d.from > range.from ? d.from : range.from, d.to < range.to ? d.to : range.to};
      if (both.from < both.to) ok = grid_ranges_add(&left, both);
    }
  for (size_t i = 0; ok && i < outages->open.count; i++) { /* insertion by since: few overlap */
    Record *other = outages->open.at[i];
    if (other == record || !touches(&other->o.dark, where)) continue;
    ok = vector_push(&others, other);
    for (size_t k = others.count - 1; ok && k > 0 && by_since(others.at[k], others.at[k - 1]) < 0; k--) {
      Record *swap = others.at[k];
      others.at[k] = others.at[k - 1], others.at[k - 1] = swap;
    }
  }
  for (size_t i = 0; ok && i < others.count; i++) {
    const Outage *p = &others.at[i]->o;
    int64_t seconds = p->since > record->o.since ? (p->since - record->o.since) / SPAN_SECOND : 0;
    for (size_t k = 0; ok && k < p->dark.count; k++) {
      GridRange d = p->dark.at[k];
      grid_ranges_clear(&part);
      for (size_t n = 0; ok && n < left.count; n++) {
        GridRange both = {d.from > left.at[n].from ? d.from : left.at[n].from, d.to < left.at[n].to ? d.to : left.at[n].to};
        if (both.from < both.to) ok = grid_ranges_add(&part, both);
      }
      for (size_t n = 0; ok && n < part.count; n++) {
        *sum += seconds * outage_customers_in(outages, part.at[n]);
        ok = grid_ranges_remove(&left, part.at[n]);
      }
    }
  }
  for (size_t i = 0; ok && i < left.count; i++) *sum += (now - record->o.since) / SPAN_SECOND * outage_customers_in(outages, left.at[i]);
  grid_ranges_free(&left);
  grid_ranges_free(&part);
  vector_free(&others);
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
}

/* --- orders of power that is back: some at once, the rest by jobs that follow, so that nobody waits long for the desk --- */

enum { FOLLOW_AT_ONCE = 300 };

static bool is_dark_for(const Record *record, const Order *order) {
  return order->device == GRID_NONE ? record->o.dark.count > 0 : grid_ranges_hold(&record->o.dark, order->device);
}

static bool is_behind(const Record *record, const Order *order) {
  int rank = rank_of(order);
  return rank < RANK_RESTORED ? !is_dark_for(record, order) : rank == RANK_RESTORED && record->o.stage == OUTAGE_REPLIED;
}

/* Where it is light now: under another outage that darkens it still, else on to the call-back; and reported, once the crew has. */
static bool follow_order(DeskContext *context, Outages *outages, OrderId id, Error *error) {
  const Order *order = order_find(outages->orders, id);
  Record *record = order ? outage_record(outages, order->outage) : NULL;
  if (!record || !is_behind(record, order)) return true;
  if (rank_of(order) < RANK_RESTORED) {
    Record *other = order->device == GRID_NONE ? NULL : outage_record_at(outages, order->device);
    if (other) return outage_link_order(context, outages, id, other->o.id, error) && outage_catch_up(context, outages, other, id, error);
    if (!outage_take_step(context, outages, record, id, "restore", error)) return false;
  }
  order = order_find(outages->orders, id);
  return !order || record->o.stage != OUTAGE_REPLIED || rank_of(order) != RANK_RESTORED || outage_take_step(context, outages, record, id, "reply", error);
}

static bool follow_some(DeskContext *context, Outages *outages, Error *error) {
  for (size_t i = 0; i < FOLLOW_AT_ONCE && outages->behind_at < outages->behind.count; i++)
    if (!follow_order(context, outages, outages->behind.at[outages->behind_at++], error)) return false;
  if (outages->behind_at == outages->behind.count) vector_clear(&outages->behind), outages->behind_at = 0;
  return true;
}

static bool work_follow(DeskContext *context, void *self, Error *error) { return follow_some(context, self, error) || desk_spoil(context); }

/* Another job, behind those who wait already. Without a thread, or with the queue full, the next tick goes on. */
static void follow_soon(Outages *outages) {
  Error refused = {0};
  if (outages->following || outages->behind_at == outages->behind.count) return;
  outages->following = desk_submit(outages->desk, &outages->follow, &refused);
}

static void followed(DeskJob *job) {
  Outages *outages = job->command;
  outages->following = false;
  if (job->ok) follow_soon(outages); /* else the tick tries again, not at once */
}

void outage_follow_open(Outages *outages) { outages->follow = (DeskJob){.work = work_follow, .command = outages, .actor = TEXT("system"), .done = followed}; }

bool outage_follow_tick(DeskContext *context, Outages *outages, Error *error) {
  if (outages->following || outages->behind_at == outages->behind.count) return true;
  if (!follow_some(context, outages, error)) return false;
  follow_soon(outages);
  return true;
}

/* After a start: who was still to follow is what the rows say. */
bool outage_follow_load(Outages *outages, Error *error) {
  vector_clear(&outages->behind);
  outages->behind_at = 0;
  for (size_t i = 0; i < outages->links.count; i++) {
    const Order *order = order_find(outages->orders, outages->links.at[i].order);
    const Record *record = outage_record(outages, outages->links.at[i].outage);
    if (!order || !record || !is_behind(record, order)) continue;
    if (!vector_push(&outages->behind, order->id)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orders of an outage");
  }
  return true;
}

bool outage_follow(DeskContext *context, Outages *outages, const Record *record, Error *error) {
  OrderId *orders;
  size_t count, done = 0;
  bool ok = outage_orders(context, outages, record->o.id, &orders, &count, error);
  for (size_t i = 0; ok && i < count; i++) {
    const Order *order = order_find(outages->orders, orders[i]);
    if (!order || !is_behind(record, order)) continue;
    if (done++ < FOLLOW_AT_ONCE) ok = follow_order(context, outages, orders[i], error);
    else if (!vector_push(&outages->behind, orders[i])) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "orders of an outage");
  }
  if (ok) follow_soon(outages);
  return ok;
}

static bool tell_restored(DeskContext *context, Outages *outages, Record *record, const uint32_t *devices, size_t count, const GridRanges *freed, Error *error) {
  Buffer extra;
  buffer_begin(&extra, 0);
  buffer_format(&extra, "\"all\":%s,\"devices\":[", record->o.state == OUTAGE_RESTORED ? "true" : "false");
  for (size_t i = 0; i < count; i++) buffer_format(&extra, "%s\"%lld\"", i ? "," : "", (long long)grid_device(outages->grid, devices[i])->id.value);
  buffer_string(&extra, "],\"freed\":[");
  for (size_t i = 0; i < freed->count; i++) buffer_format(&extra, "%s[%u,%u]", i ? "," : "", freed->at[i].from, freed->at[i].to);
  buffer_string(&extra, "]");
  bool ok = extra.failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage")
                         : outage_tell(context, outages, record, "outage.restored", buffer_as_text(&extra), error);
  buffer_end(&extra);
  return ok;
}

static bool check_devices(const Outages *outages, const Record *record, const uint32_t *devices, size_t count, Error *error) {
  char number[OUTAGE_NUMBER_MAX];
  outage_number(&record->o, number);
  if (record->o.state >= OUTAGE_RESTORED) return error_raise(error, ERROR_OUTAGE_STATE, "%s\t%s", number, outage_state_name((OutageState)record->o.state));
  for (size_t i = 0; i < count; i++) {
    Text name = grid_name(outages->grid, devices[i]);
    bool below = outage_feeds(outages, record->o.device, devices[i]);
    if (!below || !grid_ranges_hold(&record->o.dark, devices[i])) return error_raise(error, ERROR_OUTAGE_NOT_DARK, "%.*s\t%s", TEXT_ARG(name), number);
  }
  return true;
}

bool outage_free(DeskContext *context, Outages *outages, Record *record, const uint32_t *devices, size_t count, Error *error) {
  Outage *o = &record->o;
  GridRanges before = {0};
  bool ok = check_devices(outages, record, devices, count, error);
  if (!ok) return false;
  for (size_t i = 0; ok && i < o->dark.count; i++) ok = grid_ranges_add(&before, o->dark.at[i]);
  if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  for (size_t i = 0; ok && i < (count ? count : 1); i++) {
    uint32_t freed = count ? devices[i] : o->device;
    GridRanges range = {0};
    ok = outage_subtree(outages, freed, &range, error) && dark_seconds(outages, record, &range, context->now, &o->customer_seconds, error) &&
         outage_row_freed(context->db, context->county_id, o->id, grid_device(outages->grid, freed)->id, context->now, error);
    grid_ranges_free(&range);
    if (ok && !vector_push(&record->freed, freed)) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
    if (ok) ok = outage_measure(outages, record, error);
  }
  if (ok) {
    o->state = o->customers_out ? OUTAGE_PARTLY_RESTORED : OUTAGE_RESTORED;
    if (o->state == OUTAGE_RESTORED) o->restored_at = context->now;
    o->undo = UNDO_NOTHING;
    if (o->state == OUTAGE_RESTORED) grid_ranges_clear(&o->dark); /* parts where nobody lives */
    for (size_t i = 0; ok && i < o->dark.count; i++) ok = grid_ranges_remove(&before, o->dark.at[i]);
    if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  }
  for (size_t i = 0; ok && i < (count ? count : 1); i++) ok = outage_weigh_restored(context, outages, count ? devices[i] : o->device, error);
  ok = ok && outage_believe(outages, record, error) && tell_restored(context, outages, record, devices, count, &before, error) &&
       (o->state != OUTAGE_RESTORED || outage_estimate_done(context, outages, record, error)) &&
       outage_follow(context, outages, record, error) && outage_close_if_done(context, outages, record, error);
  grid_ranges_free(&before);
  return ok ? true : desk_spoil(context);
}

/* --- crews --- */

static Record *record_of_event(const Outages *outages, const json_t *data) {
  int64_t id = 0;
  const char *text = json_string_value(json_object_get(data, "outage_id"));
  return text && text_to_i64(text_of(text), &id) ? outage_record(outages, (OutageId){id}) : NULL;
}

static int64_t id_in(const json_t *data, const char *key) {
  int64_t id = 0;
  const char *text = json_string_value(json_object_get(data, key));
  return text && text_to_i64(text_of(text), &id) ? id : 0;
}

static Instant instant_in(const json_t *data, const char *key) {
  Instant at = INSTANT_NONE;
  const char *text = json_string_value(json_object_get(data, key));
  return text && instant_from_text(text_of(text), &at) ? at : INSTANT_NONE;
}

static void text_in(const json_t *data, const char *key, char *out, size_t size) {
  const char *text = json_string_value(json_object_get(data, key));
  if (text) snprintf(out, size, "%s", text);
}

static int stage_in(const json_t *data) {
  const char *text = json_string_value(json_object_get(data, "stage"));
  for (int stage = OUTAGE_ASSIGNED; text && stage <= OUTAGE_REPLIED; stage++)
    if (strcmp(text, outage_stage_name((OutageStage)stage)) == 0) return stage;
  return OUTAGE_NO_CREW;
}

static bool tell_progress(DeskContext *context, Outages *outages, Record *record, Error *error) {
  char extra[48];
  snprintf(extra, sizeof extra, "\"stage\":\"%s\"", outage_stage_name((OutageStage)record->o.stage));
  return outage_tell(context, outages, record, "outage.progress", text_of(extra), error);
}

static bool on_assigned(DeskContext *context, const Event *event, Outages *outages, Record *record, const json_t *data, Error *error) {
  Outage *o = &record->o;
  o->crew.value = event->subject_id;
  o->job = id_in(data, "job_id");
  text_in(data, "name", o->crew_name, sizeof o->crew_name);
  o->stage = (uint8_t)(stage_in(data) > OUTAGE_ASSIGNED ? stage_in(data) : OUTAGE_ASSIGNED);
  if (o->assigned_at == INSTANT_NONE) o->assigned_at = context->now;
  o->crew_due_at = instant_in(data, "expected_at");
  return tell_progress(context, outages, record, error) && outage_estimate(context, outages, record, error) && outage_cascade(context, outages, record, error);
}

static bool on_released(DeskContext *context, const Event *event, Outages *outages, Record *record, const json_t *data, Error *error) {
  (void)event;
  Outage *o = &record->o;
  if (o->job != id_in(data, "job_id")) return true; /* another crew has it already */
  const char *why = json_string_value(json_object_get(data, "why"));
  bool done = why && strcmp(why, "replied") == 0;
  o->job = 0;
  if (done) return tell_progress(context, outages, record, error) && outage_close_if_done(context, outages, record, error);
  if (!return_orders(context, outages, record, error)) return false;
  o->crew.value = 0;
  o->crew_due_at = INSTANT_NONE;
  o->crew_name[0] = 0;
  o->stage = OUTAGE_NO_CREW;
  return tell_progress(context, outages, record, error);
}

static bool restore_from(DeskContext *context, Outages *outages, Record *record, const json_t *data, Error *error) {
  const json_t *list = json_object_get(data, "devices");
  size_t count = json_array_size(list);
  uint32_t *devices = ARENA_ARRAY(context->arena, uint32_t, count + 1);
  if (!devices) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "devices");
  for (size_t i = 0; i < count; i++) {
    DeviceId id = {0};
    const char *text = json_string_value(json_array_get(list, i));
    if (!text || !text_to_i64(text_of(text), &id.value) || !grid_index_of(outages->grid, id, &devices[i]))
      return error_raise(error, ERROR_NOT_FOUND, "device\t%s", text ? text : "");
  }
  return record->o.state >= OUTAGE_RESTORED || outage_free(context, outages, record, devices, count, error);
}

/* What the crew saw: the device is known now, and when power will be back. */
static bool on_survey(DeskContext *context, Outages *outages, Record *record, const json_t *data, Error *error) {
  Outage *o = &record->o;
  char text[INSTANT_TEXT_MAX] = "";
  Instant from = INSTANT_NONE, until = INSTANT_NONE;
  text_in(data, "cause", o->cause, sizeof o->cause);
  text_in(data, "eta_from", text, sizeof text);
  bool promised = instant_from_text(text_of(text), &from);
  text_in(data, "eta_until", text, sizeof text);
  promised &= instant_from_text(text_of(text), &until);
  o->pinned = true;
  if (o->surveyed_at == INSTANT_NONE) o->surveyed_at = context->now;
  o->undo = UNDO_NOTHING;
  if (o->state == OUTAGE_SUSPECTED) o->state = OUTAGE_CONFIRMED, o->confirmed_at = context->now;
  LocateVerdict verdict;
  bool lit = strcmp(o->cause, "no_fault_found") == 0;
  LocateEvidence seen = {context->now, lit ? LOCATE_CREW_LIT : LOCATE_CREW_DARK, true, o->device};
  if (!outage_weigh(context, outages, &seen, &verdict, error) || !outage_believe(outages, record, error)) return false;
  if (!promised) return true;
  o->eta_from = from;
  o->eta_until = until;
  o->eta_likely = from + (until - from) / 2;
  o->eta_source = OUTAGE_ETA_CREW;
  return outage_row_eta(context->db, context->county_id, record, context->now, context->actor, error);
}

static bool on_step(DeskContext *context, const Event *event, Outages *outages, Record *record, const json_t *data, Error *error) {
  (void)event;
  Outage *o = &record->o;
  const char *step = json_string_value(json_object_get(data, "step"));
  Instant done_at = instant_in(data, "done_at");
  if (!step || o->job != id_in(data, "job_id")) return true;
  outages->done_at = done_at == INSTANT_NONE ? 0 : done_at; /* for the orders; taken back when all is passed on */
  if (strcmp(step, "restore") == 0) return restore_from(context, outages, record, data, error);
  int stage = stage_in(data);
  bool surveyed = strcmp(step, "survey") == 0;
  if (surveyed && !on_survey(context, outages, record, data, error)) return false;
  if (stage <= o->stage && !surveyed) return true;
  o->stage = (uint8_t)stage;
  if (stage == OUTAGE_ON_SITE && o->arrived_at == INSTANT_NONE) o->arrived_at = outages->done_at ? outages->done_at : context->now;
  if (!tell_progress(context, outages, record, error) || !outage_estimate(context, outages, record, error)) return false;
  return stage == OUTAGE_REPLIED ? outage_follow(context, outages, record, error) : outage_cascade(context, outages, record, error);
}

static bool on_crew(DeskContext *context, const Event *event, void *room, Error *error,
                    bool (*act)(DeskContext *, const Event *, Outages *, Record *, const json_t *, Error *)) {
  json_t *data;
  if (!schema_read_own(&data, event->data, error)) return false;
  Record *record = data ? record_of_event(room, data) : NULL;
  bool ok = !record || act(context, event, room, record, data, error);
  json_decref(data);
  return ok;
}

static bool crew_assigned(DeskContext *c, const Event *event, void *room, Error *error) { return on_crew(c, event, room, error, on_assigned); }
static bool crew_released(DeskContext *c, const Event *event, void *room, Error *error) { return on_crew(c, event, room, error, on_released); }
static bool crew_stepped(DeskContext *c, const Event *event, void *room, Error *error) {
  Outages *outages = room;
  bool ok = on_crew(c, event, room, error, on_step);
  outages->done_at = 0;
  return ok;
}

void outage_listen_crews(Outages *outages) {
  desk_on(outages->desk, "crew.assigned", crew_assigned, outages);
  desk_on(outages->desk, "crew.released", crew_released, outages);
  desk_on(outages->desk, "crew.step", crew_stepped, outages);
  outage_listen_positions(outages);
}
