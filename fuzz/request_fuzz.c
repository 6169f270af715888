/* What a request brings, on any bytes: the first line is its target, the second a header's value, the rest a body. Nothing crashes; what is taken is
 * UTF-8 and within its bounds, and means the same when written out and read again; what is refused says where. */
#include <assert.h>

#include "fuzz/fuzz.h"
#include "http/header.h"
#include "http/schema.h"
#include "http/target.h"

static const char *const SCHEMAS[] = {
    "{}",
    "{\"type\":\"object\"}",
    "{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":5,\"format\":\"line\"},"
    "\"count\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":10},\"tags\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":3,\"items\":{\"type\":\"string\"}}}}",
    "{\"properties\":{\"id\":{\"format\":\"id\"},\"at\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"},\"day\":{\"format\":\"date\"},"
    "\"code\":{\"format\":\"code\"},\"phone\":{\"format\":\"phone\"},\"kind\":{\"enum\":[\"a\",1,null,[],{}]},\"is\":{\"const\":true}},"
    "\"additionalProperties\":{\"type\":\"number\"}}",
    "{\"$ref\":\"#/components/schemas/Tree\"}",
};
enum { SCHEMA_COUNT = sizeof SCHEMAS / sizeof *SCHEMAS };
static Schema *schema[SCHEMA_COUNT];

static void compile(void) {
  static SchemaSet *set; /* for the life of the process */
  if (set) return;
  set = schema_set_new();
  assert(set);
  bool ok = schema_component(set, "Tree", "{\"properties\":{\"left\":{\"$ref\":\"#/components/schemas/Tree\"},\"leaves\":{\"items\":{\"$ref\":\"#/components/schemas/Tree\"}}}}", NULL);
  for (int i = 0; i < SCHEMA_COUNT; i++) ok = ok && schema_compile(&schema[i], set, SCHEMAS[i], NULL);
  ok = ok && schema_resolve(set, NULL);
  assert(ok);
}

static void try_target(Text raw) {
  Arena arena;
  Target target;
  Error error = {0};
  arena_begin(&arena, 0);
  if (target_parse(&target, &arena, raw, &error)) {
    assert(raw.len <= TARGET_BYTES && target.segments <= TARGET_SEGMENTS && target.pairs <= TARGET_PAIRS);
    for (int i = 0; i < target.segments; i++) {
      Text part = target.segment[i];
      assert(part.len && text_is_utf8(part) && !memchr(part.at, '\0', part.len) && !text_is(part, "..") && !text_is(part, "."));
    }
    for (int i = 0; i < target.pairs; i++) {
      assert(text_is_utf8(target.pair[i].name) && text_is_utf8(target.pair[i].value));
      assert(text_equal(target_query(&target, target.pair[i].name), target.pair[i].value));
    }
  } else {
    assert(error.code == ERROR_HTTP_TARGET);
  }
  arena_end(&arena);
}

static void try_header(Text value) {
  Text cookie = header_cookie(value, TEXT("dianbaomu"));
  assert(!cookie.at || (cookie.at >= value.at && cookie.at + cookie.len <= value.at + value.len && !memchr(cookie.at, ';', cookie.len)));
  Text bearer = header_bearer(value), last = header_last(value);
  assert(!bearer.at || bearer.len <= value.len);
  assert(!last.at || !memchr(last.at, ',', last.len));
  (void)header_language(value), (void)header_etag_matches(value, "\"a\""), (void)header_media_type_is(value, "application/json");
  if (header_name_is_sound(value)) assert(header_value_is_sound(value));
  (void)header_origin_is(value, TEXT("127.0.0.1:9559"));
  if (header_host_is_sound(value)) assert(header_value_is_sound(value));
}

static int put(const char *bytes, size_t len, void *out) {
  buffer_put(out, bytes, len);
  return 0;
}

static void try_body(Text bytes) {
  json_t *value, *again = NULL;
  Error error = {0};
  Buffer written;
  char text[ERROR_TEXT_MAX];
  if (!schema_read_json(&value, bytes, &error)) {
    assert(error.code == ERROR_HTTP_BODY);
    assert(text_is_utf8(text_of(error_text(&error, LANGUAGE_ZH, text, sizeof text))));
    return;
  }
  buffer_begin(&written, 0);
  int dumped = json_dump_callback(value, put, &written, JSON_COMPACT);
  assert(dumped == 0 && schema_read_json(&again, buffer_as_text(&written), NULL) && json_equal(value, again));
  for (int i = 0; i < SCHEMA_COUNT; i++) {
    Error other = {0};
    error_clear(&error);
    bool fits = schema_check(schema[i], value, &error);
    assert(fits == schema_check(schema[i], again, &other) && error.code == other.code);
    if (fits) continue;
    assert(error.where[0] == '$' && text_is_utf8(text_of(error_text(&error, LANGUAGE_EN, text, sizeof text))));
  }
  json_decref(again);
  json_decref(value);
  buffer_end(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Text rest = {(const char *)data, size}, line;
  compile();
  if (!size || !text_next(&rest, '\n', &line)) return 0;
  try_target(line);
  if (!text_next(&rest, '\n', &line)) return 0;
  try_header(line);
  if (rest.at) try_body(rest);
  return 0;
}
