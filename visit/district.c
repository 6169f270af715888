#include "visit/district.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"

typedef struct Sums { /* of one grid */
  double w, x, y, r2; /* work; Σ work × x, y, (x² + y²) */
  int atoms;
  int first;          /* of its list of atoms, -1 */
} Sums;

typedef struct Search {
  const DistrictProblem *p;
  Random random;
  int *grid_of;
  Sums *sums;
  int *next, *previous; /* lists of atoms by grid */
  int *stack;
  uint32_t *seen, stamp;
  double mean, unit, x0, y0;
  double heat;
} Search;

/* --- state ------------------------------------------------------------------------------------------------------------ */

static void put_in(Search *s, int atom, int grid) {
  const DistrictAtom *a = &s->p->atoms[atom];
  Sums *sums = &s->sums[grid];
  double x = a->x - s->x0, y = a->y - s->y0;
  s->grid_of[atom] = grid;
  sums->w += a->minutes, sums->x += a->minutes * x, sums->y += a->minutes * y, sums->r2 += a->minutes * (x * x + y * y), sums->atoms++;
  s->next[atom] = sums->first, s->previous[atom] = -1;
  if (sums->first >= 0) s->previous[sums->first] = atom;
  sums->first = atom;
}

static void take_out(Search *s, int atom) {
  const DistrictAtom *a = &s->p->atoms[atom];
  Sums *sums = &s->sums[s->grid_of[atom]];
  double x = a->x - s->x0, y = a->y - s->y0;
  sums->w -= a->minutes, sums->x -= a->minutes * x, sums->y -= a->minutes * y, sums->r2 -= a->minutes * (x * x + y * y), sums->atoms--;
  if (s->previous[atom] >= 0) s->next[s->previous[atom]] = s->next[atom];
  else sums->first = s->next[atom];
  if (s->next[atom] >= 0) s->previous[s->next[atom]] = s->previous[atom];
}

static void move(Search *s, int atom, int grid) {
  take_out(s, atom);
  put_in(s, atom, grid);
}

static double grid_cost(const Search *s, int grid) {
  const Sums *sums = &s->sums[grid];
  double off = sums->w / s->mean - 1;
  double spread = sums->w > 0 ? fmax(0, sums->r2 - (sums->x * sums->x + sums->y * sums->y) / sums->w) : 0;
  return sqrt(spread * fmax(0, sums->w)) / (s->unit * s->mean) + s->p->rules.balance * off * off;
}

static double change_cost(const Search *s, int atom, int grid) {
  const DistrictAtom *a = &s->p->atoms[atom];
  return a->before >= 0 && a->before != grid ? s->p->rules.change * a->minutes / s->mean : 0;
}

/* Atoms of `grid` that can be reached from `start`, `without` one. */
static int flood(Search *s, int grid, int start, int without) {
  int depth = 0, count = 0;
  s->stamp++;
  for (s->seen[start] = s->stamp, s->stack[depth++] = start; depth; count++) {
    int a = s->stack[--depth];
    for (int k = s->p->map.from[a]; k < s->p->map.from[a + 1]; k++) {
      int b = s->p->map.neighbour[k];
      if (b == without || s->grid_of[b] != grid || s->seen[b] == s->stamp) continue;
      s->seen[b] = s->stamp, s->stack[depth++] = b;
    }
  }
  return count;
}

static bool is_whole(Search *s, int grid) { return s->sums[grid].atoms <= 1 || flood(s, grid, s->sums[grid].first, -1) == s->sums[grid].atoms; }

/* --- the first plan --------------------------------------------------------------------------------------------------- */

typedef struct Key {
  double at;
  int atom;
} Key;

static int by_key(const void *left, const void *right) {
  const Key *a = left, *b = right;
  if (a->at < b->at || a->at > b->at) return a->at < b->at ? -1 : 1;
  return a->atom - b->atom;
}

static void sort_along(const Search *s, Key *keys, int count) {
  double west = INFINITY, east = -INFINITY, south = INFINITY, north = -INFINITY;
  for (int i = 0; i < count; i++) {
    const DistrictAtom *a = &s->p->atoms[keys[i].atom];
    west = fmin(west, a->x), east = fmax(east, a->x), south = fmin(south, a->y), north = fmax(north, a->y);
  }
  for (int i = 0; i < count; i++) {
    const DistrictAtom *a = &s->p->atoms[keys[i].atom];
    keys[i].at = east - west >= north - south ? a->x : a->y;
  }
  qsort(keys, (size_t)count, sizeof *keys, by_key);
}

