/* The objects of a CIM file as pieces between nodes, and what comes of them as a Package: interop/wires.h makes the tree. */
#include <math.h>

#include "interop/cim_private.h"
#include "interop/package_reader.h"
#include "interop/wires.h"

enum { ENDS_MAX = 8, CONTAINERS_MAX = 8 };

typedef struct CimGraph {
  Cim *cim;
  CimObject *objects;
  size_t count;
  uint32_t *first, *next;  /* by equipment: its first terminal; by terminal: the next of its equipment */
  uint32_t *number;        /* by node: its number in wires; by substation: its row in orgs; by usage point its meter, by consumer any usage point */
  VECTOR(PackageOrg) orgs;
  double low_voltage;      /* up to here, in the file's unit */
  Wires wires;
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
  if (owner->class == CIM_TANK && owner->ref[CIM_OWNER] != CIM_NONE) owner = &g->objects[owner->ref[CIM_OWNER]];
  if (o->class == CIM_PHASE) {
    owner->phases |= o->phases;
  } else if (o->class == CIM_WINDING) {
    if (owner->class == CIM_TRANSFORMER && !(owner->number[0] >= o->number[0])) owner->number[0] = o->number[0];
  } else if (owner->class == CIM_LOCATION && (isnan(owner->number[0]) || o->sequence >= owner->sequence)) {
    owner->number[0] = o->number[0], owner->number[1] = o->number[1], owner->sequence = o->sequence;
  }
}

static bool is_node(const CimGraph *g, uint32_t object) { return object != CIM_NONE && g->objects[object].class == CIM_NODE; }

static void link_terminal(CimGraph *g, uint32_t t) {
  const CimObject *terminal = &g->objects[t];
  bool owned = check_reference(g, t, CIM_OWNER, "Terminal.ConductingEquipment");
  if (!check_reference(g, t, CIM_OTHER_END, "Terminal.ConnectivityNode") || !owned) return;
  uint32_t owner = terminal->ref[CIM_OWNER], feeder = terminal->ref[CIM_CONTAINER];
  /* the head of a feeder, told from its other side */
  if (feeder != CIM_NONE && g->objects[feeder].class == CIM_FEEDER && g->objects[feeder].ref[CIM_OWNER] == CIM_NONE)
    g->objects[feeder].ref[CIM_OWNER] = t;
  if (!is_node(g, terminal->ref[CIM_OTHER_END]) || !cim_is_equipment(g->objects[owner].class)) return;
  g->objects[owner].phases |= terminal->phases;
  g->next[t] = g->first[owner], g->first[owner] = t;
}

static void check_terminals(CimGraph *g, uint32_t i) {
  uint8_t class = g->objects[i].class;
  uint32_t count = 0, least = cim_is_branch(class) ? 2 : 1;
  if (!cim_is_equipment(class)) return;
  for (uint32_t t = g->first[i]; t != CIM_NONE; t = g->next[t]) count++;
  if (count >= least && (count == least || (class == CIM_TRANSFORMER && count <= ENDS_MAX))) return;
  Error *problem = cim_problem(g->cim);
  error_raise(problem, ERROR_CIM_TERMINALS, "%.*s\t%u\t%u", TEXT_ARG(cim_called(&g->objects[i])), count, least);
  cim_at(g->cim, i, problem);
}

/* ---- what a piece is ---- */

static void place_of(const CimGraph *g, const CimObject *o, int32_t *lon, int32_t *lat) {
  *lon = *lat = PACKAGE_NO_PLACE;
  if (o->ref[CIM_OTHER_END] == CIM_NONE) return;
  const CimObject *location = &g->objects[o->ref[CIM_OTHER_END]];
  if (!(fabs(location->number[0]) <= 180 && fabs(location->number[1]) <= 90)) return; /* not degrees */
  *lon = (int32_t)lround(location->number[0] * 1e6), *lat = (int32_t)lround(location->number[1] * 1e6);
}

/* Nominal voltage, its own or that of the level it stands in. */
static double voltage_of(const CimGraph *g, const CimObject *o) {
  for (int up = 0; up < CONTAINERS_MAX; up++) {
    uint32_t base = o->ref[CIM_VOLTAGE];
    if (base != CIM_NONE && g->objects[base].class == CIM_BASE_VOLTAGE) return g->objects[base].number[0];
    if (o->ref[CIM_CONTAINER] == CIM_NONE) break;
    o = &g->objects[o->ref[CIM_CONTAINER]];
  }
  return NAN;
}

/* CIM says volts; some profiles write kilovolts: where nothing reaches 1,000, it must be those. */
static void judge_voltages(CimGraph *g) {
  double most = 0;
  for (uint32_t i = 0; i < g->count; i++)
    if (g->objects[i].class == CIM_BASE_VOLTAGE && g->objects[i].number[0] > most) most = g->objects[i].number[0];
  g->low_voltage = most < 1000 ? 1 : 1000;
}

