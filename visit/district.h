/* Cutting a county's customers into grids (网格), one a manager: balanced by work, compact, each in one piece. A pure engine: plain structs
 * in, a plan out; no I/O, clock, globals or threads.
 *
 * The atoms are transformer areas (台区): they stay whole, except that whoever makes them splits one that is more than a grid's work.
 * "In one piece" is over a map of neighbours: the Gabriel graph of their places (Gabriel, Sokal 1969: two are neighbours when no third lies in
 * the circle over the line between them), which always hangs together. Present grids are hard (an atom is `fixed`) or soft (moving work costs).
 *
 * Cost, lower is better, a grid of usual size and balance counting about 1:
 *   Σ grids radius ÷ usual radius  +  balance × (work ÷ mean work - 1)²   +  change × work moved ÷ mean work
 * radius: root of the work-weighted mean square distance from the grid's centre, times its work over the mean work.
 * Method: cut by halves along the longer side (or the present grids), made whole; then atoms are moved, exchanged and passed on under
 * annealing, never taking a grid apart. The same problem, seed and rounds give the same plan.
 *
 * Places in metres on a plane, work in minutes of one round of visits. Who may call: the visit room, the command line, benches. */
#ifndef VISIT_DISTRICT_H
#define VISIT_DISTRICT_H

#include "base/error.h"
#include "base/memory.h"

typedef struct DistrictAtom {
  double x, y;
  double minutes; /* ≥ 0 */
  int before;     /* its grid now, -1: none */
  bool fixed;     /* it stays there; needs `before` */
} DistrictAtom;

/* Neighbours of atom i: neighbour[from[i]] … neighbour[from[i + 1] - 1]; both ways. */
typedef struct DistrictMap {
  int *from, *neighbour;
} DistrictMap;

typedef struct DistrictRules {
  double balance, change; /* see above */
} DistrictRules;
DistrictRules district_rules(void); /* 30, 0.3 */

typedef struct DistrictProblem {
  const DistrictAtom *atoms;
  DistrictMap map;
  int atom_count, grid_count;
  DistrictRules rules;
} DistrictProblem;

typedef struct DistrictGrid {
  int atoms, pieces;      /* pieces: 1 when it hangs together, 0 when it is empty */
  double minutes, x, y;   /* its work, its centre by work */
  double radius;          /* m */
  double minutes_before;  /* work of the atoms that were in it before */
} DistrictGrid;

typedef struct DistrictFigures {
  DistrictGrid *grids;
  double mean, least, most, deviation; /* of work: minutes; the deviation as a share of the mean */
  double radius;                       /* mean, by work */
  double moved;                        /* share of all work that had a grid and has another now */
  int pieces_over, empty;              /* Σ (pieces - 1); grids without an atom */
  double cost;
} DistrictFigures;

/* The Gabriel graph of the atoms' places, by their order; atoms at one place hang on the first of them. O(count²) with a small factor: 0.2 s
 * for 4,000. ERROR_OUT_OF_MEMORY. */
bool district_map(const DistrictAtom *atoms, int count, Arena *arena, DistrictMap *out, Error *error) MUST_USE;

/* out[atom]: its grid. A grid that was empty gets half of the heaviest. When nothing is fixed and there are as many atoms as grids, no grid
 * stays empty and each is in one piece. ERROR_FIELD_INVALID for a place that is none, an unknown `before`, grid_count < 1; OUT_OF_MEMORY. */
bool district_plan(const DistrictProblem *problem, uint64_t seed, int64_t rounds, int *out, Error *error) MUST_USE;
/* Rounds that are worth their time: some seconds for 4,000 atoms. */
int64_t district_rounds(const DistrictProblem *problem);

/* Counted anew from the problem and out[] alone; shares no code with the search. */
bool district_figures(const DistrictProblem *problem, const int *grid_of, Arena *arena, DistrictFigures *out, Error *error) MUST_USE;

#endif
