/* The dispatcher's decisions, each with what it takes to undo it. */
#include <stdio.h>

#include "http/schema.h"
#include "outage/outage_internal.h"

/* --- finding, and keeping what an undo needs --- */

static bool changeable(Outages *outages, OutageId id, int32_t version, Record **out, Error *error) {
  Record *record = outage_record(outages, id);
  char number[OUTAGE_NUMBER_MAX];
  if (!record) return error_raise(error, ERROR_NOT_FOUND, "outage\t%lld", (long long)id.value);
  if (version != 0 && version != record->o.version) return error_raise(error, ERROR_CONFLICT, "outage %s\t%d", outage_number(&record->o, number), record->o.version);
  *out = record;
  return true;
}

static bool still_dark(const Record *record, Error *error) {
  char number[OUTAGE_NUMBER_MAX];
  if (record->o.state < OUTAGE_RESTORED) return true;
  return error_raise(error, ERROR_OUTAGE_STATE, "%s\t%s", outage_number(&record->o, number), outage_state_name((OutageState)record->o.state));
}

static bool may_fail(const Outages *outages, uint32_t device, Error *error) {
  if (device >= grid_count(outages->grid)) return error_raise(error, ERROR_NOT_FOUND, "device\t%u", device);
  GridKind kind = (GridKind)grid_device(outages->grid, device)->kind;
  return grid_can_fail(kind) || error_raise(error, ERROR_OUTAGE_CANNOT_FAIL, "%.*s\t%s", TEXT_ARG(grid_name(outages->grid, device)), grid_kind_name(kind));
}

/* `data` is given away. */
static bool keep_undo(Record *record, OutageUndo what, json_t *data, Error *error) {
  Buffer text;
  buffer_begin(&text, 0);
  if (data) schema_write_json(&text, data, 0);
  json_decref(data);
  buffer_byte(&text, '\0');
  if (!data || text.failed) {
    buffer_end(&text);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "undo");
  }
  memory_free(record->undo_data);
  record->undo_data = text.at;
  record->o.undo = (uint8_t)what;
  return true;
}

static json_t *id_json(int64_t id) { return json_sprintf("%lld", (long long)id); }
static json_t *device_json(const Outages *outages, uint32_t device) { return id_json(grid_device(outages->grid, device)->id.value); }

static int64_t id_of(const json_t *value) {
  int64_t id = 0;
  const char *text = json_string_value(value);
  return text && text_to_i64(text_of(text), &id) ? id : 0;
}

static json_t *orders_json(const OrderId *orders, size_t count) {
  json_t *list = json_array();
  for (size_t i = 0; list && i < count; i++)
    if (json_array_append_new(list, id_json(orders[i].value)) != 0) {
      json_decref(list);
      return NULL;
    }
  return list;
}

/* The orders of the list that are open and stand under `from` (0: under none) now. */
static bool orders_of_json(DeskContext *context, const Outages *outages, const json_t *list, OutageId from, OrderId **out, size_t *count, Error *error) {
  *count = 0;
  *out = ARENA_ARRAY(context->arena, OrderId, json_array_size(list) + 1);
  if (!*out) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "undo");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const Order *order = order_find(outages->orders, (OrderId){id_of(json_array_get(list, i))});
    if (order && order->outage.value == from.value) (*out)[(*count)++] = order->id;
  }
  return true;
}

static bool link_all(DeskContext *context, Outages *outages, const OrderId *orders, size_t count, OutageId to, Error *error) {
  for (size_t i = 0; i < count; i++)
    if (!outage_link_order(context, outages, orders[i], to, error)) return false;
  return true;
}

/* After a change by hand: what it darkens, what the engine knows, who is told. */
static bool settle_change(DeskContext *context, Outages *outages, Record *record, const char *kind, Text extra, Error *error) {
  return outage_measure(outages, record, error) && outage_believe(outages, record, error) && outage_tell(context, outages, record, kind, extra, error);
}

/* --- declare, confirm, move --- */

