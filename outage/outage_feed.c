/* How the network is fed now: switches reported open, ties reported closed. An island fed through a tie has power again; when the tie opens it is dark
 * again. Who feeds whom is solved anew after a change, the engine and what outages darken follow. */
#include <stdio.h>

#include "outage/outage_internal.h"

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "switching"); }

/* --- the fed tree --- */

bool outage_feeds(const Outages *outages, uint32_t above, uint32_t device) {
  if (!outages->parent) return grid_within(grid_device(outages->grid, above), above, device);
  while (device != above && device != GRID_NONE) device = outages->parent[device];
  return device == above;
}

uint32_t outage_common(const Outages *outages, uint32_t a, uint32_t b) {
  if (!outages->parent) return grid_lowest_common(outages->grid, a, b);
  while (a != GRID_NONE && !outage_feeds(outages, a, b)) a = outages->parent[a];
  return a;
}

/* Marks all that hangs below a device, by their parents: 1 yes, 2 no. Each device is walked once. */
static void mark_below(const uint32_t *parent, uint32_t count, uint8_t *mark) {
  for (uint32_t d = 0; d < count; d++) {
    uint32_t at = d;
    while (at != GRID_NONE && !mark[at]) at = parent[at];
    uint8_t found = at == GRID_NONE ? 2 : mark[at];
    for (at = d; at != GRID_NONE && !mark[at]; at = parent[at]) mark[at] = found;
  }
}

static bool ranges_of(const uint8_t *mark, uint32_t count, GridRanges *out) {
  for (uint32_t d = 0; d < count;) {
    uint32_t from = d;
    while (d < count && mark[d] == 1) d++;
    if (d > from && !grid_ranges_add(out, (GridRange){from, d})) return false;
    d += d == from;
  }
  return true;
}

static bool is_touched(const Grid *grid, const uint32_t *parent, const uint32_t *moved, size_t count, uint32_t device) {
  uint32_t end = grid_device(grid, device)->end;
  for (size_t i = 0; i < count; i++) {
    uint32_t up = parent[moved[i]];
    if ((moved[i] > device && moved[i] < end) || (up != GRID_NONE && up >= device && up < end)) return true;
  }
  return false;
}

bool outage_is_switched(const Outages *outages, uint32_t device) {
  return outages->parent && is_touched(outages->grid, outages->parent, outages->moved.at, outages->moved.count, device);
}

bool outage_subtree(const Outages *outages, uint32_t device, GridRanges *out, Error *error) {
  uint32_t count = grid_count(outages->grid);
  if (!outage_is_switched(outages, device)) return grid_ranges_add(out, (GridRange){device, grid_device(outages->grid, device)->end}) || out_of_memory(error);
  uint8_t *mark = memory_new(count + 1u);
  if (mark) mark[device] = 1;
  for (uint32_t up = outages->parent[device]; mark && up != GRID_NONE; up = outages->parent[up]) mark[up] = 2;
  if (mark) mark_below(outages->parent, count, mark);
  bool ok = mark && ranges_of(mark, count, out);
  memory_free(mark);
  return ok || out_of_memory(error);
}

/* --- solving --- */

static const GridTie *tie_of(const Outages *outages, int64_t id) {
  const GridTie *ties;
  size_t count = grid_ties(outages->grid, &ties);
  for (size_t i = 0; i < count; i++)
    if (ties[i].id == id) return &ties[i];
  return NULL;
}

static Switched *switched_of(const Outages *outages, bool tie, int64_t id) {
  for (size_t i = 0; i < outages->switched.count; i++)
    if (outages->switched.at[i].tie == tie && outages->switched.at[i].id == id) return &outages->switched.at[i];
  return NULL;
}

static void take_normal(const Grid *grid, uint32_t *out) {
  for (uint32_t d = 0; d < grid_count(grid); d++) out[d] = grid_device(grid, d)->parent;
}

