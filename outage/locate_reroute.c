/* The network fed in another way: ties closed, islands energised, evidence carried over. */
#include <assert.h>

#include "outage/locate_internal.h"

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate: reroute"); }

bool locate_feed(uint32_t count, const uint32_t *normal, const uint8_t *open, const LocateTie *ties, size_t tie_count, uint32_t *parent,
                 uint32_t *loop, Error *error) {
  *loop = LOCATE_NONE;
  uint32_t *work = memory_new(((size_t)count * 3 + 1) * sizeof *work);
  uint8_t *seen = memory_new((size_t)count + 1), *used = memory_new(tie_count + 1);
  bool ok = work && seen && used;
  if (!ok) goto done;
  uint32_t *child = work, *sibling = work + count, *queue = work + 2 * (size_t)count, head = 0, tail = 0;
  for (uint32_t d = 0; d < count; d++) child[d] = sibling[d] = LOCATE_NONE, parent[d] = normal[d];
  for (uint32_t d = count; d-- > 0;) {
    if (normal[d] == LOCATE_NONE)
      seen[d] = 1, queue[tail++] = d;
    else
      sibling[d] = child[normal[d]], child[normal[d]] = d;
  }
  while (head < tail) {
    uint32_t d = queue[head++];
    for (uint32_t c = child[d]; c != LOCATE_NONE; c = sibling[c])
      if (!open[c] && !seen[c]) seen[c] = 1, parent[c] = d, queue[tail++] = c;
    uint32_t up = normal[d];
    if (up != LOCATE_NONE && !open[d] && !seen[up]) seen[up] = 1, parent[up] = d, queue[tail++] = up;
    for (size_t t = 0; t < tie_count; t++) { /* few are ever closed at once */
      if (!ties[t].closed || (ties[t].device_a != d && ties[t].device_b != d)) continue;
      uint32_t other = ties[t].device_a == d ? ties[t].device_b : ties[t].device_a;
      if (!seen[other]) seen[other] = 1, used[t] = 1, parent[other] = d, queue[tail++] = other;
    }
  }
  /* a forest has one edge fewer than devices for each source; more is a loop, or two sources joined */
  uint64_t edges = 0, trees = 0;
  for (uint32_t d = 0; d < count; d++) {
    trees += normal[d] == LOCATE_NONE;
    edges += normal[d] != LOCATE_NONE && !open[d] && seen[d] && seen[normal[d]];
  }
  uint32_t spare = LOCATE_NONE, any = LOCATE_NONE;
  for (size_t t = tie_count; t-- > 0;) {
    if (!ties[t].closed || !seen[ties[t].device_a] || !seen[ties[t].device_b]) continue;
    edges++;
    any = (uint32_t)t;
    if (!used[t]) spare = (uint32_t)t;
  }
  if (edges > tail - trees) *loop = spare != LOCATE_NONE ? spare : any;
done:
  memory_free(work);
  memory_free(seen);
  memory_free(used);
  return ok ? true : out_of_memory(error);
}

/* The layout told back in the caller's numbers, with new parents. */
typedef struct Told {
  uint8_t *kind, *phases, *customer_phases, *customer_class, *customer_flags;
  uint32_t *customer_device;
} Told;

static void told_free(Told *told) {
  void *all[] = {told->kind, told->phases, told->customer_phases, told->customer_class, told->customer_flags, told->customer_device};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) memory_free(all[i]);
}

static bool tell(const LocateLayout *y, Told *told) {
  size_t n = y->device_count, m = y->customer_count;
  *told = (Told){memory_new(n + 1), memory_new(n + 1), memory_new(m + 1),
                 memory_new(m + 1), memory_new(m + 1), memory_new((m + 1) * sizeof(uint32_t))};
  if (!told->kind || !told->phases || !told->customer_phases || !told->customer_class || !told->customer_flags || !told->customer_device)
    return false;
  for (uint32_t v = 0; v < n; v++) told->kind[y->device_of[v]] = y->device[v].kind, told->phases[y->device_of[v]] = y->device[v].phase_bits;
  for (uint32_t c = 0; c < m; c++) {
    uint32_t to = y->customer_of[c];
    told->customer_phases[to] = (uint8_t)(y->customer_lane[c] <= LOCATE_LANE_C ? 1 << y->customer_lane[c] : 7);
    told->customer_class[to] = y->customer_class[c], told->customer_flags[to] = y->customer_flags[c];
    told->customer_device[to] = y->device_of[y->customer_device[c]];
  }
  return true;
}

