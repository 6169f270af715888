#ifndef APP_MONTH_H
#define APP_MONTH_H

#include "app/command.h"
#include "base/time.h"

typedef struct AppMonthOptions {
  int64_t seed, days, drain_days; /* drain_days 0: the month alone */
  Instant from;
  const char *rules;
} AppMonthOptions;

/* Plays a month in the company's folder and prints what came of it; false also when an order is stuck or a figure differs. */
bool app_month(const char *folder, const AppMonthOptions *options, Error *error);

#endif
