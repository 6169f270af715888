#include "bench/package_read.h"

#include <math.h>
#include <stdio.h>

#include "interop/csv.h"

enum { DEVICE_ID, DEVICE_PARENT, DEVICE_KIND, DEVICE_PHASES, DEVICE_LENGTH };
static const CsvColumn device_columns[] = {{"id", true},        {"parent_id", true},  {"kind", true},       {"phases", false},
                                           {"length_m", false}, {"name", false},      {"org_id", false},    {"lon", false},
                                           {"lat", false},      {"rated_kva", false}, {"ownership", false}, {"conductor", false}};
enum { CUSTOMER_NUMBER, CUSTOMER_DEVICE, CUSTOMER_PHASES, CUSTOMER_CATEGORY, CUSTOMER_IMPORTANCE, CUSTOMER_METER };
static const CsvColumn customer_columns[] = {{"number", true},      {"device_id", true}, {"phases", false},      {"category", false},
                                             {"importance", false}, {"meter_id", false}, {"name", false},        {"phone", false},
                                             {"address", false},    {"tags", false},     {"contract_kw", false}, {"lon", false},
                                             {"lat", false}};

static bool out_of_memory(Error *error) { return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "package"); }

static bool open_table(Csv **csv, const char *folder, const char *name, const CsvColumn *columns, size_t count, Error *error) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return csv_open_file(csv, path, error) && csv_columns(*csv, columns, count, error);
}

/* Arrays grow in step: each holds `room` of its elements. */
static bool grow(void *array, size_t size, size_t room, Error *error) {
  void *old, *fresh;
  memcpy(&old, array, sizeof old);
  fresh = memory_grow(old, size * room);
  if (!fresh) return out_of_memory(error);
  memcpy(array, &fresh, sizeof fresh);
  return true;
}

static uint8_t phases_of(Text text) {
  uint8_t bits = 0;
  for (size_t i = 0; i < text.len; i++)
    if (text.at[i] >= 'A' && text.at[i] <= 'C') bits |= (uint8_t)(1 << (text.at[i] - 'A'));
  return bits;
}

static int kind_of(Text text) {
  static const char *const names[LOCATE_KINDS] = {"substation", "busbar",      "breaker",    "recloser",   "switch",   "fuse",
                                                  "line",       "transformer", "lv_breaker", "branch_box", "meter_box"};
  for (int i = 0; i < LOCATE_KINDS; i++)
    if (text_is(text, names[i])) return i;
  return -1;
}

static int class_of(Text category) {
  static const char *const names[] = {"residential", "commercial", "industrial", "farm", "public"};
  for (int i = 0; i < 5; i++)
    if (text_is(category, names[i])) return i;
  return 0;
}

static bool read_device(Package *p, Csv *csv, uint32_t d, Error *error) {
  int64_t value = d, parent = LOCATE_NONE;
  bool fresh;
  double metres;
  int kind = kind_of(csv_field(csv, DEVICE_KIND));
  Text above = csv_field(csv, DEVICE_PARENT);
  if (kind < 0) {
    error_raise(error, ERROR_FIELD_INVALID, "kind\t%.*s\tno such kind", TEXT_ARG(csv_field(csv, DEVICE_KIND)));
    return csv_at(csv, csv_line(csv), DEVICE_KIND, error);
  }
  if (above.len && !text_map_get(&p->devices, above, &parent)) { /* parents stand first in the packages read here */
    error_raise(error, ERROR_IMPORT_REFERENCE, "parent_id\t%.*s\tthe rows above", TEXT_ARG(above));
    return csv_at(csv, csv_line(csv), DEVICE_PARENT, error);
  }
  p->device_id[d] = text_copy(&p->arena, csv_field(csv, DEVICE_ID));
  p->parent[d] = (uint32_t)parent, p->kind[d] = (uint8_t)kind, p->phases[d] = phases_of(csv_field(csv, DEVICE_PHASES));
  p->length_m[d] = text_to_f64(csv_field(csv, DEVICE_LENGTH), &metres) ? (float)metres : (float)NAN;
  if (!p->device_id[d].at || !text_map_put(&p->devices, p->device_id[d], &value, &fresh)) return out_of_memory(error);
  return true;
}

