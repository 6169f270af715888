/* The engine's life: evidence in, nodes grown, sums kept. */
#include "outage/locate.h"

#include <assert.h>
#include <math.h>

#include "base/limits.h"
#include "outage/locate_internal.h"

const char *const locate_evidence_names[LOCATE_EVIDENCE_KINDS] = {
    "call",          "last_gasp", "power_up", "ping_off",      "ping_on",     "concentrator_off", "concentrator_on", "switch_open",
    "switch_closed", "crew_dark", "crew_lit", "planned_start", "planned_end", "silence",          "prior",           "word"};
const char *const locate_verdict_names[LOCATE_VERDICTS] = {"taken",  "repeated", "unknown_subject", "wrong_subject",
                                                           "future", "too_old",  "stale",           "contradicts"};

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate"); }

/* ---- life ---- */

static bool fresh_tables(Locate *l, Error *error) {
  size_t n = l->layout.device_count, m = l->layout.customer_count;
  l->customer_items = memory_new((m + 1) * sizeof *l->customer_items);
  l->active = memory_new((n / 64 + 1) * sizeof *l->active);
  if (!l->customer_items || !l->active) return out_of_memory(error);
  memset(l->customer_items, 0xFF, m * sizeof *l->customer_items);
  return true;
}

bool locate_new(Locate **out, const LocateNetwork *network, const LocateParameters *parameters, Instant now, Error *error) {
  *out = NULL;
  Locate *l = memory_new(sizeof *l);
  if (!l) return out_of_memory(error);
  l->p = *parameters, l->now = now;
  l->stray_call_year = l->p.stray_call_year, l->stray_gasp_year = l->p.stray_gasp_year;
  for (int kind = 0; kind < LOCATE_KINDS; kind++) l->storm[kind] = 1;
  l->free_item = l->first_root = LOCATE_NONE;
  for (int kind = 0; kind <= LOCATE_KINDS; kind++)
    for (int phases = 0; phases < 4; phases++) {
      double one = kind == LOCATE_KINDS ? 0 : fmin(fmax(l->p.kind[kind].single_phase, 1e-9), 1 - 1e-9), each = one / (phases ? phases : 1);
      l->share[kind][phases] = (LocateShare){.all = 1 - one, .one = each, .log_all = log1p(-one), .log_one = log(each)};
    }
  locate_weigh_night(l);
  l->settle = locate_settle_plain;
#if defined __x86_64__
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) l->settle = locate_settle_avx2;
#endif
  locate_onsets_lay(&l->onsets, &l->p, now);
  if (!locate_layout_make(&l->layout, network, &l->p, error) || !fresh_tables(l, error)) {
    locate_free(l);
    return false;
  }
  *out = l;
  return true;
}

void locate_free(Locate *l) {
  if (!l) return;
  locate_layout_free(&l->layout);
  memory_free(l->customer_items);
  memory_free(l->active);
  map_free(&l->device_items);
  vector_free(&l->items);
  vector_free(&l->nodes);
  vector_free(&l->own);
  vector_free(&l->states);
  memory_free(l);
}

const uint64_t *locate_counts(const Locate *l) { return l->counts; }

LocateSize locate_size(const Locate *l) {
  size_t n = l->layout.device_count, m = l->layout.customer_count;
  return (LocateSize){.bytes = l->layout.bytes + m * sizeof(uint32_t) + n / 8 + l->items.room * sizeof *l->items.at +
                               l->nodes.room * sizeof *l->nodes.at + l->own.room * sizeof *l->own.at +
                               l->states.room * sizeof *l->states.at +
                               (l->device_items.slots ? (l->device_items.mask + 1) * sizeof(MapSlot) : 0),
                      .active_devices = (uint32_t)l->nodes.count,
                      .items = l->item_count};
}

/* ---- items ---- */

uint32_t locate_items_of_device(const Locate *l, uint32_t device) {
  int64_t head;
  return map_get(&l->device_items, device, &head) ? (uint32_t)head : LOCATE_NONE;
}

