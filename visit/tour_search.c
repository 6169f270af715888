#include <math.h>
#include <string.h>

#include "visit/tour_internal.h"

static bool take_it(TourSearch *s, double worse) { return worse <= 0 || random_unit(&s->random) < exp(-worse / s->heat); }
static int some(TourSearch *s, int below) { return (int)random_below(&s->random, (uint32_t)below); }
static double extra(const TourSearch *s, int door, int day) { return (double)s->extra[(size_t)door * (size_t)s->p->day_count + (size_t)day]; }

static void number(TourSearch *s, int day, int from, int to) {
  for (int i = from; i < to; i++) s->pos[s->at[day][i]] = i, s->day[s->at[day][i]] = day;
}

/* Out of one day (or place) into another, before `place` as it is counted with the stretch still in. */
static void carry(TourSearch *s, int a, int first, int count, int b, int place, bool turned) {
  int held[4];
  memcpy(held, s->at[a] + first, (size_t)count * sizeof *held);
  memmove(s->at[a] + first, s->at[a] + first + count, (size_t)(s->len[a] - first - count) * sizeof(int));
  s->len[a] -= count;
  if (a == b && place > first) place -= count;
  memmove(s->at[b] + place + count, s->at[b] + place, (size_t)(s->len[b] - place) * sizeof(int));
  s->len[b] += count;
  for (int i = 0; i < count; i++) s->at[b][place + i] = held[turned ? count - 1 - i : i];
  if (a == b) {
    number(s, a, first < place ? first : place, s->len[a]);
  } else {
    number(s, a, first, s->len[a]);
    number(s, b, place, s->len[b]);
  }
}

/* A door and up to two that follow it go beside a door near it, or anywhere. */
static void try_carry(TourSearch *s, int u) {
  int a = s->day[u], first = s->pos[u], count = 1 + some(s, 3), b, place;
  if (first + count > s->len[a]) count = s->len[a] - first;
  int v = s->near[u * TOUR_NEAR + some(s, TOUR_NEAR)];
  if (v < 0 || some(s, 32) == 0) {
    b = s->days[some(s, s->open)], place = some(s, s->len[b] + 1);
  } else {
    b = s->day[v], place = s->pos[v] + some(s, 2);
  }
  if (a == b && place >= first && place <= first + count) return;
  int last = s->at[a][first + count - 1], before = tour_at(s, a, first - 1), after = tour_at(s, a, first + count);
  int left = tour_at(s, b, place - 1), right = tour_at(s, b, place);
  double inside = 0, work = 0, cost = 0;
  for (int i = first; i < first + count; i++) {
    int w = s->at[a][i];
    work += s->doors[w].minutes;
    if (i > first) inside += tour_leg(s, s->at[a][i - 1], w);
    if (a != b) cost += extra(s, w, b) - extra(s, w, a);
  }
  double gone = tour_leg(s, before, after) - tour_leg(s, before, u) - tour_leg(s, last, after);
  double straight = tour_leg(s, left, u) + tour_leg(s, last, right), turned = tour_leg(s, left, last) + tour_leg(s, u, right);
  double come = fmin(straight, turned) - tour_leg(s, left, right), load_a = s->load[a], load_b = s->load[b];
  if (a == b) {
    load_a += gone + come;
    cost += gone + come + tour_day_cost(s, a, load_a) - tour_day_cost(s, a, s->load[a]);
  } else {
    load_a += gone - inside - work, load_b += come + inside + work;
    cost += gone + come + tour_day_cost(s, a, load_a) - tour_day_cost(s, a, s->load[a]) + tour_day_cost(s, b, load_b) - tour_day_cost(s, b, s->load[b]);
  }
  if (!take_it(s, cost)) return;
  s->load[a] = load_a;
  if (a != b) s->load[b] = load_b;
  carry(s, a, first, count, b, place, turned < straight);
}

/* Two doors of different days take each other's places. */
static void try_exchange(TourSearch *s, int u) {
  int v = s->near[u * TOUR_NEAR + some(s, TOUR_NEAR)];
  if (v < 0) return;
  int a = s->day[u], b = s->day[v], i = s->pos[u], k = s->pos[v] + (some(s, 2) ? 1 : -1); /* the door beside the near one */
  if (a == b || k < 0 || k >= s->len[b]) return;
  int w = s->at[b][k], ua = tour_at(s, a, i - 1), ub = tour_at(s, a, i + 1), wa = tour_at(s, b, k - 1), wb = tour_at(s, b, k + 1);
  double way_a = tour_leg(s, ua, w) + tour_leg(s, w, ub) - tour_leg(s, ua, u) - tour_leg(s, u, ub);
  double way_b = tour_leg(s, wa, u) + tour_leg(s, u, wb) - tour_leg(s, wa, w) - tour_leg(s, w, wb);
  double load_a = s->load[a] + way_a + s->doors[w].minutes - s->doors[u].minutes, load_b = s->load[b] + way_b + s->doors[u].minutes - s->doors[w].minutes;
  double cost = way_a + way_b + tour_day_cost(s, a, load_a) - tour_day_cost(s, a, s->load[a]) + tour_day_cost(s, b, load_b) - tour_day_cost(s, b, s->load[b]) +
                extra(s, u, b) - extra(s, u, a) + extra(s, w, a) - extra(s, w, b);
  if (!take_it(s, cost)) return;
  s->load[a] = load_a, s->load[b] = load_b;
  s->at[a][i] = w, s->at[b][k] = u;
  s->day[w] = a, s->pos[w] = i, s->day[u] = b, s->pos[u] = k;
}