/* Halves along the longer side, work by the grids each gets; every grid an atom while there are as many. */
static void halve(Search *s, Key *keys, int count, int grid, int grids) {
  while (grids > 1) {
    int some = grids / 2, cut = 0;
    double total = 0, passed = 0;
    sort_along(s, keys, count);
    for (int i = 0; i < count; i++) total += s->p->atoms[keys[i].atom].minutes;
    while (cut < count && passed + s->p->atoms[keys[cut].atom].minutes / 2 <= total * some / grids) passed += s->p->atoms[keys[cut++].atom].minutes;
    if (cut < some) cut = some;
    if (count - cut < grids - some) cut = count - (grids - some);
    cut = cut < 0 ? 0 : cut > count ? count : cut;
    halve(s, keys, cut, grid, some); /* depth: log2 of the grids */
    keys += cut, count -= cut, grid += some, grids -= some;
  }
  for (int i = 0; i < count; i++) put_in(s, keys[i].atom, grid);
}

static int heaviest(const Search *s) {
  int best = -1;
  for (int g = 0; g < s->p->grid_count; g++)
    if (s->sums[g].atoms > 1 && (best < 0 || s->sums[g].w > s->sums[best].w)) best = g;
  return best;
}

/* Half of the heaviest grid goes to one that is empty. */
static void fill_empty(Search *s, int empty, Key *keys) {
  int from = heaviest(s), count = 0;
  if (from < 0) return;
  for (int a = s->sums[from].first; a >= 0; a = s->next[a]) keys[count++] = (Key){0, a};
  sort_along(s, keys, count);
  double half = s->sums[from].w / 2, passed = 0;
  for (int i = 0; i < count - 1; i++) {
    if (i && passed + s->p->atoms[keys[i].atom].minutes / 2 > half) break;
    passed += s->p->atoms[keys[i].atom].minutes;
    if (!s->p->atoms[keys[i].atom].fixed) move(s, keys[i].atom, empty);
  }
}

/* Atoms of nobody join the lightest grid beside them, from the edge of what is taken inwards. */
static void adopt_orphans(Search *s) {
  for (bool some = true; some;) {
    some = false;
    for (int a = 0; a < s->p->atom_count; a++) {
      int best = -1;
      if (s->grid_of[a] >= 0) continue;
      for (int k = s->p->map.from[a]; k < s->p->map.from[a + 1]; k++) {
        int g = s->grid_of[s->p->map.neighbour[k]];
        if (g >= 0 && (best < 0 || s->sums[g].w < s->sums[best].w)) best = g;
      }
      if (best >= 0) put_in(s, a, best), some = true;
    }
  }
}

/* Of a grid in pieces the heaviest stays; the others' free atoms become nobody's, and are adopted. */
static void make_whole(Search *s, int grid) {
  int best = -1;
  double most = -1;
  uint32_t from = s->stamp;
  for (int a = s->sums[grid].first; a >= 0; a = s->next[a]) {
    if (s->seen[a] > from) continue;
    flood(s, grid, a, -1); /* marks this piece with its own stamp */
    double work = 0;
    for (int b = s->sums[grid].first; b >= 0; b = s->next[b])
      if (s->seen[b] == s->stamp) work += s->p->atoms[b].minutes + (s->p->atoms[b].fixed ? 1e12 : 0);
    if (work > most) most = work, best = (int)(s->stamp - from);
  }
  for (int a = s->sums[grid].first, next; a >= 0; a = next) {
    next = s->next[a];
    if (s->seen[a] == from + (uint32_t)best || s->p->atoms[a].fixed) continue;
    take_out(s, a);
    s->grid_of[a] = -1;
  }
}

static void repair(Search *s, Key *keys) {
  for (int g = 0; g < s->p->grid_count; g++)
    if (!is_whole(s, g)) make_whole(s, g);
  adopt_orphans(s);
  for (int g = 0; g < s->p->grid_count; g++)
    if (!s->sums[g].atoms) {
      fill_empty(s, g, keys);
      for (int h = 0; h < s->p->grid_count; h++) /* what the cut took apart */
        if (s->sums[h].atoms && !is_whole(s, h)) make_whole(s, h);
      adopt_orphans(s);
    }
}

static double total_cost(const Search *s) {
  double cost = 0;
  for (int g = 0; g < s->p->grid_count; g++) cost += grid_cost(s, g);
  for (int a = 0; a < s->p->atom_count; a++) cost += change_cost(s, a, s->grid_of[a]);
  return cost;
}

static int lightest(const Search *s, const bool *refused) {
  int best = -1;
  for (int g = 0; g < s->p->grid_count; g++) {
    bool fixed = false;
    if (refused[g] || (best >= 0 && s->sums[g].w >= s->sums[best].w)) continue;
    for (int a = s->sums[g].first; a >= 0; a = s->next[a]) fixed = fixed || s->p->atoms[a].fixed;
    if (!fixed) best = g;
  }
  return best;
}

