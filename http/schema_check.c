#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "http/schema_node.h"

/* Where we are: a chain on the C stack, written out only when something is wrong. */
typedef struct Place {
  const struct Place *above;
  Text name;    /* of a property … */
  size_t index; /* … or the place in a list, when name.at is NULL */
} Place;

static size_t write_place(const Place *place, char *out, size_t size) {
  if (!place->above) return (size_t)snprintf(out, size, "$");
  size_t len = write_place(place->above, out, size);
  if (len >= size) return len;
  if (place->name.at) return len + (size_t)snprintf(out + len, size - len, ".%.*s", TEXT_ARG(text_cut(place->name, 70)));
  return len + (size_t)snprintf(out + len, size - len, "[%zu]", place->index);
}

static bool wrong_at(const Place *place, Error *error) {
  char where[ERROR_WHERE_MAX];
  write_place(place, where, sizeof where);
  Text whole = text_of(where);
  while (!text_is_utf8(whole)) whole.len--; /* a long one was cut, perhaps within a character */
  return error_at(error, "%.*s", TEXT_ARG(whole));
}

static const char *name_of(const Place *place, char out[80]) {
  if (place->name.at) snprintf(out, 80, "%.*s", TEXT_ARG(text_cut(place->name, 70)));
  else if (place->above) snprintf(out, 80, "[%zu]", place->index);
  else snprintf(out, 80, "$");
  return out;
}

#define WRONG(code, format, ...)                                                           \
  do {                                                                                     \
    char name_[80];                                                                        \
    error_raise(error, code, "%s\t" format, name_of(place, name_), __VA_ARGS__);           \
    return wrong_at(place, error);                                                         \
  } while (0)

static unsigned type_of(const json_t *value) {
  switch (json_typeof(value)) {
    case JSON_NULL: return SCHEMA_NULL;
    case JSON_TRUE:
    case JSON_FALSE: return SCHEMA_BOOLEAN;
    case JSON_INTEGER: return SCHEMA_INTEGER;
    case JSON_REAL: return SCHEMA_NUMBER;
    case JSON_STRING: return SCHEMA_STRING;
    case JSON_ARRAY: return SCHEMA_ARRAY;
    case JSON_OBJECT: return SCHEMA_OBJECT;
  }
  return 0;
}

static bool all_of(Text text, const char *also) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.at[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!(c >= '0' && c <= '9') && !(letter && also[0] == 'a') && !strchr(also + 1, c)) return false;
  }
  return text.len > 0;
}

/* What a text of this format must be, or NULL when it is. */
static const char *format_fault(SchemaFormat format, Text text) {
  char moment[32];
  int64_t number;
  Instant instant;
  switch (format) {
    case FORMAT_ID:
      return text.len && text.at[0] != '0' && text.at[0] != '-' && text_to_i64(text, &number) ? NULL : "an id (decimal digits)";
    case FORMAT_DATE_TIME: return instant_from_text(text, &instant) ? NULL : "a time such as 2026-11-21T20:37:00+08:00";
    case FORMAT_DATE:
      if (text.len != 10) return "a date such as 2026-11-21";
      snprintf(moment, sizeof moment, "%.10sT00:00:00Z", text.at);
      return instant_from_text(text_of(moment), &instant) ? NULL : "a date such as 2026-11-21";
    case FORMAT_LINE: return memchr(text.at, '\n', text.len) || memchr(text.at, '\r', text.len) ? "one line" : NULL;
    case FORMAT_CODE: return all_of(text, "a_.:-") ? NULL : "of letters, digits and _ . : -";
    case FORMAT_PHONE: return text.len >= 3 && text.len <= 24 && all_of(text, "0 +-()") ? NULL : "a telephone number";
    case FORMAT_NONE:
    case FORMAT_COUNT: break;
  }
  return NULL;
}

static bool check_text(const Schema *schema, const json_t *value, const Place *place, Error *error) {
  Text text = {json_string_value(value), json_string_length(value)};
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.at[i];
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) WRONG(ERROR_FIELD_FORMAT, "\\u%04x\t%s", c, "free of control characters");
  }
  size_t length = schema->least_length > 0 || schema->most_length < SIZE_MAX ? text_characters(text) : 0;
  if (length < schema->least_length) WRONG(ERROR_FIELD_SHORT, "%zu\t%zu", schema->least_length, length);
  if (length > schema->most_length) WRONG(ERROR_FIELD_LONG, "%zu\t%zu", schema->most_length, length);
  const char *fault = schema->format ? format_fault(schema->format, text) : NULL;
  if (fault) WRONG(ERROR_FIELD_FORMAT, "%.*s\t%s", TEXT_ARG(text_cut(text, 60)), fault);
  return true;
}

static bool check_choice(const Schema *schema, const json_t *value, const Place *place, Error *error) {
  size_t at;
  const json_t *choice;
  json_array_foreach(schema->choices, at, choice) if (json_equal(choice, value)) return true;
  char *list = json_dumps(schema->choices, JSON_ENCODE_ANY);
  char copy[ERROR_ARGUMENT_MAX];
  snprintf(copy, sizeof copy, "%.*s", TEXT_ARG(text_cut(text_of(list ? list : ""), sizeof copy - 1)));
  memory_free(list);
  WRONG(ERROR_FIELD_CHOICE, "%s", copy);
}

static bool check(const Schema *schema, const json_t *value, const Place *place, Error *error);

