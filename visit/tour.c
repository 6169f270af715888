#include "visit/tour.h"

#include <math.h>
#include <stdlib.h>

#include "visit/tour_internal.h"

/* --- doors ------------------------------------------------------------------------------------------------------------ */

static int by_door(const void *left, const void *right, void *self) {
  const TourVisit *visits = self, *a = &visits[*(const int *)left], *b = &visits[*(const int *)right];
  if (a->x < b->x || a->x > b->x) return a->x < b->x ? -1 : 1;
  if (a->y < b->y || a->y > b->y) return a->y < b->y ? -1 : 1;
  if (a->before != b->before) return a->before < b->before ? -1 : 1;
  if (a->urgency != b->urgency) return a->urgency > b->urgency ? -1 : 1;
  if (a->earliest != b->earliest) return a->earliest < b->earliest ? -1 : 1;
  if (a->place_before != b->place_before) return a->place_before < b->place_before ? -1 : 1;
  return *(const int *)left - *(const int *)right;
}

static bool same_door(const TourVisit *a, const TourVisit *b) {
  return !(a->x < b->x || a->x > b->x || a->y < b->y || a->y > b->y) && a->before == b->before && a->urgency == b->urgency && a->earliest == b->earliest;
}

static void find_doors(TourSearch *s) {
  const TourVisit *visits = s->p->visits;
  for (int v = 0; v < s->p->visit_count; v++) s->sorted[v] = v;
  qsort_r(s->sorted, (size_t)s->p->visit_count, sizeof *s->sorted, by_door, (void *)visits);
  for (int i = 0; i < s->p->visit_count; i++) {
    const TourVisit *visit = &visits[s->sorted[i]];
    TourDoor *door = s->door_count ? &s->doors[s->door_count - 1] : NULL;
    if (!door || !same_door(visit, &visits[s->sorted[i - 1]]) || door->minutes + visit->minutes > TOUR_DOOR_MINUTES) {
      door = &s->doors[s->door_count++];
      *door = (TourDoor){visit->x, visit->y, 0, i, i};
    }
    door->minutes += visit->minutes, door->to = i + 1;
  }
  s->doors[s->door_count] = (TourDoor){s->p->base_x, s->p->base_y, 0, 0, 0};
}

static void price_days(TourSearch *s) {
  const TourProblem *p = s->p;
  for (int u = 0; u < s->door_count; u++) {
    const TourVisit *visit = &p->visits[s->sorted[s->doors[u].from]];
    double visits = s->doors[u].to - s->doors[u].from;
    for (int d = 0; d < p->day_count; d++) {
      double one = p->rules.urgent[visit->urgency] * d + (d < visit->earliest ? p->rules.early * (visit->earliest - d) : 0);
      if (visit->before >= 0 && visit->before != d) one += p->rules.change;
      s->extra[u * p->day_count + d] = (float)(one * visits);
    }
  }
}

/* The nearest doors: most by distance alone, the rest of another place, or a tower of flats would know nothing but itself. */
static void find_near(TourSearch *s, int u) {
  enum { ELSEWHERE = 4 };
  double far[TOUR_NEAR];
  int *near = &s->near[u * TOUR_NEAR], found[2] = {0, 0};
  for (int v = 0; v < s->door_count; v++) {
    double dx = s->doors[v].x - s->doors[u].x, dy = s->doors[v].y - s->doors[u].y, square = dx * dx + dy * dy;
    if (v == u) continue;
    bool elsewhere = square > 0;
    for (int part = 0; part < (elsewhere ? 2 : 1); part++) { /* [0, 6): any; [6, 10): elsewhere */
      int first = part ? TOUR_NEAR - ELSEWHERE : 0, most = part ? ELSEWHERE : TOUR_NEAR - ELSEWHERE;
      if (found[part] == most && square >= far[first + most - 1]) continue;
      int at = found[part] < most ? found[part]++ : most - 1;
      for (; at > 0 && far[first + at - 1] > square; at--) far[first + at] = far[first + at - 1], near[first + at] = near[first + at - 1];
      far[first + at] = square, near[first + at] = v;
    }
  }
  for (int k = found[0]; k < TOUR_NEAR - ELSEWHERE; k++) near[k] = -1;
  for (int k = found[1]; k < ELSEWHERE; k++) near[TOUR_NEAR - ELSEWHERE + k] = -1;
}

/* --- the first plan --------------------------------------------------------------------------------------------------- */

typedef struct Key {
  uint64_t at;
  int door;
} Key;

static int by_key(const void *left, const void *right) {
  const Key *a = left, *b = right;
  if (a->at != b->at) return a->at < b->at ? -1 : 1;
  return a->door - b->door;
}

