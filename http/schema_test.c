#include "http/schema.h"

#include "base/limits.h"
#include "base/testing.h"
#include "http/schema_node.h"

typedef struct Case {
  const char *schema, *value;
  ErrorCode code; /* ERROR_NONE: fits */
  const char *where;
} Case;

static void run(const Case *one) {
  Error error = {0};
  SchemaSet *set = schema_set_new();
  assert_non_null(set);
  Schema *schema;
  json_t *value = NULL;
  assert_ok(schema_component(set, "Place", "{\"properties\":{\"lon\":{\"type\":\"number\"},\"next\":{\"$ref\":\"#/components/schemas/Place\"}}}", &error), &error);
  assert_ok(schema_compile(&schema, set, one->schema, &error), &error);
  assert_ok(schema_resolve(set, &error), &error);
  bool ok = schema_read_json(&value, text_of(one->value), &error) && schema_check(schema, value, &error);
  if (ok != (one->code == ERROR_NONE) || error.code != one->code || strcmp(error.where, one->where) != 0)
    fail_msg("%s against %s: %s at '%s', not %s at '%s'", one->value, one->schema, error_name(error.code), error.where, error_name(one->code), one->where);
  json_decref(value);
  schema_set_free(set);
}

static void values_are_checked(void **state) {
  (void)state;
#define P(schema) "{\"properties\":{\"a\":" schema "}}"
  static const Case CASES[] = {
      {"{}", "[1,{\"x\":null}]", ERROR_NONE, ""},
      {"{\"type\":\"object\"}", "{\"anything\":1}", ERROR_NONE, ""},
      {"{\"type\":\"object\"}", "[]", ERROR_FIELD_TYPE, "$"},
      {"{\"properties\":{}}", "{\"b\":1}", ERROR_FIELD_UNKNOWN, "$.b"},
      {"{\"properties\":{\"a\":{}},\"additionalProperties\":true}", "{\"b\":1}", ERROR_NONE, ""},
      {"{\"properties\":{\"a\":{}},\"additionalProperties\":{\"type\":\"string\"}}", "{\"b\":1}", ERROR_FIELD_TYPE, "$.b"},
      {"{\"properties\":{\"a\":{},\"b\":{}},\"required\":[\"b\"]}", "{\"a\":1}", ERROR_FIELD_MISSING, "$.b"},
      {P("{\"type\":\"string\"}"), "{\"a\":\"x\"}", ERROR_NONE, ""},
      {P("{\"type\":\"string\"}"), "{\"a\":null}", ERROR_FIELD_TYPE, "$.a"},
      {P("{\"type\":[\"string\",\"null\"]}"), "{\"a\":null}", ERROR_NONE, ""},
      {P("{\"type\":\"integer\"}"), "{\"a\":1.5}", ERROR_FIELD_TYPE, "$.a"},
      {P("{\"type\":\"number\"}"), "{\"a\":1}", ERROR_NONE, ""},
      {P("{\"type\":\"boolean\"}"), "{\"a\":0}", ERROR_FIELD_TYPE, "$.a"},
      {P("{\"type\":\"integer\",\"minimum\":0,\"maximum\":9}"), "{\"a\":-1}", ERROR_FIELD_SMALL, "$.a"},
      {P("{\"type\":\"integer\",\"minimum\":0,\"maximum\":9}"), "{\"a\":10}", ERROR_FIELD_LARGE, "$.a"},
      {P("{\"type\":\"integer\",\"minimum\":0,\"maximum\":9}"), "{\"a\":9}", ERROR_NONE, ""},
      {P("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}"), "{\"a\":\"电\"}", ERROR_FIELD_SHORT, "$.a"},
      {P("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}"), "{\"a\":\"电保姆\"}", ERROR_NONE, ""},
      {P("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}"), "{\"a\":\"电保姆!\"}", ERROR_FIELD_LONG, "$.a"},
      {P("{\"enum\":[\"x\",\"y\",null]}"), "{\"a\":null}", ERROR_NONE, ""},
      {P("{\"enum\":[\"x\",\"y\"]}"), "{\"a\":\"z\"}", ERROR_FIELD_CHOICE, "$.a"},
      {P("{\"const\":\"x\"}"), "{\"a\":\"y\"}", ERROR_FIELD_CHOICE, "$.a"},
      {P("{\"items\":{\"type\":\"integer\"},\"maxItems\":2,\"minItems\":1}"), "{\"a\":[1,\"2\"]}", ERROR_FIELD_TYPE, "$.a[1]"},
      {P("{\"items\":{\"type\":\"integer\"},\"maxItems\":2,\"minItems\":1}"), "{\"a\":[1,2,3]}", ERROR_FIELD_MANY, "$.a"},
      {P("{\"items\":{\"type\":\"integer\"},\"maxItems\":2,\"minItems\":1}"), "{\"a\":[]}", ERROR_FIELD_FEW, "$.a"},
      {P("{\"format\":\"id\",\"type\":\"string\"}"), "{\"a\":\"9223372036854775807\"}", ERROR_NONE, ""},
      {P("{\"format\":\"id\"}"), "{\"a\":\"9223372036854775808\"}", ERROR_FIELD_FORMAT, "$.a"},
      {P("{\"format\":\"id\"}"), "{\"a\":\"01\"}", ERROR_FIELD_FORMAT, "$.a"},
      {P("{\"format\":\"id\"}"), "{\"a\":\"-1\"}", ERROR_FIELD_FORMAT, "$.a"},
      {P("{\"format\":\"id\"}"), "{\"a\":\"\"}", ERROR_FIELD_FORMAT, "$.a"},
      {P("{\"format\":\"date-time\"}"), "{\"a\":\"2026-11-21T20:37:00+08:00\"}", ERROR_NONE, ""},
      {P("{\"format\":\"date-time\"}"), "{\"a\":\"2026-11-21\"}", ERROR_FIELD_FORMAT, "$.a"},
      {P("{\"format\":\"date\"}"), "{\"a\":\"2026-02-28\"}", ERROR_NONE, ""},
      {P("{\"format\":\"date\"}"), "{\"a\":\"2026-02-30\"}", ERROR_FIELD_FORMAT, "$.a"},
      {P("{\"format\":\"line\"}"), "{\"a\":\"a\\nb\"}", ERROR_FIELD_FORMAT, "$.a"},
      {P("{\"format\":\"code\"}"), "{\"a\":\"A-1.b_2:3\"}", ERROR_NONE, ""},
      {P("{\"format\":\"code\"}"), "{\"a\":\"a b\"}", ERROR_FIELD_FORMAT, "$.a"},
      {P("{\"format\":\"phone\"}"), "{\"a\":\"+86 138-0000 0000\"}", ERROR_NONE, ""},
      {P("{\"format\":\"phone\"}"), "{\"a\":\"call me\"}", ERROR_FIELD_FORMAT, "$.a"},
      {P("{\"type\":\"string\"}"), "{\"a\":\"line\\n\\ttab\"}", ERROR_NONE, ""},
      {P("{\"type\":\"string\"}"), "{\"a\":\"bell\\u0007\"}", ERROR_FIELD_FORMAT, "$.a"},
      {P("{\"$ref\":\"#/components/schemas/Place\"}"), "{\"a\":{\"lon\":1,\"next\":{\"next\":{\"lon\":\"x\"}}}}", ERROR_FIELD_TYPE, "$.a.next.next.lon"},
      {"{}", "", ERROR_HTTP_BODY, ""},
      {"{}", "{", ERROR_HTTP_BODY, "1:1"},
      {"{}", "{\"a\":1,\"a\":2}", ERROR_HTTP_BODY, "1:10"},
      {"{}", "\"text\"", ERROR_HTTP_BODY, "1:6"},
      {"{}", "{}x", ERROR_HTTP_BODY, "1:3"},
      {"{}", "{\"a\":\"\\u0000\"}", ERROR_HTTP_BODY, "1:13"},
      {"{}", "{\"a\":\"\xff\"}", ERROR_HTTP_BODY, "1:6"},
      {"{}", "{\"a\":99999999999999999999}", ERROR_HTTP_BODY, "1:25"},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) run(&CASES[i]);
}

