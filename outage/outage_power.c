/* What machines and people say about power: head-ends, meters, switches, who was called back. */
#include <jansson.h>

#include "base/limits.h"
#include "http/schema.h"
#include "outage/outage_internal.h"

static const struct {
  const char *word;
  LocateEvidenceKind kind;
} SAID[] = { /* beside the engine's own names. IEC 61968-9: 3.26.0.47 primary power down, .216 up; 3.26.136.47 last gasp, .216 module restored */
  {"3.26.0.47", LOCATE_LAST_GASP}, {"3.26.136.47", LOCATE_LAST_GASP}, {"3.26.0.216", LOCATE_POWER_UP}, {"3.26.136.216", LOCATE_POWER_UP},
  {"power_down", LOCATE_LAST_GASP}, {"module_up", LOCATE_POWER_UP}, /* as the meter room says them */
  {"is_dark", LOCATE_CREW_DARK}, {"has_power", LOCATE_CREW_LIT},
};

static bool kind_of(Text word, LocateEvidenceKind *kind) {
  for (int k = 0; k < LOCATE_SILENCE; k++)
    if (text_is(word, locate_evidence_names[k])) return *kind = (LocateEvidenceKind)k, true;
  for (size_t i = 0; i < sizeof SAID / sizeof *SAID; i++)
    if (text_is(word, SAID[i].word)) return *kind = SAID[i].kind, true;
  return false;
}

static bool of_a_meter(LocateEvidenceKind kind) { return kind >= LOCATE_LAST_GASP && kind <= LOCATE_CONCENTRATOR_ON; }

/* A customer by number, a meter, a device by the company's own id of it. */
static void subject_of(const Outages *outages, Text name, LocateEvidence *e) {
  e->on_device = false;
  if (people_position_of_meter(outages->people, name, &e->subject) || people_position_of_number(outages->people, name, &e->subject)) return;
  e->on_device = grid_index_of_code(outages->grid, name, &e->subject);
  if (!e->on_device) e->subject = LOCATE_NONE;
}

/* The company's meters report: the first time, their silence begins to count. */
static bool note_feed(DeskContext *context, Outages *outages, Error *error) {
  DbStatement *s;
  if (!db_prepare(&s, context->db,
                  "INSERT INTO outage_feed (county_id, name, first_at, last_at) VALUES (?1, 'meters', ?2, ?2)"
                  " ON CONFLICT (county_id, name) DO UPDATE SET last_at = excluded.last_at",
                  error))
    return false;
  db_bind_i64(s, 1, context->county_id);
  db_bind_i64(s, 2, context->now);
  if (!db_done(s, error)) return false;
  if (outages->meters_speak) return true;
  if (outages->believed_at < context->now) outages->believed_at = context->now;
  if (!outage_weigh_load(context->db, outages, error)) return false;
  for (size_t i = 0; i < outages->open.count; i++) {
    vector_clear(&outages->open.at[i]->words); /* a new engine knows of none */
    if (!outage_believe(outages, outages->open.at[i], error)) return false;
  }
  return true;
}

static bool tell_evidence(DeskContext *context, const size_t counts[3], Error *error) {
  Buffer data;
  buffer_begin(&data, 0);
  buffer_format(&data, "{\"taken\":%zu,\"repeated\":%zu,\"set_aside\":%zu}", counts[0], counts[1], counts[2]);
  bool ok = data.failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evidence")
                        : desk_event(context, "outage.evidence", "county", context->county_id, buffer_as_text(&data), error);
  buffer_end(&data);
  return ok;
}

static bool of_a_switch(LocateEvidenceKind kind) { return kind == LOCATE_SWITCH_OPEN || kind == LOCATE_SWITCH_CLOSED; }

/* A switch, or a tie by its code: how the network is fed is looked at when all is said. */
static bool weigh_switch(DeskContext *context, Outages *outages, const OutageEvidence *item, const LocateEvidence *e, LocateVerdict *found, Error *error) {
  bool closed = e->kind == LOCATE_SWITCH_CLOSED, tie = false;
  int64_t id = 0;
  if (e->subject == LOCATE_NONE && !outage_tie_of_code(context->db, outages, item->subject, &id, &tie, error)) return false;
  if (tie) return outage_note_tie(context, outages, id, closed, e->at, found, error);
  *found = LOCATE_REPEATED;
  if (e->on_device && !closed && outage_is_fed_around(outages, e->subject)) return true; /* open it is, and nobody is dark for it */
  if (!outage_weigh(context, outages, e, found, error)) return false;
  if (!e->on_device || (*found != LOCATE_TAKEN && *found != LOCATE_REPEATED)) return true;
  return outage_note_switch(context, outages, e->subject, closed, e->at, error);
}

/* Ties that close a loop are kept in mind, and take effect when the loop is opened elsewhere; said so. */
static bool say_loops(DeskContext *context, const Outages *outages, const OutageEvidence *items, size_t count, OutageEvidenceVerdict *verdicts, Error *error) {
  for (size_t i = 0; i < count; i++) {
    int64_t id;
    bool tie = false;
    if (!verdicts[i].taken || !text_is(items[i].kind, "switch_closed")) continue;
    if (!outage_tie_of_code(context->db, outages, items[i].subject, &id, &tie, error)) return false;
    if (tie && outage_tie_loops(outages, id)) verdicts[i] = (OutageEvidenceVerdict){.name = "loop"};
  }
  return true;
}

