#include "interop/dss_package.h"

#include <math.h>
#include <stdio.h>

#include "interop/dss_private.h"
#include "interop/package_reader.h"
#include "interop/wires.h"

enum { KIND_SUBSTATION = 0, KIND_SWITCH = 4, KIND_LINE = 6, KIND_TRANSFORMER = 7 };

typedef struct Reading {
  const DssModel *model;
  Package *package;
  Wires wires;
  TextMap buses, codes; /* codes in use */
  bool degrees;         /* BusCoords are longitude and latitude */
  TextMap places;       /* bus → row of model->places */
  Error *error;
} Reading;

static bool stop(Reading *r) { return error_raise(r->error, ERROR_OUT_OF_MEMORY, "%s", "network"); }

/* Drawings have any scale. Degrees are believed only where all are in range and lie together, as a utility's do. */
static void judge_places(Reading *r) {
  double least[2] = {INFINITY, INFINITY}, most[2] = {-INFINITY, -INFINITY};
  for (size_t i = 0; i < r->model->places.count; i++) {
    const double at[2] = {r->model->places.at[i].x, r->model->places.at[i].y};
    for (int axis = 0; axis < 2; axis++) least[axis] = fmin(least[axis], at[axis]), most[axis] = fmax(most[axis], at[axis]);
  }
  bool in_range = least[0] >= -180 && most[0] <= 180 && least[1] >= -90 && most[1] <= 90;
  /* a drawing in small units stands about its origin; nobody is supplied there */
  bool at_origin = fabs(least[0]) < 20 && fabs(least[1]) < 1;
  r->degrees = in_range && !at_origin && most[0] - least[0] < 5 && most[1] - least[1] < 5;
}

static bool name_places(Reading *r) {
  judge_places(r);
  for (size_t i = 0; r->degrees && i < r->model->places.count; i++) {
    int64_t row = (int64_t)i;
    bool fresh;
    if (!text_map_put(&r->places, r->model->places.at[i].bus, &row, &fresh)) return stop(r);
  }
  return true;
}

static void place_at(const Reading *r, Text bus, int32_t *lon, int32_t *lat) {
  int64_t row;
  *lon = *lat = PACKAGE_NO_PLACE;
  if (!text_map_get(&r->places, bus, &row)) return;
  *lon = (int32_t)lround(r->model->places.at[row].x * 1e6), *lat = (int32_t)lround(r->model->places.at[row].y * 1e6);
}

static bool bus_number(Reading *r, Text bus, uint32_t *out) {
  int64_t row = r->wires.node_count;
  bool fresh;
  if (!text_map_put(&r->buses, bus, &row, &fresh)) return stop(r);
  r->wires.node_count += fresh;
  *out = (uint32_t)row;
  return true;
}

/* Nodes 1, 2, 3 are the phases; what else there is (a neutral, a point between windings) says nothing. */
static uint8_t phases_at(const DssTerminal *end, int phases, DssConnection connection) {
  uint8_t bits = 0;
  int conductors = connection == DSS_DELTA && phases < 3 ? phases + 1 : phases;
  for (int i = 0; i < conductors && i < DSS_CONDUCTORS_MAX; i++) {
    int node = dss_node(end, i, phases);
    if (node >= 1 && node <= 3) bits |= (uint8_t)(1 << (node - 1));
  }
  return bits;
}

/* A copy of a text of the model, that lives as the package does. */
static bool keep(Reading *r, Text text, size_t most, Text *out) {
  *out = text_copy(&r->package->texts, text_slice(text, 0, most));
  return out->at || stop(r);
}

/* Names are their own within a class only: "line.650632". */
static bool name_device(Reading *r, const char *class, Text name, PackageDevice *device) {
  char code[PACKAGE_CODE_MAX + 1];
  int64_t row = 0;
  bool fresh;
  snprintf(code, sizeof code, "%s.%.*s", class, TEXT_ARG(text_slice(name, 0, 80)));
  if (!keep(r, text_of(code), PACKAGE_CODE_MAX, &device->code) || !keep(r, name, PACKAGE_NAME_MAX, &device->name)) return false;
  if (!text_map_put(&r->codes, device->code, &row, &fresh)) return stop(r);
  if (fresh) return true;
  error_raise(package_problem_in(r->wires.problems), ERROR_IMPORT_DUPLICATE, "%s\t%.*s\t%d", class, TEXT_ARG(device->code), 1);
  return true;
}

