#include "outage/locate.h"

#include <math.h>

#include "base/testing.h"
#include "outage/locate_internal.h"
#include "outage/locate_twin.h"

#define NOW INT64_C(1700000000000000)

/* Every set of faults tried, on 3,000 random trees of up to 12 devices; bench/locate does 100,000. */
static void is_exact(void **state) {
  (void)state;
  uint64_t sets = 0;
  for (uint64_t seed = 1; seed <= (uint64_t)torture_rounds(3000); seed++) {
    Random random;
    random_seed(&random, seed);
    TwinCase c;
    TwinResult twin;
    twin_draw(&c, &random, seed % 100 ? 1100 : 20000);
    twin_solve(&c, &twin);
    sets += twin.sets;
    for (int at_once = 0; at_once < 2; at_once++) {
      const char *what;
      Error error = {0};
      if (!twin_compare(&c, at_once, &twin, &what, &error)) fail_msg("seed %d, at once %d: %s", (int)seed, at_once, what);
    }
  }
  assert_true(sets > 100000);
}

/* ---- a network to talk about ----
 * substation 0 ─ breaker 1 ─┬─ fuse 2 ─ transformer 3 ─┬─ box 4: customers 0…4
 *                           │                          └─ box 5: customers 5…9
 *                           ├─ transformer 6 ─ box 7: customers 10…19
 *                           └─ transformer 8 ─ box 9: customers 20…29 */
enum { DEVICES = 10, CUSTOMERS = 30 };
static const uint32_t parent[DEVICES] = {LOCATE_NONE, 0, 1, 2, 3, 3, 1, 6, 1, 8};
static const uint8_t kind[DEVICES] = {LOCATE_SUBSTATION, LOCATE_BREAKER,     LOCATE_FUSE,      LOCATE_TRANSFORMER, LOCATE_METER_BOX,
                                      LOCATE_METER_BOX,  LOCATE_TRANSFORMER, LOCATE_METER_BOX, LOCATE_TRANSFORMER, LOCATE_METER_BOX};

static Locate *town(const LocateParameters *p) {
  static uint32_t customer_device[CUSTOMERS];
  static uint8_t flags[CUSTOMERS];
  for (uint32_t i = 0; i < CUSTOMERS; i++) {
    customer_device[i] = i < 5 ? 4 : i < 10 ? 5 : i < 20 ? 7 : 9;
    flags[i] = (uint8_t)(LOCATE_PINGS | (i >= 10 ? LOCATE_GASPS : 0) | (i == 3 ? LOCATE_IMPORTANT : 0) | (i == 4 ? LOCATE_VULNERABLE : 0));
  }
  LocateNetwork network = {.device_count = DEVICES,
                           .customer_count = CUSTOMERS,
                           .parent = parent,
                           .kind = kind,
                           .customer_device = customer_device,
                           .customer_flags = flags};
  Locate *l;
  Error error = {0};
  LocateParameters defaults = locate_parameters_default();
  assert_ok(locate_new(&l, &network, p ? p : &defaults, NOW, &error), &error);
  return l;
}

static LocateVerdict say(Locate *l, LocateEvidenceKind kind_of, bool on_device, uint32_t subject, Instant at) {
  LocateVerdict verdict;
  Error error = {0};
  assert_ok(locate_add(l, &(LocateEvidence){at, kind_of, on_device, subject}, &verdict, &error), &error);
  return verdict;
}

static size_t report(Locate *l, Arena *arena, LocateOutage **outages) {
  size_t count;
  Error error = {0};
  assert_ok(locate_report(l, 0.5, arena, outages, &count, &error), &error);
  for (size_t i = 0; i < count; i++) assert_ok(locate_explain(l, &(*outages)[i], &error), &error);
  return count;
}

static const LocateReason *reason_of(const LocateOutage *o, LocateEvidenceKind kind_of) {
  for (uint32_t i = 0; i < o->reason_count; i++)
    if (o->reason[i].kind == kind_of) return &o->reason[i];
  return NULL;
}

