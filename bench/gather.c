#include "bench/gather.h"

#include <assert.h>
#include <math.h>

#include "base/map.h"
#include "base/vector.h"

/* What unsettled groups' calls say about one device: counts over its subtree. */
typedef struct Cell {
  uint32_t calls;
  uint32_t low_branches, low_customers;   /* devices with callers on them, and who hangs on those */
  uint32_t high_branches, high_customers; /* transformers with callers below (or callers' devices with none above), and who is below those */
  uint32_t own_calls;                     /* from customers on the device itself */
  uint32_t group;                         /* first one standing here, GATHER_NONE */
} Cell;

typedef struct Group {
  int64_t key;          /* 0: a free place */
  uint32_t device, next; /* next standing on the same device; next free place */
  bool settled, held;
  VECTOR(uint32_t) calls; /* devices the callers hang on */
} Group;

struct Gather {
  GatherTree tree;
  GatherOptions options;
  GatherCover cover;
  Cell *cells;
  uint32_t *own;        /* customers on the device itself */
  uint8_t *low;         /* 1: at or below a transformer */
  VECTOR(Group) groups;
  uint32_t free_group;
  Map index_of;         /* key → group */
  uint32_t waiting_call; /* of a new group that gather_found will name */
};

GatherOptions gather_options_default(void) {
  return (GatherOptions){.low = {.min_calls = 2, .min_share = 0, .max_share = 0.15},
                         .high = {.min_calls = 4, .min_share = 0.3, .max_share = 0.7},
                         .settle_calls = 3,
                         .settle_chance = 0.01};
}

bool gather_new(Gather **out, const GatherTree *tree, const GatherOptions *options, GatherCover cover, Error *error) {
  Gather *g = memory_new(sizeof *g);
  if (!g) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "gather");
  *g = (Gather){.tree = *tree, .options = *options, .cover = cover, .free_group = GATHER_NONE, .waiting_call = GATHER_NONE};
  g->cells = memory_new((tree->count + 1u) * sizeof *g->cells);
  g->own = memory_new((tree->count + 1u) * sizeof *g->own);
  g->low = memory_new(tree->count + 1u);
  if (!g->cells || !g->own || !g->low) {
    gather_free(g);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "gather");
  }
  for (uint32_t d = 0; d < tree->count; d++) {
    uint32_t parent = tree->parent[d];
    g->own[d] = tree->customers[d];
    if (parent != GATHER_NONE) g->own[parent] -= tree->customers[d];
    g->low[d] = tree->transformer[d] || (parent != GATHER_NONE && g->low[parent]);
  }
  gather_clear(g);
  *out = g;
  return true;
}

void gather_clear(Gather *g) {
  memset(g->cells, 0, g->tree.count * sizeof *g->cells);
  for (uint32_t d = 0; d < g->tree.count; d++) g->cells[d].group = GATHER_NONE;
  for (size_t i = 0; i < g->groups.count; i++) vector_free(&g->groups.at[i].calls);
  vector_clear(&g->groups);
  map_free(&g->index_of);
  g->index_of = (Map){0};
  g->free_group = g->waiting_call = GATHER_NONE;
}

void gather_free(Gather *g) {
  if (!g) return;
  for (size_t i = 0; i < g->groups.count; i++) vector_free(&g->groups.at[i].calls);
  vector_free(&g->groups);
  map_free(&g->index_of);
  memory_free(g->cells);
  memory_free(g->own);
  memory_free(g->low);
  memory_free(g);
}

/* --- evidence: counts on the way up --- */

static void weigh(Gather *g, uint32_t device, bool add) {
  const uint32_t one = add ? 1 : UINT32_MAX; /* unsigned minus one */
  const GatherTree *t = &g->tree;
  Cell *c = &g->cells[device];
  bool branch = add ? c->own_calls == 0 : c->own_calls == 1;
  uint32_t low = branch ? one : 0, low_customers = branch ? one * g->own[device] : 0, high = 0, high_customers = 0;
  bool transformed = false;
  c->own_calls += one;
  for (uint32_t d = device; d != GATHER_NONE; d = t->parent[d]) {
    c = &g->cells[d];
    bool turns = add ? c->calls == 0 : c->calls == 1;
    c->calls += one;
    c->low_branches += low;
    c->low_customers += low_customers;
    if (t->transformer[d] && !transformed) {
      transformed = true;
      if (turns) high = one, high_customers = one * t->customers[d];
    }
    c->high_branches += high;
    c->high_customers += high_customers;
  }
  if (transformed || !branch) return;
  for (uint32_t d = device; d != GATHER_NONE; d = t->parent[d]) { /* no transformer above: it is a branch of its own */
    g->cells[d].high_branches += one;
    g->cells[d].high_customers += one * g->own[device];
  }
}

/* --- groups --- */

