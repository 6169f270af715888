/* The log: one line an entry on standard error, "time level what key=value …". No personal data, no secrets: callers log
 * ids and counts. Safe from any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_NONE } LogLevel;

void log_level(LogLevel least); /* LOG_INFO at start */
void log_line(LogLevel level, const char *format, ...) PRINTF_LIKE(2, 3);
void log_error(const char *what, const Error *error);

#endif