/* Who feeds whom; those ties that close a loop are marked and left out, the ones closed last first. */
static bool solve(Outages *outages, uint32_t *parent, Error *error) {
  uint32_t count = grid_count(outages->grid), loop = LOCATE_NONE;
  uint32_t *normal = memory_new((count + 1u) * sizeof *normal);
  uint8_t *open = memory_new(count + 1u);
  LocateTie *ties = memory_new((outages->switched.count + 1) * sizeof *ties);
  size_t kept = 0;
  bool ok = (normal && open && ties) || out_of_memory(error);
  if (ok) take_normal(outages->grid, normal);
  for (size_t i = 0; ok && i < outages->switched.count; i++)
    if (!outages->switched.at[i].tie) open[outages->switched.at[i].device] = 1;
  for (int each = 0; ok && each < 2; each++) { /* all of them at once; one by one when that is a loop */
    kept = 0;
    for (size_t i = 0; ok && i < outages->switched.count; i++) {
      Switched *s = &outages->switched.at[i];
      const GridTie *tie = s->tie && s->closed ? tie_of(outages, s->id) : NULL;
      s->loop = false;
      if (!tie) continue;
      ties[kept++] = (LocateTie){tie->a, tie->b, true};
      if (!each) continue;
      ok = locate_feed(count, normal, open, ties, kept, parent, &loop, error);
      if (ok && loop != LOCATE_NONE) s->loop = true, kept--;
    }
    ok = ok && locate_feed(count, normal, open, ties, kept, parent, &loop, error);
    if (loop == LOCATE_NONE) break;
  }
  memory_free(normal), memory_free(open), memory_free(ties);
  return ok;
}

/* Takes the new parents over; NULL when they are the network's own. `parent` is given away. */
static bool install(Outages *outages, uint32_t *parent, Error *error) {
  vector_clear(&outages->moved);
  bool ok = true;
  for (uint32_t d = 0; ok && d < grid_count(outages->grid); d++)
    if (parent[d] != grid_device(outages->grid, d)->parent) ok = vector_push(&outages->moved, d) || out_of_memory(error);
  memory_free(outages->parent);
  outages->parent = NULL;
  if (ok && outages->moved.count) outages->parent = parent;
  else memory_free(parent);
  return ok;
}

/* --- rows --- */

static bool save(DeskContext *context, const Switched *s, Error *error) {
  DbStatement *q;
  bool drop = !s->tie && s->closed;
  if (!db_prepare(&q, context->db,
                  drop ? "DELETE FROM outage_switch WHERE county_id = ?1 AND is_tie = ?2 AND subject_id = ?3"
                       : "INSERT INTO outage_switch (county_id, is_tie, subject_id, closed, at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (county_id, is_tie, subject_id)"
                         " DO UPDATE SET closed = excluded.closed, at = excluded.at",
                  error))
    return false;
  db_bind_i64(q, 1, context->county_id);
  db_bind_i64(q, 2, s->tie);
  db_bind_i64(q, 3, s->id);
  if (!drop) db_bind_i64(q, 4, s->closed), db_bind_i64(q, 5, s->at);
  return db_done(q, error);
}

bool outage_feed_load(Db *db, Outages *outages, Error *error) {
  DbStatement *q;
  vector_clear(&outages->switched);
  if (!db_prepare(&q, db, "SELECT is_tie, subject_id, closed, at FROM outage_switch WHERE county_id = ?1 ORDER BY at, is_tie, subject_id", error)) return false;
  db_bind_i64(q, 1, outages->county_id);
  for (bool row;;) {
    if (!db_step(&row, q, error)) return false;
    if (!row) break;
    Switched s = {.tie = db_column_i64(q, 0) != 0, .id = db_column_i64(q, 1), .closed = db_column_i64(q, 2) != 0, .at = db_column_instant(q, 3)};
    if (s.tie ? !tie_of(outages, s.id) : !grid_index_of(outages->grid, (DeviceId){s.id}, &s.device)) continue; /* an import took it out */
    if (vector_push(&outages->switched, s)) continue;
    db_reset(q);
    return out_of_memory(error);
  }
  memory_free(outages->parent);
  outages->parent = NULL;
  vector_clear(&outages->moved);
  if (!outages->switched.count) return true;
  uint32_t *parent = memory_new((grid_count(outages->grid) + 1u) * sizeof *parent);
  if (!parent) return out_of_memory(error);
  if (solve(outages, parent, error)) return install(outages, parent, error);
  memory_free(parent);
  return false;
}

