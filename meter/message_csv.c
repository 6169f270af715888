#include <stdio.h>
#include <stdlib.h>

#include "base/vector.h"
#include "interop/csv.h"
#include "meter/message_inside.h"

bool message_time(Text text, Instant *out) {
  Civil civil = {0};
  int used = 0;
  char copy[32];
  if (instant_from_text(text, out)) return true;
  if (text.len < 16 || text.len > 19) return false;
  snprintf(copy, sizeof copy, "%.*s", TEXT_ARG(text));
  if (sscanf(copy, "%4d-%2d-%2d%*1[ T]%2d:%2d%n", &civil.year, &civil.month, &civil.day, &civil.hour, &civil.minute, &used) != 5)
    return false;
  if (copy[used] == ':' && sscanf(copy + used, ":%2d%n", &civil.second, &(int){0}) == 1) used += 3;
  if ((size_t)used != text.len || civil.year < 1970 || civil.year > 2199 || civil.month < 1 || civil.month > 12 || civil.day < 1 ||
      civil.day > 31 || civil.hour < 0 || civil.hour > 23 || civil.minute < 0 || civil.minute > 59 || civil.second < 0 || civil.second > 59)
    return false;
  *out = instant_of(civil, ZONE_SHANGHAI);
  return true;
}

/* --- single readings into messages --- */

static int64_t day_of(Instant at) { return (at + ZONE_SHANGHAI) / SPAN_DAY; }
static int minute_of(Instant at) { return (int)((at + ZONE_SHANGHAI) / SPAN_MINUTE % METER_DAY_MINUTES); }

/* A sender's clock stands for all that it sent at once: lines with another clock are another message, so that one clock an hour off takes nothing of
 * the others with it. */
static int64_t clock_of(const LooseReading *loose) { return loose->clock == INSTANT_NONE ? -1 : loose->clock / SPAN_MINUTE; }

static int by_area_day_meter(const void *a_, const void *b_) {
  const LooseReading *a = a_, *b = b_;
  int order = text_compare(a->area, b->area);
  if (!order) order = (day_of(a->at) > day_of(b->at)) - (day_of(a->at) < day_of(b->at));
  if (!order) order = (clock_of(a) > clock_of(b)) - (clock_of(a) < clock_of(b));
  if (!order) order = text_compare(a->meter, b->meter);
  if (!order) order = (a->at > b->at) - (a->at < b->at);
  return order ? order : (a->line > b->line) - (a->line < b->line);
}

static int gcd(int a, int b) { return b ? gcd(b, a % b) : a; }

/* The widest even step all of them lie on: as said, or else from how far they lie apart; a single moment is taken for a quarter-hour. */
static int step_of(const LooseReading *from, size_t count) {
  int apart = 0, offset = METER_DAY_MINUTES, said = 0;
  for (size_t i = 0; i < count; i++) {
    apart = gcd(apart, abs(minute_of(from[i].at) - minute_of(from[0].at)));
    offset = gcd(offset, minute_of(from[i].at));
    if (from[i].step_min) said = gcd(said, from[i].step_min);
  }
  int step = gcd(gcd(apart ? apart : 15, offset ? offset : METER_DAY_MINUTES), METER_DAY_MINUTES);
  if (said) step = gcd(step, said);
  return step;
}

static bool gather_one(ReadingMessage **out, const LooseReading *from, size_t count, uint32_t meters, Arena *arena, Error *error) {
  unsigned channels = 0;
  int step = step_of(from, count), first = METER_DAY_MINUTES, last = 0;
  for (size_t i = 0; i < count; i++) {
    channels |= from[i].channels;
    int minute = minute_of(from[i].at);
    first = minute < first ? minute : first;
    last = minute > last ? minute : last;
  }
  int moments = (last - first) / step + 1;
  if (!message_take(out, meters, moments, channels, arena, error)) return false;
  ReadingMessage *message = *out;
  message->area = from[0].area;
  message->first = from[0].at - (Instant)(minute_of(from[0].at) - first) * SPAN_MINUTE;
  message->step_min = step;
  uint32_t m = 0;
  for (size_t i = 0; i < count; i++) {
    if (i > 0 && !text_equal(from[i].meter, from[i - 1].meter)) m++;
    if (!message->line[m]) message->line[m] = from[i].line;
    message->meter[m] = from[i].meter;
    if (from[i].clock != INSTANT_NONE) message->clock = from[i].clock;
    size_t cell = (size_t)m * (size_t)moments + (size_t)((minute_of(from[i].at) - first) / step);
    for (int c = 0; c < METER_CHANNELS; c++)
      if (from[i].channels >> c & 1) message->value[c][cell] = from[i].value[c];
  }
  return true;
}

