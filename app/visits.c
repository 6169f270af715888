/* The planning of visits from the command line: a package's households cut into grids, each with its month. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/command.h"
#include "app/import.h"
#include "base/json.h"
#include "visit/campaign.h"

enum { KIND_TRANSFORMER = 7 }; /* in the order of PackageDevice.kind */

typedef struct Plan {
  Package package;
  Arena arena;
  Campaign campaign;
  CampaignPlan plan;
  uint32_t *org_of_grid; /* row of orgs, PACKAGE_NONE: a new manager's */
} Plan;

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits"); }

typedef struct Rank {
  uint32_t org;
  int households;
} Rank;

static int by_households(const void *left, const void *right) {
  const Rank *a = left, *b = right;
  if (a->households != b->households) return a->households > b->households ? -1 : 1;
  return a->org < b->org ? -1 : a->org > b->org;
}

/* For each device the transformer that feeds it (or the top of its own) and the grid it stands under. */
static void climb(const Package *package, uint32_t *area, uint32_t *org) {
  for (size_t d = 0; d < package->device_count; d++) {
    const PackageDevice *device = &package->devices[d];
    bool below = device->parent != PACKAGE_NONE;
    bool is_grid = device->org != PACKAGE_NONE && package->orgs[device->org].level == PACKAGE_GRID;
    org[d] = is_grid ? device->org : device->org == PACKAGE_NONE && below ? org[device->parent] : PACKAGE_NONE;
    bool fed = below && (package->devices[device->parent].kind == KIND_TRANSFORMER || area[device->parent] != device->parent);
    area[d] = fed ? area[device->parent] : (uint32_t)d;
  }
}

/* Managers there are: the grids with households, the largest first; fewer asked for: the smallest are shared out; more: new ones. */
static bool number_grids(Plan *plan, const uint32_t *org, int64_t managers, int *grid_of_org) {
  const Package *package = &plan->package;
  Rank *ranks = ARENA_ARRAY(&plan->arena, Rank, package->org_count + 1);
  int present = 0;
  if (!ranks) return false;
  for (size_t o = 0; o < package->org_count; o++) ranks[o].org = (uint32_t)o;
  for (size_t c = 0; c < package->customer_count; c++)
    if (org[package->customers[c].device] != PACKAGE_NONE) ranks[org[package->customers[c].device]].households++;
  qsort(ranks, package->org_count, sizeof *ranks, by_households);
  while ((size_t)present < package->org_count && ranks[present].households > 0) present++;
  int grids = managers ? (int)managers : present ? present : 1;
  plan->org_of_grid = ARENA_ARRAY(&plan->arena, uint32_t, (size_t)grids);
  if (!plan->org_of_grid) return false;
  for (size_t o = 0; o < package->org_count; o++) grid_of_org[o] = -1;
  for (int g = 0; g < grids; g++) {
    plan->org_of_grid[g] = g < present ? ranks[g].org : PACKAGE_NONE;
    if (g < present) grid_of_org[ranks[g].org] = g;
  }
  plan->campaign.grid_count = grids;
  return true;
}

static bool gather(Plan *plan, int64_t managers, double minutes, Error *error) {
  const Package *package = &plan->package;
  size_t devices = package->device_count, customers = package->customer_count;
  uint32_t *area = ARENA_ARRAY(&plan->arena, uint32_t, devices + 1), *org = ARENA_ARRAY(&plan->arena, uint32_t, devices + 1);
  int *grid_of_org = ARENA_ARRAY(&plan->arena, int, package->org_count + 1);
  CampaignHousehold *households = ARENA_ARRAY(&plan->arena, CampaignHousehold, customers + 1);
  if (!area || !org || !grid_of_org || !households) return out_of_memory(error);
  climb(package, area, org);
  if (!number_grids(plan, org, managers, grid_of_org)) return out_of_memory(error);
  for (size_t c = 0; c < customers; c++) {
    const PackageCustomer *customer = &package->customers[c];
    const PackageDevice *device = &package->devices[customer->device];
    int32_t lon = customer->lon_e6, lat = customer->lat_e6;
    while ((lon == PACKAGE_NO_PLACE || lat == PACKAGE_NO_PLACE) && device) {
      lon = device->lon_e6, lat = device->lat_e6;
      device = device->parent == PACKAGE_NONE ? NULL : &package->devices[device->parent];
    }
    if (lon == PACKAGE_NO_PLACE) return error_raise(error, ERROR_FIELD_MISSING, "place of customer %.*s", TEXT_ARG(customer->number));
    uint32_t under = org[customer->device];
    households[c] = (CampaignHousehold){lon / 1e6, lat / 1e6, minutes, (int)area[customer->device], under == PACKAGE_NONE ? -1 : grid_of_org[under], -1, 0,
                                        package_is_vulnerable(customer->tags) ? 1 : 0, 0};
  }
  plan->campaign.households = households, plan->campaign.household_count = (int)customers, plan->campaign.area_count = (int)devices;
  return true;
}

