/* The objects of a CIM file as a graph, from the sources down as a tree, and that as a Package. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "interop/cim_private.h"
#include "interop/package_reader.h"

typedef struct CimDevice {
  uint32_t object, parent; /* parent: a device, CIM_NONE for a source */
  uint32_t child, next;    /* first child, next sibling: devices */
  uint32_t place;          /* in preorder */
  uint8_t phases;
} CimDevice;

typedef struct CimGraph {
  Cim *cim;
  CimObject *objects;
  size_t count;
  uint32_t *first;           /* by object, a node or equipment: its first terminal */
  uint32_t *by_node, *by_owner; /* by terminal: the next of its node, of its equipment */
  uint32_t *device;          /* by node: what feeds it; by equipment: itself; CIM_NONE */
  VECTOR(CimDevice) devices;
  VECTOR(uint32_t) nodes;    /* in the order reached */
} CimGraph;

static bool check_reference(CimGraph *g, uint32_t object, int at, const char *what) {
  uint32_t to = g->objects[object].ref[at];
  if (to == CIM_NONE) return false;
  if (g->objects[to].class != CIM_MISSING) return true;
  Error *problem = cim_problem(g->cim);
  error_raise(problem, ERROR_IMPORT_REFERENCE, "%s\t%.*s\t%s", what, TEXT_ARG(g->objects[to].id), g->cim->name);
  cim_at(g->cim, object, problem);
  return false;
}

/* What stands in objects of its own is brought to the thing it is said of. */
static void gather(CimGraph *g, uint32_t i) {
  CimObject *o = &g->objects[i], *owner;
  if (o->class != CIM_PHASE && o->class != CIM_WINDING && o->class != CIM_POINT) return;
  if (!check_reference(g, i, CIM_OWNER, "owner")) return;
  owner = &g->objects[o->ref[CIM_OWNER]];
  if (o->class == CIM_PHASE) {
    owner->phases |= o->phases;
  } else if (o->class == CIM_WINDING) {
    if (owner->class == CIM_TRANSFORMER && !(owner->number[0] >= o->number[0])) owner->number[0] = o->number[0];
  } else if (owner->class == CIM_LOCATION && (isnan(owner->number[0]) || o->sequence >= owner->sequence)) {
    owner->number[0] = o->number[0], owner->number[1] = o->number[1], owner->sequence = o->sequence;
  }
}

static void link_terminal(CimGraph *g, uint32_t t) {
  const CimObject *terminal = &g->objects[t];
  bool owned = check_reference(g, t, CIM_OWNER, "Terminal.ConductingEquipment");
  if (!check_reference(g, t, CIM_OTHER_END, "Terminal.ConnectivityNode") || !owned) return;
  uint32_t owner = terminal->ref[CIM_OWNER], node = terminal->ref[CIM_OTHER_END];
  uint8_t class = g->objects[owner].class;
  if (g->objects[node].class != CIM_NODE || class < CIM_SOURCE || class > CIM_CONSUMER) return;
  g->objects[owner].phases |= terminal->phases;
  g->by_node[t] = g->first[node], g->first[node] = t;
  g->by_owner[t] = g->first[owner], g->first[owner] = t;
}

static void check_terminals(CimGraph *g, uint32_t i) {
  uint8_t class = g->objects[i].class;
  uint32_t count = 0, least = cim_is_branch(class) ? 2 : 1;
  if (class < CIM_SOURCE || class > CIM_CONSUMER) return;
  for (uint32_t t = g->first[i]; t != CIM_NONE; t = g->by_owner[t]) count++;
  if (count >= least && (count == least || class == CIM_TRANSFORMER)) return;
  Error *problem = cim_problem(g->cim);
  error_raise(problem, ERROR_CIM_TERMINALS, "%.*s\t%u\t%u", TEXT_ARG(cim_called(&g->objects[i])), count, least);
  cim_at(g->cim, i, problem);
}

static bool add_device(CimGraph *g, uint32_t object, uint32_t parent) {
  if (g->devices.count >= LIMIT_DEVICES) return error_raise(g->cim->error, ERROR_LIMIT, "devices\t%d", LIMIT_DEVICES);
  g->device[object] = (uint32_t)g->devices.count;
  return vector_push(&g->devices, (CimDevice){object, parent, CIM_NONE, CIM_NONE, CIM_NONE, g->objects[object].phases}) || cim_stop(g->cim);
}