/* The row of the substation a thing stands in, or whose feeder it stands on. */
static bool org_of(CimGraph *g, uint32_t object, uint32_t *out) {
  uint32_t at = object;
  *out = PACKAGE_NONE;
  for (int up = 0; up < CONTAINERS_MAX && at != CIM_NONE && g->objects[at].class != CIM_SUBSTATION; up++) at = g->objects[at].ref[CIM_CONTAINER];
  if (at == CIM_NONE || g->objects[at].class != CIM_SUBSTATION) return true;
  if (g->number[at] == CIM_NONE) {
    const CimObject *station = &g->objects[at];
    g->number[at] = (uint32_t)g->orgs.count;
    PackageOrg org = {0, station->id, cim_called(station), TEXT(""), TEXT(""), TEXT(""), PACKAGE_NONE, PACKAGE_STATION};
    if (!vector_push(&g->orgs, org)) return cim_stop(g->cim);
  }
  *out = g->number[at];
  return true;
}

static bool number_node(CimGraph *g, uint32_t node, uint32_t *out) {
  if (g->number[node] == CIM_NONE) g->number[node] = g->wires.node_count++;
  *out = g->number[node];
  return true;
}

static const struct {
  uint8_t role, kind;
} AS[] = {[CIM_SOURCE] = {WIRES_SOURCE, 0},     [CIM_BUSBAR] = {WIRES_BAR, 1},     [CIM_LINE] = {WIRES_BRANCH, 6},
          [CIM_BREAKER] = {WIRES_BRANCH, 2},    [CIM_RECLOSER] = {WIRES_BRANCH, 3}, [CIM_SWITCH] = {WIRES_BRANCH, 4},
          [CIM_FUSE] = {WIRES_BRANCH, 5},       [CIM_TRANSFORMER] = {WIRES_BRANCH, 7}, [CIM_CONSUMER] = {WIRES_CONSUMER, 6}};
enum { KIND_BREAKER = 2, KIND_LV_BREAKER = 8 };

static bool add_piece(CimGraph *g, uint32_t i) {
  const CimObject *o = &g->objects[i];
  uint32_t nodes[ENDS_MAX], count = 0;
  if (!cim_is_equipment(o->class)) return true;
  for (uint32_t t = g->first[i]; t != CIM_NONE && count < ENDS_MAX; t = g->next[t]) number_node(g, g->objects[t].ref[CIM_OTHER_END], &nodes[count++]);
  if (count == 0) return true; /* told already */
  WiresPiece piece = {.device = {.code = o->id, .name = o->name, .conductor = TEXT(""), .kind = AS[o->class].kind, .phases = o->phases},
                      .role = AS[o->class].role, .open = cim_is_switch(o->class) && o->open, .is_switch = cim_is_switch(o->class),
                      .file = text_of(g->cim->name), .line = o->line};
  PackageDevice *device = &piece.device;
  if (o->class == CIM_LINE && o->number[0] > 0) device->length_m = (float)o->number[0];
  if (o->class == CIM_LINE && o->ref[CIM_OWNER] != CIM_NONE) device->conductor = g->objects[o->ref[CIM_OWNER]].name;
  if (o->class == CIM_TRANSFORMER && o->number[0] > 0) device->rated_kva = (float)(o->number[0] / 1000);
  if (device->kind == KIND_BREAKER && voltage_of(g, o) <= g->low_voltage) device->kind = KIND_LV_BREAKER;
  place_of(g, o, &device->lon_e6, &device->lat_e6);
  return org_of(g, i, &device->org) && wires_add(&g->wires, &piece, nodes, count);
}

/* Where a feeder begins, when the file leaves out what feeds it. */
static bool add_head(CimGraph *g, uint32_t i) {
  const CimObject *feeder = &g->objects[i];
  uint32_t terminal = feeder->ref[CIM_OWNER], node;
  if (feeder->class != CIM_FEEDER || terminal == CIM_NONE || g->objects[terminal].class != CIM_TERMINAL) return true;
  if (!is_node(g, g->objects[terminal].ref[CIM_OTHER_END])) return true;
  WiresPiece piece = {.device = {.code = feeder->id, .name = feeder->name, .conductor = TEXT(""), .lon_e6 = PACKAGE_NO_PLACE, .lat_e6 = PACKAGE_NO_PLACE},
                      .role = WIRES_HEAD, .file = text_of(g->cim->name), .line = feeder->line};
  return number_node(g, g->objects[terminal].ref[CIM_OTHER_END], &node) && org_of(g, i, &piece.device.org) && wires_add(&g->wires, &piece, &node, 1);
}

/* ---- customers ---- */

