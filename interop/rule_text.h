/* A rule file of a room: YAML by a libcyaml schema, from the company's rules folder or as built in. */
#ifndef INTEROP_RULE_TEXT_H
#define INTEROP_RULE_TEXT_H

#include <cyaml/cyaml.h>

#include "base/error.h"
#include "base/text.h"

/* *out is to be freed with rule_text_free, also on failure (it may be NULL). Errors name file, line and column. */
bool rule_text_load(cyaml_data_t **out, const char *file, Text yaml, const cyaml_schema_value_t *schema, Error *error) MUST_USE;
/* What libcyaml complains of, in both languages with ERROR_BOTH between, in `out`. */
const char *rule_text_words(char *out, size_t size, const char *complaint);
void rule_text_free(cyaml_data_t *data, const cyaml_schema_value_t *schema);
/* `take` gets the folder's file of this name, or the built-in text. */
bool rule_text_open(const char *folder_or_null, const char *name, const char *built_in, bool (*take)(void *self, const char *file, Text yaml, Error *error),
                    void *self, Error *error) MUST_USE;

#endif
