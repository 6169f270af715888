/* A compiled schema's inside, shared by schema.c (makes it) and schema_check.c (uses it). */
#ifndef HTTP_SCHEMA_NODE_H
#define HTTP_SCHEMA_NODE_H

#include "http/schema.h"

enum SchemaType {
  SCHEMA_NULL = 1,
  SCHEMA_BOOLEAN = 2,
  SCHEMA_INTEGER = 4,
  SCHEMA_NUMBER = 8, /* holds integers too */
  SCHEMA_STRING = 16,
  SCHEMA_ARRAY = 32,
  SCHEMA_OBJECT = 64,
};

typedef enum SchemaFormat { FORMAT_NONE, FORMAT_ID, FORMAT_DATE_TIME, FORMAT_DATE, FORMAT_LINE, FORMAT_CODE, FORMAT_PHONE, FORMAT_COUNT } SchemaFormat;

typedef struct SchemaProperty {
  Text name;
  const Schema *schema;
  bool required;
} SchemaProperty;

struct Schema {
  const json_t *source;
  unsigned types; /* 0: any */
  SchemaFormat format;
  SchemaProperty *property;
  size_t properties;
  bool open;                /* takes any further property */
  const Schema *additional; /* … or those that fit this */
  const Schema *items;
  size_t least_items, most_items;
  size_t least_length, most_length;
  double least, most;
  const json_t *choices; /* a list, or NULL */
  const char *ref_name;
  const Schema *ref;
};

const char *schema_type_name(unsigned types); /* "string", or "string or null" for several */

void schema_own_memory(void); /* jansson takes its memory from base/memory.h, in the whole program */

#endif
