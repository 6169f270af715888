/* Why an outage is believed, whom to ask next, and what an agent should tell one customer. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "outage/locate_internal.h"

enum { ASK_NODES_MAX = 2000, ASK_CHILDREN_MAX = 1000 };

/* ---- reasons ---- */

static void count_item(const Locate *l, const LocateEra *era, const LocateItem *item, int onset, LocateReason *reasons, double *best) {
  double llr[LOCATE_ONSETS_MAX];
  locate_item_llr(l, era, item, llr);
  LocateReason *reason = &reasons[item->kind];
  reason->count++;
  reason->nats += llr[onset];
  if (reason->count > 1 && fabs(llr[onset]) <= best[item->kind]) return;
  best[item->kind] = fabs(llr[onset]);
  reason->on_device = item->on_device, reason->at = item->at;
  reason->subject = item->on_device ? l->layout.device_of[item->subject] : l->layout.customer_of[item->subject];
}

static int by_weight(const void *a, const void *b) {
  const LocateReason *x = a, *y = b;
  double wx = fabs(x->nats), wy = fabs(y->nats);
  return wx != wy ? (wx < wy ? 1 : -1) : (int)x->kind - (int)y->kind;
}

static void find_reasons(const Locate *l, uint32_t head, LocateOutage *outage) {
  const LocateLayout *y = &l->layout;
  const LocateEra *era = locate_era_at(l, head);
  LocateReason reasons[LOCATE_EVIDENCE_KINDS] = {0};
  double best[LOCATE_EVIDENCE_KINDS] = {0}, weight = 0, gasps = 0;
  int lane = outage->phases ? __builtin_ctz(outage->phases) : LOCATE_LANE_ANY, onset = outage->onset;
  uint32_t silent = 0;
  for (uint32_t c = y->device[head].first; c < y->device[y->device[head].end].first; c++) {
    if (lane <= LOCATE_LANE_C && y->customer_lane[c] != lane) continue;
    double w = (double)(y->before[c + 1].weight - y->before[c].weight) / 16, g = (double)(y->before[c + 1].gasps - y->before[c].gasps);
    if (l->customer_items[c] == LOCATE_NONE) silent++;
    for (uint32_t i = l->customer_items[c]; i != LOCATE_NONE; i = l->items.at[i].next) {
      count_item(l, era, &l->items.at[i], onset, reasons, best);
      if (l->items.at[i].kind == LOCATE_CALL) w = 0;
      if (l->items.at[i].kind == LOCATE_LAST_GASP) g = 0;
    }
    weight += w, gasps += g;
  }
  for (uint32_t d = head; d < y->device[head].end; d++) {
    if (l->layout.device[d].node == LOCATE_NONE) {
      d = y->device[d].end - 1;
      continue;
    }
    for (uint32_t i = locate_items_of_device(l, d); i != LOCATE_NONE; i = l->items.at[i].next) {
      const LocateItem *item = &l->items.at[i];
      /* what is said of another device's own switch or plan is no evidence for this one */
      if (locate_item_is_own(item->kind) && l->layout.device_of[d] != outage->device) continue;
      count_item(l, era, item, onset, reasons, best);
    }
  }
  double quiet = weight * era->onsets.quiet_call[onset] + gasps * era->onsets.quiet_gasp[onset];
  reasons[LOCATE_SILENCE] = (LocateReason){.subject = LOCATE_NONE, .at = l->now, .count = silent, .nats = quiet};
  double odds = 0;
  for (uint32_t d = head; d != LOCATE_NONE; d = locate_class_next(l, d))
    odds += exp((double)y->device[d].log_odds + era->log_storm[y->device[d].kind]);
  reasons[LOCATE_PRIOR] = (LocateReason){
      .on_device = true, .subject = outage->device, .at = l->now, .count = 1, .nats = log(odds) + era->onsets.log_share[onset]};
  outage->reason_count = 0;
  for (int kind = 0; kind < LOCATE_EVIDENCE_KINDS; kind++) {
    reasons[kind].kind = (LocateEvidenceKind)kind;
    if (reasons[kind].count && outage->reason_count < LOCATE_REASONS_MAX) outage->reason[outage->reason_count++] = reasons[kind];
  }
  qsort(outage->reason, outage->reason_count, sizeof *outage->reason, by_weight);
}