static uint32_t items_of(const Locate *l, bool on_device, uint32_t subject) {
  return on_device ? locate_items_of_device(l, subject) : l->customer_items[subject];
}

/* The room for it was reserved: cannot fail. */
static void set_items(Locate *l, bool on_device, uint32_t subject, uint32_t head) {
  if (!on_device) {
    l->customer_items[subject] = head;
    return;
  }
  if (head == LOCATE_NONE) {
    map_remove(&l->device_items, subject);
    return;
  }
  bool put = map_put(&l->device_items, subject, head);
  assert(put);
}

static bool reserve_item(Locate *l, bool on_device, Error *error) {
  if (on_device && !map_reserve(&l->device_items, l->device_items.count + 1)) return out_of_memory(error);
  if (l->free_item == LOCATE_NONE && !vector_reserve(&l->items, 1)) return out_of_memory(error);
  return true;
}

static void put_item(Locate *l, LocateItem item) {
  uint32_t at = l->free_item;
  if (at != LOCATE_NONE)
    l->free_item = l->items.at[at].next;
  else
    at = (uint32_t)l->items.count++;
  item.next = items_of(l, item.on_device, item.subject);
  l->items.at[at] = item;
  set_items(l, item.on_device, item.subject, at);
  l->item_count++;
}

static void drop_item(Locate *l, uint32_t which) {
  LocateItem *item = &l->items.at[which];
  uint32_t head = items_of(l, item->on_device, item->subject);
  if (head == which)
    set_items(l, item->on_device, item->subject, item->next);
  else {
    while (l->items.at[head].next != which) head = l->items.at[head].next;
    l->items.at[head].next = item->next;
  }
  item->kind = LOCATE_EVIDENCE_KINDS, item->next = l->free_item;
  l->free_item = which;
  l->item_count--;
}

void locate_item_llr(const Locate *l, const LocateItem *item, double *out) {
  const LocateParameters *p = &l->p;
  const LocateOnsets *onsets = &l->onsets;
  switch ((LocateEvidenceKind)item->kind) {
    case LOCATE_CALL:
      locate_call_llr(onsets, p, item->at, p->call_weight[l->layout.customer_class[item->subject]], out);
      return;
    case LOCATE_LAST_GASP:
      locate_gasp_llr(onsets, p, item->at, out);
      return;
    case LOCATE_POWER_UP:
      locate_look_llr(onsets, item->at, log(p->up_dark / p->up_lit), out);
      return;
    case LOCATE_PING_OFF:
      locate_look_llr(onsets, item->at, log(p->ping_off_dark / p->ping_off_lit), out);
      return;
    case LOCATE_PING_ON:
      locate_look_llr(onsets, item->at, log((1 - p->ping_off_dark) / (1 - p->ping_off_lit)), out);
      return;
    case LOCATE_CONCENTRATOR_OFF:
      locate_look_llr(onsets, item->at, log(p->concentrator_off_dark / p->concentrator_off_lit), out);
      return;
    case LOCATE_CONCENTRATOR_ON:
      locate_look_llr(onsets, item->at, log((1 - p->concentrator_off_dark) / (1 - p->concentrator_off_lit)), out);
      return;
    case LOCATE_SWITCH_OPEN:
    case LOCATE_PLANNED_START:
      locate_switch_open_llr(onsets, p, item->at, out);
      return;
    case LOCATE_SWITCH_CLOSED:
      locate_look_llr(onsets, item->at, log(p->closed_but_failed), out);
      return;
    case LOCATE_CREW_DARK:
      locate_look_llr(onsets, item->at, log((1 - p->crew_wrong) / p->crew_wrong), out);
      return;
    case LOCATE_CREW_LIT:
      locate_look_llr(onsets, item->at, log(p->crew_wrong / (1 - p->crew_wrong)), out);
      return;
    case LOCATE_WORD:
      if (item->word == LOCATE_IS_OUT) {
        locate_switch_open_llr(onsets, p, item->at, out);
        return;
      }
      break;
    case LOCATE_PLANNED_END:
    case LOCATE_SILENCE:
    case LOCATE_PRIOR:
    case LOCATE_EVIDENCE_KINDS:
      break;
  }
  for (int k = 0; k < onsets->count; k++) out[k] = 0;
}

