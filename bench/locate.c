/* bench/locate: every figure of docs/locate.md, the classical rule beside it in the same run.
 *   locate_bench [--grid FOLDER] [--exact N] [--runs N] [--large N] [SECTION…]
 * sections: exact county million large together calls first; all of them by default. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/locate_rule.h"
#include "outage/evidence_sim.h"
#include "outage/locate_package.h"
#include "outage/locate_twin.h"

static void die(const Error *error) {
  char text[ERROR_TEXT_MAX];
  fprintf(stderr, "locate_bench: %s\n", error_text(error, LANGUAGE_EN, text, sizeof text));
  exit(1);
}
#define MUST(call)            \
  do {                        \
    if (!(call)) die(&error); \
  } while (0)

static Error error;

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double quantile(double *x, size_t count, double q) {
  qsort(x, count, sizeof *x, by_value);
  size_t at = (size_t)ceil(q * (double)count);
  return x[at > 0 ? at - 1 : 0];
}

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* the processor's own time: others share this machine */
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- exact ---- */

static void bench_exact(uint64_t cases) {
  uint64_t sets = 0, wrong = 0;
  double began = now_us();
  for (uint64_t seed = 1; seed <= cases; seed++) {
    Random random;
    random_seed(&random, seed + 1000000);
    TwinCase c;
    TwinResult twin;
    const char *what;
    twin_draw(&c, &random, seed % 500 ? 5000 : 600000);
    twin_solve(&c, &twin);
    sets += twin.sets;
    if (!twin_compare(&c, seed % 2, &twin, &what, &error)) wrong++;
  }
  printf("exact       %llu random trees of 1…12 devices, %.3g sets of faults tried: %llu differ   (%.1f s)\n", (unsigned long long)cases,
         (double)sets, (unsigned long long)wrong, (now_us() - began) / 1e6);
}

/* ---- speed ---- */

static Locate *engine(const LocateNetwork *network, Instant now) {
  LocateParameters p = locate_parameters_default();
  Locate *l;
  MUST(locate_new(&l, network, &p, now, &error));
  return l;
}

static void time_solve(const char *what, Locate *l) {
  enum { TIMES = 41 };
  double solve[TIMES], told[TIMES], most[TIMES], ratio;
  LocateFault *faults;
  size_t count = 0;
  for (int i = 0; i < TIMES; i++) {
    Arena arena;
    arena_begin(&arena, 0);
    LocateOutage *outages;
    double a = now_us();
    MUST(locate_solve(l, &error));
    double b = now_us();
    MUST(locate_report(l, 0.5, &arena, &outages, &count, &error));
    double c = now_us();
    solve[i] = b - a, told[i] = c - b;
    size_t fault_count;
    MUST(locate_map(l, &arena, &faults, &fault_count, &ratio, &error));
    most[i] = now_us() - c;
    arena_end(&arena);
  }
  LocateSize size = locate_size(l);
  printf(
      "county      %s: %u pieces, %u devices spoken of: solved from nothing in %.3f ms (median; p99 %.3f), report of %zu outages %.3f ms, "
      "most probable set %.3f ms\n",
      what, size.items, size.active_devices, quantile(solve, TIMES, .5) / 1e3, quantile(solve, TIMES, .99) / 1e3, count,
      quantile(told, TIMES, .5) / 1e3, quantile(most, TIMES, .5) / 1e3);
}