static bool reach(CimGraph *g, uint32_t node, uint32_t device) {
  g->device[node] = device;
  return vector_push(&g->nodes, node) || cim_stop(g->cim);
}

/* Units of one phase side by side, as three regulators of one bank, are one device. */
static bool is_bank(CimGraph *g, uint32_t object, uint32_t from, uint32_t to) {
  for (int way = 0; way < 2; way++) {
    CimDevice *device = &g->devices.at[g->device[way ? from : to]];
    const CimObject *other = &g->objects[device->object];
    if (other->class != g->objects[object].class || !device->phases || !g->objects[object].phases || device->phases & g->objects[object].phases) continue;
    bool same_from = false, same_to = false;
    for (uint32_t t = g->first[device->object]; t != CIM_NONE; t = g->by_owner[t]) {
      same_from = same_from || g->objects[t].ref[CIM_OTHER_END] == from;
      same_to = same_to || g->objects[t].ref[CIM_OTHER_END] == to;
    }
    if (!same_from || !same_to) continue;
    device->phases |= g->objects[object].phases;
    g->device[object] = g->device[way ? from : to];
    return true;
  }
  return false;
}

static Text device_called(const CimGraph *g, uint32_t device) { return cim_called(&g->objects[g->devices.at[device].object]); }

static void report_loop(CimGraph *g, uint32_t object, uint32_t from, uint32_t to) {
  Error *problem = cim_problem(g->cim);
  error_raise(problem, ERROR_CIM_LOOP, "%.*s\t%.*s\t%.*s", TEXT_ARG(cim_called(&g->objects[object])), TEXT_ARG(device_called(g, g->device[from])),
              TEXT_ARG(device_called(g, g->device[to])));
  cim_at(g->cim, object, problem);
}

/* From a node that is fed over one piece of equipment to the nodes at its other ends. */
static bool follow(CimGraph *g, uint32_t node, uint32_t object) {
  for (uint32_t t = g->first[object]; t != CIM_NONE; t = g->by_owner[t]) {
    uint32_t to = g->objects[t].ref[CIM_OTHER_END];
    if (to == node || g->device[to] == CIM_NONE) continue;
    if (!is_bank(g, object, node, to)) report_loop(g, object, node, to);
    if (g->device[object] == CIM_NONE) g->device[object] = g->device[node]; /* told once */
    return true;
  }
  if (!add_device(g, object, g->device[node])) return false;
  for (uint32_t t = g->first[object]; t != CIM_NONE; t = g->by_owner[t])
    if (g->objects[t].ref[CIM_OTHER_END] != node && g->device[g->objects[t].ref[CIM_OTHER_END]] == CIM_NONE &&
        !reach(g, g->objects[t].ref[CIM_OTHER_END], g->device[object]))
      return false;
  return true;
}

static bool spread(CimGraph *g, uint32_t node) {
  for (uint32_t t = g->first[node]; t != CIM_NONE; t = g->by_node[t]) {
    uint32_t object = g->objects[t].ref[CIM_OWNER];
    if (g->objects[object].class != CIM_BUSBAR || g->device[object] != CIM_NONE) continue;
    if (!add_device(g, object, g->device[node])) return false;
    g->device[node] = g->device[object]; /* all that hangs here hangs from the bar */
  }
  for (uint32_t t = g->first[node]; t != CIM_NONE; t = g->by_node[t]) {
    uint32_t object = g->objects[t].ref[CIM_OWNER];
    const CimObject *o = &g->objects[object];
    if (cim_is_branch(o->class) && !o->open && g->device[object] == CIM_NONE && !follow(g, node, object)) return false;
  }
  return true;
}

static bool feed(CimGraph *g) {
  for (uint32_t i = 0; i < g->count; i++) {
    if (g->objects[i].class != CIM_SOURCE || g->first[i] == CIM_NONE) continue;
    uint32_t node = g->objects[g->first[i]].ref[CIM_OTHER_END];
    if (!add_device(g, i, CIM_NONE)) return false;
    if (g->device[node] != CIM_NONE) report_loop(g, i, node, node);
    else if (!reach(g, node, g->device[i])) return false;
  }
  if (g->devices.count == 0) {
    error_raise(cim_problem(g->cim), ERROR_CIM_NO_SOURCE, "%s", "");
    return true;
  }
  for (size_t at = 0; at < g->nodes.count; at++)
    if (!spread(g, g->nodes.at[at])) return false;
  return true;
}

