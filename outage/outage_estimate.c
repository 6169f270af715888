/* When power will be back: an estimate at once, revised as more is known, kept with all its revisions, and scored when power is back. A crew's or a
 * dispatcher's word stands above it until it has passed. */
#include <math.h>
#include <stdlib.h>

#include "outage/outage_internal.h"

enum { REPAIRS_LEARNED_FROM = 2000 };
static const Span WORTH_TELLING = 5 * SPAN_MINUTE; /* a revision that moves the likely moment by less is none */

static double minutes_between(Instant from, Instant to) {
  return from == INSTANT_NONE || to == INSTANT_NONE || to <= from ? -1 : (double)(to - from) / (double)SPAN_MINUTE;
}

void outage_count_waiting(Outages *outages) {
  size_t waiting = 0, working = 0;
  for (size_t i = 0; i < outages->open.count; i++) {
    const Outage *o = &outages->open.at[i]->o;
    if (o->crew.value) working++;
    else waiting += o->state < OUTAGE_RESTORED;
  }
  outages->waiting = (double)waiting / (double)(working + 2); /* a county has two crews at least */
}

static RestoreEstimate estimate_of(const Outages *outages, const Outage *o, Instant now) {
  RestoreCase c = {.cause = outage_rules_cause(&outages->rules, o->cause), .began = o->found_at, .waiting = outages->waiting,
                   .done = {o->assigned_at, o->arrived_at, o->surveyed_at, INSTANT_NONE}, .travel_min = -1, .promised_min = -1};
  if (o->assigned_at != INSTANT_NONE && o->crew_due_at >= o->assigned_at) c.travel_min = minutes_between(o->assigned_at, o->crew_due_at);
  return restore_estimate(&outages->restore, &c, now);
}

/* Nothing is known of it yet: in a storm thousands begin alike. */
static RestoreEstimate fresh_estimate(Outages *outages, Instant now) {
  int hour = civil_of(now, outages->restore.zone).hour;
  double waiting = floor(outages->waiting * 4) / 4;
  if (outages->fresh.likely == 0 || outages->fresh.hour != hour || fabs(outages->fresh.waiting - waiting) > 0.05 * waiting + 0.01) {
    Outage nothing = {.found_at = now, .assigned_at = INSTANT_NONE, .arrived_at = INSTANT_NONE, .surveyed_at = INSTANT_NONE, .crew_due_at = INSTANT_NONE};
    RestoreEstimate e = estimate_of(outages, &nothing, now);
    outages->fresh.hour = hour, outages->fresh.waiting = waiting;
    outages->fresh.from = e.from - now, outages->fresh.likely = e.likely - now, outages->fresh.until = e.until - now;
  }
  return (RestoreEstimate){.from = now + outages->fresh.from, .likely = now + outages->fresh.likely, .until = now + outages->fresh.until};
}

bool outage_estimate_now(Outages *outages, Record *record, Instant now) {
  Outage *o = &record->o;
  bool promised = o->eta_source == OUTAGE_ETA_CREW || o->eta_source == OUTAGE_ETA_DISPATCHER;
  if (o->dark.count == 0 || (promised && o->eta_until >= now)) return false;
  record->estimated_at = now;
  RestoreEstimate e = o->found_at == now && o->assigned_at == INSTANT_NONE ? fresh_estimate(outages, now) : estimate_of(outages, o, now);
  Instant was = o->eta_source == OUTAGE_ETA_NONE ? INSTANT_NONE : o->eta_likely;
  if (was != INSTANT_NONE && !promised && llabs(e.likely - was) < WORTH_TELLING) return false;
  o->eta_from = e.from, o->eta_likely = e.likely, o->eta_until = e.until;
  o->eta_source = OUTAGE_ETA_ESTIMATE;
  return true;
}

bool outage_estimate(DeskContext *context, Outages *outages, Record *record, Error *error) {
  if (!outage_estimate_now(outages, record, context->now)) return true;
  if (record->o.undo == UNDO_ETA) record->o.undo = UNDO_NOTHING;
  return outage_tell_eta(context, outages, record, error);
}

/* --- what came of it --- */

typedef struct Scoring {
  Instant restored;
  RestoreScore score;
} Scoring;

static void score_one(void *self, const OutageEta *eta) {
  Scoring *scoring = self;
  if (eta->source != OUTAGE_ETA_ESTIMATE || eta->likely == INSTANT_NONE) return;
  restore_score_add(&scoring->score, &(RestoreEstimate){eta->likely, eta->from, eta->until}, scoring->restored);
}

static bool keep(void *self, Text cause, const RestoreHistory *history) {
  Outages *outages = self;
  char word[OUTAGE_CAUSE_MAX];
  RestoreHistory known = *history;
  size_t len = cause.len < sizeof word - 1 ? cause.len : sizeof word - 1;
  if (len) memcpy(word, cause.at, len);
  word[len] = 0;
  known.cause = outage_rules_cause(&outages->rules, word);
  return vector_push(&outages->repairs, known);
}

static void learn(Outages *outages) {
  outages->restore = outages->rules.restore;
  outages->fresh.likely = 0;
  restore_fit(&outages->restore, outages->repairs.at, outages->repairs.count, outages->rules.restore_weight);
}

bool outage_estimate_load(Db *db, Outages *outages, Error *error) {
  vector_clear(&outages->repairs);
  if (!outage_rows_repairs(db, outages->county_id, REPAIRS_LEARNED_FROM, keep, outages, error)) return false;
  learn(outages);
  return true;
}

bool outage_estimate_done(DeskContext *context, Outages *outages, const Record *record, Error *error) {
  const Outage *o = &record->o;
  Scoring scoring = {.restored = o->restored_at};
  if (!outage_rows_eta(context->db, context->county_id, o->id, score_one, &scoring, error)) return false;
  OutageRepair repair = {.score = scoring.score,
                         .history = {.cause = outage_rules_cause(&outages->rules, o->cause), .began = o->found_at, .waiting = outages->waiting,
                                     .stage_min = {minutes_between(o->found_at, o->assigned_at), minutes_between(o->assigned_at, o->arrived_at),
                                                   minutes_between(o->arrived_at, o->surveyed_at), minutes_between(o->surveyed_at, o->restored_at)}}};
  if (repair.score.count == 0) return true;
  if (!outage_row_repair(context->db, context->county_id, record, &repair, error)) return false;
  if (o->arrived_at == INSTANT_NONE) return true; /* no crew's work to learn from */
  if (outages->repairs.count >= REPAIRS_LEARNED_FROM) outages->repairs.at[outages->repaired++ % REPAIRS_LEARNED_FROM] = repair.history;
  else if (!vector_push(&outages->repairs, repair.history)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "repairs");
  learn(outages);
  return true;
}
