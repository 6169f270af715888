/* The 10 kV lines as devices: from the breaker along the roads to the transformers. */
#include <assert.h>
#include <stdlib.h>

#include "sim/generate_county.h"

enum {
  BRANCH_FUSE_FROM = 2,    /* transformers on a branch for it to have a fuse, */
  BRANCH_SWITCH_FROM = 3,  /* or a switch of its own; below it is a tap */
  TAP_SWITCH_PERCENT = 45, /* of public transformers on a line have an isolating switch too */
  BEND_DM = 350,           /* a line may leave its road by so much before it gets a pole there */
  REACH_CELLS = 4,         /* how far from its cabinet a transformer may be */
  BRANCHES_MAX = 2048,     /* of one feeder, waiting to be followed */
  PASSED_MAX = 64          /* cells between two poles */
};

typedef struct Line { /* one feeder being written */
  County *county;
  Feeder *feeder;
  int32_t index;                     /* of the feeder */
  int32_t numbered;                  /* devices so far */
  int32_t poles, switches, branches; /* names count each kind apart */
  int32_t heft;                      /* weight of the whole */
  int32_t *stamp;                    /* feeder + 1 where this feeder's tree goes */
  int32_t *weight;                   /* customers and transformers at and below the cell */
  int32_t *below;                    /* transformers alone */
  int32_t *head, *next;              /* points at a cell */
  Random random;
} Line;

typedef struct Branch {        /* a way still to be followed */
  int32_t cell, parent, along; /* parent: a device number; 0 is the breaker */
  Spot last;
  bool trunk;
} Branch;

static void put_feeder_name(Buffer *out, const Line *line) {
  names_put_place(out, line->feeder->name);
  buffer_string(out, "线");
}

void put_node(Buffer *out, const County *county, int32_t feeder, int32_t number) {
  buffer_byte(out, 'F');
  buffer_i64(out, county->base.feeders + feeder + 1);
  if (number == 0) return;
  buffer_byte(out, '-');
  buffer_i64(out, number);
}

static int32_t station_at(const County *county, int32_t cell) {
  int32_t market = county->territory[cell];
  return market < 0 ? 0 : county->settlements[market].station;
}

void put_device_rest(County *county, const char *org, int64_t org_number, Spot at, const char *phases, int32_t kva, const char *ownership,
                     int64_t length_dm, const char *conductor) {
  Buffer *out = sheet_rows(county, SHEET_DEVICES);
  buffer_byte(out, ',');
  put_org(out, org, org_number);
  buffer_byte(out, ',');
  put_degrees(out, county, at, ',');
  buffer_byte(out, ',');
  buffer_string(out, phases);
  buffer_byte(out, ',');
  if (kva) buffer_i64(out, kva);
  buffer_byte(out, ',');
  buffer_string(out, ownership);
  buffer_byte(out, ',');
  if (length_dm) {
    buffer_i64(out, length_dm / 10);
    buffer_byte(out, '.');
    buffer_i64(out, length_dm % 10);
  }
  buffer_byte(out, ',');
  buffer_string(out, conductor);
  sheet_end_row(county, SHEET_DEVICES);
}

typedef enum NodeKind { NODE_POLE, NODE_SWITCH, NODE_RECLOSER, NODE_BRANCH_SWITCH, NODE_BRANCH_FUSE, NODE_CABINET, NODE_JOINT } NodeKind;

/* A device on the line; returns its number. `along` is dm from the head, the length from the parent included. */
static int32_t put_device(Line *line, NodeKind kind, int32_t parent, int32_t cell, Spot at, int64_t length, int64_t along, bool trunk) {
  static const char *const KIND[] = {"line", "switch", "recloser", "switch", "fuse", "switch", "line"};
  static const char *const NAME[] = {"号杆", "号分段开关", "号分段重合器", "号支线开关", "号支线熔断器", "号环网柜", "号电缆接头"};
  County *county = line->county;
  int32_t number = ++line->numbered;
  int32_t *count = kind == NODE_POLE || kind == NODE_JOINT                  ? &line->poles
                   : kind == NODE_BRANCH_SWITCH || kind == NODE_BRANCH_FUSE ? &line->branches
                                                                            : &line->switches;
  Buffer *out = sheet_rows(county, SHEET_DEVICES);
  put_node(out, county, line->index, number);
  buffer_byte(out, ',');
  put_node(out, county, line->index, parent);
  buffer_byte(out, ',');
  buffer_string(out, KIND[kind]);
  buffer_byte(out, ',');
  put_feeder_name(out, line);
  buffer_i64(out, ++*count);
  buffer_string(out, NAME[kind]);
  const char *conductor = line->feeder->ring ? "YJV22-3×300"
                          : trunk            ? (line->weight[cell] > line->heft / 2 ? "JKLGYJ-240" : "JKLGYJ-150")
                                             : (line->below[cell] > 6 ? "JKLGYJ-95" : "JKLGYJ-70");
  int32_t station = station_at(county, cell);
  put_device_rest(county, "station", county->base.stations + station + 1, at, "ABC", 0, "public", length, conductor);
  if (along > line->feeder->far) line->feeder->far = (int32_t)along;
  if (!vector_push(&county->poles, (Pole){line->index, number, cell, (int32_t)along})) county->search.failed = true;
  return number;
}

