/* The model of `locate`: how likely each device is to have failed, and how likely each piece of evidence is when a customer
 * is dark against when he is lit. Pure numbers, handed in as LocateParameters; docs/locate.md holds the formulas.
 *
 * When a fault began is not known, so it is a hidden variable with a few values: ONSETS, spans of time that grow with age
 * (the last two minutes, …, the last eight hours). Onset 0 is the oldest. Every likelihood is a vector over onsets: the
 * log of P(evidence | dark since a moment even in that onset, still dark) / P(evidence | lit). */
#ifndef OUTAGE_LOCATE_MODEL_H
#define OUTAGE_LOCATE_MODEL_H

#include "base/time.h"

typedef enum LocateKind {
  LOCATE_SUBSTATION,
  LOCATE_BUSBAR,
  LOCATE_BREAKER,
  LOCATE_RECLOSER,
  LOCATE_SWITCH,
  LOCATE_FUSE,
  LOCATE_LINE,
  LOCATE_TRANSFORMER,
  LOCATE_LV_BREAKER,
  LOCATE_BRANCH_BOX,
  LOCATE_METER_BOX,
  LOCATE_KINDS
} LocateKind;

enum { LOCATE_ONSETS_MAX = 8, LOCATE_SLOTS = 8, LOCATE_CLASSES = 8 };

typedef struct LocateKindPrior {
  double per_year;     /* sustained interruptions by such a device itself a year */
  double per_km_year;  /* faults of each kilometre of the conductor that leads to it */
  double single_phase; /* share of them that take one phase of a device of several */
} LocateKindPrior;

typedef struct LocateParameters {
  /* priors */
  LocateKindPrior kind[LOCATE_KINDS];
  double trips;        /* share of conductor faults that open the nearest protective device above; the rest show as the device below */
  double weather;      /* everything times this: 1 on a calm day, 20 in a storm */
  double storm_shape;  /* locate_fit: a kind's rate is judged (this + found) / (this + expected) of its prior; 0: never */
  double storm_onsets; /* and when they began, as if so many had been found spread evenly over the window */
  double stray_shape;  /* stray rates are fitted, too, as if so many strays had been seen at the given rates; 0: never */
  double call_shape;   /* the share that calls, too, as if so many calls had come as given; 0: never */
  double age_growth;   /* rate grows by exp(this × (age − 20 years)) where the age is known */
  double load_growth;  /* and by exp(this × (load − 0.5)), load as a share of rating, where known */
  /* onsets */
  int onsets;                        /* 1 … LOCATE_ONSETS_MAX */
  Span onset_age[LOCATE_ONSETS_MAX]; /* age at which each begins, falling; the first is the whole window */
  Span onset_renew;                  /* they are laid anew when the newest has grown by this */
  /* calls: of customers dark long enough `call_share` call, their lags exponential with mean `call_lag_s` */
  double call_share, call_lag_s;
  double call_weight[LOCATE_CLASSES]; /* by kind of customer: multiplies the hazard; up to 15 */
  double hour_weight[24];             /* by local hour */
  Span zone;
  double stray_call_year; /* calls a customer a year with the network lit: one house's own fault, mistakes */
  /* meters */
  double gasp_share, gasp_lag_s;          /* of last gasps delivered; mean delay of those that are */
  double stray_gasp_year;                 /* false gasps a meter a year */
  double switch_lag_s, stray_switch_year; /* telemetry: delay of a true opening; false openings a device a year */
  /* what one look at a moment is worth: P(said | dark), P(said | lit) */
  double ping_off_dark, ping_off_lit;
  double up_dark, up_lit; /* a power-up from a meter that is dark all the same */
  double concentrator_off_dark, concentrator_off_lit;
  double crew_wrong;                        /* P(a crew's word is wrong) */
  double callback_answered, callback_wrong; /* a customer called back answers; and is wrong all the same */
  double closed_but_failed;                 /* P(a switch is reported closed | it is open or what it feeds is torn off) */
  Span future_slack;                        /* clocks may run ahead by this */
  Span keep;                                /* evidence older than this is too old to take, and is dropped */
} LocateParameters;

/* Defaults; docs/locate.md says where each comes from. */
LocateParameters locate_parameters_default(void);

/* Interruptions a year by the device itself, and by the conductor that leads to it. Unknown: NAN. */
double locate_device_rate(const LocateParameters *p, LocateKind kind, double age_years, double load);
double locate_conductor_rate(const LocateParameters *p, LocateKind kind, double length_m);
/* What opens when the conductor that leads to a device of kind `below` is short-circuited: the nearest such device above. */
bool locate_protects(LocateKind kind, LocateKind below);
/* Odds of having failed within the window at so many a year, as a log. */
double locate_rate_log_odds(const LocateParameters *p, double per_year);

/* The onsets as they lie now, and what silence says at `now`. */
typedef struct LocateOnsets {
  int count;
  Instant begin[LOCATE_ONSETS_MAX], end[LOCATE_ONSETS_MAX];      /* end[i] = begin[i+1]; the newest ends in the future */
  double share[LOCATE_ONSETS_MAX], log_share[LOCATE_ONSETS_MAX]; /* prior: even over the window */
  double tail[LOCATE_ONSETS_MAX];                                /* Σ of shares from this onset on */
  double slot[LOCATE_ONSETS_MAX][LOCATE_SLOTS];        /* of its faults, the share that began in each eighth of its span; Σ = 1 */
  bool even[LOCATE_ONSETS_MAX];                        /* all its slots are alike */
  double stray_call_year, stray_gasp_year, call_share; /* as the parameters say, until they are fitted */
  double quiet_call[LOCATE_ONSETS_MAX];                /* log P(no call by now | dark since), of a customer of weight 1 */
  double quiet_gasp[LOCATE_ONSETS_MAX];                /* log P(no gasp by now | dark since) */
} LocateOnsets;

void locate_onsets_lay(LocateOnsets *onsets, const LocateParameters *p, Instant now);
/* Other shares than by width, Σ = 1. */
void locate_onsets_share(LocateOnsets *onsets, const double *share);
/* When within each onset they began: faults counted by slot, as if `prior` more had been found spread evenly. Then tick. */
void locate_onsets_slots(LocateOnsets *onsets, const double (*count)[LOCATE_SLOTS], double prior);
void locate_onsets_tick(LocateOnsets *onsets, const LocateParameters *p, Instant now); /* silence at `now` */

/* Density at `at` of a message with an exponential lag of mean `lag_s`, sent after a fault of each slot of onset k. */
void locate_slot_density(const LocateOnsets *onsets, int k, Instant at, double lag_s, double *out);

/* Log-likelihood ratios, dark since onset i against lit, into out[onsets->count]. */
void locate_call_llr(const LocateOnsets *onsets, const LocateParameters *p, Instant at, double weight, double *out);
void locate_gasp_llr(const LocateOnsets *onsets, const LocateParameters *p, Instant at, double *out);
void locate_switch_open_llr(const LocateOnsets *onsets, const LocateParameters *p, Instant at, double *out);
/* A look at moment `at` with log-ratio `llr` = log P(seen | dark then) / P(seen | lit then). */
void locate_look_llr(const LocateOnsets *onsets, Instant at, double llr, double *out);

#endif
