#include "base/time.h"

#include <stdio.h>
#include <time.h>

/* Days from civil and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_from_civil(int64_t y, int m, int d) {
  y -= m <= 2;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t yoe = y - era * 400;
  int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

Civil civil_of(Instant instant, Span zone) {
  int64_t local = instant + zone, days = floor_div(local, SPAN_DAY), rest = local - days * SPAN_DAY;
  int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  int64_t mp = (5 * doy + 2) / 153;
  int month = (int)(mp < 10 ? mp + 3 : mp - 9);
  return (Civil){.year = (int)(yoe + era * 400 + (month <= 2)),
                 .month = month,
                 .day = (int)(doy - (153 * mp + 2) / 5 + 1),
                 .hour = (int)(rest / SPAN_HOUR),
                 .minute = (int)(rest / SPAN_MINUTE % 60),
                 .second = (int)(rest / SPAN_SECOND % 60),
                 .microsecond = (int)(rest % SPAN_SECOND),
                 .weekday = (int)((days % 7 + 11) % 7)};
}

Instant instant_of(Civil c, Span zone) {
  return days_from_civil(c.year, c.month, 1) * SPAN_DAY + (c.day - 1) * SPAN_DAY + c.hour * SPAN_HOUR +
         c.minute * SPAN_MINUTE + c.second * SPAN_SECOND + c.microsecond - zone;
}

char *instant_to_text(Instant instant, Span zone, char out[INSTANT_TEXT_MAX]) {
  Civil c = civil_of(instant, zone);
  int n = snprintf(out, INSTANT_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
  if (c.microsecond) n += snprintf(out + n, (size_t)(INSTANT_TEXT_MAX - n), ".%06d", c.microsecond);
  int minutes = (int)(zone / SPAN_MINUTE);
  if (minutes == 0) snprintf(out + n, (size_t)(INSTANT_TEXT_MAX - n), "Z");
  else
    snprintf(out + n, (size_t)(INSTANT_TEXT_MAX - n), "%c%02d:%02d", minutes < 0 ? '-' : '+', (minutes < 0 ? -minutes : minutes) / 60 % 24,
             (minutes < 0 ? -minutes : minutes) % 60);
  return out;
}

static bool digits(Text *rest, size_t count, int *out) {
  if (rest->len < count) return false;
  int value = 0;
  for (size_t i = 0; i < count; i++) {
    if (rest->at[i] < '0' || rest->at[i] > '9') return false;
    value = value * 10 + (rest->at[i] - '0');
  }
  *out = value;
  *rest = text_slice(*rest, count, rest->len);
  return true;
}

static bool letter(Text *rest, const char *any) {
  if (!rest->len || !strchr(any, rest->at[0])) return false;
  *rest = text_slice(*rest, 1, rest->len);
  return true;
}

bool instant_from_text(Text text, Instant *out) {
  static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  Civil c = {0};
  Text rest = text;
  if (!(digits(&rest, 4, &c.year) && letter(&rest, "-") && digits(&rest, 2, &c.month) && letter(&rest, "-") && digits(&rest, 2, &c.day) &&
        letter(&rest, "Tt ") && digits(&rest, 2, &c.hour) && letter(&rest, ":") && digits(&rest, 2, &c.minute) && letter(&rest, ":") &&
        digits(&rest, 2, &c.second)))
    return false;
  if (letter(&rest, ".")) {
    int place = 100000, digit;
    if (!rest.len || rest.at[0] < '0' || rest.at[0] > '9') return false;
    while (rest.len && rest.at[0] >= '0' && rest.at[0] <= '9' && digits(&rest, 1, &digit)) c.microsecond += digit * place, place /= 10;
  }
  Span zone = 0;
  if (!letter(&rest, "Zz")) {
    bool west = rest.len && rest.at[0] == '-';
    int hours, minutes;
    if (!(letter(&rest, "+-") && digits(&rest, 2, &hours) && letter(&rest, ":") && digits(&rest, 2, &minutes))) return false;
    if (hours > 23 || minutes > 59) return false;
    zone = (hours * SPAN_HOUR + minutes * SPAN_MINUTE) * (west ? -1 : 1);
  }
  if (rest.len || c.year < 1970 || c.year > 2199 || c.month < 1 || c.month > 12 || c.hour > 23 || c.minute > 59 || c.second > 60) return false;
  bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
  if (c.day < 1 || c.day > DAYS[c.month - 1] + (c.month == 2 && leap)) return false;
  *out = instant_of(c, zone);
  return true;
}

int64_t time_monotonic_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * SPAN_SECOND + t.tv_nsec / 1000;
}

void time_real(TimeSource *source) { atomic_store(&source->kind, TIME_REAL); }

void time_scaled(TimeSource *source, Instant from, double speed) {
  atomic_store(&source->from, from);
  atomic_store(&source->started_us, time_monotonic_us());
  atomic_store(&source->speed_milli, (int64_t)(speed * 1000));
  atomic_store(&source->kind, TIME_SCALED);
}

void time_virtual(TimeSource *source, Instant now) {
  atomic_store(&source->from, now);
  atomic_store(&source->kind, TIME_VIRTUAL);
}

Instant time_now(TimeSource *source) {
  switch (atomic_load(&source->kind)) {
    case TIME_VIRTUAL: return atomic_load(&source->from);
    case TIME_SCALED:
      return atomic_load(&source->from) + (time_monotonic_us() - atomic_load(&source->started_us)) * atomic_load(&source->speed_milli) / 1000;
    default: {
      struct timespec t;
      clock_gettime(CLOCK_REALTIME, &t);
      return (int64_t)t.tv_sec * SPAN_SECOND + t.tv_nsec / 1000;
    }
  }
}

double time_speed(TimeSource *source) {
  int kind = atomic_load(&source->kind);
  return kind == TIME_VIRTUAL ? 0 : kind == TIME_REAL ? 1 : (double)atomic_load(&source->speed_milli) / 1000;
}