static void bench_county(const LocatePackage *package) {
  const LocateNetwork *network = &package->network;
  LocateParameters p = locate_parameters_default();
  printf("county      %u customers, %u devices\n", network->customer_count, network->device_count);
  static const struct {
    const char *what;
    uint32_t outages;
    uint32_t kinds, least;
  } table[] = {{"20 outages", 20, 0, 1}, {"1 breaker", 1, 1u << LOCATE_BREAKER, 1000}, {"storm of 300", 300, 0, 1}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    Arena arena;
    arena_begin(&arena, 0);
    EvidenceSim sim = evidence_sim_default();
    sim.outages = table[i].outages, sim.kinds = table[i].kinds, sim.least_customers = table[i].least;
    EvidenceRun run;
    MUST(evidence_simulate(&sim, network, &p, &arena, &run, &error));
    double began = now_us();
    Locate *l = engine(network, sim.begin + sim.length);
    double made = now_us();
    MUST(locate_add_all(l, run.evidence, run.evidence_count, NULL, &error));
    if (i == 0) printf("county      network laid out in %.1f ms\n", (made - began) / 1e3);
    time_solve(table[i].what, l);
    locate_free(l);
    arena_end(&arena);
  }
  /* every meter pinged: evidence at every single device */
  Locate *l = engine(network, evidence_sim_default().begin);
  LocateEvidence *all = memory_new(network->customer_count * sizeof *all);
  for (uint32_t c = 0; c < network->customer_count; c++)
    all[c] = (LocateEvidence){evidence_sim_default().begin - SPAN_MINUTE, LOCATE_PING_ON, false, c};
  MUST(locate_add_all(l, all, network->customer_count, NULL, &error));
  time_solve("every meter answers a ping", l);
  memory_free(all);
  locate_free(l);
}

/* The package `times` over, side by side. */
static void replicate(const LocateNetwork *from, uint32_t times, Arena *arena, LocateNetwork *to) {
  size_t n = from->device_count, m = from->customer_count;
  uint32_t *parent = ARENA_ARRAY(arena, uint32_t, n * times), *customer_device = ARENA_ARRAY(arena, uint32_t, m * times);
  uint8_t *kind = ARENA_ARRAY(arena, uint8_t, n * times), *phases = ARENA_ARRAY(arena, uint8_t, n * times);
  float *length = ARENA_ARRAY(arena, float, n *times);
  uint8_t *customer_phases = ARENA_ARRAY(arena, uint8_t, m * times), *flags = ARENA_ARRAY(arena, uint8_t, m * times);
  if (!parent || !customer_device || !kind || !phases || !length || !customer_phases || !flags) {
    error_raise(&error, ERROR_OUT_OF_MEMORY, "%s", "replicate");
    die(&error);
  }
  for (uint32_t t = 0; t < times; t++) {
    for (size_t d = 0; d < n; d++) parent[t * n + d] = from->parent[d] == LOCATE_NONE ? LOCATE_NONE : (uint32_t)(from->parent[d] + t * n);
    memcpy(kind + t * n, from->kind, n), memcpy(phases + t * n, from->phases, n),
        memcpy(length + t * n, from->length_m, n * sizeof *length);
    for (size_t c = 0; c < m; c++) customer_device[t * m + c] = (uint32_t)(from->customer_device[c] + t * n);
    memcpy(customer_phases + t * m, from->customer_phases, m), memcpy(flags + t * m, from->customer_flags, m);
  }
  *to = (LocateNetwork){.device_count = (uint32_t)(n * times),
                        .customer_count = (uint32_t)(m * times),
                        .parent = parent,
                        .kind = kind,
                        .length_m = length,
                        .phases = phases,
                        .customer_device = customer_device,
                        .customer_phases = customer_phases,
                        .customer_flags = flags};
}

static long peak_mib(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss / 1024 : 0;
}

/* The yardstick: 4,000 multiplications that wait for each other. How much longer its p99 takes than its median is the machine's doing. */
static double yardstick_us(void) {
  volatile double start = 1.0000001;
  double factor = start, x = factor, began = now_us();
  for (int i = 0; i < 4000; i++) x *= factor;
  start = x;
  return now_us() - began;
}

