#include "interop/wires.h"

#include <stdlib.h>

#include "interop/package_reader.h"

typedef struct WiresDevice {
  uint32_t piece, parent; /* parent: a device, WIRES_NONE for a source */
  uint32_t child, next;   /* first child, next sibling: devices */
  uint32_t place;         /* in preorder */
  uint8_t phases;
  float kva;
} WiresDevice;

typedef struct Planting {
  Wires *wires;
  uint32_t *first, *at; /* by node, one more than there are: where in `at` the pieces at it begin */
  uint32_t *node;       /* by node: what feeds it; a device */
  uint32_t *piece;      /* by piece: its device */
  VECTOR(WiresDevice) devices;
  VECTOR(uint32_t) reached; /* nodes, in order */
} Planting;

static bool stop(Wires *w) { return error_raise(w->error, ERROR_OUT_OF_MEMORY, "%s", "network"); }

Text wires_called(const PackageDevice *device) { return device->name.len ? device->name : device->code; }

static const uint32_t *ends_of(const Wires *w, const WiresPiece *piece) { return w->ends.at + piece->end; }

static void here(const WiresPiece *piece, Error *problem) {
  error_at(problem, "%.*s:%u (%.*s)", TEXT_ARG(text_slice(piece->file, 0, 60)), piece->line, TEXT_ARG(text_slice(piece->device.code, 0, 80)));
}

bool wires_add(Wires *w, const WiresPiece *piece, const uint32_t *nodes, uint32_t count) {
  WiresPiece fresh = *piece;
  fresh.end = (uint32_t)w->ends.count, fresh.ends = count;
  for (uint32_t i = 0; i < count; i++)
    if (!vector_push(&w->ends, nodes[i])) return stop(w);
  return vector_push(&w->pieces, fresh) || stop(w);
}

static bool is_tie(const WiresPiece *piece) { return piece->is_switch && piece->open && piece->ends >= 2; }

/* ---- from the sources on ---- */

static bool add_device(Planting *g, uint32_t piece, uint32_t parent) {
  if (g->devices.count >= LIMIT_DEVICES) return error_raise(g->wires->error, ERROR_LIMIT, "devices\t%d", LIMIT_DEVICES);
  const PackageDevice *as = &g->wires->pieces.at[piece].device;
  g->piece[piece] = (uint32_t)g->devices.count;
  return vector_push(&g->devices, (WiresDevice){piece, parent, WIRES_NONE, WIRES_NONE, WIRES_NONE, as->phases, as->rated_kva}) || stop(g->wires);
}

static bool reach(Planting *g, uint32_t node, uint32_t device) {
  g->node[node] = device;
  return vector_push(&g->reached, node) || stop(g->wires);
}

static bool touches(const Wires *w, const WiresPiece *piece, uint32_t node) {
  for (uint32_t i = 0; i < piece->ends; i++)
    if (ends_of(w, piece)[i] == node) return true;
  return false;
}

/* Units side by side, as the regulators of a bank, are one device, with the name of the greatest: a transformer, not the wire beside it. */
static bool is_bank(Planting *g, uint32_t which, uint32_t from, uint32_t to) {
  const WiresPiece *piece = &g->wires->pieces.at[which];
  for (int way = 0; way < 2; way++) {
    WiresDevice *device = &g->devices.at[g->node[way ? from : to]];
    const WiresPiece *other = &g->wires->pieces.at[device->piece];
    if (other->role != WIRES_BRANCH || !device->phases || !piece->device.phases || other->device.phases == piece->device.phases) continue;
    if (!touches(g->wires, other, from) || !touches(g->wires, other, to)) continue;
    device->phases |= piece->device.phases, device->kva += piece->device.rated_kva;
    if (piece->device.kind > other->device.kind) device->piece = which;
    g->piece[which] = g->node[way ? from : to];
    return true;
  }
  return false;
}

static Text device_called(const Planting *g, uint32_t device) { return wires_called(&g->wires->pieces.at[g->devices.at[device].piece].device); }

static void report_loop(Planting *g, uint32_t which, uint32_t from, uint32_t to) {
  const WiresPiece *piece = &g->wires->pieces.at[which];
  Error *problem = package_problem_in(g->wires->problems);
  error_raise(problem, ERROR_CIM_LOOP, "%.*s\t%.*s\t%.*s", TEXT_ARG(wires_called(&piece->device)), TEXT_ARG(device_called(g, g->node[from])),
              TEXT_ARG(device_called(g, g->node[to])));
  here(piece, problem);
}

