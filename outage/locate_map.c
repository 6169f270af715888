/* The most probable set of faults. Sums are kept up piece by piece; the greatest is found when it is asked for, in one pass over the
 * devices that evidence speaks of. */
#include <assert.h>
#include <math.h>

#include "outage/locate_internal.h"

typedef struct Step {
  uint32_t node;
  int state; /* of the supply that reaches it */
} Step;

/* The state a node hands on, and whether it failed to make it so. */
static int best_state(const Locate *l, const LocateNode *node, const double *over, int state, bool *failed) {
  int K = l->p.onsets, stride = locate_stride(node->lane);
  double c[LOCATE_STATES_MAX];
  LocateWays ways;
  locate_inner(l, node, c);
  for (int s = 0; s < locate_state_count(l, node->lane); s++) c[s] += over[node->at / 2 + (size_t)s];
  locate_ways(l, node, &ways);
  int mode = state == 0 ? 0 : (state - 1) % stride, k = state == 0 ? K : (state - 1) / stride, best = state;
  double stay = state == 0 ? ways.stay : ways.hidden[0][mode][k], high = c[state] + stay;
  *failed = state != 0 && node->own != LOCATE_NONE && l->own.at[node->own].stay < 0;
  for (int j = 0; j < K; j++) {
    bool all = state == 0 || mode > 0 || j < k;
    if (all && ways.way[0][j] + c[1 + j * stride] > high) high = ways.way[0][j] + c[1 + j * stride], best = 1 + j * stride, *failed = true;
    for (int m = 1; node->lane == LOCATE_LANE_SEVERAL && m <= 3; m++) {
      if (!(state == 0 || (mode == m && j < k))) continue;
      double one = ways.way[m][j] + c[1 + 4 * j + m];
      if (one > high) high = one, best = 1 + 4 * j + m, *failed = true;
    }
  }
  return best;
}

static int child_state(uint8_t parent_lane, uint8_t child_lane, int state) {
  if (state == 0 || parent_lane == child_lane || parent_lane != LOCATE_LANE_SEVERAL) return state;
  int mode = (state - 1) % 4, k = (state - 1) / 4;
  return mode == 0 || mode == child_lane + 1 ? 1 + k : 0;
}

/* The greatest in place of the sums: of each node, how much its inner vector differs. A sum is never less than its greatest term, so
 * what differs is ≤ 0. over: at node->at / 2. lit: by node, the outer value when lit supply reaches it. */
static void find_greatest(const Locate *l, uint32_t root, double *over, double *lit) {
  double c[LOCATE_STATES_MAX], a[LOCATE_STATES_MAX], up[LOCATE_STATES_MAX];
  LocateWays ways;
  for (uint32_t at = locate_first_up(l, root); at != LOCATE_NONE; at = locate_next_up(l, root, at)) {
    const LocateNode *node = &l->nodes.at[at];
    int count = locate_state_count(l, node->lane);
    const double *sums = locate_outer_of(l, node);
    locate_ways(l, node, &ways);
    locate_inner(l, node, c);
    for (int s = 0; s < count; s++) c[s] += over[node->at / 2 + (size_t)s];
    locate_outer(l, node, &ways, c, false, a);
    lit[at] = a[0];
    for (int s = 0; s < count; s++) a[s] -= sums[s];
    if (node->parent == LOCATE_NONE) continue;
    const LocateNode *parent = &l->nodes.at[node->parent];
    locate_spread(l, parent->lane, node->lane, a, up);
    int states = locate_state_count(l, parent->lane);
    for (int s = 0; s < states; s++) over[parent->at / 2 + (size_t)s] += up[s];
  }
}

bool locate_map(const Locate *l, Arena *arena, LocateFault **faults, size_t *count, double *log_ratio, Error *error) {
  VECTOR(LocateFault) found = {0};
  VECTOR(Step) stack = {0};
  bool ok = false;
  double *over = memory_new((l->states.count / 2 + 1) * sizeof *over), *lit = memory_new((l->nodes.count + 1) * sizeof *lit);
  if (!over || !lit) goto done;
  *log_ratio = 0;
  for (size_t t = 0; t < l->trees.count; t++) {
    uint32_t root = l->trees.at[t].root;
    if (root == LOCATE_NONE) continue;
    find_greatest(l, root, over, lit);
    *log_ratio += lit[root];
    if (!vector_push(&stack, (Step){root, 0})) goto done;
  }
  while (stack.count) {
    Step step = stack.at[--stack.count];
    const LocateNode *node = &l->nodes.at[step.node];
    /* nothing is gained by any fault below: the lit vector is a sum of noughts, up to rounding */
    if (step.state == 0 && node->sure == 0 && fabs(lit[step.node]) < 1e-9) continue;
    bool failed = false;
    int state = best_state(l, node, over, step.state, &failed);
    if (failed) {
      int stride = locate_stride(node->lane), mode = (state - 1) % stride;
      LocateFault fault = {
          .device = l->layout.device_of[node->device], .phases = (uint8_t)(mode ? 1 << (mode - 1) : 0), .onset = (state - 1) / stride};
      if (!vector_push(&found, fault)) goto done;
    }
    for (uint32_t child = node->child; child != LOCATE_NONE; child = l->nodes.at[child].sibling)
      if (!vector_push(&stack, (Step){child, child_state(node->lane, l->nodes.at[child].lane, state)})) goto done;
  }
  *faults = arena_copy(arena, found.at, found.count * sizeof *found.at);
  *count = found.count;
  ok = *faults || found.count == 0;
done:
  vector_free(&found);
  vector_free(&stack);
  memory_free(over);
  memory_free(lit);
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate: map");
}
