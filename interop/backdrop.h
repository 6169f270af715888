/* The backdrop under the network: rivers, roads, places. A company hands it over as GeoJSON (backdrop.geojson in its package); the map
 * wants it short, so it is checked and rewritten once, when it comes in:
 *   {"rivers":[{"name","width","line":[[lon,lat],…]}], "roads":[{"name","class","line"}], "places":[{"name","kind","lon","lat"}],
 *    "waters":[{"class","ring"}], "borders":[{"name","ring"}]}
 *
 * Taken from a FeatureCollection, by geometry and properties (anything else is passed over):
 *   LineString kind "river" width; LineString kind "road" class; Point kind "settlement" class name; Polygon kind "water" class; Polygon
 *   kind "border"
 * Classes become the map's words: highway → national; community → village. */
#ifndef INTEROP_BACKDROP_H
#define INTEROP_BACKDROP_H

#include "interop/csv.h"

enum { BACKDROP_BYTES_MAX = 64 * 1024 * 1024 };

/* *out lives in `arena`. */
bool backdrop_read(Text *out, Arena *arena, CsvRead read, void *self, Error *error) MUST_USE;

#endif
