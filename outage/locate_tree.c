/* The active nodes: grown as evidence comes, swept as time passes, one tree below each source. Time is an era (locate_internal.h); where
 * there are too many nodes to bring them all to it at one go, tree by tree follows, and each is judged by its own meanwhile. */
#include <assert.h>
#include <math.h>

#include "base/limits.h"
#include "outage/locate_internal.h"

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate"); }

/* ---- growing ---- */

static void shrink_quiet(LocateNode *node, uint8_t lane, double weight, double gasps) {
  node->weight[0] -= weight, node->gasps[0] -= gasps;
  if (node->lane == LOCATE_LANE_SEVERAL && lane <= LOCATE_LANE_C) node->weight[lane + 1] -= weight, node->gasps[lane + 1] -= gasps;
}

/* A tree's slot, for a source that has none. */
static uint32_t begin_tree(Locate *l, uint32_t root) {
  size_t at = l->trees.count;
  if (l->free_trees)
    for (at = 0, l->free_trees--; l->trees.at[at].root != LOCATE_NONE; at++) continue;
  else
    l->trees.count++;
  l->trees.at[at] = (LocateTree){.root = root, .era = l->era, .tally.first = INSTANT_NONE};
  return (uint32_t)at;
}

/* Of nodes of one kind all take the same room: a free one's states serve the next. */
static uint32_t take_node(Locate *l, bool several, size_t *states) {
  uint32_t at = l->free_node[several];
  if (at != LOCATE_NONE) {
    l->free_node[several] = l->nodes.at[at].sibling, l->free_nodes--;
    *states = l->nodes.at[at].at;
    return at;
  }
  *states = l->states.count;
  l->states.count += 2 * (size_t)(1 + (several ? 4 : 1) * l->p.onsets);
  return (uint32_t)l->nodes.count++;
}

/* Room reserved before. All below is silent, or was the parent's until now. */
static void grow_node(Locate *l, uint32_t place) {
  const LocateLayout *layout = &l->layout;
  LocateDevice *device = &l->layout.device[place];
  uint32_t low = device->first, high = device->last, up = device->parent;
  LocateNode node = {.device = place,
                     .parent = up == LOCATE_NONE ? LOCATE_NONE : l->layout.device[up].node,
                     .child = LOCATE_NONE,
                     .sibling = LOCATE_NONE,
                     .own = LOCATE_NONE,
                     .lane = device->lane,
                     .kind = device->kind,
                     .phase_bits = device->phase_bits,
                     .weight = {(double)(layout->before[high].weight - layout->before[low].weight) / 16},
                     .gasps = {layout->before[high].gasps - layout->before[low].gasps},
                     .log_odds = (double)device->log_odds,
                     .odds = exp((double)device->log_odds)};
  bool several = node.lane == LOCATE_LANE_SEVERAL;
  uint32_t at = take_node(l, several, &node.at);
  const LocatePhaseSums *sums = several ? &layout->several[device->several] : NULL;
  for (int m = 0; sums && m < 3; m++) node.weight[m + 1] = (double)sums->weight[m] / 16, node.gasps[m + 1] = sums->gasps[m];
  if (node.parent != LOCATE_NONE) {
    LocateNode *parent = &l->nodes.at[node.parent];
    node.tree = parent->tree, node.sibling = parent->child, parent->child = at;
    for (int m = 1; sums && m <= 3; m++) parent->weight[m] -= node.weight[m], parent->gasps[m] -= node.gasps[m];
    shrink_quiet(parent, node.lane, node.weight[0], node.gasps[0]);
  } else {
    node.tree = begin_tree(l, at);
  }
  l->trees.at[node.tree].nodes++;
  memset(l->states.at + node.at, 0, 2 * (size_t)locate_state_count(l, node.lane) * sizeof(double));
  l->nodes.at[at] = node;
  device->node = at;
}

