#include "http/target.h"

static bool refuse(Error *error, const char *why) { return error_raise(error, ERROR_HTTP_TARGET, "%s", why); }

static int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* `plus`: a "+" stands for a blank, as in queries. */
static bool decode(Text *out, Arena *arena, Text raw, bool plus, Error *error) {
  bool coded = false;
  for (size_t i = 0; i < raw.len; i++) {
    unsigned char c = (unsigned char)raw.at[i];
    if (c <= 0x20 || c == 0x7F) return refuse(error, "a blank or control character");
    if (c == '%' || (plus && c == '+')) coded = true;
  }
  *out = raw;
  if (coded) {
    char *to = arena_take(arena, raw.len);
    if (!to) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "target");
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
      char c = raw.at[i];
      if (c == '%') {
        int high = i + 1 < raw.len ? hex(raw.at[i + 1]) : -1, low = i + 2 < raw.len ? hex(raw.at[i + 2]) : -1;
        if (high < 0 || low < 0) return refuse(error, "'%' without two hexadecimal digits");
        c = (char)(high * 16 + low);
        if ((unsigned char)c < 0x20 || c == 0x7F) return refuse(error, "a control character");
        i += 2;
      } else if (plus && c == '+') {
        c = ' ';
      }
      to[len++] = c;
    }
    *out = (Text){to, len};
  }
  return text_is_utf8(*out) ? true : refuse(error, "not UTF-8");
}

static bool parse_path(Target *out, Arena *arena, Error *error) {
  Text rest = text_slice(out->path, 1, out->path.len), part;
  if (rest.len == 0) return true;
  while (text_next(&rest, '/', &part)) {
    if (part.len == 0) {
      if (rest.at) return refuse(error, "an empty part in the path");
      out->folder = true;
      return true;
    }
    if (out->segments == TARGET_SEGMENTS) return refuse(error, "too many parts in the path");
    Text *segment = &out->segment[out->segments++];
    if (!decode(segment, arena, part, false, error)) return false;
    if (text_is(*segment, ".") || text_is(*segment, "..")) return refuse(error, "a dot as a part of the path");
  }
  return true;
}

static bool parse_query(Target *out, Arena *arena, Text query, Error *error) {
  Text part;
  while (text_next(&query, '&', &part)) {
    if (part.len == 0) continue;
    if (out->pairs == TARGET_PAIRS) return refuse(error, "too many query parameters");
    TargetPair pair;
    const char *equals = memchr(part.at, '=', part.len);
    size_t name_len = equals ? (size_t)(equals - part.at) : part.len;
    if (!decode(&pair.name, arena, (Text){part.at, name_len}, true, error)) return false;
    pair.value = TEXT("");
    if (equals && !decode(&pair.value, arena, text_slice(part, name_len + 1, part.len), true, error)) return false;
    if (target_query(out, pair.name).at) return refuse(error, "a query parameter twice");
    out->pair[out->pairs++] = pair;
  }
  return true;
}

bool target_parse(Target *out, Arena *arena, Text raw, Error *error) {
  *out = (Target){0};
  if (raw.len > TARGET_BYTES) return refuse(error, "too long");
  if (raw.len == 0 || raw.at[0] != '/') return refuse(error, "it must begin with '/'");
  if (memchr(raw.at, '#', raw.len) || memchr(raw.at, '\\', raw.len)) return refuse(error, "'#' or '\\'");
  const char *mark = memchr(raw.at, '?', raw.len);
  size_t path_len = mark ? (size_t)(mark - raw.at) : raw.len;
  out->path = (Text){raw.at, path_len};
  if (!parse_path(out, arena, error)) return false;
  return mark ? parse_query(out, arena, text_slice(raw, path_len + 1, raw.len), error) : true;
}

Text target_query(const Target *target, Text name) {
  for (int i = 0; i < target->pairs; i++)
    if (text_equal(target->pair[i].name, name)) return target->pair[i].value;
  return TEXT_NONE;
}