static void depth_is_bounded(void **state) {
  (void)state;
  char deep[2 * LIMIT_JSON_DEPTH + 3] = "";
  for (int depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
    memset(deep, '[', (size_t)depth);
    memset(deep + depth, ']', (size_t)depth);
    json_t *value = NULL;
    assert_int_equal(schema_read_json(&value, (Text){deep, 2 * (size_t)depth}, NULL), depth == LIMIT_JSON_DEPTH);
    json_decref(value);
  }
}

static void unsound_schemas_are_refused(void **state) {
  (void)state;
  static const char *const CASES[] = {
      "", "[]", "{\"type\":\"text\"}", "{\"type\":1}", "{\"typo\":1}", "{\"properties\":[]}", "{\"properties\":{\"a\":1}}", "{\"required\":[\"a\"]}",
      "{\"properties\":{\"a\":{}},\"required\":\"a\"}", "{\"minLength\":-1}", "{\"maxItems\":\"3\"}", "{\"minimum\":null}", "{\"enum\":[]}", "{\"format\":\"email\"}",
      "{\"$ref\":\"Place\"}", "{\"items\":[]}", "{\"a\":1,\"a\":2}",
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    Error error = {0};
    SchemaSet *set = schema_set_new();
    assert_non_null(set);
    Schema *schema;
    if (schema_compile(&schema, set, CASES[i], &error)) fail_msg("taken: %s", CASES[i]);
    assert_int_equal(error.code, ERROR_SCHEMA);
    schema_set_free(set);
  }
  Error error = {0};
  SchemaSet *set = schema_set_new();
  assert_non_null(set);
  Schema *schema;
  assert_ok(schema_compile(&schema, set, "{\"$ref\":\"#/components/schemas/Nobody\"}", &error), &error);
  assert_false(schema_resolve(set, &error));
  assert_ok(schema_component(set, "A", "{}", &error), &error);
  assert_false(schema_component(set, "A", "{}", &error));
  schema_set_free(set);
}

