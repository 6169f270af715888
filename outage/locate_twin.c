#include "outage/locate_twin.h"

#include <assert.h>
#include <math.h>

/* ---- drawing ---- */

static void say(TwinCase *c, Instant at, LocateEvidenceKind kind, bool on_device, uint32_t subject) {
  assert(c->evidence_count < TWIN_EVIDENCE);
  c->evidence[c->evidence_count++] = (LocateEvidence){at, kind, on_device, subject};
}

/* At most one piece of a kind a subject, lit words before dark ones: nothing displaces anything, so the twin may take the list as is. */
static void draw_evidence(TwinCase *c, Random *r) {
  double talk = random_unit(r);
  for (uint32_t i = 0; i < c->customers; i++) {
    if (random_unit(r) > talk) continue;
    Instant at = c->now - SPAN_MILLISECOND * random_between(r, 0, 3 * SPAN_HOUR / SPAN_MILLISECOND);
    static const LocateEvidenceKind lit[] = {LOCATE_POWER_UP, LOCATE_PING_ON, LOCATE_CREW_LIT};
    static const LocateEvidenceKind dark[] = {LOCATE_CALL, LOCATE_LAST_GASP, LOCATE_PING_OFF, LOCATE_CREW_DARK};
    if (random_below(r, 3) == 0) say(c, at, lit[random_below(r, 3)], false, i);
    for (int k = 0; k < 4; k++)
      if (random_below(r, 3) == 0) say(c, at + 1 + SPAN_MILLISECOND * random_between(r, 0, (c->now - at) / 2000), dark[k], false, i);
  }
  for (uint32_t d = 0; d < c->devices; d++) {
    Instant at = c->now - SPAN_MILLISECOND * random_between(r, 0, 3 * SPAN_HOUR / SPAN_MILLISECOND);
    c->word[d] = LOCATE_JUDGE;
    switch (random_below(r, 24)) {
      case 0:
        say(c, at, LOCATE_CONCENTRATOR_OFF, true, d);
        break;
      case 1:
        say(c, at, LOCATE_CONCENTRATOR_ON, true, d);
        break;
      case 2:
        say(c, at, LOCATE_SWITCH_OPEN, true, d);
        break;
      case 3:
        say(c, at, LOCATE_SWITCH_CLOSED, true, d);
        break;
      case 4:
        say(c, at, LOCATE_CREW_DARK, true, d);
        break;
      case 5:
        say(c, at, LOCATE_CREW_LIT, true, d);
        break;
      case 6:
        say(c, at, LOCATE_PLANNED_START, true, d);
        break;
      case 7:
        c->word[d] = LOCATE_IS_OUT;
        break;
      case 8:
        c->word[d] = LOCATE_IS_SOUND;
        break;
      default:
        break;
    }
  }
}

