/* Ties: normally open switches between feeders, so that one can feed the other's end. */
#include <stdlib.h>

#include "sim/generate_county.h"

enum { TIED_PERCENT = 70 };

typedef struct Candidate {
  int64_t cost;
  int32_t a, b; /* poles */
} Candidate;

static void write_tie(County *county, int32_t a, int32_t b) {
  const Pole *first = &county->poles.at[a], *second = &county->poles.at[b];
  Feeder *one = &county->feeders[first->feeder], *other = &county->feeders[second->feeder];
  Spot p = county->land.at[first->cell], q = county->land.at[second->cell];
  Buffer *out = sheet_rows(county, SHEET_TIES);
  one->tied = other->tied = true;
  put_org(out, "tie", ++county->tally->ties);
  buffer_byte(out, ',');
  put_node(out, county, first->feeder, first->number);
  buffer_byte(out, ',');
  put_node(out, county, second->feeder, second->number);
  buffer_string(out, ",switch,");
  names_put_place(out, one->name);
  buffer_string(out, "线");
  names_put_place(out, other->name);
  buffer_string(out, "线联络开关,");
  put_degrees(out, county, (Spot){(p.x + q.x) / 2, (p.y + q.y) / 2}, ',');
  sheet_end_row(county, SHEET_TIES);
}

/* The two halves of a cable ring meet at their last cabinets: the last device of the one, the last of the other. */
static int32_t tie_rings(County *county) {
  int32_t tied = 0;
  for (size_t i = 1; i < county->poles.count; i++) {
    int32_t feeder = county->poles.at[i].feeder;
    bool last = i + 1 == county->poles.count || county->poles.at[i + 1].feeder != feeder;
    if (!last || !county->feeders[feeder].ring || feeder % 2 == 0) continue;
    size_t end = i;
    while (end > 0 && county->poles.at[end].feeder != feeder - 1) end--;
    write_tie(county, (int32_t)end, (int32_t)i);
    tied += 2;
  }
  return tied;
}

static int order_candidates(const void *a, const void *b) {
  const Candidate *x = a, *y = b;
  if (x->cost != y->cost) return x->cost < y->cost ? -1 : 1;
  if (x->a != y->a) return x->a < y->a ? -1 : 1;
  return (x->b > y->b) - (x->b < y->b);
}

/* How little of its feeder lies beyond a pole, 0…100; at 0 a tie feeds the whole line backwards. */
static int64_t farness(const County *county, const Pole *pole) {
  return (int64_t)pole->along * 100 / (county->feeders[pole->feeder].far + 1);
}

typedef VECTOR(Candidate) Candidates;

static bool offer(const County *county, Candidates *candidates, int32_t a, int32_t b, int64_t distance) {
  const Pole *first = &county->poles.at[a], *second = &county->poles.at[b];
  if (first->feeder == second->feeder) return true;
  bool same_station = county->feeders[first->feeder].substation == county->feeders[second->feeder].substation;
  int64_t far = farness(county, first) < farness(county, second) ? farness(county, first) : farness(county, second);
  int64_t cost = distance + (same_station ? 15000 : 0) + (100 - far) * 400;
  return far < 12 || vector_push(candidates, (Candidate){cost, a, b});
}

/* Where the lines of two feeders come near each other along a road. */
static bool find_candidates(County *county, Candidates *candidates) {
  Search *search = &county->search;
  int32_t *best = COUNTY_ARRAY(county, int32_t, county->land.cells); /* pole + 1 on a cell: the farthest from its head */
  if (!best) return false;
  for (int32_t i = 0; i < (int32_t)county->poles.count; i++) {
    const Pole *pole = &county->poles.at[i];
    if (county->feeders[pole->feeder].tied) continue;
    int32_t *here = &best[pole->cell];
    if (*here && !offer(county, candidates, *here - 1, i, 0)) return county_out_of_memory(county);
    if (!*here || farness(county, pole) > farness(county, &county->poles.at[*here - 1])) *here = i + 1;
  }
  search_begin(search);
  for (int32_t cell = 0; cell < county->land.cells; cell++)
    if (best[cell]) search_source(search, cell, best[cell] - 1, 0);
  search_run(search, &county->land, SEARCH_ROADS, -1, INT32_MAX);
  bool ok = !search->failed;
  for (int32_t i = 0; i < search->count && ok; i++) {
    int32_t cell = search->order[i];
    for (int32_t direction = 0; direction < 4 && ok; direction++) {
      int32_t next = land_neighbour(&county->land, cell, direction);
      if (next < 0 || !(land_links(&county->land, cell) >> direction & 1) || !search_reached(search, next)) continue;
      int64_t distance = search->cost[cell] + search->cost[next] + spot_distance(county->land.at[cell], county->land.at[next]);
      ok = offer(county, candidates, search->label[cell], search->label[next], distance);
    }
  }
  return ok || county_out_of_memory(county);
}

bool county_write_ties(County *county) {
  Candidates candidates = {0};
  int32_t tied = tie_rings(county);
  bool ok = find_candidates(county, &candidates);
  if (ok && candidates.count) qsort(candidates.at, candidates.count, sizeof *candidates.at, order_candidates);
  for (size_t i = 0; ok && i < candidates.count && tied * 100 < TIED_PERCENT * county->feeder_count; i++) {
    const Candidate *candidate = &candidates.at[i];
    bool a = county->feeders[county->poles.at[candidate->a].feeder].tied, b = county->feeders[county->poles.at[candidate->b].feeder].tied;
    if (a && b) continue;
    write_tie(county, candidate->a, candidate->b);
    tied += !a + !b;
  }
  vector_free(&candidates);
  return ok;
}