/* From a node that is fed over one piece to the nodes at its other ends. */
static bool follow(Planting *g, uint32_t node, uint32_t which) {
  const WiresPiece *piece = &g->wires->pieces.at[which];
  const uint32_t *ends = ends_of(g->wires, piece);
  for (uint32_t i = 0; i < piece->ends; i++) {
    if (ends[i] == node || g->node[ends[i]] == WIRES_NONE) continue;
    if (!is_bank(g, which, node, ends[i])) report_loop(g, which, node, ends[i]);
    if (g->piece[which] == WIRES_NONE) g->piece[which] = g->node[node]; /* told once */
    return true;
  }
  if (!add_device(g, which, g->node[node])) return false;
  for (uint32_t i = 0; i < piece->ends; i++)
    if (g->node[ends[i]] == WIRES_NONE && !reach(g, ends[i], g->piece[which])) return false;
  return true;
}

static bool spread(Planting *g, uint32_t node) {
  const WiresPiece *pieces = g->wires->pieces.at;
  for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++) {
    if (pieces[g->at[i]].role != WIRES_BAR || g->piece[g->at[i]] != WIRES_NONE) continue;
    if (!add_device(g, g->at[i], g->node[node])) return false;
    g->node[node] = g->piece[g->at[i]];
  }
  for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++) {
    const WiresPiece *piece = &pieces[g->at[i]];
    if (piece->role == WIRES_BRANCH && !piece->open && g->piece[g->at[i]] == WIRES_NONE && !follow(g, node, g->at[i])) return false;
  }
  return true;
}

static bool begin_at(Planting *g, uint32_t which, size_t *spread_to) {
  const WiresPiece *piece = &g->wires->pieces.at[which];
  uint32_t node = ends_of(g->wires, piece)[0];
  if (piece->role == WIRES_HEAD && g->node[node] != WIRES_NONE) return true;
  if (!add_device(g, which, WIRES_NONE)) return false;
  if (g->node[node] != WIRES_NONE) return report_loop(g, which, node, node), true;
  if (!reach(g, node, g->piece[which])) return false;
  for (; piece->role == WIRES_HEAD && *spread_to < g->reached.count; ++*spread_to)
    if (!spread(g, g->reached.at[*spread_to])) return false;
  return true;
}

/* All sources first, so that each keeps what is nearest to it; then heads, one by one. */
static bool feed(Planting *g) {
  const Wires *w = g->wires;
  size_t spread_to = 0;
  for (uint32_t i = 0; i < w->pieces.count; i++)
    if (w->pieces.at[i].role == WIRES_SOURCE && w->pieces.at[i].ends && !begin_at(g, i, &spread_to)) return false;
  for (; spread_to < g->reached.count; spread_to++)
    if (!spread(g, g->reached.at[spread_to])) return false;
  for (uint32_t i = 0; i < w->pieces.count; i++)
    if (w->pieces.at[i].role == WIRES_HEAD && w->pieces.at[i].ends && !begin_at(g, i, &spread_to)) return false;
  if (g->devices.count == 0) error_raise(package_problem_in(w->problems), ERROR_CIM_NO_SOURCE, "%s", "");
  return true;
}

/* ---- what is not fed ---- */

/* All that hangs together with `start`; `seen` marks nodes, which no device feeds. */
static bool walk_island(Planting *g, uint32_t start, uint8_t *node_seen, uint8_t *piece_seen, uint32_t *pieces) {
  const Wires *w = g->wires;
  size_t at = g->reached.count;
  node_seen[start] = 1;
  if (!vector_push(&g->reached, start)) return stop(g->wires);
  for (; at < g->reached.count; at++)
    for (uint32_t i = g->first[g->reached.at[at]]; i < g->first[g->reached.at[at] + 1]; i++) {
      const WiresPiece *piece = &w->pieces.at[g->at[i]];
      if (piece_seen[g->at[i]] || piece->open) continue;
      piece_seen[g->at[i]] = 1, ++*pieces;
      for (uint32_t e = 0; e < piece->ends; e++) {
        uint32_t node = ends_of(w, piece)[e];
        if (node_seen[node] || g->node[node] != WIRES_NONE) continue;
        node_seen[node] = 1;
        if (!vector_push(&g->reached, node)) return stop(g->wires);
      }
    }
  return true;
}

