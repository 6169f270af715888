#include "order/form.h"

#include <stdio.h>

static const KindField *field_of(const KindField *fields, size_t count, const char *id) {
  for (size_t i = 0; i < count; i++)
    if (text_is(fields[i].id, id)) return &fields[i];
  return NULL;
}

static bool wrong(Error *error, const KindField *field, const json_t *value, const char *why) {
  char shown[64] = "";
  if (json_is_string(value)) snprintf(shown, sizeof shown, "%.60s", json_string_value(value));
  else if (json_is_number(value)) snprintf(shown, sizeof shown, "%g", json_number_value(value));
  else snprintf(shown, sizeof shown, "%s", json_is_boolean(value) ? "bool" : json_is_object(value) ? "object" : "array");
  error_raise(error, ERROR_FIELD_INVALID, "%.*s\t%s\t%s", TEXT_ARG(field->id), shown, why);
  return error_at(error, "$.fields.%.*s", TEXT_ARG(field->id));
}

static bool check_words(const KindField *field, const json_t *value, Error *error) {
  if (!json_is_string(value)) return wrong(error, field, value, "a text is wanted");
  Text text = {json_string_value(value), json_string_length(value)};
  double characters = (double)text_characters(text);
  if (characters > field->most) return wrong(error, field, value, "it is too long");
  if (characters < field->least || (field->required && text_trim(text).len == 0)) return wrong(error, field, value, "it is too short");
  return true;
}

static bool is_id(const json_t *value) {
  int64_t id;
  return json_is_string(value) && text_to_i64((Text){json_string_value(value), json_string_length(value)}, &id) && id > 0;
}

static bool is_date(Text text) {
  char whole[32];
  Instant at;
  if (text.len != 10) return false;
  snprintf(whole, sizeof whole, "%.10sT00:00:00Z", text.at);
  return instant_from_text(text_of(whole), &at);
}

static bool check_choice(const KindField *field, const json_t *value, Error *error) {
  for (size_t i = 0; json_is_string(value) && i < field->choice_count; i++)
    if (strcmp(json_string_value(value), field->choices[i].id) == 0) return true;
  char known[ERROR_ARGUMENT_MAX] = "";
  for (size_t i = 0, len = 0; i < field->choice_count && len + 1 < sizeof known; i++)
    len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", i ? ", " : "", field->choices[i].id);
  return wrong(error, field, value, known);
}

static bool check_value(const KindField *field, const json_t *value, Error *error) {
  Text text = json_is_string(value) ? (Text){json_string_value(value), json_string_length(value)} : TEXT_NONE;
  Instant at;
  switch ((KindFieldType)field->type) {
    case FIELD_TEXT:
    case FIELD_NOTE:
    case FIELD_FILE: return check_words(field, value, error);
    case FIELD_CHOICE: return check_choice(field, value, error);
    case FIELD_TIME: return text.at && instant_from_text(text, &at) ? true : wrong(error, field, value, "2026-11-21T20:37:00+08:00");
    case FIELD_DATE: return text.at && is_date(text) ? true : wrong(error, field, value, "2026-11-21");
    case FIELD_BOOL: return json_is_boolean(value) ? true : wrong(error, field, value, "true, false");
    case FIELD_NUMBER:
      if (!json_is_number(value)) return wrong(error, field, value, "a number is wanted");
      return json_number_value(value) >= field->least && json_number_value(value) <= field->most
                 ? true
                 : wrong(error, field, value, "it is out of range");
    case FIELD_CREW:
    case FIELD_STAFF:
    case FIELD_ORDER:
    case FIELD_OUTAGE: return is_id(value) ? true : wrong(error, field, value, "an id is wanted");
  }
  return true;
}

bool form_check(const KindField *fields, size_t count, const json_t *values, bool whole, Error *error) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)values, key, value) {
    const KindField *field = field_of(fields, count, key);
    if (!field) {
      error_raise(error, ERROR_FIELD_UNKNOWN, "%.80s", key);
      return error_at(error, "$.fields.%.80s", key);
    }
    if (!json_is_null(value) && !check_value(field, value, error)) return false;
  }
  for (size_t i = 0; whole && i < count; i++) {
    if (!fields[i].required) continue;
    const json_t *given = values ? json_object_getn(values, fields[i].id.at, fields[i].id.len) : NULL;
    if (given && !json_is_null(given)) continue;
    error_raise(error, ERROR_FIELD_MISSING, "%.*s", TEXT_ARG(fields[i].id));
    return error_at(error, "$.fields.%.*s", TEXT_ARG(fields[i].id));
  }
  return true;
}

void form_write(Json *json, const KindField *fields, size_t count, const json_t *values, bool personal, bool *any) {
  *any = false;
  json_open_object(json);
  for (size_t i = 0; values && i < count; i++) {
    const json_t *value = json_object_getn(values, fields[i].id.at, fields[i].id.len);
    if (!value || json_is_null(value) || fields[i].personal != personal) continue;
    *any = true;
    json_key(json, fields[i].id.at);
    if (json_is_string(value)) json_text(json, (Text){json_string_value(value), json_string_length(value)});
    else if (json_is_boolean(value)) json_bool(json, json_is_true(value));
    else json_f64(json, json_number_value(value), 9);
  }
  json_close(json);
}

Text form_text(const json_t *values, const char *key) {
  const json_t *value = values ? json_object_get(values, key) : NULL;
  return json_is_string(value) ? (Text){json_string_value(value), json_string_length(value)} : TEXT_NONE;
}

int64_t form_id(const json_t *values, const char *key) {
  Text text = form_text(values, key);
  int64_t id = 0;
  return text.at && text_to_i64(text, &id) && id > 0 ? id : 0;
}
