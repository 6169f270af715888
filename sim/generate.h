/* Makes a county that does not exist, as a grid package: so that the program can be shown, measured and tested on a company
 * of any size without anybody's data.
 *
 * The county is made the way counties come about: hills and the rivers that drain them; a county town on the main river,
 * market towns, villages in the valleys; roads between them; substations at the towns; 10 kV feeders along the roads (cable
 * rings in town, long radials in the country); transformers in the hamlets; boxes, households, farms, shops and works. The
 * numbers are those of the trade ("What a county looks like" in the plan's DOMAIN.md). Above 700,000 customers the package
 * holds several counties of one province, side by side, made one after another: memory is bounded by the largest county.
 *
 * Everything is drawn from the seed by integer arithmetic alone, so that the same options give the same bytes with any
 * compiler on any machine.
 *
 * `out` receives orgs.csv devices.csv ties.csv customers.csv crews.csv stock.csv (WGS84 degrees; in times "08:00") and
 * backdrop.geojson, a FeatureCollection for the map under the network:
 *   geometry     properties
 *   Polygon      kind "border", name
 *   LineString   kind "river", width 1 (stream) … 3 (the main river, with a name)
 *   Polygon      kind "water", class "reservoir" | "pond"
 *   LineString   kind "road", class "highway" | "county" | "village"
 *   Point        kind "settlement", class "city" (the county town) | "town" | "community" | "village", name, customers
 */
#ifndef SIM_GENERATE_H
#define SIM_GENERATE_H

#include <stdint.h>

#include "base/error.h"

#define GENERATE_CUSTOMERS_MIN 100
#define GENERATE_CUSTOMERS_MAX 40000000

typedef struct GenerateOptions {
  int64_t customers; /* GENERATE_CUSTOMERS_MIN … GENERATE_CUSTOMERS_MAX */
  uint64_t seed;
} GenerateOptions;

/* Writes the package into folder `out`, made if missing; a folder that holds anything but a former package is refused.
 * All or nothing: files are written beside as NAME.part and renamed at the end. `progress` may be NULL; it is called with
 * customers done and customers in all. Raises FIELD_INVALID, FOLDER_NOT_PACKAGE, IO,
 * STORE_FULL, OUT_OF_MEMORY. */
bool sim_generate_package(const char *out, const GenerateOptions *options, void (*progress)(void *self, int64_t done, int64_t total),
                          void *self, Error *error) MUST_USE;

#endif