/* Pieces known, then more one by one, timed. */
static void time_pieces(const char *name, const char *what, const LocateNetwork *network, const LocateEvidence *evidence, size_t known,
                        size_t more, Instant now) {
  double began = now_us();
  Locate *l = engine(network, now);
  double made = now_us();
  MUST(locate_add_all(l, evidence, known, NULL, &error));
  double fed = now_us(), *took = memory_new((more + 1) * sizeof *took), *rod = memory_new((more + 1) * sizeof *rod);
  for (size_t i = 0; i < more; i++) {
    LocateVerdict verdict;
    double a = now_us();
    MUST(locate_add(l, &evidence[known + i], &verdict, &error));
    took[i] = now_us() - a;
    rod[i] = yardstick_us();
  }
  /* five minutes in steps of ten seconds: the onsets are laid anew twice */
  enum { STEPS = 30 };
  double step[STEPS];
  uint32_t most_behind = 0, calls = 0;
  for (int i = 0; i < STEPS; i++) {
    double a = now_us();
    MUST(locate_advance(l, now + (i + 1) * 10 * SPAN_SECOND, &error));
    step[i] = now_us() - a;
    if (locate_size(l).behind > most_behind) most_behind = locate_size(l).behind;
  }
  for (; locate_size(l).behind; calls++) MUST(locate_advance(l, now + STEPS * 10 * SPAN_SECOND, &error));
  double a = now_us();
  MUST(locate_solve(l, &error));
  double solved = now_us() - a;
  LocateSize size = locate_size(l);
  printf(
      "%-11s %s: laid out in %.1f s, engine holds %.0f MiB; %zu pieces known (solved in %.2f s), %zu more one by one: median %.1f µs, p99 "
      "%.1f µs, p99.9 %.1f µs, worst %.0f µs; "
      "time passing with %u devices spoken of, every 10 s, onsets laid anew every 2 min: median %.1f ms, worst %.1f ms, at most %u behind, "
      "all after %u calls more (all at once would be %.0f ms); yardstick: median %.1f µs, p99 %.1f µs\n",
      name, what, (made - began) / 1e6, (double)size.bytes / 1048576, known, (fed - made) / 1e6, more, quantile(took, more, .5),
      quantile(took, more, .99), quantile(took, more, .999), quantile(took, more, 1), size.active_devices, quantile(step, STEPS, .5) / 1e3,
      quantile(step, STEPS, 1) / 1e3, most_behind, calls, solved / 1e3, quantile(rod, more, .5), quantile(rod, more, .99));
  memory_free(took);
  memory_free(rod);
  locate_free(l);
}

static void bench_large(const char *name, const LocatePackage *package, uint32_t customers, uint32_t outages, uint32_t random_pieces) {
  uint32_t times = (customers + package->network.customer_count - 1) / package->network.customer_count;
  Arena arena;
  arena_begin(&arena, 0);
  LocateNetwork network;
  replicate(&package->network, times, &arena, &network);
  printf("%-11s %u customers, %u devices: the county %u times over\n", name, network.customer_count, network.device_count, times);
  EvidenceSim sim = evidence_sim_default();
  sim.outages = outages, sim.spread = SPAN_HOUR;
  LocateParameters p = locate_parameters_default();
  EvidenceRun run;
  MUST(evidence_simulate(&sim, &network, &p, &arena, &run, &error));
  time_pieces(name, "a storm, in the order of time", &network, run.evidence, run.evidence_count / 2,
              run.evidence_count - run.evidence_count / 2, sim.begin + sim.length);
  Random r;
  random_seed(&r, 7);
  LocateEvidence *evidence = memory_new((size_t)random_pieces * sizeof *evidence);
  for (uint32_t i = 0; evidence && i < random_pieces; i++) {
    LocateEvidenceKind kind = (LocateEvidenceKind)random_below(&r, LOCATE_PING_ON + 1);
    evidence[i] = (LocateEvidence){sim.begin - random_between(&r, 0, SPAN_HOUR), kind, false, random_below(&r, network.customer_count)};
  }
  time_pieces(name, "pieces strewn evenly over all customers, the worst for memory", &network, evidence, random_pieces / 2,
              random_pieces / 2, sim.begin);
  memory_free(evidence);
  arena_end(&arena);
  printf("%-11s the process at its greatest: %ld MiB (with the network as handed in)\n", name, peak_mib());
}

/* ---- quality ---- */

typedef struct Score {
  double found, truths, wrong, runs;
} Score;

/* Same customers, one above the other. */
static bool same_class(const LocateNetwork *network, const uint32_t *customers, uint32_t a, uint32_t b) {
  if (customers[a] != customers[b]) return false;
  for (uint32_t d = a; d != LOCATE_NONE; d = network->parent[d])
    if (d == b) return true;
  for (uint32_t d = b; d != LOCATE_NONE; d = network->parent[d])
    if (d == a) return true;
  return false;
}

