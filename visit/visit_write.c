/* The use cases: inside a desk job. Rows first, memory last. */
#include <string.h>

#include "visit/visit_internal.h"

static const char *const CUT_STATES[] = {"proposed", "in force", "no longer in force", "not taken"};

static bool tell(DeskContext *context, const char *kind, const char *subject, int64_t id, Json *json, Buffer *data, Error *error) {
  json_close(json);
  bool ok = data->failed ? error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits") : desk_event(context, kind, subject, id, buffer_as_text(data), error);
  buffer_end(data);
  return ok;
}

static void begin(Json *json, Buffer *data) {
  buffer_begin(data, 0);
  json_begin(json, data);
  json_open_object(json);
}

/* --- cuts ------------------------------------------------------------------------------------------------------------- */

bool visit_propose(DeskContext *context, Visits *visits, const VisitProposal *proposal, int64_t staff_id, VisitCutId *out, Error *error) {
  VisitCut cut = proposal->cut, older;
  if (proposal->from.value != visits->cut.value) return error_raise(error, ERROR_CONFLICT, "grids\t%lld", (long long)visits->cut.value);
  if (!visit_row_cut_newest(context->db, visits->county_id, 0, &older, error)) return false;
  older.state = 3; /* one proposal at a time */
  if (older.id.value && !visit_row_cut_state(context->db, visits->county_id, &older, error)) return false;
  cut.id.value = desk_new_id(context), cut.made_at = context->now, cut.made_by = staff_id;
  if (!visit_row_cut(context->db, visits->county_id, &cut, error)) return false;
  for (int g = 0; g < proposal->grid_count; g++)
    if (!visit_row_grid(context->db, visits->county_id, cut.id, &proposal->grids[g], error)) return false;
  Buffer data;
  Json json;
  begin(&json, &data);
  json_put_i64(&json, "grids", cut.grids);
  json_put_f64(&json, "deviation", cut.deviation, 4);
  json_put_f64(&json, "moved", cut.moved, 4);
  *out = cut.id;
  return tell(context, "visit.cut_proposed", "visit_cut", cut.id.value, &json, &data, error);
}

/* Memory follows: from the rows, which are all written by now. */
static bool follow(DeskContext *context, Visits *visits, Error *error) { return visit_reload(context->db, visits, error) || desk_spoil(context); }

bool visit_accept(DeskContext *context, Visits *visits, VisitCutId id, Error *error) {
  VisitCut cut, now;
  if (!visit_row_cut_load(context->db, visits->county_id, id, &cut, error)) return false;
  if (cut.state != 0) return error_raise(error, ERROR_VISIT_CUT_STATE, "%s\t%s", CUT_STATES[cut.state], "accepted");
  if (visits->cut.value) {
    if (!visit_row_cut_load(context->db, visits->county_id, visits->cut, &now, error)) return false;
    now.state = 2;
    if (!visit_row_cut_state(context->db, visits->county_id, &now, error)) return false;
  }
  cut.state = 1, cut.accepted_at = context->now, cut.before = visits->cut;
  if (!visit_row_cut_state(context->db, visits->county_id, &cut, error)) return false;
  Buffer data;
  Json json;
  begin(&json, &data);
  json_put_i64(&json, "grids", cut.grids);
  json_put_id(&json, "before", cut.before.value);
  return tell(context, "visit.cut_accepted", "visit_cut", id.value, &json, &data, error) && follow(context, visits, error);
}

bool visit_undo(DeskContext *context, Visits *visits, Error *error) {
  VisitCut cut, before;
  if (!visits->cut.value) return error_raise(error, ERROR_VISIT_CUT_STATE, "%s\t%s", "that of the import", "undone");
  if (!visit_row_cut_load(context->db, visits->county_id, visits->cut, &cut, error)) return false;
  cut.state = 0, cut.accepted_at = INSTANT_NONE; /* a proposal again, so that undoing can be undone */
  VisitCut proposed;
  if (!visit_row_cut_newest(context->db, visits->county_id, 0, &proposed, error)) return false;
  if (proposed.id.value) cut.state = 3; /* there is a newer one */
  if (!visit_row_cut_state(context->db, visits->county_id, &cut, error)) return false;
  if (cut.before.value) {
    if (!visit_row_cut_load(context->db, visits->county_id, cut.before, &before, error)) return false;
    before.state = 1;
    if (!visit_row_cut_state(context->db, visits->county_id, &before, error)) return false;
  }
  Buffer data;
  Json json;
  begin(&json, &data);
  json_put_id(&json, "now", cut.before.value);
  return tell(context, "visit.cut_undone", "visit_cut", cut.id.value, &json, &data, error) && follow(context, visits, error);
}