bool outage_declare(DeskContext *context, Outages *outages, uint32_t device, Text cause, OutageId *out, Error *error) {
  Record *record = NULL;
  if (!may_fail(outages, device, error)) return false;
  if (!outage_new(context, outages, device, true, context->now, &record, error)) return desk_spoil(context);
  record->o.pinned = true;
  record->o.state = OUTAGE_CONFIRMED;
  record->o.confirmed_at = context->now;
  snprintf(record->o.cause, sizeof record->o.cause, "%.*s", TEXT_ARG(cause));
  *out = record->o.id;
  return (keep_undo(record, UNDO_DECLARE, json_object(), error) && settle_change(context, outages, record, "outage.confirmed", TEXT_NONE, error)) || desk_spoil(context);
}

bool outage_confirm(DeskContext *context, Outages *outages, OutageId id, int32_t version, Error *error) {
  Record *record = NULL;
  char number[OUTAGE_NUMBER_MAX];
  if (!changeable(outages, id, version, &record, error)) return false;
  if (record->o.state != OUTAGE_SUSPECTED)
    return error_raise(error, ERROR_OUTAGE_STATE, "%s\t%s", outage_number(&record->o, number), outage_state_name((OutageState)record->o.state));
  bool ok = keep_undo(record, UNDO_CONFIRM, json_pack("{s:b}", "pinned", record->o.pinned), error);
  record->o.state = OUTAGE_CONFIRMED;
  record->o.confirmed_at = context->now;
  record->o.pinned = true;
  return (ok && outage_believe(outages, record, error) && outage_tell(context, outages, record, "outage.confirmed", TEXT_NONE, error)) || desk_spoil(context);
}

static bool move_to(DeskContext *context, Outages *outages, Record *record, uint32_t device, Error *error) {
  char extra[48];
  uint32_t was = record->o.device;
  snprintf(extra, sizeof extra, "\"was\":\"%lld\"", (long long)grid_device(outages->grid, was)->id.value);
  record->o.device = device;
  /* who does not lie below it has another trouble */
  return settle_change(context, outages, record, "outage.moved", text_of(extra), error) && outage_part_orders(context, outages, record->o.id, error);
}

bool outage_move(DeskContext *context, Outages *outages, OutageId id, int32_t version, uint32_t device, Error *error) {
  Record *record = NULL;
  if (!changeable(outages, id, version, &record, error) || !still_dark(record, error) || !may_fail(outages, device, error)) return false;
  OrderId *orders;
  size_t count;
  if (!outage_orders(context, outages, id, &orders, &count, error)) return false;
  json_t *data = json_pack("{s:o,s:b,s:o}", "device", device_json(outages, record->o.device), "pinned", record->o.pinned, "orders", orders_json(orders, count));
  bool ok = keep_undo(record, UNDO_MOVE, data, error);
  record->o.pinned = true;
  return (ok && move_to(context, outages, record, device, error)) || desk_spoil(context);
}

/* --- split, merge, dismiss --- */

static uint32_t common_device(const Outages *outages, const OrderId *orders, size_t count) {
  uint32_t at = GRID_NONE;
  for (size_t i = 0; i < count; i++) {
    const Order *order = order_find(outages->orders, orders[i]);
    if (!order || order->device == GRID_NONE) continue;
    at = at == GRID_NONE ? order->device : outage_common(outages, at, order->device);
  }
  while (at != GRID_NONE && !grid_can_fail((GridKind)grid_device(outages->grid, at)->kind)) at = grid_device(outages->grid, at)->parent;
  return at;
}