static void finds_the_fuse_and_says_why(void **state) {
  (void)state;
  Locate *l = town(NULL);
  Arena arena;
  arena_begin(&arena, 0);
  LocateOutage *o;
  assert_int_equal(report(l, &arena, &o), 0);
  for (uint32_t i = 0; i < 3; i++) say(l, LOCATE_CALL, false, i * 3, NOW - (10 - i) * SPAN_MINUTE);
  assert_int_equal(report(l, &arena, &o), 1);
  assert_int_equal(o[0].device, 2); /* a fuse blows more often than the transformer below it burns: look there first */
  assert_int_equal(o[0].class_count, 2);
  assert_int_equal(o[0].class_devices[0], 2), assert_int_equal(o[0].class_devices[1], 3);
  assert_int_equal(o[0].customers, 10);
  assert_int_equal(o[0].important, 1), assert_int_equal(o[0].vulnerable, 1);
  assert_true(!o[0].planned && !o[0].by_word);
  assert_true(o[0].since <= NOW - 10 * SPAN_MINUTE && o[0].since >= NOW - 45 * SPAN_MINUTE);
  const LocateReason *calls = reason_of(&o[0], LOCATE_CALL), *silence = reason_of(&o[0], LOCATE_SILENCE),
                     *prior = reason_of(&o[0], LOCATE_PRIOR);
  assert_non_null(calls), assert_non_null(silence), assert_non_null(prior);
  assert_int_equal(calls->count, 3), assert_true(calls->nats > 10);
  assert_int_equal(silence->count, 7), assert_true(silence->nats < 0);
  assert_true(prior->nats < -5);
  assert_true(o[0].ask_customer != LOCATE_NONE && o[0].ask_bits > 0 && o[0].ask_by_ping);
  LocateCustomer view;
  Error error = {0};
  assert_ok(locate_customer(l, 1, &view, &error), &error);
  assert_true(view.dark > 0.9 && view.cause != LOCATE_NONE && view.neighbours_dark == 3 && view.neighbours_lit == 0);
  assert_ok(locate_customer(l, 25, &view, &error), &error);
  assert_true(view.dark < 0.1 && view.cause == LOCATE_NONE);
  /* the crew finds the fuse's far side alive: it was the transformer */
  assert_int_equal(say(l, LOCATE_CREW_LIT, true, 2, NOW - SPAN_MINUTE), LOCATE_TAKEN);
  assert_int_equal(report(l, &arena, &o), 1);
  assert_int_equal(o[0].device, 3), assert_int_equal(o[0].class_count, 1);
  arena_end(&arena);
  locate_free(l);
}

static void understands_a_burst_as_one_event_upstream(void **state) {
  (void)state;
  Locate *l = town(NULL);
  Arena arena;
  arena_begin(&arena, 0);
  LocateOutage *o;
  for (uint32_t i = 10; i < 30; i++)
    if (i % 3) say(l, LOCATE_LAST_GASP, false, i, NOW - 60 * SPAN_SECOND + i * SPAN_SECOND);
  assert_int_equal(report(l, &arena, &o), 1);
  assert_int_equal(o[0].device, 1);
  assert_int_equal(o[0].customers, 30);
  /* power comes back to one transformer: the other has a fault of its own, nested in what is over */
  Error error = {0};
  assert_ok(locate_advance(l, NOW + 5 * SPAN_MINUTE, &error), &error);
  for (uint32_t i = 10; i < 20; i++) say(l, LOCATE_POWER_UP, false, i, NOW + 4 * SPAN_MINUTE);
  assert_int_equal(report(l, &arena, &o), 1);
  assert_int_equal(o[0].device, 8);
  assert_ok(locate_restored(l, 8, NOW + 5 * SPAN_MINUTE, &error), &error);
  assert_int_equal(report(l, &arena, &o), 0);
  arena_end(&arena);
  locate_free(l);
}

static void silence_speaks_louder_with_time(void **state) {
  (void)state;
  Locate *l = town(NULL);
  Error error = {0};
  say(l, LOCATE_CALL, false, 0, NOW - SPAN_SECOND);
  say(l, LOCATE_CALL, false, 12, NOW - SPAN_SECOND);
  say(l, LOCATE_CALL, false, 22, NOW - SPAN_SECOND);
  double cause, dark, before;
  assert_ok(locate_device(l, 1, &before, &dark, &error), &error);
  double last = before;
  for (int minute = 1; minute <= 12; minute++) {
    assert_ok(locate_advance(l, NOW + minute * 10 * SPAN_SECOND, &error), &error);
    assert_ok(locate_device(l, 1, &cause, &dark, &error), &error);
    assert_true(cause <= last + 1e-9); /* twenty meters that could gasp have not */
    last = cause;
  }
  assert_true(last < before);
  locate_free(l);
}

