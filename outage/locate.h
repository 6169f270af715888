/* Finding the fault: from calls, meters, switches, crews and silence to the most probable outages on a radial network, exactly,
 * with no thresholds and no timers. A pure engine: plain arrays in, results out; whoever owns the network calls it (the
 * outage room, the command line, the benchmark), one thread at a time.
 *
 * Devices and customers are the caller's own indices, 0 … count-1, in any order. Each piece of evidence costs O(depth);
 * the passing of time costs nothing a customer (locate_advance touches only devices that evidence speaks of). A device with no
 * evidence below it is no hypothesis: a fault nobody speaks for cannot be found. The model and its exactness: docs/locate.md.
 *
 * After Dempster, Pearl (sum-product and max-product on trees); the hidden onset makes nested outages and bursts exact. */
#ifndef OUTAGE_LOCATE_H
#define OUTAGE_LOCATE_H

#include "base/error.h"
#include "outage/locate_model.h"

#define LOCATE_NONE UINT32_MAX

enum { LOCATE_PHASE_A = 1, LOCATE_PHASE_B = 2, LOCATE_PHASE_C = 4 };
enum { LOCATE_GASPS = 1, LOCATE_PINGS = 2, LOCATE_IMPORTANT = 4, LOCATE_VULNERABLE = 8 }; /* customer flags */

/* Only read while locate_new runs. Arrays that may be NULL say so. */
typedef struct LocateNetwork {
  uint32_t device_count, customer_count;
  const uint32_t *parent;        /* the device that feeds this one; LOCATE_NONE at a source */
  const uint8_t *kind;           /* LocateKind */
  const float *length_m;         /* conductor from the parent; NAN unknown; may be NULL */
  const float *age_years, *load; /* NAN unknown; may be NULL */
  const uint8_t *phases;         /* bits; 0 as its parent; NULL: phases play no part */
  const uint32_t *customer_device;
  const uint8_t *customer_phases; /* 0 as the device; may be NULL */
  const uint8_t *customer_class;  /* index of call_weight; may be NULL: 0 */
  const uint8_t *customer_flags;  /* may be NULL: LOCATE_GASPS | LOCATE_PINGS */
} LocateNetwork;

typedef struct Locate Locate;

bool locate_new(Locate **out, const LocateNetwork *network, const LocateParameters *parameters, Instant now, Error *error) MUST_USE;
void locate_free(Locate *locate);

typedef enum LocateEvidenceKind {
  LOCATE_CALL,
  LOCATE_LAST_GASP,
  LOCATE_POWER_UP,
  LOCATE_PING_OFF,
  LOCATE_PING_ON,
  LOCATE_CONCENTRATOR_OFF,
  LOCATE_CONCENTRATOR_ON,
  LOCATE_SWITCH_OPEN,
  LOCATE_SWITCH_CLOSED,
  LOCATE_CREW_DARK,
  LOCATE_CREW_LIT,
  LOCATE_PLANNED_START,
  LOCATE_PLANNED_END,
  LOCATE_SILENCE, /* only in explanations: customers who have said nothing */
  LOCATE_PRIOR,   /* only in explanations: how seldom such a device fails */
  LOCATE_WORD,    /* the dispatcher's override */
  LOCATE_EVIDENCE_KINDS
} LocateEvidenceKind;

extern const char *const locate_evidence_names[LOCATE_EVIDENCE_KINDS]; /* "call", "last_gasp" … */

typedef struct LocateEvidence {
  Instant at;
  LocateEvidenceKind kind;
  bool on_device;   /* subject is a device, not a customer */
  uint32_t subject; /* LOCATE_NONE: the caller knows no such subject (it is counted) */
} LocateEvidence;

typedef enum LocateVerdict {
  LOCATE_TAKEN,
  LOCATE_REPEATED,        /* says what is known already */
  LOCATE_UNKNOWN_SUBJECT, /* no such customer, meter or device */
  LOCATE_WRONG_SUBJECT,   /* this kind cannot be said of such a subject */
  LOCATE_FUTURE,          /* later than now */
  LOCATE_TOO_OLD,         /* older than `keep` */
  LOCATE_STALE,           /* something later says otherwise already */
  LOCATE_CONTRADICTS,     /* a switch both open and closed at one moment: the first word stands, this is set aside */
  LOCATE_VERDICTS
} LocateVerdict;

extern const char *const locate_verdict_names[LOCATE_VERDICTS];

/* Weighs one piece of evidence. False only when memory is out; *verdict says what became of it, and it is counted. */
bool locate_add(Locate *locate, const LocateEvidence *evidence, LocateVerdict *verdict, Error *error) MUST_USE;
/* Many at once, then one solve: for a start or a replay. */
bool locate_add_all(Locate *locate, const LocateEvidence *evidence, size_t count, LocateVerdict *verdicts, Error *error) MUST_USE;
const uint64_t *locate_counts(const Locate *locate); /* [LOCATE_VERDICTS], since the beginning */

/* Time passes: `now` may not go back. Brings so many devices up to this moment as take some 30 ms; a county is done at once, of a country
 * the rest are judged as of a moment ago (LocateSize.behind) until this is called again, with the same `now` if need be. */
bool locate_advance(Locate *locate, Instant now, Error *error) MUST_USE;
/* Solves from nothing what is known; the same numbers as piece by piece. */
bool locate_solve(Locate *locate, Error *error) MUST_USE;

