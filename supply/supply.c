/* The room's memory, what a manager picks, and what the order's check says afterwards. */
#include <math.h>
#include <stdio.h>

#include "http/schema.h"
#include "supply/supply_internal.h"

static bool on_step(DeskContext *context, const Event *event, void *room, Error *error) {
  Supply *supply = room;
  json_t *data;
  if (!schema_read_own(&data, event->data, error)) return false;
  const char *step = json_string_value(json_object_get(data, "step")), *kind = json_string_value(json_object_get(data, "kind"));
  double volts = json_number_value(json_object_get(json_object_get(data, "fields"), "voltage"));
  int64_t choice = 0, device = 0;
  bool ok = true, wanted = step && kind && strcmp(step, "check") == 0 && strcmp(kind, "low_voltage") == 0 && volts > 0 && volts < 1000;
  int dv = wanted ? (int)lround(volts * 10) : 0;
  json_decref(data);
  if (!wanted) return true;
  ok = supply_choice_measured(context->db, supply->county_id, (OrderId){event->subject_id}, dv, context->now, &choice, &device, error);
  if (!ok || !choice) return ok;
  char text[160];
  int len = snprintf(text, sizeof text, "{\"choice_id\":\"%lld\",\"order_id\":\"%lld\",\"measured_dv\":%d}", (long long)choice,
                     (long long)event->subject_id, dv);
  return desk_event(context, "supply.measured", "area", device, (Text){text, (size_t)len}, error);
}

bool supply_open(Supply **out, Desk *desk, Db *db, const Grid *grid, const People *people, Orders *orders, const char *rules,
                 Error *error) {
  Supply *supply = memory_new(sizeof *supply);
  (void)db;
  *out = NULL;
  if (!supply) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply");
  supply->desk = desk, supply->grid = grid, supply->people = people, supply->orders = orders, supply->county_id = desk_county(desk);
  pthread_mutex_init(&supply->lock, NULL);
  for (size_t i = 0; i < SUPPLY_VIEWS; i++) arena_begin(&supply->views[i].arena, 0), arena_begin(&supply->told[i].arena, 0);
  if (!supply_book_open(&supply->book, rules, error)) {
    supply_close(supply);
    return false;
  }
  desk_on(desk, "order.step", on_step, supply);
  desk_on_tick(desk, supply_search_tick, supply);
  *out = supply;
  return true;
}

void supply_close(Supply *supply) {
  if (!supply) return;
  supply_search_close(supply);
  for (size_t i = 0; i < SUPPLY_VIEWS; i++) arena_end(&supply->views[i].arena), arena_end(&supply->told[i].arena);
  supply_book_close(supply->book);
  pthread_mutex_destroy(&supply->lock);
  memory_free(supply);
}

void supply_on_readings(Supply *supply, const SupplyReadings *readings) { supply->readings = readings; }

bool supply_in_reach(const Supply *supply, uint32_t device, int64_t org_id) {
  return org_id == 0 || people_check_reach(supply->people, org_id, device, NULL);
}

/* --- what was shown --- */

static SupplyView *view_of(Supply *supply, int64_t device_id, int day) {
  for (size_t i = 0; i < SUPPLY_VIEWS; i++)
    if (supply->views[i].device_id == device_id && supply->views[i].day == day) return &supply->views[i];
  return NULL;
}

static bool fill_view(SupplyView *view, const Supply *supply, const SupplyArea *area, const RemedyList *list, Error *error) {
  Buffer buffer;
  bool ok = true;
  view->offers = ARENA_ARRAY(&view->arena, SupplyOffer, list->count + 1);
  if (!view->offers) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply");
  buffer_begin(&buffer, 1 << 20);
  for (size_t i = 0; ok && i < list->count; i++) {
    const Remedy *one = &list->at[i];
    Json json;
    buffer_clear(&buffer);
    json_begin(&json, &buffer);
    supply_write_remedy(&json, supply, area, one);
    view->offers[i] = (SupplyOffer){one->kinds,
                                    one->cost_yuan,
                                    one->days,
                                    list->before.worst_volts,
                                    one->after.worst_volts,
                                    list->before.low_customers,
                                    one->after.low_customers,
                                    text_copy(&view->arena, buffer_as_text(&buffer))};
    ok = !buffer.failed && view->offers[i].json.at != NULL;
  }
  buffer_end(&buffer);
  view->count = ok ? list->count : 0;
  return ok || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply");
}