static void the_dispatcher_has_the_last_word(void **state) {
  (void)state;
  Locate *l = town(NULL);
  Arena arena;
  arena_begin(&arena, 0);
  LocateOutage *o;
  Error error = {0};
  for (uint32_t i = 0; i < 5; i++) say(l, LOCATE_CALL, false, 2 * i, NOW - 9 * SPAN_MINUTE);
  assert_ok(locate_override(l, 2, LOCATE_IS_SOUND, NOW, &error), &error);
  assert_int_equal(report(l, &arena, &o), 1);
  assert_int_equal(o[0].device, 3);
  assert_ok(locate_override(l, 2, LOCATE_JUDGE, NOW, &error), &error);
  assert_int_equal(report(l, &arena, &o), 1);
  assert_int_equal(o[0].device, 2);
  assert_ok(locate_override(l, 8, LOCATE_IS_OUT, NOW - SPAN_HOUR, &error), &error);
  assert_int_equal(report(l, &arena, &o), 2);
  assert_int_equal(o[0].device, 8);
  assert_true(o[0].by_word && o[0].probability > 0.999 && o[0].since == NOW - SPAN_HOUR);
  /* planned work explains the calls below it */
  assert_int_equal(say(l, LOCATE_PLANNED_START, true, 2, NOW - 10 * SPAN_MINUTE), LOCATE_TAKEN);
  size_t count = report(l, &arena, &o), planned = 0;
  for (size_t i = 0; i < count; i++) planned += o[i].planned && o[i].device == 2;
  assert_int_equal(count, 2), assert_int_equal(planned, 1);
  assert_int_equal(say(l, LOCATE_PLANNED_END, true, 2, NOW), LOCATE_TAKEN);
  assert_int_equal(report(l, &arena, &o), 1);
  assert_false(locate_override(l, DEVICES, LOCATE_IS_OUT, NOW, &error));
  assert_int_equal(error.code, ERROR_NOT_FOUND);
  arena_end(&arena);
  locate_free(l);
}

static void sets_aside_what_cannot_be(void **state) {
  (void)state;
  static const struct {
    LocateEvidenceKind kind;
    bool on_device;
    uint32_t subject;
    int64_t second;
    LocateVerdict verdict;
  } table[] = {
      {LOCATE_CALL, false, LOCATE_NONE, 0, LOCATE_UNKNOWN_SUBJECT},
      {LOCATE_CALL, false, CUSTOMERS, 0, LOCATE_UNKNOWN_SUBJECT},
      {LOCATE_CALL, true, 3, 0, LOCATE_WRONG_SUBJECT},
      {LOCATE_SWITCH_OPEN, false, 3, 0, LOCATE_WRONG_SUBJECT},
      {LOCATE_SILENCE, false, 3, 0, LOCATE_WRONG_SUBJECT},
      {LOCATE_CALL, false, 3, 61, LOCATE_FUTURE},
      {LOCATE_CALL, false, 3, 60, LOCATE_TAKEN},
      {LOCATE_CALL, false, 3, -3 * 86400, LOCATE_TOO_OLD},
      {LOCATE_CALL, false, 3, 60, LOCATE_REPEATED},
      {LOCATE_CALL, false, 3, -100, LOCATE_TAKEN}, /* earlier: the first call counts */
      {LOCATE_POWER_UP, false, 3, -50, LOCATE_TAKEN},
      {LOCATE_POWER_UP, false, 3, -60, LOCATE_REPEATED},
      {LOCATE_LAST_GASP, false, 3, -70, LOCATE_STALE},
      {LOCATE_LAST_GASP, false, 3, -40, LOCATE_TAKEN},
      {LOCATE_SWITCH_OPEN, true, 1, -40, LOCATE_TAKEN},
      {LOCATE_SWITCH_OPEN, true, 1, -30, LOCATE_REPEATED},
      {LOCATE_SWITCH_CLOSED, true, 1, -40, LOCATE_CONTRADICTS},
      {LOCATE_SWITCH_CLOSED, true, 1, -50, LOCATE_STALE},
      {LOCATE_SWITCH_CLOSED, true, 1, -10, LOCATE_TAKEN},
      {LOCATE_CONCENTRATOR_OFF, true, 3, -10, LOCATE_TAKEN},
      {LOCATE_CONCENTRATOR_ON, true, 3, -5, LOCATE_TAKEN},
      {LOCATE_CONCENTRATOR_OFF, true, 3, -7, LOCATE_STALE},
  };
  Locate *l = town(NULL);
  uint64_t counts[LOCATE_VERDICTS] = {0};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    LocateVerdict verdict = say(l, table[i].kind, table[i].on_device, table[i].subject, NOW + table[i].second * SPAN_SECOND);
    if (verdict != table[i].verdict) fail_msg("row %d: %s", (int)i, locate_verdict_names[verdict]);
    counts[verdict]++;
  }
  for (int i = 0; i < LOCATE_VERDICTS; i++) assert_true(locate_counts(l)[i] == counts[i]);
  locate_free(l);
}

