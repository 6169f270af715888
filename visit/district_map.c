#include <math.h>
#include <stdlib.h>

#include "base/vector.h"
#include "visit/district.h"

enum { NEAR = 12 }; /* so many of the nearest are asked first whether they stand in the way */

typedef struct Edge {
  int a, b;
} Edge;

typedef struct Maker {
  const DistrictAtom *atoms;
  int count;
  int *spot;      /* first atom at each place */
  int spots;
  int *near;      /* spots × NEAR, nearest first, -1: none */
  VECTOR(Edge) edges;
} Maker;

static int by_place(const void *left, const void *right, void *self) {
  const DistrictAtom *atoms = self, *a = &atoms[*(const int *)left], *b = &atoms[*(const int *)right];
  if (a->x < b->x || a->x > b->x) return a->x < b->x ? -1 : 1;
  if (a->y < b->y || a->y > b->y) return a->y < b->y ? -1 : 1;
  return *(const int *)left - *(const int *)right;
}

/* One spot a place; the others at it hang on the first. */
static bool find_spots(Maker *maker) {
  for (int i = 0; i < maker->count; i++) maker->spot[i] = i;
  qsort_r(maker->spot, (size_t)maker->count, sizeof *maker->spot, by_place, (void *)maker->atoms);
  for (int i = 0; i < maker->count; i++) {
    int atom = maker->spot[i], first = maker->spots ? maker->spot[maker->spots - 1] : -1;
    bool same = first >= 0 && !(maker->atoms[first].x < maker->atoms[atom].x) && !(maker->atoms[first].y < maker->atoms[atom].y || maker->atoms[first].y > maker->atoms[atom].y);
    if (!same) maker->spot[maker->spots++] = atom;
    else if (!vector_push(&maker->edges, (Edge){first, atom})) return false;
  }
  return true;
}

static double square(const Maker *maker, int a, int b) {
  double dx = maker->atoms[maker->spot[a]].x - maker->atoms[maker->spot[b]].x, dy = maker->atoms[maker->spot[a]].y - maker->atoms[maker->spot[b]].y;
  return dx * dx + dy * dy;
}

/* Spots are in order of x: the search goes out to both sides until x alone is too far. */
static void find_near(Maker *maker, int a) {
  double best[NEAR];
  int *near = &maker->near[a * NEAR], found = 0;
  for (int step = 1, left = 1, right = 1; left || right; step++)
    for (int side = -1; side <= 1; side += 2) {
      int b = a + side * step;
      if (side < 0 ? !left : !right) continue;
      if (b < 0 || b >= maker->spots) {
        if (side < 0) left = 0;
        else right = 0;
        continue;
      }
      double dx = maker->atoms[maker->spot[a]].x - maker->atoms[maker->spot[b]].x;
      if (found == NEAR && dx * dx > best[NEAR - 1]) {
        if (side < 0) left = 0;
        else right = 0;
        continue;
      }
      double far = square(maker, a, b);
      if (found == NEAR && far >= best[NEAR - 1]) continue;
      int at = found < NEAR ? found++ : NEAR - 1;
      for (; at > 0 && best[at - 1] > far; at--) best[at] = best[at - 1], near[at] = near[at - 1];
      best[at] = far, near[at] = b;
    }
  for (int k = found; k < NEAR; k++) near[k] = -1;
}

/* c stands strictly inside the circle over a–b: the angle at c is obtuse. */
static bool blocks(const Maker *maker, int a, int b, int c) {
  const DistrictAtom *at = maker->atoms, *p = &at[maker->spot[a]], *q = &at[maker->spot[b]], *r = &at[maker->spot[c]];
  return (p->x - r->x) * (q->x - r->x) + (p->y - r->y) * (q->y - r->y) < 0;
}

static bool are_neighbours(const Maker *maker, int a, int b) {
  const int *ends[2] = {&maker->near[a * NEAR], &maker->near[b * NEAR]};
  for (int k = 0; k < NEAR; k++)
    for (int e = 0; e < 2; e++)
      if (ends[e][k] >= 0 && ends[e][k] != a && ends[e][k] != b && blocks(maker, a, b, ends[e][k])) return false;
  double middle = (maker->atoms[maker->spot[a]].x + maker->atoms[maker->spot[b]].x) / 2, reach = sqrt(square(maker, a, b)) / 2;
  for (int side = -1; side <= 1; side += 2) /* the rest, by x: only who is in the circle's stripe can block */
    for (int c = a + side; c >= 0 && c < maker->spots; c += side) {
      double dx = maker->atoms[maker->spot[c]].x - middle;
      if (side * dx > reach) break;
      if (c != b && blocks(maker, a, b, c)) return false;
    }
  return true;
}

static bool as_map(const Maker *maker, Arena *arena, DistrictMap *out) {
  out->from = ARENA_ARRAY(arena, int, (size_t)maker->count + 2);
  out->neighbour = ARENA_ARRAY(arena, int, maker->edges.count * 2 + 1);
  if (!out->from || !out->neighbour) return false;
  for (size_t e = 0; e < maker->edges.count; e++) out->from[maker->edges.at[e].a + 2]++, out->from[maker->edges.at[e].b + 2]++;
  for (int i = 2; i < maker->count + 2; i++) out->from[i] += out->from[i - 1];
  for (size_t e = 0; e < maker->edges.count; e++) {
    Edge edge = maker->edges.at[e];
    out->neighbour[out->from[edge.a + 1]++] = edge.b;
    out->neighbour[out->from[edge.b + 1]++] = edge.a;
  }
  return true;
}

bool district_map(const DistrictAtom *atoms, int count, Arena *arena, DistrictMap *out, Error *error) {
  Maker maker = {.atoms = atoms, .count = count};
  bool ok = true;
  for (int i = 0; i < count; i++)
    if (!isfinite(atoms[i].x) || !isfinite(atoms[i].y)) return error_raise(error, ERROR_FIELD_INVALID, "atoms[%d]\t%g, %g\tno place", i, atoms[i].x, atoms[i].y);
  maker.spot = memory_new(((size_t)count + 1) * sizeof *maker.spot);
  maker.near = memory_new(((size_t)count + 1) * NEAR * sizeof *maker.near);
  ok = maker.spot && maker.near && find_spots(&maker);
  for (int a = 0; ok && a < maker.spots; a++) find_near(&maker, a);
  for (int a = 0; ok && a < maker.spots; a++)
    for (int b = a + 1; ok && b < maker.spots; b++)
      if (are_neighbours(&maker, a, b)) ok = vector_push(&maker.edges, (Edge){maker.spot[a], maker.spot[b]});
  ok = ok && as_map(&maker, arena, out);
  vector_free(&maker.edges);
  memory_free(maker.near), memory_free(maker.spot);
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "map of neighbours");
}
