/* The rows of a grid package, file by file: the columns, and what is made of them. */
#include <stdio.h>

#include "interop/package_reader.h"

static const char *const KIND[PACKAGE_KINDS] = {"substation", "busbar", "breaker", "recloser", "switch", "fuse", "line", "transformer",
                                                "lv_breaker", "branch_box", "meter_box"};
static const char *const LEVEL[PACKAGE_LEVELS] = {"province", "city", "county", "station", "grid"};
static const char *const AREA_TYPE[] = {"urban", "rural", "remote"};
static const char *const OWNERSHIP[] = {"public", "private"};
static const char *const CATEGORY[] = {"residential", "commercial", "industrial", "farm", "public"};
static const char *const IMPORTANCE[] = {"none", "temporary", "2", "1", "special"};
#define WORDS(list) (list), (int)(sizeof(list) / sizeof *(list))
enum { KIND_SUBSTATION = 0, KIND_SWITCH = 4 };

const char *package_kind_name(int kind) { return KIND[kind]; }
const char *package_level_name(int level) { return LEVEL[level]; }
const char *package_category_name(int category) { return CATEGORY[category]; }
const char *package_importance_name(int importance) { return IMPORTANCE[importance]; }

bool package_is_vulnerable(Text tags) {
  static const char *const TAGS[] = {"life_support", "vulnerable", "elder_alone"};
  for (Text tag; text_next(&tags, ';', &tag);)
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++)
      if (text_is(tag, TAGS[i])) return true;
  return false;
}

bool package_kind_of_name(Text name, uint8_t *out) {
  for (uint8_t i = 0; i < PACKAGE_KINDS; i++) {
    if (!text_is(name, KIND[i])) continue;
    *out = i;
    return true;
  }
  return false;
}

/* A row whose id is missing or stands already is left out; its problem is noted. reader->error tells whether reading must stop. */
static bool stopped(const PackageReader *reader) { return reader->error->code != ERROR_NONE; }
#define ADD(reader, vector, ...) (vector_push(vector, __VA_ARGS__) ? !stopped(reader) : package_stop(reader))

static const CsvColumn ORGS[] = {[ORG_ID] = {"id", true}, [ORG_PARENT] = {"parent_id", false}, [ORG_LEVEL] = {"level", true},
                                 [ORG_NAME] = {"name", true}, [ORG_AREA_TYPE] = {"area_type", false}, [ORG_MANAGER] = {"manager", false},
                                 [ORG_MANAGER_PHONE] = {"manager_phone", false}};

static bool org_row(PackageReader *r) {
  PackageOrg org = {.code = package_code(r, ORG_ID, NEEDED), .parent = PACKAGE_NONE};
  org.level = (uint8_t)package_word(r, ORG_LEVEL, NEEDED, WORDS(LEVEL), PACKAGE_GRID);
  org.name = package_text(r, ORG_NAME, NEEDED, PACKAGE_NAME_MAX);
  int area_type = package_word(r, ORG_AREA_TYPE, OPTIONAL, WORDS(AREA_TYPE), -1);
  org.area_type = area_type < 0 ? TEXT("") : text_of(AREA_TYPE[area_type]);
  org.manager = package_text(r, ORG_MANAGER, OPTIONAL, PACKAGE_NAME_MAX);
  org.manager_phone = package_code(r, ORG_MANAGER_PHONE, OPTIONAL);
  Text parent = package_code(r, ORG_PARENT, OPTIONAL);
  if (org.code.len == 0 || !package_name_row(r, ORG_ID, FILE_ORGS, org.code, r->orgs.count)) return !stopped(r);
  return ADD(r, &r->parents, parent) && ADD(r, &r->orgs, org);
}

static const CsvColumn DEVICES[] = {[DEVICE_ID] = {"id", true},         [DEVICE_PARENT] = {"parent_id", false},
                                    [DEVICE_KIND] = {"kind", true},     [DEVICE_NAME] = {"name", false},
                                    [DEVICE_ORG] = {"org_id", false},   [DEVICE_LON] = {"lon", false},
                                    [DEVICE_LAT] = {"lat", false},      [DEVICE_PHASES] = {"phases", false},
                                    [DEVICE_RATED] = {"rated_kva", false}, [DEVICE_OWNERSHIP] = {"ownership", false},
                                    [DEVICE_LENGTH] = {"length_m", false}, [DEVICE_CONDUCTOR] = {"conductor", false}};

