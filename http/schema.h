/* A part of JSON Schema (2020-12), compiled once: what a request's body must be, and in tests what a reply is.
 *
 * Known words: type (one or a list), properties, required, additionalProperties, items, minItems, maxItems, minLength, maxLength (characters),
 * minimum, maximum, enum, const, format, $ref (#/components/schemas/NAME); and for readers description, title, examples, default.
 * Any other word is an error: a rule that is not kept must not be written.
 * - An object is closed: properties that are not listed are refused, unless additionalProperties says otherwise (true or a schema).
 *   One without `properties` takes any.
 * - format: id (decimal text of a 64-bit key), date-time (RFC 3339), date (YYYY-MM-DD), line (no line breaks), code (A-Z a-z 0-9 _ . : -),
 *   phone (digits, blanks, + - ( ), 3 to 24). Another format is an error.
 * - Texts never hold control characters other than tab and line breaks. */
#ifndef HTTP_SCHEMA_H
#define HTTP_SCHEMA_H

#include <jansson.h>

#include "base/buffer.h"
#include "base/memory.h"

typedef struct Schema Schema;
typedef struct SchemaSet SchemaSet; /* schemas and the components they refer to; owns all */

SchemaSet *schema_set_new(void); /* NULL: out of memory */
void schema_set_free(SchemaSet *set);
bool schema_compile(Schema **out, SchemaSet *set, const char *text, Error *error) MUST_USE;
bool schema_component(SchemaSet *set, const char *name, const char *text, Error *error) MUST_USE;
/* When all components are known: an unknown one is an error. Before any schema_check. */
bool schema_resolve(SchemaSet *set, Error *error) MUST_USE;

/* ERROR_FIELD_… with the JSON path in `where`: "$.fields.cause", "$.items[3].id". */
bool schema_check(const Schema *schema, const json_t *value, Error *error) MUST_USE;

/* As OpenAPI 3.1 writes it: closed objects say so. */
void schema_write(const Schema *schema, Buffer *out);
void schema_write_components(const SchemaSet *set, Buffer *out); /* {"NAME":{…},…} */

/* jansson, and a handler, may go on where there was no memory for a part, and leave it out without a word. `ok`, if this thread had memory since
 * memory_hunger() was `since`; else false with ERROR_OUT_OF_MEMORY, whatever `error` said before. What a request read, copied and wrote is judged so as a whole. */
bool schema_fed(uint64_t since, bool ok, const char *what, Error *error) MUST_USE;

/* A body into JSON: no deeper than LIMIT_JSON_DEPTH, no name twice, UTF-8, no NUL; an object or a list. ERROR_HTTP_BODY names line and column.
 * The caller gives the value back with json_decref. */
bool schema_read_json(json_t **out, Text bytes, Error *error) MUST_USE;
/* What the program wrote itself, an event's data: false only when there is no memory. NULL: it is not JSON. */
bool schema_read_own(json_t **out, Text bytes, Error *error) MUST_USE;
/* Compact, behind what stands in `out`; flags: jansson's further ones. In place of json_dumps, which, short of memory, leaves out the names of members
 * and goes on; a buffer that failed stays so. */
void schema_write_json(Buffer *out, const json_t *value, size_t flags);

#endif
