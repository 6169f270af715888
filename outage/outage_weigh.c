/* Evidence: each piece is a row and stands in the engine, so that a restart believes what was believed before. */
#include "outage/outage_internal.h"
#include "outage/outage_network.h"

enum { ROW_RESTORED = 100, ROW_SOUND = 101, ROW_JUDGE = 102, ROW_FED = 103, ROW_RESTORED_PART = 104 };
static const Span FORGET_EVERY = 10 * SPAN_MINUTE;
static const Span BEHIND_MOST = 20 * SPAN_SECOND; /* well inside the engine's slack for what lies in the future */

/* --- rows --- */

static bool write_rows(DeskContext *context, const Outages *outages, Instant at, int kind, bool on_device, uint32_t subject, uint32_t last, Error *error) {
  DbStatement *s;
  Customer customer;
  int64_t id;
  if (!db_prepare(&s, context->db, "INSERT INTO outage_evidence (county_id, id, at, kind, on_device, subject_id, last_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", error))
    return false;
  if (on_device) {
    id = grid_device(outages->grid, subject)->id.value;
  } else {
    people_customer(outages->people, subject, &customer);
    id = customer.id.value;
  }
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, desk_new_id(context));
  db_bind_i64(s, 3, at);
  db_bind_i64(s, 4, kind);
  db_bind_i64(s, 5, on_device);
  db_bind_i64(s, 6, id);
  if (last == GRID_NONE) db_bind_null(s, 7);
  else db_bind_i64(s, 7, grid_device(outages->grid, last)->id.value);
  return db_done(s, error);
}

static bool write_row(DeskContext *context, const Outages *outages, Instant at, int kind, bool on_device, uint32_t subject, Error *error) {
  return write_rows(context, outages, at, kind, on_device, subject, GRID_NONE, error);
}

typedef struct Replayed {
  Instant at;
  int kind;
  bool on_device;
  uint32_t subject;
} Replayed;
typedef VECTOR(Replayed) Replay;

static uint32_t device_of(const Outages *outages, const Replayed *row) {
  return row->on_device ? row->subject : people_customer_device(outages->people, row->subject);
}

/* Power is back, or it comes another way: what was said before is settled. */
static void drop_settled(const Outages *outages, Replay *rows, const Replayed *settled, uint32_t end) {
  size_t kept = 0;
  bool fed = settled->kind == ROW_FED;
  for (size_t i = 0; i < rows->count; i++) {
    uint32_t device = device_of(outages, &rows->at[i]);
    bool holds = fed ? rows->at[i].at >= settled->at || rows->at[i].kind >= ROW_RESTORED : rows->at[i].at > settled->at;
    if (device < settled->subject || device >= end || holds) rows->at[kept++] = rows->at[i];
  }
  rows->count = kept;
}

/* Rows in the order they came, less what is settled. An import may have taken subjects out. */
static bool read_rows(Db *db, const Outages *outages, Replay *rows, Instant *newest, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT at, kind, on_device, subject_id, last_id, id FROM outage_evidence WHERE county_id = ?1 ORDER BY id", error)) return false;
  db_bind_i64(s, 1, outages->county_id);
  for (bool row;;) {
    if (!db_step(&row, s, error)) return false;
    if (!row) return true;
    Replayed found = {.at = db_column_instant(s, 0), .kind = (int)db_column_i64(s, 1), .on_device = db_column_i64(s, 2) != 0};
    if (outages->desk) desk_saw_id(outages->desk, db_column_i64(s, 5)); /* its time may have gone on without an event */
    int64_t id = db_column_i64(s, 3);
    bool known = found.on_device ? grid_index_of(outages->grid, (DeviceId){id}, &found.subject)
                                 : people_position_of(outages->people, (CustomerId){id}, &found.subject);
    if (!known) continue;
    if (found.at > *newest) *newest = found.at;
    if (found.kind == ROW_RESTORED || found.kind == ROW_FED || found.kind == ROW_RESTORED_PART) {
      uint32_t last, end = grid_device(outages->grid, found.subject)->end;
      if (found.kind != ROW_RESTORED) end = grid_index_of(outages->grid, (DeviceId){db_column_i64(s, 4)}, &last) ? last + 1 : found.subject + 1;
      drop_settled(outages, rows, &found, end);
      continue;
    }
    if (vector_push(rows, found)) continue;
    db_reset(s);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evidence");
  }
}

