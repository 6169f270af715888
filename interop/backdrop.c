#include "interop/backdrop.h"

#include <jansson.h>
#include <math.h>

#include "base/json.h"

static bool read_all(Buffer *all, CsvRead read, void *self, Error *error) {
  enum { CHUNK = 1 << 16 };
  for (size_t got = 1; got;) {
    if (!buffer_reserve(all, CHUNK)) return error_raise(error, ERROR_LIMIT, "backdrop\t%d bytes", BACKDROP_BYTES_MAX);
    if (!read(self, all->at + all->len, CHUNK, &got, error)) return false;
    all->len += got;
  }
  return true;
}

static bool put_place(Json *json, const json_t *pair) {
  double lon = json_number_value(json_array_get(pair, 0)), lat = json_number_value(json_array_get(pair, 1));
  if (json_array_size(pair) < 2 || !json_is_number(json_array_get(pair, 0)) || !json_is_number(json_array_get(pair, 1))) return false;
  if (fabs(lon) > 180 || fabs(lat) > 90) return false;
  json_open_array(json);
  json_f64(json, lon, 6);
  json_f64(json, lat, 6);
  json_close(json);
  return true;
}

static bool put_line(Json *json, const char *key, const json_t *line) {
  size_t i;
  const json_t *pair;
  if (!json_is_array(line)) return false;
  json_key(json, key);
  json_open_array(json);
  json_array_foreach(line, i, pair) if (!put_place(json, pair)) return false;
  json_close(json);
  return true;
}

static const char *word(const char *given) {
  static const char *const MAP_WORD[][2] = {{"highway", "national"}, {"community", "village"}};
  for (size_t i = 0; given && i < sizeof MAP_WORD / sizeof *MAP_WORD; i++)
    if (strcmp(given, MAP_WORD[i][0]) == 0) return MAP_WORD[i][1];
  return given;
}

/* One list of the backdrop, and what of the collection belongs there. */
static const struct List {
  const char *list, *kind, *geometry, *class_as;
} LISTS[] = {{"rivers", "river", "LineString", NULL},
             {"roads", "road", "LineString", "class"},
             {"places", "settlement", "Point", "kind"},
             {"waters", "water", "Polygon", "class"},
             {"borders", "border", "Polygon", NULL}};

static bool put_feature(Json *json, const struct List *list, const json_t *properties, const json_t *coordinates) {
  const char *name = json_string_value(json_object_get(properties, "name"));
  const json_t *width = json_object_get(properties, "width");
  json_open_object(json);
  if (name) json_put_string(json, "name", name);
  if (list->class_as) json_put_string(json, list->class_as, word(json_string_value(json_object_get(properties, "class"))));
  if (json_is_number(width)) json_put_f64(json, "width", json_number_value(width), 2);
  bool ok = true;
  if (strcmp(list->geometry, "Point") == 0) {
    double lon = json_number_value(json_array_get(coordinates, 0)), lat = json_number_value(json_array_get(coordinates, 1));
    ok = json_is_number(json_array_get(coordinates, 0)) && json_is_number(json_array_get(coordinates, 1)) && fabs(lon) <= 180 &&
         fabs(lat) <= 90;
    json_put_f64(json, "lon", lon, 6);
    json_put_f64(json, "lat", lat, 6);
  } else if (strcmp(list->geometry, "Polygon") == 0) {
    ok = put_line(json, "ring", json_array_get(coordinates, 0));
  } else {
    ok = put_line(json, "line", coordinates);
  }
  if (ok) json_close(json);
  return ok;
}

static bool put_list(Json *json, const struct List *list, const json_t *features, Error *error) {
  size_t i;
  const json_t *feature;
  json_key(json, list->list);
  json_open_array(json);
  json_array_foreach(features, i, feature) {
    const json_t *properties = json_object_get(feature, "properties"), *geometry = json_object_get(feature, "geometry");
    const char *kind = json_string_value(json_object_get(properties, "kind")), *type = json_string_value(json_object_get(geometry, "type"));
    if (!kind || !type || strcmp(kind, list->kind) != 0 || strcmp(type, list->geometry) != 0) continue;
    if (put_feature(json, list, properties, json_object_get(geometry, "coordinates"))) continue;
    error_raise(error, ERROR_FIELD_INVALID, "coordinates\t%s\tmust be degrees", list->kind);
    return error_at(error, "backdrop.geojson: $.features[%zu]", i);
  }
  json_close(json);
  return true;
}

bool backdrop_read(Text *out, Arena *arena, CsvRead read, void *self, Error *error) {
  Buffer given, made;
  json_error_t said;
  json_t *root = NULL;
  bool ok = false;
  buffer_begin(&given, BACKDROP_BYTES_MAX);
  buffer_begin(&made, BACKDROP_BYTES_MAX);
  if (!read_all(&given, read, self, error)) goto done;
  root = json_loadb(given.len ? given.at : "", given.len, JSON_REJECT_DUPLICATES, &said);
  const json_t *features = json_object_get(root, "features");
  if (!root) {
    error_raise(error, ERROR_FIELD_INVALID, "backdrop\tGeoJSON\t%s", said.text);
    error_at(error, "backdrop.geojson:%d:%d", said.line, said.column);
    goto done;
  }
  if (!json_is_array(features)) {
    error_raise(error, ERROR_FIELD_MISSING, "%s", "features");
    goto done;
  }
  Json json;
  json_begin(&json, &made);
  json_open_object(&json);
  for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++)
    if (!put_list(&json, &LISTS[i], features, error)) goto done;
  json_close(&json);
  *out = made.failed ? TEXT_NONE : text_copy(arena, buffer_as_text(&made));
  ok = out->at || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "backdrop");
done:
  json_decref(root);
  buffer_end(&given);
  buffer_end(&made);
  return ok;
}