/* ---- nodes ---- */

static void shrink_quiet(LocateNode *node, uint8_t lane, double weight, double gasps) {
  node->weight[0] -= weight, node->gasps[0] -= gasps;
  if (node->lane == LOCATE_LANE_SEVERAL && lane <= LOCATE_LANE_C) node->weight[lane + 1] -= weight, node->gasps[lane + 1] -= gasps;
}

/* Room reserved before. All below is silent, or was the parent's until now. */
static void grow_node(Locate *l, uint32_t place) {
  const LocateLayout *layout = &l->layout;
  LocateDevice *device = &l->layout.device[place];
  uint32_t low = device->first, high = device->last, up = device->parent, at = (uint32_t)l->nodes.count;
  LocateNode node = {.device = place,
                     .parent = up == LOCATE_NONE ? LOCATE_NONE : l->layout.device[up].node,
                     .child = LOCATE_NONE,
                     .own = LOCATE_NONE,
                     .lane = device->lane,
                     .kind = device->kind,
                     .phase_bits = device->phase_bits,
                     .weight = {(double)(layout->before[high].weight - layout->before[low].weight) / 16},
                     .gasps = {layout->before[high].gasps - layout->before[low].gasps},
                     .log_odds = (double)device->log_odds,
                     .odds = exp((double)device->log_odds),
                     .at = l->states.count};
  uint32_t *link = node.parent == LOCATE_NONE ? &l->first_root : &l->nodes.at[node.parent].child;
  node.sibling = *link, *link = at;
  const LocatePhaseSums *sums = node.lane == LOCATE_LANE_SEVERAL ? &layout->several[device->several] : NULL;
  for (int m = 0; sums && m < 3; m++) node.weight[m + 1] = (double)sums->weight[m] / 16, node.gasps[m + 1] = sums->gasps[m];
  if (node.parent != LOCATE_NONE) {
    LocateNode *parent = &l->nodes.at[node.parent];
    for (int m = 1; sums && m <= 3; m++) parent->weight[m] -= node.weight[m], parent->gasps[m] -= node.gasps[m];
    shrink_quiet(parent, node.lane, node.weight[0], node.gasps[0]);
  }
  size_t states = 2 * (size_t)locate_state_count(l, node.lane);
  memset(l->states.at + l->states.count, 0, states * sizeof(double));
  l->states.count += states;
  l->nodes.at[l->nodes.count++] = node;
  device->node = at;
}

static bool reserve_nodes(Locate *l, size_t count, Error *error) {
  if (!vector_reserve(&l->nodes, count) || !vector_reserve(&l->states, count * 2 * (size_t)(1 + 4 * l->onsets.count)))
    return out_of_memory(error);
  return true;
}

/* Room for what the next pieces grow, touched now: to the first who writes to it, fresh memory costs more than all his sums. */
static bool reserve_ahead(Locate *l, Error *error) {
  enum { AHEAD = 4096 };
  size_t count = l->nodes.count / 8 < AHEAD ? l->nodes.count / 8 + 256 : AHEAD;
  if (!reserve_nodes(l, count, error)) return false;
  if (l->nodes_touched < l->nodes.count) l->nodes_touched = l->nodes.count;
  if (l->states_touched < l->states.count) l->states_touched = l->states.count;
  size_t nodes = l->nodes.count + count, states = l->states.count + count * 2 * (size_t)(1 + 4 * l->onsets.count);
  if (nodes > l->nodes_touched)
    memset(l->nodes.at + l->nodes_touched, 0, (nodes - l->nodes_touched) * sizeof *l->nodes.at), l->nodes_touched = nodes;
  if (states > l->states_touched)
    memset(l->states.at + l->states_touched, 0, (states - l->states_touched) * sizeof *l->states.at), l->states_touched = states;
  return true;
}