static bool device_row(PackageReader *r) {
  PackageDevice device = {.code = package_code(r, DEVICE_ID, NEEDED), .parent = PACKAGE_NONE};
  device.kind = (uint8_t)package_word(r, DEVICE_KIND, NEEDED, WORDS(KIND), KIND_SUBSTATION);
  device.name = package_text(r, DEVICE_NAME, OPTIONAL, PACKAGE_NAME_MAX);
  device.org = package_reference(r, DEVICE_ORG, OPTIONAL, FILE_ORGS);
  package_place(r, DEVICE_LON, DEVICE_LAT, &device.lon_e6, &device.lat_e6);
  device.phases = package_phases(r, DEVICE_PHASES);
  device.rated_kva = (float)package_number(r, DEVICE_RATED, OPTIONAL);
  device.ownership = (uint8_t)(1 + package_word(r, DEVICE_OWNERSHIP, OPTIONAL, WORDS(OWNERSHIP), -1));
  device.length_m = (float)package_number(r, DEVICE_LENGTH, OPTIONAL);
  device.conductor = package_code(r, DEVICE_CONDUCTOR, OPTIONAL);
  Text parent = package_code(r, DEVICE_PARENT, OPTIONAL);
  if (device.code.len == 0 || !package_name_row(r, DEVICE_ID, FILE_DEVICES, device.code, r->devices.count)) return !stopped(r);
  if (r->devices.count == LIMIT_DEVICES) return error_raise(r->error, ERROR_LIMIT, "devices\t%d", LIMIT_DEVICES);
  if (parent.len == 0 && device.kind != KIND_SUBSTATION)
    package_problem_field(r, csv_line(r->csv), DEVICE_PARENT, "parent_id", parent, "only a substation has none");
  return ADD(r, &r->parents, parent) && ADD(r, &r->devices, device);
}

enum { TIE_ID, TIE_A, TIE_B, TIE_KIND, TIE_NAME, TIE_LON, TIE_LAT };
static const CsvColumn TIES[] = {[TIE_ID] = {"id", true},      [TIE_A] = {"device_a", true}, [TIE_B] = {"device_b", true},
                                 [TIE_KIND] = {"kind", false}, [TIE_NAME] = {"name", false}, [TIE_LON] = {"lon", false},
                                 [TIE_LAT] = {"lat", false}};

static bool tie_row(PackageReader *r) {
  PackageTie tie = {.code = package_code(r, TIE_ID, NEEDED)};
  tie.a = package_reference(r, TIE_A, NEEDED, FILE_DEVICES);
  tie.b = package_reference(r, TIE_B, NEEDED, FILE_DEVICES);
  tie.kind = (uint8_t)package_word(r, TIE_KIND, OPTIONAL, WORDS(KIND), KIND_SWITCH);
  tie.name = package_text(r, TIE_NAME, OPTIONAL, PACKAGE_NAME_MAX);
  package_place(r, TIE_LON, TIE_LAT, &tie.lon_e6, &tie.lat_e6);
  if (tie.a == tie.b && tie.a != PACKAGE_NONE)
    package_problem_field(r, csv_line(r->csv), TIE_B, "device_b", text_trim(csv_field(r->csv, TIE_B)),
                          "must be another device than device_a");
  if (tie.code.len == 0 || !package_name_row(r, TIE_ID, FILE_TIES, tie.code, r->ties.count)) return !stopped(r);
  return ADD(r, &r->ties, tie);
}

enum {
  CUSTOMER_NUMBER,
  CUSTOMER_NAME,
  CUSTOMER_PHONE,
  CUSTOMER_ADDRESS,
  CUSTOMER_DEVICE,
  CUSTOMER_PHASES,
  CUSTOMER_CATEGORY,
  CUSTOMER_IMPORTANCE,
  CUSTOMER_TAGS,
  CUSTOMER_KW,
  CUSTOMER_METER,
  CUSTOMER_LON,
  CUSTOMER_LAT
};
static const CsvColumn CUSTOMERS[] = {[CUSTOMER_NUMBER] = {"number", true},     [CUSTOMER_NAME] = {"name", false},
                                      [CUSTOMER_PHONE] = {"phone", false},      [CUSTOMER_ADDRESS] = {"address", false},
                                      [CUSTOMER_DEVICE] = {"device_id", true},  [CUSTOMER_PHASES] = {"phases", false},
                                      [CUSTOMER_CATEGORY] = {"category", false}, [CUSTOMER_IMPORTANCE] = {"importance", false},
                                      [CUSTOMER_TAGS] = {"tags", false},        [CUSTOMER_KW] = {"contract_kw", false},
                                      [CUSTOMER_METER] = {"meter_id", false},   [CUSTOMER_LON] = {"lon", false},
                                      [CUSTOMER_LAT] = {"lat", false}};