/* --- telling ---------------------------------------------------------------------------------------------------------- */

static void tell(const Plan *plan) {
  const CampaignPlan *p = &plan->plan;
  const DistrictFigures *f = &p->figures;
  printf("households %d, managers %d, transformer areas' parts %d (%d areas split)\n", plan->campaign.household_count, p->grid_count, p->atom_count, p->split_areas);
  printf("grids   work %.0f min a round on average, %.0f to %.0f, deviation %.1f %%; radius %.0f m; in pieces %d; moved %.1f %% of the work; %.1f s\n", f->mean,
         f->least, f->most, f->deviation * 100, f->radius, f->pieces_over, f->moved * 100, p->grids_s);
  printf("months  %d days; between doors %.0f km, to the base and back %.0f km, %.0f h in all; %.1f s on %d thread(s)\n", plan->campaign.day_count, p->legs_m / 1e3,
         p->base_m / 1e3, p->minutes / 60, p->tours_s, plan->campaign.threads);
  printf("sweep   between doors %.0f km, to the base and back %.0f km, %.0f h in all; walking saved %.1f %%; %.1f s\n", p->sweep_legs_m / 1e3, p->sweep_base_m / 1e3,
         p->sweep_minutes / 60, 100 - 100 * (p->legs_m + p->base_m) / fmax(1, p->sweep_legs_m + p->sweep_base_m), p->sweep_s);
  printf("check   every household in exactly one tour\n");
}

static Text org_code(const Plan *plan, int g) { return plan->org_of_grid[g] == PACKAGE_NONE ? TEXT_NONE : plan->package.orgs[plan->org_of_grid[g]].code; }

static void write_grid(const Plan *plan, int g, Json *json) {
  const CampaignGrid *grid = &plan->plan.grids[g];
  double least = INFINITY, most = 0;
  for (int d = 0; d < grid->tour.day_count; d++)
    if (plan->campaign.capacity[d] > 0) least = fmin(least, grid->tour.days[d].minutes), most = fmax(most, grid->tour.days[d].minutes);
  json_open_object(json);
  json_put_i64(json, "grid", g + 1);
  json_put_text(json, "org", org_code(plan, g));
  json_put_i64(json, "households", grid->to - grid->from);
  json_put_f64(json, "minutes", grid->figures.minutes, 0);
  json_put_f64(json, "radius_m", grid->figures.radius, 0);
  json_put_i64(json, "pieces", grid->figures.pieces);
  json_put_f64(json, "lon", grid->base_lon, 6), json_put_f64(json, "lat", grid->base_lat, 6);
  json_put_f64(json, "doors_m", grid->tour.legs_m, 0), json_put_f64(json, "base_m", grid->tour.base_m, 0);
  json_put_f64(json, "sweep_doors_m", grid->sweep_legs_m, 0), json_put_f64(json, "sweep_base_m", grid->sweep_base_m, 0);
  json_put_f64(json, "shortest_day_minutes", least, 0), json_put_f64(json, "longest_day_minutes", most, 0);
  json_close(json);
}

static void write_json(const Plan *plan, Buffer *out) {
  const CampaignPlan *p = &plan->plan;
  Json json;
  json_begin(&json, out);
  json_open_object(&json);
  json_put_i64(&json, "households", plan->campaign.household_count), json_put_i64(&json, "managers", p->grid_count);
  json_put_i64(&json, "days", plan->campaign.day_count), json_put_i64(&json, "split_areas", p->split_areas);
  json_put_f64(&json, "mean_minutes", p->figures.mean, 1), json_put_f64(&json, "least_minutes", p->figures.least, 1);
  json_put_f64(&json, "most_minutes", p->figures.most, 1), json_put_f64(&json, "deviation", p->figures.deviation, 4);
  json_put_f64(&json, "radius_m", p->figures.radius, 1), json_put_f64(&json, "moved", p->figures.moved, 4);
  json_put_i64(&json, "pieces_over", p->figures.pieces_over);
  json_put_f64(&json, "doors_m", p->legs_m, 0), json_put_f64(&json, "base_m", p->base_m, 0), json_put_f64(&json, "minutes", p->minutes, 0);
  json_put_f64(&json, "sweep_doors_m", p->sweep_legs_m, 0), json_put_f64(&json, "sweep_base_m", p->sweep_base_m, 0), json_put_f64(&json, "sweep_minutes", p->sweep_minutes, 0);
  json_put_f64(&json, "grids_s", p->grids_s, 2), json_put_f64(&json, "tours_s", p->tours_s, 2);
  json_key(&json, "grids");
  json_open_array(&json);
  for (int g = 0; g < p->grid_count; g++) write_grid(plan, g, &json);
  json_close(&json);
  json_close(&json);
  buffer_byte(out, '\n');
}

