#include <jansson.h>
#include <stdio.h>

#include "meter/message_inside.h"

static Text text_at(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return json_is_string(value) ? (Text){json_string_value(value), json_string_length(value)} : TEXT_NONE;
}

/* Jansson's texts go with its tree. */
static bool keep(Text *out, Text text, Arena *arena, Error *error) {
  *out = text_copy(arena, text.at ? text : TEXT(""));
  return out->at ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "message");
}

static bool load(json_t **out, Text bytes, Error *error) {
  json_error_t wrong;
  *out = json_loadb(bytes.at ? bytes.at : "", bytes.len, JSON_REJECT_DUPLICATES, &wrong);
  if (*out) return true;
  error_raise(error, ERROR_METER_MESSAGE, "JSON: %.100s", wrong.text);
  return error_at(error, "%d:%d", wrong.line, wrong.column);
}

/* One channel of one meter: a number, or one a moment. */
static bool take_channel(ReadingMessage *message, uint32_t m, MeterChannel channel, const json_t *given, char detail[120],
                         AsideReason *reason) {
  size_t moments = (size_t)message->moments, count = json_is_array(given) ? json_array_size(given) : 1;
  *reason = ASIDE_FORM;
  snprintf(detail, 120, "%s: %zu values for %zu moments", meter_channel_name(channel), count, moments);
  if (count != moments) return false;
  for (size_t i = 0; i < moments; i++) {
    const json_t *value = json_is_array(given) ? json_array_get(given, i) : given;
    if (json_is_null(value)) continue;
    if (!json_is_number(value)) return snprintf(detail, 120, "%s is no number", meter_channel_name(channel)), false;
    if (message_scale(&message->value[channel][(size_t)m * moments + i], channel, json_number_value(value))) continue;
    *reason = ASIDE_UNIT;
    snprintf(detail, 120, "%s %g", meter_channel_name(channel), json_number_value(value));
    return false;
  }
  return true;
}

static void forget(ReadingMessage *message, uint32_t m) {
  for (int c = 0; c < METER_CHANNELS; c++)
    for (int i = 0; message->value[c] && i < message->moments; i++)
      message->value[c][(size_t)m * (size_t)message->moments + (size_t)i] = METER_NONE;
}

static unsigned channels_in(const json_t *meters, size_t *moments) {
  unsigned channels = 0;
  size_t i;
  json_t *meter, *value;
  const char *key;
  *moments = 1;
  json_array_foreach(meters, i, meter) {
    json_object_foreach(meter, key, value) {
      MeterChannel channel;
      if (!meter_channel_of_name(text_of(key), &channel)) continue;
      channels |= 1u << channel;
      if (json_is_array(value) && json_array_size(value) > *moments) *moments = json_array_size(value);
    }
  }
  return channels;
}

static bool take_meter(ReadingMessage *message, uint32_t m, const json_t *meter, ReadingProblems *problems, Arena *arena, Error *error) {
  json_t *value;
  const char *key;
  char detail[120];
  Text number = text_at(meter, "meter");
  message->line[m] = m + 1;
  if (!keep(&message->meter[m], number.len <= METER_NUMBER_MAX ? number : TEXT(""), arena, error)) return false;
  if (!message->meter[m].len) reading_problem(problems, m + 1, ASIDE_FORM, number, "meter is missing or too long");
  json_object_foreach((json_t *)meter, key, value) {
    MeterChannel channel;
    AsideReason reason = ASIDE_FORM;
    if (strcmp(key, "meter") == 0) continue;
    bool known = meter_channel_of_name(text_of(key), &channel);
    if (!known) snprintf(detail, sizeof detail, "'%.40s' is no channel", key);
    if (known && take_channel(message, m, channel, value, detail, &reason)) continue;
    reading_problem(problems, m + 1, reason, number, detail);
    forget(message, m);
    message->meter[m] = TEXT("");
    return true;
  }
  return true;
}