/* Place along a Hilbert curve over the square that holds all (bits by bits, Warren, Hacker's Delight, chapter 16). */
static uint64_t hilbert(uint32_t x, uint32_t y) {
  uint64_t at = 0;
  for (uint32_t side = 1u << 15; side; side >>= 1) {
    uint32_t right = (x & side) > 0, up = (y & side) > 0;
    at += (uint64_t)side * side * ((3 * right) ^ up);
    if (!up) {
      if (right) x = (1u << 16) - 1 - x, y = (1u << 16) - 1 - y;
      uint32_t swap = x;
      x = y, y = swap;
    }
  }
  return at;
}

static void insert(TourSearch *s, int u, int day, int place) {
  int left = tour_at(s, day, place - 1), right = tour_at(s, day, place);
  s->load[day] += tour_leg(s, left, u) + tour_leg(s, u, right) - tour_leg(s, left, right) + s->doors[u].minutes;
  for (int i = s->len[day]; i > place; i--) s->at[day][i] = s->at[day][i - 1], s->pos[s->at[day][i]] = i;
  s->at[day][place] = u, s->day[u] = day, s->pos[u] = place;
  s->len[day]++;
}

static void lay_along(TourSearch *s, Key *keys) {
  double west = INFINITY, south = INFINITY, side = 1, total = 0, capacity = 0, passed = 0, share = 0;
  for (int u = 0; u < s->door_count; u++) west = fmin(west, s->doors[u].x), south = fmin(south, s->doors[u].y), total += s->doors[u].minutes;
  for (int u = 0; u < s->door_count; u++) side = fmax(side, fmax(s->doors[u].x - west, s->doors[u].y - south));
  for (int u = 0; u < s->door_count; u++)
    keys[u] = (Key){hilbert((uint32_t)((s->doors[u].x - west) / side * 65535), (uint32_t)((s->doors[u].y - south) / side * 65535)), u};
  qsort(keys, (size_t)s->door_count, sizeof *keys, by_key);
  for (int i = 0; i < s->open; i++) capacity += s->p->capacity[s->days[i]];
  for (int i = 0, at = 0; i < s->open; i++) {
    int d = s->days[i];
    share += s->p->capacity[d] / capacity * total;
    for (; at < s->door_count && (i == s->open - 1 || passed + s->doors[keys[at].door].minutes / 2 <= share); at++) {
      insert(s, keys[at].door, d, s->len[d]);
      passed += s->doors[keys[at].door].minutes;
    }
  }
}

/* Where a door costs least, its day's length and all else counted. */
static void insert_best(TourSearch *s, int u) {
  double best = INFINITY;
  int day = s->days[0], place = 0;
  for (int i = 0; i < s->open; i++)
    for (int d = s->days[i], k = 0; k <= s->len[d]; k++) {
      int left = tour_at(s, d, k - 1), right = tour_at(s, d, k);
      double way = tour_leg(s, left, u) + tour_leg(s, u, right) - tour_leg(s, left, right);
      double cost = way + tour_day_cost(s, d, s->load[d] + way + s->doors[u].minutes) - tour_day_cost(s, d, s->load[d]) +
                    (double)s->extra[u * s->p->day_count + d];
      if (cost < best) best = cost, day = d, place = k;
    }
  insert(s, u, day, place);
}

static void lay_as_before(TourSearch *s, Key *keys) {
  int count = 0;
  for (int u = 0; u < s->door_count; u++) {
    const TourVisit *visit = &s->p->visits[s->sorted[s->doors[u].from]];
    bool stays = visit->before >= 0 && s->p->capacity[visit->before] > 0;
    if (stays) keys[count++] = (Key){(uint64_t)(uint32_t)visit->before << 32 | ((uint32_t)visit->place_before ^ 0x80000000u), u};
  }
  qsort(keys, (size_t)count, sizeof *keys, by_key);
  for (int i = 0; i < count; i++) insert(s, keys[i].door, (int)(keys[i].at >> 32), s->len[keys[i].at >> 32]);
  for (int u = 0; u < s->door_count; u++)
    if (s->day[u] < 0) insert_best(s, u);
}

/* --- begin, result ---------------------------------------------------------------------------------------------------- */