static void write_csv(const Plan *plan, Buffer *out) {
  buffer_string(out, "grid,org,day,place,customer\n");
  for (int g = 0; g < plan->plan.grid_count; g++) {
    const CampaignGrid *grid = &plan->plan.grids[g];
    Text org = org_code(plan, g);
    for (int d = 0; d < grid->tour.day_count; d++)
      for (int i = grid->tour.days[d].from; i < grid->tour.days[d].to; i++) {
        const PackageCustomer *customer = &plan->package.customers[plan->plan.member[grid->from + grid->tour.order[i]]];
        buffer_format(out, "%d,%.*s,%d,%d,%.*s\n", g + 1, TEXT_ARG(org), d + 1, i - grid->tour.days[d].from + 1, TEXT_ARG(customer->number));
      }
  }
}

static bool options(const CommandLine *line, Plan *plan, int64_t *managers, double *minutes, Error *error) {
  int64_t days, threads, seed;
  double hours;
  const char *keep = command_option(line, "--keep");
  Campaign *c = &plan->campaign;
  if (!command_words(line, 0, 0, error) || !command_number(line, "--managers", 0, 0, CAMPAIGN_GRIDS, managers, error) ||
      !command_number(line, "--days", 22, 1, TOUR_DAYS, &days, error) || !command_number(line, "--threads", 2, 1, CAMPAIGN_THREADS, &threads, error) ||
      !command_number(line, "--seed", 1, 0, INT64_MAX, &seed, error) || !command_decimal(line, "--minutes", 10, 0.5, 240, minutes, error) ||
      !command_decimal(line, "--hours", 7, 0.5, 24, &hours, error))
    return false;
  if (keep && strcmp(keep, "hard") != 0 && strcmp(keep, "soft") != 0 && strcmp(keep, "none") != 0)
    return error_raise(error, ERROR_USAGE, "--keep is hard, soft or none, not '%s'\tvisits", keep);
  if (!command_option(line, "--grid")) return error_raise(error, ERROR_USAGE, "say which network: --grid PACKAGE\tvisits");
  c->keep_grids = keep && strcmp(keep, "hard") == 0, c->fresh_grids = keep && strcmp(keep, "none") == 0;
  c->day_count = (int)days, c->threads = (int)threads, c->seed = (uint64_t)seed;
  for (int d = 0; d < c->day_count; d++) c->capacity[d] = hours * 60;
  c->grid_rules = district_rules(), c->tour_rules = tour_rules();
  return true;
}

int command_visits(const CommandLine *line) {
  Error error = {0};
  Plan plan = {0};
  Buffer out;
  int64_t managers;
  double minutes;
  if (!options(line, &plan, &managers, &minutes, &error)) return command_failed(&error);
  arena_begin(&plan.arena, 0);
  buffer_begin(&out, 0);
  bool ok = app_package_read(&plan.package, command_option(line, "--grid"), &error) && gather(&plan, managers, minutes, &error) &&
            campaign_grids(&plan.campaign, &plan.arena, &plan.plan, &error) && campaign_tours(&plan.campaign, true, &plan.arena, &plan.plan, &error) &&
            campaign_check(&plan.campaign, &plan.plan, &error);
  if (ok && command_option(line, "--json")) write_json(&plan, &out);
  else if (ok && command_option(line, "--csv")) write_csv(&plan, &out);
  else if (ok) tell(&plan);
  if (ok && out.failed) ok = out_of_memory(&error);
  if (ok) fwrite(out.at, 1, out.len, stdout);
  buffer_end(&out);
  arena_end(&plan.arena);
  package_end(&plan.package);
  return ok ? 0 : command_failed(&error);
}
