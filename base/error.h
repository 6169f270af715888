/* Errors: one enum made from one table (errors.def), each with an HTTP status and a text in both languages.
 *
 * A function that can fail returns bool, takes `Error *error` as its last parameter and, on failure, has filled it in:
 *     if (text.len == 0) return error_raise(error, ERROR_FIELD_MISSING, "%s", "name");
 * The printf format holds the arguments {1} {2} {3} of the table's text, separated by a tab. What goes in is bounded:
 * a longer argument is cut at a character, never overrun. An argument that differs by language holds
 * both, ERROR_BOTH between them: "派单" ERROR_BOTH "Send". `error` may be NULL where the caller does not care. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

typedef enum ErrorCode {
  ERROR_NONE = 0,
#define ERROR(name, status, english, chinese) ERROR_##name,
#include "base/errors.def"
#undef ERROR
  ERROR_COUNT
} ErrorCode;

typedef enum Language { LANGUAGE_ZH, LANGUAGE_EN } Language;

enum { ERROR_ARGUMENTS = 3, ERROR_ARGUMENT_MAX = 320, ERROR_WHERE_MAX = 200, ERROR_TEXT_MAX = 1024 };

typedef struct Error {
  ErrorCode code;
  char where[ERROR_WHERE_MAX];                         /* "devices.csv:12:3", "$.customer.number", or empty */
  char argument[ERROR_ARGUMENTS][ERROR_ARGUMENT_MAX];  /* {1} {2} {3} */
} Error;

#define ERROR_BOTH "\x1f"
/* Fills `error` and returns false, so that `return error_raise(…)` reads as it works. */
bool error_raise(Error *error, ErrorCode code, const char *arguments, ...) PRINTF_LIKE(3, 4);
/* Says where an error already raised stands (a file's line and column, a JSON path); returns false. The first word on
 * where stays: an outer caller never overwrites the more exact place. */
bool error_at(Error *error, const char *where, ...) PRINTF_LIKE(2, 3);
void error_clear(Error *error);

int error_status(ErrorCode code);         /* HTTP status */
const char *error_name(ErrorCode code);   /* "FIELD_MISSING": the stable word for programs */
/* The text for a person, "where: text", NUL-ended, cut at `size`; returns `out`. */
char *error_text(const Error *error, Language language, char *out, size_t size);

#endif