static void put_back(Search *s, const int *grid_of) {
  for (int a = 0; a < s->p->atom_count; a++)
    if (s->grid_of[a] != grid_of[a]) move(s, a, grid_of[a]);
}

/* Present grids may have too many managers in one part of the county: no exchange over borders mends that soon. The lightest grid goes to
 * those beside it and its manager takes half of the heaviest, as long as that pays. */
static void move_managers(Search *s, Key *keys, int *held, bool *refused) {
  double cost = total_cost(s);
  for (int tries = 0, failures = 0; tries < 2 * s->p->grid_count && failures < 20; tries++) {
    int from = lightest(s, refused), heavy = heaviest(s);
    if (from < 0 || heavy < 0 || heavy == from) return;
    for (int a = 0; a < s->p->atom_count; a++) held[a] = s->grid_of[a];
    for (int a = s->sums[from].first, next; a >= 0; a = next) {
      next = s->next[a];
      take_out(s, a);
      s->grid_of[a] = -1;
    }
    adopt_orphans(s);
    bool alone = false; /* in a piece of the map of its own: nobody to give it to */
    for (int a = 0; a < s->p->atom_count; a++)
      if (s->grid_of[a] < 0) put_in(s, a, from), alone = true;
    if (!alone) repair(s, keys);
    double after = alone ? INFINITY : total_cost(s);
    if (after < cost && s->sums[from].atoms) {
      cost = after;
      continue;
    }
    put_back(s, held);
    refused[from] = true, failures++;
  }
}

static void first_plan(Search *s, Key *keys, int *held, bool *refused) {
  int known = 0, count = 0;
  for (int a = 0; a < s->p->atom_count; a++) {
    s->grid_of[a] = -1;
    known += s->p->atoms[a].before >= 0;
  }
  if (known == 0) {
    for (int a = 0; a < s->p->atom_count; a++) keys[count++] = (Key){0, a};
    halve(s, keys, count, 0, s->p->grid_count);
  } else {
    for (int a = 0; a < s->p->atom_count; a++)
      if (s->p->atoms[a].before >= 0) put_in(s, a, s->p->atoms[a].before);
    adopt_orphans(s);
  }
  repair(s, keys);
  if (known) move_managers(s, keys, held, refused);
}

/* --- the search ------------------------------------------------------------------------------------------------------- */

/* May the atom leave its grid without taking it apart? What hangs together stays so; what does not may only get better. */
static bool may_leave(Search *s, int atom) {
  int grid = s->grid_of[atom], start = -1, beside = 0;
  if (s->p->atoms[atom].fixed || s->sums[grid].atoms < 2) return false;
  for (int k = s->p->map.from[atom]; k < s->p->map.from[atom + 1]; k++)
    if (s->grid_of[s->p->map.neighbour[k]] == grid) start = s->p->map.neighbour[k], beside++;
  if (beside < 2) return beside == 1 || !is_whole(s, grid); /* a leaf, or a piece by itself */
  flood(s, grid, start, atom);
  for (int k = s->p->map.from[atom]; k < s->p->map.from[atom + 1]; k++) {
    int b = s->p->map.neighbour[k];
    if (s->grid_of[b] == grid && s->seen[b] != s->stamp) return false;
  }
  return true;
}

static int grid_beside(Search *s, int atom) { /* some other grid next to it, -1 */
  int degree = s->p->map.from[atom + 1] - s->p->map.from[atom];
  if (!degree) return -1;
  int grid = s->grid_of[s->p->map.neighbour[s->p->map.from[atom] + (int)random_below(&s->random, (uint32_t)degree)]];
  return grid == s->grid_of[atom] ? -1 : grid;
}

static int some_atom(Search *s, int grid) {
  int atom = s->sums[grid].first;
  for (uint32_t skip = random_below(&s->random, (uint32_t)s->sums[grid].atoms); skip; skip--) atom = s->next[atom];
  return atom;
}

static bool touches(const Search *s, int atom, int grid) {
  for (int k = s->p->map.from[atom]; k < s->p->map.from[atom + 1]; k++)
    if (s->grid_of[s->p->map.neighbour[k]] == grid) return true;
  return false;
}

static bool take_it(Search *s, double worse) { return worse <= 0 || random_unit(&s->random) < exp(-worse / s->heat); }

