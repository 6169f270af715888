#include "meter/block.h"

#include <assert.h>
#include <math.h>

enum { FORM = 1, SPARSE = 8, SHORT = 2, LONGEST = SHORT + 1 + 31 + 31 };
typedef enum How { HOW_SAME, HOW_LAST, HOW_HALF, HOW_QUARTER, HOW_LINE, HOW_PRODUCT, HOW_RATIO, HOW_POWER } How;

static const struct {
  const char *name;
  double unit;
  int decimals;
} CHANNELS[METER_CHANNELS] = {{"voltage_a", 0.1, 1},   {"voltage_b", 0.1, 1},   {"voltage_c", 0.1, 1}, {"current_a", 0.001, 3},
                              {"current_b", 0.001, 3}, {"current_c", 0.001, 3}, {"power_a", 0.1, 1},   {"power_b", 0.1, 1},
                              {"power_c", 0.1, 1},     {"power", 0.1, 1},       {"reactive", 0.1, 1},  {"energy", 0.01, 2},
                              {"energy_out", 0.01, 2}};

const char *meter_channel_name(MeterChannel channel) { return CHANNELS[channel].name; }
double meter_channel_unit(MeterChannel channel) { return CHANNELS[channel].unit; }
int meter_channel_decimals(MeterChannel channel) { return CHANNELS[channel].decimals; }

bool meter_channel_of_name(Text name, MeterChannel *out) {
  for (MeterChannel c = 0; c < METER_CHANNELS; c++)
    if (text_is(name, CHANNELS[c].name)) return *out = c, true;
  return false;
}

bool meter_step_is_sound(int64_t step_min) { return step_min >= 1 && step_min <= METER_DAY_MINUTES && METER_DAY_MINUTES % step_min == 0; }

bool meter_day_take(MeterDay *out, Arena *arena, int step_min, unsigned channels, Error *error) {
  assert(meter_step_is_sound(step_min) && !(channels & ~(unsigned)METER_CHANNELS_ALL));
  *out = (MeterDay){.step_min = step_min, .slots = METER_DAY_MINUTES / step_min, .channels = channels};
  size_t slots = (size_t)out->slots;
  out->marks = arena_take(arena, slots);
  if (!out->marks) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "meter day");
  for (int c = 0; c < METER_CHANNELS; c++) {
    if (!(channels >> c & 1)) continue;
    if (!(out->value[c] = arena_take_array(arena, slots, sizeof(int32_t))))
      return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "meter day");
    for (size_t i = 0; i < slots; i++) out->value[c][i] = METER_NONE;
  }
  return true;
}

/* --- bits, least significant first --- */

typedef struct Writer {
  uint8_t *at;
  uint64_t bits;
  int held;
} Writer;

static inline void put_bits(Writer *w, uint64_t bits, int count) { /* count ≤ 56 */
  w->bits |= bits << w->held;
  w->held += count;
  while (w->held >= 8) {
    *w->at++ = (uint8_t)w->bits;
    w->bits >>= 8;
    w->held -= 8;
  }
}

static uint8_t *end_bits(Writer *w) {
  if (w->held > 0) *w->at++ = (uint8_t)w->bits;
  return w->at;
}

typedef struct Reader {
  const uint8_t *at, *end;
  uint64_t bits;
  int held; /* may count bits past the end, which are noughts; `over` tells */
  int over; /* bits past the end that were counted in */
} Reader;

static inline void refill(Reader *r) {
  if (r->end - r->at >= 8) {
    uint64_t next;
    memcpy(&next, r->at, 8);
    r->bits |= next << r->held;
    int bytes = (63 - r->held) >> 3;
    r->at += bytes;
    r->held += bytes * 8;
    return;
  }
  while (r->held <= 55) {
    if (r->at < r->end)
      r->bits |= (uint64_t)*r->at++ << r->held;
    else
      r->over += 8;
    r->held += 8;
  }
}

/* The parameter follows the running mean of what was coded (in sixteenths), so that it need not be told. */
typedef struct Rice {
  uint32_t mean;
} Rice;

