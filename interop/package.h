/* The grid package: how a company hands over its network and customers. A folder of CSV files, read and wholly checked here before
 * anything is written anywhere: required columns and fields, words, numbers, unique ids, references, loops, phases. What comes out is flat
 * arrays whose rows refer to each other by position, ready to be written by grid/, people/ and crew/.
 *
 * Files: devices.csv (needed); orgs.csv, ties.csv, customers.csv, crews.csv, stock.csv, backdrop.geojson (a missing one is an empty one).
 * Each may be compressed: NAME.zst. Empty fields are unknown. The columns stand in package_*.c, one table a file.
 *
 * All the texts live as long as the package. Nothing is guessed beyond: a device or customer that says no phases has those of what feeds
 * it; a customer that says no category is residential. */
#ifndef INTEROP_PACKAGE_H
#define INTEROP_PACKAGE_H

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

#define PACKAGE_NONE UINT32_MAX
#define PACKAGE_NO_PLACE INT32_MIN

typedef enum PackageLevel { PACKAGE_PROVINCE, PACKAGE_CITY, PACKAGE_COUNTY, PACKAGE_STATION, PACKAGE_GRID, PACKAGE_LEVELS } PackageLevel;
enum { PACKAGE_KINDS = 11 }; /* of devices, in the order of GridKind */

typedef struct PackageOrg {
  int64_t key;           /* 0; grid_import puts the row's id here */
  Text code, name, area_type, manager, manager_phone; /* area_type: urban, rural, remote or "" */
  uint32_t parent;       /* row of orgs, PACKAGE_NONE */
  uint8_t level;         /* PackageLevel */
} PackageOrg;

/* In preorder: parents before children, a subtree is [index, end). Sources and siblings stand in the order of the file. */
typedef struct PackageDevice {
  int64_t key;           /* 0; grid_import puts the row's id here */
  Text code, name, conductor;
  uint32_t parent, end;  /* parent PACKAGE_NONE: a source */
  uint32_t org;          /* row of orgs, its own only, PACKAGE_NONE */
  int32_t lon_e6, lat_e6; /* micro-degrees; PACKAGE_NO_PLACE */
  float rated_kva, length_m; /* 0 unknown */
  uint16_t depth;        /* 0: a source */
  uint8_t kind, phases, ownership; /* bits A 1, B 2, C 4; ownership 0 unknown 1 public 2 private */
} PackageDevice;

typedef struct PackageTie {
  Text code, name;
  uint32_t a, b;         /* devices */
  int32_t lon_e6, lat_e6;
  uint8_t kind;
} PackageTie;

/* Ordered by device, then as in the file. */
typedef struct PackageCustomer {
  Text number, name, phone, address, meter, tags; /* tags: ";" between */
  uint32_t device;
  int32_t lon_e6, lat_e6;
  float contract_kw;
  uint8_t category, importance, phases; /* category, importance: in the order of FORMATS.md, as in people/customer.h */
} PackageCustomer;

typedef struct PackageCrew {
  Text code, name, skills, phone; /* skills: ";" between */
  Text members;          /* as written */
  uint32_t org;          /* row of orgs */
  int32_t base_lon_e6, base_lat_e6;
  int16_t shift_start_min, shift_end_min; /* minutes of the day, local; -1 unknown; end ≤ start: past midnight */
} PackageCrew;

typedef struct PackageStock {
  Text item, unit;
  double quantity;
  uint32_t org;          /* row of orgs */
  int32_t lon_e6, lat_e6;
} PackageStock;

typedef struct Package {
  PackageOrg *orgs;
  PackageDevice *devices;
  PackageTie *ties;
  PackageCustomer *customers;
  PackageCrew *crews;
  PackageStock *stock;
  size_t org_count, device_count, tie_count, customer_count, crew_count, stock_count;
  Text backdrop;         /* compact JSON {"rivers":[…],"roads":[…],"places":[…]}, see backdrop.h; "" when there is none */
  Arena texts;           /* the arrays are memory_grow's; package_end frees both */
} Package;

/* What is wrong with a package: the first LIMIT_IMPORT_ERRORS, each with file, line and column; `count` of all found. */
typedef struct PackageProblems {
  Error *at;
  size_t listed, count;
} PackageProblems;

/* `what`: the file's name. total 0: not known. */
typedef void (*PackageProgress)(void *self, const char *what, int64_t done, int64_t total);

/* Reads the folder. On failure `out` is empty; `error` is ERROR_IMPORT_FAILED when the package is wrong (then `problems` lists why), or
 * what kept it from being read. `problems` may be NULL; whoever gives one ends it. After success they
 * tell what was left out: of a grid package nothing ever. */
bool package_read(Package *out, const char *folder, PackageProblems *problems, PackageProgress progress, void *progress_self,
                  Error *error) MUST_USE;
void package_end(Package *package);
void package_problems_end(PackageProblems *problems);

/* The words of the columns. */
const char *package_kind_name(int kind);           /* "lv_breaker" */
bool package_kind_of_name(Text name, uint8_t *out);
const char *package_level_name(int level);         /* "station" */
const char *package_category_name(int category);   /* "residential" */
const char *package_importance_name(int importance);
bool package_is_vulnerable(Text tags);          /* a tag marks people who must not be without power */

#endif