void twin_draw(TwinCase *c, Random *r, double sets_max) {
  *c = (TwinCase){.p = locate_parameters_default(), .now = INT64_C(1700000000000000)};
  static const Span ages[] = {4 * SPAN_HOUR, SPAN_HOUR, 12 * SPAN_MINUTE};
  c->phased = random_below(r, 3) == 0;
  c->p.onsets = 1 + (int)random_below(r, 3);
  for (int i = 0; i < c->p.onsets; i++) c->p.onset_age[i] = ages[i];
  c->p.weather = exp(6 * random_unit(r)); /* up to faults thick as hail */
  c->p.call_weight[1] = 2.5;
  int options = 1 + (c->phased ? 4 : 1) * c->p.onsets;
  int most = (int)(log(sets_max) / log(options));
  c->devices = 1 + random_below(r, (uint32_t)(most > TWIN_DEVICES ? TWIN_DEVICES : most));
  c->customers = random_below(r, TWIN_CUSTOMERS + 1);
  for (uint32_t d = 0; d < c->devices; d++) {
    bool root = d == 0 || random_below(r, 12) == 0, chain = random_below(r, 2) == 0;
    c->parent[d] = root ? LOCATE_NONE : chain ? d - 1 : random_below(r, d);
    c->kind[d] = (uint8_t)random_below(r, LOCATE_KINDS);
    c->length_m[d] = random_below(r, 4) ? (float)random_below(r, 3000) : (float)NAN;
    c->phases[d] = (uint8_t)(random_below(r, 3) ? 7u : random_below(r, 8));
    c->name[d] = d;
  }
  for (uint32_t d = c->devices; d-- > 1;) {
    uint32_t other = random_below(r, d + 1), swap = c->name[d];
    c->name[d] = c->name[other], c->name[other] = swap;
  }
  for (uint32_t d = 0; d < c->devices; d++) c->number[c->name[d]] = d;
  for (uint32_t i = 0; i < c->customers; i++) {
    c->customer_device[i] = random_below(r, c->devices);
    c->customer_phases[i] = (uint8_t)(random_below(r, 4) ? 1u << random_below(r, 3) : random_below(r, 8));
    c->customer_class[i] = (uint8_t)random_below(r, 2);
    c->customer_flags[i] = (uint8_t)random_below(r, 4);
  }
  draw_evidence(c, r);
}

/* ---- solving in the open ---- */

typedef struct Supply {
  int mode, onset; /* mode −1: lit; 0: dark; 1…3: only that phase dark */
} Supply;

typedef struct Search {
  const TwinCase *c;
  LocateOnsets onsets;
  bool open[TWIN_DEVICES]; /* may have failed: evidence at it or below */
  int lane[TWIN_DEVICES];  /* 0…2 one phase, 3 phases play no part, 4 several */
  int bits[TWIN_DEVICES];
  double way[TWIN_DEVICES][4][LOCATE_ONSETS_MAX]; /* log-weight of failing so */
  double stay[TWIN_DEVICES];
  double device_llr[TWIN_DEVICES][LOCATE_ONSETS_MAX];
  double customer_llr[TWIN_CUSTOMERS][2][LOCATE_ONSETS_MAX]; /* [1]: what counts of it when he has several phases and lost one */
  Supply out[TWIN_DEVICES];
  bool visible[TWIN_DEVICES];
  TwinResult *result;
  double scale;
} Search;

static void item_llr(const Search *s, const LocateEvidence *e, double *out) {
  const LocateParameters *p = &s->c->p;
  switch (e->kind) {
    case LOCATE_CALL:
      locate_call_llr(&s->onsets, p, e->at, p->call_weight[s->c->customer_class[e->subject]], out);
      break;
    case LOCATE_LAST_GASP:
      locate_gasp_llr(&s->onsets, p, e->at, out);
      break;
    case LOCATE_POWER_UP:
      locate_look_llr(&s->onsets, e->at, log(p->up_dark / p->up_lit), out);
      break;
    case LOCATE_PING_OFF:
      locate_look_llr(&s->onsets, e->at, log(p->ping_off_dark / p->ping_off_lit), out);
      break;
    case LOCATE_PING_ON:
      locate_look_llr(&s->onsets, e->at, log((1 - p->ping_off_dark) / (1 - p->ping_off_lit)), out);
      break;
    case LOCATE_CONCENTRATOR_OFF:
      locate_look_llr(&s->onsets, e->at, log(p->concentrator_off_dark / p->concentrator_off_lit), out);
      break;
    case LOCATE_CONCENTRATOR_ON:
      locate_look_llr(&s->onsets, e->at, log((1 - p->concentrator_off_dark) / (1 - p->concentrator_off_lit)), out);
      break;
    case LOCATE_CREW_DARK:
      locate_look_llr(&s->onsets, e->at, log((1 - p->crew_wrong) / p->crew_wrong), out);
      break;
    case LOCATE_CREW_LIT:
      locate_look_llr(&s->onsets, e->at, -log((1 - p->crew_wrong) / p->crew_wrong), out);
      break;
    case LOCATE_SWITCH_CLOSED:
      locate_look_llr(&s->onsets, e->at, log(p->closed_but_failed), out);
      break;
    default:
      locate_switch_open_llr(&s->onsets, p, e->at, out);
      break;
  }
}

