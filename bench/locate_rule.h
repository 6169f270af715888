/* The yardstick: the classical rule of commercial outage systems, for the benchmark only. A protective device is taken to be out once at
 * least `least` of the customers below it (or all, where it has fewer) have signalled, call or last gasp, within `timer`, at least
 * `share` of them, from at least `branches` of its branches (or all) and `branch_share` of those: they have it in common. The
 * outermost such device counts. */
#ifndef BENCH_LOCATE_RULE_H
#define BENCH_LOCATE_RULE_H

#include "outage/locate.h"

typedef struct LocateRule {
  uint32_t least;
  double share;
  uint32_t branches;
  double branch_share;
  Span timer;
} LocateRule;

typedef struct RuleNetwork RuleNetwork;
RuleNetwork *rule_network(const LocateNetwork *network); /* parents before children; NULL: out of memory */
void rule_free(RuleNetwork *rule);
/* Devices the rule names at `now`, by index, into `out` (room for device_count); returns how many. */
uint32_t rule_locate(RuleNetwork *rule, const LocateRule *how, const LocateEvidence *evidence, size_t count, Instant now, uint32_t *out);

#endif