/* A stretch of one day the other way round. */
static void try_turn(TourSearch *s, int u) {
  int v = s->near[u * TOUR_NEAR + some(s, TOUR_NEAR)];
  if (v < 0 || s->day[u] != s->day[v]) return;
  int a = s->day[u], i = s->pos[u] < s->pos[v] ? s->pos[u] : s->pos[v], k = s->pos[u] < s->pos[v] ? s->pos[v] : s->pos[u];
  i += some(s, 2); /* so that the two come to stand beside each other, from either end */
  if (i > s->pos[u] && i > s->pos[v]) return;
  if (some(s, 2)) k--, i = i > 0 ? i - 1 : 0;
  if (k <= i) return;
  int first = s->at[a][i], last = s->at[a][k], before = tour_at(s, a, i - 1), after = tour_at(s, a, k + 1);
  double way = tour_leg(s, before, last) + tour_leg(s, first, after) - tour_leg(s, before, first) - tour_leg(s, last, after), load = s->load[a] + way;
  if (!take_it(s, way + tour_day_cost(s, a, load) - tour_day_cost(s, a, s->load[a]))) return;
  s->load[a] = load;
  for (int l = i, r = k; l < r; l++, r--) {
    int swap = s->at[a][l];
    s->at[a][l] = s->at[a][r], s->at[a][r] = swap;
  }
  number(s, a, i, k + 1);
}

/* Minutes of a tail with the legs inside it; what its being on day `to` instead costs. */
static double tail_of(const TourSearch *s, int day, int from, int to, double *change) {
  double minutes = 0;
  for (int i = from; i < s->len[day]; i++) {
    int w = s->at[day][i];
    minutes += s->doors[w].minutes + (i > from ? tour_leg(s, s->at[day][i - 1], w) : 0);
    *change += extra(s, w, to) - extra(s, w, day);
  }
  return minutes;
}

/* Two days exchange what comes after a door of one and a door near it of the other. */
static void try_tails(TourSearch *s, int u, int *held) {
  int v = s->near[u * TOUR_NEAR + some(s, TOUR_NEAR)];
  if (v < 0 || s->day[u] == s->day[v]) return;
  int a = s->day[u], b = s->day[v], i = s->pos[u] + 1, k = s->pos[v], base = s->door_count; /* u's way goes on with v */
  double change = 0, tail_a = tail_of(s, a, i, b, &change), tail_b = tail_of(s, b, k, a, &change);
  int u_next = tour_at(s, a, i), v_before = tour_at(s, b, k - 1);
  double out_a = (i < s->len[a] ? tour_leg(s, u, u_next) + tour_leg(s, s->at[a][s->len[a] - 1], base) : tour_leg(s, u, base));
  double out_b = tour_leg(s, v_before, v) + tour_leg(s, s->at[b][s->len[b] - 1], base);
  double in_a = tour_leg(s, u, v) + tour_leg(s, s->at[b][s->len[b] - 1], base);
  double in_b = i < s->len[a] ? tour_leg(s, v_before, u_next) + tour_leg(s, s->at[a][s->len[a] - 1], base) : tour_leg(s, v_before, base);
  double load_a = s->load[a] - tail_a - out_a + in_a + tail_b, load_b = s->load[b] - tail_b - out_b + in_b + tail_a;
  double cost = in_a + in_b - out_a - out_b + change + tour_day_cost(s, a, load_a) - tour_day_cost(s, a, s->load[a]) + tour_day_cost(s, b, load_b) -
                tour_day_cost(s, b, s->load[b]);
  if (!take_it(s, cost)) return;
  int from_a = s->len[a] - i, from_b = s->len[b] - k;
  memcpy(held, s->at[a] + i, (size_t)from_a * sizeof(int));
  memcpy(s->at[a] + i, s->at[b] + k, (size_t)from_b * sizeof(int));
  memcpy(s->at[b] + k, held, (size_t)from_a * sizeof(int));
  s->len[a] = i + from_b, s->len[b] = k + from_a;
  s->load[a] = load_a, s->load[b] = load_b;
  number(s, a, i, s->len[a]), number(s, b, k, s->len[b]);
}

/* Two days change places whole: who is due comes sooner. */
static void try_days(TourSearch *s) {
  int a = s->days[some(s, s->open)], b = s->days[some(s, s->open)];
  if (a == b) return;
  double cost = tour_day_cost(s, a, s->load[b]) + tour_day_cost(s, b, s->load[a]) - tour_day_cost(s, a, s->load[a]) - tour_day_cost(s, b, s->load[b]);
  for (int i = 0; i < s->len[a]; i++) cost += extra(s, s->at[a][i], b) - extra(s, s->at[a][i], a);
  for (int i = 0; i < s->len[b]; i++) cost += extra(s, s->at[b][i], a) - extra(s, s->at[b][i], b);
  if (!take_it(s, cost)) return;
  int *at = s->at[a], len = s->len[a];
  double load = s->load[a];
  s->at[a] = s->at[b], s->len[a] = s->len[b], s->load[a] = s->load[b];
  s->at[b] = at, s->len[b] = len, s->load[b] = load;
  number(s, a, 0, s->len[a]), number(s, b, 0, s->len[b]);
}

void tour_search(TourSearch *s, int64_t rounds, double hot, double cold) {
  int held[TOUR_VISITS]; /* 80 KB of the caller's stack */
  for (int64_t r = 0; r < rounds; r++) {
    if (r % 256 == 0) s->heat = hot * pow(cold / hot, (double)r / (double)rounds);
    int u = some(s, s->door_count), kind = some(s, 256);
    if (kind < 130) try_carry(s, u);
    else if (kind < 190) try_turn(s, u);
    else if (kind < 235) try_exchange(s, u);
    else if (kind < 254) try_tails(s, u, held);
    else try_days(s);
  }
}
