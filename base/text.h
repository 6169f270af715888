/* Text: a slice with a length. It does not own its bytes and is not NUL-ended. Text is checked once to be UTF-8 where it
 * enters the program (csv, http); inside it is trusted. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

typedef struct Text {
  const char *at;
  size_t len;
} Text;

#define TEXT(literal) ((Text){"" literal, sizeof(literal) - 1})
#define TEXT_NONE ((Text){NULL, 0})
/* printf("%.*s", TEXT_ARG(text)) */
#define TEXT_ARG(text) (int)((text).len > 100000 ? 100000 : (text).len), (text).len ? (text).at : ""

static inline Text text_of(const char *c_string) { return (Text){c_string, c_string ? strlen(c_string) : 0}; }
static inline bool text_equal(Text a, Text b) { return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0); }
static inline bool text_is(Text a, const char *c_string) { return text_equal(a, text_of(c_string)); }
int text_compare(Text a, Text b);                       /* by bytes: <0, 0, >0 */
bool text_starts(Text text, Text with);
bool text_ends(Text text, Text with);
/* Position of the first `part` in `text`, or -1. An empty part is found at 0. */
ptrdiff_t text_find(Text text, Text part);
bool text_holds(Text text, Text part); /* somewhere in it; A to Z and a to z are the same */
Text text_slice(Text text, size_t from, size_t to);     /* clamped to the text */
Text text_trim(Text text);                              /* without ASCII white space at both ends */
/* Cuts the next part off `rest` up to `separator`; false when nothing is left. "a;;b" gives "a", "", "b". */
bool text_next(Text *rest, char separator, Text *part);

/* Whole-text numbers: false on anything else (sign only, spaces, overflow, NaN, hex). */
bool text_to_i64(Text text, int64_t *out);
bool text_to_f64(Text text, double *out);               /* finite, decimal; locale-free */

bool text_is_utf8(Text text);                           /* RFC 3629: no overlong, no surrogate */
size_t text_characters(Text text);                      /* UTF-8 characters */
Text text_cut(Text text, size_t most);                  /* its beginning, at most so many bytes, whole characters */
/* A copy in the arena, NUL-ended past its length; at = NULL on failure. */
Text text_copy(Arena *arena, Text text);
uint64_t text_hash(Text text);                          /* not for adversarial input kept across runs */

#endif
