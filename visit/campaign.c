#include "visit/campaign.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/time.h"
#include "base/vector.h"

bool campaign_plane(const Campaign *c, CampaignPlane *out, Error *error) {
  double west = 180, east = -180, south = 90, north = -90;
  for (int h = 0; h < c->household_count; h++) {
    double lon = c->households[h].lon, lat = c->households[h].lat;
    if (!(fabs(lon) <= 180 && fabs(lat) <= 90)) return error_raise(error, ERROR_FIELD_INVALID, "households[%d]\t%g, %g\tdegrees are needed", h, lon, lat);
    west = fmin(west, lon), east = fmax(east, lon), south = fmin(south, lat), north = fmax(north, lat);
  }
  *out = (CampaignPlane){(west + east) / 2, (south + north) / 2, 0};
  out->east = CAMPAIGN_NORTH * cos(out->lat * 3.14159265358979323846 / 180);
  return true;
}

/* --- atoms ------------------------------------------------------------------------------------------------------------ */

typedef struct Maker {
  const Campaign *c;
  CampaignPlane plane;
  int *sorted;   /* households by area */
  int *atom_of;  /* of each household */
  VECTOR(DistrictAtom) atoms;
  int split_areas;
  double most;   /* minutes an atom may have */
} Maker;

typedef struct Key {
  double at;
  int household;
} Key;

static int by_key(const void *left, const void *right) {
  const Key *a = left, *b = right;
  if (a->at < b->at || a->at > b->at) return a->at < b->at ? -1 : 1;
  return a->household - b->household;
}

/* Visits and the way between them: a tour over n places in an area A is about 0.7124 √(n A) (Beardwood, Halton, Hammersley 1959). */
static DistrictAtom make_atom(const Maker *m, const int *households, int count, double *width, double *height) {
  DistrictAtom atom = {.before = -1};
  double west = INFINITY, east = -INFINITY, south = INFINITY, north = -INFINITY;
  for (int i = 0; i < count; i++) {
    const CampaignHousehold *h = &m->c->households[households[i]];
    double x = campaign_x(&m->plane, h->lon), y = campaign_y(&m->plane, h->lat);
    atom.x += x / count, atom.y += y / count, atom.minutes += h->minutes;
    west = fmin(west, x), east = fmax(east, x), south = fmin(south, y), north = fmax(north, y);
  }
  *width = east - west, *height = north - south;
  double leg = 0.7124 * sqrt((*width + 10) * (*height + 10) / count);
  atom.minutes += count * tour_leg_minutes(&m->c->tour_rules, leg);
  return atom;
}

static int grid_of_most(const Maker *m, const int *households, int count) { /* Boyer, Moore; ties and mixtures: the first's */
  int grid = -1, votes = 0;
  for (int i = 0; i < count; i++) {
    int g = m->c->households[households[i]].grid_before;
    if (votes == 0) grid = g;
    votes += g == grid ? 1 : -1;
  }
  return grid;
}

/* An area whole, or halved along its longer side until no part is more than a grid's work. */
static bool put_atoms(Maker *m, int *households, int count, Key *keys) {
  double width, height;
  DistrictAtom atom = make_atom(m, households, count, &width, &height);
  if (atom.minutes <= m->most || count < 2) {
    atom.before = m->c->fresh_grids ? -1 : grid_of_most(m, households, count);
    atom.fixed = m->c->keep_grids && atom.before >= 0;
    for (int i = 0; i < count; i++) m->atom_of[households[i]] = (int)m->atoms.count;
    return vector_push(&m->atoms, atom);
  }
  for (int i = 0; i < count; i++) {
    const CampaignHousehold *h = &m->c->households[households[i]];
    keys[i] = (Key){width >= height ? h->lon : h->lat, households[i]};
  }
  qsort(keys, (size_t)count, sizeof *keys, by_key);
  for (int i = 0; i < count; i++) households[i] = keys[i].household;
  return put_atoms(m, households, count / 2, keys) && put_atoms(m, households + count / 2, count - count / 2, keys);
}