/* Whatever closed equipment or consumer hangs on a node nobody feeds: one problem for each part that hangs together. */
static bool find_islands(CimGraph *g) {
  if (g->devices.count == 0) return true;
  for (uint32_t i = 0; i < g->count; i++) {
    const CimObject *o = &g->objects[i];
    if (o->class < CIM_BUSBAR || o->class > CIM_CONSUMER || o->open || g->device[i] != CIM_NONE || g->first[i] == CIM_NONE) continue;
    uint32_t start = g->objects[g->first[i]].ref[CIM_OTHER_END], more = 0;
    if (g->device[start] != CIM_NONE) continue; /* a consumer that is fed, or an end of a loop told already */
    size_t at = g->nodes.count;
    if (!reach(g, start, 0)) return false;
    for (; at < g->nodes.count; at++)
      for (uint32_t t = g->first[g->nodes.at[at]]; t != CIM_NONE; t = g->by_node[t]) {
        uint32_t object = g->objects[t].ref[CIM_OWNER];
        if (g->objects[object].open || g->device[object] != CIM_NONE) continue;
        g->device[object] = 0, more++;
        for (uint32_t u = g->first[object]; u != CIM_NONE; u = g->by_owner[u])
          if (g->device[g->objects[u].ref[CIM_OTHER_END]] == CIM_NONE && !reach(g, g->objects[u].ref[CIM_OTHER_END], 0)) return false;
      }
    Error *problem = cim_problem(g->cim);
    error_raise(problem, ERROR_CIM_ISLAND, "%.*s\t%u", TEXT_ARG(cim_called(o)), more - 1);
    cim_at(g->cim, i, problem);
  }
  return true;
}

/* An open switch with a living end but no two devices to tie hangs, open, at what feeds it. */
static bool hang_open(CimGraph *g) {
  for (uint32_t i = 0; i < g->count; i++) {
    const CimObject *o = &g->objects[i];
    if (!cim_is_switch(o->class) || !o->open || g->first[i] == CIM_NONE) continue;
    uint32_t a = g->device[g->objects[g->first[i]].ref[CIM_OTHER_END]], second = g->by_owner[g->first[i]];
    uint32_t b = second == CIM_NONE ? a : g->device[g->objects[second].ref[CIM_OTHER_END]];
    if (a == CIM_NONE && b == CIM_NONE) continue;
    if (a != CIM_NONE && b != CIM_NONE && a != b) continue;
    if (!add_device(g, i, a != CIM_NONE ? a : b)) return false;
  }
  return true;
}

static void place_of(const CimGraph *g, const CimObject *o, int32_t *lon, int32_t *lat) {
  *lon = *lat = PACKAGE_NO_PLACE;
  if (o->ref[CIM_OTHER_END] == CIM_NONE) return;
  const CimObject *location = &g->objects[o->ref[CIM_OTHER_END]];
  if (!(fabs(location->number[0]) <= 180 && fabs(location->number[1]) <= 90)) return; /* not degrees */
  *lon = (int32_t)lround(location->number[0] * 1e6), *lat = (int32_t)lround(location->number[1] * 1e6);
}

static void fill_device(CimGraph *g, CimDevice *from, PackageDevice *to, const PackageDevice *parent) {
  static const uint8_t KIND[] = {[CIM_SOURCE] = 0, [CIM_BUSBAR] = 1, [CIM_LINE] = 6, [CIM_BREAKER] = 2, [CIM_RECLOSER] = 3, [CIM_SWITCH] = 4, [CIM_FUSE] = 5,
                                 [CIM_TRANSFORMER] = 7};
  const CimObject *o = &g->objects[from->object];
  uint8_t fed = parent ? parent->phases : 7;
  *to = (PackageDevice){.code = o->id, .name = o->name, .conductor = TEXT(""), .org = PACKAGE_NONE, .kind = KIND[o->class], .phases = from->phases ? from->phases : fed};
  if (o->class == CIM_LINE && o->number[0] > 0) to->length_m = (float)o->number[0];
  if (o->class == CIM_LINE && o->ref[CIM_OWNER] != CIM_NONE) to->conductor = g->objects[o->ref[CIM_OWNER]].name;
  if (o->class == CIM_TRANSFORMER && o->number[0] > 0) to->rated_kva = (float)(o->number[0] / 1000);
  place_of(g, o, &to->lon_e6, &to->lat_e6);
  if (!(to->phases & ~fed)) return;
  char mine[4], has[4];
  Error *problem = cim_problem(g->cim);
  error_raise(problem, ERROR_FIELD_INVALID, "phases\t%s\twhat feeds it, '%.*s', has %s", package_phases_text(to->phases, mine), TEXT_ARG(parent->code),
              package_phases_text(fed, has));
  cim_at(g->cim, from->object, problem);
}