static bool lay_out(const Locate *l, const uint32_t *parent, LocateLayout *fresh, Error *error) {
  const LocateLayout *old = &l->layout;
  Told told;
  bool ok = tell(old, &told);
  if (!ok) out_of_memory(error);
  bool phased = old->device_count > 0 && old->device[0].lane != LOCATE_LANE_ANY;
  LocateNetwork network = {.device_count = old->device_count,
                           .customer_count = old->customer_count,
                           .parent = parent,
                           .kind = told.kind,
                           .phases = phased ? told.phases : NULL,
                           .customer_device = told.customer_device,
                           .customer_phases = told.customer_phases,
                           .customer_class = told.customer_class,
                           .customer_flags = told.customer_flags};
  ok = ok && locate_layout_make(fresh, &network, &l->p, error);
  told_free(&told);
  if (!ok) return false;
  /* the priors stay with their devices: what is known of lengths, age and load is in them */
  for (uint32_t v = 0; v < fresh->device_count; v++) fresh->device[v].log_odds = old->device[old->place_of[fresh->device_of[v]]].log_odds;
  locate_layout_expose(fresh);
  return true;
}

bool locate_reroute(Locate *l, const uint32_t *parent, Instant at, Error *error) {
  LocateLayout fresh = {0}, *old = &l->layout;
  size_t n = old->device_count, m = old->customer_count;
  uint32_t *customer_items = memory_new((m + 1) * sizeof *customer_items);
  uint8_t *moved = memory_new(n + 1);
  Map device_items = {0};
  bool ok = customer_items && moved && map_reserve(&device_items, l->device_items.count + 1);
  if (!ok) out_of_memory(error);
  ok = ok && lay_out(l, parent, &fresh, error);
  if (!ok) {
    memory_free(customer_items), memory_free(moved), map_free(&device_items);
    return false;
  }
  for (uint32_t v = 0; v < n; v++) {
    uint32_t d = fresh.device_of[v], up = old->device[old->place_of[d]].parent, was = up == LOCATE_NONE ? LOCATE_NONE : old->device_of[up];
    moved[v] = was != parent[d] || (fresh.device[v].parent != LOCATE_NONE && moved[fresh.device[v].parent]);
  }
  memset(customer_items, 0xFF, m * sizeof *customer_items);
  for (size_t i = 0; i < l->items.count; i++) {
    LocateItem *item = &l->items.at[i];
    if (item->kind == LOCATE_EVIDENCE_KINDS) continue;
    item->subject = item->on_device ? fresh.place_of[old->device_of[item->subject]] : fresh.customer_place[old->customer_of[item->subject]];
    if (item->at < at && moved[item->on_device ? item->subject : fresh.customer_device[item->subject]]) {
      item->kind = LOCATE_EVIDENCE_KINDS, item->next = l->free_item;
      l->free_item = (uint32_t)i, l->item_count--;
      continue;
    }
    int64_t head = LOCATE_NONE;
    if (item->on_device) {
      if (!map_get(&device_items, item->subject, &head)) head = LOCATE_NONE;
      bool put = map_put(&device_items, item->subject, (int64_t)i);
      assert(put);
      item->next = (uint32_t)head;
    } else
      item->next = customer_items[item->subject], customer_items[item->subject] = (uint32_t)i;
  }
  l->nodes.count = 0;
  l->trees.count = l->free_trees = 0;
  memory_free(moved), memory_free(l->customer_items), map_free(&l->device_items);
  l->customer_items = customer_items, l->device_items = device_items;
  locate_layout_free(old);
  l->layout = fresh;
  return locate_solve(l, error);
}
