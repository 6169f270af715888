#include "base/json.h"

#include <math.h>

#include "base/testing.h"

static void writes_what_it_is_told(void **state) {
  (void)state;
  Buffer buffer;
  buffer_begin(&buffer, 0);
  Json json;
  json_begin(&json, &buffer);
  json_open_object(&json);
  json_put_text(&json, "name", TEXT("\"电\"\n\\\x01"));
  json_put_id(&json, "id", INT64_MAX);
  json_put_id(&json, "none", 0);
  json_key(&json, "list");
  json_open_array(&json);
  json_i64(&json, -1), json_f64(&json, 1.25, 3), json_f64(&json, NAN, 3), json_bool(&json, true), json_nil(&json);
  json_open_object(&json), json_close(&json);
  json_close(&json);
  json_put_instant(&json, "at", 1795264620 * SPAN_SECOND + 5000);
  json_put_string(&json, "nothing", NULL);
  json_close(&json);
  buffer_byte(&buffer, 0);
  assert_string_equal(buffer.at, "{\"name\":\"\\\"电\\\"\\n\\\\\\u0001\",\"id\":\"9223372036854775807\",\"none\":null,"
                                 "\"list\":[-1,1.25,null,true,null,{}],\"at\":\"2026-11-21T12:37:00.005Z\",\"nothing\":null}");
  buffer_end(&buffer);
}

TEST_MAIN(TEST(writes_what_it_is_told))