bool supply_remember(Supply *supply, const SupplyArea *area, const char *cause, const RemedyList *list, Error *error) {
  int64_t device_id = grid_device(supply->grid, area->device)->id.value;
  pthread_mutex_lock(&supply->lock);
  SupplyView *view = view_of(supply, device_id, area->day);
  for (size_t i = 0; !view || (i < SUPPLY_VIEWS && view->device_id != device_id); i++)
    if (!view || supply->views[i].used < view->used) view = &supply->views[i];
  arena_reset(&view->arena);
  view->device_id = device_id, view->day = area->day, view->cause = cause, view->used = ++supply->uses, view->count = 0;
  bool ok = fill_view(view, supply, area, list, error);
  if (!ok) view->device_id = 0;
  pthread_mutex_unlock(&supply->lock);
  return ok;
}

void supply_forget(Supply *supply, int64_t device_id) {
  pthread_mutex_lock(&supply->lock);
  for (size_t i = 0; i < SUPPLY_VIEWS; i++)
    if (supply->views[i].device_id == device_id) supply->views[i].device_id = 0, supply->views[i].count = 0;
  pthread_mutex_unlock(&supply->lock);
}

/* --- picking one --- */

static bool offer_of(Supply *supply, const SupplyPick *pick, SupplyOffer *out, const char **cause, Arena *arena, Error *error) {
  pthread_mutex_lock(&supply->lock);
  const SupplyView *view = view_of(supply, pick->device_id, pick->day);
  bool there = view && pick->remedy >= 0 && (size_t)pick->remedy < view->count;
  if (there) *out = view->offers[pick->remedy], out->json = text_copy(arena, out->json), *cause = view->cause;
  pthread_mutex_unlock(&supply->lock);
  if (!there) return error_raise(error, ERROR_SUPPLY_NOT_SHOWN, "%d", pick->remedy + 1);
  return out->json.at || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "supply");
}

static void describe(const SupplyOffer *offer, const char *cause, char *out, size_t size) {
  char kinds[120] = "";
  for (int k = 0; k < REMEDY_COUNT; k++)
    if (offer->kinds >> k & 1) snprintf(kinds + strlen(kinds), sizeof kinds - strlen(kinds), "%s%s", kinds[0] ? "+" : "", REMEDY_NAME[k]);
  snprintf(out, size, "%s → %s: %.1f V → %.1f V, %u → %u", cause, kinds, offer->worst_before, offer->worst_after, offer->low_before,
           offer->low_after);
}

bool supply_pick(DeskContext *context, void *command, Error *error) {
  SupplyPick *pick = command;
  Supply *supply = pick->supply;
  SupplyOffer offer = {0};
  const char *cause = "";
  char text[300];
  uint32_t device;
  bool again;
  if (!grid_index_of(supply->grid, (DeviceId){pick->device_id}, &device))
    return error_raise(error, ERROR_NOT_FOUND, "transformer\t%lld", (long long)pick->device_id);
  if (!offer_of(supply, pick, &offer, &cause, context->arena, error)) return false;
  describe(&offer, cause, text, sizeof text);
  OrderAccept accept = {
      .kind = TEXT("low_voltage"), .device = device, .source = TEXT("supply"), .description = text_of(text), .roles = pick->roles};
  if (!order_accept(context, supply->orders, &accept, &pick->order, &again, error)) return false;
  SupplyChoice choice = {.id = desk_new_id(context),
                         .device_id = pick->device_id,
                         .order = pick->order,
                         .day = pick->day,
                         .chosen_at = context->now,
                         .kinds = offer.kinds,
                         .cause = text_of(cause),
                         .remedy = offer.json,
                         .cost_fen = (int64_t)llround(offer.cost_yuan * 100),
                         .works_days = (int)ceil(offer.days),
                         .worst_before_dv = (int)lround(offer.worst_before * 10),
                         .low_before = (int)offer.low_before,
                         .worst_after_dv = (int)lround(offer.worst_after * 10),
                         .low_after = (int)offer.low_after};
  int len = snprintf(text, sizeof text, "{\"choice_id\":\"%lld\",\"order_id\":\"%lld\",\"kinds\":%u,\"low\":%d,\"low_after\":%d}",
                     (long long)choice.id, (long long)choice.order.value, choice.kinds, choice.low_before, choice.low_after);
  pick->choice = choice.id;
  if (!supply_choice_put(context->db, supply->county_id, &choice, error) ||
      !desk_event(context, "supply.chosen", "area", pick->device_id, (Text){text, (size_t)len}, error))
    return desk_spoil(context);
  return true;
}
