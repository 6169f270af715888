/* Private to the tour's search: doors (households that are moved as one), days as arrays of doors, the annealing over them. */
#ifndef VISIT_TOUR_INTERNAL_H
#define VISIT_TOUR_INTERNAL_H

#include "base/random.h"
#include "visit/tour.h"

enum { TOUR_NEAR = 10, TOUR_DOOR_MINUTES = 60 };

typedef struct TourDoor {
  double x, y, minutes;
  int from, to; /* its visits: sorted[from … to - 1] */
} TourDoor;

typedef struct TourSearch {
  const TourProblem *p;
  TourDoor *doors;     /* and one more, the base */
  int door_count;
  int *sorted;         /* visits, by door */
  float *extra;        /* door × day: change, urgency, too early */
  int *near;           /* door × TOUR_NEAR, -1: none */
  int *at[TOUR_DAYS];  /* doors in order */
  int len[TOUR_DAYS];
  int *day, *pos;      /* of each door */
  double load[TOUR_DAYS]; /* minutes, legs included */
  double even[TOUR_DAYS]; /* evenness ÷ (share × mean) */
  int days[TOUR_DAYS], open; /* on which somebody goes */
  Random random;
  double heat;
} TourSearch;

void tour_search(TourSearch *search, int64_t rounds, double hot, double cold);

/* Between doors; door_count is the base. */
static inline double tour_leg(const TourSearch *s, int a, int b) {
  double dx = s->doors[a].x - s->doors[b].x, dy = s->doors[a].y - s->doors[b].y;
  double way = __builtin_sqrt(dx * dx + dy * dy) * s->p->rules.detour, walk = way / s->p->rules.walk, ride = s->p->rules.mount + way / s->p->rules.ride;
  return walk < ride ? walk : ride;
}
static inline int tour_at(const TourSearch *s, int day, int place) { return place < 0 || place >= s->len[day] ? s->door_count : s->at[day][place]; }
static inline double tour_day_cost(const TourSearch *s, int day, double load) {
  double over = load - s->p->capacity[day];
  return s->even[day] * load * load + (over > 0 ? s->p->rules.over * over : 0);
}

#endif