bool outage_split(DeskContext *context, Outages *outages, OutageId id, int32_t version, const OrderId *orders, size_t count, OutageId *out, Error *error) {
  Record *record = NULL, *fresh;
  char number[OUTAGE_NUMBER_MAX], extra[48];
  if (!changeable(outages, id, version, &record, error) || !still_dark(record, error)) return false;
  if (count == 0) return error_raise(error, ERROR_FIELD_MISSING, "%s", "order_ids");
  for (size_t i = 0; i < count; i++) {
    const Link *link = outage_link_of(outages, orders[i]);
    if (!link || link->outage.value != id.value) return error_raise(error, ERROR_OUTAGE_NOT_ITS_ORDER, "%lld\t%s", (long long)orders[i].value, outage_number(&record->o, number));
  }
  uint32_t device = common_device(outages, orders, count);
  if (device == GRID_NONE) return error_raise(error, ERROR_OUTAGE_NOT_ITS_ORDER, "%lld\t%s", (long long)orders[0].value, outage_number(&record->o, number));
  Instant since = context->now;
  for (size_t i = 0; i < count; i++) since = order_find(outages->orders, orders[i])->accepted_at < since ? order_find(outages->orders, orders[i])->accepted_at : since;
  snprintf(extra, sizeof extra, "\"from\":\"%lld\"", (long long)id.value);
  bool ok = outage_new(context, outages, device, true, since, &fresh, error);
  if (ok) *out = fresh->o.id, fresh->o.since = since, fresh->o.pinned = true;
  ok = ok && link_all(context, outages, orders, count, fresh->o.id, error) &&
       keep_undo(record, UNDO_SPLIT, json_pack("{s:o}", "outage", id_json(fresh->o.id.value)), error) &&
       settle_change(context, outages, fresh, "outage.split", text_of(extra), error) &&
       settle_change(context, outages, record, "outage.changed", TEXT_NONE, error);
  return ok || desk_spoil(context);
}

bool outage_merge(DeskContext *context, Outages *outages, OutageId id, int32_t version, OutageId into_id, Error *error) {
  Record *record = NULL, *into = NULL;
  char a[OUTAGE_NUMBER_MAX], b[OUTAGE_NUMBER_MAX], extra[64];
  if (!changeable(outages, id, version, &record, error) || !changeable(outages, into_id, 0, &into, error) || !still_dark(record, error) ||
      !still_dark(into, error))
    return false;
  uint32_t device = record == into ? GRID_NONE : outage_common(outages, record->o.device, into->o.device);
  while (device != GRID_NONE && device != into->o.device && !grid_can_fail((GridKind)grid_device(outages->grid, device)->kind))
    device = grid_device(outages->grid, device)->parent;
  if (device == GRID_NONE) return error_raise(error, ERROR_OUTAGE_APART, "%s\t%s", outage_number(&record->o, a), outage_number(&into->o, b));
  OrderId *orders;
  size_t count;
  if (!outage_orders(context, outages, id, &orders, &count, error)) return false;
  json_t *data = json_pack("{s:o,s:o,s:i,s:b,s:o}", "outage", id_json(id.value), "device", device_json(outages, into->o.device), "state", record->o.state,
                           "pinned", into->o.pinned, "orders", orders_json(orders, count));
  snprintf(extra, sizeof extra, "\"merged\":\"%lld\"", (long long)id.value);
  bool ok = keep_undo(into, UNDO_MERGE, data, error) && outage_absorb(context, outages, record, into, error);
  if (ok) into->o.device = device, into->o.pinned = true;
  ok = ok && settle_change(context, outages, into, "outage.changed", text_of(extra), error) && outage_cascade(context, outages, into, error);
  return ok || desk_spoil(context);
}

bool outage_dismiss(DeskContext *context, Outages *outages, OutageId id, int32_t version, Text reason, Error *error) {
  Record *record = NULL;
  OrderId *orders;
  size_t count;
  if (!changeable(outages, id, version, &record, error) || !still_dark(record, error) || !outage_orders(context, outages, id, &orders, &count, error)) return false;
  json_t *data = json_pack("{s:i,s:o,s:s#}", "state", record->o.state, "orders", orders_json(orders, count), "reason", reason.len ? reason.at : "", (int)reason.len);
  uint32_t device = record->o.device;
  bool ok = keep_undo(record, UNDO_DISMISS, data, error) && link_all(context, outages, orders, count, (OutageId){0}, error) &&
            outage_end(context, outages, record, OUTAGE_DISMISSED, "outage.dismissed", TEXT_NONE, error) &&
            outage_weigh_sound(context, outages, device, true, error);
  return ok || desk_spoil(context);
}

