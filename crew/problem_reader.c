#include "crew/problem_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Path path_of(const char *format, ...) {
  Path path;
  va_list list;
  va_start(list, format);
  vsnprintf(path.text, sizeof path.text, format, list);
  va_end(list);
  return path;
}

bool read_invalid(Reader *r, Path path, const char *field, const json_t *value, const char *why) {
  char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
  error_raise(r->error, ERROR_FIELD_INVALID, "%s\t%.60s\t%s", field, text ? text : "", why);
  free(text);
  return error_at(r->error, "%s.%s", path.text, field);
}

bool read_missing(Reader *r, Path path, const char *field) {
  error_raise(r->error, ERROR_FIELD_MISSING, "%s", field);
  return error_at(r->error, "%s.%s", path.text, field);
}

bool read_out_of_memory(Reader *r) { return error_raise(r->error, ERROR_OUT_OF_MEMORY, "problem"); }

/* Only keys of the list (ended by NULL). A field nobody reads would be a promise not kept. */
bool read_known_keys(Reader *r, Path path, const json_t *object, const char *const *known) {
  const char *key;
  json_t *value;
  if (!json_is_object(object)) {
    error_raise(r->error, ERROR_FIELD_INVALID, "%s\t\tan object is needed", path.text);
    return error_at(r->error, "%s", path.text);
  }
  json_object_foreach((json_t *)object, key, value) {
    int k = 0;
    while (known[k] && strcmp(known[k], key) != 0) k++;
    if (known[k]) continue;
    error_raise(r->error, ERROR_FIELD_UNKNOWN, "%.60s", key);
    return error_at(r->error, "%s.%.60s", path.text, key);
  }
  return true;
}

/* A number in low … high; absent: *out stays. */
bool read_number(Reader *r, Path path, const json_t *object, const char *key, double low, double high, double *out) {
  const json_t *value = json_object_get(object, key);
  if (!value) return true;
  if (!json_is_number(value)) return read_invalid(r, path, key, value, "a number is needed");
  *out = json_number_value(value);
  if (*out >= low && *out <= high) return true;
  char why[80];
  if (high >= 1e12)
    snprintf(why, sizeof why, "not below %g", low);
  else
    snprintf(why, sizeof why, "from %g to %g", low, high);
  return read_invalid(r, path, key, value, why);
}

bool read_whole(Reader *r, Path path, const json_t *object, const char *key, int64_t low, int64_t high, int64_t *out) {
  const json_t *value = json_object_get(object, key);
  if (!value) return true;
  if (!json_is_integer(value)) return read_invalid(r, path, key, value, "a whole number is needed");
  *out = json_integer_value(value);
  char why[80];
  snprintf(why, sizeof why, "from %" PRId64 " to %" PRId64, low, high);
  return (*out >= low && *out <= high) || read_invalid(r, path, key, value, why);
}

bool read_whole_int(Reader *r, Path path, const json_t *object, const char *key, int low, int high, int *out) {
  int64_t value = *out;
  if (!read_whole(r, path, object, key, low, high, &value)) return false;
  *out = (int)value;
  return true;
}

bool read_identity(Reader *r, Path path, const json_t *object, const char *key, int64_t *id) {
  const json_t *value = json_object_get(object, key);
  if (!value) return read_missing(r, path, key);
  return read_whole(r, path, object, key, 0, (int64_t)1 << 53, id);
}

/* An array, or none: *count 0. */
bool read_array(Reader *r, Path path, const json_t *object, const char *key, size_t most, const json_t **list, size_t *count) {
  *list = json_object_get(object, key);
  *count = *list ? json_array_size(*list) : 0;
  if (*list && !json_is_array(*list)) return read_invalid(r, path, key, NULL, "a list is needed");
  if (*count <= most) return true;
  error_raise(r->error, ERROR_LIMIT, "%s\t%zu", key, most);
  return error_at(r->error, "%s.%s", path.text, key);
}

bool read_window_of(Reader *r, Path path, const char *key, const json_t *pair, DispatchWindow *out) {
  if (!json_is_array(pair) || json_array_size(pair) != 2 || !json_is_number(json_array_get(pair, 0)) ||
      !json_is_number(json_array_get(pair, 1)))
    return read_invalid(r, path, key, pair, "two numbers are needed, from and to");
  *out = (DispatchWindow){json_number_value(json_array_get(pair, 0)), json_number_value(json_array_get(pair, 1))};
  if (!(fabs(out->from) < 1e12 && fabs(out->to) < 1e12)) return read_invalid(r, path, key, pair, "not a time");
  return out->from <= out->to || read_invalid(r, path, key, pair, "it ends before it begins");
}