static bool ensure_node(Locate *l, uint32_t device, Error *error) {
  uint32_t missing[LIMIT_TREE_DEPTH], count = 0;
  for (uint32_t d = device; d != LOCATE_NONE && l->layout.device[d].node == LOCATE_NONE; d = l->layout.device[d].parent) {
    const LocateDevice *at = &l->layout.device[d];
    __builtin_prefetch(&l->layout.before[at->first]);
    __builtin_prefetch(&l->layout.before[at->last]);
    if (at->several != LOCATE_NONE) __builtin_prefetch(&l->layout.several[at->several]);
    missing[count++] = d;
  }
  if (count && !(reserve_nodes(l, count, error))) return false;
  if (!vector_reserve(&l->own, 1)) return out_of_memory(error);
  while (count) grow_node(l, missing[--count]);
  return true;
}

/* Adds an item's word on darkness to its node's inner vector, `sign` +1 or −1, and takes its customer out of the silent (or puts
 * him back). The states of `delta` are the node's. */
static void weigh_item(Locate *l, const LocateItem *item, double sign, LocateNode *node, double *delta) {
  if (locate_item_is_own(item->kind)) return;
  double llr[LOCATE_ONSETS_MAX];
  int K = l->onsets.count;
  locate_item_llr(l, item, llr);
  int stride = locate_stride(node->lane);
  for (int k = 0; k < K; k++) delta[1 + k * stride] += sign * llr[k];
  if (item->on_device) return;
  uint32_t c = item->subject;
  uint8_t lane = l->layout.customer_lane[c];
  double weight = 0, gasps = 0;
  if (item->kind == LOCATE_CALL) weight = (double)(l->layout.before[c + 1].weight - l->layout.before[c].weight) / 16;
  if (item->kind == LOCATE_LAST_GASP) gasps = l->layout.before[c + 1].gasps - l->layout.before[c].gasps;
  shrink_quiet(node, lane, sign > 0 ? weight : -weight, sign > 0 ? gasps : -gasps);
  if (node->lane != LOCATE_LANE_SEVERAL) return;
  /* who has several phases calls when one is gone, but his meter lives on */
  for (int m = 0; m < 3; m++)
    if (lane == m || (lane > LOCATE_LANE_C && item->kind == LOCATE_CALL))
      for (int k = 0; k < K; k++) delta[1 + 4 * k + m + 1] += sign * llr[k];
}

/* Recomputes what the device's own items say; the change in certainty is counted all the way up. */
static void refresh_own(Locate *l, uint32_t at) {
  LocateNode *node = &l->nodes.at[at];
  LocateOwn own = {0};
  bool any = false;
  for (uint32_t i = locate_items_of_device(l, node->device); i != LOCATE_NONE; i = l->items.at[i].next) {
    const LocateItem *item = &l->items.at[i];
    if (!locate_item_is_own(item->kind)) continue;
    any = true;
    double llr[LOCATE_ONSETS_MAX];
    locate_item_llr(l, item, llr);
    for (int k = 0; k < l->onsets.count; k++) own.llr[k] += llr[k];
    if (item->kind == LOCATE_PLANNED_START || (item->kind == LOCATE_WORD && item->word == LOCATE_IS_OUT)) own.stay = -INFINITY;
    if (item->kind == LOCATE_WORD && item->word == LOCATE_IS_SOUND) own.sound = true;
  }
  if (own.sound) own.stay = 0; /* the dispatcher's word is the last */
  bool was = node->own != LOCATE_NONE && l->own.at[node->own].stay < 0, is = own.stay < 0;
  if (any && node->own == LOCATE_NONE) node->own = (uint32_t)l->own.count++;
  if (node->own != LOCATE_NONE) l->own.at[node->own] = own;
  for (uint32_t up = at; was != is && up != LOCATE_NONE; up = l->nodes.at[up].parent) l->nodes.at[up].sure += is ? 1u : ~0u;
}

static void add_states(double *to, const double *delta, int count) {
  for (int s = 0; s < count; s++) to[s] += delta[s];
}