static inline int rice_k(const Rice *rice) { return 31 - __builtin_clz((rice->mean * 11 >> 8) | 1); }
static inline void rice_learn(Rice *rice, uint32_t z) {
  uint32_t seen = z < (1u << 22) ? z << 4 : 1u << 26;
  int32_t step = (int32_t)seen - (int32_t)rice->mean;
  rice->mean = (uint32_t)((int32_t)rice->mean + (step >> 3));
}

static inline uint32_t zigzag(int32_t v) { return (uint32_t)v << 1 ^ (uint32_t)(v >> 31); }
static inline int32_t unzigzag(uint32_t z) { return (int32_t)(z >> 1) ^ -(int32_t)(z & 1); }

/* The quotient in unary up to SHORT, past that as an Elias gamma code: what people switch on and off makes long tails. One count of noughts
 * tells. */
static inline void rice_put(Writer *w, Rice *rice, uint32_t z) {
  int k = rice_k(rice);
  uint32_t q = z >> k;
  if (q < SHORT) {
    put_bits(w, 1ull << q, (int)q + 1);
  } else {
    uint32_t rest = q - SHORT + 1;
    int e = 31 - __builtin_clz(rest);
    put_bits(w, 1ull << (SHORT + e), SHORT + e + 1);
    put_bits(w, rest & ((1u << e) - 1), e);
  }
  put_bits(w, z & ((1u << k) - 1), k);
  rice_learn(rice, z);
}

static inline uint32_t rice_bits(uint32_t z, int k) {
  uint32_t q = z >> k;
  return (uint32_t)k + (q < SHORT ? q + 1 : (uint32_t)(SHORT + 1 + 2 * (31 - __builtin_clz(q - SHORT + 1))));
}

static inline uint32_t take_bits(Reader *r, int count) {
  uint32_t bits = (uint32_t)(r->bits & ((1ull << count) - 1));
  r->bits >>= count;
  r->held -= count;
  return bits;
}

static inline uint32_t rice_get(Reader *r, Rice *rice) {
  int k = rice_k(rice);
  refill(r);
  int noughts = r->bits ? __builtin_ctzll(r->bits) : 63;
  if (noughts > SHORT + 31) noughts = SHORT + 31, r->over = 1 << 20; /* no writer makes this: what was written ends here */
  uint32_t q = (uint32_t)noughts;
  r->bits >>= noughts + 1;
  r->held -= noughts + 1;
  if (noughts >= SHORT) {
    int e = noughts - SHORT;
    refill(r);
    q = (1u << e | take_bits(r, e)) + SHORT - 1;
  }
  uint32_t z = q << k | take_bits(r, k);
  rice_learn(rice, z);
  return z;
}

/* What differences are usual at first, by channel (part of the format). */
static Rice rice_begin(int channel) {
  return (Rice){16u * (channel < METER_CURRENT_A ? 6
                       : channel < METER_POWER_A ? 300
                       : channel < METER_ENERGY  ? 100
                       : channel == METER_ENERGY ? 5
                                                 : 1)};
}

/* --- predictions: the same sequence of calls when writing and when reading --- */

typedef struct Predict {
  How how;
  int64_t mean;         /* running mean in sixteenths */
  int32_t last, before; /* the newest two values */
  int64_t ratio;        /* value over what was expected of the other channels, 1/65536 */
  const int32_t *volt[3], *amp[3], *power;
  int phases, step_min;
  bool reactive;
} Predict;

static int64_t isqrt(int64_t v) { return v <= 0 ? 0 : (int64_t)sqrt((double)v); }

/* What voltage, current and power let us expect at this slot, in the channel's own unit; 0: nothing. */
static inline int64_t expected(const Predict *p, int i) {
  if (p->how == HOW_PRODUCT) {
    int64_t apparent = 0;
    for (int x = 0; x < p->phases; x++) {
      int32_t u = p->volt[x][i], a = p->amp[x][i];
      if (u == METER_NONE || a == METER_NONE) return 0;
      apparent += (int64_t)u * a / 1000;
    }
    if (apparent > (1 << 30) || apparent < -(1 << 30)) return 0;
    if (!p->reactive) return apparent;
    int64_t active = p->power[i];
    return active == METER_NONE ? 0 : isqrt(apparent * apparent - active * active);
  }
  return p->power[i] == METER_NONE ? 0 : p->power[i];
}

