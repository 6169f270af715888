/* Planning for the room: what the engines need is gathered under the state lock, then they work without it. */
#include <math.h>
#include <stdlib.h>

#include "visit/visit_internal.h"

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits"); }

static void rules_of(Campaign *campaign, int threads) {
  campaign->grid_rules = district_rules(), campaign->tour_rules = tour_rules();
  campaign->threads = threads, campaign->seed = 1;
}

/* --- a cut ------------------------------------------------------------------------------------------------------------ */

typedef struct Gathered {
  Campaign campaign;
  uint32_t *position; /* of each household */
  size_t *org;        /* row, of each grid */
  VisitCutId from;
} Gathered;

/* Managers with customers; the rest have nobody to visit. */
static bool gather_grids(const Visits *visits, Gathered *g, int *grid_of_org, Arena *arena) {
  size_t orgs = people_org_count(visits->people);
  g->org = ARENA_ARRAY(arena, size_t, orgs + 1);
  if (!g->org) return false;
  for (size_t o = 0; o < orgs; o++) grid_of_org[o] = -1;
  for (size_t o = 0; o < orgs; o++)
    if (visit_is_manager(visits, o)) grid_of_org[o] = g->campaign.grid_count, g->org[g->campaign.grid_count++] = o;
  return true;
}

static bool gather_cut(const Visits *visits, Gathered *g, int keep, Arena *arena) {
  uint32_t count = people_customer_count(visits->people);
  int *grid_of_org = ARENA_ARRAY(arena, int, people_org_count(visits->people) + 1);
  CampaignHousehold *households = ARENA_ARRAY(arena, CampaignHousehold, (size_t)count + 1);
  g->position = ARENA_ARRAY(arena, uint32_t, (size_t)count + 1);
  if (!grid_of_org || !households || !g->position || !gather_grids(visits, g, grid_of_org, arena)) return false;
  int n = 0;
  for (uint32_t p = 0; p < count; p++) {
    double lon, lat;
    if (!visit_place(visits, p, &lon, &lat)) continue;
    uint32_t device = people_customer_device(visits->people, p), area = grid_nearest_above(visits->grid, device, GRID_TRANSFORMER);
    households[n] = (CampaignHousehold){.lon = lon, .lat = lat, .minutes = VISIT_MINUTES, .area = (int)(area == GRID_NONE ? device : area),
                                        .grid_before = visits->grid_of[p] == VISIT_NOBODY ? -1 : grid_of_org[visits->grid_of[p]], .day_before = -1};
    g->position[n++] = p;
  }
  g->from = visits->cut;
  g->campaign.households = households, g->campaign.household_count = n, g->campaign.area_count = (int)grid_count(visits->grid);
  g->campaign.keep_grids = keep == VISIT_KEEP_HARD, g->campaign.fresh_grids = keep == VISIT_KEEP_NONE;
  return true;
}

/* How uneven it is now: the present grids as a plan that is given, not made. */
static bool figures_before(const Gathered *g, Arena *arena, CampaignPlan *out, Error *error) {
  Campaign as_is = g->campaign;
  as_is.keep_grids = true, as_is.fresh_grids = false, as_is.rounds_share = 1;
  return campaign_grids(&as_is, arena, out, error);
}

static bool describe_grids(const Visits *visits, const Gathered *g, const CampaignPlan *before, const CampaignPlan *plan, VisitProposal *out, Arena *arena) {
  out->grid_count = plan->grid_count;
  out->grids = ARENA_ARRAY(arena, VisitCutGrid, (size_t)plan->grid_count);
  if (!out->grids) return false;
  for (int i = 0; i < plan->grid_count; i++) {
    const CampaignGrid *grid = &plan->grids[i];
    unsigned char *ids = arena_take(arena, (size_t)(grid->to - grid->from) * 8 + 1);
    if (!ids) return false;
    for (int k = grid->from; k < grid->to; k++) {
      Customer customer;
      people_customer(visits->people, g->position[plan->member[k]], &customer);
      visit_put_id(ids + (k - grid->from) * 8, customer.id.value);
    }
    out->grids[i] = (VisitCutGrid){.org_id = people_org(visits->people, g->org[i])->id, .households = grid->to - grid->from,
                                   .households_before = before->grids[i].to - before->grids[i].from, .pieces = grid->figures.pieces,
                                   .minutes = grid->figures.minutes, .minutes_before = before->grids[i].figures.minutes, .radius_m = grid->figures.radius,
                                   .lon = grid->base_lon, .lat = grid->base_lat, .customers = {(const char *)ids, (size_t)(grid->to - grid->from) * 8}};
  }
  return true;
}