static bool set_islands_aside(Planting *g) {
  const Wires *w = g->wires;
  uint8_t *node_seen = memory_new((size_t)w->node_count + 1), *piece_seen = memory_new(w->pieces.count + 1);
  bool ok = (node_seen && piece_seen) || stop(g->wires);
  for (uint32_t i = 0; ok && i < w->pieces.count; i++) {
    const WiresPiece *piece = &w->pieces.at[i];
    uint32_t count = 0;
    if (piece->open || piece_seen[i] || g->piece[i] != WIRES_NONE || !piece->ends || piece->role == WIRES_HEAD) continue;
    uint32_t start = ends_of(w, piece)[0];
    if (g->node[start] != WIRES_NONE || node_seen[start]) continue; /* a consumer that is fed, or an end of a loop told already */
    ok = walk_island(g, start, node_seen, piece_seen, &count);
    Error *note = package_problem_in(w->aside);
    error_raise(note, ERROR_CIM_ISLAND, "%.*s\t%u", TEXT_ARG(wires_called(&piece->device)), count ? count - 1 : 0);
    here(piece, note);
  }
  memory_free(node_seen), memory_free(piece_seen);
  return ok;
}

/* An open switch with a living end but no two devices to tie hangs, open, at what feeds it. */
static bool hang_open(Planting *g) {
  for (uint32_t i = 0; i < g->wires->pieces.count; i++) {
    const WiresPiece *piece = &g->wires->pieces.at[i];
    if (!is_tie(piece)) continue;
    uint32_t a = g->node[ends_of(g->wires, piece)[0]], b = g->node[ends_of(g->wires, piece)[1]];
    if ((a == WIRES_NONE && b == WIRES_NONE) || (a != WIRES_NONE && b != WIRES_NONE && a != b)) continue;
    if (!add_device(g, i, a != WIRES_NONE ? a : b)) return false;
  }
  return true;
}

/* ---- into the package ---- */

static void write_device(Planting *g, uint32_t at, PackageDevice *to, const PackageDevice *parent) {
  const WiresDevice *device = &g->devices.at[at];
  const WiresPiece *piece = &g->wires->pieces.at[device->piece];
  uint8_t fed = parent ? parent->phases : 7;
  *to = piece->device;
  to->rated_kva = device->kva, to->phases = device->phases ? device->phases : fed;
  if (g->wires->cut_phases) to->phases = to->phases & fed ? to->phases & fed : fed;
  if (!(to->phases & ~fed)) return;
  char mine[4], has[4];
  Error *problem = package_problem_in(g->wires->problems);
  error_raise(problem, ERROR_FIELD_INVALID, "phases\t%s\twhat feeds it, '%.*s', has %s", package_phases_text(to->phases, mine),
              TEXT_ARG(parent->code), package_phases_text(fed, has));
  here(piece, problem);
}

/* In preorder; siblings in the order they were reached. */
static bool write_devices(Planting *g) {
  Package *p = g->wires->package;
  uint32_t count = 0, first = WIRES_NONE;
  WiresDevice *d = g->devices.at;
  p->devices = memory_new((g->devices.count + 1) * sizeof *p->devices);
  if (!p->devices) return stop(g->wires);
  for (uint32_t i = (uint32_t)g->devices.count; i-- > 0;) {
    uint32_t *head = d[i].parent == WIRES_NONE ? &first : &d[d[i].parent].child;
    d[i].next = *head, *head = i;
  }
  for (uint32_t at = first; at != WIRES_NONE;) {
    uint32_t up = d[at].parent, parent = up == WIRES_NONE ? PACKAGE_NONE : d[up].place;
    PackageDevice *device = &p->devices[d[at].place = count++];
    write_device(g, at, device, parent == PACKAGE_NONE ? NULL : &p->devices[parent]);
    device->parent = parent, device->depth = parent == PACKAGE_NONE ? 0 : (uint16_t)(p->devices[parent].depth + 1);
    if (device->depth >= LIMIT_TREE_DEPTH) return error_raise(g->wires->error, ERROR_LIMIT, "depth of the network\t%d", LIMIT_TREE_DEPTH);
    if (d[at].child != WIRES_NONE) {
      at = d[at].child;
      continue;
    }
    for (; at != WIRES_NONE; at = d[at].parent) {
      p->devices[d[at].place].end = count;
      if (d[at].next != WIRES_NONE) break;
    }
    if (at != WIRES_NONE) at = d[at].next;
  }
  p->device_count = count;
  return true;
}