/* --- promises of time, power back --- */

bool outage_tell_eta(DeskContext *context, Outages *outages, Record *record, Error *error) {
  Buffer extra;
  Json json;
  buffer_begin(&extra, 0);
  json_begin(&json, &extra);
  json_open_object(&json);
  json_put_instant(&json, "eta_from", record->o.eta_from);
  json_put_instant(&json, "eta_likely", record->o.eta_likely);
  json_put_instant(&json, "eta_until", record->o.eta_until);
  json_put_string(&json, "eta_source", outage_eta_source_name((OutageEtaSource)record->o.eta_source));
  json_close(&json);
  bool ok = extra.failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage")
                         : outage_row_eta(context->db, context->county_id, record, context->now, context->actor, error) &&
                             outage_tell(context, outages, record, "outage.eta", text_slice(buffer_as_text(&extra), 1, extra.len - 1), error);
  buffer_end(&extra);
  return ok;
}

bool outage_set_eta(DeskContext *context, Outages *outages, OutageId id, int32_t version, Instant from, Instant until, OutageEtaSource source, Error *error) {
  Record *record = NULL;
  if (!changeable(outages, id, version, &record, error) || !still_dark(record, error)) return false;
  if (until < from) return error_raise(error, ERROR_FIELD_INVALID, "until\t%lld\tearlier than from", (long long)until);
  if (until < context->now) return error_raise(error, ERROR_FIELD_INVALID, "until\t%lld\tpast", (long long)until);
  Outage *o = &record->o;
  json_t *data = json_pack("{s:I,s:I,s:I,s:i}", "likely", (json_int_t)o->eta_likely, "from", (json_int_t)o->eta_from, "until", (json_int_t)o->eta_until, "source", o->eta_source);
  bool ok = keep_undo(record, UNDO_ETA, data, error);
  o->eta_from = from;
  o->eta_until = until;
  o->eta_likely = from + (until - from) / 2;
  o->eta_source = (uint8_t)source;
  return (ok && outage_tell_eta(context, outages, record, error)) || desk_spoil(context);
}

bool outage_restore(DeskContext *context, Outages *outages, OutageId id, int32_t version, const uint32_t *devices, size_t count, Error *error) {
  Record *record = NULL;
  return changeable(outages, id, version, &record, error) && outage_free(context, outages, record, devices, count, error);
}

/* --- undo --- */

static bool undo_split(DeskContext *context, Outages *outages, Record *record, const json_t *data, Error *error) {
  char number[OUTAGE_NUMBER_MAX];
  Record *other = outage_record(outages, (OutageId){id_of(json_object_get(data, "outage"))});
  if (!other || other->o.crew.value || other->o.state > OUTAGE_CONFIRMED) return error_raise(error, ERROR_OUTAGE_NOTHING_TO_UNDO, "%s", outage_number(&record->o, number));
  return (outage_absorb(context, outages, other, record, error) && settle_change(context, outages, record, "outage.undone", TEXT("\"what\":\"split\""), error)) ||
         desk_spoil(context);
}

/* Brings an ended outage back into memory. */
static bool revive(DeskContext *context, Outages *outages, Record *ended, int state, Error *error) {
  ended->o.state = (uint8_t)state;
  ended->o.undo = UNDO_NOTHING;
  ended->merged_into = (OutageId){0};
  ended->closed_at = INSTANT_NONE;
  ended->o.households = 0;
  ended->o.calls = ended->calls_gone;
  ended->o.crew = (CrewId){0}; /* its crew went elsewhere when it ended */
  ended->o.job = 0;
  ended->o.crew_name[0] = 0;
  ended->o.stage = OUTAGE_NO_CREW;
  (void)context;
  return outage_adopt(outages, ended, error);
}