/* Piece by piece, with evidence displaced, words given and taken back, time passing, parts restored: always the same as from nothing. */
static void piece_by_piece_is_as_from_nothing(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    Random r;
    random_seed(&r, seed);
    enum { N = 300, M = 600 };
    static uint32_t up[N], device[M];
    static uint8_t kinds[N], phases[N], customer_phases[M];
    for (uint32_t d = 0; d < N; d++) {
      up[d] = d == 0 || random_below(&r, 60) == 0 ? LOCATE_NONE : random_below(&r, 2) ? d - 1 : random_below(&r, d);
      kinds[d] = (uint8_t)random_below(&r, LOCATE_KINDS);
      phases[d] = (uint8_t)(random_below(&r, 3) ? 0u : 1 + random_below(&r, 7));
    }
    for (uint32_t c = 0; c < M; c++) device[c] = random_below(&r, N), customer_phases[c] = (uint8_t)(1 << random_below(&r, 3));
    LocateParameters p = locate_parameters_default();
    LocateNetwork network = {.device_count = N,
                             .customer_count = M,
                             .parent = up,
                             .kind = kinds,
                             .phases = seed % 2 ? phases : NULL,
                             .customer_device = device,
                             .customer_phases = customer_phases};
    Locate *l;
    Error error = {0};
    assert_ok(locate_new(&l, &network, &p, NOW, &error), &error);
    Arena arena;
    arena_begin(&arena, 0);
    Instant now = NOW;
    for (int i = 0; i < 400; i++) {
      if (random_below(&r, 10) == 0) now += random_between(&r, 0, SPAN_MINUTE);
      assert_ok(locate_advance(l, now, &error), &error);
      bool on_device = random_below(&r, 4) == 0;
      uint32_t subject = random_below(&r, on_device ? N : M);
      Instant at = now - random_between(&r, 0, 30 * SPAN_MINUTE);
      if (random_below(&r, 25) == 0)
        assert_ok(locate_override(l, random_below(&r, N), (LocateWord)random_below(&r, 3), at, &error), &error);
      else if (random_below(&r, 50) == 0)
        assert_ok(locate_restored(l, random_below(&r, N), at, &error), &error);
      else
        say(l, (LocateEvidenceKind)random_below(&r, LOCATE_PLANNED_END + 1), on_device, subject, at);
    }
    LocateFault *faults, *again;
    size_t count, count_again;
    double ratio, ratio_again, sum = locate_log_evidence(l);
    assert_ok(locate_map(l, &arena, &faults, &count, &ratio, &error), &error);
    LocateSize size = locate_size(l);
    assert_ok(locate_solve(l, &error), &error);
    assert_ok(locate_map(l, &arena, &again, &count_again, &ratio_again, &error), &error);
    assert_true(fabs(ratio - ratio_again) < 1e-6 && count == count_again);
    if (locate_size(l).active_devices == size.active_devices) assert_true(fabs(sum - locate_log_evidence(l)) < 1e-6);
    arena_end(&arena);
    locate_free(l);
  }
}