/* --- what is reported --- */

bool outage_tie_of_code(Db *db, const Outages *outages, Text code, int64_t *id, bool *found, Error *error) {
  DbStatement *q;
  if (!db_prepare(&q, db, "SELECT id FROM tie WHERE county_id = ?1 AND code = ?2 AND retired_at IS NULL", error)) return false;
  db_bind_i64(q, 1, outages->county_id);
  db_bind_text(q, 2, code);
  if (!db_step(found, q, error)) return false;
  if (!*found) return true;
  *id = db_column_i64(q, 0);
  db_reset(q);
  *found = tie_of(outages, *id) != NULL;
  return true;
}

/* In the order in which they were reported: solve goes by it, after a restart, too. */
static bool note(DeskContext *context, Outages *outages, Switched s, Error *error) {
  Switched *old = switched_of(outages, s.tie, s.id);
  if (old) {
    size_t at = (size_t)(old - outages->switched.at);
    memmove(old, old + 1, (--outages->switched.count - at) * sizeof *old);
  }
  if (!(!s.tie && s.closed)) {
    if (!vector_push(&outages->switched, s)) return out_of_memory(error);
    for (size_t i = outages->switched.count - 1; i > 0; i--) {
      Switched *a = &outages->switched.at[i - 1], *b = a + 1, swap = *a;
      if (a->at < b->at || (a->at == b->at && (a->tie < b->tie || (a->tie == b->tie && a->id < b->id)))) break;
      *a = *b, *b = swap;
    }
  }
  outages->switching = true;
  return save(context, &s, error);
}

bool outage_note_tie(DeskContext *context, Outages *outages, int64_t id, bool closed, Instant at, LocateVerdict *verdict, Error *error) {
  const Switched *old = switched_of(outages, true, id);
  *verdict = LOCATE_FUTURE;
  if (at > context->now + SPAN_MINUTE) return true;
  *verdict = LOCATE_TOO_OLD;
  if (at < context->now - outages->rules.locate.keep) return true;
  *verdict = LOCATE_REPEATED;
  if (old ? old->closed == closed : !closed) return true;
  *verdict = old && at == old->at ? LOCATE_CONTRADICTS : LOCATE_STALE;
  if (old && at <= old->at) return true;
  *verdict = LOCATE_TAKEN;
  return note(context, outages, (Switched){.tie = true, .id = id, .closed = closed, .at = at}, error);
}

bool outage_note_switch(DeskContext *context, Outages *outages, uint32_t device, bool closed, Instant at, Error *error) {
  int64_t id = grid_device(outages->grid, device)->id.value;
  if ((switched_of(outages, false, id) == NULL) == closed) return true;
  return note(context, outages, (Switched){.id = id, .device = device, .closed = closed, .at = at}, error);
}

bool outage_is_fed_around(const Outages *outages, uint32_t device) {
  return outages->parent && outages->parent[device] != grid_device(outages->grid, device)->parent &&
         switched_of(outages, false, grid_device(outages->grid, device)->id.value);
}

bool outage_tie_loops(const Outages *outages, int64_t id) {
  const Switched *s = switched_of(outages, true, id);
  return s && s->loop;
}

/* --- outages follow --- */

typedef struct Turn { /* an outage whose darkness changes */
  OutageId id;
  GridRanges before, lit, dark;
} Turn;
typedef VECTOR(Turn) Turns;

static bool subtract(const GridRanges *from, const GridRanges *less, GridRanges *out) {
  bool ok = true;
  for (size_t i = 0; ok && i < from->count; i++) ok = grid_ranges_add(out, from->at[i]);
  for (size_t i = 0; ok && i < less->count; i++) ok = grid_ranges_remove(out, less->at[i]);
  return ok;
}