bool message_gather(ReadingMessage **out, LooseReading *loose, size_t count, Arena *arena, Error *error) {
  ReadingMessage **link = out;
  *out = NULL;
  qsort(loose, count, sizeof *loose, by_area_day_meter);
  for (size_t i = 0, end; i < count; i = end) {
    uint32_t meters = 1;
    for (end = i + 1; end < count; end++) {
      const LooseReading *a = &loose[end - 1], *b = &loose[end];
      if (!text_equal(a->area, b->area) || day_of(a->at) != day_of(b->at) || clock_of(a) != clock_of(b)) break;
      if (!text_equal(a->meter, b->meter) && ++meters > METER_MESSAGE_METERS) {
        meters--;
        break;
      }
    }
    if (!gather_one(link, loose + i, end - i, meters, arena, error)) return false;
    link = &(*link)->next;
  }
  return true;
}

/* --- CSV --- */

enum { METER, TIME, AREA, CLOCK, STEP, FIRST_CHANNEL, COLUMNS = FIRST_CHANNEL + METER_CHANNELS };

static bool columns_of(Csv *csv, Error *error) {
  CsvColumn column[COLUMNS] = {{"meter", true}, {"time", true}, {"area", false}, {"clock", false}, {"step_min", false}};
  for (int c = 0; c < METER_CHANNELS; c++) column[FIRST_CHANNEL + c] = (CsvColumn){meter_channel_name((MeterChannel)c), false};
  return csv_columns(csv, column, COLUMNS, error);
}

static bool row_values(LooseReading *loose, Csv *csv, ReadingProblems *problems) {
  for (int c = 0; c < METER_CHANNELS; c++) {
    Text text = text_trim(csv_field(csv, (size_t)(FIRST_CHANNEL + c)));
    double number;
    char detail[120];
    if (!text.len) continue;
    bool is = text_to_f64(text, &number);
    if (is && message_scale(&loose->value[c], (MeterChannel)c, number)) {
      loose->channels |= 1u << c;
      continue;
    }
    Text shown = text_cut(text, 30);
    snprintf(detail, sizeof detail, "%s '%.*s'", meter_channel_name((MeterChannel)c), TEXT_ARG(shown));
    reading_problem(problems, loose->line, is ? ASIDE_UNIT : ASIDE_FORM, loose->meter, detail);
    return false;
  }
  return true;
}

/* false: it is told among the problems; or, with an error, out of memory. */
static bool row_of(LooseReading *loose, Csv *csv, ReadingProblems *problems, Arena *arena, Error *error) {
  int64_t step = 0;
  Text meter = text_trim(csv_field(csv, METER)), time = text_trim(csv_field(csv, TIME)), clock = text_trim(csv_field(csv, CLOCK));
  *loose = (LooseReading){.area = text_copy(arena, text_trim(csv_field(csv, AREA))),
                          .meter = text_copy(arena, meter),
                          .clock = INSTANT_NONE,
                          .line = (int64_t)csv_line(csv)};
  if (!loose->area.at || !loose->meter.at) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  if (!meter.len || meter.len > METER_NUMBER_MAX || loose->area.len > METER_NUMBER_MAX) {
    reading_problem(problems, loose->line, ASIDE_FORM, meter, meter.len ? "too long" : "meter is missing");
    return false;
  }
  if (!message_time(time, &loose->at) || loose->at % SPAN_MINUTE) {
    reading_problem(problems, loose->line, ASIDE_TIME, meter, "not a time on a whole minute");
    return false;
  }
  if (clock.len && !message_time(clock, &loose->clock)) {
    reading_problem(problems, loose->line, ASIDE_TIME, meter, "clock is not a time");
    return false;
  }
  if (csv_field(csv, STEP).len &&
      (!text_to_i64(csv_field(csv, STEP), &step) || !meter_step_is_sound(step) || minute_of(loose->at) % step)) {
    reading_problem(problems, loose->line, ASIDE_TIME, meter, "step_min does not divide a day, or the time does not lie on it");
    return false;
  }
  loose->step_min = (int32_t)step;
  if (!row_values(loose, csv, problems)) return false;
  if (loose->channels) return true;
  reading_problem(problems, loose->line, ASIDE_FORM, meter, "no value");
  return false;
}

