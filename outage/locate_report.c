/* What is told: the classes of devices that have probably failed. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "outage/locate_internal.h"

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate: report"); }

/* ---- classes ---- */

static bool has_items(const Locate *l, uint32_t device, bool own_only) {
  for (uint32_t i = locate_items_of_device(l, device); i != LOCATE_NONE; i = l->items.at[i].next)
    if (!own_only || locate_item_is_own(l->items.at[i].kind)) return true;
  return false;
}

/* `below` is fed by `above` alone, feeds all its customers, and nothing was said between them. */
static bool same_class(const Locate *l, uint32_t above, uint32_t below) {
  const LocateLayout *y = &l->layout;
  return y->device[above].first == y->device[below].first &&
         y->device[y->device[above].end].first == y->device[y->device[below].end].first && !has_items(l, above, false) &&
         !has_items(l, below, true);
}

uint32_t locate_class_head(const Locate *l, uint32_t device) {
  for (uint32_t up; (up = l->layout.device[device].parent) != LOCATE_NONE && same_class(l, up, device);) device = up;
  return device;
}

uint32_t locate_class_next(const Locate *l, uint32_t device) {
  const LocateLayout *y = &l->layout;
  if (y->device[device].first == y->device[y->device[device].end].first) return LOCATE_NONE;
  for (uint32_t child = device + 1; child < y->device[device].end; child = y->device[child].end)
    if (y->device[y->device[child].end].first > y->device[device].first) return same_class(l, device, child) ? child : LOCATE_NONE;
  return LOCATE_NONE;
}

/* ---- outages ---- */

static int by_head(const void *a, const void *b) {
  const LocateCandidate *x = a, *y = b;
  return (x->head > y->head) - (x->head < y->head);
}

