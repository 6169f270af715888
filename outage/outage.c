#include "outage/outage_internal.h"

#include <assert.h>
#include <stdio.h>

#include "base/log.h"

/* --- memory --- */

Record *outage_record(const Outages *outages, OutageId id) {
  int64_t at;
  return map_get(&outages->record_of, id.value, &at) ? (Record *)(intptr_t)at : NULL;
}


/* The first place of `device` or a later one. */
static size_t standing_from(const Outages *outages, uint32_t device, OutageId id) {
  size_t low = 0, high = outages->by_device.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    const Standing *at = &outages->by_device.at[middle];
    if (at->device < device || (at->device == device && at->record->o.id.value < id.value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

void outage_below(const Outages *outages, uint32_t device, size_t *from, size_t *to) {
  *from = 0, *to = outages->by_device.count;
  if (outage_is_switched(outages, device)) return;
  *from = standing_from(outages, device, (OutageId){0});
  *to = standing_from(outages, grid_device(outages->grid, device)->end, (OutageId){0});
}

Record *outage_record_at(const Outages *outages, uint32_t device) {
  for (uint32_t up = device; up != GRID_NONE && outages->by_device.count; up = outage_parent(outages, up))
    for (size_t i = standing_from(outages, up, (OutageId){0}); i < outages->by_device.count && outages->by_device.at[i].device == up; i++)
      if (grid_ranges_hold(&outages->by_device.at[i].record->o.dark, device)) return outages->by_device.at[i].record;
  return NULL;
}

void outage_record_free(Record *record) {
  if (!record) return;
  grid_ranges_free(&record->o.dark);
  vector_free(&record->freed);
  vector_free(&record->words);
  memory_free(record->undo_data);
  memory_free(record);
}

uint32_t outage_customers_in(const Outages *outages, GridRange range) {
  uint32_t from, to;
  people_customers_in(outages->people, range, &from, &to);
  return to - from;
}

static uint32_t important_before(const Outages *outages, uint32_t position) {
  size_t low = 0, high = outages->important_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (outages->important[middle] < position) low = middle + 1;
    else high = middle;
  }
  return (uint32_t)low;
}

bool outage_measure(const Outages *outages, Record *record, Error *error) {
  Outage *o = &record->o;
  GridRanges below = {0};
  grid_ranges_clear(&o->dark);
  bool ok = o->state == OUTAGE_RESTORED || outage_subtree(outages, o->device, &o->dark, error);
  uint32_t total = 0;
  for (size_t i = 0; i < o->dark.count; i++) total += outage_customers_in(outages, o->dark.at[i]);
  for (size_t i = 0; ok && o->dark.count && i < record->freed.count; i++) {
    grid_ranges_clear(&below);
    ok = outage_subtree(outages, record->freed.at[i], &below, error);
    for (size_t k = 0; ok && k < below.count; k++) ok = grid_ranges_remove(&o->dark, below.at[k]) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  }
  grid_ranges_free(&below);
  if (!ok) return false;
  if (o->state == OUTAGE_RESTORED) total = o->customers_total; /* as it was: nothing is dark that could be counted */
  o->customers_total = outage_customers_in(outages, (GridRange){o->device, grid_device(outages->grid, o->device)->end});
  if (total > o->customers_total) o->customers_total = total; /* it feeds an island */
  o->customers_out = o->important_out = 0;
  for (size_t i = 0; i < o->dark.count; i++) {
    uint32_t from, to;
    people_customers_in(outages->people, o->dark.at[i], &from, &to);
    o->customers_out += to - from;
    o->important_out += important_before(outages, to) - important_before(outages, from);
  }
  if (o->customers_out > o->customers_peak) o->customers_peak = o->customers_out;
  return true;
}

static void unlist(Outages *outages, Record *record) {
  if (record->listed == GRID_NONE) return;
  size_t at = standing_from(outages, record->listed, record->o.id);
  assert(at < outages->by_device.count && outages->by_device.at[at].record == record);
  memmove(outages->by_device.at + at, outages->by_device.at + at + 1, (--outages->by_device.count - at) * sizeof *outages->by_device.at);
  record->listed = GRID_NONE;
}

static bool list(Outages *outages, Record *record) {
  uint32_t wanted = record->o.dark.count ? record->o.device : GRID_NONE;
  if (wanted == record->listed) return true;
  unlist(outages, record);
  if (wanted == GRID_NONE) return true;
  if (!vector_reserve(&outages->by_device, 1)) return false;
  size_t at = standing_from(outages, wanted, record->o.id);
  memmove(outages->by_device.at + at + 1, outages->by_device.at + at, (outages->by_device.count++ - at) * sizeof *outages->by_device.at);
  outages->by_device.at[at] = (Standing){wanted, record};
  record->listed = wanted;
  return true;
}

static bool holds_word(const Record *record, uint32_t device) {
  for (size_t i = 0; i < record->words.count; i++)
    if (record->words.at[i] == device) return true;
  return false;
}

bool outage_word_at(const Outages *outages, const Record *but, uint32_t device) {
  for (size_t i = 0; i < outages->open.count; i++)
    if (outages->open.at[i] != but && outages->open.at[i]->words.count && holds_word(outages->open.at[i], device)) return true;
  return false;
}

static LocateWord word_without(const Outages *outages, uint32_t device) {
  for (size_t i = 0; i < outages->sounds.count; i++)
    if (outages->sounds.at[i].device == device) return LOCATE_IS_SOUND;
  return LOCATE_JUDGE;
}

/* The highest devices that are dark for sure: its own, or when parts have power again, what hangs beside those. */
static bool dark_for_sure(const Outages *outages, const Record *record, uint32_t device, Record *out) {
  const GridDevice *at = grid_device(outages->grid, device);
  bool freed = false, freed_below = false;
  for (size_t i = 0; i < record->freed.count; i++) {
    freed |= outage_feeds(outages, record->freed.at[i], device);
    freed_below |= outage_feeds(outages, device, record->freed.at[i]);
  }
  if (freed) return true;
  if (!freed_below) return vector_push(&out->words, device);
  for (uint32_t child = device + 1; child < at->end; child = grid_device(outages->grid, child)->end)
    if (outage_parent(outages, child) == device && !dark_for_sure(outages, record, child, out)) return false;
  for (size_t i = 0; outages->parent && i < outages->moved.count; i++)
    if (outages->parent[outages->moved.at[i]] == device && !dark_for_sure(outages, record, outages->moved.at[i], out)) return false;
  return true;
}

bool outage_believe(Outages *outages, Record *record, Error *error) {
  Record fresh = {0};
  bool ok = list(outages, record);
  if (ok && record->o.dark.count && outage_is_fixed(record)) ok = dark_for_sure(outages, record, record->o.device, &fresh);
  if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  for (size_t i = 0; ok && i < record->words.count; i++) {
    uint32_t device = record->words.at[i];
    if (holds_word(&fresh, device) || outage_word_at(outages, record, device)) continue;
    outages->changed = true;
    ok = locate_override(outages->locate, device, word_without(outages, device), record->o.since, error);
  }
  for (size_t i = 0; ok && i < fresh.words.count; i++) {
    if (record->words_since == record->o.since && holds_word(record, fresh.words.at[i])) continue;
    outages->changed = true;
    ok = locate_override(outages->locate, fresh.words.at[i], LOCATE_IS_OUT, record->o.since, error);
  }
  vector_free(&record->words);
  record->words_since = record->o.since;
  if (record->o.dark.count && outage_is_fixed(record)) record->o.probability = 1;
  record->words.at = fresh.words.at, record->words.count = fresh.words.count, record->words.room = fresh.words.room;
  return ok;
}

static size_t place_of(const Outages *outages, OutageId id) {
  size_t low = 0, high = outages->open.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (outages->open.at[middle]->o.id.value < id.value) low = middle + 1;
    else high = middle;
  }
  return low;
}

bool outage_adopt(Outages *outages, Record *record, Error *error) {
  record->listed = GRID_NONE;
  size_t at = place_of(outages, record->o.id);
  if (!vector_reserve(&outages->open, 1) || !map_put(&outages->record_of, record->o.id.value, (int64_t)(intptr_t)record)) {
    outage_record_free(record);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  }
  memmove(outages->open.at + at + 1, outages->open.at + at, (outages->open.count - at) * sizeof *outages->open.at);
  outages->open.at[at] = record;
  outages->open.count++;
  return outage_measure(outages, record, error) && outage_believe(outages, record, error);
}

void outage_forget(Outages *outages, Record *record) {
  size_t at = place_of(outages, record->o.id);
  assert(at < outages->open.count && outages->open.at[at] == record);
  unlist(outages, record);
  map_remove(&outages->record_of, record->o.id.value);
  memmove(outages->open.at + at, outages->open.at + at + 1, (--outages->open.count - at) * sizeof *outages->open.at);
  outage_record_free(record);
}

/* --- orders under outages --- */

static Link *link_of(const Outages *outages, OrderId order) {
  int64_t at;
  return map_get(&outages->link_of, order.value, &at) ? &outages->links.at[at] : NULL;
}

const Link *outage_link_of(const Outages *outages, OrderId order) { return link_of(outages, order); }

static void link_drop(Outages *outages, Link *link) {
  Record *record = outage_record(outages, link->outage);
  if (record) {
    record->o.households--;
    record->o.calls -= link->calls;
    record->dirty = true;
  }
  size_t at = (size_t)(link - outages->links.at), last = outages->links.count - 1;
  map_remove(&outages->link_of, link->order.value);
  if (at != last) {
    *link = outages->links.at[last];
    bool put = map_put(&outages->link_of, link->order.value, (int64_t)at); /* a key that is there needs no room */
    assert(put);
  }
  outages->links.count--;
}

bool outage_note_link(Outages *outages, const Order *order, OutageId to, Error *error) {
  Link *old = link_of(outages, order->id);
  if (old) link_drop(outages, old);
  Record *record = outage_record(outages, to);
  if (!record) return true;
  if (!vector_push(&outages->links, (Link){order->id, to, order->device, order->calls}) ||
      !map_put(&outages->link_of, order->id.value, (int64_t)outages->links.count - 1))
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  record->o.households++;
  record->o.calls += order->calls;
  record->dirty = true;
  if (order->accepted_at > record->last_call_at) record->last_call_at = order->accepted_at;
  return true;
}

void outage_note_gone(Outages *outages, OrderId order) {
  Link *link = link_of(outages, order);
  if (!link) return;
  Record *record = outage_record(outages, link->outage);
  uint32_t calls = link->calls;
  link_drop(outages, link);
  if (record) record->calls_gone += calls, record->o.calls += calls;
}

void outage_note_calls(Outages *outages, const Order *order) {
  Link *link = link_of(outages, order->id);
  Record *record = link ? outage_record(outages, link->outage) : NULL;
  if (!record) return;
  record->o.calls += order->calls - link->calls;
  link->calls = order->calls;
  record->dirty = true;
}

/* --- start and reload --- */

static void clear(Outages *outages) {
  for (size_t i = 0; i < outages->open.count; i++) outage_record_free(outages->open.at[i]);
  vector_clear(&outages->open);
  map_free(&outages->record_of);
  map_free(&outages->link_of);
  vector_clear(&outages->links);
  vector_clear(&outages->by_device);
}

static bool adopt_row(void *self, Record *record, Error *error) {
  record->o.households = 0; /* counted from the orders */
  record->o.calls = record->calls_gone;
  return outage_adopt(self, record, error);
}

bool outage_reload(Db *db, void *room, Error *error) {
  Outages *outages = room;
  clear(outages);
  if (!outage_weigh_load(db, outages, error) || !outage_estimate_load(db, outages, error)) return false;
  if (!outage_row_last_serial(db, outages->county_id, &outages->last_serial, error)) return false;
  if (!outage_rows_open(db, outages->county_id, outages->grid, adopt_row, outages, error)) return false;
  for (size_t i = 0; i < order_count(outages->orders); i++) {
    const Order *order = order_at(outages->orders, i);
    if (order->outage.value && !outage_note_link(outages, order, order->outage, error)) return false;
  }
  for (size_t i = 0; i < outages->open.count; i++) outages->open.at[i]->dirty = false;
  return outage_follow_load(outages, error);
}

static bool list_important(Outages *outages, Error *error) {
  VECTOR(uint32_t) found = {0};
  for (uint32_t i = 0; i < people_customer_count(outages->people); i++) {
    Customer customer;
    people_customer(outages->people, i, &customer);
    if (customer.importance != IMPORTANCE_NONE && !vector_push(&found, i)) {
      vector_free(&found);
      return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
    }
  }
  outages->important = found.at;
  outages->important_count = found.count;
  return true;
}

static bool prepare(Outages **out, int64_t county_id, const Grid *grid, const People *people, Orders *orders, const char *rules, Error *error) {
  Outages *outages = memory_new(sizeof *outages);
  if (!outages) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  *outages = (Outages){.grid = grid, .people = people, .orders = orders, .county_id = county_id, .looked_at = INSTANT_NONE, .forgot_at = INSTANT_NONE};
  *out = outages;
  return outage_rules_open(&outages->rules, rules, error) && list_important(outages, error);
}

bool outage_open(Outages **out, Desk *desk, Db *db, const Grid *grid, const People *people, Orders *orders, const char *rules, Error *error) {
  Outages *outages = NULL;
  if (!prepare(&outages, desk_county(desk), grid, people, orders, rules, error) || !outage_reload(db, outages, error)) {
    outage_close(outages);
    return false;
  }
  outages->desk = desk;
  desk_on_reload(desk, outage_reload, outages);
  outage_follow_open(outages);
  outage_listen(outages);
  outage_listen_crews(outages);
  outage_listen_meters(outages);
  *out = outages;
  return true;
}

void outage_close(Outages *outages) {
  if (!outages) return;
  clear(outages);
  locate_free(outages->locate);
  vector_free(&outages->by_device);
  vector_free(&outages->sounds);
  vector_free(&outages->repairs);
  vector_free(&outages->open);
  vector_free(&outages->behind);
  vector_free(&outages->switched);
  vector_free(&outages->moved);
  memory_free(outages->parent);
  vector_free(&outages->links);
  memory_free(outages->important);
  memory_free(outages);
}

/* --- reading --- */

size_t outage_count(const Outages *outages) { return outages->open.count; }
const Outage *outage_at(const Outages *outages, size_t i) { return &outages->open.at[i]->o; }

const Outage *outage_find(const Outages *outages, OutageId id) {
  const Record *record = outage_record(outages, id);
  return record ? &record->o : NULL;
}

const Outage *outage_of_device(const Outages *outages, uint32_t device) {
  const Record *record = outage_record_at(outages, device);
  return record ? &record->o : NULL;
}

const Outage *outage_of_customer(const Outages *outages, uint32_t position) {
  return outage_of_device(outages, people_customer_device(outages->people, position));
}

bool outage_dark(const Outages *outages, GridRanges *out, uint32_t *customers, Error *error) {
  *out = (GridRanges){0};
  *customers = 0;
  for (size_t i = 0; i < outages->open.count; i++)
    for (size_t k = 0; k < outages->open.at[i]->o.dark.count; k++)
      if (!grid_ranges_add(out, outages->open.at[i]->o.dark.at[k])) {
        grid_ranges_free(out);
        return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "dark ranges");
      }
  for (size_t i = 0; i < out->count; i++) *customers += outage_customers_in(outages, out->at[i]);
  return true;
}