static inline int32_t bound(int64_t v) {
  return (int32_t)(v > METER_VALUE_MAX ? METER_VALUE_MAX : v < -METER_VALUE_MAX ? -METER_VALUE_MAX : v);
}

static inline int32_t predict(const Predict *p, int i) {
  switch (p->how) {
    case HOW_SAME:
    case HOW_LAST:
      return p->last;
    case HOW_HALF:
    case HOW_QUARTER:
      return (int32_t)((p->mean + 8) >> 4);
    case HOW_LINE:
      return bound(2 * (int64_t)p->last - p->before);
    case HOW_POWER: {
      int32_t power = p->power[i], earlier = i ? p->power[i - 1] : METER_NONE;
      if (power == METER_NONE || earlier == METER_NONE) return p->last;
      return bound(p->last + (((int64_t)power + earlier) * p->step_min + 6000) / 12000);
    }
    case HOW_PRODUCT:
    case HOW_RATIO:
      break;
  }
  int64_t e = expected(p, i);
  return e ? bound(e * p->ratio >> 16) : p->last;
}

static inline void learn(Predict *p, int i, int32_t v) {
  p->before = p->last;
  p->last = v;
  if (p->how == HOW_HALF || p->how == HOW_QUARTER) {
    p->mean += ((int64_t)v * 16 - p->mean) >> (p->how == HOW_HALF ? 1 : 2);
  } else if (p->how == HOW_PRODUCT || p->how == HOW_RATIO) {
    int64_t e = expected(p, i);
    if (!e) return;
    int64_t ratio = (int64_t)v * 65536 / e;
    if (ratio > 1 << 24) ratio = 1 << 24;
    if (ratio < -(1 << 24)) ratio = -(1 << 24);
    p->ratio += (ratio - p->ratio) >> 1;
  }
}

/* Where `how` stands on other channels, they must be there; false: it cannot be used. */
static bool begin_predict(Predict *p, How how, const MeterDay *day, int channel) {
  *p = (Predict){.how = how, .step_min = day->step_min, .reactive = channel == METER_REACTIVE};
  if (how == HOW_PRODUCT) {
    if (!(channel >= METER_POWER_A && channel <= METER_REACTIVE)) return false;
    for (int x = 0; x < 3; x++) {
      if (channel < METER_POWER && x != channel - METER_POWER_A) continue;
      const int32_t *u = day->value[METER_VOLTAGE_A + x], *a = day->value[METER_CURRENT_A + x];
      if (!u || !a) continue;
      p->volt[p->phases] = u;
      p->amp[p->phases++] = a;
    }
    p->power = day->value[METER_POWER];
    return p->phases > 0 && (!p->reactive || p->power);
  }
  if (how == HOW_RATIO) p->power = channel == METER_REACTIVE ? day->value[METER_POWER] : NULL;
  if (how == HOW_POWER) p->power = channel == METER_ENERGY ? day->value[METER_POWER] : NULL;
  return (how != HOW_RATIO && how != HOW_POWER) || p->power;
}

static inline void first_value(Predict *p, int i, int32_t v) {
  p->last = p->before = v;
  p->mean = (int64_t)v * 16;
  p->ratio = 1 << 16;
  if (p->how != HOW_PRODUCT && p->how != HOW_RATIO) return;
  int64_t e = expected(p, i);
  if (e) p->ratio = (int64_t)v * 65536 / e;
  if (p->ratio > 1 << 24 || p->ratio < -(1 << 24)) p->ratio = 1 << 16;
}

/* --- writing --- */

static uint8_t *put_varint(uint8_t *at, uint32_t v) {
  for (; v >= 0x80; v >>= 7) *at++ = (uint8_t)(v | 0x80);
  *at++ = (uint8_t)v;
  return at;
}