bool read_windows_of(Reader *r, Path path, const json_t *object, DispatchWindow **out, int *count) {
  const json_t *list;
  size_t windows;
  if (!read_array(r, path, object, "time_windows", 32, &list, &windows)) return false;
  *out = windows ? ARENA_ARRAY(r->arena, DispatchWindow, windows) : NULL;
  if (windows && !*out) return read_out_of_memory(r);
  for (size_t w = 0; w < windows; w++) {
    char key[48];
    snprintf(key, sizeof key, "time_windows[%zu]", w);
    if (!read_window_of(r, path, key, json_array_get(list, w), &(*out)[w])) return false;
    if (w && (*out)[w].from <= (*out)[w - 1].to)
      return read_invalid(r, path, key, json_array_get(list, w), "windows must rise and not overlap");
  }
  *count = (int)windows;
  return true;
}

/* `declare`: what is not known yet becomes known. */
bool read_skills_of(Reader *r, Path path, const json_t *object, bool declare, uint64_t *out) {
  const json_t *list;
  size_t count;
  if (!read_array(r, path, object, "skills", 64, &list, &count)) return false;
  for (size_t s = 0; s < count; s++) {
    const json_t *value = json_array_get(list, s);
    char key[48];
    snprintf(key, sizeof key, "skills[%zu]", s);
    if (!json_is_integer(value)) return read_invalid(r, path, key, value, "a whole number is needed");
    int bit = 0;
    while (bit < r->skill_count && r->skills[bit] != json_integer_value(value)) bit++;
    if (bit == r->skill_count) {
      if (!declare) return read_invalid(r, path, key, value, r->skills_declared ? "not in $.skills" : "no vehicle has it");
      if (bit == 64) return read_invalid(r, path, key, value, "more than 64 different skills");
      r->skills[r->skill_count++] = json_integer_value(value);
    }
    *out |= (uint64_t)1 << bit;
  }
  return true;
}

bool read_amounts_of(Reader *r, Path path, const json_t *object, const char *key, double out[DISPATCH_AMOUNTS]) {
  const json_t *list;
  size_t count;
  if (!read_array(r, path, object, key, DISPATCH_AMOUNTS, &list, &count)) return false;
  for (size_t k = 0; k < count; k++) {
    out[k] = json_number_value(json_array_get(list, k));
    if (!json_is_number(json_array_get(list, k)) || !(out[k] >= 0)) return read_invalid(r, path, key, list, "numbers from 0 on are needed");
  }
  return true;
}

/* Where something is: a row of the matrix, or coordinates that become one. `required`: else -1 stays. */
bool read_place_of(Reader *r, Path path, const json_t *object, const char *key, const char *index_key, bool required, int *place) {
  const json_t *point = json_object_get(object, key);
  *place = -1;
  if (r->has_matrix) {
    if (!json_object_get(object, index_key)) return required || point ? read_missing(r, path, index_key) : true;
    return read_whole_int(r, path, object, index_key, 0, r->out->problem.place_count - 1, place);
  }
  if (!point) {
    if (json_object_get(object, index_key)) return read_missing(r, path_of("$"), "matrices");
    return required ? read_missing(r, path, key) : true;
  }
  if (!json_is_array(point) || json_array_size(point) != 2 || !json_is_number(json_array_get(point, 0)) ||
      !json_is_number(json_array_get(point, 1)))
    return read_invalid(r, path, key, point, "two numbers are needed");
  const char *why = NULL;
  if (problem_geo_add(&r->geo, json_number_value(json_array_get(point, 0)), json_number_value(json_array_get(point, 1)), place, &why))
    return true;
  return why ? read_invalid(r, path, key, point, why) : read_out_of_memory(r);
}

bool read_put_id(Reader *r, Path path, Map *map, int64_t id, int index) {
  int64_t other;
  if (map_get(map, id, &other)) {
    error_raise(r->error, ERROR_ALREADY_EXISTS, "id\t%" PRId64, id);
    return error_at(r->error, "%s.id", path.text);
  }
  return map_put(map, id, index) || read_out_of_memory(r);
}

bool read_find_id(Reader *r, Path path, const char *field, const Map *map, const json_t *value, const char *what, int *index) {
  int64_t found;
  if (!json_is_integer(value) || !map_get(map, json_integer_value(value), &found)) return read_invalid(r, path, field, value, what);
  *index = (int)found;
  return true;
}

/* [{"item": 7, "quantity": 2}]: into `quantities`, one an item. */
bool read_quantities_of(Reader *r, Path path, const json_t *object, const char *key, double *quantities) {
  const char *const known[] = {"item", "quantity", NULL};
  const json_t *list;
  size_t count;
  if (!read_array(r, path, object, key, LIMIT_DISPATCH_ITEMS, &list, &count)) return false;
  for (size_t n = 0; n < count; n++) {
    const json_t *need = json_array_get(list, n);
    Path here = path_of("%s.%s[%zu]", path.text, key, n);
    int item = 0;
    double quantity = 1;
    if (!read_known_keys(r, here, need, known)) return false;
    if (!json_object_get(need, "item")) return read_missing(r, here, "item");
    if (!read_find_id(r, here, "item", &r->items, json_object_get(need, "item"), "not in $.items", &item)) return false;
    if (json_is_null(json_object_get(need, "quantity")))
      quantity = INFINITY;
    else if (!read_number(r, here, need, "quantity", 0, 1e9, &quantity))
      return false;
    quantities[item] += quantity;
  }
  return true;
}
