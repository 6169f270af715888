/* One area of a grid package solved, its cause and its remedies found: what `dianbaomu flow --grid` prints. */
#ifndef SUPPLY_AREA_FILE_H
#define SUPPLY_AREA_FILE_H

#include "base/json.h"
#include "interop/package.h"
#include "supply/site.h"

typedef struct AreaFileOptions {
  const char *package, *area; /* folder; the transformer's id */
  const char *readings;       /* CSV of one day: number (customer's or meter's), time (RFC 3339), kw; NULL: loads of the book */
  bool csv;                   /* number,device,phases,quarter,kw,volts instead of JSON */
} AreaFileOptions;

/* Appends to `out`. Errors: of reading; NOT_FOUND (no such transformer); CSV ones with file, line and column. */
bool area_file_solve(const AreaFileOptions *options, const SupplyBook *book, Buffer *out, Error *error) MUST_USE;

/* Below, for others: a transformer's part of a package. customers: rows of the package, in the order of the site's. */
bool area_of_package(const Package *package, Text code, Site *site, uint32_t **customers, uint32_t *transformer, Arena *arena, Error *error) MUST_USE;
/* What a remedy is, as JSON; names: of nodes and customers. */
typedef struct AreaNames {
  Text (*node)(void *self, uint32_t node);
  Text (*customer)(void *self, uint32_t customer);
  void *self;
} AreaNames;
void area_write_remedy(Json *json, const Area *area, const Remedy *remedy, const AreaNames *names);

#endif
