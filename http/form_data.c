#include "http/form_data.h"

#include <strings.h>

enum { BOUNDARY_MAX = 70, HEAD_MAX = 4096 };

static bool refuse(Error *error, const char *why) { return error_raise(error, ERROR_HTTP_BODY, "%s", why); }

static int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Takes a value over: decoded where `coded`, line ends made one. */
static bool take_text(Text *out, Arena *arena, Text raw, bool coded, Error *error) {
  char *to = arena_take(arena, raw.len + 1);
  size_t len = 0;
  if (!to) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "form");
  for (size_t i = 0; i < raw.len; i++) {
    char c = raw.at[i];
    if (coded && c == '%') {
      int high = i + 1 < raw.len ? hex(raw.at[i + 1]) : -1, low = i + 2 < raw.len ? hex(raw.at[i + 2]) : -1;
      if (high < 0 || low < 0) return refuse(error, "'%' without two hexadecimal digits");
      c = (char)(high * 16 + low);
      i += 2;
    } else if (coded && c == '+') {
      c = ' ';
    }
    to[len++] = c;
  }
  size_t kept = 0;
  for (size_t i = 0; i < len; i++) {
    char c = to[i];
    if (c == '\r') {
      if (i + 1 < len && to[i + 1] == '\n') continue;
      c = '\n';
    }
    if (((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) return refuse(error, "a control character");
    to[kept++] = c;
  }
  *out = (Text){to, kept};
  return text_is_utf8(*out) ? true : refuse(error, "not UTF-8");
}

/* NULL: there are too many. */
static FormPart *add(FormData *out, Error *error) {
  if (out->count == FORM_DATA_PARTS_MAX) {
    refuse(error, "too many fields");
    return NULL;
  }
  FormPart *part = &out->part[out->count++];
  *part = (FormPart){0};
  return part;
}

static bool name_is_sound(Text name) { return name.len > 0 && name.len <= FORM_DATA_NAME_MAX; }

static bool read_pairs(FormData *out, Arena *arena, Text body, Error *error) {
  Text pair;
  while (text_next(&body, '&', &pair)) {
    if (!pair.len) continue;
    FormPart *part = add(out, error);
    ptrdiff_t equals = text_find(pair, TEXT("="));
    Text name = equals < 0 ? pair : text_slice(pair, 0, (size_t)equals), value = equals < 0 ? TEXT("") : text_slice(pair, (size_t)equals + 1, pair.len);
    if (!part || !take_text(&part->name, arena, name, true, error) || !take_text(&part->value, arena, value, true, error)) return false;
    if (!name_is_sound(part->name)) return refuse(error, "a field without a name, or with too long a one");
  }
  return true;
}

/* --- multipart --- */

static bool boundary_of(Text *out, Text content_type) {
  Text rest = content_type, part;
  while (text_next(&rest, ';', &part)) {
    part = text_trim(part);
    if (part.len < 9 || strncasecmp(part.at, "boundary=", 9) != 0) continue;
    *out = text_slice(part, 9, part.len);
    if (out->len >= 2 && out->at[0] == '"' && out->at[out->len - 1] == '"') *out = text_slice(*out, 1, out->len - 1);
    return out->len > 0 && out->len <= BOUNDARY_MAX;
  }
  return false;
}

/* name="…" of a Content-Disposition. Browsers write a quote within as %22, so the next quote ends it. */
static bool parameter(Text *out, Text line, const char *name) {
  Text rest = line, key = text_of(name);
  for (ptrdiff_t at; (at = text_find(rest, key)) >= 0; rest = text_slice(rest, (size_t)at + key.len, rest.len)) {
    char before = at ? rest.at[at - 1] : '\0';
    Text value = text_slice(rest, (size_t)at + key.len, rest.len);
    ptrdiff_t end = text_find(value, TEXT("\""));
    if ((before != ' ' && before != ';') || end < 0) continue;
    *out = text_slice(value, 0, (size_t)end);
    return true;
  }
  return false;
}

static bool read_head(FormPart *part, Arena *arena, Text head, Error *error) {
  static const char NAME[] = "content-disposition:";
  Text line, name, file;
  while (head.at && text_next(&head, '\n', &line)) {
    line = text_trim(line);
    if (line.len < sizeof NAME - 1 || strncasecmp(line.at, NAME, sizeof NAME - 1) != 0) continue;
    if (!parameter(&name, line, "name=\"") || !name_is_sound(name)) return refuse(error, "a part without a name, or with too long a one");
    part->file = parameter(&file, line, "filename=\"");
    return take_text(&part->name, arena, name, false, error);
  }
  return refuse(error, "a part without Content-Disposition");
}

static bool read_parts(FormData *out, Arena *arena, Text boundary, Text body, Error *error) {
  char mark[BOUNDARY_MAX + 5];
  memcpy(mark, "\r\n--", 4);
  memcpy(mark + 4, boundary.at, boundary.len);
  Text between = {mark, boundary.len + 4}, rest = body, opening = text_slice(between, 2, between.len);
  if (!text_starts(rest, opening)) return refuse(error, "it does not begin with its boundary");
  rest = text_slice(rest, opening.len, rest.len);
  while (!text_starts(rest, TEXT("--"))) {
    if (!text_starts(rest, TEXT("\r\n"))) return refuse(error, "a boundary without its line's end");
    rest = text_slice(rest, 2, rest.len);
    ptrdiff_t head = text_find(text_slice(rest, 0, HEAD_MAX), TEXT("\r\n\r\n"));
    if (head < 0) return refuse(error, "a part without an end to its head");
    FormPart *part = add(out, error);
    if (!part || !read_head(part, arena, text_slice(rest, 0, (size_t)head), error)) return false;
    rest = text_slice(rest, (size_t)head + 4, rest.len);
    ptrdiff_t end = text_find(rest, between);
    if (end < 0) return refuse(error, "the last boundary is missing");
    Text value = text_slice(rest, 0, (size_t)end);
    if (part->file) part->value = value;
    else if (!take_text(&part->value, arena, value, false, error)) return false;
    rest = text_slice(rest, (size_t)end + between.len, rest.len);
  }
  return true;
}

bool form_data_read(FormData *out, Arena *arena, Text content_type, Text body, Error *error) {
  Text boundary;
  out->count = 0;
  if (content_type.len < 10 || strncasecmp(content_type.at, "multipart/", 10) != 0) return read_pairs(out, arena, body, error);
  if (!boundary_of(&boundary, content_type)) return refuse(error, "multipart/form-data without a boundary");
  return read_parts(out, arena, boundary, body, error);
}

Text form_data_text(const FormData *form, const char *name) {
  size_t at = 0;
  const FormPart *part = form_data_next(form, text_of(name), &at);
  return part && !part->file ? text_trim(part->value) : TEXT_NONE;
}

const FormPart *form_data_next(const FormData *form, Text name, size_t *at) {
  while (*at < form->count) {
    const FormPart *part = &form->part[(*at)++];
    if (text_equal(part->name, name)) return part;
  }
  return NULL;
}
