/* Meters tell the head-end that power is gone or back; the head-end passes on what came, a few times a minute. */
#include "sim/replay_internal.h"

typedef struct MetersCommand {
  Replay *replay;
  OutageEvidence *items;
  OutageEvidenceVerdict *verdicts;
  size_t count;
} MetersCommand;

static bool work_meters(DeskContext *context, void *command, Error *error) {
  MetersCommand *c = command;
  return outage_evidence(context, c->replay->rooms.outages, c->items, c->count, c->verdicts, error);
}

static void add(MetersCommand *c, const EveningGasp *from, const char *kind) {
  Customer customer;
  people_customer(c->replay->rooms.people, from->position, &customer);
  c->items[c->count++] = (OutageEvidence){from->at, text_of(kind), customer.meter};
}

bool replay_meters_report(Replay *replay, Error *error) {
  Instant now = replay_now(replay);
  const Evening *evening = &replay->evening;
  size_t most = evening->gasps.count - replay->gasped + replay->returned.count + 1, kept = 0;
  MetersCommand c = {replay, memory_new(most * sizeof *c.items), memory_new(most * sizeof *c.verdicts), 0};
  bool ok = c.items && c.verdicts;
  if (!ok) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "replay");
  for (; ok && replay->gasped < evening->gasps.count && evening->gasps.at[replay->gasped].at <= now; replay->gasped++)
    add(&c, &evening->gasps.at[replay->gasped], "last_gasp");
  for (size_t i = 0; ok && i < replay->returned.count; i++) {
    if (replay->returned.at[i].at <= now) add(&c, &replay->returned.at[i], "power_up");
    else replay->returned.at[kept++] = replay->returned.at[i];
  }
  if (ok) replay->returned.count = kept;
  if (ok && c.count) ok = replay_do(replay, work_meters, &c, "replay:meters", error) || replay_may_refuse(error);
  memory_free(c.items);
  memory_free(c.verdicts);
  return ok;
}

bool replay_meters_return(Replay *replay, const EveningFault *fault, Error *error) {
  const ReplayRooms *rooms = &replay->rooms;
  Instant now = replay_now(replay);
  uint32_t from, to;
  if (fault->cause == EVENING_OWN_SWITCH) return true;
  people_customers_in(rooms->people, (GridRange){fault->device, grid_device(rooms->grid, fault->device)->end}, &from, &to);
  for (uint32_t position = from; position < to; position++) {
    Customer customer;
    people_customer(rooms->people, position, &customer);
    if (!customer.meter.len || !evening_meter_reports(&replay->options, position)) continue;
    if (evening_is_dark(&replay->evening, rooms->grid, customer.device, now)) continue;
    EveningGasp back = {now + (Span)((15 + random_exponential(&replay->random, 25)) * (double)SPAN_SECOND), position};
    if (!vector_push(&replay->returned, back)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "replay");
  }
  for (int i = 1; i <= 6; i++)
    if (!replay_put(replay, i * 20 * SPAN_SECOND, WHAT_METERS, 0, error)) return false;
  return true;
}