static bool read_devices(Package *p, const char *folder, Error *error) {
  Csv *csv = NULL;
  bool ok = open_table(&csv, folder, "devices.csv", device_columns, sizeof device_columns / sizeof *device_columns, error), row = true;
  uint32_t d = 0, room = 0;
  while (ok && (ok = csv_next(csv, &row, error)) && row) {
    if (d == room) {
      room = room * 2 + 1024;
      ok = grow(&p->parent, 4, room, error) && grow(&p->kind, 1, room, error) && grow(&p->phases, 1, room, error) &&
           grow(&p->length_m, 4, room, error) && grow(&p->device_id, sizeof(Text), room, error);
    }
    ok = ok && read_device(p, csv, d++, error);
  }
  csv_close(csv);
  p->network.device_count = d;
  p->network.parent = p->parent, p->network.kind = p->kind, p->network.phases = p->phases, p->network.length_m = p->length_m;
  return ok;
}

static bool read_customer(Package *p, Csv *csv, uint32_t c, Error *error) {
  int64_t value = c, device;
  bool fresh;
  Text importance = csv_field(csv, CUSTOMER_IMPORTANCE);
  if (!text_map_get(&p->devices, csv_field(csv, CUSTOMER_DEVICE), &device)) {
    error_raise(error, ERROR_IMPORT_REFERENCE, "device_id\t%.*s\tdevices.csv", TEXT_ARG(csv_field(csv, CUSTOMER_DEVICE)));
    return csv_at(csv, csv_line(csv), CUSTOMER_DEVICE, error);
  }
  p->customer_device[c] = (uint32_t)device, p->customer_phases[c] = phases_of(csv_field(csv, CUSTOMER_PHASES));
  p->customer_class[c] = (uint8_t)class_of(csv_field(csv, CUSTOMER_CATEGORY));
  p->customer_flags[c] = (uint8_t)(LOCATE_PINGS | LOCATE_GASPS | (importance.len && !text_is(importance, "none") ? LOCATE_IMPORTANT : 0));
  p->customer_number[c] = text_copy(&p->arena, csv_field(csv, CUSTOMER_NUMBER));
  p->meter_id[c] = text_copy(&p->arena, csv_field(csv, CUSTOMER_METER));
  if (!p->customer_number[c].at || !p->meter_id[c].at || !text_map_put(&p->customers, p->customer_number[c], &value, &fresh))
    return out_of_memory(error);
  value = c;
  if (p->meter_id[c].len && !text_map_put(&p->meters, p->meter_id[c], &value, &fresh)) return out_of_memory(error);
  return true;
}

static bool read_customers(Package *p, const char *folder, Error *error) {
  Csv *csv = NULL;
  bool ok = open_table(&csv, folder, "customers.csv", customer_columns, sizeof customer_columns / sizeof *customer_columns, error),
       row = true;
  uint32_t c = 0, room = 0;
  while (ok && (ok = csv_next(csv, &row, error)) && row) {
    if (c == room) {
      room = room * 2 + 1024;
      ok = grow(&p->customer_device, 4, room, error) && grow(&p->customer_phases, 1, room, error) &&
           grow(&p->customer_class, 1, room, error) && grow(&p->customer_flags, 1, room, error) &&
           grow(&p->customer_number, sizeof(Text), room, error) && grow(&p->meter_id, sizeof(Text), room, error);
    }
    ok = ok && read_customer(p, csv, c++, error);
  }
  csv_close(csv);
  p->network.customer_count = c;
  p->network.customer_device = p->customer_device, p->network.customer_phases = p->customer_phases;
  p->network.customer_class = p->customer_class, p->network.customer_flags = p->customer_flags;
  return ok;
}

bool package_read(Package *out, const char *folder, Error *error) {
  *out = (Package){0};
  arena_begin(&out->arena, 0);
  if (read_devices(out, folder, error) && read_customers(out, folder, error)) return true;
  package_free(out);
  return false;
}

void package_free(Package *p) {
  void *all[] = {p->parent,          p->kind,           p->phases,         p->length_m,        p->device_id, p->customer_device,
                 p->customer_phases, p->customer_class, p->customer_flags, p->customer_number, p->meter_id};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) memory_free(all[i]);
  text_map_free(&p->devices);
  text_map_free(&p->customers);
  text_map_free(&p->meters);
  arena_end(&p->arena);
}