/* Into the package in preorder; siblings in the order they were reached. */
static bool write_devices(CimGraph *g) {
  Package *p = g->cim->package;
  uint32_t count = 0, first = CIM_NONE;
  CimDevice *d = g->devices.at;
  p->devices = memory_new((g->devices.count + 1) * sizeof *p->devices);
  if (!p->devices) return cim_stop(g->cim);
  for (uint32_t i = (uint32_t)g->devices.count; i-- > 0;) {
    uint32_t *head = d[i].parent == CIM_NONE ? &first : &d[d[i].parent].child;
    d[i].next = *head, *head = i;
  }
  for (uint32_t at = first; at != CIM_NONE;) {
    uint32_t up = d[at].parent, parent = up == CIM_NONE ? PACKAGE_NONE : d[up].place;
    PackageDevice *device = &p->devices[d[at].place = count++];
    fill_device(g, &d[at], device, parent == PACKAGE_NONE ? NULL : &p->devices[parent]);
    device->parent = parent, device->depth = parent == PACKAGE_NONE ? 0 : (uint16_t)(p->devices[parent].depth + 1);
    if (device->depth >= LIMIT_TREE_DEPTH) return error_raise(g->cim->error, ERROR_LIMIT, "depth of the network\t%d", LIMIT_TREE_DEPTH);
    if (d[at].child != CIM_NONE) {
      at = d[at].child;
      continue;
    }
    for (; at != CIM_NONE; at = d[at].parent) {
      p->devices[d[at].place].end = count;
      if (d[at].next != CIM_NONE) break;
    }
    if (at != CIM_NONE) at = d[at].next;
  }
  p->device_count = count;
  return true;
}

static bool write_ties(CimGraph *g) {
  Package *p = g->cim->package;
  VECTOR(PackageTie) ties = {0};
  bool ok = true;
  for (uint32_t i = 0; ok && i < g->count; i++) {
    const CimObject *o = &g->objects[i];
    if (!cim_is_switch(o->class) || !o->open || g->first[i] == CIM_NONE || g->by_owner[g->first[i]] == CIM_NONE) continue;
    uint32_t a = g->device[g->objects[g->first[i]].ref[CIM_OTHER_END]], b = g->device[g->objects[g->by_owner[g->first[i]]].ref[CIM_OTHER_END]];
    if (a == CIM_NONE || b == CIM_NONE || a == b) continue;
    PackageTie tie = {.code = o->id, .name = o->name, .a = g->devices.at[a].place, .b = g->devices.at[b].place,
                      .kind = o->class == CIM_BREAKER ? 2 : o->class == CIM_RECLOSER ? 3 : o->class == CIM_FUSE ? 5 : 4};
    place_of(g, o, &tie.lon_e6, &tie.lat_e6);
    ok = vector_push(&ties, tie) || cim_stop(g->cim);
  }
  p->ties = ties.at, p->tie_count = ties.count;
  return ok;
}

static int by_device(const void *a, const void *b) {
  const PackageCustomer *x = a, *y = b;
  return x->device != y->device ? (x->device > y->device) - (x->device < y->device) : text_compare(x->number, y->number);
}

typedef struct CimPeople {
  VECTOR(PackageCustomer) rows;
  TextMap numbers;
  uint32_t *meter; /* by usage point: its meter; by consumer: any usage point */
} CimPeople;