/* How wild is the night, how noisy the meters? The rate of faults of each kind of device, over its prior, when they began, and the rates of
 * strays are fitted to what has been found (a few steps of expectation-maximisation with gamma priors), and all is judged by them.
 * locate_advance does it, too, whenever the onsets are laid anew; after locate_add_all call it yourself. */
bool locate_fit(Locate *locate, Error *error) MUST_USE;
double locate_storm(const Locate *locate, LocateKind kind); /* the factor in use: 1 at first */

/* The dispatcher's word: this device is out (since `at`), is sound, or judge it again yourself. */
typedef enum LocateWord { LOCATE_JUDGE, LOCATE_IS_OUT, LOCATE_IS_SOUND } LocateWord;
bool locate_override(Locate *locate, uint32_t device, LocateWord word, Instant at, Error *error) MUST_USE;
/* Power is back below `device` at `at`: what was said before then is settled and dropped, its own switch and plan too. */
bool locate_restored(Locate *locate, uint32_t device, Instant at, Error *error) MUST_USE;
/* The network is fed in another way now (a tie closed, an island energised): a new parent for every device. What customers
 * whose path changed said before `at` is dropped. On error nothing has changed. */
bool locate_reroute(Locate *locate, const uint32_t *parent, Instant at, Error *error) MUST_USE;

typedef struct LocateTie {
  uint32_t device_a, device_b;
  bool closed;
} LocateTie;

/* Who feeds whom after switching: `open` devices are cut from their normal parent, closed ties join. What no source reaches keeps its
 * normal parent. Closed ties that make a loop, or join two
 * sources: *loop is the index of one, LOCATE_NONE if there is none. */
bool locate_feed(uint32_t device_count, const uint32_t *normal_parent, const uint8_t *open, const LocateTie *ties, size_t tie_count,
                 uint32_t *parent, uint32_t *loop, Error *error) MUST_USE;

typedef struct LocateFault {
  uint32_t device;
  uint8_t phases; /* 0: all of them */
  int onset;      /* index of LocateOnsets */
} LocateFault;

/* The most probable set of faults, outermost first, and its log-probability over "nothing failed": one pass over the active devices. */
bool locate_map(const Locate *locate, Arena *arena, LocateFault **faults, size_t *count, double *log_ratio, Error *error) MUST_USE;

typedef struct LocateReason {
  LocateEvidenceKind kind;
  bool on_device;
  uint32_t subject; /* of the weightiest, LOCATE_NONE where there is none */
  Instant at;
  uint32_t count; /* pieces of this kind */
  double nats;    /* weight of them all together: > 0 for the fault, < 0 against */
} LocateReason;

enum { LOCATE_REASONS_MAX = 16 };

typedef struct LocateOutage {
  uint32_t device;               /* of its class the one to look at first */
  const uint32_t *class_devices; /* those that no evidence can tell apart, source side first */
  uint32_t class_count;
  double probability;    /* that one of the class has failed and is a cause */
  bool planned, by_word; /* known: planned work, or the dispatcher's word */
  uint8_t phases;        /* 0: all */
  int onset;             /* the most probable, index of LocateOnsets */
  Instant since;
  uint32_t customers, important, vulnerable;
  /* from here on: filled by locate_explain */
  LocateReason reason[LOCATE_REASONS_MAX]; /* weightiest first */
  uint32_t reason_count;
  uint32_t ask_customer; /* whose answer gains most, LOCATE_NONE if none */
  bool ask_by_ping;      /* ping the meter; else call back */
  double ask_bits;       /* expected gain */
} LocateOutage;

/* Every class at least `least` probable (0 < least < 1), most probable first; alternatives for the same evidence are not
 * repeated. Arrays live in `arena`. */
bool locate_report(const Locate *locate, double least, Arena *arena, LocateOutage **outages, size_t *count, Error *error) MUST_USE;

/* Why, and what would settle it: the evidence for and against, and the one customer whose answer is worth most. */
bool locate_explain(const Locate *locate, LocateOutage *outage, Error *error) MUST_USE;

/* For the agent on a call: is this customer in an outage we know, or do the neighbours have power? */
typedef struct LocateCustomer {
  double dark;    /* probability that the network has left him dark */
  uint32_t cause; /* the most probable failed device above him, LOCATE_NONE if dark < 0.5 */
  double cause_probability;
  uint32_t neighbours_lit, neighbours_dark; /* customers of the same transformer (or device) who said so */
} LocateCustomer;
bool locate_customer(const Locate *locate, uint32_t customer, LocateCustomer *out, Error *error) MUST_USE;

/* Probability that a device is a cause, and that what it feeds is dark (all phases). A device no evidence speaks of is no cause. */
bool locate_device(const Locate *locate, uint32_t device, double *cause, double *dark, Error *error) MUST_USE;
double locate_log_evidence(const Locate *locate); /* log of Σ over all sets of faults, over "nothing failed" */

typedef struct LocateSize {
  uint64_t bytes;                 /* held by the engine */
  uint32_t active_devices, items; /* devices that evidence speaks of; pieces of evidence held */
  uint32_t behind;                /* of these, judged as of a moment ago: locate_advance goes on with them */
} LocateSize;
LocateSize locate_size(const Locate *locate);

#endif
