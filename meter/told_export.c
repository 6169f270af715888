/* Downloads: Green Button, spreadsheet, CSV. */
#include <stdio.h>

#include "interop/sheet.h"
#include "meter/meter_internal.h"
#include "meter/told.h"

/* --- Green Button --- */

static void put_time(Buffer *out, Instant at) {
  char text[INSTANT_TEXT_MAX];
  buffer_string(out, instant_to_text(at, 0, text));
}

/* Names of entries must stay the same for the same thing: version 8 UUIDs of the meter's key and a number. */
static void put_uuid(Buffer *out, int64_t key, int64_t number) {
  uint64_t a = (uint64_t)key * 0x9E3779B97F4A7C15u, b = ((uint64_t)number + 1) * 0xD1B54A32D192ED03u;
  buffer_format(out, "urn:uuid:%08x-%04x-8%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xFFFF, (unsigned)a & 0xFFF,
                0x8000u | ((unsigned)(b >> 48) & 0x3FFF), (unsigned long long)(b & 0xFFFFFFFFFFFF));
}

/* `related`: up to two further addresses, NULL none: a usage point its readings, a reading its type and its blocks. */
static void entry_begin(Buffer *out, int64_t key, int64_t number, const char *self, const char *up, const char *const related[2],
                        const char *title) {
  buffer_string(out, "<entry><id>");
  put_uuid(out, key, number);
  buffer_format(out, "</id><link rel=\"self\" href=\"%s\"/>", self);
  buffer_format(out, "<link rel=\"up\" href=\"%s\"/>", up);
  for (int i = 0; related && i < 2; i++) buffer_format(out, "<link rel=\"related\" href=\"%s\"/>", related[i]);
  buffer_format(out, "<title>%s</title><content>", title);
}

static void entry_end(Buffer *out, Instant now) {
  buffer_string(out, "</content><published>");
  put_time(out, now);
  buffer_string(out, "</published><updated>");
  put_time(out, now);
  buffer_string(out, "</updated></entry>\n");
}

/* One day: the energy of each slot between two registers that are known, as ESPI has it: start, duration, value in Wh, quality of what is
 * estimated. */
static bool put_interval_block(Buffer *out, const MeterDay *day, int number, int32_t next_first) {
  const int32_t *energy = day->value[METER_ENERGY];
  Instant start = meter_day_start(number);
  size_t begun = out->len;
  bool any = false;
  buffer_format(out, "<IntervalBlock xmlns=\"http://naesb.org/espi\"><interval><duration>86400</duration><start>%lld</start></interval>",
                (long long)(start / SPAN_SECOND));
  for (int i = 0; energy && i < day->slots; i++) {
    int32_t from = energy[i], to = i + 1 < day->slots ? energy[i + 1] : next_first;
    if (from == METER_NONE || to == METER_NONE || to < from || day->marks[i] & METER_ABSURD) continue;
    bool estimated = day->marks[i] & METER_ESTIMATED;
    buffer_string(out, "<IntervalReading>");
    if (estimated) buffer_string(out, "<ReadingQuality><quality>9</quality></ReadingQuality>");
    buffer_format(out, "<timePeriod><duration>%d</duration><start>%lld</start></timePeriod><value>%lld</value></IntervalReading>",
                  day->step_min * 60, (long long)(start / SPAN_SECOND + (int64_t)i * day->step_min * 60), (long long)(to - from) * 10);
    any = true;
  }
  buffer_string(out, "</IntervalBlock>");
  if (!any) out->len = begun;
  return any;
}

static bool put_days(Buffer *out, const Meters *meters, Db *db, MeterPlace place, int from, int to, int64_t key, const char *reading,
                     Instant now, Error *error) {
  Arena arena;
  bool ok = true, found;
  for (int day = from; ok && day <= to; day++) {
    MeterDay one, next;
    Buffer block;
    char self[96];
    arena_begin(&arena, 0);
    buffer_begin(&block, 0);
    ok = meter_read_day(&one, &found, meters, db, place, day, &arena, error);
    bool there = ok && found && one.value[METER_ENERGY];
    bool follows = false;
    if (there) ok = meter_read_day(&next, &follows, meters, db, place, day + 1, &arena, error);
    follows = follows && next.value[METER_ENERGY];
    if (ok && there && put_interval_block(&block, &one, day, follows ? next.value[METER_ENERGY][0] : METER_NONE)) {
      snprintf(self, sizeof self, "%s/IntervalBlock/%d", reading, day);
      char up[96];
      snprintf(up, sizeof up, "%s/IntervalBlock", reading);
      entry_begin(out, key, 100 + day, self, up, NULL, "");
      buffer_text(out, buffer_as_text(&block));
      entry_end(out, now);
    }
    if (block.failed) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "Green Button");
    buffer_end(&block);
    arena_end(&arena);
  }
  return ok;
}