bool visit_plan_cut(Visits *visits, int keep, int threads, Arena *arena, VisitProposal **out, Error *error) {
  Gathered g = {0};
  CampaignPlan before, plan;
  rules_of(&g.campaign, threads);
  if (!desk_read_whole(visits->desk, error)) return false;
  bool ok = gather_cut(visits, &g, keep, arena);
  desk_read_end(visits->desk);
  *out = ok ? ARENA_NEW(arena, VisitProposal) : NULL;
  if (!*out) return out_of_memory(error);
  if (g.campaign.grid_count == 0 || g.campaign.household_count == 0) return error_raise(error, ERROR_VISIT_NO_GRIDS, "%s", "");
  if (!figures_before(&g, arena, &before, error) || !campaign_grids(&g.campaign, arena, &plan, error)) return false;
  (*out)->from = g.from;
  (*out)->cut = (VisitCut){.keep = keep, .grids = plan.grid_count, .pieces_over = plan.figures.pieces_over, .mean_minutes = plan.figures.mean,
                           .deviation = plan.figures.deviation, .deviation_before = before.figures.deviation, .radius_m = plan.figures.radius,
                           .accepted_at = INSTANT_NONE};
  int64_t moved = 0;
  for (int h = 0; h < g.campaign.household_count; h++) moved += g.campaign.households[h].grid_before >= 0 && g.campaign.households[h].grid_before != plan.grid_of[h];
  (*out)->cut.moved = (double)moved / g.campaign.household_count;
  return describe_grids(visits, &g, &before, &plan, *out, arena) || out_of_memory(error);
}

/* --- months ----------------------------------------------------------------------------------------------------------- */

/* Arrears and complaints first, then who is vulnerable or important. */
static int urgency_of(unsigned due) { return due & VISIT_DUE_COMPLAINT ? 3 : due & VISIT_DUE_ARREARS ? 2 : due ? 1 : 0; }

static bool capacities(const Visits *visits, int32_t month, Campaign *campaign, Error *error) {
  int32_t days[TOUR_DAYS];
  campaign->day_count = visit_working_days(visits, month, days);
  if (campaign->day_count == 0) return error_raise(error, ERROR_VISIT_MONTH, "%d", month);
  for (int d = 0; d < campaign->day_count; d++) {
    Instant from = (Instant)days[d] * SPAN_DAY - ZONE_SHANGHAI;
    campaign->capacity[d] = (double)(calendar_worked(visits->calendar, from, from + SPAN_DAY) / SPAN_MINUTE);
  }
  return true;
}

typedef struct MonthWork {
  Campaign campaign;
  CampaignPlan plan;
  uint32_t *position;
  unsigned char *due;
  size_t *org; /* rows */
  VisitCutId from;
} MonthWork;

static bool in_scope(const Visits *visits, size_t org, int64_t scope) {
  return visit_is_manager(visits, org) && people_org_within(visits->people, people_org(visits->people, org)->id, scope);
}