static bool make_atoms(Maker *m, Arena *arena) {
  const Campaign *c = m->c;
  int *from = ARENA_ARRAY(arena, int, (size_t)c->area_count + 2);
  Key *keys = ARENA_ARRAY(arena, Key, (size_t)c->household_count + 1);
  double total = 0, width, height;
  if (!from || !keys) return false;
  for (int h = 0; h < c->household_count; h++) from[c->households[h].area + 2]++;
  for (int a = 2; a < c->area_count + 2; a++) from[a] += from[a - 1];
  for (int h = 0; h < c->household_count; h++) m->sorted[from[c->households[h].area + 1]++] = h;
  for (int a = 0; a < c->area_count; a++)
    if (from[a + 1] > from[a]) total += make_atom(m, m->sorted + from[a], from[a + 1] - from[a], &width, &height).minutes;
  m->most = total / c->grid_count;
  for (int a = 0; a < c->area_count; a++) {
    size_t before = m->atoms.count;
    if (from[a + 1] == from[a]) continue;
    if (!put_atoms(m, m->sorted + from[a], from[a + 1] - from[a], keys)) return false;
    m->split_areas += m->atoms.count > before + 1;
  }
  return true;
}

/* --- grids ------------------------------------------------------------------------------------------------------------ */

static bool gather_members(const Maker *m, const int *grid_of_atom, CampaignPlan *out, Arena *arena) {
  int n = m->c->household_count, grids = m->c->grid_count;
  out->grid_of = ARENA_ARRAY(arena, int, (size_t)n + 1), out->member = ARENA_ARRAY(arena, int, (size_t)n + 1);
  out->grids = ARENA_ARRAY(arena, CampaignGrid, (size_t)grids + 1);
  int *at = ARENA_ARRAY(arena, int, (size_t)grids + 2);
  if (!out->grid_of || !out->member || !out->grids || !at) return false;
  for (int h = 0; h < n; h++) at[(out->grid_of[h] = grid_of_atom[m->atom_of[h]]) + 2]++;
  for (int g = 2; g < grids + 2; g++) at[g] += at[g - 1];
  for (int h = 0; h < n; h++) out->member[at[out->grid_of[h] + 1]++] = h;
  for (int g = 0; g < grids; g++) {
    CampaignGrid *grid = &out->grids[g];
    grid->from = at[g], grid->to = at[g + 1];
    grid->figures = out->figures.grids[g];
    grid->base_lon = grid->figures.x / m->plane.east + m->plane.lon, grid->base_lat = grid->figures.y / CAMPAIGN_NORTH + m->plane.lat;
  }
  out->grid_count = grids, out->atom_count = (int)m->atoms.count, out->split_areas = m->split_areas;
  return true;
}

static bool check(const Campaign *c, Error *error) {
  if (c->grid_count < 1 || c->grid_count > CAMPAIGN_GRIDS) return error_raise(error, ERROR_FIELD_INVALID, "managers\t%d\t1 to %d", c->grid_count, CAMPAIGN_GRIDS);
  for (int h = 0; h < c->household_count; h++) {
    const CampaignHousehold *one = &c->households[h];
    if (one->area < 0 || one->area >= c->area_count) return error_raise(error, ERROR_FIELD_INVALID, "households[%d].area\t%d\tno such area", h, one->area);
    if (one->grid_before < -1 || one->grid_before >= c->grid_count) return error_raise(error, ERROR_FIELD_INVALID, "households[%d].grid_before\t%d\tno such grid", h, one->grid_before);
  }
  return true;
}