static bool reserve_nodes(Locate *l, size_t count, Error *error) {
  if (!vector_reserve(&l->nodes, count) || !vector_reserve(&l->states, count * 2 * (size_t)(1 + 4 * l->p.onsets)))
    return out_of_memory(error);
  return true;
}

/* Room for what the next pieces grow, touched now: to the first who writes to it, fresh memory costs more than all his sums. */
bool locate_reserve_ahead(Locate *l, Error *error) {
  enum { AHEAD = 4096 };
  size_t count = l->nodes.count / 8 < AHEAD ? l->nodes.count / 8 + 256 : AHEAD;
  if (!reserve_nodes(l, count, error)) return false;
  if (l->nodes_touched < l->nodes.count) l->nodes_touched = l->nodes.count;
  if (l->states_touched < l->states.count) l->states_touched = l->states.count;
  size_t nodes = l->nodes.count + count, states = l->states.count + count * 2 * (size_t)(1 + 4 * l->p.onsets);
  if (nodes > l->nodes_touched)
    memset(l->nodes.at + l->nodes_touched, 0, (nodes - l->nodes_touched) * sizeof *l->nodes.at), l->nodes_touched = nodes;
  if (states > l->states_touched)
    memset(l->states.at + l->states_touched, 0, (states - l->states_touched) * sizeof *l->states.at), l->states_touched = states;
  return true;
}

bool locate_ensure_node(Locate *l, uint32_t device, Error *error) {
  uint32_t missing[LIMIT_TREE_DEPTH], count = 0, d = device;
  for (; d != LOCATE_NONE && l->layout.device[d].node == LOCATE_NONE; d = l->layout.device[d].parent) {
    const LocateDevice *at = &l->layout.device[d];
    __builtin_prefetch(&l->layout.before[at->first]);
    __builtin_prefetch(&l->layout.before[at->last]);
    if (at->several != LOCATE_NONE) __builtin_prefetch(&l->layout.several[at->several]);
    missing[count++] = d;
  }
  if (count && !reserve_nodes(l, count, error)) return false;
  if (!vector_reserve(&l->own, 1) || !vector_reserve(&l->trees, 1)) return out_of_memory(error);
  if (d != LOCATE_NONE) {
    uint32_t tree = l->nodes.at[l->layout.device[d].node].tree;
    const LocateOnsets *onsets = &l->eras[l->trees.at[tree].era].onsets;
    if (l->now >= onsets->end[onsets->count - 1]) locate_relay(l, tree);
    /* taking away what was bare may have moved the end of the path */
    if (l->layout.device[d].node == LOCATE_NONE) return locate_ensure_node(l, device, error);
  }
  while (count) grow_node(l, missing[--count]);
  return true;
}

const LocateEra *locate_era_at(const Locate *l, uint32_t device) {
  while (device != LOCATE_NONE && l->layout.device[device].node == LOCATE_NONE) device = l->layout.device[device].parent;
  return device == LOCATE_NONE ? locate_era(l) : locate_era_of(l, &l->nodes.at[l->layout.device[device].node]);
}

/* ---- weighing ---- */

/* What an item says of darkness, `sign` times, into its node's states. */
static void weigh_word(const Locate *l, const LocateItem *item, double sign, const LocateNode *node, double *delta) {
  double llr[LOCATE_ONSETS_MAX];
  int K = l->p.onsets, stride = locate_stride(node->lane);
  locate_item_llr(l, locate_era_of(l, node), item, llr);
  for (int k = 0; k < K; k++) delta[1 + k * stride] += sign * llr[k];
  if (item->on_device || node->lane != LOCATE_LANE_SEVERAL) return;
  /* who has several phases calls when one is gone, but his meter lives on */
  uint8_t lane = l->layout.customer_lane[item->subject];
  for (int m = 0; m < 3; m++)
    if (lane == m || (lane > LOCATE_LANE_C && item->kind == LOCATE_CALL))
      for (int k = 0; k < K; k++) delta[1 + 4 * k + m + 1] += sign * llr[k];
}

