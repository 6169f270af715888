#include "order/form.h"

#include <stdio.h>

#define EITHER(zh, en) zh ERROR_BOTH en

static const KindField *field_of(const KindField *fields, size_t count, const char *id) {
  for (size_t i = 0; i < count; i++)
    if (text_is(fields[i].id, id)) return &fields[i];
  return NULL;
}

static bool wrong(Error *error, const KindField *field, const json_t *value, const char *why) {
  char shown[64] = "";
  if (field->personal) snprintf(shown, sizeof shown, "…"); /* errors are logged: nobody's number or name in them */
  else if (json_is_string(value)) snprintf(shown, sizeof shown, "%.60s", json_string_value(value));
  else if (json_is_number(value)) snprintf(shown, sizeof shown, "%g", json_number_value(value));
  else snprintf(shown, sizeof shown, "%s", json_is_boolean(value) ? "bool" : json_is_object(value) ? "object" : "array");
  error_raise(error, ERROR_FIELD_INVALID, "%.*s" ERROR_BOTH "%.*s\t%s\t%s", TEXT_ARG(field->name_zh), TEXT_ARG(field->name_en), shown, why);
  return error_at(error, "$.fields.%.*s", TEXT_ARG(field->id));
}

static Text text_in(const json_t *value) {
  return json_is_string(value) ? (Text){json_string_value(value), json_string_length(value)} : TEXT_NONE;
}

static bool check_words(const KindField *field, const json_t *value, Error *error) {
  Text text = text_in(value);
  if (!text.at) return wrong(error, field, value, EITHER("应为文本", "a text is wanted"));
  double characters = (double)text_characters(text);
  if (characters > field->most) return wrong(error, field, value, EITHER("过长", "it is too long"));
  if (characters < field->least || (field->required && text_trim(text).len == 0))
    return wrong(error, field, value, EITHER("过短", "it is too short"));
  return true;
}

static bool is_id(const json_t *value) {
  int64_t id;
  return json_is_string(value) && text_to_i64(text_in(value), &id) && id > 0;
}

static bool is_date(Text text) {
  char whole[32];
  Instant at;
  if (text.len != 10) return false;
  snprintf(whole, sizeof whole, "%.10sT00:00:00Z", text.at);
  return instant_from_text(text_of(whole), &at);
}

static bool is_phone(Text text) {
  size_t digits = 0;
  for (size_t i = 0; i < text.len; i++) {
    digits += text.at[i] >= '0' && text.at[i] <= '9';
    if (!strchr("0123456789 +-()", text.at[i])) return false;
  }
  return digits >= 3 && text.len <= 24;
}

static bool is_choice(const KindField *field, const json_t *value) {
  for (size_t i = 0; json_is_string(value) && i < field->choice_count; i++)
    if (strcmp(json_string_value(value), field->choices[i].id) == 0) return true;
  return false;
}

static bool check_choice(const KindField *field, const json_t *value, bool fits, Error *error) {
  if (fits) return true;
  char known[ERROR_ARGUMENT_MAX] = "";
  for (size_t i = 0, len = 0; i < field->choice_count && len + 1 < sizeof known; i++)
    len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", i ? ", " : "", field->choices[i].id);
  return wrong(error, field, value, known);
}

/* Attachments (one id, or a list) and several choices: each once, so many at least and at most. */
static bool check_list(const KindField *field, const json_t *value, Error *error) {
  bool choices = field->type == FIELD_CHOICES;
  if (!choices && is_id(value)) return true;
  size_t count = json_array_size(value), least = field->least > 0 ? (size_t)field->least : field->required;
  if (!json_is_array(value))
    return wrong(error, field, value, choices ? EITHER("应为列表", "a list is wanted") : EITHER("应为附件编号", "ids of attachments are wanted"));
  if (count < least || (double)count > field->most) return wrong(error, field, value, EITHER("数量不符", "too few or too many"));
  for (size_t i = 0; i < count; i++) {
    const json_t *one = json_array_get(value, i);
    if (choices ? !check_choice(field, one, is_choice(field, one), error) : !is_id(one))
      return choices ? false : wrong(error, field, one, EITHER("应为附件编号", "ids of attachments are wanted"));
    for (size_t j = 0; j < i; j++)
      if (json_equal(one, json_array_get(value, j))) return wrong(error, field, one, EITHER("重复", "it stands twice"));
  }
  return true;
}

