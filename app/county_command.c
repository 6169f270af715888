/* dianbaomu sim: counties played from seeds, with everything failing that can; see county_sim.h. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/command.h"
#include "app/county_sim.h"
#include "app/import.h"
#include "base/log.h"
#include "sim/generate.h"

/* Seeds that once found a bug; they are always played. 16, 21, 39, 53, 115, 140, 226, 260: the machine's clock was put back, and clocks of orders stopped before they had
 * begun; 140 again: after a restart time went back to before what had been recorded last. 36: the check took a step recorded before another cause was
 * found for one recorded out of order. 110, 144: the clock put back and a restart: numbers were given twice. 73, 89, 179, 266: a step or an order
 * that failed within an alarm was taken for a refused one, and half of it stayed. 319: a tick failed after it had raised an alarm, which stayed in memory.
 * 359: an outage that had fed an island lost its customers from its total when it was over and the program began anew. */
static const struct {
  uint64_t seed;
  int edition; /* what was played then */
  int steps;   /* so many at least */
} KEPT[] = {{16, 1, 0}, {21, 1, 0}, {36, 1, 0}, {39, 1, 0}, {53, 1, 0}, {110, 1, 0}, {115, 1, 0}, {140, 1, 0}, {144, 1, 0}, {226, 1, 0}, {260, 1, 0},
          {73, 2, 140}, {89, 2, 80}, {179, 2, 95}, {266, 2, 20}, {319, 2, 20}, {359, 2, 110}};

/* --- a county to begin with --- */

/* Chance that the program asks the system for (links of groups and surveys) comes from the seed as well. */
static CountySim *playing;
static const char *chance_name(void) { return "simulation"; }
static void chance_fill(void *const buffer, const size_t size) {
  unsigned char *at = buffer;
  for (size_t i = 0; i < size; i++) at[i] = playing ? (unsigned char)random_below(&playing->chance, 256) : 7;
}
static uint32_t chance_number(void) {
  uint32_t number;
  chance_fill(&number, sizeof number);
  return number;
}

static CountySim *sim_new(SimStore *store, const char *data, uint64_t seed, int edition) {
  CountySim *sim = memory_new(sizeof *sim);
  if (!sim) return NULL;
  sim->store = store;
  sim->data = data;
  sim->seed = seed;
  sim->edition = edition;
  sim->slow = seed % 4 == 0;
  sim->now = 1795780800 * SPAN_SECOND; /* 2026-11-28 */
  random_fork(&sim->random, seed, 0x51);
  random_fork(&sim->disk, seed, 0x52);
  random_fork(&sim->chance, seed, 0x53);
  playing = sim;
  return sim;
}

static void sim_free(CountySim *sim) {
  playing = NULL;
  vector_free(&sim->messages);
  vector_free(&sim->ties);
  vector_free(&sim->groups);
  map_free(&sim->read);
  map_free(&sim->answered);
  memory_free(sim);
}

/* Imported, and two months of visits planned, as every county begins. */
static bool make_county(const char *package, const char *county, int64_t customers, Error *error) {
  if (!sim_generate_package(package, &(GenerateOptions){.customers = customers, .seed = 3}, NULL, NULL, error) || !app_import(package, county, (AppImportHow){0}, error))
    return false;
  CountySim *sim = sim_new(NULL, county, 0, SIM_EDITION);
  if (!sim) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "sim");
  bool ok = sim_begin(sim, error) && sim_plan_month(sim, 202611, 0, error) && sim_plan_month(sim, 202612, 0, error);
  if (ok && sim->problem[0]) ok = error_raise(error, ERROR_INTERNAL, "%s", sim->problem);
  sim_end(sim);
  sim_free(sim);
  return ok;
}

/* --- the command --- */

typedef struct Playing { /* all seeds of one call */
  SimStore *store;
  int steps, number, wrong;
  bool tap, plant;
  SimFigures sum;
} Playing;

static void play(Playing *all, uint64_t seed, int edition, int steps) {
  Error error = {0};
  CountySim *sim = sim_new(all->store, NULL, seed, edition);
  if (!sim) {
    all->wrong++;
    return;
  }
  sim->plant = all->plant;
  all->number++;
  if (sim_store_fresh(all->store, &error)) {
    sim_store_on_sync(all->store, sim_synced, sim);
    sim_run(sim, steps, &error);
    sim_store_on_sync(all->store, NULL, NULL);
  } else {
    sim_wrong(sim, "%s", error.argument[0]);
  }
  bool ok = !sim->problem[0] && !sim->planted_wrong;
  all->wrong += !ok;
  if (all->tap) printf("%s %d - seed %llu\n", ok ? "ok" : "not ok", all->number, (unsigned long long)seed);
  if (sim->problem[0]) printf("%s%s\n", all->tap ? "# " : "", sim->problem);
  fflush(stdout);
  const int64_t *from = (const int64_t *)(const void *)&sim->figures;
  for (size_t i = 0; i < sizeof all->sum / sizeof *from; i++) ((int64_t *)(void *)&all->sum)[i] += from[i];
  sim_free(sim);
}