/* Takes an item's customer out of the silent, or with −1 puts him back. */
static void weigh_silence(Locate *l, const LocateItem *item, double sign, LocateNode *node) {
  if (item->on_device) return;
  uint32_t c = item->subject;
  double weight = 0, gasps = 0;
  if (item->kind == LOCATE_CALL) weight = (double)(l->layout.before[c + 1].weight - l->layout.before[c].weight) / 16;
  if (item->kind == LOCATE_LAST_GASP) gasps = l->layout.before[c + 1].gasps - l->layout.before[c].gasps;
  shrink_quiet(node, l->layout.customer_lane[c], sign * weight, sign * gasps);
}

void locate_unsay(Locate *l, uint32_t item) {
  const LocateItem *said = &l->items.at[item];
  weigh_silence(l, said, -1, &l->nodes.at[l->layout.device[locate_device_of(l, said)].node]);
  locate_drop_item(l, item);
}

void locate_weigh(Locate *l, const LocateItem *item, double sign, uint32_t node, double *delta) {
  if (locate_item_is_own(item->kind)) return;
  weigh_word(l, item, sign, &l->nodes.at[node], delta);
  weigh_silence(l, item, sign, &l->nodes.at[node]);
}

/* Recomputes what the device's own items say; the change in certainty is counted all the way up. */
void locate_refresh_own(Locate *l, uint32_t at) {
  LocateNode *node = &l->nodes.at[at];
  LocateOwn own = {0};
  bool any = false;
  for (uint32_t i = locate_items_of_device(l, node->device); i != LOCATE_NONE; i = l->items.at[i].next) {
    const LocateItem *item = &l->items.at[i];
    if (!locate_item_is_own(item->kind)) continue;
    any = true;
    double llr[LOCATE_ONSETS_MAX];
    locate_item_llr(l, locate_era_of(l, node), item, llr);
    for (int k = 0; k < l->p.onsets; k++) own.llr[k] += llr[k];
    if (item->kind == LOCATE_PLANNED_START || (item->kind == LOCATE_WORD && item->word == LOCATE_IS_OUT)) own.stay = -INFINITY;
    if (item->kind == LOCATE_WORD && item->word == LOCATE_IS_SOUND) own.sound = true;
  }
  if (own.sound) own.stay = 0; /* the dispatcher's word is the last */
  bool was = node->own != LOCATE_NONE && l->own.at[node->own].stay < 0, is = own.stay < 0;
  if (any && node->own == LOCATE_NONE) node->own = (uint32_t)l->own.count++;
  if (node->own != LOCATE_NONE) l->own.at[node->own] = own;
  for (uint32_t up = at; was != is && up != LOCATE_NONE; up = l->nodes.at[up].parent) l->nodes.at[up].sure += is ? 1u : ~0u;
}

/* ---- settling ---- */

static void add_states(double *to, const double *delta, int count) {
  for (int s = 0; s < count; s++) to[s] += delta[s];
}

/* One node whose inner vector changes by `change`: its outer one anew; by how much that changed is left in `change`, as the parent's
 * states see it. */
static void settle(Locate *l, const LocateNode *node, double *change) {
  const LocateEra *era = locate_era_of(l, node);
  double *inner = locate_inner_of(l, node), *outer = locate_outer_of(l, node);
  if (node->lane == LOCATE_LANE_SEVERAL && node->own == LOCATE_NONE && node->log_odds + era->log_storm[node->kind] < -1) {
    l->settle(&era->onsets, node, &era->four[node->kind][node->phase_bits & 7], inner, outer, change);
  } else {
    LocateWays ways;
    double c[LOCATE_STATES_MAX], a[LOCATE_STATES_MAX];
    int count = locate_state_count(l, node->lane);
    add_states(inner, change, count);
    locate_ways(l, node, &ways);
    locate_inner(l, node, c);
    locate_outer(l, node, &ways, c, true, a);
    for (int s = 0; s < count; s++) change[s] = a[s] - outer[s], outer[s] = a[s];
  }
  if (node->parent != LOCATE_NONE && l->nodes.at[node->parent].lane != node->lane) {
    double own[LOCATE_STATES_MAX];
    memcpy(own, change, (size_t)locate_state_count(l, node->lane) * sizeof *own);
    locate_spread(l, l->nodes.at[node->parent].lane, node->lane, own, change);
  }
}