static void check_customer_phases(PackageReader *r, PackageCustomer *customer) {
  uint8_t fed = customer->device == PACKAGE_NONE ? 7 : r->devices.at[customer->device].phases;
  if (customer->phases & ~fed) {
    char mine[4], has[4], why[ERROR_ARGUMENT_MAX];
    snprintf(why, sizeof why, "the device has %s", package_phases_text(fed, has));
    package_problem_field(r, csv_line(r->csv), CUSTOMER_PHASES, "phases", text_of(package_phases_text(customer->phases, mine)), why);
  }
  if (!customer->phases) customer->phases = fed;
}

static bool customer_row(PackageReader *r) {
  PackageCustomer customer = {.number = package_code(r, CUSTOMER_NUMBER, NEEDED)};
  customer.name = package_text(r, CUSTOMER_NAME, OPTIONAL, PACKAGE_NAME_MAX);
  customer.phone = package_code(r, CUSTOMER_PHONE, OPTIONAL);
  customer.address = package_text(r, CUSTOMER_ADDRESS, OPTIONAL, PACKAGE_ADDRESS_MAX);
  customer.device = package_reference(r, CUSTOMER_DEVICE, NEEDED, FILE_DEVICES);
  customer.phases = package_phases(r, CUSTOMER_PHASES);
  customer.category = (uint8_t)package_word(r, CUSTOMER_CATEGORY, OPTIONAL, WORDS(CATEGORY), 0);
  customer.importance = (uint8_t)package_word(r, CUSTOMER_IMPORTANCE, OPTIONAL, WORDS(IMPORTANCE), 0);
  customer.tags = package_code(r, CUSTOMER_TAGS, OPTIONAL);
  customer.contract_kw = (float)package_number(r, CUSTOMER_KW, OPTIONAL);
  customer.meter = package_code(r, CUSTOMER_METER, OPTIONAL);
  package_place(r, CUSTOMER_LON, CUSTOMER_LAT, &customer.lon_e6, &customer.lat_e6);
  check_customer_phases(r, &customer);
  if (customer.number.len == 0 || !package_name_row(r, CUSTOMER_NUMBER, FILE_CUSTOMERS, customer.number, r->customers.count))
    return !stopped(r);
  if (r->customers.count == LIMIT_CUSTOMERS) return error_raise(r->error, ERROR_LIMIT, "customers\t%d", LIMIT_CUSTOMERS);
  return ADD(r, &r->customers, customer);
}

/* By device, keeping the order of the file among those of one device. */
static bool sort_customers(PackageReader *r) {
  size_t count = r->customers.count, i = 1;
  while (i < count && r->customers.at[i - 1].device <= r->customers.at[i].device) i++;
  if (i >= count || r->problems->count) return true; /* in order already, or nobody will use them */
  uint32_t *next = memory_new((r->devices.count + 1) * sizeof *next);
  PackageCustomer *sorted = memory_grow(NULL, count * sizeof *sorted);
  if (next && sorted) {
    for (i = 0; i < count; i++) next[r->customers.at[i].device + 1]++;
    for (i = 0; i < r->devices.count; i++) next[i + 1] += next[i];
    for (i = 0; i < count; i++) sorted[next[r->customers.at[i].device]++] = r->customers.at[i];
    memory_free(r->customers.at);
    r->customers.at = sorted;
    r->customers.room = count;
    sorted = NULL;
  }
  bool ok = next && r->customers.room == count;
  memory_free(next);
  memory_free(sorted);
  return ok || package_stop(r);
}

