/* Parents: found, free of loops, and devices put into preorder. */
#include <stdio.h>

#include "interop/package_reader.h"

/* parents[i] of row i: a row, PACKAGE_NONE for no parent or one that is not there (noted as a problem). */
static bool find_parents(PackageReader *r, PackageFile file, size_t column, size_t count, uint32_t *parent) {
  const PackageNames *names = &r->names[file];
  for (size_t i = 0; i < count; i++) {
    Text code = r->parents.at[i];
    int64_t row;
    parent[i] = PACKAGE_NONE;
    if (code.len == 0) continue;
    if (text_map_get(&names->rows, code, &row)) {
      parent[i] = (uint32_t)row;
    } else if (!names->torn) {
      Error *problem = package_problem(r);
      error_raise(problem, ERROR_IMPORT_REFERENCE, "parent_id\t%.*s\t%s", TEXT_ARG(code), r->file);
      csv_at(r->csv, names->lines.at[i], column, problem);
    }
  }
  return true;
}

/* Names each loop once. state: 0 not looked at, 1 on the way that is being followed, 2 done. */
static void report_loops(PackageReader *r, PackageFile file, size_t column, size_t count, const uint32_t *parent, uint8_t *state,
                         Text (*code_of)(const PackageReader *, size_t)) {
  for (size_t i = 0; i < count; i++) {
    size_t at = i;
    while (at != PACKAGE_NONE && state[at] == 0) {
      state[at] = 1;
      at = parent[at];
    }
    if (at != PACKAGE_NONE && state[at] == 1) {
      char way[ERROR_ARGUMENT_MAX] = "";
      size_t len = 0, next = parent[at];
      for (; next != at && len < sizeof way - 4; next = parent[next])
        len += (size_t)snprintf(way + len, sizeof way - len, "%s%.*s", len ? ", " : "", TEXT_ARG(code_of(r, next)));
      if (len == 0) len = (size_t)snprintf(way, sizeof way, "%.*s", TEXT_ARG(code_of(r, at)));
      Error *problem = package_problem(r);
      error_raise(problem, ERROR_IMPORT_LOOP, "%.*s\t%s", TEXT_ARG(code_of(r, at)), way);
      csv_at(r->csv, r->names[file].lines.at[at], column, problem);
    }
    for (at = i; at != PACKAGE_NONE && state[at] == 1; at = parent[at]) state[at] = 2;
  }
}

static Text org_code(const PackageReader *r, size_t i) { return r->orgs.at[i].code; }
static Text device_code(const PackageReader *r, size_t i) { return r->devices.at[i].code; }

static void check_org_depth(PackageReader *r, size_t count, const uint32_t *parent) {
  for (size_t i = 0; i < count; i++) {
    int depth = 1;
    for (uint32_t up = parent[i]; up != PACKAGE_NONE && depth <= LIMIT_ORG_DEPTH; up = parent[up]) depth++;
    if (depth <= LIMIT_ORG_DEPTH) continue;
    Error *problem = package_problem(r);
    error_raise(problem, ERROR_LIMIT, "depth of the organisation\t%d", LIMIT_ORG_DEPTH);
    csv_at(r->csv, r->names[FILE_ORGS].lines.at[i], ORG_PARENT, problem);
  }
}

bool package_root_orgs(PackageReader *r) {
  size_t count = r->orgs.count;
  uint32_t *parent = memory_new(count * sizeof *parent);
  uint8_t *state = memory_new(count);
  bool ok = (parent && state) || package_stop(r);
  if (ok) {
    find_parents(r, FILE_ORGS, ORG_PARENT, count, parent);
    size_t problems = r->problems->count;
    report_loops(r, FILE_ORGS, ORG_PARENT, count, parent, state, org_code);
    if (r->problems->count == problems) check_org_depth(r, count, parent);
    for (size_t i = 0; i < count; i++) r->orgs.at[i].parent = parent[i];
  }
  memory_free(parent);
  memory_free(state);
  vector_clear(&r->parents);
  return ok;
}

/* Devices in the order of the file, linked to walk them. */
typedef struct Links {
  uint32_t *parent, *child, *next; /* parent; first child; next sibling or next source */
  uint8_t *state;
} Links;