/* What the next two steps need is fetched ahead. */
void locate_climb(Locate *l, uint32_t at, double *change) {
  for (; at != LOCATE_NONE; at = l->nodes.at[at].parent) {
    const LocateNode *node = &l->nodes.at[at];
    if (node->parent != LOCATE_NONE) {
      const LocateNode *parent = &l->nodes.at[node->parent];
      const char *next = (const char *)locate_inner_of(l, parent),
                 *end = (const char *)(locate_outer_of(l, parent) + locate_state_count(l, parent->lane));
      for (; next < end; next += 64) __builtin_prefetch(next, 1);
      if (parent->parent != LOCATE_NONE) {
        __builtin_prefetch(&l->nodes.at[parent->parent]);
        __builtin_prefetch((const char *)&l->nodes.at[parent->parent] + 64);
      }
    }
    settle(l, node, change);
  }
}

uint32_t locate_first_up(const Locate *l, uint32_t root) {
  while (l->nodes.at[root].child != LOCATE_NONE) root = l->nodes.at[root].child;
  return root;
}

uint32_t locate_next_up(const Locate *l, uint32_t root, uint32_t node) {
  if (node == root) return LOCATE_NONE;
  uint32_t sibling = l->nodes.at[node].sibling;
  return sibling == LOCATE_NONE ? l->nodes.at[node].parent : locate_first_up(l, sibling);
}

/* Its outer vector anew; the change goes to its parent. */
static void settle_up(Locate *l, uint32_t at) {
  const LocateNode *node = &l->nodes.at[at];
  double change[LOCATE_STATES_MAX] = {0};
  settle(l, node, change);
  if (node->parent == LOCATE_NONE) return;
  const LocateNode *parent = &l->nodes.at[node->parent];
  add_states(locate_inner_of(l, parent), change, locate_state_count(l, parent->lane));
}

/* ---- bringing up to an era ---- */

LocateEra *locate_begin_era(Locate *l) {
  uint8_t next = (uint8_t)((l->era + 1) % LOCATE_ERAS);
  /* so far behind only trees are that nobody asked to be caught up */
  for (uint32_t t = 0; t < l->trees.count; t++)
    if (l->trees.at[t].root != LOCATE_NONE && l->trees.at[t].era == next) locate_refresh(l, t);
  l->eras[next] = l->eras[l->era];
  l->era = next;
  return &l->eras[next];
}

void locate_refresh(Locate *l, uint32_t tree) {
  LocateTree *t = &l->trees.at[tree];
  if (t->era == l->era) return;
  if (l->eras[t->era].laid != locate_era(l)->laid) {
    locate_relay(l, tree);
    return;
  }
  t->era = l->era;
  for (uint32_t at = locate_first_up(l, t->root); at != LOCATE_NONE; at = locate_next_up(l, t->root, at)) settle_up(l, at);
}

/* What was said too long ago goes; returns whether anything stays. */
static bool weigh_list(Locate *l, uint32_t item, uint32_t at) {
  bool any = false;
  LocateNode *node = &l->nodes.at[at];
  for (uint32_t next; item != LOCATE_NONE; item = next) {
    const LocateItem *said = &l->items.at[item];
    next = said->next;
    if (said->kind != LOCATE_WORD && said->at < l->now - l->p.keep) {
      locate_unsay(l, item);
      continue;
    }
    any = true;
    if (!locate_item_is_own(said->kind)) weigh_word(l, said, 1, node, locate_inner_of(l, node));
  }
  return any;
}