/* From a pole or cabinet to a transformer: a switch (always at the boundary of a private customer and in a cabinet),
 * the drop-out fuse, the transformer. */
static void put_transformer(Line *line, int32_t parent, int32_t which, Spot from, bool cabinet) {
  County *county = line->county;
  const Point *point = &county->points[which];
  Buffer *out = sheet_rows(county, SHEET_DEVICES);
  int64_t number = county->base.points + which + 1, grid = county->base.grids + point->grid + 1;
  int64_t distance = spot_distance(from, point->at);
  const char *conductor = line->feeder->ring ? "YJV22-3×70" : "JKLGYJ-50", *ownership = point->private_ ? "private" : "public";
  bool boundary = point->private_ || cabinet || random_below(&line->random, 100) < TAP_SWITCH_PERCENT;
  if (boundary) {
    buffer_format(out, "T%lldK,", (long long)number);
    put_node(out, county, line->index, parent);
    buffer_string(out, ",switch,");
    put_point(out, county, point);
    buffer_string(out, cabinet ? "出线开关" : point->private_ ? "分界开关" : "隔离开关");
    put_device_rest(county, "grid", grid, from, "ABC", 0, ownership, 0, "");
  }
  buffer_format(out, "T%lldF,", (long long)number);
  if (boundary)
    buffer_format(out, "T%lldK", (long long)number);
  else
    put_node(out, county, line->index, parent);
  buffer_string(out, ",fuse,");
  put_point(out, county, point);
  buffer_string(out, "跌落式熔断器");
  put_device_rest(county, "grid", grid, point->at, "ABC", 0, ownership, cabinet ? distance * 5 / 4 : distance, conductor);
  buffer_format(out, "T%lld,T%lldF,transformer,", (long long)number, (long long)number);
  put_point(out, county, point);
  put_device_rest(county, "grid", grid, point->at, "ABC", point->kva, ownership, 40 + number % 5 * 8, conductor);
  county_write_point(county, which);
}

static int order_u64_down(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x < y) - (x > y);
}

/* Marks the feeder's part of the tree of ways and sums up what hangs below each cell. */
static bool stamp_tree(Line *line) {
  bool ok = false;
  County *county = line->county;
  const Feeder *feeder = line->feeder;
  VECTOR(uint64_t) cells = {0};
  for (int32_t i = 0; i < feeder->count; i++) {
    int32_t which = county->feeder_points[feeder->first + i], cell = county->points[which].cell;
    for (int32_t up = cell; up >= 0 && line->stamp[up] != line->index + 1; up = county->parent[up]) {
      line->stamp[up] = line->index + 1;
      line->weight[up] = line->below[up] = line->head[up] = 0;
      if (!vector_push(&cells, (uint64_t)county->way[up] << 24 | (uint32_t)up)) goto done;
    }
    line->weight[cell] += point_weight(&county->points[which]);
    line->below[cell]++;
    line->next[which] = line->head[cell];
    line->head[cell] = which + 1;
  }
  qsort(cells.at, cells.count, sizeof *cells.at, order_u64_down);
  for (size_t i = 0; i < cells.count; i++) {
    int32_t cell = (int32_t)(cells.at[i] & 0xFFFFFF), up = county->parent[cell];
    if (up < 0) continue;
    line->weight[up] += line->weight[cell];
    line->below[up] += line->below[cell];
  }
  ok = true;
done:
  vector_free(&cells);
  return ok || county_out_of_memory(county);
}

static int32_t children_of(const Line *line, int32_t cell, int32_t children[NEIGHBOURS]) {
  const County *county = line->county;
  int32_t count = 0, heaviest = 0;
  for (int32_t direction = 0; direction < NEIGHBOURS; direction++) {
    int32_t next = land_neighbour(&county->land, cell, direction);
    if (next < 0 || line->stamp[next] != line->index + 1 || county->parent[next] != cell) continue;
    children[count] = next;
    if (line->weight[next] > line->weight[children[heaviest]]) heaviest = count;
    count++;
  }
  if (count) { /* the line goes on along the first, the others branch off */
    int32_t other = children[0];
    children[0] = children[heaviest];
    children[heaviest] = other;
  }
  return count;
}

static Spot spot_of(const Line *line, int32_t cell) { return spot_add(line->county->land.at[cell], line->feeder->shift); }