enum { CREW_ID, CREW_NAME, CREW_ORG, CREW_LON, CREW_LAT, CREW_SKILLS, CREW_MEMBERS, CREW_START, CREW_END, CREW_PHONE };
static const CsvColumn CREWS[] = {[CREW_ID] = {"id", true},
                                  [CREW_NAME] = {"name", true},
                                  [CREW_ORG] = {"org_id", true},
                                  [CREW_LON] = {"base_lon", false},
                                  [CREW_LAT] = {"base_lat", false},
                                  [CREW_SKILLS] = {"skills", false},
                                  [CREW_MEMBERS] = {"members", false},
                                  [CREW_START] = {"shift_start", false},
                                  [CREW_END] = {"shift_end", false},
                                  [CREW_PHONE] = {"phone", false}};

static bool crew_row(PackageReader *r) {
  PackageCrew crew = {.code = package_code(r, CREW_ID, NEEDED)};
  crew.name = package_text(r, CREW_NAME, NEEDED, PACKAGE_NAME_MAX);
  crew.org = package_reference(r, CREW_ORG, NEEDED, FILE_ORGS);
  package_place(r, CREW_LON, CREW_LAT, &crew.base_lon_e6, &crew.base_lat_e6);
  crew.skills = package_text(r, CREW_SKILLS, OPTIONAL, PACKAGE_NAME_MAX);
  crew.members = package_text(r, CREW_MEMBERS, OPTIONAL, PACKAGE_NAME_MAX);
  crew.shift_start_min = package_minutes(r, CREW_START);
  crew.shift_end_min = package_minutes(r, CREW_END);
  crew.phone = package_code(r, CREW_PHONE, OPTIONAL);
  if (crew.code.len == 0 || !package_name_row(r, CREW_ID, FILE_CREWS, crew.code, r->crews.count)) return !stopped(r);
  return ADD(r, &r->crews, crew);
}

enum { STOCK_ORG, STOCK_ITEM, STOCK_QUANTITY, STOCK_UNIT, STOCK_LON, STOCK_LAT };
static const CsvColumn STOCK[] = {[STOCK_ORG] = {"org_id", true}, [STOCK_ITEM] = {"item", true}, [STOCK_QUANTITY] = {"quantity", true},
                                  [STOCK_UNIT] = {"unit", false}, [STOCK_LON] = {"lon", false},  [STOCK_LAT] = {"lat", false}};

static bool stock_row(PackageReader *r) {
  PackageStock stock = {.org = package_reference(r, STOCK_ORG, NEEDED, FILE_ORGS)};
  stock.item = package_text(r, STOCK_ITEM, NEEDED, PACKAGE_NAME_MAX);
  stock.quantity = package_number(r, STOCK_QUANTITY, NEEDED);
  stock.unit = package_text(r, STOCK_UNIT, OPTIONAL, PACKAGE_NAME_MAX);
  package_place(r, STOCK_LON, STOCK_LAT, &stock.lon_e6, &stock.lat_e6);
  if (stock.item.len == 0 || stock.org == PACKAGE_NONE) return !stopped(r);
  /* one line an organisation and item: its key is both */
  char key[16 + PACKAGE_NAME_MAX];
  int len = snprintf(key, sizeof key, "%u %.*s", stock.org, TEXT_ARG(stock.item));
  Text kept = text_copy(&r->package->texts, (Text){key, (size_t)len});
  if (!kept.at) return package_stop(r);
  if (!package_name_row(r, STOCK_ITEM, FILE_STOCK, kept, r->stock.count)) return !stopped(r);
  return ADD(r, &r->stock, stock);
}

#define TABLE(name, columns, row, end) {name, columns, sizeof(columns) / sizeof *(columns), row, end}
const PackageTable PACKAGE_TABLE[FILE_COUNT] = {
    [FILE_ORGS] = TABLE("orgs.csv", ORGS, org_row, package_root_orgs),
    [FILE_DEVICES] = TABLE("devices.csv", DEVICES, device_row, package_plant),
    [FILE_TIES] = TABLE("ties.csv", TIES, tie_row, NULL),
    [FILE_CUSTOMERS] = TABLE("customers.csv", CUSTOMERS, customer_row, sort_customers),
    [FILE_CREWS] = TABLE("crews.csv", CREWS, crew_row, NULL),
    [FILE_STOCK] = TABLE("stock.csv", STOCK, stock_row, NULL),
};
