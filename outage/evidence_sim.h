/* Faults drawn on a network and the evidence they would leave: calls, last gasps, strays, with the truth beside it. A pure engine for
 * `dianbaomu simulate-outages`, the benchmark and the virtual county. Same seed, same evidence. Its model of people and meters is
 * its own and richer than what `locate` believes (lags that are not exponential, gasps lost a whole transformer at a time). */
#ifndef OUTAGE_EVIDENCE_SIM_H
#define OUTAGE_EVIDENCE_SIM_H

#include "base/random.h"
#include "outage/locate.h"

typedef struct EvidenceSim {
  uint32_t outages;
  uint64_t seed;
  Instant begin;
  Span spread;                              /* faults begin evenly within this */
  Span length;                              /* evidence is drawn until begin + length */
  uint32_t kinds;                           /* bits 1 << LocateKind that may fail; 0: breaker, recloser, fuse, transformer, lv_breaker */
  bool by_prior;                            /* drawn by the engine's prior rates; else evenly over the devices */
  uint32_t least_customers, most_customers; /* below a faulty device; most 0: no limit */
  bool nested;                              /* faults may lie above one another */
  double single_phase;                      /* share of faults of devices with several phases that take one phase only */
  double call_share;                        /* of dark customers who call in the end */
  double call_median_s;                     /* lag of calls: log-normal */
  double call_sigma;
  double gasp_share;     /* of last gasps delivered */
  double gasp_delay_s;   /* 30 s to be sure, then exponential with this mean */
  double gasp_area_loss; /* chance that a transformer's meters all stay mute */
  double stray_calls;    /* calls a lit customer makes in the whole length */
  double stray_gasps;
} EvidenceSim;
EvidenceSim evidence_sim_default(void);

typedef struct EvidenceTruth {
  uint32_t device;
  uint8_t phases; /* 0: all */
  Instant at;
  uint32_t customers; /* that it leaves dark */
} EvidenceTruth;

typedef struct EvidenceRun {
  EvidenceTruth *truth;
  uint32_t truth_count;     /* fewer than asked for where the network has no more room */
  LocateEvidence *evidence; /* by time */
  size_t evidence_count;
} EvidenceRun;

bool evidence_simulate(const EvidenceSim *sim, const LocateNetwork *network, const LocateParameters *priors, Arena *arena, EvidenceRun *out,
                       Error *error) MUST_USE;

#endif