static bool is_own(LocateEvidenceKind kind) {
  return kind == LOCATE_SWITCH_OPEN || kind == LOCATE_SWITCH_CLOSED || kind == LOCATE_PLANNED_START;
}

static int lane_of_bits(int bits) { return bits == 1 ? 0 : bits == 2 ? 1 : bits == 4 ? 2 : 4; }

static int customer_lane(const Search *s, uint32_t i) {
  int lane = s->lane[s->c->customer_device[i]];
  return lane == 4 && s->c->customer_phases[i] ? lane_of_bits(s->c->customer_phases[i]) : lane;
}

/* Of device d: its own, its share of the conductor to it, and what of other conductors' faults opens it. */
static double yearly_rate(const TwinCase *c, uint32_t d) {
  double rate = locate_device_rate(&c->p, (LocateKind)c->kind[d], NAN, NAN);
  for (uint32_t e = 0; e < c->devices; e++) {
    double conductor = locate_conductor_rate(&c->p, (LocateKind)c->kind[e], (double)c->length_m[e]);
    uint32_t up = c->parent[e];
    while (up != LOCATE_NONE && !locate_protects((LocateKind)c->kind[up], (LocateKind)c->kind[e])) up = c->parent[up];
    if (up == d) rate += c->p.trips * conductor;
    if (e == d) rate += up == LOCATE_NONE ? conductor : (1 - c->p.trips) * conductor;
  }
  return rate;
}

static void prepare_device(Search *s, uint32_t d) {
  const TwinCase *c = s->c;
  bool root = c->parent[d] == LOCATE_NONE;
  s->bits[d] = c->phases[d] ? c->phases[d] : root ? 7 : s->bits[c->parent[d]];
  int above = root ? 4 : s->lane[c->parent[d]];
  s->lane[d] = !c->phased ? 3 : above == 4 ? lane_of_bits(s->bits[d]) : above;
  double odds = (double)(float)locate_rate_log_odds(&c->p, yearly_rate(c, d)), own[LOCATE_ONSETS_MAX] = {0}, llr[LOCATE_ONSETS_MAX];
  s->stay[d] = 0;
  bool sound = c->word[d] == LOCATE_IS_SOUND, out = c->word[d] == LOCATE_IS_OUT;
  for (uint32_t i = 0; i < c->evidence_count; i++) {
    const LocateEvidence *e = &c->evidence[i];
    if (!e->on_device || e->subject != d) continue;
    item_llr(s, e, llr);
    for (int k = 0; k < s->onsets.count; k++) *(is_own(e->kind) ? &own[k] : &s->device_llr[d][k]) += llr[k];
    out |= e->kind == LOCATE_PLANNED_START;
  }
  if (c->word[d] == LOCATE_IS_OUT) {
    locate_switch_open_llr(&s->onsets, &c->p, c->now, llr);
    for (int k = 0; k < s->onsets.count; k++) own[k] += llr[k];
  }
  if (out && !sound) s->stay[d] = -INFINITY;
  double single = c->p.kind[c->kind[d]].single_phase;
  for (int m = 0; m < 4; m++)
    for (int k = 0; k < s->onsets.count; k++) {
      double share = s->lane[d] != 4             ? (m ? -INFINITY : 0)
                     : m == 0                    ? log1p(-fmax(single, 1e-9))
                     : s->bits[d] >> (m - 1) & 1 ? log(fmax(single, 1e-9)) - log(__builtin_popcount((unsigned)s->bits[d]))
                                                 : -INFINITY;
      s->way[d][m][k] = sound ? -INFINITY : odds + share + s->onsets.log_share[k] + own[k];
    }
}