static bool read_feed(Db *db, Outages *outages, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, db, "SELECT first_at FROM outage_feed WHERE county_id = ?1 AND name = 'meters'", error)) return false;
  db_bind_i64(s, 1, outages->county_id);
  if (!db_step(&outages->meters_speak, s, error)) return false;
  if (outages->meters_speak) db_reset(s);
  return true;
}

/* The dispatcher's words, last ones last; the rest go to the engine at once. */
static bool believe_rows(Outages *outages, const Replay *rows, Error *error) {
  LocateEvidence *evidence = memory_new((rows->count + 1) * sizeof *evidence);
  size_t count = 0;
  if (!evidence) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evidence");
  for (size_t i = 0; i < rows->count; i++) {
    const Replayed *row = &rows->at[i];
    if (row->kind < ROW_RESTORED) evidence[count++] = (LocateEvidence){row->at, (LocateEvidenceKind)row->kind, row->on_device, row->subject};
  }
  bool ok = locate_add_all(outages->locate, evidence, count, NULL, error) && (count == 0 || locate_fit(outages->locate, error));
  memory_free(evidence);
  for (size_t i = 0; ok && i < rows->count; i++) {
    const Replayed *row = &rows->at[i];
    if (row->kind < ROW_RESTORED) continue;
    for (size_t k = 0; k < outages->sounds.count; k++)
      if (outages->sounds.at[k].device == row->subject) outages->sounds.at[k--] = outages->sounds.at[--outages->sounds.count];
    if (row->kind == ROW_SOUND && !vector_push(&outages->sounds, (Sound){row->subject, row->at}))
      ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evidence");
    ok = ok && locate_override(outages->locate, row->subject, row->kind == ROW_SOUND ? LOCATE_IS_SOUND : LOCATE_JUDGE, row->at, error);
  }
  return ok;
}

bool outage_weigh_load(Db *db, Outages *outages, Error *error) {
  Replay rows = {0};
  Instant newest = outages->believed_at > 0 ? outages->believed_at : 0;
  vector_clear(&outages->sounds);
  locate_free(outages->locate);
  outages->locate = NULL;
  bool ok = read_feed(db, outages, error) && outage_feed_load(db, outages, error) && read_rows(db, outages, &rows, &newest, error) &&
            outage_network_engine(&outages->locate, outages->grid, outages->people, &outages->rules.locate, outages->meters_speak, newest, error);
  if (ok && outages->parent) ok = locate_reroute(outages->locate, outages->parent, newest, error);
  outages->believed_at = newest;
  outages->changed = true;
  ok = ok && believe_rows(outages, &rows, error);
  vector_free(&rows);
  return ok;
}

/* --- one piece --- */

bool outage_weigh_time(DeskContext *context, Outages *outages, Span slack, Error *error) {
  if (context->now - outages->believed_at <= slack) return true;
  outages->believed_at = context->now;
  return locate_advance(outages->locate, context->now, error);
}

bool outage_weigh(DeskContext *context, Outages *outages, const LocateEvidence *e, LocateVerdict *verdict, Error *error) {
  if (!outage_weigh_time(context, outages, BEHIND_MOST, error) || !locate_add(outages->locate, e, verdict, error)) return false;
  if (*verdict != LOCATE_TAKEN) return true;
  outages->changed = true;
  return write_row(context, outages, e->at, (int)e->kind, e->on_device, e->subject, error);
}

bool outage_weigh_order(DeskContext *context, Outages *outages, const Order *order, Error *error) {
  LocateVerdict verdict;
  if (order->position == CUSTOMER_NONE || order->device != people_customer_device(outages->people, order->position)) return true;
  return outage_weigh(context, outages, &(LocateEvidence){context->now, LOCATE_CALL, false, order->position}, &verdict, error);
}

static bool weigh_again(DeskContext *context, Outages *outages, const Record *record, Error *error) {
  OrderId *orders;
  size_t count;
  if (!outage_orders(context, outages, record->o.id, &orders, &count, error)) return false;
  for (size_t i = 0; i < count; i++) {
    const Order *order = order_find(outages->orders, orders[i]);
    if (order && !outage_weigh_order(context, outages, order, error)) return false;
  }
  return true;
}