typedef struct Between {
  const char *class;
  const DssObject *object;
  const DssTerminal *end;
  size_t stride; /* from one end to the next, bytes */
  uint32_t ends;
  uint8_t kind, phases;
  bool is_switch;
  double length_m, kva;
  Text conductor;
} Between;

static bool add(Reading *r, const Between *from, uint8_t role) {
  uint32_t nodes[DSS_WINDINGS_MAX];
  if (!from->object->enabled && !from->is_switch) return true;
  WiresPiece piece = {.device = {.conductor = TEXT(""), .org = PACKAGE_NONE, .kind = from->kind, .phases = from->phases,
                                 .length_m = (float)fmin(fmax(from->length_m, 0), 1e7), .rated_kva = (float)fmin(fmax(from->kva, 0), 1e7)},
                      .role = role, .is_switch = from->is_switch, .open = from->is_switch && !from->object->enabled, .line = from->object->line};
  if (!name_device(r, from->class, from->object->name, &piece.device) || !keep(r, from->object->file, 200, &piece.file)) return false;
  if (from->conductor.len && !keep(r, from->conductor, PACKAGE_NAME_MAX, &piece.device.conductor)) return false;
  for (uint32_t i = 0; i < from->ends; i++) {
    const DssTerminal *end = (const DssTerminal *)(const void *)((const char *)from->end + i * from->stride);
    if (!bus_number(r, end->bus, &nodes[i])) return false;
    if (i + 1 == from->ends) place_at(r, end->bus, &piece.device.lon_e6, &piece.device.lat_e6);
  }
  if (role == WIRES_SOURCE) piece.device.org = 0;
  return wires_add(&r->wires, &piece, nodes, from->ends);
}

static bool add_source(Reading *r) {
  const DssSource *s = &r->model->source;
  DssObject named = {.name = r->model->name.len ? r->model->name : s->name, .file = s->file, .line = s->line, .enabled = true};
  return add(r, &(Between){.class = "circuit", .object = &named, .end = &s->end, .ends = 1, .kind = KIND_SUBSTATION, .phases = 7, .conductor = TEXT("")},
             WIRES_SOURCE);
}

static bool add_lines(Reading *r) {
  bool ok = true;
  for (size_t i = 0; ok && i < r->model->lines.count; i++) {
    const DssLine *line = &r->model->lines.at[i];
    int units = line->units != DSS_NONE ? line->units : line->code.units;
    Between between = {.class = "line", .object = (const DssObject *)line, .end = line->end, .stride = sizeof line->end[0], .ends = 2,
                       .kind = line->is_switch ? KIND_SWITCH : KIND_LINE, .phases = phases_at(&line->end[0], line->code.phases, DSS_WYE),
                       .is_switch = line->is_switch, .length_m = units == DSS_NONE || line->is_switch ? 0 : line->length * dss_metres(units),
                       .conductor = line->coded ? line->code.name : TEXT("")};
    ok = add(r, &between, WIRES_BRANCH);
  }
  return ok;
}

static bool add_transformers(Reading *r) {
  bool ok = true;
  for (size_t i = 0; ok && i < r->model->transformers.count; i++) {
    const DssTransformer *t = &r->model->transformers.at[i];
    Between between = {.class = "transformer", .object = (const DssObject *)t, .end = &t->winding[0].end, .stride = sizeof t->winding[0],
                       .ends = (uint32_t)t->windings, .kind = KIND_TRANSFORMER, .phases = phases_at(&t->winding[0].end, t->phases, t->winding[0].connection),
                       .kva = t->winding[0].kva, .conductor = TEXT("")};
    ok = add(r, &between, WIRES_BRANCH);
  }
  return ok;
}

/* To ground they feed nobody. */
static bool add_series(Reading *r) {
  bool ok = true;
  for (size_t i = 0; ok && i < r->model->reactors.count; i++) {
    const DssReactor *x = &r->model->reactors.at[i];
    if (!x->second || text_equal(x->end[0].bus, x->end[1].bus)) continue;
    ok = add(r, &(Between){.class = "reactor", .object = (const DssObject *)x, .end = x->end, .stride = sizeof x->end[0], .ends = 2, .kind = KIND_LINE,
                           .phases = phases_at(&x->end[0], x->phases, DSS_WYE), .conductor = TEXT("")}, WIRES_BRANCH);
  }
  for (size_t i = 0; ok && i < r->model->capacitors.count; i++) {
    const DssCapacitor *c = &r->model->capacitors.at[i];
    if (!c->second || text_equal(c->end[0].bus, c->end[1].bus)) continue;
    ok = add(r, &(Between){.class = "capacitor", .object = (const DssObject *)c, .end = c->end, .stride = sizeof c->end[0], .ends = 2, .kind = KIND_LINE,
                           .phases = phases_at(&c->end[0], c->phases, DSS_WYE), .conductor = TEXT("")}, WIRES_BRANCH);
  }
  return ok;
}