/* What each outage darkens by the new feeding, and what of it is lit or dark anew. */
static bool turn(DeskContext *context, Outages *outages, Turn *t, Error *error) {
  Record *record = outage_record(outages, t->id);
  Outage *o = &record->o;
  if (outage_is_fed_around(outages, o->device)) { /* it stood at the switch itself, which is open: all behind it is fed from elsewhere */
    if (!vector_push(&record->freed, o->device)) return out_of_memory(error);
    if (!outage_row_freed(context->db, context->county_id, o->id, grid_device(outages->grid, o->device)->id, context->now, error)) return false;
  }
  return outage_measure(outages, record, error) && ((subtract(&t->before, &o->dark, &t->lit) && subtract(&o->dark, &t->before, &t->dark)) || out_of_memory(error));
}

static bool tell_turn(DeskContext *context, Outages *outages, const Turn *t, Error *error) {
  Record *record = outage_record(outages, t->id);
  Outage *o = &record->o;
  if (!t->lit.count && !t->dark.count) return true;
  bool back = t->lit.count > 0;
  if (back && !o->customers_out) o->state = OUTAGE_RESTORED, o->restored_at = context->now, grid_ranges_clear(&o->dark);
  else if (back) o->state = OUTAGE_PARTLY_RESTORED;
  else if (!record->freed.count && o->state == OUTAGE_PARTLY_RESTORED) o->state = o->confirmed_at == INSTANT_NONE ? OUTAGE_SUSPECTED : OUTAGE_CONFIRMED;
  if (back) o->undo = UNDO_NOTHING;
  Buffer extra;
  buffer_begin(&extra, 0);
  buffer_string(&extra, "\"by\":\"switching\"");
  if (back) {
    buffer_format(&extra, ",\"all\":%s,\"devices\":[],\"freed\":[", o->state == OUTAGE_RESTORED ? "true" : "false");
    for (size_t i = 0; i < t->lit.count; i++) buffer_format(&extra, "%s[%u,%u]", i ? "," : "", t->lit.at[i].from, t->lit.at[i].to);
    buffer_string(&extra, "]");
  }
  bool ok = !extra.failed || out_of_memory(error);
  ok = ok && outage_believe(outages, record, error) && outage_tell(context, outages, record, back ? "outage.restored" : "outage.changed", buffer_as_text(&extra), error) &&
       (o->state != OUTAGE_RESTORED || outage_estimate_done(context, outages, record, error)) && outage_follow(context, outages, record, error) &&
       outage_close_if_done(context, outages, record, error);
  buffer_end(&extra);
  return ok;
}

/* The engine is fed anew: what was said of the part that moved is settled; words and switches that hold are said again. */
static bool reroute(DeskContext *context, Outages *outages, const GridRanges *part, Instant at, Error *error) {
  uint32_t *normal = NULL;
  if (!outages->parent) {
    normal = memory_new((grid_count(outages->grid) + 1u) * sizeof *normal);
    if (!normal) return out_of_memory(error);
    take_normal(outages->grid, normal);
  }
  bool ok = outage_weigh_time(context, outages, 0, error) && locate_reroute(outages->locate, outages->parent ? outages->parent : normal, at, error);
  memory_free(normal);
  for (size_t i = 0; ok && i < part->count; i++) ok = outage_weigh_part(context, outages, part->at[i], at, error);
  for (size_t i = 0; ok && i < outages->open.count; i++) {
    vector_clear(&outages->open.at[i]->words);
    ok = outage_believe(outages, outages->open.at[i], error);
  }
  for (size_t i = 0; ok && i < outages->sounds.count; i++)
    ok = outage_word_at(outages, NULL, outages->sounds.at[i].device) ||
         locate_override(outages->locate, outages->sounds.at[i].device, LOCATE_IS_SOUND, outages->sounds.at[i].at, error);
  for (size_t i = 0; ok && i < outages->switched.count; i++) {
    const Switched *s = &outages->switched.at[i];
    LocateVerdict verdict;
    if (s->tie || outage_is_fed_around(outages, s->device) || !grid_ranges_hold(part, s->device)) continue;
    ok = outage_weigh(context, outages, &(LocateEvidence){at, LOCATE_SWITCH_OPEN, true, s->device}, &verdict, error);
  }
  outages->changed = true;
  return ok;
}