static void take_away(Locate *l, uint32_t at) {
  LocateNode *node = &l->nodes.at[at];
  bool several = node->lane == LOCATE_LANE_SEVERAL;
  l->layout.device[node->device].node = LOCATE_NONE;
  l->trees.at[node->tree].nodes--;
  node->device = node->parent = node->child = LOCATE_NONE;
  node->sibling = l->free_node[several];
  l->free_node[several] = at, l->free_nodes++;
}

/* Children of whom nothing is said are silent parts of their parent again. */
static void take_bare_children(Locate *l, uint32_t at) {
  LocateNode *parent = &l->nodes.at[at];
  uint32_t *link = &parent->child;
  while (*link != LOCATE_NONE) {
    uint32_t child = *link;
    LocateNode *node = &l->nodes.at[child];
    if (!node->bare) {
      link = &node->sibling;
      continue;
    }
    *link = node->sibling;
    shrink_quiet(parent, node->lane, -node->weight[0], -node->gasps[0]);
    for (int m = 1; node->lane == LOCATE_LANE_SEVERAL && m <= 3; m++)
      parent->weight[m] += node->weight[m], parent->gasps[m] += node->gasps[m];
    take_away(l, child);
  }
}

void locate_relay(Locate *l, uint32_t tree) {
  LocateTree *t = &l->trees.at[tree];
  uint32_t root = t->root, next;
  if (root == LOCATE_NONE) return;
  t->era = l->era;
  for (uint32_t at = locate_first_up(l, root); at != LOCATE_NONE; at = locate_next_up(l, root, at)) {
    const LocateNode *node = &l->nodes.at[at];
    memset(locate_inner_of(l, node), 0, 2 * (size_t)locate_state_count(l, node->lane) * sizeof(double));
  }
  for (uint32_t at = locate_first_up(l, root); at != LOCATE_NONE; at = next) {
    LocateNode *node = &l->nodes.at[at];
    const LocateDevice *device = &l->layout.device[node->device];
    bool any = weigh_list(l, locate_items_of_device(l, node->device), at);
    for (uint32_t c = device->first; c < device[1].first; c++) any = weigh_list(l, l->customer_items[c], at) || any;
    if (node->own != LOCATE_NONE) locate_refresh_own(l, at);
    take_bare_children(l, at);
    node->bare = !any && node->child == LOCATE_NONE;
    if (!node->bare) settle_up(l, at);
    next = locate_next_up(l, root, at);
  }
  if (!l->nodes.at[root].bare) return;
  take_away(l, root);
  t->root = LOCATE_NONE;
  l->free_trees++;
}

/* ---- all of it ---- */

static void forget_nodes(Locate *l) {
  for (size_t i = 0; i < l->nodes.count; i++)
    if (l->nodes.at[i].device != LOCATE_NONE) l->layout.device[l->nodes.at[i].device].node = LOCATE_NONE;
  l->nodes.count = l->own.count = l->states.count = l->trees.count = 0;
  l->free_node[0] = l->free_node[1] = LOCATE_NONE, l->free_nodes = 0, l->next_tree = 0, l->free_trees = 0;
}

