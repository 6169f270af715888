/* A streaming writer of JSON over a Buffer. Commas and quotes are its business; nesting up to JSON_DEPTH_MAX is asserted.
 * Numbers that are ids are written as strings: a browser's numbers end at 2^53. Reading JSON is jansson's business. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buffer.h"
#include "base/time.h"

enum { JSON_DEPTH_MAX = 32 };
typedef struct Json {
  Buffer *out;
  int depth;
  bool comma; /* the next value needs one before it */
  char close[JSON_DEPTH_MAX];
} Json;

void json_begin(Json *json, Buffer *out);
void json_open_object(Json *json);
void json_open_array(Json *json);
void json_close(Json *json);               /* the innermost object or array */
void json_key(Json *json, const char *key);
void json_text(Json *json, Text value);    /* at == NULL gives null */
void json_i64(Json *json, int64_t value);
void json_id(Json *json, int64_t value);   /* "123"; 0 gives null */
void json_f64(Json *json, double value, int decimals); /* NaN and infinities give null */
void json_bool(Json *json, bool value);
void json_nil(Json *json);
void json_instant(Json *json, Instant value); /* RFC 3339 in UTC with ms; INSTANT_NONE gives null */
void json_raw(Json *json, Text value);     /* already JSON */

/* key and value at once */
void json_put_text(Json *json, const char *key, Text value);
void json_put_string(Json *json, const char *key, const char *value); /* NULL gives null */
void json_put_i64(Json *json, const char *key, int64_t value);
void json_put_id(Json *json, const char *key, int64_t value);
void json_put_f64(Json *json, const char *key, double value, int decimals);
void json_put_bool(Json *json, const char *key, bool value);
void json_put_instant(Json *json, const char *key, Instant value);

#endif
