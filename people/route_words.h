/* Private to the routes: words of their schemas, and small things both tables write. */
#ifndef PEOPLE_ROUTE_WORDS_H
#define PEOPLE_ROUTE_WORDS_H

#include "http/schema_words.h"
#include "people/routes.h"

bool grid_add_routes(Http *http, People *people, Error *error) MUST_USE; /* grid/grid_routes.c */

/* Their own words for nothing: "" and 0 give null. */
static inline void put_text_or_null(Json *json, const char *key, Text text) { json_put_text(json, key, text.len ? text : TEXT_NONE); }
static inline void put_number_or_null(Json *json, const char *key, double value, int decimals) {
  json_key(json, key);
  if (value > 0) json_f64(json, value, decimals);
  else json_nil(json);
}

static inline void put_place(Json *json, int32_t lon_e6, int32_t lat_e6) {
  bool placed = lon_e6 != GRID_NO_PLACE;
  json_key(json, "lon");
  if (placed) json_f64(json, lon_e6 / 1e6, 6);
  else json_nil(json);
  json_key(json, "lat");
  if (placed) json_f64(json, lat_e6 / 1e6, 6);
  else json_nil(json);
}

static inline void put_phases(Json *json, uint8_t phases) {
  char text[4];
  size_t len = 0;
  for (int i = 0; i < 3; i++)
    if (phases & (1 << i)) text[len++] = (char)('A' + i);
  json_put_text(json, "phases", (Text){text, len});
}

#endif