size_t meter_block_most(int slots, unsigned channels) {
  size_t each = 1 + 5 + (size_t)(slots + 7) / 8 + 5 + ((size_t)slots * LONGEST + 7) / 8 + 16;
  return 16 + (size_t)slots * 3 + (size_t)__builtin_popcount(channels) * each;
}

typedef struct Shape { /* of one channel's day */
  int first;      /* -1: no value at all */
  bool all, same; /* nothing is missing; all that is there is one value */
} Shape;

static Shape shape_of(const int32_t *value, int slots) {
  Shape shape = {-1, true, true};
  for (int i = 0; i < slots; i++) {
    if (value[i] == METER_NONE) shape.all = false;
    else if (shape.first < 0) shape.first = i;
    else shape.same &= value[i] == value[shape.first];
  }
  return shape;
}

/* The values behind the first into the writer; without one, how many bits they would take. UINT64_MAX: this prediction cannot be used. */
static inline __attribute__((always_inline)) uint64_t put_values(Writer *writer, const MeterDay *day, int channel, How how, int first) {
  const int32_t *value = day->value[channel];
  Predict p;
  Rice rice = rice_begin(channel);
  uint64_t bits = 0;
  if (!begin_predict(&p, how, day, channel)) return UINT64_MAX;
  first_value(&p, first, value[first]);
  for (int i = first + 1; i < day->slots; i++) {
    if (value[i] == METER_NONE) continue;
    uint32_t z = zigzag(value[i] - predict(&p, i));
    if (writer) rice_put(writer, &rice, z);
    else bits += rice_bits(z, rice_k(&rice)), rice_learn(&rice, z);
    learn(&p, i, value[i]);
  }
  return bits;
}

static How cheapest(const MeterDay *day, int channel, const Shape *shape) {
  /* which ones are worth trying, by what the channel is: most others never win */
  static const How VOLTAGE[] = {HOW_LAST, HOW_HALF, HOW_QUARTER}, CURRENT[] = {HOW_LAST, HOW_HALF, HOW_QUARTER},
                   POWER[] = {HOW_LAST, HOW_PRODUCT, HOW_HALF}, REACTIVE[] = {HOW_HALF, HOW_PRODUCT, HOW_RATIO},
                   ENERGY[] = {HOW_LAST, HOW_POWER, HOW_LINE};
  const How *tries = channel < METER_CURRENT_A   ? VOLTAGE
                     : channel < METER_POWER_A   ? CURRENT
                     : channel < METER_REACTIVE  ? POWER
                     : channel == METER_REACTIVE ? REACTIVE
                                                 : ENERGY;
  if (shape->same) return HOW_SAME;
  How best = HOW_LAST;
  uint64_t least = UINT64_MAX;
  for (int t = 0; t < 3; t++) {
    uint64_t bits = put_values(NULL, day, channel, tries[t], shape->first);
    if (bits < least) least = bits, best = tries[t];
  }
  return best;
}

static uint8_t *put_bitmap(uint8_t *out, const int32_t *value, int slots) {
  memset(out, 0, (size_t)(slots + 7) / 8);
  for (int i = 0; i < slots; i++)
    if (value[i] != METER_NONE) out[i >> 3] |= (uint8_t)(1 << (i & 7));
  return out + (slots + 7) / 8;
}

static uint8_t *put_marks(uint8_t *out, const MeterDay *day) {
  uint32_t runs = 0;
  for (int i = 0; i < day->slots; i++) runs += i == 0 || day->marks[i] != day->marks[i - 1];
  if (runs == 1 && day->marks[0] == 0) runs = 0;
  out = put_varint(out, runs);
  for (int i = 0; runs && i < day->slots;) {
    int from = i;
    while (i < day->slots && day->marks[i] == day->marks[from]) i++;
    out = put_varint(out, (uint32_t)(i - from));
    *out++ = day->marks[from];
  }
  return out;
}