bool told_green_button(Buffer *out, const Meters *meters, Db *db, MeterPlace place, int from, int to, Instant now, Arena *arena,
                       Error *error) {
  int64_t key = meter_key(meters, place);
  char usage[64], reading[80], link[96], blocks[112];
  static const char TYPE[] = "/espi/1_1/resource/ReadingType/1", ZONE[] = "/espi/1_1/resource/LocalTimeParameters/1";
  (void)arena;
  snprintf(usage, sizeof usage, "/espi/1_1/resource/UsagePoint/%lld", (long long)key);
  snprintf(reading, sizeof reading, "%s/MeterReading/1", usage);
  buffer_string(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>");
  put_uuid(out, key, 0);
  buffer_string(out, "</id><title>Green Button Usage Feed</title><updated>");
  put_time(out, now);
  buffer_string(out, "</updated><link rel=\"self\" href=\"/espi/1_1/resource/Batch\"/>\n");
  snprintf(link, sizeof link, "%s/MeterReading", usage);
  snprintf(blocks, sizeof blocks, "%s/IntervalBlock", reading);
  entry_begin(out, key, 1, usage, "/espi/1_1/resource/UsagePoint", (const char *const[]){link, ZONE}, "");
  buffer_string(out, "<UsagePoint xmlns=\"http://naesb.org/espi\"><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint>");
  entry_end(out, now);
  entry_begin(out, key, 2, reading, link, (const char *const[]){blocks, TYPE}, "");
  buffer_string(out, "<MeterReading xmlns=\"http://naesb.org/espi\"/>");
  entry_end(out, now);
  entry_begin(out, key, 3, TYPE, "/espi/1_1/resource/ReadingType", NULL, "Energy delivered");
  buffer_string(out,
                "<ReadingType "
                "xmlns=\"http://naesb.org/espi\"><accumulationBehaviour>4</accumulationBehaviour><commodity>1</"
                "commodity><dataQualifier>12</dataQualifier>"
                "<flowDirection>1</flowDirection><intervalLength>900</intervalLength><kind>12</kind><phase>769</"
                "phase><powerOfTenMultiplier>0</powerOfTenMultiplier>"
                "<timeAttribute>0</timeAttribute><uom>72</uom></ReadingType>");
  entry_end(out, now);
  entry_begin(out, key, 4, ZONE, "/espi/1_1/resource/LocalTimeParameters", NULL, "Asia/Shanghai");
  buffer_string(
      out,
      "<LocalTimeParameters "
      "xmlns=\"http://naesb.org/espi\"><dstEndRule>00000000</dstEndRule><dstOffset>0</dstOffset><dstStartRule>00000000</dstStartRule>"
      "<tzOffset>28800</tzOffset></LocalTimeParameters>");
  entry_end(out, now);
  if (!put_days(out, meters, db, place, from, to, key, reading, now, error)) return false;
  buffer_string(out, "</feed>\n");
  return !out->failed || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "Green Button");
}

/* --- spreadsheet --- */

static const char *const COLUMN_ZH[METER_CHANNELS] = {"A相电压 (V)", "B相电压 (V)",    "C相电压 (V)",   "A相电流 (A)", "B相电流 (A)",
                                                      "C相电流 (A)", "A相功率 (W)",    "B相功率 (W)",   "C相功率 (W)", "功率 (W)",
                                                      "无功 (var)",  "正向电能 (kWh)", "反向电能 (kWh)"};
static const char *const COLUMN_EN[METER_CHANNELS] = {
    "Voltage A (V)", "Voltage B (V)", "Voltage C (V)", "Current A (A)",  "Current B (A)", "Current C (A)",     "Power A (W)",
    "Power B (W)",   "Power C (W)",   "Power (W)",     "Reactive (var)", "Energy (kWh)",  "Energy given (kWh)"};

static void put_marks(SheetBook *book, uint8_t marks, bool zh) {
  char text[64] = "";
  static const char *const ZH[] = {"估计 ", "更正 ", "异常 ", "补采 "}, *const EN[] = {"estimated ", "replaced ", "absurd ", "late "};
  for (int b = 0; b < 4; b++)
    if (marks >> b & 1) snprintf(text + strlen(text), sizeof text - strlen(text), "%s", zh ? ZH[b] : EN[b]);
  sheet_text(book, text_trim(text_of(text)));
}