static bool check_number(const KindField *field, const json_t *value, Error *error) {
  bool whole = field->type != FIELD_NUMBER;
  if (whole ? !json_is_integer(value) : !json_is_number(value))
    return wrong(error, field, value, whole ? EITHER("应为整数", "a whole number is wanted") : EITHER("应为数字", "a number is wanted"));
  return json_number_value(value) >= field->least && json_number_value(value) <= field->most
             ? true
             : wrong(error, field, value, EITHER("超出范围", "it is out of range"));
}

static bool check_value(const KindField *field, const json_t *value, Error *error) {
  Text text = text_in(value);
  Instant at;
  switch ((KindFieldType)field->type) {
    case FIELD_TEXT:
    case FIELD_NOTE: return check_words(field, value, error);
    case FIELD_CHOICE: return check_choice(field, value, is_choice(field, value), error);
    case FIELD_FILE:
    case FIELD_CHOICES: return check_list(field, value, error);
    case FIELD_TIME: return text.at && instant_from_text(text, &at) ? true : wrong(error, field, value, "2026-11-21T20:37:00+08:00");
    case FIELD_DATE: return text.at && is_date(text) ? true : wrong(error, field, value, "2026-11-21");
    case FIELD_BOOL: return json_is_boolean(value) ? true : wrong(error, field, value, "true, false");
    case FIELD_NUMBER:
    case FIELD_WHOLE:
    case FIELD_MONEY: return check_number(field, value, error);
    case FIELD_PHONE: return text.at && is_phone(text) ? true : wrong(error, field, value, EITHER("应为电话号码", "a telephone number is wanted"));
    case FIELD_CREW:
    case FIELD_STAFF:
    case FIELD_ORDER:
    case FIELD_OUTAGE:
    case FIELD_CUSTOMER:
    case FIELD_ORG: return is_id(value) ? true : wrong(error, field, value, EITHER("应为编号", "an id is wanted"));
  }
  return true;
}

static const json_t *given(const json_t *values, const KindField *field) {
  const json_t *value = values ? json_object_getn(values, field->id.at, field->id.len) : NULL;
  return json_is_null(value) ? NULL : value;
}

bool form_says(const json_t *values, const KindField *field, Text what) {
  const json_t *value = given(values, field);
  if (json_is_boolean(value)) return text_is(what, json_is_true(value) ? "yes" : "no");
  for (size_t i = 0; i < json_array_size(value); i++)
    if (text_equal(text_in(json_array_get(value, i)), what)) return true;
  return value && text_equal(text_in(value), what);
}

/* A field that speaks only in a certain case. */
static bool speaks(const KindField *fields, const KindField *field, const json_t *values) {
  return field->when_field < 0 || form_says(values, &fields[field->when_field], field->when_is);
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
    if (json_is_null(value)) continue;
    if (!check_value(field, value, error)) return false;
    if (speaks(fields, field, values)) continue;
    const KindField *other = &fields[field->when_field];
    error_raise(error, ERROR_FIELD_NOT_HERE, "%.*s\t%.*s\t%.*s", TEXT_ARG(field->id), TEXT_ARG(other->id), TEXT_ARG(field->when_is));
    return error_at(error, "$.fields.%.*s", TEXT_ARG(field->id));
  }
  for (size_t i = 0; whole && i < count; i++) {
    if (!fields[i].required || given(values, &fields[i]) || !speaks(fields, &fields[i], values)) continue;
    error_raise(error, ERROR_FIELD_MISSING, "%.*s", TEXT_ARG(fields[i].id));
    return error_at(error, "$.fields.%.*s", TEXT_ARG(fields[i].id));
  }
  return true;
}

/* A list of texts, checked before. */
static void write_list(Json *json, const json_t *list) {
  json_open_array(json);
  for (size_t i = 0; i < json_array_size(list); i++) json_text(json, text_in(json_array_get(list, i)));
  json_close(json);
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
    else if (json_is_array(value)) write_list(json, value);
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