static bool one_message(ReadingMessage **out, ReadingProblems *problems, const json_t *object, Arena *arena, Error *error) {
  const json_t *meters = json_object_get(object, "meters"), *step = json_object_get(object, "step_min");
  size_t count = json_array_size(meters), moments;
  Instant first, clock = INSTANT_NONE;
  if (!json_is_object(object) || !json_is_array(meters) || count == 0)
    return error_raise(error, ERROR_METER_MESSAGE, "%s", "meters: a list is needed");
  if (count > METER_MESSAGE_METERS) return error_raise(error, ERROR_LIMIT, "meters\t%d", METER_MESSAGE_METERS);
  if (step && !json_is_integer(step)) return error_raise(error, ERROR_METER_MESSAGE, "%s", "step_min: a whole number");
  unsigned channels = channels_in(meters, &moments);
  if (moments > METER_SLOTS_MAX || !message_time(text_at(object, "time"), &first))
    return error_raise(error, ERROR_METER_MESSAGE, "%s", "time, or too many moments");
  if (json_object_get(object, "clock") && !message_time(text_at(object, "clock"), &clock))
    return error_raise(error, ERROR_METER_MESSAGE, "%s", "clock");
  int64_t minutes = step ? json_integer_value(step) : 15;
  if (!step && moments == 1 && (first + ZONE_SHANGHAI) / SPAN_MINUTE % 15 != 0) minutes = 1;
  if (minutes < 1 || minutes > METER_DAY_MINUTES || !message_step_of((int)minutes, first, (int)moments))
    return error_raise(error, ERROR_METER_MESSAGE, "%s", "its moments do not lie in even steps within one local day");
  if (!message_take(out, (uint32_t)count, (int)moments, channels, arena, error)) return false;
  ReadingMessage *message = *out;
  message->first = first;
  message->clock = clock;
  message->step_min = (int)minutes;
  if (!keep(&message->area, text_cut(text_at(object, "area"), METER_NUMBER_MAX), arena, error)) return false;
  for (uint32_t m = 0; m < count; m++)
    if (!take_meter(message, m, json_array_get(meters, m), problems, arena, error)) return false;
  return true;
}

bool message_read_json(ReadingMessage **out, ReadingProblems *problems, Text bytes, Arena *arena, Error *error) {
  json_t *tree;
  if (!load(&tree, bytes, error)) return false;
  const json_t *list = json_object_get(tree, "messages");
  bool ok = true;
  if (json_is_array(list)) {
    for (size_t i = 0; ok && i < json_array_size(list); i++) {
      ok = one_message(out, problems, json_array_get(list, i), arena, error);
      if (ok) out = &(*out)->next;
    }
  } else {
    ok = one_message(out, problems, tree, arena, error);
  }
  json_decref(tree);
  return ok;
}

bool power_read(PowerMessage *out, ReadingProblems *problems, MessageForm form, Text bytes, Arena *arena, Error *error) {
  json_t *tree;
  *out = (PowerMessage){0};
  if (form == MESSAGE_CSV) return power_read_csv(out, problems, bytes, arena, error);
  if (form != MESSAGE_JSON) return error_raise(error, ERROR_METER_MESSAGE, "%s", "power events come as CSV or JSON");
  if (!load(&tree, bytes, error)) return false;
  const json_t *events = json_object_get(tree, "events");
  size_t count = json_array_size(events);
  bool ok = json_is_array(events) || error_raise(error, ERROR_METER_MESSAGE, "%s", "events: a list is needed");
  if (ok && count && !(out->item = ARENA_ARRAY(arena, PowerItem, count))) ok = error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "events");
  for (size_t i = 0; ok && i < count; i++) {
    const json_t *event = json_array_get(events, i);
    PowerItem item;
    Text kind = text_at(event, "kind"), code = text_at(event, "code"), meter = text_at(event, "meter");
    if (!power_kind_of(kind.len ? kind : code, &item.kind))
      reading_problem(problems, (int64_t)i + 1, ASIDE_UNIT, meter, "not a power event known here");
    else if (!meter.len || meter.len > METER_NUMBER_MAX)
      reading_problem(problems, (int64_t)i + 1, ASIDE_FORM, meter, "meter");
    else if (!message_time(text_at(event, "at"), &item.at))
      reading_problem(problems, (int64_t)i + 1, ASIDE_TIME, meter, "at is not a time");
    else if ((ok = keep(&item.meter, meter, arena, error)))
      out->item[out->count++] = item;
  }
  json_decref(tree);
  return ok;
}