static bool write_ties(Planting *g) {
  Package *p = g->wires->package;
  VECTOR(PackageTie) ties = {0};
  bool ok = true;
  for (uint32_t i = 0; ok && i < g->wires->pieces.count; i++) {
    const WiresPiece *piece = &g->wires->pieces.at[i];
    if (!is_tie(piece)) continue;
    uint32_t a = g->node[ends_of(g->wires, piece)[0]], b = g->node[ends_of(g->wires, piece)[1]];
    if (a == WIRES_NONE || b == WIRES_NONE || a == b) continue;
    const PackageDevice *as = &piece->device;
    PackageTie tie = {as->code, as->name, g->devices.at[a].place, g->devices.at[b].place, as->lon_e6, as->lat_e6, as->kind};
    ok = vector_push(&ties, tie) || stop(g->wires);
  }
  p->ties = ties.at, p->tie_count = ties.count;
  return ok;
}

static bool index_nodes(Planting *g) {
  const Wires *w = g->wires;
  size_t nodes = (size_t)w->node_count + 2;
  g->first = memory_new(nodes * sizeof *g->first), g->at = memory_new((w->ends.count + 1) * sizeof *g->at);
  g->node = memory_grow(NULL, nodes * sizeof *g->node), g->piece = memory_grow(NULL, (w->pieces.count + 1) * sizeof *g->piece);
  if (!g->first || !g->at || !g->node || !g->piece) return stop(g->wires);
  memset(g->node, 0xFF, nodes * sizeof *g->node), memset(g->piece, 0xFF, (w->pieces.count + 1) * sizeof *g->piece);
  for (size_t i = 0; i < w->ends.count; i++) g->first[w->ends.at[i] + 2]++;
  for (uint32_t n = 0; n + 1 < nodes; n++) g->first[n + 1] += g->first[n];
  for (uint32_t i = 0; i < w->pieces.count; i++)
    for (uint32_t e = 0; e < w->pieces.at[i].ends; e++) g->at[g->first[ends_of(w, &w->pieces.at[i])[e] + 1]++] = i;
  return true;
}

bool wires_plant(Wires *w) {
  Planting g = {.wires = w};
  bool ok = index_nodes(&g) && feed(&g) && (w->problems->count || set_islands_aside(&g));
  if (ok && w->problems->count == 0) ok = hang_open(&g) && write_devices(&g) && write_ties(&g);
  for (uint32_t n = 0; ok && w->problems->count == 0 && n < w->node_count; n++)
    if (g.node[n] != WIRES_NONE) g.node[n] = g.devices.at[g.node[n]].place;
  w->fed = g.node;
  memory_free(g.first), memory_free(g.at), memory_free(g.piece);
  vector_free(&g.devices);
  vector_free(&g.reached);
  return ok;
}

bool wires_add_customer(Wires *w, const PackageCustomer *customer, Text file, uint32_t line) {
  int64_t row = (int64_t)w->customers.count;
  bool fresh;
  if (!text_map_put(&w->numbers, customer->number, &row, &fresh)) return stop(w);
  if (!fresh) {
    Error *problem = package_problem_in(w->problems);
    error_raise(problem, ERROR_IMPORT_DUPLICATE, "customer\t%.*s\t%u", TEXT_ARG(customer->number), w->customer_lines.at[row]);
    return error_at(problem, "%.*s:%u", TEXT_ARG(text_slice(file, 0, 100)), line), true;
  }
  if (w->customers.count >= LIMIT_CUSTOMERS) return error_raise(w->error, ERROR_LIMIT, "customers\t%d", LIMIT_CUSTOMERS);
  return (vector_push(&w->customers, *customer) && vector_push(&w->customer_lines, line)) || stop(w);
}

static int by_device(const void *a, const void *b) {
  const PackageCustomer *x = a, *y = b;
  return x->device != y->device ? (x->device > y->device) - (x->device < y->device) : text_compare(x->number, y->number);
}

void wires_settle(Wires *w) {
  if (w->customers.count) qsort(w->customers.at, w->customers.count, sizeof *w->customers.at, by_device);
  w->package->customers = w->customers.at, w->package->customer_count = w->customers.count;
  w->customers.at = NULL, w->customers.count = w->customers.room = 0;
}

void wires_end(Wires *w) {
  memory_free(w->fed);
  vector_free(&w->pieces);
  vector_free(&w->ends);
  vector_free(&w->customers);
  vector_free(&w->customer_lines);
  text_map_free(&w->numbers);
}