/* --- months ----------------------------------------------------------------------------------------------------------- */

static bool may_replace(const Visits *visits, const VisitMonth *month, Error *error) {
  const VisitMonth *old = visit_month_of(visits, month->org_id, month->month);
  int begun = old ? old->visited + old->refused + old->given_up + old->missed : 0;
  size_t org;
  if (!begun) return true;
  bool known = people_org_row(visits->people, month->org_id, &org);
  return error_raise(error, ERROR_VISIT_MONTH_BEGUN, "%d\t%.*s\t%d", month->month, TEXT_ARG(known ? people_org(visits->people, org)->name : TEXT("?")), begun);
}

bool visit_put_months(DeskContext *context, Visits *visits, const VisitMonths *months, int *grids, int64_t *households, Error *error) {
  *grids = months->count, *households = 0;
  if (months->from.value != visits->cut.value) return error_raise(error, ERROR_CONFLICT, "grids\t%lld", (long long)visits->cut.value);
  if (!vector_reserve(&visits->months, (size_t)months->count) || !map_reserve(&visits->month_at, visits->month_at.count + (size_t)months->count))
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  for (int i = 0; i < months->count; i++)
    if (!may_replace(visits, &months->at[i], error)) return false;
  for (int i = 0; i < months->count; i++) {
    VisitMonth *month = &months->at[i];
    const VisitMonth *old = visit_month_of(visits, month->org_id, month->month);
    Buffer data;
    Json json;
    month->version = old ? old->version + 1 : 1;
    if (!visit_row_month(context->db, visits->county_id, month, months->stops[i], context->arena, context->now, error)) return false;
    begin(&json, &data);
    json_put_i64(&json, "month", month->month);
    json_put_i64(&json, "households", month->planned);
    json_put_i64(&json, "days", month->days);
    *households += month->planned;
    if (!tell(context, "visit.month_planned", "org", month->org_id, &json, &data, error)) return false;
  }
  for (int i = 0; i < months->count; i++)
    if (!visit_month_keep(visits, &months->at[i])) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits"), desk_spoil(context);
  return true;
}

/* --- a visit ---------------------------------------------------------------------------------------------------------- */

static int stop_of(const VisitStop *stops, int count, CustomerId customer) {
  for (int i = 0; i < count; i++)
    if (stops[i].customer.value == customer.value) return i;
  return -1;
}

/* The working day of the month that is today or, before it, the last one past; -1 before the first. */
static int working_day(const Visits *visits, int32_t month, Instant now) {
  int32_t days[TOUR_DAYS];
  int count = visit_working_days(visits, month, days), today = -1;
  for (int d = 0; d < count && days[d] <= calendar_day_of(now); d++) today = d;
  return today;
}

/* The missed stop moves to where it fits; what stands between moves up. False in *rolled: no day is left, or tried often enough. */
static bool roll(DeskContext *context, const Visits *visits, const VisitMonth *month, VisitStop *stops, int count, int *at, bool *rolled, Error *error) {
  TourProblem problem;
  TourPlan plan;
  int place = 0, today = working_day(visits, month->month, context->now);
  *rolled = false;
  if (stops[*at].missed >= VISIT_TRIES) return true;
  if (today < stops[*at].day) today = stops[*at].day;
  if (!visit_tour_of(visits, month, stops, count, context->arena, &problem, &plan, error)) return false;
  TourVisit missed = problem.visits[*at];
  int day = tour_roll(&problem, &plan, &missed, today, VISIT_AMONG, &place);
  if (day < 0) return true;
  int to = plan.days[day].from + place - 1; /* its own place is before, and becomes free */
  VisitStop stop = stops[*at];
  stop.day = (uint8_t)day;
  memmove(&stops[*at], &stops[*at + 1], (size_t)(to - *at) * sizeof *stops);
  stops[to] = stop;
  *at = to, *rolled = true;
  return true;
}