size_t meter_block_encode(const MeterDay *day, uint8_t *out) {
  uint8_t *at = out;
  assert(meter_step_is_sound(day->step_min) && day->slots * day->step_min == METER_DAY_MINUTES);
  *at++ = FORM;
  at = put_varint(at, (uint32_t)day->step_min);
  *at++ = (uint8_t)day->channels;
  *at++ = (uint8_t)(day->channels >> 8);
  at = put_marks(at, day);
  How how[METER_CHANNELS];
  Shape shape[METER_CHANNELS];
  for (int c = 0; c < METER_CHANNELS; c++) {
    if (!(day->channels >> c & 1)) continue;
    shape[c] = shape_of(day->value[c], day->slots);
    how[c] = cheapest(day, c, &shape[c]);
    *at++ = (uint8_t)(how[c] | (shape[c].all ? 0 : SPARSE));
    if (!shape[c].all) at = put_bitmap(at, day->value[c], day->slots);
    if (shape[c].first >= 0) at = put_varint(at, zigzag(day->value[c][shape[c].first]));
  }
  Writer writer = {.at = at};
  for (int c = 0; c < METER_CHANNELS; c++)
    if (day->channels >> c & 1 && how[c] != HOW_SAME) put_values(&writer, day, c, how[c], shape[c].first);
  return (size_t)(end_bits(&writer) - out);
}

/* --- reading --- */

typedef struct Source {
  const uint8_t *at, *end;
} Source;

static bool unsound(Error *error, const char *why) { return error_raise(error, ERROR_METER_BLOCK, "%s", why); }

static bool get_varint(Source *s, uint32_t *out) {
  uint64_t v = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    if (s->at == s->end) return false;
    uint8_t byte = *s->at++;
    v |= (uint64_t)(byte & 0x7F) << shift;
    if (!(byte & 0x80)) return *out = (uint32_t)v, v <= UINT32_MAX;
  }
  return false;
}

static bool get_head(MeterDay *out, Source *s, Error *error) {
  uint32_t step;
  *out = (MeterDay){0};
  if (s->at == s->end || *s->at++ != FORM) return unsound(error, "another form");
  if (!get_varint(s, &step) || !meter_step_is_sound((int64_t)step)) return unsound(error, "step");
  if (s->end - s->at < 2) return unsound(error, "cut off");
  out->channels = (unsigned)s->at[0] | (unsigned)s->at[1] << 8;
  s->at += 2;
  if (out->channels & ~(unsigned)METER_CHANNELS_ALL) return unsound(error, "channels");
  out->step_min = (int)step;
  out->slots = METER_DAY_MINUTES / (int)step;
  return true;
}

/* `marks` may be NULL: passed over. */
static bool get_marks(Source *s, uint8_t *marks, int slots, Error *error) {
  uint32_t runs, length, at = 0;
  if (!get_varint(s, &runs) || runs > (uint32_t)slots) return unsound(error, "marks");
  for (uint32_t r = 0; r < runs; r++) {
    if (!get_varint(s, &length) || s->at == s->end || length > (uint32_t)slots - at) return unsound(error, "marks");
    uint8_t mark = *s->at++;
    if (marks) memset(marks + at, mark, length);
    at += length;
  }
  return !runs || at == (uint32_t)slots ? true : unsound(error, "marks");
}

/* What stands before the bits: of each channel the prediction, the bitmap of its slots, the first value. */
typedef struct Opening {
  struct {
    How how;
    int first; /* -1: no value at all */
    int32_t value;
    const uint8_t *bitmap;
  } channel[METER_CHANNELS];
  Reader bits;
} Opening;

static inline bool bit_of(const uint8_t *bitmap, int i) { return !bitmap || bitmap[i >> 3] >> (i & 7) & 1; }

