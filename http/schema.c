#include "http/schema.h"

#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/vector.h"
#include "http/schema_node.h"

typedef struct Component {
  const char *name;
  Schema *schema;
} Component;

struct SchemaSet {
  Arena arena;
  VECTOR(json_t *) sources;
  VECTOR(Component) components;
  VECTOR(Schema *) referring;
};

static const struct { const char *name; unsigned type; } TYPES[] = {
    {"null", SCHEMA_NULL},     {"boolean", SCHEMA_BOOLEAN}, {"integer", SCHEMA_INTEGER}, {"number", SCHEMA_NUMBER},
    {"string", SCHEMA_STRING}, {"array", SCHEMA_ARRAY},     {"object", SCHEMA_OBJECT},
};
static const char *const FORMATS[FORMAT_COUNT] = {
    [FORMAT_NONE] = "", [FORMAT_ID] = "id", [FORMAT_DATE_TIME] = "date-time", [FORMAT_DATE] = "date", [FORMAT_LINE] = "line", [FORMAT_CODE] = "code",
    [FORMAT_PHONE] = "phone",
};

const char *schema_type_name(unsigned types) {
  static _Thread_local char text[80];
  size_t len = 0;
  text[0] = '\0';
  for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
    if (types & TYPES[i].type) len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", len ? " or " : "", TYPES[i].name);
  return text;
}

SchemaSet *schema_set_new(void) {
  schema_own_memory();
  SchemaSet *set = memory_new(sizeof *set);
  if (set) arena_begin(&set->arena, 0);
  return set;
}

void schema_set_free(SchemaSet *set) {
  if (!set) return;
  for (size_t i = 0; i < set->sources.count; i++) json_decref(set->sources.at[i]);
  vector_free(&set->sources);
  vector_free(&set->components);
  vector_free(&set->referring);
  arena_end(&set->arena);
  memory_free(set);
}

/* --- compiling: each word of a schema has a function of its own --- */

typedef struct Compiler {
  SchemaSet *set;
  int depth;
  Error *error;
} Compiler;

static Schema *compile(Compiler *compiler, const json_t *source);

static bool unsound(Compiler *compiler, const char *word, const char *why) {
  return error_raise(compiler->error, ERROR_SCHEMA, "%s\t%s", word, why);
}

static bool no_memory(Compiler *compiler) { return error_raise(compiler->error, ERROR_OUT_OF_MEMORY, "%s", "schema"); }

static bool word_type(Compiler *compiler, Schema *schema, const json_t *value) {
  size_t count = json_is_array(value) ? json_array_size(value) : 1;
  for (size_t i = 0; i < count; i++) {
    const char *name = json_string_value(json_is_array(value) ? json_array_get(value, i) : value);
    unsigned type = 0;
    for (size_t k = 0; name && k < sizeof TYPES / sizeof *TYPES; k++)
      if (strcmp(TYPES[k].name, name) == 0) type = TYPES[k].type;
    if (!type) return unsound(compiler, "type", name ? name : "not a text");
    schema->types |= type;
  }
  return true;
}

static bool word_properties(Compiler *compiler, Schema *schema, const json_t *value) {
  if (!json_is_object(value)) return unsound(compiler, "properties", "not an object");
  schema->property = ARENA_ARRAY(&compiler->set->arena, SchemaProperty, json_object_size(value) + 1);
  if (!schema->property) return no_memory(compiler);
  const char *name;
  json_t *part;
  json_object_foreach((json_t *)value, name, part) {
    SchemaProperty *property = &schema->property[schema->properties++];
    property->name = text_of(name);
    property->schema = compile(compiler, part);
    if (!property->schema) return error_at(compiler->error, "%s", name);
  }
  return true;
}

static bool word_additional(Compiler *compiler, Schema *schema, const json_t *value) {
  if (json_is_boolean(value)) {
    schema->open = json_is_true(value);
    return true;
  }
  schema->additional = compile(compiler, value);
  return schema->additional != NULL;
}

static bool word_items(Compiler *compiler, Schema *schema, const json_t *value) {
  schema->items = compile(compiler, value);
  return schema->items != NULL;
}