/* ---- whom to ask ---- */

static double entropy_bits(double p) { return p <= 0 || p >= 1 ? 0 : -(p * log2(p) + (1 - p) * log2(1 - p)); }

/* What the answer tells, in bits, about everything: the answer hangs on the customer's darkness alone, so this is the mutual
 * information between him and his answer. */
static double answer_bits(const LocateParameters *p, double dark, bool ping) {
  double off_dark = ping ? p->ping_off_dark : 1 - p->callback_wrong, off_lit = ping ? p->ping_off_lit : p->callback_wrong;
  double bits = entropy_bits(dark * off_dark + (1 - dark) * off_lit) - dark * entropy_bits(off_dark) - (1 - dark) * entropy_bits(off_lit);
  return ping ? bits : bits * p->callback_answered;
}

static void offer(const Locate *l, uint32_t c, double dark, LocateOutage *outage) {
  bool ping = (l->layout.customer_flags[c] & LOCATE_PINGS) != 0;
  double bits = answer_bits(&l->p, dark, ping);
  if (bits <= outage->ask_bits) return;
  outage->ask_bits = bits, outage->ask_by_ping = ping, outage->ask_customer = l->layout.customer_of[c];
}

/* Customers whose darkness is this node's own: those on the device and those below silent parts of it. One a lane is enough. */
static void offer_node(const Locate *l, const LocateNode *node, const LocateView *view, LocateOutage *outage) {
  const LocateLayout *y = &l->layout;
  bool offered[LOCATE_LANE_SEVERAL + 1] = {false};
  double dark[LOCATE_LANE_SEVERAL + 1];
  for (uint8_t lane = 0; lane <= LOCATE_LANE_SEVERAL; lane++) dark[lane] = locate_view_dark(l, node, view, lane);
  uint32_t looked = 0;
  for (uint32_t c = y->device[node->device].first; c < y->device[node->device + 1].first && looked < ASK_CHILDREN_MAX; c++, looked++) {
    uint8_t lane = y->customer_lane[c];
    if (offered[lane] || l->customer_items[c] != LOCATE_NONE) continue;
    offered[lane] = true;
    offer(l, c, dark[lane], outage);
  }
  for (uint32_t child = node->device + 1; child < y->device[node->device].end && looked < ASK_CHILDREN_MAX;
       child = y->device[child].end, looked++) {
    if (l->layout.device[child].node != LOCATE_NONE || y->device[child].first == y->device[y->device[child].end].first) continue;
    uint32_t c = y->device[child].first;
    if (offered[y->customer_lane[c]]) continue;
    offered[y->customer_lane[c]] = true;
    offer(l, c, dark[y->customer_lane[c]], outage);
  }
}

static bool find_question(const Locate *l, uint32_t node, LocateOutage *outage, Error *error) {
  VECTOR(LocateBeam) stack = {0};
  LocateBeam beam;
  LocateView view;
  bool ok = false;
  outage->ask_customer = LOCATE_NONE, outage->ask_bits = 0;
  /* from the outermost device that may well be dark (darkness only grows downwards): whether it is, is part of the question */
  uint32_t path[LIMIT_TREE_DEPTH], length = locate_path(l, node, path);
  locate_beam_root(l, path[0], &beam);
  view.log_z = locate_outer_of(l, &l->nodes.at[path[0]])[0];
  for (uint32_t i = 0; i + 1 < length; i++) {
    locate_look(l, &beam, &view);
    if (locate_view_dark(l, &l->nodes.at[path[i]], &view, LOCATE_LANE_ANY) >= 0.01) break;
    LocateBeam above = beam;
    locate_beam(l, &above, &view, path[i + 1], &beam);
  }
  if (!vector_push(&stack, beam)) goto done;
  for (int count = 0; stack.count && count < ASK_NODES_MAX; count++) {
    beam = stack.at[--stack.count];
    locate_look(l, &beam, &view);
    const LocateNode *at = &l->nodes.at[beam.node];
    offer_node(l, at, &view, outage);
    for (uint32_t child = at->child; child != LOCATE_NONE && stack.count < ASK_NODES_MAX; child = l->nodes.at[child].sibling) {
      LocateBeam next;
      locate_beam(l, &beam, &view, child, &next);
      if (!vector_push(&stack, next)) goto done;
    }
  }
  ok = true;
done:
  vector_free(&stack);
  return ok ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "locate: explain");
}

