/* The green channel: material is found at the nearest stock that has it, reserved and released in one action. */
#include <math.h>
#include <stdio.h>

#include "crew/plan_internal.h"

/* The nearest place with enough; NULL, and *most what the fullest has. An unknown distance counts as the farthest. */
/* What other crews are to fetch there by the plan in force is theirs as long as it holds. */
static int64_t reserved(const Crews *crews, const StockPlace *place, CrewId but) {
  double sum = 0;
  for (size_t l = 0; crews->plan && l < crews->plan->lane_count; l++) {
    const PlanLane *lane = &crews->plan->lanes[l];
    for (int s = 0; lane->crew.value != but.value && s < lane->count; s++)
      for (int t = 0; lane->stops[s].kind == DISPATCH_STOP_STORE && lane->stops[s].id == place->org_id && t < lane->stops[s].take_count; t++)
        if (text_equal(crews->plan->items.at[lane->stops[s].takes[t].item], place->item)) sum += lane->stops[s].takes[t].quantity;
  }
  return (int64_t)sum;
}

static StockPlace *nearest_stock(Crews *crews, const CrewMaterial *want, CrewId crew, double lon, double lat, int64_t *most) {
  StockPlace *best = NULL;
  double best_metres = INFINITY;
  *most = 0;
  for (size_t i = 0; i < crews->stock.count; i++) {
    StockPlace *place = &crews->stock.at[i];
    if (!text_equal(place->item, want->item) || (want->org_id && place->org_id != want->org_id)) continue;
    int64_t free = place->quantity - reserved(crews, place, crew);
    if (free > *most) *most = free;
    if (free < want->quantity) continue;
    double metres = nearest_metres(lon, lat, place->lon, place->lat);
    if (!isfinite(metres)) metres = 1e9;
    if (metres < best_metres) best = place, best_metres = metres;
  }
  return best;
}

static bool tell(DeskContext *context, Crews *crews, const Crew *crew, const Job *job, Text item, Text unit, int64_t quantity, int64_t org_id, const char *state,
                 Error *error) {
  Buffer buffer;
  Json json;
  crew_event_begin(crews, crew, job, context->now, &json, &buffer);
  json_put_text(&json, "item", item);
  json_put_text(&json, "unit", unit);
  json_put_i64(&json, "quantity", quantity);
  json_put_id(&json, "org_id", org_id);
  json_put_string(&json, "material_state", state);
  return crew_event_end(context, "crew.material", crew, &json, error);
}

bool crew_take_material(DeskContext *context, Crews *crews, const CrewMaterial *want, int64_t *material_id, Error *error) {
  const Job *job = crew_job_find(crews, want->job);
  if (!job) return error_raise(error, ERROR_NOT_FOUND, "job\t%lld", (long long)want->job.value);
  const Crew *crew = crew_find(crews, job->crew);
  if (want->own.value && job->crew.value != want->own.value)
    return error_raise(error, ERROR_CREW_NOT_YOURS, "%.*s", TEXT_ARG(crew ? crew->name : TEXT("")));
  if (want->quantity <= 0) return error_raise(error, ERROR_FIELD_INVALID, "quantity\t%lld\t> 0", (long long)want->quantity);
  if (job->state >= JOB_RESTORED || !crew)
    return error_raise(error, ERROR_CREW_STEP_STATE, "material\t%s\treply", crew_job_state_name((JobState)job->state));
  CrewSite site;
  double lon = NAN, lat = NAN;
  int64_t most;
  if (crews->sites.find(crews->sites.self, job->outage, &site)) crew_place_of_device(crews->grid, site.device, &lon, &lat);
  StockPlace *place = nearest_stock(crews, want, job->crew, lon, lat, &most);
  if (!place) return error_raise(error, ERROR_STOCK_SHORT, "%.*s\t%lld\t%lld", TEXT_ARG(want->item), (long long)want->quantity, (long long)most);
  MaterialRow row = {.id = desk_new_id(context), .stock_id = place->id, .quantity = want->quantity, .item = place->item, .unit = place->unit, .at = context->now};
  if (!stock_row_take(context->db, context->county_id, place->id, want->quantity, error) ||
      !material_row_add(context->db, context->county_id, job->id, &row, error) ||
      !tell(context, crews, crew, job, place->item, place->unit, want->quantity, place->org_id, "released", error))
    return false;
  place->quantity -= want->quantity;
  *material_id = row.id;
  plan_touch(crews);
  return true;
}

bool crew_give_back(DeskContext *context, Crews *crews, const Crew *crew, const Job *job, Error *error) {
  MaterialRow *rows;
  size_t count;
  if (!material_rows(context->db, context->county_id, job->id, context->arena, &rows, &count, error)) return false;
  for (size_t i = 0; i < count; i++) {
    if (rows[i].given_back) continue;
    StockPlace *place = NULL;
    for (size_t k = 0; k < crews->stock.count && !place; k++)
      if (crews->stock.at[k].id == rows[i].stock_id) place = &crews->stock.at[k];
    if (!stock_row_take(context->db, context->county_id, rows[i].stock_id, -rows[i].quantity, error) ||
        !material_row_back(context->db, context->county_id, rows[i].id, context->now, error))
      return false;
    if (place) place->quantity += rows[i].quantity;
    if (crew && !tell(context, crews, crew, job, rows[i].item, rows[i].unit, rows[i].quantity, place ? place->org_id : 0, "returned", error)) return false;
  }
  return true;
}
