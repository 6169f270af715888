#include <math.h>
#include <stdlib.h>

#include "visit/tour.h"

typedef struct Key {
  double angle, far;
  int visit;
} Key;

static int by_angle(const void *left, const void *right) {
  const Key *a = left, *b = right;
  if (a->angle < b->angle || a->angle > b->angle) return a->angle < b->angle ? -1 : 1;
  if (a->far < b->far || a->far > b->far) return a->far < b->far ? -1 : 1;
  return a->visit - b->visit;
}

static double metres(const TourProblem *p, int a, int b) { /* -1: the base */
  double ax = a < 0 ? p->base_x : p->visits[a].x, ay = a < 0 ? p->base_y : p->visits[a].y;
  double bx = b < 0 ? p->base_x : p->visits[b].x, by = b < 0 ? p->base_y : p->visits[b].y;
  return hypot(ax - bx, ay - by);
}

static void nearest_next(const TourProblem *p, int *order, int count) {
  for (int i = 0, last = -1; i < count; last = order[i++]) {
    int best = i;
    for (int k = i + 1; k < count; k++)
      if (metres(p, last, order[k]) < metres(p, last, order[best])) best = k;
    int taken = order[best];
    order[best] = order[i], order[i] = taken;
  }
}

static double leg(const TourProblem *p, int a, int b) { return tour_leg_minutes(&p->rules, metres(p, a, b)); }

static void two_opt(const TourProblem *p, int *order, int count) {
  bool better = true;
  for (int pass = 0; better && pass < 100; pass++) {
    better = false;
    for (int i = 0; i < count; i++)
      for (int k = i + 1; k < count; k++) {
        int a = i ? order[i - 1] : -1, b = k + 1 < count ? order[k + 1] : -1;
        if (leg(p, a, order[k]) + leg(p, order[i], b) >= leg(p, a, order[i]) + leg(p, order[k], b) - 1e-9) continue;
        for (int l = i, r = k; l < r; l++, r--) {
          int swap = order[l];
          order[l] = order[r], order[r] = swap;
        }
        better = true;
      }
  }
}

bool tour_sweep(const TourProblem *p, Arena *arena, TourPlan *out, Error *error) {
  *out = (TourPlan){.order = ARENA_ARRAY(arena, int, (size_t)p->visit_count + 1), .day_count = p->day_count};
  Key *keys = ARENA_ARRAY(arena, Key, (size_t)p->visit_count + 1);
  double work = 0, capacity = 0, passed = 0, share = 0;
  if (!tour_problem_check(p, error)) return false;
  if (!out->order || !keys) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "tour");
  for (int v = 0; v < p->visit_count; v++) {
    double dx = p->visits[v].x - p->base_x, dy = p->visits[v].y - p->base_y;
    keys[v] = (Key){atan2(dy, dx), hypot(dx, dy), v};
    work += p->visits[v].minutes;
  }
  for (int d = 0; d < p->day_count; d++) capacity += p->capacity[d];
  qsort(keys, (size_t)p->visit_count, sizeof *keys, by_angle);
  int at = 0, last = p->day_count - 1;
  while (last > 0 && p->capacity[last] <= 0) last--;
  for (int d = 0; d < p->day_count; d++) {
    share += p->capacity[d] / capacity * work;
    out->days[d].from = at;
    for (; at < p->visit_count && p->capacity[d] > 0 && (d == last || passed + p->visits[keys[at].visit].minutes / 2 <= share); at++) {
      out->order[at] = keys[at].visit;
      passed += p->visits[keys[at].visit].minutes;
    }
    out->days[d].to = at;
    nearest_next(p, out->order + out->days[d].from, at - out->days[d].from);
    two_opt(p, out->order + out->days[d].from, at - out->days[d].from);
  }
  return tour_check(p, out, error);
}
