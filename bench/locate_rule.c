#include "bench/locate_rule.h"

#include <math.h>

#include "base/memory.h"

struct RuleNetwork {
  const LocateNetwork *network;
  uint32_t *customers, *signals, *branches, *branches_out; /* by device */
  uint8_t *protective, *out, *signalled;
};

RuleNetwork *rule_network(const LocateNetwork *network) {
  size_t n = network->device_count, m = network->customer_count;
  RuleNetwork *rule = memory_new(sizeof *rule);
  if (!rule) return NULL;
  rule->network = network;
  rule->customers = memory_new((n + 1) * 4), rule->signals = memory_new((n + 1) * 4);
  rule->branches = memory_new((n + 1) * 4), rule->branches_out = memory_new((n + 1) * 4);
  rule->protective = memory_new(n + 1), rule->out = memory_new(n + 1), rule->signalled = memory_new(m + 1);
  if (!rule->customers || !rule->signals || !rule->branches || !rule->branches_out || !rule->protective || !rule->out || !rule->signalled) {
    rule_free(rule);
    return NULL;
  }
  for (uint32_t c = 0; c < m; c++) rule->customers[network->customer_device[c]]++;
  for (uint32_t d = (uint32_t)n; d-- > 0;)
    if (network->parent[d] != LOCATE_NONE) rule->customers[network->parent[d]] += rule->customers[d];
  for (uint32_t d = 0; d < n; d++) {
    uint8_t k = network->kind[d];
    rule->protective[d] =
        k == LOCATE_BREAKER || k == LOCATE_RECLOSER || k == LOCATE_FUSE || k == LOCATE_TRANSFORMER || k == LOCATE_LV_BREAKER;
  }
  for (uint32_t d = 0; d < n; d++) {
    if (!rule->protective[d] || rule->customers[d] == 0) continue;
    for (uint32_t up = network->parent[d]; up != LOCATE_NONE; up = network->parent[up])
      if (rule->protective[up]) {
        rule->branches[up]++;
        break;
      }
  }
  return rule;
}

void rule_free(RuleNetwork *rule) {
  if (!rule) return;
  void *all[] = {rule->customers, rule->signals, rule->branches, rule->branches_out, rule->protective, rule->out, rule->signalled, rule};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) memory_free(all[i]);
}

uint32_t rule_locate(RuleNetwork *rule, const LocateRule *how, const LocateEvidence *evidence, size_t count, Instant now, uint32_t *out) {
  const LocateNetwork *network = rule->network;
  uint32_t n = network->device_count, found = 0;
  memset(rule->signals, 0, (size_t)n * 4), memset(rule->branches_out, 0, (size_t)n * 4);
  memset(rule->out, 0, n), memset(rule->signalled, 0, network->customer_count);
  for (size_t i = 0; i < count; i++) {
    const LocateEvidence *e = &evidence[i];
    if (e->at > now || e->at < now - how->timer || rule->signalled[e->subject]) continue;
    if (e->kind != LOCATE_CALL && e->kind != LOCATE_LAST_GASP) continue;
    rule->signalled[e->subject] = 1;
    for (uint32_t d = network->customer_device[e->subject]; d != LOCATE_NONE; d = network->parent[d])
      if (rule->protective[d]) {
        rule->signals[d]++;
        break;
      }
  }
  for (uint32_t d = n; d-- > 0;) {
    if (!rule->protective[d] || rule->signals[d] == 0) continue;
    uint32_t least = how->least < rule->customers[d] ? how->least : rule->customers[d];
    uint32_t branches = how->branches < rule->branches[d] ? how->branches : rule->branches[d];
    rule->out[d] = rule->signals[d] >= least && rule->signals[d] >= how->share * rule->customers[d] && rule->branches_out[d] >= branches &&
                   rule->branches_out[d] >= how->branch_share * rule->branches[d];
    for (uint32_t up = network->parent[d]; up != LOCATE_NONE; up = network->parent[up])
      if (rule->protective[up]) {
        rule->signals[up] += rule->signals[d], rule->branches_out[up]++;
        break;
      }
  }
  for (uint32_t d = 0; d < n; d++) {
    bool covered = false;
    for (uint32_t up = network->parent[d]; rule->out[d] && !covered && up != LOCATE_NONE; up = network->parent[up]) covered = rule->out[up];
    if (rule->out[d] && !covered) out[found++] = d;
  }
  return found;
}