static Group *group_of(const Gather *g, int64_t key) {
  int64_t at;
  return key != 0 && map_get(&g->index_of, key, &at) ? &g->groups.at[at] : NULL;
}

static void stand(Gather *g, Group *group, uint32_t device) {
  group->device = device;
  group->next = g->cells[device].group;
  g->cells[device].group = (uint32_t)(group - g->groups.at);
}

static void unstand(Gather *g, Group *group) {
  uint32_t self = (uint32_t)(group - g->groups.at), *at = &g->cells[group->device].group;
  while (*at != self) at = &g->groups.at[*at].next;
  *at = group->next;
}

bool gather_found(Gather *g, int64_t key, uint32_t device, bool settled, bool held, Error *error) {
  assert(key != 0 && device < g->tree.count && !group_of(g, key));
  uint32_t at = g->free_group;
  if (!map_reserve(&g->index_of, g->index_of.count + 1) || (at == GATHER_NONE && !vector_push(&g->groups, (Group){0})))
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "gather");
  if (at == GATHER_NONE) at = (uint32_t)g->groups.count - 1;
  else g->free_group = g->groups.at[at].next;
  Group *group = &g->groups.at[at];
  *group = (Group){.key = key, .settled = settled, .held = held, .calls = {.at = group->calls.at, .room = group->calls.room}};
  stand(g, group, device);
  bool placed = map_put(&g->index_of, key, at);
  assert(placed); /* reserved above */
  uint32_t call = g->waiting_call;
  g->waiting_call = GATHER_NONE;
  if (call == GATHER_NONE) return true;
  /* gather_call has weighed it already, when it looked for where to stand */
  if (!vector_push(&group->calls, call)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "gather");
  if (settled) weigh(g, call, false);
  return true;
}

bool gather_add(Gather *g, int64_t key, uint32_t call_device, Error *error) {
  Group *group = group_of(g, key);
  assert(group && call_device < g->tree.count);
  if (!vector_push(&group->calls, call_device)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "gather");
  if (!group->settled) weigh(g, call_device, true);
  return true;
}

void gather_remove(Gather *g, int64_t key, uint32_t call_device) {
  Group *group = group_of(g, key);
  if (!group) return;
  for (size_t i = 0; i < group->calls.count; i++) {
    if (group->calls.at[i] != call_device) continue;
    group->calls.at[i] = group->calls.at[--group->calls.count];
    if (!group->settled) weigh(g, call_device, false);
    return;
  }
}

bool gather_place(Gather *g, int64_t key, uint32_t device, Error *error) {
  Group *group = group_of(g, key);
  if (!group) return error_raise(error, ERROR_INTERNAL, "%s", "gather: no such group");
  unstand(g, group);
  stand(g, group, device);
  return true;
}

void gather_settle(Gather *g, int64_t key, bool settled) {
  Group *group = group_of(g, key);
  if (!group || group->settled == settled) return;
  group->settled = settled;
  for (size_t i = 0; i < group->calls.count; i++) weigh(g, group->calls.at[i], !settled);
}

void gather_hold(Gather *g, int64_t key, bool held) {
  Group *group = group_of(g, key);
  if (group) group->held = held;
}

static void drop(Gather *g, Group *group, bool evidence_too) {
  if (evidence_too && !group->settled)
    for (size_t i = 0; i < group->calls.count; i++) weigh(g, group->calls.at[i], false);
  unstand(g, group);
  map_remove(&g->index_of, group->key);
  group->key = 0;
  vector_clear(&group->calls);
  group->next = g->free_group;
  g->free_group = (uint32_t)(group - g->groups.at);
}

void gather_drop(Gather *g, int64_t key) {
  Group *group = group_of(g, key);
  if (group) drop(g, group, true);
}

uint32_t gather_calls(const Gather *g, int64_t key) {
  const Group *group = group_of(g, key);
  return group ? (uint32_t)group->calls.count : 0;
}

/* The oldest of those standing at `at` that darken `device`; an unsettled one first. */
static Group *covering(const Gather *g, uint32_t at, uint32_t device) {
  Group *best = NULL;
  for (uint32_t i = g->cells[at].group; i != GATHER_NONE; i = g->groups.at[i].next) {
    Group *group = &g->groups.at[i];
    if (g->cover.covers && !g->cover.covers(g->cover.self, group->key, device)) continue;
    if (!best || (best->settled && !group->settled) || (best->settled == group->settled && group->key < best->key)) best = group;
  }
  return best;
}

static Group *lowest(const Gather *g, uint32_t device) {
  Group *group = NULL;
  for (uint32_t d = device; d != GATHER_NONE && !group; d = g->tree.parent[d])
    if (g->cells[d].group != GATHER_NONE) group = covering(g, d, device);
  return group;
}

