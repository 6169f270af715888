/* Which phase a meter hangs on, and whether it hangs on the transformer the books say: found from what meters measure anyway.
 * A pure engine: arrays in, verdicts out.
 *
 * Readings of one meter say little: at class 0.1 % the noise is as large as what the loads do to the voltage, and the voltage at the
 * transformer hardly moves at all. Together they say it: the meters of one phase of one transformer share the drop of the same loads.
 *   1. Cluster. A phase's reference is the weighted mean of the meters thought to be on it, without the one that is judged. With x the
 *      series without their means, f the reference: rss = xx − (xf)²/ff, and  the log likelihood of the place is −n/2·ln(rss + σ²), σ the
 *     error of a reading; σ² in the sum keeps two meters of one box, nearly equal, from ruling. Meters go where they are likeliest,
 *      weights become their loadings, until nothing moves; from many starts. All of it in the matrix of covariances, so a start costs
 *      (meters)².
 *   2. Name the three clusters: of the 6 ways the one that agrees best with the transformer's voltages and, where it measures its load by
 *      phase, with that.
 *   3. Where meters' and transformer's loads are known: per phase, transformer's = sum of meters' and a rest; the likelihood of that is
 *      added, and meters go on moving while the whole gains. A meter that draws nothing goes by its voltage alone.
 *   4. Transformers together: a meter goes to another one's phase when that is likelier than its own by more than the books are trusted.
 * Cf. Pezeshki, Wolfs: Consumer phase identification in a three phase unbalanced LV distribution network, ISGT Europe 2012 (the plain
 * correlation); Hoogsteyn et al., Low voltage grid topology identification with machine learning, 2022 (data and noise of the tests). */
#ifndef SUPPLY_IDENTIFY_H
#define SUPPLY_IDENTIFY_H

#include "base/error.h"
#include "base/memory.h"

enum { IDENTIFY_STARTS = 60, IDENTIFY_ROUNDS = 40, IDENTIFY_TRANSFORMERS_MAX = 16, IDENTIFY_METERS_MAX = 2000 };

typedef struct IdentifyMeter {
  uint32_t transformer;  /* where the books have it */
  uint8_t wires;         /* 1 or 3: series of volts, of a three-phase meter in the order of its terminals */
  const float *volts[3]; /* `samples` each; NaN: missing */
  const float *kw;       /* of all its phases together; NULL: not known */
} IdentifyMeter;

typedef struct IdentifyTransformer {
  const float *volts[3];
  const float *kw[3]; /* NULL: its load is not measured by phase */
} IdentifyTransformer;

typedef struct IdentifyCase {
  size_t samples, meter_count, transformer_count;
  const IdentifyMeter *meters;
  const IdentifyTransformer *transformers;
  double sigma_volts;       /* error of a reading: class / 3 of nominal, and rounding */
  double wrong_transformer; /* how many meters stand at a wrong transformer in the books, beforehand; 0: none, do not look */
  uint64_t seed;            /* of the starts */
} IdentifyCase;

typedef struct IdentifyVerdict {
  uint32_t transformer;
  uint8_t phase[3];  /* 0, 1, 2 = A, B, C; as many as wires */
  bool known;        /* false: its voltage never moves, or no reading */
  double confidence; /* 0…1 that transformer and phase are right */
  double transformer_confidence;
} IdentifyVerdict;

/* verdicts: of the caller, one a meter. Errors: LIMIT, OUT_OF_MEMORY, FIELD_INVALID (a transformer that is not there, wires). */
bool identify_meters(const IdentifyCase *given, IdentifyVerdict *verdicts, Arena *arena, Error *error) MUST_USE;

/* The yardstick: each series goes where its own correlation with a transformer's voltage is best. */
bool identify_plain(const IdentifyCase *given, IdentifyVerdict *verdicts, Arena *arena, Error *error) MUST_USE;

#endif