static bool undo_merge(DeskContext *context, Outages *outages, Record *record, const json_t *data, Error *error) {
  Record *other;
  OrderId *orders;
  size_t count;
  uint32_t device;
  DeviceId device_id = {id_of(json_object_get(data, "device"))};
  if (!grid_index_of(outages->grid, device_id, &device)) return error_raise(error, ERROR_NOT_FOUND, "device\t%lld", (long long)device_id.value);
  if (!orders_of_json(context, outages, json_object_get(data, "orders"), record->o.id, &orders, &count, error)) return false;
  if (!outage_row_load(context->db, context->county_id, outages->grid, (OutageId){id_of(json_object_get(data, "outage"))}, &other, error)) return false;
  record->calls_gone -= other->calls_gone < record->calls_gone ? other->calls_gone : record->calls_gone;
  bool ok = revive(context, outages, other, (int)json_integer_value(json_object_get(data, "state")), error) &&
            link_all(context, outages, orders, count, other->o.id, error);
  record->o.device = device;
  record->o.pinned = json_is_true(json_object_get(data, "pinned"));
  ok = ok && outage_measure(outages, record, error);
  if (ok) record->o.calls = record->calls_gone;
  for (size_t i = 0; ok && i < outages->links.count; i++)
    if (outages->links.at[i].outage.value == record->o.id.value) record->o.calls += outages->links.at[i].calls;
  ok = ok && settle_change(context, outages, other, "outage.changed", TEXT_NONE, error) &&
       settle_change(context, outages, record, "outage.undone", TEXT("\"what\":\"merge\""), error) &&
       outage_part_orders(context, outages, record->o.id, error);
  return ok || desk_spoil(context);
}

static bool undo_dismiss(DeskContext *context, Outages *outages, OutageId id, int32_t version, Error *error) {
  Record *record = NULL;
  char number[OUTAGE_NUMBER_MAX];
  if (!outage_row_load(context->db, context->county_id, outages->grid, id, &record, error)) return false;
  json_t *data = json_loads(record->undo_data ? record->undo_data : "{}", 0, NULL);
  OrderId *orders = NULL;
  size_t count = 0;
  bool ok = true, adopted = false;
  outage_number(&record->o, number);
  if (version != 0 && version != record->o.version) ok = error_raise(error, ERROR_CONFLICT, "outage %s\t%d", number, record->o.version);
  else if (record->o.state != OUTAGE_DISMISSED || record->o.undo != UNDO_DISMISS || !data) ok = error_raise(error, ERROR_OUTAGE_NOTHING_TO_UNDO, "%s", number);
  ok = ok && orders_of_json(context, outages, json_object_get(data, "orders"), (OutageId){0}, &orders, &count, error);
  if (ok) {
    ok = adopted = outage_weigh_sound(context, outages, record->o.device, false, error);
    ok = ok && revive(context, outages, record, (int)json_integer_value(json_object_get(data, "state")), error) && link_all(context, outages, orders, count, id, error) &&
         settle_change(context, outages, record, "outage.undone", TEXT("\"what\":\"dismiss\""), error);
    if (!ok) desk_spoil(context);
  }
  if (!adopted) outage_record_free(record);
  json_decref(data);
  return ok;
}