static void refuses_what_is_no_tree(void **state) {
  (void)state;
  const uint8_t kinds[3] = {0};
  LocateParameters p = locate_parameters_default();
  static const struct {
    uint32_t parent[3], customer_device;
    uint8_t kind;
    ErrorCode code;
  } table[] = {
      {{LOCATE_NONE, 0, 1}, 2, 0, ERROR_NONE},
      {{LOCATE_NONE, 2, 1}, 2, 0, ERROR_IMPORT_LOOP},
      {{0, 0, 1}, 2, 0, ERROR_IMPORT_LOOP},
      {{LOCATE_NONE, 7, 1}, 2, 0, ERROR_FIELD_INVALID},
      {{LOCATE_NONE, 0, 1}, 3, 0, ERROR_FIELD_INVALID},
      {{LOCATE_NONE, 0, 1}, 2, LOCATE_KINDS, ERROR_FIELD_INVALID},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    uint8_t mine[3] = {kinds[0], table[i].kind, kinds[2]};
    LocateNetwork network = {
        .device_count = 3, .customer_count = 1, .parent = table[i].parent, .kind = mine, .customer_device = &table[i].customer_device};
    Locate *l;
    Error error = {0};
    bool ok = locate_new(&l, &network, &p, NOW, &error);
    assert_int_equal(error.code, table[i].code);
    assert_true(ok == (table[i].code == ERROR_NONE));
    locate_free(l);
  }
}

static void survives_want_of_memory(void **state) {
  (void)state;
  LocateParameters p = locate_parameters_default();
  static const uint32_t customer_device[3] = {4, 7, 9};
  LocateNetwork network = {
      .device_count = DEVICES, .customer_count = 3, .parent = parent, .kind = kind, .customer_device = customer_device};
  for (int64_t nth = 1;; nth++) {
    Error error = {0};
    Locate *l = NULL;
    Arena arena;
    arena_begin(&arena, 0);
    LocateVerdict verdict;
    LocateOutage *outages;
    size_t count;
    memory_fail_at(nth);
    bool ok = locate_new(&l, &network, &p, NOW, &error);
    for (uint32_t c = 0; ok && c < 3; c++) ok = locate_add(l, &(LocateEvidence){NOW, LOCATE_LAST_GASP, false, c}, &verdict, &error);
    ok = ok && locate_override(l, 3, LOCATE_IS_OUT, NOW, &error) && locate_solve(l, &error) &&
         locate_report(l, 0.5, &arena, &outages, &count, &error);
    memory_fail_at(0);
    if (ok) {
      assert_true(nth > 20 && count > 0);
      nth = -1;
    } else
      assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
    /* what was kept is still sound */
    if (l) assert_ok(locate_solve(l, &error), &error);
    arena_end(&arena);
    locate_free(l);
    if (nth < 0) break;
  }
}

/* Ten transformers go dark in one minute; then two lone gasps from single customers. The one of that minute is believed, the one of twenty
 * minutes later, in the same onset, much less. */
static void what_begins_together_is_believed_together(void **state) {
  (void)state;
  enum { AREAS = 40, OUT = 10, EACH = 4, LONE = AREAS - 2, PEOPLE = LONE * EACH + 2 };
  uint32_t above[AREAS + 1], home[PEOPLE];
  uint8_t kinds[AREAS + 1];
  above[0] = LOCATE_NONE, kinds[0] = LOCATE_SUBSTATION;
  for (uint32_t d = 1; d <= AREAS; d++) above[d] = 0, kinds[d] = LOCATE_TRANSFORMER;
  for (uint32_t c = 0; c < PEOPLE; c++) home[c] = 1 + (c < LONE * EACH ? c / EACH : LONE + (c - LONE * EACH));
  LocateNetwork network = {.device_count = AREAS + 1, .customer_count = PEOPLE, .parent = above, .kind = kinds, .customer_device = home};
  LocateParameters p = locate_parameters_default();
  LocateEvidence said[OUT * EACH + 2];
  Instant began = NOW - 42 * SPAN_MINUTE;
  for (uint32_t c = 0; c < OUT * EACH; c++) said[c] = (LocateEvidence){began + (30 + c % 7) * SPAN_SECOND, LOCATE_LAST_GASP, false, c};
  said[OUT * EACH] = (LocateEvidence){began + 40 * SPAN_SECOND, LOCATE_LAST_GASP, false, LONE * EACH};
  said[OUT * EACH + 1] = (LocateEvidence){began + 20 * SPAN_MINUTE, LOCATE_LAST_GASP, false, LONE * EACH + 1};
  Locate *l;
  Error error = {0};
  double with, later, dark;
  assert_ok(locate_new(&l, &network, &p, NOW, &error), &error);
  assert_ok(locate_add_all(l, said, OUT * EACH + 2, NULL, &error), &error);
  assert_ok(locate_fit(l, &error), &error);
  assert_ok(locate_device(l, LONE + 1, &with, &dark, &error), &error);
  assert_ok(locate_device(l, LONE + 2, &later, &dark, &error), &error);
  if (!(with > 0.8 && with / (1 - with) > 4 * later / (1 - later))) fail_msg("%f of the same minute, %f of another", with, later);
  locate_free(l);
}

