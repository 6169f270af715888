#include "meter/message.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <zlib.h>

#include "meter/message_inside.h"

static const char *const REASONS[ASIDE_REASONS] = {"none", "unknown_meter", "clock",      "checksum", "unit",
                                                   "time", "form",          "other_area", "too_old"};
const char *aside_reason_name(AsideReason reason) { return REASONS[reason]; }

void reading_problem(ReadingProblems *problems, int64_t line, AsideReason reason, Text meter, const char *detail) {
  problems->count++;
  if (problems->listed == METER_PROBLEMS_MAX) return;
  ReadingProblem *p = &problems->at[problems->listed++];
  p->line = line;
  p->reason = reason;
  meter = text_cut(meter, METER_NUMBER_MAX);
  snprintf(p->meter, sizeof p->meter, "%.*s", TEXT_ARG(meter));
  snprintf(p->detail, sizeof p->detail, "%s", detail);
}

/* --- values --- */

/* What a channel can say at all; past it the unit must be another than ours. */
static const struct {
  int32_t least, most;
} RANGE[METER_CHANNELS] = {{0, 10000},
                           {0, 10000},
                           {0, 10000},
                           {-10000000, 10000000},
                           {-10000000, 10000000},
                           {-10000000, 10000000},
                           {-200000000, 200000000},
                           {-200000000, 200000000},
                           {-200000000, 200000000},
                           {-200000000, 200000000},
                           {-200000000, 200000000},
                           {0, METER_VALUE_MAX},
                           {0, METER_VALUE_MAX}};

bool message_value_fits(MeterChannel channel, int32_t value) { return value >= RANGE[channel].least && value <= RANGE[channel].most; }

bool message_scale(int32_t *out, MeterChannel channel, double value) {
  static const double TENS[] = {1, 10, 100, 1000};
  double steps = value * TENS[meter_channel_decimals(channel)]; /* not divided by 0.1: 219.95 V are 2199.5 steps */
  if (!isfinite(value) || !(steps >= RANGE[channel].least - 0.5 && steps <= RANGE[channel].most + 0.5)) return false;
  *out = (int32_t)lround(steps);
  return message_value_fits(channel, *out);
}

bool message_step_of(int step_min, Instant first, int moments) {
  Instant local = first + ZONE_SHANGHAI;
  if (!meter_step_is_sound(step_min) || moments < 1 || first < 0 || first % SPAN_MINUTE) return false;
  int64_t minute = local / SPAN_MINUTE % METER_DAY_MINUTES;
  return minute % step_min == 0 && minute + (int64_t)(moments - 1) * step_min < METER_DAY_MINUTES;
}

bool message_take(ReadingMessage **out, uint32_t meters, int moments, unsigned channels, Arena *arena, Error *error) {
  size_t cells = (size_t)meters * (size_t)moments;
  ReadingMessage *message = *out = ARENA_NEW(arena, ReadingMessage);
  if (!message) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "message");
  *message = (ReadingMessage){.clock = INSTANT_NONE, .moments = moments, .meters = meters, .channels = channels};
  bool ok = (message->meter = ARENA_ARRAY(arena, Text, meters)) && (message->line = ARENA_ARRAY(arena, int64_t, meters));
  for (int c = 0; ok && c < METER_CHANNELS; c++) {
    if (!(channels >> c & 1)) continue;
    if (!(message->value[c] = ARENA_ARRAY(arena, int32_t, cells))) ok = false;
    for (size_t i = 0; ok && i < cells; i++) message->value[c][i] = METER_NONE;
  }
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "message");
}

/* --- little-endian numbers --- */

typedef struct Source {
  const uint8_t *at, *end;
} Source;

static bool get_bytes(Source *s, size_t count, const uint8_t **out) {
  if ((size_t)(s->end - s->at) < count) return false;
  *out = s->at;
  s->at += count;
  return true;
}

static bool get_number(Source *s, int bytes, uint64_t *out) {
  const uint8_t *at;
  if (!get_bytes(s, (size_t)bytes, &at)) return false;
  *out = 0;
  for (int i = 0; i < bytes; i++) *out |= (uint64_t)at[i] << (8 * i);
  return true;
}

static void put_number(Buffer *out, uint64_t value, int bytes) {
  char at[8];
  for (int i = 0; i < bytes; i++) at[i] = (char)(value >> (8 * i));
  buffer_put(out, at, (size_t)bytes);
}

/* --- columns --- */

enum { COLUMN_HEAD = 6, COLUMNS_END = 255 };

