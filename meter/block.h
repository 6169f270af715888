/* The block: what one meter measured on one local day, compressed to a few bytes a reading. Pure: arrays in, bytes out and back, no I/O, no
 * clock.
 *
 * A day is cut into slots of `step_min` minutes from local midnight (Asia/Shanghai); slot i is the moment midnight + i × step. A channel is
 * one whole number a slot, METER_NONE where nothing is known. Units are those the meters speak (DL/T 645-2007), so nothing is rounded:
 *   voltage 0.1 V · current 0.001 A · active power 0.1 W · reactive power 0.1 var · energy registers 0.01 kWh (with their transformer's
 * ratio) Marks are one byte a slot, bits MeterMark.
 *
 * How: per channel the cheapest of a few predictions (the last value, running means, a straight line; power from voltage × current,
 * reactive power from both, energy from power), then the differences as adaptive Rice codes with gamma tails, whose parameter follows the
 * running mean, so that no table is kept. All bits stand in one stream, the voltages' first: a question about voltage decodes voltage
 * alone.
 *
 *   byte 1 (form) · varint step_min · u16 channels · varint runs of marks, each (varint slots, byte) · per channel, in the order of
 * MeterChannel: byte how (bits 0–2 prediction, bit 3: a bitmap follows, of the slots that have a value), [bitmap], [varint: first value,
 * zigzag] · the bits */
#ifndef METER_BLOCK_H
#define METER_BLOCK_H

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

typedef enum MeterChannel { /* part of the format */
                            METER_VOLTAGE_A,
                            METER_VOLTAGE_B,
                            METER_VOLTAGE_C,
                            METER_CURRENT_A,
                            METER_CURRENT_B,
                            METER_CURRENT_C,
                            METER_POWER_A,
                            METER_POWER_B,
                            METER_POWER_C,
                            METER_POWER, /* all phases together */
                            METER_REACTIVE,
                            METER_ENERGY,     /* taken from the network */
                            METER_ENERGY_OUT, /* given to it */
                            METER_CHANNELS
} MeterChannel;
enum { METER_VOLTAGES = 0x0007, METER_CURRENTS = 0x0038, METER_POWERS = 0x03C0, METER_CHANNELS_ALL = 0x1FFF };

typedef enum MeterMark {
  METER_ESTIMATED = 1, /* computed, not measured: never counts against a customer */
  METER_REPLACED = 2,  /* a later message said otherwise than an earlier one; this is the later */
  METER_ABSURD = 4,    /* cannot be (kept as it came); left out of every figure and watch */
  METER_LATE = 8,      /* came after its day was closed */
} MeterMark;

#define METER_NONE INT32_MIN
enum { METER_SLOTS_MAX = 1440, METER_DAY_MINUTES = 1440, METER_VALUE_MAX = (1 << 30) - 1 }; /* values lie in ± METER_VALUE_MAX */

typedef struct MeterDay {
  int step_min, slots;            /* slots × step_min = METER_DAY_MINUTES */
  unsigned channels;              /* bits 1 << MeterChannel */
  int32_t *value[METER_CHANNELS]; /* `slots` long each; NULL where the channel is not in `channels` */
  uint8_t *marks;                 /* `slots` long */
} MeterDay;

/* An empty day in the arena: every value METER_NONE, no mark. step_min must divide a day. */
bool meter_day_take(MeterDay *out, Arena *arena, int step_min, unsigned channels, Error *error) MUST_USE;
bool meter_step_is_sound(int64_t step_min);

/* The most bytes a day of so many slots and channels can take. */
size_t meter_block_most(int slots, unsigned channels);
/* Writes the block; returns its length, at most meter_block_most. */
size_t meter_block_encode(const MeterDay *day, uint8_t *out);
/* What stands in a block, without decoding values: step_min, slots, channels. */
bool meter_block_head(MeterDay *out, Text block, Error *error) MUST_USE;
/* The whole of it; the arrays are taken from the arena. */
bool meter_block_decode(MeterDay *out, Text block, Arena *arena, Error *error) MUST_USE;
/* Some channels only: the others' pointers in `out` stay NULL and their bits are left out. marks are decoded too. */
bool meter_block_decode_some(MeterDay *out, Text block, unsigned channels, Arena *arena, Error *error) MUST_USE;
/* One voltage into `out` of METER_SLOTS_MAX; *slots 0 when the block has not this channel. The fastest way. Absurd
 * slots are METER_NONE. */
bool meter_block_voltage(int32_t *out, int *slots, Text block, MeterChannel channel, Error *error) MUST_USE;

/* The longest time any one voltage stayed under the limit, in minutes; slots without a value, and absurd ones, break it. Decodes voltages
 * only. */
bool meter_block_longest_below(int *minutes, Text block, int32_t limit_dv, Error *error) MUST_USE;

/* Lowest and highest voltage of a day over its phases, absurd slots left out; METER_NONE when there is none. */
void meter_day_voltages(const MeterDay *day, int32_t *lowest, int32_t *highest);

/* Words for files and faces. */
const char *meter_channel_name(MeterChannel channel); /* "voltage_a" */
bool meter_channel_of_name(Text name, MeterChannel *out);
double meter_channel_unit(MeterChannel channel); /* of one step: 0.1, 0.001, 0.1, 0.1, 0.01 */
int meter_channel_decimals(MeterChannel channel);

#endif