/* The households of the grids in scope, grid by grid. */
static bool gather_months(const Visits *visits, MonthWork *w, int64_t scope, Arena *arena) {
  size_t orgs = people_org_count(visits->people);
  uint32_t count = people_customer_count(visits->people);
  int *at = ARENA_ARRAY(arena, int, orgs + 1);
  CampaignHousehold *households = ARENA_ARRAY(arena, CampaignHousehold, (size_t)count + 1);
  w->plan.grids = ARENA_ARRAY(arena, CampaignGrid, orgs + 1), w->plan.member = ARENA_ARRAY(arena, int, (size_t)count + 1);
  w->position = ARENA_ARRAY(arena, uint32_t, (size_t)count + 1), w->due = arena_take(arena, (size_t)count + 1), w->org = ARENA_ARRAY(arena, size_t, orgs + 1);
  if (!at || !households || !w->plan.grids || !w->plan.member || !w->position || !w->due || !w->org) return false;
  double lon, lat;
  for (uint32_t p = 0; p < count; p++)
    if (visits->grid_of[p] != VISIT_NOBODY && visit_place(visits, p, &lon, &lat)) at[visits->grid_of[p]]++;
  int placed = 0;
  for (size_t o = 0; o < orgs; o++) {
    int households_here = at[o];
    bool wanted = households_here > 0 && in_scope(visits, o, scope);
    at[o] = wanted ? placed : -1;
    if (!wanted) continue;
    w->plan.grids[w->plan.grid_count] = (CampaignGrid){.from = placed, .to = placed + households_here};
    placed += households_here;
    w->org[w->plan.grid_count++] = o;
  }
  for (uint32_t p = 0; p < count; p++) {
    if (visits->grid_of[p] == VISIT_NOBODY || at[visits->grid_of[p]] < 0 || !visit_place(visits, p, &lon, &lat)) continue;
    int h = at[visits->grid_of[p]]++;
    unsigned due = visit_due(visits, p);
    households[h] = (CampaignHousehold){.lon = lon, .lat = lat, .minutes = VISIT_MINUTES, .grid_before = -1, .day_before = -1, .urgency = urgency_of(due)};
    w->position[h] = p, w->due[h] = (unsigned char)due, w->plan.member[h] = h;
  }
  w->campaign.households = households, w->campaign.household_count = placed, w->campaign.area_count = 1, w->campaign.grid_count = w->plan.grid_count;
  w->from = visits->cut;
  return true;
}

/* Days begin where the work is; last month's days are kept, stretched when the months differ in length. */
static bool begin_grid(const Visits *visits, Db *db, MonthWork *w, int g, int32_t month, const CampaignPlane *plane, const Map *household_of, Arena *arena, Error *error) {
  CampaignGrid *grid = &w->plan.grids[g];
  CampaignHousehold *households = (CampaignHousehold *)w->campaign.households;
  int64_t org_id = people_org(visits->people, w->org[g])->id, h;
  double lon = 0, lat = 0;
  for (int i = grid->from; i < grid->to; i++) lon += households[i].lon / (grid->to - grid->from), lat += households[i].lat / (grid->to - grid->from);
  grid->base_lon = lon, grid->base_lat = lat;
  grid->figures.x = campaign_x(plane, lon), grid->figures.y = campaign_y(plane, lat);
  int32_t before, days;
  VisitStop *stops;
  int count;
  if (!visit_row_month_before(db, visits->county_id, org_id, month, &before, &days, error)) return false;
  if (!before || days < 1) return true;
  if (!visit_row_stops(db, visits->county_id, org_id, before, arena, &stops, &count, error)) return false;
  for (int i = 0; i < count; i++)
    if (map_get(household_of, stops[i].customer.value, &h))
      households[h].day_before = stops[i].day * w->campaign.day_count / days, households[h].place_before = i;
  return true;
}

static bool begin_grids(const Visits *visits, Db *db, MonthWork *w, int32_t month, Arena *arena, Error *error) {
  CampaignPlane plane;
  Map household_of = {0};
  Customer customer;
  bool ok = campaign_plane(&w->campaign, &plane, error) && (map_reserve(&household_of, (size_t)w->campaign.household_count) || out_of_memory(error));
  for (int h = 0; ok && h < w->campaign.household_count; h++) {
    people_customer(visits->people, w->position[h], &customer);
    ok = map_put(&household_of, customer.id.value, h) || out_of_memory(error);
  }
  for (int g = 0; ok && g < w->plan.grid_count; g++) ok = begin_grid(visits, db, w, g, month, &plane, &household_of, arena, error);
  map_free(&household_of);
  return ok;
}