/* The way up by vectors of each instruction set against the same one state after the other, on vectors of any size. */
static void vectors_say_what_states_say(void **state) {
  (void)state;
  static const uint32_t above[2] = {LOCATE_NONE, 0}, home[1] = {1};
  static const uint8_t kinds[2] = {LOCATE_SUBSTATION, LOCATE_FUSE};
  Random random;
  random_seed(&random, 5);
  for (int round = 0; round < 2000; round++) {
    LocateParameters p = locate_parameters_default();
    p.onsets = 1 + (int)random_below(&random, 6);
    p.weather = exp(7 * random_unit(&random));
    uint8_t bits[2] = {7, (uint8_t)(3 + random_below(&random, 5) % 5)};
    if (bits[1] == 4) bits[1] = 7; /* one phase alone has no vector */
    LocateNetwork network = {
        .device_count = 2, .customer_count = 1, .parent = above, .kind = kinds, .phases = bits, .customer_device = home};
    Locate *l;
    Error error = {0};
    LocateVerdict verdict;
    assert_ok(locate_new(&l, &network, &p, NOW, &error), &error);
    assert_ok(locate_add(l, &(LocateEvidence){NOW, LOCATE_CALL, false, 0}, &verdict, &error), &error);
    LocateNode *node = &l->nodes.at[1];
    int count = locate_state_count(l, node->lane);
    assert_int_equal(count, 1 + 4 * p.onsets);
    double inner[LOCATE_STATES_MAX], change[LOCATE_STATES_MAX], outer[LOCATE_STATES_MAX] = {0}, c[LOCATE_STATES_MAX],
                                                                right[LOCATE_STATES_MAX], size = exp(9 * random_unit(&random));
    for (int m = 0; m < 4; m++) node->weight[m] = random_below(&random, 300), node->gasps[m] = random_below(&random, 300);
    for (int s = 0; s < count; s++) inner[s] = size * (random_unit(&random) - 0.5), change[s] = random_unit(&random);
    for (int s = 0; s < count; s++) locate_inner_of(l, node)[s] = inner[s] + change[s];
    LocateWays ways;
    locate_ways(l, node, &ways);
    locate_inner(l, node, c);
    locate_outer(l, node, &ways, c, true, right);
    if (round % 2) l->settle = locate_settle_plain;
    l->settle(&locate_era(l)->onsets, node, &locate_era(l)->four[node->kind][node->phase_bits], inner, outer, change);
    for (int s = 0; s < count; s++) {
      if (fabs(outer[s] - right[s]) > 1e-10 * (1 + fabs(right[s])))
        fail_msg("round %d, state %d: %.15g, not %.15g", round, s, outer[s], right[s]);
      assert_true(change[s] == outer[s] && inner[s] == locate_inner_of(l, node)[s]);
    }
    locate_free(l);
  }
}

/* Trees brought up one by one say in the end what all at once say, and while they lag each is as of its own moment; who has been silent for
 * two days is forgotten. */
