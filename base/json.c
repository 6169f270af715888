#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

void json_begin(Json *json, Buffer *out) { *json = (Json){.out = out}; }

static void before_value(Json *json) {
  if (json->comma) buffer_byte(json->out, ',');
  json->comma = true;
}

static void open_with(Json *json, char open, char close) {
  before_value(json);
  assert(json->depth < JSON_DEPTH_MAX);
  json->close[json->depth++] = close;
  buffer_byte(json->out, open);
  json->comma = false;
}

void json_open_object(Json *json) { open_with(json, '{', '}'); }
void json_open_array(Json *json) { open_with(json, '[', ']'); }

void json_close(Json *json) {
  assert(json->depth > 0);
  buffer_byte(json->out, json->close[--json->depth]);
  json->comma = true;
}

static void quoted(Buffer *out, Text value) {
  buffer_byte(out, '"');
  size_t start = 0;
  for (size_t i = 0; i < value.len; i++) {
    unsigned char c = (unsigned char)value.at[i];
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    buffer_put(out, value.at + start, i - start);
    start = i + 1;
    if (c == '"' || c == '\\') buffer_byte(out, '\\'), buffer_byte(out, (char)c);
    else if (c == '\n') buffer_put(out, "\\n", 2);
    else buffer_format(out, "\\u%04x", c);
  }
  buffer_put(out, value.at + start, value.len - start);
  buffer_byte(out, '"');
}

void json_key(Json *json, const char *key) {
  if (json->comma) buffer_byte(json->out, ',');
  quoted(json->out, text_of(key));
  buffer_byte(json->out, ':');
  json->comma = false;
}

void json_text(Json *json, Text value) {
  if (!value.at) {
    json_nil(json);
    return;
  }
  before_value(json);
  quoted(json->out, value);
}

void json_i64(Json *json, int64_t value) {
  before_value(json);
  buffer_i64(json->out, value);
}

void json_id(Json *json, int64_t value) {
  if (value == 0) {
    json_nil(json);
    return;
  }
  before_value(json);
  buffer_byte(json->out, '"');
  buffer_i64(json->out, value);
  buffer_byte(json->out, '"');
}

void json_f64(Json *json, double value, int decimals) {
  if (!isfinite(value)) {
    json_nil(json);
    return;
  }
  before_value(json);
  buffer_f64(json->out, value, decimals);
}

void json_bool(Json *json, bool value) {
  before_value(json);
  buffer_string(json->out, value ? "true" : "false");
}

void json_nil(Json *json) {
  before_value(json);
  buffer_put(json->out, "null", 4);
}

void json_instant(Json *json, Instant value) {
  if (value == INSTANT_NONE) {
    json_nil(json);
    return;
  }
  char text[64];
  Civil c = civil_of(value, 0);
  int len = snprintf(text, sizeof text, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", c.year, c.month, c.day, c.hour, c.minute, c.second,
                     c.microsecond / 1000);
  before_value(json);
  buffer_put(json->out, text, (size_t)len);
}

void json_raw(Json *json, Text value) {
  before_value(json);
  buffer_text(json->out, value);
}

void json_put_text(Json *json, const char *key, Text value) { json_key(json, key), json_text(json, value); }
void json_put_string(Json *json, const char *key, const char *value) { json_key(json, key), json_text(json, text_of(value)); }
void json_put_i64(Json *json, const char *key, int64_t value) { json_key(json, key), json_i64(json, value); }
void json_put_id(Json *json, const char *key, int64_t value) { json_key(json, key), json_id(json, value); }
void json_put_f64(Json *json, const char *key, double value, int decimals) { json_key(json, key), json_f64(json, value, decimals); }
void json_put_bool(Json *json, const char *key, bool value) { json_key(json, key), json_bool(json, value); }
void json_put_instant(Json *json, const char *key, Instant value) { json_key(json, key), json_instant(json, value); }