static bool sheet_readings(SheetBook *book, const Meters *meters, Db *db, MeterPlace place, int from, int to, bool zh, Error *error) {
  SheetColumn column[METER_CHANNELS + 2] = {{zh ? "时间" : "Time", SHEET_TIME, 18, 0}};
  unsigned channels = 0;
  Arena arena;
  MeterDay day;
  bool ok = true, found;
  for (int pass = 0; ok && pass < 2; pass++) {
    if (pass == 1) {
      size_t count = 1;
      for (int c = 0; c < METER_CHANNELS; c++)
        if (channels >> c & 1)
          column[count++] = (SheetColumn){zh ? COLUMN_ZH[c] : COLUMN_EN[c], SHEET_NUMBER, 14, meter_channel_decimals((MeterChannel)c)};
      column[count++] = (SheetColumn){zh ? "标记" : "Marks", SHEET_TEXT, 14, 0};
      sheet_begin(book, zh ? "读数" : "Readings", column, count);
    }
    for (int number = from; ok && number <= to; number++) {
      arena_begin(&arena, 0);
      ok = meter_read_day(&day, &found, meters, db, place, number, &arena, error);
      if (ok && pass == 0) channels |= day.channels;
      for (int i = 0; ok && found && pass == 1 && i < day.slots; i++) {
        sheet_time(book, meter_day_start(number) + (Instant)i * day.step_min * SPAN_MINUTE);
        for (int c = 0; c < METER_CHANNELS; c++) {
          if (!(channels >> c & 1)) continue;
          int32_t v = day.value[c] ? day.value[c][i] : METER_NONE;
          if (v == METER_NONE)
            sheet_skip(book);
          else
            sheet_number(book, v * meter_channel_unit((MeterChannel)c));
        }
        put_marks(book, day.marks[i], zh);
        sheet_row_end(book);
      }
      arena_end(&arena);
    }
  }
  return ok;
}

bool told_sheet(Buffer *out, const Meters *meters, Db *db, MeterPlace place, int from, int to, bool zh, Arena *arena, Error *error) {
  SheetBook *book;
  if (!sheet_open(&book, error)) return false;
  sheet_begin(book, zh ? "每日用电" : "Daily use",
              (SheetColumn[]){{zh ? "日期" : "Date", SHEET_DATE, 12, 0}, {zh ? "用电量 (kWh)" : "Used (kWh)", SHEET_NUMBER, 14, 2}}, 2);
  bool ok = true;
  for (int day = from; ok && day <= to; day++) {
    int64_t used;
    ok = meter_used(&used, meters, db, place, day, arena, error);
    if (!ok || used < 0) continue;
    sheet_time(book, meter_day_start(day));
    sheet_number(book, (double)used / 100);
    sheet_row_end(book);
  }
  ok = ok && sheet_readings(book, meters, db, place, from, to, zh, error);
  Error closing = {0};
  bool closed = sheet_finish(book, out, ok ? error : &closing);
  return ok && closed;
}

/* --- CSV: what comes out can be sent in again --- */

static void csv_day(Buffer *out, Text meter, Text area, const MeterDay *day, int number, unsigned channels) {
  for (int i = 0; i < day->slots; i++) {
    bool any = false;
    for (int c = 0; c < METER_CHANNELS; c++) any |= day->value[c] && day->value[c][i] != METER_NONE;
    if (!any || day->marks[i] & METER_ESTIMATED) continue;
    Civil civil = civil_of(meter_day_start(number) + (Instant)i * day->step_min * SPAN_MINUTE, ZONE_SHANGHAI);
    buffer_text(out, meter);
    buffer_byte(out, ',');
    buffer_text(out, area);
    buffer_format(out, ",%04d-%02d-%02d %02d:%02d", civil.year, civil.month, civil.day, civil.hour, civil.minute);
    for (int c = 0; c < METER_CHANNELS; c++) {
      if (!(channels >> c & 1)) continue;
      buffer_byte(out, ',');
      if (day->value[c] && day->value[c][i] != METER_NONE)
        buffer_f64(out, day->value[c][i] * meter_channel_unit((MeterChannel)c), meter_channel_decimals((MeterChannel)c));
    }
    buffer_byte(out, '\n');
  }
}

bool told_area_csv(Buffer *out, const Meters *meters, Db *db, size_t area, int day, Arena *arena, Error *error) {
  MeterAreaDay days;
  const MeterArea *of = meter_area(meters, area);
  Text code = grid_code(meters->grid, of->device);
  unsigned channels;
  if (!meter_read_area_day(&days, meters, db, area, day, arena, error)) return false;
  channels = days.total.channels;
  for (size_t m = 0; m < days.count; m++) channels |= days.meter[m].channels;
  buffer_string(out, "meter,area,time");
  for (int c = 0; c < METER_CHANNELS; c++)
    if (channels >> c & 1) buffer_format(out, ",%s", meter_channel_name((MeterChannel)c));
  buffer_byte(out, '\n');
  for (size_t m = 0; m < days.count; m++) {
    Customer customer;
    people_customer(meters->people, of->from + (uint32_t)m, &customer);
    if (days.meter[m].channels) csv_day(out, customer.meter, code, &days.meter[m], day, channels);
  }
  if (days.total.channels) csv_day(out, code, code, &days.total, day, channels);
  return !out->failed || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "CSV");
}
