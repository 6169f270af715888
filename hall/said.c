/* A form that was sent, against the fields it was made from. */
#include <sodium.h>
#include <stdio.h>

#include "hall/hall_internal.h"
#include "http/schema.h"

void hall_new_token(char token[HALL_TOKEN_TEXT]) {
  unsigned char bytes[16];
  randombytes_buf(bytes, sizeof bytes);
  sodium_bin2hex(token, HALL_TOKEN_TEXT, bytes, sizeof bytes);
}

bool hall_token_is_sound(Text token) {
  if (token.len != HALL_TOKEN_TEXT - 1) return false;
  for (size_t i = 0; i < token.len; i++)
    if (!strchr("0123456789abcdef", token.at[i])) return false;
  return true;
}

size_t hall_digits(char *out, size_t size, Text phone) {
  size_t len = 0;
  for (size_t i = 0; i < phone.len && len + 1 < size; i++)
    if (phone.at[i] >= '0' && phone.at[i] <= '9') out[len++] = phone.at[i];
  out[len] = '\0';
  return len;
}

bool said_read(Said **out, HttpRequest *request, Error *error) {
  Said *said = *out = ARENA_NEW(request->arena, Said);
  if (!said) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
  return form_data_read(&said->form, request->arena, http_header(request, "Content-Type"), request->raw_body, error);
}

bool said_take_file(Said *said, const HttpRequest *request, const KindField *field, const FormPart *part, bool keeps_place) {
  char name[96];
  Error error = {0};
  unsigned char *bytes = (unsigned char *)(uintptr_t)part->value.at; /* in the request's own body */
  size_t len = part->value.len;
  Text at = text_copy(request->arena, (Text){name, field ? (size_t)snprintf(name, sizeof name, "f_%.*s", TEXT_ARG(field->id)) : (size_t)snprintf(name, sizeof name, "f_picture")});
  if (said->file_count == HALL_FILES_MAX) return trouble_add(&said->troubles, at, IN(request, "文件过多", "too many files")), false;
  HallFile *file = &said->file[said->file_count];
  if (!attachment_ready(&file->type, bytes, &len, keeps_place, &error)) return trouble_of_error(&said->troubles, request, at, &error), false;
  file->field = field;
  file->body = (Text){part->value.at, len};
  said->file_count++;
  return true;
}

/* --- one field --- */

typedef struct Reading {
  Said *said;
  HttpRequest *request;
  const KindField *fields;
  size_t count;
  bool keeps_place;
  json_t *values;
} Reading;

static json_t *number_of(const KindField *field, Text text) {
  double number;
  int64_t whole;
  if (field->type == FIELD_WHOLE && text_to_i64(text, &whole)) return json_integer(whole);
  if (field->type != FIELD_WHOLE && text_to_f64(text, &number)) {
    if (field->type == FIELD_NUMBER) return json_real(number);
    if (number > -1e13 && number < 1e13) return json_integer((json_int_t)(number * 100.0 + (number < 0 ? -0.5 : 0.5)));
  }
  return json_stringn(text.at, text.len); /* which the check then refuses with its reason */
}

static bool value_is_there(const Reading *r, const KindField *field, Text name) {
  const FormPart *part;
  Text text = form_data_text(&r->said->form, name.at);
  if (field->type == FIELD_BOOL) return text_is(text, "yes");
  if (field->type != FIELD_CHOICES) return text.len > 0;
  for (size_t at = 0; (part = form_data_next(&r->said->form, name, &at));)
    if (!part->file) return true;
  return false;
}

/* Of one that is there. NULL: no memory. */
static json_t *value_of(const Reading *r, const KindField *field, Text name) {
  Text text = form_data_text(&r->said->form, name.at);
  char whole[48] = "";
  if (field->type == FIELD_BOOL) return json_true();
  if (field->type == FIELD_CHOICES) {
    json_t *list = json_array();
    const FormPart *part;
    for (size_t at = 0; list && (part = form_data_next(&r->said->form, name, &at));)
      if (!part->file && json_array_append_new(list, json_stringn(part->value.at, part->value.len)) != 0) return json_decref(list), NULL;
    return list;
  }
  switch ((KindFieldType)field->type) {
    case FIELD_NUMBER:
    case FIELD_WHOLE:
    case FIELD_MONEY: return number_of(field, text);
    case FIELD_TIME: /* as <input type=datetime-local> writes it; a browser without it leaves a text field */
      snprintf(whole, sizeof whole, "%.*s%s+08:00", (int)(text.len < 30 ? text.len : 30), text.at, text.len == 16 ? ":00" : "");
      return whole[10] == ' ' ? (whole[10] = 'T', json_string(whole)) : json_string(whole);
    default: return json_stringn(text.at, text.len);
  }
}

