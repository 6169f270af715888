/* Inside the dispatch engine: a crew's clock going on from stop to stop, inlined where insertions are judged. */
#ifndef CREW_DISPATCH_WALK_H
#define CREW_DISPATCH_WALK_H

#include "crew/dispatch_internal.h"

static inline double walk_leg(const Dispatch *d, const DispatchCrew *crew, int from, int to, double depart) {
  if (from < 0 || to < 0) return 0;
  double travel = d->travel[(size_t)from * d->stride + (size_t)to] * crew->slowness;
  return d->problem->day_count ? route_drive(d, depart, travel) : travel;
}

/* The least duration so far and the leaving times that have it, with one more thing that begins in `window`. (Vidal, Crainic,
 * Gendreau, Prins 2013: segments; without time warp.) */
static inline void walk_window(Walk *walk, double travel, DispatchWindow window, double service) {
  double offset = walk->spent + travel, wait = window.from - offset - walk->late;
  if (wait < 0) wait = 0;
  walk->early = (window.from - offset > walk->early ? window.from - offset : walk->early) - wait;
  if (window.to - offset < walk->late) walk->late = window.to - offset;
  if (walk->late < walk->early) walk->late = walk->early;
  walk->spent = offset + wait + service;
}

/* The service begins at .from of what is returned, in a window that lasts until .to. */
static inline DispatchWindow node_begin(const Node *node, double release, double arrive) {
  double start = arrive > release ? arrive : release;
  if (node->window_count <= 1) return (DispatchWindow){start > node->from ? start : node->from, node->to};
  int w = 0;
  while (w + 1 < node->window_count && node->windows[w].to < start - DISPATCH_EPSILON) w++;
  return (DispatchWindow){start > node->windows[w].from ? start : node->windows[w].from, node->windows[w].to};
}

/* Goes on to a node: false when its window is over. `start`: of its service; the walk stands behind it then. `leg`: driven. */
static inline bool walk_step(const Dispatch *d, const DispatchCrew *crew, Walk *walk, int at, double *start, double *leg) {
  const Node *node = &d->nodes[at];
  double release = d->chain_count && is_job(d, at) ? d->release[at] : -INFINITY;
  double drive = walk_leg(d, crew, walk->place, node->place, walk->t);
  *leg = drive;
  if (walk->breaks < crew->break_count) {
    if (!walk_breaks(d, crew, walk, node, release, &drive)) return false;
    if (drive > 0) *leg = drive; /* left later, in another traffic */
  }
  DispatchWindow begin = node_begin(node, release, walk->t + drive);
  if (begin.from > begin.to + DISPATCH_EPSILON) return false;
  if (d->timed) {
    DispatchWindow window = {node->window_count <= 1 ? node->from : begin.from, begin.to};
    if (window.from < release) window.from = release;
    walk_window(walk, drive, window, node->service);
  }
  *start = begin.from;
  walk->t = begin.from + node->service;
  walk->place = node->place;
  return true;
}

/* To the crew's end. `over`: s past the shift. False: past the overtime too. */
static inline bool walk_end(const Dispatch *d, const DispatchCrew *crew, Walk *walk, double *leg, double *over) {
  double drive = walk_leg(d, crew, walk->place, crew->end, walk->t);
  *leg = drive;
  if (walk->breaks < crew->break_count) {
    if (!walk_breaks(d, crew, walk, NULL, -INFINITY, &drive)) return false;
    if (drive > 0) *leg = drive;
  }
  walk->t += drive;
  *over = walk->t - crew->shift.to;
  if (*over > crew->overtime + DISPATCH_EPSILON) return false;
  if (*over < DISPATCH_EPSILON) *over = 0;
  if (d->timed) walk_window(walk, drive, (DispatchWindow){-INFINITY, crew->shift.to + crew->overtime}, 0);
  return true;
}

static inline double node_cost(const Node *node, double start) {
  double cost = node->rate * (start + node->service);
  if (start > node->due + DISPATCH_EPSILON) cost += node->miss + node->late * (start - node->due);
  return cost;
}

static inline Walk walk_after(const Stop *stop) {
  return (Walk){stop->depart, stop->early, stop->late, stop->spent, stop->place, stop->breaks, NULL};
}

#endif