bool campaign_grids(const Campaign *c, Arena *arena, CampaignPlan *out, Error *error) {
  *out = (CampaignPlan){0};
  int64_t begun = time_monotonic_us();
  if (!check(c, error)) return false;
  Maker m = {.c = c};
  Arena work;
  if (!campaign_plane(c, &m.plane, error)) return false;
  arena_begin(&work, 0);
  m.sorted = ARENA_ARRAY(&work, int, (size_t)c->household_count + 1), m.atom_of = ARENA_ARRAY(&work, int, (size_t)c->household_count + 1);
  bool ok = m.sorted && m.atom_of && make_atoms(&m, &work);
  int *grid_of_atom = ok ? ARENA_ARRAY(&work, int, m.atoms.count + 1) : NULL;
  DistrictProblem p = {m.atoms.at, .atom_count = (int)m.atoms.count, .grid_count = c->grid_count, .rules = c->grid_rules};
  ok = grid_of_atom || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  ok = ok && district_map(m.atoms.at, p.atom_count, &work, &p.map, error);
  ok = ok && district_plan(&p, c->seed, district_rounds(&p) * (c->rounds_share ? c->rounds_share : 100) / 100, grid_of_atom, error) &&
       district_figures(&p, grid_of_atom, arena, &out->figures, error);
  if (ok && !gather_members(&m, grid_of_atom, out, arena)) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  vector_free(&m.atoms);
  arena_end(&work);
  out->grids_s = (double)(time_monotonic_us() - begun) / 1e6;
  return ok;
}

/* --- months ----------------------------------------------------------------------------------------------------------- */

typedef struct Team {
  const Campaign *c;
  CampaignPlan *plan;
  CampaignPlane plane;
  bool sweep;
  _Atomic int next;
  _Atomic bool failed;
} Team;

typedef struct Hand {
  Team *team;
  pthread_t thread;
  Arena arena; /* the tours' orders, until they are copied */
  Error error;
  bool ok;
} Hand;

static bool tour_problem(const Team *team, int g, Arena *arena, TourProblem *out, Error *error) {
  const CampaignGrid *grid = &team->plan->grids[g];
  TourVisit *visits = ARENA_ARRAY(arena, TourVisit, (size_t)(grid->to - grid->from) + 1);
  if (!visits) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  for (int i = grid->from; i < grid->to; i++) {
    const CampaignHousehold *h = &team->c->households[team->plan->member[i]];
    bool kept = h->day_before >= 0 && h->day_before < team->c->day_count;
    visits[i - grid->from] = (TourVisit){campaign_x(&team->plane, h->lon), campaign_y(&team->plane, h->lat), h->minutes, kept ? h->day_before : -1,
                                         h->place_before, h->urgency, h->earliest};
  }
  *out = (TourProblem){.visits = visits, .visit_count = grid->to - grid->from, .day_count = team->c->day_count, .base_x = grid->figures.x,
                       .base_y = grid->figures.y, .rules = team->c->tour_rules};
  for (int d = 0; d < out->day_count; d++) out->capacity[d] = team->c->capacity[d];
  return true;
}

static bool plan_one(Hand *hand, int g, Arena *work) {
  Team *team = hand->team;
  CampaignGrid *grid = &team->plan->grids[g];
  TourProblem p;
  TourPlan sweep;
  if (!tour_problem(team, g, work, &p, &hand->error)) return false;
  int64_t rounds = tour_rounds(&p) * (team->c->rounds_share ? team->c->rounds_share : 100) / 100;
  if (!team->sweep) return tour_plan(&p, team->c->seed + (uint64_t)g, rounds, &hand->arena, &grid->tour, &hand->error);
  if (!tour_sweep(&p, work, &sweep, &hand->error)) return false;
  grid->sweep_legs_m = sweep.legs_m, grid->sweep_base_m = sweep.base_m, grid->sweep_minutes = sweep.minutes;
  return true;
}

static void *work_on(void *self) {
  Hand *hand = self;
  Arena work;
  arena_begin(&work, 0);
  hand->ok = true;
  for (int g; hand->ok && !hand->team->failed && (g = hand->team->next++) < hand->team->plan->grid_count; arena_reset(&work)) hand->ok = plan_one(hand, g, &work);
  if (!hand->ok) hand->team->failed = true;
  arena_end(&work);
  return NULL;
}