static void score(const LocateNetwork *network, const uint32_t *customers, const EvidenceRun *run, const uint32_t *named, size_t count,
                  Score *s) {
  for (uint32_t t = 0; t < run->truth_count; t++) {
    bool hit = false;
    for (size_t i = 0; i < count && !hit; i++) hit = same_class(network, customers, named[i], run->truth[t].device);
    s->found += hit;
  }
  for (size_t i = 0; i < count; i++) {
    bool right = false;
    for (uint32_t t = 0; t < run->truth_count && !right; t++) right = same_class(network, customers, named[i], run->truth[t].device);
    s->wrong += !right;
  }
  s->truths += run->truth_count, s->runs++;
}

static uint32_t *count_customers(const LocateNetwork *network) {
  uint32_t *customers = memory_new((network->device_count + 1) * sizeof *customers);
  for (uint32_t c = 0; c < network->customer_count; c++) customers[network->customer_device[c]]++;
  for (uint32_t d = network->device_count; d-- > 0;)
    if (network->parent[d] != LOCATE_NONE) customers[network->parent[d]] += customers[d];
  return customers;
}

static const double settings[] = {0.001, 0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95};
enum { SETTINGS = sizeof settings / sizeof *settings };

static const LocateRule rules[] = {
    {1, 0, 1, 0, SPAN_HOUR},     {2, 0, 2, 0, SPAN_HOUR},     {3, 0, 2, 0, SPAN_HOUR},
    {2, 0.02, 2, 0, SPAN_HOUR},  {3, 0.02, 2, 0, SPAN_HOUR},  {3, 0.03, 2, 0, SPAN_HOUR},
    {3, 0.05, 2, 0, SPAN_HOUR},  {1, 0.1, 2, 0, SPAN_HOUR},   {2, 0.1, 2, 0.1, SPAN_HOUR},
    {1, 0.3, 2, 0.3, SPAN_HOUR}, {2, 0.3, 2, 0.3, SPAN_HOUR}, {3, 0.3, 2, 0.3, SPAN_HOUR},
    {2, 0.5, 2, 0.5, SPAN_HOUR}, {3, 0.5, 2, 0.5, SPAN_HOUR}, {3, 0.03, 2, 0.1, 15 * SPAN_MINUTE},
};
enum { RULES = sizeof rules / sizeof *rules };

static void print_curve(const char *name, const Score *ours, const Score *theirs) {
  for (int i = 0; i < SETTINGS; i++)
    printf("%-11s locate, probability ≥ %g: recall %.3f, false a run %.2f\n", name, settings[i], ours[i].found / ours[i].truths,
           ours[i].wrong / ours[i].runs);
  for (int i = 0; i < RULES; i++)
    printf("%-11s rule, ≥ %u signals and %2.0f %%, ≥ %u branches and %2.0f %%, timer %2d min: recall %.3f, false a run %.2f\n", name,
           rules[i].least, 100 * rules[i].share, rules[i].branches, 100 * rules[i].branch_share, (int)(rules[i].timer / SPAN_MINUTE),
           theirs[i].found / theirs[i].truths, theirs[i].wrong / theirs[i].runs);
}

