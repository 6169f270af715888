/* What handlers call to read a request and to write a reply's headers. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "http/http_internal.h"

static const Request *inside(const HttpRequest *request) { return (const Request *)request; } /* `open` is the first member */

Text http_query(const HttpRequest *request, const char *name) { return target_query(&inside(request)->target, text_of(name)); }

bool http_query_i64(const HttpRequest *request, const char *name, int64_t fallback, int64_t least, int64_t most, int64_t *out, Error *error) {
  Text text = http_query(request, name);
  *out = fallback;
  if (!text.at) return true;
  if (text_to_i64(text, out) && *out >= least && *out <= most) return true;
  error_raise(error, ERROR_FIELD_FORMAT, "%s\t%.*s\t%lld … %lld", name, TEXT_ARG(text_cut(text, 60)), (long long)least, (long long)most);
  return error_at(error, "?%s", name);
}

bool http_query_choice(const HttpRequest *request, const char *name, const char *choices, Text *out, Error *error) {
  Text rest = text_of(choices), one;
  *out = http_query(request, name);
  if (!out->at) return true;
  while (text_next(&rest, ' ', &one))
    if (text_equal(one, *out)) return true;
  error_raise(error, ERROR_FIELD_CHOICE, "%s\t%s", name, choices);
  return error_at(error, "?%s", name);
}

Text http_header(const HttpRequest *request, const char *name) {
  return text_of(MHD_lookup_connection_value(inside(request)->connection, MHD_HEADER_KIND, name));
}

Text http_token(const HttpRequest *request) { return inside(request)->token; }

bool http_argument_id(const HttpRequest *request, int at, const char *what, int64_t *out, Error *error) {
  assert(at >= 0 && at < HTTP_PATH_ARGUMENTS);
  Text text = request->argument[at];
  if (text_to_i64(text, out) && *out > 0 && text.at[0] != '0') return true;
  return error_raise(error, ERROR_NOT_FOUND, "%s\t%.*s", what, TEXT_ARG(text_cut(text, 60)));
}

void http_reply_header(HttpReply *reply, const char *name, const char *format, ...) {
  assert(reply->header_count < HTTP_REPLY_HEADERS);
  va_list list;
  va_start(list, format);
  char *value = reply->header[reply->header_count].value;
  int len = vsnprintf(value, sizeof reply->header[0].value, format, list);
  va_end(list);
  assert(len >= 0 && (size_t)len < sizeof reply->header[0].value);
  for (char *at = value; *at; at++) assert((unsigned char)*at >= 0x20 && *at != 0x7F); /* no line can be slipped in */
  reply->header[reply->header_count++].name = name;
}

void http_reply_session(const HttpRequest *request, HttpReply *reply, Text token, int64_t seconds) {
  const char *secure = inside(request)->http->options.behind_tls ? "; Secure" : "";
  http_reply_header(reply, "Set-Cookie", "dianbaomu=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s", TEXT_ARG(token),
                    (long long)(token.len ? seconds : 0), secure);
}

Text http_body_text(const json_t *body, const char *key) {
  const json_t *value = json_object_get(body, key);
  return json_is_string(value) ? (Text){json_string_value(value), json_string_length(value)} : TEXT_NONE;
}

int64_t http_body_i64(const json_t *body, const char *key, int64_t fallback) {
  const json_t *value = json_object_get(body, key);
  return json_is_integer(value) ? json_integer_value(value) : fallback;
}

int64_t http_body_id(const json_t *body, const char *key) {
  int64_t id = 0;
  return text_to_i64(http_body_text(body, key), &id) ? id : 0;
}

double http_body_f64(const json_t *body, const char *key, double fallback) {
  const json_t *value = json_object_get(body, key);
  return json_is_number(value) ? json_number_value(value) : fallback;
}

bool http_body_bool(const json_t *body, const char *key, bool fallback) {
  const json_t *value = json_object_get(body, key);
  return json_is_boolean(value) ? json_is_true(value) : fallback;
}