char *outage_number(const Outage *outage, char out[OUTAGE_NUMBER_MAX]) {
  snprintf(out, OUTAGE_NUMBER_MAX, "TD%06lld", (long long)(outage->serial % 1000000000000));
  return out;
}

const char *outage_state_name(OutageState state) {
  static const char *const names[] = {"suspected", "confirmed", "partly_restored", "restored", "closed", "dismissed"};
  return names[state];
}

const char *outage_stage_name(OutageStage stage) {
  static const char *const names[] = {"no_crew", "assigned", "taken", "on_the_way", "on_site", "surveyed", "working", "replied"};
  return names[stage];
}

const char *outage_eta_source_name(OutageEtaSource source) {
  static const char *const names[] = {NULL, "crew", "dispatcher", "estimate"};
  return names[source];
}

OrderLadder outage_ladder(const Outage *o) {
  if (o->state == OUTAGE_RESTORED || o->state == OUTAGE_CLOSED || o->state == OUTAGE_DISMISSED) return LADDER_RESTORED;
  if (o->state == OUTAGE_PARTLY_RESTORED) return LADDER_PARTLY_RESTORED;
  if (o->stage >= OUTAGE_ON_SITE) return LADDER_ON_SITE;
  if (o->stage == OUTAGE_ON_THE_WAY) return LADDER_ON_THE_WAY;
  if (o->stage >= OUTAGE_ASSIGNED) return LADDER_CREW_ASSIGNED;
  return o->state == OUTAGE_CONFIRMED ? LADDER_ASSESSING : LADDER_REPORTED;
}

