/* Meters that hang on another transformer than the books say: which meters of an area deserve to be looked into, and with which neighbour.
 * A pure engine, and cheap, so that a whole county can be searched: what it names, identify.h then judges together with the neighbour.
 *
 * Each phase of an area has a reference: the mean of the voltages of its meters. A meter is held against the references of its own area (less
 * itself) and against those of the areas around it; what the medium voltage does to all of them is taken off first, as in identify.h:
 *   y, r without c, the mean of all references;  log likelihood of a place = −n/2 · ln((yy − (yr)²/rr + σ²) / (yy + σ²))
 * A meter likelier elsewhere is a suspect. Work: meters × references × samples, once. */
#ifndef SUPPLY_STRAY_H
#define SUPPLY_STRAY_H

#include "supply/identify.h"

enum { STRAY_NEIGHBOURS = 6, STRAY_ROUNDS = 3 };

/* The phases of an area as its meters feel them. Sums of centred series, so that one of them can be taken out again. */
typedef struct StrayReference {
  float *sum[3]; /* `samples` each */
  uint32_t members[3];
} StrayReference;

/* `phase`: [meter] 0…2 where the books have a one-phase meter, else 3 (unknown: it goes where it fits). Afterwards where it fits best; for three
 * wires 0. Meters that never spoke count nowhere. sum: of the caller, 3 × samples. */
bool stray_refer(StrayReference *out, const IdentifyMeter *meters, uint8_t *phase, size_t count, size_t samples, Arena *work,
                 Error *error) MUST_USE;

typedef struct StraySuspect {
  uint32_t meter, neighbour; /* rows */
  double gain;               /* log likelihood there over that here */
} StraySuspect;

/* Meters (phases as stray_refer left them) likelier at one of the neighbours, likeliest first. out: of the caller, one a meter. */
bool stray_suspects(StraySuspect *out, size_t *found, const IdentifyMeter *meters, const uint8_t *phase, size_t count, const StrayReference *own,
                    const StrayReference *neighbours, size_t neighbour_count, size_t samples, double sigma_volts, Arena *work,
                    Error *error) MUST_USE;

#endif
