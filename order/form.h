/* Forms: what a step or a new order carries, checked against the kind's fields. */
#ifndef ORDER_FORM_H
#define ORDER_FORM_H

#include "base/json.h"
#include "order/kind.h"

/* `values`: an object or NULL; whole: what is required must be there. Unknown, missing and wrong fields are named as "$.fields.x". */
bool form_check(const KindField *fields, size_t count, const json_t *values, bool whole, Error *error) MUST_USE;
/* Writes the values given, {"x": …}: the personal ones or the others. *any tells whether there were some. */
void form_write(Json *json, const KindField *fields, size_t count, const json_t *values, bool personal, bool *any);
/* Whether the field was given as this: a choice, one of several, "yes" or "no". */
bool form_says(const json_t *values, const KindField *field, Text what);
Text form_text(const json_t *values, const char *key);   /* at == NULL: not given */
int64_t form_id(const json_t *values, const char *key);  /* 0: not given */

#endif