/* One node whose inner vector changes by `change`: its outer one anew; by how much that changed is left in `change`, as the parent's
 * states see it. */
static void settle(Locate *l, const LocateNode *node, double *change) {
  double *inner = locate_inner_of(l, node), *outer = locate_outer_of(l, node);
  const LocateFour *four = &l->four[node->kind][node->phase_bits & 7];
  if (node->lane == LOCATE_LANE_SEVERAL && node->own == LOCATE_NONE && node->log_odds + l->log_storm[node->kind] < -1) {
    l->settle(&l->onsets, node, four, inner, outer, change);
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

/* From a node whose inner vector changes by `change` up to its source; what the next two steps need is fetched ahead. */
static void climb(Locate *l, uint32_t at, double *change) {
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

/* All nodes from the leaves up: a child's number is greater than its parent's. */
void locate_sweep(Locate *l) {
  double change[LOCATE_STATES_MAX];
  for (uint32_t at = (uint32_t)l->nodes.count; at-- > 0;) {
    const LocateNode *node = &l->nodes.at[at];
    memset(change, 0, sizeof change);
    settle(l, node, change);
    if (node->parent == LOCATE_NONE) continue;
    const LocateNode *parent = &l->nodes.at[node->parent];
    add_states(locate_inner_of(l, parent), change, locate_state_count(l, parent->lane));
  }
}

uint32_t locate_device_of(const Locate *l, const LocateItem *item) {
  return item->on_device ? item->subject : l->layout.customer_device[item->subject];
}

bool locate_solve(Locate *l, Error *error) {
  for (size_t i = 0; i < l->items.count; i++)
    if (l->items.at[i].kind < LOCATE_EVIDENCE_KINDS && l->items.at[i].kind != LOCATE_WORD && l->items.at[i].at < l->now - l->p.keep)
      drop_item(l, (uint32_t)i);
  /* which devices: the items' own and all above; numbered in preorder, so parents come first and memory lies in order */
  size_t count = 0, words = l->layout.device_count / 64 + 1;
  memset(l->active, 0, words * sizeof *l->active);
  for (size_t i = 0; i < l->items.count; i++) {
    if (l->items.at[i].kind == LOCATE_EVIDENCE_KINDS) continue;
    for (uint32_t d = locate_device_of(l, &l->items.at[i]); d != LOCATE_NONE && !(l->active[d / 64] >> (d % 64) & 1);
         d = l->layout.device[d].parent)
      l->active[d / 64] |= (uint64_t)1 << (d % 64), count++;
  }
  size_t owners = l->device_items.count;
  for (size_t i = 0; i < l->nodes.count; i++) l->layout.device[l->nodes.at[i].device].node = LOCATE_NONE;
  l->nodes.count = l->own.count = l->states.count = 0;
  l->first_root = LOCATE_NONE;
  if (!reserve_nodes(l, count, error)) return false;
  if (!vector_reserve(&l->own, owners)) return out_of_memory(error);
  for (size_t w = 0; w < words; w++)
    for (uint64_t bits = l->active[w]; bits; bits &= bits - 1) grow_node(l, (uint32_t)(w * 64 + (size_t)__builtin_ctzll(bits)));
  for (size_t i = 0; i < l->items.count; i++) {
    const LocateItem *item = &l->items.at[i];
    if (item->kind == LOCATE_EVIDENCE_KINDS) continue;
    uint32_t at = l->layout.device[locate_device_of(l, item)].node;
    LocateNode *node = &l->nodes.at[at];
    if (locate_item_is_own(item->kind)) {
      if (node->own == LOCATE_NONE) refresh_own(l, at);
      continue;
    }
    double delta[LOCATE_STATES_MAX] = {0};
    weigh_item(l, item, 1, node, delta);
    add_states(locate_inner_of(l, node), delta, locate_state_count(l, node->lane));
  }
  locate_sweep(l);
  return reserve_ahead(l, error);
}

bool locate_advance(Locate *l, Instant now, Error *error) {
  if (now <= l->now) return true;
  l->now = now;
  if (now >= l->onsets.end[l->onsets.count - 1]) {
    locate_onsets_lay(&l->onsets, &l->p, now);
    return locate_solve(l, error) && locate_fit_steps(l, 2, error);
  }
  locate_onsets_tick(&l->onsets, &l->p, now);
  locate_sweep(l);
  return reserve_ahead(l, error);
}

/* ---- evidence ---- */

typedef enum Family { FAMILY_DARK, FAMILY_LIT, FAMILY_SWITCH, FAMILY_PLAN } Family;

static Family family_of(int kind) {
  switch (kind) {
    case LOCATE_POWER_UP:
    case LOCATE_PING_ON:
    case LOCATE_CONCENTRATOR_ON:
    case LOCATE_CREW_LIT:
      return FAMILY_LIT;
    case LOCATE_SWITCH_OPEN:
    case LOCATE_SWITCH_CLOSED:
      return FAMILY_SWITCH;
    case LOCATE_PLANNED_START:
    case LOCATE_PLANNED_END:
    case LOCATE_WORD:
      return FAMILY_PLAN;
    default:
      return FAMILY_DARK;
  }
}

static bool right_subject(const LocateEvidence *e) {
  switch (e->kind) {
    case LOCATE_CALL:
    case LOCATE_LAST_GASP:
    case LOCATE_POWER_UP:
    case LOCATE_PING_OFF:
    case LOCATE_PING_ON:
      return !e->on_device;
    case LOCATE_CREW_DARK:
    case LOCATE_CREW_LIT:
      return true;
    default:
      return e->kind < LOCATE_SILENCE && e->on_device;
  }
}

static LocateVerdict judge(const Locate *l, const LocateEvidence *e) {
  if (e->subject == LOCATE_NONE || e->subject >= (e->on_device ? l->layout.device_count : l->layout.customer_count))
    return LOCATE_UNKNOWN_SUBJECT;
  if (!right_subject(e)) return LOCATE_WRONG_SUBJECT;
  if (e->at > l->now + l->p.future_slack) return LOCATE_FUTURE;
  if (e->at < l->now - l->p.keep) return LOCATE_TOO_OLD;
  return LOCATE_TAKEN;
}

/* What known items of the subject make of a new one, and which of them it displaces: `drop` marks those (by list position). */
static LocateVerdict compare(const Locate *l, const LocateItem *fresh, uint64_t *drop) {
  Family family = family_of(fresh->kind);
  *drop = 0;
  int position = 0;
  for (uint32_t i = items_of(l, fresh->on_device, fresh->subject); i != LOCATE_NONE; i = l->items.at[i].next, position++) {
    assert(position < 64);
    const LocateItem *old = &l->items.at[i];
    Family old_family = family_of(old->kind);
    if (family == FAMILY_SWITCH && old_family == FAMILY_SWITCH) {
      if (old->kind == fresh->kind) {
        if (fresh->kind == LOCATE_SWITCH_OPEN || fresh->at <= old->at) return LOCATE_REPEATED;
      } else {
        if (old->at == fresh->at) return LOCATE_CONTRADICTS;
        if (old->at > fresh->at) return LOCATE_STALE;
      }
      *drop |= (uint64_t)1 << position;
    } else if (family == FAMILY_PLAN && old->kind == fresh->kind) {
      if (fresh->kind == LOCATE_PLANNED_START) return LOCATE_REPEATED;
      *drop |= (uint64_t)1 << position;
    } else if (family == FAMILY_DARK && old_family == FAMILY_LIT) {
      if (old->at >= fresh->at) return LOCATE_STALE;
    } else if (family == FAMILY_DARK && old->kind == fresh->kind) {
      if (old->at <= fresh->at) return LOCATE_REPEATED;
      *drop |= (uint64_t)1 << position;
    } else if (family == FAMILY_LIT && (old_family == FAMILY_LIT || old_family == FAMILY_DARK)) {
      if (old_family == FAMILY_LIT && old->at >= fresh->at) return LOCATE_REPEATED;
      if (old->at <= fresh->at) *drop |= (uint64_t)1 << position;
    }
  }
  return LOCATE_TAKEN;
}

/* Puts an item in place of those it displaces. With `solve`, the nodes follow at once. */
static bool place(Locate *l, LocateItem fresh, uint64_t drop, bool remove_only, bool solve, Error *error) {
  if (!reserve_item(l, fresh.on_device, error)) return false;
  uint32_t device = locate_device_of(l, &fresh);
  if (solve && !ensure_node(l, device, error)) return false;
  LocateNode *node = solve ? &l->nodes.at[l->layout.device[device].node] : NULL;
  double delta[LOCATE_STATES_MAX] = {0};
  uint32_t next, i = items_of(l, fresh.on_device, fresh.subject);
  for (int position = 0; i != LOCATE_NONE; i = next, position++) {
    next = l->items.at[i].next;
    if (!(drop >> position & 1)) continue;
    if (solve) weigh_item(l, &l->items.at[i], -1, node, delta);
    drop_item(l, i);
  }
  if (!remove_only) {
    put_item(l, fresh);
    if (solve) weigh_item(l, &fresh, 1, node, delta);
  }
  if (!solve) return true;
  if (fresh.on_device) refresh_own(l, l->layout.device[device].node);
  climb(l, l->layout.device[device].node, delta);
  return true;
}

static bool add_one(Locate *l, const LocateEvidence *e, LocateVerdict *verdict, bool solve, Error *error) {
  LocateVerdict found = judge(l, e);
  if (found == LOCATE_TAKEN) {
    uint32_t subject = e->on_device ? l->layout.place_of[e->subject] : l->layout.customer_place[e->subject];
    if (e->kind == LOCATE_PLANNED_END) {
      if (!locate_restored(l, e->subject, e->at, error)) return false;
    } else {
      LocateItem fresh = {.at = e->at, .subject = subject, .kind = (uint8_t)e->kind, .on_device = e->on_device};
      uint64_t drop;
      found = compare(l, &fresh, &drop);
      if (found == LOCATE_TAKEN && !place(l, fresh, drop, false, solve, error)) return false;
    }
  }
  l->counts[found]++;
  *verdict = found;
  return true;
}

bool locate_add(Locate *l, const LocateEvidence *evidence, LocateVerdict *verdict, Error *error) {
  return add_one(l, evidence, verdict, true, error);
}

bool locate_add_all(Locate *l, const LocateEvidence *evidence, size_t count, LocateVerdict *verdicts, Error *error) {
  LocateVerdict ignored;
  for (size_t i = 0; i < count; i++)
    if (!add_one(l, &evidence[i], verdicts ? &verdicts[i] : &ignored, false, error)) return false;
  return locate_solve(l, error);
}

bool locate_override(Locate *l, uint32_t device, LocateWord word, Instant at, Error *error) {
  if (device >= l->layout.device_count) return error_raise(error, ERROR_NOT_FOUND, "device\t%u", device);
  LocateItem fresh = {.at = at, .subject = l->layout.place_of[device], .kind = LOCATE_WORD, .on_device = true, .word = (uint8_t)word};
  uint64_t drop;
  compare(l, &fresh, &drop);
  return place(l, fresh, drop, word == LOCATE_JUDGE, true, error);
}

bool locate_restored(Locate *l, uint32_t device, Instant at, Error *error) {
  if (device >= l->layout.device_count) return error_raise(error, ERROR_NOT_FOUND, "device\t%u", device);
  uint32_t low = l->layout.place_of[device], high = l->layout.device[low].end;
  for (size_t i = 0; i < l->items.count; i++) {
    const LocateItem *item = &l->items.at[i];
    if (item->kind == LOCATE_EVIDENCE_KINDS || item->at > at) continue;
    uint32_t d = locate_device_of(l, item);
    if (d >= low && d < high) drop_item(l, (uint32_t)i);
  }
  return locate_solve(l, error);
}
