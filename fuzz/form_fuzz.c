/* A form's body, on any bytes: the first line is its media type, the rest the body. Nothing crashes; what is taken is UTF-8 without control characters,
 * files lie within the body, and what is refused says why. */
#include <assert.h>

#include "fuzz/fuzz.h"
#include "http/form_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static FormData form;
  Text rest = {(const char *)data, size}, type;
  Arena arena;
  Error error = {0};
  if (!size || !text_next(&rest, '\n', &type)) return 0;
  arena_begin(&arena, 0);
  if (form_data_read(&form, &arena, type, rest, &error)) {
    assert(form.count <= FORM_DATA_PARTS_MAX);
    for (size_t i = 0; i < form.count; i++) {
      const FormPart *part = &form.part[i];
      assert(part->name.len && part->name.len <= FORM_DATA_NAME_MAX && text_is_utf8(part->name));
      if (part->file) assert(part->value.at >= rest.at && part->value.at + part->value.len <= rest.at + rest.len);
      else assert(text_is_utf8(part->value) && !memchr(part->value.at, '\r', part->value.len) && !memchr(part->value.at, '\0', part->value.len));
    }
  } else {
    assert(error.code == ERROR_HTTP_BODY && error.argument[0][0]);
  }
  arena_end(&arena);
  return 0;
}
