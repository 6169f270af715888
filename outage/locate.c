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
  l->eras = memory_new(LOCATE_ERAS * sizeof *l->eras);
  if (!l->customer_items || !l->active || !l->eras) return out_of_memory(error);
  LocateEra *era = locate_era(l);
  era->now = l->now;
  for (int kind = 0; kind < LOCATE_KINDS; kind++) era->storm[kind] = 1;
  locate_weigh_night(l, era);
  locate_onsets_lay(&era->onsets, &l->p, l->now);
  memset(l->customer_items, 0xFF, m * sizeof *l->customer_items);
  return true;
}

bool locate_new(Locate **out, const LocateNetwork *network, const LocateParameters *parameters, Instant now, Error *error) {
  *out = NULL;
  Locate *l = memory_new(sizeof *l);
  if (!l) return out_of_memory(error);
  l->p = *parameters, l->now = now;
  l->free_item = l->free_node[0] = l->free_node[1] = LOCATE_NONE;
  l->work_most = LOCATE_WORK_MOST;
  for (int kind = 0; kind <= LOCATE_KINDS; kind++)
    for (int phases = 0; phases < 4; phases++) {
      double one = kind == LOCATE_KINDS ? 0 : fmin(fmax(l->p.kind[kind].single_phase, 1e-9), 1 - 1e-9), each = one / (phases ? phases : 1);
      l->share[kind][phases] = (LocateShare){.all = 1 - one, .one = each, .log_all = log1p(-one), .log_one = log(each)};
    }
  l->settle = locate_settle_plain;
#if defined __x86_64__
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) l->settle = locate_settle_avx2;
#endif
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
  memory_free(l->eras);
  vector_free(&l->trees);
  vector_free(&l->own);
  vector_free(&l->states);
  memory_free(l);
}

const uint64_t *locate_counts(const Locate *l) { return l->counts; }

LocateSize locate_size(const Locate *l) {
  uint32_t behind = 0;
  for (size_t t = 0; t < l->trees.count; t++)
    if (l->trees.at[t].root != LOCATE_NONE && l->trees.at[t].era != l->era) behind += l->trees.at[t].nodes;
  size_t n = l->layout.device_count, m = l->layout.customer_count;
  return (LocateSize){.bytes = l->layout.bytes + m * sizeof(uint32_t) + n / 8 + l->items.room * sizeof *l->items.at +
                               l->nodes.room * sizeof *l->nodes.at + l->trees.room * sizeof *l->trees.at + LOCATE_ERAS * sizeof *l->eras +
                               l->own.room * sizeof *l->own.at + l->states.room * sizeof *l->states.at +
                               (l->device_items.slots ? (l->device_items.mask + 1) * sizeof(MapSlot) : 0),
                      .active_devices = (uint32_t)l->nodes.count - l->free_nodes,
                      .items = l->item_count,
                      .behind = behind};
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

void locate_drop_item(Locate *l, uint32_t which) {
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

void locate_item_llr(const Locate *l, const LocateEra *era, const LocateItem *item, double *out) {
  const LocateParameters *p = &l->p;
  const LocateOnsets *onsets = &era->onsets;
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

uint32_t locate_device_of(const Locate *l, const LocateItem *item) {
  return item->on_device ? item->subject : l->layout.customer_device[item->subject];
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
  if (solve && !locate_ensure_node(l, device, error)) return false;
  uint32_t node = solve ? l->layout.device[device].node : LOCATE_NONE;
  double delta[LOCATE_STATES_MAX] = {0};
  uint32_t next, i = items_of(l, fresh.on_device, fresh.subject);
  for (int position = 0; i != LOCATE_NONE; i = next, position++) {
    next = l->items.at[i].next;
    if (!(drop >> position & 1)) continue;
    if (solve) locate_weigh(l, &l->items.at[i], -1, node, delta);
    locate_drop_item(l, i);
  }
  if (!remove_only) {
    put_item(l, fresh);
    if (solve) locate_weigh(l, &fresh, 1, node, delta);
  }
  if (!solve) return true;
  if (fresh.on_device) locate_refresh_own(l, node);
  locate_climb(l, node, delta);
  return true;
}

static void drop_before(Locate *l, uint32_t item, Instant at, bool solve) {
  for (uint32_t next; item != LOCATE_NONE; item = next) {
    next = l->items.at[item].next;
    if (l->items.at[item].at <= at) (solve ? locate_unsay : locate_drop_item)(l, item);
  }
}

/* `solve`: the nodes follow at once. Otherwise there may be none yet. */
static void restore(Locate *l, uint32_t device, Instant at, bool solve) {
  const LocateLayout *y = &l->layout;
  uint32_t low = y->place_of[device], high = y->device[low].end, node = y->device[low].node;
  if (solve && node == LOCATE_NONE) return; /* nothing was said */
  for (uint32_t c = y->device[low].first; c < y->device[low].last; c++) drop_before(l, l->customer_items[c], at, solve);
  for (uint32_t d = low; d < high; d++) {
    if (solve && y->device[d].node == LOCATE_NONE)
      d = y->device[d].end - 1;
    else
      drop_before(l, locate_items_of_device(l, d), at, solve);
  }
  if (solve) locate_relay(l, l->nodes.at[node].tree);
}

static bool add_one(Locate *l, const LocateEvidence *e, LocateVerdict *verdict, bool solve, Error *error) {
  LocateVerdict found = judge(l, e);
  if (found == LOCATE_TAKEN) {
    uint32_t subject = e->on_device ? l->layout.place_of[e->subject] : l->layout.customer_place[e->subject];
    if (e->kind == LOCATE_PLANNED_END) {
      restore(l, e->subject, e->at, solve);
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
  if (device >= l->layout.device_count) return error_raise(error, ERROR_NOT_FOUND, "device	%u", device);
  restore(l, device, at, true);
  return true;
}
