#include "http/header.h"

#include <ctype.h>
#include <strings.h>

static bool all_of(Text text, const char *also) {
  for (size_t i = 0; i < text.len; i++)
    if (!isalnum((unsigned char)text.at[i]) && (!text.at[i] || !strchr(also, text.at[i]))) return false;
  return true;
}

bool header_name_is_sound(Text name) { return name.len > 0 && all_of(name, "!#$%&'*+-.^_`|~"); }
bool header_host_is_sound(Text host) { return all_of(host, "-._:[]"); }

bool header_value_is_sound(Text value) {
  for (size_t i = 0; i < value.len; i++)
    if (((unsigned char)value.at[i] < 0x20 && value.at[i] != '\t') || value.at[i] == 0x7F) return false;
  return true;
}

Language header_language(Text accept) {
  Language best = LANGUAGE_ZH;
  double best_weight = 0;
  Text part;
  while (text_next(&accept, ',', &part)) {
    double weight = 1;
    ptrdiff_t q = text_find(part, TEXT(";q="));
    if (q >= 0 && !text_to_f64(text_trim(text_slice(part, (size_t)q + 3, part.len)), &weight)) weight = 0;
    Text name = text_trim(part);
    if (name.len < 2 || weight <= best_weight) continue;
    if (strncasecmp(name.at, "zh", 2) == 0) best = LANGUAGE_ZH, best_weight = weight;
    if (strncasecmp(name.at, "en", 2) == 0) best = LANGUAGE_EN, best_weight = weight;
  }
  return best;
}

Text header_last(Text list) {
  Text part, last = TEXT_NONE;
  while (text_next(&list, ',', &part)) last = text_trim(part);
  return last;
}

Text header_bearer(Text authorization) {
  if (authorization.len <= 7 || strncasecmp(authorization.at, "Bearer ", 7) != 0) return TEXT_NONE;
  return text_trim(text_slice(authorization, 7, authorization.len));
}

Text header_cookie(Text cookies, Text name) {
  Text part;
  while (text_next(&cookies, ';', &part)) {
    part = text_trim(part);
    if (part.len > name.len && part.at[name.len] == '=' && text_starts(part, name)) return text_slice(part, name.len + 1, part.len);
  }
  return TEXT_NONE;
}

bool header_origin_is(Text origin, Text host) {
  ptrdiff_t at = text_find(origin, TEXT("://"));
  Text named = at < 0 ? TEXT_NONE : text_slice(origin, (size_t)at + 3, origin.len);
  return named.len > 0 && named.len == host.len && strncasecmp(named.at, host.at, host.len) == 0;
}

static bool is_media_type(Text content_type, Text wanted) {
  if (content_type.len < wanted.len || strncasecmp(content_type.at, wanted.at, wanted.len) != 0) return false;
  Text rest = text_trim(text_slice(content_type, wanted.len, content_type.len));
  return rest.len == 0 || rest.at[0] == ';';
}

bool header_media_type_is(Text content_type, const char *wanted) {
  Text list = text_of(wanted), one;
  while (text_next(&list, ' ', &one))
    if (is_media_type(content_type, one)) return true;
  return false;
}

bool header_etag_matches(Text none_match, const char *etag) {
  Text part;
  while (text_next(&none_match, ',', &part)) {
    part = text_trim(part);
    if (text_starts(part, TEXT("W/"))) part = text_slice(part, 2, part.len);
    if (text_is(part, etag) || text_is(part, "*")) return true;
  }
  return false;
}