/* One customer: a usage point at a consumer, or a consumer that has none. */
static bool add_customer(CimGraph *g, uint32_t object, uint32_t consumer) {
  const CimObject *o = &g->objects[object], *at = &g->objects[consumer];
  uint32_t node = g->first[consumer] == CIM_NONE ? CIM_NONE : g->number[g->objects[g->first[consumer]].ref[CIM_OTHER_END]];
  uint32_t row = node == CIM_NONE ? CIM_NONE : g->wires.fed[node];
  if (row == CIM_NONE) return true; /* told already: no terminal, or an island */
  const PackageDevice *by = &g->cim->package->devices[row];
  PackageCustomer customer = {.number = cim_called(o), .name = at->name, .phone = TEXT(""), .address = TEXT(""), .meter = TEXT(""), .tags = TEXT(""),
                              .device = row, .phases = at->phases & by->phases};
  if (!customer.phases) customer.phases = by->phases;
  if (object != consumer && g->number[object] != CIM_NONE) customer.meter = cim_called(&g->objects[g->number[object]]);
  place_of(g, o->ref[CIM_OTHER_END] != CIM_NONE ? o : at, &customer.lon_e6, &customer.lat_e6);
  if (customer.number.len > PACKAGE_CODE_MAX) customer.number = o->id;
  return wires_add_customer(&g->wires, &customer, text_of(g->cim->name), o->line);
}

static bool add_customers(CimGraph *g) {
  bool ok = true;
  for (uint32_t i = 0; i < g->count; i++) {
    const CimObject *o = &g->objects[i];
    if (o->class == CIM_METER && check_reference(g, i, CIM_OWNER, "EndDevice.UsagePoint") && g->objects[o->ref[CIM_OWNER]].class == CIM_USAGE_POINT)
      g->number[o->ref[CIM_OWNER]] = i;
  }
  for (uint32_t i = 0; ok && i < g->count; i++) {
    const CimObject *o = &g->objects[i];
    if (o->class != CIM_USAGE_POINT || !check_reference(g, i, CIM_OWNER, "UsagePoint.Equipments")) continue;
    if (g->objects[o->ref[CIM_OWNER]].class != CIM_CONSUMER) continue;
    g->number[o->ref[CIM_OWNER]] = i;
    ok = add_customer(g, i, o->ref[CIM_OWNER]);
  }
  for (uint32_t i = 0; ok && i < g->count; i++)
    if (g->objects[i].class == CIM_CONSUMER && g->number[i] == CIM_NONE) ok = add_customer(g, i, i);
  return ok;
}

/* ---- all of it ---- */

static uint32_t *none(size_t count) {
  uint32_t *list = memory_grow(NULL, (count + 1) * sizeof *list);
  return list ? memset(list, 0xFF, (count + 1) * sizeof *list) : NULL;
}

/* An order must find a station: without a Substation it is the first source. */
static bool hand_orgs(CimGraph *g) {
  Package *p = g->cim->package;
  if (g->orgs.count == 0 && p->device_count) {
    PackageOrg org = {0, p->devices[0].code, wires_called(&p->devices[0]), TEXT(""), TEXT(""), TEXT(""), PACKAGE_NONE, PACKAGE_STATION};
    if (!vector_push(&g->orgs, org)) return cim_stop(g->cim);
    for (size_t i = 0; i < p->device_count; i++)
      if (p->devices[i].parent == PACKAGE_NONE) p->devices[i].org = 0;
  }
  p->orgs = g->orgs.at, p->org_count = g->orgs.count;
  g->orgs.at = NULL;
  return true;
}

bool cim_plant(Cim *cim, PackageProblems *aside) {
  CimGraph g = {.cim = cim, .objects = cim->objects.at, .count = cim->objects.count,
                .wires = {.package = cim->package, .problems = cim->problems, .aside = aside, .error = cim->error}};
  g.first = none(g.count), g.next = none(g.count), g.number = none(g.count);
  bool ok = (g.first && g.next && g.number) || cim_stop(cim);
  for (uint32_t i = 0; ok && i < g.count; i++) gather(&g, i);
  for (uint32_t i = (uint32_t)g.count; ok && i-- > 0;) /* backwards: the lists run as the file */
    if (g.objects[i].class == CIM_TERMINAL) link_terminal(&g, i);
  if (ok) judge_voltages(&g);
  for (uint32_t i = 0; ok && i < g.count; i++) check_terminals(&g, i);
  for (uint32_t i = 0; ok && i < g.count; i++) ok = add_piece(&g, i) && add_head(&g, i);
  ok = ok && wires_plant(&g.wires);
  if (ok && cim->problems->count == 0) ok = add_customers(&g) && hand_orgs(&g);
  wires_settle(&g.wires);
  wires_end(&g.wires);
  memory_free(g.first), memory_free(g.next), memory_free(g.number);
  vector_free(&g.orgs);
  return ok;
}