static void bench_quality(const char *name, const LocatePackage *package, const EvidenceSim *how, uint32_t runs) {
  LocateNetwork own = package->network;
  const LocateNetwork *network = &own;
  LocateParameters p = locate_parameters_default();
  uint32_t *customers = count_customers(network), *named = memory_new((network->device_count + 1) * sizeof *named);
  uint8_t *mute = memory_new(network->customer_count + 1); /* a county without such meters knows that it has none */
  if (how->gasp_share <= 0) own.customer_flags = mute;
  RuleNetwork *rule = rule_network(network);
  Score ours[SETTINGS] = {0}, theirs[RULES] = {0};
  double pieces = 0, out = 0, storm = 0;
  for (uint32_t i = 0; i < runs; i++) {
    Arena arena;
    arena_begin(&arena, 0);
    EvidenceSim sim = *how;
    sim.seed = 100 + i;
    EvidenceRun run;
    MUST(evidence_simulate(&sim, network, &p, &arena, &run, &error));
    pieces += (double)run.evidence_count;
    for (uint32_t t = 0; t < run.truth_count; t++) out += run.truth[t].customers;
    Locate *l = engine(network, sim.begin + sim.length);
    MUST(locate_add_all(l, run.evidence, run.evidence_count, NULL, &error));
    MUST(locate_fit(l, &error));
    storm += locate_storm(l, LOCATE_TRANSFORMER) / runs;
    for (int k = 0; k < SETTINGS; k++) {
      LocateOutage *outages;
      size_t count;
      MUST(locate_report(l, settings[k], &arena, &outages, &count, &error));
      for (size_t j = 0; j < count; j++) named[j] = outages[j].device;
      score(network, customers, &run, named, count, &ours[k]);
    }
    locate_free(l);
    for (int k = 0; k < RULES; k++) {
      uint32_t count = rule_locate(rule, &rules[k], run.evidence, run.evidence_count, sim.begin + sim.length, named);
      score(network, customers, &run, named, count, &theirs[k]);
    }
    arena_end(&arena);
  }
  printf(
      "%-11s %u runs of %u outages of ≥ %u customers (%.0f customers dark a run, %.0f pieces of evidence), calls %.0f %%, gasps %.0f %%, "
      "stray calls %.2g and gasps %.2g a customer; transformers judged %.1f times as frail as usual\n",
      name, runs, how->outages, how->least_customers, out / runs, pieces / runs, 100 * how->call_share, 100 * how->gasp_share,
      how->stray_calls, how->stray_gasps, storm);
  print_curve(name, ours, theirs);
  rule_free(rule);
  memory_free(mute);
  memory_free(customers);
  memory_free(named);
}

/* ---- how soon ---- */

/* Who knows everything but which device it is: when the fault began, the law of every lag and of every stray. Nobody who hears the same
 * calls can be right more often. */
typedef struct Oracle {
  const LocateNetwork *network;
  const uint32_t *customers;
  const EvidenceSim *sim;
  Instant began;
  uint32_t *may_fail, count; /* by the simulator's rule */
  uint32_t *calls;           /* by device, from customers below */
  double *weight;
} Oracle;

static bool oracle_begin(Oracle *o) {
  uint32_t n = o->network->device_count,
           kinds = 1u << LOCATE_BREAKER | 1u << LOCATE_RECLOSER | 1u << LOCATE_FUSE | 1u << LOCATE_TRANSFORMER | 1u << LOCATE_LV_BREAKER;
  o->may_fail = memory_new((n + 1) * 4), o->calls = memory_new((n + 1) * 4), o->weight = memory_new((n + 1) * sizeof(double));
  if (!o->may_fail || !o->calls || !o->weight) return false;
  for (uint32_t d = 0; d < n; d++)
    if (kinds >> o->network->kind[d] & 1 && o->customers[d] >= o->sim->least_customers) o->may_fail[o->count++] = d;
  return true;
}

static void oracle_end(Oracle *o) { memory_free(o->may_fail), memory_free(o->calls), memory_free(o->weight); }

static void oracle_hear(Oracle *o, const LocateEvidence *call) {
  double lag = (double)(call->at - o->began) / 1e6, stray = o->sim->stray_calls / ((double)o->sim->length / 1e6);
  if (lag <= 0) return;
  double z = log(lag / o->sim->call_median_s) / o->sim->call_sigma;
  double density = o->sim->call_share * exp(-z * z / 2) / (lag * o->sim->call_sigma * sqrt(2 * acos(-1)));
  for (uint32_t d = o->network->customer_device[call->subject]; d != LOCATE_NONE; d = o->network->parent[d])
    o->calls[d]++, o->weight[d] += log((density + stray) / stray);
}

static uint32_t oracle_name(const Oracle *o, Instant now) {
  double lag = (double)(now - o->began) / 1e6, best = 0;
  if (lag <= 0) return LOCATE_NONE;
  double called = 0.5 * erfc(-log(lag / o->sim->call_median_s) / o->sim->call_sigma / sqrt(2)), quiet = log1p(-o->sim->call_share * called);
  uint32_t named = LOCATE_NONE;
  for (uint32_t i = 0; i < o->count; i++) {
    uint32_t d = o->may_fail[i];
    double weight = o->weight[d] + (o->customers[d] - o->calls[d]) * quiet;
    if (o->calls[d] && (named == LOCATE_NONE || weight > best)) named = d, best = weight;
  }
  return named;
}

