/* remedy_bench: low-voltage areas made up. The cause named against the one that was put in; remedies searched; 100 candidates × 96
 * quarter-hours of one area, each built anew, against every bus with nothing reduced. Processor time, best of several rounds. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "supply/village.h"

enum { AREAS = 40, CANDIDATES = 100, ROUNDS = 5 };

static Village village;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool causes(uint64_t first, Arena *work, Error *error) {
  int right = 0, all = 0;
  printf("cause named (columns) of areas with one thing wrong (rows), %s\n", first == 1 ? "as the rules were made with" : "held out: never looked at before");
  for (int wrong = 0; wrong < CAUSE_COUNT; wrong++) {
    int named[CAUSE_COUNT] = {0}, drawn = 0;
    for (uint64_t seed = first; drawn < AREAS && seed < first + 400; seed++) {
      CauseReport report;
      Arena arena;
      if (!village_draw(&village, wrong, 40 + (int)(seed * 7 % 120), seed, work)) continue;
      arena_begin(&arena, 0);
      bool ok = cause_find(&village.area, &VILLAGE_STANDARD, &report, &arena, work, error);
      arena_end(&arena);
      if (!ok) return false;
      drawn++, named[report.cause]++;
    }
    printf("  %-12s", CAUSE_NAME[wrong]);
    for (int k = 0; k < CAUSE_COUNT; k++) printf(" %4d", named[k]);
    printf("   of %d\n", drawn);
    right += named[wrong], all += drawn;
  }
  printf("share right %.3f of %d\n\n", (double)right / all, all);
  return true;
}

static bool searches(Arena *work, Error *error) {
  double ms = 0, tried = 0;
  int cured = 0, areas = 0, keeps = 0, staggered = 0;
  double share = 0, spread = 0;
  RemedyRates rates;
  village_rates(&rates);
  for (uint64_t seed = 1; areas < AREAS; seed++) {
    RemedyList list;
    Arena arena;
    if (!village_draw(&village, (int)(seed % CAUSE_COUNT), 120, seed, work)) continue;
    arena_begin(&arena, 0);
    double begun = now();
    bool ok = remedy_search(&village.area, &rates, &list, &arena, work, error);
    ms += now() - begun;
    if (!ok) return false;
    areas++, tried += (double)list.tried, cured += list.count && list.at[0].cures;
    for (size_t i = 0; i < list.count; i++) {
      if (list.at[i].kinds != 1u << REMEDY_HOURS || (int)(seed % CAUSE_COUNT) != CAUSE_HOURS) continue;
      staggered++, keeps += list.at[i].hours->keeps, share += list.at[i].hours->given_share, spread += list.at[i].hours->night_spread;
    }
    arena_end(&arena);
  }
  printf("remedies of %d areas of 120 households: a search %.1f ms, %.0f candidates; one that leaves nobody low found in %d\n", areas,
         ms / areas, tried / areas, cured);
  printf(
      "staggered hours, areas low by pumps: nobody low in %d of %d, %.3f of the hours wished given, nights apart %.2f quarter-hours a "
      "day\n\n",
      keeps, staggered, share / staggered, spread / staggered);
  return true;
}

static bool candidates(Arena *work, bool plain, double *sum, double *ms, Error *error) {
  double best = INFINITY;
  for (int round = 0; round < (plain ? 1 : ROUNDS); round++) {
    double begun = now();
    *sum = 0;
    for (uint32_t k = 0; k < CANDIDATES; k++) {
      AreaDay day;
      Arena own;
      AreaNode *span = &village.nodes[1 + k % (village.area.node_count - 1)], kept = *span;
      AreaCustomer *moved = &village.customers[k % village.area.customer_count], before = *moved;
      span->conductor = VILLAGE_CONDUCTORS - 1;
      if (moved->phases != 7) moved->phases = (uint8_t)(moved->phases == 4 ? 1 : moved->phases << 1);
      arena_begin(&own, 0);
      bool ok =
          plain ? area_solve_plain(&village.area, &day, &own, work, error) : area_solve(&village.area, false, &day, &own, work, error);
      arena_end(&own);
      *span = kept, *moved = before;
      if (!ok) return false;
      *sum += day.worst_volts;
    }
    best = fmin(best, now() - begun);
  }
  *ms = best;
  return true;
}

int main(void) {
  Arena work;
  Error error = {0};
  char text[ERROR_TEXT_MAX];
  double sum[2], ms[2];
  arena_begin(&work, 0);
  bool ok = causes(1, &work, &error) && causes(50001, &work, &error) && causes(90001, &work, &error) && searches(&work, &error);
  for (uint64_t seed = 1; ok && !village_draw(&village, CAUSE_LINE, 160, seed, &work); seed++) {
  }
  ok = ok && candidates(&work, false, &sum[0], &ms[0], &error) && candidates(&work, true, &sum[1], &ms[1], &error);
  arena_end(&work);
  if (!ok) return fprintf(stderr, "%s\n", error_text(&error, LANGUAGE_EN, text, sizeof text)), 1;
  printf("%d candidates x %d quarter-hours, %u households, %u nodes of four wires, each built anew: %.1f ms (mean worst %.4f V)\n",
         CANDIDATES, AREA_QUARTERS, village.area.customer_count, village.area.node_count, ms[0], sum[0] / CANDIDATES);
  printf("every bus, nothing reduced: %.1f ms (mean worst %.4f V)\n", ms[1], sum[1] / CANDIDATES);
  return 0;
}
