#include <math.h>

#include "visit/district.h"

DistrictRules district_rules(void) { return (DistrictRules){.balance = 30, .change = 0.3}; }

/* Pieces of each grid, by flooding over the map. */
static bool count_pieces(const DistrictProblem *p, const int *grid_of, DistrictGrid *grids, Arena *arena) {
  bool *seen = ARENA_ARRAY(arena, bool, (size_t)p->atom_count + 1);
  int *stack = ARENA_ARRAY(arena, int, (size_t)p->atom_count + 1);
  if (!seen || !stack) return false;
  for (int start = 0; start < p->atom_count; start++) {
    if (seen[start]) continue;
    int depth = 0;
    grids[grid_of[start]].pieces++;
    for (seen[start] = true, stack[depth++] = start; depth;) {
      int a = stack[--depth];
      for (int k = p->map.from[a]; k < p->map.from[a + 1]; k++) {
        int b = p->map.neighbour[k];
        if (!seen[b] && grid_of[b] == grid_of[start]) seen[b] = true, stack[depth++] = b;
      }
    }
  }
  return true;
}

static void measure(const DistrictProblem *p, const int *grid_of, DistrictGrid *grids) {
  for (int a = 0; a < p->atom_count; a++) {
    const DistrictAtom *atom = &p->atoms[a];
    DistrictGrid *grid = &grids[grid_of[a]];
    grid->atoms++;
    grid->minutes += atom->minutes, grid->x += atom->x * atom->minutes, grid->y += atom->y * atom->minutes;
    if (atom->before >= 0) grids[atom->before].minutes_before += atom->minutes;
  }
  for (int g = 0; g < p->grid_count; g++)
    if (grids[g].minutes > 0) grids[g].x /= grids[g].minutes, grids[g].y /= grids[g].minutes;
  for (int a = 0; a < p->atom_count; a++) {
    DistrictGrid *grid = &grids[grid_of[a]];
    double dx = p->atoms[a].x - grid->x, dy = p->atoms[a].y - grid->y;
    grid->radius += p->atoms[a].minutes * (dx * dx + dy * dy);
  }
  for (int g = 0; g < p->grid_count; g++) grids[g].radius = grids[g].minutes > 0 ? sqrt(grids[g].radius / grids[g].minutes) : 0;
}

/* The radius that counts 1: of as much of the county as is one grid's, were it a disc of even work. */
static double usual_radius(const DistrictProblem *p) {
  double west = INFINITY, east = -INFINITY, south = INFINITY, north = -INFINITY;
  for (int a = 0; a < p->atom_count; a++) {
    west = fmin(west, p->atoms[a].x), east = fmax(east, p->atoms[a].x);
    south = fmin(south, p->atoms[a].y), north = fmax(north, p->atoms[a].y);
  }
  double area = (east - west + 1) * (north - south + 1);
  return sqrt(area / p->grid_count / 6.283185307179586);
}

bool district_figures(const DistrictProblem *p, const int *grid_of, Arena *arena, DistrictFigures *out, Error *error) {
  *out = (DistrictFigures){.grids = ARENA_ARRAY(arena, DistrictGrid, (size_t)p->grid_count + 1), .least = INFINITY};
  double total = 0, moved = 0, had = 0, spread = 0;
  for (int a = 0; a < p->atom_count; a++)
    if (grid_of[a] < 0 || grid_of[a] >= p->grid_count) return error_raise(error, ERROR_FIELD_INVALID, "grid_of[%d]\t%d\tno such grid", a, grid_of[a]);
  if (!out->grids || !count_pieces(p, grid_of, out->grids, arena)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "districts");
  measure(p, grid_of, out->grids);
  for (int a = 0; a < p->atom_count; a++) {
    const DistrictAtom *atom = &p->atoms[a];
    total += atom->minutes;
    if (atom->before < 0) continue;
    had += atom->minutes;
    if (atom->before != grid_of[a]) moved += atom->minutes;
  }
  out->mean = total / p->grid_count;
  double unit = usual_radius(p), mean = out->mean > 0 ? out->mean : 1;
  for (int g = 0; g < p->grid_count; g++) {
    const DistrictGrid *grid = &out->grids[g];
    double off = grid->minutes / mean - 1;
    out->least = fmin(out->least, grid->minutes), out->most = fmax(out->most, grid->minutes);
    spread += off * off;
    out->radius += grid->radius * grid->minutes;
    out->pieces_over += grid->pieces > 1 ? grid->pieces - 1 : 0;
    out->empty += grid->atoms == 0;
    out->cost += grid->radius / unit * grid->minutes / mean + p->rules.balance * off * off;
  }
  out->cost += p->rules.change * moved / mean;
  out->deviation = sqrt(spread / p->grid_count);
  out->radius = total > 0 ? out->radius / total : 0;
  out->moved = had > 0 ? moved / had : 0;
  return true;
}