static int by_probability(const void *a, const void *b) {
  const LocateCandidate *x = a, *y = b;
  if (x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
  return by_head(a, b);
}

bool locate_find_candidates(const Locate *l, uint32_t root, double least, LocateCandidates *found) {
  VECTOR(LocateBeam) stack = {0};
  LocateBeam beam;
  LocateView view = {.log_z = locate_outer_of(l, &l->nodes.at[root])[0]};
  locate_beam_root(l, root, &beam);
  bool ok = vector_push(&stack, beam);
  while (ok && stack.count) {
    beam = stack.at[--stack.count];
    const LocateNode *node = &l->nodes.at[beam.node];
    locate_look(l, &beam, &view);
    LocateCandidate candidate = {.head = node->device};
    candidate.probability = candidate.best = locate_view_cause(l, &view, &candidate.onset, &candidate.mode);
    if (candidate.probability > least) ok = vector_push(found, candidate);
    for (uint32_t child = node->child; ok && child != LOCATE_NONE; child = l->nodes.at[child].sibling) {
      const LocateNode *below = &l->nodes.at[child];
      if (below->sure == 0 && fabs(locate_outer_of(l, below)[0]) < least) continue;
      LocateBeam next;
      locate_beam(l, &beam, &view, child, &next);
      ok = vector_push(&stack, next);
    }
  }
  vector_free(&stack);
  return ok;
}

static void merge_classes(const Locate *l, LocateCandidates *found) {
  for (size_t i = 0; i < found->count; i++) found->at[i].head = locate_class_head(l, found->at[i].head);
  if (found->count) qsort(found->at, found->count, sizeof *found->at, by_head);
  size_t kept = 0;
  for (size_t i = 0; i < found->count; i++) {
    if (kept && found->at[kept - 1].head == found->at[i].head) {
      LocateCandidate *into = &found->at[kept - 1];
      into->probability = fmin(into->probability + found->at[i].probability, 1);
      if (found->at[i].best > into->best) into->best = found->at[i].best, into->onset = found->at[i].onset, into->mode = found->at[i].mode;
    } else
      found->at[kept++] = found->at[i];
  }
  found->count = kept;
  if (kept) qsort(found->at, kept, sizeof *found->at, by_probability);
}

/* The log-odds a member of a class starts with, its own switch and plan included. */
static double member_weight(const Locate *l, uint32_t device, int onset) {
  double weight = (double)l->layout.device[device].log_odds + locate_era_at(l, device)->log_storm[l->layout.device[device].kind];
  uint32_t node = l->layout.device[device].node;
  if (node == LOCATE_NONE || l->nodes.at[node].own == LOCATE_NONE) return weight;
  const LocateOwn *own = &l->own.at[l->nodes.at[node].own];
  if (own->stay < 0) return INFINITY;
  return own->sound ? -INFINITY : weight + own->llr[onset];
}

static Instant onset_of(const Locate *l, uint32_t device, int onset) {
  const LocateLayout *y = &l->layout;
  const LocateOnsets *onsets = &locate_era_at(l, device)->onsets;
  Instant begin = onsets->begin[onset], end = onsets->end[onset] < l->now ? onsets->end[onset] : l->now, first = INSTANT_NONE;
  for (uint32_t c = y->device[device].first; c < y->device[y->device[device].end].first; c++)
    for (uint32_t i = l->customer_items[c]; i != LOCATE_NONE; i = l->items.at[i].next) {
      const LocateItem *item = &l->items.at[i];
      bool dark = item->kind == LOCATE_CALL || item->kind == LOCATE_LAST_GASP;
      if (dark && (item->at >= begin || onset == 0) && (first == INSTANT_NONE || item->at < first)) first = item->at;
    }
  for (uint32_t i = locate_items_of_device(l, device); i != LOCATE_NONE; i = l->items.at[i].next)
    if (locate_item_is_own(l->items.at[i].kind) && l->items.at[i].kind != LOCATE_SWITCH_CLOSED) return l->items.at[i].at;
  return first == INSTANT_NONE || first > end ? (first == INSTANT_NONE ? begin + (end - begin) / 2 : end) : first;
}

static bool fill_outage(const Locate *l, const LocateCandidate *from, Arena *arena, LocateOutage *out) {
  const LocateLayout *y = &l->layout;
  uint32_t count = 0, best = from->head;
  for (uint32_t d = from->head; d != LOCATE_NONE; d = locate_class_next(l, d)) count++;
  uint32_t *members = ARENA_ARRAY(arena, uint32_t, count);
  if (!members) return false;
  uint32_t i = 0;
  for (uint32_t d = from->head; d != LOCATE_NONE; d = locate_class_next(l, d)) {
    members[i++] = y->device_of[d];
    if (member_weight(l, d, from->onset) > member_weight(l, best, from->onset)) best = d;
  }
  *out = (LocateOutage){.device = y->device_of[best],
                        .class_devices = members,
                        .class_count = count,
                        .probability = from->probability,
                        .phases = (uint8_t)(from->mode ? 1 << (from->mode - 1) : 0),
                        .onset = from->onset,
                        .since = onset_of(l, from->head, from->onset),
                        .ask_customer = LOCATE_NONE};
  for (uint32_t c = y->device[from->head].first; c < y->device[y->device[from->head].end].first; c++) {
    if (from->mode && y->customer_lane[c] <= LOCATE_LANE_C && y->customer_lane[c] != from->mode - 1) continue;
    out->customers++;
    out->important += (y->customer_flags[c] & LOCATE_IMPORTANT) != 0;
    out->vulnerable += (y->customer_flags[c] & LOCATE_VULNERABLE) != 0;
  }
  for (uint32_t item = locate_items_of_device(l, best); item != LOCATE_NONE; item = l->items.at[item].next) {
    if (l->items.at[item].kind == LOCATE_PLANNED_START) out->planned = true;
    if (l->items.at[item].kind == LOCATE_WORD && l->items.at[item].word == LOCATE_IS_OUT) out->by_word = true;
  }
  return true;
}

/* Devices of one path explain the same evidence: unless together they are more than sure, the lesser is an alternative. */
static bool is_alternative(const Locate *l, const LocateCandidates *found, size_t picked_count, const size_t *picked,
                           const LocateCandidate *c) {
  for (size_t i = 0; i < picked_count; i++) {
    const LocateCandidate *p = &found->at[picked[i]];
    bool related =
        (p->head <= c->head && c->head < l->layout.device[p->head].end) || (c->head <= p->head && p->head < l->layout.device[c->head].end);
    if (related && p->probability + c->probability <= 1.0001) return true;
  }
  return false;
}

bool locate_report(const Locate *l, double least, Arena *arena, LocateOutage **outages, size_t *count, Error *error) {
  assert(least > 0 && least < 1);
  LocateCandidates found = {0};
  size_t *picked = NULL, kept = 0;
  *count = 0;
  bool ok = true;
  for (size_t t = 0; ok && t < l->trees.count; t++)
    if (l->trees.at[t].root != LOCATE_NONE) ok = locate_find_candidates(l, l->trees.at[t].root, least / 64, &found);
  if (ok) {
    merge_classes(l, &found);
    picked = memory_new((found.count + 1) * sizeof *picked);
    ok = picked != NULL;
  }
  for (size_t i = 0; ok && i < found.count && found.at[i].probability >= least; i++)
    if (least > 0.5 || !is_alternative(l, &found, kept, picked, &found.at[i])) picked[kept++] = i;
  *outages = ok ? ARENA_ARRAY(arena, LocateOutage, kept + 1) : NULL;
  ok = *outages != NULL;
  for (size_t i = 0; ok && i < kept; i++) ok = fill_outage(l, &found.at[picked[i]], arena, &(*outages)[i]);
  memory_free(picked);
  vector_free(&found);
  if (!ok) return out_of_memory(error);
  *count = kept;
  return true;
}
