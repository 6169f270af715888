#include "outage/outage_internal.h"

#include <assert.h>
#include <stdio.h>

#include "base/log.h"

static const Span GATHER_WINDOW = 45 * SPAN_MINUTE; /* calls further apart are no evidence of one fault */

/* --- memory --- */

Record *outage_record(const Outages *outages, OutageId id) {
  int64_t at;
  return map_get(&outages->record_of, id.value, &at) ? (Record *)(intptr_t)at : NULL;
}

Record *outage_record_at(const Outages *outages, uint32_t device) {
  return outage_record(outages, (OutageId){gather_group_of(outages->gather, device)});
}

static bool covers(void *self, int64_t key, uint32_t device) {
  const Record *record = outage_record(self, (OutageId){key});
  return record && grid_ranges_hold(&record->o.dark, device);
}

void outage_record_free(Record *record) {
  if (!record) return;
  grid_ranges_free(&record->o.dark);
  vector_free(&record->freed);
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
  GridRange all = {o->device, grid_device(outages->grid, o->device)->end};
  grid_ranges_clear(&o->dark);
  bool ok = o->state == OUTAGE_RESTORED || grid_ranges_add(&o->dark, all);
  for (size_t i = 0; ok && i < record->freed.count; i++) {
    uint32_t freed = record->freed.at[i];
    if (o->dark.count) ok = grid_ranges_remove(&o->dark, (GridRange){freed, grid_device(outages->grid, freed)->end});
  }
  if (!ok) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  o->customers_total = outage_customers_in(outages, all);
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

typedef struct Telling {
  Outages *outages;
  const Record *record;
  Error *error;
  bool ok;
} Telling;

static bool tell_call(void *self, const Order *order) {
  Telling *telling = self;
  if (order->device != GRID_NONE && grid_ranges_hold(&telling->record->o.dark, order->device))
    telling->ok = gather_add(telling->outages->gather, telling->record->o.id.value, order->device, telling->error);
  return telling->ok;
}

bool outage_evidence(Outages *outages, Record *record, Error *error) {
  const Outage *o = &record->o;
  Telling telling = {outages, record, error, true};
  gather_drop(outages->gather, o->id.value);
  if (o->dark.count == 0) return true;
  if (!gather_found(outages->gather, o->id.value, o->device, record->settled || o->pinned, o->crew.value != 0, error)) return false;
  order_of_outage(outages->orders, o->id, tell_call, &telling);
  return telling.ok;
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
  size_t at = place_of(outages, record->o.id);
  if (!vector_reserve(&outages->open, 1) || !map_put(&outages->record_of, record->o.id.value, (int64_t)(intptr_t)record)) {
    outage_record_free(record);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  }
  memmove(outages->open.at + at + 1, outages->open.at + at, (outages->open.count - at) * sizeof *outages->open.at);
  outages->open.at[at] = record;
  outages->open.count++;
  return outage_measure(outages, record, error) &&
         (record->o.dark.count == 0 || gather_found(outages->gather, record->o.id.value, record->o.device, record->settled || record->o.pinned,
                                                    record->o.crew.value != 0, error));
}

void outage_forget(Outages *outages, Record *record) {
  size_t at = place_of(outages, record->o.id);
  assert(at < outages->open.count && outages->open.at[at] == record);
  gather_drop(outages->gather, record->o.id.value);
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

static void link_drop(Outages *outages, Link *link, bool weighed) {
  Record *record = outage_record(outages, link->outage);
  if (record) {
    record->o.households--;
    record->o.calls -= link->calls;
    record->dirty = true;
    if (weighed && link->device != GRID_NONE && grid_ranges_hold(&record->o.dark, link->device))
      gather_remove(outages->gather, record->o.id.value, link->device);
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

bool outage_note_link(Outages *outages, const Order *order, OutageId to, bool weighed, Error *error) {
  Link *old = link_of(outages, order->id);
  if (old) link_drop(outages, old, true);
  Record *record = outage_record(outages, to);
  if (!record) return true;
  if (!vector_push(&outages->links, (Link){order->id, to, order->device, order->calls}) ||
      !map_put(&outages->link_of, order->id.value, (int64_t)outages->links.count - 1))
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  record->o.households++;
  record->o.calls += order->calls;
  record->dirty = true;
  if (order->accepted_at > record->last_call_at) record->last_call_at = order->accepted_at;
  if (weighed || order->device == GRID_NONE || !grid_ranges_hold(&record->o.dark, order->device)) return true;
  return gather_add(outages->gather, to.value, order->device, error);
}

void outage_note_gone(Outages *outages, OrderId order) {
  Link *link = link_of(outages, order);
  if (!link) return;
  Record *record = outage_record(outages, link->outage);
  uint32_t calls = link->calls;
  link_drop(outages, link, true);
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
  gather_clear(outages->gather);
}

static bool adopt_row(void *self, Record *record, Error *error) {
  record->o.households = 0; /* counted from the orders */
  record->o.calls = record->calls_gone;
  return outage_adopt(self, record, error);
}

bool outage_reload(Db *db, void *room, Error *error) {
  Outages *outages = room;
  clear(outages);
  if (!outage_row_last_serial(db, outages->county_id, &outages->last_serial, error)) return false;
  if (!outage_rows_open(db, outages->county_id, outages->grid, adopt_row, outages, error)) return false;
  for (size_t i = 0; i < order_count(outages->orders); i++) {
    const Order *order = order_at(outages->orders, i);
    if (order->outage.value && !outage_note_link(outages, order, order->outage, false, error)) return false;
  }
  for (size_t i = 0; i < outages->open.count; i++) outages->open.at[i]->dirty = false;
  return true;
}

static bool build_tree(Outages *outages, Error *error) {
  const Grid *grid = outages->grid;
  uint32_t count = grid_count(grid);
  GatherOptions options = gather_options_default();
  outages->tree = memory_new(((size_t)count + 1) * (3 * sizeof(uint32_t) + 2));
  if (!outages->tree) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  uint32_t *parent = outages->tree, *end = parent + count, *customers = end + count;
  uint8_t *can_fail = (uint8_t *)(customers + count), *transformer = can_fail + count;
  for (uint32_t d = 0; d < count; d++) {
    const GridDevice *device = grid_device(grid, d);
    parent[d] = device->parent == GRID_NONE ? GATHER_NONE : device->parent;
    end[d] = device->end;
    customers[d] = outage_customers_in(outages, (GridRange){d, device->end});
    can_fail[d] = grid_can_fail((GridKind)device->kind);
    transformer[d] = device->kind == GRID_TRANSFORMER;
  }
  GatherTree tree = {count, parent, end, customers, can_fail, transformer};
  return gather_new(&outages->gather, &tree, &options, (GatherCover){covers, outages}, error);
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

static bool prepare(Outages **out, int64_t county_id, const Grid *grid, const People *people, Orders *orders, Error *error) {
  Outages *outages = memory_new(sizeof *outages);
  if (!outages) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  *outages = (Outages){.grid = grid, .people = people, .orders = orders, .county_id = county_id, .gather_window = GATHER_WINDOW};
  *out = outages;
  return list_important(outages, error) && build_tree(outages, error);
}

bool outage_open(Outages **out, Desk *desk, Db *db, const Grid *grid, const People *people, Orders *orders, Error *error) {
  Outages *outages = NULL;
  if (!prepare(&outages, desk_county(desk), grid, people, orders, error) || !outage_reload(db, outages, error)) {
    outage_close(outages);
    return false;
  }
  outages->desk = desk;
  desk_on_reload(desk, outage_reload, outages);
  outage_listen(outages);
  outage_listen_crews(outages);
  *out = outages;
  return true;
}

void outage_close(Outages *outages) {
  if (!outages) return;
  if (outages->gather) clear(outages);
  gather_free(outages->gather);
  vector_free(&outages->open);
  vector_free(&outages->links);
  memory_free(outages->tree);
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

void outage_on_names(Outages *outages, Text (*name_of)(void *self, int64_t staff_id, Arena *arena), void *self) {
  outages->name_of = name_of;
  outages->name_self = self;
}

/* --- check --- */

bool outage_check(Db *db, const Grid *grid, const People *people, const Orders *orders, int64_t county_id, char problem[ERROR_TEXT_MAX], Error *error) {
  Outages *outages = NULL;
  problem[0] = 0;
  bool ok = prepare(&outages, county_id, grid, people, (Orders *)orders, error) && outage_reload(db, outages, error);
  for (size_t i = 0; ok && i < order_count(orders) && !problem[0]; i++) {
    const Order *order = order_at(orders, i);
    const Record *record = outage_record(outages, order->outage);
    if (order->outage.value && !record)
      snprintf(problem, ERROR_TEXT_MAX, "order %lld stands under outage %lld, which is not open", (long long)order->id.value, (long long)order->outage.value);
    else if (record && order->device != GRID_NONE && !grid_within(grid_device(grid, record->o.device), record->o.device, order->device))
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