bool locate_explain(const Locate *l, LocateOutage *outage, Error *error) {
  if (outage->device >= l->layout.device_count) return error_raise(error, ERROR_NOT_FOUND, "device\t%u", outage->device);
  uint32_t head = locate_class_head(l, l->layout.place_of[outage->device]), active = head;
  find_reasons(l, head, outage);
  while (active != LOCATE_NONE && l->layout.device[active].node == LOCATE_NONE) active = l->layout.device[active].parent;
  if (active == LOCATE_NONE) return true;
  return find_question(l, l->layout.device[active].node, outage, error);
}

/* ---- one customer ---- */

bool locate_customer(const Locate *l, uint32_t customer, LocateCustomer *out, Error *error) {
  *out = (LocateCustomer){.cause = LOCATE_NONE};
  if (customer >= l->layout.customer_count) return error_raise(error, ERROR_NOT_FOUND, "customer\t%u", customer);
  const LocateLayout *y = &l->layout;
  uint32_t c = y->customer_place[customer], d = y->customer_device[c], area = d;
  for (uint32_t up = d; up != LOCATE_NONE; up = y->device[up].parent)
    if (y->device[up].kind == LOCATE_TRANSFORMER) {
      area = up;
      break;
    }
  for (uint32_t other = y->device[area].first; other < y->device[y->device[area].end].first; other++) {
    bool lit = false, dark = false;
    for (uint32_t i = l->customer_items[other]; i != LOCATE_NONE; i = l->items.at[i].next) {
      int kind = l->items.at[i].kind;
      if (kind == LOCATE_POWER_UP || kind == LOCATE_PING_ON || kind == LOCATE_CREW_LIT)
        lit = true;
      else
        dark = true;
    }
    /* of who said both, the dark word is the later one: the lit word would have displaced it */
    if (other != c) out->neighbours_dark += dark, out->neighbours_lit += lit && !dark;
  }
  while (d != LOCATE_NONE && l->layout.device[d].node == LOCATE_NONE) d = y->device[d].parent;
  if (d == LOCATE_NONE) return true;
  uint32_t path[LIMIT_TREE_DEPTH], length = locate_path(l, l->layout.device[d].node, path), cause = LOCATE_NONE;
  LocateBeam beam;
  LocateView view = {.log_z = locate_outer_of(l, &l->nodes.at[path[0]])[0]};
  locate_beam_root(l, path[0], &beam);
  for (uint32_t i = 0; i < length; i++) {
    int onset, mode;
    if (i > 0) {
      LocateBeam above = beam;
      locate_beam(l, &above, &view, path[i], &beam);
    }
    locate_look(l, &beam, &view);
    double p = locate_view_cause(l, &view, &onset, &mode);
    if (p > out->cause_probability) out->cause_probability = p, cause = y->device_of[l->nodes.at[path[i]].device];
  }
  out->dark = locate_view_dark(l, &l->nodes.at[l->layout.device[d].node], &view, y->customer_lane[c]);
  if (out->dark >= 0.5)
    out->cause = cause;
  else
    out->cause_probability = 0;
  return true;
}