static void a_country_is_brought_up_tree_by_tree(void **state) {
  (void)state;
  enum { TREES = 40, N = 10 * TREES, M = 3 * N };
  static uint32_t up[N], home[M];
  static uint8_t kinds[N];
  Random r;
  random_seed(&r, 11);
  for (uint32_t d = 0; d < N; d++)
    up[d] = d % 10 ? d - 1 - random_below(&r, d % 10) : LOCATE_NONE, kinds[d] = d % 10 ? LOCATE_TRANSFORMER : LOCATE_SUBSTATION;
  for (uint32_t c = 0; c < M; c++) home[c] = random_below(&r, N);
  LocateNetwork network = {.device_count = N, .customer_count = M, .parent = up, .kind = kinds, .customer_device = home};
  LocateParameters p = locate_parameters_default();
  p.storm_shape = 0; /* rates as they are: by tree they are found in another order */
  Locate *whole, *slow;
  Error error = {0};
  assert_ok(locate_new(&whole, &network, &p, NOW, &error), &error);
  assert_ok(locate_new(&slow, &network, &p, NOW, &error), &error);
  slow->work_most = 7;
  Instant now = NOW;
  uint32_t most_behind = 0;
  for (int i = 0; i < 600; i++) {
    now += 3 * SPAN_SECOND;
    assert_ok(locate_advance(whole, now, &error), &error);
    assert_ok(locate_advance(slow, now, &error), &error);
    uint32_t behind = locate_size(slow).behind, subject = random_below(&r, M);
    if (behind > most_behind) most_behind = behind;
    assert_int_equal(locate_size(whole).behind, 0);
    LocateEvidenceKind what = (LocateEvidenceKind)random_below(&r, LOCATE_PING_ON + 1);
    Instant at = now - random_between(&r, 0, 20 * SPAN_MINUTE);
    say(whole, what, false, subject, at), say(slow, what, false, subject, at);
  }
  assert_in_range(most_behind, 100, N);
  for (int i = 0; i < TREES && locate_size(slow).behind; i++) assert_ok(locate_advance(slow, now, &error), &error);
  assert_int_equal(locate_size(slow).behind, 0);
  assert_true(fabs(locate_log_evidence(slow) - locate_log_evidence(whole)) < 1e-6);
  for (uint32_t d = 0; d < N; d++) {
    double cause, dark, right, right_dark;
    assert_ok(locate_device(slow, d, &cause, &dark, &error), &error);
    assert_ok(locate_device(whole, d, &right, &right_dark, &error), &error);
    if (fabs(cause - right) > 1e-9 || fabs(dark - right_dark) > 1e-9)
      fail_msg("device %u: %g %g, not %g %g", d, cause, dark, right, right_dark);
  }
  now += 3 * SPAN_DAY;
  for (int i = 0; i < 2 * TREES; i++) assert_ok(locate_advance(slow, now, &error), &error);
  assert_int_equal(locate_size(slow).active_devices + locate_size(slow).items, 0);
  say(slow, LOCATE_LAST_GASP, false, 5, now), say(slow, LOCATE_CALL, false, 6, now);
  assert_true(locate_size(slow).items == 2 && locate_size(slow).active_devices > 0);
  locate_free(whole);
  locate_free(slow);
}

/* Ten transformers of a hundred customers each, an hour dark, of whom three called: this is a town where three in a hundred call, not ten.
 */
static void learns_how_many_call(void **state) {
  (void)state;
  enum { AREAS = 20, OUT = 10, EACH = 100, PEOPLE = AREAS * EACH };
  uint32_t above[AREAS + 1], home[PEOPLE];
  uint8_t kinds[AREAS + 1], flags[PEOPLE] = {0};
  above[0] = LOCATE_NONE, kinds[0] = LOCATE_SUBSTATION;
  for (uint32_t d = 1; d <= AREAS; d++) above[d] = 0, kinds[d] = LOCATE_TRANSFORMER;
  for (uint32_t c = 0; c < PEOPLE; c++) home[c] = 1 + c / EACH;
  LocateNetwork network = {.device_count = AREAS + 1,
                           .customer_count = PEOPLE,
                           .parent = above,
                           .kind = kinds,
                           .customer_device = home,
                           .customer_flags = flags};
  LocateParameters p = locate_parameters_default();
  Locate *l;
  Error error = {0};
  assert_ok(locate_new(&l, &network, &p, NOW, &error), &error);
  for (uint32_t i = 0; i < OUT * 3; i++) say(l, LOCATE_CALL, false, i / 3 * EACH + i % 3, NOW - (55 - 10 * (i % 3)) * SPAN_MINUTE);
  assert_true(locate_era(l)->onsets.call_share == p.call_share);
  assert_ok(locate_fit(l, &error), &error);
  if (!(locate_era(l)->onsets.call_share > 0.02 && locate_era(l)->onsets.call_share < 0.06))
    fail_msg("%f", locate_era(l)->onsets.call_share);
  locate_free(l);
}

TEST_MAIN(TEST(is_exact), TEST(vectors_say_what_states_say), TEST(finds_the_fuse_and_says_why),
          TEST(understands_a_burst_as_one_event_upstream), TEST(silence_speaks_louder_with_time),
          TEST(what_begins_together_is_believed_together), TEST(learns_how_many_call), TEST(the_dispatcher_has_the_last_word),
          TEST(sets_aside_what_cannot_be), TEST(piece_by_piece_is_as_from_nothing), TEST(a_country_is_brought_up_tree_by_tree),
          TEST(refuses_what_is_no_tree), TEST(survives_want_of_memory))