static bool add_loads(Reading *r) {
  bool ok = true;
  for (size_t i = 0; ok && i < r->model->loads.count; i++) {
    const DssLoad *load = &r->model->loads.at[i];
    Between between = {.class = "load", .object = (const DssObject *)load, .end = &load->end, .ends = 1, .kind = KIND_LINE, .conductor = TEXT("")};
    ok = add(r, &between, WIRES_CONSUMER);
  }
  return ok;
}

static double kw_of(const DssLoad *load) {
  double kw = load->told == 2 ? load->kva * fabs(load->pf) : load->kw;
  return kw > 0 && kw < 1e7 ? kw : 0;
}

static bool add_customers(Reading *r) {
  bool ok = true;
  for (size_t i = 0; ok && i < r->model->loads.count; i++) {
    const DssLoad *load = &r->model->loads.at[i];
    int64_t node;
    if (!load->enabled || !text_map_get(&r->buses, load->end.bus, &node) || r->wires.fed[node] == WIRES_NONE) continue;
    uint32_t device = r->wires.fed[node];
    uint8_t fed = r->package->devices[device].phases, own = phases_at(&load->end, load->phases, load->connection) & fed;
    PackageCustomer customer = {.name = TEXT(""), .phone = TEXT(""), .address = TEXT(""), .meter = TEXT(""), .tags = TEXT(""), .device = device,
                                .contract_kw = (float)kw_of(load), .phases = own ? own : fed};
    place_at(r, load->end.bus, &customer.lon_e6, &customer.lat_e6);
    ok = keep(r, load->name, PACKAGE_CODE_MAX, &customer.number) && wires_add_customer(&r->wires, &customer, load->file, load->line);
  }
  return ok;
}

/* The circuit is its own station. */
static bool add_org(Reading *r) {
  PackageOrg *org = memory_new(sizeof *org);
  if (!org) return stop(r);
  *org = (PackageOrg){.area_type = TEXT(""), .manager = TEXT(""), .manager_phone = TEXT(""), .parent = PACKAGE_NONE, .level = PACKAGE_STATION};
  r->package->orgs = org, r->package->org_count = 1;
  Text name = r->model->name.len ? r->model->name : TEXT("circuit");
  return keep(r, name, PACKAGE_CODE_MAX, &org->code) && keep(r, name, PACKAGE_NAME_MAX, &org->name);
}

bool dss_package_read_from(Package *out, const char *path, const DssFiles *files, PackageProblems *problems, Error *error) {
  PackageProblems own = {0}, aside = {0};
  Error stopped = {0};
  DssModel model;
  *out = (Package){.backdrop = TEXT("")};
  if (problems) *problems = own;
  if (!dss_read(&model, path, files, error)) return false;
  arena_begin(&out->texts, 0);
  Reading r = {.model = &model, .package = out, .error = &stopped,
               .wires = {.package = out, .problems = problems ? problems : &own, .aside = &aside, .error = &stopped, .cut_phases = true}};
  bool ok = add_org(&r) && name_places(&r) && add_source(&r) && add_lines(&r) && add_transformers(&r) && add_series(&r) && add_loads(&r) &&
            wires_plant(&r.wires);
  if (ok && r.wires.problems->count == 0) ok = add_customers(&r);
  wires_settle(&r.wires);
  if (!ok && error) *error = stopped;
  if (ok && r.wires.problems->count) ok = error_raise(error, ERROR_IMPORT_FAILED, "%zu", r.wires.problems->count);
  if (ok && problems) *problems = aside, aside = own;
  wires_end(&r.wires);
  text_map_free(&r.buses), text_map_free(&r.codes), text_map_free(&r.places);
  package_problems_end(&own), package_problems_end(&aside);
  dss_end(&model);
  if (!ok) package_end(out);
  return ok;
}

bool dss_package_read(Package *out, const char *path, PackageProblems *problems, PackageProgress progress, void *progress_self, Error *error) {
  (void)progress, (void)progress_self;
  return dss_package_read_from(out, path, &dss_disk, problems, error);
}