/* One customer: a usage point at a consumer, or a consumer that has none. */
static bool add_customer(CimGraph *g, CimPeople *people, uint32_t object, uint32_t consumer) {
  const CimObject *o = &g->objects[object], *at = &g->objects[consumer];
  uint32_t device = g->first[consumer] == CIM_NONE ? CIM_NONE : g->device[g->objects[g->first[consumer]].ref[CIM_OTHER_END]];
  if (device == CIM_NONE) return true; /* told already: no terminal, or an island */
  const PackageDevice *by = &g->cim->package->devices[g->devices.at[device].place];
  PackageCustomer customer = {.number = cim_called(o), .name = at->name, .phone = TEXT(""), .address = TEXT(""), .meter = TEXT(""), .tags = TEXT(""), .device = g->devices.at[device].place, .phases = at->phases};
  int64_t row = object;
  bool fresh;
  customer.phases &= by->phases;
  if (!customer.phases) customer.phases = by->phases;
  if (object != consumer && people->meter[object] != CIM_NONE) customer.meter = cim_called(&g->objects[people->meter[object]]);
  place_of(g, o->ref[CIM_OTHER_END] != CIM_NONE ? o : at, &customer.lon_e6, &customer.lat_e6);
  if (customer.number.len > PACKAGE_CODE_MAX) customer.number = o->id;
  if (!text_map_put(&people->numbers, customer.number, &row, &fresh)) return cim_stop(g->cim);
  if (!fresh) {
    Error *problem = cim_problem(g->cim);
    error_raise(problem, ERROR_IMPORT_DUPLICATE, "customer\t%.*s\t%u", TEXT_ARG(customer.number), g->objects[row].line);
    cim_at(g->cim, object, problem);
    return true;
  }
  if (people->rows.count >= LIMIT_CUSTOMERS) return error_raise(g->cim->error, ERROR_LIMIT, "customers\t%d", LIMIT_CUSTOMERS);
  return vector_push(&people->rows, customer) || cim_stop(g->cim);
}

static bool add_customers(CimGraph *g, CimPeople *people) {
  bool ok = true;
  for (uint32_t i = 0; i < g->count; i++) {
    const CimObject *o = &g->objects[i];
    if (o->class == CIM_METER && check_reference(g, i, CIM_OWNER, "EndDevice.UsagePoint")) people->meter[o->ref[CIM_OWNER]] = i;
  }
  for (uint32_t i = 0; ok && i < g->count; i++) {
    const CimObject *o = &g->objects[i];
    if (o->class != CIM_USAGE_POINT || !check_reference(g, i, CIM_OWNER, "UsagePoint.Equipments") || g->objects[o->ref[CIM_OWNER]].class != CIM_CONSUMER) continue;
    people->meter[o->ref[CIM_OWNER]] = i;
    ok = add_customer(g, people, i, o->ref[CIM_OWNER]);
  }
  for (uint32_t i = 0; ok && i < g->count; i++)
    if (g->objects[i].class == CIM_CONSUMER && people->meter[i] == CIM_NONE) ok = add_customer(g, people, i, i);
  return ok;
}

static bool write_customers(CimGraph *g) {
  CimPeople people = {.meter = memory_grow(NULL, (g->count + 1) * sizeof *people.meter)};
  if (!people.meter) return cim_stop(g->cim);
  memset(people.meter, 0xFF, (g->count + 1) * sizeof *people.meter);
  bool ok = add_customers(g, &people);
  if (people.rows.count) qsort(people.rows.at, people.rows.count, sizeof *people.rows.at, by_device);
  g->cim->package->customers = people.rows.at, g->cim->package->customer_count = people.rows.count;
  memory_free(people.meter);
  text_map_free(&people.numbers);
  return ok;
}

static uint32_t *none(size_t count) {
  uint32_t *list = memory_grow(NULL, (count + 1) * sizeof *list);
  return list ? memset(list, 0xFF, (count + 1) * sizeof *list) : NULL;
}

bool cim_plant(Cim *cim) {
  CimGraph g = {.cim = cim, .objects = cim->objects.at, .count = cim->objects.count};
  g.first = none(g.count), g.by_node = none(g.count), g.by_owner = none(g.count), g.device = none(g.count);
  bool ok = (g.first && g.by_node && g.by_owner && g.device) || cim_stop(cim);
  for (uint32_t i = 0; ok && i < g.count; i++) gather(&g, i);
  for (uint32_t i = (uint32_t)g.count; ok && i-- > 0;) /* backwards: the lists run as the file */
    if (g.objects[i].class == CIM_TERMINAL) link_terminal(&g, i);
  for (uint32_t i = 0; ok && i < g.count; i++) check_terminals(&g, i);
  ok = ok && feed(&g) && find_islands(&g);
  if (ok && cim->problems->count == 0) ok = hang_open(&g) && write_devices(&g) && write_ties(&g) && write_customers(&g);
  memory_free(g.first), memory_free(g.by_node), memory_free(g.by_owner), memory_free(g.device);
  vector_free(&g.devices);
  vector_free(&g.nodes);
  return ok;
}