static void prepare(Search *s) {
  const TwinCase *c = s->c;
  locate_onsets_lay(&s->onsets, &c->p, c->now);
  for (uint32_t d = 0; d < c->devices; d++) prepare_device(s, d);
  for (uint32_t i = 0; i < c->customers; i++) {
    bool called = false, gasped = false;
    double llr[LOCATE_ONSETS_MAX];
    for (uint32_t j = 0; j < c->evidence_count; j++) {
      const LocateEvidence *e = &c->evidence[j];
      if (e->on_device || e->subject != i) continue;
      item_llr(s, e, llr);
      called |= e->kind == LOCATE_CALL, gasped |= e->kind == LOCATE_LAST_GASP;
      for (int k = 0; k < s->onsets.count; k++) {
        s->customer_llr[i][0][k] += llr[k];
        if (e->kind == LOCATE_CALL) s->customer_llr[i][1][k] += llr[k];
      }
    }
    for (int k = 0; k < s->onsets.count; k++) {
      if (!called) s->customer_llr[i][0][k] += c->p.call_weight[c->customer_class[i]] * s->onsets.quiet_call[k];
      if (!gasped && c->customer_flags[i] & LOCATE_GASPS) s->customer_llr[i][0][k] += s->onsets.quiet_gasp[k];
    }
  }
  for (uint32_t j = 0; j < c->evidence_count; j++)
    for (uint32_t d = c->evidence[j].on_device ? c->evidence[j].subject : c->customer_device[c->evidence[j].subject]; d != LOCATE_NONE;
         d = c->parent[d])
      s->open[d] = true;
  for (uint32_t d = c->devices; d-- > 0;)
    if (c->word[d] != LOCATE_JUDGE)
      for (uint32_t up = d; up != LOCATE_NONE; up = c->parent[up]) s->open[up] = true;
}

/* What all that sits on device d says, given what d hands on. */
static double local(const Search *s, uint32_t d) {
  Supply out = s->out[d];
  if (out.mode < 0) return 0;
  double sum = out.mode == 0 ? s->device_llr[d][out.onset] : 0;
  for (uint32_t i = 0; i < s->c->customers; i++) {
    if (s->c->customer_device[i] != d) continue;
    int lane = customer_lane(s, i);
    if (out.mode == 0 || lane == out.mode - 1)
      sum += s->customer_llr[i][0][out.onset];
    else if (lane >= 3)
      sum += s->customer_llr[i][1][out.onset];
  }
  return sum;
}

static void search(Search *s, uint32_t d, double log_weight) {
  const TwinCase *c = s->c;
  if (d == c->devices) {
    TwinResult *r = s->result;
    r->sets++;
    if (log_weight > r->log_map) r->log_map = log_weight;
    double w = exp(log_weight - s->scale);
    r->log_z += w;
    for (uint32_t i = 0; i < d; i++) {
      if (s->visible[i]) r->cause[i] += w;
      if (s->out[i].mode == 0) r->dark[i] += w;
    }
    return;
  }
  Supply in = c->parent[d] == LOCATE_NONE ? (Supply){-1, 0} : s->out[c->parent[d]];
  if (in.mode > 0 && s->lane[d] != 4) in = s->lane[d] == in.mode - 1 ? (Supply){0, in.onset} : (Supply){-1, 0};
  s->visible[d] = false, s->out[d] = in;
  if (s->stay[d] == 0) search(s, d + 1, log_weight + local(s, d));
  for (int m = 0; s->open[d] && m < 4; m++)
    for (int j = 0; j < s->onsets.count; j++) {
      if (s->way[d][m][j] == -INFINITY) continue;
      if (in.mode == 0 && m != 0) continue;
      if (in.mode > 0 && m != 0 && m != in.mode) continue;
      bool hidden = in.mode >= 0 && in.mode == m && j >= in.onset;
      s->visible[d] = !hidden;
      s->out[d] = hidden ? in : (Supply){m, j};
      search(s, d + 1, log_weight + s->way[d][m][j] + local(s, d));
    }
}