static bool begin(TourSearch *s, const TourProblem *p, Arena *arena) {
  size_t n = (size_t)p->visit_count + 1;
  *s = (TourSearch){.p = p, .doors = ARENA_ARRAY(arena, TourDoor, n), .sorted = ARENA_ARRAY(arena, int, n), .day = ARENA_ARRAY(arena, int, n), .pos = ARENA_ARRAY(arena, int, n)};
  if (!s->doors || !s->sorted || !s->day || !s->pos) return false;
  find_doors(s);
  size_t doors = (size_t)s->door_count + 1;
  s->extra = ARENA_ARRAY(arena, float, doors *(size_t)p->day_count), s->near = ARENA_ARRAY(arena, int, doors *TOUR_NEAR);
  if (!s->extra || !s->near) return false;
  double work = 0, capacity = 0;
  for (int d = 0; d < p->day_count; d++) {
    s->at[d] = ARENA_ARRAY(arena, int, doors);
    if (!s->at[d]) return false;
    if (p->capacity[d] > 0) s->days[s->open++] = d, capacity += p->capacity[d];
  }
  for (int v = 0; v < p->visit_count; v++) work += p->visits[v].minutes;
  double mean = fmax(1, work / s->open);
  for (int i = 0; i < s->open; i++) s->even[s->days[i]] = p->rules.evenness / (p->capacity[s->days[i]] / (capacity / s->open) * mean);
  price_days(s);
  for (int u = 0; u < s->door_count; u++) {
    find_near(s, u);
    s->day[u] = -1;
  }
  return true;
}

static bool result(const TourSearch *s, TourPlan *out, Error *error) {
  int at = 0;
  out->day_count = s->p->day_count;
  for (int d = 0; d < s->p->day_count; d++) {
    out->days[d].from = at;
    for (int i = 0; i < s->len[d]; i++)
      for (int k = s->doors[s->at[d][i]].from; k < s->doors[s->at[d][i]].to; k++) out->order[at++] = s->sorted[k];
    out->days[d].to = at;
  }
  return tour_check(s->p, out, error);
}

int64_t tour_rounds(const TourProblem *problem) { return 1000 * (int64_t)problem->visit_count + 2000; }

bool tour_plan(const TourProblem *p, uint64_t seed, int64_t rounds, Arena *arena, TourPlan *out, Error *error) {
  if (!tour_problem_check(p, error)) return false;
  TourPlan first = {.order = ARENA_ARRAY(arena, int, (size_t)p->visit_count + 1)};
  *out = (TourPlan){.order = ARENA_ARRAY(arena, int, (size_t)p->visit_count + 1)};
  Arena work;
  arena_begin(&work, 0);
  TourSearch s;
  bool warm = false, ok = out->order && first.order && begin(&s, p, &work);
  Key *keys = ok ? ARENA_ARRAY(&work, Key, (size_t)s.door_count + 1) : NULL;
  if (!keys) {
    arena_end(&work);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "tour");
  }
  for (int v = 0; v < p->visit_count; v++) warm = warm || p->visits[v].before >= 0;
  if (warm) lay_as_before(&s, keys);
  else lay_along(&s, keys);
  ok = result(&s, &first, error);
  if (ok && s.door_count > 1) {
    random_seed(&s.random, seed);
    tour_search(&s, rounds, warm ? 1.5 : 6, 0.02);
  }
  ok = ok && result(&s, out, error);
  if (ok && first.cost < out->cost) *out = first; /* never worse than what there was */
  arena_end(&work);
  return ok;
}

int tour_roll(const TourProblem *p, const TourPlan *plan, const TourVisit *visit, int today, int among, int *at) {
  int best = -1, fitting = 0, least = -1;
  double cheapest = INFINITY, least_over = INFINITY;
  for (int d = today + 1 > visit->earliest ? today + 1 : visit->earliest; d < p->day_count && fitting < among; d++) {
    const TourDay *day = &plan->days[d];
    double way = INFINITY, x = p->base_x, y = p->base_y;
    int place = 0;
    if (p->capacity[d] <= 0) continue;
    for (int i = day->from; i <= day->to; i++) {
      double to_x = i < day->to ? p->visits[plan->order[i]].x : p->base_x, to_y = i < day->to ? p->visits[plan->order[i]].y : p->base_y;
      double further = tour_leg_minutes(&p->rules, hypot(visit->x - x, visit->y - y)) + tour_leg_minutes(&p->rules, hypot(to_x - visit->x, to_y - visit->y)) -
                       tour_leg_minutes(&p->rules, hypot(to_x - x, to_y - y));
      if (further < way) way = further, place = i - day->from;
      x = to_x, y = to_y;
    }
    double over = day->minutes + way + visit->minutes - p->capacity[d];
    if (over <= 0 && ++fitting && way < cheapest - 1e-9) cheapest = way, best = d, *at = place;
    if (best < 0 && over < least_over - 1e-9) least_over = over, least = d, *at = place;
  }
  return best >= 0 ? best : least;
}