enum { WHO_LOCATE, WHO_ORACLE, WHO_RULE, WHO = WHO_RULE + RULES };
typedef struct Race {
  const LocateNetwork *network;
  const uint32_t *customers;
  RuleNetwork *rule;
  uint32_t *named; /* room for the rule's */
  double *seconds[WHO], *calls[WHO], named_at_all[WHO];
} Race;

static bool names(const Race *race, int who, Locate *l, const Oracle *oracle, const EvidenceRun *run, size_t heard, Instant now) {
  uint32_t truth = run->truth[0].device, count = 0;
  bool right = false;
  if (who == WHO_LOCATE) {
    Arena arena;
    LocateOutage *outages;
    size_t found;
    arena_begin(&arena, 0);
    MUST(locate_report(l, 0.001, &arena, &outages, &found, &error));
    right = found && same_class(race->network, race->customers, outages[0].device, truth);
    arena_end(&arena);
  } else if (who == WHO_ORACLE) {
    uint32_t device = oracle_name(oracle, now);
    right = device != LOCATE_NONE && same_class(race->network, race->customers, device, truth);
  } else {
    count = rule_locate(race->rule, &rules[who - WHO_RULE], run->evidence, heard, now, race->named);
    for (uint32_t j = 0; j < count && !right; j++) right = same_class(race->network, race->customers, race->named[j], truth);
  }
  return right;
}

/* Everybody is asked at every call and every half minute. */
static void run_race(Race *race, const EvidenceSim *sim, const EvidenceRun *run, uint32_t which) {
  LocateNetwork silent = *race->network;
  Oracle oracle = {.network = race->network, .customers = race->customers, .sim = sim, .began = run->truth[0].at};
  silent.customer_flags = memory_new(race->network->customer_count + 1);
  Locate *l = engine(&silent, sim->begin);
  bool done[WHO] = {false}, ready = oracle_begin(&oracle) && silent.customer_flags;
  for (int w = 0; w < WHO; w++) race->seconds[w][which] = (double)sim->length / 1e6, race->calls[w][which] = (double)run->evidence_count;
  size_t heard = 0;
  double mine = 0;
  for (Instant tick = run->truth[0].at; ready && tick <= sim->begin + sim->length;) {
    bool call = heard < run->evidence_count && run->evidence[heard].at <= tick;
    Instant now = call ? run->evidence[heard].at : tick;
    MUST(locate_advance(l, now, &error));
    if (call) {
      LocateVerdict verdict;
      MUST(locate_add(l, &run->evidence[heard], &verdict, &error));
      oracle_hear(&oracle, &run->evidence[heard]);
      mine += run->evidence[heard++].at >= run->truth[0].at;
    } else {
      tick += 30 * SPAN_SECOND;
    }
    for (int w = 0; w < WHO && now >= run->truth[0].at && mine > 0; w++) {
      if (done[w] || !names(race, w, l, &oracle, run, heard, now)) continue;
      done[w] = true, race->named_at_all[w]++;
      race->seconds[w][which] = (double)(now - run->truth[0].at) / 1e6, race->calls[w][which] = mine;
    }
  }
  oracle_end(&oracle);
  memory_free((void *)(uintptr_t)silent.customer_flags);
  locate_free(l);
}