int64_t gather_group_of(const Gather *g, uint32_t device) {
  const Group *group = lowest(g, device);
  return group ? group->key : 0;
}

/* --- one call --- */

static bool worth_rising(const GatherLevel *level, uint32_t calls, uint32_t branches, uint32_t added, uint32_t added_called) {
  if (added_called == 0 || calls < level->min_calls) return false;
  double need = level->min_share + (level->max_share - level->min_share) * (1 - (double)branches / calls);
  return added_called >= need * added;
}

/* The device that explains the call at `device`, no lower than `from`, below any settled group above. */
static uint32_t explain(const Gather *g, uint32_t device, uint32_t from) {
  const GatherTree *t = &g->tree;
  uint32_t best = from, edge = device; /* edge: the last on the way up that is at or below a transformer */
  for (uint32_t d = device; d != GATHER_NONE; d = t->parent[d]) {
    if (g->low[d]) edge = d;
    if (d >= from) continue;
    if (g->cells[d].group != GATHER_NONE) {
      const Group *group = covering(g, d, device);
      if (group && group->settled) break;
    }
    if (!t->can_fail[d]) continue;
    const Cell *c = &g->cells[d];
    uint32_t base = g->low[best] && !g->low[d] ? edge : best;
    uint32_t added = t->customers[d] - t->customers[base];
    if (g->low[d] ? worth_rising(&g->options.low, c->calls, c->low_branches, added, c->low_customers - g->cells[base].low_customers)
                  : worth_rising(&g->options.high, c->calls, c->high_branches, added, c->high_customers - g->cells[base].high_customers))
      best = d;
  }
  return best;
}

static bool silence_tells(const Gather *g, const Group *group) {
  const GatherTree *t = &g->tree;
  if (group->calls.count < g->options.settle_calls) return false;
  uint32_t mine = t->customers[group->device], d = t->parent[group->device];
  while (d != GATHER_NONE && (!t->can_fail[d] || t->customers[d] == mine)) d = t->parent[d];
  if (d == GATHER_NONE || g->cells[d].calls != g->cells[group->device].calls) return false;
  return (double)(group->calls.count - 1) * log((double)mine / t->customers[d]) < log(g->options.settle_chance);
}

/* Which of two takes the other up: the one with a crew, else with more calls, else the older. */
static bool outranks(const Group *a, const Group *b) {
  if (a->held != b->held) return a->held;
  return a->calls.count != b->calls.count ? a->calls.count > b->calls.count : a->key < b->key;
}

static bool goes_up(const Gather *g, const Group *group, uint32_t device) {
  return group->key != 0 && !group->settled && group->device >= device && group->device < g->tree.end[device];
}

/* Brings the unsettled groups below `device` together; returns the one that remains, NULL when there was none. */
static bool bring_together(Gather *g, uint32_t device, Group **out, GatherAnswer *answer, Error *error) {
  Group *remains = NULL;
  for (size_t i = 0; i < g->groups.count; i++) {
    Group *group = &g->groups.at[i];
    if (goes_up(g, group, device) && (!remains || outranks(group, remains))) remains = group;
  }
  *out = remains;
  for (size_t i = 0; remains && i < g->groups.count && answer->absorbed_count < GATHER_ABSORB_MAX; i++) {
    Group *group = &g->groups.at[i];
    if (group == remains || group->held || !goes_up(g, group, device)) continue;
    if (!vector_reserve(&remains->calls, group->calls.count)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "gather");
    for (size_t k = 0; k < group->calls.count; k++) remains->calls.at[remains->calls.count++] = group->calls.at[k];
    answer->absorbed[answer->absorbed_count++] = group->key;
    drop(g, group, false);
  }
  return true;
}

bool gather_call(Gather *g, uint32_t device, GatherAnswer *answer, Error *error) {
  assert(device < g->tree.count);
  const GatherTree *t = &g->tree;
  answer->key = 0;
  answer->moved = answer->settled = false;
  answer->absorbed_count = 0;
  Group *group = lowest(g, device);
  if (group && group->settled) {
    answer->key = group->key;
    answer->device = group->device;
    return vector_push(&group->calls, device) ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "gather");
  }
  uint32_t from = group ? group->device : device;
  while (!group && !t->can_fail[from] && t->parent[from] != GATHER_NONE) from = t->parent[from];
  weigh(g, device, true);
  uint32_t best = explain(g, device, from);
  if (best != from && !bring_together(g, best, &group, answer, error)) return false;
  answer->device = best;
  if (!group) {
    g->waiting_call = device;
    return true;
  }
  answer->key = group->key;
  answer->moved = group->device != best;
  if (answer->moved) unstand(g, group), stand(g, group, best);
  if (!vector_push(&group->calls, device)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "gather");
  if (!silence_tells(g, group)) return true;
  answer->settled = true;
  gather_settle(g, group->key, true);
  return true;
}