static void written_schemas_say_they_are_closed(void **state) {
  (void)state;
  Error error = {0};
  SchemaSet *set = schema_set_new();
  assert_non_null(set);
  Schema *schema;
  Buffer out;
  buffer_begin(&out, 0);
  assert_ok(schema_compile(&schema, set, "{\"properties\":{\"properties\":{\"type\":\"object\"}}}", &error), &error);
  schema_write(schema, &out);
  buffer_byte(&out, '\0');
  assert_false(out.failed);
  assert_string_equal(out.at, "{\"properties\":{\"properties\":{\"type\":\"object\"}},\"additionalProperties\":false}");
  buffer_end(&out);
  schema_set_free(set);
}

/* jansson's own way of writing leaves a member's name out when there is no memory for it, and goes on. */
static void what_is_written_is_whole_or_failed(void **state) {
  (void)state;
  json_t *value = json_object();
  char key[8];
  for (int i = 0; i < 200; i++) {
    snprintf(key, sizeof key, "k%03d", i);
    assert_int_equal(json_object_set_new(value, key, json_pack("[i,s]", i, "some words")), 0);
  }
  int failed = 0;
  for (int64_t nth = 1; nth <= 100; nth++) {
    Buffer out;
    buffer_begin(&out, 0);
    memory_fail_at(nth);
    schema_write_json(&out, value, nth % 2 ? JSON_SORT_KEYS : 0);
    memory_fail_at(0);
    bool whole = !out.failed;
    failed += !whole;
    json_t *again = whole ? json_loadb(out.at, out.len, 0, NULL) : NULL;
    assert_true(!whole || json_equal(again, value));
    json_decref(again);
    buffer_end(&out);
  }
  assert_true(failed > 3);
  json_decref(value);
}

/* jansson may read on when there was no memory for a part: what is read is whole, or there was no memory. */
static void what_is_read_is_whole_or_failed(void **state) {
  (void)state;
  static const char TEXT_OF[] = "{\"items\":[{\"kind\":\"last_gasp\",\"meter\":\"M10002111\",\"at\":\"2026-11-21T20:37:00+08:00\"},{\"kind\":7,\"n\":1.5}],\"zh\":\"\\u7535\"}";
  json_t *whole = json_loads(TEXT_OF, 0, NULL);
  assert_non_null(whole);
  schema_own_memory();
  for (int own = 0; own < 2; own++) {
    bool ok = false;
    for (int64_t nth = 1; !ok; nth++) {
      json_t *value;
      Error error = {0};
      memory_fail_at(nth);
      ok = own ? schema_read_own(&value, text_of(TEXT_OF), &error) : schema_read_json(&value, text_of(TEXT_OF), &error);
      memory_fail_at(0);
      assert_int_equal(ok ? ERROR_NONE : ERROR_OUT_OF_MEMORY, error.code);
      assert_true(ok ? json_equal(value, whole) : !value);
      assert_true(!ok || nth > 10);
      json_decref(value);
    }
  }
  json_decref(whole);
}

/* A token of any length, its buffer growing just when the closing quote, or another, comes. */
static void a_long_token_is_whole_or_failed(void **state) {
  (void)state;
  char text[160], told[128] = "";
  schema_own_memory();
  for (int len = 1; len < 120; len++) {
    bool ok = false;
    memset(told, 'a' + len % 26, (size_t)len);
    snprintf(text, sizeof text, "[\"%s\"]", told);
    for (int64_t nth = 1; !ok; nth++) {
      json_t *value;
      Error error = {0};
      memory_fail_at(nth);
      ok = schema_read_json(&value, text_of(text), &error);
      memory_fail_at(0);
      assert_int_equal(ok ? ERROR_NONE : ERROR_OUT_OF_MEMORY, error.code);
      if (ok) assert_string_equal(json_string_value(json_array_get(value, 0)), told);
      json_decref(value);
    }
  }
}

TEST_MAIN(TEST(values_are_checked), TEST(depth_is_bounded), TEST(unsound_schemas_are_refused), TEST(written_schemas_say_they_are_closed),
          TEST(what_is_written_is_whole_or_failed), TEST(what_is_read_is_whole_or_failed), TEST(a_long_token_is_whole_or_failed))
