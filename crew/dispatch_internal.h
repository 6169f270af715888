/* Inside the dispatch engine: shared by dispatch_*.c and nobody else. See docs/dispatch.md for the picture. */
#ifndef CREW_DISPATCH_INTERNAL_H
#define CREW_DISPATCH_INTERNAL_H

#include <math.h>

#include "base/random.h"
#include "crew/dispatch.h"

#define DISPATCH_EPSILON 1e-6 /* s; below it times are the same */
enum { DISPATCH_VISITS = 4 };  /* to stores, a route */

/* A job, or behind the jobs a visit to a store. */
typedef struct Node {
  int place, window_count;
  double service, from, to; /* of the first and the last window */
  const DispatchWindow *windows;
  double due, miss, late, rate; /* cost of a due broken, per s late, per s until done */
  double absent;                /* cost of leaving it out */
  int chain;                    /* of linked jobs; -1: none */
  int need_count, crew_before;
  double amount[DISPATCH_AMOUNTS];
} Node;

/* One stop of a route and the state after it. Stop 0 is the leaving, stop count + 1 the end. */
typedef struct Stop {
  int node, place, breaks; /* breaks taken before its service begins, of all the crew's */
  double start, depart, leg;
  double own;              /* what its start costs */
  double travel, costs;    /* so far: driven, and what starts and changed crews cost */
  double early, late, spent; /* so far: earliest and latest leaving with the least duration, and that duration */
} Stop;

/* What judging a position reads of a stop, close together: what lies ahead, in one of three forms.
 *  fast   the latest start that keeps the rest in time
 *  pure   only the working time counts: the rest as one thing that takes `spent` when begun in early … late, more when begun
 *         before, and cannot be begun after
 *  else   a delay of arrival up to `room` costs `slope` a second from here on, and what dues it breaks: each once it is over
 *         that stop's `spare`. Beyond `room` it costs at least the slope. */
typedef struct Quick {
  double depart, leg;
  union {
    double latest;
    struct {
      double early, late, spent;
    };
    struct {
      double slope, room, spare;
    };
  };
  int place;
} Quick;

typedef struct Route {
  Stop *at;
  Quick *quick; /* beside each of `at` */
  int count, room, fixed, visits; /* stops; of them not to be moved, at the front; of them at stores */
  int last_linked, last_kept;     /* positions of the last linked stop, and of the last with a due that is kept; 0: none */
  double cost, travel;
  double idle, longest;            /* waited in all; its longest leg; where neither fast nor pure */
  double load[DISPATCH_AMOUNTS];
  double *taken;                  /* store × item; NULL where the problem has no items */
} Route;

/* The best place for a job in one route, remembered while the route stays as it was. */
typedef struct Spot {
  double cost; /* added; INFINITY: none */
  uint32_t stamp;
  int pos;
} Spot;

/* A place for a job, with the fetching at a store before it where that is needed. */
typedef struct Choice {
  double cost;
  int crew, pos, store, store_pos; /* store -1: no new visit */
} Choice;

/* Linked jobs: a chain holds all that hang together by `after` and `together`, each behind what it waits for. */
typedef struct Chain {
  int first, count; /* in chain_jobs */
  bool tried;       /* marked in the round */
} Chain;

/* A crew's clock and place, and the least duration so far. */
typedef struct Walk {
  double t, early, late, spent;
  int place, breaks;
  DispatchStop *rests; /* NULL, or where the breaks taken are written, each in its place */
} Walk;

struct Dispatch {
  const DispatchProblem *problem;
  Arena arena;
  Random random;
  int job_count, crew_count, place_count;
  const double *travel;     /* from row to column */
  const double *back;       /* from column to row: the same where both ways take as long; NULL before the search begins */
  size_t stride, back_stride;
  Node *nodes;
  uint8_t *able;            /* job × crew */
  int *crew_class;          /* crews of one class are alike */
  bool fast;                /* plain travel with hard windows: insertions judged in O(1) */
  bool materials, timed;    /* there are items; the duration counts */
  bool pure;                /* the duration counts, and beside it nothing that changes with time */
  int amounts;              /* dimensions used */
  double rule_travel, rule_duration, rule_overtime;