/* Widths other than these would need more than a copy. */
static bool widen(int32_t *value, size_t cells, const uint8_t *from, int width, int32_t base) {
  uint32_t most = 0;
  switch (width) {
    case 1:
      for (size_t i = 0; i < cells; i++) {
        value[i] = from[i] == UINT8_MAX ? METER_NONE : base + from[i];
        most |= from[i];
      }
      break;
    case 2:
      for (size_t i = 0; i < cells; i++) {
        uint16_t v;
        memcpy(&v, from + i * 2, 2);
        value[i] = v == UINT16_MAX ? METER_NONE : base + v;
        most |= v;
      }
      break;
    default:
      for (size_t i = 0; i < cells; i++) {
        uint32_t v;
        memcpy(&v, from + i * 4, 4);
        bool none = v == UINT32_MAX;
        value[i] = none ? METER_NONE : (int32_t)((uint32_t)base + (v & 0x7FFFFFFF));
        most |= none ? 0 : v;
      }
  }
  return most <= INT32_MAX;
}

static bool get_columns(ReadingMessage *message, Source *s, bool ended, Arena *arena, Error *error) {
  size_t cells = (size_t)message->meters * (size_t)message->moments;
  while (s->at < s->end) {
    uint64_t channel, width, base;
    const uint8_t *bytes;
    if (!get_number(s, 1, &channel)) break;
    if (ended && channel == COLUMNS_END) return true;
    if (channel >= METER_CHANNELS || message->channels >> channel & 1)
      return error_raise(error, ERROR_METER_MESSAGE, "channel %d", (int)channel);
    if (!get_number(s, 1, &width) || !get_number(s, 4, &base) || (width != 1 && width != 2 && width != 4) ||
        !get_bytes(s, cells * width, &bytes))
      return error_raise(error, ERROR_METER_MESSAGE, "channel %s is cut off", meter_channel_name((MeterChannel)channel));
    int32_t from = (int32_t)(uint32_t)base;
    if (from > METER_VALUE_MAX || from < -METER_VALUE_MAX)
      return error_raise(error, ERROR_METER_MESSAGE, "base of %s", meter_channel_name((MeterChannel)channel));
    int32_t *value = message->value[channel] = arena_take_array(arena, cells, sizeof(int32_t));
    if (!value) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "message");
    if (!widen(value, cells, bytes, (int)width, from))
      return error_raise(error, ERROR_METER_MESSAGE, "a number of %s is too large", meter_channel_name((MeterChannel)channel));
    message->channels |= 1u << channel;
  }
  return ended ? error_raise(error, ERROR_METER_MESSAGE, "%s", "it ends without its mark") : true;
}

bool columns_read(ReadingMessage *message, Text payload, Arena *arena, Error *error) {
  Source s = {(const uint8_t *)payload.at, (const uint8_t *)payload.at + payload.len};
  message->channels = 0;
  return get_columns(message, &s, false, arena, error);
}