bool message_read_csv(ReadingMessage **out, ReadingProblems *problems, Text bytes, Arena *arena, Error *error) {
  VECTOR(LooseReading) rows = {0};
  Csv *csv = NULL;
  bool ok = csv_open(&csv, "readings.csv", csv_read_text, &bytes, error) && columns_of(csv, error), row = true;
  while (ok && row) {
    Error wrong = {0};
    LooseReading loose;
    if (!csv_next(csv, &row, &wrong)) {
      char text[ERROR_TEXT_MAX];
      if (wrong.code == ERROR_OUT_OF_MEMORY) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
      reading_problem(problems, (int64_t)csv_line(csv), ASIDE_FORM, TEXT_NONE, error_text(&wrong, LANGUAGE_EN, text, 100));
      row = !csv_broken(csv);
      continue;
    }
    if (row && row_of(&loose, csv, problems, arena, &wrong)) ok = vector_push(&rows, loose) || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
    else if (wrong.code) ok = error_raise(error, wrong.code, "%s", "readings");
  }
  csv_close(csv);
  ok = ok && (!rows.count || message_gather(out, rows.at, rows.count, arena, error));
  vector_free(&rows);
  return ok;
}

/* --- power events as CSV --- */

bool power_read_csv(PowerMessage *out, ReadingProblems *problems, Text bytes, Arena *arena, Error *error) {
  enum { P_METER, P_KIND, P_CODE, P_AT, P_COLUMNS };
  VECTOR(PowerItem) items = {0};
  Csv *csv = NULL;
  bool ok = csv_open(&csv, "events.csv", csv_read_text, &bytes, error) &&
            csv_columns(csv, (CsvColumn[]){{"meter", true}, {"kind", false}, {"code", false}, {"at", true}}, P_COLUMNS, error);
  for (bool row = true; ok && row;) {
    Error wrong = {0};
    PowerItem item;
    if (!csv_next(csv, &row, &wrong)) {
      if (wrong.code == ERROR_OUT_OF_MEMORY) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "events");
      reading_problem(problems, (int64_t)csv_line(csv), ASIDE_FORM, TEXT_NONE, "not a row");
      row = !csv_broken(csv);
      continue;
    }
    if (!row) break;
    Text word = csv_field(csv, P_KIND).len ? csv_field(csv, P_KIND) : csv_field(csv, P_CODE), meter = text_trim(csv_field(csv, P_METER));
    if (!power_kind_of(text_trim(word), &item.kind)) {
      reading_problem(problems, (int64_t)csv_line(csv), ASIDE_UNIT, meter, "not a power event known here");
    } else if (!meter.len || meter.len > METER_NUMBER_MAX) {
      reading_problem(problems, (int64_t)csv_line(csv), ASIDE_FORM, meter, "meter");
    } else if (!message_time(text_trim(csv_field(csv, P_AT)), &item.at)) {
      reading_problem(problems, (int64_t)csv_line(csv), ASIDE_TIME, meter, "at is not a time");
    } else {
      item.meter = text_copy(arena, meter);
      if (!item.meter.at || !vector_push(&items, item)) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "events");
    }
  }
  csv_close(csv);
  *out = (PowerMessage){.count = items.count};
  if (ok && items.count && !(out->item = arena_copy(arena, items.at, items.count * sizeof *items.at)))
    ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "events");
  vector_free(&items);
  return ok;
}