static bool size_word(Compiler *compiler, size_t *out, const json_t *value) {
  if (!json_is_integer(value) || json_integer_value(value) < 0) return unsound(compiler, "a length", "not a whole number");
  *out = (size_t)json_integer_value(value);
  return true;
}

static bool word_least_items(Compiler *c, Schema *schema, const json_t *value) { return size_word(c, &schema->least_items, value); }
static bool word_most_items(Compiler *c, Schema *schema, const json_t *value) { return size_word(c, &schema->most_items, value); }
static bool word_least_length(Compiler *c, Schema *schema, const json_t *value) { return size_word(c, &schema->least_length, value); }
static bool word_most_length(Compiler *c, Schema *schema, const json_t *value) { return size_word(c, &schema->most_length, value); }

static bool word_minimum(Compiler *compiler, Schema *schema, const json_t *value) {
  schema->least = json_number_value(value);
  return json_is_number(value) ? true : unsound(compiler, "minimum", "not a number");
}

static bool word_maximum(Compiler *compiler, Schema *schema, const json_t *value) {
  schema->most = json_number_value(value);
  return json_is_number(value) ? true : unsound(compiler, "maximum", "not a number");
}

static bool word_enum(Compiler *compiler, Schema *schema, const json_t *value) {
  schema->choices = value;
  return json_array_size(value) > 0 ? true : unsound(compiler, "enum", "not a list");
}

static bool word_const(Compiler *compiler, Schema *schema, const json_t *value) {
  json_t *choices = json_pack("[O]", (json_t *)value);
  if (!choices || !vector_push(&compiler->set->sources, choices)) {
    json_decref(choices);
    return no_memory(compiler);
  }
  schema->choices = choices;
  return true;
}

static bool word_format(Compiler *compiler, Schema *schema, const json_t *value) {
  const char *name = json_string_value(value);
  for (int i = 1; name && i < FORMAT_COUNT; i++)
    if (strcmp(FORMATS[i], name) == 0) schema->format = (SchemaFormat)i;
  return schema->format ? true : unsound(compiler, "format", name ? name : "not a text");
}

static bool word_ref(Compiler *compiler, Schema *schema, const json_t *value) {
  static const char PREFIX[] = "#/components/schemas/";
  const char *name = json_string_value(value);
  if (!name || strncmp(name, PREFIX, sizeof PREFIX - 1) != 0) return unsound(compiler, "$ref", name ? name : "not a text");
  schema->ref_name = name + sizeof PREFIX - 1;
  return vector_push(&compiler->set->referring, schema) ? true : no_memory(compiler);
}

static bool word_for_readers(Compiler *compiler, Schema *schema, const json_t *value) {
  (void)compiler, (void)schema, (void)value;
  return true;
}

/* `required` is looked at last, when the properties are there. */
static const struct { const char *name; bool (*take)(Compiler *compiler, Schema *schema, const json_t *value); } WORDS[] = {
    {"type", word_type}, {"properties", word_properties}, {"required", word_for_readers}, {"additionalProperties", word_additional},
    {"items", word_items}, {"minItems", word_least_items}, {"maxItems", word_most_items}, {"minLength", word_least_length},
    {"maxLength", word_most_length}, {"minimum", word_minimum}, {"maximum", word_maximum}, {"enum", word_enum}, {"const", word_const},
    {"format", word_format}, {"$ref", word_ref}, {"description", word_for_readers}, {"title", word_for_readers},
    {"examples", word_for_readers}, {"default", word_for_readers},
};

static bool mark_required(Compiler *compiler, Schema *schema, const json_t *required) {
  size_t at;
  json_t *name;
  if (required && !json_is_array(required)) return unsound(compiler, "required", "not a list");
  json_array_foreach(required, at, name) {
    bool known = false;
    for (size_t i = 0; i < schema->properties; i++)
      if (json_is_string(name) && text_is(schema->property[i].name, json_string_value(name))) schema->property[i].required = known = true;
    if (!known) return unsound(compiler, "required", json_is_string(name) ? json_string_value(name) : "not a text");
  }
  return true;
}