static bool make_finding(DeskContext *context, Visits *visits, const VisitMark *mark, OrderId *out, Error *error) {
  bool again;
  OrderAccept accept = {.kind = TEXT("visit_finding"), .customer = mark->customer, .device = GRID_NONE, .what = mark->what, .description = mark->description,
                        .source = TEXT("visit"), .roles = mark->roles};
  return order_accept(context, visits->orders, &accept, out, &again, error);
}

static bool told_mark(DeskContext *context, const VisitMark *mark, const VisitMarked *marked, Error *error) {
  Buffer data;
  Json json;
  begin(&json, &data);
  json_put_i64(&json, "month", mark->month);
  json_put_id(&json, "customer", mark->customer.value);
  json_put_string(&json, "result", visit_state_name(mark->result));
  json_key(&json, "day");
  if (marked->rolled) json_i64(&json, marked->stop.day);
  else json_nil(&json);
  json_put_id(&json, "order", marked->order.value);
  return tell(context, "visit.marked", "org", mark->org_id, &json, &data, error);
}

/* The stop and the month's counters after the mark, not yet anywhere but here. */
static bool apply(DeskContext *context, Visits *visits, const VisitMark *mark, VisitMonth *month, VisitStop *stops, int count, int at, VisitMarked *out, Error *error) {
  if (mark->result == VISIT_MISSED) {
    stops[at].missed++, month->missed++;
    if (!roll(context, visits, month, stops, count, &at, &out->rolled, error)) return false;
    if (!out->rolled) stops[at].state = VISIT_GIVEN_UP, month->given_up++;
  } else {
    if (stops[at].state == VISIT_GIVEN_UP) month->given_up--; /* met after all */
    stops[at].state = (uint8_t)mark->result;
    if (mark->result == VISIT_VISITED) month->visited++;
    else month->refused++;
  }
  month->findings += mark->what.at != NULL;
  month->version++;
  out->stop = stops[at];
  return true;
}

bool visit_mark(DeskContext *context, Visits *visits, const VisitMark *mark, VisitMarked *out, Error *error) {
  const VisitMonth *known = visit_month_of(visits, mark->org_id, mark->month);
  VisitStop *stops;
  int count, at = -1;
  *out = (VisitMarked){0};
  if (known && !visit_row_stops(context->db, visits->county_id, mark->org_id, mark->month, context->arena, &stops, &count, error)) return false;
  if (known) at = stop_of(stops, count, mark->customer);
  if (at < 0) return error_raise(error, ERROR_VISIT_NOT_PLANNED, "%s", "");
  if (stops[at].state == VISIT_VISITED || stops[at].state == VISIT_REFUSED || (stops[at].state == VISIT_GIVEN_UP && mark->result == VISIT_MISSED))
    return error_raise(error, ERROR_VISIT_DONE, "%s", visit_state_name(stops[at].state));
  VisitMonth month = *known;
  if (!apply(context, visits, mark, &month, stops, count, at, out, error)) return false;
  if (!visit_row_month(context->db, visits->county_id, &month, stops, context->arena, context->now, error)) return false;
  if (mark->what.at && !make_finding(context, visits, mark, &out->order, error)) return false;
  VisitRow row = {.id = desk_new_id(context), .org_id = mark->org_id, .staff_id = mark->staff_id, .customer = mark->customer, .order = out->order,
                  .month = mark->month, .result = (int)mark->result, .note = mark->note, .at = context->now};
  bool ok = visit_row_add(context->db, visits->county_id, &row, error) && told_mark(context, mark, out, error);
  if (!ok) return mark->what.at ? desk_spoil(context) : false; /* the order room may have changed its memory */
  if (!visit_month_keep(visits, &month)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits"), desk_spoil(context);
  return true;
}