static bool get_opening(Opening *out, const MeterDay *head, Source *s, Error *error) {
  for (int c = 0; c < METER_CHANNELS; c++) {
    uint32_t z;
    if (!(head->channels >> c & 1)) continue;
    if (s->at == s->end) return unsound(error, "cut off");
    unsigned how = *s->at++;
    if (how & ~(SPARSE | 7u)) return unsound(error, "channel");
    out->channel[c].how = how & 7;
    out->channel[c].first = 0;
    out->channel[c].bitmap = NULL;
    if (how & SPARSE) {
      if (s->end - s->at < (head->slots + 7) / 8) return unsound(error, "cut off");
      out->channel[c].bitmap = s->at;
      s->at += (head->slots + 7) / 8;
      while (out->channel[c].first < head->slots && !bit_of(out->channel[c].bitmap, out->channel[c].first)) out->channel[c].first++;
      if (out->channel[c].first == head->slots) out->channel[c].first = -1;
    }
    if (out->channel[c].first < 0) continue;
    if (!get_varint(s, &z)) return unsound(error, "cut off");
    out->channel[c].value = unzigzag(z);
    if (out->channel[c].value > METER_VALUE_MAX || out->channel[c].value < -METER_VALUE_MAX) return unsound(error, "value");
  }
  out->bits = (Reader){.at = s->at, .end = s->end};
  return true;
}

static bool get_values(int32_t *value, int channel, Predict *p, Reader *r, const uint8_t *bitmap, int from, int slots, Error *error) {
  Rice rice = rice_begin(channel);
  for (int i = from; i < slots; i++) {
    if (bitmap && !(bitmap[i >> 3] >> (i & 7) & 1)) {
      value[i] = METER_NONE;
      continue;
    }
    int64_t v = (int64_t)predict(p, i) + unzigzag(rice_get(r, &rice));
    if (v > METER_VALUE_MAX || v < -METER_VALUE_MAX) return unsound(error, "value");
    value[i] = (int32_t)v;
    learn(p, i, value[i]);
  }
  return r->over <= r->held ? true : unsound(error, "cut off");
}

/* The commonest forms without asking at every slot. */
static inline __attribute__((always_inline)) bool get_dense(int32_t *value, int channel, int slots, Reader *r, How how, Error *error) {
  Rice rice = rice_begin(channel);
  int64_t last = value[0], mean = (int64_t)value[0] * 16;
  for (int i = 1; i < slots; i++) {
    int64_t guess = how == HOW_LAST ? last : (mean + 8) >> 4, v = guess + unzigzag(rice_get(r, &rice));
    if (v > METER_VALUE_MAX || v < -METER_VALUE_MAX) return unsound(error, "value");
    value[i] = (int32_t)v;
    last = v;
    mean += (v * 16 - mean) >> (how == HOW_HALF ? 1 : 2);
  }
  return r->over <= r->held ? true : unsound(error, "cut off");
}

static bool get_channel(const MeterDay *day, int32_t *value, int c, Opening *opening, Error *error) {
  const uint8_t *bitmap = opening->channel[c].bitmap;
  How how = opening->channel[c].how;
  int first = opening->channel[c].first, slots = day->slots;
  Predict p;
  for (int i = 0; i < (first < 0 ? slots : first); i++) value[i] = METER_NONE;
  if (first < 0) return true;
  value[first] = opening->channel[c].value;
  if (!begin_predict(&p, how, day, c)) return unsound(error, "prediction");
  if (how == HOW_SAME) {
    for (int i = first + 1; i < slots; i++) value[i] = bit_of(bitmap, i) ? value[first] : METER_NONE;
    return true;
  }
  if (!bitmap && how == HOW_LAST) return get_dense(value, c, slots, &opening->bits, HOW_LAST, error);
  if (!bitmap && how == HOW_HALF) return get_dense(value, c, slots, &opening->bits, HOW_HALF, error);
  if (!bitmap && how == HOW_QUARTER) return get_dense(value, c, slots, &opening->bits, HOW_QUARTER, error);
  first_value(&p, first, value[first]);
  return get_values(value, c, &p, &opening->bits, bitmap, first + 1, slots, error);
}

bool meter_block_head(MeterDay *out, Text block, Error *error) {
  Source s = {(const uint8_t *)block.at, (const uint8_t *)block.at + block.len};
  return get_head(out, &s, error);
}