/* Whether a straight line from a to b leaves any of the spots between by more than BEND_DM. */
static bool bends(Spot a, Spot b, const Spot *between, int32_t count) {
  int64_t x = b.x - a.x, y = b.y - a.y, length = spot_distance(a, b) + 1;
  for (int32_t i = 0; i < count; i++) {
    int64_t off = x * (between[i].y - a.y) - y * (between[i].x - a.x);
    if ((off < 0 ? -off : off) > BEND_DM * length) return true;
  }
  return count >= PASSED_MAX;
}

/* Where a branch leaves the line it has, if it is worth one, a device of its own, a third of the way to the next cell. */
static Branch open_branch(Line *line, int32_t child, int32_t parent, Spot at, int64_t along) {
  Branch branch = {.cell = child, .parent = parent, .along = (int32_t)along, .last = at};
  if (line->below[child] < BRANCH_FUSE_FROM) return branch;
  bool is_switch = line->below[child] >= BRANCH_SWITCH_FROM;
  Spot next = spot_of(line, child);
  branch.last = (Spot){at.x + (next.x - at.x) / 3, at.y + (next.y - at.y) / 3};
  int64_t length = spot_distance(at, branch.last);
  branch.along += (int32_t)length;
  branch.parent =
      put_device(line, is_switch ? NODE_BRANCH_SWITCH : NODE_BRANCH_FUSE, parent, child, branch.last, length, branch.along, false);
  return branch;
}

typedef struct Sections { /* the switches that divide the trunk */
  int32_t count, done;
  int64_t since; /* along at the last one */
} Sections;

static bool section_due(const Line *line, Sections *sections, int32_t cell, int64_t along) {
  int64_t left = line->weight[cell];
  if (sections->done + 1 >= sections->count || along - sections->since < 2500 || left * 50 < line->heft) return false;
  if (left * sections->count > (int64_t)line->heft * (sections->count - 1 - sections->done)) return false;
  sections->done++;
  sections->since = along;
  return true;
}

/* Follows one branch to its end; what branches off it is put on the stack. */
static void follow(Line *line, Branch branch, Branch *stack, int32_t *depth, Sections *sections) {
  Spot passed[PASSED_MAX + 1], last = branch.last, before = branch.last;
  int32_t count = 0, parent = branch.parent, children[NEIGHBOURS];
  int64_t length = 0, along = branch.along;
  for (int32_t cell = branch.cell; cell >= 0;) {
    Spot at = spot_of(line, cell);
    int64_t step = spot_distance(before, at);
    length += step, along += step;
    before = at;
    int32_t child_count = children_of(line, cell, children);
    bool section = branch.trunk && section_due(line, sections, cell, along);
    passed[count++] = at;
    if (line->head[cell] || child_count != 1 || section || bends(last, spot_of(line, children[0]), passed, count)) {
      NodeKind kind = !section ? NODE_POLE : random_below(&line->random, 100) < 35 ? NODE_RECLOSER : NODE_SWITCH;
      parent = put_device(line, kind, parent, cell, at, length, along, branch.trunk);
      last = at, length = 0, count = 0;
      for (int32_t point = line->head[cell]; point; point = line->next[point - 1]) put_transformer(line, parent, point - 1, at, false);
      for (int32_t i = 1; i < child_count; i++) {
        assert(*depth < BRANCHES_MAX);
        stack[(*depth)++] = open_branch(line, children[i], parent, at, along);
      }
    }
    cell = child_count ? children[0] : -1;
  }
}

static void put_breaker(Line *line) {
  County *county = line->county;
  const Substation *substation = &county->substations[line->feeder->substation];
  Buffer *out = sheet_rows(county, SHEET_DEVICES);
  put_node(out, county, line->index, 0);
  buffer_format(out, ",S%lld-%d,breaker,10kV ", (long long)(county->base.substations + line->feeder->substation + 1),
                line->feeder->bus + 1);
  put_feeder_name(out, line);
  buffer_i64(out, line->feeder->outlet);
  buffer_string(out, "断路器");
  int32_t station = county->settlements[substation->settlement].station;
  put_device_rest(county, "station", county->base.stations + station + 1, substation->at, "ABC", 0, "public", 0, "");
}

static bool write_radial(Line *line) {
  if (!stamp_tree(line)) return false;
  County *county = line->county;
  const Substation *substation = &county->substations[line->feeder->substation];
  Branch stack[BRANCHES_MAX];
  int32_t depth = 0;
  line->heft = line->weight[substation->cell];
  Sections sections = {.count = 3 + (int32_t)random_below(&line->random, 3)};
  stack[depth++] = (Branch){.cell = substation->cell, .last = substation->at, .trunk = true};
  while (depth > 0) {
    Branch branch = stack[--depth];
    follow(line, branch, stack, &depth, &sections);
  }
  return true;
}