static bool make_links(PackageReader *r, Links *links, uint32_t *first) {
  size_t count = r->devices.count;
  *links = (Links){memory_grow(NULL, count * 4 + 4), memory_grow(NULL, count * 4 + 4), memory_grow(NULL, count * 4 + 4), memory_new(count)};
  if (!links->parent || !links->child || !links->next || !links->state) return package_stop(r);
  find_parents(r, FILE_DEVICES, DEVICE_PARENT, count, links->parent);
  report_loops(r, FILE_DEVICES, DEVICE_PARENT, count, links->parent, links->state, device_code);
  memset(links->child, 0xFF, count * 4);
  *first = PACKAGE_NONE;
  for (size_t i = count; i-- > 0;) { /* backwards, so that lists run in the order of the file */
    uint32_t *head = links->parent[i] == PACKAGE_NONE ? first : &links->child[links->parent[i]];
    links->next[i] = *head;
    *head = (uint32_t)i;
  }
  return true;
}

static void free_links(Links *links) {
  memory_free(links->parent);
  memory_free(links->child);
  memory_free(links->next);
  memory_free(links->state);
}

static void check_phases(PackageReader *r, size_t row, PackageDevice *device, const PackageDevice *parent) {
  uint8_t fed = parent ? parent->phases : 7;
  if (device->phases & ~fed) {
    char mine[4], has[4], why[ERROR_ARGUMENT_MAX];
    snprintf(why, sizeof why, "its parent '%.*s' has %s", TEXT_ARG(parent->code), package_phases_text(fed, has));
    package_problem_field(r, r->names[FILE_DEVICES].lines.at[row], DEVICE_PHASES, "phases",
                          text_of(package_phases_text(device->phases, mine)), why);
  }
  if (!device->phases) device->phases = fed;
}

/* Writes the devices to `out` in preorder. Those in or below a loop are left out: the package is refused anyway. */
static bool walk(PackageReader *r, const Links *links, uint32_t first, PackageDevice *out, size_t *written) {
  uint32_t count = 0;
  for (uint32_t row = first; row != PACKAGE_NONE;) {
    uint32_t up = links->parent[row], index = count++;
    PackageDevice *device = &out[index];
    *device = r->devices.at[row];
    r->place.at[row] = index;
    device->parent = up == PACKAGE_NONE ? PACKAGE_NONE : r->place.at[up];
    const PackageDevice *parent = up == PACKAGE_NONE ? NULL : &out[device->parent];
    device->depth = parent ? (uint16_t)(parent->depth + 1) : 0;
    if (device->depth >= LIMIT_TREE_DEPTH) {
      error_raise(r->error, ERROR_LIMIT, "depth of the network\t%d", LIMIT_TREE_DEPTH);
      return csv_at(r->csv, r->names[FILE_DEVICES].lines.at[row], DEVICE_PARENT, r->error);
    }
    check_phases(r, row, device, parent);
    if (links->child[row] != PACKAGE_NONE) {
      row = links->child[row];
      continue;
    }
    while (row != PACKAGE_NONE) { /* the subtrees that end here */
      out[r->place.at[row]].end = count;
      if (links->next[row] != PACKAGE_NONE) {
        row = links->next[row];
        break;
      }
      row = links->parent[row];
    }
  }
  *written = count;
  return true;
}

bool package_plant(PackageReader *r) {
  Links links;
  uint32_t first = PACKAGE_NONE;
  size_t count = r->devices.count, written = 0;
  if (count == 0 && !r->names[FILE_DEVICES].torn && r->problems->count == 0) {
    Error *problem = package_problem(r);
    error_raise(problem, ERROR_IMPORT_EMPTY, "%s", "devices");
    error_at(problem, "%s", r->file);
  }
  PackageDevice *ordered = NULL;
  bool ok = make_links(r, &links, &first);
  if (ok && (!(ordered = memory_new((count ? count : 1) * sizeof *ordered)) || !vector_reserve(&r->place, count + 1))) ok = package_stop(r);
  if (ok) {
    memset(r->place.at, 0xFF, (count + 1) * sizeof *r->place.at);
    ok = walk(r, &links, first, ordered, &written);
  }
  free_links(&links);
  vector_clear(&r->parents);
  if (!ok) {
    memory_free(ordered);
    return false;
  }
  memory_free(r->devices.at);
  r->devices.at = ordered;
  r->devices.count = written;
  r->devices.room = count;
  return true;
}
