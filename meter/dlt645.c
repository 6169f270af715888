#include "meter/dlt645.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { START = 0x68, END = 0x16, ADDED = 0x33, NO_DATA = 0x02, OVERHEAD = 12 };

static const Dlt645Item ITEMS[] = {{0x00010000, "energy", "kWh", 1, 4, 2, false},
                                   {0x00020000, "energy_out", "kWh", 1, 4, 2, false},
                                   {0x02010100, "voltage_a", "V", 1, 2, 1, false},
                                   {0x02010200, "voltage_b", "V", 1, 2, 1, false},
                                   {0x02010300, "voltage_c", "V", 1, 2, 1, false},
                                   {0x0201FF00, "voltages", "V", 3, 2, 1, false},
                                   {0x02020100, "current_a", "A", 1, 3, 3, true},
                                   {0x02020200, "current_b", "A", 1, 3, 3, true},
                                   {0x02020300, "current_c", "A", 1, 3, 3, true},
                                   {0x0202FF00, "currents", "A", 3, 3, 3, true},
                                   {0x02030000, "power", "kW", 1, 3, 4, true},
                                   {0x02030100, "power_a", "kW", 1, 3, 4, true},
                                   {0x02030200, "power_b", "kW", 1, 3, 4, true},
                                   {0x02030300, "power_c", "kW", 1, 3, 4, true},
                                   {0x0203FF00, "powers", "kW", 4, 3, 4, true},
                                   {0x02040000, "reactive", "kvar", 1, 3, 4, true},
                                   {0x1D000101, "last_trip", "YYMMDDhhmmss", 1, 6, 0, false},
                                   {0x1E000101, "last_close", "YYMMDDhhmmss", 1, 6, 0, false}};

const Dlt645Item *dlt645_item(uint32_t identifier) {
  for (size_t i = 0; i < sizeof ITEMS / sizeof *ITEMS; i++)
    if (ITEMS[i].identifier == identifier) return &ITEMS[i];
  return NULL;
}

const Dlt645Item *dlt645_item_named(Text name) {
  for (size_t i = 0; i < sizeof ITEMS / sizeof *ITEMS; i++)
    if (text_is(name, ITEMS[i].name)) return &ITEMS[i];
  return NULL;
}

/* --- frames --- */

static bool address_of(char out[DLT645_ADDRESS + 1], const uint8_t *at) {
  bool any = true;
  for (int i = 0; i < 6; i++) {
    uint8_t byte = at[5 - i];
    any &= byte == 0xAA;
    if (byte != 0xAA && ((byte >> 4) > 9 || (byte & 15) > 9)) return false;
    snprintf(out + 2 * i, 3, "%02X", byte);
  }
  return any || !memchr(out, 'A', DLT645_ADDRESS);
}

Dlt645Found dlt645_find(Dlt645Frame *out, const uint8_t *bytes, size_t len, size_t *used, Error *error) {
  size_t at = 0;
  while (at < len && bytes[at] != START) at++;
  *used = at;
  if (at == len) return DLT645_NONE;
  const uint8_t *frame = bytes + at;
  size_t left = len - at;
  if (left < 10) return DLT645_PART;
  *used = at + 1;
  if (frame[7] != START) return error_raise(error, ERROR_METER_FRAME, "%s", "no second 68H"), DLT645_WRONG;
  int length = frame[9];
  if (length > DLT645_DATA_MAX) return error_raise(error, ERROR_METER_FRAME, "L is %d, at most %d", length, DLT645_DATA_MAX), DLT645_WRONG;
  if (left < (size_t)(OVERHEAD + length)) {
    *used = at;
    return DLT645_PART;
  }
  uint8_t sum = 0;
  for (int i = 0; i < 10 + length; i++) sum = (uint8_t)(sum + frame[i]);
  if (frame[10 + length] != sum)
    return error_raise(error, ERROR_METER_FRAME, "checksum %02X, not %02X", frame[10 + length], sum), DLT645_WRONG;
  if (frame[11 + length] != END)
    return error_raise(error, ERROR_METER_FRAME, "it ends with %02X, not 16", frame[11 + length]), DLT645_WRONG;
  *out = (Dlt645Frame){.control = frame[8], .length = length};
  if (!address_of(out->address, frame + 1))
    return error_raise(error, ERROR_METER_FRAME, "%s", "its address is not made of digits"), DLT645_WRONG;
  for (int i = 0; i < length; i++) out->data[i] = (uint8_t)(frame[10 + i] - ADDED);
  *used = at + (size_t)(OVERHEAD + length);
  return DLT645_FRAME;
}