/* A field that speaks only in a certain case, which is not the case. */
static bool silent(const Reading *r, const KindField *field) {
  return field->when_field >= 0 && !form_says(r->values, &r->fields[field->when_field], field->when_is);
}

static const char *missing_words(const HttpRequest *request, const KindField *field) {
  switch ((KindFieldType)field->type) {
    case FIELD_FILE: return IN(request, "请选择文件", "choose a file");
    case FIELD_CHOICE:
    case FIELD_CHOICES: return IN(request, "请选择", "choose one");
    default: return IN(request, "请填写", "fill this in");
  }
}

static void read_files(const Reading *r, const KindField *field, Text name) {
  const FormPart *part;
  size_t taken = 0, at = 0;
  while ((part = form_data_next(&r->said->form, name, &at))) {
    if (!part->file || !part->value.len) continue; /* none was chosen */
    if (!said_take_file(r->said, r->request, field, part, r->keeps_place)) return;
    taken++;
  }
  if (field->required && !taken) trouble_add(&r->said->troubles, name, missing_words(r->request, field));
  else if (taken && ((double)taken > field->most || (double)taken < field->least)) trouble_add(&r->said->troubles, name, IN(r->request, "数量不符", "too few or too many"));
}

/* The value is the object's, or gone. */
static bool set(json_t *object, Text key, json_t *value) { return json_object_setn_new(object, key.at, key.len, value) == 0; }

static bool read_value(const Reading *r, const KindField *field, Text name, Error *error) {
  Said *said = r->said;
  Error wrong = {0};
  if (!value_is_there(r, field, name)) {
    if (field->required) trouble_add(&said->troubles, name, missing_words(r->request, field));
    return true;
  }
  json_t *alone = json_object();
  bool ok = set(alone, field->id, value_of(r, field, name));
  const KindField *other = field->when_field >= 0 ? &r->fields[field->when_field] : NULL;
  if (ok && other) ok = json_object_setn(alone, other->id.at, other->id.len, json_object_getn(r->values, other->id.at, other->id.len)) == 0;
  if (!ok) {
    json_decref(alone);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
  }
  if (!form_check(r->fields, r->count, alone, false, &wrong)) trouble_of_error(&said->troubles, r->request, name, &wrong);
  else ok = json_object_setn(r->values, field->id.at, field->id.len, json_object_getn(alone, field->id.at, field->id.len)) == 0;
  json_decref(alone);
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
}

static bool take_out(Text *out, json_t *fields, const char *key, Arena *arena) {
  Text text = form_text(fields, key);
  *out = text.at ? text_copy(arena, text) : TEXT_NONE;
  if (text.at) json_object_del(fields, key);
  return out->at || !text.at;
}

static bool read_fields(const Reading *r, Error *error) {
  char name[96];
  for (size_t i = 0; i < r->count; i++) {
    const KindField *field = &r->fields[i];
    if (!form_is_public(field) || silent(r, field)) continue;
    Text at = text_copy(r->request->arena, (Text){name, (size_t)snprintf(name, sizeof name, "f_%.*s", TEXT_ARG(field->id))});
    if (!at.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
    if (field->type == FIELD_FILE) read_files(r, field, at);
    else if (!read_value(r, field, at, error)) return false;
  }
  return true;
}

bool said_check(Said *said, HttpRequest *request, const KindField *fields, size_t count, bool keeps_place, Error *error) {
  Reading r = {said, request, fields, count, keeps_place, json_object()};
  bool ok = r.values ? read_fields(&r, error) : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
  if (ok) {
    ok = take_out(&said->what, r.values, "what", request->arena) && take_out(&said->description, r.values, "description", request->arena);
    Buffer text;
    buffer_begin(&text, 0);
    schema_write_json(&text, r.values, 0);
    said->values = ok && !text.failed ? text_copy(request->arena, buffer_as_text(&text)) : TEXT_NONE;
    buffer_end(&text);
    if (!said->values.at) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
  }
  json_decref(r.values);
  return ok;
}

static bool keep_file(json_t *fields, DeskContext *context, const HallFile *file, Error *error) {
  char text[24];
  int64_t id;
  if (!attachment_add(context, (OrderId){0}, 0, file->type, file->body, &id, error)) return false;
  snprintf(text, sizeof text, "%lld", (long long)id);
  json_t *list = json_object_getn(fields, file->field->id.at, file->field->id.len);
  bool ok = list || set(fields, file->field->id, list = json_array());
  return ok && json_array_append_new(list, json_string(text)) == 0 ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
}

bool said_fields(json_t **out, DeskContext *context, const Said *said, Error *error) {
  json_t *fields = *out = json_loadb(said->values.at, said->values.len, 0, NULL);
  if (!fields) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
  for (size_t i = 0; i < said->file_count; i++) {
    if (!said->file[i].field || keep_file(fields, context, &said->file[i], error)) continue;
    json_decref(fields);
    return false;
  }
  return true;
}