/* One atom over the border; and then, as often as not, one of the receiving grid goes on (or back): else balance would be stuck. */
static void round_of(Search *s) {
  int a = (int)random_below(&s->random, (uint32_t)s->p->atom_count), from = s->grid_of[a], to = grid_beside(s, a);
  if (to < 0 || s->p->atoms[a].fixed) return;
  bool chain = random_u64(&s->random) >> 63;
  int b = chain ? some_atom(s, to) : -1, on = chain ? grid_beside(s, b) : -1;
  if (chain && (on < 0 || s->p->atoms[b].fixed)) return;
  bool third = on >= 0 && on != from;
  double before = grid_cost(s, from) + grid_cost(s, to) + (third ? grid_cost(s, on) : 0) + change_cost(s, a, from) + (chain ? change_cost(s, b, to) : 0);
  if (!chain && !may_leave(s, a)) return;
  move(s, a, to);
  if (chain) move(s, b, on);
  double after = grid_cost(s, from) + grid_cost(s, to) + (third ? grid_cost(s, on) : 0) + change_cost(s, a, to) + (chain ? change_cost(s, b, on) : 0);
  bool keep = take_it(s, after - before);
  if (keep && chain) /* the order of the two moves does not matter for being whole, their sum does */
    keep = s->sums[from].atoms && s->sums[to].atoms && touches(s, b, on) && is_whole(s, from) && is_whole(s, to) && is_whole(s, on);
  if (keep) return;
  if (chain) move(s, b, to);
  move(s, a, from);
}

static void improve(Search *s, int64_t rounds, double hot) {
  const double COLD = 0.002;
  for (int64_t r = 0; r < rounds; r++) {
    if (r % 256 == 0) s->heat = hot * pow(COLD / hot, (double)r / (double)rounds);
    round_of(s);
  }
}

int64_t district_rounds(const DistrictProblem *problem) { return 5000 * (int64_t)problem->atom_count; }

static bool check(const DistrictProblem *p, Error *error) {
  if (p->grid_count < 1) return error_raise(error, ERROR_FIELD_INVALID, "grids\t%d\tat least one", p->grid_count);
  for (int a = 0; a < p->atom_count; a++) {
    const DistrictAtom *atom = &p->atoms[a];
    if (!isfinite(atom->x) || !isfinite(atom->y)) return error_raise(error, ERROR_FIELD_INVALID, "atoms[%d]\t%g, %g\tno place", a, atom->x, atom->y);
    if (!(atom->minutes >= 0 && atom->minutes < 1e9)) return error_raise(error, ERROR_FIELD_INVALID, "atoms[%d].minutes\t%g\t0 to 1e9", a, atom->minutes);
    if (atom->before < (atom->fixed ? 0 : -1) || atom->before >= p->grid_count)
      return error_raise(error, ERROR_FIELD_INVALID, "atoms[%d].before\t%d\tno such grid", a, atom->before);
  }
  return true;
}

static void begin_frame(Search *s) {
  double west = INFINITY, east = -INFINITY, south = INFINITY, north = -INFINITY, total = 0;
  for (int a = 0; a < s->p->atom_count; a++) {
    const DistrictAtom *atom = &s->p->atoms[a];
    west = fmin(west, atom->x), east = fmax(east, atom->x), south = fmin(south, atom->y), north = fmax(north, atom->y);
    total += atom->minutes;
  }
  s->x0 = (west + east) / 2, s->y0 = (south + north) / 2;
  s->mean = total > 0 ? total / s->p->grid_count : 1;
  s->unit = sqrt((east - west + 1) * (north - south + 1) / s->p->grid_count / 6.283185307179586);
}

bool district_plan(const DistrictProblem *p, uint64_t seed, int64_t rounds, int *out, Error *error) {
  if (!check(p, error)) return false;
  if (p->atom_count == 0) return true;
  size_t n = (size_t)p->atom_count;
  Search s = {.p = p, .grid_of = out};
  Arena arena;
  arena_begin(&arena, 0);
  s.sums = ARENA_ARRAY(&arena, Sums, (size_t)p->grid_count), s.next = ARENA_ARRAY(&arena, int, n), s.previous = ARENA_ARRAY(&arena, int, n);
  s.stack = ARENA_ARRAY(&arena, int, n), s.seen = ARENA_ARRAY(&arena, uint32_t, n);
  Key *keys = ARENA_ARRAY(&arena, Key, n);
  int *held = ARENA_ARRAY(&arena, int, n);
  bool *refused = ARENA_ARRAY(&arena, bool, (size_t)p->grid_count);
  bool ok = s.sums && s.next && s.previous && s.stack && s.seen && keys && held && refused, warm = false;
  if (ok) {
    for (int g = 0; g < p->grid_count; g++) s.sums[g].first = -1;
    for (int a = 0; a < p->atom_count; a++) warm = warm || p->atoms[a].before >= 0;
    random_seed(&s.random, seed);
    begin_frame(&s);
    first_plan(&s, keys, held, refused);
    improve(&s, rounds, warm ? 0.05 : 0.3);
  }
  arena_end(&arena);
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "districts");
}