static bool describe_months(const Visits *visits, const MonthWork *w, int32_t month, VisitMonths *out, Arena *arena) {
  out->from = w->from, out->count = w->plan.grid_count;
  out->at = ARENA_ARRAY(arena, VisitMonth, (size_t)out->count + 1), out->stops = ARENA_ARRAY(arena, VisitStop *, (size_t)out->count + 1);
  if (!out->at || !out->stops) return false;
  for (int g = 0; g < out->count; g++) {
    const CampaignGrid *grid = &w->plan.grids[g];
    out->at[g] = (VisitMonth){.org_id = people_org(visits->people, w->org[g])->id, .month = month, .version = 1, .days = w->campaign.day_count,
                              .planned = grid->to - grid->from, .lon = grid->base_lon, .lat = grid->base_lat, .doors_m = grid->tour.legs_m, .base_m = grid->tour.base_m};
    out->stops[g] = ARENA_ARRAY(arena, VisitStop, (size_t)out->at[g].planned + 1);
    if (!out->stops[g]) return false;
    for (int d = 0, i = 0; d < grid->tour.day_count; d++)
      for (; i < grid->tour.days[d].to; i++) {
        Customer customer;
        int h = grid->from + grid->tour.order[i];
        people_customer(visits->people, w->position[h], &customer);
        out->stops[g][i] = (VisitStop){customer.id, (uint8_t)d, VISIT_TO_COME, w->due[h], 0};
      }
  }
  return true;
}

bool visit_plan_months(Visits *visits, Db *db, int32_t month, int64_t org_id, int threads, Arena *arena, VisitMonths **out, Error *error) {
  MonthWork w = {0};
  rules_of(&w.campaign, threads);
  if (!capacities(visits, month, &w.campaign, error)) return false;
  if (!desk_read_whole(visits->desk, error)) return false;
  bool ok = gather_months(visits, &w, org_id, arena);
  desk_read_end(visits->desk);
  *out = ok ? ARENA_NEW(arena, VisitMonths) : NULL;
  if (!*out) return out_of_memory(error);
  if (w.plan.grid_count == 0) return error_raise(error, ERROR_VISIT_NO_GRIDS, "%s", "");
  return begin_grids(visits, db, &w, month, arena, error) && campaign_tours(&w.campaign, false, arena, &w.plan, error) &&
         (describe_months(visits, &w, month, *out, arena) || out_of_memory(error));
}

/* --- a month as it stands --------------------------------------------------------------------------------------------- */

bool visit_tour_of(const Visits *visits, const VisitMonth *month, const VisitStop *stops, int count, Arena *arena, TourProblem *problem, TourPlan *plan,
                   Error *error) {
  Campaign campaign = {0};
  CampaignPlane plane = {month->lon, month->lat, CAMPAIGN_NORTH * cos(month->lat * 3.14159265358979323846 / 180)};
  TourVisit *all = ARENA_ARRAY(arena, TourVisit, (size_t)count + 1);
  *plan = (TourPlan){.order = ARENA_ARRAY(arena, int, (size_t)count + 1), .day_count = month->days};
  if (!all || !plan->order) return out_of_memory(error);
  if (!capacities(visits, month->month, &campaign, error)) return false;
  *problem = (TourProblem){.visits = all, .visit_count = count, .day_count = month->days, .rules = tour_rules()};
  for (int d = 0; d < month->days; d++) problem->capacity[d] = d < campaign.day_count ? campaign.capacity[d] : 1; /* the calendar may have lost a day since */
  plan->day_count = month->days;
  for (int i = 0; i < count; i++) {
    uint32_t position;
    double lon = month->lon, lat = month->lat;
    if (people_position_of(visits->people, stops[i].customer, &position)) (void)visit_place(visits, position, &lon, &lat);
    all[i] = (TourVisit){.x = campaign_x(&plane, lon), .y = campaign_y(&plane, lat), .minutes = VISIT_MINUTES, .before = -1};
    plan->order[i] = i;
  }
  for (int d = 0, i = 0; d < month->days; d++) {
    plan->days[d].from = i;
    while (i < count && stops[i].day <= d) i++;
    plan->days[d].to = i;
  }
  return tour_check(problem, plan, error);
}