/* A cable along the streets from one cell to the next, with a joint at each bend; returns the last device's number. */
static int32_t lay_cable(Line *line, int32_t from, int32_t to, int32_t parent, Spot *last, int64_t *along, int64_t *length) {
  County *county = line->county;
  Search *search = &county->search;
  Spot passed[PASSED_MAX + 1];
  int32_t count = 0;
  search_begin(search);
  search_source(search, to, 0, 0); /* from the end, so that `from` leads on */
  search_run(search, &county->land, SEARCH_ROADS, from, INT32_MAX);
  if (!search_reached(search, from)) return parent; /* out of memory */
  Spot before = *last;
  for (int32_t cell = from; cell >= 0; cell = search->from[cell]) {
    Spot at = spot_of(line, cell);
    int64_t step = spot_distance(before, at);
    *length += step, *along += step;
    before = at;
    passed[count++] = at;
    if (search->from[cell] < 0 || !bends(*last, spot_of(line, search->from[cell]), passed, count)) continue;
    parent = put_device(line, NODE_JOINT, parent, cell, at, *length, *along, true);
    *last = at, *length = 0, count = 0;
  }
  return parent;
}

/* A cable ring's half: cabinets one after another, a few transformers at each. */
static void write_ring(Line *line) {
  County *county = line->county;
  const Feeder *feeder = line->feeder;
  const Substation *substation = &county->substations[feeder->substation];
  const int32_t *points = &county->feeder_points[feeder->first];
  int32_t cabinets = (feeder->count + 2) / 4, parent = 0, cell = substation->cell;
  cabinets = cabinets < 3 ? 3 : cabinets > 5 ? 5 : cabinets;
  int32_t most = (feeder->count + cabinets - 1) / cabinets;
  Spot last = substation->at;
  int64_t along = 0, length = 0;
  for (int32_t first = 0, end; first < feeder->count; first = end) {
    for (end = first + 1; end < feeder->count && end - first < most; end++)
      if (spot_distance(county->points[points[end]].at, county->points[points[first]].at) > REACH_CELLS * county->land.cell_dm) break;
    int32_t to = county->points[points[(first + end) / 2]].cell;
    parent = lay_cable(line, cell, to, parent, &last, &along, &length);
    cell = to;
    last = spot_of(line, cell);
    parent = put_device(line, NODE_CABINET, parent, cell, last, length, along, true);
    length = 0;
    for (int32_t j = first; j < end; j++) put_transformer(line, parent, points[j], last, true);
  }
}

static void write_substations(County *county) {
  for (int32_t i = 0; i < county->substation_count; i++) {
    const Substation *substation = &county->substations[i];
    Buffer *out = sheet_rows(county, SHEET_DEVICES);
    int64_t number = county->base.substations + i + 1,
            station = county->base.stations + county->settlements[substation->settlement].station + 1;
    const char *voltage = substation->urban || i % 3 == 0 ? "110kV" : "35kV";
    buffer_format(out, "S%lld,,substation,%s ", (long long)number, voltage);
    names_put_place(out, substation->name);
    buffer_string(out, "变电站");
    put_device_rest(county, "station", station, substation->at, "ABC", 0, "public", 0, "");
    for (int bus = 1; bus <= 2; bus++) {
      buffer_format(out, "S%lld-%d,S%lld,busbar,", (long long)number, bus, (long long)number);
      names_put_place(out, substation->name);
      buffer_string(out, bus == 1 ? "变10kV I段母线" : "变10kV II段母线");
      put_device_rest(county, "station", station, substation->at, "ABC", 0, "public", 0, "");
    }
  }
}

bool county_write_lines(County *county, void (*progress)(void *self, int64_t done, int64_t total), void *self, int64_t total) {
  int32_t cells = county->land.cells;
  Line line = {.county = county,
               .stamp = COUNTY_ARRAY(county, int32_t, cells),
               .weight = COUNTY_ARRAY(county, int32_t, cells),
               .below = COUNTY_ARRAY(county, int32_t, cells),
               .head = COUNTY_ARRAY(county, int32_t, cells),
               .next = COUNTY_ARRAY(county, int32_t, county->point_count)};
  if (!line.stamp || !line.weight || !line.below || !line.head || !line.next) return false;
  write_substations(county);
  for (line.index = 0; line.index < county->feeder_count; line.index++) {
    line.feeder = &county->feeders[line.index];
    line.numbered = line.poles = line.switches = line.branches = 0;
    county_random(county, &line.random, STAGE_FEEDERS, (uint64_t)line.index);
    put_breaker(&line);
    if (line.feeder->ring)
      write_ring(&line);
    else if (!write_radial(&line))
      return false;
    if (county->search.failed) return county_out_of_memory(county);
    if (progress) progress(self, county->tally->customers, total);
  }
  return true;
}