  Route *routes, *spare;    /* spare: as it was when this round touched it */
  uint32_t *stamps, *spare_stamps, *touched, round_mark, stamp;
  int *saved, saved_count;
  int *crew_of;             /* per job; -1: absent */
  int *absent, absent_count, *absent_spare, absent_spare_count;
  double cost;
  Spot *spots;              /* job × crew; NULL: too many */
  int *active, active_count, idle_count; /* those with nothing to do stand last */
  bool localised;           /* large, and no more than travel or working time counts */
  int local, *nearby;       /* > 0: only crews that do one of so many nearest jobs are thought of */
  uint32_t *nearby_mark, nearby_round;
  uint32_t *class_mark, class_round;

  Chain *chains;
  int chain_count, *chain_jobs;
  Walk *link_walk;                 /* scratch of link_settle: per crew, and the stop it has come to */
  int *link_at;
  double *link_done, *link_offer, *link_agreed, *link_old; /* scratch: per job */
  double *release, *release_spare, *release_before; /* per job: not before this, by its links */
  double *used;                    /* store × item, by all routes */
  double *hold, *hold_spare;       /* scratch: items */

  int *near, near_count;    /* per job the nearest others; made when the search begins */
  int *kin;                 /* as many that can best come right before or after it, by way and waiting */
  double *far;              /* per job: travel from the nearest crew's start */
  double *sort_key;
  bool sorts[9];            /* orders of insertion that mean something here */
  int *scratch;             /* jobs */
  int *pressing, pressing_count; /* jobs of a critical class with a due, linked to none */
  int crews_used;
  uint32_t *ruined, ruined_round;
  int blink_in;             /* positions until the next is overlooked */
  int64_t rounds;
  double heat_scale, heat_from, heat_to;
  double progress;          /* of the search, 0…1 */
  double removed;           /* jobs taken out a round, on average */
  double string_max;        /* jobs next to each other taken out of one route, at most */

  int *best, *best_count;   /* per crew: count, and in best the nodes, crew after crew */
  double *best_taken;       /* crew × store × item */
  int *best_absent, best_absent_count;
  double best_cost;
  uint8_t *banned;          /* scratch: crews */
  int shunned;              /* a crew not to be thought of just now; -1: none */
  bool failed;              /* out of memory */
  bool broken;              /* this round cannot be repaired and is to be taken back */
};

static inline bool is_job(const Dispatch *d, int node) { return node < d->job_count; }

/* dispatch_route.c */
double route_drive(const Dispatch *d, double depart, double travel);
bool walk_breaks(const Dispatch *d, const DispatchCrew *crew, Walk *walk, const Node *node, double release, double *leg);
bool route_room(Dispatch *d, Route *route, int count);
bool route_refresh(Dispatch *d, int crew, int from);
bool route_put(Dispatch *d, int crew, int pos, int node);
void route_cut(Dispatch *d, int crew, int pos);
void route_clear(Dispatch *d, int crew);
void route_touch(Dispatch *d, int crew);
void route_restore_all(Dispatch *d);

/* dispatch_insert.c */
bool insert_fits(const Dispatch *d, int job, int crew);
void insert_list_active(Dispatch *d);
Choice insert_in_route(Dispatch *d, int job, int crew, bool blinks, double limit, bool *blinked);
Choice insert_find(Dispatch *d, int job, bool blinks, const uint8_t *banned, double *second);
bool insert_put(Dispatch *d, int job, Choice choice);
bool insert_job(Dispatch *d, int job, bool blinks);

/* dispatch_link.c */
bool link_order(const DispatchProblem *problem, int *order, int *loop);
bool link_build(Dispatch *d);
bool link_settle(Dispatch *d);
void link_remove(Dispatch *d, int chain);
bool link_insert(Dispatch *d, int chain, bool blinks);

/* dispatch_material.c */
bool material_take(Dispatch *d, int crew);
int material_from(const Dispatch *d, int job, int crew, uint64_t *lacking);
bool material_served(const Dispatch *d, int job, int store, uint64_t lacking);
void material_tidy(Dispatch *d, int crew, bool move);

/* dispatch_search.c */
void search_choose_sorts(Dispatch *d);
void search_insert_regret(Dispatch *d);
void search_keep_best(Dispatch *d);
bool search_load_best(Dispatch *d);
double search_cost(const Dispatch *d);

#endif