/* All whose way to the source is another one now. */
static bool moved_part(const Outages *outages, const uint32_t *before, const uint32_t *after, GridRanges *part, Error *error) {
  uint32_t count = grid_count(outages->grid);
  uint8_t *mark = memory_new(count + 1u);
  for (uint32_t d = 0; mark && d < count; d++) mark[d] = (before ? before[d] : grid_device(outages->grid, d)->parent) != after[d];
  if (mark) mark_below(after, count, mark);
  bool ok = mark && ranges_of(mark, count, part);
  memory_free(mark);
  return ok || out_of_memory(error);
}

static bool tell_fed(DeskContext *context, const Outages *outages, const GridRanges *part, Error *error) {
  Buffer data;
  uint32_t customers = 0;
  for (size_t i = 0; i < part->count; i++) customers += outage_customers_in(outages, part->at[i]);
  buffer_begin(&data, 0);
  buffer_format(&data, "{\"customers\":%u,\"part\":[", customers);
  for (size_t i = 0; i < part->count; i++) buffer_format(&data, "%s[%u,%u]", i ? "," : "", part->at[i].from, part->at[i].to);
  buffer_string(&data, "]}");
  bool ok = data.failed ? out_of_memory(error) : desk_event(context, "outage.fed", "county", context->county_id, buffer_as_text(&data), error);
  buffer_end(&data);
  return ok;
}

static bool settle_turns(DeskContext *context, Outages *outages, Turns *turns, Instant at, const GridRanges *part, uint32_t *parent, Error *error) {
  bool ok = true;
  for (size_t i = 0; ok && i < outages->open.count; i++) {
    const Outage *o = &outages->open.at[i]->o;
    Turn t = {.id = o->id};
    if (!o->dark.count) continue;
    for (size_t k = 0; ok && k < o->dark.count; k++) ok = grid_ranges_add(&t.before, o->dark.at[k]);
    if (!vector_push(turns, t)) grid_ranges_free(&t.before), ok = false;
  }
  if (!ok) memory_free(parent);
  ok = ok ? install(outages, parent, error) : out_of_memory(error);
  for (size_t i = 0; ok && i < turns->count; i++) { /* seconds up to now are counted by what was dark; what is dark anew counts from now */
    Turn *t = &turns->at[i];
    ok = turn(context, outages, t, error);
  }
  for (size_t i = 0; ok && i < turns->count; i++) {
    Turn *t = &turns->at[i];
    Record *record = outage_record(outages, t->id);
    int64_t lit = 0, dark = 0;
    for (size_t k = 0; k < t->lit.count; k++) lit += outage_customers_in(outages, t->lit.at[k]);
    for (size_t k = 0; k < t->dark.count; k++) dark += outage_customers_in(outages, t->dark.at[k]);
    record->o.customer_seconds += (lit - dark) * ((context->now - record->o.since) / SPAN_SECOND);
  }
  ok = ok && reroute(context, outages, part, at, error) && tell_fed(context, outages, part, error);
  for (size_t i = 0; ok && i < turns->count; i++)
    if (outage_record(outages, turns->at[i].id)) ok = tell_turn(context, outages, &turns->at[i], error);
  return ok;
}

bool outage_feed_anew(DeskContext *context, Outages *outages, Instant at, Error *error) {
  uint32_t count = grid_count(outages->grid);
  GridRanges part = {0};
  Turns turns = {0};
  outages->switching = false;
  uint32_t *parent = memory_new((count + 1u) * sizeof *parent);
  if (!parent) return out_of_memory(error);
  bool ok = solve(outages, parent, error) && moved_part(outages, outages->parent, parent, &part, error);
  if (!ok || !part.count) memory_free(parent);
  else ok = settle_turns(context, outages, &turns, at + 1, &part, parent, error); /* what was said at that moment was said before */
  for (size_t i = 0; i < turns.count; i++) grid_ranges_free(&turns.at[i].before), grid_ranges_free(&turns.at[i].lit), grid_ranges_free(&turns.at[i].dark);
  vector_free(&turns);
  grid_ranges_free(&part);
  return ok;
}
