/* What an HTML form sends: application/x-www-form-urlencoded, or multipart/form-data with files (RFC 7578). Pure.
 *
 * Values are UTF-8 without control characters but tabs and line ends; a line's end is "\n", whatever the browser wrote. Files are slices of the
 * body, and are not looked into. */
#ifndef HTTP_FORM_DATA_H
#define HTTP_FORM_DATA_H

#include "base/error.h"
#include "base/text.h"

#define FORM_DATA_TYPES "multipart/form-data application/x-www-form-urlencoded" /* for a route's request_schema */
enum { FORM_DATA_PARTS_MAX = 200, FORM_DATA_NAME_MAX = 80 };

typedef struct FormPart {
  Text name, value;
  bool file;
} FormPart;

typedef struct FormData {
  FormPart part[FORM_DATA_PARTS_MAX];
  size_t count;
} FormData;

/* ERROR_HTTP_BODY says what is wrong. */
bool form_data_read(FormData *out, Arena *arena, Text content_type, Text body, Error *error) MUST_USE;
/* The first value of that name, without white space round it; at == NULL: not sent, or a file. */
Text form_data_text(const FormData *form, const char *name);
/* The next part of that name from *at on, which moves behind it; NULL: none. */
const FormPart *form_data_next(const FormData *form, Text name, size_t *at);

#endif