static void play_all(Playing *all, int64_t first, int64_t last) {
  if (all->plant) { /* one seed, and then errors for the books to find */
    all->number = SIM_PLANTS;
    play(all, (uint64_t)first, SIM_EDITION, all->steps);
    return;
  }
  bool kept = !sim_store_is_shared(all->store); /* on a database only what was asked for: a seed takes longer there */
  for (size_t i = 0; kept && i < sizeof KEPT / sizeof *KEPT; i++)
    if (KEPT[i].edition < SIM_EDITION || (int64_t)KEPT[i].seed < first || (int64_t)KEPT[i].seed > last || KEPT[i].steps > all->steps)
      play(all, KEPT[i].seed, KEPT[i].edition, KEPT[i].steps > all->steps ? KEPT[i].steps : all->steps);
  for (int64_t seed = first; seed <= last; seed++) play(all, (uint64_t)seed, SIM_EDITION, all->steps);
}

static void tell(const Playing *all) {
  const SimFigures *sum = &all->sum;
  const char *mark = all->tap ? "# " : "";
  if (all->tap) printf("1..%d\n", all->number);
  printf("%s%d seeds, %d wrong: %lld acts, %lld faults, %lld power cuts, %lld restarts, %lld taken over; ", mark, all->number, all->wrong, (long long)sum->acts,
         (long long)sum->faults, (long long)sum->cuts, (long long)sum->restarts, (long long)sum->takeovers);
  sim_store_tell(all->store);
  printf("\n%s%lld steps taken, %lld refused; %lld words of switches taken of %lld switchings; answered, besides %lld repeated:", mark, (long long)sum->steps,
         (long long)sum->steps_refused, (long long)sum->fed, (long long)sum->switchings, (long long)sum->repeated);
  for (size_t m = 0; m < MATTER_COUNT; m++) printf("%s %lld %s", m ? "," : "", (long long)sum->answered[m], SIM_MATTERS[m].name);
  printf(" (%lld on an order there was)\n", (long long)sum->again);
}

static bool seeds_of(const CommandLine *line, int64_t *first, int64_t *last, Error *error) {
  const char *seeds = command_option(line, "--seeds");
  Text text = text_of(seeds ? seeds : "1-100");
  ptrdiff_t dash = text_find(text, TEXT("-"));
  bool ok = dash > 0 ? text_to_i64(text_slice(text, 0, (size_t)dash), first) && text_to_i64(text_slice(text, (size_t)dash + 1, text.len), last)
                     : text_to_i64(text, first) && text_to_i64(text, last);
  return ok && *first >= 0 && *first <= *last ? true : error_raise(error, ERROR_FIELD_INVALID, "--seeds\t%s\tA-B", seeds ? seeds : "");
}

int command_sim(const CommandLine *line) {
  Error error = {0};
  int64_t first, last, steps, customers;
  static randombytes_implementation chance = {.implementation_name = chance_name, .random = chance_number, .buf = chance_fill};
  Playing all = {.tap = command_option(line, "--tap") != NULL, .plant = command_option(line, "--plant") != NULL};
  if (!command_words(line, 0, 0, &error) || !seeds_of(line, &first, &last, &error) || !command_number(line, "--steps", 150, 1, 1000000, &steps, &error) ||
      !command_number(line, "--customers", 2000, 100, 100000, &customers, &error))
    return command_failed(&error);
  all.steps = (int)steps;
  log_level(LOG_NONE); /* what was made to fail would fill the screen */
  randombytes_set_implementation(&chance);
  bool ok = sim_store_open(&all.store, command_option(line, "--database"), command_option(line, "--cluster"), &error) &&
            make_county(sim_store_package(all.store), sim_store_county(all.store), customers, &error) && sim_store_ready(all.store, &error);
  if (ok) {
    play_all(&all, first, last);
    tell(&all);
  }
  sim_store_close(all.store);
  if (!ok) return command_failed(&error);
  return all.wrong != 0;
}
