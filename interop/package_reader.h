/* Private to the package reader: what its files share. */
#ifndef INTEROP_PACKAGE_READER_H
#define INTEROP_PACKAGE_READER_H

#include "base/map.h"
#include "base/vector.h"
#include "interop/csv.h"
#include "interop/package.h"

typedef enum PackageFile { FILE_ORGS, FILE_DEVICES, FILE_TIES, FILE_CUSTOMERS, FILE_CREWS, FILE_STOCK, FILE_COUNT } PackageFile;

/* The first row of a file that has this id. */
typedef struct PackageNames {
  TextMap rows;
  VECTOR(uint64_t) lines; /* of each row */
  bool torn;              /* rows are missing because they could not be read: do not complain about references to them */
} PackageNames;

typedef struct PackageReader {
  Package *package;
  PackageProblems *problems;
  const char *folder;
  PackageProgress progress;
  void *progress_self;
  Csv *csv;          /* the file being read */
  const char *file;  /* its name */
  Error *error;      /* what stops the reading altogether */
  char *text_at;     /* room for texts */
  size_t text_left;
  PackageNames names[FILE_COUNT];
  VECTOR(PackageOrg) orgs;
  VECTOR(PackageDevice) devices; /* in the order of the file, until package_plant puts them in preorder */
  VECTOR(PackageTie) ties;
  VECTOR(PackageCustomer) customers;
  VECTOR(PackageCrew) crews;
  VECTOR(PackageStock) stock;
  VECTOR(Text) parents;          /* of orgs, then of devices: codes as written */
  VECTOR(uint32_t) place;        /* of a device row in the file → its preorder index */
} PackageReader;

/* One file: its columns, and what makes a row of its fields. false only when reading must stop (reader->error is raised). */
typedef struct PackageTable {
  const char *name;
  const CsvColumn *columns;
  size_t count;
  bool (*row)(PackageReader *reader);
  bool (*end)(PackageReader *reader); /* after the last row, with the file still open for its places; may be NULL */
} PackageTable;
extern const PackageTable PACKAGE_TABLE[FILE_COUNT];

/* A new problem, to be raised by the caller. */
Error *package_problem(PackageReader *reader);
Error *package_problem_in(PackageProblems *problems);
void package_problem_field(PackageReader *reader, uint64_t line, size_t column, const char *name, Text value, const char *why);

/* Fields of the present row. Each notes a problem where there is one and gives a harmless value instead. */
typedef enum Need { OPTIONAL, NEEDED } Need;
Text package_code(PackageReader *reader, size_t column, Need need);   /* kept; no blanks at the ends, no control characters */
Text package_text(PackageReader *reader, size_t column, Need need, size_t limit); /* kept; control characters become blanks */
int package_word(PackageReader *reader, size_t column, Need need, const char *const *words, int count, int fallback);
double package_number(PackageReader *reader, size_t column, Need need); /* ≥ 0 */
void package_place(PackageReader *reader, size_t lon, size_t lat, int32_t *lon_e6, int32_t *lat_e6);
uint8_t package_phases(PackageReader *reader, size_t column);
int16_t package_minutes(PackageReader *reader, size_t column);        /* "08:00" */
/* Row of the file whose id stands in the field; PACKAGE_NONE when it is empty or wrong. */
uint32_t package_reference(PackageReader *reader, size_t column, Need need, PackageFile file);
/* Notes the id of the row about to be added as row `row`; false when it was there before (a problem is noted). */
bool package_name_row(PackageReader *reader, size_t column, PackageFile file, Text code, size_t row);

bool package_stop(PackageReader *reader); /* out of memory; returns false */

const char *package_phases_text(uint8_t phases, char out[4]);
/* Checks that devices form a forest, puts them in preorder, fills in parent, end, depth and phases. */
bool package_plant(PackageReader *reader);
bool package_root_orgs(PackageReader *reader);

enum { PACKAGE_CODE_MAX = 100, PACKAGE_NAME_MAX = 200, PACKAGE_ADDRESS_MAX = 400 };
/* The columns of devices.csv that package_plant speaks of. */
enum {
  DEVICE_ID,
  DEVICE_PARENT,
  DEVICE_KIND,
  DEVICE_NAME,
  DEVICE_ORG,
  DEVICE_LON,
  DEVICE_LAT,
  DEVICE_PHASES,
  DEVICE_RATED,
  DEVICE_OWNERSHIP,
  DEVICE_LENGTH,
  DEVICE_CONDUCTOR
};
enum { ORG_ID, ORG_PARENT, ORG_LEVEL, ORG_NAME, ORG_AREA_TYPE, ORG_MANAGER, ORG_MANAGER_PHONE };

#endif