void twin_solve(const TwinCase *c, TwinResult *out) {
  Search s = {.c = c, .result = out};
  prepare(&s);
  /* first the greatest, then the sums over it: nothing can overflow */
  *out = (TwinResult){.log_map = -INFINITY};
  s.scale = INFINITY;
  search(&s, 0, 0);
  s.scale = out->log_map;
  *out = (TwinResult){.log_map = -INFINITY};
  search(&s, 0, 0);
  for (uint32_t d = 0; d < c->devices; d++) out->cause[d] /= out->log_z, out->dark[d] /= out->log_z;
  out->log_z = log(out->log_z) + s.scale;
}

/* ---- comparing ---- */

static bool feed(const TwinCase *c, Locate *l, bool at_once, Error *error) {
  LocateEvidence evidence[TWIN_EVIDENCE];
  for (uint32_t i = 0; i < c->evidence_count; i++) {
    evidence[i] = c->evidence[i];
    if (evidence[i].on_device) evidence[i].subject = c->name[evidence[i].subject];
  }
  for (uint32_t d = 0; d < c->devices; d++)
    if (c->word[d] != LOCATE_JUDGE && !locate_override(l, c->name[d], c->word[d], c->now, error)) return false;
  if (at_once) return locate_add_all(l, evidence, c->evidence_count, NULL, error);
  for (uint32_t i = 0; i < c->evidence_count; i++) {
    LocateVerdict verdict;
    if (!locate_add(l, &evidence[i], &verdict, error)) return false;
    assert(verdict == LOCATE_TAKEN);
  }
  return true;
}

static bool near(double a, double b) { return fabs(a - b) <= 1e-7 * (1 + fabs(a)); }

bool twin_compare(const TwinCase *c, bool at_once, const TwinResult *twin, const char **what, Error *error) {
  uint32_t parent[TWIN_DEVICES], customer_device[TWIN_CUSTOMERS];
  uint8_t kind[TWIN_DEVICES], phases[TWIN_DEVICES];
  float length_m[TWIN_DEVICES];
  for (uint32_t d = 0; d < c->devices; d++) {
    uint32_t name = c->name[d];
    parent[name] = c->parent[d] == LOCATE_NONE ? LOCATE_NONE : c->name[c->parent[d]];
    kind[name] = c->kind[d], phases[name] = c->phases[d], length_m[name] = c->length_m[d];
  }
  for (uint32_t i = 0; i < c->customers; i++) customer_device[i] = c->name[c->customer_device[i]];
  LocateNetwork network = {.device_count = c->devices,
                           .customer_count = c->customers,
                           .parent = parent,
                           .kind = kind,
                           .length_m = length_m,
                           .phases = c->phased ? phases : NULL,
                           .customer_device = customer_device,
                           .customer_phases = c->customer_phases,
                           .customer_class = c->customer_class,
                           .customer_flags = c->customer_flags};
  Locate *l;
  *what = "error";
  if (!locate_new(&l, &network, &c->p, c->now, error)) return false;
  bool ok = feed(c, l, at_once, error);
  Arena arena;
  arena_begin(&arena, 0);
  LocateFault *faults;
  size_t count;
  double ratio = 0;
  ok = ok && locate_map(l, &arena, &faults, &count, &ratio, error);
  if (ok && !near(ratio, twin->log_map)) *what = "most probable set", ok = false;
  if (ok && !near(locate_log_evidence(l), twin->log_z)) *what = "sum over all sets", ok = false;
  for (uint32_t d = 0; ok && d < c->devices; d++) {
    double cause, dark;
    ok = locate_device(l, c->name[d], &cause, &dark, error);
    if (ok && fabs(cause - twin->cause[d]) > 1e-6) *what = "probability of a cause", ok = false;
    if (ok && fabs(dark - twin->dark[d]) > 1e-6) *what = "probability of darkness", ok = false;
  }
  arena_end(&arena);
  locate_free(l);
  return ok;
}