bool outage_weigh_part(DeskContext *context, Outages *outages, GridRange part, Instant at, Error *error) {
  if (!write_rows(context, outages, at, ROW_FED, true, part.from, part.to - 1, error)) return false;
  for (size_t i = 0; i < outages->by_device.count; i++) {
    const Record *nested = outages->by_device.at[i].record;
    if (nested->o.device < part.from || nested->o.device >= part.to || !nested->o.dark.count || outage_is_fixed(nested)) continue;
    if (!weigh_again(context, outages, nested, error)) return false;
  }
  return true;
}

static bool write_restored(DeskContext *context, Outages *outages, uint32_t device, Error *error) {
  GridRanges below = {0};
  if (!outage_is_switched(outages, device)) return write_row(context, outages, context->now, ROW_RESTORED, true, device, error);
  bool ok = outage_subtree(outages, device, &below, error);
  for (size_t i = 0; ok && i < below.count; i++)
    ok = write_rows(context, outages, context->now, ROW_RESTORED_PART, true, below.at[i].from, below.at[i].to - 1, error);
  grid_ranges_free(&below);
  return ok;
}

bool outage_weigh_restored(DeskContext *context, Outages *outages, uint32_t device, Error *error) {
  size_t from, to;
  if (!outage_weigh_time(context, outages, 0, error)) return false;
  if (!locate_restored(outages->locate, device, context->now, error) || !write_restored(context, outages, device, error)) return false;
  outages->changed = true;
  for (size_t i = 0; i < outages->sounds.count; i++)
    if (outage_feeds(outages, device, outages->sounds.at[i].device)) outages->sounds.at[i--] = outages->sounds.at[--outages->sounds.count];
  for (size_t i = 0; i < outages->open.count; i++) { /* what stays dark below, stays so in belief */
    const Record *other = outages->open.at[i];
    for (size_t w = 0; w < other->words.count; w++) {
      if (!outage_feeds(outages, device, other->words.at[w])) continue;
      if (!locate_override(outages->locate, other->words.at[w], LOCATE_IS_OUT, other->o.since, error)) return false;
    }
  }
  outage_below(outages, device, &from, &to);
  for (size_t i = from; i < to; i++) {
    const Record *nested = outages->by_device.at[i].record;
    if (!outage_is_fixed(nested) && outage_feeds(outages, device, nested->o.device) && !weigh_again(context, outages, nested, error)) return false;
  }
  return true;
}

bool outage_weigh_sound(DeskContext *context, Outages *outages, uint32_t device, bool sound, Error *error) {
  for (size_t i = 0; i < outages->sounds.count; i++)
    if (outages->sounds.at[i].device == device) outages->sounds.at[i--] = outages->sounds.at[--outages->sounds.count];
  if (sound && !vector_push(&outages->sounds, (Sound){device, context->now})) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "outage");
  outages->changed = true;
  /* an outage that is known stands above a word that it is none */
  return (outage_word_at(outages, NULL, device) || locate_override(outages->locate, device, sound ? LOCATE_IS_SOUND : LOCATE_JUDGE, context->now, error)) &&
         write_row(context, outages, context->now, sound ? ROW_SOUND : ROW_JUDGE, true, device, error);
}

/* --- what is too old --- */

bool outage_weigh_old(DeskContext *context, Outages *outages, Error *error) {
  DbStatement *s;
  for (size_t i = 0; i < outages->sounds.count;) {
    if (context->now - outages->sounds.at[i].at <= outages->rules.sound_for) {
      i++;
      continue;
    } /* else another takes its place */
    if (!outage_weigh_sound(context, outages, outages->sounds.at[i].device, false, error)) return false;
  }
  if (outages->forgot_at != INSTANT_NONE && context->now - outages->forgot_at < FORGET_EVERY) return true;
  outages->forgot_at = context->now;
  if (!db_prepare(&s, context->db, "DELETE FROM outage_evidence WHERE county_id = ?1 AND at < ?2", error)) return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, context->now - outages->rules.locate.keep);
  return db_done(s, error);
}