void dlt645_put(Buffer *out, const Dlt645Frame *frame) {
  uint8_t bytes[4 + DLT645_FRAME_MAX] = {0xFE, 0xFE, 0xFE, 0xFE, START}, sum = 0;
  int at = 5;
  for (int i = 0; i < 6; i++) {
    char pair[3] = {frame->address[10 - 2 * i], frame->address[11 - 2 * i], 0};
    bytes[at++] = (uint8_t)strtol(pair, NULL, 16);
  }
  bytes[at++] = START;
  bytes[at++] = frame->control;
  bytes[at++] = (uint8_t)frame->length;
  for (int i = 0; i < frame->length; i++) bytes[at++] = (uint8_t)(frame->data[i] + ADDED);
  for (int i = 4; i < at; i++) sum = (uint8_t)(sum + bytes[i]);
  bytes[at++] = sum;
  bytes[at++] = END;
  buffer_put(out, bytes, (size_t)at);
}

bool dlt645_read_frame(Dlt645Frame *out, Text address, uint32_t identifier, Error *error) {
  char digits[DLT645_ADDRESS + 1] = "000000000000";
  bool any = text_is(address, "AAAAAAAAAAAA");
  *out = (Dlt645Frame){.control = DLT645_READ, .length = 4};
  bool sound = address.len >= 1 && address.len <= DLT645_ADDRESS;
  for (size_t i = 0; sound && !any && i < address.len; i++) sound = address.at[i] >= '0' && address.at[i] <= '9';
  if (!sound) return error_raise(error, ERROR_FIELD_FORMAT, "address\t%.*s\tup to 12 digits", TEXT_ARG(address));
  memcpy(digits + DLT645_ADDRESS - address.len, address.at, address.len);
  memcpy(out->address, digits, sizeof digits);
  for (int i = 0; i < 4; i++) out->data[i] = (uint8_t)(identifier >> (8 * i));
  return true;
}

uint32_t dlt645_identifier(const Dlt645Frame *frame) {
  uint32_t identifier = 0;
  if (frame->length < 4 || frame->control == DLT645_ERROR) return 0;
  for (int i = 0; i < 4; i++) identifier |= (uint32_t)frame->data[i] << (8 * i);
  return identifier;
}

/* --- values --- */

static bool bcd_of(double *out, const uint8_t *at, const Dlt645Item *item) {
  static const double TENS[] = {1, 10, 100, 1000, 10000};
  double value = 0;
  bool none = true, negative = false;
  for (int i = item->bytes - 1; i >= 0; i--) {
    uint8_t byte = at[i];
    none &= byte == 0xFF;
    if (i == item->bytes - 1 && item->signs && byte != 0xFF) negative = byte & 0x80, byte &= 0x7F;
    if (byte != 0xFF && ((byte >> 4) > 9 || (byte & 15) > 9)) return false;
    value = value * 100 + (byte >> 4) * 10 + (byte & 15);
  }
  *out = none ? NAN : (negative ? -value : value) / TENS[item->decimals];
  return none || !memchr(at, 0xFF, (size_t)item->bytes);
}

bool dlt645_values(double out[DLT645_VALUES_MAX], int *count, const Dlt645Frame *answer, Error *error) {
  if (answer->control == DLT645_ERROR) {
    int code = answer->length ? answer->data[0] : 0;
    return error_raise(error, ERROR_METER_ANSWER, "%s (%02X)", code & 2 ? "no such data" : code & 4 ? "password" : "refused", code);
  }
  const Dlt645Item *item = dlt645_item(dlt645_identifier(answer));
  if (answer->control != DLT645_ANSWER && answer->control != DLT645_ANSWER_MORE)
    return error_raise(error, ERROR_METER_FRAME, "control %02X is no answer", answer->control);
  if (!item) return error_raise(error, ERROR_METER_FRAME, "identifier %08X is not known here", dlt645_identifier(answer));
  int bytes = answer->length - 4;
  if (bytes < item->bytes || bytes > item->count * item->bytes || bytes % item->bytes)
    return error_raise(error, ERROR_METER_FRAME, "%d bytes for %s", bytes, item->name);
  *count = bytes / item->bytes;
  for (int i = 0; i < *count; i++)
    if (!bcd_of(&out[i], answer->data + 4 + i * item->bytes, item))
      return error_raise(error, ERROR_METER_FRAME, "%s is not made of digits", item->name);
  return true;
}

void dlt645_answer(Dlt645Frame *out, const Dlt645Frame *read, const double *values, int count) {
  static const double TENS[] = {1, 10, 100, 1000, 10000};
  const Dlt645Item *item = dlt645_item(dlt645_identifier(read));
  *out = *read;
  if (!item || !count) {
    out->control = DLT645_ERROR;
    out->length = 1;
    out->data[0] = NO_DATA;
    return;
  }
  out->control = DLT645_ANSWER;
  out->length = 4;
  for (int v = 0; v < count && v < item->count; v++) {
    int64_t steps = isnan(values[v]) ? 0 : (int64_t)llround(fabs(values[v]) * TENS[item->decimals]);
    for (int i = 0; i < item->bytes; i++, steps /= 100)
      out->data[out->length++] = (uint8_t)(isnan(values[v]) ? 0xFF : (steps / 10 % 10) << 4 | steps % 10);
    if (item->signs && values[v] < 0) out->data[out->length - 1] = (uint8_t)(out->data[out->length - 1] | 0x80);
  }
}