static void bench_first(const LocatePackage *package, uint32_t runs) {
  const LocateNetwork *network = &package->network;
  LocateParameters p = locate_parameters_default();
  uint32_t *customers = count_customers(network);
  Race race = {network, customers, rule_network(network), memory_new((network->device_count + 1) * sizeof *race.named), {0}, {0}, {0}};
  for (int w = 0; w < WHO; w++) race.seconds[w] = memory_new(runs * sizeof(double)), race.calls[w] = memory_new(runs * sizeof(double));
  for (uint32_t i = 0; i < runs; i++) {
    Arena arena;
    arena_begin(&arena, 0);
    EvidenceSim sim = evidence_sim_default();
    sim.seed = 5000 + i, sim.outages = 1, sim.spread = SPAN_SECOND, sim.length = 3 * SPAN_HOUR, sim.gasp_share = 0, sim.stray_gasps = 0;
    sim.call_share = 0.10, sim.least_customers = 20;
    EvidenceRun run;
    MUST(evidence_simulate(&sim, network, &p, &arena, &run, &error));
    run_race(&race, &sim, &run, i);
    arena_end(&arena);
  }
  printf(
      "first       %u single faults of ≥ 20 customers, calls alone (10 %% in the end, with strays): until the right device or its class is "
      "named first\n",
      runs);
  for (int w = 0; w < WHO; w++) {
    if (w == WHO_LOCATE)
      printf("first       locate:                                                        ");
    else if (w == WHO_ORACLE)
      printf("first       who knows all but the device:                                  ");
    else
      printf("first       rule, ≥ %u signals and %2.0f %%, ≥ %u branches and %2.0f %%, timer %2d min:", rules[w - WHO_RULE].least,
             100 * rules[w - WHO_RULE].share, rules[w - WHO_RULE].branches, 100 * rules[w - WHO_RULE].branch_share,
             (int)(rules[w - WHO_RULE].timer / SPAN_MINUTE));
    printf(" median %5.1f min, %3.0f calls; quarters %.1f and %.1f min; named within 3 h: %.0f %%\n",
           quantile(race.seconds[w], runs, .5) / 60, quantile(race.calls[w], runs, .5), quantile(race.seconds[w], runs, .25) / 60,
           quantile(race.seconds[w], runs, .75) / 60, 100 * race.named_at_all[w] / runs);
    memory_free(race.seconds[w]);
    memory_free(race.calls[w]);
  }
  rule_free(race.rule);
  memory_free(customers);
  memory_free(race.named);
}

int main(int argc, char **argv) {
  const char *grid = NULL;
  uint64_t exact = 100000;
  uint32_t runs = 30, large = 30000000;
  int asked = 0;
  bool wants[7] = {false};
  static const char *const sections[] = {"exact", "county", "million", "large", "together", "calls", "first"};
  for (int i = 1; i < argc; i++) {
    bool more = i + 1 < argc;
    if (more && strcmp(argv[i], "--grid") == 0)
      grid = argv[++i];
    else if (more && strcmp(argv[i], "--exact") == 0)
      exact = strtoull(argv[++i], NULL, 10);
    else if (more && strcmp(argv[i], "--runs") == 0)
      runs = (uint32_t)strtoul(argv[++i], NULL, 10);
    else if (more && strcmp(argv[i], "--large") == 0)
      large = (uint32_t)strtoul(argv[++i], NULL, 10);
    else
      for (int s = 0; s < 7; s++)
        if (strcmp(argv[i], sections[s]) == 0) wants[s] = true, asked++;
  }
  for (int s = 0; s < 7 && !asked; s++) wants[s] = true;
  const char *shared = getenv("DIANBAOMU_SHARED");
  char folder[1024];
  snprintf(folder, sizeof folder, "%s/data/grids/smartds-large", shared ? shared : "../shared");
  Package read;
  LocatePackage package;
  MUST(package_read(&read, grid ? grid : folder, NULL, NULL, NULL, &error));
  MUST(locate_package_begin(&package, &read, &error));
  if (wants[0]) bench_exact(exact);
  if (wants[1]) bench_county(&package);
  if (wants[2]) bench_large("million", &package, 1000000, 1000, 100000);
  if (wants[3]) bench_large("large", &package, large, 10000, 200000);
  EvidenceSim sim = evidence_sim_default();
  sim.length = 30 * SPAN_MINUTE;
  for (uint32_t least = 3; wants[4] && least > 0; least = least == 3 ? 1 : 0) {
    sim.least_customers = least;
    bench_quality("together", &package, &sim, runs);
  }
  sim.gasp_share = sim.stray_gasps = 0, sim.length = SPAN_HOUR;
  for (uint32_t least = 20; wants[5] && least > 0; least = least == 20 ? 1 : 0) {
    sim.least_customers = least;
    bench_quality("calls", &package, &sim, runs);
  }
  if (wants[6]) bench_first(&package, runs * 2);
  locate_package_end(&package);
  package_end(&read);
  return 0;
}