static void put_column(Buffer *out, const ReadingMessage *message, int channel, const bool *keep) {
  const int32_t *value = message->value[channel];
  size_t moments = (size_t)message->moments, cells = (size_t)message->meters * moments;
  int32_t least = INT32_MAX, most = INT32_MIN;
  for (size_t i = 0; i < cells; i++) {
    int32_t v = value[i];
    least = v != METER_NONE && v < least ? v : least;
    most = v > most ? v : most;
  }
  if (most == METER_NONE) least = 0, most = 0;
  uint32_t span = (uint32_t)((int64_t)most - least);
  int width = span < UINT8_MAX ? 1 : span < UINT16_MAX ? 2 : 4;
  put_number(out, (uint64_t)channel, 1);
  put_number(out, (uint64_t)width, 1);
  put_number(out, (uint32_t)least, 4);
  if (!buffer_reserve(out, cells * (size_t)width)) return;
  uint8_t *to = (uint8_t *)out->at + out->len;
  for (uint32_t m = 0; m < message->meters; m++) {
    const int32_t *from = value + m * moments;
    if (keep && !keep[m]) continue;
    for (size_t i = 0; i < moments; i++, to += width) {
      uint32_t v = from[i] == METER_NONE ? UINT32_MAX : (uint32_t)((int64_t)from[i] - least);
      memcpy(to, &v, (size_t)width); /* little-endian machines only: see the assert below */
    }
  }
  out->len = (size_t)((char *)to - out->at);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are copied as they lie in memory");

void columns_write(Buffer *out, const ReadingMessage *message, const bool *keep) {
  for (int c = 0; c < METER_CHANNELS; c++)
    if (message->channels >> c & 1) put_column(out, message, c, keep);
}

/* --- the binary batch --- */

void message_write(Buffer *out, const ReadingMessage *message) {
  size_t from = out->len;
  buffer_string(out, "DBM1");
  put_number(out, (uint64_t)(message->first / SPAN_SECOND), 8);
  put_number(out, message->clock == INSTANT_NONE ? 0 : (uint64_t)(message->clock / SPAN_SECOND), 8);
  put_number(out, (uint64_t)message->step_min, 2);
  put_number(out, (uint64_t)message->moments, 2);
  put_number(out, message->meters, 2);
  put_number(out, message->area.len, 1);
  buffer_text(out, message->area);
  for (uint32_t m = 0; m < message->meters; m++) {
    put_number(out, message->meter[m].len, 1);
    buffer_text(out, message->meter[m]);
  }
  columns_write(out, message, NULL);
  put_number(out, COLUMNS_END, 1);
  if (!out->failed) put_number(out, crc32_z(0, (const Bytef *)out->at + from, out->len - from), 4);
}

static bool get_text(Source *s, Text *out) {
  uint64_t len;
  const uint8_t *at;
  if (!get_number(s, 1, &len) || len > METER_NUMBER_MAX || !get_bytes(s, len, &at)) return false;
  *out = (Text){(const char *)at, len};
  return text_is_utf8(*out);
}

static bool read_binary(ReadingMessage **out, ReadingProblems *problems, Text bytes, Arena *arena, Error *error) {
  Source s = {(const uint8_t *)bytes.at, (const uint8_t *)bytes.at + bytes.len};
  const uint8_t *magic;
  uint64_t first, clock, step, moments, meters, sum;
  if (!get_bytes(&s, 4, &magic) || memcmp(magic, "DBM1", 4) != 0)
    return error_raise(error, ERROR_METER_MESSAGE, "%s", "it does not begin with DBM1");
  if (bytes.len < 40) return error_raise(error, ERROR_METER_MESSAGE, "%s", "cut off");
  Source tail = {s.end - 4, s.end};
  bool summed = get_number(&tail, 4, &sum);
  s.end -= 4;
  if (!summed || crc32_z(0, (const Bytef *)bytes.at, bytes.len - 4) != sum) {
    reading_problem(problems, 0, ASIDE_CHECKSUM, TEXT_NONE, "CRC-32");
    return true;
  }
  if (!get_number(&s, 8, &first) || !get_number(&s, 8, &clock) || !get_number(&s, 2, &step) || !get_number(&s, 2, &moments) ||
      !get_number(&s, 2, &meters))
    return error_raise(error, ERROR_METER_MESSAGE, "%s", "cut off");
  if (meters == 0 || meters > METER_MESSAGE_METERS) return error_raise(error, ERROR_LIMIT, "meters\t%d", METER_MESSAGE_METERS);
  if (first > INT64_MAX / SPAN_SECOND || clock > INT64_MAX / SPAN_SECOND || moments > METER_SLOTS_MAX ||
      !message_step_of((int)step, (Instant)first * SPAN_SECOND, (int)moments))
    return error_raise(error, ERROR_METER_MESSAGE, "%s", "its moments do not lie in even steps within one local day");
  ReadingMessage *message;
  if (!message_take(&message, (uint32_t)meters, (int)moments, 0, arena, error)) return false;
  message->first = (Instant)first * SPAN_SECOND;
  if (clock) message->clock = (Instant)clock * SPAN_SECOND;
  message->step_min = (int)step;
  if (!get_text(&s, &message->area)) return error_raise(error, ERROR_METER_MESSAGE, "%s", "the area's code");
  for (uint32_t m = 0; m < meters; m++) {
    if (!get_text(&s, &message->meter[m])) return error_raise(error, ERROR_METER_MESSAGE, "the number of meter %u", m + 1);
    message->line[m] = m + 1;
  }
  if (!get_columns(message, &s, true, arena, error)) return false;
  if (s.at != s.end) return error_raise(error, ERROR_METER_MESSAGE, "%s", "bytes left over");
  *out = message;
  return true;
}

bool message_read(ReadingMessage **out, ReadingProblems *problems, MessageForm form, Text bytes, Arena *arena, Error *error) {
  *out = NULL;
  switch (form) {
    case MESSAGE_BINARY:
      return read_binary(out, problems, bytes, arena, error);
    case MESSAGE_CSV:
      return message_read_csv(out, problems, bytes, arena, error);
    case MESSAGE_JSON:
      return message_read_json(out, problems, bytes, arena, error);
  }
  return false;
}

/* --- power events --- */

static const struct {
  const char *name, *code;
} POWER[POWER_KINDS] = {
    {"power_down", "3.26.0.47"}, {"power_up", "3.26.0.216"}, {"last_gasp", "3.26.136.47"}, {"module_up", "3.26.136.216"}};

const char *power_kind_name(PowerKind kind) { return POWER[kind].name; }

bool power_kind_of(Text word, PowerKind *out) {
  for (PowerKind k = 0; k < POWER_KINDS; k++)
    if (text_is(word, POWER[k].name) || text_is(word, POWER[k].code)) return *out = k, true;
  return false;
}