static bool run_team(Team *team, Hand *hands, int count, Error *error) {
  bool ok = true;
  bool started[CAMPAIGN_THREADS] = {false};
  team->next = 0;
  team->failed = false;
  for (int t = 0; t < count; t++) hands[t].team = team;
  for (int t = 1; t < count; t++) started[t] = pthread_create(&hands[t].thread, NULL, work_on, &hands[t]) == 0;
  for (int t = 0; t < count; t++) {
    if (started[t]) pthread_join(hands[t].thread, NULL);
    else work_on(&hands[t]);
    if (!hands[t].ok && ok) *error = hands[t].error, ok = false;
  }
  return ok;
}

static bool keep_orders(CampaignPlan *plan, Arena *arena, Error *error) {
  for (int g = 0; g < plan->grid_count; g++) {
    CampaignGrid *grid = &plan->grids[g];
    int *order = arena_copy(arena, grid->tour.order, ((size_t)(grid->to - grid->from) + 1) * sizeof *order);
    if (!order) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
    grid->tour.order = order;
    plan->legs_m += grid->tour.legs_m, plan->base_m += grid->tour.base_m, plan->minutes += grid->tour.minutes, plan->moved_days += grid->tour.moved;
    plan->sweep_legs_m += grid->sweep_legs_m, plan->sweep_base_m += grid->sweep_base_m, plan->sweep_minutes += grid->sweep_minutes;
  }
  return true;
}

bool campaign_tours(const Campaign *c, bool sweep, Arena *arena, CampaignPlan *plan, Error *error) {
  int count = c->threads < 1 ? 1 : c->threads > CAMPAIGN_THREADS ? CAMPAIGN_THREADS : c->threads;
  Team team = {.c = c, .plan = plan};
  Hand hands[CAMPAIGN_THREADS] = {0};
  if (!campaign_plane(c, &team.plane, error)) return false;
  for (int t = 0; t < count; t++) arena_begin(&hands[t].arena, 0);
  int64_t begun = time_monotonic_us();
  bool ok = run_team(&team, hands, count, error);
  plan->tours_s = (double)(time_monotonic_us() - begun) / 1e6;
  if (ok && sweep) {
    begun = time_monotonic_us();
    team.sweep = true;
    ok = run_team(&team, hands, count, error);
    plan->sweep_s = (double)(time_monotonic_us() - begun) / 1e6;
  }
  ok = ok && keep_orders(plan, arena, error);
  for (int t = 0; t < count; t++) arena_end(&hands[t].arena);
  return ok;
}

bool campaign_check(const Campaign *c, const CampaignPlan *plan, Error *error) {
  uint8_t *seen = memory_new((size_t)c->household_count + 1);
  int64_t found = 0;
  bool ok = seen != NULL;
  for (int g = 0; ok && g < plan->grid_count; g++) {
    const CampaignGrid *grid = &plan->grids[g];
    int at = 0;
    for (int d = 0; ok && d < grid->tour.day_count; d++) {
      ok = grid->tour.days[d].from == at;
      for (; ok && at < grid->tour.days[d].to; at++, found++) {
        int one = grid->tour.order[at], h = one >= 0 && one < grid->to - grid->from ? plan->member[grid->from + one] : -1;
        ok = h >= 0 && h < c->household_count && !seen[h] && plan->grid_of[h] == g && c->capacity[d] > 0;
        if (ok) seen[h] = 1;
      }
    }
    ok = ok && at == grid->to - grid->from;
  }
  memory_free(seen);
  if (!seen) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "visits");
  return ok && found == c->household_count ? true : error_raise(error, ERROR_INTERNAL, "%lld of %d households are in exactly one tour", (long long)found, c->household_count);
}