static Schema *compile(Compiler *compiler, const json_t *source) {
  if (!json_is_object(source) || ++compiler->depth > LIMIT_JSON_DEPTH) {
    unsound(compiler, "schema", json_is_object(source) ? "too deep" : "not an object");
    return NULL;
  }
  Schema *schema = ARENA_NEW(&compiler->set->arena, Schema);
  if (!schema) {
    no_memory(compiler);
    return NULL;
  }
  *schema = (Schema){.source = source, .most_items = SIZE_MAX, .most_length = SIZE_MAX, .least = -INFINITY, .most = INFINITY};
  const char *word;
  json_t *value;
  json_object_foreach((json_t *)source, word, value) {
    size_t i = 0;
    while (i < sizeof WORDS / sizeof *WORDS && strcmp(WORDS[i].name, word) != 0) i++;
    if (i == sizeof WORDS / sizeof *WORDS) {
      unsound(compiler, word, "not a word known here");
      return NULL;
    }
    if (!WORDS[i].take(compiler, schema, value)) return NULL;
  }
  if (!mark_required(compiler, schema, json_object_get(source, "required"))) return NULL;
  if (!schema->types && schema->properties) schema->types = SCHEMA_OBJECT;
  if (!json_object_get(source, "additionalProperties")) {
    schema->open = !json_object_get(source, "properties");
    if (!schema->open && json_object_set_new((json_t *)source, "additionalProperties", json_false()) != 0) { /* so that readers are told */
      no_memory(compiler);
      return NULL;
    }
  }
  compiler->depth--;
  return schema;
}

bool schema_compile(Schema **out, SchemaSet *set, const char *text, Error *error) {
  json_error_t trouble;
  uint64_t since = memory_hunger();
  json_t *source = json_loads(text, JSON_REJECT_DUPLICATES, &trouble);
  bool read = source || error_raise(error, ERROR_SCHEMA, "%s\tline %d column %d", trouble.text, trouble.line, trouble.column);
  if (!schema_fed(since, read, "schema", error)) {
    json_decref(source);
    return false;
  }
  if (!vector_push(&set->sources, source)) {
    json_decref(source);
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "schema");
  }
  Compiler compiler = {.set = set, .error = error};
  *out = compile(&compiler, source);
  return schema_fed(since, *out != NULL, "schema", error);
}

bool schema_component(SchemaSet *set, const char *name, const char *text, Error *error) {
  Component component = {.name = name};
  for (size_t i = 0; i < set->components.count; i++)
    if (strcmp(set->components.at[i].name, name) == 0) return error_raise(error, ERROR_SCHEMA, "%s\tcomponent stands twice", name);
  if (!schema_compile(&component.schema, set, text, error)) return error_at(error, "%s", name);
  return vector_push(&set->components, component) ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "schema");
}

bool schema_resolve(SchemaSet *set, Error *error) {
  for (size_t i = 0; i < set->referring.count; i++) {
    Schema *schema = set->referring.at[i];
    for (size_t k = 0; k < set->components.count; k++)
      if (strcmp(set->components.at[k].name, schema->ref_name) == 0) schema->ref = set->components.at[k].schema;
    if (!schema->ref) return error_raise(error, ERROR_SCHEMA, "$ref\tno component %s", schema->ref_name);
  }
  return true;
}

/* --- writing --- */

static int put(const char *bytes, size_t len, void *out) {
  buffer_put(out, bytes, len);
  return 0;
}

void schema_write_json(Buffer *out, const json_t *value, size_t flags) {
  if (json_dump_callback(value, put, out, JSON_COMPACT | flags) != 0) out->failed = true;
}

void schema_write(const Schema *schema, Buffer *out) { schema_write_json(out, schema->source, 0); }

void schema_write_components(const SchemaSet *set, Buffer *out) {
  buffer_byte(out, '{');
  for (size_t i = 0; i < set->components.count; i++) {
    buffer_format(out, "%s\"%s\":", i ? "," : "", set->components.at[i].name);
    schema_write_json(out, set->components.at[i].schema->source, 0);
  }
  buffer_byte(out, '}');
}