void outage_on_arrears(Outages *outages, const Arrears *arrears) { outages->arrears = arrears; }

void outage_on_names(Outages *outages, Text (*name_of)(void *self, int64_t staff_id, Arena *arena), void *self) {
  outages->name_of = name_of;
  outages->name_self = self;
}

/* --- check --- */

bool outage_check(Db *db, const Grid *grid, const People *people, const Orders *orders, int64_t county_id, char problem[ERROR_TEXT_MAX], Error *error) {
  Outages *outages = NULL;
  problem[0] = 0;
  bool ok = prepare(&outages, county_id, grid, people, (Orders *)orders, NULL, error) && outage_reload(db, outages, error);
  for (size_t i = 0; ok && i < order_count(orders) && !problem[0]; i++) {
    const Order *order = order_at(orders, i);
    const Record *record = outage_record(outages, order->outage);
    if (order->outage.value && !record)
      snprintf(problem, ERROR_TEXT_MAX, "order %lld stands under outage %lld, which is not open", (long long)order->id.value, (long long)order->outage.value);
    else if (record && order->device != GRID_NONE && order->ladder < LADDER_RESTORED && !grid_within(grid_device(grid, record->o.device), record->o.device, order->device) &&
             !outage_feeds(outages, record->o.device, order->device))
      snprintf(problem, ERROR_TEXT_MAX, "order %lld is not felt below the device of its outage %lld", (long long)order->id.value, (long long)order->outage.value);
  }
  for (size_t i = 0; ok && i < outages->open.count && !problem[0]; i++) {
    const Outage *o = &outages->open.at[i]->o;
    if (o->state > OUTAGE_RESTORED) snprintf(problem, ERROR_TEXT_MAX, "outage %lld is %s and still open", (long long)o->id.value, outage_state_name((OutageState)o->state));
    else if ((o->dark.count == 0) != (o->state == OUTAGE_RESTORED))
      snprintf(problem, ERROR_TEXT_MAX, "outage %lld is %s with %u customers out", (long long)o->id.value, outage_state_name((OutageState)o->state), o->customers_out);
  }
  outage_close(outages);
  return ok;
}
