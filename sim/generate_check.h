/* A generated package read back and checked, for the tests: by a reader of its own, which knows the form of the package (FORMATS.md) and
 * nothing of how it was made. Whatever does not hold fails the test that asked. */
#ifndef SIM_GENERATE_CHECK_H
#define SIM_GENERATE_CHECK_H

#include "base/buffer.h"
#include "base/map.h"
#include "base/vector.h"

enum { FIELDS_MAX = 13, PATH_BYTES = 4200 };

/* A file row by row. There are no quotes, so commas and line ends are all there is. */
typedef struct Rows {
  Buffer bytes;
  Text rest;
  Text field[FIELDS_MAX];
  int fields;
} Rows;

typedef struct Device {
  Text id;
  int64_t parent; /* -1 */
  char kind;      /* the first letters told apart: see kind_of */
  bool public_, cabinet, section, branch_fuse;
  int phases;
  double kva, length;
  int64_t customers, feeder; /* of a transformer; the breaker above */
} Device;

typedef struct County {
  Rows orgs, devices, ties, customers, crews, stock;
  TextMap org_rows, device_rows, breakers, numbers, phones, meters;
  VECTOR(Device) device;
  VECTOR(char) org_level;
  int64_t customer_count, residential, special, phase[4], boxes, stations, grids, crew_count, tie_count;
} County;

void rows_open(Rows *rows, const char *folder, const char *file, const char *header); /* the header as it must be */
bool rows_next(Rows *rows);
void rows_close(Rows *rows);
int64_t look_up(const TextMap *map, Text key); /* fails the test when it is not there */

/* Reads all of it: ids unique, parents there and first, kinds nested, phases within their parent's, references sound, words of the
 * lists, telephones of the range no one has, places on the map, and `customers` of them. */
void county_read(County *county, const char *folder, int64_t customers);
void county_free(County *county);

#endif