bool locate_solve(Locate *l, Error *error) {
  for (size_t i = 0; i < l->items.count; i++)
    if (l->items.at[i].kind < LOCATE_EVIDENCE_KINDS && l->items.at[i].kind != LOCATE_WORD && l->items.at[i].at < l->now - l->p.keep)
      locate_drop_item(l, (uint32_t)i);
  /* which devices: the items' own and all above; numbered in preorder, so that memory lies in order */
  size_t count = 0, sources = 0, words = l->layout.device_count / 64 + 1;
  memset(l->active, 0, words * sizeof *l->active);
  for (size_t i = 0; i < l->items.count; i++) {
    if (l->items.at[i].kind == LOCATE_EVIDENCE_KINDS) continue;
    for (uint32_t d = locate_device_of(l, &l->items.at[i]); d != LOCATE_NONE && !(l->active[d / 64] >> (d % 64) & 1);
         d = l->layout.device[d].parent)
      l->active[d / 64] |= (uint64_t)1 << (d % 64), count++, sources += l->layout.device[d].parent == LOCATE_NONE;
  }
  forget_nodes(l);
  if (!reserve_nodes(l, count, error)) return false;
  if (!vector_reserve(&l->own, l->device_items.count) || !vector_reserve(&l->trees, sources)) return out_of_memory(error);
  for (size_t w = 0; w < words; w++)
    for (uint64_t bits = l->active[w]; bits; bits &= bits - 1) grow_node(l, (uint32_t)(w * 64 + (size_t)__builtin_ctzll(bits)));
  for (size_t i = 0; i < l->items.count; i++) {
    const LocateItem *item = &l->items.at[i];
    if (item->kind == LOCATE_EVIDENCE_KINDS) continue;
    uint32_t at = l->layout.device[locate_device_of(l, item)].node;
    if (!locate_item_is_own(item->kind))
      locate_weigh(l, item, 1, at, locate_inner_of(l, &l->nodes.at[at]));
    else if (l->nodes.at[at].own == LOCATE_NONE)
      locate_refresh_own(l, at);
  }
  for (uint32_t at = (uint32_t)l->nodes.count; at-- > 0;) settle_up(l, at); /* in preorder: children first */
  return locate_reserve_ahead(l, error);
}

/* Tree after tree, as many as take one go. */
static bool catch_up(Locate *l, Error *error) {
  size_t done = 0, active = l->nodes.count - l->free_nodes,
         most = active / (LOCATE_ERAS / 2) > l->work_most ? active / (LOCATE_ERAS / 2) : l->work_most;
  for (size_t i = 0; i < l->trees.count && done < most; i++, l->next_tree++) {
    if (l->next_tree >= l->trees.count) l->next_tree = 0;
    LocateTree *tree = &l->trees.at[l->next_tree];
    if (tree->root == LOCATE_NONE || tree->era == l->era) continue;
    bool laid = l->eras[tree->era].laid != locate_era(l)->laid, ok = true;
    done += (size_t)tree->nodes * (laid ? LOCATE_WORK_RELAY : 1);
    locate_refresh(l, (uint32_t)l->next_tree);
    if (laid && l->p.storm_shape > 0 && tree->root != LOCATE_NONE) locate_tally(l, (uint32_t)l->next_tree, &ok);
    if (!ok) return out_of_memory(error);
  }
  return locate_reserve_ahead(l, error);
}

bool locate_advance(Locate *l, Instant now, Error *error) {
  if (now < l->now) return true;
  if (now == l->now) return catch_up(l, error);
  LocateEra *era = locate_begin_era(l);
  l->now = era->now = now;
  if (now < era->onsets.end[era->onsets.count - 1]) {
    locate_onsets_tick(&era->onsets, &l->p, now);
    return catch_up(l, error);
  }
  LocateOnsets before = era->onsets;
  locate_onsets_lay(&era->onsets, &l->p, now);
  era->onsets.stray_call_year = before.stray_call_year, era->onsets.stray_gasp_year = before.stray_gasp_year;
  era->onsets.call_share = before.call_share;
  locate_onsets_tick(&era->onsets, &l->p, now);
  era->laid++;
  /* three times from nothing, twice told to the fit */
  if (l->nodes.count - l->free_nodes <= l->work_most / (2 * LOCATE_WORK_RELAY))
    return locate_solve(l, error) && locate_fit_steps(l, 2, error);
  bool steady;
  if (l->p.storm_shape > 0) locate_fit_era(l, era, &steady);
  return catch_up(l, error);
}