static bool undo_simple(DeskContext *context, Outages *outages, Record *record, OutageUndo what, const json_t *data, Error *error) {
  Outage *o = &record->o;
  uint32_t device;
  if (what == UNDO_CONFIRM) {
    if (o->state == OUTAGE_CONFIRMED) o->state = OUTAGE_SUSPECTED, o->confirmed_at = INSTANT_NONE;
    o->pinned = json_is_true(json_object_get(data, "pinned"));
    return settle_change(context, outages, record, "outage.undone", TEXT("\"what\":\"confirm\""), error);
  }
  if (what == UNDO_ETA) {
    o->eta_from = json_integer_value(json_object_get(data, "from"));
    o->eta_likely = json_integer_value(json_object_get(data, "likely"));
    o->eta_until = json_integer_value(json_object_get(data, "until"));
    o->eta_source = (uint8_t)json_integer_value(json_object_get(data, "source"));
    return outage_tell_eta(context, outages, record, error);
  }
  if (!grid_index_of(outages->grid, (DeviceId){id_of(json_object_get(data, "device"))}, &device)) return error_raise(error, ERROR_NOT_FOUND, "device\t%s", "");
  o->device = device;
  o->pinned = json_is_true(json_object_get(data, "pinned"));
  /* orders that left for outages of their own come back; those become empty and are dismissed */
  if (!outage_measure(outages, record, error)) return false;
  const json_t *list = json_object_get(data, "orders");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const Order *order = order_find(outages->orders, (OrderId){id_of(json_array_get(list, i))});
    if (!order || order->outage.value == o->id.value) continue;
    OutageId from = order->outage;
    if (!outage_link_order(context, outages, order->id, o->id, error)) return false;
    Record *other = outage_record(outages, from);
    if (!other) continue;
    bool empty = !other->o.by_hand && !other->o.households && !other->o.crew.value;
    if (empty ? !outage_end(context, outages, other, OUTAGE_DISMISSED, "outage.dismissed", TEXT_NONE, error) : !outage_believe(outages, other, error))
      return false;
  }
  return settle_change(context, outages, record, "outage.undone", TEXT("\"what\":\"move\""), error) &&
         outage_part_orders(context, outages, record->o.id, error); /* who called meanwhile below the other device */
}

bool outage_undo(DeskContext *context, Outages *outages, OutageId id, int32_t version, Error *error) {
  Record *record = NULL;
  char number[OUTAGE_NUMBER_MAX];
  if (!outage_record(outages, id)) return undo_dismiss(context, outages, id, version, error);
  if (!changeable(outages, id, version, &record, error)) return false;
  OutageUndo what = (OutageUndo)record->o.undo;
  json_t *data = record->undo_data ? json_loads(record->undo_data, 0, NULL) : NULL;
  if (record->undo_data && !data) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "undo");
  if (what == UNDO_NOTHING || !data) {
    json_decref(data);
    return error_raise(error, ERROR_OUTAGE_NOTHING_TO_UNDO, "%s", outage_number(&record->o, number));
  }
  bool ok;
  if (what == UNDO_DECLARE) {
    ok = outage_dismiss(context, outages, id, 0, TEXT("undo"), error); /* which is undone by another undo */
  } else {
    record->o.undo = UNDO_NOTHING;
    ok = what == UNDO_SPLIT ? undo_split(context, outages, record, data, error)
         : what == UNDO_MERGE ? undo_merge(context, outages, record, data, error)
                              : undo_simple(context, outages, record, what, data, error) || desk_spoil(context);
    if (!ok) desk_spoil(context); /* refused ones too: the mark is put back by the reload */
  }
  json_decref(data);
  return ok;
}

/* --- a word on a device --- */

static bool tell_word(DeskContext *context, const Outages *outages, uint32_t device, const char *word, Error *error) {
  char data[96];
  int64_t id = grid_device(outages->grid, device)->id.value;
  snprintf(data, sizeof data, "{\"device\":\"%lld\",\"word\":\"%s\"}", (long long)id, word);
  return desk_event(context, "outage.word", "device", id, text_of(data), error);
}

bool outage_word(DeskContext *context, Outages *outages, uint32_t device, LocateWord word, Error *error) {
  OutageId id;
  if (device >= grid_count(outages->grid)) return error_raise(error, ERROR_NOT_FOUND, "device\t%u", device);
  if (word == LOCATE_IS_OUT) return outage_declare(context, outages, device, TEXT(""), &id, error);
  const Outage *standing = outage_of_device(outages, device);
  bool ok = true;
  if (word == LOCATE_IS_SOUND && standing && standing->device == device && standing->state == OUTAGE_SUSPECTED)
    ok = outage_dismiss(context, outages, standing->id, 0, TEXT("sound"), error);
  else ok = outage_weigh_sound(context, outages, device, word == LOCATE_IS_SOUND, error);
  ok = ok && tell_word(context, outages, device, word == LOCATE_IS_SOUND ? "sound" : "judge", error) && outage_settle(context, outages, error);
  return ok || desk_spoil(context);
}