static bool check_object(const Schema *schema, json_t *object, const Place *place, Error *error) {
  const char *name;
  json_t *value;
  size_t len, required = 0;
  for (size_t i = 0; i < schema->properties; i++) {
    const SchemaProperty *property = &schema->property[i];
    if (!property->required) continue;
    required++;
    if (json_object_getn(object, property->name.at, property->name.len)) continue;
    Place inner = {place, property->name, 0};
    error_raise(error, ERROR_FIELD_MISSING, "%.*s", TEXT_ARG(text_cut(property->name, 70)));
    return wrong_at(&inner, error);
  }
  if (schema->open && !schema->properties) return true;
  json_object_keylen_foreach(object, name, len, value) {
    Place inner = {place, {name, len}, 0};
    const Schema *found = NULL;
    for (size_t i = 0; i < schema->properties && !found; i++)
      if (text_equal(schema->property[i].name, inner.name)) found = schema->property[i].schema;
    if (!found) found = schema->additional;
    if (!found && schema->open) continue;
    if (!found) {
      error_raise(error, ERROR_FIELD_UNKNOWN, "%.*s", TEXT_ARG(text_cut(inner.name, 70)));
      return wrong_at(&inner, error);
    }
    if (!check(found, value, &inner, error)) return false;
  }
  return true;
}

static bool check_array(const Schema *schema, const json_t *list, const Place *place, Error *error) {
  size_t count = json_array_size(list);
  if (count < schema->least_items) WRONG(ERROR_FIELD_FEW, "%zu\t%zu", schema->least_items, count);
  if (count > schema->most_items) WRONG(ERROR_FIELD_MANY, "%zu\t%zu", schema->most_items, count);
  for (size_t i = 0; schema->items && i < count; i++) {
    Place inner = {place, TEXT_NONE, i};
    if (!check(schema->items, json_array_get(list, i), &inner, error)) return false;
  }
  return true;
}

static bool check(const Schema *schema, const json_t *value, const Place *place, Error *error) {
  for (int hops = 0; schema->ref; hops++) { /* a component that refers to itself says nothing */
    if (hops > LIMIT_JSON_DEPTH) return error_raise(error, ERROR_SCHEMA, "$ref\t%s refers to itself", schema->ref_name);
    schema = schema->ref;
  }
  unsigned type = type_of(value);
  if (schema->types && !(schema->types & type) && !(type == SCHEMA_INTEGER && (schema->types & SCHEMA_NUMBER))) {
    char wanted[80];
    snprintf(wanted, sizeof wanted, "%s", schema_type_name(schema->types));
    WRONG(ERROR_FIELD_TYPE, "%s\t%s", wanted, schema_type_name(type));
  }
  if (schema->choices && !check_choice(schema, value, place, error)) return false;
  if (type == SCHEMA_OBJECT) return check_object(schema, (json_t *)value, place, error);
  if (type == SCHEMA_ARRAY) return check_array(schema, value, place, error);
  if (type == SCHEMA_STRING) return check_text(schema, value, place, error);
  if (type == SCHEMA_INTEGER || type == SCHEMA_NUMBER) {
    double number = json_number_value(value);
    if (number < schema->least) WRONG(ERROR_FIELD_SMALL, "%.17g\t%.17g", schema->least, number);
    if (number > schema->most) WRONG(ERROR_FIELD_LARGE, "%.17g\t%.17g", schema->most, number);
  }
  return true;
}

bool schema_check(const Schema *schema, const json_t *value, Error *error) {
  Place top = {0};
  return check(schema, value, &top, error);
}

/* jansson bounds the depth far above what is sane here, so depth is counted before. */
static bool depth_is_sane(Text bytes, Error *error) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < bytes.len; i++) {
    char c = bytes.at[i];
    if (quoted) {
      if (c == '\\') i++;
      else if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > LIMIT_JSON_DEPTH) return error_raise(error, ERROR_HTTP_BODY, "nested deeper than %d", LIMIT_JSON_DEPTH);
    } else if (c == '}' || c == ']') {
      depth--;
    }
  }
  return true;
}

/* jansson says "string expected" when there was no memory for one; or it may have gone on and left out a part. */
static bool settle(json_t **out, uint64_t since, const char *what, Error *error) {
  if (schema_fed(since, true, what, error)) return true;
  json_decref(*out);
  *out = NULL;
  return false;
}

bool schema_read_json(json_t **out, Text bytes, Error *error) {
  json_error_t trouble;
  *out = NULL;
  if (bytes.len == 0) return error_raise(error, ERROR_HTTP_BODY, "%s", "empty");
  if (!depth_is_sane(bytes, error)) return false;
  uint64_t since = memory_hunger();
  *out = json_loadb(bytes.at, bytes.len, JSON_REJECT_DUPLICATES, &trouble);
  if (!settle(out, since, "body", error)) return false;
  if (*out) return true;
  Text said = text_cut(text_of(trouble.text), 140);
  error_raise(error, ERROR_HTTP_BODY, "%.*s", TEXT_ARG(text_is_utf8(said) ? said : TEXT("not UTF-8")));
  return error_at(error, "%d:%d", trouble.line, trouble.column);
}

bool schema_read_own(json_t **out, Text bytes, Error *error) {
  uint64_t since = memory_hunger();
  *out = json_loadb(bytes.at ? bytes.at : "", bytes.len, 0, NULL);
  return settle(out, since, "data", error);
}
