/* Material: what a crew has on board, what it fetches at which store, and that no store gives more than it has. */
#include <string.h>

#include "crew/dispatch_internal.h"

static size_t cell_of(const Dispatch *d, int store, int item) { return (size_t)store * (size_t)d->problem->item_count + (size_t)item; }

static double left_in(const Dispatch *d, int store, int item) {
  return d->problem->stores[store].stock[item] - d->used[cell_of(d, store, item)];
}

static void hold_start(const Dispatch *d, int crew, double *hold) {
  const double *on_board = d->problem->crews[crew].on_board;
  if (on_board)
    memcpy(hold, on_board, (size_t)d->problem->item_count * sizeof *hold);
  else
    memset(hold, 0, (size_t)d->problem->item_count * sizeof *hold);
}

/* What is short for `need` at stop `pos` is taken at the latest stores visited before. */
static bool take_short(Dispatch *d, Route *route, int pos, int item, double lacking) {
  for (int i = pos - 1; i >= 1 && lacking > DISPATCH_EPSILON; i--) {
    int store = route->at[i].node - d->job_count;
    if (store < 0) continue;
    double take = left_in(d, store, item);
    if (take <= 0) continue;
    if (take > lacking) take = lacking;
    lacking -= take;
    route->taken[cell_of(d, store, item)] += take;
    d->used[cell_of(d, store, item)] += take;
  }
  return lacking <= DISPATCH_EPSILON;
}

/* Settles anew what the route takes where. False: it cannot have all it needs; what it took is then what it could get. */
bool material_take(Dispatch *d, int crew) {
  Route *route = &d->routes[crew];
  size_t cells = (size_t)d->problem->store_count * (size_t)d->problem->item_count;
  for (size_t c = 0; c < cells; c++) d->used[c] -= route->taken[c], route->taken[c] = 0;
  for (size_t c = 0; c < cells; c++)
    if (d->used[c] < DISPATCH_EPSILON) d->used[c] = 0;
  hold_start(d, crew, d->hold);
  bool enough = true;
  for (int i = 1; i <= route->count; i++) {
    if (!is_job(d, route->at[i].node)) continue;
    const DispatchJob *job = &d->problem->jobs[route->at[i].node];
    if (!isnan(job->started)) continue; /* has what it needs */
    for (int n = 0; n < job->need_count; n++) {
      int item = job->needs[n].item;
      double need = job->needs[n].quantity, lacking = need - d->hold[item];
      if (lacking > DISPATCH_EPSILON) {
        enough = take_short(d, route, i, item, lacking) && enough;
        d->hold[item] += lacking;
      }
      if (!d->problem->items[item].tool) d->hold[item] -= need;
    }
  }
  return enough;
}

/* From which position on the crew would have `need` more, by visits already in the route; count + 2: from none. `early`: how
 * far that is only so because of a visit. */
static int need_from(const Dispatch *d, int crew, const DispatchNeed *need) {
  const Route *route = &d->routes[crew];
  const double *on_board = d->problem->crews[crew].on_board;
  bool tool = d->problem->items[need->item].tool;
  double have = on_board ? on_board[need->item] : 0, before = have, all = have;
  int visit = 0;
  for (int i = 1; i <= route->count; i++) {
    int node = route->at[i].node;
    if (!is_job(d, node)) {
      double left = left_in(d, node - d->job_count, need->item);
      double ours = tool ? have + route->taken[cell_of(d, node - d->job_count, need->item)] : 0;
      if (!visit && left + ours >= need->quantity - DISPATCH_EPSILON) visit = i;
      continue;
    }
    const DispatchJob *job = &d->problem->jobs[node];
    for (int n = 0; n < job->need_count && !tool && isnan(job->started); n++)
      if (job->needs[n].item == need->item) all -= job->needs[n].quantity, before -= visit ? 0 : job->needs[n].quantity;
  }
  double quantity = need->quantity - DISPATCH_EPSILON;
  if (tool ? have >= quantity : all >= quantity || (visit && before >= quantity)) return route->fixed + 1;
  return visit ? visit + 1 : route->count + 2;
}

/* The first position for `job` without a new visit. `lacking`: bits of its needs that a new visit before an earlier position
 * would have to serve. */
int material_from(const Dispatch *d, int job_at, int crew, uint64_t *lacking) {
  const DispatchJob *job = &d->problem->jobs[job_at];
  const Route *route = &d->routes[crew];
  int from = route->fixed + 1;
  for (int n = 0; n < job->need_count; n++) {
    int here = need_from(d, crew, &job->needs[n]);
    if (here > route->fixed + 1) *lacking |= (uint64_t)1 << n;
    if (here > from) from = here;
  }
  return from;
}

bool material_served(const Dispatch *d, int job_at, int store, uint64_t lacking) {
  const DispatchJob *job = &d->problem->jobs[job_at];
  for (int n = 0; n < job->need_count; n++)
    if (lacking >> n & 1 && left_in(d, store, job->needs[n].item) < job->needs[n].quantity - DISPATCH_EPSILON) return false;
  return true;
}

static bool sound_with(Dispatch *d, int crew) { return route_refresh(d, crew, 1) && material_take(d, crew); }

/* The visit at `pos` to where it costs least; it may be another store. */
static void move_visit(Dispatch *d, int crew, int pos) {
  Route *route = &d->routes[crew];
  int was = route->at[pos].node, best_node = was, best_pos = pos;
  double best = route->cost;
  route_cut(d, crew, pos);
  for (int s = 0; s < d->problem->store_count; s++)
    for (int p = route->fixed + 1; p <= route->count + 1; p++) {
      if (!route_put(d, crew, p, d->job_count + s)) return;
      if (route_refresh(d, crew, 1) && route->cost < best - DISPATCH_EPSILON && material_take(d, crew))
        best = route->cost, best_node = d->job_count + s, best_pos = p;
      route_cut(d, crew, p);
    }
  if (!route_put(d, crew, best_pos, best_node) || !sound_with(d, crew)) d->broken = true;
}

/* Visits nobody needs go; with `move` the others go where they cost least. The route must be touched and sound. A route with
 * linked jobs is only tidied without `move`, by one who settles its times afterwards. */
void material_tidy(Dispatch *d, int crew, bool move) {
  Route *route = &d->routes[crew];
  if (!material_take(d, crew)) d->broken = true;
  if (move && d->chain_count && route->last_linked) return;
  for (int i = route->count; i > route->fixed && route->visits && !d->broken; i--) {
    int node = route->at[i].node;
    if (is_job(d, node)) continue;
    double cost = route->cost;
    route_cut(d, crew, i);
    if (sound_with(d, crew) && route->cost <= cost + DISPATCH_EPSILON) continue;
    if (!route_put(d, crew, i, node) || !sound_with(d, crew))
      d->broken = true;
    else if (move)
      move_visit(d, crew, i);
  }
}