bool meter_block_decode_some(MeterDay *out, Text block, unsigned channels, Arena *arena, Error *error) {
  Source s = {(const uint8_t *)block.at, (const uint8_t *)block.at + block.len};
  MeterDay head;
  Opening opening;
  if (!get_head(&head, &s, error)) return false;
  /* the bits of a channel begin where those of the one before end: all up to the last one wanted are decoded */
  unsigned wanted = channels & head.channels, all = wanted ? head.channels & ((2u << (31 - __builtin_clz(wanted))) - 1) : 0;
  if (!meter_day_take(out, arena, head.step_min, all, error) || !get_marks(&s, out->marks, out->slots, error) ||
      !get_opening(&opening, &head, &s, error))
    return false;
  for (int c = 0; c < METER_CHANNELS; c++)
    if (all >> c & 1 && !get_channel(out, out->value[c], c, &opening, error)) return false;
  int64_t left = opening.bits.held - opening.bits.over + 8 * (int64_t)(opening.bits.end - opening.bits.at);
  if (all == head.channels && left >= 8) return unsound(error, "bytes left over");
  out->channels = wanted;
  for (int c = 0; c < METER_CHANNELS; c++)
    if (!(wanted >> c & 1)) out->value[c] = NULL;
  return true;
}

bool meter_block_decode(MeterDay *out, Text block, Arena *arena, Error *error) {
  return meter_block_decode_some(out, block, METER_CHANNELS_ALL, arena, error);
}

/* Head, marks and what stands before the bits, for those who want voltages only. `marks` of METER_SLOTS_MAX, or NULL. */
static bool begin_voltages(MeterDay *head, Opening *opening, uint8_t *marks, Text block, Error *error) {
  Source s = {(const uint8_t *)block.at, (const uint8_t *)block.at + block.len};
  if (!get_head(head, &s, error)) return false;
  if (marks) memset(marks, 0, (size_t)head->slots);
  return get_marks(&s, marks, head->slots, error) && get_opening(opening, head, &s, error);
}

bool meter_block_voltage(int32_t *out, int *slots, Text block, MeterChannel channel, Error *error) {
  MeterDay head;
  Opening opening;
  uint8_t marks[METER_SLOTS_MAX];
  assert(channel <= METER_VOLTAGE_C);
  *slots = 0;
  if (!begin_voltages(&head, &opening, marks, block, error)) return false;
  if (!(head.channels >> channel & 1)) return true;
  for (unsigned c = 0; c <= channel; c++)
    if (head.channels >> c & 1 && !get_channel(&head, out, (int)c, &opening, error)) return false;
  for (int i = 0; i < head.slots; i++)
    if (marks[i] & METER_ABSURD) out[i] = METER_NONE;
  *slots = head.slots;
  return true;
}

bool meter_block_longest_below(int *minutes, Text block, int32_t limit_dv, Error *error) {
  MeterDay head;
  Opening opening;
  uint8_t marks[METER_SLOTS_MAX];
  int32_t value[METER_SLOTS_MAX];
  int longest = 0;
  if (!begin_voltages(&head, &opening, marks, block, error)) return false;
  for (int c = METER_VOLTAGE_A; c <= METER_VOLTAGE_C; c++) {
    if (!(head.channels >> c & 1)) continue;
    if (!get_channel(&head, value, c, &opening, error)) return false;
    for (int i = 0, run = 0; i < head.slots; i++) {
      run = value[i] < limit_dv && value[i] != METER_NONE && !(marks[i] & METER_ABSURD) ? run + 1 : 0;
      if (run > longest) longest = run;
    }
  }
  *minutes = longest * head.step_min;
  return true;
}

void meter_day_voltages(const MeterDay *day, int32_t *lowest, int32_t *highest) {
  int32_t low = INT32_MAX, high = METER_NONE;
  for (int c = METER_VOLTAGE_A; c <= METER_VOLTAGE_C; c++) {
    if (!day->value[c]) continue;
    for (int i = 0; i < day->slots; i++) {
      int32_t v = day->value[c][i];
      if (v == METER_NONE || day->marks[i] & METER_ABSURD) continue;
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  *lowest = low == INT32_MAX ? METER_NONE : low;
  *highest = high;
}