static bool weigh_one(DeskContext *context, Outages *outages, const OutageEvidence *item, OutageEvidenceVerdict *verdict, Error *error) {
  LocateEvidence e = {.at = item->at};
  LocateVerdict found = LOCATE_UNKNOWN_SUBJECT;
  *verdict = (OutageEvidenceVerdict){.name = "bad_time"};
  if (item->at == INSTANT_NONE) return true;
  verdict->name = "unknown_kind";
  if (!kind_of(item->kind, &e.kind)) return true;
  subject_of(outages, item->subject, &e);
  if (!(of_a_switch(e.kind) ? weigh_switch(context, outages, item, &e, &found, error) : outage_weigh(context, outages, &e, &found, error))) return false;
  bool lit = (e.kind == LOCATE_POWER_UP || e.kind == LOCATE_PING_ON) && found == LOCATE_TAKEN && !e.on_device;
  if (lit && !outage_power_seen(context, outages, e.subject, error)) return false;
  *verdict = (OutageEvidenceVerdict){.name = locate_verdict_names[found], .taken = found == LOCATE_TAKEN, .repeated = found == LOCATE_REPEATED};
  return true;
}

bool outage_evidence(DeskContext *context, Outages *outages, const OutageEvidence *items, size_t count, OutageEvidenceVerdict *verdicts, Error *error) {
  size_t counts[3] = {0};
  LocateEvidenceKind kind;
  Instant switched_at = INSTANT_NONE;
  bool meters = false, ok = true;
  if (count > LIMIT_POWER_EVENTS) return error_raise(error, ERROR_LIMIT, "items\t%d", LIMIT_POWER_EVENTS);
  for (size_t i = 0; i < count && !meters; i++) meters = kind_of(items[i].kind, &kind) && of_a_meter(kind);
  if (meters) ok = note_feed(context, outages, error);
  for (size_t i = 0; ok && i < count; i++) {
    ok = weigh_one(context, outages, &items[i], &verdicts[i], error);
    if (ok && verdicts[i].taken && kind_of(items[i].kind, &kind) && of_a_switch(kind) && items[i].at > switched_at) switched_at = items[i].at;
  }
  if (ok && outages->switching)
    ok = outage_feed_anew(context, outages, switched_at == INSTANT_NONE ? context->now : switched_at, error) && say_loops(context, outages, items, count, verdicts, error);
  for (size_t i = 0; ok && i < count; i++) {
    counts[verdicts[i].taken ? 0 : verdicts[i].repeated ? 1 : 2]++;
  }
  if (ok && count) ok = tell_evidence(context, counts, error);
  bool due = outages->looked_at == INSTANT_NONE || context->now - outages->looked_at >= outages->rules.look;
  if (ok && counts[0] && due) ok = outage_settle(context, outages, error); /* else at the next tick */
  return ok || desk_spoil(context);
}

/* --- other rooms say it by an event --- */

static Text text_in(const json_t *item, const char *key) {
  const json_t *value = json_object_get(item, key);
  return json_is_string(value) ? (Text){json_string_value(value), json_string_length(value)} : TEXT_NONE;
}

static void item_of(const json_t *json, OutageEvidence *out) {
  const char *subject = text_is(text_in(json, "subject_kind"), "device") ? "device" : "meter";
  *out = (OutageEvidence){.at = INSTANT_NONE, .kind = text_in(json, "kind"), .subject = text_in(json, subject)};
  Text at = text_in(json, "at");
  if (!at.at || !instant_from_text(at, &out->at)) out->at = INSTANT_NONE;
}

/* What cannot be read is set aside and counted like what cannot be true: it is no reason to undo what the meter room has done. */
static bool on_meter_power(DeskContext *context, const Event *event, void *room, Error *error) {
  json_t *data;
  if (!schema_read_own(&data, event->data, error)) return false;
  const json_t *list = json_object_get(data, "items");
  size_t count = json_is_array(list) ? json_array_size(list) : data ? 1 : 0;
  OutageEvidence *items = ARENA_ARRAY(context->arena, OutageEvidence, count + 1);
  OutageEvidenceVerdict *verdicts = ARENA_ARRAY(context->arena, OutageEvidenceVerdict, count + 1);
  bool ok = items && verdicts;
  if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "evidence");
  for (size_t i = 0; ok && i < count; i++) item_of(json_is_array(list) ? json_array_get(list, i) : data, &items[i]);
  for (size_t from = 0; ok && from < count; from += LIMIT_POWER_EVENTS) {
    size_t part = count - from < LIMIT_POWER_EVENTS ? count - from : LIMIT_POWER_EVENTS;
    ok = outage_evidence(context, room, items + from, part, verdicts, error);
  }
  json_decref(data);
  return ok;
}

void outage_listen_meters(Outages *outages) { desk_on(outages->desk, "meter.power", on_meter_power, outages); }
